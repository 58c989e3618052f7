#!/bin/sh
# Fuzzes the readers: sh tests/fuzz/run.sh SECONDS [HARNESS…], after `make all fuzz`. Findings and new inputs go to build-fuzz/corpus; with
# MINIMIZE=1 instead, tests/corpus is replaced by the smallest inputs that reach all that is reached now.
set -eu
unset CDPATH
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- yaml set idx hdf5 tokens own resume law
mkdir -p build-fuzz
# Keys, words and numbers of the option table.
build/moedmft options | grep -oE '[A-Za-z_0-9]+(\.[A-Za-z_0-9]+)*' | sort -u | awk 'length($0) < 60 { printf "\"%s\"\n", $0 }' > build-fuzz/options.dict
printf '"%s"\n' '--set' '--over' '=log:' '=lin:' ': ' '\\x0a' '\\x0a  ' '!!' '{' '[' '1e308' '9223372036854775808' >> build-fuzz/options.dict
# HDF5 allocates a great deal: without stacks and fill, and with little that is kept after it was freed, that costs a third.
export ASAN_OPTIONS="${ASAN_OPTIONS:-malloc_context_size=1:quarantine_size_mb=4:max_malloc_fill_size=0}"
for name; do
  corpus=build-fuzz/corpus/$name
  mkdir -p "$corpus"
  case $name in yaml | set) dict=-dict=build-fuzz/options.dict ;; *) dict= ;; esac
  if [ "${MINIMIZE:-}" ]; then
    rm -rf build-fuzz/small-"$name" && mkdir build-fuzz/small-"$name"
    build-fuzz/fuzz/"$name" -merge=1 -max_len=4096 build-fuzz/small-"$name" tests/corpus/"$name" "$corpus"
    rm -rf tests/corpus/"$name" && cp -r build-fuzz/small-"$name" tests/corpus/"$name"
  else
    # shellcheck disable=SC2086
    OPENBLAS_NUM_THREADS=1 nice -n 15 build-fuzz/fuzz/"$name" $dict -max_total_time="$seconds" -max_len=4096 -timeout=60 -rss_limit_mb=4096 \
      -print_final_stats=1 -artifact_prefix=build-fuzz/"$name"- "$corpus" tests/corpus/"$name"
  fi
done
