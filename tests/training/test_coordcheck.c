/* Parts of every product: against loops over raw weights, against one step by hand, and against closed forms. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scaling/parts.h"
#include "support/arrays.h"
#include "support/bench.h"
#include "support/cosine.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

/* ---------------------------------------------------------------- a network by hand */

enum { MAX_N = 8, MAX_G = 8 * 8 };

typedef struct {
  size_t N, M, J;
  double nu; /* ∂L/∂u = γ/(M ν) */
  double W_in[MAX_N * D], Q[MAX_G * MAX_N], W1[MAX_G * MAX_N], W2[MAX_G * MAX_N], w[MAX_N];
} weights;

typedef struct {
  double x[P * D], h[P * MAX_N], y[P * MAX_G], a[P * MAX_N], e[P], delta[P * MAX_N], gamma[P * MAX_G], rho[P * MAX_G];
} fields;

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* One product of one sample in natural units, from raw weights; returns its length. */
static size_t product(mdm_split s, const weights *w, const fields *f, size_t p, double *out) {
  size_t N = w->N, M = w->M, J = w->J, G = M * J;
  size_t n = s == MDM_SPLIT_PSI ? M : s == MDM_SPLIT_U || s == MDM_SPLIT_B ? G : s == MDM_SPLIT_F ? 1 : N;
  memset(out, 0, n * sizeof *out);
  for (size_t i = 0; i < N; i++) {
    if (s == MDM_SPLIT_Z)
      for (size_t d = 0; d < D; d++) out[i] += w->W_in[i * D + d] * f->x[p * D + d];
    if (s == MDM_SPLIT_F) out[0] += w->w[i] * f->a[p * N + i];
    if (s == MDM_SPLIT_DELTA) out[i] = (double)N * w->w[i] * f->e[p];
    for (size_t m = 0; m < M; m++) {
      if (s == MDM_SPLIT_PSI) out[m] += w->Q[m * N + i] * f->h[p * N + i];
      if (s == MDM_SPLIT_RQ || s == MDM_SPLIT_R) out[i] += (double)N / (double)M * w->Q[m * N + i] * f->rho[p * M + m];
      for (size_t j = 0; j < J; j++) {
        size_t g = m * J + j;
        double W1 = w->W1[g * N + i], W2 = w->W2[(m * N + i) * J + j];
        if (s == MDM_SPLIT_U) out[g] += W1 * f->h[p * N + i];
        if (s == MDM_SPLIT_A) out[i] += W2 * f->y[p * G + g] / (double)M;
        if (s == MDM_SPLIT_B) out[g] += w->nu / (double)N * W2 * f->delta[p * N + i];
        if (s == MDM_SPLIT_R1 || s == MDM_SPLIT_R) out[i] += (double)N / ((double)M * w->nu) * W1 * f->gamma[p * G + g];
      }
    }
  }
  return n;
}

/* Every field of the soft network with tanh and sigmoid gates. */
static void run_by_hand(const weights *w, fields *f) {
  size_t N = w->N, M = w->M, J = w->J, G = M * J;
  double out[MAX_G], psi[MAX_G], b[MAX_G];
  for (size_t p = 0; p < P; p++) {
    cosine_input(p, f->x + p * D);
    product(MDM_SPLIT_Z, w, f, p, out);
    for (size_t i = 0; i < N; i++) f->h[p * N + i] = tanh(out[i]);
    product(MDM_SPLIT_PSI, w, f, p, psi);
    product(MDM_SPLIT_U, w, f, p, out);
    for (size_t g = 0; g < G; g++) f->y[p * G + g] = sigmoid(psi[g / J]) * tanh(out[g]);
    product(MDM_SPLIT_A, w, f, p, f->a + p * N);
    double prediction;
    product(MDM_SPLIT_F, w, f, p, &prediction);
    f->e[p] = (prediction - cosine_target[p]) / P;
    product(MDM_SPLIT_DELTA, w, f, p, f->delta + p * N);
    product(MDM_SPLIT_B, w, f, p, b);
    for (size_t m = 0; m < M; m++) f->rho[p * M + m] = 0;
    for (size_t g = 0; g < G; g++) {
      double s = sigmoid(psi[g / J]), t = tanh(out[g]);
      f->gamma[p * G + g] = s * (1 - t * t) * b[g];
      f->rho[p * M + g / J] += s * (1 - s) * t * b[g] / w->nu;
    }
  }
}

