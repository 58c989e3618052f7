/* Several depths L, and L → ∞ (docs/theory.md, depth): the limit at solve.depths, networks at simulate.depths. */
#ifndef MOEDMFT_DEPTHS_H
#define MOEDMFT_DEPTHS_H

#include <moedmft/compare.h>

/* Smallest depth that extrapolations use: below, more than the 1/L term matters. */
enum { MDM_SMALLEST_DEPTH = 4 };

/* Whether a configuration asks for depths. MDM_ERR_CONFIG: without residual blocks, a depth named twice, fewer than two from
 * MDM_SMALLEST_DEPTH on, fewer than 2 runs, or no limit as L → ∞, with the term that grows. */
int mdm_depths_check(const mdm_config *cfg, int *wanted, mdm_error *err);

/* Runs every depth and extrapolates each run in 1/L by itself, so that errors know what depths have in common (W_in and v of a run are the
 * same at every depth). *out, with arrays below "depths/": limit/… and width_N/…, each with
 *   depth (n);  loss (depth, step);  prediction (depth, step, sample, output);
 *   extrapolated/loss, extrapolated/prediction: the value at 1/L = 0 of least squares through depths from MDM_SMALLEST_DEPTH on;
 *   check (2): with three depths or more, RMS over predictions, and largest size, of the difference to the extrapolation of the two
 *     largest depths alone, in standard errors; NaN with two;
 *   with output.parts: parts/… (study/depth_parts.h).
 * Progress goes to the monitor. */
int mdm_depths_run(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_record **out, mdm_error *err);

/* Bytes that the runs at the deepest of them need (mdm_memory_estimate); 0: none are asked for. */
double mdm_depths_bytes(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor);

#endif
