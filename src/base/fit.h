/* Straight lines, and how far few runs can be trusted. */
#ifndef MOEDMFT_FIT_H
#define MOEDMFT_FIT_H

#include <stddef.h>

/* So many runs are needed before their scatter tells an error: two have one degree of freedom, whose 95 % lie within 13 errors. */
enum { MDM_FEWEST_RUNS = 3 };

/* Reduced χ² above which a fit does not describe its points: two standard errors for each. */
enum { MDM_MISFIT = 4 };

/* Straight line through n points y ± s (least squares, weights 1/s²). The error grows by the root of the reduced χ² where that
 * exceeds 1; chi2 (or NULL) receives it, NaN where errors or a third point are missing. Where errors are missing (not positive and finite) all
 * points weigh the same. NaN for fewer than two points, or equal x; error NaN where nothing tells it. */
void mdm_line_fit(size_t n, const double *x, const double *y, const double *s, double *slope, double *error, double *chi2);

/* Of a number whose standard error was estimated with so many degrees of freedom (infinite: known): the multiple of that error that
 * is exceeded as rarely as `deviations` standard errors of a normal distribution; Student's t. 2 becomes 2.1 with 31 degrees of
 * freedom, 3.3 with 3, 13.97 with one. NaN below one degree of freedom. */
double mdm_student(double deviations, double freedom);

/* The reverse: of a number so many estimated errors away, the deviation of a normal distribution that is exceeded as rarely. */
double mdm_normal_deviations(double deviations, double freedom);

/* Effective number of n values in their mean: (Σ v)² / Σ v² (Kish 1965). n where all are equal, 1 where one carries the mean. */
double mdm_effective_number(size_t n, const double *v);

/* Degrees of freedom of a sum of n estimated variances (Welch 1947, Satterthwaite 1946): (Σ v)² / Σ v²/freedom. NaN when all vanish. */
double mdm_freedom(size_t n, const double *variance, const double *freedom);

#endif
