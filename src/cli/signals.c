/* Signals: a run is asked to stop and keeps what it has. */
#include "cli/signals.h"

#include <stddef.h>

static volatile sig_atomic_t stop_requested;

static void on_signal(int number) {
  (void)number;
  stop_requested = 1;
}

void signals_catch(int second_kills) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = second_kills ? (int)SA_RESETHAND : 0}, hup;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (!sigaction(SIGHUP, NULL, &hup) && hup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
}

void signals_ignore(void) {
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

const volatile sig_atomic_t *signals_stop(void) { return &stop_requested; }
