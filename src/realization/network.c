/* The finite realization: a network of dense matrices (dense.c), and the probe that reads thin factors off its initial
 * weights to measure responses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "realization/dense.h"
#include "realization/matched.h"
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
  /* Where its draws begin in those of the network that it is a part of, and their sizes there (its own: it is no part). */
  size_t whole, all_neurons, first, first_expert, first_neuron, first_head;
  uint32_t purpose; /* added to those of its draws */
  real *particles;  /* stream × (inputs + outputs): matched draws of W_in and readout; NULL: they are drawn when asked for */
  real *matched;    /* stream × directions: of them, those that matrices are matched with */
  size_t directions;
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

/* Key of draws that belong to the stream of this network, or of the one that it is a part of. */
static mdm_stream key_of(const network *net, uint32_t purpose, size_t block) {
  return (mdm_stream){net->seed, net->run, purpose + net->purpose, net->whole, block, 0};
}

/* Its rows of `count` columns from `first` on, into out (stream × count). */
static int draw_columns(const network *net, mdm_stream key, size_t first, size_t count, real *out, mdm_error *err) {
  size_t n = net->base.stream;
  if (net->whole == n) return X(normal_columns)(key, first, n, count, out), MDM_OK;
  real *column = mdm_alloc(net->whole, count, 1, sizeof *column); /* whole × count */
  if (!column) return mdm_no_memory(err, "the draws of a network");
  X(normal_columns)(key, first, net->whole, count, column);
  for (size_t c = 0; c < count; c++) memcpy(out + n * c, column + net->whole * c + net->first, n * sizeof *out);
  free(column);
  return MDM_OK;
}

static int network_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  const network *net = (network *)R;
  if (net->particles) return memcpy(out, net->particles, R->stream * n * sizeof *out), MDM_OK;
  return draw_columns(net, key_of(net, MDM_DRAW_DENSE + MDM_W_IN, 0), 0, n, out, err);
}

static int network_biases(X(realization) *R, size_t block, uint64_t seed, real *out, mdm_error *err) {
  const network *net = (network *)R;
  mdm_stream key = net->counted ? (mdm_stream){seed, 0, MDM_DRAW_BIAS, 0, block, 0} : key_of(net, MDM_DRAW_BIAS, block);
  size_t all = net->first_expert + R->experts;
  real *draws = mdm_alloc(all, 1, 1, sizeof *draws); /* all: those before its own, too */
  if (!draws) return mdm_no_memory(err, "selection biases");
  X(normals)(key, 0, all, draws);
  memcpy(out, draws + net->first_expert, R->experts * sizeof *out);
  free(draws);
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
  free(net->particles);
  free(net->matched);
  free(R);
}

/* Independent normal entries; tied experts repeat the first one's. */
static int draw_entries(const network *net, size_t block, X(dense) *d, mdm_error *err) {
  const mdm_stream key = key_of(net, MDM_DRAW_DENSE + d->base.tensor, block);
  const X(block_sizes) *b = &net->base.block[block];
  int tied = d->base.coef.tied, attends = b->kind == MDM_BLOCK_ATTENTION, whole = attends || d->base.tensor == MDM_Q, status = MDM_OK;
  size_t own = d->G / b->units, all = whole ? own : net->all_neurons, shift = whole ? 0 : net->first_neuron; /* columns of a head, or of an expert */
  size_t distinct = tied ? own : d->G, from = tied ? 0 : attends ? net->first_head : net->first_expert;
  if (net->whole == d->N) status = draw_columns(net, key, 0, distinct, d->A, err);
  else
    for (size_t m = 0; m < distinct / own && !status; m++) status = draw_columns(net, key, (from + m) * all + shift, own, d->A + d->N * own * m, err);
  if (!status && net->matched && d->base.tensor != MDM_W2) status = X(match_columns)(d->N, net->directions, net->matched, distinct, d->A, err);
  if (status) return status;
  X(scale)(d->N * distinct, (real)d->base.coef.entry, d->A);
  for (size_t g = distinct; g < d->G; g++) memcpy(d->A + d->N * g, d->A + d->N * (g - distinct), d->N * sizeof *d->A);
  return MDM_OK;
}

static int add_matrix(network *net, size_t block, mdm_tensor t, size_t G, int rows_grouped, mdm_error *err) {
  X(dense) *d = X(dense_create)(t, &net->base.block[block].coef[t], net->base.stream, G, rows_grouped);
  net->base.matrix[block][t] = (X(matrix) *)d;
  if (!d) return mdm_no_memory(err, "%s (%zu × %zu); lower %s.widths", mdm_tensor_name(t), G, net->base.stream, net->purpose ? "solve" : "simulate");
  return draw_entries(net, block, d, err);
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

/* Which block of the draws are its own. A network of a family is, at least, a part of itself. */
static void place_draws(network *net, const mdm_shape *shape, const X(lineage) *of) {
  const mdm_shape *whole = of ? &of->whole : shape;
  net->whole = whole->stream;
  net->all_neurons = whole->neurons;
  if (!of) return;
  net->purpose = MDM_DRAW_FAMILY;
  net->first = of->part * shape->stream;
  net->first_expert = whole->experts > shape->experts ? of->part * shape->experts : 0;
  net->first_neuron = whole->neurons > shape->neurons ? of->part * shape->neurons : 0;
  net->first_head = whole->heads > shape->heads ? of->part * shape->heads : 0;
}

/* Its W_in and readout, matched, before the matrices that are matched with them. */
static int match(network *net, const X(lineage) *of, mdm_error *err) {
  if (!of || !of->axes->count) return MDM_OK;
  size_t columns = of->inputs + of->outputs, N = net->base.stream, most = mdm_matched_axes(N, of->outputs);
  size_t axes = of->axes->count < most ? of->axes->count : most;
  if (!axes) return MDM_OK;
  net->directions = axes + of->outputs;
  net->particles = mdm_alloc(N, columns, 1, sizeof *net->particles);
  net->matched = mdm_alloc(N, net->directions, 1, sizeof *net->matched);
  if (!net->particles || !net->matched) return mdm_no_memory(err, "the draws of a network");
  int status = draw_columns(net, key_of(net, MDM_DRAW_DENSE + MDM_W_IN, 0), 0, columns, net->particles, err);
  return status ? status : X(match_particles)(N, of->inputs, of->outputs, axes, of->axes->v, net->particles, net->matched, err);
}

int X(network_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], unsigned long seed, unsigned run, const X(lineage) *of,
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
  place_draws(net, shape, of);
  int status = X(realization_sizes)(R, shape, coef, err);
  if (!status && !(net->probe = calloc(R->blocks, sizeof *net->probe))) status = mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  if (!status) status = match(net, of, err);
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
