/* Predictions and losses, averaged over the last sweeps. */
#ifndef MOEDMFT_SELF_CONSISTENCY_AVERAGE_H
#define MOEDMFT_SELF_CONSISTENCY_AVERAGE_H

#include <moedmft/record.h>

#include "base/state.h"
#include "problem/task.h"
#include "run/self_consistency_plan.h"

typedef struct mdm_average {
  const mdm_sweep_plan *plan;
  size_t sweeps;                             /* that are in it */
  double *f, *f_square, *loss, *loss_square; /* n C; n C; steps; steps: sums over sweeps of values, of squared standard errors */
} mdm_average;

int mdm_average_create(mdm_average *a, const mdm_sweep_plan *plan, mdm_error *err);
void mdm_average_clear(mdm_average *a);
void mdm_average_walk(mdm_average *a, mdm_state *s);

/* Adds a sweep: F, the mean of its runs; anew: the sweeps before are forgotten. */
void mdm_average_add(mdm_average *a, const double *F, const mdm_task *run, int anew);
/* Noise that the given states pass on, from the spread of the causal runs; once, at the end. */
void mdm_average_add_state_noise(mdm_average *a, const mdm_task *causal);
/* Adds the means with their standard errors to a record. */
int mdm_average_write(const mdm_average *a, mdm_record *rec, mdm_error *err);
/* Distance of the averaged predictions from the causal pass (RMS over predictions), and its standard error. */
void mdm_average_compare(const mdm_average *a, const mdm_task *causal, double *difference, double *error);

#endif
