/* Results of sweeps: drifts and monotonicity against numbers known beforehand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "support/runs.h"
#include "support/suite.h"
#include "support/sweeps.h"

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
  double d = 0.25 * log(16), costs = expm1(0.2 * d * d); /* mup: the best rate of N = 4 at 64, whose own loss is 0.1/8 */
  CU_ASSERT_DOUBLE_EQUAL(result(s, "regret_relative/width", 2 * 4 + 0), costs, 1e-4);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "regret/width", 2 * 4 + 0), costs * 0.1 / 8, 1e-6);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "regret/width", 16 + 2 * 4 + 0), 0, 1e-9); /* mssp: the same rate */
  CU_ASSERT_DOUBLE_EQUAL(result(s, "drift", 1), 0, 1e-3);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 0), 0, 0); /* mssp, 4 to 16 */
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 1), 13, 0);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "compared", 3 + 1), 13, 0);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 2), 0, 0); /* the limit is better than 64 */
  CU_ASSERT(result(s, "rise_at_optimum", 3 + 1) > 2 && result(s, "rise_at_optimum", 3 + 2) < -2);
  double z = 0.01 / (0.01 * hypot(0.04, 0.05) / sqrt(15)); /* the rise in standard errors, at every rate */
  const double variance[2] = {0.04 * 0.04, 0.05 * 0.05}, freedom[2] = {15, 15};
  CU_ASSERT(z > 10); /* of 16 runs each, a Student's t: */
  z = mdm_normal_deviations(z, mdm_freedom(2, variance, freedom));
  CU_ASSERT_DOUBLE_EQUAL(result(s, "rise", (13 + 4) * 3 + 1), z, 1e-3); /* runs that differ by 1 % count as 16 to four digits */
  char *text;
  CU_ASSERT_EQUAL(mdm_sweep_report(s, &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "d ln / d ln N = 0.25"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "13 of 26 comparisons"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "loss that the best train.lr of N = 4 costs: 0.000")); /* at N = 16 */
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "N = 64 is worse than 16"));
  free(text);
  put_loss(s, (13 + 4) * 4 + 1, INFINITY); /* mssp: the smaller width diverges, so the larger is better */
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_evaluate(s, NULL), MDM_OK);
  CU_ASSERT_EQUAL(result(s, "rise", (13 + 4) * 3 + 1), -INFINITY);
  CU_ASSERT_EQUAL(result(s, "rise", (13 + 4) * 3 + 0), INFINITY);
  CU_ASSERT_DOUBLE_EQUAL(result(s, "worse", 3 + 1), 12, 0);
  mdm_sweep_free(s);
}

/* Best rates 1, 4, 1, each known to some percent: a drift of zero with an error that says nothing, and it is said that no line describes them. */
static void test_bent(void) {
  mdm_sweep *s = create_sweep("simulate.widths=4,16,64 simulate.seeds=16 solve.replicas=4", "train.lr=log:0.25:16:13", 1);
  for (size_t p = 0; p < s->points; p++)
    for (size_t w = 0; w < s->widths; w++) {
      double d = log(s->grid.axis[0].value[p]) - (w == 1 ? log(4) : 0);
      put_loss(s, p * s->widths + w, 0.1 * exp(0.2 * d * d));
    }
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_evaluate(s, NULL), MDM_OK);
  CU_ASSERT(result(s, "drift_chi2", 0) > MDM_MISFIT);
  char *text;
  CU_ASSERT_EQUAL(mdm_sweep_report(s, &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "a straight line does not describe it: chi-squared"));
  free(text);
  mdm_sweep_free(s);
}

