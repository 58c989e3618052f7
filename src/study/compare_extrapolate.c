/* Extrapolation of networks to N = infinity, entry by entry, and its distance from the limit in standard errors.
 *
 * Weighted least squares by GSL; the variance of c₀ is enlarged by the χ² per degree of freedom of all fits together where that
 * exceeds 1: then the series does not describe the smallest widths within their errors. Entries of an array share their seeds, so
 * they are correlated: χ² over entries is a summary, not a sum of independent squares.
 */
#include "study/compare_extrapolate.h"

#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>

#include "base/fit.h"
#include "base/gsl.h"
#include "base/memory.h"
#include "base/summary.h"

typedef struct {
  size_t terms;
  gsl_matrix *x, *covariance;         /* widths × terms; terms × terms */
  gsl_vector *weight, *mean, *c;      /* widths; widths; terms */
  gsl_multifit_linear_workspace *gsl;
  double *c0, *variance;              /* k; NaN: the entry is left out */
  double *part;                       /* widths + 1: variance that each width, and the limit, brings, summed over entries */
  double chi2;                        /* of all fits */
  size_t used;
} fits;

static int allocate(const mdm_widths *w, fits *f, mdm_error *err) {
  f->x = gsl_matrix_alloc(w->n, f->terms);
  f->covariance = gsl_matrix_alloc(f->terms, f->terms);
  f->weight = gsl_vector_alloc(w->n);
  f->mean = gsl_vector_alloc(w->n);
  f->c = gsl_vector_alloc(f->terms);
  f->gsl = gsl_multifit_linear_alloc(w->n, f->terms);
  f->c0 = mdm_alloc(w->k, 1, 1, sizeof *f->c0);
  f->variance = mdm_alloc(w->k, 1, 1, sizeof *f->variance);
  f->part = mdm_alloc(w->n + 1, 1, 1, sizeof *f->part);
  if (f->x && f->covariance && f->weight && f->mean && f->c && f->gsl && f->c0 && f->variance && f->part) return MDM_OK;
  return mdm_no_memory(err, "an extrapolation of %zu numbers", w->k);
}

static void release(fits *f) {
  if (f->gsl) gsl_multifit_linear_free(f->gsl);
  gsl_matrix_free(f->x);
  gsl_matrix_free(f->covariance);
  gsl_vector_free(f->weight);
  gsl_vector_free(f->mean);
  gsl_vector_free(f->c);
  free(f->c0);
  free(f->variance);
  free(f->part);
}

/* Means of entry e and their weights 1/se²; 0 when it has no noise at some width, or is NaN. */
static int take_entry(const mdm_widths *w, size_t e, double floor, fits *f) {
  if (!isfinite(w->limit[e]) || !isfinite(w->limit_error[e])) return 0;
  for (size_t i = 0; i < w->n; i++) {
    double s = w->error[i][e];
    if (!isfinite(w->mean[i][e]) || !(s > floor)) return 0;
    gsl_vector_set(f->mean, i, w->mean[i][e]);
    gsl_vector_set(f->weight, i, 1 / (s * s));
  }
  return 1;
}

/* Variance of c₀ = Σ h mean by widths: h is a row of the covariance times the weighted terms. */
static void add_parts(const mdm_widths *w, size_t e, fits *f) {
  for (size_t i = 0; i < w->n; i++) {
    double h = 0, weight = gsl_vector_get(f->weight, i);
    for (size_t j = 0; j < f->terms; j++) h += gsl_matrix_get(f->covariance, 0, j) * gsl_matrix_get(f->x, i, j) * weight;
    f->part[i] += h * h / weight;
  }
  f->part[w->n] += w->limit_error[e] * w->limit_error[e];
}

static void fit_entry(const mdm_widths *w, size_t e, double floor, fits *f) {
  double chi2;
  f->c0[e] = f->variance[e] = NAN;
  if (!take_entry(w, e, floor, f) || gsl_multifit_wlinear(f->x, f->weight, f->mean, f->c, f->covariance, &chi2, f->gsl)) return;
  f->c0[e] = gsl_vector_get(f->c, 0);
  f->variance[e] = gsl_matrix_get(f->covariance, 0, 0);
  f->chi2 += chi2;
  f->used++;
  add_parts(w, e, f);
}

static double freedom_of(const mdm_widths *w, const fits *f, double rise) {
  double *freedom = mdm_alloc(w->n + 1, 1, 1, sizeof *freedom), out = NAN; /* widths + 1 */
  for (size_t i = 0; freedom && i < w->n; i++) freedom[i] = w->runs[i] - 1, f->part[i] *= rise;
  if (freedom) freedom[w->n] = w->limit_runs - 1, out = mdm_freedom(w->n + 1, f->part, freedom);
  free(freedom);
  return out;
}

static void summarize(const mdm_widths *w, const fits *f, mdm_extrapolation *out) {
  double zz = 0, dd = 0, vv = 0, most = 0, n = (double)f->used;
  if (!f->used) return;
  if (w->n > f->terms) out->fit_chi2 = f->chi2 / (n * (double)(w->n - f->terms));
  double rise = out->fit_chi2 > 1 ? out->fit_chi2 : 1;
  for (size_t e = 0; e < w->k; e++) {
    if (isnan(f->c0[e])) continue;
    double d = f->c0[e] - w->limit[e], v = rise * f->variance[e] + w->limit_error[e] * w->limit_error[e];
    zz += d * d / v, dd += d * d, vv += v;
    most = fmax(most, fabs(d) / sqrt(v));
  }
  out->rms_z = sqrt(zz / n), out->max_z = most, out->chi2 = dd / vv;
  out->distance = sqrt(dd / n), out->error = sqrt(vv / n);
  out->freedom = freedom_of(w, f, rise);
}

int mdm_extrapolate(const mdm_widths *w, double rate, mdm_extrapolation *out, mdm_error *err) {
  *out = (mdm_extrapolation){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  if (w->n < 2 || !w->k || isnan(rate)) return MDM_OK;
  fits f = {.terms = w->n > 3 || (w->n == 3 && rate < 1) ? 3 : 2};
  mdm_gsl_begin();
  int status = allocate(w, &f, err);
  for (size_t i = 0; i < w->n && !status; i++)
    for (size_t j = 0; j < f.terms; j++) gsl_matrix_set(f.x, i, j, pow(w->width[i] / w->width[0], -rate * (double)j));
  double floor = MDM_COMPARE_ROUNDING * mdm_rms(w->k, w->limit);
  for (size_t e = 0; e < w->k && !status; e++) fit_entry(w, e, floor, &f);
  if (!status) summarize(w, &f, out);
  release(&f);
  mdm_gsl_end();
  return status;
}
