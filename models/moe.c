/* The network program: forward, backward and update of one MoE block, in natural units (docs/theory.md).
 *
 *   forward   z = W_in x, h = φ(z), ψ = β Q∘h, g = gate(ψ), u = W1∘h, y = c g φ_e(u) / κ, a = W2∘y, f = ⟨v a⟩
 *   backward  δ = v e, b = W2ᵀ∘δ, γ = c g φ_e'(u) b / κ, ρ = β gate'(ψ) [c (N_e/ν) ⟨b φ_e(u)⟩_j / κ],
 *             r = Qᵀ∘ρ + W1ᵀ∘γ
 *   update    each tensor from its natural gradient: matrices q pᵀ, W_in r φ'(z) xᵀ, v a e; SGD: −η learn × gradient
 * κ = K/M is the active fraction, c the gate multiplier, β the inverse temperature; ∘ is a trained random matrix's product.
 */
#include "models/moe.h"

#include <gsl/gsl_statistics_double.h>
#include <gsl/gsl_statistics_float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "realization/elementwise.h"
#include "realization/table.h"

/* Everything that belongs to one part: fields for its tokens and what the backward pass needs of the forward one. */
typedef struct {
  size_t capacity;           /* tokens the buffers hold */
  X(field) field[MDM_FIELDS];
  real *slope;               /* stream × P: φ'(z) */
  real *expert, *expert_slope; /* experts·neurons × P: φ_e(u), φ_e'(u) */
  real *gate;                /* experts × P: gate values before the selection */
  real *s;                   /* experts × P: gradient that reaches the gate */
  real *score, *order;       /* experts: what the selection compares; scratch */
  unsigned char *active;     /* experts × P */
  X(routing) routing;
  real *f;                   /* outputs × P */
} part_fields;

struct X(moe) {
  X(realization) *R;
  const mdm_model *model;
  const X(activation) *phi, *phi_e;
  const X(gate) *gate;
  size_t inputs, outputs;
  size_t drawn, fixed;   /* columns of W_in that are drawn; that receive no gradient (problem.h) */
  size_t active_experts; /* K of this population; = experts for soft routing */
  double weight;         /* c/κ */
  real *particles;       /* stream × (inputs + outputs): W_in in units of D^-½, then v */
  real *bias;            /* experts: selection biases b; NULL: none, logits decide */
  real *w_in, *v;        /* views of particles: stream × inputs, stream × outputs */
  X(table) in, out;      /* columns of W_in that receive gradients, v: with their optimizer's state */
  real *gram[2];         /* P × P: kernels, for the gradient's norm; NULL until it is asked for */
  part_fields part[MDM_PARTS];
  unsigned long next_id;
};

/* ---------------------------------------------------------------- life and death */

size_t X(moe_particles)(const X(realization) *R, mdm_field f) {
  switch (f) {
  case MDM_PSI: case MDM_G: case MDM_RHO: return R->experts;
  case MDM_U: case MDM_Y: case MDM_B: case MDM_GAMMA: return R->experts * R->neurons;
  default: return R->stream;
  }
}

static int part_allocate(X(moe) *m, mdm_part which, size_t P, mdm_error *err) {
  const X(realization) *R = m->R;
  part_fields *p = &m->part[which];
  size_t all = which == MDM_TRAIN ? MDM_FIELDS : MDM_FORWARD_FIELDS, neurons = R->experts * R->neurons;
  int ok = 1;
  p->capacity = P;
  for (size_t f = 0; f < all; f++) {
    p->field[f].n = X(moe_particles)(R, (mdm_field)f);
    ok &= (p->field[f].v = mdm_alloc(p->field[f].n, P, 1, sizeof(real))) != NULL;
  }
  ok &= (p->slope = mdm_alloc(R->stream, P, 1, sizeof(real))) != NULL;
  ok &= (p->expert = mdm_alloc(neurons, P, 1, sizeof(real))) != NULL;
  ok &= (p->expert_slope = mdm_alloc(neurons, P, 1, sizeof(real))) != NULL;
  ok &= (p->gate = mdm_alloc(R->experts, P, 1, sizeof(real))) != NULL;
  ok &= (p->s = mdm_alloc(R->experts, P, 1, sizeof(real))) != NULL;
  ok &= (p->score = mdm_alloc(R->experts, 1, 1, sizeof(real))) != NULL;
  ok &= (p->order = mdm_alloc(R->experts, 1, 1, sizeof(real))) != NULL;
  ok &= (p->active = mdm_alloc(R->experts, P, 1, 1)) != NULL;
  ok &= (p->f = mdm_alloc(m->outputs, P, 1, sizeof(real))) != NULL;
  p->routing = (X(routing)){R->experts, R->neurons, 0, p->active};
  return ok ? MDM_OK : mdm_no_memory(err, "the fields of %zu tokens", P);
}

