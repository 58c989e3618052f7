/* The network program: forward, backward and update of MoE and attention blocks, in natural units (docs/theory.md).
 *
 *   forward   z = W_in x, h = φ(z); per block n = norm(h), ψ = β Q∘n, g = gate(ψ), u = W1∘n, y = c g φ_e(u) / κ, a = W2∘y,
 *             h ← h + L^-b a; o of the last h, f = ⟨v o⟩
 *   backward  δ = v e, r = J_o δ; per block, last first: b = W2ᵀ∘r, γ = c g φ_e'(u) b / κ,
 *             ρ = β gate'(ψ) [c (N_e/ν) ⟨b φ_e(u)⟩_j / κ] + losses on the router, ζ = Qᵀ∘ρ + W1ᵀ∘γ, r ← r + L^-b J ζ
 *   update    each tensor from its natural gradient: matrices q pᵀ, W_in r φ'(z) xᵀ, v o e; SGD: −η learn × gradient
 * κ = K/M is the active fraction of routed experts, c the gate multiplier, β the inverse temperature; ∘ is a trained random matrix's
 * product. An attention block has no router: u are queries, keys and values of heads, y what they put out (models/attention.h). Shared experts, the first of each block, have g = 1, no κ and no ρ. A block without residual sum (no depth) has n = h, o = a, r = ζ.
 */
#include "models/moe.h"

#include <gsl/gsl_statistics_double.h>
#include <gsl/gsl_statistics_float.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/summary.h"
#include "base/vecmath.h"
#include "realization/elementwise.h"
#include "realization/gram.h"
#include "realization/parallel.h"
#include "realization/table.h"
#include "models/attention.h"
#include "models/norm.h"

enum {
  TOKEN_PIECES = 16, /* of a batch, which threads route side by side */
  WIDE = 8           /* neurons of an expert that is worth being left out */
};

/* What belongs to one block: fields for a part's tokens and what the backward pass needs of the forward one. */
typedef struct {
  X(field) field[MDM_FIELDS];  /* n, ψ, g, u, y, a, b, γ, ρ, ζ; n and ζ empty where they are other fields */
  real *turned;                /* attention: rows × P (as fields; heads that are held here): normalized and turned queries and keys; NULL: they are used as they are */
  real *weights;               /* attention: T × heads × P: how much of each token of its sequence a head takes */
  real *expert, *expert_slope; /* experts·neurons × P: φ_e(u), φ_e'(u) */
  real *gate;                  /* experts × P: gate values before the selection */
  real *s;                     /* experts × P: gradient that reaches the gate */
  double *scale;               /* P: s of the normalization */
  unsigned char *active;       /* experts × P */
  unsigned char *filled[2];    /* experts × P: 1 where y, and γ, of an expert may be other than zero */
  size_t *begin, *token;       /* networks under top-K: experts + 1; active experts × P: the routing's lists */
  X(routing) routing;
} block_fields;

/* Everything that belongs to one part. */
typedef struct {
  size_t capacity;       /* tokens the buffers hold */
  size_t blocks, places; /* kept: all blocks and places of the stream (training), or as many as a forward pass needs */
  block_fields *block;   /* blocks */
  X(field) *h, *r;       /* places: the stream, and N ∂L/∂h */
  X(field) z, o, delta, r_slope;
  real *slope;           /* stream × P: φ'(z) */
  real *out_slope;       /* stream × P: slope of the output activation */
  double *out_scale;     /* P: s of the output normalization */
  real *score, *order;   /* experts × TOKEN_PIECES: what the selection compares; scratch */
  real *f;               /* outputs × P */
} part_fields;

/* Sizes of one block that its shared experts decide. */
typedef struct {
  size_t shared, active; /* experts, of all; of the routed ones K; = all of these for soft routing */
  double weight;         /* c/κ */
  real *bias;            /* experts: selection biases b; NULL: none, logits decide */
} block_router;

struct X(moe) {
  X(realization) *R;
  const mdm_model *model;
  const X(activation) *phi, *phi_e, *out; /* out: NULL where the output is no activation */
  const X(gate) *gate;
  size_t inputs, outputs;
  size_t drawn, fixed;   /* columns of W_in that are drawn; that receive no gradient (problem.h) */
  block_router *router;  /* blocks */
  real *particles;       /* stream × (inputs + outputs): W_in in units of D^-½, then v */
  real *w_in, *v;        /* views of particles: stream × inputs, stream × outputs */
  X(table) in, out_table; /* columns of W_in that receive gradients, v: with their optimizer's state */
  real *gram[2];         /* P × P: kernels, for the gradient's norm; NULL until it is asked for */
  part_fields part[MDM_PARTS];
  unsigned long next_id;
  int stepped;           /* matrices that can step with their backward product have done so */
};

/* ---------------------------------------------------------------- fields */

static block_fields *block_of(part_fields *p, size_t l) { return &p->block[l % p->blocks]; }

static int attends(const X(moe) *m, size_t l) { return m->R->block[l].kind == MDM_BLOCK_ATTENTION; }

/* Of the heads that are held here: ranks that share a solution cut both of their populations at whole heads, the same ones (base/crew.h). */
static X(attention) heads_of(const X(moe) *m, size_t l) {
  const mdm_heads *h = &m->model->heads;
  if (!attends(m, l)) return (X(attention)){0};
  size_t units = m->R->block[l].units, width = m->R->block[l].columns / units / h->queries;
  units = mdm_rows(m->R->block[l].columns) / (width * h->queries);
  return (X(attention)){units, h->queries, width, m->model->context, pow((double)width, h->power), h->causal, h->rotary, h->normalized, m->model->norm_eps};
}

/* The first of a block's matrices; the last is W2. */
static mdm_tensor first_tensor(const X(moe) *m, size_t l) { return mdm_first_tensor(m->R->block[l].kind); }

static int has_residual(const X(moe) *m) { return m->model->depth > 0; }
static int has_output(const X(moe) *m) { return has_residual(m) && strcmp(m->model->output, "none"); }

/* A field under every name that it has. */
static X(field) *at(const X(moe) *m, mdm_part part, mdm_field f, size_t level) {
  part_fields *p = (part_fields *)&m->part[part];
  switch (f) {
  case MDM_Z: return &p->z;
  case MDM_H: return level == 0 && m->model->linear_input ? &p->z : &p->h[level % p->places];
  case MDM_N: return m->model->norm == MDM_NORM_NONE ? at(m, part, MDM_H, level) : &block_of(p, level)->field[MDM_N];
  case MDM_O: return !has_residual(m) ? at(m, part, MDM_A, 0) : !has_output(m) ? at(m, part, MDM_H, m->R->blocks) : &p->o;
  case MDM_DELTA: return &p->delta;
  case MDM_R: return level == m->R->blocks && !has_output(m) ? &p->delta : &p->r[level];
  case MDM_ZETA: return !has_residual(m) ? at(m, part, MDM_R, level) : &block_of(p, level)->field[MDM_ZETA];
  case MDM_R_SLOPE: return &p->r_slope;
  default: return &block_of(p, level)->field[f];
  }
}

/* The fields that meet a matrix of a block. */
static X(field) *forward_input(const X(moe) *m, mdm_tensor t, size_t l) { return at(m, MDM_TRAIN, mdm_meetings[t].forward, l); }
static X(field) *backward_input(const X(moe) *m, mdm_tensor t, size_t l) {
  return at(m, MDM_TRAIN, mdm_meetings[t].backward, mdm_backward_level(t, l));
}

/* Marks a field of this part as rewritten, for P tokens; its noise is cleared. */
static X(field) *rewrite(X(moe) *m, mdm_part part, mdm_field f, size_t level, size_t P) {
  X(field) *field = at(m, part, f, level);
  field->P = P;
  field->id = ++m->next_id;
  if (field->noise) memset(field->noise, 0, X(field_ld)(field) * P * sizeof *field->noise);
  return field;
}

/* Pieces of elementwise work on n entries: of each, where it begins and how many entries it has. */
#define PIECES(n) mdm_pieces(n, MDM_ENTRIES)
#define FIRST(n, i) mdm_piece(n, PIECES(n), i)
#define COUNT(n, i) (FIRST(n, i + 1) - FIRST(n, i))

/* Where piece i of so many begins, of `all` experts (of all tokens) whose neurons stay together; piece `pieces` begins at the end. */
static size_t first_expert(size_t all, size_t pieces, size_t i) { return i == pieces ? all : all / pieces * i; }

