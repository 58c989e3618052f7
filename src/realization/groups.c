#include "realization/groups.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/share.h"
#include "base/vecmath.h"
#include "kernels/products.h"
#include "realization/parallel.h"

enum { THIN = 256 }; /* columns of a product that are summed at a time */

static int is_cut(size_t n, size_t groups) { return groups > 1 && mdm_is_large(n); }

/* Part i of all groups: its first row among those that are held here, and its length. */
static size_t part_at(size_t n, size_t groups, size_t parts, size_t i, size_t *count) {
  size_t own = n / groups, at = mdm_piece(own, parts, i % parts);
  *count = mdm_piece(own, parts, i % parts + 1) - at;
  return own * (i / parts) + at - mdm_held_of(n).first;
}

/* out: groups of ldo × all, of which k × P from here on. sums: groups · parts of k × P. */
static void sum_parts(size_t n, size_t groups, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, real *sums, real *out,
                      size_t ldo, size_t all) {
  size_t own = n / groups, parts = mdm_expert_parts(groups, own), first, end;
  mdm_own_expert_parts(groups, own, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)n * (double)k * (double)P))
  for (size_t i = first; i < end; i++) {
    size_t count, at = part_at(n, groups, parts, i, &count);
    X(inner)(count, k, P, s, A + at, lda, B + at, ldb, 0, sums + k * P * i, k);
  }
  mdm_gather_expert_parts(groups, own, k * P * sizeof *sums, sums);
  for (size_t g = 0; g < groups; g++)
    for (size_t t = 0; t < P; t++)
      for (size_t j = 0; j < k; j++) {
        real sum = 0;
        for (size_t i = parts * g; i < parts * (g + 1); i++) sum += sums[j + k * (t + P * i)];
        out[j + ldo * (t + all * g)] = sum;
      }
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

int X(group_inner)(size_t n, size_t groups, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, real *out, mdm_error *err) {
  size_t own = n / groups;
  int status = MDM_OK;
  for (size_t g = 0; g < groups && !is_cut(n, groups) && !status; g++)
    status = X(parallel_inner)(own, k, P, s, A + own * g, lda, B + own * g, ldb, 0, out + k * P * g, k, err);
  if (!is_cut(n, groups) || !k || !P) return status;
  real *sums = mdm_alloc(smaller(k, THIN) * smaller(P, THIN), groups, mdm_expert_parts(groups, own), sizeof *sums); /* groups · parts of k × P, some at a time */
  if (!sums) return mdm_no_memory(err, "a product of %zu × %zu × %zu", k, n, P);
  for (size_t t = 0; t < P; t += THIN)
    for (size_t j = 0; j < k; j += THIN)
      sum_parts(n, groups, smaller(k - j, THIN), smaller(P - t, THIN), s, A + lda * j, lda, B + ldb * t, ldb, sums, out + j + k * t, k, P);
  free(sums);
  return MDM_OK;
}

int X(group_gram)(size_t n, size_t groups, size_t P, double s, const real *v, size_t ldv, real *out, mdm_error *err) {
  size_t own = n / groups;
  int status = MDM_OK;
  if (is_cut(n, groups)) return X(group_inner)(n, groups, P, P, s, v, ldv, v, ldv, out, err);
  for (size_t g = 0; g < groups && !status; g++) status = X(parallel_gram)(own, P, s, v + own * g, ldv, 0, out + P * P * g, err);
  return status;
}

void X(group_combine)(size_t n, size_t groups, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, double keep, real *out, size_t ldo) {
  size_t own = n / groups;
  const mdm_held h = mdm_held_of(n);
  for (size_t g = 0; g < groups && !is_cut(n, groups); g++) X(parallel_combine)(own, k, P, s, A + own * g, lda, c + k * P * g, k, 0, keep, out + own * g, ldo);
  if (!is_cut(n, groups)) return;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)n * (double)k * (double)P))
  for (size_t i = 0; i < mdm_group_pieces(&h); i++)
    for (mdm_group_rows r = {.at = i * MDM_PARTICLES}; mdm_next_group_rows(&h, own, mdm_group_piece_end(&h, i), &r);)
      X(combine)(r.count, k, P, s, A + r.at, lda, c + k * P * r.group, k, 0, keep, out + r.at, ldo);
}

int X(group_norms)(size_t n, size_t groups, size_t count, const real *a, real *out, mdm_error *err) {
  size_t own = n / groups, rows = mdm_rows(n), parts = mdm_expert_parts(groups, own), first, end;
  if (!is_cut(n, groups)) {
    for (size_t i = 0; i < count * groups; i++) out[i] = X(parallel_norm)(own, a + rows * (i / groups) + own * (i % groups));
    return MDM_OK;
  }
  double *sums = mdm_alloc(count, groups, parts, sizeof *sums); /* groups · parts of count */
  if (!sums) return mdm_no_memory(err, "norms of %zu columns", count);
  mdm_own_expert_parts(groups, own, &first, &end);
  for (size_t i = first; i < end; i++)
    for (size_t c = 0; c < count; c++) {
      size_t some, at = part_at(n, groups, parts, i, &some) + rows * c;
      sums[c + count * i] = X(mdm_vec_dot)(some, a + at, a + at);
    }
  mdm_gather_expert_parts(groups, own, count * sizeof *sums, sums);
  for (size_t g = 0; g < groups; g++)
    for (size_t c = 0; c < count; c++) {
      double sum = 0;
      for (size_t i = parts * g; i < parts * (g + 1); i++) sum += sums[c + count * i];
      out[g + groups * c] = (real)sqrt(sum);
    }
  free(sums);
  return MDM_OK;
}

void X(group_scale)(size_t n, size_t groups, size_t count, const real *factor, real *a) {
  const mdm_held h = mdm_held_of(n);
  for (size_t c = 0; c < count; c++)
    for (mdm_group_rows r = {0}; mdm_next_group_rows(&h, n / groups, h.count, &r);) X(scale)(r.count, factor[r.group + groups * c], a + h.count * c + r.at);
}
