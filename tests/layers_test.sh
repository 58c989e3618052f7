#!/bin/sh
# tests/layers.sh finds what it looks for, with file and line, in a tree of a few files. Usage: layers_test.sh [COMPILER]
set -eu
unset CDPATH
cc=${*:-cc}
layers=$(cd "$(dirname "$0")" && pwd)/layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0 failed=0

# put FILE: standard input becomes a file of the tree.
put() { mkdir -p "$tree/$(dirname "$1")" && cat > "$tree/$1"; }

# A tree without faults: three layers, a header that two files of one folder share, a public header.
begin() {
  rm -rf "$tree/src" "$tree/include" "$tree/models" "$tree/build"
  mkdir -p "$tree/models"
  echo 'int mdm_fail(void);' | put include/moedmft/error.h
  echo 'int twice(int x);' | put src/base/number.h
  printf '%s\n' '#include "base/number.h"' '#include <moedmft/error.h>' 'int mdm_fail(void) { return 1; }' 'int twice(int x) { return 2 * x; }' | put src/base/number.c
  echo 'int half(int x);' | put src/config/internal.h
  printf '%s\n' '#include "config/internal.h"' 'int half(int x) { return x / 2; }' | put src/config/half.c
  printf '%s\n' '#include "base/number.h"' '#include "config/internal.h"' 'int same(int x);' 'int same(int x) { return half(twice(x)); }' | put src/config/same.c
}

# check WHAT FINDING …: the script says exactly these findings of the tree (none: it succeeds).
check() {
  what=$1
  shift
  (cd "$tree" && for file in src/*/*.c; do
    mkdir -p "build/obj/${file%/*}"
    $cc -Isrc -Iinclude -c "$file" -o "build/obj/${file%.c}.o"
  done)
  status=0
  sh "$layers" build "$tree" > "$tree/out" 2> "$tree/err" || status=$?
  for finding in "$@"; do echo "layers: $finding"; done > "$tree/expected"
  if cmp -s "$tree/err" "$tree/expected" && [ "$status" = "$(($# > 0))" ]; then passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "  Layers: $what: exit status $status, said, and should have said:" >&2
    cat "$tree/err" "$tree/expected" >&2
  fi
}

begin
check "no fault"

begin
printf '%s\n' '' '#include "config/internal.h"' | put src/base/up.c
check "an include that runs upward" 'src/base/up.c:2: include of config/internal.h runs upward: base stands before config'

begin
printf '%s\n' '#include <moedmft/error.h>' '#include <moedmft/run.h>' | put src/base/up.h
check "a public header that runs upward" 'src/base/up.h:2: include of moedmft/run.h runs upward: base stands before run'

begin
printf '%s\n' '#include <moedmft/nowhere.h>' | put include/moedmft/new.h
check "public headers that no layer has" 'include/moedmft/new.h:1: public header without a layer: give it one in tests/layers.sh'

begin
printf '%s\n' '#include <moedmft/nowhere.h>' | put src/run/new.h
check "a public header that is not known" 'src/run/new.h:1: moedmft/nowhere.h has no layer: give it one in tests/layers.sh'

begin
printf '%s\n' '' '' '#include "number.h"' | put src/base/bare.c
cp "$tree/src/base/number.h" "$tree/src/number.h" # so that it compiles
check "a header without its folder" 'src/base/bare.c:3: "number.h" is included without its folder'
rm "$tree/src/number.h"

begin
printf '%s\n' 'int half(int x);' 'int quarter(int x);' 'int quarter(int x) { return half(half(x)); }' | put src/base/up.c
check "a call that runs upward" 'src/base/up.c:1: call of half runs upward: base stands before config'

begin
printf '%s\n' '#include "base/two.h"' | put src/base/one.h
printf '%s\n' '' '#include "base/three.h"' | put src/base/two.h
printf '%s\n' '' '' '#include "base/one.h"' | put src/base/three.h
echo '#include "base/one.h"' | put src/base/outside.h # leads into the circle, and is no part of it
check "a circle of includes" \
  'src/base/one.h:1: include of base/two.h closes a circle: src/base/two needs src/base/one' \
  'src/base/three.h:3: include of base/one.h closes a circle: src/base/one needs src/base/three' \
  'src/base/two.h:2: include of base/three.h closes a circle: src/base/three needs src/base/two'

begin
echo 'int odd(int x);' | put src/data/odd.h
printf '%s\n' '#include "data/odd.h"' 'int even(int x);' 'int odd(int x) { return x > 0 && even(x - 1); }' | put src/data/odd.c
printf '%s\n' '#include "data/odd.h"' 'int even(int x);' 'int even(int x) { return x == 0 || odd(x - 1); }' | put src/data/even.c
check "a circle of an include and calls" \
  'src/data/even.c:1: include of data/odd.h closes a circle: src/data/odd needs src/data/even' \
  'src/data/even.c:3: call of odd closes a circle: src/data/odd needs src/data/even' \
  'src/data/odd.c:2: call of even closes a circle: src/data/even needs src/data/odd'

begin
rm -rf "$tree/build"
if sh "$layers" build "$tree" 2> "$tree/err" || ! grep -q 'no objects .*build first' "$tree/err"; then
  failed=$((failed + 1)) && echo "  Layers: a tree that is not built passes" >&2
else passed=$((passed + 1))
fi

echo "  Layers: $passed passed, $failed failed"
[ "$failed" = 0 ]
