/* What a command is. Each has a file of its own, which defines NAME_command, and a line in the table of commands.c. */
#ifndef MOEDMFT_CLI_COMMAND_H
#define MOEDMFT_CLI_COMMAND_H

#include <moedmft/error.h>

#include "cli/arguments.h"

typedef struct command {
  const char *name;
  const char *input;   /* the file that it reads, as in the usage line: CONFIG or FILE.h5; NULL: none */
  const char *output;  /* the file that it writes, as after -o in the usage line: FILE.ending or FILE.ending|ending; NULL: none */
  const char *summary; /* one line of --help */
  const char *example; /* a command line that works as it stands, after the examples of the commands before it in the table */
  option_set needs;    /* the options (BIT) that must be given */
  option_set takes;    /* the options that may be given besides; --help and --version always may */
  option_set bare;       /* those whose optional list this command does not take */
  int (*run)(const arguments *a, mdm_error *err); /* the work; a fits what is declared above */
} command;

#endif
