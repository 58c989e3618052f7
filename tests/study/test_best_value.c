/* Best values of lists whose minima are known: parabolas, kinks, coarse lists, ends, divergence; few runs and rare ones. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/random.h"
#include "study/best_value.h"
#include "support/suite.h"

enum { VALUES = 7, RUNS = 64 };

/* Losses 0.2 exp(2 (x − at_r)²) on ln-spaced values; at_r spread over runs around `at` with standard deviation `width`. */
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

/* The parabola of the logarithms is exact, and nothing is left open; runs that differ spread the minimum. */
static void test_inside(void) {
  double x[VALUES], y[VALUES * RUNS];
  bowl(0.1, 0, x, y);
  mdm_best b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_INSIDE && b.position == 3);
  CU_ASSERT_DOUBLE_EQUAL(b.x, 0.1, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(b.loss, 0.2, 1e-12);
  CU_ASSERT(b.x_between < 1e-12 && b.x_runs < 1e-12 && mdm_best_is_known(&b));
  CU_ASSERT_DOUBLE_EQUAL(b.runs, RUNS, 1e-9);
  /* The mean loss is that of 0.2 exp(2 d²) cosh(4 w d) exp(2 w²), whose minimum stays at 0.1. */
  bowl(0.1, 0.2, x, y);
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT_DOUBLE_EQUAL(b.x, 0.1, b.x_between);
  CU_ASSERT_DOUBLE_EQUAL(b.x_runs, 0.2 / sqrt(RUNS - 1.0), 0.4 * 0.2 / sqrt(RUNS)); /* spread of a mean of ±0.2 */
  CU_ASSERT(b.x_error >= hypot(b.x_runs, b.x_between) && b.x_error < hypot(1.5 * b.x_runs, b.x_between)); /* losses of two kinds are hardly skewed */
}

/* A parabola in L itself is found as exactly. */
static void test_losses(void) {
  double x[VALUES], y[VALUES * 3];
  for (int i = 0; i < VALUES; i++) {
    x[i] = -1.5 + 0.5 * i;
    for (int r = 0; r < 3; r++) y[3 * i + r] = 1e-3 + 5 * (x[i] - 0.2) * (x[i] - 0.2);
  }
  mdm_best b = best_of(x, 3, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_INSIDE && b.x_between < 1e-9);
  CU_ASSERT_DOUBLE_EQUAL(b.x, 0.2, 1e-9);
  CU_ASSERT_DOUBLE_EQUAL(b.loss, 1e-3, 1e-9);
}

/* ln L with a kink at `at`, slopes −left and right. */
static mdm_best kinked(double at, double left, double right, double spacing) {
  double x[VALUES], y[VALUES * 3];
  for (int i = 0; i < VALUES; i++) {
    x[i] = spacing * (i - 3);
    for (int r = 0; r < 3; r++) y[3 * i + r] = exp(x[i] < at ? left * (at - x[i]) : right * (x[i] - at));
  }
  return best_of(x, 3, y, NULL);
}

/* Wherever a kink lies between values, and whatever its slopes: the error covers it, and that of the loss the loss there, 1, lower than any
 * of the list. */
static void test_kink(void) {
  static const double slopes[] = {0.3, 1, 4, 16, 60};
  for (size_t l = 0; l < COUNT(slopes); l++)
    for (size_t r = 0; r < COUNT(slopes); r++)
      for (double at = -0.16; at < 0.17; at += 0.04) {
        mdm_best b = kinked(at, slopes[l], slopes[r], 0.35);
        CU_ASSERT(fabs(b.x - at) < sqrt(3) * b.x_between + 1e-12); /* the ends of a uniform distribution */
        CU_ASSERT(fabs(b.loss - 1) < 2 * b.loss_error + 1e-9);
        if (l != r) CU_ASSERT_EQUAL(b.kind, MDM_BEST_BETWEEN); /* equal slopes can look like a parabola, whose error covers, too */
      }
}

