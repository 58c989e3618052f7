/* What the exponents in the depth L of a residual stack imply as L → ∞ (docs/theory.md, depth): the companion of classify.h for the other
 * axis, by the same kind of arithmetic. */
#ifndef MOEDMFT_DEPTH_H
#define MOEDMFT_DEPTH_H

#include "scaling/model.h"
#include "scaling/optimizer.h"

/* Exponents of L for the blocks' matrices Q, W1, W2 under an optimizer; NaN for W_in and w_out, and where no block is of the kind. */
typedef struct mdm_depth_exponents {
  int normalized;             /* norms before the blocks and the readout: only the direction of the stream counts */
  double stream;              /* sum of the branches as drawn, beside the input's part of the stream; −infinity: none survives in width */
  double step[MDM_TENSORS];   /* change of f by a step of this tensor in all blocks */
  double own[MDM_TENSORS];    /* change of this tensor's own product by a step */
  double eps[MDM_TENSORS];    /* Adam's ε over the gradient; NaN for other optimizers */
  double head_step[MDM_TENSORS], head_own[MDM_TENSORS], head_eps[MDM_TENSORS]; /* the same of W1 and W2 of attention blocks */
} mdm_depth_exponents;

void mdm_depth_exponents_of(const mdm_model *m, const mdm_optimizer *o, mdm_depth_exponents *out);

/* MDM_OK when results have a limit as L → ∞, else MDM_ERR_CONFIG with the term that grows. Needs model.depth > 0. */
int mdm_depth_limit_exists(const mdm_model *m, const mdm_optimizer *o, mdm_error *err);

#endif
