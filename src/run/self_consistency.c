/* Self-consistency sweeps.
 *
 * A sweep drives R replicas of new particles with the state x (src/problem/orders.h) and measures F(x), the mean over replicas. At the solution
 * x = F(x). The residual ‖F(x) − x‖ is taken for predictions, kernels and actions apart, every array in units of its own size. Its
 * noise has two parts, the standard error of F(x) under x, and that of x itself, for which the causal pass (as many particles, all
 * feedback included) is the measure. Residuals stand at the noise when they are below TWICE it, or below what the tolerance leaves
 * out of kernels anyway. The next state is
 *   average    the mean of the states since residuals first stood at the noise (x among them); before that, damped
 *   damped     x + β (F − x)
 *   anderson   the same from combinations of earlier sweeps whose residual is smallest; directions in which residuals differ by less
 *              than the noise are not used
 * Replicas are tasks of one thread each and are reduced in order, so nothing depends on the number of threads.
 */
#include "run/self_consistency.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "scaling/vanishing.h"

enum { LARGEST = 4000 }; /* steps × samples: arrays of its square are kept */
static const double TWICE = 2;
static const double ROUNDING[2] = {1e-6, 2e-5}; /* what rounding may grow to in double and single precision, relative */
static const char *const kinds[MDM_KINDS] = {"f", "kernels", "actions"};

/* ---------------------------------------------------------------- options */

int mdm_sweeps_read(const mdm_config *cfg, const mdm_problem *p, size_t replicas, mdm_sweep_options *o, mdm_error *err) {
  *o = (mdm_sweep_options){.count = (size_t)mdm_config_int(cfg, "solve.sweeps"),
                           .mixing = (mdm_mixing)mdm_config_enum(cfg, "solve.mixing"),
                           .damping = mdm_config_real(cfg, "solve.damping"),
                           .depth = (size_t)mdm_config_int(cfg, "solve.anderson_depth"),
                           .settled = (size_t)mdm_config_int(cfg, "solve.settled"),
                           .lazy = mdm_config_enum(cfg, "solve.start") == 1};
  if (!o->count) return MDM_OK;
  if (p->optimizer.method.entrywise)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps with train.optimizer: %s: what it learns is not a function of kernels; allowed: sgd, momentum", p->optimizer.name);
  if (replicas < 3) return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps needs solve.replicas >= 3, to measure the noise; it is %zu", replicas);
  return MDM_OK;
}

int mdm_sweeps_layout(const mdm_problem *p, mdm_layout *out, mdm_error *err) {
  const mdm_model *m = &p->model;
  mdm_coefficients coef[MDM_TENSORS];
  size_t n = (p->steps + 1) * p->batch;
  *out = (mdm_layout){0};
  if (n > LARGEST)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps keeps arrays over pairs of (train.steps + 1) x samples per step: %zu of them, at most %d are possible; lower train.steps, data.train or train.batch",
                    n, LARGEST);
  int status = mdm_model_limit(m, &p->optimizer, coef, err);
  if (!status) mdm_layout_init(out, p, coef, !m->regime->experts_grow);
  return status;
}

double mdm_sweeps_bytes(const mdm_sweep_options *o, const mdm_layout *l, size_t replicas) {
  double vectors = (double)replicas + 3 + (o->mixing == MDM_MIX_ANDERSON ? 2 * (double)o->depth + 2 : 0);
  return o->count ? 8 * (vectors * (double)l->size + 24 * (double)l->n * (double)l->n) : 0;
}

/* ---------------------------------------------------------------- state of the iteration */

typedef struct {
  const mdm_sweep_plan *plan;
  mdm_problem problem; /* the same, measuring nothing but order parameters */
  mdm_data data;       /* the same without test part */
  mdm_board *board;
  double spread[MDM_BLOCKS]; /* Σ over a block of the squared standard errors of the causal pass */
  double *x, *F;       /* layout->size: the state (with responses), what the sweep found */
  double *action;      /* n × n: an action under the state */
  mdm_task *task;      /* replicas */
  mdm_given given;
  double residual[MDM_KINDS], noise[MDM_KINDS];
  size_t near, streak; /* sweeps since residuals first stood at the noise; those in a row at the noise */
  /* Anderson: the last states and residuals, in units of the arrays' sizes; used: how many */
  double **states, **residuals;
  size_t used;
  /* means over the streak (or of the last sweep) */
  size_t averaged;
  double *f, *f_square, *loss, *loss_square; /* n C; n C; steps; steps: sums of values, of squared standard errors */
} iteration;

