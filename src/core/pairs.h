/* A limit matrix whose learned part is a table over pairs of particles: for optimizers that act entrywise (Adam, sign), whose
 * learned part has no thin factors. docs/theory.md, "Entrywise optimizers". */
#ifndef MOEDMFT_PAIRS_H
#define MOEDMFT_PAIRS_H

#include "table.h"
#include "thin.h"

typedef struct X(pairs) {
  X(matrix) base;
  X(thin) *thin;     /* the initial matrix; not owned */
  int threads;       /* workers of one product or step; results do not depend on it */
  X(table) full;     /* rows × cols: every pair */
  real *A;           /* rows × cols */
} X(pairs);

/* The matrix of `thin` (which learns on neither side) with a learned part that starts at zero. */
int X(pairs_init)(X(pairs) *A, X(thin) *thin, const mdm_pair_scheme *scheme, mdm_error *err);
void X(pairs_clear)(X(pairs) *A);

#endif
