/* Exponents of the parts of every product, from those of the parameterization (src/scaling/coordcheck_predict.c). */
#ifndef MOEDMFT_COORDCHECK_PREDICT_H
#define MOEDMFT_COORDCHECK_PREDICT_H

#include <moedmft/config.h>

#include "scaling/parts.h"

/* out[product][part]: exponent of the part's RMS in the scale, after a few steps of SGD; −infinity: the part is absent; NaN: no
 * prediction (the parameterization is unstable, or fields hardly move). */
int mdm_parts_predict(const mdm_config *cfg, double out[MDM_SPLITS][MDM_PARTS_COUNT], mdm_error *err);

#endif
