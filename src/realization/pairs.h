/* A limit matrix whose learned part is a table over pairs of particles: for optimizers that act entrywise (Adam, sign), whose
 * learned part has no thin factors. docs/theory.md, "Entrywise optimizers". */
#ifndef MOEDMFT_PAIRS_H
#define MOEDMFT_PAIRS_H

#include "realization/table.h"
#include "realization/thin.h"

/* One side of a skeleton: pivots among this side's particles, and the exact entries that all particles of the *other* side
 * have with them. The last `held` pivots are left out of the skeleton: they measure its error. */
typedef struct X(pivots) {
  size_t n, held;    /* pivots of the skeleton; held-out ones behind them */
  size_t *index;     /* n + held: particles of this side */
  real *field;       /* (n + held) × P: a field at the pivots */
  real *at;          /* what mdm_gather_particles brings: a block for each pivot */
  size_t field_size, at_size;
  size_t others;     /* particles of the other side */
  real *entries;     /* others × (n + held) */
  X(table) table;    /* entries and their optimizer's state */
} X(pivots);

typedef struct X(pairs) {
  X(matrix) base;
  X(thin) *thin;     /* the initial matrix; not owned */
  real *full;        /* rows × cols: every pair; NULL: a skeleton */
  X(table) table;    /* of full */
  X(pivots) pivots[2]; /* skeleton: MDM_ROWS, MDM_COLS */
  real *between;     /* pivot rows × pivot columns, held-out ones too: entries between pivots, which both sides' tables have among theirs */
  X(table) between_table;
  real *inverse;     /* pivot columns × pivot rows: its regularized inverse */
  double *core, *gram; /* pivot rows × pivot columns; pivot columns squared */
  int learned;       /* 0: still zero */
  real *work[2];     /* pivots × P */
  real *own;         /* this rank's rows of a field that has all */
  size_t work_size[2], own_size;
  double error[2];   /* largest error of a forward [0] or backward [1] product at held-out particles, relative to its RMS */
} X(pairs);

/* The matrix of `thin` (which learns on neither side) with a learned part that starts at zero. */
int X(pairs_init)(X(pairs) *A, X(thin) *thin, const mdm_pair_scheme *scheme, mdm_error *err);
void X(pairs_clear)(X(pairs) *A);
/* The learned part; `thin` is walked by its owner. */
void X(pairs_walk)(X(pairs) *A, mdm_state *s);

#endif
