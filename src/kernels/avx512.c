/* Products for AVX-512F. The Makefile compiles this file for them (x86-64 only). */
#include "kernels/table.h"

#if defined(__AVX512F__)
#include "kernels/loops.h"

const X(kernels) *X(kernels_avx512)(void) { return &all; }
#else
const X(kernels) *X(kernels_avx512)(void) { return NULL; }
#endif
