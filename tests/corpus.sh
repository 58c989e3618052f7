#!/bin/sh
# Replays tests/corpus through the readers of hostile input: sh tests/corpus.sh BUILD
set -eu
unset CDPATH
build=$1
cd "$(dirname "$0")/.."
for name in yaml set idx hdf5 tokens own resume law; do
  if ! "$build/fuzz/$name" tests/corpus/"$name" 2> "$build/fuzz/$name.log"; then
    echo "corpus: $name fails at $(tail -n 1 "$build/fuzz/$name.log")" >&2
    exit 1
  fi
done
