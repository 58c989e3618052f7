/* Observables of a run. They are functions of the program's fields alone, so limit and networks share them.
 *
 * To add one: add its array in add_fields and fill it in observe_fields (or observe_prediction).
 */
#include "training/observe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/share.h"
#include "base/summary.h"
#include "base/vecmath.h"
#include "realization/gram.h"
#include "realization/parallel.h"

enum { ENTROPY, LOAD_STD, LOGIT_MEAN, LOGIT_STD, BIAS_STD, ROUTER_SERIES };

/* Sums of squares of the two fields that meet at a matrix, which come with their overlap; id 0: none. */
typedef struct {
  unsigned long id[2];
  double sum[2];
} known_squares;

struct X(observer) {
  const mdm_problem *problem;
  mdm_record *record;
  size_t B, C;
  double *loss[MDM_PARTS], *accuracy[MDM_PARTS], *prediction[MDM_PARTS]; /* step; step; step × P × C */
  size_t blocks;
  double *rms[MDM_FIELDS];                                              /* levels × step */
  double *overlap[MDM_TENSORS];                                         /* blocks × step */
  double *router[ROUTER_SERIES], *router_block[ROUTER_SERIES];          /* step: mean over blocks; blocks × step, NULL without depth */
  double *balance, *z_loss;                                             /* step; NULL where there is no such loss */
  double *gradient_norm;                                                /* step; NULL without clipping */
  double twin_difference;                                               /* largest of all steps and blocks, where experts come as twins */
  X(field) *kept[MDM_FIELDS];                                           /* levels: samples × times; v NULL: not kept */
  double *kept_e;                                                       /* C × samples × times */
  char *reached;                                                        /* times: 1 once recorded */
  double *totals, *logs;                                                /* batch: sums over experts of one sample: of g, of g log g; scratch */
  double *squares;                                                      /* batch × 2: of one sample; scratch */
  known_squares *known;                                                 /* blocks × MDM_TENSORS: of this step */
};

/* ---------------------------------------------------------------- arrays */

static int add_steps(mdm_record *rec, const char *group, const char *name, size_t n, const char *text, double **value,
                     mdm_error *err) {
  char path[96];
  snprintf(path, sizeof path, "observables/%s/%s", group, name);
  return mdm_record_add(rec, path, 1, &n, "step", text, value, err);
}

/* The same for every level of a field, which come first where there is depth. */
static int add_leveled(const X(observer) *o, const char *group, const char *name, size_t levels, int leveled, const char *text, double **value,
                       mdm_error *err) {
  const size_t dim[2] = {levels, o->problem->steps + 1};
  char path[96];
  snprintf(path, sizeof path, "observables/%s/%s", group, name);
  return mdm_record_add(o->record, path, 1 + leveled, dim + !leveled, leveled ? "block, step" : "step", text, value, err);
}

static void fill_nan(double *v, size_t n) {
  for (size_t i = 0; i < n; i++) v[i] = NAN;
}

static int add_test_steps(const X(observer) *o, mdm_error *err) {
  const mdm_problem *p = o->problem;
  size_t n = mdm_problem_test_count(p);
  double *steps;
  int status = mdm_record_add(o->record, "observables/test/step", 1, &n, "test step", "steps at which the test part was evaluated", &steps, err);
  for (size_t i = 0; i < n && !status; i++) steps[i] = (double)mdm_test_step(p->steps, p->every, i);
  return status;
}

/* An array of one part; of the test part NaN until it is evaluated. */
static int add_array(X(observer) *o, mdm_part part, const char *name, int rank, const size_t *dim, const char *dims, const char *text,
                     double **value, mdm_error *err) {
  char path[96];
  snprintf(path, sizeof path, "observables/%s/%s", part == MDM_TEST ? "test" : "train", name);
  return part == MDM_TEST ? mdm_record_add_blank(o->record, path, rank, dim, dims, text, value, err)
                          : mdm_record_add(o->record, path, rank, dim, dims, text, value, err);
}

static int add_part(X(observer) *o, mdm_part part, mdm_error *err) {
  const mdm_problem *p = o->problem;
  int test = part == MDM_TEST, status = test ? add_test_steps(o, err) : MDM_OK;
  const size_t dim[3] = {test ? mdm_problem_test_count(p) : p->steps + 1, test ? p->data->test.count : o->B, o->C};
  const char *step = test ? "test step" : "step", *cube = test ? "test step, sample, output" : "step, sample, output";
  if (!status) status = add_array(o, part, "loss", 1, dim, step, "loss before each gradient step, and after the last", &o->loss[part], err);
  if (!status) status = add_array(o, part, "prediction", 3, dim, cube, "predictions f = (1/N) v . a", &o->prediction[part], err);
  if (status || !p->data->classification) return status;
  return add_array(o, part, "accuracy", 1, dim, step, "fraction of samples classified correctly; a tie, as at f = 0, counts by its chance to be right", &o->accuracy[part], err);
}

/* Whether a tensor is there in some block. */
static int has_tensor(const X(observer) *o, mdm_tensor t) { return t != MDM_Q || mdm_model_count(&o->problem->model, MDM_BLOCK_MOE); }

