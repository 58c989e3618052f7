/* The loops of products.h, compiled once for each instruction set (plain.c, avx2.c, avx512.c).
 *
 * Both products keep a block of results in registers and run along the large factor A once: `inner` along the rows of a few columns, `combine`
 * along the columns of a few vectors of rows. Rows are taken in pieces whose part of the small factor stays in the cache. */
#include "kernels/table.h"
#include "kernels/vectors.h"

ALWAYS size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
/* The first part of `left` things in parts of at most `most`, as equal as they can be. */
ALWAYS size_t part_of(size_t left, size_t most) { return (left + (left + most - 1) / most - 1) / ((left + most - 1) / most); }

/* Column t of those that take part; at NULL: all, in order. */
ALWAYS size_t column(const size_t *at, size_t t) { return at ? at[t] : t; }

/* x ← keep x + add */
ALWAYS real kept(real keep, const real *x, real add) { return keep == 0 ? add : keep * *x + add; }

/* ---------------------------------------------------------------- inner */

/* Processors foresee what is read next in a column, not which column is next: it is brought near (into the second level of the cache) by hand. */
#define BRING(ADDRESS) __builtin_prefetch(ADDRESS, 0, 2)

/* out (columns × tokens) = keep out + s Aᵀ B over n rows; columns `at` of B and out. next: from an entry of A to the one that is wanted in its place afterwards; 0: unknown. */
ALWAYS void inner_block(const int columns, const int tokens, size_t n, real s, const real *A, size_t lda, const real *B, size_t ldb,
                        const size_t *at, real keep, real *out, size_t ldo, size_t next) {
  enum { MOST = (INNER_COLUMNS * INNER_TOKENS + 3) / 4 * 4 };
  vec sum[MOST];
  const real *b_of[INNER_TOKENS];
  UNROLL for (int i = 0; i < MOST; i++) sum[i] = (vec){0};
  UNROLL for (int t = 0; t < tokens; t++) b_of[t] = B + ldb * column(at, (size_t)t);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vec a[INNER_COLUMNS];
    if (next)
      UNROLL for (int j = 0; j < columns; j++) BRING(A + next + lda * (size_t)j + i);
    UNROLL for (int j = 0; j < columns; j++) a[j] = load(A + lda * (size_t)j + i);
    UNROLL for (int t = 0; t < tokens; t++) {
      vec b = load(b_of[t] + i);
      UNROLL for (int j = 0; j < columns; j++) sum[j + columns * t] = plus_product(a[j], b, sum[j + columns * t]);
    }
  }
  if (i < n)
    UNROLL for (int t = 0; t < tokens; t++) {
      vec b = load_part(b_of[t] + i, n - i);
      UNROLL for (int j = 0; j < columns; j++) sum[j + columns * t] = plus_product(load_part(A + lda * (size_t)j + i, n - i), b, sum[j + columns * t]);
    }
  real total[MOST];
  UNROLL for (int q = 0; q < MOST; q += 4)
    if (q < columns * tokens) sums(sum[q], sum[q + 1], sum[q + 2], sum[q + 3], total + q);
  for (int t = 0; t < tokens; t++) {
    real *to = out + ldo * column(at, (size_t)t);
    for (int j = 0; j < columns; j++) to[j] = kept(keep, to + j, s * total[j + columns * t]);
  }
}

static void inner_any(size_t columns, size_t tokens, size_t n, real s, const real *A, size_t lda, const real *B, size_t ldb, const size_t *at,
                      real keep, real *out, size_t ldo, size_t next) {
#define BLOCK(COLUMNS, TOKENS)                                                                                                                  \
  case (COLUMNS) * 8 + (TOKENS):                                                                                                                \
    if ((COLUMNS) <= INNER_COLUMNS && (TOKENS) <= INNER_TOKENS) inner_block(COLUMNS, TOKENS, n, s, A, lda, B, ldb, at, keep, out, ldo, next);   \
    break;
#define BLOCKS(COLUMNS) BLOCK(COLUMNS, 1) BLOCK(COLUMNS, 2) BLOCK(COLUMNS, 3) BLOCK(COLUMNS, 4) BLOCK(COLUMNS, 5) BLOCK(COLUMNS, 6)
  switch (columns * 8 + tokens) { BLOCKS(1) BLOCKS(2) BLOCKS(3) BLOCKS(4) BLOCKS(5) BLOCKS(6) }
#undef BLOCKS
#undef BLOCK
}

