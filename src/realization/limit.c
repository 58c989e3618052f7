/* The limit realization: populations of sample particles joined by thin-factor matrices.
 *
 * Which field drives which matrix, and on which population it lives:
 *   Q   experts ← stream      forward input n, backward input ρ
 *   W1  neurons ← stream      forward input n, backward input γ       (Q and W1 share the directions of n)
 *   W2  stream  ← neurons     forward input y, backward input r behind the block (δ for one block)
 * Neurons are those of every sample expert. Where experts start tied (MSSP in Regime III), Gaussian columns live on the
 * neurons that experts share. Under entrywise optimizers thin factors hold the initial part of these matrices, and pairs.c the
 * learned one. Where the number of experts stays finite (Regime I), the router's rows are carried by the
 * stream particles: a dense matrix; a logit then feels the mean over one expert's neurons, so that moments are matched expert by expert.
 * Where experts are a population with neurons of their own (Regime III, not tied), they come as twins (realization.h).
 *
 * Attention blocks have no Q. Their W1 has the queries, keys and values of every sample head as rows, their W2 the heads' outputs as columns: two
 * populations, whose Gaussian columns are matched apart.
 *
 * Residual blocks have matrices, experts and neurons of their own and the stream particles in common. Each block remembers what it has put on
 * the stream by itself, beside W_in and v: matching moments across blocks would gain nothing and use up the particles' freedom.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "realization/limit.h"
#include "realization/dense.h"
#include "realization/forget.h"
#include "realization/pairs.h"

enum { BASIS_H = MDM_OF_H, BASIS_RHO = MDM_OF_RHO, BASIS_GAMMA = MDM_OF_GAMMA, BASIS_Y = MDM_OF_Y, BASIS_DELTA = MDM_OF_DELTA, BASES = MDM_VISITORS };
enum { POP_STREAM, POP_EXPERT, POP_NEURON, POP_SHARED, POP_OUTPUT /* of heads */, POPULATIONS, TOLD_POPULATIONS = POP_OUTPUT };
enum { UNMATCHED = BASES + TOLD_POPULATIONS + 1, DIAGNOSTICS = UNMATCHED + TOLD_POPULATIONS, PAIR_DIAGNOSTICS = 6 };

typedef struct {
  X(population) pop[POPULATIONS]; /* POP_STREAM: the common particles, with this block's memory of them */
  X(basis) basis[BASES];
  X(thin) thin[MDM_TENSORS]; /* W1, W2, and Q where experts are a population */
  X(pairs) pairs[MDM_TENSORS]; /* the same matrices under an entrywise optimizer: thin is their initial part */
  X(dense) *router;          /* Q where experts are counted */
  mdm_stream key;
  size_t initial[POPULATIONS]; /* columns that populations remember from before training */
  struct {
    size_t basis[BASES], side[MDM_TENSORS][2]; /* directions, columns */
    double overlap[BASES];                     /* orthogonality that was lost before */
  } mark;
} block;

typedef struct {
  X(realization) base;
  block *block; /* base.blocks */
  int has_pairs;
  double values[DIAGNOSTICS + PAIR_DIAGNOSTICS];
} limit;

/* The learned part is kept on the side whose counterpart has few directions: of h for Q and W1, of δ for W2. */
typedef struct {
  mdm_tensor tensor;
  int rows, cols, row_basis, col_basis;
  mdm_side learns;
} joint;

static const struct {
  size_t count;
  joint matrix[MDM_TENSORS];
} joints[MDM_BLOCK_KINDS] = {
    [MDM_BLOCK_MOE] = {3, {{MDM_Q, POP_EXPERT, POP_STREAM, BASIS_RHO, BASIS_H, MDM_ROWS},
                           {MDM_W1, POP_NEURON, POP_STREAM, BASIS_GAMMA, BASIS_H, MDM_ROWS},
                           {MDM_W2, POP_STREAM, POP_NEURON, BASIS_DELTA, BASIS_Y, MDM_COLS}}},
    [MDM_BLOCK_ATTENTION] = {2, {{MDM_W1, POP_NEURON, POP_STREAM, BASIS_GAMMA, BASIS_H, MDM_ROWS},
                                 {MDM_W2, POP_STREAM, POP_OUTPUT, BASIS_DELTA, BASIS_Y, MDM_COLS}}},
};

