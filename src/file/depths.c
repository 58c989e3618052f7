/* What a file holds about several depths: the parts of products (moedmft/file.h). Groups of widths are records of their own, so every array is
 * asked for by its path. */
#include <moedmft/file.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "file/internal.h"

enum { PATH_SIZE = 96 };
static const char *const names[] = {"depth", "parts/step", "parts/rms", "parts/exponent", "parts/lowest", "parts/predicted", "parts/agrees"};
enum { NAMES = sizeof names / sizeof *names };

int mdm_file_read_depths(mdm_file *file, mdm_record **out, mdm_error *err) {
  long *widths;
  size_t n, paths = 0;
  *out = NULL;
  int status = mdm_file_widths(file, &widths, &n, err);
  if (status) return status;
  char(*path)[PATH_SIZE] = mdm_alloc((n + 1) * NAMES, 1, 1, sizeof *path); /* (n + 1) × NAMES, the limit first */
  const char **list = mdm_alloc((n + 1) * NAMES, 1, 1, sizeof *list);
  for (size_t i = 0; path && list && i <= n; i++)
    for (size_t k = 0; k < NAMES; k++) {
      if (i) snprintf(path[paths], PATH_SIZE, "width_%ld/%s", widths[i - 1], names[k]);
      else snprintf(path[paths], PATH_SIZE, "limit/%s", names[k]);
      list[paths] = path[paths];
      paths++;
    }
  status = path && list ? mdm_file_read_some(file, "/depths", list, paths, out, err) : mdm_no_memory(err, "what %s holds about depths", file->path);
  free(path);
  free(list);
  free(widths);
  return status;
}
