/* Quantiles, histograms, divergence from uniform, alignment with targets (summary.h). */
#include "base/summary.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/vecmath.h"

enum { BINS = 1024 }; /* of numbers that are to be ranked */
enum { BATCH = 256 }; /* numbers whose logarithms are taken together */

const double mdm_probability[MDM_QUANTILES] = {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};

/* ---------------------------------------------------------------- distributions */

/* Numbers sorted into bins between the least and the largest of them: how many stand below each bin, and which bin a number is in. */
typedef struct {
  double least, scale;
  size_t below[BINS + 1];
} bins_of;

static size_t bin_of(const bins_of *b, double x) {
  size_t bin = (size_t)((x - b->least) * b->scale);
  return bin < BINS ? bin : BINS - 1;
}

/* 0 where there is no range to divide: all numbers alike, or not finite. */
static int count_bins(size_t n, const double *x, bins_of *b) {
  double least, most;
  gsl_stats_minmax(&least, &most, x, 1, n);
  if (!(most > least) || !isfinite(most - least)) return 0;
  *b = (bins_of){.least = least, .scale = BINS / (most - least)};
  for (size_t i = 0; i < n; i++) b->below[bin_of(b, x[i]) + 1]++;
  for (size_t k = 0; k < BINS; k++) b->below[k + 1] += b->below[k];
  return 1;
}

/* Brings the bins that hold wanted ranks to their places in the sorted order; 0: no memory for it. */
static int gather_bins(size_t n, double *x, const bins_of *b, size_t ranks, const size_t *rank) {
  size_t next[BINS + 1], bin = 0, used = 0;
  double *kept = malloc(n * sizeof *kept); /* n */
  if (!kept) return 0;
  unsigned char wanted[BINS] = {0};
  for (size_t k = 0; k < ranks; k++) {
    while (b->below[bin + 1] <= rank[k]) bin++;
    wanted[bin] = 1;
  }
  for (size_t i = 0; i < n; i++)
    if (wanted[bin_of(b, x[i])]) kept[used++] = x[i];
  memcpy(next, b->below, sizeof next);
  for (size_t i = 0; i < used; i++) x[next[bin_of(b, kept[i])]++] = kept[i];
  free(kept);
  return 1;
}

/* Brings the numbers of the given ranks (ascending, below n) to their places in the sorted order: through bins, so that only those near them
 * are compared with each other. What stands elsewhere is lost. */
static void place(size_t n, double *x, size_t ranks, const size_t *rank) {
  bins_of b;
  int by_bins = n > BINS && count_bins(n, x, &b) && gather_bins(n, x, &b, ranks, rank);
  for (size_t k = 0, bin = 0, first = 0; k < ranks; first = rank[k++]) { /* what stands before `first` is smaller */
    while (by_bins && b.below[bin + 1] <= rank[k]) bin++;
    if (by_bins && b.below[bin] > first) first = b.below[bin];
    gsl_stats_select(x + first, 1, (by_bins ? b.below[bin + 1] : n) - first, rank[k] - first);
  }
}

/* Of quantile k among n sorted numbers, counted from 0. */
static double position(int k, size_t n) { return mdm_probability[k] * ((double)n + 1.0 / 3) - 2.0 / 3; }

void mdm_blank_extremes(size_t n, double out[MDM_QUANTILES]) {
  for (int k = 0; k < MDM_QUANTILES; k++)
    if (position(k, n) < 0 || position(k, n) > (double)n - 1) out[k] = NAN;
}

