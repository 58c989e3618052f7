/* Layout of the order parameters; causal factors of kernels, and responses in their directions. */
#include "problem/orders.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"

/* ---------------------------------------------------------------- layout */

static void add_order(mdm_layout *l, mdm_order b) {
  b.at = l->size;
  l->size += b.count;
  l->order[l->orders++] = b;
}

static int has_kernel(const mdm_layout *l, int kernel, int counted) {
  if (kernel == MDM_ORDER_RHO) return !counted;
  return l->tied || (kernel != MDM_ORDER_GAMMA_MEAN && kernel != MDM_ORDER_Y_MEAN);
}

static void add_level(mdm_layout *l, size_t level, int counted) {
  size_t n = l->n;
  for (int k = 0; k < MDM_KERNELS; k++)
    if (has_kernel(l, k, counted)) add_order(l, (mdm_order){.kind = MDM_KIND_KERNEL, .level = level, .count = n * n, .kernel = k});
  for (int t = MDM_Q; t <= MDM_W2; t++)
    for (int side = 0; side < MDM_SIDES && !(t == MDM_Q && counted); side++)
      if (l->variance[t][side] > 0)
        add_order(l, (mdm_order){.kind = MDM_KIND_ACTION, .level = level, .count = n * n, .tensor = (mdm_tensor)t, .side = side});
}

int mdm_layout_init(mdm_layout *l, const mdm_problem *p, const mdm_coefficients coef[MDM_TENSORS], int counted, mdm_error *err) {
  *l = (mdm_layout){.steps = p->steps + 1, .P = p->batch, .C = p->model.outputs, .tied = coef[MDM_W1].tied || coef[MDM_W2].tied,
                    .levels = p->model.depth ? p->model.depth : 1};
  l->n = l->steps * l->P;
  l->order = mdm_alloc(1 + l->levels * (MDM_KERNELS + 2 * MDM_TENSORS), 1, 1, sizeof *l->order);
  if (!l->order) return mdm_no_memory(err, "the order parameters of %zu blocks", l->levels);
  for (int t = MDM_Q; t <= MDM_W2; t++)
    for (int side = 0; side < MDM_SIDES && !(t == MDM_Q && counted); side++) l->variance[t][side] = side == MDM_SIDE_ROWS ? coef[t].Vf : coef[t].Vb;
  add_order(l, (mdm_order){.kind = MDM_KIND_F, .count = l->n * l->C});
  for (size_t level = 0; level < l->levels; level++) add_level(l, level, counted);
  return MDM_OK;
}

void mdm_layout_clear(mdm_layout *l) {
  free(l->order);
  *l = (mdm_layout){0};
}

double *mdm_layout_kernel(const mdm_layout *l, double *x, size_t level, int kernel) {
  for (size_t i = 0; i < l->orders; i++)
    if (l->order[i].kind == MDM_KIND_KERNEL && l->order[i].level == level && l->order[i].kernel == kernel) return x + l->order[i].at;
  return NULL;
}

double *mdm_layout_action(const mdm_layout *l, double *x, size_t level, mdm_tensor t, int side) {
  for (size_t i = 0; i < l->orders; i++)
    if (l->order[i].kind == MDM_KIND_ACTION && l->order[i].level == level && l->order[i].tensor == t && l->order[i].side == side) return x + l->order[i].at;
  return NULL;
}

int mdm_layout_field(const mdm_layout *l, mdm_tensor t, int side, int gaussian) {
  int mean = l->tied && gaussian;
  if (t == MDM_Q) return side == MDM_SIDE_COLS ? MDM_ORDER_H : MDM_ORDER_RHO;
  if (t == MDM_W1) return side == MDM_SIDE_COLS ? MDM_ORDER_H : mean ? MDM_ORDER_GAMMA_MEAN : MDM_ORDER_GAMMA;
  return side == MDM_SIDE_ROWS ? MDM_ORDER_DELTA : mean ? MDM_ORDER_Y_MEAN : MDM_ORDER_Y;
}

/* Σ_t Φ(t,t): n times the field's mean square. */
static double trace(const mdm_layout *l, size_t level, int kernel, const double *x) {
  const double *phi = mdm_layout_kernel(l, (double *)x, level, kernel);
  double sum = 0;
  for (size_t i = 0; i < l->n && phi; i++) sum += phi[i * l->n + i];
  return sum;
}

double mdm_order_scale(const mdm_layout *l, const mdm_order *b, const double *x) {
  if (b->kind != MDM_KIND_ACTION) return cblas_dnrm2(b->count, x + b->at, 1);
  double p = trace(l, b->level, mdm_layout_field(l, b->tensor, b->side, 1), x), q = trace(l, b->level, mdm_layout_field(l, b->tensor, !b->side, 1), x);
  /* |⟨p ω⟩|² ≤ ⟨p²⟩⟨ω²⟩, summed. A trace below zero is sampling noise around a kernel that vanishes: then there is nothing to be relative to. */
  return sqrt(fmax(p, 0) * fmax(q, 0) * l->variance[b->tensor][b->side]);
}

