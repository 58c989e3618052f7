/* Squares of fields: means over particles of products of two of them. Whatever squares a field does it here, so that sampling noise is
 * left out everywhere. */
#ifndef MOEDMFT_GRAM_H
#define MOEDMFT_GRAM_H

#include <moedmft/error.h>

#include "realization/realization.h"

/* k columns of values, as those of a field. */
typedef struct X(columns) {
  size_t n, k;
  const real *v;     /* n × k */
  int twins;
  const real *noise; /* n × k, or NULL */
} X(columns);

/* The first k tokens of a field. */
static inline X(columns) X(tokens)(const X(field) *f, size_t k) { return (X(columns)){f->n, k, f->v, f->twins, f->noise}; }

/* out (a.k × b.k) = s Σ a b over particles; twins: s Σ of (each with the other's twin); less s Σ noise noise. With s = 1/n: ⟨a b⟩. */
void X(products)(double s, X(columns) a, X(columns) b, real *out);
/* One triangle of products(s, a, a, out). */
void X(squares)(CBLAS_UPLO triangle, double s, X(columns) a, real *out);
/* Σ a b over the particles of columns i of two arrays of such columns, accumulated in double precision. */
double X(product_of)(X(columns) a, X(columns) b, size_t i);
/* out (S × S) = ⟨p_μ p_ν⟩ over the particles of a field, of its first S tokens; symmetric. Returns a status. */
int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err);

#endif
