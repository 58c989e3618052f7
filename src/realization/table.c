/* Steps of all optimizers on arrays of weights, in natural units: A is a matrix whose raw gradient is a power of the width
 * times G = x yᵀ, and its steps carry coef.learn (docs/theory.md, optimizers).
 *
 * Linear optimizers are products of the fields. Entrywise ones form G where they use it (kernels/entrywise.h).
 */
#include "realization/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/share.h"
#include "kernels/entrywise.h"
#include "kernels/products.h"
#include "realization/parallel.h"

enum { BLOCK = 32 }; /* columns that a thread steps at a time */

X(table) X(table_of)(size_t n, size_t cols, real *A) { return (X(table)){.n = n, .rows = mdm_rows(n), .cols = cols, .A = A}; }

void X(table_clear)(X(table) *T) {
  free(T->m);
  free(T->v);
  *T = (X(table)){0};
}

void X(table_walk)(X(table) *T, mdm_state *s) {
  mdm_state_kept_rows(s, "first moment", (void **)&T->m, T->n, T->cols, sizeof(real));
  mdm_state_kept_rows(s, "second moment", (void **)&T->v, T->n, T->cols, sizeof(real));
}

int X(table_prepare)(X(table) *T, const mdm_step *s, mdm_error *err) {
  int first = s->by->kind == MDM_STEP_ADAM || s->by->momentum > 0, second = s->by->kind == MDM_STEP_ADAM, ok = 1;
  if (first && !T->m) ok &= (T->m = mdm_alloc(T->rows, T->cols, 1, sizeof(real))) != NULL;
  if (second && !T->v) ok &= (T->v = mdm_alloc(T->rows, T->cols, 1, sizeof(real))) != NULL;
  return ok ? MDM_OK : mdm_no_memory(err, "the optimizer's state of %zu × %zu weights", T->rows, T->cols);
}

/* ---------------------------------------------------------------- linear optimizers */

int X(table_is_plain)(const mdm_step *s) { return !s->by->method.entrywise && s->by->momentum == 0; }
double X(table_rate)(const mdm_step *s, const mdm_coefficients *c) { return -s->rate * s->clip * c->learn; }

/* B ← μ B + learn G + λ A, A ← A − rate B. */
static void momentum_columns(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P, const size_t *at,
                             const real *x, const real *y, size_t ldy) {
  size_t n = T->rows * count;
  real *A = T->A + T->rows * first, *B = T->m + T->rows * first;
  X(combine_at)(T->rows, P, count, s->clip * c->learn, x, T->rows, y, ldy, 1, at, s->by->momentum, B, T->rows);
  X(add)(n, (real)(s->by->decay * c->decay), A, B);
  X(add)(n, (real)-s->rate, B, A);
}

/* ---------------------------------------------------------------- entrywise optimizers */

static mdm_entrywise numbers_of(const mdm_step *s, const mdm_coefficients *c) {
  const mdm_optimizer *o = s->by;
  double t = (double)s->t + 1;
  return (mdm_entrywise){.adam = o->kind == MDM_STEP_ADAM, .clip = s->clip, .keep = mdm_step_keep(s, c),
                         .rate = s->rate * c->learn / (o->kind == MDM_STEP_ADAM ? 1 - pow(o->beta1, t) : 1),
                         .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps * c->eps, .correct = 1 / sqrt(1 - pow(o->beta2, t))};
}

/* ---------------------------------------------------------------- steps */

void X(table_step_columns)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P, const size_t *at,
                           const real *x, const real *y, size_t ldy) {
  size_t entry = T->rows * first;
  const mdm_entrywise e = numbers_of(s, c);
  if (s->by->method.entrywise) X(entrywise_step)(&e, T->rows, P, x, y, ldy, at, count, T->m ? T->m + entry : NULL, T->v ? T->v + entry : NULL, T->A + entry);
  else if (s->by->momentum > 0) momentum_columns(T, s, c, first, count, P, at, x, y, ldy);
  else X(combine_at)(T->rows, P, count, X(table_rate)(s, c), x, T->rows, y, ldy, 1, at, mdm_step_keep(s, c), T->A + T->rows * first, T->rows);
}

int X(table_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy,
                  mdm_error *err) {
  if (c->learn == 0 && mdm_step_keep(s, c) == 1) return MDM_OK;
  int status = X(table_prepare)(T, s, err);
  if (status) return status;
  if (X(table_is_plain)(s) && P >= X(many_tokens)()) {
    X(parallel_combine)(T->n, P, T->cols, X(table_rate)(s, c), x, T->rows, y, ldy, 1, mdm_step_keep(s, c), T->A, T->rows);
    return MDM_OK;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)T->rows * (double)T->cols * (double)(P + 10)))
  for (size_t first = 0; first < T->cols; first += BLOCK)
    X(table_step_columns)(T, s, c, first, T->cols - first < BLOCK ? T->cols - first : BLOCK, P, NULL, x, y + first, ldy);
  return MDM_OK;
}