/* Twins stand side by side. */
static void fill_twin(X(field) *f) {
  for (size_t i = 0; i + 1 < f->n * f->P && f->twin; i += 2) f->twin[i] = f->v[i + 1], f->twin[i + 1] = f->v[i];
}

/* ---------------------------------------------------------------- life and death */

int X(moe_has_twin)(const X(realization) *R, mdm_field f) { return R->twins && (f == MDM_PSI || f == MDM_RHO); }
int X(moe_has_noise)(const X(realization) *R, mdm_field f) { return R->twins && (f == MDM_ZETA || f == MDM_R || f == MDM_R_SLOPE); }

size_t X(moe_particles)(const X(realization) *R, mdm_field f, size_t block) {
  const X(block_sizes) *b = &R->block[block % R->blocks]; /* behind the last block there is the stream */
  switch (f) {
  case MDM_PSI: case MDM_G: case MDM_RHO: return b->kind == MDM_BLOCK_MOE ? b->units : 0;
  case MDM_U: case MDM_GAMMA: return b->rows;
  case MDM_Y: case MDM_B: return b->columns;
  default: return R->stream;
  }
}

static int allocate(X(field) *f, size_t n, size_t P) {
  f->n = n;
  return (f->v = mdm_alloc(mdm_rows(n), P, 1, sizeof(real))) != NULL;
}

/* Of experts: all of them on every rank, since gates and selections look at all together. */
static int allocate_whole(X(field) *f, size_t n, size_t P) {
  f->n = f->ld = n;
  return (f->v = mdm_alloc(n, P, 1, sizeof(real))) != NULL;
}

/* Room for what keeps noise out of the squares of a field. */
static int allocate_second(const X(moe) *m, X(field) *f, mdm_field which, size_t P) {
  int twin = X(moe_has_twin)(m->R, which), noise = X(moe_has_noise)(m->R, which);
  if (twin) f->twin = mdm_alloc(X(field_ld)(f), P, 1, sizeof(real));
  if (noise) f->noise = mdm_alloc(X(field_ld)(f), P, 1, sizeof(real));
  return (f->twin || !twin) && (f->noise || !noise);
}

static void release(X(field) *f) {
  free(f->v);
  free(f->twin);
  free(f->noise);
}

/* What only MoE blocks keep. */
static int router_allocate(const X(moe) *m, block_fields *b, int train, size_t P) {
  size_t E = m->R->experts, EJ = E * m->R->neurons;
  b->routing = (X(routing)){E, m->R->neurons, 0, NULL, NULL, NULL};
  int ok = (b->expert = mdm_alloc(mdm_rows(EJ), P, 1, sizeof(real))) && (!train || (b->expert_slope = mdm_alloc(mdm_rows(EJ), P, 1, sizeof(real)))) &&
           (b->gate = mdm_alloc(E, P, 1, sizeof(real))) && (b->s = mdm_alloc(E, P, 1, sizeof(real))) && (b->active = mdm_alloc(E, P, 1, 1));
  for (int i = 0; i < 1 + train; i++) ok = ok && (b->filled[i] = mdm_alloc(E, P, 1, 1));
  b->routing.active = b->active;
  return ok;
}

/* What is looked at of all experts together, everybody has whole. */
static int allocate_own(X(field) *f, mdm_field which, size_t n, size_t P) {
  return which == MDM_PSI || which == MDM_G || which == MDM_RHO ? allocate_whole(f, n, P) : allocate(f, n, P);
}

/* Fields that a kind of block has: all, or those with particles of their own; routers' fields are empty where there is none. */
static int block_allocate(const X(moe) *m, block_fields *b, size_t l, mdm_part which, size_t P) {
  static const mdm_field forward[] = {MDM_PSI, MDM_G, MDM_U, MDM_Y, MDM_A}, backward[] = {MDM_B, MDM_GAMMA, MDM_RHO};
  const X(realization) *R = m->R;
  int train = which == MDM_TRAIN, ok = 1;
  for (size_t i = 0; i < sizeof forward / sizeof *forward; i++) ok = ok && allocate_own(&b->field[forward[i]], forward[i], X(moe_particles)(R, forward[i], l), P);
  if (m->model->norm != MDM_NORM_NONE) ok = ok && allocate(&b->field[MDM_N], R->stream, P);
  for (size_t i = 0; i < sizeof backward / sizeof *backward && train; i++) ok = ok && allocate_own(&b->field[backward[i]], backward[i], X(moe_particles)(R, backward[i], l), P);
  if (train && has_residual(m)) ok = ok && allocate(&b->field[MDM_ZETA], R->stream, P);
  for (mdm_field f = 0; f < MDM_FIELDS && train; f++)
    if (b->field[f].v) ok = ok && allocate_second(m, &b->field[f], f, P);
  ok = ok && (b->scale = mdm_alloc(P, 1, 1, sizeof *b->scale));
  if (!attends(m, l)) return ok && router_allocate(m, b, train, P);
  X(attention) heads = heads_of(m, l);
  ok = ok && (!X(attention_turns)(&heads) || (b->turned = mdm_alloc(mdm_rows(R->block[l].rows), P, 1, sizeof(real))));
  return ok && (b->weights = mdm_alloc(m->model->context, heads.particles * heads.queries, P, sizeof(real)));
}

/* Experts that serve a token in the block where they are most, of those under top-K; 0: there is none, or experts are samples, which are all
 * computed. */
static size_t most_served(const X(moe) *m) {
  size_t most = 0;
  for (size_t l = 0; l < m->R->blocks && !m->R->sampled; l++) {
    const block_router *r = &m->router[l];
    if (!attends(m, l) && r->active < m->R->experts - r->shared && r->shared + r->active > most) most = r->shared + r->active;
  }
  return most;
}

/* Lists of the tokens that each of E experts serves, so many experts a token. */
static int lists_allocate(block_fields *b, size_t E, size_t served, size_t P) {
  if (!served) return 1;
  b->begin = mdm_alloc(E + 1, 1, 1, sizeof *b->begin);
  b->token = mdm_alloc(served, P, 1, sizeof *b->token);
  b->routing.begin = b->begin;
  b->routing.token = b->token;
  return b->begin && b->token;
}

/* Fields of the stream: of forward-only points two places follow each other. */
static int stream_allocate(X(moe) *m, part_fields *p, mdm_part which, size_t P) {
  size_t S = m->R->stream;
  int train = which == MDM_TRAIN, ok = allocate(&p->z, S, P);
  for (size_t i = 0; i < p->places; i++) {
    int is_z = i == 0 && m->model->linear_input && train;
    if (!is_z) ok = ok && allocate(&p->h[i], S, P);
    if (train && (i < m->R->blocks || has_output(m))) ok = ok && allocate(&p->r[i], S, P);
    if (train && i < m->R->blocks) ok = ok && allocate_second(m, &p->r[i], MDM_R, P); /* behind the last block nothing is noisy */
  }
  if (has_output(m)) ok = ok && allocate(&p->o, S, P) && (p->out_scale = mdm_alloc(P, 1, 1, sizeof *p->out_scale));
  if (train) ok = ok && allocate(&p->delta, S, P) && allocate(&p->r_slope, S, P) && allocate_second(m, &p->r_slope, MDM_R_SLOPE, P) && (p->slope = mdm_alloc(mdm_rows(S), P, 1, sizeof(real)));
  if (train && m->out) ok = ok && (p->out_slope = mdm_alloc(mdm_rows(S), P, 1, sizeof(real)));
  return ok;
}

static int part_allocate(X(moe) *m, mdm_part which, size_t P, mdm_error *err) {
  part_fields *p = &m->part[which];
  size_t L = m->R->blocks, E = m->R->experts, served = most_served(m), kinds = m->model->layer_blocks ? m->model->layer_blocks : 1;
  p->capacity = P;
  p->blocks = which == MDM_TRAIN ? L : kinds; /* those of a layer, which the next one uses again */
  p->places = which == MDM_TRAIN ? L + 1 : 2;
  int ok = (p->block = calloc(p->blocks, sizeof *p->block)) && (p->h = calloc(p->places, sizeof *p->h)) && (p->r = calloc(p->places, sizeof *p->r)) &&
           stream_allocate(m, p, which, P);
  for (size_t l = 0; l < p->blocks && ok; l++) ok = block_allocate(m, &p->block[l], l, which, P) && (attends(m, l) || lists_allocate(&p->block[l], E, served, P));
  ok = ok && (p->score = mdm_alloc(m->R->experts, TOKEN_PIECES, 1, sizeof(real))) && (p->order = mdm_alloc(m->R->experts, TOKEN_PIECES, 1, sizeof(real))) &&
       (p->f = mdm_alloc(m->outputs, P, 1, sizeof(real)));
  return ok ? MDM_OK : mdm_no_memory(err, "the fields of %zu tokens", P);
}

