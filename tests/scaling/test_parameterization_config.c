/* Parameterizations spelled out in model.custom.*: the coefficients, limits and networks of named ones. */
#include <stdio.h>

#include "scaling/model.h"
#include "scaling/parameterization_config.h"
#include "scaling/vanishing.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

static const char *const regimes[] = {"I", "II", "III"};

/* Every exponent of a row, as custom options over another base. */
static void spell_out(const mdm_regime *regime, const char *name, const char *base, char *out, size_t size) {
  const mdm_parameterization *p = mdm_parameterization_find(regime, name);
  size_t used = (size_t)snprintf(
      out, size, "model.regime=%s;model.parameterization=custom;model.custom.base=%s;model.custom.tied=%s",
      regime->name, base, p->rule[MDM_W1].tied ? "true" : "false");
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    const mdm_rule *r = &p->rule[t];
    const mdm_power *const powers[] = {&r->std, &r->lr, &r->adam_lr, &r->adam_eps, &r->multiplier};
    static const char *const names[] = {"std", "lr", "adam_lr", "adam_eps", "multiplier"};
    for (int k = 0; k < 5; k++) {
      char text[MDM_POWER_SIZE];
      mdm_power_format(*powers[k], text);
      used += (size_t)snprintf(out + used, size - used, ";model.custom.%s.%s=%s", mdm_tensor_name(t), names[k],
                               k == 0 && r->zero ? "0" : text);
    }
  }
}

/* Bit by bit. */
static void check_coefficients(const mdm_coefficients *a, const mdm_coefficients *b) {
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    CU_ASSERT(a[t].Vf == b[t].Vf && a[t].Vb == b[t].Vb && a[t].tau == b[t].tau && a[t].learn == b[t].learn &&
              a[t].raw == b[t].raw && a[t].entry == b[t].entry && a[t].tied == b[t].tied);
}

static void same_by_hand(void) {
  static const char *const names[] = {"mup", "mssp", "ntp"};
  const double init[MDM_TENSORS] = {1, 0.7, 1.3, 0.9, 1};
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++) {
      const mdm_regime *regime = mdm_regime_find(regimes[i]), *found;
      mdm_parameterization custom;
      mdm_coefficients a[MDM_TENSORS], b[MDM_TENSORS];
      char settings[2048];
      mdm_error err = {0};
      spell_out(regime, names[k], "standard", settings, sizeof settings);
      mdm_config *cfg = configure_values(settings);
      CU_ASSERT_EQUAL_FATAL(mdm_parameterization_read(cfg, &found, &custom, &err), MDM_OK);
      const mdm_sizes sizes = {6, 64, 32, 128, 128, 0}, ratios = {6, 1, 0.5, 2, 2, 0};
      mdm_network_coefficients(regime, &custom, sizes, init, NULL, a);
      mdm_network_coefficients(regime, mdm_parameterization_find(regime, names[k]), sizes, init, NULL, b);
      check_coefficients(a, b);
      int status = mdm_limit_coefficients(regime, &custom, ratios, init, NULL, a, NULL);
      CU_ASSERT_EQUAL(
          status, mdm_limit_coefficients(regime, mdm_parameterization_find(regime, names[k]), ratios, init, NULL, b, NULL));
      CU_ASSERT_EQUAL(status, k == 2 ? MDM_ERR_CONFIG : MDM_OK);
      if (!status) check_coefficients(a, b);
      mdm_config_free(cfg);
    }
}

/* The limit of rows by hand is that of the named ones, bit by bit: here mssp as mup with one entry changed. */
static void solve_by_hand(void) {
  const char *common = "train.steps=6 solve.particles=400 solve.replicas=1 ";
  char settings[256];
  mdm_outcome named, custom;
  snprintf(settings, sizeof settings, "%smodel.parameterization=mssp", common);
  run_with(MDM_RUN_LIMIT, 1, settings, &named);
  snprintf(settings, sizeof settings, "%smodel.parameterization=custom model.custom.W2.std=M^1/2*Ne^-1/2", common);
  run_with(MDM_RUN_LIMIT, 1, settings, &custom);
  const double *a = values(named.limit.summary, "observables/train/loss"),
               *b = values(custom.limit.summary, "observables/train/loss");
  for (int t = 0; t <= 6; t++) CU_ASSERT_EQUAL(a[t], b[t]);
  mdm_outcome_clear(&named);
  mdm_outcome_clear(&custom);
}

