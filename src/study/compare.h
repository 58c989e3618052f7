/* Finite networks against the limit: deviations, their errors, and the rate at which they shrink. */
#ifndef MOEDMFT_COMPARE_H
#define MOEDMFT_COMPARE_H

#include <moedmft/compare.h>

/* Fills outcome->comparison and the fitted exponents. Needs every run of every ensemble (mdm_ensemble.each). */
int mdm_compare(const mdm_config *cfg, mdm_outcome *outcome, mdm_error *err);

#endif
