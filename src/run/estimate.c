/* Memory and cost of single runs, from the sizes of their arrays (estimate.h). Numbers are counted in doubles: they may exceed size_t. */
#include "run/estimate.h"

#include <math.h>
#include <string.h>

#include "scaling/vanishing.h"

/* P: tokens of a step, train and test. */
static double tokens_of(const mdm_problem *p) { return (double)(p->batch + p->data->test.count); }
static double blocks_of(const mdm_problem *p) { return (double)mdm_model_blocks(&p->model); }
static double larger(double a, double b) { return a > b ? a : b; }

/* Particles of a realization, or neurons of a network. */
typedef struct {
  double S, E, J, EJ;  /* stream, experts, neurons of each expert, of all */
  double twins, depth; /* 1 or 0: experts come as twins (realization.h); there are residual blocks */
} shape;

static shape limit_shape(const mdm_problem *p, const mdm_limit_sizes *s) {
  double E = (double)s->experts, J = (double)s->neurons;
  return (shape){(double)s->stream, E, J, E * J, s->twins, p->model.depth > 0};
}

static shape network_shape(const mdm_problem *p, long N) {
  mdm_sizes s = mdm_model_network_sizes(&p->model, (size_t)N);
  return (shape){(double)N, s.M, s.Ne, s.M * s.Ne, 0, p->model.depth > 0};
}

/* Stored entries of the learned parts of Q, W1, W2 of a block under an entrywise optimizer. */
static double pair_entries(const mdm_problem *p, const mdm_limit_sizes *sizes) {
  size_t S = sizes->stream, E = sizes->experts, EJ = E * sizes->neurons;
  if (!p->optimizer.method.entrywise) return 0;
  double router = p->model.regime->experts_grow ? mdm_pair_entries(&sizes->pairs, E, S) : 0;
  return router + mdm_pair_entries(&sizes->pairs, EJ, S) + mdm_pair_entries(&sizes->pairs, S, EJ);
}

/* ---------------------------------------------------------------- work */

double mdm_limit_step(const mdm_problem *p, const mdm_limit_sizes *sizes, double directions) {
  double S = (double)sizes->stream, E = (double)sizes->experts, J = (double)sizes->neurons, P = tokens_of(p);
  double block = (6 * S + 4 * E * J + 2 * E) * directions * P + pair_entries(p, sizes) * (3 * P + 20);
  return blocks_of(p) * block + 3 * S * (double)p->reduced.inputs * P;
}

double mdm_limit_cost(const mdm_problem *p, const mdm_limit_sizes *sizes) { return mdm_limit_step(p, sizes, 10 + 1.5 * tokens_of(p)); }

double mdm_network_cost(const mdm_problem *p, long N) {
  mdm_sizes sizes = mdm_model_network_sizes(&p->model, (size_t)N);
  return tokens_of(p) * (double)N * (blocks_of(p) * (6 * sizes.M * sizes.Ne + 3 * sizes.M) + 3 * (double)p->full.inputs);
}

/* ---------------------------------------------------------------- fields (src/models/moe.c) */

/* Arrays of a part of P tokens: of all blocks when it trains, of one that all blocks use in turn when it does not. */
static double part_numbers(const mdm_problem *p, const shape *s, int train, double P) {
  const mdm_model *m = &p->model;
  double L = train ? blocks_of(p) : 1, norm = m->norm != MDM_NORM_NONE, output = s->depth && strcmp(m->output, "none"), noise = 1 + s->twins;
  double block = s->E * (train ? 5 + 2 * s->twins : 4) + s->EJ * (train ? 6 : 3) + s->S * (1 + norm + (train ? s->depth * noise : 0));
  double places = train ? L + 1 - (m->linear_input != 0) : 2, stream = 1 + places + output;
  if (train) stream += noise * L + output + 2 + noise + (output && strcmp(m->output, "norm") ? 1 : 0); /* r; δ, φ'(z); r φ'(z) */
  return P * (L * block + s->S * stream);
}

static double field_numbers(const mdm_problem *p, const shape *s) {
  return part_numbers(p, s, 1, (double)p->batch) + (p->data->test.count ? part_numbers(p, s, 0, (double)p->data->test.count) : 0);
}

/* Of the selections: experts × P bytes a block. */
static double selection_bytes(const mdm_problem *p, const shape *s) {
  return s->E * ((double)p->batch * blocks_of(p) + (double)p->data->test.count);
}

