/* The best shape of a model under a law, and how much computation experts save. C = 6 N_a D floating-point operations (N, where all parameters are active). */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_min.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsl.h"
#include "base/memory.h"
#include "law/fitting.h"

static const char CLOSED[] = "closed form", NUMERICAL[] = "numerical", CONTINUOUS[] = "closed form, of a number that must be whole";
static const char ENDLESS[] = "none: at fixed N_a the law falls with N without end", NO_OPTIMUM[] = "none: the law has no minimum there",
                  NO_DENSE[] = "none: no dense model reaches this loss";

enum { OUT = MDM_FIT_NUMBERS, STEPS = 200 };

/* Numbers of an optimum, at one set of parameters. */
typedef struct {
  size_t n;
  const char *name[OUT], *how[OUT];
  double value[OUT];
} numbers;

static void put(numbers *out, const char *name, double value, const char *how) {
  out->name[out->n] = name, out->how[out->n] = how, out->value[out->n++] = value;
}

/* What the optimum of a law is asked with, and of. */
enum { BUDGET_C, BUDGET_N, BUDGET_N_A, BUDGET_D, BUDGET_E, BUDGETS };
typedef struct {
  const mdm_fitting *f;
  double given[BUDGETS]; /* NaN: not given */
} question;

static double parameter(const mdm_fitting *f, const double *x, const char *name) { return x[mdm_expression_parameter(&f->e, name)]; }

/* The smallest value of g over ln s in [low, high]: a grid, then Brent's method. */
static double minimize(double (*g)(double, void *), void *context, double low, double high) {
  gsl_function function = {g, context};
  double best = INFINITY, step = (high - low) / STEPS;
  int at = 0;
  for (int i = 0; i <= STEPS; i++) {
    double v = g(low + step * i, context);
    if (v < best) best = v, at = i;
  }
  if (at == 0 || at == STEPS) return low + step * at;
  gsl_min_fminimizer *m = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
  double s = low + step * at;
  int status = m ? gsl_min_fminimizer_set(m, &function, s, s - step, s + step) : GSL_ENOMEM;
  for (int k = 0; k < 100 && !status; k++) {
    status = gsl_min_fminimizer_iterate(m);
    s = gsl_min_fminimizer_x_minimum(m);
    if (gsl_min_test_interval(gsl_min_fminimizer_x_lower(m), gsl_min_fminimizer_x_upper(m), 1e-9, 0) == GSL_SUCCESS) break;
  }
  if (m) gsl_min_fminimizer_free(m);
  return s;
}

/* ---------------------------------------------------------------- A/N^alpha + B/D^beta + E at C = 6 N D */

typedef struct {
  double N, D, loss, exponent; /* exponent: loss − E ∝ C^−exponent at the optimum */
} allocation;

static allocation allocate(double A, double alpha, double B, double beta, double E, double C) {
  double ratio = pow(alpha * A / (beta * B), 1 / (alpha + beta)), N = ratio * pow(C / 6, beta / (alpha + beta)), D = C / (6 * N);
  return (allocation){N, D, E + A * pow(N, -alpha) + B * pow(D, -beta), alpha * beta / (alpha + beta)};
}

static void hoffmann(const question *q, const double *x, numbers *out) {
  double A = parameter(q->f, x, "A"), alpha = parameter(q->f, x, "alpha"), B = parameter(q->f, x, "B"), beta = parameter(q->f, x, "beta");
  put(out, "N_exponent", beta / (alpha + beta), CLOSED);
  put(out, "D_exponent", alpha / (alpha + beta), CLOSED);
  if (isnan(q->given[BUDGET_C])) return;
  allocation a = allocate(A, alpha, B, beta, parameter(q->f, x, "E"), q->given[BUDGET_C]);
  put(out, "N", a.N, CLOSED);
  put(out, "D", a.D, CLOSED);
  put(out, "loss", a.loss, CLOSED);
}

/* ---------------------------------------------------------------- experts at C = 6 N D */

static allocation allocate_experts(const mdm_fitting *f, const double *x, double E, double C) {
  double start = parameter(f, x, "E_start"), most = parameter(f, x, "E_max"), effective = log(1 / (1 / (E - 1 + 1 / (1 / start - 1 / most)) + 1 / most));
  double alpha = -(parameter(f, x, "alpha") + parameter(f, x, "gamma") * effective), beta = -(parameter(f, x, "beta") + parameter(f, x, "zeta") * effective);
  return allocate(parameter(f, x, "a") * exp(parameter(f, x, "delta") * effective), alpha, parameter(f, x, "b") * exp(parameter(f, x, "omega") * effective), beta,
                  parameter(f, x, "c"), C);
}

/* The best of the numbers of experts that occur. */
static double best_experts(const mdm_fitting *f, const double *x, double C) {
  const mdm_law_column *c = mdm_law_runs_find(f->runs, "E");
  double best = INFINITY, E = NAN;
  for (size_t i = 0; i < f->rows; i++) {
    double loss = allocate_experts(f, x, c->value[i], C).loss;
    if (loss < best) best = loss, E = c->value[i];
  }
  return E;
}

