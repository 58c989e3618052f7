/* Comparison of networks with the limit: synthetic ensembles with known c₀, c₁, c₂; words of the verdict. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "study/compare.h"
#include "study/compare_extrapolate.h"
#include "study/distance.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

/* ---- random numbers: fixed, independent of the library's ---- */

static uint64_t state = 12345;

static double uniform(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) { return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()); }

/* ---- extrapolation ---- */

enum { K = 3, MOST_WIDTHS = 5 };

/* mean(N) = c₀ + c₁ N^−rate + c₂ N^−2rate exactly, with errors s; the limit is c₀ + shift with errors limit_s. */
static mdm_extrapolation with_limit(size_t n, double rate, double c2, double shift, double s, double limit_s) {
  static const double width[MOST_WIDTHS] = {16, 32, 64, 128, 256}, c0[K] = {1, -2, 0.5}, c1[K] = {3, 0, -8};
  double mean[MOST_WIDTHS][K], error[MOST_WIDTHS][K], limit[K], limit_error[K];
  const double *means[MOST_WIDTHS], *errors_[MOST_WIDTHS];
  for (size_t w = 0; w < n; w++) {
    for (size_t e = 0; e < K; e++) {
      double x = pow(width[w], -rate);
      mean[w][e] = c0[e] + c1[e] * x + c2 * x * x, error[w][e] = s;
    }
    means[w] = mean[w], errors_[w] = error[w];
  }
  for (size_t e = 0; e < K; e++) limit[e] = c0[e] + shift, limit_error[e] = limit_s;
  mdm_extrapolation out;
  static const double runs[MOST_WIDTHS] = {9, 9, 9, 9, 9};
  const mdm_widths w = {K, n, width, runs, means, errors_, limit, limit_error, 5};
  CU_ASSERT_EQUAL(mdm_extrapolate(&w, rate, &out, NULL), MDM_OK);
  return out;
}

static mdm_extrapolation exact(size_t n, double rate, double c2, double shift, double s) { return with_limit(n, rate, c2, shift, s, 0); }

static void extrapolates_exactly(void) {
  mdm_extrapolation x = exact(3, 1, 0, 0, 1e-3);
  CU_ASSERT(x.rms_z < 1e-8 && x.max_z < 1e-8 && x.fit_chi2 < 1e-8);
  x = exact(4, 1, 50, 0, 1e-3); /* four widths: 1/N² as well */
  CU_ASSERT(x.rms_z < 1e-6 && x.fit_chi2 < 1e-6);
  x = exact(3, 0.5, 50, 0, 1e-3); /* three, where 1/2 is predicted */
  CU_ASSERT(x.rms_z < 1e-6 && isnan(x.fit_chi2));
  x = exact(3, 1, 50, 0, 1e-3); /* a line does not describe the curve: the error grows instead of z */
  CU_ASSERT(x.fit_chi2 > 100 && x.error > 10 * exact(3, 1, 0, 0, 1e-3).error);
}

/* Two widths N, 2N and errors s: c₀ = 2 m(2N) − m(N), of error √5 s. */
static void counts_standard_errors(void) {
  const double s = 1e-3;
  mdm_extrapolation x = exact(2, 1, 0, 3 * sqrt(5) * s, s);
  CU_ASSERT_DOUBLE_EQUAL(x.rms_z, 3, 1e-6);
  CU_ASSERT_DOUBLE_EQUAL(x.max_z, 3, 1e-6);
  CU_ASSERT_DOUBLE_EQUAL(x.chi2, 9, 1e-5);
  CU_ASSERT_DOUBLE_EQUAL(x.error, sqrt(5) * s, 1e-9);
  CU_ASSERT_DOUBLE_EQUAL(x.distance, 3 * sqrt(5) * s, 1e-9);
  CU_ASSERT_DOUBLE_EQUAL(with_limit(2, 1, 0, 6 * s, s, 2 * s).rms_z, 2, 1e-6); /* √(5 + 4) s */
  CU_ASSERT(isnan(exact(1, 1, 0, 0, s).rms_z));   /* nothing to extrapolate */
  CU_ASSERT(isnan(exact(3, NAN, 0, 0, s).rms_z)); /* no rate is predicted */
  CU_ASSERT(isnan(exact(3, 1, 0, 0, 0).rms_z));   /* no noise, no standard errors */
}

