/* A configuration as YAML: read, checked, judged, and written so that it reads back to the same. */
#include <stdlib.h>
#include <string.h>

#include <moedmft/classify.h>
#include <moedmft/config.h>

#include "config/internal.h"
#include "fuzz/support/fuzz.h"

static void write_and_read(const mdm_config *cfg) {
  mdm_config *again;
  mdm_error err = {0};
  char *text = mdm_config_to_yaml(cfg), *second;
  if (!text || mdm_config_create(&again, &err) || mdm_config_load_text(again, "written", text, &err)) abort();
  second = mdm_config_to_yaml(again);
  if (!second || strcmp(text, second)) abort();
  free(text);
  free(second);
  mdm_config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  mdm_config *cfg;
  mdm_error err = {0};
  mdm_classification c;
  if (mdm_config_create(&cfg, &err)) abort();
  int status = mdm_config_read(cfg, "input", NULL, (const char *)data, n, &err);
  fuzz_judge(status, &err);
  if (!status) {
    write_and_read(cfg);
    fuzz_judge(mdm_config_check(cfg, NULL, 0, &err), &err);
    fuzz_judge(mdm_classify(cfg, &c, &err), &err);
  }
  mdm_config_free(cfg);
  return 0;
}
