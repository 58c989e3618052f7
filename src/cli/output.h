/* Whether the file can be written that a command line names. */
#ifndef MOEDMFT_CLI_OUTPUT_H
#define MOEDMFT_CLI_OUTPUT_H

#include <moedmft/config.h>
#include <moedmft/error.h>
#include <moedmft/file.h>

#include "cli/arguments.h"

/* MDM_ERR_IO where the folder that path is in does not exist, with the command that makes it. */
int output_check_folder(const char *path, mdm_error *err);
/* Claims the output for this process (the caller releases *lock, also after a failure). It must not replace what the run reads, and its
 * folder must be writable before hours of work go into it. Catches signals from then on. MDM_ERR_IO; MDM_INTERRUPTED: one came
 * meanwhile. */
int output_claim(const arguments *a, const mdm_config *cfg, mdm_lock **lock, mdm_error *err);
/* Whether two names stand for one file. */
int output_same_file(const char *a, const char *b);
/* Says that the output holds everything already, unless a is quiet. */
void output_report_done(const arguments *a);
/* Says, unless a is quiet, that runs in progress are taken up, if there are any in the checkpoint beside path; checkpoint may be NULL. */
void output_report_progress(const arguments *a, const char *path, const mdm_checkpoint *checkpoint);

#endif
