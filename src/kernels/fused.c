/* Product and step of a dense matrix, a block of columns at a time: the block is still in the cache when it steps, and the next one is brought
 * there meanwhile. */
#include "kernels/fused.h"

#include "kernels/choose.h"
#include "kernels/products.h"

/* Columns of a block. */
enum { BLOCK = 64 };
/* A ← keep A + r x yᵀ for `count` of `left` columns. */
static void step(size_t N, size_t count, size_t left, size_t P, const size_t *at, double keep, double r, const real *x, size_t ldx, const real *y,
                 size_t ldy, real *A, size_t lda) {
  size_t ahead = left >= 2 * BLOCK ? lda * BLOCK : 0;
  if (!N || !P || r == 0) X(combine_at)(N, P, count, r, x, ldx, y, ldy, 1, at, keep, A, lda);
  else X(kernels_used)()->combine(N, P, count, (real)r, x, ldx, y, ldy, 1, at, (real)keep, A, lda, ahead);
}

void X(expand_and_update)(size_t N, size_t G, size_t P, double s, real *A, size_t lda, const size_t *at, const real *Y, size_t ldy, int accumulate,
                          real *Xs, size_t ldxs, double keep, double r, const real *x, size_t ldx) {
  if (!G) X(combine_at)(N, 0, P, s, A, lda, Y, ldy, 0, at, accumulate, Xs, ldxs);
  for (size_t g = 0; g < G; g += BLOCK) {
    size_t count = G - g < BLOCK ? G - g : BLOCK;
    X(combine_at)(N, count, P, s, A + lda * g, lda, Y + g, ldy, 0, at, g || accumulate, Xs, ldxs);
    step(N, count, G - g, P, at, keep, r, x, ldx, Y + g, ldy, A + lda * g, lda);
  }
}

void X(contract_and_update)(size_t N, size_t G, size_t P, double s, real *A, size_t lda, const size_t *at, const real *x, size_t ldx, real *Y, size_t ldY,
                            double keep, double r, const real *y, size_t ldy) {
  for (size_t g = 0; g < G; g += BLOCK) {
    size_t count = G - g < BLOCK ? G - g : BLOCK;
    X(inner_at)(N, count, P, s, A + lda * g, lda, x, ldx, at, 0, Y + g, ldY);
    step(N, count, G - g, P, at, keep, r, x, ldx, y + g, ldy, A + lda * g, lda);
  }
}
