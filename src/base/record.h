/* What the readers and writers of files need from records beyond the public interface. */
#ifndef MOEDMFT_RECORD_INTERNAL_H
#define MOEDMFT_RECORD_INTERNAL_H

#include <moedmft/record.h>

/* Appends a zero-filled array; with_error adds zero-filled errors. Unlike mdm_record_add it does not ask that dims name
 * every dimension, since files may come without. The array is valid until the next append. */
int mdm_record_append(mdm_record *rec, const mdm_array *shape, int with_error, mdm_array **out, mdm_error *err);
/* Product of the extents; SIZE_MAX when it overflows. */
size_t mdm_elements(int rank, const size_t *dim);

#endif
