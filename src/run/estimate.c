/* Memory and cost of single runs, from the sizes of their arrays (estimate.h). Numbers are counted in doubles: they may exceed size_t. */
#include "run/estimate.h"

#include <math.h>
#include <string.h>

#include "data/stored.h"
#include "scaling/vanishing.h"

/* P: tokens of a step, train and test. */
static double tokens_of(const mdm_problem *p) { return (double)(p->batch + p->data->test.count); }
static double blocks_of(const mdm_problem *p) { return (double)mdm_model_blocks(&p->model); }
static double larger(double a, double b) { return a > b ? a : b; }

/* Particles of a kind of block of a realization, or neurons of a network. */
typedef struct {
  double S, E, J, U, Y; /* stream, experts (0: none), neurons of each expert or head, rows of W1 and columns of W2: both all experts' neurons */
  double weights;       /* attention: of one token, T of each head; and turned queries and keys */
  double twins, depth;  /* 1 or 0: experts come as twins (realization.h); there are residual blocks */
} shape;

static shape heads_shape(const mdm_problem *p, double S, double groups, double width) {
  double columns = (double)mdm_model_head_parts(&p->model, MDM_W2) * width, rows = (double)mdm_model_head_parts(&p->model, MDM_W1) * width;
  double turned = p->model.heads.rotary || p->model.heads.normalized ? groups * rows : 0;
  return (shape){.S = S, .J = width, .U = groups * rows, .Y = groups * columns, .weights = groups * (double)(p->model.heads.queries * p->context) + turned, .depth = 1};
}

static shape limit_shape(const mdm_problem *p, const mdm_limit_sizes *s, mdm_block_kind kind) {
  double E = (double)s->experts, J = (double)s->neurons;
  if (kind == MDM_BLOCK_ATTENTION) return heads_shape(p, (double)s->stream, (double)s->heads, (double)s->head_width);
  return (shape){(double)s->stream, E, J, E * J, E * J, 0, s->twins, p->model.depth > 0};
}

static shape network_shape(const mdm_problem *p, long N, mdm_block_kind kind) {
  mdm_sizes s = mdm_model_network_sizes(&p->model, (size_t)N);
  if (kind == MDM_BLOCK_ATTENTION) return heads_shape(p, (double)N, (double)mdm_model_groups(&p->model, (size_t)N), (double)mdm_model_head_width(&p->model, (size_t)N));
  return (shape){(double)N, s.M, s.Ne, s.M * s.Ne, s.M * s.Ne, 0, 0, p->model.depth > 0};
}

/* Shapes of both kinds of blocks, and how many blocks there are of each. */
typedef struct {
  shape kind[MDM_BLOCK_KINDS];
  double count[MDM_BLOCK_KINDS], layer[MDM_BLOCK_KINDS]; /* in all; in a layer */
} shapes;

static void count_blocks(const mdm_problem *p, shapes *s) {
  double layers = p->model.depth ? (double)p->model.depth : 1;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) {
    s->count[k] = (double)mdm_model_count(&p->model, k);
    s->layer[k] = s->count[k] / layers;
  }
}

static shapes limit_shapes(const mdm_problem *p, const mdm_limit_sizes *sizes) {
  shapes s;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) s.kind[k] = limit_shape(p, sizes, k);
  count_blocks(p, &s);
  return s;
}

static shapes network_shapes(const mdm_problem *p, long N) {
  shapes s;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) s.kind[k] = network_shape(p, N, k);
  count_blocks(p, &s);
  return s;
}

/* Entries of the matrices of a network's block. */
static double matrix_entries(const shape *s) { return s->S * (s->U + s->Y + s->E); }

/* Stored entries of the learned parts of Q, W1, W2 of a block under an entrywise optimizer. */
static double pair_entries(const mdm_problem *p, const mdm_limit_sizes *sizes, mdm_block_kind kind) {
  shape s = limit_shape(p, sizes, kind);
  size_t S = sizes->stream;
  if (!p->optimizer.method.entrywise) return 0;
  double router = p->model.regime->experts_grow && kind == MDM_BLOCK_MOE ? mdm_pair_entries(&sizes->pairs, sizes->experts, S) : 0;
  return router + mdm_pair_entries(&sizes->pairs, (size_t)s.U, S) + mdm_pair_entries(&sizes->pairs, S, (size_t)s.Y);
}

