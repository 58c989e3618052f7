/* The loss: learning curves of the limit and of networks, train and test, with accuracy where there is one; beside them the deviation
 * against the width N, with its fit. */
#include <math.h>
#include <stdio.h>

#include "file/internal.h"
#include "plot/curves.h"
#include "plot/deviations.h"
#include "plot/pictures.h"

enum {
  CELL_WIDTH = 700, /* pixels of a panel with its labels */
  CELL_HEIGHT = 440,
  HEADER = MDM_CURVES_HEADER, /* title and legend */
  FOOTER = 42                 /* what band and bars mean */
};

enum { TRAIN_LOSS, TEST_LOSS, TRAIN_ACCURACY, TEST_ACCURACY, CURVES };

static const mdm_curve curves[CURVES] = {
    [TRAIN_LOSS] = {"observables/train/loss", NULL, "train loss", 1},
    [TEST_LOSS] = {"observables/test/loss", "observables/test/step", "test loss", 1},
    [TRAIN_ACCURACY] = {"observables/train/accuracy", NULL, "train accuracy", 0},
    [TEST_ACCURACY] = {"observables/test/accuracy", "observables/test/step", "test accuracy", 0},
};

typedef struct {
  mdm_curves curves;
  mdm_record *comparison; /* width, deviation */
  mdm_deviations deviations;
  int has_deviations;
  double exponent, exponent_error, bound, predicted;
  char title[512];
} figure;

/* ---- reading ---- */

static int read_comparison(mdm_file *file, figure *f, mdm_error *err) {
  static const char *const paths[] = {"width", "deviation", "each/train/prediction/exponent_freedom"};
  double v, e;
  f->exponent = f->exponent_error = f->predicted = NAN;
  f->bound = 0;
  int status = mdm_file_read_some(file, "/comparison", paths, 3, &f->comparison, err);
  if (status != MDM_OK) return status;
  const mdm_array *width = mdm_record_find(f->comparison, "width"), *deviation = mdm_record_find(f->comparison, "deviation");
  if (!width || !deviation || width->rank != 1 || deviation->rank != 1 || width->dim[0] != deviation->dim[0]) return MDM_OK;
  const mdm_array *freedom = mdm_record_find(f->comparison, "each/train/prediction/exponent_freedom");
  f->deviations = (mdm_deviations){width, deviation, 1, mdm_plot_reach(freedom && freedom->dim[0] ? freedom->value[0] : NAN)};
  for (size_t w = 0; w < width->dim[0]; w++) f->has_deviations |= mdm_deviation_at(&f->deviations, w, &v, &e);
  mdm_file_get_real(file, "/comparison/fit", "exponent", &f->exponent, NULL);
  mdm_file_get_real(file, "/comparison/fit", "exponent_stderr", &f->exponent_error, NULL);
  mdm_file_get_real(file, "/comparison/fit", "exponent_bound", &f->bound, NULL);
  mdm_file_get_real(file, "/comparison/fit", "predicted", &f->predicted, NULL);
  return MDM_OK;
}

static int read_loss(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  figure *f = figure_;
  (void)field;
  f->curves.curve = curves, f->curves.n_curves = CURVES;
  int status = mdm_curves_read(file, &f->curves, err);
  if (status == MDM_OK) status = read_comparison(file, f, err);
  if (status == MDM_OK) mdm_plot_title(file, f->title, sizeof f->title);
  if (status == MDM_OK && !mdm_curves_has(&f->curves, TRAIN_LOSS)) status = mdm_plot_lacks(file, &mdm_picture_loss.needs, err);
  return status;
}

static void release(void *figure_) {
  figure *f = figure_;
  mdm_curves_release(&f->curves);
  mdm_record_free(f->comparison);
}

/* ---- the deviation ---- */

/* A block for every width, since each has a style of its own. */
static void deviation_data(FILE *out, const figure *f, mdm_range *rx, mdm_range *ry) {
  double v, e;
  for (size_t w = 0; w < f->deviations.width->dim[0]; w++) {
    if (!mdm_deviation_at(&f->deviations, w, &v, &e)) continue;
    mdm_plot_extend(rx, f->deviations.width->value[w]);
    fprintf(out, "$deviation_%zu << EOD\n", w);
    mdm_deviation_row(out, &f->deviations, w, ry);
    fprintf(out, "EOD\n");
  }
  *rx = (mdm_range){rx->lo / 1.4, rx->hi * 1.4, 1};
  *ry = (mdm_range){ry->lo / 1.8, ry->hi * 1.4, 1}; /* room for the legend in the lower left corner */
}