/* ---------------------------------------------------------------- what observers keep (src/training) */

/* Times × samples whose kernels are stored. */
static double kernel_columns(const mdm_problem *p) { return (double)(p->n_times * p->kernel_samples); }

/* Fields on the time grid: r φ'(z), o; n, ρ, γ, y, r of the stored blocks. */
static double kept_numbers(const mdm_problem *p, const shape *s) {
  double n = (double)p->n_stored, noise = 1 + s->twins;
  if (!p->kernels) return 0;
  return kernel_columns(p) * (s->S * (noise + s->depth) + n * (s->S * (1 + noise) + s->E * noise + 2 * s->EJ));
}

/* The split of products: inputs at the start, four corners. */
static double split_numbers(const mdm_problem *p, const shape *s, double inputs) {
  double B = (double)p->batch, most = larger(larger(s->S, s->EJ), s->E), noise = 1 + s->twins;
  if (!p->parts) return 0;
  return B * (blocks_of(p) * (2 * s->S + 2 * s->EJ + noise * s->E) + s->S + 4 * noise * (most + s->S) + (p->model.depth ? 4 * s->S : 0)) + s->S * (inputs + (double)p->model.outputs);
}

static double observer_numbers(const mdm_problem *p, const shape *s, double inputs) {
  return kept_numbers(p, s) + split_numbers(p, s, inputs) + (p->statistics ? s->E * (double)p->batch : 0);
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
  double experts, neurons, groups; /* particles of the populations where Gaussian columns live; groups that are matched one by one */
  int counted, pairs, tied;
  double rank; /* that directions are cut back to (solve.rank); 0: none is forgotten */
} realization;

static realization limit_of(const mdm_problem *p, const mdm_limit_sizes *sizes) {
  realization R = {.p = p, .s = limit_shape(p, sizes), .counted = !p->model.regime->experts_grow, .pairs = p->optimizer.method.entrywise, .rank = (double)sizes->rank};
  if (mdm_model_limit(&p->model, &p->optimizer, R.coef, NULL)) memset(R.coef, 0, sizeof R.coef);
  R.tied = R.coef[MDM_W1].tied || R.coef[MDM_W2].tied;
  R.experts = R.counted ? 0 : R.s.E / (1 + R.s.twins);
  R.neurons = R.tied ? R.s.J : R.s.EJ;
  R.groups = R.counted && !R.tied ? R.s.E : 1;
  return R;
}

/* Directions of a field that shows k where nothing is forgotten: a quarter and a step's tokens more than are kept (src/realization/forget.h). */
static double directions_kept(const realization *R, double k) { return R->rank > 0 ? fmin(k, 1.25 * R->rank + tokens_of(R->p)) : k; }

/* Columns that a population of n particles remembers, of those that come by: a quarter of a group at most. */
static double remembered(double n, double groups, double columns) { return n * fmin(1 + columns, fmax(1, n / groups / 4)); }

static double seen_numbers(const realization *R, const double k[MDM_VISITORS]) {
  const mdm_coefficients *c = R->coef;
  int Q = !R->counted;
  double initial = (double)(R->p->reduced.drawn + R->p->model.outputs) + (Q ? 0 : R->s.E);
  double stream = initial + k[MDM_OF_H] + k[MDM_OF_DELTA] + (Q && c[MDM_Q].Vb > 0 ? k[MDM_OF_RHO] : 0) + (c[MDM_W1].Vb > 0 ? k[MDM_OF_GAMMA] : 0) +
                  (c[MDM_W2].Vf > 0 ? k[MDM_OF_Y] : 0);
  double experts = k[MDM_OF_RHO] + (c[MDM_Q].Vf > 0 ? k[MDM_OF_H] : 0);
  double neurons = k[MDM_OF_GAMMA] + k[MDM_OF_Y] + (c[MDM_W1].Vf > 0 ? k[MDM_OF_H] : 0) + (c[MDM_W2].Vb > 0 ? k[MDM_OF_DELTA] : 0);
  if (R->rank > 0) { /* memories start anew when twice as much has come by, or they are full */
    stream = 1.5 * stream;
    experts = 1.5 * experts;
    neurons = 1.5 * neurons;
  }
  return remembered(R->s.S, 1, stream) + (Q ? remembered(R->experts, 1, experts) : 0) + remembered(R->neurons, R->groups, neurons);
}

