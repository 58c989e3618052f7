/* Comparison of all observables in `moedmft info` (src/report/compare.c). */
#ifndef MOEDMFT_INFO_COMPARE_H
#define MOEDMFT_INFO_COMPARE_H

#include <moedmft/record.h>
#include <stdio.h>

/* comparison: the group /comparison of a file. Prints nothing for files without extrapolations. */
int mdm_info_comparison(FILE *out, const mdm_record *comparison, mdm_error *err);

#endif
