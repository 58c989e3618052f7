/* Populations with moment matching. */
#include "realization/particles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "base/share.h"
#include "kernels/products.h"
#include "realization/gram.h"
#include "realization/groups.h"
#include "realization/parallel.h"

int X(reserve)(real **buffer, size_t *size, size_t a, size_t b, mdm_error *err) {
  if (*buffer && a * b <= *size) return MDM_OK;
  free(*buffer);
  *size = a * b * 5 / 4;
  *buffer = mdm_alloc(*size, 1, 1, sizeof **buffer);
  if (*buffer) return MDM_OK;
  *size = 0;
  return mdm_no_memory(err, "%zu × %zu numbers", a, b);
}

void X(normals)(mdm_stream key, size_t column, size_t n, real *out) { X(normal_columns)(key, column, n, 1, out); }

void X(normal_columns)(mdm_stream key, size_t first, size_t n, size_t count, real *out) {
  enum { BATCH = 4 * MDM_NORMALS_BATCH };
  mdm_held held = mdm_held_of(n);
  size_t rows = held.count, pieces = (rows + MDM_ENTRIES - 1) / MDM_ENTRIES; /* of MDM_ENTRIES, a multiple of the batch */
  size_t behind = key.half ? (n + 3) / 4 * 4 : 0;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(50.0 * (double)n * (double)count))
  for (size_t i = 0; i < pieces * count; i++) {
    size_t column = i / pieces, at = i % pieces * MDM_ENTRIES, end = rows - at < MDM_ENTRIES ? rows : at + MDM_ENTRIES;
    double draw[BATCH];
    for (; at < end; at += BATCH) {
      size_t some = end - at < BATCH ? end - at : BATCH;
      mdm_normals_from(key, first + column, behind + held.first + at, some, draw);
      for (size_t k = 0; k < some; k++) out[rows * column + at + k] = (real)draw[k];
    }
  }
}

/* ---------------------------------------------------------------- products over particles */

int X(project_out)(size_t n, size_t groups, size_t k, const real *Q, size_t b, real *B, real **work, size_t *size, mdm_error *err) {
  int status = X(reserve)(work, size, groups * k, b, err); /* groups of k × b */
  size_t rows = mdm_rows(n);
  if (!status) status = X(group_inner)(n, groups, k, b, (double)groups / (double)n, Q, rows, B, rows, *work, err);
  if (!status) X(group_combine)(n, groups, k, b, -1, Q, rows, *work, 1, B, rows);
  return status;
}

enum { SOME = 16 }; /* columns that are whitened without BLAS's triangular solver, which is slow for few */

/* out (n × count, leading dimension ld) ← out inverse (count × count), by copies of some rows at a time: the last piece of a population is longer
 * than the others (share.h). */
static void times_small(size_t n, size_t ld, size_t count, const real *inverse, real *out) {
  real copy[MDM_PARTICLES * SOME]; /* rows × count */
  for (size_t at = 0, rows; at < n; at += rows) {
    rows = n - at < MDM_PARTICLES ? n - at : MDM_PARTICLES;
    for (size_t c = 0; c < count; c++) memcpy(copy + rows * c, out + at + ld * c, rows * sizeof *copy);
    X(combine)(rows, count, count, 1, copy, rows, inverse, count, 0, 0, out + at, ld);
  }
}

/* inverse (SOME × SOME at most) = L⁻ᵀ of few columns. */
static void invert_small(size_t count, const real *L, real *inverse) {
  if (count > SOME) return;
  memset(inverse, 0, count * count * sizeof *inverse);
  for (size_t c = 0; c < count; c++) inverse[c + count * c] = 1;
  BLAS(trsm)(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, count, count, 1, L, count, inverse, count);
}

/* Some rows of out ← out L⁻ᵀ. */
static void solve_rows(size_t rows, size_t ld, size_t count, const real *L, const real *inverse, real *out) {
  if (count <= SOME) times_small(rows, ld, count, inverse, out);
  else BLAS(trsm)(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rows, count, 1, L, count, out, ld);
}

/* out (mdm_rows(n) × count, leading dimension ld) ← out L⁻ᵀ. */
static void solve_right(size_t n, size_t ld, size_t count, const real *L, real *out) {
  real inverse[SOME * SOME]; /* count × count */
  const mdm_cuts cuts = mdm_cut_rows(n, MDM_PARTICLES);
  invert_small(count, L, inverse);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares((double)n * (double)count * (double)count))
  for (size_t i = 0; i < cuts.pieces; i++) {
    size_t at = mdm_cut_at(&cuts, i);
    solve_rows(mdm_cut_at(&cuts, i + 1) - at, ld, count, L, inverse, out + at);
  }
}

