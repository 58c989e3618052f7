/* The model section of a configuration; sizes of a realization; names and meanings of the network program's fields. */
#include "scaling/model.h"
#include "scaling/parameterization_config.h"

#include <math.h>
#include <string.h>

static int read_heads(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  mdm_heads *h = &m->heads;
  h->width = (size_t)mdm_config_int(cfg, "model.head_width");
  h->queries = (size_t)mdm_config_int(cfg, "model.query_groups");
  h->width_ratio = mdm_config_real(cfg, "model.head_width_ratio");
  h->count = (size_t)mdm_config_int(cfg, "model.heads");
  h->ratio = mdm_config_real(cfg, "model.heads_ratio");
  h->power = mdm_config_enum(cfg, "model.attention_scale") ? -1 : -0.5;
  h->causal = mdm_config_bool(cfg, "model.causal");
  h->rotary = mdm_config_enum(cfg, "model.position") == 1;
  h->normalized = mdm_config_bool(cfg, "model.query_key_norm");
  if (m->regime->experts_grow && m->regime->neurons_grow)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.blocks: attention has many heads of fixed width in regime II and a number of heads that widen in regime I; model.regime = %s has none", m->regime->name);
  if (!m->regime->experts_grow && h->count % h->queries)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.query_groups = %zu does not divide model.heads = %zu", h->queries, h->count);
  if (h->rotary && m->regime->experts_grow && h->width % 2)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.position: rotary turns pairs of neurons, and model.head_width = %zu is odd; allowed: even numbers", h->width);
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) h->init[t] = h->lr[t] = 1;
  h->init[MDM_W1] = mdm_config_real(cfg, "model.init.attention_in");
  h->init[MDM_W2] = mdm_config_real(cfg, "model.init.attention_out");
  h->lr[MDM_W1] = mdm_config_real(cfg, "train.lr_multiplier.attention_in");
  h->lr[MDM_W2] = mdm_config_real(cfg, "train.lr_multiplier.attention_out");
  return mdm_parameterization_read_heads(cfg, m->regime, &h->parameterization, err);
}

static int read_blocks(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->layer = mdm_config_int_list(cfg, "model.blocks", &m->layer_blocks);
  if (!m->layer_blocks) return mdm_fail(err, MDM_ERR_CONFIG, "model.blocks names no block; allowed: a list of moe, attention");
  return mdm_model_count(m, MDM_BLOCK_ATTENTION) ? read_heads(cfg, m, err) : MDM_OK;
}

static int read_dense(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->dense = mdm_config_int_list(cfg, "model.dense_blocks", &m->dense_count);
  for (size_t i = 0; i < m->dense_count; i++) {
    long blocks = (long)mdm_model_blocks(m);
    if (m->dense[i] >= blocks)
      return mdm_fail(err, MDM_ERR_CONFIG, "model.dense_blocks names block %ld; model.depth = %zu has blocks 0 to %ld", m->dense[i], m->depth, blocks - 1);
    if (mdm_model_kind(m, (size_t)m->dense[i]) != MDM_BLOCK_MOE)
      return mdm_fail(err, MDM_ERR_CONFIG, "model.dense_blocks names block %ld, which is an attention block (model.blocks)", m->dense[i]);
    for (size_t j = 0; j < i; j++)
      if (m->dense[j] == m->dense[i]) return mdm_fail(err, MDM_ERR_CONFIG, "model.dense_blocks names block %ld twice", m->dense[i]);
  }
  return MDM_OK;
}

