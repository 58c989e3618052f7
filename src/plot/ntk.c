/* The tangent kernel or its part of one matrix at the last time, as heat maps, and the diagonals of all parts over time. */
#include <math.h>

#include "plot/heat.h"
#include "plot/pictures.h"

enum { COURSE = 560, PARTS = MDM_TANGENTS }; /* COURSE: pixels of the panel of diagonals */

static int read_kernel(mdm_file *file, const char *field, void *figure, mdm_error *err) {
  mdm_heat *f = figure;
  const char *paths[PARTS + 1];
  f->name = mdm_kernel_find(&mdm_tangents, field ? field : "total");
  f->time = paths[PARTS] = "statistics/ntk/time";
  for (int k = 0; k < PARTS; k++) paths[k] = mdm_tangents.name[k].path;
  return mdm_heat_read(file, f, paths, PARTS + 1, "Tangent kernel", &mdm_picture_ntk.needs, err);
}

static void release(void *figure) { mdm_plot_release_pair(&((mdm_heat *)figure)->of); }

/* ---- diagonals over time ---- */

static const mdm_array *part_of(const mdm_heat *f, int source, int k) { return mdm_heat_kernel(f, source, mdm_tangents.name[k].path); }

static double mean_diagonal(const mdm_array *a, size_t t) {
  double sum = 0;
  for (size_t i = 0; i < a->dim[1]; i++) sum += a->value[mdm_heat_entry(a, t, i, i)] / (double)a->dim[1];
  return sum;
}

static void course_data(FILE *out, const mdm_heat *f, int source) {
  const mdm_array *time = mdm_record_find(f->of.rec[source], f->time);
  for (int k = 0; k < PARTS; k++) {
    const mdm_array *a = part_of(f, source, k);
    fprintf(out, "$course_%d_%d << EOD\n", source, k);
    for (size_t t = 0; a && time && t < a->dim[0]; t++)
      if (isfinite(mean_diagonal(a, t))) fprintf(out, "%.9g %.9g\n", time->value[t], mean_diagonal(a, t));
    fprintf(out, "EOD\n");
  }
}

static void draw_part(FILE *out, const mdm_heat *f, const mdm_look *look, int k) {
  static const unsigned colour[PARTS] = {0x000000, 0x0072b2, 0xe69f00, 0xd55e00, 0xcc79a7, 0x009e73}; /* Okabe, Ito */
  static const int shape[PARTS] = {7, 5, 9, 13, 11, 15}, dash[PARTS] = {1, 2, 3, 4, 5, 6};
  if (part_of(f, MDM_LIMIT, k))
    fprintf(out, ", $course_%d_%d using 1:2 with lines dt %d lw 2 lc rgb '#%06x' notitle", MDM_LIMIT, k, dash[k], colour[k]);
  if (part_of(f, MDM_WIDEST, k))
    fprintf(out, ", $course_%d_%d using 1:2 with points pt %d ps %.2f lc rgb '#%06x' notitle", MDM_WIDEST, k, shape[k], look->marker, colour[k]);
  fprintf(out, ", NaN with linespoints dt %d lw 2 pt %d ps %.2f lc rgb '#%06x' title '%s' noenhanced", dash[k], shape[k], look->marker, colour[k],
          mdm_tangents.name[k].field);
}

static void draw_course(FILE *out, const mdm_heat *f, const mdm_look *look, const mdm_heat_page *p) {
  for (int s = 0; s < MDM_PAIR; s++)
    if (f->of.rec[s]) course_data(out, f, s);
  mdm_plot_place(out, (mdm_box){(p->right + 90.0) / p->width, (p->right + COURSE - 150.0) / p->width, (double)MDM_HEAT_BOTTOM / p->height,
                                ((double)MDM_HEAT_BOTTOM + MDM_HEAT_MAP) / p->height});
  fprintf(out, "set border 3 lw 1 lc rgb '#404040'\nset grid lw 0.6 lc rgb '#e4e4e4' lt 1\n");
  fprintf(out, "set xtics nomirror autofreq\nset ytics nomirror autofreq\n");
  fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [0:*]\nset offsets 0, 0, graph 0.05, 0\n", -0.03 * f->step, 1.03 * fmax(f->step, 1));
  fprintf(out, "set title 'mean diagonal, by matrix' offset 0,-0.4\n");
  fprintf(out, "set xlabel 'training step' offset 0,0\nset ylabel 'Θ(x,x)' offset 0,0\n");
  fprintf(out, "set key at graph 1.04, graph 1 left top Left reverse samplen 3\nplot NaN notitle");
  for (int k = 0; k < PARTS; k++) draw_part(out, f, look, k);
  fprintf(out, "\nunset key\nunset title\n");
}

static void draw(FILE *out, const void *figure, const mdm_look *look, const char *target) {
  const mdm_heat *f = figure;
  mdm_heat_page p = mdm_heat_draw(out, f, look, target, COURSE, "; curves: limit, points: networks");
  draw_course(out, f, look, &p);
}

const mdm_picture mdm_picture_ntk = {
    .about = {"ntk", "the tangent kernel at the last time, and its parts by matrix over time", "which part (default: total)"},
    .needs = {"statistics/ntk", "tangent kernel", "run again with -s output.ntk=true"},
    .fields = &mdm_tangents,
    .size = sizeof(mdm_heat),
    .read = read_kernel,
    .draw = draw,
    .release = release,
};