int X(draw_particles)(X(population) *stream, mdm_stream key, size_t n, real *out, mdm_error *err) {
  key.purpose = MDM_DRAW_PARTICLES;
  key.block = 0;
  return X(population_fresh)(stream, key, 0, n, out, err);
}

int X(draw_router)(X(population) *stream, mdm_stream key, X(dense) *q, size_t n, mdm_error *err) {
  if (!q || q->base.coef.entry == 0) return MDM_OK;
  key.purpose = MDM_DRAW_PARTICLES;
  int status = X(population_fresh)(stream, key, n, q->G, q->A, err);
  X(scale)(mdm_rows(q->N) * q->G, (real)q->base.coef.entry, q->A);
  return status;
}

int X(draw_biases)(X(population) *experts, mdm_stream key, uint64_t seed, size_t n, real *out, mdm_error *err) {
  key.purpose = MDM_DRAW_BIAS;
  if (experts) { /* twins have one bias */
    int status = X(population_fresh)(experts, key, 0, 1, out, err);
    for (size_t m = n; m-- > 0 && n > experts->n;) out[m] = out[m / 2];
    return status;
  }
  return X(normals)((mdm_stream){seed, 0, MDM_DRAW_BIAS, 0, key.block, 0}, 0, n, out), MDM_OK;
}

static int limit_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  limit *L = (limit *)R;
  int status = X(draw_particles)(&L->block[0].pop[POP_STREAM], L->block[0].key, n, out, err);
  for (size_t l = 1; l < R->blocks && !status; l++) status = X(population_copy)(&L->block[l].pop[POP_STREAM], &L->block[0].pop[POP_STREAM], err);
  for (size_t l = 0; l < R->blocks && !status; l++) {
    status = X(draw_router)(&L->block[l].pop[POP_STREAM], L->block[l].key, L->block[l].router, n, err);
    L->block[l].initial[POP_STREAM] = L->block[l].pop[POP_STREAM].k;
  }
  return status;
}

static int limit_biases(X(realization) *R, size_t l, uint64_t seed, real *out, mdm_error *err) {
  block *b = &((limit *)R)->block[l];
  int status = X(draw_biases)(b->router ? NULL : &b->pop[POP_EXPERT], b->key, seed, R->experts, out, err);
  b->initial[POP_EXPERT] = b->pop[POP_EXPERT].k;
  return status;
}

static X(gaussian) limit_gaussian(const X(realization) *R, size_t l, mdm_tensor t, int side) {
  const X(thin) *A = &((const limit *)R)->block[l].thin[t];
  const X(thin_side) *own = &A->side[side];
  const X(basis) *b = A->side[!side].basis;
  return (X(gaussian)){own->pop->n, own->k, b->k_c, own->gauss, X(basis_driving)(b)};
}

/* Columns of which a population gave up to match the moments, per particle of a group, where they are more than others': heads' outputs count among neurons. */
static void count_unmatched(const X(population) *pop, int which, double values[TOLD_POPULATIONS]) {
  size_t most = pop->unmatched > pop->most_unmatched ? pop->unmatched : pop->most_unmatched;
  double *unmatched = &values[which == POP_OUTPUT ? POP_NEURON : which];
  if (most) *unmatched = fmax(*unmatched, (double)(most * pop->groups) / (double)pop->n);
}