/* Options of a residual stack; without one they say nothing (mdm_config_check). */
static int read_depth(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->depth = (size_t)mdm_config_int(cfg, "model.depth");
  m->context = 1;
  m->heads = (mdm_heads){.queries = 1}; /* none */
  m->layer = NULL;
  m->layer_blocks = 0;
  m->branch = 1;
  m->norm = MDM_NORM_NONE;
  m->output = "none";
  m->dense_count = 0;
  if (!m->depth) return MDM_OK;
  m->branch = pow((double)m->depth, -mdm_config_real(cfg, "model.branch_exponent"));
  m->linear_input = mdm_config_enum(cfg, "model.input") == 1;
  m->norm = (mdm_norm)mdm_config_enum(cfg, "model.norm");
  m->norm_eps = mdm_config_real(cfg, "model.norm_eps");
  m->output = mdm_config_text(cfg, "model.output");
  if (!strcmp(m->output, "norm") && m->norm == MDM_NORM_NONE)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.output: norm needs model.norm: rms or layer");
  int status = read_blocks(cfg, m, err);
  return status ? status : read_dense(cfg, m, err);
}

/* Shared experts, balancing, losses on the router. */
static int read_router(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  int learns = strcmp(m->gate, "constant") != 0;
  m->shared = m->regime->experts_grow ? mdm_config_real(cfg, "model.shared_fraction") : (double)mdm_config_int(cfg, "model.shared_experts") / (double)m->experts;
  if (m->shared >= 1)
    return mdm_fail(err, MDM_ERR_CONFIG, "no routed expert is left (model.shared_fraction, model.shared_experts); lower it, or set model.gate: constant");
  m->bias_sign = mdm_config_enum(cfg, "train.bias_update") == 1;
  m->bias_seed = (uint64_t)mdm_config_int(cfg, "model.router_bias_seed");
  m->balance = learns ? (mdm_balance)mdm_config_enum(cfg, "train.balance") : MDM_BALANCE_NONE;
  if (m->balance == MDM_BALANCE_SWITCH && m->active_fraction == 1) m->balance = MDM_BALANCE_NONE; /* equal loads: a constant */
  m->balance_coefficient = mdm_config_real(cfg, "train.balance_coefficient");
  m->z_loss = learns ? mdm_config_real(cfg, "train.z_loss") : 0;
  if (!strcmp(m->gate, "linear") && m->balance != MDM_BALANCE_NONE)
    return mdm_fail(err, MDM_ERR_CONFIG,
                    "train.balance takes an expert's share of the sum of gates, which gates of both signs (model.gate: linear) do not have; "
                    "allowed: sigmoid, normalized_sigmoid, softmax");
  return MDM_OK;
}

/* Experts and their neurons, as numbers or as ratios. */
static int read_sizes(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->expert_width = (size_t)mdm_config_int(cfg, "model.expert_width");
  m->expert_width_ratio = mdm_config_real(cfg, "model.expert_width_ratio");
  m->experts = (size_t)mdm_config_int(cfg, "model.experts");
  m->experts_ratio = mdm_config_real(cfg, "model.experts_ratio");
  m->active_fraction = mdm_config_real(cfg, "model.active_fraction");
  long active = mdm_config_int(cfg, "model.active"), routed = (long)m->experts;
  if (active > (long)m->experts)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active = %ld exceeds model.experts = %zu", active, m->experts);
  if (m->regime->experts_grow) return MDM_OK;
  routed -= mdm_config_int(cfg, "model.shared_experts");
  if (active > routed)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active = %ld exceeds the %ld routed experts that model.shared_experts leaves", active, routed);
  if (active) m->active_fraction = (double)active / (double)routed;
  return MDM_OK;
}

static int read_gate(const mdm_config *cfg, mdm_model *m, mdm_error *err) {
  m->gate = mdm_config_text(cfg, "model.gate");
  m->gate_multiplier = mdm_config_real(cfg, "model.gate_multiplier");
  m->gate_selected = mdm_config_enum(cfg, "model.gate_scope") == 1;
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
  if (!status) status = read_gate(cfg, m, err);
  if (!status) status = read_depth(cfg, m, err);
  return status ? status : read_router(cfg, m, err);
}

mdm_sizes mdm_model_network_sizes(const mdm_model *m, size_t N) {
  double n = (double)N, M = m->regime->experts_grow ? (double)lround(m->experts_ratio * n) : (double)m->experts;
  double Ne = m->regime->neurons_grow ? (double)lround(m->expert_width_ratio * n) : (double)m->expert_width;
  double routed = M - (double)lround(m->shared * M);
  return (mdm_sizes){(double)m->dimension, n, Ne, M, (double)lround(m->active_fraction * routed), (double)m->depth};
}

