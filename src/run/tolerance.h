/* What solve.tolerance costs in accuracy (mdm_tolerance_bias, moedmft/run.h). */
#ifndef MOEDMFT_TOLERANCE_H
#define MOEDMFT_TOLERANCE_H

#include <moedmft/config.h>
#include <moedmft/monitor.h>

/* Tells the caller, if there is one, when the tolerance is so large that it shows. */
void mdm_announce_tolerance(const mdm_config *cfg, const mdm_monitor *monitor);

#endif