/* Series of the router: mean over blocks, and (with depth) of every block. */
static int add_router(X(observer) *o, mdm_error *err) {
  static const struct {
    const char *name, *text;
  } series[ROUTER_SERIES] = {
      [ENTROPY] = {"entropy", "entropy of the gate shares |g|/sum |g| over experts, minus log M; mean over samples"},
      [LOAD_STD] = {"load_std", "standard deviation over experts of the load (top-K: tokens served; soft: gate share; mean over samples), in units of its mean"},
      [LOGIT_MEAN] = {"logit_mean", "mean over experts and samples of the logits psi"},
      [LOGIT_STD] = {"logit_std", "standard deviation over experts of the logits psi, root mean square over samples"},
      [BIAS_STD] = {"bias_std", "standard deviation over experts of the selection biases b"}};
  const mdm_model *m = &o->problem->model;
  int status = MDM_OK;
  for (int k = 0; k < ROUTER_SERIES && !status; k++) {
    char name[64];
    if (k == BIAS_STD && !(m->active_fraction < 1 && (m->bias_std > 0 || m->bias_rate > 0))) continue;
    status = add_steps(o->record, "router", series[k].name, o->problem->steps + 1, series[k].text, &o->router[k], err);
    snprintf(name, sizeof name, "%s_block", series[k].name);
    if (!status && m->depth) status = add_leveled(o, "router", name, o->blocks, 1, series[k].text, &o->router_block[k], err);
  }
  if (!status && m->balance != MDM_BALANCE_NONE)
    status = add_steps(o->record, "router", "balance_loss", o->problem->steps + 1, "balancing loss without its coefficient, mean over blocks", &o->balance, err);
  if (!status && m->z_loss > 0)
    status = add_steps(o->record, "router", "z_loss", o->problem->steps + 1, "z-loss without its coefficient, mean over blocks", &o->z_loss, err);
  return status;
}

static int add_fields(X(observer) *o, mdm_error *err) {
  const mdm_model *m = &o->problem->model;
  int status = MDM_OK;
  for (int f = 0; f < MDM_FIELDS && !status; f++)
    if (mdm_field_levels(m, f))
      status = add_leveled(o, "rms", mdm_field_name(f), mdm_field_levels(m, f), mdm_field_is_leveled(m, f), mdm_field_meaning(f), &o->rms[f], err);
  for (int t = 0; t < MDM_TENSORS && !status; t++)
    if (mdm_meetings[t].output != MDM_FIELDS && has_tensor(o, t)) {
      int leveled = m->depth && t != MDM_W_IN;
      status = add_leveled(o, "overlap", mdm_tensor_name(t), leveled ? o->blocks : 1, leveled,
                           "mean over rows and samples of (backward input) x (forward output) of this matrix; feels the equal-time response",
                           &o->overlap[t], err);
    }
  if (!status && mdm_model_count(m, MDM_BLOCK_MOE)) status = add_router(o, err);
  if (!status && o->problem->optimizer.clip > 0)
    status = add_steps(o->record, "train", "gradient_norm", o->problem->steps + 1, "norm of the gradient before clipping, sqrt(sum over tensors of (SGD rate / base rate) |dL/dW|^2)", &o->gradient_norm, err);
  return status;
}

/* Levels that a field can be asked for. */
static size_t all_levels(const X(observer) *o) { return o->blocks + 1; }

/* Room for one level of a field on the time grid. */
static int keep(X(observer) *o, const X(realization) *R, mdm_field f, size_t level, mdm_error *err) {
  const mdm_problem *p = o->problem;
  if (f == MDM_FIELDS || !X(moe_particles)(R, f, level)) return MDM_OK;
  if (!o->kept[f] && !(o->kept[f] = calloc(all_levels(o), sizeof *o->kept[f]))) return mdm_no_memory(err, "kernels");
  X(field) *kept = &o->kept[f][level];
  if (kept->v) return MDM_OK;
  size_t n = X(moe_particles)(R, f, level), rows = mdm_rows(n), P = p->kernel_samples * p->n_times;
  int twin = X(moe_has_twin)(R, f), noise = X(moe_has_noise)(R, f);
  *kept = (X(field)){.n = n, .P = P, .v = mdm_alloc(rows, P, 1, sizeof(real)), .twin = twin ? mdm_alloc(rows, P, 1, sizeof(real)) : NULL,
                     .noise = noise ? mdm_alloc(rows, P, 1, sizeof(real)) : NULL};
  return kept->v && (kept->twin || !twin) && (kept->noise || !noise) ? MDM_OK : mdm_no_memory(err, "kernels; set output.kernels: false, or name fewer output.blocks");
}

/* Blocks in which a tensor stands: W_in and w_out in none. */
static size_t tensor_blocks(const X(observer) *o, mdm_tensor t) { return t == MDM_W_IN || t == MDM_W_OUT ? 1 : o->problem->n_stored; }
static size_t tensor_block(const X(observer) *o, mdm_tensor t, size_t i) { return t == MDM_W_IN || t == MDM_W_OUT ? 0 : o->problem->stored[i]; }