mdm_sizes mdm_model_limit_sizes(const mdm_model *m) {
  double M = m->regime->experts_grow ? m->experts_ratio : (double)m->experts;
  double Ne = m->regime->neurons_grow ? m->expert_width_ratio : (double)m->expert_width;
  return (mdm_sizes){(double)m->dimension, 1, Ne, M, m->active_fraction * (1 - m->shared) * M, (double)m->depth};
}

static const struct {
  const char *name, *meaning;
} fields[MDM_FIELDS] = {
    [MDM_Z] = {"z", "RMS over stream neurons and samples of z = W_in x"},
    [MDM_H] = {"h", "RMS over stream neurons and samples of h = phi(z)"},
    [MDM_N] = {"n", "RMS over stream neurons and samples of n = norm(h), the input of a block"},
    [MDM_PSI] = {"psi", "RMS over experts and samples of the router logits psi = Q h / temperature"},
    [MDM_G] = {"g", "RMS over experts and samples of the gate g(psi), zero outside the top K"},
    [MDM_U] = {"u", "RMS over expert neurons and samples of u = W1 h (top-K: active experts)"},
    [MDM_Y] = {"y", "RMS over expert neurons and samples of y = c g phi_e(u) M/K"},
    [MDM_A] = {"a", "RMS over stream neurons and samples of the aggregate a = (1/M) sum W2 y"},
    [MDM_O] = {"o", "RMS over stream neurons and samples of o, the input of the readout"},
    [MDM_DELTA] = {"delta", "RMS over stream neurons and samples of delta = N dL/da = v e"},
    [MDM_B] = {"b", "RMS over expert neurons and samples of b = W2^T delta in natural units (top-K: active experts)"},
    [MDM_GAMMA] = {"gamma", "RMS over expert neurons and samples of gamma = M nu dL/du"},
    [MDM_RHO] = {"rho", "RMS over experts and samples of rho = M dL/d(Q h)"},
    [MDM_ZETA] = {"zeta", "RMS over stream neurons and samples of zeta = N dL/dn of a block, without its branch factor"},
    [MDM_R] = {"r", "RMS over stream neurons and samples of r = N dL/dh"},
    [MDM_R_SLOPE] = {"r_slope", "RMS over stream neurons and samples of r phi'(z) = N dL/dz"},
};

const mdm_meeting mdm_meetings[MDM_TENSORS] = {
    [MDM_W_IN] = {MDM_FIELDS, MDM_R_SLOPE, MDM_Z}, [MDM_Q] = {MDM_N, MDM_RHO, MDM_PSI},        [MDM_W1] = {MDM_N, MDM_GAMMA, MDM_U},
    [MDM_W2] = {MDM_Y, MDM_R, MDM_A},              [MDM_W_OUT] = {MDM_O, MDM_FIELDS, MDM_FIELDS},
};

size_t mdm_model_shared(const mdm_model *m, size_t block, size_t experts) {
  for (size_t i = 0; i < m->dense_count; i++)
    if (m->dense[i] == (long)block) return experts;
  return (size_t)lround(m->shared * (double)experts);
}

size_t mdm_backward_level(mdm_tensor t, size_t block) { return t == MDM_W2 ? block + 1 : block; }

size_t mdm_model_blocks(const mdm_model *m) { return m->depth ? m->depth * (m->layer_blocks ? m->layer_blocks : 1) : 1; }

mdm_block_kind mdm_model_kind(const mdm_model *m, size_t block) {
  return m->layer_blocks ? (mdm_block_kind)m->layer[block % m->layer_blocks] : MDM_BLOCK_MOE;
}

size_t mdm_model_count(const mdm_model *m, mdm_block_kind kind) {
  size_t n = 0, period = m->layer_blocks ? m->layer_blocks : 1;
  for (size_t l = 0; l < period; l++) n += mdm_model_kind(m, l) == kind;
  return n * mdm_model_blocks(m) / period;
}

