/* Numbers whose squares leave the range of single precision. */
#include <math.h>
#include <stdio.h>

#include "support/near.h"
#include "support/refusals.h"
#include "support/runs.h"
#include "support/samples.h"

/* Three samples with targets ± 2^power: predictions of 5 steps. */
static void with_large_targets(int power, const char *settings, mdm_outcome *out) {
  static const double x[3] = {0.7, -0.4, 0.9};
  const double y[3] = {ldexp(1, power), -ldexp(1, power), ldexp(1, power)};
  char words[512];
  write_hdf5("large.h5", 3, 1, 0, x, y);
  snprintf(words, sizeof words, "data.source=hdf5 data.file=@large.h5 train.steps=5 solve.particles=400 solve.replicas=3 %s", settings);
  run_with(MDM_RUN_LIMIT, 1, words, out);
}

/* Where f is nothing beside the targets, errors are the targets, and rates that go down as they go up leave training the same up to
 * rounding; the first targets have squares. */
static void targets_without_squares(void) {
  const int power[] = {24, 64, 110};
  mdm_outcome out[3];
  const double *f[3], *kernel[3];
  for (int k = 0; k < 3; k++) {
    char rate[64];
    snprintf(rate, sizeof rate, "train.lr=%.17g output.ntk=true", ldexp(0.2, -power[k]));
    with_large_targets(power[k], rate, &out[k]);
    f[k] = values(out[k].limit.summary, "observables/train/prediction");
    kernel[k] = values(out[k].limit.summary, "kernels/W2/backward");
  }
  CU_ASSERT(fabs(f[0][5 * 3]) > 0.05); /* it trained */
  for (int k = 1; k < 3; k++) {
    for (size_t i = 0; i < 6 * 3; i++) CU_ASSERT_DOUBLE_EQUAL(f[0][i], f[k][i], 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(ldexp(kernel[k][0], 2 * (24 - power[k])) / kernel[0][0], 1, 1e-6);
  }
  for (int k = 0; k < 3; k++) mdm_outcome_clear(&out[k]);
}

/* A clipped gradient has the same norm whatever the targets: f is the same up to rounding, and up to the sign of a direction (and so of what is
 * drawn for it), which rounding decides in one solution of a hundred. */
static void clipping_without_squares(void) {
  mdm_outcome out[2];
  for (int k = 0; k < 2; k++) with_large_targets(k ? 100 : 30, "train.lr=0.5 train.clip=0.3", &out[k]);
  distance d = distance_of(out[0].limit.summary, "observables/train/prediction", out[1].limit.summary, "observables/train/prediction");
  CU_ASSERT(d.size > 0.03 && d.largest < 0.02 * d.size);
  const double *norm[2];
  for (int k = 0; k < 2; k++) norm[k] = values(out[k].limit.summary, "observables/train/gradient_norm");
  CU_ASSERT_DOUBLE_EQUAL(ldexp(norm[1][0], -70) / norm[0][0], 1, 1e-6);
  for (int k = 0; k < 2; k++) mdm_outcome_clear(&out[k]);
}

/* Where the numbers themselves do not fit, nothing has diverged: an error that says what to do. */
static void numbers_that_do_not_fit(void) {
  static const refusal list[] = {
      {"data.file=@/huge.h5", "first loss|single precision|scale|solve.precision: double"},
      {"data.file=@/large.h5 -s train.optimizer=adam", "gradients of|squares exceed single precision|solve.precision: double"},
  };
  static const double x[3] = {0.7, -0.4, 0.9}, y[3] = {1e20, -1e20, 1e20};
  keep_earlier();
  write_samples("huge.h5", 3, 2, 3, 0, 1e39, 0);
  write_hdf5("large.h5", 3, 1, 0, x, y);
  REFUSED(MDM_ERR_NUMERIC, "solve - -q --force -o @/earlier.h5 " SMALL "-s model.activation=identity -s data.source=hdf5 -s ", list);
  succeeds("solve - -q --force -o @/good.h5 " SMALL "-s model.activation=identity -s data.source=hdf5 -s data.file=@/huge.h5 -s solve.precision=double");
  succeeds("solve - -q --force -o @/good.h5 " SMALL "-s data.source=hdf5 -s data.file=@/large.h5 -s train.optimizer=adam -s solve.precision=double");
}

/* More samples than the single-precision eigensolver's own workspace allows, and many more than particles: as in double precision, up to
 * the sampling error (three standard errors, root mean squares over all samples). */
static void more_samples_than_particles(void) {
  const char *path = "observables/train/prediction";
  mdm_outcome out[2];
  for (int k = 0; k < 2; k++) {
    char settings[512];
    snprintf(settings, sizeof settings, "data.train=3000 data.dimension=1 solve.particles=200 solve.expert_particles=100 solve.replicas=4 train.steps=1 "
             "output.kernels=false solve.tolerance=0.05 train.lr=2 solve.precision=%s", k ? "double" : "single");
    run_with(MDM_RUN_LIMIT, 2, settings, &out[k]);
  }
  distance d = distance_of(out[0].limit.summary, path, out[1].limit.summary, path);
  CU_ASSERT(d.rms < 3 * d.rms_error && d.rms < 0.3 * d.size);
  for (int k = 0; k < 2; k++) mdm_outcome_clear(&out[k]);
}

static const test_case tests[] = {
    {"more samples than particles", more_samples_than_particles},
    {"targets whose squares are no floats", targets_without_squares},
    {"clipping where squares are no floats", clipping_without_squares},
    {"numbers that do not fit", numbers_that_do_not_fit},
};

SUITE_IN_FOLDER("run/units", tests)
