/* How sharply the runs fix the parameters: the scale of the target, standard errors, and directions that the runs do not tell apart.
 *
 * Of a sum of Huber's losses with weights w, ψ its slope in units of δ: −2 ln likelihood rises by 2 Δ/s, s = mean ψ²w/mean ψ', and the covariance of
 * the parameters is (mean ψ²w/(mean ψ')²) (Σ w J Jᵀ/δ²)⁻¹ (Huber 1964; Heritier and Ronchetti 1994). */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "law/fitting.h"

static const double SINGULAR = 1e-11, TAKES_PART = 0.1; /* relative eigenvalue of no curvature; square of a parameter's share in its direction */

/* Mean of ψ² w and of ψ', weighted by w. */
typedef struct {
  double square, slope;
} moments;

/* Runs with errors: normal noise of that size, larger where the law does not fit within it. */
static moments of_errors(const mdm_fitting *f) {
  double total = 0, grown = sqrt(fmax(1, f->fit->chi2)), delta = f->all.delta;
  moments m = {0, 0};
  for (size_t i = 0; i < f->rows; i++) {
    double w = f->all.weight[i], u = delta / (f->error[i] * grown), inside = 1 - 2 * gsl_cdf_ugaussian_Q(u);
    double square = 1 - inside + (inside - 2 * u * exp(-0.5 * u * u) / sqrt(2 * M_PI)) / (u * u);
    m.square += w * w * square, m.slope += w * inside, total += w;
  }
  return (moments){m.square / total, m.slope / total};
}

/* Others: from the residuals (rows, used up). The fraction within δ is taken from within their median where that is larger: a fit passes through some runs. */
static moments of_residuals(const mdm_fitting *f, double *r) {
  double n = (double)f->rows, rest = n - (double)f->free, total = 0, width = f->all.delta;
  moments m = {0, 0};
  for (size_t i = 0; i < f->rows; i++) {
    double w = f->all.weight[i], psi = fmin(1, fabs(r[i]) / f->all.delta);
    m.square += w * w * psi * psi, total += w;
    r[i] = fabs(r[i]);
  }
  gsl_sort(r, 1, f->rows);
  width = fmax(width, gsl_stats_median_from_sorted_data(r, 1, f->rows) * sqrt(n / rest));
  for (size_t i = 0; i < f->rows; i++) m.slope += r[i] <= width;
  return (moments){m.square / total * n / rest, m.slope / n * f->all.delta / width};
}

/* Σ w J Jᵀ/δ² of the free parameters, lower triangle (free × free), each scaled by its root diagonal, which goes to size; index: which they are. */
static void information(mdm_fitting *f, double *H, double *size, size_t *index) {
  size_t n = f->free, at = 0;
  for (size_t k = 0; k < f->p; k++)
    if (!f->axis[k].fixed) index[at++] = k;
  for (size_t i = 0; i < f->rows; i++) {
    const double *s = f->all.slope + i * f->p;
    double w = f->all.weight[i] / (f->all.delta * f->all.delta);
    for (size_t a = 0; a < n; a++)
      for (size_t b = 0; b <= a; b++) H[a + b * n] += w * s[index[a]] * s[index[b]];
  }
  for (size_t a = 0; a < n; a++) size[a] = sqrt(H[a + a * n]);
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b <= a; b++) H[a + b * n] = size[a] > 0 && size[b] > 0 ? H[a + b * n] / (size[a] * size[b]) : a == b;
}

/* Standard errors from the eigenvectors V of the scaled information, eigenvalues ascending. */
static void invert(mdm_fitting *f, const double *V, const double *eigen, const double *size, const size_t *index, double variance) {
  size_t n = f->free;
  for (size_t a = 0; a < n; a++) {
    double sum = 0;
    int blind = !(size[a] > 0);
    for (size_t j = 0; j < n; j++) {
      double v = V[a + j * n] * V[a + j * n];
      if (eigen[j] > SINGULAR * eigen[n - 1]) sum += v / eigen[j];
      else blind |= v > TAKES_PART;
    }
    f->blind[index[a]] = blind;
    f->error_of[index[a]] = blind ? INFINITY : sqrt(variance * sum) / size[a];
  }
}

int mdm_law_curvature(mdm_fitting *f, mdm_error *err) {
  size_t n = f->free, index[MDM_LAW_PARAMETERS];
  double *H = mdm_alloc(n + 2, n, 1, sizeof *H), *r = mdm_alloc(f->rows, 1, 1, sizeof *r), *size = H ? H + n * n : NULL, *eigen = H ? size + n : NULL;
  if (!H || !r) {
    free(H), free(r);
    return mdm_no_memory(err, "the curvature of a fit");
  }
  mdm_target_slopes(&f->all, f->x);
  memcpy(r, f->all.value, f->rows * sizeof *r);
  moments m = f->error ? of_errors(f) : of_residuals(f, r);
  f->scale = m.slope > 0 ? m.square / m.slope : NAN;
  information(f, H, size, index);
  const char *why = mdm_eigen_f64(n, H, eigen);
  if (!why) invert(f, H, eigen, size, index, m.square / (m.slope * m.slope));
  free(H), free(r);
  return why ? mdm_fail(err, MDM_ERR_NUMERIC, "the curvature of the fit: %s", why) : MDM_OK;
}
