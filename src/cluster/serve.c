/* A rank other than 0. Its threads take orders from a line and leave what they found in another; the thread that called fills the one and
 * empties the other, and never computes. */
#include "cluster/serve.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/clock.h"
#include "base/flag.h"
#include "base/memory.h"
#include "cluster/dispatch.h"
#include "cluster/messages.h"
#include "cluster/ranks.h"
#include "cluster/wait.h"

enum { MOST_THREADS = 256 };
static const double SIGN_OF_LIFE = 2, PROGRESS = 0.25; /* seconds between two signs, two reports */

/* An order, and what became of it. */
typedef struct item {
  size_t piece;
  double seconds;
  mdm_packet packet;
  struct item *next;
} item;

typedef struct {
  const mdm_service *service;
  pthread_mutex_t lock; /* of the lines and `closing` */
  pthread_cond_t more;  /* orders, or closing */
  item *orders, *found;
  int closing;
  pthread_t thread[MOST_THREADS];
  int threads, threads_each;
  size_t job;
  mdm_board board;
  mdm_monitor monitor;
  volatile sig_atomic_t stop; /* what the board reads */
  char task[64];              /* the last report, under the board's lock: "" when it is told */
  size_t step, steps;
  double loss;
  double told;                /* when rank 0 heard of us last */
  double done;                /* work of which it knows */
  int signalled;              /* our signal has come */
} server;

/* ---------------------------------------------------------------- lines */

static void append(item **line, item *i) {
  while (*line) line = &(*line)->next;
  i->next = NULL;
  *line = i;
}

static item *take(item **line) {
  item *i = *line;
  if (i) *line = i->next;
  return i;
}

static void discard(item **line) {
  for (item *i; (i = take(line)); free(i)) mdm_packet_clear(&i->packet);
}

/* ---------------------------------------------------------------- threads */

typedef struct {
  server *s;
  item *i;
  mdm_packet found;
} task;

static void serve_task(void *context, size_t unused) {
  (void)unused;
  task *t = context;
  t->s->service->work(t->s->service->context, &t->i->packet, &t->s->board, &t->found);
}

static void do_item(server *s, item *i) {
  task t = {.s = s, .i = i};
  double start = mdm_clock();
  mdm_with_helpers(s->threads_each, serve_task, &t, 0);
  i->seconds = mdm_clock() - start;
  mdm_packet_clear(&i->packet);
  i->packet = t.found;
}

