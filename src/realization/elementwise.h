/* Nonlinearities as data: a const struct of a name and functions. To add one, add a row in elementwise.c and its name to
 * the option's allowed words in src/config/options.c. */
#ifndef MOEDMFT_ELEMENTWISE_H
#define MOEDMFT_ELEMENTWISE_H

#include "kernels/real.h"

typedef struct X(activation) {
  const char *name;
  /* value[i] = φ(z[i]); slope[i] = φ'(z[i]) unless slope is NULL. value and slope may not alias z. */
  void (*eval)(size_t n, const real *z, real *value, real *slope);
} X(activation);

/* NULL when the name is unknown. */
const X(activation) *X(activation_find)(const char *name);

/* A gate works on the logits of all n experts for one token, so that gates which normalize over experts fit as well.
 * `scope` marks the experts that it normalizes over (NULL: all); outside, g and rho are zero. */
typedef struct X(gate) {
  const char *name;
  /* g[m] from psi[n]; normalized gates have mean 1 over their scope. */
  void (*forward)(size_t n, const real *psi, const unsigned char *scope, real *g);
  /* rho[m] = Σ_l ∂g_l/∂ψ_m s[l], g as forward left it. */
  void (*backward)(size_t n, const real *psi, const unsigned char *scope, const real *g, const real *s, real *rho);
} X(gate);

const X(gate) *X(gate_find)(const char *name);

#endif
