/* Activations and gates. */
#include "elementwise.h"

#include <math.h>
#include <string.h>

#include "vecmath.h"

#define VEC(name) X(mdm_vec_##name)

/* ---------------------------------------------------------------- activations */

static void tanh_eval(size_t n, const real *z, real *value, real *slope) {
  VEC(tanh)(n, z, value);
  if (!slope) return;
  for (size_t i = 0; i < n; i++) slope[i] = 1 - value[i] * value[i];
}

static void relu_eval(size_t n, const real *z, real *value, real *slope) {
  for (size_t i = 0; i < n; i++) value[i] = z[i] < 0 ? 0 : z[i]; /* NaN stays NaN */
  if (!slope) return;
  for (size_t i = 0; i < n; i++) slope[i] = z[i] > 0;
}

/* exp(−z²) scaled: the derivative of the error function's argument. */
static void gaussian(size_t n, const real *z, real half, real *out) {
  for (size_t i = 0; i < n; i++) out[i] = -half * z[i] * z[i];
  VEC(exp)(n, out, out);
}

/* φ(z) = z Φ(z), the exact form. */
static void gelu_eval(size_t n, const real *z, real *value, real *slope) {
  const real root_half = (real)0.70710678118654752440, density = (real)0.39894228040143267794;
  if (slope) gaussian(n, z, (real)0.5, slope);
  for (size_t i = 0; i < n; i++) value[i] = z[i] * root_half;
  VEC(erf)(n, value, value);
  for (size_t i = 0; i < n; i++) {
    real cdf = (real)0.5 * (1 + value[i]);
    value[i] = z[i] * cdf;
    if (slope) slope[i] = cdf + z[i] * density * slope[i];
  }
}

static void erf_eval(size_t n, const real *z, real *value, real *slope) {
  const real two_over_root_pi = (real)1.12837916709551257390;
  VEC(erf)(n, z, value);
  if (!slope) return;
  gaussian(n, z, 1, slope);
  for (size_t i = 0; i < n; i++) slope[i] *= two_over_root_pi;
}

static void identity_eval(size_t n, const real *z, real *value, real *slope) {
  memcpy(value, z, n * sizeof *z);
  if (!slope) return;
  for (size_t i = 0; i < n; i++) slope[i] = 1;
}

static const X(activation) activations[] = {
    {"tanh", tanh_eval}, {"relu", relu_eval}, {"gelu", gelu_eval}, {"erf", erf_eval}, {"identity", identity_eval},
};

const X(activation) *X(activation_find)(const char *name) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (!strcmp(activations[i].name, name)) return &activations[i];
  return NULL;
}

/* ---------------------------------------------------------------- gates */

/* g = 1/(1 + e^−ψ), by tanh: no overflow. */
static void sigmoid_forward(size_t n, const real *psi, const unsigned char *active, real *g) {
  (void)active;
  for (size_t m = 0; m < n; m++) g[m] = (real)0.5 * psi[m];
  VEC(tanh)(n, g, g);
  for (size_t m = 0; m < n; m++) g[m] = (real)0.5 * (1 + g[m]);
}

static void sigmoid_backward(size_t n, const real *psi, const unsigned char *active, const real *g, const real *s,
                             real *rho) {
  (void)psi, (void)active;
  for (size_t m = 0; m < n; m++) rho[m] = g[m] * (1 - g[m]) * s[m];
}

static void constant_forward(size_t n, const real *psi, const unsigned char *active, real *g) {
  (void)psi, (void)active;
  for (size_t m = 0; m < n; m++) g[m] = 1;
}

static void constant_backward(size_t n, const real *psi, const unsigned char *active, const real *g, const real *s,
                              real *rho) {
  (void)psi, (void)active, (void)g, (void)s;
  memset(rho, 0, n * sizeof *rho);
}

static const X(gate) gates[] = {
    {"sigmoid", sigmoid_forward, sigmoid_backward},
    {"constant", constant_forward, constant_backward},
};

const X(gate) *X(gate_find)(const char *name) {
  for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
    if (!strcmp(gates[i].name, name)) return &gates[i];
  return NULL;
}
