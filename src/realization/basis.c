/* Bases of visited directions.
 *
 * New directions of a field p (n × P) relative to a basis U: with c = Uᵀ p / n the residual's Gram matrix is
 * pᵀp/n − cᵀc, which is P × P; only when one of its eigenvalues exceeds (tolerance × RMS)² is the residual itself formed, and
 * only in those directions. Near convergence nothing is new and a step costs two thin products. A rank never exceeds the particles: with
 * more tokens than those, the residual is formed and the n × n matrix of its particles has the same eigenvalues. Of large fields (sketch.h)
 * neither matrix is formed.
 *
 * Of a field with a twin, ⟨p p⟩ and c are free of noise, and the residual's eigenvalues are of both signs: those of the signal, positive,
 * and those of what is left of the noise in a finite sample, of either sign. All that exceed the tolerance become directions, scaled to
 * ⟨u u⟩ = ±1, so that Σ ⟨u u⟩ c c' is ⟨p p'⟩ without a bias: leaving out the negative ones alone would leave one. Directions with hardly
 * any square beside their noise (tolerance × the noise) are left out, of both signs.
 */
#include "realization/basis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "base/vecmath.h"
#include "realization/gram.h"
#include "realization/parallel.h"
#include "realization/sketch.h"

void X(basis_init)(X(basis) *basis, X(population) *pop, int twins, double tolerance) {
  *basis = (X(basis)){.pop = pop, .n = twins ? 2 * pop->n : pop->n, .twins = twins, .tolerance = tolerance};
}

void X(basis_clear)(X(basis) *basis) {
  free(basis->U);
  free(basis->c);
  free(basis->gram);
  free(basis->eigen);
  free(basis->rest);
  free(basis->twin);
  free(basis->square);
  free(basis->split[0]);
  free(basis->split[1]);
  free(basis->use);
  *basis = (X(basis)){0};
}

const real *X(basis_driving)(const X(basis) *b) { return b->twins ? b->split[0] : b->c; }
const real *X(basis_excess)(const X(basis) *b) { return b->twins ? b->split[1] : NULL; }

void X(basis_drop_excess)(const X(basis) *b, size_t k, size_t P, real *x) {
  if (!b->twins) return;
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < k; i++)
      if (b->square[i] < 0) x[i + k * t] = 0;
}

static void walk_use(X(basis) *b, mdm_state *s) {
  mdm_state_count(s, "use", &b->use_k);
  mdm_state_bound(s, "use", b->use_k, b->k);
  if (s->status) return;
  if (s->loads) {
    free(b->use);
    if (!(b->use = mdm_alloc(b->use_k, b->use_k, 1, sizeof *b->use))) s->status = mdm_no_memory(&s->why, "a checkpoint's use of directions");
  }
  mdm_state_array(s, "use of directions", b->use, b->use_k * b->use_k, sizeof *b->use);
}

void X(basis_walk)(X(basis) *b, mdm_state *s) {
  mdm_state_count(s, "directions", &b->k);
  mdm_state_bound(s, "directions", b->k, b->n);
  mdm_state_columns(s, "U", (void **)&b->U, b->n, b->k, sizeof(real), &b->capacity);
  mdm_state_real(s, "overlap", &b->overlap);
  if (b->bound) walk_use(b, s);
  if (!b->twins) return;
  mdm_state_columns(s, "twin", (void **)&b->twin, b->n, b->k, sizeof(real), &b->twin_capacity);
  mdm_state_columns(s, "square", (void **)&b->square, 1, b->k, sizeof(real), &b->square_capacity);
}

/* ---------------------------------------------------------------- twins and their population */

void X(mean_over_twins)(size_t n, size_t P, const real *in, real *out) {
  for (size_t i = 0; i < n * P; i++) out[i] = (real)0.5 * (in[2 * i] + in[2 * i + 1]);
}

void X(spread_over_twins)(size_t n, size_t P, const real *in, int accumulate, real *out) {
  for (size_t i = 0; i < n * P; i++) {
    out[2 * i] = in[i] + (accumulate ? out[2 * i] : 0);
    out[2 * i + 1] = in[i] + (accumulate ? out[2 * i + 1] : 0);
  }
}

