/* Numbers that agree within their standard errors. */
#include "support/near.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>

#include "support/arrays.h"
#include "support/runs.h"

void check_near(const char *what, double got, double expected, double tolerance) {
  int near = fabs(got - expected) <= tolerance;
  if (!near) printf("\n    %s: %.12g, expected %.12g +- %.2g\n", what, got, expected, tolerance);
  CU_ASSERT(near);
}

distance distance_of(const mdm_record *a, const char *path_a, const mdm_record *b, const char *path_b) {
  const double *x = values(a, path_a), *y = values(b, path_b), *ex = errors(a, path_a), *ey = errors(b, path_b);
  double n = (double)elements(mdm_record_find(a, path_a)), square = 0, error2 = 0, size2 = 0;
  distance d = {0};
  for (size_t i = 0; i < (size_t)n; i++) {
    d.largest = fmax(d.largest, fabs(x[i] - y[i]));
    d.largest_error = fmax(d.largest_error, hypot(ex[i], ey[i]));
    square += (x[i] - y[i]) * (x[i] - y[i]);
    error2 += ex[i] * ex[i] + ey[i] * ey[i];
    size2 += x[i] * x[i];
  }
  d.rms = sqrt(square / n);
  d.rms_error = sqrt(error2 / n);
  d.size = sqrt(size2 / n);
  return d;
}
