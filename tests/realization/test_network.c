/* The finite network is the one that the table describes: checked in raw units against a plain forward pass written here,
 * and its updates against finite differences of that forward pass. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/cosine.h"
#include "support/runs.h"
#include "support/suite.h"

enum { N = 5, MAX_M = 10, MAX_NE = 20 };

/* Raw weights of one network, row-major, and what its configuration says. */
typedef struct {
  size_t M, Ne, K;
  double W_in[N * D], Q[MAX_M * N], W1[MAX_M * MAX_NE * N], W2[MAX_M * N * MAX_NE], w[N];
  int relu; /* activations relu instead of tanh */
} plain;

static double phi(const plain *n, double z) { return n->relu ? (z > 0 ? z : 0) : tanh(z); }

/* The K experts with the largest logits: by counting larger ones. */
static int is_active(const plain *n, const double *psi, size_t m) {
  size_t larger = 0;
  for (size_t l = 0; l < n->M; l++) larger += psi[l] > psi[m];
  return larger < n->K;
}

/* f of one input, by loops over raw weights (docs/theory.md, the network). */
static double plain_forward(const plain *n, const double *x) {
  double h[N], psi[MAX_M] = {0}, f = 0;
  for (size_t i = 0; i < N; i++) {
    double z = 0;
    for (size_t d = 0; d < D; d++) z += n->W_in[i * D + d] * x[d];
    h[i] = phi(n, z);
  }
  for (size_t m = 0; m < n->M; m++)
    for (size_t i = 0; i < N; i++) psi[m] += n->Q[m * N + i] * h[i];
  for (size_t m = 0; m < n->M; m++) {
    if (!is_active(n, psi, m)) continue;
    double g = 1 / (1 + exp(-psi[m]));
    for (size_t j = 0; j < n->Ne; j++) {
      double u = 0;
      for (size_t i = 0; i < N; i++) u += n->W1[(m * n->Ne + j) * N + i] * h[i];
      for (size_t i = 0; i < N; i++) f += n->w[i] * n->W2[(m * N + i) * n->Ne + j] * g * phi(n, u) / (double)n->K;
    }
  }
  return f;
}

static double plain_loss(const plain *n) {
  double sum = 0, x[D];
  for (size_t m = 0; m < P; m++) {
    cosine_input(m, x);
    double d = plain_forward(n, x) - cosine_target[m];
    sum += 0.5 * d * d / P;
  }
  return sum;
}

static void load(const mdm_record *rec, const char *when, plain *n) {
  double *const to[5] = {n->W_in, n->Q, n->W1, n->W2, n->w};
  copy_weights(rec, when, (const size_t[5]){N * D, n->M * N, n->M * n->Ne * N, n->M * n->Ne * N, N}, to);
}

/* Derivative of the loss by one weight. */
static double slope(plain *n, double *weight) {
  const double step = 1e-5;
  double keep = *weight;
  *weight = keep + step;
  double up = plain_loss(n);
  *weight = keep - step;
  double down = plain_loss(n);
  *weight = keep;
  return (up - down) / (2 * step);
}

/* After one step, every weight moved by −(raw rate) × (finite-difference gradient). */
static void check_update(plain *before, const plain *after, const double rate[5]) {
  double *weights[5] = {before->W_in, before->Q, before->W1, before->W2, before->w};
  const double *moved[5] = {after->W_in, after->Q, after->W1, after->W2, after->w};
  const size_t count[5] = {N * D, before->M * N, before->M * before->Ne * N, before->M * before->Ne * N, N};
  double largest;
  for (int t = 0; t < 5; t++) {
    double worst = 0;
    largest = 0;
    for (size_t i = 0; i < count[t]; i++) {
      double expected = -rate[t] * slope(before, &weights[t][i]), got = moved[t][i] - weights[t][i];
      worst = fmax(worst, fabs(got - expected));
      largest = fmax(largest, fabs(expected));
    }
    CU_ASSERT(largest > 0);
    CU_ASSERT(worst < 1e-7 * largest);
  }
}

