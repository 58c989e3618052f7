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

/* One step of an entrywise optimizer, in numbers. */
typedef struct mdm_entrywise {
  double clip;         /* factor of the gradient */
  double keep;         /* A ← keep A − … */
  double rate;         /* … rate · direction; adam: bias correction of the first moment included */
  double beta1, beta2; /* adam */
  double eps, correct; /* adam: direction = m / (correct √v + ε) */
} mdm_entrywise;

/* Adam on n entries: moments m, v and weights A from gradients G. Without any gradient so far nothing moves, even at ε = 0. */
void mdm_vec_adam_f64(size_t n, const mdm_entrywise *s, const double *G, double *m, double *v, double *A);
void mdm_vec_adam_f32(size_t n, const mdm_entrywise *s, const float *G, float *m, float *v, float *A);

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
  void (*adam_f64)(size_t, const mdm_entrywise *, const double *, double *, double *, double *);
  void (*adam_f32)(size_t, const mdm_entrywise *, const float *, float *, float *, float *);
} mdm_vecmath;

/* NULL when this build has no such implementation. */
const mdm_vecmath *mdm_vecmath_avx2(void);

#endif
