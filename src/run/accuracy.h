/* What solve.accuracy asks for, and replicas that reach it (docs/engineering.md, sizes from accuracy). */
#ifndef MOEDMFT_ACCURACY_H
#define MOEDMFT_ACCURACY_H

#include <moedmft/run.h>

/* The relative standard error that the configuration asks for; 0: its sizes are given. Where nothing is given: 1e-3. */
double mdm_accuracy_asked(const mdm_config *cfg);
/* Replicas that such an error takes once particles are chosen for it, and those from whose spread their number is found. */
size_t mdm_accuracy_expected(double accuracy);
size_t mdm_accuracy_first(double accuracy);

#endif
