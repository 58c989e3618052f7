/* Pictures of a file's learning curves (file.h), drawn by gnuplot.
 *
 * The limit is a black line with a band of ±2 standard errors; networks of each width are points with bars of ±1
 * standard error. Widths run from light to dark through the "plasma" colours, which stay apart for colour-blind readers
 * and in grey, and every width has its own point shape. Inside, from top to bottom: reading the curves, axis ranges,
 * data blocks, panels, the page, and the conversation with gnuplot. The script goes through a socket, never through a
 * shell; MSG_NOSIGNAL keeps a gnuplot that dies early from raising SIGPIPE in the caller. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file/internal.h"
#include "plot/internal.h"

extern char **environ;

enum {
  LINE_POINTS = 5000, /* most points sent for a line */
  MARKER_POINTS = 25, /* most markers along a curve, about */
  FEWEST_MARKERS = 8, /* fewest, where many widths share a panel */
  ALL_MARKERS = 40,   /* markers of all widths in a panel between these bounds */
  CELL_WIDTH = 700,   /* pixels of a panel with its labels */
  CELL_HEIGHT = 440,
  HEADER = 96, /* title and legend */
  FOOTER = 42  /* what band and bars mean */
};

typedef mdm_source source;
typedef mdm_curve curve;

static const curve curves[] = {
    {"observables/train/loss", NULL, "train loss", 1},
    {"observables/test/loss", "observables/test/step", "test loss", 1},
    {"observables/train/accuracy", NULL, "train accuracy", 0},
    {"observables/test/accuracy", "observables/test/step", "test accuracy", 0},
};
enum { CURVES = sizeof curves / sizeof *curves };

static const mdm_look looks[] = {
    {"png", "IEND", 13, 11, 15, 1.0}, {"svg", "</svg>", 14, 12, 17, 0.6}, {"pdf", "%%EOF", 10, 8, 12, 0.8}};

typedef mdm_figure figure;

/* Learning curves and the deviation beside them. */
typedef struct {
  figure curves;
  mdm_record *comparison; /* width, deviation */
  int has_comparison;
  double exponent, exponent_error, predicted;
} learning;

/* ---- reading ---- */

/* Adds a path that is not yet there: several curves may share their steps. */
static size_t add_path(const char **paths, size_t n, const char *path) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(paths[i], path)) return n;
  paths[n] = path;
  return n + 1;
}

static int read_source(mdm_file *file, const figure *fig, long width, source *s, mdm_error *err) {
  enum { MOST = 16 };
  const char *paths[MOST];
  char group[64] = "/";
  size_t n = 0;
  for (int i = 0; i < fig->curves && n + 1 < MOST; i++) {
    n = add_path(paths, n, fig->curve[i].path);
    if (fig->curve[i].step) n = add_path(paths, n, fig->curve[i].step);
  }
  if (width) snprintf(group, sizeof group, "/width_%ld", width);
  s->width = width;
  return mdm_file_read_some(file, group, paths, n, &s->rec, err);
}

int mdm_plot_widest(mdm_file *file, long *width, mdm_error *err) {
  long *widths;
  size_t n;
  int status = mdm_file_widths(file, &widths, &n, err);
  *width = !status && n ? widths[n - 1] : 0;
  if (!status) free(widths);
  return status;
}

int mdm_plot_read(mdm_file *file, figure *fig, mdm_error *err) {
  long *widths;
  size_t n;
  int status = mdm_file_widths(file, &widths, &n, err);
  if (status != MDM_OK) return status;
  fig->has_limit = mdm_file_has_group(file, "/observables");
  fig->sources = calloc(n + 1, sizeof *fig->sources);
  if (!fig->sources) status = mdm_fail(err, MDM_ERR_MEMORY, "out of memory for the curves of %s", file->path);
  if (status == MDM_OK && fig->has_limit) status = read_source(file, fig, 0, &fig->sources[fig->n++], err);
  for (size_t i = 0; status == MDM_OK && i < n; i++)
    status = read_source(file, fig, widths[i], &fig->sources[fig->n++], err);
  free(widths);
  return status;
}

static int read_comparison(mdm_file *file, learning *fig, mdm_error *err) {
  static const char *const paths[] = {"width", "deviation"};
  fig->exponent = fig->exponent_error = fig->predicted = NAN;
  int status = mdm_file_read_some(file, "/comparison", paths, 2, &fig->comparison, err);
  if (status != MDM_OK) return status;
  const mdm_array *w = mdm_record_find(fig->comparison, "width"), *d = mdm_record_find(fig->comparison, "deviation");
  if (!w || !d || w->rank != 1 || d->rank != 1 || w->dim[0] != d->dim[0]) return MDM_OK;
  for (size_t i = 0; i < d->dim[0]; i++)
    if (w->value[i] > 0 && d->value[i] > 0 && isfinite(d->value[i])) fig->has_comparison = 1;
  mdm_file_get_real(file, "/comparison/fit", "exponent", &fig->exponent, NULL);
  mdm_file_get_real(file, "/comparison/fit", "exponent_stderr", &fig->exponent_error, NULL);
  mdm_file_get_real(file, "/comparison/fit", "predicted", &fig->predicted, NULL);
  return MDM_OK;
}

