/* Own output files, changed in ways that only somebody who can seal them can: each is a sound HDF5 file with a right checksum, and holds what the
 * input says. */
#ifndef MOEDMFT_TESTS_EDIT_H
#define MOEDMFT_TESTS_EDIT_H

#include <moedmft/moedmft.h>

#include "fuzz/support/fuzz.h"

enum { EDIT_COMPARE, EDIT_COORDCHECK, EDIT_SWEEP, EDIT_FULL, EDIT_BASES };

/* The files that are changed, made by small runs at the first call. */
void edit_prepare(void);
const mdm_config *edit_config(int base);
const mdm_data *edit_data(int base);
/* Which base an input changes: the one with every array, which takes longest, rarely. */
int edit_which(input *in);
/* A sweep of the kind that the file holds, not computed. */
mdm_sweep *edit_sweep(void);
/* The path of a changed copy of a base; *changed: whether anything was asked for. */
const char *edit_file(int base, input *in, int *changed);

#endif
