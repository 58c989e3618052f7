/* What follows from the losses of a sweep: the best value of an axis at each width, its drift, where larger is worse.
 *
 * Best value: through ln L at the smallest loss L of the list and its two neighbours goes a parabola in ln(value),
 * whose minimum is the best value η*. Its error has two parts, added in squares: a bootstrap over runs, and the
 * distance from the minimum of the parabola through L itself, which tells how far the list is from any parabola. A run
 * (seed) keeps its initial weights from value to value, so runs are resampled for all values together. Where a
 * neighbour diverged, or ended above the loss of step 0, there is no parabola: η* is the value of the list, known to
 * one spacing. At an end of the list η* is only a bound. Drift: slope d ln η* / d ln N of a weighted straight line
 * through the finite widths. Larger is worse: (L(N') − L(N)) / √(se² + se'²) > 2 for neighbouring widths N < N'. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/random.h"

enum { RESAMPLES = 400 };

/* ---------------------------------------------------------------- best value */

/* The list: ln of n values, losses of the same runs at each, and the loss at step 0. */
typedef struct {
  size_t n, runs;
  double *x, *y, *ceiling; /* n; n × runs; n, or NULL */
  double *mean;            /* n: room */
  uint64_t *pick;          /* runs: room */
} list;

/* Mean losses over the runs that pick names (NULL: every run once); infinite where runs have not learned. */
static void mean_losses(const list *l, const uint64_t *pick) {
  for (size_t i = 0; i < l->n; i++) {
    double sum = 0;
    for (size_t r = 0; r < l->runs; r++) sum += l->y[i * l->runs + (pick ? pick[r] % l->runs : r)];
    l->mean[i] = sum / (double)l->runs;
    if (l->ceiling && l->mean[i] > l->ceiling[i]) l->mean[i] = INFINITY;
  }
}

/* Minimum of the parabola through three points, the middle one lowest. */
static void parabola(const double *x, const double *f, double *at, double *lowest) {
  double a = x[1] - x[0], b = x[1] - x[2], p = a * (f[1] - f[2]), q = b * (f[1] - f[0]);
  double slope = p - q; /* −a b (a − b) × curvature */
  if (slope == 0) {
    *at = x[1];
    *lowest = f[1];
    return;
  }
  double v = x[1] - 0.5 * (a * p - b * q) / slope;
  *at = v;
  *lowest = f[0] * (v - x[1]) * (v - x[2]) / ((x[0] - x[1]) * (x[0] - x[2])) +
            f[1] * (v - x[0]) * (v - x[2]) / ((x[1] - x[0]) * (x[1] - x[2])) +
            f[2] * (v - x[0]) * (v - x[1]) / ((x[2] - x[0]) * (x[2] - x[1]));
}

/* Minimum of the parabola through logarithms, of the one through the losses where these are not all positive; *other is
 * the minimum of the second. */
static void two_parabolas(const double *x, const double *f, mdm_best *b, double *other) {
  double lowest, logs[3];
  parabola(x, f, other, &lowest);
  b->x = *other;
  b->loss = lowest;
  if (!(f[1] > 0)) return;
  for (int i = 0; i < 3; i++) logs[i] = log(f[i]);
  parabola(x, logs, &b->x, &lowest);
  b->loss = exp(lowest);
}

/* Where the mean losses have their minimum; of errors only what does not come from the spread over runs. */
static mdm_best locate(const list *l) {
  mdm_best b = {MDM_BEST_NONE, 0, NAN, NAN, NAN, NAN};
  const double *mean = l->mean, *x = l->x;
  size_t n = l->n;
  for (size_t i = 0; i < n; i++)
    if (isfinite(mean[i]) && (b.kind == MDM_BEST_NONE || mean[i] < mean[b.position]))
      b.kind = MDM_BEST_INSIDE, b.position = i;
  if (b.kind == MDM_BEST_NONE) return b;
  size_t i = b.position;
  double other;
  b.x = x[i];
  b.loss = mean[i];
  int bad = (i > 0 && !isfinite(mean[i - 1])) || (i + 1 < n && !isfinite(mean[i + 1]));
  b.kind = bad ? MDM_BEST_DIVERGED : i == 0 ? MDM_BEST_LOWER : i + 1 == n ? MDM_BEST_UPPER : MDM_BEST_INSIDE;
  if (b.kind == MDM_BEST_INSIDE) {
    two_parabolas(x + i - 1, mean + i - 1, &b, &other);
    b.x_error = fabs(b.x - other);
  }
  if (bad && i > 0 && i + 1 < n) b.x_error = (x[i + 1] - x[i - 1]) / sqrt(12); /* anywhere between the neighbours */
  return b;
}

