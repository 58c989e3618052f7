/* Means over the sweeps at the noise, and their errors. */
#include "run/self_consistency_average.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "run/self_consistency_replicas.h"

static size_t predictions(const mdm_layout *l) { return l->n * l->C; }

int mdm_average_create(mdm_average *a, const mdm_sweep_plan *plan, mdm_error *err) {
  const mdm_layout *l = &plan->layout;
  *a = (mdm_average){.plan = plan};
  a->f = mdm_alloc(predictions(l), 1, 1, sizeof *a->f);
  a->f_square = mdm_alloc(predictions(l), 1, 1, sizeof *a->f_square);
  a->loss = mdm_alloc(l->steps, 1, 1, sizeof *a->loss);
  a->loss_square = mdm_alloc(l->steps, 1, 1, sizeof *a->loss_square);
  return a->f && a->f_square && a->loss && a->loss_square ? MDM_OK : mdm_no_memory(err, "the averages of sweeps");
}

void mdm_average_clear(mdm_average *a) {
  free(a->f);
  free(a->f_square);
  free(a->loss);
  free(a->loss_square);
  *a = (mdm_average){0};
}

void mdm_average_walk(mdm_average *a, mdm_state *s) {
  const mdm_layout *l = &a->plan->layout;
  mdm_state_count(s, "sweeps", &a->sweeps);
  mdm_state_array(s, "f", a->f, predictions(l), sizeof *a->f);
  mdm_state_array(s, "squares of f", a->f_square, predictions(l), sizeof *a->f_square);
  mdm_state_array(s, "loss", a->loss, l->steps, sizeof *a->loss);
  mdm_state_array(s, "squares of the loss", a->loss_square, l->steps, sizeof *a->loss_square);
}

static void forget(mdm_average *a) {
  const mdm_layout *l = &a->plan->layout;
  memset(a->f, 0, predictions(l) * sizeof *a->f);
  memset(a->f_square, 0, predictions(l) * sizeof *a->f_square);
  memset(a->loss, 0, l->steps * sizeof *a->loss);
  memset(a->loss_square, 0, l->steps * sizeof *a->loss_square);
  a->sweeps = 0;
}

void mdm_average_add(mdm_average *a, const double *F, const mdm_task *run, int anew) {
  const mdm_layout *l = &a->plan->layout;
  size_t R = a->plan->replicas;
  if (anew) forget(a);
  a->sweeps++;
  for (size_t e = 0; e < predictions(l); e++) a->f[e] += F[e], a->f_square[e] += mdm_square_error(mdm_order_of, run, R, e);
  for (size_t t = 0; t < l->steps; t++) {
    a->loss[t] += mdm_mean_of(mdm_loss_of, run, R, t);
    a->loss_square[t] += mdm_square_error(mdm_loss_of, run, R, t);
  }
}

/* Means over m sweeps rest on m times the particles of the causal pass, but sweeps follow states that are means themselves, and feed
 * noise on: 3/m of its variance bounds what validation/self_consistency.py measures. */
void mdm_average_add_state_noise(mdm_average *a, const mdm_task *causal) {
  const mdm_layout *l = &a->plan->layout;
  size_t R = a->plan->replicas;
  double m = (double)a->sweeps, part = m * m * fmin(1, 3 / m);
  for (size_t e = 0; e < predictions(l); e++) a->f_square[e] += part * mdm_square_error(mdm_order_of, causal, R, e);
  for (size_t t = 0; t < l->steps; t++) a->loss_square[t] += part * mdm_square_error(mdm_loss_of, causal, R, t);
}

/* Mean with its standard error into an array: sum and square are sums over sweeps. */
static void set_mean(mdm_array *a, size_t sweeps, const double *sum, const double *square) {
  size_t n = mdm_elements(a->rank, a->dim);
  for (size_t e = 0; e < n; e++) {
    a->value[e] = sum[e] / (double)sweeps;
    a->error[e] = sqrt(square[e]) / (double)sweeps;
  }
}

int mdm_average_write(const mdm_average *a, mdm_record *rec, mdm_error *err) {
  const mdm_layout *l = &a->plan->layout;
  const size_t dim[3] = {l->steps, l->P, l->C};
  mdm_array *added;
  int status = mdm_record_add_pair(rec, "sweeps/observables/train/loss", 1, dim, "step",
                                   "train loss: mean over the last sweeps at the noise", &added, err);
  if (status) return status;
  set_mean(added, a->sweeps, a->loss, a->loss_square);
  status = mdm_record_add_pair(rec, "sweeps/observables/train/prediction", 3, dim, "step, sample, output",
                               "predictions f: mean over the last sweeps at the noise", &added, err);
  if (!status) set_mean(added, a->sweeps, a->f, a->f_square);
  return status;
}

void mdm_average_compare(const mdm_average *a, const mdm_task *causal, double *difference, double *error) {
  size_t n = predictions(&a->plan->layout), R = a->plan->replicas;
  double distance = 0, square = 0, m = (double)a->sweeps;
  for (size_t e = 0; e < n; e++) {
    double mean = mdm_mean_of(mdm_order_of, causal, R, e), spread = mdm_square_error(mdm_order_of, causal, R, e);
    distance += (a->f[e] / m - mean) * (a->f[e] / m - mean) / (double)n;
    square += (spread + a->f_square[e] / (m * m)) / (double)n;
  }
  *difference = sqrt(distance);
  *error = sqrt(square);
}
