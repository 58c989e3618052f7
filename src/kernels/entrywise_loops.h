/* The loop of entrywise.h, compiled once for each instruction set (entrywise_plain.c …) without contraction of a · b + c, so that all instruction sets
 * make the same of the same gradient. Some columns go side by side: the gradient of all of them comes from one reading of x, and memory is read in
 * several streams that advance together. */
#include <math.h>

#include "kernels/entrywise_table.h"
#include "kernels/vectors.h"

/* Square roots. */
#if defined(__AVX512F__) && MDM_SINGLE
ALWAYS vec root(vec x) { return _mm512_sqrt_ps(x); }
#elif defined(__AVX512F__)
ALWAYS vec root(vec x) { return _mm512_sqrt_pd(x); }
#elif defined(__AVX2__) && MDM_SINGLE
ALWAYS vec root(vec x) { return _mm256_sqrt_ps(x); }
#elif defined(__AVX2__)
ALWAYS vec root(vec x) { return _mm256_sqrt_pd(x); }
#elif defined(__SSE2__) && MDM_SINGLE
#include <emmintrin.h>
ALWAYS vec root(vec x) { return _mm_sqrt_ps(x); }
#elif defined(__SSE2__)
#include <emmintrin.h>
ALWAYS vec root(vec x) { return _mm_sqrt_pd(x); }
#else
ALWAYS vec root(vec x) {
  for (int i = 0; i < LANES; i++) x[i] = (real)sqrt((double)x[i]); /* of a float: the same as in single precision */
  return x;
}
#endif

#if MDM_SINGLE
typedef int whole __attribute__((vector_size(VECTOR_BYTES)));
#define FLOOR 1e-18f
#else
typedef long long whole __attribute__((vector_size(VECTOR_BYTES)));
#define FLOOR 1e-150
#endif

/* Numbers of a step in the precision of the weights. The floor under ε keeps 0/0 at 0; it is near the smallest gradient whose square the type can hold. */
typedef struct {
  real clip, keep, rate, beta1, beta2, rest1, rest2, eps, correct;
} numbers;

static numbers numbers_of(const mdm_entrywise *e) {
  return (numbers){(real)e->clip, (real)e->keep, (real)e->rate, (real)e->beta1, (real)e->beta2, (real)(1 - e->beta1), (real)(1 - e->beta2),
                   (real)e->eps > FLOOR ? (real)e->eps : FLOOR, (real)e->correct};
}

ALWAYS size_t token(const size_t *at, size_t t) { return at ? at[t] : t; }
ALWAYS vec read(const int ragged, const real *x, size_t last) { return ragged ? load_part(x, last) : load(x); }
ALWAYS void write(const int ragged, real *x, size_t last, vec v) {
  if (ragged) store_part(x, last, v);
  else store(x, v);
}

/* g: the gradient of some columns in the rows of one vector, which begins at row i. */
ALWAYS void gradient_of(const int columns, const int ragged, size_t last, const X(gradient) *G, size_t i, vec *g) {
  if (!G->y) {
    UNROLL for (int c = 0; c < columns; c++) g[c] = read(ragged, G->x + i + G->ldx * (size_t)c, last);
    return;
  }
  UNROLL for (int c = 0; c < columns; c++) g[c] = (vec){0};
  for (size_t t = 0; t < G->P; t++) {
    vec x = read(ragged, G->x + i + G->ldx * token(G->at, t), last);
    const real *y = G->y + G->ldy * token(G->at, t);
    UNROLL for (int c = 0; c < columns; c++) g[c] = plus_product(x, y[c] - (vec){0}, g[c]);
  }
}

ALWAYS void adam(const int ragged, size_t last, const numbers *k, vec G, real *m_at, real *v_at, real *A) {
  vec g = k->clip * G;
  vec m = k->beta1 * read(ragged, m_at, last) + k->rest1 * g;
  vec v = k->beta2 * read(ragged, v_at, last) + k->rest2 * g * g;
  write(ragged, m_at, last, m);
  write(ragged, v_at, last, v);
  write(ragged, A, last, k->keep * read(ragged, A, last) - k->rate * m / (k->correct * root(v) + k->eps));
}

ALWAYS void sign(const int ragged, size_t last, const numbers *k, vec G, real *A) {
  vec way = __builtin_convertvector((whole)(G < 0) - (whole)(G > 0), vec); /* true is −1 */
  write(ragged, A, last, k->keep * read(ragged, A, last) - k->rate * way);
}

ALWAYS void rows(const int columns, const int by_adam, const int ragged, size_t last, const numbers *k, const X(gradient) *G, size_t i, real *m, real *v,
                 real *A, size_t ld) {
  vec g[MDM_ENTRYWISE_COLUMNS];
  gradient_of(columns, ragged, last, G, i, g);
  UNROLL for (int c = 0; c < columns; c++) {
    size_t entry = i + ld * (size_t)c;
    if (by_adam) adam(ragged, last, k, g[c], m + entry, v + entry, A + entry);
    else sign(ragged, last, k, g[c], A + entry);
  }
}

ALWAYS void all_rows(const int columns, const int by_adam, const numbers *k, const X(gradient) *G, size_t n, real *m, real *v, real *A, size_t ld) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) rows(columns, by_adam, 0, 0, k, G, i, m, v, A, ld);
  if (i < n) rows(columns, by_adam, 1, n - i, k, G, i, m, v, A, ld);
}