/* Directions themselves, with twins those of both; n and γ, y where experts are tied: of means. */
static double basis_numbers(const realization *R, const double k[MDM_VISITORS]) {
  return R->s.S * (k[MDM_OF_H] + k[MDM_OF_DELTA]) + (R->counted ? 0 : R->s.E * k[MDM_OF_RHO] * (1 + R->s.twins)) +
         R->neurons * (k[MDM_OF_GAMMA] + k[MDM_OF_Y]);
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
  double Q = R->counted ? s->S * s->E * copies(&R->p->optimizer)
                        : side_numbers(R, s->E, R->experts, k[MDM_OF_H], c[MDM_Q].Vf, 1) + side_numbers(R, s->S, s->S, k[MDM_OF_RHO], c[MDM_Q].Vb, 0);
  double W1 = side_numbers(R, s->EJ, R->neurons, k[MDM_OF_H], c[MDM_W1].Vf, 1) + side_numbers(R, s->S, s->S, k[MDM_OF_GAMMA], c[MDM_W1].Vb, 0);
  double W2 = side_numbers(R, s->S, s->S, k[MDM_OF_Y], c[MDM_W2].Vf, 0) + side_numbers(R, s->EJ, R->neurons, k[MDM_OF_DELTA], c[MDM_W2].Vb, 1);
  return Q + W1 + W2;
}

/* Scratch of bases and matrices: coordinates, kernels of residuals, projections. */
static double scratch_numbers(const realization *R, const double k[MDM_VISITORS]) {
  double B = (double)R->p->batch, P = larger(B, (double)R->p->data->test.count), sum = 0;
  for (int f = 0; f < MDM_VISITORS; f++) {
    double n = f == MDM_OF_RHO ? R->s.E : f == MDM_OF_GAMMA || f == MDM_OF_Y ? R->neurons : R->s.S, tokens = f == MDM_OF_H || f == MDM_OF_Y ? P : B;
    double gram = fmin(tokens, n);
    if (f == MDM_OF_RHO && R->counted) continue;
    sum += k[f] * tokens * (2 + (f == MDM_OF_RHO ? 2 * R->s.twins : 0)) + gram * gram + (tokens > n ? n * tokens : 0); /* c, and of the other side's columns */
    sum += fmin(n, tokens) < tokens ? n * n : n * tokens;                                                              /* what is left of new directions */
  }
  if (R->tied || R->s.twins > 0) sum += 2 * P * larger(R->neurons, R->s.S);
  if (R->rank > 0) sum += R->rank * larger(R->s.EJ, R->s.S); /* columns while they are rotated */
  return SPARE * sum;
}

static double block_numbers(const realization *R, const double k[MDM_VISITORS]) {
  return seen_numbers(R, k) + basis_numbers(R, k) + thin_numbers(R, k) + scratch_numbers(R, k);
}

static double pairs_numbers(const mdm_problem *p, const mdm_limit_sizes *sizes) {
  return p->optimizer.method.entrywise ? pair_entries(p, sizes) * copies(&p->optimizer) : 0;
}

/* Responses follow matrices with Gaussian parts on both sides. */
static double limit_responses(const realization *R, const double k[MDM_VISITORS]) {
  static const int sides[][3] = {{MDM_Q, MDM_OF_H, MDM_OF_RHO}, {MDM_W1, MDM_OF_H, MDM_OF_GAMMA}, {MDM_W2, MDM_OF_Y, MDM_OF_DELTA}};
  double sum = 0;
  for (size_t i = 0; i < sizeof sides / sizeof *sides && R->p->responses; i++)
    if (R->coef[sides[i][0]].Vf > 0 && R->coef[sides[i][0]].Vb > 0 && !(sides[i][0] == MDM_Q && R->counted))
      sum += response_bytes(R->p, k[sides[i][1]], k[sides[i][2]]);
  return sum;
}

double mdm_limit_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single) {
  realization R = limit_of(p, sizes);
  double inputs = (double)p->reduced.inputs, bytes = 0;
  double numbers = field_numbers(p, &R.s) + end_numbers(p, R.s.S, inputs) + batch_numbers(p, inputs) + clip_numbers(p) + observer_numbers(p, &R.s, inputs);
  for (size_t l = 0; l < d->blocks; l++) {
    double k[MDM_VISITORS], extra = p->ntk ? (double)p->batch : 0; /* a backward pass that only measures */
    for (int f = 0; f < MDM_VISITORS; f++) k[f] = directions_kept(&R, d->k[l][f]) + (f == MDM_OF_H || f == MDM_OF_Y ? 0 : extra);
    numbers += block_numbers(&R, k) + pairs_numbers(p, sizes);
    if (mdm_problem_stores(p, l) >= 0) bytes += limit_responses(&R, k);
  }
  return numbers * (single ? 4 : 8) + bytes + selection_bytes(p, &R.s);
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
  realization R = limit_of(p, sizes);
  double bytes = 0;
  for (size_t l = 0; l < (size_t)blocks_of(p); l++) bytes += basis_numbers(&R, d->k[l]) * (single ? 4 : 8) + history_bytes(p, d->k[l]);
  return bytes;
}

