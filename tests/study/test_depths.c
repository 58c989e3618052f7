/* Several depths, and L = infinity. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "study/depth_parts.h"
#include "study/depths.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

#define DEEP "model.depth=4 model.norm=rms model.output=norm train.steps=3 solve.particles=400 solve.replicas=4 simulate.widths=8 simulate.seeds=3 "

static mdm_record *run_depths(const char *settings) {
  mdm_config *cfg = configure(settings);
  mdm_data *data;
  mdm_record *rec = NULL;
  mdm_error err = {0};
  CU_ASSERT_FATAL(!mdm_data_load(cfg, &data, &err));
  CU_ASSERT_EQUAL_FATAL(mdm_depths_run(cfg, data, NULL, &rec, &err), MDM_OK);
  mdm_data_free(data);
  mdm_config_free(cfg);
  return rec;
}

/* With two depths the value at L = infinity is 2 f_8 - f_4, and depths below 4 do not enter; every depth is what a run at that depth is. */
static void two_depths_are_richardson(void) {
  mdm_record *rec = run_depths(DEEP "solve.depths=[8,2,4] simulate.depths=[4,8]");
  static const char *const groups[] = {"limit", "width_8"};
  for (int k = 0; k < 2; k++) {
    char path[96];
    size_t n = k ? 2 : 3;
    snprintf(path, sizeof path, "depths/%s/prediction", groups[k]);
    const mdm_array *at = mdm_record_find(rec, path);
    snprintf(path, sizeof path, "depths/%s/extrapolated/prediction", groups[k]);
    const mdm_array *infinity = mdm_record_find(rec, path);
    CU_ASSERT_FATAL(at && infinity && at->dim[0] == n && at->rank == 4);
    size_t size = infinity->dim[0] * infinity->dim[1];
    for (size_t e = 0; e < size; e++)
      check_near(path, infinity->value[e], 2 * at->value[(n - 1) * size + e] - at->value[(n - 2) * size + e], 1e-12);
    snprintf(path, sizeof path, "depths/%s/check", groups[k]);
    CU_ASSERT(isnan(values(rec, path)[0])); /* no third depth */
  }
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, DEEP "model.depth=8", &out);
  const double *f = values(out.limit.summary, "observables/train/loss"), *g = values(rec, "depths/limit/loss");
  for (int t = 0; t < 4; t++) CU_ASSERT_EQUAL(f[t], g[2 * 4 + t]);
  mdm_outcome_clear(&out);
  mdm_record_free(rec);
}

/* A third depth checks: it is consistent where 1/L rules, and a depth whose curve does not belong shows. */
static void a_third_depth_checks(void) {
  mdm_record *rec = run_depths("model.depth=4 model.norm=rms model.output=norm train.steps=3 solve.particles=1000 solve.replicas=6 solve.depths=[8,16,32]");
  const double *check = values(rec, "depths/limit/check");
  CU_ASSERT(check[0] > 0 && check[0] < 4 && check[1] >= check[0]);
  mdm_record_free(rec);
}

static void refusals(void) {
  static const struct {
    const char *settings, *words;
  } rows[] = {{"model.depth=4 simulate.depths=[8]", "simulate.depths|two"},
              {"model.depth=4 solve.depths=[1,2,4]", "1 depths from 4 on"},
              {"model.depth=4 solve.depths=[4,8,4]", "names 4 twice"},
              {"model.depth=4 model.branch_exponent=0 solve.depths=[4,8]", "initial branches add up to L^0.5"},
              {"model.depth=4 model.branch_exponent=0.25 model.norm=rms solve.depths=[4,8]", "L^0.25"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    mdm_config *cfg = configure(rows[i].settings);
    mdm_error err = {0};
    int wanted;
    char words[80], *rest = words;
    snprintf(words, sizeof words, "%s", rows[i].words);
    CU_ASSERT_EQUAL(mdm_depths_check(cfg, &wanted, &err), MDM_ERR_CONFIG);
    for (char *word; (word = strtok_r(rest, "|", &rest));) CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
    mdm_config_free(cfg);
  }
  mdm_config *cfg = configure("model.depth=4 model.branch_exponent=0 model.norm=rms model.output=norm solve.depths=[4,8]");
  int wanted = 0;
  CU_ASSERT(!mdm_depths_check(cfg, &wanted, NULL) && wanted);
  CU_ASSERT(!mdm_config_set(cfg, "model.depth=0", NULL) && !mdm_depths_check(cfg, &wanted, NULL) && !wanted);
  mdm_config_free(cfg);
}

/* A part's mean over runs and its standard error √(Σ (v − mean)²/(n (n − 1))). */
static void means_of_parts(void) {
  double mean, error;
  mdm_depth_reduce(3, (const double[3]){1, 2, 6}, &mean, &error);
  CU_ASSERT_DOUBLE_EQUAL(mean, 3, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(error, sqrt(14.0 / 6), 1e-15);
}

static const test_case tests[] = {
    {"means of parts", means_of_parts},
    {"two depths are Richardson's", two_depths_are_richardson},
    {"a third depth checks", a_third_depth_checks},
    {"refusals", refusals},
};

SUITE("study/depths", tests)
