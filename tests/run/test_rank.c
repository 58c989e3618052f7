/* Bounded rank: bounds that are not reached change nothing, those that are hold. */
#include <math.h>
#include <moedmft/moedmft.h>
#include <stdio.h>

#include "support/program.h"
#include "support/runs.h"
#include "support/suite.h"
#include "support/words.h"

#define FEW_STEPS "solve.particles=900 solve.replicas=1 train.steps=6 solve.precision=double solve.tolerance=0.05 output.kernels=false output.statistics=false "

enum { OUTPUTS = 7 * 4 };

/* The largest difference of predictions between two settings, and the largest prediction. */
static double difference(const char *one, const char *other, double *size) {
  mdm_outcome a, b;
  double gap = 0;
  run_with(MDM_RUN_LIMIT, 1, one, &a);
  run_with(MDM_RUN_LIMIT, 1, other, &b);
  const double *x = values(a.limit.summary, "observables/train/prediction"), *y = values(b.limit.summary, "observables/train/prediction");
  *size = 0;
  for (size_t i = 0; i < OUTPUTS; i++) {
    gap = fmax(gap, fabs(x[i] - y[i]));
    *size = fmax(*size, fabs(x[i]));
  }
  mdm_outcome_clear(&a);
  mdm_outcome_clear(&b);
  return gap;
}

/* Both sides of a matrix have columns of their own, decay and learn as one. (Where initial parts vanish, more directions are remembered, and draws are
 * others.) */
static void far_bounds_change_nothing(void) {
  static const char *const rows[] = {FEW_STEPS, FEW_STEPS "train.optimizer=momentum train.weight_decay=0.1 ", FEW_STEPS "model.regime=I train.weight_decay=0.1 ", FEW_STEPS "model.regime=III ",
                                     FEW_STEPS "model.depth=2 model.norm=rms ",
                                     FEW_STEPS "model.depth=1 model.blocks=[attention,moe] model.head_width=2 model.norm=rms data.context=2 "};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char bounded[400];
    double size;
    snprintf(bounded, sizeof bounded, "%ssolve.rank=500", rows[i]);
    double gap = difference(rows[i], bounded, &size);
    CU_ASSERT(size > 0.05);
    CU_ASSERT(gap < 1e-9 * size);
    if (!(gap < 1e-9 * size)) printf("\n    %s: differs by %g of %g\n", rows[i], gap, size);
  }
}

#define PASS "solve.particles=300 solve.replicas=1 solve.tolerance=0.02 data.train=122 train.steps=60 train.lr=0.5 output.kernels=false output.statistics=false "

static void check_bounds(const char *settings, const char *const *ranks, size_t count) {
  mdm_outcome bounded, free_of;
  char few[400];
  snprintf(few, sizeof few, "%s solve.rank=8", settings);
  run_with(MDM_RUN_LIMIT, 1, few, &bounded);
  run_with(MDM_RUN_LIMIT, 1, settings, &free_of);
  CU_ASSERT(values(free_of.limit.summary, "diagnostics/rank_gamma")[0] > 50);
  for (size_t i = 0; i < count; i++) {
    char path[64];
    snprintf(path, sizeof path, "diagnostics/rank_%s", ranks[i]);
    double rank = values(bounded.limit.summary, path)[0];
    if (!(rank <= 8 + 8 / 4 + 2)) printf("\n    %s: %g directions of %s\n", settings, rank, ranks[i]);
    CU_ASSERT(rank > 8 && rank <= 8 + 8 / 4 + 2);
  }
  CU_ASSERT(values(bounded.limit.summary, "diagnostics/orthogonality_loss")[0] < 1e-4);
  mdm_outcome_clear(&bounded);
  mdm_outcome_clear(&free_of);
}

/* Every batch is new: 60 steps of two samples, or of one sequence of two tokens, would visit 120 directions. */
static void bounds_hold(void) {
  static const char *const ranks[] = {"h", "gamma", "y", "delta", "rho"};
  check_bounds(PASS "train.batch=2", ranks, 5);
  check_bounds(PASS "train.batch=1 data.context=2 model.depth=1 model.blocks=[attention] model.head_width=2 model.input=linear model.norm=rms model.output=norm", ranks, 3);
}

/* Tolerances relative to a whole batch admit fewer directions. */
static void batches_tolerate_more(void) {
  mdm_outcome token, batch;
  run_with(MDM_RUN_LIMIT, 1, FEW_STEPS "solve.tolerance=0.2", &token);
  run_with(MDM_RUN_LIMIT, 1, FEW_STEPS "solve.tolerance=0.1 solve.tolerance_of=batch", &batch); /* √4 times 0.1 */
  CU_ASSERT_EQUAL(values(token.limit.summary, "diagnostics/rank_h")[0], values(batch.limit.summary, "diagnostics/rank_h")[0]);
  CU_ASSERT_EQUAL(values(token.limit.summary, "observables/train/loss")[6], values(batch.limit.summary, "observables/train/loss")[6]);
  mdm_outcome_clear(&token);
  mdm_outcome_clear(&batch);
}

/* What needs the weights as they were, or learns without thin factors. */
static void others_are_refused(void) {
  static const struct {
    const char *command, *words;
  } rows[] = {{"solve - -o @/a.h5 -s solve.rank=8 -s train.optimizer=adam", "solve.rank = 8|train.optimizer = adam"},
              {"solve - -o @/a.h5 -s solve.rank=8 -s output.responses=true", "solve.rank = 8|output.responses = true"},
              {"solve - -o @/a.h5 -s solve.rank=8 -s output.parts=true", "solve.rank = 8|output.parts = true"},
              {"solve - -o @/a.h5 -s solve.rank=8 -s solve.sweeps=2", "solve.rank = 8|solve.sweeps = 2"},
              {"coordcheck - -o @/a.h5 -s solve.rank=8", "solve.rank = 8|allowed: 0 for coordcheck"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    const result *r = run("%s", rows[i].command);
    CU_ASSERT_EQUAL(r->code, MDM_ERR_CONFIG);
    CU_ASSERT(mentions(r->err, rows[i].words));
  }
}

static const test_case tests[] = {
    {"bounds that are not reached change nothing", far_bounds_change_nothing},
    {"bounds hold on a single pass", bounds_hold},
    {"tolerances of a whole batch", batches_tolerate_more},
    {"what cannot forget is refused by name", others_are_refused},
};

SUITE_IN_FOLDER("run/rank", tests)
