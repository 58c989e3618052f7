/* Records of made-up numbers, and files that hold them. */
#include "support/records.h"

#include <CUnit/CUnit.h>
#include <math.h>

#include "support/folder.h"
#include "support/settings.h"

mdm_record *sample_record(double base, double step) {
  mdm_record *rec = NULL;
  double *loss, *f;
  size_t dim[2] = {3, 2};
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/loss", 1, dim, "step", "train loss", &loss, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/prediction", 2, dim, "step, sample", "f(x, t)", &f, NULL), MDM_OK);
  for (int i = 0; i < 3; i++) loss[i] = base + step * i;
  for (int i = 0; i < 6; i++) f[i] = 10 * base + step * i;
  return rec;
}

mdm_record *averaged_record(double base) {
  mdm_record *runs[2] = {sample_record(base, -0.1), sample_record(1.2 * base, -0.1)}, *mean = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)runs, 2, &mean, NULL), MDM_OK);
  mdm_record_free(runs[0]);
  mdm_record_free(runs[1]);
  return mean;
}

mdm_file *create_file(const char *name) {
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_create(in_folder(name), &file, &err), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  return file;
}

mdm_file *reopen_file(const char *name) {
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_open(in_folder(name), &file, &err), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  return file;
}

void put_record(mdm_file *file, const char *group, mdm_record *rec) {
  CU_ASSERT_EQUAL(mdm_file_record(file, group, rec, NULL), MDM_OK);
  mdm_record_free(rec);
}

static void add_comparison(mdm_file *file) {
  mdm_record *rec = NULL;
  double *width, *deviation;
  size_t n = 2;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  mdm_record_add(rec, "width", 1, &n, "width", "stream widths N", &width, NULL);
  mdm_record_add(rec, "deviation", 1, &n, "width", "RMS deviation", &deviation, NULL);
  width[0] = 32, width[1] = 64, deviation[0] = 0.2, deviation[1] = 0.1;
  put_record(file, "/comparison", rec);
  mdm_file_attr_real(file, "/comparison/fit", "exponent", 1.0, NULL);
}

void write_comparison(const char *name, int with_limit, int with_widths) {
  mdm_config *cfg = configure("model.active_fraction=0.25");
  mdm_file *file = create_file(name);
  CU_ASSERT_EQUAL(mdm_file_provenance(file, cfg, "compare", "compare a.yaml", NULL), MDM_OK);
  if (with_limit) put_record(file, "/", averaged_record(0.5));
  if (with_widths) {
    mdm_record *broken = sample_record(0.7, -0.1);
    mdm_record_find(broken, "observables/train/loss")->value[1] = NAN;
    put_record(file, "/width_32", broken);
    put_record(file, "/width_64", averaged_record(0.6));
    CU_ASSERT_EQUAL(mdm_file_attr_int(file, "/width_32", "diverged_at_step", 2, NULL), MDM_OK);
    add_comparison(file);
  }
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  mdm_config_free(cfg);
}
