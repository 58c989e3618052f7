/* A sweep that is to be computed anew. */
#ifndef MOEDMFT_SWEEP_AGAIN_H
#define MOEDMFT_SWEEP_AGAIN_H

#include "study/sweep_internal.h"

/* A sweep over the grid of then, from cfg, in which the cells that then holds are missing, and its others are left out of the computation;
 * *missing (cells; the caller's to free) marks those that then lacks. Values that refinement had added stay marked. */
int mdm_sweep_again(const mdm_sweep *then, const mdm_config *cfg, mdm_sweep **out, char **missing, mdm_error *err);

#endif
