/* Refinement of a sweep's grid (mdm_sweep_refine): for every width, values between the best one and its neighbours, until the best value
 * is known. A sweep with more values is made anew and takes the cells of the one before, so that a file that was written halfway, and
 * one that goes on, are the same. */
#include "study/sweep_grow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "study/sweep_families.h"

enum { MOST_BEYOND = 6, VALUE_SIZE = 64 }; /* values beyond either end of the axis; text of a value */

/* ---------------------------------------------------------------- cells of another sweep */

/* Point of s with the values of a point of old. */
static size_t same_point(const mdm_sweep *s, const mdm_sweep *old, size_t point) {
  size_t p = 0;
  for (size_t a = 0; a < s->grid.axes; a++)
    p = p * s->grid.axis[a].n + mdm_axis_find(&s->grid.axis[a], old->grid.axis[a].text[mdm_grid_index(&old->grid, point, a)]);
  return p;
}

/* One row of an array over cells, whose last extent may have grown. */
static void copy_row(double *to, size_t to_cell, size_t to_n, const double *from, size_t from_cell, size_t from_n) {
  size_t n = to_n < from_n ? to_n : from_n;
  if (to && from) memcpy(to + to_cell * to_n, from + from_cell * from_n, n * sizeof *to);
}

static void copy_series(mdm_series to, size_t to_cell, size_t to_n, mdm_series from, size_t from_cell, size_t from_n) {
  copy_row(to.value, to_cell, to_n, from.value, from_cell, from_n);
  copy_row(to.error, to_cell, to_n, from.error, from_cell, from_n);
}

/* A cell of fewer runs is not ready, and goes on from those, unless they are families of networks: losses of more families need the predictions of all, which
 * nobody has kept. */
static void take_cell(mdm_sweep *s, size_t to, mdm_sweep *old, size_t from) {
  if (mdm_sweep_is_of_families(s, to) && old->have[from] < s->runs[to % s->widths] && (old->have[from] > 0)) {
    s->status[to] = MDM_CELL_MISSING;
    return;
  }
  s->status[to] = old->status[from];
  s->have[to] = old->have[from];
  s->diverged[to] = old->diverged[from];
  s->seconds[to] = old->seconds[from];
  copy_series(s->loss, to, s->steps, old->loss, from, old->steps);
  copy_series(s->test, to, s->tests, old->test, from, old->tests);
  copy_row(s->loss_sums.sum, to, s->steps, old->loss_sums.sum, from, old->steps);
  copy_row(s->loss_sums.squares, to, s->steps, old->loss_sums.squares, from, old->steps);
  copy_row(s->test_sums.sum, to, s->tests, old->test_sums.sum, from, old->tests);
  copy_row(s->test_sums.squares, to, s->tests, old->test_sums.squares, from, old->tests);
  for (mdm_measure m = MDM_MEASURE_FINAL; m < MDM_MEASURES; m++) {
    copy_row(s->each[m], to, s->most_runs, old->each[m], from, old->most_runs);
    copy_series(s->mean[m], to, 1, old->mean[m], from, 1);
  }
  if (mdm_sweep_has_numbers(s->status[to]) && s->have[to] < s->runs[to % s->widths]) s->status[to] = MDM_CELL_MISSING, mdm_sweep_blank_means(s, to);
  free(s->note[to]);
  s->note[to] = old->note[from];
  old->note[from] = NULL;
  free(s->doubt[to]);
  s->doubt[to] = old->doubt[from];
  old->doubt[from] = NULL;
}

/* What was asked for stays so, and what is asked for now was not skipped. */
void mdm_sweep_take(mdm_sweep *s, mdm_sweep *old) {
  for (size_t i = 0; i < old->cells; i++) {
    size_t to = same_point(s, old, i / old->widths) * s->widths + mdm_sweep_find_width(s, old->width[i % old->widths]);
    if (old->status[i] == MDM_CELL_MISSING && !(old->have[i] > 0)) s->status[to] = MDM_CELL_MISSING;
    else if (old->status[i] != MDM_CELL_SKIPPED) take_cell(s, to, old, i);
  }
}

/* ---------------------------------------------------------------- more values */