static int initial_particles(X(moe) *m, mdm_error *err) {
  X(realization) *R = m->R;
  size_t S = R->stream, columns = m->inputs + m->outputs, later = m->inputs - m->drawn;
  m->particles = mdm_alloc(S, columns, 1, sizeof(real));
  if (!m->particles) return mdm_no_memory(err, "%zu × %zu initial weights", S, columns);
  m->w_in = m->particles;
  m->v = m->particles + S * m->inputs;
  m->in = X(table_of)(S, m->inputs - m->fixed, m->w_in + S * m->fixed);
  m->out = X(table_of)(S, m->outputs, m->v);
  int status = R->particles(R, m->drawn + m->outputs, m->particles, err);
  if (status) return status;
  if (later) { /* v is drawn behind the drawn columns */
    memmove(m->v, m->w_in + S * m->drawn, S * m->outputs * sizeof *m->v);
    memset(m->w_in + S * m->drawn, 0, S * later * sizeof *m->w_in);
  }
  BLAS(scal)(S * m->inputs, (real)sqrt(R->coef[MDM_W_IN].Vf), m->w_in, 1);
  BLAS(scal)(S * m->outputs, (real)sqrt(R->coef[MDM_W_OUT].Vf), m->v, 1);
  return MDM_OK;
}

static int initial_biases(X(moe) *m, mdm_error *err) {
  if (m->active_experts == m->R->experts || (m->model->bias_std == 0 && m->model->bias_rate == 0)) return MDM_OK;
  m->bias = mdm_alloc(m->R->experts, 1, 1, sizeof *m->bias);
  if (!m->bias) return mdm_no_memory(err, "%zu biases", m->R->experts);
  int status = m->model->bias_std > 0 ? m->R->biases(m->R, m->bias, err) : MDM_OK;
  BLAS(scal)(m->R->experts, (real)m->model->bias_std, m->bias, 1);
  return status;
}

static int set_up(X(moe) *m, const mdm_model *model, const size_t P[MDM_PARTS], mdm_error *err) {
  m->phi = X(activation_find)(model->activation);
  m->phi_e = X(activation_find)(model->expert_activation);
  m->gate = X(gate_find)(model->gate);
  if (!m->phi || !m->phi_e || !m->gate)
    return mdm_fail(err, MDM_ERR_CONFIG, "unknown activation or gate: %s, %s, %s", model->activation, model->expert_activation, model->gate);
  m->active_experts = (size_t)lround(model->active_fraction * (double)m->R->experts);
  if (m->active_experts < 1)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active_fraction = %g of %zu experts leaves none active; raise it or the width",
                    model->active_fraction, m->R->experts);
  m->weight = model->gate_multiplier * (double)m->R->experts / (double)m->active_experts;
  int status = initial_particles(m, err);
  if (!status) status = initial_biases(m, err);
  for (int part = 0; part < MDM_PARTS && !status; part++)
    if (P[part]) status = part_allocate(m, (mdm_part)part, P[part], err);
  return status;
}

int X(moe_create)(const mdm_model *model, X(realization) *R, const mdm_inputs *inputs, const size_t P[MDM_PARTS], X(moe) **out,
                  mdm_error *err) {
  *out = NULL;
  X(moe) *m = calloc(1, sizeof *m);
  if (!m) return mdm_no_memory(err, "the network program");
  m->R = R;
  m->model = model;
  m->inputs = inputs->inputs;
  m->drawn = inputs->drawn;
  m->fixed = inputs->fixed;
  m->outputs = model->outputs;
  int status = set_up(m, model, P, err);
  if (status) return X(moe_free)(m), status;
  *out = m;
  return MDM_OK;
}

void X(moe_free)(X(moe) *m) {
  if (!m) return;
  for (int part = 0; part < MDM_PARTS; part++) {
    part_fields *p = &m->part[part];
    for (int f = 0; f < MDM_FIELDS; f++) free(p->field[f].v);
    free(p->slope);
    free(p->expert);
    free(p->expert_slope);
    free(p->gate);
    free(p->s);
    free(p->score);
    free(p->order);
    free(p->active);
    free(p->f);
  }
  X(table_clear)(&m->in);
  X(table_clear)(&m->out);
  free(m->gram[0]);
  free(m->gram[1]);
  free(m->particles);
  free(m->bias);
  free(m);
}

