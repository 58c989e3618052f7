/* Optimizers: schedules and options, and coefficients by hand. validation/reference.py holds networks against PyTorch's conventions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scaling/optimizer.h"
#include "support/settings.h"
#include "support/suite.h"

/* ---------------------------------------------------------------- options and schedules */

/* Reads "key=value" words (blank separated) into *o; the status of the first failure. */
static int read_options(const char *settings, mdm_optimizer *o, mdm_error *err) {
  mdm_config *cfg = NULL;
  int status = try_configure(settings, &cfg, err);
  if (!status) status = mdm_optimizer_read(cfg, o, err);
  mdm_config_free(cfg);
  return status;
}

static void check_rates(const char *settings, size_t count, const size_t t[], const double factor[]) {
  mdm_optimizer o;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(read_options(settings, &o, &err), MDM_OK);
  for (size_t i = 0; i < count; i++) CU_ASSERT_DOUBLE_EQUAL(mdm_optimizer_rate(&o, t[i]), o.lr * factor[i], 1e-15);
}

/* Steps at the edges: the last one of the warm-up has the full rate, the first one after it too; step `steps`, the first one
 * that is not taken, would have the final rate. */
static void schedules(void) {
  const size_t edges[] = {0, 3, 4, 7, 9, 10};
  check_rates("train.lr=0.3 train.steps=10", 6, edges, (const double[]){1, 1, 1, 1, 1, 1});
  check_rates("train.lr=0.3 train.steps=10 train.final_lr=0.2", 6, edges, (const double[]){1, 1, 1, 1, 1, 1});
  check_rates("train.lr=0.3 train.steps=10 train.warmup=4", 6, edges, (const double[]){0.25, 1, 1, 1, 1, 1});
  check_rates("train.lr=0.3 train.steps=10 train.warmup=4 train.schedule=linear train.final_lr=0.2", 6, edges,
              (const double[]){0.25, 1, 1, 0.6, 1 - 0.8 * 5 / 6, 0.2});
  check_rates("train.lr=0.3 train.steps=10 train.warmup=4 train.schedule=cosine train.final_lr=0.2", 6, edges,
              (const double[]){0.25, 1, 1, 0.6, 0.2 + 0.4 * (1 - sqrt(0.75)), 0.2});
  check_rates("train.lr=2 train.steps=10 train.schedule=linear", 6, edges, (const double[]){1, 0.7, 0.6, 0.3, 0.1, 0});
  check_rates("train.lr=2 train.steps=10 train.schedule=cosine train.final_lr=1", 6, edges, (const double[]){1, 1, 1, 1, 1, 1});
  check_rates("train.steps=4 train.warmup=4 train.schedule=linear", 4, (const size_t[]){0, 2, 3, 4}, (const double[]){0.25, 0.75, 1, 1});
  check_rates("train.steps=0 train.schedule=cosine", 1, (const size_t[]){0}, (const double[]){1});
}

static void bad_options(void) {
  static const struct {
    const char *settings, *named;
  } bad[] = {
      {"train.optimizer=momentum train.momentum=1", "train.momentum"},
      {"train.optimizer=momentum train.momentum=1.5", "train.momentum"},
      {"train.optimizer=momentum train.momentum=-0.1", "train.momentum"},
      {"train.optimizer=adam train.adam.beta1=1", "train.adam.beta1"},
      {"train.optimizer=adam train.adam.beta2=1", "train.adam.beta2"},
      {"train.optimizer=adam train.adam.eps=-1", "train.adam.eps"},
      {"train.steps=10 train.warmup=11", "train.warmup = 11 exceeds train.steps = 10"},
      {"train.optimizer=adam train.weight_decay=0.1", "train.adam.weight_decay"},
      {"train.optimizer=adamw train.weight_decay=0.1", "train.adam.weight_decay"},
      {"train.optimizer=lion", "momentum"},
      {"train.schedule=step", "cosine"},
      {"train.decay_scale=global", "tensor"},
      {"train.final_lr=2", "train.final_lr"},
      {"train.clip=-1", "train.clip"},
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    mdm_optimizer o;
    mdm_error err = {0};
    CU_ASSERT_EQUAL(read_options(bad[i].settings, &o, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].named));
    CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
  }
}

