/* From a configuration to the tasks of its runs. */
#include "run/plan.h"

#include <gsl/gsl_heapsort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cluster/ranks.h"
#include "run/directions.h"
#include "run/estimate.h"
#include "run/sizes.h"

void mdm_plan_clear(mdm_plan *p) {
  mdm_problem_free(p->problem);
  for (size_t i = 0; i < p->tasks && p->task; i++) {
    mdm_record_free(p->task[i].record);
    mdm_record_free(p->task[i].weights);
    free(p->task[i].orders);
  }
  mdm_remote_clear(&p->remote);
  mdm_sweeps_clear(&p->swept);
  mdm_layout_clear(&p->sweeps.layout);
  mdm_networks_clear(&p->networks);
  free(p->task);
  free(p->schedule);
  *p = (mdm_plan){0};
}

/* ---------------------------------------------------------------- from the configuration */

static int is_single(const mdm_config *cfg, const char *key) { return !strcmp(mdm_config_text(cfg, key), "single"); }

/* Networks whose blocks have someone in them. */
static int check_units(const mdm_plan *p, mdm_error *err) {
  const mdm_model *m = &p->problem->model;
  for (size_t i = 0; i < p->networks.widths; i++) {
    long N = p->networks.width[i];
    if (mdm_model_count(m, MDM_BLOCK_ATTENTION) && !mdm_model_groups(m, (size_t)N))
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld leaves no heads with model.heads_ratio = %g and model.query_groups = %zu; raise the ratio or the width",
                      N, m->heads.ratio, m->heads.queries);
    if (mdm_model_count(m, MDM_BLOCK_ATTENTION) && !mdm_model_head_width(m, (size_t)N))
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld with model.head_width_ratio = %g leaves no neuron in a head; raise one of them", N, m->heads.width_ratio);
    if (mdm_model_count(m, MDM_BLOCK_ATTENTION) && m->heads.rotary && mdm_model_head_width(m, (size_t)N) % 2)
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld with model.head_width_ratio = %g has heads of %zu neurons, and model.position: rotary turns pairs of them; choose another width",
                      N, m->heads.width_ratio, mdm_model_head_width(m, (size_t)N));
    if (!mdm_model_count(m, MDM_BLOCK_MOE)) continue;
    mdm_sizes sizes = mdm_model_network_sizes(m, (size_t)N);
    if (sizes.Ne < 1)
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld with model.expert_width_ratio = %g leaves no neuron in an expert; raise one of them",
                      N, m->expert_width_ratio);
    if (sizes.K < 1)
      return mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths: N = %ld has M = %g experts, and model.active_fraction = %g leaves K = 0 active; raise the fraction or the width",
                      N, sizes.M, m->active_fraction);
  }
  return MDM_OK;
}

/* Sweeps follow a causal pass that measures order parameters. */
static int plan_sweeps(const mdm_config *cfg, mdm_plan *p, mdm_error *err) {
  mdm_sweep_plan *s = &p->sweeps;
  int status = mdm_sweeps_read(cfg, p->problem, p->replicas, &s->options, err);
  if (status || !s->options.count) return status;
  s->runner = p->runner;
  s->replicas = p->replicas;
  s->cost = mdm_limit_cost(p->problem, &p->runner.sizes);
  return mdm_sweeps_layout(p->problem, &s->layout, err);
}

static int plan_limit(const mdm_config *cfg, int what, size_t replicas, mdm_plan *p, mdm_error *err) {
  mdm_family *family = &p->runner.family;
  int status = mdm_family_read(cfg, &p->problem->model, family, err);
  if (!status && family->widths && mdm_config_bool(cfg, "solve.matched")) status = mdm_problem_find_axes(p->problem, mdm_matched_axes((size_t)family->width[0], p->problem->model.outputs), err);
  if (!status && !family->widths) status = mdm_limit_sizes_read(cfg, p->problem, &p->runner.sizes, err);
  p->runner.sizes.half = (what & MDM_RUN_HALF) != 0;
  p->replicas = replicas ? replicas : (size_t)mdm_config_int(cfg, "solve.replicas");
  if (!p->replicas) p->replicas = MDM_USUAL_REPLICAS;
  return status || family->widths || what & MDM_RUN_PILOT ? status : plan_sweeps(cfg, p, err);
}

