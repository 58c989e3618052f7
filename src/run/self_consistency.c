/* Self-consistency sweeps.
 *
 * A sweep drives R replicas of new particles with the state x (src/problem/orders.h) and measures F(x), the mean over replicas. At the
 * solution x = F(x). Residuals and their noise decide when that is reached (self_consistency_residual.c), mixing makes the next state
 * (self_consistency_mixing.c), and the results are means over the last sweeps (self_consistency_average.c).
 */
#include "run/self_consistency.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/self_consistency_average.h"
#include "run/self_consistency_mixing.h"
#include "run/self_consistency_replicas.h"
#include "run/self_consistency_residual.h"

static const char *const kinds[MDM_KINDS] = {"f", "kernels", "actions"};

/* ---------------------------------------------------------------- state of the iteration */

typedef struct {
  const mdm_sweep_plan *plan;
  mdm_replicas replicas;
  mdm_residual residual;
  mdm_mixer mixer;
  mdm_average average;
  double *x, *F;       /* layout.size: the state (with responses), what the sweep found */
  mdm_given given;     /* the state, ready to drive particles */
  size_t near, streak; /* sweeps since residuals first stood at the noise; those in a row at the noise */
} iteration;

static void iteration_clear(iteration *it) {
  mdm_replicas_clear(&it->replicas);
  mdm_residual_clear(&it->residual);
  mdm_mixer_clear(&it->mixer);
  mdm_average_clear(&it->average);
  free(it->x);
  free(it->F);
  mdm_given_clear(&it->given);
}

static int iteration_init(iteration *it, const mdm_sweep_plan *plan, mdm_board *board, mdm_error *err) {
  size_t size = plan->layout.size;
  *it = (iteration){.plan = plan};
  it->x = mdm_alloc(size, 1, 1, sizeof *it->x);
  it->F = mdm_alloc(size, 1, 1, sizeof *it->F);
  int status = it->x && it->F ? MDM_OK : mdm_no_memory(err, "a state of %zu order parameters; lower train.steps", size);
  if (!status) status = mdm_replicas_create(&it->replicas, plan, board, err);
  if (!status) status = mdm_residual_create(&it->residual, &plan->layout, err);
  if (!status) status = mdm_mixer_create(&it->mixer, plan, err);
  return status ? status : mdm_average_create(&it->average, plan, err);
}

/* ---------------------------------------------------------------- curves over sweeps */

static int add_curves(mdm_record *rec, double *residual[MDM_KINDS], double *noise[MDM_KINDS], size_t count, mdm_error *err) {
  int status = MDM_OK;
  for (int k = 0; k < MDM_KINDS && !status; k++) {
    char path[64];
    snprintf(path, sizeof path, "sweeps/residual/%s", kinds[k]);
    status = mdm_record_add(rec, path, 1, &count, "sweep", "|F(x) - x| relative to the size of each array, of the state x that the sweep was given", &residual[k], err);
    snprintf(path, sizeof path, "sweeps/noise/%s", kinds[k]);
    if (!status) status = mdm_record_add(rec, path, 1, &count, "sweep", "the same norm of the sampling noise of F(x) - x", &noise[k], err);
  }
  return status;
}

/* Curves end with the last sweep. */
static int shorten(mdm_sweeps *out, mdm_error *err) {
  mdm_record *rec = out->record, *shorter;
  int status = mdm_record_create(&shorter, err);
  for (size_t i = 0; i < mdm_record_count(rec) && !status; i++) {
    const mdm_array *a = mdm_record_at(rec, i);
    double *v;
    status = mdm_record_add(shorter, a->path, 1, &out->sweeps, a->dims, a->text, &v, err);
    if (!status) memcpy(v, a->value, out->sweeps * sizeof *v);
  }
  mdm_record_free(rec);
  out->record = shorter;
  return status;
}

static void announce(const iteration *it, size_t sweep) {
  const mdm_monitor *monitor = it->replicas.board->monitor;
  const double *r = it->residual.size, *noise = it->residual.noise;
  char text[256];
  if (!monitor || !monitor->message) return;
  snprintf(text, sizeof text, "sweep %zu: residual f %.2g (noise %.2g), kernels %.2g (%.2g), actions %.2g (%.2g)%s", sweep, r[0], noise[0], r[1],
           noise[1], r[2], noise[2], it->streak ? ": at the noise" : "");
  monitor->message(monitor->context, text);
}

/* ---------------------------------------------------------------- the iteration */

/* The state x drives particles from now on. */
static int take_state(iteration *it, unsigned sweep, mdm_error *err) {
  mdm_given_clear(&it->given);
  return mdm_given_create(&it->given, &it->plan->layout, it->x, it->plan->runner.sizes.tolerance, sweep, err);
}

/* The first step at which a replica diverged. */
static size_t diverged_at(const mdm_replicas *r, size_t replicas) {
  size_t first = SIZE_MAX;
  for (size_t i = 0; i < replicas; i++)
    if (r->task[i].status == MDM_ERR_DIVERGED && r->task[i].done < first) first = r->task[i].done;
  return first;
}

/* One sweep; *ended as mdm_replicas_run tells. */
static int sweep(iteration *it, size_t k, int *ended, mdm_error *err) {
  const mdm_sweep_plan *plan = it->plan;
  const mdm_task *run = it->replicas.task;
  int status = take_state(it, (unsigned)k, err);
  if (!status) status = mdm_replicas_run(&it->replicas, &it->given, ended, err);
  if (status || *ended) return status;
  mdm_mean_orders(run, plan->replicas, plan->layout.size, it->F);
  mdm_residual_measure(&it->residual, plan, &it->given, it->F, run);
  it->streak = mdm_residual_at_noise(&it->residual, plan) ? it->streak + 1 : 0;
  it->near += it->near || it->streak;
  mdm_average_add(&it->average, it->F, run, it->streak <= 1); /* a sweep off the noise starts the means anew */
  announce(it, k);
  status = mdm_given_responses(&it->given, it->F, err);
  return status ? status : mdm_mixer_move(&it->mixer, it->x, it->F, it->residual.noise, it->near, err);
}