static int add_kernels(X(observer) *o, const X(realization) *R, mdm_error *err) {
  const mdm_problem *p = o->problem;
  int status = mdm_problem_add_times(p, o->record, "kernels/time", err);
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    for (size_t i = 0; i < tensor_blocks(o, t) && !status; i++) {
      size_t l = tensor_block(o, t, i);
      status = keep(o, R, mdm_meetings[t].forward, l, err);
      if (!status) status = keep(o, R, mdm_meetings[t].backward, mdm_backward_level(t, l), err);
    }
  o->kept_e = mdm_alloc(o->C, p->kernel_samples, p->n_times, sizeof(double));
  o->reached = mdm_alloc(p->n_times, 1, 1, 1);
  if (!status && (!o->kept_e || !o->reached)) status = mdm_no_memory(err, "kernels");
  return status;
}

int X(observer_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record,
                       X(observer) **out, mdm_error *err) {
  *out = NULL;
  X(observer) *o = calloc(1, sizeof *o);
  if (!o) return mdm_no_memory(err, "a training run");
  o->problem = problem;
  o->record = record;
  o->B = problem->batch;
  o->C = problem->model.outputs;
  o->blocks = R->blocks;
  o->totals = mdm_alloc(o->B, 1, 1, sizeof *o->totals);
  o->logs = mdm_alloc(o->B, 1, 1, sizeof *o->logs);
  o->squares = mdm_alloc(o->B, 2, 1, sizeof *o->squares);
  o->known = mdm_alloc(o->blocks, MDM_TENSORS, 1, sizeof *o->known);
  int status = o->totals && o->logs && o->squares && o->known ? add_part(o, MDM_TRAIN, err) : mdm_no_memory(err, "observables");
  if (!status && problem->data->test.count) status = add_part(o, MDM_TEST, err);
  if (!status) status = add_fields(o, err);
  if (!status && problem->kernels) status = add_kernels(o, R, err);
  if (status) return X(observer_free)(o), status;
  *out = o;
  return MDM_OK;
}

void X(observer_free)(X(observer) *o) {
  if (!o) return;
  for (int f = 0; f < MDM_FIELDS; f++) {
    for (size_t l = 0; l < all_levels(o) && o->kept[f]; l++) {
      free(o->kept[f][l].v);
      free(o->kept[f][l].twin);
      free(o->kept[f][l].noise);
    }
    free(o->kept[f]);
  }
  free(o->kept_e);
  free(o->reached);
  free(o->totals);
  free(o->logs);
  free(o->squares);
  free(o->known);
  free(o);
}

/* A kept field at one time of the grid. */
static void walk_kept(X(field) *kept, size_t G, size_t at, mdm_state *s) {
  size_t before = mdm_rows(kept->n) * G * at;
  mdm_state_rows(s, "field", kept->v + before, kept->n, G, sizeof(real));
  if (kept->twin) mdm_state_rows(s, "twin", kept->twin + before, kept->n, G, sizeof(real));
  if (kept->noise) mdm_state_rows(s, "noise", kept->noise + before, kept->n, G, sizeof(real));
}

void X(observer_walk)(X(observer) *o, mdm_state *s) {
  const mdm_problem *p = o->problem;
  size_t G = p->kernel_samples;
  mdm_state_real(s, "difference of twins", &o->twin_difference);
  if (!p->kernels) return;
  mdm_state_array(s, "times reached", o->reached, p->n_times, 1);
  for (size_t at = 0; at < p->n_times && !s->status; at++) {
    if (!o->reached[at]) continue;
    mdm_state_array(s, "errors", o->kept_e + o->C * G * at, o->C * G, sizeof *o->kept_e);
    for (int f = 0; f < MDM_FIELDS; f++)
      for (size_t l = 0; l < all_levels(o) && o->kept[f]; l++)
        if (o->kept[f][l].v) walk_kept(&o->kept[f][l], G, at, s);
  }
}

/* ---------------------------------------------------------------- step by step */

void X(observe_prediction)(X(observer) *o, mdm_part part, size_t t, const double *f, double loss, double accuracy) {
  const mdm_problem *p = o->problem;
  size_t P = part == MDM_TRAIN ? o->B : p->data->test.count;
  size_t at = part == MDM_TRAIN ? t : (t + p->every - 1) / p->every;
  o->loss[part][at] = loss;
  if (o->accuracy[part]) o->accuracy[part][at] = accuracy;
  memcpy(o->prediction[part] + at * P * o->C, f, P * o->C * sizeof *f);
}

void X(observe_gradient_norm)(X(observer) *o, size_t t, double norm) { o->gradient_norm[t] = norm; }

void X(observe_nothing)(X(observer) *o, size_t t) {
  const mdm_problem *p = o->problem;
  size_t at = (t + p->every - 1) / p->every, P = p->data->test.count;
  if (!P || !mdm_problem_tests_at(p, t)) return;
  fill_nan(o->loss[MDM_TEST] + at, 1);
  if (o->accuracy[MDM_TEST]) fill_nan(o->accuracy[MDM_TEST] + at, 1);
  fill_nan(o->prediction[MDM_TEST] + at * P * o->C, P * o->C);
}

enum { NARROW = 64, TOGETHER = 1024 }; /* neurons of an expert below which many are summed up together; so many neurons at a time */

