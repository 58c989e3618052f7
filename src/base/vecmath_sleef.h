/* vecmath.h by SLEEF, for the vectors of the file that includes it (vecmath_avx2.c, vecmath_avx512.c), which says of both precisions how many numbers they
 * hold (WIDE_F64, WIDE_F32), how they are loaded and stored, how halves of one of floats become doubles (LOW_F64, HIGH_F64), and what SLEEF calls its functions
 * for them. SLEEF makes the same of a number for vectors of any length, so that instruction sets agree bit for bit. */
#include <immintrin.h>
#include <sleef.h>
#include <string.h>

#include "base/vecmath_loops.h"

/* y = f(x), W lanes at a time; the rest goes through the same vector function, padded. */
#define UNARY(NAME, TYPE, W, LOAD, STORE, FUNCTION)                                                                    \
  static void NAME(size_t n, const TYPE *x, TYPE *y) {                                                                 \
    size_t i = 0;                                                                                                      \
    for (; i + W <= n; i += W) STORE(y + i, FUNCTION(LOAD(x + i)));                                                    \
    if (i < n) {                                                                                                       \
      TYPE pad[W] = {0};                                                                                               \
      memcpy(pad, x + i, (n - i) * sizeof *x);                                                                         \
      STORE(pad, FUNCTION(LOAD(pad)));                                                                                 \
      memcpy(y + i, pad, (n - i) * sizeof *x);                                                                         \
    }                                                                                                                  \
  }
#define UNARY_F64(NAME, FUNCTION) UNARY(NAME, double, WIDE_F64, LOAD_F64, STORE_F64, SLEEF_F64(FUNCTION))
#define UNARY_F32(NAME, FUNCTION) UNARY(NAME, float, WIDE_F32, LOAD_F32, STORE_F32, SLEEF_F32(FUNCTION))

UNARY_F64(log_f64, log)
UNARY_F64(tanh_f64, tanh)
UNARY_F64(exp_f64, exp)
UNARY_F64(erf_f64, erf)
UNARY_F32(tanh_f32, tanh)
UNARY_F32(exp_f32, exp)
UNARY_F32(erf_f32, erf)
UNARY_F64(sin_f64, sin)
UNARY_F64(cos_f64, cos)

static void sincos_f64(size_t n, const double *x, double *sine, double *cosine) {
  sin_f64(n, x, sine);
  cos_f64(n, x, cosine);
}

typedef float floats __attribute__((vector_size(4 * WIDE_F32)));
typedef double doubles __attribute__((vector_size(8 * WIDE_F64)));
enum { LANES = 16, PARTS = LANES / WIDE_F32 }; /* sums side by side; vectors of them */

/* Sums of part, in double precision: lane: 2 PARTS. */
static inline __attribute__((always_inline)) void add_wide(const floats *part, doubles *lane) {
  for (int p = 0; p < PARTS; p++) {
    lane[2 * p] += (doubles)LOW_F64(part[p]);
    lane[2 * p + 1] += (doubles)HIGH_F64(part[p]);
  }
}

/* dot_f32 of vecmath.c by whole vectors, where compilers convert lane by lane; the same additions in the same order. */
static double dot_f32(size_t n, const float *restrict a, const float *restrict b) {
  enum { BLOCK = 8 * LANES };
  doubles lane[2 * PARTS] = {{0}};
  floats part[PARTS];
  double sums[LANES], sum = 0;
  size_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    for (int p = 0; p < PARTS; p++) part[p] = (floats){0};
    for (size_t k = 0; k < BLOCK; k += LANES)
      for (int p = 0; p < PARTS; p++) part[p] += (floats)LOAD_F32(a + i + k + WIDE_F32 * p) * (floats)LOAD_F32(b + i + k + WIDE_F32 * p);
    add_wide(part, lane);
  }
  for (; i + LANES <= n; i += LANES) {
    for (int p = 0; p < PARTS; p++) part[p] = (floats)LOAD_F32(a + i + WIDE_F32 * p) * (floats)LOAD_F32(b + i + WIDE_F32 * p);
    add_wide(part, lane);
  }
  memcpy(sums, lane, sizeof sums);
  for (size_t j = 0; i + j < n; j++) sums[j] += (double)(a[i + j] * b[i + j]);
  for (size_t j = 0; j < LANES; j++) sum += sums[j];
  return in_range(n, sum) ? sum : dot_wide(n, a, b);
}

static const mdm_vecmath table = {log_f64, sincos_f64, tanh_f64, exp_f64, erf_f64, tanh_f32, exp_f32, erf_f32, dot_f64,
                                  dot_f32};