/* The rounder the bottom and the closer the values, the better it is known; the error covers what is missed. */
static void test_asymmetric(void) {
  double before = INFINITY;
  for (double h = 0.5; h > 0.02; h /= 2) {
    double x[VALUES], y[VALUES * 3]; /* ln L = exp(x) − x: minimum at 0, third derivative 1 */
    for (int i = 0; i < VALUES; i++) {
      x[i] = h * (i - 3) + 0.3 * h;
      for (int r = 0; r < 3; r++) y[3 * i + r] = exp(exp(x[i]) - x[i]);
    }
    mdm_best b = best_of(x, 3, y, NULL);
    CU_ASSERT_EQUAL(b.kind, MDM_BEST_INSIDE);
    CU_ASSERT(fabs(b.x) < b.x_between && b.x_between < 10 * fabs(b.x) + 1e-6 && b.x_between < 0.3 * before);
    CU_ASSERT(fabs(b.loss - exp(1)) < b.loss_error);
    before = b.x_between;
  }
}

/* Losses that fall to a hundredth of their neighbours' between two values: a parabola through them as they are would pass below zero. */
static void test_positive(void) {
  double x[VALUES], y[VALUES * 3];
  for (int i = 0; i < VALUES; i++) {
    x[i] = 0.35 * (i - 3);
    for (int r = 0; r < 3; r++) y[3 * i + r] = 1e-3 + fabs(x[i] - 0.1) * (x[i] < 0.1 ? 1 : 1.2);
  }
  mdm_best b = best_of(x, 3, y, NULL);
  CU_ASSERT(b.loss > 0);
  CU_ASSERT(fabs(b.loss - 1e-3) < 2 * b.loss_error);
}

/* A kink with equal sides, straight in ln L: in L itself it looks round. The parabola finds its place, and not its depth: the error says so. */
static void test_hidden_kink(void) {
  int inside = 0;
  for (double at = 0.04; at < 0.17; at += 0.02) {
    mdm_best b = kinked(at, 3, 3, 0.35);
    inside += b.kind == MDM_BEST_INSIDE;
    CU_ASSERT(fabs(b.x - at) < 2 * b.x_between && fabs(b.loss - 1) < 1.3 * b.loss_error);
  }
  CU_ASSERT(inside > 2);
}

static void test_edges(void) {
  double x[VALUES], y[VALUES * RUNS], ceiling[VALUES];
  bowl(-3, 0.1, x, y);
  mdm_best b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_LOWER && b.x == x[0] && isnan(b.x_error) && b.loss_error > 0 && !mdm_best_is_known(&b));
  bowl(3, 0.1, x, y);
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_UPPER && b.x == x[VALUES - 1] && isnan(b.x_error));
  /* One run diverges at the next value: the mean there is infinite. */
  bowl(0.1, 0.1, x, y);
  for (int i = 4; i < VALUES; i++) y[i * RUNS + 5] = INFINITY;
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_DIVERGED && b.x == x[3] && mdm_best_is_known(&b));
  CU_ASSERT_DOUBLE_EQUAL(b.x_between, 1 / sqrt(12), 1e-12);
  CU_ASSERT(b.x_error > b.x_between); /* resamples without that run find a minimum inside */
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
  /* Nor is there one where the value makes no difference. */
  for (int i = 0; i < VALUES * RUNS; i++) y[i] = 0.1 * (1 + i % RUNS);
  b = best_of(x, RUNS, y, NULL);
  CU_ASSERT(b.kind == MDM_BEST_NONE && isnan(b.x) && isnan(b.loss));
}

/* Three values: nothing tells whether a parabola fits. */
static void test_three(void) {
  const double x[3] = {-1, 0, 1}, y[9] = {2, 2, 2, 1, 1, 1, 2.5, 2.5, 2.5};
  mdm_best b;
  CU_ASSERT_EQUAL(mdm_best_value(3, x, 3, y, NULL, 1, 0, &b, NULL), MDM_OK);
  CU_ASSERT(b.kind == MDM_BEST_BETWEEN && b.x == 0);
  CU_ASSERT_DOUBLE_EQUAL(b.x_between, 1 / sqrt(3), 1e-12);
}

static void test_few(void) {
  double x[VALUES], y[VALUES * RUNS], few[VALUES * 3];
  bowl(0.1, 0.1, x, y);
  for (size_t runs = 1; runs <= 3; runs++) {
    for (size_t i = 0; i < VALUES * runs; i++) few[i] = y[i / runs * RUNS + i % runs];
    mdm_best b = best_of(x, runs, few, NULL);
    CU_ASSERT(b.kind == MDM_BEST_INSIDE && isfinite(b.x) && isfinite(b.x_between));
    CU_ASSERT(isnan(b.x_error) == (runs < 3) && isnan(b.loss_error) == (runs < 3));
  }
  for (int i = 0; i < VALUES; i++) y[i * RUNS] *= 1e6; /* one run carries the mean */
  CU_ASSERT_DOUBLE_EQUAL(best_of(x, RUNS, y, NULL).runs, 1, 1e-3);
}

