/* The refined coordinate check: initial, propagating, effective and cross parts of every product (src/scaling/parts.h).
 *
 * Four products give all parts: with the matrix as it is (A) and as it was drawn (A₀), each of the input now (p) and of the
 * input at time 0 (p₀). The split is that of natural units, χ = A p / cols and ζ = τ Aᵀ q / rows; under top-K routing all
 * experts are computed, whether or not they serve the sample. W_in and v, which the program itself keeps, are split in the same way.
 * Mean squares are without sampling noise (gram.h).
 */
#include "training/coordcheck.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "scaling/parts.h"

/* Values of one product, each n × P: A p, A₀ p, A p₀, A₀ p₀. */
enum { NOW_NOW, DRAWN_NOW, NOW_START, DRAWN_START, CORNERS };

/* Inputs of the matrices: what drives a product. */
static const struct {
  mdm_split split;
  mdm_field input;
} products[] = {{MDM_SPLIT_PSI, MDM_N},   {MDM_SPLIT_U, MDM_N},    {MDM_SPLIT_A, MDM_Y},
                {MDM_SPLIT_B, MDM_R}, {MDM_SPLIT_RQ, MDM_RHO}, {MDM_SPLIT_R1, MDM_GAMMA}};
enum { PRODUCTS = sizeof products / sizeof *products };

struct X(parts) {
  const mdm_problem *problem;
  X(realization) *R;
  size_t S, P, C, inputs;                       /* stream, batch, outputs, length of an input */
  real *w_in, *v;                               /* stream × inputs, stream × outputs: as drawn */
  real *e;                                      /* outputs × P: at time 0 */
  size_t blocks;
  X(field) (*start)[MDM_FIELDS];                /* blocks: inputs of the matrices at time 0 */
  X(field) out;                                 /* input of the readout at time 0 */
  X(field) corner[CORNERS];                     /* the largest population × P; with noise where the program has some */
  X(field) sum[CORNERS];                        /* stream × P: Qᵀ ρ, until W1ᵀ γ is added */
  X(field) stream[CORNERS];                     /* stream × P: L^-b Σ a over blocks; empty without residual sum */
  double *value[MDM_SPLITS][MDM_PARTS_COUNT];   /* blocks × times (z, f, delta: times) */
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
  const size_t dim[2] = {s->blocks, p->n_times};
  int leveled = p->model.depth && mdm_split_in_block(split);
  char path[96];
  int status = MDM_OK;
  for (int k = 0; k < MDM_PARTS_COUNT && !status; k++) {
    snprintf(path, sizeof path, "parts/%s/%s", mdm_split_path(split), mdm_part_name((mdm_part_kind)k));
    status = mdm_record_add_blank(record, path, 1 + leveled, dim + !leveled, leveled ? "block, time" : "time", texts[k], &s->value[split][k], err);
  }
  return status;
}

static int add_arrays(X(parts) *s, mdm_record *record, mdm_error *err) {
  int status = mdm_problem_add_times(s->problem, record, "parts/time", err);
  for (int k = 0; k < mdm_split_count(s->problem->model.depth > 0) && !status; k++) status = add_split(s, (mdm_split)k, record, err);
  return status;
}

/* A field of n particles and P tokens, zero, with room for a twin or for noise. */
static int field_allocate(X(field) *f, size_t n, size_t P, int twin, int noise) {
  *f = (X(field)){.n = n, .P = P, .v = mdm_alloc(n, P, 1, sizeof(real)), .twin = twin ? mdm_alloc(n, P, 1, sizeof(real)) : NULL,
                  .noise = noise ? mdm_alloc(n, P, 1, sizeof(real)) : NULL};
  return f->v && (f->twin || !twin) && (f->noise || !noise);
}

static void field_free(X(field) *f) {
  free(f->v);
  free(f->twin);
  free(f->noise);
}

