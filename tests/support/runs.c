/* Runs in memory. */
#include "support/runs.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "support/settings.h"

static void run(int what, const mdm_monitor *monitor, const char *settings, mdm_outcome *out) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_error err = {0};
  *out = (mdm_outcome){0};
  int status = try_configure(settings, &cfg, &err);
  if (!status) status = mdm_data_load(cfg, &data, &err);
  if (!status) status = what == (MDM_RUN_LIMIT | MDM_RUN_NETWORKS) ? mdm_compare_run(cfg, data, monitor, out, &err) : mdm_run(cfg, data, what, monitor, out, &err);
  if (status) fprintf(stderr, "%s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

void run_with(int what, int threads, const char *settings, mdm_outcome *out) {
  mdm_monitor monitor = {.threads = threads};
  run(what, &monitor, settings, out);
}

void run_with_weights(const char *settings, mdm_outcome *out) {
  mdm_monitor monitor = {.threads = 1, .save_weights = 1};
  run(MDM_RUN_NETWORKS, &monitor, settings, out);
}

const double *values(const mdm_record *rec, const char *path) {
  const mdm_array *a = rec ? mdm_record_find(rec, path) : NULL;
  if (!a) fprintf(stderr, "missing array %s\n", path);
  CU_ASSERT_PTR_NOT_NULL_FATAL(a);
  return a->value;
}

const double *errors(const mdm_record *rec, const char *path) {
  const mdm_array *a = rec ? mdm_record_find(rec, path) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(a);
  CU_ASSERT_PTR_NOT_NULL_FATAL(a->error);
  return a->error;
}

void copy_weights(const mdm_record *rec, const char *when, const size_t count[5], double *const to[5]) {
  static const char *const names[5] = {"W_in", "Q", "W1", "W2", "w_out"};
  for (size_t t = 0; t < 5; t++) {
    char path[64];
    snprintf(path, sizeof path, "weights/%s/%s", names[t], when);
    memcpy(to[t], values(rec, path), count[t] * sizeof *to[t]);
  }
}
