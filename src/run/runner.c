/* One run in the chosen precision. */
#include "run/runner.h"

#include <stdio.h>
#include <zlib.h>

#include "base/crew.h"
#include "scaling/vanishing.h"

/* Entry points of the two precisions (src/training/train.c). */
int train_limit_f64(const mdm_problem *, const mdm_limit_sizes *, mdm_task *, mdm_error *);
int train_limit_f32(const mdm_problem *, const mdm_limit_sizes *, mdm_task *, mdm_error *);
int train_network_f64(const mdm_problem *, mdm_task *, mdm_error *);
int train_network_f32(const mdm_problem *, mdm_task *, mdm_error *);

static int is_family(const mdm_runner *r, const mdm_task *t) { return !t->width && r->family.widths; }

/* A single run: a network, one of a family, or a replica of particles. */
static int run_single(const mdm_runner *r, mdm_task *t, mdm_error *why) {
  int single = t->width && !t->whole ? r->network_single : r->limit_single;
  return t->width ? (single ? train_network_f32 : train_network_f64)(r->problem, t, why)
                  : (single ? train_limit_f32 : train_limit_f64)(r->problem, &r->sizes, t, why);
}

/* ---------------------------------------------------------------- checkpoints */

/* What tells runs of one configuration apart: beside width and index, what the sweeps of self_consistency.c change in the problem. */
static mdm_kept kept_of(const mdm_runner *r, const mdm_task *t) {
  const mdm_problem *p = r->problem;
  char label[48];
  const uint64_t measured = (uint64_t)p->kernels | (uint64_t)p->responses << 1 | (uint64_t)p->statistics << 2 | (uint64_t)p->ntk << 3 | (uint64_t)p->parts << 4 |
                            (uint64_t)(t->layout != NULL) << 5 | (uint64_t)t->save_weights << 6 | (uint64_t)(p->optimizer.lr != 0) << 7 | (uint64_t)(!t->width && r->sizes.half) << 8;
  const uint64_t state = t->given ? crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)t->given->x, t->given->layout->size * sizeof(double)) : 0;
  const uint64_t key[] = {(uint64_t)t->width, t->index, p->data->test.count, measured, t->given ? 1 + (uint64_t)t->given->sweep : 0, state};
  const uint64_t member[] = {(uint64_t)t->width, t->index, p->data->test.count, measured, (uint64_t)t->whole, t->part};
  if (t->whole) {
    snprintf(label, sizeof label, "limit-%u-N%ld-%zu", t->index, t->width, t->part);
    return mdm_kept_of(r->checkpoint, r->limit_identity, label, member, sizeof member, t->board);
  }
  if (t->given) snprintf(label, sizeof label, "sweep%u-%u", t->given->sweep, t->index);
  else if (t->width) snprintf(label, sizeof label, "N%ld-%u", t->width, t->index);
  else snprintf(label, sizeof label, "limit-%u", t->index);
  return mdm_kept_of(r->checkpoint, t->width ? r->network_identity : r->limit_identity, label, key, sizeof key, t->board);
}

static int due(void *context, int stopped) { return stopped || mdm_kept_due(context); }
static void save(void *context, mdm_walk *walk, void *run) { mdm_kept_save(context, 0, walk, run); }
static int load(void *context, mdm_walk *walk, void *run, mdm_error *err) { return mdm_kept_load(context, 0, walk, run, NULL, err); }

/* A record of a complete run, or NULL. */
static void walk_record(mdm_state *s, mdm_record **rec) {
  int there = *rec != NULL;
  mdm_state_flag(s, "record", &there);
  if (there && !*rec && !s->status) s->status = mdm_record_create(rec, &s->why);
  if (there) mdm_state_record(s, *rec);
}

/* What a complete run found. */
static void walk_found(void *task, mdm_state *s) {
  mdm_task *t = task;
  mdm_state_flag(s, "status", &t->status);
  mdm_state_count(s, "steps", &t->done);
  walk_record(s, &t->record);
  walk_record(s, &t->weights);
  if (t->layout) mdm_state_array(s, "order parameters", t->orders, t->layout->size, sizeof *t->orders);
}

static int check_found(const mdm_kept *k, const mdm_runner *r, const mdm_task *t, mdm_error *why) {
  const mdm_array *loss = t->record ? mdm_record_find(t->record, "observables/train/loss") : NULL;
  int fits = (t->status == MDM_OK || t->status == MDM_ERR_DIVERGED) && t->done <= r->problem->steps + 1 && loss && loss->rank == 1 && loss->dim[0] == r->problem->steps + 1;
  return fits ? MDM_OK : mdm_fail(why, MDM_ERR_DATA, "%s/%s is no run of this configuration; remove it, or start anew with --force", k->c->folder, k->name);
}

