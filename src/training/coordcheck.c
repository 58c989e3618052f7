/* The refined coordinate check: initial, propagating, effective and cross parts of every product (src/scaling/parts.h).
 *
 * Four products give all parts: with the matrix as it is (A) and as it was drawn (A₀), each of the input now (p) and of the
 * input at time 0 (p₀). The split is that of natural units, χ = A p / cols and ζ = τ Aᵀ q / rows; under top-K routing all
 * experts are computed, whether or not they serve the sample. W_in and v, which the program itself keeps, are split in the same way.
 */
#include "training/coordcheck.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "scaling/parts.h"

/* Values of one product, each n × P: A p, A₀ p, A p₀, A₀ p₀. */
enum { NOW_NOW, DRAWN_NOW, NOW_START, DRAWN_START, CORNERS };

/* Inputs of the matrices: what drives a product. */
static const struct {
  mdm_split split;
  mdm_field input;
} products[] = {{MDM_SPLIT_PSI, MDM_H},   {MDM_SPLIT_U, MDM_H},    {MDM_SPLIT_A, MDM_Y},
                {MDM_SPLIT_B, MDM_DELTA}, {MDM_SPLIT_RQ, MDM_RHO}, {MDM_SPLIT_R1, MDM_GAMMA}};
enum { PRODUCTS = sizeof products / sizeof *products };

struct X(parts) {
  const mdm_problem *problem;
  X(realization) *R;
  size_t S, P, C, inputs;                       /* stream, batch, outputs, length of an input */
  real *w_in, *v;                               /* stream × inputs, stream × outputs: as drawn */
  real *e;                                      /* outputs × P: at time 0 */
  X(field) start[MDM_FIELDS];                   /* fields at time 0 that drive a matrix, or feed the readout */
  real *corner[CORNERS];                        /* largest population × P */
  real *sum[CORNERS];                           /* stream × P: Qᵀ ρ, until W1ᵀ γ is added */
  double *value[MDM_SPLITS][MDM_PARTS_COUNT];   /* times */
};

/* ---------------------------------------------------------------- life and death */

static int add_split(X(parts) *s, mdm_split split, mdm_record *record, mdm_error *err) {
  static const char *const texts[MDM_PARTS_COUNT] = {
      "RMS of A0 p0, the product as it was at time 0",
      "RMS of A0 (p - p0): the initial matrix on the change of its input",
      "RMS of (A - A0) p0: the change of the matrix on its initial input",
      "RMS of (A - A0) (p - p0)",
      "RMS of (A - A0) p: effective and cross part",
      "RMS of A p - A0 p0: all that training changed",
      "RMS of A p: the product"};
  const mdm_problem *p = s->problem;
  char path[96];
  int status = MDM_OK;
  for (int k = 0; k < MDM_PARTS_COUNT && !status; k++) {
    snprintf(path, sizeof path, "parts/%s/%s", mdm_split_path(split), mdm_part_name((mdm_part_kind)k));
    status = mdm_record_add_blank(record, path, 1, &p->n_times, "time", texts[k], &s->value[split][k], err);
  }
  return status;
}

static int add_arrays(X(parts) *s, mdm_record *record, mdm_error *err) {
  int status = mdm_problem_add_times(s->problem, record, "parts/time", err);
  for (int k = 0; k < MDM_SPLITS && !status; k++) status = add_split(s, (mdm_split)k, record, err);
  return status;
}