/* Parabolas of three runs, whose common minimum is the mean of theirs, at −w, 0 and w: resampled means have the variance Σ (at − mean)²/n², smaller by
 * (n − 1)/n than that of a mean of three runs. To four standard errors of 400 resamples, whose kurtosis is 2.5. */
static void test_spread(void) {
  const double w = 0.05, error = w / sqrt(3); /* √(Σ (at − mean)²/(n (n − 1))) */
  double x[VALUES], y[VALUES * 3];
  for (int i = 0; i < VALUES; i++)
    for (int r = 0; r < 3; r++) x[i] = -1.5 + 0.5 * i, y[3 * i + r] = 1 + pow(x[i] - 0.1 - w * (r - 1), 2);
  mdm_best b = best_of(x, 3, y, NULL);
  CU_ASSERT_DOUBLE_EQUAL(b.x, 0.1, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(b.x_runs / (0.5 * mdm_student(2, b.runs - 1) * error), 1, 4 * sqrt(1.5 / 400) / 2);
}

/* The same parabola in every run, of sizes that differ by factors: two errors of the loss reach to the end of Cox's interval of a lognormal mean, but to no
 * more than eight errors of the mean itself. */
static void test_factors(void) {
  static const double sizes[2][4] = {{0.4, 0.9, 1.3, 2.5}, {0.001, 1, 0.03, 9}};
  for (int k = 0; k < 2; k++) {
    double x[VALUES], y[VALUES * 4], mean = 0, logs = 0, variance = 0;
    for (int i = 0; i < VALUES; i++)
      for (int r = 0; r < 4; r++) x[i] = -1.5 + 0.5 * i, y[4 * i + r] = sizes[k][r] * (1 + x[i] * x[i]);
    for (int r = 0; r < 4; r++) mean += sizes[k][r] / 4, logs += log(sizes[k][r]) / 4;
    for (int r = 0; r < 4; r++) variance += (log(sizes[k][r]) - logs) * (log(sizes[k][r]) - logs) / 3;
    mdm_best b = best_of(x, 4, y, NULL);
    double error = 0.5 * mdm_student(2, fmax(1, b.runs - 1)) * sqrt(variance / 4 + variance * variance / 6), end = exp(logs + 0.5 * variance + 2 * error);
    CU_ASSERT_DOUBLE_EQUAL(b.loss, mean, 1e-12);
    if (k == 0) CU_ASSERT_DOUBLE_EQUAL(b.loss_error, 0.5 * (end - mean), 1e-9);
    if (k == 1) CU_ASSERT(b.loss_error < 0.01 * end);
  }
}

/* ---------------------------------------------------------------- how often errors cover */

enum { REPEATS = 300, SAMPLE = 16, MOST = 16 };

typedef struct {
  double at, scale; /* of a run: place and size of its losses */
} run;

static double round_bottom(run r, double x) { return r.scale * exp(2 * (x - r.at) * (x - r.at)); }
static double skewed(run r, double x) { return r.scale * exp(3 * (exp(x - r.at) - 1 - (x - r.at))); }
static double deep(run r, double x) { return r.scale * (0.01 + (x - r.at) * (x - r.at)); }
static double vee(run r, double x) { return r.scale * exp(x < r.at ? 2 * (r.at - x) : 6 * (x - r.at)); }

/* Sizes that differ by factors. */
static double unlike(run r, double x) { return pow(r.scale, 12) * exp(2 * (x - r.at) * (x - r.at)); }
/* Losses rise from a value that differs from run to run: above the best value a few runs carry the mean. */
static double cliff(run r, double x) { return exp(-5 * x) + exp(40 * (x - 0.2) + 36 * log(r.scale)); }

static double mean_over(double (*loss)(run, double), const run *r, size_t n, double x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += loss(r[i], x);
  return sum / (double)n;
}

/* Runs: ln of place and size with standard deviation 0.1. */
static void draw_runs(uint64_t stream, size_t n, run *r) {
  double *normal = malloc(2 * n * sizeof *normal); /* n × 2 */
  mdm_normals((mdm_stream){7, 0, MDM_DRAW_DENSE, stream, 0, 0}, 0, 2 * n, normal);
  for (size_t i = 0; i < n; i++) r[i] = (run){0.1 * normal[2 * i], exp(0.1 * normal[2 * i + 1])};
  free(normal);
}

/* Best values of lists of `spacing`, each with other runs and another start: which part lies within k errors, for the value and the loss. */
static void count_covered(double (*loss)(run, double), double spacing, size_t runs, double covered[2][2]) {
  enum { MANY = 20000 };
  static run many[MANY];
  run r[SAMPLE];
  double best_x = 0, best = INFINITY, x[MOST], y[MOST * SAMPLE];
  draw_runs(0, MANY, many);
  for (double at = -0.2; at < 0.2; at += 0.002) {
    double mean = mean_over(loss, many, MANY, at);
    if (mean < best) best = mean, best_x = at;
  }
  memset(covered, 0, 4 * sizeof **covered);
  size_t n = 2 * (size_t)round(fmin(1.1 / spacing, MOST / 2 - 1)) + 1;
  for (size_t k = 0; k < REPEATS; k++) {
    mdm_best b;
    draw_runs(1 + k, runs, r);
    for (size_t i = 0; i < n; i++) {
      x[i] = ((double)i - (double)(n / 2) + ((double)(k % 20) + 0.5) / 20 - 0.5) * spacing;
      for (size_t s = 0; s < runs; s++) y[i * runs + s] = loss(r[s], x[i]);
    }
    CU_ASSERT_EQUAL_FATAL(mdm_best_value(n, x, runs, y, NULL, 1, k, &b, NULL), MDM_OK);
    for (int e = 0; e < 2; e++) {
      covered[0][e] += (fabs(b.x - best_x) < (1 + e) * b.x_error) / (double)REPEATS;
      covered[1][e] += (fabs(b.loss - best) < (1 + e) * b.loss_error) / (double)REPEATS;
    }
  }
}

/* 68 % and, as 16 runs have two errors of Student's t, 93 %, to three standard errors of 300 repeats: for losses of every shape, on coarse lists
 * and fine ones. */
static void test_covers(void) {
  double (*const shapes[])(run, double) = {round_bottom, skewed, deep, vee};
  static const double spacings[] = {0.693, 0.347, 0.173};
  static const double part[] = {0.6827, 0.93};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t h = 0; h < COUNT(spacings); h++) {
      double covered[2][2];
      count_covered(shapes[s], spacings[h], SAMPLE, covered);
      for (int what = 0; what < 2; what++)
        for (int e = 0; e < 2; e++) CU_ASSERT(covered[what][e] > part[e] - 3 * sqrt(part[e] * (1 - part[e]) / REPEATS));
    }
}

