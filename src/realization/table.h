/* An array of weights with the state of its optimizer: a network's matrices, W_in and v of any realization, and the learned
 * part of a limit matrix under an entrywise optimizer (its entries are pairs of particles). */
#ifndef MOEDMFT_TABLE_H
#define MOEDMFT_TABLE_H

#include <moedmft/error.h>

#include "scaling/optimizer.h"
#include "kernels/real.h"

typedef struct X(table) {
  size_t rows, cols;
  real *A;           /* rows × cols: the weights; not owned */
  real *m, *v;       /* rows × cols: first moment (or momentum), second moment; NULL until a step needs them */
  real *gradient;    /* rows × (block × threads): scratch */
  size_t block;      /* columns stepped at a time */
  int threads;       /* workers of one step; results do not depend on it */
} X(table);

/* Columns of one block: enough to amortize the product, few enough for the cache. */
enum { MDM_TABLE_BLOCK = 32 };

/* A table over A (rows × cols, owned by the caller). */
X(table) X(table_of)(size_t rows, size_t cols, real *A);
void X(table_clear)(X(table) *T);

/* Makes the optimizer's state available; part of every step, needed by itself only before table_step_columns. */
int X(table_prepare)(X(table) *T, const mdm_step *s, size_t block, mdm_error *err);
/* One step from the natural gradient G = x yᵀ, x: rows × P, y: cols × P with leading dimension ldy; P = 0: no gradient. */
int X(table_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy,
                  mdm_error *err);
/* The same for columns first … first + count − 1 (count at most the prepared block), whose y is count × P. */
void X(table_step_columns)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P,
                           const real *x, const real *y, size_t ldy);

#endif
