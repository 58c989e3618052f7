/* Sizes of the populations of sample particles that stand for the limit. */
#ifndef MOEDMFT_SIZES_H
#define MOEDMFT_SIZES_H

#include <moedmft/config.h>

#include "problem/problem.h"
#include "problem/task.h"

enum { MDM_USUAL_PARTICLES = 20000, MDM_USUAL_REPLICAS = 12 }; /* where nothing chooses them */

/* Reads solve.particles and what goes with it: stream particles as given, experts and neurons as given or as the stream particles and
 * the model suggest (docs/engineering.md), so many experts that model.active_fraction of them are a whole number, the tolerance of
 * new directions, and how entrywise optimizers keep their learned part. MDM_ERR_CONFIG: a tolerance below the rounding of solve.precision, no expert particle active, given numbers of particles that
 * the active fraction or the two halves of an expert's neurons do not divide. */
int mdm_limit_sizes_read(const mdm_config *cfg, const mdm_problem *problem, mdm_limit_sizes *out, mdm_error *err);

/* So many sampled experts, or the next number of which model.active_fraction and model.shared take whole ones. */
size_t mdm_limit_whole_experts(const mdm_problem *problem, size_t experts);

#endif
