/* Runs for a pool of the caller's (batch.h). */
#include "run/batch.h"

#include <stdlib.h>

#include "base/memory.h"
#include "run/plan.h"
#include "scaling/vanishing.h"

struct mdm_batch {
  mdm_plan plan;
};

int mdm_batch_create(const mdm_config *cfg, const mdm_data *data, int what, mdm_board *board, mdm_batch **out, mdm_error *err) {
  *out = NULL;
  mdm_batch *b = calloc(1, sizeof *b);
  if (!b) return mdm_no_memory(err, "a batch of runs");
  int status = mdm_plan_create(cfg, data, what, 0, NULL, &b->plan, err);
  for (size_t i = 0; i < b->plan.tasks && !status; i++) b->plan.task[i].board = board;
  if (!status && board && board->monitor) mdm_plan_keep(&b->plan, board->monitor->checkpoint);
  if (status) return mdm_batch_free(b), status;
  *out = b;
  return MDM_OK;
}

void mdm_batch_free(mdm_batch *b) {
  if (b) mdm_plan_clear(&b->plan);
  free(b);
}

size_t mdm_batch_count(const mdm_batch *b) { return b->plan.tasks; }
double mdm_batch_bytes(const mdm_batch *b, int threads) { return mdm_plan_bytes(&b->plan, 0, threads, 0); }
size_t mdm_batch_steps(const mdm_batch *b) { return b->plan.problem->steps + 1; }
mdm_task *mdm_batch_task(mdm_batch *b, size_t i) { return &b->plan.task[i]; }
int mdm_batch_execute(mdm_batch *b, size_t i, mdm_error *err) { return mdm_runner_run(&b->plan.runner, &b->plan.task[i], err); }

int mdm_batch_losses(const mdm_batch *b, mdm_record *const *replica, size_t n, mdm_error *err) {
  return mdm_family_losses(&b->plan.runner.family, b->plan.problem, replica, n, err);
}

int mdm_batch_limit_exists(const mdm_batch *b, mdm_error *err) {
  const mdm_problem *p = b->plan.problem;
  const mdm_model *m = &p->model;
  mdm_coefficients coef[MDM_TENSORS], heads[MDM_TENSORS];
  return mdm_model_limit(m, &p->optimizer, coef, heads, err);
}
