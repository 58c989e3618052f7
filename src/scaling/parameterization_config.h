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
/* Rows W1 (W_Q, W_K, W_V) and W2 (W_O) of attention blocks, where M is the number of heads or of groups of them and Ne the width of W_O's: those of experts in the
 * parameterization (custom: in its base), but that W_O starts as model.attention_output says; of custom what model.custom.W_qkv and W_O give. */
int mdm_parameterization_read_heads(const mdm_config *cfg, const mdm_regime *regime, mdm_parameterization *out, mdm_error *err);
/* The initial standard deviation of W_O in the row W2 of attention blocks, as model.attention_output says. */
void mdm_heads_start(const mdm_config *cfg, mdm_rule *rule);
void mdm_init_read(const mdm_config *cfg, double init[MDM_TENSORS]);
/* Multipliers of the base learning rate (train.lr_multiplier.*). */
void mdm_rates_read(const mdm_config *cfg, double lr[MDM_TENSORS]);

#endif
