/* The limit on new particles under given order parameters: one sweep of the self-consistency iteration (docs/theory.md).
 *
 * The thin factors of thin.c average over their own particles. Here the same averages come from a state (src/problem/orders.h):
 *   coordinates c = D(t) of p and d of q, from causal factors Φ = Dᵀ D of the given kernels;
 *   ⟨p K⟩ and ⟨q Ω⟩, from the given actions;
 * while Ω ~ V_f, K ~ V_b, the directions U, Ũ and the learned parts belong to the new particles:
 *   χ(t) = s(t) (Ω c + (1/τ) Ũ ⟨K p(t)⟩) + B c,   B ← B − η learn q cᵀ      directions Ũ of earlier steps
 *   ζ(t) = s(t) (K d + τ U ⟨Ω q(t)⟩) + C d,       C ← C − η τ learn p dᵀ    directions U up to this step
 * As B c(t) = −Σ η learn q(s) ⟨p(s) p(t)⟩, each side keeps its own learned part. s(t) is what decay leaves of the initial matrix;
 * momentum keeps a second array of each part. Tied experts: Gaussian parts live on the neurons they share and see means over experts.
 * Twins learn from each other, as in thin.c: the router's Ũ and learned part are made of ρ's twin.
 * The router of counted experts stays what it is in the causal pass: a dense matrix on the stream particles. Residual blocks have matrices,
 * kernels and memories of the stream of their own, as in limit.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "problem/orders.h"
#include "realization/basis.h"
#include "realization/dense.h"
#include "realization/limit.h"
#include "realization/parallel.h"
#include "realization/thin.h"

enum { POP_STREAM, POP_EXPERT, POP_NEURON, POPULATIONS }; /* neurons: of all experts, or those that tied experts share */

/* Directions of one field on the new particles. */
typedef struct {
  const mdm_factor *factor;
  X(population) *pop;
  size_t groups;
  int twins;   /* U holds combinations of the field's twin; else of its mean over groups */
  size_t n;    /* particles of U: those of the field, or of pop */
  real *U;     /* n × factor->k */
  size_t made; /* steps whose directions are there */
} trail;

/* One side of a matrix. */
typedef struct {
  size_t n;                      /* particles */
  X(population) *pop;
  size_t groups;                 /* n = groups · pop->n */
  trail *own;                    /* directions of this side's field */
  const mdm_factor *drive, *all; /* of the other side's field: as the Gaussian part sees it, and as it is */
  double variance;
  const double *response;        /* own->k × n: ⟨Gaussian columns of the other side × its field⟩; NULL: there are none */
  real *gauss;                   /* pop->n × drive->k */
  size_t drawn;
  real *learned, *momentum;      /* n × all->k */
} given_side;

typedef struct {
  X(matrix) base;
  const mdm_layout *layout;
  mdm_stream key;
  given_side side[MDM_SIDES];
  double scale, scale_momentum; /* decay: what is left of the initial matrix, and its part of the momentum */
  size_t t;                     /* steps done */
  real *work;                   /* coordinates of a step: k × P for the largest k */
  real *shared;                 /* pop->n × P of the larger side */
} given_matrix;

typedef struct {
  X(population) pop[POPULATIONS]; /* POP_STREAM: the common particles, with this block's memory of them (limit.c) */
  trail field[MDM_KERNELS];
  given_matrix matrix[MDM_TENSORS];
  X(dense) *router; /* Q where experts are counted */
  mdm_stream key;
} block;

typedef struct {
  X(realization) base;
  const mdm_given *given;
  block *block; /* base.blocks */
  double values[POPULATIONS];
} state;

/* ---------------------------------------------------------------- directions and Gaussian columns */

/* Columns of step t of a k × n array, as reals: first `rows` rows, into out (rows × P). */
static const real *coordinates(const mdm_layout *l, size_t t, size_t rows, size_t k, const double *from, real *out) {
  for (size_t m = 0; m < l->P; m++)
    for (size_t i = 0; i < rows; i++) out[i + rows * m] = (real)from[i + k * (t * l->P + m)];
  return out;
}

