/* Threads take runs from the schedule; BLAS is kept to one thread, so that results do not depend on their number. */
#include "run/execute.h"

#include <stdio.h>

#include "base/blas.h"
#include "base/memory.h"
#include "cluster/dispatch.h"
#include "run/self_consistency.h"
#include "run/together.h"

/* Room for the order parameters that the causal pass measures; the sweeps join the work that is to be done. */
static int prepare_sweeps(mdm_plan *p, mdm_error *err) {
  const mdm_sweep_plan *s = &p->sweeps;
  if (!s->options.count) return MDM_OK;
  for (size_t i = 0; i < p->replicas; i++) {
    p->task[i].layout = &s->layout;
    p->task[i].orders = mdm_alloc(s->layout.size, 1, 1, sizeof(double));
    if (!p->task[i].orders) return mdm_no_memory(err, "order parameters");
  }
  double passes = (double)(s->options.count + (s->options.lazy != 0));
  p->board.total += passes * (double)p->replicas * s->cost * (double)(p->problem->steps + 1);
  return MDM_OK;
}

static void say(const mdm_plan *p, const char *line) {
  const mdm_monitor *m = p->board.monitor;
  if (m && m->message) m->message(m->context, line);
}

/* "each replica on 2 ranks together: 24 MB to each in 612 gatherings" */
static void tell_sharing(const mdm_plan *p) {
  char line[160];
  snprintf(line, sizeof line, "each replica on %d ranks together: %.3g MB to each in %zu gatherings, %.2g s of work and waiting with them", p->together, p->gathered / 1e6, p->gatherings, p->gathering);
  say(p, line);
}

/* How many ranks share a run; a word where they would, but cannot. */
static void choose_sharing(mdm_plan *p, size_t runs) {
  const char *why;
  char line[200];
  p->together = mdm_together(p, runs, &why);
  if (!why) return;
  snprintf(line, sizeof line, "ranks without a run of their own are idle: they cannot share one (%s; docs/cluster.md)", why);
  say(p, line);
}

static void execute(void *context, size_t i) {
  mdm_plan *p = context;
  size_t place = p->schedule[i / (size_t)p->together];
  mdm_shared_run shared;
  if (p->together > 1) mdm_together_begin(&shared, &p->runner, p->together, 0, &p->board);
  mdm_runner_serve(&p->runner, &p->task[place], &p->board, place);
  if (p->together > 1) p->gatherings = shared.crew.gatherings, p->gathered = shared.crew.bytes, p->gathering = shared.crew.seconds, mdm_together_end();
}

/* Runs that are to be done, at the front of the schedule: those that were done before an interruption leave it. */
static size_t missing(mdm_plan *p) {
  size_t n = 0;
  for (size_t i = 0; i < p->tasks; i++)
    if (!p->task[p->schedule[i]].record) p->schedule[n++] = p->schedule[i];
  return n;
}

static int order(void *context, size_t i, int rank, mdm_packet *out) {
  mdm_plan *p = context;
  mdm_error why;
  size_t each = (size_t)p->together, place = p->schedule[i / each];
  if (!mdm_remote_order(&p->remote, place, rank, p->together, (int)(i % each), out, &why)) return 1;
  mdm_board_fail(&p->board, place, &why);
  return 0;
}

/* Of a run that ranks share, the first of these brings what was found; the others only whether they failed. */
static void take(void *context, size_t i, mdm_packet *in) {
  mdm_plan *p = context;
  mdm_error why;
  mdm_task other = {0};
  size_t each = (size_t)p->together, place = p->schedule[i / each];
  if (mdm_remote_result(in, i % each ? &other : &p->task[place], &why)) mdm_board_fail(&p->board, place, &why);
}

/* After the causal pass, if all of it succeeded. */
static int run_sweeps(mdm_plan *p, int threads, mdm_error *err) {
  if (!p->sweeps.options.count) return MDM_OK;
  for (size_t i = 0; i < p->replicas; i++)
    if (p->task[i].status) return MDM_OK;
  p->sweeps.threads = threads;
  p->sweeps.remote = &p->remote;
  return mdm_sweeps_run(&p->sweeps, p->task, &p->board, &p->swept, err);
}

/* Nobody reports success over runs that nobody did. */
static int none_forgotten(const mdm_plan *p, mdm_error *err) {
  for (size_t i = 0; i < p->tasks; i++)
    if (!p->task[i].record && !p->task[i].status) return mdm_fail(err, MDM_ERR_INTERNAL, "run %zu of %zu was not done, nor did it fail; please report this", i, p->tasks);
  return MDM_OK;
}

int mdm_plan_execute(mdm_plan *p, int threads, mdm_error *err) {
  int status = prepare_sweeps(p, err);
  if (status) return status;
  size_t runs = missing(p);
  int before = mdm_blas_enter();
  pthread_mutex_init(&p->board.lock, NULL);
  choose_sharing(p, runs);
  int shares = p->together > 1;
  mdm_dispatch_run(&(mdm_dispatch){runs * (size_t)p->together, threads, &p->board, p, execute, order, take, shares ? NULL : "runs", shares});
  if (shares && p->gatherings) tell_sharing(p);
  status = mdm_board_outcome(&p->board, err);
  if (!status) status = none_forgotten(p, err);
  if (!status) status = run_sweeps(p, threads, err);
  pthread_mutex_destroy(&p->board.lock);
  mdm_blas_leave(before);
  return status;
}
