/* Residual and noise.
 *
 * The residual ‖F(x) − x‖ of a state x, F the mean over replicas under it, is taken for predictions, kernels and actions apart, every
 * array in units of its own size. Its noise has two parts, the standard error of F(x) under x, and that of x itself, for which the
 * causal pass (as many particles, all feedback included) is the measure. Residuals stand at the noise when they are below TWICE it, or
 * below what the tolerance leaves out of kernels anyway.
 */
#include "run/self_consistency_residual.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "run/self_consistency_replicas.h"

static const double TWICE = 2;
static const double ROUNDING[2] = {1e-6, 2e-5}; /* what rounding may grow to in double and single precision, relative */

int mdm_residual_create(mdm_residual *r, const mdm_layout *l, mdm_error *err) {
  *r = (mdm_residual){.action = mdm_alloc(l->n, l->n, 1, sizeof *r->action), .spread = mdm_alloc(l->orders, 1, 1, sizeof *r->spread)};
  return r->action && r->spread ? MDM_OK : mdm_no_memory(err, "an order parameter of %zu times and samples", l->n);
}

void mdm_residual_clear(mdm_residual *r) {
  free(r->action);
  free(r->spread);
  r->action = r->spread = NULL;
}

void mdm_residual_start(mdm_residual *r, const mdm_sweep_plan *plan, const mdm_task *causal) {
  const mdm_layout *l = &plan->layout;
  for (size_t i = 0; i < l->orders; i++)
    for (size_t e = 0; e < l->order[i].count; e++) r->spread[i] += mdm_square_error(mdm_order_of, causal, plan->replicas, l->order[i].at + e);
}

void mdm_residual_measure(mdm_residual *r, const mdm_sweep_plan *plan, const mdm_given *given, const double *F, const mdm_task *run) {
  const mdm_layout *l = &plan->layout;
  double size[MDM_KINDS] = {0}, noise[MDM_KINDS] = {0}; /* squares */
  for (size_t i = 0; i < l->orders; i++) {
    const mdm_order *b = &l->order[i];
    double scale = mdm_order_scale(l, b, F), residual = 0, error = r->spread[i];
    const double *x = given->x + b->at;
    if (scale == 0) continue;
    if (b->kind == MDM_KIND_ACTION) mdm_given_action(given, b, r->action), x = r->action; /* the state holds its response */
    for (size_t e = b->at; e < b->at + b->count; e++) {
      residual += (F[e] - x[e - b->at]) * (F[e] - x[e - b->at]);
      error += mdm_square_error(mdm_order_of, run, plan->replicas, e);
    }
    size[b->kind] += residual / (scale * scale);
    noise[b->kind] += error / (scale * scale);
  }
  for (int k = 0; k < MDM_KINDS; k++) r->size[k] = sqrt(size[k]), r->noise[k] = sqrt(noise[k]);
}

/* Relative change of kernels that neither route resolves: directions left out, rounding. */
static double resolution(const mdm_runner *r) {
  double left_out = r->sizes.tolerance * r->sizes.tolerance;
  return fmax(left_out, ROUNDING[r->limit_single]);
}

int mdm_residual_at_noise(const mdm_residual *r, const mdm_sweep_plan *plan) {
  double floor = resolution(&plan->runner);
  for (int k = 0; k < MDM_KINDS; k++)
    if (!(r->size[k] <= TWICE * r->noise[k] || r->size[k] <= floor)) return 0;
  return 1;
}