static void width_tics(FILE *out, const mdm_array *width) {
  fprintf(out, "set xtics ");
  if (width->dim[0] > 8)
    fprintf(out, "autofreq");
  else
    mdm_plot_list_tics(out, width->value, width->dim[0], 0);
  fprintf(out, "\n");
}

static void draw_fit(FILE *out, const figure *f) {
  char error[48] = "";
  if (isfinite(f->predicted))
    fprintf(out, ", exp(%.9g) * x**(%.9g) with lines dt 2 lw 1.5 lc rgb '#707070' title 'predicted: N^{-%g}'",
            mdm_deviation_height(&f->deviations, f->predicted), -f->predicted, f->predicted);
  if (!isfinite(f->exponent)) return;
  if (f->bound > 0 || f->bound < 0) { /* no line: its exponent is not known */
    fprintf(out, ", NaN with lines lt nodraw title 'fit: N^{-p}, p %c %.2f'", f->bound > 0 ? '>' : '<', f->exponent);
    return;
  }
  if (isfinite(f->exponent_error)) snprintf(error, sizeof error, " ± %.2f", f->exponent_error);
  fprintf(out, ", exp(%.9g) * x**(%.9g) with lines lw 1.8 lc rgb 'black' title 'fit: N^{-p}, p = %.2f%s'",
          mdm_deviation_height(&f->deviations, f->exponent), -f->exponent, f->exponent, error);
}

/* Index of a width among the sources, whose colour and shape it has in all panels. */
static size_t index_of(const mdm_curves *c, double width) {
  for (size_t s = (size_t)c->has_limit; s < c->n; s++)
    if ((double)c->sources[s].width == width) return s - (size_t)c->has_limit;
  return 0;
}

static void draw_deviation(FILE *out, const mdm_look *look, const figure *f, mdm_box b) {
  const mdm_array *width = f->deviations.width;
  mdm_range rx = {NAN, NAN, 1}, ry = {NAN, NAN, 1};
  double v, e;
  deviation_data(out, f, &rx, &ry);
  mdm_plot_place(out, b);
  mdm_plot_axes(out, "width N", "RMS deviation from the limit", rx, ry);
  width_tics(out, width);
  fprintf(out, "set key default\nset key bottom left Left reverse samplen 2.5\nset samples 200\nplot NaN notitle");
  draw_fit(out, f);
  for (size_t w = 0; w < width->dim[0]; w++) {
    if (!mdm_deviation_at(&f->deviations, w, &v, &e)) continue;
    fprintf(out, ", $deviation_%zu using 1:2:3:4 with yerrorbars ", w);
    mdm_curves_style(out, look, &f->curves, index_of(&f->curves, width->value[w]));
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
static page arrange(const figure *f) {
  const mdm_curves *c = &f->curves;
  page p = {.n = 0};
  for (int i = 0; i < CURVES; i++)
    if (mdm_curves_has(c, i)) p.panels[p.n++] = i;
  int test = mdm_curves_has(c, TEST_LOSS) || mdm_curves_has(c, TEST_ACCURACY);
  int accuracy = mdm_curves_has(c, TRAIN_ACCURACY) || mdm_curves_has(c, TEST_ACCURACY);
  p.rows = 1 + accuracy;
  p.columns = 1 + test + f->has_deviations;
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

/* What band, bars and the number beside the fit mean. */
static void remark_of(const figure *f, char *to, size_t size) {
  const mdm_curves *c = &f->curves;
  const char *band = c->has_limit ? MDM_PLOT_LIMIT_BAND : "";
  const char *bars = mdm_curves_widths(c) ? MDM_PLOT_BARS : "";
  snprintf(to, size, "%s%s%s" MDM_PLOT_FEW "%s", band, *band && *bars ? ";  " : "", bars, f->has_deviations ? " (numbers: ±1)" : "");
}

static void draw(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  char remark[220];
  page p = arrange(f);
  remark_of(f, remark, sizeof remark);
  mdm_plot_begin(out, p.width, p.height, look, target, f->title, remark);
  mdm_curves_legend(out, look, &f->curves, p.height);
  for (int i = 0; i < p.n; i++) {
    int column = p.panels[i] % 2, line = p.panels[i] / 2;
    mdm_curves_draw(out, look, &f->curves, p.panels[i], cell(&p, column, line, line));
  }
  if (f->has_deviations) draw_deviation(out, look, f, cell(&p, p.columns - 1, 0, p.rows - 1));
}

const mdm_picture mdm_picture_loss = {
    .about = {"loss", "learning curves of limit and networks, train and test; the deviation against N", NULL},
    .needs = {"observables", "train loss to draw", NULL},
    .size = sizeof(figure),
    .read = read_loss,
    .draw = draw,
    .release = release,
};
