#!/bin/sh
# Installs what is missing and builds: what every other script begins with.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

say() { printf '\n==> %s\n' "$*"; }

say "Packages: scripts/install-packages.sh"
sh scripts/install-packages.sh

jobs=$(getconf _NPROCESSORS_ONLN)
say "Build: make -j$jobs"
make -s -j"$jobs"
