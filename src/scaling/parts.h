/* Names of the refined coordinate check: products that are split, and the parts that they are split into (docs/coordinate-check.md).
 *
 * With A₀ the matrix as drawn and p₀ its input at time 0, on the same samples as p(t):
 *   A p = A₀ p₀ + A₀ (p − p₀) + (A − A₀) p₀ + (A − A₀)(p − p₀) */
#ifndef MOEDMFT_PARTS_H
#define MOEDMFT_PARTS_H

#include "scaling/scaling.h"

typedef enum {
  MDM_PART_INIT,        /* A₀ p₀ */
  MDM_PART_PROPAGATING, /* A₀ (p − p₀) */
  MDM_PART_EFFECTIVE,   /* (A − A₀) p₀ */
  MDM_PART_CROSS,       /* (A − A₀)(p − p₀) */
  MDM_PART_LEARNED,     /* (A − A₀) p: effective and cross */
  MDM_PART_UPDATE,      /* A p − A₀ p₀: all but init */
  MDM_PART_TOTAL,       /* A p */
  MDM_PARTS_COUNT
} mdm_part_kind;

/* The products, in the order of the output. */
typedef enum {
  MDM_SPLIT_Z, MDM_SPLIT_PSI, MDM_SPLIT_U, MDM_SPLIT_A, MDM_SPLIT_F,       /* forward: W_in x, Q h, W1 h, W2 y, v a */
  MDM_SPLIT_DELTA, MDM_SPLIT_B, MDM_SPLIT_RQ, MDM_SPLIT_R1, MDM_SPLIT_R, /* backward: v e, W2ᵀ δ, Qᵀ ρ, W1ᵀ γ, their sum r */
  MDM_SPLIT_STREAM,                                                       /* h^L - h^0, of residual blocks alone */
  MDM_SPLITS
} mdm_split;

/* How many of them there are: the last needs residual blocks. */
int mdm_split_count(int residual);
/* Whether a product belongs to a block, and not to W_in, w_out or the whole stream. */
int mdm_split_in_block(mdm_split split);
const char *mdm_part_name(mdm_part_kind part);       /* "init", "propagating", … */
const char *mdm_split_path(mdm_split split);         /* "W2/forward", …; the sum: "r/backward" */
const char *mdm_split_symbol(mdm_split split);       /* "a = W2 y" */
/* The matrix of a product; MDM_TENSORS for the sum. */
mdm_tensor mdm_split_tensor(mdm_split split);
int mdm_split_is_backward(mdm_split split);
/* "a = W2 y" as it is in a residual stack, where blocks read n and send back zeta. */
const char *mdm_split_symbol_in_stack(mdm_split split);

#endif
