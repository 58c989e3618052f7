/* Items of a state: name, size and number in front of the bytes (state.h). */
#include "base/state.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/record.h"

enum { BLOCK = 1 << 24 }; /* bytes that go through at a time */

typedef struct {
  uint32_t name, element;
  uint64_t n;
} header;

mdm_state mdm_state_saving(FILE *file) { return (mdm_state){.file = file, .crc = crc32(0, NULL, 0)}; }
mdm_state mdm_state_loading(FILE *file, size_t bytes) { return (mdm_state){.file = file, .loads = 1, .crc = crc32(0, NULL, 0), .left = bytes}; }

void mdm_state_refuse(mdm_state *s, const char *what) {
  if (!s->status) s->status = mdm_fail(&s->why, MDM_ERR_DATA, "%s is not as this run has it", what);
}

void mdm_state_bound(mdm_state *s, const char *what, size_t value, size_t most) {
  if (value > most) mdm_state_refuse(s, what);
}

/* FNV-1a. */
static uint32_t hash(const char *name) {
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
  return h;
}

static int leads(const mdm_state *s) { return !s->shared || mdm_crew_leads(); }

/* To the file or from it. */
static void pass(mdm_state *s, void *p, size_t n) {
  unsigned char *b = p;
  for (size_t done = 0, some; done < n && !s->status; done += some) {
    some = n - done < BLOCK ? n - done : BLOCK;
    errno = 0;
    size_t moved = s->loads ? fread(b + done, 1, some, s->file) : fwrite(b + done, 1, some, s->file);
    if (moved < some) s->status = mdm_fail(&s->why, MDM_ERR_IO, "%s", errno ? strerror(errno) : s->loads ? "it ends too early" : "it cannot be written");
    else s->crc = crc32(s->crc, b + done, (uInt)some);
  }
}

/* What all ranks have. Nobody is kept waiting: a first rank that cannot read says so before the next item. */
static void move(mdm_state *s, void *p, size_t n) {
  if (s->status) return;
  if (leads(s)) pass(s, p, n);
  if (s->shared && s->loads) mdm_crew_tell(n, p);
}

/* Whether nothing has failed; ranks that share a run hear of each other's failures here. */
static int goes_on(mdm_state *s) {
  if (s->shared && !s->over) {
    s->status = mdm_crew_agree(s->status, &s->why);
    s->over = s->status != MDM_OK;
  }
  return !s->status;
}

void mdm_state_share(mdm_state *s) { s->shared = mdm_crew_joined() != NULL; }
void mdm_state_end(mdm_state *s) { goes_on(s); }

/* The header in front of n elements; loading, of as many as there are (n: SIZE_MAX, any number). Returns how many. */
static size_t begin(mdm_state *s, const char *name, size_t n, size_t element) {
  struct {
    header h;
    uint64_t left;
  } found = {{hash(name), (uint32_t)element, n}, s->left};
  const header want = found.h;
  if (s->loads && leads(s) && !s->status && s->left < sizeof want) mdm_state_refuse(s, name);
  if (leads(s)) pass(s, &found.h, sizeof want);
  if (!goes_on(s)) return 0;
  if (!s->loads) return n;
  if (s->shared) mdm_crew_tell(sizeof found, &found);
  s->left = (size_t)found.left - sizeof want;
  int fits = found.h.name == want.name && found.h.element == want.element && (n == SIZE_MAX || found.h.n == want.n) && found.h.n <= s->left / element;
  if (!fits) return mdm_state_refuse(s, name), 0;
  s->left -= (size_t)found.h.n * element;
  return (size_t)found.h.n;
}

void mdm_state_array(mdm_state *s, const char *name, void *p, size_t n, size_t element) {
  begin(s, name, n, element);
  move(s, p, n * element);
}

void mdm_state_count(mdm_state *s, const char *name, size_t *value) {
  uint64_t v = *value;
  mdm_state_array(s, name, &v, 1, sizeof v);
  if (s->loads && !s->status) *value = (size_t)v;
}

void mdm_state_flag(mdm_state *s, const char *name, int *value) {
  int32_t v = *value;
  mdm_state_array(s, name, &v, 1, sizeof v);
  if (s->loads && !s->status) *value = v;
}

void mdm_state_real(mdm_state *s, const char *name, double *value) { mdm_state_array(s, name, value, 1, sizeof *value); }

void mdm_state_id(mdm_state *s, const char *name, unsigned long *value) {
  size_t v = *value;
  mdm_state_count(s, name, &v);
  if (s->loads && !s->status) *value = (unsigned long)v;
}

/* Whether an array is there: saved, and returned as the file has it. */
static int is_there(mdm_state *s, const char *name, const void *p) {
  int there = p != NULL;
  mdm_state_flag(s, name, &there);
  return there && !s->status;
}

/* Column by column: one after the other is all in the hands of the first rank. */
static void move_spread(mdm_state *s, unsigned char *p, size_t n, size_t k, size_t element, void *column) {
  for (size_t c = 0; c < k; c++) {
    if (s->loads && leads(s)) pass(s, column, n * element);
    if (!goes_on(s)) return;
    mdm_crew_deal(s->loads, n, element, column, p + mdm_rows(n) * element * c);
    if (!s->loads && leads(s)) pass(s, column, n * element);
  }
}

