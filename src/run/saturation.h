/* Signs in a limit's own diagnostics that its sample biases it: too few particles for the directions that fields visit, twins that part, noise
 * that an entrywise optimizer takes for a gradient. */
#ifndef MOEDMFT_SATURATION_H
#define MOEDMFT_SATURATION_H

#include <moedmft/config.h>
#include <moedmft/monitor.h>
#include <moedmft/record.h>

/* Tells the caller, if there is one, when the directions of a field (diagnostics/rank_* of a limit's summary) come near the number of its
 * sample particles: what is left for new ones is then no longer normal, and the limit biased. */
void mdm_announce_saturation(const mdm_record *limit, const mdm_monitor *monitor);

/* Likewise when the logits of twins (diagnostics/twin_difference; docs/theory.md, sampling inside experts) lie so far apart that gates, which
 * are not linear, feel it: the limit is then another one. */
void mdm_announce_twins(const mdm_record *limit, const mdm_monitor *monitor);

/* Likewise when an entrywise optimizer takes the noise of sampled neurons for the gate's gradient, which in Regime III vanishes at the start:
 * where each expert has neurons of its own (muP) and epsilon is below that noise (rms/rho at step 0). The limit is then biased like one over the
 * square root of solve.neuron_particles (docs/theory.md, optimizers). */
void mdm_announce_noise(const mdm_config *cfg, const mdm_record *limit, const mdm_monitor *monitor);

/* All of these. */
void mdm_announce_bias(const mdm_config *cfg, const mdm_record *limit, const mdm_monitor *monitor);

#endif
