/* Distributions over experts, loads, differences between experts, alignment of kernels with targets. */
#ifndef MOEDMFT_STATISTICS_H
#define MOEDMFT_STATISTICS_H

#include <moedmft/record.h>

#include "problem/problem.h"
#include "models/moe.h"

typedef struct X(statistics) X(statistics);

/* Adds the arrays to the record. Free with statistics_free (accepts NULL). */
int X(statistics_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record, X(statistics) **out, mdm_error *err);
void X(statistics_free)(X(statistics) *s);
/* Fields after forward and backward pass at step t, errors e (outputs × batch). Returns a status. */
int X(statistics_step)(X(statistics) *s, const X(moe) *program, size_t t, const double *e, mdm_error *err);

#endif
