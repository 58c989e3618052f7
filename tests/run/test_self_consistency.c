/* Self-consistency sweeps against the causal pass, exact linear networks, and themselves. */
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "problem/orders.h"
#include "suites.h"
#include "support/runs.h"

enum { P = 4, STEPS = 6 };
#define SMALL "solve.particles=1500 solve.expert_particles=300 solve.replicas=6 train.steps=6 output.kernels=false output.statistics=false "

/* RMS over predictions of the difference of two arrays, and of the combined standard errors. */
static double distance(const mdm_record *a, const char *path_a, const mdm_record *b, const char *path_b, double *error) {
  const double *x = values(a, path_a), *y = values(b, path_b), *ex = errors(a, path_a), *ey = errors(b, path_b);
  double sum = 0, square = 0;
  for (size_t i = 0; i < (STEPS + 1) * P; i++) {
    sum += (x[i] - y[i]) * (x[i] - y[i]);
    square += ex[i] * ex[i] + ey[i] * ey[i];
  }
  *error = sqrt(square / ((STEPS + 1) * P));
  return sqrt(sum / ((STEPS + 1) * P));
}

static const char causal[] = "observables/train/prediction", swept[] = "sweeps/observables/train/prediction";

static double largest(const mdm_sweeps *s, const char *path) {
  const double *v = values(s->record, path);
  double most = 0;
  for (size_t i = 0; i < s->sweeps; i++) most = fmax(most, v[i]);
  return most;
}

/* ---------------------------------------------------------------- linear networks: no sampling noise */

/* With matched moments a linear network has no sampling noise, so that new particles under the order parameters of the causal pass
 * must find these again, all tensors learning, in all regimes, with momentum and decay. */