/* ---------------------------------------------------------------- product and step together */

static size_t longest_piece(size_t n, size_t pieces) {
  size_t last = n - mdm_piece(n, pieces, pieces - 1);
  return last > n / pieces + 16 ? last : n / pieces + 16;
}

/* Both in one pass; sums: pieces of cols × P. */
static int sum_and_step(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy, double scale, real *sums,
                        mdm_error *err) {
  size_t n = T->n, pieces = X(parallel_pieces)(n), held = mdm_held_of(n).first, begin[MDM_MOST_PIECES + 1], first, end;
  int status = X(table_prepare)(T, s, err);
  const mdm_entrywise e = numbers_of(s, c);
  mdm_own_pieces(n, pieces, &first, &end);
  for (size_t i = first; i <= end; i++) begin[i - first] = mdm_piece(n, pieces, i) - held;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)T->rows * (double)T->cols * (double)(2 * P + 10)))
  for (size_t j = 0; j < T->cols; j += BLOCK) {
    const X(row_sums) of = {end - first, begin, scale, sums + T->cols * P * first + j, T->cols, T->cols * P};
    size_t entry = T->rows * j;
    if (!status) X(entrywise_sum_and_step)(&e, T->rows, P, x, y + j, ldy, T->cols - j < BLOCK ? T->cols - j : BLOCK, T->m ? T->m + entry : NULL, T->v ? T->v + entry : NULL, T->A + entry, &of);
  }
  return status;
}

int X(table_inner_and_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy, double scale, real *out,
                            mdm_error *err) {
  size_t n = T->n, pieces = X(parallel_pieces)(n);
  int moves = c->learn != 0 || mdm_step_keep(s, c) != 1, can = s->by->method.entrywise && n > MDM_PARTICLES && T->cols <= MDM_THIN;
  if (!moves || !can || scale == 0 || !X(entrywise_can_sum)(P, longest_piece(n, pieces))) {
    int status = X(parallel_inner)(n, T->cols, P, scale, T->A, T->rows, x, T->rows, 0, out, T->cols, err);
    return status ? status : X(table_step)(T, s, c, P, x, y, ldy, err);
  }
  real *sums = malloc(pieces * T->cols * P * sizeof *sums); /* pieces of cols × P */
  if (!sums) return mdm_no_memory(err, "a product of %zu × %zu × %zu", T->cols, n, P);
  int status = sum_and_step(T, s, c, P, x, y, ldy, scale, sums, err);
  if (!status) X(parallel_add_pieces)(n, T->cols, P, sums, 0, out, T->cols);
  free(sums);
  return status;
}

/* In blocks of rows, where threads share them: results do not depend on how rows are cut. */
static int combine_and_step(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy, size_t count,
                            const real *k, real *out, size_t ldo, mdm_error *err) {
  enum { ROWS = 4096 };
  const mdm_entrywise e = numbers_of(s, c);
  int status = X(table_prepare)(T, s, err), shares = mdm_shares(2.0 * (double)T->rows * (double)count * (double)(2 * P + 10));
  size_t n = T->rows, each = shares ? ROWS : n;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (shares)
  for (size_t i = 0; i < n; i += each) {
    size_t rows = n - i < each ? n - i : each;
    if (!status) X(entrywise_combine_and_step)(&e, rows, P, x + i, n, y, ldy, count, T->m ? T->m + i : NULL, T->v ? T->v + i : NULL, T->A + i, k, count, out + i, ldo);
  }
  return status;
}

int X(table_combine_and_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy, size_t count, const real *k,
                              real *out, size_t ldo, mdm_error *err) {
  int moves = c->learn != 0 || mdm_step_keep(s, c) != 1;
  if (!moves || !s->by->method.entrywise || !X(entrywise_can_sum)(P, 1)) {
    X(parallel_combine)(T->n, count, P, 1, T->A, T->rows, k, count, 0, 1, out, ldo);
    return X(table_step)(T, s, c, P, x, y, ldy, err);
  }
  int status = combine_and_step(T, s, c, P, x, y, ldy, count, k, out, ldo, err);
  size_t entry = T->rows * count;
  X(table) rest = {.n = T->n, .rows = T->rows, .cols = T->cols - count, .A = T->A + entry, .m = T->m ? T->m + entry : NULL, .v = T->v ? T->v + entry : NULL};
  return status || count == T->cols ? status : X(table_step)(&rest, s, c, P, x, y + count, ldy, err);
}
