/* Sampled populations that are too small for the directions that fields visit. */
#ifndef MOEDMFT_SATURATION_H
#define MOEDMFT_SATURATION_H

#include <moedmft/monitor.h>
#include <moedmft/record.h>

/* Tells the caller, if there is one, when the directions of a field (diagnostics/rank_* of a limit's summary) come near the number of its
 * sample particles: what is left for new ones is then no longer normal, and the limit biased. */
void mdm_announce_saturation(const mdm_record *limit, const mdm_monitor *monitor);

#endif
