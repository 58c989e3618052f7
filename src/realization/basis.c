/* Bases of visited directions.
 *
 * New directions of a field p (n × P) relative to a basis U: with c = Uᵀ p / n the residual's Gram matrix is
 * pᵀp/n − cᵀc, which is P × P; only when one of its eigenvalues exceeds (tolerance × RMS)² is the residual itself formed, and
 * only in those directions. Near convergence nothing is new and a step costs two thin products.
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

#include "base/memory.h"
#include "realization/gram.h"

void X(basis_init)(X(basis) *basis, X(population) *pop, int twins, double tolerance) {
  *basis = (X(basis)){.pop = pop, .n = twins ? 2 * pop->n : pop->n, .twins = twins, .tolerance = tolerance};
}

void X(basis_clear)(X(basis) *basis) {
  free(basis->U);
  free(basis->c);
  free(basis->gram);
  free(basis->eigen);
  free(basis->twin);
  free(basis->square);
  free(basis->split[0]);
  free(basis->split[1]);
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
  size_t n = b->n, want = b->k + count;
  if (want > n)
    return mdm_fail(err, MDM_ERR_NUMERIC, "a field visits %zu directions, too many for %zu %s particles; raise solve.particles or solve.tolerance",
                    want, b->pop->n, b->pop->name);
  if (mdm_grow_columns((void **)&b->U, n, sizeof(real), b->k, want, &b->capacity) ||
      (b->twins && (mdm_grow_columns((void **)&b->twin, n, sizeof(real), b->k, want, &b->twin_capacity) ||
                    mdm_grow_columns((void **)&b->square, 1, sizeof(real), b->k, want, &b->square_capacity))))
    return mdm_no_memory(err, "%zu directions of %zu %s particles", want, n, b->pop->name);
  return MDM_OK;
}

/* Appends the directions gram's leading eigenvectors (the last `count` columns, after the eigensolver) point to. */
static int append(X(basis) *b, const X(field) *p, size_t count, mdm_error *err) {
  size_t n = p->n, P = p->P, size = 0;
  int status = grow(b, count, err);
  if (status) return status;
  real *fresh = b->U + n * b->k, *vectors = b->gram + P * (P - count), *work = NULL;
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, count, P, 1, p->v, n, vectors, P, 0, fresh, n);
  status = X(project_out)(n, 1, b->k, b->U, count, fresh, &work, &size, err);
  if (!status) status = X(whiten)(b->pop, 1, count, fresh, err);
  if (!status) status = X(population_note)(b->pop, count, fresh, err);
  if (!status) b->k += count;
  free(work);
  return status;
}

/* Direction k: a combination of the field's twin (and, beside it, of the field), less its parts along the first k directions, scaled to
 * ⟨u u⟩ = ±1. work: k. */
