/* Vanishing fields that are read by their direction.
 *
 * A part that scales like n^-x contributes nothing to smooth functions in the limit, but its direction stays Θ(1) where
 *   top-K     compares logits,
 *   a kink    (relu) asks for a sign,
 *   sign descent and Adam with ε below the gradient divide by the size,
 * and networks of every width act on it. Where such a part is a Gaussian field (a row of the matrix for every particle), particles keep
 * it at an infinitesimal size (MDM_FAINT_SCALE). Where it is one number, the same for all experts or one for each of M counted ones, its
 * sign is a coin that each network tosses once:
 *   the logits ⟨q_m h⟩ of counted experts, ~ N^-½ as q_m is independent of h;
 *   ρ_m, a mean over a growing number of neurons of b φ_e(u), ~ N_e^-½ at the start as b is independent of u: one for each counted
 *   expert, the same for all where experts start tied; independent for each of many experts that are drawn one by one, a field again.
 */
#include "scaling/vanishing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Adam with a smaller ε (in units of the natural gradient) moves along the infinitesimal gradients of the limit as networks do that can
 * be trained: there N → ∞ comes after ε → 0. With a larger one N → ∞ comes first, which networks of N < ε^-2 do not know. */
static const double SMALL_EPS = 1e-5, LARGE_EPS = 0.1;

enum { ALL = (1u << MDM_TENSORS) - 1 };

static int is_kinked(const char *activation) { return !strcmp(activation, "relu"); }

static int selects(const mdm_model *m) { return m->active_fraction < 1; }

/* Adam's ε in units of the natural gradient of tensor t; numbers in front of powers count, ratios of sizes do not. */
static double natural_eps(const mdm_model *m, const mdm_optimizer *o, mdm_tensor t) {
  mdm_scales s = mdm_rule_scales(t, m->regime, &m->parameterization.rule[t]);
  return o->eps * (o->method.global_eps ? 1 / mdm_power_factor(s.gradient) : mdm_power_factor(s.eps));
}

/* The smallest of the tensors that learn. */
static double smallest_eps(const mdm_model *m, const mdm_optimizer *o) {
  double smallest = INFINITY;
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    if (m->lr[t] > 0) smallest = fmin(smallest, natural_eps(m, o, t));
  return smallest;
}

/* Steps go by the gradient's direction, however small it is; eps: of the tensors in question. */
static int reads_signs(const mdm_optimizer *o, double eps) {
  return o->method.entrywise && (o->kind == MDM_STEP_SIGN || eps < SMALL_EPS);
}

static int router_learns(const mdm_model *m) { return m->lr[MDM_Q] > 0 && strcmp(m->gate, "constant"); }

static int router_starts_at_zero(const mdm_model *m) { return m->parameterization.rule[MDM_Q].zero || m->init[MDM_Q] == 0; }

/* b = W_2ᵀ v e is zero until v has learned, and then knows u: ρ never is mere noise. */
static int readout_starts_at_zero(const mdm_model *m) { return m->parameterization.rule[MDM_W_OUT].zero || m->init[MDM_W_OUT] == 0; }

/* Logits that are zero to the last digit, in networks as in the limit, put the first experts first, for every sample. They stay zero if the
 * router does not learn. If it does, from a readout at zero, the first gradients of tied experts are those of a learned v, of Θ(1) and the same
 * for all that were chosen together: the K first, the next K, … stay together, and nothing splits them if they make up all experts.
 * Counted experts, drawn one by one, differ by n^-1/2. */
static int tie_is_by_index(const mdm_model *m) {
  double groups = 1 / m->active_fraction;
  int together = m->regime->experts_grow && readout_starts_at_zero(m) && fabs(groups - round(groups)) < 1e-9;
  return router_starts_at_zero(m) && (!router_learns(m) || together);
}

/* ρ starts as noise that experts share, or that belongs to few of them. */
static int gate_noise_is_common(const mdm_model *m) {
  const mdm_rule *rule = m->parameterization.rule;
  return m->regime->neurons_grow && (!m->regime->experts_grow || rule[MDM_W1].tied || rule[MDM_W2].tied);
}

static int vanishes(const mdm_model *m, mdm_tensor t, const mdm_rule *rule, double init) {
  mdm_scales s = mdm_rule_scales(t, m->regime, rule);
  int backward = t != MDM_W_IN && mdm_power_exponent(s.Vb, m->regime) < -1e-9;
  return !rule->zero && init > 0 && (backward || mdm_power_exponent(s.Vf, m->regime) < -1e-9);
}

