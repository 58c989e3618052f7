/* Single runs of an ensemble in a file (runs.h). One dataset for all runs: a group for each run would cost more than the runs. */
#include "file/runs.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"

#define INDEX "index"
#define WEIGHTS "weights/"

static const char *word(long width) { return width ? "seed" : "replica"; }

/* ---------------------------------------------------------------- writing */

/* Shape of array a of n runs. */
static int stacked(const mdm_array *a, long width, size_t n, mdm_array *shape, mdm_error *err) {
  *shape = *a;
  int length = snprintf(shape->dims, sizeof shape->dims, "%s%s%s", word(width), a->rank ? ", " : "", a->dims);
  if (a->rank == MDM_MAX_RANK || length >= (int)sizeof shape->dims)
    return mdm_fail(err, MDM_ERR_INTERNAL, "no room for a dimension over runs in array %s", a->path);
  shape->rank = a->rank + 1;
  shape->dim[0] = n;
  memcpy(shape->dim + 1, a->dim, (size_t)a->rank * sizeof *a->dim);
  return MDM_OK;
}

/* The array at one place of all records. */
static int write_array(mdm_file *file, const char *group, const mdm_runs *r, mdm_record *const *records, size_t place, mdm_error *err) {
  const mdm_array *a = mdm_record_at(records[0], place);
  char path[512];
  mdm_array shape;
  int status = stacked(a, r->width, r->n, &shape, err);
  if (status) return status;
  size_t size = mdm_elements(a->rank, a->dim);
  const double **values = mdm_alloc(r->n, 1, 1, sizeof *values); /* n, of size numbers each */
  if (!values) return mdm_no_memory(err, "%s of %zu runs", a->path, r->n);
  for (size_t i = 0; i < r->n && !status; i++) {
    const mdm_array *one = mdm_record_find_at(records[i], a->path, place);
    if (!one || !mdm_same_shape(one, a)) status = mdm_fail(err, MDM_ERR_INTERNAL, "%s of run %zu is not like that of run %zu", a->path, r->index[i], r->index[0]);
    else values[i] = one->value;
  }
  snprintf(path, sizeof path, "%s/%s", group, a->path);
  if (!status) status = mdm_file_pieces(file, path, shape.rank, shape.dim, shape.dims, a->text, (mdm_pieces){values, size ? size : 1}, err);
  free(values);
  return status;
}

static int write_records(mdm_file *file, const char *group, const mdm_runs *r, mdm_record *const *records, mdm_error *err) {
  int status = MDM_OK;
  for (size_t i = 0; i < mdm_record_count(records[0]) && !status; i++) status = write_array(file, group, r, records, i, err);
  return status;
}

static int write_index(mdm_file *file, const char *group, const mdm_runs *r, mdm_error *err) {
  char path[512];
  double *values = mdm_alloc(r->n, 1, 1, sizeof *values); /* n */
  if (!values) return mdm_no_memory(err, "%zu runs", r->n);
  for (size_t i = 0; i < r->n; i++) values[i] = (double)r->index[i];
  snprintf(path, sizeof path, "%s/" INDEX, group);
  int status = mdm_file_array(file, path, 1, &r->n, word(r->width), r->width ? "which network (seed) each is" : "which replica each is", values, err);
  free(values);
  return status;
}

int mdm_runs_write(mdm_file *file, const char *group, const mdm_runs *r, mdm_error *err) {
  if (!r->n) return MDM_OK;
  int status = write_index(file, group, r, err);
  if (!status) status = write_records(file, group, r, r->each, err);
  return status || !r->weights[0] ? status : write_records(file, group, r, r->weights, err);
}

/* ---------------------------------------------------------------- reading */

static int bad(const mdm_file *file, const char *group, const char *what, const char *why, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_DATA, "%s: %s/%s %s", file->path, group, what, why);
}

