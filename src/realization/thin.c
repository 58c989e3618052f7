/* The limit of one trained random matrix as thin factors.
 *
 * Bordelon & Pehlevan 2022 (arXiv 2205.09653) describe the limit by Gaussian fields and response functions,
 *   χ(t) = ω(t) + r_f Σ_s R_p(t,s) q(s),   ω ~ GP(0, V_f ⟨p p⟩)
 *   ζ(t) = κ(t) + r_b Σ_s R_q(t,s) p(s),   κ ~ GP(0, V_b ⟨q q⟩)
 * plus the learned part. In orthonormal bases U, Ũ of the directions that p and q have visited, with Gaussian columns Ω, K,
 * all of it is one matrix of low rank (docs/theory.md derives this):
 *   A = B Uᵀ + (1/τ) Ũ Cᵀ,   χ = A p / cols,   ζ = τ Aᵀ q / rows
 * with B = Ω and C = K at first. The term with C in χ is the response of p to earlier κ's (⟨p K⟩ is V_b R_p by Stein's lemma),
 * the term with B in ζ the response of q to the ω's, the equal-time one included. A new direction of p brings a fresh
 * column of Ω, a new direction of q a fresh column of K. SGD, A ← A − η learn q pᵀ, adds to B (−η learn q cᵀ, c = Uᵀp/cols) or,
 * the same, to C (−η τ learn p dᵀ, d = Ũᵀq/rows). Entrywise optimizers keep their learned part elsewhere (pairs.c).
 *
 * Momentum and decay are linear, so they stay in this form: with decay the initial matrix carries a scalar (`scale`) that
 * multiplies B's and C's Gaussian columns, later draws included; momentum is a second matrix of the same form.
 *
 * The two products are one: `product` from one side to the other. Tied matrices (experts that start from the same draw)
 * have Gaussian columns on the neurons that experts share, driven by the fields' means over experts; their learned part
 * lives on all experts' neurons.
 *
 * Twins (realization.h) learn from each other: where q = ρ carries the noise of sampled neurons, A ← A − η learn q' pᵀ with its twin q',
 * and Ũ spans q'. Then ζ holds ⟨q q'⟩ p instead of ⟨q q⟩ p, its Gaussian part K d has the variance V_b ⟨q q'⟩, and χ is independent of
 * the noise of the neurons that its particle's gate multiplies: no square of the noise remains anywhere. Directions of negative square
 * draw columns as well; nothing can have their variance, so they make ζ's noise, and squares of ζ come out right.
 */
#include "realization/thin.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/share.h"
#include "realization/parallel.h"

/* ---------------------------------------------------------------- fields of groups */

/* Of many particles: a sum over pieces of groups. Not 0: memory is out. */
static int mean_of_pieces(size_t groups, size_t n, size_t P, const real *in, real *out) {
  size_t pieces = mdm_few_expert_pieces(groups), rows = mdm_rows(groups * n), held = mdm_held_of(groups * n).first, first, end;
  real *sums = mdm_alloc(n * P, pieces, 1, sizeof *sums); /* n × P × pieces */
  if (!sums) return -1;
  mdm_own_expert_pieces(groups, n, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(groups * n * P)))
  for (size_t i = first; i < end; i++)
    for (size_t t = 0; t < P; t++)
      for (size_t g = mdm_expert_piece(groups, pieces, i); g < mdm_expert_piece(groups, pieces, i + 1); g++)
        X(add)(n, (real)(1.0 / (double)groups), in + (n * g - held) + rows * t, sums + n * (t + P * i));
  mdm_swap_expert_pieces(groups, n, pieces, n * P, sizeof *sums, sums, &first, &end);
  memset(out, 0, n * P * sizeof *out);
  for (size_t i = 0; i < pieces; i++) X(add)(end - first, 1, sums + n * P * i + first, out + first);
  mdm_gather_slices(groups * n, n * P, sizeof *out, out);
  free(sums);
  return 0;
}