static void ludziejewski(const question *q, const double *x, numbers *out) {
  double C = q->given[BUDGET_C], E = q->given[BUDGET_E], c = parameter(q->f, x, "c");
  if (isnan(C)) return;
  int given = !isnan(E);
  if (!given) E = best_experts(q->f, x, C);
  put(out, "E", E, given ? "given" : "the best of those in the file");
  allocation sparse = allocate_experts(q->f, x, E, C), dense = allocate_experts(q->f, x, 1, C);
  put(out, "N", sparse.N, CLOSED);
  put(out, "D", sparse.D, CLOSED);
  put(out, "loss", sparse.loss, CLOSED);
  put(out, "leverage", pow((dense.loss - c) / (sparse.loss - c), 1 / dense.exponent), CLOSED);
}

/* ---------------------------------------------------------------- N, D, N_a, G, S */

/* The joint law at the best G and S. bracket: eG + f/G + mS² + nS there. */
typedef struct {
  double alpha, k, h, a, b, beta, c, epsilon, bracket, N, N_a, D, C, loss;
} joint_law;

static double joint_loss(const joint_law *l, double N, double N_a, double D) {
  return l->bracket * (pow(N, -l->alpha) + l->k * pow(N_a, -l->alpha) + l->h * N_a / N) + l->a * pow(N, -l->alpha) + l->b * pow(D, -l->beta) +
         l->c * pow(N_a, -l->alpha) + l->epsilon;
}

static double at_compute(double s, void *context) {
  const joint_law *l = context;
  return joint_loss(l, l->N, exp(s), l->C / (6 * exp(s)));
}

static double dense_distance(double s, void *context) {
  const joint_law *l = context;
  return fabs(joint_loss(l, exp(s), exp(s), l->D) - l->loss);
}

/* How many times more computation a dense model of the same data needs for the same loss: N_dense/N_a. NaN: none reaches it. */
static double leverage(joint_law *l) {
  double low = log(l->N_a) - 5, high = log(l->N_a) + 50, s;
  l->loss = joint_loss(l, l->N, l->N_a, l->D);
  if (joint_loss(l, exp(high), exp(high), l->D) > l->loss) return NAN;
  s = minimize(dense_distance, l, low, high);
  return exp(s) / l->N_a;
}

/* N_a at fixed N where dL/dN_a = 0; all of N where that lies beyond. */
static double best_active(const joint_law *l) {
  double falls = l->alpha * l->N * (l->bracket * l->k + l->c), rises = l->bracket * l->h;
  return rises > 0 && falls > 0 ? fmin(l->N, pow(falls / rises, 1 / (1 + l->alpha))) : rises > 0 ? NAN : l->N;
}

static joint_law read_joint(const question *q, const double *x, double G, double S) {
  const mdm_fitting *f = q->f;
  joint_law l = {.alpha = parameter(f, x, "alpha"), .k = parameter(f, x, "k"), .h = parameter(f, x, "h"), .a = parameter(f, x, "a"), .b = parameter(f, x, "b"),
                 .beta = parameter(f, x, "beta"), .c = parameter(f, x, "c"), .epsilon = parameter(f, x, "epsilon"),
                 .N = q->given[BUDGET_N], .N_a = q->given[BUDGET_N_A], .D = q->given[BUDGET_D], .C = q->given[BUDGET_C]};
  l.bracket = parameter(f, x, "e") * G + parameter(f, x, "f") / G + parameter(f, x, "m") * S * S + parameter(f, x, "n") * S;
  return l;
}

/* N_a, and with computation D, where they are not given. */
static void choose_sizes(joint_law *l, numbers *out) {
  if (!isnan(l->N) && isnan(l->N_a) && !isnan(l->C)) {
    l->N_a = fmin(l->N, exp(minimize(at_compute, l, log(l->N) - 20, log(l->N))));
    l->D = l->C / (6 * l->N_a);
    put(out, "N_a", l->N_a, NUMERICAL);
    put(out, "N_a/N", l->N_a / l->N, NUMERICAL);
    put(out, "D", l->D, NUMERICAL);
  } else if (!isnan(l->N) && isnan(l->N_a)) {
    l->N_a = best_active(l);
    put(out, "N_a", l->N_a, isnan(l->N_a) ? NO_OPTIMUM : CLOSED);
    put(out, "N_a/N", l->N_a / l->N, isnan(l->N_a) ? NO_OPTIMUM : CLOSED);
  } else if (isnan(l->N) && !isnan(l->N_a)) {
    put(out, "N_a/N", NAN, ENDLESS);
  }
}

static void joint(const question *q, const double *x, numbers *out) {
  double m = parameter(q->f, x, "m"), n = parameter(q->f, x, "n"), G = sqrt(parameter(q->f, x, "f") / parameter(q->f, x, "e"));
  double S = m > 0 ? fmin(fmax(-n / (2 * m), 0), 1) : n + m < 0;
  put(out, "G", G, CONTINUOUS);
  put(out, "S", S, CLOSED);
  joint_law l = read_joint(q, x, G, S);
  choose_sizes(&l, out);
  if (isnan(l.N) || isnan(l.N_a) || isnan(l.D)) return;
  put(out, "loss", joint_loss(&l, l.N, l.N_a, l.D), CLOSED);
  double more = leverage(&l);
  put(out, "leverage", more, isnan(more) ? NO_DENSE : NUMERICAL);
}

