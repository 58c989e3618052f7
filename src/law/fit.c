/* A fit from beginning to end (moedmft/law.h). */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/fit.h"
#include "base/gsl.h"
#include "base/memory.h"
#include "law/fitting.h"

static const double DELTA = 1e-3, EFFICIENT = 1.345; /* δ, and in standard errors of runs that have them (95 % efficient on normal noise; Huber 1981) */
static const double SAME = 1e-6, APART = 1;          /* relative difference of two targets that is none; standard errors between two fits that are not the same */
enum { STARTS = 256 };

/* ---------------------------------------------------------------- runs */

/* Relative errors, and weights that are one on average. */
static int take_errors(mdm_fitting *f, const double *loss, double *mean, mdm_error *err) {
  const double *error;
  double sum = 0;
  *mean = 0;
  if (!mdm_law_runs_find(f->runs, "loss_error")) return MDM_OK;
  int status = mdm_law_runs_take(f->runs, "loss_error", &error, err);
  if (!status && !(f->error = mdm_alloc(f->rows, 1, 1, sizeof *f->error))) status = mdm_no_memory(err, "the runs of a fit");
  for (size_t i = 0; i < f->rows && !status; i++) f->error[i] = error[i] / loss[i], sum += 1 / (f->error[i] * f->error[i]) / (double)f->rows;
  *mean = sqrt(1 / sum);
  return status;
}

static int check_active(const mdm_fitting *f, mdm_error *err) {
  int N = mdm_expression_column(&f->e, "N"), N_a = mdm_expression_column(&f->e, "N_a");
  if (N < 0 || N_a < 0) return MDM_OK;
  const double *all = mdm_law_runs_find(f->runs, "N")->value, *active = mdm_law_runs_find(f->runs, "N_a")->value;
  for (size_t i = 0; i < f->rows; i++)
    if (active[i] > all[i]) return mdm_law_runs_refuse(f->runs, i, "N_a", "more active parameters than parameters (N)", err);
  return MDM_OK;
}

static int take_runs(mdm_fitting *f, mdm_error *err) {
  const double *loss, *column[MDM_LAW_COLUMNS];
  double mean;
  size_t bad = 0;
  f->rows = f->runs->rows;
  int status = mdm_law_runs_take(f->runs, "loss", &loss, err);
  for (size_t i = 0; i < f->e.columns && !status; i++) status = mdm_law_runs_take(f->runs, f->e.column[i], &column[i], err);
  if (!status) status = check_active(f, err);
  if (!status && f->rows <= f->free)
    status = mdm_fail(err, MDM_ERR_DATA, "%s has %zu runs, and the law %zu free parameters; it takes more runs than parameters, or --fix", f->runs->path, f->rows, f->free);
  if (!status) status = take_errors(f, loss, &mean, err);
  if (status) return status;
  f->all.axis = f->axis;
  f->all.delta = f->o->delta > 0 ? f->o->delta : fmax(DELTA, EFFICIENT * mean);
  status = mdm_formula_create(&f->e, f->rows, column, &f->all.formula, &bad, err);
  if (status == MDM_ERR_DATA) return mdm_law_runs_refuse(f->runs, bad, f->e.column[0], "with these sizes the law is not a finite number", err);
  if (!status) status = mdm_target_allocate(&f->all, err);
  for (size_t i = 0; i < f->rows && !status; i++)
    f->all.log_loss[i] = log(loss[i]), f->all.weight[i] = f->error ? mean * mean / (f->error[i] * f->error[i]) : 1;
  return status;
}

/* ---------------------------------------------------------------- the result */

static int describe(mdm_fitting *f, mdm_error *err) {
  mdm_law_fit *fit = f->fit;
  double *r = mdm_alloc(f->rows, 1, 1, sizeof *r), square = 0, chi2 = 0;
  if (!r) return mdm_no_memory(err, "the residuals of a fit");
  mdm_target_residuals(&f->all, f->x, r);
  for (size_t i = 0; i < f->rows; i++) {
    square += r[i] * r[i] / (double)f->rows;
    if (f->error) chi2 += r[i] * r[i] / (f->error[i] * f->error[i]);
    r[i] = fabs(r[i]);
    f->inside += (r[i] <= f->all.delta) / (double)f->rows;
  }
  gsl_sort(r, 1, f->rows);
  fit->loss = f->value * f->all.delta * f->all.delta;
  fit->rms = sqrt(square);
  fit->median = gsl_stats_median_from_sorted_data(r, 1, f->rows);
  fit->chi2 = f->error ? chi2 / (double)(f->rows - f->free) : NAN;
  if (fit->chi2 > MDM_MISFIT)
    mdm_law_warn(f, "the law does not describe the runs within their errors: chi^2 per degree of freedom is %.3g; intervals have grown by its root, but another law is needed", fit->chi2);
  free(r);
  for (size_t k = 0; k < f->p; k++) {
    mdm_law_parameter *p = &fit->parameter[k];
    memcpy(p->name, f->e.parameter[k], sizeof p->name);
    p->number = (mdm_law_number){f->x[k], NAN, NAN};
    p->bound_low = f->axis[k].low, p->bound_high = f->axis[k].high, p->fixed = f->axis[k].fixed;
  }
  return MDM_OK;
}

/* Student's t, and how much farther than resamples the truth lies: as of least squares where residuals are within δ. Beyond, where the fit is one of medians,
 * resamples scatter enough (validation/fit_recovery.py). Errors of runs are known, and grow where the law does not fit within them. */
