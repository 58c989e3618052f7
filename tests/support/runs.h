/* What several test files need: configurations, runs, arrays of results. */
#ifndef MOEDMFT_TESTS_SUPPORT_H
#define MOEDMFT_TESTS_SUPPORT_H

#include <moedmft/moedmft.h>
#include <stddef.h>

/* Runs with the defaults changed by "key=value" words (blank separated; no blanks inside values). Fails the CUnit test
 * when something goes wrong; clear the outcome afterwards. */
void run_with(int what, int threads, const char *settings, mdm_outcome *out);
/* The same, with initial and final weights. */
void run_with_weights(const char *settings, mdm_outcome *out);
/* Values (or standard errors) of an array; fails the test and returns NULL when it is missing. */
const double *values(const mdm_record *rec, const char *path);
const double *errors(const mdm_record *rec, const char *path);

#endif
