/* Heat maps of a kernel at its last time: the limit, the widest networks, and their difference; and the same of the tangent kernel,
 * with its parts over time.
 *
 * Samples are ordered by their target (full batch), so that classes are blocks, separated by lines. Colours become lighter
 * throughout, so that they can be read in grey; limit and networks share one scale. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/internal.h"

enum { PANEL = 430, TOP = 104, BOTTOM = 76, COURSE = 560, MOST_SAMPLES = 64, SOURCES = 2 };

static const mdm_kernel_name names[] = {
    {"x", "kernels/W_in/forward", "⟨x x⟩"}, {"h", "kernels/Q/forward", "⟨h h⟩"}, {"y", "kernels/W2/forward", "⟨y y⟩"},
    {"a", "kernels/w_out/forward", "⟨a a⟩"}, {"r", "kernels/W_in/backward", "⟨rφ′ rφ′⟩"}, {"rho", "kernels/Q/backward", "⟨ρ ρ⟩"},
    {"gamma", "kernels/W1/backward", "⟨γ γ⟩"}, {"delta", "kernels/W2/backward", "⟨δ δ⟩"}, {"e", "kernels/w_out/backward", "e·e"}};

static const mdm_kernel_name tangents[] = {
    {"total", "statistics/ntk/total", "Θ"}, {"W_in", "statistics/ntk/W_in", "Θ of W_in"}, {"Q", "statistics/ntk/Q", "Θ of Q"},
    {"W1", "statistics/ntk/W1", "Θ of W1"}, {"W2", "statistics/ntk/W2", "Θ of W2"}, {"w_out", "statistics/ntk/w_out", "Θ of w_out"}};
enum { TANGENTS = sizeof tangents / sizeof *tangents };

const mdm_kernel_name *mdm_kernel_names(size_t *n) {
  *n = sizeof names / sizeof *names;
  return names;
}

static const mdm_kernel_name *find(const mdm_kernel_name *list, size_t n, const char *field) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(list[i].field, field)) return &list[i];
  return NULL;
}

const mdm_kernel_name *mdm_kernel_find(const char *field, mdm_error *err) {
  const mdm_kernel_name *name = find(names, sizeof names / sizeof *names, field);
  if (!name) mdm_fail(err, MDM_ERR_USAGE, "--field %s: allowed are x, h, y, a, r, rho, gamma, delta and e", field);
  return name;
}

typedef struct {
  const mdm_kernel_name *name;
  mdm_record *rec[SOURCES]; /* limit, widest networks; NULL: the file has none */
  long width;               /* of the networks */
  size_t samples, time;     /* index of the last time */
  double step;
  size_t order[MOST_SAMPLES];
  int ordered, edge[MOST_SAMPLES]; /* edge[i]: another target begins at i */
  int tangent;
  char title[700];
} heat;

/* ---- reading ---- */

static const mdm_array *kernel_of(const heat *f, int source, const char *path) {
  const mdm_array *a = f->rec[source] ? mdm_record_find(f->rec[source], path) : NULL;
  return a && (a->rank == 4 || a->rank == 3) ? a : NULL;
}

/* Of samples i and j at time t: (time, sample, time, sample), or (time, sample, sample). */
static size_t entry(const mdm_array *a, size_t t, size_t i, size_t j) {
  size_t S = a->dim[1];
  return a->rank == 4 ? ((t * S + i) * a->dim[2] + t) * S + j : (t * S + i) * S + j;
}

static int read_source(mdm_file *file, heat *f, int source, long width, mdm_error *err) {
  const char *paths[TANGENTS + 1] = {f->tangent ? "statistics/ntk/time" : "kernels/time", f->name->path};
  char group[64] = "/";
  if (width) snprintf(group, sizeof group, "/width_%ld", width);
  for (int i = 0; i < TANGENTS && f->tangent; i++) paths[i + 1] = tangents[i].path;
  return mdm_file_read_some(file, group, paths, f->tangent ? TANGENTS + 1 : 2, &f->rec[source], err);
}

static double target_of(const mdm_array *y, size_t sample) {
  size_t C = y->dim[1], best = 0;
  if (C == 1) return y->value[sample];
  for (size_t c = 1; c < C; c++)
    if (y->value[sample * C + c] > y->value[sample * C + best]) best = c;
  return (double)best;
}

