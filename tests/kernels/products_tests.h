/* Tests of products with few tokens, in the precision MDM_SINGLE says, for every instruction set that the processor has. Arrays end where a page
 * begins that nobody may read; the rows between one column and the next hold NaN. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/processor.h"
#include "kernels/fused.h"
#include "kernels/products.h"
#include "kernels/table.h"
#include "support/suite.h"

#define EPSILON (MDM_SINGLE ? (double)FLT_EPSILON : DBL_EPSILON)

/* ---------------------------------------------------------------- matrices at the edge of what may be read */

typedef struct {
  size_t rows, cols, ld;
  real *at;
  void *map;
  size_t mapped;
} edge;

static double number(size_t *state) { return (double)((*state = *state * 1103515245u + 12345u) >> 8 & 0xffff) / 32768 - 1; }

/* rows × cols numbers between −1 and 1 with a leading dimension `extra` above; the last column ends where reading does. */
static edge matrix(size_t rows, size_t cols, size_t extra, size_t seed) {
  edge m = {.rows = rows, .cols = cols, .ld = rows + extra};
  size_t page = (size_t)sysconf(_SC_PAGESIZE), numbers = cols ? m.ld * (cols - 1) + rows : 0, bytes = numbers * sizeof(real);
  m.mapped = (bytes + page - 1) / page * page + page;
  m.map = mmap(NULL, m.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CU_ASSERT_FATAL(m.map != MAP_FAILED && !mprotect((char *)m.map + m.mapped - page, page, PROT_NONE));
  m.at = (real *)(void *)((char *)m.map + m.mapped - page) - numbers;
  for (size_t i = 0; i < numbers; i++) m.at[i] = i % m.ld < rows ? (real)number(&seed) : (real)NAN;
  return m;
}

static edge copy_of(const edge *m) {
  edge c = matrix(m->rows, m->cols, m->ld - m->rows, 1);
  for (size_t t = 0; t < m->cols; t++) memcpy(c.at + c.ld * t, m->at + m->ld * t, m->rows * sizeof *m->at);
  return c;
}

static void drop(edge *m) { munmap(m->map, m->mapped); }
static double entry(const edge *m, size_t i, size_t j) { return (double)m->at[i + m->ld * j]; }
static double entry_op(const edge *m, int transposed, size_t i, size_t j) { return transposed ? entry(m, j, i) : entry(m, i, j); }

/* Whether nothing was written between the columns. */
static int gaps_untouched(const edge *m) {
  for (size_t t = 0; t + 1 < m->cols; t++)
    for (size_t i = m->rows; i < m->ld; i++)
      if (!isnan(m->at[i + m->ld * t])) return 0;
  return 1;
}

/* The largest error of `got` against keep before + s op(A) op(B) over n terms, in units of the bound of its rounding. */
static double worst(const edge *got, const edge *before, double keep, double s, size_t n, const edge *A, int at, const edge *B, int bt) {
  double most = 0;
  for (size_t i = 0; i < got->rows; i++)
    for (size_t j = 0; j < got->cols; j++) {
      double sum = keep == 0 ? 0 : keep * entry(before, i, j), size = fabs(sum);
      for (size_t q = 0; q < n; q++) {
        double term = s * entry_op(A, at, i, q) * entry_op(B, bt, q, j);
        sum += term, size += fabs(term);
      }
      double error = fabs(entry(got, i, j) - sum) / ((double)(n + 4) * EPSILON * size + DBL_MIN);
      if (!(error <= most)) most = error; /* NaN counts */
    }
  return most;
}

/* ---------------------------------------------------------------- the kernels of each instruction set */

static const X(kernels) *kernels_of(mdm_vectors v) {
  return v == MDM_VECTORS_AVX512 ? X(kernels_avx512)() : v == MDM_VECTORS_AVX2 ? X(kernels_avx2)() : X(kernels_plain)();
}

static const double SCALE = -0.375;
static const double keeps[] = {0, 1, 0.75};

static void one_inner(const X(kernels) *of, size_t n, size_t k, size_t P, size_t extra, double keep) {
  edge A = matrix(n, k, extra, 1), B = matrix(n, P, 2 * extra, 2), out = matrix(k, P, extra, 3), before = copy_of(&out);
  if (keep == 0) out.at[0] = (real)NAN;
  of->inner(n, k, P, (real)SCALE, A.at, A.ld, B.at, B.ld, NULL, (real)keep, out.at, out.ld);
  CU_ASSERT(worst(&out, &before, keep, SCALE, n, &A, 1, &B, 0) < 1);
  CU_ASSERT(gaps_untouched(&out));
  drop(&A), drop(&B), drop(&out), drop(&before);
}

static void one_combine(const X(kernels) *of, size_t n, size_t k, size_t P, size_t extra, double keep, int transposed) {
  edge A = matrix(n, k, extra, 4), c = matrix(transposed ? P : k, transposed ? k : P, 2 * extra, 5), out = matrix(n, P, extra, 6), before = copy_of(&out);
  if (keep == 0) out.at[0] = (real)NAN;
  of->combine(n, k, P, (real)SCALE, A.at, A.ld, c.at, c.ld, transposed, NULL, (real)keep, out.at, out.ld, 0);
  CU_ASSERT(worst(&out, &before, keep, SCALE, k, &A, 0, &c, transposed) < 1);
  CU_ASSERT(gaps_untouched(&out));
  drop(&A), drop(&c), drop(&out), drop(&before);
}

static void all_shapes(const X(kernels) *of, size_t nn, const size_t *ns, size_t nk, const size_t *ks, size_t nP, const size_t *Ps) {
  size_t turn = 0;
  for (size_t n = 0; n < nn; n++)
    for (size_t k = 0; k < nk; k++)
      for (size_t p = 0; p < nP; p++, turn++) {
        one_inner(of, ns[n], ks[k], Ps[p], turn % 2 * 3, keeps[turn % COUNT(keeps)]);
        one_combine(of, ns[n], ks[k], Ps[p], turn % 2 * 3, keeps[turn % COUNT(keeps)], turn % 4 < 2);
      }
}

static void every_instruction_set_multiplies(void) {
  static const size_t few[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, rows[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33, 47, 48, 63, 64, 65, 100, 131},
                      long_rows[] = {1025, 4500}, long_k[] = {1, 63, 64, 65, 129, 200}, long_P[] = {1, 4, 5, 33, 70};
  for (int v = 0; v <= (int)mdm_vectors_supported(); v++) {
    const X(kernels) *of = kernels_of((mdm_vectors)v);
    if (!of) continue;
    all_shapes(of, COUNT(rows), rows, COUNT(few), few, COUNT(few), few);
    all_shapes(of, COUNT(long_rows), long_rows, COUNT(long_k), long_k, COUNT(long_P), long_P);
  }
}

/* ---------------------------------------------------------------- the order of additions */

/* Same numbers at other addresses and with other leading dimensions: the same bits. */
static void the_place_of_arrays_does_not_matter(void) {
  enum { N = 1234, K = 31, P = 7, MORE = 5 };
  for (int v = 0; v <= (int)mdm_vectors_supported(); v++) {
    const X(kernels) *of = kernels_of((mdm_vectors)v);
    if (!of) continue;
    edge A = matrix(N, K, 0, 1), B = matrix(N, P, 0, 2), first = matrix(K, P, 0, 3), back = matrix(N, P, 0, 3);
    of->inner(N, K, P, 1, A.at, N, B.at, N, NULL, 0, first.at, K);
    of->combine(N, K, P, 1, A.at, N, first.at, K, 0, NULL, 0, back.at, N, 0);
    for (size_t shift = 1; shift <= MORE; shift++) {
      edge a = matrix(N + shift, K, MORE, 4), b = matrix(N + shift, P, 2 * MORE, 5), out = matrix(K, P, MORE, 6), to = matrix(N, P, shift, 7);
      for (size_t j = 0; j < K; j++) memcpy(a.at + shift + a.ld * j, A.at + A.ld * j, N * sizeof(real));
      for (size_t t = 0; t < P; t++) memcpy(b.at + shift + b.ld * t, B.at + B.ld * t, N * sizeof(real));
      of->inner(N, K, P, 1, a.at + shift, a.ld, b.at + shift, b.ld, NULL, 0, out.at, out.ld);
      of->combine(N, K, P, 1, a.at + shift, a.ld, out.at, out.ld, 0, NULL, 0, to.at, to.ld, 0);
      for (size_t t = 0; t < P; t++) {
        CU_ASSERT(memcmp(out.at + out.ld * t, first.at + K * t, K * sizeof(real)) == 0);
        CU_ASSERT(memcmp(to.at + to.ld * t, back.at + N * t, N * sizeof(real)) == 0);
      }
      drop(&a), drop(&b), drop(&out), drop(&to);
    }
    drop(&A), drop(&B), drop(&first), drop(&back);
  }
}

/* ---------------------------------------------------------------- some of the columns */

static edge columns_of(const edge *m, size_t n, const size_t *at) {
  edge c = matrix(m->rows, n, 3, 9);
  for (size_t t = 0; t < n; t++) memcpy(c.at + c.ld * t, m->at + m->ld * at[t], m->rows * sizeof *m->at);
  return c;
}

/* Columns where they stand give the bits that copies of them give, and no other column of a result is touched. */
static int same_columns(const edge *all, const edge *before, const edge *some, size_t n, const size_t *at) {
  for (size_t j = 0; j < all->cols; j++) {
    const real *expected = before->at + before->ld * j;
    for (size_t t = 0; t < n; t++)
      if (at[t] == j) expected = some->at + some->ld * t;
    if (memcmp(all->at + all->ld * j, expected, all->rows * sizeof *expected)) return 0;
  }
  return 1;
}

static void columns_where_they_stand(void) {
  enum { N = 203, K = 21, ALL = 40, P = 11 };
  static const size_t at[P] = {0, 3, 4, 9, 17, 18, 21, 30, 33, 38, 39};
  for (int v = 0; v <= (int)mdm_vectors_supported(); v++) {
    const X(kernels) *of = kernels_of((mdm_vectors)v);
    if (!of) continue;
    edge A = matrix(N, K, 1, 1), B = matrix(N, ALL, 2, 2), out = matrix(K, ALL, 0, 3), before = copy_of(&out), b = columns_of(&B, P, at), o = columns_of(&out, P, at);
    of->inner(N, K, P, 1, A.at, A.ld, B.at, B.ld, at, 1, out.at, out.ld);
    of->inner(N, K, P, 1, A.at, A.ld, b.at, b.ld, NULL, 1, o.at, o.ld);
    CU_ASSERT(same_columns(&out, &before, &o, P, at));
    edge to = matrix(N, ALL, 0, 4), was = copy_of(&to), c = columns_of(&out, P, at), part = columns_of(&to, P, at);
    of->combine(N, K, P, 1, A.at, A.ld, out.at, out.ld, 0, at, 1, to.at, to.ld, 0);
    of->combine(N, K, P, 1, A.at, A.ld, c.at, c.ld, 0, NULL, 1, part.at, part.ld, 0);
    CU_ASSERT(same_columns(&to, &was, &part, P, at));
    edge one = copy_of(&A), other = copy_of(&A);
    of->combine(N, P, K, 1, B.at, B.ld, out.at, out.ld, 1, at, 0.5, one.at, one.ld, 0);
    of->combine(N, P, K, 1, b.at, b.ld, c.at, c.ld, 1, NULL, 0.5, other.at, other.ld, 0);
    for (size_t j = 0; j < K; j++) CU_ASSERT(!memcmp(one.at + one.ld * j, other.at + other.ld * j, N * sizeof(real)));
    drop(&A), drop(&B), drop(&out), drop(&before), drop(&b), drop(&o), drop(&to), drop(&was), drop(&c), drop(&part), drop(&one), drop(&other);
  }
}

/* ---------------------------------------------------------------- NaN, infinity, nothing */

/* One NaN reaches its row of results (or its column), and no other. */
static void nan_reaches_its_results_alone(void) {
  enum { N = 37, K = 9, P = 6 };
  for (int v = 0; v <= (int)mdm_vectors_supported(); v++)
    for (size_t where = 0; where < N; where++) {
      const X(kernels) *of = kernels_of((mdm_vectors)v);
      if (!of) continue;
      edge A = matrix(N, K, 0, 1), B = matrix(N, P, 0, 2), c = matrix(K, P, 0, 3), out = matrix(N, P, 0, 4);
      A.at[where + N * 4] = where % 2 ? (real)NAN : (real)INFINITY;
      of->inner(N, K, P, 1, A.at, N, B.at, N, NULL, 0, c.at, K);
      for (size_t i = 0; i < K * P; i++) CU_ASSERT(!isfinite(c.at[i]) == (i % K == 4));
      for (size_t i = 0; i < K * P; i++) c.at[i] = 1;
      of->combine(N, K, P, 1, A.at, N, c.at, K, 0, NULL, 0, out.at, N, 0);
      for (size_t i = 0; i < N * P; i++) CU_ASSERT(!isfinite(out.at[i]) == (i % N == where));
      drop(&A), drop(&B), drop(&c), drop(&out);
    }
}

/* Without terms, or times zero, only `keep` acts; without rows or columns of results nothing is touched. */
static void nothing_to_add(void) {
  real out[6], *none = NULL;
  for (int what = 0; what < 4; what++)
    for (size_t q = 0; q < COUNT(keeps); q++) {
      real nan[6] = {(real)NAN, (real)NAN, (real)NAN, (real)NAN, (real)NAN, (real)NAN};
      for (int i = 0; i < 6; i++) out[i] = keeps[q] == 0 ? (real)NAN : (real)(i + 1);
      if (what == 0) X(inner)(0, 2, 3, 1, none, 0, none, 0, keeps[q], out, 2);
      if (what == 1) X(inner)(1, 2, 3, 0, nan, 1, nan, 1, keeps[q], out, 2);
      if (what == 2) X(combine)(2, 0, 3, 1, none, 2, none, 0, 0, keeps[q], out, 2);
      if (what == 3) X(combine)(2, 1, 3, 0, nan, 2, nan, 1, 0, keeps[q], out, 2);
      for (int i = 0; i < 6; i++) CU_ASSERT(out[i] == (real)(keeps[q] * (i + 1)));
    }
  X(inner)(5, 0, 3, 1, none, 5, none, 5, 0, none, 0);
  X(inner)(5, 3, 0, 1, none, 5, none, 5, 0, none, 3);
  X(combine)(0, 3, 3, 1, none, 0, none, 3, 0, 0, none, 0);
  X(combine)(5, 3, 0, 1, none, 5, none, 3, 0, 0, none, 5);
}

/* ---------------------------------------------------------------- what callers see */

/* With BLAS behind some shapes and kernels behind others. */
static void public_products(void) {
  static const size_t ns[] = {3, 500, 2000}, ks[] = {1, 8, 30, 250}, Ps[] = {1, 4, 10, 64, 300};
  size_t turn = 0;
  for (size_t i = 0; i < COUNT(ns); i++)
    for (size_t j = 0; j < COUNT(ks); j++)
      for (size_t p = 0; p < COUNT(Ps); p++, turn++) {
        size_t n = ns[i], k = ks[j], P = Ps[p];
        double keep = keeps[turn % COUNT(keeps)];
        edge A = matrix(n, k, 3, 1), B = matrix(n, P, 2, 2), out = matrix(k, P, 1, 3), before = copy_of(&out);
        X(inner)(n, k, P, SCALE, A.at, A.ld, B.at, B.ld, keep, out.at, out.ld);
        CU_ASSERT(worst(&out, &before, keep, SCALE, n, &A, 1, &B, 0) < 1);
        edge c = matrix(P, k, 2, 5), to = matrix(n, P, 4, 6), was = copy_of(&to);
        X(combine)(n, k, P, SCALE, A.at, A.ld, c.at, c.ld, 1, keep, to.at, to.ld);
        CU_ASSERT(worst(&to, &was, keep, SCALE, k, &A, 0, &c, 1) < 1);
        CU_ASSERT(gaps_untouched(&out) && gaps_untouched(&to));
        drop(&A), drop(&B), drop(&out), drop(&before), drop(&c), drop(&to), drop(&was);
      }
}

static void one_fused(size_t N, size_t G, size_t P, double keep, int accumulate) {
  const double RATE = -0.25;
  edge A = matrix(N, G, 2, 1), old = copy_of(&A), x = matrix(N, P, 1, 2), y = matrix(G, P, 3, 3), xs = matrix(N, P, 4, 4), before = copy_of(&xs),
       ys = matrix(G, P, 5, 5);
  X(expand_and_update)(N, G, P, SCALE, A.at, A.ld, NULL, y.at, y.ld, accumulate, xs.at, xs.ld, keep, RATE, x.at, x.ld);
  CU_ASSERT(worst(&xs, &before, accumulate, SCALE, G, &old, 0, &y, 0) < 1);
  CU_ASSERT(worst(&A, &old, keep, RATE, P, &x, 0, &y, 1) < 1);
  edge newer = copy_of(&A);
  X(contract_and_update)(N, G, P, SCALE, A.at, A.ld, NULL, x.at, x.ld, ys.at, ys.ld, keep, RATE, y.at, y.ld);
  CU_ASSERT(worst(&ys, &ys, 0, SCALE, N, &newer, 1, &x, 0) < 1);
  CU_ASSERT(worst(&A, &newer, keep, RATE, P, &x, 0, &y, 1) < 1);
  CU_ASSERT(gaps_untouched(&A) && gaps_untouched(&xs) && gaps_untouched(&ys));
  drop(&A), drop(&old), drop(&x), drop(&y), drop(&xs), drop(&before), drop(&ys), drop(&newer);
}

static void product_and_step_in_one_pass(void) {
  static const size_t Ns[] = {1, 30, 200}, Gs[] = {1, 15, 31, 32, 33, 100}, Ps[] = {1, 4, 10, 33, 250};
  size_t turn = 0;
  for (size_t i = 0; i < COUNT(Ns); i++)
    for (size_t j = 0; j < COUNT(Gs); j++)
      for (size_t p = 0; p < COUNT(Ps); p++, turn++) one_fused(Ns[i], Gs[j], Ps[p], turn % 3 ? 1 : 0.99, turn % 2);
}

static const test_case tests[] = {
    {"every instruction set multiplies", every_instruction_set_multiplies},
    {"the place of arrays does not matter", the_place_of_arrays_does_not_matter},
    {"columns where they stand", columns_where_they_stand},
    {"NaN reaches its results alone", nan_reaches_its_results_alone},
    {"nothing to add", nothing_to_add},
    {"products as callers see them", public_products},
    {"product and step in one pass", product_and_step_in_one_pass},
};
