/* Populations with moment matching, and bases of visited directions.
 *
 * New directions of a field p (n × P) relative to a basis U: with c = Uᵀ p / n the residual's Gram matrix is
 * pᵀp/n − cᵀc, which is P × P; only when one of its eigenvalues exceeds (tolerance × RMS)² is the residual itself formed, and
 * only in those directions. Near convergence nothing is new and a step costs two thin products. A rank never exceeds the particles: with
 * more tokens than those, the residual is formed and the n × n matrix of its particles has the same eigenvalues.
 */
#include "realization/particles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "realization/gram.h"

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
  X(scale)(pop->n, (real)sqrt((double)pop->n) / after, column);
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
  const char *why = X(mdm_cholesky)(count, gram);
  if (why)
    status = mdm_fail(err, MDM_ERR_NUMERIC, "%zu fresh directions do not fit in %zu %s particles (%s); raise solve.particles", count, pop->n, pop->name, why);
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
  if (!status) X(scale)(pop->n * count, (real)sqrt(variance), out);
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
  free(basis->rest);
  *basis = (X(basis)){0};
}

/* gram (P × P, lower triangle) = pᵀp/n. Returns its trace over P: the field's mean square. */
static double token_gram(X(basis) *b, const X(field) *p) {
  size_t n = p->n, P = p->P;
  double total = 0;
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, n, 1.0 / (double)n, p->v, n, 0, b->gram, P);
  for (size_t t = 0; t < P; t++) total += (double)b->gram[t + P * t];
  return total / (double)P;
}

/* gram ← gram − cᵀc. Returns the residual's trace. */
static double residual_gram(X(basis) *b, size_t P) {
  double residual = 0;
  if (b->k) BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, b->k, -1, b->c, b->k, 1, b->gram, P);
  for (size_t t = 0; t < P; t++) residual += (double)b->gram[t + P * t];
  return residual;
}

static double mean_square(size_t n, const real *v) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
  return sum / (double)n;
}

/* rest (n × P) = p − U c. Returns the same trace. */
static double residual_field(X(basis) *b, const X(field) *p) {
  size_t all = p->n * p->P;
  memcpy(b->rest, p->v, all * sizeof *b->rest);
  combine(p->n, b->k, p->P, -1, b->U, b->c, b->k, b->rest);
  return mean_square(all, b->rest) * (double)p->P;
}

/* Eigenvalues and eigenvectors of gram (size × size); *count (0 before): how many eigenvalues exceed the threshold, the last ones. */
static int leading(X(basis) *b, size_t size, double threshold, size_t *count, mdm_error *err) {
  const char *why = X(mdm_eigen)(size, b->gram, b->eigen);
  if (why)
    return mdm_fail(err, MDM_ERR_NUMERIC, "new directions of a field of %s particles: the eigensolver failed on a %zu × %zu kernel: %s", b->pop->name, size, size, why);
  while (*count < size && (double)b->eigen[size - 1 - *count] > threshold) ++*count;
  return MDM_OK;
}

/* Room for `count` more columns of U. */
static int widen(X(basis) *b, size_t count, mdm_error *err) {
  size_t n = b->pop->n;
  if (b->k + count > n)
    return mdm_fail(err, MDM_ERR_NUMERIC, "a field visits %zu directions, too many for %zu %s particles; raise solve.particles or solve.tolerance",
                    b->k + count, n, b->pop->name);
  if (mdm_grow_columns((void **)&b->U, n, sizeof(real), b->k, b->k + count, &b->capacity))
    return mdm_no_memory(err, "%zu directions of %zu %s particles", b->k + count, n, b->pop->name);
  return MDM_OK;
}

/* The `count` columns behind U, which point in new directions, become part of it. */
static int append(X(basis) *b, size_t count, mdm_error *err) {
  size_t n = b->pop->n, size = 0;
  real *fresh = b->U + n * b->k, *work = NULL;
  int status = project_out(n, b->k, b->U, count, fresh, &work, &size, err);
  if (!status) status = whiten(b->pop, count, fresh, err);
  if (!status) status = X(population_note)(b->pop, count, fresh, err);
  if (!status) b->k += count;
  free(work);
  return status;
}

