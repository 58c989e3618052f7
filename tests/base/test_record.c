/* Records: arrays by path, mean and standard error against numbers worked out by hand, and records that do not fit together. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/record.h"
#include "support/records.h"
#include "support/suite.h"

static void test_add(void) {
  mdm_error err;
  double *v = NULL;
  size_t dim[7] = {2, 2, 2, 2, 2, 2, 2}, huge[2] = {(size_t)-1, 3}, none[2] = {0, 4};
  mdm_record *rec = sample_record(1, 1);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "observables/train/loss", 1, dim, "step", "", &v, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "observables/train/loss"));
  CU_ASSERT_EQUAL(mdm_record_add(rec, "a", 2, dim, "step", "", &v, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "a", 7, dim, "a, b, c, d, e, f, g", "", &v, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "a", 2, huge, "a, b", "", &v, &err), MDM_ERR_MEMORY);
  CU_ASSERT_EQUAL(mdm_record_count(rec), 2);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "empty", 2, none, "a, b", "", &v, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "scalar", 0, NULL, "", "", &v, &err), MDM_OK);
  CU_ASSERT_EQUAL(*v, 0);
  CU_ASSERT_PTR_NULL(mdm_record_find(rec, "missing"));
  CU_ASSERT_PTR_NULL(mdm_record_at(rec, 4));
  CU_ASSERT_STRING_EQUAL(mdm_record_at(rec, 3)->path, "scalar");
  mdm_record_free(rec);
  mdm_record_free(NULL);
}

/* What was handed out stays valid while others are added: callers fill several arrays after they have added all. */
static void test_stay(void) {
  mdm_record *rec = NULL;
  mdm_array *added[100];
  char path[32];
  const size_t one = 1;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  for (int i = 0; i < 100; i++) {
    snprintf(path, sizeof path, "a%d", i);
    CU_ASSERT_EQUAL_FATAL(mdm_record_add_pair(rec, path, 1, &one, "n", "", &added[i], NULL), MDM_OK);
  }
  for (size_t i = 0; i < 100; i++) CU_ASSERT_PTR_EQUAL(mdm_record_at(rec, i), added[i]);
  mdm_record_free(rec);
}

/* Values 1, 2, 6: mean 3, deviations −2, −1, 3, so the error of the mean is sqrt(14 / (3·2)). */
static void test_reduce(void) {
  mdm_record *runs[3] = {sample_record(1, 0), sample_record(2, 1), sample_record(6, 2)}, *mean = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)runs, 3, &mean, NULL), MDM_OK);
  for (int r = 0; r < 3; r++) mdm_record_free(runs[r]); /* the mean must not lean on them */
  const mdm_array *loss = mdm_record_find(mean, "observables/train/loss");
  CU_ASSERT_PTR_NOT_NULL_FATAL(loss);
  CU_ASSERT_PTR_NOT_NULL_FATAL(loss->error);
  CU_ASSERT_DOUBLE_EQUAL(loss->value[0], 3, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(loss->error[0], sqrt(14.0 / 6), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(loss->value[2], (1 + 4 + 10) / 3.0, 1e-15); /* deviations −4, −1, 5 */
  CU_ASSERT_DOUBLE_EQUAL(loss->error[2], sqrt(42.0 / 6), 1e-15);
  CU_ASSERT_STRING_EQUAL(loss->text, "train loss");
  CU_ASSERT_STRING_EQUAL(loss->dims, "step");
  const mdm_array *f = mdm_record_find(mean, "observables/train/prediction");
  CU_ASSERT_EQUAL(f->rank, 2);
  CU_ASSERT_DOUBLE_EQUAL(f->value[5], (10 + 25 + 70) / 3.0, 1e-13);
  mdm_record_free(mean);
}

static void test_reduce_one(void) {
  mdm_record *run = sample_record(1, 2), *mean = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)&run, 1, &mean, NULL), MDM_OK);
  const mdm_array *loss = mdm_record_find(mean, "observables/train/loss");
  CU_ASSERT_EQUAL(loss->value[2], 5);
  CU_ASSERT_PTR_NULL(loss->error);
  mdm_record_free(mean);
  mdm_record_free(run);
}

