/* Products over particles. Whatever squares a field does it here, so that sampling noise is left out everywhere, and kernels are right also
 * where squares leave the range of a real. */
#ifndef MOEDMFT_GRAM_H
#define MOEDMFT_GRAM_H

#include <moedmft/error.h>

#include "realization/realization.h"

/* out (k × k, symmetric but for rounding) = s × sums over the particles of products of a field's first k tokens, without noise: with
 * s = 1/n, ⟨p_μ p_ν⟩; divided by unit: 1, or where squares leave the range of a real, a power of four. At least the lower triangle is
 * written. Not finite when the field is not. Returns a status. */
int X(squares)(double s, const X(field) *p, size_t k, real *out, double *unit, mdm_error *err);
/* Σ p² over particles and tokens, without noise, accumulated in double precision. */
double X(square_of)(const X(field) *p);
/* out (S × S) = ⟨p_μ p_ν⟩ over the particles of a field, of its first S tokens; symmetric. Returns a status. */
int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err);
/* s columnsᵀ f (k × P, column-major) for k columns on the particles of a field, in a new array; NULL: out of memory. */
double *X(overlaps)(size_t k, const real *columns, double s, const X(field) *f);
/* n numbers in a new array; NULL: out of memory. */
double *X(doubles)(size_t n, const real *x);

/* The lower triangle of gram (P × P) = s vᵀv / unit, v: n × P with leading dimension ld. unit is 1, or where squares of v leave the range of a
 * real, a power of four. Not finite when v is not. Returns a status. */
int X(triangle)(size_t n, size_t P, double s, const real *v, size_t ld, real *gram, double *unit, mdm_error *err);

/* Whether squares that came out with this mean are in the range of reals, with room for what is computed from them. */
int X(squares_hold)(double mean_square);
/* Largest size of n × P entries (leading dimension ld); NaN when one of them is. */
double X(largest)(size_t n, size_t P, const real *v, size_t ld);
/* The power of two that brings the largest of n × P entries (leading dimension ld) to between ½ and 1; 1 when all are zero or one is not
 * finite. */
double X(unit_factor)(size_t n, size_t P, const real *v, size_t ld);
/* A copy of a field's first k tokens, with its twin and noise, times a factor. Free it with X(field_clear). Returns a status. */
int X(field_times)(const X(field) *p, size_t k, double factor, X(field) *copy, mdm_error *err);
void X(field_clear)(X(field) *copy);

#endif
