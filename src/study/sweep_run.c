/* Running a sweep (mdm_sweep_compute): all runs of all missing cells are tasks of one pool of threads, and of other ranks.
 *
 * A cell's problem is set up when its first run here begins and released with its last, so that few are in memory at a time.
 * A run leaves its loss curves behind; the cell's numbers are computed when all are there, in the order of the runs, so
 * nothing depends on threads. Whoever finishes a cell saves the file when the last time is long enough ago. A cell of
 * which a run was stopped stays missing. HDF5 is entered under the pool's lock only: the library is not thread-safe. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/record.h"
#include "cluster/dispatch.h"
#include "problem/problem.h"
#include "run/batch.h"
#include "run/checkpoint.h"
#include "run/family.h"
#include "run/remote.h"
#include "run/saturation.h"
#include "run/tolerance.h"
#include "study/sweep_families.h"

static const double SAVE_AFTER = 5; /* seconds between two files, at least; and 20 times what writing one takes */

/* A cell at work. */
typedef struct {
  mdm_config *cfg;      /* of this cell: the batch refers to it */
  mdm_data *own;        /* data of this point alone, or NULL */
  mdm_batch *batch;     /* NULL: none of its runs has begun here */
  mdm_remote remote;    /* how other ranks come to know it */
  double *curve, *test; /* runs × steps; runs × tests */
  double *bias, *test_bias; /* the same, of the limit from networks: what extrapolation leaves (mdm_sweep_families); else NULL */
  double *measure;      /* runs: of these, one measure; NULL with them */
  double *seconds;      /* runs */
  char *diverged;       /* runs: 1 when it diverged */
  mdm_record **record;  /* runs: of a limit, kept until the cell ends, which looks for reasons to doubt it; NULL where there is none */
  size_t runs, finished, have; /* have: runs that the sweep has from before, the first ones */
  size_t failed_run; /* of the note */
  mdm_error why;     /* code ≠ 0: a run failed */
  uint64_t identity; /* of its runs in the checkpoint */
} live;

typedef struct {
  size_t cell, run;
} job;

/* A cell whose runs the checkpoint can forget. */
typedef struct {
  uint64_t identity;
  long width;
  size_t runs;
} finished;

typedef struct {
  mdm_sweep *s;
  const mdm_monitor *user;
  int (*save)(void *context, mdm_sweep *s, mdm_error *err);
  void *context; /* for save */
  mdm_board board;
  pthread_mutex_t lock; /* of everything below, of s and of HDF5 */
  live *live;           /* cells */
  job *job;             /* jobs */
  size_t jobs, points_open, points_ready;
  size_t *missing;      /* points: cells that are not there yet */
  finished *over;       /* cells: those that are ready, and not yet in the file */
  size_t overs;
  double saved, saving; /* time of the last file, seconds that it took */
} pool;

/* ---------------------------------------------------------------- one cell's configuration */

static int is_limit(const mdm_sweep *s, size_t cell) { return isinf(s->width[cell % s->widths]) != 0; }
/* N; 0: the limit. */
static long cell_width(const mdm_sweep *s, size_t cell) { return is_limit(s, cell) ? 0 : (long)s->width[cell % s->widths]; }

/* Whether points differ in their data. */
static int data_vary(const mdm_sweep *s) {
  for (size_t a = 0; a < s->grid.axes; a++) {
    const char *key = s->grid.axis[a].option->key;
    if (!strncmp(key, "data.", 5) || !strcmp(key, "train.loss")) return 1; /* the loss decides about one-hot targets */
  }
  return 0;
}

static int point_config(const mdm_sweep *s, size_t point, mdm_config **out, mdm_error *err) {
  int status = mdm_config_copy(s->cfg, out, err);
  return status ? status : mdm_grid_apply(&s->grid, point, *out, err);
}

static int cell_config(const mdm_sweep *s, size_t cell, mdm_config **out, mdm_error *err) {
  char text[64];
  size_t w = cell % s->widths;
  int status = point_config(s, cell / s->widths, out, err);
  if (status || is_limit(s, cell)) return status;
  snprintf(text, sizeof text, "simulate.widths=[%.0f]", s->width[w]);
  status = mdm_config_set(*out, text, err);
  snprintf(text, sizeof text, "simulate.seeds=[%.0f]", s->runs[w]);
  return status ? status : mdm_config_set(*out, text, err);
}

