/* Packets (packet.h). */
#include "cluster/packet.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"

enum { NO_MEMORY = 1, TOO_SHORT, FIRST_ROOM = 256 };

void mdm_packet_clear(mdm_packet *p) {
  free(p->bytes);
  *p = (mdm_packet){0};
}

unsigned char *mdm_packet_extend(mdm_packet *p, size_t more) {
  if (p->bad || more > SIZE_MAX - p->size) return p->bad = p->bad ? p->bad : NO_MEMORY, NULL;
  size_t need = p->size + more;
  if (need > p->room) {
    size_t room = need < FIRST_ROOM ? FIRST_ROOM : p->room > need / 2 && p->room <= SIZE_MAX / 2 ? 2 * p->room : need;
    unsigned char *bytes = realloc(p->bytes, room);
    if (!bytes) return p->bad = NO_MEMORY, NULL;
    p->bytes = bytes;
    p->room = room;
  }
  p->size = need;
  return p->bytes + need - more;
}

int mdm_packet_check(const mdm_packet *p, mdm_error *err) {
  if (p->bad == NO_MEMORY) return mdm_no_memory(err, "a message between ranks (%zu bytes so far)", p->size);
  if (p->bad) return mdm_fail(err, MDM_ERR_INTERNAL, "a message between ranks of %zu bytes ends too early; do all ranks run the same program?", p->size);
  return MDM_OK;
}

static void put(mdm_packet *p, const void *bytes, size_t n) {
  unsigned char *to = mdm_packet_extend(p, n);
  if (to && n) memcpy(to, bytes, n);
}

/* Address of the next n bytes; NULL when there are fewer. */
static const unsigned char *get(mdm_packet *p, size_t n) {
  if (p->bad || n > p->size - p->at) return p->bad = p->bad ? p->bad : TOO_SHORT, NULL;
  p->at += n;
  return p->bytes + p->at - n;
}

void mdm_put_number(mdm_packet *p, size_t value) {
  uint64_t v = value;
  put(p, &v, sizeof v);
}

size_t mdm_get_number(mdm_packet *p) {
  uint64_t v = 0;
  const unsigned char *from = get(p, sizeof v);
  if (from) memcpy(&v, from, sizeof v);
  return (size_t)v;
}

void mdm_put_reals(mdm_packet *p, size_t n, const double *value) {
  if (n > SIZE_MAX / sizeof *value) p->bad = NO_MEMORY;
  else put(p, value, n * sizeof *value);
}

void mdm_get_reals(mdm_packet *p, size_t n, double *out) {
  const unsigned char *from = n > SIZE_MAX / sizeof *out ? NULL : get(p, n * sizeof *out);
  if (!n) return; /* out may be NULL */
  if (from) memcpy(out, from, n * sizeof *out);
  else memset(out, 0, n * sizeof *out);
}

void mdm_put_text(mdm_packet *p, const char *text) {
  size_t n = strlen(text) + 1;
  mdm_put_number(p, n);
  put(p, text, n);
}

const char *mdm_get_text_in_place(mdm_packet *p) {
  size_t n = mdm_get_number(p);
  const unsigned char *from = n ? get(p, n) : NULL;
  if (from && from[n - 1] == '\0') return (const char *)from;
  p->bad = p->bad ? p->bad : TOO_SHORT;
  return "";
}

void mdm_get_text(mdm_packet *p, char *out, size_t size) { snprintf(out, size, "%s", mdm_get_text_in_place(p)); }

/* ---------------------------------------------------------------- records */

static void put_array(mdm_packet *p, const mdm_array *a) {
  size_t n = mdm_elements(a->rank, a->dim);
  mdm_put_text(p, a->path);
  mdm_put_number(p, (size_t)a->rank);
  for (int i = 0; i < a->rank; i++) mdm_put_number(p, a->dim[i]);
  mdm_put_text(p, a->dims);
  mdm_put_text(p, a->text ? a->text : "");
  mdm_put_number(p, a->error != NULL);
  mdm_put_reals(p, n, a->value);
  if (a->error) mdm_put_reals(p, n, a->error);
}

void mdm_put_record(mdm_packet *p, const mdm_record *rec) {
  mdm_put_number(p, rec != NULL);
  if (!rec) return;
  mdm_put_number(p, mdm_record_count(rec));
  for (size_t i = 0; i < mdm_record_count(rec); i++) put_array(p, mdm_record_at(rec, i));
}

static int get_array(mdm_packet *p, mdm_record *rec, mdm_error *err) {
  mdm_array shape = {0}, *added;
  mdm_get_text(p, shape.path, sizeof shape.path);
  size_t rank = mdm_get_number(p);
  if (rank > MDM_MAX_RANK) p->bad = TOO_SHORT, rank = 0;
  shape.rank = (int)rank;
  for (size_t i = 0; i < rank; i++) shape.dim[i] = mdm_get_number(p);
  mdm_get_text(p, shape.dims, sizeof shape.dims);
  shape.text = mdm_get_text_in_place(p);
  int with_error = mdm_get_number(p) != 0, status = mdm_packet_check(p, err);
  size_t n = mdm_elements(shape.rank, shape.dim);
  if (!status) status = mdm_record_append(rec, &shape, with_error, &added, err);
  if (status) return status;
  mdm_get_reals(p, n, added->value);
  if (with_error) mdm_get_reals(p, n, added->error);
  return mdm_packet_check(p, err);
}

int mdm_get_record(mdm_packet *p, mdm_record **out, mdm_error *err) {
  *out = NULL;
  if (!mdm_get_number(p)) return mdm_packet_check(p, err);
  size_t n = mdm_get_number(p);
  int status = mdm_packet_check(p, err);
  if (!status) status = mdm_record_create(out, err);
  for (size_t i = 0; i < n && !status; i++) status = get_array(p, *out, err);
  if (status) {
    mdm_record_free(*out);
    *out = NULL;
  }
  return status;
}
