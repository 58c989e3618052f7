/* Standard errors of numbers that count few things (counted.h).
 *
 * Fractions. Accuracies, loads under top-K (fractions of the P samples of a batch) and histograms take few values, and where all n runs agree their
 * spread is zero, although one of the next runs may differ: of an event that none of n runs has seen, all that is known is that it has a chance of some 1/n
 * (rule of succession). So the error is that with one run more that differs by one count, of size c,
 *   s² = [Σ (x − x̄)² + c²] / (n (n − 1)),
 * which is c/n where all agree and changes little where many counts vary. Of accuracies more is known, the outputs behind them: where all of a step's are far from another class for their spread
 * over runs, nothing is added.
 *
 * Kernels. In networks under top-K the entry of two tokens that no expert serves both is exactly zero. What it is where one does, is told by the runs that have
 * one: fewer than three (MDM_FEWEST_RUNS) tell no error, and the error of such an entry is NaN, unknown. In the limit experts are a population. */
#include "run/counted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/record.h"
#include "run/family.h"

static const double SAME = 1e-9, TIE = 1e-6; /* fractions that differ by less are the same count, but for rounding; outputs that do are a tie (problem/loss.c) */
static const double CERTAIN = 3;            /* standard deviations over runs */

/* ---------------------------------------------------------------- fractions */

/* The errors of `size` entries from `first` on, of n runs, with one run more that differs by `count`. */
static void add_run(mdm_array *a, size_t first, size_t size, double count, size_t n) {
  double more = count * count / ((double)n * (double)(n - 1));
  for (size_t e = first; e < first + size; e++) a->error[e] = sqrt(a->error[e] * a->error[e] + more);
}

/* By how much C outputs f favour the class that their mean over runs does: f times its sign, or the output of this class beyond the largest other. */
static double margin(size_t C, const double *mean, const double *f) {
  size_t top = 0;
  double other = -INFINITY;
  if (C == 1) return mean[0] < 0 ? -f[0] : f[0];
  for (size_t c = 1; c < C; c++) top = mean[c] > mean[top] ? c : top;
  for (size_t c = 0; c < C; c++) other = c == top ? other : fmax(other, f[c]);
  return f[top] - other;
}

/* Whether the class of the sample whose outputs begin at entry e is as good as the same in all runs, seen or not: CERTAIN standard deviations from another. It is where outputs do
 * not differ, as before the first step, where f = 0. */
static int is_certain(const mdm_record *const *runs, size_t n, const mdm_array *f, size_t e) {
  double sum = 0, squares = 0, count = (double)n;
  for (int pass = 0; pass < 2; pass++)
    for (size_t r = 0; r < n; r++) {
      double m = margin(f->dim[2], f->value + e, mdm_record_find(runs[r], f->path)->value + e);
      m = fabs(m) < TIE ? 0 : m;
      if (pass) squares += (m - sum / count) * (m - sum / count);
      else sum += m;
    }
  return sum / count >= mdm_student(CERTAIN, count - 1) * sqrt(squares / (count - 1));
}

/* Of a part's samples, at steps where the class of one is not certain. */
static void raise_accuracy(const mdm_record *const *runs, size_t n, mdm_record *summary, const char *part) {
  char path[2][64];
  snprintf(path[0], sizeof path[0], "observables/%s/accuracy", part);
  snprintf(path[1], sizeof path[1], "observables/%s/prediction", part);
  mdm_array *a = (mdm_array *)mdm_record_find(summary, path[0]);
  const mdm_array *f = mdm_record_find(summary, path[1]); /* steps × P × C */
  if (!a || !f || f->rank != 3 || a->rank != 1 || a->dim[0] != f->dim[0]) return;
  for (size_t t = 0; t < a->dim[0]; t++) {
    size_t P = f->dim[1], k = 0;
    while (k < P && is_certain(runs, n, f, (t * P + k) * f->dim[2])) k++;
    if (k < P) add_run(a, t, 1, 1 / (double)P, n);
  }
}

