/* moedmft rerun: repeats a run from its own file, and compares. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <moedmft/file.h>
#include <moedmft/report.h>
#include <moedmft/rerun.h>

#include "cli/command.h"
#include "cli/memory.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"

/* The new file, if one is asked for: it replaces nothing that is there, and never the file that is repeated. */
static int claim(const arguments *a, const mdm_config *cfg, mdm_lock **lock, mdm_error *err) {
  struct stat x;
  *lock = NULL;
  if (!a->output) return signals_catch(1), MDM_OK;
  int there = !stat(a->output, &x);
  if (there && output_same_file(a->output, a->input))
    return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it is the file whose run is repeated; choose another -o", a->output);
  if (there && x.st_size && !a->force)
    return mdm_fail(err, MDM_ERR_IO, "%s exists; choose another -o, or replace it with --force", a->output);
  return output_claim(a, cfg, lock, err);
}

static void print_notes(const arguments *a, const mdm_rerun *r) {
  const char *line;
  for (size_t i = 0; !a->quiet && (line = mdm_rerun_note(r, i)); i++) fprintf(stderr, "moedmft: %s\n", line);
}

static int check_memory(const arguments *a, mdm_rerun *r, double have, mdm_error *err) {
  const mdm_monitor monitor = {.threads = memory_threads(a->threads)};
  double need = 0;
  int status = mdm_rerun_memory(r, &monitor, &need, err);
  need += memory_held();
  return status ? status : memory_announce(a, a->output ? a->output : a->input, need, have, err);
}

/* Runs are kept beside the new file, or beside that which is repeated. malloc'd. */
static char *kept_beside(const arguments *a) {
  static const char own[] = ".rerun";
  const char *name = a->output ? a->output : a->input;
  char *beside = malloc(strlen(name) + sizeof own);
  if (beside) strcat(strcpy(beside, name), a->output ? "" : own);
  return beside;
}

static int repeat_kept(const arguments *a, mdm_rerun *r, mdm_checkpoint *checkpoint, mdm_error *err) {
  progress line;
  mdm_monitor monitor = {.stop = signals_stop(), .threads = a->threads, .checkpoint = checkpoint};
  if (!a->quiet) monitor.report = progress_report, monitor.message = progress_message, monitor.context = &line;
  progress_start(&line);
  int status = mdm_rerun_run(r, &monitor, a->output, a->line, err);
  if (!a->quiet) progress_end(&line);
  if (!status && a->output && !a->quiet) fprintf(stderr, "moedmft: wrote %s\n", a->output);
  return status;
}

static int repeat(const arguments *a, mdm_rerun *r, mdm_error *err) {
  mdm_checkpoint *checkpoint = NULL;
  char *beside = kept_beside(a);
  int status = beside ? mdm_rerun_checkpoint(r, beside, &checkpoint, err) : mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  print_notes(a, r);
  if (!status) output_report_progress(a, beside, checkpoint);
  if (!status) status = repeat_kept(a, r, checkpoint, err);
  if (beside && status != MDM_INTERRUPTED) mdm_checkpoint_discard(beside);
  mdm_checkpoint_close(checkpoint);
  free(beside);
  return status;
}

static int report(const arguments *a, const mdm_rerun *r, mdm_error *err) {
  char *text;
  int status = mdm_rerun_report(r, &text, err);
  if (text && !a->quiet) fputs(text, stdout);
  free(text);
  return status;
}

static int run(const arguments *a, mdm_error *err) {
  mdm_rerun *r = NULL;
  mdm_lock *lock = NULL;
  double have = memory_claim();
  signals_ignore();
  if (a->force && !a->output) return mdm_fail(err, MDM_ERR_USAGE, "rerun: --force replaces the file after -o, and there is none");
  int status = mdm_rerun_open(a->input, a->set.word, a->set.count, &r, err);
  if (!status) status = claim(a, mdm_rerun_config(r), &lock, err);
  if (!status) status = check_memory(a, r, have, err);
  if (!status) status = repeat(a, r, err);
  if (!status) status = report(a, r, err);
  mdm_lock_release(lock);
  mdm_rerun_free(r);
  return status;
}

const command rerun_command = {
    .name = "rerun",
    .input = "FILE.h5",
    .output = "FILE.h5",
    .summary = "repeat the run of a file from the file alone; are the numbers the same?",
    .example = "moedmft rerun cosine.h5",
    .takes = BIT(OUTPUT) | BIT(SET) | BIT(THREADS) | BIT(FORCE) | BIT(QUIET),
    .run = run,
};
