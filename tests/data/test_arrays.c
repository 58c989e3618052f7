/* The built-in set, and arrays in memory. */
#include <math.h>
#include <string.h>

#include "support/samples.h"
#include "support/suite.h"

static void test_cosine(void) {
  static const double sign[] = {1, -1, -1, 1};
  mdm_data *data = load("data.dimension=2");
  CU_ASSERT_EQUAL_FATAL(data->train.count, 4);
  CU_ASSERT_EQUAL(data->test.count, 0);
  CU_ASSERT_EQUAL(data->dimension, 2);
  CU_ASSERT_EQUAL(data->outputs, 1);
  CU_ASSERT_EQUAL(data->classification, 1);
  /* √2 cos of 1.7; 3.4; 3.7; 10.8 */
  CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[0], -0.18221363126983384, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[1], -1.3672591160236693, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[2], -1.199394567093911, 1e-14);
  CU_ASSERT_DOUBLE_EQUAL(inputs_of(data, &data->train)[2 * 2 + 1], -0.27482398928382934, 1e-13);
  for (size_t m = 0; m < 4; m++) CU_ASSERT_EQUAL(data->train.y[m], sign[m]);
  mdm_data_free(data);
}

static void test_cosine_parts(void) {
  mdm_data *a = load("data.train=3;data.test=5"), *b = load("data.train=8");
  CU_ASSERT_EQUAL_FATAL(a->test.count, 5);
  CU_ASSERT_EQUAL(a->dimension, 6);
  CU_ASSERT_EQUAL(memcmp(inputs_of(a, &a->test), inputs_of(b, &b->train) + 3 * 6, 5 * 6 * sizeof(double)), 0);
  CU_ASSERT_EQUAL(memcmp(a->test.y, b->train.y + 3, 5 * sizeof(double)), 0);
  CU_ASSERT_EQUAL(a->test.origin[0], 3);
  CU_ASSERT_PTR_NOT_NULL(strstr(a->source, "cosine"));
  mdm_data_free(a);
  mdm_data_free(b);
}

static void test_arrays(void) {
  double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 0, 0, 1, 1, 0};
  mdm_error err = {0};
  mdm_data *data = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_data_from_arrays(2, 1, 2, 2, x, y, 1, &data, &err), MDM_OK);
  CU_ASSERT_EQUAL(data->train.count, 2);
  CU_ASSERT_EQUAL(data->test.count, 1);
  CU_ASSERT_EQUAL(inputs_of(data, &data->test)[1], 6);
  CU_ASSERT_EQUAL(data->test.y[0], 1);
  CU_ASSERT_EQUAL(data->test.origin[0], 2);
  mdm_data_free(data);
  mdm_data_free(NULL);
  CU_ASSERT_EQUAL_FATAL(mdm_data_from_arrays(2, 1, 2, 2, x, (double[]){1, 0, 0, 0, 0, 1}, 1, &data, &err), MDM_OK); /* without target */
  mdm_data_free(data);
  CU_ASSERT_EQUAL(mdm_data_from_arrays(2, 1, 2, 2, x, (double[]){1, 0, 0, 0, 0, 2}, 1, &data, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "sample 2"));
  data = NULL;
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

/* A second user keeps the data after the first one is done with them; the address sanitizer sees who comes too late. */
static void test_shared(void) {
  mdm_data *a = load("data.dimension=2"), *b = mdm_data_share(a);
  mdm_data_free(a);
  CU_ASSERT_PTR_EQUAL(a, b);
  CU_ASSERT_EQUAL(b->users, 0);
  CU_ASSERT_DOUBLE_EQUAL(inputs_of(b, &b->train)[0], -0.18221363126983384, 1e-14);
  mdm_data_free(b);
}

static const test_case tests[] = {
    {"shared", test_shared},
    {"cosine: numbers", test_cosine},
    {"cosine: train and test", test_cosine_parts},
    {"arrays in memory", test_arrays},
};

SUITE("data/arrays", tests)
