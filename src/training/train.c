/* The training loop: the same for networks and their limit, full batch and minibatches. */
#include "training/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/clock.h"
#include "base/crew.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/state.h"
#include "scaling/vanishing.h"
#include "models/moe.h"
#include "training/coordcheck.h"
#include "training/heads.h"
#include "training/measure.h"
#include "training/observe.h"
#include "training/response.h"
#include "training/statistics.h"
#include "training/tangent.h"

/* A run has diverged when its loss, or the mean square of a field, is not finite, or its loss is this many times what it
 * was at the start (or 1, if that is larger). */
static const double DIVERGED = 1e6;

typedef struct {
  const mdm_problem *p;
  const mdm_inputs *inputs;
  X(moe) *program;
  size_t blocks;
  X(observer) *observer;
  X(parts) *parts;           /* NULL unless output.parts */
  X(response) *(*response)[MDM_TENSORS]; /* blocks; NULL where none is followed */
  X(statistics) *statistics;          /* NULL: not asked for */
  X(heads) *heads;                    /* NULL: not asked for, or nothing attends */
  X(tangent) *tangent;                /* NULL: not asked for */
  X(measure) *measure;                /* order parameters; NULL: not asked for */
  const mdm_given *given;             /* NULL, or the state whose predictions make the errors */
  real *x, *x_test, *e;      /* inputs × B; inputs × P_test; C × B */
  double *input;             /* inputs: of one sample */
  double *f, *grad, *y;      /* C × max(B, P_test); C × B; C × B */
  int loaded;        /* full batch: x and y are there */
  double bound;      /* of the loss, beyond which the run has diverged */
  double start;      /* of the clock, less what the run took before it was interrupted */
  mdm_task *run;
  X(realization) *R;
  int keeps_weights; /* the final ones go to the file: of a run that diverges, those before its last step */
} loop;

/* Inputs of a sample of a part. */
static void load_input(loop *l, mdm_part part, size_t sample, real *x) {
  mdm_inputs_of(l->inputs, part == MDM_TEST, sample, l->input);
  for (size_t i = 0; i < l->inputs->inputs; i++) x[i] = (real)l->input[i];
}

static int loop_allocate(loop *l, mdm_error *err) {
  const mdm_problem *p = l->p;
  size_t C = p->model.outputs, B = p->batch, test = p->data->test.count, in = l->inputs->inputs;
  l->x = mdm_alloc(in, B, 1, sizeof(real));
  l->input = mdm_alloc(in, 1, 1, sizeof(double));
  l->x_test = mdm_alloc(in, test, 1, sizeof(real));
  l->e = mdm_alloc(C, B, 1, sizeof(real));
  l->f = mdm_alloc(C, B > test ? B : test, 1, sizeof(double));
  l->grad = mdm_alloc(C, B, 1, sizeof(double));
  l->y = mdm_alloc(C, B, 1, sizeof(double));
  if (!l->x || !l->input || !l->x_test || !l->e || !l->f || !l->grad || !l->y) return mdm_no_memory(err, "a batch");
  for (size_t m = 0; m < test; m++) load_input(l, MDM_TEST, m, l->x_test + in * m);
  return MDM_OK;
}

static void loop_clear(loop *l) {
  free(l->x);
  free(l->input);
  free(l->x_test);
  free(l->e);
  free(l->f);
  free(l->grad);
  free(l->y);
  for (size_t b = 0; b < l->blocks && l->response; b++)
    for (int t = 0; t < MDM_TENSORS; t++) X(response_free)(l->response[b][t]);
  free(l->response);
  X(statistics_free)(l->statistics);
  X(heads_free)(l->heads);
  X(tangent_free)(l->tangent);
  X(parts_free)(l->parts);
  X(measure_free)(l->measure);
  X(observer_free)(l->observer);
  X(moe_free)(l->program);
}

/* Inputs and targets of step t's batch. */
static void load_batch(loop *l, size_t t) {
  const mdm_problem *p = l->p;
  size_t in = l->inputs->inputs;
  if (l->loaded) return;
  l->loaded = p->full_batch;
  for (size_t k = 0; k < p->batch; k++) load_input(l, MDM_TRAIN, mdm_problem_sample(p, t, k), l->x + in * k);
  mdm_problem_targets(p, t, p->batch, l->y);
}

