/* The drawing kit (plot/canvas.h).
 *
 * Widths run from light to dark through the "plasma" colours, which stay apart for colour-blind readers and in grey, and every
 * width has its own point shape. */
#include "plot/canvas.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/fit.h"

static const mdm_look looks[] = {
    {"png", "IEND", 13, 11, 15, 1.0}, {"svg", "</svg>", 14, 12, 17, 0.6}, {"pdf", "%%EOF", 10, 8, 12, 0.8}};

const mdm_look *mdm_plot_look(const char *picture) {
  const char *dot = strrchr(picture, '.');
  for (size_t i = 0; dot && i < sizeof looks / sizeof *looks; i++)
    if (strcasecmp(dot + 1, looks[i].format) == 0) return &looks[i];
  return NULL;
}

/* ---- the page ---- */

static void terminal(FILE *out, int width, int height, const mdm_look *l) {
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

/* gnuplot takes a name that begins with | for a command to run, and with ~ for a home folder. */
static void output(FILE *out, const char *target) {
  fprintf(out, "set output %s", target[0] == '/' ? "" : "'./'.");
  mdm_plot_quoted(out, target);
}

void mdm_plot_begin(FILE *out, int width, int height, const mdm_look *look, const char *target, const char *title, const char *remark) {
  terminal(out, width, height, look);
  fprintf(out, "set encoding utf8\n");
  output(out, target);
  fprintf(out, "\nset multiplot\nset bars 0.5\nset label 1 ");
  mdm_plot_quoted(out, title);
  fprintf(out, " noenhanced at screen 0.5,%.4f center font ',%d'\nset label 2 ", 1 - 24.0 / height, look->large);
  mdm_plot_quoted(out, remark);
  fprintf(out, " noenhanced at screen 0.5,%.4f center font ',%d' tc rgb '#505050'\n", 18.0 / height, look->small);
}

void mdm_plot_titled(FILE *out) { fprintf(out, "unset label 1\nunset label 2\n"); }

void mdm_plot_place(FILE *out, mdm_box b) {
  fprintf(out, "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset bmargin at screen %.4f\n", b.left, b.right,
          b.bottom);
  fprintf(out, "set tmargin at screen %.4f\n", b.top);
}

void mdm_plot_frame(FILE *out) {
  fprintf(out, "set border 3 lw 1 lc rgb '#404040'\nset tics nomirror out scale 0.7\n");
  fprintf(out, "set grid lw 0.6 lc rgb '#e4e4e4' lt 1\n");
}

void mdm_plot_open_legend(FILE *out, mdm_box b, int spread) {
  mdm_plot_place(out, b);
  fprintf(out,
          "unset border\nunset tics\nunset xlabel\nunset ylabel\nunset grid\nset xrange [0:1]\nset yrange [0:1]\n");
  fprintf(out, "set key horizontal center center Left reverse samplen 2 width %d\nplot NaN notitle", spread);
}

void mdm_plot_close_legend(FILE *out) {
  fprintf(out, "\nunset key\n");
  mdm_plot_frame(out);
  mdm_plot_titled(out);
}

/* ---- axes ---- */

void mdm_plot_extend(mdm_range *r, double v) {
  if (!isfinite(v)) return;
  if (!(r->lo <= v)) r->lo = v;
  if (!(r->hi >= v)) r->hi = v;
}

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

void mdm_plot_axes(FILE *out, const char *x, const char *y, mdm_range rx, mdm_range ry) {
  fprintf(out, "unset logscale\nset format '%%g'\nset tics nomirror\nset xtics autofreq\nset ytics autofreq\n");
  fprintf(out, "set xlabel '%s' offset 0,0.2\nset ylabel '%s' offset -0.5,0\n", x, y);
  if (!rx.log && rx.hi < 10) fprintf(out, "set xtics 1\n"); /* steps are whole numbers */
  if (rx.log) fprintf(out, "set logscale x\n");
  if (ry.log) fprintf(out, "set logscale y\n");
  if (ry.log) mdm_plot_log_tics(out, 'y', ry.lo, ry.hi);
  fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", rx.lo, rx.hi, ry.lo, ry.hi);
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

void mdm_plot_list_tics(FILE *out, const double *value, size_t n, size_t most) {
  size_t stride = most ? (n + most - 1) / most : 1;
  fprintf(out, "(");
  for (size_t i = 0; i < n; i += stride) fprintf(out, "%s%.9g", i ? ", " : "", value[i]);
  fprintf(out, ")");
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

unsigned mdm_plot_width_colour(size_t k, size_t n) {
  return mdm_plot_colour(n < 2 ? 0.45 : 0.78 * (1 - (double)k / (double)(n - 1)));
}

int mdm_plot_shape(size_t k) {
  static const int filled_then_open[] = {7, 5, 9, 13, 11, 15, 6, 4, 8, 12, 10, 14};
  return filled_then_open[k % (sizeof filled_then_open / sizeof *filled_then_open)];
}

/* Wider networks are drawn later and smaller: where markers coincide, the lower one shows. */
void mdm_plot_width_style(FILE *out, const mdm_look *look, size_t k, size_t n) {
  double size = n < 2 ? 1.1 : 1.35 - 0.4 * (double)k / (double)(n - 1);
  fprintf(out, "pt %d ps %.2f lw 1.3 lc rgb '#%06x'", mdm_plot_shape(k), size * look->marker, mdm_plot_width_colour(k, n));
}

double mdm_plot_reach(double freedom) {
  if (isnan(freedom)) return MDM_PLOT_BAND;
  return freedom < MDM_FEWEST_RUNS - 1 ? 0 : mdm_student(MDM_PLOT_BAND, freedom);
}
