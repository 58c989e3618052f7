/* One training run of the network program on a realization, and what it measures. */
#ifndef MOEDMFT_TRAIN_H
#define MOEDMFT_TRAIN_H

#include <moedmft/record.h>

#include "problem/problem.h"
#include "problem/task.h"
#include "realization/realization.h"

/* Trains for problem->steps steps and fills run->record (allocated here), run->done and run->status. A run that diverges
 * or is stopped is no failure: its record holds the steps before. Returns a status only for failures. */
int X(train)(const mdm_problem *problem, const mdm_inputs *inputs, X(realization) *R, mdm_task *run, mdm_error *err);

/* Replica run->index of the limit; network number run->index of width run->width. */
int X(train_limit)(const mdm_problem *problem, const mdm_limit_sizes *sizes, mdm_task *run, mdm_error *err);
int X(train_network)(const mdm_problem *problem, mdm_task *run, mdm_error *err);

#endif
