/* From a state and what a sweep found to the next state. */
#ifndef MOEDMFT_SELF_CONSISTENCY_MIXING_H
#define MOEDMFT_SELF_CONSISTENCY_MIXING_H

#include "base/state.h"
#include "problem/orders.h"
#include "run/self_consistency_plan.h"

typedef struct mdm_mixer {
  const mdm_sweep_plan *plan;
  double **states, **residuals; /* anderson: the last sweeps, oldest first; depth + 1 each, of layout.size numbers */
  size_t used;                  /* how many */
} mdm_mixer;

int mdm_mixer_create(mdm_mixer *m, const mdm_sweep_plan *plan, mdm_error *err);
void mdm_mixer_clear(mdm_mixer *m);
void mdm_mixer_walk(mdm_mixer *m, mdm_state *s);

/* Moves the state x towards F (layout.size numbers each). noise: of the residual of each kind; near: sweeps since residuals first stood
 * at the noise. */
int mdm_mixer_move(mdm_mixer *m, double *x, const double *F, const double noise[MDM_KINDS], size_t near, mdm_error *err);

#endif
