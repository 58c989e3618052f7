/* Large tolerances and small samples: what they cost, and that it is said. */
#include <math.h>
#include <stdio.h>

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

/* Neurons that tied experts share outnumber the samples of a run, up to a quarter of the stream particles; never fewer than 300. */
static void shared_neurons_by_samples(void) {
  static const struct {
    const char *settings;
    double shared;
  } rows[] = {{"solve.particles=4000 data.train=400 train.batch=20 train.steps=19", 800},
              {"solve.particles=4000 data.train=400 train.batch=20 train.steps=13", 560},
              {"solve.particles=4000 data.train=280 train.batch=20 train.steps=19", 560},
              {"solve.particles=2000 data.train=4 train.steps=1", 300},
              {"solve.particles=1600 data.train=800 train.batch=20 train.steps=39", 400}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char settings[300];
    mdm_outcome out;
    snprintf(settings, sizeof settings, "model.regime=III train.lr=0 output.kernels=false output.statistics=false solve.replicas=1 solve.tolerance=0.5 %s", rows[i].settings);
    run_with(MDM_RUN_LIMIT, 2, settings, &out);
    CU_ASSERT_EQUAL(values(out.limit.summary, "diagnostics/particles_shared")[0], rows[i].shared);
    mdm_outcome_clear(&out);
  }
}

/* Directions that fill a sample are mentioned, by the option that gives more. */
static void full_samples_are_said(void) {
#define TIED "-s model.regime=III -s solve.particles=400 -s solve.replicas=1 -s train.steps=8 "
  const result *r = run("solve - -o @/full.h5 " TIED "-s solve.neuron_particles=16");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && mentions(r->err, "y visited 16 directions|experts share (16)|raise solve.neuron_particles"));
  CU_ASSERT(mentions(r->err, "full.h5 is written, but the 16 directions of y fill its 16 neurons|no limit|solve.rank"));
  CU_ASSERT_EQUAL(run("solve - -o @/full.h5 " TIED "-s solve.neuron_particles=16")->code, MDM_ERR_NUMERIC); /* the file is complete: it is asked */
  r = run("solve - -o @/free.h5 " TIED "-s solve.neuron_particles=40");
  CU_ASSERT(r->code == 0 && !mentions(r->err, "directions"));
}

static const test_case tests[] = {
    {"bias by tolerance", bias_by_tolerance},
    {"the bias is not larger than what is said", bias_is_bounded},
    {"it is said", it_is_said},
    {"shared neurons by samples", shared_neurons_by_samples},
    {"full samples are said", full_samples_are_said},
};

SUITE_IN_FOLDER("run/tolerance", tests)