/* ---------------------------------------------------------------- with intervals */

static const struct {
  const char *law;
  void (*find)(const question *q, const double *x, numbers *out);
  const char *budget[BUDGETS + 1]; /* what it may be given */
} optima[] = {{"hoffmann", hoffmann, {"C"}}, {"ludziejewski", ludziejewski, {"C", "E"}}, {"joint", joint, {"C", "N", "N_a", "D"}}};

static int read_budget(const mdm_fitting *f, size_t which, question *q, mdm_error *err) {
  static const char *const all[BUDGETS] = {"C", "N", "N_a", "D", "E"};
  double value[BUDGETS];
  size_t n = 0;
  for (size_t i = 0; i < BUDGETS; i++) q->given[i] = NAN;
  while (optima[which].budget[n]) n++;
  if (!f->o->budget) return MDM_OK;
  int status = mdm_law_assignments(f->o->budget, "--budget", n, optima[which].budget, value, err);
  for (size_t i = 0; i < n && !status; i++)
    for (size_t j = 0; j < BUDGETS; j++)
      if (!strcmp(all[j], optima[which].budget[i])) q->given[j] = value[i];
  const double *g = q->given;
  if (!status && which == 1 && isnan(g[BUDGET_C])) status = mdm_fail(err, MDM_ERR_USAGE, "--budget '%s': C, the computation, is missing", f->o->budget);
  if (!status && g[BUDGET_E] < 1) status = mdm_fail(err, MDM_ERR_USAGE, "--budget '%s': E must be at least 1", f->o->budget);
  if (!status && which == 2 && !isnan(g[BUDGET_C]) && (isnan(g[BUDGET_N]) || !isnan(g[BUDGET_N_A]) || !isnan(g[BUDGET_D])))
    status = mdm_fail(err, MDM_ERR_USAGE, "--budget '%s': with C belongs N, and nothing else: N_a and D = C/(6 N_a) follow", f->o->budget);
  if (!status && g[BUDGET_N_A] > g[BUDGET_N]) status = mdm_fail(err, MDM_ERR_USAGE, "--budget '%s': N_a is above N", f->o->budget);
  if (!status && which == 2 && isnan(g[BUDGET_N]) && isnan(g[BUDGET_N_A]))
    status = mdm_fail(err, MDM_ERR_USAGE, "--budget '%s': N or N_a is missing", f->o->budget);
  return status;
}

/* sample: resamples. Lists of one question have the same numbers, whatever the parameters. */
static void add_intervals(mdm_fitting *f, size_t which, const question *q, const numbers *best, double *sample) {
  for (size_t i = 0; i < best->n; i++) {
    for (size_t b = 0; b < f->resamples; b++) {
      numbers one = {.n = 0};
      sample[b] = NAN;
      if (isnan(f->sample[b * f->p])) continue;
      optima[which].find(q, f->sample + b * f->p, &one);
      sample[b] = one.value[i];
    }
    mdm_law_best *out = &f->fit->best[f->fit->bests++];
    memcpy(out->name, best->name[i], strlen(best->name[i]) + 1);
    out->how = best->how[i];
    out->number = mdm_law_interval(f, best->value[i], sample, 0);
    int is_share = !strcmp(out->name, "S") || !strcmp(out->name, "N_a/N");
    if (is_share && out->number.low < 0) out->number.low = 0;
    if (is_share && out->number.high > 1) out->number.high = 1;
  }
}

enum { KNOWN = sizeof optima / sizeof *optima };

/* The row of the law; KNOWN: it has no optimum. */
static size_t row_of(const mdm_fitting *f) {
  size_t which = 0;
  while (which < KNOWN && !(f->law && !strcmp(f->law->name, optima[which].law))) which++;
  return which;
}

int mdm_law_optimum_check(const mdm_fitting *f, mdm_error *err) {
  question q = {.f = f};
  size_t which = row_of(f);
  if (which < KNOWN) return read_budget(f, which, &q, err);
  return f->o->budget ? mdm_fail(err, MDM_ERR_USAGE, "--budget goes with the laws hoffmann, ludziejewski and joint") : MDM_OK;
}

int mdm_law_optimum(mdm_fitting *f, mdm_error *err) {
  size_t which = row_of(f);
  question q = {.f = f};
  numbers best = {.n = 0};
  if (which == KNOWN) return MDM_OK;
  int status = read_budget(f, which, &q, err);
  double *sample = status ? NULL : mdm_alloc(f->resamples, 1, 1, sizeof *sample);
  if (!status && !sample) status = mdm_no_memory(err, "the optimum");
  if (!status) {
    optima[which].find(&q, f->x, &best);
    add_intervals(f, which, &q, &best, sample);
  }
  free(sample);
  return status;
}
