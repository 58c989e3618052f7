/* Dense matrices.
 *
 * Every matrix joins the stream (N neurons) with a population grouped by expert (M experts, or M·N_e expert neurons). It is
 * stored as N × G, the stream contiguous, so that an expert's block is one contiguous piece. Q and W1 map stream → experts
 * (rows are the grouped side), W2 maps back. Three products carry everything:
 *   contract  Y = s Aᵀ X        expand  X (+)= s A Y        step with gradient  X Yᵀ        X: N × P, Y: G × P
 * With soft routing each is one BLAS call over all experts. With top-K each expert works on the tokens that it serves,
 * gathered; experts without tokens are not touched. Where experts are so narrow that gathering costs more than it saves,
 * the dense call is used (docs/engineering.md has the measurement).
 */
#include "realization/dense.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "realization/parallel.h"

/* Experts narrower than this are multiplied densely even under top-K (measured: docs/engineering.md). */
#ifndef MDM_GATHER_WIDTH
#define MDM_GATHER_WIDTH 8
#endif

/* ---------------------------------------------------------------- dense products */

static int contract_all(const X(dense) *d, double s, size_t P, const real *Xs, real *Y, mdm_error *err) {
  return X(parallel_inner)(d->N, d->G, P, s, d->A, d->N, Xs, d->N, 0, Y, d->G, err);
}

static void expand_all(const X(dense) *d, double s, size_t P, const real *Y, int accumulate, real *Xs) {
  X(parallel_combine)(d->N, d->G, P, s, d->A, d->N, Y, d->G, 0, accumulate, Xs, d->N);
}

/* ---------------------------------------------------------------- gathered products */

static int gathers(const X(dense) *d, const X(routing) *r) {
  return r && r->neurons >= MDM_GATHER_WIDTH && d->G == r->experts * r->neurons;
}

static int reserve(X(dense) *d, size_t P, size_t neurons, mdm_error *err) {
  if (P <= d->capacity) return MDM_OK;
  free(d->gathered);
  free(d->block);
  d->gathered = mdm_alloc(d->N, P, 1, sizeof(real));
  d->block = mdm_alloc(neurons, P, 1, sizeof(real));
  d->capacity = d->gathered && d->block ? P : 0;
  return d->capacity ? MDM_OK : mdm_no_memory(err, "the tokens of one expert (%zu × %zu)", d->N, P);
}

/* Tokens of expert m, in order; columns of length n from `from` (leading dimension ld) packed into `to`. */
static size_t gather(const X(routing) *r, size_t m, size_t n, size_t ld, const real *from, real *to) {
  size_t count = 0;
  for (size_t t = 0; t < r->P; t++)
    if (r->active[m + r->experts * t]) memcpy(to + n * count++, from + ld * t, n * sizeof *to);
  return count;
}

static void contract_gathered(X(dense) *d, const X(routing) *r, double s, const real *Xs, real *Y) {
  size_t J = r->neurons;
  for (size_t m = 0; m < r->experts; m++) {
    size_t n = gather(r, m, d->N, d->N, Xs, d->gathered);
    if (!n) continue;
    BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, J, n, d->N, s, d->A + d->N * J * m, d->N, d->gathered, d->N, 0, d->block, J);
    for (size_t t = 0, c = 0; t < r->P; t++)
      if (r->active[m + r->experts * t]) memcpy(Y + d->G * t + J * m, d->block + J * c++, J * sizeof *Y);
  }
}

static void expand_gathered(X(dense) *d, const X(routing) *r, double s, const real *Y, int accumulate, real *Xs) {
  size_t J = r->neurons;
  if (!accumulate) memset(Xs, 0, d->N * r->P * sizeof *Xs);
  for (size_t m = 0; m < r->experts; m++) {
    size_t n = gather(r, m, J, d->G, Y + J * m, d->block);
    if (!n) continue;
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, d->N, n, J, s, d->A + d->N * J * m, d->N, d->block, J, 0, d->gathered, d->N);
    for (size_t t = 0, c = 0; t < r->P; t++)
      if (r->active[m + r->experts * t]) X(add)(d->N, 1, d->gathered + d->N * c++, Xs + d->N * t);
  }
}

/* Every expert's block steps with the gradient of its own tokens. Without momentum, moments and decay, nothing happens to an
 * expert that has none. */
static void step_gathered(X(dense) *d, const mdm_step *step, const X(routing) *r, const real *Xs, const real *Y) {
  size_t J = r->neurons;
  int lazy = !d->table.m && !d->table.v && mdm_step_keep(step, &d->base.coef) == 1;
  for (size_t m = 0; m < r->experts; m++) {
    size_t n = gather(r, m, d->N, d->N, Xs, d->gathered);
    if (!n && lazy) continue;
    gather(r, m, J, d->G, Y + J * m, d->block);
    X(table_step_columns)(&d->table, step, &d->base.coef, J * m, J, n, d->gathered, d->block, J);
  }
}

/* ---------------------------------------------------------------- the three products, by routing */

