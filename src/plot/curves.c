/* Curves over training steps (plot/curves.h). The limit is a black line with a band of ±2 standard errors; networks of each width are
 * points with bars of as many. */
#include "plot/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file/internal.h"
#include "plot/source.h"

enum {
  LINE_POINTS = 5000, /* most points sent for a line */
  MARKER_POINTS = 25, /* most markers along a curve, about */
  FEWEST_MARKERS = 8, /* fewest, where many widths share a panel */
  ALL_MARKERS = 40    /* markers of all widths in a panel between these bounds */
};

/* ---- reading ---- */

/* Adds a path that is not yet there: several curves may share their steps. */
static size_t add_path(const char **paths, size_t n, const char *path) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(paths[i], path)) return n;
  paths[n] = path;
  return n + 1;
}

static int read_source(mdm_file *file, const mdm_curves *c, long width, mdm_source *s, mdm_error *err) {
  enum { MOST = 16 };
  const char *paths[MOST];
  size_t n = 0;
  for (int i = 0; i < c->n_curves && n + 1 < MOST; i++) {
    n = add_path(paths, n, c->curve[i].path);
    if (c->curve[i].step) n = add_path(paths, n, c->curve[i].step);
  }
  s->width = width;
  s->reach = mdm_plot_reach(mdm_plot_freedom(file, width));
  return mdm_plot_read_source(file, width, paths, n, &s->rec, err);
}

int mdm_curves_read(mdm_file *file, mdm_curves *c, mdm_error *err) {
  long *widths;
  size_t n;
  int status = mdm_file_widths(file, &widths, &n, err);
  if (status != MDM_OK) return status;
  c->has_limit = mdm_file_has_group(file, "/observables");
  c->sources = calloc(n + 1, sizeof *c->sources);
  if (!c->sources) status = mdm_fail(err, MDM_ERR_MEMORY, "out of memory for the curves of %s", file->path);
  if (status == MDM_OK && c->has_limit) status = read_source(file, c, 0, &c->sources[c->n++], err);
  for (size_t i = 0; status == MDM_OK && i < n; i++) status = read_source(file, c, widths[i], &c->sources[c->n++], err);
  free(widths);
  return status;
}

void mdm_curves_release(mdm_curves *c) {
  for (size_t i = 0; i < c->n; i++) mdm_record_free(c->sources[i].rec);
  free(c->sources);
}

size_t mdm_curves_widths(const mdm_curves *c) { return c->n - (size_t)c->has_limit; }

/* ---- values and their ranges ---- */

static const mdm_array *array_of(const mdm_source *s, const mdm_curve *curve) {
  const mdm_array *a = mdm_record_find(s->rec, curve->path);
  return a && a->rank == 1 && a->dim[0] > 0 ? a : NULL;
}

static double x_of(const mdm_source *s, const mdm_curve *curve, size_t i) {
  const mdm_array *step = curve->step ? mdm_record_find(s->rec, curve->step) : NULL;
  return step && step->rank == 1 && i < step->dim[0] ? step->value[i] : (double)i;
}

/* With upper ends of error bars; lower ends could hide that all values are positive, and are cut at the axis instead. */
static mdm_range value_range(const mdm_curves *c, const mdm_curve *curve) {
  mdm_range r = {NAN, NAN, 0};
  for (size_t s = 0; s < c->n; s++) {
    const mdm_array *a = array_of(&c->sources[s], curve);
    for (size_t i = 0; a && i < a->dim[0]; i++) {
      mdm_plot_extend(&r, a->value[i]);
      if (a->error) mdm_plot_extend(&r, a->value[i] + c->sources[s].reach * a->error[i]);
      if (a->error && !curve->may_log) mdm_plot_extend(&r, a->value[i] - c->sources[s].reach * a->error[i]);
    }
  }
  return r;
}

static double x_end(const mdm_curves *c, const mdm_curve *curve) {
  double end = 0;
  for (size_t s = 0; s < c->n; s++) {
    const mdm_array *a = array_of(&c->sources[s], curve);
    if (a) end = fmax(end, x_of(&c->sources[s], curve, a->dim[0] - 1));
  }
  return end;
}

int mdm_curves_has(const mdm_curves *c, int curve) { return isfinite(value_range(c, &c->curve[curve]).lo); }

/* ---- data blocks ---- */

/* Lower end of a band or bar; on a log axis it must stay positive, and below the axis it does not show. */
static double lower(double v, double error, mdm_range axis) {
  double lo = v - error;
  return axis.log && lo < axis.lo ? axis.lo : lo;
}

/* x, value, lower, upper; a gap where the value is not finite. */
static void row(FILE *out, const mdm_source *s, const mdm_curve *curve, size_t i, mdm_range axis) {
  const mdm_array *a = array_of(s, curve);
  double v = a->value[i], e = a->error && isfinite(a->error[i]) ? s->reach * a->error[i] : 0;
  if (isfinite(v))
    fprintf(out, "%.9g %.9g %.9g %.9g\n", x_of(s, curve, i), v, lower(v, e, axis), v + e);
  else
    fprintf(out, "\n");
}

/* The curve as a line: every stride-th point and the last. */
static void line_data(FILE *out, const mdm_source *s, const mdm_curve *curve, const char *name, mdm_range axis) {
  size_t n = array_of(s, curve)->dim[0], stride = (n + LINE_POINTS - 1) / LINE_POINTS;
  fprintf(out, "$%s << EOD\n", name);
  for (size_t i = 0; i < n - 1; i += stride) row(out, s, curve, i, axis);
  row(out, s, curve, n - 1, axis);
  fprintf(out, "EOD\n");
}

