/* Results of sweeps: best values, drifts and monotonicity against numbers known beforehand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/runs.h"
#include "support/suite.h"
#include "support/sweeps.h"

/* ---- best values ---- */

enum { VALUES = 7, RUNS = 64 };

/* Losses 0.2 exp(2 (x − at_r)²) on ln-spaced values; at_r spread over runs around `at` with standard deviation `width`.
 */
static void bowl(double at, double width, double *x, double *y) {
  for (int i = 0; i < VALUES; i++) {
    x[i] = -1.5 + 0.5 * i;
    for (int r = 0; r < RUNS; r++) {
      double d = x[i] - at - width * (r % 2 ? 1 : -1);
      y[i * RUNS + r] = 0.2 * exp(2 * d * d);
    }
  }
}

static mdm_best best_of(const double *x, size_t runs, const double *y, const double *ceiling) {
  mdm_best b;
  CU_ASSERT_EQUAL(mdm_best_value(VALUES, x, runs, y, ceiling, 1, 0, &b, NULL), MDM_OK);
  return b;
}

/* The parabola of the logarithms is exact; the one of the losses adds its distance to the error. */
static void test_best_inside(void) {
  double x[VALUES], y[VALUES * RUNS];
  bowl(0.1, 0, x, y);
  mdm_best b = best_of(x, RUNS, y, NULL);
  CU_ASSERT_EQUAL(b.kind, MDM_BEST_INSIDE);
  CU_ASSERT_EQUAL(b.position, 3);
  CU_ASSERT_DOUBLE_EQUAL(b.x, 0.1, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(b.loss, 0.2, 1e-12);
  CU_ASSERT(b.x_error > 0 && b.x_error < 0.05);
  double systematic = b.x_error;
  /* Runs that differ: the mean loss is that of 0.2 exp(2 d²) cosh(4 w d) exp(2 w²), whose minimum stays at 0.1. */
  bowl(0.1, 0.2, x, y);
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT_DOUBLE_EQUAL(b.x, 0.1, 0.02);
  double statistical = sqrt(b.x_error * b.x_error - systematic * systematic);
  CU_ASSERT_DOUBLE_EQUAL(statistical, 0.2 / sqrt(RUNS - 1.0), 0.4 * 0.2 / sqrt(RUNS)); /* spread of a mean of ±0.2 */
  for (int i = 0; i < VALUES; i++) y[i] = y[i * RUNS];
  b = best_of(x, 1, y, NULL); /* one run */
  CU_ASSERT_EQUAL(b.kind, MDM_BEST_INSIDE);
  CU_ASSERT(isnan(b.x_error) && isnan(b.loss_error));
}

static void test_best_at_edges(void) {
  double x[VALUES], y[VALUES * RUNS], ceiling[VALUES];
  bowl(-3, 0.1, x, y);
  mdm_best b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_LOWER && b.x == x[0] && isnan(b.x_error) && b.loss_error > 0);
  bowl(3, 0.1, x, y);
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_UPPER && b.x == x[VALUES - 1] && isnan(b.x_error));
  /* One run diverges at the next value: the mean there is infinite. */
  bowl(0.1, 0.1, x, y);
  y[4 * RUNS + 5] = INFINITY;
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_DIVERGED && b.x == x[3]);
  CU_ASSERT_DOUBLE_EQUAL(b.x_error, 1 / sqrt(12), 1e-12);
  /* The same by losses above that of step 0. */
  bowl(0.1, 0.1, x, y);
  for (int i = 0; i < VALUES; i++) ceiling[i] = i == 4 ? 0.2 : 1e9;
  CU_ASSERT_EQUAL(best_of(x, RUNS, y, ceiling).kind, MDM_BEST_DIVERGED);
  /* A value that was not computed is not there. */
  for (int r = 0; r < RUNS; r++) y[3 * RUNS + r] = NAN;
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_INSIDE && b.position == 4);
  for (int i = 0; i < VALUES * RUNS; i++) y[i] = INFINITY;
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_NONE && isnan(b.x));
}

