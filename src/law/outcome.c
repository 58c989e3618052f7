/* Runs from files of this program: of a sweep the loss at the best value of every width, of others the loss after the last step. */
#include "law/outcome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/record.h>
#include "file/internal.h"

static char *const names[] = {"N", "loss", "loss_error"};

/* One width (infinite or 0: the limit). What is not finite is left out; errors that are not known stay NaN. */
static int add(mdm_law_runs *r, double width, double loss, double error, mdm_error *err) {
  if (!isfinite(loss)) return MDM_OK;
  if (width > 0 && isfinite(width)) return mdm_law_runs_add(r, 0, (double[]){width, loss, error}, err);
  r->limit = loss, r->limit_error = error;
  return MDM_OK;
}

static int add_sweep(mdm_file *file, mdm_law_runs *r, mdm_error *err) {
  static const char *const width_path[] = {"width"}, *const loss_path[] = {"optimum_loss"};
  mdm_record *widths = NULL, *losses = NULL;
  int status = mdm_file_read_some(file, "/sweep", width_path, 1, &widths, err);
  if (!status) status = mdm_file_read_some(file, "/results", loss_path, 1, &losses, err);
  const mdm_array *width = status ? NULL : mdm_record_find(widths, width_path[0]), *loss = status ? NULL : mdm_record_find(losses, loss_path[0]);
  if (!status && (!width || !loss)) status = mdm_fail(err, MDM_ERR_DATA, "%s has no losses at best values: the sweep is not complete, or its axis has no best value", r->path);
  if (!status && (loss->rank != 1 || width->rank != 1 || loss->dim[0] != width->dim[0]))
    status = mdm_fail(err, MDM_ERR_DATA, "%s has best values for several settings of its other axes; fit a sweep over one axis", r->path);
  for (size_t i = 0; !status && i < width->dim[0]; i++) status = add(r, width->value[i], loss->value[i], loss->error ? loss->error[i] : NAN, err);
  mdm_record_free(widths);
  mdm_record_free(losses);
  return status;
}

/* The train loss after the last step of a group. */
static int add_group(mdm_file *file, mdm_law_runs *r, const char *group, double width, mdm_error *err) {
  static const char *const path[] = {"observables/train/loss"};
  mdm_record *rec = NULL;
  int status = mdm_file_read_some(file, group, path, 1, &rec, err);
  const mdm_array *loss = status ? NULL : mdm_record_find(rec, path[0]);
  if (loss && loss->rank == 1 && loss->dim[0]) {
    size_t last = loss->dim[0] - 1;
    status = add(r, width, loss->value[last], loss->error ? loss->error[last] : NAN, err);
  }
  mdm_record_free(rec);
  return status;
}

static int add_widths(mdm_file *file, mdm_law_runs *r, mdm_error *err) {
  long *widths = NULL;
  size_t n = 0;
  int status = mdm_file_widths(file, &widths, &n, err);
  if (!status) status = add_group(file, r, "/", 0, err);
  for (size_t i = 0; i < n && !status; i++) {
    char group[64];
    snprintf(group, sizeof group, "/width_%ld", widths[i]);
    status = add_group(file, r, group, (double)widths[i], err);
  }
  free(widths);
  return status;
}

/* Errors are of use where every width has one. */
static void drop_errors(mdm_law_runs *r) {
  mdm_law_column *error = &r->column[2];
  for (size_t i = 0; i < r->rows; i++)
    if (!(error->value[i] > 0)) {
      free(error->name), free(error->value);
      r->columns = 2;
      return;
    }
}

int mdm_law_outcome_read(const char *path, mdm_law_runs **out, mdm_error *err) {
  char command[32] = "";
  mdm_file *file = NULL;
  int status = mdm_file_open(path, &file, err);
  if (!status) status = mdm_law_runs_create(path, 3, names, out, err);
  if (!status) status = mdm_file_get_text(file, "/", "command", command, sizeof command, err);
  if (!status) status = strcmp(command, "sweep") ? add_widths(file, *out, err) : add_sweep(file, *out, err);
  mdm_file_discard(file);
  if (!status && !(*out)->rows) status = mdm_fail(err, MDM_ERR_DATA, "%s has no networks with a finite loss", path);
  if (!status) drop_errors(*out);
  return status;
}