/* ---------------------------------------------------------------- work */

/* Work of heads for a token: products and softmax, forward and backward. */
static double attention_work(const shape *s) { return s->weights * (5 * s->J + 20); }

double mdm_directions_bound(const mdm_problem *p, double rank) { return 1.25 * rank + tokens_of(p); }

double mdm_limit_step(const mdm_problem *p, const mdm_limit_sizes *sizes, double directions) {
  double P = tokens_of(p), sum = 0;
  shapes all = limit_shapes(p, sizes);
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) {
    const shape *s = &all.kind[k];
    double block = (6 * s->S + 2 * (s->U + s->Y) + 2 * s->E) * directions * P + attention_work(s) * P;
    if (all.count[k] > 0) sum += all.count[k] * (block + pair_entries(p, sizes, k) * (3 * P + 20));
  }
  return sum + 3 * (double)sizes->stream * (double)p->reduced.inputs * P;
}

double mdm_limit_cost(const mdm_problem *p, const mdm_limit_sizes *sizes) { return mdm_limit_step(p, sizes, 10 + 1.5 * tokens_of(p)); }

double mdm_network_cost(const mdm_problem *p, long N) {
  shapes s = network_shapes(p, N);
  double sum = 0;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) sum += s.count[k] * (3 * matrix_entries(&s.kind[k]) + attention_work(&s.kind[k]));
  return tokens_of(p) * (sum + 3 * (double)N * (double)p->full.inputs);
}

/* ---------------------------------------------------------------- fields (src/models/moe.c) */

/* Arrays of a block for a token. */
static double block_fields(const mdm_problem *p, const shape *s, mdm_block_kind kind, int train) {
  double norm = p->model.norm != MDM_NORM_NONE, noise = 1 + s->twins, stream = s->S * (1 + norm + (train ? s->depth * noise : 0));
  if (kind == MDM_BLOCK_ATTENTION) return (train ? 2 : 1) * (s->U + s->Y) + s->weights + stream;
  return s->E * (train ? 5 + 2 * s->twins : 4) + s->U * (train ? 6 : 3) + stream;
}

/* Arrays of a part of P tokens: of all blocks when it trains, of a layer, whose blocks all layers use in turn, when it does not. */
static double part_numbers(const mdm_problem *p, const shapes *s, int train, double P) {
  const mdm_model *m = &p->model;
  double L = blocks_of(p), S = s->kind[0].S, depth = p->model.depth > 0, output = depth && strcmp(m->output, "none"), noise = 1 + s->kind[0].twins, blocks = 0;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) blocks += (train ? s->count[k] : s->layer[k]) * block_fields(p, &s->kind[k], k, train);
  double places = train ? L + 1 - (m->linear_input != 0) : 2, stream = 1 + places + output;
  if (train) stream += noise * L + output + 2 + noise + (output && strcmp(m->output, "norm") ? 1 : 0); /* r; δ, φ'(z); r φ'(z) */
  return P * (blocks + S * stream);
}

static double field_numbers(const mdm_problem *p, const shapes *s) {
  return part_numbers(p, s, 1, (double)p->batch) + (p->data->test.count ? part_numbers(p, s, 0, (double)p->data->test.count) : 0);
}

/* Of the selections: experts × P bytes a block. */
static double selection_bytes(const mdm_problem *p, const shapes *s) {
  return s->kind[MDM_BLOCK_MOE].E * ((double)p->batch * s->count[MDM_BLOCK_MOE] + (double)p->data->test.count * s->layer[MDM_BLOCK_MOE]);
}

/* ---------------------------------------------------------------- what observers keep (src/training) */

/* Times × samples whose kernels are stored. */
static double kernel_columns(const mdm_problem *p) { return (double)(p->n_times * p->kernel_samples); }

