/* What an output file holds already, for a run that is to go there (moedmft/file.h): nothing is lost that is not in the new file.
 *
 * Runs are independent and deterministic, so a file that is gone on from ends with the same numbers as one from a single run. They
 * stand in the group `members` of their ensemble; runs beyond the results of a file, which an extension that was stopped left, stand
 * below /resume. */
#include <moedmft/file.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/record.h"
#include "config/internal.h"
#include "config/networks.h"
#include "file/match.h"
#include "file/resume.h"
#include "file/thinned.h"
#include "run/counted.h"
#include "run/family.h"

enum { NAME_SIZE = 64 };
static const char loss_path[] = "observables/train/loss";

/* An ensemble of the file's results. */
typedef struct {
  long width;     /* 0: the limit */
  size_t runs;
  int is_complete; /* its runs came to their end */
  int is_kept;     /* single runs are in the file */
} held;

/* A file that is looked at, and what is asked for. */
typedef struct {
  mdm_file *file;
  const mdm_request *asked;
  mdm_config *then;       /* its configuration */
  mdm_networks networks;  /* that are asked for */
  size_t replicas;        /* the same */
  held *held;             /* ensembles: the limit, if there is one, then widths ascending */
  size_t ensembles;
  int is_whole, diverged; /* the file's status is complete, or diverged */
} earlier;

struct mdm_resume {
  mdm_runs *runs; /* sets */
  size_t sets;
  mdm_resume_state state;
  int keeps; /* single runs were kept by choice: they stay in the file */
};

/* ---------------------------------------------------------------- groups */

static void results_group(long width, char name[NAME_SIZE]) {
  if (width) snprintf(name, NAME_SIZE, "/width_%ld", width);
  else snprintf(name, NAME_SIZE, "/");
}

void mdm_runs_group(long width, char name[MDM_GROUP_SIZE]) {
  if (width) snprintf(name, MDM_GROUP_SIZE, "/width_%ld/" MDM_RUNS, width);
  else snprintf(name, MDM_GROUP_SIZE, "/" MDM_RUNS);
}

void mdm_resume_group(long width, char name[MDM_GROUP_SIZE]) {
  if (width) snprintf(name, MDM_GROUP_SIZE, "/" MDM_RESUME "/N_%ld", width);
  else snprintf(name, MDM_GROUP_SIZE, "/" MDM_RESUME "/limit");
}

/* ---------------------------------------------------------------- what the file holds */

/* Whether a loss has a finite number for every step. */
static int is_complete(const mdm_array *loss, size_t steps) {
  if (!loss || loss->rank != 1 || loss->dim[0] != steps + 1) return 0;
  for (size_t i = 0; i < loss->dim[0]; i++)
    if (!isfinite(loss->value[i])) return 0;
  return 1;
}

/* One ensemble; not counted when it has no runs. */
static int look_at(earlier *e, long width, mdm_error *err) {
  char group[NAME_SIZE], single[MDM_GROUP_SIZE];
  const char *path = loss_path;
  double runs = 0;
  mdm_record *rec;
  results_group(width, group);
  mdm_runs_group(width, single);
  if (mdm_file_get_real(e->file, group, "runs", &runs, NULL) || !(runs >= 1)) return MDM_OK;
  int status = mdm_file_read_some(e->file, group, &path, 1, &rec, err);
  if (status) return status;
  int complete = is_complete(mdm_record_find(rec, path), (size_t)mdm_config_int(e->then, "train.steps"));
  mdm_record_free(rec);
  e->held[e->ensembles++] = (held){width, (size_t)mdm_real_whole(runs), complete, mdm_file_has_group(e->file, single)};
  return MDM_OK;
}

static int look(earlier *e, mdm_error *err) {
  char text[16] = "";
  long *widths;
  size_t n;
  int status = mdm_file_widths(e->file, &widths, &n, err);
  if (status) return status;
  e->held = mdm_alloc(n + 1, 1, 1, sizeof *e->held);
  if (!e->held) status = mdm_no_memory(err, "what %s holds", e->file->path);
  if (!status) status = look_at(e, 0, err);
  for (size_t i = 0; i < n && !status; i++) status = look_at(e, widths[i], err);
  free(widths);
  mdm_file_get_text(e->file, "/", "status", text, sizeof text, NULL);
  e->is_whole = !strcmp(text, "complete");
  e->diverged = !strcmp(text, "diverged");
  return status;
}

static int holds(const earlier *e, int networks) {
  for (size_t i = 0; i < e->ensembles; i++)
    if ((e->held[i].width != 0) == networks) return 1;
  return 0;
}

