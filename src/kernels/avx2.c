/* Products for AVX2 and FMA. The Makefile compiles this file for them (x86-64 only). */
#include "kernels/table.h"

#if defined(__AVX2__) && defined(__FMA__)
#include "kernels/loops.h"

const X(kernels) *X(kernels_avx2)(void) { return &all; }
#else
const X(kernels) *X(kernels_avx2)(void) { return NULL; }
#endif
