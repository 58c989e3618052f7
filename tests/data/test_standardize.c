/* Standardization, with the statistics of the train part. */
#include <math.h>

#include "support/samples.h"
#include "support/suite.h"

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

static const test_case tests[] = {
    {"standardize: feature", test_standardize_feature},
    {"standardize: global", test_standardize_global},
    {"standardize: sample", test_standardize_sample},
    {"standardize: constant", test_standardize_constant},
};

SUITE_IN_FOLDER("data/standardize", tests)
