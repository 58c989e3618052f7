/* Data sets of HDF5 (sets.h). */
#include "fuzz/support/sets.h"

#include <stdlib.h>

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

void fuzz_write_set(input *in, hid_t file, const char *name) {
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

void fuzz_write_sets(input *in, const char *path, const char *first, const char *second) {
  H5E_BEGIN_TRY {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) abort();
    fuzz_write_set(in, file, first);
    fuzz_write_set(in, file, second);
    H5Fclose(file);
  }
  H5E_END_TRY
}