/* One entry, three widths and unequal errors: intercept of a weighted straight line in 1/N, by its sums. */
static void weighs_by_errors(void) {
  const double width[3] = {16, 32, 64}, runs[3] = {5, 9, 17}, mean[3] = {1.31, 1.12, 1.09}, s[3] = {0.02, 0.05, 0.01}, limit = 1, limit_s = 0.01;
  const double *means[3] = {mean, mean + 1, mean + 2}, *errors_[3] = {s, s + 1, s + 2};
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0, chi2 = 0, part[4], freedom[4] = {4, 8, 16, 11};
  for (int i = 0; i < 3; i++) {
    double u = 1 / (s[i] * s[i]), x = 16 / width[i];
    w += u, wx += u * x, wy += u * mean[i], wxx += u * x * x, wxy += u * x * mean[i];
  }
  double det = w * wxx - wx * wx, c0 = (wxx * wy - wx * wxy) / det, c1 = (w * wxy - wx * wy) / det;
  for (int i = 0; i < 3; i++) chi2 += pow((mean[i] - c0 - c1 * 16 / width[i]) / s[i], 2);
  for (int i = 0; i < 3; i++) part[i] = fmax(1, chi2) * pow((wxx - wx * 16 / width[i]) / det / s[i], 2);
  part[3] = limit_s * limit_s;
  double variance = fmax(1, chi2) * wxx / det + limit_s * limit_s;
  mdm_extrapolation out;
  CU_ASSERT_EQUAL(mdm_extrapolate(&(mdm_widths){1, 3, width, runs, means, errors_, &limit, &limit_s, 12}, 1, &out, NULL), MDM_OK);
  CU_ASSERT_DOUBLE_EQUAL(out.fit_chi2, chi2, 1e-10);
  CU_ASSERT_DOUBLE_EQUAL(out.distance, fabs(c0 - limit), 1e-10);
  CU_ASSERT_DOUBLE_EQUAL(out.error, sqrt(variance), 1e-10);
  CU_ASSERT_DOUBLE_EQUAL(out.rms_z, fabs(c0 - limit) / sqrt(variance), 1e-10);
  CU_ASSERT_DOUBLE_EQUAL(out.freedom, mdm_freedom(4, part, freedom), 1e-10);
}

/* ---- a synthetic outcome, as mdm_run would leave it ---- */

enum { STEPS = 4, SAMPLES = 5, WIDTHS = 4, REPLICAS = 12 };
typedef struct {
  double c1, power, shift, noise; /* networks: c₀ + c₁ N^−power, noise/√N; the limit: c₀ + shift */
} truth;

static double limit_noise = 1e-4;

static mdm_record *sample(const truth *t, double N) {
  mdm_record *rec = NULL;
  const size_t dim[3] = {STEPS, SAMPLES, 1};
  double *v;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/prediction", 3, dim, "step, sample, output", "f", &v, NULL), MDM_OK);
  for (size_t e = 0; e < STEPS * SAMPLES; e++) {
    double c0 = sin(1.0 + (double)e), c1 = t->c1 * cos(2.0 * (double)e);
    v[e] = N > 0 ? c0 + c1 * pow(N, -t->power) + t->noise * normal() / sqrt(N) : c0 + t->shift + limit_noise * normal();
  }
  return rec;
}

static mdm_ensemble ensemble_of(const truth *t, long width, size_t runs) {
  mdm_ensemble e = {.width = width, .runs = runs, .each = calloc(runs, sizeof *e.each), .weights = calloc(runs, sizeof *e.weights), .ended_at = -1};
  for (size_t i = 0; i < runs; i++) e.each[i] = sample(t, (double)width);
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)e.each, runs, &e.summary, NULL), MDM_OK);
  return e;
}

