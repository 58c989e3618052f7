/* Records of made-up numbers, and files in the test's folder that hold them. */
#ifndef MOEDMFT_TESTS_RECORDS_H
#define MOEDMFT_TESTS_RECORDS_H

#include <moedmft/file.h>

/* observables/train/loss (3) and observables/train/prediction (3, 2): base, base + step, … and 10 base, 10 base + step, … */
mdm_record *sample_record(double base, double step);

/* The mean of two such records, with standard errors: base and 1.2 base, step −0.1. */
mdm_record *averaged_record(double base);

/* The file NAME, new or as it is. */
mdm_file *create_file(const char *name);
mdm_file *reopen_file(const char *name);

/* Writes the record to a group and frees it. */
void put_record(mdm_file *file, const char *group, mdm_record *rec);

/* The file of a comparison: the limit when with_limit; with_widths: two widths, the first with losses that are not all finite. */
void write_comparison(const char *name, int with_limit, int with_widths);

#endif
