#!/bin/sh
# GSL's quantile of Student's t with exactly one degree of freedom loses its far tail, although GSL has the same distribution without that loss.
#
# Guess before running: gsl_cdf_tdist_Qinv, which takes the probability of the upper tail so that small ones keep their digits, is good to nine
#   digits for tails down to 1e-100 at every number of degrees of freedom.
# Version: Debian 12, libgsl27 2.7.1+dfsg-5+deb12u1.
# Behaviour: at one degree of freedom, and there alone of those tried (1, 1.2, 1.5, 2 … 1e6), the quantile is a tangent near its pole: at a tail of 1e-12
#   its fifth digit is wrong, and below 1e-17 it stays at 1.6e16 whatever the tail is. gsl_cdf_cauchy_Qinv, which is the same distribution, and
#   gsl_cdf_tdist_Q itself, are exact. Tails of some percent are not concerned.
# Output seen:
#   tail 1e-09: Student 318309868.822, Cauchy 318309886.184
#   tail 1e-12: Student 318314379920, Cauchy 318309886184
#   tail 1e-20: Student 1.63312393532e+16, Cauchy 3.18309886184e+19
#   other degrees of freedom, there and back: nine digits
#   tail at Cauchy's quantile of 1e-20: 1e-20
# What to do instead: gsl_cdf_cauchy_Qinv where there is one degree of freedom.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download libgsl27=2.7.1+dfsg-5+deb12u1 libgsl-dev=2.7.1+dfsg-5+deb12u1 libgslcblas0=2.7.1+dfsg-5+deb12u1 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > tail.c <<'C'
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
int main(void) {
  static const double tails[] = {1e-9, 1e-12, 1e-20}, others[] = {1.2, 1.5, 2, 3, 10, 100, 1e4, 1e6};
  double worst = 0;
  for (int i = 0; i < 3; i++)
    printf("tail %g: Student %.12g, Cauchy %.12g\n", tails[i], gsl_cdf_tdist_Qinv(tails[i], 1), gsl_cdf_cauchy_Qinv(tails[i], 1));
  for (int k = 0; k < 8; k++)
    for (int i = 0; i < 3; i++) worst = fmax(worst, fabs(gsl_cdf_tdist_Q(gsl_cdf_tdist_Qinv(tails[i], others[k]), others[k]) / tails[i] - 1));
  printf("other degrees of freedom, there and back: %s\n", worst < 1e-9 ? "nine digits" : "less than nine digits");
  printf("tail at Cauchy's quantile of 1e-20: %.9g\n", gsl_cdf_tdist_Q(gsl_cdf_cauchy_Qinv(1e-20, 1), 1));
  return 0;
}
C
lib=root/usr/lib/$(gcc -print-multiarch)
gcc -Iroot/usr/include tail.c -o tail -L"$lib" -l:libgsl.so.27 -l:libgslcblas.so.0 -lm -Wl,-rpath,"$work/$lib"
./tail | tee seen
cat > expected <<'SEEN'
tail 1e-09: Student 318309868.822, Cauchy 318309886.184
tail 1e-12: Student 318314379920, Cauchy 318309886184
tail 1e-20: Student 1.63312393532e+16, Cauchy 3.18309886184e+19
other degrees of freedom, there and back: nine digits
tail at Cauchy's quantile of 1e-20: 1e-20
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
