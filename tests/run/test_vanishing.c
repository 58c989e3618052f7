/* Parts that vanish with scale and are read by their direction: the limit keeps them infinitesimal (docs/theory.md, section 16). */
#include <math.h>
#include <string.h>

#include "problem/problem.h"
#include "scaling/vanishing.h"
#include "support/arrays.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

#define SMALL "solve.particles=2000 solve.replicas=3 output.kernels=false output.statistics=false "

/* A configuration in which a part vanishes, and one in which the same part has the size that the limit keeps. */
static const struct {
  const char *vanishing, *twin;
} pairs[] = {
    {"model.parameterization=mup train.optimizer=sign train.lr=0.4 train.steps=3", "train.optimizer=sign train.lr=0.4 train.steps=3 model.init.expert_out=1e-4"},
    {"model.parameterization=mup train.optimizer=adam train.lr=0.1 train.steps=4", "train.optimizer=adam train.lr=0.1 train.steps=4 model.init.expert_out=1e-4"},
    {"model.parameterization=custom model.custom.base=mssp model.custom.Q.std=N^-1 model.active_fraction=0.25 train.steps=6",
     "model.active_fraction=0.25 model.init.router=1e-4 train.steps=6"},
    {"model.parameterization=custom model.custom.base=mssp model.custom.W1.std=N^-1 model.expert_activation=relu train.steps=6",
     "model.expert_activation=relu model.init.expert_in=1e-4 train.steps=6"},
    {"model.regime=III model.parameterization=jbph model.active_fraction=0.25 train.steps=4",
     "model.regime=III model.parameterization=jbph model.router_gamma=0.5 model.init.router=1e-4 model.active_fraction=0.25 train.steps=4"},
};

static void limits_are_those_of_their_twins(void) {
  for (size_t i = 0; i < COUNT(pairs); i++) {
    mdm_outcome a, b;
    char settings[400];
    snprintf(settings, sizeof settings, SMALL "%s", pairs[i].vanishing);
    run_with(MDM_RUN_LIMIT, 0, settings, &a);
    snprintf(settings, sizeof settings, SMALL "%s", pairs[i].twin);
    run_with(MDM_RUN_LIMIT, 0, settings, &b);
    const mdm_array *f = mdm_record_find(a.limit.summary, "observables/train/prediction"), *g = mdm_record_find(b.limit.summary, "observables/train/prediction");
    double moved = 0;
    for (size_t e = 0; e < elements(f); e++) {
      check_near(pairs[i].vanishing, f->value[e], g->value[e], 1e-5); /* variances are 1e-8 × powers of the ratios in both, but for rounding */
      moved = fmax(moved, fabs(f->value[e]));
    }
    CU_ASSERT(moved > 0.02); /* there is something to agree on: without the part f ≡ 0 in some of these */
    mdm_outcome_clear(&a);
    mdm_outcome_clear(&b);
  }
}

/* Networks whose part is infinitesimal from the start are at the limit already: sign descent in networks of N = 64. */
static void networks_of_the_twin_are_there(void) {
  mdm_outcome limit, networks;
  run_with(MDM_RUN_LIMIT, 0, "solve.particles=8000 solve.replicas=6 output.kernels=false output.statistics=false model.parameterization=mup train.optimizer=sign "
           "train.lr=0.4 train.steps=3", &limit);
  run_with(MDM_RUN_NETWORKS, 0, "simulate.widths=64 simulate.seeds=256 output.kernels=false output.statistics=false train.optimizer=sign train.lr=0.4 train.steps=3 "
           "model.init.expert_out=1e-4", &networks);
  const double *f = values(limit.limit.summary, "observables/train/loss"), *se = errors(limit.limit.summary, "observables/train/loss");
  const double *g = values(networks.networks[0].summary, "observables/train/loss"), *sg = errors(networks.networks[0].summary, "observables/train/loss");
  for (size_t t = 0; t <= 3; t++) check_near("loss of sign descent", g[t], f[t], 4 * sqrt(se[t] * se[t] + sg[t] * sg[t]) + 1e-3);
  mdm_outcome_clear(&limit);
  mdm_outcome_clear(&networks);
}

/* Tied experts under top-K from Q = 0 and v = 0: ties go by the index in limit and networks, and the deviation falls with N. */
static void ties_by_index(void) {
#define TIED "model.regime=III model.init.router=0 model.readout_std=0 model.active_fraction=0.25 train.lr=1 train.steps=8 output.kernels=false output.statistics=false "
  const char *path = "observables/train/loss";
  mdm_outcome limit, networks;
  run_with(MDM_RUN_LIMIT, 0, TIED "solve.particles=2000 solve.replicas=6", &limit);
  run_with(MDM_RUN_NETWORKS, 0, TIED "simulate.widths=[32,96] simulate.seeds=[64,24]", &networks);
  const double *f = values(limit.limit.summary, path), *se = errors(limit.limit.summary, path);
  const double *narrow = values(networks.networks[0].summary, path), *wide = values(networks.networks[1].summary, path);
  const double *se_narrow = errors(networks.networks[0].summary, path), *se_wide = errors(networks.networks[1].summary, path);
  CU_ASSERT(f[8] < 0.9 * f[0]);
  for (int t = 0; t <= 8; t++) { /* 1/N: the line through both widths, and the error that it has from theirs */
    double extrapolated = 1.5 * wide[t] - 0.5 * narrow[t], error = hypot(1.5 * se_wide[t], 0.5 * se_narrow[t]);
    check_near("loss at a tie", extrapolated, f[t], 4 * hypot(error, se[t]) + 1e-3);
  }
  mdm_outcome_clear(&limit);
  mdm_outcome_clear(&networks);
}

/* One ε for all tensors, in units of their gradients: that of W_in, whose multiplier is 4, is four times as large as in other units, and its ε a
 * quarter; the width up to which networks do not know ε goes with the smallest. */
static void one_epsilon_in_natural_units(void) {
  mdm_data *data;
  mdm_problem *problem = NULL;
  mdm_vanishing v;
  mdm_error err = {0};
  mdm_config *cfg = configure("model.parameterization=custom model.custom.base=mup model.custom.W_in.multiplier=4 train.optimizer=adam train.lr=0.1 train.adam.eps=0.01 train.adam.eps_scale=global");
  CU_ASSERT_FATAL(!mdm_data_load(cfg, &data, &err) && !mdm_problem_create(cfg, data, &problem, &err));
  mdm_vanishing_read(&problem->model, &problem->optimizer, &v);
  CU_ASSERT_PTR_NOT_NULL(strstr(v.crossover, "epsilon 0.0025 in networks"));
  mdm_problem_free(problem);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static const test_case tests[] = {
    {"one epsilon in natural units", one_epsilon_in_natural_units},
    {"limits are those of their twins", limits_are_those_of_their_twins},
    {"networks of the twin are there", networks_of_the_twin_are_there},
    {"ties by index", ties_by_index},
};

SUITE("run/vanishing", tests)