/* The sum below for narrow experts, side by side: a call for each would cost more than its sum. */
static double narrow_products(const X(routing) *routing, size_t t, size_t first, size_t end, const real *a, const real *b) {
  size_t J = routing->neurons, n = 0;
  real some_a[TOGETHER], some_b[TOGETHER];
  double sum = 0;
  for (size_t m = first; m < end; m++) {
    if (!routing->active[m + routing->experts * t]) continue;
    for (size_t j = 0; j < J; j++) some_a[n + j] = a[J * (m - first) + j];
    for (size_t j = 0; j < J && a != b; j++) some_b[n + j] = b[J * (m - first) + j];
    n += J;
    if (n + J > TOGETHER) sum += X(mdm_vec_dot)(n, some_a, a == b ? some_a : some_b), n = 0;
  }
  return sum + X(mdm_vec_dot)(n, some_a, a == b ? some_a : some_b);
}

/* Sum of products over the particles of active experts first … end − 1 of one token; a, b: from the first on. */
static double token_products(const X(routing) *routing, size_t t, size_t first, size_t end, const real *a, const real *b) {
  size_t J = routing->neurons;
  double sum = 0;
  if (J < NARROW) return narrow_products(routing, t, first, end, a, b);
  for (size_t m = first; m < end; m++)
    if (routing->active[m + routing->experts * t]) sum += X(mdm_vec_dot)(J, a + J * (m - first), b + J * (m - first));
  return sum;
}

/* The same of all tokens of many particles: a sum over parts of experts that are counted. */
static double products_of_parts(const X(routing) *routing, const X(field) *a, const X(field) *b) {
  size_t E = routing->experts, J = routing->neurons, parts = mdm_expert_parts(E, J), ld = X(field_ld)(a), held = mdm_held_of(a->n).first, first, end;
  double *sums = mdm_alloc(E, parts, 1, sizeof *sums), sum = sums ? 0 : NAN; /* E · parts */
  const real *va = X(field_rows)(a, a->v), *vb = X(field_rows)(b, b->v);
  mdm_own_expert_parts(E, J, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(a->n * a->P)))
  for (size_t i = first; i < end; i++) {
    size_t e = i / parts, at = mdm_piece(J, parts, i % parts), count = mdm_piece(J, parts, i % parts + 1) - at;
    for (size_t t = 0; t < a->P && sums; t++)
      if (routing->active[e + E * t]) sums[i] += X(mdm_vec_dot)(count, va + J * e + at - held + ld * t, vb + J * e + at - held + ld * t);
  }
  if (sums) mdm_gather_expert_parts(E, J, sizeof *sums, sums);
  for (size_t i = 0; i < E * parts && sums; i++) sum += sums[i];
  free(sums);
  return sum;
}

/* The same, a sum over pieces of experts. */
static double products_of_pieces(const X(routing) *routing, const X(field) *a, const X(field) *b) {
  size_t E = routing->experts, J = routing->neurons, pieces = mdm_expert_pieces(E, J), ld = X(field_ld)(a), held = mdm_held_of(a->n).first, first, end;
  double sums[MDM_MOST_PIECES] = {0}, sum = 0;
  const real *va = X(field_rows)(a, a->v), *vb = X(field_rows)(b, b->v);
  mdm_own_expert_pieces(E, J, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(a->n * a->P)))
  for (size_t i = first; i < end; i++) {
    size_t from = mdm_expert_piece(E, pieces, i), to = mdm_expert_piece(E, pieces, i + 1);
    for (size_t t = 0; t < a->P; t++) {
      size_t at = J * from - held + ld * t;
      sums[i] += token_products(routing, t, from, to, va + at, vb + at);
    }
  }
  mdm_gather_expert_pieces(E, J, pieces, sizeof *sums, sums);
  for (size_t i = 0; i < pieces; i++) sum += sums[i];
  return sum;
}

/* The same, token by token; squares: NULL, or those of a and of b as well. */
static double products_of_tokens(X(observer) *o, const X(routing) *routing, const X(field) *a, const X(field) *b, double *squares) {
  size_t n = a->n, P = a->P, E = routing->experts;
  double sum = 0;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2.0 * (double)(n * P)))
  for (size_t t = 0; t < P; t++) {
    const real *va = a->v + n * t, *vb = b->v + n * t;
    o->totals[t] = token_products(routing, t, 0, E, va, vb);
    if (squares) o->squares[2 * t] = token_products(routing, t, 0, E, va, va), o->squares[2 * t + 1] = token_products(routing, t, 0, E, vb, vb);
  }
  if (squares) squares[0] = squares[1] = 0;
  for (size_t t = 0; t < P; t++) {
    sum += o->totals[t];
    for (size_t i = 0; i < 2 && squares; i++) squares[i] += o->squares[2 * t + i];
  }
  return sum;
}

/* Entries of active experts; of all, without a routing. */
static double served_entries(const X(field) *f, const X(routing) *routing) {
  size_t served = 0;
  if (!routing) return (double)(f->n * f->P);
  for (size_t e = 0; e < routing->experts * f->P; e++) served += routing->active[e];
  return (double)(served * routing->neurons);
}

/* Sum of products over all particles; with a routing (fields of expert neurons) leaving out inactive experts' entries, where those are unspecified.
 * squares: NULL, or of populations that are not large those of a and of b as well. Not for squares of fields that may carry noise. */
