/* Response functions from thin factors.
 *
 * Stein's lemma gives the response to each Gaussian column, G(t) = ⟨p(t) K⟩/V_b (l × P) and likewise for q. The response to
 * the field at time s follows from G(t) = Σ_s R(t,s) d(s). Fields of successive steps are nearly parallel, so this does
 * not fix R alone; among the causal solutions the smallest is taken, each s weighted by the RMS of its field (a response to
 * relative changes), and combinations of steps that amount to less than RESOLUTION of one step's mean square are left out:
 * they would amplify sampling noise. What the dynamics feels, the action
 * Σ_s R(t,s) ⟨q(s) q(s')⟩ = G(t)ᵀ d(s'), has no such freedom; it is stored beside R.
 */
#include "training/response.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "realization/gram.h"

/* Mean square, in units of one step's field, below which a combination of steps is not resolved. */
static const double RESOLUTION = 0.1;

/* One side of the matrix at every step. */
typedef struct {
  size_t *k;          /* steps: directions known then */
  double **c;         /* steps: k × P coordinates of the field that drives this side's Gaussian columns */
  double **G;         /* times: response to those columns, k × P; k is that of the step before where columns_before is set */
  int columns_before;
} side;

struct X(response) {
  const mdm_problem *problem;
  X(thin) *A;
  size_t P;           /* samples whose responses are kept: the first of the batch */
  size_t steps;       /* done */
  side forward, backward; /* R_p (columns K, coordinates d), R_q (columns Ω, coordinates c) */
};

/* ---------------------------------------------------------------- life and death */

static int side_allocate(side *s, const mdm_problem *p) {
  s->k = mdm_alloc(p->steps + 1, 1, 1, sizeof *s->k);
  s->c = mdm_alloc(p->steps + 1, 1, 1, sizeof *s->c);
  s->G = mdm_alloc(p->n_times, 1, 1, sizeof *s->G);
  return s->k && s->c && s->G;
}

static void side_clear(side *s, const mdm_problem *p) {
  for (size_t t = 0; t <= p->steps && s->c; t++) free(s->c[t]);
  for (size_t i = 0; i < p->n_times && s->G; i++) free(s->G[i]);
  free(s->k);
  free(s->c);
  free(s->G);
}

int X(response_create)(X(thin) *A, const mdm_problem *problem, X(response) **out, mdm_error *err) {
  X(response) *r = *out = calloc(1, sizeof *r);
  if (!r) return mdm_no_memory(err, "responses");
  r->problem = problem;
  r->A = A;
  r->P = problem->batch;
  r->forward.columns_before = 1;
  if (side_allocate(&r->forward, problem) & side_allocate(&r->backward, problem)) return MDM_OK;
  X(response_free)(r);
  *out = NULL;
  return mdm_no_memory(err, "responses");
}

void X(response_free)(X(response) *r) {
  if (!r) return;
  side_clear(&r->forward, r->problem);
  side_clear(&r->backward, r->problem);
  free(r);
}

/* most: directions that its coordinates may have. */
static void walk_side(side *of, const mdm_problem *p, size_t steps, size_t P, size_t most, mdm_state *s) {
  mdm_state_array(s, "directions", of->k, steps, sizeof *of->k);
  for (size_t t = 0; t < steps; t++) mdm_state_bound(s, "directions", of->k[t], most);
  for (size_t t = 0; t < steps && !s->status; t++) mdm_state_kept(s, "coordinates", (void **)&of->c[t], of->k[t] * P, sizeof **of->c);
  for (size_t i = 0; i < p->n_times && !s->status; i++) {
    size_t t = p->times[i], k = 0; /* that G has: forward, directions of the step before */
    if (t < steps) k = of->columns_before ? (t ? of->k[t - 1] : 0) : of->k[t];
    mdm_state_kept(s, "response", (void **)&of->G[i], k * P, sizeof **of->G);
  }
}

void X(response_walk)(X(response) *r, mdm_state *s) {
  mdm_state_count(s, "steps", &r->steps);
  mdm_state_bound(s, "steps", r->steps, r->problem->steps + 1);
  if (s->status) return;
  walk_side(&r->forward, r->problem, r->steps, r->P, r->A->side[MDM_ROWS].basis->k, s);
  walk_side(&r->backward, r->problem, r->steps, r->P, r->A->side[MDM_COLS].basis->k, s);
}

/* ---------------------------------------------------------------- step by step */

/* Coordinates of a basis' current field that drive Gaussian columns: k_c × P. */
static double *copy_coordinates(const X(basis) *b) { return X(doubles)(b->k_c * b->P, X(basis_driving)(b)); }

/* G = columnsᵀ field / (n V): k × P. */
static double *stein(size_t k, const real *columns, const X(field) *field, double variance) {
  return X(overlaps)(k, columns, 1.0 / ((double)field->n * variance), field);
}

