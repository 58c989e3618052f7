/* Inputs and targets far from the sizes that theory has them in, and few active experts. */
#include "run/advice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

static const double LARGE = 4;        /* mean squares above are worth a word: ±2 where ±1 is usual */
static const double FEW_ACTIVE = 0.3; /* K/M below which the largest rate is less than half of that of soft routing (docs/faq.md) */

/* A kernel of inputs ⟨x x⟩/D of order 1, a target of order 1: units in which rates are of order 1. Adds Σ v²/count. */
static void add_squares(const double *v, size_t n, double count, double *sum) {
  for (size_t i = 0; i < n; i++) *sum += v[i] * v[i] / count;
}

/* NaN where there is no memory. */
static double mean_square_input(const mdm_samples *s, size_t D) {
  double sum = 0, *x = mdm_alloc(D, 1, 1, sizeof *x); /* D */
  for (size_t m = 0; x && m < s->count; m++) {
    mdm_samples_input(s, m, x);
    add_squares(x, D, (double)(s->count * D), &sum);
  }
  int known = x != NULL;
  free(x);
  return known ? sum : NAN;
}

void mdm_divergence_advice(const mdm_problem *p, char *out, size_t size) {
  const mdm_samples *s = &p->data->train;
  size_t used = 0, targets = s->count * p->data->outputs;
  double x = mean_square_input(s, p->data->dimension), y = 0, kappa = p->model.active_fraction;
  add_squares(s->y, targets, (double)targets, &y);
  *out = '\0';
  if (x > LARGE)
    used += (size_t)snprintf(out, size, "; the inputs have a mean square of %.3g, 1 is usual: set data.standardize", x);
  if (y > LARGE && used < size)
    used += (size_t)snprintf(out + used, size - used, "; the targets have a mean square of %.3g: divide them, or lower the rate as much", y);
  if (kappa < FEW_ACTIVE && used < size)
    snprintf(out + used, size - used, "; with K/M = %.3g of the experts active rates must be smaller than with all, by a factor between %.2g and %.2g (docs/faq.md)",
             kappa, sqrt(kappa), kappa);
}