static int contract(X(dense) *d, const X(routing) *r, double s, size_t P, const real *Xs, real *Y, mdm_error *err) {
  if (!gathers(d, r)) return contract_all(d, s, P, Xs, Y, err);
  int status = reserve(d, P, r->neurons, err);
  if (!status) contract_gathered(d, r, s, Xs, Y);
  return status;
}

static int expand(X(dense) *d, const X(routing) *r, double s, size_t P, const real *Y, int accumulate, real *Xs, mdm_error *err) {
  if (!gathers(d, r)) return expand_all(d, s, P, Y, accumulate, Xs), MDM_OK;
  int status = reserve(d, P, r->neurons, err);
  if (!status) expand_gathered(d, r, s, Y, accumulate, Xs);
  return status;
}

/* ---------------------------------------------------------------- matrix operations */

/* Before training, the overlaps of a router that stream particles carry with its input vanish in the limit: here exactly, as all
 * moments that are matched (docs/theory.md, moment matching). Once the router has pushed on the stream they are its response. */
static int keep_away(X(dense) *d, const X(field) *p, mdm_error *err) {
  real *work = NULL; /* k × G */
  size_t size = 0;
  int status = X(basis_absorb)(d->away, p, err);
  if (!status && d->away->k) status = X(project_out)(d->N, 1, d->away->k, d->away->U, d->G, d->A, &work, &size, err);
  if (!status && d->drawn) memcpy(d->drawn, d->A, d->N * d->G * sizeof *d->A);
  free(work);
  return status;
}

static int dense_forward(X(matrix) *A, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  double s = 1.0 / (double)A->cols;
  int status = d->away ? keep_away(d, p, err) : MDM_OK;
  if (status) return status;
  return d->rows_grouped ? contract(d, routing, s, p->P, p->v, chi->v, err) : expand(d, routing, s, p->P, p->v, 0, chi->v, err);
}

static int dense_backward(X(matrix) *A, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta,
                          mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  double s = A->coef.tau / (double)A->rows;
  if (d->rows_grouped) return expand(d, routing, s, q->P, q->v, accumulate, zeta->v, err);
  if (accumulate) return mdm_fail(err, MDM_ERR_INTERNAL, "accumulating into an expert population is not supported");
  return contract(d, routing, s, q->P, q->v, zeta->v, err);
}

static int dense_step(X(matrix) *A, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing,
                      mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  const X(field) *stream = d->rows_grouped ? p : q, *grouped = d->rows_grouped ? q : p;
  d->away = NULL;
  if (!gathers(d, routing)) return X(table_step)(&d->table, step, &A->coef, p->P, stream->v, grouped->v, d->G, err);
  int status = reserve(d, p->P, routing->neurons, err);
  if (!status) status = X(table_prepare)(&d->table, step, routing->neurons, err);
  if (!status) step_gathered(d, step, routing, stream->v, grouped->v);
  return status;
}

static int dense_remember(X(matrix) *A, mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  if (!d->drawn) d->drawn = mdm_alloc(d->N, d->G, 1, sizeof *d->drawn);
  if (!d->drawn)
    return mdm_no_memory(err, "the initial %s (%zu × %zu); set output.parts: false", mdm_tensor_name(A->tensor), d->N, d->G);
  memcpy(d->drawn, d->A, d->N * d->G * sizeof *d->A);
  return MDM_OK;
}

static int dense_initial(X(matrix) *A, int backward, const X(field) *f, X(field) *out, mdm_error *err) {
  X(dense) drawn = *(X(dense) *)A;
  if (!drawn.drawn) return mdm_fail(err, MDM_ERR_INTERNAL, "the initial %s was not remembered", mdm_tensor_name(A->tensor));
  double s = backward ? A->coef.tau / (double)A->rows : 1.0 / (double)A->cols;
  drawn.A = drawn.drawn;
  if (drawn.rows_grouped != backward) return contract_all(&drawn, s, f->P, f->v, out->v, err);
  expand_all(&drawn, s, f->P, f->v, 0, out->v);
  return MDM_OK;
}

static const X(matrix_ops) dense_ops = {dense_forward, dense_backward, dense_step, dense_remember, dense_initial};

/* ---------------------------------------------------------------- life and death */

X(dense) *X(dense_create)(mdm_tensor t, const mdm_coefficients *coef, size_t N, size_t G, int rows_grouped) {
  X(dense) *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->base = (X(matrix)){&dense_ops, t, rows_grouped ? G : N, rows_grouped ? N : G, *coef};
  d->rows_grouped = rows_grouped;
  d->N = N;
  d->G = G;
  d->A = mdm_alloc(N, G, 1, sizeof *d->A);
  d->table = X(table_of)(N, G, d->A);
  if (d->A) return d;
  free(d);
  return NULL;
}

void X(dense_free)(X(dense) *d) {
  if (!d) return;
  X(table_clear)(&d->table);
  free(d->A);
  free(d->drawn);
  free(d->gathered);
  free(d->block);
  free(d);
}
