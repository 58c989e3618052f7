/* Coefficients from exponents: the limit's against their derivation by hand, the network's against the limit's. */
#include <math.h>
#include <string.h>

#include "scaling/scaling.h"
#include "support/suite.h"

static const double sigma[MDM_TENSORS] = {1, 0.7, 1.3, 0.9, 1};

static void check(const mdm_coefficients *c, double Vf, double Vb, double tau, double learn) {
  CU_ASSERT_DOUBLE_EQUAL(c->Vf, Vf, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(c->Vb, Vb, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(c->tau, tau, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(c->learn, learn, 1e-12);
}

/* Rows by hand: r_f/V_b = 1/τ, r_b/V_f = τ, m_f = learn, m_b = τ learn (docs/theory.md, Regime II). */
static void regime_II_limit(void) {
  const double alpha = 1.5, Ne = 3, q2 = 0.49, s1 = 1.69, s2 = 0.81;
  const mdm_regime *II = mdm_regime_find("II");
  CU_ASSERT_PTR_NOT_NULL_FATAL(II);
  mdm_coefficients c[MDM_TENSORS];
  for (int mssp = 0; mssp < 2; mssp++) {
    const mdm_parameterization *p = mdm_parameterization_find(II, mssp ? "mssp" : "mup");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(II, p, (mdm_sizes){6, 1, Ne, alpha, 1}, sigma, NULL, c, NULL), MDM_OK);
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_W_IN].Vf, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_W_IN].learn, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_W_OUT].Vf, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_W_OUT].learn, 1, 1e-12);
    check(&c[MDM_Q], q2, q2 / alpha, 1, 1);
    check(&c[MDM_W1], s1, s1 * Ne / alpha, Ne, 1);
    if (mssp) check(&c[MDM_W2], s2, s2 * alpha / Ne, 1 / Ne, Ne);
    else check(&c[MDM_W2], 0, 0, 1 / Ne, Ne);
    CU_ASSERT_DOUBLE_EQUAL(mdm_neuron_weight(II, (mdm_sizes){6, 1, Ne, alpha, 1}), Ne, 1e-12);
  }
}

/* Regimes I and III at ε = 0.5, α = 1.5 (Regime I: M = 4): derived from exponents, checked against derivations by hand. In
 * Regime I the Gaussian parts that reach the stream are means over M independent experts, hence the 1/M. */
static void regime_I_and_III_limits(void) {
  const double eps = 0.5, M = 4, q = 0.7, s1 = 1.69, s2 = 0.81;
  mdm_coefficients c[MDM_TENSORS];
  for (int mssp = 0; mssp < 2; mssp++) {
    const char *name = mssp ? "mssp" : "mup";
    const mdm_regime *I = mdm_regime_find("I"), *III = mdm_regime_find("III");
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(I, mdm_parameterization_find(I, name), (mdm_sizes){6, 1, eps, M, 2}, sigma, NULL, c, NULL), MDM_OK);
    check(&c[MDM_W1], s1, s1 * eps / M, eps, 1);
    check(&c[MDM_W2], s2 / M, s2 / eps, 1 / eps, eps);
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_Q].entry, mssp ? 0 : q, 1e-12); /* rows that the stream carries */
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_Q].tau, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c[MDM_Q].learn, 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(mdm_neuron_weight(I, (mdm_sizes){6, 1, eps, M, 2}), eps, 1e-12);
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(III, mdm_parameterization_find(III, name), (mdm_sizes){6, 1, eps, 1.5, 1.5}, sigma, NULL, c, NULL), MDM_OK);
    check(&c[MDM_Q], q * q, q * q / 1.5, 1, 1);
    check(&c[MDM_W1], s1, mssp ? s1 * eps : 0, eps, 1);
    check(&c[MDM_W2], mssp ? s2 : 0, s2 / eps, 1 / eps, eps);
    CU_ASSERT_EQUAL(c[MDM_W1].tied, mssp);
    CU_ASSERT_EQUAL(c[MDM_W2].tied, mssp);
    CU_ASSERT_DOUBLE_EQUAL(mdm_neuron_weight(III, (mdm_sizes){6, 1, eps, 1.5, 1.5}), eps, 1e-12);
  }
}

