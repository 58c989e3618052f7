/* Populations with moment matching, and bases of visited directions.
 *
 * New directions of a field p (n × P) relative to a basis U: with c = Uᵀ p / n the residual's Gram matrix is
 * pᵀp/n − cᵀc, which is P × P; only when one of its eigenvalues exceeds (tolerance × RMS)² is the residual itself formed, and
 * only in those directions. Near convergence nothing is new and a step costs two thin products.
 */
#include "realization/particles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int X(reserve)(real **buffer, size_t *size, size_t a, size_t b, mdm_error *err) {
  if (*buffer && a * b <= *size) return MDM_OK;
  free(*buffer);
  *size = a * b * 5 / 4;
  *buffer = mdm_alloc(*size, 1, 1, sizeof **buffer);
  if (*buffer) return MDM_OK;
  *size = 0;
  return mdm_no_memory(err, "%zu × %zu numbers", a, b);
}

int X(normals)(mdm_stream key, size_t column, size_t n, real *out, mdm_error *err) {
  double *draw = mdm_alloc(n, 1, 1, sizeof *draw); /* n */
  if (!draw) return mdm_no_memory(err, "%zu random numbers", n);
  mdm_normals(key, column, n, draw);
  for (size_t i = 0; i < n; i++) out[i] = (real)draw[i];
  free(draw);
  return MDM_OK;
}

/* ---------------------------------------------------------------- products over particles */

/* out (a × b) = s Aᵀ B over n particles. */
static void inner(size_t n, size_t a, size_t b, double s, const real *A, const real *B, real *out) {
  if (a && b) BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, a, b, n, s, A, n, B, n, 0, out, a);
}

/* B (n × b) += s A C, A: n × a, C: a × b (leading dimension ld). */
static void combine(size_t n, size_t a, size_t b, double s, const real *A, const real *C, size_t ld, real *B) {
  if (a && b) BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, b, a, s, A, n, C, ld, 1, B, n);
}

/* Removes from the columns of B their components along the orthonormal columns Q. Once is enough: what is projected keeps
 * at least a hundredth of its length here, so that rounding stays far below the sampling noise. */
static int project_out(size_t n, size_t k, const real *Q, size_t b, real *B, real **work, size_t *size, mdm_error *err) {
  int status = X(reserve)(work, size, k, b, err);
  if (status) return status;
  inner(n, k, b, 1.0 / (double)n, Q, B, *work);
  combine(n, k, b, -1, Q, *work, k, B);
  return MDM_OK;
}

/* ---------------------------------------------------------------- populations */

int X(population_init)(X(population) *pop, const char *name, size_t n, mdm_error *err) {
  *pop = (X(population)){.name = name, .n = n};
  if (mdm_grow_columns((void **)&pop->seen, n, sizeof(real), 0, 1, &pop->capacity))
    return mdm_no_memory(err, "%zu %s particles; lower solve.particles", n, name);
  for (size_t i = 0; i < n; i++) pop->seen[i] = 1;
  pop->k = 1;
  return MDM_OK;
}

void X(population_clear)(X(population) *pop) {
  free(pop->seen);
  free(pop->work);
  free(pop->rest);
  *pop = (X(population)){0};
}

/* Columns that are already orthonormal to what was seen become seen themselves. Beyond a quarter of the population no
 * more are remembered: matching ever more moments would leave the draws too little freedom. */
static int remember(X(population) *pop, size_t count, const real *columns, mdm_error *err) {
  if (pop->k + count > pop->n / 4) return MDM_OK;
  if (mdm_grow_columns((void **)&pop->seen, pop->n, sizeof(real), pop->k, pop->k + count, &pop->capacity))
    return mdm_no_memory(err, "%zu directions of %zu %s particles", pop->k + count, pop->n, pop->name);
  memcpy(pop->seen + pop->n * pop->k, columns, pop->n * count * sizeof(real));
  pop->k += count;
  return MDM_OK;
}

/* Scales a column to unit second moment and remembers it, unless hardly anything of its length `before` is left. */
static int remember_rest(X(population) *pop, real before, real *column, mdm_error *err) {
  real after = BLAS(nrm2)(pop->n, column, 1);
  if (after < (real)1e-2 * before || after == 0) return MDM_OK; /* nothing new in this column */
  BLAS(scal)(pop->n, (real)sqrt((double)pop->n) / after, column, 1);
  return remember(pop, 1, column, err);
}

int X(population_note)(X(population) *pop, size_t count, const real *columns, mdm_error *err) {
  if (pop->exact) return MDM_OK;
  size_t n = pop->n, old = pop->k;
  int status = X(reserve)(&pop->rest, &pop->rest_size, n, count, err);
  if (status) return status;
  real *rest = pop->rest; /* n × count */
  memcpy(rest, columns, n * count * sizeof *rest);
  status = project_out(n, old, pop->seen, count, rest, &pop->work, &pop->work_size, err);
  for (size_t c = 0; c < count && !status; c++) { /* then among themselves */
    real *column = rest + n * c;
    status = project_out(n, pop->k - old, pop->seen + n * old, 1, column, &pop->work, &pop->work_size, err);
    if (!status) status = remember_rest(pop, BLAS(nrm2)(n, columns + n * c, 1), column, err);
  }
  return status;
}

