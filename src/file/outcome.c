/* Writes an outcome to a file: the limit at the root, networks below /width_N, their comparison, and the data used. */
#include <moedmft/classify.h>
#include <moedmft/file.h>
#include <moedmft/run.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "file/resume.h"
#include "run/family.h"
#include "run/saturation.h"
#include "study/depths.h"

#define MDM_KEEP_BYTES 16e6 /* single runs up to so many bytes are kept without being asked for */

static int write_end(mdm_file *file, const char *group, const mdm_ensemble *e, mdm_error *err) {
  int status = mdm_file_attr_int(file, group, "runs", (long)e->runs, err);
  if (status || e->status == MDM_OK || e->ended_at < 0) return status;
  return mdm_file_attr_int(file, group, e->status == MDM_INTERRUPTED ? "interrupted_at_step" : "diverged_at_step", e->ended_at, err);
}

static mdm_runs runs_of(const mdm_ensemble *e) { return (mdm_runs){e->width, e->runs, e->index, e->each, e->weights}; }

/* One ensemble: its summary, and its single runs where they are kept. */
static int write_ensemble(mdm_file *file, const mdm_ensemble *e, size_t every, int keep, mdm_error *err) {
  char group[MDM_GROUP_SIZE] = "/", single[MDM_GROUP_SIZE];
  mdm_runs runs = runs_of(e);
  if (e->width) snprintf(group, sizeof group, "/width_%ld", e->width);
  mdm_runs_group(e->width, single);
  int status = write_end(file, group, e, err);
  if (!status && e->summary) status = mdm_file_summary(file, group, e->summary, every, err);
  return status || !keep ? status : mdm_runs_write(file, single, &runs, err);
}

static int write_comparison(mdm_file *file, const mdm_outcome *o, mdm_error *err) {
  const struct {
    const char *name;
    double value;
  } attributes[] = {{"exponent", o->exponent}, {"exponent_stderr", o->exponent_error}, {"exponent_bound", o->exponent_bound}, {"predicted", o->predicted}, {"predicted_lowest", o->predicted_lowest},
                    {"spread_exponent", o->fluctuation}, {"spread_exponent_stderr", o->fluctuation_error}, {"spread_exponent_bound", o->fluctuation_bound}};
  int status = mdm_file_record(file, "/", o->comparison, err);
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes && !status; i++)
    status = mdm_file_attr_real(file, "/comparison/fit", attributes[i].name, attributes[i].value, err);
  return status;
}

/* The worst end of all ensembles. */
static int end_of(const mdm_outcome *o) {
  int status = o->sweeps.status > o->limit.status ? o->sweeps.status : o->limit.status;
  for (size_t w = 0; w < o->widths; w++)
    if (o->networks[w].status > status) status = o->networks[w].status;
  return status;
}

/* How the whole ended. A comparison that was stopped before its depths has none, and a limit whose bias was being estimated has no estimate. */
static int whole_end(const mdm_outcome *o, const mdm_config *cfg) {
  int end = end_of(o), wanted;
  if (!end && o->limit.summary && mdm_config_bool(cfg, "solve.bias_check") && !mdm_record_find(o->limit.summary, "diagnostics/bias/halves")) return MDM_INTERRUPTED;
  return !end && o->comparison && !o->depths && !mdm_depths_check(cfg, &wanted, NULL) && wanted ? MDM_INTERRUPTED : end;
}

static const char *end_name(int status) { return status == MDM_INTERRUPTED ? "interrupted" : status ? "diverged" : "complete"; }

