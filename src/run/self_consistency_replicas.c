/* Replicas are tasks, and are reduced in order, so nothing depends on the number of threads. */
#include "run/self_consistency_replicas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cluster/dispatch.h"
#include "run/remote.h"

/* ---------------------------------------------------------------- runs */

int mdm_replicas_create(mdm_replicas *r, const mdm_sweep_plan *plan, mdm_board *board, mdm_error *err) {
  size_t size = plan->layout.size;
  *r = (mdm_replicas){.plan = plan, .problem = *plan->runner.problem, .data = *plan->runner.problem->data, .runner = plan->runner, .board = board};
  r->data.test.count = 0;
  r->problem.data = &r->data;
  r->problem.kernels = r->problem.responses = r->problem.statistics = r->problem.ntk = r->problem.parts = 0;
  r->runner.problem = &r->problem;
  int ok = (r->task = mdm_alloc(plan->replicas, 1, 1, sizeof *r->task)) != NULL;
  for (size_t i = 0; i < plan->replicas && ok; i++) ok = (r->task[i].orders = mdm_alloc(size, 1, 1, sizeof(double))) != NULL;
  if (ok) return MDM_OK;
  return mdm_no_memory(err, "the order parameters of %zu replicas (%zu numbers each); lower train.steps or solve.replicas", plan->replicas, size);
}

void mdm_replicas_clear(mdm_replicas *r) {
  for (size_t i = 0; r->task && i < r->plan->replicas; i++) {
    free(r->task[i].orders);
    mdm_record_free(r->task[i].record);
  }
  free(r->task);
  r->task = NULL;
}

void mdm_replicas_freeze(mdm_replicas *r) { r->problem.optimizer.lr = r->problem.model.bias_rate = 0; }

/* The replicas of one sweep, here and on other ranks. */
typedef struct {
  mdm_replicas *replicas;
  mdm_remote remote;
} spread;

static void execute(void *context, size_t i) {
  mdm_replicas *r = ((spread *)context)->replicas;
  mdm_runner_serve(&r->runner, &r->task[i], r->board, i);
}

static int order(void *context, size_t i, int rank, mdm_packet *out) {
  spread *s = context;
  mdm_error why;
  if (!mdm_remote_order(&s->remote, i, rank, 1, 0, out, &why)) return 1;
  mdm_board_fail(s->replicas->board, i, &why);
  return 0;
}

static void take(void *context, size_t i, mdm_packet *in) {
  mdm_replicas *r = ((spread *)context)->replicas;
  mdm_error why;
  if (mdm_remote_result(in, &r->task[i], &why)) mdm_board_fail(r->board, i, &why);
}

static void execute_all(mdm_replicas *r, const mdm_given *given) {
  spread s = {r, *r->plan->remote};
  s.remote.kind = given ? MDM_REMOTE_GIVEN : MDM_REMOTE_LAZY;
  s.remote.given = given;
  s.remote.id = 0, s.remote.known = NULL;
  mdm_dispatch_run(&(mdm_dispatch){r->plan->replicas, r->plan->threads, r->board, &s, execute, order, take, NULL, 0});
  mdm_remote_clear(&s.remote);
}

int mdm_replicas_run(mdm_replicas *r, const mdm_given *given, int *ended, mdm_error *err) {
  const mdm_sweep_plan *plan = r->plan;
  for (size_t i = 0; i < plan->replicas; i++) {
    mdm_task *t = &r->task[i];
    double *orders = t->orders; /* allocated once */
    mdm_record_free(t->record);
    memset(orders, 0, plan->layout.size * sizeof *orders);
    *t = (mdm_task){.index = (unsigned)i, .cost = plan->cost, .board = r->board, .layout = &plan->layout, .given = given, .orders = orders};
  }
  execute_all(r, given);
  *ended = MDM_OK;
  for (size_t i = 0; i < plan->replicas; i++)
    if (r->task[i].status > *ended) *ended = r->task[i].status;
  return mdm_board_outcome(r->board, err);
}

/* ---------------------------------------------------------------- what they measured */

double mdm_order_of(const mdm_task *run, size_t e) { return run->orders[e]; }
double mdm_loss_of(const mdm_task *run, size_t step) { return mdm_record_find(run->record, "observables/train/loss")->value[step]; }

double mdm_mean_of(mdm_measured *value, const mdm_task *run, size_t R, size_t e) {
  double mean = 0;
  for (size_t i = 0; i < R; i++) mean += value(&run[i], e) / (double)R;
  return mean;
}

double mdm_square_error(mdm_measured *value, const mdm_task *run, size_t R, size_t e) {
  double mean = mdm_mean_of(value, run, R, e), sum = 0;
  for (size_t i = 0; i < R; i++) sum += (value(&run[i], e) - mean) * (value(&run[i], e) - mean);
  return sum / ((double)R * (double)(R - 1));
}

void mdm_mean_orders(const mdm_task *run, size_t R, size_t size, double *out) {
  memset(out, 0, size * sizeof *out);
  for (size_t i = 0; i < R; i++) cblas_daxpy(size, 1.0 / (double)R, run[i].orders, 1, out, 1);
}