static double spread(double sum, double squares, size_t n, size_t runs) {
  double m = sum / (double)n, v = squares / (double)n - m * m;
  return v > 0 ? sqrt(v * (double)runs / (double)(runs - 1)) : 0; /* a resample spreads less than the population */
}

/* Adds the spread over runs to the errors of b, by resampling. */
static void bootstrap(const list *l, uint64_t seed, uint64_t stream, mdm_best *b) {
  double sum[2] = {0, 0}, squares[2] = {0, 0};
  size_t used = 0;
  for (size_t k = 0; k < RESAMPLES; k++) {
    mdm_words((mdm_stream){seed, 0, MDM_DRAW_BOOTSTRAP, stream}, k, l->runs, l->pick);
    mean_losses(l, l->pick);
    mdm_best one = locate(l);
    if (one.kind == MDM_BEST_NONE) continue;
    double dx = one.x - b->x, dl = one.loss - b->loss; /* differences: squares keep their digits */
    sum[0] += dx, squares[0] += dx * dx;
    sum[1] += dl, squares[1] += dl * dl;
    used++;
  }
  if (!used) return;
  if (b->kind == MDM_BEST_INSIDE) b->x_error = hypot(b->x_error, spread(sum[0], squares[0], used, l->runs));
  b->loss_error = spread(sum[1], squares[1], used, l->runs);
}

static int allocate_list(list *l, size_t n, size_t runs) {
  l->runs = runs;
  l->x = mdm_alloc(n, 1, 1, sizeof *l->x);
  l->y = mdm_alloc(n, runs, 1, sizeof *l->y);
  l->ceiling = mdm_alloc(n, 1, 1, sizeof *l->ceiling);
  l->mean = mdm_alloc(n, 1, 1, sizeof *l->mean);
  l->pick = mdm_alloc(runs, 1, 1, sizeof *l->pick);
  return l->x && l->y && l->ceiling && l->mean && l->pick;
}

static void free_list(list *l) {
  free(l->x);
  free(l->y);
  free(l->ceiling);
  free(l->mean);
  free(l->pick);
}

/* Takes the values that have losses; from (n): where each was in the whole list. */
static void fill_list(list *l, size_t n, const double *x, const double *y, const double *ceiling, size_t *from) {
  for (size_t i = 0; i < n; i++) {
    if (isnan(y[i * l->runs])) continue;
    l->x[l->n] = x[i];
    l->ceiling[l->n] = ceiling ? ceiling[i] : INFINITY;
    from[l->n] = i;
    memcpy(l->y + l->n++ * l->runs, y + i * l->runs, l->runs * sizeof *y);
  }
}

int mdm_best_value(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, uint64_t seed,
                   uint64_t stream, mdm_best *out, mdm_error *err) {
  list l = {0};
  size_t *from = mdm_alloc(n, 1, 1, sizeof *from); /* n */
  *out = (mdm_best){MDM_BEST_NONE, 0, NAN, NAN, NAN, NAN};
  int status = allocate_list(&l, n, runs) && from
                   ? MDM_OK
                   : mdm_no_memory(err, "the results of a sweep");
  if (!status) {
    fill_list(&l, n, x, y, ceiling, from);
    mean_losses(&l, NULL);
    *out = locate(&l);
    if (runs > 1 && out->kind != MDM_BEST_NONE) bootstrap(&l, seed, stream, out);
    if (runs < 2 && out->kind == MDM_BEST_INSIDE) out->x_error = NAN;
    if (out->kind != MDM_BEST_NONE) out->position = from[out->position];
  }
  free_list(&l);
  free(from);
  return status;
}

/* ---------------------------------------------------------------- drift */

void mdm_line_fit(size_t n, const double *x, const double *y, const double *s, double *slope, double *error) {
  double w = 0, mx = 0, my = 0, xx = 0, xy = 0, chi2 = 0;
  int weighted = 1;
  *slope = *error = NAN;
  for (size_t i = 0; i < n; i++) weighted &= isfinite(s[i]) && s[i] > 0;
  for (size_t i = 0; i < n; i++) {
    double wi = weighted ? 1 / (s[i] * s[i]) : 1;
    w += wi, mx += wi * x[i], my += wi * y[i];
  }
  for (size_t i = 0; i < n; i++) {
    double wi = weighted ? 1 / (s[i] * s[i]) : 1, dx = x[i] - mx / w;
    xx += wi * dx * dx, xy += wi * dx * (y[i] - my / w);
  }
  if (n < 2 || !(xx > 0)) return;
  *slope = xy / xx;
  for (size_t i = 0; i < n; i++) {
    double r = y[i] - my / w - *slope * (x[i] - mx / w);
    chi2 += (weighted ? 1 / (s[i] * s[i]) : 1) * r * r;
  }
  double reduced = n > 2 ? chi2 / (double)(n - 2) : NAN;
  if (weighted)
    *error = sqrt((reduced > 1 ? reduced : 1) / xx);
  else if (n > 2)
    *error = sqrt(reduced / xx);
}

