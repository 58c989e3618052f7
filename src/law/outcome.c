/* Runs from files of this program: of a sweep the loss at the best value of every width, of others the loss after the last step. */
#include "law/outcome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/record.h>
#include "base/fit.h"
#include "file/internal.h"
#include "study/best_value.h"

static char *const names[] = {"N", "loss", "loss_error"};

/* Appends "N = 8", or "the limit", to a list. */
static void list_width(double width, char *list, size_t size) {
  size_t used = strlen(list);
  if (width > 0 && isfinite(width)) snprintf(list + used, size - used, "%sN = %.0f", used ? ", " : "", width);
  else snprintf(list + used, size - used, "%sthe limit", used ? ", " : "");
}

/* One width (infinite or 0: the limit). What is not finite is left out; errors that are not known stay NaN. */
static int add(mdm_law_runs *r, double width, double loss, double error, mdm_error *err) {
  if (!isfinite(loss)) return MDM_OK;
  if (width > 0 && isfinite(width)) return mdm_law_runs_add(r, 0, (double[]){width, loss, error}, err);
  r->limit = loss, r->limit_error = error;
  return MDM_OK;
}

/* Losses at an end of the grid are those of no best value, and a width without a best value is missing: both are worth a word. */
static void remark_on_kinds(mdm_law_runs *r, const mdm_array *width, const mdm_array *kind) {
  char ends[200] = "", none[200] = "";
  for (size_t i = 0; i < width->dim[0]; i++) {
    if (kind->value[i] == MDM_BEST_LOWER || kind->value[i] == MDM_BEST_UPPER) list_width(width->value[i], ends, sizeof ends);
    if (kind->value[i] == MDM_BEST_NONE) list_width(width->value[i], none, sizeof none);
  }
  if (*ends) mdm_law_runs_remark(r, "the losses of %s are those at an end of the grid, where the best one may be lower: sweep more values (--refine)", ends);
  if (*none) mdm_law_runs_remark(r, "%s: no best value, and left out", none);
}

static int add_sweep(mdm_file *file, mdm_law_runs *r, mdm_error *err) {
  static const char *const width_path[] = {"width"}, *const loss_path[] = {"optimum_loss", "optimum_kind"};
  mdm_record *widths = NULL, *losses = NULL;
  int status = mdm_file_read_some(file, "/sweep", width_path, 1, &widths, err);
  if (!status) status = mdm_file_read_some(file, "/results", loss_path, 2, &losses, err);
  const mdm_array *width = status ? NULL : mdm_record_find(widths, width_path[0]), *loss = status ? NULL : mdm_record_find(losses, loss_path[0]);
  const mdm_array *kind = status ? NULL : mdm_record_find(losses, loss_path[1]);
  if (!status && (!width || !loss)) status = mdm_fail(err, MDM_ERR_DATA, "%s has no losses at best values: the sweep is not complete, or its axis has no best value", r->path);
  if (!status && (loss->rank != 1 || width->rank != 1 || loss->dim[0] != width->dim[0]))
    status = mdm_fail(err, MDM_ERR_DATA, "%s has best values for several settings of its other axes; fit a sweep over one axis", r->path);
  for (size_t i = 0; !status && i < width->dim[0]; i++) status = add(r, width->value[i], loss->value[i], loss->error ? loss->error[i] : NAN, err);
  if (!status && kind && kind->rank == 1 && kind->dim[0] == width->dim[0]) remark_on_kinds(r, width, kind);
  mdm_record_free(widths);
  mdm_record_free(losses);
  return status;
}

/* Runs that ended early have no loss after the last step. */
static int check_ended(mdm_file *file, const mdm_law_runs *r, const char *group, double width, mdm_error *err) {
  static const char *const ends[][2] = {{"diverged_at_step", "diverged at step"}, {"interrupted_at_step", "were stopped before step"}};
  char who[64] = "";
  double step;
  list_width(width, who, sizeof who);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (!mdm_file_get_real(file, group, ends[i][0], &step, NULL))
      return mdm_fail(err, MDM_ERR_DATA, "%s: the runs of %s %s %.0f, so there is no loss after the last one; %s", r->path, who, ends[i][1], step,
                      i ? "let the same command go on" : "fit runs at a lower rate");
  return MDM_OK;
}

/* Two of the error hold what two standard errors of a normal distribution do, as those of a sweep's best values: Student's t. NaN: runs too few. */
static double error_of(mdm_file *file, const char *group, double error) {
  double runs;
  if (mdm_file_get_real(file, group, "runs", &runs, NULL)) return error;
  return runs < MDM_FEWEST_RUNS ? NAN : 0.5 * mdm_student(2, runs - 1) * error;
}

/* The train loss after the last step of a group. */
static int add_group(mdm_file *file, mdm_law_runs *r, const char *group, double width, mdm_error *err) {
  static const char *const path[] = {"observables/train/loss"};
  mdm_record *rec = NULL;
  int status = mdm_file_read_some(file, group, path, 1, &rec, err);
  const mdm_array *loss = status ? NULL : mdm_record_find(rec, path[0]);
  if (loss && loss->rank == 1 && loss->dim[0]) {
    size_t last = loss->dim[0] - 1;
    status = check_ended(file, r, group, width, err);
    if (!status) status = add(r, width, loss->value[last], loss->error ? error_of(file, group, loss->error[last]) : NAN, err);
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
  char without[200] = "";
  for (size_t i = 0; i < r->rows; i++)
    if (!(error->value[i] > 0)) list_width(r->column[0].value[i], without, sizeof without);
  if (!*without) return;
  mdm_law_runs_remark(r, "%s: no standard error, which takes %d runs or more; all widths weigh the same, and intervals come from their scatter about the law", without, MDM_FEWEST_RUNS);
  free(error->name), free(error->value);
  r->columns = 2;
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