/* ---------------------------------------------------------------- causal factors */

static void factor_clear(mdm_factor *f) {
  free(f->born);
  free(f->D);
  free(f->E);
  free(f->make);
  *f = (mdm_factor){0};
}

/* rest (P × (n − P t), column-major) = Φ(t, s) − D(t)ᵀ D(s) for all s from step t on. */
static void residual(const mdm_layout *l, const mdm_factor *f, const double *phi, size_t t, double *rest) {
  size_t n = l->n, P = l->P, first = t * P, later = n - first;
  for (size_t s = 0; s < later; s++)
    for (size_t m = 0; m < P; m++) rest[m + P * s] = phi[(first + m) * n + first + s];
  if (f->k)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, P, later, f->k, -1, f->D + n * first, n, f->D + n * first, n, 1, rest, P);
}

/* E of the direction that was just made at step t: make less what earlier directions hold of it. */
static void combination(const mdm_layout *l, mdm_factor *f, size_t t, size_t known, double *work) {
  size_t n = l->n, P = l->P, first = t * P;
  double *E = f->E + n * f->k;
  const double *make = f->make + P * f->k;
  memcpy(E + first, make, P * sizeof *E);
  if (!known) return;
  cblas_dgemv(CblasColMajor, CblasNoTrans, known, P, 1, f->D + n * first, n, make, 1, 0, work, 1);
  cblas_dgemv(CblasColMajor, CblasNoTrans, first, known, -1, f->E, n, work, 1, 1, E, 1);
}

/* New directions of step t; work: n; until the end D has n rows. */
static int factor_step(const mdm_layout *l, mdm_factor *f, const double *phi, size_t t, double tolerance, double *rest, double *gram,
                       double *eigen, double *work, mdm_error *err) {
  size_t n = l->n, P = l->P, first = t * P, later = n - first;
  double scale = 0;
  residual(l, f, phi, t, rest);
  memcpy(gram, rest, P * P * sizeof *gram);
  for (size_t m = 0; m < P; m++) scale += phi[(first + m) * n + first + m] / (double)P;
  f->born[t] = f->k;
  scale = fmax(scale, 0); /* a kernel free of sampling noise need not be positive where it is small; what is left out of it shows in the residual of this sweep */
  const char *why = mdm_eigen_f64(P, gram, eigen);
  if (!isfinite(scale) || why)
    return mdm_fail(err, MDM_ERR_NUMERIC, "the given kernels cannot be factored at step %zu: %s; lower solve.damping", t, why ? why : "they are not finite");
  for (size_t m = P; m-- > 0 && eigen[m] > tolerance * tolerance * scale && f->k < n;) {
    double *make = f->make + P * f->k, s = 1 / sqrt(eigen[m]);
    for (size_t i = 0; i < P; i++) make[i] = s * gram[i + P * m];
    cblas_dgemv(CblasColMajor, CblasTrans, P, later, 1, rest, P, make, 1, 0, f->D + f->k + n * first, n);
    combination(l, f, t, f->born[t], work);
    f->k++;
  }
  return MDM_OK;
}

/* D from n rows to k. */
static void pack(mdm_factor *f, size_t n) {
  for (size_t s = 0; s < n; s++) memmove(f->D + f->k * s, f->D + n * s, f->k * sizeof *f->D);
  double *smaller = f->k ? realloc(f->D, f->k * n * sizeof *f->D) : NULL;
  if (smaller) f->D = smaller;
}

static int factor_create(mdm_factor *f, const mdm_layout *l, const double *phi, double tolerance, mdm_error *err) {
  size_t n = l->n, P = l->P;
  double *rest = mdm_alloc(P, n, 1, sizeof *rest), *gram = mdm_alloc(P, P, 1, sizeof *gram), *eigen = mdm_alloc(P, 1, 1, sizeof *eigen), *work = mdm_alloc(n, 1, 1, sizeof *work);
  f->born = mdm_alloc(l->steps + 1, 1, 1, sizeof *f->born);
  f->D = mdm_alloc(n, n, 1, sizeof *f->D);
  f->E = mdm_alloc(n, n, 1, sizeof *f->E);
  f->make = mdm_alloc(P, n, 1, sizeof *f->make);
  int ok = rest && gram && eigen && work && f->born && f->D && f->E && f->make;
  int status = ok ? MDM_OK : mdm_no_memory(err, "kernels of %zu times and samples", n);
  for (size_t t = 0; t < l->steps && !status; t++) status = factor_step(l, f, phi, t, tolerance, rest, gram, eigen, work, err);
  if (!status) f->born[l->steps] = f->k, pack(f, n);
  free(rest);
  free(gram);
  free(eigen);
  free(work);
  return status;
}

/* ---------------------------------------------------------------- responses */

/* Directions that can act on index t of a responding field: backward inputs feel those of their own step, forward inputs do not. */
static size_t acting(const mdm_layout *l, const mdm_factor *f, int side, size_t t) {
  return f->born[t / l->P + (side == MDM_SIDE_ROWS)];
}

