/* The limit of one trained random matrix as thin factors (docs/theory.md, "Thin factors"). */
#ifndef MOEDMFT_THIN_H
#define MOEDMFT_THIN_H

#include "particles.h"

/* Where the Gaussian columns come from: drawn (the limit), or read off a given matrix (the response probe of a finite
 * network). Fills columns k … k + count − 1 that belong to new directions of U (rows: Ω) or Ũ (cols: K). */
typedef int (*X(thin_source))(X(thin) *A, size_t k, size_t count, real *out, mdm_error *err);

struct X(thin) {
  X(matrix) base;
  X(population) *row_pop, *col_pop;
  X(basis) *U;   /* directions of the forward input, on the columns; may be shared with other matrices */
  X(basis) *Ut;  /* directions of the backward input, on the rows */
  real *Omega;   /* rows × k: Gaussian part, one column for each direction of U */
  real *B;       /* rows × k: Ω + learned part */
  size_t k, capacity_Omega, capacity_B;
  real *K;       /* cols × l: Gaussian part of the backward map, one column for each direction of Ũ */
  size_t l, capacity_K;
  X(thin_source) draw_rows, draw_cols;
  void *source;  /* for the draws */
  mdm_stream key;
  real *work;    /* projections */
  size_t work_size;
};

/* A matrix rows ← cols with the coefficients of its tensor. U and Ut outlive it. */
void X(thin_init)(X(thin) *A, mdm_tensor tensor, const mdm_coefficients *coef, X(population) *row_pop, X(population) *col_pop,
                  X(basis) *U, X(basis) *Ut, mdm_stream key);
void X(thin_clear)(X(thin) *A);
/* Makes the factors span a forward input p and a backward input q (already so after forward and backward of a limit
 * matrix), their coordinates available in U->c and Ut->c. */
int X(thin_follow)(X(thin) *A, const X(field) *p, const X(field) *q, mdm_error *err);

#endif
