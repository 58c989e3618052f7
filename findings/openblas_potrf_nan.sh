#!/bin/sh
# OpenBLAS's Cholesky factorization of a matrix with NaN on the diagonal reports success.
#
# Guess before running: dpotrf returns info > 0, the order of the first leading minor that is not positive definite: the reference
#   implementation asks "is the pivot <= 0 or NaN", so NaN counts as not positive.
# Version: Debian 12, libopenblas0-pthread 0.3.21+ds-4, liblapacke 3.11.0-2.
# Behaviour: dpotrf, which OpenBLAS replaces by its own, returns info = 0 and a factor full of NaN; dpotrf2 of the same library, which is
#   the reference code, returns info = 2 for the same matrix. The high-level LAPACKE_dpotrf looks for NaN first unless that check is
#   switched off; the _work and Fortran interfaces do not.
# Output seen:
#   n 3 dpotrf info 0 factor NaN, dpotrf2 info 2
#   n 100 dpotrf info 0 factor NaN, dpotrf2 info 2
# What to do instead: look at the factor's diagonal, not at info alone.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download liblapacke=3.11.0-2 liblapacke-dev=3.11.0-2 liblapack3=3.11.0-2 libopenblas0-pthread=0.3.21+ds-4 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > pivot.c <<'C'
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
static double a[100 * 100];
static void fill(int n) {
  for (int i = 0; i < n * n; i++) a[i] = i % (n + 1) == 0; /* the identity, but for one entry */
  a[1 + n] = NAN;
}
int main(void) {
  static const int orders[] = {3, 100};
  for (int k = 0; k < 2; k++) {
    int n = orders[k];
    fill(n);
    int own = (int)LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', n, a, n), nan = isnan(a[1 + n]);
    fill(n);
    int reference = (int)LAPACKE_dpotrf2_work(LAPACK_COL_MAJOR, 'L', n, a, n);
    printf("n %d dpotrf info %d factor %s, dpotrf2 info %d\n", n, own, nan ? "NaN" : "finite", reference);
  }
  return 0;
}
C
lib=root/usr/lib/$(gcc -print-multiarch)
gcc -Iroot/usr/include pivot.c -o pivot -L"$lib" -L"$lib/openblas-pthread" -l:liblapacke.so.3 -l:libopenblas.so.0 \
  -Wl,--allow-shlib-undefined -Wl,-rpath,"$work/$lib:$work/$lib/openblas-pthread:$work/$lib/lapack"
./pivot | tee seen
printf '%s\n' 'n 3 dpotrf info 0 factor NaN, dpotrf2 info 2' 'n 100 dpotrf info 0 factor NaN, dpotrf2 info 2' > expected
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