static int allocate(X(parts) *s, const X(moe) *program, mdm_error *err) {
  const X(realization) *R = s->R;
  size_t neurons = R->experts * R->neurons, most = neurons > s->S ? neurons : s->S;
  int ok = 1;
  if (R->experts > most) most = R->experts;
  for (int k = 0; k < PRODUCTS; k++) {
    X(field) *f = &s->start[products[k].input];
    if (!f->v) *f = (X(field)){X(moe_field)(program, MDM_TRAIN, products[k].input)->n, s->P, NULL, 0};
    if (!f->v) ok &= (f->v = mdm_alloc(f->n, s->P, 1, sizeof(real))) != NULL;
  }
  s->start[MDM_A] = (X(field)){s->S, s->P, mdm_alloc(s->S, s->P, 1, sizeof(real)), 0};
  ok &= s->start[MDM_A].v != NULL;
  ok &= (s->w_in = mdm_alloc(s->S, s->inputs, 1, sizeof(real))) != NULL;
  ok &= (s->v = mdm_alloc(s->S, s->C, 1, sizeof(real))) != NULL;
  ok &= (s->e = mdm_alloc(s->C, s->P, 1, sizeof(real))) != NULL;
  for (int c = 0; c < CORNERS; c++) {
    ok &= (s->corner[c] = mdm_alloc(most > s->C ? most : s->C, s->P, 1, sizeof(real))) != NULL;
    ok &= (s->sum[c] = mdm_alloc(s->S, s->P, 1, sizeof(real))) != NULL;
  }
  return ok ? MDM_OK : mdm_no_memory(err, "the parts of products; set output.parts: false");
}

int X(parts_create)(const mdm_problem *problem, X(realization) *R, const X(moe) *program, size_t inputs, mdm_record *record,
                    X(parts) **out, mdm_error *err) {
  X(parts) *s = *out = calloc(1, sizeof *s);
  if (!s) return mdm_no_memory(err, "the parts of products");
  s->problem = problem;
  s->R = R;
  s->S = R->stream;
  s->P = problem->batch;
  s->C = problem->model.outputs;
  s->inputs = inputs;
  int status = allocate(s, program, err);
  if (!status) status = add_arrays(s, record, err);
  if (!status) memcpy(s->w_in, X(moe_input_weights)(program), s->S * inputs * sizeof(real));
  if (!status) memcpy(s->v, X(moe_readout_weights)(program), s->S * s->C * sizeof(real));
  for (int t = MDM_Q; t <= MDM_W2 && !status; t++) status = R->matrix[t]->ops->remember(R->matrix[t], err);
  return status;
}

void X(parts_free)(X(parts) *s) {
  if (!s) return;
  for (int f = 0; f < MDM_FIELDS; f++) free(s->start[f].v);
  for (int c = 0; c < CORNERS; c++) {
    free(s->corner[c]);
    free(s->sum[c]);
  }
  free(s->w_in);
  free(s->v);
  free(s->e);
  free(s);
}

/* ---------------------------------------------------------------- a split */

/* RMS of every part from the four corners (n numbers each), into time `at`. */
static void measure(X(parts) *s, mdm_split split, size_t at, size_t n, real *const corner[CORNERS]) {
  double sum[MDM_PARTS_COUNT] = {0};
  for (size_t i = 0; i < n; i++) {
    double total = (double)corner[NOW_NOW][i], start = (double)corner[DRAWN_START][i];
    double moved = (double)corner[DRAWN_NOW][i] - start, learned = total - (double)corner[DRAWN_NOW][i];
    double effective = (double)corner[NOW_START][i] - start;
    const double part[MDM_PARTS_COUNT] = {start, moved, effective, learned - effective, learned, total - start, total};
    for (int k = 0; k < MDM_PARTS_COUNT; k++) sum[k] += part[k] * part[k];
  }
  for (int k = 0; k < MDM_PARTS_COUNT; k++) s->value[split][k][at] = sqrt(sum[k] / (double)n);
}

static int multiply(X(matrix) *A, int backward, int drawn, const X(field) *in, X(field) *out, mdm_error *err) {
  if (drawn) return A->ops->initial(A, backward, in, out, err);
  return backward ? A->ops->backward(A, in, NULL, 0, out, err) : A->ops->forward(A, in, NULL, out, err);
}

/* The four products of one matrix into corner[]; returns their length through *n. */
static int corners_of(X(parts) *s, mdm_split split, const X(field) *now, const X(field) *start, size_t *n, mdm_error *err) {
  X(matrix) *A = s->R->matrix[mdm_split_tensor(split)];
  int backward = mdm_split_is_backward(split), status = MDM_OK;
  size_t rows = backward ? A->cols : A->rows;
  *n = rows * s->P;
  for (int c = 0; c < CORNERS && !status; c++) {
    X(field) out = {rows, s->P, s->corner[c], 0};
    status = multiply(A, backward, c == DRAWN_NOW || c == DRAWN_START, c == NOW_NOW || c == DRAWN_NOW ? now : start, &out, err);
  }
  return status;
}

