/* The arithmetic that turns the exponents of a parameterization and a regime into coefficients (docs/theory.md, from
 * exponents to coefficients).
 *
 * Nothing here knows a parameterization or a regime by name: the tables are in src/scaling/parameterizations.c.
 */
#include "scaling/scaling.h"

#include <math.h>

/* a^x b^y. */
static mdm_power product(double x, mdm_power a, double y, mdm_power b) {
  return mdm_power_add(mdm_power_add((mdm_power){0}, x, a), y, b);
}

/* ---------------------------------------------------------------- coefficients */

/* The program's conventions for one tensor, before any parameterization: χ = f A_raw p, ζ = b A_rawᵀ q in natural
 * units, raw gradient = g q pᵀ, and the populations' sizes. */
typedef struct {
  mdm_power f, b, g, rows, cols;
} convention;

/* r = N ∂L/∂h, δ = N ∂L/∂a, ∂L/∂ψ = ρ/M, ∂L/∂u = γ/(Mν), b = Mν ∂L/∂y, aggregation 1/M (docs/theory.md, natural units).
 * W_in acts on x/√D with A = √D W_in, and v = N w_out. */
static convention convention_of(mdm_tensor t, mdm_power nu) {
  const mdm_power one = {0};
  switch (t) {
  case MDM_W_IN:
    return (convention){{.D = 0.5}, one, {.N = -1, .D = 0.5}, {.N = 1}, one};
  case MDM_Q:
    return (convention){one, {.N = 1, .M = -1}, {.M = -1}, {.M = 1}, {.N = 1}};
  case MDM_W1:
    return (convention){one,
                        product(1, (mdm_power){.N = 1, .M = -1}, -1, nu),
                        product(1, (mdm_power){.M = -1}, -1, nu),
                        {.M = 1, .Ne = 1},
                        {.N = 1}};
  case MDM_W2:
    return (convention){
        {.M = -1}, product(1, (mdm_power){.N = -1}, 1, nu), {.M = -1, .N = -1}, {.N = 1}, {.M = 1, .Ne = 1}};
  default:
    return (convention){{.N = 1}, one, one, {.N = 1}, one};
  }
}

mdm_scales mdm_rule_scales(mdm_tensor t, const mdm_regime *regime, const mdm_rule *rule) {
  const mdm_power experts = {.M = 1};
  convention c = convention_of(t, regime->nu);
  mdm_power matrix = product(1, c.f, 1, c.cols);              /* A = f cols μ W */
  mdm_power std = product(1, rule->std, 1, rule->multiplier); /* of μ W */
  mdm_power lr = product(1, rule->lr, 2, rule->multiplier);   /* of μ W: μ in its gradient, μ in its step */
  mdm_scales s;
  s.raw = product(1, matrix, 1, rule->multiplier);
  s.Vf = mdm_power_add(product(2, c.f, 2, std), 1, c.cols);      /* f² s² cols */
  s.Vb = mdm_power_add(product(2, c.b, 2, std), 1, c.rows);      /* b² s² rows */
  s.tau = mdm_power_add(product(1, c.b, 1, c.rows), -1, matrix); /* b rows / (f cols) */
  s.learn = mdm_power_add(product(1, matrix, 1, lr), 1, c.g);    /* f cols · lr · g */
  s.entry = product(1, matrix, 1, std);                          /* f cols · s */
  s.adam_learn = mdm_power_add(product(1, matrix, 1, rule->adam_lr), 1, rule->multiplier);
  s.gradient = product(1, c.g, 1, rule->multiplier);
  s.eps = product(1, rule->adam_eps, -1, s.gradient);
  s.norm = mdm_power_add(product(1, rule->lr, 2, s.gradient), 1, product(1, c.rows, 1, c.cols));
  s.expert = t == MDM_W2 ? product(1, s.Vf, 1, experts) : s.Vf; /* M² for no average, 1/M for one expert's columns */
  if (rule->tied && t == MDM_W1) s.Vb = product(1, s.Vb, 1, experts); /* M experts push in step, not at random */
  if (rule->tied && t == MDM_W2) s.Vf = product(1, s.Vf, 1, experts);
  return s;
}

