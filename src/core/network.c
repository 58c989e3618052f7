/* The finite realization: dense matrices, a network.
 *
 * Every matrix joins the stream (N neurons) with a population grouped by expert (M experts, or M·N_e expert neurons). It is
 * stored as N × G, the stream contiguous, so that an expert's block is one contiguous piece. Q and W1 map stream → experts
 * (rows are the grouped side), W2 maps back. Three products carry everything:
 *   contract  Y = s Aᵀ X        expand  X (+)= s A Y        rank update  A −= s X Yᵀ        X: N × P, Y: G × P
 * With soft routing each is one BLAS call over all experts. With top-K each expert works on the tokens that it serves,
 * gathered; experts without tokens are not touched. Where experts are so narrow that gathering costs more than it saves,
 * the dense call is used (docs/engineering.md has the measurement).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "random.h"
#include "thin.h"

/* Experts narrower than this are multiplied densely even under top-K (measured: docs/engineering.md). */
#ifndef MDM_GATHER_WIDTH
#define MDM_GATHER_WIDTH 8
#endif

typedef struct {
  X(matrix) base;
  int rows_grouped; /* 1: rows are experts (Q, W1); 0: columns are (W2) */
  size_t N, G;      /* stream, grouped side */
  real *A;          /* N × G, natural units */
  real *gathered;   /* N × P_capacity: tokens of one expert, stream side */
  real *block;      /* neurons × P_capacity: tokens of one expert, expert side */
  size_t capacity;
} dense;

/* Thin factors read off the initial weights, to measure responses. */
typedef struct {
  X(thin) factors;
  X(population) rows, cols;
  X(basis) U, Ut;
  dense initial; /* copy of the matrix before training */
} probe;

typedef struct {
  X(realization) base;
  unsigned long seed;
  unsigned run;
  probe *probe[MDM_TENSORS];
} network;

/* ---------------------------------------------------------------- dense products */

static void contract_all(const dense *d, double s, size_t P, const real *Xs, real *Y) {
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, d->G, P, d->N, s, d->A, d->N, Xs, d->N, 0, Y, d->G);
}

static void expand_all(const dense *d, double s, size_t P, const real *Y, int accumulate, real *Xs) {
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, d->N, P, d->G, s, d->A, d->N, Y, d->G, accumulate, Xs, d->N);
}

static void rank_update_all(dense *d, double s, size_t P, const real *Xs, const real *Y) {
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, d->N, d->G, P, -s, Xs, d->N, Y, d->G, 1, d->A, d->N);
}

/* ---------------------------------------------------------------- gathered products */

static int gathers(const dense *d, const X(routing) *r) {
  return r && r->neurons >= MDM_GATHER_WIDTH && d->G == r->experts * r->neurons;
}

static int reserve(dense *d, size_t P, size_t neurons, mdm_error *err) {
  if (P <= d->capacity) return MDM_OK;
  free(d->gathered);
  free(d->block);
  d->gathered = mdm_alloc(d->N, P, 1, sizeof(real));
  d->block = mdm_alloc(neurons, P, 1, sizeof(real));
  d->capacity = d->gathered && d->block ? P : 0;
  return d->capacity ? MDM_OK : mdm_fail(err, MDM_ERR_MEMORY, "out of memory for the tokens of one expert (%zu × %zu)", d->N, P);
}

/* Tokens of expert m, in order; columns of length n from `from` (leading dimension ld) packed into `to`. */
static size_t gather(const X(routing) *r, size_t m, size_t n, size_t ld, const real *from, real *to) {
  size_t count = 0;
  for (size_t t = 0; t < r->P; t++)
    if (r->active[m + r->experts * t]) memcpy(to + n * count++, from + ld * t, n * sizeof *to);
  return count;
}

static void contract_gathered(dense *d, const X(routing) *r, double s, const real *Xs, real *Y) {
  size_t J = r->neurons;
  for (size_t m = 0; m < r->experts; m++) {
    size_t n = gather(r, m, d->N, d->N, Xs, d->gathered);
    if (!n) continue;
    BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, J, n, d->N, s, d->A + d->N * J * m, d->N, d->gathered, d->N, 0, d->block, J);
    for (size_t t = 0, c = 0; t < r->P; t++)
      if (r->active[m + r->experts * t]) memcpy(Y + d->G * t + J * m, d->block + J * c++, J * sizeof *Y);
  }
}

