/* Tables of runs (runs.h): columns by name, and which numbers a column may hold. */
#include "law/runs.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

static int no_memory(const mdm_law_runs *r, mdm_error *err) { return mdm_no_memory(err, "the runs of %s", r->path); }

int mdm_law_runs_create(const char *path, size_t columns, char *const *name, mdm_law_runs **out, mdm_error *err) {
  mdm_law_runs *r = *out = calloc(1, sizeof *r);
  if (!r) return mdm_no_memory(err, "the runs of %s", path);
  r->limit = r->limit_error = NAN;
  r->path = strdup(path);
  r->column = calloc(columns, sizeof *r->column);
  if (!r->path || !r->column) return mdm_no_memory(err, "the runs of %s", path);
  for (; r->columns < columns; r->columns++)
    if (!(r->column[r->columns].name = strdup(name[r->columns]))) return no_memory(r, err);
  return MDM_OK;
}

void mdm_law_runs_free(mdm_law_runs *r) {
  if (!r) return;
  for (size_t i = 0; i < r->columns; i++) {
    free(r->column[i].name);
    free(r->column[i].value);
    free(r->column[i].bad);
  }
  free(r->column);
  free(r->line);
  free(r->path);
  free(r);
}

size_t mdm_law_runs_count(const mdm_law_runs *r) { return r->rows; }

static int grow(mdm_law_runs *r, mdm_error *err) {
  size_t capacity = r->capacity ? 2 * r->capacity : 64;
  size_t *line = realloc(r->line, capacity * sizeof *line);
  if (!line) return no_memory(r, err);
  r->line = line;
  for (size_t i = 0; i < r->columns; i++) {
    double *value = realloc(r->column[i].value, capacity * sizeof *value);
    if (!value) return no_memory(r, err);
    r->column[i].value = value;
  }
  r->capacity = capacity;
  return MDM_OK;
}

int mdm_law_runs_add(mdm_law_runs *r, size_t line, const double *value, mdm_error *err) {
  int status = r->rows == r->capacity ? grow(r, err) : MDM_OK;
  if (status) return status;
  for (size_t i = 0; i < r->columns; i++) r->column[i].value[r->rows] = value[i];
  r->line[r->rows++] = line;
  return MDM_OK;
}

void mdm_law_runs_remark(mdm_law_runs *r, const char *format, ...) {
  size_t used = strlen(r->remark);
  va_list args;
  if (used && used + 1 < sizeof r->remark) r->remark[used++] = '\n', r->remark[used] = '\0';
  va_start(args, format);
  vsnprintf(r->remark + used, sizeof r->remark - used, format, args);
  va_end(args);
}

const mdm_law_column *mdm_law_runs_find(const mdm_law_runs *r, const char *name) {
  for (size_t i = 0; i < r->columns; i++)
    if (!strcmp(r->column[i].name, name)) return &r->column[i];
  return NULL;
}

int mdm_law_runs_refuse(const mdm_law_runs *r, size_t row, const char *column, const char *what, mdm_error *err) {
  if (!r->line[row]) return mdm_fail(err, MDM_ERR_DATA, "%s, run %zu, %s: %s", r->path, row, column, what);
  return mdm_fail(err, MDM_ERR_DATA, "%s, line %zu, column %s: %s", r->path, r->line[row], column, what);
}

/* What the numbers of a column must be; others only finite. */
static const char *wrong(const char *name, double v) {
  static const char *const positive[] = {"loss", "loss_error", "N", "D", "N_a", "G"};
  if (!isfinite(v)) return "must be a finite number";
  if (!strcmp(name, "S")) return v >= 0 && v <= 1 ? NULL : "the shared ratio must lie in 0 ... 1";
  if (!strcmp(name, "E")) return v >= 1 ? NULL : "the number of experts must be at least 1";
  for (size_t i = 0; i < sizeof positive / sizeof *positive; i++)
    if (!strcmp(name, positive[i])) return v > 0 ? NULL : "must be positive";
  return NULL;
}

static int missing(const mdm_law_runs *r, const char *name, mdm_error *err) {
  char list[400] = "";
  for (size_t i = 0, used = 0; i < r->columns && used < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", r->column[i].name);
  return mdm_fail(err, MDM_ERR_DATA, "%s has no column %s, which the law needs; its columns: %s", r->path, name, list);
}

int mdm_law_runs_take(const mdm_law_runs *r, const char *name, const double **out, mdm_error *err) {
  const mdm_law_column *c = mdm_law_runs_find(r, name);
  char text[160];
  if (!c) return missing(r, name, err);
  if (c->bad) return mdm_fail(err, MDM_ERR_DATA, "%s, line %zu, column %s: '%s' is no number", r->path, c->bad_line, name, c->bad);
  for (size_t i = 0; i < r->rows; i++) {
    const char *why = wrong(name, c->value[i]);
    snprintf(text, sizeof text, "%.17g: %s", c->value[i], why ? why : "");
    if (why) return mdm_law_runs_refuse(r, i, name, text, err);
  }
  *out = c->value;
  return MDM_OK;
}
