/* Signals: a run is asked to stop and keeps what it has. */
#include "cli/signals.h"

#include <stddef.h>

#include "base/flag.h"

static volatile sig_atomic_t stop_requested;

static void on_signal(int number) {
  (void)number;
  mdm_flag_set(&stop_requested, 1);
}

void signals_catch(int second_kills) {
  static const struct {
    int number, may_be_ignored, may_repeat;
  } signals[] = {{SIGINT, 0, 0}, {SIGTERM, 0, 0}, {SIGHUP, 1, 0}, {SIGUSR1, 1, 1}, {SIGUSR2, 1, 1}, {SIGXCPU, 0, 1}};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = second_kills && !signals[i].may_repeat ? (int)SA_RESETHAND : 0}, old;
    int ignored = !sigaction(signals[i].number, NULL, &old) && old.sa_handler == SIG_IGN;
    if (!ignored || !signals[i].may_be_ignored) sigaction(signals[i].number, &action, NULL);
  }
}

void signals_ignore(void) {
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

const volatile sig_atomic_t *signals_stop(void) { return &stop_requested; }
