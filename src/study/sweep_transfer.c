/* What best values of a sweep cost at other widths and settings, and their drift along other axes than the width (sweep_transfer.h): rows of transfer.c,
 * and their arrays. Rows at the same width share their seeds; those of different widths, and the limit's replicas, are independent. */
#include "study/sweep_transfer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/record.h"
#include "study/transfer.h"

/* ---------------------------------------------------------------- directions */

/* Number that a value of an axis is; also of options that take a word beside numbers (train.batch). NaN: none. */
static double number_of(const mdm_axis *axis, size_t i) {
  const char *text = axis->text[i];
  if (axis->numeric) return axis->value[i];
  return *text && text[strspn(text, "0123456789.eE+-")] == '\0' ? mdm_real_parse(text) : NAN;
}

static int is_direction(const mdm_sweep *s, size_t a) {
  const mdm_axis *axis = &s->grid.axis[a];
  int positive = axis->n > 1 && axis->n <= MDM_TRANSFER_ROWS;
  for (size_t i = 0; i < axis->n; i++) positive &= number_of(axis, i) > 0;
  return (long)a != s->along && positive && !mdm_axis_is_seed(axis);
}

size_t mdm_sweep_directions(const mdm_sweep *s, mdm_direction out[MDM_GRID_AXES + 1]) {
  size_t n = 0;
  if (s->along < 0) return 0;
  if (s->widths > 1 && s->widths <= MDM_TRANSFER_ROWS) out[n++] = (mdm_direction){"width", -1, s->widths};
  for (size_t a = 0; a < s->grid.axes; a++)
    if (is_direction(s, a)) out[n++] = (mdm_direction){s->grid.axis[a].option->key, (long)a, s->grid.axis[a].n};
  return n;
}

/* Slices from one value of an axis to the next. */
static size_t stride_of(const mdm_sweep *s, size_t axis) {
  size_t stride = 1;
  for (size_t a = s->grid.axes; a-- > axis + 1;)
    if ((long)a != s->along) stride *= s->grid.axis[a].n;
  return stride;
}

size_t mdm_sweep_slice_index(const mdm_sweep *s, size_t slice, size_t axis) { return slice / stride_of(s, axis) % s->grid.axis[axis].n; }

size_t mdm_sweep_slice_at(const mdm_sweep *s, size_t slice, size_t axis, size_t i) {
  size_t stride = stride_of(s, axis);
  return slice - mdm_sweep_slice_index(s, slice, axis) * stride + i * stride;
}

/* ---------------------------------------------------------------- arrays */

typedef struct {
  mdm_series regret, relative, kind; /* slices × widths × n: the last over bases */
  mdm_series drift, chi2;            /* slices without the axis × widths; NULL along the width, whose drift is in sweep_results.c */
} arrays;

/* An array over the axes but `along` and `without` (−1: none), the widths, and n more if n > 0. */
static int add(mdm_sweep *s, const char *name, const char *key, const char *twin, long without, size_t n, const char *more, const char *text, double **out,
               mdm_error *err) {
  size_t dim[MDM_GRID_AXES + 2], used = 0;
  char dims[96] = "", path[96];
  int rank = 0;
  for (size_t a = 0; a < s->grid.axes; a++) {
    if ((long)a == s->along || (long)a == without) continue;
    const char *k = s->grid.axis[a].option->key;
    if (used + strlen(k) + strlen(more) + 20 > sizeof dims && strrchr(k, '.')) k = strrchr(k, '.') + 1;
    used += (size_t)snprintf(dims + used, sizeof dims - used, "%s, ", k);
    dim[rank++] = s->grid.axis[a].n;
  }
  dim[rank++] = s->widths;
  if (n) dim[rank++] = n;
  snprintf(dims + used, sizeof dims - used, "width%s%s", n ? ", " : "", n ? more : "");
  snprintf(path, sizeof path, "results/%s/%s%s", name, key, twin);
  return mdm_record_add_blank(s->results, path, rank, dim, dims, text, out, err);
}

static int add_pair(mdm_sweep *s, const char *name, const char *key, long without, size_t n, const char *more, const char *text, mdm_series *out, mdm_error *err) {
  int status = add(s, name, key, "", without, n, more, text, &out->value, err);
  return status ? status : add(s, name, key, "_stderr", without, n, more, "standard error", &out->error, err);
}

static int add_arrays(mdm_sweep *s, const mdm_direction *d, arrays *r, mdm_error *err) {
  char base[96];
  snprintf(base, sizeof base, "base %s", d->axis < 0 || !strrchr(d->key, '.') ? d->key : strrchr(d->key, '.') + 1);
  int status = add_pair(s, "regret", d->key, -1, d->n, base,
                        "loss with the best value of the base minus loss with the best value here", &r->regret, err);
  if (!status) status = add_pair(s, "regret_relative", d->key, -1, d->n, base, "regret over the loss with the best value here", &r->relative, err);
  if (!status)
    status = add(s, "regret_kind", d->key, "", -1, d->n, base,
                 "0: known, 1: a lower bound, 2: the value of the base diverges or does not learn here, 3: unknown", &r->kind.value, err);
  if (d->axis < 0 || status) return status;
  status = add_pair(s, "drifts", d->key, d->axis, 0, "", "slope d ln(best value) / d ln of this axis", &r->drift, err);
  return status ? status
                : add(s, "drifts_chi2", d->key, "", d->axis, 0, "",
                      "chi^2 per degree of freedom of this line, whose error grows by its root above 1; NaN: fewer than three values", &r->chi2.value, err);
}

