/* Activations and gates. */
#include "realization/elementwise.h"

#include <math.h>
#include <string.h>

#include "base/vecmath.h"

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

static int inside(const unsigned char *scope, size_t m) { return !scope || scope[m]; }

/* 1/(1 + e^−ψ), by tanh: no overflow. */
static void sigmoid(size_t n, const real *psi, real *g) {
  for (size_t m = 0; m < n; m++) g[m] = (real)0.5 * psi[m];
  VEC(tanh)(n, g, g);
  for (size_t m = 0; m < n; m++) g[m] = (real)0.5 * (1 + g[m]);
}

/* g ← g / (mean over the scope), zero outside. */
static void normalize(size_t n, const unsigned char *scope, real *g) {
  double sum = 0;
  size_t count = 0;
  for (size_t m = 0; m < n; m++)
    if (inside(scope, m)) sum += (double)g[m], count++;
  real factor = (real)(sum > 0 ? (double)count / sum : 0); /* gates that all vanish have no mean to be divided by, and stay zero */
  for (size_t m = 0; m < n; m++) g[m] = inside(scope, m) ? factor * g[m] : 0;
}

/* Mean over the scope of g s: what a normalized gate passes to every logit. */
static real weighted_mean(size_t n, const unsigned char *scope, const real *g, const real *s) {
  double sum = 0;
  size_t count = 0;
  for (size_t m = 0; m < n; m++)
    if (inside(scope, m)) sum += (double)g[m] * (double)s[m], count++;
  return (real)(count ? sum / (double)count : 0);
}

static void sigmoid_forward(size_t n, const real *psi, const unsigned char *scope, real *g) {
  sigmoid(n, psi, g);
  for (size_t m = 0; scope && m < n; m++)
    if (!scope[m]) g[m] = 0;
}

static void sigmoid_backward(size_t n, const real *psi, const unsigned char *scope, const real *g, const real *s, real *rho) {
  (void)psi, (void)scope;
  for (size_t m = 0; m < n; m++) rho[m] = g[m] * (1 - g[m]) * s[m];
}

/* g = σ(ψ) / mean σ(ψ). */
static void normalized_sigmoid_forward(size_t n, const real *psi, const unsigned char *scope, real *g) {
  sigmoid(n, psi, g);
  normalize(n, scope, g);
}

static void normalized_sigmoid_backward(size_t n, const real *psi, const unsigned char *scope, const real *g, const real *s, real *rho) {
  real mean = weighted_mean(n, scope, g, s);
  sigmoid(n, psi, rho);
  for (size_t m = 0; m < n; m++) rho[m] = g[m] * (1 - rho[m]) * (s[m] - mean);
}

/* g = e^ψ / mean e^ψ: softmax times the number of experts in scope. */
static void softmax_forward(size_t n, const real *psi, const unsigned char *scope, real *g) {
  real top = -INFINITY;
  for (size_t m = 0; m < n; m++)
    if (inside(scope, m) && psi[m] > top) top = psi[m];
  for (size_t m = 0; m < n; m++) g[m] = inside(scope, m) ? psi[m] - top : 0;
  VEC(exp)(n, g, g);
  normalize(n, scope, g);
}

static void softmax_backward(size_t n, const real *psi, const unsigned char *scope, const real *g, const real *s, real *rho) {
  (void)psi;
  real mean = weighted_mean(n, scope, g, s);
  for (size_t m = 0; m < n; m++) rho[m] = g[m] * (s[m] - mean);
}

static void linear_forward(size_t n, const real *psi, const unsigned char *scope, real *g) {
  for (size_t m = 0; m < n; m++) g[m] = inside(scope, m) ? psi[m] : 0;
}

static void linear_backward(size_t n, const real *psi, const unsigned char *scope, const real *g, const real *s, real *rho) {
  (void)psi, (void)g;
  for (size_t m = 0; m < n; m++) rho[m] = inside(scope, m) ? s[m] : 0;
}

static void constant_forward(size_t n, const real *psi, const unsigned char *scope, real *g) {
  (void)psi;
  for (size_t m = 0; m < n; m++) g[m] = inside(scope, m);
}

static void constant_backward(size_t n, const real *psi, const unsigned char *scope, const real *g, const real *s, real *rho) {
  (void)psi, (void)scope, (void)g, (void)s;
  memset(rho, 0, n * sizeof *rho);
}

static const X(gate) gates[] = {
    {"sigmoid", sigmoid_forward, sigmoid_backward},
    {"normalized_sigmoid", normalized_sigmoid_forward, normalized_sigmoid_backward},
    {"softmax", softmax_forward, softmax_backward},
    {"linear", linear_forward, linear_backward},
    {"constant", constant_forward, constant_backward},
};

const X(gate) *X(gate_find)(const char *name) {
  for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
    if (!strcmp(gates[i].name, name)) return &gates[i];
  return NULL;
}
