/* Quantiles, histograms, divergence from uniform, alignment with targets (summary.h). */
#include "base/summary.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#include "base/vecmath.h"

enum { BATCH = 256 }; /* numbers whose logarithms are taken together */

const double mdm_probability[MDM_QUANTILES] = {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};

/* ---------------------------------------------------------------- distributions */

/* Brings the numbers of the given ranks (ascending, below n) to their places in the sorted order: the middle rank first, then
 * those on either side of it. Far cheaper than sorting all. What stands between two of them has its place between theirs. */
static void place(size_t n, double *x, size_t ranks, const size_t *rank, size_t shift) {
  if (!ranks) return;
  size_t left = ranks / 2, right = left + 1, at = rank[left] - shift;
  gsl_stats_select(x, 1, n, at);
  while (left && rank[left - 1] == rank[ranks / 2]) left--;
  while (right < ranks && rank[right] == rank[ranks / 2]) right++;
  place(at, x, left, rank, shift);
  place(n - at - 1, x + at + 1, ranks - right, rank + right, shift + at + 1);
}

void mdm_quantiles(size_t n, double *x, double out[MDM_QUANTILES]) {
  double at[MDM_QUANTILES]; /* position in the sorted numbers, counted from 0 */
  size_t rank[MDM_QUANTILES];
  for (int k = 0; k < MDM_QUANTILES; k++) {
    out[k] = NAN;
    at[k] = mdm_probability[k] * ((double)n + 1.0 / 3) - 2.0 / 3;
    at[k] = fmax(0, fmin((double)n - 1, at[k]));
    rank[k] = (size_t)at[k];
  }
  if (!n) return;
  place(n, x, MDM_QUANTILES, rank, 0);
  for (int k = 0; k < MDM_QUANTILES; k++) {
    size_t i = rank[k], end = k + 1 < MDM_QUANTILES && rank[k + 1] > i ? rank[k + 1] + 1 : n; /* the next number is the least of those behind */
    double next = i + 1 < end ? gsl_stats_min(x + i + 1, 1, end - i - 1) : x[i];
    out[k] = x[i] + (at[k] - (double)i) * (next - x[i]);
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

/* Subtracts the mean of n numbers that lie `step` apart. */
static void centre(size_t n, size_t step, double *x) {
  double mean = 0;
  for (size_t i = 0; i < n; i++) mean += x[i * step] / (double)n;
  for (size_t i = 0; i < n; i++) x[i * step] -= mean;
}

double mdm_alignment(size_t n, size_t outputs, double *kernel, const double *y, double *work) {
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
  return kk > 0 && yy > 0 ? inner / sqrt(kk * yy) : NAN;
}
