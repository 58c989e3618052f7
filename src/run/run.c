/* Ensembles of runs: replicas of the limit, networks of several widths and seeds, in parallel; their mean and error.
 *
 * Each run is a task of one thread, and results are reduced in the order of seeds, so nothing depends on the number of
 * threads. BLAS is kept to one thread for the same reason.
 */
#include <moedmft/run.h>

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "scaling/vanishing.h"
#include "problem/problem.h"
#include "problem/task.h"
#include "run/batch.h"
#include "run/self_consistency.h"

/* Entry points of the two precisions (src/training/train.c). */
int train_limit_f64(const mdm_problem *, const mdm_limit_sizes *, mdm_task *, mdm_error *);
int train_limit_f32(const mdm_problem *, const mdm_limit_sizes *, mdm_task *, mdm_error *);
int train_network_f64(const mdm_problem *, mdm_task *, mdm_error *);
int train_network_f32(const mdm_problem *, mdm_task *, mdm_error *);

/* ---------------------------------------------------------------- plan */

enum { PILOT = 64 }; /* beside MDM_RUN_LIMIT: the causal pass alone */

typedef struct {
  mdm_problem *problem;
  mdm_limit_sizes sizes;
  int limit_single, network_single;
  size_t replicas, widths;
  long *width;       /* widths: N, ascending */
  size_t *seeds;     /* widths: networks of each */
  size_t tasks;
  mdm_task *task;    /* replicas first, then networks by width and seed */
  size_t *schedule;  /* tasks: order of execution, the costly ones first */
  mdm_board board;
  mdm_sweep_plan sweeps; /* options.count = 0: none */
  mdm_sweeps swept;
} plan;

static void plan_clear(plan *p) {
  mdm_problem_free(p->problem);
  for (size_t i = 0; i < p->tasks && p->task; i++) {
    mdm_record_free(p->task[i].record);
    mdm_record_free(p->task[i].weights);
    free(p->task[i].orders);
  }
  mdm_sweeps_clear(&p->swept);
  free(p->width);
  free(p->seeds);
  free(p->task);
  free(p->schedule);
}

static int compare_width(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return x < y ? -1 : x > y;
}

/* Widths ascending with their seeds; one seed count for all, or one for each. */
static int read_widths(const mdm_config *cfg, plan *p, mdm_error *err) {
  size_t n, m;
  const long *widths = mdm_config_int_list(cfg, "simulate.widths", &n), *seeds = mdm_config_int_list(cfg, "simulate.seeds", &m);
  if (!n || (m != 1 && m != n))
    return mdm_fail(err, MDM_ERR_CONFIG, "simulate.seeds has %zu numbers for %zu widths in simulate.widths; give one, or one for each", m, n);
  long (*pair)[2] = mdm_alloc(n, 2, 1, sizeof(long)); /* n × 2 */
  p->width = mdm_alloc(n, 1, 1, sizeof *p->width);
  p->seeds = mdm_alloc(n, 1, 1, sizeof *p->seeds);
  int status = pair && p->width && p->seeds ? MDM_OK : mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  for (size_t i = 0; i < n && !status; i++) pair[i][0] = widths[i], pair[i][1] = seeds[m == 1 ? 0 : i];
  if (!status) qsort(pair, n, sizeof *pair, compare_width);
  for (size_t i = 0; i < n && !status; i++) {
    p->width[i] = pair[i][0];
    p->seeds[i] = (size_t)pair[i][1];
    if (i && p->width[i] == p->width[i - 1]) status = mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths names %ld twice", p->width[i]);
  }
  p->widths = n;
  free(pair);
  return status;
}