/* Of the rows that are held here. */
static void spread_held(size_t groups, size_t n, size_t P, const real *in, int accumulate, real *out) {
  mdm_held h = mdm_held_of(groups * n);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(h.count * P)))
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < h.count;) {
      size_t j = (h.first + i) % n, count = n - j < h.count - i ? n - j : h.count - i;
      real *to = out + h.count * t + i;
      if (accumulate) X(add)(count, 1, in + n * t + j, to);
      else memcpy(to, in + n * t + j, count * sizeof *to);
      i += count;
    }
}

int X(mean_over_groups)(size_t groups, size_t n, size_t P, const real *in, real *out) {
  if (mdm_is_large(groups * n) && groups > 1) return mean_of_pieces(groups, n, P, in, out);
  if (groups == 1) n = mdm_rows(n);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(groups * n * P)))
  for (size_t t = 0; t < P; t++) {
    real *to = out + n * t;
    memset(to, 0, n * sizeof *to);
    for (size_t g = 0; g < groups; g++) X(add)(n, (real)(1.0 / (double)groups), in + n * (g + groups * t), to);
  }
  return 0;
}

void X(spread_over_groups)(size_t groups, size_t n, size_t P, const real *in, int accumulate, real *out) {
  if (groups == 1) n = mdm_rows(n);
  else if (mdm_is_spread(groups * n)) {
    spread_held(groups, n, P, in, accumulate, out);
    return;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(groups * n * P)))
  for (size_t t = 0; t < P; t++)
    for (size_t g = 0; g < groups; g++) {
      real *to = out + n * (g + groups * t);
      if (accumulate) X(add)(n, 1, in + n * t, to);
      else memcpy(to, in + n * t, n * sizeof *to);
    }
}

/* From a side's particles to its population, and back. */
static int average(const X(thin_side) *s, size_t P, const real *in, real *out, mdm_error *err) {
  if (s->basis->twins) X(mean_over_twins)(s->pop->n, P, in, out);
  else if (X(mean_over_groups)(s->groups, s->pop->n, P, in, out)) return mdm_no_memory(err, "means over %zu experts", s->groups);
  return MDM_OK;
}

static void spread(const X(thin_side) *s, size_t P, const real *in, int accumulate, real *out) {
  if (s->basis->twins) X(spread_over_twins)(s->pop->n, P, in, accumulate, out);
  else X(spread_over_groups)(s->groups, s->pop->n, P, in, accumulate, out);
}

int X(thin_view)(X(thin) *A, mdm_side which, const X(field) *f, X(field) *view, mdm_error *err) {
  X(thin_side) *s = &A->side[which];
  *view = *f;
  if (s->groups == 1) return MDM_OK;
  size_t n = s->pop->n;
  int status = X(reserve)(&s->mean, &s->mean_size, n, f->P, err);
  if (status) return status;
  if (s->mean_id != f->id || !f->id) status = average(s, f->P, f->v, s->mean, err);
  if (status) return status;
  s->mean_id = f->id;
  *view = (X(field)){.n = n, .P = f->P, .v = s->mean, .id = f->id};
  return MDM_OK;
}

/* ---------------------------------------------------------------- Gaussian columns */

static int draw_columns(X(thin) *A, mdm_side which, size_t k, size_t count, real *out, mdm_error *err) {
  X(thin_side) *s = &A->side[which];
  if (s->variance == 0) return memset(out, 0, mdm_rows(s->pop->n) * count * sizeof *out), MDM_OK;
  return X(population_columns)(s->pop, A->key, which == MDM_ROWS, s->variance, k, count, out, err);
}

/* The new Gaussian columns k … want − 1, which are at `fresh`, times a factor, in every group of `to` (n × want). */
static void spread_scaled(const X(thin_side) *s, const real *fresh, size_t want, double factor, real *to) {
  size_t rows = mdm_rows(s->n);
  spread(s, want - s->k, fresh, 0, to + rows * s->k);
  if (factor != 1) X(scale)(rows * (want - s->k), (real)factor, to + rows * s->k);
}