static const mdm_method plain_sgd = {0};

/* The parts that depend on the optimizer, as powers. */
typedef struct {
  mdm_power learn, eps, decay, norm;
} method_powers;

static method_powers powers_of(const mdm_scales *s, const mdm_rule *rule, const mdm_method *m) {
  return (method_powers){.learn = m->entrywise ? s->adam_learn : s->learn,
                         .eps = m->global_eps ? product(-1, s->gradient, 0, s->gradient) : s->eps,
                         .decay = !m->tensor_decay ? (mdm_power){0} : m->entrywise ? rule->adam_lr : rule->lr,
                         .norm = s->norm};
}

static mdm_coefficients coefficients_at(const mdm_scales *s, const method_powers *m, mdm_sizes sizes, double std, int tied) {
  return (mdm_coefficients){.eps = mdm_power_evaluate(m->eps, sizes),
                            .decay = mdm_power_evaluate(m->decay, sizes),
                            .norm = mdm_power_evaluate(m->norm, sizes),
                            .Vf = std * std * mdm_power_evaluate(s->Vf, sizes),
                            .Vb = std * std * mdm_power_evaluate(s->Vb, sizes),
                            .tau = mdm_power_evaluate(s->tau, sizes),
                            .learn = mdm_power_evaluate(m->learn, sizes),
                            .raw = mdm_power_evaluate(s->raw, sizes),
                            .entry = std * mdm_power_evaluate(s->entry, sizes),
                            .tied = tied};
}

void mdm_network_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                              const double multipliers[MDM_TENSORS], const mdm_method *method,
                              mdm_coefficients out[MDM_TENSORS]) {
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    mdm_scales s = mdm_rule_scales(t, regime, &p->rule[t]);
    method_powers m = powers_of(&s, &p->rule[t], method ? method : &plain_sgd);
    out[t] = coefficients_at(&s, &m, sizes, p->rule[t].zero ? 0 : multipliers[t], p->rule[t].tied);
  }
}

/* ---------------------------------------------------------------- the limit */

#define TINY 1e-12 /* exponents are sums of fractions */

/* A part of one tensor: what it is called, by which exponent it is mended, and how often that exponent enters the
 * power. */
typedef struct {
  const char *name, *knob;
  int order;
} part;

static const part initial_forward = {"the initial forward part", "std", 2},
                  initial_backward = {"the initial backward part", "std", 2},
                  initial_entry = {"the initial backward part", "std", 1}, learned = {"the learned part", "lr", 1},
                  learned_adam = {"the learned part", "adam_lr", 1};

/* The exponent-0 part of a coefficient: when it vanishes 0, or (faint) what is left of it at a very large scale; failure when it
 * diverges. */
static int limit_of(mdm_power w, const mdm_regime *regime, mdm_sizes sizes, const part *what, mdm_tensor t, int faint, double *out,
                    mdm_error *err) {
  double exponent = mdm_power_exponent(w, regime), amplitude = exponent / what->order;
  const char *tensor = mdm_tensor_name(t);
  *out = fabs(exponent) < TINY ? mdm_power_evaluate(w, sizes) : 0;
  if (exponent < -TINY && faint) *out = mdm_power_evaluate(w, sizes) * pow(MDM_FAINT_SCALE, exponent);
  if (exponent > TINY)
    return mdm_fail(err, MDM_ERR_CONFIG,
                    "no limit exists in regime %s: %s of %s grows like scale^%g; lower the %s exponent of %s by %g "
                    "(model.parameterization: custom, model.custom.%s.%s), or choose another parameterization",
                    regime->name, what->name, tensor, amplitude, what->knob, tensor, amplitude, tensor, what->knob);
  return MDM_OK;
}

