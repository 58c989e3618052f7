/* The board where running tasks report and read whether to stop. */
#ifndef MOEDMFT_BOARD_H
#define MOEDMFT_BOARD_H

#include <moedmft/monitor.h>
#include <pthread.h>

typedef struct mdm_board {
  const mdm_monitor *monitor;
  pthread_mutex_t lock;
  double total, done; /* work of all tasks, work finished */
  int failed;         /* a task failed: the others need not go on */
  size_t first;       /* the earliest task that failed, and why */
  mdm_error why;
} mdm_board;

/* Step `step` of `steps` of a task is over. */
void mdm_board_report(mdm_board *board, long width, double work, size_t step, size_t steps, double loss);
int mdm_board_stopped(mdm_board *board);
/* A task failed. Of several, the earliest in the schedule is remembered. */
void mdm_board_fail(mdm_board *board, size_t task, const mdm_error *why);
/* After the work: MDM_OK, or the failure that is remembered. */
int mdm_board_outcome(const mdm_board *board, mdm_error *err);

/* Tells the caller, if there is one, when runs have fewer workers than were asked for. */
void mdm_announce_workers(const mdm_monitor *monitor);

/* Calls work(context, i) once for every i = 0 … n−1, on up to `threads` threads, the calling one among them; those that find nothing more to
 * do help the others with pieces of their work (share.h). Within such work, more of it joins the same threads. */
void mdm_parallel(size_t n, int threads, void (*work)(void *context, size_t i), void *context);
/* Processors available to this process. */
int mdm_processors(void);

#endif
