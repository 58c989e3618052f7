/* What follows from the losses of a sweep: the best value of an axis at each width (best_value.c), its drift, where larger is worse; what
 * best values cost elsewhere is in sweep_transfer.c.
 *
 * Drift: slope d ln η* / d ln N of a weighted straight line through the finite widths. Larger is worse: (L(N') − L(N)) / √(se² + se'²)
 * for neighbouring widths N < N', told as the deviation of a normal distribution that is exceeded as rarely (Student's t with the
 * degrees of freedom of both errors, from effective numbers of runs), is above 2. Errors at best values have grown by it already. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/record.h"
#include "study/sweep_transfer.h"

/* ---------------------------------------------------------------- arrays of results */

typedef struct {
  mdm_series optimum, loss, kind; /* slices × widths */
  mdm_series between, runs;       /* slices × widths */
  mdm_series drift, distance, straight; /* slices; straight: reduced chi^2 of the drift */
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
                        "best value of the axis: minimum of a parabola through the smallest loss and its neighbours, or the "
                        "middle between the neighbours",
                        &r->optimum, err);
  if (!status)
    status = add(s, "optimum_kind", 0, W, "width",
                 "0: inside the list, 1: at its lower end, 2: at its upper end, 3: beside a value at which runs "
                 "diverged or ended above the loss of step 0, 4: none, 5: inside, where no parabola fits",
                 &r->kind, err);
  if (!status)
    status = add(s, "optimum_between", 0, W, "width", "part of the error of ln(best value) that comes from the distance of the values", &r->between, err);
  if (!status)
    status = add(s, "optimum_runs", 0, W, "width", "effective number of runs at the smallest loss: (sum of losses)^2 / sum of squares", &r->runs, err);
  if (!status) status = add_pair(s, "optimum_loss", W, "width", "loss at the best value", &r->loss, err);
  if (!status) status = add_pair(s, "drift", 0, "", "slope d ln(best value) / d ln N over finite widths", &r->drift, err);
  if (!status) status = add(s, "drift_chi2", 0, 0, "", "chi^2 per degree of freedom of this line, whose error grows by its root above 1; NaN: fewer than three widths", &r->straight, err);
  if (!s->with_limit || status) return status;
  return add_pair(s, "distance", 0, "", "ln(best value at the largest finite width / best value of the limit)", &r->distance, err);
}

/* Of neighbouring widths. */
static int add_rises(mdm_sweep *s, arrays *r, mdm_error *err) {
  size_t pairs = s->widths - 1;
  int status = add(s, "rise", 1, pairs, "pair of widths",
                   "(loss of the next larger width - loss of this width) / combined standard error, as a normal deviation "
                   "that is exceeded as rarely",
                   &r->rise, err);
  if (!status)
    status = add(s, "worse", 0, pairs, "pair of widths",
                 "values of the axis at which the larger width is worse: rise > 2", &r->worse, err);
  if (!status)
    status =
        add(s, "compared", 0, pairs, "pair of widths", "values of the axis at which rise is known", &r->compared, err);
  if (s->along < 0 || status) return status;
  return add(s, "rise_at_optimum", 0, pairs, "pair of widths", "as rise, of optimum_loss", &r->rise_best, err);
}

/* A loss with its standard error, and the runs that carry it. */
typedef struct {
  double loss, error, runs;
} estimate;

/* Difference of two losses in standard errors (mdm_normal_deviations); one that diverged is worse than any other. NaN where runs are
 * too few for an error. */
static double rise_of(estimate from, estimate to) {
  const double variance[2] = {from.error * from.error, to.error * to.error}, freedom[2] = {fmax(1, from.runs - 1), fmax(1, to.runs - 1)};
  if (isnan(from.loss) || isnan(to.loss) || (isinf(from.loss) && isinf(to.loss))) return NAN;
  if (isinf(to.loss)) return INFINITY;
  if (isinf(from.loss)) return -INFINITY;
  return mdm_normal_deviations((to.loss - from.loss) / sqrt(variance[0] + variance[1]), mdm_freedom(2, variance, freedom));
}

