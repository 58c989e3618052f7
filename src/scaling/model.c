/* The model section of a configuration; sizes of a realization; names and meanings of the network program's fields. */
#include "scaling/model.h"
#include "scaling/parameterization_config.h"

#include <math.h>

/* Experts and their neurons, as numbers or as ratios. */
static int read_sizes(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->expert_width = (size_t)mdm_config_int(cfg, "model.expert_width");
  m->expert_width_ratio = mdm_config_real(cfg, "model.expert_width_ratio");
  m->experts = (size_t)mdm_config_int(cfg, "model.experts");
  m->experts_ratio = mdm_config_real(cfg, "model.experts_ratio");
  m->active_fraction = mdm_config_real(cfg, "model.active_fraction");
  long active = mdm_config_int(cfg, "model.active");
  if (active > (long)m->experts)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active = %ld exceeds model.experts = %zu", active, m->experts);
  if (!m->regime->experts_grow && active) m->active_fraction = (double)active / (double)m->experts;
  return MDM_OK;
}

static int read_gate(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->gate = mdm_config_text(cfg, "model.gate");
  m->gate_selected = mdm_config_enum(cfg, "model.gate_scope") == 1;
  m->gate_multiplier = mdm_config_real(cfg, "model.gate_multiplier");
  m->bias_std = mdm_config_real(cfg, "model.router_bias_std");
  m->bias_rate = mdm_config_real(cfg, "train.bias_rate");
  m->inverse_temperature = 1 / mdm_config_real(cfg, "model.gate_temperature");
  if (!isfinite(m->inverse_temperature))
    return mdm_fail(err, MDM_ERR_CONFIG, "model.gate_temperature = %g is too small, its inverse overflows; raise it",
                    mdm_config_real(cfg, "model.gate_temperature"));
  return MDM_OK;
}

int mdm_model_read(const mdm_config *cfg, size_t dimension, size_t outputs, mdm_model *m, mdm_error *err) {
  int status = mdm_parameterization_read(cfg, &m->regime, &m->parameterization, err);
  if (status) return status;
  m->dimension = dimension;
  m->outputs = outputs;
  m->activation = mdm_config_text(cfg, "model.activation");
  m->expert_activation = mdm_config_text(cfg, "model.expert_activation");
  mdm_init_read(cfg, m->init);
  mdm_rates_read(cfg, m->lr);
  status = read_sizes(cfg, m, err);
  return status ? status : read_gate(cfg, m, err);
}

mdm_sizes mdm_model_network_sizes(const mdm_model *m, size_t N) {
  double n = (double)N, M = m->regime->experts_grow ? (double)lround(m->experts_ratio * n) : (double)m->experts;
  double Ne = m->regime->neurons_grow ? (double)lround(m->expert_width_ratio * n) : (double)m->expert_width;
  return (mdm_sizes){(double)m->dimension, n, Ne, M, (double)lround(m->active_fraction * M)};
}

mdm_sizes mdm_model_limit_sizes(const mdm_model *m) {
  double M = m->regime->experts_grow ? m->experts_ratio : (double)m->experts;
  double Ne = m->regime->neurons_grow ? m->expert_width_ratio : (double)m->expert_width;
  return (mdm_sizes){(double)m->dimension, 1, Ne, M, m->active_fraction * M};
}

static const struct {
  const char *name, *meaning;
} fields[MDM_FIELDS] = {
    [MDM_Z] = {"z", "RMS over stream neurons and samples of z = W_in x"},
    [MDM_H] = {"h", "RMS over stream neurons and samples of h = phi(z)"},
    [MDM_PSI] = {"psi", "RMS over experts and samples of the router logits psi = Q h / temperature"},
    [MDM_G] = {"g", "RMS over experts and samples of the gate g(psi), zero outside the top K"},
    [MDM_U] = {"u", "RMS over expert neurons and samples of u = W1 h (top-K: active experts)"},
    [MDM_Y] = {"y", "RMS over expert neurons and samples of y = c g phi_e(u) M/K"},
    [MDM_A] = {"a", "RMS over stream neurons and samples of the aggregate a = (1/M) sum W2 y"},
    [MDM_DELTA] = {"delta", "RMS over stream neurons and samples of delta = N dL/da = v e"},
    [MDM_B] = {"b", "RMS over expert neurons and samples of b = W2^T delta in natural units (top-K: active experts)"},
    [MDM_GAMMA] = {"gamma", "RMS over expert neurons and samples of gamma = M nu dL/du"},
    [MDM_RHO] = {"rho", "RMS over experts and samples of rho = M dL/d(Q h)"},
    [MDM_R] = {"r", "RMS over stream neurons and samples of r = N dL/dh"},
    [MDM_R_SLOPE] = {"r_slope", "RMS over stream neurons and samples of r phi'(z) = N dL/dz"},
};

const mdm_meeting mdm_meetings[MDM_TENSORS] = {
    [MDM_W_IN] = {MDM_FIELDS, MDM_R_SLOPE, MDM_Z}, [MDM_Q] = {MDM_H, MDM_RHO, MDM_PSI},        [MDM_W1] = {MDM_H, MDM_GAMMA, MDM_U},
    [MDM_W2] = {MDM_Y, MDM_DELTA, MDM_A},          [MDM_W_OUT] = {MDM_A, MDM_FIELDS, MDM_FIELDS},
};

const char *mdm_field_name(mdm_field f) { return fields[f].name; }
const char *mdm_field_meaning(mdm_field f) { return fields[f].meaning; }