static int is_added(const mdm_sweep *s, const char *text) {
  for (size_t i = 0; i < s->added_n; i++)
    if (!strcmp(s->added[i], text)) return 1;
  return 0;
}

/* Index of the value that text says, however it is written; n: there is none. */
static size_t find_number(const mdm_axis *axis, const char *text) {
  double v = mdm_real_parse(text);
  size_t i = 0;
  while (i < axis->n && axis->value[i] != v) i++;
  return i;
}

static int note_added(mdm_sweep *s, const char *text, mdm_error *err) {
  char **more = realloc(s->added, (s->added_n + 1) * sizeof *more), *copy = strdup(text);
  if (more) s->added = more;
  if (!more || !copy) return free(copy), mdm_no_memory(err, "the values of a sweep");
  s->added[s->added_n++] = copy;
  return MDM_OK;
}

/* Cells of added values are computed only where they are asked for. */
static void skip_added(mdm_sweep *s) {
  for (size_t i = 0; i < s->cells && s->along >= 0; i++)
    if (is_added(s, s->grid.axis[s->along].text[mdm_grid_index(&s->grid, i / s->widths, (size_t)s->along)])) s->status[i] = MDM_CELL_SKIPPED;
}

char *mdm_sweep_added(const mdm_sweep *s) {
  size_t size = 1;
  for (size_t i = 0; i < s->added_n; i++) size += strlen(s->added[i]) + 1;
  char *text = malloc(size), *to = text;
  if (!text) return NULL;
  *to = '\0';
  for (size_t i = 0; i < s->added_n; i++) to += sprintf(to, "%s%s", i ? "," : "", s->added[i]);
  return text;
}

int mdm_sweep_mark_added(mdm_sweep *s, const char *text, mdm_error *err) {
  char *copy = strdup(text), *rest = copy;
  int status = copy ? MDM_OK : mdm_no_memory(err, "the values of a sweep");
  for (char *word; !status && (word = strtok_r(rest, ",", &rest));)
    if (s->along >= 0 && mdm_axis_find(&s->grid.axis[s->along], word) < s->grid.axis[s->along].n) status = note_added(s, word, err);
  free(copy);
  return status;
}

/* The axis as text, with n more values. */
static char *longer_axis(const mdm_axis *axis, size_t n, char (*value)[VALUE_SIZE]) {
  char *text = mdm_grid_text(axis), *longer = text ? realloc(text, strlen(text) + n * (VALUE_SIZE + 1) + 1) : NULL;
  if (!longer) return free(text), NULL;
  for (size_t i = 0; i < n; i++) strcat(strcat(longer, ","), value[i]);
  return longer;
}

/* A sweep like s with n more values on its axis, and the cells of s. Data that are loaded stay with s. */
static int enlarge(mdm_sweep *s, size_t n, char (*value)[VALUE_SIZE], mdm_sweep **out, mdm_error *err) {
  char *over[MDM_GRID_AXES] = {0};
  int status = MDM_OK;
  *out = NULL;
  for (size_t a = 0; a < s->grid.axes && !status; a++) {
    over[a] = (long)a == s->along ? longer_axis(&s->grid.axis[a], n, value) : mdm_grid_text(&s->grid.axis[a]);
    if (!over[a]) status = mdm_no_memory(err, "the values of a sweep");
  }
  if (!status) status = mdm_sweep_create(s->cfg, (const char *const *)over, s->grid.axes, s->with_limit, s->measure, out, err);
  for (size_t i = 0; i < s->added_n && !status; i++) status = note_added(*out, s->added[i], err);
  for (size_t i = 0; i < n && !status; i++) {
    const mdm_axis *axis = &(*out)->grid.axis[s->along];
    status = note_added(*out, axis->text[find_number(axis, value[i])], err);
  }
  for (size_t a = 0; a < s->grid.axes; a++) free(over[a]);
  if (!status) {
    (*out)->refine = s->refine;
    skip_added(*out);
    mdm_sweep_take(*out, s);
  }
  return status;
}

/* *larger becomes *s, and what *s was is released. */
static void replace(mdm_sweep *s, mdm_sweep *larger) {
  mdm_sweep before = *s;
  *s = *larger;
  *larger = before;
  if (!s->samples) s->samples = larger->samples, larger->samples = NULL;
  mdm_sweep_free(larger);
}

