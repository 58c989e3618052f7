/* Files that the program wrote, read back from the test's folder. */
#ifndef MOEDMFT_TESTS_RESULTS_H
#define MOEDMFT_TESTS_RESULTS_H

#include <moedmft/record.h>

/* The record of a group; the test ends where that is impossible. */
mdm_record *read_record(const char *name, const char *group);

/* An attribute that is a number; NaN when there is none. */
double attribute(const char *name, const char *group, const char *attr);

/* Compares one group of two files bit for bit. With `all`, both must hold the same arrays; else the arrays that both
 * hold count. Returns how many differ or are missing; *compared counts those that were compared. */
int differences(const char *a, const char *b, const char *group, int all, size_t *compared);

/* The root and every width have no differences. */
void same_results(const char *a, const char *b, int all);

/* The train part of a group ends after `steps` steps and is finite up to there. */
void ends_after(const char *name, const char *group, double steps);

/* Whether all observables of a group are finite. */
int all_finite(const char *name, const char *group);

#endif
