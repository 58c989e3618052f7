/* Elementwise functions over arrays, by SLEEF where the processor has AVX2, by the C library elsewhere. Input and output
 * may be the same array. An element's result depends on its value alone, not on its place. */
#ifndef MOEDMFT_VECMATH_H
#define MOEDMFT_VECMATH_H

#include <stddef.h>

void mdm_vec_log(size_t n, const double *x, double *y);
void mdm_vec_sincos(size_t n, const double *x, double *sine, double *cosine);
void mdm_vec_tanh_f64(size_t n, const double *x, double *y);
void mdm_vec_exp_f64(size_t n, const double *x, double *y);
void mdm_vec_erf_f64(size_t n, const double *x, double *y);
void mdm_vec_tanh_f32(size_t n, const float *x, float *y);
void mdm_vec_exp_f32(size_t n, const float *x, float *y);
void mdm_vec_erf_f32(size_t n, const float *x, float *y);

/* One implementation of all of them. */
typedef struct mdm_vecmath {
  void (*log_f64)(size_t, const double *, double *);
  void (*sincos_f64)(size_t, const double *, double *, double *);
  void (*tanh_f64)(size_t, const double *, double *);
  void (*exp_f64)(size_t, const double *, double *);
  void (*erf_f64)(size_t, const double *, double *);
  void (*tanh_f32)(size_t, const float *, float *);
  void (*exp_f32)(size_t, const float *, float *);
  void (*erf_f32)(size_t, const float *, float *);
} mdm_vecmath;

/* NULL when this build has no such implementation. */
const mdm_vecmath *mdm_vecmath_avx2(void);

#endif
