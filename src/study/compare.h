/* Finite networks against the limit: deviations, their errors, and the rate at which they shrink. */
#ifndef MOEDMFT_COMPARE_H
#define MOEDMFT_COMPARE_H

#include <moedmft/compare.h>

/* Fills outcome->comparison and the fitted exponents. Needs every run of every ensemble (mdm_ensemble.each). */
int mdm_compare(const mdm_config *cfg, mdm_outcome *outcome, mdm_error *err);

/* i-th value (error: its standard error) of an array of a comparison: "seeds", "each/train/prediction/exponent". i = SIZE_MAX: the last.
 * comparison: as in an outcome, or the group /comparison of a file; NaN where it is missing or NULL. */
double mdm_comparison_at(const mdm_record *comparison, const char *path, size_t i, int error);
/* The same of what it holds on an observable: "train/prediction", "exponent". */
double mdm_comparison_number(const mdm_record *comparison, const char *observable, const char *what, size_t i, int error);

#endif
