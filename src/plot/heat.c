/* Heat maps of a kernel (plot/heat.h).
 *
 * Samples are ordered by their target (full batch), so that classes are blocks, separated by lines. Colours become lighter
 * throughout, so that they can be read in grey; limit and networks share one scale. */
#include "plot/heat.h"

#include <math.h>
#include <stdlib.h>

#include "file/internal.h"

enum { DIFFERENCE = MDM_PAIR, MAPS }; /* after the sources: networks minus limit */

/* ---- reading ---- */

const mdm_array *mdm_heat_kernel(const mdm_heat *f, int source, const char *path) {
  const mdm_array *a = f->of.rec[source] ? mdm_record_find(f->of.rec[source], path) : NULL;
  return a && (a->rank == 4 || a->rank == 3) ? a : NULL;
}

size_t mdm_heat_entry(const mdm_array *a, size_t t, size_t i, size_t j) {
  size_t S = a->dim[1];
  return a->rank == 4 ? ((t * S + i) * a->dim[2] + t) * S + j : (t * S + i) * S + j;
}

/* A sample without a target (zeros in one-hot ones) comes first. */
static double target_of(const mdm_array *y, size_t sample) {
  size_t C = y->dim[1], best = 0;
  if (C == 1) return y->value[sample];
  for (size_t c = 1; c < C; c++)
    if (y->value[sample * C + c] > y->value[sample * C + best]) best = c;
  return y->value[sample * C + best] > 0 ? (double)best : -1;
}

typedef struct {
  double target;
  size_t sample;
} labelled;

/* By target, of equal ones by sample. */
static int by_target(const void *a, const void *b) {
  const labelled *x = a, *y = b;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  return (x->sample > y->sample) - (x->sample < y->sample);
}

static void sort_samples(const mdm_array *y, mdm_heat *f) {
  labelled all[MDM_HEAT_SAMPLES];
  for (size_t i = 0; i < f->samples; i++) all[i] = (labelled){target_of(y, i), i};
  qsort(all, f->samples, sizeof *all, by_target);
  for (size_t i = 0; i < f->samples; i++) {
    f->order[i] = all[i].sample;
    f->edge[i] = i && all[i].target != all[i - 1].target;
  }
}

/* By target, where samples are the same at every step. */
static int order_samples(mdm_file *file, mdm_heat *f, mdm_error *err) {
  static const char *const paths[] = {"train/y", "batches"};
  mdm_record *rec;
  int status = mdm_file_read_some(file, "/data", paths, 2, &rec, err);
  for (size_t i = 0; i < f->samples; i++) f->order[i] = i;
  if (status) return status;
  const mdm_array *y = mdm_record_find(rec, "train/y");
  f->ordered = y && y->rank == 2 && y->dim[0] >= f->samples && !mdm_record_find(rec, "batches");
  if (f->ordered) sort_samples(y, f);
  mdm_record_free(rec);
  return MDM_OK;
}

static int has_time(const mdm_array *a, size_t t) { return !a || isfinite(a->value[mdm_heat_entry(a, t, 0, 0)]); }

/* The last time that all sources have reached; 0 when there is none. */
static int find_time(mdm_heat *f) {
  const mdm_array *a = mdm_heat_kernel(f, MDM_LIMIT, f->name->path), *b = mdm_heat_kernel(f, MDM_WIDEST, f->name->path), *any = a ? a : b;
  const mdm_array *time = mdm_record_find(f->of.rec[a ? MDM_LIMIT : MDM_WIDEST], f->time);
  if (a && b && (a->dim[0] != b->dim[0] || a->dim[1] != b->dim[1])) return 0;
  f->samples = any->dim[1];
  if (f->samples > MDM_HEAT_SAMPLES || !time) return 0;
  for (f->last = any->dim[0]; f->last-- > 0;)
    if (has_time(a, f->last) && has_time(b, f->last)) return f->step = time->value[f->last], 1;
  return 0;
}

