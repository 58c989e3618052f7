/* Bias of the limit from its sample: squares of noisy means, and fractions of the sampled experts (docs/theory.md, sampling inside
 * experts). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run/saturation.h"
#include "support/arrays.h"
#include "support/cosine.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/suite.h"

static const char *const squares[] = {"observables/rms/rho", "observables/rms/r", "observables/rms/r_slope", "observables/rms/psi",
                                      "observables/overlap/Q", "observables/router/logit_std"};
#define NESTED                                                                                                        \
  "model.regime=III model.parameterization=mup solve.particles=4000 solve.replicas=32 output.statistics=false train.steps=14 output.times=[0,7,14] "
enum { TIMES = 3 };

/* Differences of two limits in units of their combined standard errors, over the entries that have one: root mean square, largest. */
typedef struct {
  double square, largest;
  size_t n;
} deviation;

static void compare(const mdm_outcome *a, const mdm_outcome *b, const char *path, size_t first, deviation *d) {
  const double *x = values(a->limit.summary, path), *y = values(b->limit.summary, path);
  const double *ex = errors(a->limit.summary, path), *ey = errors(b->limit.summary, path);
  size_t n = elements(mdm_record_find(a->limit.summary, path));
  for (size_t i = first; i < n; i++) {
    double error = hypot(ex[i], ey[i]), z = (x[i] - y[i]) / error;
    if (!(error > 1e-7)) continue; /* rounding in single precision */
    d->square += z * z;
    d->largest = fmax(d->largest, fabs(z));
    d->n++;
  }
}

static void check_agreement(const char *what, const deviation *d) {
  double rms = sqrt(d->square / (double)d->n);
  if (rms > 1.7 || d->largest > 5) printf("\n    %s: %.2f standard errors apart, at most %.2f\n", what, rms, d->largest);
  CU_ASSERT(d->n > 10);
  CU_ASSERT(rms < 1.7); /* entries of one array move together: their root mean square scatters more than that of so many numbers */
  CU_ASSERT(d->largest < 5);
}

/* Eight neurons in each sampled expert or 64, the same neurons in all: the same limit, squares of ρ and what they drive included. */
static void neurons_of_an_expert(void) {
  static const char *const kernels[] = {"kernels/Q/backward", "kernels/W_in/backward"};
  mdm_outcome few, many;
  run_with(MDM_RUN_LIMIT, 0, NESTED "solve.expert_particles=1024 solve.neuron_particles=8", &few);
  run_with(MDM_RUN_LIMIT, 0, NESTED "solve.expert_particles=128 solve.neuron_particles=64", &many);
  deviation f = {0};
  compare(&few, &many, "observables/train/prediction", P, &f); /* f(0) = 0 */
  check_agreement("predictions", &f);
  for (size_t i = 0; i < COUNT(squares); i++) {
    deviation d = {0};
    compare(&few, &many, squares[i], 0, &d);
    check_agreement(squares[i], &d);
  }
  for (size_t i = 0; i < COUNT(kernels); i++) {
    deviation d = {0};
    compare(&few, &many, kernels[i], 0, &d);
    check_agreement(kernels[i], &d);
  }
  mdm_outcome_clear(&few);
  mdm_outcome_clear(&many);
}

/* At the start ρ is a mean over infinitely many independent neurons, zero, and so is r, which under μP has no other part. Sampled means
 * of 8 neurons have squares of 9.4e-5 instead, and 9.6e-5 in W_in's kernel without φ'. */
static void nothing_at_the_start(void) {
  static const struct {
    const char *path;
    double resolved;
  } kernels[] = {{"kernels/Q/backward", 1e-5}, {"kernels/W_in/backward", 1e-5}};
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, NESTED "solve.expert_particles=1024 solve.neuron_particles=8", &out);
  for (size_t k = 0; k < COUNT(kernels); k++) {
    const double *v = values(out.limit.summary, kernels[k].path), *se = errors(out.limit.summary, kernels[k].path);
    for (size_t m = 0; m < P; m++)
      for (size_t n = 0; n < P; n++) {
        size_t at = (m * TIMES) * P + n; /* time 0, sample m; time 0, sample n */
        check_near(kernels[k].path, v[at], 0, 4 * se[at]);
        CU_ASSERT(4 * se[at] < kernels[k].resolved);
      }
  }
  for (size_t i = 0; i < 3; i++) /* rho, r, r_slope */
    check_near(squares[i], values(out.limit.summary, squares[i])[0], 0, 4 * errors(out.limit.summary, squares[i])[0]);
  mdm_outcome_clear(&out);
}

/* Regime I: the mean over one expert's neurons is a logit's gradient, and its moments are matched expert by expert. A thousand particles
 * agree with eight thousand, and what vanishes at the start is zero to rounding. */
static void counted_experts(void) {
#define COUNTED "model.regime=I model.active_fraction=0.5 model.router_bias_std=0.3 train.steps=14 output.statistics=false output.kernels=false "
  static const char *const parameterizations[] = {"mssp", "mup"};
  for (size_t p = 0; p < COUNT(parameterizations); p++) {
    mdm_outcome few, many;
    char settings[400];
    snprintf(settings, sizeof settings, COUNTED "model.parameterization=%s solve.particles=1000 solve.replicas=32", parameterizations[p]);
    run_with(MDM_RUN_LIMIT, 0, settings, &few);
    snprintf(settings, sizeof settings, COUNTED "model.parameterization=%s solve.particles=8000 solve.replicas=16", parameterizations[p]);
    run_with(MDM_RUN_LIMIT, 0, settings, &many);
    for (size_t i = 0; i < COUNT(squares); i++) {
      deviation d = {0};
      compare(&few, &many, squares[i], p ? 3 : 0, &d); /* μP: of what the router's start leaves later, squares still scatter like 1/S */
      check_agreement(squares[i], &d);
    }
    CU_ASSERT(values(few.limit.summary, "observables/rms/rho")[0] < 1e-6);
    CU_ASSERT(values(few.limit.summary, "observables/rms/psi")[0] < 1e-6);
    mdm_outcome_clear(&few);
    mdm_outcome_clear(&many);
  }
}

