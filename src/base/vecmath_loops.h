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

/* Whether a sum of n products of floats may be trusted: none of them can have left their range. */
static inline int in_range(size_t n, double sum) {
  double size = fabs(sum) / (double)(n + !n);
  return size > 1e-30 && size < 1e30;
}
