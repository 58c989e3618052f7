#!/bin/sh
# HDF5 stores some numbers below 2^-14 with half their value when it converts them to 16 bits.
#
# Guess before running: a float or double written to a data set of IEEE half precision (h5py: dtype "f2") is rounded as between any two IEEE
#   formats: to the nearest, ties to even, from 65520 on to infinity; bit for bit what numpy's astype or a cast to _Float16 gives.
# Version: Debian 12, libhdf5-103-1 1.10.8+repack1-1, without h5py.
# Behaviour: among the subnormals a number that rounds up to the next power of two loses that step of the exponent and is stored as half of
#   it: 6.1025e-5 as 3.05e-5, 512 units in the last place off. Half of the floats from 2^-24 to 2^-23 are concerned, a quarter of the next
#   binade, and so on by halves up to 2^-14. Larger numbers: ties are rounded away from zero, and 65520 up to 65536 become 65504.
#   Users of h5py have met it (h5py/h5py 1221).
# Output seen:
#   6.09999988e-05: HDF5 6.09755516e-05, cast 6.09755516e-05
#   6.1024999e-05: HDF5 3.05175781e-05, cast 6.10351562e-05
#   -6.1024999e-05: HDF5 -3.05175781e-05, cast -6.10351562e-05
#   1.00000001e-07: HDF5 5.96046448e-08, cast 1.1920929e-07
#   1.00048828: HDF5 1.00097656, cast 1
#   -1.00048828: HDF5 -1.00097656, cast -1
#   65519: HDF5 65504, cast 65504
#   65520: HDF5 65504, cast inf
#   65535: HDF5 65504, cast inf
#   65536: HDF5 inf, cast inf
#   from 2^-24: 4096 of 8192 wrong, 4096 halved
#   from 2^-22: 1024 of 8192 wrong, 1024 halved
#   from 2^-20: 256 of 8192 wrong, 256 halved
#   from 2^-18: 64 of 8192 wrong, 64 halved
#   from 2^-16: 16 of 8192 wrong, 16 halved
#   from 2^-14: 0 of 8192 wrong, 0 halved
# What to do instead: convert in memory (numpy's astype, a cast) and write numbers that have 16 bits already, which HDF5 copies.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir partial
version=1.10.8+repack1-1
apt-get -qq -y --reinstall --no-install-recommends --download-only -o Debug::NoLocking=1 -o Dir::Cache::archives="$work" \
  install libhdf5-103-1=$version libhdf5-dev=$version > download.log 2>&1 ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > half.c <<'C'
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
static hid_t half; /* IEEE half precision */
static float stored(float x) { /* x after HDF5's conversion to 16 bits */
  unsigned char bytes[4];
  _Float16 h;
  memcpy(bytes, &x, sizeof x);
  H5Tconvert(H5T_IEEE_F32LE, half, 1, bytes, NULL, H5P_DEFAULT);
  memcpy(&h, bytes, sizeof h);
  return (float)h;
}
static void scan(int exponent) { /* 2^13 floats of equal distance in the binade from 2^exponent on */
  int wrong = 0, halved = 0;
  float from = 1;
  for (int i = 0; i < -exponent; i++) from /= 2;
  for (int i = 0; i < 8192; i++) {
    float x = from * (1 + ((float)i + 0.25f) / 8192), seen = stored(x), cast = (float)(_Float16)x;
    wrong += seen != cast;
    halved += seen == cast / 2;
  }
  printf("from 2^%d: %d of 8192 wrong, %d halved\n", exponent, wrong, halved);
}
int main(void) {
  static const float numbers[] = {6.1e-5f, 6.1025e-5f, -6.1025e-5f, 1e-7f, 1.00048828125f, -1.00048828125f, 65519, 65520, 65535, 65536};
  half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
    printf("%.9g: HDF5 %.9g, cast %.9g\n", (double)numbers[i], (double)stored(numbers[i]), (double)(float)(_Float16)numbers[i]);
  for (int exponent = -24; exponent <= -14; exponent += 2) scan(exponent);
  return 0;
}
C
lib=root/usr/lib/$(gcc -print-multiarch)
gcc -Iroot/usr/include/hdf5/serial half.c -o half "$lib/libhdf5_serial.so.103" -Wl,--allow-shlib-undefined
LD_LIBRARY_PATH="$work/$lib" ./half | tee seen
cat > expected <<'SEEN'
6.09999988e-05: HDF5 6.09755516e-05, cast 6.09755516e-05
6.1024999e-05: HDF5 3.05175781e-05, cast 6.10351562e-05
-6.1024999e-05: HDF5 -3.05175781e-05, cast -6.10351562e-05
1.00000001e-07: HDF5 5.96046448e-08, cast 1.1920929e-07
1.00048828: HDF5 1.00097656, cast 1
-1.00048828: HDF5 -1.00097656, cast -1
65519: HDF5 65504, cast 65504
65520: HDF5 65504, cast inf
65535: HDF5 65504, cast inf
65536: HDF5 inf, cast inf
from 2^-24: 4096 of 8192 wrong, 4096 halved
from 2^-22: 1024 of 8192 wrong, 1024 halved
from 2^-20: 256 of 8192 wrong, 256 halved
from 2^-18: 64 of 8192 wrong, 64 halved
from 2^-16: 16 of 8192 wrong, 16 halved
from 2^-14: 0 of 8192 wrong, 0 halved
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