static void load(const mdm_record *rec, const char *when, weights *w) {
  double *const to[5] = {w->W_in, w->Q, w->W1, w->W2, w->w};
  copy_weights(rec, when, (const size_t[5]){w->N * D, w->M * w->N, w->M * w->J * w->N, w->M * w->J * w->N, w->N}, to);
}

static double part_of(const mdm_record *rec, mdm_split s, mdm_part_kind k, size_t at) {
  char path[96];
  snprintf(path, sizeof path, "parts/%s/%s", mdm_split_path(s), mdm_part_name(k));
  return values(rec, path)[at];
}

/* RMS of every part of one product by hand; they add up, so each counts. */
static void check_split(const mdm_record *rec, mdm_split s, size_t at, const weights *w0, const weights *w, const fields *f0, const fields *f) {
  double sum[MDM_PARTS_COUNT] = {0}, c[4][MAX_G], scale = part_of(rec, s, MDM_PART_TOTAL, at);
  size_t n = 0;
  for (size_t p = 0; p < P; p++) {
    n = product(s, w, f, p, c[0]);
    product(s, w0, f, p, c[1]);
    product(s, w, f0, p, c[2]);
    product(s, w0, f0, p, c[3]);
    for (size_t i = 0; i < n; i++) {
      double init = c[3][i], propagating = c[1][i] - init, effective = c[2][i] - init, cross = c[0][i] - c[1][i] - c[2][i] + init;
      const double part[] = {init, propagating, effective, cross, effective + cross, propagating + effective + cross, c[0][i]};
      for (int k = 0; k < MDM_PARTS_COUNT; k++) sum[k] += part[k] * part[k];
    }
  }
  for (int k = 0; k < MDM_PARTS_COUNT; k++) {
    char what[96];
    snprintf(what, sizeof what, "%s %s", mdm_split_path(s), mdm_part_name((mdm_part_kind)k));
    check_near(what, part_of(rec, s, (mdm_part_kind)k, at), sqrt(sum[k] / (double)(n * P)), 1e-10 * scale);
  }
}

static void check_network(const char *settings, size_t N, size_t M, size_t J, double nu) {
  mdm_outcome out;
  static weights w0, w;
  static fields f0, f;
  run_with_weights(settings, &out);
  w0 = (weights){.N = N, .M = M, .J = J, .nu = nu};
  w = w0;
  for (size_t run = 0; run < out.networks[0].runs; run++) {
    load(out.networks[0].weights[run], "initial", &w0);
    load(out.networks[0].weights[run], "final", &w);
    run_by_hand(&w0, &f0);
    run_by_hand(&w, &f);
    for (int s = 0; s < mdm_split_count(0); s++) check_split(out.networks[0].each[run], (mdm_split)s, 1, &w0, &w, &f0, &f);
  }
  mdm_outcome_clear(&out);
}

static void parts_of_networks_by_hand(void) {
#define HERE "output.parts=true output.times=[2,5] train.steps=5 simulate.seeds=2 simulate.widths=[8] "
  check_network(HERE, 8, 8, 3, 1);
  check_network(HERE "model.parameterization=mup model.expert_width=2 model.experts_ratio=0.5", 8, 4, 2, 1);
  check_network(HERE "model.regime=III", 8, 8, 8, 8);
  check_network(HERE "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 model.experts_ratio=0.5", 8, 4, 4, 8);
  check_network(HERE "model.regime=I model.parameterization=mup", 8, 4, 8, 8);
  check_network(HERE "model.parameterization=standard train.lr=0.01", 8, 8, 3, 1);
}

/* ---------------------------------------------------------------- one step, product by product */

/* The limit or a network of width 16, whose matrices remember their initial part. */
static void set_up(bench *b, const char *settings, int limit) {
  mdm_error err = {0};
  bench_open(b, settings);
  int grow = b->problem->model.regime->neurons_grow;
  if (limit) bench_limit(b, 600, grow ? 60 : 300, grow ? 400 : 0, 1e-6);
  else bench_network(b, 16);
  for (int t = MDM_Q; t <= MDM_W2; t++) CU_ASSERT_FATAL(!b->R->matrix[0][t]->ops->remember(b->R->matrix[0][t], &err));
}

