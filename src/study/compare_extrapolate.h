/* Networks at N = infinity, by extrapolation of their means over widths (src/study/compare_extrapolate.c). */
#ifndef MOEDMFT_COMPARE_EXTRAPOLATE_H
#define MOEDMFT_COMPARE_EXTRAPOLATE_H

#include <moedmft/error.h>
#include <stddef.h>

/* Fractions of an array below this are rounding (single precision), not noise and no deviation. */
#define MDM_COMPARE_ROUNDING 1e-6

/* Means and standard errors of k entries at several widths, and in the limit. */
typedef struct mdm_widths {
  size_t k, n;                /* entries, widths */
  const double *width, *runs; /* n: N, networks */
  const double *const *mean;  /* n × k */
  const double *const *error; /* n × k */
  const double *limit, *limit_error; /* k */
  double limit_runs;
} mdm_widths;

/* z = (extrapolation − limit) / combined standard error, over entries that have noise. All NaN when there is none, or fewer than
 * two widths. */
typedef struct mdm_extrapolation {
  double rms_z, max_z; /* root mean square of z; largest |z| */
  double chi2;         /* sum of squared differences over sum of variances: 1 is expected where both agree */
  double fit_chi2;     /* χ² of the fits per degree of freedom; NaN: none is left */
  double distance;     /* RMS of extrapolation − limit */
  double error;        /* RMS of its standard error */
  double freedom;      /* degrees of freedom of that error (base/fit.h) */
} mdm_extrapolation;

/* Fits mean(N) = c₀ + c₁ N^−rate (+ c₂ N^−2rate with four widths or more; with three where rate < 1) to every entry, weighted by
 * standard errors, and compares c₀ with the limit. */
int mdm_extrapolate(const mdm_widths *w, double rate, mdm_extrapolation *out, mdm_error *err);

#endif