/* ---------------------------------------------------------------- checking everything first */

static int point_is_ready(const mdm_sweep *s, size_t point) {
  for (size_t w = 0; w < s->widths; w++)
    if (s->status[point * s->widths + w] == MDM_CELL_MISSING) return 0;
  return 1;
}

static int set_note(mdm_sweep *s, size_t cell, mdm_cell status, const char *text, mdm_error *err) {
  free(s->note[cell]);
  s->note[cell] = strdup(text);
  s->status[cell] = status;
  return s->note[cell] ? MDM_OK : mdm_no_memory(err, "the notes of a sweep");
}

/* Marks cells that have no limit, and notes the work of the others. */
static int inspect(mdm_sweep *s, size_t point, mdm_batch *b, mdm_error *err) {
  mdm_error why = {0};
  size_t last = point * s->widths + s->widths - 1, k = 0;
  double steps = (double)mdm_batch_steps(b);
  int status = MDM_OK;
  if (s->with_limit && s->status[last] == MDM_CELL_MISSING && mdm_batch_limit_exists(b, &why))
    status = set_note(s, last, MDM_CELL_NO_LIMIT, why.text, err);
  if (s->with_limit) s->work[last] = steps * s->runs[s->widths - 1] * mdm_batch_task(b, 0)->cost;
  if (s->with_limit) k = (size_t)s->runs[s->widths - 1]; /* replicas come first */
  for (size_t w = 0; w + (size_t)s->with_limit < s->widths; w++) {
    s->work[point * s->widths + w] = steps * s->runs[w] * mdm_batch_task(b, k)->cost;
    k += (size_t)s->runs[w];
  }
  return status;
}

static int check_point(mdm_sweep *s, size_t point, int threads, double *bytes, mdm_error *err) {
  mdm_config *cfg = NULL;
  mdm_data *own = NULL;
  mdm_batch *b = NULL;
  mdm_error why = {0};
  int status = point_config(s, point, &cfg, &why);
  if (!status && !s->samples) status = mdm_data_load(cfg, &own, &why);
  if (!status)
    status = mdm_batch_create(cfg, own ? own : s->samples, MDM_RUN_NETWORKS | (s->with_limit ? MDM_RUN_LIMIT : 0), NULL,
                              &b, &why);
  if (!status) status = inspect(s, point, b, &why);
  if (!status) *bytes = fmax(*bytes, mdm_batch_bytes(b, threads));
  if (status) {
    char name[400];
    mdm_sweep_point_name(s, point, name, sizeof name);
    mdm_fail(err, status, "%s: %s", name, why.text);
  }
  mdm_batch_free(b);
  mdm_data_free(own);
  mdm_config_free(cfg);
  return status;
}

int mdm_sweep_load(mdm_sweep *s, mdm_error *err) {
  return s->samples || data_vary(s) ? MDM_OK : mdm_data_load(s->cfg, &s->samples, err);
}

int mdm_sweep_prepare(mdm_sweep *s, int threads, double *bytes, mdm_error *err) {
  int status = MDM_OK;
  double numbers = 0;
  for (size_t i = 0; i < mdm_record_count(s->data); i++) {
    const mdm_array *a = mdm_record_at(s->data, i);
    numbers += (a->error ? 2 : 1) * (double)mdm_elements(a->rank, a->dim);
  }
  *bytes = 0;
  status = mdm_sweep_load(s, err);
  for (size_t p = 0; p < s->points && !status; p++)
    if (!point_is_ready(s, p)) status = check_point(s, p, threads, bytes, err);
  *bytes += 8 * 3 * numbers; /* held, and written as a file in memory and its image */
  return status;
}

/* ---------------------------------------------------------------- what a run leaves behind */

/* Values up to where the run came, then infinity when it diverged. A curve that is short for another reason ends with
 * NaN. */
static void copy_curve(const mdm_array *a, size_t done, int diverged, size_t n, double *out) {
  size_t length = a ? a->dim[0] : 0;
  for (size_t t = 0; t < n; t++) {
    double v = t < length ? a->value[t] : NAN;
    out[t] = t < length && diverged && (t >= done || isnan(v)) ? INFINITY : v;
  }
}

