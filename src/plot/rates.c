/* Rates: deviations of several observables against the width N with their fits, and the fitted exponents beside the predicted
 * ones. Deviations are in units of the observable's RMS in the limit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "file/internal.h"
#include "plot/deviations.h"
#include "plot/pictures.h"

enum { MOST = 8, WIDTH = 1420, TOP = 64, BOTTOM = 42, HEIGHT = 660 };

typedef struct {
  char name[96];
  mdm_deviations deviations; /* in units of the RMS in the limit */
  const mdm_array *exponent, *predicted;
} row;

typedef struct {
  mdm_record *rec; /* the group /comparison */
  const mdm_array *width;
  row rows[MOST];
  int n, left_out; /* drawn; that match, too */
  char title[700];
} figure;

/* Colours that stay apart for colour-blind readers (Okabe, Ito) and shapes that stay apart in grey. */
static const unsigned colours[MOST] = {0x000000, 0xd55e00, 0x0072b2, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x7f7f7f};
static const int shapes[MOST] = {7, 5, 9, 13, 11, 15, 6, 4}, dashes[MOST] = {1, 2, 3, 4, 5, 1, 2, 3};

/* ---- choice ---- */

static const mdm_array *part_of(const figure *f, const char *name, const char *what) {
  char path[200];
  snprintf(path, sizeof path, "each/%s/%s", name, what);
  const mdm_array *a = mdm_record_find(f->rec, path);
  return a && a->rank == 1 && a->dim[0] ? a : NULL;
}

static int is_drawable(const mdm_deviations *d) {
  double v, e;
  for (size_t w = 0; w < d->width->dim[0]; w++)
    if (mdm_deviation_at(d, w, &v, &e)) return 1;
  return 0;
}

/* Adds an observable that has something to draw. */
static void add_row(figure *f, const char *name) {
  const mdm_array *deviation = part_of(f, name, "deviation"), *scale = part_of(f, name, "scale"), *exponent = part_of(f, name, "exponent");
  if (!deviation || !scale || !exponent || deviation->dim[0] != f->width->dim[0] || !(scale->value[0] > 0)) return;
  const mdm_array *freedom = part_of(f, name, "exponent_freedom");
  double reach = mdm_plot_reach(freedom ? freedom->value[0] : NAN);
  row r = {.deviations = {f->width, deviation, scale->value[0], reach}, .exponent = exponent, .predicted = part_of(f, name, "predicted")};
  snprintf(r.name, sizeof r.name, "%s", name);
  if (!is_drawable(&r.deviations) || !isfinite(exponent->value[0]) || (exponent->error && !(exponent->error[0] <= 1))) return;
  if (f->n < MOST)
    f->rows[f->n++] = r;
  else
    f->left_out++;
}

/* Observables of the usual choice, or all whose path contains field. */
static void choose(figure *f, const char *field) {
  static const char *const usual[] = {"train/prediction", "test/prediction", "train/loss", "kernels/Q/forward", "kernels/w_out/forward",
                                      "kernels/W1/backward", "rms/psi", "router/entropy"};
  static const char end[] = "/deviation";
  for (size_t i = 0; !field && i < sizeof usual / sizeof *usual; i++) add_row(f, usual[i]);
  for (size_t i = 0; field && i < mdm_record_count(f->rec); i++) {
    const char *path = mdm_record_at(f->rec, i)->path;
    size_t length = strlen(path);
    char name[96];
    if (strncmp(path, "each/", 5) || length < 5 + sizeof end || strcmp(path + length - (sizeof end - 1), end)) continue;
    snprintf(name, sizeof name, "%.*s", (int)(length - 5 - (sizeof end - 1)), path + 5);
    if (strstr(name, field)) add_row(f, name);
  }
}

/* ---- deviations against N ---- */

/* Of all rows; returns the range of values with some room. */
static mdm_range row_data(FILE *out, const figure *f) {
  mdm_range r = {NAN, NAN, 1};
  for (int i = 0; i < f->n; i++) {
    fprintf(out, "$rate_%d << EOD\n", i);
    for (size_t w = 0; w < f->width->dim[0]; w++) mdm_deviation_row(out, &f->rows[i].deviations, w, &r);
    fprintf(out, "EOD\n");
  }
  return (mdm_range){r.lo / 1.6, r.hi * 1.6, 1};
}

