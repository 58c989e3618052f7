/* Images and labels in IDX files, plain or gzip: a byte for the options, two for the length of the images, images, labels. */
#include <stdio.h>
#include <stdlib.h>

#include <moedmft/data.h>

#include "fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static const char *const options[] = {"data.train=1", "data.test=1", "data.classes=[1, 0]", "data.standardize=feature", "train.loss=cross_entropy", "data.targets=onehot"};
  mdm_config *cfg;
  mdm_data *d;
  mdm_error err = {0};
  char word[256];
  input in = {data, data + n};
  unsigned chosen = fuzz_byte(&in), images = fuzz_byte(&in) << 8;
  images |= fuzz_byte(&in);
  size_t left = (size_t)(in.end - in.at), length = images < left ? images : left;
  if (mdm_config_create(&cfg, &err) || mdm_config_set(cfg, "data.source=idx", &err)) abort();
  snprintf(word, sizeof word, "data.file=%s", fuzz_file("x", in.at, length));
  if (mdm_config_set(cfg, word, &err)) abort();
  snprintf(word, sizeof word, "data.labels=%s", fuzz_file("y", in.at + length, left - length));
  if (mdm_config_set(cfg, word, &err)) abort();
  for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
    if (chosen >> i & 1 && mdm_config_set(cfg, options[i], &err)) abort();
  int status = mdm_data_load(cfg, &d, &err);
  fuzz_judge(status, &err);
  if (!status) mdm_data_free(d);
  mdm_config_free(cfg);
  return 0;
}
