#include "models/norm.h"

#include <math.h>

#include "base/share.h"
#include "base/vecmath.h"

/* In double precision, in order. */
static double sum(size_t n, const real *a) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s += (double)a[i];
  return s;
}

void X(norm_forward)(mdm_norm kind, double eps, size_t S, size_t P, const real *h, real *n, double *scale) {
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

void X(norm_backward)(mdm_norm kind, size_t S, size_t P, const real *n, const double *scale, const real *zeta, double factor, int accumulate,
                      real *out) {
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
