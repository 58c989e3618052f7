/* The handle of a file, and small pieces that reading and writing share. */
#include "file/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

int mdm_file_allocate(const char *path, mdm_file **out, mdm_error *err) {
  mdm_file *file = *out = calloc(1, sizeof *file);
  if (file && (file->path = strdup(path))) {
    file->id = file->fd = -1;
    return MDM_OK;
  }
  free(file);
  *out = NULL;
  return mdm_no_memory(err, "the file %s", path);
}

void mdm_file_discard(mdm_file *file) {
  if (!file) return;
  if (file->id >= 0) {
    H5E_BEGIN_TRY { H5Fclose(file->id); }
    H5E_END_TRY
  }
  mdm_image_clear(&file->image);
  if (file->fd >= 0) {
    close(file->fd);
    unlink(file->temp);
  }
  free(file->temp);
  free(file->path);
  free(file);
}

static herr_t innermost(unsigned n, const H5E_error2_t *error, void *reason) {
  (void)n;
  *(const char **)reason = error->desc;
  return 1; /* the walk goes upward: the first entry is the innermost */
}

int mdm_hdf5_failed(const mdm_file *file, const char *verb, const char *what, mdm_error *err) {
  const char *found = NULL;
  char reason[256];
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &found);
  snprintf(reason, sizeof reason, "%s", found && found[0] ? found : "HDF5 gives no reason");
  for (char *c = reason; *c; c++)
    if (*c == '\n') *c = ' ';
  return mdm_fail(err, MDM_ERR_IO, "cannot %s %s of %s: %s", verb, what, file->path, reason);
}
