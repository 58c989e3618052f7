/* The results of a run in a few lines on standard error. */
#ifndef MOEDMFT_CLI_SUMMARY_H
#define MOEDMFT_CLI_SUMMARY_H

#include <moedmft/run.h>

/* First and last loss of the limit and of each width, self-consistency sweeps, rates of a comparison. */
void summary_print(const mdm_outcome *o);

#endif
