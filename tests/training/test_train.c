/* Optimizers that must coincide, in networks and in the limit. */
#include <math.h>
#include <stdio.h>

#include "support/cosine.h"
#include "support/runs.h"
#include "support/suite.h"

/* Predictions of all steps (steps × batch) under two settings. */
typedef struct {
  double worst; /* largest difference */
  double moved; /* largest distance from step 0 */
  double error; /* largest standard error (limit) */
} agreement;

static agreement compare(int what, const char *common, const char *first, const char *second, size_t steps) {
  const char *path = "observables/train/prediction", *each[] = {first, second};
  mdm_outcome out[2];
  const mdm_array *f[2];
  agreement a = {0};
  for (int k = 0; k < 2; k++) {
    char settings[1024];
    snprintf(settings, sizeof settings, "%s train.steps=%zu %s", common, steps, each[k]);
    run_with(what, 1, settings, &out[k]);
    const mdm_ensemble *e = what == MDM_RUN_LIMIT ? &out[k].limit : &out[k].networks[0];
    CU_ASSERT_EQUAL_FATAL(e->status, MDM_OK);
    f[k] = mdm_record_find(e->summary, path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f[k]);
  }
  for (size_t i = 0, batch = f[0]->dim[1] * f[0]->dim[2]; i < f[0]->dim[0] * batch; i++) {
    a.worst = fmax(a.worst, fabs(f[0]->value[i] - f[1]->value[i]));
    a.moved = fmax(a.moved, fabs(f[0]->value[i] - f[0]->value[i % batch]));
    if (what == MDM_RUN_LIMIT) a.error = fmax(a.error, f[0]->error[i]);
  }
  mdm_outcome_clear(&out[0]);
  mdm_outcome_clear(&out[1]);
  return a;
}

#define NETWORK "simulate.widths=32 simulate.seeds=1 "
#define LIMIT "solve.particles=300 solve.replicas=2 solve.precision=double "
#define FINE LIMIT "solve.tolerance=1e-6 solve.pairs=full "

/* In Regime III under μP the limit of SGD samples experts as twins, that of Adam does not: a gate for which neither does. */
#define NO_TWINS "model.gate=linear "

/* Every regime and both parameterizations; `ratio` is SGD's rate of W2 in natural units, where Adam's is 1. */
static const struct {
  const char *settings;
  double ratio;
  const char *limit; /* further settings of the limit, so that all optimizers sample alike */
} kinds[] = {
    {"model.regime=I model.expert_width_ratio=0.5 model.experts=3 model.parameterization=mup ", 0.5, ""},
    {"model.regime=II model.expert_width=3 model.parameterization=mssp ", 3, ""},
    {"model.regime=II model.expert_width=3 model.parameterization=mup ", 3, ""},
    {"model.regime=II model.expert_width=9 model.active_fraction=0.25 train.batch=2 ", 9, ""},
    {"model.regime=III model.expert_width_ratio=0.5 model.parameterization=mup ", 0.5, NO_TWINS},
    {"model.regime=III model.expert_width_ratio=0.5 model.parameterization=mssp ", 0.5, ""},
};
enum { KINDS = COUNT(kinds) };

static agreement with_kind(int what, size_t kind, const char *common, const char *first, const char *second, size_t steps) {
  char settings[512];
  snprintf(settings, sizeof settings, "%s%s%s", common, kinds[kind].settings, what == MDM_RUN_LIMIT ? kinds[kind].limit : "");
  agreement a = compare(what, settings, first, second, steps);
  CU_ASSERT(a.moved > 0.01);
  return a;
}

/* With β1 = 0 and a huge ε, Adam's step is rate/ε × gradient. */
static agreement huge_eps(int what, size_t kind, const char *common) {
  char adam[256];
  snprintf(adam, sizeof adam, "train.optimizer=adam train.adam.beta1=0 train.adam.eps=1e6 train.lr=0.3e6 train.lr_multiplier.expert_out=%g",
           kinds[kind].ratio);
  return with_kind(what, kind, common, "train.lr=0.3", adam, 6);
}

/* What is left is √v/ε. */
static void adam_becomes_sgd(void) {
  for (size_t k = 0; k < KINDS; k++) CU_ASSERT(huge_eps(MDM_RUN_NETWORKS, k, NETWORK).worst < 1e-5);
}

/* With β1 = μ, Adam's steps are (1−μ)/(1−μ^t) times those of momentum: 1 and 1/(1+μ) in the first two. A linear schedule
 * with final rate (1−μ)/(1+μ) has the same factors over two steps. */
static void adam_becomes_momentum(void) {
  const char *momentum = "train.optimizer=momentum train.momentum=0.5 train.lr=0.3 train.schedule=linear train.final_lr=0.33333333333333333";
  for (size_t k = 0; k < KINDS; k++) {
    char adam[256];
    snprintf(adam, sizeof adam, "train.optimizer=adam train.adam.beta1=0.5 train.adam.eps=1e6 train.lr=0.3e6 train.lr_multiplier.expert_out=%g",
             kinds[k].ratio);
    CU_ASSERT(with_kind(MDM_RUN_NETWORKS, k, NETWORK, momentum, adam, 2).worst < 1e-5);
    CU_ASSERT(with_kind(MDM_RUN_LIMIT, k, FINE, momentum, adam, 2).worst < 1e-5);
  }
}

