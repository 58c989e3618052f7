/* Arrays of what is read from files, whose sizes come from there. */
#ifndef MOEDMFT_DATA_ARRAY_H
#define MOEDMFT_DATA_ARRAY_H

#include <stddef.h>
#include <moedmft/error.h>

/* Zeroed array of rows × columns elements; NULL and an explanation (MDM_ERR_MEMORY) when the size overflows or memory
 * is out. An empty array is not NULL. */
void *mdm_array(size_t rows, size_t columns, size_t element, mdm_error *err);
/* *product = a·b; 0 when it overflows. */
int mdm_multiply(size_t a, size_t b, size_t *product);

#endif
