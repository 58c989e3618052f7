/* Sizes of the populations of sample particles that stand for the limit. */
#ifndef MOEDMFT_SIZES_H
#define MOEDMFT_SIZES_H

#include <moedmft/config.h>

#include "problem/problem.h"
#include "problem/task.h"

/* Reads solve.particles and what goes with it: stream particles as given, experts and neurons as given or as the stream particles and
 * the model suggest (docs/engineering.md), so many experts that model.active_fraction of them are a whole number, the tolerance of
 * new directions, and how entrywise optimizers keep their learned part. MDM_ERR_CONFIG: a tolerance below the rounding of solve.precision, no expert particle active, given numbers of particles that
 * the active fraction or the two halves of an expert's neurons do not divide. */
int mdm_limit_sizes_read(const mdm_config *cfg, const mdm_problem *problem, mdm_limit_sizes *out, mdm_error *err);

#endif
