/* One source, two precisions. Every file of src/kernels, src/realization, models and src/training is compiled once with MDM_SINGLE = 0 (double)
 * and once with 1 (float); X(name) gives each precision its own symbol. All matrices are column-major. */
#ifndef MOEDMFT_REAL_H
#define MOEDMFT_REAL_H

#include <cblas.h>
#include <float.h>
#include <stddef.h>

#ifndef MDM_SINGLE
#error "compile files of src/kernels, src/realization, models and src/training with -DMDM_SINGLE=0 and -DMDM_SINGLE=1"
#endif

#if MDM_SINGLE
typedef float real;
#define MDM_EPSILON FLT_EPSILON
#define X(name) name##_f32
#define BLAS(name) cblas_s##name
#define GSL_SELECT gsl_stats_float_select
#else
typedef double real;
#define MDM_EPSILON DBL_EPSILON
#define X(name) name##_f64
#define BLAS(name) cblas_d##name
#define GSL_SELECT gsl_stats_select
#endif

/* x ← a x and y ← y + a x, n numbers each, of any number: BLAS itself counts in 32-bit integers, and the entries of a matrix may be more. */
enum { MDM_BLAS_PIECE = 1 << 30 };
static inline void X(scale)(size_t n, real a, real *x) {
  for (size_t i = 0; i < n; i += MDM_BLAS_PIECE) BLAS(scal)((int)(n - i < MDM_BLAS_PIECE ? n - i : MDM_BLAS_PIECE), a, x + i, 1);
}
static inline void X(add)(size_t n, real a, const real *x, real *y) {
  for (size_t i = 0; i < n; i += MDM_BLAS_PIECE) BLAS(axpy)((int)(n - i < MDM_BLAS_PIECE ? n - i : MDM_BLAS_PIECE), a, x + i, 1, y + i, 1);
}

#endif
