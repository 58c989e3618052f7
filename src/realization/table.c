/* Steps of all optimizers on arrays of weights, in natural units: A is a matrix whose raw gradient is a power of the width
 * times G = x yᵀ, and its steps carry coef.learn (docs/theory.md, optimizers).
 *
 * Linear optimizers are products of the fields. Entrywise ones form G a block of columns at a time; blocks are independent
 * and fixed, so threads change nothing.
 */
#include "realization/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/memory.h"
#include "realization/parallel.h"
#include "base/vecmath.h"

X(table) X(table_of)(size_t rows, size_t cols, real *A) { return (X(table)){.rows = rows, .cols = cols, .A = A, .threads = 1}; }

void X(table_clear)(X(table) *T) {
  free(T->m);
  free(T->v);
  free(T->gradient);
  *T = (X(table)){0};
}

int X(table_prepare)(X(table) *T, const mdm_step *s, size_t block, mdm_error *err) {
  int first = s->by->kind == MDM_STEP_ADAM || s->by->momentum > 0, second = s->by->kind == MDM_STEP_ADAM, ok = 1;
  if (first && !T->m) ok &= (T->m = mdm_alloc(T->rows, T->cols, 1, sizeof(real))) != NULL;
  if (second && !T->v) ok &= (T->v = mdm_alloc(T->rows, T->cols, 1, sizeof(real))) != NULL;
  if (s->by->method.entrywise && block > T->block) {
    free(T->gradient);
    T->block = block;
    ok &= (T->gradient = mdm_alloc(T->rows, block, (size_t)T->threads, sizeof(real))) != NULL;
  }
  if (ok) return MDM_OK;
  T->block = 0;
  return mdm_no_memory(err, "the optimizer's state of %zu × %zu weights", T->rows, T->cols);
}

/* ---------------------------------------------------------------- linear optimizers */

/* C (rows × count) = s x yᵀ + keep C. */
static void rank_update(size_t rows, size_t count, size_t P, double s, const real *x, const real *y, size_t ldy, double keep, real *C) {
  X(parallel_combine)(rows, P, count, s, x, rows, y, ldy, 1, keep, C, rows);
}

/* B ← μ B + learn G + λ A, A ← A − rate B. */
static void linear_columns(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P,
                           const real *x, const real *y, size_t ldy) {
  size_t n = T->rows * count;
  real *A = T->A + T->rows * first;
  double gradient = s->clip * c->learn, mu = s->by->momentum;
  if (!T->m) {
    rank_update(T->rows, count, P, -s->rate * gradient, x, y, ldy, mdm_step_keep(s, c), A);
    return;
  }
  real *B = T->m + T->rows * first;
  rank_update(T->rows, count, P, gradient, x, y, ldy, mu, B);
  X(add)(n, (real)(s->by->decay * c->decay), A, B);
  X(add)(n, (real)-s->rate, B, A);
}

/* ---------------------------------------------------------------- entrywise optimizers */

static mdm_entrywise numbers_of(const mdm_step *s, const mdm_coefficients *c) {
  const mdm_optimizer *o = s->by;
  double t = (double)s->t + 1;
  return (mdm_entrywise){.clip = s->clip, .keep = mdm_step_keep(s, c),
                         .rate = s->rate * c->learn / (o->kind == MDM_STEP_ADAM ? 1 - pow(o->beta1, t) : 1),
                         .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps * c->eps, .correct = 1 / sqrt(1 - pow(o->beta2, t))};
}

static void sign_entries(size_t n, const mdm_entrywise *s, const real *G, real *A) {
  const real keep = (real)s->keep, rate = (real)s->rate;
  for (size_t i = 0; i < n; i++) A[i] = keep * A[i] - rate * (real)((G[i] > 0) - (G[i] < 0));
}

static void entrywise_columns(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P,
                              const real *x, const real *y, size_t ldy, real *G) {
  size_t n = T->rows * count, at = T->rows * first;
  mdm_entrywise e = numbers_of(s, c);
  rank_update(T->rows, count, P, 1, x, y, ldy, 0, G);
  if (s->by->kind == MDM_STEP_SIGN) sign_entries(n, &e, G, T->A + at);
  else X(mdm_vec_adam)(n, &e, G, T->m + at, T->v + at, T->A + at);
}

/* ---------------------------------------------------------------- steps */

void X(table_step_columns)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t first, size_t count, size_t P,
                           const real *x, const real *y, size_t ldy) {
  if (s->by->method.entrywise) entrywise_columns(T, s, c, first, count, P, x, y, ldy, T->gradient);
  else linear_columns(T, s, c, first, count, P, x, y, ldy);
}

/* Entrywise step of a whole table, shared between lanes: lane l takes blocks l, l + threads, … */
typedef struct {
  X(table) *T;
  const mdm_step *s;
  const mdm_coefficients *c;
  size_t P, ldy;
  const real *x, *y;
} whole_step;

static void step_lane(void *context, size_t lane) {
  const whole_step *w = context;
  X(table) *T = w->T;
  for (size_t first = lane * T->block; first < T->cols; first += T->block * (size_t)T->threads) {
    size_t count = T->cols - first < T->block ? T->cols - first : T->block;
    entrywise_columns(T, w->s, w->c, first, count, w->P, w->x, w->y + first, w->ldy, T->gradient + T->rows * T->block * lane);
  }
}

int X(table_step)(X(table) *T, const mdm_step *s, const mdm_coefficients *c, size_t P, const real *x, const real *y, size_t ldy,
                  mdm_error *err) {
  if (c->learn == 0 && mdm_step_keep(s, c) == 1) return MDM_OK;
  int status = X(table_prepare)(T, s, MDM_TABLE_BLOCK, err);
  if (status) return status;
  whole_step w = {T, s, c, P, ldy, x, y};
  if (s->by->method.entrywise) mdm_parallel((size_t)T->threads, T->threads, step_lane, &w);
  else linear_columns(T, s, c, 0, T->cols, P, x, y, ldy);
  return MDM_OK;
}
