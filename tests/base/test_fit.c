/* Straight lines against sums, Student's t against tables, and the error handler of GSL that callers have set. */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "base/fit.h"
#include "base/gsl.h"
#include "support/suite.h"

static void test_lines(void) {
  const double x[4] = {0, 1, 2, 3}, y[4] = {1, 3, 5, 7}, bent[4] = {1, 3, 5, 8}, s[4] = {0.5, 0.5, 0.5, 0.5},
               none[4] = {0.5, NAN, 0.5, 0.5};
  double slope, error;
  mdm_line_fit(4, x, y, s, &slope, &error, NULL);
  CU_ASSERT_DOUBLE_EQUAL(slope, 2, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(error, 0.5 / sqrt(5), 1e-12); /* Σ (x − x̄)² = 5 */
  mdm_line_fit(4, x, bent, none, &slope, &error, NULL);      /* residuals 0.2, −0.1, −0.4, 0.3 */
  CU_ASSERT_DOUBLE_EQUAL(slope, 2.3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(error, sqrt(0.30 / 2 / 5), 1e-12);
  double reduced = 0;
  mdm_line_fit(2, x, y, s, &slope, &error, &reduced);
  CU_ASSERT(isnan(reduced));
  mdm_line_fit(2, x, y, none, &slope, &error, NULL);
  CU_ASSERT(fabs(slope - 2) < 1e-15 && isnan(error));
  mdm_line_fit(1, x, y, s, &slope, &error, NULL);
  CU_ASSERT(isnan(slope) && isnan(error));
  mdm_line_fit(2, none + 2, y, s, &slope, &error, NULL); /* both x are 0.5 */
  CU_ASSERT(isnan(slope) && isnan(error));
}

/* The sums of weighted least squares, written down; whether a line describes the points or not. */
static void check_weights(const double y[4], int fits) {
  const double x[4] = {0, 1, 2.5, 4}, s[4] = {0.1, 0.2, 0.05, 0.4};
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0, chi2 = 0, slope, error, reduced;
  for (int i = 0; i < 4; i++) {
    double u = 1 / (s[i] * s[i]);
    w += u, wx += u * x[i], wy += u * y[i], wxx += u * x[i] * x[i], wxy += u * x[i] * y[i];
  }
  double det = w * wxx - wx * wx, p = (w * wxy - wx * wy) / det, c = (wy - p * wx) / w;
  for (int i = 0; i < 4; i++) chi2 += pow((y[i] - c - p * x[i]) / s[i], 2);
  mdm_line_fit(4, x, y, s, &slope, &error, &reduced);
  CU_ASSERT_DOUBLE_EQUAL(slope, p, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(reduced, chi2 / 2, 1e-9);
  CU_ASSERT_EQUAL(chi2 / 2 < 1, fits);
  CU_ASSERT_DOUBLE_EQUAL(error, sqrt((fits ? 1 : chi2 / 2) * w / det), 1e-12);
}

static void test_weights(void) {
  check_weights((const double[4]){0.3, 1.9, 4.4, 7.1}, 1);
  check_weights((const double[4]){0.3, 2.9, 4.4, 5.1}, 0);
}

/* t of one degree of freedom is tan(π (P − ½)), of two (2P − 1)/√(2P(1 − P)), with P = Φ(2). */
static void test_student(void) {
  const double P = 0.5 * erfc(-2 / sqrt(2)), pi = 3.14159265358979323846;
  CU_ASSERT_DOUBLE_EQUAL(mdm_student(2, 1), tan(pi * (P - 0.5)), 1e-8);
  CU_ASSERT_DOUBLE_EQUAL(mdm_student(2, 2), (2 * P - 1) / sqrt(2 * P * (1 - P)), 1e-8);
  CU_ASSERT(mdm_student(2, INFINITY) == 2 && isnan(mdm_student(2, 0.5)) && isnan(mdm_student(2, NAN)));
  CU_ASSERT(mdm_student(2, 31) > 2 && mdm_student(2, 31) < 2.1);
  for (double nu = 1; nu < 100; nu *= 3)
    for (double z = -4; z <= 4; z++) CU_ASSERT_DOUBLE_EQUAL(mdm_normal_deviations(mdm_student(z, nu), nu), z, 1e-7);
  CU_ASSERT(mdm_normal_deviations(1e9, 200) == 1e9 && mdm_normal_deviations(INFINITY, 3) == INFINITY);
  CU_ASSERT(isnan(mdm_normal_deviations(1, NAN)) && mdm_normal_deviations(-3, INFINITY) == -3);
}

static void test_freedom(void) {
  const double equal[2] = {3, 3}, lone[2] = {2, 0}, nu[2] = {4, 7}, v[4] = {1, 1, 1, 1}, one[4] = {0, 0, 5, 0}, none[2] = {0, 0};
  CU_ASSERT_DOUBLE_EQUAL(mdm_freedom(2, equal, (const double[]){5, 5}), 10, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(mdm_freedom(2, lone, nu), 4, 1e-12);
  CU_ASSERT(isnan(mdm_freedom(2, none, nu)));
  CU_ASSERT_DOUBLE_EQUAL(mdm_effective_number(4, v), 4, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(mdm_effective_number(4, one), 1, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(mdm_effective_number(2, none), 2, 0);
}

static int heard;
static void hear(const char *reason, const char *file, int line, int code) {
  (void)reason, (void)file, (void)line, (void)code;
  heard++;
}

/* Between begin and end GSL is silent; afterwards the caller's handler is back, also when calls were nested. */
static void test_handler(void) {
  gsl_error_handler_t *before = gsl_set_error_handler(hear);
  mdm_gsl_begin();
  mdm_gsl_begin();
  gsl_error("inside", __FILE__, __LINE__, GSL_EDOM);
  mdm_gsl_end();
  gsl_error("still inside", __FILE__, __LINE__, GSL_EDOM);
  CU_ASSERT_EQUAL(heard, 0);
  mdm_gsl_end();
  gsl_error("outside", __FILE__, __LINE__, GSL_EDOM);
  CU_ASSERT_EQUAL(heard, 1);
  CU_ASSERT_PTR_EQUAL(gsl_set_error_handler(before), hear);
}

static const test_case tests[] = {
    {"straight lines", test_lines},
    {"weighted lines against their sums", test_weights},
    {"Student's t and back", test_student},
    {"degrees of freedom and effective numbers", test_freedom},
    {"the caller's error handler comes back", test_handler},
};

SUITE("base/fit", tests)
