/* Deviations of networks from the limit against the width N, on logarithmic axes. */
#ifndef MOEDMFT_PLOT_DEVIATIONS_H
#define MOEDMFT_PLOT_DEVIATIONS_H

#include <moedmft/record.h>
#include <stdio.h>

#include "plot/canvas.h"

typedef struct mdm_deviations {
  const mdm_array *width, *value; /* both (width) */
  double unit;                    /* of the values */
  double reach;                   /* of bars, in standard errors (mdm_plot_reach) */
} mdm_deviations;

/* Value and standard error (0: unknown) at index w, in units. Returns 0 where there is nothing to draw. */
int mdm_deviation_at(const mdm_deviations *d, size_t w, double *value, double *error);
/* "N value lower upper" (the ends of its bar) of index w, if there is something to draw; r (NaN, NaN at first) is made to hold it. */
void mdm_deviation_row(FILE *out, const mdm_deviations *d, size_t w, mdm_range *r);
/* ln a of the line a N^-p through the deviations, weighted by their relative errors. */
double mdm_deviation_height(const mdm_deviations *d, double p);

#endif
