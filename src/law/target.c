/* Targets of fits (target.h). Huber's loss is a sum of squares of g(r) = r up to δ, and sign(r) sqrt(2δ|r| − δ²) beyond, which has a continuous slope: so the
 * Levenberg–Marquardt method of GSL applies. Bounds are kept by a change of variables, x = low + (high − low)(1 + sin z)/2, as in Minuit (James and Roos 1975). */
#include "law/target.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vecmath.h"

static const double ENOUGH = 1e-10, OUTSIDE = 1e6, EDGE = 1e-3; /* relative fall of the sum that ends; residual over δ where the law is not positive; radians */

/* ---------------------------------------------------------------- the target */

int mdm_target_allocate(mdm_target *t, mdm_error *err) {
  size_t rows = t->formula.rows, p = t->formula.e->parameters;
  t->log_loss = mdm_alloc(rows, 1, 1, sizeof *t->log_loss);
  t->weight = mdm_alloc(rows, 1, 1, sizeof *t->weight);
  t->value = mdm_alloc(rows, 1, 1, sizeof *t->value);
  t->slope = mdm_alloc(rows, p, 1, sizeof *t->slope);
  return t->log_loss && t->weight && t->value && t->slope ? MDM_OK : mdm_no_memory(err, "a fit of %zu runs", rows);
}

int mdm_target_pick(const mdm_target *all, size_t n, const size_t *index, const double *weight, mdm_target *out, mdm_error *err) {
  *out = (mdm_target){.delta = all->delta, .axis = all->axis, .known_weight = all->known_weight, .known = all->known, .known_at = all->known_at};
  size_t *every = index ? NULL : mdm_alloc(n, 1, 1, sizeof *every);
  for (size_t i = 0; every && i < n; i++) every[i] = i;
  const size_t *rows = index ? index : every;
  int status = rows ? mdm_formula_pick(&all->formula, n, rows, &out->formula, err) : mdm_no_memory(err, "a fit of %zu runs", n);
  if (!status) status = mdm_target_allocate(out, err);
  for (size_t i = 0; i < n && !status; i++) out->log_loss[i] = all->log_loss[rows[i]], out->weight[i] = weight ? weight[i] : all->weight[rows[i]];
  free(every);
  if (status) mdm_target_free(out);
  return status;
}

void mdm_target_free(mdm_target *t) {
  mdm_formula_free(&t->formula);
  free(t->log_loss);
  free(t->weight);
  free(t->value);
  free(t->slope);
  t->log_loss = t->weight = t->value = t->slope = NULL;
}

void mdm_target_residuals(mdm_target *t, const double *x, double *r) {
  mdm_formula_values(&t->formula, x, r, NULL);
  mdm_vec_log(t->formula.rows, r, r);
  for (size_t i = 0; i < t->formula.rows; i++) r[i] -= t->log_loss[i];
}

double mdm_target_value(mdm_target *t, const double *x) {
  double total = 0;
  mdm_target_residuals(t, x, t->value);
  for (size_t i = 0; i < t->formula.rows; i++) {
    double r = fabs(t->value[i]) / t->delta;
    total += t->weight[i] * (r <= 1 ? 0.5 * r * r : r - 0.5);
  }
  double d = t->known_weight > 0 ? x[t->known_at] - t->known : 0;
  total += 0.5 * t->known_weight * d * d;
  return isnan(total) ? INFINITY : total;
}

void mdm_target_slopes(mdm_target *t, const double *x) {
  size_t p = t->formula.e->parameters;
  mdm_formula_values(&t->formula, x, t->value, t->slope);
  double factor[MDM_LAW_PARAMETERS];
  for (size_t k = 0; k < p; k++) factor[k] = t->axis[k].log ? x[k] : 1;
  for (size_t i = 0; i < t->formula.rows; i++) {
    double over = 1 / t->value[i];
    for (size_t k = 0; k < p; k++) t->slope[i * p + k] *= factor[k] * over;
  }
  mdm_vec_log(t->formula.rows, t->value, t->value);
  for (size_t i = 0; i < t->formula.rows; i++) t->value[i] -= t->log_loss[i];
}

/* ---------------------------------------------------------------- its minimum */

/* A target as GSL sees it: of its free parameters, as z. */
typedef struct {
  mdm_target *t;
  size_t free[MDM_LAW_PARAMETERS], n;
  double x[MDM_LAW_PARAMETERS], rate[MDM_LAW_PARAMETERS]; /* parameters; d coordinate / d z */
} view;

static double coordinate(const mdm_law_axis *a, double x) { return a->log ? log(x) : x; }

static double to_z(const mdm_law_axis *a, double x) {
  double low = coordinate(a, a->low), high = coordinate(a, a->high), s = 2 * (coordinate(a, x) - low) / (high - low) - 1;
  double z = asin(s < -1 ? -1 : s > 1 ? 1 : s), most = M_PI / 2 - EDGE; /* at an edge the slope is 0, and nothing would leave it */
  return z < -most ? -most : z > most ? most : z;
}

