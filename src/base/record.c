/* Records: named arrays with errors, and the reduction of many runs to mean and standard error (moedmft/record.h).
 *
 * Inside: the growing list of arrays, truncation along "step", and mdm_record_reduce / mdm_record_stack, which first
 * check that all runs hold the same arrays. */
#include <moedmft/record.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"

struct mdm_record {
  mdm_array **item; /* each stays where it is while others are added; it owns its text, value and error */
  uint64_t *hash;   /* of each path, so that one among a thousand is found by few comparisons of text */
  size_t count, capacity;
};

size_t mdm_elements(int rank, const size_t *dim) {
  size_t n = 1;
  for (int i = 0; i < rank; i++)
    if (dim[i] == 0) return 0;
  for (int i = 0; i < rank; i++) {
    if (n > SIZE_MAX / sizeof(double) / dim[i]) return SIZE_MAX;
    n *= dim[i];
  }
  return n;
}

int mdm_record_create(mdm_record **out, mdm_error *err) {
  *out = calloc(1, sizeof **out);
  return *out ? MDM_OK : mdm_no_memory(err, "a record");
}

static void release(mdm_array *a) {
  free((char *)a->text);
  free(a->value);
  free(a->error);
}

void mdm_record_free(mdm_record *rec) {
  if (!rec) return;
  for (size_t i = 0; i < rec->count; i++) release(rec->item[i]), free(rec->item[i]);
  free(rec->item);
  free(rec->hash);
  free(rec);
}

size_t mdm_record_count(const mdm_record *rec) { return rec->count; }
const mdm_array *mdm_record_at(const mdm_record *rec, size_t i) { return i < rec->count ? rec->item[i] : NULL; }

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *path) {
  uint64_t h = 0xcbf29ce484222325u;
  for (; *path; path++) h = (h ^ (unsigned char)*path) * 0x100000001b3u;
  return h;
}

const mdm_array *mdm_record_find(const mdm_record *rec, const char *path) {
  uint64_t hash = hash_of(path);
  for (size_t i = 0; i < rec->count; i++)
    if (rec->hash[i] == hash && strcmp(rec->item[i]->path, path) == 0) return rec->item[i];
  return NULL;
}

const mdm_array *mdm_record_find_at(const mdm_record *rec, const char *path, size_t place) {
  const mdm_array *there = mdm_record_at(rec, place);
  return there && !strcmp(there->path, path) ? there : mdm_record_find(rec, path);
}

static int reserve(mdm_record *rec) {
  if (rec->count < rec->capacity) return 1;
  size_t capacity = rec->capacity ? 2 * rec->capacity : 16;
  mdm_array **grown = realloc(rec->item, capacity * sizeof *grown);
  if (grown) rec->item = grown;
  uint64_t *hashes = grown ? realloc(rec->hash, capacity * sizeof *hashes) : NULL;
  if (!hashes) return 0;
  rec->hash = hashes;
  rec->capacity = capacity;
  return 1;
}

/* The text is copied even where a literal would do: a reduced record must survive the records it came from. */
int mdm_record_append(mdm_record *rec, const mdm_array *shape, int with_error, mdm_array **out, mdm_error *err) {
  if (mdm_record_find(rec, shape->path))
    return mdm_fail(err, MDM_ERR_INTERNAL, "record: array %s added twice", shape->path);
  size_t n = mdm_elements(shape->rank, shape->dim);
  if (n == SIZE_MAX) return mdm_fail(err, MDM_ERR_MEMORY, "array %s is too large to address", shape->path);
  mdm_array a = *shape;
  a.text = strdup(shape->text ? shape->text : "");
  a.value = calloc(n ? n : 1, sizeof *a.value);
  a.error = with_error ? calloc(n ? n : 1, sizeof *a.error) : NULL;
  mdm_array *added = malloc(sizeof *added);
  if (!added || !a.text || !a.value || (with_error && !a.error) || !reserve(rec)) {
    release(&a);
    free(added);
    return mdm_no_memory(err, "array %s (%zu values)", shape->path, n);
  }
  *added = a;
  rec->hash[rec->count] = hash_of(a.path);
  *out = rec->item[rec->count++] = added;
  return MDM_OK;
}

static int names_in(const char *dims) {
  int n = dims[0] != '\0';
  for (; *dims; dims++) n += *dims == ',';
  return n;
}

