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
 * With residual blocks the stream is of size 1 from the input on, so that h, r and o start as they are; the readout reads the stream, whose
 * change is that of all blocks. Exponents of the depth L follow by the same arithmetic: every size is n^x L^y, and of two that add up the
 * one with the larger x counts, then that with the larger y (the limit of width is taken first). Of the stream's parts, those that differ from
 * block to block at random add up like L^½, those that all blocks push along r like L.
 *
 * This is for fields that move by as much as they are large. Where a matrix trains, but its learned part vanishes (ntp), changes
 * are small random directions of their own, and propagating and cross parts are not predicted. Exponents of learned parts are
 * those of linear optimizers: under Adam and sign descent only init is predicted.
 */
#include "scaling/coordcheck_predict.h"

#include <math.h>
#include <string.h>

#include "scaling/classify.h"
#include "scaling/depth.h"
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
  int residual;      /* blocks add to a stream */
  double half;       /* exponent of n^½: a mean of independent numbers */
  double branch;     /* of L^-b */
  double sum;        /* of a sum over L blocks that all push the same way */
  double average;    /* of means over a population of b times what u moves: γ' and ρ' where neurons grow */
} exponents;

/* ---------------------------------------------------------------- one product */

static double overlap(const exponents *x, course p, int alike) { return p.start + p.now - (p.start < p.now && !alike ? x->half : 0); }

/* init and propagating given; learned: exponent of the learned matrix times its other input. */
static void finish(const exponents *x, double learned, course p, int alike, double out[MDM_PARTS_COUNT]) {
  out[MDM_PART_EFFECTIVE] = learned + overlap(x, p, alike);
  out[MDM_PART_CROSS] = learned + p.now + p.change;
  out[MDM_PART_LEARNED] = fmax(out[MDM_PART_EFFECTIVE], out[MDM_PART_CROSS]);
  out[MDM_PART_UPDATE] = fmax(out[MDM_PART_PROPAGATING], out[MDM_PART_LEARNED]);
  out[MDM_PART_TOTAL] = fmax(out[MDM_PART_INIT], out[MDM_PART_UPDATE]);
}

/* What a product feels of its matrix having been used backward. The stream in front of a block feels what it sends back by L^-b. */
static double response(const exponents *x, mdm_tensor t) { return x->c[t].part[MDM_PART_RESPONSE_FORWARD] + (t == MDM_W2 ? 0 : x->branch); }

static void forward(const exponents *x, mdm_tensor t, course p, double out[MDM_PARTS_COUNT]) {
  const mdm_exponents *e = &x->e[t];
  double q = t == MDM_Q && x->constant_gate ? -INFINITY : mdm_backward_input(t, &x->f);
  out[MDM_PART_INIT] = e->forward + p.start;
  out[MDM_PART_PROPAGATING] = fmax(e->forward + p.change, response(x, t));
  finish(x, e->learn + q, p, 0, out);
}

/* felt[0], felt[1]: exponents of the response of q to the forward product, at time 0 and what training adds. */
static void backward(const exponents *x, mdm_tensor t, course q, const double felt[2], int alike, double out[MDM_PARTS_COUNT]) {
  const mdm_exponents *e = &x->e[t];
  double back = 2 * e->forward + e->tau;
  out[MDM_PART_INIT] = fmax(e->backward + q.start, back + felt[0]);
  out[MDM_PART_PROPAGATING] = fmax(e->backward + q.change, back + felt[1]);
  finish(x, e->tau + e->learn, q, alike, out);
}

/* ---------------------------------------------------------------- the program */

/* z = W_in x: the input does not change. */
static void input_layer(const exponents *x, double out[MDM_PARTS_COUNT]) {
  out[MDM_PART_INIT] = x->e[MDM_W_IN].forward;
  out[MDM_PART_PROPAGATING] = -INFINITY;
  finish(x, x->e[MDM_W_IN].learn + x->f.stream, (course){0, 0, -INFINITY}, 0, out);
}