/* Of three and four runs, too: two errors of the value hold what two of a normal distribution do. (Few runs do not tell how skewed losses are: theirs is
 * not counted.) */
static void test_covers_few(void) {
  double (*const shapes[])(run, double) = {round_bottom, skewed, vee};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t runs = 3; runs <= 4; runs++) {
      double covered[2][2];
      count_covered(shapes[s], 0.173, runs, covered);
      CU_ASSERT(covered[0][1] > 0.9545 - 3 * sqrt(0.9545 * 0.0455 / REPEATS));
    }
}

/* As often where few runs carry the mean, of losses or of what places the minimum. */
static void test_covers_rare(void) {
  double (*const shapes[])(run, double) = {unlike, cliff};
  static const double spacings[] = {0.173, 0.08};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t runs = 4; runs <= SAMPLE; runs += SAMPLE - 4) {
      double covered[2][2];
      count_covered(shapes[s], spacings[s], runs, covered);
      for (int what = 0; what < 2; what++) CU_ASSERT(covered[what][1] > 0.93 - 3 * sqrt(0.93 * 0.07 / REPEATS));
    }
}

static const test_case tests[] = {
    {"inside a list", test_inside},
    {"parabolas in the loss itself", test_losses},
    {"errors cover a kink", test_kink},
    {"errors cover an asymmetric bottom, and shrink with the spacing", test_asymmetric},
    {"losses are positive", test_positive},
    {"a kink that looks round", test_hidden_kink},
    {"at ends and beside divergence", test_edges},
    {"three values", test_three},
    {"few runs, and one that carries the mean", test_few},
    {"resamples spread as much as means of runs", test_spread},
    {"losses that differ by factors", test_factors},
    {"errors cover as often as they say", test_covers},
    {"errors of few runs cover", test_covers_few},
    {"errors cover where few runs carry the mean", test_covers_rare},
};

SUITE("study/best_value", tests)
