/* Normalization of the stream, and activations between it and the readout: n = norm(h), token by token, means over stream neurons.
 *   none   n = h
 *   rms    n = h/s,          s² = ⟨h²⟩ + ε
 *   layer  n = (h − ⟨h⟩)/s,  s² = ⟨(h − ⟨h⟩)²⟩ + ε
 * without gain. Backward, with ζ = N ∂L/∂n, N ∂L/∂h = Jζ:
 *   rms    (ζ − n⟨nζ⟩)/s;   layer (ζ − ⟨ζ⟩ − n⟨nζ⟩)/s
 * exact at every N, ε included. In the limit s and the means are those of the sample particles: deterministic up to sampling. */
#ifndef MOEDMFT_NORM_H
#define MOEDMFT_NORM_H

#include "kernels/real.h"
#include "scaling/model.h"

/* n (S × P) from h (S × P); scale (P) receives s. kind: rms or layer. n and h may be the same array. */
void X(norm_forward)(mdm_norm kind, double eps, size_t S, size_t P, const real *h, real *n, double *scale);
/* out (S × P) = factor · Jζ, added when accumulate is set; n, scale as the forward pass left them (none: not read). ζ and out differ. */
void X(norm_backward)(mdm_norm kind, size_t S, size_t P, const real *n, const double *scale, const real *zeta, double factor, int accumulate,
                      real *out);

#endif
