/* Steps of entrywise optimizers on a matrix whose gradient is a product of tall factors, G = x yᵀ. The gradient is formed where it is used: of n × cols
 * numbers only the weights and their moments pass through memory. Conventions are those of kernels/products.h. */
#ifndef MOEDMFT_ENTRYWISE_H
#define MOEDMFT_ENTRYWISE_H

#include "kernels/real.h"

/* One step, in numbers; g = clip · G:
 *   sign descent  A ← keep A − rate sign(g)
 *   Adam          m ← β1 m + (1 − β1) g,  v ← β2 v + (1 − β2) g²,  A ← keep A − rate m / (correct √v + ε) */
typedef struct mdm_entrywise {
  int adam;            /* 0: sign descent */
  double clip, keep;
  double rate;         /* adam: bias correction of the first moment included */
  double beta1, beta2; /* adam */
  double eps, correct; /* adam; without any gradient so far nothing moves, even at ε = 0 */
} mdm_entrywise;

/* A (n × cols, leading dimension n, as m and v, which sign descent does not need) takes a step; x: n × P, y: cols × P, of those columns `at` (NULL: all;
 * P = 0: the gradient is zero). Entries do not depend on how a matrix is cut, but for the order of additions in G, which is that of combine. */
void X(entrywise_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, const real *y, size_t ldy, const size_t *at, size_t cols, real *m,
                       real *v, real *A);

#endif