static void iteration_clear(iteration *it) {
  for (size_t i = 0; it->task && i < it->plan->replicas; i++) free(it->task[i].orders), mdm_record_free(it->task[i].record);
  for (size_t i = 0; it->states && i <= it->plan->options.depth; i++) free(it->states[i]);
  for (size_t i = 0; it->residuals && i <= it->plan->options.depth; i++) free(it->residuals[i]);
  free(it->states);
  free(it->residuals);
  free(it->task);
  free(it->x);
  free(it->F);
  free(it->action);
  free(it->f);
  free(it->f_square);
  free(it->loss);
  free(it->loss_square);
  mdm_given_clear(&it->given);
}

static int iteration_init(iteration *it, const mdm_sweep_plan *plan, mdm_board *board, mdm_error *err) {
  const mdm_layout *l = &plan->layout;
  size_t nC = l->n * l->C;
  *it = (iteration){.plan = plan, .problem = *plan->problem, .data = *plan->problem->data, .board = board};
  it->data.test.count = 0;
  it->problem.data = &it->data;
  it->problem.kernels = it->problem.responses = it->problem.statistics = it->problem.ntk = it->problem.parts = 0;
  int ok = (it->x = mdm_alloc(l->size, 1, 1, sizeof *it->x)) && (it->F = mdm_alloc(l->size, 1, 1, sizeof *it->F)) &&
           (it->action = mdm_alloc(l->n, l->n, 1, sizeof *it->action)) &&
           (it->task = mdm_alloc(plan->replicas, 1, 1, sizeof *it->task)) && (it->f = mdm_alloc(nC, 1, 1, sizeof *it->f)) &&
           (it->f_square = mdm_alloc(nC, 1, 1, sizeof *it->f_square)) && (it->loss = mdm_alloc(l->steps, 1, 1, sizeof *it->loss)) &&
           (it->loss_square = mdm_alloc(l->steps, 1, 1, sizeof *it->loss_square)) &&
           (it->states = mdm_alloc(plan->options.depth + 1, 1, 1, sizeof *it->states)) &&
           (it->residuals = mdm_alloc(plan->options.depth + 1, 1, 1, sizeof *it->residuals));
  for (size_t i = 0; i < plan->replicas && ok; i++) ok = (it->task[i].orders = mdm_alloc(l->size, 1, 1, sizeof(double))) != NULL;
  return ok ? MDM_OK : mdm_fail(err, MDM_ERR_MEMORY, "out of memory for the order parameters of %zu replicas (%zu numbers each); lower train.steps or solve.replicas", plan->replicas, l->size);
}

/* ---------------------------------------------------------------- replicas */

static void execute(void *context, size_t i) {
  iteration *it = context;
  mdm_task *t = &it->task[i];
  mdm_error why = {0};
  if (mdm_board_stopped(it->board)) {
    t->status = MDM_INTERRUPTED;
    return;
  }
  int failure = it->plan->train(&it->problem, &it->plan->sizes, t, &why);
  if (failure) {
    t->status = failure;
    mdm_board_fail(it->board, i, &why);
  }
}

/* All replicas, under `given` or (NULL) by their own averages. *ended: MDM_OK, MDM_INTERRUPTED or MDM_ERR_DIVERGED. */
static int run_replicas(iteration *it, const mdm_given *given, int *ended, mdm_error *err) {
  const mdm_sweep_plan *plan = it->plan;
  for (size_t i = 0; i < plan->replicas; i++) {
    mdm_task *t = &it->task[i];
    double *orders = t->orders; /* allocated once */
    mdm_record_free(t->record);
    memset(orders, 0, plan->layout.size * sizeof *orders);
    *t = (mdm_task){.index = (unsigned)i, .cost = plan->cost, .board = it->board, .layout = &plan->layout, .given = given, .orders = orders};
  }
  mdm_parallel(plan->replicas, plan->threads, execute, it);
  *ended = MDM_OK;
  for (size_t i = 0; i < plan->replicas; i++)
    if (it->task[i].status > *ended) *ended = it->task[i].status;
  return it->board->failed ? mdm_fail(err, it->board->why.code, "%s", it->board->why.text) : MDM_OK;
}

