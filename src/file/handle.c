/* The handle of a file, and small pieces that reading and writing share. */
#include "file/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

void mdm_hdf5_reason(char *buf, size_t size) {
  const char *reason = NULL;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &reason);
  snprintf(buf, size, "%s", reason && reason[0] ? reason : "HDF5 gives no reason");
  for (char *c = buf; *c; c++)
    if (*c == '\n') *c = ' ';
}