static int allocate(X(parts) *s, const X(moe) *program, mdm_error *err) {
  const X(realization) *R = s->R;
  size_t most = s->S;
  int ok = 1;
  for (size_t l = 0; l < R->blocks; l++) {
    const X(block_sizes) *b = &R->block[l];
    const size_t all[] = {b->units, b->rows, b->columns};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) most = all[i] > most ? all[i] : most;
  }
  if (s->C > most) most = s->C;
  s->start = calloc(s->blocks, sizeof *s->start);
  for (size_t l = 0; l < s->blocks && s->start; l++)
    for (int k = 0; k < PRODUCTS; k++) {
      X(field) *f = &s->start[l][products[k].input];
      const X(field) *now = X(moe_field)(program, MDM_TRAIN, products[k].input, l);
      if (!f->v) ok &= field_allocate(f, now->n, s->P, now->twin != NULL, 0);
    }
  ok &= s->start && field_allocate(&s->out, s->S, s->P, 0, 0);
  ok &= (s->w_in = mdm_alloc(s->S, s->inputs, 1, sizeof(real))) != NULL;
  ok &= (s->v = mdm_alloc(s->S, s->C, 1, sizeof(real))) != NULL;
  ok &= (s->e = mdm_alloc(s->C, s->P, 1, sizeof(real))) != NULL;
  for (int c = 0; c < CORNERS; c++) {
    ok &= field_allocate(&s->corner[c], most, s->P, 0, X(moe_has_noise)(R, MDM_R));
    ok &= field_allocate(&s->sum[c], s->S, s->P, 0, X(moe_has_noise)(R, MDM_R));
    ok &= !s->problem->model.depth || field_allocate(&s->stream[c], s->S, s->P, 0, 0);
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
  s->blocks = R->blocks;
  s->P = problem->batch;
  s->C = problem->model.outputs;
  s->inputs = inputs;
  int status = allocate(s, program, err);
  if (!status) status = add_arrays(s, record, err);
  if (!status) memcpy(s->w_in, X(moe_input_weights)(program), s->S * inputs * sizeof(real));
  if (!status) memcpy(s->v, X(moe_readout_weights)(program), s->S * s->C * sizeof(real));
  for (size_t l = 0; l < s->blocks; l++)
    for (int t = MDM_Q; t <= MDM_W2 && !status; t++)
      if (R->matrix[l][t]) status = R->matrix[l][t]->ops->remember(R->matrix[l][t], err);
  return status;
}

void X(parts_free)(X(parts) *s) {
  if (!s) return;
  for (size_t l = 0; l < s->blocks && s->start; l++)
    for (int f = 0; f < MDM_FIELDS; f++) field_free(&s->start[l][f]);
  free(s->start);
  free(s->out.v);
  for (int c = 0; c < CORNERS; c++) {
    field_free(&s->corner[c]);
    field_free(&s->sum[c]);
    field_free(&s->stream[c]);
  }
  free(s->w_in);
  free(s->v);
  free(s->e);
  free(s);
}

void X(parts_walk)(X(parts) *p, mdm_state *s) {
  for (size_t l = 0; l < p->blocks; l++)
    for (int k = 0; k < MDM_FIELDS; k++) {
      X(field) *f = &p->start[l][k];
      if (!f->v) continue;
      mdm_state_id(s, "field of time 0", &f->id);
      mdm_state_array(s, "field of time 0", f->v, f->n * f->P, sizeof(real));
      if (f->twin) mdm_state_array(s, "twin of time 0", f->twin, f->n * f->P, sizeof(real));
    }
  mdm_state_array(s, "output of time 0", p->out.v, p->S * p->P, sizeof(real));
  mdm_state_array(s, "errors of time 0", p->e, p->C * p->P, sizeof(real));
}

/* ---------------------------------------------------------------- a split */

