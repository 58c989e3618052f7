/* A list of losses: its means, the parabola at the smallest, and the loss between values (loss_list.h).
 *
 * Losses are looked at as ln L and as L. Through the smallest and its two neighbours goes a parabola in x = ln(value), with second
 * divided difference c. It fits where those at the neighbours are like it: ρ = max |c'/c − 1|. The better of the two is taken, and
 * its minimum is known to q(ρ) h, q = ρ/4 + ρ³, with h the larger distance of a neighbour. Measured on learning curves: that is 1 to 3 times
 * the error where losses are smooth, and where they have a kink, ρ is 0.35 and more (validation/best_value.py). Once q
 * exceeds 1/√3, for ρ > 0.73, or where nothing tells ρ, or a neighbour diverged, the list says only that the minimum lies between
 * the neighbours: its middle, with the standard deviation of a uniform distribution.
 *
 * The loss may then be lower by D, what the slopes beside the smallest lose when they go on to the other neighbour. A parabola whose twin (of L
 * or ln L) does not fit may hide a kink as well, whose sides are straight in one of them and look round in the other: √(q q') D, with q' ≤ 1.
 *
 * Between other values the loss is the mean of the parabolas at both neighbours, weighted by the distance from the other one, which has no steps in
 * its slope (Overhauser 1968), and is exact for a parabola. What the list leaves open is half of what the two differ by.
 */
#include "study/loss_list.h"

#include <gsl/gsl_poly.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void mdm_losses_average(mdm_losses *l, const uint64_t *pick) {
  for (size_t i = 0; i < l->n; i++) {
    double sum = 0;
    for (size_t r = 0; r < l->runs; r++) sum += l->y[i * l->runs + (pick ? pick[r] % l->runs : r)];
    l->mean[i] = sum / (double)l->runs;
    if (l->mean[i] > l->ceiling[i]) l->mean[i] = INFINITY;
    l->logs[i] = l->mean[i] > 0 ? log(l->mean[i]) : NAN;
  }
}

/* ---------------------------------------------------------------- parabolas */

/* f at x₁ + t is f₁ + slope t + curvature t². */
typedef struct {
  double slope, curvature;
} parabola;

static parabola parabola_at(const double *x, const double *f, size_t i) {
  double divided[3], taylor[3], work[3];
  gsl_poly_dd_init(divided, x + i - 1, f + i - 1, 3);
  gsl_poly_dd_taylor(taylor, x[i], divided, x + i - 1, 3, work);
  return (parabola){taylor[1], taylor[2]};
}

/* How far the minimum lies below f at x₁. */
static double depth_of(parabola p) { return 0.25 * p.slope * p.slope / p.curvature; }

static int is_inside(const mdm_losses *l, const double *f, size_t i) { return i > 0 && i + 1 < l->n && isfinite(f[i - 1]) && isfinite(f[i]) && isfinite(f[i + 1]); }

/* ρ at i; infinite where a neighbour has no two neighbours itself: one side alone has been seen to miss a kink on the other. */
static double misfit(const mdm_losses *l, const double *f, size_t i) {
  if (!is_inside(l, f, i) || !is_inside(l, f, i - 1) || !is_inside(l, f, i + 1)) return INFINITY;
  parabola p = parabola_at(l->x, f, i);
  double c = p.curvature;
  if (f == l->mean && l->mean[i] > 0 && depth_of(p) >= l->mean[i]) return INFINITY; /* positive losses do not turn negative */
  return fmax(fabs(parabola_at(l->x, f, i - 1).curvature / c - 1), fabs(parabola_at(l->x, f, i + 1).curvature / c - 1));
}

/* ---------------------------------------------------------------- one list */

/* Anywhere between the neighbours of i, at least one of which is there. The loss may be lower than that of the list by what the slopes
 * beside i lose when they go on to the other neighbour. */
static void between_neighbours(const mdm_losses *l, size_t i, mdm_best *b) {
  const double *x = l->x, *f = isnan(l->logs[i]) ? l->mean : l->logs;
  double drop = 0;
  b->x = 0.5 * (x[i - 1] + x[i + 1]);
  b->x_between = (x[i + 1] - x[i - 1]) / sqrt(12);
  if (isfinite(f[i - 1])) drop = (f[i - 1] - f[i]) / (x[i] - x[i - 1]) * (x[i + 1] - x[i]);
  if (isfinite(f[i + 1])) drop = fmax(drop, (f[i + 1] - f[i]) / (x[i + 1] - x[i]) * (x[i] - x[i - 1]));
  b->loss_error = f == l->logs ? -expm1(-drop) * b->loss : drop;
}