/* One Gaussian column (and one of the learned part) for every direction of the other side's field. */
static int follow(X(thin) *A, mdm_side which, mdm_error *err) {
  X(thin_side) *s = &A->side[which], *other = &A->side[!which];
  size_t want = other->basis->k, n = s->pop->n, rows = mdm_rows(n), all = mdm_rows(s->n);
  size_t kept = A->forgets ? 0 : s->k; /* Gaussian columns that stay as they were drawn */
  if (s->k == want) return MDM_OK;
  if (mdm_grow_columns((void **)&s->gauss, rows, sizeof(real), kept, kept + want - s->k, &s->capacity_gauss) ||
      (s->learns && mdm_grow_columns((void **)&s->all, all, sizeof(real), s->k, want, &s->capacity_all)) ||
      (s->learns && (s->momentum || A->scale_momentum != 0) && mdm_grow_columns((void **)&s->momentum, all, sizeof(real), s->k, want, &s->capacity_momentum)))
    return mdm_no_memory(err, "%s: %zu particles × %zu directions", mdm_tensor_name(A->base.tensor), s->n, want);
  real *fresh = s->gauss + rows * kept; /* pop->n × (want − k) */
  int status = A->draw(A, which, s->k + s->forgotten, want - s->k, fresh, err);
  if (status) return status;
  if (s->learns) spread_scaled(s, fresh, want, A->scale, s->all);
  else s->all = s->gauss;
  if (s->momentum) spread_scaled(s, fresh, want, A->scale_momentum, s->momentum);
  s->k = want;
  return MDM_OK;
}

/* Whether anything lives on this side: a Gaussian part or the learned one. */
static int carries(const X(thin_side) *s) { return s->variance > 0 || s->learns; }

/* Makes the other side span field f, and this side's columns follow. */
static int absorb(X(thin) *A, mdm_side from, const X(field) *f, mdm_error *err) {
  X(field) view = *f;
  int status = A->side[from].basis->twins ? MDM_OK : X(thin_view)(A, from, f, &view, err);
  if (!status) status = X(basis_absorb)(A->side[from].basis, &view, err);
  return status ? status : follow(A, !from, err);
}

int X(thin_follow)(X(thin) *A, const X(field) *p, const X(field) *q, mdm_error *err) {
  int status = absorb(A, MDM_COLS, p, err);
  return status ? status : absorb(A, MDM_ROWS, q, err);
}

/* ---------------------------------------------------------------- products */

/* out (n × P) = left (n × k) c (ldc × P, its first k rows) s, added when accumulate is set. */
static void combine(size_t n, size_t P, size_t k, double s, const real *left, const real *c, size_t ldc, int accumulate, real *out, size_t ldo) {
  X(parallel_combine)(n, k, P, s, left, mdm_rows(n), c, ldc, 0, accumulate, out, ldo);
}

/* The same onto one side's particles (out: an array of the result), from columns on them or (n < s->n) on its population, which are spread over its groups. */
static int combine_on(X(thin) *A, const X(thin_side) *s, size_t n, size_t P, size_t k, double scale, const real *left, const real *c, size_t ldc,
                      int accumulate, const X(field) *result, real *out, mdm_error *err) {
  if (s->n == n) return combine(n, P, k, scale, left, c, ldc, accumulate, X(field_rows)(result, out), X(field_ld)(result)), MDM_OK;
  int status = X(reserve)(&A->shared, &A->shared_size, n, P, err);
  if (status) return status;
  combine(n, P, k, scale, left, c, ldc, 0, A->shared, n);
  spread(s, P, A->shared, accumulate, out);
  return MDM_OK;
}