static int plan_networks(const mdm_config *cfg, mdm_plan *p, mdm_error *err) {
  int status = mdm_networks_read(cfg, &p->networks, err);
  return status ? status : check_units(p, err);
}

/* ---------------------------------------------------------------- tasks */

/* Costly ones first; equal ones, which the array holds in order, by place. */
static int by_cost(const void *a, const void *b) {
  const mdm_task *x = a, *y = b;
  if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
  return (x > y) - (x < y);
}

static double replica_cost(const mdm_plan *p) {
  return p->runner.family.widths ? mdm_family_cost(&p->runner.family, p->problem) : mdm_limit_cost(p->problem, &p->runner.sizes);
}

static void fill_tasks(mdm_plan *p, int save_weights) {
  mdm_task *t = p->task;
  for (size_t i = 0; i < p->replicas; i++) *t++ = (mdm_task){.index = (unsigned)i, .cost = replica_cost(p)};
  for (size_t w = 0; w < p->networks.widths; w++)
    for (size_t i = 0; i < p->networks.seeds[w]; i++)
      *t++ = (mdm_task){.width = p->networks.width[w], .index = (unsigned)i, .save_weights = save_weights,
                        .cost = mdm_network_cost(p->problem, p->networks.width[w])};
}

/* What was done before an interruption is taken over, the rest counted. */
static int take_earlier(mdm_plan *p, const mdm_monitor *monitor, mdm_error *err) {
  size_t steps = p->problem->steps + 1;
  int status = MDM_OK;
  for (size_t i = 0; i < p->tasks && !status; i++) {
    mdm_task *t = &p->task[i];
    int again = !t->width && p->sweeps.options.count; /* sweeps need order parameters, which files do not keep */
    if (monitor && monitor->earlier && !again) status = monitor->earlier(monitor->store, t->width, t->index, &t->record, &t->weights, err);
    if (t->record) t->done = steps;
    else p->board.total += t->cost * (double)steps;
  }
  return status;
}

static int make_tasks(mdm_plan *p, const mdm_monitor *monitor, mdm_error *err) {
  p->tasks = p->replicas;
  for (size_t i = 0; i < p->networks.widths; i++) p->tasks += p->networks.seeds[i];
  p->task = mdm_alloc(p->tasks, 1, 1, sizeof *p->task);
  p->schedule = mdm_alloc(p->tasks, 1, 1, sizeof *p->schedule);
  if (!p->task || !p->schedule) return mdm_no_memory(err, "%zu runs", p->tasks);
  fill_tasks(p, monitor && monitor->save_weights);
  for (size_t i = 0; i < p->tasks; i++) p->task[i].board = &p->board;
  p->board.monitor = monitor;
  gsl_heapsort_index(p->schedule, p->task, p->tasks, sizeof *p->task, by_cost);
  return take_earlier(p, monitor, err);
}

void mdm_plan_keep(mdm_plan *p, struct mdm_checkpoint *checkpoint) {
  mdm_runner *r = &p->runner;
  r->checkpoint = checkpoint;
  p->remote.checkpoint = checkpoint;
  if (!checkpoint) return;
  r->limit_identity = mdm_checkpoint_identity(p->remote.cfg, p->remote.data, 1);
  r->network_identity = mdm_checkpoint_identity(p->remote.cfg, p->remote.data, 0);
}

int mdm_plan_create(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor, mdm_plan *p,
                    mdm_error *err) {
  *p = (mdm_plan){.remote = {.cfg = cfg, .data = data, .what = what, .replicas = replicas, .save_weights = monitor && monitor->save_weights}};
  int status = mdm_problem_create(cfg, data, &p->problem, err);
  p->runner = (mdm_runner){.problem = p->problem, .limit_single = is_single(cfg, "solve.precision"),
                           .network_single = is_single(cfg, "simulate.precision")};
  mdm_plan_keep(p, monitor ? monitor->checkpoint : NULL);
  if (!status && what & MDM_RUN_LIMIT) status = plan_limit(cfg, what, replicas, p, err);
  if (!status && what & MDM_RUN_NETWORKS) status = plan_networks(cfg, p, err);
  return status ? status : make_tasks(p, monitor, err);
}

