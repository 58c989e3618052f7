/* Data sets: built-in set, IDX and HDF5 files, selection, split, targets, standardization, and every error.
 * Small files are written to a temporary folder. Pixel d of image m of the small IDX set is (7 m + 3 d) mod 251. */
#include <CUnit/Basic.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <moedmft/data.h>

#include "suites.h"

static char folder[] = "/tmp/moedmft-data-XXXXXX";
static char files[64][160]; /* written so far, to be removed at the end */
static int n_files;

/* Path of a file in the temporary folder; a name keeps its path. */
static const char *path_of(const char *name) {
  char path[160];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  for (int i = 0; i < n_files; i++)
    if (!strcmp(files[i], path)) return files[i];
  if (n_files == 64) abort();
  return strcpy(files[n_files++], path);
}

static void write_bytes(const char *name, const void *bytes, size_t n, int gzip) {
  gzFile f = gzopen(path_of(name), gzip ? "wb9" : "wbT");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  CU_ASSERT_EQUAL(gzwrite(f, bytes, (unsigned)n), (int)n);
  CU_ASSERT_EQUAL(gzclose(f), Z_OK);
}

/* IDX file of the given extents; body: their product. */
static void write_idx(const char *name, int type, int rank, const unsigned *extent, const unsigned char *body, size_t n,
                      int gzip) {
  unsigned char buffer[20000] = {0, 0, (unsigned char)type, (unsigned char)rank};
  size_t used = 4;
  for (int k = 0; k < rank; k++)
    for (int shift = 24; shift >= 0; shift -= 8) buffer[used++] = (unsigned char)(extent[k] >> shift);
  memcpy(buffer + used, body, n);
  write_bytes(name, buffer, used + n, gzip);
}

enum { COUNT = 90, HEIGHT = 2, WIDTH = 3, SIZE = HEIGHT * WIDTH };
static unsigned char pixels[COUNT * SIZE], labels[COUNT]; /* labels 0, 1, 2; class 2 has only 10 samples */

static void write_small(int gzip) {
  for (int i = 0; i < COUNT; i++) {
    labels[i] = i % 9 == 8 ? 2 : (unsigned char)(i % 2);
    for (int d = 0; d < SIZE; d++) pixels[i * SIZE + d] = (unsigned char)((7 * i + 3 * d) % 251);
  }
  write_idx("images", 8, 3, (unsigned[]){COUNT, HEIGHT, WIDTH}, pixels, sizeof pixels, gzip);
  write_idx("labels", 8, 1, (unsigned[]){COUNT}, labels, sizeof labels, gzip);
}

static void write_dataset(hid_t file, const char *name, hid_t type, int rank, const hsize_t *extent,
                          const void *values) {
  hid_t space = H5Screate_simple(rank, extent, NULL);
  hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

/* /x: rows × columns doubles, /y: rows or rows × outputs (outputs > 0). */
static void write_hdf5(const char *name, size_t rows, size_t columns, size_t outputs, const double *x,
                       const double *y) {
  hid_t file = H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){rows, columns}, x);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, outputs ? 2 : 1, (hsize_t[]){rows, outputs}, y);
  H5Fclose(file);
}

/* Configuration from "key=value" lines separated by ';'; "@name" at the start of a value is a file of the folder. */
static mdm_config *configure(const char *settings) {
  mdm_config *cfg = NULL;
  mdm_error err = {0};
  char copy[1000], line[1200], *rest = copy;
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, &err), MDM_OK);
  snprintf(copy, sizeof copy, "%s", settings);
  for (char *s = strtok_r(copy, ";", &rest); s; s = strtok_r(NULL, ";", &rest)) {
    char *at = strstr(s, "=@");
    if (at)
      snprintf(line, sizeof line, "%.*s%.159s", (int)(at + 1 - s), s, path_of(at + 2));
    else
      snprintf(line, sizeof line, "%s", s);
    if (mdm_config_set(cfg, line, &err) != MDM_OK) printf("\n    %s", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, 0);
  }
  return cfg;
}

static mdm_data *load(const char *settings) {
  mdm_config *cfg = configure(settings);
  mdm_error err = {0};
  mdm_data *data = NULL;
  if (mdm_data_load(cfg, &data, &err) != MDM_OK) printf("\n    %s", err.text);
  mdm_config_free(cfg);
  CU_ASSERT_PTR_NOT_NULL_FATAL(data);
  return data;
}

