/* What the commands that train share: from the configuration to the file. */
#ifndef MOEDMFT_CLI_TRAINING_H
#define MOEDMFT_CLI_TRAINING_H

#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/error.h>
#include <moedmft/run.h>

#include "cli/arguments.h"
#include "cli/configuration.h"

/* The options of every command that trains. */
#define TRAINING_OPTIONS (CONFIGURATION_OPTIONS | BIT(THREADS) | BIT(FORCE) | BIT(QUIET))

/* One command's training. A step that is NULL is left out. */
typedef struct training {
  int what; /* MDM_RUN_* */
  int (*prepare)(const arguments *a, mdm_config *cfg, int *what, mdm_error *err); /* once the configuration is read; may change both */
  int (*fit)(const mdm_config *cfg, mdm_outcome *o, mdm_error *err);              /* of a run that came to its end, before it is written */
  int (*report)(const arguments *a, const mdm_outcome *o, mdm_error *err);        /* the same, once it is written */
} training;

/* Where the data come from, and what is worth a word about them, on standard error; nothing with --quiet. */
void training_announce(const arguments *a, const mdm_data *data);

/* Trains what t->what says, the limit and networks as one comparison, and writes a->output; progress and a summary on standard error.
 * Goes on from the complete runs that the file holds; a file that holds everything is reported about, and left as it is. Status of the
 * first step that failed; MDM_ERR_DIVERGED and MDM_INTERRUPTED: the file holds what was computed, if that is anything, but complete
 * results stay. */
int training_run(const arguments *a, const training *t, mdm_error *err);

#endif
