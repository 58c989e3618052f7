/* Products over particles, or over the rows of a dense matrix, in fixed pieces that threads share (base/share.h). Conventions are those of
 * kernels/products.h. Where ranks share a population of n particles, arrays hold this rank's rows (base/crew.h), sums are those of all, and
 * everybody has to take part in them. */
#ifndef MOEDMFT_PARALLEL_H
#define MOEDMFT_PARALLEL_H

#include <moedmft/error.h>

#include "kernels/real.h"

/* out (k × P) = keep out + s Aᵀ B over n particles;  A: n × k, B: n × P. Sums of pieces are added in order. Returns a status. */
int X(parallel_inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out,
                      size_t ldo, mdm_error *err);
/* Its parts, where n > MDM_PARTICLES and both k and P are at most MDM_THIN: pieces of particles, and their sum. sums: pieces of k × P, those of this rank's own pieces. */
enum { MDM_THIN = 256 };
size_t X(parallel_pieces)(size_t n);
void X(parallel_add_pieces)(size_t n, size_t k, size_t P, real *sums, double keep, real *out, size_t ldo);
/* out (n × P) = keep out + s A c;  A: n × k, c: k × P, or P × k when `transposed` is set. */
void X(parallel_combine)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, double keep,
                         real *out, size_t ldo);
/* gram (P × P, symmetric but for rounding; at least its lower triangle) = keep gram + s vᵀ v over n particles;  v: n × P. Returns a status. */
int X(parallel_gram)(size_t n, size_t P, double s, const real *v, size_t ldv, double keep, real *gram, mdm_error *err);
/* Σ a b of n particles and P tokens, in double precision; a, b: n × P with leading dimension ld. */
double X(parallel_products)(size_t n, size_t P, const real *a, const real *b, size_t ld);
/* The same of every token (out: P); b NULL: Σ a. */
void X(parallel_each_product)(size_t n, size_t P, const real *a, const real *b, double *out);
/* Euclidean norm of a column. */
real X(parallel_norm)(size_t n, const real *a);
/* to = from, n numbers. */
void X(parallel_copy)(size_t n, const real *from, real *to);
/* Σ a b of n numbers, in double precision. */
double X(parallel_dot)(size_t n, const real *a, const real *b);
/* The same, and (squares not NULL) squares = {Σ a a, Σ b b}, each with the bits of a call for itself: while pieces of both are in the cache. */
double X(parallel_dots)(size_t n, const real *a, const real *b, double *squares);

#endif