static void *help(void *context) {
  server *s = context;
  mdm_blas_join();
  pthread_mutex_lock(&s->lock);
  while (!s->closing || s->orders) {
    item *i = take(&s->orders);
    if (!i) {
      pthread_cond_wait(&s->more, &s->lock);
      continue;
    }
    pthread_mutex_unlock(&s->lock);
    do_item(s, i);
    pthread_mutex_lock(&s->lock);
    append(&s->found, i);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

/* Under the board's lock. */
static void keep_report(void *context, const mdm_progress *p) {
  server *s = context;
  snprintf(s->task, sizeof s->task, "%s", p->task);
  s->step = p->step, s->steps = p->steps, s->loss = p->loss;
}

static void close_job(server *s) {
  pthread_mutex_lock(&s->lock);
  s->closing = 1;
  pthread_cond_broadcast(&s->more);
  pthread_mutex_unlock(&s->lock);
  for (int i = 0; i < s->threads; i++) pthread_join(s->thread[i], NULL);
  s->threads = 0;
  discard(&s->found);
  s->service->end(s->service->context);
}

/* ---------------------------------------------------------------- talking */

static void say(server *s, mdm_packet *p) {
  s->told = mdm_clock();
  mdm_ranks_send(0, p, NULL); /* without rank 0 there is nobody to tell that it failed */
}

static void begin_packet(server *s, mdm_packet *p, int kind) {
  *p = (mdm_packet){0};
  mdm_put_number(p, (size_t)kind);
  mdm_put_number(p, s->job);
}

static void open_job(server *s, mdm_packet *in) {
  mdm_packet p;
  char arithmetic[128];
  s->job = mdm_get_number(in);
  int asked = (int)mdm_get_number(in);
  size_t pieces = mdm_get_number(in);
  int at_once = mdm_dispatch_at_once(pieces, asked);
  s->threads_each = mdm_dispatch_threads_each(pieces, asked);
  s->closing = 0;
  s->done = s->board.done = 0;
  mdm_flag_set(&s->stop, s->signalled);
  while (s->threads < at_once && s->threads < MOST_THREADS && !pthread_create(&s->thread[s->threads], NULL, help, s)) s->threads++;
  begin_packet(s, &p, MDM_SAY_READY);
  mdm_put_number(&p, (size_t)(s->threads ? s->threads : 1));
  mdm_arithmetic(arithmetic, sizeof arithmetic);
  mdm_put_text(&p, arithmetic);
  say(s, &p);
}

/* DONE of a piece; whole: what was found follows. */
static void begin_done(server *s, mdm_packet *p, size_t piece, double seconds, int whole) {
  begin_packet(s, p, MDM_SAY_DONE);
  mdm_put_number(p, piece);
  mdm_put_reals(p, 1, &seconds);
  mdm_put_number(p, (size_t)whole);
}

/* The packet becomes the order: what is read of it is over. */
static void take_order(server *s, mdm_packet *in) {
  if (mdm_get_number(in) != s->job) return;
  size_t piece = mdm_get_number(in);
  item *i = calloc(1, sizeof *i);
  if (!i) {
    mdm_packet p;
    begin_done(s, &p, piece, 0, 0);
    say(s, &p);
    return;
  }
  s->service->accept(s->service->context, in);
  i->piece = piece;
  i->packet = *in;
  *in = (mdm_packet){0};
  pthread_mutex_lock(&s->lock);
  append(&s->orders, i);
  pthread_cond_signal(&s->more);
  pthread_mutex_unlock(&s->lock);
}

/* 0: rank 0 says to leave. */
static int obey(server *s, mdm_packet *p) {
  size_t kind = mdm_get_number(p);
  if (kind == MDM_SAY_BYE) return 0;
  if (kind == MDM_SAY_BEGIN) open_job(s, p);
  else if (kind == MDM_SAY_WORK) take_order(s, p);
  else if (mdm_get_number(p) != s->job) return 1;
  else if (kind == MDM_SAY_STOP) mdm_flag_set(&s->stop, 1);
  else if (kind == MDM_SAY_END) close_job(s);
  return 1;
}

static void tell_found(server *s, item *i) {
  mdm_packet p;
  begin_done(s, &p, i->piece, i->seconds, 1);
  unsigned char *to = i->packet.bad ? NULL : mdm_packet_extend(&p, i->packet.size);
  if (to) {
    memcpy(to, i->packet.bytes, i->packet.size);
  } else {
    mdm_packet_clear(&p);
    begin_done(s, &p, i->piece, i->seconds, 0);
  }
  say(s, &p);
  mdm_packet_clear(&i->packet);
  free(i);
}

static int tell_all_found(server *s) {
  item *i;
  int told = 0;
  do {
    pthread_mutex_lock(&s->lock);
    i = take(&s->found);
    pthread_mutex_unlock(&s->lock);
    if (i) tell_found(s, i), told = 1;
  } while (i);
  return told;
}

/* Progress now and then; without any, a sign of life. */
static void tell_progress(server *s) {
  double since = mdm_clock() - s->told;
  mdm_packet p;
  if (since < PROGRESS) return;
  begin_packet(s, &p, MDM_SAY_PROGRESS);
  pthread_mutex_lock(&s->board.lock);
  int fresh = *s->task != '\0';
  const double numbers[2] = {s->board.done - s->done, s->loss};
  mdm_put_reals(&p, 2, numbers);
  mdm_put_number(&p, s->step);
  mdm_put_number(&p, s->steps);
  mdm_put_text(&p, s->task);
  if (fresh || since >= SIGN_OF_LIFE) {
    s->done = s->board.done;
    *s->task = '\0';
    say(s, &p);
  }
  pthread_mutex_unlock(&s->board.lock);
  mdm_packet_clear(&p);
}

/* A signal to one is a signal to all. */
static void tell_signal(server *s, const volatile sig_atomic_t *stop) {
  mdm_packet p = {0};
  if (s->signalled || !mdm_flag_is_set(stop)) return;
  s->signalled = 1;
  mdm_flag_set(&s->stop, 1);
  mdm_put_number(&p, MDM_SAY_SIGNALLED);
  say(s, &p);
}

/* ---------------------------------------------------------------- serving */

/* Where no thread could be started, the work is done here. */
static int help_out(server *s) {
  pthread_mutex_lock(&s->lock);
  item *i = s->threads ? NULL : take(&s->orders);
  pthread_mutex_unlock(&s->lock);
  if (!i) return 0;
  do_item(s, i);
  append(&s->found, i);
  return 1;
}

static void listen(server *s, const volatile sig_atomic_t *stop) {
  double pause = 0;
  for (;;) {
    mdm_packet p;
    int from, happened = 0;
    for (; mdm_ranks_receive(&from, &p); happened = 1) {
      int on = obey(s, &p);
      mdm_packet_clear(&p);
      if (!on) return;
    }
    tell_signal(s, stop);
    happened |= help_out(s);
    happened |= tell_all_found(s);
    tell_progress(s);
    if (happened) pause = 0;
    else mdm_wait(&pause);
  }
}

void mdm_serve(const mdm_service *service, const volatile sig_atomic_t *stop) {
  static server s; /* large, and one for each process */
  s = (server){.service = service};
  s.monitor = (mdm_monitor){.report = keep_report, .context = &s, .stop = &s.stop};
  s.board.monitor = &s.monitor;
  pthread_mutex_init(&s.lock, NULL);
  pthread_cond_init(&s.more, NULL);
  pthread_mutex_init(&s.board.lock, NULL);
  int before = mdm_blas_enter();
  listen(&s, stop);
  if (s.threads) close_job(&s);
  mdm_blas_leave(before);
  mdm_ranks_end(1, MDM_OK);
  pthread_mutex_destroy(&s.board.lock);
  pthread_cond_destroy(&s.more);
  pthread_mutex_destroy(&s.lock);
}
