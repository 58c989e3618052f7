/* What the best value of one row of a sweep costs in another, and how best values drift from row to row. */
#ifndef MOEDMFT_TRANSFER_H
#define MOEDMFT_TRANSFER_H

#include "study/best_value.h"

/* A row: losses along the axis whose best value is sought, at one width and one setting of the other axes. */
typedef struct {
  size_t n, runs;
  const double *x, *y, *ceiling; /* n: ln(value), ascending; n × runs: losses, NaN in the first: left out; n: loss at step 0 */
  const mdm_best *best;          /* of mdm_best_value */
  uint64_t draws;                /* rows of the same draws, which have the same number of runs, share their seeds: run r of one is that of the other */
  double scale;                  /* of the row, above 0: N, depth, steps, …; infinite: the limit */
} mdm_row;

/* How well a regret is known. */
typedef enum {
  MDM_REGRET_KNOWN,
  MDM_REGRET_AT_LEAST, /* the row's own best value is at an end of its list, or the transferred one lies beside a value that diverged */
  MDM_REGRET_DIVERGES, /* the transferred value diverges or does not learn */
  MDM_REGRET_UNKNOWN   /* the other row has no best value inside its list, or it lies beyond the list of this row */
} mdm_regret_kind;

/* L(η_base) − L(η*), with both losses of the row to which the best value η_base of the other row is taken, η* its own; also over L(η*). The errors
 * are standard errors that hold Student's t, as those of mdm_best: of resamples of the runs, taken together where the rows share their
 * seeds, and of what the lists leave open. NaN: unknown, or no error (fewer than MDM_FEWEST_RUNS runs, a bound). */
typedef struct {
  mdm_regret_kind kind;
  double loss, loss_error, relative, relative_error;
} mdm_regret;

/* Slope d ln η* / d ln scale over rows of finite scale whose best values are known with an error: a straight line with weights 1/x_error²
 * (mdm_line_fit). Its error is that of resamples, which keep what rows with the same seeds have in common, and of what the lists leave open; it
 * grows by the root of χ² per degree of freedom where that exceeds 1. NaN: fewer than two such rows; chi2 NaN: fewer than three. */
typedef struct {
  double slope, error, chi2;
} mdm_drift;

/* regret[row × n_rows + base]: what the best value of row `base` costs in `row`; 0 ± 0 for the row itself. drift: one, or NULL. seed: of the
 * bootstrap's random numbers. MDM_ERR_MEMORY. */
int mdm_transfer(size_t n_rows, const mdm_row *row, uint64_t seed, mdm_regret *regret, mdm_drift *drift, mdm_error *err);

#endif
