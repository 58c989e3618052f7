/* Rank 0: threads take pieces from the front of the line, and so does, for the other ranks, the thread that called. That thread computes
 * nothing: it listens. A rank has as many pieces as threads, and a few more while pieces are so short that their way would count.
 *
 * When the work is stopped by a signal, the others have it, too, and a launcher kills everybody soon (Open MPI: after one second). They are
 * waited for as long as our own threads took to stop, or GRACE; then a child process goes on, which nobody kills while it writes. */
#include "cluster/dispatch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/clock.h"
#include "base/flag.h"
#include "base/memory.h"
#include "cluster/messages.h"
#include "cluster/ranks.h"
#include "cluster/wait.h"

enum { MOST_AHEAD = 16, MOST_THREADS = 256 };
static const double GRACE = 0.5, SILENCE = 60, SHORT_PIECE = 0.02; /* seconds */

/* Another rank. */
typedef struct {
  int threads;     /* pieces at a time; 0: it has not said yet */
  size_t holds;    /* pieces */
  size_t did;      /* likewise, over */
  double seconds;  /* of its last piece */
  double heard;    /* when it said something last */
  int placed;      /* it was given its piece, where each has one of its own */
} member;

typedef struct {
  const mdm_dispatch *d;
  size_t job;
  int at_once;
  atomic_size_t next;  /* piece */
  atomic_size_t did;   /* pieces done here */
  atomic_int working;  /* threads of this rank that are not at the end of the line */
  member *member;      /* ranks; of 0 only what it did is known */
  int *owner;          /* n: rank whose result is awaited, or 0 */
  size_t packets;      /* of this rank, and their bytes, before the job */
  double bytes, listening; /* likewise processor time of the thread that listens */
  double stopped, idle; /* when the board was seen to say stop, and our threads to be through; 0: not yet */
} job;

/* Of this process, over all jobs. */
static struct {
  size_t jobs;
  int interrupted; /* another rank received a signal, or was lost */
  int apart;       /* a rank did not answer in the end: it cannot be waited for */
} state;

int mdm_dispatch_at_once(size_t n, int threads) {
  size_t ranks = (size_t)mdm_ranks_count(), even = n / ranks + (n % ranks != 0);
  threads = mdm_workers(threads, NULL);
  return even < (size_t)threads ? (int)(even ? even : 1) : threads;
}

int mdm_dispatch_threads_each(size_t n, int threads) { return mdm_workers(threads, NULL) / mdm_dispatch_at_once(n, threads); }

/* ---------------------------------------------------------------- this rank's own threads */

/* The next piece for a rank; n: none. */
static size_t next_for(job *j, int rank) {
  if (!j->d->placed) return atomic_fetch_add(&j->next, 1);
  if (j->member[rank].placed || (size_t)rank >= j->d->n) return j->d->n;
  j->member[rank].placed = 1;
  atomic_fetch_add(&j->next, 1);
  return (size_t)rank;
}

static void *help(void *context) {
  job *j = context;
  mdm_blas_join();
  int each = mdm_dispatch_threads_each(j->d->n, j->d->threads);
  for (size_t i; (i = next_for(j, 0)) < j->d->n; atomic_fetch_add(&j->did, 1)) mdm_with_helpers(each, j->d->work, j->d->context, i);
  atomic_fetch_sub(&j->working, 1);
  return NULL;
}

static int start_threads(job *j, pthread_t thread[MOST_THREADS]) {
  int n = 0, wanted = j->at_once < MOST_THREADS ? j->at_once : MOST_THREADS;
  atomic_store(&j->working, wanted);
  while (n < wanted && !pthread_create(&thread[n], NULL, help, j)) n++;
  atomic_fetch_sub(&j->working, wanted - n);
  return n;
}

/* ---------------------------------------------------------------- talking */

static int say(job *j, int to, int kind, size_t a, size_t b) {
  mdm_packet p = {0};
  mdm_put_number(&p, (size_t)kind);
  mdm_put_number(&p, j->job);
  mdm_put_number(&p, a);
  mdm_put_number(&p, b);
  return mdm_ranks_send(to, &p, NULL);
}

