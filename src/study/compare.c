/* Finite networks against the limit: for every observable the deviation at each width, its rate, and networks at N = infinity.
 * Rates are fitted to squared deviations themselves, which noise may make negative, never to their logarithms. */
#include "study/compare.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "scaling/compare_predict.h"
#include "study/compare_extrapolate.h"
#include "study/depths.h"
#include "study/distance.h"
#include "study/power_fit.h"

/* ---------------------------------------------------------------- every observable */

/* Standard errors by which a deviation stands out of the noise, and by which a bound lies off. */
static const double CONFIDENCE = 2;

typedef struct {
  size_t widths;
  double *x, *d2, *s2, *spread2, *spread2_error; /* widths; errors are NaN with fewer than MDM_FEWEST_RUNS */
  double freedom, spread_freedom;                /* degrees of freedom of these errors: the fewest of any width */
} rows;

static size_t elements(const mdm_array *a) { return mdm_elements(a->rank, a->dim); }

static void values_of(const mdm_ensemble *e, const char *path, const double **out) {
  for (size_t i = 0; i < e->runs; i++) out[i] = mdm_record_find(e->each[i], path)->value;
}

/* One width of an observable; y: values of the limit. x: room for as many pointers as the ensemble has runs. */
static int compare_width(const mdm_outcome *o, const char *path, size_t w, const double **x, const double **y, rows *r, mdm_error *err) {
  const mdm_ensemble *e = &o->networks[w];
  mdm_separation s = {NAN, NAN, NAN, NAN, NAN};
  int status = MDM_OK;
  if (e->runs > 1) {
    values_of(e, path, x);
    status = mdm_distance(elements(mdm_record_find(e->each[0], path)), e->runs, x, o->limit.runs, y, &s, err);
  }
  r->d2[w] = s.d2, r->s2[w] = s.d2_error;
  r->spread2[w] = s.spread2, r->spread2_error[w] = s.spread2_error;
  r->freedom = fmin(r->freedom, s.d2_freedom); /* fmin passes NaN over: then the error is NaN, too */
  r->spread_freedom = fmin(r->spread_freedom, (double)e->runs - 1);
  return status;
}

