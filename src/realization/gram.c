/* Kernels of fields, and their overlaps with columns.
 *
 * Squares of reals have half of their exponents' range: fields of 1e19 in single precision are fine, their kernels are not. Such a field is
 * brought to numbers around 1 first, by a power of two, which changes no digit.
 */
#include "realization/gram.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/crew.h"
#include "base/memory.h"
#include "realization/parallel.h"

double X(square_of)(const X(field) *p) {
  size_t ld = X(field_ld)(p);
  const real *v = X(field_rows)(p, p->v), *twin = X(field_rows)(p, p->twin), *noise = X(field_rows)(p, p->noise);
  double sum = X(parallel_products)(p->n, p->P, v, twin ? twin : v, ld);
  return noise ? sum - X(parallel_products)(p->n, p->P, noise, noise, ld) : sum;
}

/* Room below and above a mean square: for residuals of 1e-6 of the field and their digits, for sums over tokens. */
static const double ROOM = MDM_SINGLE ? 1e14 : 1e28;

int X(squares_hold)(double mean_square) {
  double least = MDM_SINGLE ? (double)FLT_MIN : DBL_MIN, most = MDM_SINGLE ? (double)FLT_MAX : DBL_MAX;
  return mean_square > least * ROOM && mean_square < most / ROOM;
}

double X(largest)(size_t n, size_t P, const real *v, size_t ld) {
  double most = 0;
  size_t rows = mdm_rows(n);
  for (size_t t = 0; t < P && !isnan(most); t++)
    for (size_t i = 0; i < rows && !isnan(most); i++) {
      double size = fabs((double)v[i + ld * t]);
      if (isnan(size) || size > most) most = size;
    }
  return mdm_crew_largest(n, most);
}

double X(unit_factor)(size_t n, size_t P, const real *v, size_t ld) {
  double most = X(largest)(n, P, v, ld);
  int exponent;
  if (!isfinite(most) || most == 0) return 1;
  frexp(most, &exponent);
  return ldexp(1, -exponent);
}

static double mean_of_diagonal(size_t P, const real *gram) {
  double sum = 0;
  for (size_t t = 0; t < P; t++) sum += (double)gram[t + P * t];
  return sum / (double)P;
}

static int products(double s, const X(field) *p, size_t k, real *out, mdm_error *err) {
  size_t ld = X(field_ld)(p);
  const real *v = X(field_rows)(p, p->v), *twin = X(field_rows)(p, p->twin), *noise = X(field_rows)(p, p->noise);
  int status = twin ? X(parallel_inner)(p->n, k, k, s, v, ld, twin, ld, 0, out, k, err) : X(parallel_gram)(p->n, k, s, v, ld, 0, out, err);
  return status || !noise ? status : X(parallel_gram)(p->n, k, -s, noise, ld, 1, out, err);
}

/* n × k numbers times a factor, in a new array; NULL stays. */
static int times(size_t n, size_t ld, size_t k, double factor, const real *v, real **out, mdm_error *err) {
  if (!v) return MDM_OK;
  *out = mdm_alloc(n, k, 1, sizeof **out);
  if (!*out) return mdm_no_memory(err, "a field of %zu particles", n);
  for (size_t t = 0; t < k; t++)
    for (size_t i = 0; i < n; i++) (*out)[i + n * t] = (real)((double)v[i + ld * t] * factor);
  return MDM_OK;
}

int X(field_times)(const X(field) *p, size_t k, double factor, X(field) *copy, mdm_error *err) {
  *copy = (X(field)){.n = p->n, .P = k};
  size_t rows = mdm_rows(p->n), ld = X(field_ld)(p);
  int status = times(rows, ld, k, factor, X(field_rows)(p, p->v), &copy->v, err);
  if (!status) status = times(rows, ld, k, factor, X(field_rows)(p, p->twin), &copy->twin, err);
  if (!status) status = times(rows, ld, k, factor, X(field_rows)(p, p->noise), &copy->noise, err);
  if (status) X(field_clear)(copy);
  return status;
}

void X(field_clear)(X(field) *copy) {
  free(copy->v);
  free(copy->twin);
  free(copy->noise);
  *copy = (X(field)){0};
}

/* Noise and all. */
static double sqrt_of_squares(const X(field) *p, size_t k) {
  return !mdm_is_large(p->n) ? (double)BLAS(nrm2)((int)(p->n * k), p->v, 1) : sqrt(X(parallel_products)(p->n, k, X(field_rows)(p, p->v), X(field_rows)(p, p->v), X(field_ld)(p)));
}

int X(squares)(double s, const X(field) *p, size_t k, real *out, double *unit, mdm_error *err) {
  if (!p->twin && !p->noise) return X(triangle)(p->n, k, s, X(field_rows)(p, p->v), X(field_ld)(p), out, unit, err);
  *unit = 1;
  int status = products(s, p, k, out, err);
  if (status) return status;
  double root = sqrt_of_squares(p, k), factor; /* without noise, squares may cancel: the field's own size counts */
  if (X(squares_hold)(root * root / (double)(p->n * k)) || (factor = X(unit_factor)(p->n, k, X(field_rows)(p, p->v), X(field_ld)(p))) == 1) return MDM_OK;
  X(field) copy;
  status = X(field_times)(p, k, factor, &copy, err);
  if (!status) status = products(s, &copy, k, out, err);
  X(field_clear)(&copy);
  *unit = 1 / (factor * factor);
  return status;
}

int X(triangle)(size_t n, size_t P, double s, const real *v, size_t ld, real *gram, double *unit, mdm_error *err) {
  *unit = 1;
  int status = X(parallel_gram)(n, P, s, v, ld, 0, gram, err);
  if (status || X(squares_hold)(mean_of_diagonal(P, gram) / s / (double)n)) return status;
  double factor = X(unit_factor)(n, P, v, ld);
  if (factor == 1) return MDM_OK; /* as it is: zero, or not finite */
  size_t rows = mdm_rows(n);
  real *copy = mdm_alloc(rows, P, 1, sizeof *copy); /* rows × P */
  if (!copy) return mdm_no_memory(err, "a kernel of %zu samples", P);
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < rows; i++) copy[i + rows * t] = (real)((double)v[i + ld * t] * factor);
  status = X(parallel_gram)(n, P, s, copy, rows, 0, gram, err);
  free(copy);
  *unit = 1 / (factor * factor);
  return status;
}

int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err) {
  real *half = mdm_alloc(S, S, 1, sizeof *half); /* S × S: its lower triangle */
  double unit;
  if (!half) return mdm_no_memory(err, "a kernel of %zu samples", S);
  int status = X(squares)(1.0 / (double)p->n, p, S, half, &unit, err);
  for (size_t i = 0; i < S && !status; i++)
    for (size_t j = 0; j <= i; j++) out[i * S + j] = out[j * S + i] = unit * (double)half[i + S * j];
  free(half);
  return status;
}

double *X(doubles)(size_t n, const real *x) {
  double *out = mdm_alloc(n, 1, 1, sizeof *out);
  for (size_t i = 0; i < n && out; i++) out[i] = (double)x[i];
  return out;
}

double *X(overlaps)(size_t k, const real *columns, double s, const X(field) *f) {
  real *work = mdm_alloc(k, f->P, 1, sizeof *work); /* k × P */
  int failed = !work || X(parallel_inner)(f->n, k, f->P, s, columns, mdm_rows(f->n), X(field_rows)(f, f->v), X(field_ld)(f), 0, work, k, NULL);
  double *out = !failed ? X(doubles)(k * f->P, work) : NULL;
  free(work);
  return out;
}
