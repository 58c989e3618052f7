/* Reduces runs to ensembles, in the order of seeds, so that nothing depends on the number of threads. */
#include "run/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/advice.h"
#include "run/counted.h"

/* ---------------------------------------------------------------- ensembles */

/* Whether a run enters its ensemble: it has recorded a step (or diverged at once), and, once others are complete, a run that
 * was stopped midway is left out rather than cutting them short. */
static int counts(const mdm_plan *p, const mdm_task *t, int others_complete) {
  if (t->status != MDM_INTERRUPTED) return 1;
  return t->done > 0 && (!others_complete || t->done == p->problem->steps + 1);
}

/* Moves the runs that count to the front, in order; returns how many, and through *done the steps that all of them have. */
static size_t select_runs(const mdm_plan *p, mdm_task *task, size_t n, mdm_ensemble *e, size_t *done) {
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

/* Mean and standard error of the first `done` steps of n runs; of families of networks, whose losses are those of their mean predictions. */
static int reduce_runs(const mdm_plan *p, const mdm_task *task, size_t n, size_t done, mdm_record **summary, mdm_error *err) {
  const mdm_family none = {0}, *family = task->width ? &none : &p->runner.family;
  mdm_record **runs = mdm_alloc(n, 1, 1, sizeof *runs); /* n */
  int status = runs ? MDM_OK : mdm_no_memory(err, "%zu runs", n);
  for (size_t i = 0; i < n && !status; i++) {
    runs[i] = task[i].record;
    if (done < p->problem->steps + 1) status = mdm_record_truncate(task[i].record, done, err);
  }
  if (!status) status = mdm_family_losses(family, p->problem, runs, n, err);
  if (!status) status = mdm_record_reduce((const mdm_record *const *)runs, n, summary, err);
  if (!status) status = mdm_family_errors(*summary, n, err);
  if (!status) status = mdm_counted_errors((const mdm_record *const *)runs, n, task->width > 0, *summary, err);
  free(runs);
  return status;
}

/* Records and weights of n runs move into their ensemble. */
static int take_runs(mdm_task *task, size_t n, mdm_ensemble *e, mdm_error *err) {
  e->each = mdm_alloc(n, 1, 1, sizeof *e->each);
  e->weights = mdm_alloc(n, 1, 1, sizeof *e->weights);
  e->index = mdm_alloc(n, 1, 1, sizeof *e->index);
  if (!e->each || !e->weights || !e->index) return mdm_no_memory(err, "%zu runs", n);
  e->runs = n;
  for (size_t i = 0; i < n; i++) {
    e->each[i] = task[i].record;
    e->index[i] = task[i].index;
    e->weights[i] = task[i].weights;
    task[i].record = task[i].weights = NULL;
  }
  return MDM_OK;
}

/* n tasks, all of one width. */
static int gather_ensemble(const mdm_plan *p, mdm_task *task, size_t n, long width, mdm_ensemble *e, mdm_error *err) {
  size_t done;
  *e = (mdm_ensemble){.width = width, .ended_at = -1};
  n = select_runs(p, task, n, e, &done);
  if (done < p->problem->steps + 1 || e->status == MDM_INTERRUPTED) e->ended_at = n ? (long)done : 0;
  if (!n || !done) return MDM_OK;
  int status = reduce_runs(p, task, n, done, &e->summary, err);
  return status ? status : take_runs(task, n, e, err);
}

/* ---------------------------------------------------------------- data used */

/* The samples and batches as they were used, so that a file stands on its own; their inputs are written from where they are held. */
static int add_samples(mdm_record *rec, const char *part, const mdm_samples *s, size_t C, mdm_error *err) {
  const size_t y[2] = {s->count, C};
  char path[64];
  double *v;
  if (!s->count) return MDM_OK;
  snprintf(path, sizeof path, "data/%s/y", part);
  int status = mdm_record_add(rec, path, 2, y, "sample, output", "targets", &v, err);
  if (status) return status;
  memcpy(v, s->y, s->count * C * sizeof *v);
  snprintf(path, sizeof path, "data/%s/origin", part);
  status = mdm_record_add(rec, path, 1, y, "sample", "index of the sample in its file", &v, err);
  for (size_t i = 0; i < s->count && !status; i++) v[i] = (double)s->origin[i];
  return status;
}

static int add_context(mdm_record *rec, size_t context, mdm_error *err) {
  const size_t one = 1;
  double *v;
  int status = mdm_record_add(rec, "data/context", 1, &one, "sequence", "tokens of a sequence: samples b T to b T + T - 1 are one", &v, err);
  if (!status) *v = (double)context;
  return status;
}

static int describe_data(const mdm_plan *p, mdm_record **out, mdm_error *err) {
  const mdm_data *d = p->problem->data;
  int status = mdm_record_create(out, err);
  if (!status) status = add_samples(*out, "train", &d->train, d->outputs, err);
  if (!status) status = add_samples(*out, "test", &d->test, d->outputs, err);
  if (!status && d->context > 1) status = add_context(*out, d->context, err);
  if (status || p->problem->full_batch) return status;
  const size_t dim[2] = {p->problem->steps + 1, p->problem->batch};
  double *v;
  status = mdm_record_add(*out, "data/batches", 2, dim, "step, sample", "index into data/train of every step's batch", &v, err);
  for (size_t i = 0; i < dim[0] * dim[1] && !status; i++) v[i] = (double)p->problem->order[i];
  return status;
}

/* ---------------------------------------------------------------- the outcome */

int mdm_plan_collect(mdm_plan *p, mdm_outcome *out, mdm_error *err) {
  const mdm_networks *n = &p->networks;
  mdm_task *task = p->task;
  int status = gather_ensemble(p, task, p->replicas, 0, &out->limit, err);
  out->networks = mdm_alloc(n->widths, 1, 1, sizeof *out->networks);
  if (!out->networks) return mdm_no_memory(err, "ensembles of %zu widths", n->widths);
  out->widths = n->widths;
  out->sweeps = p->swept;
  p->swept = (mdm_sweeps){0};
  task += p->replicas;
  for (size_t w = 0; w < n->widths && !status; task += n->seeds[w++])
    status = gather_ensemble(p, task, n->seeds[w], n->width[w], &out->networks[w], err);
  out->data = mdm_data_share(p->problem->data);
  return status ? status : describe_data(p, &out->extra, err);
}

int mdm_outcome_verdict(const mdm_problem *p, const mdm_outcome *o, mdm_error *err) {
  const mdm_ensemble *worst = &o->limit;
  char who[48] = "the limit", advice[500];
  for (size_t i = 0; i < o->widths; i++)
    if (o->networks[i].status > worst->status) worst = &o->networks[i];
  if (!worst->status && o->sweeps.status == MDM_ERR_DIVERGED)
    return mdm_fail(err, MDM_ERR_DIVERGED, "sweep %zu diverged at step %zu (solve.sweeps); the causal pass and the sweeps before are kept; lower solve.damping", o->sweeps.sweeps + 1, o->sweeps.ended_at);
  if (!worst->status && o->sweeps.status == MDM_INTERRUPTED)
    return mdm_fail(err, MDM_INTERRUPTED, "stopped in sweep %zu; the causal pass and the sweeps before are kept", o->sweeps.sweeps + 1);
  if (!worst->status) return MDM_OK;
  if (worst->width) snprintf(who, sizeof who, "networks of width N = %ld", worst->width);
  if (worst->status == MDM_INTERRUPTED)
    return mdm_fail(err, MDM_INTERRUPTED, "stopped; complete runs are kept and the same command goes on with the others; without any, those begun are kept up to the step that all had reached");
  mdm_divergence_advice(p, advice, sizeof advice);
  return mdm_fail(err, worst->status, "training diverged at step %ld (%s); the steps before are kept; lower train.lr%s", worst->ended_at, who, advice);
}
