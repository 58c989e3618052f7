/* Progress shared between threads, and the loop that hands tasks to them. */
#define _GNU_SOURCE
#include "base/board.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>

#include "base/blas.h"
#include "base/flag.h"
#include "base/share.h"

enum { MAX_THREADS = 256 };

void mdm_board_relay(mdm_board *board, const char *task, double work, size_t step, size_t steps, double loss) {
  pthread_mutex_lock(&board->lock);
  board->done += work;
  if (board->monitor && board->monitor->report) {
    mdm_progress p = {task, board->total > 0 ? board->done / board->total : 0, step, steps, loss};
    board->monitor->report(board->monitor->context, &p);
  }
  pthread_mutex_unlock(&board->lock);
}

void mdm_board_report(mdm_board *board, long width, double work, size_t step, size_t steps, double loss) {
  char task[32];
  if (!board) return;
  if (width) snprintf(task, sizeof task, "N = %ld", width);
  else snprintf(task, sizeof task, "limit");
  mdm_board_relay(board, task, work, step, steps, loss);
}

void mdm_board_tell(mdm_board *board, const char *line) {
  const mdm_monitor *m = board ? board->monitor : NULL;
  if (!m || !m->message) return;
  pthread_mutex_lock(&board->lock);
  m->message(m->context, line);
  pthread_mutex_unlock(&board->lock);
}

void mdm_board_skip(mdm_board *board, double work) {
  if (!board) return;
  pthread_mutex_lock(&board->lock);
  board->done += work;
  pthread_mutex_unlock(&board->lock);
}

int mdm_board_stopped(mdm_board *board) {
  if (!board) return 0;
  if (board->monitor && board->monitor->stop && mdm_flag_is_set(board->monitor->stop)) return 1;
  pthread_mutex_lock(&board->lock);
  int over = board->failed || board->stopped;
  pthread_mutex_unlock(&board->lock);
  return over;
}

void mdm_board_stop(mdm_board *board) {
  pthread_mutex_lock(&board->lock);
  board->stopped = 1;
  pthread_mutex_unlock(&board->lock);
}

void mdm_board_fail(mdm_board *board, size_t task, const mdm_error *why) {
  if (!board) return;
  pthread_mutex_lock(&board->lock);
  if (!board->failed || task < board->first) {
    board->first = task;
    board->why = *why;
  }
  board->failed = 1;
  pthread_mutex_unlock(&board->lock);
}

int mdm_board_outcome(const mdm_board *board, mdm_error *err) {
  return board->failed ? mdm_fail(err, board->why.code, "%s", board->why.text) : MDM_OK;
}

static int processors_share; /* 0: all */

void mdm_processors_share(int share) { processors_share = share; }

int mdm_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set)) return 1;
  int n = CPU_COUNT(&set);
  if (processors_share > 0 && n > processors_share) n = processors_share;
  return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

int mdm_workers(int wanted, const char **why) {
  int workers = wanted > 0 ? wanted : mdm_processors(), safe = mdm_blas_is_reentrant();
  if (why)
    *why = safe || workers == 1 ? NULL : "one worker thread: this OpenBLAS is the serial flavour, whose buffers several threads would overwrite; "
                                         "install libopenblas0-pthread for more";
  return safe ? workers : 1;
}

void mdm_announce_workers(const mdm_monitor *monitor) {
  const char *why;
  mdm_workers(monitor ? monitor->threads : 0, &why);
  if (why && monitor && monitor->message) monitor->message(monitor->context, why);
}

void mdm_parallel(size_t n, int threads, void (*work)(void *context, size_t i), void *context) {
  if (omp_in_parallel()) {
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS)
    for (size_t i = 0; i < n; i++) work(context, i);
    return;
  }
  if (threads > MAX_THREADS) threads = MAX_THREADS;
#pragma omp parallel num_threads(threads > 1 ? threads : 1) default(shared)
  {
    mdm_blas_join();
#pragma omp barrier
#pragma omp for schedule(dynamic, 1)
    for (size_t i = 0; i < n; i++) work(context, i);
  }
}

void mdm_with_helpers(int threads, void (*work)(void *context, size_t i), void *context, size_t i) {
  if (threads < 2 || omp_in_parallel()) {
    work(context, i);
    return;
  }
#pragma omp parallel num_threads(threads < MAX_THREADS ? threads : MAX_THREADS) default(shared)
  {
    mdm_blas_join();
#pragma omp barrier
#pragma omp master
    work(context, i);
  }
}