static void say_to_all(job *j, int kind, size_t a, size_t b) {
  for (int r = 1; r < mdm_ranks_count(); r++) say(j, r, kind, a, b);
}

static void interrupt(job *j) {
  state.interrupted = 1;
  mdm_board_stop(j->d->board);
}

/* A rank on another kind of processor would find other last digits: then results would depend on who does what. */
static void hear_ready(job *j, int from, mdm_packet *p) {
  char kernel[128], own[128];
  mdm_error why;
  j->member[from].threads = (int)mdm_get_number(p);
  mdm_get_text(p, kernel, sizeof kernel);
  mdm_arithmetic(own, sizeof own);
  if (!strcmp(kernel, own)) return;
  mdm_fail(&why, MDM_ERR_CONFIG, "rank %d computes with %s, rank 0 with %s: results would depend on which rank does what; give all what every processor has (mpirun -x OPENBLAS_CORETYPE=... -x MOEDMFT_VECTORS=...)",
           from, kernel, own);
  mdm_board_fail(j->d->board, j->d->n, &why);
}

static void hear_done(job *j, int from, mdm_packet *p) {
  member *m = &j->member[from];
  mdm_error why;
  size_t piece = mdm_get_number(p);
  mdm_get_reals(p, 1, &m->seconds);
  int whole = mdm_get_number(p) == 1;
  if (piece >= j->d->n || !j->owner[piece]) return;
  j->owner[piece] = 0;
  m->holds--;
  m->did++;
  if (!whole) mdm_no_memory(&why, "what a run found, on rank %d; lower --threads or the number of ranks on a node", from), mdm_board_fail(j->d->board, piece, &why);
  j->d->result(j->d->context, piece, whole ? p : NULL);
}

static void hear_progress(job *j, mdm_packet *p) {
  double numbers[2]; /* work, loss */
  char task[64];
  mdm_get_reals(p, 2, numbers);
  size_t step = mdm_get_number(p), steps = mdm_get_number(p);
  mdm_get_text(p, task, sizeof task);
  if (*task && !p->bad) mdm_board_relay(j->d->board, task, numbers[0], step, steps, numbers[1]);
}

static void hear(job *j, int from, mdm_packet *p) {
  member *m = &j->member[from];
  size_t kind = mdm_get_number(p);
  m->heard = mdm_clock();
  if (kind == MDM_SAY_SIGNALLED) interrupt(j);
  else if (mdm_get_number(p) != j->job) return; /* of an earlier job, which did not wait for it */
  else if (kind == MDM_SAY_READY) hear_ready(j, from, p);
  else if (kind == MDM_SAY_DONE) hear_done(j, from, p);
  else if (kind == MDM_SAY_PROGRESS) hear_progress(j, p);
}

static int listen(job *j) {
  mdm_packet p;
  int from, heard = 0;
  for (; mdm_ranks_receive(&from, &p); heard = 1) {
    hear(j, from, &p);
    mdm_packet_clear(&p);
  }
  return heard;
}

/* ---------------------------------------------------------------- handing out */

/* Pieces that a rank should hold: what its threads do, and what keeps them busy while the next are on their way. */
static size_t wanted(const member *m) {
  int ahead = m->seconds > 0 && m->seconds < SHORT_PIECE ? (int)(SHORT_PIECE / m->seconds) * m->threads : 0;
  return (size_t)m->threads + (size_t)(ahead < MOST_AHEAD ? ahead : MOST_AHEAD);
}

static void hand_out(job *j, int to, size_t piece) {
  mdm_packet p = {0};
  mdm_error why;
  mdm_put_number(&p, MDM_SAY_WORK);
  mdm_put_number(&p, j->job);
  mdm_put_number(&p, piece);
  int some = j->d->order(j->d->context, piece, to, &p);
  if (!some) {
    mdm_packet_clear(&p);
    return;
  }
  j->owner[piece] = to;
  j->member[to].holds++;
  if (mdm_ranks_send(to, &p, &why)) mdm_board_fail(j->d->board, piece, &why);
}

