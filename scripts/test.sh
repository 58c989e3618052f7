#!/bin/sh
# Installs what is missing, builds, and runs every test.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

sh scripts/install-packages.sh
make -s -j"$(getconf _NPROCESSORS_ONLN)"
make -s test