static int split_matrices(X(parts) *s, const X(moe) *program, size_t at, mdm_error *err) {
  for (int k = 0; k < PRODUCTS; k++) {
    mdm_split split = products[k].split;
    mdm_field input = products[k].input;
    size_t n;
    int status = corners_of(s, split, X(moe_field)(program, MDM_TRAIN, input), &s->start[input], &n, err);
    if (status) return status;
    measure(s, split, at, n, s->corner);
    for (int c = 0; c < CORNERS && split == MDM_SPLIT_RQ; c++) memcpy(s->sum[c], s->corner[c], n * sizeof(real));
    for (int c = 0; c < CORNERS && split == MDM_SPLIT_R1; c++) BLAS(axpy)(n, 1, s->corner[c], 1, s->sum[c], 1);
  }
  measure(s, MDM_SPLIT_R, at, s->S * s->P, s->sum);
  return MDM_OK;
}

/* corner = W p, W (S × k), p (k × P). */
static void columns_times(const X(parts) *s, const real *W, size_t k, const real *p, real *corner) {
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, s->S, s->P, k, 1, W, s->S, p, k, 0, corner, s->S);
}

/* corner = vᵀ a / S, v and a: S × C, S × P. */
static void mean_times(const X(parts) *s, const real *v, const real *a, real *corner) {
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, s->C, s->P, s->S, 1.0 / (double)s->S, v, s->S, a, s->S, 0, corner, s->C);
}

static void split_ends(X(parts) *s, const X(moe) *program, size_t at, const real *x, const real *e) {
  const real *v[2] = {X(moe_readout_weights)(program), s->v}, *w[2] = {X(moe_input_weights)(program), s->w_in};
  const real *a[2] = {X(moe_field)(program, MDM_TRAIN, MDM_A)->v, s->start[MDM_A].v}, *error[2] = {e, s->e};
  size_t n = s->S * s->P;
  for (int c = 0; c < CORNERS; c++) columns_times(s, w[c == DRAWN_NOW || c == DRAWN_START], s->inputs, x, s->corner[c]);
  measure(s, MDM_SPLIT_Z, at, n, s->corner);
  for (int c = 0; c < CORNERS; c++) mean_times(s, v[c == DRAWN_NOW || c == DRAWN_START], a[c >= NOW_START], s->corner[c]);
  measure(s, MDM_SPLIT_F, at, s->C * s->P, s->corner);
  for (int c = 0; c < CORNERS; c++) columns_times(s, v[c == DRAWN_NOW || c == DRAWN_START], s->C, error[c >= NOW_START], s->corner[c]);
  measure(s, MDM_SPLIT_DELTA, at, n, s->corner);
}

/* ---------------------------------------------------------------- step by step */

int X(parts_wanted)(const X(parts) *s, size_t t) { return s && (t == 0 || mdm_problem_time_index(s->problem, t) >= 0); }

/* Keeps the fields of time 0; their ids stay, as their values are those that the realization has seen under them. */
static void keep_start(X(parts) *s, const X(moe) *program, const real *e) {
  for (int f = 0; f < MDM_FIELDS; f++) {
    const X(field) *F = X(moe_field)(program, MDM_TRAIN, f);
    if (!s->start[f].v) continue;
    memcpy(s->start[f].v, F->v, F->n * F->P * sizeof(real));
    s->start[f].id = F->id;
  }
  memcpy(s->e, e, s->C * s->P * sizeof *e);
}

int X(parts_observe)(X(parts) *s, const X(moe) *program, size_t t, const real *x, const real *e, mdm_error *err) {
  long at = mdm_problem_time_index(s->problem, t);
  if (t == 0) keep_start(s, program, e);
  if (at < 0) return MDM_OK;
  split_ends(s, program, (size_t)at, x, e);
  return split_matrices(s, program, (size_t)at, err);
}
