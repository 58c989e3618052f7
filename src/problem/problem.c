/* Makes a configuration and its data ready for training: model, inputs, loss, order of samples, time grid. */
#include "problem/problem.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "base/processor.h"
#include "base/random.h"

enum { KERNEL_SAMPLES = 16, DEFAULT_TIMES = 5, BAND = 4096 /* samples whose inputs are read together */ };

/* ---------------------------------------------------------------- inputs */

static size_t count_of(const mdm_inputs *in, int test) { return in->part[test]->count; }

/* The inputs as the data have them. */
static mdm_inputs whole_inputs(const mdm_data *data, size_t fan_in) {
  return (mdm_inputs){.part = {&data->train, &data->test}, .scale = 1 / sqrt((double)fan_in), .inputs = data->dimension, .drawn = data->dimension};
}

void mdm_inputs_of(const mdm_inputs *in, int test, size_t sample, double *x) {
  size_t D = in->inputs;
  if (in->held[test]) {
    memcpy(x, in->held[test] + D * sample, D * sizeof *x);
    return;
  }
  mdm_samples_input(in->part[test], sample, x);
  for (size_t i = 0; i < D; i++) x[i] *= in->scale;
}

/* Room for both parts in other coordinates. */
static int hold_inputs(mdm_inputs *in, mdm_error *err) {
  for (int part = 0; part < 2; part++)
    if (!(in->held[part] = mdm_alloc(in->inputs, count_of(in, part), 1, sizeof(double)))) return mdm_no_memory(err, "the inputs");
  return MDM_OK;
}

/* Rotates the samples into their span: X = Q R, and the columns of R have the same inner products. W_in has independent
 * normal entries and is trained by SGD, so only inner products matter. */
static int rotate_inputs(const mdm_inputs *full, mdm_inputs *in, mdm_error *err) {
  size_t D = full->inputs, train = count_of(full, 0), test = count_of(full, 1), P = train + test;
  *in = *full;
  if (P >= D) return MDM_OK;
  double *X = mdm_alloc(D, P, 1, sizeof *X), *tau = mdm_alloc(P, 1, 1, sizeof *tau); /* D × P; P */
  in->inputs = in->drawn = P;
  int status = X && tau ? hold_inputs(in, err) : mdm_no_memory(err, "the inputs");
  for (size_t c = 0; c < P && !status; c++) mdm_inputs_of(full, c >= train, c < train ? c : c - train, X + D * c);
  if (!status) {
    const char *why = mdm_qr_f64(D, P, X, tau);
    if (why) status = mdm_fail(err, MDM_ERR_NUMERIC, "QR factorization of the inputs failed: %s; scale the inputs", why);
  }
  for (size_t c = 0; c < P && !status; c++) {
    double *to = c < train ? in->held[0] + P * c : in->held[1] + P * (c - train);
    for (size_t i = 0; i <= c; i++) to[i] = X[i + D * c];
  }
  free(X);
  free(tau);
  return status;
}

/* The last T inputs, sigma in the place of a token's position, as one in the place of sigma. */
static int network_inputs(const mdm_config *cfg, mdm_problem *p, mdm_error *err) {
  mdm_inputs *in = &p->network;
  size_t D = p->full.inputs;
  double sigma = mdm_data_position_std(cfg);
  *in = p->full;
  if (!p->optimizer.method.entrywise || !(sigma > 0)) return MDM_OK;
  in->std = mdm_alloc(D, 1, 1, sizeof *in->std);
  int status = in->std ? hold_inputs(in, err) : mdm_no_memory(err, "the inputs");
  for (size_t i = 0; i < D && !status; i++) in->std[i] = i < D - p->context ? 1 : sigma;
  for (int part = 0; part < 2 && !status; part++)
    for (size_t m = 0; m < count_of(in, part); m++) {
      double *x = in->held[part] + D * m;
      mdm_inputs_of(&p->full, part, m, x);
      for (size_t i = D - p->context; i < D; i++) x[i] /= sigma;
    }
  return status;
}