/* Pieces of ranks that have not begun, once all is to stop. */
static void leave_out(job *j) {
  for (int r = 1; r < mdm_ranks_count() && j->d->placed && j->stopped > 0; r++) {
    size_t piece = next_for(j, r);
    if (piece < j->d->n) j->d->result(j->d->context, piece, NULL);
  }
}

static int serve_others(job *j) {
  int handed = 0;
  for (int r = 1; r < mdm_ranks_count(); r++) {
    member *m = &j->member[r];
    while (m->threads && m->holds < wanted(m) && !j->stopped) {
      size_t piece = next_for(j, r);
      if (piece >= j->d->n) break;
      hand_out(j, r, piece);
      handed = 1;
    }
  }
  return handed;
}

/* ---------------------------------------------------------------- the end */

static void look_for_stop(job *j) {
  if (j->stopped > 0 || !mdm_board_stopped(j->d->board)) return;
  j->stopped = mdm_clock();
  say_to_all(j, MDM_SAY_STOP, 0, 0);
}

/* Nothing for a long time from a rank that has work: it or its machine is no more. */
static void look_for_lost(job *j) {
  for (int r = 1; r < mdm_ranks_count() && !j->stopped; r++) {
    const mdm_monitor *monitor = j->d->board->monitor;
    char line[160];
    if (!j->member[r].holds || mdm_clock() - j->member[r].heard < SILENCE) continue;
    snprintf(line, sizeof line, "rank %d has been silent for %.0f s and counts as lost; stopping with the runs that are complete", r, SILENCE);
    if (monitor && monitor->message) monitor->message(monitor->context, line);
    interrupt(j);
  }
}

static int is_signal(const job *j) {
  const mdm_monitor *monitor = j->d->board->monitor;
  return state.interrupted || (monitor && monitor->stop && mdm_flag_is_set(monitor->stop));
}

static int is_over(job *j) {
  double now = mdm_clock();
  size_t awaited = 0;
  if (atomic_load(&j->next) < j->d->n || atomic_load(&j->working)) return 0;
  if (j->idle == 0) j->idle = now;
  for (int r = 1; r < mdm_ranks_count(); r++) awaited += j->member[r].holds;
  if (!awaited) return 1;
  if (!j->stopped || !is_signal(j)) return 0;
  double took = j->idle - j->stopped > 0 ? j->idle - j->stopped : 0;
  return now - j->stopped > (2 * took > GRACE ? 2 * took : GRACE);
}

/* Until all pieces are over. */
static void lead(job *j, int helpers) {
  double pause = 0;
  while (!is_over(j)) {
    int happened = listen(j);
    look_for_stop(j);
    look_for_lost(j);
    happened |= serve_others(j);
    leave_out(j);
    if (!helpers) { /* no thread could be started */
      size_t i = next_for(j, 0);
      if (i < j->d->n) j->d->work(j->d->context, i), atomic_fetch_add(&j->did, 1), happened = 1;
    }
    if (happened) pause = 0;
    else mdm_wait(&pause);
  }
}

static void give_up_awaited(job *j) {
  for (size_t i = 0; i < j->d->n; i++)
    if (j->owner[i]) {
      j->d->result(j->d->context, i, NULL);
      state.apart = 1;
    }
}

