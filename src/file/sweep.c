/* The file of a sweep (docs/output.md): writing it, reading it back, and going on from it. */
#include "study/sweep_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/memory.h"
#include "base/record.h"
#include "config/internal.h"
#include "file/match.h"
#include "file/internal.h"
#include "study/sweep_families.h"
#include "study/sweep_grow.h"

/* ---------------------------------------------------------------- writing */

static int write_axes(const mdm_sweep *s, mdm_file *file, mdm_error *err) {
  int status = MDM_OK;
  for (size_t a = 0; a < s->grid.axes && !status; a++) {
    char name[32];
    char *text = mdm_grid_text(&s->grid.axis[a]);
    snprintf(name, sizeof name, "over_%zu", a + 1);
    status = text ? mdm_file_attr_text(file, "/axes", name, text, err) : mdm_no_memory(err, "the axes of a sweep");
    free(text);
  }
  return status;
}

/* Values that refinement added, as they follow KEY= in over_I. */
static int write_added(const mdm_sweep *s, mdm_file *file, mdm_error *err) {
  char *text = mdm_sweep_added(s);
  int status = text ? mdm_file_attr_text(file, "/axes", "added", text, err) : mdm_no_memory(err, "the axes of a sweep");
  free(text);
  return status ? status : mdm_file_attr_real(file, "/results", "refine", s->refine, err);
}

/* Files of earlier versions have none. */
static int read_added(mdm_sweep *s, mdm_file *file, mdm_error *err) {
  char *text;
  if (mdm_file_dup_text(file, "/axes", "added", &text, NULL)) return MDM_OK;
  mdm_file_get_real(file, "/results", "refine", &s->refine, NULL);
  int status = mdm_sweep_mark_added(s, text, err);
  free(text);
  return status;
}

static int write_notes(const mdm_sweep *s, mdm_file *file, mdm_error *err) {
  int status = MDM_OK;
  for (size_t i = 0; i < s->cells && !status; i++) {
    char name[32];
    snprintf(name, sizeof name, "cell_%zu", i);
    if (s->note[i]) status = mdm_file_attr_text(file, "/sweep/notes", name, s->note[i], err);
    if (s->doubt[i] && !status) status = mdm_file_attr_text(file, "/sweep/doubts", name, s->doubt[i], err);
  }
  return status;
}

void mdm_sweep_data_checksum(const mdm_sweep *s, char text[16]) {
  const mdm_data *d = s->samples;
  uLong crc = crc32(0, NULL, 0);
  text[0] = '\0';
  if (!d) return;
  const mdm_samples *parts[] = {&d->train, &d->test};
  for (int i = 0; i < 2; i++) {
    crc = mdm_samples_crc(parts[i], d->dimension, crc);
    crc = crc32_z(crc, (const unsigned char *)parts[i]->y, parts[i]->y ? parts[i]->count * d->outputs * sizeof *parts[i]->y : 0);
  }
  snprintf(text, 16, "%08lx", crc);
}

int mdm_sweep_write_to(mdm_file *file, mdm_sweep *s, const char *arguments, mdm_error *err) {
  const char *along = s->along < 0 ? "" : s->grid.axis[s->along].option->key;
  char data[16];
  size_t ready, cells = mdm_sweep_cells(s, &ready);
  int status = mdm_file_provenance(file, s->cfg, "sweep", arguments, err);
  if (!status) status = mdm_file_attr_text(file, "/", "status", ready < cells ? "interrupted" : "complete", err);
  if (!status) status = write_axes(s, file, err); /* first: its group has room for long attributes */
  if (!status) status = mdm_file_record(file, "/", s->data, err);
  if (!status) status = mdm_file_record(file, "/", s->results, err);
  if (!status) status = write_added(s, file, err);
  if (!status) status = write_notes(s, file, err);
  mdm_sweep_data_checksum(s, data);
  if (!status) status = mdm_file_attr_text(file, "/sweep", "data", data, err);
  if (!status) status = mdm_file_attr_int(file, "/sweep", "limit", s->with_limit, err);
  if (!status && s->with_limit) status = mdm_file_tolerance(file, s->cfg, err);
  if (!status) status = mdm_file_attr_text(file, "/results", "measure", mdm_measure_name(s->measure), err);
  return status ? status : mdm_file_attr_text(file, "/results", "optimum_of", along, err);
}

