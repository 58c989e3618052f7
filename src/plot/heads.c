/* Picture of the heads of an attention block: entropy and distance of their weights over steps, and how both are distributed over heads at the last time;
 * the limit beside networks. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/summary.h"
#include "plot/curves.h"
#include "plot/pictures.h"

enum { LOOKS = 2 }; /* entropy, distance */

/* Means over heads, then quantiles (time × MDM_QUANTILES), which are read for their values alone. */
static const mdm_curve curves[] = {
    {"observables/attention/entropy", NULL, "entropy, mean over heads", 0},
    {"observables/attention/distance", NULL, "distance in tokens, mean over heads", 0},
    {"statistics/attention/entropy/quantile", NULL, "", 0},
    {"statistics/attention/distance/quantile", NULL, "", 0},
    {"statistics/time", NULL, "", 0},
};
enum { CURVES = sizeof curves / sizeof *curves };

typedef struct {
  mdm_curves curves;
  size_t time; /* index of the distribution */
  double step;
  char title[700];
} figure;

static const mdm_array *quantiles_of(const mdm_source *s, int look) {
  const mdm_array *q = mdm_record_find(s->rec, curves[LOOKS + look].path);
  return q && q->rank == 2 && q->dim[1] == MDM_QUANTILES ? q : NULL;
}

/* The last time that every source has reached; 0: there is none. */
static int find_time(figure *f) {
  f->time = SIZE_MAX;
  for (size_t s = 0; s < f->curves.n; s++) {
    const mdm_array *q = quantiles_of(&f->curves.sources[s], 0), *time = mdm_record_find(f->curves.sources[s].rec, curves[2 * LOOKS].path);
    size_t t = q ? q->dim[0] : 0;
    while (t > 0 && !isfinite(q->value[(t - 1) * MDM_QUANTILES + MDM_QUANTILES / 2])) t--; /* the median: of few heads there are no extremes */
    if (!t || !time || time->rank != 1 || time->dim[0] < t) continue;
    if (t - 1 < f->time) f->time = t - 1, f->step = time->value[t - 1];
  }
  return f->time != SIZE_MAX;
}

/* Value, probability, two standard errors. */
static void quantile_data(FILE *out, const figure *f, int look, size_t s) {
  const mdm_source *source = &f->curves.sources[s];
  const mdm_array *q = quantiles_of(source, look);
  fprintf(out, "$look_%d_%zu << EOD\n", look, s);
  for (size_t k = 0; k < MDM_QUANTILES; k++) {
    size_t i = f->time * MDM_QUANTILES + k;
    double e = q->error && isfinite(q->error[i]) ? source->reach * q->error[i] : 0;
    if (isfinite(q->value[i])) fprintf(out, "%.9g %.9g %.9g\n", q->value[i], mdm_probability[k], e);
  }
  fprintf(out, "EOD\n");
}

static void draw_distribution(FILE *out, const mdm_look *look, const figure *f, int which) {
  static const char *const what[LOOKS] = {"entropy", "distance (tokens)"};
  const mdm_curves *c = &f->curves;
  for (size_t s = 0; s < c->n; s++)
    if (quantiles_of(&c->sources[s], which)) quantile_data(out, f, which, s);
  mdm_plot_place(out, mdm_curves_quarter(which, 1));
  fprintf(out, "unset logscale\nset format '%%g'\nset tics nomirror\nset xtics autofreq\nset ytics autofreq\n");
  fprintf(out, "set xlabel '%s of a head at step %.0f' offset 0,0.2\nset ylabel 'fraction of heads below' offset -0.5,0\n", what[which], f->step);
  fprintf(out, "set xrange [*:*]\nset yrange [0:1]\nplot NaN notitle");
  for (size_t s = 0; s < c->n; s++) {
    if (!quantiles_of(&c->sources[s], which)) continue;
    if (!c->sources[s].width) {
      fprintf(out, ", $look_%d_%zu using 1:2 with lines lw 2 lc rgb 'black' notitle", which, s);
      continue;
    }
    fprintf(out, ", $look_%d_%zu using 1:2:3 with xerrorbars ", which, s);
    mdm_curves_style(out, look, c, s - (size_t)c->has_limit);
    fprintf(out, " notitle");
  }
  fprintf(out, "\n");
}

static void draw(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const figure *f = figure_;
  mdm_plot_begin(out, MDM_CURVES_PAGE_WIDTH, MDM_CURVES_PAGE_HEIGHT, look, target, f->title, MDM_PLOT_LIMIT_BAND ";  " MDM_PLOT_BARS MDM_PLOT_FEW);
  mdm_curves_legend(out, look, &f->curves, MDM_CURVES_PAGE_HEIGHT);
  for (int k = 0; k < LOOKS; k++) {
    mdm_curves_draw(out, look, &f->curves, k, mdm_curves_quarter(k, 0));
    draw_distribution(out, look, f, k);
  }
}

static int read_heads(mdm_file *file, const char *field, void *figure_, mdm_error *err) {
  figure *f = figure_;
  char title[512];
  (void)field;
  f->curves.curve = curves, f->curves.n_curves = CURVES;
  int status = mdm_curves_read(file, &f->curves, err);
  if (status) return status;
  if (!mdm_curves_has(&f->curves, 0) || !find_time(f)) return mdm_plot_lacks(file, &mdm_picture_heads.needs, err);
  mdm_plot_title(file, title, sizeof title);
  snprintf(f->title, sizeof f->title, "Heads: %s", title);
  return MDM_OK;
}

static void release(void *figure_) { mdm_curves_release(&((figure *)figure_)->curves); }

const mdm_picture mdm_picture_heads = {
    .about = {"heads", "entropy and distance of the heads of an attention block over steps, and over heads at the last time", NULL},
    .needs = {"observables/attention", "entropy of heads (of the block that was chosen)",
              "choose an attention block with --block, or run again with one in model.blocks and -s output.statistics=true"},
    .block = "attention",
    .size = sizeof(figure),
    .read = read_heads,
    .draw = draw,
    .release = release,
};
