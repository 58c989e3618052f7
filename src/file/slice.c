/* Arrays with a dimension for blocks, reduced to the block chosen. */
#include <string.h>

#include "base/record.h"
#include "file/internal.h"

/* Which of the extent places along an array's dimension for blocks; -1: the block is not there. */
static long place_of(const mdm_file *file, size_t extent) {
  if ((long)extent >= file->depth) return file->block; /* blocks, or places of the stream: before the block */
  for (size_t i = 0; i < file->stored_count && i < extent; i++)
    if (file->stored[i] == file->block) return (long)i;
  return -1;
}

int mdm_file_slice(const mdm_file *file, mdm_record *rec, mdm_error *err) {
  for (size_t i = 0; i < mdm_record_count(rec) && file->depth > 0; i++) {
    mdm_array *a = (mdm_array *)mdm_record_at(rec, i);
    if (a->rank < 1 || strncmp(a->dims, "block", 5) || (a->dims[5] && a->dims[5] != ',')) continue;
    long at = place_of(file, a->dim[0]);
    if (at < 0) return mdm_fail(err, MDM_ERR_DATA, "%s holds %s of other blocks than %ld (output.blocks)", file->path, a->path, file->block);
    mdm_array_take(a, (size_t)at);
  }
  return MDM_OK;
}