/* Initial parts of one tensor; `std` multiplies the table's standard deviation. */
static int initial_limit(mdm_tensor t, const mdm_regime *regime, const mdm_scales *s, double std, mdm_sizes sizes,
                         int faint, mdm_coefficients *c, mdm_error *err) {
  if (std == 0) return MDM_OK;
  int counted =
      t == MDM_Q && !regime->experts_grow; /* few rows: each logit is a mean over the stream, not a Gaussian field */
  int status = counted ? limit_of(s->entry, regime, sizes, &initial_entry, t, faint, &c->entry, err)
                       : limit_of(s->Vf, regime, sizes, &initial_forward, t, faint, &c->Vf, err);
  if (!status && t != MDM_W_IN && t != MDM_W_OUT && !counted)
    status = limit_of(s->Vb, regime, sizes, &initial_backward, t, faint, &c->Vb, err);
  c->Vf *= std * std;
  c->Vb *= std * std;
  c->entry *= std;
  return status;
}

/* Adam's ε: 0 when it falls below the gradient; a tensor whose gradient falls below ε does not learn. */
static void eps_limit(mdm_power eps, const mdm_regime *regime, mdm_sizes sizes, mdm_coefficients *c) {
  double exponent = mdm_power_exponent(eps, regime);
  c->eps = fabs(exponent) < TINY ? mdm_power_evaluate(eps, sizes) : 0;
  if (exponent > TINY) c->learn = 0;
}

/* Decay with a tensor's own rate, and the gradient's norm: they may vanish, and may not diverge. */
static int step_limit(mdm_tensor t, const mdm_regime *regime, const method_powers *m, const mdm_method *method, mdm_sizes sizes,
                      mdm_coefficients *c, mdm_error *err) {
  const struct {
    mdm_power power;
    const char *what;
    double *to;
    int needed;
  } parts[] = {{m->decay, "weight decay (train.decay_scale: tensor)", &c->decay, method->decays},
               {m->norm, "the gradient's norm (train.clip, output.ntk)", &c->norm, method->norm}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    double exponent = mdm_power_exponent(parts[i].power, regime);
    *parts[i].to = fabs(exponent) < TINY ? mdm_power_evaluate(parts[i].power, sizes) : 0;
    if (exponent > TINY && parts[i].needed)
      return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists in regime %s: %s of %s grows like scale^%g; switch it off, or choose another "
                      "parameterization", regime->name, parts[i].what, mdm_tensor_name(t), exponent);
  }
  return MDM_OK;
}

int mdm_limit_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                           const double multipliers[MDM_TENSORS], const mdm_method *method,
                           mdm_coefficients out[MDM_TENSORS], mdm_error *err) {
  if (!method) method = &plain_sgd;
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    mdm_scales s = mdm_rule_scales(t, regime, &p->rule[t]);
    mdm_coefficients *c = &out[t];
    *c = (mdm_coefficients){.tied = p->rule[t].tied};
    if (t != MDM_W_IN && t != MDM_W_OUT)
      c->tau = mdm_power_evaluate(s.tau, sizes); /* natural units: no power of the scale */
    int faint = (method->directions >> t) & 1;
    int status = initial_limit(t, regime, &s, p->rule[t].zero ? 0 : multipliers[t], sizes, faint, c, err);
    method_powers m = powers_of(&s, &p->rule[t], method);
    if (!status) status = limit_of(m.learn, regime, sizes, method->entrywise ? &learned_adam : &learned, t, 0, &c->learn, err);
    if (!status) status = step_limit(t, regime, &m, method, sizes, c, err);
    if (status) return status;
    if (method->entrywise && method->eps) eps_limit(m.eps, regime, sizes, c);
  }
  return MDM_OK;
}

double mdm_neuron_weight(const mdm_regime *regime, mdm_sizes sizes) {
  return mdm_power_evaluate(product(1, (mdm_power){.Ne = 1}, -1, regime->nu), sizes);
}
