#include "realization/parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/vecmath.h"
#include "kernels/products.h"

enum {
  THIN = MDM_THIN, /* columns up to which a product is summed over pieces of particles; wider ones are cut by columns instead */
  WIDE = 512,   /* columns of such a cut: BLAS packs the other factor anew for each */
  COLUMNS = 64, /* of a kernel that are formed at a time */
  FEW_ROWS = 256   /* of a piece of a large matrix */
};

static double operations(size_t n, size_t k, size_t P) { return 2.0 * (double)n * (double)k * (double)P; }

size_t X(parallel_pieces)(size_t n) {
  size_t pieces = mdm_pieces(n, MDM_PARTICLES);
  return pieces < MDM_MOST_PIECES ? pieces : MDM_MOST_PIECES;
}

void X(parallel_add_pieces)(size_t n, size_t k, size_t P, real *sums, double keep, real *out, size_t ldo) {
  size_t pieces = X(parallel_pieces)(n);
  mdm_gather_pieces(n, pieces, k * P * sizeof *sums, sums);
  for (size_t t = 0; t < P; t++) {
    real *to = out + ldo * t;
    if (keep == 0) memset(to, 0, k * sizeof *to);
    else if (keep != 1) X(scale)(k, (real)keep, to);
    for (size_t i = 0; i < pieces; i++)
      for (size_t j = 0; j < k; j++) to[j] += sums[k * (t + P * i) + j];
  }
}

/* Sums of pieces of particles, added in order. */
static int sum_pieces(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out, size_t ldo,
                      mdm_error *err) {
  size_t pieces = X(parallel_pieces)(n), held = mdm_held_of(n).first, first, end;
  real *sums = malloc(pieces * k * P * sizeof *sums); /* pieces × (k × P) */
  if (!sums) return mdm_no_memory(err, "a product of %zu × %zu × %zu", k, n, P);
  mdm_own_pieces(n, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(operations(n, k, P)))
  for (size_t i = first; i < end; i++) {
    size_t at = mdm_piece(n, pieces, i), count = mdm_piece(n, pieces, i + 1) - at;
    X(inner)(count, k, P, s, A + (at - held), lda, B + (at - held), ldb, 0, sums + k * P * i, k);
  }
  X(parallel_add_pieces)(n, k, P, sums, keep, out, ldo);
  free(sums);
  return MDM_OK;
}

/* Wide products of large populations: some columns after the other, each a sum over pieces. */
static int sum_wide(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out, size_t ldo,
                    mdm_error *err) {
  int status = MDM_OK;
  for (size_t t = 0; t < P; t += THIN)
    for (size_t j = 0; j < k && !status; j += THIN)
      status = sum_pieces(n, k - j < THIN ? k - j : THIN, P - t < THIN ? P - t : THIN, s, A + lda * j, lda, B + ldb * t, ldb, keep, out + j + ldo * t, ldo, err);
  return status;
}

int X(parallel_inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out,
                      size_t ldo, mdm_error *err) {
  size_t many = (k > P ? k : P) / WIDE;
  if (k <= THIN && P <= THIN && n > MDM_PARTICLES) return sum_pieces(n, k, P, s, A, lda, B, ldb, keep, out, ldo, err);
  if (mdm_is_large(n)) return sum_wide(n, k, P, s, A, lda, B, ldb, keep, out, ldo, err);
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
  const mdm_cuts rows = mdm_cut_rows(n, k > THIN ? FEW_ROWS : MDM_PARTICLES);
  size_t columns = rows.pieces > 1 ? 1 : mdm_pieces(P, WIDE);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(operations(n, k, P)))
  for (size_t i = 0; i < rows.pieces * columns; i++) {
    size_t at = mdm_cut_at(&rows, i / columns), count = mdm_cut_at(&rows, i / columns + 1) - at;
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

double X(parallel_dots)(size_t n, const real *a, const real *b, double *squares) {
  enum { MOST = 64 };
  double sums[3][MOST], sum = 0;
  size_t pieces = mdm_pieces(n, MDM_ENTRIES);
  if (pieces > MOST) pieces = MOST;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares((squares ? 6.0 : 2.0) * (double)n))
  for (size_t i = 0; i < pieces; i++) {
    size_t at = mdm_piece(n, pieces, i), count = mdm_piece(n, pieces, i + 1) - at;
    sums[0][i] = X(mdm_vec_dot)(count, a + at, b + at);
    if (squares) sums[1][i] = X(mdm_vec_dot)(count, a + at, a + at), sums[2][i] = X(mdm_vec_dot)(count, b + at, b + at);
  }
  if (squares) squares[0] = squares[1] = 0;
  for (size_t i = 0; i < pieces; i++) {
    sum += sums[0][i];
    if (squares) squares[0] += sums[1][i], squares[1] += sums[2][i];
  }
  return sum;
}

