/* Order parameters over all steps (src/problem/orders.h), measured on the particles of a run. */
#ifndef MOEDMFT_MEASURE_H
#define MOEDMFT_MEASURE_H

#include "problem/orders.h"
#include "models/moe.h"

typedef struct X(measure) X(measure);

/* Measures a run of realization R (a limit) into `out` (layout->size, zero at first); tolerance: relative amplitude below which
 * parts of a field are left out. Free with measure_free (accepts NULL). */
int X(measure_create)(const mdm_layout *layout, const X(realization) *R, double tolerance, double *out, X(measure) **m, mdm_error *err);
void X(measure_free)(X(measure) *m);
/* What was measured in the first t steps (base/state.h). */
void X(measure_walk)(X(measure) *m, size_t t, mdm_state *s);
/* After forward and backward pass of step t, every step in turn. Returns a status. */
int X(measure_step)(X(measure) *m, const X(moe) *program, size_t t, mdm_error *err);

#endif
