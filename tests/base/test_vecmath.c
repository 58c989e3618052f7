/* Functions of whole arrays, against the C library. */
#include <math.h>
#include <string.h>

#include "base/processor.h"
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

/* Both instruction sets by SLEEF, all functions, with rests of every length: the same bits. */
static void instruction_sets_agree(void) {
  enum { N = 1037 };
  static double x[N], y[2][N], s[2][N];
  static float xf[N], yf[2][N];
  const mdm_vecmath *set[2] = {mdm_vecmath_avx2(), mdm_vecmath_avx512()};
  if (mdm_vectors_supported() < MDM_VECTORS_AVX512 || !set[0] || !set[1]) return;
  for (int i = 0; i < N; i++) x[i] = 1e-3 + 9 * fabs(sin(1.7 * i)), xf[i] = (float)(x[i] - 4);
  for (size_t n = N - 17; n <= N; n++) {
    for (int k = 0; k < 5; k++) {
      for (int w = 0; w < 2; w++) {
        void (*const of[])(size_t, const double *, double *) = {set[w]->log_f64, set[w]->tanh_f64, set[w]->exp_f64, set[w]->erf_f64};
        void (*const of_f[])(size_t, const float *, float *) = {set[w]->tanh_f32, set[w]->exp_f32, set[w]->erf_f32};
        if (k < 4) of[k](n, x, y[w]);
        else set[w]->sincos_f64(n, x, y[w], s[w]);
        if (k < 3) of_f[k](n, xf, yf[w]);
      }
      CU_ASSERT(!memcmp(y[0], y[1], sizeof *y) && !memcmp(s[0], s[1], sizeof *s) && !memcmp(yf[0], yf[1], sizeof *yf));
    }
    CU_ASSERT(set[0]->dot_f64(n, x, y[0]) == set[1]->dot_f64(n, x, y[0]) && set[0]->dot_f32(n, xf, yf[0]) == set[1]->dot_f32(n, xf, yf[0]));
  }
}

static const test_case tests[] = {
    {"instruction sets agree", instruction_sets_agree},
    {"vector functions match the C library", vector_functions_match_the_C_library},
};

SUITE("base/vecmath", tests)
