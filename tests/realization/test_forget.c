/* Forgetting: what stays of a matrix when directions go. */
#include "realization/forget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/bench.h"
#include "support/suite.h"

enum { STREAM = 240, EXPERTS = 60, BOUND = 5, STEPS = 3 };
static const double RATE = 0.7, CLOSE = 1e-10;

/* A U (side: columns) or Aᵀ Ũ (rows) for count columns on the population, in every group; out: other side's n × count. */
static real *applied(X(thin) *A, mdm_side side, size_t count, const real *columns) {
  static unsigned long id = 1000000;
  const X(thin_side) *from = &A->side[side], *to = &A->side[!side];
  X(field) in = {.n = from->n, .P = count, .v = calloc(from->n * count, sizeof(real)), .id = ++id}, out = {.n = to->n, .P = count, .v = calloc(to->n * count, sizeof(real))};
  mdm_error err = {0};
  X(spread_over_groups)(from->groups, from->pop->n, count, columns, 0, in.v);
  int status = side == MDM_COLS ? A->base.ops->forward(&A->base, &in, NULL, &out, &err) : A->base.ops->backward(&A->base, &in, NULL, 0, &out, &err);
  CU_ASSERT_EQUAL(status, MDM_OK);
  free(in.v);
  return out.v;
}

/* The momentum as if it were the matrix. */
static void exchange(X(thin) *A) {
  for (int s = 0; s < 2; s++) {
    real *all = A->side[s].all;
    A->side[s].all = A->side[s].momentum;
    A->side[s].momentum = all;
  }
}

/* What a matrix did to a basis before a cut. */
typedef struct {
  real *U, *image; /* n × k, other n × k */
  size_t k;
} before;

static before look(X(thin) *A, mdm_side side) {
  const X(basis) *b = A->side[side].basis;
  before found = {malloc(b->n * b->k * sizeof(real)), applied(A, side, b->k, b->U), b->k};
  memcpy(found.U, b->U, b->n * b->k * sizeof(real));
  return found;
}

/* Whether it does the same to the directions that are left, combinations Uᵀ U'/n of those before. */
static void still_does(X(thin) *A, mdm_side side, before *was) {
  const X(basis) *b = A->side[side].basis;
  size_t n = A->side[!side].n, k = b->k;
  real *R = calloc(was->k * k, sizeof *R), *want = calloc(n * k, sizeof *want), *now = applied(A, side, k, b->U); /* was->k × k, n × k, n × k */
  double gap = 0, size = 0;
  CU_ASSERT_EQUAL(k, b->bound);
  CU_ASSERT(was->k > k);
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, was->k, k, b->n, 1 / (real)b->n, was->U, b->n, b->U, b->n, 0, R, was->k);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, k, was->k, 1, was->image, n, R, was->k, 0, want, n);
  for (size_t e = 0; e < n * k; e++) {
    gap = fmax(gap, fabs(now[e] - want[e]));
    size = fmax(size, fabs(want[e]));
  }
  CU_ASSERT(size > 0.01);
  CU_ASSERT(gap < CLOSE * fmax(1, size));
  free(R);
  free(want);
  free(now);
  free(was->U);
  free(was->image);
}

/* A limit that has trained until fields have more directions than the bound. */
static void trained(bench *b, const char *settings, int tied) {
  mdm_error err = {0};
  bench_open(b, settings);
  bench_limit(b, STREAM, EXPERTS, tied ? 40 : 0, 1e-3);
  X(limit_spans)(b->R, BOUND, 0);
  ((X(thin) *)b->R->matrix[0][MDM_W2])->side[MDM_ROWS].basis->bound = 1; /* δ visits few directions */
  for (size_t t = 0; t < STEPS; t++) {
    const mdm_step step = {.by = &b->problem->optimizer, .rate = RATE, .clip = 1, .t = t};
    bench_pass(b);
    CU_ASSERT_FATAL(!X(moe_step)(b->program, &step, b->x, b->e, &err));
  }
}

