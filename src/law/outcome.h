/* Runs from an output file of this program: N, loss and, where every width has one, loss_error. */
#ifndef MOEDMFT_LAW_OUTCOME_H
#define MOEDMFT_LAW_OUTCOME_H

#include "law/runs.h"

/* As mdm_law_runs_read; *out is to be freed also after a failure. */
int mdm_law_outcome_read(const char *path, mdm_law_runs **out, mdm_error *err);

#endif
