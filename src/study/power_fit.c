/* Powers of the width through squared deviations (power_fit.h): χ² of the best amplitude, as a function of the exponent; its
 * minimum and the places where it has risen by so much, by GSL's minimizer and root finder (both Brent's). */
#include "study/power_fit.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_min.h>
#include <gsl/gsl_roots.h>
#include <math.h>

#include "base/gsl.h"

static const double LOW = -1, HIGH = 4, TOLERANCE = 1e-10;
enum { STEPS = 100, MOST_ITERATIONS = 200 }; /* χ² is looked at in steps of (HIGH − LOW)/STEPS first: it may have two minima */

typedef struct {
  size_t n;
  const double *x, *d2, *s2; /* n */
  double level;              /* subtracted from χ² */
} problem;

/* χ² of the best amplitude for exponent p, minus level. */
static double chi2(double p, void *context) {
  const problem *q = context;
  double fd = 0, ff = 0, sum = 0;
  for (size_t i = 0; i < q->n; i++) {
    double f = pow(q->x[i] / q->x[0], -2 * p) / q->s2[i];
    fd += f * q->d2[i] / q->s2[i];
    ff += f * f;
  }
  double amplitude = fd > 0 ? fd / ff : 0;
  for (size_t i = 0; i < q->n; i++) {
    double r = (q->d2[i] - amplitude * pow(q->x[i] / q->x[0], -2 * p)) / q->s2[i];
    sum += r * r;
  }
  return sum - q->level;
}

static double step_at(int i) { return LOW + (HIGH - LOW) * i / STEPS; }

/* The minimum inside the steps left and right of step i, the lowest of the three. */
static double refine_minimum(problem *q, int i) {
  gsl_function f = {chi2, q};
  gsl_min_fminimizer *m = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
  double p = step_at(i);
  int status = m ? gsl_min_fminimizer_set(m, &f, p, step_at(i - 1), step_at(i + 1)) : GSL_ENOMEM;
  for (int k = 0; k < MOST_ITERATIONS && !status; k++) {
    status = gsl_min_fminimizer_iterate(m);
    p = gsl_min_fminimizer_x_minimum(m);
    if (gsl_min_test_interval(gsl_min_fminimizer_x_lower(m), gsl_min_fminimizer_x_upper(m), TOLERANCE, 0) == GSL_SUCCESS) break;
  }
  if (m) gsl_min_fminimizer_free(m);
  return p;
}

static double find_minimum(problem *q) {
  double best = INFINITY;
  int at = 0;
  for (int i = 0; i <= STEPS; i++) {
    double c = chi2(step_at(i), q);
    if (c < best) best = c, at = i;
  }
  return at > 0 && at < STEPS ? refine_minimum(q, at) : step_at(at);
}

/* Where χ² − level changes its sign between a and b. */
static double find_root(problem *q, double a, double b) {
  gsl_function f = {chi2, q};
  gsl_root_fsolver *r = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  double p = b;
  int status = r ? gsl_root_fsolver_set(r, &f, fmin(a, b), fmax(a, b)) : GSL_ENOMEM;
  for (int k = 0; k < MOST_ITERATIONS && !status; k++) {
    status = gsl_root_fsolver_iterate(r);
    p = gsl_root_fsolver_root(r);
    if (gsl_root_test_interval(gsl_root_fsolver_x_lower(r), gsl_root_fsolver_x_upper(r), TOLERANCE, 0) == GSL_SUCCESS) break;
  }
  if (r) gsl_root_fsolver_free(r);
  return p;
}

/* First place from p towards `end` where χ² reaches level; NaN when it does not. */
static double crossing(problem *q, double p, double end, double level) {
  double step = (end > p ? 1 : -1) * (HIGH - LOW) / STEPS, a = p;
  q->level = level;
  while (a != end) {
    double b = fabs(end - a) > fabs(step) ? a + step : end;
    if (chi2(b, q) >= 0) return find_root(q, a, b);
    a = b;
  }
  return NAN;
}

/* Whether errors are known and a deviation stands out of them. */
static int has_signal(const problem *q, double confidence) {
  double signal = 0;
  for (size_t i = 0; i < q->n; i++) {
    if (!(q->s2[i] > 0) || !isfinite(q->s2[i]) || !isfinite(q->d2[i])) return 0;
    signal = fmax(signal, q->d2[i] / q->s2[i]);
  }
  return q->n > 1 && signal >= confidence;
}

mdm_fitted_power mdm_fit_power(size_t n, const double *x, const double *d2, const double *s2, double confidence) {
  mdm_fitted_power out = {NAN, NAN, 0, NAN};
  problem q = {n, x, d2, s2, 0};
  if (!has_signal(&q, confidence)) return out;
  mdm_gsl_begin();
  double p = find_minimum(&q), lowest = chi2(p, &q);
  double reduced = n > 2 ? lowest / (double)(n - 2) : NAN, rise = fmax(1, reduced), far = confidence * confidence * rise;
  double left = crossing(&q, p, LOW, lowest + rise), right = crossing(&q, p, HIGH, lowest + rise);
  if (!isnan(left) && !isnan(right)) {
    out = (mdm_fitted_power){p, 0.5 * (right - left), 0, reduced};
  } else if (isnan(left) != isnan(right)) {
    int bound = isnan(right) ? 1 : -1;
    double edge = crossing(&q, p, bound > 0 ? LOW : HIGH, lowest + far);
    if (!isnan(edge)) out = (mdm_fitted_power){edge, INFINITY, bound, reduced};
  }
  mdm_gsl_end();
  return out;
}
