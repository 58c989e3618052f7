/* Exponents of the parts of every product (parts.h), by arithmetic on those of src/scaling/classify.c.
 *
 * A field has an exponent at time 0, one after a few steps, and one of its change. With those of its input p, a product has
 *   init         a + p₀                        a: initial part of the matrix (√V_f; backward √V_b)
 *   propagating  max(a + Δp, response)         the initial matrix meets a p that has felt it
 *   effective    m + q + ⟨p(s) p₀⟩             m: learned part
 *   cross        m + q + ⟨p(s) Δp⟩             overlaps are means over a population
 * and the backward products the same with p and q exchanged; there init has a response too, as γ and ρ have felt W1 and Q in the
 * same step. Where p₀ is smaller than p is later, it is a random direction of its own, and its overlap with what comes later
 * carries another n^(−½), unless all entries of the field are alike (ρ of experts that are counted, or tied).
 *
 * This is for fields that move by as much as they are large. Where a matrix trains, but its learned part vanishes (ntp), changes
 * are small random directions of their own, and propagating and cross parts are not predicted. Exponents of learned parts are
 * those of linear optimizers: under Adam and sign descent only init is predicted.
 */
#include "scaling/coordcheck_predict.h"

#include <math.h>
#include <string.h>

#include "scaling/classify.h"
#include "scaling/model.h"
#include "scaling/parameterization_config.h"
#include "scaling/optimizer.h"

/* Exponents of a field. */
typedef struct {
  double start, now, change;
} course;

typedef struct {
  const mdm_regime *regime;
  mdm_exponents e[MDM_TENSORS];
  mdm_field_scales f;
  mdm_tensor_class c[MDM_TENSORS];
  int tied, constant_gate;
} exponents;

/* ---------------------------------------------------------------- one product */

static double overlap(course p, int alike) { return p.start + p.now - (p.start < p.now && !alike ? 0.5 : 0); }

/* init and propagating given; learned: exponent of the learned matrix times its other input. */
static void finish(double learned, course p, int alike, double out[MDM_PARTS_COUNT]) {
  out[MDM_PART_EFFECTIVE] = learned + overlap(p, alike);
  out[MDM_PART_CROSS] = learned + p.now + p.change;
  out[MDM_PART_LEARNED] = fmax(out[MDM_PART_EFFECTIVE], out[MDM_PART_CROSS]);
  out[MDM_PART_UPDATE] = fmax(out[MDM_PART_PROPAGATING], out[MDM_PART_LEARNED]);
  out[MDM_PART_TOTAL] = fmax(out[MDM_PART_INIT], out[MDM_PART_UPDATE]);
}

static void forward(const exponents *x, mdm_tensor t, course p, double out[MDM_PARTS_COUNT]) {
  const mdm_exponents *e = &x->e[t];
  double q = t == MDM_Q && x->constant_gate ? -INFINITY : mdm_backward_input(t, &x->f);
  out[MDM_PART_INIT] = e->forward + p.start;
  out[MDM_PART_PROPAGATING] = fmax(e->forward + p.change, x->c[t].part[MDM_PART_RESPONSE_FORWARD]);
  finish(e->learn + q, p, 0, out);
}

/* felt[0], felt[1]: exponents of the response of q to the forward product, at time 0 and what training adds. */
static void backward(const exponents *x, mdm_tensor t, course q, const double felt[2], int alike, double out[MDM_PARTS_COUNT]) {
  const mdm_exponents *e = &x->e[t];
  double response = 2 * e->forward + e->tau;
  out[MDM_PART_INIT] = fmax(e->backward + q.start, response + felt[0]);
  out[MDM_PART_PROPAGATING] = fmax(e->backward + q.change, response + felt[1]);
  finish(e->tau + e->learn, q, alike, out);
}

/* ---------------------------------------------------------------- the program */

/* z = W_in x: the input does not change. */
static void input_layer(const exponents *x, double out[MDM_PARTS_COUNT]) {
  out[MDM_PART_INIT] = x->e[MDM_W_IN].forward;
  out[MDM_PART_PROPAGATING] = -INFINITY;
  finish(x->e[MDM_W_IN].learn + x->f.stream, (course){0, 0, -INFINITY}, 0, out);
}

/* f = ⟨v a⟩: v and a are independent at first; what a learns lies along v. */
static void prediction(const exponents *x, course a, double out[MDM_PARTS_COUNT]) {
  double v = x->e[MDM_W_OUT].forward;
  out[MDM_PART_INIT] = v + a.start - 0.5;
  out[MDM_PART_PROPAGATING] = v + a.change;
  finish(x->e[MDM_W_OUT].learn, a, 0, out);
}

/* δ = v e, with v ← v − η a e. */
static void readout_error(const exponents *x, double learned, course e, double out[MDM_PARTS_COUNT]) {
  double v = x->e[MDM_W_OUT].forward;
  out[MDM_PART_INIT] = v + e.start;
  out[MDM_PART_PROPAGATING] = v + e.change;
  finish(learned, e, 1, out);
}

