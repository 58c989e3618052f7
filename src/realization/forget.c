/* Forgetting with absorption.
 *
 * A = B Uᵀ + (1/τ) Ũ Cᵀ is a cross (thin.c): B is all that A, drawn and learned, does to U, and C what Aᵀ does to Ũ beyond that. The directions of U
 * are rotated to the principal ones of what recent steps needed (basis_use) and the last ones dropped. For each of those, u with the column B_u,
 *   C ← C + τ u ⟨ũ B_u⟩     keeps what A does to u inside Ũ:   Ũ (τ u ⟨ũ B_u⟩)ᵀ p/(τ S_C) = Ũ ⟨ũ B_u⟩ ⟨u p⟩,
 * and for ũ with C_ũ likewise B ← B + (1/τ) ũ ⟨C_ũ u⟩. All products between what is kept of both bases stay as they were, and what is drawn later has the
 * law of the Gaussian matrix given those. Lost is what A did to u outside Ũ: when a field comes back to u it is drawn anew.
 *
 * Where experts are tied, Ũ spans means over experts: what single experts learned about u beyond that is lost with it.
 */
#include "realization/forget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "realization/groups.h"
#include "realization/parallel.h"

/* ---------------------------------------------------------------- the cut of one basis */

/* Directions of most use first: old to keep, and the rest. */
typedef struct {
  size_t old, keep;
  real *O; /* old × old, orthogonal: new directions as combinations of old ones */
} rotation;

/* Eigenvectors of `use`, which becomes the diagonal of the largest eigenvalues. */
static int find_rotation(X(basis) *b, rotation *r, mdm_error *err) {
  size_t K = b->k, keep = b->bound;
  double *G = mdm_alloc(K, K, 1, sizeof *G), *w = mdm_alloc(K, 1, 1, sizeof *w), *left = mdm_alloc(keep, keep, 1, sizeof *left); /* K × K, K, keep × keep */
  *r = (rotation){K, keep, mdm_alloc(K, K, 1, sizeof *r->O)};
  int status = MDM_OK;
  if (!G || !w || !left || !r->O) status = mdm_no_memory(err, "forgetting %zu directions of %s particles", K - keep, b->pop->name);
  for (size_t i = 0; i < b->use_k && !status; i++) memcpy(G + K * i, b->use + b->use_k * i, b->use_k * sizeof *G);
  const char *why = status ? NULL : mdm_eigen_f64(K, G, w);
  if (why) status = mdm_fail(err, MDM_ERR_NUMERIC, "the use of %zu directions of %s particles: %s", K, b->pop->name, why);
  for (size_t e = 0; e < K * K && !status; e++) r->O[e] = (real)G[K * (K - 1 - e / K) + e % K];
  for (size_t i = 0; i < keep && !status; i++) left[i + keep * i] = fmax(w[K - 1 - i], 0);
  if (!status) {
    free(b->use);
    b->use = left;
    b->use_k = keep;
    left = NULL;
  }
  free(G);
  free(w);
  free(left);
  return status;
}

/* columns (n × old) become n × keep, the directions that stay. */
static int rotate(const rotation *r, size_t n, real *columns, mdm_error *err) {
  size_t rows = mdm_rows(n);
  real *turned = columns ? mdm_alloc(rows, r->keep, 1, sizeof *turned) : NULL; /* rows × keep */
  if (!columns) return MDM_OK;
  if (!turned) return mdm_no_memory(err, "forgetting directions of %zu particles", n);
  X(parallel_combine)(n, r->old, r->keep, 1, columns, rows, r->O, r->old, 0, 0, turned, rows);
  X(parallel_copy)(rows * r->keep, turned, columns);
  free(turned);
  return MDM_OK;
}

/* W (old × l) = s O_d O_dᵀ M over the directions that go. room: (old − keep) × l. */
static void project_on_dropped(const rotation *r, size_t l, double s, const real *M, real *room, real *W) {
  size_t K = r->old, d = K - r->keep;
  const real *dropped = r->O + K * r->keep; /* K × d */
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, d, l, K, 1, dropped, K, M, K, 0, room, d);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, K, l, d, (real)s, dropped, K, room, d, 0, W, K);
}

/* M (k × l) = overlaps of the other side's columns (n × k; groups: their means) with its directions. */
static int overlaps_of(const X(thin_side) *other, const real *columns, size_t k, real *M, mdm_error *err) {
  size_t n = other->pop->n, rows = mdm_rows(n), l = other->basis->k;
  real *mean = other->groups > 1 ? mdm_alloc(rows, k, 1, sizeof *mean) : NULL; /* rows × k */
  if (other->groups > 1 && (!mean || X(mean_over_groups)(other->groups, n, k, columns, mean))) return free(mean), mdm_no_memory(err, "%zu directions of %zu particles", k, n);
  int status = X(parallel_inner)(n, k, l, 1.0 / (double)n, mean ? mean : columns, rows, other->basis->U, rows, 0, M, k, err);
  free(mean);
  return status;
}

