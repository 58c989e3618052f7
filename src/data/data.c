/* A data set from its options: the source's samples, then standardization. */
#include <moedmft/data.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/source.h"

int mdm_data_load(const mdm_config *cfg, mdm_data **out, mdm_error *err) {
  *out = NULL;
  mdm_data *data = calloc(1, sizeof *data);
  if (!data) return mdm_no_memory(err, "a data set");
  data->context = 1;
  int cosine = !strcmp(mdm_config_text(cfg, "data.source"), "cosine");
  int status = cosine ? mdm_data_make_cosine(cfg, data, err) : mdm_data_read_files(cfg, data, err);
  if (!status) status = mdm_data_standardize(cfg, data, err);
  if (status) return mdm_data_free(data), status;
  *out = data;
  return MDM_OK;
}
