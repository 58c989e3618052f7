/* From a parameterization's exponents to the coefficients of a trained random matrix.
 *
 * A parameterization is data: for each tensor the powers of D, N, N_e and M in its initial standard deviation, forward
 * multiplier, learning rates and Adam's ε. A regime says which sizes grow and in which natural units fields stay Θ(1).
 * From the two follow, by arithmetic alone, the coefficients below: at given sizes for a finite network, and as the
 * exponent-0 part of a power law for the limit. docs/theory.md derives them. The tables are in src/scaling/parameterizations.c.
 */
#ifndef MOEDMFT_SCALING_H
#define MOEDMFT_SCALING_H

#include <moedmft/error.h>
#include <stddef.h>

#include "scaling/parameterizations.h"

/* What an optimizer asks of the coefficients. */
typedef struct mdm_method {
  int entrywise;    /* steps act on single entries (Adam, sign): the rate is the table's Adam rate */
  int eps;          /* there is an ε > 0 beside which the size of the gradient counts */
  int global_eps;   /* Adam's ε is the same number for every tensor */
  int tensor_decay; /* decay acts with each tensor's own rate, not with the base rate */
  int decays, norm; /* whether the coefficients of decay, and of the gradient's norm, are needed at all */
  unsigned directions; /* bit t: initial parts of tensor t that vanish in the limit are kept, infinitesimal: their direction counts
                          (scaling/vanishing.h) */
} mdm_method;

/* Sizes of a realization: neurons of a network, or sample particles of its limit. */
typedef struct mdm_shape {
  size_t stream, experts, neurons; /* neurons of each expert */
  double neuron_weight;            /* N_e/ν: ρ_m = g'(ψ_m) · (N_e/ν) · mean over j of b φ_e(u) */
  size_t blocks;                   /* residual blocks; 1 without depth */
  int experts_counted;             /* experts stay finite in number (Regime I): they are the same in every run and in the limit */
  int twins;                       /* sample particles: experts m and m + experts/2 are one draw of an expert, with different neurons */
  int residual;                    /* blocks add to the stream (model.depth) */
  int half;                        /* sample particles: 1: their draws are those behind the first (base/random.h) */
  const long *layer;               /* kinds of the layer_blocks blocks of a layer, which repeat; layer_blocks 0: MoE alone */
  size_t layer_blocks;
  size_t heads;                    /* attention: particles, groups of heads that share keys and values */
  size_t head_rows, head_columns;  /* rows of W1 and columns of W2 of each: (G + 2) d_k, G d_k */
  size_t head_parts[2];            /* what these are made of, d_k neurons each: G + 2, G */
  const struct mdm_coefficients *head_coef; /* MDM_TENSORS: of W1 and W2 in attention blocks */
} mdm_shape;

/* Initial parts that vanish but count by their direction are as small as in a network of this scale. Of what they do to smooth
 * functions, n^-½ or less, nothing shows; single precision resolves them. */
#define MDM_FAINT_SCALE 1e8

/* A trained random matrix in natural units. With A (rows × cols) its matrix in natural units,
 *   forward   χ = A p / cols          (p: forward input,  a mean over the columns' population)
 *   backward  ζ = τ Aᵀ q / rows       (q: backward input, a mean over the rows' population)
 *   SGD       A ← A − η learn q pᵀ;   entrywise optimizers: A ← A − η learn · (what they make of the entries of q pᵀ)
 * initially with independent entries of standard deviation `entry`, so that χ has variance V_f ⟨p p⟩ and ζ has V_b ⟨q q⟩.
 * In the notation of docs/theory.md: r_f/V_b = 1/τ, r_b/V_f = τ, m_f = learn, m_b = τ learn. */
typedef struct mdm_coefficients {
  double Vf, Vb; /* variance of the Gaussian part, forward and backward (0: it vanishes in the limit) */
  double tau;    /* adjoint factor */
  double learn;  /* rate of the learned part in natural units (0: it vanishes in the limit) */
  double eps;    /* Adam's ε in units of the natural gradient q pᵀ, per unit base ε */
  double decay;  /* weights shrink by base rate · λ · decay per step */
  double norm;   /* (SGD rate / η) |raw gradient|² = norm · Σ_μν ⟨p_μ p_ν⟩ ⟨q_μ q_ν⟩, for clipping (W_in: sum over inputs) */
  double raw;    /* finite networks: A = raw × (raw weights); 0 in the limit */
  double entry;  /* standard deviation of an initial entry of A (limit: of a router that stream particles carry) */
  int tied;      /* experts start from the same draw: V_f (of W2) and V_b (of W1) are those of the neurons they share */
} mdm_coefficients;

/* Every coefficient of one tensor as a power of the sizes, and what Adam needs. */
typedef struct mdm_scales {
  mdm_power Vf, Vb, tau, learn, raw, entry;
  mdm_power adam_learn; /* change of χ when every entry of W moves by Adam's rate in step with p */
  mdm_power gradient;   /* entry of the raw gradient of W with natural inputs Θ(1) */
  mdm_power eps;        /* Adam's ε over that */
  mdm_power norm;       /* SGD rate × |raw gradient|² */
  mdm_power expert;     /* variance of the initial part of χ that one expert contributes (W2: before experts are averaged) */
} mdm_scales;

mdm_scales mdm_rule_scales(mdm_tensor t, const mdm_regime *regime, const mdm_rule *rule);

/* Coefficients of the five tensors at the given sizes (exact, for a finite network); multipliers[t] multiplies the
 * initial standard deviation; method NULL: SGD. W_in acts with cols = D on x/√D and w_out with its transpose v = N w_out: for them only
 * Vf (variance of √D W_in, of v) and learn have a meaning. */
void mdm_network_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                              const double multipliers[MDM_TENSORS], const mdm_method *method,
                              mdm_coefficients out[MDM_TENSORS]);

/* The same as the scale goes to infinity at the ratios of `sizes` (N = 1: α = M/N is sizes.M, …). Vanishing parts become
 * 0, or infinitesimal where method->directions asks for it; where Adam's ε outgrows the gradient, the tensor stays as it is. MDM_ERR_CONFIG when a part diverges, naming it, its
 * exponent and the exponent of the configuration to change. */
int mdm_limit_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                           const double multipliers[MDM_TENSORS], const mdm_method *method,
                           mdm_coefficients out[MDM_TENSORS], mdm_error *err);

/* N_e/ν at the given sizes (finite) or ratios (limit): ρ_m = g'(ψ_m) · (N_e/ν) · mean over j of b φ_e(u). */
double mdm_neuron_weight(const mdm_regime *regime, mdm_sizes sizes);

#endif
