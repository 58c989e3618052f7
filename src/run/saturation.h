/* Signs in a limit's own diagnostics that its sample biases it: too few particles for the directions that fields visit, twins that part, noise
 * that an entrywise optimizer takes for a gradient, a bias that was estimated (run/bias.h). */
#ifndef MOEDMFT_SATURATION_H
#define MOEDMFT_SATURATION_H

#include <moedmft/config.h>
#include <moedmft/monitor.h>
#include <moedmft/record.h>

enum { MDM_DOUBT_SIZE = 400 };

/* What the line of a solution whose directions fill a population says, and no other. */
#define MDM_NO_LIMIT "this is no limit"

/* The next reason to doubt a limit beyond its standard errors, from its summary (NULL: none): 1 and a line, or 0 when there are no more. *next
 * is 0 at first. What is looked for: directions of a field (diagnostics/rank_*) that fill its sample particles (mdm_fills_population) or come near their number; logits of
 * twins (diagnostics/twin_difference; docs/theory.md, sampling inside experts) so far apart that gates feel it; an entrywise optimizer that takes the noise of
 * sampled neurons for the gate's gradient, which in Regime III vanishes at the start, where each expert has neurons of its own (muP) and epsilon is below
 * that noise (rms/rho at step 0; docs/theory.md, optimizers); directions that are no longer orthogonal; a skeleton of pairs that does
 * not represent a product; mean squares that are negative beyond their noise; a bias that solve.bias_check found beyond the standard error, or
 * could not look for; responses that are not determined; of extrapolated networks, a width that is not on their series, or none that
 * checks it. */
int mdm_doubt(const mdm_config *cfg, const mdm_record *limit, size_t *next, char *line, size_t size);

/* Tells the caller, if there is one, all of these, and where moments of many columns were not matched (diagnostics/unmatched_*), which is no reason to doubt. */
void mdm_announce_bias(const mdm_config *cfg, const mdm_record *limit, const mdm_monitor *monitor);

#endif
