/* Sweeps: grids that are refused, cells against single runs, and the same bits whether interrupted, continued or computed by
 * more threads. */
#include <math.h>
#include <string.h>

#include "support/arrays.h"
#include "support/folder.h"
#include "support/runs.h"
#include "support/suite.h"
#include "support/sweeps.h"
#include "support/words.h"
#include "study/sweep_families.h"

static void test_refused_grids(void) {
  static const struct {
    const char *axes, *words;
  } bad[] = {
      {"train.lrr=1", "unknown key|train.lr"},
      {"train.lr", "KEY=v1,v2"},
      {"train.lr=", "missing"},
      {"train.lr=1,,2", "missing"},
      {"train.lr=fast", "--over train.lr=fast|not a number"},
      {"train.lr=-1", "out of range"},
      {"train.lr=1,1.0", "twice"},
      {"train.lr=log:0:1:3", "> 0"},
      {"train.lr=log:1:2", "FIRST:LAST:COUNT"},
      {"train.lr=log:1:2:1", "2 <= COUNT"},
      {"train.lr=lin:1:x:3", "FIRST:LAST:COUNT"},
      {"model.parameterization=mup,best", "best"},
      {"model.gate=log:1:2:3", "needs an option that is a number"},
      {"model.expert_width=lin:1:2:5", "twice"},
      {"train.lr=1,2 train.lr=3", "twice"},
      {"simulate.widths=8,16", "cannot be an axis"},
      {"train.lr=1,2 model.init.router=1,2 model.readout_std=1,2", "at most two axes"},
      {"train.lr=1,2 model.init.router=1,2 model.readout_std=1,2 model.parameterization=mup,mssp", "at most two axes"},
      {"", "needs --over"},
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    mdm_sweep *s;
    mdm_error err = {0};
    CU_ASSERT_EQUAL(try_sweep(SMALL_SWEEP, bad[i].axes, 1, &s, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NULL(s);
    check_mentions(err.text, bad[i].words);
  }
}

/* A cell holds what mdm_run finds for the same configuration. */
static void test_cells(void) {
  mdm_sweep *s = computed_sweep(SMALL_SWEEP, "train.lr=0.2,0.4 model.parameterization=mup,mssp", 1, 2, "a.h5");
  mdm_outcome o;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 1, SMALL_SWEEP " train.lr=0.4 model.parameterization=mup", &o);
  const mdm_ensemble *e[3] = {&o.networks[0], &o.networks[1], &o.limit};
  for (size_t w = 0; w < 3; w++) {
    size_t cell = 2 * s->widths + w;
    CU_ASSERT_EQUAL(mdm_sweep_cell(s, 2, w), MDM_CELL_COMPLETE);
    CU_ASSERT_EQUAL(
        memcmp(s->loss.value + cell * s->steps, values(e[w]->summary, "observables/train/loss"), 7 * sizeof(double)),
        0);
    for (size_t t = 0; t < 7; t++) { /* from sums that go on: rounding differs */
      double error = errors(e[w]->summary, "observables/train/loss")[t];
      CU_ASSERT_DOUBLE_EQUAL(s->loss.error[cell * s->steps + t], error, 1e-12 * error);
    }
    CU_ASSERT_EQUAL(
        memcmp(s->test.value + cell * s->tests, values(e[w]->summary, "observables/test/loss"), 3 * sizeof(double)), 0);
    CU_ASSERT_EQUAL(s->mean[MDM_MEASURE_FINAL].value[cell], values(e[w]->summary, "observables/train/loss")[6]);
    CU_ASSERT_DOUBLE_EQUAL(s->mean[MDM_MEASURE_FINAL].error[cell], errors(e[w]->summary, "observables/train/loss")[6], 1e-12);
    CU_ASSERT_EQUAL(s->mean[MDM_MEASURE_TEST].value[cell], values(e[w]->summary, "observables/test/loss")[2]);
    CU_ASSERT_EQUAL(s->each[MDM_MEASURE_FINAL][cell * s->most_runs + 1],
                    values(e[w]->each[1], "observables/train/loss")[6]);
  }
  CU_ASSERT(isinf(s->width[2]) && s->runs[2] == 2);
  CU_ASSERT_EQUAL(s->test_step[1], 4);
  CU_ASSERT_EQUAL(s->test_step[2], 6);
  mdm_outcome_clear(&o);
  mdm_sweep_free(s);
}

/* Interrupted again and again, with other numbers of threads each time: the same bits. */
static void test_resume(void) {
  const char *axes = "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp";
  mdm_sweep *whole = computed_sweep(SMALL_SWEEP, axes, 1, 1, "a.h5");
  int status = MDM_INTERRUPTED, stops = 0;
  size_t before = 0, ready = 0;
  for (; status == MDM_INTERRUPTED && stops < 50; stops++) {
    mdm_sweep *s = create_sweep(SMALL_SWEEP, axes, 1);
    stopper context = {.after = 60};
    mdm_monitor monitor = {.report = stop_after, .context = &context, .stop = &context.stop, .threads = 1 + stops % 3};
    status = run_sweep(s, &monitor, "b.h5");
    mdm_sweep_cells(s, &ready);
    CU_ASSERT(ready > before || status == MDM_OK);
    before = ready;
    mdm_sweep_free(s);
  }
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  CU_ASSERT(stops > 2);
  mdm_sweep *parts = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder("b.h5"), &parts, NULL), MDM_OK);
  check_same(whole->data, parts->data);
  check_same(whole->results, parts->results);
  mdm_sweep_free(parts);
  mdm_sweep_free(whole);
}

