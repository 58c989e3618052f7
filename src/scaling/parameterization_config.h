/* Regime, parameterization, initial multipliers and rate multipliers that a configuration names. */
#ifndef MOEDMFT_PARAMETERIZATION_CONFIG_H
#define MOEDMFT_PARAMETERIZATION_CONFIG_H

#include <moedmft/config.h>

#include "scaling/parameterizations.h"

/* Regime and parameterization that model.* names, rows given by hand (model.custom.*) included; and the multipliers of the
 * initial standard deviations. */
int mdm_parameterization_read(const mdm_config *cfg, const mdm_regime **regime, mdm_parameterization *out, mdm_error *err);
/* Powers of the depth L in the rows of residual blocks' matrices (Q, W1, W2), where there are such blocks. */
void mdm_depth_powers(const mdm_config *cfg, mdm_parameterization *p);
void mdm_init_read(const mdm_config *cfg, double init[MDM_TENSORS]);
/* Multipliers of the base learning rate (train.lr_multiplier.*). */
void mdm_rates_read(const mdm_config *cfg, double lr[MDM_TENSORS]);

#endif