/* f = ⟨v a⟩ (residual blocks: ⟨v o⟩): v and a are independent at first; what a learns lies along v. */
static void prediction(const exponents *x, course a, double out[MDM_PARTS_COUNT]) {
  double v = x->e[MDM_W_OUT].forward;
  out[MDM_PART_INIT] = v + a.start - x->half;
  out[MDM_PART_PROPAGATING] = v + a.change;
  finish(x, x->e[MDM_W_OUT].learn, a, 0, out);
}

/* δ = v e, with v ← v − η a e. */
static void readout_error(const exponents *x, double learned, course e, double out[MDM_PARTS_COUNT]) {
  double v = x->e[MDM_W_OUT].forward;
  out[MDM_PART_INIT] = v + e.start;
  out[MDM_PART_PROPAGATING] = v + e.change;
  finish(x, learned, e, 1, out);
}

/* h^L − h⁰ = L^-b Σ a, from the parts of one block's a; y moves by `change`. */
static void stream(const exponents *x, double change, const double a[MDM_PARTS_COUNT], double out[MDM_PARTS_COUNT]) {
  for (int k = 0; k < MDM_PARTS_COUNT; k++) out[k] = x->branch + x->sum + a[k];
  out[MDM_PART_INIT] = x->branch + x->sum / 2 + a[MDM_PART_INIT];
  out[MDM_PART_PROPAGATING] = x->branch + fmax(x->sum / 2 + x->e[MDM_W2].forward + change, x->sum + response(x, MDM_W2));
  out[MDM_PART_UPDATE] = fmax(out[MDM_PART_PROPAGATING], out[MDM_PART_LEARNED]);
  out[MDM_PART_TOTAL] = fmax(out[MDM_PART_INIT], out[MDM_PART_UPDATE]);
}

/* One block behind a stream that moves by h.change. */
static void block_forward(const exponents *x, course h, double out[MDM_SPLITS][MDM_PARTS_COUNT]) {
  forward(x, MDM_Q, h, out[MDM_SPLIT_PSI]);
  forward(x, MDM_W1, h, out[MDM_SPLIT_U]);
  double gate = x->constant_gate ? -INFINITY : out[MDM_SPLIT_PSI][MDM_PART_UPDATE];
  course y = {fmin(0, out[MDM_SPLIT_U][MDM_PART_INIT]), 0, fmin(0, fmax(gate, out[MDM_SPLIT_U][MDM_PART_UPDATE]))};
  forward(x, MDM_W2, y, out[MDM_SPLIT_A]);
  stream(x, y.change, out[MDM_SPLIT_A], out[MDM_SPLIT_STREAM]);
}

/* A first block has nothing before it but the input. */
static void all_forward(const exponents *x, int first, double out[MDM_SPLITS][MDM_PARTS_COUNT]) {
  input_layer(x, out[MDM_SPLIT_Z]);
  course h = {0, 0, fmin(0, out[MDM_SPLIT_Z][MDM_PART_UPDATE])};
  block_forward(x, h, out);
  course o = {0, 0, fmin(0, fmax(h.change, out[MDM_SPLIT_STREAM][MDM_PART_UPDATE]))};
  if (x->residual && !first) block_forward(x, o, out);
  if (x->residual) {
    prediction(x, o, out[MDM_SPLIT_F]);
    return;
  }
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
  double feels[2] = {-INFINITY, fmin(0, x->e[MDM_W_OUT].learn)}; /* of δ to a; of r behind a block also through norms and the blocks behind it */
  if (x->residual) feels[0] = x->branch + delta.start - x->half, feels[1] += x->branch;
  backward(x, MDM_W2, delta, feels, 0, out[MDM_SPLIT_B]);

  double b = out[MDM_SPLIT_B][MDM_PART_INIT], change = fmax(out[MDM_SPLIT_B][MDM_PART_UPDATE], b + moves);
  double independent = r->experts_grow && r->neurons_grow && !x->tied ? 2 * x->half : x->half; /* an average of b over experts and neurons */
  course gamma = {b, x->f.back, change};
  course rho = {b + y - (r->neurons_grow ? x->half : 0), x->f.gate, fmin(x->f.gate, change)};
  const double none[2] = {-INFINITY, -INFINITY};
  double felt[2] = {b - independent, x->average};
  if (x->constant_gate) rho = (course){-INFINITY, -INFINITY, -INFINITY};
  backward(x, MDM_Q, rho, x->constant_gate ? none : felt, !r->experts_grow || x->tied, out[MDM_SPLIT_RQ]);
  backward(x, MDM_W1, gamma, felt, 0, out[MDM_SPLIT_R1]);
  for (int k = 0; k < MDM_PARTS_COUNT; k++) out[MDM_SPLIT_R][k] = fmax(out[MDM_SPLIT_RQ][k], out[MDM_SPLIT_R1][k]);
}