/* Fields on the time grid: r φ'(z), o; n, ρ, γ, y, r of the stored blocks. */
static double kept_numbers(const mdm_problem *p, const shapes *all) {
  const shape *s = &all->kind[MDM_BLOCK_MOE];
  double noise = 1 + s->twins, sum = s->S * (noise + s->depth);
  if (!p->kernels) return 0;
  for (size_t i = 0; i < p->n_stored; i++) {
    s = &all->kind[mdm_model_kind(&p->model, p->stored[i])];
    sum += s->S * (1 + noise) + s->E * noise + s->U + s->Y;
  }
  return kernel_columns(p) * sum;
}

/* The split of products: inputs at the start, four corners. */
static double split_numbers(const mdm_problem *p, const shapes *all, double inputs) {
  double B = (double)p->batch, S = all->kind[0].S, most = S, noise = 1 + all->kind[0].twins, starts = 0;
  if (!p->parts) return 0;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) {
    const shape *s = &all->kind[k];
    starts += all->count[k] * (2 * S + s->U + s->Y + noise * s->E);
    if (all->count[k] > 0) most = larger(most, larger(larger(s->U, s->Y), s->E));
  }
  return B * (starts + S + 4 * noise * (most + S) + (p->model.depth ? 4 * S : 0)) + S * (inputs + (double)p->model.outputs);
}

static double observer_numbers(const mdm_problem *p, const shapes *s, double inputs) {
  return kept_numbers(p, s) + split_numbers(p, s, inputs) + (p->statistics ? s->kind[MDM_BLOCK_MOE].E * (double)p->batch : 0);
}

/* Coordinates at every step, and of Gaussian columns at times of the grid, of both sides of a matrix whose directions are k and l: doubles.
 * They grow to what they are in the end; solving for responses takes as many again. */
static double response_bytes(const mdm_problem *p, double k, double l) {
  double B = (double)p->batch, steps = (double)(p->steps + 1);
  return 8 * B * (0.75 * (k + l) * (steps + (double)p->n_times) + larger(k, l) * steps);
}

/* ---------------------------------------------------------------- weights and their optimizer (src/realization/table.c) */

/* Arrays of the size of the weights that an optimizer keeps: weights, momentum or moments. */
static double copies(const mdm_optimizer *o) { return o->kind == MDM_STEP_ADAM ? 3 : o->momentum > 0 ? 2 : 1; }

/* W_in and v, which every realization has. */
static double end_numbers(const mdm_problem *p, double S, double inputs) {
  return S * (inputs + (double)p->model.outputs) * copies(&p->optimizer);
}

/* x of a batch, of the test part. */
static double batch_numbers(const mdm_problem *p, double inputs) { return inputs * tokens_of(p); }

/* Kernels for the gradient's norm. */
static double clip_numbers(const mdm_problem *p) { return p->optimizer.clip > 0 ? 2 * (double)p->batch * (double)p->batch : 0; }

/* ---------------------------------------------------------------- the limit (src/realization/limit.c, thin.c, basis.c, pairs.c) */

/* Buffers are a quarter larger than was asked for. */
static const double SPARE = 1.25;

typedef struct {
  const mdm_problem *p;
  mdm_coefficients coef[MDM_TENSORS];
  shape s;
  double experts, rows, columns, groups, head_groups[2]; /* particles of the populations where Gaussian columns live; groups that are matched one by one, of heads' rows and columns */
  int kind, router, counted, pairs, tied; /* router: there is one, of experts that are a population */
  double rank; /* that directions are cut back to (solve.rank); 0: none is forgotten */
} realization;

