/* Distributions over experts, loads, differences between experts, alignment of kernels with targets.
 *
 * Distributions. At the steps of the time grid: quantiles and a histogram of the logits ψ over experts, of the gate g over the
 * experts that serve a sample, and of the load l_m (top-K: fraction of samples that expert m serves; soft: mean over samples of
 * p_m = g_m / ⟨g⟩). Only statistics that have a limit: no extremes, which grow with the number of experts.
 *
 * Divergence from uniform. With l and the mean share s_m = mean over samples of p_m, both divided by their means over experts,
 *   KL = (1/M) Σ_m l_m log l_m = log M − entropy of l_m / M.
 *
 * Experts. For a quantity c_mj of neuron j of expert m (u, y, y², b y), sample by sample over the experts that serve it,
 *   c̄ = ⟨c⟩,   C = ⟨c_mj c_mj'⟩ over pairs j ≠ j' of one expert,
 * averaged over samples. C − c̄² is the variance between experts, ⟨c²⟩ − c̄² the total one. Pairs leave out the noise of a mean
 * over finitely many neurons: where N_e grows it vanishes in the limit but not on its sample neurons. Contributions b y to f are
 * sums over an expert's neurons; where N_e is fixed their noise is part of the answer, and C = ⟨(⟨c_mj⟩_j)²⟩_m, as with one
 * neuron for each expert. So it is where the limit matches the moments of every expert's neurons (Regime I, tied experts): there the
 * noise of a mean is gone but for a small part, and pairs would take out what is not there. */
#include "training/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/share.h"
#include "base/summary.h"
#include "base/vecmath.h"
#include "realization/gram.h"

enum { OF_U, OF_Y, OF_POWER, OF_CONTRIBUTION, QUANTITIES };
enum { LOAD_MEAN, LOAD_KL, SHARE_KL, BETWEEN_U, BETWEEN_Y, POWER_SPREAD, CONTRIBUTION, SERIES };
enum { ALIGNED = 3, BATCH = 256 /* neurons whose sums are taken together */ };
static const mdm_field aligned[ALIGNED] = {MDM_H, MDM_Y, MDM_A};

typedef struct {
  double mean2, within, total; /* c̄², C, ⟨c²⟩ of a sample, or averaged over samples */
} moments;

typedef struct {
  double *pooled, *sample, *histogram; /* blocks × time × MDM_QUANTILES; … × S × MDM_QUANTILES; … × (bins + 2) */
  double low, high;                    /* range of the histogram */
} distribution;

/* Σ c and Σ c² over neurons of experts, and the sum over experts of the squares of their Σ c, of every quantity. */
typedef struct {
  double sum[QUANTITIES], square[QUANTITIES], groups[QUANTITIES];
} neuron_sums;

struct X(statistics) {
  const mdm_problem *problem;
  int pairs[QUANTITIES];         /* moments between experts from pairs of neurons */
  double tau;                    /* of W2: f e = ⟨b y⟩/τ */
  size_t blocks;
  double *mean[SERIES], *each[SERIES]; /* step: mean over blocks that route; blocks × step, NULL without depth */
  double now[SERIES];            /* of one block, at one step */
  distribution psi, g;
  double *load_quantile;         /* blocks × time × MDM_QUANTILES */
  double *alignment[ALIGNED];    /* blocks × time */
  double *values, *samples;      /* experts × batch; experts × S: scratch */
  moments (*each_sample)[QUANTITIES]; /* batch */
  neuron_sums *sums;             /* batch */
  double *share, *load;          /* experts */
  double *totals;                /* batch: sums of gates over experts */
  double *kernel, *y, *work;     /* S × S; C × S; C × S */
};

/* ---------------------------------------------------------------- arrays */

/* An array over the time grid, NaN until its times are reached; with depth its first dimension is the block. dim[0]: the blocks. */
static int add_times(const X(statistics) *s, mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                     double **value, mdm_error *err) {
  int deep = s->problem->model.depth > 0;
  char names[96];
  snprintf(names, sizeof names, "%s%s", deep ? "block, " : "", dims);
  return mdm_record_add_blank(rec, path, rank - !deep, dim + !deep, names, text, value, err);
}

