/* The learned part of a limit matrix, entry by entry.
 *
 * G = q pᵀ in natural units feeds Adam for every pair of a row particle and a column particle, and A accumulates the steps:
 *   χ = (initial matrix, thin factors) + A p / cols,   ζ = (likewise) + τ Aᵀ q / rows.
 * Products are formed in fixed slices, shared between threads.
 */
#include "pairs.h"

#include <stdlib.h>

#include "board.h"
#include "memory.h"

enum { SLICE = 512 };

/* ---------------------------------------------------------------- products */

/* out (n × P) += s A x, A: n × k, or (transposed) s Aᵀ x, A: k × n; x: k × P. */
typedef struct {
  int transposed;
  size_t n, k, P;
  double s;
  const real *A, *x;
  real *out;
} slices;

static void multiply_slice(void *context, size_t i) {
  const slices *w = context;
  size_t first = i * SLICE, n = w->n - first < SLICE ? w->n - first : SLICE;
  BLAS(gemm)(CblasColMajor, w->transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, n, w->P, w->k, w->s,
             w->A + (w->transposed ? w->k * first : first), w->transposed ? w->k : w->n, w->x, w->k, 1, w->out + first, w->n);
}

static void multiply(int threads, slices w) { mdm_parallel((w.n + SLICE - 1) / SLICE, threads, multiply_slice, &w); }

/* ---------------------------------------------------------------- matrix operations */

static int pairs_forward(X(matrix) *M, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  X(pairs) *A = (X(pairs) *)M;
  int status = A->thin->base.ops->forward(&A->thin->base, p, routing, chi, err);
  if (!status) multiply(A->threads, (slices){0, M->rows, M->cols, p->P, 1.0 / (double)M->cols, A->A, p->v, chi->v});
  return status;
}

static int pairs_backward(X(matrix) *M, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta, mdm_error *err) {
  X(pairs) *A = (X(pairs) *)M;
  int status = A->thin->base.ops->backward(&A->thin->base, q, routing, accumulate, zeta, err);
  if (!status) multiply(A->threads, (slices){1, M->cols, M->rows, q->P, M->coef.tau / (double)M->rows, A->A, q->v, zeta->v});
  return status;
}

static int pairs_step(X(matrix) *M, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, mdm_error *err) {
  (void)routing; /* fields of inactive experts are zero */
  X(pairs) *A = (X(pairs) *)M;
  X(thin_decay)(A->thin, step);
  return X(table_step)(&A->full, step, &M->coef, p->P, q->v, p->v, M->cols, err);
}

static const X(matrix_ops) pairs_ops = {pairs_forward, pairs_backward, pairs_step};

/* ---------------------------------------------------------------- life and death */

int X(pairs_init)(X(pairs) *A, X(thin) *thin, const mdm_pair_scheme *scheme, mdm_error *err) {
  *A = (X(pairs)){.base = thin->base, .thin = thin, .threads = scheme->threads};
  A->base.ops = &pairs_ops;
  A->A = mdm_alloc(A->base.rows, A->base.cols, 1, sizeof *A->A);
  if (!A->A)
    return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %s: a table of %zu × %zu pairs; lower solve.particles", mdm_tensor_name(A->base.tensor),
                    A->base.rows, A->base.cols);
  A->full = X(table_of)(A->base.rows, A->base.cols, A->A);
  A->full.threads = scheme->threads;
  return MDM_OK;
}

void X(pairs_clear)(X(pairs) *A) {
  X(table_clear)(&A->full);
  free(A->A);
  *A = (X(pairs)){0};
}