static realization limit_of(const mdm_problem *p, const mdm_limit_sizes *sizes, mdm_block_kind kind) {
  realization R = {.p = p, .s = limit_shape(p, sizes, kind), .kind = (int)kind, .counted = !p->model.regime->experts_grow, .pairs = p->optimizer.method.entrywise, .rank = (double)sizes->rank};
  mdm_coefficients heads[MDM_TENSORS] = {{0}};
  if (mdm_model_limit(&p->model, &p->optimizer, R.coef, heads, NULL)) memset(R.coef, 0, sizeof R.coef);
  if (kind == MDM_BLOCK_ATTENTION) memcpy(R.coef, heads, sizeof R.coef);
  R.router = !R.counted && kind == MDM_BLOCK_MOE;
  R.tied = R.coef[MDM_W1].tied || R.coef[MDM_W2].tied;
  R.experts = R.router ? R.s.E / (1 + R.s.twins) : 0;
  R.rows = R.tied ? R.s.J : R.s.U;
  R.columns = R.tied ? R.s.J : R.s.Y;
  R.groups = R.counted && !R.tied ? R.s.E : 1;
  for (int side = 0; side < 2; side++)
    R.head_groups[side] = R.counted && kind == MDM_BLOCK_ATTENTION ? (double)(sizes->heads * mdm_model_head_parts(&p->model, side ? MDM_W2 : MDM_W1)) : 1;
  return R;
}

/* Directions of a field that shows k where nothing is forgotten: a quarter and a step's tokens more than are kept (src/realization/forget.h). */
static double directions_kept(const realization *R, double k) { return R->rank > 0 ? fmin(k, mdm_directions_bound(R->p, R->rank)) : k; }

/* Columns that a population of n particles remembers, of those that come by: a quarter of a group at most. */
static double remembered(double n, double groups, double columns) { return n * fmin(1 + columns, fmax(1, n / groups / 4)); }

static double seen_numbers(const realization *R, const double k[MDM_VISITORS]) {
  const mdm_coefficients *c = R->coef;
  int Q = R->router;
  double initial = (double)(R->p->reduced.drawn + R->p->model.outputs) + (Q ? 0 : R->s.E);
  double stream = initial + k[MDM_OF_H] + k[MDM_OF_DELTA] + (Q && c[MDM_Q].Vb > 0 ? k[MDM_OF_RHO] : 0) + (c[MDM_W1].Vb > 0 ? k[MDM_OF_GAMMA] : 0) +
                  (c[MDM_W2].Vf > 0 ? k[MDM_OF_Y] : 0);
  double experts = k[MDM_OF_RHO] + (c[MDM_Q].Vf > 0 ? k[MDM_OF_H] : 0);
  double rows = k[MDM_OF_GAMMA] + (c[MDM_W1].Vf > 0 ? k[MDM_OF_H] : 0), columns = k[MDM_OF_Y] + (c[MDM_W2].Vb > 0 ? k[MDM_OF_DELTA] : 0);
  if (R->rank > 0) { /* memories start anew when twice as much has come by, or they are full */
    stream = 1.5 * stream;
    experts = 1.5 * experts;
    rows = 1.5 * rows;
    columns = 1.5 * columns;
  }
  double common = remembered(R->s.S, 1, stream) + (Q ? remembered(R->experts, 1, experts) : 0);
  if (R->kind == MDM_BLOCK_ATTENTION) return common + remembered(R->rows, R->head_groups[0], rows) + remembered(R->columns, R->head_groups[1], columns);
  return common + remembered(R->rows, R->groups, rows + columns);
}

/* Directions themselves, with twins those of both; n and γ, y where experts are tied: of means. */
static double basis_numbers(const realization *R, const double k[MDM_VISITORS]) {
  return R->s.S * (k[MDM_OF_H] + k[MDM_OF_DELTA]) + (R->router ? R->s.E * k[MDM_OF_RHO] * (1 + R->s.twins) : 0) + R->rows * k[MDM_OF_GAMMA] +
         R->columns * k[MDM_OF_Y];
}

/* One side of a matrix: n particles, own of them in the population where Gaussian columns live, one for each of k directions. */
static double side_numbers(const realization *R, double n, double own, double k, double variance, int learns) {
  learns = (learns && !R->pairs) || R->rank > 0; /* where directions are forgotten both sides have columns of their own, and drawn ones only pass */
  if (R->rank > 0) own = own * fmin(1, tokens_of(R->p) / fmax(1, k));
  if (variance == 0 && !learns) return 0;
  return own * k + (learns ? n * k * (R->p->optimizer.momentum > 0 ? 2 : 1) : 0);
}