/* std: factors of W_in's columns; NULL: 1. */
static int initial_particles(X(moe) *m, const double *std, mdm_error *err) {
  X(realization) *R = m->R;
  size_t S = mdm_rows(R->stream), columns = m->inputs + m->outputs, later = m->inputs - m->drawn;
  m->particles = mdm_alloc(S, columns, 1, sizeof(real));
  if (!m->particles) return mdm_no_memory(err, "%zu × %zu initial weights", S, columns);
  m->w_in = m->particles;
  m->v = m->particles + S * m->inputs;
  m->in = X(table_of)(R->stream, m->inputs - m->fixed, m->w_in + S * m->fixed);
  m->out_table = X(table_of)(R->stream, m->outputs, m->v);
  int status = R->particles(R, m->drawn + m->outputs, m->particles, err);
  if (status) return status;
  if (later) { /* v is drawn behind the drawn columns */
    memmove(m->v, m->w_in + S * m->drawn, S * m->outputs * sizeof *m->v);
    memset(m->w_in + S * m->drawn, 0, S * later * sizeof *m->w_in);
  }
  X(scale)(S * m->inputs, (real)sqrt(R->coef[MDM_W_IN].Vf), m->w_in);
  for (size_t c = 0; c < m->inputs && std; c++) X(scale)(S, (real)std[c], m->w_in + S * c);
  X(scale)(S * m->outputs, (real)sqrt(R->coef[MDM_W_OUT].Vf), m->v);
  return MDM_OK;
}

static int initial_biases(X(moe) *m, size_t l, mdm_error *err) {
  block_router *r = &m->router[l];
  size_t E = m->R->experts;
  if (attends(m, l) || r->active == E - r->shared || (m->model->bias_std == 0 && m->model->bias_rate == 0)) return MDM_OK;
  r->bias = mdm_alloc(E, 1, 1, sizeof *r->bias);
  if (!r->bias) return mdm_no_memory(err, "%zu biases", E);
  int status = m->model->bias_std > 0 ? m->R->biases(m->R, l, m->model->bias_seed, r->bias, err) : MDM_OK;
  X(scale)(E, (real)m->model->bias_std, r->bias);
  return status;
}

static int set_up_router(X(moe) *m, size_t l, mdm_error *err) {
  const mdm_model *model = m->model;
  block_router *r = &m->router[l];
  size_t E = m->R->experts;
  if (attends(m, l)) return MDM_OK;
  r->shared = m->R->twins ? 2 * mdm_model_shared(model, l, E / 2) : mdm_model_shared(model, l, E);
  r->active = (size_t)lround(model->active_fraction * (double)(E - r->shared));
  if (r->active < 1 && r->shared < E)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active_fraction = %g of %zu experts leaves none active; raise it or the width",
                    model->active_fraction, E - r->shared);
  r->weight = r->active ? model->gate_multiplier * (double)(E - r->shared) / (double)r->active : 0;
  return MDM_OK;
}

static int set_up(X(moe) *m, const mdm_model *model, const double *std, const size_t P[MDM_PARTS], mdm_error *err) {
  m->phi = X(activation_find)(model->activation);
  m->phi_e = X(activation_find)(model->expert_activation);
  m->gate = X(gate_find)(model->gate);
  if (!m->phi || !m->phi_e || !m->gate)
    return mdm_fail(err, MDM_ERR_CONFIG, "unknown activation or gate: %s, %s, %s", model->activation, model->expert_activation, model->gate);
  if (has_output(m)) m->out = X(activation_find)(model->output);
  m->router = calloc(m->R->blocks, sizeof *m->router);
  int status = m->router ? MDM_OK : mdm_no_memory(err, "%zu blocks", m->R->blocks);
  for (size_t l = 0; l < m->R->blocks && !status; l++) status = set_up_router(m, l, err);
  if (!status) status = initial_particles(m, std, err);
  for (size_t l = 0; l < m->R->blocks && !status; l++) status = initial_biases(m, l, err);
  for (int part = 0; part < MDM_PARTS && !status; part++)
    if (P[part]) status = part_allocate(m, (mdm_part)part, P[part], err);
  return status;
}

int X(moe_create)(const mdm_model *model, X(realization) *R, const mdm_inputs *inputs, const size_t P[MDM_PARTS], X(moe) **out,
                  mdm_error *err) {
  *out = NULL;
  X(moe) *m = calloc(1, sizeof *m);
  if (!m) return mdm_no_memory(err, "a training run");
  m->R = R;
  m->model = model;
  m->inputs = inputs->inputs;
  m->drawn = inputs->drawn;
  m->fixed = inputs->fixed;
  m->outputs = model->outputs;
  int status = set_up(m, model, inputs->std, P, err);
  if (status) return X(moe_free)(m), status;
  *out = m;
  return MDM_OK;
}

static void block_clear(block_fields *b) {
  for (int f = 0; f < MDM_FIELDS; f++) release(&b->field[f]);
  free(b->turned);
  free(b->weights);
  free(b->expert);
  free(b->expert_slope);
  free(b->gate);
  free(b->s);
  free(b->scale);
  free(b->active);
  free(b->filled[0]);
  free(b->filled[1]);
  free(b->begin);
  free(b->token);
}

static void part_clear(part_fields *p) {
  for (size_t l = 0; l < p->blocks && p->block; l++) block_clear(&p->block[l]);
  for (size_t i = 0; i < p->places && p->h && p->r; i++) free(p->h[i].v), release(&p->r[i]);
  free(p->block);
  free(p->h);
  free(p->r);
  free(p->z.v);
  free(p->o.v);
  free(p->delta.v);
  release(&p->r_slope);
  free(p->slope);
  free(p->out_slope);
  free(p->out_scale);
  free(p->score);
  free(p->order);
  free(p->f);
}

void X(moe_free)(X(moe) *m) {
  if (!m) return;
  for (int part = 0; part < MDM_PARTS; part++) part_clear(&m->part[part]);
  for (size_t l = 0; l < m->R->blocks && m->router; l++) free(m->router[l].bias);
  free(m->router);
  X(table_clear)(&m->in);
  X(table_clear)(&m->out_table);
  free(m->gram[0]);
  free(m->gram[1]);
  free(m->particles);
  free(m);
}

void X(moe_walk)(X(moe) *m, mdm_state *s) {
  size_t E = m->R->experts;
  mdm_state_id(s, "next field", &m->next_id);
  mdm_state_rows(s, "W_in and v", m->particles, m->R->stream, m->inputs + m->outputs, sizeof(real));
  X(table_walk)(&m->in, s);
  X(table_walk)(&m->out_table, s);
  for (size_t l = 0; l < m->R->blocks; l++)
    if (m->router[l].bias) mdm_state_array(s, "selection biases", m->router[l].bias, E, sizeof(real));
}

/* ---------------------------------------------------------------- forward */

static const X(routing) *routing_of(const X(moe) *m, mdm_part part, size_t l) {
  const block_router *r = &m->router[l];
  if (attends(m, l)) return NULL;
  return r->active < m->R->experts - r->shared ? &block_of((part_fields *)&m->part[part], l)->routing : NULL;
}

/* The K of n experts with the largest scores; ties go to the lower index. */
static void select_top(size_t n, size_t K, const real *score, real *order, unsigned char *active) {
  size_t taken = 0;
  memcpy(order, score, n * sizeof *score);
  real threshold = GSL_SELECT(order, 1, n, n - K);
  for (size_t e = 0; e < n; e++) taken += active[e] = score[e] > threshold;
  for (size_t e = 0; e < n && taken < K; e++)
    if (score[e] == threshold && !active[e]) active[e] = 1, taken++;
}

