/* One run among many: what to do, how far it came, what it found. */
#ifndef MOEDMFT_TASK_H
#define MOEDMFT_TASK_H

#include <stddef.h>
#include <moedmft/error.h>
#include <moedmft/record.h>

#include "scaling/optimizer.h"
#include "problem/orders.h"

struct mdm_board; /* shared progress (src/base/board.h) */
struct mdm_state; /* of a run, on its way to a file or back (src/base/state.h) */

/* Where a run in progress is saved, and what it goes on from (src/run/checkpoint.h). walk: lists everything that the run keeps. */
typedef struct mdm_saving {
  void *context;
  int (*due)(void *context, int stopped); /* whether to save now; stopped: there is no later */
  void (*save)(void *context, void (*walk)(void *run, struct mdm_state *s), void *run); /* failures are told, and are none of the run */
  int (*load)(void *context, void (*walk)(void *run, struct mdm_state *s), void *run, mdm_error *err); /* where nothing is there, nothing is walked */
} mdm_saving;

/* Fields of a block whose directions the limit counts: n, ρ, γ, y, and the gradient of the stream behind the block. */
enum { MDM_OF_H, MDM_OF_RHO, MDM_OF_GAMMA, MDM_OF_Y, MDM_OF_DELTA, MDM_VISITORS };

/* How many they are expected to be after the last step. */
typedef struct mdm_directions {
  size_t blocks;
  double (*k)[MDM_VISITORS]; /* blocks */
} mdm_directions;

typedef struct mdm_limit_sizes {
  size_t stream, experts, neurons; /* sample particles; neurons of each expert */
  size_t heads, head_width;        /* attention: sample groups of heads, neurons of each head: all, or (regime I) a sample */
  size_t represented;              /* experts that each sampled one stands for (Regime I, all alike), else 1 */
  int twins;                       /* experts come in pairs of one draw, each with half of the neurons */
  int half;                        /* 1: draws are those behind the first ones (base/random.h) */
  double tolerance;
  int whole_batch;                 /* 1: relative to the power of a whole batch (solve.tolerance_of) */
  size_t rank;                     /* directions that are kept for each field; 0: all */
  mdm_pair_scheme pairs;           /* for entrywise optimizers */
} mdm_limit_sizes;

typedef struct mdm_task {
  long width;       /* N; 0 for the limit */
  unsigned index;   /* replica or seed */
  long whole;       /* N of the network of a family (src/run/family.h) whose part this network is; 0: of none */
  size_t part;      /* which of whole/width parts */
  double cost;      /* estimated work of one step, any unit */
  int save_weights;
  struct mdm_board *board; /* NULL: nobody watches */
  const mdm_layout *layout; /* limit: measure order parameters in this layout; NULL: no */
  const mdm_given *given;   /* limit: drive the particles by these order parameters; NULL: by their own averages */
  const mdm_saving *saving; /* NULL: the run is not saved */
  /* results */
  mdm_record *record;
  mdm_record *weights; /* initial and final weights, if asked for */
  double *orders;   /* order parameters measured, of the layout's size */
  size_t *directions; /* limit: (steps + 1) × blocks × MDM_VISITORS, directions that fields have visited after each step; NULL: nobody asks */
  size_t done;      /* complete steps recorded */
  int status;       /* MDM_OK, MDM_ERR_DIVERGED, MDM_INTERRUPTED, or a failure explained on the board */
} mdm_task;

#endif
