/* Pictures of a coordinate check: a panel for every product, forward above backward; RMS of its parts, both axes logarithmic. Against the
 * width N (parts): points with bars are networks, dashed lines the limit. Against the depth L (depths): points with bars are networks of the
 * largest width, or what there is, dashed lines the limit at every depth. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "file/internal.h"
#include "plot/pictures.h"
#include "plot/source.h"
#include "scaling/parts.h"

enum { COLUMNS = 5, ROWS = 2, PANEL_WIDTH = 400, PANEL_HEIGHT = 360, TOP = 92, BOTTOM = 40 };
enum { HEIGHT = ROWS * PANEL_HEIGHT + TOP + BOTTOM };

/* Parts that are drawn, with colours that stay apart for colour-blind readers (Okabe, Ito). */
static const struct {
  mdm_part_kind part;
  unsigned colour;
  int shape;
} styles[] = {{MDM_PART_TOTAL, 0x000000, 7},       {MDM_PART_INIT, 0x0072b2, 5},  {MDM_PART_PROPAGATING, 0xe69f00, 9},
              {MDM_PART_EFFECTIVE, 0xd55e00, 13}, {MDM_PART_CROSS, 0xcc79a7, 11}};
enum { STYLES = sizeof styles / sizeof *styles };

typedef struct {
  mdm_record *rec;
  const mdm_array *width; /* the axis: widths, or depths */
  const mdm_array *runs;  /* axis: networks of each width, or NULL */
  double freedom;         /* of errors where runs is NULL */
  const mdm_array *rms, *limit, *predicted; /* limit: of one value, or (against the depth) one at every depth; NULL: none */
  mdm_record *other;      /* the limit's, against the depth */
  const mdm_array *other_axis;
  int splits;             /* products: the last, h^L - h^0, only of residual blocks */
  const char *remark;
  char title[600];
} figure;

static int columns(const figure *f) { return COLUMNS + (f->splits > MDM_SPLIT_STREAM); }
static int page_width(const figure *f) { return columns(f) * PANEL_WIDTH + 20; }

/* ---- values ---- */

static size_t cell_of(int split, size_t style) { return (size_t)split * MDM_PARTS_COUNT + (size_t)styles[style].part; }

static double value_at(const figure *f, int split, size_t style, size_t w) {
  return f->rms->value[cell_of(split, style) * f->width->dim[0] + w];
}

static double error_at(const figure *f, int split, size_t style, size_t w) {
  double e = f->rms->error ? f->rms->error[cell_of(split, style) * f->width->dim[0] + w] : 0;
  return isfinite(e) ? e : 0;
}

static double reach_at(const figure *f, size_t w) { return mdm_plot_reach(f->runs && w < f->runs->dim[0] ? f->runs->value[w] - 1 : f->freedom); }

static int is_drawn(double v) { return isfinite(v) && v > 0; }

/* Of a part that vanishes, the solved limit has nothing but rounding and sampling noise. */
static int shows_limit(const figure *f, int split, size_t style) {
  if (!f->limit || (!f->other_axis && f->predicted->value[cell_of(split, style)] < 0)) return 0;
  return is_drawn(f->limit->value[cell_of(split, style) * (f->other_axis ? f->other_axis->dim[0] : 1)]);
}

/* The limit at place i of its axis. */
static double limit_at(const figure *f, int split, size_t style, size_t i) {
  return f->limit->value[cell_of(split, style) * (f->other_axis ? f->other_axis->dim[0] : 1) + i];
}

static size_t limits(const figure *f) { return f->other_axis ? f->other_axis->dim[0] : 1; }

static void include(double v, double *lo, double *hi) {
  if (!is_drawn(v)) return;
  *lo = fmin(*lo, v);
  *hi = fmax(*hi, v);
}

