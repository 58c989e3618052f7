/* Runs that rank 0 asks for. Plans come as text with their data, on the thread that listens; the first run of a plan sets it up, and the
 * others wait for that. */
#include "run/remote_serve.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cluster/ranks.h"
#include "cluster/serve.h"
#include "data/arrays.h"
#include "run/checkpoint.h"
#include "run/plan.h"
#include "run/remote.h"
#include "run/self_consistency_replicas.h"
#include "run/together.h"

/* Data that plans share; the last that came is kept for the next plan. */
typedef struct {
  mdm_data *data;
  size_t users;
} shared;

typedef struct plan {
  struct plan *next;
  size_t id, replicas, size;
  char *yaml;
  int what, kind;
  mdm_monitor monitor; /* asks for weights */
  shared *samples;
  double *x;           /* size: the state that drives the particles, or NULL */
  unsigned sweep;
  mdm_error failure;   /* code ≠ 0: it could not be taken or set up */
  pthread_mutex_t lock; /* of what follows, until it is ready */
  int ready;
  mdm_config *cfg;
  mdm_plan plan;
  mdm_sweep_plan sweep_plan; /* of a sweep: the plan's, of which runs here need no more than one replica */
  mdm_replicas driven;
  mdm_given given;
} plan;

typedef struct {
  pthread_mutex_t lock; /* of the list: the thread that listens changes it while others look */
  plan *first;
  shared *samples; /* that came last */
} desk;

/* ---------------------------------------------------------------- plans that come and go */

static void let_go(shared *s) {
  if (!s || --s->users) return;
  mdm_data_free(s->data);
  free(s);
}

static void plan_free(plan *p) {
  mdm_given_clear(&p->given);
  if (p->driven.plan) mdm_replicas_clear(&p->driven);
  mdm_plan_clear(&p->plan);
  mdm_checkpoint_free(p->monitor.checkpoint);
  mdm_config_free(p->cfg);
  let_go(p->samples);
  pthread_mutex_destroy(&p->lock);
  free(p->yaml);
  free(p->x);
  free(p);
}

static plan *find(desk *d, size_t id) {
  pthread_mutex_lock(&d->lock);
  plan *p = d->first;
  while (p && p->id != id) p = p->next;
  pthread_mutex_unlock(&d->lock);
  return p;
}

static void forget(desk *d, size_t id) {
  pthread_mutex_lock(&d->lock);
  plan **at = &d->first;
  while (*at && (*at)->id != id) at = &(*at)->next;
  plan *p = *at;
  if (p) *at = p->next;
  pthread_mutex_unlock(&d->lock);
  if (p) plan_free(p);
}

static void forget_all(void *context) {
  desk *d = context;
  while (d->first) forget(d, d->first->id);
}

static int get_inputs(mdm_packet *in, size_t count, size_t D, mdm_stored **out, mdm_error *err) {
  size_t type = mdm_get_number(in), standard = mdm_get_number(in);
  int status = mdm_packet_check(in, err);
  if (!status && (type > MDM_HELD_DOUBLE || standard > MDM_STANDARD_SAMPLE)) status = mdm_fail(err, MDM_ERR_INTERNAL, "samples came in an unknown form");
  if (!status) status = mdm_stored_create(out, (mdm_held_as)type, count, D, err);
  if (!status) status = mdm_stored_standardize(*out, (mdm_standard)standard, err);
  if (status) return status;
  size_t n = mdm_standard_count(*out, (*out)->standard);
  mdm_get_reals(in, mdm_stored_words(*out), (*out)->value);
  mdm_get_reals(in, n, (*out)->mean);
  mdm_get_reals(in, n, (*out)->deviation);
  return MDM_OK;
}

static int get_data(mdm_packet *in, mdm_data **out, mdm_error *err) {
  size_t train = mdm_get_number(in), test = mdm_get_number(in), D = mdm_get_number(in), C = mdm_get_number(in), context = mdm_get_number(in);
  int classification = mdm_get_number(in) != 0, status = mdm_packet_check(in, err);
  if (status) return status;
  mdm_stored *part[2] = {NULL, NULL};
  double *y = mdm_alloc(train + test, C, 1, sizeof *y); /* samples × C */
  status = y ? MDM_OK : mdm_no_memory(err, "%zu samples", train + test);
  for (int i = 0; i < 2 && !status; i++) status = get_inputs(in, i ? test : train, D, &part[i], err);
  if (y) mdm_get_reals(in, (train + test) * C, y);
  if (!status) status = mdm_packet_check(in, err);
  if (!status) {
    status = mdm_data_from_stored(part[0], part[1], C, y, y + train * C, classification, out, err);
    part[0] = part[1] = NULL;
  }
  if (!status) (*out)->context = context;
  for (int i = 0; i < 2; i++) mdm_stored_free(part[i]);
  free(y);
  return status;
}