/* ---------------------------------------------------------------- forward */

/* Marks a field of this part as rewritten, for P tokens. */
static X(field) *rewrite(X(moe) *m, mdm_part part, mdm_field f, size_t P) {
  X(field) *field = &m->part[part].field[f];
  field->P = P;
  field->id = ++m->next_id;
  return field;
}

static const X(routing) *routing_of(const X(moe) *m, mdm_part part) {
  return m->active_experts < m->R->experts ? &m->part[part].routing : NULL;
}

/* The K experts with the largest scores; ties go to the lower index. */
static void select_top(const X(moe) *m, const real *score, real *order, unsigned char *active) {
  size_t E = m->R->experts, K = m->active_experts, taken = 0;
  memcpy(order, score, E * sizeof *score);
  real threshold = GSL_SELECT(order, 1, E, E - K);
  for (size_t e = 0; e < E; e++) taken += active[e] = score[e] > threshold;
  for (size_t e = 0; e < E && taken < K; e++)
    if (score[e] == threshold && !active[e]) active[e] = 1, taken++;
}

/* Which experts serve token t: those of the largest logits, or (with biases) of the largest g + b, g over all experts. */
static void route(X(moe) *m, part_fields *p, size_t t) {
  size_t E = m->R->experts;
  const real *psi = p->field[MDM_PSI].v + E * t, *score = psi;
  if (m->bias) {
    m->gate->forward(E, psi, NULL, p->score);
    BLAS(axpy)(E, 1, m->bias, 1, p->score, 1);
    score = p->score;
  }
  select_top(m, score, p->order, p->active + E * t);
}

/* Experts that the gate of token t normalizes over; NULL: all. */
static const unsigned char *gate_scope(const X(moe) *m, const part_fields *p, size_t t) {
  return m->active_experts < m->R->experts && m->model->gate_selected ? p->active + m->R->experts * t : NULL;
}

/* g = gate(ψ), zero for experts outside the top K. */
static void gate_tokens(X(moe) *m, mdm_part part, size_t P) {
  part_fields *p = &m->part[part];
  size_t E = m->R->experts;
  const real *psi = p->field[MDM_PSI].v;
  real *g = rewrite(m, part, MDM_G, P)->v;
  const X(routing) *routing = routing_of(m, part);
  p->routing.P = P;
  for (size_t t = 0; t < P; t++) {
    if (routing) route(m, p, t);
    m->gate->forward(E, psi + E * t, gate_scope(m, p, t), p->gate + E * t);
  }
  for (size_t e = 0; e < E * P; e++) g[e] = !routing || p->active[e] ? p->gate[e] : 0;
}

/* out[m,j] = weight · g[m] · in[m,j] for every token; exactly zero where the expert is inactive. */
static void gated(const X(moe) *m, const real *g, size_t P, const real *in, real *out) {
  size_t J = m->R->neurons, n = m->R->experts * P;
  real weight = (real)m->weight;
  for (size_t e = 0; e < n; e++) {
    real w = weight * g[e];
    for (size_t j = 0; j < J; j++) out[e * J + j] = w == 0 ? 0 : w * in[e * J + j];
  }
}

int X(moe_forward)(X(moe) *m, mdm_part part, size_t P, const real *x, mdm_error *err) {
  X(realization) *R = m->R;
  part_fields *p = &m->part[part];
  if (P > p->capacity) return mdm_fail(err, MDM_ERR_INTERNAL, "%zu tokens exceed the %zu that were reserved", P, p->capacity);
  size_t S = R->stream, neurons = R->experts * R->neurons;
  X(field) *z = rewrite(m, part, MDM_Z, P), *h = rewrite(m, part, MDM_H, P), *psi = rewrite(m, part, MDM_PSI, P),
           *u = rewrite(m, part, MDM_U, P), *y = rewrite(m, part, MDM_Y, P), *a = rewrite(m, part, MDM_A, P);

  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, S, P, m->inputs, 1, m->w_in, S, x, m->inputs, 0, z->v, S);
  m->phi->eval(S * P, z->v, h->v, part == MDM_TRAIN ? p->slope : NULL);

  int status = R->matrix[MDM_Q]->ops->forward(R->matrix[MDM_Q], h, NULL, psi, err);
  if (status) return status;
  BLAS(scal)(R->experts * P, (real)m->model->inverse_temperature, psi->v, 1);
  gate_tokens(m, part, P);

  const X(routing) *routing = routing_of(m, part);
  status = R->matrix[MDM_W1]->ops->forward(R->matrix[MDM_W1], h, routing, u, err);
  if (status) return status;
  m->phi_e->eval(neurons * P, u->v, p->expert, part == MDM_TRAIN ? p->expert_slope : NULL);
  gated(m, p->field[MDM_G].v, P, p->expert, y->v);

  status = R->matrix[MDM_W2]->ops->forward(R->matrix[MDM_W2], y, routing, a, err);
  if (status) return status;
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, m->outputs, P, S, 1.0 / (double)S, m->v, S, a->v, S, 0, p->f, m->outputs);
  return MDM_OK;
}