/* G (k × n) from the action A = Gᵀ D: the recursion that makes directions, for every row t of the action. */
static void resolve(const mdm_layout *l, const mdm_factor *f, int side, const double *action, double *rest, double *G) {
  size_t n = l->n, P = l->P, k = f->k;
  for (size_t s = 0; s < l->steps; s++) {
    size_t known = f->born[s], count = f->born[s + 1] - known;
    if (!count) continue;
    for (size_t t = 0; t < n; t++) memcpy(rest + P * t, action + n * t + P * s, P * sizeof *rest);
    if (known) cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, P, n, known, -1, f->D + k * P * s, k, G, k, 1, rest, P);
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, count, n, P, 1, f->make + P * known, P, rest, P, 0, G + known, k);
  }
  for (size_t t = 0; t < n; t++)
    for (size_t i = acting(l, f, side, t); i < k; i++) G[i + k * t] = 0;
}

static const mdm_factor *driving(const mdm_given *g, const mdm_order *b) {
  return &g->factor[b->level][mdm_layout_field(g->layout, b->tensor, !b->side, 1)];
}

int mdm_given_responses(const mdm_given *g, double *y, mdm_error *err) {
  const mdm_layout *l = g->layout;
  size_t n = l->n;
  double *G = mdm_alloc(n, n, 1, sizeof *G), *rest = mdm_alloc(l->P, n, 1, sizeof *rest); /* k × n, k ≤ n; P × n */
  int ok = G && rest;
  for (size_t i = 0; i < l->orders && ok; i++) {
    const mdm_order *b = &l->order[i];
    if (b->kind != MDM_KIND_ACTION) continue;
    const mdm_factor *f = driving(g, b);
    resolve(l, f, b->side, y + b->at, rest, G);
    if (f->k) cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, n, f->k, 1, f->E, n, G, f->k, 0, y + b->at, n); /* row-major: R(t, s) */
    else memset(y + b->at, 0, n * n * sizeof *y);
  }
  free(G);
  free(rest);
  return ok ? MDM_OK : mdm_no_memory(err, "responses of %zu times and samples", n);
}

/* G = D Rᵀ: responses to the directions of the given field. Directions that come later than t do not enter R(t, s). */
static double *respond(const mdm_layout *l, const mdm_factor *f, int side, const double *R) {
  size_t n = l->n, k = f->k;
  double *G = mdm_alloc(k, n, 1, sizeof *G);
  if (!G || !k) return G;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, k, n, n, 1, f->D, k, R, n, 0, G, k);
  for (size_t t = 0; t < n; t++)
    for (size_t i = acting(l, f, side, t); i < k; i++) G[i + k * t] = 0;
  return G;
}

void mdm_given_action(const mdm_given *g, const mdm_order *b, double *out) {
  const mdm_layout *l = g->layout;
  const mdm_factor *f = driving(g, b);
  size_t n = l->n, P = l->P;
  memset(out, 0, n * n * sizeof *out);
  if (f->k) cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, n, n, f->k, 1, f->D, f->k, g->G[b->level][b->tensor][b->side], f->k, 0, out, n);
  for (size_t t = 0; t < n; t++) /* only what is measured: the past */
    for (size_t s = (t / P + (b->side == MDM_SIDE_ROWS)) * P; s < n; s++) out[t * n + s] = 0;
}

int mdm_given_create(mdm_given *g, const mdm_layout *l, const double *x, double tolerance, unsigned sweep, mdm_error *err) {
  *g = (mdm_given){.layout = l, .x = x, .sweep = sweep};
  g->factor = mdm_alloc(l->levels, 1, 1, sizeof *g->factor);
  g->G = mdm_alloc(l->levels, 1, 1, sizeof *g->G);
  int status = g->factor && g->G ? MDM_OK : mdm_no_memory(err, "the state of %zu blocks", l->levels);
  for (size_t i = 0; i < l->orders && !status; i++) { /* of every level, kernels come first */
    const mdm_order *b = &l->order[i];
    if (b->kind == MDM_KIND_KERNEL) status = factor_create(&g->factor[b->level][b->kernel], l, x + b->at, tolerance, err);
    if (b->kind != MDM_KIND_ACTION || status) continue;
    g->G[b->level][b->tensor][b->side] = respond(l, driving(g, b), b->side, x + b->at);
    if (!g->G[b->level][b->tensor][b->side]) status = mdm_no_memory(err, "responses of %zu times and samples", l->n);
  }
  if (status) mdm_given_clear(g);
  return status;
}

void mdm_given_clear(mdm_given *g) {
  for (size_t i = 0; g->layout && i < g->layout->levels; i++) {
    for (int k = 0; g->factor && k < MDM_KERNELS; k++) factor_clear(&g->factor[i][k]);
    for (int t = 0; g->G && t < MDM_TENSORS; t++)
      for (int s = 0; s < MDM_SIDES; s++) free(g->G[i][t][s]);
  }
  free(g->factor);
  free(g->G);
  *g = (mdm_given){0};
}