/* Test records that lie before the step at which the run ended. */
static size_t tests_done(const mdm_task *t) {
  const mdm_array *step = mdm_record_find(t->record, "observables/test/step");
  size_t n = 0;
  while (step && n < step->dim[0] && step->value[n] < (double)t->done) n++;
  return n;
}

static void keep_run(const mdm_sweep *s, live *c, size_t run, mdm_task *t) {
  int diverged = t->status == MDM_ERR_DIVERGED;
  const mdm_array *seconds = mdm_record_find(t->record, "diagnostics/seconds");
  c->diverged[run] = (char)diverged;
  c->seconds[run] = seconds ? seconds->value[0] : NAN;
  copy_curve(mdm_record_find(t->record, "observables/train/loss"), t->done, diverged, s->steps,
             c->curve + run * s->steps);
  copy_curve(mdm_record_find(t->record, "observables/test/loss"), tests_done(t), diverged, s->tests,
             c->test + run * s->tests);
  if (c->record) c->record[run] = t->record;
  else mdm_record_free(t->record);
  t->record = NULL;
}

/* ---------------------------------------------------------------- reasons to doubt a limit */

/* Adds a reason, unless the cell has it from its first runs. */
static int add_doubt(mdm_sweep *s, size_t cell, const char *line, mdm_error *err) {
  const char *old = s->doubt[cell] ? s->doubt[cell] : "";
  if (strstr(old, line)) return MDM_OK;
  size_t size = strlen(old) + strlen(line) + 3;
  char *text = malloc(size);
  if (!text) return mdm_no_memory(err, "the notes of a sweep");
  snprintf(text, size, "%s%s%s", old, *old ? "; " : "", line);
  free(s->doubt[cell]);
  s->doubt[cell] = text;
  return MDM_OK;
}

/* What the runs of a limit that are new say against it, as mdm_run tells it of all. */
static int doubt_limit(mdm_sweep *s, size_t cell, const live *c, mdm_error *err) {
  mdm_record *summary = NULL;
  char line[MDM_DOUBT_SIZE];
  size_t next = 0, first = c->have;
  if (!c->record || first == c->runs) return MDM_OK;
  int status = mdm_record_reduce((const mdm_record *const *)c->record + first, c->runs - first, &summary, err);
  if (!status) status = mdm_family_errors(summary, c->runs - first, err);
  while (!status && mdm_doubt(c->cfg, summary, &next, line, sizeof line)) status = add_doubt(s, cell, line, err);
  mdm_record_free(summary);
  return status;
}

/* ---------------------------------------------------------------- a cell's numbers */

void mdm_sweep_mean(size_t n, const double *v, size_t stride, double *mean, double *error) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += v[i * stride];
  *mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) squares += (v[i * stride] - *mean) * (v[i * stride] - *mean);
  *error = n > 1 && isfinite(*mean) ? sqrt(squares / ((double)n * (double)(n - 1))) : NAN;
}

static size_t curve_length(size_t n, const double *curve) {
  while (n > 0 && isnan(curve[n - 1])) n--;
  return n;
}

/* lowest: step whose loss is the best one; n: the curve's own lowest. */
static double measure_of(mdm_measure m, const double *curve, size_t n, size_t lowest, const double *test, size_t tests) {
  double v = m == MDM_MEASURE_BEST ? INFINITY : 0;
  size_t length = n / 10 > 0 ? n / 10 : 1;
  switch (m) {
  case MDM_MEASURE_BEST:
    if (lowest < n) return curve[lowest];
    for (size_t t = 0; t < n; t++) v = fmin(v, curve[t]);
    return v;
  case MDM_MEASURE_TAIL:
    for (size_t t = n - length; t < n; t++) v += curve[t] / (double)length;
    return v;
  case MDM_MEASURE_TEST:
    return tests ? test[tests - 1] : NAN;
  default:
    return curve[n - 1];
  }
}

void mdm_sweep_from_sums(double have, double sum, double squares, double *mean, double *error) {
  *mean = sum / have;
  *error = have > 1 && isfinite(*mean) ? sqrt(squares / (have * (have - 1))) : NAN;
}

