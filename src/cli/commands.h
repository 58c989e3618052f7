/* The table of commands. */
#ifndef MOEDMFT_CLI_COMMANDS_H
#define MOEDMFT_CLI_COMMANDS_H

#include <stddef.h>

#include "cli/command.h"

enum { COMMANDS_MAX = 32 }; /* sets of commands are bits of an unsigned */

/* All commands, in the order of --help; *n receives how many. */
const command *const *commands_all(size_t *n);
/* NULL when there is none of this name. */
const command *commands_find(const char *name);
/* The names of a set of commands (bit i: the i-th of commands_all) as text: "a, b and c" where last is " and ". */
void commands_list(unsigned set, const char *last, char *out, size_t size);
/* The set of commands that take an option. */
unsigned commands_with(option_id option);

/* Set of the options that a command takes: those it needs, may take, and --help and --version. */
option_set command_options(const command *c);
/* The shortest complete line, "moedmft solve CONFIG -o FILE.h5"; into out, cut at size. */
void command_usage(const command *c, char *out, size_t size);

#endif
