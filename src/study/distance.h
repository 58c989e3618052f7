/* Distance of two ensembles' means, free of the bias of noise. */
#ifndef MOEDMFT_DISTANCE_H
#define MOEDMFT_DISTANCE_H

#include <moedmft/error.h>
#include <stddef.h>

typedef struct mdm_separation {
  double d2, d2_error;           /* |x̄ − ȳ|² − |se_x|² − |se_y|², mean over elements, and its standard error; NaN with fewer than MDM_FEWEST_RUNS of either */
  double d2_freedom;             /* degrees of freedom of that error */
  double spread2, spread2_error; /* variance over runs of x, mean over elements, and its standard error */
} mdm_separation;

/* x: n runs, y: m runs of k numbers; elements that are NaN anywhere are left out. n ≥ 2, m ≥ 2. Returns a status. */
int mdm_distance(size_t k, size_t n, const double *const *x, size_t m, const double *const *y, mdm_separation *out, mdm_error *err);

#endif
