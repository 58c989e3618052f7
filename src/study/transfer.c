/* Transfer of best values between rows of a sweep (transfer.h).
 *
 * Regret: r = L(x_b) − L(x*), of the row's mean losses; x_b is the best value of the other row. All rows are resampled together, 400 times: rows that
 * share their seeds take the same runs, so what a run adds to all losses, and to both best values, drops out. The error is the root mean
 * square distance of resamples from r, so it also holds the bias: with noise σ in x_b − x* and curvature c, r has c σ² too much, and resamples add as
 * much again. It is enlarged like the spread of best values (best_value.c): by Student's t for the fewer effective runs of both rows, and by
 * what skewed losses and flat bottoms add to the error of either best value.
 *
 * What lists leave open adds in squares: x_b within its own list, by the change of L there; the interpolation at x_b; the loss at x*. Where no parabola
 * fits, the loss at x_b between the same neighbours is as open as that at x*, and the second stands for both.
 */
#include "study/transfer.h"

#include <math.h>
#include <stdlib.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/random.h"
#include "study/loss_list.h"

enum { RESAMPLES = 400 };

/* A row with room for resamples. */
typedef struct {
  const mdm_row *row;
  mdm_losses losses;
  uint64_t *pick; /* runs */
  mdm_best best;  /* of the means over the runs that were picked last, positions within `losses` */
  double x, x_open, lift; /* best value and what its list leaves open of it; by how much the error of the best value exceeds the spread over runs */
  double weight;          /* of its best value in the slope */
} place;

/* Sums over resamples. */
typedef struct {
  double squares, relative; /* of deviations of a regret */
  size_t used;
} spread;

/* ---------------------------------------------------------------- rows */

static int is_inside(const mdm_best *b) { return b->kind == MDM_BEST_INSIDE || b->kind == MDM_BEST_DIVERGED || b->kind == MDM_BEST_BETWEEN; }
static int is_bound(const mdm_best *b) { return b->kind == MDM_BEST_LOWER || b->kind == MDM_BEST_UPPER; }

static int open_place(const mdm_row *row, place *p, mdm_error *err) {
  int status = mdm_losses_create(row->n, row->x, row->runs, row->y, row->ceiling, &p->losses, err);
  p->row = row;
  p->pick = mdm_alloc(row->runs, 1, 1, sizeof *p->pick);
  if (!status && !p->pick) status = mdm_no_memory(err, "the results of a sweep");
  if (status) return status;
  p->best = mdm_losses_best(&p->losses);
  p->x = p->best.x;
  p->x_open = isfinite(p->best.x_between) ? p->best.x_between : 0;
  double from_runs = sqrt(fmax(0, row->best->x_error * row->best->x_error - p->x_open * p->x_open));
  p->lift = row->best->x_runs > 0 && from_runs > row->best->x_runs ? from_runs / row->best->x_runs : 1;
  return MDM_OK;
}

static void close_places(place *p, size_t n) {
  for (size_t i = 0; p && i < n; i++) {
    mdm_losses_clear(&p[i].losses);
    free(p[i].pick);
  }
  free(p);
}

/* By how much the spread of n resamples of two rows is enlarged: theirs is too small by the runs' number, t holds the fewer effective runs. */
static double enlarge(const place *a, const place *b) {
  double n = fmin((double)a->row->runs, (double)b->row->runs), effective = fmin(a->row->best->runs, b->row->best->runs);
  return sqrt(n / (n - 1)) * 0.5 * mdm_student(2, fmax(1, effective - 1));
}

/* ---------------------------------------------------------------- regrets */

/* From the means as they stand. */
static mdm_regret regret_of(const place *to, const place *from) {
  mdm_regret r = {MDM_REGRET_UNKNOWN, NAN, NAN, NAN, NAN};
  double loss;
  if (to->best.kind == MDM_BEST_NONE || !is_inside(&from->best)) return r;
  mdm_loss_kind kind = mdm_losses_at(&to->losses, &to->best, from->best.x, &loss, NULL);
  if (kind == MDM_LOSS_OUTSIDE) return r;
  r.kind = kind == MDM_LOSS_DIVERGED ? MDM_REGRET_DIVERGES : kind == MDM_LOSS_BESIDE || is_bound(&to->best) ? MDM_REGRET_AT_LEAST : MDM_REGRET_KNOWN;
  r.loss = loss - to->best.loss;
  r.relative = r.loss / to->best.loss;
  return r;
}

/* What the lists leave open of a known regret. */
static double left_open(const place *to, const place *from) {
  double there, at, open, moved, change = 0;
  mdm_losses_at(&to->losses, &to->best, from->x, &there, &open);
  for (int side = -1; side <= 1; side += 2) {
    mdm_loss_kind kind = mdm_losses_at(&to->losses, &to->best, from->x + side * from->x_open, &at, &moved);
    if (kind == MDM_LOSS_KNOWN) change = fmax(change, fabs(at - there));
  }
  double own = to->best.loss_error; /* of the list alone */
  int same = to->best.kind == MDM_BEST_BETWEEN && fabs(from->x - to->x) < to->x_open * sqrt(3);
  return sqrt(change * change + (same ? 0 : open * open) + own * own);
}

static int has_errors(const place *to, const place *from) { return to->row->runs >= MDM_FEWEST_RUNS && from->row->runs >= MDM_FEWEST_RUNS; }

static void set_errors(mdm_regret *r, const place *to, const place *from, const spread *sum) {
  if (r->kind != MDM_REGRET_KNOWN || !has_errors(to, from) || sum->used < 2) return;
  double more = enlarge(to, from) * fmax(to->lift, from->lift), open = left_open(to, from);
  r->loss_error = hypot(more * sqrt(sum->squares / (double)sum->used), open);
  r->relative_error = hypot(more * sqrt(sum->relative / (double)sum->used), open / to->best.loss);
}

