/* Ranks other than 0 do runs (remote.h). */
#ifndef MOEDMFT_REMOTE_SERVE_H
#define MOEDMFT_REMOTE_SERVE_H

#include <signal.h>

/* Does what rank 0 asks for until it says to leave. *stop becomes non-zero when this process received a signal. */
void mdm_remote_serve(const volatile sig_atomic_t *stop);

#endif