static int add_per_step(X(statistics) *s, mdm_record *rec, mdm_error *err) {
  static const struct {
    const char *path, *text;
  } series[SERIES] = {
      [LOAD_MEAN] = {"observables/router/load_mean", "mean over experts of the load: K/M"},
      [LOAD_KL] = {"observables/router/load_kl", "log M minus the entropy of the loads over experts: (1/M) sum l log l, l the load in units of its mean"},
      [SHARE_KL] = {"observables/router/share_kl", "log M minus the entropy of the gate shares averaged over samples: (1/M) sum s log s, s in units of its mean"},
      [BETWEEN_U] = {"observables/experts/between_u", "variance between experts of their mean over neurons of u, over the variance of u (active experts)"},
      [BETWEEN_Y] = {"observables/experts/between_y", "variance between experts of their mean over neurons of y, over the variance of y (active experts)"},
      [POWER_SPREAD] = {"observables/experts/power_spread", "variance between experts of their mean over neurons of y^2, over its squared mean (active experts)"},
      [CONTRIBUTION] = {"observables/experts/contribution_variance", "variance between experts of their contributions f_m to f = mean of f_m over active experts, samples weighted by e^2"},
  };
  size_t dim[2] = {s->blocks, s->problem->steps + 1};
  int status = MDM_OK;
  for (int k = 0; k < SERIES && !status; k++) {
    char path[96];
    status = mdm_record_add(rec, series[k].path, 1, dim + 1, "step", series[k].text, &s->mean[k], err);
    snprintf(path, sizeof path, "%s_block", series[k].path);
    if (!status && s->problem->model.depth) status = mdm_record_add(rec, path, 2, dim, "block, step", series[k].text, &s->each[k], err);
  }
  return status;
}

static int add_axes(const mdm_problem *p, mdm_record *rec, mdm_error *err) {
  size_t probabilities = MDM_QUANTILES;
  double *v;
  int status = mdm_problem_add_times(p, rec, "statistics/time", err);
  if (!status) status = mdm_record_add(rec, "statistics/probability", 1, &probabilities, "probability", "probabilities of the quantiles", &v, err);
  if (!status) memcpy(v, mdm_probability, sizeof mdm_probability);
  return status;
}

static int add_distribution(const X(statistics) *s, mdm_record *rec, const char *name, double low, double high, distribution *d, mdm_error *err) {
  const mdm_problem *p = s->problem;
  const size_t pooled[3] = {s->blocks, p->n_times, MDM_QUANTILES}, sample[4] = {s->blocks, p->n_times, p->kernel_samples, MDM_QUANTILES};
  const size_t edges = p->histogram_bins + 1, bins[3] = {s->blocks, p->n_times, p->histogram_bins + 2};
  char path[96];
  double *edge;
  d->low = low;
  d->high = high;
  snprintf(path, sizeof path, "statistics/%s/quantile", name);
  int status = add_times(s, rec, path, 3, pooled, "time, probability", "quantiles over experts and samples (g: over active experts)", &d->pooled, err);
  snprintf(path, sizeof path, "statistics/%s/sample_quantile", name);
  if (!status) status = add_times(s, rec, path, 4, sample, "time, sample, probability", "quantiles over experts, of each sample (g: over active experts)", &d->sample, err);
  snprintf(path, sizeof path, "statistics/%s/histogram", name);
  if (!status) status = add_times(s, rec, path, 3, bins, "time, bin", "fractions over experts and samples (g: over active experts) in the bins between edges; first: below all edges, last: above", &d->histogram, err);
  snprintf(path, sizeof path, "statistics/%s/edge", name);
  if (!status) status = mdm_record_add(rec, path, 1, &edges, "edge", "edges of the bins", &edge, err);
  for (size_t i = 0; i < edges && !status; i++) edge[i] = low + (high - low) * (double)i / (double)p->histogram_bins;
  return status;
}

