/* Signals: a run is asked to stop and keeps what it has. */
#ifndef MOEDMFT_CLI_SIGNALS_H
#define MOEDMFT_CLI_SIGNALS_H

#include <signal.h>

/* SIGINT, SIGTERM, SIGHUP and what schedulers send before their time is up (SIGUSR1, SIGUSR2, SIGXCPU) ask to stop; a second one of the
 * first three kills, as usual, if second_kills. Who started us may have chosen to ignore SIGHUP, SIGUSR1 or SIGUSR2 (nohup): that stands. */
void signals_catch(int second_kills);
/* A file size limit is then a failed write with a reason, and hours of work outlive the reader of our messages. */
void signals_ignore(void);
/* Non-zero once one of them came; as mdm_monitor.stop. */
const volatile sig_atomic_t *signals_stop(void);

#endif