/* ---------------------------------------------------------------- memory */

/* A pilot takes this fraction of the work, but no more multiply-adds than some seconds hold; of a short run, which may want more, not more than this part, or
 * so many. */
static const double PILOT_SHARE = 0.03, PILOT_MOST = 1e10, PILOT_PART = 0.1, PILOT_LEAST = 1e8;

static double pilot_work(double total, double least_work) {
  return fmin(PILOT_MOST, fmax(total * PILOT_SHARE, fmin(least_work, fmax(PILOT_LEAST, total * PILOT_PART))));
}

static int descending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* Of a replica: its causal pass, or its part in sweeps. */
static double replica_bytes(const mdm_plan *p, const mdm_directions *d) {
  const mdm_runner *r = &p->runner;
  if (r->family.widths) return mdm_family_bytes(&r->family, p->problem, r->limit_single);
  double causal = mdm_limit_bytes(p->problem, &r->sizes, d, r->limit_single);
  if (!p->sweeps.options.count) return causal;
  return fmax(causal, mdm_given_bytes(p->problem, &r->sizes, d, r->limit_single)) + mdm_measure_bytes(p->problem, &r->sizes, d, r->limit_single);
}

/* The largest runs that so many threads may have at a time. each: room for all tasks. */
static double running_bytes(const mdm_plan *p, const mdm_directions *d, int threads, double *each) {
  double limit = p->replicas ? replica_bytes(p, d) : 0, network = 0, sum = 0;
  long width = 0;
  for (size_t i = 0; i < p->tasks; i++) {
    long N = p->task[i].width;
    if (N != width) network = mdm_network_bytes(p->problem, width = N, p->runner.network_single);
    each[i] = N ? network : limit;
  }
  qsort(each, p->tasks, sizeof *each, descending);
  for (size_t i = 0; i < p->tasks && i < (size_t)threads; i++) sum += each[i];
  if (p->together < 2) return sum;
  return sum * fmin(1, (double)mdm_ranks_on_a_node() / (double)(p->tasks * (size_t)p->together)); /* the other ranks' parts are elsewhere */
}

/* Weights that are kept until they are written. */
static double weights_bytes(const mdm_plan *p) {
  double sum = 0;
  for (size_t i = 0; i < p->tasks; i++)
    if (p->task[i].save_weights && p->task[i].width) sum += mdm_weights_bytes(p->problem, p->task[i].width);
  return sum;
}

/* Records of all runs, means and errors of ensembles; what is written of them, which HDF5 collects in memory. */
static double bytes_with(const mdm_plan *p, const mdm_directions *d, int every_seed, int threads, double *each) {
  double ensembles = (double)(p->networks.widths + (p->replicas > 0)), record = (p->runner.family.widths ? 2 : 1) * mdm_record_bytes(p->problem), weights = weights_bytes(p);
  double data = mdm_data_bytes(p->problem), kept = record * ((double)p->tasks + 2 * ensembles) + weights + mdm_problem_bytes(p->problem);
  const double image = 0.9, image_of_weights = p->runner.network_single ? 0.6 : 1.2; /* as compressed, and with what HDF5 adds */
  double written = data + mdm_inputs_bytes(p->problem) + image * (data + record * (2 * ensembles + (every_seed ? (double)p->tasks : 0))) + image_of_weights * weights;
  if (p->sweeps.options.count) kept += mdm_sweeps_bytes(&p->sweeps.options, &p->sweeps.layout, 2 * p->replicas);
  return kept + fmax(written, running_bytes(p, d, threads, each));
}

double mdm_plan_bytes(const mdm_plan *p, int every_seed, int threads, double least_work) {
  mdm_directions d = {0};
  int workers = mdm_workers(threads, NULL);
  double *each = mdm_alloc(p->tasks, 1, 1, sizeof *each), work = pilot_work(p->board.total, least_work); /* tasks */
  int status = each ? MDM_OK : MDM_ERR_MEMORY;
  if (!status && p->replicas && !p->runner.family.widths) status = mdm_directions_find(&p->runner, work, workers, &d, NULL);
  double bytes = status ? INFINITY : bytes_with(p, &d, every_seed, workers, each);
  mdm_directions_clear(&d);
  free(each);
  return bytes;
}