static int add_on_grid(X(statistics) *s, mdm_record *rec, mdm_error *err) {
  const mdm_problem *p = s->problem;
  const size_t quantiles[3] = {s->blocks, p->n_times, MDM_QUANTILES}, times[2] = {s->blocks, p->n_times};
  char path[96];
  int status = add_axes(p, rec, err), routed = mdm_model_count(&p->model, MDM_BLOCK_MOE) > 0;
  if (!status && routed) status = add_distribution(s, rec, "psi", -p->histogram_range, p->histogram_range, &s->psi, err);
  if (!status && routed) status = add_distribution(s, rec, "g", 0, p->histogram_range / 2, &s->g, err);
  if (!status && routed) status = add_times(s, rec, "statistics/load/quantile", 3, quantiles, "time, probability", "quantiles over experts of the load (top-K: fraction of samples served; soft: gate share, mean over samples)", &s->load_quantile, err);
  for (int k = 0; k < ALIGNED && !status; k++) {
    snprintf(path, sizeof path, "statistics/alignment/%s", mdm_field_name(aligned[k]));
    status = add_times(s, rec, path, 2, times, "time", "centred alignment <K, y y'> / (|K| |y y'|) of the kernel of this field with the targets", &s->alignment[k], err);
  }
  return status;
}

int X(statistics_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record, X(statistics) **out, mdm_error *err) {
  *out = NULL;
  X(statistics) *s = calloc(1, sizeof *s);
  if (!s) return mdm_no_memory(err, "a training run");
  size_t S = problem->kernel_samples, C = problem->model.outputs;
  s->problem = problem;
  int grow = problem->model.regime->neurons_grow, matched = R->sampled && grow && !R->twins;
  for (int k = 0; k < QUANTITIES; k++) s->pairs[k] = !matched && (k != OF_CONTRIBUTION || grow);
  s->tau = R->coef[MDM_W2].tau;
  s->blocks = R->blocks;
  s->values = mdm_alloc(R->experts, problem->batch, 1, sizeof *s->values);
  s->samples = mdm_alloc(R->experts, S, 1, sizeof *s->samples);
  s->each_sample = mdm_alloc(problem->batch, 1, 1, sizeof *s->each_sample);
  s->sums = mdm_alloc(problem->batch, 1, 1, sizeof *s->sums);
  s->share = mdm_alloc(R->experts, 1, 1, sizeof *s->share);
  s->totals = mdm_alloc(problem->batch, 1, 1, sizeof *s->totals);
  s->load = mdm_alloc(R->experts, 1, 1, sizeof *s->load);
  s->kernel = mdm_alloc(S, S, 1, sizeof *s->kernel);
  s->y = mdm_alloc(C, S, 1, sizeof *s->y);
  s->work = mdm_alloc(C, S, 1, sizeof *s->work);
  int status = s->values && s->samples && s->each_sample && s->sums && s->share && s->totals && s->load && s->kernel && s->y && s->work
                   ? MDM_OK : mdm_no_memory(err, "statistics; set output.statistics: false");
  if (!status && mdm_model_count(&problem->model, MDM_BLOCK_MOE)) status = add_per_step(s, record, err);
  if (!status) status = add_on_grid(s, record, err);
  if (status) return X(statistics_free)(s), status;
  *out = s;
  return MDM_OK;
}

void X(statistics_free)(X(statistics) *s) {
  if (!s) return;
  free(s->values);
  free(s->samples);
  free(s->each_sample);
  free(s->sums);
  free(s->share);
  free(s->totals);
  free(s->load);
  free(s->kernel);
  free(s->y);
  free(s->work);
  free(s);
}

/* ---------------------------------------------------------------- loads */

static int serves(const X(routing) *routing, size_t m, size_t sample) { return !routing || routing->active[m + routing->experts * sample]; }

static double sum_of_sizes(size_t n, const real *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += fabs((double)x[i]);
  return sum;
}

