/* Sizes of the populations of sample particles that stand for the limit. */
#ifndef MOEDMFT_SIZES_H
#define MOEDMFT_SIZES_H

#include <moedmft/config.h>

#include "problem/problem.h"
#include "problem/task.h"

/* Reads solve.particles and what goes with it: stream particles as given, experts and neurons as given or as the stream particles and
 * the model suggest (docs/engineering.md), the tolerance of new directions, and how entrywise optimizers keep their learned part (on
 * one thread). MDM_ERR_CONFIG: a tolerance below the rounding of solve.precision, or no expert particle active. */
int mdm_limit_sizes_read(const mdm_config *cfg, const mdm_problem *problem, mdm_limit_sizes *out, mdm_error *err);

#endif