/* One more run, after `have` others, into the sums of a cell (sums[t]), and from these its means. */
static void add_curve(mdm_sums all, mdm_series out, size_t cell, size_t stride, size_t n, const double *curve, double have) {
  double *sum = all.sum + cell * stride, *squares = all.squares + cell * stride; /* n of stride */
  for (size_t t = 0; t < n; t++) {
    double before = have > 0 ? curve[t] - sum[t] / have : 0;
    sum[t] = have > 0 ? sum[t] + curve[t] : curve[t];
    squares[t] = have > 0 ? squares[t] + before * before * (have / (have + 1)) : 0;
    mdm_sweep_from_sums(have + 1, sum[t], squares[t], &out.value[cell * stride + t], &out.error[cell * stride + t]);
  }
}

/* Adds what n biases v[i × stride] are on average, beyond their own noise, to a standard error. */
static void widen(size_t n, const double *v, size_t stride, double *error) {
  double bias, noise;
  mdm_sweep_mean(n, v, stride, &bias, &noise);
  *error = mdm_family_error(*error, bias, noise);
}

/* Step at which the mean over families is lowest; n: runs have a lowest loss each. Losses of families are pseudo-values, whose noise a minimum over
 * each would follow; to first order the minimum of their mean is that of its step. */
static size_t lowest_of(const mdm_sweep *s, size_t cell, const live *c, size_t n) {
  const double *mean = s->loss.value + cell * s->steps;
  size_t at = 0;
  for (size_t t = 1; t < n; t++)
    if (mean[t] < mean[at]) at = t;
  return c->bias ? at : n;
}

static void store_measures(mdm_sweep *s, size_t cell, const live *c, size_t n, size_t tests) {
  size_t T = s->steps, E = s->tests, lowest = lowest_of(s, cell, c, n);
  for (mdm_measure m = MDM_MEASURE_FINAL; m < MDM_MEASURES; m++) {
    if (!s->each[m]) continue;
    double *each = s->each[m] + cell * s->most_runs, *error = &s->mean[m].error[cell];
    for (size_t r = c->have; r < c->runs; r++) each[r] = measure_of(m, c->curve + r * T, n, lowest, c->test + r * E, tests);
    mdm_sweep_mean(c->runs, each, 1, &s->mean[m].value[cell], error);
    for (size_t r = 0; r < c->runs && c->bias; r++) c->measure[r] = measure_of(m, c->bias + r * T, n, lowest, c->test_bias + r * E, tests);
    if (c->bias) widen(c->runs, c->measure, 1, error);
  }
}

static void store_cell(mdm_sweep *s, size_t cell, const live *c) {
  size_t T = s->steps, E = s->tests, n = curve_length(T, c->curve + c->have * T), tests = E ? curve_length(E, c->test + c->have * E) : 0;
  if (!c->have) s->diverged[cell] = s->seconds[cell] = 0;
  for (size_t r = c->have; r < c->runs; r++) {
    s->diverged[cell] += c->diverged[r];
    s->seconds[cell] += c->seconds[r];
    add_curve(s->loss_sums, s->loss, cell, T, n, c->curve + r * T, (double)r);
    add_curve(s->test_sums, s->test, cell, E, tests, c->test + r * E, (double)r);
  }
  store_measures(s, cell, c, n, tests);
  for (size_t t = 0; t < n && c->bias; t++) widen(c->runs, c->bias + t, T, &s->loss.error[cell * T + t]);
  for (size_t t = 0; t < tests && c->bias; t++) widen(c->runs, c->test_bias + t, E, &s->test.error[cell * E + t]);
  s->have[cell] = (double)c->runs;
  s->status[cell] = s->diverged[cell] > 0 ? MDM_CELL_DIVERGED : MDM_CELL_COMPLETE;
}

/* ---------------------------------------------------------------- the pool */

static void live_clear(live *c) {
  mdm_batch_free(c->batch);
  mdm_remote_clear(&c->remote);
  mdm_data_free(c->own);
  mdm_config_free(c->cfg);
  free(c->curve);
  free(c->test);
  free(c->bias);
  free(c->test_bias);
  free(c->measure);
  free(c->seconds);
  free(c->diverged);
  for (size_t r = 0; c->record && r < c->runs; r++) mdm_record_free(c->record[r]);
  free(c->record);
  *c = (live){0};
}

