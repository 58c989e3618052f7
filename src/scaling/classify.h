/* Exponents of one parameterization's parts: what src/scaling/classify.c and src/scaling/enumerate.c share. */
#ifndef MOEDMFT_CLASSIFY_INTERNAL_H
#define MOEDMFT_CLASSIFY_INTERNAL_H

#include <moedmft/classify.h>

#include "scaling/scaling.h"

/* Exponents of one tensor's coefficients; amplitudes, so half of those of variances. −infinity: starts at zero. */
typedef struct mdm_exponents {
  double forward, backward;   /* initial part; experts averaged, as drawn (tied or not) */
  double expert, untied_back; /* the same for one expert by itself; with independent experts */
  double tau, learn, adam, eps, gradient;
  int starts_at_zero;
} mdm_exponents;

/* Exponents of the fields that drive updates. */
typedef struct mdm_field_scales {
  double readout; /* v and δ, at least 0 */
  double back;    /* b, γ */
  double stream;  /* r */
  double gate;    /* ρ, and averages of backward fields: an expert's contribution to f, not a field */
  double sum;     /* the aggregate a */
} mdm_field_scales;

/* Which exponents are meant: n × those of the scale + l × those of the depth L. {1, 0}: of the scale. */
typedef struct mdm_axis {
  double n, l;
} mdm_axis;

mdm_exponents mdm_exponents_of(mdm_tensor t, const mdm_regime *regime, const mdm_rule *rule, double init, mdm_axis axis);
/* residual: blocks add to a stream, which passes the readout's size back and is of size 1. */
mdm_field_scales mdm_field_scales_of(const mdm_exponents e[MDM_TENSORS], int residual, mdm_axis axis);
/* Exponent of the backward (q) and forward (p) input of a tensor's update. */
double mdm_backward_input(mdm_tensor t, const mdm_field_scales *f);
double mdm_forward_input(mdm_tensor t, const mdm_field_scales *f);
/* Parts of tensor t; the others' rates matter to its responses. */
void mdm_tensor_parts(mdm_tensor t, const mdm_regime *regime, const mdm_exponents e[MDM_TENSORS],
                      const mdm_field_scales *f, mdm_tensor_class *out);

/* Conditions on one tensor. */
int mdm_is_stable(mdm_tensor t, const mdm_tensor_class *c);
double mdm_size_for_one_expert(mdm_tensor t, const mdm_exponents *e); /* 0: as large as an expert by itself allows */
int mdm_is_balanced(mdm_tensor t, const mdm_exponents *e);

/* x = 0 and x > 0 up to rounding; −infinity and NaN are neither. */
int mdm_survives(double x);
int mdm_diverges(double x);

#endif