/* ---------------------------------------------------------------- rows */

/* Rows of one line in a direction, and what comes of them. */
typedef struct {
  size_t n;
  mdm_row *row;       /* n */
  double **room;      /* n: of each row x, first (n values each), y (n values × runs) */
  mdm_regret *regret; /* n × n */
} line;

static void close_line(line *l) {
  for (size_t i = 0; l->room && i < l->n; i++) free(l->room[i]);
  free(l->room);
  free(l->row);
  free(l->regret);
}

static int open_line(size_t n, line *l, mdm_error *err) {
  *l = (line){n, mdm_alloc(n, 1, 1, sizeof *l->row), mdm_alloc(n, 1, 1, sizeof *l->room), mdm_alloc(n, n, 1, sizeof *l->regret)};
  return l->row && l->room && l->regret ? MDM_OK : mdm_no_memory(err, "the results of a sweep");
}

static int fill_row(const mdm_sweep *s, line *l, size_t i, size_t slice, size_t w, double scale, mdm_error *err) {
  size_t values = mdm_sweep_positions(s), runs = (size_t)s->runs[w];
  double *x = l->room[i] = mdm_alloc(values, 2 + runs, 1, sizeof *x), *first = x + values, *y = x + 2 * values;
  if (!x) return mdm_no_memory(err, "the results of a sweep");
  mdm_sweep_row(s, slice, w, x, y, first);
  l->row[i] = (mdm_row){values, runs, x, y, first, &s->best[slice * s->widths + w], isinf(s->width[w]) ? 0 : (uint64_t)s->width[w], scale};
  return MDM_OK;
}

/* Position in arrays over the slices without one axis. */
static size_t slice_without(const mdm_sweep *s, size_t slice, size_t axis) {
  size_t stride = stride_of(s, axis);
  return slice / (stride * s->grid.axis[axis].n) * stride + slice % stride;
}

/* The line through a slice and width; the arrays take the whole of it. */
static int evaluate_line(const mdm_sweep *s, const mdm_direction *d, size_t slice, size_t w, arrays *r, mdm_error *err) {
  line l;
  mdm_drift drift = {NAN, NAN, NAN};
  int status = open_line(d->n, &l, err);
  for (size_t i = 0; i < d->n && !status; i++)
    status = d->axis < 0 ? fill_row(s, &l, i, slice, i, s->width[i], err)
                         : fill_row(s, &l, i, mdm_sweep_slice_at(s, slice, (size_t)d->axis, i), w, number_of(&s->grid.axis[d->axis], i), err);
  if (!status) status = mdm_transfer(d->n, l.row, (uint64_t)mdm_config_int(s->cfg, "seed"), l.regret, d->axis < 0 ? NULL : &drift, err);
  for (size_t i = 0; i < d->n * d->n && !status; i++) {
    size_t to = i / d->n, here = d->axis < 0 ? slice * s->widths + to : mdm_sweep_slice_at(s, slice, (size_t)d->axis, to) * s->widths + w, at = here * d->n + i % d->n;
    r->regret.value[at] = l.regret[i].loss, r->regret.error[at] = l.regret[i].loss_error;
    r->relative.value[at] = l.regret[i].relative, r->relative.error[at] = l.regret[i].relative_error;
    r->kind.value[at] = l.regret[i].kind;
  }
  if (d->axis >= 0 && !status) {
    size_t at = slice_without(s, slice, (size_t)d->axis) * s->widths + w;
    r->drift.value[at] = drift.slope, r->drift.error[at] = drift.error, r->chi2.value[at] = drift.chi2;
  }
  close_line(&l);
  return status;
}

int mdm_sweep_transfer(mdm_sweep *s, mdm_error *err) {
  mdm_direction all[MDM_GRID_AXES + 1];
  size_t n = mdm_sweep_directions(s, all);
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++) {
    arrays r = {0};
    status = add_arrays(s, &all[i], &r, err);
    for (size_t slice = 0; slice < mdm_sweep_slices(s) && !status; slice++) {
      if (all[i].axis >= 0 && mdm_sweep_slice_index(s, slice, (size_t)all[i].axis)) continue; /* lines begin at the first value */
      for (size_t w = 0; w < (all[i].axis < 0 ? 1 : s->widths) && !status; w++) status = evaluate_line(s, &all[i], slice, w, &r, err);
    }
  }
  return status;
}