/* ---------------------------------------------------------------- configuration */

/* An average of b φ_e(u) starts as a mean of independent numbers. What makes it more than that: v has learned from a, as one branch of many
 * (L^-b), W2 has learned from r, or W1 from b. Without residual blocks the first is 1. */
static void correlate(exponents *x) {
  const mdm_exponents *w1 = &x->e[MDM_W1], *w2 = &x->e[MDM_W2];
  double unit = x->f.readout, learned = fmax(w2->tau + w2->learn + 2 * unit, w1->learn + 2 * x->f.back);
  double whole = x->residual ? fmin(0, fmax(x->branch + unit, learned)) : 0;
  x->average = fmin(x->f.back, fmax(unit - x->half, whole));
  if (x->regime->neurons_grow) x->f.gate = x->average;
}

/* Exponents of what the configuration trains: tensors at rate zero have no learned part. An attention block has no router, as one of constant gates. */
static int read_exponents(const mdm_config *cfg, mdm_block_kind kind, mdm_axis axis, exponents *x, mdm_error *err) {
  mdm_parameterization p;
  mdm_model m = {0};
  double init[MDM_TENSORS], lr[MDM_TENSORS], rate = mdm_config_real(cfg, "train.lr");
  int heads = kind == MDM_BLOCK_ATTENTION, status = mdm_parameterization_read(cfg, &x->regime, &p, err);
  if (!status && heads) status = mdm_model_read(cfg, 1, 1, &m, err);
  if (status) return status;
  mdm_init_read(cfg, init);
  mdm_rates_read(cfg, lr);
  for (mdm_tensor t = MDM_W1; t <= MDM_W2 && heads; t++) p.rule[t] = m.heads.parameterization.rule[t], init[t] = m.heads.init[t], lr[t] = m.heads.lr[t];
  x->constant_gate = heads || !strcmp(mdm_config_text(cfg, "model.gate"), "constant");
  x->tied = p.rule[MDM_W1].tied;
  x->residual = mdm_config_int(cfg, "model.depth") > 0;
  x->half = axis.n / 2, x->sum = axis.l, x->branch = -axis.l * p.rule[MDM_W2].branch;
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    x->e[t] = mdm_exponents_of(t, x->regime, &p.rule[t], init[t], axis);
    if (rate == 0 || lr[t] == 0) x->e[t].learn = -INFINITY;
  }
  x->f = mdm_field_scales_of(x->e, x->residual, axis);
  correlate(x);
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

static int predict(const mdm_config *cfg, mdm_block_kind kind, mdm_axis axis, int first, exponents *x, double out[MDM_SPLITS][MDM_PARTS_COUNT], mdm_error *err) {
  int status = read_exponents(cfg, kind, axis, x, err);
  if (status) return status;
  all_forward(x, first, out);
  all_backward(x, out);
  return MDM_OK;
}

