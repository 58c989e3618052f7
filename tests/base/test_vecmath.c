/* Functions of whole arrays, against the C library. */
#include <math.h>
#include <string.h>

#include "base/vecmath.h"
#include "support/suite.h"

static void vector_functions_match_the_C_library(void) {
  enum { N = 1003 };
  double x[N], y[N], s[N], c[N];
  float xf[N], yf[N];
  for (int i = 0; i < N; i++) x[i] = -9 + 18.0 * i / (N - 1), xf[i] = (float)x[i];
  mdm_vec_tanh_f64(N, x, y);
  for (int i = 0; i < N; i++) CU_ASSERT_DOUBLE_EQUAL(y[i], tanh(x[i]), 1e-15);
  mdm_vec_exp_f64(N, x, y);
  for (int i = 0; i < N; i++) CU_ASSERT_DOUBLE_EQUAL(y[i] / exp(x[i]), 1, 1e-15);
  mdm_vec_erf_f64(N, x, y);
  for (int i = 0; i < N; i++) CU_ASSERT_DOUBLE_EQUAL(y[i], erf(x[i]), 1e-15);
  mdm_vec_sincos(N, x, s, c);
  for (int i = 0; i < N; i++) CU_ASSERT(fabs(s[i] - sin(x[i])) < 1e-15 && fabs(c[i] - cos(x[i])) < 1e-15);
  mdm_vec_tanh_f32(N, xf, yf);
  for (int i = 0; i < N; i++) CU_ASSERT_DOUBLE_EQUAL(yf[i], tanhf(xf[i]), 2e-7);
  mdm_vec_tanh_f64(3, x + 1000, y); /* an element's value does not depend on its place in the array */
  mdm_vec_tanh_f64(N, x, s);
  CU_ASSERT(memcmp(y, s + 1000, 3 * sizeof *y) == 0);
}

static const test_case tests[] = {
    {"vector functions match the C library", vector_functions_match_the_C_library},
};

SUITE("base/vecmath", tests)
