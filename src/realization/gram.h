/* Products over particles, handed out in double precision. */
#ifndef MOEDMFT_GRAM_H
#define MOEDMFT_GRAM_H

#include <moedmft/error.h>

#include "realization/realization.h"

/* out (S × S) = ⟨p_μ p_ν⟩ over the particles of a field, of its first S tokens; symmetric. Returns a status. */
int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err);
/* s columnsᵀ f (k × P, column-major) for k columns on the particles of a field, in a new array; NULL: out of memory. */
double *X(overlaps)(size_t k, const real *columns, double s, const X(field) *f);
/* n numbers in a new array; NULL: out of memory. */
double *X(doubles)(size_t n, const real *x);

#endif