/* Inputs of the limit. Entrywise optimizers see single inputs: the learned part of W_in acts on x as it is, and only the
 * initial part can be rotated. */
static int reduce_inputs(mdm_problem *p, mdm_error *err) {
  mdm_inputs *in = &p->reduced, turned = {0};
  const mdm_inputs *full = &p->full, *learned = &p->network;
  if (!p->optimizer.method.entrywise) return rotate_inputs(full, in, err);
  int status = rotate_inputs(full, &turned, err);
  if (!status && turned.inputs == full->inputs) {
    *in = *learned; /* what it holds is that of both */
    return MDM_OK;
  }
  if (!status) {
    *in = *full;
    in->inputs = turned.inputs + full->inputs;
    in->drawn = in->fixed = turned.inputs;
    status = hold_inputs(in, err);
  }
  for (int part = 0; part < 2 && !status; part++)
    for (size_t m = 0; m < count_of(full, part); m++) {
      mdm_inputs_of(&turned, part, m, in->held[part] + in->inputs * m);
      mdm_inputs_of(learned, part, m, in->held[part] + in->inputs * m + turned.inputs);
    }
  for (int part = 0; part < 2; part++) free(turned.held[part]);
  return status;
}

size_t mdm_matched_axes(size_t N, size_t C) {
  size_t most = N / 2 > C + 1 ? N / 2 - C - 1 : 0;
  return N / 6 < most ? N / 6 : most;
}

/* moments (D × D, lower triangle) = Σ x xᵀ/P over the train part, band by band. */
static void add_moments(const mdm_problem *p, double *band, double *moments) {
  size_t D = p->full.inputs, P = p->data->train.count;
  for (size_t first = 0; first < P; first += BAND) {
    size_t n = P - first < BAND ? P - first : BAND;
    for (size_t m = 0; m < n; m++) mdm_inputs_of(&p->full, 0, first + m, band + D * m);
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, (int)D, (int)n, 1 / (double)P, band, (int)D, first ? 1 : 0, moments, (int)D);
  }
}

int mdm_problem_find_axes(mdm_problem *p, size_t count, mdm_error *err) {
  size_t D = p->full.inputs, P = p->data->train.count;
  if (count > D) count = D;
  if (count > P) count = P;
  if (!count) return MDM_OK;
  double *moments = mdm_alloc(D, D, 1, sizeof *moments), *w = mdm_alloc(D, 1, 1, sizeof *w); /* D × D; D */
  double *band = mdm_alloc(D, P < BAND ? P : BAND, 1, sizeof *band); /* D × band */
  p->axes.v = mdm_alloc(D, count, 1, sizeof *p->axes.v);
  int before = mdm_blas_enter(), status = moments && w && band && p->axes.v ? MDM_OK : mdm_no_memory(err, "the principal components of the inputs");
  if (!status) {
    add_moments(p, band, moments);
    const char *why = mdm_eigen_f64(D, moments, w);
    if (why) status = mdm_fail(err, MDM_ERR_NUMERIC, "the principal components of the inputs were not found: %s; set solve.matched: false", why);
  }
  for (size_t c = 0; c < count && !status; c++) memcpy(p->axes.v + D * c, moments + D * (D - 1 - c), D * sizeof *moments);
  if (!status) p->axes.count = count;
  mdm_blas_leave(before);
  free(moments);
  free(w);
  free(band);
  return status;
}

/* ---------------------------------------------------------------- order of samples */

/* One random permutation of 0 … n−1 for every epoch (Fisher–Yates). */
static void permute(size_t n, unsigned long seed, uint64_t epoch, uint64_t *words, size_t *out) {
  mdm_words((mdm_stream){seed, 0, MDM_DRAW_ORDER, 0, 0, 0}, epoch, n, words);
  for (size_t i = 0; i < n; i++) out[i] = i;
  for (size_t i = n; i > 1; i--) {
    size_t j = (size_t)(words[i - 1] % i), swap = out[i - 1];
    out[i - 1] = out[j];
    out[j] = swap;
  }
}