/* Loads and shares of every routed expert of a block, and their divergence from uniform. */
static void observe_loads(X(statistics) *s, const X(moe) *program, size_t l) {
  const X(field) *g = X(moe_field)(program, MDM_TRAIN, MDM_G, l);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN, l);
  size_t all = g->n, first = X(moe_shared)(program, l), E = all - first, P = g->P;
  size_t pieces = mdm_pieces(E, MDM_ENTRIES / 8);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)(E * P)))
  for (size_t k = 0; k < P; k++) s->totals[k] = sum_of_sizes(E, g->v + first + all * k);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)(E * P)))
  for (size_t i = 0; i < pieces; i++) {
    size_t from = mdm_piece(E, pieces, i), to = mdm_piece(E, pieces, i + 1);
    memset(s->share + from, 0, (to - from) * sizeof *s->share);
    memset(s->load + from, 0, (to - from) * sizeof *s->load);
    for (size_t k = 0; k < P; k++) {
      const real *gate = g->v + first + all * k;
      double scale = (double)E / s->totals[k] / (double)P;
      for (size_t m = from; m < to; m++) s->share[m] += fabs((double)gate[m]) * scale;
      for (size_t m = from; m < to && routing; m++) s->load[m] += (double)serves(routing, first + m, k) / (double)P;
    }
  }
  if (!routing) memcpy(s->load, s->share, E * sizeof *s->load);
  double mean = 0;
  for (size_t m = 0; m < E; m++) mean += s->load[m] / (double)E;
  s->now[LOAD_MEAN] = mean;
  s->now[LOAD_KL] = mdm_divergence(E, s->load);
  s->now[SHARE_KL] = mdm_divergence(E, s->share);
}

/* ---------------------------------------------------------------- differences between experts */

/* Every quantity of n neurons, behind the first `at` of a batch. */
static void fill_batch(size_t at, size_t n, const real *u, const real *y, const real *b, double c[QUANTITIES][BATCH]) {
  for (size_t j = 0; j < n; j++) {
    double uj = (double)u[j], yj = (double)y[j];
    c[OF_U][at + j] = uj;
    c[OF_Y][at + j] = yj;
    c[OF_POWER][at + j] = yj * yj;
    c[OF_CONTRIBUTION][at + j] = (double)b[j] * yj;
  }
}

/* A batch of whole experts of J neurons. */
static void add_batch(size_t experts, size_t J, double c[QUANTITIES][BATCH], neuron_sums *s) {
  for (int k = 0; k < QUANTITIES; k++) s->square[k] += mdm_vec_dot_f64(experts * J, c[k], c[k]);
  for (size_t m = 0; m < experts; m++) {
    double sum[QUANTITIES] = {0};
    for (size_t j = 0; j < J; j++)
      for (int k = 0; k < QUANTITIES; k++) sum[k] += c[k][m * J + j];
    for (int k = 0; k < QUANTITIES; k++) s->sum[k] += sum[k], s->groups[k] += sum[k] * sum[k];
  }
}

/* Some neurons of one expert. */
static void sum_neurons(size_t n, const real *u, const real *y, const real *b, double c[QUANTITIES][BATCH], neuron_sums *s) {
  double one[BATCH];
  for (size_t j = 0; j < BATCH; j++) one[j] = 1;
  for (size_t first = 0; first < n; first += BATCH) {
    size_t count = n - first < BATCH ? n - first : BATCH;
    double square[QUANTITIES];
    fill_batch(0, count, u + first, y + first, b + first, c);
    for (int k = 0; k < QUANTITIES; k++) s->square[k] += square[k] = mdm_vec_dot_f64(count, c[k], c[k]);
    /* by vectors: additions one after the other are a chain. Powers have been added up as squares. */
    for (int k = 0; k < QUANTITIES; k++) s->sum[k] += k == OF_POWER ? square[OF_Y] : mdm_vec_dot_f64(count, c[k], one);
  }
}

/* One expert of more neurons than a batch holds. */
static void add_wide(size_t J, const real *u, const real *y, const real *b, double c[QUANTITIES][BATCH], neuron_sums *s) {
  double before[QUANTITIES];
  memcpy(before, s->sum, sizeof before);
  sum_neurons(J, u, y, b, c, s);
  for (int k = 0; k < QUANTITIES; k++) s->groups[k] += (s->sum[k] - before[k]) * (s->sum[k] - before[k]);
}