/* ---------------------------------------------------------------- arrays of results */

typedef struct {
  mdm_series optimum, loss, kind; /* slices × widths */
  mdm_series drift, distance;     /* slices */
  mdm_series rise;                /* points × pairs of neighbouring widths */
  mdm_series rise_best;           /* slices × pairs */
  mdm_series worse, compared;     /* slices × pairs */
} arrays;

/* An array over the other axes (or all of them), then one more dimension if n > 0. */
static int add(mdm_sweep *s, const char *name, int all_axes, size_t n, const char *more, const char *text,
               mdm_series *out, mdm_error *err) {
  size_t dim[MDM_GRID_AXES + 1];
  char dims[96] = "", path[96];
  int rank = 0;
  size_t used = 0;
  for (size_t a = 0; a < s->grid.axes; a++) {
    if ((long)a == s->along && !all_axes) continue;
    const char *key = s->grid.axis[a].option->key;
    if (used + strlen(key) + 20 > sizeof dims && strrchr(key, '.')) key = strrchr(key, '.') + 1;
    used += (size_t)snprintf(dims + used, sizeof dims - used, "%s%s", rank ? ", " : "", key);
    dim[rank++] = s->grid.axis[a].n;
  }
  if (n) snprintf(dims + used, sizeof dims - used, "%s%s", rank ? ", " : "", more);
  if (n) dim[rank++] = n;
  snprintf(path, sizeof path, "results/%s", name);
  return mdm_record_add_blank(s->results, path, rank, dim, dims, text, &out->value, err);
}

/* The same with a twin for the standard error. */
static int add_pair(mdm_sweep *s, const char *name, size_t n, const char *more, const char *text, mdm_series *out,
                    mdm_error *err) {
  char twin[96];
  mdm_series error;
  int status = add(s, name, 0, n, more, text, out, err);
  snprintf(twin, sizeof twin, "%s_stderr", name);
  if (!status) status = add(s, twin, 0, n, more, "standard error", &error, err);
  out->error = status ? NULL : error.value;
  return status;
}

/* Of the axis whose best value is sought. */
static int add_optimum(mdm_sweep *s, arrays *r, mdm_error *err) {
  size_t W = s->widths;
  int status = add_pair(s, "optimum", W, "width",
                        "best value of the axis: minimum of a parabola in ln(value) through ln(loss) at the smallest "
                        "loss and its neighbours",
                        &r->optimum, err);
  if (!status)
    status = add(s, "optimum_kind", 0, W, "width",
                 "0: inside the list, 1: at its lower end, 2: at its upper end, 3: beside a value at which runs "
                 "diverged or ended above the loss of step 0, 4: none",
                 &r->kind, err);
  if (!status) status = add_pair(s, "optimum_loss", W, "width", "loss at the best value", &r->loss, err);
  if (!status) status = add_pair(s, "drift", 0, "", "slope d ln(best value) / d ln N over finite widths", &r->drift, err);
  if (!s->with_limit || status) return status;
  return add_pair(s, "distance", 0, "", "ln(best value at the largest finite width / best value of the limit)", &r->distance, err);
}

/* Of neighbouring widths. */
static int add_rises(mdm_sweep *s, arrays *r, mdm_error *err) {
  size_t pairs = s->widths - 1;
  int status = add(s, "rise", 1, pairs, "pair of widths",
                   "(loss of the next larger width - loss of this width) / combined standard error", &r->rise, err);
  if (!status)
    status = add(s, "worse", 0, pairs, "pair of widths",
                 "values of the axis at which the larger width is worse: rise > 2", &r->worse, err);
  if (!status)
    status =
        add(s, "compared", 0, pairs, "pair of widths", "values of the axis at which rise is known", &r->compared, err);
  if (s->along < 0 || status) return status;
  return add(s, "rise_at_optimum", 0, pairs, "pair of widths", "as rise, of optimum_loss", &r->rise_best, err);
}

/* Difference of two losses in standard errors; one that diverged is worse than any other. */
static double rise_of(double from, double from_error, double to, double to_error) {
  if (isnan(from) || isnan(to) || (isinf(from) && isinf(to))) return NAN;
  if (isinf(to)) return INFINITY;
  if (isinf(from)) return -INFINITY;
  return (to - from) / sqrt(from_error * from_error + to_error * to_error);
}

/* Loss at step 0 that goes with the measure. */
static double first_loss(const mdm_sweep *s, size_t cell) {
  return s->measure == MDM_MEASURE_TEST ? s->test.value[cell * s->tests] : s->loss.value[cell * s->steps];
}