static int check_experts(const plan *p, mdm_error *err) {
  const mdm_model *m = &p->problem->model;
  double fraction = m->active_fraction;
  for (size_t i = 0; i < p->widths; i++) {
    mdm_sizes sizes = mdm_model_network_sizes(m, (size_t)p->width[i]);
    double M = sizes.M;
    if (sizes.Ne < 1)
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld with model.expert_width_ratio = %g leaves no neuron in an expert; raise one of them",
                      p->width[i], m->expert_width_ratio);
    if (lround(fraction * M) < 1)
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld has M = %g experts, and model.active_fraction = %g leaves K = 0 active; raise the fraction or the width",
                      p->width[i], M, fraction);
  }
  return MDM_OK;
}

/* Particles of each population: what the configuration says, or a split of its stream particles (docs/engineering.md). */
static void choose_sizes(const mdm_config *cfg, plan *p) {
  const mdm_model *m = &p->problem->model;
  size_t S = p->sizes.stream, experts = (size_t)mdm_config_int(cfg, "solve.expert_particles"), neurons = (size_t)mdm_config_int(cfg, "solve.neuron_particles");
  p->sizes.represented = 1;
  if (!m->regime->experts_grow) { /* counted: all of them, or one where all stay alike */
    int alike = m->active_fraction == 1;
    p->sizes.experts = alike ? 1 : m->experts;
    p->sizes.represented = alike ? m->experts : 1;
    p->sizes.neurons = neurons ? neurons : (3 * S / 2 + p->sizes.experts - 1) / p->sizes.experts;
    return;
  }
  size_t tokens = p->problem->batch + p->problem->data->test.count, room = 16 * tokens; /* for the directions of the router's fields */
  int tied = m->parameterization.rule[MDM_W1].tied, soft = m->active_fraction == 1;
  size_t some = !m->regime->neurons_grow ? (S + 1) / 2 : tied ? (soft ? 100 : 256) : 3 * S / 64;
  if (m->regime->neurons_grow && some < room) some = room;
  if (m->regime->neurons_grow && some < 100) some = 100;
  p->sizes.experts = experts ? experts : some;
  size_t inner = !tied ? 32 : 10 * S / p->sizes.experts > 300 ? 10 * S / p->sizes.experts : 300;
  p->sizes.neurons = !m->regime->neurons_grow ? m->expert_width : neurons ? neurons : inner;
}

static int read_limit(const mdm_config *cfg, plan *p, mdm_error *err) {
  p->sizes.stream = (size_t)mdm_config_int(cfg, "solve.particles");
  choose_sizes(cfg, p);
  p->sizes.tolerance = mdm_config_real(cfg, "solve.tolerance");
  p->sizes.pairs = (mdm_pair_scheme){.pivots = mdm_config_enum(cfg, "solve.pairs") ? 0 : (size_t)mdm_config_int(cfg, "solve.pivots"), .threads = 1};
  p->limit_single = !strcmp(mdm_config_text(cfg, "solve.precision"), "single");
  p->replicas = (size_t)mdm_config_int(cfg, "solve.replicas");
  double floor = p->limit_single ? 2e-3 : 1e-6; /* residuals below are rounding: they come from differences of squares */
  if (p->sizes.tolerance < floor)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.tolerance = %g is below the rounding of %s precision; allowed: at least %g",
                    p->sizes.tolerance, mdm_config_text(cfg, "solve.precision"), floor);
  if (lround(mdm_config_real(cfg, "model.active_fraction") * (double)p->sizes.experts) < 1)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active_fraction leaves none of %zu expert particles active; raise solve.expert_particles", p->sizes.experts);
  return MDM_OK;
}

/* Stored entries of the learned parts of Q, W1, W2 under an entrywise optimizer. */
static double pair_entries(const plan *p) {
  size_t S = p->sizes.stream, E = p->sizes.experts, EJ = E * p->sizes.neurons;
  if (!p->problem->optimizer.method.entrywise) return 0;
  double router = p->problem->model.regime->experts_grow ? mdm_pair_entries(&p->sizes.pairs, E, S) : (double)E * (double)S;
  return router + mdm_pair_entries(&p->sizes.pairs, EJ, S) + mdm_pair_entries(&p->sizes.pairs, S, EJ);
}