void mdm_quantiles(size_t n, double *x, double out[MDM_QUANTILES]) {
  double at[MDM_QUANTILES]; /* position in the sorted numbers, counted from 0 */
  size_t rank[2 * MDM_QUANTILES];
  for (int k = 0; k < MDM_QUANTILES; k++) {
    out[k] = NAN;
    at[k] = fmax(0, fmin((double)n - 1, position(k, n)));
    rank[2 * k] = (size_t)at[k];
    rank[2 * k + 1] = rank[2 * k] + 1 < n ? rank[2 * k] + 1 : rank[2 * k];
  }
  if (!n) return;
  mdm_sort_sizes(2 * MDM_QUANTILES, rank);
  place(n, x, 2 * MDM_QUANTILES, rank);
  for (int k = 0; k < MDM_QUANTILES; k++) {
    size_t i = (size_t)at[k], next = i + 1 < n ? i + 1 : i;
    out[k] = x[i] + (at[k] - (double)i) * (x[next] - x[i]);
  }
}

void mdm_histogram(size_t n, const double *x, size_t bins, double low, double high, double *out) {
  memset(out, 0, (bins + 2) * sizeof *out);
  for (size_t i = 0; i < n; i++) {
    double at = (x[i] - low) / (high - low) * (double)bins;
    size_t bin = x[i] < low ? 0 : x[i] > high ? bins + 1 : (size_t)at + 1;
    if (bin > bins && x[i] <= high) bin = bins;
    out[bin]++;
  }
  for (size_t k = 0; k < bins + 2; k++) out[k] = n ? out[k] / (double)n : NAN;
}

double mdm_signed_root(double square) { return square < 0 ? -sqrt(-square) : sqrt(square); }

double mdm_rms(size_t n, const double *x) {
  double sum = 0;
  size_t used = 0;
  for (size_t i = 0; i < n; i++)
    if (!isnan(x[i])) sum += x[i] * x[i], used++;
  return used ? sqrt(sum / (double)used) : NAN;
}

double mdm_divergence(size_t n, const double *w) {
  double total = 0, sum = 0;
  for (size_t i = 0; i < n; i++) total += w[i];
  if (!(total > 0)) return NAN;
  for (size_t first = 0; first < n; first += BATCH) {
    double p[BATCH], log_p[BATCH];
    size_t count = n - first < BATCH ? n - first : BATCH;
    for (size_t i = 0; i < count; i++) p[i] = w[first + i] * (double)n / total, log_p[i] = p[i] > 0 ? p[i] : 1;
    mdm_vec_log(count, log_p, log_p);
    for (size_t i = 0; i < count; i++) sum += p[i] * log_p[i];
  }
  return sum / (double)n;
}

/* ---------------------------------------------------------------- alignment */

static const double ROUNDINGS = 32; /* of a kernel's entries, that are no variation among samples */

/* Subtracts the mean of n numbers that lie `step` apart; equal ones leave nothing, not even rounding. */
static void centre(size_t n, size_t step, double *x) {
  double mean = 0, first = x[0];
  int equal = 1;
  for (size_t i = 1; i < n; i++) equal &= x[i * step] == first;
  for (size_t i = 0; i < n && equal; i++) x[i * step] = 0;
  if (equal) return;
  for (size_t i = 0; i < n; i++) mean += x[i * step] / (double)n;
  for (size_t i = 0; i < n; i++) x[i * step] -= mean;
}

double mdm_alignment(size_t n, size_t outputs, double *kernel, const double *y, double rounding, double *work) {
  double all = 0;
  for (size_t i = 0; i < n * n; i++) all += kernel[i] * kernel[i];
  memcpy(work, y, outputs * n * sizeof *work);
  for (size_t c = 0; c < outputs; c++) centre(n, outputs, work + c);
  for (size_t i = 0; i < n; i++) centre(n, 1, kernel + n * i);
  for (size_t i = 0; i < n; i++) centre(n, n, kernel + i);
  double inner = 0, kk = 0, yy = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double k = kernel[i * n + j], target = 0;
      for (size_t c = 0; c < outputs; c++) target += work[outputs * i + c] * work[outputs * j + c];
      inner += k * target;
      kk += k * k;
      yy += target * target;
    }
  return sqrt(kk) > ROUNDINGS * rounding * sqrt(all) && yy > 0 ? inner / sqrt(kk * yy) : NAN;
}