/* Loading must fail with this code and a one-line message that contains both words. */
static void fails(const char *settings, int code, const char *word, const char *other) {
  mdm_config *cfg = configure(settings);
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

#define IDX "data.source=idx;data.file=@images;data.labels=@labels;"
#define SMALL IDX "data.standardize=none;"
#define FASHION                                                                                                        \
  "data.source=idx;data.file=data/fashion/train-images-idx3-ubyte.gz;"                                                 \
  "data.labels=data/fashion/train-labels-idx1-ubyte.gz;"
#define FASHION_TEST                                                                                                   \
  "data.test_file=data/fashion/t10k-images-idx3-ubyte.gz;"                                                             \
  "data.test_labels=data/fashion/t10k-labels-idx1-ubyte.gz;"

static int same_samples(const mdm_data *d, const mdm_samples *a, const mdm_samples *b) {
  return a->count == b->count && !memcmp(a->origin, b->origin, a->count * sizeof *a->origin) &&
         !memcmp(a->x, b->x, a->count * d->dimension * sizeof *a->x) &&
         !memcmp(a->y, b->y, a->count * d->outputs * sizeof *a->y);
}

/* Number of samples whose label in the small IDX set is the given one. */
static size_t number_of(const mdm_samples *s, int label) {
  size_t n = 0;
  for (size_t i = 0; i < s->count; i++) n += labels[s->origin[i]] == label;
  return n;
}

/* Pixels are those of the file at origin. */
static int pixels_fit(const mdm_samples *s) {
  for (size_t i = 0; i < s->count; i++)
    for (size_t d = 0; d < SIZE; d++)
      if (s->x[i * SIZE + d] != pixels[s->origin[i] * SIZE + d]) return 0;
  return 1;
}

/* No index of the file (below limit) is used twice. */
static int disjoint(const mdm_samples *a, const mdm_samples *b, size_t limit) {
  unsigned char *used = calloc(limit, 1);
  int good = used != NULL;
  for (size_t i = 0; good && i < a->count; i++) good = a->origin[i] < limit && !used[a->origin[i]]++;
  for (size_t i = 0; good && i < b->count; i++) good = b->origin[i] < limit && !used[b->origin[i]]++;
  free(used);
  return good;
}

static int in_order(const mdm_samples *s) {
  for (size_t i = 1; i < s->count; i++)
    if (s->origin[i] <= s->origin[i - 1]) return 0;
  return 1;
}

/* ---- built-in set and arrays ---- */

static void test_cosine(void) {
  static const double sign[] = {1, -1, -1, 1};
  mdm_data *data = load("data.dimension=2");
  CU_ASSERT_EQUAL_FATAL(data->train.count, 4);
  CU_ASSERT_EQUAL(data->test.count, 0);
  CU_ASSERT_EQUAL(data->dimension, 2);
  CU_ASSERT_EQUAL(data->outputs, 1);
  CU_ASSERT_EQUAL(data->classification, 1);
  /* √2 cos of 1.7; 3.4; 3.7; 10.8 */
  CU_ASSERT_DOUBLE_EQUAL(data->train.x[0], -0.18221363126983384, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(data->train.x[1], -1.3672591160236693, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(data->train.x[2], -1.199394567093911, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(data->train.x[2 * 2 + 1], -0.27482398928382934, 1e-13);
  for (size_t m = 0; m < 4; m++) CU_ASSERT_EQUAL(data->train.y[m], sign[m]);
  mdm_data_free(data);
}

static void test_cosine_parts(void) {
  mdm_data *a = load("data.train=3;data.test=5"), *b = load("data.train=8");
  CU_ASSERT_EQUAL_FATAL(a->test.count, 5);
  CU_ASSERT_EQUAL(a->dimension, 6);
  CU_ASSERT_EQUAL(memcmp(a->test.x, b->train.x + 3 * 6, 5 * 6 * sizeof(double)), 0);
  CU_ASSERT_EQUAL(memcmp(a->test.y, b->train.y + 3, 5 * sizeof(double)), 0);
  CU_ASSERT_EQUAL(a->test.origin[0], 3);
  CU_ASSERT_PTR_NOT_NULL(strstr(a->source, "cosine"));
  mdm_data_free(a);
  mdm_data_free(b);
}

static void test_cosine_errors(void) {
  fails("data.file=abc", MDM_ERR_CONFIG, "data.file", "data.source");
  fails("data.classes=[0, 1]", MDM_ERR_CONFIG, "data.classes", "cosine");
  fails("data.targets=onehot", MDM_ERR_CONFIG, "data.targets", "cosine");
}

static void test_arrays(void) {
  double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 0, 0, 1, 1, 0};
  mdm_error err = {0};
  mdm_data *data = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_data_from_arrays(2, 1, 2, 2, x, y, 1, &data, &err), MDM_OK);
  CU_ASSERT_EQUAL(data->train.count, 2);
  CU_ASSERT_EQUAL(data->test.count, 1);
  CU_ASSERT_EQUAL(data->test.x[1], 6);
  CU_ASSERT_EQUAL(data->test.y[0], 1);
  CU_ASSERT_EQUAL(data->test.origin[0], 2);
  mdm_data_free(data);
  mdm_data_free(NULL);
  CU_ASSERT_EQUAL(mdm_data_from_arrays(0, 1, 2, 2, x, y, 1, &data, &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL(mdm_data_from_arrays(2, 0, (size_t)-1, 2, x, y, 1, &data, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "overflows"));
  CU_ASSERT_EQUAL(mdm_data_from_arrays(3, 0, 2, 1, x, x, 1, &data, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "sample 1"));
  x[3] = NAN;
  CU_ASSERT_EQUAL(mdm_data_from_arrays(2, 1, 2, 2, x, y, 1, &data, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "x of sample 1, index 1, is NaN"));
  CU_ASSERT_PTR_NULL(data);
}

/* ---- IDX ---- */

static void test_idx_formats(void) {
  write_small(0);
  mdm_data *plain = load(SMALL);
  write_small(1);
  mdm_data *packed = load(SMALL);
  CU_ASSERT_EQUAL_FATAL(plain->train.count, COUNT);
  CU_ASSERT_EQUAL(plain->dimension, SIZE);
  CU_ASSERT_EQUAL(plain->outputs, 3);
  CU_ASSERT_EQUAL(plain->classification, 1);
  CU_ASSERT(same_samples(plain, &plain->train, &packed->train));
  CU_ASSERT(pixels_fit(&plain->train));
  CU_ASSERT(disjoint(&plain->train, &plain->test, COUNT));
  CU_ASSERT_FALSE(in_order(&plain->train)); /* shuffled */
  for (size_t i = 0; i < COUNT; i++)
    for (size_t c = 0; c < 3; c++)
      CU_ASSERT_EQUAL(plain->train.y[i * 3 + c], labels[plain->train.origin[i]] == c ? 1.0 : 0.0);
  mdm_data_free(plain);
  mdm_data_free(packed);
}

static void test_classes(void) {
  write_small(0);
  mdm_data *data = load(SMALL "data.classes=[2, 0];data.train=12;data.test=6"); /* 2 becomes +1, 0 becomes -1 */
  CU_ASSERT_EQUAL_FATAL(data->outputs, 1);
  CU_ASSERT_EQUAL(data->classification, 1);
  for (size_t i = 0; i < 12; i++) CU_ASSERT_EQUAL(data->train.y[i], labels[data->train.origin[i]] == 2 ? 1.0 : -1.0);
  CU_ASSERT_EQUAL(number_of(&data->train, 1) + number_of(&data->test, 1), 0);
  CU_ASSERT(pixels_fit(&data->train) && pixels_fit(&data->test));
  mdm_data_free(data);
  data = load(SMALL "data.classes=[2, 0];data.targets=onehot;data.train=12");
  CU_ASSERT_EQUAL_FATAL(data->outputs, 2);
  for (size_t i = 0; i < 12; i++) CU_ASSERT_EQUAL(data->train.y[2 * i], labels[data->train.origin[i]] == 2 ? 1.0 : 0.0);
  mdm_data_free(data);
}

static void test_balance(void) {
  write_small(0);
  mdm_data *data = load(SMALL "data.train=16;data.test=9");
  for (int c = 0; c < 3; c++) {
    size_t train = number_of(&data->train, c), test = number_of(&data->test, c);
    CU_ASSERT(train == 5 || train == 6);
    CU_ASSERT_EQUAL(test, 3);
  }
  CU_ASSERT(disjoint(&data->train, &data->test, COUNT));
  mdm_data_free(data);
  data = load(SMALL "data.train=50"); /* class 2 has 10 samples, the others fill up */
  CU_ASSERT_EQUAL(number_of(&data->train, 2), 10);
  CU_ASSERT_EQUAL(number_of(&data->train, 0), 20);
  CU_ASSERT_EQUAL(number_of(&data->train, 1), 20);
  mdm_data_free(data);
}

static void test_split(void) {
  write_small(0);
  mdm_data *data = load(SMALL "data.test=20"); /* data.train = 0: the rest */
  CU_ASSERT_EQUAL(data->train.count, COUNT - 20);
  CU_ASSERT_EQUAL(data->test.count, 20);
  CU_ASSERT(disjoint(&data->train, &data->test, COUNT));
  mdm_data_free(data);
}

static void test_seed(void) {
  write_small(0);
  mdm_data *a = load(SMALL "data.train=30;data.test=10;data.seed=5"), *b = load(SMALL "data.train=30;data.seed=5");
  mdm_data *c = load(SMALL "data.train=30;data.seed=6"), *d = load(SMALL "data.train=60;data.seed=5");
  CU_ASSERT(same_samples(a, &a->train, &b->train)); /* the test part does not change the train part */
  CU_ASSERT_FALSE(same_samples(a, &a->train, &c->train));
  for (size_t i = 0; i < 30; i++) { /* a smaller subset is part of the larger one */
    int found = 0;
    for (size_t j = 0; j < 60; j++) found |= d->train.origin[j] == b->train.origin[i];
    CU_ASSERT(found);
  }
  mdm_data_free(a);
  mdm_data_free(b);
  mdm_data_free(c);
  mdm_data_free(d);
}

static void test_fashion(void) {
  mdm_data *data = load(FASHION FASHION_TEST "data.test=400");
  CU_ASSERT_EQUAL_FATAL(data->train.count, 1600);
  CU_ASSERT_EQUAL_FATAL(data->test.count, 400);
  CU_ASSERT_EQUAL(data->dimension, 784);
  CU_ASSERT_EQUAL(data->outputs, 10);
  double sum = 0, square = 0, per_class[10] = {0}, test_class[10] = {0};
  for (size_t i = 0; i < 1600 * 784; i++) {
    sum += data->train.x[i];
    square += data->train.x[i] * data->train.x[i];
  }
  CU_ASSERT_DOUBLE_EQUAL(sum / (1600 * 784), 0, 1e-10); /* auto: global */
  CU_ASSERT_DOUBLE_EQUAL(square / (1600 * 784), 1, 1e-10);
  for (size_t i = 0; i < 16000; i++) per_class[i % 10] += data->train.y[i];
  for (size_t i = 0; i < 4000; i++) test_class[i % 10] += data->test.y[i];
  for (int c = 0; c < 10; c++) CU_ASSERT(per_class[c] == 160 && test_class[c] == 40);
  mdm_data_free(data);
  data = load(FASHION FASHION_TEST "data.classes=[3, 8];data.train=100;data.test=40");
  CU_ASSERT_EQUAL(data->outputs, 1);
  for (size_t i = sum = 0; i < 100; i++) sum += data->train.y[i];
  CU_ASSERT_EQUAL(sum, 0);
  mdm_data_free(data);
}

static void test_option_errors(void) {
  write_small(0);
  fails("data.source=idx", MDM_ERR_CONFIG, "data.file", "idx");
  fails("data.source=hdf5", MDM_ERR_CONFIG, "data.file", "hdf5");
  fails("data.source=idx;data.file=@images", MDM_ERR_CONFIG, "data.labels", "images");
  fails(IDX "data.test_file=@images;data.test=1", MDM_ERR_CONFIG, "data.test_file", "data.test_labels");
  fails("data.source=hdf5;data.file=@a.h5;data.labels=@labels", MDM_ERR_CONFIG, "data.labels", "a.h5");
  fails(IDX "data.classes=[0, 1, 0]", MDM_ERR_CONFIG, "data.classes", "twice");
  fails(IDX "data.classes=[1]", MDM_ERR_CONFIG, "data.classes", "two");
  fails(IDX "data.targets=sign", MDM_ERR_CONFIG, "data.targets", "images");
}

static void test_number_errors(void) {
  write_small(0);
  fails(IDX "data.classes=[0, 7, 1, 9]", MDM_ERR_DATA, "label 7, 9", "data.classes");
  fails(IDX "data.train=91", MDM_ERR_DATA, "holds 90", "data.train");
  fails(IDX "data.classes=[0, 2];data.train=91", MDM_ERR_DATA, "holds 50", "data.train");
  fails(IDX "data.train=80;data.test=11", MDM_ERR_DATA, "80 + 11", "data.test_file");
  fails(IDX "data.test=90", MDM_ERR_DATA, "none to train on", "data.test");
  fails(FASHION FASHION_TEST "data.test=401", MDM_ERR_DATA, "t10k-images", "holds 400");
}

#define OTHER(images, labels) "data.source=idx;data.file=@" images ";data.labels=@" labels
static void test_idx_errors(void) {
  write_small(0);
  static const unsigned char body[64] = {0};
  const unsigned few[] = {COUNT - 1}, image[] = {2, 2, 2}, huge[] = {4000000000u, 4000000000u, 4000000000u};
  write_idx("few", 8, 1, few, labels, COUNT - 1, 0);
  write_idx("float", 0x0d, 3, image, body, 32, 0);
  write_idx("huge", 8, 3, huge, body, 8, 0);
  write_idx("promise", 8, 3, (unsigned[]){1000000, 1000, 1000}, body, 8, 0);
  write_idx("empty", 8, 3, (unsigned[]){0, 2, 2}, body, 0, 0);
  write_idx("cut", 8, 3, (unsigned[]){COUNT, HEIGHT, WIDTH}, pixels, sizeof pixels - 5, 0);
  write_idx("cut.gz", 8, 3, (unsigned[]){COUNT, HEIGHT, WIDTH}, pixels, sizeof pixels - 5, 1);
  write_idx("long", 8, 3, image, body, 9, 0);
  write_idx("one", 8, 1, (unsigned[]){4}, (const unsigned char *)"\3\3\3\3", 4, 0);
  write_idx("four", 8, 2, (unsigned[]){4, 5}, body, 20, 0);
  write_bytes("text", "hello, world", 12, 0);
  write_bytes("short", "\0\0\10", 3, 0);
  fails(OTHER("absent", "labels"), MDM_ERR_DATA, "absent", "data.file");
  fails(OTHER("images", "absent"), MDM_ERR_DATA, "absent", "data.labels");
  fails(OTHER("text", "labels"), MDM_ERR_DATA, "not an IDX file", "data.file");
  fails(OTHER("float", "labels"), MDM_ERR_DATA, "0x0d", "hdf5");
  fails(OTHER("huge", "labels"), MDM_ERR_DATA, "overflows", "data.file");
  fails(OTHER("promise", "labels"), MDM_ERR_DATA, "truncated", "data.file");
  fails(OTHER("empty", "labels"), MDM_ERR_DATA, "no samples", "data.file");
  fails(OTHER("cut", "labels"), MDM_ERR_DATA, "truncated, 5 bytes missing", "data.file");
  fails(OTHER("cut.gz", "labels"), MDM_ERR_DATA, "truncated, 5 bytes missing", "data.file");
  fails(OTHER("short", "labels"), MDM_ERR_DATA, "truncated", "data.file");
  fails(OTHER("long", "labels"), MDM_ERR_DATA, "longer", "data.file");
  fails(OTHER("labels", "labels"), MDM_ERR_DATA, "1 dimension", "data.file");
  fails(OTHER("images", "images"), MDM_ERR_DATA, "3 dimensions", "data.labels");
  fails(OTHER("images", "few"), MDM_ERR_DATA, "90 images", "89 labels");
  fails(OTHER("four", "one"), MDM_ERR_DATA, "all labels are 3", "two classes");
  fails(IDX FASHION_TEST "data.test=1", MDM_ERR_DATA, "784", "data.test_file");
}

/* A gzip file that lost its tail, one with a wrong checksum, and a test label that the train part lacks. */
static void test_idx_damage(void) {
  unsigned char bytes[4000];
  write_small(1);
  FILE *f = fopen(path_of("images"), "rb");
  size_t n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  write_bytes("tail", bytes, n - 3, 0);
  bytes[n - 6] ^= 0xff;
  write_bytes("sum", bytes, n, 0);
  write_bytes("half", bytes, n / 2, 0);
  fails(OTHER("tail", "labels"), MDM_ERR_DATA, "tail", "data.file");
  fails(OTHER("sum", "labels"), MDM_ERR_DATA, "sum", "data.file");
  fails(OTHER("half", "labels"), MDM_ERR_DATA, "half", "data.file");
  fails(OTHER("", "labels"), MDM_ERR_DATA, "cannot be", "data.file"); /* the folder itself */
  labels[3] = 77;
  write_idx("other", 8, 1, (unsigned[]){COUNT}, labels, COUNT, 0);
  write_small(0);
  fails(IDX "data.test_file=@images;data.test_labels=@other;data.test=5", MDM_ERR_DATA, "label 77 of sample 3",
        "data.classes");
}

/* ---- HDF5 ---- */

#define H5(name) "data.source=hdf5;data.file=@" name ";"

static void test_hdf5_regression(void) {
  double x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, y[8] = {0, 1, 2, 3, 0.5, 1.5, 2.5, 3.5};
  write_hdf5("a.h5", 4, 3, 0, x, y);
  mdm_data *data = load(H5("a.h5"));
  CU_ASSERT_EQUAL_FATAL(data->train.count, 4);
  CU_ASSERT_EQUAL(data->dimension, 3);
  CU_ASSERT_EQUAL(data->outputs, 1);
  CU_ASSERT_EQUAL(data->classification, 0);
  CU_ASSERT(in_order(&data->train)); /* everything: the order of the file */
  CU_ASSERT_EQUAL(memcmp(data->train.x, x, sizeof x), 0);
  CU_ASSERT_EQUAL(memcmp(data->train.y, y, 4 * sizeof *y), 0);
  mdm_data_free(data);
  write_hdf5("b.h5", 4, 3, 2, x, y);
  data = load(H5("b.h5") "data.train=2;data.test=2");
  CU_ASSERT_EQUAL_FATAL(data->outputs, 2);
  CU_ASSERT(disjoint(&data->train, &data->test, 4));
  for (size_t i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(data->train.x[3 * i + 2], x[3 * data->train.origin[i] + 2]);
    CU_ASSERT_EQUAL(data->train.y[2 * i + 1], y[2 * data->train.origin[i] + 1]);
  }
  mdm_data_free(data);
}

static void test_hdf5_targets(void) {
  double x[4] = {1, 2, 3, 4}, sign[4] = {1, -1, -1, 1}, label[4] = {7, 0, 7, 0}, hot[8] = {1, 0, 0, 1, 1, 0, 0, 1};
  write_hdf5("sign.h5", 4, 1, 0, x, sign);
  write_hdf5("label.h5", 4, 1, 0, x, label);
  write_hdf5("hot.h5", 4, 1, 2, x, hot);
  mdm_data *a = load(H5("sign.h5") "train.loss=cross_entropy"), *b = load(H5("label.h5") "train.loss=cross_entropy");
  mdm_data *c = load(H5("hot.h5") "train.loss=cross_entropy"), *d = load(H5("label.h5"));
  mdm_data *e = load(H5("label.h5") "data.targets=onehot"), *f = load(H5("label.h5") "data.classes=[7, 0]");
  CU_ASSERT(a->outputs == 1 && b->outputs == 1 && c->outputs == 2 && d->outputs == 1 && e->outputs == 2);
  CU_ASSERT(a->classification && b->classification && c->classification && !d->classification && e->classification);
  CU_ASSERT_EQUAL(memcmp(a->train.y, sign, sizeof sign), 0);
  CU_ASSERT_EQUAL(memcmp(c->train.y, hot, sizeof hot), 0);
  CU_ASSERT_EQUAL(memcmp(d->train.y, label, sizeof label), 0);
  for (size_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(b->train.y[i], label[i] == 0 ? 1 : -1);
  for (size_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(e->train.y[2 * i], label[i] == 0 ? 1 : 0);
  for (size_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(f->train.y[i], label[i] == 7 ? 1 : -1);
  mdm_data_free(a);
  mdm_data_free(b);
  mdm_data_free(c);
  mdm_data_free(d);
  mdm_data_free(e);
  mdm_data_free(f);
}

/* Images of float in three dimensions, targets of 16-bit integers. */
static void test_hdf5_types(void) {
  float x[2][2][3] = {{{1, 2, 3}, {4, 5, 6}}, {{7, 8, 9}, {10, 11, 12.5}}};
  short y[2] = {-1, 1};
  hid_t file = H5Fcreate(path_of("types.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_FLOAT, 3, (hsize_t[]){2, 2, 3}, x);
  write_dataset(file, "/y", H5T_NATIVE_SHORT, 1, (hsize_t[]){2}, y);
  H5Fclose(file);
  mdm_data *data = load(H5("types.h5"));
  CU_ASSERT_EQUAL_FATAL(data->dimension, 6);
  CU_ASSERT_EQUAL(data->train.x[11], 12.5);
  CU_ASSERT_EQUAL(data->train.y[0], -1);
  CU_ASSERT_EQUAL(data->classification, 1);
  mdm_data_free(data);
}

static void test_hdf5_test_file(void) {
  double x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, label[8] = {0, 1, 2, 0, 1, 2, 1, 1};
  write_hdf5("train.h5", 8, 1, 0, x, label);
  write_hdf5("test.h5", 2, 1, 0, x, label + 6); /* all 1: labels here, since they are labels in train.h5 */
  mdm_data *data = load(H5("train.h5") "data.test_file=@test.h5;data.test=2;train.loss=cross_entropy");
  CU_ASSERT_EQUAL_FATAL(data->outputs, 3);
  CU_ASSERT(in_order(&data->train) && in_order(&data->test));
  CU_ASSERT_EQUAL(data->test.y[1], 1);
  CU_ASSERT_EQUAL(data->test.y[4], 1);
  mdm_data_free(data);
}

static void test_hdf5_errors(void) {
  write_small(0);
  double x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {0.5, 1, 2, -1, 1, 0}, nan_x[6] = {1, 2, 3, 4, NAN, 6};
  double inf_y[3] = {1, 2, INFINITY}, hot[6] = {1, 0, 1, 1, 0, 1}, label[3] = {0, 1, 2};
  write_hdf5("y.h5", 3, 2, 0, x, y);
  write_hdf5("nan.h5", 3, 2, 0, nan_x, y);
  write_hdf5("inf.h5", 3, 2, 0, x, inf_y);
  write_hdf5("nothot.h5", 3, 2, 2, x, hot);
  write_hdf5("wide.h5", 2, 3, 0, x, y);
  write_hdf5("label3.h5", 3, 2, 0, x, label);
  fails(H5("nowhere.h5"), MDM_ERR_DATA, "nowhere.h5", "data.file");
  fails(H5("labels"), MDM_ERR_DATA, "not an HDF5 file", "data.file");
  fails(H5("nan.h5"), MDM_ERR_DATA, "/x of sample 2, index 0, is NaN", "nan.h5");
  fails(H5("inf.h5"), MDM_ERR_DATA, "/y of sample 2, index 0, is infinite", "inf.h5");
  fails(H5("y.h5") "train.loss=cross_entropy", MDM_ERR_DATA, "sample 0", "train.loss");
  fails(H5("nothot.h5") "train.loss=cross_entropy", MDM_ERR_DATA, "sample 1", "one-hot");
  fails(H5("y.h5") "data.classes=[0, 1]", MDM_ERR_CONFIG, "data.classes", "y.h5");
  fails(H5("y.h5") "data.targets=sign", MDM_ERR_CONFIG, "data.targets", "y.h5");
  fails(H5("label3.h5") "data.targets=sign", MDM_ERR_CONFIG, "data.targets", "label3.h5");
  fails(H5("y.h5") "data.test_file=@wide.h5;data.test=1", MDM_ERR_DATA, "dimension 3", "data.test_file");
  fails(H5("y.h5") "data.test_file=@nothot.h5;data.test=1", MDM_ERR_DATA, "2 columns", "data.test_file");
  fails(H5("label3.h5") "train.loss=cross_entropy;data.test_file=@y.h5;data.test=1", MDM_ERR_DATA, "no class label",
        "data.test_file");
}

static void test_hdf5_shape_errors(void) {
  double v[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  hid_t file = H5Fcreate(path_of("x.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 4}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "no data set /y", "data.file");
  file = H5Fopen(path_of("x.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 3, (hsize_t[]){2, 2, 2}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/y has 3 dimensions", "data.file");
  file = H5Fopen(path_of("x.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "/y", H5P_DEFAULT);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){3}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/y has 3", "data.file");
  file = H5Fopen(path_of("x.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "/y", H5P_DEFAULT);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 0}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/y is empty", "data.file");
  file = H5Fcreate(path_of("x.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){8}, v);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){8}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/x has 1 dimension", "data.file");
  file = H5Fcreate(path_of("x.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_STD_B8LE, 2, (hsize_t[]){4, 2}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/x is not of an integer", "data.file");
}

/* HDF5's own error printing is as it was after a failure. */
static void test_hdf5_quiet(void) {
  H5E_auto2_t before = NULL, after = NULL;
  void *data;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  fails(H5("nowhere.h5"), MDM_ERR_DATA, "nowhere.h5", "data.file");
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  CU_ASSERT(before == after && before != NULL);
}

/* ---- standardization ---- */

static void test_standardize_feature(void) {
  double x[8] = {1, 5, 2, 5, 3, 5, 10, 6}, y[4] = {1, -1, 1, -1};
  write_hdf5("s.h5", 3, 2, 0, x, y);
  write_hdf5("s-test.h5", 1, 2, 0, x + 6, y);
  mdm_data *data = load(H5("s.h5") "data.standardize=feature;data.test_file=@s-test.h5;data.test=1");
  double deviation = sqrt(2.0 / 3.0); /* mean 2, variance 2/3 */
  for (int m = 0; m < 3; m++) {
    CU_ASSERT_DOUBLE_EQUAL(data->train.x[2 * m], (m - 1) / deviation, 1e-14);
    CU_ASSERT_EQUAL(data->train.x[2 * m + 1], 0); /* constant input */
  }
  CU_ASSERT_DOUBLE_EQUAL(data->test.x[0], 8 / deviation, 1e-13); /* statistics of the train part */
  CU_ASSERT_EQUAL(data->test.x[1], 0);
  mdm_data_free(data);
}

static void test_standardize_global(void) {
  double x[8] = {1, 3, 1, 3, 1e200, 3e200, 1e200, 3e200}, y[2] = {1, -1};
  write_hdf5("s.h5", 2, 2, 0, x, y);
  write_hdf5("s-large.h5", 2, 2, 0, x + 4, y);
  mdm_data *data = load(H5("s.h5") "data.standardize=global");        /* mean 2, variance 1 */
  mdm_data *large = load(H5("s-large.h5") "data.standardize=global"); /* its squares would overflow */
  for (int i = 0; i < 4; i++) {
    CU_ASSERT_DOUBLE_EQUAL(data->train.x[i], i % 2 ? 1 : -1, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(large->train.x[i], i % 2 ? 1 : -1, 1e-14);
  }
  mdm_data_free(data);
  mdm_data_free(large);
}

static void test_standardize_sample(void) {
  double x[8] = {1, 3, 1, 3, 0.1, 0.1, 0.1, 0.1}, y[2] = {1, -1};
  write_hdf5("s.h5", 2, 4, 0, x, y);
  mdm_data *data = load(H5("s.h5") "data.standardize=sample");
  for (int i = 0; i < 4; i++) {
    CU_ASSERT_DOUBLE_EQUAL(data->train.x[i], i % 2 ? 1 : -1, 1e-14);
    CU_ASSERT_EQUAL(data->train.x[4 + i], 0); /* constant sample */
  }
  mdm_data_free(data);
}

static void test_standardize_constant(void) {
  double x[4] = {0.1, 0.1, 0.1, 0.1}, y[2] = {1, -1};
  write_hdf5("s.h5", 2, 2, 0, x, y);
  fails(H5("s.h5") "data.standardize=global", MDM_ERR_DATA, "s.h5", "data.standardize");
}

static int begin(void) { return mkdtemp(folder) == NULL; }

static int end(void) {
  for (int i = 0; i < n_files; i++) unlink(files[i]);
  return rmdir(folder) != 0;
}

int suite_data(void) {
  CU_TestInfo tests[] = {
      {"cosine: numbers", test_cosine},
      {"cosine: train and test", test_cosine_parts},
      {"cosine: errors", test_cosine_errors},
      {"arrays in memory", test_arrays},
      {"idx: plain and gzip", test_idx_formats},
      {"idx: classes and targets", test_classes},
      {"idx: balance", test_balance},
      {"idx: split", test_split},
      {"idx: seed", test_seed},
      {"idx: embedded Fashion-MNIST", test_fashion},
      {"options that contradict", test_option_errors},
      {"too many samples, missing classes", test_number_errors},
      {"idx: errors", test_idx_errors},
      {"idx: damaged files", test_idx_damage},
      {"hdf5: regression", test_hdf5_regression},
      {"hdf5: targets", test_hdf5_targets},
      {"hdf5: types", test_hdf5_types},
      {"hdf5: test file", test_hdf5_test_file},
      {"hdf5: errors", test_hdf5_errors},
      {"hdf5: shape errors", test_hdf5_shape_errors},
      {"hdf5: quiet", test_hdf5_quiet},
      {"standardize: feature", test_standardize_feature},
      {"standardize: global", test_standardize_global},
      {"standardize: sample", test_standardize_sample},
      {"standardize: constant", test_standardize_constant},
      CU_TEST_INFO_NULL,
  };
  CU_SuiteInfo suites[] = {{"data", begin, end, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  return CU_register_suites(suites);
}