int mdm_heat_read(mdm_file *file, mdm_heat *f, const char *const *paths, size_t n, const char *kind, const mdm_needs *needs, mdm_error *err) {
  int status = mdm_plot_read_pair(file, paths, n, &f->of, err);
  if (status) return status;
  if (!mdm_heat_kernel(f, MDM_LIMIT, f->name->path) && !mdm_heat_kernel(f, MDM_WIDEST, f->name->path)) return mdm_plot_lacks(file, needs, err);
  if (!find_time(f)) return mdm_fail(err, MDM_ERR_DATA, "%s: %s has no time that limit and networks share", file->path, f->name->path);
  char title[512];
  mdm_plot_title(file, title, sizeof title);
  snprintf(f->title, sizeof f->title, "%s %s at step %.0f: %s", kind, f->name->symbol, f->step, title);
  return order_samples(file, f, err);
}

/* ---- values ---- */

/* In row i and column j of a map. */
static double value(const mdm_heat *f, int map, size_t i, size_t j) {
  if (map == DIFFERENCE) return value(f, MDM_WIDEST, i, j) - value(f, MDM_LIMIT, i, j);
  const mdm_array *a = mdm_heat_kernel(f, map, f->name->path);
  return a->value[mdm_heat_entry(a, f->last, f->order[i], f->order[j])];
}

static double variance(const mdm_heat *f, int source, size_t i, size_t j) {
  const mdm_array *a = mdm_heat_kernel(f, source, f->name->path);
  double s = a->error ? a->error[mdm_heat_entry(a, f->last, f->order[i], f->order[j])] : NAN;
  return s * s;
}

static int is_shown(const mdm_heat *f, int map) {
  if (map == DIFFERENCE) return is_shown(f, MDM_LIMIT) && is_shown(f, MDM_WIDEST);
  return mdm_heat_kernel(f, map, f->name->path) != NULL;
}

/* Common to limit and networks; symmetric around zero for the difference. */
static void colour_range(const mdm_heat *f, int map, double *lo, double *hi) {
  int difference = map == DIFFERENCE, first = difference ? DIFFERENCE : 0, end = difference ? MAPS : DIFFERENCE;
  *lo = INFINITY, *hi = -INFINITY;
  for (int m = first; m < end; m++)
    for (size_t i = 0; i < f->samples && is_shown(f, m); i++)
      for (size_t j = 0; j < f->samples; j++) {
        double v = value(f, m, i, j);
        *lo = fmin(*lo, v), *hi = fmax(*hi, v);
      }
  if (difference) *hi = fmax(fabs(*lo), fabs(*hi)), *lo = -*hi;
  if (!(*hi > *lo)) *lo -= 1, *hi += 1;
}

/* "networks − limit: 1.2 % (noise 0.9 %)": RMS of the difference and its standard error (over entries that have one), in units of the limit's RMS. */
static void difference_title(const mdm_heat *f, char *to, size_t size) {
  double d2 = 0, noise = 0, scale = 0, entries = (double)(f->samples * f->samples), known = 0;
  for (size_t i = 0; i < f->samples; i++)
    for (size_t j = 0; j < f->samples; j++) {
      double d = value(f, DIFFERENCE, i, j), v = value(f, MDM_LIMIT, i, j);
      double both = variance(f, MDM_LIMIT, i, j) + variance(f, MDM_WIDEST, i, j);
      d2 += d * d, scale += v * v;
      if (isfinite(both)) noise += both, known++;
    }
  int used = snprintf(to, size, "networks − limit: %.2g %%", 100 * sqrt(d2 / scale));
  if (known > 0) snprintf(to + used, size - (size_t)used, " (noise %.2g %%)", 100 * sqrt(noise / known * entries / scale));
}

static void map_title(const mdm_heat *f, int map, char *to, size_t size) {
  switch (map) {
  case MDM_LIMIT: snprintf(to, size, "N = ∞ (DMFT)"); break;
  case MDM_WIDEST: snprintf(to, size, "networks, N = %ld", f->of.width); break;
  default: difference_title(f, to, size);
  }
}

/* ---- maps ---- */

static void matrix_data(FILE *out, const mdm_heat *f, int map) {
  fprintf(out, "$heat_%d << EOD\n", map);
  for (size_t i = 0; i < f->samples; i++)
    for (size_t j = 0; j < f->samples; j++) fprintf(out, "%.6g%s", value(f, map, i, j), j + 1 < f->samples ? " " : "\n");
  fprintf(out, "EOD\n");
}

/* Distance of labels, 1, 2 or 5 × 10^k, so that a range has four or so. */
static double label_step(double range) {
  double unit = pow(10, floor(log10(range / 4))), m = range / 4 / unit;
  return unit * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10);
}

