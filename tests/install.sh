#!/bin/sh
# What `make install` puts anywhere works from anywhere: program, examples with their data, headers and libraries, Python package; also
# where names have blanks. And a build knows its commit, wherever it stands. Usage: install.sh BUILD [PYTHON]
set -eu
unset CDPATH
build=$1 python=${2:-python3} cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "install: $*" >&2; exit 1; }
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs this test

# ---- an installed tree, used from another folder
prefix="$work/some where/usr"
$make -s install BUILD="$build" PREFIX="$prefix" > "$work/log" 2>&1 || fail "make install: $(tail -1 "$work/log")"
share="$prefix/share/moedmft"
mkdir "$work/else"
cd "$work/else"
small='-s solve.particles=200 -s solve.replicas=2 -s train.steps=2 -s simulate.widths=[8,16] -s simulate.seeds=3'
for example in "$share"/examples/*.yaml; do
  "$prefix/bin/moedmft" rules "$example" --width 64 > "$work/log" 2>&1 || fail "$example: $(tail -1 "$work/log")"
done
"$prefix/bin/moedmft" compare "$share/examples/fashion.yaml" -q -o a.h5 $small -s solve.particles=1500 || fail "the example with images"
cp "$share/examples/fashion.yaml" . # away from its data
if "$prefix/bin/moedmft" rules fashion.yaml --width 64 > "$work/log" 2>&1; then fail "a configuration found data that are not there"; fi
grep -q 'data/fashion/.*No such file' "$work/log" || fail "missing data: $(tail -1 "$work/log")"
PYTHONPATH="$share/python" "$python" "$share/examples/python/loss_curves.py" a.h5 -o a.png > "$work/log" 2>&1 || fail "an example in Python: $(tail -1 "$work/log")"
[ -s a.png ] || fail "no picture from an example in Python"
cat > user.c <<'END'
#include <moedmft/moedmft.h>
#include <stdio.h>
int main(void) {
  char *text;
  int status = mdm_file_info("a.h5", 1, &text, NULL);
  return status || printf("%s", text) < 0;
}
END
PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs moedmft > flags
eval "$cc user.c $(cat flags) -o user" && LD_LIBRARY_PATH="$prefix/lib" ./user | grep -q 'moedmft compare: a.h5' || fail "a program with the shared library"

# ---- provenance and names
cd "$OLDPWD"
commit() { sed -n 's/.*MDM_COMMIT "\(.*\)"/\1/p' "$1/out/generated/file/buildinfo.h"; }
info() { $make -s -C "$1" BUILD=out out/generated/file/buildinfo.h > "$work/log" 2>&1 || fail "make in '$1': $(tail -1 "$work/log")"; }
if [ -z "$(git rev-parse --show-cdup 2> /dev/null || echo none)" ]; then
  git clone -q --depth 1 "file://$PWD" "$work/a clone" 2> /dev/null
  cp Makefile "$work/a clone/"
  info "$work/a clone"
  [ "$(commit "$work/a clone")" = "$(git rev-parse HEAD)" ] || fail "the commit of a folder with a blank in its name is '$(commit "$work/a clone")'"
  git init -q "$work/other"
  git -C "$work/other" -c user.name=x -c user.email=x@x.invalid commit -q --allow-empty -m "another project"
  mkdir "$work/other/moedmft"
  cp -r Makefile include src models "$work/other/moedmft/"
  info "$work/other/moedmft"
  [ "$(commit "$work/other/moedmft")" = unknown ] || fail "the commit of a project around the sources was taken for theirs"
fi
# Builds of one commit differ by their sources and flags; the same sources are the same build.
sources() { sed -n 's/.*MDM_SOURCES "\(.*\)"/\1/p' "$work/copy/out/generated/file/buildinfo.h"; }
mkdir "$work/copy"
cp -r Makefile include src models "$work/copy/"
info "$work/copy"
first=$(sources)
[ "$(printf %s "$first" | tr -d 0-9a-f | wc -c)" = 0 ] && [ "${#first}" = 16 ] || fail "the checksum of the sources is '$first'"
echo '/* change 1 */' >> "$work/copy/models/moe.c"
info "$work/copy"
second=$(sources)
sed -i 's/change 1/change 2/' "$work/copy/models/moe.c"
info "$work/copy"
[ "$second" != "$first" ] && [ "$(sources)" != "$second" ] || fail "two changes of the sources have one checksum"
sed -i '$d' "$work/copy/models/moe.c"
info "$work/copy"
[ "$(sources)" = "$first" ] || fail "the same sources have two checksums"
CFLAGS="-O1 -DX='a b'"
export CFLAGS
info "$work/copy"
unset CFLAGS
[ "$(sources)" != "$first" ] || fail "other compiler flags have the same checksum"
if $make -s BUILD='some where' all > "$work/log" 2>&1; then fail "a BUILD with a blank was taken"; fi
grep -q "BUILD='some where' has blanks" "$work/log" || fail "a BUILD with a blank: $(tail -1 "$work/log")"
echo "install: program, examples, library and Python package work from anywhere"
