/* AVX2 implementation of vecmath.h. The Makefile compiles this file alone with -mavx2 -mfma (x86-64 only);
 * vecmath.c calls it only on processors that have both. */
#include "base/vecmath_table.h"

#ifdef __AVX2__
enum { WIDE_F64 = 4, WIDE_F32 = 8 };
#define LOAD_F64 _mm256_loadu_pd
#define LOAD_F32 _mm256_loadu_ps
#define STORE_F64 _mm256_storeu_pd
#define STORE_F32 _mm256_storeu_ps
#define LOW_F64(X) _mm256_cvtps_pd(_mm256_castps256_ps128((__m256)(X)))
#define HIGH_F64(X) _mm256_cvtps_pd(_mm256_extractf128_ps((__m256)(X), 1))
#define SLEEF_F64(FUNCTION) Sleef_##FUNCTION##d4_u10avx2
#define SLEEF_F32(FUNCTION) Sleef_##FUNCTION##f8_u10avx2
#include "base/vecmath_sleef.h"

const mdm_vecmath *mdm_vecmath_avx2(void) { return &table; }
#else
const mdm_vecmath *mdm_vecmath_avx2(void) { return NULL; }
#endif
