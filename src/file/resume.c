/* Complete runs of an interrupted outcome, kept in its file so that the same command goes on (moedmft/file.h).
 *
 * Below /resume, one group for each ensemble ("limit", "N_64"): every array of its runs, stacked along a first dimension
 * "seed", and `run_index`, which run each is. Runs are independent and deterministic, so going on ends with the same numbers. */
#include <moedmft/file.h>
#include <moedmft/run.h>
#include <moedmft/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "file/internal.h"

#define GROUP "/resume"
#define INDEX "run_index"

enum { NAME_SIZE = 48 };

static void group_of(long width, char name[NAME_SIZE]) {
  if (width) snprintf(name, NAME_SIZE, GROUP "/N_%ld", width);
  else snprintf(name, NAME_SIZE, GROUP "/limit");
}

/* ---------------------------------------------------------------- writing */

/* Runs of an ensemble are all complete, or were all cut to the shortest. */
static int is_complete(const mdm_ensemble *e, size_t steps) {
  const mdm_array *loss = e->runs ? mdm_record_find(e->each[0], "observables/train/loss") : NULL;
  return loss && loss->dim[0] == steps + 1;
}

static int write_ensemble(mdm_file *file, const mdm_ensemble *e, mdm_error *err) {
  char group[NAME_SIZE];
  mdm_record *stack;
  double *index;
  group_of(e->width, group);
  int status = mdm_record_stack((const mdm_record *const *)e->each, e->runs, &stack, err);
  if (status) return status;
  status = mdm_record_add(stack, INDEX, 1, &e->runs, "seed", "which run (replica or seed) each is", &index, err);
  for (size_t i = 0; i < e->runs && !status; i++) index[i] = (double)e->index[i];
  if (!status) status = mdm_file_record(file, group, stack, err);
  mdm_record_free(stack);
  return status;
}

int mdm_resume_write(mdm_file *file, const mdm_outcome *o, size_t steps, mdm_error *err) {
  int status = is_complete(&o->limit, steps) ? write_ensemble(file, &o->limit, err) : MDM_OK;
  for (size_t w = 0; w < o->widths && !status; w++)
    if (is_complete(&o->networks[w], steps)) status = write_ensemble(file, &o->networks[w], err);
  return status;
}

/* ---------------------------------------------------------------- reading */

typedef struct {
  long width;
  mdm_record *stack;
} ensemble;

struct mdm_resume {
  ensemble *each;
  size_t ensembles, runs;
};

static int read_ensemble(mdm_file *file, long width, mdm_resume *r, mdm_error *err) {
  char group[NAME_SIZE];
  group_of(width, group);
  if (!mdm_file_has_group(file, group)) return MDM_OK;
  ensemble *e = &r->each[r->ensembles];
  int status = mdm_file_read_record(file, group, 0, &e->stack, err);
  if (status) return status;
  const mdm_array *index = mdm_record_find(e->stack, INDEX);
  e->width = width;
  r->ensembles++;
  if (!index || index->rank != 1) return mdm_fail(err, MDM_ERR_DATA, "%s of %s lacks " INDEX, group, file->path);
  r->runs += index->dim[0];
  return MDM_OK;
}

/* Whether the samples of one part are those that the file holds. */
static int same_samples(const mdm_record *data, const char *part, const mdm_samples *s, size_t D, size_t C) {
  char x[32], y[32];
  snprintf(x, sizeof x, "data/%s/x", part);
  snprintf(y, sizeof y, "data/%s/y", part);
  const mdm_array *ax = mdm_record_find(data, x), *ay = mdm_record_find(data, y);
  if (!s->count) return !ax;
  return ax && ay && mdm_elements(ax->rank, ax->dim) == s->count * D && mdm_elements(ay->rank, ay->dim) == s->count * C &&
         !memcmp(ax->value, s->x, s->count * D * sizeof *s->x) && !memcmp(ay->value, s->y, s->count * C * sizeof *s->y);
}

