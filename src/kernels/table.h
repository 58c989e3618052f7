/* The kernels of one instruction set: products.h without its choice of BLAS and its special cases (n, k and P are not 0, nor is s). */
#ifndef MOEDMFT_KERNELS_TABLE_H
#define MOEDMFT_KERNELS_TABLE_H

#include "kernels/real.h"

/* ahead, of combine: from an entry of `out` to one that is wanted soon after it, which is brought nearer meanwhile; 0: none is known. */
typedef struct X(kernels) {
  void (*inner)(size_t n, size_t k, size_t P, real s, const real *A, size_t lda, const real *B, size_t ldb, const size_t *at, real keep,
                real *out, size_t ldo);
  void (*combine)(size_t n, size_t k, size_t P, real s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, const size_t *at,
                  real keep, real *out, size_t ldo, size_t ahead);
  size_t many; /* where both k and P are this large, BLAS is faster */
  size_t many_at_once; /* P from which it is, in products of a dense matrix that is cut into pieces */
} X(kernels);

/* Rows that the sums of `inner` run over, before they are added to those of the rows before. */
enum { MDM_INNER_ROWS = 4096 / (int)sizeof(real) };

/* NULL when this build has none for the instruction set; the processor must have it (base/processor.h). */
const X(kernels) *X(kernels_plain)(void);
const X(kernels) *X(kernels_avx2)(void);
const X(kernels) *X(kernels_avx512)(void);

#endif
