/* What the commands that train share: from the configuration to the file. */
#include "cli/training.h"

#include <stdio.h>
#include <string.h>

#include <moedmft/classify.h>
#include <moedmft/compare.h>
#include <moedmft/data.h>
#include <moedmft/file.h>
#include <moedmft/run.h>

#include "base/text.h"
#include "cli/memory.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/summary.h"

/* Where the limit behaves in a way that networks may not: worth a word. */
static int remark_on_limit(const arguments *a, const mdm_config *cfg, int what, mdm_error *err) {
  mdm_classification c;
  if (a->quiet || !(what & MDM_RUN_LIMIT)) return MDM_OK;
  int adam = !strncmp(mdm_config_text(cfg, "train.optimizer"), "adam", 4) && mdm_config_real(cfg, "train.adam.eps") > 0, status = mdm_classify(cfg, &c, err);
  if (status) return status;
  if (!c.verdict[MDM_SELF_AVERAGING].holds && c.limit_exists) fprintf(stderr, "moedmft: %s\n", c.verdict[MDM_SELF_AVERAGING].reason);
  if (*c.crossover) fprintf(stderr, "moedmft: %s\n", c.crossover);
  for (int t = 0; t < MDM_CLASS_TENSORS && adam; t++)
    if (c.tensor[t].eps_gap > 1e-9)
      fprintf(stderr, "moedmft: in the limit the gradient of %s sinks below Adam's epsilon: it does not learn (train.adam.eps_scale, train.adam.eps: 0)\n",
              c.tensor[t].tensor);
  return status;
}

static int check_memory(const arguments *a, const mdm_config *cfg, const mdm_data *data, int what, double have, mdm_error *err) {
  const mdm_monitor monitor = {.threads = memory_threads(a->threads), .save_weights = a->save_weights};
  int both = what == (MDM_RUN_LIMIT | MDM_RUN_NETWORKS);
  double need = memory_held() + (both ? mdm_compare_memory(cfg, data, &monitor) : mdm_memory_estimate(cfg, data, what, &monitor));
  return memory_announce(a, a->output, need, have, err);
}

static int is_empty(const mdm_outcome *o) {
  size_t runs = o->limit.runs;
  for (size_t w = 0; w < o->widths; w++) runs += o->networks[w].runs;
  return runs == 0;
}

/* The first ensemble that diverged, as text. */
static void name_diverged(const mdm_outcome *o, char *out, size_t size) {
  const mdm_ensemble *e = &o->limit;
  for (size_t w = 0; e->status != MDM_ERR_DIVERGED && w < o->widths; w++) e = &o->networks[w];
  if (e->width) snprintf(out, size, "networks of width N = %ld diverged at step %ld", e->width, e->ended_at);
  else snprintf(out, size, "the limit diverged at step %ld", e->ended_at);
}

/* A run that was to extend a complete file ended early: the file keeps its results, and the runs that are complete beside them. */
static int keep_results(const arguments *a, const mdm_config *cfg, const mdm_outcome *o, int status, mdm_error *err) {
  char how[100] = "stopped", beside[60] = "";
  mdm_error failure;
  size_t added;
  int written = mdm_outcome_add(o, cfg, a->output, &added, &failure);
  if (written) return mdm_fail(err, written, "%s", failure.text);
  if (status == MDM_ERR_DIVERGED) name_diverged(o, how, sizeof how);
  if (added) snprintf(beside, sizeof beside, ", and %zu complete runs more beside them", added);
  return mdm_fail(err, status, "%s; %s keeps its complete results%s%s", how, a->output, beside,
                  status == MDM_INTERRUPTED ? "; the same command goes on with the others" : "; lower train.lr, or replace it with --force");
}

/* What was computed into the file, also when it is not all; `status` tells how the run ended. */
static int write_outcome(const arguments *a, const mdm_config *cfg, const mdm_outcome *o, const mdm_resume *earlier, int status, mdm_error *err) {
  mdm_error failure;
  signals_catch(0); /* nothing may end us between the temporary file and its final name */
  if (status != MDM_OK && earlier && mdm_resume_is(earlier) == MDM_RESUME_EXTEND) return keep_results(a, cfg, o, status, err);
  if (status != MDM_OK && is_empty(o)) /* better keep an earlier file than replace it by nothing */
    return mdm_fail(err, status,
                    status == MDM_INTERRUPTED ? "stopped before the first step of any run; no file was written"
                                              : "training diverged at step 0: the first loss is no number; no file was "
                                                "written; check the data (data.standardize) and model.*");
  int written = mdm_outcome_write(o, cfg, a->command, a->line, earlier, a->output, &failure);
  if (written) return mdm_fail(err, written, "%s", failure.text);
  if (!a->quiet) {
    summary_print(o);
    fprintf(stderr, "moedmft: wrote %s\n", a->output);
  }
  return status;
}