static double thin_numbers(const realization *R, const double k[MDM_VISITORS]) {
  const mdm_coefficients *c = R->coef;
  const shape *s = &R->s;
  double Q = !R->router ? s->S * s->E * copies(&R->p->optimizer)
                        : side_numbers(R, s->E, R->experts, k[MDM_OF_H], c[MDM_Q].Vf, 1) + side_numbers(R, s->S, s->S, k[MDM_OF_RHO], c[MDM_Q].Vb, 0);
  double W1 = side_numbers(R, s->U, R->rows, k[MDM_OF_H], c[MDM_W1].Vf, 1) + side_numbers(R, s->S, s->S, k[MDM_OF_GAMMA], c[MDM_W1].Vb, 0);
  double W2 = side_numbers(R, s->S, s->S, k[MDM_OF_Y], c[MDM_W2].Vf, 0) + side_numbers(R, s->Y, R->columns, k[MDM_OF_DELTA], c[MDM_W2].Vb, 1);
  return Q + W1 + W2;
}

/* Scratch of bases and matrices: coordinates, kernels of residuals, projections. */
static double scratch_numbers(const realization *R, const double k[MDM_VISITORS]) {
  double B = (double)R->p->batch, P = larger(B, (double)R->p->data->test.count), sum = 0;
  for (int f = 0; f < MDM_VISITORS; f++) {
    double n = f == MDM_OF_RHO ? R->s.E : f == MDM_OF_GAMMA ? R->rows : f == MDM_OF_Y ? R->columns : R->s.S, tokens = f == MDM_OF_H || f == MDM_OF_Y ? P : B;
    double gram = fmin(tokens, n);
    if (f == MDM_OF_RHO && !R->router) continue;
    sum += k[f] * tokens * (2 + (f == MDM_OF_RHO ? 2 * R->s.twins : 0)) + gram * gram + (tokens > n ? n * tokens : 0); /* c, and of the other side's columns */
    sum += fmin(n, tokens) < tokens ? n * n : n * tokens;                                                              /* what is left of new directions */
  }
  if (R->tied || R->s.twins > 0) sum += 2 * P * larger(R->rows, R->s.S);
  if (R->rank > 0) sum += R->rank * larger(larger(R->s.U, R->s.Y), R->s.S); /* columns while they are rotated */
  return SPARE * sum;
}

static double block_numbers(const realization *R, const double k[MDM_VISITORS]) {
  return seen_numbers(R, k) + basis_numbers(R, k) + thin_numbers(R, k) + scratch_numbers(R, k);
}

static double pairs_numbers(const mdm_problem *p, const mdm_limit_sizes *sizes, mdm_block_kind kind) {
  return p->optimizer.method.entrywise ? pair_entries(p, sizes, kind) * copies(&p->optimizer) : 0;
}

/* Responses follow matrices with Gaussian parts on both sides. */
static double limit_responses(const realization *R, const double k[MDM_VISITORS]) {
  static const int sides[][3] = {{MDM_Q, MDM_OF_H, MDM_OF_RHO}, {MDM_W1, MDM_OF_H, MDM_OF_GAMMA}, {MDM_W2, MDM_OF_Y, MDM_OF_DELTA}};
  double sum = 0;
  for (size_t i = 0; i < sizeof sides / sizeof *sides && R->p->responses; i++)
    if (R->coef[sides[i][0]].Vf > 0 && R->coef[sides[i][0]].Vb > 0 && !(sides[i][0] == MDM_Q && !R->router))
      sum += response_bytes(R->p, k[sides[i][1]], k[sides[i][2]]);
  return sum;
}