static estimate estimate_of(const mdm_sweep *s, size_t cell) {
  const mdm_series *mean = &s->mean[s->measure];
  size_t runs = (size_t)s->runs[cell % s->widths];
  return (estimate){mean->value[cell], runs < MDM_FEWEST_RUNS ? NAN : mean->error[cell], mdm_effective_number(runs, s->each[s->measure] + cell * s->most_runs)};
}

static int find_best(mdm_sweep *s, size_t slice, size_t w, mdm_best *out, mdm_error *err) {
  const mdm_axis *axis = &s->grid.axis[s->along];
  size_t runs = (size_t)s->runs[w];
  double *x = mdm_alloc(axis->n, 2, 1, sizeof *x), *first = x + axis->n; /* n; n */
  double *y = mdm_alloc(axis->n, runs, 1, sizeof *y);                    /* n × runs */
  int status = x && y ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
  if (!status) mdm_sweep_row(s, slice, w, x, y, first);
  if (!status)
    status = mdm_best_value(axis->n, x, runs, y, first, (uint64_t)mdm_config_int(s->cfg, "seed"), slice * s->widths + w,
                            out, err);
  free(x);
  free(y);
  return status;
}

/* Drift over finite widths and distance of the last of them from the limit. */
static void trends(const mdm_sweep *s, size_t slice, const mdm_best *best, double *work, arrays *r) {
  size_t finite = s->widths - (size_t)s->with_limit, n = 0;
  double *x = work, *y = work + finite, *e = work + 2 * finite;
  for (size_t w = 0; w < finite; w++)
    if (mdm_best_is_known(&best[w])) x[n] = log(s->width[w]), y[n] = best[w].x, e[n++] = best[w].x_error;
  mdm_line_fit(n, x, y, e, &r->drift.value[slice], &r->drift.error[slice], &r->straight.value[slice]);
  if (!s->with_limit || !finite || !mdm_best_is_known(&best[finite - 1]) || !mdm_best_is_known(&best[finite])) return;
  r->distance.value[slice] = best[finite - 1].x - best[finite].x;
  r->distance.error[slice] = hypot(best[finite - 1].x_error, best[finite].x_error);
}

static int evaluate_best(mdm_sweep *s, size_t slice, arrays *r, mdm_error *err) {
  mdm_best *best = s->best + slice * s->widths; /* widths */
  double *work = mdm_alloc(s->widths, 3, 1, sizeof *work);
  int status = work ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
  for (size_t w = 0; w < s->widths && !status; w++) {
    size_t at = slice * s->widths + w;
    status = find_best(s, slice, w, &best[w], err);
    r->kind.value[at] = best[w].kind;
    r->optimum.value[at] = exp(best[w].x);
    r->optimum.error[at] = exp(best[w].x) * best[w].x_error;
    r->between.value[at] = best[w].x_between;
    r->runs.value[at] = best[w].runs;
    r->loss.value[at] = best[w].loss;
    r->loss.error[at] = best[w].loss_error;
    if (!w || status) continue;
    r->rise_best.value[slice * (s->widths - 1) + w - 1] =
        rise_of((estimate){best[w - 1].loss, best[w - 1].loss_error, INFINITY}, (estimate){best[w].loss, best[w].loss_error, INFINITY}); /* errors that hold Student's t */
  }
  if (!status) trends(s, slice, best, work, r);
  free(work);
  return status;
}

static void evaluate_rises(mdm_sweep *s, size_t slice, arrays *r) {
  size_t pairs = s->widths - 1;
  for (size_t w = 0; w < pairs; w++) {
    double *worse = &r->worse.value[slice * pairs + w], *compared = &r->compared.value[slice * pairs + w];
    *worse = *compared = 0;
    for (size_t i = 0; i < mdm_sweep_positions(s); i++) {
      size_t point = mdm_sweep_point(s, slice, i), a = point * s->widths + w, b = a + 1;
      double z = rise_of(estimate_of(s, a), estimate_of(s, b));
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
  if (s->along >= 0 && !status) status = mdm_sweep_transfer(s, err);
  return status;
}