/* The outcome of a comparison, with defaults changed by settings. */
static mdm_outcome compared(const truth *t, const char *setting, size_t seeds) {
  mdm_error err = {0};
  state = 12345;
  mdm_outcome o = {.limit = ensemble_of(t, 0, REPLICAS), .networks = calloc(WIDTHS, sizeof *o.networks), .widths = WIDTHS};
  for (size_t w = 0; w < WIDTHS; w++) o.networks[w] = ensemble_of(t, 16L << w, seeds);
  mdm_config *cfg = configure(setting);
  CU_ASSERT_EQUAL_FATAL(mdm_compare(cfg, &o, &err), MDM_OK);
  mdm_config_free(cfg);
  return o;
}

static double stored(const mdm_outcome *o, const char *name) {
  char path[96];
  snprintf(path, sizeof path, "comparison/each/train/prediction/%s", name);
  return values(o->comparison, path)[0];
}

static void finds_exponent_and_limit(void) {
  const truth t = {3, 1, 0, 1};
  mdm_outcome o = compared(&t, "", 400);
  CU_ASSERT(fabs(o.exponent - 1) < 4 * o.exponent_error && o.exponent_error < 0.05);
  CU_ASSERT_DOUBLE_EQUAL(stored(&o, "predicted"), 1, 0);
  double z = stored(&o, "extrapolated_rms_z"), entries = STEPS * SAMPLES;
  CU_ASSERT(fabs(z * z - 1) < 4 * sqrt(2 / entries)); /* independent noise: χ² with 20 degrees of freedom */
  CU_ASSERT(stored(&o, "extrapolated_max_z") < 4);
  CU_ASSERT(fabs(stored(&o, "fit_chi2") - 1) < 4 * sqrt(2 / entries));
  mdm_outcome_clear(&o);
}

/* ---- runs that ended early ---- */

/* Blocks × steps, as arrays of residual stacks have them: value 10 block + step, plus 100 in the limit; a little noise. */
static mdm_ensemble deep_ensemble(long width, size_t runs, size_t steps) {
  enum { BLOCKS = 2 };
  mdm_ensemble e = {.width = width, .runs = runs, .each = calloc(runs, sizeof *e.each), .weights = calloc(runs, sizeof *e.weights), .ended_at = -1};
  const size_t dim[2] = {BLOCKS, steps};
  for (size_t i = 0; i < runs; i++) {
    double *v;
    CU_ASSERT_EQUAL_FATAL(mdm_record_create(&e.each[i], NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_record_add(e.each[i], "observables/rms/h", 2, dim, "block, step", "h", &v, NULL), MDM_OK);
    for (size_t j = 0; j < BLOCKS * steps; j++) v[j] = 10 * (double)(j / steps) + (double)(j % steps) + (width ? 0 : 100) + 1e-6 * normal();
  }
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)e.each, runs, &e.summary, NULL), MDM_OK);
  return e;
}

/* Runs of other lengths are compared step by step, as far as all go, although steps are not the first dimension. */
static void compares_common_steps(void) {
  static const size_t steps[][3] = {{5, 3, 5}, {3, 5, 4}, {1, 5, 5}};
  for (size_t k = 0; k < COUNT(steps); k++) {
    mdm_error err = {0};
    mdm_outcome o = {.limit = deep_ensemble(0, 3, steps[k][0]), .networks = calloc(2, sizeof *o.networks), .widths = 2};
    o.networks[0] = deep_ensemble(8, 3, steps[k][1]);
    o.networks[1] = deep_ensemble(16, 4, steps[k][2]);
    mdm_config *cfg = configure("model.depth=2");
    CU_ASSERT_EQUAL_FATAL(mdm_compare(cfg, &o, &err), MDM_OK);
    for (size_t w = 0; w < 2; w++) CU_ASSERT_DOUBLE_EQUAL(values(o.comparison, "comparison/each/rms/h/deviation")[w], 100, 1e-4);
    CU_ASSERT_EQUAL(mdm_record_find(o.limit.summary, "observables/rms/h")->dim[1], steps[k][0]); /* the runs stay as they are */
    CU_ASSERT_EQUAL(mdm_record_find(o.networks[0].each[2], "observables/rms/h")->dim[1], steps[k][1]);
    mdm_config_free(cfg);
    mdm_outcome_clear(&o);
  }
}

/* ---- verdict ---- */