static void linear_networks_are_exactly_self_consistent(void) {
  static const char *const cases[] = {
      "model.regime=II model.parameterization=mssp", "model.regime=II model.parameterization=mup", "model.regime=I model.experts=3",
      "model.regime=III model.parameterization=mssp", "model.regime=III model.parameterization=mup",
      "train.optimizer=momentum train.momentum=0.6 train.weight_decay=0.5", "train.weight_decay=0.5 train.clip=0.3 train.schedule=cosine"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char settings[1024];
    mdm_outcome out;
    snprintf(settings, sizeof settings,
             SMALL "model.activation=identity model.expert_activation=identity model.gate=constant solve.replicas=3 solve.precision=double "
                   "solve.tolerance=1e-5 train.lr=0.05 solve.sweeps=3 solve.settled=4 model.experts_ratio=1.5 model.expert_width_ratio=0.5 %s", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    CU_ASSERT_EQUAL(out.sweeps.sweeps, 3);
    CU_ASSERT(largest(&out.sweeps, "sweeps/residual/f") < 1e-7);
    CU_ASSERT(largest(&out.sweeps, "sweeps/residual/kernels") < 1e-7);
    CU_ASSERT(largest(&out.sweeps, "sweeps/residual/actions") < 1e-7);
    CU_ASSERT(out.sweeps.difference < 1e-8);
    mdm_outcome_clear(&out);
  }
}

/* ---------------------------------------------------------------- residuals at the noise */

/* The causal pass is self-consistent: sweeps from it stand at the noise at once, and their mean agrees with it. */
static void causal_pass_is_self_consistent(void) {
  static const char *const cases[] = {
      "model.regime=II model.parameterization=mssp",  "model.regime=II model.parameterization=mup",
      "model.regime=III model.parameterization=mssp", "model.regime=III model.parameterization=mup",
      "model.regime=I model.experts=4",               "model.regime=I model.experts=4 model.active=2 model.router_bias_std=0.3",
      "model.active_fraction=0.5",                    "data.train=12 train.batch=4 data.test=3",
      "train.optimizer=momentum train.lr=0.1 train.weight_decay=0.3"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char settings[1024];
    mdm_outcome out;
    double error;
    snprintf(settings, sizeof settings, SMALL "solve.sweeps=6 %s", cases[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    CU_ASSERT(out.sweeps.converged);
    CU_ASSERT(distance(out.sweeps.record, swept, out.limit.summary, causal, &error) < 2.5 * error);
    CU_ASSERT_DOUBLE_EQUAL(out.sweeps.difference_error, error, 1e-12 + 1e-9 * error);
    CU_ASSERT(values(out.sweeps.record, "sweeps/residual/actions")[0] > 0);
    mdm_outcome_clear(&out);
  }
}

/* From far away, a network that does not learn, every way of mixing comes to the solution of the causal pass. */
static void sweeps_from_afar_find_the_causal_solution(void) {
  static const char *const mixings[] = {"average", "damped", "anderson"};
  mdm_outcome out[3];
  double error;
  for (int i = 0; i < 3; i++) {
    char settings[1024];
    snprintf(settings, sizeof settings, SMALL "solve.sweeps=40 solve.start=lazy solve.mixing=%s", mixings[i]);
    run_with(MDM_RUN_LIMIT, 0, settings, &out[i]);
    CU_ASSERT(out[i].sweeps.converged);
    CU_ASSERT(values(out[i].sweeps.record, "sweeps/residual/f")[0] > 0.5); /* it is far */
    CU_ASSERT(distance(out[i].sweeps.record, swept, out[i].limit.summary, causal, &error) < 3 * error);
    if (i) CU_ASSERT(distance(out[i].sweeps.record, swept, out[0].sweeps.record, swept, &error) < 3 * error);
  }
  for (int i = 0; i < 3; i++) mdm_outcome_clear(&out[i]);
}

/* ---------------------------------------------------------------- reproducibility */

static void same_array(const mdm_record *a, const mdm_record *b, const char *path) {
  const mdm_array *x = mdm_record_find(a, path), *y = mdm_record_find(b, path);
  CU_ASSERT_FATAL(x && y && x->dim[0] == y->dim[0]);
  size_t n = 1;
  for (int i = 0; i < x->rank; i++) n *= x->dim[i];
  CU_ASSERT(!memcmp(x->value, y->value, n * sizeof *x->value));
}

static void threads_change_nothing(void) {
  mdm_outcome one, many;
  run_with(MDM_RUN_LIMIT, 1, SMALL "solve.sweeps=3 solve.mixing=anderson", &one);
  run_with(MDM_RUN_LIMIT, 3, SMALL "solve.sweeps=3 solve.mixing=anderson", &many);
  same_array(one.sweeps.record, many.sweeps.record, swept);
  same_array(one.sweeps.record, many.sweeps.record, "sweeps/residual/kernels");
  mdm_outcome_clear(&one);
  mdm_outcome_clear(&many);
}

/* The causal pass measures order parameters without being changed by it. */
static void causal_pass_stays_the_same(void) {
  mdm_outcome without, with;
  run_with(MDM_RUN_LIMIT, 0, SMALL, &without);
  run_with(MDM_RUN_LIMIT, 0, SMALL "solve.sweeps=1", &with);
  CU_ASSERT_PTR_NULL(without.sweeps.record);
  same_array(without.limit.summary, with.limit.summary, causal);
  CU_ASSERT_EQUAL(with.sweeps.sweeps, 1);
  CU_ASSERT_EQUAL(with.sweeps.converged, 0);
  mdm_outcome_clear(&without);
  mdm_outcome_clear(&with);
}

/* ---------------------------------------------------------------- factors and responses */

/* Fields of three steps with two samples in four dimensions: Φ = XᵀX is given back by its factor, and a causal response survives
 * the way to an action and back in what it does. */
static void factors_give_kernels_and_actions_back(void) {
  enum { T = 3, B = 2, N = T * B, DIM = 4 };
  double X[DIM][N], x[N + 5 * N * N] = {0}, before[N * N], after[N * N];
  mdm_problem problem = {.steps = T - 1, .batch = B, .model = {.outputs = 1}};
  mdm_coefficients coef[MDM_TENSORS] = {[MDM_W1] = {.Vf = 1}};
  mdm_layout l;
  mdm_given g;
  mdm_error err;
  mdm_layout_init(&l, &problem, coef, 1);
  CU_ASSERT_FATAL(l.size <= sizeof x / sizeof *x);
  for (int i = 0; i < DIM; i++)
    for (int t = 0; t < N; t++) X[i][t] = sin(1.3 * i + 2.1 * t + 0.7 * i * t);
  for (size_t b = 0; b < l.blocks; b++)
    for (size_t e = 0; e < l.block[b].count && l.block[b].kind == MDM_KIND_KERNEL; e++)
      for (int i = 0; i < DIM; i++) x[l.block[b].at + e] += X[i][e / N] * X[i][e % N];
  double *R = mdm_layout_action(&l, x, MDM_W1, MDM_SIDE_ROWS);
  for (size_t t = 0; t < N; t++)
    for (size_t s = 0; s < (t / B + 1) * B; s++) R[t * N + s] = cos(0.4 * (double)(t * t) + 1.1 * (double)s);
  CU_ASSERT_EQUAL_FATAL(mdm_given_create(&g, &l, x, 1e-6, 1, &err), MDM_OK);
  const mdm_factor *f = &g.factor[MDM_ORDER_H];
  const double *phi = mdm_layout_kernel(&l, x, MDM_ORDER_H);
  CU_ASSERT_EQUAL(f->k, DIM);
  for (size_t t = 0; t < N; t++)
    for (size_t s = 0; s < N; s++) {
      double sum = 0;
      for (size_t k = 0; k < f->k; k++) sum += f->D[k + f->k * t] * f->D[k + f->k * s];
      CU_ASSERT_DOUBLE_EQUAL(sum, phi[t * N + s], 1e-10);
    }
  const mdm_block *b = NULL;
  for (size_t i = 0; i < l.blocks; i++)
    if (l.block[i].kind == MDM_KIND_ACTION) b = &l.block[i];
  mdm_given_action(&g, b, before);
  for (size_t t = 0; t < N; t++) /* A = R Φ on the past */
    for (size_t s = 0; s < N; s++) {
      double sum = 0;
      for (size_t u = 0; u < N && s / B <= t / B; u++) sum += R[t * N + u] * phi[u * N + s];
      CU_ASSERT_DOUBLE_EQUAL(before[t * N + s], sum, 1e-9);
    }
  memcpy(R, before, sizeof before);
  CU_ASSERT_EQUAL(mdm_given_responses(&g, x, &err), MDM_OK);
  mdm_given_clear(&g);
  CU_ASSERT_EQUAL_FATAL(mdm_given_create(&g, &l, x, 1e-6, 1, &err), MDM_OK);
  mdm_given_action(&g, b, after);
  for (size_t e = 0; e < N * N; e++) CU_ASSERT_DOUBLE_EQUAL(after[e], before[e], 1e-8);
  mdm_given_clear(&g);
}

/* ---------------------------------------------------------------- refusals */

static void refuses(const char *setting, const char *word) {
  mdm_config *cfg;
  mdm_data *data;
  mdm_outcome out;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_set(cfg, "solve.sweeps=2", &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_set(cfg, setting, &err), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_run(cfg, data, MDM_RUN_LIMIT, NULL, &out, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
  mdm_outcome_clear(&out);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static void impossible_sweeps_are_refused(void) {
  refuses("train.optimizer=adam", "allowed: sgd, momentum");
  refuses("train.optimizer=sign", "allowed: sgd, momentum");
  refuses("solve.replicas=2", "solve.replicas >= 3");
  refuses("train.steps=1000", "at most 4000");
}

int suite_sweeps(void) {
  CU_pSuite s = CU_add_suite("sweeps", NULL, NULL);
  if (!s || !CU_add_test(s, "factors give kernels and actions back", factors_give_kernels_and_actions_back) ||
      !CU_add_test(s, "linear networks are exactly self-consistent", linear_networks_are_exactly_self_consistent) ||
      !CU_add_test(s, "the causal pass is self-consistent", causal_pass_is_self_consistent) ||
      !CU_add_test(s, "sweeps from afar find the causal solution", sweeps_from_afar_find_the_causal_solution) ||
      !CU_add_test(s, "threads change nothing", threads_change_nothing) ||
      !CU_add_test(s, "the causal pass stays the same", causal_pass_stays_the_same) ||
      !CU_add_test(s, "impossible sweeps are refused", impossible_sweeps_are_refused))
    return CU_get_error();
  return CUE_SUCCESS;
}
