/* Options that the program chooses (assign.h). */
#include "config/assign.h"

#include <stdio.h>

int mdm_config_assign(mdm_config *cfg, const char *key, const char *value, mdm_error *err) {
  char text[201];
  snprintf(text, sizeof text, "%s=%s", key, value);
  return mdm_config_set(cfg, text, err);
}

int mdm_config_assign_count(mdm_config *cfg, const char *key, size_t value, mdm_error *err) {
  char text[24];
  snprintf(text, sizeof text, "%zu", value);
  return mdm_config_assign(cfg, key, text, err);
}

int mdm_config_assign_all(mdm_config *cfg, const char *const *assignment, size_t n, mdm_error *err) {
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++) status = mdm_config_set(cfg, assignment[i], err);
  return status;
}
