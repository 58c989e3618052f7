/* Where a list of losses has its minimum, and how well that is known. */
#ifndef MOEDMFT_BEST_VALUE_H
#define MOEDMFT_BEST_VALUE_H

#include "study/loss_list.h"

/* Best of n values with ln x[i] ascending and losses y[i × runs + r] of the same runs at each (infinite: diverged; NaN
 * in the first run: the value is left out). ceiling (n, or NULL): mean losses above it count as diverged. The
 * bootstrap's random numbers depend on seed and stream. Errors take MDM_FEWEST_RUNS (base/fit.h). */
int mdm_best_value(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, uint64_t seed,
                   uint64_t stream, mdm_best *out, mdm_error *err);

/* Whether the value is known with an error. */
int mdm_best_is_known(const mdm_best *b);

#endif
