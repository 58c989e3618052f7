/* LAPACK calls with sizes and results checked. */
#include "base/lapack.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { MOST_EIGEN = 32766, MOST = INT_MAX }; /* rows whose workspace 2 n², or whose number, LAPACK's 32-bit integers hold */

static const char *const TOO_MANY = "more rows than LAPACK's 32-bit integers hold";

#define REAL double
#define NAME(name) name##_f64
#define CALL(name) LAPACKE_d##name
#include "base/lapack_calls.h"
#undef REAL
#undef NAME
#undef CALL

#define REAL float
#define NAME(name) name##_f32
#define CALL(name) LAPACKE_s##name
#include "base/lapack_calls.h"

const char *mdm_solve_f64(size_t n, size_t m, double *a, double *b) {
  if (!n || !m) return NULL;
  if (n > MOST || m > MOST) return TOO_MANY;
  if (!lower_is_finite_f64(n, a) || !all_finite_f64(n * m, b)) return "the matrix is not finite";
  if (LAPACKE_dposv_work(LAPACK_COL_MAJOR, 'L', (lapack_int)n, (lapack_int)m, a, (lapack_int)n, b, (lapack_int)n)) return "the matrix is not positive definite";
  return all_finite_f64(n * m, b) ? NULL : "the solution is not finite";
}

const char *mdm_qr_f64(size_t m, size_t n, double *a, double *tau) {
  if (!m || !n) return NULL;
  if (m > MOST || n > MOST) return TOO_MANY;
  if (LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (lapack_int)m, (lapack_int)n, a, (lapack_int)m, tau)) return "memory is out";
  return all_finite_f64(m * n, a) ? NULL : "the factor is not finite";
}
