/* Which networks a configuration asks for: simulate.widths, and how many of each (simulate.seeds). */
#ifndef MOEDMFT_NETWORKS_H
#define MOEDMFT_NETWORKS_H

#include <moedmft/config.h>
#include <stddef.h>

typedef struct mdm_networks {
  size_t widths;
  long *width;   /* widths: N, ascending */
  size_t *seeds; /* widths: networks of each */
} mdm_networks;

/* Reads both lists. MDM_ERR_CONFIG: seeds that are neither one number nor one for each width, or a width named twice. Whatever it
 * returns, release with mdm_networks_clear. */
int mdm_networks_read(const mdm_config *cfg, mdm_networks *out, mdm_error *err);
void mdm_networks_clear(mdm_networks *n);

/* For what fits trends over widths and takes errors from seeds: MDM_ERR_CONFIG unless there are two widths, and two seeds of each.
 * who ("coordcheck") and purpose ("fits exponents over widths") begin the messages. */
int mdm_networks_require_pairs(const mdm_config *cfg, const char *who, const char *purpose, mdm_error *err);

#endif