static void check_verdict(const truth *t, const char *setting, size_t seeds, const char *rate, const char *limit) {
  static const struct {
    int expect;
    int rate, limit; /* whether these words decide */
  } asked[] = {{0, 0, 0}, {MDM_EXPECT_RATE, 1, 0}, {MDM_EXPECT_LIMIT, 0, 1}, {MDM_EXPECT_RATE | MDM_EXPECT_LIMIT, 1, 1}};
  mdm_outcome o = compared(t, setting, seeds);
  char line[400], word[64];
  for (size_t i = 0; i < COUNT(asked); i++) {
    mdm_error err = {0};
    int good = (!asked[i].rate || !strcmp(rate, "holds")) && (!asked[i].limit || !strcmp(limit, "agrees"));
    CU_ASSERT_EQUAL(mdm_comparison_verdict(o.comparison, asked[i].expect, line, sizeof line, &err), good ? MDM_OK : MDM_ERR_EXPECT);
    int lacks = (asked[i].rate && !strcmp(rate, "unresolved")) || (asked[i].limit && !strcmp(limit, "unresolved"));
    CU_ASSERT_EQUAL(strstr(err.text, "simulate.seeds") != NULL, lacks); /* advice */
  }
  snprintf(word, sizeof word, "rate %s (", rate);
  CU_ASSERT_PTR_NOT_NULL(strstr(line, word));
  if (!strstr(line, word)) printf("\n    %s instead of %s\n", line, word);
  snprintf(word, sizeof word, "limit %s (", limit);
  CU_ASSERT_PTR_NOT_NULL(strstr(line, word));
  if (!strstr(line, word)) printf("\n    %s instead of %s\n", line, word);
  mdm_outcome_clear(&o);
}

/* A deviation that no power describes, as its constant part does not fall, is named with its chi-squared; one that a power describes is not. */
static void names_misfits(void) {
  const truth cases[] = {{3, 1, 0, 1}, {3, 1, 0.05, 1}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    mdm_error err = {0};
    char line[600];
    mdm_outcome o = compared(&cases[i], "", 400);
    CU_ASSERT_EQUAL(mdm_comparison_verdict(o.comparison, 0, line, sizeof line, &err), MDM_OK);
    CU_ASSERT_EQUAL(strstr(line, "no power describes the deviations, chi-squared") != NULL, i == 1);
    CU_ASSERT_EQUAL(stored(&o, "exponent_chi2") > MDM_MISFIT, i == 1);
    mdm_outcome_clear(&o);
  }
}

/* What another program made of a bound is none. */
static void bounds_in_words(void) {
  char text[80];
  const struct {
    double bound;
    const char *words;
  } list[] = {{0, "p = 1.20 +- 0.10"}, {1, "p > 1.20"}, {-1, "p < 1.20"}, {INFINITY, "p > 1.20"}, {NAN, "p = 1.20 +- 0.10"}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    mdm_power_text("p", 1.2, 0.1, list[i].bound, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, list[i].words);
  }
}

static void verdicts(void) {
  check_verdict(&(truth){3, 1, 0, 1}, "", 400, "holds", "agrees");
  check_verdict(&(truth){3, 1, 0.05, 1}, "", 400, "deviates", "deviates"); /* the wrong limit */
  check_verdict(&(truth){0.01, 1, 0, 3}, "", 8, "unresolved", "unresolved"); /* nothing but noise */
  check_verdict(&(truth){60, 2, 0, 1}, "", 400, "deviates", "agrees");     /* faster than predicted */
  check_verdict(&(truth){1, 0.5, 0, 1}, "", 400, "deviates", "deviates");  /* slower than predicted */
  check_verdict(&(truth){1, 0.5, 0, 1}, "train.optimizer=sign", 400, "holds", "agrees");
  /* A deviation that grows, where a series in N^-1/2 fits anything: its extrapolation must not speak for the limit. */
  check_verdict(&(truth){0.1, -0.3, 0, 0.3}, "train.optimizer=sign", 400, "deviates", "deviates");
  check_verdict(&(truth){1, 1, 0, 1}, "", 2, "unresolved", "unresolved"); /* two runs have no errors */
  check_verdict(&(truth){30, 1, 0, 0.1}, "", 3, "holds", "agrees");       /* three have, though rough ones */
  char line[400];
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_comparison_verdict(NULL, MDM_EXPECT_RATE, line, sizeof line, &err), MDM_ERR_EXPECT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "rate unresolved"));
}

