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
              {"output.times=[0,2]", "output.times"},
              {"model.depth=4 solve.depths=[4,8] model.parameterization=ntp", "need a limit in the width"}, {"model.parameterization=custom model.custom.Q.std=wide", "model.custom.Q.std"}};
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
  for (int s = 0; s < mdm_split_count(0); s++)
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

/* Residual blocks: every block has its rows, which are those of its own parts, and the table along the depth has the powers that theory
 * predicts: of what W2 has learned, of the sum of its draws, of W1's learned part. */
static void blocks_and_depths(void) {
  const struct {
    const char *settings;
    double learned, drawn, own; /* W2 learned; h^L - h^0 as drawn; u learned */
  } cases[] = {{"", 0, -0.5, 0}, {"model.branch_exponent=0.5", -0.5, 0, -0.5}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    char settings[512];
    snprintf(settings, sizeof settings, "model.depth=2 model.norm=rms model.output=norm model.input=linear solve.particles=1500 solve.replicas=6 simulate.widths=[8,16] "
             "simulate.seeds=8 train.steps=4 output.kernels=false solve.depths=[4,8,16] %s", cases[i].settings);
    mdm_config *cfg = configure(settings);
    mdm_data *data;
    mdm_outcome out;
    mdm_error err = {0};
    int what;
    char *text;
    CU_ASSERT_FATAL(!mdm_coordcheck_prepare(cfg, &what, &err) && !mdm_data_load(cfg, &data, &err));
    CU_ASSERT_FATAL(!mdm_compare_run(cfg, data, NULL, &out, &err) && !mdm_coordcheck_fit(cfg, &out, &err));
    const mdm_array *rms = mdm_record_find(out.coordcheck, "rms"), *here = mdm_record_find(out.networks[1].summary, "parts/W1/forward/learned");
    CU_ASSERT_FATAL(rms && rms->rank == 4 && rms->dim[0] == 2 && rms->dim[1] == MDM_SPLITS && here && here->dim[0] == 2);
    for (size_t l = 0; l < 2; l++)
      CU_ASSERT_EQUAL(rms->value[((l * MDM_SPLITS + MDM_SPLIT_U) * MDM_PARTS_COUNT + MDM_PART_LEARNED) * 2 + 1], here->value[(l + 1) * here->dim[1] - 1]);
    CU_ASSERT(here->value[here->dim[1] - 1] != here->value[2 * here->dim[1] - 1]);
    const struct {
      mdm_split split;
      mdm_part_kind part;
      double p;
    } rows[] = {{MDM_SPLIT_A, MDM_PART_LEARNED, cases[i].learned}, {MDM_SPLIT_STREAM, MDM_PART_INIT, cases[i].drawn}, {MDM_SPLIT_U, MDM_PART_EFFECTIVE, cases[i].own},
                {MDM_SPLIT_STREAM, MDM_PART_LEARNED, 0}};
    for (size_t k = 0; k < COUNT(rows); k++) {
      size_t cell = (size_t)rows[k].split * MDM_PARTS_COUNT + (size_t)rows[k].part;
      CU_ASSERT_EQUAL(values(out.depths, "depths/limit/parts/predicted")[cell], rows[k].p);
      CU_ASSERT(fabs(values(out.depths, "depths/limit/parts/exponent")[cell] - rows[k].p) < 0.06 + 3 * errors(out.depths, "depths/limit/parts/exponent")[cell]);
    }
    CU_ASSERT_EQUAL(mdm_depth_parts_expect(out.depths, &err), MDM_OK);
    CU_ASSERT_FATAL(!mdm_depth_parts_format(out.depths, &text, &err));
    CU_ASSERT(strstr(text, "limit N = ∞") && strstr(text, "stream/forward") && !strstr(text, "nan"));
    free(text);
    CU_ASSERT(isfinite(values(out.depths, "depths/limit/parts/chi2")[MDM_SPLIT_A * MDM_PARTS_COUNT + MDM_PART_LEARNED]));
    const mdm_array *fits = mdm_record_find(out.coordcheck, "chi2"); /* two widths: no degree of freedom */
    CU_ASSERT_FATAL(fits && fits->rank == 3 && isnan(fits->value[MDM_SPLIT_U * MDM_PARTS_COUNT + MDM_PART_LEARNED]));
    fits->value[MDM_SPLIT_U * MDM_PARTS_COUNT + MDM_PART_LEARNED] = 9;
    CU_ASSERT_FATAL(!mdm_coordcheck_format(out.coordcheck, &text, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 of 1 powers do not describe their RMS"));
    free(text);
    ((double *)values(out.depths, "depths/limit/parts/agrees"))[3] = 0;
    CU_ASSERT_EQUAL(mdm_depth_parts_expect(out.depths, &err), MDM_ERR_EXPECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the cross part of W_in/forward goes like L^"));
    mdm_outcome_clear(&out);
    mdm_data_free(data);
    mdm_config_free(cfg);
  }
}

/* An attention block has no router, so that nothing is said about one. */
static void nothing_is_said_of_what_is_not_there(void) {
  mdm_outcome out;
  mdm_error err = {0};
  int what;
  char *text;
  check_coordinates("solve.particles=300 solve.replicas=3 simulate.widths=[16,32,64] simulate.seeds=24 train.steps=3 train.lr=0.2 output.kernels=false data.context=2 model.depth=1 "
                    "model.norm=rms model.blocks=[attention,moe] model.head_width=2", &out, &what);
  const mdm_array *agrees = mdm_record_find(out.coordcheck, "agrees");
  CU_ASSERT_FATAL(agrees && agrees->rank == 3 && agrees->dim[0] == 2);
  for (int k = 0; k < MDM_PARTS_COUNT; k++) {
    CU_ASSERT(isnan(cell(&out, "agrees", MDM_SPLIT_PSI, (mdm_part_kind)k)) && isnan(cell(&out, "agrees", MDM_SPLIT_RQ, (mdm_part_kind)k)));
    CU_ASSERT(!isnan(agrees->value[(MDM_SPLITS + MDM_SPLIT_A) * MDM_PARTS_COUNT + MDM_PART_INIT]));
  }
  CU_ASSERT_FATAL(!mdm_coordcheck_format(out.coordcheck, &text, &err));
  CU_ASSERT_PTR_NULL(strstr(text, "nan"));
  free(text);
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"nothing is said of what is not there", nothing_is_said_of_what_is_not_there},
    {"aggregates scale as promised", aggregates_scale_as_promised},
    {"broken promises are found", broken_promises_are_found},
    {"networks alone where no limit exists", networks_alone_where_no_limit_exists},
    {"two seeds have no verdict", two_seeds_have_no_verdict},
    {"blocks, and powers of the depth", blocks_and_depths},
    {"configurations that are refused", configurations_are_refused},
};

SUITE("study/coordcheck", tests)