static X(field) copy_of(const X(field) *f) {
  X(field) c = *f;
  c.v = malloc(f->n * f->P * sizeof *c.v);
  memcpy(c.v, f->v, f->n * f->P * sizeof *c.v);
  return c;
}

/* The learned part of a product, A p − A₀ p: rows × P. */
static real *learned_part(X(matrix) *A, int backward, const X(field) *p) {
  mdm_error err = {0};
  size_t n = (backward ? A->cols : A->rows) * p->P;
  X(field) all = {.n = n / p->P, .P = p->P, .v = calloc(n, sizeof(real))}, drawn = {.n = n / p->P, .P = p->P, .v = calloc(n, sizeof(real))};
  CU_ASSERT_FATAL(!(backward ? A->ops->backward(A, p, NULL, 0, &all, &err) : A->ops->forward(A, p, NULL, &all, &err)));
  CU_ASSERT_FATAL(!A->ops->initial(A, backward, p, &drawn, &err));
  for (size_t i = 0; i < n; i++) all.v[i] -= drawn.v[i];
  free(drawn.v);
  return all.v;
}

static double largest(size_t n, const real *v, const real *w) {
  double most = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(w ? v[i] - w[i] : v[i]));
  return most;
}

/* expected = −rate q (p·p')/|p| for the step (p, q) and input p'; scale: learn, backward times τ. */
static void step_by_hand(double rate, const X(field) *q, const X(field) *p, const X(field) *at, real *expected) {
  for (size_t t = 0; t < P; t++)
    for (size_t i = 0; i < q->n; i++) {
      double sum = 0;
      for (size_t s = 0; s < P; s++) sum += q->v[i + q->n * s] * cblas_ddot(p->n, p->v + p->n * s, 1, at->v + p->n * t, 1) / (double)p->n;
      expected[i + q->n * t] = -rate * sum;
    }
}

static void check_step(bench *b, mdm_tensor t, const X(field) *p, const X(field) *q, double eta) {
  X(matrix) *A = b->R->matrix[0][t];
  real *expected = calloc((p->n + q->n) * P, sizeof *expected), *got = learned_part(A, 0, p);
  step_by_hand(eta * A->coef.learn, q, p, p, expected);
  CU_ASSERT(largest(q->n * P, expected, NULL) > 0);
  CU_ASSERT(largest(q->n * P, got, expected) < 1e-9 * largest(q->n * P, expected, NULL) + 1e-15);
  free(got);
  got = learned_part(A, 1, q);
  step_by_hand(eta * A->coef.learn * A->coef.tau, p, q, q, expected);
  CU_ASSERT(largest(p->n * P, got, expected) < 1e-9 * largest(p->n * P, expected, NULL) + 1e-15);
  free(got);
  free(expected);
}

/* After one step ΔA p = −η learn q pᵀp/cols and ΔAᵀ q likewise, in networks and in the limit. */
static void effective_part_of_one_step(void) {
  static const char *const cases[] = {"model.regime=II model.expert_width=2", "model.regime=III model.expert_width_ratio=0.5",
                                      "model.regime=III model.parameterization=mup", "model.regime=I model.parameterization=mup"};
  static const mdm_field forward[] = {[MDM_Q] = MDM_H, [MDM_W1] = MDM_H, [MDM_W2] = MDM_Y}, backward[] = {[MDM_Q] = MDM_RHO, [MDM_W1] = MDM_GAMMA, [MDM_W2] = MDM_DELTA};
  const double eta = 0.7;
  for (size_t c = 0; c < COUNT(cases); c++)
    for (int limit = 0; limit < 2; limit++) {
      bench b;
      mdm_error err = {0};
      X(field) p[MDM_TENSORS], q[MDM_TENSORS];
      set_up(&b, cases[c], limit);
      bench_pass(&b);
      for (int t = MDM_Q; t <= MDM_W2; t++) {
        p[t] = copy_of(X(moe_field)(b.program, MDM_TRAIN, forward[t], 0));
        q[t] = copy_of(X(moe_field)(b.program, MDM_TRAIN, backward[t], 0));
        real *nothing = learned_part(b.R->matrix[0][t], 0, &p[t]);
        CU_ASSERT(largest(q[t].n * P, nothing, NULL) < 1e-12);
        free(nothing);
      }
      CU_ASSERT_FATAL(!X(moe_step)(b.program, &(mdm_step){&b.problem->optimizer, eta, 1, 0}, b.x, b.e, &err));
      for (int t = MDM_Q; t <= MDM_W2; t++) {
        check_step(&b, (mdm_tensor)t, &p[t], &q[t], eta);
        free(p[t].v);
        free(q[t].v);
      }
      bench_close(&b);
    }
}