/* What the target's Gaussian columns make of a field's coordinates, times scale; directions of negative square make noise. */
static int gaussian_product(X(thin) *A, const X(thin_side) *target, const X(basis) *b, size_t P, double scale, int accumulate, X(field) *result,
                            mdm_error *err) {
  size_t n = target->pop->n, k = b->k_c;
  const real *excess = X(basis_excess)(b);
  int status = combine_on(A, target, n, P, k, scale, target->gauss, X(basis_driving)(b), k, accumulate, result, result->v, err);
  if (status || !excess || !result->noise) return status;
  return combine_on(A, target, n, P, k, scale, target->gauss, excess, k, 1, result, result->noise, err);
}

/* What the target's directions make of overlaps of the source's columns with a field, in A->work (k × P). No field is driven along
 * directions of negative square, so none responds there. */
static int respond(X(thin) *A, const X(thin_side) *target, size_t k, size_t P, double factor, int accumulate, X(field) *result, mdm_error *err) {
  const X(basis) *b = target->basis;
  if (k) X(basis_drop_excess)(b, k, P, A->work);
  return combine_on(A, target, b->n, P, k, factor, k ? b->U : NULL, A->work, k, accumulate, result, result->v, err);
}

/* Product from one side to the other: what the target's columns make of the field's coordinates, plus factor × the
 * target's directions times the overlap of the field with the source's columns. */
static int product(X(thin) *A, mdm_side from, double factor, const X(field) *f, int accumulate, X(field) *result, mdm_error *err) {
  X(thin_side) *source = &A->side[from], *target = &A->side[!from];
  int status = MDM_OK, begun = accumulate;
  if (carries(target)) {
    status = absorb(A, from, f, err);
    if (status) return status;
    const X(basis) *b = source->basis;
    if (target->learns) combine(target->n, f->P, b->k_c, 1, target->all, b->c, b->k_c, begun, X(field_rows)(result, result->v), X(field_ld)(result));
    else status = gaussian_product(A, target, b, f->P, A->scale, begun, result, err);
    begun = 1;
  } else if (A->notes && source->variance > 0) {
    X(field) view;
    status = X(thin_view)(A, from, f, &view, err);
    if (!status) status = X(basis_absorb)(source->basis, &view, err);
  }
  size_t k = source->k;
  if (!status) status = X(reserve)(&A->work, &A->work_size, k ? k : 1, f->P, err);
  if (status) return status;
  X(field) view = *f;
  if (!source->learns) {
    status = X(thin_view)(A, from, f, &view, err); /* only Gaussian columns: they see the mean */
    factor *= A->scale;
  }
  if (!status && k)
    status = X(parallel_inner)(view.n, k, f->P, 1.0 / (double)view.n, source->all, mdm_rows(view.n), X(field_rows)(&view, view.v), X(field_ld)(&view), 0, A->work, k, err);
  return status ? status : respond(A, target, k, f->P, factor, begun, result, err);
}

static int thin_forward(X(matrix) *M, const X(field) *p, const X(routing) *routing, X(field) *chi, mdm_error *err) {
  (void)routing; /* every sample particle is computed: the fields of inactive experts enter with weight zero */
  return product((X(thin) *)M, MDM_COLS, 1 / M->coef.tau, p, 0, chi, err);
}

static int thin_backward(X(matrix) *M, const X(field) *q, const X(routing) *routing, int accumulate, X(field) *zeta, mdm_error *err) {
  (void)routing;
  return product((X(thin) *)M, MDM_ROWS, M->coef.tau, q, accumulate, zeta, err);
}

void X(thin_decay)(X(thin) *A, const mdm_step *step) { A->scale *= mdm_step_keep(step, &A->base.coef); }

/* C (n × k) += s own cᵀ, c: k_c × P; of a field with a twin, its twin's. */
static void add_outer(const X(thin_side) *s, double factor, const X(field) *own, const X(basis) *b, real *C) {
  const real *from = X(field_rows)(own, own->twin ? own->twin : own->v);
  size_t rows = mdm_rows(s->n);
  X(parallel_combine)(s->n, own->P, b->k_c, factor, from, X(field_ld)(own), b->c, b->k_c, 1, 1, C, rows);
}