/* Mean order parameters of n runs, summed in order. */
static void mean_orders(const mdm_task *task, size_t n, size_t size, double *out) {
  memset(out, 0, size * sizeof *out);
  for (size_t i = 0; i < n; i++) cblas_daxpy(size, 1.0 / (double)n, task[i].orders, 1, out, 1);
}

static double order_of(const mdm_task *t, size_t e) { return t->orders[e]; }
static double loss_of(const mdm_task *t, size_t step) { return mdm_record_find(t->record, "observables/train/loss")->value[step]; }

/* Mean and squared standard error of element e over R runs. */
static double mean_of(double (*value)(const mdm_task *, size_t), const mdm_task *task, size_t R, size_t e) {
  double mean = 0;
  for (size_t i = 0; i < R; i++) mean += value(&task[i], e) / (double)R;
  return mean;
}

static double square_error(double (*value)(const mdm_task *, size_t), const mdm_task *task, size_t R, size_t e) {
  double mean = mean_of(value, task, R, e), sum = 0;
  for (size_t i = 0; i < R; i++) sum += (value(&task[i], e) - mean) * (value(&task[i], e) - mean);
  return sum / ((double)R * (double)(R - 1));
}

/* ---------------------------------------------------------------- residual and noise */

static void measure_residual(iteration *it) {
  const mdm_layout *l = &it->plan->layout;
  double r[MDM_KINDS] = {0}, s[MDM_KINDS] = {0};
  for (size_t i = 0; i < l->blocks; i++) {
    const mdm_block *b = &l->block[i];
    double scale = mdm_block_scale(l, b, it->F), residual = 0, noise = it->spread[i];
    const double *given = it->x + b->at;
    if (scale == 0) continue;
    if (b->kind == MDM_KIND_ACTION) mdm_given_action(&it->given, b, it->action), given = it->action;
    for (size_t e = b->at; e < b->at + b->count; e++) {
      residual += (it->F[e] - given[e - b->at]) * (it->F[e] - given[e - b->at]);
      noise += square_error(order_of, it->task, it->plan->replicas, e);
    }
    r[b->kind] += residual / (scale * scale);
    s[b->kind] += noise / (scale * scale);
  }
  for (int k = 0; k < MDM_KINDS; k++) it->residual[k] = sqrt(r[k]), it->noise[k] = sqrt(s[k]);
}

/* Relative change of kernels that neither route resolves: directions left out, rounding. */
static double resolution(const mdm_sweep_plan *plan) {
  double left_out = plan->sizes.tolerance * plan->sizes.tolerance;
  return fmax(left_out, ROUNDING[plan->single]);
}

static int at_noise(const iteration *it) {
  double floor = resolution(it->plan);
  for (int k = 0; k < MDM_KINDS; k++)
    if (!(it->residual[k] <= TWICE * it->noise[k] || it->residual[k] <= floor)) return 0;
  return 1;
}

/* Adds the sweep's predictions and losses to the means; a sweep off the noise starts them anew. */
static void accumulate(iteration *it) {
  const mdm_layout *l = &it->plan->layout;
  size_t nC = l->n * l->C, R = it->plan->replicas;
  if (it->streak <= 1) {
    memset(it->f, 0, nC * sizeof *it->f);
    memset(it->f_square, 0, nC * sizeof *it->f_square);
    memset(it->loss, 0, l->steps * sizeof *it->loss);
    memset(it->loss_square, 0, l->steps * sizeof *it->loss_square);
    it->averaged = 0;
  }
  it->averaged++;
  for (size_t e = 0; e < nC; e++) it->f[e] += it->F[e], it->f_square[e] += square_error(order_of, it->task, R, e);
  for (size_t t = 0; t < l->steps; t++) {
    it->loss[t] += mean_of(loss_of, it->task, R, t);
    it->loss_square[t] += square_error(loss_of, it->task, R, t);
  }
}

/* ---------------------------------------------------------------- mixing */

static void move(iteration *it, double by) {
  for (size_t e = 0; e < it->plan->layout.size; e++) it->x[e] += by * (it->F[e] - it->x[e]);
}

