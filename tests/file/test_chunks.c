/* Datasets in chunks: HDF5 reads back, through its own filters and checksums, what was written without them. */
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file/internal.h"
#include "support/folder.h"
#include "support/records.h"
#include "support/suite.h"

/* Numbers of several kinds, as bytes see them: noise, noise that repeats after so many numbers, one value, and ones that are special. */
typedef enum { NOISE, REPEATED, CONSTANT, SPECIAL } kind;

static double noise(size_t i) { /* the mixing function of splitmix64: 53 bits without a pattern, −1 … 1 */
  uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) / 4503599627370496.0 - 1;
}

static double value(kind k, size_t i) {
  static const double special[] = {NAN, INFINITY, -0.0, 5e-324, 1, -1e300};
  return k == NOISE ? noise(i) : k == REPEATED ? noise(i % 5000) : k == CONSTANT ? -0.1 : special[i % COUNT(special)];
}

/* HDF5's own reading of the dataset "x" of a.h5; bytes that it takes there. */
static size_t reread(double *values) {
  size_t stored = 0;
  hid_t file = H5Fopen(in_folder("a.h5"), H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, "x", H5P_DEFAULT);
  CU_ASSERT(set >= 0 && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  if (set >= 0) stored = (size_t)H5Dget_storage_size(set), H5Dclose(set);
  H5Fclose(file);
  return stored;
}

/* Writes an array in pieces of so many numbers, and reads it again. Returns its bytes in the file as a part of those in memory. */
static double kept(kind k, int rank, const size_t *dim, size_t size) {
  size_t n = 1;
  for (int d = 0; d < rank; d++) n *= dim[d];
  double *x = malloc(n * sizeof *x), *back = malloc(n * sizeof *back); /* n each */
  const double **piece = malloc((n / size + 1) * sizeof *piece);        /* n / size */
  for (size_t i = 0; i < n; i++) x[i] = value(k, i), back[i] = 7;
  for (size_t i = 0; i < n / size; i++) piece[i] = x + i * size;
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_pieces(file, "x", rank, dim, "a, b, c", "numbers", (mdm_pieces){piece, size}, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  double part = (double)reread(back) / (double)(n * sizeof *x);
  CU_ASSERT_EQUAL(memcmp(x, back, n * sizeof *x), 0);
  free(x), free(back), free(piece);
  return part;
}

/* One chunk that is not full; several along the first dimension, the last not full; along the second; along the third, with a remainder. */
static void every_shape(void) {
  static const size_t dim[][3] = {{3, 19, 101}, {9, 123, 131}, {2, 6, 40000}, {2, 2, 70001}};
  for (size_t i = 0; i < COUNT(dim); i++)
    for (int k = NOISE; k <= SPECIAL; k++) kept((kind)k, 3, dim[i], dim[i][1] * dim[i][2]);
  CU_ASSERT(kept(NOISE, 1, (size_t[]){4097}, 4097) < 1);
  CU_ASSERT(kept(NOISE, 1, (size_t[]){4097}, 1) < 1);
}

static void pieces_cross_chunks(void) {
  const size_t dim[3] = {1000, 5, 20}; /* chunks of 655 places of the first */
  double whole = kept(NOISE, 3, dim, 100000), some = kept(NOISE, 3, dim, 100);
  CU_ASSERT_EQUAL(whole, some);
  CU_ASSERT_EQUAL(some, kept(NOISE, 3, dim, 500)); /* 131 of them to a chunk */
}

/* Random bytes are stored as they are, and cost next to nothing; what repeats, within the reach of deflate, is found though its bytes are all different. */
static void effort_follows_content(void) {
  const size_t dim[2] = {20, 5000};
  CU_ASSERT(kept(NOISE, 2, dim, 5000) < 0.9);
  CU_ASSERT(kept(REPEATED, 2, dim, 5000) < 0.15);
  CU_ASSERT(kept(CONSTANT, 2, dim, 5000) < 0.01);
}

static void small_and_empty(void) {
  double back[12];
  kept(NOISE, 2, (size_t[]){4, 3}, 3);
  const double *none = NULL;
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_pieces(file, "x", 2, (size_t[]){0, 3}, "a, b", "", (mdm_pieces){&none, 1}, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  CU_ASSERT_EQUAL(reread(back), 0);
}

static const test_case tests[] = {
    {"every shape", every_shape},
    {"pieces cross chunks", pieces_cross_chunks},
    {"effort follows content", effort_follows_content},
    {"small and empty", small_and_empty},
};

SUITE_IN_FOLDER("file/chunks", tests)