/* Where a sweep saves itself. */
typedef struct {
  const char *path, *arguments;
} destination;

static int save(void *context, mdm_sweep *s, mdm_error *err) {
  const destination *to = context;
  mdm_file *file;
  int status = mdm_sweep_evaluate(s, err);
  if (!status) status = mdm_file_create(to->path, &file, err);
  if (status) return status;
  status = mdm_sweep_write_to(file, s, to->arguments, err);
  if (status) return mdm_file_discard(file), status;
  return mdm_file_commit(file, err);
}

int mdm_sweep_run(mdm_sweep *s, const mdm_monitor *monitor, const char *path, const char *arguments, mdm_error *err) {
  destination to = {path, arguments};
  int status, more;
  do {
    status = mdm_sweep_compute(s, monitor, save, &to, path, err);
    more = 0;
    if (!status) status = mdm_sweep_grow(s, monitor ? monitor->threads : 0, &more, err);
  } while (more && !status);
  return status;
}

/* ---------------------------------------------------------------- reading */

static mdm_measure read_measure(mdm_file *file) {
  char name[32] = "";
  mdm_file_get_text(file, "/results", "measure", name, sizeof name, NULL);
  for (mdm_measure m = MDM_MEASURE_FINAL; m < MDM_MEASURES; m++)
    if (!strcmp(name, mdm_measure_name(m))) return m;
  return MDM_MEASURE_AUTO;
}

static int read_notes(mdm_sweep *s, mdm_file *file, mdm_error *err) {
  for (size_t i = 0; i < s->cells; i++) {
    char name[32];
    snprintf(name, sizeof name, "cell_%zu", i);
    if (s->status[i] == MDM_CELL_NO_LIMIT || s->status[i] == MDM_CELL_FAILED) {
      int status = mdm_file_dup_text(file, "/sweep/notes", name, &s->note[i], err);
      if (status) return status;
    }
    mdm_file_dup_text(file, "/sweep/doubts", name, &s->doubt[i], NULL); /* most have none */
  }
  return MDM_OK;
}

static int is_status(double v) { return v >= MDM_CELL_MISSING && v <= MDM_CELL_SKIPPED && v == floor(v); }

/* Arrays that follow from the configuration: the axes, widths and numbers of runs, on which the shapes of others rest. */
static int is_given(const char *path) { return !strncmp(path, "axes/", 5) || !strcmp(path, "sweep/width") || !strcmp(path, "sweep/runs"); }

/* Arrays from which more runs go on: files of earlier versions have none, and nothing goes on from those. */
static int is_recent(const char *path) { return !strcmp(path, "sweep/done") || !strncmp(path, "sweep/sums/", 11); }

/* Values of the arrays that the sweep has made from its configuration. */
static int read_arrays(mdm_sweep *s, mdm_file *file, mdm_error *err) {
  for (size_t i = 0; i < mdm_record_count(s->data); i++) {
    const mdm_array *to = mdm_record_at(s->data, i);
    mdm_record *rec;
    int status = mdm_file_read_some(file, "/", &(const char *){to->path}, 1, &rec, err);
    if (status) return status;
    const mdm_array *from = mdm_record_find(rec, to->path);
    if (!from && is_recent(to->path)) {
      mdm_record_free(rec);
      continue;
    }
    int fits = from && mdm_same_shape(from, to) && !from->error == !to->error;
    size_t bytes = mdm_elements(to->rank, to->dim) * sizeof(double);
    if (fits && is_given(to->path)) fits = !memcmp(to->value, from->value, bytes);
    if (fits) memcpy(to->value, from->value, bytes);
    if (fits && to->error) memcpy(to->error, from->error, bytes);
    mdm_record_free(rec);
    if (!fits)
      return mdm_fail(err, MDM_ERR_IO, "%s: %s is missing or not what its configuration says", file->path,
                      to->path);
  }
  for (size_t i = 0; i < s->cells; i++)
    if (!is_status(s->status[i]))
      return mdm_fail(err, MDM_ERR_IO, "%s: sweep/status holds %g, which is no status", file->path, s->status[i]);
  return MDM_OK;
}

