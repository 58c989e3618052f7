/* The finite realization: a network of dense matrices (dense.c), and the probe that reads thin factors off its initial
 * weights to measure responses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "realization/dense.h"
#include "realization/thin.h"

typedef struct {
  X(thin) factors;
  X(population) rows, cols;
  X(basis) U, Ut;
  X(dense) *initial; /* the matrix before training; of tied experts, the one block that they share */
} probe;

typedef struct {
  X(realization) base;
  unsigned long seed;
  unsigned run;
  int counted; /* experts are the same in every run */
  probe *(*probe)[MDM_TENSORS]; /* blocks */
} network;

/* ---------------------------------------------------------------- the response probe */

/* Gaussian columns of one side for new directions of the other: what the initial matrix makes of them, less the part
 * that the factors already hold. */
static int probe_draw(X(thin) *A, mdm_side side, size_t k, size_t count, real *out, mdm_error *err) {
  X(dense) *d = A->source;
  const X(thin_side) *own = &A->side[side], *other = &A->side[!side];
  size_t n = own->pop->n, m = other->pop->n, known = other->k;
  double tau = A->base.coef.tau, factor = side == MDM_ROWS ? 1 / tau : tau;
  X(field) in = {.n = m, .P = count, .v = other->basis->U + m * k}, result = {.n = n, .P = count, .v = out};
  int status = side == MDM_ROWS ? d->base.ops->forward(&d->base, &in, NULL, &result, err)
                                : d->base.ops->backward(&d->base, &in, NULL, 0, &result, err);
  if (status || !known) return status;
  real *c = mdm_alloc(known, count, 1, sizeof *c); /* known × count */
  if (!c) return mdm_no_memory(err, "responses");
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, known, count, m, 1.0 / (double)m, other->gauss, m, in.v, m, 0, c, known);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, count, known, -factor, own->basis->U, n, c, known, 1, out, n);
  free(c);
  return MDM_OK;
}

static int probe_create(network *net, size_t block, mdm_tensor t, double tolerance, mdm_error *err) {
  const X(dense) *d = (const X(dense) *)net->base.matrix[block][t];
  size_t shared = d->base.coef.tied ? net->base.neurons : d->G; /* grouped particles that own a Gaussian column */
  size_t rows = d->rows_grouped ? shared : d->N, cols = d->rows_grouped ? d->N : shared;
  probe *p = net->probe[block][t] = calloc(1, sizeof *p);
  if (!p) return mdm_no_memory(err, "responses");
  int status = X(population_init)(&p->rows, "row", rows, err);
  if (!status) status = X(population_init)(&p->cols, "column", cols, err);
  if (status) return status;
  p->rows.exact = p->cols.exact = 1;
  p->initial = X(dense_create)(t, &d->base.coef, d->N, shared, d->rows_grouped);
  if (!p->initial) return mdm_no_memory(err, "responses");
  memcpy(p->initial->A, d->A, d->N * shared * sizeof *d->A);
  X(basis_init)(&p->U, &p->cols, 0, tolerance);
  X(basis_init)(&p->Ut, &p->rows, 0, tolerance);
  X(thin_init)(&p->factors, t, &d->base.coef, (X(thin_place)){d->base.rows, &p->rows, &p->Ut},
               (X(thin_place)){d->base.cols, &p->cols, &p->U}, MDM_ROWS, (mdm_stream){0});
  p->factors.draw = probe_draw;
  p->factors.source = p->initial;
  return MDM_OK;
}

static void probe_free(probe *p) {
  if (!p) return;
  X(thin_clear)(&p->factors);
  X(basis_clear)(&p->U);
  X(basis_clear)(&p->Ut);
  X(population_clear)(&p->rows);
  X(population_clear)(&p->cols);
  X(dense_free)(p->initial);
  free(p);
}

static int network_factors(X(realization) *R, size_t block, mdm_tensor t, double tolerance, X(thin) **out, mdm_error *err) {
  network *net = (network *)R;
  const mdm_coefficients *c = &R->block[block].coef[t];
  *out = NULL;
  if (!R->matrix[block][t] || c->Vf == 0 || c->Vb == 0) return MDM_OK;
  int status = net->probe[block][t] ? MDM_OK : probe_create(net, block, t, tolerance, err);
  if (!status) *out = &net->probe[block][t]->factors;
  return status;
}

/* ---------------------------------------------------------------- the network */

static int network_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  const network *net = (network *)R;
  (void)err;
  mdm_stream key = {net->seed, net->run, MDM_DRAW_DENSE + MDM_W_IN, R->stream, 0};
  X(normal_columns)(key, 0, R->stream, n, out);
  return MDM_OK;
}

