/* What a network program is written against: populations of particles, and trained random matrices between them.
 *
 * A realization supplies both. There are three:
 *   network.c   dense matrices between N, M and M·N_e neurons: a finite network;
 *   limit.c     thin factors between sample particles: the N → ∞ limit (DMFT);
 *   given.c     the same limit, its averages over particles taken from given order parameters (self-consistency sweeps).
 * A program (models/) sees only this header, and so is written once. All quantities are in natural units
 * (docs/theory.md): particles are Θ(1), matrices act as means over populations.
 */
#ifndef MOEDMFT_REALIZATION_H
#define MOEDMFT_REALIZATION_H

#include <moedmft/error.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/state.h"
#include "scaling/optimizer.h"
#include "scaling/scaling.h"
#include "problem/orders.h"
#include "kernels/real.h"
#include "problem/task.h"

/* A quantity of every particle of a population, for every token of a batch. */
typedef struct X(field) {
  size_t n, P;      /* particles, tokens */
  real *v;          /* n × P, column-major: token by token */
  size_t ld;        /* where ranks share the population (base/crew.h): 0: v has this rank's rows; n: it has all, and so have twin and noise */
  unsigned long id; /* changes with the values: lets a realization reuse what it computed from the same field */
  /* How sampling noise is kept out of squares (docs/theory.md, "Sampling inside experts"); whatever squares a field does it by gram.h. */
  real *twin;       /* n × P, or NULL: a second sample of v, with independent noise: ⟨v v⟩ is the mean of v twin */
  real *noise;      /* n × P, or NULL: what ⟨v v⟩ has to lose is ⟨noise noise⟩ */
} X(field);

/* Leading dimension of a field's arrays, and this rank's rows in one of them. */
static inline size_t X(field_ld)(const X(field) *f) { return f->ld ? f->ld : mdm_rows(f->n); }
static inline real *X(field_rows)(const X(field) *f, real *v) { return f->ld && v ? v + mdm_held_of(f->n).first : v; }

/* Which expert serves which token. A NULL routing means that every expert serves every token. */
typedef struct X(routing) {
  size_t experts, neurons, P;  /* neurons per expert */
  const unsigned char *active; /* experts × P: 1 where the expert serves the token */
  const size_t *begin, *token; /* networks: expert m serves tokens token[begin[m]] … token[begin[m + 1] − 1], in order; NULL for samples */
} X(routing);

typedef struct X(matrix) X(matrix);

/* out[i] ~ N(0,1), i < n: plain draws of one column; and of columns first … first + count − 1, out: n × count. */
void X(normals)(mdm_stream key, size_t column, size_t n, real *out);
void X(normal_columns)(mdm_stream key, size_t first, size_t n, size_t count, real *out);

/* Operations of a trained random matrix, rows ← cols. Where a routing is given, entries of inactive experts are zero on
 * input, and unspecified on output. Products add the noise that a result has to its `noise`, which the caller clears. Each returns a
 * status and explains a failure in err. */
typedef struct X(matrix_ops) {
  /* χ = A p / cols. */
  int (*forward)(X(matrix) *A, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err);
  /* ζ = τ Aᵀ q / rows, added to ζ when accumulate is set. */
  int (*backward)(X(matrix) *A, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta, mdm_error *err);
  /* One optimizer step from the natural gradient q pᵀ, p and q the fields of the last forward and backward; for SGD,
   * A ← A − rate · learn · q pᵀ. */
  int (*step)(X(matrix) *A, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, mdm_error *err);
  /* `backward` and `step` in one pass over the matrix, with the same bits: networks, where steps are plain (table.h), and skeletons (pairs.h). NULL: there is none. */
  int (*backward_and_step)(X(matrix) *A, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, int accumulate,
                           X(field) *zeta, mdm_error *err);
  /* Asks to keep what `initial` needs; after the particles are drawn, before the first step. */
  int (*remember)(X(matrix) *A, mdm_error *err);
  /* The forward (or backward) product with A as it was drawn, all experts: χ = A₀ p / cols, ζ = τ A₀ᵀ q / rows. */
  int (*initial)(X(matrix) *A, int backward, const X(field) *f, X(field) *out, mdm_error *err);
} X(matrix_ops);

