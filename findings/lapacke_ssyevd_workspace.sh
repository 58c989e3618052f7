#!/bin/sh
# LAPACKE_ssyevd refuses eigenvalue problems of order 2895, 2896, ... with eigenvectors, whatever memory there is.
#
# Guess before running: the one-call interface LAPACKE_ssyevd works for any order whose arrays fit in memory, as it asks the routine
#   for its workspace by itself.
# Version: Debian 12, liblapacke 3.11.0-2, liblapack3 3.11.0-2, libopenblas0-pthread 0.3.21+ds-4 (its LAPACK part).
# Behaviour: the workspace query returns its answer in a float. 1 + 6 n + 2 n^2 exceeds 2^24 from n = 2894 on; at n = 2895 it is odd and
#   rounds down by one, the allocation is one float short, and the routine refuses its own answer: "On entry to SSYEVD parameter
#   number 8 had an illegal value", info = -9. Orders whose answer happens to be a multiple of the float spacing pass (2894).
#   LAPACKE_dsyevd is not concerned below n = 67 million.
# Output seen:
#   n 2894 query 16767837 needed 16767837 info 0
#   n 2895 query 16779420 needed 16779421 info -9
#   n 2896 query 16791008 needed 16791009 info -9
# What to do instead: ask with the _work interface and round the answer up, or go through a smaller matrix.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download liblapacke=3.11.0-2 liblapacke-dev=3.11.0-2 liblapack3=3.11.0-2 libopenblas0-pthread=0.3.21+ds-4 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > order.c <<'C'
#include <lapacke.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  for (int n = 2894; n <= 2896; n++) {
    float *a = calloc((size_t)n * (size_t)n, sizeof *a), *w = calloc((size_t)n, sizeof *w), query;
    lapack_int words, info = 0;
    for (int i = 0; i < n; i++) a[i + (size_t)n * (size_t)i] = 1; /* the identity: nothing to do */
    LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, a, n, w, &query, -1, &words, -1);
    if (n > 2894) info = LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', n, a, n, w); /* 2894 takes seconds; its query is enough */
    printf("n %d query %.0f needed %ld info %d\n", n, (double)query, 1 + 6L * n + 2L * n * n, (int)info);
    free(a);
    free(w);
  }
  return 0;
}
C
lib=root/usr/lib/$(gcc -print-multiarch)
gcc -Iroot/usr/include order.c -o order -L"$lib" -L"$lib/openblas-pthread" -l:liblapacke.so.3 -l:libopenblas.so.0 \
  -Wl,--allow-shlib-undefined -Wl,-rpath,"$work/$lib:$work/$lib/openblas-pthread:$work/$lib/lapack"
./order 2>&1 | grep '^n ' | tee seen # without XERBLA's own lines
printf '%s\n' 'n 2894 query 16767837 needed 16767837 info 0' 'n 2895 query 16779420 needed 16779421 info -9' \
  'n 2896 query 16791008 needed 16791009 info -9' > expected
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
