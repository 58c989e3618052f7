/* A data set from its options: the source's samples, then standardization. */
#include <moedmft/data.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/source.h"

static int holds_tokens(const mdm_config *cfg) {
  const char *source = mdm_config_text(cfg, "data.source");
  return !strcmp(source, "tokens") || !strcmp(source, "text");
}

size_t mdm_data_fan_in(const mdm_config *cfg, size_t dimension) { return holds_tokens(cfg) ? 1 : dimension; }

int mdm_data_load(const mdm_config *cfg, mdm_data **out, mdm_error *err) {
  *out = NULL;
  mdm_data *data = calloc(1, sizeof *data);
  if (!data) return mdm_no_memory(err, "a data set");
  data->context = 1;
  const char *source = mdm_config_text(cfg, "data.source");
  int status = !strcmp(source, "cosine") ? mdm_data_make_cosine(cfg, data, err)
               : holds_tokens(cfg)       ? mdm_data_read_tokens(cfg, data, err)
                                         : mdm_data_read_files(cfg, data, err);
  if (!status) status = mdm_data_standardize(cfg, data, err);
  if (status) return mdm_data_free(data), status;
  *out = data;
  return MDM_OK;
}