/* Which routed experts serve token t (piece: of the tokens, whose scratch is used): those of the largest logits, or (with biases) of the largest g + b, g over all routed experts. */
static void route(X(moe) *m, part_fields *p, size_t l, size_t t, size_t piece) {
  const block_router *r = &m->router[l];
  block_fields *b = block_of(p, l);
  size_t E = m->R->experts, first = r->shared, n = E - first;
  const real *psi = b->field[MDM_PSI].v + E * t + first, *score = psi;
  real *own = p->score + E * piece;
  if (r->bias) {
    m->gate->forward(n, psi, NULL, own);
    X(add)(n, 1, r->bias + first, own);
    score = own;
  }
  memset(b->active + E * t, 1, first);
  select_top(n, r->active, score, p->order + E * piece, b->active + E * t + first);
}

/* Routed experts that the gate of token t normalizes over; NULL: all. */
static const unsigned char *gate_scope(const X(moe) *m, mdm_part part, size_t l, size_t t) {
  const X(routing) *routing = routing_of(m, part, l);
  return routing && m->model->gate_selected ? routing->active + m->R->experts * t + m->router[l].shared : NULL;
}

/* Which tokens each expert serves, from the flags. */
static void list_tokens(block_fields *b, size_t E, size_t P) {
  if (!b->begin) return;
  memset(b->begin, 0, (E + 1) * sizeof *b->begin);
  for (size_t t = 0; t < P; t++)
    for (size_t e = 0; e < E; e++) b->begin[e + 1] += b->active[e + E * t];
  for (size_t e = 0; e < E; e++) b->begin[e + 1] += b->begin[e];
  for (size_t t = 0; t < P; t++)
    for (size_t e = 0; e < E; e++)
      if (b->active[e + E * t]) b->token[b->begin[e]++] = t;
  for (size_t e = E; e > 0; e--) b->begin[e] = b->begin[e - 1]; /* back to where the lists begin */
  b->begin[0] = 0;
}

/* g = gate(ψ), zero for experts outside the top K; 1 for shared ones. */
static void gate_tokens(X(moe) *m, mdm_part part, size_t l, size_t P) {
  part_fields *p = &m->part[part];
  block_fields *b = block_of(p, l);
  size_t E = m->R->experts, first = m->router[l].shared;
  const real *psi = b->field[MDM_PSI].v;
  real *g = rewrite(m, part, MDM_G, l, P)->v;
  const X(routing) *routing = routing_of(m, part, l);
  b->routing.P = P;
  size_t pieces = P < TOKEN_PIECES ? P : TOKEN_PIECES;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(40.0 * (double)(E * P)))
  for (size_t i = 0; i < pieces; i++)
    for (size_t t = P * i / pieces; t < P * (i + 1) / pieces; t++) {
      if (routing) route(m, p, l, t, i);
      for (size_t e = 0; e < first; e++) b->gate[e + E * t] = 1;
      if (first < E) m->gate->forward(E - first, psi + E * t + first, gate_scope(m, part, l, t), b->gate + E * t + first);
      for (size_t e = E * t; e < E * (t + 1); e++) g[e] = !routing || b->active[e] ? b->gate[e] : 0;
    }
  if (routing) list_tokens(b, E, P);
}

/* out = w in for the J neurons of an expert; exactly zero where it is inactive, as it mostly was before: then nothing is written. */
static void weigh(size_t J, real w, const real *in, real *out, unsigned char *filled) {
  if (w == 0 && *filled) memset(out, 0, J * sizeof *out);
  for (size_t j = 0; j < J && w != 0; j++) out[j] = w * in[j];
  *filled = w != 0;
}

/* The same, times a slope. */
static void weigh_slope(size_t J, real w, const real *in, const real *slope, real *out, unsigned char *filled) {
  if (w == 0 && *filled) memset(out, 0, J * sizeof *out);
  for (size_t j = 0; j < J && w != 0; j++) out[j] = w * in[j] * slope[j];
  *filled = w != 0;
}

/* Weight of expert e (of all tokens' experts: e + E t): c g/κ of routed ones, 1 of shared ones, 0 of inactive ones. */
static real weight_of(const X(moe) *m, size_t l, const real *g, size_t e) {
  return e % m->R->experts < m->router[l].shared ? g[e] : (real)m->router[l].weight * g[e];
}

/* Where ranks share the neurons: those of a token that are held here, expert by expert, some of them in part. */
typedef struct {
  size_t expert, first, count; /* neurons, from the first that is held */
} held_part;

static size_t held_experts(size_t J, const mdm_held *h) { return (h->first + h->count - 1) / J - h->first / J + 1; }

static held_part held_expert(size_t J, const mdm_held *h, size_t i) {
  size_t e = h->first / J + i, from = e * J > h->first ? e * J : h->first, end = (e + 1) * J, last = h->first + h->count;
  return (held_part){e, from - h->first, (end < last ? end : last) - from};
}

static void activate_held(const X(moe) *m, mdm_part part, size_t l, block_fields *b, size_t P) {
  size_t J = m->R->neurons, E = m->R->experts;
  mdm_held h = mdm_held_of(E * J);
  int skips = routing_of(m, part, l) && J >= WIDE;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)(h.count * P)))
  for (size_t t = 0; t < P; t++) {
    const real *u = b->field[MDM_U].v + h.count * t, *g = b->field[MDM_G].v;
    real *y = b->field[MDM_Y].v + h.count * t, *value = b->expert + h.count * t, *slope = b->expert_slope ? b->expert_slope + h.count * t : NULL;
    if (!skips) m->phi_e->eval(h.count, u, value, slope);
    for (size_t i = 0; i < held_experts(J, &h); i++) {
      held_part e = held_expert(J, &h, i);
      if (skips && b->active[e.expert + E * t]) m->phi_e->eval(e.count, u + e.first, value + e.first, slope ? slope + e.first : NULL);
      weigh(e.count, weight_of(m, l, g, e.expert + E * t), value + e.first, y + e.first, b->filled[0] + e.expert + E * t);
    }
  }
}

/* Of experts first … end − 1 (of all tokens' experts): as many at a time as stay in the first level of the cache. */
static void activate_experts(const X(moe) *m, size_t l, block_fields *b, int skips, size_t first, size_t end) {
  enum { NEARBY = 1024 }; /* neurons */
  size_t J = m->R->neurons, some = NEARBY / J ? NEARBY / J : 1;
  const real *u = b->field[MDM_U].v, *g = b->field[MDM_G].v;
  real *y = b->field[MDM_Y].v, *value = b->expert, *slope = b->expert_slope;
  for (size_t at = first, e; at < end; at = e) {
    size_t next = end - at < some ? end : at + some;
    if (!skips) m->phi_e->eval((next - at) * J, u + at * J, value + at * J, slope ? slope + at * J : NULL);
    for (e = at; e < next; e++) {
      if (skips && b->active[e]) m->phi_e->eval(J, u + e * J, value + e * J, slope ? slope + e * J : NULL);
      weigh(J, weight_of(m, l, g, e), value + e * J, y + e * J, b->filled[0] + e);
    }
  }
}

/* y = c g φ_e(u) / κ, and what the backward pass needs of φ_e. Narrow experts are evaluated whether they serve a token or not. */
static void activate(const X(moe) *m, mdm_part part, size_t l, block_fields *b, size_t P) {
  size_t J = m->R->neurons, all = m->R->experts * P, pieces = mdm_pieces(all * J, MDM_ENTRIES);
  int skips = routing_of(m, part, l) && J >= WIDE;
  if (mdm_is_spread(m->R->experts * J)) {
    activate_held(m, part, l, b, P);
    return;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)(all * J)))
  for (size_t i = 0; i < pieces; i++) activate_experts(m, l, b, skips, first_expert(all, pieces, i), first_expert(all, pieces, i + 1));
}

/* Rows of a field that has all of them, from the ranks that computed them. Not 0: memory is out. */
static int gather_rows(X(field) *f) {
  size_t n = f->n, P = f->P, first, end;
  if (!mdm_is_spread(n)) return 0;
  real *rows = mdm_alloc(P, n, 1, sizeof *rows); /* P × n */
  if (!rows) return -1;
  mdm_own_blocks(n, 1, &first, &end);
  for (size_t i = first; i < end; i++)
    for (size_t t = 0; t < P; t++) rows[t + P * i] = f->v[i + n * t];
  mdm_gather_blocks(n, 1, P * sizeof *rows, rows);
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < n; i++) f->v[i + n * t] = rows[t + P * i];
  free(rows);
  return 0;
}