static int network_biases(X(realization) *R, size_t block, uint64_t seed, real *out, mdm_error *err) {
  const network *net = (network *)R;
  mdm_stream key = {net->counted ? seed : net->seed, net->counted ? 0 : net->run, MDM_DRAW_BIAS, net->counted ? 0 : R->stream, block};
  (void)err;
  X(normals)(key, 0, R->experts, out);
  return MDM_OK;
}

static void network_diagnostics(const X(realization) *R, const char *const **names, const double **values, size_t *n) {
  (void)R;
  *names = NULL;
  *values = NULL;
  *n = 0;
}

static void network_free(X(realization) *R) {
  if (!R) return;
  network *net = (network *)R;
  for (size_t l = 0; l < R->blocks; l++)
    for (int t = 0; t < MDM_TENSORS; t++) {
      if (R->matrix) X(dense_free)((X(dense) *)R->matrix[l][t]);
      if (net->probe) probe_free(net->probe[l][t]);
    }
  free(R->matrix);
  free(R->block);
  free(net->probe);
  free(R);
}

/* Independent normal entries; tied experts repeat the first one's. */
static void draw_entries(const network *net, size_t block, X(dense) *d) {
  mdm_stream key = {net->seed, net->run, MDM_DRAW_DENSE + d->base.tensor, net->base.stream, block};
  size_t distinct = d->base.coef.tied ? net->base.neurons : d->G;
  X(normal_columns)(key, 0, d->N, distinct, d->A);
  X(scale)(d->N * distinct, (real)d->base.coef.entry, d->A);
  for (size_t g = distinct; g < d->G; g++) memcpy(d->A + d->N * g, d->A + d->N * (g - distinct), d->N * sizeof *d->A);
}

static int add_matrix(network *net, size_t block, mdm_tensor t, size_t G, int rows_grouped, mdm_error *err) {
  X(dense) *d = X(dense_create)(t, &net->base.block[block].coef[t], net->base.stream, G, rows_grouped);
  net->base.matrix[block][t] = (X(matrix) *)d;
  if (!d) return mdm_no_memory(err, "%s (%zu × %zu); lower simulate.widths", mdm_tensor_name(t), G, net->base.stream);
  draw_entries(net, block, d);
  return MDM_OK;
}

static void network_raw(const X(realization) *R, size_t block, mdm_tensor t, double *out) {
  const X(dense) *d = (const X(dense) *)R->matrix[block][t];
  size_t N = d->N, G = d->G, J = t == MDM_W2 ? G / R->block[block].units : 1;
  for (size_t g = 0; g < G; g++) /* W2 of one expert is N × N_e in the file; Q and W1 keep the stream last */
    for (size_t i = 0; i < N; i++) {
      size_t to = t == MDM_W2 ? (g / J * N + i) * J + g % J : g * N + i;
      out[to] = (double)d->A[i + N * g] / d->base.coef.raw;
    }
}

static void network_walk(X(realization) *R, mdm_state *s) {
  network *net = (network *)R;
  for (size_t l = 0; l < R->blocks; l++)
    for (int t = MDM_Q; t <= MDM_W2; t++) {
      probe *p = net->probe[l][t];
      if (R->matrix[l][t]) X(dense_walk)((X(dense) *)R->matrix[l][t], s);
      if (!p) continue; /* its populations are exact: they remember nothing */
      X(basis_walk)(&p->U, s);
      X(basis_walk)(&p->Ut, s);
      X(thin_walk)(&p->factors, s);
    }
}

int X(network_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], unsigned long seed, unsigned run,
                      X(realization) **out, mdm_error *err) {
  *out = NULL;
  network *net = calloc(1, sizeof *net);
  if (!net) return mdm_no_memory(err, "a network");
  X(realization) *R = &net->base;
  R->particles = network_particles;
  R->biases = network_biases;
  R->diagnostics = network_diagnostics;
  R->factors = network_factors;
  R->raw = network_raw;
  R->walk = network_walk;
  R->free = network_free;
  net->seed = seed;
  net->run = run;
  net->counted = shape->experts_counted;
  int status = X(realization_sizes)(R, shape, coef, err);
  if (!status && !(net->probe = calloc(R->blocks, sizeof *net->probe))) status = mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  for (size_t l = 0; l < R->blocks && !status; l++) {
    const X(block_sizes) *b = &R->block[l];
    if (b->kind == MDM_BLOCK_MOE) status = add_matrix(net, l, MDM_Q, b->units, 1, err);
    if (!status) status = add_matrix(net, l, MDM_W1, b->rows, 1, err);
    if (!status) status = add_matrix(net, l, MDM_W2, b->columns, 0, err);
  }
  if (status) return network_free(R), status;
  *out = R;
  return MDM_OK;
}