/* q(ρ): part of h that a misfit leaves open. */
static double open_part(double rho) { return 0.25 * rho + rho * rho * rho; }

/* The minimum of the parabola through f, ln L or L itself, which fits to rho; the other of the two fits to `other`. The error of the loss is
 * D before. */
static void at_parabola(const mdm_losses *l, const double *f, size_t i, double rho, double other, mdm_best *b) {
  parabola p = parabola_at(l->x, f, i);
  double t = -0.5 * p.slope / p.curvature, depth = depth_of(p), lower = sqrt(open_part(rho) * fmin(1, open_part(other))) * b->loss_error;
  double open = rho * depth + p.curvature * b->x_between * b->x_between; /* of f there */
  b->x = l->x[i] + t;
  b->loss = f == l->logs ? exp(f[i] - depth) : f[i] - depth;
  b->loss_error = fmax(lower, f == l->logs ? b->loss * open : open);
}

/* Where an option has no effect, as that of another optimizer, all values have the same loss, and none is the best. */
static int is_flat(const mdm_losses *l) {
  for (size_t i = 1; i < l->n; i++)
    if (l->mean[i] != l->mean[0]) return 0;
  return l->n > 1;
}

mdm_best mdm_losses_best(const mdm_losses *l) {
  mdm_best b = {MDM_BEST_NONE, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0};
  for (size_t i = 0; i < l->n; i++)
    if (isfinite(l->mean[i]) && (b.kind == MDM_BEST_NONE || l->mean[i] < l->mean[b.position])) b.kind = MDM_BEST_INSIDE, b.position = i;
  if (b.kind != MDM_BEST_NONE && is_flat(l)) b.kind = MDM_BEST_NONE, b.position = 0;
  if (b.kind == MDM_BEST_NONE) return b;
  size_t i = b.position;
  b.x = l->x[i];
  b.loss = l->mean[i];
  b.loss_error = 0;
  if (i == 0 || i + 1 == l->n) return b.kind = i ? MDM_BEST_UPPER : MDM_BEST_LOWER, b;
  b.kind = is_inside(l, l->mean, i) ? MDM_BEST_BETWEEN : MDM_BEST_DIVERGED;
  between_neighbours(l, i, &b);
  if (b.kind == MDM_BEST_DIVERGED) return b;
  double of_logs = misfit(l, l->logs, i), of_losses = misfit(l, l->mean, i), rho = fmin(of_logs, of_losses);
  if (!(open_part(rho) < 1 / sqrt(3))) return b;
  b.kind = MDM_BEST_INSIDE;
  b.x_between = open_part(rho) * fmax(l->x[i] - l->x[i - 1], l->x[i + 1] - l->x[i]);
  b.of_logs = of_logs <= of_losses;
  at_parabola(l, b.of_logs ? l->logs : l->mean, i, rho, fmax(of_logs, of_losses), &b);
  return b;
}

/* ---------------------------------------------------------------- between values */

static double at(const mdm_losses *l, const double *f, size_t i, double x) {
  parabola p = parabola_at(l->x, f, i);
  double t = x - l->x[i];
  return f[i] + t * (p.slope + t * p.curvature);
}

/* Parabolas at the neighbours j and j + 1 of x, as far as there are any; what they leave open of f there. */
static double blend(const mdm_losses *l, const double *f, size_t j, double x, double *open) {
  double w = (x - l->x[j]) / (l->x[j + 1] - l->x[j]), line = (1 - w) * f[j] + w * f[j + 1], low = fmin(f[j], f[j + 1]), high = fmax(f[j], f[j + 1]);
  int left = is_inside(l, f, j), right = is_inside(l, f, j + 1);
  *open = high - low;
  if (!left && !right) return line;
  double a = at(l, f, left ? j : j + 1, x), b = left && right ? at(l, f, j + 1, x) : a;
  if (left && right) *open = 0.5 * fabs(a - b);
  else if (left && j > 0 && is_inside(l, f, j - 1)) *open = fabs(a - at(l, f, j - 1, x));
  else if (right && is_inside(l, f, j + 2)) *open = fabs(a - at(l, f, j + 2, x));
  else *open = fabs(a - line);
  return fmax(low, fmin(high, (1 - w) * a + w * b));
}

