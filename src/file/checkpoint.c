/* The checkpoint of an output file (moedmft/file.h): whose runs its folder holds, before any of them is gone on with. In front of each of its files
 * stands the same text: the program, one part a line; command and samples, a line each; the configuration. */
#include <moedmft/file.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "config/grid.h"
#include "config/internal.h"
#include "config/networks.h"
#include "file/match.h"
#include "run/checkpoint.h"
#include "study/sweep_internal.h"

#define SUFFIX ".checkpoint"

/* FILE.checkpoint, from the root where that is known, as other ranks may stand elsewhere; malloc'd. */
static char *folder_of(const char *path) {
  char here[4096] = "", *target = mdm_temp_target(path);
  if (target && *target != '/' && !getcwd(here, sizeof here)) *here = '\0';
  size_t size = strlen(here) + (target ? strlen(target) : 0) + sizeof SUFFIX + 1;
  char *folder = target ? malloc(size) : NULL;
  if (folder) snprintf(folder, size, "%s%s%s" SUFFIX, here, *here ? "/" : "", target);
  free(target);
  return folder;
}

static uLong sum(uLong crc, size_t n, const double *values) { return crc32_z(crc, (const Bytef *)values, n * sizeof *values); }

/* CRC-32 of the samples, "-" where there are none. */
static void describe_samples(const mdm_data *d, char out[16]) {
  snprintf(out, 16, "-");
  if (!d) return;
  uLong crc = sum(mdm_samples_crc(&d->train, d->dimension, crc32(0, NULL, 0)), d->train.count * d->outputs, d->train.y);
  crc = sum(mdm_samples_crc(&d->test, d->dimension, crc), d->test.count * d->outputs, d->test.y);
  snprintf(out, 16, "%08lx", crc);
}

static char *describe(const mdm_config *cfg, const mdm_data *data, const char *command) {
  char samples[16], *program = mdm_program_text(), *yaml = mdm_config_to_yaml(cfg);
  describe_samples(data, samples);
  size_t size = (program ? strlen(program) : 0) + strlen(command) + sizeof samples + (yaml ? strlen(yaml) : 0) + 4;
  char *text = program && yaml ? malloc(size) : NULL;
  if (text) snprintf(text, size, "%s%s\n%s\n%s", program, command, samples, yaml);
  free(program);
  free(yaml);
  return text;
}

/* The lines of such a text behind the program. */
static const char *behind_program(const char *text) {
  for (int line = 0; line < 6 && *text; line++) text += strcspn(text, "\n"), text += *text != '\0';
  return text;
}

/* ---------------------------------------------------------------- whether it fits */

typedef struct {
  mdm_checkpoint *c;
  const mdm_config *cfg;
  const mdm_data *data;
  const char *command;
  const mdm_sweep *over; /* NULL: no sweep */
  char *matched;         /* the last text that fits */
} request;

/* As for output files; what a run does not depend on may change. */
static int is_compared(const void *context, const char *key) {
  static const char *const others[] = {"simulate.widths", "simulate.seeds", "simulate.depths", "solve.replicas", "solve.accuracy", "solve.depths", "solve.bias_check",
                                       "output.every_seed", "output.checkpoint"};
  const request *r = context;
  size_t n;
  if (mdm_option_is_path(&mdm_options(&n)[mdm_option_find(key)])) return 0;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!strcmp(key, others[i])) return 0;
  return !r->over || mdm_grid_find(&r->over->grid, key) < 0;
}

/* Whether a command computes the runs of another, whose options agree: compare does those of solve and of simulate. */
static int computes(const char *command, const char *other, size_t length) {
  static const char *const parts[] = {"solve", "simulate"};
  int same = strlen(command) == length && !strncmp(command, other, length);
  for (size_t i = 0; i < sizeof parts / sizeof *parts && !strcmp(command, "compare"); i++)
    same |= strlen(parts[i]) == length && !strncmp(parts[i], other, length);
  return same;
}

/* What a run is, without the options: command and samples. */
static int match_lines(const request *r, const char *path, const char *lines, mdm_error *err) {
  char now[16];
  size_t command = strcspn(lines, "\n");
  describe_samples(r->data, now);
  if (!computes(r->command, lines, command))
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds runs of moedmft %.*s, not of %s; " MDM_INSTEAD, path, (int)command, lines, r->command);
  lines += command + (lines[command] != '\0');
  if (strncmp(lines, now, strlen(now)) || lines[strlen(now)] != '\n')
    return mdm_fail(err, MDM_ERR_CONFIG, "%s holds runs on other samples (data.*); " MDM_INSTEAD, path);
  return MDM_OK;
}