static void check_network(const char *settings, size_t M, size_t Ne, double fraction, int relu) {
  const double eta = 0.3;
  mdm_outcome out;
  plain *before = calloc(1, sizeof *before), *after = calloc(1, sizeof *after);
  run_with_weights(settings, &out);
  before->M = M;
  before->Ne = Ne;
  before->K = (size_t)lround(fraction * (double)M);
  before->relu = relu;
  *after = *before;
  for (size_t s = 0; s < out.networks[0].runs; s++) {
    const mdm_record *run = out.networks[0].each[s];
    double x[D];
    load(out.networks[0].weights[s], "initial", before);
    load(out.networks[0].weights[s], "final", after);
    const double *f = values(run, "observables/train/prediction"), *loss = values(run, "observables/train/loss");
    for (size_t m = 0; m < P; m++) {
      cosine_input(m, x);
      CU_ASSERT_DOUBLE_EQUAL(f[m], plain_forward(before, x), 1e-13);
      CU_ASSERT_DOUBLE_EQUAL(f[P + m], plain_forward(after, x), 1e-13);
    }
    CU_ASSERT_DOUBLE_EQUAL(loss[0], plain_loss(before), 1e-13);
    const double m = (double)M, n = N, rate[5] = {eta * n / D, eta * m / n, eta * m / n, eta * m * n, eta / n};
    check_update(before, after, rate);
  }
  mdm_outcome_clear(&out);
  free(before);
  free(after);
}

static void soft_routing(void) {
  check_network("train.steps=1 train.lr=0.3 simulate.widths=5 simulate.seeds=2", 5, 3, 1, 0);
  check_network("train.steps=1 train.lr=0.3 simulate.widths=5 simulate.seeds=2 model.parameterization=mup model.experts_ratio=2 model.expert_width=1", 10, 1, 1, 0);
}

static void top_k(void) {
  check_network("train.steps=1 train.lr=0.3 simulate.widths=5 simulate.seeds=2 model.experts_ratio=2 model.active_fraction=0.3", 10, 3, 0.3, 0);
  check_network("train.steps=1 train.lr=0.3 simulate.widths=5 simulate.seeds=2 model.active_fraction=0.4 model.activation=relu model.expert_activation=relu", 5, 3, 0.4, 1);
}

/* Wide experts under top-K work on gathered tokens: a different code path, the same network. */
static void gathered_tokens(void) {
  check_network("train.steps=1 train.lr=0.3 simulate.widths=5 simulate.seeds=2 model.active_fraction=0.4 model.expert_width=20", 5, 20, 0.4, 0);
}

/* Initial weights have the table's variances: 5 standard errors of a chi-square. */
static void initial_variances(void) {
  mdm_outcome out;
  run_with_weights("train.steps=0 simulate.widths=40 simulate.seeds=1 model.experts_ratio=1.5 model.init.input=0.25 model.init.router=0.5 model.init.expert_in=2 model.init.expert_out=3", &out);
  const mdm_record *w = out.networks[0].weights[0];
  const double n = 40, M = 60, Ne = 3;
  const struct {
    const char *path;
    double variance, count;
  } expected[] = {{"weights/W_in/initial", 0.0625 / D, n * D}, {"weights/Q/initial", 0.25 / n, n * M}, {"weights/W1/initial", 4 / n, n * M * Ne},
                  {"weights/W2/initial", 9 * M / Ne, n * M * Ne}, {"weights/w_out/initial", 1 / (n * n), n}};
  for (size_t t = 0; t < 5; t++) {
    const double *v = values(w, expected[t].path);
    double sum = 0, mean = 0;
    for (size_t i = 0; i < (size_t)expected[t].count; i++) sum += v[i] * v[i], mean += v[i];
    double ratio = sum / expected[t].count / expected[t].variance;
    CU_ASSERT(fabs(ratio - 1) < 5 * sqrt(2 / expected[t].count));
    CU_ASSERT(fabs(mean) < 5 * sqrt(expected[t].variance * expected[t].count));
  }
  mdm_outcome_clear(&out);
}

/* Single and double precision come from the same source: the same network up to rounding. */
static void precisions_agree(void) {
  const char *const settings[] = {"simulate.widths=24 simulate.seeds=3 train.steps=10", "simulate.widths=24 simulate.seeds=3 train.steps=10 model.expert_width=16 model.active_fraction=0.5"};
  for (int k = 0; k < 2; k++) {
    mdm_outcome one, two;
    char single[256];
    snprintf(single, sizeof single, "%s simulate.precision=single", settings[k]);
    run_with(MDM_RUN_NETWORKS, 1, settings[k], &two);
    run_with(MDM_RUN_NETWORKS, 1, single, &one);
    const double *a = values(one.networks[0].summary, "observables/train/prediction"), *b = values(two.networks[0].summary, "observables/train/prediction");
    double worst = 0;
    for (size_t i = 0; i < 11 * P; i++) worst = fmax(worst, fabs(a[i] - b[i]));
    CU_ASSERT(worst > 0 && worst < 2e-5);
    mdm_outcome_clear(&one);
    mdm_outcome_clear(&two);
  }
}

static const test_case tests[] = {
    {"soft routing: forward and gradients in raw units", soft_routing},
    {"top-K: forward and gradients in raw units", top_k},
    {"gathered tokens", gathered_tokens},
    {"initial variances", initial_variances},
    {"single and double precision agree", precisions_agree},
};

SUITE("realization/network", tests)