int X(basis_note)(X(population) *pop, int twins, size_t count, const real *columns, mdm_error *err) {
  if (!twins || pop->exact) return X(population_note)(pop, count, columns, err);
  real *means = mdm_alloc(pop->n, count, 1, sizeof *means); /* n × count */
  if (!means) return mdm_no_memory(err, "%zu directions of %zu %s particles", count, pop->n, pop->name);
  X(mean_over_twins)(pop->n, count, columns, means);
  int status = X(population_note)(pop, count, means, err);
  free(means);
  return status;
}

/* ---------------------------------------------------------------- new directions */

static int grow(X(basis) *b, size_t count, mdm_error *err) {
  size_t n = b->n, rows = mdm_rows(n), want = b->k + count;
  if (want > n)
    return mdm_fail(err, MDM_ERR_NUMERIC, "a field visits %zu directions, too many for %zu %s particles; raise solve.particles or solve.tolerance",
                    want, b->pop->n, b->pop->name);
  if (mdm_grow_columns((void **)&b->U, rows, sizeof(real), b->k, want, &b->capacity) ||
      (b->twins && (mdm_grow_columns((void **)&b->twin, rows, sizeof(real), b->k, want, &b->twin_capacity) ||
                    mdm_grow_columns((void **)&b->square, 1, sizeof(real), b->k, want, &b->square_capacity))))
    return mdm_no_memory(err, "%zu directions of %zu %s particles", want, n, b->pop->name);
  return MDM_OK;
}

/* The largest |⟨u_i u_j⟩ − δ_ij| between some of the `count` columns behind U, which were just made orthonormal, and all before them: what
 * rounding left. Some are enough: all were made in one product. */
static int watch_orthogonality(X(basis) *b, size_t count, real *work, mdm_error *err) {
  enum { SOME = 4 };
  size_t n = b->n, rows = mdm_rows(n);
  int status = MDM_OK;
  for (size_t i = 0; i < count && i < SOME && !status; i++) {
    size_t at = b->k + i, all = at + 1;
    const real *u = b->U + rows * at;
    if (mdm_is_large(n)) status = X(parallel_inner)(n, all, 1, 1 / (double)n, b->U, rows, u, rows, 0, work, all, err); /* work: all */
    else BLAS(gemv)(CblasColMajor, CblasTrans, n, all, 1 / (real)n, b->U, n, u, 1, 0, work, 1);
    work[at] -= 1;
    for (size_t j = 0; j < all; j++)
      if (!(fabs((double)work[j]) <= b->overlap)) b->overlap = fabs((double)work[j]);
  }
  return status;
}

/* The `count` columns behind U, which point in new directions, become part of it. */
static int append(X(basis) *b, size_t count, mdm_error *err) {
  size_t n = b->n, size = 0;
  real *fresh = b->U + mdm_rows(n) * b->k, *work = NULL;
  int status = MDM_OK;
  for (int pass = 0; pass < 2 && !status; pass++) { /* what is new is small beside the field: one projection leaves errors of rounding over tolerance, which the next directions multiply */
    status = X(project_out)(n, 1, b->k, b->U, count, fresh, &work, &size, err);
    if (!status) status = X(whiten)(b->pop, 1, count, fresh, err);
  }
  if (!status) status = X(reserve)(&work, &size, b->k + count, 1, err);
  if (!status) status = watch_orthogonality(b, count, work, err);
  if (!status) status = X(population_note)(b->pop, count, fresh, err);
  if (!status) b->k += count;
  free(work);
  return status;
}

