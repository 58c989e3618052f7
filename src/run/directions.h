/* How many directions the fields of the limit visit: what its memory depends on beside sizes, and what no formula knows. Told by a pilot:
 * a short run of few particles, whose draws and records are its own. */
#ifndef MOEDMFT_DIRECTIONS_H
#define MOEDMFT_DIRECTIONS_H

#include "problem/task.h"
#include "run/runner.h"

/* Directions of one replica of the limit. work: multiply-adds that a pilot may take (mdm_limit_cost); where they are not enough for a few
 * steps of a few hundred particles, and where the pilot fails, the tokens that a field meets bound what is expected. Returns a status;
 * release with mdm_directions_clear. threads: as many help with the pilot. */
int mdm_directions_find(const mdm_runner *r, double work, int threads, mdm_directions *out, mdm_error *err);
void mdm_directions_clear(mdm_directions *d);

/* Sample particles on which a field (MDM_OF_*) lives, all of them. */
double mdm_directions_particles(const mdm_problem *p, const mdm_limit_sizes *s, size_t block, int field);

#endif
