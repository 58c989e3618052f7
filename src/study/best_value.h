/* Where a list of losses has its minimum, and how well that is known. */
#ifndef MOEDMFT_BEST_VALUE_H
#define MOEDMFT_BEST_VALUE_H

#include <moedmft/error.h>
#include <stddef.h>
#include <stdint.h>

/* Where in the list the smallest loss lies. */
typedef enum {
  MDM_BEST_INSIDE,   /* between neighbours through which a parabola fits */
  MDM_BEST_LOWER,    /* at the smallest value: the minimum may lie below */
  MDM_BEST_UPPER,    /* at the largest value: the minimum may lie above */
  MDM_BEST_DIVERGED, /* a neighbour diverged or has not learned: anywhere between the neighbours */
  MDM_BEST_NONE,     /* no finite loss */
  MDM_BEST_BETWEEN   /* no parabola fits, as beside a kink: anywhere between the neighbours */
} mdm_best_kind;

typedef struct mdm_best {
  mdm_best_kind kind;
  size_t position;          /* of the smallest mean loss in the list */
  double x, x_error;        /* ln of the best value, and its error: both of the following; NaN at an end and for few runs */
  double x_runs, x_between; /* parts of x_error: spread over runs, which skewed losses and flat bottoms enlarge there; what the list leaves open */
  double loss, loss_error;  /* there, and its error of the same two parts */
  double runs;              /* effective number of runs: (Σ L)² / Σ L², at the smallest mean loss (Kish 1965) */
} mdm_best;

/* Best of n values with ln x[i] ascending and losses y[i × runs + r] of the same runs at each (infinite: diverged; NaN
 * in the first run: the value is left out). ceiling (n, or NULL): mean losses above it count as diverged. The
 * bootstrap's random numbers depend on seed and stream. Errors take MDM_FEWEST_RUNS (base/fit.h). */
int mdm_best_value(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, uint64_t seed,
                   uint64_t stream, mdm_best *out, mdm_error *err);

/* Whether the value is known with an error. */
int mdm_best_is_known(const mdm_best *b);

#endif