int mdm_sweep_adopt(mdm_sweep *s, const mdm_sweep *old, mdm_error *err) {
  size_t n = 0;
  mdm_sweep *larger = NULL;
  if (!old->added_n || s->along < 0 || strcmp(s->grid.axis[s->along].option->key, old->grid.axis[old->along].option->key)) return MDM_OK;
  char(*value)[VALUE_SIZE] = mdm_alloc(old->added_n, 1, 1, sizeof *value); /* added */
  int status = value ? MDM_OK : mdm_no_memory(err, "the values of a sweep");
  for (size_t i = 0; i < old->added_n && !status; i++)
    if (mdm_axis_find(&s->grid.axis[s->along], old->added[i]) == s->grid.axis[s->along].n) snprintf(value[n++], VALUE_SIZE, "%s", old->added[i]);
  if (!status && n) status = enlarge(s, n, value, &larger, err);
  if (!status && n) replace(s, larger);
  else mdm_sweep_free(larger);
  free(value);
  return status;
}

/* ---------------------------------------------------------------- which values */

int mdm_sweep_refine(mdm_sweep *s, double tolerance, mdm_error *err) {
  if (!(tolerance >= 1e-4 && tolerance <= 1))
    return mdm_fail(err, MDM_ERR_CONFIG, "refinement to %g of the best value; allowed: 0.0001 to 1", tolerance);
  if (s->along < 0)
    return mdm_fail(err, MDM_ERR_CONFIG, "--refine adds values beside the best one, and no axis of --over has a best value: it takes two values or more of a positive number, such as train.lr");
  s->refine = tolerance;
  return MDM_OK;
}

/* What is to be computed: cells of values that are there, and values that are not, each with its cells. */
typedef struct {
  size_t n, room;              /* new values */
  char (*value)[VALUE_SIZE];   /* room */
  size_t *slice, *width;       /* room: the cell that asks for it; the same value may come several times */
  size_t asked;                /* cells, of old values and new */
} wishes;

/* Position on the axis of the next value below (step −1) or above (1) that has a loss at this width; −1: there is none. */
static long neighbour(const mdm_sweep *s, size_t slice, size_t w, size_t position, int step) {
  long n = (long)mdm_sweep_positions(s);
  for (long i = (long)position + step; i >= 0 && i < n; i += step) {
    double status = s->status[mdm_sweep_point(s, slice, (size_t)i) * s->widths + w];
    if (status == MDM_CELL_COMPLETE || status == MDM_CELL_DIVERGED) return i;
  }
  return -1;
}

/* Text of a value with six digits, or of a whole number; 0 where it lies outside the option's range. */
static int value_text(const mdm_axis *axis, double v, char text[VALUE_SIZE]) {
  const mdm_option *o = axis->option;
  snprintf(text, VALUE_SIZE, o->type == MDM_OPT_REAL ? "%.6g" : "%.0f", v);
  double back = mdm_real_parse(text);
  return back >= o->min && back <= o->max && !(o->min_open && back == o->min);
}

/* Asks for the loss at a value; what is there already, or equals an end of the interval that it should divide, is not asked for. */
static void wish(mdm_sweep *s, size_t slice, size_t w, double v, wishes *all) {
  const mdm_axis *axis = &s->grid.axis[s->along];
  char text[VALUE_SIZE];
  if (!value_text(axis, v, text)) return;
  size_t at = find_number(axis, text);
  if (at < axis->n) {
    double *status = &s->status[mdm_sweep_point(s, slice, at) * s->widths + w];
    if (*status == MDM_CELL_SKIPPED) *status = MDM_CELL_MISSING, all->asked++;
    return;
  }
  memcpy(all->value[all->n], text, sizeof text);
  all->slice[all->n] = slice, all->width[all->n++] = w;
  all->asked++;
}

/* Values of the axis that were added below the smallest (or above the largest) that was given. */
static size_t beyond(const mdm_sweep *s, int below) {
  const mdm_axis *axis = &s->grid.axis[s->along];
  size_t n = 0;
  while (n < axis->n && is_added(s, axis->text[below ? n : axis->n - 1 - n])) n++;
  return n;
}

