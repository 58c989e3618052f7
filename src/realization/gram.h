/* Products over particles. Whatever squares a field does it here, so that sampling noise is left out everywhere. */
#ifndef MOEDMFT_GRAM_H
#define MOEDMFT_GRAM_H

#include <moedmft/error.h>

#include "realization/realization.h"

/* out (k × k, symmetric but for rounding) = s × sums over the particles of products of a field's first k tokens, without noise: with
 * s = 1/n, ⟨p_μ p_ν⟩. At least the triangle asked for is written. */
void X(squares)(CBLAS_UPLO triangle, double s, const X(field) *p, size_t k, real *out);
/* Σ p² over the particles of one token, without noise, accumulated in double precision. */
double X(square_of)(const X(field) *p, size_t token);
/* out (S × S) = ⟨p_μ p_ν⟩ over the particles of a field, of its first S tokens; symmetric. Returns a status. */
int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err);
/* s columnsᵀ f (k × P, column-major) for k columns on the particles of a field, in a new array; NULL: out of memory. */
double *X(overlaps)(size_t k, const real *columns, double s, const X(field) *f);
/* n numbers in a new array; NULL: out of memory. */
double *X(doubles)(size_t n, const real *x);

#endif
