/* Dense matrices.
 *
 * Every matrix joins the stream (N neurons) with a population grouped by expert (M experts, or M·N_e expert neurons). It is
 * stored as N × G, the stream contiguous, so that an expert's block is one contiguous piece. Q and W1 map stream → experts
 * (rows are the grouped side), W2 maps back. Three products carry everything:
 *   contract  Y = s Aᵀ X        expand  X (+)= s A Y        step with gradient  X Yᵀ        X: N × P, Y: G × P
 * With soft routing and many tokens each is one BLAS call over all experts; with few tokens, kernels read the matrix where it lies. With top-K
 * each expert works on the tokens that it serves, where they stand; experts without tokens are not touched. What the kernels do to a number
 * does not depend on how the matrix is cut, so product and step may also go over it together (docs/performance.md).
 *
 * The limit's router (Regime I) may belong to a stream that ranks share: then A has this rank's rows, and sums over them are those of parallel.h.
 */
#include "realization/dense.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/share.h"
#include "kernels/fused.h"
#include "kernels/products.h"
#include "realization/parallel.h"

/* Experts narrower than this would be multiplied densely even under top-K (validation/bench_gather.py; docs/engineering.md). */
#ifndef MDM_GATHER_WIDTH
#define MDM_GATHER_WIDTH 1
#endif

enum { COLUMNS = 256, ROWS = 256 }; /* of a dense piece; ROWS also of one over all experts */

/* ---------------------------------------------------------------- pieces */

/* One expert's columns of the matrix and its tokens; or, without lists of tokens, COLUMNS columns and all tokens. */
typedef struct {
  size_t first, count, tokens;
  const size_t *at;
} piece;

static int has_lists(const X(dense) *d, const X(routing) *r) {
  return r && r->token && r->neurons >= MDM_GATHER_WIDTH && d->G == r->experts * r->neurons;
}

static size_t pieces_of(const X(dense) *d, const X(routing) *lists) { return lists ? lists->experts : (d->G + COLUMNS - 1) / COLUMNS; }

static piece piece_of(const X(dense) *d, const X(routing) *lists, size_t P, size_t i) {
  size_t first = i * COLUMNS;
  if (!lists) return (piece){first, d->G - first < COLUMNS ? d->G - first : COLUMNS, P, NULL};
  return (piece){i * lists->neurons, lists->neurons, lists->begin[i + 1] - lists->begin[i], lists->token + lists->begin[i]};
}

/* Operations of a product, about. */
static double work_of(const X(dense) *d, const X(routing) *lists, size_t P) {
  return 2.0 * (double)d->N * (lists ? (double)lists->neurons * (double)lists->begin[lists->experts] : (double)d->G * (double)P);
}

/* ---------------------------------------------------------------- the three products */

/* Whether products are left to parallel.h: those of many tokens, and all of a large solution, whose sums are cut into pieces of particles. */
static int in_pieces(const X(dense) *d, const X(routing) *lists, size_t P) { return mdm_is_large(d->N) || (!lists && P >= X(many_in_products)()); }

static int contract(X(dense) *d, const X(routing) *r, double s, size_t P, const real *Xs, real *Y, mdm_error *err) {
  const X(routing) *lists = has_lists(d, r) ? r : NULL;
  if (in_pieces(d, lists, P)) return X(parallel_inner)(d->N, d->G, P, s, d->A, mdm_rows(d->N), Xs, mdm_rows(d->N), 0, Y, d->G, err);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(work_of(d, lists, P)))
  for (size_t i = 0; i < pieces_of(d, lists); i++) {
    piece e = piece_of(d, lists, P, i);
    X(inner_at)(d->N, e.count, e.tokens, s, d->A + d->N * e.first, d->N, Xs, d->N, e.at, 0, Y + e.first, d->G);
  }
  return MDM_OK;
}

/* Rows first … first + n − 1 of X (+)= s A Y, over all experts in order. */
static void expand_rows(const X(dense) *d, const X(routing) *lists, size_t first, size_t n, double s, size_t P, const real *Y, int accumulate, real *Xs) {
  for (size_t t = 0; t < P && !accumulate; t++) memset(Xs + d->N * t + first, 0, n * sizeof *Xs);
  for (size_t i = 0; i < pieces_of(d, lists); i++) {
    piece e = piece_of(d, lists, P, i);
    X(combine_at)(n, e.count, e.tokens, s, d->A + d->N * e.first + first, d->N, Y + e.first, d->G, 0, e.at, 1, Xs + first, d->N);
  }
}