/* What is done once for all of its runs, wherever they are. */
static int begin_cell(pool *p, size_t cell, mdm_error *err) {
  mdm_sweep *s = p->s;
  live *c = &p->live[cell];
  if (c->curve) return MDM_OK;
  size_t runs = c->runs = (size_t)s->runs[cell % s->widths];
  c->have = c->finished = (size_t)s->have[cell];
  int status = cell_config(s, cell, &c->cfg, err);
  if (!status && !s->samples) status = mdm_data_load(c->cfg, &c->own, err);
  c->remote = (mdm_remote){.cfg = c->cfg, .data = c->own ? c->own : s->samples, .what = is_limit(s, cell) ? MDM_RUN_LIMIT : MDM_RUN_NETWORKS,
                           .checkpoint = p->user ? p->user->checkpoint : NULL};
  if (!status && c->remote.checkpoint) c->identity = mdm_checkpoint_identity(c->cfg, c->remote.data, is_limit(s, cell));
  c->curve = mdm_alloc(runs, s->steps, 1, sizeof *c->curve);
  c->test = mdm_alloc(runs, s->tests, 1, sizeof *c->test);
  c->seconds = mdm_alloc(runs, 1, 1, sizeof *c->seconds);
  c->diverged = mdm_alloc(runs, 1, 1, 1);
  if (is_limit(s, cell)) c->record = mdm_alloc(runs, 1, 1, sizeof *c->record);
  if (!status && (!c->curve || !c->test || !c->seconds || !c->diverged || (is_limit(s, cell) && !c->record)))
    status = mdm_no_memory(err, "a cell of the sweep");
  if (status) live_clear(c);
  return status;
}

/* What is done once for all runs of this rank. */
static int begin_batch(pool *p, size_t cell, mdm_error *err) {
  live *c = &p->live[cell];
  int status = begin_cell(p, cell, err);
  if (status || c->batch) return status;
  return mdm_batch_create(c->cfg, c->remote.data, c->remote.what, &p->board, &c->batch, err);
}

static int save_now(pool *p, mdm_error *err) {
  double start = mdm_clock();
  if (!p->save) return MDM_OK; /* nothing is saved, and nothing forgotten */
  int status = p->save(p->context, p->s, err);
  for (; !status && p->overs > 0; p->overs--) {
    const finished *f = &p->over[p->overs - 1];
    mdm_checkpoint_forget(p->user->checkpoint, f->identity, f->width, f->runs);
  }
  p->saved = mdm_clock();
  p->saving = p->saved - start;
  return status;
}

/* Losses of a limit from networks are those of the mean prediction over all of its families. */
static int first_of_families(pool *p, size_t cell, mdm_error *err) {
  live *c = &p->live[cell];
  mdm_sweep *s = p->s;
  if (!c->record || !mdm_by_networks(c->cfg)) return MDM_OK;
  c->bias = mdm_alloc(c->runs, s->steps, 1, sizeof *c->bias);
  c->test_bias = mdm_alloc(c->runs, s->tests, 1, sizeof *c->test_bias);
  c->measure = mdm_alloc(c->runs, 1, 1, sizeof *c->measure);
  int status = c->bias && c->test_bias && c->measure ? begin_batch(p, cell, err) : mdm_no_memory(err, "the losses of %zu families", c->runs);
  return status ? status : mdm_sweep_families(s, c->batch, c->record, c->runs, c->curve, c->test, c->bias, c->test_bias, err);
}

/* The last run of a cell is over. */
static int end_cell(pool *p, size_t cell, mdm_error *err) {
  live *c = &p->live[cell];
  int status = MDM_OK;
  if (c->why.code) {
    mdm_sweep_blank(p->s, cell);
    status = set_note(p->s, cell, MDM_CELL_FAILED, c->why.text, err);
  } else {
    status = first_of_families(p, cell, err);
    if (!status) store_cell(p->s, cell, c);
    if (!status) status = doubt_limit(p->s, cell, c, err);
  }
  if (c->identity) p->over[p->overs++] = (finished){c->identity, cell_width(p->s, cell), c->runs};
  live_clear(c);
  if (--p->missing[cell / p->s->widths] == 0) p->points_ready++;
  if (!status && mdm_clock() - p->saved > fmax(SAVE_AFTER, 20 * p->saving)) status = save_now(p, err);
  return status;
}

/* Numerical failures are results of the cell; of several, that of the first run is told. */
static int note_failure(live *c, size_t run, int status, const mdm_error *why) {
  if (status != MDM_ERR_NUMERIC) return status;
  if (!c->why.code || run < c->failed_run) {
    c->why = *why;
    c->failed_run = run;
  }
  return MDM_OK;
}

