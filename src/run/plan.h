/* What is to be run: the problem, how many replicas and networks, a task for each, and in which order. */
#ifndef MOEDMFT_PLAN_H
#define MOEDMFT_PLAN_H

#include <moedmft/run.h>

#include "base/board.h"
#include "config/networks.h"
#include "problem/problem.h"
#include "problem/task.h"
#include "run/remote.h"
#include "run/runner.h"
#include "run/self_consistency_plan.h"

enum { MDM_RUN_PILOT = 64, /* beside MDM_RUN_LIMIT: the causal pass alone */
       MDM_RUN_HALF = 128 /* the same with draws behind the first ones: the other half of a sample of twice the size (run/bias.c) */ };

typedef struct mdm_plan {
  mdm_problem *problem;
  mdm_runner runner;     /* of that problem */
  size_t replicas;       /* of the limit; 0: it is not asked for */
  mdm_networks networks; /* none where they are not asked for */
  size_t tasks;
  mdm_task *task;        /* tasks: replicas first, then networks by width and seed */
  size_t *schedule;      /* tasks: order of execution, the costly ones first; once executed, of those that were to be done */
  mdm_board board;       /* its lock belongs to the execution */
  mdm_remote remote;     /* how other ranks come to know it */
  int together;          /* ranks that share each run; 1 but for together.h */
  size_t gatherings;     /* of those that share the first; bytes that each received; its processor time with them */
  double gathered, gathering;
  mdm_sweep_plan sweeps; /* options.count = 0: none */
  mdm_sweeps swept;      /* what they found */
} mdm_plan;

/* Plans what the configuration asks for. what: MDM_RUN_*; replicas: 0, or how many instead of the configuration's; monitor may be
 * NULL. cfg and data must outlive the plan. Errors: MDM_ERR_CONFIG as in mdm_run. Whatever it returns, release with mdm_plan_clear. */
int mdm_plan_create(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor, mdm_plan *out,
                    mdm_error *err);
void mdm_plan_clear(mdm_plan *p);
/* Saves runs in a checkpoint, and goes on from it, from here on (NULL: no); plan_create does so for that of its monitor. */
void mdm_plan_keep(mdm_plan *p, struct mdm_checkpoint *checkpoint);

/* Bytes that its runs need at their peak on so many threads (0: one per processor), with every run's record and what is written (every_seed:
 * every run; HDF5 collects it, compressed, in memory). A pilot of the limit takes 3 % of the work, or least_work multiply-adds if that is
 * more, up to a tenth of the work, on those threads, and changes nothing in the plan. */
double mdm_plan_bytes(const mdm_plan *p, int every_seed, int threads, double least_work);

#endif
