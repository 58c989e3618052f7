/* Product and step of a dense matrix, a block of columns at a time: the block is still in the cache when it steps. */
#include "kernels/fused.h"

#include "kernels/products.h"

/* Columns of a block. */
enum { BLOCK = 16 };

void X(expand_and_update)(size_t N, size_t G, size_t P, double s, real *A, size_t lda, const size_t *at, const real *Y, size_t ldy, int accumulate,
                          real *Xs, size_t ldxs, double keep, double r, const real *x, size_t ldx) {
  if (!G) X(combine_at)(N, 0, P, s, A, lda, Y, ldy, 0, at, accumulate, Xs, ldxs);
  for (size_t g = 0; g < G; g += BLOCK) {
    size_t count = G - g < BLOCK ? G - g : BLOCK;
    X(combine_at)(N, count, P, s, A + lda * g, lda, Y + g, ldy, 0, at, g || accumulate, Xs, ldxs);
    X(combine_at)(N, P, count, r, x, ldx, Y + g, ldy, 1, at, keep, A + lda * g, lda);
  }
}

void X(contract_and_update)(size_t N, size_t G, size_t P, double s, real *A, size_t lda, const size_t *at, const real *x, size_t ldx, real *Y, size_t ldY,
                            double keep, double r, const real *y, size_t ldy) {
  for (size_t g = 0; g < G; g += BLOCK) {
    size_t count = G - g < BLOCK ? G - g : BLOCK;
    X(inner_at)(N, count, P, s, A + lda * g, lda, x, ldx, at, 0, Y + g, ldY);
    X(combine_at)(N, P, count, r, x, ldx, y + g, ldy, 1, at, keep, A + lda * g, lda);
  }
}
