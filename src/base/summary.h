/* Numbers that sum up a distribution or a kernel. Shared by limit and networks, free of precision. */
#ifndef MOEDMFT_SUMMARY_H
#define MOEDMFT_SUMMARY_H

#include <stddef.h>

enum { MDM_QUANTILES = 9 };
/* 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99. */
extern const double mdm_probability[MDM_QUANTILES];

/* Quantiles of n numbers at mdm_probability into out; uses up x. The estimator is median-unbiased (Hyndman and Fan 1996, type
 * 8), so that few experts and many compare: position p (n + 1/3) + 1/3 in the sorted numbers, counted from 1, linear in
 * between, the extremes beyond. NaN when n = 0. */
void mdm_quantiles(size_t n, double *x, double out[MDM_QUANTILES]);
/* Of these, NaN in the place of those that lie beyond the first or the last of n numbers. They are extremes: where n grows with the network, they have no
 * limit, and no series in 1/N leads anywhere. */
void mdm_blank_extremes(size_t n, double out[MDM_QUANTILES]);

/* Root of an estimated mean square: of one below zero, which noise makes where the truth is near it, minus the root of its size. So
 * roots of estimates that scatter about zero average to zero. */
double mdm_signed_root(double square);

/* Root mean square of those of n numbers that are not NaN; NaN when none is. */
double mdm_rms(size_t n, const double *x);

/* Fractions of n numbers in bins of equal width between low and high, into out (bins + 2): first those below low, last those
 * above high. A bin contains its lower edge; the last one also its upper. NaN when n = 0. */
void mdm_histogram(size_t n, const double *x, size_t bins, double low, double high, double *out);

/* Kullback–Leibler divergence from uniform of nonnegative weights: (1/n) Σ p log p, p = w / mean(w). Terms with p ≤ 0 count as
 * zero. 0 for equal weights, NaN when the mean is not positive. */
double mdm_divergence(size_t n, const double *w);

/* Centred alignment of a kernel (n × n, symmetric) with targets y (outputs × n, column-major):
 *   ⟨K_c, Y_c⟩ / (‖K_c‖ ‖Y_c‖), Y = Σ y yᵀ over outputs, X_c = H X H with H = 1 − 1/n, ‖·‖ the Frobenius norm
 * (Cortes, Mohri and Rostamizadeh 2012). NaN when either vanishes, for instance when all targets are equal, or all samples: then what is left of
 * the kernel is rounding; rounding: the relative precision of its entries. Centres kernel in place; work: outputs × n. */
double mdm_alignment(size_t n, size_t outputs, double *kernel, const double *y, double rounding, double *work);

#endif