static void predictions(loop *l, mdm_part part, size_t n) {
  const real *f = X(moe_prediction)(l->program, part);
  for (size_t i = 0; i < n * l->p->model.outputs; i++) l->f[i] = (double)f[i];
}

static int evaluate_test(loop *l, size_t t, mdm_error *err) {
  const mdm_problem *p = l->p;
  size_t n = p->data->test.count;
  if (!n || !mdm_problem_tests_at(p, t)) return MDM_OK;
  int status = X(moe_forward)(l->program, MDM_TEST, n, l->x_test, err);
  if (status) return status;
  double accuracy;
  predictions(l, MDM_TEST, n);
  double loss = mdm_loss_eval(p, n, l->f, p->data->test.y, NULL, &accuracy);
  X(observe_prediction)(l->observer, MDM_TEST, t, l->f, loss, accuracy);
  return MDM_OK;
}

static int follow_responses(loop *l, X(realization) *R, mdm_error *err) {
  int status = MDM_OK;
  l->response = calloc(l->blocks, sizeof *l->response);
  if (!l->response) return mdm_no_memory(err, "responses");
  for (size_t b = 0; b < l->blocks; b++)
    for (mdm_tensor t = MDM_Q; t <= MDM_W2 && l->p->responses && mdm_problem_stores(l->p, b) >= 0 && !status; t++) {
      X(thin) *factors;
      status = R->factors(R, b, t, l->p->tolerance, &factors, err);
      if (!status && factors) status = X(response_create)(factors, l->p, &l->response[b][t], err);
    }
  return status;
}

static int step_responses(loop *l, size_t step, mdm_error *err) {
  int status = MDM_OK;
  for (size_t b = 0; b < l->blocks; b++)
    for (mdm_tensor t = MDM_Q; t <= MDM_W2 && !status; t++)
      if (l->response[b][t])
        status = X(response_step)(l->response[b][t], step, X(moe_field)(l->program, MDM_TRAIN, mdm_meetings[t].forward, b),
                                  X(moe_field)(l->program, MDM_TRAIN, mdm_meetings[t].backward, mdm_backward_level(t, b)), err);
  return status;
}

static int write_responses(const loop *l, mdm_record *record, mdm_error *err) {
  int status = MDM_OK;
  for (size_t b = 0; b < l->blocks; b++)
    for (mdm_tensor t = MDM_Q; t <= MDM_W2 && !status; t++)
      if (l->response[b][t]) status = X(response_write)(l->response[b][t], b, record, err);
  return status;
}

static mdm_step step_of(const loop *l, size_t t) {
  const mdm_optimizer *o = &l->p->optimizer;
  return (mdm_step){.by = o, .rate = mdm_optimizer_rate(o, t), .clip = 1, .t = t};
}

/* Whether nothing has to see the weights between the backward pass and the step, so that matrices may do both in one pass. */
static int steps_at_once(const loop *l, size_t t) {
  const mdm_problem *p = l->p;
  int looks = (p->full_batch && X(parts_wanted)(l->parts, t)) || p->responses || l->measure;
  return t < p->steps && p->optimizer.clip == 0 && !looks && !l->keeps_weights;
}

/* The optimizer's step, its gradient clipped as PyTorch's clip_grad_norm_ does. */
static int descend(loop *l, size_t t, mdm_error *err) {
  const mdm_optimizer *o = &l->p->optimizer;
  mdm_step step = step_of(l, t);
  double norm = 0;
  int status = o->clip > 0 ? X(moe_gradient_norm)(l->program, l->x, l->e, &norm, err) : MDM_OK;
  if (status) return status;
  if (o->clip > 0) X(observe_gradient_norm)(l->observer, t, norm);
  if (norm + 1e-6 > o->clip && o->clip > 0) step.clip = o->clip / (norm + 1e-6);
  if (t == l->p->steps) return MDM_OK;
  status = X(moe_step)(l->program, &step, l->x, l->e, err);
  return !status && l->R->stepped ? l->R->stepped(l->R, err) : status;
}