void mdm_plot_release(figure *fig) {
  for (size_t i = 0; i < fig->n; i++) mdm_record_free(fig->sources[i].rec);
  free(fig->sources);
}

/* ---- title ---- */

static void option(mdm_file *file, const char *key, char *buf, size_t size) {
  char name[128];
  snprintf(name, sizeof name, "config:%s", key);
  if (mdm_file_get_text(file, "/", name, buf, size, NULL) != MDM_OK) snprintf(buf, size, "?");
}

static void uppercase(char *s) {
  for (; *s; s++) *s = (char)toupper((unsigned char)*s);
}

/* "cosine", or the file, without its folder where that is long. */
static void data_name(mdm_file *file, char *buf, size_t size) {
  char path[4096];
  option(file, "data.source", buf, size);
  option(file, "data.file", path, sizeof path);
  const char *slash = strrchr(path, '/'), *base = slash && strlen(path) > 60 ? slash + 1 : path;
  if (base[0] && strcmp(base, "?") != 0) snprintf(buf, size, "%.*s", (int)size - 1, base);
  for (char *c = buf; *c; c++)
    if (iscntrl((unsigned char)*c)) *c = ' ';
}

void mdm_plot_title(mdm_file *file, char *title, size_t size) {
  char regime[32], scaling[32], optimizer[32], fraction[32], routing[80], data[160];
  option(file, "model.regime", regime, sizeof regime);
  option(file, "model.parameterization", scaling, sizeof scaling);
  option(file, "train.optimizer", optimizer, sizeof optimizer);
  option(file, "model.active_fraction", fraction, sizeof fraction);
  data_name(file, data, sizeof data);
  uppercase(optimizer);
  if (strcmp(scaling, "mup") == 0)
    snprintf(scaling, sizeof scaling, "μP");
  else
    uppercase(scaling);
  if (strtod(fraction, NULL) < 1 && fraction[0] != '?')
    snprintf(routing, sizeof routing, "top-K routing (K/M = %s)", fraction);
  else
    snprintf(routing, sizeof routing, "soft routing");
  snprintf(title, size, "Regime %s, %s, %s, %s, data: %s", regime, scaling, optimizer, routing, data);
}

/* ---- axis ranges ---- */

static const mdm_array *array_of(const source *s, const curve *c) {
  const mdm_array *a = mdm_record_find(s->rec, c->path);
  return a && a->rank == 1 && a->dim[0] > 0 ? a : NULL;
}

static double x_of(const source *s, const curve *c, size_t i) {
  const mdm_array *step = c->step ? mdm_record_find(s->rec, c->step) : NULL;
  return step && step->rank == 1 && i < step->dim[0] ? step->value[i] : (double)i;
}

void mdm_plot_extend(mdm_range *r, double v) {
  if (!isfinite(v)) return;
  if (!(r->lo <= v)) r->lo = v;
  if (!(r->hi >= v)) r->hi = v;
}

/* With upper ends of error bars; lower ends could hide that all values are positive, and are cut at the axis instead.
 */
static mdm_range value_range(const figure *fig, const curve *c) {
  mdm_range r = {NAN, NAN, 0};
  for (size_t s = 0; s < fig->n; s++) {
    const mdm_array *a = array_of(&fig->sources[s], c);
    for (size_t i = 0; a && i < a->dim[0]; i++) {
      mdm_plot_extend(&r, a->value[i]);
      if (a->error) mdm_plot_extend(&r, a->value[i] + a->error[i]);
      if (a->error && !c->may_log) mdm_plot_extend(&r, a->value[i] - a->error[i]);
    }
  }
  return r;
}

static double x_end(const figure *fig, const curve *c) {
  double end = 0;
  for (size_t s = 0; s < fig->n; s++) {
    const mdm_array *a = array_of(&fig->sources[s], c);
    if (a) end = fmax(end, x_of(&fig->sources[s], c, a->dim[0] - 1));
  }
  return end;
}

static int drawable(const figure *fig, const curve *c) { return isfinite(value_range(fig, c).lo); }

/* Room around the values; a quantity that is never negative and comes near zero gets an axis from zero. */
mdm_range mdm_plot_axis_range(mdm_range r, int may_log) {
  r.log = may_log && r.lo > 0 && r.hi > 10 * r.lo;
  if (r.log) {
    double pad = pow(r.hi / r.lo, 0.05);
    return (mdm_range){r.lo / pad, r.hi * pad, 1};
  }
  double span = r.hi - r.lo, pad = span > 0 ? 0.05 * span : r.hi != 0 ? 0.1 * fabs(r.hi) : 1;
  mdm_range axis = {r.lo - pad, r.hi + pad, 0};
  if (r.lo >= 0 && r.lo < 0.3 * r.hi) axis.lo = 0;
  return axis;
}

