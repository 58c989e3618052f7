/* The limit realization: populations of sample particles joined by thin-factor matrices.
 *
 * Which field drives which matrix, and on which population it lives:
 *   Q   experts ← stream      forward input h, backward input ρ
 *   W1  neurons ← stream      forward input h, backward input γ       (Q and W1 share the directions of h)
 *   W2  stream  ← neurons     forward input y, backward input δ
 * Neurons are those of every sample expert. Where experts start tied (MSSP in Regime III), Gaussian columns live on the
 * neurons that experts share. Under entrywise optimizers thin factors hold the initial part of these matrices, and pairs.c the
 * learned one. Where the number of experts stays finite (Regime I), the router's rows are carried by the
 * stream particles: a dense matrix.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "realization/limit.h"
#include "realization/dense.h"
#include "realization/pairs.h"

enum { BASIS_H, BASIS_RHO, BASIS_GAMMA, BASIS_Y, BASIS_DELTA, BASES };
enum { POP_STREAM, POP_EXPERT, POP_NEURON, POP_SHARED, POPULATIONS };
enum { DIAGNOSTICS = BASES + POPULATIONS, PAIR_DIAGNOSTICS = 6 };

typedef struct {
  X(realization) base;
  X(population) pop[POPULATIONS];
  X(basis) basis[BASES];
  X(thin) thin[MDM_TENSORS]; /* W1, W2, and Q where experts are a population */
  X(pairs) pairs[MDM_TENSORS]; /* the same matrices under an entrywise optimizer: thin is their initial part */
  X(dense) *router;          /* Q where experts are counted */
  mdm_stream key;
  struct {
    size_t basis[BASES], pop[POPULATIONS], side[MDM_TENSORS][2]; /* directions, columns */
  } mark;
  int has_pairs;
  double values[DIAGNOSTICS + PAIR_DIAGNOSTICS];
} limit;

/* The learned part is kept on the side whose counterpart has few directions: of h for Q and W1, of δ for W2. */
static const struct {
  mdm_tensor tensor;
  int rows, cols, row_basis, col_basis;
  mdm_side learns;
} matrices[] = {
    {MDM_Q, POP_EXPERT, POP_STREAM, BASIS_RHO, BASIS_H, MDM_ROWS},
    {MDM_W1, POP_NEURON, POP_STREAM, BASIS_GAMMA, BASIS_H, MDM_ROWS},
    {MDM_W2, POP_STREAM, POP_NEURON, BASIS_DELTA, BASIS_Y, MDM_COLS},
};

int X(draw_particles)(X(population) *stream, mdm_stream key, X(dense) *q, size_t n, real *out, mdm_error *err) {
  key.purpose = MDM_DRAW_PARTICLES;
  int status = X(population_fresh)(stream, key, 0, n, out, err);
  if (status || !q || q->base.coef.entry == 0) return status;
  status = X(population_fresh)(stream, key, n, q->G, q->A, err);
  BLAS(scal)(q->N * q->G, (real)q->base.coef.entry, q->A, 1);
  return status;
}

int X(draw_biases)(X(population) *experts, mdm_stream key, size_t n, real *out, mdm_error *err) {
  key.purpose = MDM_DRAW_BIAS;
  if (experts) return X(population_fresh)(experts, key, 0, 1, out, err);
  return X(normals)((mdm_stream){key.seed, 0, MDM_DRAW_BIAS, 0}, 0, n, out, err);
}

static int limit_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  limit *L = (limit *)R;
  return X(draw_particles)(&L->pop[POP_STREAM], L->key, L->router, n, out, err);
}

static int limit_biases(X(realization) *R, real *out, mdm_error *err) {
  limit *L = (limit *)R;
  return X(draw_biases)(L->router ? NULL : &L->pop[POP_EXPERT], L->key, R->experts, out, err);
}

static X(gaussian) limit_gaussian(const X(realization) *R, mdm_tensor t, int side) {
  const X(thin) *A = &((const limit *)R)->thin[t];
  const X(thin_side) *own = &A->side[side];
  const X(basis) *b = A->side[!side].basis;
  return (X(gaussian)){own->pop->n, own->k, b->k_c, own->gauss, b->c};
}

static void limit_diagnostics(const X(realization) *R, const char *const **names, const double **values, size_t *n) {
  static const char *const labels[DIAGNOSTICS + PAIR_DIAGNOSTICS] = {
      "rank_h", "rank_rho", "rank_gamma", "rank_y", "rank_delta",
      "particles_stream", "particles_expert", "particles_neuron", "particles_shared",
      "skeleton_error_Q_forward", "skeleton_error_Q_backward", "skeleton_error_W1_forward", "skeleton_error_W1_backward",
      "skeleton_error_W2_forward", "skeleton_error_W2_backward"};
  limit *L = (limit *)R;
  for (int b = 0; b < BASES; b++) L->values[b] = (double)L->basis[b].k;
  for (int p = 0; p < POPULATIONS; p++) L->values[BASES + p] = (double)L->pop[p].n;
  L->values[BASES + POP_NEURON] = (double)(R->experts * R->neurons);
  for (int i = 0; i < PAIR_DIAGNOSTICS; i++) L->values[DIAGNOSTICS + i] = L->pairs[MDM_Q + i / 2].error[i % 2];
  *names = labels;
  *values = L->values;
  *n = DIAGNOSTICS + (L->has_pairs ? PAIR_DIAGNOSTICS : 0);
}

