/* The tangent kernel (docs/theory.md, identities).
 *
 * A small SGD step changes predictions by Δf_μ = −η Σ_ν Θ_μν e_ν, to first order and for one output, with one term for every
 * tensor A,
 *   Θ_A(μ,ν) = l_A n_A ⟨p_μ p_ν⟩ ⟨q̂_μ q̂_ν⟩,
 * l its rate multiplier, n its coefficient `norm` (src/scaling/scaling.h), p its forward input; q̂ is its backward input for a unit error
 * of one output on every sample. Under other optimizers it is the same kernel, with the rates of SGD. For W_in the forward factor is x·x/D, for w_out the
 * backward one is 1. Backward fields are linear in e, so one backward pass for each output gives all of q̂. Stored is the mean
 * over outputs of the kernel of each output with itself. The change of a top-K selection is not part of the gradient. */
#include "training/tangent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "realization/gram.h"

struct X(tangent) {
  const mdm_problem *problem;
  X(realization) *R;
  real *e;                                          /* C × batch: unit errors of one output */
  double *forward, *backward;                       /* S × S each */
  double *y, *work;                                 /* C × S each */
  double *x;                                        /* D × S: inputs */
  double *total, *part[MDM_TENSORS], *alignment;    /* time × S × S; the same; time */
};

/* ---------------------------------------------------------------- life and death */

static int add_kernel(X(tangent) *k, mdm_record *rec, const char *name, const char *text, double **value, mdm_error *err) {
  const mdm_problem *p = k->problem;
  const size_t dim[3] = {p->n_times, p->kernel_samples, p->kernel_samples};
  char path[96];
  snprintf(path, sizeof path, "statistics/ntk/%s", name);
  return mdm_record_add_blank(rec, path, 3, dim, "time, sample, sample", text, value, err);
}

static int add_arrays(X(tangent) *k, mdm_record *rec, mdm_error *err) {
  int status = mdm_problem_add_times(k->problem, rec, "statistics/ntk/time", err);
  if (!status) status = add_kernel(k, rec, "total", "tangent kernel: SGD changes f_mu by -eta sum_nu K(mu,nu) e_nu to first order; mean over outputs", &k->total, err);
  for (int t = 0; t < MDM_TENSORS && !status; t++)
    status = add_kernel(k, rec, mdm_tensor_name(t), "part of the tangent kernel that comes from training this tensor: rate x <p p> x <q q> for unit errors", &k->part[t], err);
  if (status) return status;
  return mdm_record_add_blank(rec, "statistics/ntk/alignment", 1, &k->problem->n_times, "time",
                              "centred alignment <K, y y'> / (|K| |y y'|) of the tangent kernel with the targets", &k->alignment, err);
}

int X(tangent_create)(const mdm_problem *problem, X(realization) *R, mdm_record *record, X(tangent) **out,
                      mdm_error *err) {
  *out = NULL;
  X(tangent) *k = calloc(1, sizeof *k);
  if (!k) return mdm_no_memory(err, "a training run");
  size_t S = problem->kernel_samples, C = problem->model.outputs;
  k->problem = problem;
  k->R = R;
  int ok = (k->e = mdm_alloc(C, problem->batch, 1, sizeof *k->e)) && (k->backward = mdm_alloc(S, S, 1, sizeof *k->backward)) && (k->forward = mdm_alloc(S, S, 1, sizeof *k->forward)) &&
           (k->y = mdm_alloc(C, S, 1, sizeof *k->y)) && (k->work = mdm_alloc(C, S, 1, sizeof *k->work)) &&
           (k->x = mdm_alloc(problem->full.inputs, S, 1, sizeof *k->x));
  int status = ok ? add_arrays(k, record, err) : mdm_no_memory(err, "the tangent kernel; set output.ntk: false");
  if (status) return X(tangent_free)(k), status;
  *out = k;
  return MDM_OK;
}

void X(tangent_free)(X(tangent) *k) {
  if (!k) return;
  free(k->forward);
  free(k->e);
  free(k->backward);
  free(k->y);
  free(k->work);
  free(k->x);
  free(k);
}

/* ---------------------------------------------------------------- one step */

