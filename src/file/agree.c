/* Whether two files hold the same results (agree.h). Group by group as records, so that what a file holds decides what is compared, and
 * arrays that later versions add are compared as well. */
#include "file/agree.h"

#include <hdf5.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/record.h"
#include "file/resume.h"
#include "file/runs.h"

/* Two groups as they are compared. */
typedef struct {
  const char *group;  /* "" for the root */
  int up_to_nan;      /* numbers that the first lacks (NaN) are not compared: it was cut short */
  mdm_agreement *all;
  double squares;     /* sum over numbers with a standard error of (difference in standard errors)² */
} comparison;

/* ---------------------------------------------------------------- numbers */

static int is_same(double a, double b) { return !memcmp(&a, &b, sizeof a) || (isnan(a) && isnan(b)); }

static void unravel(const mdm_array *a, size_t at, size_t index[MDM_MAX_RANK]) {
  for (int d = a->rank; d-- > 0; at /= a->dim[d]) index[d] = at % a->dim[d];
}

static void note_place(const comparison *c, mdm_place *p, const mdm_array *a, const char *twin, size_t at, double then, double now, double size) {
  if (!(size > p->size) && *p->path) return;
  snprintf(p->path, sizeof p->path, "%s/%s%s", c->group, a->path, twin);
  p->rank = a->rank;
  unravel(a, at, p->index);
  p->then = then, p->now = now, p->size = size;
}

/* Root mean square of those of n numbers that are finite, of both arrays together: the size of what they hold. */
static double size_of(const double *a, const double *b, size_t n) {
  double sum = 0, count = 0;
  for (size_t i = 0; i < n; i++) {
    if (isfinite(a[i])) sum += a[i] * a[i], count++;
    if (isfinite(b[i])) sum += b[i] * b[i], count++;
  }
  return count > 0 ? sqrt(sum / count) : 0;
}

/* n numbers of a, of which the first is its element `first`, beside those of the other file. error: n standard errors, or NULL. */
static void compare_numbers(comparison *c, const mdm_array *a, const char *twin, size_t first, const double *then, const double *now, const double *error, size_t n) {
  double scale = size_of(then, now, n);
  size_t apart = 0;
  for (size_t i = 0; i < n; i++) {
    if (c->up_to_nan && isnan(then[i])) continue;
    int has_error = error && error[i] > 0 && isfinite(error[i]) && isfinite(then[i]);
    c->all->numbers++;
    c->all->with_errors += (size_t)has_error;
    if (is_same(then[i], now[i])) continue;
    double difference = fabs(now[i] - then[i]), relative = isfinite(difference) && scale > 0 ? difference / scale : isnan(difference) ? INFINITY : difference;
    apart++;
    note_place(c, &c->all->relative, a, twin, first + i, then[i], now[i], relative);
    if (!has_error || isnan(difference)) continue;
    c->squares += (difference / error[i]) * (difference / error[i]);
    note_place(c, &c->all->in_errors, a, twin, first + i, then[i], now[i], difference / error[i]);
  }
  c->all->numbers_apart += apart;
  c->all->arrays_apart += apart > 0;
}

/* ---------------------------------------------------------------- arrays */