/* Whether single runs stay in the file: of a run that goes on later, where they are asked for, and where they are small. */
static int keeps_runs(const mdm_outcome *o, const mdm_config *cfg, const mdm_resume *earlier) {
  const char *asked = mdm_config_text(cfg, "output.every_seed");
  mdm_runs runs = runs_of(&o->limit);
  double numbers = mdm_runs_numbers(&runs);
  int weights = 0;
  for (size_t w = 0; w < o->widths; w++) {
    runs = runs_of(&o->networks[w]);
    numbers += mdm_runs_numbers(&runs);
    weights |= runs.n && runs.weights[0];
  }
  if (weights || whole_end(o, cfg) == MDM_INTERRUPTED || !strcmp(asked, "true")) return 1;
  return strcmp(asked, "false") && (mdm_resume_keeps(earlier) || numbers * sizeof(double) <= MDM_KEEP_BYTES);
}

static int write_sweeps(mdm_file *file, const mdm_sweeps *s, mdm_error *err) {
  int status = mdm_file_record(file, "/", s->record, err);
  if (!status) status = mdm_file_attr_int(file, "/sweeps", "sweeps", (long)s->sweeps, err);
  if (!status) status = mdm_file_attr_int(file, "/sweeps", "converged", s->converged, err);
  if (!status) status = mdm_file_attr_real(file, "/sweeps", "difference", s->difference, err);
  return status ? status : mdm_file_attr_real(file, "/sweeps", "difference_stderr", s->difference_error, err);
}

/* What networks do not average over, beside the limit's results. */
static int write_noise(mdm_file *file, const mdm_config *cfg, mdm_error *err) {
  mdm_classification c;
  int status = mdm_classify(cfg, &c, err);
  const mdm_verdict *v = &c.verdict[MDM_SELF_AVERAGING];
  return status || v->holds ? status : mdm_file_attr_text(file, "/", "not_self_averaging", v->reason, err);
}

static int write_doubt(mdm_file *file, size_t *n, const char *line, mdm_error *err) {
  char name[32];
  snprintf(name, sizeof name, "doubt_%zu", ++*n);
  return mdm_file_attr_text(file, "/diagnostics", name, line, err);
}

/* Self-consistency sweeps that did not come to rest, or elsewhere than the causal pass. 1: there is something to say. */
static int doubts_sweeps(const mdm_sweeps *s, char *line, size_t size) {
  const double apart = 3; /* standard errors, RMS over entries */
  if (!s->sweeps || s->status) return 0;
  if (!s->converged) snprintf(line, size, "the self-consistency sweeps did not converge: their residuals were not at the sampling noise for solve.settled sweeps in a row; raise solve.sweeps, or solve.particles");
  else if (s->difference > apart * s->difference_error)
    snprintf(line, size, "the self-consistency sweeps ended %.2g +- %.2g (RMS of the train predictions) away from the causal pass; raise solve.particles", s->difference, s->difference_error);
  else return 0;
  return 1;
}

/* A series in N that its fit does not describe: chi-squared per degree of freedom as in the verdict of a comparison. */
static int doubts_fit(const mdm_record *comparison, char *line, size_t size) {
  const mdm_array *chi2 = comparison ? mdm_record_find(comparison, "comparison/each/train/prediction/fit_chi2") : NULL;
  const mdm_array *freedom = comparison ? mdm_record_find(comparison, "comparison/each/train/prediction/extrapolated_freedom") : NULL;
  double two = freedom ? mdm_student(2, freedom->value[0]) : 2; /* standard errors: of few runs squares are larger by chance */
  if (!chi2 || !(chi2->value[0] > (two > 2 ? two * two : MDM_MISFIT))) return 0;
  snprintf(line, size, "the fit in N does not describe the train predictions (chi-squared per degree of freedom %.3g): leave out the smallest of simulate.widths", chi2->value[0]);
  return 1;
}

/* Of the series of depths whose array this is: "depths/limit/check", "depths/width_16/check". */
static size_t runs_of_depths(const mdm_outcome *o, const char *path) {
  long width = 0;
  if (sscanf(path, "depths/width_%ld/", &width) != 1) return o->limit.runs;
  for (size_t w = 0; w < o->widths; w++)
    if (o->networks[w].width == width) return o->networks[w].runs;
  return o->limit.runs;
}