/* Labels at 1, 2, 5 × 10^k where powers of ten alone would be too few. */
void mdm_plot_log_tics(FILE *out, char axis, double lo, double hi) {
  double decades = log10(hi / lo);
  if (decades > 3) {
    fprintf(out, "set %ctics format '10^{%%L}' autofreq\n", axis);
    return;
  }
  static const double all[] = {1, 2, 5}, few[] = {1, 3}, dense[] = {1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9};
  const double *m = decades > 2 ? few : decades > 0.7 ? all : dense;
  int n = decades > 2 ? 2 : decades > 0.7 ? 3 : 10, first = 1;
  fprintf(out, "set %ctics format '%%g' (", axis);
  for (int k = (int)floor(log10(lo)); k <= (int)ceil(log10(hi)); k++)
    for (int i = 0; i < n; i++) {
      double tic = m[i] * pow(10, k);
      if (tic >= lo && tic <= hi) fprintf(out, "%s%.9g", first ? "" : ", ", tic), first = 0;
    }
  fprintf(out, ")\n");
}

/* ---- styles of widths ---- */

/* Linear between five colours of the map. */
unsigned mdm_plot_colour(double t) {
  static const unsigned char map[][3] = {
      {0x0d, 0x08, 0x87}, {0x7e, 0x03, 0xa8}, {0xcc, 0x47, 0x78}, {0xf8, 0x95, 0x40}, {0xf0, 0xf9, 0x21}};
  int i = t >= 1 ? 3 : (int)(4 * t);
  double f = 4 * t - i;
  unsigned rgb = 0;
  for (int c = 0; c < 3; c++) rgb = rgb << 8 | (unsigned)lround((1 - f) * map[i][c] + f * map[i + 1][c]);
  return rgb;
}

/* k of n widths, the narrowest lightest. */
unsigned mdm_plot_width_colour(size_t k, size_t n) {
  return mdm_plot_colour(n < 2 ? 0.45 : 0.78 * (1 - (double)k / (double)(n - 1)));
}

int mdm_plot_shape(size_t k) {
  static const int filled_then_open[] = {7, 5, 9, 13, 11, 15, 6, 4, 8, 12, 10, 14};
  return filled_then_open[k % (sizeof filled_then_open / sizeof *filled_then_open)];
}

static size_t widths_in(const figure *fig) { return fig->n - (size_t)fig->has_limit; }

/* "pt … lc …" of width k. Wider networks are drawn later and smaller: where markers coincide, the lower one shows. */
void mdm_plot_width_style(FILE *out, const mdm_look *look, size_t k, size_t n) {
  double size = n < 2 ? 1.1 : 1.35 - 0.4 * (double)k / (double)(n - 1);
  fprintf(out, "pt %d ps %.2f lw 1.3 lc rgb '#%06x'", mdm_plot_shape(k), size * look->marker, mdm_plot_width_colour(k, n));
}

static void width_style(FILE *out, const figure *fig, size_t k) { mdm_plot_width_style(out, fig->look, k, widths_in(fig)); }

/* ---- data blocks ---- */

/* Lower end of a band or bar; on a log axis it must stay positive, and below the axis it does not show. */
static double lower(double v, double error, mdm_range axis) {
  double lo = v - error;
  return axis.log && lo < axis.lo ? axis.lo : lo;
}

/* x, value, lower, upper; a gap where the value is not finite. */
static void row(FILE *out, const source *s, const curve *c, size_t i, double errors, mdm_range axis) {
  const mdm_array *a = array_of(s, c);
  double v = a->value[i], e = a->error && isfinite(a->error[i]) ? errors * a->error[i] : 0;
  if (isfinite(v))
    fprintf(out, "%.9g %.9g %.9g %.9g\n", x_of(s, c, i), v, lower(v, e, axis), v + e);
  else
    fprintf(out, "\n");
}

/* The curve as a line: every stride-th point and the last. */
static void line_data(FILE *out, const source *s, const curve *c, const char *name, mdm_range axis) {
  size_t n = array_of(s, c)->dim[0], stride = (n + LINE_POINTS - 1) / LINE_POINTS;
  fprintf(out, "$%s << EOD\n", name);
  for (size_t i = 0; i < n - 1; i += stride) row(out, s, c, i, 2, axis);
  row(out, s, c, n - 1, 2, axis);
  fprintf(out, "EOD\n");
}

static size_t marker_stride(size_t n, size_t widths) {
  size_t least = (n + MARKER_POINTS - 1) / MARKER_POINTS, most = (n + FEWEST_MARKERS - 1) / FEWEST_MARKERS;
  size_t stride = (n * widths + ALL_MARKERS - 1) / ALL_MARKERS;
  return stride < least ? least : stride > most ? most : stride;
}

/* Markers of width k, shifted from width to width so that they do not hide one another. */
static void marker_data(FILE *out, const figure *fig, size_t k, const curve *c, const char *name, mdm_range axis) {
  const source *s = &fig->sources[k + (size_t)fig->has_limit];
  size_t n = array_of(s, c)->dim[0], stride = marker_stride(n, widths_in(fig));
  fprintf(out, "$%s << EOD\n", name);
  for (size_t i = stride * k / widths_in(fig); i < n; i += stride)
    if (isfinite(array_of(s, c)->value[i])) row(out, s, c, i, 1, axis);
  fprintf(out, "EOD\n");
}

