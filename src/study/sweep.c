/* A sweep as an object: its grid, widths and arrays, from the configuration alone (moedmft/sweep.h). Running it is in
 * sweep_run.c, its file in src/file/sweep.c, what follows from the losses in sweep_results.c. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "config/assign.h"
#include "config/condition.h"
#include "config/networks.h"
#include "problem/problem.h"
#include "run/saturation.h"
#include "run/sizes.h"
#include "study/depths.h"

/* ---------------------------------------------------------------- names */

static const struct {
  const char *name, *title, *text;
} measures[MDM_MEASURES] = {
    {"auto", "", ""},
    {"final", "train loss after the last step", "train loss after the last step, by run"},
    {"best", "smallest train loss of any step", "smallest train loss of any step, by run"},
    {"tail", "train loss, mean of the last tenth of the steps",
     "mean train loss of the last tenth of the steps, by run"},
    {"test", "test loss after the last step", "test loss after the last step, by run"},
};

const char *mdm_measure_name(mdm_measure m) { return measures[m].name; }
const char *mdm_measure_title(mdm_measure m) { return measures[m].title; }

/* ---------------------------------------------------------------- sizes */

/* Whether it makes sense to ask for the best of these values: positive numbers, neither data nor seeds; nor how the limit is solved, nor the unit of
 * the loss itself. */
static int has_best(const mdm_axis *axis) {
  const char *key = axis->option->key;
  if (!axis->numeric || axis->n < 2 || !(axis->value[0] > 0) || mdm_axis_is_seed(axis)) return 0;
  return strncmp(key, "data.", 5) && strncmp(key, "solve.", 6) && strcmp(key, "train.loss_multiplier");
}

/* The axis whose best value is sought: train.lr, or the first that has one. */
static long choose_axis(const mdm_grid *g) {
  long lr = mdm_grid_find(g, "train.lr");
  if (lr >= 0 && has_best(&g->axis[lr])) return lr;
  for (size_t a = 0; a < g->axes; a++)
    if (has_best(&g->axis[a])) return (long)a;
  return -1;
}

static size_t test_records(const mdm_config *cfg) {
  size_t steps = (size_t)mdm_config_int(cfg, "train.steps"), every = (size_t)mdm_config_int(cfg, "output.every");
  return mdm_config_int(cfg, "data.test") ? mdm_test_count(steps, every) : 0;
}

/* Steps and test records of the longest point; whether any point takes minibatches. */
static int measure_points(mdm_sweep *s, int *minibatch, mdm_error *err) {
  mdm_config *cfg;
  int status = mdm_config_copy(s->cfg, &cfg, err);
  *minibatch = 0;
  for (size_t p = 0; p < s->points && !status; p++) {
    status = mdm_grid_apply(&s->grid, p, cfg, err);
    size_t steps = (size_t)mdm_config_int(cfg, "train.steps") + 1, tests = test_records(cfg);
    if (steps > s->steps) s->steps = steps;
    if (tests > s->tests) s->tests = tests;
    *minibatch |= mdm_config_enum(cfg, "train.batch") != 0;
  }
  mdm_config_free(cfg);
  return status;
}

static int choose_measure(mdm_sweep *s, mdm_measure asked, int minibatch, mdm_error *err) {
  s->measure = asked != MDM_MEASURE_AUTO ? asked : minibatch ? MDM_MEASURE_TAIL : MDM_MEASURE_FINAL;
  if (asked == MDM_MEASURE_TEST && !s->tests)
    return mdm_fail(err, MDM_ERR_CONFIG, "--measure test needs a test part: data.test > 0");
  return MDM_OK;
}

/* ---------------------------------------------------------------- arrays */

/* Names of the axes and then of `more`; where whole keys are too long, their last parts. */
static void dims_text(const mdm_sweep *s, const char *more, char *buf, size_t size) {
  for (int whole = 1; whole >= 0; whole--) {
    size_t used = 0;
    for (size_t a = 0; a < s->grid.axes && used < size; a++) {
      const char *key = s->grid.axis[a].option->key, *dot = strrchr(key, '.');
      used += (size_t)snprintf(buf + used, size - used, "%s, ", whole || !dot ? key : dot + 1);
    }
    if (used < size) used += (size_t)snprintf(buf + used, size - used, "%s", more);
    if (used < size) return;
  }
}

