/* The learned part of a limit matrix, entry by entry.
 *
 * G = q pᵀ in natural units feeds Adam for every pair of a row particle and a column particle, and A accumulates the steps:
 *   χ = (initial matrix, thin factors) + A p / cols,   ζ = (likewise) + τ Aᵀ q / rows.
 * The table of all pairs costs rows × cols. But an entry depends on the histories of its two particles alone, the same smooth
 * function for all, so A is close to a matrix of low rank, and any of its rows and columns can be followed without the others.
 * A skeleton keeps the columns L = A[:, J] and rows R = A[I, :] of a few pivots:
 *   A ≈ L W⁺ R,   W = A[I, J],   W⁺ = (WᵀW + λ² 1)⁻¹ Wᵀ
 * (skeleton or CUR decomposition; Goreinov, Tyrtyshnikov, Zamarashkin 1997). What W⁺ leaves out is estimated by its mean over the
 * pivots, a random sample of particles (the regression estimator of survey sampling):
 *   A p / cols ≈ L y,   y = p_J / n + W⁺ (R p / cols − W p_J / n),
 * which is exact where L W⁺ R is, the plain mean over pivots where W⁺ vanishes, and so insensitive to λ. Particles are
 * exchangeable: pivots are spread evenly. Some rows and columns more are kept exactly and left out: they measure the error of
 * every product.
 */
#include "realization/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "realization/parallel.h"

/* λ relative to |W|_F, which bounds the largest singular value (docs/engineering.md). */
static const double REGULARIZATION = 1e-2;

/* ---------------------------------------------------------------- the skeleton */

static int is_here(size_t n, size_t i) {
  mdm_held h = mdm_held_of(n);
  return i >= h.from && i < h.to;
}

/* W, and inverse = (WᵀW + λ²)⁻¹ Wᵀ. A matrix that is not finite makes it so: the training loop finds out. */
static void invert_core(X(pairs) *A) {
  size_t m = A->pivots[MDM_ROWS].n, n = A->pivots[MDM_COLS].n, ld = A->between_table.rows;
  double norm = 0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) {
      double w = (double)A->between[i + ld * j];
      A->core[j + n * i] = w; /* Wᵀ */
      norm += w * w;
    }
  A->learned = norm != 0;
  if (!A->learned) return;
  cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, n, m, 1, A->core, n, 0, A->gram, n);
  for (size_t j = 0; j < n; j++) A->gram[j + n * j] += REGULARIZATION * REGULARIZATION * norm;
  int failed = mdm_solve_f64(n, m, A->gram, A->core) != NULL;
  for (size_t k = 0; k < n * m; k++) A->inverse[k] = failed ? (real)NAN : (real)A->core[k];
}

/* at (P for each) = a field at pivots first … first + count − 1. */
static int field_at(X(pivots) *side, size_t first, size_t count, const X(field) *f, mdm_error *err) {
  size_t ld = X(field_ld)(f), held = f->ld ? 0 : mdm_held_of(f->n).first;
  int status = X(reserve)(&side->at, &side->at_size, count, f->P, err);
  for (size_t k = 0; k < count && !status; k++)
    for (size_t t = 0; t < f->P && is_here(f->n, side->index[first + k]); t++) side->at[t + f->P * k] = f->v[side->index[first + k] - held + ld * t];
  if (!status) mdm_gather_particles(f->n, count, side->index + first, f->P * sizeof *side->at, side->at);
  return status;
}

/* A field at this side's pivots. */
static int gather(X(pivots) *side, const X(field) *f, mdm_error *err) {
  size_t all = side->n + side->held;
  int status = X(reserve)(&side->field, &side->field_size, all, f->P, err);
  if (!status) status = field_at(side, 0, all, f, err);
  for (size_t t = 0; t < f->P && !status; t++)
    for (size_t k = 0; k < all; k++) side->field[k + all * t] = side->at[t + f->P * k];
  return status;
}

/* Error of the product at the held-out particles of the target side: `exact` (held × P, leading dimension ld) against what
 * the skeleton gives, L[held, :] y; relative to the RMS there of the whole result, which so far lacks the learned part. */