/* Minibatches: a forward and backward pass of a fixed batch, the first samples, without training on it. */
static int probe_parts(loop *l, size_t t, mdm_error *err) {
  const mdm_problem *p = l->p;
  size_t C = p->model.outputs, in = l->inputs->inputs, n = p->batch;
  if (p->full_batch || !X(parts_wanted)(l->parts, t)) return MDM_OK;
  for (size_t k = 0; k < n; k++) load_input(l, MDM_TRAIN, k, l->x + in * k);
  int status = X(moe_forward)(l->program, MDM_TRAIN, n, l->x, err);
  if (status) return status;
  predictions(l, MDM_TRAIN, n);
  mdm_loss_eval(p, n, l->f, p->data->train.y, l->grad, NULL);
  for (size_t i = 0; i < n * C; i++) l->e[i] = (real)l->grad[i];
  status = X(moe_backward)(l->program, l->e, 1, NULL, err);
  return status ? status : X(parts_observe)(l->parts, l->program, t, l->x, l->e, err);
}

/* Errors ∂L/∂f: of the run's own predictions, or of given ones. */
static void find_errors(loop *l, size_t t) {
  const mdm_problem *p = l->p;
  size_t n = p->batch * p->model.outputs;
  if (l->given) mdm_loss_eval(p, p->batch, l->given->x + t * n, l->y, l->grad, NULL);
  for (size_t i = 0; i < n; i++) l->e[i] = (real)l->grad[i];
}

/* One step: evaluate, record, go down. *loss is the train loss; *diverged is set when it left all bounds. */
static int step(loop *l, size_t t, double bound, double *loss, int *diverged, mdm_error *err) {
  const mdm_problem *p = l->p;
  int status = evaluate_test(l, t, err);
  if (!status) status = probe_parts(l, t, err);
  if (status) return status;
  load_batch(l, t);
  status = X(moe_forward)(l->program, MDM_TRAIN, p->batch, l->x, err);
  if (status) return status;
  double accuracy;
  predictions(l, MDM_TRAIN, p->batch);
  *loss = mdm_loss_eval(p, p->batch, l->f, l->y, l->grad, &accuracy);
  *diverged = !isfinite(*loss) || *loss > bound;
  if (*diverged) return X(observe_nothing)(l->observer, t), MDM_OK;
  X(observe_prediction)(l->observer, MDM_TRAIN, t, l->f, *loss, accuracy);
  find_errors(l, t);
  if (l->tangent) status = X(tangent_step)(l->tangent, l->program, t, err);
  mdm_step now = step_of(l, t);
  if (!status) status = X(moe_backward)(l->program, l->e, 1, steps_at_once(l, t) ? &now : NULL, err);
  if (status) return status;
  *diverged = !X(observe_fields)(l->observer, l->program, t, l->grad);
  if (*diverged) return X(observe_nothing)(l->observer, t), MDM_OK;
  if (l->statistics) status = X(statistics_step)(l->statistics, l->program, t, l->grad, err);
  if (l->heads) X(heads_step)(l->heads, l->program, t);
  if (!status) status = step_responses(l, t, err);
  if (!status && l->measure) status = X(measure_step)(l->measure, l->program, t, err); /* before other products replace coordinates */
  if (!status && p->full_batch && X(parts_wanted)(l->parts, t))
    status = X(parts_observe)(l->parts, l->program, t, l->x, l->e, err);
  if (status) return status;
  return descend(l, t, err);
}

/* Nothing has been trained yet, so it is the numbers that do not fit. */
static int first_step_failed(const mdm_task *run, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_NUMERIC, "the first loss, or a field before the first step, is not finite in %s precision; scale inputs and targets, check model.*%s%s",
                  MDM_SINGLE ? "single" : "double", !MDM_SINGLE ? "" : run->width && !run->whole ? ", or set simulate" : ", or set solve", MDM_SINGLE ? ".precision: double" : "");
}

/* Directions after step t, for who plans a run. */
static void count_directions(const X(realization) *R, const mdm_task *run, size_t t) {
  for (size_t b = 0; b < R->blocks && run->directions && R->directions; b++)
    R->directions(R, b, run->directions + (t * R->blocks + b) * MDM_VISITORS);
}

/* Everything that a run keeps from one step to the next (base/state.h); what only serves within a step is left out. Weights as they were drawn,
 * and whatever else is the same after the same draws, is there already where a run is loaded. */
