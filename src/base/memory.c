/* Allocation helpers: overflow-checked, aligned, zero-filled. */
#include "base/memory.h"

#include <moedmft/monitor.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Columns that a growing array starts with: most never have to grow again. */
enum { FIRST_COLUMNS = 64 };

enum { LOOKED_AT = 64 << 20 }; /* bytes of an array for which there may be no memory */

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

/* Where Linux does not tell, all there is. */
double mdm_memory_available(void) {
  char line[128];
  double kilobytes = 0;
  FILE *f = fopen("/proc/meminfo", "r");
  while (f && kilobytes == 0 && fgets(line, sizeof line, f))
    if (!strncmp(line, "MemAvailable:", 13)) kilobytes = strtod(line + 13, NULL);
  if (f) fclose(f);
  return kilobytes > 0 ? 1024 * kilobytes : (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

int mdm_memory_fits(size_t bytes) { return bytes < LOOKED_AT || (double)bytes <= mdm_memory_available(); }

double mdm_memory_held(void) {
  double pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%*f %*f %*f %*f %*f %lf", &pages) != 1) pages = 0;
  if (f) fclose(f);
  return pages * (double)sysconf(_SC_PAGESIZE);
}

/* The sanitizers reserve more address space for themselves than there is memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

void mdm_memory_limit(double bytes) {
#ifdef SANITIZED
  (void)bytes;
#else
  struct rlimit l;
  if (getrlimit(RLIMIT_DATA, &l) || (l.rlim_cur != RLIM_INFINITY && (double)l.rlim_cur <= bytes)) return;
  l.rlim_cur = (rlim_t)bytes;
  setrlimit(RLIMIT_DATA, &l);
#endif
}

void *mdm_alloc(size_t a, size_t b, size_t c, size_t element) {
  size_t bytes = total(a, b, c, element);
  void *p = bytes && mdm_memory_fits(bytes) ? aligned_alloc(64, bytes) : NULL;
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