/* Tensors of which an initial part vanishes with scale, as bits, in MoE or attention blocks. */
static unsigned vanishing_parts(const mdm_model *m) {
  unsigned which = 0;
  int experts = mdm_model_count(m, MDM_BLOCK_MOE) > 0, heads = mdm_model_count(m, MDM_BLOCK_ATTENTION) > 0;
  for (mdm_tensor t = 0; t < MDM_W_OUT; t++) {
    if ((experts || t == MDM_W_IN) && vanishes(m, t, &m->parameterization.rule[t], m->init[t])) which |= 1u << t;
    if (heads && (t == MDM_W1 || t == MDM_W2) && vanishes(m, t, &m->heads.parameterization.rule[t], m->heads.init[t])) which |= 1u << t;
  }
  return which;
}

static unsigned directions(const mdm_model *m, const mdm_optimizer *o) {
  unsigned read = 0;
  if (selects(m) && m->bias_std == 0) read |= 1u << MDM_Q | 1u << MDM_W_IN;
  if (is_kinked(m->activation)) read |= 1u << MDM_W_IN;
  if (is_kinked(m->expert_activation)) read |= 1u << MDM_W1 | 1u << MDM_W_IN;
  return reads_signs(o, smallest_eps(m, o)) ? ALL : read;
}

void mdm_vanishing_read(const mdm_model *m, const mdm_optimizer *o, mdm_vanishing *out) {
  unsigned read = directions(m, o), vanishing = vanishing_parts(m);
  *out = (mdm_vanishing){.directions = read, .reads_vanishing = (read & vanishing) != 0};
  const char *whose = m->regime->experts_grow ? "all experts" : "each of the M counted experts";
  int tie = selects(m) && m->bias_std == 0 && !tie_is_by_index(m);
  if (tie && !m->regime->experts_grow) {
    out->no_limit = 1;
    snprintf(out->noise, sizeof out->noise, "top-K compares logits that go like n^-1/2, noise of %s: a tie in the limit, which every network breaks "
             "in its own way; set model.router_bias_std > 0", whose);
  } else if (tie && router_starts_at_zero(m) && router_learns(m) && gate_noise_is_common(m)) {
    out->no_limit = 1;
    snprintf(out->noise, sizeof out->noise, "top-K compares logits that start at zero and learn from rho ~ n^-1/2, the same noise in %s: the first step "
             "tosses one coin for all; set model.init.router > 0 (where the parameterization starts Q at zero: model.router_bias_std > 0)", whose);
  } else if (mdm_model_count(m, MDM_BLOCK_MOE) && reads_signs(o, natural_eps(m, o, MDM_Q)) && router_learns(m) && gate_noise_is_common(m) && !readout_starts_at_zero(m)) {
    snprintf(out->noise, sizeof out->noise, "%s moves Q by the sign of rho ~ n^-1/2, the same noise in %s: networks do not average over it",
             o->kind == MDM_STEP_SIGN ? "sign descent" : "Adam, its epsilon below the gradient,", whose);
  }
  if (!*out->noise && mdm_model_count(m, MDM_BLOCK_ATTENTION) && m->regime->neurons_grow && reads_signs(o, natural_eps(m, o, MDM_W1)))
    snprintf(out->noise, sizeof out->noise, "%s moves W_Q and W_K by the sign of gradients of scores, ~ n^-1/2 at the start, the same noise in all neurons of a head: networks do not average over it",
             o->kind == MDM_STEP_SIGN ? "sign descent" : "Adam, its epsilon below the gradient,");
  double eps = smallest_eps(m, o);
  if (o->kind == MDM_STEP_ADAM && eps >= SMALL_EPS && eps < LARGE_EPS && vanishing)
    snprintf(out->crossover, sizeof out->crossover, "gradients that start like n^-1/2 exceed Adam's epsilon %g in networks up to a width of about %.0e: "
             "they approach this limit only beyond", eps, 1 / (eps * eps));
}

int mdm_model_limit(const mdm_model *m, const mdm_optimizer *o, mdm_coefficients out[MDM_TENSORS], mdm_coefficients heads[MDM_TENSORS], mdm_error *err) {
  mdm_vanishing v;
  mdm_method method = o->method;
  mdm_vanishing_read(m, o, &v);
  method.directions = v.directions;
  if (v.no_limit) return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists in regime %s: %s", m->regime->name, v.noise);
  int status = mdm_limit_coefficients(m->regime, &m->parameterization, mdm_model_limit_sizes(m), m->init, &method, out, err);
  if (status || !heads || !mdm_model_count(m, MDM_BLOCK_ATTENTION)) return status;
  if (m->regime->neurons_grow && m->heads.power > -1)
    return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists in regime %s: scores q.k / sqrt(d_k) of heads that widen grow like d_k^0.5 once q and k have moved; set model.attention_scale: full", m->regime->name);
  for (mdm_tensor t = MDM_W1; t <= MDM_W2 && !status; t++) {
    mdm_coefficients all[MDM_TENSORS];
    status = mdm_limit_coefficients(m->regime, &m->heads.parameterization, mdm_model_head_sizes(m, 0, t), m->heads.init, &method, all, err);
    heads[t] = all[t];
  }
  return status;
}