/* The four corners are products of linear maps: with d = p − p₀ as a field of its own, A₀ d is the propagating part and
 * (A − A₀) d the cross part. */
static void parts_are_linear(void) {
  static const char *const cases[] = {"model.regime=II", "model.regime=III"};
  for (size_t c = 0; c < 2; c++)
    for (int limit = 0; limit < 2; limit++) {
      bench b;
      mdm_error err = {0};
      set_up(&b, cases[c], limit);
      bench_pass(&b);
      X(field) p0 = copy_of(X(moe_field)(b.program, MDM_TRAIN, MDM_Y, 0));
      for (int step = 0; step < 4; step++) {
        CU_ASSERT_FATAL(!X(moe_step)(b.program, &(mdm_step){&b.problem->optimizer, 1.0, 1, (size_t)step}, b.x, b.e, &err));
        bench_pass(&b);
      }
      X(field) p = copy_of(X(moe_field)(b.program, MDM_TRAIN, MDM_Y, 0)), d = copy_of(&p);
      d.id = 1000000;
      for (size_t i = 0; i < d.n * P; i++) d.v[i] -= p0.v[i];
      X(matrix) *A = b.R->matrix[0][MDM_W2];
      size_t n = A->rows * P;
      real *now = learned_part(A, 0, &p), *start = learned_part(A, 0, &p0), *cross = learned_part(A, 0, &d);
      for (size_t i = 0; i < n; i++) now[i] -= start[i];
      CU_ASSERT(largest(n, cross, NULL) > 1e-3);
      CU_ASSERT(largest(n, now, cross) < 1e-5 * largest(n, cross, NULL));
      X(field) a = {.n = A->rows, .P = P, .v = now}, a0 = {.n = A->rows, .P = P, .v = start}, propagating = {.n = A->rows, .P = P, .v = cross};
      CU_ASSERT_FATAL(!A->ops->initial(A, 0, &p, &a, &err) && !A->ops->initial(A, 0, &p0, &a0, &err) && !A->ops->initial(A, 0, &d, &propagating, &err));
      for (size_t i = 0; i < n; i++) now[i] -= start[i];
      CU_ASSERT(largest(n, cross, NULL) > 1e-3);
      CU_ASSERT(largest(n, now, cross) < 1e-5 * largest(n, cross, NULL));
      free(now), free(start), free(cross), free(p.v), free(p0.v), free(d.v);
      bench_close(&b);
    }
}

/* ---------------------------------------------------------------- records */

static void check_start(const mdm_record *rec) {
  for (int s = 0; s < mdm_split_count(0); s++) {
    double total = part_of(rec, (mdm_split)s, MDM_PART_TOTAL, 0);
    CU_ASSERT(fabs(part_of(rec, (mdm_split)s, MDM_PART_INIT, 0) - total) <= 1e-12 * total);
    for (int k = MDM_PART_PROPAGATING; k <= MDM_PART_UPDATE; k++) CU_ASSERT(fabs(part_of(rec, (mdm_split)s, (mdm_part_kind)k, 0)) <= 1e-12);
  }
  CU_ASSERT(part_of(rec, MDM_SPLIT_A, MDM_PART_TOTAL, 0) > 0.01);
  CU_ASSERT(part_of(rec, MDM_SPLIT_Z, MDM_PART_PROPAGATING, 1) == 0); /* inputs do not change */
  CU_ASSERT(part_of(rec, MDM_SPLIT_Z, MDM_PART_EFFECTIVE, 1) > 0.01);
}

