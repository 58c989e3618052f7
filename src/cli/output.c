/* Whether the file can be written that a command line names. */
#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/signals.h"

int output_same_file(const char *a, const char *b) {
  struct stat x, y;
  return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int output_check_folder(const char *path, mdm_error *err) {
  struct stat s;
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) : 0;
  char folder[4096];
  if (length < 1 || length >= (int)sizeof folder) return MDM_OK;
  snprintf(folder, sizeof folder, "%.*s", length, path);
  if (!stat(folder, &s) || errno != ENOENT) return MDM_OK;
  return mdm_fail(err, MDM_ERR_IO, "cannot write %s: the folder %s does not exist; make it (mkdir -p %s), or choose another -o", path, folder, folder);
}

/* Makes and removes the temporary file; a signal in between has to wait. */
static int probe(const char *path, mdm_error *err) {
  mdm_file *file;
  signals_catch(0);
  int status = mdm_file_create(path, &file, err);
  if (!status) mdm_file_discard(file);
  signals_catch(1);
  if (!status && *signals_stop())
    status = mdm_fail(err, MDM_INTERRUPTED, "stopped before the first step of any run; no file was written");
  return status;
}

int output_claim(const arguments *a, const mdm_config *cfg, mdm_lock **lock, mdm_error *err) {
  *lock = NULL;
  size_t n;
  const mdm_option *o = mdm_options(&n);
  if (strcmp(a->input, "-") && output_same_file(a->output, a->input))
    return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it is the configuration of this run; choose another -o", a->output);
  for (size_t i = 0; i < n; i++)
    if (mdm_option_is_path(&o[i]) && output_same_file(a->output, mdm_config_text(cfg, o[i].key)))
      return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it is the %s of this run; choose another -o", a->output, o[i].key);
  signals_catch(0); /* nothing may end us between the lock and its file */
  int status = output_check_folder(a->output, err);
  if (!status) status = mdm_lock_take(a->output, lock, err);
  return status ? status : probe(a->output, err);
}

void output_report_done(const arguments *a) {
  if (!a->quiet) fprintf(stderr, "moedmft: already complete: %s; nothing to do\n", a->output);
}

void output_report_progress(const arguments *a, const char *path, const mdm_checkpoint *checkpoint) {
  size_t runs = mdm_checkpoint_runs(checkpoint);
  if (runs && !a->quiet) fprintf(stderr, "moedmft: going on from %s.checkpoint, which holds %zu run%s\n", path, runs, MDM_S(runs));
}