/* The mean load is κ, with the automatic number of experts, whatever κ is: to rounding where κ is a fraction of small numbers, else to a
 * part in a million. */
static void active_experts_are_a_whole_number(void) {
  static const struct {
    const char *kappa;
    double value, tolerance;
  } cases[] = {{"0.05", 0.05, 1e-12}, {"0.25", 0.25, 1e-12}, {"0.3", 0.3, 1e-12}, {"0.3333333333333333", 1.0 / 3, 1e-12}, {"0.3183098861837907", 0.3183098861837907, 1e-6}};
  static const char *const regimes[] = {"II", "III"}, *const parameterizations[] = {"mup", "mssp"};
  for (size_t i = 0; i < COUNT(cases); i++)
    for (size_t r = 0; r < 4; r++) {
      mdm_outcome out;
      char settings[300];
      snprintf(settings, sizeof settings, "model.regime=%s model.parameterization=%s model.active_fraction=%s solve.particles=1111 solve.replicas=1 train.steps=0 output.kernels=false",
               regimes[r / 2], parameterizations[r % 2], cases[i].kappa);
      run_with(MDM_RUN_LIMIT, 0, settings, &out);
      check_near(settings, values(out.limit.summary, "observables/router/load_mean")[0], cases[i].value, cases[i].tolerance);
      mdm_outcome_clear(&out);
    }
}

/* Logits of single experts, in Regime III under μP nearly normal at the start, stay so: 99 % of them below 2.33 root mean squares. Where sampled
 * experts drift away from what they stand for, most of them in many small steps, the tails are the first to tell. */
static void experts_stay_together(void) {
  static const char *const cases[] = {"model.active_fraction=0.25 train.lr=0.2 train.steps=16 output.times=[16]",
                                      "model.gate=linear train.lr=0.5 train.steps=24 output.times=[24]",
                                      "train.optimizer=adam train.lr=0.1 train.steps=24 output.times=[24]",
                                      "train.optimizer=momentum train.lr=0.3 train.steps=60 output.times=[60]",
                                      "train.lr=1 train.steps=24 output.times=[24]"};
  for (size_t i = 0; i < COUNT(cases); i++) {
    char settings[400];
    mdm_outcome out;
    snprintf(settings, sizeof settings, "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 model.experts_ratio=0.5 solve.particles=4000 "
             "solve.expert_particles=1500 solve.replicas=2 output.kernels=false %s", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    const mdm_array *quantile = mdm_record_find(out.limit.summary, "statistics/psi/quantile"), *rms = mdm_record_find(out.limit.summary, "observables/rms/psi");
    double tail = quantile->value[elements(quantile) - 1] / rms->value[elements(rms) - 1];
    if (!(tail < 2.7)) printf("\n    %s: 99 %% of the logits below %.2f root mean squares\n", cases[i], tail);
    CU_ASSERT(tail > 2 && tail < 2.7);
    mdm_outcome_clear(&out);
  }
}

/* Steep gates pull twins apart, which a notice tells; what it advises has none. At the defaults they stay together. */
static void twins_apart_are_told(void) {
  static const struct {
    const char *settings;
    int lines;
  } cases[] = {{"model.gate_temperature=0.2", 1}, {"model.gate_temperature=0.2 train.optimizer=momentum train.momentum=0", -1}, {"", 0}}; /* −1: no twins */
  for (size_t i = 0; i < COUNT(cases); i++) {
    char settings[400];
    mdm_outcome out;
    int lines = 0;
    snprintf(settings, sizeof settings, "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 model.experts_ratio=0.5 solve.particles=2000 "
             "solve.replicas=2 output.kernels=false output.statistics=false train.steps=16 %s", cases[i].settings);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    const mdm_array *apart = mdm_record_find(out.limit.summary, "diagnostics/twin_difference");
    char line[MDM_DOUBT_SIZE];
    mdm_config *cfg;
    CU_ASSERT_FATAL(!mdm_config_create(&cfg, NULL));
    for (size_t next = 0; mdm_doubt(cfg, out.limit.summary, &next, line, sizeof line);) lines += strstr(line, "sampled as twins") != NULL;
    mdm_config_free(cfg);
    if (lines != (cases[i].lines > 0)) printf("\n    %s: twins differ by %.2f\n", cases[i].settings, apart ? apart->value[0] : 0);
    CU_ASSERT_EQUAL(lines, cases[i].lines > 0);
    CU_ASSERT_EQUAL(apart == NULL, cases[i].lines < 0);
    mdm_outcome_clear(&out);
  }
}

static const test_case tests[] = {
    {"a limit does not depend on the neurons in a sampled expert", neurons_of_an_expert},
    {"what vanishes at the start is zero within its error", nothing_at_the_start},
    {"counted experts: a thousand particles and eight thousand", counted_experts},
    {"active experts are a whole number", active_experts_are_a_whole_number},
    {"sampled experts stay together", experts_stay_together},
    {"twins that part are told", twins_apart_are_told},
};

SUITE("run/sampling", tests)