/* A rate at which all diverges, and a parameterization without a limit, are results. */
static void test_divergence(void) {
  mdm_sweep *s = computed_sweep(SMALL_SWEEP, "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp", 1, 2, "a.h5");
  for (size_t w = 0; w < 3; w++) {
    size_t cell = 4 * s->widths + w;
    CU_ASSERT_EQUAL(mdm_sweep_cell(s, 0, w), MDM_CELL_COMPLETE);
    CU_ASSERT_EQUAL(mdm_sweep_cell(s, 4, w), MDM_CELL_DIVERGED);
    CU_ASSERT_EQUAL(s->diverged[cell], s->runs[w]);
    CU_ASSERT(isfinite(s->loss.value[cell * s->steps]) && isinf(s->loss.value[cell * s->steps + 6]));
    CU_ASSERT(isinf(s->mean[MDM_MEASURE_FINAL].value[cell]) && isinf(s->test.value[cell * s->tests + 2]));
    CU_ASSERT(isfinite(s->mean[MDM_MEASURE_BEST].value[cell]));
  }
  CU_ASSERT_EQUAL(mdm_sweep_cell(s, 1, 0), MDM_CELL_COMPLETE);
  CU_ASSERT_EQUAL(mdm_sweep_cell(s, 1, 2), MDM_CELL_NO_LIMIT);
  CU_ASSERT_PTR_NOT_NULL_FATAL(mdm_sweep_note(s, 1, 2));
  CU_ASSERT_PTR_NOT_NULL(strstr(mdm_sweep_note(s, 1, 2), "no limit exists"));
  CU_ASSERT_PTR_NULL(mdm_sweep_note(s, 1, 0));
  mdm_sweep_free(s);
}

/* Too few particles for the limit: its cells fail, the networks' do not. */
static void test_failed_cells(void) {
  mdm_sweep *s = computed_sweep("solve.particles=8 solve.tolerance=0.001 solve.precision=double solve.replicas=2 "
                                "train.steps=6 simulate.widths=8 simulate.seeds=2",
                                "train.lr=0.2,0.4", 1, 2, "c.h5");
  CU_ASSERT_EQUAL(mdm_sweep_cell(s, 1, 0), MDM_CELL_COMPLETE);
  CU_ASSERT_EQUAL(mdm_sweep_cell(s, 1, 1), MDM_CELL_FAILED);
  CU_ASSERT_PTR_NOT_NULL_FATAL(mdm_sweep_note(s, 1, 1));
  CU_ASSERT_PTR_NOT_NULL(strstr(mdm_sweep_note(s, 1, 1), "particles"));
  mdm_sweep_free(s);
}

