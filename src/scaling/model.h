/* What the model section of a configuration says, and the names of the program's fields; independent of precision. */
#ifndef MOEDMFT_MODEL_H
#define MOEDMFT_MODEL_H

#include <moedmft/config.h>
#include <stddef.h>
#include <stdint.h>

#include "scaling/scaling.h"

typedef enum { MDM_NORM_NONE, MDM_NORM_RMS, MDM_NORM_LAYER } mdm_norm;

typedef enum { MDM_BALANCE_NONE, MDM_BALANCE_SWITCH, MDM_BALANCE_IMPORTANCE } mdm_balance;

/* Heads of attention blocks (models/attention.h). */
typedef struct mdm_heads {
  size_t width;        /* d_k where it is fixed */
  double width_ratio;  /* d_k/N where it grows */
  size_t queries;      /* G, heads that share a key and a value head: they are one particle, a group */
  size_t count;        /* H where it is fixed */
  double ratio;        /* H/N where it grows */
  double power;        /* scores are q·k d_k^power */
  int causal;          /* tokens see none behind them */
  int rotary, normalized; /* queries and keys turn with the position; are normalized */
  double init[MDM_TENSORS], lr[MDM_TENSORS]; /* multipliers, of W1 (W_Q, W_K, W_V) and W2 (W_O) */
  mdm_parameterization parameterization;     /* its rows W1 and W2 are those of attention blocks */
} mdm_heads;

typedef struct mdm_model {
  const mdm_regime *regime;
  mdm_parameterization parameterization; /* its own copy: `custom` and options change rows */
  size_t dimension, outputs; /* D, C */
  size_t expert_width;       /* N_e where it is fixed */
  double expert_width_ratio; /* N_e/N where it grows */
  size_t experts;            /* M where it is fixed */
  double experts_ratio;      /* M/N where it grows */
  double active_fraction;    /* K/M */
  const char *activation, *expert_activation, *gate;
  double inverse_temperature, gate_multiplier;
  int gate_selected;        /* normalized gates: over the selected experts only */
  double bias_std, bias_rate; /* selection biases: initial spread, step */
  uint64_t bias_seed;       /* draws those of counted experts */
  int bias_sign;            /* steps of the sign of load − κ */
  double shared;            /* fraction of the experts that serve every token */
  const long *dense;        /* dense_count blocks whose experts are all shared; owned by the configuration */
  size_t dense_count;
  mdm_balance balance;      /* loss on the router */
  double balance_coefficient, z_loss;
  size_t depth;             /* L, layers of residual blocks; 0: one block without residual sum */
  const long *layer;        /* kinds (mdm_block_kind) of the layer_blocks blocks of a layer; owned by the configuration; not read without depth */
  size_t layer_blocks;
  mdm_heads heads;
  size_t context;           /* T, tokens of a sequence, which follow each other */
  double branch;            /* L^-b, factor of every block's output */
  int linear_input;         /* h = z rather than φ(z) */
  mdm_norm norm;            /* before every block */
  double norm_eps;
  const char *output;       /* between stream and readout: "none", "norm" or an activation */
  double init[MDM_TENSORS]; /* multipliers of the initial standard deviations (w_out: std of v) */
  double lr[MDM_TENSORS];   /* multipliers of the base learning rate */
} mdm_model;

/* The whole model section, for inputs and outputs of the given dimensions. */
int mdm_model_read(const mdm_config *cfg, size_t dimension, size_t outputs, mdm_model *m, mdm_error *err);

/* Sizes of a network of stream width N, ratios rounded to whole neurons and experts (0 experts or neurons: N is too small);
 * and the sizes of the limit, N = 1. */
mdm_sizes mdm_model_network_sizes(const mdm_model *m, size_t N);
mdm_sizes mdm_model_limit_sizes(const mdm_model *m);

/* Fields of the program, in the order of computation. A field has levels: one for each block, or for each place of the stream
 * before, between and behind blocks (h, r: L + 1), or one in all. Without depth h is the input of the one block, a that of the
 * readout, delta its backward input and r the sum of what its matrices send back; n, o and zeta are other names of h, a and r. */
typedef enum {
  MDM_Z, MDM_H, MDM_N, MDM_PSI, MDM_G, MDM_U, MDM_Y, MDM_A, MDM_O,     /* forward */
  MDM_DELTA, MDM_B, MDM_GAMMA, MDM_RHO, MDM_ZETA, MDM_R, MDM_R_SLOPE, /* backward; the last is r φ'(z), which drives W_in */
  MDM_FIELDS
} mdm_field;
enum { MDM_FORWARD_FIELDS = MDM_O + 1 };

size_t mdm_model_blocks(const mdm_model *m);
mdm_block_kind mdm_model_kind(const mdm_model *m, size_t block);
/* How many blocks are of a kind. */
size_t mdm_model_count(const mdm_model *m, mdm_block_kind kind);
/* Groups of heads in a network of stream width N. */
size_t mdm_model_groups(const mdm_model *m, size_t N);
/* Width of a head in a network of stream width N. */
size_t mdm_model_head_width(const mdm_model *m, size_t N);
/* How many rows of W1 (queries, keys and values), or columns of W2, a group has for each neuron of a head: G + 2, or G. */
size_t mdm_model_head_parts(const mdm_model *m, mdm_tensor t);
/* Blocks of a shape, and their kinds; of attention blocks so many groups of heads of so many neurons each and their coefficients (MDM_TENSORS), which are
 * referred to. */
void mdm_model_shape(const mdm_model *m, size_t groups, size_t head_width, const mdm_coefficients *coef, mdm_shape *shape);
/* Sizes of an attention block as its W1 (rows) or W2 (columns) has them: a group of heads is what an expert is, with M the number of
 * groups and N_e its rows or columns. Of a network of width N; N = 0: of the limit. */
mdm_sizes mdm_model_head_sizes(const mdm_model *m, size_t N, mdm_tensor t);
/* Coefficients of a network of width N: of MoE blocks, W_in and w_out; of attention blocks (W1 and W2, where there are some). */
void mdm_model_network(const mdm_model *m, size_t N, const mdm_method *method, mdm_coefficients out[MDM_TENSORS], mdm_coefficients heads[MDM_TENSORS]);
/* Multiplier of a tensor's rate in a block (blocks do not matter for W_in and w_out). */
double mdm_model_rate(const mdm_model *m, mdm_tensor t, size_t block);
/* How many of a block's experts are shared. */
size_t mdm_model_shared(const mdm_model *m, size_t block, size_t experts);
/* Levels of a field as it is recorded; 0: it is not, being another's name. */
size_t mdm_field_levels(const mdm_model *m, mdm_field f);
/* Whether levels of a field are blocks or places of the stream, so that its arrays have a dimension for them. */
int mdm_field_is_leveled(const mdm_model *m, mdm_field f);

/* The fields that meet a tensor: its forward and backward input, and its forward output. MDM_FIELDS where it is none of
 * them: x and f of W_in and w_out, and the error e. */
typedef struct mdm_meeting {
  mdm_field forward, backward, output;
} mdm_meeting;
extern const mdm_meeting mdm_meetings[MDM_TENSORS];
/* Level of the backward input of a tensor in a block: W2 meets the stream behind its block. */
size_t mdm_backward_level(mdm_tensor t, size_t block);

/* Which of two sets of fields: the batch that trains, or forward-only points. */
typedef enum { MDM_TRAIN, MDM_TEST, MDM_PARTS } mdm_part;

/* Name in the output ("z", "h", …) and its meaning with the equation. */
const char *mdm_field_name(mdm_field f);
const char *mdm_field_meaning(mdm_field f);

#endif
