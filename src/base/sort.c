/* size_t by the C library: GSL sorts unsigned long, which need not be the same. */
#include "base/sort.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

void mdm_sort_sizes(size_t n, size_t *list) { qsort(list, n, sizeof *list, ascending); }