/* The runs themselves, with progress. */
static int compute(const arguments *a, int what, const mdm_config *cfg, const mdm_data *data, const mdm_resume *resume, mdm_checkpoint *checkpoint,
                   mdm_outcome *out, mdm_error *err) {
  progress line;
  int both = what == (MDM_RUN_LIMIT | MDM_RUN_NETWORKS);
  mdm_monitor monitor = {.stop = signals_stop(), .threads = a->threads, .save_weights = a->save_weights, .earlier = resume ? mdm_resume_take : NULL, .store = resume,
                         .checkpoint = checkpoint};
  if (!a->quiet) monitor.report = progress_report, monitor.message = progress_message, monitor.context = &line;
  progress_start(&line);
  int status = both ? mdm_compare_run(cfg, data, &monitor, out, err) : mdm_run(cfg, data, what, &monitor, out, err);
  if (!a->quiet) progress_end(&line);
  return status;
}

/* With --strict: whether the file that is there now names reasons to doubt its limit. */
static int check_doubts(const arguments *a, mdm_error *err) {
  char line[500] = "", name[32];
  mdm_file *file;
  size_t n = 0;
  int status = a->strict ? mdm_file_open(a->output, &file, err) : MDM_OK;
  if (status || !a->strict) return status;
  do snprintf(name, sizeof name, "doubt_%zu", n + 1);
  while (!mdm_file_get_text(file, "/diagnostics", name, line, sizeof line, NULL) && ++n);
  mdm_file_get_text(file, "/diagnostics", "doubt_1", line, sizeof line, NULL);
  mdm_file_discard(file);
  if (!n) return MDM_OK;
  return mdm_fail(err, MDM_ERR_NUMERIC, "--strict: %s is written, with %zu reason%s to doubt its limit (attributes of /diagnostics); the first: %s", a->output, n, MDM_S(n), line);
}

/* Whether the limit that is written is one. */
static int check_limit(const arguments *a, mdm_error *err) {
  char line[400];
  mdm_file *file;
  int status = mdm_file_open(a->output, &file, err);
  if (status) return status;
  int there = !mdm_file_get_text(file, "/diagnostics", "no_limit", line, sizeof line, NULL);
  mdm_file_discard(file);
  if (!there) return MDM_OK;
  return mdm_fail(err, MDM_ERR_NUMERIC, "%s is written, but %s; raise solve.particles, expert_particles or neuron_particles, or solve.tolerance, or bound the directions by solve.rank", a->output, line);
}

/* What pilots of the limit chose. */
typedef struct {
  double accuracy; /* asked for; 0: sizes are given */
  char why[MDM_METHOD_WHY];
} choice;

static int run_and_write(const arguments *a, const training *t, int what, mdm_config *cfg, const choice *c, const mdm_data *data, const mdm_resume *earlier,
                         mdm_checkpoint *checkpoint, mdm_error *err) {
  mdm_outcome outcome;
  if (earlier && !a->quiet) fprintf(stderr, "moedmft: going on from %s, which holds %zu complete run%s\n", a->output, mdm_resume_runs(earlier), MDM_S(mdm_resume_runs(earlier)));
  output_report_progress(a, a->output, checkpoint);
  int status = compute(a, what, cfg, data, earlier, checkpoint, &outcome, err);
  if (!status && t->fit) status = t->fit(cfg, &outcome, err);
  if ((status == MDM_OK || status == MDM_ERR_DIVERGED) && what & MDM_RUN_LIMIT) {
    int settled = mdm_accuracy_settle(cfg, &outcome, c->accuracy, err);
    memcpy(outcome.method, c->why, sizeof outcome.method);
    if (settled) status = settled;
  }
  int ends = status == MDM_OK || status == MDM_ERR_DIVERGED || status == MDM_ERR_NUMERIC; /* nothing to go on with */
  if (status == MDM_OK || status == MDM_ERR_DIVERGED || status == MDM_INTERRUPTED) status = write_outcome(a, cfg, &outcome, earlier, status, err);
  if (ends && status != MDM_ERR_IO && status != MDM_ERR_MEMORY) mdm_checkpoint_settle(a->output, cfg, what);
  if (status == MDM_INTERRUPTED && !a->quiet && mdm_checkpoint_is_there(a->output)) fprintf(stderr, "moedmft: runs in progress are in %s.checkpoint\n", a->output);
  if (!status && t->report) status = t->report(a, &outcome, err);
  if (!status && mdm_fills_population(outcome.limit.summary, NULL, 0)) status = check_limit(a, err);
  if (!status) status = check_doubts(a, err);
  mdm_outcome_clear(&outcome);
  return status;
}

