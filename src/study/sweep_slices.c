/* Points of a sweep's grid, and slices: those that differ only in the axis whose best value is sought. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

size_t mdm_sweep_positions(const mdm_sweep *s) { return s->along < 0 ? 1 : s->grid.axis[s->along].n; }
size_t mdm_sweep_slices(const mdm_sweep *s) { return s->points / mdm_sweep_positions(s); }

size_t mdm_sweep_point(const mdm_sweep *s, size_t slice, size_t position) {
  size_t stride = 1, n = mdm_sweep_positions(s);
  for (size_t a = s->grid.axes; s->along >= 0 && a-- > (size_t)s->along + 1;) stride *= s->grid.axis[a].n;
  return slice / stride * n * stride + position * stride + slice % stride;
}

int mdm_sweep_has_numbers(double status) { return status == MDM_CELL_COMPLETE || status == MDM_CELL_DIVERGED; }

size_t mdm_sweep_find_width(const mdm_sweep *s, double width) {
  size_t w = 0;
  while (w < s->widths && s->width[w] != width) w++;
  return w;
}

/* without, nor: axes that are left out, or −1. */
static void name_point(const mdm_sweep *s, size_t point, long without, long nor, char *buf, size_t size) {
  size_t used = 0;
  if (size) buf[0] = '\0';
  for (size_t a = 0; a < s->grid.axes && used < size; a++)
    if ((long)a != without && (long)a != nor)
      used += (size_t)snprintf(buf + used, size - used, "%s%s = %s", used ? ", " : "", s->grid.axis[a].option->key,
                               s->grid.axis[a].text[mdm_grid_index(&s->grid, point, a)]);
}

void mdm_sweep_point_name(const mdm_sweep *s, size_t point, char *buf, size_t size) { name_point(s, point, -1, -1, buf, size); }

void mdm_sweep_slice_name(const mdm_sweep *s, size_t slice, long without, char *buf, size_t size) {
  name_point(s, mdm_sweep_point(s, slice, 0), s->along, without, buf, size);
}

/* Loss at step 0 that goes with the measure. */
static double first_loss(const mdm_sweep *s, size_t cell) {
  return s->measure == MDM_MEASURE_TEST ? s->test.value[cell * s->tests] : s->loss.value[cell * s->steps];
}

void mdm_sweep_row(const mdm_sweep *s, size_t slice, size_t w, double *x, double *y, double *first) {
  const mdm_axis *axis = &s->grid.axis[s->along];
  size_t runs = (size_t)s->runs[w];
  for (size_t i = 0; i < axis->n; i++) {
    size_t cell = mdm_sweep_point(s, slice, i) * s->widths + w;
    x[i] = log(axis->value[i]);
    first[i] = first_loss(s, cell);
    memcpy(y + i * runs, s->each[s->measure] + cell * s->most_runs, runs * sizeof *y);
    if (!mdm_sweep_has_numbers(s->status[cell])) y[i * runs] = NAN; /* not all runs are there */
  }
}