void mdm_state_rows(mdm_state *s, const char *name, void *p, size_t n, size_t k, size_t element) {
  if (!s->shared || !mdm_is_spread(n)) {
    mdm_state_array(s, name, p, n * k, element);
    return;
  }
  void *column = leads(s) ? malloc(n * element) : NULL; /* n */
  if (leads(s) && !column && !s->status) s->status = mdm_no_memory(&s->why, "a checkpoint's %s", name);
  begin(s, name, n * k, element);
  if (!s->status) move_spread(s, p, n, k, element, column);
  free(column);
}

void mdm_state_kept_rows(mdm_state *s, const char *name, void **p, size_t n, size_t k, size_t element) {
  int there = is_there(s, name, *p);
  if (!there && *p) mdm_state_refuse(s, name);
  if (!there) return;
  if (s->loads && (!n || k > s->left / element / n)) mdm_state_refuse(s, name);
  if (!s->status && !*p && !(*p = mdm_alloc(mdm_rows(n), k, 1, element))) s->status = mdm_no_memory(&s->why, "a checkpoint's %s", name);
  mdm_state_rows(s, name, *p, n, k, element);
}

void mdm_state_kept(mdm_state *s, const char *name, void **p, size_t n, size_t element) { mdm_state_kept_rows(s, name, p, 1, n, element); }

void mdm_state_columns(mdm_state *s, const char *name, void **p, size_t n, size_t k, size_t element, size_t *capacity) {
  if (!k || s->status) return;
  if (s->loads && (!n || k > s->left / element / n)) mdm_state_refuse(s, name);
  if (!s->status && s->loads && mdm_grow_columns(p, mdm_rows(n), element, 0, k, capacity)) s->status = mdm_no_memory(&s->why, "a checkpoint's %s", name);
  mdm_state_rows(s, name, *p, n, k, element);
}

void mdm_state_kept_columns(mdm_state *s, const char *name, void **p, size_t n, size_t k, size_t element, size_t *capacity) {
  if (is_there(s, name, k ? *p : NULL)) mdm_state_columns(s, name, p, n, k, element, capacity);
}

void mdm_state_text(mdm_state *s, const char *name, char *text, size_t size) {
  size_t n = begin(s, name, s->loads ? SIZE_MAX : strlen(text), 1);
  if (n >= size) mdm_state_refuse(s, name);
  if (s->status) return;
  move(s, text, n);
  if (s->loads) text[n] = '\0';
}

/* What an array is, and where its numbers go: NULL after a failure. */
static mdm_array *walk_shape(mdm_state *s, mdm_record *rec, size_t i) {
  mdm_array shape = {0}, *a = NULL;
  size_t rank;
  if (!s->loads) shape = *mdm_record_at(rec, i);
  char text[1024] = "";
  if (shape.text) snprintf(text, sizeof text, "%s", shape.text);
  rank = (size_t)shape.rank;
  mdm_state_text(s, "path", shape.path, sizeof shape.path);
  mdm_state_text(s, "dims", shape.dims, sizeof shape.dims);
  mdm_state_text(s, "text", text, sizeof text);
  mdm_state_count(s, "rank", &rank);
  if (rank > MDM_MAX_RANK) mdm_state_refuse(s, "rank");
  for (size_t d = 0; d < rank && !s->status; d++) mdm_state_count(s, "extent", &shape.dim[d]);
  shape.rank = (int)rank;
  if (s->status) return NULL;
  if (!s->loads) return (mdm_array *)mdm_record_at(rec, i);
  a = (mdm_array *)mdm_record_find(rec, shape.path);
  if (a && !mdm_same_shape(a, &shape)) return mdm_state_refuse(s, shape.path), NULL;
  shape.text = text;
  if (!a && mdm_elements(shape.rank, shape.dim) > s->left / sizeof(double)) return mdm_state_refuse(s, shape.path), NULL;
  if (!a) s->status = mdm_record_append(rec, &shape, 0, &a, &s->why);
  return a;
}

void mdm_state_record(mdm_state *s, mdm_record *rec) {
  size_t n = mdm_record_count(rec);
  int shared = s->shared;
  if (!leads(s)) return; /* what the first rank has counts */
  s->shared = 0;
  mdm_state_count(s, "arrays", &n);
  for (size_t i = 0; i < n && !s->status; i++) {
    mdm_array *a = walk_shape(s, rec, i);
    if (a) mdm_state_array(s, "values", a->value, mdm_elements(a->rank, a->dim), sizeof *a->value);
  }
  s->shared = shared;
}

void mdm_state_string(mdm_state *s, const char *name, char **text) {
  size_t n = begin(s, name, s->loads ? SIZE_MAX : strlen(*text), 1);
  if (s->status) return;
  if (s->loads && !(*text = malloc(n + 1))) {
    s->status = mdm_no_memory(&s->why, "a checkpoint's %s", name);
    return;
  }
  move(s, *text, n);
  if (s->loads) (*text)[n] = '\0';
}
