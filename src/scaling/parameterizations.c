/* Regimes and parameterizations as data.
 *
 * Vankadara et al. 2026 (arXiv 2605.14200), Table 1: mup, mssp. Małaśnicki et al. 2025 (arXiv 2508.09752): mcb,
 * simplep. Jiang, Bordelon, Pehlevan, Hanin 2026 (arXiv 2601.20205): jbph. Baselines: ntp (Jacot et al. 2018, arXiv
 * 1806.07572) and the standard parameterization. To add a parameterization, add rows to the table of its regime; to add
 * a regime, add a row to `regimes`; its name goes among the words of the option (src/config/options.c). Nothing else
 * needs to know. A hand-given parameterization is read by src/scaling/parameterization_config.c.
 *
 * Constants that exponents leave open: W_in's SGD rate is N/D. In Regime I, where M is a constant, the rates of Q, W1
 * and W2 carry the factor M of the other regimes, which undoes the 1/M of the aggregation; Adam's ε carries 1/M there.
 */
#include "scaling/parameterizations.h"

#include <string.h>

/* clang-format off */

/* One row a tensor; what a row does not mention has no size in it. With depth L, Adam's ε of the
 * hidden tensors carries 1/L. */

#define INPUT_RULE {.std = {.D = -0.5}, .lr = {.N = 1, .D = -1}, .adam_lr = {.D = -1}, .adam_eps = {.N = -1}}
#define READOUT_RULE {.std = {.N = -1}, .lr = {.N = -1}, .adam_lr = {.N = -1}}

/* ---------------------------------------------------------------- baselines, the same in every regime */

#define NTP {"ntp", "Jacot et al. 2018, arXiv 1806.07572", { \
    [MDM_W_IN] = {.multiplier = {.D = -0.5}}, \
    [MDM_Q] = {.multiplier = {.N = -0.5}}, \
    [MDM_W1] = {.multiplier = {.N = -0.5}}, \
    [MDM_W2] = {.multiplier = {.Ne = -0.5}}, \
    [MDM_W_OUT] = {.multiplier = {.N = -0.5}}}}

#define STANDARD {"standard", "fan-in initialization, one rate for all", { \
    [MDM_W_IN] = {.std = {.D = -0.5}}, \
    [MDM_Q] = {.std = {.N = -0.5}}, \
    [MDM_W1] = {.std = {.N = -0.5}}, \
    [MDM_W2] = {.std = {.Ne = -0.5}}, \
    [MDM_W_OUT] = {.std = {.N = -0.5}}}}

/* ---------------------------------------------------------------- Regime I: N ≍ N_e → ∞, M and K fixed */

#define ROUTER_ROW {.std = {.N = -1}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}}
#define EXPERT_IN_ROW {.std = {.N = -0.5}, .lr = {.M = 1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .N = -1, .L = -1}}
#define EXPERT_OUT_ROW {.std = {.Ne = -0.5}, .lr = {.M = 1}, .adam_lr = {.Ne = -1}, .adam_eps = {.M = -1, .N = -1, .L = -1}}

static const mdm_parameterization regime_I[] = {
    {"mup", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = ROUTER_ROW,
        [MDM_W1] = EXPERT_IN_ROW,
        [MDM_W2] = EXPERT_OUT_ROW,
        [MDM_W_OUT] = READOUT_RULE}},
    {"mssp", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.zero = 1, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W1] = EXPERT_IN_ROW,
        [MDM_W2] = EXPERT_OUT_ROW,
        [MDM_W_OUT] = READOUT_RULE}},
    {"mcb", "arXiv 2508.09752: the router is an output", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = ROUTER_ROW,
        [MDM_W1] = EXPERT_IN_ROW,
        [MDM_W2] = EXPERT_OUT_ROW,
        [MDM_W_OUT] = READOUT_RULE}},
    {"mcb_table", "arXiv 2508.09752, its table: variance 1, multiplier 1/fan-in", { /* for Adam the mcb of its code, which has no multiplier */
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.multiplier = {.N = -1}, .lr = {.M = 1, .N = 1}, .adam_eps = {.M = -1, .N = -1, .L = -1}},
        [MDM_W1] = EXPERT_IN_ROW,
        [MDM_W2] = EXPERT_OUT_ROW,
        [MDM_W_OUT] = READOUT_RULE}},
    {"simplep", "arXiv 2508.09752: the router is a hidden layer", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.std = {.N = -0.5}, .lr = {.M = 1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W1] = EXPERT_IN_ROW,
        [MDM_W2] = EXPERT_OUT_ROW,
        [MDM_W_OUT] = READOUT_RULE}},
    NTP,
    STANDARD,
};

/* ---------------------------------------------------------------- Regime II: N ≍ M ≍ K → ∞, N_e fixed */