static void limit_diagnostics(const X(realization) *R, const char *const **names, const double **values, size_t *n) {
  static const char *const labels[DIAGNOSTICS + PAIR_DIAGNOSTICS] = {
      "rank_h", "rank_rho", "rank_gamma", "rank_y", "rank_delta",
      "particles_stream", "particles_expert", "particles_neuron", "particles_shared", "orthogonality_loss",
      "unmatched_stream", "unmatched_expert", "unmatched_neuron", "unmatched_shared",
      "skeleton_error_Q_forward", "skeleton_error_Q_backward", "skeleton_error_W1_forward", "skeleton_error_W1_backward",
      "skeleton_error_W2_forward", "skeleton_error_W2_backward"};
  limit *L = (limit *)R;
  memset(L->values, 0, sizeof L->values);
  for (size_t l = 0; l < R->blocks; l++) { /* the largest of all blocks */
    const block *b = &L->block[l];
    for (int k = 0; k < BASES; k++) L->values[k] = fmax(L->values[k], (double)b->basis[k].k);
    for (int k = 0; k < BASES; k++) L->values[BASES + TOLD_POPULATIONS] = fmax(L->values[BASES + TOLD_POPULATIONS], b->basis[k].overlap);
    for (int i = 0; i < PAIR_DIAGNOSTICS; i++) L->values[DIAGNOSTICS + i] = fmax(L->values[DIAGNOSTICS + i], b->pairs[MDM_Q + i / 2].error[i % 2]);
  }
  for (size_t l = 0; l < R->blocks; l++)
    for (int p = 0; p < TOLD_POPULATIONS; p++) L->values[BASES + p] = fmax(L->values[BASES + p], (double)L->block[l].pop[p].n);
  for (size_t l = 0; l < R->blocks; l++)
    for (int p = 0; p < POPULATIONS; p++) count_unmatched(&L->block[l].pop[p], p, L->values + UNMATCHED);
  for (size_t l = 0; l < R->blocks; l++) L->values[BASES + POP_NEURON] = fmax(L->values[BASES + POP_NEURON], (double)R->block[l].rows);
  *names = labels;
  *values = L->values;
  *n = DIAGNOSTICS + (L->has_pairs ? PAIR_DIAGNOSTICS : 0);
}

static void limit_directions(const X(realization) *R, size_t l, size_t out[MDM_VISITORS]) {
  for (int k = 0; k < BASES; k++) out[k] = ((const limit *)R)->block[l].basis[k].k;
}

/* Columns are appended, so a state is its numbers of columns. Coordinates that a basis keeps belong to a field, which is
 * rewritten before they are asked for again. */
static int limit_mark(X(realization) *R, mdm_error *err) {
  int status = MDM_OK;
  for (block *b = ((limit *)R)->block; b < ((limit *)R)->block + R->blocks; b++) {
    for (int k = 0; k < BASES; k++) b->mark.basis[k] = b->basis[k].k, b->mark.overlap[k] = b->basis[k].overlap;
    for (int p = 0; p < POPULATIONS && !status; p++) status = X(population_mark)(&b->pop[p], err);
    for (int t = 0; t < MDM_TENSORS; t++)
      for (int s = 0; s < 2; s++) b->mark.side[t][s] = b->thin[t].side[s].k;
  }
  return status;
}

static void limit_rewind(X(realization) *R) {
  for (block *b = ((limit *)R)->block; b < ((limit *)R)->block + R->blocks; b++) {
    for (int k = 0; k < BASES; k++) b->basis[k].k = b->mark.basis[k], b->basis[k].overlap = b->mark.overlap[k];
    for (int p = 0; p < POPULATIONS; p++) X(population_rewind)(&b->pop[p]);
    for (int t = 0; t < MDM_TENSORS; t++)
      for (int s = 0; s < 2; s++) b->thin[t].side[s].k = b->mark.side[t][s];
  }
}

/* ---------------------------------------------------------------- forgetting */