/* What one width lacks. */
static void wish_for(mdm_sweep *s, size_t slice, size_t w, wishes *all) {
  const mdm_best *b = &s->best[slice * s->widths + w];
  const double *value = s->grid.axis[s->along].value;
  if (b->kind == MDM_BEST_NONE) return;
  long low = neighbour(s, slice, w, b->position, -1), high = neighbour(s, slice, w, b->position, 1);
  double v = value[b->position], open = fmax(s->refine, 0.5 * b->x_runs); /* fmax passes NaN over: one run has no spread */
  if (low >= 0 && high >= 0) {
    if (b->x_between <= open) return;
    wish(s, slice, w, sqrt(value[low] * v), all);
    wish(s, slice, w, sqrt(v * value[high]), all);
  } else if (low < 0 && high >= 0 && beyond(s, 1) < MOST_BEYOND) {
    wish(s, slice, w, v * (v / value[high]), all);
  } else if (high < 0 && low >= 0 && beyond(s, 0) < MOST_BEYOND) {
    wish(s, slice, w, v * (v / value[low]), all);
  }
}

static int make_wishes(mdm_sweep *s, wishes *all, mdm_error *err) {
  size_t slices = mdm_sweep_slices(s);
  all->room = 2 * slices * s->widths;
  all->value = mdm_alloc(all->room, 1, 1, sizeof *all->value);
  all->slice = mdm_alloc(all->room, 1, 1, sizeof *all->slice);
  all->width = mdm_alloc(all->room, 1, 1, sizeof *all->width);
  if (!all->value || !all->slice || !all->width) return mdm_no_memory(err, "the values of a sweep");
  for (size_t slice = 0; slice < slices; slice++)
    for (size_t w = 0; w < s->widths; w++) wish_for(s, slice, w, all);
  return MDM_OK;
}

/* New values once each, to the front of room for as many. */
static size_t distinct(const wishes *all, char (*value)[VALUE_SIZE]) {
  size_t n = 0;
  for (size_t i = 0; i < all->n; i++) {
    size_t k = 0;
    while (k < n && strcmp(value[k], all->value[i])) k++;
    if (k == n) memcpy(value[n++], all->value[i], sizeof *value);
  }
  return n;
}

/* The grid with the new values, whose cells are missing where they were asked for. A value that cannot be run ends the refinement, as
 * the end of an option's range does. */
static int add_values(mdm_sweep *s, const wishes *all, int threads, int *more, mdm_error *err) {
  mdm_sweep *larger = NULL;
  mdm_error why = {0};
  double bytes;
  char(*value)[VALUE_SIZE] = mdm_alloc(all->n, 1, 1, sizeof *value);
  int status = value ? MDM_OK : mdm_no_memory(&why, "the values of a sweep");
  if (!status) status = enlarge(s, distinct(all, value), value, &larger, &why);
  for (size_t i = 0; i < all->n && !status; i++) {
    size_t at = find_number(&larger->grid.axis[larger->along], all->value[i]);
    larger->status[mdm_sweep_point(larger, all->slice[i], at) * larger->widths + all->width[i]] = MDM_CELL_MISSING;
  }
  if (!status) larger->samples = s->samples, s->samples = NULL;
  if (!status) status = mdm_sweep_prepare(larger, threads, &bytes, &why);
  if (status && larger && larger->samples) s->samples = larger->samples, larger->samples = NULL;
  if (!status) replace(s, larger);
  else mdm_sweep_free(larger);
  free(value);
  *more = !status || all->asked > all->n;
  return status && status != MDM_ERR_CONFIG ? mdm_fail(err, status, "%s", why.text) : MDM_OK;
}

int mdm_sweep_grow(mdm_sweep *s, int threads, int *more, mdm_error *err) {
  wishes all = {0};
  double bytes;
  *more = 0;
  if (!(s->refine > 0)) return MDM_OK;
  int status = make_wishes(s, &all, err);
  *more = !status && all.asked > 0;
  if (!status && all.n) status = add_values(s, &all, threads, more, err);
  else if (!status && all.asked) status = mdm_sweep_prepare(s, threads, &bytes, err);
  free(all.value);
  free(all.slice);
  free(all.width);
  return status;
}
