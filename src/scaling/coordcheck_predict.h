/* Exponents of the parts of every product, from those of the parameterization (src/scaling/coordcheck_predict.c). */
#ifndef MOEDMFT_COORDCHECK_PREDICT_H
#define MOEDMFT_COORDCHECK_PREDICT_H

#include <moedmft/config.h>

#include "scaling/parts.h"

/* out[product][part]: exponent of the part's RMS in the scale, after a few steps of SGD; −infinity: the part is absent; NaN: no
 * prediction (the parameterization is unstable, or fields hardly move). kind: of the block; of attention nothing is said about Q. first: of the first of several residual blocks, before which only
 * the input layer learns. */
int mdm_parts_predict(const mdm_config *cfg, mdm_block_kind kind, int first, double out[MDM_SPLITS][MDM_PARTS_COUNT], mdm_error *err);

/* The same for the depth L of a residual stack, of RMS over blocks: limit, in the limit of width, NaN where nothing is left there; networks, at fixed width, NaN also
 * where what vanishes with width has a larger exponent in L than what survives. lowest: as limit but for parts of h^L − h⁰ that are a sum of
 * two powers, where it is the smaller one. Needs model.depth > 0. */
typedef struct mdm_depth_prediction {
  double limit[MDM_SPLITS][MDM_PARTS_COUNT], networks[MDM_SPLITS][MDM_PARTS_COUNT], lowest[MDM_SPLITS][MDM_PARTS_COUNT];
} mdm_depth_prediction;

int mdm_parts_predict_depth(const mdm_config *cfg, mdm_depth_prediction *out, mdm_error *err);

#endif
