/* One ensemble of everything that a configuration asks for: planned, executed, collected. */
#ifndef MOEDMFT_RUN_ENSEMBLES_H
#define MOEDMFT_RUN_ENSEMBLES_H

#include <moedmft/run.h>

/* As mdm_run, with so many replicas of the limit instead of the configuration's (0: those), and nothing chosen or announced.
 * what: MDM_RUN_*, with MDM_RUN_PILOT (run/plan.h) for the causal pass alone. */
int mdm_ensembles_run(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err);

#endif
