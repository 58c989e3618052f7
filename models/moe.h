/* The network program: mixture-of-experts and attention blocks between an input layer and a linear readout.
 *
 *   z = W_in x,  h⁰ = φ(z) or z;  for l = 0 … L−1:
 *     n = norm(hˡ),  ψ = Q n / T,  g = gate(ψ),  u_m = W1_m n,  y_m = g_m φ_e(u_m),  a = (1/K) Σ_m W2_m y_m,  h^{l+1} = hˡ + L^-b a
 *   o = h^L, its normalization or an activation of it,  f = w_out · o = (1/N) v · o
 * Without depth (model.depth: 0) one block has no residual sum: n = φ(z), o = a (Vankadara et al. 2026, arXiv 2605.14200, §3).
 * Blocks of attention put heads (models/attention.h) in the place of experts: q, k, v = W1 n, a = (1/H) Σ W2 o (docs/theory.md, attention).
 * Shared experts serve every token with g = 1. Written in natural units over abstract trained random matrices
 * (src/realization/realization.h): the same program is a finite network or its infinite-width limit.
 */
#ifndef MOEDMFT_MOE_H
#define MOEDMFT_MOE_H

#include "problem/problem.h"
#include "realization/realization.h"

typedef struct X(moe) X(moe);

/* A program on realization R (which it does not own), for such inputs and batches of at most P[part] tokens. Draws the
 * initial W_in and v. Free with moe_free (accepts NULL). */
int X(moe_create)(const mdm_model *model, X(realization) *R, const mdm_inputs *inputs, const size_t P[MDM_PARTS], X(moe) **out,
                  mdm_error *err);
void X(moe_free)(X(moe) *m);
/* What steps have changed beside the realization (base/state.h); fields come anew with every pass. */
void X(moe_walk)(X(moe) *m, mdm_state *s);

/* Forward pass of P tokens x (inputs × P, each column x_μ/√D). */
int X(moe_forward)(X(moe) *m, mdm_part part, size_t P, const real *x, mdm_error *err);
/* Predictions f (outputs × P) of the last forward pass. */
const real *X(moe_prediction)(const X(moe) *m, mdm_part part);
/* Backward pass of the training part: e (outputs × P) = ∂L/∂f, and (losses set) the losses on the router. Changes no weight,
 * unless a step is given: then matrices of the realization may take it in the same pass (realization.h), as moe_step, which is to follow with the
 * same step, knows. */
int X(moe_backward)(X(moe) *m, const real *e, int losses, const mdm_step *step, mdm_error *err);
/* Norm of the gradient in the metric of the SGD rates: its square is Σ (SGD rate/η) |∂L/∂W|² = −dL/dη over all tensors W
 * (docs/theory.md, clipping). After forward and backward, x and e as given there. */
int X(moe_gradient_norm)(X(moe) *m, const real *x, const real *e, double *norm, mdm_error *err);
/* One step of an optimizer, at its base rate, from the last forward and backward pass. */
int X(moe_step)(X(moe) *m, const mdm_step *base, const real *x, const real *e, mdm_error *err);

/* Particles that a field of a block lives on: stream neurons, experts, or neurons of all experts; queries, keys and values, or outputs of all
 * heads; 0: the block does not have it. */
size_t X(moe_particles)(const X(realization) *R, mdm_field f, size_t block);
/* A field of the last pass at a level (scaling/model.h: a block, a place of the stream, or 0). Of forward-only points only the last
 * layer's fields are there. */
const X(field) *X(moe_field)(const X(moe) *m, mdm_part part, mdm_field f, size_t level);
/* Whether a field of the training part has a twin, or noise (realization.h). */
int X(moe_has_twin)(const X(realization) *R, mdm_field f);
int X(moe_has_noise)(const X(realization) *R, mdm_field f);
/* Routing of a block in the last forward pass (NULL: every expert serves every token). */
const X(routing) *X(moe_routing)(const X(moe) *m, mdm_part part, size_t block);
/* How many of a block's experts, the first ones, are shared. */
size_t X(moe_shared)(const X(moe) *m, size_t block);
/* Whether a block has experts that are routed. */
int X(moe_routes)(const X(moe) *m, size_t block);
/* Weights of an attention block's heads in the last pass of the training part, T × heads × P (models/attention.h), of the heads that are held here; NULL: it is none. */
const real *X(moe_attention)(const X(moe) *m, size_t block);
/* Balancing and z-loss of the training part, without coefficients, mean over blocks. */
void X(moe_router_losses)(const X(moe) *m, double *balance, double *z);
/* Selection biases of a block's experts, or NULL. */
const real *X(moe_biases)(const X(moe) *m, size_t block);
/* Input weights √D W_in (stream × inputs) and readout v (stream × outputs). */
const real *X(moe_input_weights)(const X(moe) *m);
const real *X(moe_readout_weights)(const X(moe) *m);

#endif
