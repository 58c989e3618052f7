/* Deviations of networks from the limit against N (plot/deviations.h). */
#include "plot/deviations.h"

#include <math.h>

int mdm_deviation_at(const mdm_deviations *d, size_t w, double *value, double *error) {
  double e = d->value->error ? d->value->error[w] / d->unit : 0;
  *value = d->value->value[w] / d->unit;
  *error = isfinite(e) ? e : 0;
  return d->width->value[w] > 0 && *value > 0 && isfinite(*value);
}

void mdm_deviation_row(FILE *out, const mdm_deviations *d, size_t w, mdm_range *r) {
  double v, e;
  if (!mdm_deviation_at(d, w, &v, &e)) return;
  e *= d->reach;
  double lo = fmax(v - e, v / 10); /* of bars that would reach zero, a decade shows */
  mdm_plot_extend(r, lo);
  mdm_plot_extend(r, v + e);
  fprintf(out, "%.9g %.9g %.9g %.9g\n", d->width->value[w], v, lo, v + e);
}

double mdm_deviation_height(const mdm_deviations *d, double p) {
  double sum = 0, weights = 0, v, e;
  for (size_t w = 0; w < d->width->dim[0]; w++) {
    if (!mdm_deviation_at(d, w, &v, &e)) continue;
    double weight = e > 0 ? (v / e) * (v / e) : 1;
    sum += weight * (log(v) + p * log(d->width->value[w]));
    weights += weight;
  }
  return sum / weights;
}
