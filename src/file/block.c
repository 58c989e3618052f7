/* Choosing a block of a residual stack; slice.c then reduces what is read to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "file/internal.h"

/* Blocks whose kernels and responses the file holds, from "config:output.blocks" ("[0, 3]"); none listed: all. */
static void read_stored(mdm_file *file) {
  char *text = NULL, *at;
  file->stored_count = 0;
  if (mdm_file_dup_text(file, "/", "config:output.blocks", &text, NULL) != MDM_OK) return;
  at = text + strcspn(text, "0123456789");
  while (*at && file->stored_count < MDM_STORED_BLOCKS) {
    file->stored[file->stored_count++] = strtol(at, &at, 10);
    at += strcspn(at, "0123456789");
  }
  free(text);
}

/* Blocks of a residual stack: so many layers ("config:model.depth") of the blocks that a layer has ("config:model.blocks", "[attention, moe]"; before there
 * was such an option, one). */
static double read_blocks(mdm_file *file) {
  double depth = 0, layer = 1;
  char *text = NULL;
  if (mdm_file_dup_text(file, "/", "config:model.depth", &text, NULL) == MDM_OK) depth = strtod(text, NULL);
  free(text);
  text = NULL;
  if (mdm_file_dup_text(file, "/", "config:model.blocks", &text, NULL) == MDM_OK)
    for (const char *c = text; *c; c++) layer += *c == ',';
  free(text);
  return depth * layer;
}

int mdm_file_choose_block(mdm_file *file, long block, mdm_error *err) {
  double depth = read_blocks(file);
  if (depth < 1) return mdm_fail(err, MDM_ERR_USAGE, "%s has no residual blocks to choose from (model.depth)", file->path);
  if (block < 0) block += mdm_real_whole(depth);
  if (block < 0 || block >= mdm_real_whole(depth))
    return mdm_fail(err, MDM_ERR_USAGE, "%s has blocks 0 to %.0f (or -1 for the last, and so on), not %ld", file->path, depth - 1, block);
  read_stored(file);
  file->depth = mdm_real_whole(depth);
  file->block = block;
  return MDM_OK;
}

int mdm_file_choose_kind(mdm_file *file, const char *kind, mdm_error *err) {
  char *text = NULL;
  long behind = 0, found = -1; /* blocks of a layer behind the last of that kind */
  if (read_blocks(file) >= 1 && mdm_file_dup_text(file, "/", "config:model.blocks", &text, NULL) == MDM_OK)
    for (const char *c = text; *c; c += strcspn(c, ",]") + 1) {
      c += strspn(c, "[ ");
      behind++;
      if (!strncmp(c, kind, strlen(kind))) behind = 0, found = 0;
      if (!c[strcspn(c, ",]")]) break;
      if (c[strcspn(c, ",]")] == ']') break;
    }
  free(text);
  if (found < 0) return mdm_fail(err, MDM_ERR_USAGE, "%s has no block of kind %s (model.blocks)", file->path, kind);
  return mdm_file_choose_block(file, -1 - behind, err);
}
