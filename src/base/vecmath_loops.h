/* Loops that the compiler vectorizes: included by each implementation of vecmath.h, so that each is compiled for its processor. */
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