/* Matrices of a block of this kind that the field of a basis drives. out: MDM_TENSORS. Returns their number. */
static size_t meetings_of(block *b, int kind, int basis, X(meeting) *out) {
  size_t n = 0;
  for (const joint *j = joints[kind].matrix; j < joints[kind].matrix + joints[kind].count; j++) {
    X(thin) *A = &b->thin[j->tensor];
    if (A->base.ops && j->row_basis == basis) out[n++] = (X(meeting)){A, MDM_ROWS};
    if (A->base.ops && j->col_basis == basis) out[n++] = (X(meeting)){A, MDM_COLS};
  }
  return n;
}

static int forget_directions(block *b, int kind, mdm_error *err) {
  X(meeting) of[MDM_TENSORS];
  int due = 0, status = MDM_OK;
  for (int k = 0; k < BASES; k++) due |= b->basis[k].k > b->basis[k].bound + X(forget_slack)(b->basis[k].bound);
  for (int k = 0; k < BASES && due && !status; k++) {
    size_t n = meetings_of(b, kind, k, of);
    if (b->basis[k].pop) status = X(basis_cut)(&b->basis[k], n, of, err);
  }
  return status;
}

/* Directions and columns that live on a population. */
static size_t living(const block *b, const X(population) *pop) {
  size_t sum = 0;
  for (int k = 0; k < BASES; k++) sum += b->basis[k].pop == pop ? b->basis[k].k : 0;
  for (int t = 0; t < MDM_TENSORS; t++)
    for (int s = 0; s < 2; s++) sum += b->thin[t].side[s].pop == pop ? b->thin[t].side[s].k : 0;
  return sum;
}

/* What a population remembers starts anew from what lives on it when twice as much has come by, or its room (a quarter of its particles) is nearly
 * used up: directions first, which later draws have to be orthogonal to, then columns, whose moments are matched. Both leave room for what comes. */
static int refresh_memory(block *b, int p, mdm_error *err) {
  X(population) *pop = &b->pop[p];
  size_t alive = b->initial[p] + living(b, pop), seen = pop->k + pop->pending, own = pop->n / pop->groups;
  int status = MDM_OK;
  if (seen <= 2 * alive && 9 * seen <= 2 * own) return MDM_OK;
  X(population_restart)(pop, b->initial[p]);
  for (int k = 0; k < BASES && !status; k++)
    if (b->basis[k].pop == pop) status = X(population_span)(pop, own / 5, pop->n, b->basis[k].k, b->basis[k].U, err);
  for (int t = 0; t < MDM_TENSORS; t++)
    for (int s = 0; s < 2 && !status; s++)
      if (b->thin[t].side[s].pop == pop) status = X(population_span)(pop, own / 8, b->thin[t].side[s].n, b->thin[t].side[s].k, b->thin[t].side[s].all, err);
  return status;
}

static int limit_stepped(X(realization) *R, mdm_error *err) {
  int status = MDM_OK;
  for (block *b = ((limit *)R)->block; b < ((limit *)R)->block + R->blocks && !status; b++) {
    status = forget_directions(b, (int)R->block[b - ((limit *)R)->block].kind, err);
    for (int p = 0; p < POPULATIONS && !status; p++)
      if (b->pop[p].n) status = refresh_memory(b, p, err);
  }
  return status;
}

void X(limit_spans)(X(realization) *R, size_t rank, int whole_batch) {
  for (block *b = ((limit *)R)->block; b < ((limit *)R)->block + R->blocks; b++) {
    for (int k = 0; k < BASES; k++) {
      b->basis[k].bound = rank;
      b->basis[k].whole_batch = whole_batch;
    }
    for (int p = 0; p < POPULATIONS; p++) b->initial[p] = b->pop[p].k;
    for (int t = 0; t < MDM_TENSORS && rank; t++)
      if (b->thin[t].base.ops) X(thin_forgets)(&b->thin[t]);
  }
  if (rank) R->stepped = limit_stepped;
}