/* Takes the parts along the first k directions out of direction k and of its twin, and scales both to ⟨u u⟩ = ±1. work: k. */
static void orthogonalize_twins(X(basis) *b, size_t k, real *work) {
  size_t n = b->n;
  real *columns[2] = {b->U, b->twin};
  if (k) BLAS(gemv)(CblasColMajor, CblasTrans, n, k, 1 / (real)n, b->U, n, b->twin + n * k, 1, 0, work, 1); /* ⟨u_i u⟩ */
  for (size_t i = 0; i < k; i++) work[i] *= b->square[i];
  for (int c = 0; c < 2 && k; c++) BLAS(gemv)(CblasColMajor, CblasNoTrans, n, k, -1, columns[c], n, work, 1, 1, columns[c] + n * k, 1);
  double square = (double)BLAS(dot)(n, b->U + n * k, 1, b->twin + n * k, 1) / (double)n;
  b->square[k] = square < 0 ? -1 : 1;
  for (int c = 0; c < 2; c++) BLAS(scal)(n, square != 0 ? (real)(1 / sqrt(fabs(square))) : 0, columns[c] + n * k, 1);
}

/* The largest |⟨u_i u⟩ ∓ δ| of direction k with those up to it, as watch_orthogonality. work: k + 1. */
static void watch_twins(X(basis) *b, size_t k, real *work) {
  size_t n = b->n;
  BLAS(gemv)(CblasColMajor, CblasTrans, n, k + 1, 1 / (real)n, b->U, n, b->twin + n * k, 1, 0, work, 1);
  work[k] -= b->square[k];
  for (size_t i = 0; i <= k; i++)
    if (!(fabs((double)work[i]) <= b->overlap)) b->overlap = fabs((double)work[i]);
}

/* Direction k: a combination of the field's twin (and, beside it, of the field), less its parts along the first k directions, twice, as in append.
 * work: k + 1. */
static void make_direction(X(basis) *b, const X(field) *p, const real *vector, size_t k, real *work) {
  size_t n = b->n;
  real *columns[2] = {b->U, b->twin};
  const real *from[2] = {p->twin, p->v};
  for (int c = 0; c < 2; c++) BLAS(gemv)(CblasColMajor, CblasNoTrans, n, p->P, 1, from[c], n, vector, 1, 0, columns[c] + n * k, 1);
  for (int pass = 0; pass < 2; pass++) orthogonalize_twins(b, k, work);
  watch_twins(b, k, work);
}

/* The same for twins: eigenvectors of eigenvalues beyond the threshold on either side, the first `below` and the last `above`. */
static int append_twins(X(basis) *b, const X(field) *p, size_t below, size_t above, mdm_error *err) {
  size_t P = p->P, count = below + above, old = b->k;
  int status = grow(b, count, err);
  if (status) return status;
  real *work = mdm_alloc(old + count, 1, 1, sizeof *work); /* k */
  if (!work) return mdm_no_memory(err, "%zu directions", old + count);
  for (size_t i = 0; i < count; i++) /* the largest first, then the most negative */
    make_direction(b, p, b->gram + P * (i < above ? P - 1 - i : i - above), old + i, work);
  free(work);
  status = X(basis_note)(b->pop, 1, count, b->U + b->n * old, err);
  if (!status) b->k += count;
  return status;
}

/* ---------------------------------------------------------------- coordinates */

/* c of a field, along all directions. */
static int coordinates(X(basis) *b, const X(field) *p, mdm_error *err) {
  size_t k = b->k, P = p->P;
  int status = X(reserve)(&b->c, &b->c_size, k, P, err);
  if (status) return status;
  status = X(parallel_inner)(p->n, k, P, 1.0 / (double)p->n, b->U, mdm_rows(p->n), X(field_rows)(p, p->v), X(field_ld)(p), 0, b->c, k, err);
  if (status) return status;
  b->k_c = k;
  b->P = P;
  for (int s = 0; s < 2 && b->twins && !status; s++) status = X(reserve)(&b->split[s], &b->split_size[s], k, P, err);
  for (size_t e = 0; e < k * P && b->twins && !status; e++) {
    int negative = b->square[e % k] < 0;
    b->split[negative][e] = b->c[e];
    b->split[!negative][e] = 0;
  }
  return status;
}

static double mean_product(const X(field) *p, const real *a, const real *b) {
  return X(parallel_products)(p->n, p->P, X(field_rows)(p, (real *)a), X(field_rows)(p, (real *)b), X(field_ld)(p)) / (double)(p->n * p->P);
}

