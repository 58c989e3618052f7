/* An array of weights with the state of its optimizer: a network's matrices, W_in and v of any realization, and the learned
 * part of a limit matrix under an entrywise optimizer (its entries are pairs of particles). */
#ifndef MOEDMFT_TABLE_H
#define MOEDMFT_TABLE_H

#include <moedmft/error.h>

#include "base/state.h"
#include "scaling/optimizer.h"
#include "kernels/real.h"

typedef struct X(table) {
  size_t n, rows, cols; /* n: rows, all of them where ranks share them (base/crew.h) */
  real *A;     /* rows × cols: the weights; not owned */
  real *m, *v; /* rows × cols: first moment (or momentum), second moment; NULL until a step needs them */
} X(table);

/* A table over A (mdm_rows(n) × cols, owned by the caller). */
X(table) X(table_of)(size_t n, size_t cols, real *A);
void X(table_clear)(X(table) *T);
/* The moments; the weights are walked by their owner. */
void X(table_walk)(X(table) *T, mdm_state *s);

/* Makes the optimizer's state available; part of every step, needed by itself only before table_step_columns. */
int X(table_prepare)(X(table) *T, const mdm_step *s, mdm_error *err);
/* One step from the natural gradient G = x yᵀ, x: rows × P, y: cols × P with leading dimension ldy; P = 0: no gradient. Threads share it. */
int X(table_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy,
                  mdm_error *err);
/* The same, and out (cols × P) = s Aᵀ x of the weights before the step: X(parallel_inner), by which they are read once for both where that is possible. */
int X(table_inner_and_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy, double scale, real *out,
                            mdm_error *err);
/* The same, and out (rows × P, leading dimension ldo) += A k of the weights before the step, by their first `count` columns; k: count × P. */
int X(table_combine_and_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy, size_t count, const real *k,
                              real *out, size_t ldo, mdm_error *err);
/* The same for columns first … first + count − 1, whose y is count × P; at: tokens that take part, P of those in x and y (NULL: the first P). By
 * one thread. */
void X(table_step_columns)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P, const size_t *at,
                           const real *x, const real *y, size_t ldy);
/* Whether a step is A ← keep A + r G and nothing else: by a linear optimizer without momentum. */
int X(table_is_plain)(const mdm_step *s);
/* r of such a step. */
double X(table_rate)(const mdm_step *s, const mdm_coefficients *c);

#endif
