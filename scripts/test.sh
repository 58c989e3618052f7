#!/bin/sh
# Installs what is missing, builds, and runs every test, those of many ranks (docs/cluster.md) among them.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

sh scripts/install-packages.sh mpi
sh scripts/install-packages.sh torch || echo "test: no python3-torch: tests of moedmft.torch are left out"
sh scripts/build.sh
make -s test