/* By target, where samples are the same at every step. */
static int order_samples(mdm_file *file, heat *f, mdm_error *err) {
  static const char *const paths[] = {"train/y", "batches"};
  mdm_record *rec;
  int status = mdm_file_read_some(file, "/data", paths, 2, &rec, err);
  for (size_t i = 0; i < f->samples; i++) f->order[i] = i;
  if (status) return status;
  const mdm_array *y = mdm_record_find(rec, "train/y");
  f->ordered = y && y->rank == 2 && y->dim[0] >= f->samples && !mdm_record_find(rec, "batches");
  for (size_t i = 1; i < f->samples && f->ordered; i++) /* insertion keeps the order of equal targets */
    for (size_t j = i; j > 0 && target_of(y, f->order[j]) < target_of(y, f->order[j - 1]); j--) {
      size_t swap = f->order[j];
      f->order[j] = f->order[j - 1], f->order[j - 1] = swap;
    }
  for (size_t i = 1; i < f->samples && f->ordered; i++) f->edge[i] = target_of(y, f->order[i]) != target_of(y, f->order[i - 1]);
  mdm_record_free(rec);
  return MDM_OK;
}

/* The last time that all sources have reached; 0 when there is none. */
static int find_time(heat *f) {
  const mdm_array *a = kernel_of(f, 0, f->name->path), *b = kernel_of(f, 1, f->name->path), *any = a ? a : b;
  const mdm_array *time = mdm_record_find(f->rec[a ? 0 : 1], f->tangent ? "statistics/ntk/time" : "kernels/time");
  if (a && b && (a->dim[0] != b->dim[0] || a->dim[1] != b->dim[1])) return 0;
  f->samples = any->dim[1];
  if (f->samples > MOST_SAMPLES || !time) return 0;
  for (f->time = any->dim[0]; f->time-- > 0;)
    if ((!a || isfinite(a->value[entry(a, f->time, 0, 0)])) && (!b || isfinite(b->value[entry(b, f->time, 0, 0)])))
      return f->step = time->value[f->time], 1;
  return 0;
}

static int read_all(mdm_file *file, const char *path, heat *f, mdm_error *err) {
  int status = mdm_plot_widest(file, &f->width, err);
  if (!status) status = read_source(file, f, 0, 0, err);
  if (!status && f->width) status = read_source(file, f, 1, f->width, err);
  if (status) return status;
  if (!kernel_of(f, 0, f->name->path) && !kernel_of(f, 1, f->name->path))
    return mdm_fail(err, MDM_ERR_DATA, "%s holds no %s; run again with -s %s", path, f->tangent ? "tangent kernel" : "kernels",
                    f->tangent ? "output.ntk=true" : "output.kernels=true");
  if (!find_time(f)) return mdm_fail(err, MDM_ERR_DATA, "%s: %s has no time that limit and networks share", path, f->name->path);
  char title[512];
  mdm_plot_title(file, title, sizeof title);
  snprintf(f->title, sizeof f->title, "%s %s at step %.0f: %s", f->tangent ? "Tangent kernel" : "Kernel", f->name->symbol, f->step, title);
  return order_samples(file, f, err);
}

/* ---- heat maps ---- */

/* Value in row i and column j of the picture; source 2: networks minus limit. */
static double value(const heat *f, int source, size_t i, size_t j) {
  if (source == 2) return value(f, 1, i, j) - value(f, 0, i, j);
  const mdm_array *a = kernel_of(f, source, f->name->path);
  return a->value[entry(a, f->time, f->order[i], f->order[j])];
}

static double variance(const heat *f, int source, size_t i, size_t j) {
  const mdm_array *a = kernel_of(f, source, f->name->path);
  double s = a->error ? a->error[entry(a, f->time, f->order[i], f->order[j])] : NAN;
  return s * s;
}

static int is_shown(const heat *f, int source) {
  return source < 2 ? kernel_of(f, source, f->name->path) != NULL : is_shown(f, 0) && is_shown(f, 1);
}

static void matrix_data(FILE *out, const heat *f, int source) {
  fprintf(out, "$heat_%d << EOD\n", source);
  for (size_t i = 0; i < f->samples; i++)
    for (size_t j = 0; j < f->samples; j++) fprintf(out, "%.6g%s", value(f, source, i, j), j + 1 < f->samples ? " " : "\n");
  fprintf(out, "EOD\n");
}

/* Common to limit and networks; symmetric around zero for the difference. */
static void colour_range(const heat *f, int source, double *lo, double *hi) {
  *lo = INFINITY, *hi = -INFINITY;
  for (int s = source == 2 ? 2 : 0; s < (source == 2 ? 3 : 2); s++)
    for (size_t i = 0; i < f->samples && is_shown(f, s); i++)
      for (size_t j = 0; j < f->samples; j++) {
        double v = value(f, s, i, j);
        *lo = fmin(*lo, v), *hi = fmax(*hi, v);
      }
  if (source == 2) *hi = fmax(fabs(*lo), fabs(*hi)), *lo = -*hi;
  if (!(*hi > *lo)) *lo -= 1, *hi += 1;
}

