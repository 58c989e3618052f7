#!/bin/sh
# Packets of all sizes between two ranks, and what the build says about MPI. Usage: ranks.sh BUILD
set -eu
unset CDPATH
build=$1
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs this test
fail() { echo "ranks: $*" >&2; exit 1; }

if $make -s -n MPI=yes BUILD="$build" all > /dev/null 2> "$build/said"; then fail "MPI=yes was taken"; fi
grep -q "MPI='yes': allowed are 1 and 0" "$build/said" || fail "MPI=yes: $(tail -1 "$build/said")"
if $make -s -n MPI=1 PKG=false BUILD="$build" all > /dev/null 2> "$build/said"; then fail "MPI=1 was taken without Open MPI"; fi
grep -q 'MPI=1, and pkg-config finds no Open MPI.*install-packages.sh mpi' "$build/said" || fail "MPI=1 without Open MPI: $(tail -1 "$build/said")"
rm "$build/said"
[ -x "$build/mpi/wire" ] || { echo "ranks: no Open MPI: packets are not tested (sh scripts/install-packages.sh mpi)"; exit 0; }
mpirun -q --allow-run-as-root --oversubscribe -n 2 "$build/mpi/wire" 20 > /dev/null || fail "packets did not arrive whole"
echo "ranks: packets of all sizes arrive whole"