/* New directions from the residual's P × P kernel: combinations of tokens. gram holds pᵀp/n. */
static int directions_by_tokens(X(basis) *b, const X(field) *p, double scale, mdm_error *err) {
  size_t n = p->n, P = p->P, count = 0;
  double residual = residual_gram(b, P), threshold = b->tolerance * b->tolerance * scale;
  if (!isfinite(residual) || residual <= threshold) return MDM_OK;
  int status = leading(b, P, threshold, &count, err);
  if (status || !count) return status;
  status = widen(b, count, err);
  if (status) return status;
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, count, P, 1, p->v, n, b->gram + P * (P - count), P, 0, b->U + n * b->k, n);
  return append(b, count, err);
}

/* The same from the n × n matrix rest restᵀ/n, which has the same eigenvalues: for more tokens than particles. */
static int directions_by_particles(X(basis) *b, const X(field) *p, double scale, mdm_error *err) {
  size_t n = p->n, P = p->P, count = 0;
  double residual = residual_field(b, p), threshold = b->tolerance * b->tolerance * scale;
  if (!isfinite(residual) || residual <= threshold) return MDM_OK;
  BLAS(syrk)(CblasColMajor, CblasLower, CblasNoTrans, n, P, 1.0 / (double)n, b->rest, n, 0, b->gram, n);
  int status = leading(b, n, threshold, &count, err);
  if (status || !count) return status;
  status = widen(b, count, err);
  if (status) return status;
  memcpy(b->U + n * b->k, b->gram + n * (n - count), n * count * sizeof *b->U);
  return append(b, count, err);
}

static int coordinates(X(basis) *b, const X(field) *p, mdm_error *err) {
  int status = X(reserve)(&b->c, &b->c_size, b->k, p->P, err);
  if (status) return status;
  inner(p->n, b->k, p->P, 1.0 / (double)p->n, b->U, p->v, b->c);
  b->k_c = b->k;
  b->P = p->P;
  return MDM_OK;
}

/* Spans a field and finds its coordinates; *scale receives its mean square. Whatever is not finite has diverged: the training loop sees it
 * in the loss or the fields' sizes and stops. */
static int span(X(basis) *b, const X(field) *p, double *scale, mdm_error *err) {
  size_t n = p->n, P = p->P, k = b->k, small = P > n ? n : P;
  int status = coordinates(b, p, err);
  if (!status) status = X(reserve)(&b->gram, &b->gram_size, small, small, err);
  if (!status) status = X(reserve)(&b->eigen, &b->eigen_size, small, 1, err);
  if (!status && P > n) status = X(reserve)(&b->rest, &b->rest_size, n, P, err);
  if (status) return status;
  *scale = P > n ? mean_square(n * P, p->v) : token_gram(b, p);
  if (!X(squares_hold)(*scale)) return MDM_OK;
  status = P > n ? directions_by_particles(b, p, *scale, err) : directions_by_tokens(b, p, *scale, err);
  return status || b->k == k ? status : coordinates(b, p, err);
}

/* The same for a field whose squares leave the range of a real, through a copy in other units. */
static int span_rescaled(X(basis) *b, const X(field) *p, mdm_error *err) {
  double factor = X(unit_factor)(p->n, p->P, p->v, p->n), scale;
  if (factor == 1) return MDM_OK; /* zero, or diverged */
  X(field) copy = {p->n, p->P, mdm_alloc(p->n, p->P, 1, sizeof(real)), 0};
  if (!copy.v) return mdm_no_memory(err, "a field of %zu %s particles", p->n, b->pop->name);
  for (size_t i = 0; i < p->n * p->P; i++) copy.v[i] = (real)((double)p->v[i] * factor);
  int status = span(b, &copy, &scale, err);
  for (size_t i = 0; i < b->k_c * p->P && !status; i++) b->c[i] = (real)((double)b->c[i] / factor);
  free(copy.v);
  return status;
}

int X(basis_absorb)(X(basis) *b, const X(field) *p, mdm_error *err) {
  double scale = 1;
  if (b->id == p->id && b->c) return MDM_OK;
  int status = span(b, p, &scale, err);
  if (!status && !X(squares_hold)(scale)) status = span_rescaled(b, p, err);
  if (!status) b->id = p->id;
  return status;
}
