/* Independent pieces of work on all threads of all ranks. Rank 0 hands them out in order, to whoever is free first, and works itself; what
 * others find comes back to it. Alone it is mdm_parallel. Results must not depend on who does what. */
#ifndef MOEDMFT_DISPATCH_H
#define MOEDMFT_DISPATCH_H

#include <stddef.h>

#include "base/board.h"
#include "cluster/packet.h"

typedef struct mdm_dispatch {
  size_t n;         /* pieces, in the order in which they should begin */
  int threads;      /* as asked for, of every rank (mdm_workers) */
  mdm_board *board; /* its lock is ready; once it says stop, others are told, and pieces that have not begun are done here, which is quick */
  void *context;
  void (*work)(void *context, size_t i); /* piece i, on any thread of rank 0 */
  /* Writes what another rank needs to do piece i; on the thread that called mdm_dispatch_run. 0: there is nothing to do; a failure is written
   * on the board, and 0. */
  int (*order)(void *context, size_t i, int rank, mdm_packet *out);
  /* What that rank found, on the same thread; NULL: nothing, it was stopped or lost. */
  void (*result)(void *context, size_t i, mdm_packet *in);
  const char *pieces; /* "runs": the monitor is told in the end how many each rank did; NULL: it is not */
  int placed;         /* there are no more pieces than ranks, all of which work at the same time, piece i on rank i */
} mdm_dispatch;

/* Does all pieces. On rank 0 alone; the others are in mdm_serve. */
void mdm_dispatch_run(const mdm_dispatch *d);
/* Pieces that a rank does at a time: its workers (threads: as asked for), or fewer where that spreads n pieces evenly; and the threads that
 * each of them may then use. */
int mdm_dispatch_at_once(size_t n, int threads);
int mdm_dispatch_threads_each(size_t n, int threads);
/* Tells the others to leave, and leaves, with the exit status. */
void mdm_dispatch_end(int status);

#endif
