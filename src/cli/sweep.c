/* moedmft sweep: limit and networks over a grid of options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/file.h>
#include <moedmft/report.h>
#include <moedmft/sweep.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/memory.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/training.h"

static int read_measure(const char *name, mdm_measure *out, mdm_error *err) {
  static const mdm_measure measures[] = {MDM_MEASURE_FINAL, MDM_MEASURE_BEST, MDM_MEASURE_TAIL, MDM_MEASURE_TEST, MDM_MEASURE_AUTO}; /* as the words of --measure */
  char allowed[100];
  int word = option_word(OPTION_MEASURE, name, strlen(name));
  if (word >= 0) return *out = measures[word], MDM_OK;
  option_allowed(OPTION_MEASURE, " and ", allowed, sizeof allowed);
  return mdm_fail(err, MDM_ERR_USAGE, "--measure %s: allowed are %s", name, allowed);
}

static int print_verdict(const mdm_sweep *sweep, mdm_error *err) {
  char *text;
  int status = mdm_sweep_report(sweep, &text, err);
  if (!status) fputs(text, stderr);
  free(text);
  return status;
}

static int run_sweep(const arguments *a, mdm_sweep *sweep, mdm_checkpoint *checkpoint, mdm_error *err) {
  progress line;
  mdm_monitor monitor = {.stop = signals_stop(), .threads = a->threads, .checkpoint = checkpoint};
  if (!a->quiet) monitor.report = progress_report, monitor.message = progress_message, monitor.context = &line;
  signals_catch(1);
  progress_start(&line);
  int status = mdm_sweep_run(sweep, &monitor, a->output, a->line, err);
  if (!a->quiet) progress_end(&line);
  if (!status) status = mdm_sweep_settle(sweep, a->output, err);
  if (a->quiet || (status && status != MDM_INTERRUPTED)) return status;
  mdm_error failure;
  int printed = print_verdict(sweep, &failure);
  fprintf(stderr, "moedmft: wrote %s\n", a->output);
  return printed ? mdm_fail(err, printed, "%s", failure.text) : status;
}

/* Whether limits are none or, with --strict, in doubt, in the file as it is. */
static int check_doubts(const arguments *a, const mdm_sweep *sweep, mdm_error *err) {
  char first[1200];
  size_t n = mdm_sweep_no_limits(sweep, first, sizeof first);
  if (n)
    return mdm_fail(err, MDM_ERR_NUMERIC, "%s is written, but in %zu cell%s N = infinity is none (attributes of /sweep/doubts); the first: %s", a->output, n, MDM_S(n), first);
  n = a->strict ? mdm_sweep_doubts(sweep, first, sizeof first) : 0;
  if (!n) return MDM_OK;
  return mdm_fail(err, MDM_ERR_NUMERIC, "--strict: %s is written, with reasons to doubt the limit in %zu cell%s (attributes of /sweep/doubts); the first: %s", a->output, n, MDM_S(n), first);
}

/* Whether there is memory for the cells that are missing. */
static int prepare(const arguments *a, mdm_sweep *sweep, double have, mdm_error *err) {
  size_t ready, cells = mdm_sweep_cells(sweep, &ready);
  double need = 0;
  int status = mdm_sweep_prepare(sweep, memory_threads(a->threads), &need, err);
  need += memory_held();
  if (!status && mdm_sweep_samples(sweep)) training_announce(a, mdm_sweep_samples(sweep));
  if (!status && !a->quiet)
    fprintf(stderr, "moedmft: %zu cell%s, %zu of them in %s; about %.3g GB of memory needed\n", cells, MDM_S(cells), ready, a->output, need / 1e9);
  return status ? status : memory_check(need, have, err);
}

/* --refine, as a fraction; alone: 1 %. */
static int refine(const arguments *a, mdm_sweep *sweep, mdm_error *err) {
  char *end;
  if (!(a->given & BIT(REFINE))) return MDM_OK;
  double percent = a->refine ? strtod(a->refine, &end) : 1;
  if (a->refine && (end == a->refine || *end || !(percent >= 0.01 && percent <= 100)))
    return mdm_fail(err, MDM_ERR_USAGE, "--refine=%s: allowed are numbers of percent from 0.01 to 100", a->refine);
  return mdm_sweep_refine(sweep, percent / 100, err);
}

