/* The tangent kernel against the change of f in one small step. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "training/tangent.h"
#include "support/bench.h"
#include "support/cosine.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

/* −η K e against the change of f in one step. Returns the largest difference, relative to the largest change. */
static double step_error(const mdm_record *r, double eta) {
  const double *f = values(r, "observables/train/prediction"), *K = values(r, "statistics/ntk/total");
  const char *const tensors[5] = {"W_in", "Q", "W1", "W2", "w_out"};
  double worst = 0, largest = 0, sum[P * P] = {0};
  for (size_t m = 0; m < P; m++) {
    double change = 0;
    for (size_t n = 0; n < P; n++) change -= eta * K[m * P + n] * (f[n] - cosine_target[n]) / P;
    worst = fmax(worst, fabs(f[P + m] - f[m] - change));
    largest = fmax(largest, fabs(change));
  }
  for (int t = 0; t < 5; t++) {
    char path[64];
    snprintf(path, sizeof path, "statistics/ntk/%s", tensors[t]);
    for (int i = 0; i < P * P; i++) sum[i] += values(r, path)[i];
  }
  for (int i = 0; i < P * P; i++) CU_ASSERT_DOUBLE_EQUAL(sum[i], K[i], 1e-12);
  return worst / largest;
}

/* Exact for each network. In the limit the kernel is measured with draws of its own, which agree with those of training up to
 * the sampling error of the replicas. */
static void tangent_kernel_predicts_a_small_step(void) {
  const struct {
    const char *settings;
    int limit; /* 0: in the limit's first step, sampling noise hides the change by a tiny rate */
  } cases[] = {{"model.regime=II", 1},
               {"model.regime=II model.parameterization=mup model.active_fraction=0.5", 0},
               {"model.regime=II model.gate=softmax train.lr_multiplier.router=3 train.lr_multiplier.input=0.5 train.lr_multiplier.expert_in=2 "
                "train.lr_multiplier.readout=0.3", 1},
               {"model.regime=II model.init.input=0.5", 1},
               {"model.regime=I model.parameterization=mup", 1},
               {"model.regime=III", 1},
               {"model.regime=III model.parameterization=mup model.expert_width_ratio=0.5", 0}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    char settings[512];
    mdm_outcome out;
    snprintf(settings, sizeof settings, "%s output.ntk=true output.times=[0] train.steps=1 train.lr=1e-5 simulate.widths=10 simulate.seeds=2 solve.particles=4000 "
             "solve.replicas=8 solve.precision=double", cases[k].settings);
    int limit = cases[k].limit;
    run_with(limit ? MDM_RUN_LIMIT | MDM_RUN_NETWORKS : MDM_RUN_NETWORKS, 0, settings, &out);
    for (size_t s = 0; s < 2; s++) CU_ASSERT(step_error(out.networks[0].each[s], 1e-5) < 1e-3);
    if (limit) CU_ASSERT(step_error(out.limit.summary, 1e-5) < 0.02);
    mdm_outcome_clear(&out);
  }
}

/* Three outputs; the forward pass is done. */
static void three_open(bench *s) {
  mdm_error err = {0};
  s->cfg = configure("data.source=idx data.file=data/fashion/train-images-idx3-ubyte.gz data.labels=data/fashion/train-labels-idx1-ubyte.gz "
                     "data.classes=[2,4,6] data.train=4 output.ntk=true output.times=[0]");
  CU_ASSERT_FATAL(!mdm_data_load(s->cfg, &s->data, &err) && !mdm_problem_create(s->cfg, s->data, &s->problem, &err));
  bench_network(s, 8);
  CU_ASSERT_FATAL(!X(moe_forward)(s->program, MDM_TRAIN, P, s->x, &err));
}

/* An error of one output on one sample, a tiny step, a network drawn afresh each time. The mean over outputs of what each does to
 * itself is the stored kernel. */
static void tangent_kernel_of_three_outputs(void) {
  enum { C = 3 };
  const double eta = 1e-6;
  double moved[P * P] = {0};
  mdm_error err = {0};
  bench s;
  for (size_t c = 0; c < C; c++)
    for (size_t n = 0; n < P; n++) {
      real e[C * P] = {0}, f[C * P];
      three_open(&s);
      const mdm_step step = {&s.problem->optimizer, eta, 1, 0};
      e[c + C * n] = 1;
      memcpy(f, X(moe_prediction)(s.program, MDM_TRAIN), sizeof f);
      CU_ASSERT_FATAL(!X(moe_backward)(s.program, e, 1, NULL, &err) && !X(moe_step)(s.program, &step, s.x, e, &err));
      CU_ASSERT_FATAL(!X(moe_forward)(s.program, MDM_TRAIN, P, s.x, &err));
      for (size_t m = 0; m < P; m++) moved[m * P + n] -= (X(moe_prediction)(s.program, MDM_TRAIN)[c + C * m] - f[c + C * m]) / eta / C;
      bench_close(&s);
    }
  X(tangent) *tangent = NULL;
  mdm_record *rec;
  three_open(&s);
  CU_ASSERT_FATAL(!mdm_record_create(&rec, &err) && !X(tangent_create)(s.problem, s.R, rec, &tangent, &err));
  CU_ASSERT_FATAL(!X(tangent_step)(tangent, s.program, 0, &err));
  const double *K = values(rec, "statistics/ntk/total");
  for (int i = 0; i < P * P; i++) CU_ASSERT(fabs(K[i] - moved[i]) < 1e-4 * fabs(K[0]));
  X(tangent_free)(tangent);
  mdm_record_free(rec);
  bench_close(&s);
}

static const test_case tests[] = {
    {"tangent kernel predicts a small step", tangent_kernel_predicts_a_small_step},
    {"tangent kernel of three outputs", tangent_kernel_of_three_outputs},
};

SUITE("training/tangent", tests)
