/* Random numbers, elementwise functions, gates and losses: against the C library, moments and finite differences. */
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/vecmath.h"
#include "problem/problem.h"
#include "realization/elementwise.h"
#include "suites.h"

/* ---------------------------------------------------------------- random numbers */

static void normals_have_normal_moments(void) {
  enum { N = 200001 }; /* odd: the tail of the last block counts too */
  double *x = malloc(N * sizeof *x), m1 = 0, m2 = 0, m4 = 0;
  mdm_normals((mdm_stream){7, 3, 5, 0}, 11, N, x);
  for (int i = 0; i < N; i++) m1 += x[i] / N, m2 += x[i] * x[i] / N, m4 += pow(x[i], 4) / N;
  CU_ASSERT(fabs(m1) < 4 / sqrt(N));
  CU_ASSERT(fabs(m2 - 1) < 4 * sqrt(2.0 / N));
  CU_ASSERT(fabs(m4 - 3) < 4 * sqrt(96.0 / N));
  free(x);
}

static void normals_depend_on_their_key_alone(void) {
  double a[700], b[700], c[700];
  mdm_stream key = {1, 2, 3, 0};
  mdm_normals(key, 4, 700, a);
  mdm_normals(key, 4, 301, b); /* fewer particles: the same first ones */
  CU_ASSERT(memcmp(a, b, 301 * sizeof *a) == 0);
  const mdm_stream others[] = {{2, 2, 3, 0}, {1, 3, 3, 0}, {1, 2, 4, 0}, {1, 2, 3, 64}};
  for (int i = 0; i < 5; i++) { /* another seed, run, purpose, width or column: nothing in common */
    double dot = 0;
    mdm_normals(i < 4 ? others[i] : key, i < 4 ? 4 : 5, 700, c);
    for (int k = 0; k < 700; k++) dot += a[k] * c[k];
    CU_ASSERT(fabs(dot) < 5 * sqrt(700));
    CU_ASSERT(a[0] != c[0]);
  }
}

/* ---------------------------------------------------------------- elementwise functions */

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

static const char *const activations[] = {"tanh", "relu", "gelu", "erf", "identity"};

static void slopes_are_derivatives(void) {
  const double step = 1e-5;
  for (size_t a = 0; a < sizeof activations / sizeof *activations; a++) {
    const X(activation) *phi = X(activation_find)(activations[a]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(phi);
    for (double z = -3.05; z < 3; z += 0.1) {
      double in[3] = {z - step, z, z + step}, value[3], slope[3], again[3];
      phi->eval(3, in, value, slope);
      phi->eval(3, in, again, NULL);
      CU_ASSERT_DOUBLE_EQUAL(slope[1], (value[2] - value[0]) / (2 * step), 1e-9);
      CU_ASSERT(memcmp(value, again, sizeof value) == 0);
    }
  }
  CU_ASSERT_PTR_NULL(X(activation_find)("sine"));
}

static void check_gate(const X(gate) *gate, const unsigned char *scope, size_t in_scope) {
  enum { M = 5 };
  const double psi[M] = {-2, -0.3, 0, 0.7, 3}, s[M] = {0.5, -1, 2, 0.1, -0.7}, step = 1e-6;
  double g[M], rho[M], mean = 0;
  gate->forward(M, psi, scope, g);
  gate->backward(M, psi, scope, g, s, rho);
  for (int m = 0; m < M; m++) {
    double up[M], down[M], moved[M], d = 0;
    memcpy(moved, psi, sizeof moved);
    moved[m] = psi[m] + step;
    gate->forward(M, moved, scope, up);
    moved[m] = psi[m] - step;
    gate->forward(M, moved, scope, down);
    for (int l = 0; l < M; l++) d += s[l] * (up[l] - down[l]) / (2 * step);
    CU_ASSERT_DOUBLE_EQUAL(rho[m], d, 1e-8);
    if (scope && !scope[m]) CU_ASSERT(g[m] == 0 && rho[m] == 0);
    mean += g[m] / (double)in_scope;
  }
  if (!strcmp(gate->name, "softmax") || !strcmp(gate->name, "normalized_sigmoid")) CU_ASSERT_DOUBLE_EQUAL(mean, 1, 1e-14);
}

static void gates_backward_is_the_transposed_derivative(void) {
  const char *const names[] = {"sigmoid", "normalized_sigmoid", "softmax", "linear", "constant"};
  const unsigned char scope[5] = {0, 1, 1, 0, 1};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    const X(gate) *gate = X(gate_find)(names[k]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gate);
    check_gate(gate, NULL, 5);
    check_gate(gate, scope, 3);
  }
  const double extreme[2] = {-800, 800};
  double g[2];
  X(gate_find)("sigmoid")->forward(2, extreme, NULL, g);
  CU_ASSERT(g[0] == 0 && g[1] == 1);
  X(gate_find)("softmax")->forward(2, extreme, NULL, g);
  CU_ASSERT(g[0] == 0 && g[1] == 2);
}