static void curve_data(FILE *out, const figure *fig, int panel, mdm_range axis) {
  const curve *c = &fig->curve[panel];
  char name[64];
  for (size_t s = 0; s < fig->n; s++) {
    if (!array_of(&fig->sources[s], c)) continue;
    snprintf(name, sizeof name, "line_%d_%zu", panel, s);
    line_data(out, &fig->sources[s], c, name, axis);
    if (fig->sources[s].width == 0) continue;
    snprintf(name, sizeof name, "marks_%d_%zu", panel, s);
    marker_data(out, fig, s - (size_t)fig->has_limit, c, name, axis);
  }
}

/* ---- panels ---- */

void mdm_plot_place(FILE *out, mdm_box b) {
  fprintf(out, "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset bmargin at screen %.4f\n", b.left, b.right,
          b.bottom);
  fprintf(out, "set tmargin at screen %.4f\n", b.top);
}

static void axes(FILE *out, const char *x, const char *y, mdm_range rx, mdm_range ry) {
  fprintf(out, "unset logscale\nset format '%%g'\nset tics nomirror\nset xtics autofreq\nset ytics autofreq\n");
  fprintf(out, "set xlabel '%s' offset 0,0.2\nset ylabel '%s' offset -0.5,0\n", x, y);
  if (!rx.log && rx.hi < 10) fprintf(out, "set xtics 1\n"); /* steps are whole numbers */
  if (rx.log) fprintf(out, "set logscale x\n");
  if (ry.log) fprintf(out, "set logscale y\n");
  if (ry.log) mdm_plot_log_tics(out, 'y', ry.lo, ry.hi);
  fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", rx.lo, rx.hi, ry.lo, ry.hi);
}

/* One width: bars and markers; without a limit to guide the eye, a thin line as well. */
static void draw_width(FILE *out, const figure *fig, int panel, size_t s) {
  size_t k = s - (size_t)fig->has_limit;
  if (!fig->has_limit)
    fprintf(out, ", $line_%d_%zu using 1:2 with lines lw 1 lc rgb '#a0%06x' notitle", panel, s,
            mdm_plot_width_colour(k, widths_in(fig)));
  fprintf(out, ", $marks_%d_%zu using 1:2:3:4 with yerrorbars ", panel, s);
  width_style(out, fig, k);
  fprintf(out, " notitle");
}

int mdm_plot_has_curve(const figure *fig, int panel) { return drawable(fig, &fig->curve[panel]); }

void mdm_plot_curve(FILE *out, const figure *fig, int panel, mdm_box b) {
  const curve *c = &fig->curve[panel];
  mdm_range ry = mdm_plot_axis_range(value_range(fig, c), c->may_log);
  double end = fmax(x_end(fig, c), 1);
  mdm_range rx = {-0.02 * end, 1.02 * end, 0};
  curve_data(out, fig, panel, ry);
  mdm_plot_place(out, b);
  axes(out, "training step", c->title, rx, ry);
  int limit = fig->has_limit && array_of(&fig->sources[0], c) != NULL;
  fprintf(out, "plot NaN notitle");
  if (limit)
    fprintf(out, ", $line_%d_0 using 1:3:4 with filledcurves fs solid 1 noborder lc rgb '#d0d0d0' notitle", panel);
  if (limit) {
    const char *style =
        array_of(&fig->sources[0], c)->dim[0] > 1 ? "lines" : "points pt 2"; /* one point makes no line */
    fprintf(out, ", $line_%d_0 using 1:2 with %s lw 2 lc rgb 'black' notitle", panel, style);
  }
  for (size_t s = (size_t)fig->has_limit; s < fig->n; s++)
    if (array_of(&fig->sources[s], c)) draw_width(out, fig, panel, s);
  fprintf(out, "\n");
}

/* ln a of the line a N^-p through the deviations, weighted by their relative errors. */
static double line_height(const learning *fig, double p) {
  const mdm_array *w = mdm_record_find(fig->comparison, "width"), *d = mdm_record_find(fig->comparison, "deviation");
  double sum = 0, weights = 0;
  for (size_t i = 0; i < w->dim[0]; i++) {
    double v = d->value[i], e = d->error ? d->error[i] : NAN;
    if (!(w->value[i] > 0 && v > 0 && isfinite(v))) continue;
    double weight = e > 0 && isfinite(e) ? (v / e) * (v / e) : 1;
    sum += weight * (log(v) + p * log(w->value[i]));
    weights += weight;
  }
  return sum / weights;
}

