/* Sweeps: grids from text, best values and drifts against numbers known beforehand, and files that grow the same
 * whether they were interrupted, continued, enlarged or computed by more threads. */
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/grid.h"
#include "study/sweep_internal.h"
#include "suites.h"
#include "support/runs.h"

#define SMALL                                                                                                          \
  "solve.particles=200 solve.replicas=2 train.steps=6 simulate.widths=8,16 simulate.seeds=3 data.test=3 "              \
  "output.every=4"
#define COUNT(list) (sizeof(list) / sizeof *(list))

static char folder[256];

static const char *in_folder(const char *name) {
  static char path[4][512];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static int make_folder(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/moedmft-sweep-XXXXXX", base && *base ? base : "/tmp");
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void) {
  static const char *const names[] = {"a.h5", "b.h5", "c.h5", "a.png", "run.h5"};
  for (size_t i = 0; i < COUNT(names); i++) unlink(in_folder(names[i]));
  return rmdir(folder); /* fails when a temporary file was left behind */
}

/* ---- making sweeps ---- */

static mdm_config *configure(const char *settings) {
  char copy[1024];
  mdm_config *cfg;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, &err), MDM_OK);
  snprintf(copy, sizeof copy, "%s", settings);
  for (char *rest = copy, *word; (word = strtok_r(rest, " ", &rest));) {
    if (mdm_config_set(cfg, word, &err)) printf("\n    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, MDM_OK);
  }
  return cfg;
}

/* Axes are separated by blanks. */
static int try_create(const char *settings, const char *axes, int with_limit, mdm_sweep **out, mdm_error *err) {
  char copy[1024];
  const char *over[8];
  size_t n = 0;
  mdm_config *cfg = configure(settings);
  snprintf(copy, sizeof copy, "%s", axes);
  for (char *rest = copy, *word; (word = strtok_r(rest, " ", &rest));) over[n++] = word;
  int status = mdm_sweep_create(cfg, over, n, with_limit, MDM_MEASURE_AUTO, out, err);
  mdm_config_free(cfg);
  return status;
}

static mdm_sweep *create(const char *settings, const char *axes, int with_limit) {
  mdm_sweep *s;
  mdm_error err = {0};
  if (try_create(settings, axes, with_limit, &s, &err)) printf("\n    %s\n", err.text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(s);
  return s;
}

static int run(mdm_sweep *s, const mdm_monitor *monitor, const char *name) {
  mdm_error err = {0};
  double bytes;
  int status = mdm_sweep_resume(s, in_folder(name), &err);
  if (!status) status = mdm_sweep_prepare(s, 1, &bytes, &err);
  if (!status) status = mdm_sweep_run(s, monitor, in_folder(name), "test", &err);
  if (status && status != MDM_INTERRUPTED) printf("\n    %s\n", err.text);
  return status;
}

/* Creates, runs to the end and reads back. */
static mdm_sweep *computed(const char *settings, const char *axes, int with_limit, int threads, const char *name) {
  mdm_sweep *s = create(settings, axes, with_limit), *back = NULL;
  mdm_monitor monitor = {.threads = threads};
  CU_ASSERT_EQUAL_FATAL(run(s, &monitor, name), MDM_OK);
  mdm_sweep_free(s);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder(name), &back, NULL), MDM_OK);
  return back;
}

static size_t elements(const mdm_array *a) {
  size_t n = 1;
  for (int i = 0; i < a->rank; i++) n *= a->dim[i];
  return n;
}