static int holds_complete_runs(const earlier *e) {
  for (size_t i = 0; i < e->ensembles; i++)
    if (e->held[i].is_complete) return 1;
  return 0;
}

static int keeps_runs(const earlier *e) {
  for (size_t i = 0; i < e->ensembles; i++)
    if (!e->held[i].is_kept) return 0;
  return 1;
}

/* ---------------------------------------------------------------- whether it fits */

static int checks_bias(const mdm_config *cfg) { return mdm_config_bool(cfg, "solve.bias_check"); }

/* Options that say how many runs there are are compared with the runs; names of files by what is in them. Options of the limit do not
 * matter to networks alone, and the other way round. */
static int is_compared(const void *context, const char *key) {
  static const char *const others[] = {"simulate.widths", "simulate.seeds", "output.every_seed", "output.checkpoint"};
  const earlier *e = context;
  size_t n;
  if (mdm_option_is_path(&mdm_options(&n)[mdm_option_find(key)])) return 0;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!strcmp(key, others[i])) return 0;
  if (!strcmp(key, "solve.replicas") || !strcmp(key, "solve.accuracy")) return 0; /* they say how many runs there are */
  if (!strcmp(key, "solve.bias_check") && !checks_bias(e->then)) return 0; /* it can be added, and would be lost */
  if (!strncmp(key, "simulate.", 9)) return holds(e, 1);
  return strncmp(key, "solve.", 6) || holds(e, 0);
}

static int lacks(const earlier *e, const char *what, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_CONFIG, "%s holds %s, which %s does not compute; " MDM_INSTEAD, e->file->path, what, e->asked->command);
}

/* Everything that the file has is part of what the command computes. */
static int match_command(const earlier *e, mdm_error *err) {
  if (holds(e, 0) && !(e->asked->what & MDM_RUN_LIMIT)) return lacks(e, "a limit", err);
  if (holds(e, 1) && !(e->asked->what & MDM_RUN_NETWORKS)) return lacks(e, "networks", err);
  if (mdm_file_has_group(e->file, "/coordcheck") && strcmp(e->asked->command, "coordcheck")) return lacks(e, "a coordinate check", err);
  return MDM_OK;
}

/* How many runs of a width are asked for. */
static size_t asked_runs(const earlier *e, long width) {
  if (!width) return e->replicas;
  for (size_t w = 0; w < e->networks.widths; w++)
    if (e->networks.width[w] == width) return e->networks.seeds[w];
  return 0;
}

/* Fewer runs than the file has would lose some. */
static int match_counts(const earlier *e, mdm_error *err) {
  for (size_t i = 0; i < e->ensembles; i++) {
    const held *h = &e->held[i];
    size_t asked = asked_runs(e, h->width);
    if (!h->is_complete || asked >= h->runs || (!h->width && !asked)) continue; /* none asked for: solve.accuracy decides, and keeps what there is */
    if (!h->width)
      return mdm_fail(err, MDM_ERR_CONFIG, "%s holds %zu replicas, solve.replicas asks for %zu; " MDM_INSTEAD, e->file->path, h->runs, asked);
    if (!asked)
      return mdm_fail(err, MDM_ERR_CONFIG, "%s holds networks of N = %ld, which simulate.widths lacks now; " MDM_INSTEAD, e->file->path, h->width);
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds %zu networks of N = %ld, simulate.seeds asks for %zu; " MDM_INSTEAD, e->file->path, h->runs, h->width, asked);
  }
  return MDM_OK;
}

/* Whether a complete limit has the accuracy that is asked for, where that decides about the number of replicas. */
static int is_as_accurate(const earlier *e) {
  double was = 0;
  if (e->replicas) return 1;
  mdm_file_get_real(e->file, "/", "accuracy", &was, NULL);
  return was > 0 && was <= mdm_config_real(e->asked->cfg, "solve.accuracy");
}

/* Nothing is asked for that the file lacks: then it is done. */
static int is_done(const earlier *e) {
  char command[32] = "";
  mdm_file_get_text(e->file, "/", "command", command, sizeof command, NULL);
  if (!e->is_whole || strcmp(command, e->asked->command)) return 0;
  if (holds(e, 0) && checks_bias(e->asked->cfg) && !checks_bias(e->then)) return 0;
  size_t networks = 0;
  for (size_t i = 0; i < e->ensembles; i++) {
    const held *h = &e->held[i];
    if (h->runs < asked_runs(e, h->width) || (!h->width && !is_as_accurate(e))) return 0;
    networks += h->width != 0;
  }
  return networks == e->networks.widths;
}

