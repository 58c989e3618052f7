/* Errors of numbers that count: fractions on which all runs agree, and kernels between tokens that no expert serves both. By hand, and of networks. */
#include <math.h>
#include <string.h>

#include "base/record.h"
#include "run/counted.h"
#include "support/arrays.h"
#include "support/runs.h"
#include "support/suite.h"

enum { RUNS = 3 };

static void add(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const double *v) {
  double *to;
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, path, rank, dim, dims, "", &to, NULL), MDM_OK);
  memcpy(to, v, mdm_elements(rank, dim) * sizeof *v);
}

/* Run r of three: 4 samples of one output at 4 steps, 3 tokens of kernels at one time. load: K/M. Classes are sure at all steps but 1 (for the first sample) and 3. */
static mdm_record *run_of(int r, double load) {
  static const size_t prediction[3] = {4, 4, 1}, test[3] = {2, 2, 3}, steps = 4, tests = 2, load_dim[2] = {1, 2}, bins[2] = {1, 3}, kernel[4] = {1, 3, 1, 3};
  const double f[16] = {0, 0, 0, 0, r, 1, 2, 3, 1 + 0.05 * r, 1, -2 - 0.1 * r, 3, -1 - 0.3 * r, 1, 2, 3}, accuracy[4] = {0.5, 1, 1, 1}, load_mean[4] = {load, load, load, load},
               of_test[12] = {1, 2, 3, 3 + 0.05 * r, 2, 1, 1, 2, 3, 3, 2 + r, 1}, right[2] = {1, 1}, quantile[2] = {0.25, r == 2 ? 0.5 : 0.25};
  const double histogram[3] = {0, r == 1 ? 0.9375 : 0.875, r == 1 ? 0.0625 : 0.125}; /* 16 logits */
  /* tokens 0 and 1 share an expert in run 1 alone, 0 and 2 in none, 1 and 2 in all; no gradient reaches token 2 in `still` */
  const double Q[9] = {1 + r, r == 1, 0, r == 1, 2, 3 + r, 0, 3 + r, 4}, still[9] = {1, r == 1, 0, r == 1, 2, 0, 0, 0, 0};
  mdm_record *rec;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  add(rec, "observables/train/prediction", 3, prediction, "step, sample, output", f);
  add(rec, "observables/train/accuracy", 1, &steps, "step", accuracy);
  add(rec, "observables/test/prediction", 3, test, "test step, sample, output", of_test);
  add(rec, "observables/test/accuracy", 1, &tests, "test step", right);
  add(rec, "observables/router/load_mean", 1, &steps, "step", load_mean);
  add(rec, "statistics/load/quantile", 2, load_dim, "time, probability", quantile);
  add(rec, "statistics/psi/histogram", 2, bins, "time, bin", histogram);
  add(rec, "kernels/Q/backward", 4, kernel, "time, sample, time, sample", Q);
  add(rec, "kernels/W1/backward", 4, kernel, "time, sample, time, sample", still);
  add(rec, "kernels/Q/forward", 4, kernel, "time, sample, time, sample", Q);
  return rec;
}

