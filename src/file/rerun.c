/* Repeats a run from its own file (moedmft/rerun.h). The new results go through the same writer into a file in memory, and both files are
 * compared as they would be read: what is compared is what a reader gets. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "file/rerun.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <moedmft/compare.h>
#include <moedmft/coordcheck.h>

#include "base/number.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/text.h"
#include "config/networks.h"
#include "data/arrays.h"
#include "file/match.h"
#include "file/resume.h"
#include "file/runs.h"
#include "study/sweep_again.h"
#include "study/sweep_internal.h"

static void note(mdm_rerun *r, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static void note(mdm_rerun *r, const char *format, ...) {
  va_list args;
  if (r->notes == MDM_RERUN_NOTES) return;
  va_start(args, format);
  vsnprintf(r->note[r->notes++], MDM_RERUN_NOTE_SIZE, format, args);
  va_end(args);
}

/* ---------------------------------------------------------------- names of files */

static int set_text(mdm_config *cfg, const char *key, const char *value, mdm_error *err) {
  size_t size = strlen(key) + 2 * strlen(value) + 4, used;
  char *text = malloc(size);
  if (!text) return mdm_no_memory(err, "the configuration");
  used = (size_t)sprintf(text, "%s='", key);
  for (; *value; value++) { /* as YAML quotes it */
    if (*value == '\'') text[used++] = '\'';
    text[used++] = *value;
  }
  strcpy(text + used, "'");
  int status = mdm_config_set(cfg, text, err);
  free(text);
  return status;
}

/* The file `name` seen from a folder, or from one that this folder lies in; malloc'd, NULL: there is none. */
static char *seen_from(const char *folder, const char *name) {
  char *at = realpath(folder, NULL), *path = NULL;
  while (at) {
    path = malloc(strlen(at) + strlen(name) + 2);
    if (path) sprintf(path, "%s/%s", at, name);
    if (path && !access(path, F_OK)) break;
    free(path), path = NULL;
    char *slash = strrchr(at, '/');
    if (!slash || !*at) break;
    *slash = '\0';
  }
  free(at);
  return path;
}

/* A name that is relative and leads nowhere from here is looked for from where the file lies: folders are moved as a whole. */
static int find_file(mdm_rerun *r, const char *key, mdm_error *err) {
  const char *name = mdm_config_text(r->cfg, key);
  if (!*name || *name == '/' || !access(name, F_OK)) return MDM_OK;
  char *folder = strdup(r->file->path), *slash = folder ? strrchr(folder, '/') : NULL;
  if (slash) *slash = '\0';
  char *path = folder ? seen_from(slash ? folder : ".", name) : NULL;
  int status = path ? set_text(r->cfg, key, path, err) : MDM_OK;
  free(path);
  free(folder);
  return status;
}

static int find_files(mdm_rerun *r, mdm_error *err) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++)
    if (mdm_option_is_path(&o[i])) status = find_file(r, o[i].key, err);
  return status;
}

/* "data.file=NAME" and nothing else: what is repeated is the run of the file. */
static int set_files(mdm_rerun *r, const char *const *set, size_t n, mdm_error *err) {
  size_t options;
  const mdm_option *o = mdm_options(&options);
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++) {
    size_t length = strcspn(set[i], "="), k = 0;
    while (k < options && !(mdm_option_is_path(&o[k]) && strlen(o[k].key) == length && !strncmp(set[i], o[k].key, length))) k++;
    if (k == options || !set[i][length])
      return mdm_fail(err, MDM_ERR_USAGE, "--set %s: rerun repeats the run of %s as it was; only files that have moved may be named: data.file=NAME and the like", set[i], r->file->path);
    status = mdm_config_set(r->cfg, set[i], err);
  }
  return status;
}

/* ---------------------------------------------------------------- samples */

/* A part of the samples that the file holds, below the others in x and y. */
static const mdm_array *part(const mdm_record *rec, const char *name, const char *what) {
  char path[32];
  snprintf(path, sizeof path, "data/%s/%s", name, what);
  return mdm_record_find(rec, path);
}

static int is_table(const mdm_array *a, size_t rows, size_t columns) { return a && a->rank == 2 && a->dim[0] == rows && a->dim[1] == columns; }

static void take_origin(mdm_samples *s, const mdm_array *origin) {
  for (size_t i = 0; origin && origin->rank == 1 && origin->dim[0] == s->count && i < s->count; i++)
    s->origin[i] = origin->value[i] >= 0 ? (size_t)mdm_real_whole(origin->value[i]) : 0;
}

