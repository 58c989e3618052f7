/* Widths of networks in ascending order, each with its number of seeds. */
#include "config/networks.h"

#include <gsl/gsl_sort_long.h>
#include <stdlib.h>

#include "base/memory.h"

static int allocate(mdm_networks *out, size_t n) {
  out->widths = n;
  out->width = mdm_alloc(n, 1, 1, sizeof *out->width);
  out->seeds = mdm_alloc(n, 1, 1, sizeof *out->seeds);
  return out->width && out->seeds;
}

int mdm_networks_read(const mdm_config *cfg, mdm_networks *out, mdm_error *err) {
  size_t n, m;
  const long *widths = mdm_config_int_list(cfg, "simulate.widths", &n), *seeds = mdm_config_int_list(cfg, "simulate.seeds", &m);
  *out = (mdm_networks){0};
  if (!n || (m != 1 && m != n))
    return mdm_fail(err, MDM_ERR_CONFIG, "simulate.seeds has %zu numbers for %zu widths in simulate.widths; give one, or one for each", m, n);
  size_t *order = mdm_alloc(n, 1, 1, sizeof *order); /* n: of the widths */
  int status = allocate(out, n) && order ? MDM_OK : mdm_no_memory(err, "%zu widths", n);
  if (!status) gsl_sort_long_index(order, widths, 1, n);
  for (size_t i = 0; i < n && !status; i++) {
    out->width[i] = widths[order[i]];
    out->seeds[i] = (size_t)seeds[m == 1 ? 0 : order[i]];
    if (i && out->width[i] == out->width[i - 1]) status = mdm_fail(err, MDM_ERR_CONFIG, "simulate.widths names %ld twice", out->width[i]);
  }
  free(order);
  return status;
}

void mdm_networks_clear(mdm_networks *n) {
  free(n->width);
  free(n->seeds);
  *n = (mdm_networks){0};
}

int mdm_networks_require_pairs(const mdm_config *cfg, const char *who, const char *purpose, mdm_error *err) {
  size_t widths, n;
  mdm_config_int_list(cfg, "simulate.widths", &widths);
  const long *seeds = mdm_config_int_list(cfg, "simulate.seeds", &n);
  if (widths < 2) return mdm_fail(err, MDM_ERR_CONFIG, "%s %s: simulate.widths needs at least two, not %zu", who, purpose, widths);
  for (size_t i = 0; i < n; i++)
    if (seeds[i] < 2)
      return mdm_fail(err, MDM_ERR_CONFIG, "%s needs errors over seeds: simulate.seeds must be at least 2, not %ld", who, seeds[i]);
  return MDM_OK;
}
