/* Self-consistency sweeps against the causal pass, exact linear networks, and themselves. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/arrays.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

#define SMALL "solve.particles=1500 solve.expert_particles=300 solve.replicas=6 train.steps=6 output.kernels=false output.statistics=false "

static const char causal[] = "observables/train/prediction", swept[] = "sweeps/observables/train/prediction";

static double largest(const mdm_sweeps *s, const char *path) {
  const double *v = values(s->record, path);
  double most = 0;
  for (size_t i = 0; i < s->sweeps; i++) most = fmax(most, v[i]);
  return most;
}

/* ---------------------------------------------------------------- linear networks: no sampling noise */

/* With matched moments a linear network has no sampling noise, so that new particles under the order parameters of the causal pass
 * must find these again, all tensors learning, in all regimes, with momentum and decay. */
static void linear_networks_are_exactly_self_consistent(void) {
  static const char *const cases[] = {
      "model.regime=II model.parameterization=mssp", "model.regime=II model.parameterization=mup", "model.regime=I model.experts=3",
      "model.regime=III model.parameterization=mssp", "model.regime=III model.parameterization=mup",
      "train.optimizer=momentum train.momentum=0.6 train.weight_decay=0.5", "train.weight_decay=0.5 train.clip=0.3 train.schedule=cosine",
      "model.depth=1 model.input=linear"};
  for (size_t i = 0; i < COUNT(cases); i++) {
    char settings[1024];
    mdm_outcome out;
    snprintf(settings, sizeof settings,
             SMALL "model.activation=identity model.expert_activation=identity model.gate=constant solve.replicas=3 solve.precision=double "
                   "solve.tolerance=1e-5 train.lr=0.05 solve.sweeps=3 solve.settled=4 model.experts_ratio=1.5 model.expert_width_ratio=0.5 %s", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    CU_ASSERT_EQUAL(out.sweeps.sweeps, 3);
    CU_ASSERT(largest(&out.sweeps, "sweeps/residual/f") < 1e-7);
    CU_ASSERT(largest(&out.sweeps, "sweeps/residual/kernels") < 1e-7);
    CU_ASSERT(largest(&out.sweeps, "sweeps/residual/actions") < 1e-7);
    CU_ASSERT(out.sweeps.difference < 1e-8);
    mdm_outcome_clear(&out);
  }
}

/* ---------------------------------------------------------------- residuals at the noise */

/* The causal pass is self-consistent: sweeps from it stand at the noise at once, and their mean agrees with it. */
static void causal_pass_is_self_consistent(void) {
  static const char *const cases[] = {
      "model.regime=II model.parameterization=mssp",  "model.regime=II model.parameterization=mup",
      "model.regime=III model.parameterization=mssp", "model.regime=III model.parameterization=mup",
      "model.regime=I model.experts=4",               "model.regime=I model.experts=4 model.active=2 model.router_bias_std=0.3",
      "model.active_fraction=0.5",                    "data.train=12 train.batch=4 data.test=3",
      "train.optimizer=momentum train.lr=0.1 train.weight_decay=0.3",
      /* residual blocks: all matrices of all of them */
      "model.depth=2 model.input=linear", "model.depth=4 model.norm=rms model.output=norm", "model.depth=4 model.norm=layer model.branch_exponent=0.5",
      "model.depth=2 model.regime=III model.norm=rms", "model.depth=2 model.regime=III model.parameterization=mup solve.sweeps=15",
      "model.depth=4 model.regime=I model.experts=3", "model.depth=2 model.active_fraction=0.5 train.balance=switch train.balance_coefficient=0.5"};
  for (size_t i = 0; i < COUNT(cases); i++) {
    char settings[1024];
    mdm_outcome out;
    snprintf(settings, sizeof settings, SMALL "solve.sweeps=6 %s", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    CU_ASSERT(out.sweeps.converged);
    distance d = distance_of(out.sweeps.record, swept, out.limit.summary, causal);
    CU_ASSERT(d.rms < 2.5 * d.rms_error);
    CU_ASSERT_DOUBLE_EQUAL(out.sweeps.difference_error, d.rms_error, 1e-12 + 1e-9 * d.rms_error);
    CU_ASSERT(values(out.sweeps.record, "sweeps/residual/actions")[0] > 0);
    mdm_outcome_clear(&out);
  }
}

/* From far away, a network that does not learn, every way of mixing comes to the solution of the causal pass. */
static void sweeps_from_afar_find_the_causal_solution(void) {
  static const char *const mixings[] = {"average", "damped", "anderson"};
  mdm_outcome out[3];
  for (int i = 0; i < 3; i++) {
    char settings[1024];
    snprintf(settings, sizeof settings, SMALL "solve.sweeps=40 solve.start=lazy solve.mixing=%s", mixings[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out[i]);
    CU_ASSERT(out[i].sweeps.converged);
    CU_ASSERT(values(out[i].sweeps.record, "sweeps/residual/f")[0] > 0.5); /* it is far */
    distance from_causal = distance_of(out[i].sweeps.record, swept, out[i].limit.summary, causal);
    CU_ASSERT(from_causal.rms < 3 * from_causal.rms_error);
    if (!i) continue;
    distance from_first = distance_of(out[i].sweeps.record, swept, out[0].sweeps.record, swept);
    CU_ASSERT(from_first.rms < 3 * from_first.rms_error);
  }
  for (int i = 0; i < 3; i++) mdm_outcome_clear(&out[i]);
}

/* The same with blocks, whose kernels at the start are far from those that training makes in all of them. */
static void stacks_find_it_from_afar(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, SMALL "solve.sweeps=40 solve.start=lazy model.depth=2 model.norm=rms", &out);
  CU_ASSERT(out.sweeps.converged && out.sweeps.sweeps > 5);
  CU_ASSERT(values(out.sweeps.record, "sweeps/residual/f")[0] > 0.5);
  distance from_causal = distance_of(out.sweeps.record, swept, out.limit.summary, causal);
  CU_ASSERT(from_causal.rms < 3 * from_causal.rms_error);
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- reproducibility */

static void check_same_array(const mdm_record *a, const mdm_record *b, const char *path) {
  const mdm_array *x = mdm_record_find(a, path), *y = mdm_record_find(b, path);
  CU_ASSERT_FATAL(x && y);
  CU_ASSERT(same_array(x, y));
}

static void threads_change_nothing(void) {
  mdm_outcome one, many;
  run_with(MDM_RUN_LIMIT, 1, SMALL "solve.sweeps=3 solve.mixing=anderson", &one);
  run_with(MDM_RUN_LIMIT, 3, SMALL "solve.sweeps=3 solve.mixing=anderson", &many);
  check_same_array(one.sweeps.record, many.sweeps.record, swept);
  check_same_array(one.sweeps.record, many.sweeps.record, "sweeps/residual/kernels");
  mdm_outcome_clear(&one);
  mdm_outcome_clear(&many);
}

/* The causal pass measures order parameters without being changed by it. */
static void causal_pass_stays_the_same(void) {
  mdm_outcome without, with;
  run_with(MDM_RUN_LIMIT, 0, SMALL, &without);
  run_with(MDM_RUN_LIMIT, 0, SMALL "solve.sweeps=1", &with);
  CU_ASSERT_PTR_NULL(without.sweeps.record);
  check_same_array(without.limit.summary, with.limit.summary, causal);
  CU_ASSERT_EQUAL(with.sweeps.sweeps, 1);
  CU_ASSERT_EQUAL(with.sweeps.converged, 0);
  mdm_outcome_clear(&without);
  mdm_outcome_clear(&with);
}

/* ---------------------------------------------------------------- refusals */

static void count_calls(void *calls, const mdm_progress *progress) {
  (void)progress;
  (*(int *)calls)++;
}

/* Before any run: a pilot would be interrupted, or report. */
static void refuses(const char *setting, const char *word) {
  char settings[80];
  int calls = 0;
  volatile sig_atomic_t stop = 1;
  double asked;
  mdm_data *data;
  mdm_outcome out;
  mdm_error err = {0};
  snprintf(settings, sizeof settings, "solve.sweeps=2 %s", setting);
  mdm_config *cfg = configure(settings);
  CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, &err), MDM_OK);
  if (!mdm_config_int(cfg, "solve.replicas")) {
    CU_ASSERT_EQUAL(mdm_accuracy_sizes(cfg, data, &(mdm_monitor){.stop = &stop}, &asked, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
    err = (mdm_error){0};
  }
  CU_ASSERT_EQUAL(mdm_run(cfg, data, MDM_RUN_LIMIT, &(mdm_monitor){.report = count_calls, .context = &calls}, &out, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
  CU_ASSERT_EQUAL(calls, 0);
  mdm_outcome_clear(&out);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static void impossible_sweeps_are_refused(void) {
  refuses("train.optimizer=adam", "allowed: sgd, momentum");
  refuses("train.optimizer=sign", "allowed: sgd, momentum");
  refuses("solve.replicas=2", "solve.replicas >= 3");
  refuses("train.steps=1000", "at most 4000");
}

static const test_case tests[] = {
    {"linear networks are exactly self-consistent", linear_networks_are_exactly_self_consistent},
    {"the causal pass is self-consistent", causal_pass_is_self_consistent},
    {"sweeps from afar find the causal solution", sweeps_from_afar_find_the_causal_solution},
    {"stacks find it from afar", stacks_find_it_from_afar},
    {"threads change nothing", threads_change_nothing},
    {"the causal pass stays the same", causal_pass_stays_the_same},
    {"impossible sweeps are refused", impossible_sweeps_are_refused},
};

SUITE("run/self_consistency", tests)