/* g of every expert from n. */
static int forward_router(X(moe) *m, mdm_part part, size_t l, size_t P, const X(field) *n, mdm_error *err) {
  X(matrix) *Q = m->R->matrix[l][MDM_Q];
  X(field) *psi = rewrite(m, part, MDM_PSI, l, P);
  int status = Q->ops->forward(Q, n, NULL, psi, err);
  if (status) return status;
  if (gather_rows(psi)) return mdm_no_memory(err, "logits of %zu experts", psi->n);
  BLAS(scal)(m->R->experts * P, (real)m->model->inverse_temperature, psi->v, 1);
  fill_twin(psi);
  gate_tokens(m, part, l, P);
  return MDM_OK;
}

/* y from u: of heads, or of experts. */
static void forward_particles(X(moe) *m, mdm_part part, size_t l, block_fields *b, size_t P) {
  X(attention) heads = heads_of(m, l);
  if (attends(m, l)) X(attention_forward)(&heads, P, b->field[MDM_U].v, b->turned, b->weights, b->field[MDM_Y].v);
  else activate(m, part, l, b, P);
}

/* a of block l from the stream before it. */
static int forward_block(X(moe) *m, mdm_part part, size_t l, size_t P, mdm_error *err) {
  X(realization) *R = m->R;
  X(matrix) *const *A = R->matrix[l];
  block_fields *b = block_of(&m->part[part], l);
  const X(field) *h = at(m, part, MDM_H, l);
  if (m->model->norm != MDM_NORM_NONE)
    X(norm_forward)(m->model->norm, m->model->norm_eps, R->stream, P, h->v, rewrite(m, part, MDM_N, l, P)->v, b->scale);
  const X(field) *n = at(m, part, MDM_N, l);
  X(field) *u = rewrite(m, part, MDM_U, l, P), *y = rewrite(m, part, MDM_Y, l, P), *a = rewrite(m, part, MDM_A, l, P);
  int status = attends(m, l) ? MDM_OK : forward_router(m, part, l, P, n, err);
  if (status) return status;

  const X(routing) *routing = routing_of(m, part, l);
  status = A[MDM_W1]->ops->forward(A[MDM_W1], n, routing, u, err);
  if (status) return status;
  forward_particles(m, part, l, b, P);
  return A[MDM_W2]->ops->forward(A[MDM_W2], y, routing, a, err);
}

/* h^{l+1} = hˡ + L^-b a. */
static void add_branch(X(moe) *m, mdm_part part, size_t l, size_t P) {
  size_t n = mdm_rows(m->R->stream) * P;
  real *to = rewrite(m, part, MDM_H, l + 1, P)->v;
  const real *h = at(m, part, MDM_H, l)->v, *a = at(m, part, MDM_A, l)->v, branch = (real)m->model->branch;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)n))
  for (size_t i = 0; i < PIECES(n); i++)
    for (size_t k = FIRST(n, i); k < FIRST(n, i + 1); k++) to[k] = h[k] + branch * a[k];
}

static void evaluate(const X(activation) *phi, size_t n, const real *z, real *value, real *slope) {
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)n))
  for (size_t i = 0; i < PIECES(n); i++) phi->eval(COUNT(n, i), z + FIRST(n, i), value + FIRST(n, i), slope ? slope + FIRST(n, i) : NULL);
}

static void forward_output(X(moe) *m, mdm_part part, size_t P) {
  part_fields *p = &m->part[part];
  size_t S = m->R->stream;
  const real *h = at(m, part, MDM_H, m->R->blocks)->v;
  if (!has_output(m)) return;
  real *o = rewrite(m, part, MDM_O, 0, P)->v;
  if (m->out) evaluate(m->out, mdm_rows(S) * P, h, o, p->out_slope);
  else X(norm_forward)(m->model->norm, m->model->norm_eps, S, P, h, o, p->out_scale);
}

int X(moe_forward)(X(moe) *m, mdm_part part, size_t P, const real *x, mdm_error *err) {
  X(realization) *R = m->R;
  part_fields *p = &m->part[part];
  if (P > p->capacity) return mdm_fail(err, MDM_ERR_INTERNAL, "%zu tokens exceed the %zu that were reserved", P, p->capacity);
  if (P % m->model->context) return mdm_fail(err, MDM_ERR_INTERNAL, "%zu tokens are no whole sequences of %zu", P, m->model->context);
  size_t S = R->stream, rows = mdm_rows(S);
  X(field) *z = rewrite(m, part, MDM_Z, 0, P);
  X(parallel_combine)(S, m->inputs, P, 1, m->w_in, rows, x, m->inputs, 0, 0, z->v, rows);
  if (!m->model->linear_input) evaluate(m->phi, rows * P, z->v, rewrite(m, part, MDM_H, 0, P)->v, p->slope);
  for (size_t l = 0; l < R->blocks; l++) {
    int status = forward_block(m, part, l, P, err);
    if (status) return status;
    if (has_residual(m)) add_branch(m, part, l, P);
  }
  forward_output(m, part, P);
  const real *o = at(m, part, MDM_O, 0)->v;
  return X(parallel_inner)(S, m->outputs, P, 1.0 / (double)S, m->v, rows, o, rows, 0, p->f, m->outputs, err);
}

/* ---------------------------------------------------------------- losses on the router */

/* Share of routed expert e (from 0) of token t, g in units of its mean over routed experts. */
static double gate_mean(size_t n, const real *gate) {
  double sum = 0;
  for (size_t e = 0; e < n; e++) sum += (double)gate[e];
  return sum / (double)n;
}

/* What multiplies the shares S_m in the balancing loss ⟨F S⟩: Switch: loads in units of their mean, not differentiated; importance: S_m. */
static void balance_loads(const X(moe) *m, size_t l, size_t P, double *S, double *F) {
  const block_router *r = &m->router[l];
  const block_fields *b = block_of((part_fields *)&m->part[MDM_TRAIN], l);
  size_t E = m->R->experts, n = E - r->shared;
  double kappa = (double)r->active / (double)n;
  memset(S, 0, n * sizeof *S);
  memset(F, 0, n * sizeof *F);
  for (size_t t = 0; t < P; t++) {
    const real *gate = b->gate + E * t + r->shared;
    const unsigned char *active = b->active + E * t + r->shared;
    double mean = gate_mean(n, gate);
    for (size_t e = 0; e < n; e++) {
      S[e] += (double)gate[e] / mean / (double)P;
      F[e] += active[e] ? 1 / (kappa * (double)P) : 0;
    }
  }
  if (m->model->balance == MDM_BALANCE_IMPORTANCE) memcpy(F, S, n * sizeof *F);
}

/* Adds to the gate's gradient M dL/dg of ⟨F S⟩, times coefficient and β: (F_m − ⟨F s_μ⟩)/(P (1−s) ⟨g_μ⟩), s: shared fraction. */
static int balance_gradient(X(moe) *m, size_t l, size_t P, double coefficient, mdm_error *err) {
  const block_router *r = &m->router[l];
  block_fields *b = block_of(&m->part[MDM_TRAIN], l);
  size_t E = m->R->experts, n = E - r->shared;
  double *S = mdm_alloc(n, 2, 1, sizeof *S), *F = S ? S + n : NULL; /* 2 × n */
  if (!S) return mdm_no_memory(err, "the balancing loss");
  balance_loads(m, l, P, S, F);
  double c = coefficient * m->model->inverse_temperature * (m->model->balance == MDM_BALANCE_IMPORTANCE ? 2 : 1) * (double)E / (double)n / (double)P;
  for (size_t t = 0; t < P; t++) {
    const real *gate = b->gate + E * t + r->shared;
    double mean = gate_mean(n, gate), along = 0;
    for (size_t e = 0; e < n; e++) along += F[e] * (double)gate[e] / mean / (double)n;
    for (size_t e = 0; e < n; e++) b->s[e + r->shared + E * t] += (real)(c * (F[e] - along) / mean);
  }
  free(S);
  return MDM_OK;
}

/* λ = log⟨e^ψ⟩ over routed experts, and e^ψ/⟨e^ψ⟩ (NULL: not wanted). */
static double log_mean_exp(size_t n, const real *psi, double *weight) {
  double largest = -INFINITY, sum = 0;
  for (size_t e = 0; e < n; e++) largest = fmax(largest, (double)psi[e]);
  for (size_t e = 0; e < n; e++) sum += exp((double)psi[e] - largest) / (double)n;
  for (size_t e = 0; e < n && weight; e++) weight[e] = exp((double)psi[e] - largest) / sum;
  return largest + log(sum);
}