static void expand_gathered(dense *d, const X(routing) *r, double s, const real *Y, int accumulate, real *Xs) {
  size_t J = r->neurons;
  if (!accumulate) memset(Xs, 0, d->N * r->P * sizeof *Xs);
  for (size_t m = 0; m < r->experts; m++) {
    size_t n = gather(r, m, J, d->G, Y + J * m, d->block);
    if (!n) continue;
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, d->N, n, J, s, d->A + d->N * J * m, d->N, d->block, J, 0, d->gathered, d->N);
    for (size_t t = 0, c = 0; t < r->P; t++)
      if (r->active[m + r->experts * t]) BLAS(axpy)(d->N, 1, d->gathered + d->N * c++, 1, Xs + d->N * t, 1);
  }
}

static void rank_update_gathered(dense *d, const X(routing) *r, double s, const real *Xs, const real *Y) {
  size_t J = r->neurons;
  for (size_t m = 0; m < r->experts; m++) {
    size_t n = gather(r, m, d->N, d->N, Xs, d->gathered);
    if (!n) continue;
    gather(r, m, J, d->G, Y + J * m, d->block);
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, d->N, J, n, -s, d->gathered, d->N, d->block, J, 1, d->A + d->N * J * m, d->N);
  }
}

/* ---------------------------------------------------------------- the three products, by routing */

static int contract(dense *d, const X(routing) *r, double s, size_t P, const real *Xs, real *Y, mdm_error *err) {
  if (!gathers(d, r)) return contract_all(d, s, P, Xs, Y), MDM_OK;
  int status = reserve(d, P, r->neurons, err);
  if (!status) contract_gathered(d, r, s, Xs, Y);
  return status;
}

static int expand(dense *d, const X(routing) *r, double s, size_t P, const real *Y, int accumulate, real *Xs, mdm_error *err) {
  if (!gathers(d, r)) return expand_all(d, s, P, Y, accumulate, Xs), MDM_OK;
  int status = reserve(d, P, r->neurons, err);
  if (!status) expand_gathered(d, r, s, Y, accumulate, Xs);
  return status;
}

/* ---------------------------------------------------------------- matrix operations */

static int dense_forward(X(matrix) *A, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  dense *d = (dense *)A;
  double s = 1.0 / (double)A->cols;
  return d->rows_grouped ? contract(d, routing, s, p->P, p->v, chi->v, err) : expand(d, routing, s, p->P, p->v, 0, chi->v, err);
}

static int dense_backward(X(matrix) *A, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta,
                          mdm_error *err) {
  dense *d = (dense *)A;
  double s = A->coef.tau / (double)A->rows;
  if (d->rows_grouped) return expand(d, routing, s, q->P, q->v, accumulate, zeta->v, err);
  if (accumulate) return mdm_fail(err, MDM_ERR_INTERNAL, "accumulating into an expert population is not supported");
  return contract(d, routing, s, q->P, q->v, zeta->v, err);
}

static int dense_descend(X(matrix) *A, double rate, const X(field) *p, const X(field) *q, const X(routing) *routing,
                         mdm_error *err) {
  dense *d = (dense *)A;
  const X(field) *stream = d->rows_grouped ? p : q, *grouped = d->rows_grouped ? q : p;
  double s = rate * A->coef.learn;
  if (!gathers(d, routing)) return rank_update_all(d, s, p->P, stream->v, grouped->v), MDM_OK;
  int status = reserve(d, p->P, routing->neurons, err);
  if (!status) rank_update_gathered(d, routing, s, stream->v, grouped->v);
  return status;
}

static const X(matrix_ops) dense_ops = {dense_forward, dense_backward, dense_descend};

/* ---------------------------------------------------------------- the response probe */

