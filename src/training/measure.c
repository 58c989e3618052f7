/* Order parameters over all steps, measured on the particles of a run.
 *
 * Fields of all steps are not kept: each is expressed in a basis of the directions that it has visited (its own, so that measuring
 * changes nothing in the run), and kernels are products of coordinates. Actions are ⟨p(t) κ(s)⟩ = ⟨p(t) K⟩ d(s) with the Gaussian
 * columns K of the realization and the coordinates d(s) of the field that drove them at step s.
 */
#include "training/measure.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "realization/gram.h"
#include "realization/thin.h"

/* Coordinates of one quantity at every step. */
typedef struct {
  size_t *k;  /* steps */
  double **c; /* steps: k × P */
} history;

/* What is kept of one block. */
typedef struct {
  X(population) pop[MDM_KERNELS];
  X(basis) basis[MDM_KERNELS];
  history field[MDM_KERNELS], gauss[MDM_TENSORS][MDM_SIDES];
} level;

struct X(measure) {
  const mdm_layout *layout;
  const X(realization) *R;
  double *out;
  level *level;  /* layout->levels */
  real *mean;    /* mean over tied experts, or over twins, of a field */
  size_t mean_size;
};

static const mdm_field fields[MDM_KERNELS] = {
    [MDM_ORDER_H] = MDM_N, [MDM_ORDER_RHO] = MDM_RHO, [MDM_ORDER_GAMMA] = MDM_GAMMA, [MDM_ORDER_Y] = MDM_Y, [MDM_ORDER_DELTA] = MDM_R,
    [MDM_ORDER_GAMMA_MEAN] = MDM_GAMMA, [MDM_ORDER_Y_MEAN] = MDM_Y};

/* ---------------------------------------------------------------- life and death */

static int history_allocate(history *h, size_t steps) {
  h->k = mdm_alloc(steps, 1, 1, sizeof *h->k);
  h->c = mdm_alloc(steps, 1, 1, sizeof *h->c);
  return h->k && h->c;
}

static void history_clear(history *h, size_t steps) {
  for (size_t t = 0; t < steps && h->c; t++) free(h->c[t]);
  free(h->k);
  free(h->c);
}

static size_t particles_of(const X(realization) *R, int kernel) {
  int mean = kernel == MDM_ORDER_GAMMA_MEAN || kernel == MDM_ORDER_Y_MEAN;
  return mean ? R->neurons : X(moe_particles)(R, fields[kernel]);
}

static int add_order(X(measure) *m, const mdm_order *b, double tolerance, mdm_error *err) {
  size_t steps = m->layout->steps;
  level *of = &m->level[b->level];
  if (b->kind == MDM_KIND_F) return MDM_OK;
  history *h = b->kind == MDM_KIND_KERNEL ? &of->field[b->kernel] : &of->gauss[b->tensor][b->side];
  if (!history_allocate(h, steps)) return mdm_no_memory(err, "order parameters");
  if (b->kind != MDM_KIND_KERNEL) return MDM_OK;
  int twins = b->kernel == MDM_ORDER_RHO && m->R->twins;
  int status = X(population_init)(&of->pop[b->kernel], "measured", particles_of(m->R, b->kernel) / (twins ? 2 : 1), err);
  of->pop[b->kernel].exact = 1;
  X(basis_init)(&of->basis[b->kernel], &of->pop[b->kernel], twins, tolerance);
  return status;
}

int X(measure_create)(const mdm_layout *layout, const X(realization) *R, double tolerance, double *out, X(measure) **result, mdm_error *err) {
  X(measure) *m = *result = calloc(1, sizeof *m);
  if (!m) return mdm_no_memory(err, "order parameters");
  m->layout = layout;
  m->R = R;
  m->out = out;
  m->level = mdm_alloc(layout->levels, 1, 1, sizeof *m->level);
  int status = m->level ? MDM_OK : mdm_no_memory(err, "order parameters");
  for (size_t i = 0; i < layout->orders && !status; i++) status = add_order(m, &layout->order[i], tolerance, err);
  return status;
}

void X(measure_free)(X(measure) *m) {
  if (!m) return;
  size_t steps = m->layout->steps;
  for (level *of = m->level; of && of < m->level + m->layout->levels; of++) {
    for (int k = 0; k < MDM_KERNELS; k++) {
      history_clear(&of->field[k], steps);
      X(basis_clear)(&of->basis[k]);
      X(population_clear)(&of->pop[k]);
    }
    for (int t = 0; t < MDM_TENSORS; t++)
      for (int s = 0; s < MDM_SIDES; s++) history_clear(&of->gauss[t][s], steps);
  }
  free(m->level);
  free(m->mean);
  free(m);
}

static void walk_history(history *h, size_t steps, size_t P, mdm_state *s) {
  if (!h->k) return;
  mdm_state_array(s, "directions", h->k, steps, sizeof *h->k);
  for (size_t t = 0; t < steps && s->loads; t++) mdm_state_bound(s, "directions", h->k[t], s->left);
  for (size_t t = 0; t < steps && !s->status; t++) mdm_state_kept(s, "coordinates", (void **)&h->c[t], h->k[t] * P, sizeof **h->c);
}

void X(measure_walk)(X(measure) *m, size_t t, mdm_state *s) {
  const mdm_layout *l = m->layout;
  mdm_state_array(s, "order parameters", m->out, l->size, sizeof *m->out);
  for (level *of = m->level; of < m->level + l->levels; of++) {
    for (int k = 0; k < MDM_KERNELS; k++) {
      X(basis_walk)(&of->basis[k], s);
      walk_history(&of->field[k], t, l->P, s);
    }
    for (int a = 0; a < MDM_TENSORS; a++)
      for (int side = 0; side < MDM_SIDES; side++) walk_history(&of->gauss[a][side], t, l->P, s);
  }
}