/* Rough work of one step, in multiply-adds, for progress and scheduling. */
static double limit_cost(const plan *p) {
  double S = (double)p->sizes.stream, E = (double)p->sizes.experts, J = (double)p->sizes.neurons;
  double P = (double)(p->problem->batch + p->problem->data->test.count), rank = 10 + 1.5 * P;
  return (6 * S + 4 * E * J + 2 * E) * rank * P + pair_entries(p) * (3 * P + 20) + 3 * S * (double)p->problem->reduced.inputs * P;
}

static double network_cost(const plan *p, double N) {
  double P = (double)(p->problem->batch + p->problem->data->test.count), M = mdm_model_network_sizes(&p->problem->model, (size_t)N).M, Ne = mdm_model_network_sizes(&p->problem->model, (size_t)N).Ne;
  return P * N * (6 * M * Ne + 3 * M + 3 * (double)p->problem->full.inputs);
}

static int by_cost(const void *a, const void *b, void *context) {
  const mdm_task *tasks = context;
  size_t i = *(const size_t *)a, j = *(const size_t *)b;
  if (tasks[i].cost != tasks[j].cost) return tasks[i].cost < tasks[j].cost ? 1 : -1;
  return i < j ? -1 : i > j;
}

/* Insertion by cost, descending and stable: costs come in few distinct values. */
static void make_schedule(plan *p) {
  for (size_t i = 0; i < p->tasks; i++) p->schedule[i] = i;
  for (size_t gap = p->tasks / 2; gap > 0; gap /= 2)
    for (size_t i = gap; i < p->tasks; i++) {
      size_t x = p->schedule[i], j = i;
      while (j >= gap && by_cost(&x, &p->schedule[j - gap], p->task) < 0) {
        p->schedule[j] = p->schedule[j - gap];
        j -= gap;
      }
      p->schedule[j] = x;
    }
}

static int make_tasks(plan *p, const mdm_monitor *monitor, mdm_error *err) {
  p->tasks = p->replicas;
  for (size_t i = 0; i < p->widths; i++) p->tasks += p->seeds[i];
  p->task = mdm_alloc(p->tasks, 1, 1, sizeof *p->task);
  p->schedule = mdm_alloc(p->tasks, 1, 1, sizeof *p->schedule);
  if (!p->task || !p->schedule) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %zu runs", p->tasks);
  size_t k = 0;
  for (size_t i = 0; i < p->replicas; i++) p->task[k++] = (mdm_task){.index = (unsigned)i, .cost = limit_cost(p)};
  for (size_t w = 0; w < p->widths; w++)
    for (size_t i = 0; i < p->seeds[w]; i++)
      p->task[k++] = (mdm_task){.width = p->width[w], .index = (unsigned)i, .cost = network_cost(p, (double)p->width[w]),
                                .save_weights = monitor && monitor->save_weights};
  p->board.monitor = monitor;
  int status = MDM_OK;
  for (size_t i = 0; i < p->tasks && !status; i++) {
    mdm_task *t = &p->task[i];
    t->board = &p->board;
    int again = !t->width && p->sweeps.options.count; /* sweeps need order parameters, which files do not keep */
    if (monitor && monitor->earlier && !again) status = monitor->earlier(monitor->store, t->width, t->index, &t->record, err);
    if (t->record) t->done = p->problem->steps + 1;
    else p->board.total += t->cost * (double)(p->problem->steps + 1);
  }
  make_schedule(p);
  return status;
}

/* Sweeps follow a causal pass that measures order parameters. */
static int plan_sweeps(const mdm_config *cfg, plan *p, mdm_error *err) {
  mdm_sweep_plan *s = &p->sweeps;
  int status = mdm_sweeps_read(cfg, p->problem, p->replicas, &s->options, err);
  if (status || !s->options.count) return status;
  s->problem = p->problem;
  s->sizes = p->sizes;
  s->replicas = p->replicas;
  s->cost = limit_cost(p);
  s->single = p->limit_single;
  s->train = p->limit_single ? train_limit_f32 : train_limit_f64;
  return mdm_sweeps_layout(p->problem, &s->layout, err);
}

