/* The refined coordinate check as a study: exponents, promises and verdicts; configurations that are refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scaling/parts.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

/* Runs the whole check; the outcome holds it. */
static void check_coordinates(const char *settings, mdm_outcome *out, int *what) {
  mdm_config *cfg = configure(settings);
  mdm_data *data;
  mdm_error err = {0};
  CU_ASSERT_FATAL(!mdm_coordcheck_prepare(cfg, what, &err));
  CU_ASSERT_FATAL(!mdm_data_load(cfg, &data, &err));
  CU_ASSERT_FATAL(!mdm_run(cfg, data, *what, NULL, out, &err));
  CU_ASSERT_FATAL(!mdm_coordcheck_fit(cfg, out, &err));
  CU_ASSERT_PTR_NOT_NULL_FATAL(out->coordcheck);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static double cell(const mdm_outcome *o, const char *path, mdm_split s, mdm_part_kind k) { return values(o->coordcheck, path)[s * MDM_PARTS_COUNT + k]; }

#define CHECK "solve.particles=2000 solve.replicas=3 simulate.widths=[16,32,64] simulate.seeds=24 train.steps=5 output.kernels=false "

static void check_aggregate(const char *settings, double exponent, double balanced) {
  mdm_outcome out;
  mdm_error err = {0};
  int what;
  char *text;
  check_coordinates(settings, &out, &what);
  CU_ASSERT_EQUAL(what, MDM_RUN_LIMIT | MDM_RUN_NETWORKS);
  CU_ASSERT(cell(&out, "predicted", MDM_SPLIT_A, MDM_PART_INIT) == exponent);
  CU_ASSERT(fabs(cell(&out, "exponent", MDM_SPLIT_A, MDM_PART_INIT) - exponent) < 0.1);
  CU_ASSERT(values(out.coordcheck, "promised")[MDM_BALANCED] == balanced && values(out.coordcheck, "kept")[MDM_BALANCED] == balanced);
  for (int d = 0; d < MDM_PROPAGATING; d++) CU_ASSERT(values(out.coordcheck, "promised")[d] == 1 && values(out.coordcheck, "kept")[d] == 1);
  int met = mdm_coordcheck_expect(out.coordcheck, &err);
  if (met) printf("\n    %s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL(met, MDM_OK);
  CU_ASSERT_FATAL(!mdm_coordcheck_format(out.coordcheck, &text, &err));
  CU_ASSERT(strstr(text, "W2/forward") && strstr(text, "balanced aggregation") && !strstr(text, "nan"));
  free(text);
  mdm_outcome_clear(&out);
}

static void aggregates_scale_as_promised(void) {
  check_aggregate(CHECK "model.regime=II model.parameterization=mup", -0.5, 0);
  check_aggregate(CHECK "model.regime=II model.parameterization=mssp", 0, 1);
  check_aggregate(CHECK "model.regime=III model.parameterization=mup", -0.5, 0);
  check_aggregate(CHECK "model.regime=III model.parameterization=mssp", 0, 1);
}

/* μP of Regime II with a readout that starts at zero: v learns from a, which vanishes, so that nothing moves. */
static void broken_promises_are_found(void) {
  mdm_outcome out;
  mdm_error err = {0};
  int what;
  check_coordinates(CHECK "model.parameterization=mup model.readout_std=0", &out, &what);
  CU_ASSERT(values(out.coordcheck, "promised")[MDM_EFFECTIVE] == 1 && values(out.coordcheck, "kept")[MDM_EFFECTIVE] == 0);
  CU_ASSERT_EQUAL(mdm_coordcheck_expect(out.coordcheck, &err), MDM_ERR_EXPECT);
  CU_ASSERT(strstr(err.text, "promises") != NULL);
  mdm_outcome_clear(&out);
}

static void networks_alone_where_no_limit_exists(void) {
  mdm_outcome out;
  int what;
  check_coordinates(CHECK "model.parameterization=ntp", &out, &what);
  CU_ASSERT_EQUAL(what, MDM_RUN_NETWORKS);
  CU_ASSERT(isnan(cell(&out, "limit", MDM_SPLIT_A, MDM_PART_INIT)));
  CU_ASSERT(fabs(cell(&out, "exponent", MDM_SPLIT_U, MDM_PART_EFFECTIVE) + 1) < 0.15); /* lazy: classify says n^-1 */
  CU_ASSERT(values(out.coordcheck, "kept")[MDM_EFFECTIVE] == 0 && values(out.coordcheck, "promised")[MDM_EFFECTIVE] == 0);
  CU_ASSERT(isnan(cell(&out, "predicted", MDM_SPLIT_U, MDM_PART_CROSS)));
  mdm_outcome_clear(&out);
}

static void configurations_are_refused(void) {
  static const struct {
    const char *settings, *word;
  } list[] = {{"simulate.widths=[16]", "simulate.widths"}, {"simulate.seeds=1", "simulate.seeds"}, {"train.steps=2", "at least 3"},
              {"output.times=[0,2]", "output.times"}, {"model.parameterization=custom model.custom.Q.std=wide", "model.custom.Q.std"}};
  for (size_t i = 0; i < COUNT(list); i++) {
    mdm_config *cfg = configure(list[i].settings);
    mdm_error err = {0};
    int what;
    CU_ASSERT_EQUAL(mdm_coordcheck_prepare(cfg, &what, &err), MDM_ERR_CONFIG);
    CU_ASSERT(strstr(err.text, list[i].word) != NULL);
    mdm_config_free(cfg);
  }
}

/* Two networks of a width show parts and powers, but no verdict: an error of one degree of freedom would agree with anything. */
static void two_seeds_have_no_verdict(void) {
  mdm_outcome out;
  mdm_error err = {0};
  int what;
  char *text;
  check_coordinates("solve.particles=1000 solve.replicas=2 simulate.widths=[8,16] simulate.seeds=[4,2] train.steps=3 output.kernels=false", &out, &what);
  for (int s = 0; s < MDM_SPLITS; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++) {
      int absent = isnan(cell(&out, "exponent", (mdm_split)s, (mdm_part_kind)k));
      CU_ASSERT(absent || isnan(cell(&out, "agrees", (mdm_split)s, (mdm_part_kind)k)));
    }
  for (int d = 0; d <= MDM_BALANCED; d++) CU_ASSERT(isnan(values(out.coordcheck, "kept")[d]));
  CU_ASSERT_EQUAL(mdm_coordcheck_expect(out.coordcheck, &err), MDM_ERR_EXPECT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "unresolved: a width has 2 networks"));
  CU_ASSERT_FATAL(!mdm_coordcheck_format(out.coordcheck, &text, &err));
  CU_ASSERT(strstr(text, "no verdicts: a width has 2 networks") && !strstr(text, "agrees") && !strstr(text, "nears") && !strstr(text, "DEVIATES"));
  free(text);
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"aggregates scale as promised", aggregates_scale_as_promised},
    {"broken promises are found", broken_promises_are_found},
    {"networks alone where no limit exists", networks_alone_where_no_limit_exists},
    {"two seeds have no verdict", two_seeds_have_no_verdict},
    {"configurations that are refused", configurations_are_refused},
};

SUITE("study/coordcheck", tests)
