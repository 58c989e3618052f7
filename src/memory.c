/* Allocation helpers: overflow-checked, aligned, zero-filled. */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int multiply(size_t *product, size_t factor) {
  if (factor && *product > SIZE_MAX / factor) return -1;
  *product *= factor;
  return 0;
}

void *mdm_alloc(size_t a, size_t b, size_t c, size_t element) {
  size_t bytes = element;
  if (multiply(&bytes, a) || multiply(&bytes, b) || multiply(&bytes, c) || bytes > SIZE_MAX - 64) return NULL;
  bytes = (bytes + 63) / 64 * 64;
  if (!bytes) bytes = 64;
  void *p = aligned_alloc(64, bytes);
  if (p) memset(p, 0, bytes);
  return p;
}

int mdm_grow_columns(void **array, size_t rows, size_t element, size_t used, size_t need, size_t *capacity) {
  if (need <= *capacity && *array) return 0;
  size_t wider = *capacity * 3 / 2 > need ? *capacity * 3 / 2 : need + 8;
  void *p = mdm_alloc(rows, wider, 1, element);
  if (!p) return -1;
  if (*array) memcpy(p, *array, rows * used * element);
  free(*array);
  *array = p;
  *capacity = wider;
  return 0;
}