/* Accuracies are there exactly for classes. */
static int holds_classes(mdm_file *file) {
  static const char *const path = "observables/train/accuracy";
  char group[MDM_GROUP_SIZE] = "/";
  long *widths = NULL;
  size_t n = 0, found = 0;
  mdm_record *rec = NULL;
  if (mdm_file_widths(file, &widths, &n, NULL)) return 0;
  for (size_t i = 0; i <= n && !found; i++) {
    if (i) snprintf(group, sizeof group, "/width_%ld", widths[i - 1]);
    if (!mdm_file_read_some(file, group, &path, 1, &rec, NULL)) found = mdm_record_count(rec);
    mdm_record_free(rec);
    rec = NULL;
  }
  free(widths);
  return found > 0;
}

static int stored_data(mdm_rerun *r, const mdm_record *rec, mdm_error *err) {
  const mdm_array *x = part(rec, "train", "x"), *y = part(rec, "train", "y"), *tx = part(rec, "test", "x"), *ty = part(rec, "test", "y");
  if (!x || x->rank != 2 || !y || !is_table(y, x->dim[0], y->dim[1]) || !tx != !ty || (tx && (!is_table(tx, tx->dim[0], x->dim[1]) || !is_table(ty, tx->dim[0], y->dim[1]))))
    return mdm_fail(err, MDM_ERR_DATA, "%s: the samples below /data are missing, or their shapes do not fit", r->file->path);
  const mdm_part_arrays parts[2] = {{x->dim[0], x->value, y->value}, {tx ? tx->dim[0] : 0, tx ? tx->value : NULL, ty ? ty->value : NULL}};
  int status = mdm_data_from_parts(parts, x->dim[1], y->dim[1], holds_classes(r->file), &r->data, err);
  if (status) return status;
  const mdm_array *context = mdm_record_find(rec, "data/context");
  r->data->context = context && context->value[0] >= 1 ? (size_t)mdm_real_whole(context->value[0]) : (size_t)mdm_config_int(r->cfg, "data.context");
  take_origin(&r->data->train, part(rec, "train", "origin"));
  take_origin(&r->data->test, part(rec, "test", "origin"));
  return MDM_OK;
}

/* Whether the samples are still what the configuration says; the run is repeated on those that the file holds. */
static void check_source(mdm_rerun *r) {
  mdm_error why = {0};
  mdm_data *now = NULL;
  const char *name = mdm_config_text(r->cfg, "data.file");
  if (!*name) name = "the built-in set";
  if (mdm_data_load(r->cfg, &now, &why))
    note(r, "data: %s cannot be read as then (%.600s); the run is repeated on the samples that the file holds", name, why.text);
  else if (mdm_match_data(r->file, now, NULL))
    note(r, "data: %s has changed: other samples follow from it now; the run is repeated on the samples that the file holds", name);
  else if (*mdm_config_text(r->cfg, "data.file"))
    note(r, "data: %s gives the samples that the file holds", name);
  mdm_data_free(now);
}

static int read_data(mdm_rerun *r, mdm_error *err) {
  static const char *const paths[] = {"data/train/x", "data/train/y", "data/train/origin", "data/test/x", "data/test/y", "data/test/origin", "data/context"};
  mdm_record *rec;
  int status = mdm_file_read_some(r->file, "/", paths, sizeof paths / sizeof *paths, &rec, err);
  if (!status) status = stored_data(r, rec, err);
  mdm_record_free(rec);
  if (!status) check_source(r);
  return status;
}

/* ---------------------------------------------------------------- what an interrupted file holds */

/* One more than the largest index of the single runs of a width; 0: there are none. */
static size_t held_runs(mdm_file *file, long width) {
  static const char *const path = "index";
  char group[MDM_GROUP_SIZE];
  mdm_record *rec = NULL;
  size_t most = 0;
  mdm_runs_group(width, group);
  if (mdm_file_read_some(file, group, &path, 1, &rec, NULL)) return 0;
  const mdm_array *index = mdm_record_find(rec, path);
  for (size_t i = 0; index && i < mdm_elements(index->rank, index->dim); i++)
    if (index->value[i] >= (double)most) most = (size_t)mdm_real_whole(index->value[i]) + 1;
  mdm_record_free(rec);
  return most;
}

