/* The router of networks: selection, losses on it and their gradients, biases that balance; the norm of all gradients. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "realization/dense.h"
#include "support/bench.h"
#include "support/runs.h"
#include "support/suite.h"

enum { MOST = 64, WIDTH = 12 };

static const X(field) *psi_of(const bench *b, size_t l) { return X(moe_field)(b->program, MDM_TRAIN, MDM_PSI, l); }
static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* ---------------------------------------------------------------- losses by hand */

/* Balancing loss and z-loss, means over blocks, from logits and the selection alone. */
static void losses_by_hand(const bench *b, int importance, double *balance, double *z) {
  *balance = *z = 0;
  for (size_t l = 0; l < b->R->blocks; l++) {
    const X(field) *psi = psi_of(b, l);
    const X(routing) *routing = X(moe_routing)(b->program, MDM_TRAIN, l);
    size_t first = X(moe_shared)(b->program, l), n = psi->n - first;
    double share[MOST] = {0}, load[MOST] = {0}, taken = 0;
    for (size_t t = 0; t < P; t++) {
      const real *logit = psi->v + psi->n * t + first;
      double gates = 0, sum = 0;
      for (size_t m = 0; m < n; m++) gates += sigmoid(logit[m]) / (double)n, sum += exp(logit[m]) / (double)n;
      for (size_t m = 0; m < n; m++) share[m] += sigmoid(logit[m]) / gates / P;
      for (size_t m = 0; m < n && routing; m++) load[m] += routing->active[psi->n * t + first + m], taken += routing->active[psi->n * t + first + m];
      *z += log(sum) * log(sum) / P / (double)b->R->blocks;
    }
    for (size_t m = 0; m < n; m++)
      *balance += (importance ? share[m] * share[m] - 1 : share[m] * load[m] * (double)n / taken) / (double)n / (double)b->R->blocks;
  }
}

/* Coefficients of both losses times their values, after a forward pass. */
static double objective(bench *b, double c, double cz) {
  mdm_error err = {0};
  double balance, z;
  CU_ASSERT_FATAL(!X(moe_forward)(b->program, MDM_TRAIN, P, b->x, &err));
  X(moe_router_losses)(b->program, &balance, &z);
  return c * balance + cz * z;
}

