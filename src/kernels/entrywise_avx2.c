/* Entrywise steps for AVX2 and FMA. The Makefile compiles this file for them (x86-64 only). */
#include "kernels/entrywise_table.h"

#if defined(__AVX2__) && defined(__FMA__)
#include "kernels/entrywise_loops.h"

X(entrywise_kernel) *X(entrywise_avx2)(void) { return step; }
#else
X(entrywise_kernel) *X(entrywise_avx2)(void) { return NULL; }
#endif