struct X(matrix) {
  const X(matrix_ops) *ops;
  mdm_tensor tensor;
  size_t rows, cols; /* particles of the two populations */
  mdm_coefficients coef;
};

/* The Gaussian part of a matrix's last product onto one side: columns · c, before decay. */
typedef struct X(gaussian) {
  size_t n, k, k_c;
  const real *columns; /* n × k; n: the population where they live (tied: neurons that experts share) */
  const real *c;       /* k_c × P, k_c ≤ k: coordinates of the field that drives them */
} X(gaussian);

/* What one block is made of. */
typedef struct X(block_sizes) {
  mdm_block_kind kind;
  size_t units;               /* particles that hold neurons: experts, or groups of heads */
  size_t rows, columns;       /* of W1 and W2, of all units: an MoE block's neurons twice; queries, keys and values, and outputs of heads */
  const mdm_coefficients *coef; /* MDM_TENSORS: of its matrices */
} X(block_sizes);

typedef struct X(thin) X(thin);
typedef struct X(realization) X(realization);
struct X(realization) {
  size_t stream, experts, neurons; /* particles: stream neurons; experts; neurons of each expert, in every block */
  size_t blocks;                   /* 1 without depth */
  int sampled;                     /* particles are a sample of infinitely many, their moments matched */
  int twins;                       /* experts 2m and 2m + 1 are one draw of an expert, each with a sample of its neurons of its own; not with pairs */
  double neuron_weight;            /* N_e/ν: ρ = g'(ψ) · neuron_weight · mean over j of b φ_e(u) */
  mdm_coefficients coef[MDM_TENSORS], head_coef[MDM_TENSORS]; /* of W_in, w_out and MoE blocks; of attention blocks */
  X(block_sizes) *block;           /* blocks */
  /* blocks: Q (experts ← stream), W1 (rows ← stream), W2 (stream ← columns) of each; Q NULL in attention blocks */
  X(matrix) *(*matrix)[MDM_TENSORS];
  /* Initial stream particles with independent standard normal entries: out is stream × n. Column c is for input c
   * (c < D) or readout c − D. */
  int (*particles)(X(realization) *R, size_t n, real *out, mdm_error *err);
  /* Initial selection biases of a block's experts, standard normal: out has one for each. Counted experts have those of the seed, the same
   * in every run and in the limit. */
  int (*biases)(X(realization) *R, size_t block, uint64_t seed, real *out, mdm_error *err);
  /* Measures of the realization itself, by name ("rank_h", …); n receives their number. */
  void (*diagnostics)(const X(realization) *R, const char *const **names, const double **values, size_t *n);
  /* Directions that fields of a block have visited (MDM_OF_H …). NULL for networks. */
  void (*directions)(const X(realization) *R, size_t block, size_t out[MDM_VISITORS]);
  /* Thin factors of a matrix, from which responses are measured: the limit's own, or a probe that reads them off the
   * initial weights of a network (call before the first step). NULL in *out when the Gaussian part vanishes. */
  int (*factors)(X(realization) *R, size_t block, mdm_tensor t, double tolerance, X(thin) **out, mdm_error *err);
  /* Gaussian part on side MDM_SIDE_ROWS (ω) or MDM_SIDE_COLS (κ) of a matrix that has one there. NULL for networks. */
  X(gaussian) (*gaussian)(const X(realization) *R, size_t block, mdm_tensor t, int side);
  /* Bracket a backward pass that only measures: directions that it visits, and what is drawn for them, are forgotten, so that
   * training goes on with the same draws. Both NULL when a pass leaves nothing behind. */
  int (*mark)(X(realization) *R, mdm_error *err);
  void (*rewind)(X(realization) *R);
  /* After a step: forgets what has to be (X(limit_spans)). NULL where nothing is. */
  int (*stepped)(X(realization) *R, mdm_error *err);
  /* A matrix in raw units, in the layout of the output file: Q (M, N), W1 (M, N_e, N), W2 (M, N, N_e), row-major; of an attention block with groups of
   * heads for M, and their rows and columns for N_e. NULL
   * when the realization has no such weights. */
  void (*raw)(const X(realization) *R, size_t block, mdm_tensor t, double *out);
  /* Everything that steps have changed (base/state.h); of a realization that was made alike, to load it, after the same draws. */
  void (*walk)(X(realization) *R, mdm_state *s);
  void (*free)(X(realization) *R);
};

