/* AVX2 implementation of vecmath.h. The Makefile compiles this file alone with -mavx2 -mfma (x86-64 only);
 * vecmath.c calls it only on processors that have both. */
#include "base/vecmath_table.h"

#ifdef __AVX2__
enum { WIDE_F64 = 4, WIDE_F32 = 8 };
#define LOAD_F64 _mm256_loadu_pd
#define LOAD_F32 _mm256_loadu_ps
#define STORE_F64 _mm256_storeu_pd
#define STORE_F32 _mm256_storeu_ps
#define SLEEF_F64(FUNCTION) Sleef_##FUNCTION##d4_u10avx2
#define SLEEF_F32(FUNCTION) Sleef_##FUNCTION##f8_u10avx2
#include "base/vecmath_sleef.h"

const mdm_vecmath *mdm_vecmath_avx2(void) { return &table; }
#else
const mdm_vecmath *mdm_vecmath_avx2(void) { return NULL; }
#endif
