/* One run: a replica of the limit, or a network, in the precision that the configuration asks for. */
#ifndef MOEDMFT_RUNNER_H
#define MOEDMFT_RUNNER_H

#include <moedmft/error.h>

#include "base/board.h"
#include "problem/problem.h"
#include "problem/task.h"
#include "run/checkpoint.h"
#include "run/family.h"

/* What every run of a configuration shares. */
typedef struct mdm_runner {
  const mdm_problem *problem;         /* not owned */
  mdm_limit_sizes sizes;              /* of the limit, where it comes from particles */
  mdm_family family;                  /* of networks that it comes from; widths = 0: it comes from particles */
  int limit_single, network_single;   /* 1: single precision, 0: double */
  mdm_checkpoint *checkpoint;         /* where runs are saved and taken from; NULL: nowhere. Not owned */
  uint64_t limit_identity, network_identity; /* of the configuration there */
} mdm_runner;

/* Does one run (limit: task->width = 0), or takes it from the checkpoint, complete or from where it was saved last; saves it there meanwhile and in
 * the end. Returns a status for failures alone, and sets task->status to it. */
int mdm_runner_run(const mdm_runner *r, mdm_task *task, mdm_error *why);
/* What the checkpoint has of such a run goes. */
void mdm_runner_forget(const mdm_runner *r, const mdm_task *task);
/* The same as number `place` of the work on a board: a stopped board leaves the run out (it counts as stopped before step 0), and a
 * failure is written there. */
void mdm_runner_serve(const mdm_runner *r, mdm_task *task, mdm_board *board, size_t place);

#endif