/* B ← μ B + gradient + λ A, A ← A − rate B, on a side that learns; own: NULL where the gradient goes to the other. */
static int step_momentum(X(thin) *A, const mdm_step *step, double gradient, X(thin_side) *s, const X(field) *own, const X(basis) *b,
                         mdm_error *err) {
  double mu = step->by->momentum, lambda = step->by->decay * A->base.coef.decay;
  size_t n = mdm_rows(s->n) * s->k;
  if (!s->momentum && s->k) {
    if (mdm_grow_columns((void **)&s->momentum, mdm_rows(s->n), sizeof(real), 0, s->k, &s->capacity_momentum))
      return mdm_no_memory(err, "the momentum of %s", mdm_tensor_name(A->base.tensor));
    memset(s->momentum, 0, n * sizeof *s->momentum);
  }
  X(scale)(n, (real)mu, s->momentum);
  if (own) add_outer(s, gradient, own, b, s->momentum);
  X(add)(n, (real)lambda, s->all, s->momentum);
  X(add)(n, (real)-step->rate, s->momentum, s->all);
  return MDM_OK;
}

/* The same on all sides that learn, and for the scale of the initial matrix. */
static int step_with_momentum(X(thin) *A, const mdm_step *step, double gradient, const X(field) *own, const X(basis) *b, mdm_error *err) {
  double mu = step->by->momentum, lambda = step->by->decay * A->base.coef.decay;
  int status = step_momentum(A, step, gradient, &A->side[A->learner], own, b, err);
  if (!status && A->forgets) status = step_momentum(A, step, 0, &A->side[!A->learner], NULL, NULL, err);
  if (status) return status;
  A->scale_momentum = mu * A->scale_momentum + lambda * A->scale;
  A->scale -= step->rate * A->scale_momentum;
  return MDM_OK;
}

/* Both fields of a step are spanned, and count as use of their directions. */
static int use(X(thin) *A, const X(field) *p, const X(field) *q, mdm_error *err) {
  int status = X(thin_follow)(A, p, q, err);
  if (!status) status = X(basis_use)(A->side[MDM_COLS].basis, err);
  return status ? status : X(basis_use)(A->side[MDM_ROWS].basis, err);
}

/* The linear optimizers. */
static int thin_step(X(matrix) *M, const mdm_step *step, const X(field) *p, const X(field) *q, const X(routing) *routing, mdm_error *err) {
  (void)routing;
  X(thin) *A = (X(thin) *)M;
  mdm_side learns = A->learner == MDM_ROWS ? MDM_ROWS : MDM_COLS;
  const X(field) *own = learns == MDM_ROWS ? q : p, *other = learns == MDM_ROWS ? p : q;
  X(thin_side) *s = &A->side[learns];
  double keep = mdm_step_keep(step, &M->coef), gradient = step->clip * M->coef.learn * (learns == MDM_ROWS ? 1 : M->coef.tau);
  int status = A->forgets ? use(A, p, q, err) : MDM_OK;
  if (status || (gradient == 0 && keep == 1)) return status;
  status = absorb(A, !learns, other, err); /* the coordinates that a product left, unless another field came between */
  if (status) return status;
  const X(basis) *b = A->side[!learns].basis;
  if (step->by->momentum > 0) return step_with_momentum(A, step, gradient, own, b, err);
  if (keep != 1) X(scale)(mdm_rows(s->n) * s->k, (real)keep, s->all);
  if (keep != 1 && A->forgets) X(scale)(mdm_rows(A->side[!learns].n) * A->side[!learns].k, (real)keep, A->side[!learns].all);
  A->scale *= keep;
  add_outer(s, -step->rate * gradient, own, b, s->all);
  return MDM_OK;
}

/* Gaussian columns are kept apart from the learned part. */
static int thin_remember(X(matrix) *M, mdm_error *err) {
  (void)M, (void)err;
  return MDM_OK;
}