static void deviation_data(FILE *out, const learning *fig, mdm_range *rx, mdm_range *ry) {
  const mdm_array *w = mdm_record_find(fig->comparison, "width"), *d = mdm_record_find(fig->comparison, "deviation");
  for (size_t i = 0; i < w->dim[0]; i++) {
    double v = d->value[i], e = d->error && isfinite(d->error[i]) ? d->error[i] : 0;
    if (!(w->value[i] > 0 && v > 0 && isfinite(v))) continue;
    double lo = fmax(v - e, v / 10);
    mdm_plot_extend(rx, w->value[i]);
    mdm_plot_extend(ry, lo);
    mdm_plot_extend(ry, v + e);
    fprintf(out, "$deviation_%zu << EOD\n%.9g %.9g %.9g %.9g\nEOD\n", i, w->value[i], v, lo, v + e);
  }
  *rx = (mdm_range){rx->lo / 1.4, rx->hi * 1.4, 1};
  *ry = (mdm_range){ry->lo / 1.8, ry->hi * 1.4, 1}; /* room for the legend in the lower left corner */
}

static void width_tics(FILE *out, const mdm_array *w) {
  if (w->dim[0] > 8) {
    fprintf(out, "set xtics autofreq\n");
    return;
  }
  fprintf(out, "set xtics (");
  for (size_t i = 0; i < w->dim[0]; i++) fprintf(out, "%s%.9g", i ? ", " : "", w->value[i]);
  fprintf(out, ")\n");
}

static void draw_fit(FILE *out, const learning *fig) {
  char error[48] = "";
  if (isfinite(fig->predicted))
    fprintf(out, ", exp(%.9g) * x**(%.9g) with lines dt 2 lw 1.5 lc rgb '#707070' title 'predicted: N^{-%g}'",
            line_height(fig, fig->predicted), -fig->predicted, fig->predicted);
  if (!isfinite(fig->exponent)) return;
  if (isfinite(fig->exponent_error)) snprintf(error, sizeof error, " ± %.2f", fig->exponent_error);
  fprintf(out, ", exp(%.9g) * x**(%.9g) with lines lw 1.8 lc rgb 'black' title 'fit: N^{-p}, p = %.2f%s'",
          line_height(fig, fig->exponent), -fig->exponent, fig->exponent, error);
}

static size_t style_of(const figure *fig, double width) {
  for (size_t s = (size_t)fig->has_limit; s < fig->n; s++)
    if ((double)fig->sources[s].width == width) return s - (size_t)fig->has_limit;
  return 0;
}

static void draw_deviation(FILE *out, const learning *fig, mdm_box b) {
  const mdm_array *w = mdm_record_find(fig->comparison, "width"), *d = mdm_record_find(fig->comparison, "deviation");
  mdm_range rx = {NAN, NAN, 1}, ry = {NAN, NAN, 1};
  deviation_data(out, fig, &rx, &ry);
  mdm_plot_place(out, b);
  axes(out, "width N", "RMS deviation from the limit", rx, ry);
  width_tics(out, w);
  fprintf(out, "set key default\nset key bottom left Left reverse samplen 2.5\nset samples 200\nplot NaN notitle");
  draw_fit(out, fig);
  for (size_t i = 0; i < w->dim[0]; i++) {
    if (!(w->value[i] > 0 && d->value[i] > 0 && isfinite(d->value[i]))) continue;
    fprintf(out, ", $deviation_%zu using 1:2:3:4 with yerrorbars ", i);
    width_style(out, &fig->curves, style_of(&fig->curves, w->value[i]));
    fprintf(out, " notitle");
  }
  fprintf(out, "\nunset key\n");
}

/* ---- the page ---- */

typedef struct {
  int columns, rows, panels[CURVES], n; /* panels: indices into curves */
  int width, height;                    /* pixels */
} page;

/* Losses in the first row, accuracies below, the deviation in a column of its own. */
static page arrange(const learning *fig) {
  const figure *c = &fig->curves;
  page p = {.n = 0};
  for (int i = 0; i < CURVES; i++)
    if (drawable(c, &curves[i])) p.panels[p.n++] = i;
  int test = drawable(c, &curves[1]) || drawable(c, &curves[3]);
  int accuracy = drawable(c, &curves[2]) || drawable(c, &curves[3]);
  p.rows = 1 + accuracy;
  p.columns = 1 + test + fig->has_comparison;
  p.width = p.columns == 1 ? 1000 : p.columns * CELL_WIDTH + 20;
  p.height = HEADER + FOOTER + (p.rows == 1 ? CELL_HEIGHT + 130 : p.rows * CELL_HEIGHT);
  return p;
}

/* Axes of the cell in the given column, from row first to row last (0 is the top). */
static mdm_box cell(const page *p, int column, int first, int last) {
  double w = (double)p->width / p->columns, h = (double)(p->height - HEADER - FOOTER) / p->rows;
  double top = p->height - HEADER - first * h, bottom = p->height - HEADER - (last + 1) * h;
  return (mdm_box){(column * w + 118) / p->width, ((column + 1) * w - 30) / p->width, (bottom + 68) / p->height,
               (top - 14) / p->height};
}