/* Of one sample's experts from … end − 1. */
static void sum_experts(const X(moe) *program, size_t l, size_t sample, size_t from, size_t end, neuron_sums *s) {
  const X(field) *u = X(moe_field)(program, MDM_TRAIN, MDM_U, l), *y = X(moe_field)(program, MDM_TRAIN, MDM_Y, l),
                 *b = X(moe_field)(program, MDM_TRAIN, MDM_B, l);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN, l);
  size_t E = X(moe_field)(program, MDM_TRAIN, MDM_G, l)->n, J = u->n / E, held = 0;
  mdm_held rows = mdm_held_of(u->n);
  double c[QUANTITIES][BATCH];
  for (size_t m = from; m < end; m++) {
    if (!serves(routing, m, sample)) continue;
    size_t at = rows.count * sample + J * m - rows.first;
    if (J > BATCH) {
      add_wide(J, u->v + at, y->v + at, b->v + at, c, s);
      continue;
    }
    fill_batch(J * held++, J, u->v + at, y->v + at, b->v + at, c);
    if (J * (held + 1) > BATCH) add_batch(held, J, c, s), held = 0;
  }
  if (held) add_batch(held, J, c, s);
}

/* What parts of one expert add. part: of each part, batch apart. */
static void add_expert(size_t parts, size_t P, const neuron_sums *part, neuron_sums *s) {
  for (int k = 0; k < QUANTITIES; k++) {
    double sum = 0;
    for (size_t i = 0; i < parts; i++) sum += part[P * i].sum[k], s->square[k] += part[P * i].square[k];
    s->sum[k] += sum;
    s->groups[k] += sum * sum;
  }
}

/* Every sample's experts that are counted, as sums over parts of them. sums: batch. */
static int sum_long_experts(const X(moe) *program, size_t l, neuron_sums *sums, mdm_error *err) {
  const X(field) *u = X(moe_field)(program, MDM_TRAIN, MDM_U, l), *y = X(moe_field)(program, MDM_TRAIN, MDM_Y, l), *b = X(moe_field)(program, MDM_TRAIN, MDM_B, l);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN, l);
  size_t E = X(moe_field)(program, MDM_TRAIN, MDM_G, l)->n, J = u->n / E, P = u->P, shared = X(moe_shared)(program, l), parts = mdm_expert_parts(E, J), first, end;
  mdm_held rows = mdm_held_of(u->n);
  neuron_sums *of = mdm_alloc(E, parts, P, sizeof *of); /* E · parts × batch */
  if (!of) return mdm_no_memory(err, "statistics; set output.statistics: false");
  mdm_own_expert_parts(E, J, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)(P * u->n)))
  for (size_t i = first * P; i < end * P; i++) {
    double c[QUANTITIES][BATCH];
    size_t e = i / P / parts, part = i / P % parts, from = mdm_piece(J, parts, part), at = rows.count * (i % P) + J * e + from - rows.first;
    if (e >= shared && serves(routing, e, i % P)) sum_neurons(mdm_piece(J, parts, part + 1) - from, u->v + at, y->v + at, b->v + at, c, &of[i]);
  }
  mdm_gather_expert_parts(E, J, P * sizeof *of, of);
  for (size_t i = 0; i < E * P; i++) add_expert(parts, P, of + P * parts * (i / P) + i % P, &sums[i % P]); /* zero where an expert does not serve */
  free(of);
  return MDM_OK;
}

/* Every sample's experts: of many neurons, as a sum over pieces of experts. sums: batch. */
static int sum_samples(const X(moe) *program, size_t l, neuron_sums *sums, mdm_error *err) {
  const X(field) *u = X(moe_field)(program, MDM_TRAIN, MDM_U, l);
  size_t E = X(moe_field)(program, MDM_TRAIN, MDM_G, l)->n, J = u->n / E, P = u->P, shared = X(moe_shared)(program, l);
  size_t pieces = !mdm_is_large(u->n) ? 1 : mdm_expert_pieces(E, J), first = 0, end = 1;
  if (mdm_cuts_experts(u->n)) return sum_long_experts(program, l, sums, err);
  neuron_sums *of = mdm_alloc(pieces, P, 1, sizeof *of); /* pieces × batch */
  if (!of) return mdm_no_memory(err, "statistics; set output.statistics: false");
  if (pieces > 1) mdm_own_expert_pieces(E, J, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)(P * u->n)))
  for (size_t i = first * P; i < end * P; i++) {
    size_t from = mdm_expert_piece(E, pieces, i / P), to = mdm_expert_piece(E, pieces, i / P + 1);
    sum_experts(program, l, i % P, from > shared ? from : shared, to, &of[i]);
  }
  if (pieces > 1) mdm_gather_expert_pieces(E, J, pieces, P * sizeof *of, of);
  for (size_t k = 0; k < P; k++) sums[k] = of[k];
  for (size_t i = P; i < pieces * P; i++)
    for (int k = 0; k < QUANTITIES; k++) {
      sums[i % P].sum[k] += of[i].sum[k];
      sums[i % P].square[k] += of[i].square[k];
      sums[i % P].groups[k] += of[i].groups[k];
    }
  free(of);
  return MDM_OK;
}