/* All matrices of a configuration, both ways; momentum: that of what they keep of earlier steps. */
static void products_stay_after(const char *settings, int tied, int momentum) {
  static const mdm_tensor tensors[] = {MDM_Q, MDM_W1, MDM_W2};
  bench b;
  X(thin) *A[3];
  before was[3][2];
  mdm_error err = {0};
  trained(&b, settings, tied);
  for (size_t i = 0; i < COUNT(tensors); i++) {
    A[i] = (X(thin) *)b.R->matrix[0][tensors[i]];
    if (momentum) exchange(A[i]);
    for (int s = 0; s < 2; s++) was[i][s] = look(A[i], s);
    if (momentum) exchange(A[i]);
  }
  CU_ASSERT_EQUAL_FATAL(b.R->stepped(b.R, &err), MDM_OK);
  for (size_t i = 0; i < COUNT(tensors); i++) {
    if (momentum) exchange(A[i]);
    for (int s = 0; s < 2; s++) still_does(A[i], s, &was[i][s]);
    CU_ASSERT(A[i]->side[0].basis->overlap < CLOSE && A[i]->side[1].basis->overlap < CLOSE);
  }
  for (size_t i = 0; i < COUNT(tensors) && momentum; i++) exchange(A[i]);
  bench_close(&b);
}

static void products_stay(void) {
  products_stay_after("", 0, 0);
  products_stay_after("train.weight_decay=0.2", 0, 0);
  products_stay_after("model.regime=III", 1, 0);
  products_stay_after("train.optimizer=momentum train.weight_decay=0.2", 0, 0);
  products_stay_after("train.optimizer=momentum train.weight_decay=0.2", 0, 1);
  products_stay_after("train.optimizer=momentum model.regime=III", 1, 1);
}

/* Whether `columns` (n × count) lie in what a population remembers, but for parts of the amplitude 0.02. */
static void remembers(const X(population) *pop, size_t count, const real *columns) {
  size_t n = pop->n, size = 0;
  real *rest = malloc(n * count * sizeof *rest), *work = NULL;
  mdm_error err = {0};
  memcpy(rest, columns, n * count * sizeof *rest);
  CU_ASSERT_FATAL(!X(project_out)(n, 1, pop->k, pop->seen, count, rest, &work, &size, &err));
  for (size_t c = 0; c < count; c++) CU_ASSERT(BLAS(nrm2)((int)n, rest + n * c, 1) <= 0.02 * BLAS(nrm2)((int)n, columns + n * c, 1));
  free(rest);
  free(work);
}

/* A memory that starts anew is orthonormal, spans what it is given as far as there is room, and keeps what was there before training. */
static void memory_spans(void) {
  enum { N = 200, COUNT_OF = 12 };
  X(population) pop;
  mdm_error err = {0};
  real *columns = malloc(N * COUNT_OF * sizeof *columns), drawn[N];
  CU_ASSERT_FATAL(!X(population_init)(&pop, "stream", N, &err) && !X(population_fresh)(&pop, (mdm_stream){.seed = 1}, 0, 1, drawn, &err));
  X(normal_columns)((mdm_stream){.seed = 2}, 0, N, COUNT_OF, columns);
  for (size_t i = 0; i < N; i++) columns[N * 3 + i] = 5 * columns[i] - 1e-6 * columns[N + i], columns[N * 4 + i] = 0; /* nothing new */
  CU_ASSERT_FATAL(!X(population_note)(&pop, 5, columns + N * 5, &err));
  X(population_restart)(&pop, 2);
  CU_ASSERT_FATAL(!X(population_span)(&pop, 50, N, COUNT_OF, columns, &err));
  CU_ASSERT_EQUAL(pop.k, 2 + COUNT_OF - 2);
  remembers(&pop, 1, drawn);
  remembers(&pop, COUNT_OF, columns);
  for (size_t i = 0; i < pop.k; i++)
    for (size_t j = 0; j <= i; j++) CU_ASSERT(fabs(BLAS(dot)(N, pop.seen + N * i, 1, pop.seen + N * j, 1) / N - (i == j)) < CLOSE);
  X(population_restart)(&pop, 2);
  CU_ASSERT_FATAL(!X(population_span)(&pop, 6, N, COUNT_OF, columns, &err));
  CU_ASSERT(pop.k <= 6);
  X(population_clear)(&pop);
  free(columns);
}

static const test_case tests[] = {
    {"products between what is kept stay, both ways", products_stay},
    {"a memory that starts anew spans what lives", memory_spans},
};

SUITE("realization/forget", tests)