/* out (n × P) −= s · left (n × k) · [rightᵀ in / m], right and in: m × … */
static int subtract(size_t n, size_t m, size_t k, size_t P, double s, const real *left, const real *right, const real *in,
                    real *out, mdm_error *err) {
  if (!k) return MDM_OK;
  real *c = mdm_alloc(k, P, 1, sizeof *c); /* k × P */
  if (!c) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for responses");
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, k, P, m, 1.0 / (double)m, right, m, in, m, 0, c, k);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, P, k, -s, left, n, c, k, 1, out, n);
  free(c);
  return MDM_OK;
}

/* Ω for new directions of U: what A makes of them, less the part that Ũ and K already hold. */
static int probe_rows(X(thin) *A, size_t k, size_t count, real *out, mdm_error *err) {
  dense *d = A->source;
  X(field) p = {A->base.cols, count, A->U->U + A->base.cols * k, 0}, chi = {A->base.rows, count, out, 0};
  int status = d->base.ops->forward(&d->base, &p, NULL, &chi, err);
  return status ? status : subtract(A->base.rows, A->base.cols, A->l, count, 1 / A->base.coef.tau, A->Ut->U, A->K, p.v, out, err);
}

/* K for new directions of Ũ: what Aᵀ makes of them, less the part that U and Ω already hold. */
static int probe_cols(X(thin) *A, size_t l, size_t count, real *out, mdm_error *err) {
  dense *d = A->source;
  X(field) q = {A->base.rows, count, A->Ut->U + A->base.rows * l, 0}, zeta = {A->base.cols, count, out, 0};
  int status = d->base.ops->backward(&d->base, &q, NULL, 0, &zeta, err);
  return status ? status : subtract(A->base.cols, A->base.rows, A->k, count, A->base.coef.tau, A->U->U, A->Omega, q.v, out, err);
}

static int probe_create(network *net, mdm_tensor t, double tolerance, mdm_error *err) {
  const dense *d = (const dense *)net->base.matrix[t];
  probe *p = net->probe[t] = calloc(1, sizeof *p);
  if (!p) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for responses");
  int status = X(population_init)(&p->rows, "row", d->base.rows, err);
  if (!status) status = X(population_init)(&p->cols, "column", d->base.cols, err);
  if (status) return status;
  p->rows.exact = p->cols.exact = 1;
  p->initial = *d;
  p->initial.gathered = p->initial.block = NULL;
  p->initial.A = mdm_alloc(d->N, d->G, 1, sizeof *d->A);
  if (!p->initial.A) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for responses");
  memcpy(p->initial.A, d->A, d->N * d->G * sizeof *d->A);
  X(basis_init)(&p->U, &p->cols, tolerance);
  X(basis_init)(&p->Ut, &p->rows, tolerance);
  X(thin_init)(&p->factors, t, &d->base.coef, &p->rows, &p->cols, &p->U, &p->Ut, (mdm_stream){0});
  p->factors.draw_rows = probe_rows;
  p->factors.draw_cols = probe_cols;
  p->factors.source = &p->initial;
  return MDM_OK;
}

static int network_factors(X(realization) *R, mdm_tensor t, double tolerance, X(thin) **out, mdm_error *err) {
  network *net = (network *)R;
  const mdm_coefficients *c = &R->coef[t];
  *out = NULL;
  if (c->Vf == 0 || c->Vb == 0) return MDM_OK;
  int status = net->probe[t] ? MDM_OK : probe_create(net, t, tolerance, err);
  if (!status) *out = &net->probe[t]->factors;
  return status;
}

/* ---------------------------------------------------------------- the network */

static int network_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  network *net = (network *)R;
  double *draw = mdm_alloc(R->stream, 1, 1, sizeof *draw); /* stream */
  if (!draw) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %zu initial weights", R->stream);
  mdm_stream key = {net->seed, net->run, MDM_DRAW_DENSE + MDM_W_IN};
  for (size_t c = 0; c < n; c++) {
    mdm_normals(key, c, R->stream, draw);
    for (size_t i = 0; i < R->stream; i++) out[i + R->stream * c] = (real)draw[i];
  }
  free(draw);
  return MDM_OK;
}

