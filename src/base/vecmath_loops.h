/* Loops that the compiler vectorizes: included by each implementation of vecmath.h, so that each is compiled for its processor
 * (without errno, which would forbid vector square roots). */
#include <math.h>

#include "base/vecmath_table.h"

/* Sixteen sums side by side, added at the end. */
#define DOT(NAME, TYPE)                                                                                                \
  static double NAME(size_t n, const TYPE *restrict a, const TYPE *restrict b) {                                       \
    double lane[16] = {0}, sum = 0;                                                                                    \
    size_t i = 0;                                                                                                      \
    for (; i + 16 <= n; i += 16)                                                                                       \
      for (size_t j = 0; j < 16; j++) lane[j] += (double)a[i + j] * (double)b[i + j];                                  \
    for (size_t j = 0; i + j < n; j++) lane[j] += (double)a[i + j] * (double)b[i + j];                                 \
    for (size_t j = 0; j < 16; j++) sum += lane[j];                                                                    \
    return sum;                                                                                                        \
  }
DOT(dot_f64, double)
DOT(dot_wide, float)

/* The same of floats: sums of eight products in single precision, these in double; unless that leaves the range of floats. */
static double dot_f32(size_t n, const float *restrict a, const float *restrict b) {
  double lane[16] = {0}, sum = 0;
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    float part[16] = {0};
    for (size_t k = 0; k < 128; k += 16)
      for (size_t j = 0; j < 16; j++) part[j] += a[i + k + j] * b[i + k + j];
    for (size_t j = 0; j < 16; j++) lane[j] += (double)part[j];
  }
  for (; i + 16 <= n; i += 16)
    for (size_t j = 0; j < 16; j++) lane[j] += (double)(a[i + j] * b[i + j]);
  for (size_t j = 0; i + j < n; j++) lane[j] += (double)(a[i + j] * b[i + j]);
  for (size_t j = 0; j < 16; j++) sum += lane[j];
  double size = fabs(sum) / (double)(n + !n);
  return size > 1e-30 && size < 1e30 ? sum : dot_wide(n, a, b);
}

/* The floor under ε keeps 0/0 at 0; it is near the smallest gradient whose square the type can hold. */
#define ADAM(NAME, TYPE, ROOT, FLOOR)                                                                                  \
  static void NAME(size_t n, const mdm_entrywise *s, const TYPE *restrict G, TYPE *restrict m, TYPE *restrict v,      \
                   TYPE *restrict A) {                                                                                 \
    const TYPE clip = (TYPE)s->clip, keep = (TYPE)s->keep, rate = (TYPE)s->rate, b1 = (TYPE)s->beta1,                  \
               b2 = (TYPE)s->beta2, c1 = (TYPE)(1 - s->beta1), c2 = (TYPE)(1 - s->beta2), correct = (TYPE)s->correct,  \
               eps = (TYPE)s->eps > FLOOR ? (TYPE)s->eps : FLOOR;                                                      \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      TYPE g = clip * G[i];                                                                                            \
      m[i] = b1 * m[i] + c1 * g;                                                                                       \
      v[i] = b2 * v[i] + c2 * g * g;                                                                                   \
      A[i] = keep * A[i] - rate * m[i] / (correct * ROOT(v[i]) + eps);                                                 \
    }                                                                                                                  \
  }
ADAM(adam_f64, double, sqrt, 1e-150)
ADAM(adam_f32, float, sqrtf, 1e-18f)
