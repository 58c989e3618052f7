/* The configuration that a command line names. */
#include "cli/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds one finding to those before; other failures than wrong options count alone. */
static int collect(int status, const mdm_error *one, mdm_error *all) {
  size_t used = strlen(all->text);
  if (status != MDM_ERR_CONFIG || !used)
    *all = *one;
  else
    snprintf(all->text + used, sizeof all->text - used, "; %s", one->text);
  return status;
}

static int set_key(mdm_config *cfg, const char *key, const char *value, mdm_error *err) {
  size_t size = strlen(key) + strlen(value) + 2;
  char *assignment = malloc(size);
  if (!assignment) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  snprintf(assignment, size, "%s=%s", key, value);
  int status = mdm_config_set(cfg, assignment, err);
  free(assignment);
  return status;
}

int configuration_read(const arguments *a, mdm_config **cfg, mdm_error *err) {
  mdm_error one;
  int status = mdm_config_create(cfg, err), found = MDM_OK;
  if (status) return status;
  if (strcmp(a->input, "-") && (status = mdm_config_load(*cfg, a->input, &one))) found = collect(status, &one, err);
  for (size_t i = 0; i < a->set.count; i++)
    if ((status = mdm_config_set(*cfg, a->set.word[i], &one))) found = collect(status, &one, err);
  if (a->seed && (status = set_key(*cfg, "seed", a->seed, &one))) found = collect(status, &one, err);
  if (a->sweeps && (status = set_key(*cfg, "solve.sweeps", a->sweeps, &one))) found = collect(status, &one, err);
  return found ? found : mdm_config_check(*cfg, a->over.word, a->over.count, err); /* what was misspelt would only seem to be missing */
}
