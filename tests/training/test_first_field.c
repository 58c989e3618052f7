/* Directions that are expected of fields without a run, against those that runs find. */
#include <math.h>
#include <stdio.h>

#include "training/first_field.h"
#include "support/bench.h"
#include "support/runs.h"
#include "support/suite.h"

static double expected(const char *settings, int whole_batch) {
  bench b;
  bench_open(&b, settings);
  double found = X(first_directions)(b.problem, b.problem->tolerance, whole_batch);
  mdm_problem_free(b.problem);
  mdm_data_free(b.data);
  mdm_config_free(b.cfg);
  return found;
}

/* After a step that changes nothing: few samples bring one each, of many only some do, and of more than are looked at (768) the number is extrapolated. */
static void as_runs_find(void) {
  static const struct {
    const char *settings;
    double within; /* relative */
  } cases[] = {{"data.train=40 data.dimension=30", 0.001},
               {"data.train=200 data.dimension=8", 0.1},
               {"data.train=200 data.dimension=8 model.activation=relu", 0.1},
               {"data.train=200 data.dimension=8 solve.tolerance_of=batch solve.tolerance=0.003", 0.1},
               {"data.train=900 data.dimension=6", 0.15}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    mdm_outcome out;
    char words[300];
    snprintf(words, sizeof words, "%s solve.particles=1800 solve.replicas=1 train.steps=1 train.lr=1e-9 output.kernels=false output.statistics=false", cases[i].settings);
    run_with(MDM_RUN_LIMIT, 1, words, &out);
    double h = *values(out.limit.summary, "diagnostics/rank_h"), guess = expected(words, i == 3);
    CU_ASSERT_DOUBLE_EQUAL(guess, h, cases[i].within * h);
    if (fabs(guess - h) > cases[i].within * h) printf("\n    %s: expected %g directions, found %g\n", cases[i].settings, guess, h);
    mdm_outcome_clear(&out);
  }
}

/* Inputs that are few-dimensional leave no more directions than dimensions where the first field is linear. */
static void linear_fields(void) {
  CU_ASSERT_EQUAL(expected("data.train=60 data.dimension=5 model.depth=1 model.input=linear", 0), 5);
}

static const test_case tests[] = {
    {"as runs find", as_runs_find},
    {"linear fields", linear_fields},
};

SUITE("training/first_field", tests)
