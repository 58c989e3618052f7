/* Starts of fits (starts.h). Given the exponents, a law is mostly linear in its amplitudes, which then need no search. */
#include "law/starts.h"

#include <gsl/gsl_multifit.h>
#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>

#include "base/board.h"
#include "base/memory.h"

/* Of an amplitude that least squares make negative: so large is its term on average, relative to the loss. */
static const double LEAST = 0.01;

typedef struct {
  const mdm_target *all;
  size_t n, p, linear[MDM_LAW_PARAMETERS], linears; /* linear: parameters that are solved for */
  double *x;                                        /* n × p */
  int *failed;                                      /* n: memory was out */
} job;

static void choose_linear(job *j) {
  int linear[MDM_LAW_PARAMETERS];
  mdm_expression_linear(j->all->formula.e, linear);
  for (size_t k = 0; k < j->p; k++)
    if (linear[k] && !j->all->axis[k].fixed && !j->all->axis[k].given) j->linear[j->linears++] = k;
}

/* A fraction u of the way through the range that starts are drawn from. */
static double between(const mdm_law_axis *a, double u) {
  if (a->fixed) return a->value;
  return a->log ? a->start_low * pow(a->start_high / a->start_low, u) : a->start_low + (a->start_high - a->start_low) * u;
}

/* Relative residuals and terms of the linear parameters as a least-squares problem: X c = y, with weights. */
static void pose(mdm_target *t, const job *j, const double *x, gsl_matrix *X, gsl_vector *y, gsl_vector *w) {
  mdm_formula_values(&t->formula, x, t->value, t->slope);
  for (size_t i = 0; i < t->formula.rows; i++) {
    double loss = exp(t->log_loss[i]), rest = t->value[i];
    for (size_t k = 0; k < j->linears; k++) {
      double term = t->slope[i * j->p + j->linear[k]];
      rest -= term * x[j->linear[k]];
      gsl_matrix_set(X, i, k, term / loss);
    }
    gsl_vector_set(y, i, (loss - rest) / loss);
    gsl_vector_set(w, i, t->weight[i]);
  }
}

static int is_finite(const gsl_matrix *X, const gsl_vector *y) {
  for (size_t i = 0; i < X->size1; i++) {
    if (!isfinite(gsl_vector_get(y, i))) return 0;
    for (size_t k = 0; k < X->size2; k++)
      if (!isfinite(gsl_matrix_get(X, i, k))) return 0;
  }
  return 1;
}

/* What least squares say of parameter k, inside its bounds. */
static double allowed(const mdm_law_axis *a, double c, const gsl_matrix *X, size_t column) {
  double size = 0;
  for (size_t i = 0; i < X->size1; i++) size += fabs(gsl_matrix_get(X, i, column)) / (double)X->size1;
  if (a->log && !(c > 0)) c = size > 0 ? LEAST / size : a->start_low;
  return fmin(fmax(c, a->low), a->high);
}

static int solve_linear(mdm_target *t, const job *j, double *x) {
  size_t rows = t->formula.rows, n = j->linears;
  gsl_matrix *X = gsl_matrix_alloc(rows, n), *covariance = gsl_matrix_alloc(n, n);
  gsl_vector *y = gsl_vector_alloc(rows), *w = gsl_vector_alloc(rows), *c = gsl_vector_alloc(n);
  gsl_multifit_linear_workspace *space = gsl_multifit_linear_alloc(rows, n);
  int there = X && covariance && y && w && c && space;
  size_t rank;
  double chi2;
  if (there) pose(t, j, x, X, y, w);
  if (there && is_finite(X, y) && !gsl_multifit_wlinear_tsvd(X, w, y, 1e-10, c, covariance, &chi2, &rank, space))
    for (size_t k = 0; k < n; k++) x[j->linear[k]] = allowed(&t->axis[j->linear[k]], gsl_vector_get(c, k), X, k);
  if (space) gsl_multifit_linear_free(space);
  gsl_matrix_free(X), gsl_matrix_free(covariance);
  gsl_vector_free(y), gsl_vector_free(w), gsl_vector_free(c);
  return there;
}

static void project(void *context, size_t i) {
  job *j = context;
  mdm_target t;
  j->failed[i] = mdm_target_pick(j->all, j->all->formula.rows, NULL, NULL, &t, NULL) != MDM_OK;
  if (j->failed[i]) return;
  j->failed[i] = !solve_linear(&t, j, j->x + i * j->p);
  mdm_target_free(&t);
}

int mdm_law_starts(const mdm_target *all, size_t n, int threads, double *x, mdm_error *err) {
  job j = {.all = all, .n = n, .p = all->formula.e->parameters, .x = x};
  gsl_qrng *sobol = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)j.p);
  int failed = !sobol;
  for (size_t i = 0; sobol && i < n; i++) {
    double u[MDM_LAW_PARAMETERS];
    gsl_qrng_get(sobol, u);
    for (size_t k = 0; k < j.p; k++) x[i * j.p + k] = between(&all->axis[k], u[k]);
  }
  if (sobol) gsl_qrng_free(sobol);
  choose_linear(&j);
  j.failed = mdm_alloc(n, 1, 1, sizeof *j.failed);
  if (j.failed && !failed && j.linears && j.linears <= all->formula.rows) mdm_parallel(n, threads, project, &j);
  failed |= !j.failed;
  for (size_t i = 0; !failed && i < n; i++) failed = j.failed[i];
  free(j.failed);
  return failed ? mdm_no_memory(err, "the starts of a fit") : MDM_OK;
}
