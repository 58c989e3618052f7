/* Whether the file can be written that a command line names. */
#ifndef MOEDMFT_CLI_OUTPUT_H
#define MOEDMFT_CLI_OUTPUT_H

#include <moedmft/config.h>
#include <moedmft/error.h>

#include "cli/arguments.h"

/* MDM_ERR_IO where the folder that path is in does not exist, with the command that makes it. */
int output_check_folder(const char *path, mdm_error *err);
/* The output must not replace what the run reads, and its folder must be writable before hours of work go into it. Catches signals
 * from then on. MDM_ERR_IO; MDM_INTERRUPTED: one came meanwhile. */
int output_check(const arguments *a, const mdm_config *cfg, mdm_error *err);

#endif