/* Best rates T^(−1/2)/2 at every width under μP, 1/2 under MSSP. Three numbers of steps, in an axis before and behind the rates. */
static void test_axes(void) {
  static const char *const orders[] = {"model.parameterization=mup,mssp train.steps=4,8,16 train.lr=log:0.05:4:13", "train.lr=log:0.05:4:13 train.steps=4,8,16 model.parameterization=mup,mssp"};
  for (size_t order = 0; order < COUNT(orders); order++) {
    mdm_sweep *s = create_sweep("simulate.widths=4,16 simulate.seeds=8", orders[order], 0);
    long rate = mdm_grid_find(&s->grid, "train.lr"), steps = mdm_grid_find(&s->grid, "train.steps"), name = mdm_grid_find(&s->grid, "model.parameterization");
    for (size_t p = 0; p < s->points; p++)
      for (size_t w = 0; w < s->widths; w++) {
        double T = s->grid.axis[steps].value[mdm_grid_index(&s->grid, p, (size_t)steps)], x = log(s->grid.axis[rate].value[mdm_grid_index(&s->grid, p, (size_t)rate)]);
        size_t mssp = mdm_grid_index(&s->grid, p, (size_t)name);
        double d = x + (mssp ? 0 : 0.5 * log(T)) + log(2);
        put_loss(s, p * s->widths + w, 0.4 / T * exp(0.3 * d * d));
      }
    CU_ASSERT_EQUAL_FATAL(mdm_sweep_evaluate(s, NULL), MDM_OK);
    double cost = expm1(0.3 * 0.25 * log(4) * log(4)) * 0.4 / 16; /* the best rate of 4 steps, at 16 */
    const mdm_array *drifts = mdm_record_find(s->results, "results/drifts/train.steps"), *regret = mdm_record_find(s->results, "results/regret/train.steps");
    CU_ASSERT(drifts->rank == 2 && drifts->dim[0] == 2 && drifts->dim[1] == 2 && regret->rank == 4 && regret->dim[3] == 3);
    for (size_t m = 0; m < 2; m++)
      for (size_t w = 0; w < 2; w++) {
        size_t slice = order ? 2 * 2 + m : m * 3 + 2;
        CU_ASSERT_DOUBLE_EQUAL(result(s, "drifts/train.steps", m * 2 + w), m ? 0 : -0.5, 1e-3);
        CU_ASSERT(result(s, "drifts/train.steps_stderr", m * 2 + w) < 0.05);
        CU_ASSERT_DOUBLE_EQUAL(result(s, "regret/train.steps", (slice * 2 + w) * 3), m ? 0 : cost, 1e-5);
        CU_ASSERT_EQUAL(result(s, "regret_kind/train.steps", (slice * 2 + w) * 3), 0);
      }
    CU_ASSERT_PTR_NULL(mdm_record_find(s->results, "results/drifts/model.parameterization"));
    char *text;
    CU_ASSERT_EQUAL(mdm_sweep_report(s, &text, NULL), MDM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "model.parameterization = mup, along train.steps: drift of the best train.lr, and loss that the one of 4 costs"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  16        -0.5"));
    free(text);
    mdm_sweep_free(s);
  }
}

/* Batches are numbers, although the option takes a word, too: best rates proportional to the batch. With the word there is no direction. */
static void test_batches(void) {
  for (int word = 0; word < 2; word++) {
    mdm_sweep *s = create_sweep("simulate.widths=4 simulate.seeds=8 data.train=4", word ? "train.batch=full,1,2 train.lr=log:0.05:4:13" : "train.batch=4,1,2 train.lr=log:0.05:4:13", 0);
    for (size_t p = 0; p < s->points; p++) {
      static const double batch[] = {4, 1, 2};
      double d = log(s->grid.axis[1].value[mdm_grid_index(&s->grid, p, 1)]) - log(0.3 * batch[mdm_grid_index(&s->grid, p, 0)]);
      put_loss(s, p, 0.1 * exp(0.3 * d * d));
    }
    CU_ASSERT_EQUAL_FATAL(mdm_sweep_evaluate(s, NULL), MDM_OK);
    CU_ASSERT_EQUAL(mdm_record_find(s->results, "results/drifts/train.batch") != NULL, !word);
    if (!word) {
      CU_ASSERT_DOUBLE_EQUAL(result(s, "drifts/train.batch", 0), 1, 1e-3);
      CU_ASSERT_DOUBLE_EQUAL(result(s, "regret_relative/train.batch", 1 * 3 + 0), expm1(0.3 * log(4) * log(4)), 1e-4); /* the rate of 4, at 1 */
    }
    mdm_sweep_free(s);
  }
}

/* All pairs of so many values would take longer than they are worth. */
static void test_many(void) {
  mdm_sweep *s = create_sweep("simulate.widths=4,8 simulate.seeds=3", "train.steps=lin:1:41:41 train.lr=0.1,0.2,0.4,0.8", 0);
  CU_ASSERT(!mdm_record_find(s->results, "results/drifts/train.steps") && mdm_record_find(s->results, "results/regret/width"));
  mdm_sweep_free(s);
  s = create_sweep("simulate.widths=4,8 simulate.seeds=3", "train.steps=lin:1:40:40 train.lr=0.1,0.2,0.4,0.8", 0);
  CU_ASSERT_PTR_NOT_NULL(mdm_record_find(s->results, "results/drifts/train.steps"));
  mdm_sweep_free(s);
}

/* Neither numbers that draw, nor those of the solver, nor the unit of the loss have a best value; seeds are no direction either. */
static void test_without_best(void) {
  static const char *const axes[] = {"seed=1,2", "model.router_bias_seed=1,2", "train.loss_multiplier=0.5,1,2", "solve.particles=64,128", "data.seed=1,2"};
  static const char experts[] = "simulate.widths=4,8 simulate.seeds=3 model.regime=I model.active=2 model.router_bias_std=0.5 train.batch=2";
  for (size_t i = 0; i < COUNT(axes); i++) {
    mdm_sweep *s = create_sweep(experts, axes[i], 0);
    CU_ASSERT(s->along < 0 && !mdm_record_find(s->results, "results/optimum"));
    mdm_sweep_free(s);
  }
  mdm_sweep *s = create_sweep(experts, "train.lr=0.1,0.2 model.router_bias_seed=1,2", 0);
  CU_ASSERT(s->along == 0 && mdm_record_find(s->results, "results/regret/width") && !mdm_record_find(s->results, "results/drifts/model.router_bias_seed"));
  mdm_sweep_free(s);
}

static const test_case tests[] = {
    {"axes without a best value", test_without_best},
    {"axes of very many values", test_many},
    {"drifts along batches", test_batches},
    {"drifts and regrets along other axes", test_axes},
    {"best values that no line describes", test_bent},
    {"drift and monotonicity of known numbers", test_trends},
};

SUITE("study/sweep_results", tests)
