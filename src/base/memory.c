/* Allocation helpers: overflow-checked, aligned, zero-filled. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns that a growing array starts with: most never have to grow again. */
enum { FIRST_COLUMNS = 64 };

enum { LARGE = 4 << 20 }; /* bytes of an array whose pages are worth keeping when it grows */

static int multiply(size_t *product, size_t factor) {
  if (factor && *product > SIZE_MAX / factor) return -1;
  *product *= factor;
  return 0;
}

/* Bytes of a × b × c elements, rounded up to whole lines of 64; 0 when that overflows. */
static size_t total(size_t a, size_t b, size_t c, size_t element) {
  size_t bytes = element;
  if (multiply(&bytes, a) || multiply(&bytes, b) || multiply(&bytes, c) || bytes > SIZE_MAX - 64) return 0;
  return bytes ? (bytes + 63) / 64 * 64 : 64;
}

void *mdm_alloc(size_t a, size_t b, size_t c, size_t element) {
  size_t bytes = total(a, b, c, element);
  void *p = bytes ? aligned_alloc(64, bytes) : NULL;
  if (p) memset(p, 0, bytes);
  return p;
}

int mdm_grow_columns(void **array, size_t rows, size_t element, size_t used, size_t need, size_t *capacity) {
  if (need <= *capacity && *array) return 0;
  size_t wider = 2 * *capacity > need ? 2 * *capacity : need + FIRST_COLUMNS, bytes = total(rows, wider, 1, element);
  /* Not cleared: pages that are never used cost nothing. Large arrays keep the pages that they have: realloc gives them other addresses. */
  int grows = *array && rows * used * element >= LARGE;
  void *p = !bytes ? NULL : grows ? realloc(*array, bytes) : aligned_alloc(64, bytes);
  if (!p) return -1;
  if (*array && !grows) {
    memcpy(p, *array, rows * used * element);
    free(*array);
  }
  *array = p;
  *capacity = wider;
  return 0;
}

int mdm_no_memory(mdm_error *err, const char *format, ...) {
  char what[sizeof err->text - sizeof "out of memory for "];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for %s", what);
}
