/* Powers of the width through squared deviations. */
#ifndef MOEDMFT_POWER_FIT_H
#define MOEDMFT_POWER_FIT_H

#include <stddef.h>

/* p of |deviation| ∝ x^−p. */
typedef struct mdm_fitted_power {
  double exponent, error; /* NaN: nothing is known */
  int bound;              /* 0: a value; 1: p is above `exponent`, which lies `confidence` errors below the best fit; −1: below. error: infinite */
  double chi2;            /* χ² per degree of freedom of the best fit: well above 1 where no power describes the deviations; NaN: none is left */
} mdm_fitted_power;

/* Least-squares fit of values d2[i] ± s2[i] (squared deviations; noise may make them negative) to A² x[i]^(−2p), −1 ≤ p ≤ 4.
 * The error is half the range where χ² rises by less than 1 (times the reduced χ² when that exceeds 1). Where this range
 * reaches an end of −1 … 4, p is known from one side only: a bound. confidence: standard errors that a bound, and a deviation
 * that is to stand out of the noise, must lie away (2; more when errors come from few runs, base/fit.h). NaN when n < 2, when an
 * error is missing, or when no deviation stands out. */
mdm_fitted_power mdm_fit_power(size_t n, const double *x, const double *d2, const double *s2, double confidence);

#endif
