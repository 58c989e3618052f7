/* Finite networks against the limit.
 *
 * For every observable with values x_i (seeds) and y_a (replicas) the squared distance of the means, |x̄ − ȳ|², is biased
 * upward by sampling noise. What is reported is Δ² = |x̄ − ȳ|² − |se_x|² − |se_y|², whose expectation is the true squared
 * distance; its error comes from a jackknife over seeds and over replicas. Rates are fitted to Δ² itself, which noise may
 * make negative, never to its logarithm.
 */
#include "study/compare.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "scaling/compare_predict.h"
#include "study/compare_extrapolate.h"

/* ---------------------------------------------------------------- distance */

typedef struct {
  size_t n;          /* runs left in */
  double *mean, *m2; /* k: mean, sum of squared deviations */
} moments;

/* Mean and squared deviations of all runs, element by element. */
static void moments_of(size_t k, size_t n, const double *const *x, moments *s) {
  s->n = n;
  memset(s->mean, 0, k * sizeof *s->mean);
  memset(s->m2, 0, k * sizeof *s->m2);
  for (size_t i = 0; i < n; i++)
    for (size_t e = 0; e < k; e++) s->mean[e] += x[i][e] / (double)n;
  for (size_t i = 0; i < n; i++)
    for (size_t e = 0; e < k; e++) {
      double d = x[i][e] - s->mean[e];
      s->m2[e] += d * d;
    }
}

/* The same without one run x, from those of all: no second pass over the others. */
static void moments_without(size_t k, const moments *all, const double *x, moments *s) {
  double n = (double)all->n;
  s->n = all->n - 1;
  for (size_t e = 0; e < k; e++) {
    double d = x[e] - all->mean[e];
    s->mean[e] = all->mean[e] - d / (n - 1);
    s->m2[e] = fmax(0, all->m2[e] - d * d * n / (n - 1));
  }
}

/* Δ² and the variance over runs of x, from moments. */
static double distance2(size_t k, const moments *x, const moments *y, double *spread2) {
  double sum = 0, spread = 0;
  size_t used = 0;
  for (size_t e = 0; e < k; e++) {
    double vx = x->m2[e] / (double)(x->n - 1), vy = y->m2[e] / (double)(y->n - 1), d = x->mean[e] - y->mean[e];
    double term = d * d - vx / (double)x->n - vy / (double)y->n;
    if (isnan(term)) continue;
    sum += term;
    spread += vx;
    used++;
  }
  *spread2 = used ? spread / (double)used : NAN;
  return used ? sum / (double)used : NAN;
}

typedef struct {
  double sum, square;
  size_t n;
} tally;

static void count(tally *t, double v) {
  t->sum += v;
  t->square += v * v;
  t->n++;
}

/* Jackknife variance from the leave-one-out values. */
static double jackknife(const tally *t) {
  double n = (double)t->n, var = t->square / n - t->sum / n * (t->sum / n);
  return t->n > 1 && var > 0 ? (n - 1) * var : 0;
}

int mdm_distance(size_t k, size_t n, const double *const *x, size_t m, const double *const *y, double *d2, double *d2_error,
                 double *spread2, double *spread2_error, mdm_error *err) {
  double *work = mdm_alloc(k, 6, 1, sizeof *work); /* 6 × k */
  if (!work) return mdm_no_memory(err, "a comparison of %zu numbers", k);
  moments all_x = {0, work, work + k}, all_y = {0, work + 2 * k, work + 3 * k}, part = {0, work + 4 * k, work + 5 * k};
  tally over_x = {0}, over_y = {0}, spread = {0};
  double s;
  moments_of(k, n, x, &all_x);
  moments_of(k, m, y, &all_y);
  *d2 = distance2(k, &all_x, &all_y, spread2);
  for (size_t i = 0; i < n && n > 2; i++) {
    moments_without(k, &all_x, x[i], &part);
    count(&over_x, distance2(k, &part, &all_y, &s));
    count(&spread, s);
  }
  for (size_t i = 0; i < m && m > 2; i++) {
    moments_without(k, &all_y, y[i], &part);
    count(&over_y, distance2(k, &all_x, &part, &s));
  }
  *d2_error = sqrt(jackknife(&over_x) + jackknife(&over_y));
  *spread2_error = sqrt(jackknife(&spread));
  free(work);
  return MDM_OK;
}