/* Remembers state and residual (oldest first; at most depth + 1). */
static int remember(iteration *it, mdm_error *err) {
  size_t size = it->plan->layout.size, most = it->plan->options.depth + 1;
  double *state, *residual;
  if (it->used == most) {
    state = it->states[0], residual = it->residuals[0];
    memmove(it->states, it->states + 1, (most - 1) * sizeof *it->states);
    memmove(it->residuals, it->residuals + 1, (most - 1) * sizeof *it->residuals);
    it->used--;
  } else {
    state = mdm_alloc(size, 1, 1, sizeof *state);
    residual = mdm_alloc(size, 1, 1, sizeof *residual);
  }
  it->states[it->used] = state;
  it->residuals[it->used] = residual;
  it->used++; /* freed with the others also when one is missing */
  if (!state || !residual) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for Anderson mixing; lower solve.anderson_depth");
  memcpy(state, it->x, size * sizeof *state);
  for (size_t e = 0; e < size; e++) residual[e] = it->F[e] - it->x[e];
  return MDM_OK;
}

/* Inner product of (a − a') and (b − b'), predictions and kernels, every array in units of its size now. */
static double inner(const iteration *it, const double *a, const double *a2, const double *b, const double *b2) {
  const mdm_layout *l = &it->plan->layout;
  double sum = 0;
  for (size_t i = 0; i < l->blocks; i++) {
    const mdm_block *B = &l->block[i];
    double scale = mdm_block_scale(l, B, it->F), part = 0;
    if (scale == 0 || B->kind == MDM_KIND_ACTION) continue;
    for (size_t e = B->at; e < B->at + B->count; e++) part += (a[e] - (a2 ? a2[e] : 0)) * (b[e] - (b2 ? b2[e] : 0));
    sum += part / (scale * scale);
  }
  return sum;
}

/* Weights γ that make ‖g − Σ γ Δg‖² + noise |γ|² smallest, g the last residual, Δg the differences of successive ones. Differences
 * carry the noise of two sweeps, which the ridge takes into account. */
static void anderson_weights(const iteration *it, size_t m, double *gram, double *gamma) {
  double noise = 0;
  for (int k = 0; k < MDM_KIND_ACTION; k++) noise += 2 * it->noise[k] * it->noise[k];
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j <= i; j++)
      gram[i + m * j] = inner(it, it->residuals[i + 1], it->residuals[i], it->residuals[j + 1], it->residuals[j]);
    gram[i + m * i] += noise + 1e-14 * gram[i + m * i];
    gamma[i] = inner(it, it->residuals[i + 1], it->residuals[i], it->residuals[m], NULL);
  }
  if (LAPACKE_dposv(LAPACK_COL_MAJOR, 'L', m, 1, gram, m, gamma, m)) memset(gamma, 0, m * sizeof *gamma); /* no differences at all */
}

/* x ← x + β g − Σ γ (Δx + β Δg). */
static int mix_anderson(iteration *it, mdm_error *err) {
  double beta = it->plan->options.damping;
  int status = remember(it, err);
  if (status) return status;
  size_t m = it->used - 1, size = it->plan->layout.size;
  double *gram = mdm_alloc(m, m, 1, sizeof *gram), *gamma = mdm_alloc(m, 1, 1, sizeof *gamma);
  if (!gram || !gamma) status = mdm_fail(err, MDM_ERR_MEMORY, "out of memory for Anderson mixing; lower solve.anderson_depth");
  if (!status && m) anderson_weights(it, m, gram, gamma);
  if (!status) move(it, beta);
  for (size_t i = 0; i < m && !status; i++)
    for (size_t e = 0; e < size; e++)
      it->x[e] -= gamma[i] * (it->states[i + 1][e] - it->states[i][e] + beta * (it->residuals[i + 1][e] - it->residuals[i][e]));
  free(gram);
  free(gamma);
  return status;
}

static int mix(iteration *it, mdm_error *err) {
  switch (it->plan->options.mixing) {
  case MDM_MIX_AVERAGE: return move(it, fmin(it->plan->options.damping, 1.0 / (double)(it->near + 1))), MDM_OK;
  case MDM_MIX_DAMPED: return move(it, it->plan->options.damping), MDM_OK;
  default: return mix_anderson(it, err);
  }
}

/* ---------------------------------------------------------------- results */