/* The same with products of A before its step: sums of Aᵀ x, each in the order of `inner`; or results, in the order of `combine`. */
ALWAYS void rows_and_product(const int columns, const int tokens, const int by_adam, const int ragged, size_t last, const numbers *k, const X(gradient) *G, size_t i,
                             real *m, real *v, real *A, size_t ld, vec *sum) {
  vec g[MDM_ENTRYWISE_COLUMNS], a[MDM_ENTRYWISE_COLUMNS];
  UNROLL for (int c = 0; c < columns; c++) g[c] = (vec){0}, a[c] = read(ragged, A + i + ld * (size_t)c, last);
  UNROLL for (int t = 0; t < tokens; t++) {
    vec x = read(ragged, G->x + i + G->ldx * token(G->at, (size_t)t), last);
    const real *y = G->y + G->ldy * token(G->at, (size_t)t);
    UNROLL for (int c = 0; c < columns; c++) {
      g[c] = plus_product(x, y[c] - (vec){0}, g[c]);
      if (sum) sum[c + columns * t] = plus_product(a[c], x, sum[c + columns * t]);
    }
    if (sum) continue;
    real *to = G->results + i + G->ldr * (size_t)t;
    vec result = read(ragged, to, last);
    UNROLL for (int c = 0; c < columns; c++) result = plus_product(a[c], G->c[(size_t)c + G->ldc * (size_t)t] - (vec){0}, result);
    write(ragged, to, last, result);
  }
  UNROLL for (int c = 0; c < columns; c++) {
    size_t entry = i + ld * (size_t)c;
    if (by_adam) adam(ragged, last, k, g[c], m + entry, v + entry, A + entry);
    else sign(ragged, last, k, g[c], A + entry);
  }
}

ALWAYS void all_rows_and_results(const int columns, const int tokens, const int by_adam, const numbers *k, const X(gradient) *G, size_t n, real *m, real *v, real *A, size_t ld) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) rows_and_product(columns, tokens, by_adam, 0, 0, k, G, i, m, v, A, ld, NULL);
  if (i < n) rows_and_product(columns, tokens, by_adam, 1, n - i, k, G, i, m, v, A, ld, NULL);
}

ALWAYS void all_rows_and_sums(const int columns, const int tokens, const int by_adam, const numbers *k, const X(gradient) *G, size_t n, real *m, real *v, real *A, size_t ld) {
  enum { ALL = MDM_ENTRYWISE_COLUMNS * MDM_ENTRYWISE_TOKENS };
  vec sum[ALL];
  real total[ALL];
  size_t i = 0;
  UNROLL for (int q = 0; q < ALL; q++) sum[q] = (vec){0};
  for (; i + LANES <= n; i += LANES) rows_and_product(columns, tokens, by_adam, 0, 0, k, G, i, m, v, A, ld, sum);
  if (i < n) rows_and_product(columns, tokens, by_adam, 1, n - i, k, G, i, m, v, A, ld, sum);
  UNROLL for (int q = 0; q < ALL; q += 4)
    if (q < columns * tokens) sums(sum[q], sum[q + 1], sum[q + 2], sum[q + 3], total + q);
  for (int t = 0; t < tokens; t++)
    for (int c = 0; c < columns; c++) G->sums[c + MDM_ENTRYWISE_COLUMNS * t] = total[c + columns * t];
}

static void step_and_multiply(const mdm_entrywise *e, const X(gradient) *G, size_t columns, size_t n, real *m, real *v, real *A, size_t ld) {
  const numbers k = numbers_of(e);
#define STEP(COLUMNS, TOKENS)                                                                             \
  case (COLUMNS) * 8 + (TOKENS):                                                                          \
    if (e->adam && G->sums) all_rows_and_sums(COLUMNS, TOKENS, 1, &k, G, n, m, v, A, ld);                 \
    else if (e->adam) all_rows_and_results(COLUMNS, TOKENS, 1, &k, G, n, m, v, A, ld);                    \
    else if (G->sums) all_rows_and_sums(COLUMNS, TOKENS, 0, &k, G, n, m, v, A, ld);                       \
    else all_rows_and_results(COLUMNS, TOKENS, 0, &k, G, n, m, v, A, ld);                                 \
    break;
#define STEPS(COLUMNS) STEP(COLUMNS, 1) STEP(COLUMNS, 2) STEP(COLUMNS, 3) STEP(COLUMNS, 4)
  switch (columns * 8 + G->P) { STEPS(1) STEPS(2) STEPS(3) STEPS(4) }
#undef STEPS
#undef STEP
}

static void step(const mdm_entrywise *e, const X(gradient) *G, size_t columns, size_t n, real *m, real *v, real *A, size_t ld) {
  const numbers k = numbers_of(e);
  if (G->sums || G->results) {
    step_and_multiply(e, G, columns, n, m, v, A, ld);
    return;
  }
#define STEP(COLUMNS)                                                       \
  case COLUMNS:                                                             \
    if (e->adam) all_rows(COLUMNS, 1, &k, G, n, m, v, A, ld);               \
    else all_rows(COLUMNS, 0, &k, G, n, m, v, A, ld);                       \
    break;
  switch (columns) { STEP(1) STEP(2) STEP(3) STEP(4) }
#undef STEP
}