double X(parallel_dot)(size_t n, const real *a, const real *b) { return X(parallel_dots)(n, a, b, NULL); }

/* One piece's part of a sum over particles and tokens. */
static double piece_of_dot(size_t ld, size_t P, size_t at, size_t count, const real *a, const real *b) {
  double sum = 0;
  for (size_t t = 0; t < P; t++) sum += X(mdm_vec_dot)(count, a + at + ld * t, b + at + ld * t);
  return sum;
}

double X(parallel_products)(size_t n, size_t P, const real *a, const real *b, size_t ld) {
  double sums[MDM_MOST_PIECES], sum = 0;
  size_t pieces = X(parallel_pieces)(n), held = mdm_held_of(n).first, first, end;
  if (!mdm_is_large(n)) return X(parallel_dot)(n * P, a, b);
  mdm_own_pieces(n, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(n * P)))
  for (size_t i = first; i < end; i++) {
    size_t at = mdm_piece(n, pieces, i);
    sums[i] = piece_of_dot(ld, P, at - held, mdm_piece(n, pieces, i + 1) - at, a, b);
  }
  mdm_gather_pieces(n, pieces, sizeof *sums, sums);
  for (size_t i = 0; i < pieces; i++) sum += sums[i];
  return sum;
}

void X(parallel_each_product)(size_t n, size_t P, const real *a, const real *b, double *out) {
  enum { TOGETHER = 16 }; /* tokens */
  double sums[MDM_MOST_PIECES * TOGETHER]; /* pieces × tokens */
  size_t pieces = X(parallel_pieces)(n), rows = mdm_rows(n), held = mdm_held_of(n).first, first, end;
  mdm_own_pieces(n, pieces, &first, &end);
  for (size_t done = 0, some; done < P; done += some) {
    some = P - done < TOGETHER ? P - done : TOGETHER;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(n * some)))
    for (size_t i = first; i < end; i++)
      for (size_t t = 0; t < some; t++) {
        size_t at = mdm_piece(n, pieces, i), count = mdm_piece(n, pieces, i + 1) - at, from = at - held + rows * (done + t);
        double sum = 0;
        if (b) sum = X(mdm_vec_dot)(count, a + from, b + from);
        for (size_t k = 0; k < count && !b; k++) sum += (double)a[from + k];
        sums[t + some * i] = sum;
      }
    mdm_gather_pieces(n, pieces, some * sizeof *sums, sums);
    for (size_t t = 0; t < some; t++) {
      out[done + t] = 0;
      for (size_t i = 0; i < pieces; i++) out[done + t] += sums[t + some * i];
    }
  }
}

real X(parallel_norm)(size_t n, const real *a) {
  return !mdm_is_large(n) ? BLAS(nrm2)((int)n, a, 1) : (real)sqrt(X(parallel_products)(n, 1, a, a, n));
}

void X(parallel_copy)(size_t n, const real *from, real *to) {
  size_t pieces = mdm_pieces(n, MDM_ENTRIES);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares((double)n))
  for (size_t i = 0; i < pieces; i++) {
    size_t at = mdm_piece(n, pieces, i);
    memcpy(to + at, from + at, (mdm_piece(n, pieces, i + 1) - at) * sizeof *to);
  }
}