static int add_curves(mdm_record *rec, double *residual[MDM_KINDS], double *noise[MDM_KINDS], size_t count, mdm_error *err) {
  int status = MDM_OK;
  for (int k = 0; k < MDM_KINDS && !status; k++) {
    char path[64];
    snprintf(path, sizeof path, "sweeps/residual/%s", kinds[k]);
    status = mdm_record_add(rec, path, 1, &count, "sweep", "|F(x) - x| relative to the size of each array, of the state x that the sweep was given", &residual[k], err);
    snprintf(path, sizeof path, "sweeps/noise/%s", kinds[k]);
    if (!status) status = mdm_record_add(rec, path, 1, &count, "sweep", "the same norm of the sampling noise of F(x) - x", &noise[k], err);
  }
  return status;
}

/* Mean over the sweeps that count, with its standard error: sum and square are sums over sweeps. */
static int add_mean(mdm_record *rec, const mdm_array *shape, size_t sweeps, const double *sum, const double *square, mdm_error *err) {
  mdm_array *a;
  int status = mdm_record_append(rec, shape, 1, &a, err);
  if (status) return status;
  size_t n = mdm_elements(a->rank, a->dim);
  for (size_t e = 0; e < n; e++) {
    a->value[e] = sum[e] / (double)sweeps;
    a->error[e] = sqrt(square[e]) / (double)sweeps;
  }
  return MDM_OK;
}

/* Noise that the given states pass on. Means over m sweeps rest on m times the particles of the causal pass, but sweeps
 * follow states that are means themselves, and feed noise on: 3/m of its variance bounds what validation/self_consistency.py measures. */
static void add_state_noise(iteration *it, const mdm_task *causal) {
  const mdm_layout *l = &it->plan->layout;
  size_t R = it->plan->replicas;
  double m = (double)it->averaged, part = m * m * fmin(1, 3 / m);
  for (size_t e = 0; e < l->n * l->C; e++) it->f_square[e] += part * square_error(order_of, causal, R, e);
  for (size_t t = 0; t < l->steps; t++) it->loss_square[t] += part * square_error(loss_of, causal, R, t);
}

static int add_results(const iteration *it, mdm_record *rec, mdm_error *err) {
  const mdm_layout *l = &it->plan->layout;
  mdm_array loss = {.path = "sweeps/observables/train/loss", .rank = 1, .dim = {l->steps}, .dims = "step", .text = "train loss: mean over the last sweeps at the noise"};
  mdm_array f = {.path = "sweeps/observables/train/prediction", .rank = 3, .dim = {l->steps, l->P, l->C}, .dims = "step, sample, output",
                 .text = "predictions f: mean over the last sweeps at the noise"};
  int status = add_mean(rec, &loss, it->averaged, it->loss, it->loss_square, err);
  return status ? status : add_mean(rec, &f, it->averaged, it->f, it->f_square, err);
}

/* Distance of the averaged predictions from the causal pass, and its standard error (RMS over predictions). */
static void compare(const iteration *it, const mdm_task *causal, mdm_sweeps *out) {
  size_t n = it->plan->layout.n * it->plan->layout.C, R = it->plan->replicas;
  double distance = 0, square = 0, m = (double)it->averaged;
  for (size_t e = 0; e < n; e++) {
    double mean = mean_of(order_of, causal, R, e), spread = square_error(order_of, causal, R, e);
    distance += (it->f[e] / m - mean) * (it->f[e] / m - mean) / (double)n;
    square += (spread + it->f_square[e] / (m * m)) / (double)n;
  }
  out->difference = sqrt(distance);
  out->difference_error = sqrt(square);
}

static void announce(const iteration *it, size_t sweep) {
  const mdm_monitor *monitor = it->board->monitor;
  char text[256];
  if (!monitor || !monitor->message) return;
  snprintf(text, sizeof text, "sweep %zu: residual f %.2g (noise %.2g), kernels %.2g (%.2g), actions %.2g (%.2g)%s", sweep, it->residual[0],
           it->noise[0], it->residual[1], it->noise[1], it->residual[2], it->noise[2], it->streak ? ": at the noise" : "");
  monitor->message(monitor->context, text);
}

/* ---------------------------------------------------------------- the iteration */