static int prepare_sweeps(plan *p, mdm_error *err) {
  mdm_sweep_plan *s = &p->sweeps;
  for (size_t i = 0; i < p->replicas && s->options.count; i++) {
    p->task[i].layout = &s->layout;
    if (!(p->task[i].orders = mdm_alloc(s->layout.size, 1, 1, sizeof(double)))) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for order parameters");
  }
  p->board.total += (double)(s->options.count + (s->options.lazy != 0)) * (double)p->replicas * s->cost * (double)(p->problem->steps + 1) * (s->options.count != 0);
  return MDM_OK;
}

/* replicas: 0, or how many instead of the configuration's. */
static int make_plan(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor, plan *p,
                     mdm_error *err) {
  int status = mdm_problem_create(cfg, data, &p->problem, err);
  if (!status && (what & MDM_RUN_LIMIT)) status = read_limit(cfg, p, err);
  if (replicas) p->replicas = replicas;
  if (!status && (what & MDM_RUN_LIMIT) && !(what & PILOT)) status = plan_sweeps(cfg, p, err);
  if (!status && (what & MDM_RUN_NETWORKS)) status = read_widths(cfg, p, err);
  if (!status) status = check_experts(p, err);
  p->network_single = !strcmp(mdm_config_text(cfg, "simulate.precision"), "single");
  return status ? status : make_tasks(p, monitor, err);
}

/* ---------------------------------------------------------------- execution */

/* One run; returns a status only for failures. */
static int run_task(plan *p, mdm_task *t, mdm_error *why) {
  int failure = t->width ? (p->network_single ? train_network_f32 : train_network_f64)(p->problem, t, why)
                         : (p->limit_single ? train_limit_f32 : train_limit_f64)(p->problem, &p->sizes, t, why);
  if (failure) t->status = failure;
  return failure;
}

static void execute(void *context, size_t i) {
  plan *p = context;
  mdm_task *t = &p->task[p->schedule[i]];
  if (t->record) return; /* done before an interruption */
  if (mdm_board_stopped(&p->board)) {
    t->status = MDM_INTERRUPTED; /* never started: it counts as stopped before step 0 */
    return;
  }
  mdm_error why = {0};
  if (run_task(p, t, &why)) mdm_board_fail(&p->board, p->schedule[i], &why);
}

/* After the causal pass, if all of it succeeded. */
static int run_sweeps(plan *p, int threads, mdm_error *err) {
  if (!p->sweeps.options.count) return MDM_OK;
  for (size_t i = 0; i < p->replicas; i++)
    if (p->task[i].status) return MDM_OK;
  p->sweeps.threads = threads;
  return mdm_sweeps_run(&p->sweeps, p->task, &p->board, &p->swept, err);
}

static int run_plan(plan *p, int threads, mdm_error *err) {
  if (threads <= 0) threads = mdm_processors();
  if (p->tasks && (size_t)threads > p->tasks) p->sizes.pairs.threads = threads / (int)p->tasks; /* few large solutions share the rest */
  int blas_threads = openblas_get_num_threads();
  openblas_set_num_threads(1);
  pthread_mutex_init(&p->board.lock, NULL);
  mdm_parallel(p->tasks, threads, execute, p);
  int status = p->board.failed ? mdm_fail(err, p->board.why.code, "%s", p->board.why.text) : run_sweeps(p, threads, err);
  pthread_mutex_destroy(&p->board.lock);
  openblas_set_num_threads(blas_threads);
  return status;
}

/* ---------------------------------------------------------------- results */

void mdm_ensemble_clear(mdm_ensemble *e) {
  mdm_record_free(e->summary);
  for (size_t i = 0; i < e->runs; i++) {
    if (e->each) mdm_record_free(e->each[i]);
    if (e->weights) mdm_record_free(e->weights[i]);
  }
  free(e->each);
  free(e->weights);
  free(e->index);
  *e = (mdm_ensemble){.ended_at = -1};
}

