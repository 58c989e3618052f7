/* Distance of two ensembles' means with the noise of both removed (distance.h).
 *
 * With values x_i (seeds) and y_a (replicas) the squared distance of the means, |x̄ − ȳ|², is biased upward by sampling noise. What
 * is reported is Δ² = |x̄ − ȳ|² − |se_x|² − |se_y|², whose expectation is the true squared distance; its error comes from a
 * jackknife over seeds and over replicas (Efron and Stein 1981), which takes three runs of each.
 */
#include "study/distance.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"

typedef struct {
  size_t n;          /* runs left in */
  double *mean, *m2; /* k: mean, sum of squared deviations */
} moments;

/* Mean and squared deviations of all runs, element by element. */
static void moments_of(size_t k, size_t n, const double *const *x, moments *s) {
  s->n = n;
  memset(s->mean, 0, k * sizeof *s->mean);
  memset(s->m2, 0, k * sizeof *s->m2);
  for (size_t i = 0; i < n; i++)
    for (size_t e = 0; e < k; e++) s->mean[e] += x[i][e] / (double)n;
  for (size_t i = 0; i < n; i++)
    for (size_t e = 0; e < k; e++) {
      double d = x[i][e] - s->mean[e];
      s->m2[e] += d * d;
    }
}

/* The same without one run x, from those of all: no second pass over the others. */
static void moments_without(size_t k, const moments *all, const double *x, moments *s) {
  double n = (double)all->n;
  s->n = all->n - 1;
  for (size_t e = 0; e < k; e++) {
    double d = x[e] - all->mean[e];
    s->mean[e] = all->mean[e] - d / (n - 1);
    s->m2[e] = fmax(0, all->m2[e] - d * d * n / (n - 1)); /* a sum of squares of the others: only rounding makes it negative */
  }
}

/* Δ² and the variance over runs of x, from moments. */
static double distance2(size_t k, const moments *x, const moments *y, double *spread2) {
  double sum = 0, spread = 0;
  size_t used = 0;
  for (size_t e = 0; e < k; e++) {
    double vx = x->m2[e] / (double)(x->n - 1), vy = y->m2[e] / (double)(y->n - 1), d = x->mean[e] - y->mean[e];
    double term = d * d - vx / (double)x->n - vy / (double)y->n;
    if (isnan(term)) continue;
    sum += term;
    spread += vx;
    used++;
  }
  *spread2 = used ? spread / (double)used : NAN;
  return used ? sum / (double)used : NAN;
}

/* Jackknife variance from n leave-one-out values. */
static double jackknife(size_t n, const double *left_out) { return (double)(n - 1) / (double)n * gsl_stats_tss(left_out, 1, n); }

/* Jackknife over runs of x; variances of Δ² and of the spread of x. room: 2 × runs of x. */
static void leave_out_x(size_t k, const double *const *x, const moments *all_x, const moments *all_y, moments *part, double *room, double *d2,
                        double *spread2) {
  size_t n = all_x->n;
  for (size_t i = 0; i < n; i++) {
    moments_without(k, all_x, x[i], part);
    room[i] = distance2(k, part, all_y, &room[n + i]);
  }
  *d2 = jackknife(n, room);
  *spread2 = jackknife(n, room + n);
}

/* The same over runs of y, which the spread of x does not feel. room: runs of y. */
static double leave_out_y(size_t k, const moments *all_x, const double *const *y, const moments *all_y, moments *part, double *room) {
  double spread2;
  for (size_t i = 0; i < all_y->n; i++) {
    moments_without(k, all_y, y[i], part);
    room[i] = distance2(k, all_x, part, &spread2);
  }
  return jackknife(all_y->n, room);
}

static void measure(size_t k, size_t n, const double *const *x, size_t m, const double *const *y, double *work, double *room, mdm_separation *out) {
  moments all_x = {0, work, work + k}, all_y = {0, work + 2 * k, work + 3 * k}, part = {0, work + 4 * k, work + 5 * k};
  const double freedom[2] = {(double)n - 1, (double)m - 1};
  double variance[2] = {NAN, NAN}, spread = NAN;
  moments_of(k, n, x, &all_x);
  moments_of(k, m, y, &all_y);
  out->d2 = distance2(k, &all_x, &all_y, &out->spread2);
  if (n >= MDM_FEWEST_RUNS) leave_out_x(k, x, &all_x, &all_y, &part, room, &variance[0], &spread);
  if (m >= MDM_FEWEST_RUNS) variance[1] = leave_out_y(k, &all_x, y, &all_y, &part, room);
  out->d2_error = sqrt(variance[0] + variance[1]);
  out->d2_freedom = mdm_freedom(2, variance, freedom);
  out->spread2_error = sqrt(spread);
}

int mdm_distance(size_t k, size_t n, const double *const *x, size_t m, const double *const *y, mdm_separation *out, mdm_error *err) {
  double *work = mdm_alloc(k, 6, 1, sizeof *work), *room = mdm_alloc(n > m ? n : m, 2, 1, sizeof *room); /* 6 × k; 2 × runs */
  int status = work && room ? MDM_OK : mdm_no_memory(err, "a comparison of %zu numbers", k);
  if (!status) measure(k, n, x, m, y, work, room, out);
  free(work);
  free(room);
  return status;
}