static int held_error(X(pairs) *A, mdm_side from, size_t P, const real *exact, size_t ld, const real *y, const X(field) *result, double *out, mdm_error *err) {
  double error = 0, total = 0;
  X(pivots) *target = &A->pivots[!from];
  size_t n = A->pivots[from].n, rows = A->between_table.rows, down = from == MDM_COLS ? 1 : rows, right = from == MDM_COLS ? rows : 1; /* from a target's entry to the next one's, and a source's */
  int status = field_at(target, target->n, target->held, result, err); /* held × P */
  for (size_t t = 0; t < P && !status; t++)
    for (size_t k = 0; k < target->held; k++) {
      double known = (double)exact[k + ld * t], guess = 0;
      const real *entries = A->between + down * (target->n + k); /* of n pivots */
      for (size_t j = 0; j < n; j++) guess += (double)entries[right * j] * (double)y[j + n * t];
      double all = (double)target->at[t + P * k] + known;
      error += (guess - known) * (guess - known);
      total += all * all;
    }
  *out = total > 0 ? sqrt(error / total) : 0;
  return status;
}

/* A field as tables take it: this rank's rows alone. Valid until the next call. */
static int own_rows(X(pairs) *A, const X(field) *f, const real **out, mdm_error *err) {
  size_t rows = mdm_rows(f->n), ld = X(field_ld)(f);
  *out = f->v;
  if (rows == ld) return MDM_OK;
  int status = X(reserve)(&A->own, &A->own_size, rows, f->P, err);
  for (size_t t = 0; t < f->P && !status; t++) memcpy(A->own + rows * t, X(field_rows)(f, f->v) + ld * t, rows * sizeof *A->own);
  *out = A->own;
  return status;
}

/* A step that goes with the backward product, whose tables are read once for both: the fields at their pivots are there (gather). */
typedef struct {
  const mdm_step *step;
  const X(field) *p;
} stepping;

/* exact ((m + held) × P) = s times the target's pivots' entries with the source's particles times their field; these entries step. */
static int pivots_product(X(pairs) *A, X(pivots) *target, double s, const X(field) *f, const stepping *also, real *exact, mdm_error *err) {
  size_t all = target->n + target->held;
  const real *own;
  if (!also) return X(parallel_inner)(f->n, all, f->P, s, target->entries, mdm_rows(f->n), X(field_rows)(f, f->v), X(field_ld)(f), 0, exact, all, err);
  int status = own_rows(A, f, &own, err);
  return status ? status : X(table_inner_and_step)(&target->table, also->step, &A->base.coef, f->P, own, target->field, all, s, exact, err);
}

/* result += the source's pivots' entries with the target's particles times y (n × P); these entries step. */
static int add_product(X(pairs) *A, X(pivots) *source, size_t P, const real *y, const stepping *also, X(field) *result, mdm_error *err) {
  size_t n = source->n, ld = X(field_ld)(result);
  real *to = X(field_rows)(result, result->v);
  const real *own;
  if (!also) return X(parallel_combine)(result->n, n, P, 1, source->entries, mdm_rows(result->n), y, n, 0, 1, to, ld), MDM_OK;
  int status = own_rows(A, also->p, &own, err);
  return status ? status : X(table_combine_and_step)(&source->table, also->step, &A->base.coef, P, own, source->field, n + source->held, n, y, to, ld, err);
}

/* result += s A f (from MDM_COLS) or s Aᵀ f (from MDM_ROWS), s a mean's 1/f->n times a factor. also: NULL, or (from MDM_ROWS) a step of both sides' tables. */
static int skeleton_product(X(pairs) *A, mdm_side from, double s, const X(field) *f, const stepping *also, X(field) *result, mdm_error *err) {
  X(pivots) *source = &A->pivots[from], *target = &A->pivots[!from];
  size_t P = f->P, m = target->n, all = m + target->held, n = source->n, ldw = A->between_table.rows;
  double sample = s * (double)f->n / (double)n; /* the same mean over pivots */
  const CBLAS_TRANSPOSE turn = from == MDM_COLS ? CblasNoTrans : CblasTrans; /* of W and W⁺ */
  if (!A->learned) return MDM_OK;
  int status = X(reserve)(&A->work[0], &A->work_size[0], all, P, err);
  if (!status) status = X(reserve)(&A->work[1], &A->work_size[1], n, P, err);
  if (status) return status;
  real *exact = A->work[0], *y = A->work[1]; /* (m + held) × P: the product at the target's pivots; n × P */
  status = pivots_product(A, target, s, f, also, exact, err);
  if (!status) status = field_at(source, 0, n, f, err);
  if (status) return status;
  for (size_t t = 0; t < P; t++)
    for (size_t k = 0; k < n; k++) y[k + n * t] = (real)sample * source->at[t + P * k];
  BLAS(gemm)(CblasColMajor, turn, CblasNoTrans, m, P, n, -1, A->between, ldw, y, n, 1, exact, all);
  BLAS(gemm)(CblasColMajor, turn, CblasNoTrans, n, P, m, 1, A->inverse, A->pivots[MDM_COLS].n, exact, all, 1, y, n);
  double error;
  status = held_error(A, from, P, exact + m, all, y, result, &error, err);
  if (status) return status;
  A->error[from == MDM_ROWS] = fmax(A->error[from == MDM_ROWS], error);
  return add_product(A, source, P, y, also, result, err);
}