/* ---------------------------------------------------------------- fit */

/* χ² of the best amplitude for exponent p. */
static double chi2(size_t n, const double *x, const double *d2, const double *s2, double p) {
  double fd = 0, ff = 0, sum = 0;
  for (size_t i = 0; i < n; i++) {
    double f = pow(x[i] / x[0], -2 * p) / s2[i];
    fd += f * d2[i] / s2[i];
    ff += f * f;
  }
  double amplitude = fd > 0 ? fd / ff : 0;
  for (size_t i = 0; i < n; i++) {
    double r = (d2[i] - amplitude * pow(x[i] / x[0], -2 * p)) / s2[i];
    sum += r * r;
  }
  return sum;
}

void mdm_fit_power(size_t n, const double *x, const double *d2, const double *s2, double *exponent, double *error) {
  enum { STEPS = 4000 };
  const double low = -1, high = 4;
  double best = INFINITY, where = NAN, signal = 0;
  *exponent = *error = NAN;
  if (n < 2) return;
  for (size_t i = 0; i < n; i++) {
    if (!(s2[i] > 0) || !isfinite(d2[i])) return;
    signal = fmax(signal, d2[i] / s2[i]);
  }
  if (signal < 2) return; /* no deviation stands out of the noise at any width */
  for (int i = 0; i <= STEPS; i++) {
    double p = low + (high - low) * i / STEPS, c = chi2(n, x, d2, s2, p);
    if (c < best) best = c, where = p;
  }
  double rise = n > 2 && best / (double)(n - 2) > 1 ? best / (double)(n - 2) : 1, left = where, right = where;
  while (left > low && chi2(n, x, d2, s2, left) < best + rise) left -= 1e-3;
  while (right < high && chi2(n, x, d2, s2, right) < best + rise) right += 1e-3;
  *exponent = where;
  *error = 0.5 * (right - left);
}

/* ---------------------------------------------------------------- every observable */

typedef struct {
  size_t widths;
  double *x, *d2, *s2, *spread2, *spread2_error; /* widths */
} rows;

static size_t elements(const mdm_array *a) { return mdm_elements(a->rank, a->dim); }

static void values_of(const mdm_ensemble *e, const char *path, const double **out) {
  for (size_t i = 0; i < e->runs; i++) out[i] = mdm_record_find(e->each[i], path)->value;
}

/* Elements that both have: a run that ended early has fewer steps, and steps come first. */
static size_t common_elements(const mdm_ensemble *a, const mdm_ensemble *b, const char *path) {
  size_t n = elements(mdm_record_find(a->each[0], path)), m = elements(mdm_record_find(b->each[0], path));
  return n < m ? n : m;
}

static int compare_path(const mdm_outcome *o, const char *path, rows *r, mdm_error *err) {
  size_t most = o->limit.runs;
  for (size_t w = 0; w < o->widths; w++)
    if (o->networks[w].runs > most) most = o->networks[w].runs;
  const double **x = mdm_alloc(most, 1, 1, sizeof *x), **y = mdm_alloc(most, 1, 1, sizeof *y); /* most runs */
  int status = x && y ? MDM_OK : mdm_no_memory(err, "the comparison");
  if (!status) values_of(&o->limit, path, y);
  for (size_t w = 0; w < o->widths && !status; w++) {
    const mdm_ensemble *e = &o->networks[w];
    if (e->runs < 2) {
      r->d2[w] = r->s2[w] = r->spread2[w] = r->spread2_error[w] = NAN;
      continue;
    }
    values_of(e, path, x);
    status = mdm_distance(common_elements(&o->limit, e, path), e->runs, x, o->limit.runs, y, &r->d2[w], &r->s2[w], &r->spread2[w],
                          &r->spread2_error[w], err);
  }
  free(x);
  free(y);
  return status;
}

