/* Signals: a run is asked to stop and keeps what it has. */
#ifndef MOEDMFT_CLI_SIGNALS_H
#define MOEDMFT_CLI_SIGNALS_H

#include <signal.h>

/* SIGINT, SIGTERM and SIGHUP ask to stop; a second one kills, as usual, if second_kills. nohup's choice to ignore SIGHUP stands. */
void signals_catch(int second_kills);
/* A file size limit is then a failed write with a reason, and hours of work outlive the reader of our messages. */
void signals_ignore(void);
/* Non-zero once one of them came; as mdm_monitor.stop. */
const volatile sig_atomic_t *signals_stop(void);

#endif
