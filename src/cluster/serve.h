/* The other ranks: they do what rank 0 hands out (dispatch.h). */
#ifndef MOEDMFT_SERVE_H
#define MOEDMFT_SERVE_H

#include <signal.h>

#include "base/board.h"
#include "cluster/packet.h"

typedef struct mdm_service {
  void *context;
  /* Takes from the front of an order what concerns more than this piece: orders come here as they were written, on one thread. */
  void (*accept)(void *context, mdm_packet *order);
  /* One piece, from the rest of what mdm_dispatch.order wrote, on any thread: writes what mdm_dispatch.result reads. The board reports, and says when to
   * stop. Where there are fewer pieces than threads, the rest of these share its loops (base/share.h). */
  void (*work)(void *context, mdm_packet *order, mdm_board *board, mdm_packet *result);
  void (*end)(void *context); /* a job is over: what its pieces shared is not needed any more */
} mdm_service;

/* Serves until rank 0 says to leave, and leaves. *stop becomes non-zero when this process receives a signal: then rank 0 is told, and
 * everything ends. */
void mdm_serve(const mdm_service *s, const volatile sig_atomic_t *stop);

#endif