int X(response_step)(X(response) *r, size_t t, const X(field) *p, const X(field) *q, mdm_error *err) {
  X(thin) *A = r->A;
  const mdm_coefficients *coef = &A->base.coef;
  long at = mdm_problem_time_index(r->problem, t);
  const X(thin_side) *rows = &A->side[MDM_ROWS], *cols = &A->side[MDM_COLS];
  size_t l = t ? r->forward.k[t - 1] : 0; /* the κ's that p(t) can have felt: those of earlier steps */
  X(field) p_view, q_view;
  int status = X(thin_follow)(A, p, q, err);
  if (!status) status = X(thin_view)(A, MDM_COLS, p, &p_view, err);
  if (!status) status = X(thin_view)(A, MDM_ROWS, q, &q_view, err);
  if (status) return status;
  r->backward.k[t] = cols->basis->k_c;
  r->backward.c[t] = copy_coordinates(cols->basis);
  r->forward.k[t] = rows->basis->k_c;
  r->forward.c[t] = copy_coordinates(rows->basis);
  int ok = r->forward.c[t] && r->backward.c[t];
  if (ok && at >= 0) {
    ok &= (r->forward.G[at] = stein(l, cols->gauss, &p_view, coef->Vb)) != NULL;
    ok &= (r->backward.G[at] = stein(cols->basis->k_c, rows->gauss, &q_view, coef->Vf)) != NULL;
  }
  r->steps = t + 1;
  return ok ? MDM_OK : mdm_no_memory(err, "responses");
}

/* ---------------------------------------------------------------- at the end */

/* D (k × n·P): coordinates of steps 0 … n−1 side by side, padded with zeros to k directions, each step divided by its RMS,
 * which weight (n) receives. */
static double *histories(const side *s, size_t n, size_t P, size_t k, double *weight) {
  double *D = mdm_alloc(k, n, P, sizeof *D);
  for (size_t t = 0; D && t < n; t++) {
    double sum = 0;
    size_t kt = s->k[t] < k ? s->k[t] : k;
    for (size_t i = 0; i < s->k[t] * P; i++) sum += s->c[t][i] * s->c[t][i];
    weight[t] = sum > 0 ? sqrt(sum / (double)P) : 1;
    for (size_t m = 0; m < P; m++)
      for (size_t i = 0; i < kt; i++) D[(t * P + m) * k + i] = s->c[t][m * s->k[t] + i] / weight[t];
  }
  return D;
}

/* Multiplies every row (k of P numbers) by the inverse of its eigenvalue, or by 0 where that is below `floor`. Returns the part of the whole, root of
 * squares, that this leaves out. */
static double divide(size_t k, size_t P, const double *eigen, double floor, double *rows) {
  double all = 0, out = 0;
  for (size_t i = 0; i < k; i++) {
    double square = pow(cblas_dnrm2(P, rows + i, k), 2);
    all += square;
    if (!(eigen[i] > floor)) out += square;
    cblas_dscal(P, eigen[i] > floor ? 1 / eigen[i] : 0, rows + i, k);
  }
  return all > 0 ? sqrt(out / all) : 0;
}

/* Replaces G (k × P) by (D Dᵀ)⁺ G, leaving out directions with eigenvalues below `floor`; *left: the part of G along these. Returns NULL, or why it
 * failed. */
static const char *solve_gram(size_t k, size_t columns, size_t P, const double *D, double floor, double *G, double *left) {
  double *gram = mdm_alloc(k, k, 1, sizeof *gram), *eigen = mdm_alloc(k, 1, 1, sizeof *eigen), *work = mdm_alloc(k, P, 1, sizeof *work);
  const char *why = gram && eigen && work ? NULL : "memory is out";
  if (!why) {
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, k, columns, 1, D, k, 0, gram, k);
    why = mdm_eigen_f64(k, gram, eigen);
  }
  if (!why) {
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, k, P, k, 1, gram, k, G, k, 0, work, k);
    *left = divide(k, P, eigen, floor, work);
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, k, P, k, 1, gram, k, work, k, 0, G, k);
  }
  free(gram);
  free(eigen);
  free(work);
  return why;
}

/* Action on the P samples of a time (P × width): G(t)ᵀ d(s') for every s' of the grid, known in k directions. */
static void fill_action(const X(response) *r, const side *s, size_t k, const double *G, double *action) {
  const mdm_problem *p = r->problem;
  size_t P = r->P, width = p->n_times * P;
  for (size_t i = 0; i < p->n_times; i++) {
    size_t at = p->times[i], kt = at < r->steps ? (s->k[at] < k ? s->k[at] : k) : 0;
    for (size_t m = 0; m < P; m++)
      for (size_t n = 0; n < P; n++) {
        double sum = 0;
        for (size_t d = 0; d < kt; d++) sum += G[m * k + d] * s->c[at][n * s->k[at] + d];
        action[m * width + i * P + n] = at < r->steps ? sum : NAN;
      }
  }
}

/* R(t, s) likewise, from the solution G and the histories D of the steps that can act on t; others stay zero. */
static void fill_response(const X(response) *r, size_t past, size_t k, const double *G, const double *D, const double *weight, double *R) {
  const mdm_problem *p = r->problem;
  size_t P = r->P, width = p->n_times * P;
  for (size_t i = 0; i < p->n_times; i++) {
    size_t at = p->times[i];
    if (at >= past) continue; /* causality */
    for (size_t m = 0; m < P; m++)
      for (size_t n = 0; n < P; n++) R[m * width + i * P + n] = cblas_ddot(k, G + m * k, 1, D + (at * P + n) * k, 1) / weight[at];
  }
}