/* Adds β M dL/dψ of coefficient · (1/P) Σ λ² to ρ: 2 λ e^ψ/⟨e^ψ⟩/(P (1−s)). */
static int z_gradient(X(moe) *m, size_t l, size_t P, double coefficient, mdm_error *err) {
  const block_router *r = &m->router[l];
  block_fields *b = block_of(&m->part[MDM_TRAIN], l);
  size_t E = m->R->experts, n = E - r->shared;
  double *weight = mdm_alloc(n, 1, 1, sizeof *weight), c = 2 * coefficient * m->model->inverse_temperature * (double)E / (double)n / (double)P;
  if (!weight) return mdm_no_memory(err, "the z-loss");
  for (size_t t = 0; t < P; t++) {
    double lambda = log_mean_exp(n, b->field[MDM_PSI].v + E * t + r->shared, weight);
    real *rho = b->field[MDM_RHO].v + E * t + r->shared;
    for (size_t e = 0; e < n; e++) rho[e] += (real)(c * lambda * weight[e]);
  }
  free(weight);
  return MDM_OK;
}

void X(moe_router_losses)(const X(moe) *m, double *balance, double *z) {
  size_t P = at(m, MDM_TRAIN, MDM_Z, 0)->P, E = m->R->experts, routed = 0;
  double *S = mdm_alloc(E, 2, 1, sizeof *S);
  *balance = *z = S ? 0 : NAN;
  for (size_t l = 0; l < m->R->blocks && S; l++) {
    const block_router *r = &m->router[l];
    size_t n = E - r->shared;
    if (!n || attends(m, l)) continue;
    routed++;
    balance_loads(m, l, P, S, S + n);
    for (size_t e = 0; e < n; e++) *balance += (S[e] * S[n + e] - (m->model->balance == MDM_BALANCE_IMPORTANCE)) / (double)n;
    for (size_t t = 0; t < P; t++) {
      double lambda = log_mean_exp(n, at(m, MDM_TRAIN, MDM_PSI, l)->v + E * t + r->shared, NULL);
      *z += lambda * lambda / (double)P;
    }
  }
  *balance /= (double)mdm_model_count(m->model, MDM_BLOCK_MOE);
  *z /= (double)mdm_model_count(m->model, MDM_BLOCK_MOE);
  if (!routed) *balance = *z = NAN;
  free(S);
}

/* ---------------------------------------------------------------- backward */

/* Σ_j b φ_e(u) over the J neurons of an expert; long sums by vectors. */
static real reaching(size_t J, const real *b, const real *value) {
  enum { LONG = 64 };
  if (J >= LONG) return (real)X(mdm_vec_dot)(J, b, value);
  real sum = 0;
  for (size_t j = 0; j < J; j++) sum += b[j] * value[j];
  return sum;
}

/* s where ranks share the neurons: of the experts that begin among this rank's own, then of all. first: the first routed one. Not 0: memory is out. */
static int reach_gates(const X(moe) *m, block_fields *f, int selected, size_t first, size_t P, real scale) {
  size_t E = m->R->experts, J = m->R->neurons, from, end;
  mdm_held h = mdm_held_of(E * J);
  real *s = mdm_alloc(P, E, 1, sizeof *s); /* P × E */
  if (!s) return -1;
  mdm_own_blocks(E * J, J, &from, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)(h.count * P)))
  for (size_t e = from; e < end; e++)
    for (size_t t = 0; t < P; t++) {
      const real *b = f->field[MDM_B].v + h.count * t + (e * J - h.first), *value = f->expert + h.count * t + (e * J - h.first);
      s[t + P * e] = (!selected || f->active[e + E * t]) && e >= first ? scale * reaching(J, b, value) : 0;
    }
  mdm_gather_blocks(E * J, J, P * sizeof *s, s);
  for (size_t t = 0; t < P; t++)
    for (size_t e = 0; e < E; e++) f->s[e + E * t] = s[t + P * e];
  free(s);
  return 0;
}

/* The same of a large solution whose experts are counted: as sums over parts of experts. */
static int reach_long_gates(const X(moe) *m, block_fields *f, int selected, size_t first, size_t P, real scale) {
  size_t E = m->R->experts, J = m->R->neurons, parts = mdm_expert_parts(E, J), from, end;
  mdm_held h = mdm_held_of(E * J);
  real *s = mdm_alloc(P, E, parts, sizeof *s); /* P × E · parts */
  if (!s) return -1;
  mdm_own_expert_parts(E, J, &from, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)(h.count * P)))
  for (size_t i = from; i < end; i++) {
    size_t e = i / parts, begin = mdm_piece(J, parts, i % parts), count = mdm_piece(J, parts, i % parts + 1) - begin, at = e * J + begin - h.first;
    for (size_t t = 0; t < P && e >= first; t++)
      if (!selected || f->active[e + E * t]) s[t + P * i] = (real)X(mdm_vec_dot)(count, f->field[MDM_B].v + h.count * t + at, f->expert + h.count * t + at);
  }
  mdm_gather_expert_parts(E, J, P * sizeof *s, s);
  for (size_t t = 0; t < P; t++)
    for (size_t e = 0; e < E; e++) {
      real sum = 0;
      for (size_t i = 0; i < parts; i++) sum += s[t + P * (parts * e + i)];
      f->s[e + E * t] = scale * sum;
    }
  free(s);
  return 0;
}

/* γ = c g φ_e'(u) b / κ, where it does not come with s. */
static void gate_backward(const X(moe) *m, size_t l, block_fields *f, size_t P, real *gamma) {
  size_t J = m->R->neurons, all = m->R->experts * P, pieces = mdm_pieces(all * J, MDM_ENTRIES);
  const real *g = f->field[MDM_G].v, *b = f->field[MDM_B].v, *slope = f->expert_slope;
  mdm_held h = mdm_held_of(m->R->experts * J);
  if (mdm_is_spread(m->R->experts * J)) {
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)(h.count * P)))
    for (size_t t = 0; t < P; t++)
      for (size_t i = 0; i < held_experts(J, &h); i++) {
        held_part e = held_expert(J, &h, i);
        size_t at = e.first + h.count * t;
        weigh_slope(e.count, weight_of(m, l, g, e.expert + m->R->experts * t), b + at, slope + at, gamma + at, f->filled[1] + e.expert + m->R->experts * t);
      }
    return;
  }
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)(all * J)))
  for (size_t i = 0; i < pieces; i++)
    for (size_t e = first_expert(all, pieces, i); e < first_expert(all, pieces, i + 1); e++)
      weigh_slope(J, weight_of(m, l, g, e), b + e * J, slope + e * J, gamma + e * J, f->filled[1] + e);
}

/* γ, and s[m] = (c/κ) (N_e/ν) mean over j of b φ_e(u), zero for inactive and shared experts; losses; then ρ by the gate's derivative. */
static int backward_gate(X(moe) *m, size_t l, size_t P, int losses, real *gamma, mdm_error *err) {
  const mdm_model *model = m->model;
  block_fields *f = block_of(&m->part[MDM_TRAIN], l);
  size_t E = m->R->experts, J = m->R->neurons, first = m->router[l].shared;
  const real *b = f->field[MDM_B].v, *psi = f->field[MDM_PSI].v, *g = f->field[MDM_G].v;
  const X(routing) *routing = routing_of(m, MDM_TRAIN, l);
  real *rho = rewrite(m, MDM_TRAIN, MDM_RHO, l, P)->v;
  real scale = (real)(m->router[l].weight * m->R->neuron_weight * model->inverse_temperature / (double)J);
  double each = 1 / (model->branch * (double)mdm_model_count(model, MDM_BLOCK_MOE)); /* L^(b−1): the loss is a mean over blocks and does not pass the branch */
  int cut = mdm_cuts_experts(E * J);
  size_t pieces = cut || mdm_is_spread(E * J) ? 0 : mdm_pieces(E * P * J, MDM_ENTRIES);
  if (!pieces && (cut ? reach_long_gates : reach_gates)(m, f, routing != NULL, first, P, scale)) return mdm_no_memory(err, "gradients of %zu gates", E);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(8.0 * (double)(E * P * J)))
  for (size_t i = 0; i < pieces; i++)
    for (size_t e = first_expert(E * P, pieces, i); e < first_expert(E * P, pieces, i + 1); e++) {
      f->s[e] = (!routing || f->active[e]) && e % E >= first ? scale * reaching(J, b + e * J, f->expert + e * J) : 0;
      weigh_slope(J, weight_of(m, l, g, e), b + e * J, f->expert_slope + e * J, gamma + e * J, f->filled[1] + e); /* while b is near */
    }
  if (!pieces) gate_backward(m, l, f, P, gamma);
  int status = MDM_OK;
  if (losses && first < E && model->balance != MDM_BALANCE_NONE) status = balance_gradient(m, l, P, each * model->balance_coefficient, err);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(40.0 * (double)(E * P)))
  for (size_t t = 0; t < P; t++) {
    for (size_t e = 0; e < first; e++) rho[e + E * t] = 0;
    if (first < E)
      m->gate->backward(E - first, psi + E * t + first, gate_scope(m, MDM_TRAIN, l, t), f->gate + E * t + first, f->s + E * t + first,
                        rho + E * t + first);
  }
  if (!status && losses && first < E && model->z_loss > 0) status = z_gradient(m, l, P, each * model->z_loss, err);
  fill_twin(&f->field[MDM_RHO]);
  return status;
}