void mdm_plot_terminal(FILE *out, int width, int height, const mdm_look *l) {
  if (strcmp(l->format, "pdf") == 0)
    fprintf(out, "set terminal pdfcairo enhanced fontscale 1 size %.2fin,%.2fin", width / 100.0, height / 100.0);
  else
    fprintf(out, "set terminal %s enhanced size %d,%d background 'white'",
            strcmp(l->format, "png") == 0 ? "pngcairo" : "svg", width, height);
  fprintf(out, " font 'sans,%d' linewidth 1.4\n", l->font);
}

/* In gnuplot's single quotes only the quote itself is special. */
void mdm_plot_quoted(FILE *out, const char *s) {
  fputc('\'', out);
  for (; *s; s++) fprintf(out, *s == '\'' ? "''" : "%c", *s);
  fputc('\'', out);
}

/* A plot without axes across the page, so that the legend of all panels can never cover data. */
void mdm_plot_legend(FILE *out, const figure *fig, int height) {
  mdm_plot_place(out, (mdm_box){0.02, 0.98, 1 - (HEADER - 4.0) / height, 1 - 40.0 / height});
  fprintf(out,
          "unset border\nunset tics\nunset xlabel\nunset ylabel\nunset grid\nset xrange [0:1]\nset yrange [0:1]\n");
  fprintf(out, "set key horizontal center center Left reverse samplen 2 width 1\nplot NaN notitle");
  if (fig->has_limit) fprintf(out, ", NaN with lines lw 2 lc rgb 'black' title 'N = ∞ (DMFT)'");
  for (size_t s = (size_t)fig->has_limit; s < fig->n; s++) {
    fprintf(out, ", NaN with points ");
    width_style(out, fig, s - (size_t)fig->has_limit);
    fprintf(out, " title 'N = %ld'", fig->sources[s].width);
  }
  fprintf(out, "\nunset key\nset border 3 lw 1 lc rgb '#404040'\nset tics nomirror out scale 0.7\n");
  fprintf(out, "set grid lw 0.6 lc rgb '#e4e4e4' lt 1\n");
}

/* What band and bars mean. */
static void remark_of(const figure *fig, char *to, size_t size) {
  const char *band = fig->has_limit ? "band: ±2 standard errors of the limit" : "";
  const char *bars = widths_in(fig) ? "bars: ±1 standard error of the mean over networks" : "";
  snprintf(to, size, "%s%s%s", band, *band && *bars ? ";  " : "", bars);
}

void mdm_plot_begin(FILE *out, int width, int height, const mdm_look *look, const char *target, const char *title, const char *remark) {
  mdm_plot_terminal(out, width, height, look);
  fprintf(out, "set encoding utf8\n");
  mdm_plot_output(out, target);
  fprintf(out, "\nset multiplot\nset bars 0.5\nset label 1 ");
  mdm_plot_quoted(out, title);
  fprintf(out, " noenhanced at screen 0.5,%.4f center font ',%d'\nset label 2 ", 1 - 24.0 / height, look->large);
  mdm_plot_quoted(out, remark);
  fprintf(out, " noenhanced at screen 0.5,%.4f center font ',%d' tc rgb '#505050'\n", 18.0 / height, look->small);
}

/* gnuplot takes a name that begins with | for a command to run, and with ~ for a home folder. */
void mdm_plot_output(FILE *out, const char *picture) {
  fprintf(out, "set output %s", picture[0] == '/' ? "" : "'./'.");
  mdm_plot_quoted(out, picture);
}

static void write_script(FILE *out, const void *figure_, const mdm_look *look, const char *picture) {
  const learning *fig = figure_;
  char remark[160];
  page p = arrange(fig);
  remark_of(&fig->curves, remark, sizeof remark);
  mdm_plot_begin(out, p.width, p.height, look, picture, fig->curves.title, remark);
  mdm_plot_legend(out, &fig->curves, p.height);
  fprintf(out, "unset label 1\nunset label 2\n");
  for (int i = 0; i < p.n; i++) {
    int column = p.panels[i] % 2, line = p.panels[i] / 2;
    mdm_plot_curve(out, &fig->curves, p.panels[i], cell(&p, column, line, line));
  }
  if (fig->has_comparison) draw_deviation(out, fig, cell(&p, p.columns - 1, 0, p.rows - 1));
  fprintf(out, "unset multiplot\nunset output\n");
}

/* ---- gnuplot ---- */