/* An array over the axes, then the n named dimensions; all NaN. */
static int add_array(const mdm_sweep *s, const char *name, size_t n, const size_t *dim, const char *more,
                     const char *text, int with_error, mdm_series *out, mdm_error *err) {
  mdm_array shape = {.rank = (int)(s->grid.axes + n), .text = text}, *added;
  snprintf(shape.path, sizeof shape.path, "sweep/%s", name);
  dims_text(s, more, shape.dims, sizeof shape.dims);
  for (size_t a = 0; a < s->grid.axes; a++) shape.dim[a] = s->grid.axis[a].n;
  memcpy(shape.dim + s->grid.axes, dim, n * sizeof *dim);
  int status = mdm_record_append(s->data, &shape, with_error, &added, err);
  if (status) return status;
  mdm_array_blank(added);
  *out = (mdm_series){added->value, added->error};
  return MDM_OK;
}

/* Networks in ascending N, the limit last. */
static int add_widths(mdm_sweep *s, const mdm_networks *networks, mdm_error *err) {
  int status = mdm_record_add(s->data, "sweep/width", 1, &s->widths, "width", "N; infinity: the limit", &s->width, err);
  if (!status)
    status = mdm_record_add(s->data, "sweep/runs", 1, &s->widths, "width",
                            "networks (of the limit: replicas) in each cell", &s->runs, err);
  for (size_t w = 0; w < s->widths && !status; w++) {
    int limit = w == networks->widths;
    size_t replicas = (size_t)mdm_config_int(s->cfg, "solve.replicas"), runs = !limit ? networks->seeds[w] : replicas ? replicas : MDM_USUAL_REPLICAS;
    s->width[w] = limit ? INFINITY : (double)networks->width[w];
    s->runs[w] = (double)runs;
    if (runs > s->most_runs) s->most_runs = runs;
  }
  return status;
}

static int add_axes(mdm_sweep *s, mdm_error *err) {
  int status = MDM_OK;
  for (size_t a = 0; a < s->grid.axes && !status; a++) {
    const mdm_axis *axis = &s->grid.axis[a];
    char path[96];
    double *v;
    snprintf(path, sizeof path, "axes/%s", axis->option->key);
    status = mdm_record_add(
        s->data, path, 1, &axis->n, axis->option->key,
        axis->numeric ? "values of this option" : "index into the values listed in the attributes of /axes", &v, err);
    if (!status) memcpy(v, axis->value, axis->n * sizeof *v);
  }
  return status;
}

static int add_measure(mdm_sweep *s, mdm_measure m, mdm_error *err) {
  const size_t dim[2] = {s->widths, s->most_runs};
  mdm_series each = {0};
  char name[64];
  int status = add_array(s, measures[m].name, 1, dim, "width", measures[m].title, 1, &s->mean[m], err);
  snprintf(name, sizeof name, "each/%s", measures[m].name);
  if (!status) status = add_array(s, name, 2, dim, "width, run", measures[m].text, 0, &each, err);
  s->each[m] = each.value;
  return status;
}

/* One number for each cell. */
static int add_states(mdm_sweep *s, mdm_error *err) {
  mdm_series state = {0}, diverged = {0}, seconds = {0}, have = {0};
  int status = add_array(s, "status", 1, &s->widths, "width",
                         "0: not computed yet, 1: complete, 2: some runs diverged, 3: no limit exists, 4: failed, "
                         "5: not needed, as refinement at other widths added the value", 0,
                         &state, err);
  if (!status) status = add_array(s, "diverged", 1, &s->widths, "width", "runs that diverged", 0, &diverged, err);
  if (!status)
    status = add_array(s, "seconds", 1, &s->widths, "width", "time of all runs of the cell, added up", 0, &seconds, err);
  if (!status)
    status = add_array(s, "done", 1, &s->widths, "width", "runs that are there; of a cell that is not computed yet, the first ones", 0, &have, err);
  s->status = state.value;
  s->diverged = diverged.value;
  s->seconds = seconds.value;
  s->have = have.value;
  for (size_t i = 0; i < s->cells && !status; i++) s->status[i] = MDM_CELL_MISSING, s->have[i] = 0;
  return status;
}

/* From which more runs go on; name: of the curve. */
static int add_sums(mdm_sweep *s, const char *name, const size_t dim[2], const char *more, mdm_sums *out, mdm_error *err) {
  char path[64];
  mdm_series sum = {0}, squares = {0};
  snprintf(path, sizeof path, "sums/%s", name);
  int status = add_array(s, path, 2, dim, more, "sum over the runs that are there", 0, &sum, err);
  snprintf(path, sizeof path, "sums/%s_squares", name);
  if (!status) status = add_array(s, path, 2, dim, more, "squared deviations from the mean, summed over these runs", 0, &squares, err);
  *out = (mdm_sums){sum.value, squares.value};
  return status;
}