/* What the run left goes into its cell; status: of the run, or skipped. A stopped run leaves its cell unfinished. */
static int finish_run(pool *p, job j, mdm_task *t, int status, int skipped, mdm_error *why) {
  live *c = &p->live[j.cell];
  int over = !skipped && !status;
  status = note_failure(c, j.run, status, why);
  if (over && t->status == MDM_INTERRUPTED) return MDM_OK;
  if (over) keep_run(p->s, c, j.run, t);
  return !status && ++c->finished == c->runs ? end_cell(p, j.cell, why) : status;
}

static void work(void *context, size_t i) {
  pool *p = context;
  job j = p->job[i];
  live *c = &p->live[j.cell];
  mdm_error why = {0};
  int status = MDM_OK;
  if (mdm_board_stopped(&p->board)) return;
  pthread_mutex_lock(&p->lock);
  status = begin_batch(p, j.cell, &why);
  int skip = c->why.code != 0; /* an earlier run of this cell failed */
  pthread_mutex_unlock(&p->lock);
  if (status) {
    mdm_board_fail(&p->board, i, &why);
    return;
  }
  if (!skip) status = mdm_batch_execute(c->batch, j.run, &why);
  pthread_mutex_lock(&p->lock);
  status = finish_run(p, j, mdm_batch_task(c->batch, j.run), status, skip, &why);
  pthread_mutex_unlock(&p->lock);
  if (status) mdm_board_fail(&p->board, i, &why);
}

/* Run i for another rank; a run of a cell that failed is over at once. */
static int order(void *context, size_t i, int rank, mdm_packet *out) {
  pool *p = context;
  job j = p->job[i];
  live *c = &p->live[j.cell];
  mdm_error why = {0};
  pthread_mutex_lock(&p->lock);
  int status = begin_cell(p, j.cell, &why), skip = !status && c->why.code != 0;
  if (skip) status = finish_run(p, j, NULL, MDM_OK, 1, &why);
  else if (!status) status = mdm_remote_order(&c->remote, j.run, rank, 1, 0, out, &why);
  pthread_mutex_unlock(&p->lock);
  if (status) mdm_board_fail(&p->board, i, &why);
  return !status && !skip;
}

static void take(void *context, size_t i, mdm_packet *in) {
  pool *p = context;
  job j = p->job[i];
  mdm_error why = {0};
  mdm_task t = {.board = &p->board};
  int status = mdm_remote_result(in, &t, &why);
  pthread_mutex_lock(&p->lock);
  status = finish_run(p, j, &t, status, 0, &why);
  pthread_mutex_unlock(&p->lock);
  if (status) mdm_board_fail(&p->board, i, &why);
  mdm_record_free(t.record); /* of a run that was stopped */
}

/* The caller hears how many points are complete, instead of the bare width. */
static void report(void *context, const mdm_progress *event) {
  pool *p = context;
  char task[96];
  mdm_progress e = *event;
  pthread_mutex_lock(&p->lock);
  snprintf(task, sizeof task, "%zu of %zu points, %s", p->points_ready, p->s->points, event->task);
  pthread_mutex_unlock(&p->lock);
  e.task = task;
  p->user->report(p->user->context, &e);
}

static void pass_on(void *context, const char *line) {
  pool *p = context;
  p->user->message(p->user->context, line);
}

/* Point by point, in each the limit first, then wide networks: the costly ones do not come last. */
static int make_jobs(pool *p, mdm_error *err) {
  mdm_sweep *s = p->s;
  for (size_t i = 0; i < s->cells; i++)
    if (s->status[i] == MDM_CELL_MISSING) p->jobs += (size_t)(s->runs[i % s->widths] - s->have[i]);
  p->job = mdm_alloc(p->jobs, 1, 1, sizeof *p->job);
  p->live = mdm_alloc(s->cells, 1, 1, sizeof *p->live);
  p->missing = mdm_alloc(s->points, 1, 1, sizeof *p->missing);
  p->over = mdm_alloc(s->cells, 1, 1, sizeof *p->over);
  if (!p->job || !p->live || !p->missing || !p->over) return mdm_no_memory(err, "%zu runs", p->jobs);
  size_t k = 0;
  for (size_t point = 0; point < s->points; point++) {
    for (size_t w = s->widths; w-- > 0;) {
      size_t cell = point * s->widths + w;
      if (s->status[cell] != MDM_CELL_MISSING) continue;
      p->missing[point]++;
      p->board.total += s->work[cell] * (1 - s->have[cell] / s->runs[w]);
      for (size_t r = (size_t)s->have[cell]; r < (size_t)s->runs[w]; r++) p->job[k++] = (job){cell, r};
    }
    p->points_ready += p->missing[point] == 0;
  }
  return MDM_OK;
}

