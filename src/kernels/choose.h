/* Which kernels this processor gets. */
#ifndef MOEDMFT_CHOOSE_H
#define MOEDMFT_CHOOSE_H

#include "kernels/table.h"

/* The best of them for this processor, as far as MOEDMFT_VECTORS allows. */
const X(kernels) *X(kernels_used)(void);

#endif