/* Adds an array over widths whose values are square roots of d2 (0 where noise made it negative), errors propagated; around
 * zero the error is what a noise of s2 gives. */
static int add_roots(mdm_record *rec, const char *path, const char *text, const rows *r, const double *d2, const double *s2,
                     mdm_error *err) {
  mdm_array *added;
  int status = mdm_record_add_pair(rec, path, 1, &r->widths, "width", text, &added, err);
  for (size_t w = 0; w < r->widths && !status; w++) {
    double root = sqrt(fabs(d2[w]));
    added->value[w] = d2[w] < 0 ? 0 : root;
    added->error[w] = root > sqrt(s2[w]) ? s2[w] / (2 * root) : sqrt(s2[w]);
  }
  return status;
}

static int add_number(mdm_record *rec, const char *path, const char *text, double value, mdm_error *err) {
  size_t one = 1;
  double *v;
  int status = mdm_record_add(rec, path, 1, &one, "value", text, &v, err);
  if (!status) *v = value;
  return status;
}

/* A single number with its error. */
static int add_number_pair(mdm_record *rec, const char *path, const char *text, double value, double error, mdm_error *err) {
  size_t one = 1;
  mdm_array *added;
  int status = mdm_record_add_pair(rec, path, 1, &one, "value", text, &added, err);
  if (status) return status;
  added->value[0] = value;
  added->error[0] = error;
  return MDM_OK;
}

/* Networks at N = ∞ against the limit. */
static int extrapolate(const mdm_outcome *o, const mdm_array *limit, double rate, const double *width, mdm_extrapolation *out, mdm_error *err) {
  mdm_widths w = {elements(limit), o->widths, width, NULL, NULL, limit->value, limit->error};
  const double **mean = mdm_alloc(w.n, 2, 1, sizeof *mean); /* widths; then the errors: widths */
  if (!mean) return mdm_no_memory(err, "the comparison");
  const double **error = mean + w.n;
  for (size_t i = 0; i < w.n; i++) {
    const mdm_array *a = mdm_record_find(o->networks[i].summary, limit->path);
    mean[i] = a->value, error[i] = a->error;
    if (!a->error || !limit->error) rate = NAN; /* a single network */
    w.k = elements(a) < w.k ? elements(a) : w.k;
  }
  w.mean = mean, w.error = error;
  int status = mdm_extrapolate(&w, rate, out, err);
  free(mean);
  return status;
}

static int add_extrapolation(mdm_record *rec, const char *name, const mdm_extrapolation *x, mdm_error *err) {
  const struct {
    const char *name, *text;
    double value;
  } numbers[] = {
      {"extrapolated_rms_z", "networks at N = infinity (extrapolated) minus the limit, in combined standard errors: RMS over entries", x->rms_z},
      {"extrapolated_max_z", "the same: largest absolute value over entries", x->max_z},
      {"extrapolated_chi2", "sum over entries of (extrapolated minus limit)^2 over the sum of combined variances; 1 is expected", x->chi2},
      {"extrapolated_distance", "RMS over entries of extrapolated minus limit", x->distance},
      {"extrapolated_error", "RMS over entries of the combined standard error of that", x->error},
      {"fit_chi2", "chi^2 per degree of freedom of the series in N that is extrapolated; NaN: no degree of freedom is left", x->fit_chi2}};
  int status = MDM_OK;
  char path[96];
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !status; i++) {
    snprintf(path, sizeof path, "comparison/each/%.56s/%s", name, numbers[i].name);
    status = add_number(rec, path, numbers[i].text, numbers[i].value, err);
  }
  return status;
}

