#!/bin/sh
# From a bare Debian to a picture: installs what is missing, builds, trains the limit and finite networks on the
# Fashion-MNIST images in data/fashion (examples/fashion.yaml), and draws them.
# Arguments go to `moedmft compare`, for example: sh scripts/demo.sh --force --set train.lr=0.3 (--force: an earlier result is replaced)
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

say() { printf '\n==> %s\n' "$*"; }

sh scripts/build.sh

mkdir -p out
say "Run: build/moedmft compare examples/fashion.yaml -o out/fashion.h5 $*"
build/moedmft compare examples/fashion.yaml -o out/fashion.h5 "$@"

say "Plot: build/moedmft plot out/fashion.h5 -o out/fashion.png"
build/moedmft plot out/fashion.h5 -o out/fashion.png

say "Done: out/fashion.png (the picture), out/fashion.h5 (the numbers: build/moedmft info out/fashion.h5)"
