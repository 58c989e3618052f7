/* The built-in cosine set at its defaults. */
#include "support/cosine.h"

#include <math.h>

const double cosine_target[P] = {1, -1, -1, 1};

void cosine_input(size_t m, double x[D]) {
  for (size_t d = 0; d < D; d++) x[d] = sqrt(2) * cos(1.7 * (double)((m + 1) * (d + 1)) + 0.3 * (double)m);
}

double cosine_gram(size_t m, size_t n) {
  double x[D], y[D], sum = 0;
  cosine_input(m, x);
  cosine_input(n, y);
  for (size_t d = 0; d < D; d++) sum += x[d] * y[d];
  return sum / D;
}