static int is_same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* Whether an error is that of the runs; of families of networks it holds the error of extrapolation, too. */
static int is_error(const mdm_sweep *s, size_t cell, double error, double of_runs) {
  return is_same(error, of_runs) || (error > of_runs && mdm_sweep_is_of_families(s, cell));
}

/* Losses of single runs give the means of their cell. */
static int check_means(const mdm_sweep *s, const char *path, mdm_error *err) {
  for (size_t cell = 0; cell < s->cells; cell++)
    for (mdm_measure m = MDM_MEASURE_FINAL; m < MDM_MEASURES; m++) {
      double mean, error;
      if (!s->each[m] || !mdm_sweep_has_numbers(s->status[cell])) continue;
      mdm_sweep_mean((size_t)s->have[cell], s->each[m] + cell * s->most_runs, 1, &mean, &error);
      if (!is_same(mean, s->mean[m].value[cell]) || !is_error(s, cell, s->mean[m].error[cell], error))
        return mdm_fail(err, MDM_ERR_DATA, "%s is inconsistent: sweep/each/%s does not give sweep/%s", path, mdm_measure_name(m), mdm_measure_name(m));
    }
  return MDM_OK;
}

/* Runs of a cell that diverged: their last loss is infinite. */
static double count_diverged(const mdm_sweep *s, size_t cell) {
  double n = 0;
  for (size_t r = 0; r < (size_t)s->have[cell]; r++) n += isinf(s->each[MDM_MEASURE_FINAL][cell * s->most_runs + r]) != 0;
  return n;
}

/* Complete cells have all of their runs, others that are asked for fewer, and the rest none. */
static int check_done(mdm_sweep *s, const char *path, int recent, mdm_error *err) {
  for (size_t cell = 0; cell < s->cells; cell++) {
    double all = s->runs[cell % s->widths], have = s->have[cell];
    int complete = mdm_sweep_has_numbers(s->status[cell]), missing = s->status[cell] == MDM_CELL_MISSING;
    if (!recent) have = s->have[cell] = complete ? all : 0;
    if (complete ? have != all : missing ? !(have >= 0 && have < all && have == floor(have)) : have != 0)
      return mdm_fail(err, MDM_ERR_DATA, "%s is inconsistent: sweep/done holds %g for cell %zu, of %g runs", path, have, cell, all);
  }
  return MDM_OK;
}

/* Sums give the means of the curves of a cell. */
static int check_sums(const mdm_sweep *s, mdm_sums sums, mdm_series curve, size_t n, const char *name, const char *path, mdm_error *err) {
  for (size_t i = 0; i < s->cells * n && sums.sum; i++) {
    double mean = NAN, error = NAN;
    if (mdm_sweep_has_numbers(s->status[i / n])) mdm_sweep_from_sums(s->have[i / n], sums.sum[i], sums.squares[i], &mean, &error);
    if (!is_same(mean, curve.value[i]) || !is_error(s, i / n, curve.error[i], error))
      return mdm_fail(err, MDM_ERR_DATA, "%s is inconsistent: sweep/sums/%s does not give sweep/%s", path, name, name);
  }
  return MDM_OK;
}

/* Numbers of diverged runs are those of the losses and of the status, times are times; cells without a result have neither. */
static int check_counts(const mdm_sweep *s, const char *path, mdm_error *err) {
  for (size_t cell = 0; cell < s->cells; cell++) {
    double n = s->diverged[cell], seconds = s->seconds[cell];
    int done = s->have[cell] > 0, all = mdm_sweep_has_numbers(s->status[cell]);
    if (done ? n != count_diverged(s, cell) || (all && (n > 0) != (s->status[cell] == MDM_CELL_DIVERGED)) : !isnan(n))
      return mdm_fail(err, MDM_ERR_DATA, "%s is inconsistent: sweep/diverged holds %g for cell %zu, which sweep/each/final and sweep/status do not give", path, n, cell);
    if (done ? seconds < 0 || isinf(seconds) : !isnan(seconds))
      return mdm_fail(err, MDM_ERR_DATA, "%s is inconsistent: sweep/seconds holds %g for cell %zu", path, seconds, cell);
  }
  return MDM_OK;
}