/* Sizes of one block of a shape. */
static inline X(block_sizes) X(block_of_shape)(const X(realization) *R, const mdm_shape *shape, size_t l) {
  mdm_block_kind kind = shape->layer_blocks ? (mdm_block_kind)shape->layer[l % shape->layer_blocks] : MDM_BLOCK_MOE;
  size_t neurons = shape->experts * shape->neurons;
  if (kind == MDM_BLOCK_MOE) return (X(block_sizes)){kind, shape->experts, neurons, neurons, R->coef};
  return (X(block_sizes)){kind, shape->heads, shape->heads * shape->head_rows, shape->heads * shape->head_columns, R->head_coef};
}

/* Sizes and coefficients of a new realization, and room for its matrices (free(R->matrix), free(R->block)): what all of them have in common. Returns a
 * status. */
static inline int X(realization_sizes)(X(realization) *R, const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], mdm_error *err) {
  R->blocks = shape->blocks;
  R->stream = shape->stream;
  R->experts = shape->experts;
  R->neurons = shape->neurons;
  R->twins = shape->twins;
  R->neuron_weight = shape->neuron_weight;
  memcpy(R->coef, coef, sizeof R->coef);
  if (shape->head_coef) memcpy(R->head_coef, shape->head_coef, sizeof R->head_coef);
  R->matrix = calloc(R->blocks, sizeof *R->matrix);
  R->block = calloc(R->blocks, sizeof *R->block);
  for (size_t l = 0; l < R->blocks && R->block; l++) R->block[l] = X(block_of_shape)(R, shape, l);
  return R->matrix && R->block ? MDM_OK : mdm_no_memory(err, "%zu blocks", R->blocks);
}

/* How a network of a family (src/run/family.h) is drawn: as part number `part` of a larger one, `whole`, a block of its draws: the part-th piece of
 * every population that grows, of as many as fit; and with moments matched along these axes of the inputs (matched.h). */
typedef struct X(lineage) {
  mdm_shape whole;
  size_t part;
  size_t inputs, outputs;
  const struct mdm_axes *axes; /* count = 0: plain draws */
} X(lineage);

/* A finite network, entries drawn with stream key (seed, run). of: NULL, or how it belongs to a family. */
int X(network_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], unsigned long seed, unsigned run, const X(lineage) *of,
                      X(realization) **out, mdm_error *err);

/* The limit on sample particles; tolerance: relative amplitude of a new direction; pairs: how learned parts are kept (NULL: as
 * thin factors, for linear optimizers). */
int X(limit_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], double tolerance, const mdm_pair_scheme *pairs,
                    unsigned long seed, unsigned run, X(realization) **out, mdm_error *err);

/* How a limit that was just made tells directions apart: rank: keeps at most so many for each field beyond a step, and a quarter more (0: all;
 * only linear optimizers, without twins); whole_batch: a direction is new by the power of all tokens of a batch. */
void X(limit_spans)(X(realization) *limit, size_t rank, int whole_batch);

/* New particles of the limit under given order parameters. */
int X(given_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], const mdm_given *given, unsigned long seed,
                    unsigned run, X(realization) **out, mdm_error *err);

#endif
