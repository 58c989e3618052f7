/* Functions of whole arrays: against the C library, and Adam's steps entry by entry. */
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

/* ---------------------------------------------------------------- Adam's arithmetic */

enum { LONGEST = 37, STEPS = 5 };

/* Gradients of several sizes; every fifth entry never has one, every seventh has only one in step 2. */
static double gradient(size_t i, size_t t) {
  if (i % 5 == 0 || (i % 7 == 3 && t != 2)) return 0;
  return cos(1.3 * (double)i + 2.1 * (double)t) * pow(10, -(double)(i % 6));
}

typedef struct {
  double beta1, beta2, eps, keep, clip;
} adam_case;

static mdm_entrywise numbers(const adam_case *c, size_t t) {
  const double eta = 0.1, k = (double)t + 1;
  return (mdm_entrywise){.clip = c->clip, .keep = c->keep, .rate = eta / (1 - pow(c->beta1, k)), .beta1 = c->beta1, .beta2 = c->beta2,
                         .eps = c->eps, .correct = 1 / sqrt(1 - pow(c->beta2, k))};
}

/* PyTorch's documentation of Adam, entry by entry; 0/0 moves nothing. */
static double plain_adam(const adam_case *c, size_t i, double A) {
  double m = 0, v = 0;
  for (size_t t = 0; t < STEPS; t++) {
    double g = c->clip * gradient(i, t), k = (double)t + 1;
    m = c->beta1 * m + (1 - c->beta1) * g;
    v = c->beta2 * v + (1 - c->beta2) * g * g;
    double below = sqrt(v / (1 - pow(c->beta2, k))) + c->eps;
    A = c->keep * A - (below > 0 ? 0.1 * m / (1 - pow(c->beta1, k)) / below : 0);
  }
  return A;
}

#define VECTOR_ADAM(NAME, TYPE, ADAM, TOLERANCE)                                                                       \
  static void NAME(const adam_case *c, size_t n, size_t offset) {                                                      \
    TYPE G[LONGEST + 4], m[LONGEST + 4] = {0}, v[LONGEST + 4] = {0}, A[LONGEST + 4];                                    \
    for (size_t i = 0; i < LONGEST + 4; i++) A[i] = (TYPE)sin((double)i);                                              \
    for (size_t t = 0; t < STEPS; t++) {                                                                               \
      mdm_entrywise s = numbers(c, t);                                                                                 \
      for (size_t i = 0; i < n; i++) G[offset + i] = (TYPE)gradient(i, t);                                             \
      ADAM(n, &s, G + offset, m + offset, v + offset, A + offset);                                                     \
    }                                                                                                                  \
    for (size_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(A[offset + i], plain_adam(c, i, (double)(TYPE)sin((double)(offset + i))), TOLERANCE); \
    for (size_t i = 0; i < LONGEST + 4; i++) /* nothing outside is touched */                                          \
      if (i < offset || i >= offset + n) CU_ASSERT(A[i] == (TYPE)sin((double)i) && m[i] == 0 && v[i] == 0);            \
  }
VECTOR_ADAM(vector_adam_f64, double, mdm_vec_adam_f64, 1e-15)
VECTOR_ADAM(vector_adam_f32, float, mdm_vec_adam_f32, 5e-7)

static void adam_entry_by_entry(void) {
  static const adam_case cases[] = {{0.9, 0.999, 1e-8, 1, 1}, {0.9, 0.99, 0.1, 0.95, 1}, {0.9, 0.999, 0, 0.9, 0.3}, {0, 0, 0, 1, 1},
                                    {0, 0.9, 1e4, 1, 2}};
  static const size_t lengths[] = {0, 1, 3, 4, 7, 8, 15, 16, 33, LONGEST};
  for (size_t k = 0; k < COUNT(cases); k++)
    for (size_t l = 0; l < COUNT(lengths); l++)
      for (size_t offset = 0; offset < 4; offset += 3) {
        vector_adam_f64(&cases[k], lengths[l], offset);
        vector_adam_f32(&cases[k], lengths[l], offset);
      }
}

static const test_case tests[] = {
    {"vector functions match the C library", vector_functions_match_the_C_library},
    {"Adam entry by entry", adam_entry_by_entry},
};

SUITE("base/vecmath", tests)
