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

typedef enum { MDM_W_IN, MDM_Q, MDM_W1, MDM_W2, MDM_W_OUT, MDM_TENSORS } mdm_tensor;

/* What an optimizer asks of the coefficients. */
typedef struct mdm_method {
  int entrywise;    /* steps act on single entries (Adam, sign): the rate is the table's Adam rate */
  int eps;          /* there is an ε > 0 beside which the size of the gradient counts */
  int global_eps;   /* Adam's ε is the same number for every tensor */
  int tensor_decay; /* decay acts with each tensor's own rate, not with the base rate */
  int decays, norm; /* whether the coefficients of decay, and of the gradient's norm, are needed at all */
} mdm_method;

/* Name in the output: "W_in", "Q", "W1", "W2", "w_out". */
const char *mdm_tensor_name(mdm_tensor t);

/* Powers of the sizes: D^D N^N Ne^Ne M^M K^K L^L. The depth L is 1 today: its power is kept, and changes no number. */
typedef struct mdm_power {
  double D, N, Ne, M, K, L;
} mdm_power;

/* Sizes of a network; for the limit N = 1 and the others are their ratios to N if they grow with it. */
typedef struct mdm_sizes {
  double D, N, Ne, M, K;
} mdm_sizes;

/* Sizes of a realization: neurons of a network, or sample particles of its limit. */
typedef struct mdm_shape {
  size_t stream, experts, neurons; /* neurons of each expert */
  double neuron_weight;            /* N_e/ν: ρ_m = g'(ψ_m) · (N_e/ν) · mean over j of b φ_e(u) */
  int experts_counted;             /* experts stay finite in number (Regime I): they are the same in every run and in the limit */
} mdm_shape;

/* One tensor W of a parameterization. The network uses μ W, μ the forward multiplier; rates act on W and on the raw
 * gradients of a loss that is a mean over samples, per unit base rate (Adam's ε: per unit base ε). */
typedef struct mdm_rule {
  mdm_power std;        /* standard deviation of an initial entry of W */
  mdm_power lr;         /* SGD */
  mdm_power adam_lr;    /* Adam, and every method whose steps ignore the size of the gradient */
  mdm_power adam_eps;   /* Adam's ε */
  mdm_power multiplier; /* μ */
  int zero;             /* starts at zero */
  int tied;             /* all experts start from the same draw */
  int gamma;            /* the exponent of N in std is −model.router_gamma */
} mdm_rule;

typedef struct mdm_parameterization {
  const char *name;           /* as in model.parameterization */
  const char *source;         /* paper and table */
  mdm_rule rule[MDM_TENSORS]; /* indexed by mdm_tensor */
} mdm_parameterization;

typedef struct mdm_regime {
  const char *name;  /* as in model.regime */
  int experts_grow;  /* 1: M and K grow with the scale, experts are a population; 0: they are counted */
  int neurons_grow;  /* 1: N_e grows with the scale */
  mdm_power nu;      /* ∂L/∂u = γ / (M ν): the natural unit of expert gradients */
  mdm_power growth;  /* exponents with which the sizes grow with the scale n (D never does) */
  const mdm_parameterization *table; /* the parameterizations known in this regime */
  int count;
} mdm_regime;

/* All regimes, in the order of their names. */
const mdm_regime *mdm_regimes(size_t *count);
/* NULL when the name is unknown. */
const mdm_regime *mdm_regime_find(const char *name);
const mdm_parameterization *mdm_parameterization_find(const mdm_regime *regime, const char *name);

/* ---- powers ---- */

/* a · b^factor. */
mdm_power mdm_power_add(mdm_power a, double factor, mdm_power b);
double mdm_power_evaluate(mdm_power p, mdm_sizes s);
/* Exponent of the scale n when the sizes grow as the regime says. */
double mdm_power_exponent(mdm_power p, const mdm_regime *regime);

#define MDM_POWER_SIZE 256   /* room for the text of a power */
#define MDM_POWER_FORMS "a product such as 'N^-1/2 M' of powers of D, N, Ne, M, K, L, or 1"
/* Reads a product of powers, "M^1/2 Ne^-1/2" or "N*D^-1"; exponents are integers, fractions or decimals, "1" is the empty
 * product. MDM_ERR_CONFIG names the key, the text and the allowed form. */
int mdm_power_parse(const char *key, const char *text, mdm_power *out, mdm_error *err);
/* Writes the text that mdm_power_parse reads back. */
void mdm_power_format(mdm_power p, char out[MDM_POWER_SIZE]);
/* "-1/2" for −0.5: a fraction where there is a simple one, a decimal otherwise. */
void mdm_exponent_format(double x, char *out, size_t size);

/* ---- coefficients ---- */

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
 * 0; where Adam's ε outgrows the gradient, the tensor stays as it is. MDM_ERR_CONFIG when a part diverges, naming it, its
 * exponent and the exponent of the configuration to change. */
int mdm_limit_coefficients(const mdm_regime *regime, const mdm_parameterization *p, mdm_sizes sizes,
                           const double multipliers[MDM_TENSORS], const mdm_method *method,
                           mdm_coefficients out[MDM_TENSORS], mdm_error *err);

/* N_e/ν at the given sizes (finite) or ratios (limit): ρ_m = g'(ψ_m) · (N_e/ν) · mean over j of b φ_e(u). */
double mdm_neuron_weight(const mdm_regime *regime, mdm_sizes sizes);

#endif