/* U of step t from the field at t: (f − U D) make. rest: d->n × P; work: as in given_matrix. */
static int make_directions(trail *d, const mdm_layout *l, size_t t, const X(field) *f, real *rest, real *work, mdm_error *err) {
  const mdm_factor *factor = d->factor;
  size_t n = d->n, P = l->P, known = factor->born[t], count = factor->born[t + 1] - known;
  if (d->made > t) return MDM_OK;
  d->made = t + 1;
  if (!count) return MDM_OK;
  if (d->groups > 1 && !d->twins) {
    if (X(mean_over_groups)(d->groups, n, P, f->v, rest)) return mdm_no_memory(err, "means over %zu experts", d->groups);
  } else memcpy(rest, d->twins ? f->twin : f->v, n * P * sizeof *rest);
  if (known) X(parallel_combine)(n, known, P, -1, d->U, n, coordinates(l, t, known, factor->k, factor->D, work), known, 0, 1, rest, n);
  for (size_t i = 0; i < P * count; i++) work[i] = (real)factor->make[P * known + i];
  X(parallel_combine)(n, P, count, 1, rest, n, work, P, 0, 0, d->U + n * known, n);
  return X(basis_note)(d->pop, d->twins, count, d->U + n * known, err);
}

/* Gaussian columns for the directions known after step t. */
static int draw_columns(given_matrix *A, int which, size_t t, mdm_error *err) {
  given_side *s = &A->side[which];
  size_t n = s->pop->n, want = s->drive->born[t + 1], count = want - s->drawn;
  if (s->variance == 0 || want <= s->drawn) return MDM_OK;
  int status = X(population_columns)(s->pop, A->key, which == MDM_SIDE_ROWS, s->variance, s->drawn, count, s->gauss + n * s->drawn, err);
  if (!status) s->drawn = want;
  return status;
}

/* ---------------------------------------------------------------- products */

/* out (n × P) += factor · left (n × k) · coordinates of step t. */
static void add(const given_matrix *A, size_t n, size_t k, double factor, const real *left, size_t ld, const double *coord, real *out) {
  if (!k) return;
  const real *c = coordinates(A->layout, A->t, k, ld, coord, A->work);
  X(parallel_combine)(n, k, A->layout->P, factor, left, n, c, k, 0, 1, out, n);
}

/* Product onto side `to`; factor: of its response. Forward, directions of this step are still to come; backward, they are there. */
static int product(given_matrix *A, int to, double factor, const X(field) *f, int accumulate, X(field) *result, mdm_error *err) {
  given_side *target = &A->side[to], *source = &A->side[!to];
  const mdm_layout *l = A->layout;
  size_t t = A->t, n = target->pop->n;
  if (f->P != l->P) return mdm_fail(err, MDM_ERR_INTERNAL, "%zu tokens under an order parameter of %zu", f->P, l->P);
  int status = make_directions(source->own, l, t, f, A->shared, A->work, err);
  if (!status) status = draw_columns(A, to, t, err);
  if (status) return status;
  if (!accumulate) memset(result->v, 0, target->n * f->P * sizeof *result->v);
  real *out = target->groups > 1 ? A->shared : result->v;
  if (target->groups > 1) memset(out, 0, n * f->P * sizeof *out);
  if (target->variance > 0) add(A, n, target->drawn, A->scale, target->gauss, target->drive->k, target->drive->D, out);
  const trail *own = target->own;
  size_t known = own->factor->born[to == MDM_SIDE_ROWS ? t : t + 1];
  if (source->response) add(A, own->n, known, factor * A->scale, own->U, own->factor->k, source->response, own->twins ? result->v : out);
  if (own->twins) X(spread_over_twins)(n, f->P, out, 1, result->v);
  else if (target->groups > 1) X(spread_over_groups)(target->groups, n, f->P, out, 1, result->v);
  add(A, target->n, target->all->born[t], 1, target->learned, target->all->k, target->all->D, result->v);
  return MDM_OK;
}

static int given_forward(X(matrix) *M, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  (void)routing;
  return product((given_matrix *)M, MDM_SIDE_ROWS, 1 / M->coef.tau, p, 0, chi, err);
}

static int given_backward(X(matrix) *M, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta, mdm_error *err) {
  (void)routing;
  return product((given_matrix *)M, MDM_SIDE_COLS, M->coef.tau, q, accumulate, zeta, err);
}

/* ---------------------------------------------------------------- steps */