/* simulate.widths and simulate.seeds of the networks that are there. */
static int choose_networks(mdm_rerun *r, size_t *widths_left, mdm_error *err) {
  mdm_networks asked;
  mdm_text widths, seeds;
  char *w = NULL, *s = NULL;
  *widths_left = 0;
  int status = mdm_networks_read(r->cfg, &asked, err);
  if (!status) status = mdm_text_open(&widths, "widths", err);
  if (status) return mdm_networks_clear(&asked), status;
  status = mdm_text_open(&seeds, "seeds", err);
  for (size_t i = 0; i < asked.widths && !status; i++) {
    size_t held = held_runs(r->file, asked.width[i]);
    if (!held || held > asked.seeds[i]) continue;
    fprintf(widths.stream, *widths_left ? ",%ld" : "simulate.widths=[%ld", asked.width[i]);
    fprintf(seeds.stream, *widths_left ? ",%zu" : "simulate.seeds=[%zu", held);
    ++*widths_left;
  }
  if (!status) fputs("]", widths.stream), fputs("]", seeds.stream), status = mdm_text_close(&seeds, &s, err);
  int closed = mdm_text_close(&widths, &w, err);
  if (!status) status = closed;
  if (!status && *widths_left) status = mdm_config_set(r->cfg, w, err);
  if (!status && *widths_left) status = mdm_config_set(r->cfg, s, err);
  free(w);
  free(s);
  mdm_networks_clear(&asked);
  return status;
}

/* Only what the file holds is repeated: runs do not depend on how many there are. */
static int choose_runs(mdm_rerun *r, mdm_error *err) {
  char replicas[64];
  size_t widths = 0, held = r->what & MDM_RUN_LIMIT ? held_runs(r->file, 0) : 0;
  int status = r->what & MDM_RUN_NETWORKS ? choose_networks(r, &widths, err) : MDM_OK;
  r->what = (held ? MDM_RUN_LIMIT : 0) | (widths ? MDM_RUN_NETWORKS : 0);
  if (status || !r->what)
    return status ? status : mdm_fail(err, MDM_ERR_DATA, "%s was interrupted before any of its single runs was kept: there is nothing to compare; the command that made it goes on with it", r->file->path);
  snprintf(replicas, sizeof replicas, "solve.replicas=%zu", held ? held : 1);
  if (held) status = mdm_config_set(r->cfg, replicas, err);
  if (!status) status = mdm_config_set(r->cfg, "solve.accuracy=0", err);
  if (!status) status = mdm_config_set(r->cfg, "solve.sweeps=0", err);
  note(r, "%s was interrupted: the single runs that it holds are repeated and compared, each up to where it came", r->file->path);
  return status;
}

/* ---------------------------------------------------------------- opening */

static size_t count_extra(mdm_file *file) {
  size_t n = 0, held;
  long *widths = NULL;
  char group[MDM_GROUP_SIZE];
  static const char *const path = "index";
  if (!mdm_file_has_group(file, "/" MDM_RESUME) || mdm_file_widths(file, &widths, &held, NULL)) return 0;
  for (size_t i = 0; i <= held; i++) {
    mdm_record *rec = NULL;
    mdm_resume_group(i ? widths[i - 1] : 0, group);
    if (!mdm_file_read_some(file, group, &path, 1, &rec, NULL) && mdm_record_count(rec)) n += mdm_record_at(rec, 0)->dim[0];
    mdm_record_free(rec);
  }
  free(widths);
  return n;
}

/* Whether single runs of any ensemble are in the file, and their weights. */
static void look_for_runs(mdm_rerun *r) {
  char group[MDM_GROUP_SIZE], weights[MDM_GROUP_SIZE + 16];
  long *widths = NULL;
  size_t n = 0;
  mdm_file_widths(r->file, &widths, &n, NULL);
  for (size_t i = 0; i <= n; i++) {
    mdm_runs_group(i ? widths[i - 1] : 0, group);
    snprintf(weights, sizeof weights, "%s/weights", group);
    r->keeps |= mdm_file_has_group(r->file, group);
    r->save_weights |= mdm_file_has_group(r->file, weights);
  }
  free(widths);
}

