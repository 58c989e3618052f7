/* Finite networks against the limit: deviations, their errors, and the rate at which they shrink. */
#ifndef MOEDMFT_COMPARE_H
#define MOEDMFT_COMPARE_H

#include <moedmft/compare.h>

/* Fills outcome->comparison and the fitted exponents. Needs every run of every ensemble (mdm_ensemble.each). */
int mdm_compare(const mdm_config *cfg, mdm_outcome *outcome, mdm_error *err);

/* i-th value (error: its standard error) of what a comparison holds on an observable: "train/prediction", "exponent". i = SIZE_MAX: the
 * last. comparison: as in an outcome, or the group /comparison of a file; NaN where it is missing or NULL. */
double mdm_comparison_number(const mdm_record *comparison, const char *observable, const char *what, size_t i, int error);

/* Least-squares fit of values d2[i] ± s2[i] (squared deviations; noise may make them negative) to A² x[i]^(−2p).
 * *error is where χ² has risen by 1 (times the reduced χ² when that exceeds 1). Both NaN when n < 2 or nothing is known. */
void mdm_fit_power(size_t n, const double *x, const double *d2, const double *s2, double *exponent, double *error);

/* Debiased squared distance of two ensembles' means, mean over elements: |x̄ − ȳ|² − |se_x|² − |se_y|², and its jackknife
 * standard error; likewise *spread2, the variance over runs of x, mean over elements. x: n runs, y: m runs of k numbers;
 * elements that are NaN anywhere are left out. n ≥ 2, m ≥ 2. Returns a status. */
int mdm_distance(size_t k, size_t n, const double *const *x, size_t m, const double *const *y, double *d2, double *d2_error,
                 double *spread2, double *spread2_error, mdm_error *err);

#endif