/* What each name means, with the other optimizers' options set. */
static void names(void) {
  static const struct {
    const char *name;
    mdm_step_kind kind;
    double momentum, decay;
    int entrywise;
  } expected[] = {{"sgd", MDM_STEP_LINEAR, 0, 0.3, 0}, {"momentum", MDM_STEP_LINEAR, 0.7, 0.3, 0}, {"sign", MDM_STEP_SIGN, 0, 0.3, 1},
                  {"adam", MDM_STEP_ADAM, 0, 0, 1},    {"adamw", MDM_STEP_ADAM, 0, 0.2, 1}};
  for (size_t i = 0; i < COUNT(expected); i++) {
    char settings[256];
    mdm_optimizer o;
    mdm_error err = {0};
    snprintf(settings, sizeof settings, "train.optimizer=%s train.momentum=0.7 train.adam.weight_decay=0.2 train.clip=2 train.weight_decay=%g",
             expected[i].name, expected[i].kind == MDM_STEP_ADAM ? 0 : 0.3);
    CU_ASSERT_EQUAL_FATAL(read_options(settings, &o, &err), MDM_OK);
    CU_ASSERT_STRING_EQUAL(o.name, expected[i].name);
    CU_ASSERT_EQUAL(o.kind, expected[i].kind);
    CU_ASSERT_EQUAL(o.momentum, expected[i].momentum);
    CU_ASSERT_EQUAL(o.decay, expected[i].decay);
    CU_ASSERT_EQUAL(o.method.entrywise, expected[i].entrywise);
    CU_ASSERT_EQUAL(o.method.decays, expected[i].decay > 0);
    CU_ASSERT(o.method.norm && !o.method.global_eps && !o.method.tensor_decay);
  }
}

/* ---------------------------------------------------------------- coefficients by hand */

enum { SIX = 6 };
static const double one[MDM_TENSORS] = {1, 1, 1, 1, 1};

typedef struct {
  const mdm_regime *regime;
  const mdm_parameterization *p;
  mdm_sizes sizes, ratios; /* of a network, of the limit */
} setting;

static setting setting_of(int regime, int mssp) {
  static const char *const regimes[] = {"I", "II", "III"};
  setting s = {.regime = mdm_regime_find(regimes[regime])};
  s.p = mdm_parameterization_find(s.regime, mssp ? "mssp" : "mup");
  s.sizes = (mdm_sizes){SIX, 64, regime == 1 ? 3 : 32, regime == 0 ? 4 : 128, 2};
  s.ratios = (mdm_sizes){SIX, 1, regime == 1 ? 3 : 0.5, regime == 0 ? 4 : 2, 2};
  return s;
}

static void check_coefficients(const mdm_coefficients c[], const double learn[], const double eps[], const double decay[], const double norm[]) {
  for (int t = 0; t < MDM_TENSORS; t++) {
    CU_ASSERT_DOUBLE_EQUAL(c[t].learn, learn[t], 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c[t].eps, eps[t], 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c[t].decay, decay[t], 1e-12 * (decay[t] + 1));
    CU_ASSERT_DOUBLE_EQUAL(c[t].norm, norm[t], 1e-12);
  }
}

/* Adam, Table 1 of arXiv 2605.14200, in natural units. A step of Q, W1, W2, v changes every entry of A by η: f_c n_C × Adam rate
 * is N/N, N/N, (1/M) M N_e/N_e, N/N; that of W_in by D^½/D. ε over the raw gradient's size is 1, and D^-½ for W_in. The
 * norm, SGD rate × (raw gradient)² × entries: 1 for W_in, Q, v; for W1 and W2 N_e in Regime II, N_e/N in I and III. */