/* Bit for bit, but for times. */
static void check_same(const mdm_record *a, const mdm_record *b) {
  CU_ASSERT_EQUAL_FATAL(mdm_record_count(a), mdm_record_count(b));
  for (size_t i = 0; i < mdm_record_count(a); i++) {
    const mdm_array *x = mdm_record_at(a, i), *y = mdm_record_find(b, x->path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    if (strstr(x->path, "seconds")) continue;
    CU_ASSERT_EQUAL_FATAL(elements(x), elements(y));
    int same = !memcmp(x->value, y->value, elements(x) * sizeof(double));
    if (x->error) same &= !memcmp(x->error, y->error, elements(x) * sizeof(double));
    if (!same) printf("\n    %s differs\n", x->path);
    CU_ASSERT(same);
  }
}

/* ---- grids ---- */

static void check_axis(const char *over, const char *expected) {
  mdm_config *cfg = configure("");
  mdm_grid g;
  mdm_error err = {0};
  if (mdm_grid_read(cfg, &over, 1, &g, &err)) printf("\n    %s\n", err.text);
  CU_ASSERT_EQUAL_FATAL(g.axes, 1);
  char *text = mdm_grid_text(&g.axis[0]);
  if (strcmp(text, expected)) printf("\n    %s gives %s, expected %s\n", over, text, expected);
  CU_ASSERT_STRING_EQUAL(text, expected);
  free(text);
  mdm_grid_clear(&g);
  mdm_config_free(cfg);
}

static void test_grids(void) {
  check_axis("train.lr=1,0.1,.3", "train.lr=0.1,0.3,1");
  check_axis("train.lr=log:0.1:10:5", "train.lr=0.1,0.316228,1,3.16228,10");
  check_axis("train.lr=lin:1:2:3", "train.lr=1,1.5,2");
  check_axis("model.expert_width=log:1:8:4", "model.expert_width=1,2,4,8");
  check_axis("model.parameterization=mup,mssp", "model.parameterization=mup,mssp");
  check_axis("data.classes=[0,1],[2, 4]", "data.classes=[0, 1],[2, 4]");
  check_axis("train.batch=full,2", "train.batch=full,2");
}

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
    char words[100];
    mdm_sweep *s;
    mdm_error err = {0};
    CU_ASSERT_EQUAL(try_create(SMALL, bad[i].axes, 1, &s, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NULL(s);
    snprintf(words, sizeof words, "%s", bad[i].words);
    for (char *w = strtok(words, "|"); w; w = strtok(NULL, "|")) {
      if (!strstr(err.text, w)) printf("\n    %s: %s\n", bad[i].axes, err.text);
      CU_ASSERT_PTR_NOT_NULL(strstr(err.text, w));
    }
  }
}

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
  mdm_sweep *s = create("simulate.widths=4,16,64 simulate.seeds=16 solve.replicas=4",
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

/* ---- runs ---- */

/* A cell holds what mdm_run finds for the same configuration. */
static void test_cells(void) {
  mdm_sweep *s = computed(SMALL, "train.lr=0.2,0.4 model.parameterization=mup,mssp", 1, 2, "a.h5");
  mdm_outcome o;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 1, SMALL " train.lr=0.4 model.parameterization=mup", &o);
  const mdm_ensemble *e[3] = {&o.networks[0], &o.networks[1], &o.limit};
  for (size_t w = 0; w < 3; w++) {
    size_t cell = 2 * s->widths + w;
    CU_ASSERT_EQUAL(mdm_sweep_cell(s, 2, w), MDM_CELL_COMPLETE);
    CU_ASSERT_EQUAL(
        memcmp(s->loss.value + cell * s->steps, values(e[w]->summary, "observables/train/loss"), 7 * sizeof(double)),
        0);
    CU_ASSERT_EQUAL(
        memcmp(s->loss.error + cell * s->steps, errors(e[w]->summary, "observables/train/loss"), 7 * sizeof(double)),
        0);
    CU_ASSERT_EQUAL(
        memcmp(s->test.value + cell * s->tests, values(e[w]->summary, "observables/test/loss"), 3 * sizeof(double)), 0);
    CU_ASSERT_EQUAL(s->mean[MDM_MEASURE_FINAL].value[cell], values(e[w]->summary, "observables/train/loss")[6]);
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

typedef struct {
  volatile sig_atomic_t stop;
  int reports, after;
} stopper;

static void stop_after(void *context, const mdm_progress *event) {
  stopper *s = context;
  (void)event;
  if (++s->reports >= s->after) s->stop = 1;
}

/* Interrupted again and again, with other numbers of threads each time: the same bits. */
static void test_resume(void) {
  const char *axes = "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp";
  unlink(in_folder("a.h5"));
  mdm_sweep *whole = computed(SMALL, axes, 1, 1, "a.h5");
  int status = MDM_INTERRUPTED, stops = 0;
  size_t before = 0, ready = 0;
  for (; status == MDM_INTERRUPTED && stops < 50; stops++) {
    mdm_sweep *s = create(SMALL, axes, 1);
    stopper context = {.after = 60};
    mdm_monitor monitor = {.report = stop_after, .context = &context, .stop = &context.stop, .threads = 1 + stops % 3};
    status = run(s, &monitor, "b.h5");
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
  unlink(in_folder("a.h5"));
  mdm_sweep *s = computed(SMALL, "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp", 1, 2, "a.h5");
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
  unlink(in_folder("c.h5"));
  mdm_sweep *s = computed("solve.particles=8 solve.tolerance=0.001 solve.precision=double solve.replicas=2 "
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
  unlink(in_folder("c.h5"));
  mdm_sweep *s = computed(SMALL, "train.steps=3,6 data.train=2,4", 0, 2, "c.h5");
  mdm_outcome o;
  run_with(MDM_RUN_NETWORKS, 1, SMALL " train.steps=3 data.train=4", &o);
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
  unlink(in_folder("c.h5"));
  mdm_sweep *s = computed("train.batch=2 data.train=4 train.steps=29 simulate.widths=8 simulate.seeds=2",
                          "train.lr=0.2,0.4", 0, 1, "c.h5");
  CU_ASSERT_EQUAL(s->measure, MDM_MEASURE_TAIL);
  const double *loss = s->loss.value;
  CU_ASSERT_DOUBLE_EQUAL(s->mean[MDM_MEASURE_TAIL].value[0], (loss[27] + loss[28] + loss[29]) / 3, 1e-12);
  mdm_sweep_free(s);
}

/* ---- going on from a file ---- */

/* More values and a further width: what the file holds is taken, and equals a sweep that had them from the start. */
static void test_enlarged(void) {
  const char *more = "solve.particles=200 solve.replicas=2 train.steps=6 simulate.widths=8,12,16 simulate.seeds=3,4,3 "
                     "data.test=3 output.every=4";
  unlink(in_folder("b.h5"));
  unlink(in_folder("c.h5"));
  mdm_sweep_free(computed(SMALL, "train.lr=0.2,0.4 model.parameterization=mup,mssp", 1, 2, "b.h5"));
  mdm_sweep *s = create(more, "train.lr=0.1,0.2,0.4 model.parameterization=mssp,mup", 1);
  size_t ready;
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_resume(s, in_folder("b.h5"), NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_sweep_cells(s, &ready), 24);
  CU_ASSERT_EQUAL(ready, 12);
  mdm_sweep_free(s);
  mdm_sweep *grown = computed(more, "train.lr=0.1,0.2,0.4 model.parameterization=mssp,mup", 1, 2, "b.h5");
  mdm_sweep *whole = computed(more, "train.lr=0.1,0.2,0.4 model.parameterization=mssp,mup", 1, 2, "c.h5");
  check_same(grown->data, whole->data);
  mdm_sweep_free(grown);
  mdm_sweep_free(whole);
}

static void test_mismatch(void) {
  static const struct {
    const char *more, *axes;
    int with_limit;
    const char *words;
  } bad[] = {
      {"train.steps=7", "train.lr=0.2,0.4", 1, "train.steps is 6 there and 7 now"},
      {"seed=2", "train.lr=0.2,0.4", 1, "seed is 1 there and 2 now"},
      {"simulate.seeds=4", "train.lr=0.2,0.4", 1, "simulate.seeds is 3 there and 4 now"},
      {"solve.replicas=3", "train.lr=0.2,0.4", 1, "solve.replicas is 2 there and 3 now"},
      {"simulate.widths=8", "train.lr=0.2,0.4", 1, "N = 16|simulate.widths"},
      {"", "train.lr=0.2,0.4", 0, "--no-limit"},
      {"", "train.lr=0.2,0.3", 1, "train.lr = 0.4"},
      {"", "model.init.router=0.2,0.4", 1, "--over|train.lr|model.init.router"},
      {"", "train.lr=0.2,0.4 model.parameterization=mup,mssp", 1, "axis 2|nothing|model.parameterization"},
  };
  unlink(in_folder("b.h5"));
  mdm_sweep_free(computed(SMALL, "train.lr=0.2,0.4", 1, 2, "b.h5"));
  for (size_t i = 0; i < COUNT(bad); i++) {
    char settings[400], words[200];
    mdm_error err = {0};
    snprintf(settings, sizeof settings, "%s %s", SMALL, bad[i].more);
    mdm_sweep *s = create(settings, bad[i].axes, bad[i].with_limit);
    CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder("b.h5"), &err), MDM_ERR_CONFIG);
    snprintf(words, sizeof words, "%s", bad[i].words);
    for (char *w = strtok(words, "|"); w; w = strtok(NULL, "|")) {
      if (!strstr(err.text, w)) printf("\n    %s\n", err.text);
      CU_ASSERT_PTR_NOT_NULL(strstr(err.text, w));
    }
    mdm_sweep_free(s);
  }
}

/* The file of another command, and no HDF5 file at all. */
static void test_other_files(void) {
  mdm_outcome o;
  mdm_error err = {0};
  run_with(MDM_RUN_NETWORKS, 1, SMALL, &o);
  mdm_config *cfg = configure(SMALL);
  CU_ASSERT_EQUAL_FATAL(mdm_outcome_write(&o, cfg, "simulate", "test", in_folder("run.h5"), NULL), MDM_OK);
  mdm_config_free(cfg);
  mdm_outcome_clear(&o);
  mdm_sweep *s = create(SMALL, "train.lr=0.2,0.4", 1), *back;
  CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder("run.h5"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not the file of a sweep"));
  CU_ASSERT_EQUAL(mdm_sweep_read(in_folder("run.h5"), &back, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NULL(back);
  FILE *f = fopen(in_folder("run.h5"), "w");
  fputs("words", f);
  fclose(f);
  CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder("run.h5"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not an HDF5 file"));
  mdm_sweep_free(s);
}

/* Summary and picture of a file, and of one that holds only a part. */
static void test_info_and_picture(void) {
  char *text = NULL;
  mdm_error err = {0};
  unlink(in_folder("a.h5"));
  mdm_sweep *s = create(SMALL, "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp", 1);
  stopper context = {.after = 100};
  mdm_monitor monitor = {.report = stop_after, .context = &context, .stop = &context.stop, .threads = 1};
  CU_ASSERT_EQUAL(run(s, &monitor, "a.h5"), MDM_INTERRUPTED);
  mdm_sweep_free(s);
  for (int part = 1; part >= 0; part--) {
    CU_ASSERT_EQUAL_FATAL(mdm_file_info(in_folder("a.h5"), &text, &err), MDM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "model.parameterization = ntp"));
    CU_ASSERT_EQUAL(strstr(text, "cells are computed") != NULL, part);
    free(text);
    if (mdm_plot(in_folder("a.h5"), in_folder("a.png"), &err)) printf("\n    %s\n", err.text);
    CU_ASSERT_EQUAL(access(in_folder("a.png"), R_OK), 0);
    unlink(in_folder("a.png"));
    if (part) mdm_sweep_free(computed(SMALL, "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp", 1, 2, "a.h5"));
  }
}

int suite_sweep(void) {
  CU_pSuite suite = CU_add_suite("sweep", make_folder, remove_folder);
  if (!suite) return (int)CU_get_error();
  const struct {
    const char *name;
    void (*test)(void);
  } tests[] = {{"grids from text", test_grids},
               {"grids that are refused", test_refused_grids},
               {"best value inside a list", test_best_inside},
               {"best value at ends and beside divergence", test_best_at_edges},
               {"straight lines", test_lines},
               {"drift and monotonicity of known numbers", test_trends},
               {"cells equal single runs", test_cells},
               {"interrupted equals uninterrupted", test_resume},
               {"divergence and missing limits", test_divergence},
               {"cells that fail", test_failed_cells},
               {"points of different length and data", test_uneven_points},
               {"tail of minibatch losses", test_tail},
               {"more values and widths", test_enlarged},
               {"files of other sweeps", test_mismatch},
               {"files of other kinds", test_other_files},
               {"summary and picture", test_info_and_picture}};
  for (size_t i = 0; i < COUNT(tests); i++)
    if (!CU_add_test(suite, tests[i].name, tests[i].test)) return (int)CU_get_error();
  return CUE_SUCCESS;
}