static void run_pool(pool *p) {
  mdm_monitor monitor = p->user ? *p->user : (mdm_monitor){0};
  if (monitor.report) monitor.report = report;
  if (monitor.message) monitor.message = pass_on;
  monitor.context = p;
  p->board.monitor = &monitor;
  mdm_announce_workers(p->user);
  if (p->s->with_limit && !mdm_by_networks(p->s->cfg)) mdm_announce_tolerance(p->s->cfg, p->user);
  int before = mdm_blas_enter();
  mdm_dispatch_run(&(mdm_dispatch){p->jobs, monitor.threads, &p->board, p, work, order, take, "runs", 0});
  mdm_blas_leave(before);
}

static void test_steps_of(const mdm_config *cfg, double *out) {
  size_t steps = (size_t)mdm_config_int(cfg, "train.steps"), every = (size_t)mdm_config_int(cfg, "output.every");
  for (size_t i = 0; i < mdm_test_count(steps, every); i++) out[i] = (double)mdm_test_step(steps, every, i);
}

/* Steps of the test records of every point, which do not wait for runs. */
static int fill_test_steps(mdm_sweep *s, mdm_error *err) {
  mdm_config *cfg = NULL;
  int status = MDM_OK;
  for (size_t point = 0; point < s->points && s->tests && !status; point++) {
    status = point_config(s, point, &cfg, err);
    if (!status) test_steps_of(cfg, s->test_step + point * s->tests);
    mdm_config_free(cfg);
    cfg = NULL;
  }
  return status;
}

int mdm_sweep_compute(mdm_sweep *s, const mdm_monitor *monitor, int (*save)(void *context, mdm_sweep *s, mdm_error *err), void *context,
                      const char *destination, mdm_error *err) {
  pool p = {.s = s, .user = monitor, .save = save, .context = context, .saved = mdm_clock()};
  pthread_mutex_init(&p.lock, NULL);
  pthread_mutex_init(&p.board.lock, NULL);
  int status = fill_test_steps(s, err);
  if (!status) status = make_jobs(&p, err);
  if (!status) run_pool(&p);
  int failed = !status && p.board.failed;
  if (!status && !(failed && p.board.why.code == MDM_ERR_IO))
    status = save_now(&p, err); /* also what was ready before a failure */
  if (failed) status = mdm_board_outcome(&p.board, err);
  for (size_t i = 0; p.live && i < s->cells; i++) live_clear(&p.live[i]);
  free(p.live);
  free(p.job);
  free(p.missing);
  free(p.over);
  pthread_mutex_destroy(&p.board.lock);
  pthread_mutex_destroy(&p.lock);
  size_t ready;
  if (!status && mdm_sweep_cells(s, &ready) > ready)
    status = mdm_fail(err, MDM_INTERRUPTED, "stopped; %zu of %zu cell%s in %s; the same command goes on from there",
                      ready, s->cells, s->cells == 1 ? " is" : "s are", destination);
  return status;
}

int mdm_sweep_forget(mdm_sweep *s, mdm_checkpoint *checkpoint, mdm_error *err) {
  int status = MDM_OK;
  for (size_t cell = 0; cell < s->cells && !status; cell++) {
    mdm_config *cfg = NULL;
    mdm_data *own = NULL;
    if (s->status[cell] == MDM_CELL_MISSING || s->status[cell] == MDM_CELL_SKIPPED || s->status[cell] == MDM_CELL_NO_LIMIT) continue;
    status = cell_config(s, cell, &cfg, err);
    if (!status && !s->samples) status = mdm_data_load(cfg, &own, err);
    if (!status)
      mdm_checkpoint_forget(checkpoint, mdm_checkpoint_identity(cfg, own ? own : s->samples, is_limit(s, cell)), cell_width(s, cell), (size_t)s->runs[cell % s->widths]);
    mdm_data_free(own);
    mdm_config_free(cfg);
  }
  return status;
}