/* ⟨p p⟩ of a field without its noise, mean over tokens. */
static double mean_square(const X(field) *p) { return mean_product(p, p->v, p->twin ? p->twin : p->v); }

/* gram (P × P, lower triangle) = ⟨p p⟩ − Σ ⟨u u⟩ c c. */
static int residual_gram(X(basis) *b, const X(field) *p, mdm_error *err) {
  size_t n = p->n, P = p->P, ld = X(field_ld)(p);
  const real *v = X(field_rows)(p, p->v), *twin = X(field_rows)(p, p->twin);
  int status = twin ? X(parallel_inner)(n, P, P, 1.0 / (double)n, v, ld, twin, ld, 0, b->gram, P, err)
                    : X(parallel_gram)(n, P, 1.0 / (double)n, v, ld, 0, b->gram, err);
  if (!status) status = X(parallel_gram)(b->k, P, -1, X(basis_driving)(b), b->k, 1, b->gram, err);
  if (!status && b->twins) status = X(parallel_gram)(b->k, P, 1, X(basis_excess)(b), b->k, 1, b->gram, err);
  return status;
}

/* rest (n × P) = p − U c. Returns the same trace. Without twins. */
static double residual_field(X(basis) *b, const X(field) *p) {
  size_t n = p->n, all = n * p->P;
  memcpy(b->rest, p->v, all * sizeof *b->rest);
  X(parallel_combine)(n, b->k, p->P, -1, b->U, n, b->c, b->k, 0, 1, b->rest, n);
  return X(parallel_products)(n, p->P, b->rest, b->rest, n) / (double)all * (double)p->P;
}

/* The Frobenius norm of gram, given its lower triangle: it bounds every eigenvalue. */
static double norm(const X(basis) *b, size_t P) {
  double sum = 0;
  for (size_t t = 0; t < P; t++)
    for (size_t s = t; s < P; s++) sum += (s > t ? 2 : 1) * (double)b->gram[s + P * t] * (double)b->gram[s + P * t];
  return sqrt(sum);
}

/* ---------------------------------------------------------------- spanning a field */

/* Eigenvalues and eigenvectors of gram (size × size); how many eigenvalues exceed the threshold (the last ones), and how many lie below
 * minus the threshold (the first ones). */
static int leading(X(basis) *b, size_t size, double threshold, size_t *above, size_t *below, mdm_error *err) {
  const char *why = X(mdm_eigen)(size, b->gram, b->eigen);
  *above = *below = 0;
  if (why)
    return mdm_fail(err, MDM_ERR_NUMERIC, "new directions of a field of %s particles: the eigensolver failed on a %zu × %zu kernel: %s", b->pop->name, size, size, why);
  while (*above < size && (double)b->eigen[size - 1 - *above] > threshold) ++*above;
  while (*below < size && (double)b->eigen[*below] < -threshold) ++*below;
  return MDM_OK;
}

/* New directions from the residual's P × P kernel: combinations of tokens. Its trace, which bounds every eigenvalue where none is negative, is
 * known without it. mean: ⟨p p⟩, mean over tokens. */
static int directions_by_tokens(X(basis) *b, const X(field) *p, double mean, double threshold, mdm_error *err) {
  size_t n = p->n, P = p->P, above, below;
  if (!isfinite(mean)) return MDM_OK;
  if (!b->twins && mean * (double)P - X(mdm_vec_dot)(b->k * P, b->c, b->c) <= threshold) return MDM_OK;
  int status = X(reserve)(&b->gram, &b->gram_size, P, P, err);
  if (!status) status = X(reserve)(&b->eigen, &b->eigen_size, P, 1, err);
  if (!status) status = residual_gram(b, p, err);
  if (status || (b->twins && norm(b, P) <= threshold)) return status;
  status = leading(b, P, threshold, &above, &below, err);
  if (!status && b->twins) return above || below ? append_twins(b, p, below, above, err) : MDM_OK;
  if (above > n - b->k) above = n - b->k; /* the rest is rounding */
  if (status || !above) return status;
  status = grow(b, above, err);
  if (status) return status;
  size_t rows = mdm_rows(n);
  X(parallel_combine)(n, P, above, 1, X(field_rows)(p, p->v), X(field_ld)(p), b->gram + P * (P - above), P, 0, 0, b->U + rows * b->k, rows);
  return append(b, above, err);
}