/* Routed experts that serve a sample. */
static size_t count_active(const X(moe) *program, size_t l, size_t sample) {
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN, l);
  size_t E = X(moe_field)(program, MDM_TRAIN, MDM_G, l)->n, active = 0;
  for (size_t m = X(moe_shared)(program, l); m < E; m++) active += serves(routing, m, sample) != 0;
  return active;
}

/* One sample's moments. */
static void find_moments(const X(statistics) *s, const X(moe) *program, size_t l, size_t sample, const neuron_sums *sums, moments of[QUANTITIES]) {
  size_t E = X(moe_field)(program, MDM_TRAIN, MDM_G, l)->n, J = X(moe_field)(program, MDM_TRAIN, MDM_U, l)->n / E;
  double n = (double)J, active = (double)count_active(program, l, sample);
  for (int k = 0; k < QUANTITIES; k++) {
    double mean = sums->sum[k] / n / active, pairs = (sums->groups[k] - sums->square[k]) / (n * (n - 1)), all = sums->groups[k] / (n * n);
    of[k] = (moments){mean * mean, (s->pairs[k] && J > 1 ? pairs : all) / active, sums->square[k] / n / active};
  }
}

static double between(const moments *m) { return m->within - m->mean2; }

/* 0 where there is nothing to compare with: outputs or errors that vanish. */
static double ratio(double a, double b) { return b > 0 ? a / b : 0; }

static int observe_experts(X(statistics) *s, const X(moe) *program, size_t l, const double *e, mdm_error *err) {
  size_t P = X(moe_field)(program, MDM_TRAIN, MDM_U, l)->P, C = s->problem->model.outputs;
  moments of[QUANTITIES] = {{0}};
  double error2 = 0, kappa = X(moe_routing)(program, MDM_TRAIN, l) ? s->now[LOAD_MEAN] : 1;
  int status = sum_samples(program, l, s->sums, err);
  if (status) return status;
  for (size_t k = 0; k < P; k++) find_moments(s, program, l, k, &s->sums[k], s->each_sample[k]);
  for (size_t k = 0; k < P; k++)
    for (int i = 0; i < QUANTITIES; i++) {
      of[i].mean2 += s->each_sample[k][i].mean2 / (double)P;
      of[i].within += s->each_sample[k][i].within / (double)P;
      of[i].total += s->each_sample[k][i].total / (double)P;
    }
  for (size_t i = 0; i < P * C; i++) error2 += e[i] * e[i] / (double)P;
  s->now[BETWEEN_U] = ratio(between(&of[OF_U]), of[OF_U].total - of[OF_U].mean2);
  s->now[BETWEEN_Y] = ratio(between(&of[OF_Y]), of[OF_Y].total - of[OF_Y].mean2);
  s->now[POWER_SPREAD] = ratio(between(&of[OF_POWER]), of[OF_POWER].mean2);
  s->now[CONTRIBUTION] = kappa * kappa / (s->tau * s->tau) * ratio(between(&of[OF_CONTRIBUTION]), error2);
  return MDM_OK;
}

/* ---------------------------------------------------------------- on the time grid */

/* Values of a field over routed experts, of samples first … first + count − 1; only of active experts when a routing is given. Returns how
 * many. */
static size_t collect(const X(field) *f, const X(routing) *routing, size_t shared, size_t first, size_t count, double *values) {
  size_t n = 0;
  for (size_t k = first; k < first + count; k++)
    for (size_t m = shared; m < f->n; m++)
      if (serves(routing, m, k)) values[n++] = (double)f->v[m + f->n * k];
  return n;
}