#define SMALL "output.parts=true solve.particles=600 solve.replicas=2 solve.precision=double simulate.seeds=2 simulate.widths=[16] train.steps=4 "

static void nothing_has_moved_at_the_start(void) {
  static const char *const variants[] = {SMALL, SMALL "train.batch=2", SMALL "model.active_fraction=0.5", SMALL "model.regime=III"};
  for (size_t i = 0; i < COUNT(variants); i++) {
    mdm_outcome out;
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, variants[i], &out);
    check_start(out.limit.summary);
    check_start(out.networks[0].summary);
    mdm_outcome_clear(&out);
  }
}

static double difference(const mdm_record *a, const mdm_record *b, const char *path) {
  const mdm_array *x = mdm_record_find(a, path), *y = mdm_record_find(b, path);
  CU_ASSERT_FATAL(x && y && x->dim[0] == y->dim[0]);
  double most = 0;
  for (size_t i = 0; i < elements(x); i++) most = fmax(most, fabs(x->value[i] - y->value[i]));
  return most;
}

/* Networks and the limit train as they do without the check; with minibatches the limit draws another sample. */
static void training_is_not_disturbed(void) {
  static const char *const variants[] = {"", "model.active_fraction=0.5", "model.regime=III", "output.responses=true", "train.batch=2"};
  for (size_t i = 0; i < COUNT(variants); i++) {
    char line[400];
    mdm_outcome with, without;
    snprintf(line, sizeof line, SMALL "%s", variants[i]);
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, line, &with);
    snprintf(line, sizeof line, SMALL "output.parts=false %s", variants[i]);
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, line, &without);
    CU_ASSERT(difference(with.networks[0].summary, without.networks[0].summary, "observables/train/prediction") == 0);
    double moved = difference(with.limit.summary, without.limit.summary, "observables/train/prediction");
    CU_ASSERT(moved < (i == 4 ? 0.1 : 1e-12));
    mdm_outcome_clear(&with);
    mdm_outcome_clear(&without);
  }
}

static void threads_do_not_matter(void) {
  mdm_outcome one, many;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 1, SMALL, &one);
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 5, SMALL, &many);
  for (size_t i = 0; i < mdm_record_count(one.limit.summary); i++) {
    const char *path = mdm_record_at(one.limit.summary, i)->path;
    if (strncmp(path, "parts/", 6)) continue;
    CU_ASSERT(difference(one.limit.summary, many.limit.summary, path) == 0);
    CU_ASSERT(difference(one.networks[0].summary, many.networks[0].summary, path) == 0);
  }
  mdm_outcome_clear(&one);
  mdm_outcome_clear(&many);
}

/* Linear network with a constant gate, Regime II, N_e = 3, σ = 1: ⟨uu⟩ = ⟨yy⟩ = ⟨aa⟩ = x·x'/D at the start. One step makes
 * ΔW2 y₀ = −η N_e Σ_μ v e_μ ⟨y_μ y_ν⟩ and ΔW_in x = −η Σ_μ r_μ x_μ·x_ν/D, with e = −y/P. The RMS of b is that of δ √V_b, V_b = 1/3. */
static void linear_network_in_closed_form(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "output.parts=true output.times=[0,1] train.steps=1 train.lr=0.3 model.activation=identity model.expert_activation=identity "
           "model.gate=constant solve.particles=4000 solve.replicas=6 solve.precision=double", &out);
  double trace = 0, step = 0;
  for (size_t n = 0; n < P; n++) {
    double sum = 0;
    for (size_t m = 0; m < P; m++) sum += cosine_target[m] / P * cosine_gram(m, n);
    trace += cosine_gram(n, n) / P;
    step += sum * sum / P;
  }
  const struct {
    const char *path;
    double expected;
  } closed[] = {{"parts/W1/forward/init", sqrt(trace)},
                {"parts/W2/forward/init", sqrt(trace)},
                {"parts/W2/forward/effective", 0.3 * 3 * sqrt(step)},
                {"parts/w_out/backward/init", 1.0 / P},
                {"parts/W2/backward/init", 1.0 / P / sqrt(3)}};
  for (size_t i = 0; i < COUNT(closed); i++) {
    double got = values(out.limit.summary, closed[i].path)[1], se = errors(out.limit.summary, closed[i].path)[1];
    check_near(closed[i].path, got, closed[i].expected, 4 * se + 1e-3 * closed[i].expected);
    CU_ASSERT(se < 0.02 * got);
  }
  CU_ASSERT(values(out.limit.summary, "parts/Q/forward/learned")[1] == 0); /* the router does not learn */
  mdm_outcome_clear(&out);
}

