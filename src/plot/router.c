/* Picture of the router: histogram of the logits at the last time, and load and entropy over steps; the limit beside networks. */
#include <math.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>

#include "plot/curves.h"
#include "plot/pictures.h"

/* The first is read for the histogram, the last for its time. */
static const mdm_curve curves[] = {
    {"statistics/psi/histogram", "statistics/psi/edge", "", 0},
    {"observables/router/load_std", NULL, "load: std / mean over experts", 0},
    {"observables/router/load_kl", NULL, "load: KL divergence from uniform", 0},
    {"observables/router/entropy", NULL, "entropy of the gate − log M", 0},
    {"statistics/time", NULL, "", 0}, /* read only */
};
enum { CURVES = sizeof curves / sizeof *curves, STEPPED = 3 };

typedef struct {
  mdm_curves curves;
  size_t time; /* index of the histogram */
  double step, lo, hi; /* range of logits that is drawn */
  char title[700];
} figure;

/* ---- histogram ---- */

static const mdm_array *histogram_of(const mdm_source *s) {
  const mdm_array *h = mdm_record_find(s->rec, curves[0].path), *edge = mdm_record_find(s->rec, curves[0].step);
  return h && edge && h->rank == 2 && edge->rank == 1 && edge->dim[0] + 1 == h->dim[1] && edge->dim[0] > 1 ? h : NULL;
}

static const double *edges_of(const mdm_source *s) { return mdm_record_find(s->rec, curves[0].step)->value; }

/* Density in bin k of its bins inside the edges. */
static double density(const mdm_source *s, size_t time, size_t k) {
  const mdm_array *h = histogram_of(s);
  const double *edge = edges_of(s);
  return h->value[time * h->dim[1] + k + 1] / (edge[k + 1] - edge[k]);
}

/* Index of the last time that every source has reached; SIZE_MAX when there is none. */
static size_t last_time(const mdm_curves *c) {
  size_t last = SIZE_MAX;
  for (size_t s = 0; s < c->n; s++) {
    const mdm_array *h = histogram_of(&c->sources[s]);
    if (!h) continue;
    size_t t = h->dim[0];
    while (t > 0 && !isfinite(h->value[(t - 1) * h->dim[1]])) t--;
    if (t && t - 1 < last) last = t - 1;
  }
  return last;
}

/* Time and range of the histogram: what holds all but little of every distribution. Returns 0 when there is nothing. */
static int find_range(figure *f) {
  const double LITTLE = 2e-4;
  int found = 0;
  f->time = last_time(&f->curves), f->lo = INFINITY, f->hi = -INFINITY;
  if (f->time == SIZE_MAX) return 0;
  for (size_t s = 0; s < f->curves.n; s++) {
    const mdm_array *h = histogram_of(&f->curves.sources[s]);
    for (size_t k = 0; h && k + 2 < h->dim[1]; k++)
      if (h->value[f->time * h->dim[1] + k + 1] > LITTLE) {
        const double *edge = edges_of(&f->curves.sources[s]);
        f->lo = fmin(f->lo, edge[k]), f->hi = fmax(f->hi, edge[k + 1]), found = 1;
      }
  }
  return found;
}

static void histogram_data(FILE *out, const figure *f, size_t s) {
  const mdm_source *source = &f->curves.sources[s];
  const mdm_array *h = histogram_of(source);
  const double *edge = edges_of(source);
  fprintf(out, "$psi_%zu << EOD\n", s);
  for (size_t k = 0; k + 2 < h->dim[1]; k++) {
    size_t i = f->time * h->dim[1] + k + 1;
    double d = density(source, f->time, k), e = h->error && isfinite(h->error[i]) ? source->reach * h->error[i] / (edge[k + 1] - edge[k]) : 0;
    if (edge[k + 1] > f->lo && edge[k] < f->hi && isfinite(d)) fprintf(out, "%.9g %.9g %.9g %.9g\n", (edge[k] + edge[k + 1]) / 2, d, e, edge[k]);
  }
  fprintf(out, "EOD\n");
}

/* Filled steps for the limit, points with bars for networks. */
static void draw_source(FILE *out, const mdm_look *look, const mdm_curves *c, size_t s) {
  if (!c->sources[s].width) {
    fprintf(out, ", $psi_%zu using 4:2 with fillsteps fs solid 1 noborder lc rgb '#dcdcdc' notitle", s);
    fprintf(out, ", $psi_%zu using 4:2 with steps lw 2 lc rgb 'black' notitle", s);
    return;
  }
  fprintf(out, ", $psi_%zu using 1:2:3 with yerrorbars ", s);
  mdm_curves_style(out, look, c, s - (size_t)c->has_limit);
  fprintf(out, " notitle");
}

static void draw_histogram(FILE *out, const mdm_look *look, const figure *f) {
  const mdm_curves *c = &f->curves;
  for (size_t s = 0; s < c->n; s++)
    if (histogram_of(&c->sources[s])) histogram_data(out, f, s);
  mdm_plot_place(out, mdm_curves_quarter(0, 0));
  double pad = 0.03 * (f->hi - f->lo);
  fprintf(out, "unset logscale\nset format '%%g'\nset tics nomirror\nset xtics autofreq\nset ytics autofreq\n");
  fprintf(out, "set xlabel 'logit ψ at step %.0f' offset 0,0.2\nset ylabel 'density over experts and samples' offset -0.5,0\n", f->step);
  fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [0:*]\nplot NaN notitle", f->lo - pad, f->hi + pad);
  for (size_t s = 0; s < c->n; s++)
    if (histogram_of(&c->sources[s])) draw_source(out, look, c, s);
  fprintf(out, "\n");
}

/* ---- the page ---- */

static void draw(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  mdm_plot_begin(out, MDM_CURVES_PAGE_WIDTH, MDM_CURVES_PAGE_HEIGHT, look, target, f->title,
                 MDM_PLOT_LIMIT_BAND ";  " MDM_PLOT_BARS MDM_PLOT_FEW);
  mdm_curves_legend(out, look, &f->curves, MDM_CURVES_PAGE_HEIGHT);
  draw_histogram(out, look, f);
  for (int i = 1; i <= STEPPED; i++)
    if (mdm_curves_has(&f->curves, i)) mdm_curves_draw(out, look, &f->curves, i, mdm_curves_quarter(i % 2, i / 2));
}

static int read_router(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  figure *f = figure_;
  char title[512];
  (void)field;
  f->curves.curve = curves, f->curves.n_curves = CURVES;
  int status = mdm_curves_read(file, &f->curves, err);
  if (status) return status;
  if (!find_range(f)) return mdm_plot_lacks(file, &mdm_picture_router.needs, err);
  for (size_t s = 0; s < f->curves.n; s++) {
    const mdm_array *time = mdm_record_find(f->curves.sources[s].rec, "statistics/time");
    if (time && time->rank == 1 && f->time < time->dim[0]) f->step = time->value[f->time];
  }
  mdm_plot_title(file, title, sizeof title);
  snprintf(f->title, sizeof f->title, "Router: %s", title);
  return MDM_OK;
}

static void release(void *figure_) { mdm_curves_release(&((figure *)figure_)->curves); }

const mdm_picture mdm_picture_router = {
    .about = {"router", "distribution of the logits at the last time; loads and entropy over steps", NULL},
    .needs = {"statistics/psi", "histogram of logits",
              "run again with -s output.statistics=true (and a wider output.histogram.range where all logits lie outside)"},
    .size = sizeof(figure),
    .read = read_router,
    .draw = draw,
    .release = release,
};