/* posix_spawnp in a process group of its own: Ctrl-C would make gnuplot drop the panel at hand and draw the others. */
static int spawn(pid_t *pid, const posix_spawn_file_actions_t *actions) {
  static char *const argv[] = {"gnuplot", "--default-settings", "-", NULL};
  posix_spawnattr_t attributes;
  int failed = posix_spawnattr_init(&attributes);
  if (failed) return failed;
  failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  if (!failed) failed = posix_spawnattr_setpgroup(&attributes, 0);
  if (!failed) failed = posix_spawnp(pid, argv[0], actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  return failed;
}

/* Starts gnuplot with all three standard streams on one socket; *fd is our end. */
static int start(pid_t *pid, int *fd, mdm_error *err) {
  posix_spawn_file_actions_t actions;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return mdm_fail(err, MDM_ERR_IO, "cannot talk to gnuplot: %s", strerror(errno));
  int failed = posix_spawn_file_actions_init(&actions);
  if (!failed) {
    for (int i = 0; i < 3 && !failed; i++) failed = posix_spawn_file_actions_adddup2(&actions, pair[1], i);
    if (!failed) failed = spawn(pid, &actions);
    posix_spawn_file_actions_destroy(&actions);
  }
  close(pair[1]);
  *fd = pair[0];
  if (!failed) return MDM_OK;
  close(pair[0]);
  if (failed == ENOENT)
    return mdm_fail(err, MDM_ERR_IO,
                    "cannot draw: the program gnuplot is not installed (Debian, Ubuntu: apt install gnuplot-nox; "
                    "Fedora, Homebrew, conda-forge: gnuplot)");
  return mdm_fail(err, MDM_ERR_IO, "cannot start gnuplot: %s", strerror(failed));
}

/* Sends what fits of the script; returns how much is left, and closes our direction at the end or when nobody reads. */
static size_t send_some(int fd, const char *script, size_t left) {
  ssize_t n = send(fd, script, left, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) left -= (size_t)n;
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) left = 0;
  if (left == 0) shutdown(fd, SHUT_WR);
  return left;
}

/* Sends the script and keeps the first size − 1 bytes of what gnuplot says, until it closes its end. */
static void converse(int fd, const char *script, size_t length, char *reply, size_t size) {
  size_t left = length, said = 0;
  char waste[1024];
  for (;;) {
    struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (left ? POLLOUT : 0))};
    if (poll(&p, 1, -1) < 0 && errno != EINTR) break;
    if (left && (p.revents & (POLLOUT | POLLERR))) left = send_some(fd, script + length - left, left);
    if (!(p.revents & (POLLIN | POLLHUP | POLLERR))) continue;
    int full = said + 1 >= size;
    ssize_t n = recv(fd, full ? waste : reply + said, full ? sizeof waste : size - 1 - said, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) break;
    if (n > 0 && !full) said += (size_t)n;
  }
  reply[said] = '\0';
}

/* One line: runs of white space become one blank. */
static void flatten(char *s) {
  char *to = s;
  for (const char *from = s; *from; from++) {
    char c = isspace((unsigned char)*from) ? ' ' : *from;
    if (c != ' ' || (to > s && to[-1] != ' ')) *to++ = c;
  }
  if (to > s && to[-1] == ' ') to--;
  *to = '\0';
}

static int run_gnuplot(const char *script, size_t length, const char *picture, mdm_error *err) {
  pid_t pid;
  int fd = -1, exit_status = 0;
  char reply[1024];
  int status = start(&pid, &fd, err);
  if (status != MDM_OK) return status;
  converse(fd, script, length, reply, sizeof reply);
  close(fd);
  while (waitpid(pid, &exit_status, 0) < 0 && errno == EINTR) {}
  flatten(reply);
  if (WIFSIGNALED(exit_status))
    return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot was ended by signal %d", picture, WTERMSIG(exit_status));
  if (exit_status != 0)
    return mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot says: %s", picture, *reply ? reply : "(nothing)");
  return MDM_OK;
}

/* ---- all of it ---- */

/* NULL when the ending is none of the known ones. */
const mdm_look *mdm_plot_look(const char *picture) {
  const char *dot = strrchr(picture, '.');
  for (size_t i = 0; dot && i < sizeof looks / sizeof *looks; i++)
    if (strcasecmp(dot + 1, looks[i].format) == 0) return &looks[i];
  return NULL;
}

static int check_picture(const char *picture, mdm_error *err) {
  if (!mdm_plot_look(picture))
    return mdm_fail(err, MDM_ERR_USAGE, "cannot draw %s: the name must end in .png, .svg or .pdf", picture);
  for (const char *c = picture; *c; c++)
    if (iscntrl((unsigned char)*c))
      return mdm_fail(err, MDM_ERR_USAGE, "cannot draw: the name of the picture contains a control character");
  return MDM_OK;
}

static int read_figure(const char *path, learning *fig, mdm_error *err) {
  mdm_file *file;
  int status = mdm_file_open(path, &file, err);
  if (status != MDM_OK) return status;
  status = mdm_plot_read(file, &fig->curves, err);
  if (status == MDM_OK) status = read_comparison(file, fig, err);
  if (status == MDM_OK) mdm_plot_title(file, fig->curves.title, sizeof fig->curves.title);
  mdm_file_discard(file);
  if (status == MDM_OK && !drawable(&fig->curves, &curves[0]))
    status = mdm_fail(err, MDM_ERR_DATA, "%s holds no train loss to draw", path);
  return status;
}

/* gnuplot does not mind a full disk; whether the last bytes hold the format's end shows it. */
static int is_complete(const char *picture, const char *end) {
  char tail[64];
  size_t length = strlen(end), n = 0;
  FILE *f = fopen(picture, "rb");
  if (f && (!fseek(f, -(long)sizeof tail, SEEK_END) || !fseek(f, 0, SEEK_SET))) n = fread(tail, 1, sizeof tail, f);
  if (f) fclose(f);
  for (size_t i = 0; i + length <= n; i++)
    if (!memcmp(tail + i, end, length)) return 1;
  return 0;
}