/* Without extremes where experts are a population. */
static void quantiles(const X(statistics) *s, size_t n, double *values, double *out) {
  mdm_quantiles(n, values, out);
  if (s->problem->model.regime->experts_grow) mdm_blank_extremes(n, out);
}

/* Quantiles of sample k, or (k = S) of all samples, and their histogram. */
static void observe_samples(X(statistics) *s, const X(field) *f, const X(routing) *routing, size_t shared, size_t at, size_t k, distribution *d) {
  size_t S = s->problem->kernel_samples, bins = s->problem->histogram_bins;
  double *values = k < S ? s->samples + f->n * k : s->values;
  size_t n = k < S ? collect(f, routing, shared, k, 1, values) : collect(f, routing, shared, 0, f->P, values);
  if (k == S) mdm_histogram(n, values, bins, d->low, d->high, d->histogram + at * (bins + 2));
  quantiles(s, n, values, k < S ? d->sample + (at * S + k) * MDM_QUANTILES : d->pooled + at * MDM_QUANTILES);
}

static void observe_distribution(X(statistics) *s, const X(field) *f, const X(routing) *routing, size_t shared, size_t at, distribution *d) {
  size_t S = s->problem->kernel_samples;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(60.0 * (double)(f->n * f->P)))
  for (size_t k = 0; k <= S; k++) observe_samples(s, f, routing, shared, at, S - k, d); /* the most work first */
}

static int observe_alignment(X(statistics) *s, const X(moe) *program, size_t l, size_t t, size_t at, mdm_error *err) {
  const mdm_problem *p = s->problem;
  size_t S = p->kernel_samples;
  for (int k = 0; k < ALIGNED; k++) {
    mdm_problem_targets(p, t, S, s->y);
    int status = X(gram)(X(moe_field)(program, MDM_TRAIN, aligned[k], l), S, s->kernel, err);
    if (status) return status;
    s->alignment[k][at] = mdm_problem_alignment(p, S, s->kernel, s->y, MDM_EPSILON, s->work);
  }
  return MDM_OK;
}

/* One block; at: its place on the time grid among those of all blocks, −1 off the grid. */
static int observe_block(X(statistics) *s, const X(moe) *program, size_t l, size_t t, long at, const double *e, mdm_error *err) {
  const X(field) *psi = X(moe_field)(program, MDM_TRAIN, MDM_PSI, l), *g = X(moe_field)(program, MDM_TRAIN, MDM_G, l);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN, l);
  size_t shared = X(moe_shared)(program, l), E = g->n - shared;
  if (!X(moe_routes)(program, l)) return at < 0 ? MDM_OK : observe_alignment(s, program, l, t, (size_t)at, err);
  observe_loads(s, program, l);
  int status = observe_experts(s, program, l, e, err);
  if (status || at < 0) return status;
  observe_distribution(s, psi, NULL, shared, (size_t)at, &s->psi);
  observe_distribution(s, g, routing, shared, (size_t)at, &s->g);
  memcpy(s->values, s->load, E * sizeof *s->values);
  quantiles(s, E, s->values, s->load_quantile + (size_t)at * MDM_QUANTILES);
  return observe_alignment(s, program, l, t, (size_t)at, err);
}

int X(statistics_step)(X(statistics) *s, const X(moe) *program, size_t t, const double *e, mdm_error *err) {
  long at = mdm_problem_time_index(s->problem, t);
  size_t times = s->problem->n_times, routed = 0;
  int status = MDM_OK;
  for (size_t l = 0; l < s->blocks; l++) routed += (size_t)X(moe_routes)(program, l);
  for (size_t l = 0; l < s->blocks && !status; l++) {
    int routes = X(moe_routes)(program, l);
    for (int k = 0; k < SERIES; k++) s->now[k] = NAN;
    status = observe_block(s, program, l, t, at < 0 ? -1 : (long)(l * times) + at, e, err);
    for (int k = 0; k < SERIES; k++) {
      if (routes) s->mean[k][t] += s->now[k] / (double)routed;
      if (s->each[k]) s->each[k][l * (s->problem->steps + 1) + t] = s->now[k];
    }
  }
  return status;
}
