/* From finished runs to an outcome. */
#ifndef MOEDMFT_COLLECT_H
#define MOEDMFT_COLLECT_H

#include "run/plan.h"

/* Ensembles with mean and error, the sweeps, and the data as they were used. Records move from the plan into *out (empty before; the
 * caller's to clear, also after a failure). */
int mdm_plan_collect(mdm_plan *p, mdm_outcome *out, mdm_error *err);
/* One status and line for the whole: MDM_OK, interrupted, or the first ensemble that diverged, with what may be the reason. */
int mdm_outcome_verdict(const mdm_problem *p, const mdm_outcome *o, mdm_error *err);

#endif
