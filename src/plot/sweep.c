/* The picture of a sweep: for every setting of the other axes a panel with the loss against the values of one axis, a
 * curve for each width, and below it the best value against N where there is room. The limit is black and dashed with a
 * band of ±2 standard errors, networks have bars of as many; open circles mark the best values. Losses above that of step 0, infinite ones among them, lie outside the panels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file/internal.h"
#include "base/number.h"
#include "plot/pictures.h"
#include "study/sweep_internal.h"

enum {
  MOST_PANELS = 12,
  COLUMNS = 3,      /* at most */
  CELL_WIDTH = 620, /* pixels of a panel with its labels */
  CELL_HEIGHT = 470,
  LOW_HEIGHT = 300, /* of a panel of best values */
  HEADER = 96,
  FOOTER = 42
};

typedef struct {
  mdm_sweep *s;
  const mdm_look *look; /* set when it is drawn */
  size_t panels;
  int columns, rows, low; /* low: panels of best values below */
  int width, height;      /* pixels */
} page;

static const mdm_axis *axis_of(const page *p) { return &p->s->grid.axis[p->s->along]; }
static size_t networks(const page *p) { return p->s->widths - (size_t)p->s->with_limit; }

static const double *result(const page *p, const char *name) {
  char path[96];
  snprintf(path, sizeof path, "results/%s", name);
  const mdm_array *a = mdm_record_find(p->s->results, path);
  return a ? a->value : NULL;
}

/* ---- ranges ---- */

static double loss_at(const page *p, size_t slice, size_t i, size_t w, double *error) {
  size_t cell = mdm_sweep_point(p->s, slice, i) * p->s->widths + w;
  const mdm_series *m = &p->s->mean[p->s->measure];
  *error = isfinite(m->error[cell]) ? mdm_plot_reach(p->s->runs[w] - 1) * m->error[cell] : 0;
  return m->value[cell];
}

/* Loss at step 0, a little above which the axis ends. */
static double first_loss(const page *p, size_t slice) {
  double most = NAN;
  for (size_t i = 0; i < axis_of(p)->n; i++)
    for (size_t w = 0; w < p->s->widths; w++) {
      double v = p->s->loss.value[(mdm_sweep_point(p->s, slice, i) * p->s->widths + w) * p->s->steps];
      if (isfinite(v) && !(most >= v)) most = v;
    }
  return most;
}

typedef struct {
  double x, lo, hi, loss;
  int shown, bound; /* bound: at an end of the grid */
} best;

static best best_of(const page *p, size_t slice, size_t w) {
  size_t at = slice * p->s->widths + w;
  double x = result(p, "optimum")[at], e = MDM_PLOT_BAND * result(p, "optimum_stderr")[at] / x; /* of ln x; it holds Student's t */
  int kind = (int)mdm_real_whole(result(p, "optimum_kind")[at]);
  if (!isfinite(e)) e = 0;
  return (best){x,
                x * exp(-e),
                x * exp(e),
                result(p, "optimum_loss")[at],
                kind != MDM_BEST_NONE && isfinite(x),
                kind == MDM_BEST_LOWER || kind == MDM_BEST_UPPER};
}

/* Losses of all panels, for one range: panels are compared with each other. */
static mdm_range loss_range(const page *p) {
  mdm_range r = {NAN, NAN, 0};
  double e;
  for (size_t j = 0; j < p->panels; j++)
    for (size_t i = 0; i < axis_of(p)->n; i++)
      for (size_t w = 0; w < p->s->widths; w++) {
        double v = loss_at(p, j, i, w, &e);
        if (v <= 1.1 * first_loss(p, j)) mdm_plot_extend(&r, v);
        if (!i) mdm_plot_extend(&r, best_of(p, j, w).loss);
      }
  if (isnan(r.lo)) return (mdm_range){0.1, 1, 1};
  return mdm_plot_axis_range(r, 1);
}

static mdm_range value_range(const page *p) {
  const mdm_axis *a = axis_of(p);
  double pad = pow(a->value[a->n - 1] / a->value[0], 0.04);
  return (mdm_range){a->value[0] / pad, a->value[a->n - 1] * pad, 1};
}

