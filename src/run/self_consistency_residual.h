/* How far a state is from self-consistent, and how much of that is noise. */
#ifndef MOEDMFT_SELF_CONSISTENCY_RESIDUAL_H
#define MOEDMFT_SELF_CONSISTENCY_RESIDUAL_H

#include "problem/orders.h"
#include "problem/task.h"
#include "run/self_consistency_plan.h"

typedef struct mdm_residual {
  double size[MDM_KINDS], noise[MDM_KINDS]; /* of the last sweep: ‖F(x) − x‖ and its noise, of predictions, kernels and actions */
  double *spread;                           /* orders: Σ over an array of the squared standard errors of the causal pass */
  double *action;                           /* n × n: an action under the state */
} mdm_residual;

int mdm_residual_create(mdm_residual *r, const mdm_layout *layout, mdm_error *err);
void mdm_residual_clear(mdm_residual *r);

/* Takes the noise that states carry from the causal runs. */
void mdm_residual_start(mdm_residual *r, const mdm_sweep_plan *plan, const mdm_task *causal);
/* Residual of the state `given` (its vector x), under which the runs found F on average. */
void mdm_residual_measure(mdm_residual *r, const mdm_sweep_plan *plan, const mdm_given *given, const double *F, const mdm_task *run);
/* Whether it stands at the noise. */
int mdm_residual_at_noise(const mdm_residual *r, const mdm_sweep_plan *plan);

#endif
