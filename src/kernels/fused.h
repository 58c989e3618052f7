/* The backward product of a dense matrix and its step, in one pass over the matrix.
 *
 * A (N × G, the stream contiguous) is read once and written once; the product is that of A before the step. Conventions of products.h hold;
 * arrays of tokens overlap neither A nor what is written. A linear optimizer without momentum, A ← keep A − rate·learn x yᵀ, is
 * keep = mdm_step_keep, r = −rate · clip · learn. at: columns of all arrays of tokens that take part, NULL: the first P. */
#ifndef MOEDMFT_FUSED_H
#define MOEDMFT_FUSED_H

#include "kernels/real.h"

/* Xs (N × P) = (accumulate: Xs +) s A Y, then A ← keep A + r x Yᵀ;  Y: G × P, x: N × P. Experts in rows (Q, W1): Y is their backward field, x the
 * forward one of the stream. */
void X(expand_and_update)(size_t N, size_t G, size_t P, double s, real *A, size_t lda, const size_t *at, const real *Y, size_t ldy, int accumulate,
                          real *Xs, size_t ldxs, double keep, double r, const real *x, size_t ldx);

/* Y (G × P) = s Aᵀ x, then A ← keep A + r x yᵀ;  x: N × P, y: G × P. Experts in columns (W2): x is the backward field of the stream, y the
 * experts' forward one. */
void X(contract_and_update)(size_t N, size_t G, size_t P, double s, real *A, size_t lda, const size_t *at, const real *x, size_t ldx, real *Y, size_t ldY,
                            double keep, double r, const real *y, size_t ldy);

#endif