static void test_mismatch(void) {
  mdm_error err;
  mdm_record *runs[2] = {sample_record(1, 0), sample_record(2, 0)}, *out = NULL;
  const mdm_record *const *both = (const mdm_record *const *)runs;
  double *v;
  size_t dim = 2;
  mdm_record_truncate(runs[1], 2, NULL);
  CU_ASSERT_EQUAL(mdm_record_reduce(both, 2, &out, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "observables/train/loss"));
  CU_ASSERT_PTR_NULL(out);
  CU_ASSERT_EQUAL(mdm_record_stack(both, 2, &out, &err), MDM_ERR_DATA);
  mdm_record_truncate(runs[0], 2, NULL);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(runs[0], "only/here", 1, &dim, "step", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_reduce(both, 2, &out, &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(runs[1], "only/there", 1, &dim, "step", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_reduce(both, 2, &out, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "only/here"));
  CU_ASSERT_NOT_EQUAL(mdm_record_reduce(both, 0, &out, &err), MDM_OK);
  mdm_record_free(runs[0]);
  mdm_record_free(runs[1]);
}

static void test_truncate(void) {
  mdm_record *rec = sample_record(1, 1);
  double *v;
  size_t dim[2] = {5, 3};
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "sample_first", 2, dim, "sample, step", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "stepping", 1, dim, "steps", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_truncate(rec, 7, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_find(rec, "observables/train/loss")->dim[0], 3);
  CU_ASSERT_EQUAL(mdm_record_truncate(rec, 2, NULL), MDM_OK);
  const mdm_array *f = mdm_record_find(rec, "observables/train/prediction");
  CU_ASSERT_EQUAL(f->dim[0], 2);
  CU_ASSERT_EQUAL(f->dim[1], 2);
  CU_ASSERT_EQUAL(f->value[3], 13);
  CU_ASSERT_EQUAL(mdm_record_find(rec, "sample_first")->dim[0], 5);
  CU_ASSERT_EQUAL(mdm_record_find(rec, "stepping")->dim[0], 5);
  mdm_record_free(rec);
}

static void test_stack(void) {
  mdm_error err;
  mdm_record *runs[2] = {sample_record(1, 1), sample_record(2, 1)}, *all = NULL;
  const mdm_record *const *both = (const mdm_record *const *)runs;
  double *v;
  size_t dim[6] = {1, 1, 1, 1, 1, 1};
  CU_ASSERT_EQUAL_FATAL(mdm_record_stack(both, 2, &all, NULL), MDM_OK);
  const mdm_array *f = mdm_record_find(all, "observables/train/prediction");
  CU_ASSERT_EQUAL(f->rank, 3);
  CU_ASSERT_EQUAL(f->dim[0], 2);
  CU_ASSERT_EQUAL(f->dim[1], 3);
  CU_ASSERT_STRING_EQUAL(f->dims, "seed, step, sample");
  CU_ASSERT_EQUAL(f->value[5], 15);
  CU_ASSERT_EQUAL(f->value[6], 20);
  CU_ASSERT_PTR_NULL(f->error);
  mdm_record_free(all);
  for (int r = 0; r < 2; r++)
    CU_ASSERT_EQUAL(mdm_record_add(runs[r], "full", 6, dim, "a, b, c, d, e, f", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_stack(both, 2, &all, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_PTR_NULL(all);
  mdm_record_free(runs[0]);
  mdm_record_free(runs[1]);
}

static const test_case tests[] = {
    {"arrays are added and found, bad ones refused", test_add},
    {"arrays stay where they are while others are added", test_stay},
    {"mean and standard error against hand numbers", test_reduce},
    {"one run has no standard error", test_reduce_one},
    {"runs that differ are refused", test_mismatch},
    {"truncation along step", test_truncate},
    {"runs side by side", test_stack},
};

SUITE("base/record", tests)
