/* One source, two precisions. Every file of src/realization, models and src/training is compiled once with MDM_SINGLE = 0 (double) and once
 * with 1 (float); X(name) gives each precision its own symbol. All matrices are column-major. */
#ifndef MOEDMFT_REAL_H
#define MOEDMFT_REAL_H

#include <cblas.h>
#include <lapacke.h>
#include <stddef.h>

#ifndef MDM_SINGLE
#error "compile files of src/realization, models and src/training with -DMDM_SINGLE=0 and -DMDM_SINGLE=1"
#endif

#if MDM_SINGLE
typedef float real;
#define X(name) name##_f32
#define BLAS(name) cblas_s##name
#define LAPACK(name) LAPACKE_s##name
#define GSL_SELECT gsl_stats_float_select
#else
typedef double real;
#define X(name) name##_f64
#define BLAS(name) cblas_d##name
#define LAPACK(name) LAPACKE_d##name
#define GSL_SELECT gsl_stats_select
#endif

#endif