/* ---------------------------------------------------------------- a step */

static int keep(history *h, size_t t, size_t k, size_t P, const real *c, mdm_error *err) {
  double *copy = X(doubles)(k * P, c);
  if (!copy) return mdm_no_memory(err, "order parameters");
  h->k[t] = k;
  h->c[t] = copy;
  return MDM_OK;
}

/* A block's field as its kernel sees it: itself, or its mean over tied experts; r is that behind the block. */
static int view_of(X(measure) *m, const X(moe) *program, size_t l, int kernel, X(field) *view, mdm_error *err) {
  int mean = kernel == MDM_ORDER_GAMMA_MEAN || kernel == MDM_ORDER_Y_MEAN;
  size_t J = m->R->neurons;
  *view = *X(moe_field)(program, MDM_TRAIN, fields[kernel], kernel == MDM_ORDER_DELTA ? mdm_backward_level(MDM_W2, l) : l);
  int status = mean ? X(reserve)(&m->mean, &m->mean_size, J, view->P, err) : MDM_OK;
  if (status || !mean) return status;
  if (X(mean_over_groups)(m->R->experts, J, view->P, view->v, m->mean)) return mdm_no_memory(err, "means over experts");
  *view = (X(field)){.n = J, .P = view->P, .v = m->mean, .id = view->id};
  return MDM_OK;
}

/* A field as Gaussian columns see it that live on n particles: twins by their mean. */
static int mean_of_twins(X(measure) *m, size_t n, X(field) *view, mdm_error *err) {
  if (!view->twin) return MDM_OK;
  int status = X(reserve)(&m->mean, &m->mean_size, n, view->P, err);
  if (status) return status;
  X(mean_over_twins)(n, view->P, view->v, m->mean);
  *view = (X(field)){.n = n, .P = view->P, .v = m->mean, .id = view->id};
  return MDM_OK;
}

/* Coordinates (k × P) of the field absorbed last times ⟨u u⟩ of their directions, as doubles; NULL when memory is out. */
static double *squared(const X(basis) *b) {
  const real *excess = X(basis_excess)(b);
  double *c = X(doubles)(b->k_c * b->P, X(basis_driving)(b));
  for (size_t i = 0; c && excess && i < b->k_c * b->P; i++) c[i] -= (double)excess[i];
  return c;
}

/* out (rows of step t, columns of step s; row-major) = a(t)ᵀ b(s), a and b of ka and kb directions. */
static void overlap(const mdm_layout *l, size_t t, size_t s, size_t ka, const double *a, size_t kb, const double *b, double *out) {
  size_t k = ka < kb ? ka : kb, P = l->P;
  if (k) cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, P, P, k, 1, a, ka, b, kb, 0, out + t * P * l->n + s * P, l->n);
}

static int step_kernel(X(measure) *m, const X(moe) *program, const mdm_order *b, size_t t, mdm_error *err) {
  const mdm_layout *l = m->layout;
  X(field) f;
  X(basis) *basis = &m->level[b->level].basis[b->kernel];
  history *h = &m->level[b->level].field[b->kernel];
  int status = view_of(m, program, b->level, b->kernel, &f, err);
  if (!status) status = X(basis_absorb)(basis, &f, err);
  if (!status) status = keep(h, t, basis->k_c, l->P, basis->c, err);
  if (status) return status;
  double *now = squared(basis); /* k × P */
  if (!now) return mdm_no_memory(err, "order parameters");
  for (size_t s = 0; s <= t; s++) {
    overlap(l, t, s, h->k[t], now, h->k[s], h->c[s], m->out + b->at);
    if (s < t) overlap(l, s, t, h->k[s], h->c[s], h->k[t], now, m->out + b->at);
  }
  free(now);
  return MDM_OK;
}

/* ⟨p(t) κ(s)⟩, s < t, or ⟨q(t) ω(s)⟩, s ≤ t. */
static int step_action(X(measure) *m, const X(moe) *program, const mdm_order *b, size_t t, mdm_error *err) {
  const mdm_layout *l = m->layout;
  X(gaussian) g = m->R->gaussian(m->R, b->level, b->tensor, b->side);
  history *h = &m->level[b->level].gauss[b->tensor][b->side];
  X(field) f;
  int status = keep(h, t, g.k_c, l->P, g.c, err);
  if (!status) status = view_of(m, program, b->level, mdm_layout_field(l, b->tensor, b->side, 1), &f, err);
  if (!status) status = mean_of_twins(m, g.n, &f, err);
  if (status || !g.k) return status;
  double *G = X(overlaps)(g.k, g.columns, 1.0 / (double)g.n, &f); /* k × P */
  if (!G) return mdm_no_memory(err, "order parameters");
  for (size_t s = 0; s < t + (b->side == MDM_SIDE_ROWS); s++) overlap(l, t, s, g.k, G, h->k[s], h->c[s], m->out + b->at);
  free(G);
  return MDM_OK;
}

int X(measure_step)(X(measure) *m, const X(moe) *program, size_t t, mdm_error *err) {
  const mdm_layout *l = m->layout;
  const real *f = X(moe_prediction)(program, MDM_TRAIN);
  int status = MDM_OK;
  for (size_t i = 0; i < l->orders && !status; i++) {
    const mdm_order *b = &l->order[i];
    if (b->kind == MDM_KIND_KERNEL) status = step_kernel(m, program, b, t, err);
    if (b->kind == MDM_KIND_ACTION) status = step_action(m, program, b, t, err);
    for (size_t e = 0; b->kind == MDM_KIND_F && e < l->P * l->C; e++) m->out[b->at + t * l->P * l->C + e] = (double)f[e];
  }
  return status;
}