/* out ← out L⁻ᵀ with outᵀ out / n = L Lᵀ: unit second moments. */
static int whiten(X(population) *pop, size_t count, real *out, mdm_error *err) {
  size_t size = 0;
  real *gram = NULL; /* count × count */
  int status = X(reserve)(&gram, &size, count, count, err);
  if (status) return status;
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, count, pop->n, 1.0 / (double)pop->n, out, pop->n, 0, gram, count);
  if (LAPACK(potrf)(LAPACK_COL_MAJOR, 'L', count, gram, count))
    status = mdm_fail(err, MDM_ERR_NUMERIC, "%zu fresh directions do not fit in %zu %s particles; raise solve.particles", count, pop->n, pop->name);
  else
    BLAS(trsm)(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, pop->n, count, 1, gram, count, out, pop->n);
  free(gram);
  return status;
}

int X(population_fresh)(X(population) *pop, mdm_stream key, size_t first, size_t count, real *out, mdm_error *err) {
  size_t n = pop->n;
  if (pop->k + count > n / 2 + 1)
    return mdm_fail(err, MDM_ERR_NUMERIC, "%zu directions are too many for %zu %s particles; raise solve.particles or solve.tolerance",
                    pop->k + count, n, pop->name);
  int status = MDM_OK;
  for (size_t c = 0; c < count && !status; c++) status = X(normals)(key, first + c, n, out + n * c, err);
  if (!status) status = project_out(n, pop->k, pop->seen, count, out, &pop->work, &pop->work_size, err);
  if (!status) status = whiten(pop, count, out, err);
  return status ? status : remember(pop, count, out, err);
}

int X(population_columns)(X(population) *pop, mdm_stream key, int rows, double variance, size_t first, size_t count, real *out, mdm_error *err) {
  key.purpose += rows ? MDM_DRAW_ROWS : MDM_DRAW_COLS;
  int status = X(population_fresh)(pop, key, first, count, out, err);
  if (!status) BLAS(scal)(pop->n * count, (real)sqrt(variance), out, 1);
  return status;
}

/* ---------------------------------------------------------------- bases */

void X(basis_init)(X(basis) *basis, X(population) *pop, double tolerance) {
  *basis = (X(basis)){.pop = pop, .tolerance = tolerance};
}

void X(basis_clear)(X(basis) *basis) {
  free(basis->U);
  free(basis->c);
  free(basis->gram);
  free(basis->eigen);
  *basis = (X(basis)){0};
}

/* gram = pᵀp/n − cᵀc (lower triangle); *scale = trace(pᵀp/n)/P, the field's mean square. Returns the residual's trace. */
static double residual_gram(X(basis) *b, const X(field) *p, double *scale) {
  size_t n = p->n, P = p->P;
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, n, 1.0 / (double)n, p->v, n, 0, b->gram, P);
  double total = 0, residual = 0;
  for (size_t t = 0; t < P; t++) total += (double)b->gram[t + P * t];
  *scale = total / (double)P;
  if (b->k) BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, b->k, -1, b->c, b->k, 1, b->gram, P);
  for (size_t t = 0; t < P; t++) residual += (double)b->gram[t + P * t];
  return residual;
}

/* Appends the directions gram's leading eigenvectors (the last `count` columns, after the eigensolver) point to. */
static int append(X(basis) *b, const X(field) *p, size_t count, mdm_error *err) {
  size_t n = p->n, P = p->P, size = 0;
  if (b->k + count > n)
    return mdm_fail(err, MDM_ERR_NUMERIC, "a field visits %zu directions, too many for %zu %s particles; raise solve.particles or solve.tolerance",
                    b->k + count, n, b->pop->name);
  if (mdm_grow_columns((void **)&b->U, n, sizeof(real), b->k, b->k + count, &b->capacity))
    return mdm_no_memory(err, "%zu directions of %zu %s particles", b->k + count, n, b->pop->name);
  real *fresh = b->U + n * b->k, *vectors = b->gram + P * (P - count), *work = NULL;
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, count, P, 1, p->v, n, vectors, P, 0, fresh, n);
  int status = project_out(n, b->k, b->U, count, fresh, &work, &size, err);
  if (!status) status = whiten(b->pop, count, fresh, err);
  if (!status) status = X(population_note)(b->pop, count, fresh, err);
  if (!status) b->k += count;
  free(work);
  return status;
}

static int coordinates(X(basis) *b, const X(field) *p, mdm_error *err) {
  int status = X(reserve)(&b->c, &b->c_size, b->k, p->P, err);
  if (status) return status;
  inner(p->n, b->k, p->P, 1.0 / (double)p->n, b->U, p->v, b->c);
  b->k_c = b->k;
  b->P = p->P;
  return MDM_OK;
}

int X(basis_absorb)(X(basis) *b, const X(field) *p, mdm_error *err) {
  if (b->id == p->id && b->c) return MDM_OK;
  size_t P = p->P;
  int status = coordinates(b, p, err);
  if (!status) status = X(reserve)(&b->gram, &b->gram_size, P, P, err);
  if (!status) status = X(reserve)(&b->eigen, &b->eigen_size, P, 1, err);
  if (status) return status;
  double scale, residual = residual_gram(b, p, &scale), threshold = b->tolerance * b->tolerance * scale;
  b->id = p->id;
  if (!isfinite(residual)) return MDM_OK; /* diverged: the training loop sees it in the loss and stops */
  if (residual <= threshold) return MDM_OK;
  if (LAPACK(syevd)(LAPACK_COL_MAJOR, 'V', 'L', P, b->gram, P, b->eigen))
    return mdm_fail(err, MDM_ERR_NUMERIC, "the eigensolver failed on a %zu × %zu kernel", P, P);
  size_t count = 0;
  while (count < P && (double)b->eigen[P - 1 - count] > threshold) count++;
  if (!count) return MDM_OK;
  status = append(b, p, count, err);
  return status ? status : coordinates(b, p, err);
}
