/* What the model section of a configuration says, and the names of the program's fields; independent of precision. */
#ifndef MOEDMFT_MODEL_H
#define MOEDMFT_MODEL_H

#include <moedmft/config.h>
#include <stddef.h>

#include "scaling/scaling.h"

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
  double init[MDM_TENSORS]; /* multipliers of the initial standard deviations (w_out: std of v) */
  double lr[MDM_TENSORS];   /* multipliers of the base learning rate */
} mdm_model;

/* The whole model section, for inputs and outputs of the given dimensions. */
int mdm_model_read(const mdm_config *cfg, size_t dimension, size_t outputs, mdm_model *m, mdm_error *err);

/* Sizes of a network of stream width N, ratios rounded to whole neurons and experts (0 experts or neurons: N is too small);
 * and the sizes of the limit, N = 1. */
mdm_sizes mdm_model_network_sizes(const mdm_model *m, size_t N);
mdm_sizes mdm_model_limit_sizes(const mdm_model *m);

/* Fields of the program, in the order of computation. */
typedef enum {
  MDM_Z, MDM_H, MDM_PSI, MDM_G, MDM_U, MDM_Y, MDM_A,         /* forward */
  MDM_DELTA, MDM_B, MDM_GAMMA, MDM_RHO, MDM_R, MDM_R_SLOPE, /* backward; the last is r φ'(z), which drives W_in */
  MDM_FIELDS
} mdm_field;
enum { MDM_FORWARD_FIELDS = MDM_A + 1 };

/* The fields that meet a tensor: its forward and backward input, and its forward output. MDM_FIELDS where it is none of
 * them: x and f of W_in and w_out, and the error e. */
typedef struct mdm_meeting {
  mdm_field forward, backward, output;
} mdm_meeting;
extern const mdm_meeting mdm_meetings[MDM_TENSORS];

/* Which of two sets of fields: the batch that trains, or forward-only points. */
typedef enum { MDM_TRAIN, MDM_TEST, MDM_PARTS } mdm_part;

/* Name in the output ("z", "h", …) and its meaning with the equation. */
const char *mdm_field_name(mdm_field f);
const char *mdm_field_meaning(mdm_field f);

#endif