/* Every part of number i of the four corners, values or noise. */
static void parts_of(real *const corner[CORNERS], size_t i, double part[MDM_PARTS_COUNT]) {
  double total = (double)corner[NOW_NOW][i], start = (double)corner[DRAWN_START][i];
  double moved = (double)corner[DRAWN_NOW][i] - start, learned = total - (double)corner[DRAWN_NOW][i];
  double effective = (double)corner[NOW_START][i] - start;
  const double parts[MDM_PARTS_COUNT] = {start, moved, effective, learned - effective, learned, total - start, total};
  memcpy(part, parts, sizeof parts);
}

/* Adds sign × the product of numbers i and j of every part to sum. */
static void add_products(double sign, real *const corner[CORNERS], size_t i, size_t j, double sum[MDM_PARTS_COUNT]) {
  double a[MDM_PARTS_COUNT], b[MDM_PARTS_COUNT];
  parts_of(corner, i, a);
  parts_of(corner, j, b);
  for (int k = 0; k < MDM_PARTS_COUNT; k++) sum[k] += sign * a[k] * b[k];
}

/* RMS of every part from the four corners (n numbers each), into time `at`. */
static void measure(X(parts) *s, mdm_split split, size_t at, size_t n, const X(field) corner[CORNERS]) {
  size_t twin = split == MDM_SPLIT_PSI && X(moe_has_twin)(s->R, MDM_PSI); /* twins stand side by side (moe.c) */
  int noisy = (split == MDM_SPLIT_RQ || split == MDM_SPLIT_R) && X(moe_has_noise)(s->R, MDM_R);
  real *v[CORNERS], *noise[CORNERS];
  double sum[MDM_PARTS_COUNT] = {0};
  for (int c = 0; c < CORNERS; c++) v[c] = corner[c].v, noise[c] = corner[c].noise;
  for (size_t i = 0; i < n; i++) add_products(1, v, i, i ^ twin, sum);
  for (size_t i = 0; i < n && noisy; i++) add_products(-1, noise, i, i, sum);
  for (int k = 0; k < MDM_PARTS_COUNT; k++) s->value[split][k][at] = mdm_signed_root(sum[k] / (double)n);
}

static int multiply(X(matrix) *A, int backward, int drawn, const X(field) *in, X(field) *out, mdm_error *err) {
  if (drawn) return A->ops->initial(A, backward, in, out, err);
  return backward ? A->ops->backward(A, in, NULL, 0, out, err) : A->ops->forward(A, in, NULL, out, err);
}

/* The four products of one matrix into corner[]; returns their length through *n. */
static int corners_of(X(parts) *s, size_t l, mdm_split split, const X(field) *now, const X(field) *start, size_t *n, mdm_error *err) {
  X(matrix) *A = s->R->matrix[l][mdm_split_tensor(split)];
  int backward = mdm_split_is_backward(split), status = MDM_OK;
  size_t rows = backward ? A->cols : A->rows;
  *n = rows * s->P;
  for (int c = 0; c < CORNERS && !status; c++) {
    X(field) out = s->corner[c];
    out.n = rows;
    if (out.noise) memset(out.noise, 0, *n * sizeof(real));
    status = multiply(A, backward, c == DRAWN_NOW || c == DRAWN_START, c == NOW_NOW || c == DRAWN_NOW ? now : start, &out, err);
  }
  return status;
}

/* Level of a product's input in block l. */
static size_t level_of(mdm_split split, size_t l) { return split == MDM_SPLIT_B ? mdm_backward_level(MDM_W2, l) : l; }