/* A network that does not learn: a causal pass at rate zero. */
static int run_lazy(mdm_replicas *r, int *ended, mdm_error *err) {
  mdm_problem *p = &r->problem;
  double lr = p->optimizer.lr, bias_rate = p->model.bias_rate;
  mdm_replicas_freeze(r);
  int status = mdm_replicas_run(r, NULL, ended, err);
  p->optimizer.lr = lr;
  p->model.bias_rate = bias_rate;
  return status;
}

/* The first state: that of the causal pass, or of a network that does not learn. */
static int start(iteration *it, const mdm_task *causal, int *ended, mdm_error *err) {
  const mdm_sweep_plan *plan = it->plan;
  int lazy = plan->options.lazy, status = lazy ? run_lazy(&it->replicas, ended, err) : MDM_OK;
  if (status || *ended) return status;
  mdm_residual_start(&it->residual, plan, causal);
  mdm_mean_orders(lazy ? it->replicas.task : causal, plan->replicas, plan->layout.size, it->x);
  status = take_state(it, 0, err);
  return status ? status : mdm_given_responses(&it->given, it->x, err);
}

/* What a sweep leaves to the next (base/state.h); what the causal pass gives is there. */
typedef struct {
  iteration *it;
  mdm_sweeps *out;
} progress;

static void walk(void *context, mdm_state *s) {
  progress *p = context;
  iteration *it = p->it;
  mdm_state_count(s, "sweeps", &p->out->sweeps);
  mdm_state_bound(s, "sweeps", p->out->sweeps, it->plan->options.count);
  mdm_state_flag(s, "converged", &p->out->converged);
  mdm_state_count(s, "near", &it->near);
  mdm_state_count(s, "streak", &it->streak);
  mdm_state_array(s, "state", it->x, it->plan->layout.size, sizeof *it->x);
  mdm_state_array(s, "spread", it->residual.spread, it->plan->layout.orders, sizeof *it->residual.spread);
  mdm_mixer_walk(&it->mixer, s);
  mdm_average_walk(&it->average, s);
  mdm_state_record(s, p->out->record);
}

static mdm_kept kept_of(iteration *it) {
  const mdm_sweep_options *o = &it->plan->options;
  const mdm_runner *r = &it->plan->runner;
  return mdm_kept_of(r->checkpoint, r->limit_identity, "sweeps", &(size_t[]){it->plan->replicas, o->count}, 2 * sizeof(size_t), it->replicas.board);
}

/* Saved after every sweep; its runs are in it. */
static void save(iteration *it, mdm_sweeps *out) {
  const mdm_runner *r = &it->replicas.runner;
  progress p = {it, out};
  if (!r->checkpoint) return;
  mdm_kept k = kept_of(it);
  mdm_kept_save(&k, 0, walk, &p);
  for (size_t i = 0; i < it->plan->replicas; i++) mdm_runner_forget(r, &it->replicas.task[i]);
}

static int load(iteration *it, mdm_sweeps *out, mdm_error *err) {
  progress p = {it, out};
  if (!it->plan->runner.checkpoint) return MDM_OK;
  mdm_kept k = kept_of(it);
  return mdm_kept_load(&k, 0, walk, &p, NULL, err);
}

static int iterate(iteration *it, const mdm_task *causal, mdm_sweeps *out, mdm_error *err) {
  const mdm_sweep_options *o = &it->plan->options;
  double *residual[MDM_KINDS], *noise[MDM_KINDS]; /* count each */
  int status = mdm_record_create(&out->record, err);
  if (!status) status = add_curves(out->record, residual, noise, o->count, err);
  if (!status) status = load(it, out, err);
  if (!status && !out->sweeps) status = start(it, causal, &out->status, err);
  while (!status && !out->status && out->sweeps < o->count && !out->converged) {
    status = sweep(it, out->sweeps + 1, &out->status, err);
    if (status || out->status) break;
    for (int k = 0; k < MDM_KINDS; k++) residual[k][out->sweeps] = it->residual.size[k], noise[k][out->sweeps] = it->residual.noise[k];
    out->sweeps++;
    out->converged = it->streak >= o->settled;
    save(it, out);
  }
  if (out->status == MDM_ERR_DIVERGED) out->ended_at = diverged_at(&it->replicas, it->plan->replicas);
  return status;
}

static int finish(iteration *it, const mdm_task *causal, mdm_sweeps *out, mdm_error *err) {
  int status = shorten(out, err);
  if (status || !out->sweeps) return status;
  mdm_average_add_state_noise(&it->average, causal);
  mdm_average_compare(&it->average, causal, &out->difference, &out->difference_error);
  return mdm_average_write(&it->average, out->record, err);
}

int mdm_sweeps_run(const mdm_sweep_plan *plan, const mdm_task *causal, mdm_board *board, mdm_sweeps *out, mdm_error *err) {
  iteration it;
  *out = (mdm_sweeps){0};
  int status = iteration_init(&it, plan, board, err);
  if (!status) status = iterate(&it, causal, out, err);
  if (!status) status = finish(&it, causal, out, err);
  iteration_clear(&it);
  if (status) mdm_sweeps_clear(out);
  return status;
}
