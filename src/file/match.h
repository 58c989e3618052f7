/* Whether a file and the work that is to go into it belong together; what does not is named, with what to do. */
#ifndef MOEDMFT_FILE_MATCH_H
#define MOEDMFT_FILE_MATCH_H

#include <moedmft/config.h>
#include <moedmft/data.h>

#include "file/internal.h"

#define MDM_INSTEAD "choose another -o, or replace it with --force" /* the end of every refusal */

/* The file was left as moedmft wrote it. MDM_ERR_IO: it has no checksum, so another program has changed it. */
int mdm_match_seal(const mdm_file *file, mdm_error *err);
/* The same program: version, commit, whether sources differed from it, compiler, and BLAS with its kernel. MDM_ERR_CONFIG names the
 * first that differs, as do the others below. */
int mdm_match_program(mdm_file *file, mdm_error *err);
/* The program now, as text, one part a line; and whether a text from elsewhere (file: its name) is that of the same. */
char *mdm_program_text(void); /* malloc'd; NULL: out of memory */
int mdm_match_program_text(const char *file, const char *text, mdm_error *err);
/* The same value of every option for which compared(context, key) holds (NULL: of every option). path and kind ("run", "sweep") are for
 * messages. */
int mdm_match_options(const char *path, const char *kind, const mdm_config *then, const mdm_config *now, int (*compared)(const void *context, const char *key),
                      const void *context, mdm_error *err);
/* The same samples as those below /data. */
int mdm_match_data(mdm_file *file, const mdm_data *data, mdm_error *err);

/* The configuration that the file holds. */
int mdm_file_config(mdm_file *file, mdm_config **out, mdm_error *err);

#endif