static void set_quantile(mdm_fitting *f) {
  double n = (double)f->rows, rest = n - (double)f->free, normal = gsl_cdf_ugaussian_Pinv(0.975), t = gsl_cdf_tdist_Pinv(0.975, rest);
  f->quantile = f->error ? normal : t;
  f->stretch = f->error ? 1 : 1 + f->inside * (t / normal * sqrt(n / rest) - 1);
}

/* ---------------------------------------------------------------- agreement of starts */

static double apart(const mdm_fitting *f, size_t k, const double *x) {
  double d = f->axis[k].log ? log(x[k] / f->x[k]) : x[k] - f->x[k];
  return f->error_of[k] > 0 ? fabs(d) / f->error_of[k] : 0; /* infinite error: 0 */
}

/* Other places where the target is as small as noise lets one tell: the parameters that are elsewhere there. */
static void look_for_others(mdm_fitting *f) {
  int elsewhere[MDM_LAW_PARAMETERS] = {0};
  char names[600] = "";
  size_t others = 0, used = 0;
  for (size_t i = 0; i < f->starts; i++) {
    double rise = 2 * (f->end_value[i] - f->value) / f->scale;
    int other = 0;
    if (!(rise < f->quantile * f->quantile) || f->end_value[i] <= f->value * (1 + SAME) + SAME * (double)f->rows) continue;
    for (size_t k = 0; k < f->p; k++)
      if (!f->axis[k].fixed && apart(f, k, f->end + i * f->p) > APART) elsewhere[k] = other = 1;
    others += (size_t)other;
  }
  for (size_t k = 0; k < f->p && used < sizeof names; k++)
    if (elsewhere[k]) used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", f->e.parameter[k]);
  if (others) mdm_law_warn(f, "starts disagree: %zu of %zu came to rest at fits that the runs do not tell from the best, with other values of %s", others, f->starts, names);
}

static void count_agreed(mdm_fitting *f) {
  for (size_t i = 0; i < f->starts; i++) f->fit->agreed += f->end_value[i] <= f->value * (1 + SAME) + SAME * (double)f->rows;
  if (f->fit->agreed == 1 && f->starts > 1) mdm_law_warn(f, "starts disagree: one of %zu came to the smallest loss; more --starts may find a smaller one", f->starts);
  if (f->scale > 0) look_for_others(f);
}

/* ---------------------------------------------------------------- the whole */

static int work(mdm_fitting *f, mdm_error *err) {
  if (f->o->resamples && f->o->resamples < MDM_FEWEST_RESAMPLES)
    return mdm_fail(err, MDM_ERR_USAGE, "--bootstrap %zu: intervals take at least %d resamples; 0: none", f->o->resamples, MDM_FEWEST_RESAMPLES);
  if (*f->runs->remark) mdm_law_warn(f, "%s", f->runs->remark);
  int status = mdm_law_settings(f, err);
  if (!status) status = mdm_law_predict_check(f, err);
  if (!status) status = mdm_law_optimum_check(f, err);
  if (!status) status = take_runs(f, err);
  if (!status) status = mdm_law_search(f, err);
  if (!status) status = describe(f, err);
  if (status) return status;
  set_quantile(f);
  f->fit->starts = f->starts;
  status = mdm_law_curvature(f, err);
  if (!status) count_agreed(f);
  if (!status) status = mdm_law_profile(f, err);
  if (!status) status = mdm_law_bootstrap(f, err);
  if (!status) status = mdm_law_intervals(f, err);
  if (!status) status = mdm_law_extrapolate(f, err);
  if (!status) status = mdm_law_predict(f, err);
  return status ? status : mdm_law_optimum(f, err);
}

static void release(mdm_fitting *f) {
  mdm_target_free(&f->all);
  free(f->error), free(f->start), free(f->end), free(f->end_value), free(f->sample);
  free(f);
}

int mdm_law_fit_compute(const mdm_law_runs *runs, const mdm_law_options *options, mdm_law_fit **out, mdm_error *err) {
  mdm_fitting *f = calloc(1, sizeof *f);
  mdm_law_fit *fit = *out = calloc(1, sizeof *fit);
  int status = f && fit ? MDM_OK : mdm_no_memory(err, "a fit");
  if (!status) {
    f->runs = runs, f->o = options, f->fit = fit;
    f->starts = options->starts ? options->starts : STARTS;
    status = mdm_text_open(&f->warnings, "warnings", err);
  }
  if (!status) {
    mdm_gsl_begin();
    status = work(f, err);
    mdm_gsl_end();
    fit->law = f->law ? f->law->name : "expression", fit->source = f->law ? f->law->source : NULL;
    fit->formula = f->law ? f->law->formula : options->law;
    fit->path = runs->path, fit->runs = f->rows, fit->parameters = f->p, fit->delta = f->all.delta, fit->by_errors = f->error != NULL;
    int closed = mdm_text_close(&f->warnings, &fit->warnings, status ? NULL : err);
    if (!status) status = closed;
  }
  if (f) release(f);
  if (status) mdm_law_fit_free(fit), *out = NULL;
  return status;
}

void mdm_law_fit_free(mdm_law_fit *fit) {
  if (!fit) return;
  free(fit->prediction);
  free(fit->warnings);
  free(fit);
}