/* Rows of a piece, all blocks. The outer loop's block of one factor stays in the first level of the cache, where the smaller factor passes. */
static void inner_piece(size_t n, size_t k, size_t P, real s, const real *A, size_t lda, const real *B, size_t ldb, const size_t *at, real keep,
                        real *out, size_t ldo) {
  if (P <= k)
    for (size_t j = 0, columns; j < k; j += columns) {
      columns = part_of(k - j, INNER_COLUMNS);
      const size_t next = columns < k - j ? lda * columns : 0;
      for (size_t t = 0, tokens; t < P; t += tokens) {
        tokens = part_of(P - t, INNER_TOKENS);
        inner_any(columns, tokens, n, s, A + lda * j, lda, at ? B : B + ldb * t, ldb, at ? at + t : NULL, keep, out + j + (at ? 0 : ldo * t), ldo,
                  t ? 0 : next);
      }
    }
  else
    for (size_t t = 0, tokens; t < P; t += tokens) {
      tokens = part_of(P - t, INNER_TOKENS);
      for (size_t j = 0, columns; j < k; j += columns) {
        columns = part_of(k - j, INNER_COLUMNS);
        inner_any(columns, tokens, n, s, A + lda * j, lda, at ? B : B + ldb * t, ldb, at ? at + t : NULL, keep, out + j + (at ? 0 : ldo * t), ldo, 0);
      }
    }
}

static void inner(size_t n, size_t k, size_t P, real s, const real *A, size_t lda, const real *B, size_t ldb, const size_t *at, real keep, real *out,
                  size_t ldo) {
  for (size_t i = 0; i < n; i += MDM_INNER_ROWS) inner_piece(smaller(MDM_INNER_ROWS, n - i), k, P, s, A + i, lda, B + i, ldb, at, i ? 1 : keep, out, ldo);
}

/* ---------------------------------------------------------------- combine */

enum { LINE_BYTES = 64, TILE_ROWS = TILE_VECTORS * LANES, COMBINE_ROWS = 8192 / (int)sizeof(real) }; /* rows of a tile, of a piece */

/* Whole vectors that so many numbers fill, in numbers. */
#define PADDED(NUMBERS) (((NUMBERS) + LANES - 1) / LANES * LANES)

/* A block of the small factor, packed as its memory runs, so that whole vectors pass: entry (j, t) at j + DOWN t where columns follow each other, else at t + ACROSS j. */
enum { DOWN = PADDED(TILE_COLUMNS), ACROSS = PADDED(TILE_TOKENS) };

/* out (rows × tokens) = keep out + A c, c: packed, k columns; columns `from` of A, `to` of out. Rows: so many vectors, of which the last (if ragged) holds `last`.
 * ahead, next: from an entry of the results, and of A, to the one that is wanted in its place afterwards; 0: unknown. */
ALWAYS void combine_tile(const int vectors, const int tokens, const int across, const int ragged, size_t last, size_t k, const real *A, size_t lda,
                         const size_t *from, const real *c, real keep, real *out, size_t ldo, const size_t *to, size_t ahead, size_t next) {
  vec sum[TILE_VECTORS * TILE_TOKENS], a[TILE_VECTORS];
  real *out_of[TILE_TOKENS];
  UNROLL for (int t = 0; t < tokens; t++) out_of[t] = out + ldo * column(to, (size_t)t);
#define ALL UNROLL for (int t = 0; t < tokens; t++) UNROLL for (int v = 0; v < vectors; v++)
#define OUT (out_of[t] + LANES * (size_t)v)
#define LAST (ragged && v == vectors - 1)
  if (keep == 0) ALL sum[v + TILE_VECTORS * t] = (vec){0};
  else if (keep == 1) ALL sum[v + TILE_VECTORS * t] = LAST ? load_part(OUT, last) : load(OUT);
  else ALL sum[v + TILE_VECTORS * t] = keep * (LAST ? load_part(OUT, last) : load(OUT));
  if (ahead)
    UNROLL for (int t = 0; t < tokens; t++)
      UNROLL for (int b = 0; b < vectors * VECTOR_BYTES; b += LINE_BYTES) BRING((const char *)(out_of[t] + ahead) + b);
  for (size_t j = 0; j < k; j++) {
    const real *now = A + lda * column(from, j);
    if (next)
      UNROLL for (int b = 0; b < vectors * VECTOR_BYTES; b += LINE_BYTES) BRING((const char *)(now + next) + b);
    UNROLL for (int v = 0; v < vectors; v++) a[v] = LAST ? load_part(now + LANES * v, last) : load(now + LANES * v);
    ALL sum[v + TILE_VECTORS * t] = plus_product(a[v], c[across ? t : DOWN * t] - (vec){0}, sum[v + TILE_VECTORS * t]);
    c += across ? ACROSS : 1;
  }
  ALL if (LAST) store_part(OUT, last, sum[v + TILE_VECTORS * t]);
      else store(OUT, sum[v + TILE_VECTORS * t]);
#undef ALL
#undef OUT
#undef LAST
}

/* Rows of a piece, tile by tile. */
ALWAYS void combine_rows(const int tokens, const int across, size_t n, size_t k, const real *A, size_t lda, const size_t *from, const real *c, real keep, real *out,
                         size_t ldo, const size_t *to, size_t ahead, size_t next) {
  size_t i = 0;
  for (; i + TILE_ROWS <= n; i += TILE_ROWS) combine_tile(TILE_VECTORS, tokens, across, 0, 0, k, A + i, lda, from, c, keep, out + i, ldo, to, ahead, next);
  for (; i + LANES <= n; i += LANES) combine_tile(1, tokens, across, 0, 0, k, A + i, lda, from, c, keep, out + i, ldo, to, ahead, next);
  if (i < n) combine_tile(1, tokens, across, 1, n - i, k, A + i, lda, from, c, keep, out + i, ldo, to, ahead, next);
}