/* "N = 64 minus limit: RMS 1.2 %, noise 0.9 %", in units of the limit's RMS. */
static void panel_title(const heat *f, int source, char *to, size_t size) {
  double d2 = 0, noise = 0, scale = 0;
  if (source == 0) snprintf(to, size, "N = ∞ (DMFT)");
  if (source == 1) snprintf(to, size, "networks, N = %ld", f->width);
  if (source < 2) return;
  for (size_t i = 0; i < f->samples; i++)
    for (size_t j = 0; j < f->samples; j++) {
      double d = value(f, 2, i, j), v = value(f, 0, i, j);
      d2 += d * d, scale += v * v, noise += variance(f, 0, i, j) + variance(f, 1, i, j);
    }
  int used = snprintf(to, size, "networks − limit: %.2g %%", 100 * sqrt(d2 / scale));
  if (isfinite(noise)) snprintf(to + used, size - (size_t)used, " (noise %.2g %%)", 100 * sqrt(noise / scale));
}

/* Distance of labels, 1, 2 or 5 × 10^k, so that a range has four or so. */
static double label_step(double range) {
  double unit = pow(10, floor(log10(range / 4))), m = range / 4 / unit;
  return unit * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10);
}

static void block_lines(FILE *out, const heat *f) {
  double end = (double)f->samples - 0.5;
  fprintf(out, "unset arrow\n");
  for (size_t i = 1; i < f->samples; i++)
    if (f->edge[i])
      fprintf(out, "set arrow from %g,-0.5 to %g,%g nohead front lc rgb 'white' lw 1.5\nset arrow from -0.5,%g to %g,%g nohead front lc rgb 'white' lw 1.5\n",
              (double)i - 0.5, (double)i - 0.5, end, (double)i - 0.5, end, (double)i - 0.5);
}

/* A narrow page is wider than its panels: they stand in its middle. */
static mdm_box panel_box(int column, int margin, int width, int height) {
  double left = margin + column * PANEL + 66, side = PANEL - 150;
  return (mdm_box){left / width, (left + side) / width, (double)BOTTOM / height, (BOTTOM + side) / height};
}

static void draw_heat(FILE *out, const heat *f, int source, int column, int margin, int width, int height) {
  char title[128];
  double lo, hi;
  mdm_box b = panel_box(column, margin, width, height);
  matrix_data(out, f, source);
  colour_range(f, source, &lo, &hi);
  panel_title(f, source, title, sizeof title);
  mdm_plot_place(out, b);
  fprintf(out, "set title '%s' noenhanced offset 0,-0.4\nset xlabel '%s' offset 0,0\nset ylabel '%s' offset 1.5,0\n", title,
          f->ordered ? "sample, ordered by target" : "sample", column ? "" : f->ordered ? "sample, ordered by target" : "sample");
  fprintf(out, "unset grid\nunset xtics\nunset ytics\nset border 15 lw 1 lc rgb '#404040'\nset xrange [-0.5:%g]\nset yrange [%g:-0.5]\n",
          (double)f->samples - 0.5, (double)f->samples - 0.5);
  fprintf(out, "set cbrange [%.6g:%.6g]\nset format cb '%%.3g'\nset cbtics nomirror %.6g\n", lo, hi, label_step(hi - lo));
  fprintf(out, "set colorbox user origin screen %.4f,%.4f size screen %.4f,%.4f\n", b.right + 8.0 / width, b.bottom, 14.0 / width, b.top - b.bottom);
  block_lines(out, f);
  fprintf(out, "plot $heat_%d matrix with image notitle\nunset arrow\nunset colorbox\nunset title\n", source);
}

/* ---- parts of the tangent kernel over time ---- */

static double trace(const mdm_array *a, size_t t) {
  double sum = 0;
  for (size_t i = 0; i < a->dim[1]; i++) sum += a->value[entry(a, t, i, i)] / (double)a->dim[1];
  return sum;
}

static void course_data(FILE *out, const heat *f, int source) {
  const mdm_array *time = mdm_record_find(f->rec[source], "statistics/ntk/time");
  for (int k = 0; k < TANGENTS; k++) {
    const mdm_array *a = kernel_of(f, source, tangents[k].path);
    fprintf(out, "$course_%d_%d << EOD\n", source, k);
    for (size_t t = 0; a && time && t < a->dim[0]; t++)
      if (isfinite(trace(a, t))) fprintf(out, "%.9g %.9g\n", time->value[t], trace(a, t));
    fprintf(out, "EOD\n");
  }
}