static int add(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
               int with_error, mdm_array **out, mdm_error *err) {
  mdm_array shape = {.rank = rank, .text = text};
  if (rank < 0 || rank > MDM_MAX_RANK)
    return mdm_fail(err, MDM_ERR_INTERNAL, "record: array %s has rank %d, at most %d is possible", path, rank,
                    MDM_MAX_RANK);
  if (strlen(path) >= sizeof shape.path || strlen(dims) >= sizeof shape.dims)
    return mdm_fail(err, MDM_ERR_INTERNAL, "record: path or dims of array %s are too long", path);
  if (names_in(dims) != rank)
    return mdm_fail(err, MDM_ERR_INTERNAL, "record: array %s has rank %d, but its dims are \"%s\"", path, rank, dims);
  for (int i = 0; i < rank; i++) shape.dim[i] = dim[i];
  strcpy(shape.path, path);
  strcpy(shape.dims, dims);
  return mdm_record_append(rec, &shape, with_error, out, err);
}

int mdm_record_add(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                   double **value, mdm_error *err) {
  mdm_array *added;
  int status = add(rec, path, rank, dim, dims, text, 0, &added, err);
  if (status == MDM_OK) *value = added->value;
  return status;
}

int mdm_record_add_pair(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                        mdm_array **out, mdm_error *err) {
  return add(rec, path, rank, dim, dims, text, 1, out, err);
}

int mdm_record_add_blank(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                         double **value, mdm_error *err) {
  mdm_array *added;
  int status = add(rec, path, rank, dim, dims, text, 0, &added, err);
  if (status != MDM_OK) return status;
  mdm_array_blank(added);
  *value = added->value;
  return MDM_OK;
}

void mdm_array_take(mdm_array *a, size_t at) {
  size_t size = mdm_elements(a->rank - 1, a->dim + 1);
  const char *rest = strchr(a->dims, ',');
  memmove(a->value, a->value + at * size, size * sizeof *a->value);
  if (a->error) memmove(a->error, a->error + at * size, size * sizeof *a->error);
  a->rank--;
  memmove(a->dim, a->dim + 1, (size_t)a->rank * sizeof *a->dim);
  if (rest) rest += 1 + strspn(rest + 1, " ");
  memmove(a->dims, rest ? rest : "", rest ? strlen(rest) + 1 : 1);
}

void mdm_array_blank(mdm_array *a) {
  size_t n = mdm_elements(a->rank, a->dim);
  for (size_t i = 0; i < n; i++) {
    a->value[i] = NAN;
    if (a->error) a->error[i] = NAN;
  }
}

/* Which dimension is the steps'; −1: none. */
static int step_dimension(const mdm_array *a) {
  const char *name = a->dims;
  for (int d = 0; d < a->rank; d++) {
    size_t length = strcspn(name, ",");
    while (length > 0 && name[length - 1] == ' ') length--;
    if (length == 4 && !strncmp(name, "step", 4)) return d;
    const char *rest = strchr(name, ',');
    if (!rest) return -1;
    name = rest + 1 + strspn(rest + 1, " ");
  }
  return -1;
}

/* Row-major: what is left moves to the front, and nothing can fail. */
int mdm_record_truncate(mdm_record *rec, size_t n, mdm_error *err) {
  (void)err;
  for (size_t i = 0; i < rec->count; i++) {
    mdm_array *a = rec->item[i];
    int d = step_dimension(a);
    if (d < 0 || a->dim[d] <= n) continue;
    size_t outer = mdm_elements(d, a->dim), inner = mdm_elements(a->rank - d - 1, a->dim + d + 1), all = a->dim[d];
    for (size_t o = 1; o < outer; o++) {
      memmove(a->value + o * n * inner, a->value + o * all * inner, n * inner * sizeof *a->value);
      if (a->error) memmove(a->error + o * n * inner, a->error + o * all * inner, n * inner * sizeof *a->error);
    }
    a->dim[d] = n;
  }
  return MDM_OK;
}

size_t mdm_record_steps(const mdm_record *rec) {
  for (size_t i = 0; i < rec->count; i++) {
    int d = step_dimension(rec->item[i]);
    if (d >= 0) return rec->item[i]->dim[d];
  }
  return SIZE_MAX;
}

int mdm_record_copy(const mdm_record *rec, mdm_record **out, mdm_error *err) {
  int status = mdm_record_create(out, err);
  for (size_t i = 0; i < rec->count && !status; i++) {
    const mdm_array *a = rec->item[i];
    size_t n = mdm_elements(a->rank, a->dim);
    mdm_array *to;
    if ((status = mdm_record_append(*out, a, a->error != NULL, &to, err))) break;
    memcpy(to->value, a->value, n * sizeof *to->value);
    if (a->error) memcpy(to->error, a->error, n * sizeof *to->error);
  }
  if (status) mdm_record_free(*out), *out = NULL;
  return status;
}

int mdm_same_shape(const mdm_array *a, const mdm_array *b) {
  return a->rank == b->rank && (a->rank == 0 || memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0);
}

