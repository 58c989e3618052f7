/* Room for samples, and the checks that every source of data makes. */
#include "data/source.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

int mdm_multiply(size_t a, size_t b, size_t *product) {
  if (b && a > SIZE_MAX / b) return 0;
  *product = a * b;
  return 1;
}

void *mdm_array(size_t rows, size_t columns, size_t element, mdm_error *err) {
  void *array = mdm_alloc(rows, columns, 1, element);
  if (!array)
    mdm_no_memory(err, "%zu x %zu values of the data; lower data.train, data.test or data.dimension, or use a smaller data.file", rows, columns);
  return array;
}

int mdm_samples_create(mdm_samples *s, size_t count, size_t dimension, size_t outputs, mdm_error *err) {
  s->count = count;
  s->x = mdm_array(count, dimension, sizeof *s->x, err);
  if (!s->x) return MDM_ERR_MEMORY;
  s->y = mdm_array(count, outputs, sizeof *s->y, err);
  if (!s->y) return MDM_ERR_MEMORY;
  s->origin = mdm_array(count, 1, sizeof *s->origin, err);
  return s->origin ? MDM_OK : MDM_ERR_MEMORY;
}

static void free_samples(mdm_samples *s) {
  free(s->x);
  free(s->y);
  free(s->origin);
}

void mdm_data_free(mdm_data *data) {
  if (!data) return;
  free_samples(&data->train);
  free_samples(&data->test);
  free(data);
}

/* ---- checks ---- */

int mdm_check_finite(const double *value, size_t rows, size_t columns, const char *place, const char *name,
                     const char *option, mdm_error *err) {
  for (size_t i = 0; i < rows * columns; i++)
    if (!isfinite(value[i]))
      return mdm_fail(err, MDM_ERR_DATA, "%s: %s of sample %zu, index %zu, is %s; repair that sample, or change %s",
                      place, name, i / columns, i % columns, isnan(value[i]) ? "NaN" : "infinite", option);
  return MDM_OK;
}

size_t mdm_first_no_class(const double *y, size_t rows, size_t columns) {
  for (size_t m = 0; m < rows; m++) {
    const double *row = y + m * columns; /* C */
    size_t ones = 0, zeros = 0;
    for (size_t c = 0; c < columns; c++) {
      ones += row[c] == 1.0;
      zeros += row[c] == 0.0;
    }
    int good = columns == 1 ? fabs(row[0]) == 1.0 : ones == 1 && zeros == columns - 1;
    if (!good) return m;
  }
  return rows;
}