/* At most four decades: parts far below the others leave the panel rather than flattening it. Returns 0 for an empty panel. */
static int value_range(const figure *f, int split, double *lo, double *hi) {
  *lo = INFINITY, *hi = 0;
  for (size_t s = 0; s < STYLES; s++) {
    for (size_t w = 0; w < f->width->dim[0]; w++) include(value_at(f, split, s, w), lo, hi);
    for (size_t i = 0; shows_limit(f, split, s) && i < limits(f); i++) include(limit_at(f, split, s, i), lo, hi);
  }
  if (!(*hi > 0)) return 0;
  *lo = fmax(*lo, 1e-4 * *hi) / 1.5;
  *hi *= 1.5;
  return 1;
}

/* ---- panels ---- */

static void part_data(FILE *out, const figure *f, int split, size_t s, double lo) {
  fprintf(out, "$part_%d_%zu << EOD\n", split, s);
  for (size_t w = 0; w < f->width->dim[0]; w++) {
    double v = value_at(f, split, s, w), e = reach_at(f, w) * error_at(f, split, s, w);
    if (is_drawn(v)) fprintf(out, "%.9g %.9g %.9g %.9g\n", f->width->value[w], v, fmax(v - e, lo), v + e);
  }
  fprintf(out, "EOD\n");
  if (!f->other_axis || !shows_limit(f, split, s)) return;
  fprintf(out, "$limit_%d_%zu << EOD\n", split, s);
  for (size_t i = 0; i < limits(f); i++)
    if (is_drawn(limit_at(f, split, s, i))) fprintf(out, "%.9g %.9g\n", f->other_axis->value[i], limit_at(f, split, s, i));
  fprintf(out, "EOD\n");
}

static int has_data(const figure *f, int split, size_t s) {
  for (size_t w = 0; w < f->width->dim[0]; w++)
    if (is_drawn(value_at(f, split, s, w))) return 1;
  return 0;
}

static void draw_part(FILE *out, const figure *f, const mdm_look *look, int split, size_t s) {
  fprintf(out, ", $part_%d_%zu using 1:2 with lines lw 1 lc rgb '#80%06x' notitle", split, s, styles[s].colour);
  fprintf(out, ", $part_%d_%zu using 1:2:3:4 with yerrorbars pt %d ps %.2f lw 1.2 lc rgb '#%06x' notitle", split, s, styles[s].shape,
          0.9 * look->marker, styles[s].colour);
  if (!shows_limit(f, split, s)) return;
  if (f->other_axis) fprintf(out, ", $limit_%d_%zu using 1:2", split, s);
  else fprintf(out, ", %.9g", limit_at(f, split, s, 0));
  fprintf(out, " with lines dt 2 lw 1.6 lc rgb '#%06x' notitle", styles[s].colour);
}

static void width_axis(FILE *out, const mdm_array *w) {
  fprintf(out, "set logscale x\nset xrange [%.9g:%.9g]\nset xtics nomirror ", w->value[0] / 1.3, w->value[w->dim[0] - 1] * 1.3);
  mdm_plot_list_tics(out, w->value, w->dim[0], 6);
  fprintf(out, "\n");
}

/* h^L - h^0 stands behind the forward products. */
static void cell_of_page(int split, int *column, int *row) {
  *column = split == MDM_SPLIT_STREAM ? COLUMNS : split % COLUMNS;
  *row = split == MDM_SPLIT_STREAM ? 0 : split / COLUMNS;
}

static mdm_box place_of(const figure *f, int split) {
  int column, row;
  cell_of_page(split, &column, &row);
  double WIDTH = page_width(f);
  double left = column * PANEL_WIDTH + 90, top = TOP + row * PANEL_HEIGHT + 34;
  return (mdm_box){left / WIDTH, (left + PANEL_WIDTH - 104) / WIDTH, 1 - (top + PANEL_HEIGHT - 86) / HEIGHT, 1 - top / HEIGHT};
}

