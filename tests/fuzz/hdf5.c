/* HDF5 data: files that HDF5 itself has written, with whatever shapes, types, layouts and numbers the input says. Bytes that are no such file
 * are for HDF5 to judge, in a child (base/guard.h). */
#include <hdf5.h>
#include <stdlib.h>

#include "fuzz/support/fuzz.h"

enum { MOST = 4096 /* numbers */ };

static hid_t type_of(unsigned which) {
  const hid_t types[] = {H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT, H5T_NATIVE_INT8, H5T_NATIVE_UINT64, H5T_STD_I32BE, H5T_C_S1, H5T_NATIVE_B8, H5T_STD_REF_OBJ, H5T_NATIVE_LDOUBLE};
  return types[which % (sizeof types / sizeof *types)];
}

/* Chunked data sets of any shape take no room until they are written. */
static hid_t layout(input *in, int rank, const hsize_t *extent) {
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  hsize_t chunk[H5S_MAX_RANK];
  unsigned how = fuzz_byte(in);
  for (int k = 0; k < rank; k++) chunk[k] = 1 + (how >> k) % 3;
  int empty = 0;
  for (int k = 0; k < rank; k++) empty |= extent[k] == 0;
  if (how & 1 && rank && !empty) H5Pset_chunk(list, rank, chunk);
  if (how & 2 && rank && !empty) H5Pset_deflate(list, 1);
  return list;
}

static void write_set(input *in, hid_t file, const char *name) {
  static double value[MOST];
  hsize_t extent[4], numbers = 1;
  unsigned kind = fuzz_byte(in);
  int rank = (int)fuzz_below(in, 5), large = fuzz_byte(in) > 250;
  for (int k = 0; k < rank; k++) {
    extent[k] = large ? (hsize_t)1 << fuzz_below(in, 63) : fuzz_below(in, 9);
    numbers = numbers > MOST ? numbers : numbers * extent[k];
  }
  hid_t space = kind > 250 ? H5Screate(H5S_NULL) : rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(H5S_SCALAR), list = layout(in, rank, extent);
  hid_t set = large && H5Pget_layout(list) != H5D_CHUNKED ? -1 : H5Dcreate2(file, name, type_of(kind), space, H5P_DEFAULT, list, H5P_DEFAULT);
  if (set >= 0 && numbers <= MOST && kind <= 250) {
    for (hsize_t i = 0; i < numbers; i++) value[i] = fuzz_number(in);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value);
  }
  if (set >= 0) H5Dclose(set);
  H5Pclose(list);
  H5Sclose(space);
}

static void write_file(input *in, const char *path) {
  H5E_BEGIN_TRY {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) abort();
    write_set(in, file, "x");
    write_set(in, file, "y");
    H5Fclose(file);
  }
  H5E_END_TRY
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  mdm_config *cfg;
  mdm_error err = {0};
  input in = {data, data + n};
  unsigned chosen = fuzz_byte(&in);
  const char *path = fuzz_file("a.h5", NULL, 0);
  write_file(&in, path);
  if (mdm_config_create(&cfg, &err)) abort();
  fuzz_set(cfg, "data.source", "hdf5");
  fuzz_set(cfg, "data.file", path);
  fuzz_load(cfg, chosen, 7);
  return 0;
}
