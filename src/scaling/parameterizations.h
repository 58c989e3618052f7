/* Regimes and parameterizations: the tables' types, and look-up. */
#ifndef MOEDMFT_PARAMETERIZATIONS_H
#define MOEDMFT_PARAMETERIZATIONS_H

#include "scaling/power.h"

typedef enum { MDM_W_IN, MDM_Q, MDM_W1, MDM_W2, MDM_W_OUT, MDM_TENSORS } mdm_tensor;

/* Name in the output: "W_in", "Q", "W1", "W2", "w_out". */
const char *mdm_tensor_name(mdm_tensor t);

/* Kinds of residual blocks, in the order of the words of model.blocks. An attention block has two matrices: W1, whose rows are the queries, keys and
 * values of all heads, and W2, whose columns are what heads put out. It has no Q. */
typedef enum { MDM_BLOCK_MOE, MDM_BLOCK_ATTENTION, MDM_BLOCK_KINDS } mdm_block_kind;
/* The first matrix of a block; the last is W2. */
mdm_tensor mdm_first_tensor(mdm_block_kind kind);
/* Name of a block's matrix: "W_qkv" and "W_O" in attention blocks. */
const char *mdm_block_tensor_name(mdm_block_kind kind, mdm_tensor t);

/* One tensor W of a parameterization. The network uses μ W, μ the forward multiplier; rates act on W and on the raw
 * gradients of a loss that is a mean over samples, per unit base rate (Adam's ε: per unit base ε). */
typedef struct mdm_rule {
  mdm_power std;        /* standard deviation of an initial entry of W */
  mdm_power lr;         /* SGD */
  mdm_power adam_lr;    /* Adam, and every method whose steps ignore the size of the gradient */
  mdm_power adam_eps;   /* Adam's ε */
  mdm_power multiplier; /* μ */
  double branch;        /* b of the residual branch that W is in: L^-b; 0: in none */
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

/* Exponent of the scale n when the sizes grow as the regime says. */
double mdm_power_exponent(mdm_power p, const mdm_regime *regime);

#endif