/* Points whose steps and data differ: each keeps its own length. */
static void test_uneven_points(void) {
  mdm_sweep *s = computed_sweep(SMALL_SWEEP, "train.steps=3,6 data.train=2,4", 0, 2, "c.h5");
  mdm_outcome o;
  run_with(MDM_RUN_NETWORKS, 1, SMALL_SWEEP " train.steps=3 data.train=4", &o);
  size_t cell = 1 * s->widths + 1;
  CU_ASSERT_EQUAL_FATAL(s->steps, 7);
  CU_ASSERT_EQUAL(
      memcmp(s->loss.value + cell * 7, values(o.networks[1].summary, "observables/train/loss"), 4 * sizeof(double)), 0);
  CU_ASSERT(isnan(s->loss.value[cell * 7 + 4]));
  CU_ASSERT_EQUAL(s->mean[MDM_MEASURE_FINAL].value[cell], s->loss.value[cell * 7 + 3]);
  CU_ASSERT_EQUAL(s->mean[MDM_MEASURE_TEST].value[cell], values(o.networks[1].summary, "observables/test/loss")[1]);
  mdm_outcome_clear(&o);
  mdm_sweep_free(s);
}

/* Minibatches: the loss is the mean of the last tenth of the steps. */
static void test_tail(void) {
  mdm_sweep *s = computed_sweep("train.batch=2 data.train=4 train.steps=29 simulate.widths=8 simulate.seeds=2",
                                "train.lr=0.2,0.4", 0, 1, "c.h5");
  CU_ASSERT_EQUAL(s->measure, MDM_MEASURE_TAIL);
  const double *loss = s->loss.value;
  CU_ASSERT_DOUBLE_EQUAL(s->mean[MDM_MEASURE_TAIL].value[0], (loss[27] + loss[28] + loss[29]) / 3, 1e-12);
  mdm_sweep_free(s);
}

/* What applies only with arrays that a sweep does not store goes back to its default: the configuration in the file says nothing without
 * effect, and the same sweep can be asked for with it. */
