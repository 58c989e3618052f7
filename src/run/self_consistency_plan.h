/* What self-consistency sweeps are to do: options, layout of the order parameters, memory. */
#ifndef MOEDMFT_SELF_CONSISTENCY_PLAN_H
#define MOEDMFT_SELF_CONSISTENCY_PLAN_H

#include <moedmft/config.h>

#include "problem/orders.h"
#include "problem/problem.h"
#include "run/runner.h"

typedef enum { MDM_MIX_AVERAGE, MDM_MIX_DAMPED, MDM_MIX_ANDERSON } mdm_mixing;

typedef struct mdm_sweep_options {
  size_t count;   /* at most so many sweeps; 0: none */
  mdm_mixing mixing;
  double damping; /* how far the state moves at most towards what a sweep found */
  size_t depth;   /* anderson: sweeps that are remembered */
  size_t settled; /* sweeps in a row whose residual must stand at the noise */
  int lazy;       /* start from the untrained network, not from the causal pass */
} mdm_sweep_options;

/* What sweeps work with. */
typedef struct mdm_sweep_plan {
  mdm_sweep_options options;
  mdm_runner runner; /* of the causal pass */
  mdm_layout layout;
  size_t replicas;
  double cost;       /* of one step of one replica, for progress */
  int threads;       /* as asked for */
  const struct mdm_remote *remote; /* how other ranks come to know the plan (run/remote.h); not owned */
} mdm_sweep_plan;

/* Reads solve.sweeps and what goes with it. MDM_ERR_CONFIG where sweeps are impossible, with the reason. */
int mdm_sweeps_read(const mdm_config *cfg, const mdm_problem *problem, size_t replicas, mdm_sweep_options *out, mdm_error *err);
/* Layout of the problem's order parameters; MDM_ERR_CONFIG when there are too many. */
int mdm_sweeps_layout(const mdm_problem *problem, mdm_layout *out, mdm_error *err);
/* Bytes that sweeps hold beyond the particles. */
double mdm_sweeps_bytes(const mdm_sweep_options *o, const mdm_layout *l, size_t replicas);

#endif