/* Columns are appended, so a state is its numbers of columns. Coordinates that a basis keeps belong to a field, which is
 * rewritten before they are asked for again. */
static void limit_mark(X(realization) *R) {
  limit *L = (limit *)R;
  for (int b = 0; b < BASES; b++) L->mark.basis[b] = L->basis[b].k;
  for (int p = 0; p < POPULATIONS; p++) L->mark.pop[p] = L->pop[p].k;
  for (int t = 0; t < MDM_TENSORS; t++)
    for (int s = 0; s < 2; s++) L->mark.side[t][s] = L->thin[t].side[s].k;
}

static void limit_rewind(X(realization) *R) {
  limit *L = (limit *)R;
  for (int b = 0; b < BASES; b++) L->basis[b].k = L->mark.basis[b];
  for (int p = 0; p < POPULATIONS; p++) L->pop[p].k = L->mark.pop[p];
  for (int t = 0; t < MDM_TENSORS; t++)
    for (int s = 0; s < 2; s++) L->thin[t].side[s].k = L->mark.side[t][s];
}

static int limit_factors(X(realization) *R, mdm_tensor t, double tolerance, X(thin) **out, mdm_error *err) {
  (void)tolerance, (void)err;
  X(thin) *A = &((limit *)R)->thin[t];
  int exists = A->base.ops != NULL;
  *out = exists && A->base.coef.Vf > 0 && A->base.coef.Vb > 0 ? A : NULL;
  return MDM_OK;
}

static void limit_free(X(realization) *R) {
  limit *L = (limit *)R;
  if (!L) return;
  for (int t = 0; t < MDM_TENSORS; t++) {
    X(pairs_clear)(&L->pairs[t]);
    X(thin_clear)(&L->thin[t]);
  }
  for (int b = 0; b < BASES; b++) X(basis_clear)(&L->basis[b]);
  for (int p = 0; p < POPULATIONS; p++) X(population_clear)(&L->pop[p]);
  X(dense_free)(L->router);
  free(L);
}

static int add_populations(limit *L, int tied, mdm_error *err) {
  const X(realization) *R = &L->base;
  int status = X(population_init)(&L->pop[POP_STREAM], "stream", R->stream, err);
  if (!status && !L->router) status = X(population_init)(&L->pop[POP_EXPERT], "expert", R->experts, err);
  if (!status && !tied) status = X(population_init)(&L->pop[POP_NEURON], "neuron", R->experts * R->neurons, err);
  if (!status && tied) status = X(population_init)(&L->pop[POP_SHARED], "shared neuron", R->neurons, err);
  return status;
}

static X(thin_place) place(limit *L, int population, int basis, int tied) {
  const X(realization) *R = &L->base;
  size_t n = population == POP_STREAM ? R->stream : population == POP_EXPERT ? R->experts : R->experts * R->neurons;
  X(population) *pop = &L->pop[population == POP_NEURON && tied ? POP_SHARED : population];
  if (!L->basis[basis].pop) X(basis_init)(&L->basis[basis], pop, L->basis[basis].tolerance);
  return (X(thin_place)){n, pop, &L->basis[basis]};
}

static int add_matrices(limit *L, int tied, const mdm_pair_scheme *pairs, mdm_error *err) {
  X(realization) *R = &L->base;
  int status = MDM_OK;
  for (size_t i = 0; i < sizeof matrices / sizeof *matrices && !status; i++) {
    mdm_tensor t = matrices[i].tensor;
    if (t == MDM_Q && L->router) {
      R->matrix[t] = &L->router->base;
      continue;
    }
    X(thin_init)(&L->thin[t], t, &R->coef[t], place(L, matrices[i].rows, matrices[i].row_basis, tied),
                 place(L, matrices[i].cols, matrices[i].col_basis, tied), pairs ? MDM_NEITHER : matrices[i].learns, L->key);
    R->matrix[t] = &L->thin[t].base;
    if (!pairs) continue;
    status = X(pairs_init)(&L->pairs[t], &L->thin[t], pairs, err);
    R->matrix[t] = &L->pairs[t].base;
  }
  return status;
}

int X(limit_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], double tolerance, const mdm_pair_scheme *pairs,
                    unsigned long seed, unsigned run, X(realization) **out, mdm_error *err) {
  *out = NULL;
  limit *L = calloc(1, sizeof *L);
  if (!L) return mdm_no_memory(err, "the limit");
  X(realization) *R = &L->base;
  X(realization_sizes)(R, shape, coef);
  R->particles = limit_particles;
  R->biases = limit_biases;
  R->diagnostics = limit_diagnostics;
  R->factors = limit_factors;
  R->gaussian = limit_gaussian;
  R->mark = limit_mark;
  R->rewind = limit_rewind;
  R->free = limit_free;
  L->has_pairs = pairs != NULL;
  L->key = (mdm_stream){.seed = seed, .run = run};
  int tied = coef[MDM_W1].tied || coef[MDM_W2].tied, status = MDM_OK;
  for (int b = 0; b < BASES; b++) L->basis[b].tolerance = tolerance;
  if (shape->experts_counted) {
    L->router = X(dense_create)(MDM_Q, &coef[MDM_Q], R->stream, R->experts, 1);
    if (!L->router) status = mdm_no_memory(err, "the router (%zu × %zu)", R->experts, R->stream);
  }
  if (!status) status = add_populations(L, tied, err);
  if (!status) status = add_matrices(L, tied, pairs, err);
  if (status) return limit_free(R), status;
  *out = R;
  return MDM_OK;
}
