/* Steps of entrywise optimizers on a matrix whose gradient is a product of tall factors, G = x yᵀ. The gradient is formed where it is used: of n × cols
 * numbers only the weights and their moments pass through memory. Conventions are those of kernels/products.h. */
#ifndef MOEDMFT_ENTRYWISE_H
#define MOEDMFT_ENTRYWISE_H

#include "kernels/entrywise_table.h"

/* A (n × cols, leading dimension n, as m and v, which sign descent does not need) takes a step; x: n × P, y: cols × P, of those columns `at` (NULL: all;
 * P = 0: the gradient is zero). Entries do not depend on how a matrix is cut, but for the order of additions in G, which is that of combine. */
void X(entrywise_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, const real *y, size_t ldy, const size_t *at, size_t cols, real *m,
                       real *v, real *A);

#endif
