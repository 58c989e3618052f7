/* Extrapolation of networks to N = infinity, entry by entry, and its distance from the limit in standard errors.
 *
 * Weighted least squares; the variance of c₀ is enlarged by the χ² per degree of freedom of all fits together where that exceeds
 * 1: then the series does not describe the smallest widths within their errors. Entries of an array share their seeds, so they
 * are correlated: χ² over entries is a summary, not a sum of independent squares.
 */
#include "study/compare_extrapolate.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/summary.h"

enum { MOST_TERMS = 3 };

/* Standard errors below this fraction of the array are rounding (single precision): such entries have no noise. */
static const double ROUNDING = 1e-6;

typedef struct {
  size_t terms;
  double *c0, *variance; /* k; NaN: the entry is left out */
  double chi2;           /* of all fits */
  size_t used;
} fits;

/* Cholesky solution of a x = b, a symmetric (n × n, rows of MOST_TERMS), b overwritten by x. Returns 0 when a is singular. */
static int solve(size_t n, double a[MOST_TERMS][MOST_TERMS], double b[MOST_TERMS]) {
  for (size_t j = 0; j < n; j++) {
    double before = a[j][j];
    for (size_t k = 0; k < j; k++) a[j][j] -= a[j][k] * a[j][k];
    if (!(a[j][j] > 1e-13 * before)) return 0;
    a[j][j] = sqrt(a[j][j]);
    for (size_t i = j + 1; i < n; i++) {
      for (size_t k = 0; k < j; k++) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] /= a[j][j];
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return 1;
}

/* Coefficients h with c₀ = Σ_w h_w mean_w, from x (widths × terms) and weights; returns 0 when there are none. */
static int projection(const mdm_widths *w, size_t terms, const double *x, const double *weight, double *h) {
  double a[MOST_TERMS][MOST_TERMS] = {{0}}, b[MOST_TERMS] = {1};
  for (size_t i = 0; i < w->n; i++)
    for (size_t j = 0; j < terms; j++)
      for (size_t k = 0; k < terms; k++) a[j][k] += weight[i] * x[i * terms + j] * x[i * terms + k];
  if (!solve(terms, a, b)) return 0; /* b: first column of the inverse */
  for (size_t i = 0; i < w->n; i++) {
    h[i] = 0;
    for (size_t j = 0; j < terms; j++) h[i] += b[j] * x[i * terms + j] * weight[i];
  }
  return 1;
}

/* χ² of entry e: the residuals, with all coefficients. */
static double residual2(const mdm_widths *w, size_t terms, const double *x, const double *weight, size_t e) {
  double a[MOST_TERMS][MOST_TERMS] = {{0}}, c[MOST_TERMS] = {0}, sum = 0;
  for (size_t i = 0; i < w->n; i++)
    for (size_t j = 0; j < terms; j++) {
      c[j] += weight[i] * x[i * terms + j] * w->mean[i][e];
      for (size_t k = 0; k < terms; k++) a[j][k] += weight[i] * x[i * terms + j] * x[i * terms + k];
    }
  if (!solve(terms, a, c)) return 0;
  for (size_t i = 0; i < w->n; i++) {
    double r = w->mean[i][e];
    for (size_t j = 0; j < terms; j++) r -= c[j] * x[i * terms + j];
    sum += weight[i] * r * r;
  }
  return sum;
}

/* Weights 1/se² of entry e; 0 when it has no noise at some width, or is NaN. */
static int weights_of(const mdm_widths *w, size_t e, double floor, double *weight) {
  if (!isfinite(w->limit[e]) || !isfinite(w->limit_error[e])) return 0;
  for (size_t i = 0; i < w->n; i++) {
    double s = w->error[i][e];
    if (!isfinite(w->mean[i][e]) || !(s > floor)) return 0;
    weight[i] = 1 / (s * s);
  }
  return 1;
}

/* work: 2 × widths. */
static void fit_entry(const mdm_widths *w, const double *x, size_t e, double floor, double *work, fits *f) {
  double *weight = work, *h = work + w->n;
  f->c0[e] = f->variance[e] = NAN;
  if (!weights_of(w, e, floor, weight) || !projection(w, f->terms, x, weight, h)) return;
  f->c0[e] = f->variance[e] = 0;
  for (size_t i = 0; i < w->n; i++) {
    f->c0[e] += h[i] * w->mean[i][e];
    f->variance[e] += h[i] * h[i] / weight[i];
  }
  if (w->n > f->terms) f->chi2 += residual2(w, f->terms, x, weight, e);
  f->used++;
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
}

int mdm_extrapolate(const mdm_widths *w, double rate, mdm_extrapolation *out, mdm_error *err) {
  *out = (mdm_extrapolation){NAN, NAN, NAN, NAN, NAN, NAN};
  if (w->n < 2 || !w->k || isnan(rate)) return MDM_OK;
  fits f = {.terms = w->n > 3 || (w->n == 3 && rate < 1) ? 3 : 2};
  double *x = mdm_alloc(w->n, MOST_TERMS + 2, 1, sizeof *x); /* widths × terms, then work: 2 × widths */
  double *values = mdm_alloc(w->k, 2, 1, sizeof *values);    /* c₀, then its variance: k each */
  if (!x || !values) return free(x), free(values), mdm_no_memory(err, "an extrapolation of %zu numbers", w->k);
  f.c0 = values, f.variance = values + w->k;
  for (size_t i = 0; i < w->n; i++)
    for (size_t j = 0; j < f.terms; j++) x[i * f.terms + j] = pow(w->width[i] / w->width[0], -rate * (double)j);
  double floor = ROUNDING * mdm_rms(w->k, w->limit);
  for (size_t e = 0; e < w->k; e++) fit_entry(w, x, e, floor, x + w->n * MOST_TERMS, &f);
  summarize(w, &f, out);
  free(values);
  free(x);
  return MDM_OK;
}
