/* A command line against the command that it names. */
#ifndef MOEDMFT_CLI_CHECK_H
#define MOEDMFT_CLI_CHECK_H

#include <moedmft/error.h>

#include "cli/command.h"

/* The command that a names. MDM_ERR_USAGE: none, or no such command; err lists them. */
int check_command(const arguments *a, const command **out, mdm_error *err);
/* Files and options of a are those that c takes, and all that it needs. MDM_ERR_USAGE says what is missing, or what an option that c
 * does not take goes with. */
int check_arguments(const arguments *a, const command *c, mdm_error *err);
/* MDM_ERR_USAGE where there are several ranks, and c has no runs that they could share. */
int check_ranks(const command *c, mdm_error *err);

#endif