/* Solve, simulate, compare, coordcheck. */
static int open_run(mdm_rerun *r, mdm_error *err) {
  char status_text[16] = "";
  int status = MDM_OK;
  if (!strcmp(r->command, "solve")) r->what = MDM_RUN_LIMIT;
  else if (!strcmp(r->command, "simulate")) r->what = MDM_RUN_NETWORKS;
  else if (!strcmp(r->command, "compare")) r->what = MDM_RUN_LIMIT | MDM_RUN_NETWORKS;
  else if (!strcmp(r->command, "coordcheck")) status = mdm_coordcheck_prepare(r->cfg, &r->what, err);
  else return mdm_fail(err, MDM_ERR_DATA, "%s was written by moedmft %s, which rerun cannot repeat", r->file->path, r->command);
  mdm_file_get_text(r->file, "/", "status", status_text, sizeof status_text, NULL);
  look_for_runs(r);
  r->partial = !strcmp(status_text, "interrupted");
  r->extra = count_extra(r->file);
  if (!strcmp(status_text, "diverged")) note(r, "%s diverged: it agrees when the same happens at the same step", r->file->path);
  if (r->extra) note(r, "%zu complete run%s of an extension that was stopped (/resume) are no results, and not repeated", r->extra, MDM_S(r->extra));
  if (!status && r->partial) status = choose_runs(r, err);
  return status ? status : read_data(r, err);
}

static int open_sweep(mdm_rerun *r, mdm_error *err) {
  mdm_sweep *then = NULL;
  size_t ready, cells;
  int status = mdm_sweep_from_file(r->file, &then, err);
  if (!status) status = mdm_sweep_again(then, r->cfg, &r->sweep, &r->missing, err);
  if (!status && (cells = mdm_sweep_cells(then, &ready)) > ready) {
    note(r, "%s was interrupted: the %zu of %zu cells that it holds are repeated and compared", r->file->path, ready, cells);
    if (!ready) status = mdm_fail(err, MDM_ERR_DATA, "%s holds no cell that is ready: there is nothing to compare", r->file->path);
  }
  mdm_sweep_free(then);
  return status;
}

static int open_file(mdm_rerun *r, const char *const *set, size_t n, mdm_error *err) {
  int status = mdm_file_get_text(r->file, "/", "command", r->command, sizeof r->command, err);
  if (!status) status = mdm_file_config(r->file, &r->cfg, err);
  if (!status) status = set_files(r, set, n, err);
  if (!status) status = find_files(r, err);
  if (status) return status;
  if (!r->file->sealed) note(r, "%s has no checksum: another program has changed it since moedmft wrote it", r->file->path);
  return strcmp(r->command, "sweep") ? open_run(r, err) : open_sweep(r, err);
}

int mdm_rerun_open(const char *path, const char *const *set, size_t n, mdm_rerun **out, mdm_error *err) {
  mdm_rerun *r = *out = calloc(1, sizeof *r);
  if (!r) return mdm_no_memory(err, "a run that is repeated");
  int status = mdm_file_open(path, &r->file, err);
  if (!status) status = open_file(r, set, n, err);
  if (status) mdm_rerun_free(r), *out = NULL;
  return status;
}

void mdm_rerun_free(mdm_rerun *r) {
  if (!r) return;
  mdm_file_discard(r->file);
  mdm_config_free(r->cfg);
  mdm_data_free(r->data);
  mdm_sweep_free(r->sweep);
  free(r->missing);
  free(r);
}

const char *mdm_rerun_note(const mdm_rerun *r, size_t i) { return i < r->notes ? r->note[i] : NULL; }
const mdm_config *mdm_rerun_config(const mdm_rerun *r) { return r->cfg; }

/* ---------------------------------------------------------------- data of a sweep */

/* The samples of a sweep come from its data's files alone. */
static int check_sweep_data(mdm_rerun *r, mdm_error *err) {
  char now[16], then[16] = "";
  mdm_sweep_data_checksum(r->sweep, now);
  mdm_file_get_text(r->file, "/sweep", "data", then, sizeof then, NULL);
  if (!*then) note(r, "data: points of the grid have data of their own, of which the file holds no checksum");
  else if (strcmp(now, then))
    return mdm_fail(err, MDM_ERR_DATA, "%s: the samples have changed: their checksum was %s, and those that follow from data.* now have %s; the file of a sweep holds no samples, so that it "
                    "cannot be repeated without the data that it was made with (--set data.file=NAME)", r->file->path, then, now);
  else if (*mdm_config_text(r->cfg, "data.file"))
    note(r, "data: %s gives the samples of the sweep (checksum %s)", mdm_config_text(r->cfg, "data.file"), now);
  return MDM_OK;
}