/* ---------------------------------------------------------------- backward */

/* s[m] = (c/κ) (N_e/ν) mean over j of b φ_e(u), zero for inactive experts; then ρ by the gate's derivative. */
static void backward_gate(X(moe) *m, size_t P) {
  part_fields *p = &m->part[MDM_TRAIN];
  size_t E = m->R->experts, J = m->R->neurons;
  const real *b = p->field[MDM_B].v, *psi = p->field[MDM_PSI].v;
  const X(routing) *routing = routing_of(m, MDM_TRAIN);
  real *rho = rewrite(m, MDM_TRAIN, MDM_RHO, P)->v;
  real scale = (real)(m->weight * m->R->neuron_weight * m->model->inverse_temperature / (double)J);
  for (size_t e = 0; e < E * P; e++) {
    real sum = 0;
    if (!routing || p->active[e])
      for (size_t j = 0; j < J; j++) sum += b[e * J + j] * p->expert[e * J + j];
    p->s[e] = scale * sum;
  }
  for (size_t t = 0; t < P; t++)
    m->gate->backward(E, psi + E * t, gate_scope(m, p, t), p->gate + E * t, p->s + E * t, rho + E * t);
}

/* out = a ∘ b, elementwise. */
static void multiply(size_t n, const real *a, const real *b, real *out) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

int X(moe_backward)(X(moe) *m, const real *e, mdm_error *err) {
  X(realization) *R = m->R;
  part_fields *p = &m->part[MDM_TRAIN];
  size_t S = R->stream, P = p->field[MDM_Z].P, neurons = R->experts * R->neurons;
  const X(routing) *routing = routing_of(m, MDM_TRAIN);
  X(field) *delta = rewrite(m, MDM_TRAIN, MDM_DELTA, P), *b = rewrite(m, MDM_TRAIN, MDM_B, P),
           *gamma = rewrite(m, MDM_TRAIN, MDM_GAMMA, P), *r = rewrite(m, MDM_TRAIN, MDM_R, P);

  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, S, P, m->outputs, 1, m->v, S, e, m->outputs, 0, delta->v, S);
  int status = R->matrix[MDM_W2]->ops->backward(R->matrix[MDM_W2], delta, routing, 0, b, err);
  if (status) return status;
  backward_gate(m, P);
  gated(m, p->field[MDM_G].v, P, b->v, gamma->v);
  multiply(neurons * P, gamma->v, p->expert_slope, gamma->v);

  status = R->matrix[MDM_Q]->ops->backward(R->matrix[MDM_Q], &p->field[MDM_RHO], NULL, 0, r, err);
  if (!status) status = R->matrix[MDM_W1]->ops->backward(R->matrix[MDM_W1], gamma, routing, 1, r, err);
  if (status) return status;
  multiply(S * P, r->v, p->slope, rewrite(m, MDM_TRAIN, MDM_R_SLOPE, P)->v);
  return MDM_OK;
}

/* ---------------------------------------------------------------- update */

/* b ← b − rate (load − K/M), load: the fraction of the batch's tokens that an expert served (Jiang et al. 2026). */
static void balance(X(moe) *m, size_t P) {
  size_t E = m->R->experts;
  const unsigned char *active = m->part[MDM_TRAIN].active;
  double target = (double)m->active_experts / (double)E;
  for (size_t e = 0; e < E; e++) {
    size_t served = 0;
    for (size_t t = 0; t < P; t++) served += active[e + E * t];
    m->bias[e] -= (real)(m->model->bias_rate * ((double)served / (double)P - target));
  }
}