/* A forward multiplier μ is std/μ and lr/μ² in disguise: the same network, up to rounding. */
static void multipliers_move(void) {
  const char *common = "train.steps=4 simulate.widths=8 simulate.seeds=1 ";
  char settings[256];
  mdm_outcome plain, moved;
  snprintf(settings, sizeof settings, "%smodel.parameterization=mup", common);
  run_with(MDM_RUN_NETWORKS, 1, settings, &plain);
  snprintf(settings, sizeof settings,
           "%smodel.parameterization=custom model.custom.Q.std=1 model.custom.Q.multiplier=N^-1/2 model.custom.Q.lr=M",
           common);
  run_with(MDM_RUN_NETWORKS, 1, settings, &moved);
  const double *a = values(plain.networks[0].summary, "observables/train/loss"),
               *b = values(moved.networks[0].summary, "observables/train/loss");
  for (int t = 0; t <= 4; t++) CU_ASSERT_DOUBLE_EQUAL(a[t], b[t], 1e-12);
  mdm_outcome_clear(&plain);
  mdm_outcome_clear(&moved);
}

/* The coefficients of `settings`, for networks (limit = 0) or the limit. */
static void coefficients_of(const char *settings, int limit, mdm_coefficients out[MDM_TENSORS]) {
  mdm_config *cfg = configure_values(settings);
  mdm_model m;
  mdm_optimizer o;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_model_read(cfg, 6, 1, &m, &err), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_optimizer_read(cfg, &o, &err), MDM_OK);
  if (limit)
    CU_ASSERT_EQUAL(mdm_model_limit(&m, &o, out, NULL, &err), MDM_OK)
  else
    mdm_network_coefficients(m.regime, &m.parameterization, mdm_model_network_sizes(&m, 48), m.init, &o.method, out);
  mdm_config_free(cfg);
}

/* Settings a and b have the same coefficients; but A = raw × weights, and a's raw factor of Q is `raw` times that of b. */
static void check_same(const char *a, const char *b, double raw) {
  for (int i = 0; i < 3; i++)
    for (int limit = 0; limit < 2; limit++) {
      char settings[2][512];
      mdm_coefficients c[2][MDM_TENSORS];
      for (int k = 0; k < 2; k++) {
        snprintf(settings[k], sizeof settings[k], "model.regime=%s;model.parameterization=custom;model.custom.base=mup;%s", regimes[i], k ? b : a);
        coefficients_of(settings[k], limit, c[k]);
      }
      c[0][MDM_Q].raw /= raw;
      check_coefficients(c[0], c[1]);
      for (mdm_tensor t = 0; t < MDM_TENSORS; t++) CU_ASSERT(c[0][t].eps == c[1][t].eps && c[0][t].norm == c[1][t].norm);
    }
}

/* A number in front of an initial standard deviation is a factor of model.init.*, in networks and in the limit, and both multiply;
 * in front of a multiplier μ it is that in std, its square in the rate and its inverse in ε over the gradient. */
static void numbers_in_front(void) {
  check_same("model.custom.W_in.std=0.25 D^-1/2", "model.init.input=0.25", 1);
  check_same("model.custom.W_in.std=0.25 D^-1/2;model.init.input=2", "model.init.input=0.5", 1);
  check_same("model.custom.W1.std=0.5 N^-1/2", "model.init.expert_in=0.5", 1);
  check_same("model.custom.W2.std=4 Ne^-1/2;model.init.expert_out=0.5", "model.init.expert_out=2", 1);
  check_same("model.custom.w_out.std=0.25 N^-1", "model.readout_std=0.25", 1);
  check_same("model.custom.Q.multiplier=2;train.optimizer=adam", "model.init.router=2;model.custom.Q.lr=4 M N^-1;"
             "model.custom.Q.adam_lr=2 N^-1;model.custom.Q.adam_eps=0.5 M^-1 L^-1;model.custom.Q.multiplier=1;train.optimizer=adam", 2);
}