static double masked_products(X(observer) *o, const X(field) *a, const X(field) *b, const X(routing) *routing, double *squares) {
  size_t n = a->n, P = a->P;
  if (routing && !mdm_is_large(n)) return products_of_tokens(o, routing, a, b, squares);
  if (routing) return mdm_cuts_experts(n) ? products_of_parts(routing, a, b) : products_of_pieces(routing, a, b);
  if (squares) return X(parallel_dots)(n * P, a->v, b->v, squares);
  return X(parallel_products)(n, P, X(field_rows)(a, a->v), X(field_rows)(b, b->v), X(field_ld)(a));
}

/* Index of a level's entry at step t. */
static size_t entry(const X(observer) *o, size_t level, size_t t) { return level * (o->problem->steps + 1) + t; }

/* Whether a field's square is nothing but the sum of its entries' squares. */
static int is_plain(const X(field) *f) { return !f->twin && !f->noise && !mdm_is_large(f->n); }

/* The overlap of the fields that meet at a matrix, and where they are plain, their squares. */
static double overlap_of(X(observer) *o, const X(moe) *program, mdm_tensor k, size_t l) {
  const X(field) *q = X(moe_field)(program, MDM_TRAIN, mdm_meetings[k].backward, mdm_backward_level(k, l)),
                 *chi = X(moe_field)(program, MDM_TRAIN, mdm_meetings[k].output, l);
  const X(routing) *routing = k == MDM_W1 ? X(moe_routing)(program, MDM_TRAIN, l) : NULL; /* ρ is complete, and a and δ live on the stream */
  known_squares *known = &o->known[MDM_TENSORS * l + k];
  *known = (known_squares){{0}, {0}};
  if (!q->n) return NAN;
  int plain = is_plain(q) && is_plain(chi);
  double scale = k == MDM_Q ? 1 / o->problem->model.inverse_temperature : 1; /* psi is Q n / temperature */
  double sum = masked_products(o, q, chi, routing, plain ? known->sum : NULL);
  if (plain) known->id[0] = q->id, known->id[1] = chi->id;
  return scale * sum / (double)(q->n * q->P);
}

static void observe_overlaps(X(observer) *o, const X(moe) *program, size_t t) {
  for (mdm_tensor k = 0; k < MDM_TENSORS; k++)
    if (mdm_meetings[k].output != MDM_FIELDS && has_tensor(o, k))
      for (size_t l = 0; l < (k == MDM_W_IN ? 1 : o->blocks); l++) o->overlap[k][entry(o, l, t)] = overlap_of(o, program, k, l);
}

/* Whether the sum of squares of a field of this level came with an overlap. */
static int is_known(const X(observer) *o, const X(field) *f, size_t level, double *sum) {
  for (size_t l = level ? level - 1 : 0; l <= level && l < o->blocks; l++)
    for (size_t k = 0; k < MDM_TENSORS; k++)
      for (int i = 0; i < 2; i++)
        if (f->id && o->known[MDM_TENSORS * l + k].id[i] == f->id) return *sum = o->known[MDM_TENSORS * l + k].sum[i], 1;
  return 0;
}

static void observe_rms(X(observer) *o, const X(moe) *program, size_t t) {
  const mdm_model *m = &o->problem->model;
  for (mdm_field f = 0; f < MDM_FIELDS; f++)
    for (size_t l = 0; l < mdm_field_levels(m, f); l++) {
      const X(field) *F = X(moe_field)(program, MDM_TRAIN, f, l);
      o->rms[f][entry(o, l, t)] = NAN;
      if (!F->n) continue; /* the block has no router */
      /* of inactive experts u and b were not computed, and y and γ are zero */
      int unspecified = f == MDM_U || f == MDM_B, masked = unspecified || f == MDM_Y || f == MDM_GAMMA;
      const X(routing) *routing = masked ? X(moe_routing)(program, MDM_TRAIN, l) : NULL;
      double sum;
      if (!is_known(o, F, l, &sum)) sum = masked ? masked_products(o, F, F, routing, NULL) : X(square_of)(F);
      o->rms[f][entry(o, l, t)] = mdm_signed_root(sum / (unspecified ? served_entries(F, routing) : (double)(F->n * F->P)));
    }
}

/* Mean and variance over one block's routed experts of the logits of a token, which twins share: without noise. */
static void logit_moments(const X(field) *psi, size_t first, size_t token, double *mean, double *variance) {
  const real *logit = psi->v + psi->n * token, *other = psi->twin ? psi->twin + psi->n * token : logit;
  double sum = 0, square = 0, n = (double)(psi->n - first);
  for (size_t m = first; m < psi->n; m++) {
    sum += (double)logit[m];
    square += (double)logit[m] * (double)other[m];
  }
  *mean = sum / n;
  *variance = square / n - sum / n * (sum / n);
}

/* Root mean square over routed experts and samples of the noise of twins' logits: half of the square of their difference. */
static double twin_difference(const X(field) *psi, size_t first) {
  double square = 0;
  for (size_t k = 0; k < psi->P; k++)
    for (size_t m = first; m < psi->n; m++) {
      double d = (double)psi->v[m + psi->n * k] - (double)psi->twin[m + psi->n * k];
      square += d * d / 2;
    }
  return sqrt(square / (double)((psi->n - first) * psi->P));
}

