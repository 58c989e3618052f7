/* Allocation with overflow-checked sizes, aligned for vector instructions. */
#ifndef MOEDMFT_MEMORY_H
#define MOEDMFT_MEMORY_H

#include <stddef.h>
#include <moedmft/error.h>

/* Zero-filled, 64-byte aligned array of a × b × c elements of the given size; NULL when that overflows, or is more than there is.
 * Never NULL for success, even when a factor is 0. Release with free(). */
void *mdm_alloc(size_t a, size_t b, size_t c, size_t element);
/* Grows *array (columns of rows × element bytes) from used to at least need columns; *capacity is updated. Old columns
 * are kept, new ones are not initialized. Returns 0, or -1 when memory is out (then *array is as before). */
int mdm_grow_columns(void **array, size_t rows, size_t element, size_t used, size_t need, size_t *capacity);

/* Records that memory is out: "out of memory for …" and what it was for, after the format, with what to lower where something can be.
 * Returns MDM_ERR_MEMORY. */
int mdm_no_memory(mdm_error *err, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* Whether there is memory for so many bytes now. A large array is refused rather than granted and punished by a kill; small ones (below 64 MiB)
 * are not looked at. */
int mdm_memory_fits(size_t bytes);
/* Bytes that the data of this process take now, in address space; 0 where Linux does not tell. */
double mdm_memory_held(void);

#endif