static int expand(X(dense) *d, const X(routing) *r, double s, size_t P, const real *Y, int accumulate, real *Xs) {
  const X(routing) *lists = has_lists(d, r) ? r : NULL;
  if (in_pieces(d, lists, P)) {
    X(parallel_combine)(d->N, d->G, P, s, d->A, mdm_rows(d->N), Y, d->G, 0, accumulate, Xs, mdm_rows(d->N));
    return MDM_OK;
  }
  int shares = mdm_shares(work_of(d, lists, P));
  size_t rows = shares ? ROWS : d->N; /* results do not depend on it */
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (shares)
  for (size_t first = 0; first < d->N; first += rows) expand_rows(d, lists, first, d->N - first < rows ? d->N - first : rows, s, P, Y, accumulate, Xs);
  return MDM_OK;
}

/* Every expert's block steps with the gradient of its own tokens. Without momentum, moments and decay, nothing happens to an
 * expert that has none. */
static int step_experts(X(dense) *d, const mdm_step *step, const X(routing) *lists, const real *Xs, const real *Y, mdm_error *err) {
  int lazy = X(table_is_plain)(step) && mdm_step_keep(step, &d->base.coef) == 1, status = X(table_prepare)(&d->table, step, err);
  if (status) return status;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(work_of(d, lists, 0)))
  for (size_t m = 0; m < lists->experts; m++) {
    piece e = piece_of(d, lists, 0, m);
    if (e.tokens || !lazy) X(table_step_columns)(&d->table, step, &d->base.coef, e.first, e.count, e.tokens, e.at, Xs, Y + e.first, d->G);
  }
  return MDM_OK;
}

/* ---------------------------------------------------------------- product and step together */

/* Y = s Aᵀ X of the matrix before its step with X yᵀ, piece by piece. */
static void contract_and_step(X(dense) *d, const mdm_step *step, const X(routing) *lists, double s, size_t P, const real *Xs, real *Y, const real *y) {
  double keep = mdm_step_keep(step, &d->base.coef), r = X(table_rate)(step, &d->base.coef);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2 * work_of(d, lists, P)))
  for (size_t i = 0; i < pieces_of(d, lists); i++) {
    piece e = piece_of(d, lists, P, i);
    X(contract_and_update)(d->N, e.count, e.tokens, s, d->A + d->N * e.first, d->N, e.at, Xs, d->N, Y + e.first, d->G, keep, r, y + e.first, d->G);
  }
}

/* X (+)= s A Y of the matrix before its step with x Yᵀ, some rows at a time. */
static void expand_and_step(X(dense) *d, const mdm_step *step, const X(routing) *lists, double s, size_t P, const real *Y, int accumulate, real *Xs,
                            const real *x) {
  double keep = mdm_step_keep(step, &d->base.coef), r = X(table_rate)(step, &d->base.coef);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2 * work_of(d, lists, P)))
  for (size_t first = 0; first < d->N; first += ROWS) {
    size_t n = d->N - first < ROWS ? d->N - first : ROWS;
    for (size_t t = 0; t < P && !accumulate; t++) memset(Xs + d->N * t + first, 0, n * sizeof *Xs);
    for (size_t i = 0; i < pieces_of(d, lists); i++) {
      piece e = piece_of(d, lists, P, i);
      X(expand_and_update)(n, e.count, e.tokens, s, d->A + d->N * e.first + first, d->N, e.at, Y + e.first, d->G, 1, Xs + first, d->N, keep, r, x + first,
                           d->N);
    }
  }
}

/* ---------------------------------------------------------------- matrix operations */

/* Before training, the overlaps of a router that stream particles carry with its input vanish in the limit: here exactly, as all
 * moments that are matched (docs/theory.md, moment matching). Once the router has pushed on the stream they are its response. */
static int keep_away(X(dense) *d, const X(field) *p, mdm_error *err) {
  real *work = NULL; /* k × G */
  size_t size = 0;
  int status = X(basis_absorb)(d->away, p, err);
  if (!status && d->away->k) status = X(project_out)(d->N, 1, d->away->k, d->away->U, d->G, d->A, &work, &size, err);
  if (!status && d->drawn) memcpy(d->drawn, d->A, mdm_rows(d->N) * d->G * sizeof *d->A);
  free(work);
  return status;
}