static void input_kernel(const X(tangent) *k, size_t t, double *out) {
  size_t S = k->problem->kernel_samples, D = k->problem->full.inputs;
  for (size_t i = 0; i < S; i++) mdm_inputs_of(&k->problem->full, 0, mdm_problem_sample(k->problem, t, i), k->x + D * i);
  for (size_t i = 0; i < S; i++)
    for (size_t j = 0; j < S; j++) {
      const double *a = k->x + D * i, *b = k->x + D * j;
      out[i * S + j] = 0;
      for (size_t d = 0; d < D; d++) out[i * S + j] += a[d] * b[d];
    }
}

/* Adds rate ⟨p p⟩⟨q q⟩ of one tensor of one block, from the backward fields of one output's unit errors. */
static int add_tensor(X(tangent) *k, const X(moe) *program, mdm_tensor a, size_t block, size_t t, size_t at, mdm_error *err) {
  const mdm_model *model = &k->problem->model;
  int in_block = a != MDM_W_IN && a != MDM_W_OUT;
  if (in_block && !k->R->matrix[block][a]) return MDM_OK;
  const mdm_coefficients *coef = in_block ? k->R->block[block].coef : k->R->coef;
  size_t S = k->problem->kernel_samples, n = S * S;
  mdm_field p = mdm_meetings[a].forward, q = mdm_meetings[a].backward;
  int status = MDM_OK;
  if (p == MDM_FIELDS) input_kernel(k, t, k->forward);
  else status = X(gram)(X(moe_field)(program, MDM_TRAIN, p, block), S, k->forward, err);
  if (!status && q != MDM_FIELDS) status = X(gram)(X(moe_field)(program, MDM_TRAIN, q, mdm_backward_level(a, block)), S, k->backward, err);
  double rate = mdm_model_rate(model, a, block) * coef[a].norm / (double)model->outputs;
  for (size_t i = 0; i < n && !status; i++) {
    double value = rate * k->forward[i] * (q == MDM_FIELDS ? 1 : k->backward[i]);
    k->part[a][at * n + i] += value;
    k->total[at * n + i] += value;
  }
  return status;
}

static int add_output(X(tangent) *k, const X(moe) *program, size_t t, size_t at, mdm_error *err) {
  int status = MDM_OK;
  for (mdm_tensor a = 0; a < MDM_TENSORS; a++) {
    size_t blocks = a == MDM_W_IN || a == MDM_W_OUT ? 1 : k->R->blocks;
    for (size_t l = 0; l < blocks && !status; l++) status = add_tensor(k, program, a, l, t, at, err);
  }
  return status;
}

static int unit_errors(X(tangent) *k, X(moe) *program, size_t output, size_t t, size_t at, mdm_error *err) {
  size_t C = k->problem->model.outputs;
  for (size_t i = 0; i < C * k->problem->batch; i++) k->e[i] = i % C == output;
  int status = k->R->mark ? k->R->mark(k->R, err) : MDM_OK;
  if (status) return status;
  status = X(moe_backward)(program, k->e, 0, NULL, err);
  if (!status) status = add_output(k, program, t, at, err);
  if (k->R->mark) k->R->rewind(k->R);
  return status;
}

static void align(X(tangent) *k, size_t t, size_t at) {
  const mdm_problem *p = k->problem;
  size_t S = p->kernel_samples;
  mdm_problem_targets(p, t, S, k->y);
  memcpy(k->backward, k->total + at * S * S, S * S * sizeof *k->backward);
  k->alignment[at] = mdm_problem_alignment(p, S, k->backward, k->y, MDM_EPSILON, k->work);
}

int X(tangent_step)(X(tangent) *k, X(moe) *program, size_t t, mdm_error *err) {
  long at = mdm_problem_time_index(k->problem, t);
  if (at < 0) return MDM_OK;
  size_t block = k->problem->kernel_samples * k->problem->kernel_samples;
  for (int a = 0; a < MDM_TENSORS; a++) memset(k->part[a] + block * (size_t)at, 0, block * sizeof *k->part[a]);
  memset(k->total + block * (size_t)at, 0, block * sizeof *k->total);
  int status = MDM_OK;
  for (size_t c = 0; c < k->problem->model.outputs && !status; c++) status = unit_errors(k, program, c, t, (size_t)at, err);
  if (!status) align(k, t, (size_t)at);
  return status;
}
