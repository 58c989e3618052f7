/* Configurations from words. */
#include "support/settings.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "support/folder.h"

enum { MOST = 4096 }; /* bytes of all words */

static int set(mdm_config *cfg, const char *word, mdm_error *err) {
  char line[MOST + 600];
  const char *at = strstr(word, "=@");
  snprintf(line, sizeof line, "%.*s%s", at ? (int)(at + 1 - word) : MOST, word, at ? in_folder(at + 2) : "");
  return mdm_config_set(cfg, line, err);
}

static mdm_config *configured(const char *settings, const char *separator) {
  char copy[MOST];
  mdm_config *cfg = NULL;
  mdm_error err = {0};
  CU_ASSERT_FATAL((size_t)snprintf(copy, sizeof copy, "%s", settings) < sizeof copy && mdm_config_create(&cfg, &err) == MDM_OK);
  for (char *rest = copy, *word; (word = strtok_r(rest, separator, &rest));) {
    int status = set(cfg, word, &err);
    if (status) printf("\n    %s: %s\n", word, err.text);
    CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  }
  return cfg;
}

mdm_config *configure(const char *settings) { return configured(settings, " "); }

mdm_config *configure_values(const char *settings) { return configured(settings, ";"); }

int try_configure(const char *settings, mdm_config **cfg, mdm_error *err) {
  char copy[MOST];
  int status = mdm_config_create(cfg, err);
  snprintf(copy, sizeof copy, "%s", settings);
  for (char *rest = copy, *word; !status && (word = strtok_r(rest, " ", &rest));) status = set(*cfg, word, err);
  return status;
}
