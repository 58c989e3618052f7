/* The runs of one configuration as separate tasks, for callers with a thread pool of their own (src/study/sweep.c). Each run
 * does not depend on the others, nor on how many threads share its pieces. */
#ifndef MOEDMFT_BATCH_H
#define MOEDMFT_BATCH_H

#include <moedmft/run.h>

#include "base/board.h"
#include "problem/task.h"

typedef struct mdm_batch mdm_batch;

/* Prepares the replicas of the limit, the networks of every width, or both (what: MDM_RUN_*). cfg and data must outlive
 * it. board: where runs report and read whether to stop; NULL: nowhere. Errors: MDM_ERR_CONFIG as in mdm_run. */
int mdm_batch_create(const mdm_config *cfg, const mdm_data *data, int what, mdm_board *board, mdm_batch **out,
                     mdm_error *err);
void mdm_batch_free(mdm_batch *b);
size_t mdm_batch_count(const mdm_batch *b);
/* Recorded steps of a run: train.steps + 1. */
size_t mdm_batch_steps(const mdm_batch *b);
/* Bytes that its runs need on so many threads (0: one per processor), roughly. */
double mdm_batch_bytes(const mdm_batch *b, int threads);
/* MDM_OK when the limit that the configuration describes exists, else MDM_ERR_CONFIG with the part that diverges. */
int mdm_batch_limit_exists(const mdm_batch *b, mdm_error *err);
/* Run i: replicas first, then networks by width and seed. Its record is in the task until the batch is freed;
 * task->status tells whether it diverged or was stopped. Returns a status for failures only. */
int mdm_batch_execute(mdm_batch *b, size_t i, mdm_error *err);
mdm_task *mdm_batch_task(mdm_batch *b, size_t i);
/* Losses of n of its replicas from their predictions, where these are families of networks (mdm_family_losses); of particles nothing changes. */
int mdm_batch_losses(const mdm_batch *b, mdm_record *const *replica, size_t n, mdm_error *err);

#endif