/* out = a ∘ b, elementwise. */
static void multiply(size_t n, const real *a, const real *b, real *out) {
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(4.0 * (double)n))
  for (size_t i = 0; i < PIECES(n); i++)
    for (size_t k = FIRST(n, i); k < FIRST(n, i + 1); k++) out[k] = a[k] * b[k];
}

/* A tensor's step: its own rate. */
static mdm_step own_step(const X(moe) *m, const mdm_step *base, mdm_tensor t, size_t l) {
  mdm_step step = *base;
  step.rate *= mdm_model_rate(m->model, t, l);
  return step;
}

/* Adam squares the entries of G = a bᵀ; a: n × P, b: k × P (leading dimensions lda, ldb). An infinite second moment would stop a weight without a
 * word, so gradients are bounded by their fields. */
static int check_moments(const mdm_step *step, const X(realization) *R, const mdm_coefficients *coef, mdm_tensor t, size_t P, size_t n, const real *a, size_t lda,
                         size_t k, const real *b, size_t ldb, mdm_error *err) {
  const double most = sqrt(MDM_SINGLE ? (double)FLT_MAX : DBL_MAX);
  if (step->by->kind != MDM_STEP_ADAM || coef->learn == 0) return MDM_OK;
  double bound = (double)P * X(largest)(n, P, a, lda) * X(largest)(k, P, b, ldb);
  if (!(bound > most)) return MDM_OK;
  return mdm_fail(err, MDM_ERR_NUMERIC, "gradients of %s may be as large as %.2g, whose squares exceed %s precision; scale the targets%s", mdm_tensor_name(t),
                  bound, MDM_SINGLE ? "single" : "double", !MDM_SINGLE ? "" : R->raw ? ", or set simulate.precision: double" : ", or set solve.precision: double");
}

static int check_matrix(const X(moe) *m, const mdm_step *step, mdm_tensor t, size_t l, const X(field) *p, const X(field) *q, mdm_error *err) {
  return check_moments(step, m->R, &m->R->block[l].coef[t], t, p->P, q->n, X(field_rows)(q, q->v), X(field_ld)(q), p->n, X(field_rows)(p, p->v), X(field_ld)(p), err);
}

/* ζ = τ Aᵀ q / rows, and where a step is given and the realization can do both in one pass, A's step. */
static int backward_matrix(X(moe) *m, size_t l, mdm_tensor t, const X(field) *q, const mdm_step *base, int accumulate, X(field) *zeta, mdm_error *err) {
  X(matrix) *A = m->R->matrix[l][t];
  const X(routing) *routing = t == MDM_Q ? NULL : routing_of(m, MDM_TRAIN, l); /* the router sees every token */
  if (!base || !A->ops->backward_and_step) return A->ops->backward(A, q, routing, accumulate, zeta, err);
  mdm_step step = own_step(m, base, t, l);
  const X(field) *p = forward_input(m, t, l);
  int status = check_matrix(m, &step, t, l, p, q, err);
  return status ? status : A->ops->backward_and_step(A, &step, p, q, routing, accumulate, zeta, err);
}

/* γ of heads from b, or of experts from g and b. */
static int backward_particles(X(moe) *m, size_t l, size_t P, int losses, real *gamma, mdm_error *err) {
  block_fields *f = block_of(&m->part[MDM_TRAIN], l);
  X(attention) heads = heads_of(m, l);
  if (attends(m, l)) return X(attention_backward)(&heads, P, f->field[MDM_U].v, f->turned, f->weights, f->field[MDM_Y].v, f->field[MDM_B].v, gamma), MDM_OK;
  return backward_gate(m, l, P, losses, gamma, err);
}

/* ζ of block l from r behind it. */
static int backward_block(X(moe) *m, size_t l, size_t P, int losses, const mdm_step *step, mdm_error *err) {
  block_fields *f = block_of(&m->part[MDM_TRAIN], l);
  const X(field) *behind = at(m, MDM_TRAIN, MDM_R, l + 1);
  X(field) *b = rewrite(m, MDM_TRAIN, MDM_B, l, P), *gamma = rewrite(m, MDM_TRAIN, MDM_GAMMA, l, P), *zeta = rewrite(m, MDM_TRAIN, MDM_ZETA, l, P);
  int status = backward_matrix(m, l, MDM_W2, behind, step, 0, b, err);
  if (!status) status = backward_particles(m, l, P, losses, gamma->v, err);
  if (!status && !attends(m, l)) status = backward_matrix(m, l, MDM_Q, &f->field[MDM_RHO], step, 0, zeta, err);
  return status ? status : backward_matrix(m, l, MDM_W1, gamma, step, !attends(m, l), zeta, err);
}

/* rˡ = r^{l+1} + L^-b J ζ, and the same of their noise. */
static void add_backward(X(moe) *m, size_t l, size_t P) {
  size_t S = m->R->stream;
  const X(field) *behind = at(m, MDM_TRAIN, MDM_R, l + 1), *zeta = at(m, MDM_TRAIN, MDM_ZETA, l);
  X(field) *r = rewrite(m, MDM_TRAIN, MDM_R, l, P);
  const real *n = at(m, MDM_TRAIN, MDM_N, l)->v;
  const double *scale = block_of(&m->part[MDM_TRAIN], l)->scale;
  memcpy(r->v, behind->v, mdm_rows(S) * P * sizeof *r->v);
  X(norm_backward)(m->model->norm, S, P, n, scale, zeta->v, m->model->branch, 1, r->v);
  if (!r->noise) return;
  if (behind->noise) memcpy(r->noise, behind->noise, mdm_rows(S) * P * sizeof *r->noise);
  X(norm_backward)(m->model->norm, S, P, n, scale, zeta->noise, m->model->branch, 1, r->noise);
}

/* r^L = J_o δ. */
static void backward_output(X(moe) *m, size_t P) {
  part_fields *p = &m->part[MDM_TRAIN];
  size_t S = m->R->stream, L = m->R->blocks;
  if (!has_output(m)) return;
  real *r = rewrite(m, MDM_TRAIN, MDM_R, L, P)->v;
  if (m->out) multiply(mdm_rows(S) * P, p->delta.v, p->out_slope, r);
  else X(norm_backward)(m->model->norm, S, P, p->o.v, p->out_scale, p->delta.v, 1, 0, r);
}

/* out = r φ'(z). */
static void times_slope(const X(moe) *m, size_t n, const real *r, real *out) {
  if (m->model->linear_input) memcpy(out, r, n * sizeof *out);
  else multiply(n, r, m->part[MDM_TRAIN].slope, out);
}

int X(moe_backward)(X(moe) *m, const real *e, int losses, const mdm_step *step, mdm_error *err) {
  part_fields *p = &m->part[MDM_TRAIN];
  size_t S = m->R->stream, rows = mdm_rows(S), P = p->z.P;
  m->stepped = step != NULL;
  X(field) *delta = rewrite(m, MDM_TRAIN, MDM_DELTA, 0, P);
  X(parallel_combine)(S, m->outputs, P, 1, m->v, rows, e, m->outputs, 0, 0, delta->v, rows);
  backward_output(m, P);
  for (size_t l = m->R->blocks; l-- > 0;) {
    int status = backward_block(m, l, P, losses, step, err);
    if (status) return status;
    if (has_residual(m)) add_backward(m, l, P);
  }
  X(field) *slope = rewrite(m, MDM_TRAIN, MDM_R_SLOPE, 0, P);
  const X(field) *r = at(m, MDM_TRAIN, MDM_R, 0);
  times_slope(m, rows * P, r->v, slope->v);
  if (r->noise) times_slope(m, rows * P, r->noise, slope->noise);
  return MDM_OK;
}

