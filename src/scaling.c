/* Parameterizations and regimes as data, and the arithmetic that turns them into coefficients.
 *
 * Tables: Vankadara et al. 2026 (arXiv 2605.14200), Table 1. To add a parameterization, add a row to the table of its
 * regime; to add a regime, add a row to `regimes`. Nothing else needs to know.
 */
#include "scaling.h"

#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- parameterizations */

#define INPUT_RULE {{.D = -0.5}, {.N = 1, .D = -1}}
#define READOUT_RULE {{.N = -1}, {.N = -1}}

/* Each row: { initial std, SGD rate }. In Regime I, where M is a constant, rates carry the factor M of the other regimes: it
 * undoes the 1/M of the aggregation. */

/* Regime I: N ≍ N_e → ∞, M and K fixed. */
static const mdm_parameterization regime_I[] = {
    {"mup", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {{.N = -1}, {.M = 1, .N = -1}},
        [MDM_W1] = {{.N = -0.5}, {.M = 1}},
        [MDM_W2] = {{.Ne = -0.5}, {.M = 1}},
        [MDM_W_OUT] = READOUT_RULE}},
    {"mssp", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {{0}, {.M = 1, .N = -1}, .zero = 1},
        [MDM_W1] = {{.N = -0.5}, {.M = 1}},
        [MDM_W2] = {{.Ne = -0.5}, {.M = 1}},
        [MDM_W_OUT] = READOUT_RULE}},
};

/* Regime II: N ≍ M ≍ K → ∞, N_e fixed. */
static const mdm_parameterization regime_II[] = {
    {"mup", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {{.N = -0.5}, {.M = 1, .N = -1}},
        [MDM_W1] = {{.N = -0.5}, {.M = 1, .N = -1}},
        [MDM_W2] = {{.Ne = -0.5}, {.M = 1, .N = 1}},
        [MDM_W_OUT] = READOUT_RULE}},
    {"mssp", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {{.N = -0.5}, {.M = 1, .N = -1}},
        [MDM_W1] = {{.N = -0.5}, {.M = 1, .N = -1}},
        [MDM_W2] = {{.M = 0.5, .Ne = -0.5}, {.M = 1, .N = 1}},
        [MDM_W_OUT] = READOUT_RULE}},
};

/* Regime III: N ≍ N_e ≍ M ≍ K → ∞. */
static const mdm_parameterization regime_III[] = {
    {"mup", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {{.N = -0.5}, {.M = 1, .N = -1}},
        [MDM_W1] = {{.N = -0.5}, {.M = 1}},
        [MDM_W2] = {{.Ne = -0.5}, {.M = 1}},
        [MDM_W_OUT] = READOUT_RULE}},
    {"mssp", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {{.N = -0.5}, {.M = 1, .N = -1}},
        [MDM_W1] = {{.N = -0.5}, {.M = 1}, .tied = 1},
        [MDM_W2] = {{.Ne = -0.5}, {.M = 1}, .tied = 1},
        [MDM_W_OUT] = READOUT_RULE}},
};

/* ---------------------------------------------------------------- regimes */

#define TABLE(rows) rows, sizeof rows / sizeof *rows

static const mdm_regime regimes[] = {
    {"I", 0, 1, .nu = {.N = 1}, .growth = {.N = 1, .Ne = 1}, TABLE(regime_I)},
    {"II", 1, 0, .nu = {0}, .growth = {.N = 1, .M = 1, .K = 1}, TABLE(regime_II)},
    {"III", 1, 1, .nu = {.N = 1}, .growth = {.N = 1, .Ne = 1, .M = 1, .K = 1}, TABLE(regime_III)},
};

/* ---------------------------------------------------------------- look-up */

const char *mdm_tensor_name(mdm_tensor t) {
  static const char *const names[MDM_TENSORS] = {"W_in", "Q", "W1", "W2", "w_out"};
  return names[t];
}

const mdm_regime *mdm_regime_find(const char *name) {
  for (size_t i = 0; i < sizeof regimes / sizeof *regimes; i++)
    if (!strcmp(regimes[i].name, name)) return &regimes[i];
  return NULL;
}

const mdm_parameterization *mdm_parameterization_find(const mdm_regime *regime, const char *name) {
  for (int i = 0; i < regime->count; i++)
    if (!strcmp(regime->table[i].name, name)) return &regime->table[i];
  return NULL;
}

/* ---------------------------------------------------------------- arithmetic of powers */

static mdm_power add(mdm_power a, double factor, mdm_power b) {
  return (mdm_power){a.D + factor * b.D, a.N + factor * b.N, a.Ne + factor * b.Ne, a.M + factor * b.M, a.K + factor * b.K};
}

static double evaluate(mdm_power p, mdm_sizes s) {
  return pow(s.D, p.D) * pow(s.N, p.N) * pow(s.Ne, p.Ne) * pow(s.M, p.M) * pow(s.K, p.K);
}

/* Exponent of the scale n when the sizes grow as `growth` says. */
static double scale_exponent(mdm_power p, mdm_power growth) {
  return p.N * growth.N + p.Ne * growth.Ne + p.M * growth.M + p.K * growth.K;
}

/* ---------------------------------------------------------------- coefficients */

/* The program's conventions for one tensor, before any parameterization: χ = f A_raw p, ζ = b A_rawᵀ q in natural units,
 * raw gradient = g q pᵀ, and the populations' sizes. */
typedef struct {
  mdm_power f, b, g, rows, cols;
} convention;