/* Sizes of the limit in all cells, where solve.accuracy decides about them. */
static int choose_sizes(const arguments *a, mdm_config *cfg, mdm_error *err) {
  progress line;
  mdm_monitor monitor = {.stop = signals_stop(), .threads = a->threads};
  double accuracy;
  if (a->no_limit) return MDM_OK;
  if (!a->quiet) monitor.message = progress_message, monitor.context = &line;
  progress_start(&line);
  int status = mdm_sweep_sizes(cfg, a->over.word, a->over.count, &monitor, &accuracy, err);
  if (!a->quiet) progress_end(&line);
  if (status == MDM_INTERRUPTED) return mdm_fail(err, status, "stopped before the first step of any run; no file was written");
  if (!status && accuracy > 0 && !a->quiet) {
    char sizes[60] = "";
    if (mdm_config_int(cfg, "solve.particles")) snprintf(sizes, sizeof sizes, "%ld particles, ", mdm_config_int(cfg, "solve.particles"));
    fprintf(stderr, "moedmft: limit: %s%ld replicas in every cell, for a standard error of %g of the loss at the first point (solve.accuracy)\n", sizes,
            mdm_config_int(cfg, "solve.replicas"), accuracy);
  }
  return status;
}

/* The cells that the file lacks, or what there is to say where it lacks none. */
static int work(const arguments *a, const mdm_config *cfg, mdm_sweep *sweep, double have, mdm_error *err) {
  mdm_checkpoint *checkpoint = NULL;
  int status = a->force ? MDM_OK : mdm_sweep_resume(sweep, a->output, err);
  if (!status && mdm_sweep_is_done(sweep)) {
    output_report_done(a);
    status = mdm_sweep_settle(sweep, a->output, err);
    if (!status && !a->quiet) status = print_verdict(sweep, err);
    return status ? status : check_doubts(a, sweep, err);
  }
  if (!status) status = prepare(a, sweep, have, err);
  if (!status && a->force) mdm_checkpoint_discard(a->output);
  if (!status) status = mdm_checkpoint_open(a->output, cfg, mdm_sweep_samples(sweep), a->command, sweep, &checkpoint, err);
  if (!status) status = run_sweep(a, sweep, checkpoint, err);
  if (!status) status = check_doubts(a, sweep, err);
  mdm_checkpoint_close(checkpoint);
  return status;
}

static int run(const arguments *a, mdm_error *err) {
  mdm_config *cfg = NULL;
  mdm_sweep *sweep = NULL;
  mdm_lock *lock = NULL;
  mdm_measure measure = MDM_MEASURE_AUTO;
  double have = memory_claim();
  signals_ignore();
  if (a->strict && a->no_limit) return mdm_fail(err, MDM_ERR_USAGE, "--strict looks at limits, and --no-limit leaves them out: take one of the two");
  int status = a->measure ? read_measure(a->measure, &measure, err) : MDM_OK;
  if (!status) status = configuration_read(a, &cfg, err);
  if (!status) status = output_claim(a, cfg, &lock, err);
  if (!status) status = choose_sizes(a, cfg, err);
  if (!status) status = mdm_sweep_create(cfg, a->over.word, a->over.count, !a->no_limit, measure, &sweep, err);
  if (!status) status = refine(a, sweep, err);
  if (!status) status = work(a, cfg, sweep, have, err);
  mdm_lock_release(lock);
  mdm_sweep_free(sweep);
  mdm_config_free(cfg);
  return status;
}

const command sweep_command = {
    .name = "sweep",
    .input = "CONFIG",
    .output = "FILE.h5",
    .summary = "limit and networks over a grid of options: best learning rate, its drift with N; goes on from FILE.h5",
    .example = "moedmft sweep - -o rates.h5 --over train.lr=log:0.1:3.2:6",
    .needs = BIT(OUTPUT) | BIT(OVER),
    .takes = TRAINING_OPTIONS | BIT(NO_LIMIT) | BIT(MEASURE) | BIT(REFINE) | BIT(STRICT),
    .run = run,
};
