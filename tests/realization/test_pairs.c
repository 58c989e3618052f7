/* The limit of optimizers that are not linear: skeletons of few pivots against the table of all pairs, and networks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "realization/pairs.h"
#include "scaling/vanishing.h"
#include "support/bench.h"
#include "support/cosine.h"
#include "support/runs.h"
#include "support/suite.h"

#define ADAM                                                                                                           \
  "train.optimizer=adam train.adam.eps=0.1 train.adam.beta2=0.99 train.lr=0.1 train.steps=8 solve.particles=900 "      \
  "solve.replicas=4 solve.precision=double output.kernels=false "

/* A skeleton of few pivots gives what the table of all pairs gives on the same particles: to a tenth of the sampling error of
 * one replica, in every regime and routing; and held-out particles tell its error. */
static void skeletons_stand_for_all_pairs(void) {
  static const char *const cases[] = {"model.regime=II model.parameterization=mssp", "model.regime=II model.parameterization=mup model.active_fraction=0.5",
                                      "model.regime=I model.parameterization=mup", "model.regime=III model.parameterization=mup solve.expert_particles=100 solve.neuron_particles=12",
                                      "model.regime=III model.parameterization=mssp solve.expert_particles=100 solve.neuron_particles=200 train.optimizer=adamw"};
  for (size_t i = 0; i < COUNT(cases); i++) {
    mdm_outcome full, skeleton;
    char settings[1024];
    snprintf(settings, sizeof settings, ADAM "%s solve.pairs=full", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &full);
    snprintf(settings, sizeof settings, ADAM "%s solve.pivots=48", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &skeleton);
    const double *f = values(full.limit.summary, "observables/train/prediction"), *g = values(skeleton.limit.summary, "observables/train/prediction"),
                 *se = errors(full.limit.summary, "observables/train/prediction");
    double difference = 0, spread = 0;
    for (size_t k = 0; k < 9 * P; k++) difference += (f[k] - g[k]) * (f[k] - g[k]), spread += 4 * se[k] * se[k];
    CU_ASSERT(difference > 0 && difference < 0.01 * spread);
    double error = *values(skeleton.limit.summary, "diagnostics/skeleton_error_W1_forward");
    CU_ASSERT(error > 0 && error < 0.05);
    CU_ASSERT_EQUAL(*values(full.limit.summary, "diagnostics/skeleton_error_W1_forward"), 0);
    mdm_outcome_clear(&full);
    mdm_outcome_clear(&skeleton);
  }
}

/* One solution shared between threads is the same, bit for bit, with all pairs and with a skeleton. */
static void threads_of_one_solution(void) {
  for (int k = 0; k < 2; k++) {
    mdm_outcome one, three;
    const char *settings = k ? ADAM "solve.replicas=1 solve.pairs=full" : ADAM "solve.replicas=1 solve.pivots=32";
    run_with(MDM_RUN_LIMIT, 1, settings, &one);
    run_with(MDM_RUN_LIMIT, 3, settings, &three);
    CU_ASSERT(!memcmp(values(one.limit.summary, "observables/train/prediction"), values(three.limit.summary, "observables/train/prediction"), 9 * P * sizeof(double)));
    mdm_outcome_clear(&one);
    mdm_outcome_clear(&three);
  }
}

/* The mean over networks approaches the limit under Adam with decay, clipping and a schedule: at N = 96 it is there within
 * 4 combined standard errors plus the 1/N shift measured between N = 48 and N = 96. */
static void networks_approach_the_adam_limit(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0,
           ADAM "train.optimizer=adamw train.adam.weight_decay=0.5 train.clip=0.3 train.schedule=cosine train.warmup=2 solve.particles=3000 train.lr=0.4 train.adam.eps=0.03 "
                "simulate.widths=[48,96] simulate.seeds=[192,192]", &out);
  const double *f = values(out.limit.summary, "observables/train/prediction"), *se = errors(out.limit.summary, "observables/train/prediction");
  const double *n[2], *ne[2];
  for (int w = 0; w < 2; w++) {
    n[w] = values(out.networks[w].summary, "observables/train/prediction");
    ne[w] = errors(out.networks[w].summary, "observables/train/prediction");
  }
  double largest = 0;
  for (size_t k = 0; k < 9 * P; k++) {
    double error = sqrt(se[k] * se[k] + ne[1][k] * ne[1][k]), shift = fabs(n[1][k] - n[0][k]) + hypot(ne[0][k], ne[1][k]);
    CU_ASSERT(fabs(n[1][k] - f[k]) < 4 * error + shift);
    if (fabs(f[k]) > largest) largest = fabs(f[k]);
  }
  CU_ASSERT(largest > 0.2); /* it learned */
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- products of a skeleton, by hand */

