/* What solve.accuracy asks for, and replicas that reach it (docs/engineering.md, sizes from accuracy). */
#ifndef MOEDMFT_ACCURACY_H
#define MOEDMFT_ACCURACY_H

#include <moedmft/run.h>

/* The relative standard error that the configuration asks for; 0: its sizes are given. Where nothing is given: 1e-3. */
double mdm_accuracy_asked(const mdm_config *cfg);
/* Replicas, or families of networks, that such an error takes once particles are chosen for it, and those from whose spread their number is found. */
size_t mdm_accuracy_expected(const mdm_config *cfg, double accuracy);
size_t mdm_accuracy_first(double accuracy);

/* Multiply-adds that such an error takes by particles: sizes from pilots over at most the first `steps` steps, with room for the directions that all of
 * them visit (*directions: of a field, in the end). Where even the fewest replicas take more than `enough`, that is said without those pilots.
 * MDM_ERR_NUMERIC, MDM_ERR_DIVERGED: no pilot or no sample holds them. */
int mdm_particles_work(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, size_t steps, double asked, double enough, double *work,
                       double *directions, mdm_error *err);

#endif
