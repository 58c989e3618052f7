/* How many directions the first field of the limit, φ(W_in x), has at the start on the samples of a step: what is known without a run. */
#ifndef MOEDMFT_FIRST_FIELD_H
#define MOEDMFT_FIRST_FIELD_H

#include "kernels/real.h"
#include "problem/problem.h"

/* Directions of a train batch that exceed a tolerance (whole_batch: of the power of all its tokens; else of one), on a sample of up to 768 of its tokens and four times as
 * many particles; of larger batches extrapolated from how the number grows with tokens. NaN: memory is out, or the eigensolver failed. */
double X(first_directions)(const mdm_problem *p, double tolerance, int whole_batch);

#endif
