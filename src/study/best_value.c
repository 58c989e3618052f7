/* The minimum of a list of losses (best_value.h).
 *
 * Losses are looked at as ln L and as L. Through the smallest and its two neighbours goes a parabola in x = ln(value), with second
 * divided difference c. It fits where those at the neighbours are like it: ρ = max |c'/c − 1|. The better of the two is taken, and
 * its minimum is known to q(ρ) h, q = ρ/4 + ρ³, with h the larger distance of a neighbour. Measured on learning curves: that is 1 to 3 times
 * the error where losses are smooth, and where they have a kink, ρ is 0.35 and more (validation/best_value.py). Once q
 * exceeds 1/√3, for ρ > 0.73, or where nothing tells ρ, or a neighbour diverged, the list says only that the minimum lies between
 * the neighbours: its middle, with the standard deviation of a uniform distribution.
 *
 * The loss may then be lower by D, what the slopes beside the smallest lose when they go on to the other neighbour. A parabola whose twin (of L
 * or ln L) does not fit may hide a kink as well, whose sides are straight in one of them and look round in the other: √(q q') D, with q' ≤ 1.
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

#include <gsl/gsl_poly.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/random.h"

enum { RESAMPLES = 400, RUNS_FOR_SKEW = 6 }; /* fewer runs do not tell whether losses are skewed */
static const double MOST_SKEW = 3;

/* The list: ln of n values, losses of the same runs at each, and the loss at step 0. */
typedef struct {
  size_t n, runs;
  double *x, *y, *ceiling; /* n; n × runs; n */
  double *mean, *logs;     /* n: room; logs: NaN where a mean is not positive */
  uint64_t *pick;          /* runs: room */
  size_t *from;            /* n: position before values without losses were left out */
  double *best;            /* 3 × RESAMPLES: room for deviations */
} list;

/* Mean losses over the runs that pick names (NULL: every run once); infinite where runs have not learned. */
static void mean_losses(list *l, const uint64_t *pick) {
  for (size_t i = 0; i < l->n; i++) {
    double sum = 0;
    for (size_t r = 0; r < l->runs; r++) sum += l->y[i * l->runs + (pick ? pick[r] % l->runs : r)];
    l->mean[i] = sum / (double)l->runs;
    if (l->mean[i] > l->ceiling[i]) l->mean[i] = INFINITY;
    l->logs[i] = l->mean[i] > 0 ? log(l->mean[i]) : NAN;
  }
}

/* ---------------------------------------------------------------- parabolas */

/* f at x₁ + t is f₁ + slope t + curvature t². */
typedef struct {
  double slope, curvature;
} parabola;

static parabola parabola_at(const double *x, const double *f, size_t i) {
  double divided[3], taylor[3], work[3];
  gsl_poly_dd_init(divided, x + i - 1, f + i - 1, 3);
  gsl_poly_dd_taylor(taylor, x[i], divided, x + i - 1, 3, work);
  return (parabola){taylor[1], taylor[2]};
}

/* How far the minimum lies below f at x₁. */
static double depth_of(parabola p) { return 0.25 * p.slope * p.slope / p.curvature; }

static int is_inside(const list *l, const double *f, size_t i) { return i > 0 && i + 1 < l->n && isfinite(f[i - 1]) && isfinite(f[i]) && isfinite(f[i + 1]); }

/* ρ at i; infinite where a neighbour has no two neighbours itself: one side alone has been seen to miss a kink on the other. */
static double misfit(const list *l, const double *f, size_t i) {
  if (!is_inside(l, f, i) || !is_inside(l, f, i - 1) || !is_inside(l, f, i + 1)) return INFINITY;
  parabola p = parabola_at(l->x, f, i);
  double c = p.curvature;
  if (f == l->mean && l->mean[i] > 0 && depth_of(p) >= l->mean[i]) return INFINITY; /* positive losses do not turn negative */
  return fmax(fabs(parabola_at(l->x, f, i - 1).curvature / c - 1), fabs(parabola_at(l->x, f, i + 1).curvature / c - 1));
}

/* ---------------------------------------------------------------- one list */

/* Anywhere between the neighbours of i, at least one of which is there. The loss may be lower than that of the list by what the slopes
 * beside i lose when they go on to the other neighbour. */
static void between_neighbours(const list *l, size_t i, mdm_best *b) {
  const double *x = l->x, *f = isnan(l->logs[i]) ? l->mean : l->logs;
  double drop = 0;
  b->x = 0.5 * (x[i - 1] + x[i + 1]);
  b->x_between = (x[i + 1] - x[i - 1]) / sqrt(12);
  if (isfinite(f[i - 1])) drop = (f[i - 1] - f[i]) / (x[i] - x[i - 1]) * (x[i + 1] - x[i]);
  if (isfinite(f[i + 1])) drop = fmax(drop, (f[i + 1] - f[i]) / (x[i + 1] - x[i]) * (x[i] - x[i - 1]));
  b->loss_error = f == l->logs ? -expm1(-drop) * b->loss : drop;
}

