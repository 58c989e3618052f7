/* Predicted rates at which networks approach the limit. */
#include <math.h>
#include <stdio.h>

#include "scaling/compare_predict.h"
#include "support/settings.h"
#include "support/suite.h"

static double lowest(const char *settings, const char *path) {
  mdm_rate_rules rules;
  mdm_error err = {0};
  mdm_config *cfg = configure(settings);
  CU_ASSERT_EQUAL_FATAL(mdm_rate_rules_read(cfg, &rules, &err), MDM_OK);
  mdm_config_free(cfg);
  return mdm_rate_lowest(&rules, path);
}

#define MUP "model.parameterization=mup "
#define ADAM "train.optimizer=adam "

static void rates_follow_theory(void) {
  static const struct {
    const char *settings, *path;
    double lowest;
  } rows[] = {
      {"", "observables/train/prediction", 1}, {"", "observables/rms/b", 1}, {"", "observables/rms/rho", 1}, {"", "kernels/W2/forward", 1},
      {MUP, "observables/train/prediction", 1}, {MUP, "observables/rms/a", 0.5}, {MUP, "observables/rms/b", 0.5}, {MUP, "observables/rms/gamma", 0.5},
      {MUP, "observables/rms/rho", 0.5}, {MUP, "observables/rms/r", 0.5}, {MUP, "observables/rms/r_slope", 0.5}, {MUP, "observables/rms/u", 1},
      {MUP, "observables/rms/psi", 1}, {MUP, "statistics/alignment/a", 0.5}, {"", "statistics/alignment/a", 1}, {MUP, "kernels/w_out/forward", 1},
      {MUP, "parts/W2/forward/init", 0.5}, {MUP, "parts/W1/forward/total", 1}, {"", "parts/W2/forward/init", 1},
      {"model.regime=I", "observables/rms/psi", 0.5}, {"model.regime=I", "observables/router/logit_std", 0.5},
      {"model.regime=I", "observables/router/load_std", 0.5}, {"model.regime=I", "observables/rms/rho", 0.5}, {"model.regime=I", "observables/rms/a", 1},
      {"model.regime=I", "statistics/attention/entropy/quantile", 0.5}, {"", "statistics/attention/entropy/quantile", 1},
      {"model.regime=I", "overlap/Q", 1}, {"model.regime=I " ADAM, "observables/overlap/Q", 0.5}, {"model.regime=I " ADAM, "observables/train/prediction", 1},
      {"model.regime=I", "statistics/psi/quantile", 0.5}, {"model.regime=I", "statistics/psi/histogram", NAN}, {"", "statistics/psi/histogram", 1},
      {"model.active_fraction=0.25", "statistics/load/quantile", NAN}, {"model.active_fraction=0.25", "statistics/g/quantile", 0.5},
      {"", "statistics/load/quantile", 1}, {"", "observables/test/accuracy", NAN}, {"model.regime=III", "observables/rms/rho", 0.5},
      {"model.regime=III", "observables/rms/a", 1}, {"model.regime=III " MUP, "observables/rms/a", 0.5},
      {MUP ADAM, "observables/train/prediction", 0.5}, {ADAM, "observables/train/prediction", 1}, {"train.optimizer=sign", "kernels/W1/forward", 0.5}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    double p = lowest(rows[i].settings, rows[i].path);
    int good = isnan(rows[i].lowest) ? isnan(p) : p == rows[i].lowest;
    if (!good) printf("\n    %s%s: %g instead of %g\n", rows[i].settings, rows[i].path, p, rows[i].lowest);
    CU_ASSERT(good);
  }
}

static const test_case tests[] = {
    {"predicted rates", rates_follow_theory},
};

SUITE("scaling/compare_predict", tests)
