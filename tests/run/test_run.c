/* Seeds of what is common to all runs; decay. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/cosine.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

/* Selection biases of counted experts belong to the problem: the same whatever `seed` is, in limit and networks; another seed of their own
 * draws others. Experts that grow in number have their own in every run. */
static void biases_have_their_seed(void) {
  static const char path[] = "observables/router/bias_std";
#define BIASED "model.active_fraction=0.5 model.router_bias_std=0.3 train.steps=2 solve.particles=300 solve.replicas=2 simulate.widths=12 simulate.seeds=2 "
  mdm_outcome limit, networks, other, many;
  run_with(MDM_RUN_LIMIT, 0, BIASED "model.regime=I seed=1", &limit);
  run_with(MDM_RUN_NETWORKS, 0, BIASED "model.regime=I seed=2", &networks);
  run_with(MDM_RUN_NETWORKS, 0, BIASED "model.regime=I seed=2 model.router_bias_seed=7", &other);
  run_with(MDM_RUN_NETWORKS, 0, BIASED "seed=3", &many);
  double in_limit = values(limit.limit.summary, path)[0], in_networks = values(networks.networks[0].summary, path)[0];
  CU_ASSERT_DOUBLE_EQUAL(in_limit, in_networks, 1e-6); /* single precision */
  CU_ASSERT(in_limit > 0.01 && errors(networks.networks[0].summary, path)[0] < 1e-12);
  CU_ASSERT(fabs(values(other.networks[0].summary, path)[0] - in_networks) > 1e-3);
  CU_ASSERT(errors(many.networks[0].summary, path)[0] > 1e-3);
  mdm_outcome_clear(&limit);
  mdm_outcome_clear(&networks);
  mdm_outcome_clear(&other);
  mdm_outcome_clear(&many);
}

/* Runs pass over what has no effect in their configuration (mdm_config_check refuses it before, unless another point of a grid uses it). */
static void idle_options_change_nothing(void) {
#define LOSS "observables/train/loss"
#define PLAIN "train.steps=3 solve.particles=300 solve.replicas=2 simulate.widths=12 simulate.seeds=2 "
  static const char *const rows[][2] = {
      {"", "model.branch_exponent=0 model.input=linear model.norm=rms model.norm_eps=1 model.output=norm model.dense_blocks=[0] output.blocks=[1] "
           "solve.depths=[4,8] simulate.depths=[4,8] model.shared_experts=3 train.balance=switch train.balance_coefficient=9 train.bias_update=sign "
           "model.router_bias_seed=2"},
      {"model.regime=I ", "model.shared_fraction=1 model.router_bias_seed=2"},
      {"model.gate=constant ", "train.balance=importance train.balance_coefficient=9 train.z_loss=3"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char settings[600];
    mdm_outcome plain, idle;
    snprintf(settings, sizeof settings, PLAIN "%s", rows[i][0]);
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, settings, &plain);
    snprintf(settings, sizeof settings, PLAIN "%s%s", rows[i][0], rows[i][1]);
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, settings, &idle);
    CU_ASSERT_EQUAL(mdm_record_count(plain.limit.summary), mdm_record_count(idle.limit.summary));
    for (int t = 0; t < 4; t++) {
      CU_ASSERT_EQUAL(values(plain.limit.summary, LOSS)[t], values(idle.limit.summary, LOSS)[t]);
      CU_ASSERT_EQUAL(values(plain.networks[0].summary, LOSS)[t], values(idle.networks[0].summary, LOSS)[t]);
    }
    mdm_outcome_clear(&plain);
    mdm_outcome_clear(&idle);
  }
}

/* With a readout of zero the first step has no gradient but that of w_out: W1 shrinks by train.lr x its multiplier x lambda. */
static void decay_follows_the_multiplier(void) {
  static const struct {
    const char *setting;
    double keep;
  } rows[] = {{"train.lr_multiplier.expert_in=1", 1 - 0.2 * 0.1}, {"train.lr_multiplier.expert_in=3", 1 - 0.2 * 3 * 0.1}, {"train.lr_multiplier.expert_in=0", 1}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char settings[300];
    snprintf(settings, sizeof settings, "train.lr=0.2 train.weight_decay=0.1 model.readout_std=0 train.steps=1 simulate.widths=8 simulate.seeds=1 simulate.precision=double %s",
             rows[i].setting);
    mdm_config *cfg = configure(settings);
    mdm_data *data = NULL;
    mdm_outcome out;
    mdm_monitor monitor = {.save_weights = 1, .threads = 1};
    CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_run(cfg, data, MDM_RUN_NETWORKS, &monitor, &out, NULL), MDM_OK);
    const double *before = values(out.networks[0].weights[0], "weights/W1/initial"), *after = values(out.networks[0].weights[0], "weights/W1/final");
    for (int k = 0; k < 8; k++) CU_ASSERT_DOUBLE_EQUAL(after[k], rows[i].keep * before[k], 1e-14);
    mdm_outcome_clear(&out);
    mdm_data_free(data);
    mdm_config_free(cfg);
  }
}

static const test_case tests[] = {
    {"biases of counted experts have their own seed", biases_have_their_seed},
    {"idle options change nothing", idle_options_change_nothing},
    {"decay follows a tensor's multiplier", decay_follows_the_multiplier},
};

SUITE("run/run", tests)