/* ---- panels ---- */

/* Axes of the cell in a column and row; row p->rows is that of the best values. */
static mdm_box cell(const page *p, int column, int row) {
  double w = (double)p->width / p->columns, top = p->height - HEADER - row * CELL_HEIGHT;
  double bottom = top - (row < p->rows ? CELL_HEIGHT : LOW_HEIGHT);
  return (mdm_box){(column * w + 96) / p->width, ((column + 1) * w - 24) / p->width, (bottom + 66) / p->height,
               (top - 40) / p->height};
}

static void axes(FILE *out, const char *title, const char *x, const char *y, mdm_range rx, mdm_range ry) {
  fprintf(
      out,
      "unset logscale\nset format '%%g'\nset tics nomirror\nset xtics autofreq\nset ytics autofreq\nset logscale x\n");
  if (ry.log) fprintf(out, "set logscale y\n");
  mdm_plot_log_tics(out, 'x', rx.lo, rx.hi);
  if (ry.log) mdm_plot_log_tics(out, 'y', ry.lo, ry.hi);
  fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset title ", rx.lo, rx.hi, ry.lo, ry.hi);
  mdm_plot_quoted(out, title);
  fprintf(out, " noenhanced offset 0,-0.5\nset xlabel ");
  mdm_plot_quoted(out, x);
  fprintf(out, " noenhanced offset 0,0.2\nset ylabel ");
  mdm_plot_quoted(out, y);
  fprintf(out, " noenhanced offset -0.5,0\n");
}

static double positive(double v, mdm_range axis) { return axis.log && v < axis.lo ? axis.lo : v; }

/* value, loss, lower and upper end of its bar; a gap where the loss is not finite. */
static void curve_data(FILE *out, const page *p, size_t slice, size_t w, mdm_range ry) {
  fprintf(out, "$curve_%zu_%zu << EOD\n", slice, w);
  for (size_t i = 0; i < axis_of(p)->n; i++) {
    double e, v = loss_at(p, slice, i, w, &e);
    if (isfinite(v))
      fprintf(out, "%.9g %.9g %.9g %.9g\n", axis_of(p)->value[i], v, positive(v - e, ry), v + e);
    else if (!isnan(v))
      fprintf(out, "\n");
  }
  fprintf(out, "EOD\n");
}

/* N, best value and its ends, loss there. The limit's row comes twice, for a band from end to end of the axis rx. */
static void best_data(FILE *out, const page *p, size_t slice, size_t w, mdm_range rx) {
  best b = best_of(p, slice, w);
  if (!b.shown) return;
  fprintf(out, "$best_%zu_%zu << EOD\n", slice, w);
  for (int i = 0; i < (w < networks(p) ? 1 : 2); i++)
    fprintf(out, "%.9g %.9g %.9g %.9g %.9g\n",
            w < networks(p) ? p->s->width[w]
            : i             ? rx.hi
                            : rx.lo,
            b.x, b.lo, b.hi, b.loss);
  fprintf(out, "EOD\n");
}

static mdm_range width_range(const page *p) {
  return (mdm_range){p->s->width[0] / 1.4, p->s->width[networks(p) ? networks(p) - 1 : 0] * 1.4, 1};
}

/* Best values of all panels. */
static mdm_range best_range(const page *p) {
  mdm_range r = {NAN, NAN, 1};
  for (size_t j = 0; j < p->panels; j++)
    for (size_t w = 0; w < p->s->widths; w++) {
      best b = best_of(p, j, w);
      if (!b.shown) continue;
      mdm_plot_extend(&r, b.lo);
      mdm_plot_extend(&r, b.hi);
    }
  if (isnan(r.lo)) return (mdm_range){0.1, 1, 1};
  return (mdm_range){r.lo / 1.3, r.hi * 1.3, 1};
}