/* at: the block's entry of a time. */
static int split_matrices(X(parts) *s, const X(moe) *program, size_t l, size_t at, mdm_error *err) {
  for (int k = 0; k < PRODUCTS; k++) {
    mdm_split split = products[k].split;
    mdm_field input = products[k].input;
    size_t n;
    if (!s->R->matrix[l][mdm_split_tensor(split)]) continue;
    int status = corners_of(s, l, split, X(moe_field)(program, MDM_TRAIN, input, level_of(split, l)), &s->start[l][input], &n, err);
    if (status) return status;
    measure(s, split, at, n, s->corner);
    for (int c = 0; c < CORNERS && split == MDM_SPLIT_A && s->stream[c].v; c++) X(add)(n, (real)s->problem->model.branch, s->corner[c].v, s->stream[c].v);
    for (int c = 0; c < CORNERS && split == MDM_SPLIT_RQ; c++) {
      memcpy(s->sum[c].v, s->corner[c].v, n * sizeof(real));
      if (s->sum[c].noise) memcpy(s->sum[c].noise, s->corner[c].noise, n * sizeof(real));
    }
    for (int c = 0; c < CORNERS && split == MDM_SPLIT_R1; c++) {
      if (!s->R->matrix[l][MDM_Q]) memset(s->sum[c].v, 0, n * sizeof(real));
      X(add)(n, 1, s->corner[c].v, s->sum[c].v);
    }
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
  const real *a[2] = {X(moe_field)(program, MDM_TRAIN, MDM_O, 0)->v, s->out.v}, *error[2] = {e, s->e};
  size_t n = s->S * s->P;
  for (int c = 0; c < CORNERS; c++) columns_times(s, w[c == DRAWN_NOW || c == DRAWN_START], s->inputs, x, s->corner[c].v);
  measure(s, MDM_SPLIT_Z, at, n, s->corner);
  for (int c = 0; c < CORNERS; c++) mean_times(s, v[c == DRAWN_NOW || c == DRAWN_START], a[c >= NOW_START], s->corner[c].v);
  measure(s, MDM_SPLIT_F, at, s->C * s->P, s->corner);
  for (int c = 0; c < CORNERS; c++) columns_times(s, v[c == DRAWN_NOW || c == DRAWN_START], s->C, error[c >= NOW_START], s->corner[c].v);
  measure(s, MDM_SPLIT_DELTA, at, n, s->corner);
}

/* ---------------------------------------------------------------- step by step */

int X(parts_wanted)(const X(parts) *s, size_t t) { return s && (t == 0 || mdm_problem_time_index(s->problem, t) >= 0); }

/* Keeps the fields of time 0; their ids stay, as their values are those that the realization has seen under them. */
static void keep_start(X(parts) *s, const X(moe) *program, const real *e) {
  for (size_t l = 0; l < s->blocks; l++)
    for (int k = 0; k < PRODUCTS; k++) {
      const X(field) *F = X(moe_field)(program, MDM_TRAIN, products[k].input, level_of(products[k].split, l));
      X(field) *start = &s->start[l][products[k].input];
      memcpy(start->v, F->v, F->n * F->P * sizeof(real));
      if (F->twin) memcpy(start->twin, F->twin, F->n * F->P * sizeof(real));
      start->id = F->id;
    }
  memcpy(s->out.v, X(moe_field)(program, MDM_TRAIN, MDM_O, 0)->v, s->S * s->P * sizeof(real));
  memcpy(s->e, e, s->C * s->P * sizeof *e);
}

int X(parts_observe)(X(parts) *s, const X(moe) *program, size_t t, const real *x, const real *e, mdm_error *err) {
  long at = mdm_problem_time_index(s->problem, t);
  if (t == 0) keep_start(s, program, e);
  if (at < 0) return MDM_OK;
  split_ends(s, program, (size_t)at, x, e);
  int status = MDM_OK;
  for (int c = 0; c < CORNERS && s->stream[c].v; c++) memset(s->stream[c].v, 0, s->S * s->P * sizeof(real));
  for (size_t l = 0; l < s->blocks && !status; l++) status = split_matrices(s, program, l, l * s->problem->n_times + (size_t)at, err);
  if (!status && s->stream[0].v) measure(s, MDM_SPLIT_STREAM, (size_t)at, s->S * s->P, s->stream);
  return status;
}
