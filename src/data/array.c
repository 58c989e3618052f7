/* Room for what is read (array.h). */
#include "data/array.h"

#include <stdint.h>

#include "base/memory.h"

int mdm_multiply(size_t a, size_t b, size_t *product) {
  if (b && a > SIZE_MAX / b) return 0;
  *product = a * b;
  return 1;
}

void *mdm_array(size_t rows, size_t columns, size_t element, mdm_error *err) {
  void *array = mdm_alloc(rows, columns, 1, element);
  if (!array)
    mdm_no_memory(err, "%zu x %zu values of the data; lower data.train, data.test or data.dimension, or use a smaller data.file", rows, columns);
  return array;
}