/* Minibatches take the samples in order (the data set is already shuffled), each once; later epochs are permuted: sequences of T tokens, whose
 * order stays. */
static int make_order(mdm_problem *p, unsigned long seed, mdm_error *err) {
  if (p->full_batch) return MDM_OK;
  size_t T = p->context, P = p->data->train.count / T, total = (p->steps + 1) * p->batch / T, *epoch = mdm_alloc(P, 1, 1, sizeof *epoch); /* P */
  uint64_t *words = mdm_alloc(P, 1, 1, sizeof *words);                                                           /* P */
  p->order = mdm_alloc(p->steps + 1, p->batch, 1, sizeof *p->order);
  int ok = epoch && words && p->order;
  if (ok) {
    for (size_t i = 0; i < P; i++) epoch[i] = i;
    for (size_t i = 0; i < total; i++) {
      if (i && i % P == 0) permute(P, seed, i / P, words, epoch);
      for (size_t t = 0; t < T; t++) p->order[T * i + t] = T * epoch[i % P] + t;
    }
  }
  free(epoch);
  free(words);
  return ok ? MDM_OK : mdm_no_memory(err, "the order of %zu samples", total);
}

/* ---------------------------------------------------------------- targets */

size_t mdm_problem_sample(const mdm_problem *p, size_t t, size_t k) { return p->order ? p->order[t * p->batch + k] : k; }

void mdm_problem_targets(const mdm_problem *p, size_t t, size_t n, double *y) {
  size_t C = p->model.outputs;
  for (size_t k = 0; k < n; k++) memcpy(y + C * k, p->data->train.y + C * mdm_problem_sample(p, t, k), C * sizeof *y);
}

static int is_zero(size_t n, const double *y) {
  for (size_t c = 0; c < n; c++)
    if (y[c] != 0) return 0;
  return 1;
}

int mdm_has_target(const mdm_problem *p, const double *y) { return !p->untargeted || !is_zero(p->model.outputs, y); }

size_t mdm_targeted(const mdm_problem *p, size_t n, const double *y) {
  size_t count = 0, C = p->model.outputs;
  if (!p->untargeted) return n;
  for (size_t i = 0; i < n; i++) count += (size_t)mdm_has_target(p, y + C * i);
  return count;
}

/* Samples of step t's batch that have a target. */
static size_t targeted_at(const mdm_problem *p, size_t t) {
  size_t count = 0, C = p->model.outputs;
  for (size_t k = 0; k < p->batch; k++) count += (size_t)mdm_has_target(p, p->data->train.y + C * mdm_problem_sample(p, t, k));
  return count;
}

/* MDM_ERR_DATA where a batch, or the test part, has no target at all. */
static int check_targets(mdm_problem *p, mdm_error *err) {
  const mdm_samples *train = &p->data->train, *test = &p->data->test;
  size_t C = p->model.outputs;
  if (!p->data->classification || C == 1) return MDM_OK;
  p->untargeted = 1;
  p->untargeted = mdm_targeted(p, train->count, train->y) < train->count || mdm_targeted(p, test->count, test->y) < test->count;
  if (!p->untargeted) return MDM_OK;
  for (size_t t = 0; t <= p->steps && (p->order || !t); t++)
    if (!targeted_at(p, t))
      return mdm_fail(err, MDM_ERR_DATA, "the batch of step %zu has no target: all of its %zu samples are to be ignored (%s); raise train.batch, or leave such sequences out", t,
                      p->batch, p->data->source);
  if (test->count && !mdm_targeted(p, test->count, test->y))
    return mdm_fail(err, MDM_ERR_DATA, "the test part has no target: all of its %zu samples are to be ignored (%s); raise data.test, or leave such sequences out", test->count, p->data->source);
  return MDM_OK;
}

