/* Runs from whatever holds them. */
#include <stdio.h>
#include <string.h>

#include "law/csv.h"
#include "law/outcome.h"
#include "law/runs.h"

/* Files of this program begin with the signature of HDF5. */
int mdm_law_runs_read(const char *path, mdm_law_runs **out, mdm_error *err) {
  char head[8] = "";
  *out = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return mdm_law_csv_read(path, out, err); /* says why */
  size_t n = fread(head, 1, sizeof head, file);
  fclose(file);
  int status = n == sizeof head && !memcmp(head, "\211HDF\r\n\032\n", sizeof head) ? mdm_law_outcome_read(path, out, err) : mdm_law_csv_read(path, out, err);
  if (status) mdm_law_runs_free(*out), *out = NULL;
  return status;
}
