/* Self-consistency sweeps: new particles under given order parameters, order parameters from them, mixed, and so on
 * (docs/theory.md, self-consistency). */
#ifndef MOEDMFT_SELF_CONSISTENCY_H
#define MOEDMFT_SELF_CONSISTENCY_H

#include <moedmft/run.h>

#include "base/board.h"
#include "problem/task.h"
#include "run/self_consistency_plan.h"

/* Sweeps from the causal runs (their layout, orders and records) into *out. The board is the caller's: it reports and stops.
 * Returns MDM_OK, also when sweeps were stopped or diverged (out->status tells); or a failure with *out empty. */
int mdm_sweeps_run(const mdm_sweep_plan *plan, const mdm_task *causal, mdm_board *board, mdm_sweeps *out, mdm_error *err);

#endif