/* ---------------------------------------------------------------- training and output */

static int make_times(const mdm_config *cfg, mdm_problem *p, mdm_error *err) {
  size_t given;
  const long *list = mdm_config_int_list(cfg, "output.times", &given);
  size_t n = given ? given : DEFAULT_TIMES;
  p->times = mdm_alloc(n, 1, 1, sizeof *p->times);
  if (!p->times) return mdm_no_memory(err, "the time grid");
  for (size_t i = 0; i < n; i++) {
    size_t t = given ? (size_t)list[i] : (size_t)lround((double)(i * p->steps) / (DEFAULT_TIMES - 1));
    if (t > p->steps) return mdm_fail(err, MDM_ERR_CONFIG, "output.times: step %zu is beyond train.steps = %zu", t, p->steps);
    if (given && p->n_times && t <= p->times[p->n_times - 1])
      return mdm_fail(err, MDM_ERR_CONFIG, "output.times must ascend: %zu follows %zu", t, p->times[p->n_times - 1]);
    if (!p->n_times || t > p->times[p->n_times - 1]) p->times[p->n_times++] = t;
  }
  return MDM_OK;
}

static int read_training(const mdm_config *cfg, mdm_problem *p, mdm_error *err) {
  size_t P = p->data->train.count;
  p->loss = strcmp(mdm_config_text(cfg, "train.loss"), "mse") ? MDM_LOSS_CROSS_ENTROPY : MDM_LOSS_MSE;
  p->loss_multiplier = mdm_config_real(cfg, "train.loss_multiplier");
  p->steps = (size_t)mdm_config_int(cfg, "train.steps");
  p->full_batch = mdm_config_enum(cfg, "train.batch") == 0;
  size_t sequences = (size_t)mdm_config_int(cfg, "train.batch");
  if (P % p->context || p->data->test.count % p->context)
    return mdm_fail(err, MDM_ERR_DATA, "%zu train and %zu test samples of %s are no whole sequences of %zu", P, p->data->test.count, p->data->source, p->context);
  p->batch = p->full_batch ? P : p->context * sequences;
  if (p->batch > P)
    return mdm_fail(err, MDM_ERR_CONFIG, "train.batch = %zu exceeds the %zu train %s of %s; lower it or raise data.train",
                    sequences, P / p->context, p->context > 1 ? "sequences" : "samples", p->data->source);
  p->every = (size_t)mdm_config_int(cfg, "output.every");
  p->kernels = mdm_config_bool(cfg, "output.kernels");
  p->responses = mdm_config_bool(cfg, "output.responses");
  p->statistics = mdm_config_bool(cfg, "output.statistics");
  p->ntk = mdm_config_bool(cfg, "output.ntk");
  p->histogram_bins = (size_t)mdm_config_int(cfg, "output.histogram.bins");
  p->histogram_range = mdm_config_real(cfg, "output.histogram.range");
  p->parts = mdm_config_bool(cfg, "output.parts");
  p->kernel_samples = p->batch < KERNEL_SAMPLES ? p->batch : KERNEL_SAMPLES;
  p->tolerance = mdm_config_real(cfg, "solve.tolerance");
  p->seed = (unsigned long)mdm_config_int(cfg, "seed");
  if (p->responses && !p->full_batch)
    return mdm_fail(err, MDM_ERR_CONFIG, "output.responses needs train.batch: full");
  return MDM_OK;
}

static int by_index(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return x < y ? -1 : x > y;
}