/* A side's learned part gains factor · own · coordinatesᵀ of the other side's field; of a field with a twin, its twin's. */
static void add_outer(given_matrix *A, const given_side *s, double factor, const X(field) *own, real *to) {
  size_t k = s->all->born[A->t + 1];
  if (!k || factor == 0) return;
  const real *c = coordinates(A->layout, A->t, k, s->all->k, s->all->D, A->work);
  const real *from = own->twin ? own->twin : own->v;
  X(parallel_combine)(s->n, own->P, k, factor, from, s->n, c, k, 1, 1, to, s->n);
}

/* B ← μ B + gradient + λ A, A ← A − rate B. */
static int side_momentum(given_matrix *A, given_side *s, const mdm_step *step, double gradient, const X(field) *own, mdm_error *err) {
  size_t n = s->n * s->all->k;
  if (!s->momentum && !(s->momentum = mdm_alloc(s->n, s->all->k, 1, sizeof *s->momentum)))
    return mdm_no_memory(err, "the momentum of %s", mdm_tensor_name(A->base.tensor));
  X(scale)(n, (real)step->by->momentum, s->momentum);
  add_outer(A, s, gradient, own, s->momentum);
  X(add)(n, (real)(step->by->decay * A->base.coef.decay), s->learned, s->momentum);
  X(add)(n, (real)-step->rate, s->momentum, s->learned);
  return MDM_OK;
}

static int given_step(X(matrix) *M, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, mdm_error *err) {
  (void)routing;
  given_matrix *A = (given_matrix *)M;
  double keep = mdm_step_keep(step, &M->coef), lambda = step->by->decay * M->coef.decay;
  int status = MDM_OK, heavy = step->by->momentum > 0;
  for (int which = 0; which < MDM_SIDES && !status; which++) {
    given_side *s = &A->side[which];
    const X(field) *own = which == MDM_SIDE_ROWS ? q : p;
    double gradient = step->clip * M->coef.learn * (which == MDM_SIDE_ROWS ? 1 : M->coef.tau);
    if (heavy) status = side_momentum(A, s, step, gradient, own, err);
    if (heavy) continue;
    if (keep != 1) X(scale)(s->n * s->all->k, (real)keep, s->learned);
    add_outer(A, s, -step->rate * gradient, own, s->learned);
  }
  if (heavy) A->scale_momentum = step->by->momentum * A->scale_momentum + lambda * A->scale;
  A->scale = heavy ? A->scale - step->rate * A->scale_momentum : A->scale * keep;
  A->t++;
  return status;
}

/* No initial products: parts are those of the causal pass. */
static const X(matrix_ops) given_ops = {given_forward, given_backward, given_step, NULL, NULL, NULL};

/* ---------------------------------------------------------------- the realization */

static int given_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  block *b = ((state *)R)->block;
  int status = X(draw_particles)(&b[0].pop[POP_STREAM], b[0].key, n, out, err);
  for (size_t l = 1; l < R->blocks && !status; l++) status = X(population_copy)(&b[l].pop[POP_STREAM], &b[0].pop[POP_STREAM], err);
  for (size_t l = 0; l < R->blocks && !status; l++) status = X(draw_router)(&b[l].pop[POP_STREAM], b[l].key, b[l].router, n, err);
  return status;
}

static int given_biases(X(realization) *R, size_t l, uint64_t seed, real *out, mdm_error *err) {
  block *b = &((state *)R)->block[l];
  return X(draw_biases)(b->router ? NULL : &b->pop[POP_EXPERT], b->key, seed, R->experts, out, err);
}

static void given_diagnostics(const X(realization) *R, const char *const **names, const double **values, size_t *n) {
  static const char *const labels[POPULATIONS] = {"particles_stream", "particles_expert", "particles_neuron"};
  state *S = (state *)R;
  for (int p = 0; p < POPULATIONS; p++) S->values[p] = (double)S->block[0].pop[p].n;
  *names = labels;
  *values = S->values;
  *n = POPULATIONS;
}

/* Coordinates of the last product are in work only until the next: they are taken anew. */
static X(gaussian) given_gaussian(const X(realization) *R, size_t l, mdm_tensor t, int side) {
  const given_matrix *A = &((const state *)R)->block[l].matrix[t];
  const given_side *s = &A->side[side];
  const real *c = coordinates(A->layout, A->t, s->drawn, s->drive->k, s->drive->D, A->work);
  return (X(gaussian)){s->pop->n, s->drawn, s->drawn, s->gauss, c};
}