int mdm_sweep_from_file(mdm_file *file, mdm_sweep **out, mdm_error *err) {
  char *over[MDM_GRID_AXES] = {0};
  size_t n = 0;
  double limit = 0;
  mdm_config *cfg = NULL;
  *out = NULL;
  if (!mdm_file_has_group(file, "/sweep"))
    return mdm_fail(err, MDM_ERR_IO, "%s is not the file of a sweep", file->path);
  for (; n < MDM_GRID_AXES; n++) {
    char name[32];
    snprintf(name, sizeof name, "over_%zu", n + 1);
    if (mdm_file_dup_text(file, "/axes", name, &over[n], NULL)) break;
  }
  int status = mdm_file_get_real(file, "/sweep", "limit", &limit, err);
  if (!status) status = mdm_file_config(file, &cfg, err);
  if (!status) status = mdm_sweep_create(cfg, (const char *const *)over, n, limit != 0, read_measure(file), out, err);
  if (!status) status = read_arrays(*out, file, err);
  int recent = !status && mdm_file_has_group(file, "/sweep/sums");
  if (!status) status = check_done(*out, file->path, recent, err);
  if (!status && recent) status = check_sums(*out, (*out)->loss_sums, (*out)->loss, (*out)->steps, "loss", file->path, err);
  if (!status && recent) status = check_sums(*out, (*out)->test_sums, (*out)->test, (*out)->tests, "test_loss", file->path, err);
  if (!status) status = check_means(*out, file->path, err);
  if (!status) status = check_counts(*out, file->path, err);
  if (!status) status = read_notes(*out, file, err);
  if (!status) status = read_added(*out, file, err);
  if (!status) status = mdm_sweep_evaluate(*out, err);
  for (size_t i = 0; i < n; i++) free(over[i]);
  mdm_config_free(cfg);
  if (status) mdm_sweep_free(*out), *out = NULL;
  return status;
}

int mdm_sweep_read(const char *path, mdm_sweep **out, mdm_error *err) {
  mdm_file *file;
  *out = NULL;
  int status = mdm_file_open(path, &file, err);
  if (status) return status;
  status = mdm_sweep_from_file(file, out, err);
  mdm_file_discard(file);
  return status;
}

/* ---------------------------------------------------------------- going on */

#define MISMATCH "%s holds another sweep: %s is %s there and %s now; " MDM_INSTEAD

/* Options that the axes and widths stand for are compared with them; data that all points share by their samples. */
static int is_compared(const void *context, const char *key) {
  const mdm_sweep *const *both = context;
  size_t n;
  if (both[0]->samples && mdm_option_is_path(&mdm_options(&n)[mdm_option_find(key)])) return 0;
  return mdm_grid_find(&both[0]->grid, key) < 0 && mdm_grid_find(&both[1]->grid, key) < 0 && strcmp(key, "simulate.widths") && strcmp(key, "simulate.seeds") && strcmp(key, "solve.replicas") &&
         strcmp(key, "output.checkpoint");
}

/* The same axes in the same order, with all values of the file among ours. */
static int same_axes(const mdm_sweep *s, const mdm_sweep *old, const char *path, mdm_error *err) {
  for (size_t a = 0; a < MDM_GRID_AXES; a++) {
    const mdm_axis *x = &s->grid.axis[a], *y = &old->grid.axis[a];
    const char *now = a < s->grid.axes ? x->option->key : "nothing",
               *then = a < old->grid.axes ? y->option->key : "nothing";
    char what[32];
    snprintf(what, sizeof what, "axis %zu (--over)", a + 1);
    if (strcmp(now, then)) return mdm_fail(err, MDM_ERR_CONFIG, MISMATCH, path, what, then, now);
    for (size_t i = 0; a < old->grid.axes && i < y->n; i++)
      if (mdm_axis_find(x, y->text[i]) == x->n)
        return mdm_fail(err, MDM_ERR_CONFIG,
                        "%s holds another sweep: it has %s = %s, which --over lacks now; add the value, " MDM_INSTEAD,
                        path, now, y->text[i]);
  }
  return MDM_OK;
}

