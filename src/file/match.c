/* Whether a file and the work that is to go into it belong together (match.h). */
#include "file/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/version.h>

#include "base/memory.h"
#include "base/record.h"

int mdm_match_seal(const mdm_file *file, mdm_error *err) {
  if (file->sealed) return MDM_OK;
  return mdm_fail(err, MDM_ERR_IO, "%s has no checksum: another program has changed it, and nothing can go on from it; " MDM_INSTEAD, file->path);
}

/* ---------------------------------------------------------------- program */

/* What a program is known by. */
typedef struct {
  const char *attribute, *name, *now;
} attribute;

enum { PARTS = 6 };

static void parts_of_program(attribute out[PARTS], char dirty[8]) {
  snprintf(dirty, 8, "%d", mdm_dirty());
  const attribute parts[PARTS] = {{"version", "version", mdm_version()}, {"commit", "commit", mdm_commit()}, {"dirty", "mark of uncommitted changes", dirty},
                             {"sources", "checksum of sources and flags", mdm_sources()}, {"compiler", "compiler", mdm_compiler()}, {"blas", "BLAS", mdm_blas()}};
  memcpy(out, parts, sizeof parts);
}

static int match_part(const char *file, const attribute *p, const char *then, mdm_error *err) {
  if (then && !strcmp(then, p->now)) return MDM_OK;
  return mdm_fail(err, MDM_ERR_CONFIG, "%s was written by another build of moedmft: %s '%s' there and '%s' now; " MDM_INSTEAD, file, p->name, then ? then : "?", p->now);
}

int mdm_match_program(mdm_file *file, mdm_error *err) {
  attribute parts[PARTS];
  char dirty[8];
  int status = MDM_OK;
  parts_of_program(parts, dirty);
  for (size_t i = 0; i < PARTS && !status; i++) {
    char *then = NULL;
    mdm_file_dup_text(file, "/", parts[i].attribute, &then, NULL);
    status = match_part(file->path, &parts[i], then, err);
    free(then);
  }
  return status;
}

char *mdm_program_text(void) {
  attribute parts[PARTS];
  char dirty[8];
  size_t size = 1;
  parts_of_program(parts, dirty);
  for (size_t i = 0; i < PARTS; i++) size += strlen(parts[i].now) + 1;
  char *text = calloc(size, 1);
  for (size_t i = 0; i < PARTS && text; i++) strcat(strcat(text, parts[i].now), "\n");
  return text;
}

int mdm_match_program_text(const char *file, const char *text, mdm_error *err) {
  attribute parts[PARTS];
  char dirty[8];
  int status = MDM_OK;
  parts_of_program(parts, dirty);
  for (size_t i = 0; i < PARTS && !status; i++) {
    size_t n = strcspn(text, "\n");
    char *then = strndup(text, n);
    status = match_part(file, &parts[i], then, err);
    free(then);
    text += n + (text[n] != '\0');
  }
  return status;
}

/* ---------------------------------------------------------------- options */

int mdm_file_config(mdm_file *file, mdm_config **out, mdm_error *err) {
  char *yaml;
  *out = NULL;
  int status = mdm_file_dup_text(file, "/", "config", &yaml, err);
  if (status) return status;
  status = mdm_config_create(out, err);
  if (!status) status = mdm_config_load_text(*out, file->path, yaml, err);
  free(yaml);
  if (status) mdm_config_free(*out), *out = NULL;
  return status;
}

/* The text of a value, whatever its length; malloc'd, NULL: out of memory. */
static char *value_text(const mdm_config *cfg, const char *key) {
  size_t size = 256;
  char *text = NULL, *grown;
  do {
    size *= 2;
    grown = realloc(text, size);
    if (!grown) return free(text), NULL;
    text = grown;
    mdm_config_format(cfg, key, text, size);
  } while (strlen(text) + 1 >= size);
  return text;
}

static int match_option(const char *path, const char *kind, const char *key, const mdm_config *then, const mdm_config *now, mdm_error *err) {
  enum { SHOWN = 200 };
  char *a = value_text(then, key), *b = value_text(now, key);
  int status = a && b ? MDM_OK : mdm_no_memory(err, "the options of %s", path);
  if (!status && strcmp(a, b))
    status = mdm_fail(err, MDM_ERR_CONFIG, "%s holds another %s: %s is %.*s there and %.*s now; " MDM_INSTEAD, path, kind, key, SHOWN, *a ? a : "''", SHOWN, *b ? b : "''");
  free(a);
  free(b);
  return status;
}

int mdm_match_options(const char *path, const char *kind, const mdm_config *then, const mdm_config *now, int (*compared)(const void *context, const char *key),
                      const void *context, mdm_error *err) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++)
    if (!compared || compared(context, o[i].key)) status = match_option(path, kind, o[i].key, then, now, err);
  return status;
}

/* ---------------------------------------------------------------- data */

static int same_values(const mdm_array *a, size_t rows, size_t columns, const double *values) {
  return a && a->rank == 2 && a->dim[0] == rows && a->dim[1] == columns && !memcmp(a->value, values, rows * columns * sizeof *values);
}

/* The same of inputs, after standardization. */
static int same_inputs(const mdm_array *a, const mdm_samples *s, size_t D) {
  double *x = mdm_alloc(D, 1, 1, sizeof *x); /* D */
  int same = x && a && a->rank == 2 && a->dim[0] == s->count && a->dim[1] == D;
  for (size_t m = 0; m < s->count && same; m++) {
    mdm_samples_input(s, m, x);
    same = !memcmp(a->value + D * m, x, D * sizeof *x);
  }
  free(x);
  return same;
}

/* Whether the samples of one part are those that the file holds. */
static int same_samples(const mdm_record *data, const char *part, const mdm_samples *s, size_t D, size_t C) {
  char x[32], y[32];
  snprintf(x, sizeof x, "data/%s/x", part);
  snprintf(y, sizeof y, "data/%s/y", part);
  if (!s->count) return !mdm_record_find(data, x);
  return same_inputs(mdm_record_find(data, x), s, D) && same_values(mdm_record_find(data, y), s->count, C, s->y);
}

int mdm_match_data(mdm_file *file, const mdm_data *d, mdm_error *err) {
  static const char *const paths[] = {"data/train/x", "data/train/y", "data/test/x", "data/test/y"};
  mdm_record *data;
  int status = mdm_file_read_some(file, "/", paths, 4, &data, err);
  if (status) return status;
  if (!same_samples(data, "train", &d->train, d->dimension, d->outputs) || !same_samples(data, "test", &d->test, d->dimension, d->outputs))
    status = mdm_fail(err, MDM_ERR_CONFIG, "%s holds a run on other samples (data.*); " MDM_INSTEAD, file->path);
  mdm_record_free(data);
  return status;
}