/* The summary of three runs, before and after. */
static void summaries(double load, int networks, mdm_record **before, mdm_record **after) {
  mdm_record *each[RUNS];
  for (int r = 0; r < RUNS; r++) each[r] = run_of(r, load);
  const mdm_record *const *runs = (const mdm_record *const *)each;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce(runs, RUNS, before, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce(runs, RUNS, after, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_counted_errors(runs, RUNS, networks, *after, NULL), MDM_OK);
  for (int r = 0; r < RUNS; r++) mdm_record_free(each[r]);
}

/* With one run more that differs by one count: c/√(n(n−1)) where all agree, and in squares beside their spread where they do not. */
static void one_run_more_differs_by_one_count(void) {
  mdm_record *before, *after;
  summaries(0.25, 1, &before, &after);
  const double *accuracy = errors(after, "observables/train/accuracy"), *test = errors(after, "observables/test/accuracy"), *load = errors(after, "statistics/load/quantile"), *bins = errors(after, "statistics/psi/histogram");
  double spread = errors(before, "statistics/load/quantile")[1], of_bins = errors(before, "statistics/psi/histogram")[1];
  CU_ASSERT_EQUAL(accuracy[0], 0); /* predictions are 0 in all runs: nothing is counted */
  CU_ASSERT_DOUBLE_EQUAL(accuracy[1], 0.25 / sqrt(6), 1e-15);
  CU_ASSERT_EQUAL(accuracy[2], 0); /* 1.05 ± 0.05 and 2.1 ± 0.1, of three runs: 21 standard deviations; three of a normal distribution are 19 of Student's t */
  CU_ASSERT_DOUBLE_EQUAL(accuracy[3], 0.25 / sqrt(6), 1e-15);
  CU_ASSERT_EQUAL(test[0], 0); /* of three outputs the largest is so by 1, and in the second sample by 1.05 ± 0.05 */
  CU_ASSERT_DOUBLE_EQUAL(test[1], 0.5 / sqrt(6), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(load[0], 0.25 / sqrt(6), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(load[1], hypot(spread, 0.25 / sqrt(6)), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(bins[0], 0.0625 / sqrt(6), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(bins[1], hypot(of_bins, 0.0625 / sqrt(6)), 1e-15);
  mdm_record_free(before);
  mdm_record_free(after);
}

/* Kernels of what experts make, between tokens that fewer than three networks serve by one: unknown. */
static void zeros_of_few_experts_are_unknown(void) {
  static const int unknown[9] = {0, 1, 1, 1, 0, 0, 1, 0, 0}, of_still[9] = {0, 1, 0, 1, 0, 0, 0, 0, 0};
  mdm_record *before, *after;
  summaries(0.25, 1, &before, &after);
  for (int i = 0; i < 9; i++) {
    double Q = errors(after, "kernels/Q/backward")[i], still = errors(after, "kernels/W1/backward")[i];
    CU_ASSERT_EQUAL(!!isnan(Q), unknown[i]);
    CU_ASSERT_EQUAL(!!isnan(still), of_still[i]); /* a field that vanishes is known to */
    if (!unknown[i]) CU_ASSERT_EQUAL(Q, errors(before, "kernels/Q/backward")[i]);
    CU_ASSERT_EQUAL(errors(after, "kernels/Q/forward")[i], errors(before, "kernels/Q/forward")[i]);
    CU_ASSERT_EQUAL(values(after, "kernels/Q/backward")[i], values(before, "kernels/Q/backward")[i]);
  }
  mdm_record_free(before);
  mdm_record_free(after);
}

/* Soft loads are no fractions of samples, and kernels of the limit those of a population of experts. */
static void others_stay(void) {
  mdm_record *before, *after;
  summaries(1, 1, &before, &after);
  CU_ASSERT_EQUAL(errors(after, "statistics/load/quantile")[0], 0);
  CU_ASSERT_EQUAL(errors(after, "kernels/Q/backward")[1], errors(before, "kernels/Q/backward")[1]);
  mdm_record_free(before);
  mdm_record_free(after);
  summaries(0.25, 0, &before, &after);
  CU_ASSERT(errors(after, "statistics/load/quantile")[0] > 0);
  CU_ASSERT_EQUAL(errors(after, "kernels/Q/backward")[1], errors(before, "kernels/Q/backward")[1]);
  mdm_record_free(before);
  mdm_record_free(after);
}

/* The errors of a run are these: no load of the smallest networks is certain, and where all of them leave two tokens without a common expert, their kernel is not known. */
static void networks_have_them(void) {
  mdm_outcome out;
  run_with(MDM_RUN_NETWORKS, 0, "model.active_fraction=0.25 simulate.widths=12 simulate.seeds=4 train.steps=1", &out);
  const mdm_record *summary = out.networks[0].summary;
  const mdm_array *load = mdm_record_find(summary, "statistics/load/quantile"), *Q = mdm_record_find(summary, "kernels/Q/backward");
  size_t P = mdm_record_find(summary, "observables/train/prediction")->dim[1], unknown = 0, known = 0;
  for (size_t i = 0; i < elements(load); i++) { /* 12 experts do not have the outer quantiles */
    CU_ASSERT(isnan(load->value[i]) || load->error[i] >= 1 / (double)P / sqrt(12) - 1e-15);
    known += !isnan(load->value[i]);
  }
  CU_ASSERT(known >= elements(load) / 2);
  for (size_t i = 0; i < elements(Q); i++) {
    CU_ASSERT(Q->value[i] != 0 || isnan(Q->error[i]));
    unknown += isnan(Q->error[i]) != 0;
  }
  CU_ASSERT(unknown > 0 && unknown < elements(Q));
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"one run more differs by one count", one_run_more_differs_by_one_count},
    {"zeros of few experts are unknown", zeros_of_few_experts_are_unknown},
    {"others stay", others_stay},
    {"networks have them", networks_have_them},
};

SUITE("run/counted", tests)