static int same_data(mdm_file *file, const mdm_data *d) {
  static const char *const paths[] = {"data/train/x", "data/train/y", "data/test/x", "data/test/y"};
  mdm_record *data;
  if (mdm_file_read_some(file, "/", paths, 4, &data, NULL)) return 0;
  int same = same_samples(data, "train", &d->train, d->dimension, d->outputs) && same_samples(data, "test", &d->test, d->dimension, d->outputs);
  mdm_record_free(data);
  return same;
}

static int same_text(mdm_file *file, const char *name, const char *wanted) {
  char *text = NULL;
  int same = wanted && mdm_file_dup_text(file, "/", name, &text, NULL) == MDM_OK && !strcmp(text, wanted);
  free(text);
  return same;
}

/* The same program on the same configuration and data. */
static int is_same(mdm_file *file, const mdm_config *cfg, const mdm_data *data) {
  char *yaml = mdm_config_to_yaml(cfg);
  int same = same_text(file, "config", yaml) && same_text(file, "version", mdm_version()) && same_text(file, "commit", mdm_commit()) &&
             same_data(file, data);
  free(yaml);
  return same;
}

static int read_all(mdm_file *file, const mdm_config *cfg, mdm_resume *r, mdm_error *err) {
  size_t n;
  const long *widths = mdm_config_int_list(cfg, "simulate.widths", &n);
  r->each = mdm_alloc(n + 1, 1, 1, sizeof *r->each);
  if (!r->each) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  int status = read_ensemble(file, 0, r, err);
  for (size_t i = 0; i < n && !status; i++) status = read_ensemble(file, widths[i], r, err);
  return status;
}

int mdm_resume_open(const char *path, const mdm_config *cfg, const mdm_data *data, mdm_resume **out, mdm_error *err) {
  mdm_file *file;
  *out = NULL;
  if (mdm_file_open(path, &file, NULL) != MDM_OK) return MDM_OK; /* no file, or nothing that could go on */
  mdm_resume *r = mdm_file_has_group(file, GROUP) && is_same(file, cfg, data) ? calloc(1, sizeof *r) : NULL;
  int status = r ? read_all(file, cfg, r, err) : MDM_OK;
  mdm_file_discard(file);
  if (status) return mdm_resume_free(r), status;
  *out = r;
  return MDM_OK;
}

void mdm_resume_free(mdm_resume *r) {
  if (!r) return;
  for (size_t i = 0; i < r->ensembles; i++) mdm_record_free(r->each[i].stack);
  free(r->each);
  free(r);
}

size_t mdm_resume_runs(const mdm_resume *r) { return r ? r->runs : 0; }

/* Run k of a stack: every array without its first dimension. */
static int unstack(const mdm_record *stack, size_t k, mdm_record **out, mdm_error *err) {
  int status = mdm_record_create(out, err);
  for (size_t i = 0; i < mdm_record_count(stack) && !status; i++) {
    const mdm_array *a = mdm_record_at(stack, i);
    mdm_array shape = *a, *added;
    if (!strcmp(a->path, INDEX)) continue;
    size_t size = mdm_elements(a->rank - 1, a->dim + 1);
    shape.rank = a->rank - 1;
    memmove(shape.dim, a->dim + 1, (size_t)shape.rank * sizeof *shape.dim);
    const char *rest = strstr(a->dims, ", ");
    snprintf(shape.dims, sizeof shape.dims, "%s", rest ? rest + 2 : "");
    status = mdm_record_append(*out, &shape, 0, &added, err);
    if (!status) memcpy(added->value, a->value + k * size, size * sizeof *a->value);
  }
  if (!status) return MDM_OK;
  mdm_record_free(*out);
  *out = NULL;
  return status;
}

int mdm_resume_take(const void *store, long width, unsigned index, mdm_record **out, mdm_error *err) {
  const mdm_resume *r = store;
  *out = NULL;
  for (size_t i = 0; r && i < r->ensembles; i++) {
    if (r->each[i].width != width) continue;
    const mdm_array *list = mdm_record_find(r->each[i].stack, INDEX);
    for (size_t k = 0; k < list->dim[0]; k++)
      if (list->value[k] == (double)index) return unstack(r->each[i].stack, k, out, err);
  }
  return MDM_OK;
}
