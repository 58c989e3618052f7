/* Regime and parameterization that a configuration names; rows given by hand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scaling/parameterization_config.h"

/* ---------------------------------------------------------------- named */

/* " I, III": the regimes that define a name. */
static void regimes_with(const char *name, char *out, size_t size) {
  size_t n, used = 0;
  const mdm_regime *all = mdm_regimes(&n);
  out[0] = '\0';
  for (size_t i = 0; i < n; i++)
    if (used < size && mdm_parameterization_find(&all[i], name))
      used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", all[i].name);
}

static void names_in(const mdm_regime *regime, char *out, size_t size) {
  size_t used = 0;
  for (int i = 0; i < regime->count && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s, ", regime->table[i].name);
  if (used < size) snprintf(out + used, size - used, "custom");
}

/* Powers of L of the matrices of residual branches L^-b: an SGD step of W must change the branch by L^(b-1), as L blocks add up,
 * which their gradients, L^-b times that of the stream, make a rate of L^(2b-1); an entrywise step a rate of L^(b-1), with epsilon
 * going like the gradient. Where norms stand before blocks and readout a stream that grows like L^(1/2-b) makes b < 1/2 act like 1/2. One
 * block without residual sum has no such powers. */
void mdm_depth_powers(const mdm_config *cfg, mdm_parameterization *p) {
  double b = mdm_config_real(cfg, "model.branch_exponent");
  int normalized = mdm_config_enum(cfg, "model.norm") != 0 && !strcmp(mdm_config_text(cfg, "model.output"), "norm");
  double rate = normalized ? fmax(b, 0.5) : b; /* only the stream's direction counts: b < ½ is b = ½ with a smaller input */
  for (mdm_tensor t = MDM_Q; t <= MDM_W2 && mdm_config_int(cfg, "model.depth") > 0; t++) {
    p->rule[t].branch = b;
    p->rule[t].lr.L = 2 * rate - 1;
    p->rule[t].adam_lr.L = rate - 1;
    p->rule[t].adam_eps.L = -rate;
  }
}

static int read_named(const mdm_config *cfg, const char *key, const mdm_regime *regime, mdm_parameterization *out,
                      mdm_error *err) {
  const char *name = mdm_config_text(cfg, key);
  const mdm_parameterization *found = mdm_parameterization_find(regime, name);
  char where[32], names[128];
  if (!found) {
    regimes_with(name, where, sizeof where);
    names_in(regime, names, sizeof names);
    return mdm_fail(err, MDM_ERR_CONFIG, "%s = %s is defined in regime %s only, and model.regime = %s, which has: %s",
                    key, name, where, regime->name, names);
  }
  *out = *found;
  mdm_depth_powers(cfg, out);
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    if (out->rule[t].gamma) out->rule[t].std.N = -mdm_config_real(cfg, "model.router_gamma");
  return MDM_OK;
}

/* ---------------------------------------------------------------- by hand */

/* model.custom.TENSOR.WHAT over what the base says, when it is given. */
static int read_power(const mdm_config *cfg, const char *tensor, const char *what, mdm_power *power, mdm_error *err) {
  char key[64];
  snprintf(key, sizeof key, "model.custom.%s.%s", tensor, what);
  const char *text = mdm_config_text(cfg, key);
  return *text ? mdm_power_parse(key, text, power, err) : MDM_OK;
}

/* As in published tables, a standard deviation of 0 is a start at zero. */
static int read_std(const mdm_config *cfg, const char *tensor, mdm_rule *rule, mdm_error *err) {
  char key[64];
  snprintf(key, sizeof key, "model.custom.%s.std", tensor);
  const char *text = mdm_config_text(cfg, key);
  if (!*text) return MDM_OK;
  rule->zero = !strcmp(text, "0") || !strcmp(text, "0.0");
  if (rule->zero) rule->std = (mdm_power){0};
  return rule->zero ? MDM_OK : read_power(cfg, tensor, "std", &rule->std, err);
}

static int read_row(const mdm_config *cfg, const char *tensor, mdm_rule *rule, mdm_error *err) {
  int status = read_std(cfg, tensor, rule, err);
  if (!status) status = read_power(cfg, tensor, "lr", &rule->lr, err);
  if (!status) status = read_power(cfg, tensor, "adam_lr", &rule->adam_lr, err);
  if (!status) status = read_power(cfg, tensor, "adam_eps", &rule->adam_eps, err);
  return status ? status : read_power(cfg, tensor, "multiplier", &rule->multiplier, err);
}

static int read_tied(const mdm_config *cfg, const mdm_regime *regime, mdm_parameterization *out, mdm_error *err) {
  int choice = mdm_config_enum(cfg, "model.custom.tied"); /* base|true|false */
  if (choice == 0) return MDM_OK;
  if (choice == 1 && !(regime->experts_grow && regime->neurons_grow))
    return mdm_fail(err, MDM_ERR_CONFIG,
                    "model.custom.tied = true needs model.regime: III, where experts and the neurons that they share "
                    "are both many; in regime %s allowed: base, false",
                    regime->name);
  out->rule[MDM_W1].tied = out->rule[MDM_W2].tied = choice == 1;
  return MDM_OK;
}

static int read_custom(const mdm_config *cfg, const mdm_regime *regime, mdm_parameterization *out, mdm_error *err) {
  int status = read_named(cfg, "model.custom.base", regime, out, err);
  if (!status) status = read_tied(cfg, regime, out, err);
  for (mdm_tensor t = 0; t < MDM_TENSORS && !status; t++) status = read_row(cfg, mdm_tensor_name(t), &out->rule[t], err);
  out->name = "custom";
  out->source = "model.custom";
  return status;
}

int mdm_parameterization_read(const mdm_config *cfg, const mdm_regime **regime, mdm_parameterization *out,
                              mdm_error *err) {
  *regime = mdm_regime_find(mdm_config_text(cfg, "model.regime"));
  if (!*regime)
    return mdm_fail(err, MDM_ERR_INTERNAL, "model.regime = %s has no table", mdm_config_text(cfg, "model.regime"));
  if (!strcmp(mdm_config_text(cfg, "model.parameterization"), "custom")) return read_custom(cfg, *regime, out, err);
  return read_named(cfg, "model.parameterization", *regime, out, err);
}

/* ---------------------------------------------------------------- attention blocks */

/* W_O as everybody draws it, variance 1/fan-in of W_O/H, where a head is a particle: (H/d_k)^½; or as a mean over heads has it. */
void mdm_heads_start(const mdm_config *cfg, mdm_rule *rule) {
  mdm_power std = mdm_config_enum(cfg, "model.attention_output") == 0 ? (mdm_power){.M = 0.5, .Ne = -0.5} : (mdm_power){.Ne = -0.5};
  std.L = rule->std.L;
  rule->std = mdm_power_add(std, -1, rule->multiplier);
}

int mdm_parameterization_read_heads(const mdm_config *cfg, const mdm_regime *regime, mdm_parameterization *out, mdm_error *err) {
  int custom = !strcmp(mdm_config_text(cfg, "model.parameterization"), "custom");
  int status = read_named(cfg, custom ? "model.custom.base" : "model.parameterization", regime, out, err);
  if (status) return status;
  mdm_heads_start(cfg, &out->rule[MDM_W2]);
  for (mdm_tensor t = MDM_W1; t <= MDM_W2 && custom && !status; t++) status = read_row(cfg, mdm_block_tensor_name(MDM_BLOCK_ATTENTION, t), &out->rule[t], err);
  return status;
}

void mdm_init_read(const mdm_config *cfg, double init[MDM_TENSORS]) {
  init[MDM_W_IN] = mdm_config_real(cfg, "model.init.input");
  init[MDM_Q] = mdm_config_real(cfg, "model.init.router");
  init[MDM_W1] = mdm_config_real(cfg, "model.init.expert_in");
  init[MDM_W2] = mdm_config_real(cfg, "model.init.expert_out");
  init[MDM_W_OUT] = mdm_config_real(cfg, "model.readout_std");
}

void mdm_rates_read(const mdm_config *cfg, double lr[MDM_TENSORS]) {
  lr[MDM_W_IN] = mdm_config_real(cfg, "train.lr_multiplier.input");
  lr[MDM_Q] = mdm_config_real(cfg, "train.lr_multiplier.router");
  lr[MDM_W1] = mdm_config_real(cfg, "train.lr_multiplier.expert_in");
  lr[MDM_W2] = mdm_config_real(cfg, "train.lr_multiplier.expert_out");
  lr[MDM_W_OUT] = mdm_config_real(cfg, "train.lr_multiplier.readout");
}
