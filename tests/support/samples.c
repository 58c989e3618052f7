/* Data sets that tests write, and what loading makes of them. */
#include "support/samples.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/folder.h"
#include "support/settings.h"

void write_bytes(const char *name, const void *bytes, size_t n, int gzip) {
  gzFile f = gzopen(in_folder(name), gzip ? "wb9" : "wbT");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  CU_ASSERT_EQUAL(gzwrite(f, bytes, (unsigned)n), (int)n);
  CU_ASSERT_EQUAL(gzclose(f), Z_OK);
}

void write_idx(const char *name, int type, int rank, const unsigned *extent, const unsigned char *body, size_t n, int gzip) {
  unsigned char buffer[20000] = {0, 0, (unsigned char)type, (unsigned char)rank};
  size_t used = 4;
  for (int k = 0; k < rank; k++)
    for (int shift = 24; shift >= 0; shift -= 8) buffer[used++] = (unsigned char)(extent[k] >> shift);
  memcpy(buffer + used, body, n);
  write_bytes(name, buffer, used + n, gzip);
}

unsigned char pixels[IDX_COUNT * IDX_SIZE], labels[IDX_COUNT];

void write_small(int gzip) {
  for (int i = 0; i < IDX_COUNT; i++) {
    labels[i] = i % 9 == 8 ? 2 : (unsigned char)(i % 2);
    for (int d = 0; d < IDX_SIZE; d++) pixels[i * IDX_SIZE + d] = (unsigned char)((7 * i + 3 * d) % 251);
  }
  write_idx("images", 8, 3, (unsigned[]){IDX_COUNT, IDX_HEIGHT, IDX_WIDTH}, pixels, sizeof pixels, gzip);
  write_idx("labels", 8, 1, (unsigned[]){IDX_COUNT}, labels, sizeof labels, gzip);
}

void write_dataset(hid_t file, const char *name, hid_t type, int rank, const hsize_t *extent, const void *values) {
  hid_t space = H5Screate_simple(rank, extent, NULL);
  hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

void write_hdf5(const char *name, size_t rows, size_t columns, size_t outputs, const double *x, const double *y) {
  hid_t file = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){rows, columns}, x);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, outputs ? 2 : 1, (hsize_t[]){rows, outputs}, y);
  H5Fclose(file);
}

void write_samples(const char *name, size_t rows, size_t D, size_t y_rows, size_t C, double scale, double y0) {
  double x[400], y[400];
  hid_t file = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0 && rows * (D ? D : 1) <= 400 && y_rows * (C ? C : 1) <= 400);
  for (size_t i = 0; i < rows * (D ? D : 1); i++) x[i] = scale * sin(1.0 + 3.7 * (double)i);
  for (size_t i = 0; i < y_rows * (C ? C : 1); i++) y[i] = C ? (i % C == i / C % C) : i % 2;
  y[0] = y0;
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, D ? 2 : 1, (hsize_t[]){rows, D}, x);
  if (y_rows) write_dataset(file, "/y", H5T_NATIVE_DOUBLE, C ? 2 : 1, (hsize_t[]){y_rows, C}, y);
  H5Fclose(file);
}

void write_one_integer_sample(const char *name) {
  const int x[3] = {1, 2, 3}, y = 1;
  hid_t file = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_INT, 2, (hsize_t[]){1, 3}, x);
  write_dataset(file, "/y", H5T_NATIVE_INT, 1, (hsize_t[]){1}, &y);
  H5Fclose(file);
}

mdm_data *load(const char *settings) {
  mdm_config *cfg = configure_values(settings);
  mdm_error err = {0};
  mdm_data *data = NULL;
  if (mdm_data_load(cfg, &data, &err) != MDM_OK) printf("\n    %s", err.text);
  mdm_config_free(cfg);
  CU_ASSERT_PTR_NOT_NULL_FATAL(data);
  return data;
}

void fails(const char *settings, int code, const char *word, const char *other) {
  mdm_config *cfg = configure_values(settings);
  mdm_error err = {0};
  mdm_data *data = (mdm_data *)&err;
  int status = mdm_data_load(cfg, &data, &err);
  if (status != code || !strstr(err.text, word) || !strstr(err.text, other))
    printf("\n    %s: %d: %s", settings, status, err.text);
  CU_ASSERT_EQUAL(status, code);
  CU_ASSERT_EQUAL(err.code, code);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, other));
  CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
  CU_ASSERT_PTR_NULL(data);
  CU_ASSERT_EQUAL(mdm_data_load(cfg, &data, NULL), code); /* err may be NULL */
  mdm_config_free(cfg);
}

const double *inputs_of(const mdm_data *d, const mdm_samples *s) {
  enum { KEPT = 4 };
  static double *kept[KEPT]; /* the last ones */
  static size_t next;
  double **x = &kept[next++ % KEPT];
  free(*x);
  *x = malloc((s->count * d->dimension + 1) * sizeof **x);
  CU_ASSERT_PTR_NOT_NULL_FATAL(*x);
  for (size_t m = 0; m < s->count; m++) mdm_samples_input(s, m, *x + d->dimension * m);
  return *x;
}

int same_samples(const mdm_data *d, const mdm_samples *a, const mdm_samples *b) {
  return a->count == b->count && !memcmp(a->origin, b->origin, a->count * sizeof *a->origin) &&
         !memcmp(inputs_of(d, a), inputs_of(d, b), a->count * d->dimension * sizeof(double)) &&
         !memcmp(a->y, b->y, a->count * d->outputs * sizeof *a->y);
}

size_t number_of(const mdm_samples *s, int label) {
  size_t n = 0;
  for (size_t i = 0; i < s->count; i++) n += labels[s->origin[i]] == label;
  return n;
}

int pixels_fit(const mdm_samples *s) {
  double x[IDX_SIZE];
  for (size_t i = 0; i < s->count; i++)
    for (size_t d = 0; d < IDX_SIZE; d++)
      if (mdm_samples_input(s, i, x), x[d] != pixels[s->origin[i] * IDX_SIZE + d]) return 0;
  return 1;
}

int disjoint(const mdm_samples *a, const mdm_samples *b, size_t limit) {
  unsigned char *used = calloc(limit, 1);
  int good = used != NULL;
  for (size_t i = 0; good && i < a->count; i++) good = a->origin[i] < limit && !used[a->origin[i]]++;
  for (size_t i = 0; good && i < b->count; i++) good = b->origin[i] < limit && !used[b->origin[i]]++;
  free(used);
  return good;
}

int in_order(const mdm_samples *s) {
  for (size_t i = 1; i < s->count; i++)
    if (s->origin[i] <= s->origin[i - 1]) return 0;
  return 1;
}
