/* The solver reaches the accuracy that it is asked for. */
#include <math.h>

#include "support/cosine.h"
#include "support/runs.h"
#include "support/suite.h"

/* solve.accuracy adds replicas until the standard error is what was asked for, up to the noise of its estimate. */
static void accuracy_is_reached(void) {
  const double aim = 2e-3;
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "solve.particles=1500 solve.replicas=6 solve.accuracy=2e-3 output.kernels=false train.steps=12", &out);
  const double *se = errors(out.limit.summary, "observables/train/prediction");
  double sum = 0;
  for (size_t i = 0; i < 13 * P; i++) sum += se[i] * se[i] / (13 * P);
  CU_ASSERT(out.limit.runs > 6);
  CU_ASSERT(sqrt(sum) < 1.6 * aim); /* five degrees of freedom in the first estimate */
  CU_ASSERT(sqrt(sum) > 0.4 * aim);
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"solve.accuracy is reached", accuracy_is_reached},
};

SUITE("run/run", tests)
