/* The limit of one trained random matrix as thin factors.
 *
 * Bordelon & Pehlevan 2022 (arXiv 2205.09653) describe the limit by Gaussian fields and response functions,
 *   χ(t) = ω(t) + r_f Σ_s R_p(t,s) q(s),   ω ~ GP(0, V_f ⟨p p⟩)
 *   ζ(t) = κ(t) + r_b Σ_s R_q(t,s) p(s),   κ ~ GP(0, V_b ⟨q q⟩)
 * plus the learned part. In orthonormal bases U, Ũ of the directions that p and q have visited, with Gaussian columns Ω, K,
 * all of it is one matrix of low rank (docs/theory.md derives this):
 *   A = B Uᵀ + (1/τ) Ũ Kᵀ,   χ = A p / cols,   ζ = τ Aᵀ q / rows,   B = Ω + learned part,   SGD: B ← B − η learn q cᵀ
 * The second term of χ is the response of p to earlier κ's (⟨p K⟩ is V_b R_p by Stein's lemma); the part of B that is Ω acts
 * in ζ as the response of q to the ω's, the equal-time one included. A new direction of p brings a fresh column of Ω, a
 * new direction of q a fresh column of K.
 */
#include "thin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* ---------------------------------------------------------------- fresh Gaussian columns */

static int draw(X(population) *pop, mdm_stream key, double variance, size_t k, size_t count, real *out, mdm_error *err) {
  if (variance == 0) return memset(out, 0, pop->n * count * sizeof *out), MDM_OK;
  int status = X(population_fresh)(pop, key, k, count, out, err);
  if (!status) BLAS(scal)(pop->n * count, (real)sqrt(variance), out, 1);
  return status;
}

static int draw_rows(X(thin) *A, size_t k, size_t count, real *out, mdm_error *err) {
  mdm_stream key = A->key;
  key.purpose += MDM_DRAW_ROWS;
  return draw(A->row_pop, key, A->base.coef.Vf, k, count, out, err);
}

static int draw_cols(X(thin) *A, size_t l, size_t count, real *out, mdm_error *err) {
  mdm_stream key = A->key;
  key.purpose += MDM_DRAW_COLS;
  return draw(A->col_pop, key, A->base.coef.Vb, l, count, out, err);
}

/* One column of Ω and of B for every direction of U. */
static int follow_U(X(thin) *A, mdm_error *err) {
  size_t rows = A->base.rows, want = A->U->k;
  if (A->k == want) return MDM_OK;
  if (mdm_grow_columns((void **)&A->Omega, rows, sizeof(real), A->k, want, &A->capacity_Omega) ||
      mdm_grow_columns((void **)&A->B, rows, sizeof(real), A->k, want, &A->capacity_B))
    return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %s: %zu particles × %zu directions", mdm_tensor_name(A->base.tensor), rows, want);
  int status = A->draw_rows(A, A->k, want - A->k, A->Omega + rows * A->k, err);
  if (status) return status;
  memcpy(A->B + rows * A->k, A->Omega + rows * A->k, rows * (want - A->k) * sizeof(real));
  A->k = want;
  return MDM_OK;
}

/* One column of K for every direction of Ũ. */
static int follow_Ut(X(thin) *A, mdm_error *err) {
  size_t cols = A->base.cols, want = A->Ut->k;
  if (A->l == want) return MDM_OK;
  if (mdm_grow_columns((void **)&A->K, cols, sizeof(real), A->l, want, &A->capacity_K))
    return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %s: %zu particles × %zu directions", mdm_tensor_name(A->base.tensor), cols, want);
  int status = A->draw_cols(A, A->l, want - A->l, A->K + cols * A->l, err);
  if (!status) A->l = want;
  return status;
}

int X(thin_follow)(X(thin) *A, const X(field) *p, const X(field) *q, mdm_error *err) {
  int status = X(basis_absorb)(A->U, p, err);
  if (!status) status = follow_U(A, err);
  if (!status) status = X(basis_absorb)(A->Ut, q, err);
  return status ? status : follow_Ut(A, err);
}

