/* Resampled fits, and intervals from them. Where runs have errors, their losses are drawn anew from the fitted law and these errors; else runs are drawn with
 * replacement. A resample is fitted from the fit of all runs and from the starts that are best on it; a few are fitted from every start, too, to tell whether
 * that is enough. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/memory.h"
#include "base/random.h"
#include "law/fitting.h"

enum { TRIED = 3, CHECKED = 3, MOST_ITERATIONS = 300 };
static const double SAME = 1e-6; /* relative difference of two targets that is none */

typedef struct {
  mdm_fitting *f;
  double *fitted; /* rows: ln of the law */
  double *value;  /* resamples: the target */
  double *cold;   /* CHECKED × starts: the same from every start */
  int no_memory;
} job;

/* Runs drawn with replacement, as weights of those that occur; MDM_ERR_DATA: fewer than there are parameters. */
static int draw_runs(const mdm_fitting *f, size_t b, mdm_target *t) {
  size_t n = f->rows, *index = mdm_alloc(n, 2, 1, sizeof *index), *count = index ? index + n : NULL, used = 0;
  uint64_t *word = mdm_alloc(n, 1, 1, sizeof *word);
  double *weight = mdm_alloc(n, 1, 1, sizeof *weight);
  int status = index && word && weight ? MDM_OK : MDM_ERR_MEMORY;
  if (!status) mdm_words((mdm_stream){.seed = f->o->seed, .purpose = MDM_DRAW_BOOTSTRAP}, b, n, word);
  for (size_t i = 0; !status && i < n; i++) count[word[i] % n]++;
  for (size_t i = 0; !status && i < n; i++)
    if (count[i]) weight[used] = f->all.weight[i] * (double)count[i], index[used++] = i;
  if (!status && used < f->free) status = MDM_ERR_DATA;
  if (!status) status = mdm_target_pick(&f->all, used, index, weight, t, NULL);
  free(index), free(word), free(weight);
  return status;
}

/* Losses drawn from the fitted law and their errors, in the first `rows` normals; the limit's from the last. */
static int draw_losses(const job *j, size_t b, mdm_law_axis *axis, mdm_target *t) {
  const mdm_fitting *f = j->f;
  double *z = mdm_alloc(f->rows + 1, 1, 1, sizeof *z), grown = sqrt(fmax(1, f->fit->chi2));
  int status = z ? mdm_target_pick(&f->all, f->rows, NULL, NULL, t, NULL) : MDM_ERR_MEMORY;
  if (!status) mdm_normals((mdm_stream){.seed = f->o->seed, .purpose = MDM_DRAW_BOOTSTRAP}, b, f->rows + 1, z);
  for (size_t i = 0; i < f->rows && !status; i++) t->log_loss[i] = j->fitted[i] + grown * f->error[i] * z[i];
  memcpy(axis, f->axis, f->p * sizeof *axis);
  if (!status && f->limit_at >= 0) axis[f->limit_at].value += f->limit_error * z[f->rows];
  if (!status) t->axis = axis;
  free(z);
  return status;
}

static int draw(const job *j, size_t b, mdm_law_axis *axis, mdm_target *t) { return j->f->error ? draw_losses(j, b, axis, t) : draw_runs(j->f, b, t); }

static void resample(void *context, size_t b) {
  job *j = context;
  mdm_fitting *f = j->f;
  mdm_target t;
  mdm_law_axis axis[MDM_LAW_PARAMETERS];
  double *x = f->sample + b * f->p;
  int status = draw(j, b, axis, &t);
  x[0] = j->value[b] = NAN;
  if (status == MDM_ERR_MEMORY) {
#pragma omp atomic write
    j->no_memory = 1;
  }
  if (status) return;
  memcpy(x, f->x, f->p * sizeof *x);
  j->value[b] = mdm_law_search_near(f, &t, TRIED, x);
  if (!isfinite(j->value[b])) x[0] = NAN;
  mdm_target_free(&t);
}

/* Resample i / starts from start i % starts. */
static void check(void *context, size_t i) {
  job *j = context;
  const mdm_fitting *f = j->f;
  mdm_target t;
  mdm_law_axis axis[MDM_LAW_PARAMETERS];
  double x[MDM_LAW_PARAMETERS];
  j->cold[i] = INFINITY;
  if (draw(j, i / f->starts, axis, &t)) return;
  memcpy(x, f->start + i % f->starts * f->p, f->p * sizeof *x);
  j->cold[i] = mdm_target_minimize(&t, NULL, MOST_ITERATIONS, x);
  mdm_target_free(&t);
}

