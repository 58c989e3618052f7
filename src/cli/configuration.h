/* The configuration that a command line names. */
#ifndef MOEDMFT_CLI_CONFIGURATION_H
#define MOEDMFT_CLI_CONFIGURATION_H

#include <moedmft/config.h>
#include <moedmft/error.h>

#include "cli/arguments.h"

/* The options of every command that reads a configuration with it. */
#define CONFIGURATION_OPTIONS (BIT(SET) | BIT(SEED))

/* The file a->input (-: none), then --set in order, then --seed and --sweeps; what is wrong anywhere is told at once, and then what has no
 * effect, on the grid of --over if there is one. *cfg is the caller's to free, also after a failure. */
int configuration_read(const arguments *a, mdm_config **cfg, mdm_error *err);

#endif