static void adam_coefficients(void) {
  const double d = 1 / sqrt(SIX), step[] = {d, 1, 1, 1, 1};
  for (int i = 0; i < 6; i++) {
    setting s = setting_of(i / 2, i % 2);
    double wide = i / 2 == 1 ? 3 : 0.5, Ne = s.sizes.Ne;
    const double norm[] = {1, 1, wide, wide, 1}, tensor[] = {1.0 / SIX, 1 / 64.0, 1 / 64.0, 1 / Ne, 1 / 64.0},
                 left[] = {1.0 / SIX, 0, 0, i / 2 == 1 ? 1 / 3.0 : 0, 0}; /* of `tensor`, at infinite scale */
    mdm_method method = {.entrywise = 1, .eps = 1, .decays = 1, .norm = 1};
    mdm_coefficients c[MDM_TENSORS];
    mdm_network_coefficients(s.regime, s.p, s.sizes, one, &method, c);
    check_coefficients(c, step, step, one, norm);
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(s.regime, s.p, s.ratios, one, &method, c, NULL), MDM_OK);
    check_coefficients(c, step, step, one, norm);
    method.tensor_decay = 1;
    mdm_network_coefficients(s.regime, s.p, s.sizes, one, &method, c);
    check_coefficients(c, step, step, tensor, norm);
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(s.regime, s.p, s.ratios, one, &method, c, NULL), MDM_OK);
    check_coefficients(c, step, step, left, norm);
  }
}

/* SGD: with each tensor's own rate decay grows with the width of W_in's rate N/D, which has no limit. */
static void sgd_decay(void) {
  for (int i = 0; i < 6; i++) {
    setting s = setting_of(i / 2, i % 2);
    double M = s.sizes.M, wide = i / 2 == 1 ? 3 : 0.5;
    const double learn[] = {1, 1, 1, wide, 1}, eps[] = {1 / sqrt(SIX), 1, 1, 1, 1}, norm[] = {1, 1, wide, wide, 1},
                 decay[] = {64.0 / SIX, M / 64, i / 2 == 1 ? M / 64 : M, i / 2 == 1 ? M * 64 : M, 1 / 64.0};
    mdm_method method = {.tensor_decay = 1, .decays = 1};
    mdm_coefficients c[MDM_TENSORS];
    mdm_error err = {0};
    mdm_network_coefficients(s.regime, s.p, s.sizes, one, &method, c);
    check_coefficients(c, learn, eps, decay, norm);
    CU_ASSERT_EQUAL(mdm_limit_coefficients(s.regime, s.p, s.ratios, one, &method, c, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "train.decay_scale: tensor"));
    method.decays = 0;
    CU_ASSERT_EQUAL(mdm_limit_coefficients(s.regime, s.p, s.ratios, one, &method, c, &err), MDM_OK);
  }
}

/* One ε for all tensors outgrows gradients that fall with the width: then only the readout learns. */
static void global_eps(void) {
  for (int i = 0; i < 6; i++) {
    setting s = setting_of(i / 2, i % 2);
    double M = s.sizes.M, gradient1 = i / 2 == 1 ? M : 64 * M;
    const double eps[] = {64 / sqrt(SIX), M, gradient1, 64 * M, 1};
    mdm_method method = {.entrywise = 1, .eps = 1, .global_eps = 1};
    mdm_coefficients c[MDM_TENSORS];
    mdm_network_coefficients(s.regime, s.p, s.sizes, one, &method, c);
    for (int t = 0; t < MDM_TENSORS; t++) CU_ASSERT_DOUBLE_EQUAL(c[t].eps, eps[t], 1e-12 * eps[t]);
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(s.regime, s.p, s.ratios, one, &method, c, NULL), MDM_OK);
    for (int t = 0; t < MDM_TENSORS; t++) {
      int learns = t == MDM_W_OUT || (t == MDM_Q && i / 2 == 0); /* Regime I: the router's gradient is 1/M, and M is fixed */
      CU_ASSERT_EQUAL(c[t].learn > 0, learns);
    }
    method.eps = 0; /* at ε = 0 its scale is of no matter */
    CU_ASSERT_EQUAL_FATAL(mdm_limit_coefficients(s.regime, s.p, s.ratios, one, &method, c, NULL), MDM_OK);
    for (int t = 0; t < MDM_TENSORS; t++) CU_ASSERT(c[t].learn > 0);
  }
}

static const test_case tests[] = {
    {"schedules at their edges", schedules},
    {"bad options", bad_options},
    {"what names mean", names},
    {"Adam's coefficients", adam_coefficients},
    {"SGD's decay with rates of its own", sgd_decay},
    {"one epsilon for all tensors", global_eps},
};

SUITE("scaling/optimizer", tests)