double mdm_given_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single) {
  realization R = limit_of(p, sizes);
  double arrays = p->optimizer.momentum > 0 ? 2 : 1, inputs = (double)p->reduced.inputs, both = 0, gauss = 0;
  for (size_t l = 0; l < (size_t)blocks_of(p); l++) {
    const double *k = d->k[l];
    both += arrays * (R.counted ? 0 : R.s.E * k[MDM_OF_H] + R.s.S * k[MDM_OF_RHO]);
    both += arrays * (R.s.EJ * (k[MDM_OF_H] + k[MDM_OF_DELTA]) + R.s.S * (k[MDM_OF_GAMMA] + k[MDM_OF_Y]));
    gauss += seen_numbers(&R, k) + basis_numbers(&R, k) + thin_numbers(&R, k);
  }
  const double rank = 1.4; /* of mean kernels over that of a run, as measured: what replicas do not share adds directions */
  double numbers = part_numbers(p, &R.s, 1, (double)p->batch) + end_numbers(p, R.s.S, inputs) + rank * (both + gauss);
  return numbers * (single ? 4 : 8);
}

/* ---------------------------------------------------------------- networks (src/realization/network.c, dense.c) */

/* Lists of the tokens that each expert serves, under top-K. */
static double list_bytes(const mdm_problem *p, const shape *s) {
  double served = s->E * (p->model.shared + (1 - p->model.shared) * p->model.active_fraction);
  return p->model.active_fraction < 1 ? 8 * served * ((double)p->batch * blocks_of(p) + (double)p->data->test.count) : 0;
}

/* Matrices of a block; of the probe of responses a copy each, and the factors of the directions that it sees: all tokens at worst. */
static double network_responses(const mdm_problem *p, const shape *s) {
  double rank = (double)p->batch * fmin((double)(p->steps + 1), 1 + log1p((double)p->steps)), h = fmin(rank, s->S), rho = fmin(rank, s->E), y = fmin(rank, s->EJ);
  if (!p->responses) return 0;
  return s->S * (s->E + 2 * s->EJ) + s->S * (4 * h + 2 * rho + 4 * y) + s->E * (3 * h + 2 * rho) + s->EJ * (3 * h + 6 * y);
}

double mdm_network_bytes(const mdm_problem *p, long width, int single) {
  shape s = network_shape(p, width);
  double L = blocks_of(p), inputs = (double)p->full.inputs, stored = (double)p->n_stored, matrices = s.S * (2 * s.EJ + s.E);
  double rank = (double)p->batch * (1 + log1p((double)p->steps));
  double numbers = L * matrices * (copies(&p->optimizer) + (p->parts ? 1 : 0)) + field_numbers(p, &s) + end_numbers(p, s.S, inputs) +
                   batch_numbers(p, inputs) + clip_numbers(p) + observer_numbers(p, &s, inputs) + stored * network_responses(p, &s);
  double responses = p->responses ? 3 * stored * response_bytes(p, fmin(rank, s.S), fmin(rank, s.EJ)) : 0;
  return numbers * (single ? 4 : 8) + responses + selection_bytes(p, &s) + list_bytes(p, &s);
}

double mdm_weights_bytes(const mdm_problem *p, long width) {
  shape s = network_shape(p, width);
  return 2 * 8 * s.S * (blocks_of(p) * (2 * s.EJ + s.E) + (double)(p->full.inputs + p->model.outputs));
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
  return 8 * (P * (double)(p->full.inputs + p->reduced.inputs) + (p->full_batch ? 0 : (double)(p->steps + 1) * (double)p->batch));
}

double mdm_data_bytes(const mdm_problem *p) {
  const mdm_data *d = p->data;
  return 8 * ((double)(d->train.count + d->test.count) * (double)(d->dimension + d->outputs + 1) + (p->full_batch ? 0 : (double)(p->steps + 1) * (double)p->batch));
}