static int take_data(desk *d, mdm_packet *in, mdm_error *err) {
  shared *s = calloc(1, sizeof *s);
  if (!s) return mdm_no_memory(err, "samples");
  s->users = 1;
  let_go(d->samples);
  d->samples = s;
  return get_data(in, &s->data, err);
}

static int take_state(plan *p, mdm_packet *in, mdm_error *err) {
  p->sweep = (unsigned)mdm_get_number(in);
  p->size = mdm_get_number(in);
  int status = mdm_packet_check(in, err);
  if (status) return status;
  p->x = mdm_alloc(p->size, 1, 1, sizeof *p->x);
  if (!p->x) return mdm_no_memory(err, "a state of %zu order parameters", p->size);
  mdm_get_reals(in, p->size, p->x);
  return mdm_packet_check(in, err);
}

static int take_checkpoint(plan *p, mdm_packet *in, mdm_error *err) {
  double interval;
  if (!mdm_get_number(in)) return MDM_OK;
  const char *folder = mdm_get_text_in_place(in), *about = mdm_get_text_in_place(in);
  mdm_get_reals(in, 1, &interval);
  int status = mdm_packet_check(in, err);
  return status ? status : mdm_checkpoint_create(folder, about, interval, &p->monitor.checkpoint, err);
}

static void take_plan(desk *d, size_t id, mdm_packet *in) {
  plan *p = calloc(1, sizeof *p);
  if (!p) return; /* its runs will not find it */
  p->id = id;
  pthread_mutex_init(&p->lock, NULL);
  p->yaml = strdup(mdm_get_text_in_place(in));
  p->what = (int)mdm_get_number(in);
  p->replicas = mdm_get_number(in);
  p->monitor.save_weights = (int)mdm_get_number(in);
  p->kind = (int)mdm_get_number(in);
  int status = p->yaml ? MDM_OK : mdm_no_memory(&p->failure, "a configuration");
  if (!status) status = take_checkpoint(p, in, &p->failure);
  if (!status && p->kind == MDM_REMOTE_GIVEN) status = take_state(p, in, &p->failure);
  if (!status && mdm_get_number(in)) status = take_data(d, in, &p->failure);
  if (!status && (p->samples = d->samples)) p->samples->users++;
  pthread_mutex_lock(&d->lock);
  p->next = d->first;
  d->first = p;
  pthread_mutex_unlock(&d->lock);
}

/* The front of an order, as remote.c writes it. */
static void accept(void *context, mdm_packet *in) {
  desk *d = context;
  for (size_t n = mdm_get_number(in); n > 0 && !in->bad; n--) forget(d, mdm_get_number(in));
  size_t fresh = mdm_get_number(in);
  if (fresh && !in->bad) take_plan(d, fresh, in);
}

/* ---------------------------------------------------------------- runs */

/* A state, or no learning. */
static int set_up_sweep(plan *p, mdm_error *err) {
  mdm_sweep_plan *s = &p->sweep_plan;
  *s = p->plan.sweeps;
  s->replicas = 1; /* every run brings its own order parameters */
  int status = mdm_replicas_create(&p->driven, s, NULL, err);
  if (status) return status;
  if (p->kind == MDM_REMOTE_LAZY) return mdm_replicas_freeze(&p->driven), MDM_OK;
  if (p->size != s->layout.size) return mdm_fail(err, MDM_ERR_INTERNAL, "a state of %zu order parameters came where there are %zu", p->size, s->layout.size);
  return mdm_given_create(&p->given, &s->layout, p->x, s->runner.sizes.tolerance, p->sweep, err);
}

