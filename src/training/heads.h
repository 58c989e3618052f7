/* How heads of attention blocks look at their sequences: entropy and distance, and their distribution over heads. */
#ifndef MOEDMFT_HEADS_H
#define MOEDMFT_HEADS_H

#include <moedmft/record.h>

#include "problem/problem.h"
#include "models/moe.h"

typedef struct X(heads) X(heads);

/* Adds observables/attention and statistics/attention to the record; only where a block attends. */
int X(heads_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record, X(heads) **out, mdm_error *err);
void X(heads_free)(X(heads) *h);
/* After a forward pass of the train part at step t. */
void X(heads_step)(X(heads) *h, const X(moe) *program, size_t t);

#endif