void mdm_outcome_clear(mdm_outcome *o) {
  mdm_ensemble_clear(&o->limit);
  for (size_t i = 0; i < o->widths; i++) mdm_ensemble_clear(&o->networks[i]);
  free(o->networks);
  mdm_record_free(o->comparison);
  mdm_record_free(o->coordcheck);
  mdm_sweeps_clear(&o->sweeps);
  mdm_record_free(o->extra);
  *o = (mdm_outcome){0};
}

/* Whether a run enters its ensemble: it has recorded a step (or diverged at once), and, once others are complete, a run that
 * was stopped midway is left out rather than cutting them short. */
static int counts(const plan *p, const mdm_task *t, int others_complete) {
  if (t->status != MDM_INTERRUPTED) return 1;
  return t->done > 0 && (!others_complete || t->done == p->problem->steps + 1);
}

/* Moves the runs that count to the front, in order; returns how many, and through *done the steps that all of them have. */
static size_t select_runs(plan *p, mdm_task *task, size_t n, mdm_ensemble *e, size_t *done) {
  size_t all = p->problem->steps + 1, kept = 0;
  int complete = 0;
  for (size_t i = 0; i < n; i++) complete |= task[i].done == all;
  *done = all;
  for (size_t i = 0; i < n; i++) {
    if (task[i].status > e->status) e->status = task[i].status; /* interrupted outranks diverged */
    if (!counts(p, &task[i], complete)) continue;
    if (task[i].done < *done) *done = task[i].done;
    mdm_task swap = task[kept];
    task[kept++] = task[i];
    task[i] = swap;
  }
  return kept;
}

static int gather_ensemble(plan *p, size_t first, size_t n, long width, mdm_ensemble *e, mdm_error *err) {
  *e = (mdm_ensemble){.width = width, .ended_at = -1};
  size_t done;
  n = select_runs(p, p->task + first, n, e, &done);
  if (done < p->problem->steps + 1 || e->status == MDM_INTERRUPTED) e->ended_at = n ? (long)done : 0;
  if (!n || !done) return MDM_OK;
  const mdm_record **runs = mdm_alloc(n, 1, 1, sizeof *runs); /* n */
  if (!runs) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++) {
    runs[i] = p->task[first + i].record;
    if (done < p->problem->steps + 1) status = mdm_record_truncate(p->task[first + i].record, done, err);
  }
  if (!status) status = mdm_record_reduce(runs, n, &e->summary, err);
  free(runs);
  if (status) return status;
  e->each = mdm_alloc(n, 1, 1, sizeof *e->each);
  e->weights = mdm_alloc(n, 1, 1, sizeof *e->weights);
  e->index = mdm_alloc(n, 1, 1, sizeof *e->index);
  if (!e->each || !e->weights || !e->index) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  e->runs = n;
  for (size_t i = 0; i < n; i++) {
    mdm_task *t = &p->task[first + i];
    e->each[i] = t->record;
    e->index[i] = t->index;
    e->weights[i] = t->weights;
    t->record = t->weights = NULL;
  }
  return MDM_OK;
}

/* The samples and batches as they were used, so that a file stands on its own. */
static int add_samples(mdm_record *rec, const char *part, const mdm_samples *s, size_t D, size_t C, mdm_error *err) {
  const size_t x[2] = {s->count, D}, y[2] = {s->count, C};
  char path[64];
  double *v;
  if (!s->count) return MDM_OK;
  snprintf(path, sizeof path, "data/%s/x", part);
  int status = mdm_record_add(rec, path, 2, x, "sample, input", "inputs, after standardization", &v, err);
  if (status) return status;
  memcpy(v, s->x, s->count * D * sizeof *v);
  snprintf(path, sizeof path, "data/%s/y", part);
  status = mdm_record_add(rec, path, 2, y, "sample, output", "targets", &v, err);
  if (status) return status;
  memcpy(v, s->y, s->count * C * sizeof *v);
  snprintf(path, sizeof path, "data/%s/origin", part);
  status = mdm_record_add(rec, path, 1, x, "sample", "index of the sample in its file", &v, err);
  for (size_t i = 0; i < s->count && !status; i++) v[i] = (double)s->origin[i];
  return status;
}