enum { PIVOTS = 3, ROWS = 60, COLS = 80 };

/* A matrix of one large direction and some small ones, below what the inverse of the core keeps (1e-2 of its norm) and above. */
static double entry(size_t i, size_t j) {
  double a = (double)i, b = (double)j;
  return 1 + 0.3 * sin(a) * cos(b) + 0.01 * cos(1.7 * a + 0.9 * b * b);
}

/* W1 of a limit under Adam, whose learned part is that matrix; from its pivots alone, as a step leaves them. */
static X(pairs) *open_skeleton(bench *b) {
  mdm_coefficients coef[MDM_TENSORS];
  mdm_error err = {0};
  bench_open(b, "train.optimizer=adam train.adam.eps=0.1");
  const mdm_model *m = &b->problem->model;
  mdm_shape shape = {.stream = COLS, .experts = ROWS / 3, .neurons = 3, .neuron_weight = 3, .blocks = 1};
  CU_ASSERT_FATAL(!mdm_model_limit(m, &b->problem->optimizer, coef, NULL, &err));
  CU_ASSERT_FATAL(!X(limit_create)(&shape, coef, 1e-3, &(mdm_pair_scheme){PIVOTS}, 3, 0, &b->R, &err));
  bench_program(b, &b->problem->reduced);
  bench_pass(b);
  X(pairs) *A = (X(pairs) *)b->R->matrix[0][MDM_W1];
  CU_ASSERT_FATAL(!A->full && A->base.rows == ROWS && A->base.cols == COLS && A->pivots[MDM_ROWS].n == PIVOTS);
  for (size_t k = 0; k < PIVOTS + MDM_HELD_PIVOTS; k++) {
    for (size_t i = 0; i < ROWS; i++) A->pivots[MDM_COLS].entries[i + ROWS * k] = entry(i, A->pivots[MDM_COLS].index[k]);
    for (size_t j = 0; j < COLS; j++) A->pivots[MDM_ROWS].entries[j + COLS * k] = entry(A->pivots[MDM_ROWS].index[k], j);
    for (size_t l = 0; l < PIVOTS + MDM_HELD_PIVOTS; l++) A->between[l + (PIVOTS + MDM_HELD_PIVOTS) * k] = entry(A->pivots[MDM_ROWS].index[l], A->pivots[MDM_COLS].index[k]);
  }
  const mdm_step still = {.by = &b->problem->optimizer, .rate = 0, .clip = 1};
  CU_ASSERT_FATAL(!A->base.ops->step(&A->base, &still, X(moe_field)(b->program, MDM_TRAIN, MDM_H, 0), X(moe_field)(b->program, MDM_TRAIN, MDM_GAMMA, 0), NULL, &err));
  return A;
}

/* inverse ← (WᵀW + λ²)⁻¹ Wᵀ with λ = 1e-2 |W|, by Cramer's rule. */
static void invert(double W[PIVOTS][PIVOTS], double inverse[PIVOTS][PIVOTS]) {
  double G[3][3] = {{0}}, norm = 0, cofactor[3][3], det = 0;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      norm += W[i][j] * W[i][j];
      for (int k = 0; k < 3; k++) G[i][j] += W[k][i] * W[k][j];
    }
  for (int i = 0; i < 3; i++) G[i][i] += 1e-4 * norm;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      int a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
      cofactor[i][j] = G[a][c] * G[b][d] - G[a][d] * G[b][c];
    }
  for (int j = 0; j < 3; j++) det += G[0][j] * cofactor[0][j];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      inverse[i][j] = 0;
      for (int k = 0; k < 3; k++) inverse[i][j] += cofactor[k][i] / det * W[j][k];
    }
}

