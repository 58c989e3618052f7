/* vecmath.h by SLEEF, for the vectors of the file that includes it (vecmath_avx2.c, vecmath_avx512.c), which says of both precisions how many numbers they
 * hold (WIDE_F64, WIDE_F32), how they are loaded and stored, and what SLEEF calls its functions for them. SLEEF makes the same of a number for vectors of
 * any length, so that instruction sets agree bit for bit. */
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

static const mdm_vecmath table = {log_f64, sincos_f64, tanh_f64, exp_f64, erf_f64, tanh_f32, exp_f32, erf_f32, dot_f64,
                                  dot_f32};
