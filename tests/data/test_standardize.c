/* Standardization, with the statistics of the train part. */
#include <math.h>
#include <string.h>

#include "support/samples.h"
#include "support/suite.h"
#include "support/words.h"

static void test_standardize_feature(void) {
  double x[8] = {1, 5, 2, 5, 3, 5, 10, 6}, y[4] = {1, -1, 1, -1};
  write_hdf5("s.h5", 3, 2, 0, x, y);
  write_hdf5("s-test.h5", 1, 2, 0, x + 6, y);
  mdm_data *data = load(H5("s.h5") "data.standardize=feature;data.test_file=@s-test.h5;data.test=1");
  double deviation = sqrt(2.0 / 3.0); /* mean 2, variance 2/3 */
  for (int m = 0; m < 3; m++) {
    CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[2 * m], (m - 1) / deviation, 1e-14);
    CU_ASSERT_EQUAL(inputs_of(data, &data->train)[2 * m + 1], 0); /* constant input */
  }
  CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->test)[0], 8 / deviation, 1e-13); /* statistics of the train part */
  CU_ASSERT_EQUAL(inputs_of(data, &data->test)[1], 0);
  mdm_data_free(data);
}

static void test_standardize_global(void) {
  double x[8] = {1, 3, 1, 3, 1e200, 3e200, 1e200, 3e200}, y[2] = {1, -1};
  write_hdf5("s.h5", 2, 2, 0, x, y);
  write_hdf5("s-large.h5", 2, 2, 0, x + 4, y);
  mdm_data *data = load(H5("s.h5") "data.standardize=global");        /* mean 2, variance 1 */
  mdm_data *large = load(H5("s-large.h5") "data.standardize=global"); /* its squares would overflow */
  for (int i = 0; i < 4; i++) {
    CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[i], i % 2 ? 1 : -1, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(inputs_of(large, &large->train)[i], i % 2 ? 1 : -1, 1e-14);
  }
  mdm_data_free(data);
  mdm_data_free(large);
}

static void test_standardize_sample(void) {
  double x[8] = {1, 3, 1, 3, 0.1, 0.1, 0.1, 0.1}, y[2] = {1, -1};
  write_hdf5("s.h5", 2, 4, 0, x, y);
  mdm_data *data = load(H5("s.h5") "data.standardize=sample");
  for (int i = 0; i < 4; i++) {
    CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[i], i % 2 ? 1 : -1, 1e-14);
    CU_ASSERT_EQUAL(inputs_of(data, &data->train)[4 + i], 0); /* constant sample */
  }
  mdm_data_free(data);
}

/* Without any variance nothing is left to train on; where some is, the rest is told. */
static void test_standardize_constant(void) {
  double x[4] = {0.1, 0.1, 0.1, 0.1}, y[3] = {1, -1, 1}, one[6] = {1, 5, 2, 5, 5, 5}, row[4] = {1, 2, 1, 2};
  write_hdf5("s.h5", 2, 2, 0, x, y);
  write_hdf5("one.h5", 3, 2, 0, one, y);
  write_hdf5("row.h5", 2, 2, 0, row, y);
  fails(H5("s.h5") "data.standardize=global", MDM_ERR_DATA, "s.h5", "data.standardize");
  fails(H5("s.h5") "data.standardize=feature", MDM_ERR_DATA, "inputs are constant, all 2", "data.standardize");
  fails(H5("s.h5") "data.standardize=sample", MDM_ERR_DATA, "train samples are constant, all 2", "data.standardize");
  fails(H5("row.h5") "data.standardize=feature", MDM_ERR_DATA, "inputs are constant", "row.h5");
  fails(H5("row.h5") "data.standardize=sample;data.test_file=@s.h5;data.test=2", MDM_ERR_DATA, "test samples are constant, all 2", "data.standardize");
  mdm_data *a = load(H5("one.h5") "data.standardize=feature"), *b = load(H5("one.h5") "data.standardize=sample"), *c = load(H5("row.h5") "data.standardize=sample");
  CU_ASSERT(has(a->source, "standardize feature (1 of 2 inputs are constant: 0)"));
  CU_ASSERT(has(b->source, "standardize sample (1 of 3 train samples are constant: 0)"));
  CU_ASSERT_PTR_NULL(strstr(c->source, "constant"));
  mdm_data_free(a);
  mdm_data_free(b);
  mdm_data_free(c);
}

static const test_case tests[] = {
    {"standardize: feature", test_standardize_feature},
    {"standardize: global", test_standardize_global},
    {"standardize: sample", test_standardize_sample},
    {"standardize: constant", test_standardize_constant},
};

SUITE_IN_FOLDER("data/standardize", tests)
