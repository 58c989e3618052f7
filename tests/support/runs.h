/* Runs in memory, and the arrays of their results. */
#ifndef MOEDMFT_TESTS_RUNS_H
#define MOEDMFT_TESTS_RUNS_H

#include <moedmft/moedmft.h>
#include <stddef.h>

/* Runs with the defaults changed by words (support/settings.h). Fails the test when something goes wrong; clear the outcome
 * afterwards. */
void run_with(int what, int threads, const char *settings, mdm_outcome *out);
/* Networks on one thread, with initial and final weights. */
void run_with_weights(const char *settings, mdm_outcome *out);

/* Values (or standard errors) of an array; fails the test when it is missing. */
const double *values(const mdm_record *rec, const char *path);
const double *errors(const mdm_record *rec, const char *path);

/* Copies W_in, Q, W1, W2, w_out of a network, "initial" or "final": count[t] numbers of each, row by row. */
void copy_weights(const mdm_record *rec, const char *when, const size_t count[5], double *const to[5]);

#endif