static void network_diagnostics(const X(realization) *R, const char *const **names, const double **values, size_t *n) {
  (void)R;
  *names = NULL;
  *values = NULL;
  *n = 0;
}

static void dense_free(dense *d) {
  if (!d) return;
  free(d->A);
  free(d->gathered);
  free(d->block);
  free(d);
}

static void probe_free(probe *p) {
  if (!p) return;
  X(thin_clear)(&p->factors);
  X(basis_clear)(&p->U);
  X(basis_clear)(&p->Ut);
  X(population_clear)(&p->rows);
  X(population_clear)(&p->cols);
  free(p->initial.A);
  free(p);
}

static void network_free(X(realization) *R) {
  if (!R) return;
  for (int t = 0; t < MDM_TENSORS; t++) {
    dense_free((dense *)R->matrix[t]);
    probe_free(((network *)R)->probe[t]);
  }
  free(R);
}

/* Independent normal entries of variance V_f · cols. */
static int dense_draw(dense *d, mdm_stream key) {
  double *draw = mdm_alloc(d->N, 1, 1, sizeof *draw); /* N */
  if (!draw) return -1;
  double scale = sqrt(d->base.coef.Vf * (double)d->base.cols);
  for (size_t g = 0; g < d->G; g++) {
    mdm_normals(key, g, d->N, draw);
    for (size_t i = 0; i < d->N; i++) d->A[i + d->N * g] = (real)(scale * draw[i]);
  }
  free(draw);
  return 0;
}

static int dense_create(network *net, mdm_tensor t, size_t G, int rows_grouped, mdm_error *err) {
  size_t N = net->base.stream;
  dense *d = calloc(1, sizeof *d);
  net->base.matrix[t] = (X(matrix) *)d;
  if (d) {
    d->base = (X(matrix)){&dense_ops, t, rows_grouped ? G : N, rows_grouped ? N : G, net->base.coef[t]};
    d->rows_grouped = rows_grouped;
    d->N = N;
    d->G = G;
    d->A = mdm_alloc(N, G, 1, sizeof *d->A);
  }
  mdm_stream key = {net->seed, net->run, MDM_DRAW_DENSE + t};
  if (!d || !d->A || dense_draw(d, key))
    return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %s (%zu × %zu); lower simulate.widths", mdm_tensor_name(t), G, N);
  return MDM_OK;
}

static void network_raw(const X(realization) *R, mdm_tensor t, double *out) {
  const dense *d = (const dense *)R->matrix[t];
  size_t N = d->N, G = d->G, J = t == MDM_W2 ? R->neurons : 1;
  for (size_t g = 0; g < G; g++) /* W2 of one expert is N × N_e in the file; Q and W1 keep the stream last */
    for (size_t i = 0; i < N; i++) {
      size_t to = t == MDM_W2 ? (g / J * N + i) * J + g % J : g * N + i;
      out[to] = (double)d->A[i + N * g] / d->base.coef.raw;
    }
}

int X(network_create)(size_t N, size_t M, size_t Ne, const mdm_coefficients coef[MDM_TENSORS], double neuron_weight,
                      unsigned long seed, unsigned run, X(realization) **out, mdm_error *err) {
  *out = NULL;
  network *net = calloc(1, sizeof *net);
  if (!net) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  X(realization) *R = &net->base;
  R->stream = N;
  R->experts = M;
  R->neurons = Ne;
  R->neuron_weight = neuron_weight;
  memcpy(R->coef, coef, sizeof R->coef);
  R->particles = network_particles;
  R->diagnostics = network_diagnostics;
  R->factors = network_factors;
  R->raw = network_raw;
  R->free = network_free;
  net->seed = seed;
  net->run = run;
  int status = dense_create(net, MDM_Q, M, 1, err);
  if (!status) status = dense_create(net, MDM_W1, M * Ne, 1, err);
  if (!status) status = dense_create(net, MDM_W2, M * Ne, 0, err);
  if (status) return network_free(R), status;
  *out = R;
  return MDM_OK;
}
