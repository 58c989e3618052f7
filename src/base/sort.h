/* Sorting what GSL has no sort for. */
#ifndef MOEDMFT_SORT_H
#define MOEDMFT_SORT_H

#include <stddef.h>

/* n indices or counts in ascending order. */
void mdm_sort_sizes(size_t n, size_t *list);

#endif