size_t mdm_model_groups(const mdm_model *m, size_t N) {
  return m->regime->experts_grow ? (size_t)lround(m->heads.ratio * (double)N / (double)m->heads.queries) : m->heads.count / m->heads.queries;
}

size_t mdm_model_head_width(const mdm_model *m, size_t N) { return m->regime->neurons_grow ? (size_t)lround(m->heads.width_ratio * (double)N) : m->heads.width; }

size_t mdm_model_head_parts(const mdm_model *m, mdm_tensor t) { return m->heads.queries + (t == MDM_W2 ? 0 : 2); }

void mdm_model_shape(const mdm_model *m, size_t groups, size_t head_width, const mdm_coefficients *coef, mdm_shape *shape) {
  shape->blocks = mdm_model_blocks(m);
  shape->experts_counted = !m->regime->experts_grow;
  shape->residual = m->depth > 0;
  shape->layer = m->layer;
  shape->layer_blocks = m->layer_blocks;
  if (!mdm_model_count(m, MDM_BLOCK_ATTENTION)) return;
  shape->heads = groups;
  shape->head_rows = mdm_model_head_parts(m, MDM_W1) * head_width;
  shape->head_columns = mdm_model_head_parts(m, MDM_W2) * head_width;
  shape->head_parts[0] = mdm_model_head_parts(m, MDM_W1);
  shape->head_parts[1] = mdm_model_head_parts(m, MDM_W2);
  shape->head_coef = coef;
}

mdm_sizes mdm_model_head_sizes(const mdm_model *m, size_t N, mdm_tensor t) {
  mdm_sizes s = N ? mdm_model_network_sizes(m, N) : mdm_model_limit_sizes(m);
  s.M = s.K = N || !m->regime->experts_grow ? (double)mdm_model_groups(m, N) : m->heads.ratio / (double)m->heads.queries;
  s.Ne = (double)mdm_model_head_parts(m, t) * (N || !m->regime->neurons_grow ? (double)mdm_model_head_width(m, N) : m->heads.width_ratio);
  return s;
}

void mdm_model_network(const mdm_model *m, size_t N, const mdm_method *method, mdm_coefficients out[MDM_TENSORS], mdm_coefficients heads[MDM_TENSORS]) {
  mdm_network_coefficients(m->regime, &m->parameterization, mdm_model_network_sizes(m, N), m->init, method, out);
  for (mdm_tensor t = MDM_W1; t <= MDM_W2 && mdm_model_count(m, MDM_BLOCK_ATTENTION); t++) {
    mdm_coefficients all[MDM_TENSORS];
    mdm_network_coefficients(m->regime, &m->heads.parameterization, mdm_model_head_sizes(m, N, t), m->heads.init, method, all);
    heads[t] = all[t];
  }
}

double mdm_model_rate(const mdm_model *m, mdm_tensor t, size_t block) {
  int attends = t != MDM_W_IN && t != MDM_W_OUT && mdm_model_kind(m, block) == MDM_BLOCK_ATTENTION;
  return attends ? m->heads.lr[t] : m->lr[t];
}

int mdm_field_is_leveled(const mdm_model *m, mdm_field f) {
  return m->depth && f != MDM_Z && f != MDM_O && f != MDM_DELTA && f != MDM_R_SLOPE;
}

size_t mdm_field_levels(const mdm_model *m, mdm_field f) {
  if (!m->depth) return f != MDM_N && f != MDM_O && f != MDM_ZETA;
  if (!mdm_field_is_leveled(m, f)) return 1;
  if ((f == MDM_PSI || f == MDM_G || f == MDM_RHO) && !mdm_model_count(m, MDM_BLOCK_MOE)) return 0;
  return mdm_model_blocks(m) + (f == MDM_H || f == MDM_R);
}

const char *mdm_field_name(mdm_field f) { return fields[f].name; }
const char *mdm_field_meaning(mdm_field f) { return fields[f].meaning; }
