/* Elementwise functions over arrays, by SLEEF where the processor has AVX2 or AVX-512 (the same bits), by the C library elsewhere. Input and output
 * may be the same array. An element's result depends on its value alone, not on its place. */
#ifndef MOEDMFT_VECMATH_H
#define MOEDMFT_VECMATH_H

#include <stddef.h>

#include "base/vecmath_table.h"

void mdm_vec_log(size_t n, const double *x, double *y);
void mdm_vec_sincos(size_t n, const double *x, double *sine, double *cosine);
void mdm_vec_tanh_f64(size_t n, const double *x, double *y);
void mdm_vec_exp_f64(size_t n, const double *x, double *y);
void mdm_vec_erf_f64(size_t n, const double *x, double *y);
void mdm_vec_tanh_f32(size_t n, const float *x, float *y);
void mdm_vec_exp_f32(size_t n, const float *x, float *y);
void mdm_vec_erf_f32(size_t n, const float *x, float *y);

/* Σ a b of n numbers, in double precision (of floats: sums of up to eight products in single precision, then double); the order of additions is
 * fixed. */
double mdm_vec_dot_f64(size_t n, const double *a, const double *b);
double mdm_vec_dot_f32(size_t n, const float *a, const float *b);

#endif