static void note_other(mdm_agreement *all, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static void note_other(mdm_agreement *all, const char *format, ...) {
  va_list args;
  if (all->others++) return;
  va_start(args, format);
  vsnprintf(all->other, sizeof all->other, format, args);
  va_end(args);
}

/* Wall times differ between runs that are the same. */
static int is_time(const char *path) {
  const char *slash = strrchr(path, '/');
  return !strcmp(slash ? slash + 1 : path, "seconds");
}

static void compare_arrays(comparison *c, const mdm_array *a, const mdm_array *b) {
  size_t n = mdm_elements(a->rank, a->dim);
  c->all->arrays++;
  if (!b || !mdm_same_shape(a, b) || !a->error != !b->error) {
    note_other(c->all, b ? "%s/%s has another shape" : "%s/%s is missing", c->group, a->path);
    return;
  }
  compare_numbers(c, a, "", 0, a->value, b->value, a->error, n);
  if (a->error) compare_numbers(c, a, MDM_TWIN, 0, a->error, b->error, NULL, n);
}

static void compare_records(comparison *c, const mdm_record *then, const mdm_record *now) {
  for (size_t i = 0; i < mdm_record_count(then); i++) {
    const mdm_array *a = mdm_record_at(then, i);
    if (!is_time(a->path)) compare_arrays(c, a, mdm_record_find(now, a->path));
  }
  for (size_t i = 0; i < mdm_record_count(now); i++) {
    const char *path = mdm_record_at(now, i)->path;
    if (!mdm_record_find(then, path)) note_other(c->all, "%s/%s is new", c->group, path);
  }
}

static int compare_groups(mdm_file *then, mdm_file *now, comparison *c, mdm_error *err) {
  mdm_record *a = NULL, *b = NULL;
  int status = mdm_file_read_record(then, c->group, 0, &a, err);
  if (!status) status = mdm_file_read_record(now, c->group, 0, &b, err);
  if (!status) compare_records(c, a, b);
  mdm_record_free(a);
  mdm_record_free(b);
  return status;
}

/* ---------------------------------------------------------------- single runs */

/* Row of run `index` in a record of single runs; −1: it is not there. */
static long row_of(const mdm_record *runs, double index) {
  const mdm_array *a = mdm_record_find(runs, "index");
  for (size_t i = 0; a && a->rank == 1 && i < a->dim[0]; i++)
    if (a->value[i] == index) return (long)i;
  return -1;
}

/* The runs of a, each beside the same run of the other file, wherever it stands there. */
static void compare_rows(comparison *c, const mdm_array *a, const mdm_array *b, const mdm_record *then, const mdm_record *now) {
  const mdm_array *index = mdm_record_find(then, "index");
  c->all->arrays++;
  int fits = b && index && a->rank >= 1 && a->rank == b->rank && a->dim[0] == index->dim[0] && !memcmp(a->dim + 1, b->dim + 1, (size_t)(a->rank - 1) * sizeof *a->dim);
  size_t n = fits ? mdm_elements(a->rank - 1, a->dim + 1) : 0;
  for (size_t i = 0; fits && i < a->dim[0]; i++) {
    long row = row_of(now, index->value[i]);
    if (row < 0 || (size_t)row >= b->dim[0]) fits = 0;
    else compare_numbers(c, a, "", i * n, a->value + i * n, b->value + (size_t)row * n, NULL, n);
  }
  if (!fits) note_other(c->all, "%s/%s is missing, or has another shape", c->group, a->path);
}

/* Of runs that were cut short, what they are at their end says nothing. */
static int is_of_the_end(const char *path) { return !strncmp(path, "diagnostics/", 12) || !strncmp(path, "weights/", 8); }

static int compare_runs(mdm_file *then, mdm_file *now, comparison *c, long ended_at, mdm_error *err) {
  mdm_record *a = NULL, *b = NULL;
  int status = mdm_file_read_record(then, c->group, 0, &a, err);
  if (!status) status = mdm_file_read_record(now, c->group, 0, &b, err);
  if (!status && ended_at >= 0) status = mdm_record_truncate(b, (size_t)ended_at, err);
  for (size_t i = 0; !status && i < mdm_record_count(a); i++) {
    const mdm_array *x = mdm_record_at(a, i);
    if (is_time(x->path) || !strcmp(x->path, "index") || (ended_at >= 0 && is_of_the_end(x->path))) continue;
    compare_rows(c, x, mdm_record_find(b, x->path), a, b);
  }
  mdm_record_free(a);
  mdm_record_free(b);
  return status;
}

/* ---------------------------------------------------------------- attributes */

/* What says where and how a file was made, and not what it holds. */
static int is_provenance(const char *name) {
  static const char *const names[] = {"format", "schema_version", "version", "commit", "dirty", "sources", "compiler", "blas", "hdf5", "command", "arguments", "created", "config", "seed", "accuracy", "method_reason"};
  if (!strncmp(name, "config:", 7)) return 1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i])) return 1;
  return 0;
}