/* columns (own->n × l) += U W in every group; W: k × l. */
static int add_directions(const X(thin_side) *own, size_t k, size_t l, const real *W, real *columns, mdm_error *err) {
  size_t n = own->pop->n, rows = mdm_rows(n);
  const real *U = own->basis->U;
  if (own->groups == 1) return X(parallel_combine)(n, k, l, 1, U, rows, W, k, 0, 1, columns, rows), MDM_OK;
  real *once = mdm_alloc(rows, l, 1, sizeof *once); /* rows × l */
  if (!once) return mdm_no_memory(err, "%zu directions of %zu particles", l, n);
  X(parallel_combine)(n, k, l, 1, U, rows, W, k, 0, 0, once, rows);
  X(spread_over_groups)(own->groups, n, l, once, 1, columns);
  free(once);
  return MDM_OK;
}

/* What a matrix (or its momentum) does to the directions of `own` that go, inside the span of the other side's field, is added to own's columns.
 * from: other->n × old; to: own->n × l. */
static int hand_over(const rotation *r, const X(thin_side) *own, const X(thin_side) *other, double s, const real *from, real *to, mdm_error *err) {
  size_t l = own->k, K = r->old;
  if (!l || !from || !to) return MDM_OK;
  real *M = mdm_alloc(K, l, 3, sizeof *M), *W = M ? M + K * l : NULL; /* K × l each: overlaps, what is added, and room */
  if (!M) return mdm_no_memory(err, "%zu × %zu directions", K, l);
  int status = overlaps_of(other, from, K, M, err);
  if (!status) {
    project_on_dropped(r, l, s, M, W + K * l, W);
    status = add_directions(own, K, l, W, to, err);
  }
  free(M);
  return status;
}

/* One matrix of a basis, still as it was. */
static int cut_matrix(const rotation *r, const X(meeting) *m, mdm_error *err) {
  X(thin_side) *own = &m->A->side[m->side], *other = &m->A->side[!m->side];
  double tau = m->A->base.coef.tau, s = m->side == MDM_COLS ? tau : 1 / tau;
  if (other->k != r->old || own->k != other->basis->k)
    return mdm_fail(err, MDM_ERR_NUMERIC, "%s has %zu × %zu columns for %zu × %zu directions", mdm_tensor_name(m->A->base.tensor), other->k, own->k, r->old, other->basis->k);
  int status = hand_over(r, own, other, s, other->all, own->all, err);
  if (!status) status = hand_over(r, own, other, s, other->momentum, own->momentum, err);
  if (!status) status = rotate(r, other->n, other->all, err);
  if (!status) status = rotate(r, other->n, other->momentum, err);
  other->k = r->keep;
  other->forgotten += r->old - r->keep;
  return status;
}

/* The largest |⟨u_i u_j⟩ − δ_ij| among some of the directions after a rotation, which may lose as much by rounding as it turns. */
static int watch(X(basis) *b, mdm_error *err) {
  enum { SOME = 4 };
  size_t some = b->k < SOME ? b->k : SOME;
  real *products = mdm_alloc(b->k, SOME, 1, sizeof *products); /* k × some */
  if (!products) return mdm_no_memory(err, "%zu directions", b->k);
  int status = X(parallel_inner)(b->n, b->k, some, 1.0 / (double)b->n, b->U, mdm_rows(b->n), b->U, mdm_rows(b->n), 0, products, b->k, err);
  for (size_t e = 0; e < b->k * some && !status; e++) b->overlap = fmax(b->overlap, fabs((double)products[e] - (e % b->k == e / b->k)));
  free(products);
  return status;
}

int X(basis_cut)(X(basis) *b, size_t matrices, const X(meeting) *matrix, mdm_error *err) {
  rotation r;
  if (!b->bound || b->k <= b->bound) return MDM_OK;
  int status = find_rotation(b, &r, err);
  for (size_t i = 0; i < matrices && !status; i++) status = cut_matrix(&r, &matrix[i], err);
  if (!status) status = rotate(&r, b->n, b->U, err);
  free(r.O);
  if (status) return status;
  b->k = r.keep;
  b->id = b->used = 0;
  return watch(b, err);
}

/* ---------------------------------------------------------------- what a population remembers */

void X(population_restart)(X(population) *pop, size_t initial) {
  pop->k = initial;
  pop->pending = 0;
  if (pop->unmatched > pop->most_unmatched) pop->most_unmatched = pop->unmatched;
  pop->unmatched = 0;
}