/* A network's coefficients are those of the limit where these survive, and fall as the exponents say where they vanish. */
static void networks_approach_the_limit(void) {
  const mdm_regime *II = mdm_regime_find("II");
  mdm_coefficients limit[MDM_TENSORS], net[MDM_TENSORS], wider[MDM_TENSORS];
  const char *const names[] = {"mssp", "mup"};
  for (int k = 0; k < 2; k++) {
    const mdm_parameterization *p = mdm_parameterization_find(II, names[k]);
    mdm_limit_coefficients(II, p, (mdm_sizes){6, 1, 3, 2, 1}, sigma, NULL, limit, NULL);
    mdm_network_coefficients(II, p, (mdm_sizes){6, 64, 3, 128, 1}, sigma, NULL, net);
    mdm_network_coefficients(II, p, (mdm_sizes){6, 256, 3, 512, 1}, sigma, NULL, wider);
    for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++) {
      int vanishes = limit[t].Vf == 0;
      CU_ASSERT_DOUBLE_EQUAL(net[t].tau, limit[t].tau, 1e-12);
      CU_ASSERT_DOUBLE_EQUAL(net[t].learn, limit[t].learn, 1e-12);
      CU_ASSERT_DOUBLE_EQUAL(vanishes ? net[t].Vf / wider[t].Vf : net[t].Vf / limit[t].Vf, vanishes ? 4 : 1, 1e-12);
      CU_ASSERT_EQUAL(vanishes, t == MDM_W2 && k == 1);
      CU_ASSERT_DOUBLE_EQUAL(net[t].Vb, net[t].tau * net[t].tau * net[t].Vf * (t == MDM_W2 ? 128 * 3 / 64.0 : t == MDM_W1 ? 64 / 384.0 : 0.5), 1e-12);
    }
  }
}

/* The learning rate of a finite network in raw units: ΔA_raw = −η lr gradient (arXiv 2605.14200, Table 1). */
static void raw_scales(void) {
  const mdm_regime *II = mdm_regime_find("II");
  mdm_coefficients c[MDM_TENSORS];
  mdm_network_coefficients(II, mdm_parameterization_find(II, "mssp"), (mdm_sizes){6, 64, 3, 128, 1}, sigma, NULL, c);
  CU_ASSERT_DOUBLE_EQUAL(c[MDM_Q].raw, 64, 1e-12);         /* χ = Q h, cols = N */
  CU_ASSERT_DOUBLE_EQUAL(c[MDM_W2].raw, 3, 1e-12);         /* χ = (1/M) W2 y, cols = M N_e */
  CU_ASSERT_DOUBLE_EQUAL(sqrt(c[MDM_W2].Vf * 384) / c[MDM_W2].raw, 0.9 * sqrt(128 / 3.0), 1e-12); /* raw std */
}

static void divergence_is_named(void) {
  const mdm_regime *II = mdm_regime_find("II");
  mdm_parameterization wild = *mdm_parameterization_find(II, "mssp");
  mdm_coefficients c[MDM_TENSORS];
  mdm_error err = {0};
  wild.rule[MDM_W2].lr.N = 2;
  CU_ASSERT_EQUAL(mdm_limit_coefficients(II, &wild, (mdm_sizes){6, 1, 3, 1, 1}, sigma, NULL, c, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "learned part of W2"));
  CU_ASSERT_PTR_NULL(mdm_regime_find("IV"));
  CU_ASSERT_PTR_NULL(mdm_parameterization_find(II, "none"));
}

static const test_case tests[] = {
    {"Regime II: the limit's coefficients", regime_II_limit},
    {"Regimes I and III: the limit's coefficients", regime_I_and_III_limits},
    {"networks approach the limit's coefficients", networks_approach_the_limit},
    {"raw scales", raw_scales},
    {"divergence is named", divergence_is_named},
};

SUITE("scaling/scaling", tests)