/* The range of exponents that theory predicts. */
static int add_predicted(mdm_record *rec, const char *name, double lowest, mdm_error *err) {
  char path[96];
  size_t two = 2;
  double *v;
  snprintf(path, sizeof path, "comparison/each/%.56s/predicted", name);
  int status = mdm_record_add(rec, path, 1, &two, "bound", "smallest and largest p that theory predicts; NaN: none is predicted", &v, err);
  if (status) return status;
  v[0] = lowest;
  v[1] = isnan(lowest) ? NAN : 1;
  return MDM_OK;
}

/* The deviation of one observable, its scale and its rate. */
static int add_rate(mdm_record *rec, const char *name, const mdm_array *a, const rows *r, double p, double error, mdm_error *err) {
  char path[96];
  snprintf(path, sizeof path, "comparison/each/%.56s/deviation", name);
  int status = add_roots(rec, path, "RMS deviation of the seed average from the limit, noise removed", r, r->d2, r->s2, err);
  snprintf(path, sizeof path, "comparison/each/%.56s/scale", name);
  if (!status) status = add_number(rec, path, "RMS of this array in the limit", mdm_rms(elements(a), a->value), err);
  snprintf(path, sizeof path, "comparison/each/%.56s/exponent", name);
  if (!status) status = add_number_pair(rec, path, "p of deviation ~ N^-p (NaN: no deviation stands out of the noise)", p, error, err);
  return status;
}

/* The train predictions stand for the whole: their rates, deviation and spread. */
static int add_predictions(mdm_outcome *o, const rows *r, double p, double error, double lowest, mdm_error *err) {
  o->predicted_lowest = lowest;
  o->exponent = p;
  o->exponent_error = error;
  mdm_fit_power(r->widths, r->x, r->spread2, r->spread2_error, &o->fluctuation, &o->fluctuation_error);
  int status = add_roots(o->comparison, "comparison/deviation", "RMS over steps, samples and outputs of the seed-averaged train prediction minus the limit, noise removed", r, r->d2, r->s2, err);
  if (!status) status = add_roots(o->comparison, "comparison/spread", "standard deviation over seeds of the train prediction, RMS over steps, samples and outputs", r, r->spread2, r->spread2_error, err);
  return status;
}

static int add_observable(mdm_outcome *o, const mdm_array *a, const mdm_rate_rules *rules, rows *r, mdm_error *err) {
  double p, error, lowest = mdm_rate_lowest(rules, a->path);
  const char *name = strncmp(a->path, "observables/", 12) ? a->path : a->path + 12;
  mdm_extrapolation x;
  int status = compare_path(o, a->path, r, err);
  if (status) return status;
  mdm_fit_power(r->widths, r->x, r->d2, r->s2, &p, &error);
  status = add_rate(o->comparison, name, a, r, p, error, err);
  if (!status) status = add_predicted(o->comparison, name, lowest, err);
  if (!status) status = extrapolate(o, a, lowest, r->x, &x, err);
  if (!status) status = add_extrapolation(o->comparison, name, &x, err);
  if (status || strcmp(a->path, "observables/train/prediction")) return status;
  return add_predictions(o, r, p, error, lowest, err);
}

/* Times, probabilities, edges of bins. */
static int is_axis_of_statistics(const mdm_array *a) {
  const char *name = strrchr(a->path, '/');
  return !strncmp(a->path, "statistics/", 11) && a->rank == 1 && !strcmp(name + 1, a->dims);
}

/* Observables, kernels, responses, statistics and parts, but no axes. */
static int is_compared(const mdm_array *a) {
  if (!strcmp(a->path, "observables/test/step") || !strcmp(a->path, "kernels/time") || !strcmp(a->path, "parts/time") || is_axis_of_statistics(a)) return 0;
  if (!strncmp(a->path, "kernels/W_in/forward", 20)) return 0; /* the data themselves */
  return !strncmp(a->path, "observables/", 12) || !strncmp(a->path, "kernels/", 8) || !strncmp(a->path, "responses/", 10) ||
         !strncmp(a->path, "statistics/", 11) || !strncmp(a->path, "parts/", 6);
}

