/* Picture of a coordinate check: a panel for every product, forward above backward; RMS of its parts against the width N,
 * both logarithmic. Points with bars are networks, dashed lines the limit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "scaling/parts.h"
#include "plot/internal.h"

enum { COLUMNS = 5, ROWS = 2, PANEL_WIDTH = 400, PANEL_HEIGHT = 360, TOP = 92, BOTTOM = 40 };
enum { WIDTH = COLUMNS * PANEL_WIDTH + 20, HEIGHT = ROWS * PANEL_HEIGHT + TOP + BOTTOM };

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
  const mdm_array *width, *rms, *limit, *predicted;
  char title[600];
} figure;

/* ---- values ---- */

static size_t cell_of(int split, size_t style) { return (size_t)split * MDM_PARTS_COUNT + (size_t)styles[style].part; }

static double value_at(const figure *f, int split, size_t style, size_t w) {
  return f->rms->value[cell_of(split, style) * f->width->dim[0] + w];
}

static double error_at(const figure *f, int split, size_t style, size_t w) {
  double e = f->rms->error ? f->rms->error[cell_of(split, style) * f->width->dim[0] + w] : 0;
  return isfinite(e) ? e : 0;
}

static int is_drawn(double v) { return isfinite(v) && v > 0; }

/* Of a part that vanishes, the solved limit has nothing but rounding and sampling noise. */
static int shows_limit(const figure *f, int split, size_t style) {
  return is_drawn(f->limit->value[cell_of(split, style)]) && !(f->predicted->value[cell_of(split, style)] < 0);
}

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
    if (shows_limit(f, split, s)) include(f->limit->value[cell_of(split, s)], lo, hi);
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
    double v = value_at(f, split, s, w), e = error_at(f, split, s, w);
    if (is_drawn(v)) fprintf(out, "%.9g %.9g %.9g %.9g\n", f->width->value[w], v, fmax(v - e, lo), v + e);
  }
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
  if (shows_limit(f, split, s))
    fprintf(out, ", %.9g with lines dt 2 lw 1.6 lc rgb '#%06x' notitle", f->limit->value[cell_of(split, s)], styles[s].colour);
}

static void width_axis(FILE *out, const figure *f) {
  const mdm_array *w = f->width;
  fprintf(out, "set logscale x\nset xrange [%.9g:%.9g]\nset xtics nomirror (", w->value[0] / 1.3, w->value[w->dim[0] - 1] * 1.3);
  size_t stride = (w->dim[0] + 5) / 6;
  for (size_t i = 0; i < w->dim[0]; i += stride) fprintf(out, "%s%.9g", i ? ", " : "", w->value[i]);
  fprintf(out, ")\n");
}

static mdm_box place_of(int split) {
  int column = split % COLUMNS, row = split / COLUMNS;
  double left = column * PANEL_WIDTH + 90, top = TOP + row * PANEL_HEIGHT + 34;
  return (mdm_box){left / WIDTH, (left + PANEL_WIDTH - 104) / WIDTH, 1 - (top + PANEL_HEIGHT - 86) / HEIGHT, 1 - top / HEIGHT};
}

static void draw_panel(FILE *out, const figure *f, const mdm_look *look, int split) {
  double lo, hi;
  if (!value_range(f, split, &lo, &hi)) return;
  for (size_t s = 0; s < STYLES; s++)
    if (has_data(f, split, s)) part_data(out, f, split, s, lo);
  mdm_plot_place(out, place_of(split));
  fprintf(out, "set title '%s' noenhanced offset 0,-0.6\n", mdm_split_symbol((mdm_split)split));
  width_axis(out, f);
  const char *direction = mdm_split_is_backward((mdm_split)split) ? "backward: RMS" : "forward: RMS";
  fprintf(out, "set xlabel '%s' offset 0,0.4\nset ylabel '%s' offset 1,0\n", split / COLUMNS == ROWS - 1 ? "width N" : "", split % COLUMNS ? "" : direction);
  fprintf(out, "set logscale y\nunset mytics\nset yrange [%.9g:%.9g]\n", lo, hi);
  mdm_plot_log_tics(out, 'y', lo, hi);
  fprintf(out, "set ytics nomirror\nplot NaN notitle");
  for (size_t s = STYLES; s-- > 0;)
    if (has_data(f, split, s)) draw_part(out, f, look, split, s);
  fprintf(out, "\n");
}