static void network_style(FILE *out, const page *p, size_t w) {
  fprintf(out, "pt %d ps %.2f lw 1.3 lc rgb '#%06x'", mdm_plot_shape(w), 1.1 * p->look->marker,
          mdm_plot_width_colour(w, networks(p)));
}

/* One panel's widths but the limit. */
static void draw_networks(FILE *out, const page *p, size_t slice) {
  for (size_t w = 0; w < networks(p); w++) {
    fprintf(out, ", $curve_%zu_%zu using 1:2 with lines lw 1.2 lc rgb '#%06x' notitle", slice, w,
            mdm_plot_width_colour(w, networks(p)));
    fprintf(out, ", $curve_%zu_%zu using 1:2:3:4 with yerrorbars ", slice, w);
    network_style(out, p, w);
    fprintf(out, " notitle");
  }
}

static void draw_marks(FILE *out, const page *p, size_t slice) {
  for (size_t w = 0; w < p->s->widths; w++) {
    best b = best_of(p, slice, w);
    if (b.shown)
      fprintf(out, ", $best_%zu_%zu every ::0::0 using 2:5 with points pt %d ps %.2f lw 2 lc rgb '#%06x' notitle",
              slice, w, b.bound ? 4 : 6, 2.4 * p->look->marker, w < networks(p) ? mdm_plot_width_colour(w, networks(p)) : 0u);
  }
}

static void draw_losses(FILE *out, const page *p, size_t slice, mdm_range rx, mdm_range ry, mdm_box b) {
  char name[400];
  size_t W = p->s->widths;
  mdm_sweep_slice_name(p->s, slice, -1, name, sizeof name);
  for (size_t w = 0; w < W; w++) {
    curve_data(out, p, slice, w, ry);
    best_data(out, p, slice, w, width_range(p));
  }
  mdm_plot_place(out, b);
  axes(out, name, axis_of(p)->option->key, mdm_measure_title(p->s->measure), rx, ry);
  fprintf(out, "plot NaN notitle");
  if (p->s->with_limit)
    fprintf(out, ", $curve_%zu_%zu using 1:3:4 with filledcurves fs solid 1 noborder lc rgb '#d8d8d8' notitle", slice,
            W - 1);
  draw_networks(out, p, slice);
  if (p->s->with_limit)
    fprintf(out, ", $curve_%zu_%zu using 1:2 with linespoints pt 2 ps 0.7 dt 2 lw 2 lc rgb 'black' notitle", slice,
            W - 1);
  draw_marks(out, p, slice);
  fprintf(out, "\n");
}

/* Best value against N, that of the limit as a line. The data are those of the panel above. */
static void draw_best(FILE *out, const page *p, size_t slice, mdm_range values, mdm_box b) {
  size_t W = p->s->widths, n = networks(p);
  mdm_plot_place(out, b);
  axes(out, "", "width N", "best value", width_range(p), values);
  fprintf(out, "set xtics ");
  mdm_plot_list_tics(out, p->s->width, n, 0);
  fprintf(out, "\nplot NaN notitle");
  if (p->s->with_limit && best_of(p, slice, W - 1).shown) {
    fprintf(out, ", $best_%zu_%zu using 1:3:4 with filledcurves fs solid 1 noborder lc rgb '#d8d8d8' notitle", slice,
            W - 1);
    fprintf(out, ", $best_%zu_%zu using 1:2 with lines dt 2 lw 2 lc rgb 'black' notitle", slice, W - 1);
  }
  for (size_t w = 0; w < n; w++) {
    best one = best_of(p, slice, w);
    if (!one.shown) continue;
    fprintf(out, ", $best_%zu_%zu using 1:2:3:4 with yerrorbars ", slice, w);
    if (one.bound)
      fprintf(out, "pt 4 ps %.2f lw 1.3 lc rgb '#%06x'", 1.8 * p->look->marker, mdm_plot_width_colour(w, n));
    else
      network_style(out, p, w);
    fprintf(out, " notitle");
  }
  fprintf(out, "\n");
}

/* ---- page ---- */