static void walk(void *context, mdm_state *s) {
  loop *l = context;
  double seconds = mdm_clock() - l->start;
  mdm_state_count(s, "steps done", &l->run->done);
  mdm_state_bound(s, "steps done", l->run->done, l->p->steps);
  if (s->status) l->run->done = 0;
  mdm_state_real(s, "bound of the loss", &l->bound);
  mdm_state_real(s, "seconds", &seconds);
  if (s->loads) l->start = mdm_clock() - seconds;
  mdm_state_record(s, l->run->record);
  X(moe_walk)(l->program, s);
  l->R->walk(l->R, s);
  X(observer_walk)(l->observer, s);
  if (l->parts) X(parts_walk)(l->parts, s);
  for (size_t b = 0; b < l->blocks; b++)
    for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++)
      if (l->response[b][t]) X(response_walk)(l->response[b][t], s);
  if (l->measure) X(measure_walk)(l->measure, l->run->done, s);
}

/* Goes on from where the run was saved last, if it was. */
static int go_on(loop *l, mdm_error *err) {
  mdm_task *run = l->run;
  int status = run->saving ? run->saving->load(run->saving->context, walk, l, err) : MDM_OK;
  if (!status && mdm_crew_leads()) mdm_board_skip(run->board, run->cost * (double)run->done);
  return status;
}

/* What is to be done before the next step. */
enum { STOPS = 1, SAVES = 2 };

/* Ranks that share a run do the same before the same step. saved: steps that were done when it was saved last. */
static int look_around(const loop *l, size_t saved) {
  const mdm_saving *saving = l->run->saving;
  int stopped = mdm_board_stopped(l->run->board), due = saving && l->run->done != saved && saving->due(saving->context, stopped);
  return mdm_crew_any((stopped ? STOPS : 0) | (due ? SAVES : 0));
}

/* A numerical routine that fails is told with its step. */
static int at_step(size_t t, int status, mdm_error *err) {
  mdm_error why;
  if (status != MDM_ERR_NUMERIC || !err) return status;
  why = *err;
  return mdm_fail(err, status, "step %zu: %.3900s", t, why.text);
}

static int run_steps(loop *l, const X(realization) *R, mdm_task *run, mdm_error *err) {
  size_t steps = l->p->steps, saved = run->done;
  double loss = 0;
  int diverged = 0;
  for (size_t t = run->done; t <= steps; t++) {
    int signs = look_around(l, saved);
    if (signs & SAVES && !mdm_crew_failed()) {
      run->saving->save(run->saving->context, walk, l);
      saved = run->done;
    }
    if (signs & STOPS) {
      run->status = MDM_INTERRUPTED;
      return MDM_OK;
    }
    int status = step(l, t, l->bound, &loss, &diverged, err);
    if (status || mdm_crew_failed()) return at_step(t, status, err);
    if (diverged && t == 0 && !l->given) return first_step_failed(run, err);
    if (diverged) {
      run->status = MDM_ERR_DIVERGED;
      return MDM_OK;
    }
    if (t == 0) l->bound = DIVERGED * (loss > 1 ? loss : 1);
    count_directions(R, run, t);
    run->done = t + 1;
    if (mdm_crew_leads()) mdm_board_report(run->board, run->width, run->cost, t, steps, loss);
  }
  return MDM_OK;
}

/* ---------------------------------------------------------------- weights */

static int add_weights(mdm_record *rec, const char *tensor, const char *when, int rank, const size_t *dim, const char *dims,
                       double **value, mdm_error *err) {
  char path[96];
  snprintf(path, sizeof path, "weights/%s/%s", tensor, when);
  return mdm_record_add(rec, path, rank, dim, dims, "weights in raw units (docs/theory.md, the network)", value, err);
}

/* Raw W_in (N × D) and w_out (N × C) from √D W_in and N w_out (times their multipliers, and columns by factors std, unless NULL), which the program keeps
 * column-major. */
static void raw_particles(size_t N, size_t columns, double scale, const double *std, const real *from, double *to) {
  for (size_t i = 0; i < N; i++)
    for (size_t c = 0; c < columns; c++) to[i * columns + c] = scale * (double)from[i + N * c] / (std ? std[c] : 1);
}

/* Zero in blocks that route nothing. */
static int save_biases(const loop *l, size_t M, const char *when, mdm_record *rec, mdm_error *err) {
  const size_t dim[2] = {l->blocks, M};
  int deep = l->p->model.depth > 0, any = 0;
  double *v;
  for (size_t b = 0; b < l->blocks; b++) any |= X(moe_biases)(l->program, b) != NULL;
  if (!any) return MDM_OK;
  int status = add_weights(rec, "router_bias", when, 1 + deep, dim + !deep, deep ? "block, expert" : "expert", &v, err);
  for (size_t b = 0; b < l->blocks && !status; b++) {
    const real *bias = X(moe_biases)(l->program, b);
    for (size_t m = 0; m < M && bias; m++) v[b * M + m] = (double)bias[m];
  }
  return status;
}

