/* HDF5 data: files that HDF5 itself has written. Bytes that are no such file are for HDF5 to judge, in a child (base/guard.h). */
#include <stdlib.h>

#include "fuzz/support/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  mdm_config *cfg;
  mdm_error err = {0};
  input in = {data, data + n};
  unsigned chosen = fuzz_byte(&in);
  const char *path = fuzz_file("a.h5", NULL, 0);
  fuzz_write_sets(&in, path, "x", "y");
  if (mdm_config_create(&cfg, &err)) abort();
  fuzz_set(cfg, "data.source", "hdf5");
  fuzz_set(cfg, "data.file", path);
  fuzz_load(cfg, chosen, 7);
  return 0;
}