static void deviation_axes(FILE *out, const figure *f, mdm_range r) {
  size_t n = f->width->dim[0];
  fprintf(out, "set logscale xy\nset format '%%g'\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset xtics nomirror ", f->width->value[0] / 1.3,
          f->width->value[n - 1] * 1.3, r.lo, r.hi);
  mdm_plot_list_tics(out, f->width->value, n, 8);
  fprintf(out, "\nset ytics nomirror\nset samples 200\n");
  mdm_plot_log_tics(out, 'y', r.lo, r.hi);
  fprintf(out, "set xlabel 'width N' offset 0,0.2\nset ylabel 'deviation from the limit / RMS in the limit' offset -0.5,0\n");
}

/* Slopes to compare with, through the middle of the panel. */
static void draw_guides(FILE *out, const figure *f, mdm_range r) {
  double first = f->width->value[0], last = f->width->value[f->width->dim[0] - 1];
  double guide = exp(0.5 * (log(r.lo) + log(r.hi))) * sqrt(first * last);
  fprintf(out, "%.9g / x with lines lw 5 lc rgb '#d8d8d8' title 'slope N^{-1}'", guide);
  fprintf(out, ", %.9g / sqrt(x) with lines dt 3 lw 3 lc rgb '#c0c0c0' title 'slope N^{-1/2}'", guide / pow(first * last, 0.25));
}

static void draw_deviations(FILE *out, const figure *f, const mdm_look *look) {
  mdm_range r = row_data(out, f);
  mdm_plot_place(out, (mdm_box){110.0 / WIDTH, 650.0 / WIDTH, (BOTTOM + 66.0) / HEIGHT, 1 - (TOP + 14.0) / HEIGHT});
  deviation_axes(out, f, r);
  fprintf(out, "set key bottom left Left reverse samplen 3\nplot ");
  draw_guides(out, f, r);
  for (int i = 0; i < f->n; i++) {
    double p = f->rows[i].exponent->value[0];
    fprintf(out, ", exp(%.9g) * x**(%.9g) with lines lw 1.6 dt %d lc rgb '#%06x' notitle", mdm_deviation_height(&f->rows[i].deviations, p), -p,
            dashes[i], colours[i]);
    fprintf(out, ", $rate_%d using 1:2:3:4 with yerrorbars pt %d ps %.2f lw 1.3 lc rgb '#%06x' notitle", i, shapes[i],
            1.2 * look->marker, colours[i]);
  }
  fprintf(out, "\nunset key\n");
}

/* ---- exponents ---- */

/* From the first row, on top, to the last. */
static double place_of(const figure *f, int i) { return f->n - i; }

static void exponent_range(const figure *f, double *lo, double *hi) {
  *lo = 0.4, *hi = 1.2;
  for (int i = 0; i < f->n; i++) {
    double p = f->rows[i].exponent->value[0], e = f->rows[i].exponent->error ? f->rows[i].deviations.reach * f->rows[i].exponent->error[0] : 0;
    *lo = fmin(*lo, p - fmin(e, 1)), *hi = fmax(*hi, p + fmin(e, 1));
  }
  *lo -= 0.05, *hi += 0.05;
}

/* A grey box from the smallest to the largest prediction of each row. */
static void predicted_boxes(FILE *out, const figure *f) {
  for (int i = 0; i < f->n; i++) {
    const mdm_array *a = f->rows[i].predicted;
    if (!a || a->dim[0] < 2 || !isfinite(a->value[0])) continue;
    fprintf(out, "set object %d rectangle from first %.9g, first %.9g to first %.9g, first %.9g fs solid 1 noborder fc rgb '#d8d8d8' behind\n", i + 1,
            a->value[0] - 0.012, place_of(f, i) - 0.32, a->value[1] + 0.012, place_of(f, i) + 0.32);
  }
}

/* "NAME  0.98 ± 0.03" beside every row. */
static void row_labels(FILE *out, const figure *f) {
  for (int i = 0; i < f->n; i++) {
    char label[160];
    const row *r = &f->rows[i];
    double e = r->exponent->error ? r->exponent->error[0] : NAN;
    snprintf(label, sizeof label, isfinite(e) ? "%s  %.2f ± %.2f" : "%s  %.2f", r->name, r->exponent->value[0], e);
    fprintf(out, "%s", i ? ", " : "");
    mdm_plot_quoted(out, label);
    fprintf(out, " %g", place_of(f, i));
  }
}