static void test_idle_outputs(void) {
  char bins[16], every[16];
  const char *axes[] = {"model.regime=II,I"};
  mdm_sweep *s = create_sweep("output.histogram.bins=11 output.every=2 data.test=3 model.experts=8", axes[0], 0);
  mdm_config_format(s->cfg, "output.histogram.bins", bins, sizeof bins);
  mdm_config_format(s->cfg, "output.every", every, sizeof every);
  CU_ASSERT_STRING_EQUAL(bins, "81");
  CU_ASSERT_STRING_EQUAL(every, "2");
  CU_ASSERT_EQUAL(mdm_config_check(s->cfg, axes, 1, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_check(s->cfg, NULL, 0, NULL), MDM_ERR_CONFIG); /* model.experts in regime II */
  mdm_sweep_free(s);
}

/* ---------------------------------------------------------------- the limit from networks */

#define FAMILIES "solve.method=networks solve.widths=[4,8,16] train.steps=6 simulate.widths=8 simulate.seeds=2 data.test=3 output.every=4 "

static void same_curve(mdm_series of, size_t at, const mdm_record *rec, const char *path) {
  const mdm_array *a = mdm_record_find(rec, path);
  for (size_t t = 0; t < a->dim[0]; t++) {
    CU_ASSERT_DOUBLE_EQUAL(of.value[at + t], a->value[t], 1e-12 * fabs(a->value[t]));
    CU_ASSERT_DOUBLE_EQUAL(of.error[at + t], a->error[t], 1e-10 * a->error[t]);
  }
}

/* A cell holds the losses of mean predictions, and their errors, that solve finds: not extrapolated losses. */
static void test_families(void) {
  mdm_sweep *s = computed_sweep(FAMILIES "solve.replicas=4", "train.steps=3,6 train.lr=0.2,0.8", 1, 2, "a.h5");
  mdm_outcome o;
  run_with(MDM_RUN_LIMIT, 1, FAMILIES "solve.replicas=4 train.steps=3 train.lr=0.8", &o);
  size_t cell = 1 * s->widths + 1, lowest = 0;
  const double *loss = values(o.limit.summary, "observables/train/loss"), *error = errors(o.limit.summary, "observables/train/loss");
  same_curve(s->loss, cell * s->steps, o.limit.summary, "observables/train/loss");
  same_curve(s->test, cell * s->tests, o.limit.summary, "observables/test/loss");
  CU_ASSERT(isnan(s->loss.value[cell * s->steps + 4]));
  CU_ASSERT_DOUBLE_EQUAL(s->mean[MDM_MEASURE_FINAL].value[cell], loss[3], 1e-12 * loss[3]);
  CU_ASSERT_DOUBLE_EQUAL(s->mean[MDM_MEASURE_FINAL].error[cell], error[3], 1e-10 * error[3]);
  size_t last = 3 * s->widths + 1; /* six steps, whose families are lowest at other steps than their mean */
  for (size_t t = 1; t < 7; t++)
    if (s->loss.value[last * s->steps + t] < s->loss.value[last * s->steps + lowest]) lowest = t;
  double best = s->loss.value[last * s->steps + lowest];
  CU_ASSERT_DOUBLE_EQUAL(s->mean[MDM_MEASURE_BEST].value[last], best, 1e-12 * best);
  double gap = 0, widened = 0;
  for (size_t r = 0; r < 4; r++) {
    CU_ASSERT_EQUAL(s->each[MDM_MEASURE_FINAL][cell * s->most_runs + r], values(o.limit.each[r], "observables/train/loss")[3]);
    const double *levels = values(o.limit.each[r], "levels/train/loss"); /* level, step */
    gap += (2 * levels[3] - levels[4 + 3] - loss[3]) / 4;
  }
  for (size_t i = 0; i < s->cells * s->steps; i++) {
    double of_runs, mean;
    if (!mdm_sweep_is_of_families(s, i / s->steps) || isnan(s->loss.value[i])) continue;
    mdm_sweep_from_sums(4, s->loss_sums.sum[i], s->loss_sums.squares[i], &mean, &of_runs);
    widened += s->loss.error[i] > 1.0001 * of_runs;
  }
  CU_ASSERT(fabs(gap) > 0.02 * loss[3]); /* extrapolated losses would be something else */
  CU_ASSERT(widened > 0);                /* some errors hold the error of extrapolation */
  mdm_outcome_clear(&o);
  mdm_sweep_free(s);
}

/* More families come to a finished sweep as from the start; rates at which some diverge are results. */
static void test_more_families(void) {
  const char *axes = "train.lr=0.2,1e7";
  mdm_sweep *whole = computed_sweep(FAMILIES "solve.replicas=5", axes, 1, 1, "b.h5"), *more = NULL;
  mdm_sweep_free(computed_sweep(FAMILIES "solve.replicas=3", axes, 1, 2, "c.h5"));
  mdm_sweep_free(computed_sweep(FAMILIES "solve.replicas=5", axes, 1, 2, "c.h5"));
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder("c.h5"), &more, NULL), MDM_OK);
  check_same(whole->data, more->data);
  check_same(whole->results, more->results);
  CU_ASSERT_EQUAL(mdm_sweep_cell(more, 0, 1), MDM_CELL_COMPLETE);
  CU_ASSERT_EQUAL(mdm_sweep_cell(more, 1, 1), MDM_CELL_DIVERGED);
  size_t cell = 1 * more->widths + 1;
  CU_ASSERT_EQUAL(more->diverged[cell], 5);
  CU_ASSERT(isfinite(more->loss.value[cell * more->steps]) && isinf(more->loss.value[cell * more->steps + 6]));
  mdm_sweep_free(whole);
  mdm_sweep_free(more);
}

static const test_case tests[] = {
    {"grids that are refused", test_refused_grids},
    {"cells equal single runs", test_cells},
    {"interrupted equals uninterrupted", test_resume},
    {"divergence and missing limits", test_divergence},
    {"cells that fail", test_failed_cells},
    {"points of different length and data", test_uneven_points},
    {"tail of minibatch losses", test_tail},
    {"outputs that a sweep does not store", test_idle_outputs},
    {"a limit from networks has the losses of mean predictions", test_families},
    {"more families", test_more_families},
};

SUITE_IN_FOLDER("study/sweep", tests)