static void arrange(page *p) {
  size_t slices = mdm_sweep_slices(p->s);
  p->panels = slices < MOST_PANELS ? slices : MOST_PANELS;
  p->columns = p->panels < COLUMNS ? (int)p->panels : COLUMNS;
  p->rows = ((int)p->panels + p->columns - 1) / p->columns;
  p->low = p->rows == 1 && networks(p) > 1;
  p->width = p->columns == 1 ? 900 : p->columns * CELL_WIDTH + 20;
  p->height = HEADER + FOOTER + p->rows * CELL_HEIGHT + (p->low ? LOW_HEIGHT : 0);
}

/* The page, with its title and remark. */
static void begin(FILE *out, const page *p, const mdm_look *look, const char *picture) {
  char text[400], remark[300];
  snprintf(text, sizeof text, "Regime %s, data: %s, train.steps = %ld", mdm_config_text(p->s->cfg, "model.regime"),
           *mdm_config_text(p->s->cfg, "data.file") ? mdm_config_text(p->s->cfg, "data.file")
                                                    : mdm_config_text(p->s->cfg, "data.source"),
           mdm_config_int(p->s->cfg, "train.steps"));
  for (char *c = text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = ' ';
  const char *bands = p->s->with_limit ? ";  " MDM_PLOT_LIMIT_BAND : "";
  const char *rest = mdm_sweep_slices(p->s) > p->panels ? ";  not all settings are shown" : "";
  snprintf(remark, sizeof remark, MDM_PLOT_BARS "%s" MDM_PLOT_FEW ";  circles: best value (squares: at an end of the grid, a bound)%s", bands, rest);
  mdm_plot_begin(out, p->width, p->height, look, picture, text, remark);
}

static void legend(FILE *out, const page *p) {
  mdm_plot_open_legend(out, (mdm_box){0.02, 0.98, 1 - (HEADER - 4.0) / p->height, 1 - 40.0 / p->height}, 1);
  if (p->s->with_limit)
    fprintf(out, ", NaN with linespoints pt 2 ps 0.7 dt 2 lw 2 lc rgb 'black' title 'N = ∞ (DMFT)'");
  for (size_t w = 0; w < networks(p); w++) {
    fprintf(out, ", NaN with linespoints ");
    network_style(out, p, w);
    fprintf(out, " title 'N = %.0f'", p->s->width[w]);
  }
  mdm_plot_close_legend(out);
}

static void draw(FILE *out, const void *figure, const mdm_look *look, const char *target) {
  page p = *(const page *)figure;
  p.look = look;
  mdm_range rx = value_range(&p), ry = loss_range(&p);
  begin(out, &p, look, target);
  legend(out, &p);
  for (size_t j = 0; j < p.panels; j++) draw_losses(out, &p, j, rx, ry, cell(&p, (int)j % p.columns, (int)j / p.columns));
  for (size_t j = 0; j < p.panels && p.low; j++) draw_best(out, &p, j, best_range(&p), cell(&p, (int)j, p.rows));
}

static int read_sweep(mdm_file *file, const char *field, void *figure, mdm_error *err) {
  page *p = figure;
  size_t ready = 0;
  (void)field;
  int status = mdm_sweep_from_file(file, &p->s, err);
  if (status) return status;
  mdm_sweep_cells(p->s, &ready);
  if (p->s->along < 0)
    return mdm_fail(err, MDM_ERR_DATA,
                    "%s: no axis of this sweep holds positive numbers to draw the loss against; moedmft info shows it as a table", file->path);
  if (!ready) return mdm_fail(err, MDM_ERR_DATA, "%s holds no loss yet", file->path);
  arrange(p);
  return MDM_OK;
}

static void release(void *figure) { mdm_sweep_free(((page *)figure)->s); }

const mdm_picture mdm_picture_sweep = {
    .about = {"sweep", "loss of a sweep against the values of an option, and the best value against N", NULL},
    .needs = {"/sweep", "sweep", "moedmft sweep makes one"},
    .usual = 1,
    .size = sizeof(page),
    .read = read_sweep,
    .draw = draw,
    .release = release,
};