/* Widths may be added, and runs. */
static int same_widths(const mdm_sweep *s, const mdm_sweep *old, const char *path, mdm_error *err) {
  for (size_t w = 0; w < old->widths; w++) {
    size_t at = mdm_sweep_find_width(s, old->width[w]);
    if (at == s->widths && isinf(old->width[w]))
      return mdm_fail(
          err, MDM_ERR_CONFIG,
          "%s holds another sweep: it has N = infinity; leave --no-limit out, " MDM_INSTEAD,
          path);
    if (at == s->widths)
      return mdm_fail(err, MDM_ERR_CONFIG,
                      "%s holds another sweep: it has N = %.0f, which simulate.widths lacks now; " MDM_INSTEAD,
                      path, old->width[w]);
    if (s->runs[at] < old->runs[w])
      return mdm_fail(err, MDM_ERR_CONFIG, "%s has more runs: %s is %.0f there and %.0f now; more can be added, " MDM_INSTEAD, path,
                      isinf(old->width[w]) ? "solve.replicas" : "simulate.seeds", old->runs[w], s->runs[at]);
  }
  return MDM_OK;
}

static int same_data(mdm_file *file, const mdm_sweep *s, mdm_error *err) {
  char now[16], then[16] = "?";
  mdm_sweep_data_checksum(s, now);
  mdm_file_get_text(file, "/sweep", "data", then, sizeof then, NULL);
  return strcmp(now, then) ? mdm_fail(err, MDM_ERR_CONFIG, "%s holds a sweep on other samples (data.*); " MDM_INSTEAD, file->path) : MDM_OK;
}

/* Everything that the file and the sweep must share, before the sweep takes its cells. */
static int same_sweep(mdm_file *file, mdm_sweep *s, const mdm_sweep *old, mdm_error *err) {
  const mdm_sweep *const both[] = {s, old};
  int status = mdm_sweep_load(s, err);
  if (!status) status = mdm_sweep_adopt(s, old, err);
  if (!status) status = same_axes(s, old, file->path, err);
  if (!status) status = mdm_match_options(file->path, "sweep", old->cfg, s->cfg, is_compared, both, err);
  if (!status) status = same_widths(s, old, file->path, err);
  if (!status) status = same_data(file, s, err);
  return status ? status : mdm_match_program(file, err);
}

static int take_file(mdm_sweep *s, mdm_file *file, mdm_error *err) {
  mdm_sweep *old = NULL;
  if (!mdm_file_has_group(file, "/sweep")) return mdm_fail(err, MDM_ERR_CONFIG, "%s is not the file of a sweep; " MDM_INSTEAD, file->path);
  int status = mdm_match_seal(file, err);
  if (!status) status = mdm_sweep_from_file(file, &old, err);
  if (status && mdm_match_program(file, err)) status = MDM_ERR_CONFIG; /* the reason why it cannot be read */
  if (!status) status = same_sweep(file, s, old, err);
  if (!status) mdm_sweep_take(s, old);
  s->is_saved = !status && s->cells == old->cells && s->measure == old->measure && !memcmp(s->runs, old->runs, s->widths * sizeof *s->runs);
  mdm_sweep_free(old);
  return status;
}

int mdm_sweep_resume(mdm_sweep *s, const char *path, mdm_error *err) {
  mdm_file *file;
  mdm_error why = {0};
  struct stat there;
  if (stat(path, &there) != 0 || !there.st_size) return MDM_OK;
  int status = mdm_file_open(path, &file, &why);
  if (status) return mdm_fail(err, status, "%s; " MDM_INSTEAD, why.text);
  status = take_file(s, file, err);
  mdm_file_discard(file);
  return status ? status : mdm_sweep_evaluate(s, err);
}

int mdm_sweep_is_done(const mdm_sweep *s) {
  size_t ready;
  return s->is_saved && s->refine == 0 && mdm_sweep_cells(s, &ready) == ready;
}
