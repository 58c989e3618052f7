/* Activations and gates against finite differences. */
#include <string.h>

#include "realization/elementwise.h"
#include "support/suite.h"

static const char *const activations[] = {"tanh", "relu", "gelu", "erf", "identity"};

static void slopes_are_derivatives(void) {
  const double step = 1e-5;
  for (size_t a = 0; a < COUNT(activations); a++) {
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
  for (size_t k = 0; k < COUNT(names); k++) {
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

static const test_case tests[] = {
    {"slopes are derivatives", slopes_are_derivatives},
    {"gates: backward is the transposed derivative", gates_backward_is_the_transposed_derivative},
};

SUITE("realization/elementwise", tests)