/* Part of a unit column's square that has to be new. */
static const double NEW = 1e-4;

/* V (count × count), eigenvectors of a Gram matrix with eigenvalues w, becomes the combinations of columns that are orthonormal, in front of zeros; returns how many. */
static size_t whitening(size_t count, real *V, const real *w) {
  size_t left = 0;
  while (left < count && (double)w[count - 1 - left] > NEW) left++;
  for (size_t c = count - left; c < count; c++) X(scale)(count, (real)(1 / sqrt((double)w[c])), V + count * c);
  memmove(V, V + count * (count - left), count * left * sizeof *V);
  memset(V + count * left, 0, count * (count - left) * sizeof *V);
  return left;
}

/* columns (n × count) ← the orthonormal ones of their span in every group, in front of zeros; V: their Gram matrices, groups of count × count. *most: the largest number. */
static int whiten_span(const X(population) *pop, size_t count, real *V, real *columns, size_t *most, mdm_error *err) {
  size_t n = pop->n, rows = mdm_rows(n);
  real *w = mdm_alloc(count, 1, 1, sizeof *w), *room = mdm_alloc(rows, count, 1, sizeof *room); /* count; rows × count */
  int status = w && room ? MDM_OK : mdm_no_memory(err, "%zu directions of %zu %s particles", count, n, pop->name);
  for (size_t g = 0; g < pop->groups && !status; g++) {
    const char *why = X(mdm_eigen)(count, V + count * count * g, w);
    if (why) status = mdm_fail(err, MDM_ERR_NUMERIC, "%zu directions of %zu %s particles: %s", count, n, pop->name, why);
    size_t left = status ? 0 : whitening(count, V + count * count * g, w);
    if (left > *most) *most = left;
  }
  for (size_t g = 0; g < pop->groups && !status; g++) memmove(V + count * *most * g, V + count * count * g, count * *most * sizeof *V);
  if (!status && *most) X(group_combine)(n, pop->groups, count, *most, 1, columns, rows, V, 0, room, rows);
  if (!status) X(parallel_copy)(rows * count, room, columns);
  free(w);
  free(room);
  return status;
}

static int orthonormalize(const X(population) *pop, size_t count, real *columns, size_t *most, mdm_error *err) {
  real *gram = mdm_alloc(pop->groups, count, count, sizeof *gram); /* groups of count × count */
  if (!gram) return mdm_no_memory(err, "%zu directions of %zu %s particles", count, pop->n, pop->name);
  int status = X(group_gram)(pop->n, pop->groups, count, (double)pop->groups / (double)pop->n, columns, mdm_rows(pop->n), gram, err);
  if (!status) status = whiten_span(pop, count, gram, columns, most, err);
  free(gram);
  return status;
}

/* Every column has unit mean square in every group, or is zero. */
static int normalize(const X(population) *pop, size_t count, real *columns, mdm_error *err) {
  real *factor = mdm_alloc(pop->groups, count, 1, sizeof *factor); /* groups × count */
  if (!factor) return mdm_no_memory(err, "%zu directions of %zu %s particles", count, pop->n, pop->name);
  int status = X(group_norms)(pop->n, pop->groups, count, columns, factor, err);
  for (size_t i = 0; i < pop->groups * count; i++) {
    double norm = (double)factor[i];
    factor[i] = norm > 0 && isfinite(norm) ? (real)(sqrt((double)(pop->n / pop->groups)) / norm) : 0;
  }
  if (!status) X(group_scale)(pop->n, pop->groups, count, factor, columns);
  free(factor);
  return status;
}

int X(population_span)(X(population) *pop, size_t most, size_t n, size_t count, const real *columns, mdm_error *err) {
  size_t room = pop->k < most ? most - pop->k : 0, left = 0, rows = mdm_rows(pop->n);
  if (count && columns && count > room) pop->unmatched += count - room;
  if (count > room) count = room;
  if (!count || !columns) return MDM_OK;
  if (mdm_grow_columns((void **)&pop->seen, rows, sizeof(real), pop->k, pop->k + count, &pop->capacity))
    return mdm_no_memory(err, "%zu directions of %zu %s particles", pop->k + count, pop->n, pop->name);
  real *to = pop->seen + rows * pop->k; /* rows × count */
  if (X(mean_over_groups)(n / pop->n, pop->n, count, columns, to)) return mdm_no_memory(err, "%zu directions of %zu particles", count, n);
  int status = normalize(pop, count, to, err);
  if (!status) status = X(project_out)(pop->n, pop->groups, pop->k, pop->seen, count, to, &pop->work, &pop->work_size, err);
  if (!status) status = orthonormalize(pop, count, to, &left, err);
  pop->k += status ? 0 : left;
  return status;
}