/* What the losses add to ρ is their gradient: along entries of every Q, by finite differences; through the stream of later blocks, too. */
static void check_gradients(const char *settings, int importance) {
  const double c = 0.7, cz = 0.3, step = 1e-5;
  char line[400];
  bench with, without;
  double balance, z, hand[2], most = 0;
  snprintf(line, sizeof line, "%s train.balance_coefficient=%g train.z_loss=%g", settings, c, cz);
  bench_open(&with, line), bench_network(&with, WIDTH), bench_pass(&with);
  snprintf(line, sizeof line, "%s train.balance_coefficient=0 train.z_loss=0", settings);
  bench_open(&without, line), bench_network(&without, WIDTH), bench_pass(&without);
  X(moe_router_losses)(with.program, &balance, &z);
  losses_by_hand(&with, importance, &hand[0], &hand[1]);
  CU_ASSERT_DOUBLE_EQUAL(balance, hand[0], 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(z, hand[1], 1e-12);
  for (size_t l = 0; l < with.R->blocks; l++) {
    X(dense) *Q = (X(dense) *)with.R->matrix[l][MDM_Q];
    const X(field) *on = X(moe_field)(with.program, MDM_TRAIN, MDM_RHO, l), *off = X(moe_field)(without.program, MDM_TRAIN, MDM_RHO, l), *p = X(moe_field)(without.program, MDM_TRAIN, MDM_N, l);
    double added[MOST * P], stream[WIDTH * P];
    for (size_t i = 0; i < on->n * P; i++) added[i] = on->v[i] - off->v[i];
    memcpy(stream, p->v, p->n * P * sizeof *stream);
    for (size_t e = 0; e < Q->N * Q->G; e += 5) {
      double was = Q->A[e], slope = 0, expected = 0;
      for (int side = -1; side <= 1; side += 2) Q->A[e] = was + side * step, slope += side * objective(&with, c, cz) / (2 * step);
      Q->A[e] = was;
      for (size_t t = 0; t < P; t++) expected += with.problem->model.branch * added[e / Q->N + on->n * t] * stream[e % Q->N + Q->N * t] / (double)(on->n * Q->N);
      CU_ASSERT_DOUBLE_EQUAL(expected, slope, 1e-8);
      most = fmax(most, fabs(slope));
    }
  }
  CU_ASSERT(most > 1e-4);
  bench_close(&with), bench_close(&without);
}

static void losses_and_gradients(void) {
#define WARM "model.gate_temperature=0.5 model.init.router=2 "
  check_gradients(WARM "train.balance=importance", 1);
  check_gradients(WARM "train.balance=importance model.shared_fraction=0.25 model.depth=2 model.branch_exponent=1 model.norm=rms", 1);
  check_gradients(WARM "train.balance=switch model.active_fraction=0.5 model.shared_fraction=0.25 model.depth=2 model.branch_exponent=0.5 model.norm=rms", 0);
}

/* ---------------------------------------------------------------- selection */

/* Of the routed experts the K with the largest gate plus bias serve a token; the shared ones, which come first, serve all. After a step biases have lost
 * rate (load − K/M), with M and K of the routed ones. */
static void selection_and_biases(void) {
  static const char *const cases[] = {"model.router_bias_std=0.3", "model.router_bias_std=0.3 model.shared_fraction=0.25", "model.router_bias_std=0.3 model.shared_fraction=0.25 train.bias_update=sign"};
  for (size_t k = 0; k < COUNT(cases); k++) {
    bench b;
    char line[400];
    snprintf(line, sizeof line, "model.active_fraction=0.5 train.bias_rate=0.2 %s", cases[k]);
    bench_open(&b, line), bench_network(&b, WIDTH);
    for (int step = 0; step < 2; step++) {
      bench_pass(&b);
      const X(field) *psi = psi_of(&b, 0);
      const X(routing) *routing = X(moe_routing)(b.program, MDM_TRAIN, 0);
      size_t first = X(moe_shared)(b.program, 0), E = psi->n, K = 0;
      double bias[MOST], load[MOST] = {0};
      for (size_t m = 0; m < E; m++) bias[m] = X(moe_biases)(b.program, 0)[m];
      for (size_t m = first; m < E; m++) K += routing->active[m];
      for (size_t t = 0; t < P; t++)
        for (size_t m = 0; m < E; m++) {
          size_t larger = 0;
          for (size_t n = first; n < E; n++) larger += sigmoid(psi->v[n + E * t]) + bias[n] > sigmoid(psi->v[m + E * t]) + bias[m];
          CU_ASSERT_EQUAL(routing->active[m + E * t], m < first || larger < K);
          load[m] += routing->active[m + E * t] / (double)P;
        }
      bench_step(&b, 0.1);
      for (size_t m = first; m < E; m++) {
        double excess = load[m] - (double)K / (double)(E - first);
        if (k == 2) excess = excess > 1e-12 ? 1 : excess < -1e-12 ? -1 : 0;
        CU_ASSERT_DOUBLE_EQUAL(X(moe_biases)(b.program, 0)[m], bias[m] - 0.2 * excess, 1e-14);
      }
    }
    bench_close(&b);
  }
}

/* Equal logits: the first K. */
static void equal_logits(void) {
  bench b;
  bench_open(&b, "model.active_fraction=0.5 model.init.router=0"), bench_network(&b, WIDTH), bench_pass(&b);
  const X(routing) *routing = X(moe_routing)(b.program, MDM_TRAIN, 0);
  size_t E = psi_of(&b, 0)->n;
  for (size_t i = 0; i < E * P; i++) CU_ASSERT_EQUAL(routing->active[i], i % E < E / 2);
  bench_close(&b);
}

/* y and γ of an expert that served a token a step ago are exactly zero once it does not: here after the router has changed its sign, with narrow experts and wide ones. */
static void experts_that_no_longer_serve(void) {
  static const mdm_field fields[2] = {MDM_Y, MDM_GAMMA};
  static const char *const cases[] = {"model.active_fraction=0.5", "model.active_fraction=0.5 model.expert_width=16"};
  for (size_t k = 0; k < COUNT(cases); k++) {
    bench b;
    bench_open(&b, cases[k]), bench_network(&b, WIDTH), bench_pass(&b);
    X(dense) *Q = (X(dense) *)b.R->matrix[0][MDM_Q];
    const X(routing) *routing = X(moe_routing)(b.program, MDM_TRAIN, 0);
    size_t all = routing->experts * P, J = routing->neurons, left = 0;
    unsigned char *before = malloc(all); /* all */
    memcpy(before, routing->active, all);
    for (size_t i = 0; i < Q->N * Q->G; i++) Q->A[i] = -Q->A[i];
    bench_pass(&b);
    for (size_t f = 0; f < 2; f++) {
      const real *v = X(moe_field)(b.program, MDM_TRAIN, fields[f], 0)->v;
      for (size_t i = 0; i < all * J; i++) CU_ASSERT((v[i] != 0) == routing->active[i / J]);
    }
    for (size_t i = 0; i < all; i++) left += before[i] && !routing->active[i];
    CU_ASSERT(left > 0);
    free(before);
    bench_close(&b);
  }
}

/* ---------------------------------------------------------------- the norm of all gradients */

/* In the standard parameterization all rates are η, so one step moves the weights by η times the gradient. */
static void norm_of_the_gradient(void) {
  static const char *const names[] = {"W_in", "Q", "W1", "W2", "w_out"};
  mdm_outcome out;
  double square = 0;
  run_with_weights("model.parameterization=standard train.lr=0.01 train.clip=1000 train.steps=1 simulate.widths=8 simulate.seeds=1 simulate.precision=double", &out);
  for (size_t k = 0; k < COUNT(names); k++) {
    char path[2][64];
    for (int w = 0; w < 2; w++) snprintf(path[w], sizeof path[w], "weights/%s/%s", names[k], w ? "final" : "initial");
    const mdm_record *rec = out.networks[0].weights[0];
    const mdm_array *a = mdm_record_find(rec, path[0]);
    const double *from = values(rec, path[0]), *to = values(rec, path[1]);
    size_t n = 1;
    for (int d = 0; d < a->rank; d++) n *= a->dim[d];
    for (size_t i = 0; i < n; i++) square += pow((to[i] - from[i]) / 0.01, 2);
  }
  double norm = values(out.networks[0].each[0], "observables/train/gradient_norm")[0];
  CU_ASSERT(norm > 0.01);
  CU_ASSERT_DOUBLE_EQUAL(norm, sqrt(square), 1e-9 * norm);
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"losses and their gradients", losses_and_gradients},
    {"selection and biases", selection_and_biases},
    {"equal logits", equal_logits},
    {"experts that no longer serve", experts_that_no_longer_serve},
    {"norm of the gradient", norm_of_the_gradient},
};

SUITE("models/router", tests)