static int limit_factors(X(realization) *R, size_t l, mdm_tensor t, double tolerance, X(thin) **out, mdm_error *err) {
  (void)tolerance, (void)err;
  X(thin) *A = &((limit *)R)->block[l].thin[t];
  int exists = A->base.ops != NULL;
  *out = exists && A->base.coef.Vf > 0 && A->base.coef.Vb > 0 ? A : NULL;
  return MDM_OK;
}

static void block_clear(block *b) {
  for (int t = 0; t < MDM_TENSORS; t++) {
    X(pairs_clear)(&b->pairs[t]);
    X(thin_clear)(&b->thin[t]);
  }
  for (int k = 0; k < BASES; k++) X(basis_clear)(&b->basis[k]);
  for (int p = 0; p < POPULATIONS; p++) X(population_clear)(&b->pop[p]);
  X(dense_free)(b->router);
}

static void limit_free(X(realization) *R) {
  limit *L = (limit *)R;
  if (!L) return;
  for (size_t l = 0; l < R->blocks && L->block; l++) block_clear(&L->block[l]);
  free(L->block);
  free(R->matrix);
  free(R->block);
  free(L);
}

static int add_populations(const X(realization) *R, block *b, const X(block_sizes) *sizes, const mdm_shape *shape, int tied, mdm_error *err) {
  int status = X(population_init)(&b->pop[POP_STREAM], "stream", R->stream, err);
  if (!status && sizes->kind == MDM_BLOCK_ATTENTION) {
    status = X(population_init)(&b->pop[POP_NEURON], "head", sizes->rows, err);
    if (!status) status = X(population_init)(&b->pop[POP_OUTPUT], "head output", sizes->columns, err);
    if (shape->experts_counted) { /* means over the queries of one head count, over its keys, … */
      b->pop[POP_NEURON].groups = shape->head_parts[0] * sizes->units;
      b->pop[POP_OUTPUT].groups = shape->head_parts[1] * sizes->units;
    }
    return status;
  }
  if (!status && !b->router) status = X(population_init)(&b->pop[POP_EXPERT], "expert", R->experts / (R->twins ? 2 : 1), err);
  if (!status && !tied) status = X(population_init)(&b->pop[POP_NEURON], "neuron", R->experts * R->neurons, err);
  if (b->router && !tied) b->pop[POP_NEURON].groups = R->experts;
  if (!status && tied) status = X(population_init)(&b->pop[POP_SHARED], "shared neuron", R->neurons, err);
  return status;
}

static X(thin_place) place(const X(realization) *R, block *b, const X(block_sizes) *sizes, int population, int basis, int tied) {
  size_t n = population == POP_STREAM ? R->stream : population == POP_EXPERT ? sizes->units : population == POP_OUTPUT ? sizes->columns : sizes->rows;
  X(population) *pop = &b->pop[population == POP_NEURON && tied ? POP_SHARED : population];
  if (!b->basis[basis].pop) X(basis_init)(&b->basis[basis], pop, population == POP_EXPERT && R->twins, b->basis[basis].tolerance);
  return (X(thin_place)){n, pop, &b->basis[basis]};
}

/* In a residual stack r outlives vanishing aggregates, and so do the columns of K that it brings (Regime III, muP): unless they are orthogonal
 * to y, W2's first step makes of the sampling noise of ⟨y K⟩ a change of f that does not shrink with the rate. One block without
 * residual sum has the same noise, and keeps the draws of earlier versions. */