static int draw(mdm_plot_writer *write, const void *figure_, const mdm_look *look, const char *temp, const char *picture, mdm_error *err) {
  char *script = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&script, &length);
  if (!out) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory to draw %s", picture);
  write(out, figure_, look, temp);
  int status = fclose(out) == 0 ? MDM_OK : mdm_fail(err, MDM_ERR_MEMORY, "out of memory to draw %s", picture);
  if (status == MDM_OK) status = run_gnuplot(script, length, picture, err);
  free(script);
  struct stat s;
  if (status == MDM_OK && (stat(temp, &s) != 0 || s.st_size == 0))
    status = mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot wrote nothing; is the disk full?", picture);
  if (status == MDM_OK && !is_complete(temp, look->end))
    status = mdm_fail(err, MDM_ERR_IO, "cannot draw %s: gnuplot wrote half a picture; is the disk full?", picture);
  return status;
}

int mdm_plot_draw(mdm_plot_writer *write, const void *figure_, const char *picture, mdm_error *err) {
  char *temp = NULL;
  int fd = -1, status = mdm_temp_open(picture, &temp, &fd, err);
  if (status != MDM_OK) return status;
  status = draw(write, figure_, mdm_plot_look(picture), temp, picture, err);
  if (status == MDM_OK) {
    status = mdm_temp_commit(fd, temp, picture, err);
  } else {
    close(fd);
    unlink(temp);
  }
  free(temp);
  return status;
}

static int plot_loss(const char *path, const char *picture, const char *field, mdm_error *err) {
  learning fig = {.curves = {.look = mdm_plot_look(picture), .curve = curves, .curves = CURVES}};
  if (field) return mdm_fail(err, MDM_ERR_USAGE, "--what loss takes no --field");
  int status = read_figure(path, &fig, err);
  if (status == MDM_OK) status = mdm_plot_draw(write_script, &fig, picture, err);
  mdm_plot_release(&fig.curves);
  mdm_record_free(fig.comparison);
  return status;
}

static int plot_parts(const char *path, const char *picture, const char *field, mdm_error *err) {
  mdm_file *file;
  if (field) return mdm_fail(err, MDM_ERR_USAGE, "--what parts takes no --field");
  int status = mdm_file_open(path, &file, err);
  if (status != MDM_OK) return status;
  int parts = mdm_file_has_group(file, "/coordcheck");
  mdm_file_discard(file);
  if (!parts) return mdm_fail(err, MDM_ERR_DATA, "%s holds no coordinate check; moedmft coordcheck makes one", path);
  return mdm_plot_coordcheck(path, picture, err);
}

static int plot_sweep(const char *path, const char *picture, const char *field, mdm_error *err) {
  mdm_file *file;
  if (field) return mdm_fail(err, MDM_ERR_USAGE, "--what sweep takes no --field");
  int status = mdm_file_open(path, &file, err);
  if (status != MDM_OK) return status;
  int sweep = mdm_file_has_group(file, "/sweep");
  mdm_file_discard(file);
  if (!sweep) return mdm_fail(err, MDM_ERR_DATA, "%s holds no sweep; moedmft sweep makes one", path);
  return mdm_plot_sweep(path, picture, err);
}

static const struct {
  const char *name;
  int (*draw)(const char *path, const char *picture, const char *field, mdm_error *err);
} pictures[] = {{"loss", plot_loss}, {"kernels", mdm_plot_kernels}, {"spectra", mdm_plot_spectra}, {"rates", mdm_plot_rates},
                {"router", mdm_plot_router}, {"ntk", mdm_plot_ntk}, {"parts", plot_parts}, {"sweep", plot_sweep}};

/* Parts of a coordinate check, a sweep, or the loss. */
static int usual_picture(const char *path, const char **what, mdm_error *err) {
  mdm_file *file;
  int status = mdm_file_open(path, &file, err);
  if (status != MDM_OK) return status;
  *what = mdm_file_has_group(file, "/coordcheck") ? "parts" : mdm_file_has_group(file, "/sweep") ? "sweep" : "loss";
  mdm_file_discard(file);
  return MDM_OK;
}

int mdm_plot_what(const char *path, const char *picture, const char *what, const char *field, mdm_error *err) {
  int status = check_picture(picture, err);
  if (status == MDM_OK && !what) status = usual_picture(path, &what, err);
  if (status != MDM_OK) return status;
  for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
    if (!strcmp(what, pictures[i].name)) return pictures[i].draw(path, picture, field, err);
  return mdm_fail(err, MDM_ERR_USAGE, "--what %s: allowed are loss, kernels, spectra, rates, router, ntk, parts and sweep", what);
}

int mdm_plot(const char *path, const char *picture, mdm_error *err) { return mdm_plot_what(path, picture, NULL, NULL, err); }
