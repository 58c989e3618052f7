/* Order parameters that are given: kernels as factors, responses as actions. */
#include <math.h>
#include <string.h>

#include "problem/orders.h"
#include "support/suite.h"

/* Fields of three steps with two samples in four dimensions: Φ = XᵀX is given back by its factor, and a causal response survives
 * the way to an action and back in what it does. */
static void factors_give_kernels_and_actions_back(void) {
  enum { T = 3, B = 2, N = T * B, DIM = 4 };
  double X[DIM][N], x[N + 5 * N * N] = {0}, before[N * N], after[N * N];
  mdm_problem problem = {.steps = T - 1, .batch = B, .model = {.outputs = 1}};
  mdm_coefficients coef[MDM_TENSORS] = {[MDM_W1] = {.Vf = 1}};
  mdm_layout l;
  mdm_given g;
  mdm_error err;
  CU_ASSERT_FATAL(!mdm_layout_init(&l, &problem, coef, 1, NULL));
  CU_ASSERT_FATAL(l.size <= COUNT(x));
  for (int i = 0; i < DIM; i++)
    for (int t = 0; t < N; t++) X[i][t] = sin(1.3 * i + 2.1 * t + 0.7 * i * t);
  for (size_t b = 0; b < l.orders; b++)
    for (size_t e = 0; e < l.order[b].count && l.order[b].kind == MDM_KIND_KERNEL; e++)
      for (int i = 0; i < DIM; i++) x[l.order[b].at + e] += X[i][e / N] * X[i][e % N];
  double *R = mdm_layout_action(&l, x, 0, MDM_W1, MDM_SIDE_ROWS);
  for (size_t t = 0; t < N; t++)
    for (size_t s = 0; s < (t / B + 1) * B; s++) R[t * N + s] = cos(0.4 * (double)(t * t) + 1.1 * (double)s);
  CU_ASSERT_EQUAL_FATAL(mdm_given_create(&g, &l, x, 1e-6, 1, &err), MDM_OK);
  const mdm_factor *f = &g.factor[0][MDM_ORDER_H];
  const double *phi = mdm_layout_kernel(&l, x, 0, MDM_ORDER_H);
  CU_ASSERT_EQUAL(f->k, DIM);
  for (size_t t = 0; t < N; t++)
    for (size_t s = 0; s < N; s++) {
      double sum = 0;
      for (size_t k = 0; k < f->k; k++) sum += f->D[k + f->k * t] * f->D[k + f->k * s];
      CU_ASSERT_DOUBLE_EQUAL(sum, phi[t * N + s], 1e-10);
    }
  const mdm_order *b = NULL;
  for (size_t i = 0; i < l.orders; i++)
    if (l.order[i].kind == MDM_KIND_ACTION) b = &l.order[i];
  mdm_given_action(&g, b, before);
  for (size_t t = 0; t < N; t++) /* A = R Φ on the past */
    for (size_t s = 0; s < N; s++) {
      double sum = 0;
      for (size_t u = 0; u < N && s / B <= t / B; u++) sum += R[t * N + u] * phi[u * N + s];
      CU_ASSERT_DOUBLE_EQUAL(before[t * N + s], sum, 1e-9);
    }
  memcpy(R, before, sizeof before);
  CU_ASSERT_EQUAL(mdm_given_responses(&g, x, &err), MDM_OK);
  mdm_given_clear(&g);
  CU_ASSERT_EQUAL_FATAL(mdm_given_create(&g, &l, x, 1e-6, 1, &err), MDM_OK);
  mdm_given_action(&g, b, after);
  for (size_t e = 0; e < N * N; e++) CU_ASSERT_DOUBLE_EQUAL(after[e], before[e], 1e-8);
  mdm_given_clear(&g);
  mdm_layout_clear(&l);
}

/* Residual blocks: f once, then the same arrays for every block, without gaps. */
static void levels_follow_each_other(void) {
  mdm_problem problem = {.steps = 2, .batch = 2, .model = {.outputs = 1}}, deep = problem;
  mdm_coefficients coef[MDM_TENSORS] = {[MDM_W1] = {.Vf = 1, .Vb = 1}, [MDM_W2] = {.Vb = 1}};
  mdm_layout one, three;
  deep.model.depth = 3;
  CU_ASSERT_FATAL(!mdm_layout_init(&one, &problem, coef, 0, NULL) && !mdm_layout_init(&three, &deep, coef, 0, NULL));
  size_t each = one.size - one.n, at = 0;
  CU_ASSERT_EQUAL(three.size, three.n + 3 * each);
  for (size_t i = 0; i < three.orders; at += three.order[i++].count) CU_ASSERT_EQUAL(three.order[i].at, at);
  double *x = NULL;
  for (size_t level = 0; level < 3; level++) {
    CU_ASSERT_EQUAL((size_t)(mdm_layout_kernel(&three, x, level, MDM_ORDER_DELTA) - mdm_layout_kernel(&one, x, 0, MDM_ORDER_DELTA)), level * each);
    CU_ASSERT_EQUAL((size_t)(mdm_layout_action(&three, x, level, MDM_W2, MDM_SIDE_COLS) - mdm_layout_action(&one, x, 0, MDM_W2, MDM_SIDE_COLS)), level * each);
  }
  mdm_layout_clear(&one);
  mdm_layout_clear(&three);
}

static const test_case tests[] = {
    {"every block has arrays of its own", levels_follow_each_other},
    {"factors give kernels and actions back", factors_give_kernels_and_actions_back},
};

SUITE("problem/orders", tests)
