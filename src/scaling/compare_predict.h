/* Rates at which observables of networks approach the limit (src/scaling/compare_predict.c). */
#ifndef MOEDMFT_COMPARE_PREDICT_H
#define MOEDMFT_COMPARE_PREDICT_H

#include <moedmft/config.h>

#include "scaling/parts.h"

/* What the rates depend on. */
typedef struct mdm_rate_rules {
  int has[MDM_BLOCK_KINDS];                                  /* whether there are blocks of a kind */
  double part[MDM_BLOCK_KINDS][MDM_SPLITS][MDM_PARTS_COUNT]; /* exponents of parts of those (src/scaling/coordcheck_predict.c) */
  int experts_counted, neurons_grow, selects; /* Regime I; Regimes I and III; top-K */
  int entrywise, sign;                        /* optimizer: steps ignore the size of the gradient; and all of it */
  int reads_vanishing;                        /* top-K, a kink or the optimizer reads a part that vanishes by its direction */
} mdm_rate_rules;

int mdm_rate_rules_read(const mdm_config *cfg, mdm_rate_rules *out, mdm_error *err);
/* Smallest p predicted for |deviation| ~ N^-p of the array at path (docs/output.md, Comparison); the largest is 1. NaN: no rate
 * is predicted. */
double mdm_rate_lowest(const mdm_rate_rules *rules, const char *path);

#endif
