#!/bin/sh
# HDF5's scale-offset filter turns NaN into the smallest number of its chunk; when NaN is the first of them, single precision loses the whole chunk.
#
# Guess before running: with H5Pset_scaleoffset(H5Z_SO_FLOAT_DSCALE, 3) numbers come back to three decimal places, and NaN as NaN: a chunk that
#   the filter cannot pack (as one with infinity, or of too large a range) is stored as it is.
# Version: Debian 12 (x86-64), libhdf5-103-1 1.10.8+repack1-1.
# Behaviour: a chunk with infinity is indeed stored as it is. NaN is not looked for: the range of a chunk comes from comparisons, which NaN does not
#   enter, and NaN itself is then written as the distance 0 from the smallest number. A run that diverged reads back as its best loss. Where NaN
#   is the first element, it is both ends of the range: doubles are stored as they are then, floats all come back as 0. Nothing reports an error.
# Output seen:
#   double 1.25 nan 2.5 1 -> 1.25 1 2.5 1
#   double nan 1.25 2.5 1 -> nan 1.25 2.5 1
#   double 1.25 inf 2.5 1 -> 1.25 inf 2.5 1
#   float 1.25 nan 2.5 1 -> 1.25 1 2.5 1
#   float nan 1.25 2.5 1 -> 0 0 0 0
#   float 1.25 inf 2.5 1 -> 1.25 inf 2.5 1
# What to do instead: shuffle and deflate, which keep every bit; or a data set of its own that marks what is missing.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download libhdf5-103-1=1.10.8+repack1-1 libhdf5-dev=1.10.8+repack1-1 libsz2=1.0.6-1+b1 libaec0=1.0.6-1+b1 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > trip.c <<'C'
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
static void line(const double *x) {
  for (int i = 0; i < 4; i++) isnan(x[i]) ? printf(" nan") : printf(" %g", x[i]);
}
int main(void) {
  static const double x[3][4] = {{1.25, NAN, 2.5, 1}, {NAN, 1.25, 2.5, 1}, {1.25, INFINITY, 2.5, 1}};
  hsize_t n = 4;
  for (int single = 0; single < 2; single++)
    for (int i = 0; i < 3; i++) {
      double back[4];
      hid_t file = H5Fcreate("trip.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(1, &n, NULL), how = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_chunk(how, 1, &n);
      H5Pset_scaleoffset(how, H5Z_SO_FLOAT_DSCALE, 3);
      hid_t set = H5Dcreate2(file, "x", single ? H5T_IEEE_F32LE : H5T_IEEE_F64LE, space, H5P_DEFAULT, how, H5P_DEFAULT);
      if (H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x[i]) < 0) return 1;
      H5Dclose(set);
      H5Fclose(file);
      file = H5Fopen("trip.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
      set = H5Dopen2(file, "x", H5P_DEFAULT);
      if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) < 0) return 1;
      H5Dclose(set);
      H5Fclose(file);
      printf(single ? "float" : "double");
      line(x[i]);
      printf(" ->");
      line(back);
      printf("\n");
    }
  return 0;
}
C
multiarch=$(gcc -print-multiarch)
lib=root/usr/lib/$multiarch
gcc -Iroot/usr/include/hdf5/serial trip.c -o trip -L"$lib" -l:libhdf5_serial.so.103 -Wl,--allow-shlib-undefined -Wl,-rpath,"$work/$lib"
./trip | tee seen
cat > expected <<'SEEN'
double 1.25 nan 2.5 1 -> 1.25 1 2.5 1
double nan 1.25 2.5 1 -> nan 1.25 2.5 1
double 1.25 inf 2.5 1 -> 1.25 inf 2.5 1
float 1.25 nan 2.5 1 -> 1.25 1 2.5 1
float nan 1.25 2.5 1 -> 0 0 0 0
float 1.25 inf 2.5 1 -> 1.25 inf 2.5 1
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
