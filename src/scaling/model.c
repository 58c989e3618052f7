/* Names and meanings of the network program's fields. */
#include "scaling/model.h"

#include <math.h>

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
