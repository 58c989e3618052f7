/* Running a plan: threads, single runs, sweeps. */
#ifndef MOEDMFT_EXECUTE_H
#define MOEDMFT_EXECUTE_H

#include "run/plan.h"

/* Does every run of the plan that was not done before, on so many threads (0: one per processor), then the sweeps if it has any. Runs
 * that diverge or are stopped are no failures: their tasks tell. Of failures the first in the schedule is returned. */
int mdm_plan_execute(mdm_plan *p, int threads, mdm_error *err);

#endif