/* Blocks to store: those of output.blocks, or all. */
static int read_blocks(const mdm_config *cfg, mdm_problem *p, mdm_error *err) {
  size_t n, blocks = mdm_model_blocks(&p->model);
  const long *list = mdm_config_int_list(cfg, "output.blocks", &n);
  if (!p->model.depth) n = 0;
  p->n_stored = n ? n : blocks;
  p->stored = mdm_alloc(p->n_stored, 1, 1, sizeof *p->stored);
  if (!p->stored) return mdm_no_memory(err, "the list of blocks");
  for (size_t i = 0; i < p->n_stored; i++) {
    p->stored[i] = n ? (size_t)list[i] : i;
    if (p->stored[i] >= blocks) return mdm_fail(err, MDM_ERR_CONFIG, "output.blocks names block %zu; model.depth = %zu has blocks 0 to %zu", p->stored[i], blocks, blocks - 1);
  }
  qsort(p->stored, p->n_stored, sizeof *p->stored, by_index);
  for (size_t i = 1; i < p->n_stored; i++)
    if (p->stored[i] == p->stored[i - 1]) return mdm_fail(err, MDM_ERR_CONFIG, "output.blocks names block %zu twice", p->stored[i]);
  return MDM_OK;
}

int mdm_problem_create(const mdm_config *cfg, const mdm_data *data, mdm_problem **out, mdm_error *err) {
  *out = NULL;
  if (mdm_vectors_check(err)) return MDM_ERR_CONFIG;
  mdm_problem *p = calloc(1, sizeof *p);
  if (!p) return mdm_no_memory(err, "a training problem");
  int before = mdm_blas_enter(); /* inputs are rotated alike on any number of processors */
  p->data = data;
  int status = mdm_model_read(cfg, mdm_data_fan_in(cfg, data->dimension), data->outputs, &p->model, err);
  p->context = p->model.context = data->context;
  if (!status) status = read_training(cfg, p, err);
  if (!status) status = mdm_optimizer_read(cfg, &p->optimizer, err);
  p->optimizer.method.norm |= p->ntk;
  if (!status) p->full = whole_inputs(data, p->model.dimension);
  if (!status) status = network_inputs(cfg, p, err);
  if (!status) status = reduce_inputs(p, err);
  if (!status) status = make_order(p, (unsigned long)mdm_config_int(cfg, "data.seed"), err);
  if (!status) status = check_targets(p, err);
  if (!status) status = make_times(cfg, p, err);
  if (!status) status = read_blocks(cfg, p, err);
  mdm_blas_leave(before);
  if (status) return mdm_problem_free(p), status;
  *out = p;
  return MDM_OK;
}

void mdm_problem_free(mdm_problem *p) {
  if (!p) return;
  for (int part = 0; part < 2; part++) {
    if (p->reduced.held[part] != p->network.held[part]) free(p->reduced.held[part]);
    free(p->network.held[part]);
  }
  free(p->network.std);
  free(p->axes.v);
  free(p->order);
  free(p->times);
  free(p->stored);
  free(p);
}


/* ---------------------------------------------------------------- times */

size_t mdm_test_count(size_t steps, size_t every) { return steps / every + 1 + (steps % every != 0); }
size_t mdm_test_step(size_t steps, size_t every, size_t i) { return i * every < steps ? i * every : steps; }

size_t mdm_problem_test_count(const mdm_problem *p) { return mdm_test_count(p->steps, p->every); }

int mdm_problem_tests_at(const mdm_problem *p, size_t t) { return t % p->every == 0 || t == p->steps; }

long mdm_problem_time_index(const mdm_problem *p, size_t t) {
  for (size_t i = 0; i < p->n_times; i++)
    if (p->times[i] == t) return (long)i;
  return -1;
}

int mdm_problem_add_times(const mdm_problem *p, mdm_record *rec, const char *path, mdm_error *err) {
  double *times;
  int status = mdm_record_add(rec, path, 1, &p->n_times, "time", "steps of the time grid", &times, err);
  for (size_t i = 0; i < p->n_times && !status; i++) times[i] = (double)p->times[i];
  return status;
}

long mdm_problem_stores(const mdm_problem *p, size_t block) {
  for (size_t i = 0; i < p->n_stored; i++)
    if (p->stored[i] == block) return (long)i;
  return -1;
}