static void observe_logits(const X(field) *psi, size_t first, double value[ROUTER_SERIES]) {
  double mean, variance, means = 0, variances = 0, P = (double)psi->P;
  for (size_t k = 0; k < psi->P; k++) {
    logit_moments(psi, first, k, &mean, &variance);
    means += mean;
    variances += variance;
  }
  value[LOGIT_MEAN] = means / P;
  value[LOGIT_STD] = psi->twin || variances > 0 ? mdm_signed_root(variances / P) : 0; /* without twins only rounding makes it negative */
}

enum { BATCH = 256 }; /* experts that are looked at together */

/* Sums of |g| and of |g| log |g| over n experts. */
static void gate_sums(size_t n, const real *gate, double *total, double *logs) {
  double g[BATCH], log_g[BATCH];
  *total = *logs = 0;
  for (size_t first = 0; first < n; first += BATCH) {
    size_t count = n - first < BATCH ? n - first : BATCH;
    for (size_t m = 0; m < count; m++) g[m] = fabs((double)gate[first + m]), log_g[m] = g[m] == 0 ? 1 : g[m];
    mdm_vec_log(count, log_g, log_g);
    for (size_t m = 0; m < count; m++) *total += g[m], *logs += g[m] * log_g[m];
  }
}

/* Pieces of all experts of a large population, of which everybody has all gates: each rank looks at its own. */
static size_t expert_pieces(size_t n) { return mdm_is_large(n) ? X(parallel_pieces)(n) : 1; }

/* The routed experts of piece i: *at … the end, which is returned. */
static size_t routed_piece(size_t n, size_t pieces, size_t i, size_t first, size_t *at) {
  size_t end = mdm_piece(n, pieces, i + 1);
  *at = mdm_piece(n, pieces, i);
  if (*at < first) *at = first;
  return end > *at ? end : *at;
}

/* o->totals, o->logs: of all routed experts. Not 0: memory is out. */
static int sum_gates(X(observer) *o, const X(field) *g, size_t routed) {
  size_t n = g->n, P = g->P, pieces = expert_pieces(n), first = 0, end = 1;
  double *sums = mdm_alloc(2 * P, pieces, 1, sizeof *sums); /* pieces of 2 × P: totals, logs */
  if (!sums) return -1;
  if (pieces > 1) mdm_own_pieces(n, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)(n * P)))
  for (size_t i = first * P; i < end * P; i++) {
    size_t from, to = routed_piece(n, pieces, i / P, routed, &from);
    gate_sums(to - from, g->v + from + n * (i % P), &sums[2 * i], &sums[2 * i + 1]);
  }
  if (pieces > 1) mdm_gather_pieces(n, pieces, 2 * P * sizeof *sums, sums);
  for (size_t k = 0; k < P; k++) {
    o->totals[k] = sums[2 * k], o->logs[k] = sums[2 * k + 1];
    for (size_t i = 1; i < pieces; i++) o->totals[k] += sums[2 * (P * i + k)], o->logs[k] += sums[2 * (P * i + k) + 1];
  }
  free(sums);
  return 0;
}

/* Sums over experts at … end − 1 of their loads and of the squares of these. */
static void load_sums(const X(observer) *o, const X(field) *g, const X(routing) *routing, size_t at, size_t end, double *sum, double *square) {
  double load[BATCH];
  *sum = *square = 0;
  for (; at < end; at += BATCH) {
    size_t count = end - at < BATCH ? end - at : BATCH;
    memset(load, 0, sizeof load);
    for (size_t k = 0; k < g->P; k++) {
      const real *gate = g->v + at + g->n * k;
      const unsigned char *active = routing ? routing->active + at + g->n * k : NULL;
      double each = 1 / o->totals[k];
      for (size_t m = 0; m < count; m++) load[m] += active ? active[m] : each * fabs((double)gate[m]);
    }
    for (size_t m = 0; m < count; m++) *sum += load[m], *square += load[m] * load[m];
  }
}

/* The same over all routed experts. */
static void all_load_sums(const X(observer) *o, const X(field) *g, const X(routing) *routing, size_t routed, double *sum, double *square) {
  double sums[2 * MDM_MOST_PIECES]; /* of each piece: both */
  size_t n = g->n, pieces = expert_pieces(n), first = 0, end = 1;
  if (pieces > 1) mdm_own_pieces(n, pieces, &first, &end);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (pieces > 1 && mdm_shares(4.0 * (double)(n * g->P)))
  for (size_t i = first; i < end; i++) {
    size_t at, to = routed_piece(n, pieces, i, routed, &at);
    load_sums(o, g, routing, at, to, &sums[2 * i], &sums[2 * i + 1]);
  }
  if (pieces > 1) mdm_gather_pieces(n, pieces, 2 * sizeof *sums, sums);
  *sum = sums[0], *square = sums[1];
  for (size_t i = 1; i < pieces; i++) *sum += sums[2 * i], *square += sums[2 * i + 1];
}

