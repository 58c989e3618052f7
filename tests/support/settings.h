/* Configurations from words. */
#ifndef MOEDMFT_TESTS_SETTINGS_H
#define MOEDMFT_TESTS_SETTINGS_H

#include <moedmft/config.h>

/* The defaults changed by words "key=value", separated by blanks. "=@NAME" stands for "=" and the path of NAME in the test's
 * folder. The test ends at a word that is refused. */
mdm_config *configure(const char *settings);

/* The same with ';' between the words, so that values may contain blanks. */
mdm_config *configure_values(const char *settings);

/* The same as configure, but returns the status of the first word that is refused. *cfg is to be freed in any case. */
int try_configure(const char *settings, mdm_config **cfg, mdm_error *err);

#endif