/* Takes a complete run; of ranks that share it, the first one does. */
static int recall(mdm_kept *k, const mdm_runner *r, mdm_task *t, int *found, mdm_error *why) {
  int status = MDM_OK;
  *found = 0;
  if (mdm_crew_leads()) {
    status = mdm_kept_load(k, 1, walk_found, t, found, why);
    if (!status && *found) status = check_found(k, r, t, why);
    if (!status && *found) mdm_board_skip(t->board, t->cost * (double)(r->problem->steps + 1));
  }
  status = mdm_crew_agree(status, why);
  *found = mdm_crew_any(*found);
  return status;
}

static int run_kept(const mdm_runner *r, mdm_task *t, int (*run)(const mdm_runner *r, mdm_task *t, mdm_error *why), mdm_error *why) {
  mdm_kept k = kept_of(r, t);
  const mdm_saving saving = {&k, due, save, load};
  int found, status = recall(&k, r, t, &found, why);
  if (mdm_crew_failed()) return t->status = MDM_INTERRUPTED, MDM_OK; /* as train.c has it */
  if (status || found) return status;
  t->saving = &saving;
  status = run(r, t, why);
  t->saving = NULL;
  if (!status && t->status != MDM_INTERRUPTED && mdm_crew_leads() && !mdm_kept_skips(&k)) mdm_kept_save(&k, 1, walk_found, t);
  return status;
}

void mdm_runner_forget(const mdm_runner *r, const mdm_task *t) {
  const mdm_kept k = kept_of(r, t);
  mdm_kept_forget(&k);
}

/* ---------------------------------------------------------------- families of networks */

/* Member after member, each kept as a run of its own; what they found in common into t. One that was stopped leaves nothing: the others are in the
 * checkpoint. */
static int run_members(const mdm_runner *r, mdm_task *t, mdm_record *found[MDM_FAMILY_MEMBERS], mdm_error *why) {
  int status = MDM_OK;
  t->done = r->problem->steps + 1;
  for (size_t i = 0; i < mdm_family_members(&r->family) && !status && t->status != MDM_INTERRUPTED; i++) {
    mdm_task m = mdm_family_member(&r->family, r->problem, t, i);
    if (mdm_board_stopped(t->board)) m.status = MDM_INTERRUPTED;
    else status = r->checkpoint ? run_kept(r, &m, run_single, why) : run_single(r, &m, why);
    found[i] = m.record;
    if (m.status > t->status) t->status = m.status;
    if (m.done < t->done) t->done = m.done;
  }
  return status;
}

static int run_family(const mdm_runner *r, mdm_task *t, mdm_error *why) {
  mdm_record *found[MDM_FAMILY_MEMBERS] = {0};
  mdm_coefficients coef[MDM_TENSORS];
  t->status = MDM_OK;
  int status = mdm_model_limit(&r->problem->model, &r->problem->optimizer, coef, why); /* whether there is one */
  if (!status) status = run_members(r, t, found, why);
  if (!status && t->status == MDM_INTERRUPTED) t->done = 0;
  else if (!status) status = mdm_family_combine(&r->family, found, &t->record, why);
  for (size_t i = 0; i < MDM_FAMILY_MEMBERS; i++) mdm_record_free(found[i]);
  return status;
}

/* Members whose family is complete. */
static void forget_members(const mdm_runner *r, const mdm_task *t) {
  for (size_t i = 0; i < mdm_family_members(&r->family); i++) {
    const mdm_task m = mdm_family_member(&r->family, r->problem, t, i);
    mdm_runner_forget(r, &m);
  }
}

/* ---------------------------------------------------------------- runs */

/* A numerical routine that failed is told with its run, beside the step that training names. */
static void name_run(const mdm_task *t, mdm_error *why) {
  mdm_error what = *why;
  if (t->width) mdm_fail(why, what.code, "network %u of N = %ld, %.3900s", t->index, t->width, what.text);
  else mdm_fail(why, what.code, "replica %u of the limit, %.3900s", t->index, what.text);
}

int mdm_runner_run(const mdm_runner *r, mdm_task *t, mdm_error *why) {
  int family = is_family(r, t), kept = r->checkpoint && !t->directions;
  int failure = kept ? run_kept(r, t, family ? run_family : run_single, why) : family ? run_family(r, t, why) : run_single(r, t, why);
  if (failure == MDM_ERR_NUMERIC && why) name_run(t, why);
  if (kept && family && !failure && t->status != MDM_INTERRUPTED) forget_members(r, t);
  if (failure) t->status = failure;
  return failure;
}

void mdm_runner_serve(const mdm_runner *r, mdm_task *t, mdm_board *board, size_t place) {
  mdm_error why = {0};
  if (mdm_board_stopped(board)) t->status = MDM_INTERRUPTED;
  else if (mdm_runner_run(r, t, &why)) mdm_board_fail(board, place, &why);
}
