#!/bin/sh
# clang-tidy (.clang-tidy), cppcheck and gcc -fanalyzer over the sources: analyze.sh BUILD FLAGS (make analyze). Whatever they say must be in
# tests/analyze.txt, with the reason why it stays.
set -u
unset CDPATH
cd "$(dirname "$0")/.."
build=$1
shift
out=$build/analyze
rm -rf "$out"
mkdir -p "$out"
for tool in clang-tidy cppcheck gcc; do
  command -v $tool >/dev/null || { echo "analyze: no $tool: sh scripts/install-packages.sh checks" >&2; exit 1; }
done
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -fopenmp -DMDM_SINGLE=0 -Iinclude -Isrc -I. -I$build/generated $*"
# kernels for one instruction set are the loops of plain.c; ranks_mpi.c wants Open MPI
sources=$(ls src/*/*.c models/*.c | grep -v -e avx -e ranks_mpi)

# Failures are known to be such (analyzer.h), but where they are defined.
seen() { case $1 in src/base/error.c | src/base/memory.c) ;; *) echo "-include tests/analyzer.h" ;; esac; }

# One file a run: the analyzer of clang 14 mixes up argument lists of two. Findings as tool|file|check|line and text.
for f in $sources; do
  clang-tidy --quiet "$f" -- $flags $(seen "$f") 2>/dev/null |
    sed -nE "s#^(.*/)?((src|models)/[^:]*):([0-9]+):[0-9]+: (warning|error): (.*) \[([^],]*).*#clang-tidy|\2|\7|\4: \6#p"
  gcc $flags $(seen "$f") -O1 -w -fanalyzer -c "$f" -o /dev/null 2>&1 |
    sed -nE "s#^((src|models)/[^:]*):([0-9]+):[0-9]+: warning: (.*) \[.*-Wanalyzer-([a-z-]*).*#gcc|\1|\5|\3: \4#p"
done > "$out/found"
cppcheck -q --std=c11 --enable=warning,performance,portability --suppress=missingIncludeSystem --template='cppcheck|{file}|{id}|{line}: {message}' \
  -Iinclude -Isrc -I. -I"$build/generated" -DMDM_SINGLE=0 -DH5E_BEGIN_TRY= -DH5E_END_TRY= $sources 2>&1 | grep '^cppcheck' >> "$out/found"
sort -u "$out/found" -o "$out/found"
# of tests/analyze.txt: tool|file|check, before two blanks and the reason
sed -nE '/^#/d; s/^([^ ]+)  +.*/\1|/p' tests/analyze.txt > "$out/known"
grep -vFf "$out/known" "$out/found" > "$out/new"
while read -r known; do
  grep -qF "$known" "$out/found" || echo "analyze: tests/analyze.txt knows what is not found: $known" >&2
done < "$out/known"
echo "analyze: $(wc -l < "$out/found") findings, $(wc -l < "$out/new") without a reason"
cat "$out/new"
[ ! -s "$out/new" ]