/* The same in every group of a large population; L: groups of count × count. */
static void solve_groups(size_t n, size_t groups, size_t count, const real *L, real *out) {
  const mdm_held h = mdm_held_of(n);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares((double)n * (double)count * (double)count))
  for (size_t i = 0; i < mdm_group_pieces(&h); i++)
    for (mdm_group_rows r = {.at = i * MDM_PARTICLES}; mdm_next_group_rows(&h, n / groups, mdm_group_piece_end(&h, i), &r);) {
      const real *own = L + count * count * r.group;
      real inverse[SOME * SOME]; /* count × count */
      invert_small(count, own, inverse);
      solve_rows(r.count, h.count, count, own, inverse, out + r.at);
    }
}

int X(whiten)(const X(population) *pop, size_t groups, size_t count, real *out, mdm_error *err) {
  size_t size = 0, n = pop->n, own = n / groups, rows = mdm_rows(n);
  real *gram = NULL; /* groups of count × count */
  int status = X(reserve)(&gram, &size, groups * count, count, err), cut = groups > 1 && mdm_is_large(n);
  if (!status) status = X(group_gram)(n, groups, count, 1.0 / (double)own, out, rows, gram, err);
  for (size_t g = 0; g < groups && !status; g++) {
    const char *why = X(mdm_cholesky)(count, gram + count * count * g);
    if (why)
      status = mdm_fail(err, MDM_ERR_NUMERIC, "%zu fresh directions do not fit in %zu %s particles (%s); raise solve.particles", count, own, pop->name, why);
    else if (!cut)
      solve_right(own, rows, count, gram + count * count * g, out + own * g);
  }
  if (!status && cut) solve_groups(n, groups, count, gram, out);
  free(gram);
  return status;
}

/* ---------------------------------------------------------------- populations */

int X(population_init)(X(population) *pop, const char *name, size_t n, mdm_error *err) {
  *pop = (X(population)){.name = name, .n = n, .groups = 1};
  size_t rows = mdm_rows(n);
  if (mdm_grow_columns((void **)&pop->seen, rows, sizeof(real), 0, 1, &pop->capacity))
    return mdm_no_memory(err, "%zu %s particles; lower solve.particles", n, name);
  for (size_t i = 0; i < rows; i++) pop->seen[i] = 1;
  pop->k = 1;
  return MDM_OK;
}

int X(population_copy)(X(population) *to, const X(population) *from, mdm_error *err) {
  size_t rows = mdm_rows(to->n);
  if (mdm_grow_columns((void **)&to->seen, rows, sizeof(real), to->k, from->k, &to->capacity))
    return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %zu directions of %zu %s particles", from->k, to->n, to->name);
  memcpy(to->seen, from->seen, rows * from->k * sizeof *to->seen);
  to->k = from->k;
  return MDM_OK;
}

void X(population_clear)(X(population) *pop) {
  free(pop->seen);
  free(pop->work);
  free(pop->norms);
  free(pop->kept);
  *pop = (X(population)){0};
}

/* Room for `more` columns behind those seen and pending. */
static int make_room(X(population) *pop, size_t more, mdm_error *err) {
  size_t used = pop->k + pop->pending;
  if (!mdm_grow_columns((void **)&pop->seen, mdm_rows(pop->n), sizeof(real), used, used + more, &pop->capacity)) return MDM_OK;
  return mdm_no_memory(err, "%zu directions of %zu %s particles", used + more, pop->n, pop->name);
}

int X(population_note)(X(population) *pop, size_t count, const real *columns, mdm_error *err) {
  if (pop->exact || !count) return MDM_OK;
  int status = make_room(pop, count, err);
  if (status) return status;
  size_t rows = mdm_rows(pop->n);
  X(parallel_copy)(rows * count, columns, pop->seen + rows * (pop->k + pop->pending));
  pop->pending += count;
  return MDM_OK;
}

/* Columns that are orthonormal to those seen become seen, if there is room: beyond a quarter of a group no more are remembered, as matching
 * ever more moments would leave the draws too little freedom. */
static void remember(X(population) *pop, size_t count, const real *columns) {
  size_t rows = mdm_rows(pop->n);
  real *to = pop->seen + rows * pop->k;
  if (pop->k + count > pop->n / pop->groups / 4) {
    pop->unmatched += count;
    return;
  }
  if (to != columns) memmove(to, columns, rows * count * sizeof *to);
  pop->k += count;
}

/* Scales what a projection left of a column to unit second moment in every group and remembers it, unless hardly anything is left. before: groups,
 * the norms it had; room: groups. */
static int remember_rest(X(population) *pop, const real *before, real *room, real *rest, mdm_error *err) {
  size_t own = pop->n / pop->groups, left = 0;
  int status = X(group_norms)(pop->n, pop->groups, 1, rest, room, err);
  for (size_t g = 0; g < pop->groups && !status; g++) {
    int nothing = room[g] < (real)1e-2 * before[g] || room[g] == 0;
    room[g] = nothing ? 0 : (real)sqrt((double)own) / room[g];
    left += !nothing;
  }
  if (!status) X(group_scale)(pop->n, pop->groups, 1, room, rest);
  if (left) remember(pop, 1, rest);
  return status;
}