/* Whether every expert serves a part of the samples only. */
static int is_sparse(const mdm_record *summary) {
  const mdm_array *load = mdm_record_find(summary, "observables/router/load_mean"); /* steps: K/M; 1 with soft routing */
  return load && load->dim[0] && load->value[0] < 1 - SAME;
}

static void raise_loads(mdm_record *summary, size_t n) {
  mdm_array *a = (mdm_array *)mdm_record_find(summary, "statistics/load/quantile");
  const mdm_array *f = mdm_record_find(summary, "observables/train/prediction");
  if (a && f && f->rank == 3) add_run(a, 0, mdm_elements(a->rank, a->dim), 1 / (double)f->dim[1], n);
}

/* The smallest difference between two runs that follow each other, over all bins: one count; 0: there is none. */
static double one_count(const mdm_record *const *runs, size_t n, const mdm_array *a) {
  double least = INFINITY;
  for (size_t r = 1; r < n; r++) {
    const double *v = mdm_record_find(runs[r - 1], a->path)->value, *w = mdm_record_find(runs[r], a->path)->value;
    for (size_t e = 0; e < mdm_elements(a->rank, a->dim); e++)
      if (fabs(v[e] - w[e]) > SAME) least = fmin(least, fabs(v[e] - w[e]));
  }
  return isfinite(least) ? least : 0;
}

static void raise_histogram(const mdm_record *const *runs, size_t n, mdm_record *summary, const char *path) {
  mdm_array *a = (mdm_array *)mdm_record_find(summary, path);
  if (a) add_run(a, 0, mdm_elements(a->rank, a->dim), one_count(runs, n, a), n);
}

/* ---------------------------------------------------------------- kernels */

/* One kernel, n × n between tokens at times, which is not zero in seen[n × n] of the runs. Where a token's own entry is zero, its field vanishes, as all do
 * before the first step under μP: zeros then are no chance. */
static void doubt_entries(const double *value, double *error, const size_t *seen, size_t n, size_t runs) {
  for (size_t i = 0; i < n * n; i++) {
    int vanishes = value[i / n * (n + 1)] == 0 || value[i % n * (n + 1)] == 0;
    if (seen[i] < runs && seen[i] < MDM_FEWEST_RUNS && !vanishes) error[i] = NAN;
  }
}

static int doubt_kernel(const mdm_record *const *runs, size_t n, mdm_record *summary, const char *path, mdm_error *err) {
  mdm_array *a = (mdm_array *)mdm_record_find(summary, path); /* (blocks ×) times × S × times × S */
  if (!a || a->rank < 4) return MDM_OK;
  size_t size = mdm_elements(a->rank, a->dim), tokens = a->dim[a->rank - 1] * a->dim[a->rank - 2];
  size_t *seen = mdm_alloc(size, 1, 1, sizeof *seen);
  if (!seen) return mdm_no_memory(err, "errors of kernels");
  for (size_t r = 0; r < n; r++) {
    const double *v = mdm_record_find(runs[r], path)->value;
    for (size_t e = 0; e < size; e++) seen[e] += v[e] != 0;
  }
  for (size_t e = 0; e < size; e += tokens * tokens) doubt_entries(a->value + e, a->error + e, seen + e, tokens, n);
  free(seen);
  return MDM_OK;
}

/* ---------------------------------------------------------------- all of it */

int mdm_counted_errors(const mdm_record *const *runs, size_t n, int networks, mdm_record *summary, mdm_error *err) {
  static const char *const of_experts[] = {"kernels/Q/backward", "kernels/W1/backward", "kernels/W2/forward"};
  if (n < 2 || mdm_is_of_families(summary)) return MDM_OK;
  raise_accuracy(runs, n, summary, "train");
  raise_accuracy(runs, n, summary, "test");
  raise_histogram(runs, n, summary, "statistics/psi/histogram");
  raise_histogram(runs, n, summary, "statistics/g/histogram");
  if (!is_sparse(summary)) return MDM_OK;
  raise_loads(summary, n);
  int status = MDM_OK;
  for (size_t k = 0; networks && k < sizeof of_experts / sizeof *of_experts && !status; k++) status = doubt_kernel(runs, n, summary, of_experts[k], err);
  return status;
}
