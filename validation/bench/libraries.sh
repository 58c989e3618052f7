#!/bin/sh
# Libraries that multiply matrices, beside moedmft's kernels, on its products: the table in docs/performance.md.
#   sh validation/bench/libraries.sh [BUILD]    BUILD: folder of a finished build (build)
# BLIS, oneDNN and LIBXSMM are Debian packages; they are fetched (not installed) into BUILD/libraries. A few minutes on one core.
# MOEDMFT_VECTORS=avx2 OPENBLAS_CORETYPE=Haswell ONEDNN_MAX_CPU_ISA=AVX2 LIBXSMM_TARGET=hsw shows them as they are on a processor without AVX-512.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
objects="$build/obj/f32/src/kernels/*.o $build/obj/src/base/processor.o $build/obj/src/base/error.o"
mkdir -p "$build/libraries"
work=$(cd "$build/libraries" && pwd)
[ -d "$work/root" ] || (cd "$work" && apt-get -q download libblis4-serial libdnnl2 libxsmm-dev && for f in *.deb; do dpkg -x "$f" root; done)
lib=$work/root/usr/lib
shared=$(dirname "$(find "$lib" -name 'libdnnl.so.2')")
# shellcheck disable=SC2046,SC2086 # lists of words
${CC:-cc} -std=c11 -O2 -DMDM_SINGLE=1 -DWITH_XSMM -Isrc -Iinclude -I"$work/root/usr/include" $(pkg-config --cflags openblas) \
  validation/bench/libraries.c $objects "$lib/libxsmm.a" "$lib/libxsmmnoblas.a" -o "$work/libraries" $(pkg-config --libs openblas) -ldl -lpthread -lm -lrt
OMP_NUM_THREADS=1 "$work/libraries" "BLIS=$shared/blis-serial/libblas.so.3:cblas_sgemm" "oneDNN=$shared/libdnnl.so.2:dnnl_sgemm"