static int match(const request *r, const char *text, mdm_error *err) {
  const char *folder = r->c->folder, *lines = behind_program(text), *yaml = lines;
  mdm_config *then = NULL;
  int status = mdm_match_program_text(folder, text, err);
  for (int i = 0; i < 2; i++) yaml += strcspn(yaml, "\n"), yaml += *yaml != '\0';
  if (!status) status = mdm_config_create(&then, err);
  if (!status) status = mdm_config_load_text(then, folder, yaml, err);
  if (!status) status = mdm_match_options(folder, "run in progress", then, r->cfg, is_compared, r, err);
  if (!status) status = match_lines(r, folder, lines, err);
  mdm_config_free(then);
  return status;
}

static int look(void *context, const char *path, mdm_error *err) {
  request *r = context;
  char *text;
  int status = mdm_checkpoint_about(path, &text, err);
  if (status) return status;
  if (!r->matched || strcmp(r->matched, text)) status = match(r, text, err);
  free(r->matched);
  r->matched = text;
  r->c->runs++;
  return status;
}

/* ---------------------------------------------------------------- life and death */

int mdm_checkpoint_open(const char *path, const mdm_config *cfg, const mdm_data *data, const char *command, const mdm_sweep *over, mdm_checkpoint **out,
                        mdm_error *err) {
  char *folder = folder_of(path), *about = describe(cfg, data, command);
  *out = NULL;
  int status = folder && about ? mdm_checkpoint_create(folder, about, 60 * mdm_config_real(cfg, "output.checkpoint"), out, err)
                               : mdm_no_memory(err, "the checkpoint of %s", path);
  request r = {*out, cfg, data, command, over, NULL};
  if (!status) status = mdm_checkpoint_each(folder, look, &r, err);
  free(r.matched);
  free(folder);
  free(about);
  if (status) mdm_checkpoint_free(*out), *out = NULL;
  return status;
}

size_t mdm_checkpoint_runs(const mdm_checkpoint *c) { return c ? c->runs : 0; }
void mdm_checkpoint_close(mdm_checkpoint *c) { mdm_checkpoint_free(c); }

void mdm_checkpoint_discard(const char *path) {
  char *folder = folder_of(path);
  if (folder) mdm_checkpoint_remove(folder);
  free(folder);
}

static int count(void *context, const char *path, mdm_error *err) {
  (void)path, (void)err;
  ++*(int *)context;
  return MDM_OK;
}

int mdm_checkpoint_is_there(const char *path) {
  char *folder = folder_of(path);
  mdm_error ignored;
  int n = 0;
  if (folder) mdm_checkpoint_each(folder, count, &n, &ignored);
  free(folder);
  return n > 0;
}

/* ---------------------------------------------------------------- the end */

typedef struct {
  size_t replicas; /* asked for */
  mdm_networks networks;
} covered;

/* Whether a run with that file is among those asked for; what sweeps of the limit left is. */
static int is_covered(const covered *c, const char *path) {
  const char *name = strrchr(path, '/') + 1, *label = strchr(name, '-');
  unsigned index;
  long width;
  if (label && sscanf(label, "-limit-%u-", &index) == 1) return index < c->replicas;
  if (!label || sscanf(label, "-N%ld-%u-", &width, &index) != 2) return c->replicas > 0;
  for (size_t w = 0; w < c->networks.widths; w++)
    if (c->networks.width[w] == width) return index < c->networks.seeds[w];
  return 0;
}

static int remove_covered(void *context, const char *path, mdm_error *err) {
  (void)err;
  if (is_covered(context, path)) unlink(path);
  return MDM_OK;
}

int mdm_sweep_settle(mdm_sweep *s, const char *path, mdm_error *err) {
  mdm_checkpoint *c = NULL;
  char *folder = folder_of(path);
  int there = mdm_checkpoint_is_there(path), status = folder ? MDM_OK : mdm_no_memory(err, "the checkpoint of %s", path);
  if (!status && there) status = mdm_checkpoint_create(folder, "", 0, &c, err);
  if (!status && there) status = mdm_sweep_forget(s, c, err);
  if (folder) rmdir(folder); /* if it is empty */
  mdm_checkpoint_free(c);
  free(folder);
  return status;
}

void mdm_checkpoint_settle(const char *path, const mdm_config *cfg, int what) {
  char *folder = folder_of(path);
  covered c = {0};
  mdm_error ignored;
  if (what & MDM_RUN_LIMIT) c.replicas = mdm_config_real(cfg, "solve.accuracy") > 0 ? SIZE_MAX : (size_t)mdm_config_int(cfg, "solve.replicas");
  int status = what & MDM_RUN_NETWORKS ? mdm_networks_read(cfg, &c.networks, &ignored) : MDM_OK;
  if (folder && !status) mdm_checkpoint_each(folder, remove_covered, &c, &ignored);
  if (folder) rmdir(folder);
  mdm_networks_clear(&c.networks);
  free(folder);
}
