/* Arrays of records, bit by bit. */
#ifndef MOEDMFT_TESTS_ARRAYS_H
#define MOEDMFT_TESTS_ARRAYS_H

#include <moedmft/record.h>
#include <stddef.h>

/* Number of elements. */
size_t elements(const mdm_array *a);

/* Whether extents, values and standard errors are the same, bit for bit. */
int same_array(const mdm_array *a, const mdm_array *b);

/* Whether all values and standard errors are finite. */
int is_finite(const mdm_array *a);

/* Run times, which differ between runs that are the same. */
int is_time(const mdm_array *a);

/* Two records hold the same arrays, bit for bit, but for times. */
void check_same(const mdm_record *a, const mdm_record *b);

#endif
