/* Forgetting: directions that fields no longer visit leave their basis, so that single passes can go on for ever (docs/theory.md, forgetting). */
#ifndef MOEDMFT_FORGET_H
#define MOEDMFT_FORGET_H

#include "realization/thin.h"

/* A basis with a bound is cut back to it when it has so many directions more: a cut costs as much as some steps. */
static inline size_t X(forget_slack)(size_t bound) { return bound / 4; }

/* A matrix that a field drives from one side, whose directions they are. */
typedef struct X(meeting) {
  X(thin) *A; /* it forgets (X(thin_forgets)), and has followed both of its bases */
  mdm_side side;
} X(meeting);

/* Cuts a basis to its `bound` directions of most use by rotating it and the columns of its matrices; what these do to the directions that go,
 * inside the span of their other field, is handed over to their other columns. Nothing happens where there are no more. Momenta are cut alike.
 * Coordinates that the basis kept are void. Returns a status: MDM_ERR_MEMORY, MDM_ERR_NUMERIC. */
int X(basis_cut)(X(basis) *basis, size_t matrices, const X(meeting) *matrix, mdm_error *err);

/* Starts a population's memory anew behind its first `initial` columns. */
void X(population_restart)(X(population) *pop, size_t initial);
/* Makes it remember the span of count columns on n particles, groups of which share the population's (n = groups · pop->n: their means), until it
 * remembers `most` columns. Returns a status. */
int X(population_span)(X(population) *pop, size_t most, size_t n, size_t count, const real *columns, mdm_error *err);

#endif