static size_t marker_stride(size_t n, size_t widths) {
  size_t least = (n + MARKER_POINTS - 1) / MARKER_POINTS, most = (n + FEWEST_MARKERS - 1) / FEWEST_MARKERS;
  size_t stride = (n * widths + ALL_MARKERS - 1) / ALL_MARKERS;
  return stride < least ? least : stride > most ? most : stride;
}

/* Markers of width k, shifted from width to width so that they do not hide one another. */
static void marker_data(FILE *out, const mdm_curves *c, size_t k, const mdm_curve *curve, const char *name, mdm_range axis) {
  const mdm_source *s = &c->sources[k + (size_t)c->has_limit];
  size_t n = array_of(s, curve)->dim[0], stride = marker_stride(n, mdm_curves_widths(c));
  fprintf(out, "$%s << EOD\n", name);
  for (size_t i = stride * k / mdm_curves_widths(c); i < n; i += stride)
    if (isfinite(array_of(s, curve)->value[i])) row(out, s, curve, i, axis);
  fprintf(out, "EOD\n");
}

static void panel_data(FILE *out, const mdm_curves *c, int panel, mdm_range axis) {
  const mdm_curve *curve = &c->curve[panel];
  char name[64];
  for (size_t s = 0; s < c->n; s++) {
    if (!array_of(&c->sources[s], curve)) continue;
    snprintf(name, sizeof name, "line_%d_%zu", panel, s);
    line_data(out, &c->sources[s], curve, name, axis);
    if (c->sources[s].width == 0) continue;
    snprintf(name, sizeof name, "marks_%d_%zu", panel, s);
    marker_data(out, c, s - (size_t)c->has_limit, curve, name, axis);
  }
}

/* ---- panels ---- */

void mdm_curves_style(FILE *out, const mdm_look *look, const mdm_curves *c, size_t k) {
  mdm_plot_width_style(out, look, k, mdm_curves_widths(c));
}

/* Band and line. */
static void draw_limit(FILE *out, const mdm_curves *c, int panel) {
  const char *style = array_of(&c->sources[0], &c->curve[panel])->dim[0] > 1 ? "lines" : "points pt 2"; /* one point makes no line */
  fprintf(out, ", $line_%d_0 using 1:3:4 with filledcurves fs solid 1 noborder lc rgb '#d0d0d0' notitle", panel);
  fprintf(out, ", $line_%d_0 using 1:2 with %s lw 2 lc rgb 'black' notitle", panel, style);
}

/* One width: bars and markers; without a limit to guide the eye, a thin line as well. */
static void draw_width(FILE *out, const mdm_look *look, const mdm_curves *c, int panel, size_t s) {
  size_t k = s - (size_t)c->has_limit;
  if (!c->has_limit)
    fprintf(out, ", $line_%d_%zu using 1:2 with lines lw 1 lc rgb '#a0%06x' notitle", panel, s,
            mdm_plot_width_colour(k, mdm_curves_widths(c)));
  fprintf(out, ", $marks_%d_%zu using 1:2:3:4 with yerrorbars ", panel, s);
  mdm_curves_style(out, look, c, k);
  fprintf(out, " notitle");
}

void mdm_curves_draw(FILE *out, const mdm_look *look, const mdm_curves *c, int panel, mdm_box b) {
  const mdm_curve *curve = &c->curve[panel];
  mdm_range ry = mdm_plot_axis_range(value_range(c, curve), curve->may_log);
  double end = fmax(x_end(c, curve), 1);
  panel_data(out, c, panel, ry);
  mdm_plot_place(out, b);
  mdm_plot_axes(out, "training step", curve->title, (mdm_range){-0.02 * end, 1.02 * end, 0}, ry);
  fprintf(out, "plot NaN notitle");
  if (c->has_limit && array_of(&c->sources[0], curve)) draw_limit(out, c, panel);
  for (size_t s = (size_t)c->has_limit; s < c->n; s++)
    if (array_of(&c->sources[s], curve)) draw_width(out, look, c, panel, s);
  fprintf(out, "\n");
}

void mdm_curves_legend(FILE *out, const mdm_look *look, const mdm_curves *c, int height) {
  mdm_plot_open_legend(out, (mdm_box){0.02, 0.98, 1 - (MDM_CURVES_HEADER - 4.0) / height, 1 - 40.0 / height}, 1);
  if (c->has_limit) fprintf(out, ", NaN with lines lw 2 lc rgb 'black' title 'N = ∞ (DMFT)'");
  for (size_t s = (size_t)c->has_limit; s < c->n; s++) {
    fprintf(out, ", NaN with points ");
    mdm_curves_style(out, look, c, s - (size_t)c->has_limit);
    fprintf(out, " title 'N = %ld'", c->sources[s].width);
  }
  mdm_plot_close_legend(out);
}

mdm_box mdm_curves_quarter(int column, int row) {
  const double width = MDM_CURVES_PAGE_WIDTH, height = MDM_CURVES_PAGE_HEIGHT;
  double left = column * MDM_CURVES_PANEL_WIDTH + 132, top = height - MDM_CURVES_HEADER - row * MDM_CURVES_PANEL_HEIGHT;
  return (mdm_box){left / width, (left + MDM_CURVES_PANEL_WIDTH - 162) / width, (top - MDM_CURVES_PANEL_HEIGHT + 68) / height, (top - 14) / height};
}