static void count_better(job *j) {
  mdm_fitting *f = j->f;
  for (size_t b = 0; b < f->fit->checked; b++) {
    double best = INFINITY;
    for (size_t s = 0; s < f->starts; s++) best = fmin(best, j->cold[b * f->starts + s]);
    f->fit->better += best < j->value[b] * (1 - SAME) - SAME * (double)f->rows;
  }
  if (f->fit->better)
    mdm_law_warn(f, "of %zu resamples that were fitted from every start %zu came to a smaller loss than from the few that seemed best: intervals of the bootstrap may be off; more --starts help",
                 f->fit->checked, f->fit->better);
}

static int allocate(job *j, mdm_error *err) {
  mdm_fitting *f = j->f;
  f->fit->checked = f->resamples < CHECKED ? f->resamples : CHECKED;
  f->sample = mdm_alloc(f->resamples, f->p, 1, sizeof *f->sample);
  j->fitted = mdm_alloc(f->rows, 1, 1, sizeof *j->fitted);
  j->value = mdm_alloc(f->resamples, 1, 1, sizeof *j->value);
  j->cold = mdm_alloc(f->fit->checked, f->starts, 1, sizeof *j->cold);
  return f->sample && j->fitted && j->value && j->cold ? MDM_OK : mdm_no_memory(err, "%zu resamples of a fit", f->resamples);
}

int mdm_law_bootstrap(mdm_fitting *f, mdm_error *err) {
  job j = {.f = f};
  f->resamples = f->fit->resamples = f->o->resamples;
  if (!f->resamples) return MDM_OK;
  int status = allocate(&j, err), threads = mdm_workers(f->o->threads, NULL);
  if (!status) {
    mdm_target_residuals(&f->all, f->x, j.fitted);
    for (size_t i = 0; i < f->rows; i++) j.fitted[i] += f->all.log_loss[i];
    mdm_parallel(f->resamples, threads, resample, &j);
    mdm_parallel(f->fit->checked * f->starts, threads, check, &j);
    if (j.no_memory) status = mdm_no_memory(err, "%zu resamples of a fit", f->resamples);
  }
  for (size_t b = 0; b < f->resamples && !status; b++) f->fit->failed += isnan(f->sample[b * f->p]);
  if (!status) count_better(&j);
  free(j.fitted), free(j.value), free(j.cold);
  if (!status && f->fit->failed)
    mdm_law_warn(f, "%zu of %zu resamples could not be fitted: they have too few different runs for the law, or it is not positive there", f->fit->failed, f->resamples);
  return status;
}

/* Quantile of n sorted numbers at position p (n + 1), counted from 1: beyond it lies, of few resamples as of many, a share p of what they are drawn from. */
static double quantile(const double *sorted, size_t n, double p) {
  double at = (p * ((double)n + 1) - 1) / ((double)n - 1);
  return gsl_stats_quantile_from_sorted_data(sorted, 1, n, fmin(fmax(at, 0), 1));
}

/* Where the resamples' 2.5 % and 97.5 % lie, farther from the value by f->stretch: few runs scatter more than their resamples, which are about a fit to them
 * (Hesterberg 2015, section 3.1, in the form that needs no rarer percentiles). */
mdm_law_number mdm_law_interval(const mdm_fitting *f, double value, double *sample, int is_log) {
  size_t n = 0;
  for (size_t b = 0; b < f->resamples; b++)
    if (!isnan(sample[b]) && (!is_log || sample[b] > 0)) sample[n++] = is_log ? log(sample[b]) : sample[b];
  if (n < MDM_FEWEST_RESAMPLES || isnan(value) || (is_log && !(value > 0))) return (mdm_law_number){value, NAN, NAN};
  gsl_sort(sample, 1, n);
  double at = is_log ? log(value) : value, low = quantile(sample, n, 0.025), high = quantile(sample, n, 0.975);
  if (low < at) low = at - f->stretch * (at - low);
  if (high > at) high = at + f->stretch * (high - at);
  return (mdm_law_number){value, is_log ? exp(low) : low, is_log ? exp(high) : high};
}

int mdm_law_intervals(mdm_fitting *f, mdm_error *err) {
  double *sample = mdm_alloc(f->resamples, 1, 1, sizeof *sample);
  if (!sample) return mdm_no_memory(err, "%zu resamples of a fit", f->resamples);
  for (size_t k = 0; k < f->p; k++) {
    mdm_law_parameter *p = &f->fit->parameter[k];
    const mdm_law_axis *a = &f->axis[k];
    for (size_t b = 0; b < f->resamples; b++) sample[b] = isnan(f->sample[b * f->p]) ? NAN : f->sample[b * f->p + k];
    p->number = mdm_law_interval(f, f->x[k], sample, a->log);
    if (a->fixed && !f->limit_error) p->number.low = p->number.high = f->x[k];
    if (!a->fixed && isfinite(p->number.low)) p->number.low = fmax(p->number.low, a->low), p->number.high = fmin(p->number.high, a->high);
  }
  free(sample);
  return MDM_OK;
}
