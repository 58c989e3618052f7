/* LAPACK calls: sizes that a rounded workspace would refuse, numbers that are not finite. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "support/suite.h"

/* From n = 2,895 on the workspace of the single-precision eigensolver, 1 + 6 n + 2 n², is no float. The matrix u uᵀ, u_i = 1/√n, has the
 * eigenvalues 0 and 1. */
static void eigensolver_beyond_its_own_workspace(void) {
  const size_t n = 2895;
  float *a = mdm_alloc(n, n, 1, sizeof *a), *w = mdm_alloc(n, 1, 1, sizeof *w); /* n × n; n */
  CU_ASSERT_FATAL(a && w);
  for (size_t i = 0; i < n * n; i++) a[i] = 1 / (float)n;
  CU_ASSERT_PTR_NULL(mdm_eigen_f32(n, a, w));
  CU_ASSERT_DOUBLE_EQUAL(w[n - 1], 1, 1e-5);
  for (size_t i = 0; i + 1 < n; i++) CU_ASSERT(fabsf(w[i]) < 1e-5f);
  for (size_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(fabsf(a[i + n * (n - 1)]), 1 / sqrt((double)n), 1e-6);
  free(a);
  free(w);
}

static void eigenvalues_of_a_known_matrix(void) {
  double a[4] = {2, 1, NAN /* the upper triangle is not read */, 2}, w[2];
  CU_ASSERT_PTR_NULL(mdm_eigen_f64(2, a, w));
  CU_ASSERT_DOUBLE_EQUAL(w[0], 1, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(w[1], 3, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(fabs(a[2] * a[0] + a[3] * a[1]), 0, 1e-14);
  CU_ASSERT_PTR_NULL(mdm_eigen_f64(0, a, w));
  CU_ASSERT_PTR_NOT_NULL(strstr(mdm_eigen_f64(32767, a, w), "32,766")); /* before anything is read */
}

/* The identity of size 3 with one bad entry, on or off the diagonal. */
static void bad_identity(double bad, size_t at, double a[9]) {
  for (size_t i = 0; i < 9; i++) a[i] = i % 4 == 0;
  a[at] = bad;
}

static void what_is_not_finite_is_refused(void) {
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t k = 0; k < 3; k++)
    for (size_t at = 0; at < 3; at++) { /* first column of the lower triangle */
      double a[9], w[3], b[3] = {1, 1, 1};
      float a32[9], w32[3];
      bad_identity(bad[k], at, a);
      for (size_t i = 0; i < 9; i++) a32[i] = (float)a[i];
      CU_ASSERT_PTR_NOT_NULL(mdm_eigen_f64(3, a, w));
      CU_ASSERT_PTR_NOT_NULL(mdm_eigen_f32(3, a32, w32));
      bad_identity(bad[k], at, a);
      CU_ASSERT_PTR_NOT_NULL(mdm_cholesky_f64(3, a));
      CU_ASSERT_PTR_NOT_NULL(mdm_cholesky_f32(3, a32));
      bad_identity(bad[k], at, a);
      CU_ASSERT_PTR_NOT_NULL(mdm_solve_f64(3, 1, a, b));
      bad_identity(1, 0, a);
      b[1] = bad[k];
      CU_ASSERT_PTR_NOT_NULL(mdm_solve_f64(3, 1, a, b));
      bad_identity(bad[k], at, a);
      CU_ASSERT_PTR_NOT_NULL(mdm_qr_f64(3, 3, a, w));
    }
}

static void factors_of_known_matrices(void) {
  double a[4] = {4, 2, NAN, 5}, b[2] = {8, 14}, r[6] = {3, 4, 0, 1, 2, 0}, tau[2];
  CU_ASSERT_PTR_NULL(mdm_cholesky_f64(2, a));
  CU_ASSERT_DOUBLE_EQUAL(a[0], 2, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(a[1], 1, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(a[3], 2, 1e-15);
  double spd[4] = {4, 2, 2, 5}, indefinite[4] = {1, 2, 2, 1};
  CU_ASSERT_PTR_NULL(mdm_solve_f64(2, 1, spd, b));
  CU_ASSERT_DOUBLE_EQUAL(b[0], 0.75, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(b[1], 2.5, 1e-14);
  CU_ASSERT_STRING_EQUAL(mdm_cholesky_f64(2, indefinite), "the matrix is not positive definite");
  CU_ASSERT_PTR_NULL(mdm_qr_f64(3, 2, r, tau));
  CU_ASSERT_DOUBLE_EQUAL(fabs(r[0]), 5, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(r[3] * r[3] + r[4] * r[4], 5, 1e-13); /* the length of the second column stays */
}

static const test_case tests[] = {
    {"eigenvalues of a known matrix", eigenvalues_of_a_known_matrix},
    {"the eigensolver where its workspace is no float", eigensolver_beyond_its_own_workspace},
    {"what is not finite is refused", what_is_not_finite_is_refused},
    {"factors of known matrices", factors_of_known_matrices},
};

SUITE("base/lapack", tests)
