#include "realization/parallel.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/share.h"
#include "base/vecmath.h"
#include "kernels/products.h"

enum {
  THIN = 256,   /* columns up to which a product is summed over pieces of particles; wider ones are cut by columns instead */
  WIDE = 512,   /* columns of such a cut: BLAS packs the other factor anew for each */
  COLUMNS = 64, /* of a kernel that are formed at a time */
  MOST_SUMS = 256, /* pieces of a sum */
  FEW_ROWS = 256   /* of a piece of a large matrix */
};

static double operations(size_t n, size_t k, size_t P) { return 2.0 * (double)n * (double)k * (double)P; }

/* Sums of pieces of particles, added in order. */
static int sum_pieces(size_t pieces, size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep,
                      real *out, size_t ldo, mdm_error *err) {
  real *sums = malloc(pieces * k * P * sizeof *sums); /* pieces × (k × P) */
  if (!sums) return mdm_no_memory(err, "a product of %zu × %zu × %zu", k, n, P);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(operations(n, k, P)))
  for (size_t i = 0; i < pieces; i++) {
    size_t at = mdm_piece(n, pieces, i), count = mdm_piece(n, pieces, i + 1) - at;
    X(inner)(count, k, P, s, A + at, lda, B + at, ldb, 0, sums + k * P * i, k);
  }
  for (size_t t = 0; t < P; t++) {
    real *to = out + ldo * t;
    if (keep == 0) memset(to, 0, k * sizeof *to);
    else if (keep != 1) X(scale)(k, (real)keep, to);
    for (size_t i = 0; i < pieces; i++)
      for (size_t j = 0; j < k; j++) to[j] += sums[k * (t + P * i) + j];
  }
  free(sums);
  return MDM_OK;
}

int X(parallel_inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out,
                      size_t ldo, mdm_error *err) {
  size_t pieces = mdm_pieces(n, MDM_PARTICLES), many = (k > P ? k : P) / WIDE;
  if (pieces > MOST_SUMS) pieces = MOST_SUMS;
  if (k <= THIN && P <= THIN && pieces > 1) return sum_pieces(pieces, n, k, P, s, A, lda, B, ldb, keep, out, ldo, err);
  if (many < 2) return X(inner)(n, k, P, s, A, lda, B, ldb, keep, out, ldo), MDM_OK;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(operations(n, k, P)))
  for (size_t i = 0; i < many; i++) {
    size_t all = k > P ? k : P, at = mdm_piece(all, many, i), count = mdm_piece(all, many, i + 1) - at;
    if (k > P) X(inner)(n, count, P, s, A + lda * at, lda, B, ldb, keep, out + at, ldo);
    else X(inner)(n, k, count, s, A, lda, B + ldb * at, ldb, keep, out + ldo * at, ldo);
  }
  return MDM_OK;
}

void X(parallel_combine)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, double keep,
                         real *out, size_t ldo) {
  size_t rows = mdm_pieces(n, k > THIN ? FEW_ROWS : MDM_PARTICLES), columns = rows > 1 ? 1 : mdm_pieces(P, WIDE);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(operations(n, k, P)))
  for (size_t i = 0; i < rows * columns; i++) {
    size_t at = mdm_piece(n, rows, i / columns), count = mdm_piece(n, rows, i / columns + 1) - at;
    size_t t = mdm_piece(P, columns, i % columns), some = mdm_piece(P, columns, i % columns + 1) - t;
    X(combine)(count, k, some, s, A + at, lda, transposed ? c + t : c + ldc * t, ldc, transposed, keep, out + at + ldo * t, ldo);
  }
}

/* Columns `first` … of the part of a kernel on and below its diagonal block. */
static int gram_columns(size_t n, size_t P, size_t first, double s, const real *v, size_t ldv, double keep, real *gram, mdm_error *err) {
  size_t count = P - first < COLUMNS ? P - first : COLUMNS;
  return X(parallel_inner)(n, P - first, count, s, v + ldv * first, ldv, v + ldv * first, ldv, keep, gram + first + P * first, P, err);
}

int X(parallel_gram)(size_t n, size_t P, double s, const real *v, size_t ldv, double keep, real *gram, mdm_error *err) {
  int status = MDM_OK;
  if (n > MDM_PARTICLES) {
    for (size_t t = 0; t < P && !status; t += COLUMNS) status = gram_columns(n, P, t, s, v, ldv, keep, gram, err);
    return status;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(operations(n, P, P)))
  for (size_t t = 0; t < P; t += COLUMNS)
    gram_columns(n, P, t, s, v, ldv, keep, gram, NULL); /* few particles: nothing is allocated, so nothing fails */
  return status;
}

double X(parallel_dot)(size_t n, const real *a, const real *b) {
  enum { MOST = 64 };
  double sums[MOST], sum = 0;
  size_t pieces = mdm_pieces(n, MDM_ENTRIES);
  if (pieces > MOST) pieces = MOST;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)n))
  for (size_t i = 0; i < pieces; i++) {
    size_t at = mdm_piece(n, pieces, i);
    sums[i] = X(mdm_vec_dot)(mdm_piece(n, pieces, i + 1) - at, a + at, b + at);
  }
  for (size_t i = 0; i < pieces; i++) sum += sums[i];
  return sum;
}

void X(parallel_copy)(size_t n, const real *from, real *to) {
  size_t pieces = mdm_pieces(n, MDM_ENTRIES);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares((double)n))
  for (size_t i = 0; i < pieces; i++) {
    size_t at = mdm_piece(n, pieces, i);
    memcpy(to + at, from + at, (mdm_piece(n, pieces, i + 1) - at) * sizeof *to);
  }
}
