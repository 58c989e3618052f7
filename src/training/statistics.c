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
 * neuron for each expert. */
#include "training/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "realization/gram.h"

enum { OF_U, OF_Y, OF_POWER, OF_CONTRIBUTION, QUANTITIES };
enum { ALIGNED = 3 };
static const mdm_field aligned[ALIGNED] = {MDM_H, MDM_Y, MDM_A};

typedef struct {
  double *pooled, *sample, *histogram; /* time × MDM_QUANTILES; time × S × MDM_QUANTILES; time × (bins + 2) */
  double low, high;                    /* range of the histogram */
} distribution;

struct X(statistics) {
  const mdm_problem *problem;
  int pairs[QUANTITIES];         /* moments between experts from pairs of neurons */
  double tau;                    /* of W2: f e = ⟨b y⟩/τ */
  double *load_mean, *load_kl, *share_kl; /* step */
  double *between_u, *between_y, *power, *contribution; /* step */
  distribution psi, g;
  double *load_quantile;         /* time × MDM_QUANTILES */
  double *alignment[ALIGNED];    /* time */
  double *values;                /* experts × batch: scratch */
  double *share, *load;          /* experts */
  double *kernel, *y, *work;     /* S × S; C × S; C × S */
};

/* ---------------------------------------------------------------- arrays */

static int add_steps(const X(statistics) *s, mdm_record *rec, const char *path, const char *text, double **value, mdm_error *err) {
  size_t n = s->problem->steps + 1;
  return mdm_record_add(rec, path, 1, &n, "step", text, value, err);
}

static int add_per_step(X(statistics) *s, mdm_record *rec, mdm_error *err) {
  const struct {
    const char *path, *text;
    double **value;
  } arrays[] = {
      {"observables/router/load_mean", "mean over experts of the load: K/M", &s->load_mean},
      {"observables/router/load_kl", "log M minus the entropy of the loads over experts: (1/M) sum l log l, l the load in units of its mean", &s->load_kl},
      {"observables/router/share_kl", "log M minus the entropy of the gate shares averaged over samples: (1/M) sum s log s, s in units of its mean", &s->share_kl},
      {"observables/experts/between_u", "variance between experts of their mean over neurons of u, over the variance of u (active experts)", &s->between_u},
      {"observables/experts/between_y", "variance between experts of their mean over neurons of y, over the variance of y (active experts)", &s->between_y},
      {"observables/experts/power_spread", "variance between experts of their mean over neurons of y^2, over its squared mean (active experts)", &s->power},
      {"observables/experts/contribution_variance", "variance between experts of their contributions f_m to f = mean of f_m over active experts, samples weighted by e^2", &s->contribution},
  };
  int status = MDM_OK;
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays && !status; i++)
    status = add_steps(s, rec, arrays[i].path, arrays[i].text, arrays[i].value, err);
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

static int add_distribution(const mdm_problem *p, mdm_record *rec, const char *name, double low, double high, distribution *d, mdm_error *err) {
  const size_t pooled[2] = {p->n_times, MDM_QUANTILES}, sample[3] = {p->n_times, p->kernel_samples, MDM_QUANTILES};
  const size_t edges = p->histogram_bins + 1, bins[2] = {p->n_times, p->histogram_bins + 2};
  char path[96];
  double *edge;
  d->low = low;
  d->high = high;
  snprintf(path, sizeof path, "statistics/%s/quantile", name);
  int status = mdm_record_add_blank(rec, path, 2, pooled, "time, probability", "quantiles over experts and samples (g: over active experts)", &d->pooled, err);
  snprintf(path, sizeof path, "statistics/%s/sample_quantile", name);
  if (!status) status = mdm_record_add_blank(rec, path, 3, sample, "time, sample, probability", "quantiles over experts, of each sample (g: over active experts)", &d->sample, err);
  snprintf(path, sizeof path, "statistics/%s/histogram", name);
  if (!status) status = mdm_record_add_blank(rec, path, 2, bins, "time, bin", "fractions over experts and samples (g: over active experts) in the bins between edges; first: below all edges, last: above", &d->histogram, err);
  snprintf(path, sizeof path, "statistics/%s/edge", name);
  if (!status) status = mdm_record_add(rec, path, 1, &edges, "edge", "edges of the bins", &edge, err);
  for (size_t i = 0; i < edges && !status; i++) edge[i] = low + (high - low) * (double)i / (double)p->histogram_bins;
  return status;
}

static int add_on_grid(X(statistics) *s, mdm_record *rec, mdm_error *err) {
  const mdm_problem *p = s->problem;
  const size_t quantiles[2] = {p->n_times, MDM_QUANTILES};
  char path[96];
  int status = add_axes(p, rec, err);
  if (!status) status = add_distribution(p, rec, "psi", -p->histogram_range, p->histogram_range, &s->psi, err);
  if (!status) status = add_distribution(p, rec, "g", 0, p->histogram_range / 2, &s->g, err);
  if (!status) status = mdm_record_add_blank(rec, "statistics/load/quantile", 2, quantiles, "time, probability", "quantiles over experts of the load (top-K: fraction of samples served; soft: gate share, mean over samples)", &s->load_quantile, err);
  for (int k = 0; k < ALIGNED && !status; k++) {
    snprintf(path, sizeof path, "statistics/alignment/%s", mdm_field_name(aligned[k]));
    status = mdm_record_add_blank(rec, path, 1, &p->n_times, "time", "centred alignment <K, y y'> / (|K| |y y'|) of the kernel of this field with the targets", &s->alignment[k], err);
  }
  return status;
}