/* What there is to say about a file that is complete. */
static int report_done(const arguments *a, const training *t, mdm_error *err) {
  mdm_outcome outcome;
  output_report_done(a);
  int status = mdm_resume_results(a->output, &outcome, err);
  if (!status && t->report) status = t->report(a, &outcome, err);
  if (!status) status = check_limit(a, err);
  if (!status) status = check_doubts(a, err);
  mdm_outcome_clear(&outcome);
  return status;
}

/* Method and sizes of the limit that solve.method: auto and solve.accuracy decide about. */
static int choose_sizes(const arguments *a, int what, mdm_config *cfg, const mdm_data *data, choice *c, mdm_error *err) {
  progress line;
  const mdm_monitor silent = {.stop = signals_stop(), .threads = a->threads};
  mdm_monitor monitor = silent;
  if (!a->quiet) monitor.message = progress_message, monitor.context = &line;
  int status = mdm_method_choose(cfg, data, &silent, c->why, err);
  if (!status && *c->why && !a->quiet) fprintf(stderr, "moedmft: limit: %s\n", c->why);
  progress_start(&line);
  if (!status) status = mdm_run_check(cfg, data, what, err);
  if (!status) status = mdm_accuracy_sizes(cfg, data, &monitor, &c->accuracy, err);
  if (!a->quiet) progress_end(&line);
  return status == MDM_INTERRUPTED ? mdm_fail(err, status, "stopped before the first step of any run; no file was written") : status;
}

/* With the data: what the file holds, whether there is memory for the rest, and the work. */
static int train(const arguments *a, const training *t, int what, mdm_config *cfg, const mdm_data *data, double memory, mdm_error *err) {
  mdm_resume *earlier = NULL;
  mdm_checkpoint *checkpoint = NULL;
  choice c = {0};
  int status = what & MDM_RUN_LIMIT ? choose_sizes(a, what, cfg, data, &c, err) : MDM_OK;
  const mdm_request request = {cfg, data, a->command, what, a->save_weights};
  if (!status && !a->force) status = mdm_resume_open(a->output, &request, &earlier, err);
  if (!status && earlier && mdm_resume_is(earlier) == MDM_RESUME_DONE) {
    mdm_resume_free(earlier);
    mdm_checkpoint_settle(a->output, cfg, what);
    return report_done(a, t, err);
  }
  if (!status && a->force) mdm_checkpoint_discard(a->output);
  if (!status) status = mdm_checkpoint_open(a->output, cfg, data, a->command, NULL, &checkpoint, err);
  if (!status) status = check_memory(a, cfg, data, what, memory, err);
  if (!status) status = remark_on_limit(a, cfg, what, err);
  if (!status) status = run_and_write(a, t, what, cfg, &c, data, earlier, checkpoint, err);
  mdm_checkpoint_close(checkpoint);
  mdm_resume_free(earlier);
  return status;
}

void training_announce(const arguments *a, const mdm_data *data) {
  if (a->quiet) return;
  fprintf(stderr, "moedmft: %s\n", data->source);
  if (*data->notice) fprintf(stderr, "moedmft: note: %s\n", data->notice);
}

int training_run(const arguments *a, const training *t, mdm_error *err) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_lock *lock = NULL;
  int what = t->what;
  double memory = memory_claim();
  signals_ignore();
  int status = configuration_read(a, &cfg, err);
  if (!status && t->prepare) status = t->prepare(a, cfg, &what, err);
  if (!status) status = output_claim(a, cfg, &lock, err);
  if (!status) status = mdm_data_load(cfg, &data, err);
  if (!status) training_announce(a, data);
  if (!status) status = train(a, t, what, cfg, data, memory, err);
  mdm_lock_release(lock);
  mdm_data_free(data);
  mdm_config_free(cfg);
  return status;
}