/* The same from the n × n matrix rest restᵀ/n, which has the same eigenvalues: for more tokens than particles, without twins. */
static int directions_by_particles(X(basis) *b, const X(field) *p, double threshold, mdm_error *err) {
  size_t n = p->n, P = p->P, above, below;
  int status = X(reserve)(&b->rest, &b->rest_size, n, P, err);
  if (!status) status = X(reserve)(&b->gram, &b->gram_size, n, n, err);
  if (!status) status = X(reserve)(&b->eigen, &b->eigen_size, n, 1, err);
  if (status) return status;
  double residual = residual_field(b, p);
  if (!isfinite(residual) || residual <= threshold) return MDM_OK;
  BLAS(syrk)(CblasColMajor, CblasLower, CblasNoTrans, n, P, 1.0 / (double)n, b->rest, n, 0, b->gram, n);
  status = leading(b, n, threshold, &above, &below, err);
  if (above > n - b->k) above = n - b->k;
  if (status || !above) return status;
  status = grow(b, above, err);
  if (status) return status;
  memcpy(b->U + n * b->k, b->gram + n * (n - above), n * above * sizeof *b->U);
  return append(b, above, err);
}

/* Room for `count` coordinates more of each token, behind those that are there. */
static int widen_coordinates(X(basis) *b, size_t count, mdm_error *err) {
  size_t k = b->k_c, want = k + count, size = want * b->P;
  real *wider = mdm_alloc(size, 1, 1, sizeof *wider); /* (k + count) × P */
  if (!wider) return mdm_no_memory(err, "%zu × %zu numbers", want, b->P);
  for (size_t t = 0; t < b->P; t++) memcpy(wider + want * t, b->c + k * t, k * sizeof *wider);
  free(b->c);
  b->c = wider;
  b->c_size = size;
  b->k_c = want;
  return MDM_OK;
}

/* The leading directions of a sketch, Q V, become part of U, and Vᵀ Bᵀ of the coordinates. */
static int append_sketch(X(basis) *b, const X(sketch) *s, mdm_error *err) {
  size_t n = b->n, rows = mdm_rows(n), l = s->l, count = s->leading < n - b->k ? s->leading : n - b->k, old = b->k;
  const real *V = s->V + l * (l - count); /* l × count */
  int status = grow(b, count, err);
  if (status) return status;
  X(parallel_combine)(n, l, count, 1, s->Q, rows, V, l, 0, 0, b->U + rows * old, rows);
  status = X(population_note)(b->pop, count, b->U + rows * old, err);
  if (!status) status = widen_coordinates(b, count, err);
  if (status) return status;
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasTrans, count, s->P, l, 1, V, l, s->B, s->P, 0, b->c + old, old + count);
  b->k += count;
  return MDM_OK;
}

/* New directions of a large field, and coordinates along them. *done: 0 where the residual has so many directions that the other ways are
 * better. mean: ⟨p p⟩, mean over tokens. */
static int directions_by_sketch(X(basis) *b, const X(field) *p, double mean, double threshold, int *done, mdm_error *err) {
  X(sketch) s = {0};
  double all = mean * (double)p->P, rounding = (MDM_SINGLE ? 1e-6 : 1e-14) * all; /* of a difference between squares of many tokens */
  *done = 1;
  if (!isfinite(mean) || all - X(mdm_vec_dot)(b->k * p->P, b->c, b->c) + rounding <= threshold) return MDM_OK;
  int status = X(sketch_field)(&s, p, b->k, b->U, threshold, done, err);
  if (!status && *done && s.leading) status = append_sketch(b, &s, err);
  X(sketch_clear)(&s);
  return status;
}

/* Spans a field and finds its coordinates. *mean: mean square of its values, noise and all. Nothing is spanned where that leaves the range
 * of reals. Whatever is not finite has diverged: the training loop sees it in the loss or the fields' sizes and stops. */