/* Single runs and weights: those that the file has stay, those that are asked for are there. */
static int match_kept(const earlier *e, int done, mdm_error *err) {
  char weights[MDM_GROUP_SIZE + 16], text[MDM_GROUP_SIZE];
  int has_weights = 0, asks = !strcmp(mdm_config_text(e->asked->cfg, "output.every_seed"), "true");
  for (size_t i = 0; i < e->ensembles; i++) {
    mdm_runs_group(e->held[i].width, text);
    snprintf(weights, sizeof weights, "%s/weights", text);
    has_weights |= mdm_file_has_group(e->file, weights);
  }
  if (e->asked->save_weights && !has_weights && holds(e, 1))
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds networks without their weights, which --save-weights asks for; " MDM_INSTEAD, e->file->path);
  if (!done && has_weights && !e->asked->save_weights)
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds weights, which would be lost without --save-weights; give it, " MDM_INSTEAD, e->file->path);
  if (e->is_whole && asks && !keeps_runs(e))
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds no single runs, which output.every_seed = true asks for; " MDM_INSTEAD, e->file->path);
  if (!done && e->is_whole && !keeps_runs(e))
    return mdm_fail(err, MDM_ERR_CONFIG, "%s is complete and holds no single runs (output.every_seed) to which others could be added; " MDM_INSTEAD, e->file->path);
  if (!done && e->is_whole && !strcmp(mdm_config_text(e->asked->cfg, "output.every_seed"), "false"))
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds single runs, which would be lost with output.every_seed = false; " MDM_INSTEAD, e->file->path);
  return MDM_OK;
}

static int match(const earlier *e, int *done, mdm_error *err) {
  int status = match_command(e, err);
  if (!status) status = mdm_match_options(e->file->path, "run", e->then, e->asked->cfg, is_compared, e, err);
  if (!status) status = match_counts(e, err);
  if (!status) status = mdm_match_data(e->file, e->asked->data, err);
  if (!status) status = mdm_match_program(e->file, err);
  *done = !status && is_done(e);
  return status ? status : match_kept(e, *done, err);
}

/* ---------------------------------------------------------------- reading runs */

static int unlike(const mdm_file *file, const char *group, const char *path, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_DATA, "%s is inconsistent: its runs do not give %s%s%s; " MDM_INSTEAD, file->path, group[1] ? group : "", "/", path);
}

/* Whether an array of the file's group is a mean over runs. */
static int is_mean(const char *path) {
  static const char *const others[] = {"data/", "comparison/", "coordcheck/", "depths/", "sweeps/", "diagnostics/bias/", ("observables/train/prediction" MDM_PREDICTION_STEPS)};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!strncmp(path, others[i], strlen(others[i]))) return 0;
  return 1;
}

static int same_numbers(size_t n, const double *a, const double *b) {
  for (size_t i = 0; i < n; i++)
    if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i]))) return 0;
  return 1;
}

static int same_array(const mdm_array *a, const mdm_array *b) {
  if (!mdm_same_shape(a, b) || !a->error != !b->error) return 0;
  size_t n = mdm_elements(a->rank, a->dim);
  return same_numbers(n, a->value, b->value) && (!a->error || same_numbers(n, a->error, b->error));
}

/* Whether a file's array is the mean a, thinned where the file has it so. */
static int is_stored(const mdm_array *a, size_t every, const mdm_array *stored, int *same, mdm_error *err) {
  mdm_array few;
  int thinned = every > 1 && mdm_is_thinned(a), status = thinned ? mdm_thin(a, every, &few, err) : MDM_OK;
  *same = !status && stored && same_array(thinned ? &few : a, stored);
  if (thinned && !status) mdm_thinned_free(&few);
  return status;
}

