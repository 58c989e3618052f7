/* Threads share the work of one solution and of one network, and change no bit of it. */
#include <stdio.h>
#include <string.h>

#include "support/runs.h"
#include "support/suite.h"

/* Predictions and the root mean squares of some fields. */
static void same_bits(const mdm_record *a, const mdm_record *b, const char *settings) {
  static const char *const paths[] = {"observables/train/prediction", "observables/rms/h", "observables/rms/rho", "observables/rms/y", "observables/router/entropy",
                                      "observables/experts/between_y", "statistics/psi/quantile", "kernels/W2/forward",
                                      "statistics/attention/distance/quantile"};
  for (size_t i = 0; i < COUNT(paths); i++) {
    const mdm_array *x = mdm_record_find(a, paths[i]), *y = mdm_record_find(b, paths[i]);
    size_t n = 1;
    if (!x && !y && strstr(paths[i], "attention") && !strstr(settings, "attention")) continue;
    CU_ASSERT_FATAL(x && y && x->rank == y->rank);
    for (int d = 0; d < x->rank; d++) n *= x->dim[d];
    int same = !memcmp(x->value, y->value, n * sizeof *x->value);
    if (!same) printf("\n    %s: %s differs\n", settings, paths[i]);
    CU_ASSERT(same);
  }
}

static void one_large_run(int what, const char *settings) {
  mdm_outcome one, more;
  run_with(what, 1, settings, &one);
  for (int threads = 2; threads <= 4; threads++) {
    run_with(what, threads, settings, &more);
    if (what == MDM_RUN_LIMIT) same_bits(one.limit.summary, more.limit.summary, settings);
    else same_bits(one.networks[0].summary, more.networks[0].summary, settings);
    mdm_outcome_clear(&more);
  }
  mdm_outcome_clear(&one);
}

#define LIMIT "solve.replicas=1 solve.particles=5000 train.steps=3 "
static void one_solution(void) {
  static const char *const settings[] = {LIMIT,
                                         LIMIT "data.train=20 data.dimension=6 model.active_fraction=0.25 train.lr=0.1",
                                         LIMIT "model.regime=I model.experts=4 model.active_fraction=0.5 model.router_bias_std=1 train.lr=0.1",
                                         LIMIT "model.regime=III model.parameterization=mssp solve.particles=20000",
                                         LIMIT "model.regime=III model.parameterization=mup train.lr=0.1",
                                         LIMIT "model.depth=2 model.norm=rms model.output=norm train.momentum=0.5 train.optimizer=momentum",
                                         LIMIT "model.depth=1 model.blocks=[attention,moe] model.norm=rms data.context=4 data.train=8",
                                         LIMIT "train.optimizer=adam train.lr=0.02"};
  for (size_t i = 0; i < COUNT(settings); i++) one_large_run(MDM_RUN_LIMIT, settings[i]);
}

#define NETWORK "simulate.widths=[512] simulate.seeds=1 train.steps=3 train.lr=0.1 data.dimension=8 "
static void one_network(void) {
  static const char *const settings[] = {NETWORK,
                                         NETWORK "data.train=40 model.active_fraction=0.25 model.expert_width=4",
                                         NETWORK "data.train=250 simulate.precision=single",
                                         NETWORK "model.regime=III model.expert_width_ratio=0.05 model.experts_ratio=0.1 model.active_fraction=0.5",
                                         NETWORK "data.train=40 model.depth=1 model.blocks=[attention,moe] data.context=8",
                                         NETWORK "data.train=40 train.optimizer=adam train.lr=0.01",
                                         NETWORK "model.depth=2 model.active_fraction=0.5 train.optimizer=momentum train.momentum=0.9"};
  for (size_t i = 0; i < COUNT(settings); i++) one_large_run(MDM_RUN_NETWORKS, settings[i]);
}

/* Matrices that step with their backward product take the steps that they take when something looks at the weights in between. */
static void one_pass_or_two(void) {
  static const char *const settings[] = {"", "model.active_fraction=0.25 ", "data.train=40 model.active_fraction=0.5 model.expert_width=2 ",
                                         "model.regime=III model.active_fraction=0.5 train.weight_decay=0.1 ", "model.depth=2 model.active_fraction=0.5 ",
                                         "model.depth=1 model.blocks=[attention,moe] data.context=2 ",
                                         "model.regime=I model.experts=4 model.active=2 train.weight_decay=0.1 "};
  for (size_t i = 0; i < COUNT(settings); i++) {
    mdm_outcome out[2];
    char words[512];
    for (int parts = 0; parts < 2; parts++) {
      snprintf(words, sizeof words, "%ssimulate.widths=[48] simulate.seeds=2 train.steps=5 train.lr=0.2 output.parts=%s", settings[i], parts ? "true" : "false");
      run_with(MDM_RUN_NETWORKS, 1, words, &out[parts]);
    }
    same_bits(out[0].networks[0].summary, out[1].networks[0].summary, settings[i]);
    for (int parts = 0; parts < 2; parts++) mdm_outcome_clear(&out[parts]);
  }
}

/* The same of skeletons, whose tables are read once for the backward product and the step of few tokens: clipping, far above the gradient, takes them one by one. */
static void skeletons_in_one_pass(void) {
  static const char *const settings[] = {"train.optimizer=adam ", "train.optimizer=sign data.train=3 model.regime=III "};
  for (size_t i = 0; i < COUNT(settings); i++) {
    mdm_outcome out[2];
    char words[512];
    for (int clips = 0; clips < 2; clips++) {
      snprintf(words, sizeof words, "%ssolve.particles=1500 solve.replicas=1 solve.pivots=18 train.steps=4 train.lr=0.02 train.clip=%s", settings[i], clips ? "1e6" : "0");
      run_with(MDM_RUN_LIMIT, 1, words, &out[clips]);
    }
    same_bits(out[0].limit.summary, out[1].limit.summary, settings[i]);
    for (int clips = 0; clips < 2; clips++) mdm_outcome_clear(&out[clips]);
  }
}

static const test_case tests[] = {
    {"one solution on several threads", one_solution},
    {"one network on several threads", one_network},
    {"one pass over the weights or two", one_pass_or_two},
    {"skeletons in one pass or two", skeletons_in_one_pass},
};

SUITE("run/threads", tests)