static int span(X(basis) *b, const X(field) *p, double *mean, mdm_error *err) {
  size_t n = p->n, P = p->P, k = b->k;
  int status = coordinates(b, p, err), done = 0;
  if (status) return status;
  double square = b->tolerance * b->tolerance, scale = mean_square(p);
  *mean = b->twins ? mean_product(p, p->v, p->v) : scale;
  if (!X(squares_hold)(*mean)) return MDM_OK;
  double threshold = square * *mean * (b->whole_batch ? (double)P : 1); /* the smallest eigenvalue of a new direction */
  if (b->twins) threshold = fmax(threshold, b->tolerance * (*mean - scale)); /* scale is without noise: what is beyond it is noise */
  if (!b->twins && P >= MDM_SKETCH_FROM && n >= MDM_SKETCH_FROM) status = directions_by_sketch(b, p, scale, threshold, &done, err);
  if (status || done) return status;
  status = P > n && !b->twins ? directions_by_particles(b, p, threshold, err) : directions_by_tokens(b, p, scale, threshold, err);
  return status || b->k == k ? status : coordinates(b, p, err);
}

static void multiply(size_t n, double factor, real *v) {
  for (size_t i = 0; i < n && v; i++) v[i] = (real)((double)v[i] * factor);
}

/* The same for a field whose squares leave the range of a real, through a copy in other units. */
static int span_rescaled(X(basis) *b, const X(field) *p, mdm_error *err) {
  double factor = X(unit_factor)(p->n, p->P, X(field_rows)(p, p->v), X(field_ld)(p)), mean;
  if (factor == 1) return MDM_OK; /* zero, or diverged */
  X(field) copy;
  int status = X(field_times)(p, p->P, factor, &copy, err);
  if (status) return status;
  status = span(b, &copy, &mean, err);
  for (int s = 0; s < 3 && !status; s++) multiply(b->k_c * p->P, 1 / factor, s < 2 ? b->split[s] : b->c);
  X(field_clear)(&copy);
  return status;
}

int X(basis_absorb)(X(basis) *b, const X(field) *p, mdm_error *err) {
  double mean = 1;
  if (b->id == p->id && b->c) return MDM_OK;
  int status = span(b, p, &mean, err);
  if (!status && !X(squares_hold)(mean)) status = span_rescaled(b, p, err);
  if (!status) b->id = p->id;
  return status;
}

/* ---------------------------------------------------------------- use of directions */

/* Of the running mean that a step leaves: results hardly depend on it (docs/theory.md, forgetting). */
static const double MEMORY = 0.9;

/* Room in `use` for all k directions, zero for new ones. */
static int widen_use(X(basis) *b, mdm_error *err) {
  size_t k = b->k, old = b->use_k;
  if (old == k && b->use) return MDM_OK;
  double *use = mdm_alloc(k, k, 1, sizeof *use); /* k × k */
  if (!use) return mdm_no_memory(err, "the use of %zu directions of %s particles", k, b->pop->name);
  for (size_t i = 0; i < old; i++) memcpy(use + k * i, b->use + old * i, old * sizeof *use);
  free(b->use);
  b->use = use;
  b->use_k = k;
  return MDM_OK;
}

int X(basis_use)(X(basis) *b, mdm_error *err) {
  if (!b->bound || !b->k || !b->k_c || b->used == b->id) return MDM_OK;
  b->used = b->id;
  int status = widen_use(b, err);
  if (status) return status;
  size_t k = b->k, k_c = b->k_c, P = b->P;
  double *c = X(doubles)(k_c * P, b->c), power; /* k_c × P */
  if (!c) return mdm_no_memory(err, "coordinates of %zu directions", k_c);
  power = cblas_ddot((int)(k_c * P), c, 1, c, 1);
  for (size_t e = 0; e < k * k; e++) b->use[e] *= MEMORY;
  if (power > 0 && isfinite(power)) /* lower triangle: what the eigensolver reads */
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, (int)k_c, (int)P, (1 - MEMORY) / power, c, (int)k_c, 1, b->use, (int)k);
  free(c);
  return MDM_OK;
}
