/* Where fits start. */
#ifndef MOEDMFT_LAW_STARTS_H
#define MOEDMFT_LAW_STARTS_H

#include "law/target.h"

/* n starts into x (n × parameters, row-major): Sobol's points in the ranges of the axes; of each, the parameters in which the formula is linear are set by
 * weighted least squares where that gives allowed values. MDM_ERR_MEMORY. */
int mdm_law_starts(const mdm_target *all, size_t n, int threads, double *x, mdm_error *err);

#endif