/* ---------------------------------------------------------------- matrix operations */

static int add_learned(X(pairs) *A, mdm_side from, double s, const X(field) *f, X(field) *result, mdm_error *err) {
  if (!A->full) return skeleton_product(A, from, s, f, NULL, result, err);
  if (from == MDM_ROWS) return X(parallel_inner)(f->n, result->n, f->P, s, A->full, f->n, f->v, f->n, 1, result->v, result->n, err);
  X(parallel_combine)(result->n, f->n, f->P, s, A->full, result->n, f->v, f->n, 0, 1, result->v, result->n);
  return MDM_OK;
}

static int pairs_forward(X(matrix) *M, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  X(pairs) *A = (X(pairs) *)M;
  int status = A->thin->base.ops->forward(&A->thin->base, p, routing, chi, err);
  return status ? status : add_learned(A, MDM_COLS, 1.0 / (double)M->cols, p, chi, err);
}

static int pairs_backward(X(matrix) *M, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta, mdm_error *err) {
  X(pairs) *A = (X(pairs) *)M;
  int status = A->thin->base.ops->backward(&A->thin->base, q, routing, accumulate, zeta, err);
  return status ? status : add_learned(A, MDM_ROWS, M->coef.tau / (double)M->rows, q, zeta, err);
}

/* The fields of a step at all pivots. */
static int gather_both(X(pairs) *A, const X(field) *p, const X(field) *q, mdm_error *err) {
  int status = gather(&A->pivots[MDM_ROWS], q, err);
  return status ? status : gather(&A->pivots[MDM_COLS], p, err);
}

/* What both sides' tables have in common, after these. */
static int step_between(X(pairs) *A, const mdm_step *step, size_t P, mdm_error *err) {
  X(pivots) *rows = &A->pivots[MDM_ROWS], *cols = &A->pivots[MDM_COLS];
  X(thin_decay)(A->thin, step);
  int status = X(table_step)(&A->between_table, step, &A->base.coef, P, rows->field, cols->field, cols->n + cols->held, err);
  if (!status) invert_core(A);
  return status;
}

static int pairs_step(X(matrix) *M, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, mdm_error *err) {
  (void)routing; /* fields of inactive experts are zero */
  X(pairs) *A = (X(pairs) *)M;
  X(pivots) *rows = &A->pivots[MDM_ROWS], *cols = &A->pivots[MDM_COLS];
  const real *own = NULL;
  if (A->full) return X(thin_decay)(A->thin, step), X(table_step)(&A->table, step, &M->coef, p->P, q->v, p->v, M->cols, err);
  int status = gather_both(A, p, q, err);
  if (!status) status = own_rows(A, q, &own, err);
  if (!status) status = X(table_step)(&cols->table, step, &M->coef, p->P, own, cols->field, cols->n + cols->held, err);
  if (!status) status = own_rows(A, p, &own, err);
  if (!status) status = X(table_step)(&rows->table, step, &M->coef, p->P, own, rows->field, rows->n + rows->held, err);
  return status ? status : step_between(A, step, p->P, err);
}

static int pairs_backward_and_step(X(matrix) *M, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, int accumulate,
                                   X(field) *zeta, mdm_error *err) {
  X(pairs) *A = (X(pairs) *)M;
  if (A->full || !A->learned) {
    int status = pairs_backward(M, q, routing, accumulate, zeta, err);
    return status ? status : pairs_step(M, step, p, q, routing, err);
  }
  int status = A->thin->base.ops->backward(&A->thin->base, q, routing, accumulate, zeta, err);
  if (!status) status = gather_both(A, p, q, err);
  if (!status) status = skeleton_product(A, MDM_ROWS, M->coef.tau / (double)M->rows, q, &(stepping){step, p}, zeta, err);
  return status ? status : step_between(A, step, p->P, err);
}

static int pairs_remember(X(matrix) *M, mdm_error *err) {
  X(matrix) *thin = &((X(pairs) *)M)->thin->base;
  return thin->ops->remember(thin, err);
}

static int pairs_initial(X(matrix) *M, int backward, const X(field) *f, X(field) *out, mdm_error *err) {
  X(matrix) *thin = &((X(pairs) *)M)->thin->base;
  return thin->ops->initial(thin, backward, f, out, err);
}