/* A line in 1/L that does not describe the depths: all of them against the two largest (depths/…/check), by twice what is within two standard errors of
 * so many runs. *next: of the arrays, from 0. */
static int doubts_depths(const mdm_outcome *o, size_t *next, char *line, size_t size) {
  static const char end[] = "/check";
  const mdm_record *depths = o->depths;
  for (; depths && *next < mdm_record_count(depths); ++*next) {
    const mdm_array *a = mdm_record_at(depths, *next);
    size_t n = strlen(a->path);
    if (n < sizeof end || strcmp(a->path + n - strlen(end), end)) continue;
    if (!(a->value[0] > 2 * mdm_student(2, fmax(1, (double)runs_of_depths(o, a->path) - 1)))) continue;
    snprintf(line, size, "the extrapolation in 1/L does not describe the depths (%.*s: all depths and the two largest differ by %.2g standard errors, RMS over predictions): leave out the smallest depths",
             (int)(n - strlen(end)), a->path, a->value[0]);
    return ++*next, 1;
  }
  return 0;
}

/* Reasons to doubt the limit, and what rests on it, where a reader of its diagnostics finds them. */
static int write_doubts(mdm_file *file, const mdm_outcome *o, const mdm_config *cfg, mdm_error *err) {
  char line[MDM_DOUBT_SIZE];
  size_t next = 0, depth = 0, n = 0;
  int status = MDM_OK;
  while (!status && mdm_doubt(cfg, o->limit.summary, &next, line, sizeof line)) status = write_doubt(file, &n, line, err);
  if (!status && mdm_fills_population(o->limit.summary, line, sizeof line)) status = mdm_file_attr_text(file, "/diagnostics", "no_limit", line, err);
  if (!status && doubts_sweeps(&o->sweeps, line, sizeof line)) status = write_doubt(file, &n, line, err);
  while (!status && doubts_depths(o, &depth, line, sizeof line)) status = write_doubt(file, &n, line, err);
  if (!status && doubts_fit(o->comparison, line, sizeof line)) status = write_doubt(file, &n, line, err);
  return status;
}

/* How the limit came about, where not by particles, and why, where that was not given. */
static int write_method(mdm_file *file, const mdm_outcome *o, const mdm_config *cfg, mdm_error *err) {
  char line[160];
  int networks = mdm_by_networks(cfg), status = networks ? mdm_family_text(cfg, line, sizeof line, err) : MDM_OK;
  if (!status && networks) status = mdm_file_attr_text(file, "/diagnostics", "method", line, err);
  return status || !*o->method ? status : mdm_file_attr_text(file, "/diagnostics", "method_reason", o->method, err);
}

static int write_data(mdm_file *file, const mdm_data *data, mdm_error *err) {
  int status = mdm_file_inputs(file, "data/train/x", &data->train, data->dimension, err);
  return status || !data->test.count ? status : mdm_file_inputs(file, "data/test/x", &data->test, data->dimension, err);
}

int mdm_outcome_write_to(mdm_file *file, const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments, int keep, mdm_error *err) {
  size_t every = (size_t)mdm_config_int(cfg, "output.every");
  int status = mdm_file_provenance(file, cfg, command, arguments, err);
  if (!status) status = mdm_file_attr_text(file, "/", "status", end_name(whole_end(o, cfg)), err);
  if (!status && (o->limit.runs || o->limit.status)) status = write_ensemble(file, &o->limit, every, keep, err);
  if (!status && o->accuracy > 0) status = mdm_file_attr_real(file, "/", "accuracy", o->accuracy, err);
  if (!status && o->limit.runs) status = write_noise(file, cfg, err);
  if (!status && o->limit.runs) status = mdm_file_tolerance(file, cfg, err);
  if (!status && o->limit.summary) status = write_method(file, o, cfg, err);
  if (!status && o->limit.summary) status = write_doubts(file, o, cfg, err);
  for (size_t w = 0; w < o->widths && !status; w++) status = write_ensemble(file, &o->networks[w], every, keep, err);
  if (!status && o->sweeps.record && o->sweeps.sweeps) status = write_sweeps(file, &o->sweeps, err);
  if (!status && o->comparison) status = write_comparison(file, o, err);
  if (!status && o->depths) status = mdm_file_record(file, "/", o->depths, err);
  if (!status && o->coordcheck) status = mdm_file_record(file, "/coordcheck", o->coordcheck, err);
  if (!status && o->data) status = write_data(file, o->data, err);
  return status || !o->extra ? status : mdm_file_record(file, "/", o->extra, err);
}