/* ---------------------------------------------------------------- losses */

static void check_loss(mdm_loss loss, size_t C, const double *y) {
  enum { P = 3 };
  mdm_problem p = {.loss = loss, .loss_multiplier = 1.7};
  p.model.outputs = C;
  double f[P * 3] = {0.3, -1.2, 2.0, 0.1, 0.4, -0.6, 1.1, -0.2, 0.9}, e[P * 3], accuracy;
  mdm_loss_eval(&p, P, f, y, e, &accuracy);
  CU_ASSERT(accuracy >= 0 && accuracy <= 1);
  for (size_t i = 0; i < P * C; i++) {
    const double step = 1e-5;
    double keep = f[i];
    f[i] = keep + step;
    double up = mdm_loss_eval(&p, P, f, y, NULL, NULL);
    f[i] = keep - step;
    double down = mdm_loss_eval(&p, P, f, y, NULL, NULL);
    f[i] = keep;
    CU_ASSERT_DOUBLE_EQUAL(e[i], (up - down) / (2 * step), 1e-9);
  }
}

static void losses_have_their_gradients(void) {
  const double onehot[9] = {1, 0, 0, 0, 0, 1, 0, 1, 0}, signs[3] = {1, -1, 1}, targets[9] = {0.5, 1, -1, 2, 0, 0, 1, 1, 3};
  check_loss(MDM_LOSS_MSE, 3, targets);
  check_loss(MDM_LOSS_CROSS_ENTROPY, 3, onehot);
  check_loss(MDM_LOSS_CROSS_ENTROPY, 1, signs);
}

static void losses_match_hand_values(void) {
  mdm_problem p = {.loss = MDM_LOSS_MSE, .loss_multiplier = 1};
  p.model.outputs = 1;
  const double f[2] = {1.5, -0.5}, y[2] = {1, -1};
  double accuracy;
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 2, f, y, NULL, &accuracy), 0.5 * (0.25 + 0.25) / 2, 1e-15);
  CU_ASSERT_EQUAL(accuracy, 1);
  p.loss = MDM_LOSS_CROSS_ENTROPY;
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 2, f, y, NULL, NULL), (log1p(exp(-1.5)) + log1p(exp(-0.5))) / 2, 1e-15);
  p.model.outputs = 2;
  const double logits[2] = {1000, 0}, hot[2] = {0, 1}; /* no overflow */
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 1, logits, hot, NULL, NULL), 1000, 1e-9);
}

int suite_math(void) {
  CU_pSuite s = CU_add_suite("math", NULL, NULL);
  if (!s || !CU_add_test(s, "normals have normal moments", normals_have_normal_moments) ||
      !CU_add_test(s, "normals depend on their key alone", normals_depend_on_their_key_alone) ||
      !CU_add_test(s, "vector functions match the C library", vector_functions_match_the_C_library) ||
      !CU_add_test(s, "slopes are derivatives", slopes_are_derivatives) ||
      !CU_add_test(s, "gates: backward is the transposed derivative", gates_backward_is_the_transposed_derivative) ||
      !CU_add_test(s, "losses have their gradients", losses_have_their_gradients) ||
      !CU_add_test(s, "losses match hand values", losses_match_hand_values))
    return CU_get_error();
  return CUE_SUCCESS;
}