/* q(ρ): part of h that a misfit leaves open. */
static double open_part(double rho) { return 0.25 * rho + rho * rho * rho; }

/* The minimum of the parabola through f, ln L or L itself, which fits to rho; the other of the two fits to `other`. The error of the loss is
 * D before. */
static void at_parabola(const list *l, const double *f, size_t i, double rho, double other, mdm_best *b) {
  parabola p = parabola_at(l->x, f, i);
  double t = -0.5 * p.slope / p.curvature, depth = depth_of(p), lower = sqrt(open_part(rho) * fmin(1, open_part(other))) * b->loss_error;
  double open = rho * depth + p.curvature * b->x_between * b->x_between; /* of f there */
  b->x = l->x[i] + t;
  b->loss = f == l->logs ? exp(f[i] - depth) : f[i] - depth;
  b->loss_error = fmax(lower, f == l->logs ? b->loss * open : open);
}

/* Where the mean losses have their minimum; of errors only what does not come from the spread over runs. */
static mdm_best locate(const list *l) {
  mdm_best b = {MDM_BEST_NONE, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  for (size_t i = 0; i < l->n; i++)
    if (isfinite(l->mean[i]) && (b.kind == MDM_BEST_NONE || l->mean[i] < l->mean[b.position])) b.kind = MDM_BEST_INSIDE, b.position = i;
  if (b.kind == MDM_BEST_NONE) return b;
  size_t i = b.position;
  b.x = l->x[i];
  b.loss = l->mean[i];
  b.loss_error = 0;
  if (i == 0 || i + 1 == l->n) return b.kind = i ? MDM_BEST_UPPER : MDM_BEST_LOWER, b;
  b.kind = is_inside(l, l->mean, i) ? MDM_BEST_BETWEEN : MDM_BEST_DIVERGED;
  between_neighbours(l, i, &b);
  if (b.kind == MDM_BEST_DIVERGED) return b;
  double of_logs = misfit(l, l->logs, i), of_losses = misfit(l, l->mean, i), rho = fmin(of_logs, of_losses);
  if (!(open_part(rho) < 1 / sqrt(3))) return b;
  b.kind = MDM_BEST_INSIDE;
  b.x_between = open_part(rho) * fmax(l->x[i] - l->x[i - 1], l->x[i + 1] - l->x[i]);
  at_parabola(l, of_logs <= of_losses ? l->logs : l->mean, i, rho, fmax(of_logs, of_losses), &b);
  return b;
}

/* ---------------------------------------------------------------- spread over runs */

/* Standard error of the mean loss at a value, over the runs that pick names. */
static double mean_error(const list *l, size_t at, const uint64_t *pick) {
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

static deviations resample(list *l, uint64_t seed, uint64_t stream, const mdm_best *b) {
  deviations d = {l->best, l->best + RESAMPLES, l->best + 2 * RESAMPLES, 0, 0};
  for (size_t k = 0; k < RESAMPLES; k++) {
    mdm_words((mdm_stream){seed, 0, MDM_DRAW_BOOTSTRAP, stream, 0, 0}, k, l->runs, l->pick);
    mean_losses(l, l->pick);
    mdm_best one = locate(l);
    if (one.kind == MDM_BEST_NONE) continue;
    d.x[d.used] = one.x - b->x, d.loss[d.used++] = one.loss - b->loss; /* differences: squares keep their digits */
    double own = mean_error(l, one.position, l->pick);
    if (own > 0) d.t[d.scaled++] = fabs(one.loss - b->loss) / own;
  }
  return d;
}

/* By how much skewness enlarges the spread of the loss, at most MOST_SKEW. Losses of runs are skewed: where their mean is low by chance, its error
 * seems small, too. Hence the error of the loss is at least half of what 95 % of resamples stay within, each in terms of its own standard error
 * (bootstrap-t; Efron 1981). Resamples without the one run that carries a mean have no error of their own to speak of: hence the bound. */
static double skewness(const list *l, double error, deviations *d, double spread) {
  if (l->runs < RUNS_FOR_SKEW || d->scaled < 2 || !(spread > 0)) return 1;
  gsl_sort(d->t, 1, d->scaled);
  return fmin(MOST_SKEW, fmax(1, 0.5 * error * gsl_stats_quantile_from_sorted_data(d->t, 1, d->scaled, 0.95) / spread));
}

/* The same for losses that differ by factors: half of what two standard errors of the logarithm of a lognormal mean, ln L + s²/2, add to the
 * loss (Cox's; Zhou and Gao 1997), which few runs tell, too. enlarge: Student's t over 2. */
static double lognormal(const list *l, size_t at, double enlarge, double loss, double spread) {
  const double *y = l->y + at * l->runs;
  double n = (double)l->runs, sum = 0, squares = 0;
  for (size_t r = 0; r < l->runs; r++) sum += y[r] > 0 ? log(y[r]) : NAN;
  for (size_t r = 0; r < l->runs; r++) squares += (log(y[r]) - sum / n) * (log(y[r]) - sum / n);
  double variance = squares / (n - 1), error = enlarge * sqrt(variance / n + 0.5 * variance * variance / (n - 1));
  if (!isfinite(error) || !(spread > 0)) return 1;
  return fmin(MOST_SKEW, fmax(1, 0.5 * loss * expm1(2 * error) / spread));
}

/* ---------------------------------------------------------------- slopes */

/* Mean over runs of the change of losses from value j to j + 1, in its standard errors; NaN where there is none. */
static double change(const list *l, size_t j) {
  const double *a = l->y + j * l->runs, *b = a + l->runs;
  double n = (double)l->runs, mean = 0, squares = 0;
  for (size_t r = 0; r < l->runs; r++) mean += (b[r] - a[r]) / n;
  for (size_t r = 0; r < l->runs; r++) squares += (b[r] - a[r] - mean) * (b[r] - a[r] - mean);
  return isfinite(mean) ? mean / sqrt(squares / (n * (n - 1))) : NAN;
}

static double middle(const list *l, size_t j) { return 0.5 * (l->x[j] + l->x[j + 1]); }

/* From `zero`, beside value i, to where the mean slope differs from zero by `reach` standard errors, above (side 1) or below it (-1); the end of
 * the list, or of the values where all runs have a loss, where it never does. */
static double open_side(const list *l, size_t i, double zero, int side, double reach) {
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
static double open_slope(const list *l, const mdm_best *b, double reach) {
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
static void bootstrap(list *l, uint64_t seed, uint64_t stream, mdm_best *b) {
  double reach = mdm_student(2, fmax(1, b->runs - 1)), enlarge = sqrt((double)l->runs / (double)(l->runs - 1)) * 0.5 * reach;
  double error = mean_error(l, b->position, NULL); /* before resampling takes the room of the means */
  deviations d = resample(l, seed, stream, b);
  if (d.used < 2) return;
  double spread = enlarge * gsl_stats_sd_m(d.loss, 1, d.used, 0), more = skewness(l, error, &d, spread);
  b->x_runs = enlarge * gsl_stats_sd_m(d.x, 1, d.used, 0);
  if (b->kind != MDM_BEST_LOWER && b->kind != MDM_BEST_UPPER) b->x_error = hypot(fmax(more * b->x_runs, open_slope(l, b, reach)), b->x_between);
  b->loss_error = hypot(b->loss_error, fmax(more, lognormal(l, b->position, 0.5 * reach, b->loss, spread)) * spread);
}

/* ---------------------------------------------------------------- all of it */

static int allocate_list(list *l, size_t n, size_t runs) {
  l->runs = runs;
  l->x = mdm_alloc(n, 1, 1, sizeof *l->x);
  l->y = mdm_alloc(n, runs, 1, sizeof *l->y);
  l->ceiling = mdm_alloc(n, 1, 1, sizeof *l->ceiling);
  l->mean = mdm_alloc(n, 1, 1, sizeof *l->mean);
  l->logs = mdm_alloc(n, 1, 1, sizeof *l->logs);
  l->pick = mdm_alloc(runs, 1, 1, sizeof *l->pick);
  l->from = mdm_alloc(n, 1, 1, sizeof *l->from);
  l->best = mdm_alloc(RESAMPLES, 3, 1, sizeof *l->best);
  return l->x && l->y && l->ceiling && l->mean && l->logs && l->pick && l->from && l->best;
}

static void free_list(list *l) {
  free(l->x);
  free(l->y);
  free(l->ceiling);
  free(l->mean);
  free(l->logs);
  free(l->pick);
  free(l->from);
  free(l->best);
}

static void fill_list(list *l, size_t n, const double *x, const double *y, const double *ceiling) {
  for (size_t i = 0; i < n; i++) {
    if (isnan(y[i * l->runs])) continue;
    l->x[l->n] = x[i];
    l->ceiling[l->n] = ceiling ? ceiling[i] : INFINITY;
    l->from[l->n] = i;
    memcpy(l->y + l->n++ * l->runs, y + i * l->runs, l->runs * sizeof *y);
  }
}

int mdm_best_value(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, uint64_t seed,
                   uint64_t stream, mdm_best *out, mdm_error *err) {
  list l = {0};
  int status = allocate_list(&l, n, runs) ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
  *out = (mdm_best){MDM_BEST_NONE, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  if (!status) {
    fill_list(&l, n, x, y, ceiling);
    mean_losses(&l, NULL);
    *out = locate(&l);
  }
  if (!status && out->kind != MDM_BEST_NONE) {
    out->runs = mdm_effective_number(runs, l.y + out->position * runs);
    if (runs < MDM_FEWEST_RUNS) out->loss_error = NAN;
    else bootstrap(&l, seed, stream, out);
    out->position = l.from[out->position];
  }
  free_list(&l);
  return status;
}

int mdm_best_is_known(const mdm_best *b) {
  return (b->kind == MDM_BEST_INSIDE || b->kind == MDM_BEST_DIVERGED || b->kind == MDM_BEST_BETWEEN) && isfinite(b->x_error);
}