/* y = f_J s/n + W⁺ (s Σ A f/N − W f_J s/n) over this side's pivots for one token of a field; turned: W and W⁺ are transposed. */
static void weights_of_pivots(const X(pairs) *A, mdm_side from, double s, const X(field) *f, size_t t, double y[PIVOTS]) {
  const size_t *mine = A->pivots[from].index, *other = A->pivots[!from].index;
  double W[PIVOTS][PIVOTS], inverse[PIVOTS][PIVOTS], rest[PIVOTS];
  for (size_t i = 0; i < PIVOTS; i++)
    for (size_t j = 0; j < PIVOTS; j++) W[i][j] = entry(A->pivots[MDM_ROWS].index[i], A->pivots[MDM_COLS].index[j]);
  invert(W, inverse);
  for (size_t k = 0; k < PIVOTS; k++) y[k] = s * f->v[mine[k] + f->n * t] / PIVOTS;
  for (size_t k = 0; k < PIVOTS; k++) {
    rest[k] = 0;
    for (size_t j = 0; j < f->n; j++) rest[k] += s / (double)f->n * (from == MDM_COLS ? entry(other[k], j) : entry(j, other[k])) * f->v[j + f->n * t];
    for (size_t j = 0; j < PIVOTS; j++) rest[k] -= (from == MDM_COLS ? W[k][j] : W[j][k]) * y[j];
  }
  for (size_t k = 0; k < PIVOTS; k++)
    for (size_t j = 0; j < PIVOTS; j++) y[k] += (from == MDM_COLS ? inverse[k][j] : inverse[j][k]) * rest[j];
}

static void check_product(X(pairs) *A, mdm_side from, double s, const X(field) *f) {
  const X(matrix_ops) *whole = A->base.ops, *thin = A->thin->base.ops;
  size_t n = from == MDM_COLS ? ROWS : COLS;
  double got[COLS * P], drawn[COLS * P], y[PIVOTS], error = 0, total = 0;
  X(field) result = {.n = n, .P = P, .v = got}, part = {.n = n, .P = P, .v = drawn};
  mdm_error err = {0};
  CU_ASSERT(!(from == MDM_COLS ? whole->forward(&A->base, f, NULL, &result, &err) : whole->backward(&A->base, f, NULL, 0, &result, &err)));
  CU_ASSERT(!(from == MDM_COLS ? thin->forward(&A->thin->base, f, NULL, &part, &err) : thin->backward(&A->thin->base, f, NULL, 0, &part, &err)));
  for (size_t t = 0; t < P; t++) {
    weights_of_pivots(A, from, s, f, t, y);
    for (size_t i = 0; i < n; i++) {
      double sum = 0;
      for (size_t k = 0; k < PIVOTS; k++) sum += (from == MDM_COLS ? entry(i, A->pivots[from].index[k]) : entry(A->pivots[from].index[k], i)) * y[k];
      CU_ASSERT_DOUBLE_EQUAL(got[i + n * t] - drawn[i + n * t], sum, 1e-10);
    }
    for (size_t k = PIVOTS; k < PIVOTS + MDM_HELD_PIVOTS; k++) { /* held out: against all pairs */
      size_t i = A->pivots[!from].index[k];
      double exact = 0;
      for (size_t j = 0; j < f->n; j++) exact += s / (double)f->n * (from == MDM_COLS ? entry(i, j) : entry(j, i)) * f->v[j + f->n * t];
      error += pow(got[i + n * t] - drawn[i + n * t] - exact, 2);
      total += pow(drawn[i + n * t] + exact, 2);
    }
  }
  CU_ASSERT(error > 1e-8 * total);
  CU_ASSERT_DOUBLE_EQUAL(A->error[from == MDM_ROWS], sqrt(error / total), 1e-10);
}

static void products_of_a_skeleton_by_hand(void) {
  bench b;
  X(pairs) *A = open_skeleton(&b);
  check_product(A, MDM_COLS, 1, X(moe_field)(b.program, MDM_TRAIN, MDM_H, 0));
  check_product(A, MDM_ROWS, A->base.coef.tau, X(moe_field)(b.program, MDM_TRAIN, MDM_GAMMA, 0));
  bench_close(&b);
}

static const test_case tests[] = {
    {"products of a skeleton by hand", products_of_a_skeleton_by_hand},
    {"skeletons stand for all pairs", skeletons_stand_for_all_pairs},
    {"threads of one solution", threads_of_one_solution},
    {"networks approach the Adam limit", networks_approach_the_adam_limit},
};

SUITE("realization/pairs", tests)
