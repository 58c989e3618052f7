/* Optimizers as data: what one step does to a trained tensor, and the schedule of rates. The arithmetic is in
 * src/realization/table.c (arrays of weights) and src/realization/thin.c (thin factors); docs/theory.md derives the limits. */
#ifndef MOEDMFT_OPTIMIZER_H
#define MOEDMFT_OPTIMIZER_H

#include <moedmft/config.h>
#include <stddef.h>

#include "scaling/scaling.h"

typedef enum { MDM_STEP_LINEAR, MDM_STEP_SIGN, MDM_STEP_ADAM } mdm_step_kind;

typedef struct mdm_schedule {
  int shape;            /* 0 constant, 1 linear, 2 cosine: from `warmup` to `steps` */
  size_t warmup, steps; /* steps of linear warm-up; all steps */
  double end;           /* final rate / base rate */
} mdm_schedule;

/* PyTorch's conventions (torch.optim.SGD, Adam, AdamW) in every tensor W with its own rate η_W:
 *   linear  B ← μ B + G + λ W,  W ← W − η_W B
 *   sign    W ← (1 − η_W λ) W − η_W sign(G)
 *   adam    m ← β1 m + (1−β1) G, v ← β2 v + (1−β2) G²,
 *           W ← (1 − η_W λ) W − η_W (m/(1−β1^t)) / (√(v/(1−β2^t)) + ε_W)
 * with λ in units of the base rate times the tensor's multiplier, η_W λ_W = η λ train.lr_multiplier, unless train.decay_scale says otherwise. */
typedef struct mdm_optimizer {
  const char *name;
  mdm_step_kind kind;
  double lr;                /* base rate η */
  double momentum;          /* μ */
  double beta1, beta2, eps; /* ε: base value, scaled per tensor by the coefficients */
  double decay;             /* λ */
  double clip;              /* largest norm of the gradient; 0: any */
  mdm_schedule schedule;
  mdm_method method;        /* what it asks of the coefficients */
} mdm_optimizer;

/* One step, as a tensor sees it. */
typedef struct mdm_step {
  const mdm_optimizer *by;
  double rate; /* base rate now, times the tensor's multiplier */
  double clip; /* factor of the gradient */
  size_t t;    /* steps before this one */
} mdm_step;

/* How the limit keeps what an entrywise optimizer learns: entries are functions of pairs of particles (src/realization/pairs.c). */
typedef struct mdm_pair_scheme {
  size_t pivots; /* pivot rows and columns of a skeleton; 0: all pairs */
} mdm_pair_scheme;

enum { MDM_HELD_PIVOTS = 16 }; /* further rows and columns that measure a skeleton's error */

/* Pivots of a matrix of that many particles; 0: the table of all pairs, asked for or no larger than the skeleton. */
size_t mdm_pair_pivots(const mdm_pair_scheme *scheme, size_t rows, size_t cols);
/* Entries that are stored. */
double mdm_pair_entries(const mdm_pair_scheme *scheme, size_t rows, size_t cols);

/* Reads train.*. MDM_ERR_CONFIG for options that contradict each other. */
int mdm_optimizer_read(const mdm_config *cfg, mdm_optimizer *out, mdm_error *err);
/* Rate of step t (0 ≤ t < steps). */
double mdm_optimizer_rate(const mdm_optimizer *o, size_t t);
/* What decay leaves of a tensor's weights in one step without momentum: 1 − rate λ. */
double mdm_step_keep(const mdm_step *step, const mdm_coefficients *c);

#endif
