/* Steps of entrywise optimizers on a matrix whose gradient is a product of tall factors, G = x yᵀ. The gradient is formed where it is used: of n × cols
 * numbers only the weights and their moments pass through memory. Conventions are those of kernels/products.h. */
#ifndef MOEDMFT_ENTRYWISE_H
#define MOEDMFT_ENTRYWISE_H

#include "kernels/entrywise_table.h"

/* A (n × cols, leading dimension n, as m and v, which sign descent does not need) takes a step; x: n × P, y: cols × P, of those columns `at` (NULL: all;
 * P = 0: the gradient is zero). Entries do not depend on how a matrix is cut, but for the order of additions in G, which is that of combine. */
void X(entrywise_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, const real *y, size_t ldy, const size_t *at, size_t cols, real *m,
                       real *v, real *A);

/* Pieces of rows, each with the product that it adds to s Aᵀ x. */
typedef struct X(row_sums) {
  size_t pieces;
  const size_t *begin; /* pieces + 1, in order: rows where they begin, and where the last one ends; the rows around them only step */
  double s;
  real *out;           /* one piece after the other: cols × P with leading dimension ldo, `each` numbers apart */
  size_t ldo, each;
} X(row_sums);

/* Whether the next function can do it for so many tokens, and pieces of at most so many rows. */
int X(entrywise_can_sum)(size_t P, size_t longest);
/* The step of all P tokens, and on the way what `inner` makes of each piece of A before its step, bit for bit: A is read once for both. */
void X(entrywise_sum_and_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, const real *y, size_t ldy, size_t cols, real *m, real *v, real *A,
                               const X(row_sums) *sums);
/* The step of all P ≤ MDM_ENTRYWISE_TOKENS tokens, and on the way out (n × P) += A c before it as `combine` does it, bit for bit; c: cols × P. ld: of x, m, v and A. */
void X(entrywise_combine_and_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, size_t ld, const real *y, size_t ldy, size_t cols, real *m, real *v,
                                   real *A, const real *c, size_t ldc, real *out, size_t ldo);

#endif
