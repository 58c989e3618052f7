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
  int stopped;        /* likewise: another rank was told to stop */
  size_t first;       /* the earliest task that failed, and why */
  mdm_error why;
} mdm_board;

/* Step `step` of `steps` of a task is over. */
void mdm_board_report(mdm_board *board, long width, double work, size_t step, size_t steps, double loss);
/* The same of `work` done elsewhere; task: "N = 64" or "limit". */
void mdm_board_relay(mdm_board *board, const char *task, double work, size_t step, size_t steps, double loss);
/* A line for the caller, if there is one (board may be NULL). */
void mdm_board_tell(mdm_board *board, const char *line);
/* `work` need not be done: it was before. */
void mdm_board_skip(mdm_board *board, double work);
int mdm_board_stopped(mdm_board *board);
/* Whoever watches the monitor's flag need not go on, for the same reason. */
void mdm_board_stop(mdm_board *board);
/* A task failed. Of several, the earliest in the schedule is remembered. */
void mdm_board_fail(mdm_board *board, size_t task, const mdm_error *why);
/* After the work: MDM_OK, or the failure that is remembered. */
int mdm_board_outcome(const mdm_board *board, mdm_error *err);

/* Tells the caller, if there is one, when runs have fewer workers than were asked for. */
void mdm_announce_workers(const mdm_monitor *monitor);

/* Calls work(context, i) once for every i = 0 … n−1, on up to `threads` threads, the calling one among them; those that find nothing more to
 * do help the others with pieces of their work (share.h). Within such work, more of it joins the same threads. */
void mdm_parallel(size_t n, int threads, void (*work)(void *context, size_t i), void *context);
/* Processors available to this process: those that the system lets it use, but no more than its share where others use them, too. */
int mdm_processors(void);
/* Sets that share; 0: all. Before any work begins. */
void mdm_processors_share(int share);

/* Calls work(context, i) on the calling thread, with so many threads, itself among them, to share pieces of it (share.h). */
void mdm_with_helpers(int threads, void (*work)(void *context, size_t i), void *context, size_t i);

#endif