int X(statistics_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record, X(statistics) **out, mdm_error *err) {
  *out = NULL;
  X(statistics) *s = calloc(1, sizeof *s);
  if (!s) return mdm_no_memory(err, "statistics");
  size_t S = problem->kernel_samples, C = problem->model.outputs;
  s->problem = problem;
  for (int k = 0; k < QUANTITIES; k++) s->pairs[k] = k != OF_CONTRIBUTION || problem->model.regime->neurons_grow;
  s->tau = R->coef[MDM_W2].tau;
  s->values = mdm_alloc(R->experts, problem->batch, 1, sizeof *s->values);
  s->share = mdm_alloc(R->experts, 1, 1, sizeof *s->share);
  s->load = mdm_alloc(R->experts, 1, 1, sizeof *s->load);
  s->kernel = mdm_alloc(S, S, 1, sizeof *s->kernel);
  s->y = mdm_alloc(C, S, 1, sizeof *s->y);
  s->work = mdm_alloc(C, S, 1, sizeof *s->work);
  int status = s->values && s->share && s->load && s->kernel && s->y && s->work
                   ? MDM_OK : mdm_no_memory(err, "statistics; set output.statistics: false");
  if (!status) status = add_per_step(s, record, err);
  if (!status) status = add_on_grid(s, record, err);
  if (status) return X(statistics_free)(s), status;
  *out = s;
  return MDM_OK;
}

void X(statistics_free)(X(statistics) *s) {
  if (!s) return;
  free(s->values);
  free(s->share);
  free(s->load);
  free(s->kernel);
  free(s->y);
  free(s->work);
  free(s);
}

/* ---------------------------------------------------------------- loads */

static int serves(const X(routing) *routing, size_t m, size_t sample) { return !routing || routing->active[m + routing->experts * sample]; }

/* Loads and shares of every expert, and their divergence from uniform. */
static void observe_loads(X(statistics) *s, const X(moe) *program, size_t t) {
  const X(field) *g = X(moe_field)(program, MDM_TRAIN, MDM_G);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN);
  size_t E = g->n, P = g->P;
  memset(s->share, 0, E * sizeof *s->share);
  memset(s->load, 0, E * sizeof *s->load);
  for (size_t k = 0; k < P; k++) {
    double total = 0;
    for (size_t m = 0; m < E; m++) total += (double)g->v[m + E * k];
    for (size_t m = 0; m < E; m++) {
      s->share[m] += (double)g->v[m + E * k] * (double)E / total / (double)P;
      s->load[m] += routing ? (double)serves(routing, m, k) / (double)P : 0;
    }
  }
  if (!routing) memcpy(s->load, s->share, E * sizeof *s->load);
  double mean = 0;
  for (size_t m = 0; m < E; m++) mean += s->load[m] / (double)E;
  s->load_mean[t] = mean;
  s->load_kl[t] = mdm_divergence(E, s->load);
  s->share_kl[t] = mdm_divergence(E, s->share);
}

/* ---------------------------------------------------------------- differences between experts */

typedef struct {
  double mean2, within, total; /* c̄², C, ⟨c²⟩, averaged over samples */
} moments;

/* Sums over the neurons of one expert, of every quantity and of its square. */
static void sum_neurons(size_t J, const real *u, const real *y, const real *b, double sum[QUANTITIES], double square[QUANTITIES]) {
  for (int k = 0; k < QUANTITIES; k++) sum[k] = square[k] = 0;
  for (size_t j = 0; j < J; j++) {
    const double uj = (double)u[j], yj = (double)y[j], c[QUANTITIES] = {uj, yj, yj * yj, (double)b[j] * yj};
    for (int k = 0; k < QUANTITIES; k++) {
      sum[k] += c[k];
      square[k] += c[k] * c[k];
    }
  }
}