static void test_lines(void) {
  const double x[4] = {0, 1, 2, 3}, y[4] = {1, 3, 5, 7}, bent[4] = {1, 3, 5, 8}, s[4] = {0.5, 0.5, 0.5, 0.5},
               none[4] = {0.5, NAN, 0.5, 0.5};
  double slope, error;
  mdm_line_fit(4, x, y, s, &slope, &error);
  CU_ASSERT_DOUBLE_EQUAL(slope, 2, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(error, 0.5 / sqrt(5), 1e-12); /* Σ (x − x̄)² = 5 */
  mdm_line_fit(4, x, bent, none, &slope, &error);      /* residuals 0.2, −0.1, −0.4, 0.3 */
  CU_ASSERT_DOUBLE_EQUAL(slope, 2.3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(error, sqrt(0.30 / 2 / 5), 1e-12);
  mdm_line_fit(2, x, y, none, &slope, &error);
  CU_ASSERT(slope == 2 && isnan(error));
  mdm_line_fit(1, x, y, s, &slope, &error);
  CU_ASSERT(isnan(slope) && isnan(error));
}

/* ---- results of a sweep whose losses are made up ---- */

/* Every run of the cell ends at this loss, give or take 1 %. */
static void put_loss(mdm_sweep *s, size_t cell, double loss) {
  size_t n = (size_t)s->runs[cell % s->widths];
  s->status[cell] = isfinite(loss) ? MDM_CELL_COMPLETE : MDM_CELL_DIVERGED;
  s->mean[s->measure].value[cell] = loss;
  s->mean[s->measure].error[cell] = isfinite(loss) ? 0.01 * loss / sqrt((double)n - 1) : NAN;
  for (size_t r = 0; r < n; r++) s->each[s->measure][cell * s->most_runs + r] = loss * (r % 2 ? 1.01 : 0.99);
  s->loss.value[cell * s->steps] = 1;
}

static double result(const mdm_sweep *s, const char *name, size_t i) {
  char path[96];
  snprintf(path, sizeof path, "results/%s", name);
  return values(s->results, path)[i];
}

/* mup: the best rate is N^(1/4), and larger is better. mssp: it is 2 at every width, N = 64 is worse than 16. */
static void test_trends(void) {
  mdm_sweep *s = create_sweep("simulate.widths=4,16,64 simulate.seeds=16 solve.replicas=4",
                        "model.parameterization=mup,mssp train.lr=log:0.25:16:13", 1);
  for (size_t p = 0; p < s->points; p++)
    for (size_t w = 0; w < s->widths; w++) {
      double x = log(s->grid.axis[1].value[mdm_grid_index(&s->grid, p, 1)]), N = isinf(s->width[w]) ? 256 : s->width[w];
      int mup = p < s->points / 2;
      double d = x - (mup ? 0.25 * log(N) : log(2)), best = mup ? 0.1 / sqrt(N) : w == 2 ? 0.05 : 0.04;
      put_loss(s, p * s->widths + w, best * exp(0.2 * d * d));
    }
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_evaluate(s, NULL), MDM_OK);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "optimum", 1), 2, 1e-3); /* the list is rounded to six digits */
  CU_ASSERT_DOUBLE_EQUAL(result(s, "optimum_loss", 1), 0.025, 1e-4);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "drift", 0), 0.25, 1e-3);
  CU_ASSERT(result(s, "drift_stderr", 0) < 0.05);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "distance", 0), -0.25 * log(4), 1e-3);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "drift", 1), 0, 1e-3);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 0), 0, 0); /* mssp, 4 to 16 */
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 1), 13, 0);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "compared", 3 + 1), 13, 0);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 2), 0, 0); /* the limit is better than 64 */
  CU_ASSERT(result(s, "rise_at_optimum", 3 + 1) > 2 && result(s, "rise_at_optimum", 3 + 2) < -2);
  double z = 0.01 / (0.01 * hypot(0.04, 0.05) / sqrt(15)); /* the rise in standard errors, at every rate */
  CU_ASSERT_DOUBLE_EQUAL(result(s, "rise", (13 + 4) * 3 + 1), z, 1e-9);
  char *text;
  CU_ASSERT_EQUAL(mdm_sweep_report(s, &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "d ln / d ln N = 0.25"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "13 of 26 comparisons"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "N = 64 is worse than 16"));
  free(text);
  put_loss(s, (13 + 4) * 4 + 1, INFINITY); /* mssp: the smaller width diverges, so the larger is better */
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_evaluate(s, NULL), MDM_OK);
  CU_ASSERT_EQUAL(result(s, "rise", (13 + 4) * 3 + 1), -INFINITY);
  CU_ASSERT_EQUAL(result(s, "rise", (13 + 4) * 3 + 0), INFINITY);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 1), 12, 0);
  mdm_sweep_free(s);
}

static const test_case tests[] = {
    {"best value inside a list", test_best_inside},
    {"best value at ends and beside divergence", test_best_at_edges},
    {"straight lines", test_lines},
    {"drift and monotonicity of known numbers", test_trends},
};

SUITE("study/sweep_results", tests)
