/* What an implementation of vecmath.h consists of. */
#ifndef MOEDMFT_VECMATH_TABLE_H
#define MOEDMFT_VECMATH_TABLE_H

#include <stddef.h>

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
  double (*dot_f64)(size_t, const double *, const double *);
  double (*dot_f32)(size_t, const float *, const float *);
} mdm_vecmath;

/* NULL when this build has no such implementation. */
const mdm_vecmath *mdm_vecmath_avx2(void);
const mdm_vecmath *mdm_vecmath_avx512(void);

#endif