/* Of one block's routed experts. Shares p_m = |g_m| / mean |g| of each token: entropy − log M = −mean over m of p log p; loads = token
 * means of p (soft) or of the selection (top-K). NaN where all gates of a token vanish. */
static void observe_router(X(observer) *o, const X(moe) *program, size_t l, double value[ROUTER_SERIES]) {
  const X(field) *g = X(moe_field)(program, MDM_TRAIN, MDM_G, l);
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN, l);
  size_t all = g->n, first = X(moe_shared)(program, l), E = all - first, P = g->P;
  double entropy = 0, load_sum, load_square;
  if (sum_gates(o, g, first)) {
    value[ENTROPY] = value[LOAD_STD] = NAN;
    return;
  }
  for (size_t k = 0; k < P; k++) entropy += log(o->totals[k] / (double)E) - o->logs[k] / o->totals[k];
  all_load_sums(o, g, routing, first, &load_sum, &load_square);
  double mean = load_sum / (double)E, var = load_square / (double)E - mean * mean;
  value[ENTROPY] = entropy / (double)P;
  value[LOAD_STD] = isnan(var) || var > 0 ? sqrt(var) / mean : 0; /* sums of the same numbers: only rounding makes it negative */
}

static double bias_std(const X(moe) *program, size_t l, size_t experts) {
  const real *b = X(moe_biases)(program, l);
  size_t first = X(moe_shared)(program, l);
  double sum = 0, square = 0, n = (double)(experts - first);
  for (size_t e = first; e < experts && b; e++) sum += (double)b[e], square += (double)b[e] * (double)b[e];
  return sqrt(fmax(0, square / n - sum / n * (sum / n))); /* likewise */
}

/* Every block that routes; the mean over them. */
static void observe_routers(X(observer) *o, const X(moe) *program, size_t t) {
  size_t routed = 0;
  for (size_t l = 0; l < o->blocks; l++) routed += (size_t)X(moe_routes)(program, l);
  for (size_t l = 0; l < o->blocks; l++) {
    double value[ROUTER_SERIES] = {NAN, NAN, NAN, NAN, NAN};
    int routes = X(moe_routes)(program, l);
    if (routes) observe_router(o, program, l, value);
    const X(field) *psi = X(moe_field)(program, MDM_TRAIN, MDM_PSI, l);
    if (routes) observe_logits(psi, X(moe_shared)(program, l), value);
    if (routes && psi->twin) o->twin_difference = fmax(o->twin_difference, twin_difference(psi, X(moe_shared)(program, l)));
    if (routes && o->router[BIAS_STD]) value[BIAS_STD] = bias_std(program, l, psi->n);
    for (int k = 0; k < ROUTER_SERIES; k++) {
      if (o->router_block[k]) o->router_block[k][entry(o, l, t)] = value[k];
      if (o->router[k] && routes) o->router[k][t] += value[k] / (double)routed;
    }
  }
  double losses[2];
  if (!o->balance && !o->z_loss) return;
  X(moe_router_losses)(program, &losses[0], &losses[1]);
  if (o->balance) o->balance[t] = losses[0];
  if (o->z_loss) o->z_loss[t] = losses[1];
}

/* The first G tokens of a field at time `at`. */
static void keep_field(X(field) *kept, const X(field) *now, size_t G, size_t at) {
  size_t rows = mdm_rows(kept->n), ld = X(field_ld)(now);
  real *const to[] = {kept->v, kept->twin, kept->noise}, *const from[] = {now->v, now->twin, now->noise};
  for (int i = 0; i < 3; i++)
    for (size_t t = 0; t < G && from[i]; t++) memcpy(to[i] + rows * (G * at + t), X(field_rows)(now, from[i]) + ld * t, rows * sizeof(real));
}

static void keep_for_kernels(X(observer) *o, const X(moe) *program, size_t t, const double *e) {
  const mdm_problem *p = o->problem;
  long at = p->kernels ? mdm_problem_time_index(p, t) : -1;
  if (at < 0) return;
  size_t G = p->kernel_samples;
  for (mdm_field f = 0; f < MDM_FIELDS; f++) {
    for (size_t l = 0; l < all_levels(o) && o->kept[f]; l++)
      if (o->kept[f][l].v) keep_field(&o->kept[f][l], X(moe_field)(program, MDM_TRAIN, f, l), G, (size_t)at);
  }
  memcpy(o->kept_e + o->C * G * (size_t)at, e, o->C * G * sizeof *e);
  o->reached[at] = 1;
}

int X(observe_fields)(X(observer) *o, const X(moe) *program, size_t t, const double *e) {
  observe_overlaps(o, program, t); /* first: squares come with them */
  observe_rms(o, program, t);
  if (o->router[ENTROPY]) observe_routers(o, program, t);
  keep_for_kernels(o, program, t, e);
  for (mdm_field f = 0; f < MDM_FIELDS; f++)
    for (size_t l = 0; l < mdm_field_levels(&o->problem->model, f); l++)
      if (X(moe_field)(program, MDM_TRAIN, f, l)->n && !isfinite(o->rms[f][entry(o, l, t)])) return 0;
  return 1;
}

/* ---------------------------------------------------------------- at the end */