/* Of f at x, between the values j and j + 1; i: position of the smallest mean. */
static double value_between(const mdm_losses *l, const mdm_best *best, const double *f, size_t j, size_t i, double x, double *open) {
  int near = j == i || j + 1 == i;
  double other, w = (x - l->x[j]) / (l->x[j + 1] - l->x[j]);
  if (best->kind == MDM_BEST_INSIDE && near) {
    double value = at(l, f, i, x);
    size_t next = j == i ? i + 1 : i - 1;
    *open = is_inside(l, f, next) ? fabs(value - at(l, f, next, x)) : fabs(value - ((1 - w) * f[j] + w * f[j + 1]));
    return value;
  }
  double value = blend(l, f, j, x, &other);
  *open = other;
  if (best->kind != MDM_BEST_BETWEEN || !near) return value;
  double line = (1 - w) * f[j] + w * f[j + 1];
  *open = fmax(other, fabs(line - value));
  return line;
}

mdm_loss_kind mdm_losses_at(const mdm_losses *l, const mdm_best *best, double x, double *loss, double *open) {
  double ignored, *left_open = open ? open : &ignored;
  *loss = *left_open = NAN;
  if (l->n < 2 || !(x >= l->x[0] && x <= l->x[l->n - 1])) return MDM_LOSS_OUTSIDE;
  size_t j = 0;
  while (j + 2 < l->n && l->x[j + 1] <= x) j++;
  double a = l->mean[j], b = l->mean[j + 1];
  if (x == l->x[j] || x == l->x[j + 1]) {
    *loss = x == l->x[j] ? a : b;
    *left_open = 0;
    return isfinite(*loss) ? MDM_LOSS_KNOWN : MDM_LOSS_DIVERGED;
  }
  if (!isfinite(a) && !isfinite(b)) return *loss = INFINITY, MDM_LOSS_DIVERGED;
  if (!isfinite(a) || !isfinite(b)) return *loss = isfinite(a) ? a : b, MDM_LOSS_BESIDE;
  int logs = best->kind == MDM_BEST_INSIDE ? best->of_logs : !isnan(l->logs[j]) && !isnan(l->logs[j + 1]);
  const double *f = logs ? l->logs : l->mean;
  double value = value_between(l, best, f, j, best->position, x, left_open);
  *loss = logs ? exp(value) : value;
  if (logs) *left_open *= *loss;
  return MDM_LOSS_KNOWN;
}

/* ---------------------------------------------------------------- life */

int mdm_losses_create(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, mdm_losses *out, mdm_error *err) {
  mdm_losses *l = out;
  *l = (mdm_losses){.runs = runs};
  l->x = mdm_alloc(n, 1, 1, sizeof *l->x);
  l->y = mdm_alloc(n, runs, 1, sizeof *l->y);
  l->ceiling = mdm_alloc(n, 1, 1, sizeof *l->ceiling);
  l->mean = mdm_alloc(n, 1, 1, sizeof *l->mean);
  l->logs = mdm_alloc(n, 1, 1, sizeof *l->logs);
  l->from = mdm_alloc(n, 1, 1, sizeof *l->from);
  if (!(l->x && l->y && l->ceiling && l->mean && l->logs && l->from)) return mdm_no_memory(err, "the results of a sweep");
  for (size_t i = 0; i < n; i++) {
    if (isnan(y[i * runs])) continue;
    l->x[l->n] = x[i];
    l->ceiling[l->n] = ceiling ? ceiling[i] : INFINITY;
    l->from[l->n] = i;
    memcpy(l->y + l->n++ * runs, y + i * runs, runs * sizeof *y);
  }
  mdm_losses_average(l, NULL);
  return MDM_OK;
}

void mdm_losses_clear(mdm_losses *l) {
  free(l->x);
  free(l->y);
  free(l->ceiling);
  free(l->mean);
  free(l->logs);
  free(l->from);
  *l = (mdm_losses){0};
}
