/* IDX files: selection, split, targets, and every error. */
#include "data/stored.h"
#include "support/folder.h"
#include "support/samples.h"
#include "support/suite.h"

#define SMALL IDX "data.standardize=none;"

static void test_idx_formats(void) {
  write_small(0);
  mdm_data *plain = load(SMALL);
  write_small(1);
  mdm_data *packed = load(SMALL);
  CU_ASSERT_EQUAL_FATAL(plain->train.count, IDX_COUNT);
  CU_ASSERT_EQUAL(plain->dimension, IDX_SIZE);
  CU_ASSERT_EQUAL(plain->outputs, 3);
  CU_ASSERT_EQUAL(plain->classification, 1);
  CU_ASSERT(same_samples(plain, &plain->train, &packed->train));
  CU_ASSERT(pixels_fit(&plain->train));
  CU_ASSERT_EQUAL(plain->train.inputs->type, MDM_HELD_BYTE);
  CU_ASSERT(disjoint(&plain->train, &plain->test, IDX_COUNT));
  CU_ASSERT_FALSE(in_order(&plain->train)); /* shuffled */
  for (size_t i = 0; i < IDX_COUNT; i++)
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
  CU_ASSERT(disjoint(&data->train, &data->test, IDX_COUNT));
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
  CU_ASSERT_EQUAL(data->train.count, IDX_COUNT - 20);
  CU_ASSERT_EQUAL(data->test.count, 20);
  CU_ASSERT(disjoint(&data->train, &data->test, IDX_COUNT));
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
  const double *x = inputs_of(data, &data->train); /* 1600 × 784 */
  for (size_t i = 0; i < 1600 * 784; i++) {
    sum += x[i];
    square += x[i] * x[i];
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
  const unsigned few[] = {IDX_COUNT - 1}, image[] = {2, 2, 2}, huge[] = {4000000000u, 4000000000u, 4000000000u};
  write_idx("few", 8, 1, few, labels, IDX_COUNT - 1, 0);
  write_idx("float", 0x0d, 3, image, body, 32, 0);
  write_idx("huge", 8, 3, huge, body, 8, 0);
  write_idx("promise", 8, 3, (unsigned[]){1000000, 1000, 1000}, body, 8, 0);
  write_idx("empty", 8, 3, (unsigned[]){0, 2, 2}, body, 0, 0);
  write_idx("cut", 8, 3, (unsigned[]){IDX_COUNT, IDX_HEIGHT, IDX_WIDTH}, pixels, sizeof pixels - 5, 0);
  write_idx("cut.gz", 8, 3, (unsigned[]){IDX_COUNT, IDX_HEIGHT, IDX_WIDTH}, pixels, sizeof pixels - 5, 1);
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
  char bytes[4000];
  write_small(1);
  size_t n = slurp("images", bytes, sizeof bytes);
  write_bytes("tail", bytes, n - 3, 0);
  bytes[n - 6] = (char)~bytes[n - 6];
  write_bytes("sum", bytes, n, 0);
  write_bytes("half", bytes, n / 2, 0);
  fails(OTHER("tail", "labels"), MDM_ERR_DATA, "tail", "data.file");
  fails(OTHER("sum", "labels"), MDM_ERR_DATA, "sum", "data.file");
  fails(OTHER("half", "labels"), MDM_ERR_DATA, "half", "data.file");
  fails(OTHER("", "labels"), MDM_ERR_DATA, "cannot be", "data.file"); /* the folder itself */
  labels[3] = 77;
  write_idx("other", 8, 1, (unsigned[]){IDX_COUNT}, labels, IDX_COUNT, 0);
  write_small(0);
  fails(IDX "data.test_file=@images;data.test_labels=@other;data.test=5", MDM_ERR_DATA, "label 77 of sample 3",
        "data.classes");
}

static const test_case tests[] = {
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
};

SUITE_IN_FOLDER("data/idx", tests)
