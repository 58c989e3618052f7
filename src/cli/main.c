/* The program `moedmft`. The commands stand in files of their own (commands.c lists them), the options in arguments.c; all work is
 * done by the library.
 *
 * Exit status: 0 success; otherwise the status of include/moedmft/error.h, with one line on standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <moedmft/cluster.h>
#include <moedmft/error.h>

#include "cli/arguments.h"
#include "cli/check.h"
#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/help.h"

/* Standard output may be a full disk. */
static int check_stdout(mdm_error *err) {
  if (!ferror(stdout) && !fflush(stdout)) return MDM_OK;
  return mdm_fail(err, MDM_ERR_IO, "cannot write to standard output: %s", errno ? strerror(errno) : "write error");
}

/* One line: names of files may hold anything, and no message may move the cursor. */
static void print_error(int status, mdm_error *err) {
  const char *name = mdm_status_name(status);
  for (char *c = err->text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = '?';
  if (strncmp(err->text, name, strlen(name)))
    fprintf(stderr, "moedmft: %s: %s\n", name, err->text);
  else
    fprintf(stderr, "moedmft: %s\n", err->text); /* the text says it itself */
}

/* About the command that stands beside --help, or about all. */
static int print_help(const arguments *a, mdm_error *err) {
  const command *c = NULL;
  int status = a->command ? check_command(a, &c, err) : MDM_OK;
  if (c) help_print_command(c);
  else if (!status) help_print();
  return status;
}

static int run_command(const arguments *a, mdm_error *err) {
  const command *c;
  int status = check_command(a, &c, err);
  if (!status) status = check_arguments(a, c, err);
  if (!status) status = check_ranks(c, err);
  return status ? status : c->run(a, err);
}

/* Rank 0, or a program alone. */
static int lead(int argc, char **argv) {
  arguments a;
  mdm_error err = {0};
  int status = arguments_read(argc, argv, &a, &err);
  if (!status && a.version) help_print_version();
  else if (!status) status = a.help ? print_help(&a, &err) : run_command(&a, &err);
  if (!status) status = check_stdout(&err);
  if (status) print_error(status, &err);
  arguments_free(&a);
  return status;
}

int main(int argc, char **argv) {
  mdm_error err = {0};
  int status = mdm_cluster_join(&err);
  if (status && mdm_cluster_rank() > 0) return 0; /* one of the copies speaks for all: who fails first ends the others */
  if (status) print_error(status, &err);
  if (status || cluster_served(&status)) return status;
  status = lead(argc, argv);
  mdm_cluster_leave(status);
  return status;
}