static void from_z(view *v, const gsl_vector *z) {
  for (size_t j = 0; j < v->n; j++) {
    const mdm_law_axis *a = &v->t->axis[v->free[j]];
    double low = coordinate(a, a->low), high = coordinate(a, a->high), at = gsl_vector_get(z, j), u = low + (high - low) * (1 + sin(at)) / 2;
    v->x[v->free[j]] = a->log ? exp(u) : u;
    v->rate[j] = (high - low) * cos(at) / 2;
  }
}

/* Huber's root g of a residual over δ, and its slope. */
static double root_of(double r, double *slope) {
  double size = fabs(r), g = size <= 1 ? size : sqrt(2 * size - 1);
  *slope = size <= 1 ? 1 : 1 / g;
  return r < 0 ? -g : g;
}

static int residuals(const gsl_vector *z, void *context, gsl_vector *f) {
  view *v = context;
  mdm_target *t = v->t;
  double slope;
  from_z(v, z);
  mdm_target_residuals(t, v->x, t->value);
  for (size_t i = 0; i < t->formula.rows; i++) {
    double r = isfinite(t->value[i]) ? t->value[i] / t->delta : OUTSIDE;
    f->data[i * f->stride] = sqrt(t->weight[i]) * root_of(r, &slope);
  }
  if (t->known_weight > 0) gsl_vector_set(f, t->formula.rows, sqrt(t->known_weight) * (v->x[t->known_at] - t->known));
  return GSL_SUCCESS;
}

static int slopes(const gsl_vector *z, void *context, gsl_matrix *J) {
  view *v = context;
  mdm_target *t = v->t;
  size_t p = t->formula.e->parameters;
  double slope;
  from_z(v, z);
  mdm_target_slopes(t, v->x);
  for (size_t i = 0; i < t->formula.rows; i++) {
    int good = isfinite(t->value[i]);
    if (good) root_of(t->value[i] / t->delta, &slope);
    double factor = good ? sqrt(t->weight[i]) * slope / t->delta : 0;
    double *row = gsl_matrix_ptr(J, i, 0);
    for (size_t j = 0; j < v->n; j++) row[j] = good ? factor * t->slope[i * p + v->free[j]] * v->rate[j] : 0;
  }
  for (size_t j = 0; t->known_weight > 0 && j < v->n; j++)
    gsl_matrix_set(J, t->formula.rows, j, v->free[j] == t->known_at ? sqrt(t->known_weight) * v->rate[j] : 0);
  return GSL_SUCCESS;
}

/* Iterates until the sum has fallen by less than ENOUGH of itself twice in a row. */
static void iterate(gsl_multifit_nlinear_workspace *w, size_t most) {
  double last, now;
  const gsl_vector *f = gsl_multifit_nlinear_residual(w);
  gsl_blas_ddot(f, f, &last);
  for (size_t i = 0, small = 0; i < most && small < 2; i++, last = now) {
    if (gsl_multifit_nlinear_iterate(w)) return;
    gsl_blas_ddot(f, f, &now);
    small = last - now <= ENOUGH * last ? small + 1 : 0;
  }
}

static void choose_free(view *v, const int *held, const double *x) {
  size_t p = v->t->formula.e->parameters;
  for (size_t k = 0; k < p; k++) {
    v->x[k] = v->t->axis[k].fixed ? v->t->axis[k].value : x[k];
    if (!v->t->axis[k].fixed && !(held && held[k])) v->free[v->n++] = k;
  }
}

double mdm_target_minimize(mdm_target *t, const int *held, size_t most, double *x) {
  view v = {.t = t};
  gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
  choose_free(&v, held, x);
  memcpy(x, v.x, t->formula.e->parameters * sizeof *x);
  double before = mdm_target_value(t, x);
  if (!v.n || t->formula.rows + (t->known_weight > 0) < v.n || !isfinite(before)) return before;
  how.solver = gsl_multifit_nlinear_solver_cholesky;
  size_t terms = t->formula.rows + (t->known_weight > 0);
  gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, terms, v.n);
  gsl_vector *z = gsl_vector_alloc(v.n);
  gsl_multifit_nlinear_fdf f = {.f = residuals, .df = slopes, .n = terms, .p = v.n, .params = &v};
  double after = before;
  for (size_t j = 0; z && j < v.n; j++) gsl_vector_set(z, j, to_z(&t->axis[v.free[j]], x[v.free[j]]));
  if (w && z && !gsl_multifit_nlinear_init(z, &f, w)) {
    iterate(w, most);
    from_z(&v, gsl_multifit_nlinear_position(w));
    after = mdm_target_value(t, v.x);
    if (after < before) memcpy(x, v.x, t->formula.e->parameters * sizeof *x);
  }
  if (w) gsl_multifit_nlinear_free(w);
  gsl_vector_free(z);
  return after < before ? after : before;
}
