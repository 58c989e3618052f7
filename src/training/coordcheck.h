/* The refined coordinate check of a run: every product split into what the initial matrix and the initial fields make of it,
 * and what training adds (src/scaling/parts.h). Networks and their limit go through the same observer. */
#ifndef MOEDMFT_COORDCHECK_H
#define MOEDMFT_COORDCHECK_H

#include <moedmft/record.h>

#include "problem/problem.h"
#include "models/moe.h"

typedef struct X(parts) X(parts);

/* Adds parts/… to the record, NaN until reached, and keeps the initial weights. Before the first step. */
int X(parts_create)(const mdm_problem *problem, X(realization) *R, const X(moe) *program, size_t inputs, mdm_record *record,
                    X(parts) **out, mdm_error *err);
void X(parts_free)(X(parts) *s);
/* The fields of time 0 (base/state.h). */
void X(parts_walk)(X(parts) *p, mdm_state *s);
/* Whether step t is looked at: step 0, which fixes the initial fields, and the time grid. */
int X(parts_wanted)(const X(parts) *s, size_t t);
/* After forward and backward pass of the batch x (inputs × batch) with e (outputs × batch) at step t: always the same samples.
 * Changes no weight. */
int X(parts_observe)(X(parts) *s, const X(moe) *program, size_t t, const real *x, const real *e, mdm_error *err);

#endif