/* Where expert neurons are sampled, what the router sends back is their noise at the start, as ρ is zero in the limit: its square without noise has mean
 * zero, to four standard errors over replicas, and would be far from it with that of the noise. */
static void squares_without_noise(void) {
  enum { REPLICAS = 16 };
  mdm_outcome out;
  double mean = 0, square = 0;
  run_with(MDM_RUN_LIMIT, 0, "output.parts=true output.times=[0] train.steps=0 model.regime=III model.parameterization=mup solve.particles=400 solve.expert_particles=200 solve.neuron_particles=8 "
           "solve.replicas=16 output.kernels=false", &out);
  CU_ASSERT_EQUAL_FATAL(out.limit.runs, REPLICAS);
  for (int r = 0; r < REPLICAS; r++) {
    double root = part_of(out.limit.each[r], MDM_SPLIT_RQ, MDM_PART_INIT, 0), v = root * fabs(root);
    mean += v / REPLICAS, square += v * v / REPLICAS;
  }
  double error = sqrt((square - mean * mean) / (REPLICAS - 1));
  CU_ASSERT(error > 0 && fabs(mean) < 4 * error);
  mdm_outcome_clear(&out);
}

/* With one block h^L - h^0 is what it adds, part by part; with two and a smaller branch the parts at the start add up at random,
 * L^-2b (a₀² + a₁²). */
static void parts_of_the_stream(void) {
  static const char *const names[] = {"init", "propagating", "effective", "cross", "learned", "update", "total"};
  mdm_outcome out;
  char path[96];
  run_with(MDM_RUN_NETWORKS, 0, "output.parts=true output.times=[0,3] train.steps=3 model.depth=1 simulate.widths=8 simulate.seeds=2", &out);
  for (size_t k = 0; k < COUNT(names); k++) {
    snprintf(path, sizeof path, "parts/stream/forward/%s", names[k]);
    double whole = values(out.networks[0].summary, path)[1];
    snprintf(path, sizeof path, "parts/W2/forward/%s", names[k]);
    check_near(path, whole, values(out.networks[0].summary, path)[1], 1e-13);
    CU_ASSERT(whole > 0);
  }
  mdm_outcome_clear(&out);
  run_with(MDM_RUN_LIMIT, 0, "output.parts=true output.times=[0,3] train.steps=3 model.depth=2 model.branch_exponent=0.75 model.norm=rms solve.particles=8000 solve.replicas=6", &out);
  const double *block = values(out.limit.summary, "parts/W2/forward/init"), *both = values(out.limit.summary, "parts/stream/forward/init");
  check_near("sum of draws", both[0], pow(2, -0.75) * sqrt(block[0] * block[0] + block[2] * block[2]), 0.02 * both[0]);
  mdm_outcome_clear(&out);
  run_with(MDM_RUN_LIMIT, 0, "output.parts=true output.times=[0] train.steps=0 solve.particles=1000 solve.replicas=2", &out);
  CU_ASSERT_PTR_NULL(mdm_record_find(out.limit.summary, "parts/stream/forward/init")); /* there is no stream without depth */
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"parts of networks, by hand from raw weights", parts_of_networks_by_hand},
    {"effective part of one step, by hand", effective_part_of_one_step},
    {"parts are linear", parts_are_linear},
    {"nothing has moved at the start", nothing_has_moved_at_the_start},
    {"training is not disturbed", training_is_not_disturbed},
    {"same numbers for any number of threads", threads_do_not_matter},
    {"linear network in closed form", linear_network_in_closed_form},
    {"parts of the stream", parts_of_the_stream},
    {"squares without noise", squares_without_noise},
};

SUITE("training/coordcheck", tests)
