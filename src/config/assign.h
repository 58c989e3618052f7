/* Options of a configuration that the program itself chooses. */
#ifndef MOEDMFT_ASSIGN_H
#define MOEDMFT_ASSIGN_H

#include <stddef.h>
#include <moedmft/config.h>

/* key=value, as mdm_config_set takes it, with its errors; key and value have less than 200 characters together. */
int mdm_config_assign(mdm_config *cfg, const char *key, const char *value, mdm_error *err);
int mdm_config_assign_count(mdm_config *cfg, const char *key, size_t value, mdm_error *err);
/* n assignments "key=value", up to the first that fails. */
int mdm_config_assign_all(mdm_config *cfg, const char *const *assignment, size_t n, mdm_error *err);

#endif
