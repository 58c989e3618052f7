/* What a transferred best value costs, on parabolas whose regret is known: exact values, shared seeds, divergence, and how often errors hold the truth. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "study/transfer.h"
#include "support/suite.h"

enum { VALUES = 9, RUNS = 16 };

/* A row of parabolas: of run r, floor + curve (x − at_r)², or the exponential of that. */
typedef struct {
  double x[VALUES], y[VALUES * RUNS], ceiling[VALUES];
  mdm_best best;
  mdm_row row;
} bowl;

static void seal(bowl *b, size_t runs, double scale, uint64_t draws) {
  for (int i = 0; i < VALUES; i++) b->ceiling[i] = 1e6;
  CU_ASSERT_EQUAL_FATAL(mdm_best_value(VALUES, b->x, runs, b->y, b->ceiling, 1, draws, &b->best, NULL), MDM_OK);
  b->row = (mdm_row){VALUES, runs, b->x, b->y, b->ceiling, &b->best, draws, scale};
}

static void fill(bowl *b, int of_logs, double floor, double curve, const double *at, double scale, uint64_t draws) {
  for (int i = 0; i < VALUES; i++)
    for (int r = 0; r < RUNS; r++) {
      double d = (b->x[i] = 0.5 * i - 2) - at[r], f = floor + curve * d * d;
      b->y[i * RUNS + r] = of_logs ? exp(f) : f;
    }
  seal(b, RUNS, scale, draws);
}

static void fill_at(bowl *b, int of_logs, double floor, double curve, double at, double scale, uint64_t draws) {
  double same[RUNS];
  for (int r = 0; r < RUNS; r++) same[r] = at;
  fill(b, of_logs, floor, curve, same, scale, draws);
}

/* Of two rows, what the first one's best value costs in the second. */
static mdm_regret cost(const bowl *from, const bowl *to, mdm_drift *drift) {
  mdm_regret all[4];
  const mdm_row rows[2] = {from->row, to->row};
  CU_ASSERT_EQUAL_FATAL(mdm_transfer(2, rows, 1, all, drift, NULL), MDM_OK);
  CU_ASSERT(all[0].kind == MDM_REGRET_KNOWN && all[0].loss == 0 && all[3].loss == 0 && all[3].loss_error == 0);
  return all[2];
}

/* Near the row's own best value and far from it, of losses and of their logarithms: the parabola's own numbers, without an error. */
static void test_exact(void) {
  static const double places[] = {0.03, 0.21, -0.8, 1.23};
  bowl a, b;
  for (size_t k = 0; k < COUNT(places); k++)
    for (int of_logs = 0; of_logs < 2; of_logs++) {
      mdm_drift drift;
      double d = places[k] - 0.1, own = of_logs ? exp(-1) : 0.3;
      fill_at(&a, of_logs, of_logs ? -2 : 0.2, 0.7, places[k], 4, 1);
      fill_at(&b, of_logs, of_logs ? -1 : 0.3, 0.5, 0.1, 16, 2);
      mdm_regret r = cost(&a, &b, &drift);
      double exact = of_logs ? own * expm1(0.5 * d * d) : 0.5 * d * d;
      CU_ASSERT_EQUAL(r.kind, MDM_REGRET_KNOWN);
      CU_ASSERT_DOUBLE_EQUAL(r.loss, exact, 1e-9);
      CU_ASSERT_DOUBLE_EQUAL(r.relative, exact / own, 1e-9);
      CU_ASSERT(r.loss_error < 1e-7 && r.relative_error < 1e-6);
      CU_ASSERT_DOUBLE_EQUAL(drift.slope, (0.1 - places[k]) / log(4), 1e-9);
    }
}

/* Standard normal numbers of an experiment. */
static void draw(uint32_t experiment, uint32_t row, double *z) { mdm_normals((mdm_stream){7, experiment, row, 0, 0, 0}, 0, RUNS, z); }

/* Rows whose best values are 0 and `apart`, of runs that scatter by 0.3: `shared`: by the same in both. */
static mdm_regret experiment(uint32_t number, double apart, int shared, mdm_drift *drift) {
  static bowl a, b;
  double z[2][RUNS];
  draw(number, 0, z[0]);
  draw(number, 1, z[1]);
  for (int r = 0; r < RUNS; r++) z[1][r] = apart + 0.3 * (shared ? z[0][r] + 0.1 * z[1][r] : z[1][r]), z[0][r] *= 0.3;
  fill(&a, 0, 0.3, 0.5, z[0], 1, 1);
  fill(&b, 0, 0.4, 0.5, z[1], 4, shared ? 1 : 2);
  return cost(&a, &b, drift);
}

/* What runs add to both rows drops out when they share their seeds, and the errors say so. */
static void test_shared(void) {
  mdm_drift paired, alone;
  mdm_regret same = experiment(0, 0.8, 1, &paired), other = experiment(0, 0.8, 0, &alone);
  CU_ASSERT_DOUBLE_EQUAL(same.loss, 0.5 * 0.8 * 0.8, 0.05);
  CU_ASSERT(same.loss_error < 0.25 * other.loss_error && paired.error < 0.25 * alone.error);
}

