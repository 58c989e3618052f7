/* Products of one matrix under given order parameters: Gaussian part apart, they are sums over the fields of earlier steps, written down. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "problem/orders.h"
#include "realization/realization.h"
#include "support/suite.h"

enum { STREAM = 60, EXPERTS = 12, NEURONS = 4, ROWS = EXPERTS * NEURONS, TOKENS = 2, TIMES = 3, ALL = TIMES * TOKENS };
static const double RATE = 0.4, TAU = 1.7, LEARN = 0.6;

/* One sweep of W1: the state, the realization, and the fields that its matrix was given. */
typedef struct {
  mdm_layout l;
  mdm_given g;
  double *x;
  X(realization) *R;
  double p[STREAM * ALL], q[ROWS * ALL];     /* fields of all times */
  double chi[ROWS * ALL], zeta[STREAM * ALL]; /* their products */
} sweep;

/* Kernels of fields in as many dimensions as there are times and tokens: every token brings a direction. */
static double kernel(size_t which, size_t t, size_t s) {
  double sum = 0;
  for (size_t i = 0; i < ALL; i++) {
    double a = sin(1.3 * (double)i + 2.1 * (double)t + 0.7 * (double)(i * t) + (double)which), b = sin(1.3 * (double)i + 2.1 * (double)s + 0.7 * (double)(i * s) + (double)which);
    sum += a * b;
  }
  return sum;
}

/* Response of side's field at index t (time and token) to the noise of index s; `rows` feel their own time. */
static double response(int side, size_t t, size_t s) {
  size_t reach = t / TOKENS + (side == MDM_SIDE_ROWS);
  return s / TOKENS < reach ? cos(0.4 * (double)(t * t) + 1.1 * (double)s + side) : 0;
}