double mdm_limit_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single) {
  shapes s = limit_shapes(p, sizes);
  double inputs = (double)p->reduced.inputs, bytes = 0;
  double numbers = field_numbers(p, &s) + end_numbers(p, s.kind[0].S, inputs) + batch_numbers(p, inputs) + clip_numbers(p) + observer_numbers(p, &s, inputs);
  for (size_t l = 0; l < d->blocks; l++) {
    realization R = limit_of(p, sizes, mdm_model_kind(&p->model, l));
    double k[MDM_VISITORS], extra = p->ntk ? (double)p->batch : 0; /* a backward pass that only measures */
    for (int f = 0; f < MDM_VISITORS; f++) k[f] = directions_kept(&R, d->k[l][f]) + (f == MDM_OF_H || f == MDM_OF_Y ? 0 : extra);
    numbers += block_numbers(&R, k) + pairs_numbers(p, sizes, mdm_model_kind(&p->model, l));
    if (mdm_problem_stores(p, l) >= 0) bytes += limit_responses(&R, k);
  }
  return numbers * (single ? 4 : 8) + bytes + selection_bytes(p, &s);
}

/* ---------------------------------------------------------------- self-consistency sweeps (src/realization/given.c, src/training/measure.c) */

/* Directions and columns of a state have the sizes of its kernels' ranks; both sides of every matrix learn, and what is measured has bases of
 * its own. */
/* Coordinates of fields and of Gaussian columns at every step: doubles. */
static double history_bytes(const mdm_problem *p, const double k[MDM_VISITORS]) {
  double sum = 0;
  for (int f = 0; f < MDM_VISITORS; f++) sum += k[f];
  return 8 * 2 * 0.75 * sum * (double)(p->steps + 1) * (double)p->batch;
}

double mdm_measure_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single) {
  realization R = limit_of(p, sizes, MDM_BLOCK_MOE);
  double bytes = 0;
  for (size_t l = 0; l < (size_t)blocks_of(p); l++) bytes += basis_numbers(&R, d->k[l]) * (single ? 4 : 8) + history_bytes(p, d->k[l]);
  return bytes;
}

double mdm_given_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single) {
  realization R = limit_of(p, sizes, MDM_BLOCK_MOE);
  double arrays = p->optimizer.momentum > 0 ? 2 : 1, inputs = (double)p->reduced.inputs, both = 0, gauss = 0;
  for (size_t l = 0; l < (size_t)blocks_of(p); l++) {
    const double *k = d->k[l];
    both += arrays * (R.counted ? 0 : R.s.E * k[MDM_OF_H] + R.s.S * k[MDM_OF_RHO]);
    both += arrays * (R.s.U * (k[MDM_OF_H] + k[MDM_OF_DELTA]) + R.s.S * (k[MDM_OF_GAMMA] + k[MDM_OF_Y]));
    gauss += seen_numbers(&R, k) + basis_numbers(&R, k) + thin_numbers(&R, k);
  }
  const double rank = 1.4; /* of mean kernels over that of a run, as measured: what replicas do not share adds directions */
  shapes s = limit_shapes(p, sizes);
  double numbers = part_numbers(p, &s, 1, (double)p->batch) + end_numbers(p, R.s.S, inputs) + rank * (both + gauss);
  return numbers * (single ? 4 : 8);
}

/* ---------------------------------------------------------------- networks (src/realization/network.c, dense.c) */

/* Lists of the tokens that each expert serves, under top-K. */
static double list_bytes(const mdm_problem *p, const shapes *all) {
  const shape *s = &all->kind[MDM_BLOCK_MOE];
  double served = s->E * (p->model.shared + (1 - p->model.shared) * p->model.active_fraction);
  return p->model.active_fraction < 1 ? 8 * served * ((double)p->batch * all->count[MDM_BLOCK_MOE] + (double)p->data->test.count * all->layer[MDM_BLOCK_MOE]) : 0;
}

/* Matrices of a block; of the probe of responses a copy each, and the factors of the directions that it sees: all tokens at worst. */
static double network_responses(const mdm_problem *p, const shape *s) {
  double rank = (double)p->batch * fmin((double)(p->steps + 1), 1 + log1p((double)p->steps)), h = fmin(rank, s->S), rho = fmin(rank, s->E), y = fmin(rank, s->U);
  if (!p->responses) return 0;
  return matrix_entries(s) + s->S * (4 * h + 2 * rho + 4 * y) + s->E * (3 * h + 2 * rho) + (s->U + s->Y) / 2 * (3 * h + 6 * y);
}