/* R(t, s) and the action for one time of the grid. `past`: steps that can act on it; k: their directions; *left: the part of the response that R lacks.
 * Returns NULL, or why it failed. */
static const char *respond(const X(response) *r, const side *s, size_t at, size_t past, size_t k, double *R, double *action, double *left) {
  size_t P = r->P;
  *left = 0;
  double *weight = mdm_alloc(past, 1, 1, sizeof *weight), *D = weight ? histories(s, past, P, k, weight) : NULL;
  double *G = mdm_alloc(k, P, 1, sizeof *G); /* k × P */
  const char *why = D && G ? NULL : "memory is out";
  if (!why) memcpy(G, s->G[at], k * P * sizeof *G);
  if (!why) fill_action(r, s, k, G, action);
  if (!why && k) why = solve_gram(k, past * P, P, D, RESOLUTION, G, left);
  if (!why) fill_response(r, past, k, G, D, weight, R);
  free(weight);
  free(D);
  free(G);
  return why;
}

/* Where a block's numbers go: an array without a dimension for blocks, or one that the first block adds. */
static int slice(const X(response) *r, size_t block, const char *path, const char *text, mdm_record *record, double **value, mdm_error *err) {
  const mdm_problem *p = r->problem;
  const size_t dim[5] = {p->n_stored, p->n_times, r->P, p->n_times, r->P};
  int deep = p->model.depth > 0;
  long at = mdm_problem_stores(p, block);
  const mdm_array *there = mdm_record_find(record, path);
  *value = there ? there->value : NULL;
  int status = there ? MDM_OK : mdm_record_add(record, path, 4 + deep, dim + !deep, deep ? "block, time, sample, time, sample" : "time, sample, time, sample", text, value, err);
  if (!status) *value += (size_t)at * p->n_times * r->P * p->n_times * r->P;
  return status;
}

/* The part of the response that R lacks, at each time of the grid. */
static int slice_left(const X(response) *r, size_t block, const char *path, mdm_record *record, double **value, mdm_error *err) {
  const mdm_problem *p = r->problem;
  const size_t dim[2] = {p->n_stored, p->n_times};
  int deep = p->model.depth > 0;
  const mdm_array *there = mdm_record_find(record, path);
  *value = there ? there->value : NULL;
  int status = there ? MDM_OK : mdm_record_add(record, path, 1 + deep, dim + !deep, deep ? "block, time" : "time",
      "part of the response (root of squares) along combinations of steps that are not resolved: R lacks it, the action does not", value, err);
  if (!status) *value += (size_t)mdm_problem_stores(p, block) * p->n_times;
  return status;
}

static int write_side(const X(response) *r, size_t block_index, const side *s, int forward, mdm_record *record, mdm_error *err) {
  const mdm_problem *p = r->problem;
  const char *name = mdm_tensor_name(r->A->base.tensor), *which = forward ? "forward" : "backward";
  size_t block = r->P * p->n_times * r->P;
  double *R, *action, *left;
  char path[96];
  snprintf(path, sizeof path, "responses/%s/%s", name, which);
  int status = slice(r, block_index, path, forward ?
      "R(t,s) = <dp(t)/dkappa(s)>, s < t: response of the forward input p to the Gaussian part of the backward product" :
      "R(t,s) = <dq(t)/domega(s)>, s <= t: response of the backward input q to the Gaussian part of the forward product", record, &R, err);
  snprintf(path, sizeof path, "responses/%s/%s_action", name, which);
  if (!status)
    status = slice(r, block_index, path, forward ?
        "sum over s of R(t,s) <q(s) q(s')> = <p(t) kappa(s')> / V_b" : "sum over s of R(t,s) <p(s) p(s')> = <q(t) omega(s')> / V_f", record, &action, err);
  if (!status && !mdm_record_find(record, "diagnostics/unresolved/time")) status = mdm_problem_add_times(p, record, "diagnostics/unresolved/time", err);
  snprintf(path, sizeof path, "diagnostics/unresolved/%s/%s", name, which);
  if (!status) status = slice_left(r, block_index, path, record, &left, err);
  for (size_t i = 0; i < p->n_times && !status; i++) {
    size_t t = p->times[i], past = forward ? t : t + 1;
    const char *why = NULL;
    if (t >= r->steps)
      for (size_t e = 0; e < block; e++) R[i * block + e] = action[i * block + e] = left[i] = NAN;
    else why = respond(r, s, i, past, past ? s->k[past - 1] : 0, R + i * block, action + i * block, &left[i]);
    if (why) status = mdm_fail(err, MDM_ERR_NUMERIC, "step %zu: the %s responses of %s (output.responses): %s", t, which, name, why);
  }
  return status;
}

int X(response_write)(const X(response) *r, size_t block, mdm_record *record, mdm_error *err) {
  int status = write_side(r, block, &r->forward, 1, record, err);
  return status ? status : write_side(r, block, &r->backward, 0, record, err);
}