static void open_sweep(sweep *w, int responds, double learn) {
  mdm_problem problem = {.steps = TIMES - 1, .batch = TOKENS, .model = {.outputs = 1}};
  mdm_coefficients coef[MDM_TENSORS] = {[MDM_W1] = {.Vf = 0.8, .Vb = 1.3, .tau = TAU, .learn = learn, .decay = 1}, [MDM_Q] = {.tau = 1}, [MDM_W2] = {.tau = 1}};
  const mdm_shape shape = {.stream = STREAM, .experts = EXPERTS, .neurons = NEURONS, .neuron_weight = 1, .blocks = 1};
  mdm_error err = {0};
  CU_ASSERT_FATAL(!mdm_layout_init(&w->l, &problem, coef, 0, &err));
  w->x = calloc(w->l.size, sizeof *w->x);
  for (size_t b = 0; b < w->l.orders; b++) {
    const mdm_order *o = &w->l.order[b];
    for (size_t e = 0; e < o->count && o->kind == MDM_KIND_KERNEL; e++) w->x[o->at + e] = kernel((size_t)o->kernel, e / ALL, e % ALL);
    for (size_t e = 0; e < o->count && o->kind == MDM_KIND_ACTION && responds; e++) w->x[o->at + e] = response(o->side, e / ALL, e % ALL);
  }
  CU_ASSERT_EQUAL_FATAL(mdm_given_create(&w->g, &w->l, w->x, 1e-8, 1, &err), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(X(given_create)(&shape, coef, &w->g, 7, 0, &w->R, &err), MDM_OK);
}

static void close_sweep(sweep *w) {
  w->R->free(w->R);
  mdm_given_clear(&w->g);
  mdm_layout_clear(&w->l);
  free(w->x);
}

/* Forward, backward and step at all times, with fields that are the same for every sweep. */
static void run_sweep(sweep *w, const mdm_optimizer *by) {
  X(matrix) *A = w->R->matrix[0][MDM_W1];
  mdm_error err = {0};
  for (size_t i = 0; i < STREAM * ALL; i++) w->p[i] = sin(12.9 * (double)i + 0.3 * (double)(i * i % 31));
  for (size_t i = 0; i < ROWS * ALL; i++) w->q[i] = cos(7.7 * (double)i + 0.2 * (double)(i * i % 29));
  for (size_t t = 0; t < TIMES; t++) {
    X(field) p = {.n = STREAM, .P = TOKENS, .v = w->p + STREAM * TOKENS * t, .id = 2 * t + 1}, q = {.n = ROWS, .P = TOKENS, .v = w->q + ROWS * TOKENS * t, .id = 2 * t + 2};
    X(field) chi = {.n = ROWS, .P = TOKENS, .v = w->chi + ROWS * TOKENS * t}, zeta = {.n = STREAM, .P = TOKENS, .v = w->zeta + STREAM * TOKENS * t};
    CU_ASSERT_EQUAL(A->ops->forward(A, &p, NULL, &chi, &err), MDM_OK);
    CU_ASSERT_EQUAL(A->ops->backward(A, &q, NULL, 0, &zeta, &err), MDM_OK);
    if (t + 1 < TIMES) CU_ASSERT_EQUAL(A->ops->step(A, &(mdm_step){.by = by, .rate = RATE, .clip = 1, .t = t}, &p, &q, NULL, &err), MDM_OK);
  }
}

/* What steps 0 … t − 1 leave of a number that is 1 at first (from < 0), or to which step `from` adds −rate. */
static double left(const mdm_optimizer *by, long from, size_t t) {
  double a = from < 0, b = 0;
  for (long s = 0; s < (long)t; s++) {
    b = by->momentum * b + by->decay * a + (s == from);
    if (by->momentum == 0) b = by->decay * a + (s == from);
    a -= RATE * b;
  }
  return a;
}

/* What a product has beside its Gaussian part: side ROWS of χ, made of q and driven by p; COLS of ζ. */
static double expected(const mdm_optimizer *by, int side, const double *own, size_t n, size_t particle, size_t t) {
  double sum = 0, scale = left(by, -1, t / TOKENS), factor = side == MDM_SIDE_ROWS ? 1 / TAU : TAU, learn = LEARN * (side == MDM_SIDE_ROWS ? 1 : TAU);
  for (size_t s = 0; s < ALL; s++) {
    sum += factor * scale * response(!side, t, s) * own[particle + n * s]; /* the other side's field responds */
    if (s / TOKENS < t / TOKENS) sum += learn * left(by, (long)(s / TOKENS), t / TOKENS) * kernel(side == MDM_SIDE_ROWS ? MDM_ORDER_H : MDM_ORDER_GAMMA, s, t) * own[particle + n * s];
  }
  return sum;
}

static void products_are_sums_over_the_past(void) {
  static const mdm_optimizer optimizers[] = {{0}, {.decay = 0.5}, {.decay = 0.5, .momentum = 0.7}};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    static sweep whole, bare; /* bare: nothing responds, nothing learns; decay shrinks its Gaussian part as well */
    double gaussian = 0;
    open_sweep(&whole, 1, LEARN), run_sweep(&whole, &optimizers[k]);
    open_sweep(&bare, 0, 0), run_sweep(&bare, &optimizers[k]);
    for (size_t t = 0; t < ALL; t++) {
      for (size_t i = 0; i < ROWS; i++)
        CU_ASSERT_DOUBLE_EQUAL(whole.chi[i + ROWS * t] - bare.chi[i + ROWS * t], expected(&optimizers[k], MDM_SIDE_ROWS, whole.q, ROWS, i, t), 1e-7);
      for (size_t i = 0; i < STREAM; i++)
        CU_ASSERT_DOUBLE_EQUAL(whole.zeta[i + STREAM * t] - bare.zeta[i + STREAM * t], expected(&optimizers[k], MDM_SIDE_COLS, whole.p, STREAM, i, t), 1e-7);
    }
    for (size_t i = 0; i < ROWS; i++) gaussian += fabs(bare.chi[i]);
    CU_ASSERT(gaussian > 1);
    close_sweep(&whole), close_sweep(&bare);
  }
}

static const test_case tests[] = {
    {"products are sums over the past", products_are_sums_over_the_past},
};

SUITE("realization/given", tests)
