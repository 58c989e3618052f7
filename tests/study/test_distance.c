/* Distances of two ensembles: squares and spreads against sums written down, and their errors against a jackknife that leaves runs out one by one. */
#include <math.h>

#include "base/fit.h"
#include "study/distance.h"
#include "support/suite.h"

enum { K = 3, X_RUNS = 4, Y_RUNS = 3 };

static const double x_runs[X_RUNS][K] = {{1.3, -0.2, 4}, {0.7, 0.9, 1}, {2.1, 0.4, 3}, {1.6, -1.1, 7}}, y_runs[Y_RUNS][K] = {{0.2, 0.5, 1}, {-0.6, 1.4, 2}, {0.1, -0.3, NAN}};

/* Mean of element e over the runs but `without` (n: none is left out), and its variance over these runs. */
static double moments(size_t n, const double (*v)[K], size_t without, size_t e, double *variance) {
  double mean = 0, m = (double)(n - (without < n));
  *variance = 0;
  for (size_t i = 0; i < n; i++) mean += i == without ? 0 : v[i][e] / m;
  for (size_t i = 0; i < n; i++) *variance += i == without ? 0 : pow(v[i][e] - mean, 2) / (m - 1);
  return mean;
}

/* |x̄ − ȳ|² without the noise of either mean, over the first two elements (a run of the third is NaN). */
static double squared(size_t no_x, size_t no_y, double *spread) {
  double sum = 0, x_left = X_RUNS - (no_x < X_RUNS), y_left = Y_RUNS - (no_y < Y_RUNS);
  *spread = 0;
  for (size_t e = 0; e < 2; e++) {
    double vx, vy, d = moments(X_RUNS, x_runs, no_x, e, &vx) - moments(Y_RUNS, y_runs, no_y, e, &vy);
    sum += (d * d - vx / x_left - vy / y_left) / 2;
    *spread += vx / 2;
  }
  return sum;
}

/* (n − 1)/n Σ (v_i − v̄)². */
static double jackknife(size_t n, const double *v) {
  double mean = 0, sum = 0;
  for (size_t i = 0; i < n; i++) mean += v[i] / (double)n;
  for (size_t i = 0; i < n; i++) sum += (v[i] - mean) * (v[i] - mean);
  return (double)(n - 1) / (double)n * sum;
}

static void squares_and_errors(void) {
  const double *x[X_RUNS], *y[Y_RUNS];
  double without_x[X_RUNS], without_y[Y_RUNS], spreads[X_RUNS], spread, ignored;
  mdm_separation s;
  for (size_t i = 0; i < X_RUNS; i++) x[i] = x_runs[i], without_x[i] = squared(i, Y_RUNS, &spreads[i]);
  for (size_t i = 0; i < Y_RUNS; i++) y[i] = y_runs[i], without_y[i] = squared(X_RUNS, i, &ignored);
  const double variance[2] = {jackknife(X_RUNS, without_x), jackknife(Y_RUNS, without_y)}, freedom[2] = {X_RUNS - 1, Y_RUNS - 1};
  CU_ASSERT_EQUAL(mdm_distance(K, X_RUNS, x, Y_RUNS, y, &s, NULL), MDM_OK);
  CU_ASSERT_DOUBLE_EQUAL(s.d2, squared(X_RUNS, Y_RUNS, &spread), 1e-13);
  CU_ASSERT_DOUBLE_EQUAL(s.spread2, spread, 1e-13);
  CU_ASSERT_DOUBLE_EQUAL(s.d2_error, sqrt(variance[0] + variance[1]), 1e-13);
  CU_ASSERT_DOUBLE_EQUAL(s.spread2_error, sqrt(jackknife(X_RUNS, spreads)), 1e-13);
  CU_ASSERT_DOUBLE_EQUAL(s.d2_freedom, mdm_freedom(2, variance, freedom), 1e-12);
}

/* Two runs of either have a distance and no error. */
static void two_runs(void) {
  const double *x[X_RUNS], *y[Y_RUNS];
  mdm_separation s;
  for (size_t i = 0; i < X_RUNS; i++) x[i] = x_runs[i];
  for (size_t i = 0; i < Y_RUNS; i++) y[i] = y_runs[i];
  CU_ASSERT_EQUAL(mdm_distance(K, 2, x, Y_RUNS, y, &s, NULL), MDM_OK);
  CU_ASSERT(isfinite(s.d2) && isnan(s.d2_error) && isnan(s.spread2_error));
  CU_ASSERT_EQUAL(mdm_distance(K, X_RUNS, x, 2, y, &s, NULL), MDM_OK);
  CU_ASSERT(isfinite(s.d2) && isnan(s.d2_error) && isfinite(s.spread2_error));
}

static const test_case tests[] = {
    {"squares, spreads and their errors", squares_and_errors},
    {"two runs have no error", two_runs},
};

SUITE("study/distance", tests)