/* The words of few runs, of growth and of bounds. */
static void words(void) {
  static const struct {
    truth t;
    const char *setting;
    size_t seeds;
    const char *text;
  } rows[] = {{{1, 1, 0, 1}, "", 2, "rate unresolved (2 networks of N = 16, an error takes 3); limit unresolved (2 networks of N = 16, an error takes 3)"},
              {{0.1, -0.3, 0, 0.3}, "train.optimizer=sign", 400, "the deviation grows with N: 0."},
              {{0.1, -0.3, 0, 0.3}, "train.optimizer=sign", 400, "p = -0.3"},
              {{1e5, 5, 0, 0.1}, "", 20, "rate deviates (deviation ~ N^-p, p > 3."}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char line[400];
    mdm_outcome o = compared(&rows[i].t, rows[i].setting, rows[i].seeds);
    mdm_comparison_verdict(o.comparison, 0, line, sizeof line, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, rows[i].text));
    if (!strstr(line, rows[i].text)) printf("\n    %s\n", line);
    mdm_outcome_clear(&o);
  }
}

/* Deviations are roots of squared distances, with the error that goes with a root; within the noise its error is the root of theirs. */
static void errors_of_roots(void) {
  size_t clear[2] = {0, 0};
  mdm_outcome o = compared(&(truth){3, 1, 0, 3}, "", 40);
  const double *deviation = values(o.comparison, "comparison/each/train/prediction/deviation"), *error = errors(o.comparison, "comparison/each/train/prediction/deviation");
  for (size_t w = 0; w < WIDTHS; w++) {
    const double *x[40], *y[REPLICAS];
    mdm_separation s;
    for (size_t i = 0; i < 40; i++) x[i] = values(o.networks[w].each[i], "observables/train/prediction");
    for (size_t i = 0; i < REPLICAS; i++) y[i] = values(o.limit.each[i], "observables/train/prediction");
    CU_ASSERT_EQUAL(mdm_distance(STEPS * SAMPLES, 40, x, REPLICAS, y, &s, NULL), MDM_OK);
    int known = s.d2 > s.d2_error;
    CU_ASSERT_DOUBLE_EQUAL(deviation[w], sqrt(fmax(0, s.d2)), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(error[w], known ? 0.5 * s.d2_error / sqrt(s.d2) : sqrt(s.d2_error), 1e-12);
    clear[known]++;
  }
  CU_ASSERT(clear[0] > 0 && clear[1] > 0);
  mdm_outcome_clear(&o);
}

/* Differences at the rounding of single precision are none: a constant has no rate. */
static void constants_have_no_exponent(void) {
  limit_noise = 1e-9;
  mdm_outcome o = compared(&(truth){1e-6, 1, 0, 1e-8}, "", 20);
  CU_ASSERT(isnan(o.exponent) && isnan(o.exponent_error) && !o.exponent_bound);
  mdm_outcome_clear(&o);
  o = compared(&(truth){1e-3, 1, 0, 1e-8}, "", 20); /* small, but no rounding */
  CU_ASSERT_DOUBLE_EQUAL(o.exponent, 1, 1e-2);
  mdm_outcome_clear(&o);
  limit_noise = 1e-4;
}

static const test_case tests[] = {
    {"runs that ended early are compared up to there", compares_common_steps},
    {"series in 1/N are extrapolated exactly", extrapolates_exactly},
    {"distances count standard errors", counts_standard_errors},
    {"synthetic networks: exponent and limit", finds_exponent_and_limit},
    {"a power that does not fit is named", names_misfits},
    {"errors of roots", errors_of_roots},
    {"verdicts", verdicts},
    {"bounds in words", bounds_in_words},
    {"extrapolations weigh widths by their errors", weighs_by_errors},
    {"words of verdicts", words},
    {"constants have no exponent", constants_have_no_exponent},
};

SUITE("study/compare", tests)