static int add_test_curves(mdm_sweep *s, mdm_error *err) {
  const size_t tests[2] = {s->widths, s->tests};
  mdm_series step = {0};
  int status = add_array(s, "test_loss", 2, tests, "width, test step", "test loss; infinite once a run has diverged", 1,
                         &s->test, err);
  if (!status)
    status = add_array(s, "test_step", 1, &s->tests, "test step", "steps at which the test part was evaluated", 0,
                       &step, err);
  s->test_step = step.value;
  return status ? status : add_sums(s, "test_loss", tests, "width, test step", &s->test_sums, err);
}

static int add_arrays(mdm_sweep *s, mdm_error *err) {
  const size_t steps[2] = {s->widths, s->steps};
  int status = add_states(s, err);
  if (!status)
    status = add_array(s, "loss", 2, steps, "width, step",
                       "train loss before each step; infinite once a run has diverged", 1, &s->loss, err);
  if (!status) status = add_sums(s, "loss", steps, "width, step", &s->loss_sums, err);
  if (!status && s->tests) status = add_test_curves(s, err);
  for (mdm_measure m = MDM_MEASURE_FINAL; m < (s->tests ? MDM_MEASURES : MDM_MEASURE_TEST) && !status; m++)
    status = add_measure(s, m, err);
  return status;
}

/* ---------------------------------------------------------------- life */

static int build(mdm_sweep *s, const char *const *over, size_t n, mdm_measure measure, mdm_error *err) {
  mdm_networks networks;
  int minibatch = 0, status = mdm_grid_read(s->cfg, over, n, &s->grid, err);
  if (status) return status;
  s->points = mdm_grid_points(&s->grid);
  s->along = choose_axis(&s->grid);
  status = mdm_networks_read(s->cfg, &networks, err);
  s->widths = networks.widths + (size_t)s->with_limit;
  s->cells = s->points * s->widths;
  if (!status) status = measure_points(s, &minibatch, err);
  if (!status) status = choose_measure(s, measure, minibatch, err);
  if (!status) status = mdm_record_create(&s->data, err);
  if (!status) status = add_widths(s, &networks, err);
  mdm_networks_clear(&networks);
  if (!status) status = add_axes(s, err);
  if (!status) status = add_arrays(s, err);
  s->note = mdm_alloc(s->cells, 1, 1, sizeof *s->note);
  s->doubt = mdm_alloc(s->cells, 1, 1, sizeof *s->doubt);
  s->work = mdm_alloc(s->cells, 1, 1, sizeof *s->work);
  s->best = mdm_alloc(mdm_sweep_slices(s), s->widths, 1, sizeof *s->best);
  if (!status && (!s->note || !s->doubt || !s->work || !s->best)) status = mdm_no_memory(err, "the cells of a sweep");
  return status ? status : mdm_sweep_evaluate(s, err);
}

/* The booleans of output.* ask for arrays that a sweep does not store: they are not computed. What only applies with them goes back to
 * its default, so that the configuration that the file holds says nothing without effect. */
static int store_nothing_else(mdm_config *cfg, mdm_error *err) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  mdm_config *given;
  int status = mdm_config_copy(cfg, &given, err);
  for (size_t i = 0; i < n && !status; i++)
    if (o[i].type == MDM_OPT_BOOL && !strncmp(o[i].key, "output.", 7)) status = mdm_config_assign(cfg, o[i].key, "false", err);
  for (size_t i = 0; i < n && !status; i++)
    if (mdm_condition_holds(given, o[i].applies) && !mdm_condition_holds(cfg, o[i].applies)) status = mdm_config_assign(cfg, o[i].key, o[i].preset, err);
  mdm_config_free(given);
  return status;
}

int mdm_sweep_create(const mdm_config *cfg, const char *const *over, size_t n, int with_limit, mdm_measure measure,
                     mdm_sweep **out, mdm_error *err) {
  *out = NULL;
  mdm_sweep *s = calloc(1, sizeof *s);
  if (!s) return mdm_no_memory(err, "a sweep");
  s->with_limit = with_limit != 0;
  int status = mdm_config_copy(cfg, &s->cfg, err);
  if (!status && mdm_config_int(cfg, "solve.sweeps") > 0)
    status = mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps iterates single solutions, which a sweep does not; set it to 0, or use solve or compare");
  if (!status && mdm_config_bool(cfg, "solve.bias_check"))
    status = mdm_fail(err, MDM_ERR_CONFIG, "solve.bias_check looks at single solutions, which a sweep does not; set it to false, or use solve or compare for the cell in question");
  if (!status && mdm_config_real(cfg, "solve.accuracy") > 0)
    status = mdm_fail(err, MDM_ERR_CONFIG,
                      "solve.accuracy is not resolved yet: a sweep has one number of particles and of replicas for all cells (mdm_sweep_sizes)");
  int depths = 0;
  if (!status) status = mdm_depths_check(cfg, &depths, err);
  if (!status && depths) status = mdm_fail(err, MDM_ERR_CONFIG, "solve.depths and simulate.depths are of compare and coordcheck; a sweep takes depths as an axis: --over model.depth=4,8,16");
  if (!status) status = store_nothing_else(s->cfg, err);
  if (!status) status = build(s, over, n, measure, err);
  if (status) return mdm_sweep_free(s), status;
  *out = s;
  return MDM_OK;
}