/* ---- the page ---- */

static int has_limit(const figure *f) {
  for (int split = 0; split < MDM_SPLITS; split++)
    for (size_t s = 0; s < STYLES; s++)
      if (shows_limit(f, split, s)) return 1;
  return 0;
}

static void legend(FILE *out, const figure *f, const mdm_look *look) {
  mdm_plot_place(out, (mdm_box){0.02, 0.98, 1 - (TOP - 4.0) / HEIGHT, 1 - 44.0 / HEIGHT});
  fprintf(out, "unset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\nset key horizontal center center Left reverse samplen 2 width 2\nplot NaN notitle");
  for (size_t s = 0; s < STYLES; s++)
    fprintf(out, ", NaN with points pt %d ps %.2f lc rgb '#%06x' title '%s'", styles[s].shape, look->marker, styles[s].colour,
            mdm_part_name(styles[s].part));
  if (has_limit(f)) fprintf(out, ", NaN with lines dt 2 lw 1.6 lc rgb '#404040' title 'N = ∞ (DMFT)'");
  fprintf(out, "\nunset key\nset border 3 lw 1 lc rgb '#404040'\nset tics nomirror out scale 0.7\nset grid lw 0.6 lc rgb '#e4e4e4' lt 1\n");
}

static void write_script(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  mdm_plot_terminal(out, WIDTH, HEIGHT, look);
  fprintf(out, "set encoding utf8\n");
  mdm_plot_output(out, target);
  fprintf(out, "\nset multiplot\nset bars 0.5\nset label 1 ");
  mdm_plot_quoted(out, f->title);
  fprintf(out, " noenhanced at screen 0.5,%.4f center font ',%d'\n", 1 - 24.0 / HEIGHT, look->large);
  fprintf(out, "set label 2 'bars: ±1 standard error over networks;  dashed: the limit, where the part survives' at screen 0.5,%.4f center font ',%d' tc rgb '#505050'\n",
          18.0 / HEIGHT, look->small);
  legend(out, f, look);
  fprintf(out, "unset label 1\nunset label 2\n");
  for (int split = 0; split < MDM_SPLITS; split++) draw_panel(out, f, look, split);
  fprintf(out, "unset multiplot\nunset output\n");
}

/* ---- all of it ---- */

static int has_shapes(const figure *f) {
  return f->width && f->rms && f->limit && f->width->rank == 1 && f->width->dim[0] > 0 && f->rms->rank == 3 && f->limit->rank == 2 &&
         f->rms->dim[0] == MDM_SPLITS && f->rms->dim[1] == MDM_PARTS_COUNT && f->rms->dim[2] == f->width->dim[0] &&
         f->limit->dim[0] == MDM_SPLITS && f->limit->dim[1] == MDM_PARTS_COUNT && f->predicted && f->predicted->rank == 2 &&
         f->predicted->dim[0] == MDM_SPLITS && f->predicted->dim[1] == MDM_PARTS_COUNT;
}

static int read_figure(const char *path, figure *f, mdm_error *err) {
  static const char *const paths[] = {"width", "step", "rms", "limit", "predicted"};
  mdm_file *file;
  int status = mdm_file_open(path, &file, err);
  if (status) return status;
  status = mdm_file_read_some(file, "/coordcheck", paths, sizeof paths / sizeof *paths, &f->rec, err);
  char title[512];
  mdm_plot_title(file, title, sizeof title);
  mdm_file_discard(file);
  if (status) return status;
  f->width = mdm_record_find(f->rec, "width");
  f->rms = mdm_record_find(f->rec, "rms");
  f->limit = mdm_record_find(f->rec, "limit");
  f->predicted = mdm_record_find(f->rec, "predicted");
  const mdm_array *step = mdm_record_find(f->rec, "step");
  if (!has_shapes(f) || !step || !step->dim[0]) return mdm_fail(err, MDM_ERR_DATA, "%s holds an incomplete coordinate check", path);
  snprintf(f->title, sizeof f->title, "Coordinate check at step %.0f: %s", step->value[0], title);
  return MDM_OK;
}

int mdm_plot_coordcheck(const char *path, const char *picture, mdm_error *err) {
  figure f = {0};
  int status = read_figure(path, &f, err);
  if (!status) status = mdm_plot_draw(write_script, &f, picture, err);
  mdm_record_free(f.rec);
  return status;
}