/* Rows of attention blocks: those of the base, in networks and in the limit, and numbers in front of them. */
static void rows_of_heads(void) {
  static const char *const same[][2] = {
      {"model.custom.base=mssp;model.custom.W1.lr=2 M N^-1;model.custom.W2.std=0", "model.custom.base=mssp"}, /* experts' rows are theirs */
      {"model.custom.base=mup;model.custom.W_qkv.std=2 N^-1/2;model.custom.W_O.std=3 M^1/2 Ne^-1/2", "model.custom.base=mup;model.init.attention_in=2;model.init.attention_out=3"},
      {"model.custom.base=mup;model.custom.W_O.std=Ne^-1/2", "model.custom.base=mup;model.attention_output=mup"},
      {"model.custom.base=mssp;model.custom.W_qkv.multiplier=N^-1/2;model.custom.W_qkv.std=1;model.custom.W_qkv.lr=M", "model.custom.base=mssp"}};
  for (size_t k = 0; k < COUNT(same); k++)
    for (int limit = 0; limit < 2; limit++) {
      mdm_coefficients c[2][MDM_TENSORS], heads[2][MDM_TENSORS];
      for (int i = 0; i < 2; i++) {
        char settings[512];
        snprintf(settings, sizeof settings, "model.depth=1;model.blocks=[attention,moe];model.query_groups=2;model.head_width=3;model.heads_ratio=0.5;model.parameterization=custom;%s",
                 same[k][i]);
        mdm_config *cfg = configure_values(settings);
        mdm_model m = {0};
        mdm_optimizer o;
        CU_ASSERT_FATAL(!mdm_model_read(cfg, 6, 1, &m, NULL) && !mdm_optimizer_read(cfg, &o, NULL));
        if (limit) CU_ASSERT_FATAL(!mdm_model_limit(&m, &o, c[i], heads[i], NULL))
        else mdm_model_network(&m, 48, &o.method, c[i], heads[i]);
        mdm_config_free(cfg);
      }
      for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++) {
        const mdm_coefficients *a = &heads[0][t], *b = &heads[1][t];
        CU_ASSERT_DOUBLE_EQUAL(a->Vf, b->Vf, 1e-12 * b->Vf);
        CU_ASSERT_DOUBLE_EQUAL(a->Vb, b->Vb, 1e-12 * b->Vb);
        CU_ASSERT_DOUBLE_EQUAL(a->tau, b->tau, 1e-12 * b->tau);
        CU_ASSERT_DOUBLE_EQUAL(a->learn, b->learn, 1e-12 * b->learn);
        CU_ASSERT(a->learn > 0);
      }
    }
}

/* The limit with a number in front of a rate is that with the same number as its multiplier. */
static void number_in_a_rate(void) {
  const char *common = "train.steps=4 solve.particles=400 solve.replicas=1 model.parameterization=custom model.custom.base=mssp ";
  char settings[256];
  mdm_outcome number, multiplier, plain;
  snprintf(settings, sizeof settings, "%smodel.custom.W2.lr=0.5*M*N", common);
  run_with(MDM_RUN_LIMIT, 1, settings, &number);
  snprintf(settings, sizeof settings, "%strain.lr_multiplier.expert_out=0.5", common);
  run_with(MDM_RUN_LIMIT, 1, settings, &multiplier);
  run_with(MDM_RUN_LIMIT, 1, common, &plain);
  const double *a = values(number.limit.summary, "observables/train/loss"), *b = values(multiplier.limit.summary, "observables/train/loss"),
               *c = values(plain.limit.summary, "observables/train/loss");
  for (int t = 0; t <= 4; t++) CU_ASSERT_DOUBLE_EQUAL(a[t], b[t], 1e-12);
  CU_ASSERT(a[4] > 1.01 * c[4]);
  mdm_outcome_clear(&number);
  mdm_outcome_clear(&multiplier);
  mdm_outcome_clear(&plain);
}

static const test_case tests[] = {
    {"rows of attention blocks", rows_of_heads},
    {"numbers in front", numbers_in_front},
    {"a number in a rate", number_in_a_rate},
    {"named and custom coefficients", same_by_hand},
    {"named and custom limits", solve_by_hand},
    {"forward multipliers", multipliers_move},
};

SUITE("scaling/parameterization_config", tests)
