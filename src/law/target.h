/* What a fit makes small: the sum over runs of Huber's loss of ln(law/loss), as a function of the parameters of a formula; and its minimum from one start. */
#ifndef MOEDMFT_TARGET_H
#define MOEDMFT_TARGET_H

#include <moedmft/error.h>
#include <stddef.h>

#include "law/evaluate.h"

/* Where a parameter may lie. */
typedef struct mdm_law_axis {
  int log;                       /* it is positive, and fitted as its logarithm */
  int fixed;                     /* it stays at `value` */
  double low, high, value;       /* bounds, finite */
  double start_low, start_high;  /* where starts are drawn from, evenly (log: in the logarithm) */
  int given;                     /* the start was given: no linear fit replaces it */
} mdm_law_axis;

typedef struct mdm_target {
  mdm_formula formula;
  double *log_loss, *weight; /* rows: ln loss, and the weight of the run */
  double *value, *slope;     /* rows; rows × parameters: workspace */
  double delta;              /* Huber's δ */
  const mdm_law_axis *axis;      /* one for each parameter of the formula */
  double known_weight, known;    /* adds known_weight (x[known_at] − known)²/2: a parameter that is known from elsewhere, with an error; 0: none */
  size_t known_at;
} mdm_target;

/* Rows index[0 … n−1] of all (NULL: every row), with weights of their own (NULL: as they are there). MDM_ERR_MEMORY. */
int mdm_target_pick(const mdm_target *all, size_t n, const size_t *index, const double *weight, mdm_target *out, mdm_error *err);
/* Log losses, weights and workspace for a formula that is there already. */
int mdm_target_allocate(mdm_target *t, mdm_error *err);
void mdm_target_free(mdm_target *t);

/* Σ w ρ(ln(law/loss)), ρ(r) = r²/2 up to δ, then δ(|r| − δ/2), over δ²; infinite where the law is not positive. x: parameters. */
double mdm_target_value(mdm_target *t, const double *x);
/* ln(law/loss) of every row into r. */
void mdm_target_residuals(mdm_target *t, const double *x, double *r);
/* Derivatives of ln(law) by the axes' coordinates (parameters, or their logarithms), rows × parameters, in t->slope; t->value: ln(law/loss). */
void mdm_target_slopes(mdm_target *t, const double *x);

/* The minimum that is reached from x, which receives it, within the bounds; parameters with held[k] (NULL: none) stay. most: iterations. Returns the value there;
 * infinite where none is. */
double mdm_target_minimize(mdm_target *t, const int *held, size_t most, double *x);

#endif
