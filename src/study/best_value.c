/* The minimum of a list of losses (best_value.h).
 *
 * What the list itself says is in loss_list.c: the minimum of a parabola, or the middle between two values, and what it leaves open.
 *
 * The spread over runs comes from a bootstrap, enlarged by Student's t for the effective number of runs, so that two errors hold what two
 * standard errors of a normal distribution do: nothing that reads these errors has to look at the number of runs again. A run (seed)
 * keeps its initial weights from value to value, so runs are resampled for all values together. Both parts add in squares.
 *
 * Resamples of few runs that carry the mean, or of a flat bottom, spread too little: their own minimum is sharp. So the error of the best value is
 * at least half the distance at which the mean slope of the losses, run by run, has become different from zero: two errors hold all values where
 * it might be zero. And where losses differ by factors, that of the loss is at least what a lognormal distribution of them has.
 */
#include "study/best_value.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/random.h"

enum { RESAMPLES = 400, RUNS_FOR_SKEW = 6 }; /* fewer runs do not tell whether losses are skewed */
static const double MOST_SKEW = 3, MOST_FACTOR = 8; /* by which skewed losses, and those that differ by factors, enlarge a spread */

/* Room for resamples. */
typedef struct {
  uint64_t *pick; /* runs */
  double *best;   /* 3 × RESAMPLES: deviations */
} workspace;

/* ---------------------------------------------------------------- spread over runs */

/* Standard error of the mean loss at a value, over the runs that pick names. */
static double mean_error(const mdm_losses *l, size_t at, const uint64_t *pick) {
  const double *y = l->y + at * l->runs;
  double squares = 0;
  for (size_t r = 0; r < l->runs; r++) {
    double d = y[pick ? pick[r] % l->runs : r] - l->mean[at];
    squares += d * d;
  }
  return sqrt(squares / ((double)l->runs * (double)(l->runs - 1)));
}

/* Deviations of resamples from b: RESAMPLES each, the first `used` and `scaled` of which are there. */
typedef struct {
  double *x, *loss, *t; /* t: of the loss, in standard errors of the resample */
  size_t used, scaled;
} deviations;

static deviations resample(mdm_losses *l, const workspace *room, uint64_t seed, uint64_t stream, const mdm_best *b) {
  deviations d = {room->best, room->best + RESAMPLES, room->best + 2 * RESAMPLES, 0, 0};
  for (size_t k = 0; k < RESAMPLES; k++) {
    mdm_words((mdm_stream){seed, 0, MDM_DRAW_BOOTSTRAP, stream, 0, 0}, k, l->runs, room->pick);
    mdm_losses_average(l, room->pick);
    mdm_best one = mdm_losses_best(l);
    if (one.kind == MDM_BEST_NONE) continue;
    d.x[d.used] = one.x - b->x, d.loss[d.used++] = one.loss - b->loss; /* differences: squares keep their digits */
    double own = mean_error(l, one.position, room->pick);
    if (own > 0) d.t[d.scaled++] = fabs(one.loss - b->loss) / own;
  }
  return d;
}

/* By how much skewness enlarges the spread of the loss, at most MOST_SKEW. Losses of runs are skewed: where their mean is low by chance, its error
 * seems small, too. Hence the error of the loss is at least half of what 95 % of resamples stay within, each in terms of its own standard error
 * (bootstrap-t; Efron 1981). Resamples without the one run that carries a mean have no error of their own to speak of: hence the bound. */
static double skewness(const mdm_losses *l, double error, deviations *d, double spread) {
  if (l->runs < RUNS_FOR_SKEW || d->scaled < 2 || !(spread > 0)) return 1;
  gsl_sort(d->t, 1, d->scaled);
  return fmin(MOST_SKEW, fmax(1, 0.5 * error * gsl_stats_quantile_from_sorted_data(d->t, 1, d->scaled, 0.95) / spread));
}

/* The same for losses that differ by factors: half of what lies between the loss and the upper end of the interval that two standard errors of the
 * logarithm make of a lognormal mean, ln L + s²/2 (Cox's; Zhou and Gao 1997). That mean is above the one of few runs, which lack the rare large loss.
 * enlarge: Student's t over 2. Of three runs that differ by hundreds the end is anywhere: hence the bound. */
static double lognormal(const mdm_losses *l, size_t at, double enlarge, double loss, double spread) {
  const double *y = l->y + at * l->runs;
  double n = (double)l->runs, mean = 0, sum = 0, squares = 0;
  for (size_t r = 0; r < l->runs; r++) mean += y[r] / n, sum += y[r] > 0 ? log(y[r]) : NAN;
  for (size_t r = 0; r < l->runs; r++) squares += (log(y[r]) - sum / n) * (log(y[r]) - sum / n);
  double variance = squares / (n - 1), error = enlarge * sqrt(variance / n + 0.5 * variance * variance / (n - 1));
  double end = exp(sum / n + 0.5 * variance + 2 * error);
  if (isnan(end) || !isfinite(mean) || !(spread > 0)) return 1;
  return fmin(MOST_FACTOR, fmax(1, 0.5 * loss * (end / mean - 1) / spread));
}