/* The runs of an ensemble are those of its means: the same arrays, and their numbers to the last bit. */
static int check_means(const earlier *e, const mdm_runs *r, mdm_error *err) {
  char group[NAME_SIZE];
  mdm_file *file = e->file;
  size_t every = (size_t)mdm_config_int(e->then, "output.every");
  int same;
  mdm_record *means = NULL, *stored = NULL;
  results_group(r->width, group);
  int status = mdm_record_reduce((const mdm_record *const *)r->each, r->n, &means, err);
  if (!status) status = mdm_family_errors(means, r->n, err);
  if (!status) status = mdm_counted_errors((const mdm_record *const *)r->each, r->n, r->width > 0, means, err);
  if (!status) status = mdm_file_read_record(file, group, 0, &stored, err);
  for (size_t i = 0; !status && i < mdm_record_count(means); i++) {
    const mdm_array *a = mdm_record_at(means, i);
    status = is_stored(a, every, mdm_record_find(stored, a->path), &same, err);
    if (!status && !same) status = unlike(file, group, a->path, err);
  }
  for (size_t i = 0; !status && i < mdm_record_count(stored); i++) {
    const char *path = mdm_record_at(stored, i)->path;
    if (is_mean(path) && !mdm_record_find(means, path)) status = unlike(file, group, path, err);
  }
  mdm_record_free(means);
  mdm_record_free(stored);
  return status;
}

/* Every run is complete, and every network has its weights where they are asked for. */
static int check_runs(const earlier *e, const mdm_runs *r, const char *group, mdm_error *err) {
  size_t steps = (size_t)mdm_config_int(e->then, "train.steps");
  for (size_t i = 0; i < r->n; i++) {
    if (!is_complete(mdm_record_find(r->each[i], loss_path), steps))
      return mdm_fail(err, MDM_ERR_DATA, "%s: run %zu in %s has no finite loss for each of its %zu steps; " MDM_INSTEAD, e->file->path, r->index[i], group, steps + 1);
    if (r->width && e->asked->save_weights && !r->weights[i])
      return mdm_fail(err, MDM_ERR_DATA, "%s: run %zu in %s lacks its weights; " MDM_INSTEAD, e->file->path, r->index[i], group);
  }
  return MDM_OK;
}

/* Which runs of an ensemble there are: of a complete one the first n, of all no more than are asked for. */
static int check_index(const earlier *e, const mdm_runs *r, const char *group, size_t n, mdm_error *err) {
  size_t last = r->index[r->n - 1];
  if (r->n != n || (e->is_whole && last != n - 1))
    return mdm_fail(err, MDM_ERR_DATA, "%s: %s has other runs than the %zu of its means; " MDM_INSTEAD, e->file->path, group, n);
  if (last >= asked_runs(e, r->width) && (r->width || e->replicas))
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds run %zu in %s, and %s asks for %zu; " MDM_INSTEAD, e->file->path, last, group,
                    r->width ? "simulate.seeds" : "solve.replicas", asked_runs(e, r->width));
  return MDM_OK;
}

/* The runs of an ensemble's results. */
static int read_results(earlier *e, const held *h, mdm_resume *r, mdm_error *err) {
  char group[MDM_GROUP_SIZE];
  mdm_runs *set = &r->runs[r->sets++];
  mdm_runs_group(h->width, group);
  int status = mdm_runs_read(e->file, group, h->width, set, err);
  if (!status) status = check_index(e, set, group, h->runs, err);
  if (!status) status = check_runs(e, set, group, err);
  return status ? status : check_means(e, set, err);
}

/* Runs beyond them, if there are any. */
static int read_others(earlier *e, long width, mdm_resume *r, mdm_error *err) {
  char group[MDM_GROUP_SIZE];
  mdm_resume_group(width, group);
  if (!mdm_file_has_group(e->file, group)) return MDM_OK;
  mdm_runs *set = &r->runs[r->sets++];
  int status = mdm_runs_read(e->file, group, width, set, err);
  return status ? status : check_runs(e, set, group, err);
}

static int read_runs(earlier *e, mdm_resume *r, mdm_error *err) {
  r->runs = mdm_alloc(e->ensembles + e->networks.widths + 1, 1, 1, sizeof *r->runs);
  int status = r->runs ? MDM_OK : mdm_no_memory(err, "the runs in %s", e->file->path);
  for (size_t i = 0; i < e->ensembles && !status; i++)
    if (e->held[i].is_complete && e->held[i].is_kept) status = read_results(e, &e->held[i], r, err);
  if (!status && e->asked->what & MDM_RUN_LIMIT) status = read_others(e, 0, r, err);
  for (size_t w = 0; w < e->networks.widths && !status; w++) status = read_others(e, e->networks.width[w], r, err);
  return status;
}

/* ---------------------------------------------------------------- opening */

static int read_request(earlier *e, mdm_error *err) {
  if (e->asked->what & MDM_RUN_LIMIT) e->replicas = (size_t)mdm_config_int(e->asked->cfg, "solve.replicas");
  return e->asked->what & MDM_RUN_NETWORKS ? mdm_networks_read(e->asked->cfg, &e->networks, err) : MDM_OK;
}

