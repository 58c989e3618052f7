/* Inputs and targets far from the sizes that theory has them in, and few active experts. */
#include "run/advice.h"

#include <math.h>
#include <stdio.h>

static const double LARGE = 4;        /* mean squares above are worth a word: ±2 where ±1 is usual */
static const double FEW_ACTIVE = 0.3; /* K/M below which the largest rate is less than half of that of soft routing (docs/faq.md) */

/* A kernel of inputs ⟨x x⟩/D of order 1, a target of order 1: units in which rates are of order 1. */
static double mean_square(const double *v, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += v[i] * v[i] / (double)n;
  return sum;
}

void mdm_divergence_advice(const mdm_problem *p, char *out, size_t size) {
  const mdm_samples *s = &p->data->train;
  double x = mean_square(s->x, s->count * p->data->dimension), y = mean_square(s->y, s->count * p->data->outputs), kappa = p->model.active_fraction;
  size_t used = 0;
  *out = '\0';
  if (x > LARGE)
    used += (size_t)snprintf(out, size, "; the inputs have a mean square of %.3g, 1 is usual: set data.standardize", x);
  if (y > LARGE && used < size)
    used += (size_t)snprintf(out + used, size - used, "; the targets have a mean square of %.3g: divide them, or lower the rate as much", y);
  if (kappa < FEW_ACTIVE && used < size)
    snprintf(out + used, size - used, "; with K/M = %.3g of the experts active rates must be smaller than with all, by a factor between %.2g and %.2g (docs/faq.md)",
             kappa, sqrt(kappa), kappa);
}
