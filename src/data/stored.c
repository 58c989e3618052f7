/* Inputs of samples as they are held (stored.h). */
#include "data/stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/array.h"

size_t mdm_held_size(mdm_held_as type) {
  static const size_t size[] = {[MDM_HELD_BYTE] = 1, [MDM_HELD_SINGLE] = sizeof(float), [MDM_HELD_DOUBLE] = sizeof(double)};
  return size[type];
}

size_t mdm_stored_words(const mdm_stored *s) { return (s->count * s->dimension * mdm_held_size(s->type) + 7) / 8; }

int mdm_stored_create(mdm_stored **out, mdm_held_as type, size_t count, size_t dimension, mdm_error *err) {
  mdm_stored *s = *out = calloc(1, sizeof *s);
  if (!s) return mdm_no_memory(err, "the inputs");
  *s = (mdm_stored){.type = type, .count = count, .dimension = dimension};
  s->value = mdm_array(count, dimension, mdm_held_size(type), err);
  if (s->value) return MDM_OK;
  free(s);
  *out = NULL;
  return MDM_ERR_MEMORY;
}

void mdm_stored_free(mdm_stored *s) {
  if (!s) return;
  free(s->value);
  free(s->mean);
  free(s->deviation);
  free(s);
}

void mdm_stored_put(mdm_stored *s, size_t m, size_t d, double x) {
  size_t at = s->dimension * m + d;
  if (s->type == MDM_HELD_BYTE) ((unsigned char *)s->value)[at] = (unsigned char)x;
  else if (s->type == MDM_HELD_SINGLE) ((float *)s->value)[at] = (float)x;
  else ((double *)s->value)[at] = x;
}

/* ---------------------------------------------------------------- reading */

void mdm_stored_raw(const mdm_stored *s, size_t m, double *x) {
  size_t D = s->dimension;
  const unsigned char *byte = (const unsigned char *)s->value + D * m;
  const float *single = (const float *)s->value + D * m;
  if (s->type == MDM_HELD_DOUBLE) memcpy(x, (const double *)s->value + D * m, D * sizeof *x);
  for (size_t d = 0; d < D && s->type == MDM_HELD_BYTE; d++) x[d] = byte[d];
  for (size_t d = 0; d < D && s->type == MDM_HELD_SINGLE; d++) x[d] = (double)single[d];
}

void mdm_stored_row(const mdm_stored *s, size_t m, double *x) {
  size_t D = s->dimension, one = s->standard == MDM_STANDARD_SAMPLE ? m : 0;
  mdm_stored_raw(s, m, x);
  if (s->standard == MDM_STANDARD_NONE) return;
  if (s->standard == MDM_STANDARD_FEATURE) {
    for (size_t d = 0; d < D; d++) x[d] = s->deviation[d] > 0 ? (x[d] - s->mean[d]) / s->deviation[d] : 0.0;
    return;
  }
  double mean = s->mean[one], deviation = s->deviation[one];
  for (size_t d = 0; d < D && deviation > 0; d++) x[d] = (x[d] - mean) / deviation;
  if (!(deviation > 0)) memset(x, 0, D * sizeof *x);
}

/* ---------------------------------------------------------------- choosing rows */

int mdm_stored_copy(const mdm_stored *s, size_t n, const size_t *row, mdm_stored **out, mdm_error *err) {
  size_t bytes = s->dimension * mdm_held_size(s->type);
  int status = mdm_stored_create(out, s->type, n, s->dimension, err);
  for (size_t i = 0; i < n && !status; i++) memcpy((char *)(*out)->value + bytes * i, (const char *)s->value + bytes * row[i], bytes);
  return status;
}

static void swap_bytes(char *a, char *b, char *room, size_t n) {
  memcpy(room, a, n);
  memcpy(a, b, n);
  memcpy(b, room, n);
}

/* Exchanges place i with that of row[i], one after the other. at: place of every row; who: row of every place. room: a row. */
static void sort_rows(mdm_stored *s, size_t n, const size_t *row, size_t *at, size_t *who, char *room) {
  size_t bytes = s->dimension * mdm_held_size(s->type);
  char *value = s->value;
  for (size_t m = 0; m < s->count; m++) at[m] = who[m] = m;
  for (size_t i = 0; i < n; i++) {
    size_t from = at[row[i]];
    if (from == i) continue;
    swap_bytes(value + bytes * i, value + bytes * from, room, bytes);
    who[from] = who[i];
    at[who[from]] = from;
    who[i] = row[i];
    at[row[i]] = i;
  }
}

int mdm_stored_keep(mdm_stored *s, size_t n, const size_t *row, mdm_error *err) {
  size_t bytes = s->dimension * mdm_held_size(s->type), words = (n * bytes + 7) / 8 + 1; /* never none */
  size_t *at = mdm_alloc(s->count, 2, 1, sizeof *at); /* P each: at, who */
  char *room = mdm_alloc(bytes, 1, 1, 1);             /* a row */
  int status = at && room ? MDM_OK : mdm_no_memory(err, "the order of %zu samples", s->count);
  if (!status) {
    sort_rows(s, n, row, at, at + s->count, room);
    void *less = n < s->count ? realloc(s->value, 8 * words) : NULL; /* where that fails the old block stays */
    if (less) s->value = less;
    s->count = n;
  }
  free(at);
  free(room);
  return status;
}

/* ---------------------------------------------------------------- standardization */

size_t mdm_standard_count(const mdm_stored *s, mdm_standard mode) {
  return mode == MDM_STANDARD_NONE ? 0 : mode == MDM_STANDARD_GLOBAL ? 1 : mode == MDM_STANDARD_FEATURE ? s->dimension : s->count;
}

int mdm_stored_standardize(mdm_stored *s, mdm_standard mode, mdm_error *err) {
  size_t n = mdm_standard_count(s, mode);
  s->standard = mode;
  if (mode == MDM_STANDARD_NONE) return MDM_OK;
  s->mean = mdm_alloc(n, 1, 1, sizeof *s->mean);
  s->deviation = mdm_alloc(n, 1, 1, sizeof *s->deviation);
  return s->mean && s->deviation ? MDM_OK : mdm_no_memory(err, "means and deviations of %zu inputs", n);
}