/* ---------------------------------------------------------------- matrix operations */

/* out (n × P) = s · left (n × k) · [rightᵀ (k × m) in (m × P) / m] + accumulate · out. */
static int thin_product(X(thin) *A, size_t n, size_t m, size_t k, size_t P, double s, const real *left, const real *right,
                        const real *in, int accumulate, real *out, mdm_error *err) {
  if (!k) {
    if (!accumulate) memset(out, 0, n * P * sizeof *out);
    return MDM_OK;
  }
  int status = X(reserve)(&A->work, &A->work_size, k, P, err);
  if (status) return status;
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, k, P, m, 1.0 / (double)m, right, m, in, m, 0, A->work, k);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, P, k, s, left, n, A->work, k, accumulate, out, n);
  return MDM_OK;
}

/* out (n × P) = s · left (n × k) · c (k × P) + accumulate · out; c comes from a basis. */
static void from_coordinates(size_t n, size_t P, size_t k, double s, const real *left, const X(basis) *b, int accumulate,
                             real *out) {
  if (k) BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, P, k, s, left, n, b->c, b->k_c, accumulate, out, n);
  else if (!accumulate) memset(out, 0, n * P * sizeof *out);
}

static int thin_forward(X(matrix) *M, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  (void)routing; /* every sample particle is computed: the fields of inactive experts enter with weight zero */
  X(thin) *A = (X(thin) *)M;
  int status = X(basis_absorb)(A->U, p, err);
  if (!status) status = follow_U(A, err);
  if (status) return status;
  from_coordinates(M->rows, p->P, A->U->k_c, 1, A->B, A->U, 0, chi->v);
  return thin_product(A, M->rows, M->cols, A->l, p->P, 1.0 / M->coef.tau, A->Ut->U, A->K, p->v, 1, chi->v, err);
}

static int thin_backward(X(matrix) *M, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta,
                         mdm_error *err) {
  (void)routing;
  X(thin) *A = (X(thin) *)M;
  int status = thin_product(A, M->cols, M->rows, A->k, q->P, M->coef.tau, A->U->U, A->B, q->v, accumulate, zeta->v, err);
  if (status || M->coef.Vb == 0) return status; /* no Gaussian part, hence no directions to keep */
  status = X(basis_absorb)(A->Ut, q, err);
  if (!status) status = follow_Ut(A, err);
  if (!status) from_coordinates(M->cols, q->P, A->Ut->k_c, 1, A->K, A->Ut, 1, zeta->v);
  return status;
}

static int thin_descend(X(matrix) *M, double rate, const X(field) *p, const X(field) *q, const X(routing) *routing,
                        mdm_error *err) {
  (void)routing;
  X(thin) *A = (X(thin) *)M;
  double s = rate * M->coef.learn;
  if (s == 0) return MDM_OK;
  int status = X(basis_absorb)(A->U, p, err); /* the coordinates that forward left, unless another field came between */
  if (!status) status = follow_U(A, err);
  if (!status && A->U->k_c)
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, M->rows, A->U->k_c, q->P, -s, q->v, M->rows, A->U->c, A->U->k_c, 1, A->B, M->rows);
  return status;
}

static const X(matrix_ops) thin_ops = {thin_forward, thin_backward, thin_descend};

void X(thin_init)(X(thin) *A, mdm_tensor tensor, const mdm_coefficients *coef, X(population) *row_pop, X(population) *col_pop,
                  X(basis) *U, X(basis) *Ut, mdm_stream key) {
  *A = (X(thin)){.base = {&thin_ops, tensor, row_pop->n, col_pop->n, *coef}, .row_pop = row_pop, .col_pop = col_pop, .U = U,
                 .Ut = Ut, .draw_rows = draw_rows, .draw_cols = draw_cols, .key = key};
  A->key.purpose = tensor;
}

void X(thin_clear)(X(thin) *A) {
  free(A->Omega);
  free(A->B);
  free(A->K);
  free(A->work);
  *A = (X(thin)){0};
}