int mdm_outcome_write(const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments, const mdm_resume *earlier,
                      const char *path, mdm_error *err) {
  mdm_file *file;
  int status = mdm_file_create(path, &file, err);
  if (status) return status;
  status = mdm_outcome_write_to(file, o, cfg, command, arguments, keeps_runs(o, cfg, earlier), err);
  if (status) return mdm_file_discard(file), status;
  return mdm_file_commit(file, err);
}

/* ---------------------------------------------------------------- runs beside complete results */

/* Whether all runs of an ensemble came to their end. */
static int is_complete(const mdm_ensemble *e, size_t steps) {
  const mdm_array *loss = e->runs ? mdm_record_find(e->each[0], "observables/train/loss") : NULL;
  return loss && loss->dim[0] == steps + 1;
}

/* The runs of e that the file's results lack: as mdm_runs over arrays of e, of which select (allocated for e->runs) holds the choice. */
static size_t select_new(mdm_file *file, const mdm_ensemble *e, mdm_runs *select) {
  char group[MDM_GROUP_SIZE] = "/";
  double held = 0;
  if (e->width) snprintf(group, sizeof group, "/width_%ld", e->width);
  mdm_file_get_real(file, group, "runs", &held, NULL); /* of complete results: the first ones */
  for (size_t i = 0; i < e->runs; i++) {
    if ((double)e->index[i] < held) continue;
    select->index[select->n] = e->index[i];
    select->weights[select->n] = e->weights[i];
    select->each[select->n++] = e->each[i];
  }
  return select->n;
}

static int add_runs(mdm_file *file, const mdm_ensemble *e, size_t *added, mdm_error *err) {
  char group[MDM_GROUP_SIZE];
  mdm_runs select = {.width = e->width, .index = mdm_alloc(e->runs, 1, 1, sizeof *select.index), .each = mdm_alloc(e->runs, 1, 1, sizeof *select.each),
                     .weights = mdm_alloc(e->runs, 1, 1, sizeof *select.weights)}; /* e->runs each */
  int status = select.index && select.each && select.weights ? MDM_OK : mdm_no_memory(err, "%zu runs", e->runs);
  mdm_resume_group(e->width, group);
  if (!status) *added += select_new(file, e, &select);
  if (!status) status = mdm_runs_write(file, group, &select, err);
  free(select.index);
  free(select.each);
  free(select.weights);
  return status;
}

int mdm_outcome_add(const mdm_outcome *o, const mdm_config *cfg, const char *path, size_t *added, mdm_error *err) {
  mdm_file *file;
  size_t steps = (size_t)mdm_config_int(cfg, "train.steps");
  *added = 0;
  int status = mdm_file_change(path, &file, err);
  if (status) return status;
  status = mdm_file_remove(file, "/" MDM_RESUME, err);
  if (!status && is_complete(&o->limit, steps)) status = add_runs(file, &o->limit, added, err);
  for (size_t w = 0; w < o->widths && !status; w++)
    if (is_complete(&o->networks[w], steps)) status = add_runs(file, &o->networks[w], added, err);
  if (status || !*added) return mdm_file_discard(file), status;
  return mdm_file_commit(file, err);
}
