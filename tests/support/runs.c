/* Helpers of the test suites. */
#include "support/runs.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static int apply(mdm_config *cfg, const char *settings, mdm_error *err) {
  char copy[1024];
  int status = MDM_OK;
  snprintf(copy, sizeof copy, "%s", settings);
  for (char *rest = copy, *word; !status && (word = strtok_r(rest, " ", &rest));) status = mdm_config_set(cfg, word, err);
  return status;
}

static void run(int what, const mdm_monitor *monitor, const char *settings, mdm_outcome *out) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_error err = {0};
  *out = (mdm_outcome){0};
  int status = mdm_config_create(&cfg, &err);
  if (!status) status = apply(cfg, settings, &err);
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
