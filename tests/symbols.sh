#!/bin/sh
# The libraries show what the public headers declare, and nothing else. Usage: symbols.sh BUILD
set -eu
unset CDPATH
build=$1
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "symbols: $*" >&2; exit 1; }

echo '#include <moedmft/moedmft.h>' > "$work/all.c"
$cc -E -P -Iinclude "$work/all.c" | grep -oE '\bmdm_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u > "$work/declared"
[ "$(wc -l < "$work/declared")" -gt 50 ] || fail "cannot read the headers"
names() { awk 'NF >= 3 && $(NF-1) ~ /^[A-TV-Z]$/ {print $NF}' | sort -u; }
nm -D --defined-only "$build"/libmoedmft.so.* | names > "$work/shared"
nm -g --defined-only "$build/libmoedmft.a" | names > "$work/static"
for kind in shared static; do
  diff "$work/declared" "$work/$kind" > "$work/diff" || fail "the $kind library differs from the headers (< declared, > shown): $(grep '^[<>]' "$work/diff" | head -5 | tr '\n' ' ')"
done

# names of the inside are free for programs that use the library
cat > "$work/user.c" <<'END'
#include <moedmft/version.h>
#include <stdio.h>
int basis_init_f64(void);
int mdm_alloc(void);
int basis_init_f64(void) { return 1; }
int mdm_alloc(void) { return 2; }
int main(void) { return printf("%s\n", mdm_version()) < 0 || basis_init_f64() + mdm_alloc() != 3; }
END
mpi=
[ "$(cat "$build/generated/transport")" = ranks_alone ] || mpi=ompi-c # built with MPI=1
libs=$(pkg-config --libs openblas lapacke gsl hdf5 yaml-0.1 sleef zlib $mpi | sed 's/-lgslcblas//')
$cc -Iinclude "$work/user.c" "$build/libmoedmft.a" $libs -fopenmp -lpthread -lm -o "$work/user" && "$work/user" > "$work/said" || fail "a program with the static library"
version=$(sed -n 's/^VERSION := //p' Makefile)
grep -qx "$version" "$work/said" || fail "a program with the static library says $(cat "$work/said")"
echo "symbols: $(wc -l < "$work/declared") functions in both libraries, all of them public"
