/* Powers of the parts of a coordinate check, and whether they are as predicted; for widths and for depths. */
#ifndef MOEDMFT_PARTS_FIT_H
#define MOEDMFT_PARTS_FIT_H

#include <moedmft/config.h>
#include <stddef.h>

/* Measured and predicted exponents agree within so many standard errors (of few seeds as rarely exceeded, base/fit.h) and this slack:
 * corrections of finite size. */
#define MDM_PARTS_ERRORS 3.0
#define MDM_PARTS_SLACK 0.15

/* MDM_PARTS_ERRORS for ensembles of which the smallest has so many runs; NaN: too few to say anything. */
double mdm_parts_reach(double fewest);
/* Parts below this fraction of their product are rounding, in single or double precision as `key` (simulate.precision) says. */
double mdm_parts_rounding(const mdm_config *cfg, const char *key);
/* ln y = c + p ln x by weighted least squares, errors s of y (n each); NaN unless all y are positive with errors. The error grows by √χ²
 * per degree of freedom where the points are not on a line; chi2 receives it (NaN: fewer than three points). work: 3 × n. */
void mdm_parts_fit(size_t n, const double *x, const double *y, const double *s, double *work, double *p, double *error, double *chi2);
/* 1: as predicted, 0: otherwise, NaN: nothing to compare. A part that is a sum of two powers lies between lowest and predicted. absent: the
 * part is zero everywhere. */
double mdm_parts_agree(double lowest, double predicted, int absent, double p, double error, double reach);

#endif