/* Adds one sample's moments, times weight. */
static void add_sample(const X(statistics) *s, const X(moe) *program, size_t sample, double weight, moments of[QUANTITIES]) {
  const X(field) *u = X(moe_field)(program, MDM_TRAIN, MDM_U), *y = X(moe_field)(program, MDM_TRAIN, MDM_Y),
                 *b = X(moe_field)(program, MDM_TRAIN, MDM_B);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN);
  size_t E = X(moe_field)(program, MDM_TRAIN, MDM_G)->n, J = u->n / E, active = 0;
  double n = (double)J, sum[QUANTITIES], square[QUANTITIES], mean[QUANTITIES] = {0}, within[QUANTITIES] = {0}, total[QUANTITIES] = {0};
  for (size_t m = 0; m < E; m++) {
    if (!serves(routing, m, sample)) continue;
    size_t at = u->n * sample + J * m;
    sum_neurons(J, u->v + at, y->v + at, b->v + at, sum, square);
    for (int k = 0; k < QUANTITIES; k++) {
      mean[k] += sum[k] / n;
      within[k] += s->pairs[k] && J > 1 ? (sum[k] * sum[k] - square[k]) / (n * (n - 1)) : sum[k] * sum[k] / (n * n);
      total[k] += square[k] / n;
    }
    active++;
  }
  for (int k = 0; k < QUANTITIES; k++) {
    double c = mean[k] / (double)active;
    of[k].mean2 += weight * c * c;
    of[k].within += weight * within[k] / (double)active;
    of[k].total += weight * total[k] / (double)active;
  }
}

static double between(const moments *m) { return m->within - m->mean2; }

/* 0 where there is nothing to compare with: outputs or errors that vanish. */
static double ratio(double a, double b) { return b > 0 ? a / b : 0; }

static void observe_experts(X(statistics) *s, const X(moe) *program, size_t t, const double *e) {
  size_t P = X(moe_field)(program, MDM_TRAIN, MDM_U)->P, C = s->problem->model.outputs;
  moments of[QUANTITIES] = {{0}};
  double error2 = 0, kappa = X(moe_routing)(program, MDM_TRAIN) ? s->load_mean[t] : 1;
  for (size_t k = 0; k < P; k++) add_sample(s, program, k, 1 / (double)P, of);
  for (size_t i = 0; i < P * C; i++) error2 += e[i] * e[i] / (double)P;
  s->between_u[t] = ratio(between(&of[OF_U]), of[OF_U].total - of[OF_U].mean2);
  s->between_y[t] = ratio(between(&of[OF_Y]), of[OF_Y].total - of[OF_Y].mean2);
  s->power[t] = ratio(between(&of[OF_POWER]), of[OF_POWER].mean2);
  s->contribution[t] = kappa * kappa / (s->tau * s->tau) * ratio(between(&of[OF_CONTRIBUTION]), error2);
}

/* ---------------------------------------------------------------- on the time grid */

/* Values of a field over experts, of samples first … first + count − 1, into scratch; only of active experts when a routing is
 * given. Returns how many. */
static size_t collect(X(statistics) *s, const X(field) *f, const X(routing) *routing, size_t first, size_t count) {
  size_t n = 0;
  for (size_t k = first; k < first + count; k++)
    for (size_t m = 0; m < f->n; m++)
      if (serves(routing, m, k)) s->values[n++] = (double)f->v[m + f->n * k];
  return n;
}

static void observe_distribution(X(statistics) *s, const X(field) *f, const X(routing) *routing, size_t at, distribution *d) {
  const mdm_problem *p = s->problem;
  size_t S = p->kernel_samples, bins = p->histogram_bins;
  for (size_t k = 0; k < S; k++)
    mdm_quantiles(collect(s, f, routing, k, 1), s->values, d->sample + (at * S + k) * MDM_QUANTILES);
  size_t n = collect(s, f, routing, 0, f->P);
  mdm_histogram(n, s->values, bins, d->low, d->high, d->histogram + at * (bins + 2));
  mdm_quantiles(n, s->values, d->pooled + at * MDM_QUANTILES);
}

static int observe_alignment(X(statistics) *s, const X(moe) *program, size_t t, size_t at, mdm_error *err) {
  const mdm_problem *p = s->problem;
  size_t S = p->kernel_samples, C = p->model.outputs;
  mdm_problem_targets(p, t, S, s->y);
  for (int k = 0; k < ALIGNED; k++) {
    int status = X(gram)(X(moe_field)(program, MDM_TRAIN, aligned[k]), S, s->kernel, err);
    if (status) return status;
    s->alignment[k][at] = mdm_alignment(S, C, s->kernel, s->y, s->work);
  }
  return MDM_OK;
}

int X(statistics_step)(X(statistics) *s, const X(moe) *program, size_t t, const double *e, mdm_error *err) {
  long at = mdm_problem_time_index(s->problem, t);
  observe_loads(s, program, t);
  observe_experts(s, program, t, e);
  if (at < 0) return MDM_OK;
  observe_distribution(s, X(moe_field)(program, MDM_TRAIN, MDM_PSI), NULL, (size_t)at, &s->psi);
  observe_distribution(s, X(moe_field)(program, MDM_TRAIN, MDM_G), X(moe_routing)(program, MDM_TRAIN), (size_t)at, &s->g);
  memcpy(s->values, s->load, X(moe_field)(program, MDM_TRAIN, MDM_G)->n * sizeof *s->values);
  mdm_quantiles(X(moe_field)(program, MDM_TRAIN, MDM_G)->n, s->values, s->load_quantile + (size_t)at * MDM_QUANTILES);
  return observe_alignment(s, program, t, (size_t)at, err);
}