static void combine_any(size_t tokens, int across, size_t n, size_t k, const real *A, size_t lda, const size_t *from, const real *c, real keep, real *out,
                        size_t ldo, const size_t *to, size_t ahead, size_t next) {
#define ROWS(TOKENS, IS_ACROSS)                                                                                                                  \
  case 2 * (TOKENS) + (IS_ACROSS):                                                                                                               \
    if ((TOKENS) <= TILE_TOKENS) combine_rows(TOKENS, IS_ACROSS, n, k, A, lda, from, c, keep, out, ldo, to, ahead, next);                       \
    break;
#define BOTH(TOKENS) ROWS(TOKENS, 0) ROWS(TOKENS, 1)
  switch (2 * tokens + (across != 0)) { BOTH(1) BOTH(2) BOTH(3) BOTH(4) BOTH(5) BOTH(6) }
#undef BOTH
#undef ROWS
}

/* The small factor of a product, as `combine` sees it: entry (j, t) at j + ld · t, or (across) at t + ld · j; of columns `from` of A and `to` of the results. */
typedef struct {
  real s;
  const real *at;
  size_t ld;
  int across;
  const size_t *from, *to;
} small_factor;

/* to = s from, of `count` numbers; up to the end of the last vector anything is written. */
ALWAYS void scaled(size_t count, real s, const real *from, real *to) {
  for (size_t i = 0; i < count; i += LANES) store(to + i, s * load_part(from + i, smaller(count - i, LANES)));
}

/* Columns j … of the small factor, s times, for tokens t … */
ALWAYS void pack(const small_factor *c, size_t j, size_t columns, size_t t, size_t tokens, real *part) {
  for (size_t u = 0; u < tokens && !c->across; u++) scaled(columns, c->s, c->at + c->ld * column(c->to, t + u) + j, part + DOWN * u);
  for (size_t q = 0; q < columns && c->across; q++) scaled(tokens, c->s, c->at + c->ld * column(c->from, j + q) + t, part + ACROSS * q);
}

/* Some columns of A for some tokens, over a piece of rows. */
static void combine_part(size_t n, size_t columns, size_t tokens, const real *A, size_t lda, const small_factor *c, size_t j, size_t t, real keep,
                         real *out, size_t ldo, size_t ahead, size_t next) {
  real part[DOWN * TILE_TOKENS > ACROSS * TILE_COLUMNS ? DOWN * TILE_TOKENS : ACROSS * TILE_COLUMNS];
  pack(c, j, columns, t, tokens, part);
  combine_any(tokens, c->across, n, columns, c->from ? A : A + lda * j, lda, c->from ? c->from + j : NULL, part, keep, c->to ? out : out + ldo * t, ldo,
              c->to ? c->to + t : NULL, ahead, next);
}

/* A piece of rows. Of A and the results, the outer loop passes the larger one once; the other stays in the cache. */
static void combine_piece(size_t n, size_t k, size_t P, const real *A, size_t lda, const small_factor *c, real keep, real *out, size_t ldo,
                          size_t ahead) {
  if (P <= k)
    for (size_t j = 0, columns; j < k; j += columns) {
      columns = part_of(k - j, TILE_COLUMNS);
      const size_t next = columns < k - j && !c->from ? lda * columns : 0;
      for (size_t t = 0, tokens; t < P; t += tokens) {
        tokens = part_of(P - t, TILE_TOKENS);
        combine_part(n, columns, tokens, A, lda, c, j, t, j ? 1 : keep, out, ldo, ahead, t ? 0 : next);
      }
    }
  else
    for (size_t t = 0, tokens; t < P; t += tokens) {
      tokens = part_of(P - t, TILE_TOKENS);
      const size_t following = ahead ? ahead : tokens < P - t && !c->to ? ldo * tokens : 0;
      for (size_t j = 0, columns; j < k; j += columns) {
        columns = part_of(k - j, TILE_COLUMNS);
        combine_part(n, columns, tokens, A, lda, c, j, t, j ? 1 : keep, out, ldo, j ? 0 : following, 0);
      }
    }
}

static void combine(size_t n, size_t k, size_t P, real s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, const size_t *at, real keep,
                    real *out, size_t ldo, size_t ahead) {
  const small_factor small = {s, c, ldc, transposed, transposed ? at : NULL, transposed ? NULL : at};
  for (size_t i = 0; i < n; i += COMBINE_ROWS) combine_piece(smaller(COMBINE_ROWS, n - i), k, P, A + i, lda, &small, keep, out + i, ldo, ahead);
}

static const X(kernels) all = {inner, combine, MANY, MANY_AT_ONCE};