int mdm_rerun_memory(mdm_rerun *r, const mdm_monitor *monitor, double *bytes, mdm_error *err) {
  mdm_error why = {0};
  mdm_monitor m = *monitor;
  m.save_weights = r->save_weights;
  int both = r->what == (MDM_RUN_LIMIT | MDM_RUN_NETWORKS) && !r->partial;
  if (!r->sweep) return *bytes = both ? mdm_compare_memory(r->cfg, r->data, &m) : mdm_memory_estimate(r->cfg, r->data, r->what, &m), MDM_OK;
  int status = mdm_sweep_prepare(r->sweep, monitor->threads, bytes, &why);
  if (status == MDM_ERR_DATA)
    return mdm_fail(err, status, "%.2000s; the file of a sweep holds no samples: name the data that it was made with (--set data.file=NAME), or call rerun where it was made", why.text);
  if (status) return mdm_fail(err, status, "%s", why.text);
  return check_sweep_data(r, err);
}

/* ---------------------------------------------------------------- running */

/* The new file, on disk or in memory, beside the old one. */
static int compare(mdm_rerun *r, mdm_file *now, int written, mdm_error *err) {
  int status = written ? written : mdm_file_flush(now, err);
  if (!status) status = mdm_files_agree(r->file, now, r->partial, &r->agreement, err);
  return status;
}

static int new_file(const char *path, mdm_file **out, mdm_error *err) { return path ? mdm_file_create(path, out, err) : mdm_file_memory(out, err); }

static int end_file(const char *path, mdm_file *file, int status, mdm_error *err) {
  if (!status && path) return mdm_file_commit(file, err);
  mdm_file_discard(file);
  return status;
}

static int nothing_compared(const mdm_rerun *r, mdm_error *err) {
  return mdm_fail(err, MDM_INTERRUPTED, "stopped: nothing was compared, nothing was written; %s is as it was, and the same command goes on", r->file->path);
}

static int run_outcome(mdm_rerun *r, const mdm_monitor *monitor, const char *path, const char *arguments, mdm_error *err) {
  mdm_outcome o;
  mdm_file *now;
  mdm_monitor m = *monitor;
  m.save_weights = r->save_weights;
  int both = r->what == (MDM_RUN_LIMIT | MDM_RUN_NETWORKS) && !r->partial;
  int status = both ? mdm_compare_run(r->cfg, r->data, &m, &o, err) : mdm_run(r->cfg, r->data, r->what, &m, &o, err);
  if (!status && !r->partial && !strcmp(r->command, "coordcheck")) status = mdm_coordcheck_fit(r->cfg, &o, err);
  if (status == MDM_INTERRUPTED) status = nothing_compared(r, err);
  if (!status || status == MDM_ERR_DIVERGED) {
    status = new_file(path, &now, err);
    if (!status) status = end_file(path, now, compare(r, now, mdm_outcome_write_to(now, &o, r->cfg, r->command, arguments, r->keeps, err), err), err);
  }
  mdm_outcome_clear(&o);
  return status;
}

static int run_sweep(mdm_rerun *r, const mdm_monitor *monitor, const char *path, const char *arguments, mdm_error *err) {
  mdm_file *now;
  int status = mdm_sweep_compute(r->sweep, monitor, NULL, NULL, path ? path : "memory", err);
  if (status == MDM_INTERRUPTED) return nothing_compared(r, err);
  for (size_t i = 0; i < r->sweep->cells && !status; i++)
    if (r->missing[i]) r->sweep->status[i] = MDM_CELL_MISSING;
  if (!status) status = mdm_sweep_evaluate(r->sweep, err);
  if (!status) status = new_file(path, &now, err);
  return status ? status : end_file(path, now, compare(r, now, mdm_sweep_write_to(now, r->sweep, arguments, err), err), err);
}

int mdm_rerun_run(mdm_rerun *r, const mdm_monitor *monitor, const char *path, const char *arguments, mdm_error *err) {
  return r->sweep ? run_sweep(r, monitor, path, arguments, err) : run_outcome(r, monitor, path, arguments, err);
}

int mdm_rerun_checkpoint(mdm_rerun *r, const char *beside, mdm_checkpoint **out, mdm_error *err) {
  mdm_error why = {0};
  const mdm_data *data = r->sweep ? mdm_sweep_samples(r->sweep) : r->data;
  int status = mdm_checkpoint_open(beside, r->cfg, data, "rerun", r->sweep, out, &why);
  if (status == MDM_ERR_MEMORY) return mdm_fail(err, status, "%s", why.text);
  if (!status) return MDM_OK;
  note(r, "what an earlier rerun left in %s.checkpoint is not gone on with: %.800s", beside, why.text);
  mdm_checkpoint_discard(beside);
  return mdm_checkpoint_open(beside, r->cfg, data, "rerun", r->sweep, out, err);
}