/* One matrix of all blocks of a kind, in their order. */
static int save_matrix(const loop *l, const X(realization) *R, mdm_block_kind kind, mdm_tensor t, const char *when, mdm_record *rec, mdm_error *err) {
  static const struct {
    int rank;
    const char *dims[MDM_BLOCK_KINDS];
  } shapes[MDM_TENSORS] = {[MDM_Q] = {2, {"block, expert, stream", ""}},
                           [MDM_W1] = {3, {"block, expert, neuron, stream", "block, group, row, stream"}},
                           [MDM_W2] = {3, {"block, expert, stream, neuron", "block, group, stream, column"}}};
  size_t first = 0, at = 0, N = R->stream;
  while (R->block[first].kind != kind) first++;
  const X(block_sizes) *b = &R->block[first];
  size_t rows = b->rows / b->units, columns = b->columns / b->units;
  const size_t dim[4] = {mdm_model_count(&l->p->model, kind), b->units, t == MDM_Q ? N : t == MDM_W1 ? rows : N, t == MDM_W1 ? N : columns};
  int deep = l->p->model.depth > 0, rank = shapes[t].rank;
  double *v;
  int status = add_weights(rec, mdm_block_tensor_name(kind, t), when, rank + deep, dim + !deep, shapes[t].dims[kind] + (deep ? 0 : strlen("block, ")), &v, err);
  for (size_t k = 0; k < R->blocks && !status; k++)
    if (R->block[k].kind == kind) R->raw(R, k, t, v + mdm_elements(rank, dim + 1) * at++);
  return status;
}

static int save_weights(const loop *l, const X(realization) *R, const char *when, mdm_record *rec, mdm_error *err) {
  size_t N = R->stream, D = l->inputs->inputs, C = l->p->model.outputs;
  const size_t in[2] = {N, D}, out[2] = {N, C};
  double *v;
  int status = add_weights(rec, "W_in", when, 2, in, "stream, input", &v, err);
  if (status) return status;
  raw_particles(N, D, 1 / R->coef[MDM_W_IN].raw, l->inputs->std, X(moe_input_weights)(l->program), v);
  for (mdm_block_kind kind = 0; kind < MDM_BLOCK_KINDS; kind++)
    for (mdm_tensor t = mdm_first_tensor(kind); t <= MDM_W2 && !status && mdm_model_count(&l->p->model, kind); t++) status = save_matrix(l, R, kind, t, when, rec, err);
  if (status) return status;
  status = add_weights(rec, "w_out", when, 2, out, "stream, output", &v, err);
  if (status) return status;
  raw_particles(N, C, 1 / R->coef[MDM_W_OUT].raw, NULL, X(moe_readout_weights)(l->program), v);
  return save_biases(l, R->experts, when, rec, err);
}

/* ---------------------------------------------------------------- a run */

static int prepare(loop *l, X(realization) *R, mdm_task *run, mdm_error *err) {
  const mdm_problem *p = l->p;
  const size_t P[MDM_PARTS] = {[MDM_TRAIN] = p->batch, [MDM_TEST] = p->data->test.count};
  int status = mdm_record_create(&run->record, err);
  if (!status) status = X(moe_create)(&p->model, R, l->inputs, P, &l->program, err);
  if (!status) status = X(observer_create)(p, R, run->record, &l->observer, err);
  if (!status && p->statistics) status = X(statistics_create)(p, R, run->record, &l->statistics, err);
  if (!status && p->statistics) status = X(heads_create)(p, R, run->record, &l->heads, err);
  if (!status && p->ntk) status = X(tangent_create)(p, R, run->record, &l->tangent, err);
  if (!status && p->parts) status = X(parts_create)(p, R, l->program, l->inputs->inputs, run->record, &l->parts, err);
  if (!status) status = follow_responses(l, R, err);
  if (!status && run->layout) status = X(measure_create)(run->layout, R, p->tolerance, run->orders, &l->measure, err);
  if (!status) status = loop_allocate(l, err);
  return status;
}

