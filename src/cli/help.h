/* What the program says about itself, on standard output. */
#ifndef MOEDMFT_CLI_HELP_H
#define MOEDMFT_CLI_HELP_H

#include "cli/command.h"

/* Every command, every option and every exit status. */
void help_print(void);
/* Usage, summary, and the options that c takes. */
void help_print_command(const command *c);
/* Version, commit, compiler, libraries. */
void help_print_version(void);

#endif
