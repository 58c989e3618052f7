/* What a run measures: the arrays of its record, filled step by step. */
#ifndef MOEDMFT_OBSERVE_H
#define MOEDMFT_OBSERVE_H

#include "problem/problem.h"
#include "models/moe.h"
#include <moedmft/record.h>

typedef struct X(observer) X(observer);

/* Adds every array of the run to the record. */
int X(observer_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record,
                       X(observer) **out, mdm_error *err);
void X(observer_free)(X(observer) *o);
/* What it keeps beside the record (base/state.h). */
void X(observer_walk)(X(observer) *o, mdm_state *s);

/* Predictions f (outputs × batch), loss and accuracy of one part at step t. */
void X(observe_prediction)(X(observer) *o, mdm_part part, size_t t, const double *f, double loss, double accuracy);
/* The gradient's norm at step t, when it is clipped. */
void X(observe_gradient_norm)(X(observer) *o, size_t t, double norm);
/* Step t diverged: forgets what its test part left. */
void X(observe_nothing)(X(observer) *o, size_t t);
/* Fields after forward and backward pass at step t: RMS, overlaps, router; and, on the time grid, what kernels need.
 * Returns 0 when a field is not finite. */
int X(observe_fields)(X(observer) *o, const X(moe) *program, size_t t, const double *e);
/* After the last step: kernels from what was kept; diagnostics of the realization. */
int X(observe_end)(X(observer) *o, const X(realization) *R, double seconds, mdm_error *err);

#endif
