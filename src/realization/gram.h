/* Kernels of a batch at one step. */
#ifndef MOEDMFT_GRAM_H
#define MOEDMFT_GRAM_H

#include <moedmft/error.h>

#include "realization/realization.h"

/* out (S × S) = ⟨p_μ p_ν⟩ over the particles of a field, of its first S tokens; symmetric. Returns a status. */
int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err);

#endif