/* Columns that were noted become seen, and `count` columns behind them are made orthogonal to all. What was seen before is passed once for
 * both; then the new ones among themselves. */
static int settle(X(population) *pop, size_t count, mdm_error *err) {
  size_t n = pop->n, rows = mdm_rows(n), old = pop->k, noted = pop->pending;
  real *columns = pop->seen + rows * old; /* n × (noted + count) */
  int status = X(reserve)(&pop->norms, &pop->norms_size, noted + 1, pop->groups, err);
  if (!status) status = X(group_norms)(n, pop->groups, noted, columns, pop->norms, err);
  if (!status) status = X(project_out)(n, pop->groups, old, pop->seen, noted + count, columns, &pop->work, &pop->work_size, err);
  for (size_t c = 0; c < noted && !status; c++) {
    status = X(project_out)(n, pop->groups, pop->k - old, pop->seen + rows * old, 1, columns + rows * c, &pop->work, &pop->work_size, err);
    if (!status) status = remember_rest(pop, pop->norms + pop->groups * c, pop->norms + pop->groups * noted, columns + rows * c, err);
  }
  if (!status) status = X(project_out)(n, pop->groups, pop->k - old, pop->seen + rows * old, count, columns + rows * noted, &pop->work, &pop->work_size, err);
  return status;
}

/* Groups whose second moments can be matched for so many columns more: the population's own, or, where they are too small, one: such columns are too many to be
 * remembered, too, and count as unmatched. */
static size_t groups_for(const X(population) *pop, size_t count) { return pop->k + count > pop->n / pop->groups / 2 + 1 ? 1 : pop->groups; }

int X(population_fresh)(X(population) *pop, mdm_stream key, size_t first, size_t count, real *out, mdm_error *err) {
  size_t n = pop->n, rows = mdm_rows(n), noted = pop->pending, old = pop->k;
  int status = make_room(pop, count, err);
  if (status) return status;
  real *draws = pop->seen + rows * (old + noted); /* n × count */
  X(normal_columns)(key, first, n, count, draws);
  status = settle(pop, count, err);
  if (status) return status;
  pop->pending = 0;
  const char *also = strncmp(pop->name, "head", 4) ? "" : pop->groups > 1 ? " (solve.neuron_particles)" : " (solve.head_particles)";
  if (pop->k + count > n / 2 + 1)
    return mdm_fail(err, MDM_ERR_NUMERIC, "%zu directions are too many for %zu %s particles; raise solve.particles%s or solve.tolerance",
                    pop->k + count, n, pop->name, also);
  status = X(whiten)(pop, groups_for(pop, count), count, draws, err);
  if (status) return status;
  X(parallel_copy)(rows * count, draws, out);
  remember(pop, count, draws);
  return MDM_OK;
}

int X(population_mark)(X(population) *pop, mdm_error *err) {
  size_t rows = mdm_rows(pop->n), numbers = rows * pop->pending;
  int status = X(reserve)(&pop->kept, &pop->kept_size, rows, pop->pending, err);
  if (status) return status;
  if (numbers) memcpy(pop->kept, pop->seen + rows * pop->k, numbers * sizeof *pop->kept);
  const size_t marked[] = {pop->k, pop->pending, pop->unmatched};
  memcpy(pop->marked, marked, sizeof marked);
  return MDM_OK;
}

void X(population_rewind)(X(population) *pop) {
  pop->k = pop->marked[0];
  pop->pending = pop->marked[1];
  pop->unmatched = pop->marked[2];
  size_t rows = mdm_rows(pop->n);
  if (pop->pending) memcpy(pop->seen + rows * pop->k, pop->kept, rows * pop->pending * sizeof *pop->seen);
}

void X(population_walk)(X(population) *pop, mdm_state *s) {
  mdm_state_count(s, "seen", &pop->k);
  mdm_state_count(s, "pending", &pop->pending);
  mdm_state_count(s, "unmatched", &pop->unmatched);
  mdm_state_count(s, "most unmatched", &pop->most_unmatched);
  mdm_state_bound(s, "seen", pop->k, pop->n);
  mdm_state_bound(s, "pending", pop->pending, s->loads ? s->left : pop->pending);
  mdm_state_columns(s, "columns", (void **)&pop->seen, pop->n, pop->k + pop->pending, sizeof(real), &pop->capacity);
}

int X(population_columns)(X(population) *pop, mdm_stream key, int rows, double variance, size_t first, size_t count, real *out, mdm_error *err) {
  key.purpose += rows ? MDM_DRAW_ROWS : MDM_DRAW_COLS;
  int status = X(population_fresh)(pop, key, first, count, out, err);
  if (!status) X(scale)(mdm_rows(pop->n) * count, (real)sqrt(variance), out);
  return status;
}
