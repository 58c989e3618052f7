#include "models/norm.h"

#include <math.h>

#include "base/crew.h"
#include "base/share.h"
#include "base/vecmath.h"
#include "realization/parallel.h"

/* In double precision, in order. */
static double sum(size_t n, const real *a) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s += (double)a[i];
  return s;
}

enum { TOGETHER = 16 }; /* tokens of a large population */

/* Of a large population, whose sums are those of its pieces. */
static void forward_large(mdm_norm kind, double eps, size_t S, size_t P, const real *h, real *n, double *scale) {
  size_t rows = mdm_rows(S);
  if (kind == MDM_NORM_LAYER) X(parallel_each_product)(S, P, h, NULL, scale);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(S * P)))
  for (size_t t = 0; t < P; t++) {
    real mean = kind == MDM_NORM_LAYER ? (real)(scale[t] / (double)S) : 0;
    for (size_t i = rows * t; i < rows * (t + 1); i++) n[i] = h[i] - mean;
  }
  X(parallel_each_product)(S, P, n, n, scale);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(S * P)))
  for (size_t t = 0; t < P; t++) {
    scale[t] = sqrt(scale[t] / (double)S + eps);
    real inverse = (real)(scale[t] > 0 ? 1 / scale[t] : 0);
    for (size_t i = rows * t; i < rows * (t + 1); i++) n[i] *= inverse;
  }
}

void X(norm_forward)(mdm_norm kind, double eps, size_t S, size_t P, const real *h, real *n, double *scale) {
  if (mdm_is_large(S)) {
    forward_large(kind, eps, S, P, h, n, scale);
    return;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(8.0 * (double)(S * P)))
  for (size_t t = 0; t < P; t++) {
    const real *from = h + S * t;
    real *to = n + S * t;
    real mean = kind == MDM_NORM_LAYER ? (real)(sum(S, from) / (double)S) : 0;
    for (size_t i = 0; i < S; i++) to[i] = from[i] - mean;
    scale[t] = sqrt(X(mdm_vec_dot)(S, to, to) / (double)S + eps);
    real inverse = (real)(scale[t] > 0 ? 1 / scale[t] : 0); /* a stream of zeros without ε stays zero */
    for (size_t i = 0; i < S; i++) to[i] *= inverse;
  }
}

/* Some tokens of a large population. */
static void backward_large(mdm_norm kind, size_t S, size_t P, const real *n, const double *scale, const real *zeta, double factor, int accumulate,
                           real *out) {
  double means[TOGETHER] = {0}, overlaps[TOGETHER] = {0};
  size_t rows = mdm_rows(S);
  int normed = kind != MDM_NORM_NONE;
  if (kind == MDM_NORM_LAYER) X(parallel_each_product)(S, P, zeta, NULL, means);
  if (normed) X(parallel_each_product)(S, P, n, zeta, overlaps);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(8.0 * (double)(S * P)))
  for (size_t t = 0; t < P; t++) {
    real c = (real)(normed ? scale[t] > 0 ? factor / scale[t] : 0 : factor);
    real mean = (real)(means[t] / (double)S), along = (real)(overlaps[t] / (double)S);
    for (size_t i = rows * t; i < rows * (t + 1); i++) {
      real value = c * (zeta[i] - mean - (normed ? along * n[i] : 0));
      out[i] = accumulate ? out[i] + value : value;
    }
  }
}

void X(norm_backward)(mdm_norm kind, size_t S, size_t P, const real *n, const double *scale, const real *zeta, double factor, int accumulate,
                      real *out) {
  if (mdm_is_large(S)) {
    for (size_t t = 0, rows = mdm_rows(S); t < P; t += TOGETHER)
      backward_large(kind, S, P - t < TOGETHER ? P - t : TOGETHER, n + rows * t, scale + t, zeta + rows * t, factor, accumulate, out + rows * t);
    return;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(8.0 * (double)(S * P)))
  for (size_t t = 0; t < P; t++) {
    const real *z = zeta + S * t;
    real *to = out + S * t;
    int normed = kind != MDM_NORM_NONE;
    real c = (real)(normed ? scale[t] > 0 ? factor / scale[t] : 0 : factor);
    real mean = kind == MDM_NORM_LAYER ? (real)(sum(S, z) / (double)S) : 0;
    real along = normed ? (real)(X(mdm_vec_dot)(S, n + S * t, z) / (double)S) : 0;
    for (size_t i = 0; i < S; i++) {
      real value = c * (z[i] - mean - (normed ? along * n[S * t + i] : 0));
      to[i] = accumulate ? to[i] + value : value;
    }
  }
}
