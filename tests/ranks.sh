#!/bin/sh
# Packets of all sizes between two ranks, and what the build says about MPI. Usage: ranks.sh BUILD
set -eu
unset CDPATH
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs this test
fail() { echo "ranks: $*" >&2; exit 1; }

if $make -s -n MPI=yes BUILD="$build" all > /dev/null 2> "$work/said"; then fail "MPI=yes was taken"; fi
grep -q "MPI='yes': allowed are 1 and 0" "$work/said" || fail "MPI=yes: $(tail -1 "$work/said")"
if $make -s -n MPI=1 PKG=false BUILD="$build" all > /dev/null 2> "$work/said"; then fail "MPI=1 was taken without Open MPI"; fi
grep -q 'MPI=1, and pkg-config finds no Open MPI.*install-packages.sh mpi' "$work/said" || fail "MPI=1 without Open MPI: $(tail -1 "$work/said")"
[ -x "$build/mpi/wire" ] || { echo "ranks: no Open MPI: packets are not tested (sh scripts/install-packages.sh mpi)"; exit 0; }
mpirun -q --allow-run-as-root --oversubscribe -n 2 "$build/mpi/wire" 20 > /dev/null || fail "packets did not arrive whole"
one="$build/mpi/moedmft solve - -q -o $work/other.h5 -s solve.particles=200 -s solve.replicas=100 -s train.steps=20"
others=OPENBLAS_CORETYPE=Prescott
! grep -qw avx2 /proc/cpuinfo || others="$others MOEDMFT_VECTORS=plain"
for other in $others; do
  if mpirun -q --allow-run-as-root --oversubscribe -n 1 -x MOEDMFT_VECTORS=avx2 $one : -n 1 -x MOEDMFT_VECTORS=avx2 -x $other $one 2> "$work/said"; then
    fail "ranks with other arithmetic were taken ($other)"
  fi
  grep -q "^moedmft: configuration error: rank 1 computes with OpenBLAS.s kernel .* vectors .*, rank 0 with .*OPENBLAS_CORETYPE=.*MOEDMFT_VECTORS=" "$work/said" ||
    fail "$other: $(tail -1 "$work/said")"
  [ ! -e "$work/other.h5" ] || fail "$other: a file was written"
done
echo "ranks: packets of all sizes arrive whole"