static int describe_data(const plan *p, mdm_record **out, mdm_error *err) {
  const mdm_data *d = p->problem->data;
  int status = mdm_record_create(out, err);
  if (!status) status = add_samples(*out, "train", &d->train, d->dimension, d->outputs, err);
  if (!status) status = add_samples(*out, "test", &d->test, d->dimension, d->outputs, err);
  if (status || p->problem->full_batch) return status;
  const size_t dim[2] = {p->problem->steps + 1, p->problem->batch};
  double *v;
  status = mdm_record_add(*out, "data/batches", 2, dim, "step, sample", "index into data/train of every step's batch", &v, err);
  for (size_t i = 0; i < dim[0] * dim[1] && !status; i++) v[i] = (double)p->problem->order[i];
  return status;
}

static int gather(plan *p, mdm_outcome *out, mdm_error *err) {
  int status = gather_ensemble(p, 0, p->replicas, 0, &out->limit, err);
  out->networks = mdm_alloc(p->widths, 1, 1, sizeof *out->networks);
  if (!out->networks) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  out->widths = p->widths;
  out->sweeps = p->swept;
  p->swept = (mdm_sweeps){0};
  size_t first = p->replicas;
  for (size_t w = 0; w < p->widths && !status; w++) {
    status = gather_ensemble(p, first, p->seeds[w], p->width[w], &out->networks[w], err);
    first += p->seeds[w];
  }
  if (!status) status = describe_data(p, &out->extra, err);
  return status;
}

/* One status and line for the whole: interrupted, or the first ensemble that diverged. */
static int verdict(const mdm_outcome *o, mdm_error *err) {
  const mdm_ensemble *worst = &o->limit;
  for (size_t i = 0; i < o->widths; i++)
    if (o->networks[i].status > worst->status) worst = &o->networks[i];
  if (!worst->status && o->sweeps.status == MDM_ERR_DIVERGED)
    return mdm_fail(err, MDM_ERR_DIVERGED, "sweep %zu diverged (solve.sweeps); the causal pass and the sweeps before are kept; lower solve.damping", o->sweeps.sweeps + 1);
  if (!worst->status && o->sweeps.status == MDM_INTERRUPTED)
    return mdm_fail(err, MDM_INTERRUPTED, "stopped in sweep %zu; the causal pass and the sweeps before are kept", o->sweeps.sweeps + 1);
  if (!worst->status) return MDM_OK;
  char who[48] = "the limit";
  if (worst->width) snprintf(who, sizeof who, "networks of width N = %ld", worst->width);
  if (worst->status == MDM_INTERRUPTED)
    return mdm_fail(err, MDM_INTERRUPTED, "stopped; complete runs are kept and the same command goes on with the others; without any, those begun are kept up to the step that all had reached");
  return mdm_fail(err, worst->status, "training diverged at step %ld (%s); the steps before are kept; lower train.lr", worst->ended_at, who);
}

static int run_replicas(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor,
                            mdm_outcome *out, mdm_error *err) {
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  plan p = {0};
  int status = make_plan(cfg, data, what, replicas, monitor, &p, err);
  if (!status) status = prepare_sweeps(&p, err);
  if (!status) status = run_plan(&p, monitor ? monitor->threads : 0, err);
  if (!status) status = gather(&p, out, err);
  plan_clear(&p);
  if (status) return mdm_outcome_clear(out), status;
  return verdict(out, err);
}

/* Replicas that bring the standard error of the train predictions (RMS over steps, samples and outputs) to solve.accuracy,
 * from the spread of a first solution with the configuration's number; 0 when that is enough, or no accuracy is asked for. */
