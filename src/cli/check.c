/* A command line against the command that it names. */
#include "cli/check.h"

#include <moedmft/cluster.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/words.h"

enum { LIST_SIZE = 400, USAGE_SIZE = 200 };

int check_command(const arguments *a, const command **out, mdm_error *err) {
  char list[LIST_SIZE];
  *out = a->command ? commands_find(a->command) : NULL;
  if (*out) return MDM_OK;
  commands_list(~0u, a->command ? ", " : " or ", list, sizeof list);
  if (!a->command) return mdm_fail(err, MDM_ERR_USAGE, "a command is missing: %s; see moedmft --help", list);
  return mdm_fail(err, MDM_ERR_USAGE, "unknown command '%s'; allowed: %s", a->command, list);
}

/* The lists that c takes after options that were given: a word that was meant to be in one counts as a file. */
static void remark_on_lists(const arguments *a, const command *c, char *out, size_t size) {
  char words[LIST_SIZE];
  size_t used = 0;
  *out = '\0';
  for (int id = 0; id < OPTIONS && used < size; id++)
    if (option_takes(id) == MAY_TAKE_LIST && a->given & c->takes & ~c->bare & (option_set)1 << id) {
      option_allowed(id, " or ", words, sizeof words);
      used += (size_t)snprintf(out + used, size - used, "; --%s takes %s", option_of(id)->name, words);
    }
}

static int check_files(const arguments *a, const command *c, const char *usage, mdm_error *err) {
  char lists[LIST_SIZE];
  if (a->files == (c->input != NULL)) return MDM_OK;
  remark_on_lists(a, c, lists, sizeof lists);
  return mdm_fail(err, MDM_ERR_USAGE, "%s takes %s; usage: %s%s", c->name, c->input ? "one file" : "no file", usage, lists);
}

/* Names the options that stand beside it in the table and go with the same commands, too: they belong together. */
static int refuse_option(option_id id, mdm_error *err) {
  const char *names[OPTIONS];
  char dashed[OPTIONS][32], these[LIST_SIZE], with[LIST_SIZE];
  unsigned commands = commands_with(id);
  int first = id, n = 0;
  while (first > 0 && commands_with(first - 1) == commands) first--;
  for (int i = first; i < OPTIONS && commands_with(i) == commands; i++, n++) {
    snprintf(dashed[n], sizeof dashed[n], "--%s", option_of(i)->name);
    names[n] = dashed[n];
  }
  words_join(names, (size_t)n, " and ", these, sizeof these);
  commands_list(commands, " and ", with, sizeof with);
  return mdm_fail(err, MDM_ERR_USAGE, "%s %s with %s", these, n > 1 ? "go" : "goes", with);
}

static int check_taken(const arguments *a, const command *c, const char *usage, mdm_error *err) {
  option_set wrong = a->given & ~command_options(c);
  if (wrong & BIT(OUTPUT)) return mdm_fail(err, MDM_ERR_USAGE, "%s writes no file; usage: %s", c->name, usage);
  for (int id = 0; id < OPTIONS; id++)
    if (wrong >> id & 1) return refuse_option(id, err);
  return MDM_OK;
}

static int check_needed(const arguments *a, const command *c, const char *usage, mdm_error *err) {
  char option[80];
  for (int id = 0; id < OPTIONS; id++) {
    if (!(c->needs & ~a->given & (option_set)1 << id)) continue;
    option_example(id, NULL, option, sizeof option);
    return mdm_fail(err, MDM_ERR_USAGE, "%s needs %s; usage: %s; for example: %s", c->name, option, usage, c->example);
  }
  return MDM_OK;
}

static int check_lists(const arguments *a, const command *c, mdm_error *err) {
  char words[LIST_SIZE];
  for (int id = 0; id < OPTIONS; id++) {
    const char *name = option_of(id)->name, *list = option_takes(id) == MAY_TAKE_LIST ? arguments_text(a, id) : NULL;
    if (!list) continue;
    if (c->bare >> id & 1) return mdm_fail(err, MDM_ERR_USAGE, "%s: --%s takes no list, not '%s'", c->name, name, list);
    option_allowed(id, " and ", words, sizeof words);
    if (!option_list(id, list)) return mdm_fail(err, MDM_ERR_USAGE, "--%s=%s: allowed are %s", name, list, words);
  }
  return MDM_OK;
}

int check_arguments(const arguments *a, const command *c, mdm_error *err) {
  char usage[USAGE_SIZE];
  command_usage(c, usage, sizeof usage);
  int status = check_files(a, c, usage, err);
  if (!status) status = check_taken(a, c, usage, err);
  if (!status) status = check_needed(a, c, usage, err);
  return status ? status : check_lists(a, c, err);
}

int check_ranks(const command *c, mdm_error *err) {
  char shared[LIST_SIZE];
  if (mdm_cluster_ranks() == 1 || command_options(c) & BIT(FORCE)) return MDM_OK; /* who may start a file anew has runs */
  commands_list(commands_with(OPTION_FORCE), " and ", shared, sizeof shared);
  return mdm_fail(err, MDM_ERR_USAGE, "%s has no runs that %d ranks could share; start it without mpirun; several ranks go with %s", c->name, mdm_cluster_ranks(), shared);
}
