/* Orders and results (remote.h). An order is: how many plans the rank may forget, and their numbers; 0, or the number of
 * a plan that is new to it, and the plan; number of the plan; number of the run; ranks that share it, and which of them this one is. A result is: failure and text, a notice, status, steps, record, weights, order parameters. */
#include "run/remote.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/memory.h"
#include "cluster/ranks.h"
#include "data/stored.h"
#include "run/checkpoint.h"

/* Plans that ranks know or have forgotten, and data that they hold. One thread at a time may use it. */
static struct {
  size_t plans;
  size_t *over, overs, room; /* plans that are over */
  size_t *told;              /* ranks: of these, how many it was told */
  uint64_t *data;            /* ranks: the data that it was sent last */
} ranks;

static int prepare(mdm_error *err) {
  size_t n = (size_t)mdm_ranks_count();
  if (!ranks.told) ranks.told = mdm_alloc(n, 1, 1, sizeof *ranks.told);
  if (!ranks.data) ranks.data = mdm_alloc(n, 1, 1, sizeof *ranks.data);
  return ranks.told && ranks.data ? MDM_OK : mdm_no_memory(err, "what other ranks know");
}

/* ---------------------------------------------------------------- data */

/* FNV-1a over words of eight bytes: few data sets ever meet. */
static uint64_t mix(uint64_t h, const void *bytes, size_t n) {
  const unsigned char *b = bytes;
  for (size_t i = 0; i + 8 <= n; i += 8) {
    uint64_t word;
    memcpy(&word, b + i, 8);
    h = (h ^ word) * 0x100000001B3u;
    h ^= h >> 29;
  }
  return h;
}

static uint64_t fingerprint(const mdm_data *d) {
  const uint64_t sizes[] = {d->train.count, d->test.count, d->dimension, d->outputs, d->context, (uint64_t)d->classification};
  uint64_t h = mix(0xCBF29CE484222325u, sizes, sizeof sizes);
  const mdm_samples *part[] = {&d->train, &d->test};
  for (int i = 0; i < 2; i++) {
    const uint64_t inputs = mdm_samples_crc(part[i], d->dimension, 0);
    h = mix(h, &inputs, sizeof inputs);
    h = mix(h, part[i]->y, part[i]->count * d->outputs * sizeof(double));
  }
  return h ? h : 1;
}

/* As they are held: bytes in whole words. */
static void put_inputs(mdm_packet *p, const mdm_stored *s) {
  mdm_put_number(p, (size_t)s->type);
  mdm_put_number(p, (size_t)s->standard);
  mdm_put_reals(p, mdm_stored_words(s), s->value);
  mdm_put_reals(p, mdm_standard_count(s, s->standard), s->mean);
  mdm_put_reals(p, mdm_standard_count(s, s->standard), s->deviation);
}

static void put_data(mdm_packet *p, const mdm_data *d) {
  const mdm_samples *part[] = {&d->train, &d->test};
  mdm_put_number(p, d->train.count);
  mdm_put_number(p, d->test.count);
  mdm_put_number(p, d->dimension);
  mdm_put_number(p, d->outputs);
  mdm_put_number(p, d->context);
  mdm_put_number(p, (size_t)d->classification);
  for (int i = 0; i < 2; i++) put_inputs(p, part[i]->inputs);
  for (int i = 0; i < 2; i++) mdm_put_reals(p, part[i]->count * d->outputs, part[i]->y);
}

/* ---------------------------------------------------------------- orders */

static void put_state(mdm_packet *p, const mdm_given *g) {
  mdm_put_number(p, g->sweep);
  mdm_put_number(p, g->layout->size);
  mdm_put_reals(p, g->layout->size, g->x);
}

/* Ranks save their runs in the same folder. */
static void put_checkpoint(mdm_packet *p, const mdm_checkpoint *c) {
  mdm_put_number(p, c != NULL);
  if (!c) return;
  mdm_put_text(p, c->folder);
  mdm_put_text(p, c->about);
  mdm_put_reals(p, 1, &c->interval);
}

static void put_plan(mdm_packet *p, const mdm_remote *r, int rank) {
  uint64_t data = fingerprint(r->data);
  int fresh = ranks.data[rank] != data;
  char *yaml = mdm_config_to_yaml(r->cfg);
  if (!yaml) p->bad = 1;
  mdm_put_text(p, yaml ? yaml : "");
  free(yaml);
  mdm_put_number(p, (size_t)r->what);
  mdm_put_number(p, r->replicas);
  mdm_put_number(p, (size_t)r->save_weights);
  mdm_put_number(p, (size_t)r->kind);
  put_checkpoint(p, r->checkpoint);
  if (r->kind == MDM_REMOTE_GIVEN) put_state(p, r->given);
  mdm_put_number(p, (size_t)fresh);
  if (fresh) put_data(p, r->data);
  ranks.data[rank] = data;
}

int mdm_remote_order(mdm_remote *r, size_t i, int rank, int together, int mine, mdm_packet *p, mdm_error *err) {
  int status = prepare(err);
  if (!status && !r->known) r->known = mdm_alloc((size_t)mdm_ranks_count(), 1, 1, 1);
  if (!status && !r->known) status = mdm_no_memory(err, "what other ranks know");
  if (status) return status;
  if (!r->id) r->id = ++ranks.plans;
  mdm_put_number(p, ranks.overs - ranks.told[rank]);
  while (ranks.told[rank] < ranks.overs) mdm_put_number(p, ranks.over[ranks.told[rank]++]);
  mdm_put_number(p, r->known[rank] ? 0 : r->id);
  if (!r->known[rank]) put_plan(p, r, rank);
  r->known[rank] = 1;
  mdm_put_number(p, r->id);
  mdm_put_number(p, i);
  mdm_put_number(p, (size_t)together);
  mdm_put_number(p, (size_t)mine);
  return mdm_packet_check(p, err);
}

void mdm_remote_clear(mdm_remote *r) {
  if (r->id && ranks.overs == ranks.room) {
    size_t room = 2 * ranks.room + 16, *over = realloc(ranks.over, room * sizeof *over);
    if (over) ranks.over = over, ranks.room = room;
  }
  if (r->id && ranks.overs < ranks.room) ranks.over[ranks.overs++] = r->id; /* else they keep it until the job ends */
  free(r->known);
  *r = (mdm_remote){0};
}

/* ---------------------------------------------------------------- results */

static int get_found(mdm_packet *in, mdm_task *t, mdm_error *why) {
  size_t size = t->layout ? t->layout->size : 0;
  t->status = (int)mdm_get_number(in);
  t->done = mdm_get_number(in);
  int status = mdm_get_record(in, &t->record, why);
  if (!status) status = mdm_get_record(in, &t->weights, why);
  if (status) return status;
  if (mdm_get_number(in) != size) return mdm_fail(why, MDM_ERR_INTERNAL, "another rank measured other order parameters; do all ranks run the same program?");
  mdm_get_reals(in, size, t->orders);
  return mdm_packet_check(in, why);
}

int mdm_remote_result(mdm_packet *in, mdm_task *t, mdm_error *why) {
  char text[sizeof why->text], notice[640];
  if (!in) return t->status = MDM_INTERRUPTED, MDM_OK;
  int failure = (int)mdm_get_number(in);
  mdm_get_text(in, text, sizeof text);
  mdm_get_text(in, notice, sizeof notice);
  if (*notice && !in->bad) mdm_board_tell(t->board, notice);
  if (failure) mdm_fail(why, failure, "%s", text);
  else failure = get_found(in, t, why);
  if (failure) t->status = failure;
  return failure;
}