/* Adam without memory and ε takes the sign of the gradient; in the limit both fill the table of pairs. */
static void adam_becomes_sign(void) {
  const char *sign = "train.lr=0.02 train.optimizer=sign train.weight_decay=0.5",
             *adam = "train.lr=0.02 train.optimizer=adamw train.adam.weight_decay=0.5 train.adam.beta1=0 train.adam.beta2=0 train.adam.eps=0";
  for (size_t k = 0; k < KINDS; k++) {
    CU_ASSERT(with_kind(MDM_RUN_NETWORKS, k, NETWORK, sign, adam, 6).worst < 1e-10);
    CU_ASSERT(with_kind(MDM_RUN_LIMIT, k, LIMIT, sign, adam, 6).worst < 1e-10);
  }
}

/* The limit by two ways: thin factors hold what SGD learns, a table of pairs what Adam learns. They differ by √v/ε and by
 * directions below the tolerance, which pairs learn and thin factors do not: far below the standard error. */
static void pairs_agree_with_thin_factors(void) {
  for (size_t k = 0; k < KINDS; k++) {
    agreement a = huge_eps(MDM_RUN_LIMIT, k, FINE);
    CU_ASSERT(a.worst < 1e-5);
    CU_ASSERT(a.worst < 0.01 * a.error);
  }
}

/* AdamW's decay is SGD's where the rates of W2 agree too, at N_e = 1 or N_e = N: initial and learned parts shrink alike. */
static void decay_agrees(void) {
  const char *const equal[] = {"model.regime=I model.expert_width_ratio=1 model.experts=3", "model.regime=II model.expert_width=1",
                               ("model.regime=III model.expert_width_ratio=1 model.parameterization=mup " NO_TWINS), "model.regime=III model.expert_width_ratio=1"};
  const char *sgd = "train.lr=0.3 train.weight_decay=0.2",
             *adamw = "train.optimizer=adamw train.adam.beta1=0 train.adam.eps=1e6 train.lr=0.3e6 train.adam.weight_decay=0.2e-6";
  for (size_t k = 0; k < COUNT(equal); k++)
    for (int limit = 0; limit < 2; limit++) {
      char settings[512];
      snprintf(settings, sizeof settings, "%s%s", limit ? FINE : NETWORK, equal[k]);
      agreement a = compare(limit ? MDM_RUN_LIMIT : MDM_RUN_NETWORKS, settings, sgd, adamw, 6);
      CU_ASSERT(a.moved > 0.01);
      CU_ASSERT(a.worst < 1e-5);
    }
}

/* ⟨δ a⟩ = ⟨v a⟩ e = f e, whatever the numbers of particles: with two neurons for each of N/2 experts, as many as stream neurons, no product of the stream
 * may pass for one of neurons, whose experts top-K leaves out. */
static void overlap_of_the_aggregate(void) {
  static const char *const settings[] = {"solve.particles=200 solve.expert_particles=100", "solve.particles=200 solve.expert_particles=60"};
  for (size_t i = 0; i < COUNT(settings); i++) {
    char words[256];
    mdm_outcome out;
    snprintf(words, sizeof words, "model.expert_width=2 model.active_fraction=0.5 train.steps=3 train.lr=0.1 solve.replicas=1 solve.precision=double output.kernels=false %s", settings[i]);
    run_with(MDM_RUN_LIMIT, 1, words, &out);
    const double *f = values(out.limit.summary, "observables/train/prediction"), *overlap = values(out.limit.summary, "observables/overlap/W2");
    for (size_t t = 0; t <= 3; t++) {
      double expected = 0;
      for (size_t m = 0; m < P; m++) expected += f[t * P + m] * (f[t * P + m] - cosine_target[m]) / P / P;
      CU_ASSERT_DOUBLE_EQUAL(overlap[t], expected, 1e-12);
    }
    mdm_outcome_clear(&out);
  }
}

/* Regime I with all experts active: one stands for all M, with the same rho, and what their routers send back is the mean of M independent draws. */
static void one_expert_for_all(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "model.regime=I model.parameterization=mup model.experts=8 train.steps=4 train.lr=1 output.parts=true output.times=[0,4] solve.particles=1000 solve.replicas=2 "
           "solve.precision=double", &out);
  double back = values(out.limit.summary, "parts/Q/backward/propagating")[1], rho = values(out.limit.summary, "observables/rms/rho")[4];
  CU_ASSERT(rho > 0.01);
  CU_ASSERT_DOUBLE_EQUAL(back, rho / sqrt(8), 1e-3 * back);
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"one expert for all", one_expert_for_all},
    {"overlap of the aggregate", overlap_of_the_aggregate},
    {"Adam with a huge epsilon is SGD", adam_becomes_sgd},
    {"Adam with a huge epsilon is momentum", adam_becomes_momentum},
    {"Adam without memory is sign", adam_becomes_sign},
    {"limit: pairs agree with thin factors", pairs_agree_with_thin_factors},
    {"decay of AdamW and SGD agree", decay_agrees},
};

SUITE("training/train", tests)