static int replicas_needed(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, size_t *needed, mdm_error *err) {
  enum { MOST = 100000 };
  double target = mdm_config_real(cfg, "solve.accuracy"), sum = 0;
  long first = mdm_config_int(cfg, "solve.replicas");
  *needed = 0;
  if (target == 0) return MDM_OK;
  if (first < 3) return mdm_fail(err, MDM_ERR_CONFIG, "solve.accuracy needs solve.replicas >= 3, to measure the spread; it is %ld", first);
  mdm_outcome pilot;
  int status = run_replicas(cfg, data, MDM_RUN_LIMIT | PILOT, 0, monitor, &pilot, err);
  const mdm_array *f = pilot.limit.summary ? mdm_record_find(pilot.limit.summary, "observables/train/prediction") : NULL;
  if (!status && f && f->error) {
    size_t n = f->dim[0] * f->dim[1] * f->dim[2];
    for (size_t i = 0; i < n; i++) sum += f->error[i] * f->error[i] / (double)n;
    double replicas = ceil((double)first * sum / (target * target));
    if (replicas > MOST)
      status = mdm_fail(err, MDM_ERR_CONFIG, "solve.accuracy = %g would take %.3g replicas; raise it, or solve.particles", target, replicas);
    else if (replicas > (double)first) *needed = (size_t)replicas;
  }
  mdm_outcome_clear(&pilot);
  return status;
}

int mdm_run(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  size_t replicas = 0;
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  int status = what & MDM_RUN_LIMIT ? replicas_needed(cfg, data, monitor, &replicas, err) : MDM_OK;
  if (status && status != MDM_ERR_DIVERGED && status != MDM_INTERRUPTED) return status; /* those two happen again below, and are kept */
  return run_replicas(cfg, data, what, replicas, monitor, out, err);
}
/* ---------------------------------------------------------------- memory */

/* Arrays of the size of the weights that an optimizer keeps: weights, momentum or moments. */
static double copies(const mdm_optimizer *o) { return o->kind == MDM_STEP_ADAM ? 3 : o->momentum > 0 ? 2 : 1; }

static double limit_bytes(const plan *p) {
  double S = (double)p->sizes.stream, E = (double)p->sizes.experts, EJ = E * (double)p->sizes.neurons;
  double P = (double)(p->problem->batch + p->problem->data->test.count), rank = 40 + P; /* directions per field, a guess */
  double in = (double)(p->problem->reduced.inputs + p->problem->model.outputs);
  double kept = p->problem->kernels ? (double)(p->problem->n_times * p->problem->kernel_samples) : 0;
  double split = p->problem->parts ? 10 * (double)p->problem->batch : 0; /* initial fields, corners of a split */
  double numbers = S * (8 * P + 10 * rank + in + 4 * kept + 2 * split) + EJ * (6 * P + 8 * rank + 2 * kept + split) + E * ((p->problem->statistics ? 8 : 6) * P + 4 * rank + kept);
  numbers += (pair_entries(p) + S * in) * copies(&p->problem->optimizer);
  return numbers * (p->limit_single ? 4 : 8);
}

static double network_bytes(const plan *p, double N) {
  mdm_sizes sizes = mdm_model_network_sizes(&p->problem->model, (size_t)N);
  double M = sizes.M, MJ = M * sizes.Ne;
  double P = (double)(p->problem->batch + p->problem->data->test.count), D = (double)p->problem->full.inputs;
  double split = p->problem->parts ? 10 * (double)p->problem->batch : 0, arrays = copies(&p->problem->optimizer) + (p->problem->parts ? 1 : 0);
  return (N * ((2 * MJ + M + D) * arrays + 8 * P + 2 * split) + MJ * (6 * P + split) + (p->problem->statistics ? 2 * M * P : 0)) * (p->network_single ? 4 : 8);
}