static int dense_forward(X(matrix) *A, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  double s = 1.0 / (double)A->cols;
  int status = d->away ? keep_away(d, p, err) : MDM_OK;
  if (status) return status;
  return d->rows_grouped ? contract(d, routing, s, p->P, p->v, chi->v, err) : expand(d, routing, s, p->P, p->v, 0, chi->v);
}

static int dense_backward(X(matrix) *A, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta,
                          mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  double s = A->coef.tau / (double)A->rows;
  if (d->rows_grouped) return expand(d, routing, s, q->P, q->v, accumulate, zeta->v);
  if (accumulate) return mdm_fail(err, MDM_ERR_INTERNAL, "accumulating into an expert population is not supported");
  return contract(d, routing, s, q->P, q->v, zeta->v, err);
}

static int dense_step(X(matrix) *A, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing,
                      mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  const X(field) *stream = d->rows_grouped ? p : q, *grouped = d->rows_grouped ? q : p;
  d->away = NULL;
  if (has_lists(d, routing)) return step_experts(d, step, routing, stream->v, grouped->v, err);
  return X(table_step)(&d->table, step, &A->coef, p->P, stream->v, grouped->v, d->G, err);
}

static int dense_backward_and_step(X(matrix) *A, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, int accumulate,
                                   X(field) *zeta, mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  const X(routing) *lists = has_lists(d, routing) ? routing : NULL;
  double s = A->coef.tau / (double)A->rows;
  int few = lists || q->P < X(many_tokens)(); /* else steps are left to BLAS */
  int together = few && X(table_is_plain)(step) && !d->away && A->coef.learn != 0 && !in_pieces(d, lists, q->P);
  if (!together) {
    int status = dense_backward(A, q, routing, accumulate, zeta, err);
    return status ? status : dense_step(A, step, p, q, routing, err);
  }
  if (d->rows_grouped) expand_and_step(d, step, lists, s, q->P, q->v, accumulate, zeta->v, p->v);
  else contract_and_step(d, step, lists, s, q->P, q->v, zeta->v, p->v);
  return MDM_OK;
}

static int dense_remember(X(matrix) *A, mdm_error *err) {
  X(dense) *d = (X(dense) *)A;
  if (!d->drawn) d->drawn = mdm_alloc(mdm_rows(d->N), d->G, 1, sizeof *d->drawn);
  if (!d->drawn)
    return mdm_no_memory(err, "the initial %s (%zu × %zu); set output.parts: false", mdm_tensor_name(A->tensor), d->N, d->G);
  memcpy(d->drawn, d->A, mdm_rows(d->N) * d->G * sizeof *d->A);
  return MDM_OK;
}

static int dense_initial(X(matrix) *A, int backward, const X(field) *f, X(field) *out, mdm_error *err) {
  X(dense) drawn = *(X(dense) *)A;
  if (!drawn.drawn) return mdm_fail(err, MDM_ERR_INTERNAL, "the initial %s was not remembered", mdm_tensor_name(A->tensor));
  double s = backward ? A->coef.tau / (double)A->rows : 1.0 / (double)A->cols;
  drawn.A = drawn.drawn;
  if (drawn.rows_grouped != backward) return contract(&drawn, NULL, s, f->P, f->v, out->v, err);
  return expand(&drawn, NULL, s, f->P, f->v, 0, out->v);
}

static const X(matrix_ops) dense_ops = {dense_forward, dense_backward, dense_step, dense_backward_and_step, dense_remember, dense_initial};

/* ---------------------------------------------------------------- life and death */

X(dense) *X(dense_create)(mdm_tensor t, const mdm_coefficients *coef, size_t N, size_t G, int rows_grouped) {
  X(dense) *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->base = (X(matrix)){&dense_ops, t, rows_grouped ? G : N, rows_grouped ? N : G, *coef};
  d->rows_grouped = rows_grouped;
  d->N = N;
  d->G = G;
  d->A = mdm_alloc(mdm_rows(N), G, 1, sizeof *d->A);
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
  free(d);
}

/* A as it was drawn is walked only where the first forward pass changed it (keep_away): a network draws it again. */
void X(dense_walk)(X(dense) *d, mdm_state *s) {
  int away = d->away != NULL;
  mdm_state_rows(s, "weights", d->A, d->N, d->G, sizeof(real));
  X(table_walk)(&d->table, s);
  mdm_state_flag(s, "away", &away);
  if (!away) d->away = NULL;
  if (d->sampled) mdm_state_kept_rows(s, "drawn", (void **)&d->drawn, d->N, d->G, sizeof(real));
}
