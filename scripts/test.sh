#!/bin/sh
# Installs what is missing, builds, and runs every test.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

sh scripts/build.sh
make -s test
