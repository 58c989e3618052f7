/* One vector of the instruction set that a file is compiled for, and the sizes of the blocks of products that fit its registers. */
#ifndef MOEDMFT_VECTORS_H
#define MOEDMFT_VECTORS_H

#include "kernels/real.h"

#define ALWAYS static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#pragma clang diagnostic ignored "-Wpass-failed" /* where it leaves a loop of many tokens as it is, that is slower, not wrong */
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* INNER_COLUMNS × INNER_TOKENS sums of `inner`, TILE_VECTORS × TILE_TOKENS vectors of `combine`: the registers hold them with their factors.
 * TILE_COLUMNS: columns that `combine` reads one after the other before it writes. MANY: tokens from which BLAS is the faster one; MANY_AT_ONCE: where it has
 * to copy a factor for every piece of a large matrix. Measured (docs/performance.md). */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, INNER_COLUMNS = 4, INNER_TOKENS = 5, TILE_VECTORS = 4, TILE_TOKENS = 6, TILE_COLUMNS = 64, MANY = 192, MANY_AT_ONCE = 320 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32, INNER_COLUMNS = 3, INNER_TOKENS = 4, TILE_VECTORS = 2, TILE_TOKENS = 6, TILE_COLUMNS = 48, MANY = 96, MANY_AT_ONCE = 96 };
#else
enum { VECTOR_BYTES = 16, INNER_COLUMNS = 3, INNER_TOKENS = 4, TILE_VECTORS = 2, TILE_TOKENS = 6, TILE_COLUMNS = 48, MANY = 32, MANY_AT_ONCE = 32 };
#endif
enum { LANES = VECTOR_BYTES / (int)sizeof(real) };

typedef real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef real anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias)); /* the same at any address */

ALWAYS vec load(const real *x) { return *(const anywhere *)x; }
ALWAYS void store(real *x, vec v) { *(anywhere *)x = v; }

/* load_part, store_part: the first `count` numbers, 0 … LANES; zeros in the place of the others. sums: of the numbers of each of four vectors. */
#if defined(__AVX2__)
#include <immintrin.h>
#if MDM_SINGLE
ALWAYS void sums_256(__m256 a, __m256 b, __m256 c, __m256 d, real out[4]) {
  __m256 s = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}
#else
ALWAYS void sums_256(__m256d a, __m256d b, __m256d c, __m256d d, real out[4]) {
  __m256d ab = _mm256_hadd_pd(a, b), cd = _mm256_hadd_pd(c, d);
  _mm256_storeu_pd(out, _mm256_add_pd(_mm256_permute2f128_pd(ab, cd, 0x20), _mm256_permute2f128_pd(ab, cd, 0x31)));
}
#endif
#endif

/* a b + c, rounded once where there is an instruction for it: all sums of products are made of these, so that they do not depend on what a compiler fuses. */
#if defined(__AVX512F__) && MDM_SINGLE
ALWAYS vec plus_product(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
#elif defined(__AVX512F__)
ALWAYS vec plus_product(vec a, vec b, vec c) { return _mm512_fmadd_pd(a, b, c); }
#elif defined(__AVX2__) && MDM_SINGLE
ALWAYS vec plus_product(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
#elif defined(__AVX2__)
ALWAYS vec plus_product(vec a, vec b, vec c) { return _mm256_fmadd_pd(a, b, c); }
#else
ALWAYS vec plus_product(vec a, vec b, vec c) { return a * b + c; }
#endif

#if defined(__AVX512F__) && MDM_SINGLE
ALWAYS __mmask16 first_lanes(size_t count) { return (__mmask16)((1u << count) - 1); }
ALWAYS vec load_part(const real *x, size_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), x); }
ALWAYS void store_part(real *x, size_t count, vec v) { _mm512_mask_storeu_ps(x, first_lanes(count), v); }
ALWAYS __m256 halves(vec v) {
  return _mm256_add_ps(_mm512_castps512_ps256(v), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)));
}
ALWAYS void sums(vec a, vec b, vec c, vec d, real out[4]) { sums_256(halves(a), halves(b), halves(c), halves(d), out); }
#elif defined(__AVX512F__)
ALWAYS __mmask8 first_lanes(size_t count) { return (__mmask8)((1u << count) - 1); }
ALWAYS vec load_part(const real *x, size_t count) { return _mm512_maskz_loadu_pd(first_lanes(count), x); }
ALWAYS void store_part(real *x, size_t count, vec v) { _mm512_mask_storeu_pd(x, first_lanes(count), v); }
ALWAYS __m256d halves(vec v) { return _mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd(v, 1)); }
ALWAYS void sums(vec a, vec b, vec c, vec d, real out[4]) { sums_256(halves(a), halves(b), halves(c), halves(d), out); }
#elif defined(__AVX2__) && MDM_SINGLE
ALWAYS __m256i first_lanes(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
ALWAYS vec load_part(const real *x, size_t count) { return _mm256_maskload_ps(x, first_lanes(count)); }
ALWAYS void store_part(real *x, size_t count, vec v) { _mm256_maskstore_ps(x, first_lanes(count), v); }
ALWAYS void sums(vec a, vec b, vec c, vec d, real out[4]) { sums_256(a, b, c, d, out); }
#elif defined(__AVX2__)
ALWAYS __m256i first_lanes(size_t count) { return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)count), _mm256_setr_epi64x(0, 1, 2, 3)); }
ALWAYS vec load_part(const real *x, size_t count) { return _mm256_maskload_pd(x, first_lanes(count)); }
ALWAYS void store_part(real *x, size_t count, vec v) { _mm256_maskstore_pd(x, first_lanes(count), v); }
ALWAYS void sums(vec a, vec b, vec c, vec d, real out[4]) { sums_256(a, b, c, d, out); }
#else
ALWAYS vec load_part(const real *x, size_t count) {
  vec v = {0};
  for (size_t i = 0; i < LANES && i < count; i++) v[i] = x[i];
  return v;
}
ALWAYS void store_part(real *x, size_t count, vec v) {
  for (size_t i = 0; i < LANES && i < count; i++) x[i] = v[i];
}
ALWAYS real sum_of(vec v) {
  real sum = v[0];
  for (int i = 1; i < LANES; i++) sum += v[i];
  return sum;
}
ALWAYS void sums(vec a, vec b, vec c, vec d, real out[4]) { out[0] = sum_of(a), out[1] = sum_of(b), out[2] = sum_of(c), out[3] = sum_of(d); }
#endif

#endif
