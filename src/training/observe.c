/* Observables of a run. They are functions of the program's fields alone, so limit and networks share them.
 *
 * To add one: add its array in add_fields and fill it in observe_fields (or observe_prediction).
 */
#include "training/observe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "realization/gram.h"

struct X(observer) {
  const mdm_problem *problem;
  mdm_record *record;
  size_t B, C;
  double *loss[MDM_PARTS], *accuracy[MDM_PARTS], *prediction[MDM_PARTS]; /* step; step; step × P × C */
  double *rms[MDM_FIELDS];                                              /* step */
  double *overlap[MDM_TENSORS];                                         /* step */
  double *entropy, *load_std, *logit_mean, *logit_std, *bias_std;                  /* step */
  double *gradient_norm;                                                /* step; NULL without clipping */
  real *kept[MDM_FIELDS];                                               /* n × samples × times, or NULL */
  size_t kept_n[MDM_FIELDS];
  double *kept_e;                                                       /* C × samples × times */
  char *reached;                                                        /* times: 1 once recorded */
  double *totals;                                                       /* batch: sum of g over experts, of each sample */
};

/* ---------------------------------------------------------------- arrays */

static int add_steps(mdm_record *rec, const char *group, const char *name, size_t n, const char *text, double **value,
                     mdm_error *err) {
  char path[96];
  snprintf(path, sizeof path, "observables/%s/%s", group, name);
  return mdm_record_add(rec, path, 1, &n, "step", text, value, err);
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

static int add_fields(X(observer) *o, mdm_error *err) {
  size_t T = o->problem->steps + 1;
  int status = MDM_OK;
  for (int f = 0; f < MDM_FIELDS && !status; f++)
    status = add_steps(o->record, "rms", mdm_field_name(f), T, mdm_field_meaning(f), &o->rms[f], err);
  for (int t = 0; t < MDM_TENSORS && !status; t++)
    if (mdm_meetings[t].output != MDM_FIELDS)
      status = add_steps(o->record, "overlap", mdm_tensor_name(t), T,
                         "mean over rows and samples of (backward input) x (forward output) of this matrix; feels the equal-time response",
                         &o->overlap[t], err);
  if (!status) status = add_steps(o->record, "router", "entropy", T, "entropy of the gate shares g/sum(g) over experts, minus log M; mean over samples", &o->entropy, err);
  if (!status) status = add_steps(o->record, "router", "load_std", T, "standard deviation over experts of the load (top-K: tokens served; soft: gate share; mean over samples), in units of its mean", &o->load_std, err);
  if (!status) status = add_steps(o->record, "router", "logit_mean", T, "mean over experts and samples of the logits psi", &o->logit_mean, err);
  if (!status) status = add_steps(o->record, "router", "logit_std", T, "standard deviation over experts of the logits psi, root mean square over samples", &o->logit_std, err);
  if (!status && o->problem->model.active_fraction < 1 && (o->problem->model.bias_std > 0 || o->problem->model.bias_rate > 0))
    status = add_steps(o->record, "router", "bias_std", T, "standard deviation over experts of the selection biases b", &o->bias_std, err);
  if (!status && o->problem->optimizer.clip > 0)
    status = add_steps(o->record, "train", "gradient_norm", T, "norm of the gradient before clipping, sqrt(sum over tensors of (SGD rate / base rate) |dL/dW|^2)", &o->gradient_norm, err);
  return status;
}

static int keep(X(observer) *o, const X(realization) *R, mdm_field f, mdm_error *err) {
  const mdm_problem *p = o->problem;
  if (f == MDM_FIELDS || o->kept[f]) return MDM_OK;
  o->kept_n[f] = X(moe_particles)(R, f);
  o->kept[f] = mdm_alloc(o->kept_n[f], p->kernel_samples, p->n_times, sizeof(real));
  return o->kept[f] ? MDM_OK : mdm_no_memory(err, "kernels; set output.kernels: false");
}

static int add_kernels(X(observer) *o, const X(realization) *R, mdm_error *err) {
  const mdm_problem *p = o->problem;
  int status = mdm_problem_add_times(p, o->record, "kernels/time", err);
  for (int t = 0; t < MDM_TENSORS && !status; t++) {
    status = keep(o, R, mdm_meetings[t].forward, err);
    if (!status) status = keep(o, R, mdm_meetings[t].backward, err);
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
  if (!o) return mdm_no_memory(err, "observables");
  o->problem = problem;
  o->record = record;
  o->B = problem->batch;
  o->C = problem->model.outputs;
  o->totals = mdm_alloc(o->B, 1, 1, sizeof *o->totals);
  int status = o->totals ? add_part(o, MDM_TRAIN, err) : mdm_no_memory(err, "observables");
  if (!status && problem->data->test.count) status = add_part(o, MDM_TEST, err);
  if (!status) status = add_fields(o, err);
  if (!status && problem->kernels) status = add_kernels(o, R, err);
  if (status) return X(observer_free)(o), status;
  *out = o;
  return MDM_OK;
}

void X(observer_free)(X(observer) *o) {
  if (!o) return;
  for (int f = 0; f < MDM_FIELDS; f++) free(o->kept[f]);
  free(o->kept_e);
  free(o->reached);
  free(o->totals);
  free(o);
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

static void fill_nan(double *v, size_t n) {
  for (size_t i = 0; i < n; i++) v[i] = NAN;
}

void X(observe_nothing)(X(observer) *o, size_t t) {
  const mdm_problem *p = o->problem;
  size_t at = (t + p->every - 1) / p->every, P = p->data->test.count;
  if (!P || !mdm_problem_tests_at(p, t)) return;
  fill_nan(o->loss[MDM_TEST] + at, 1);
  if (o->accuracy[MDM_TEST]) fill_nan(o->accuracy[MDM_TEST] + at, 1);
  fill_nan(o->prediction[MDM_TEST] + at * P * o->C, P * o->C);
}

/* Sum over one token's particles; double accumulators, in order. */
static double sum_products(size_t n, const real *a, const real *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

/* Sum of products over all particles, leaving out inactive experts' entries where those are unspecified. */
static double masked_products(const X(field) *a, const X(field) *b, const X(routing) *routing, double *count) {
  size_t n = a->n, per = routing && n == routing->experts * routing->neurons ? routing->neurons : 0;
  double sum = 0;
  *count = 0;
  for (size_t t = 0; t < a->P; t++) {
    if (!per) {
      sum += sum_products(n, a->v + n * t, b->v + n * t);
      *count += (double)n;
      continue;
    }
    for (size_t m = 0; m < routing->experts; m++)
      if (routing->active[m + routing->experts * t]) {
        sum += sum_products(per, a->v + n * t + per * m, b->v + n * t + per * m);
        *count += (double)per;
      }
  }
  return sum;
}

static void observe_rms(X(observer) *o, const X(moe) *program, size_t t) {
  const X(routing) *routing = X(moe_routing)(program, MDM_TRAIN);
  double count;
  for (int f = 0; f < MDM_FIELDS; f++) {
    const X(field) *F = X(moe_field)(program, MDM_TRAIN, f);
    int unspecified = f == MDM_U || f == MDM_B; /* inactive experts: u and b were not computed */
    double sum = masked_products(F, F, unspecified ? routing : NULL, &count);
    o->rms[f][t] = sqrt(sum / count);
  }
  for (int k = 0; k < MDM_TENSORS; k++) {
    if (mdm_meetings[k].output == MDM_FIELDS) continue;
    const X(field) *q = X(moe_field)(program, MDM_TRAIN, mdm_meetings[k].backward), *chi = X(moe_field)(program, MDM_TRAIN, mdm_meetings[k].output);
    double scale = k == MDM_Q ? 1 / o->problem->model.inverse_temperature : 1; /* psi is Q h / temperature */
    o->overlap[k][t] = scale * masked_products(q, chi, routing, &count) / (double)(q->n * q->P);
  }
}

/* Sum of g over the experts of a token. */
static double gate_total(size_t E, const real *g) {
  double total = 0;
  for (size_t m = 0; m < E; m++) total += (double)g[m];
  return total;
}

/* Entropy − log M = −mean over m of p log p of the shares p_m = g_m / mean(g); mean over tokens. */
static void observe_entropy(X(observer) *o, const X(field) *g, size_t t) {
  double entropy = 0, E = (double)g->n;
  for (size_t k = 0; k < g->P; k++) {
    const real *of = g->v + g->n * k;
    double total = o->totals[k], h = 0;
    for (size_t m = 0; m < g->n; m++) {
      double share = (double)of[m] * E / total;
      if (share > 0) h -= share * log(share);
    }
    entropy += h / E;
  }
  o->entropy[t] = entropy / (double)g->P;
}

/* Mean and standard deviation of the logits over experts; mean, and root mean square, over tokens. */
static void observe_logits(X(observer) *o, const X(field) *psi, size_t t) {
  double mean_sum = 0, var_sum = 0, E = (double)psi->n, P = (double)psi->P;
  for (size_t k = 0; k < psi->P; k++) {
    double sum = 0, square = 0;
    for (size_t m = 0; m < psi->n; m++) {
      double l = (double)psi->v[m + psi->n * k];
      sum += l;
      square += l * l;
    }
    mean_sum += sum / E;
    var_sum += square / E - sum / E * (sum / E);
  }
  o->logit_mean[t] = mean_sum / P;
  o->logit_std[t] = var_sum > 0 ? sqrt(var_sum / P) : 0;
}

/* Loads of experts: sums over tokens of shares (soft) or of the selection (top-K). */
static void observe_load(X(observer) *o, const X(field) *g, const X(routing) *routing, size_t t) {
  double load_sum = 0, load_square = 0, E = (double)g->n;
  for (size_t m = 0; m < g->n; m++) {
    double load = 0;
    for (size_t k = 0; k < g->P; k++) load += routing ? (double)routing->active[m + g->n * k] : (double)g->v[m + g->n * k] / o->totals[k];
    load_sum += load;
    load_square += load * load;
  }
  double mean = load_sum / E, var = load_square / E - mean * mean;
  o->load_std[t] = mean > 0 && var > 0 ? sqrt(var) / mean : 0;
}

static void observe_router(X(observer) *o, const X(moe) *program, size_t t) {
  const X(field) *g = X(moe_field)(program, MDM_TRAIN, MDM_G);
  for (size_t k = 0; k < g->P; k++) o->totals[k] = gate_total(g->n, g->v + g->n * k);
  observe_entropy(o, g, t);
  observe_logits(o, X(moe_field)(program, MDM_TRAIN, MDM_PSI), t);
  observe_load(o, g, X(moe_routing)(program, MDM_TRAIN), t);
}

static void observe_biases(X(observer) *o, const X(moe) *program, size_t experts, size_t t) {
  const real *b = X(moe_biases)(program);
  if (!b || !o->bias_std) return;
  double sum = 0, square = 0, n = (double)experts;
  for (size_t e = 0; e < experts; e++) sum += (double)b[e], square += (double)b[e] * (double)b[e];
  o->bias_std[t] = sqrt(fmax(0, square / n - sum / n * (sum / n)));
}

static void keep_for_kernels(X(observer) *o, const X(moe) *program, size_t t, const double *e) {
  const mdm_problem *p = o->problem;
  long at = p->kernels ? mdm_problem_time_index(p, t) : -1;
  if (at < 0) return;
  size_t G = p->kernel_samples;
  for (int f = 0; f < MDM_FIELDS; f++) {
    size_t block = o->kept_n[f] * G;
    if (o->kept[f]) memcpy(o->kept[f] + block * (size_t)at, X(moe_field)(program, MDM_TRAIN, f)->v, block * sizeof(real));
  }
  memcpy(o->kept_e + o->C * G * (size_t)at, e, o->C * G * sizeof *e);
  o->reached[at] = 1;
}

int X(observe_fields)(X(observer) *o, const X(moe) *program, size_t t, const double *e) {
  observe_rms(o, program, t);
  observe_router(o, program, t);
  observe_biases(o, program, X(moe_field)(program, MDM_TRAIN, MDM_G)->n, t);
  keep_for_kernels(o, program, t, e);
  for (int f = 0; f < MDM_FIELDS; f++)
    if (!isfinite(o->rms[f][t])) return 0;
  return 1;
}

/* ---------------------------------------------------------------- at the end */

/* Kernel (1/n) Σ_i a_i(t,μ) a_i(s,ν) of a kept field, into value (times·samples)². */
static int kernel_of_field(X(observer) *o, mdm_field f, double *value, mdm_error *err) {
  size_t k = o->problem->n_times * o->problem->kernel_samples;
  const X(field) all = {o->kept_n[f], k, o->kept[f], 0};
  return X(gram)(&all, k, value, err);
}

/* Kernel of plain vectors: columns (n) given by `column(o, i)`, i = time · samples + sample. */
static void kernel_of_columns(const X(observer) *o, size_t n, const double *(*column)(const X(observer) *, size_t), double *value) {
  size_t k = o->problem->n_times * o->problem->kernel_samples;
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j <= i; j++) {
      const double *a = column(o, i), *b = column(o, j);
      double sum = 0;
      for (size_t d = 0; d < n; d++) sum += a[d] * b[d];
      value[i * k + j] = value[j * k + i] = sum;
    }
}

static const double *input_column(const X(observer) *o, size_t i) {
  const mdm_problem *p = o->problem;
  size_t t = p->times[i / p->kernel_samples], sample = mdm_problem_sample(p, t, i % p->kernel_samples);
  return p->full.train + p->full.inputs * sample;
}

static const double *error_column(const X(observer) *o, size_t i) { return o->kept_e + o->C * i; }

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
  size_t dim[4] = {p->n_times, p->kernel_samples, p->n_times, p->kernel_samples};
  mdm_field f = backward ? mdm_meetings[t].backward : mdm_meetings[t].forward;
  double *value;
  char path[96];
  snprintf(path, sizeof path, "kernels/%s/%s", mdm_tensor_name(t), backward ? "backward" : "forward");
  int status = mdm_record_add(o->record, path, 4, dim, "time, sample, time, sample", texts[backward], &value, err);
  if (status) return status;
  if (f != MDM_FIELDS) status = kernel_of_field(o, f, value, err);
  else if (backward) kernel_of_columns(o, o->C, error_column, value);
  else kernel_of_columns(o, p->full.inputs, input_column, value);
  blank_unreached(o, value);
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
    status = write_kernel(o, t, 0, err);
    if (!status) status = write_kernel(o, t, 1, err);
  }
  const char *const *names;
  const double *values;
  size_t n;
  R->diagnostics(R, &names, &values, &n);
  for (size_t i = 0; i < n && !status; i++)
    status = add_scalar(o->record, names[i], "see docs/output.md, diagnostics", values[i], err);
  if (!status) status = add_scalar(o->record, "seconds", "wall time of one run", seconds, err);
  return status;
}
