/* What other sources need from records beyond the public interface. */
#ifndef MOEDMFT_RECORD_INTERNAL_H
#define MOEDMFT_RECORD_INTERNAL_H

#include <moedmft/record.h>

/* Appends a zero-filled array; with_error adds zero-filled errors. Unlike mdm_record_add it does not ask that dims name
 * every dimension, since files may come without. The array stays where it is as long as the record lives. */
int mdm_record_append(mdm_record *rec, const mdm_array *shape, int with_error, mdm_array **out, mdm_error *err);
/* mdm_record_add with an array of errors, likewise zero-filled. */
int mdm_record_add_pair(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                        mdm_array **out, mdm_error *err);
/* mdm_record_add, but filled with NaN: for what may not be reached. */
int mdm_record_add_blank(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                         double **value, mdm_error *err);
/* mdm_record_find where the array is expected at a place, as records of equal runs have theirs in the same order. */
const mdm_array *mdm_record_find_at(const mdm_record *rec, const char *path, size_t place);
/* A copy of its own. */
int mdm_record_copy(const mdm_record *rec, mdm_record **out, mdm_error *err);
/* Extent of the dimension "step" of its arrays; SIZE_MAX: none has one. */
size_t mdm_record_steps(const mdm_record *rec);
/* Makes values, and errors where there are any, NaN. */
void mdm_array_blank(mdm_array *a);
/* Keeps place `at` along the first dimension, which goes. */
void mdm_array_take(mdm_array *a, size_t at);
/* Product of the extents; SIZE_MAX when it overflows. */
size_t mdm_elements(int rank, const size_t *dim);
/* Whether rank and extents agree. */
int mdm_same_shape(const mdm_array *a, const mdm_array *b);

#endif