static void all_forward(const exponents *x, double out[MDM_SPLITS][MDM_PARTS_COUNT]) {
  input_layer(x, out[MDM_SPLIT_Z]);
  course h = {0, 0, fmin(0, out[MDM_SPLIT_Z][MDM_PART_UPDATE])};
  forward(x, MDM_Q, h, out[MDM_SPLIT_PSI]);
  forward(x, MDM_W1, h, out[MDM_SPLIT_U]);
  double gate = x->constant_gate ? -INFINITY : out[MDM_SPLIT_PSI][MDM_PART_UPDATE];
  course y = {fmin(0, out[MDM_SPLIT_U][MDM_PART_INIT]), 0, fmin(0, fmax(gate, out[MDM_SPLIT_U][MDM_PART_UPDATE]))};
  forward(x, MDM_W2, y, out[MDM_SPLIT_A]);
  course a = {out[MDM_SPLIT_A][MDM_PART_INIT], x->f.sum, out[MDM_SPLIT_A][MDM_PART_UPDATE]};
  prediction(x, a, out[MDM_SPLIT_F]);
}

static void all_backward(const exponents *x, double out[MDM_SPLITS][MDM_PARTS_COUNT]) {
  const mdm_regime *r = x->regime;
  double y = fmin(0, out[MDM_SPLIT_U][MDM_PART_INIT]); /* of y at time 0 */
  double moves = fmin(0, fmax(out[MDM_SPLIT_PSI][MDM_PART_UPDATE], out[MDM_SPLIT_U][MDM_PART_UPDATE])); /* of g φ' */
  course e = {0, 0, fmin(0, out[MDM_SPLIT_F][MDM_PART_UPDATE])};
  readout_error(x, x->e[MDM_W_OUT].learn + x->f.sum, e, out[MDM_SPLIT_DELTA]);
  course delta = {out[MDM_SPLIT_DELTA][MDM_PART_INIT], x->f.readout, out[MDM_SPLIT_DELTA][MDM_PART_UPDATE]};
  backward(x, MDM_W2, delta, (double[2]){-INFINITY, fmin(0, x->e[MDM_W_OUT].learn)}, 0, out[MDM_SPLIT_B]);

  double b = out[MDM_SPLIT_B][MDM_PART_INIT], change = fmax(out[MDM_SPLIT_B][MDM_PART_UPDATE], b + moves);
  double independent = r->experts_grow && r->neurons_grow && !x->tied ? 1 : 0.5; /* an average of b over experts and neurons */
  course gamma = {b, x->f.back, change};
  course rho = {b + y - (r->neurons_grow ? 0.5 : 0), x->f.gate, fmin(x->f.gate, change)};
  const double none[2] = {-INFINITY, -INFINITY};
  double felt[2] = {b - independent, x->f.gate};
  if (x->constant_gate) rho = (course){-INFINITY, -INFINITY, -INFINITY};
  backward(x, MDM_Q, rho, x->constant_gate ? none : felt, !r->experts_grow || x->tied, out[MDM_SPLIT_RQ]);
  backward(x, MDM_W1, gamma, felt, 0, out[MDM_SPLIT_R1]);
  for (int k = 0; k < MDM_PARTS_COUNT; k++) out[MDM_SPLIT_R][k] = fmax(out[MDM_SPLIT_RQ][k], out[MDM_SPLIT_R1][k]);
}

/* ---------------------------------------------------------------- configuration */

/* Exponents of what the configuration trains: tensors at rate zero have no learned part. */
static int read_exponents(const mdm_config *cfg, exponents *x, mdm_error *err) {
  mdm_parameterization p;
  double init[MDM_TENSORS], lr[MDM_TENSORS], rate = mdm_config_real(cfg, "train.lr");
  int status = mdm_parameterization_read(cfg, &x->regime, &p, err);
  if (status) return status;
  mdm_init_read(cfg, init);
  mdm_rates_read(cfg, lr);
  x->constant_gate = !strcmp(mdm_config_text(cfg, "model.gate"), "constant");
  x->tied = p.rule[MDM_W1].tied;
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    x->e[t] = mdm_exponents_of(t, x->regime, &p.rule[t], init[t]);
    if (rate == 0 || lr[t] == 0) x->e[t].learn = -INFINITY;
  }
  x->f = mdm_field_scales_of(x->e);
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) mdm_tensor_parts(t, x->regime, x->e, &x->f, &x->c[t]);
  return MDM_OK;
}

/* NaN where fields do not move by as much as they are large, or the optimizer is not linear. */
static void drop_unpredicted(const exponents *x, int entrywise, double out[MDM_SPLITS][MDM_PARTS_COUNT]) {
  int stable = 1, lazy = 0;
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    double learned = x->c[t].part[MDM_PART_LEARNED_FORWARD];
    stable &= mdm_is_stable(t, &x->c[t]);
    lazy |= isfinite(learned) && learned < 0 && !mdm_survives(learned);
  }
  for (int s = 0; s < MDM_SPLITS; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++)
      if (!stable || (entrywise && k != MDM_PART_INIT) || (lazy && k != MDM_PART_INIT && k != MDM_PART_EFFECTIVE)) out[s][k] = NAN;
}

int mdm_parts_predict(const mdm_config *cfg, double out[MDM_SPLITS][MDM_PARTS_COUNT], mdm_error *err) {
  exponents x = {0};
  mdm_optimizer optimizer;
  int status = read_exponents(cfg, &x, err);
  if (!status) status = mdm_optimizer_read(cfg, &optimizer, err);
  if (status) return status;
  all_forward(&x, out);
  all_backward(&x, out);
  drop_unpredicted(&x, optimizer.method.entrywise, out);
  return MDM_OK;
}