/* "12 runs on 3 ranks: 4 + 4 + 4; 0.12 MB in 30 packets, 0.01 s of work with them", or of many ranks the fewest and the most. */
static void tell_balance(job *j) {
  enum { SHOWN = 12 };
  const mdm_monitor *monitor = j->d->board->monitor;
  int n = mdm_ranks_count();
  char line[400];
  if (!j->d->pieces || !monitor || !monitor->message) return;
  j->member[0].did = atomic_load(&j->did);
  size_t packets;
  double bytes;
  mdm_ranks_traffic(&packets, &bytes);
  size_t all = 0, fewest = j->member[0].did, most = fewest;
  for (int r = 0; r < n; r++) {
    size_t did = j->member[r].did;
    all += did, fewest = did < fewest ? did : fewest, most = did > most ? did : most;
  }
  int used = snprintf(line, sizeof line, "%zu %s on %d ranks: ", all, j->d->pieces, n);
  for (int r = 0; r < n && n <= SHOWN; r++) used += snprintf(line + used, sizeof line - (size_t)used, "%s%zu", r ? " + " : "", j->member[r].did);
  if (n > SHOWN) used += snprintf(line + used, sizeof line - (size_t)used, "%zu to %zu each", fewest, most);
  snprintf(line + used, sizeof line - (size_t)used, "; %.3g MB in %zu packets, %.2g s of work with them", (bytes - j->bytes) / 1e6, packets - j->packets, mdm_clock_of_thread() - j->listening);
  monitor->message(monitor->context, line);
}

/* More threads than processors are a mistake that nothing else tells. */
static void tell_binding(const job *j) {
  const mdm_monitor *monitor = j->d->board->monitor;
  int asked = j->d->threads, there = mdm_processors();
  char line[200];
  if (asked <= there || !j->d->pieces || !monitor || !monitor->message) return;
  snprintf(line, sizeof line, "%d threads for each rank, and %d processor%s: mpirun binds ranks to cores unless it is told otherwise (--map-by slot:PE=%d, --bind-to none)",
           asked, there, there == 1 ? "" : "s", asked);
  monitor->message(monitor->context, line);
}

/* The child goes on; the parent leaves with its status. What the child says is lost once mpirun is gone: a word before. */
static void detach(job *j) {
  const mdm_monitor *monitor = j->d->board->monitor;
  int status;
  if (monitor && monitor->message) monitor->message(monitor->context, "stopped: what is complete is being written, also if mpirun ends before");
  if (!mdm_ranks_detach(&status)) return;
  mdm_dispatch_end(status);
  _exit(status);
}

static void run_on_ranks(job *j) {
  pthread_t thread[MOST_THREADS];
  j->at_once = mdm_dispatch_at_once(j->d->n, j->d->threads);
  for (int r = 1; r < mdm_ranks_count(); r++) j->member[r].heard = mdm_clock();
  tell_binding(j);
  mdm_ranks_traffic(&j->packets, &j->bytes);
  j->listening = mdm_clock_of_thread();
  say_to_all(j, MDM_SAY_BEGIN, (size_t)j->d->threads, j->d->n);
  int helpers = start_threads(j, thread);
  lead(j, helpers);
  for (int i = 0; i < helpers; i++) pthread_join(thread[i], NULL);
  give_up_awaited(j);
  say_to_all(j, MDM_SAY_END, 0, 0);
  if (!j->stopped) tell_balance(j);
  else if (is_signal(j)) detach(j);
}

void mdm_dispatch_run(const mdm_dispatch *d) {
  size_t ranks = (size_t)mdm_ranks_count();
  if (state.interrupted) mdm_board_stop(d->board); /* in an earlier job */
  if (ranks == 1 || d->n == 0) {
    mdm_parallel(d->n, mdm_workers(d->threads, NULL), d->work, d->context);
    return;
  }
  job j = {.d = d, .job = ++state.jobs, .member = mdm_alloc(ranks, 1, 1, sizeof *j.member), .owner = mdm_alloc(d->n, 1, 1, sizeof *j.owner)};
  mdm_error why;
  if (j.member && j.owner) run_on_ranks(&j);
  else mdm_no_memory(&why, "%zu pieces of work", d->n), mdm_board_fail(d->board, 0, &why);
  free(j.member);
  free(j.owner);
}

void mdm_dispatch_end(int status) {
  for (int r = 1; r < mdm_ranks_count() && mdm_ranks_mine() == 0; r++) {
    mdm_packet p = {0};
    mdm_put_number(&p, MDM_SAY_BYE);
    mdm_ranks_send(r, &p, NULL);
  }
  mdm_ranks_end(!state.apart, status);
}