int mdm_parts_predict(const mdm_config *cfg, mdm_block_kind kind, int first, double out[MDM_SPLITS][MDM_PARTS_COUNT], mdm_error *err) {
  exponents x = {0};
  mdm_optimizer optimizer;
  int status = mdm_optimizer_read(cfg, &optimizer, err);
  if (!status) status = predict(cfg, kind, (mdm_axis){1, 0}, first, &x, out, err);
  if (!status) drop_unpredicted(&x, optimizer.method.entrywise, out);
  return status;
}

/* ---------------------------------------------------------------- depth */

/* x = WIDE n + l: far enough apart for any exponents that sums of a few make. */
static const double WIDE = 1e6, TINY = 1e-6;

/* No prediction where f changes without bound, or where norms keep a stream that grows with L in check: r then depends on the block. */
static int is_predicted(const mdm_config *cfg, int *yes, mdm_error *err) {
  mdm_model m = {0};
  mdm_optimizer o;
  mdm_depth_exponents e;
  int status = mdm_model_read(cfg, 1, 1, &m, err);
  if (!status) status = mdm_optimizer_read(cfg, &o, err);
  if (status) return status;
  mdm_depth_exponents_of(&m, &o, &e);
  *yes = !(e.stream > TINY) && !mdm_depth_limit_exists(&m, &o, NULL);
  return MDM_OK;
}

/* What differs from block to block at random adds to what all blocks push the same way: of parts of h^L − h⁰ but the first, the smaller power. */
static void add_lowest(double width[MDM_PARTS_COUNT], mdm_depth_prediction *out) {
  double *limit = out->limit[MDM_SPLIT_STREAM], *lowest = out->lowest[MDM_SPLIT_STREAM];
  const mdm_part_kind sums[] = {MDM_PART_PROPAGATING, MDM_PART_UPDATE, MDM_PART_TOTAL};
  memcpy(out->lowest, out->limit, sizeof out->lowest);
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
    if (width[MDM_PART_INIT] > width[sums[i]] - TINY) lowest[sums[i]] = fmin(limit[MDM_PART_INIT], limit[sums[i]]);
}

int mdm_parts_predict_depth(const mdm_config *cfg, mdm_depth_prediction *out, mdm_error *err) {
  double width[MDM_SPLITS][MDM_PARTS_COUNT], both[MDM_SPLITS][MDM_PARTS_COUNT], fixed[MDM_SPLITS][MDM_PARTS_COUNT];
  exponents x = {0};
  int yes, status = is_predicted(cfg, &yes, err);
  if (!status) status = mdm_parts_predict(cfg, MDM_BLOCK_MOE, 0, out->limit, err);
  if (!status) status = predict(cfg, MDM_BLOCK_MOE, (mdm_axis){1, 0}, 0, &x, width, err);
  if (!status) status = predict(cfg, MDM_BLOCK_MOE, (mdm_axis){WIDE, 1}, 0, &x, both, err);
  if (!status) status = predict(cfg, MDM_BLOCK_MOE, (mdm_axis){0, 1}, 0, &x, fixed, err);
  if (status) return status;
  for (int s = 0; s < MDM_SPLITS; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++) {
      double l = isinf(width[s][k]) ? -INFINITY : both[s][k] - WIDE * width[s][k];
      if (!yes || isnan(out->limit[s][k])) l = NAN;
      out->limit[s][k] = out->networks[s][k] = fabs(l) < TINY ? 0 : l;
      if (isfinite(l) && fabs(l - fixed[s][k]) > TINY) out->networks[s][k] = NAN;
    }
  add_lowest(width[MDM_SPLIT_STREAM], out);
  for (int s = 0; s < MDM_SPLITS; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++)
      if (isfinite(width[s][k]) && width[s][k] < -TINY) out->limit[s][k] = NAN; /* sampling noise, if anything */
  return MDM_OK;
}
