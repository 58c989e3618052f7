/* Where something discontinuous reads a field that vanishes in the limit (docs/theory.md, section 16): by arithmetic on exponents. */
#ifndef MOEDMFT_VANISHING_H
#define MOEDMFT_VANISHING_H

#include "scaling/model.h"
#include "scaling/optimizer.h"

typedef struct mdm_vanishing {
  unsigned directions; /* for mdm_method: bit t: initial parts of tensor t count by their direction, however small they are */
  int reads_vanishing; /* some of these parts do vanish: networks approach the limit like N^-½, or slower */
  int no_limit;        /* the limit's solution is no average of networks, at any width */
  char noise[320];     /* the same noise in all experts, or noise of M counted ones, that is read by its sign: networks differ from each
                          other and from the limit at every width; empty: none */
  char crossover[320]; /* Adam: up to which width networks behave as if ε were 0, unlike the limit; empty: they do not */
} mdm_vanishing;

/* What top-K routing, kinks of activations and optimizers that ignore the gradient's size make of parts that vanish. */
void mdm_vanishing_read(const mdm_model *m, const mdm_optimizer *o, mdm_vanishing *out);

/* Coefficients of the limit of a model under an optimizer (mdm_limit_coefficients at the model's ratios). MDM_ERR_CONFIG when there is
 * none: with the part that diverges, or the noise that does not average out, and what to change. */
int mdm_model_limit(const mdm_model *m, const mdm_optimizer *o, mdm_coefficients out[MDM_TENSORS], mdm_coefficients heads[MDM_TENSORS], mdm_error *err);

#endif