/* Σ_μν (a_μ·a_ν)(b_μ·b_ν) = |Σ_μ a_μ b_μᵀ|², over P tokens; a: n × P, b: k × P (leading dimension ldb). */
static double square_norm(X(moe) *m, size_t P, size_t n, const real *a, size_t k, const real *b, size_t ldb) {
  double sum = 0;
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, n, 1, a, n, 0, m->gram[0], P);
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, P, k, 1, b, ldb, 0, m->gram[1], P);
  for (size_t t = 0; t < P; t++)
    for (size_t s = t; s < P; s++) sum += (s == t ? 1 : 2) * (double)m->gram[0][s + P * t] * (double)m->gram[1][s + P * t];
  return sum;
}

int X(moe_gradient_norm)(X(moe) *m, const real *x, const real *e, double *norm, mdm_error *err) {
  const X(realization) *R = m->R;
  const X(field) *F = m->part[MDM_TRAIN].field;
  size_t S = R->stream, P = F[MDM_Z].P, capacity = m->part[MDM_TRAIN].capacity;
  double sum = 0;
  for (int i = 0; i < 2; i++)
    if (!m->gram[i] && !(m->gram[i] = mdm_alloc(capacity, capacity, 1, sizeof(real)))) return mdm_no_memory(err, "the gradient's norm");
  for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++) {
    const X(field) *p = &F[mdm_meetings[t].forward], *q = &F[mdm_meetings[t].backward];
    sum += R->coef[t].norm * square_norm(m, P, p->n, p->v, q->n, q->v, q->n) / ((double)p->n * (double)q->n);
  }
  sum += R->coef[MDM_W_IN].norm * square_norm(m, P, S, F[MDM_R_SLOPE].v, m->inputs - m->fixed, x + m->fixed, m->inputs) / (double)S;
  sum += R->coef[MDM_W_OUT].norm * square_norm(m, P, S, F[MDM_A].v, m->outputs, e, m->outputs) / (double)S;
  *norm = sqrt(sum);
  return MDM_OK;
}

/* W_in and v: G = x yᵀ with y: columns × P; step's rate is the base rate. */
static int step_particles(X(moe) *m, mdm_step step, const real *x, const real *e, mdm_error *err) {
  const X(realization) *R = m->R;
  const X(field) *F = m->part[MDM_TRAIN].field;
  size_t S = R->stream, P = F[MDM_Z].P;
  const mdm_coefficients *in = &R->coef[MDM_W_IN], *out = &R->coef[MDM_W_OUT];
  double rate = step.rate;
  step.rate = rate * m->model->lr[MDM_W_IN];
  BLAS(scal)(S * m->fixed, (real)mdm_step_keep(&step, in), m->w_in, 1);
  int status = X(table_step)(&m->in, &step, in, P, F[MDM_R_SLOPE].v, x + m->fixed, m->inputs, err);
  step.rate = rate * m->model->lr[MDM_W_OUT];
  if (!status) status = X(table_step)(&m->out, &step, out, P, F[MDM_A].v, e, m->outputs, err);
  return status;
}

int X(moe_step)(X(moe) *m, const mdm_step *base, const real *x, const real *e, mdm_error *err) {
  X(realization) *R = m->R;
  const X(field) *F = m->part[MDM_TRAIN].field;
  const X(routing) *routing = routing_of(m, MDM_TRAIN);
  mdm_step step = *base;
  int status = MDM_OK;
  for (mdm_tensor t = MDM_Q; t <= MDM_W2 && !status; t++) { /* the router sees every token */
    X(matrix) *A = R->matrix[t];
    step.rate = base->rate * m->model->lr[t];
    status = A->ops->step(A, &step, &F[mdm_meetings[t].forward], &F[mdm_meetings[t].backward], t == MDM_Q ? NULL : routing, err);
  }
  if (!status) status = step_particles(m, *base, x, e, err);
  if (!status && m->bias && m->model->bias_rate > 0) balance(m, F[MDM_Z].P);
  return status;
}

/* ---------------------------------------------------------------- what it shows */

const real *X(moe_prediction)(const X(moe) *m, mdm_part part) { return m->part[part].f; }
const X(field) *X(moe_field)(const X(moe) *m, mdm_part part, mdm_field f) { return &m->part[part].field[f]; }
const X(routing) *X(moe_routing)(const X(moe) *m, mdm_part part) { return routing_of(m, part); }
const real *X(moe_biases)(const X(moe) *m) { return m->bias; }
const real *X(moe_input_weights)(const X(moe) *m) { return m->w_in; }
const real *X(moe_readout_weights)(const X(moe) *m) { return m->v; }