static const mdm_parameterization regime_II[] = {
    {"mup", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.std = {.N = -0.5}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W1] = {.std = {.N = -0.5}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W2] = {.std = {.Ne = -0.5}, .lr = {.M = 1, .N = 1}, .adam_lr = {.Ne = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}},
        [MDM_W_OUT] = READOUT_RULE}},
    {"mssp", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.std = {.N = -0.5}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W1] = {.std = {.N = -0.5}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W2] = {.std = {.M = 0.5, .Ne = -0.5}, .lr = {.M = 1, .N = 1}, .adam_lr = {.Ne = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}},
        [MDM_W_OUT] = READOUT_RULE}},
    NTP,
    STANDARD,
};

/* ---------------------------------------------------------------- Regime III: N ≍ N_e ≍ M ≍ K → ∞ */

#define JBPH_OUT .std = {.N = 0.5, .Ne = -1}

static const mdm_parameterization regime_III[] = {
    {"mup", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.std = {.N = -0.5}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W1] = {.std = {.N = -0.5}, .lr = {.M = 1}, .adam_lr = {.N = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}},
        [MDM_W2] = {.std = {.Ne = -0.5}, .lr = {.M = 1}, .adam_lr = {.Ne = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}},
        [MDM_W_OUT] = READOUT_RULE}},
    {"mssp", "arXiv 2605.14200, Table 1", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.std = {.N = -0.5}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}},
        [MDM_W1] = {.std = {.N = -0.5}, .lr = {.M = 1}, .adam_lr = {.N = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}, .tied = 1},
        [MDM_W2] = {.std = {.Ne = -0.5}, .lr = {.M = 1}, .adam_lr = {.Ne = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}, .tied = 1},
        [MDM_W_OUT] = READOUT_RULE}},
    {"jbph", "arXiv 2601.20205", {
        [MDM_W_IN] = {.std = {.D = -0.5}, .lr = {.N = 1, .D = -1}, .adam_lr = {.D = -1}},
        [MDM_Q] = {.std = {.N = -1}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .gamma = 1},
        [MDM_W1] = {.std = {.N = -0.5}, .lr = {.M = 1}, .adam_lr = {.N = -1}},
        [MDM_W2] = {JBPH_OUT, .lr = {.M = 1}, .adam_lr = {.Ne = -1}},
        [MDM_W_OUT] = READOUT_RULE}},
    {"jbph_eps", "arXiv 2601.20205, with Adam's epsilon of every tensor like its gradient", {
        [MDM_W_IN] = INPUT_RULE,
        [MDM_Q] = {.std = {.N = -1}, .lr = {.M = 1, .N = -1}, .adam_lr = {.N = -1}, .adam_eps = {.M = -1, .L = -1}, .gamma = 1},
        [MDM_W1] = {.std = {.N = -0.5}, .lr = {.M = 1}, .adam_lr = {.N = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}},
        [MDM_W2] = {JBPH_OUT, .lr = {.M = 1}, .adam_lr = {.Ne = -1}, .adam_eps = {.N = -1, .M = -1, .L = -1}},
        [MDM_W_OUT] = READOUT_RULE}},
    NTP,
    STANDARD,
};

/* ---------------------------------------------------------------- regimes */

#define TABLE(rows) rows, sizeof rows / sizeof *rows

static const mdm_regime regimes[] = {
    {"I", 0, 1, .nu = {.N = 1}, .growth = {.N = 1, .Ne = 1}, TABLE(regime_I)},
    {"II", 1, 0, .nu = {0}, .growth = {.N = 1, .M = 1, .K = 1}, TABLE(regime_II)},
    {"III", 1, 1, .nu = {.N = 1}, .growth = {.N = 1, .Ne = 1, .M = 1, .K = 1}, TABLE(regime_III)},
};

/* clang-format on */

/* ---------------------------------------------------------------- look-up */

const char *mdm_tensor_name(mdm_tensor t) {
  static const char *const names[MDM_TENSORS] = {"W_in", "Q", "W1", "W2", "w_out"};
  return names[t];
}

mdm_tensor mdm_first_tensor(mdm_block_kind kind) { return kind == MDM_BLOCK_ATTENTION ? MDM_W1 : MDM_Q; }

const char *mdm_block_tensor_name(mdm_block_kind kind, mdm_tensor t) {
  return kind != MDM_BLOCK_ATTENTION ? mdm_tensor_name(t) : t == MDM_W1 ? "W_qkv" : t == MDM_W2 ? "W_O" : mdm_tensor_name(t);
}

const mdm_regime *mdm_regimes(size_t *count) {
  *count = sizeof regimes / sizeof *regimes;
  return regimes;
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

double mdm_power_exponent(mdm_power p, const mdm_regime *regime) {
  mdm_power growth = regime->growth;
  return p.N * growth.N + p.Ne * growth.Ne + p.M * growth.M + p.K * growth.K;
}