/* Under the plan's lock. */
static int set_up(plan *p, mdm_error *err) {
  if (!p->samples || !p->samples->data) return mdm_fail(err, MDM_ERR_INTERNAL, "a configuration came without its data");
  int status = mdm_config_create(&p->cfg, err);
  if (!status) status = mdm_config_load_text(p->cfg, "configuration", p->yaml, err);
  if (!status) status = mdm_plan_create(p->cfg, p->samples->data, p->what, p->replicas, &p->monitor, &p->plan, err);
  return status || p->kind == MDM_REMOTE_PLAIN ? status : set_up_sweep(p, err);
}

static int make_ready(plan *p, mdm_error *err) {
  pthread_mutex_lock(&p->lock);
  if (!p->ready && !p->failure.code) set_up(p, &p->failure);
  p->ready = 1;
  if (p->failure.code) *err = p->failure;
  pthread_mutex_unlock(&p->lock);
  return err->code;
}

/* Run i as it stands in the plan; t->orders is the caller's to free. */
static int begin_task(plan *p, size_t i, mdm_board *board, mdm_task *t, mdm_error *err) {
  const mdm_sweep_plan *s = &p->plan.sweeps;
  if (i >= p->plan.tasks) return mdm_fail(err, MDM_ERR_INTERNAL, "there is no run %zu; do all ranks run the same program?", i);
  *t = p->plan.task[i];
  t->board = board;
  if (p->kind == MDM_REMOTE_GIVEN) t->given = &p->given;
  if (!s->options.count || t->width) return MDM_OK;
  t->layout = &s->layout;
  t->orders = mdm_alloc(s->layout.size, 1, 1, sizeof *t->orders);
  return t->orders ? MDM_OK : mdm_no_memory(err, "order parameters");
}

/* Those who share a run all found the same: the first of them tells. */
static void forget_found(mdm_task *t) {
  mdm_record_free(t->record);
  mdm_record_free(t->weights);
  t->record = t->weights = NULL;
}

/* What this rank could not save, for rank 0 to tell. */
static void put_notice(mdm_packet *out, mdm_checkpoint *c) {
  char line[sizeof c->notice] = "", all[sizeof line + 32] = "";
  if (mdm_checkpoint_notice(c, line, sizeof line)) snprintf(all, sizeof all, "rank %d: %s", mdm_ranks_mine(), line);
  mdm_put_text(out, all);
}

static void put_found(mdm_packet *out, const mdm_task *t, mdm_checkpoint *c, const mdm_error *why) {
  mdm_put_number(out, (size_t)why->code);
  mdm_put_text(out, why->text);
  put_notice(out, c);
  if (why->code) return;
  mdm_put_number(out, (size_t)t->status);
  mdm_put_number(out, t->done);
  mdm_put_record(out, t->record);
  mdm_put_record(out, t->weights);
  mdm_put_number(out, t->layout ? t->layout->size : 0);
  if (t->layout) mdm_put_reals(out, t->layout->size, t->orders);
}

static void work(void *context, mdm_packet *order, mdm_board *board, mdm_packet *result) {
  mdm_error why = {0};
  mdm_task t = {0};
  plan *p = find(context, mdm_get_number(order));
  size_t i = mdm_get_number(order);
  int together = (int)mdm_get_number(order), mine = (int)mdm_get_number(order);
  int status = p && !order->bad ? make_ready(p, &why) : mdm_fail(&why, MDM_ERR_INTERNAL, "a run came without its configuration");
  if (!status) status = begin_task(p, i, board, &t, &why);
  mdm_shared_run part;
  if (!status && together > 1) mdm_together_begin(&part, &p->plan.runner, together, mine, board);
  if (!status && mdm_board_stopped(board)) t.status = MDM_INTERRUPTED;
  else if (!status) mdm_runner_run(p->kind == MDM_REMOTE_PLAIN ? &p->plan.runner : &p->driven.runner, &t, &why);
  if (together > 1) mdm_together_end();
  if (mine) forget_found(&t);
    put_found(result, &t, p ? p->monitor.checkpoint : NULL, &why);
  mdm_record_free(t.record);
  mdm_record_free(t.weights);
  free(t.orders);
}

void mdm_remote_serve(const volatile sig_atomic_t *stop) {
  desk d = {0};
  pthread_mutex_init(&d.lock, NULL);
  const mdm_service service = {&d, accept, work, forget_all};
  mdm_serve(&service, stop);
  let_go(d.samples);
  pthread_mutex_destroy(&d.lock);
}
