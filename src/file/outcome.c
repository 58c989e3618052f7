/* Writes an outcome to a file: the limit at the root, networks below /width_N, their comparison, and the data used. */
#include <moedmft/classify.h>
#include <moedmft/file.h>
#include <moedmft/run.h>

#include <stdio.h>

#include "file/internal.h"

static int write_end(mdm_file *file, const char *group, const mdm_ensemble *e, mdm_error *err) {
  int status = mdm_file_attr_int(file, group, "runs", (long)e->runs, err);
  if (status || e->status == MDM_OK || e->ended_at < 0) return status;
  return mdm_file_attr_int(file, group, e->status == MDM_INTERRUPTED ? "interrupted_at_step" : "diverged_at_step", e->ended_at, err);
}

/* One ensemble below `group` ("/" for the limit): its summary, and every run below group/name_i if asked for. */
static int write_ensemble(mdm_file *file, const char *group, const char *name, const mdm_ensemble *e, int each, mdm_error *err) {
  int status = write_end(file, group, e, err);
  if (!status && e->summary) status = mdm_file_record(file, group, e->summary, err);
  for (size_t i = 0; i < e->runs && !status; i++) {
    char run[96];
    int weights = e->weights[i] != NULL;
    snprintf(run, sizeof run, "%s%s%s_%zu", group, group[1] ? "/" : "", name, i);
    if (each || weights) status = mdm_file_record(file, run, e->each[i], err);
    if (!status && weights) status = mdm_file_record(file, run, e->weights[i], err);
  }
  return status;
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

static int is_interrupted(const mdm_outcome *o) {
  int interrupted = o->limit.status == MDM_INTERRUPTED || o->sweeps.status == MDM_INTERRUPTED;
  for (size_t w = 0; w < o->widths; w++) interrupted |= o->networks[w].status == MDM_INTERRUPTED;
  return interrupted;
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

static int write_all(mdm_file *file, const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments,
                     mdm_error *err) {
  int each = mdm_config_bool(cfg, "output.every_seed");
  int status = mdm_file_provenance(file, cfg, command, arguments, err);
  if (!status && (o->limit.runs || o->limit.status)) status = write_ensemble(file, "/", "replica", &o->limit, each, err);
  if (!status && o->limit.runs) status = write_noise(file, cfg, err);
  if (!status && o->limit.runs) status = mdm_file_tolerance(file, cfg, err);
  for (size_t w = 0; w < o->widths && !status; w++) {
    char group[48];
    snprintf(group, sizeof group, "/width_%ld", o->networks[w].width);
    status = write_ensemble(file, group, "seed", &o->networks[w], each, err);
  }
  if (!status && o->sweeps.record && o->sweeps.sweeps) status = write_sweeps(file, &o->sweeps, err);
  if (!status && o->comparison) status = write_comparison(file, o, err);
  if (!status && o->depths) status = mdm_file_record(file, "/", o->depths, err);
  if (!status && o->coordcheck) status = mdm_file_record(file, "/coordcheck", o->coordcheck, err);
  if (!status && o->extra) status = mdm_file_record(file, "/", o->extra, err);
  if (!status && is_interrupted(o)) status = mdm_resume_write(file, o, (size_t)mdm_config_int(cfg, "train.steps"), err);
  return status;
}

int mdm_outcome_write(const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments,
                      const char *path, mdm_error *err) {
  mdm_file *file;
  int status = mdm_file_create(path, &file, err);
  if (status) return status;
  status = write_all(file, o, cfg, command, arguments, err);
  if (status) return mdm_file_discard(file), status;
  return mdm_file_commit(file, err);
}
