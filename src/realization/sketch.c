/* Leading directions of large fields (Halko, Martinsson & Tropp 2011, arXiv 0909.4061, section 4.4; random signs after Tropp et al. 2019,
 * arXiv 1902.08651, section 3.2).
 *
 * The residual E = p − U c of a field p (n particles × P tokens) is multiplied with a few random columns, Y = E S, made orthonormal, Q, and its
 * coordinates along them, B = Eᵀ Q / n, are what the field is asked once for; then the same for what is left, E − Q Bᵀ, until nothing above
 * the threshold can be there. r directions cost some n P r operations, the whole kernel n P² and its eigenproblem 10 P³.
 *
 * When to stop. A block of b columns finds of an eigenvalue x of EᵀE/n about the fraction x b/(x b + W), W the trace, so that its largest
 * eigenvalue λ says that no x is above x²b/(x b + W) = λ. W is measured: every token enters `SIGNS` columns of S, with random signs,
 * so that the squares of Y sum up to SIGNS · W. What is left below this bound and what the eigenvectors of Bᵀ B leave out below another stay
 * below the sum of both, which is the threshold.
 */
#include "realization/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/share.h"
#include "kernels/products.h"
#include "realization/gram.h"
#include "realization/parallel.h"
#include "realization/particles.h"

enum {
  BLOCK = 64, /* columns of S that are taken at a time: 2^6 */
  SIGNS = 8   /* entries ±1 for each token, at random columns of a block: 7 bits each of one random word */
};

static const double SAFETY = 2;    /* factor on W/b: what one block finds fluctuates */
static const double LEFT = 0.2;    /* of the threshold: what may be left of the residual; the rest is for eigenvectors of Bᵀ B */
static const double SMALL = MDM_SINGLE ? 1e-5 : 1e-12; /* eigenvalues of YᵀY, relative to the largest, that rounding would blur */
static const double NEW = 0.25;    /* of the square of a unit column: what has to be left of it when it is projected again */

void X(sketch_clear)(X(sketch) *s) {
  free(s->Q);
  free(s->B);
  free(s->V);
  *s = (X(sketch)){0};
}

/* ---------------------------------------------------------------- one block */

/* Y (n × BLOCK; like Q and U, of the rows that are held here, base/crew.h) = p S; S (P × BLOCK): SIGNS random entries ±1 in each row, functions of the number of columns before. */
static int random_combinations(const X(field) *p, size_t before, real *Y, mdm_error *err) {
  size_t n = mdm_rows(p->n), ld = X(field_ld)(p), pieces = mdm_pieces(n, MDM_PARTICLES);
  const real *v = X(field_rows)(p, p->v);
  uint64_t *words = malloc(p->P * sizeof *words); /* P */
  if (!words) return mdm_no_memory(err, "a sketch of %zu samples", p->P);
  mdm_words((mdm_stream){.purpose = MDM_DRAW_SKETCH}, before, p->P, words);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * SIGNS * (double)n * (double)p->P))
  for (size_t i = 0; i < pieces; i++) {
    size_t at = mdm_piece(n, pieces, i), rows = mdm_piece(n, pieces, i + 1) - at;
    for (size_t j = 0; j < BLOCK; j++) memset(Y + n * j + at, 0, rows * sizeof *Y);
    for (size_t t = 0; t < p->P; t++) {
      uint64_t word = words[t];
      for (size_t z = 0; z < SIGNS; z++, word >>= 7) X(add)(rows, word & 64 ? -1 : 1, v + ld * t + at, Y + n * (word % BLOCK) + at);
    }
  }
  free(words);
  return MDM_OK;
}

/* Y (n × *b) ← Y V D^−1/2 with YᵀY/n = V D Vᵀ, without the columns whose eigenvalue is below `least` of the largest (or of 1, if that is larger
 * and `unit` is set); *b: those that stay. Stathopoulos & Wu 2002, SIAM J. Sci. Comput. 23, 2165. gram: BLOCK × BLOCK; copy: n × BLOCK. */
static int orthonormalize(size_t n, real *Y, size_t *b, double least, int unit, real *gram, real *copy, mdm_error *err) {
  real w[BLOCK];
  size_t count = *b, first = 0, rows = mdm_rows(n);
  int status = X(parallel_gram)(n, count, 1.0 / (double)n, Y, rows, 0, gram, err);
  if (status) return status;
  const char *why = X(mdm_eigen)(count, gram, w);
  if (why) return mdm_fail(err, MDM_ERR_NUMERIC, "new directions of a field of %zu particles and %zu sketched columns: %s", n, count, why);
  double largest = (double)w[count - 1], bound = least * (unit && largest < 1 ? 1 : largest);
  while (first < count && !((double)w[first] > bound && w[first] > 0)) first++;
  for (size_t c = first; c < count; c++) X(scale)(count, (real)(1 / sqrt((double)w[c])), gram + count * c);
  X(parallel_copy)(rows * count, Y, copy);
  *b = count - first;
  if (*b) X(parallel_combine)(n, count, *b, 1, copy, rows, gram + count * first, count, 0, 0, Y, rows);
  return MDM_OK;
}