/* Replicas and seeds in ascending order. */
static int read_index(mdm_file *file, const char *group, const mdm_array *a, mdm_runs *r, mdm_error *err) {
  if (!a || a->rank != 1 || !a->dim[0]) return bad(file, group, INDEX, "is missing or no list", err);
  r->n = a->dim[0];
  r->index = mdm_alloc(r->n, 1, 1, sizeof *r->index);
  r->each = mdm_alloc(r->n, 1, 1, sizeof *r->each);
  r->weights = mdm_alloc(r->n, 1, 1, sizeof *r->weights);
  if (!r->index || !r->each || !r->weights) return r->n = 0, mdm_no_memory(err, "the runs in %s", file->path);
  for (size_t i = 0; i < r->n; i++) {
    double v = a->value[i];
    if (!(v >= 0) || v > UINT32_MAX || v != floor(v)) return bad(file, group, INDEX, "holds what is no number of a run", err);
    if (i && v <= a->value[i - 1]) return bad(file, group, INDEX, "is not in ascending order", err);
    r->index[i] = (size_t)v;
  }
  return MDM_OK;
}

/* Array a of all runs into the records of each. */
static int unstack(const mdm_array *a, size_t n, mdm_record **records, mdm_error *err) {
  mdm_array shape = *a, *added;
  size_t size = mdm_elements(a->rank - 1, a->dim + 1);
  const char *rest = strstr(a->dims, ", ");
  int status = MDM_OK;
  shape.rank = a->rank - 1;
  memmove(shape.dim, a->dim + 1, (size_t)shape.rank * sizeof *shape.dim);
  memmove(shape.dims, rest ? shape.dims + (rest + 2 - a->dims) : "", rest ? strlen(rest + 2) + 1 : 1);
  for (size_t i = 0; i < n && !status; i++) {
    if (!records[i]) status = mdm_record_create(&records[i], err);
    if (!status) status = mdm_record_append(records[i], &shape, 0, &added, err);
    if (!status) memcpy(added->value, a->value + i * size, size * sizeof *a->value);
  }
  return status;
}

static int unstack_all(mdm_file *file, const char *group, const mdm_record *stack, mdm_runs *r, mdm_error *err) {
  int status = MDM_OK;
  for (size_t i = 0; i < mdm_record_count(stack) && !status; i++) {
    const mdm_array *a = mdm_record_at(stack, i);
    if (!strcmp(a->path, INDEX)) continue;
    if (a->rank < 1 || a->dim[0] != r->n || a->error) status = bad(file, group, a->path, "has another number of runs than " INDEX, err);
    else status = unstack(a, r->n, strncmp(a->path, WEIGHTS, sizeof WEIGHTS - 1) ? r->each : r->weights, err);
  }
  if (!status && !r->each[0]) status = bad(file, group, "", "holds no arrays", err);
  return status;
}

int mdm_runs_read(mdm_file *file, const char *group, long width, mdm_runs *out, mdm_error *err) {
  mdm_record *stack;
  *out = (mdm_runs){.width = width};
  int status = mdm_file_read_record(file, group, 0, &stack, err);
  if (status) return status;
  status = read_index(file, group, mdm_record_find(stack, INDEX), out, err);
  if (!status) status = unstack_all(file, group, stack, out, err);
  mdm_record_free(stack);
  return status;
}

void mdm_runs_clear(mdm_runs *r) {
  for (size_t i = 0; i < r->n; i++) {
    mdm_record_free(r->each[i]);
    mdm_record_free(r->weights[i]);
  }
  free(r->index);
  free(r->each);
  free(r->weights);
  *r = (mdm_runs){0};
}

/* ---------------------------------------------------------------- looking at them */

static int by_number(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

size_t mdm_runs_find(const mdm_runs *r, size_t index) {
  const size_t *found = r->n ? bsearch(&index, r->index, r->n, sizeof *r->index, by_number) : NULL;
  return found ? (size_t)(found - r->index) : r->n;
}

static double numbers_in(const mdm_record *rec) {
  double n = 0;
  for (size_t i = 0; rec && i < mdm_record_count(rec); i++) n += (double)mdm_elements(mdm_record_at(rec, i)->rank, mdm_record_at(rec, i)->dim);
  return n;
}

double mdm_runs_numbers(const mdm_runs *r) {
  return r->n ? (double)r->n * (numbers_in(r->each[0]) + numbers_in(r->weights[0])) : 0;
}
