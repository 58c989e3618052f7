/* AVX2 implementation of vecmath.h by SLEEF. The Makefile compiles this file alone with -mavx2 -mfma (x86-64 only);
 * vecmath.c calls it only on processors that have both. */
#include "base/vecmath_table.h"

#ifdef __AVX2__
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
#define UNARY_F64(NAME, FUNCTION) UNARY(NAME, double, 4, _mm256_loadu_pd, _mm256_storeu_pd, FUNCTION)
#define UNARY_F32(NAME, FUNCTION) UNARY(NAME, float, 8, _mm256_loadu_ps, _mm256_storeu_ps, FUNCTION)

UNARY_F64(log_f64, Sleef_logd4_u10avx2)
UNARY_F64(tanh_f64, Sleef_tanhd4_u10avx2)
UNARY_F64(exp_f64, Sleef_expd4_u10avx2)
UNARY_F64(erf_f64, Sleef_erfd4_u10avx2)
UNARY_F32(tanh_f32, Sleef_tanhf8_u10avx2)
UNARY_F32(exp_f32, Sleef_expf8_u10avx2)
UNARY_F32(erf_f32, Sleef_erff8_u10avx2)
UNARY_F64(sin_f64, Sleef_sind4_u10avx2)
UNARY_F64(cos_f64, Sleef_cosd4_u10avx2)

static void sincos_f64(size_t n, const double *x, double *sine, double *cosine) {
  sin_f64(n, x, sine);
  cos_f64(n, x, cosine);
}

static const mdm_vecmath table = {log_f64, sincos_f64, tanh_f64, exp_f64, erf_f64, tanh_f32, exp_f32, erf_f32, dot_f64,
                                  dot_f32};
const mdm_vecmath *mdm_vecmath_avx2(void) { return &table; }
#else
const mdm_vecmath *mdm_vecmath_avx2(void) { return NULL; }
#endif