/* Two errors hold the truth in 95 of 100 experiments: also where there is no regret, which noise makes positive. */
static void test_coverage(void) {
  enum { MANY = 100 };
  static const double apart[] = {0, 0.2, 0.9};
  for (size_t k = 0; k < COUNT(apart); k++)
    for (int shared = 0; shared < 2; shared++) {
      int held = 0, drift_held = 0;
      double squares = 0; /* of deviations in errors */
      double exact = 0.5 * apart[k] * apart[k], slope = apart[k] / log(4);
      for (uint32_t i = 0; i < MANY; i++) {
        mdm_drift drift;
        mdm_regret r = experiment(i, apart[k], shared, &drift);
        squares += (r.loss - exact) * (r.loss - exact) / (r.loss_error * r.loss_error);
        held += fabs(r.loss - exact) <= 2 * r.loss_error;
        drift_held += fabs(drift.slope - slope) <= 2 * drift.error;
      }
      double tolerance = 3 * sqrt(0.95 * 0.05 * MANY); /* three standard errors of a binomial number */
      CU_ASSERT(held > 0.95 * MANY - tolerance && drift_held > 0.95 * MANY - tolerance);
      CU_ASSERT(sqrt(squares / MANY) > (apart[k] == 0 ? 0.15 : 0.4)); /* nor are errors much too large: skewed losses add, and near 0 the list */
    }
}

/* A value that diverges in the row, one beside it, a best value at an end of the row or of the base, few runs. */
static void test_kinds(void) {
  static bowl a, b;
  fill_at(&a, 0, 0.2, 0.5, 0.9, 1, 1);
  fill_at(&b, 0, 0.2, 0.5, -0.6, 4, 2);
  b.y[6 * RUNS + 3] = INFINITY; /* at x = 1: one run of them */
  seal(&b, RUNS, 4, 2);
  mdm_regret r = cost(&a, &b, NULL);
  CU_ASSERT_EQUAL(r.kind, MDM_REGRET_AT_LEAST);
  CU_ASSERT_DOUBLE_EQUAL(r.loss, 0.5 * 1.1 * 1.1, 1e-9); /* that of x = 0.5 */
  CU_ASSERT(isnan(r.loss_error));
  for (int r1 = 0; r1 < RUNS; r1++) b.y[5 * RUNS + r1] = INFINITY; /* x = 0.5 */
  seal(&b, RUNS, 4, 2);
  r = cost(&a, &b, NULL);
  CU_ASSERT(r.kind == MDM_REGRET_DIVERGES && isinf(r.loss));
  mdm_regret all[4];
  fill_at(&b, 0, 0.2, 0.5, 3, 4, 2); /* beyond the list, whose end is 2 */
  CU_ASSERT_EQUAL_FATAL(mdm_transfer(2, (const mdm_row[]){a.row, b.row}, 1, all, NULL, NULL), MDM_OK);
  CU_ASSERT_EQUAL(all[2].kind, MDM_REGRET_AT_LEAST); /* in b, of a's: b's own best is better than its end */
  CU_ASSERT_DOUBLE_EQUAL(all[2].loss, 0.5 * (2.1 * 2.1 - 1), 0.05); /* where the list has no parabola, it lies between two of ln L */
  CU_ASSERT(all[1].kind == MDM_REGRET_UNKNOWN && isnan(all[1].loss) && all[3].kind == MDM_REGRET_UNKNOWN);
  for (int i = 0; i < 3; i++) b.y[i * RUNS] = NAN; /* the list of b begins at −0.5 */
  fill_at(&a, 0, 0.2, 0.5, -0.9, 1, 1);
  for (int i = 3; i < VALUES; i++)
    for (int k = 0; k < RUNS; k++) b.y[i * RUNS + k] = 1 + b.x[i] * b.x[i];
  seal(&b, RUNS, 4, 2);
  CU_ASSERT_EQUAL(cost(&a, &b, NULL).kind, MDM_REGRET_UNKNOWN);
}

/* Two runs: numbers, without errors. */
static void test_few(void) {
  static bowl a, b;
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < VALUES; i++)
      for (int r = 0; r < 2; r++) {
        bowl *to = k ? &b : &a;
        to->x[i] = 0.5 * i - 2;
        to->y[i * 2 + r] = 0.1 + (to->x[i] - 0.3 * k) * (to->x[i] - 0.3 * k) + 0.01 * r;
      }
  seal(&a, 2, 1, 1);
  seal(&b, 2, 2, 1);
  mdm_regret r = cost(&a, &b, NULL);
  CU_ASSERT(r.kind == MDM_REGRET_KNOWN && isnan(r.loss_error));
  CU_ASSERT_DOUBLE_EQUAL(r.loss, 0.09, 1e-9);
}

/* Losses with a kink: between the neighbours of the best value the regret is open by what a lower minimum would add. */
static void test_kink(void) {
  static bowl a, b;
  fill_at(&a, 0, 0.2, 0.5, 0.75, 1, 1);
  for (double at = -0.2; at < 0.21; at += 0.05) {
    for (int i = 0; i < VALUES; i++)
      for (int r = 0; r < RUNS; r++) b.x[i] = 0.5 * i - 2, b.y[i * RUNS + r] = exp(b.x[i] < at ? 3 * (at - b.x[i]) : 0.5 * (b.x[i] - at));
    seal(&b, RUNS, 4, 2);
    CU_ASSERT_EQUAL(b.best.kind, MDM_BEST_BETWEEN);
    mdm_regret r = cost(&a, &b, NULL);
    CU_ASSERT(fabs(r.loss - expm1(0.5 * (0.75 - at))) <= 2 * r.loss_error + 1e-9);
  }
}

static const test_case tests[] = {
    {"the regret of parabolas", test_exact},
    {"rows that share their seeds", test_shared},
    {"two errors hold the truth", test_coverage},
    {"divergence, ends, beyond the list", test_kinds},
    {"few runs", test_few},
    {"kinks", test_kink},
};

SUITE("study/transfer", tests)