static void draw_course(FILE *out, const heat *f, const mdm_look *look, int left, int width, int height) {
  static const unsigned colour[TANGENTS] = {0x000000, 0x0072b2, 0xe69f00, 0xd55e00, 0xcc79a7, 0x009e73};
  static const int shape[TANGENTS] = {7, 5, 9, 13, 11, 15}, dash[TANGENTS] = {1, 2, 3, 4, 5, 6};
  for (int s = 0; s < SOURCES; s++)
    if (f->rec[s]) course_data(out, f, s);
  mdm_plot_place(out, (mdm_box){(left + 90.0) / width, (left + COURSE - 150.0) / width, (double)BOTTOM / height, (BOTTOM + PANEL - 150.0) / height});
  fprintf(out, "set border 3 lw 1 lc rgb '#404040'\nset grid lw 0.6 lc rgb '#e4e4e4' lt 1\nset xtics nomirror autofreq\nset ytics nomirror autofreq\nset xrange [%.9g:%.9g]\nset yrange [0:*]\nset offsets 0, 0, graph 0.05, 0\n", -0.03 * f->step, 1.03 * fmax(f->step, 1));
  fprintf(out, "set title 'mean diagonal, by matrix' offset 0,-0.4\nset xlabel 'training step' offset 0,0\nset ylabel 'Θ(x,x)' offset 0,0\n");
  fprintf(out, "set key at graph 1.04, graph 1 left top Left reverse samplen 3\nplot NaN notitle");
  for (int k = 0; k < TANGENTS; k++) {
    if (kernel_of(f, 0, tangents[k].path))
      fprintf(out, ", $course_0_%d using 1:2 with lines dt %d lw 2 lc rgb '#%06x' notitle", k, dash[k], colour[k]);
    if (kernel_of(f, 1, tangents[k].path))
      fprintf(out, ", $course_1_%d using 1:2 with points pt %d ps %.2f lc rgb '#%06x' notitle", k, shape[k], look->marker, colour[k]);
    fprintf(out, ", NaN with linespoints dt %d lw 2 pt %d ps %.2f lc rgb '#%06x' title '%s' noenhanced", dash[k], shape[k], look->marker, colour[k], tangents[k].field);
  }
  fprintf(out, "\nunset key\nunset title\n");
}

/* ---- the page ---- */

static void write_script(FILE *out, const void *figure_, const mdm_look *look, const char *target) {
  const heat *f = figure_;
  int shown = is_shown(f, 0) + is_shown(f, 1) + is_shown(f, 2), column = 0;
  int used = shown * PANEL + (f->tangent ? COURSE : 0) + 20, width = used < 900 ? 900 : used, height = TOP + BOTTOM + PANEL - 150;
  int margin = (width - used) / 2;
  const char *remark = !is_shown(f, 2) ? "mean over runs" : f->tangent
      ? "limit and networks share one scale; noise: standard error of the difference; percent of the limit's RMS; curves: limit, points: networks"
      : "limit and networks share one scale; noise: standard error of the difference; percent of the limit's RMS";
  mdm_plot_begin(out, width, height, look, target, f->title, remark);
  fprintf(out, "set palette defined (0 '#00204d', 0.25 '#414d6b', 0.5 '#7c7b78', 0.75 '#bcaf6f', 1 '#ffea46')\nunset key\n");
  for (int s = 0; s < 3; s++)
    if (is_shown(f, s)) draw_heat(out, f, s, column++, margin, width, height), fprintf(out, "unset label 1\nunset label 2\n");
  if (f->tangent) draw_course(out, f, look, margin + shown * PANEL, width, height);
  fprintf(out, "unset multiplot\nunset output\n");
}

static int plot(const char *path, const char *picture, heat *f, mdm_error *err) {
  mdm_file *file;
  int status = mdm_file_open(path, &file, err);
  if (status) return status;
  status = read_all(file, path, f, err);
  mdm_file_discard(file);
  if (!status) status = mdm_plot_draw(write_script, f, picture, err);
  for (int s = 0; s < SOURCES; s++) mdm_record_free(f->rec[s]);
  return status;
}

int mdm_plot_kernels(const char *path, const char *picture, const char *field, mdm_error *err) {
  heat f = {.name = mdm_kernel_find(field ? field : "h", err)};
  return f.name ? plot(path, picture, &f, err) : MDM_ERR_USAGE;
}

int mdm_plot_ntk(const char *path, const char *picture, const char *field, mdm_error *err) {
  heat f = {.name = find(tangents, TANGENTS, field ? field : "total"), .tangent = 1};
  if (!f.name) return mdm_fail(err, MDM_ERR_USAGE, "--field %s: allowed are total, W_in, Q, W1, W2 and w_out", field);
  return plot(path, picture, &f, err);
}