/* Y (n × b) less its parts along U and Q. */
static int project(const X(sketch) *s, size_t k, const real *U, size_t b, real *Y, real **work, size_t *size, mdm_error *err) {
  int status = X(project_out)(s->n, 1, k, U, b, Y, work, size, err);
  return status ? status : X(project_out)(s->n, 1, s->l, s->Q, b, Y, work, size, err);
}

/* Largest eigenvalue of Bᵀ B for the last b columns. gram: BLOCK × BLOCK. */
static int largest_of(const X(sketch) *s, size_t b, real *gram, double *most, mdm_error *err) {
  real w[BLOCK];
  int status = X(parallel_gram)(s->P, b, 1, s->B + s->P * (s->l - b), s->P, 0, gram, err);
  if (status) return status;
  const char *why = X(mdm_eigen)(b, gram, w);
  if (why) return mdm_fail(err, MDM_ERR_NUMERIC, "new directions of a field of %zu particles: coordinates of %zu: %s", s->n, b, why);
  *most = (double)w[b - 1];
  return MDM_OK;
}

static int make_room(X(sketch) *s, mdm_error *err) {
  if (mdm_grow_columns((void **)&s->Q, mdm_rows(s->n), sizeof(real), s->l, s->l + BLOCK, &s->capacity[0]) ||
      mdm_grow_columns((void **)&s->B, s->P, sizeof(real), s->l, s->l + BLOCK, &s->capacity[1]))
    return mdm_no_memory(err, "a sketch of %zu samples and %zu particles", s->P, s->n);
  return MDM_OK;
}

/* One block more. *left: no eigenvalue of the residual before it was larger; 0 where nothing was left. room: BLOCK × (BLOCK + rows). */
static int add_block(X(sketch) *s, const X(field) *p, size_t k, const real *U, real *room, double *left, mdm_error *err) {
  size_t n = s->n, rows = mdm_rows(n), b = BLOCK, size = 0;
  real *work = NULL, *gram = room, *copy = room + BLOCK * BLOCK;
  double most = 0, trace = 0;
  int status = make_room(s, err);
  real *Y = s->Q ? s->Q + rows * s->l : NULL, *coordinates = s->B ? s->B + s->P * s->l : NULL;
  if (!status) status = random_combinations(p, k + s->l, Y, err);
  for (int pass = 0; pass < 2 && b && !status; pass++) { /* twice: what the first pass leaves may be small beside what it took */
    status = project(s, k, U, b, Y, &work, &size, err);
    if (!pass && !status) trace = X(parallel_products)(n, b, Y, Y, rows) / (SIGNS * (double)n);
    if (!status) status = orthonormalize(n, Y, &b, pass ? NEW : SMALL, pass, gram, copy, err);
  }
  free(work);
  if (status) return status;
  if (b) status = X(parallel_inner)(n, s->P, b, 1.0 / (double)n, X(field_rows)(p, p->v), X(field_ld)(p), Y, rows, 0, coordinates, s->P, err);
  s->l += b;
  if (b && !status) status = largest_of(s, b, gram, &most, err);
  *left = b ? (most + sqrt(most * most + 4 * SAFETY * most * trace / (double)b)) / 2 : 0;
  return status;
}

/* ---------------------------------------------------------------- all of them */

/* V: eigenvectors of Bᵀ B; leading: those whose eigenvalue exceeds the threshold. In double precision, as it spans squares of 1/tolerance. */
static int diagonalize(X(sketch) *s, double threshold, mdm_error *err) {
  size_t l = s->l;
  double *B = X(doubles)(s->P * l, s->B), *second = mdm_alloc(l, l, 1, sizeof *second), *w = mdm_alloc(l, 1, 1, sizeof *w); /* P × l, l × l, l */
  const char *why = "memory is out";
  s->V = mdm_alloc(l, l, 1, sizeof *s->V);
  if (B && second && w && s->V) {
    cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, (int)l, (int)s->P, 1, B, (int)s->P, 0, second, (int)l);
    why = mdm_eigen_f64(l, second, w);
  }
  for (size_t e = 0; e < l * l && !why; e++) s->V[e] = (real)second[e];
  while (s->leading < l && !why && w[l - 1 - s->leading] > threshold) s->leading++;
  free(B);
  free(second);
  free(w);
  return why ? mdm_fail(err, MDM_ERR_NUMERIC, "new directions of a field of %zu particles: the eigensolver failed on %zu sketched directions: %s", s->n, l, why)
             : MDM_OK;
}

int X(sketch_field)(X(sketch) *s, const X(field) *p, size_t k, const real *U, double threshold, int *enough, mdm_error *err) {
  size_t most = (p->P < p->n - k ? p->P : p->n - k) / 2;
  double left = INFINITY;
  *s = (X(sketch)){.n = p->n, .P = p->P};
  *enough = 1;
  real *room = mdm_alloc(BLOCK, BLOCK + mdm_rows(p->n), 1, sizeof *room); /* BLOCK × (BLOCK + rows) */
  int status = room ? MDM_OK : mdm_no_memory(err, "a sketch of %zu particles", p->n);
  while (!status && left > LEFT * threshold && (*enough = s->l + BLOCK <= most)) status = add_block(s, p, k, U, room, &left, err);
  free(room);
  if (status || !*enough || !s->l) return status;
  return diagonalize(s, threshold - left, err);
}
