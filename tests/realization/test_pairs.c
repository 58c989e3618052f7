/* The limit of optimizers that are not linear: skeletons of few pivots against the table of all pairs, and networks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/cosine.h"
#include "support/runs.h"
#include "support/suite.h"

#define ADAM                                                                                                           \
  "train.optimizer=adam train.adam.eps=0.1 train.adam.beta2=0.99 train.lr=0.1 train.steps=8 solve.particles=900 "      \
  "solve.replicas=4 solve.precision=double output.kernels=false "

/* A skeleton of few pivots gives what the table of all pairs gives on the same particles: to a tenth of the sampling error of
 * one replica, in every regime and routing; and held-out particles tell its error. */
static void skeletons_stand_for_all_pairs(void) {
  static const char *const cases[] = {"model.regime=II model.parameterization=mssp", "model.regime=II model.parameterization=mup model.active_fraction=0.5",
                                      "model.regime=I model.parameterization=mup", "model.regime=III model.parameterization=mup solve.expert_particles=100 solve.neuron_particles=12",
                                      "model.regime=III model.parameterization=mssp solve.expert_particles=100 solve.neuron_particles=200 train.optimizer=adamw"};
  for (size_t i = 0; i < COUNT(cases); i++) {
    mdm_outcome full, skeleton;
    char settings[1024];
    snprintf(settings, sizeof settings, ADAM "%s solve.pairs=full", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &full);
    snprintf(settings, sizeof settings, ADAM "%s solve.pivots=48", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &skeleton);
    const double *f = values(full.limit.summary, "observables/train/prediction"), *g = values(skeleton.limit.summary, "observables/train/prediction"),
                 *se = errors(full.limit.summary, "observables/train/prediction");
    double difference = 0, spread = 0;
    for (size_t k = 0; k < 9 * P; k++) difference += (f[k] - g[k]) * (f[k] - g[k]), spread += 4 * se[k] * se[k];
    CU_ASSERT(difference > 0 && difference < 0.01 * spread);
    double error = *values(skeleton.limit.summary, "diagnostics/skeleton_error_W1_forward");
    CU_ASSERT(error > 0 && error < 0.05);
    CU_ASSERT_EQUAL(*values(full.limit.summary, "diagnostics/skeleton_error_W1_forward"), 0);
    mdm_outcome_clear(&full);
    mdm_outcome_clear(&skeleton);
  }
}

/* One solution shared between threads is the same, bit for bit, with all pairs and with a skeleton. */
static void threads_of_one_solution(void) {
  for (int k = 0; k < 2; k++) {
    mdm_outcome one, three;
    const char *settings = k ? ADAM "solve.replicas=1 solve.pairs=full" : ADAM "solve.replicas=1 solve.pivots=32";
    run_with(MDM_RUN_LIMIT, 1, settings, &one);
    run_with(MDM_RUN_LIMIT, 3, settings, &three);
    CU_ASSERT(!memcmp(values(one.limit.summary, "observables/train/prediction"), values(three.limit.summary, "observables/train/prediction"), 9 * P * sizeof(double)));
    mdm_outcome_clear(&one);
    mdm_outcome_clear(&three);
  }
}

/* The mean over networks approaches the limit under Adam with decay, clipping and a schedule: at N = 96 it is there within
 * 4 combined standard errors plus the 1/N shift measured between N = 48 and N = 96. */
static void networks_approach_the_adam_limit(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0,
           ADAM "train.optimizer=adamw train.adam.weight_decay=0.5 train.clip=0.3 train.schedule=cosine train.warmup=2 solve.particles=3000 train.lr=0.4 train.adam.eps=0.03 "
                "simulate.widths=[48,96] simulate.seeds=[192,192]", &out);
  const double *f = values(out.limit.summary, "observables/train/prediction"), *se = errors(out.limit.summary, "observables/train/prediction");
  const double *n[2], *ne[2];
  for (int w = 0; w < 2; w++) {
    n[w] = values(out.networks[w].summary, "observables/train/prediction");
    ne[w] = errors(out.networks[w].summary, "observables/train/prediction");
  }
  double largest = 0;
  for (size_t k = 0; k < 9 * P; k++) {
    double error = sqrt(se[k] * se[k] + ne[1][k] * ne[1][k]), shift = fabs(n[1][k] - n[0][k]) + hypot(ne[0][k], ne[1][k]);
    CU_ASSERT(fabs(n[1][k] - f[k]) < 4 * error + shift);
    if (fabs(f[k]) > largest) largest = fabs(f[k]);
  }
  CU_ASSERT(largest > 0.2); /* it learned */
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"skeletons stand for all pairs", skeletons_stand_for_all_pairs},
    {"threads of one solution", threads_of_one_solution},
    {"networks approach the Adam limit", networks_approach_the_adam_limit},
};

SUITE("realization/pairs", tests)