static void panel_axes(FILE *out, const figure *f, int split, double lo, double hi) {
  const char *direction = mdm_split_is_backward((mdm_split)split) ? "backward: RMS" : "forward: RMS";
  int column, row;
  cell_of_page(split, &column, &row);
  fprintf(out, "set title '%s' noenhanced offset 0,-0.6\n", f->splits > MDM_SPLIT_STREAM ? mdm_split_symbol_in_stack((mdm_split)split) : mdm_split_symbol((mdm_split)split));
  width_axis(out, f->width);
  fprintf(out, "set xlabel '%s' offset 0,0.4\nset ylabel '%s' offset 1,0\n", row == ROWS - 1 || column == COLUMNS ? f->other_axis || !f->limit ? "depth L" : "width N" : "",
          column ? "" : direction);
  fprintf(out, "set logscale y\nunset mytics\nset yrange [%.9g:%.9g]\n", lo, hi);
  mdm_plot_log_tics(out, 'y', lo, hi);
  fprintf(out, "set ytics nomirror\n");
}

static void draw_panel(FILE *out, const figure *f, const mdm_look *look, int split) {
  double lo, hi;
  if (!value_range(f, split, &lo, &hi)) return;
  for (size_t s = 0; s < STYLES; s++)
    if (has_data(f, split, s)) part_data(out, f, split, s, lo);
  mdm_plot_place(out, place_of(f, split));
  panel_axes(out, f, split, lo, hi);
  fprintf(out, "plot NaN notitle");
  for (size_t s = STYLES; s-- > 0;)
    if (has_data(f, split, s)) draw_part(out, f, look, split, s);
  fprintf(out, "\n");
}

/* ---- the page ---- */

static int has_limit(const figure *f) {
  for (int split = 0; split < f->splits; split++)
    for (size_t s = 0; s < STYLES; s++)
      if (shows_limit(f, split, s)) return 1;
  return 0;
}

static void legend(FILE *out, const figure *f, const mdm_look *look) {
  mdm_plot_open_legend(out, (mdm_box){0.02, 0.98, 1 - (TOP - 4.0) / HEIGHT, 1 - 44.0 / HEIGHT}, 2);
  for (size_t s = 0; s < STYLES; s++)
    fprintf(out, ", NaN with points pt %d ps %.2f lc rgb '#%06x' title '%s'", styles[s].shape, look->marker, styles[s].colour,
            mdm_part_name(styles[s].part));
  if (has_limit(f)) fprintf(out, ", NaN with lines dt 2 lw 1.6 lc rgb '#404040' title 'N = ∞ (DMFT)'");
  mdm_plot_close_legend(out);
}

static void draw(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  mdm_plot_begin(out, page_width(f), HEIGHT, look, target, f->title, f->remark);
  fprintf(out, "set label 2 enhanced\n"); /* in SVG the remark's text stands in a span of its own */
  legend(out, f, look);
  for (int split = 0; split < f->splits; split++) draw_panel(out, f, look, split);
}

/* ---- reading ---- */

/* (split, part) */
static int is_table(const figure *f, const mdm_array *a) {
  return a && a->rank == 2 && a->dim[0] == (size_t)f->splits && a->dim[1] == MDM_PARTS_COUNT;
}

/* (split, part, place of the axis) */
static int is_cube(const figure *f, const mdm_array *a, const mdm_array *axis) {
  return a && axis && axis->rank == 1 && axis->dim[0] > 0 && a->rank == 3 && a->dim[0] == (size_t)f->splits && a->dim[1] == MDM_PARTS_COUNT &&
         a->dim[2] == axis->dim[0];
}

