/* A sweep that is to be computed anew (sweep_again.h). */
#include "study/sweep_again.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "study/sweep_grow.h"

static int same_grid(const mdm_sweep *then, const mdm_config *cfg, mdm_sweep **out, mdm_error *err) {
  char *over[MDM_GRID_AXES] = {0};
  int status = MDM_OK;
  for (size_t a = 0; a < then->grid.axes && !status; a++)
    if (!(over[a] = mdm_grid_text(&then->grid.axis[a]))) status = mdm_no_memory(err, "the values of a sweep");
  if (!status) status = mdm_sweep_create(cfg, (const char *const *)over, then->grid.axes, then->with_limit, then->measure, out, err);
  for (size_t a = 0; a < then->grid.axes; a++) free(over[a]);
  if (!status && (*out)->cells != then->cells) status = mdm_fail(err, MDM_ERR_DATA, "the file's configuration does not give its %zu cells", then->cells);
  return status;
}

int mdm_sweep_again(const mdm_sweep *then, const mdm_config *cfg, mdm_sweep **out, char **missing, mdm_error *err) {
  char *added = mdm_sweep_added(then);
  *out = NULL;
  *missing = calloc(then->cells + 1, 1); /* cells */
  int status = added && *missing ? MDM_OK : mdm_no_memory(err, "the cells of a sweep");
  if (!status) status = same_grid(then, cfg, out, err);
  if (!status) status = mdm_sweep_mark_added(*out, added, err);
  for (size_t i = 0; i < then->cells && !status; i++) {
    (*missing)[i] = then->status[i] == MDM_CELL_MISSING;
    if ((*missing)[i] || then->status[i] == MDM_CELL_SKIPPED) (*out)->status[i] = MDM_CELL_SKIPPED;
  }
  if (!status) (*out)->refine = then->refine;
  free(added);
  return status;
}