static void block_clear(block *b) {
  for (int t = 0; t < MDM_TENSORS; t++) {
    for (int side = 0; side < MDM_SIDES; side++) {
      free(b->matrix[t].side[side].gauss);
      free(b->matrix[t].side[side].learned);
      free(b->matrix[t].side[side].momentum);
    }
    free(b->matrix[t].work);
    free(b->matrix[t].shared);
  }
  for (int k = 0; k < MDM_KERNELS; k++) free(b->field[k].U);
  for (int p = 0; p < POPULATIONS; p++) X(population_clear)(&b->pop[p]);
  X(dense_free)(b->router);
}

static void given_free(X(realization) *R) {
  state *S = (state *)R;
  if (!S) return;
  for (size_t l = 0; l < R->blocks && S->block; l++) block_clear(&S->block[l]);
  free(S->block);
  free(R->matrix);
  free(S);
}

static int add_populations(const X(realization) *R, block *b, int tied, mdm_error *err) {
  int status = X(population_init)(&b->pop[POP_STREAM], "stream", R->stream, err);
  if (!status && !b->router) status = X(population_init)(&b->pop[POP_EXPERT], "expert", R->experts / (R->twins ? 2 : 1), err);
  if (!status) status = X(population_init)(&b->pop[POP_NEURON], "neuron", tied ? R->neurons : R->experts * R->neurons, err);
  if (b->router && !tied) b->pop[POP_NEURON].groups = R->experts; /* as in the causal pass (limit.c) */
  return status;
}

/* The trail of the field on one side of a matrix, shared by matrices that it drives. */
static trail *trail_of(const state *S, size_t l, const given_matrix *A, int side) {
  const given_side *s = &A->side[side];
  int kernel = mdm_layout_field(A->layout, A->base.tensor, side, 1);
  trail *d = &S->block[l].field[kernel];
  if (d->pop) return d;
  *d = (trail){.factor = &S->given->factor[l][kernel], .pop = s->pop, .groups = s->groups, .twins = kernel == MDM_ORDER_RHO && S->base.twins};
  d->n = d->twins ? s->n : s->pop->n;
  d->U = mdm_alloc(d->n, d->factor->k, 1, sizeof *d->U);
  return d;
}

static int side_allocate(given_side *s) {
  if (s->variance > 0) s->gauss = mdm_alloc(s->pop->n, s->drive->k, 1, sizeof *s->gauss);
  s->learned = mdm_alloc(s->n, s->all->k, 1, sizeof *s->learned);
  return (s->gauss || s->variance == 0) && s->learned && s->own->U;
}

static int add_matrix(state *S, size_t l, mdm_tensor t, int rows, int cols, mdm_error *err) {
  X(realization) *R = &S->base;
  block *b = &S->block[l];
  given_matrix *A = &b->matrix[t];
  const mdm_given *g = S->given;
  const size_t n[POPULATIONS] = {R->stream, R->experts, R->experts * R->neurons};
  size_t k = g->layout->P, most = 0;
  *A = (given_matrix){.base = {&given_ops, t, n[rows], n[cols], R->coef[t]}, .layout = g->layout, .key = b->key, .scale = 1};
  A->key.purpose = t;
  for (int side = 0; side < MDM_SIDES; side++) {
    given_side *s = &A->side[side];
    int where = side == MDM_SIDE_ROWS ? rows : cols;
    *s = (given_side){.n = n[where], .pop = &b->pop[where], .groups = n[where] / b->pop[where].n, .variance = g->layout->variance[t][side],
                      .drive = &g->factor[l][mdm_layout_field(g->layout, t, !side, 1)], .all = &g->factor[l][mdm_layout_field(g->layout, t, !side, 0)],
                      .response = g->G[l][t][side]};
    s->own = trail_of(S, l, A, side);
    if (!side_allocate(s)) return mdm_no_memory(err, "%zu particles of a sweep", s->n);
    if (s->all->k > k) k = s->all->k;
    if (s->drive->k > k) k = s->drive->k;
    if (s->own->n > most) most = s->own->n;
  }
  A->work = mdm_alloc(k, g->layout->P, 1, sizeof *A->work);
  A->shared = mdm_alloc(most, g->layout->P, 1, sizeof *A->shared);
  R->matrix[l][t] = &A->base;
  return A->work && A->shared ? MDM_OK : mdm_no_memory(err, "a sweep");
}