static int find_best(mdm_sweep *s, size_t slice, size_t w, mdm_best *out, mdm_error *err) {
  const mdm_axis *axis = &s->grid.axis[s->along];
  size_t runs = (size_t)s->runs[w];
  double *x = mdm_alloc(axis->n, 2, 1, sizeof *x), *first = x + axis->n; /* n; n */
  double *y = mdm_alloc(axis->n, runs, 1, sizeof *y);                    /* n × runs */
  int status = x && y ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
  for (size_t i = 0; i < axis->n && !status; i++) {
    size_t cell = mdm_sweep_point(s, slice, i) * s->widths + w;
    x[i] = log(axis->value[i]);
    first[i] = first_loss(s, cell);
    memcpy(y + i * runs, s->each[s->measure] + cell * s->most_runs, runs * sizeof *y);
  }
  if (!status)
    status = mdm_best_value(axis->n, x, runs, y, first, (uint64_t)mdm_config_int(s->cfg, "seed"), slice * s->widths + w,
                            out, err);
  free(x);
  free(y);
  return status;
}

static int is_known(const mdm_best *b) {
  return b->kind == MDM_BEST_INSIDE || (b->kind == MDM_BEST_DIVERGED && isfinite(b->x_error));
}

/* Drift over finite widths and distance of the last of them from the limit. */
static void trends(const mdm_sweep *s, size_t slice, const mdm_best *best, double *work, arrays *r) {
  size_t finite = s->widths - (size_t)s->with_limit, n = 0;
  double *x = work, *y = work + finite, *e = work + 2 * finite;
  for (size_t w = 0; w < finite; w++)
    if (is_known(&best[w])) x[n] = log(s->width[w]), y[n] = best[w].x, e[n++] = best[w].x_error;
  mdm_line_fit(n, x, y, e, &r->drift.value[slice], &r->drift.error[slice]);
  if (!s->with_limit || !finite || !is_known(&best[finite - 1]) || !is_known(&best[finite])) return;
  r->distance.value[slice] = best[finite - 1].x - best[finite].x;
  r->distance.error[slice] = hypot(best[finite - 1].x_error, best[finite].x_error);
}

static int evaluate_best(mdm_sweep *s, size_t slice, arrays *r, mdm_error *err) {
  mdm_best *best = mdm_alloc(s->widths, 1, 1, sizeof *best);
  double *work = mdm_alloc(s->widths, 3, 1, sizeof *work);
  int status = best && work ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
  for (size_t w = 0; w < s->widths && !status; w++) {
    size_t at = slice * s->widths + w;
    status = find_best(s, slice, w, &best[w], err);
    r->kind.value[at] = best[w].kind;
    r->optimum.value[at] = exp(best[w].x);
    r->optimum.error[at] = exp(best[w].x) * best[w].x_error;
    r->loss.value[at] = best[w].loss;
    r->loss.error[at] = best[w].loss_error;
    if (!w || status) continue;
    r->rise_best.value[slice * (s->widths - 1) + w - 1] =
        rise_of(best[w - 1].loss, best[w - 1].loss_error, best[w].loss, best[w].loss_error);
  }
  if (!status) trends(s, slice, best, work, r);
  free(best);
  free(work);
  return status;
}

static void evaluate_rises(mdm_sweep *s, size_t slice, arrays *r) {
  const mdm_series *loss = &s->mean[s->measure];
  size_t pairs = s->widths - 1;
  for (size_t w = 0; w < pairs; w++) {
    double *worse = &r->worse.value[slice * pairs + w], *compared = &r->compared.value[slice * pairs + w];
    *worse = *compared = 0;
    for (size_t i = 0; i < mdm_sweep_positions(s); i++) {
      size_t point = mdm_sweep_point(s, slice, i), a = point * s->widths + w, b = a + 1;
      double z = rise_of(loss->value[a], loss->error[a], loss->value[b], loss->error[b]);
      r->rise.value[point * pairs + w] = z;
      *compared += !isnan(z);
      *worse += z > 2;
    }
  }
}

int mdm_sweep_evaluate(mdm_sweep *s, mdm_error *err) {
  arrays r = {0};
  mdm_record_free(s->results);
  s->results = NULL;
  int status = mdm_record_create(&s->results, err);
  if (!status && s->along >= 0) status = add_optimum(s, &r, err);
  if (!status && s->widths > 1) status = add_rises(s, &r, err);
  for (size_t slice = 0; slice < mdm_sweep_slices(s) && !status; slice++) {
    if (s->along >= 0) status = evaluate_best(s, slice, &r, err);
    if (s->widths > 1 && !status) evaluate_rises(s, slice, &r);
  }
  return status;
}
