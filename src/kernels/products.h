/* Products of tall matrices with few tokens.
 *
 * BLAS copies both factors into a layout of its own before it multiplies. With few tokens P a product does only 2 P operations for each number
 * of the large factor, and the copy costs more than the product. These kernels read the large factor once, where it lies; where many tokens
 * make BLAS the faster one, they call it (docs/performance.md has the measurements behind the choice).
 *
 * All matrices are column-major with leading dimensions at least their number of rows. Nothing outside of a matrix is read or written, and `out`
 * overlaps no input. With keep = 0 `out` is written without being read, so that it may hold anything; with s = 0, and without anything to add
 * (n = 0 in `inner`, k = 0 in `combine`), the product is zero and its factors are not read. NaN and infinity propagate otherwise. The order of
 * additions depends on the sizes and on the instruction set alone: never on addresses, leading dimensions or threads. */
#ifndef MOEDMFT_PRODUCTS_H
#define MOEDMFT_PRODUCTS_H

#include "kernels/real.h"

/* out (k × P) = keep out + s Aᵀ B;  A: n × k, B: n × P. */
void X(inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out, size_t ldo);

/* out (n × P) = keep out + s A c;  A: n × k, c: k × P, or P × k when `transposed` is set (then s A cᵀ: with k = tokens it is the rank update
 * of n × P weights). */
void X(combine)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, double keep,
                real *out, size_t ldo);

/* The same for P columns of those that the arrays have, at[0] … at[P − 1]: of B and out in `inner`; of c and out in `combine`, or (transposed, then
 * at has k entries) of c and A. NULL: the first ones. Tokens of one expert are multiplied where they stand. Never by BLAS: what happens to a number does not depend on how many
 * columns A, or rows out, have. */
void X(inner_at)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, const size_t *at, double keep,
                 real *out, size_t ldo);
void X(combine_at)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, const size_t *at,
                   double keep, real *out, size_t ldo);

/* Tokens from which BLAS is the faster one for large matrices: for steps; for products, whose pieces BLAS copies a factor for, each its own time. */
size_t X(many_tokens)(void);
size_t X(many_in_products)(void);

#endif
