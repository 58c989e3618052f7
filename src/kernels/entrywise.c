/* Entrywise steps: how a matrix is cut, and which kernel this processor gets. */
#include "kernels/entrywise.h"

#include "base/processor.h"
#include "kernels/entrywise_table.h"
#include "kernels/products.h"
#include "kernels/table.h"

enum {
  FEW_TOKENS = 32,                   /* up to which the kernel forms the gradient; it does not keep more of its factors in registers, as combine does */
  FACTOR_BYTES = 1 << 19,            /* of x that pass for every few columns: they stay in the second level of the cache */
  TILE_ROWS = 512, TILE_COLUMNS = 8  /* of a gradient that combine forms */
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static X(entrywise_kernel) *kernel_used(void) {
  X(entrywise_kernel) *k = NULL;
  if (mdm_vectors_used() >= MDM_VECTORS_AVX512) k = X(entrywise_avx512)();
  if (!k && mdm_vectors_used() >= MDM_VECTORS_AVX2) k = X(entrywise_avx2)();
  return k ? k : X(entrywise_plain)();
}

/* `rows` of n rows, all columns, the gradient of which G tells from these rows on. */
static void some_rows(X(entrywise_kernel) *kernel, const mdm_entrywise *e, X(gradient) G, size_t rows, size_t n, size_t cols, real *m, real *v, real *A) {
  for (size_t j = 0, some; j < cols; j += some) {
    some = smaller(MDM_ENTRYWISE_COLUMNS, cols - j);
    kernel(e, &G, some, rows, m ? m + n * j : m, v ? v + n * j : v, A + n * j, n);
    if (G.y) G.y += some;
    else G.x += G.ldx * some;
  }
}

/* A tile whose gradient combine forms. */
static void tile(X(entrywise_kernel) *kernel, const mdm_entrywise *e, size_t rows, size_t n, size_t P, const real *x, const real *y, size_t ldy,
                 const size_t *at, size_t cols, real *m, real *v, real *A) {
  real G[TILE_ROWS * TILE_COLUMNS]; /* rows × cols */
  X(combine_at)(rows, P, cols, 1, x, n, y, ldy, 1, at, 0, G, rows);
  some_rows(kernel, e, (X(gradient)){.x = G, .ldx = rows}, rows, n, cols, m, v, A);
}

void X(entrywise_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, const real *y, size_t ldy, const size_t *at, size_t cols, real *m,
                       real *v, real *A) {
  X(entrywise_kernel) *kernel = kernel_used();
  size_t rows = P > FEW_TOKENS ? TILE_ROWS : FACTOR_BYTES / sizeof(real) / (P + !P), columns = P > FEW_TOKENS ? TILE_COLUMNS : cols;
  for (size_t j = 0; j < cols; j += columns)
    for (size_t i = 0; i < n; i += rows) {
      size_t entry = i + n * j, some = smaller(rows, n - i), few = smaller(columns, cols - j);
      real *m_at = m ? m + entry : m, *v_at = v ? v + entry : v;
      if (P > FEW_TOKENS) tile(kernel, e, some, n, P, x + i, y + j, ldy, at, few, m_at, v_at, A + entry);
      else some_rows(kernel, e, (X(gradient)){.x = x + i, .ldx = n, .P = P, .y = y + j, .ldy = ldy, .at = at}, some, n, few, m_at, v_at, A + entry);
    }
}

/* ---------------------------------------------------------------- with sums */

int X(entrywise_can_sum)(size_t P, size_t longest) { return P >= 1 && P <= MDM_ENTRYWISE_TOKENS && longest <= MDM_INNER_ROWS; }

/* Some columns of rows from … end − 1, and of `piece`, if there is one, their sums. */
static void segment(X(entrywise_kernel) *kernel, const mdm_entrywise *e, const X(gradient) *G, size_t from, size_t end, size_t n, size_t some, real *m, real *v,
                    real *A, double s, real *piece, size_t ldo) {
  real total[MDM_ENTRYWISE_COLUMNS * MDM_ENTRYWISE_TOKENS];
  X(gradient) of = *G;
  if (from >= end) return;
  of.x += from;
  of.sums = piece ? total : NULL;
  kernel(e, &of, some, end - from, m ? m + from : m, v ? v + from : v, A + from, n);
  for (size_t t = 0; t < G->P && piece; t++)
    for (size_t c = 0; c < some; c++) piece[c + ldo * t] = (real)s * total[c + MDM_ENTRYWISE_COLUMNS * t];
}

/* Pieces first … end − 1, and the rows in front of the first or behind the last of all. */
static void some_pieces(X(entrywise_kernel) *kernel, const mdm_entrywise *e, const X(gradient) *G, size_t first, size_t end, size_t n, size_t some, real *m, real *v,
                        real *A, const X(row_sums) *sums, real *out) {
  if (!first) segment(kernel, e, G, 0, sums->begin[0], n, some, m, v, A, 0, NULL, 0);
  for (size_t i = first; i < end; i++) segment(kernel, e, G, sums->begin[i], sums->begin[i + 1], n, some, m, v, A, sums->s, out + sums->each * i, sums->ldo);
  if (end == sums->pieces) segment(kernel, e, G, sums->begin[end], n, n, some, m, v, A, 0, NULL, 0);
}

void X(entrywise_sum_and_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, const real *y, size_t ldy, size_t cols, real *m, real *v, real *A,
                               const X(row_sums) *sums) {
  X(entrywise_kernel) *kernel = kernel_used();
  size_t together = FACTOR_BYTES / sizeof(real) / P / MDM_INNER_ROWS; /* pieces whose part of x stays in the cache */
  for (size_t i = 0; i == 0 || i < sums->pieces; i += together)
    for (size_t j = 0, some; j < cols; j += some) {
      const X(gradient) G = {.x = x, .ldx = n, .P = P, .y = y + j, .ldy = ldy};
      some = smaller(MDM_ENTRYWISE_COLUMNS, cols - j);
      some_pieces(kernel, e, &G, i, smaller(i + together, sums->pieces), n, some, m ? m + n * j : m, v ? v + n * j : v, A + n * j, sums, sums->out + j);
    }
}

void X(entrywise_combine_and_step)(const mdm_entrywise *e, size_t n, size_t P, const real *x, size_t ld, const real *y, size_t ldy, size_t cols, real *m, real *v,
                                   real *A, const real *c, size_t ldc, real *out, size_t ldo) {
  for (size_t j = 0, some; j < cols; j += some) {
    const X(gradient) G = {.x = x, .ldx = ld, .P = P, .y = y + j, .ldy = ldy, .results = out, .ldr = ldo, .c = c + j, .ldc = ldc};
    some = smaller(MDM_ENTRYWISE_COLUMNS, cols - j);
    kernel_used()(e, &G, some, n, m ? m + ld * j : m, v ? v + ld * j : v, A + ld * j, ld);
  }
}