static int add_router(X(realization) *R, size_t l, block *b, mdm_error *err) {
  b->router = X(dense_create)(MDM_Q, &R->coef[MDM_Q], R->stream, R->experts, 1);
  if (!b->router) return mdm_no_memory(err, "the router (%zu × %zu)", R->experts, R->stream);
  R->matrix[l][MDM_Q] = &b->router->base;
  return MDM_OK;
}

static int add_block(state *S, size_t l, const mdm_shape *shape, mdm_stream key, mdm_error *err) {
  block *b = &S->block[l];
  b->key = key;
  b->key.block = l;
  int status = shape->experts_counted ? add_router(&S->base, l, b, err) : MDM_OK;
  if (!status) status = add_populations(&S->base, b, S->given->layout->tied, err);
  if (!status && !b->router) status = add_matrix(S, l, MDM_Q, POP_EXPERT, POP_STREAM, err);
  if (!status) status = add_matrix(S, l, MDM_W1, POP_NEURON, POP_STREAM, err);
  return status ? status : add_matrix(S, l, MDM_W2, POP_STREAM, POP_NEURON, err);
}

/* Columns of the state that are made so far, of `room`. */
static void walk_made(mdm_state *s, const char *name, real *columns, size_t n, size_t *made, size_t room) {
  mdm_state_count(s, name, made);
  mdm_state_bound(s, name, *made, room);
  if (!s->status) mdm_state_array(s, name, columns, n * *made, sizeof(real));
}

static void walk_matrix(given_matrix *A, mdm_state *s) {
  mdm_state_count(s, "steps", &A->t);
  mdm_state_bound(s, "steps", A->t, A->layout->steps);
  mdm_state_real(s, "scale", &A->scale);
  mdm_state_real(s, "scale of momentum", &A->scale_momentum);
  for (int side = 0; side < MDM_SIDES && !s->status; side++) {
    given_side *own = &A->side[side];
    if (own->gauss) walk_made(s, "gauss", own->gauss, own->pop->n, &own->drawn, own->drive->k);
    mdm_state_array(s, "learned", own->learned, own->n * own->all->k, sizeof(real));
    mdm_state_kept(s, "momentum", (void **)&own->momentum, own->n * own->all->k, sizeof(real));
  }
}

static void given_walk(X(realization) *R, mdm_state *s) {
  for (size_t l = 0; l < R->blocks; l++) {
    block *b = &((state *)R)->block[l];
    for (int p = 0; p < POPULATIONS; p++) X(population_walk)(&b->pop[p], s);
    for (int k = 0; k < MDM_KERNELS; k++) {
      mdm_state_count(s, "made", &b->field[k].made);
      if (b->field[k].U) mdm_state_array(s, "U", b->field[k].U, b->field[k].n * b->field[k].factor->k, sizeof(real));
    }
    if (b->router) X(dense_walk)(b->router, s);
    for (int t = MDM_Q; t <= MDM_W2; t++)
      if (b->matrix[t].base.ops) walk_matrix(&b->matrix[t], s);
  }
}

int X(given_create)(const mdm_shape *shape, const mdm_coefficients coef[MDM_TENSORS], const mdm_given *given, unsigned long seed,
                    unsigned run, X(realization) **out, mdm_error *err) {
  *out = NULL;
  state *S = calloc(1, sizeof *S);
  if (!S) return mdm_no_memory(err, "a sweep");
  X(realization) *R = &S->base;
  R->particles = given_particles;
  R->biases = given_biases;
  R->diagnostics = given_diagnostics;
  R->gaussian = given_gaussian;
  R->free = given_free;
  R->walk = given_walk;
  R->sampled = 1;
  S->given = given;
  int status = X(realization_sizes)(R, shape, coef, err);
  if (!status && !(S->block = calloc(R->blocks, sizeof *S->block))) status = mdm_no_memory(err, "%zu blocks", R->blocks);
  for (size_t l = 0; l < R->blocks && !status; l++)
    status = add_block(S, l, shape, (mdm_stream){.seed = seed, .run = run, .width = given->sweep}, err);
  if (status) return given_free(R), status;
  *out = R;
  return MDM_OK;
}