static const X(matrix_ops) pairs_ops = {pairs_forward, pairs_backward, pairs_step, pairs_backward_and_step, pairs_remember, pairs_initial};

/* ---------------------------------------------------------------- life and death */

/* Pivots spread evenly over n particles, held-out ones in between; each neuron index of an expert takes its turn. */
static int pivots_init(X(pivots) *side, size_t n, size_t others, size_t count, size_t held) {
  size_t all = count + held, width = n / all, h = 0, p = 0;
  *side = (X(pivots)){.n = count, .held = held, .others = others};
  side->index = mdm_alloc(all, 1, 1, sizeof *side->index);
  side->entries = mdm_alloc(mdm_rows(others), all, 1, sizeof *side->entries);
  if (!side->index || !side->entries) return -1;
  for (size_t k = 0; k < all; k++) {
    int is_held = (k + 1) * held / all > h;
    side->index[is_held ? count + h++ : p++] = k * width + k % width;
  }
  side->table = X(table_of)(others, all, side->entries);
  return 0;
}

static int full_init(X(pairs) *A) {
  A->full = mdm_alloc(A->base.rows, A->base.cols, 1, sizeof *A->full);
  A->table = X(table_of)(A->base.rows, A->base.cols, A->full);
  return A->full ? 0 : -1;
}

static int skeleton_init(X(pairs) *A, size_t pivots) {
  size_t rows = A->base.rows, cols = A->base.cols;
  if (pivots_init(&A->pivots[MDM_ROWS], rows, cols, pivots, MDM_HELD_PIVOTS) ||
      pivots_init(&A->pivots[MDM_COLS], cols, rows, pivots, MDM_HELD_PIVOTS))
    return -1;
  size_t all = pivots + MDM_HELD_PIVOTS;
  A->between = mdm_alloc(all, all, 1, sizeof *A->between);
  A->between_table = X(table_of)(all, all, A->between);
  A->inverse = mdm_alloc(pivots, pivots, 1, sizeof *A->inverse);
  A->core = mdm_alloc(pivots, pivots, 1, sizeof *A->core);
  A->gram = mdm_alloc(pivots, pivots, 1, sizeof *A->gram);
  return A->between && A->inverse && A->core && A->gram ? 0 : -1;
}

int X(pairs_init)(X(pairs) *A, X(thin) *thin, const mdm_pair_scheme *scheme, mdm_error *err) {
  *A = (X(pairs)){.base = thin->base, .thin = thin};
  A->base.ops = &pairs_ops;
  size_t pivots = mdm_pair_pivots(scheme, A->base.rows, A->base.cols);
  if (!(pivots ? skeleton_init(A, pivots) : full_init(A))) return MDM_OK;
  return mdm_no_memory(err, "the learned part of %s: %zu × %zu particles; lower solve.particles%s",
                  mdm_tensor_name(A->base.tensor), A->base.rows, A->base.cols, pivots ? " or solve.pivots" : " or set solve.pairs: skeleton");
}

void X(pairs_clear)(X(pairs) *A) {
  for (int side = 0; side < 2; side++) {
    X(table_clear)(&A->pivots[side].table);
    free(A->pivots[side].index);
    free(A->pivots[side].field);
    free(A->pivots[side].at);
    free(A->pivots[side].entries);
    free(A->work[side]);
  }
  X(table_clear)(&A->table);
  X(table_clear)(&A->between_table);
  free(A->full);
  free(A->own);
  free(A->between);
  free(A->inverse);
  free(A->core);
  free(A->gram);
  *A = (X(pairs)){0};
}

void X(pairs_walk)(X(pairs) *A, mdm_state *s) {
  size_t rows = A->base.rows, cols = A->base.cols, m = A->pivots[MDM_ROWS].n, n = A->pivots[MDM_COLS].n, ends = A->between_table.rows;
  mdm_state_flag(s, "learned", &A->learned);
  mdm_state_array(s, "error", A->error, 2, sizeof *A->error);
  if (A->full) mdm_state_array(s, "pairs", A->full, rows * cols, sizeof(real));
  if (A->full) X(table_walk)(&A->table, s);
  for (int side = 0; side < 2 && !A->full; side++) {
    X(pivots) *p = &A->pivots[side];
    mdm_state_rows(s, "entries", p->entries, p->others, p->n + p->held, sizeof(real));
    X(table_walk)(&p->table, s);
  }
  if (A->full) return;
  mdm_state_array(s, "between", A->between, ends * ends, sizeof(real));
  X(table_walk)(&A->between_table, s);
  mdm_state_array(s, "inverse", A->inverse, m * n, sizeof(real));
}