/* Kernel (1/n) Σ_i a_i(t,μ) a_i(s,ν) of a kept field, into value (times·samples)². */
static int kernel_of_field(X(observer) *o, mdm_field f, size_t level, double *value, mdm_error *err) {
  const X(field) *kept = &o->kept[f][level];
  size_t k = kept->P;
  real *gram = mdm_alloc(k, k, 1, sizeof *gram); /* k × k */
  if (!gram) return mdm_no_memory(err, "kernels");
  double unit;
  int status = X(squares)(1.0 / (double)kept->n, kept, k, gram, &unit, err);
  for (size_t i = 0; i < k && !status; i++)
    for (size_t j = 0; j <= i; j++) value[i * k + j] = value[j * k + i] = unit * (double)gram[i + k * j];
  free(gram);
  return status;
}

/* Kernel of plain vectors: columns, n × (times · samples). */
static void kernel_of_columns(const X(observer) *o, size_t n, const double *column, double *value) {
  size_t k = o->problem->n_times * o->problem->kernel_samples;
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j <= i; j++) {
      const double *a = column + n * i, *b = column + n * j;
      double sum = 0;
      for (size_t d = 0; d < n; d++) sum += a[d] * b[d];
      value[i * k + j] = value[j * k + i] = sum;
    }
}

static int kernel_of_inputs(const X(observer) *o, double *value, mdm_error *err) {
  const mdm_problem *p = o->problem;
  size_t G = p->kernel_samples, D = p->full.inputs;
  double *x = mdm_alloc(D, p->n_times, G, sizeof *x); /* D × (times · samples) */
  if (!x) return mdm_no_memory(err, "kernels");
  for (size_t i = 0; i < p->n_times * G; i++) mdm_inputs_of(&p->full, 0, mdm_problem_sample(p, p->times[i / G], i % G), x + D * i);
  kernel_of_columns(o, D, x, value);
  free(x);
  return MDM_OK;
}

/* Times that were not reached are NaN. */
static void blank_unreached(const X(observer) *o, double *value) {
  size_t G = o->problem->kernel_samples, k = o->problem->n_times * G;
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < k; j++)
      if (!o->reached[i / G] || !o->reached[j / G]) value[i * k + j] = NAN;
}

static int write_kernel(X(observer) *o, mdm_tensor t, int backward, mdm_error *err) {
  static const char *const texts[2] = {"kernel <p(t) p(s)> of the forward input p of this matrix, mean over its particles (W_in: x.x/D)",
                                       "kernel <q(t) q(s)> of the backward input q of this matrix, mean over its particles (w_out: sum over outputs of e e)"};
  const mdm_problem *p = o->problem;
  size_t blocks = tensor_blocks(o, t), dim[5] = {blocks, p->n_times, p->kernel_samples, p->n_times, p->kernel_samples}, size = mdm_elements(4, dim + 1);
  int leveled = p->model.depth && t != MDM_W_IN && t != MDM_W_OUT;
  mdm_field f = backward ? mdm_meetings[t].backward : mdm_meetings[t].forward;
  double *value;
  char path[96];
  snprintf(path, sizeof path, "kernels/%s/%s", mdm_tensor_name(t), backward ? "backward" : "forward");
  int status = mdm_record_add(o->record, path, 4 + leveled, dim + !leveled, leveled ? "block, time, sample, time, sample" : "time, sample, time, sample",
                              texts[backward], &value, err);
  for (size_t i = 0; i < blocks && !status; i++) {
    size_t l = tensor_block(o, t, i);
    double *to = value + size * i;
    if (f != MDM_FIELDS && (!o->kept[f] || !o->kept[f][backward ? mdm_backward_level(t, l) : l].v)) fill_nan(to, size);
    else if (f != MDM_FIELDS) status = kernel_of_field(o, f, backward ? mdm_backward_level(t, l) : l, to, err);
    else if (backward) kernel_of_columns(o, o->C, o->kept_e, to);
    else status = kernel_of_inputs(o, to, err);
    blank_unreached(o, to);
  }
  return status;
}

static int add_scalar(mdm_record *rec, const char *name, const char *text, double value, mdm_error *err) {
  char path[96];
  double *v;
  size_t one = 1;
  snprintf(path, sizeof path, "diagnostics/%s", name);
  int status = mdm_record_add(rec, path, 1, &one, "run", text, &v, err);
  if (!status) *v = value;
  return status;
}

int X(observe_end)(X(observer) *o, const X(realization) *R, double seconds, mdm_error *err) {
  int status = MDM_OK;
  for (int t = 0; t < MDM_TENSORS && o->problem->kernels && !status; t++) {
    if (!has_tensor(o, t)) continue;
    status = write_kernel(o, t, 0, err);
    if (!status) status = write_kernel(o, t, 1, err);
  }
  const char *const *names;
  const double *values;
  size_t n;
  R->diagnostics(R, &names, &values, &n);
  for (size_t i = 0; i < n && !status; i++)
    status = add_scalar(o->record, names[i], "see docs/output.md, diagnostics", values[i], err);
  if (!status && R->twins) status = add_scalar(o->record, "twin_difference", "see docs/output.md, diagnostics", o->twin_difference, err);
  if (!status) status = add_scalar(o->record, "seconds", "wall time of one run", seconds, err);
  return status;
}