int X(train)(const mdm_problem *problem, const mdm_inputs *inputs, X(realization) *R, mdm_task *run, mdm_error *err) {
  loop l = {.p = problem, .inputs = inputs, .given = run->given, .blocks = R->blocks, .bound = INFINITY, .start = mdm_clock(), .run = run, .R = R};
  int weights = run->save_weights && R->raw;
  l.keeps_weights = weights;
  run->status = MDM_OK;
  run->done = 0;
  int status = prepare(&l, R, run, err);
  if (!status && weights) status = mdm_record_create(&run->weights, err);
  if (!status && weights) status = save_weights(&l, R, "initial", run->weights, err);
  if (!status) status = go_on(&l, err);
  if (!status) status = run_steps(&l, R, run, err);
  if (!status && weights) status = save_weights(&l, R, "final", run->weights, err);
  if (!status) status = write_responses(&l, run->record, err);
  if (!status) status = X(observe_end)(l.observer, R, mdm_clock() - l.start, err);
  loop_clear(&l);
  if (!mdm_crew_failed()) return status;
  run->status = MDM_INTERRUPTED; /* without those who were lost nothing of it counts */
  run->done = 0;
  return MDM_OK;
}

int X(train_limit)(const mdm_problem *problem, const mdm_limit_sizes *sizes, mdm_task *run, mdm_error *err) {
  const mdm_model *m = &problem->model;
  mdm_sizes ratios = mdm_model_limit_sizes(m);
  mdm_coefficients coef[MDM_TENSORS], head_coef[MDM_TENSORS];
  X(realization) *R = NULL;
  mdm_shape shape = {.stream = sizes->stream, .experts = sizes->experts, .neurons = sizes->neurons, .neuron_weight = mdm_neuron_weight(m->regime, ratios), .twins = sizes->twins, .half = sizes->half};
  mdm_model_shape(m, sizes->heads, sizes->head_width, head_coef, &shape);
  int status = mdm_model_limit(m, &problem->optimizer, coef, head_coef, err);
  int was_large = mdm_solution_is_large(sizes->stream < MDM_SPREAD_FROM ? 0 : m->regime->experts_grow ? MDM_LARGE : MDM_LARGE_COUNTED);
  coef[MDM_Q].entry /= sqrt((double)sizes->represented); /* one expert's router stands for the mean of so many */
  if (!status && run->given) status = X(given_create)(&shape, coef, run->given, problem->seed, run->index, &R, err);
  else if (!status) status = X(limit_create)(&shape, coef, sizes->tolerance, problem->optimizer.method.entrywise ? &sizes->pairs : NULL, problem->seed, run->index, &R, err);
  if (!status && !run->given) X(limit_spans)(R, sizes->rank, sizes->whole_batch);
  if (!status) status = X(train)(problem, &problem->reduced, R, run, err);
  if (R) R->free(R);
  mdm_solution_is_large(was_large);
  return status;
}

/* head_coef: MDM_TENSORS, which the shape points to. */
static mdm_shape shape_of(const mdm_model *m, long width, mdm_coefficients *head_coef) {
  mdm_sizes sizes = mdm_model_network_sizes(m, (size_t)width);
  mdm_shape shape = {.stream = (size_t)width, .experts = (size_t)sizes.M, .neurons = (size_t)sizes.Ne, .neuron_weight = mdm_neuron_weight(m->regime, sizes)};
  mdm_model_shape(m, mdm_model_groups(m, (size_t)width), mdm_model_head_width(m, (size_t)width), head_coef, &shape);
  return shape;
}

int X(train_network)(const mdm_problem *problem, mdm_task *run, mdm_error *err) {
  const mdm_model *m = &problem->model;
  mdm_coefficients coef[MDM_TENSORS], head_coef[MDM_TENSORS], of_heads[MDM_TENSORS];
  X(realization) *R = NULL;
  const mdm_shape shape = shape_of(m, run->width, head_coef);
  const X(lineage) of = {shape_of(m, run->whole ? run->whole : run->width, of_heads), run->part, problem->full.inputs, m->outputs, &problem->axes};
  mdm_model_network(m, (size_t)run->width, &problem->optimizer.method, coef, head_coef);
  int status = X(network_create)(&shape, coef, problem->seed, run->index, run->whole ? &of : NULL, &R, err);
  if (!status) status = X(train)(problem, &problem->network, R, run, err);
  if (R) R->free(R);
  return status;
}