/* One run's record: its values, and some 40 kB of names and shapes. */
static double record_bytes(const plan *p) {
  const mdm_problem *q = p->problem;
  double k = q->kernels ? (double)(q->n_times * q->kernel_samples) : 0, C = (double)q->model.outputs;
  double times = (double)q->n_times, S = (double)q->kernel_samples; /* on the time grid: quantiles, histograms, tangent kernels */
  double grid = (q->statistics ? times * (20 * S + 2 * (double)q->histogram_bins) : 0) + (q->ntk ? 6 * times * S * S : 0);
  return 4e4 + 8 * ((double)(q->steps + 1) * ((double)q->batch * C + 40) + 10 * k * k + grid +
                    (double)mdm_problem_test_count(q) * (double)q->data->test.count * C);
}

/* Samples as vectors, as given and rotated, and the order in which they are used. */
static double problem_bytes(const plan *p) {
  const mdm_problem *q = p->problem;
  double P = (double)(q->data->train.count + q->data->test.count);
  return 8 * (P * (double)(q->full.inputs + q->reduced.inputs) + (double)(q->steps + 1) * (double)q->batch);
}

/* Every run, mean and error of every ensemble, and what is written: HDF5 collects it, compressed, in memory. */
static double plan_bytes(const plan *p, int every_seed, int threads) {
  double most = p->replicas ? limit_bytes(p) : 0, ensembles = (double)(p->widths + (p->replicas > 0)), runs = (double)p->tasks;
  double written = 2 * ensembles + (every_seed ? runs : 0), records = record_bytes(p) * (runs + 2 * ensembles + written) + problem_bytes(p);
  if (p->sweeps.options.count) records += mdm_sweeps_bytes(&p->sweeps.options, &p->sweeps.layout, 2 * p->replicas);
  for (size_t w = 0; w < p->widths; w++) most = fmax(most, network_bytes(p, (double)p->width[w]));
  if (threads <= 0) threads = mdm_processors();
  if ((size_t)threads > p->tasks) threads = (int)p->tasks; /* a run is one thread's work */
  return most * threads + records;
}

double mdm_memory_estimate(const mdm_config *cfg, const mdm_data *data, int what, int threads) {
  plan p = {0};
  double bytes = 0;
  if (!make_plan(cfg, data, what, 0, NULL, &p, NULL)) bytes = plan_bytes(&p, mdm_config_bool(cfg, "output.every_seed"), threads);
  plan_clear(&p);
  return bytes;
}

/* ---------------------------------------------------------------- runs for a pool of the caller's (batch.h) */

struct mdm_batch {
  plan p;
};

int mdm_batch_create(const mdm_config *cfg, const mdm_data *data, int what, mdm_board *board, mdm_batch **out, mdm_error *err) {
  *out = NULL;
  mdm_batch *b = calloc(1, sizeof *b);
  if (!b) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  int status = make_plan(cfg, data, what, 0, NULL, &b->p, err);
  for (size_t i = 0; i < b->p.tasks && !status; i++) b->p.task[i].board = board;
  if (status) return mdm_batch_free(b), status;
  *out = b;
  return MDM_OK;
}

void mdm_batch_free(mdm_batch *b) {
  if (b) plan_clear(&b->p);
  free(b);
}

size_t mdm_batch_count(const mdm_batch *b) { return b->p.tasks; }
double mdm_batch_bytes(const mdm_batch *b, int threads) { return plan_bytes(&b->p, 0, threads); }
size_t mdm_batch_steps(const mdm_batch *b) { return b->p.problem->steps + 1; }
mdm_task *mdm_batch_task(mdm_batch *b, size_t i) { return &b->p.task[i]; }
int mdm_batch_execute(mdm_batch *b, size_t i, mdm_error *err) { return run_task(&b->p, &b->p.task[i], err); }

int mdm_batch_limit_exists(const mdm_batch *b, mdm_error *err) {
  const mdm_model *m = &b->p.problem->model;
  mdm_coefficients coef[MDM_TENSORS];
  return mdm_model_limit(m, &b->p.problem->optimizer, coef, err);
}
