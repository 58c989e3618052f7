/* The replicas of a sweep: runs of the limit on new particles, and what they measure. */
#ifndef MOEDMFT_SELF_CONSISTENCY_REPLICAS_H
#define MOEDMFT_SELF_CONSISTENCY_REPLICAS_H

#include "base/board.h"
#include "problem/task.h"
#include "run/self_consistency_plan.h"

/* Holds addresses within itself: made once, not copied. */
typedef struct mdm_replicas {
  const mdm_sweep_plan *plan;
  mdm_problem problem; /* the plan's, measuring nothing but order parameters */
  mdm_data data;       /* the plan's without test part */
  mdm_runner runner;   /* of that problem */
  mdm_board *board;
  mdm_task *task;      /* plan->replicas */
} mdm_replicas;

/* Room for all of them; release with mdm_replicas_clear whatever this returns. */
int mdm_replicas_create(mdm_replicas *r, const mdm_sweep_plan *plan, mdm_board *board, mdm_error *err);
void mdm_replicas_clear(mdm_replicas *r);

/* From now on nothing learns. */
void mdm_replicas_freeze(mdm_replicas *r);
/* Runs all replicas, under `given` or (NULL) by their own averages, without learning. *ended: MDM_OK, MDM_INTERRUPTED or MDM_ERR_DIVERGED. Returns a
 * status for failures alone. */
int mdm_replicas_run(mdm_replicas *r, const mdm_given *given, int *ended, mdm_error *err);

/* What one run measured: element e of its order parameters; its train loss at a step. */
typedef double mdm_measured(const mdm_task *run, size_t e);
double mdm_order_of(const mdm_task *run, size_t e);
double mdm_loss_of(const mdm_task *run, size_t step);

/* Mean over R runs of element e, and the square of its standard error. */
double mdm_mean_of(mdm_measured *value, const mdm_task *run, size_t R, size_t e);
double mdm_square_error(mdm_measured *value, const mdm_task *run, size_t R, size_t e);
/* Mean order parameters of R runs (size numbers), summed in order. */
void mdm_mean_orders(const mdm_task *run, size_t R, size_t size, double *out);

#endif
