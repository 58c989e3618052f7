/* What a step of entrywise.h is, and its kernel of one instruction set. */
#ifndef MOEDMFT_ENTRYWISE_TABLE_H
#define MOEDMFT_ENTRYWISE_TABLE_H

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

/* Where the gradient of some columns comes from. */
typedef struct X(gradient) {
  const real *x; /* n × P; or (y NULL) the gradient itself, n × columns */
  size_t ldx, P;
  const real *y; /* columns × P */
  size_t ldy;
  const size_t *at; /* columns of x and y; NULL: the first P */
  real *sums;       /* NULL, or MDM_ENTRYWISE_COLUMNS × P, 1 ≤ P ≤ MDM_ENTRYWISE_TOKENS: there goes Aᵀ x of these rows, A before its step */
  real *results;    /* NULL, or n × P (the same P): to which A c is added, A before its step */
  size_t ldr;
  const real *c;    /* columns × P */
  size_t ldc;
} X(gradient);

/* n rows of `columns` ≤ MDM_ENTRYWISE_COLUMNS columns of m, v and A, with leading dimension ld. */
enum { MDM_ENTRYWISE_COLUMNS = 4, MDM_ENTRYWISE_TOKENS = 4 };
typedef void X(entrywise_kernel)(const mdm_entrywise *e, const X(gradient) *G, size_t columns, size_t n, real *m, real *v, real *A, size_t ld);

/* NULL when this build has none for the instruction set. */
X(entrywise_kernel) *X(entrywise_plain)(void);
X(entrywise_kernel) *X(entrywise_avx2)(void);
X(entrywise_kernel) *X(entrywise_avx512)(void);

#endif
