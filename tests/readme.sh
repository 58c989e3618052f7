#!/bin/sh
# The tour of the README and the examples work as they stand, on small sizes. Usage: readme.sh PROGRAM
set -eu
unset CDPATH
program=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ln -s "$root/examples" "$root/data" .
mkdir -p out build
ln -s "$program" build/moedmft
small="-s solve.particles=200 -s solve.replicas=2 -s train.steps=3 -s simulate.seeds=2"
failed=0 count=0
try() {
  count=$((count + 1))
  if ! sh -c "$1" > said 2>&1; then failed=$((failed + 1)) && { echo "  README: $1"; cat said; } >&2; fi
}

# commands of the tour that take a configuration are made small; the others look at what these wrote
sed -n '/^## Tour/,/^## /p' "$root/README.md" | sed -n 's/ *#.*//; /^build\/moedmft/p' > tour
while read -r line; do
  case $line in
  "build/moedmft solve "* | "build/moedmft simulate "* | "build/moedmft compare "* | "build/moedmft coordcheck "* | "build/moedmft sweep "*) try "$line -q -t 1 $small -s 'simulate.widths=[8,16]'" ;;
  *) try "$line" ;;
  esac
done < tour
[ "$count" -ge 10 ] || { echo "  README: found only $count commands in the tour" >&2; failed=$((failed + 1)); }

# every example is a configuration that can be used
for example in examples/*.yaml; do try "build/moedmft rules $example --width 64"; done
echo "  README: $((count - failed)) commands and examples passed, $failed failed"
[ "$failed" = 0 ]
