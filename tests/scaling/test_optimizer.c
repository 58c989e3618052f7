/* Optimizers: schedules and options, coefficients by hand, Adam's arithmetic, and optimizers that must coincide, in networks
 * and in the limit. validation/reference.py holds networks against PyTorch's conventions. */
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/vecmath.h"
#include "scaling/optimizer.h"
#include "suites.h"
#include "support/runs.h"

/* ---------------------------------------------------------------- options and schedules */

/* Reads "key=value" words (blank separated) into *o; the status of the first failure. */
static int read_options(const char *settings, mdm_optimizer *o, mdm_error *err) {
  mdm_config *cfg = NULL;
  char copy[512];
  snprintf(copy, sizeof copy, "%s", settings);
  int status = mdm_config_create(&cfg, err);
  for (char *rest = copy, *word; !status && (word = strtok_r(rest, " ", &rest));) status = mdm_config_set(cfg, word, err);
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
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
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
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
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

/* ---------------------------------------------------------------- Adam's arithmetic */

enum { LONGEST = 37, STEPS = 5 };

/* Gradients of several sizes; every fifth entry never has one, every seventh has only one in step 2. */
static double gradient(size_t i, size_t t) {
  if (i % 5 == 0 || (i % 7 == 3 && t != 2)) return 0;
  return cos(1.3 * (double)i + 2.1 * (double)t) * pow(10, -(double)(i % 6));
}

typedef struct {
  double beta1, beta2, eps, keep, clip;
} adam_case;

static mdm_entrywise numbers(const adam_case *c, size_t t) {
  const double eta = 0.1, k = (double)t + 1;
  return (mdm_entrywise){.clip = c->clip, .keep = c->keep, .rate = eta / (1 - pow(c->beta1, k)), .beta1 = c->beta1, .beta2 = c->beta2,
                         .eps = c->eps, .correct = 1 / sqrt(1 - pow(c->beta2, k))};
}

/* PyTorch's documentation of Adam, entry by entry; 0/0 moves nothing. */
static double plain_adam(const adam_case *c, size_t i, double A) {
  double m = 0, v = 0;
  for (size_t t = 0; t < STEPS; t++) {
    double g = c->clip * gradient(i, t), k = (double)t + 1;
    m = c->beta1 * m + (1 - c->beta1) * g;
    v = c->beta2 * v + (1 - c->beta2) * g * g;
    double below = sqrt(v / (1 - pow(c->beta2, k))) + c->eps;
    A = c->keep * A - (below > 0 ? 0.1 * m / (1 - pow(c->beta1, k)) / below : 0);
  }
  return A;
}

#define VECTOR_ADAM(NAME, TYPE, ADAM, TOLERANCE)                                                                       \
  static void NAME(const adam_case *c, size_t n, size_t offset) {                                                      \
    TYPE G[LONGEST + 4], m[LONGEST + 4] = {0}, v[LONGEST + 4] = {0}, A[LONGEST + 4];                                    \
    for (size_t i = 0; i < LONGEST + 4; i++) A[i] = (TYPE)sin((double)i);                                              \
    for (size_t t = 0; t < STEPS; t++) {                                                                               \
      mdm_entrywise s = numbers(c, t);                                                                                 \
      for (size_t i = 0; i < n; i++) G[offset + i] = (TYPE)gradient(i, t);                                             \
      ADAM(n, &s, G + offset, m + offset, v + offset, A + offset);                                                     \
    }                                                                                                                  \
    for (size_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(A[offset + i], plain_adam(c, i, (double)(TYPE)sin((double)(offset + i))), TOLERANCE); \
    for (size_t i = 0; i < LONGEST + 4; i++) /* nothing outside is touched */                                          \
      if (i < offset || i >= offset + n) CU_ASSERT(A[i] == (TYPE)sin((double)i) && m[i] == 0 && v[i] == 0);            \
  }
VECTOR_ADAM(vector_adam_f64, double, mdm_vec_adam_f64, 1e-15)
VECTOR_ADAM(vector_adam_f32, float, mdm_vec_adam_f32, 5e-7)

static void adam_entry_by_entry(void) {
  static const adam_case cases[] = {{0.9, 0.999, 1e-8, 1, 1}, {0.9, 0.99, 0.1, 0.95, 1}, {0.9, 0.999, 0, 0.9, 0.3}, {0, 0, 0, 1, 1},
                                    {0, 0.9, 1e4, 1, 2}};
  static const size_t lengths[] = {0, 1, 3, 4, 7, 8, 15, 16, 33, LONGEST};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
      for (size_t offset = 0; offset < 4; offset += 3) {
        vector_adam_f64(&cases[k], lengths[l], offset);
        vector_adam_f32(&cases[k], lengths[l], offset);
      }
}

/* ---------------------------------------------------------------- optimizers that coincide */

/* Predictions of all steps (steps × batch) under two settings. */
typedef struct {
  double worst; /* largest difference */
  double moved; /* largest distance from step 0 */
  double error; /* largest standard error (limit) */
} agreement;

static agreement compare(int what, const char *common, const char *first, const char *second, size_t steps) {
  const char *path = "observables/train/prediction", *each[] = {first, second};
  mdm_outcome out[2];
  const mdm_array *f[2];
  agreement a = {0};
  for (int k = 0; k < 2; k++) {
    char settings[1024];
    snprintf(settings, sizeof settings, "%s train.steps=%zu %s", common, steps, each[k]);
    run_with(what, 1, settings, &out[k]);
    const mdm_ensemble *e = what == MDM_RUN_LIMIT ? &out[k].limit : &out[k].networks[0];
    CU_ASSERT_EQUAL_FATAL(e->status, MDM_OK);
    f[k] = mdm_record_find(e->summary, path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f[k]);
  }
  for (size_t i = 0, batch = f[0]->dim[1] * f[0]->dim[2]; i < f[0]->dim[0] * batch; i++) {
    a.worst = fmax(a.worst, fabs(f[0]->value[i] - f[1]->value[i]));
    a.moved = fmax(a.moved, fabs(f[0]->value[i] - f[0]->value[i % batch]));
    if (what == MDM_RUN_LIMIT) a.error = fmax(a.error, f[0]->error[i]);
  }
  mdm_outcome_clear(&out[0]);
  mdm_outcome_clear(&out[1]);
  return a;
}

#define NETWORK "simulate.widths=32 simulate.seeds=1 "
#define LIMIT "solve.particles=300 solve.replicas=2 solve.precision=double "
#define FINE LIMIT "solve.tolerance=1e-6 solve.pairs=full "

/* Networks: every regime and both parameterizations; `ratio` is SGD's rate of W2 in natural units, where Adam's is 1. */
static const struct {
  const char *settings;
  double ratio;
} kinds[] = {
    {"model.regime=I model.expert_width_ratio=0.5 model.experts=3 model.parameterization=mup ", 0.5},
    {"model.regime=II model.expert_width=3 model.parameterization=mssp ", 3},
    {"model.regime=II model.expert_width=3 model.parameterization=mup ", 3},
    {"model.regime=II model.expert_width=9 model.active_fraction=0.25 train.batch=2 ", 9},
    {"model.regime=III model.expert_width_ratio=0.5 model.parameterization=mup ", 0.5},
    {"model.regime=III model.expert_width_ratio=0.5 model.parameterization=mssp ", 0.5},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static agreement with_kind(int what, size_t kind, const char *common, const char *first, const char *second, size_t steps) {
  char settings[512];
  snprintf(settings, sizeof settings, "%s%s", common, kinds[kind].settings);
  agreement a = compare(what, settings, first, second, steps);
  CU_ASSERT(a.moved > 0.01);
  return a;
}

/* With β1 = 0 and a huge ε, Adam's step is rate/ε × gradient. */
static agreement huge_eps(int what, size_t kind, const char *common) {
  char adam[256];
  snprintf(adam, sizeof adam, "train.optimizer=adam train.adam.beta1=0 train.adam.eps=1e6 train.lr=0.3e6 train.lr_multiplier.expert_out=%g",
           kinds[kind].ratio);
  return with_kind(what, kind, common, "train.lr=0.3", adam, 6);
}

/* What is left is √v/ε. */
static void adam_becomes_sgd(void) {
  for (size_t k = 0; k < KINDS; k++) CU_ASSERT(huge_eps(MDM_RUN_NETWORKS, k, NETWORK).worst < 1e-5);
}

/* With β1 = μ, Adam's steps are (1−μ)/(1−μ^t) times those of momentum: 1 and 1/(1+μ) in the first two. A linear schedule
 * with final rate (1−μ)/(1+μ) has the same factors over two steps. */
static void adam_becomes_momentum(void) {
  const char *momentum = "train.optimizer=momentum train.momentum=0.5 train.lr=0.3 train.schedule=linear train.final_lr=0.33333333333333333";
  for (size_t k = 0; k < KINDS; k++) {
    char adam[256];
    snprintf(adam, sizeof adam, "train.optimizer=adam train.adam.beta1=0.5 train.adam.eps=1e6 train.lr=0.3e6 train.lr_multiplier.expert_out=%g",
             kinds[k].ratio);
    CU_ASSERT(with_kind(MDM_RUN_NETWORKS, k, NETWORK, momentum, adam, 2).worst < 1e-5);
    CU_ASSERT(with_kind(MDM_RUN_LIMIT, k, FINE, momentum, adam, 2).worst < 1e-5);
  }
}

/* Adam without memory and ε takes the sign of the gradient; in the limit both fill the table of pairs. */
static void adam_becomes_sign(void) {
  const char *sign = "train.lr=0.02 train.optimizer=sign train.weight_decay=0.5",
             *adam = "train.lr=0.02 train.optimizer=adamw train.adam.weight_decay=0.5 train.adam.beta1=0 train.adam.beta2=0 train.adam.eps=0";
  for (size_t k = 0; k < KINDS; k++) {
    CU_ASSERT(with_kind(MDM_RUN_NETWORKS, k, NETWORK, sign, adam, 6).worst < 1e-10);
    CU_ASSERT(with_kind(MDM_RUN_LIMIT, k, LIMIT, sign, adam, 6).worst < 1e-10);
  }
}

/* The limit by two ways: thin factors hold what SGD learns, a table of pairs what Adam learns. They differ by √v/ε and by
 * directions below the tolerance, which pairs learn and thin factors do not: far below the standard error. */
static void pairs_agree_with_thin_factors(void) {
  for (size_t k = 0; k < KINDS; k++) {
    agreement a = huge_eps(MDM_RUN_LIMIT, k, FINE);
    CU_ASSERT(a.worst < 1e-5);
    CU_ASSERT(a.worst < 0.01 * a.error);
  }
}

/* AdamW's decay is SGD's where the rates of W2 agree too, at N_e = 1 or N_e = N: initial and learned parts shrink alike. */
static void decay_agrees(void) {
  const char *const equal[] = {"model.regime=I model.expert_width_ratio=1 model.experts=3", "model.regime=II model.expert_width=1",
                               "model.regime=III model.expert_width_ratio=1 model.parameterization=mup", "model.regime=III model.expert_width_ratio=1"};
  const char *sgd = "train.lr=0.3 train.weight_decay=0.2",
             *adamw = "train.optimizer=adamw train.adam.beta1=0 train.adam.eps=1e6 train.lr=0.3e6 train.adam.weight_decay=0.2e-6";
  for (size_t k = 0; k < sizeof equal / sizeof *equal; k++)
    for (int limit = 0; limit < 2; limit++) {
      char settings[512];
      snprintf(settings, sizeof settings, "%s%s", limit ? FINE : NETWORK, equal[k]);
      agreement a = compare(limit ? MDM_RUN_LIMIT : MDM_RUN_NETWORKS, settings, sgd, adamw, 6);
      CU_ASSERT(a.moved > 0.01);
      CU_ASSERT(a.worst < 1e-5);
    }
}

int suite_optimizer(void) {
  CU_pSuite s = CU_add_suite("optimizer", NULL, NULL);
  if (!s || !CU_add_test(s, "schedules at their edges", schedules) || !CU_add_test(s, "bad options", bad_options) ||
      !CU_add_test(s, "what names mean", names) || !CU_add_test(s, "Adam's coefficients", adam_coefficients) ||
      !CU_add_test(s, "SGD's decay with rates of its own", sgd_decay) || !CU_add_test(s, "one epsilon for all tensors", global_eps) ||
      !CU_add_test(s, "Adam entry by entry", adam_entry_by_entry) || !CU_add_test(s, "Adam with a huge epsilon is SGD", adam_becomes_sgd) ||
      !CU_add_test(s, "Adam with a huge epsilon is momentum", adam_becomes_momentum) ||
      !CU_add_test(s, "Adam without memory is sign", adam_becomes_sign) ||
      !CU_add_test(s, "limit: pairs agree with thin factors", pairs_agree_with_thin_factors) ||
      !CU_add_test(s, "decay of AdamW and SGD agree", decay_agrees))
    return CU_get_error();
  return CUE_SUCCESS;
}