static void exponent_data(FILE *out, const figure *f) {
  for (int i = 0; i < f->n; i++) {
    const mdm_array *p = f->rows[i].exponent;
    double e = p->error && isfinite(p->error[0]) ? f->rows[i].deviations.reach * p->error[0] : 0;
    fprintf(out, "$exponent_%d << EOD\n%.9g %g %.9g\nEOD\n", i, p->value[0], place_of(f, i), e);
  }
}

static void draw_exponents(FILE *out, const figure *f, const mdm_look *look) {
  double lo, hi;
  exponent_range(f, &lo, &hi);
  mdm_plot_place(out, (mdm_box){1030.0 / WIDTH, (WIDTH - 30.0) / WIDTH, (BOTTOM + 66.0) / HEIGHT, 1 - (TOP + 14.0) / HEIGHT});
  fprintf(out, "unset logscale\nset format '%%g'\nset xrange [%.4g:%.4g]\nset yrange [0.4:%g]\n", lo, hi, f->n + 0.6);
  fprintf(out, "set xtics nomirror autofreq\nset ytics nomirror scale 0 (");
  row_labels(out, f);
  fprintf(out, ") noenhanced font ',%d'\nset xlabel 'exponent p of deviation ∝ N^{-p}' offset 0,0.2\nunset ylabel\n", look->small);
  predicted_boxes(out, f);
  exponent_data(out, f);
  fprintf(out, "plot NaN notitle");
  for (int i = 0; i < f->n; i++)
    fprintf(out, ", $exponent_%d using 1:2:3 with xerrorbars pt %d ps %.2f lw 1.6 lc rgb '#%06x' notitle", i, shapes[i],
            1.4 * look->marker, colours[i]);
  fprintf(out, "\n");
}

/* ---- the page ---- */

static void draw(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  char remark[200], more[64] = "";
  if (f->left_out) snprintf(more, sizeof more, ";  %d more match --field", f->left_out);
  snprintf(remark, sizeof remark, "bars: ±2 standard errors" MDM_PLOT_FEW " (numbers: ±1);  lines: fits;  grey boxes: predicted exponents%s", more);
  mdm_plot_begin(out, WIDTH, HEIGHT, look, target, f->title, remark);
  mdm_plot_frame(out);
  draw_deviations(out, f, look);
  mdm_plot_titled(out);
  draw_exponents(out, f, look);
}

/* ---- reading ---- */

/* Of a figure without rows. */
static int nothing(const mdm_file *file, const char *field, mdm_error *err) {
  if (field)
    return mdm_fail(err, MDM_ERR_DATA, "%s: no observable whose path contains '%s' has a resolved rate; moedmft info lists them", file->path, field);
  return mdm_fail(err, MDM_ERR_DATA, "%s: no deviation stands out of the noise; run again with more simulate.seeds or smaller simulate.widths",
                  file->path);
}

static int read_rates(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  figure *f = figure_;
  char title[512];
  int status = mdm_file_read_record(file, "/comparison", 0, &f->rec, err);
  if (status) return status;
  f->width = mdm_record_find(f->rec, "width");
  if (!f->width || f->width->rank != 1 || f->width->dim[0] < 2)
    return mdm_fail(err, MDM_ERR_DATA, "%s: rates need two widths or more; run again with more simulate.widths", file->path);
  choose(f, field);
  if (!f->n) return nothing(file, field, err);
  mdm_plot_title(file, title, sizeof title);
  snprintf(f->title, sizeof f->title, "Deviation from the limit: %s", title);
  return MDM_OK;
}

static void release(void *figure_) { mdm_record_free(((figure *)figure_)->rec); }

const mdm_picture mdm_picture_rates = {
    .about = {"rates", "deviations of observables from the limit against N, with fits, and their exponents",
              "observables whose path contains it (default: eight of them)"},
    .needs = {"/comparison", "comparison of networks with the limit", "moedmft compare makes one (solve.replicas of at least 2)"},
    .size = sizeof(figure),
    .read = read_rates,
    .draw = draw,
    .release = release,
};
