/* Response functions of one trained random matrix, measured by Stein's lemma (docs/theory.md, "Responses").
 *
 *   R_p(t,s) = ⟨∂p(t)/∂κ(s)⟩, s < t        R_q(t,s) = ⟨∂q(t)/∂ω(s)⟩, s ≤ t
 * p is the matrix's forward input, q its backward input, ω and κ the Gaussian parts of its products. In the thin factors'
 * bases, ω(s) = Ω c(s) and κ(s) = K d(s), so that ⟨p(t) K⟩/V_b = Σ_s R_p(t,s) d(s) and ⟨q(t) Ω⟩/V_f = Σ_s R_q(t,s) c(s). */
#ifndef MOEDMFT_RESPONSE_H
#define MOEDMFT_RESPONSE_H

#include <moedmft/record.h>

#include "problem/problem.h"
#include "realization/thin.h"

typedef struct X(response) X(response);

/* Follows matrix A (its factors: the limit's own, or a network's probe) through the problem's steps. */
int X(response_create)(X(thin) *A, const mdm_problem *problem, X(response) **out, mdm_error *err);
void X(response_free)(X(response) *r);
/* Coordinates and columns of every step (base/state.h). */
void X(response_walk)(X(response) *r, mdm_state *s);
/* Step t: p and q are the matrix's inputs of this step, every step in turn. */
int X(response_step)(X(response) *r, size_t t, const X(field) *p, const X(field) *q, mdm_error *err);
/* Writes responses/NAME/… of a block into the record, whose arrays the first of the stored blocks adds; times that were not reached are
 * NaN. */
int X(response_write)(const X(response) *r, size_t block, mdm_record *record, mdm_error *err);

#endif