void mdm_sweep_free(mdm_sweep *s) {
  if (!s) return;
  for (size_t i = 0; s->note && i < s->cells; i++) free(s->note[i]);
  free(s->note);
  for (size_t i = 0; s->doubt && i < s->cells; i++) free(s->doubt[i]);
  free(s->doubt);
  for (size_t i = 0; i < s->added_n; i++) free(s->added[i]);
  free(s->added);
  free(s->best);
  free(s->work);
  mdm_data_free(s->samples);
  mdm_record_free(s->data);
  mdm_record_free(s->results);
  mdm_grid_clear(&s->grid);
  mdm_config_free(s->cfg);
  free(s);
}

/* ---------------------------------------------------------------- looking at it */

size_t mdm_sweep_cells(const mdm_sweep *s, size_t *ready) {
  size_t missing = 0, skipped = 0;
  for (size_t i = 0; i < s->cells; i++) missing += s->status[i] == MDM_CELL_MISSING, skipped += s->status[i] == MDM_CELL_SKIPPED;
  if (ready) *ready = s->cells - missing - skipped;
  return s->cells - skipped;
}

static void blank(double *v, size_t cell, size_t n) {
  for (size_t i = 0; v && i < n; i++) v[cell * n + i] = NAN;
}

void mdm_sweep_blank_means(mdm_sweep *s, size_t cell) {
  blank(s->loss.value, cell, s->steps);
  blank(s->loss.error, cell, s->steps);
  blank(s->test.value, cell, s->tests);
  blank(s->test.error, cell, s->tests);
  for (mdm_measure m = MDM_MEASURE_FINAL; m < MDM_MEASURES; m++) blank(s->mean[m].value, cell, 1), blank(s->mean[m].error, cell, 1);
}

void mdm_sweep_blank(mdm_sweep *s, size_t cell) {
  mdm_sweep_blank_means(s, cell);
  blank(s->loss_sums.sum, cell, s->steps);
  blank(s->loss_sums.squares, cell, s->steps);
  blank(s->test_sums.sum, cell, s->tests);
  blank(s->test_sums.squares, cell, s->tests);
  for (mdm_measure m = MDM_MEASURE_FINAL; m < MDM_MEASURES; m++) blank(s->each[m], cell, s->most_runs);
  blank(s->diverged, cell, 1);
  blank(s->seconds, cell, 1);
  s->have[cell] = 0;
}

mdm_cell mdm_sweep_cell(const mdm_sweep *s, size_t point, size_t width) {
  return (mdm_cell)s->status[point * s->widths + width];
}
const char *mdm_sweep_note(const mdm_sweep *s, size_t point, size_t width) {
  return s->note[point * s->widths + width];
}
const char *mdm_sweep_doubt(const mdm_sweep *s, size_t point, size_t width) { return s->doubt[point * s->widths + width]; }

/* Cells whose doubts say so; those of the first, behind the name of its point. */
static size_t doubts_that_say(const mdm_sweep *s, const char *words, char *first, size_t size) {
  size_t n = 0;
  char name[400];
  if (size) *first = '\0';
  for (size_t i = 0; i < s->cells; i++) {
    if (!s->doubt[i] || !strstr(s->doubt[i], words)) continue;
    mdm_sweep_point_name(s, i / s->widths, name, sizeof name);
    if (!n++) snprintf(first, size, "%s%s%s", name, *name ? ": " : "", s->doubt[i]);
  }
  return n;
}

size_t mdm_sweep_doubts(const mdm_sweep *s, char *first, size_t size) { return doubts_that_say(s, "", first, size); }
size_t mdm_sweep_no_limits(const mdm_sweep *s, char *first, size_t size) { return doubts_that_say(s, MDM_NO_LIMIT, first, size); }

const mdm_data *mdm_sweep_samples(const mdm_sweep *s) { return s->samples; }
const mdm_record *mdm_sweep_data(const mdm_sweep *s) { return s->data; }
const mdm_record *mdm_sweep_results(const mdm_sweep *s) { return s->results; }
