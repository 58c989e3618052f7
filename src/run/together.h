/* One replica of the limit on several ranks (base/crew.h), where there are fewer replicas than ranks. */
#ifndef MOEDMFT_TOGETHER_H
#define MOEDMFT_TOGETHER_H

#include "base/crew.h"
#include "run/plan.h"

/* Ranks that share each of the runs that are to be done, the first `runs` of the plan's schedule: 1 where runs are spread as they are, since there are
 * enough, or since one is nothing that ranks can share; then *why says so, else it is NULL. */
int mdm_together(const mdm_plan *p, size_t runs, const char **why);

/* What it takes to do a run as one of those who share it. */
typedef struct mdm_shared_run {
  mdm_crew crew;
  int first;       /* rank */
  mdm_board *board;
} mdm_shared_run;

/* Begins and ends the part of rank `mine` of `ranks`, the first of which is `first` in the job. On the thread that does the run. */
void mdm_together_begin(mdm_shared_run *s, const mdm_runner *r, int ranks, int mine, mdm_board *board);
void mdm_together_end(void);

#endif
