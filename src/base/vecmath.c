/* Chooses an implementation of vecmath.h; holds the portable one. */
#include "base/vecmath.h"

#include <math.h>

#include "base/processor.h"
#include "base/vecmath_loops.h"

/* Sums of eight products in single precision, these in double; unless that leaves the range of floats. */
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
  return in_range(n, sum) ? sum : dot_wide(n, a, b);
}

#define UNARY(NAME, TYPE, FUNCTION)                                                                                    \
  static void NAME(size_t n, const TYPE *x, TYPE *y) {                                                                 \
    for (size_t i = 0; i < n; i++) y[i] = FUNCTION(x[i]);                                                              \
  }
UNARY(log_f64, double, log)
UNARY(tanh_f64, double, tanh)
UNARY(exp_f64, double, exp)
UNARY(erf_f64, double, erf)
UNARY(tanh_f32, float, tanhf)
UNARY(exp_f32, float, expf)
UNARY(erf_f32, float, erff)

static void sincos_f64(size_t n, const double *x, double *sine, double *cosine) {
  for (size_t i = 0; i < n; i++) {
    sine[i] = sin(x[i]);
    cosine[i] = cos(x[i]);
  }
}

static const mdm_vecmath portable = {log_f64, sincos_f64, tanh_f64, exp_f64, erf_f64, tanh_f32, exp_f32, erf_f32, dot_f64,
                                     dot_f32};

static const mdm_vecmath *choose(void) {
#if defined(__x86_64__)
  const mdm_vecmath *avx2 = mdm_vecmath_avx2(), *avx512 = mdm_vecmath_avx512();
  if (avx512 && mdm_vectors_used() >= MDM_VECTORS_AVX512) return avx512;
  if (avx2 && mdm_vectors_used() >= MDM_VECTORS_AVX2) return avx2;
#endif
  return &portable;
}

void mdm_vec_log(size_t n, const double *x, double *y) { choose()->log_f64(n, x, y); }
void mdm_vec_sincos(size_t n, const double *x, double *s, double *c) { choose()->sincos_f64(n, x, s, c); }
void mdm_vec_tanh_f64(size_t n, const double *x, double *y) { choose()->tanh_f64(n, x, y); }
void mdm_vec_exp_f64(size_t n, const double *x, double *y) { choose()->exp_f64(n, x, y); }
void mdm_vec_erf_f64(size_t n, const double *x, double *y) { choose()->erf_f64(n, x, y); }
void mdm_vec_tanh_f32(size_t n, const float *x, float *y) { choose()->tanh_f32(n, x, y); }
void mdm_vec_exp_f32(size_t n, const float *x, float *y) { choose()->exp_f32(n, x, y); }
void mdm_vec_erf_f32(size_t n, const float *x, float *y) { choose()->erf_f32(n, x, y); }
double mdm_vec_dot_f64(size_t n, const double *a, const double *b) { return choose()->dot_f64(n, a, b); }
double mdm_vec_dot_f32(size_t n, const float *a, const float *b) { return choose()->dot_f32(n, a, b); }
