/* Leading directions of large fields, without a kernel of all their tokens. */
#ifndef MOEDMFT_SKETCH_H
#define MOEDMFT_SKETCH_H

#include "realization/realization.h"

/* Fields of at least so many particles and tokens are sketched: below, the eigenproblem of their kernel takes less. */
enum { MDM_SKETCH_FROM = 512 };

/* What a field p has beyond a basis U: p − U c ≈ Q Bᵀ, Qᵀ Q / n = 1, Uᵀ Q = 0. */
typedef struct X(sketch) {
  size_t n, P;    /* particles, tokens */
  real *Q;        /* n × l */
  real *B;        /* P × l: pᵀ Q / n */
  size_t l, capacity[2];
  real *V;        /* l × l: eigenvectors of Bᵀ B, by ascending eigenvalue */
  size_t leading; /* so many of them, the last ones, are new directions */
} X(sketch);

/* Sketches p until what is beyond U (n × k, Uᵀ U / n = 1), Q and the leading directions has no eigenvalue of its kernel, of residuals over
 * particles, above the threshold. *enough: 0 where the residual has so many directions that its whole kernel takes less; then nothing else is
 * set. s: zero, to be cleared whatever comes out. Returns a status. */
int X(sketch_field)(X(sketch) *s, const X(field) *p, size_t k, const real *U, double threshold, int *enough, mdm_error *err);
void X(sketch_clear)(X(sketch) *s);

#endif
