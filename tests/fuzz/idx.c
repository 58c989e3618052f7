/* Images and labels in IDX files, plain or gzip: a byte for the options, two for the length of the images, images, labels. */
#include <stdlib.h>

#include "fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  mdm_config *cfg;
  mdm_error err = {0};
  input in = {data, data + n};
  unsigned chosen = fuzz_byte(&in), images = fuzz_byte(&in) << 8;
  images |= fuzz_byte(&in);
  size_t left = (size_t)(in.end - in.at), length = images < left ? images : left;
  if (mdm_config_create(&cfg, &err)) abort();
  fuzz_set(cfg, "data.source", "idx");
  fuzz_set(cfg, "data.file", fuzz_file("x", in.at, length));
  fuzz_set(cfg, "data.labels", fuzz_file("y", in.at + length, left - length));
  fuzz_load(cfg, chosen, 6);
  return 0;
}