static int compare_path(const mdm_outcome *o, const char *path, rows *r, mdm_error *err) {
  size_t most = o->limit.runs;
  for (size_t w = 0; w < o->widths; w++)
    if (o->networks[w].runs > most) most = o->networks[w].runs;
  const double **x = mdm_alloc(most, 1, 1, sizeof *x), **y = mdm_alloc(most, 1, 1, sizeof *y); /* most runs */
  int status = x && y ? MDM_OK : mdm_no_memory(err, "the comparison");
  r->freedom = r->spread_freedom = INFINITY;
  if (!status) values_of(&o->limit, path, y);
  for (size_t w = 0; w < o->widths && !status; w++) status = compare_width(o, path, w, x, y, r, err);
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
  mdm_widths w = {elements(limit), o->widths, width, NULL, NULL, NULL, limit->value, limit->error, (double)o->limit.runs};
  const double **mean = mdm_alloc(w.n, 2, 1, sizeof *mean); /* widths; then the errors: widths */
  double *runs = mdm_alloc(w.n, 1, 1, sizeof *runs);
  if (!mean || !runs) return free(mean), free(runs), mdm_no_memory(err, "the comparison");
  const double **error = mean + w.n;
  for (size_t i = 0; i < w.n; i++) {
    const mdm_array *a = mdm_record_find(o->networks[i].summary, limit->path);
    mean[i] = a->value, error[i] = a->error, runs[i] = (double)o->networks[i].runs;
    if (!a->error || !limit->error) rate = NAN; /* a single network */
  }
  w.mean = mean, w.error = error, w.runs = runs;
  int status = mdm_extrapolate(&w, rate, out, err);
  free(mean);
  free(runs);
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
      {"extrapolated_freedom", "degrees of freedom of that error", x->freedom},
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

/* Whether networks and limit differ by more than rounding at some width. */
static int is_more_than_rounding(const rows *r, double scale) {
  double floor = MDM_COMPARE_ROUNDING * scale;
  for (size_t w = 0; w < r->widths; w++)
    if (r->d2[w] > floor * floor || r->s2[w] > floor * floor) return 1;
  return 0;
}

/* The power of the deviation, with its bound and degrees of freedom. */
static int add_exponent(mdm_record *rec, const char *name, const mdm_fitted_power *p, double freedom, mdm_error *err) {
  char path[96];
  snprintf(path, sizeof path, "comparison/each/%.56s/exponent", name);
  int status = add_number_pair(rec, path, "p of deviation ~ N^-p (NaN: no deviation stands out of the noise)", p->exponent, p->error, err);
  snprintf(path, sizeof path, "comparison/each/%.56s/exponent_bound", name);
  if (!status) status = add_number(rec, path, "1: p is above the exponent, -1: below it (by 2 standard errors), 0: the exponent is a value", p->bound, err);
  snprintf(path, sizeof path, "comparison/each/%.56s/exponent_chi2", name);
  if (!status) status = add_number(rec, path, "chi^2 per degree of freedom of this power: well above 1 where no power of N describes the deviations; NaN: none is left", p->chi2, err);
  snprintf(path, sizeof path, "comparison/each/%.56s/exponent_freedom", name);
  return status ? status : add_number(rec, path, "degrees of freedom of the errors of the deviations: the fewest of any width", freedom, err);
}

/* What the train predictions show stands in the outcome and at the top of the group, too. */
static int add_predictions(mdm_outcome *o, const rows *r, const mdm_fitted_power *p, double lowest, mdm_error *err) {
  mdm_fitted_power spread = mdm_fit_power(r->widths, r->x, r->spread2, r->spread2_error, mdm_student(CONFIDENCE, r->spread_freedom));
  o->predicted_lowest = lowest;
  o->exponent = p->exponent, o->exponent_error = p->error, o->exponent_bound = p->bound;
  o->fluctuation = spread.exponent, o->fluctuation_error = spread.error, o->fluctuation_bound = spread.bound;
  int status = add_roots(o->comparison, "comparison/deviation", "RMS over steps, samples and outputs of the seed-averaged train prediction minus the limit, noise removed", r, r->d2, r->s2, err);
  if (!status) status = add_roots(o->comparison, "comparison/spread", "standard deviation over seeds of the train prediction, RMS over steps, samples and outputs", r, r->spread2, r->spread2_error, err);
  return status;
}

static int add_observable(mdm_outcome *o, const mdm_array *a, const mdm_rate_rules *rules, rows *r, mdm_error *err) {
  char path[96];
  double lowest = mdm_rate_lowest(rules, a->path), scale = mdm_rms(elements(a), a->value);
  mdm_extrapolation x;
  mdm_fitted_power p = {NAN, NAN, 0, NAN};
  int status = compare_path(o, a->path, r, err);
  const char *name = strncmp(a->path, "observables/", 12) ? a->path : a->path + 12;
  snprintf(path, sizeof path, "comparison/each/%.56s/deviation", name);
  if (!status) status = add_roots(o->comparison, path, "RMS deviation of the seed average from the limit, noise removed", r, r->d2, r->s2, err);
  snprintf(path, sizeof path, "comparison/each/%.56s/scale", name);
  if (!status) status = add_number(o->comparison, path, "RMS of this array in the limit", scale, err);
  if (status) return status;
  if (is_more_than_rounding(r, scale)) p = mdm_fit_power(r->widths, r->x, r->d2, r->s2, mdm_student(CONFIDENCE, r->freedom));
  status = add_exponent(o->comparison, name, &p, r->freedom, err);
  if (!status) status = add_predicted(o->comparison, name, lowest, err);
  if (!status) status = extrapolate(o, a, lowest, r->x, &x, err);
  if (!status) status = add_extrapolation(o->comparison, name, &x, err);
  if (status || strcmp(a->path, "observables/train/prediction")) return status;
  return add_predictions(o, r, &p, lowest, err);
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
  if (!status) status = add_number(o->comparison, "comparison/replicas", "replicas of the limit", (double)o->limit.runs, err);
  for (size_t w = 0; w < r->widths && !status; w++) {
    r->x[w] = width[w] = (double)o->networks[w].width;
    seeds[w] = (double)o->networks[w].runs;
  }
  return status;
}

/* Networks measure what the limit does; runs that were read from a file might not. */
static int check_array(const mdm_outcome *o, const mdm_array *a, mdm_error *err) {
  for (size_t w = 0; w < o->widths; w++) {
    const mdm_array *b = mdm_record_find(o->networks[w].summary, a->path);
    if (!b || !mdm_same_shape(a, b)) return mdm_fail(err, MDM_ERR_DATA, "networks of N = %ld and the limit do not have the same %s: runs of another program?", o->networks[w].width, a->path);
  }
  return MDM_OK;
}

/* All arrays of an outcome whose ensembles have the same steps. */
static int compare_arrays(const mdm_config *cfg, mdm_outcome *o, mdm_error *err) {
  mdm_rate_rules rules;
  int status = mdm_rate_rules_read(cfg, &rules, err);
  if (status) return status;
  double *work = mdm_alloc(o->widths, 5, 1, sizeof *work); /* 5 × widths */
  status = work ? mdm_record_create(&o->comparison, err) : mdm_no_memory(err, "the comparison");
  if (!status) {
    size_t n = o->widths;
    rows r = {n, work, work + n, work + 2 * n, work + 3 * n, work + 4 * n, NAN, NAN};
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

/* ---------------------------------------------------------------- runs that ended early */

/* The first steps of a record, as one of its own. */
static int copy_steps(const mdm_record *rec, size_t steps, mdm_record **out, mdm_error *err) {
  int status = mdm_record_copy(rec, out, err);
  return status ? status : mdm_record_truncate(*out, steps, err);
}

static int copy_ensemble(const mdm_ensemble *e, size_t steps, mdm_ensemble *out, mdm_error *err) {
  *out = (mdm_ensemble){.width = e->width, .runs = e->runs, .ended_at = e->ended_at, .status = e->status, .each = mdm_alloc(e->runs, 1, 1, sizeof *out->each)};
  int status = out->each ? copy_steps(e->summary, steps, &out->summary, err) : mdm_no_memory(err, "the comparison");
  for (size_t i = 0; i < e->runs && !status; i++) status = copy_steps(e->each[i], steps, &out->each[i], err);
  return status;
}

/* Steps that the limit and all networks have made. *uneven: some have made more. */
static size_t common_steps(const mdm_outcome *o, int *uneven) {
  size_t least = mdm_record_steps(o->limit.summary), most = least;
  for (size_t w = 0; w < o->widths; w++) {
    size_t n = mdm_record_steps(o->networks[w].summary);
    least = n < least ? n : least, most = n > most ? n : most;
  }
  *uneven = least < most;
  return least;
}

/* Compares copies that all have so many steps. */
static int compare_steps(const mdm_config *cfg, mdm_outcome *o, size_t steps, mdm_error *err) {
  mdm_outcome part = *o;
  part.networks = mdm_alloc(o->widths, 1, 1, sizeof *part.networks); /* widths */
  int status = part.networks ? copy_ensemble(&o->limit, steps, &part.limit, err) : mdm_no_memory(err, "the comparison");
  if (!part.networks) return status;
  for (size_t w = 0; w < o->widths && !status; w++) status = copy_ensemble(&o->networks[w], steps, &part.networks[w], err);
  if (!status) status = compare_arrays(cfg, &part, err);
  mdm_ensemble_clear(&part.limit);
  for (size_t w = 0; w < o->widths; w++) mdm_ensemble_clear(&part.networks[w]);
  free(part.networks);
  part.limit = o->limit, part.networks = o->networks;
  *o = part;
  return status;
}

int mdm_compare(const mdm_config *cfg, mdm_outcome *o, mdm_error *err) {
  int uneven;
  o->predicted = o->predicted_lowest = 1; /* mean shift ~ 1/N (docs/theory.md, finite size) */
  o->exponent = o->exponent_error = o->fluctuation = o->fluctuation_error = NAN;
  o->exponent_bound = o->fluctuation_bound = 0;
  if (o->limit.runs < 2) return MDM_OK; /* no error of the limit, no comparison */
  for (size_t w = 0; w < o->widths; w++)
    if (!o->networks[w].runs) return MDM_OK; /* stopped before every width had begun */
  size_t steps = common_steps(o, &uneven);
  return uneven ? compare_steps(cfg, o, steps, err) : compare_arrays(cfg, o, err);
}

double mdm_comparison_at(const mdm_record *comparison, const char *path, size_t i, int error) {
  char whole[240];
  const mdm_array *a = comparison ? mdm_record_find(comparison, path) : NULL; /* within its group, paths are shorter */
  snprintf(whole, sizeof whole, "comparison/%s", path);
  if (!a && comparison) a = mdm_record_find(comparison, whole);
  if (a && a->dim[0] && i == SIZE_MAX) i = a->dim[0] - 1;
  if (!a || i >= a->dim[0] || (error && !a->error)) return NAN;
  return error ? a->error[i] : a->value[i];
}

double mdm_comparison_number(const mdm_record *comparison, const char *observable, const char *what, size_t i, int error) {
  char path[200];
  snprintf(path, sizeof path, "each/%s/%s", observable, what);
  return mdm_comparison_at(comparison, path, i, error);
}

/* All depths have as many replicas, since they are extrapolated one by one. */
static int run_depths(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  char text[64];
  mdm_config *same;
  int status = mdm_config_copy(cfg, &same, err);
  snprintf(text, sizeof text, "solve.replicas=%zu", out->limit.runs);
  if (!status && out->limit.runs) status = mdm_config_set(same, text, err);
  if (!status) status = mdm_depths_run(same, data, monitor, &out->depths, err);
  mdm_config_free(same);
  return status;
}

int mdm_compare_run(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  mdm_error why = {0};
  int wanted, status = mdm_depths_check(cfg, &wanted, err);
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  if (status) return status;
  status = mdm_run(cfg, data, MDM_RUN_LIMIT | MDM_RUN_NETWORKS, monitor, out, err);
  if (status && status != MDM_ERR_DIVERGED && status != MDM_INTERRUPTED) return status; /* those two leave something to compare */
  int failed = mdm_compare(cfg, out, &why);
  if (!failed && !status && wanted) failed = run_depths(cfg, data, monitor, out, &why);
  if (failed == MDM_INTERRUPTED || failed == MDM_ERR_DIVERGED) return mdm_fail(err, failed, "%s", why.text); /* the comparison is kept */
  if (!failed) return status;
  mdm_outcome_clear(out);
  return mdm_fail(err, failed, "%s", why.text);
}

double mdm_compare_memory(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor) {
  return fmax(mdm_memory_estimate(cfg, data, MDM_RUN_LIMIT | MDM_RUN_NETWORKS, monitor), mdm_depths_bytes(cfg, data, monitor));
}
