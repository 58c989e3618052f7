/* Sequences of tokens: integers in HDF5 files, with targets or without, and texts. A byte for the options, one for the length of sequences. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/support/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static const char *const positions[] = {"learned", "rotary", "none"};
  mdm_config *cfg;
  mdm_error err = {0};
  input in = {data, data + n};
  unsigned chosen = fuzz_byte(&in), length = fuzz_byte(&in), text = chosen & 8;
  char context[8];
  snprintf(context, sizeof context, "%u", 1 + length % 12);
  if (mdm_config_create(&cfg, &err)) abort();
  fuzz_set(cfg, "data.source", text ? "text" : "tokens");
  if (text) {
    fuzz_set(cfg, "data.context", context);
    fuzz_set(cfg, "data.file", fuzz_file("t", in.at, (size_t)(in.end - in.at)));
  } else {
    const char *path = fuzz_file("a.h5", NULL, 0);
    fuzz_write_sets(&in, path, "tokens", "targets");
    fuzz_set(cfg, "data.file", path);
  }
  fuzz_set(cfg, "model.position", positions[length / 16 % 3]);
  if (chosen & 4) fuzz_set(cfg, "train.loss", "cross_entropy");
  fuzz_load(cfg, chosen, 2);
  return 0;
}