/* ---------------------------------------------------------------- update */

/* b ← b − rate (load − κ), load: the fraction of the batch's tokens that an expert served (Jiang et al. 2026), or b ← b − rate
 * sign(load − κ) (Wang et al. 2024, arXiv 2408.15664); κ: of the routed experts. */
static void balance(X(moe) *m, size_t l, size_t P) {
  const block_router *r = &m->router[l];
  size_t E = m->R->experts;
  const unsigned char *active = block_of(&m->part[MDM_TRAIN], l)->active;
  double target = (double)r->active / (double)(E - r->shared);
  for (size_t e = r->shared; e < E; e++) {
    size_t served = 0;
    for (size_t t = 0; t < P; t++) served += active[e + E * t];
    double excess = (double)served / (double)P - target;
    if (m->model->bias_sign) excess = excess > 1e-12 ? 1 : excess < -1e-12 ? -1 : 0;
    r->bias[e] -= (real)(m->model->bias_rate * excess);
  }
}

/* Σ_μν (a_μ·a_ν)(b_μ·b_ν) over P tokens, of the kernels whose lower triangles are in gram. */
static double contract(const X(moe) *m, size_t P) {
  double sum = 0;
  for (size_t t = 0; t < P; t++)
    for (size_t s = t; s < P; s++) sum += (s == t ? 1 : 2) * (double)m->gram[0][s + P * t] * (double)m->gram[1][s + P * t];
  return sum;
}

/* What a contraction of the kernels in gram adds to a squared norm. */
static double square_in(const X(moe) *m, size_t P, const double unit[2]) { return contract(m, P) * unit[0] * unit[1]; }

/* *square = |Σ_μ a_μ b_μᵀ|² of two fields. */
static int square_norm(X(moe) *m, const X(field) *a, const X(field) *b, double *square, mdm_error *err) {
  double unit[2];
  int status = X(squares)(1, a, a->P, m->gram[0], &unit[0], err);
  if (!status) status = X(squares)(1, b, b->P, m->gram[1], &unit[1], err);
  if (!status) *square = square_in(m, a->P, unit);
  return status;
}

/* The same of a field and vectors b (k × P, leading dimension ldb). */
static int square_norm_of(X(moe) *m, const X(field) *a, size_t k, const real *b, size_t ldb, double *square, mdm_error *err) {
  double unit[2];
  int status = X(squares)(1, a, a->P, m->gram[0], &unit[0], err);
  if (!status) status = X(triangle)(k, a->P, 1, b, ldb, m->gram[1], &unit[1], err);
  if (!status) *square = square_in(m, a->P, unit);
  return status;
}

int X(moe_gradient_norm)(X(moe) *m, const real *x, const real *e, double *norm, mdm_error *err) {
  const X(realization) *R = m->R;
  size_t S = R->stream, capacity = m->part[MDM_TRAIN].capacity;
  double sum = 0, square = 0;
  int status = MDM_OK;
  for (int i = 0; i < 2; i++)
    if (!m->gram[i] && !(m->gram[i] = mdm_alloc(capacity, capacity, 1, sizeof(real)))) return mdm_no_memory(err, "the gradient's norm");
  for (size_t l = 0; l < R->blocks; l++)
    for (mdm_tensor t = first_tensor(m, l); t <= MDM_W2 && !status; t++) {
      const X(field) *p = forward_input(m, t, l), *q = backward_input(m, t, l);
      status = square_norm(m, p, q, &square, err);
      sum += R->block[l].coef[t].norm * square / ((double)p->n * (double)q->n);
    }
  if (!status) status = square_norm_of(m, &m->part[MDM_TRAIN].r_slope, m->inputs - m->fixed, x + m->fixed, m->inputs, &square, err);
  sum += R->coef[MDM_W_IN].norm * square / (double)S;
  if (!status) status = square_norm_of(m, at(m, MDM_TRAIN, MDM_O, 0), m->outputs, e, m->outputs, &square, err);
  sum += R->coef[MDM_W_OUT].norm * square / (double)S;
  if (!status && !isfinite(sum)) return mdm_fail(err, MDM_ERR_NUMERIC, "the gradient's norm is not finite (train.clip); scale the targets or lower train.lr");
  *norm = mdm_signed_root(sum); /* squares without noise may be negative where they are small: then nothing is clipped, and it is told (run/saturation.c) */
  return status;
}

/* W_in and v: G = x yᵀ with y: columns × P; step's rate is the base rate. */
static int step_particles(X(moe) *m, mdm_step step, const real *x, const real *e, mdm_error *err) {
  const X(realization) *R = m->R;
  size_t S = R->stream, P = m->part[MDM_TRAIN].z.P;
  const mdm_coefficients *in = &R->coef[MDM_W_IN], *out = &R->coef[MDM_W_OUT];
  double rate = step.rate;
  step.rate = rate * m->model->lr[MDM_W_IN];
  X(scale)(mdm_rows(S) * m->fixed, (real)mdm_step_keep(&step, in), m->w_in);
  const X(field) *slope = &m->part[MDM_TRAIN].r_slope, *o = at(m, MDM_TRAIN, MDM_O, 0);
  int status = check_moments(&step, R, in, MDM_W_IN, P, S, slope->v, mdm_rows(S), m->inputs - m->fixed, x + m->fixed, m->inputs, err);
  if (!status) status = check_moments(&step, R, out, MDM_W_OUT, P, S, o->v, mdm_rows(S), m->outputs, e, m->outputs, err);
  if (!status) status = X(table_step)(&m->in, &step, in, P, slope->v, x + m->fixed, m->inputs, err);
  step.rate = rate * m->model->lr[MDM_W_OUT];
  if (!status) status = X(table_step)(&m->out_table, &step, out, P, o->v, e, m->outputs, err);
  return status;
}

static int step_block(X(moe) *m, size_t l, const mdm_step *base, mdm_error *err) {
  const X(routing) *routing = routing_of(m, MDM_TRAIN, l);
  int status = MDM_OK;
  for (mdm_tensor t = first_tensor(m, l); t <= MDM_W2 && !status; t++) {
    X(matrix) *A = m->R->matrix[l][t];
    mdm_step step = own_step(m, base, t, l);
    if (m->stepped && A->ops->backward_and_step) continue;
    const X(field) *p = forward_input(m, t, l), *q = backward_input(m, t, l);
    status = check_matrix(m, &step, t, l, p, q, err);
    if (!status) status = A->ops->step(A, &step, p, q, t == MDM_Q ? NULL : routing, err);
  }
  return status;
}

int X(moe_step)(X(moe) *m, const mdm_step *base, const real *x, const real *e, mdm_error *err) {
  int status = MDM_OK;
  for (size_t l = 0; l < m->R->blocks && !status; l++) status = step_block(m, l, base, err);
  if (!status) status = step_particles(m, *base, x, e, err);
  for (size_t l = 0; l < m->R->blocks && !status && m->model->bias_rate > 0; l++)
    if (m->router[l].bias) balance(m, l, m->part[MDM_TRAIN].z.P);
  return status;
}

/* ---------------------------------------------------------------- what it shows */

const real *X(moe_prediction)(const X(moe) *m, mdm_part part) { return m->part[part].f; }
const X(field) *X(moe_field)(const X(moe) *m, mdm_part part, mdm_field f, size_t level) { return at(m, part, f, level); }
const X(routing) *X(moe_routing)(const X(moe) *m, mdm_part part, size_t block) { return routing_of(m, part, block); }
size_t X(moe_shared)(const X(moe) *m, size_t block) { return m->router[block].shared; }
int X(moe_routes)(const X(moe) *m, size_t block) { return !attends(m, block) && m->router[block].shared < m->R->experts; }
const real *X(moe_attention)(const X(moe) *m, size_t block) { return attends(m, block) ? m->part[MDM_TRAIN].block[block].weights : NULL; }
const real *X(moe_biases)(const X(moe) *m, size_t block) { return m->router[block].bias; }
const real *X(moe_input_weights)(const X(moe) *m) { return m->w_in; }
const real *X(moe_readout_weights)(const X(moe) *m) { return m->v; }
