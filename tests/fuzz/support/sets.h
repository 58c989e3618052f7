/* Data sets that HDF5 itself has written, with whatever shapes, types, layouts and numbers the input says. */
#ifndef MOEDMFT_TESTS_SETS_H
#define MOEDMFT_TESTS_SETS_H

#include <hdf5.h>

#include "fuzz/support/fuzz.h"

/* One of that name, or none where HDF5 refuses. */
void fuzz_write_set(input *in, hid_t file, const char *name);

/* A file of two, made anew. */
void fuzz_write_sets(input *in, const char *path, const char *first, const char *second);

#endif