/* r = N ∂L/∂h, δ = N ∂L/∂a, ∂L/∂ψ = ρ/M, ∂L/∂u = γ/(Mν), b = Mν ∂L/∂y, aggregation 1/M (docs/theory.md, natural units).
 * W_in acts on x/√D with A = √D W_in, and v = N w_out. */
static convention convention_of(mdm_tensor t, mdm_power nu) {
  const mdm_power one = {0};
  switch (t) {
  case MDM_W_IN: return (convention){{.D = 0.5}, one, {.N = -1, .D = 0.5}, {.N = 1}, one};
  case MDM_Q: return (convention){one, {.N = 1, .M = -1}, {.M = -1}, {.M = 1}, {.N = 1}};
  case MDM_W1:
    return (convention){one, add((mdm_power){.N = 1, .M = -1}, -1, nu), add((mdm_power){.M = -1}, -1, nu),
                        {.M = 1, .Ne = 1}, {.N = 1}};
  case MDM_W2:
    return (convention){{.M = -1}, add((mdm_power){.N = -1}, 1, nu), {.M = -1, .N = -1}, {.N = 1}, {.M = 1, .Ne = 1}};
  default: return (convention){{.N = 1}, one, one, {.N = 1}, one};
  }
}

/* Every coefficient as a power of the sizes. */
typedef struct {
  mdm_power Vf, Vb, tau, learn, raw, entry;
} powers;

static powers powers_of(mdm_tensor t, const mdm_regime *regime, mdm_rule rule) {
  convention c = convention_of(t, regime->nu);
  powers p;
  p.raw = add(c.f, 1, c.cols);                                                     /* A = f cols A_raw */
  p.Vf = add(add(add((mdm_power){0}, 2, c.f), 2, rule.std), 1, c.cols);            /* f² s² cols */
  p.Vb = add(add(add((mdm_power){0}, 2, c.b), 2, rule.std), 1, c.rows);            /* b² s² rows */
  p.tau = add(add(add(c.b, 1, c.rows), -1, c.f), -1, c.cols);                      /* b rows / (f cols) */
  p.learn = add(add(p.raw, 1, rule.lr), 1, c.g);                                   /* f cols · lr · g */
  p.entry = add(p.raw, 1, rule.std);                                               /* f cols · s */
  if (rule.tied && t == MDM_W1) p.Vb = add(p.Vb, 1, (mdm_power){.M = 1}); /* M experts push in step, not at random */
  if (rule.tied && t == MDM_W2) p.Vf = add(p.Vf, 1, (mdm_power){.M = 1});
  return p;
}

void mdm_network_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                              const double multipliers[MDM_TENSORS], mdm_coefficients out[MDM_TENSORS]) {
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    powers w = powers_of(t, regime, p->rule[t]);
    double std = p->rule[t].zero ? 0 : multipliers[t];
    out[t] = (mdm_coefficients){std * std * evaluate(w.Vf, sizes), std * std * evaluate(w.Vb, sizes), evaluate(w.tau, sizes),
                                evaluate(w.learn, sizes), evaluate(w.raw, sizes), std * evaluate(w.entry, sizes), p->rule[t].tied};
  }
}

/* The exponent-0 part of a coefficient: 0 when it vanishes, failure when it diverges. */
static int limit_of(mdm_power w, const mdm_regime *regime, mdm_sizes sizes, const char *part, mdm_tensor t, double *out,
                    mdm_error *err) {
  const double tiny = 1e-12;
  double exponent = scale_exponent(w, regime->growth);
  *out = fabs(exponent) < tiny ? evaluate(w, sizes) : 0;
  if (exponent > tiny)
    return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists: %s of %s grows like scale^%g in regime %s", part,
                    mdm_tensor_name(t), exponent, regime->name);
  return MDM_OK;
}

/* Initial parts of one tensor; `std` multiplies the table's standard deviation. */
static int initial_limit(mdm_tensor t, const mdm_regime *regime, const powers *w, double std, mdm_sizes sizes, mdm_coefficients *c,
                         mdm_error *err) {
  if (std == 0) return MDM_OK;
  int counted = t == MDM_Q && !regime->experts_grow; /* few rows: each logit is a mean over the stream, not a Gaussian field */
  int status = counted ? limit_of(w->entry, regime, sizes, "the initial router", t, &c->entry, err)
                       : limit_of(w->Vf, regime, sizes, "the initial forward part", t, &c->Vf, err);
  if (!status && t != MDM_W_IN && t != MDM_W_OUT && !counted)
    status = limit_of(w->Vb, regime, sizes, "the initial backward part", t, &c->Vb, err);
  c->Vf *= std * std;
  c->Vb *= std * std;
  c->entry *= std;
  return status;
}

int mdm_limit_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                           const double multipliers[MDM_TENSORS], mdm_coefficients out[MDM_TENSORS], mdm_error *err) {
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    powers w = powers_of(t, regime, p->rule[t]);
    mdm_coefficients *c = &out[t];
    *c = (mdm_coefficients){.tied = p->rule[t].tied};
    int status = initial_limit(t, regime, &w, p->rule[t].zero ? 0 : multipliers[t], sizes, c, err);
    if (!status && t != MDM_W_IN && t != MDM_W_OUT) status = limit_of(w.tau, regime, sizes, "the adjoint factor", t, &c->tau, err);
    if (!status) status = limit_of(w.learn, regime, sizes, "the learned part", t, &c->learn, err);
    if (status) return status;
  }
  return MDM_OK;
}

double mdm_neuron_weight(const mdm_regime *regime, mdm_sizes sizes) {
  return evaluate(add((mdm_power){.Ne = 1}, -1, regime->nu), sizes);
}
