/* The tangent kernel: how a step of gradient descent on one sample changes the prediction of another. */
#ifndef MOEDMFT_TANGENT_H
#define MOEDMFT_TANGENT_H

#include <moedmft/record.h>

#include "problem/problem.h"
#include "models/moe.h"

typedef struct X(tangent) X(tangent);

/* Adds the arrays to the record. Free with tangent_free (accepts NULL). */
int X(tangent_create)(const mdm_problem *problem, X(realization) *R, mdm_record *record, X(tangent) **out,
                      mdm_error *err);
void X(tangent_free)(X(tangent) *k);
/* At a step t of the time grid, after the forward pass and before the backward pass of training: it leaves other backward
 * fields behind. Training goes on as if nothing had been measured. Returns a status. */
int X(tangent_step)(X(tangent) *k, X(moe) *program, size_t t, mdm_error *err);

#endif