static int add_axis(mdm_outcome *o, rows *r, mdm_error *err) {
  double *width, *seeds;
  int status = mdm_record_add(o->comparison, "comparison/width", 1, &r->widths, "width", "stream width N", &width, err);
  if (!status) status = mdm_record_add(o->comparison, "comparison/seeds", 1, &r->widths, "width", "networks of this width", &seeds, err);
  for (size_t w = 0; w < r->widths && !status; w++) {
    r->x[w] = width[w] = (double)o->networks[w].width;
    seeds[w] = (double)o->networks[w].runs;
  }
  return status;
}

/* Networks measure what the limit does, up to where they came; runs that were read from a file might not. */
static int check_array(const mdm_outcome *o, const mdm_array *a, mdm_error *err) {
  for (size_t w = 0; w < o->widths; w++) {
    const mdm_array *b = mdm_record_find(o->networks[w].summary, a->path);
    int fits = b && b->rank == a->rank;
    for (int i = 1; i < a->rank && fits; i++) fits = a->dim[i] == b->dim[i];
    if (!fits) return mdm_fail(err, MDM_ERR_DATA, "networks of N = %ld and the limit do not have the same %s: runs of another program?", o->networks[w].width, a->path);
  }
  return MDM_OK;
}

int mdm_compare(const mdm_config *cfg, mdm_outcome *o, mdm_error *err) {
  o->predicted = o->predicted_lowest = 1; /* mean shift ~ 1/N (docs/theory.md, finite size) */
  o->exponent = o->exponent_error = o->fluctuation = o->fluctuation_error = NAN;
  if (o->limit.runs < 2) return MDM_OK; /* no error of the limit, no comparison */
  for (size_t w = 0; w < o->widths; w++)
    if (!o->networks[w].runs) return MDM_OK; /* stopped before every width had begun */
  mdm_rate_rules rules;
  int status = mdm_rate_rules_read(cfg, &rules, err);
  if (status) return status;
  double *work = mdm_alloc(o->widths, 5, 1, sizeof *work); /* 5 × widths */
  status = work ? mdm_record_create(&o->comparison, err) : mdm_no_memory(err, "the comparison");
  if (!status) {
    size_t n = o->widths;
    rows r = {n, work, work + n, work + 2 * n, work + 3 * n, work + 4 * n};
    status = add_axis(o, &r, err);
    for (size_t i = 0; i < mdm_record_count(o->limit.summary) && !status; i++) {
      const mdm_array *a = mdm_record_at(o->limit.summary, i);
      if (is_compared(a)) status = check_array(o, a, err);
      if (is_compared(a) && !status) status = add_observable(o, a, &rules, &r, err);
    }
  }
  free(work);
  return status;
}

double mdm_comparison_number(const mdm_record *comparison, const char *observable, const char *what, size_t i, int error) {
  const mdm_array *a = NULL;
  for (int inside = 0; inside < 2 && !a && comparison; inside++) { /* within its group, paths are shorter */
    char path[200];
    snprintf(path, sizeof path, "%seach/%s/%s", inside ? "" : "comparison/", observable, what);
    a = mdm_record_find(comparison, path);
  }
  if (a && i == SIZE_MAX) i = a->dim[0] - 1;
  if (!a || i >= a->dim[0] || (error && !a->error)) return NAN;
  return error ? a->error[i] : a->value[i];
}

int mdm_compare_run(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  mdm_error why = {0};
  int status = mdm_run(cfg, data, MDM_RUN_LIMIT | MDM_RUN_NETWORKS, monitor, out, err);
  if (status && status != MDM_ERR_DIVERGED && status != MDM_INTERRUPTED) return status; /* those two leave something to compare */
  int failed = mdm_compare(cfg, out, &why);
  if (!failed) return status;
  mdm_outcome_clear(out);
  return mdm_fail(err, failed, "%s", why.text);
}