/* A configuration that cannot be read is that of another program. */
static int read_configuration(earlier *e, mdm_error *err) {
  int status = mdm_file_config(e->file, &e->then, err);
  return status ? mdm_match_program(e->file, err) ? MDM_ERR_CONFIG : status : MDM_OK;
}

/* r stays empty (no sets, not done) where the file holds nothing that is worth keeping: no complete runs, or those of a run that diverged
 * and is tried otherwise now. */
static int judge(earlier *e, mdm_resume *r, mdm_error *err) {
  int done = 0;
  if (mdm_file_has_group(e->file, "/sweep")) return mdm_fail(err, MDM_ERR_CONFIG, "%s holds a sweep; " MDM_INSTEAD, e->file->path);
  int status = mdm_match_seal(e->file, err);
  if (!status) status = read_configuration(e, err);
  if (!status) status = read_request(e, err);
  if (!status) status = look(e, err);
  if (status || !holds_complete_runs(e)) return status;
  status = match(e, &done, err);
  if (status == MDM_ERR_CONFIG && e->diverged) return MDM_OK;
  r->state = done ? MDM_RESUME_DONE : e->is_whole ? MDM_RESUME_EXTEND : MDM_RESUME_PART;
  r->keeps = keeps_runs(e) && strcmp(mdm_config_text(e->then, "output.every_seed"), "false");
  return status || done ? status : read_runs(e, r, err);
}

static int open_file(const char *path, const mdm_request *asked, mdm_resume *r, mdm_error *err) {
  mdm_error why = {0};
  earlier e = {.asked = asked};
  int status = mdm_file_open(path, &e.file, &why);
  if (status) return mdm_fail(err, status, "%s; " MDM_INSTEAD, why.text);
  status = judge(&e, r, err);
  mdm_file_discard(e.file);
  mdm_config_free(e.then);
  mdm_networks_clear(&e.networks);
  free(e.held);
  return status;
}

int mdm_resume_open(const char *path, const mdm_request *asked, mdm_resume **out, mdm_error *err) {
  struct stat s;
  *out = NULL;
  if (stat(path, &s) != 0 || !s.st_size) return MDM_OK;
  mdm_resume *r = calloc(1, sizeof *r);
  if (!r) return mdm_no_memory(err, "what %s holds", path);
  int status = open_file(path, asked, r, err);
  if (status || (!r->sets && r->state != MDM_RESUME_DONE)) return mdm_resume_free(r), status;
  *out = r;
  return MDM_OK;
}

void mdm_resume_free(mdm_resume *r) {
  if (!r) return;
  for (size_t i = 0; i < r->sets; i++) mdm_runs_clear(&r->runs[i]);
  free(r->runs);
  free(r);
}

/* ---------------------------------------------------------------- what it gives */

mdm_resume_state mdm_resume_is(const mdm_resume *r) { return r->state; }
int mdm_resume_keeps(const mdm_resume *r) { return r && r->keeps; }

size_t mdm_resume_runs(const mdm_resume *r) {
  size_t n = 0;
  for (size_t i = 0; r && i < r->sets; i++) n += r->runs[i].n;
  return n;
}

int mdm_resume_results(const char *path, mdm_outcome *out, mdm_error *err) {
  mdm_file *file;
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  int status = mdm_file_open(path, &file, err);
  if (status) return status;
  if (mdm_file_has_group(file, "/comparison")) status = mdm_file_read_record(file, "/comparison", 0, &out->comparison, err);
  if (!status && mdm_file_has_group(file, "/coordcheck")) status = mdm_file_read_record(file, "/coordcheck", 0, &out->coordcheck, err);
  if (!status && mdm_file_has_group(file, "/depths")) status = mdm_file_read_depths(file, &out->depths, err);
  mdm_file_discard(file);
  if (status) mdm_outcome_clear(out);
  return status;
}

int mdm_resume_take(const void *store, long width, unsigned index, mdm_record **record, mdm_record **weights, mdm_error *err) {
  const mdm_resume *r = store;
  *record = *weights = NULL;
  for (size_t i = 0; r && i < r->sets; i++) {
    const mdm_runs *set = &r->runs[i];
    size_t k = set->width == width ? mdm_runs_find(set, index) : set->n;
    if (k == set->n) continue;
    int status = mdm_record_copy(set->each[k], record, err);
    if (!status && set->weights[k]) status = mdm_record_copy(set->weights[k], weights, err);
    return status;
  }
  return MDM_OK;
}