static void make_direction(X(basis) *b, const X(field) *p, const real *vector, size_t k, real *work) {
  size_t n = b->n;
  real *columns[2] = {b->U, b->twin};
  const real *from[2] = {p->twin, p->v};
  for (int c = 0; c < 2; c++) BLAS(gemv)(CblasColMajor, CblasNoTrans, n, p->P, 1, from[c], n, vector, 1, 0, columns[c] + n * k, 1);
  if (k) BLAS(gemv)(CblasColMajor, CblasTrans, n, k, 1 / (real)n, b->U, n, b->twin + n * k, 1, 0, work, 1); /* ⟨u_i u⟩ */
  for (size_t i = 0; i < k; i++) work[i] *= b->square[i];
  for (int c = 0; c < 2 && k; c++) BLAS(gemv)(CblasColMajor, CblasNoTrans, n, k, -1, columns[c], n, work, 1, 1, columns[c] + n * k, 1);
  double square = (double)BLAS(dot)(n, b->U + n * k, 1, b->twin + n * k, 1) / (double)n;
  b->square[k] = square < 0 ? -1 : 1;
  for (int c = 0; c < 2; c++) BLAS(scal)(n, square != 0 ? (real)(1 / sqrt(fabs(square))) : 0, columns[c] + n * k, 1);
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

static int coordinates(X(basis) *b, const X(field) *p, mdm_error *err) {
  size_t k = b->k, P = p->P;
  int status = X(reserve)(&b->c, &b->c_size, k, P, err);
  if (status) return status;
  if (k) BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, k, P, p->n, 1.0 / (double)p->n, b->U, p->n, p->v, p->n, 0, b->c, k);
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

/* gram = ⟨p p⟩ − Σ ⟨u u⟩ c c (lower triangle); *scale = trace(⟨p p⟩)/P, the field's mean square. Returns the residual's trace. */
static double residual_gram(X(basis) *b, const X(field) *p, double *scale) {
  size_t P = p->P;
  X(field) values = *p;
  values.noise = NULL; /* directions are made of the values */
  X(squares)(CblasLower, 1.0 / (double)p->n, &values, P, b->gram);
  double total = 0, residual = 0;
  for (size_t t = 0; t < P; t++) total += (double)b->gram[t + P * t];
  *scale = total / (double)P;
  if (b->k) BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, b->k, -1, X(basis_driving)(b), b->k, 1, b->gram, P);
  if (b->k && b->twins) BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, b->k, 1, X(basis_excess)(b), b->k, 1, b->gram, P);
  for (size_t t = 0; t < P; t++) residual += (double)b->gram[t + P * t];
  return residual;
}

/* The Frobenius norm of gram, given its lower triangle: it bounds every eigenvalue. */
static double norm(const X(basis) *b, size_t P) {
  double sum = 0;
  for (size_t t = 0; t < P; t++)
    for (size_t s = t; s < P; s++) sum += (s > t ? 2 : 1) * (double)b->gram[s + P * t] * (double)b->gram[s + P * t];
  return sqrt(sum);
}

/* Smallest eigenvalue of a new direction. With twins, scale is without noise, and what v v has beyond it is noise. */
static double threshold_of(const X(basis) *b, const X(field) *p, double scale) {
  double square = b->tolerance * b->tolerance;
  if (!b->twins) return square * scale;
  double root = (double)BLAS(nrm2)(p->n * p->P, p->v, 1), all = root * root / (double)(p->n * p->P);
  return fmax(square * all, b->tolerance * (all - scale));
}

/* Directions beyond the threshold, of either sign for twins. */
static int extend(X(basis) *b, const X(field) *p, double threshold, mdm_error *err) {
  size_t P = p->P, above = 0, below = 0;
  if (LAPACK(syevd)(LAPACK_COL_MAJOR, 'V', 'L', P, b->gram, P, b->eigen))
    return mdm_fail(err, MDM_ERR_NUMERIC, "the eigensolver failed on a %zu × %zu kernel", P, P);
  while (above < P && (double)b->eigen[P - 1 - above] > threshold) above++;
  while (b->twins && below < P && (double)b->eigen[below] < -threshold) below++;
  if (!above && !below) return MDM_OK;
  int status = b->twins ? append_twins(b, p, below, above, err) : append(b, p, above, err);
  return status ? status : coordinates(b, p, err);
}

int X(basis_absorb)(X(basis) *b, const X(field) *p, mdm_error *err) {
  if (b->id == p->id && b->c) return MDM_OK;
  size_t P = p->P;
  int status = coordinates(b, p, err);
  if (!status) status = X(reserve)(&b->gram, &b->gram_size, P, P, err);
  if (!status) status = X(reserve)(&b->eigen, &b->eigen_size, P, 1, err);
  if (status) return status;
  double scale, residual = residual_gram(b, p, &scale), threshold = threshold_of(b, p, scale);
  b->id = p->id;
  if (!isfinite(residual)) return MDM_OK; /* diverged: the training loop sees it in the loss and stops */
  if ((b->twins ? norm(b, P) : residual) <= threshold) return MDM_OK;
  return extend(b, p, threshold, err);
}
