/* HDF5 files: regression and class targets, types, and every error. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/stored.h"
#include "support/folder.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/words.h"

static void test_hdf5_regression(void) {
  double x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, y[8] = {0, 1, 2, 3, 0.5, 1.5, 2.5, 3.5};
  write_hdf5("a.h5", 4, 3, 0, x, y);
  mdm_data *data = load(H5("a.h5"));
  CU_ASSERT_EQUAL_FATAL(data->train.count, 4);
  CU_ASSERT_EQUAL(data->dimension, 3);
  CU_ASSERT_EQUAL(data->outputs, 1);
  CU_ASSERT_EQUAL(data->classification, 0);
  CU_ASSERT(in_order(&data->train)); /* everything: the order of the file */
  CU_ASSERT_EQUAL(memcmp(inputs_of(data, &data->train), x, sizeof x), 0);
  CU_ASSERT_EQUAL(memcmp(data->train.y, y, 4 * sizeof *y), 0);
  mdm_data_free(data);
  write_hdf5("b.h5", 4, 3, 2, x, y);
  data = load(H5("b.h5") "data.train=2;data.test=2");
  CU_ASSERT_EQUAL_FATAL(data->outputs, 2);
  CU_ASSERT(disjoint(&data->train, &data->test, 4));
  for (size_t i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(inputs_of(data, &data->train)[3 * i + 2], x[3 * data->train.origin[i] + 2]);
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
  hid_t file = H5Fcreate(in_folder("types.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_FLOAT, 3, (hsize_t[]){2, 2, 3}, x);
  write_dataset(file, "/y", H5T_NATIVE_SHORT, 1, (hsize_t[]){2}, y);
  H5Fclose(file);
  mdm_data *data = load(H5("types.h5"));
  CU_ASSERT_EQUAL_FATAL(data->dimension, 6);
  CU_ASSERT_EQUAL(inputs_of(data, &data->train)[11], 12.5);
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

/* Settings that load, with a notice that mentions phrases; NULL: without one. */
static void noticed(const char *settings, const char *phrases) {
  mdm_data *data = load(settings);
  if (phrases) CU_ASSERT(mentions(data->notice, phrases))
  else CU_ASSERT_STRING_EQUAL(data->notice, "");
  CU_ASSERT_PTR_NULL(strchr(data->notice, '\n'));
  mdm_data_free(data);
}

/* Integers that train as numbers are mentioned; anything that says what they are, or cannot be labels, is not. */
static void test_hdf5_integers(void) {
  double x[4] = {1, 2, 3, 4}, label[4] = {0, 1, 2, 1}, negative[4] = {0, -1, 2, 1}, same[4] = {3, 3, 3, 3}, real[4] = {0, 1, 2, 0.5};
  double sign[4] = {1, -1, -1, 1}, large[4] = {0, 1e300, 1, 2};
  write_hdf5("label.h5", 4, 1, 0, x, label);
  write_hdf5("column.h5", 4, 1, 1, x, label);
  write_hdf5("negative.h5", 4, 1, 0, x, negative);
  write_hdf5("same.h5", 4, 1, 0, x, same);
  write_hdf5("real.h5", 4, 1, 0, x, real);
  write_hdf5("sign.h5", 4, 1, 0, x, sign);
  write_hdf5("large.h5", 4, 1, 0, x, large);
  noticed(H5("label.h5"), "/y of |label.h5 holds integers, 0 to 2|data.targets: onehot|data.classes");
  noticed(H5("column.h5"), "0 to 2");
  noticed(H5("negative.h5"), "-1 to 2|negative label");
  noticed(H5("same.h5"), NULL);
  noticed(H5("real.h5"), NULL);
  noticed(H5("sign.h5"), NULL);
  noticed(H5("large.h5"), NULL);
  noticed(H5("label.h5") "data.targets=onehot", NULL);
  noticed(H5("label.h5") "train.loss=cross_entropy", NULL);
}

/* Labels in one column of two dimensions; negative ones, which only data.classes leaves out. */
static void test_hdf5_labels(void) {
  double x[4] = {1, 2, 3, 4}, label[4] = {0, 1, 2, 1}, negative[4] = {0, -1, 2, 1};
  write_hdf5("column.h5", 4, 1, 1, x, label);
  write_hdf5("negative.h5", 4, 1, 0, x, negative);
  mdm_data *a = load(H5("column.h5") "data.targets=onehot"), *b = load(H5("negative.h5") "data.classes=[0, 1, 2]");
  CU_ASSERT(a->outputs == 3 && a->classification && a->train.y[3 * 2 + 2] == 1);
  CU_ASSERT(b->outputs == 3 && b->classification);
  CU_ASSERT_EQUAL_FATAL(b->train.count, 3);
  for (size_t i = 0; i < 3; i++) CU_ASSERT(b->train.origin[i] != 1);
  mdm_data_free(a);
  mdm_data_free(b);
  fails(H5("negative.h5") "data.targets=onehot", MDM_ERR_DATA, "sample 1 is -1", "data.classes");
  fails(H5("negative.h5") "train.loss=cross_entropy", MDM_ERR_DATA, "sample 1 is -1", "data.classes");
}

/* As h5py writes them: an enumeration of one byte. */
static hid_t boolean_type(void) {
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  const signed char no = 0, yes = 1;
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  return type;
}

static void test_hdf5_booleans(void) {
  const signed char x[6] = {0, 1, 1, 0, 1, 1}, hot[6] = {1, 0, 0, 1, 1, 0}, one[3] = {0, 1, 1};
  hid_t file = H5Fcreate(in_folder("bool.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), type = boolean_type();
  write_dataset(file, "/x", type, 2, (hsize_t[]){3, 2}, x);
  write_dataset(file, "/y", type, 2, (hsize_t[]){3, 2}, hot);
  write_dataset(file, "/one", type, 1, (hsize_t[]){3}, one);
  H5Tclose(type);
  H5Fclose(file);
  mdm_data *a = load(H5("bool.h5") "train.loss=cross_entropy"), *b = load(H5("bool.h5") "train.loss=cross_entropy;data.y=/one");
  CU_ASSERT(a->outputs == 2 && a->classification && b->outputs == 1 && b->classification);
  for (int i = 0; i < 6; i++) CU_ASSERT(inputs_of(a, &a->train)[i] == x[i] && a->train.y[i] == hot[i]);
  for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(b->train.y[i], one[i] ? -1 : 1); /* classes ascend, the first is +1 */
  mdm_data_free(a);
  mdm_data_free(b);
}

/* Data sets in groups; the test part from data sets of its own in the same file, or in another by the names of the first. */
static void test_hdf5_names(void) {
  double x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5};
  for (int i = 0; i < 2; i++) {
    hid_t file = H5Fcreate(in_folder(i ? "groups.h5" : "other.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "/train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Gclose(H5Gcreate2(file, "/test", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    write_dataset(file, "/train/x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){3, 1}, x + i);
    write_dataset(file, "/train/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){3}, y + i);
    write_dataset(file, "/test/x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 1}, x + 4);
    write_dataset(file, "/test/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){2}, y + 4);
    H5Fclose(file);
  }
#define GROUPS H5("groups.h5") "data.x=/train/x;data.y=train/y;"
  mdm_data *a = load(GROUPS "data.test_x=/test/x;data.test_y=/test/y;data.test=2"), *b = load(GROUPS "data.test_file=@other.h5;data.test=2");
  CU_ASSERT(a->train.count == 3 && inputs_of(a, &a->train)[0] == 2 && a->train.y[2] == 3.5);
  CU_ASSERT(a->test.count == 2 && inputs_of(a, &a->test)[0] == 5 && a->test.y[1] == 5.5);
  CU_ASSERT(mentions(a->source, "groups.h5:/train/x|groups.h5:/test/x"));
  CU_ASSERT(b->test.count == 2 && b->train.count == 3 && inputs_of(b, &b->test)[0] < 4);
  mdm_data_free(a);
  mdm_data_free(b);
  fails(GROUPS "data.test_x=/nowhere;data.test=1", MDM_ERR_DATA, "no data set /nowhere", "data.test_x");
  fails(H5("groups.h5"), MDM_ERR_DATA, "no data set /x", "data.x");
  fails(H5("groups.h5") "data.x=/train;data.y=/train/y", MDM_ERR_DATA, "/train", "data.x");
  fails(H5("groups.h5") "data.x=/train/x;data.y=/test/y", MDM_ERR_DATA, "/train/x has 3 rows but /test/y has 2", "groups.h5");
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
  hid_t file = H5Fcreate(in_folder("x.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 4}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "no data set /y", "data.file");
  file = H5Fopen(in_folder("x.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 3, (hsize_t[]){2, 2, 2}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/y has 3 dimensions", "data.file");
  file = H5Fopen(in_folder("x.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "/y", H5P_DEFAULT);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){3}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/y has 3", "data.file");
  file = H5Fopen(in_folder("x.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "/y", H5P_DEFAULT);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 0}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/y is empty", "data.file");
  file = H5Fcreate(in_folder("x.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){8}, v);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){8}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/x has 1 dimension", "data.file");
  file = H5Fcreate(in_folder("x.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_STD_B8LE, 2, (hsize_t[]){4, 2}, v);
  H5Fclose(file);
  fails(H5("x.h5"), MDM_ERR_DATA, "/x is not of an integer", "data.file");
}

/* More numbers than are read at a time, in chunks and not: every one arrives in its place. A shape that there is no memory for is refused. */
static void test_hdf5_large(void) {
  enum { ROWS = 1501, COLUMNS = 1000 };
  double *x = malloc((size_t)ROWS * COLUMNS * sizeof *x), y[ROWS]; /* x: ROWS × COLUMNS */
  CU_ASSERT_PTR_NOT_NULL_FATAL(x);
  for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) x[i] = (double)i;
  for (size_t m = 0; m < ROWS; m++) y[m] = (double)m + 0.5;
  hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, (hsize_t[]){ROWS, COLUMNS}, NULL);
  for (int chunked = 0; chunked < 2; chunked++) {
    if (chunked) H5Pset_chunk(list, 2, (hsize_t[]){7, 300});
    hid_t file = H5Fcreate(in_folder("large.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t set = H5Dcreate2(file, "/x", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
    H5Dclose(set);
    write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){ROWS}, y);
    H5Fclose(file);
    mdm_data *data = load(H5("large.h5"));
    CU_ASSERT(data->train.count == ROWS && data->dimension == COLUMNS);
    CU_ASSERT_EQUAL(memcmp(inputs_of(data, &data->train), x, (size_t)ROWS * COLUMNS * sizeof *x), 0);
    CU_ASSERT_EQUAL(memcmp(data->train.y, y, sizeof y), 0);
    mdm_data_free(data);
  }
  hid_t file = H5Fopen(in_folder("large.h5"), H5F_ACC_RDWR, H5P_DEFAULT), huge = H5Screate_simple(2, (hsize_t[]){ROWS, (hsize_t)1 << 40}, NULL);
  H5Ldelete(file, "/x", H5P_DEFAULT);
  H5Dclose(H5Dcreate2(file, "/x", H5T_NATIVE_DOUBLE, huge, H5P_DEFAULT, list, H5P_DEFAULT));
  H5Fclose(file);
  fails(H5("large.h5"), MDM_ERR_MEMORY, "out of memory", "data.file");
  H5Sclose(huge);
  H5Sclose(space);
  H5Pclose(list);
  free(x);
}

/* Numbers that are written as `type`, in `as`: the inputs are held so, and are the same numbers, in order and shuffled with a part taken out. */
static void held(hid_t type, mdm_held_as as, const double *x, size_t rows, size_t columns) {
  double y[] = {1.5, 2, 3, 4, 5, 6};
  hid_t file = H5Fcreate(in_folder("held.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(2, (hsize_t[]){rows, columns}, NULL);
  hid_t set = H5Dcreate2(file, "/x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
  write_dataset(file, "/y", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){rows}, y);
  H5Dclose(set);
  H5Sclose(space);
  H5Fclose(file);
  mdm_data *whole = load(H5("held.h5")), *parts = load(H5("held.h5") "data.train=2;data.test=3");
  CU_ASSERT(whole->train.inputs->type == as && parts->train.inputs->type == as);
  CU_ASSERT_EQUAL(memcmp(inputs_of(whole, &whole->train), x, rows * columns * sizeof *x), 0);
  const double *train = inputs_of(parts, &parts->train), *test = inputs_of(parts, &parts->test);
  for (size_t i = 0; i < 2 * columns; i++) CU_ASSERT_EQUAL(train[i], x[columns * parts->train.origin[i / columns] + i % columns]);
  for (size_t i = 0; i < 3 * columns; i++) CU_ASSERT_EQUAL(test[i], x[columns * parts->test.origin[i / columns] + i % columns]);
  CU_ASSERT(disjoint(&parts->train, &parts->test, rows));
  mdm_data_free(whole);
  mdm_data_free(parts);
}

static void test_hdf5_held(void) {
  const double small[] = {0, 255, 7, 12, 100, 3, 9, 1, 77, 5, 6, 8}, wide[] = {-32768, 32767, 1, -1, 0, 5, 6, 7, 8, 9, 10, 11};
  double thirds[12], eighths[12];
  for (int i = 0; i < 12; i++) thirds[i] = (i + 1) / 3.0, eighths[i] = (i + 1) / 8.0;
  held(H5T_STD_U8BE, MDM_HELD_BYTE, small, 6, 2);
  held(H5T_STD_I16BE, MDM_HELD_SINGLE, wide, 6, 2);
  held(H5T_STD_I32LE, MDM_HELD_DOUBLE, wide, 6, 2);
  held(H5T_IEEE_F32BE, MDM_HELD_SINGLE, eighths, 6, 2);
  held(H5T_IEEE_F64LE, MDM_HELD_DOUBLE, thirds, 6, 2);
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

static const test_case tests[] = {
    {"hdf5: regression", test_hdf5_regression},
    {"hdf5: targets", test_hdf5_targets},
    {"hdf5: types", test_hdf5_types},
    {"hdf5: integers as targets", test_hdf5_integers},
    {"hdf5: labels", test_hdf5_labels},
    {"hdf5: booleans", test_hdf5_booleans},
    {"hdf5: names of data sets", test_hdf5_names},
    {"hdf5: test file", test_hdf5_test_file},
    {"hdf5: errors", test_hdf5_errors},
    {"hdf5: shape errors", test_hdf5_shape_errors},
    {"hdf5: large", test_hdf5_large},
    {"hdf5: types as they are held", test_hdf5_held},
    {"hdf5: quiet", test_hdf5_quiet},
};

SUITE_IN_FOLDER("data/hdf5", tests)