static int check_runs(const mdm_record *const *runs, size_t n, mdm_error *err) {
  if (n == 0) return mdm_fail(err, MDM_ERR_INTERNAL, "record: no runs to put together");
  for (size_t r = 1; r < n; r++) {
    if (runs[r]->count != runs[0]->count)
      return mdm_fail(err, MDM_ERR_DATA, "run %zu holds %zu arrays, run 0 holds %zu", r, runs[r]->count,
                      runs[0]->count);
    for (size_t i = 0; i < runs[0]->count; i++) {
      const mdm_array *a = runs[0]->item[i], *b = mdm_record_find_at(runs[r], a->path, i);
      if (!b) return mdm_fail(err, MDM_ERR_DATA, "run %zu lacks array %s of run 0", r, a->path);
      if (!mdm_same_shape(a, b))
        return mdm_fail(err, MDM_ERR_DATA, "array %s has different shapes in run %zu and run 0", a->path, r);
    }
  }
  return MDM_OK;
}

/* `place` in the first run's record: mean into a->value and, when a has errors, sqrt(Σ (v − mean)² / (n (n−1))) into a->error. */
static void reduce_array(const mdm_record *const *runs, size_t n, size_t place, mdm_array *a) {
  size_t size = mdm_elements(a->rank, a->dim);
  double count = (double)n;
  for (size_t r = 0; r < n; r++) {
    const double *v = mdm_record_find_at(runs[r], a->path, place)->value;
    for (size_t j = 0; j < size; j++) a->value[j] += v[j];
  }
  for (size_t j = 0; j < size; j++) a->value[j] /= count;
  if (!a->error) return;
  for (size_t r = 0; r < n; r++) {
    const double *v = mdm_record_find_at(runs[r], a->path, place)->value;
    for (size_t j = 0; j < size; j++) a->error[j] += (v[j] - a->value[j]) * (v[j] - a->value[j]);
  }
  for (size_t j = 0; j < size; j++) a->error[j] = sqrt(a->error[j] / (count * (count - 1)));
}

int mdm_record_reduce(const mdm_record *const *runs, size_t n, mdm_record **out, mdm_error *err) {
  *out = NULL;
  mdm_record *rec = NULL;
  int status = check_runs(runs, n, err);
  if (status == MDM_OK) status = mdm_record_create(&rec, err);
  for (size_t i = 0; status == MDM_OK && i < runs[0]->count; i++) {
    mdm_array *a;
    status = mdm_record_append(rec, runs[0]->item[i], n > 1, &a, err);
    if (status == MDM_OK) reduce_array(runs, n, i, a);
  }
  if (status == MDM_OK)
    *out = rec;
  else
    mdm_record_free(rec);
  return status;
}

/* Shape of a with the dimension "seed" of extent n in front. */
static int stacked_shape(const mdm_array *a, size_t n, mdm_array *shape, mdm_error *err) {
  static const char seed[] = "seed, ";
  *shape = *a;
  if (a->rank == MDM_MAX_RANK || strlen(a->dims) + sizeof seed > sizeof shape->dims)
    return mdm_fail(err, MDM_ERR_INTERNAL, "record: no room for a seed dimension in array %s", a->path);
  shape->rank = a->rank + 1;
  shape->dim[0] = n;
  for (int i = 0; i < a->rank; i++) shape->dim[i + 1] = a->dim[i];
  strcpy(shape->dims, a->rank ? seed : "seed");
  strcat(shape->dims, a->dims);
  return MDM_OK;
}

static int stack_array(const mdm_record *const *runs, size_t n, size_t place, mdm_record *rec, mdm_error *err) {
  const mdm_array *first = mdm_record_at(runs[0], place);
  mdm_array shape, *a;
  int status = stacked_shape(first, n, &shape, err);
  if (status == MDM_OK) status = mdm_record_append(rec, &shape, 0, &a, err);
  if (status != MDM_OK) return status;
  size_t size = mdm_elements(first->rank, first->dim);
  for (size_t r = 0; r < n; r++)
    memcpy(a->value + r * size, mdm_record_find_at(runs[r], first->path, place)->value, size * sizeof *a->value);
  return MDM_OK;
}

int mdm_record_stack(const mdm_record *const *runs, size_t n, mdm_record **out, mdm_error *err) {
  *out = NULL;
  mdm_record *rec = NULL;
  int status = check_runs(runs, n, err);
  if (status == MDM_OK) status = mdm_record_create(&rec, err);
  for (size_t i = 0; status == MDM_OK && i < runs[0]->count; i++)
    status = stack_array(runs, n, i, rec, err);
  if (status == MDM_OK)
    *out = rec;
  else
    mdm_record_free(rec);
  return status;
}