static void block_lines(FILE *out, const mdm_heat *f) {
  double end = (double)f->samples - 0.5;
  fprintf(out, "unset arrow\n");
  for (size_t i = 1; i < f->samples; i++) {
    double at = (double)i - 0.5;
    if (!f->edge[i]) continue;
    fprintf(out, "set arrow from %g,-0.5 to %g,%g nohead front lc rgb 'white' lw 1.5\n", at, at, end);
    fprintf(out, "set arrow from -0.5,%g to %g,%g nohead front lc rgb 'white' lw 1.5\n", at, end, at);
  }
}

static mdm_box box_of(const mdm_heat_page *p, int column) {
  double left = p->left + column * MDM_HEAT_PANEL + 66, side = MDM_HEAT_MAP;
  return (mdm_box){left / p->width, (left + side) / p->width, (double)MDM_HEAT_BOTTOM / p->height, (MDM_HEAT_BOTTOM + side) / p->height};
}

static void map_axes(FILE *out, const mdm_heat *f, int column) {
  const char *samples = f->ordered ? "sample, ordered by target" : "sample";
  double end = (double)f->samples - 0.5;
  fprintf(out, "set xlabel '%s' offset 0,0\nset ylabel '%s' offset 1.5,0\n", samples, column ? "" : samples);
  fprintf(out, "unset grid\nunset xtics\nunset ytics\nset border 15 lw 1 lc rgb '#404040'\n");
  fprintf(out, "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\n", end, end);
}

static void draw_map(FILE *out, const mdm_heat *f, int map, int column, const mdm_heat_page *p) {
  char title[128];
  double lo, hi;
  mdm_box b = box_of(p, column);
  matrix_data(out, f, map);
  colour_range(f, map, &lo, &hi);
  map_title(f, map, title, sizeof title);
  mdm_plot_place(out, b);
  fprintf(out, "set title '%s' noenhanced offset 0,-0.4\n", title);
  map_axes(out, f, column);
  fprintf(out, "set cbrange [%.6g:%.6g]\nset format cb '%%.3g'\nset cbtics nomirror %.6g\n", lo, hi, label_step(hi - lo));
  fprintf(out, "set colorbox user origin screen %.4f,%.4f size screen %.4f,%.4f\n", b.right + 8.0 / p->width, b.bottom, 14.0 / p->width,
          b.top - b.bottom);
  block_lines(out, f);
  fprintf(out, "plot $heat_%d matrix with image notitle\nunset arrow\nunset colorbox\nunset title\n", map);
}

/* ---- the page ---- */

/* A narrow page is wider than its panels: they stand in its middle. */
static mdm_heat_page arrange(const mdm_heat *f, int more) {
  int maps = 0;
  for (int m = 0; m < MAPS; m++) maps += is_shown(f, m);
  int used = maps * MDM_HEAT_PANEL + more + 20, width = used < 900 ? 900 : used, left = (width - used) / 2;
  return (mdm_heat_page){left, left + maps * MDM_HEAT_PANEL, width, MDM_HEAT_TOP + MDM_HEAT_BOTTOM + MDM_HEAT_MAP};
}

static void remark_of(const mdm_heat *f, const char *more, char *to, size_t size) {
  if (is_shown(f, DIFFERENCE))
    snprintf(to, size, "limit and networks share one scale; noise: standard error of the difference; percent of the limit's RMS%s", more);
  else
    snprintf(to, size, "mean over runs");
}

mdm_heat_page mdm_heat_draw(FILE *out, const mdm_heat *f, const mdm_look *look, const char *target, int more, const char *more_remark) {
  char remark[240];
  int column = 0;
  mdm_heat_page p = arrange(f, more);
  remark_of(f, more_remark, remark, sizeof remark);
  mdm_plot_begin(out, p.width, p.height, look, target, f->title, remark);
  fprintf(out, "set palette defined (0 '#00204d', 0.25 '#414d6b', 0.5 '#7c7b78', 0.75 '#bcaf6f', 1 '#ffea46')\nunset key\n");
  for (int m = 0; m < MAPS; m++) {
    if (!is_shown(f, m)) continue;
    draw_map(out, f, m, column++, &p);
    mdm_plot_titled(out);
  }
  return p;
}
