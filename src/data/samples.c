/* Room for samples, and the checks that every source of data makes. */
#include "data/source.h"

#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/memory.h"

int mdm_samples_targets(mdm_samples *s, size_t count, size_t outputs, mdm_error *err) {
  s->count = count;
  s->y = mdm_array(count, outputs, sizeof *s->y, err);
  if (!s->y) return MDM_ERR_MEMORY;
  s->origin = mdm_array(count, 1, sizeof *s->origin, err);
  return s->origin ? MDM_OK : MDM_ERR_MEMORY;
}

int mdm_samples_create(mdm_samples *s, size_t count, size_t dimension, size_t outputs, double **x, mdm_error *err) {
  int status = mdm_stored_create(&s->inputs, MDM_HELD_DOUBLE, count, dimension, err);
  *x = status ? NULL : s->inputs->value;
  return status ? status : mdm_samples_targets(s, count, outputs, err);
}

void mdm_samples_input(const mdm_samples *s, size_t m, double *x) { mdm_stored_row(s->inputs, m, x); }

unsigned long mdm_samples_crc(const mdm_samples *s, size_t dimension, unsigned long crc) {
  double few[256], *x = dimension <= sizeof few / sizeof *few ? few : mdm_alloc(dimension, 1, 1, sizeof *x); /* D */
  for (size_t m = 0; x && m < s->count; m++) {
    mdm_samples_input(s, m, x);
    crc = crc32_z(crc, (const unsigned char *)x, dimension * sizeof *x);
  }
  if (x != few) free(x);
  return crc;
}

static void free_samples(mdm_samples *s) {
  mdm_stored_free(s->inputs);
  free(s->y);
  free(s->origin);
}

mdm_data *mdm_data_share(const mdm_data *data) {
  mdm_data *same = (mdm_data *)data; /* the number of its users is no part of what it is */
  __atomic_add_fetch(&same->users, 1, __ATOMIC_RELAXED);
  return same;
}

void mdm_data_free(mdm_data *data) {
  if (!data || __atomic_sub_fetch(&data->users, 1, __ATOMIC_ACQ_REL) >= 0) return;
  free_samples(&data->train);
  free_samples(&data->test);
  free(data);
}

/* ---- checks ---- */

#define NOT_FINITE "%s: %s of sample %zu, index %zu, is %s; repair that sample, or change %s"

int mdm_check_finite(const double *value, size_t rows, size_t columns, const char *place, const char *name,
                     const char *option, mdm_error *err) {
  for (size_t i = 0; i < rows * columns; i++)
    if (!isfinite(value[i]))
      return mdm_fail(err, MDM_ERR_DATA, NOT_FINITE, place, name, i / columns, i % columns, isnan(value[i]) ? "NaN" : "infinite", option);
  return MDM_OK;
}

int mdm_check_inputs(const mdm_stored *s, int raw, const char *place, const char *name, const char *option, mdm_error *err) {
  double *x = mdm_array(s->dimension, 1, sizeof *x, err); /* D */
  size_t bad = 0;
  int good = x != NULL;
  for (size_t m = 0; good && m < s->count; m++) {
    raw ? mdm_stored_raw(s, m, x) : mdm_stored_row(s, m, x);
    for (bad = 0; bad < s->dimension && isfinite(x[bad]); bad++) continue;
    good = bad == s->dimension;
    if (!good) mdm_fail(err, MDM_ERR_DATA, NOT_FINITE, place, name, m, bad, isnan(x[bad]) ? "NaN" : "infinite", option);
  }
  int status = !x ? MDM_ERR_MEMORY : good ? MDM_OK : MDM_ERR_DATA;
  free(x);
  return status;
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