static int read_parts(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  static const char *const paths[] = {"width", "seeds", "step", "rms", "limit", "predicted"};
  figure *f = figure_;
  char title[512], block[32] = "";
  (void)field;
  int status = mdm_file_read_some(file, "/coordcheck", paths, sizeof paths / sizeof *paths, &f->rec, err);
  if (status) return status;
  f->width = mdm_record_find(f->rec, "width");
  f->runs = mdm_record_find(f->rec, "seeds");
  f->freedom = NAN;
  f->rms = mdm_record_find(f->rec, "rms");
  f->limit = mdm_record_find(f->rec, "limit");
  f->predicted = mdm_record_find(f->rec, "predicted");
  f->splits = mdm_split_count(file->depth > 0);
  f->remark = MDM_PLOT_BARS MDM_PLOT_FEW ";  dashed: the limit, where the part survives";
  const mdm_array *step = mdm_record_find(f->rec, "step");
  if (!is_cube(f, f->rms, f->width) || !is_table(f, f->limit) || !is_table(f, f->predicted) || !step || !step->dim[0])
    return mdm_fail(err, MDM_ERR_DATA, "%s holds an incomplete coordinate check", file->path);
  mdm_plot_title(file, title, sizeof title);
  if (file->depth > 0) snprintf(block, sizeof block, ", block %ld", file->block);
  snprintf(f->title, sizeof f->title, "Coordinate check at step %.0f%s: %s", step->value[0], block, title);
  return MDM_OK;
}

/* ---- reading, against the depth ---- */

static int read_series(mdm_file *file, const char *group, const figure *f, mdm_record **rec, const mdm_array **axis, const mdm_array **rms, mdm_error *err) {
  static const char *const paths[] = {"depth", "parts/step", "parts/rms"};
  int status = mdm_file_read_some(file, group, paths, sizeof paths / sizeof *paths, rec, err);
  if (status) return status;
  *axis = mdm_record_find(*rec, "depth");
  *rms = mdm_record_find(*rec, "parts/rms");
  return is_cube(f, *rms, *axis) ? MDM_OK : mdm_fail(err, MDM_ERR_DATA, "%s holds no parts at several depths; coordcheck with simulate.depths or solve.depths stores them", file->path);
}

/* Networks of the largest width; else the limit as points. */
static int read_depths(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  figure *f = figure_;
  char title[512], group[64] = "/depths/limit", who[64] = "limit N = ∞";
  long *widths;
  size_t n;
  (void)field;
  f->splits = MDM_SPLITS;
  int limit = mdm_file_has_group(file, "/depths/limit"), networks = 0, status = mdm_file_widths(file, &widths, &n, err);
  if (status) return status;
  for (size_t i = n; i-- > 0 && !networks;) {
    snprintf(group, sizeof group, "/depths/width_%ld", widths[i]);
    networks = mdm_file_has_group(file, group);
    f->freedom = mdm_plot_freedom(file, widths[i]);
    snprintf(who, sizeof who, "networks of N = %ld", widths[i]);
  }
  free(widths);
  if (!networks) f->freedom = mdm_plot_freedom(file, 0);
  if (!networks) snprintf(group, sizeof group, "/depths/limit"), snprintf(who, sizeof who, "limit N = ∞");
  status = read_series(file, group, f, &f->rec, &f->width, &f->rms, err);
  if (!status && networks && limit) status = read_series(file, "/depths/limit", f, &f->other, &f->other_axis, &f->limit, err);
  if (status) return status;
  mdm_plot_title(file, title, sizeof title);
  f->remark = MDM_PLOT_BARS MDM_PLOT_FEW ";  RMS over blocks";
  snprintf(f->title, sizeof f->title, "Parts against the depth at step %.0f, %s: %s", mdm_record_find(f->rec, "parts/step")->value[0], who, title);
  return MDM_OK;
}

static void release(void *figure_) {
  figure *f = figure_;
  mdm_record_free(f->rec);
  mdm_record_free(f->other);
}

const mdm_picture mdm_picture_parts = {
    .about = {"parts", "RMS of the parts of a coordinate check against N", NULL},
    .needs = {"/coordcheck", "coordinate check", "moedmft coordcheck makes one"},
    .usual = 1,
    .size = sizeof(figure),
    .read = read_parts,
    .draw = draw,
    .release = release,
};

const mdm_picture mdm_picture_depths = {
    .about = {"depths", "RMS of the parts of a coordinate check against L", NULL},
    .needs = {"/depths", "depths", "coordcheck with simulate.depths and solve.depths makes them"},
    .size = sizeof(figure),
    .read = read_depths,
    .draw = draw,
    .release = release,
};
