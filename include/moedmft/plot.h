/* Results as pictures. */
#ifndef MOEDMFT_PLOT_H
#define MOEDMFT_PLOT_H

#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Draws a picture; format from its ending: .png, .svg, .pdf. Uses gnuplot without a display. what (NULL: what a coordinate check or
 * a sweep found, else loss):
 *   loss     the limit as a line with its error band, networks of each width as points with error bars; train and test, with
 *            accuracy when present; the deviation against N
 *   kernels  a kernel at the last time: limit, widest networks, difference
 *   spectra  eigenvalues of kernels at every time, limit and widest networks
 *   rates    deviations of several observables against N, with fits; their exponents
 *   router   the logits' histogram; load and entropy over steps
 *   ntk      the tangent kernel as kernels, and its parts over time
 *   parts    of a coordinate check: RMS of parts against width
 *   sweep    loss against the value of an axis, and its best value against width
 * field (NULL: the usual choice): which kernel, matrix or observables. MDM_ERR_USAGE: unknown words; MDM_ERR_DATA: the file
 * does not hold it, with the option that would store it; MDM_ERR_IO: gnuplot is missing, with what to install. */
int mdm_plot_what(const char *path, const char *picture, const char *what, const char *field, mdm_error *err);
/* The usual picture of a file. */
int mdm_plot(const char *path, const char *picture, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
