/* A dense matrix between the stream and a population grouped by expert: a finite network's weights, and the router that
 * stream particles carry in Regime I. */
#ifndef MOEDMFT_DENSE_H
#define MOEDMFT_DENSE_H

#include "realization/basis.h"
#include "realization/realization.h"
#include "realization/table.h"

typedef struct X(dense) {
  X(matrix) base;
  int rows_grouped; /* 1: rows are experts (Q, W1); 0: columns are (W2) */
  size_t N, G;      /* stream, grouped side */
  real *A;          /* mdm_rows(N) × G (base/crew.h), natural units */
  X(table) table;   /* A and its optimizer's state */
  real *drawn;      /* mdm_rows(N) × G: A as it was drawn; NULL unless it is to be remembered */
  int sampled;      /* the limit's: A as drawn may change until the first step */
  X(basis) *away;   /* Regime I's router in the limit: directions of its input that A is kept orthogonal to before training (else NULL) */
} X(dense);

/* An N × G matrix of zeros with a tensor's coefficients. NULL when memory is out. */
X(dense) *X(dense_create)(mdm_tensor t, const mdm_coefficients *coef, size_t N, size_t G, int rows_grouped);
void X(dense_free)(X(dense) *d);
void X(dense_walk)(X(dense) *d, mdm_state *s);

#endif
