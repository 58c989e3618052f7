/* Straight lines by GSL, Student's t, degrees of freedom of sums (fit.h). */
#include "base/fit.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>

#include "base/gsl.h"
#include "base/memory.h"

static int all_known(size_t n, const double *s) {
  for (size_t i = 0; i < n; i++)
    if (!(isfinite(s[i]) && s[i] > 0)) return 0;
  return 1;
}

static int all_equal(size_t n, const double *x) {
  for (size_t i = 1; i < n; i++)
    if (x[i] != x[0]) return 0;
  return 1;
}

void mdm_line_fit(size_t n, const double *x, const double *y, const double *s, double *slope, double *error, double *chi2) {
  double c0, c1, cov00, cov01, cov11, sum, ignored;
  if (!chi2) chi2 = &ignored;
  *slope = *error = *chi2 = NAN;
  if (n < 2 || all_equal(n, x)) return;
  int weighted = all_known(n, s);
  double *weight = mdm_alloc(n, 1, 1, sizeof *weight); /* n */
  if (!weight) return;
  for (size_t i = 0; i < n && weighted; i++) weight[i] = 1 / (s[i] * s[i]);
  mdm_gsl_begin();
  int failed = weighted ? gsl_fit_wlinear(x, 1, weight, 1, y, 1, n, &c0, &c1, &cov00, &cov01, &cov11, &sum)
                        : gsl_fit_linear(x, 1, y, 1, n, &c0, &c1, &cov00, &cov01, &cov11, &sum);
  mdm_gsl_end();
  free(weight);
  if (failed) return;
  *slope = c1;
  if (weighted && n > 2) *chi2 = sum / (double)(n - 2);
  if (weighted) *error = sqrt(cov11 * fmax(1, *chi2)); /* NaN counts as 1 */
  else if (n > 2) *error = sqrt(cov11); /* from the residuals */
}

/* Degrees of freedom beyond which Student's t is normal to six digits. */
static const double MANY = 1e6;

double mdm_student(double deviations, double freedom) {
  if (freedom > MANY) return deviations;
  if (!(freedom >= 1)) return NAN;
  return gsl_cdf_tdist_Qinv(gsl_cdf_ugaussian_Q(deviations), freedom);
}

double mdm_normal_deviations(double deviations, double freedom) {
  if (freedom > MANY || !isfinite(deviations)) return deviations;
  if (!(freedom > 0)) return NAN;
  double tail = gsl_cdf_tdist_Q(fabs(deviations), freedom);
  if (tail < 1e-300) return deviations; /* far beyond any threshold */
  return copysign(gsl_cdf_ugaussian_Qinv(tail), deviations);
}

double mdm_effective_number(size_t n, const double *v) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += v[i], squares += v[i] * v[i];
  return squares > 0 ? sum * sum / squares : (double)n;
}

double mdm_freedom(size_t n, const double *variance, const double *freedom) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    sum += variance[i];
    squares += variance[i] * variance[i] / freedom[i];
  }
  return sum > 0 ? sum * sum / squares : NAN;
}
