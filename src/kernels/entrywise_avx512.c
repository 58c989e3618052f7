/* Entrywise steps for AVX-512F. The Makefile compiles this file for it (x86-64 only). */
#include "kernels/entrywise_table.h"

#if defined(__AVX512F__)
#include "kernels/entrywise_loops.h"

X(entrywise_kernel) *X(entrywise_avx512)(void) { return step; }
#else
X(entrywise_kernel) *X(entrywise_avx512)(void) { return NULL; }
#endif