static int add_matrices(X(realization) *R, block *b, size_t l, int tied, int notes, const mdm_pair_scheme *pairs, mdm_error *err) {
  int status = MDM_OK;
  const X(block_sizes) *sizes = &R->block[l];
  const joint *matrices = joints[sizes->kind].matrix;
  X(matrix) **matrix = R->matrix[l];
  for (size_t i = 0; i < joints[sizes->kind].count && !status; i++) {
    mdm_tensor t = matrices[i].tensor;
    if (t == MDM_Q && b->router) {
      matrix[t] = &b->router->base;
      if (R->coef[t].entry > 0) b->router->away = place(R, b, sizes, matrices[i].cols, matrices[i].col_basis, tied).basis;
      continue;
    }
    X(thin_init)(&b->thin[t], t, &sizes->coef[t], place(R, b, sizes, matrices[i].rows, matrices[i].row_basis, tied),
                 place(R, b, sizes, matrices[i].cols, matrices[i].col_basis, tied), pairs ? MDM_NEITHER : matrices[i].learns, b->key);
    b->thin[t].notes = notes;
    matrix[t] = &b->thin[t].base;
    if (!pairs) continue;
    status = X(pairs_init)(&b->pairs[t], &b->thin[t], pairs, err);
    matrix[t] = &b->pairs[t].base;
  }
  return status;
}

static int add_block(limit *L, size_t l, const mdm_shape *shape, double tolerance, const mdm_pair_scheme *pairs, mdm_stream key, mdm_error *err) {
  X(realization) *R = &L->base;
  block *b = &L->block[l];
  int tied = R->coef[MDM_W1].tied || R->coef[MDM_W2].tied, status = MDM_OK;
  b->key = key;
  b->key.block = l;
  for (int k = 0; k < BASES; k++) b->basis[k].tolerance = tolerance;
  if (shape->experts_counted && R->block[l].kind == MDM_BLOCK_MOE) {
    b->router = X(dense_create)(MDM_Q, &R->coef[MDM_Q], R->stream, R->experts, 1);
    if (b->router) b->router->sampled = 1;
    else status = mdm_no_memory(err, "the router (%zu × %zu)", R->experts, R->stream);
  }
  if (!status) status = add_populations(R, b, &R->block[l], shape, tied, err);
  return status ? status : add_matrices(R, b, l, tied, shape->residual, pairs, err);
}

static void limit_walk(X(realization) *R, mdm_state *s) {
  for (size_t l = 0; l < R->blocks; l++) {
    block *b = &((limit *)R)->block[l];
    for (int p = 0; p < POPULATIONS; p++) X(population_walk)(&b->pop[p], s);
    for (int k = 0; k < BASES; k++) X(basis_walk)(&b->basis[k], s);
    if (b->router) X(dense_walk)(b->router, s);
    for (int t = MDM_Q; t <= MDM_W2; t++) {
      X(thin_walk)(&b->thin[t], s);
      if (b->pairs[t].thin) X(pairs_walk)(&b->pairs[t], s);
    }
  }
}

int X(limit_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], double tolerance, const mdm_pair_scheme *pairs,
                    unsigned long seed, unsigned run, X(realization) **out, mdm_error *err) {
  *out = NULL;
  limit *L = calloc(1, sizeof *L);
  if (!L) return mdm_no_memory(err, "a training run");
  X(realization) *R = &L->base;
  R->particles = limit_particles;
  R->biases = limit_biases;
  R->diagnostics = limit_diagnostics;
  R->directions = limit_directions;
  R->factors = limit_factors;
  R->gaussian = limit_gaussian;
  R->mark = limit_mark;
  R->rewind = limit_rewind;
  R->walk = limit_walk;
  R->free = limit_free;
  L->has_pairs = pairs != NULL;
  R->sampled = 1;
  int status = X(realization_sizes)(R, shape, coef, err);
  if (!status && !(L->block = calloc(R->blocks, sizeof *L->block))) status = mdm_no_memory(err, "%zu blocks", R->blocks);
  for (size_t l = 0; l < R->blocks && !status; l++)
    status = add_block(L, l, shape, tolerance, pairs, (mdm_stream){.seed = seed, .run = run, .half = (unsigned)shape->half}, err);
  if (status) return limit_free(R), status;
  *out = R;
  return MDM_OK;
}