/* One sweep; *ended as run_replicas tells. */
static int sweep(iteration *it, size_t k, int *ended, mdm_error *err) {
  const mdm_sweep_plan *plan = it->plan;
  mdm_given_clear(&it->given);
  int status = mdm_given_create(&it->given, &plan->layout, it->x, plan->sizes.tolerance, (unsigned)k, err);
  if (!status) status = run_replicas(it, &it->given, ended, err);
  if (status || *ended) return status;
  mean_orders(it->task, plan->replicas, plan->layout.size, it->F);
  measure_residual(it);
  it->streak = at_noise(it) ? it->streak + 1 : 0;
  it->near += it->near || it->streak;
  accumulate(it);
  announce(it, k);
  status = mdm_given_responses(&it->given, it->F, err);
  return status ? status : mix(it, err);
}

/* The state of the causal pass; or of a network that does not learn: a causal pass at rate zero. */
static int start(iteration *it, const mdm_task *causal, int *ended, mdm_error *err) {
  const mdm_sweep_plan *plan = it->plan;
  const mdm_task *own = causal;
  int status = MDM_OK;
  *ended = MDM_OK;
  if (plan->options.lazy) {
    double lr = it->problem.optimizer.lr, bias_rate = it->problem.model.bias_rate;
    it->problem.optimizer.lr = it->problem.model.bias_rate = 0;
    status = run_replicas(it, NULL, ended, err);
    it->problem.optimizer.lr = lr;
    it->problem.model.bias_rate = bias_rate;
    causal = it->task;
  }
  for (size_t i = 0; i < plan->layout.blocks && !status; i++)
    for (size_t e = 0; e < plan->layout.block[i].count; e++) it->spread[i] += square_error(order_of, own, plan->replicas, plan->layout.block[i].at + e);
  if (status || *ended) return status;
  mean_orders(causal, plan->replicas, plan->layout.size, it->x);
  status = mdm_given_create(&it->given, &plan->layout, it->x, plan->sizes.tolerance, 0, err);
  return status ? status : mdm_given_responses(&it->given, it->x, err);
}

static int iterate(iteration *it, const mdm_task *causal, mdm_sweeps *out, mdm_error *err) {
  const mdm_sweep_options *o = &it->plan->options;
  double *residual[MDM_KINDS], *noise[MDM_KINDS];
  int status = start(it, causal, &out->status, err);
  if (!status) status = mdm_record_create(&out->record, err);
  if (!status) status = add_curves(out->record, residual, noise, o->count, err);
  while (!status && !out->status && out->sweeps < o->count && !out->converged) {
    status = sweep(it, out->sweeps + 1, &out->status, err);
    if (status || out->status) break;
    for (int k = 0; k < MDM_KINDS; k++) residual[k][out->sweeps] = it->residual[k], noise[k][out->sweeps] = it->noise[k];
    out->sweeps++;
    out->converged = it->streak >= o->settled;
  }
  return status;
}

/* Curves end with the last sweep. */
static int shorten(mdm_sweeps *out, mdm_error *err) {
  mdm_record *rec = out->record, *shorter;
  int status = mdm_record_create(&shorter, err);
  for (size_t i = 0; i < mdm_record_count(rec) && !status; i++) {
    const mdm_array *a = mdm_record_at(rec, i);
    double *v;
    status = mdm_record_add(shorter, a->path, 1, &out->sweeps, a->dims, a->text, &v, err);
    if (!status) memcpy(v, a->value, out->sweeps * sizeof *v);
  }
  mdm_record_free(rec);
  out->record = shorter;
  return status;
}

void mdm_sweeps_clear(mdm_sweeps *s) {
  mdm_record_free(s->record);
  *s = (mdm_sweeps){0};
}

int mdm_sweeps_run(const mdm_sweep_plan *plan, const mdm_task *causal, mdm_board *board, mdm_sweeps *out, mdm_error *err) {
  iteration it;
  *out = (mdm_sweeps){0};
  int status = iteration_init(&it, plan, board, err);
  if (!status) status = iterate(&it, causal, out, err);
  if (!status) status = shorten(out, err);
  if (!status && out->sweeps) add_state_noise(&it, causal);
  if (!status && out->sweeps) status = add_results(&it, out->record, err);
  if (!status && out->sweeps) compare(&it, causal, out);
  iteration_clear(&it);
  if (status) mdm_sweeps_clear(out);
  return status;
}