/* Entries of the matrices of all blocks. */
static double all_matrices(const shapes *s) {
  double sum = 0;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) sum += s->count[k] * matrix_entries(&s->kind[k]);
  return sum;
}

double mdm_network_bytes(const mdm_problem *p, long width, int single) {
  shapes s = network_shapes(p, width);
  double inputs = (double)p->full.inputs, matrices = all_matrices(&s), probes = 0, responses = 0;
  double rank = (double)p->batch * (1 + log1p((double)p->steps));
  for (size_t i = 0; i < p->n_stored && p->responses; i++) {
    const shape *block = &s.kind[mdm_model_kind(&p->model, p->stored[i])];
    probes += network_responses(p, block);
    responses += 3 * response_bytes(p, fmin(rank, block->S), fmin(rank, block->U));
  }
  double numbers = matrices * (copies(&p->optimizer) + (p->parts ? 1 : 0)) + field_numbers(p, &s) + end_numbers(p, s.kind[0].S, inputs) +
                   batch_numbers(p, inputs) + clip_numbers(p) + observer_numbers(p, &s, inputs) + probes;
  return numbers * (single ? 4 : 8) + responses + selection_bytes(p, &s) + list_bytes(p, &s);
}

double mdm_weights_bytes(const mdm_problem *p, long width) {
  shapes s = network_shapes(p, width);
  return 2 * 8 * (all_matrices(&s) + (double)width * (double)(p->full.inputs + p->model.outputs));
}

/* ---------------------------------------------------------------- records */

/* On the time grid: kernels, responses and their actions, quantiles and histograms, tangent kernels, parts. */
static double grid_numbers(const mdm_problem *p) {
  double k = kernel_columns(p), all = (double)(p->n_times * p->batch), n = (double)p->n_stored, L = blocks_of(p), times = (double)p->n_times, S = (double)p->kernel_samples;
  double numbers = (p->kernels ? (4 + 6 * n) * k * k : 0) + (p->responses ? 12 * n * all * all : 0) + (p->ntk ? 6 * times * S * S : 0);
  if (p->statistics) numbers += L * times * (2 * 9 * (S + 1) + 2 * (double)p->histogram_bins + 16);
  return numbers + (p->parts ? 70 * L * times : 0);
}

/* Its values, and some 800 bytes of name, shape and text for each of up to some hundred arrays. */
double mdm_record_bytes(const mdm_problem *p) {
  double C = (double)p->model.outputs, L = blocks_of(p), steps = (double)(p->steps + 1), arrays = 60 + (p->parts ? 80 : 0) + (p->statistics ? 30 : 0);
  double series = (p->model.depth ? 24 * L : 16) + 8 + (p->statistics ? 7 * L : 0);
  return 800 * arrays + 8 * (steps * ((double)p->batch * C + series) + grid_numbers(p) + (double)mdm_problem_test_count(p) * (double)p->data->test.count * C);
}

double mdm_problem_bytes(const mdm_problem *p) {
  double P = (double)(p->data->train.count + p->data->test.count);
  return 8 * ((p->reduced.held[0] ? P * (double)p->reduced.inputs : 0) + (p->full_batch ? 0 : (double)(p->steps + 1) * (double)p->batch));
}

double mdm_data_bytes(const mdm_problem *p) {
  const mdm_data *d = p->data;
  return 8 * ((double)(d->train.count + d->test.count) * (double)(d->outputs + 1) + (p->full_batch ? 0 : (double)(p->steps + 1) * (double)p->batch));
}

double mdm_inputs_bytes(const mdm_problem *p) {
  const double part[] = {[MDM_HELD_BYTE] = 0.6, [MDM_HELD_SINGLE] = 0.55, [MDM_HELD_DOUBLE] = 0.9}; /* as compressed: few different numbers take less */
  const mdm_data *d = p->data;
  return 8 * part[d->train.inputs->type] * (double)(d->train.count + d->test.count) * (double)d->dimension;
}