/* ---------------------------------------------------------------- drift */

static int counts(const place *p) { return mdm_best_is_known(p->row->best) && isfinite(p->row->scale); }

/* Weights of mdm_line_fit: all the same where an error is missing. */
static void weights_of(size_t n, const double *e, double *w) {
  int known = 1;
  for (size_t i = 0; i < n; i++) known &= e[i] > 0;
  for (size_t i = 0; i < n; i++) w[i] = known ? 1 / (e[i] * e[i]) : 1;
}

/* Slope and χ² of best values; into the places what each best value adds to the slope per unit. NaN and zeros where there is no slope. */
static mdm_drift line_through(size_t n, place *p, double *work) {
  mdm_drift d = {NAN, NAN, NAN};
  double *x = work, *y = work + n, *e = work + 2 * n, *w = work + 3 * n, sum = 0, mean = 0, moment = 0;
  size_t used = 0;
  for (size_t i = 0; i < n; i++)
    if (counts(&p[i])) x[used] = log(p[i].row->scale), y[used] = p[i].x, e[used++] = p[i].row->best->x_error;
  mdm_line_fit(used, x, y, e, &d.slope, &d.error, &d.chi2);
  if (isnan(d.slope)) return d;
  weights_of(used, e, w);
  for (size_t i = 0; i < used; i++) sum += w[i], mean += w[i] * x[i];
  for (size_t i = 0; i < used; i++) x[i] -= mean / sum, moment += w[i] * x[i] * x[i];
  for (size_t i = 0, k = 0; i < n; i++)
    if (counts(&p[i])) p[i].weight = w[k] * x[k] / moment, k++;
  return d;
}

/* Deviation of the slope in the resample as it stands; infinite where a best value is missing. */
static double slope_deviation(size_t n, const place *p) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    if (p[i].weight != 0) sum += p[i].best.kind == MDM_BEST_NONE ? INFINITY : p[i].weight * (p[i].best.x - p[i].x);
  return sum;
}

static void set_drift_error(mdm_drift *d, size_t n, const place *p, double squares, size_t used) {
  double open = 0, more = 1;
  if (used < 2) return;
  for (size_t i = 0; i < n; i++) {
    if (p[i].weight == 0) continue;
    open += p[i].weight * p[i].weight * p[i].x_open * p[i].x_open;
    more = fmax(more, enlarge(&p[i], &p[i]) * p[i].lift);
  }
  d->error = sqrt((more * more * squares / (double)used + open) * fmax(1, d->chi2)); /* NaN counts as 1 */
}

/* ---------------------------------------------------------------- all of it */

/* The runs of resample k in all rows, their means and best values. */
static void resample(size_t n, place *p, uint64_t seed, size_t k) {
  for (size_t i = 0; i < n; i++) {
    if (!p[i].losses.n) continue;
    mdm_words((mdm_stream){seed, 1, MDM_DRAW_BOOTSTRAP, p[i].row->draws, 0, 0}, k, p[i].row->runs, p[i].pick);
    mdm_losses_average(&p[i].losses, p[i].pick);
    p[i].best = mdm_losses_best(&p[i].losses);
  }
}

static void add_deviations(size_t n, const place *p, const mdm_regret *regret, spread *sums) {
  for (size_t i = 0; i < n * n; i++) {
    if (regret[i].kind != MDM_REGRET_KNOWN || i / n == i % n) continue;
    mdm_regret one = regret_of(&p[i / n], &p[i % n]);
    if (!isfinite(one.loss)) continue;
    double d = one.loss - regret[i].loss, relative = one.relative - regret[i].relative;
    sums[i].squares += d * d, sums[i].relative += relative * relative, sums[i].used++;
  }
}

static void restore(size_t n, place *p) {
  for (size_t i = 0; i < n; i++) {
    mdm_losses_average(&p[i].losses, NULL);
    p[i].best = mdm_losses_best(&p[i].losses);
  }
}

static void evaluate(size_t n, place *p, uint64_t seed, mdm_regret *regret, spread *sums, mdm_drift *drift) {
  double squares = 0;
  size_t used = 0;
  for (size_t i = 0; i < n * n; i++) regret[i] = regret_of(&p[i / n], &p[i % n]);
  for (size_t k = 0; k < RESAMPLES; k++) {
    resample(n, p, seed, k);
    add_deviations(n, p, regret, sums);
    double d = slope_deviation(n, p);
    if (isfinite(d)) squares += d * d, used++;
  }
  restore(n, p);
  for (size_t i = 0; i < n * n; i++) {
    if (i / n != i % n) set_errors(&regret[i], &p[i / n], &p[i % n], &sums[i]);
    else if (is_inside(&p[i / n].best)) regret[i] = (mdm_regret){MDM_REGRET_KNOWN, 0, 0, 0, 0};
  }
  if (drift && !isnan(drift->slope)) set_drift_error(drift, n, p, squares, used);
}

int mdm_transfer(size_t n_rows, const mdm_row *row, uint64_t seed, mdm_regret *regret, mdm_drift *drift, mdm_error *err) {
  place *p = mdm_alloc(n_rows, 1, 1, sizeof *p);
  spread *sums = mdm_alloc(n_rows, n_rows, 1, sizeof *sums);
  double *work = mdm_alloc(n_rows, 4, 1, sizeof *work);
  int status = p && sums && work ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
  for (size_t i = 0; i < n_rows && !status; i++) status = open_place(&row[i], &p[i], err);
  if (!status && drift) *drift = line_through(n_rows, p, work);
  if (!status) evaluate(n_rows, p, seed, regret, sums, drift);
  close_places(p, n_rows);
  free(sums);
  free(work);
  return status;
}
