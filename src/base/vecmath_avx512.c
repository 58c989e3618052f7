/* AVX-512 implementation of vecmath.h. The Makefile compiles this file alone with -mavx512f -mavx2 -mfma (x86-64 only);
 * vecmath.c calls it only on processors that have it. */
#include "base/vecmath_table.h"

#ifdef __AVX512F__
enum { WIDE_F64 = 8, WIDE_F32 = 16 };
#define LOAD_F64 _mm512_loadu_pd
#define LOAD_F32 _mm512_loadu_ps
#define STORE_F64 _mm512_storeu_pd
#define STORE_F32 _mm512_storeu_ps
#define LOW_F64(X) _mm512_cvtps_pd(_mm512_castps512_ps256((__m512)(X)))
#define HIGH_F64(X) _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd((__m512)(X)), 1)))
#define SLEEF_F64(FUNCTION) Sleef_##FUNCTION##d8_u10avx512f
#define SLEEF_F32(FUNCTION) Sleef_##FUNCTION##f16_u10avx512f
#include "base/vecmath_sleef.h"

const mdm_vecmath *mdm_vecmath_avx512(void) { return &table; }
#else
const mdm_vecmath *mdm_vecmath_avx512(void) { return NULL; }
#endif
