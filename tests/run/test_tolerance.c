/* Large tolerances: what they cost, and that it is said. */
#include <math.h>

#include "support/near.h"
#include "support/program.h"
#include "support/results.h"
#include "support/runs.h"
#include "support/suite.h"
#include "support/words.h"

static void bias_by_tolerance(void) {
  CU_ASSERT_EQUAL(mdm_tolerance_bias(0.01), 0);
  CU_ASSERT_EQUAL(mdm_tolerance_bias(0.1), 0);
  CU_ASSERT_DOUBLE_EQUAL(mdm_tolerance_bias(0.25), (0.022 + 0.045) / 2, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(mdm_tolerance_bias(1), 0.37, 1e-12);
  for (double t = 0.11; t < 1; t += 0.01) CU_ASSERT(mdm_tolerance_bias(t + 0.01) > mdm_tolerance_bias(t));
}

/* The built-in problem: there is a bias that stands out of the noise, and it is not larger than what is said. */
static void bias_is_bounded(void) {
  const char *path = "observables/train/prediction";
  mdm_outcome out[2];
  for (int k = 0; k < 2; k++)
    run_with(MDM_RUN_LIMIT, 2, k ? "solve.particles=2000 solve.replicas=6 output.kernels=false solve.tolerance=1"
                                 : "solve.particles=2000 solve.replicas=6 output.kernels=false", &out[k]);
  distance d = distance_of(out[0].limit.summary, path, out[1].limit.summary, path);
  CU_ASSERT(d.rms > 5 * d.rms_error);
  CU_ASSERT(d.rms < mdm_tolerance_bias(1) * d.size);
  for (int k = 0; k < 2; k++) mdm_outcome_clear(&out[k]);
}

/* The program says so, once; the file holds it. */
static void it_is_said(void) {
  const result *r = run("solve - -o @/large.h5 " SMALL "-s solve.tolerance=0.3");
  CU_ASSERT(r->code == 0 && mentions(r->err, "solve.tolerance = 0.3|4.5 %|0.1"));
  CU_ASSERT_DOUBLE_EQUAL(attribute("large.h5", "/", "tolerance_bias"), 0.045, 1e-12);
  r = run("sweep - -o @/sweep.h5 " SMALL "-s solve.tolerance=0.3 --over train.lr=0.1,0.2");
  CU_ASSERT(r->code == 0 && mentions(r->err, "solve.tolerance = 0.3|4.5 %"));
  CU_ASSERT_DOUBLE_EQUAL(attribute("sweep.h5", "/", "tolerance_bias"), 0.045, 1e-12);
  r = run("solve - -o @/small.h5 " SMALL "-s solve.tolerance=0.1");
  CU_ASSERT(r->code == 0 && !mentions(r->err, "solve.tolerance"));
  CU_ASSERT(isnan(attribute("small.h5", "/", "tolerance_bias")));
  r = run("simulate - -o @/networks.h5 " SMALL "-s solve.tolerance=0.3");
  CU_ASSERT(r->code == 0 && !mentions(r->err, "solve.tolerance"));
  CU_ASSERT(isnan(attribute("networks.h5", "/", "tolerance_bias")));
}

static const test_case tests[] = {
    {"bias by tolerance", bias_by_tolerance},
    {"the bias is not larger than what is said", bias_is_bounded},
    {"it is said", it_is_said},
};

SUITE_IN_FOLDER("run/tolerance", tests)