static void compare_attribute(mdm_file *then, mdm_file *now, const char *group, const char *name, mdm_agreement *all) {
  char *a = NULL, *b = NULL;
  mdm_file_dup_text(then, group, name, &a, NULL);
  mdm_file_dup_text(now, group, name, &b, NULL);
  if (a && (!b || strcmp(a, b))) note_other(all, "attribute %s of %s is %.150s, and was %.150s", name, *group ? group : "/", b ? b : "missing", a);
  free(a);
  free(b);
}

/* Attributes of the first file's group; the second may have no others. */
static void compare_attributes(mdm_file *then, mdm_file *now, const char *group, mdm_agreement *all) {
  mdm_file *both[] = {then, now};
  char name[256];
  for (int f = 0; f < 2; f++) {
    H5E_BEGIN_TRY {
      hid_t g = H5Gopen2(both[f]->id, *group ? group : "/", H5P_DEFAULT);
      for (hsize_t i = 0; g >= 0 && H5Aget_name_by_idx(g, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT) > 0; i++) {
        char *text = NULL;
        if (is_provenance(name)) continue;
        if (!f) compare_attribute(then, now, group, name, all);
        else if (mdm_file_dup_text(then, group, name, &text, NULL)) note_other(all, "attribute %s of %s is new", name, *group ? group : "/");
        free(text);
      }
      if (g >= 0) H5Gclose(g);
    }
    H5E_END_TRY
  }
}

/* ---------------------------------------------------------------- files */

/* One ensemble of the first file: the limit and everything else at the root (width 0), or networks of a width. */
static int compare_ensemble(mdm_file *then, mdm_file *now, long width, int partial, comparison *c, mdm_error *err) {
  char group[MDM_GROUP_SIZE] = "", single[MDM_GROUP_SIZE];
  double ended = -1;
  int status = MDM_OK;
  if (width) snprintf(group, sizeof group, "/width_%ld", width);
  if (partial) mdm_file_get_real(then, group, "interrupted_at_step", &ended, NULL);
  c->group = group;
  if (!partial) compare_attributes(then, now, group, c->all);
  if (!partial && !mdm_file_has_group(now, group)) note_other(c->all, "%s is missing", group);
  else if (!partial) status = compare_groups(then, now, c, err);
  mdm_runs_group(width, single);
  c->group = single;
  c->up_to_nan = partial;
  if (!status && mdm_file_has_group(then, single) && mdm_file_has_group(now, single)) status = compare_runs(then, now, c, mdm_real_whole(ended), err);
  c->up_to_nan = 0;
  return status;
}

int mdm_files_agree(mdm_file *then, mdm_file *now, int partial, mdm_agreement *out, mdm_error *err) {
  static const char *const more[] = {"/comparison/fit", "/diagnostics", "/sweeps", "/axes", "/sweep", "/sweep/notes", "/sweep/doubts", "/results"};
  comparison c = {.all = out};
  long *widths;
  size_t n;
  *out = (mdm_agreement){0};
  int status = mdm_file_widths(then, &widths, &n, err);
  if (!status) status = compare_ensemble(then, now, 0, partial, &c, err);
  for (size_t i = 0; i < n && !status; i++) status = compare_ensemble(then, now, widths[i], partial, &c, err);
  for (size_t i = 0; i < sizeof more / sizeof *more && !partial && !status; i++)
    if (mdm_file_has_group(then, more[i])) compare_attributes(then, now, more[i], out);
  c.group = "/data";
  if (!status && partial && mdm_file_has_group(then, "/data")) status = compare_groups(then, now, &c, err);
  free(widths);
  if (out->with_errors) out->rms_in_errors = sqrt(c.squares / (double)out->with_errors);
  return status;
}

int mdm_agreement_holds(const mdm_agreement *a) { return !a->arrays_apart && !a->others; }
