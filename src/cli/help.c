/* --help, COMMAND --help and --version. Completion and the tests of the manual page read these texts: a command is a line
 * "  moedmft NAME …" below "usage:", an option a line "  -x, --name ARGUMENT" or "      --name ARGUMENT" below "options:". */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include <moedmft/cluster.h>
#include <moedmft/error.h>
#include <moedmft/version.h>

#include "cli/commands.h"

enum { COLUMN = 24, LINE = 120, USAGE_SIZE = 200 };
static const char config_note[] = "CONFIG is a YAML file, or - for the defaults; `moedmft options` lists its keys.";

/* Text in lines of at most LINE characters that begin at COLUMN; the cursor stands at `at`. */
static void print_wrapped(const char *text, int at) {
  if (at > COLUMN - 2) printf("\n"), at = 0;
  printf("%*s", COLUMN - at, "");
  at = COLUMN;
  while (*text) {
    int n = (int)strcspn(text, " ");
    if (at > COLUMN && at + 1 + n > LINE) printf("\n%*s", COLUMN, ""), at = COLUMN;
    else if (at > COLUMN) printf(" "), at++;
    printf("%.*s", n, text);
    at += n;
    text += n + (text[n] == ' ');
  }
  printf("\n");
}

/* One option, after the commands that it goes with, if `commands` names some. */
static void print_option(option_id id, int with_argument, const char *commands) {
  const command_option *o = option_of(id);
  char text[600];
  int at = o->letter ? printf("  -%c, --%s", o->letter, o->name) : printf("      --%s", o->name);
  if (o->argument && with_argument) at += printf(" %s", o->argument);
  snprintf(text, sizeof text, "%s%s%s", commands, *commands ? ": " : "", o->help);
  print_wrapped(text, at);
}

static void print_commands(void) {
  size_t n;
  const command *const *all = commands_all(&n);
  char usage[COMMANDS_MAX][USAGE_SIZE];
  int width = 0;
  for (size_t i = 0; i < n; i++) {
    command_usage(all[i], usage[i], sizeof usage[i]);
    if ((int)strlen(usage[i]) > width) width = (int)strlen(usage[i]);
  }
  for (size_t i = 0; i < n; i++) printf("  %-*s  %s\n", width, usage[i], all[i]->summary);
}

static int count(unsigned set) {
  int n = 0;
  for (; set; set &= set - 1) n++;
  return n;
}

void help_print(void) {
  size_t all;
  printf("moedmft %s: limiting training dynamics of mixture-of-experts networks (DMFT)\n\nusage:\n", mdm_version());
  print_commands();
  printf("\n%s\n`moedmft COMMAND --help` shows the options that a command takes.\n\noptions:\n", config_note);
  commands_all(&all);
  for (int id = 0; id < OPTIONS; id++) {
    char commands[400] = "";
    unsigned set = commands_with(id);
    if (2 * count(set) < (int)all) commands_list(set, ", ", commands, sizeof commands); /* few enough to be named */
    print_option(id, 1, commands);
  }
  printf("\nexit status:\n");
  for (int s = 0; s <= MDM_INTERRUPTED; s++)
    if (strcmp(mdm_status_name(s), "unknown status")) printf("  %-4d %s\n", s, mdm_status_name(s));
}

void help_print_command(const command *c) {
  char usage[USAGE_SIZE];
  command_usage(c, usage, sizeof usage);
  printf("moedmft %s: %s\n\nusage:\n  %s%s\n", c->name, c->summary, usage, c->takes ? " [options]" : "");
  if (c->input && !strcmp(c->input, "CONFIG")) printf("\n%s\n", config_note);
  printf("\noptions:\n");
  for (int id = 0; id < OPTIONS; id++)
    if (command_options(c) >> id & 1) print_option(id, !(c->bare >> id & 1), "");
  printf("\nexample:\n  %s\n", c->example);
}

void help_print_version(void) {
  printf("moedmft %s\ncommit %s%s\nsources %s\ncompiler %s\nBLAS %s\nMPI %s\n", mdm_version(), mdm_commit(), mdm_dirty() ? " (modified)" : "", mdm_sources(), mdm_compiler(), mdm_blas(), mdm_cluster_library());
}