/* `product` with Gaussian columns on both sides: Ω c + (1/τ) Ũ Kᵀp/S_C, response included, and its adjoint. */
static int thin_initial(X(matrix) *M, int backward, const X(field) *f, X(field) *out, mdm_error *err) {
  X(thin) *A = (X(thin) *)M;
  mdm_side from = backward ? MDM_ROWS : MDM_COLS;
  X(thin_side) *source = &A->side[from], *target = &A->side[!from];
  X(field) view;
  int status = MDM_OK;
  memset(out->v, 0, mdm_rows(target->n) * f->P * sizeof *out->v);
  if (target->variance > 0) status = absorb(A, from, f, err);
  if (!status && target->variance > 0)
    status = gaussian_product(A, target, source->basis, f->P, 1, 0, out, err);
  size_t k = source->variance > 0 ? source->k : 0, n = source->pop->n;
  if (!status && k) status = X(reserve)(&A->work, &A->work_size, k, f->P, err);
  if (!status && k) status = X(thin_view)(A, from, f, &view, err);
  if (status || !k) return status;
  status = X(parallel_inner)(n, k, f->P, 1.0 / (double)n, source->gauss, mdm_rows(n), X(field_rows)(&view, view.v), X(field_ld)(&view), 0, A->work, k, err);
  return status ? status : respond(A, target, k, f->P, backward ? M->coef.tau : 1 / M->coef.tau, 1, out, err);
}

static const X(matrix_ops) thin_ops = {thin_forward, thin_backward, thin_step, NULL, thin_remember, thin_initial};

/* ---------------------------------------------------------------- life and death */

void X(thin_init)(X(thin) *A, mdm_tensor tensor, const mdm_coefficients *coef, X(thin_place) rows, X(thin_place) cols,
                  mdm_side learns, mdm_stream key) {
  *A = (X(thin)){.base = {&thin_ops, tensor, rows.n, cols.n, *coef}, .learner = learns, .draw = draw_columns, .key = key, .scale = 1};
  A->key.purpose = tensor;
  for (int which = 0; which < 2; which++) {
    X(thin_place) place = which == MDM_ROWS ? rows : cols;
    A->side[which] = (X(thin_side)){.n = place.n, .pop = place.pop, .groups = place.n / place.pop->n, .basis = place.basis,
                                    .variance = which == MDM_ROWS ? coef->Vf : coef->Vb, .learns = (int)learns == which};
  }
}

void X(thin_forgets)(X(thin) *A) {
  A->forgets = 1;
  A->side[MDM_ROWS].learns = A->side[MDM_COLS].learns = 1;
}

void X(thin_clear)(X(thin) *A) {
  for (int which = 0; which < 2; which++) {
    X(thin_side) *s = &A->side[which];
    if (s->learns) free(s->all);
    free(s->momentum);
    free(s->gauss);
    free(s->mean);
  }
  free(A->work);
  free(A->shared);
  *A = (X(thin)){0};
}

void X(thin_walk)(X(thin) *A, mdm_state *s) {
  mdm_state_real(s, "scale", &A->scale);
  mdm_state_real(s, "scale of momentum", &A->scale_momentum);
  for (int which = 0; which < 2; which++) {
    X(thin_side) *side = &A->side[which];
    size_t own = side->pop ? side->pop->n : 0; /* matrices that are not there have no columns */
    const X(basis) *other = A->side[!which].basis;
    mdm_state_count(s, "columns", &side->k);
    mdm_state_bound(s, "columns", side->k, other ? other->k : 0);
    if (A->forgets) mdm_state_count(s, "forgotten", &side->forgotten);
    else mdm_state_columns(s, "gauss", (void **)&side->gauss, own, side->k, sizeof(real), &side->capacity_gauss);
    mdm_state_kept_columns(s, "momentum", (void **)&side->momentum, side->n, side->k, sizeof(real), &side->capacity_momentum);
    if (side->learns) mdm_state_columns(s, "learned", (void **)&side->all, side->n, side->k, sizeof(real), &side->capacity_all);
    else side->all = side->gauss;
  }
}