/* ---------------------------------------------------------------- slopes */

/* Mean over runs of the change of losses from value j to j + 1, in its standard errors; NaN where there is none. */
static double change(const mdm_losses *l, size_t j) {
  const double *a = l->y + j * l->runs, *b = a + l->runs;
  double n = (double)l->runs, mean = 0, squares = 0;
  for (size_t r = 0; r < l->runs; r++) mean += (b[r] - a[r]) / n;
  for (size_t r = 0; r < l->runs; r++) squares += (b[r] - a[r] - mean) * (b[r] - a[r] - mean);
  return isfinite(mean) ? mean / sqrt(squares / (n * (n - 1))) : NAN;
}

static double middle(const mdm_losses *l, size_t j) { return 0.5 * (l->x[j] + l->x[j + 1]); }

/* From `zero`, beside value i, to where the mean slope differs from zero by `reach` standard errors, above (side 1) or below it (-1); the end of
 * the list, or of the values where all runs have a loss, where it never does. */
static double open_side(const mdm_losses *l, size_t i, double zero, int side, double reach) {
  double at = zero, before = 0, end = l->x[i];
  for (long j = (long)i - (side < 0); j >= 0 && j + 1 < (long)l->n; j += side) {
    double t = side * change(l, (size_t)j), m = middle(l, (size_t)j);
    if (isnan(t)) break;
    if (t > reach) return fabs(at + (m - at) * (isinf(t) ? 0 : (reach - before) / (t - before)) - zero);
    at = m, before = t, end = l->x[j + (side > 0)];
  }
  return fabs(end - zero);
}

/* Half of the distance from where the mean slope is zero within which it might be. */
static double open_slope(const mdm_losses *l, const mdm_best *b, double reach) {
  size_t i = b->position;
  if (b->kind == MDM_BEST_LOWER || b->kind == MDM_BEST_UPPER) return 0;
  double below = change(l, i - 1), above = change(l, i);
  if (!isfinite(below) || !isfinite(above) || !(above > below)) return 0;
  double zero = middle(l, i - 1) - below / (above - below) * (middle(l, i) - middle(l, i - 1));
  return 0.5 * fmax(open_side(l, i, zero, 1, reach), open_side(l, i, zero, -1, reach));
}

/* ---------------------------------------------------------------- errors */

/* Adds the spread over runs to the errors of b, by resampling. A resample spreads less than the population. The distances are those from
 * b itself: where resamples lie on one side, as they do where few runs carry the mean, the estimate is biased by about as much. The rare runs
 * that make losses skewed also move the best value, so its error grows by the same factor. */
static void bootstrap(mdm_losses *l, const workspace *room, uint64_t seed, uint64_t stream, mdm_best *b) {
  double reach = mdm_student(2, fmax(1, b->runs - 1)), enlarge = sqrt((double)l->runs / (double)(l->runs - 1)) * 0.5 * reach;
  double error = mean_error(l, b->position, NULL); /* before resampling takes the room of the means */
  deviations d = resample(l, room, seed, stream, b);
  if (d.used < 2) return;
  double spread = enlarge * gsl_stats_sd_m(d.loss, 1, d.used, 0), more = skewness(l, error, &d, spread);
  b->x_runs = enlarge * gsl_stats_sd_m(d.x, 1, d.used, 0);
  if (b->kind != MDM_BEST_LOWER && b->kind != MDM_BEST_UPPER) b->x_error = hypot(fmax(more * b->x_runs, open_slope(l, b, reach)), b->x_between);
  b->loss_error = hypot(b->loss_error, fmax(more, lognormal(l, b->position, 0.5 * reach, b->loss, spread)) * spread);
}

/* ---------------------------------------------------------------- all of it */

int mdm_best_value(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, uint64_t seed,
                   uint64_t stream, mdm_best *out, mdm_error *err) {
  mdm_losses l;
  workspace room = {mdm_alloc(runs, 1, 1, sizeof *room.pick), mdm_alloc(RESAMPLES, 3, 1, sizeof *room.best)};
  int status = mdm_losses_create(n, x, runs, y, ceiling, &l, err);
  if (!status && !(room.pick && room.best)) status = mdm_no_memory(err, "the results of a sweep");
  *out = mdm_losses_best(&l); /* none of an empty list */
  if (!status && out->kind != MDM_BEST_NONE) {
    out->runs = mdm_effective_number(runs, l.y + out->position * runs);
    if (runs < MDM_FEWEST_RUNS) out->loss_error = NAN;
    else bootstrap(&l, &room, seed, stream, out);
    out->position = l.from[out->position];
  }
  mdm_losses_clear(&l);
  free(room.pick);
  free(room.best);
  return status;
}

int mdm_best_is_known(const mdm_best *b) {
  return (b->kind == MDM_BEST_INSIDE || b->kind == MDM_BEST_DIVERGED || b->kind == MDM_BEST_BETWEEN) && isfinite(b->x_error);
}
