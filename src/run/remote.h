/* Runs on other ranks (src/cluster): how a configuration gets there once, one of its runs many times, and what it found back. The other side
 * is remote_serve.c. Other ranks read no files: configuration and data come from rank 0. */
#ifndef MOEDMFT_REMOTE_H
#define MOEDMFT_REMOTE_H

#include <moedmft/config.h>
#include <moedmft/data.h>

#include "cluster/packet.h"
#include "problem/orders.h"
#include "problem/task.h"

enum { MDM_REMOTE_PLAIN, MDM_REMOTE_GIVEN, MDM_REMOTE_LAZY }; /* runs by their own averages; of a sweep, driven by a state; without learning */

/* What the runs of one plan (run/plan.h) share. Those who drive it fill in what is below; the rest begins at zero. */
typedef struct mdm_remote {
  const mdm_config *cfg; /* not owned, as all of this */
  const mdm_data *data;
  int what;              /* arguments of mdm_plan_create */
  size_t replicas;
  int save_weights;
  int kind;
  const mdm_given *given; /* MDM_REMOTE_GIVEN */
  const struct mdm_checkpoint *checkpoint; /* NULL: runs are not saved */
  size_t id;              /* 0: no rank knows it */
  char *known;            /* ranks: 1 where it is known */
} mdm_remote;

/* Of these functions one may be at work at a time.
 *
 * Run i of its plan, for a rank, into an order (mdm_dispatch.order). together: ranks that share the run, of which this one is number `mine`; 1, 0: it is the
 * rank's own. MDM_ERR_MEMORY. */
int mdm_remote_order(mdm_remote *r, size_t i, int rank, int together, int mine, mdm_packet *out, mdm_error *err);
/* What the run found (mdm_dispatch.result; NULL: nothing, it was stopped), into a task whose layout and orders are as for a run here. Returns
 * a status for failures alone, and sets task->status, as mdm_runner_run. */
int mdm_remote_result(mdm_packet *in, mdm_task *task, mdm_error *why);
/* No more runs: ranks that know it forget it, with their next order or at the end of the job. */
void mdm_remote_clear(mdm_remote *r);

#endif
