/* Sweeps of options, in memory and in files of the test's folder. */
#ifndef MOEDMFT_TESTS_SWEEPS_H
#define MOEDMFT_TESTS_SWEEPS_H

#include <moedmft/moedmft.h>
#include <signal.h>

#include "study/sweep_internal.h"

/* Settings of a small sweep. */
#define SMALL_SWEEP                                                                                                    \
  "solve.particles=200 solve.replicas=2 train.steps=6 simulate.widths=8,16 simulate.seeds=3 data.test=3 "              \
  "output.every=4"

/* A sweep over axes that blanks separate; returns the status. */
int try_sweep(const char *settings, const char *axes, int with_limit, mdm_sweep **out, mdm_error *err);

/* The same; the test ends when it fails. */
mdm_sweep *create_sweep(const char *settings, const char *axes, int with_limit);

/* Goes on from the file NAME, if there is one, and writes it; returns the status. */
int run_sweep(mdm_sweep *s, const mdm_monitor *monitor, const char *name);

/* Creates, runs to the end, and reads back. */
mdm_sweep *computed_sweep(const char *settings, const char *axes, int with_limit, int threads, const char *name);

/* A monitor's report that stops the run after so many calls: .report = stop_after, .context = &s, .stop = &s.stop. */
typedef struct stopper {
  volatile sig_atomic_t stop;
  int reports, after;
} stopper;
void stop_after(void *context, const mdm_progress *event);

#endif
