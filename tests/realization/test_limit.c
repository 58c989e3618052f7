/* The limit against numbers and closed forms: published table, linear networks, kernels, top-K at K = M, limits that must agree. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "realization/dense.h"
#include "support/bench.h"
#include "support/cosine.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/suite.h"

/* ---------------------------------------------------------------- the table of the cosine set */

/* Predictions of an independent solution of the same limit: four replicas of 60,000 particles, tolerance 0.01 (Regime II,
 * α = 1, N_e = 3, tanh, sigmoid gate, η = 0.5), with their standard errors. */
static const struct {
  size_t t;
  double f[P], error[P];
} table[2][4] = {
    {{5, {0.4946, -0.2520, -0.3782, 0.3620}, {5e-4, 7e-4, 4e-4, 10e-4}},
     {10, {1.0838, -0.7615, -0.8829, 0.9320}, {2e-4, 8e-4, 3e-4, 7e-4}},
     {15, {1.0888, -0.9195, -0.9580, 0.9970}, {2e-4, 4e-4, 2e-4, 2e-4}},
     {24, {1.0292, -0.9816, -0.9857, 0.9978}, {1e-4, 1e-4, 1e-4, 1e-4}}},
    {{5, {0.2458, -0.1122, -0.1815, 0.1649}, {4e-4, 3e-4, 3e-4, 3e-4}},
     {10, {0.8367, -0.5045, -0.6583, 0.6802}, {8e-4, 9e-4, 8e-4, 5e-4}},
     {15, {1.1145, -0.8518, -0.9387, 0.9874}, {1e-4, 4e-4, 3e-4, 2e-4}},
     {24, {1.0510, -0.9637, -0.9784, 0.9965}, {1e-4, 1e-4, 1e-4, 1e-4}}}};

static void reproduces_the_table(void) {
  for (int k = 0; k < 2; k++) {
    mdm_outcome out;
    run_with(MDM_RUN_LIMIT, 0, k ? "model.parameterization=mup" : "model.parameterization=mssp", &out);
    const double *f = values(out.limit.summary, "observables/train/prediction"), *se = errors(out.limit.summary, "observables/train/prediction");
    for (size_t i = 0; i < 4; i++)
      for (size_t m = 0; m < P; m++) {
        size_t at = table[k][i].t * P + m;
        double combined = sqrt(se[at] * se[at] + table[k][i].error[m] * table[k][i].error[m]);
        CU_ASSERT(fabs(f[at] - table[k][i].f[m]) < 3 * combined + (table[k][i].t <= 10 ? 0.003 : 0));
        CU_ASSERT(se[at] < 1e-3);
      }
    for (size_t m = 0; m < P; m++) CU_ASSERT(fabs(f[m]) < 1e-6); /* f(0) = 0 */
    mdm_outcome_clear(&out);
  }
}

/* ---------------------------------------------------------------- linear networks */

#define LINEAR                                                                                                         \
  "model.activation=identity model.expert_activation=identity model.gate=constant solve.particles=2000 "              \
  "solve.expert_particles=200 solve.replicas=2 solve.precision=double solve.tolerance=1e-5 train.lr=0.05 train.steps=12 " \
  "output.kernels=false "
#define SCALES "model.experts_ratio=1.5 model.expert_width=2 model.expert_width_ratio=0.5 model.experts=4 model.init.input=0.7 model.init.expert_in=0.8 model.init.expert_out=1.2 "
static const double alpha = 1.5, Ne = 2, eps = 0.5, M = 4, s0 = 0.49, s1 = 0.64, s2 = 1.44; /* α, N_e, ε, M, σ_in², σ₁², σ₂² of SCALES */

/* Kernel regression with kernel k · gram from f = 0: B ← μ B + (k / P) gram (f − y) + λ f, f ← f − η B. */
static void regression(double k, double eta, double mu, double lambda, size_t steps, double *f) {
  double B[P] = {0};
  memset(f, 0, P * sizeof *f);
  for (size_t t = 0; t < steps; t++) {
    double e[P];
    for (size_t m = 0; m < P; m++) e[m] = (f[m] - cosine_target[m]) / P;
    for (size_t m = 0; m < P; m++) {
      B[m] = mu * B[m] + lambda * f[m];
      for (size_t n = 0; n < P; n++) B[m] += k * cosine_gram(m, n) * e[n];
    }
    for (size_t m = 0; m < P; m++) f[m] -= eta * B[m];
  }
}

/* Kernels at initialization, over gram, of W_in, Q, W1, W2, w_out: ⟨r²⟩, 0, ⟨b²⟩ learn/τ, learn ⟨u²⟩, ⟨a²⟩ by the coefficients of
 * each regime. In Regimes II and III under μP what rides on the aggregate's initial part has vanished. */
static const struct {
  const char *regime, *parameterization;
  double kernel[5];
} linear[] = {
    {"II", "mssp", {s1 * s2, 0, alpha * s2 * s0, Ne * s1 * s0, s1 * s2 * s0}}, {"II", "mup", {0, 0, 0, Ne * s1 * s0, 0}},
    {"I", "mssp", {s1 * s2 / M, 0, s2 * s0, eps * s1 * s0, s1 * s2 * s0 / M}}, {"I", "mup", {s1 * s2 / M, 0, s2 * s0, eps * s1 * s0, s1 * s2 * s0 / M}},
    {"III", "mssp", {s1 * s2, 0, s2 * s0, eps * s1 * s0, s1 * s2 * s0}},       {"III", "mup", {0, 0, s2 * s0, eps * s1 * s0, 0}},
};

/* f is linear in each tensor: when only one of them learns (and decays), training is kernel regression with that tensor's
 * kernel at initialization, which for a linear network is (a constant) × gram. Second moments are matched exactly, so the
 * limit has no sampling error here: the tolerance is that of the basis. */
static void check_one_tensor(const char *optimizer, double mu, double lambda) {
  static const char *const learns[5] = {"input", "router", "expert_in", "expert_out", "readout"};
  for (size_t row = 0; row < COUNT(linear); row++)
    for (int which = 0; which < 5; which++) {
      char settings[1024];
      int used = snprintf(settings, sizeof settings, LINEAR SCALES "model.regime=%s model.parameterization=%s %s ", linear[row].regime, linear[row].parameterization, optimizer);
      for (int t = 0; t < 5; t++)
        if (t != which) used += snprintf(settings + used, sizeof settings - (size_t)used, "train.lr_multiplier.%s=0 ", learns[t]);
      mdm_outcome out;
      run_with(MDM_RUN_LIMIT, 0, settings, &out);
      const double *f = values(out.limit.summary, "observables/train/prediction");
      for (size_t t = 0; t <= 12; t++) {
        double expected[P];
        regression(linear[row].kernel[which], 0.05, mu, lambda, t, expected);
        for (size_t m = 0; m < P; m++) CU_ASSERT_DOUBLE_EQUAL(f[t * P + m], expected[m], 2e-6);
      }
      mdm_outcome_clear(&out);
    }
}

static void one_tensor_of_a_linear_network(void) { check_one_tensor("", 0, 0); }

static void momentum_and_decay_of_a_linear_network(void) {
  check_one_tensor("train.optimizer=momentum train.momentum=0.6 train.weight_decay=0.7", 0.6, 0.7);
  check_one_tensor("train.weight_decay=0.7", 0, 0.7);
}

/* |G|² = −dL/dη = Σ_μν e_μ e_ν (kernel of all tensors), known at the start; a clipped first step is the step of that length. */
static void clipped_step_of_a_linear_network(void) {
  for (size_t row = 0; row < COUNT(linear); row++) {
    char settings[1024];
    snprintf(settings, sizeof settings, LINEAR SCALES "model.regime=%s model.parameterization=%s train.clip=0.1 train.steps=1", linear[row].regime, linear[row].parameterization);
    mdm_outcome out;
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    const double *f = values(out.limit.summary, "observables/train/prediction"), *norm = values(out.limit.summary, "observables/train/gradient_norm");
    double k = 0, square = 0;
    for (int t = 0; t < 5; t++) k += linear[row].kernel[t];
    for (size_t m = 0; m < P; m++)
      for (size_t n = 0; n < P; n++) square += k * cosine_gram(m, n) * cosine_target[m] * cosine_target[n] / (P * P);
    CU_ASSERT_DOUBLE_EQUAL(norm[0], sqrt(square), 1e-6);
    CU_ASSERT(norm[0] > 0.11); /* it is clipped */
    for (size_t m = 0; m < P; m++) { /* to second order in η */
      double slope = 0;
      for (size_t n = 0; n < P; n++) slope += 0.05 * 0.1 / norm[0] * k * cosine_gram(m, n) * cosine_target[n] / P;
      CU_ASSERT_DOUBLE_EQUAL(f[P + m], slope, 5e-5);
    }
    mdm_outcome_clear(&out);
  }
}

/* All tensors learn. By hand, the first step has no terms beyond the first order in η: the kernels add up. */
static void first_step_of_a_linear_network(void) {
  for (size_t row = 0; row < COUNT(linear); row++) {
    mdm_outcome out;
    char settings[1024];
    const double *k = linear[row].kernel;
    snprintf(settings, sizeof settings, LINEAR SCALES "train.lr=0.7 train.steps=1 model.regime=%s model.parameterization=%s", linear[row].regime, linear[row].parameterization);
    run_with(MDM_RUN_LIMIT, 0, settings, &out);
    const double *f = values(out.limit.summary, "observables/train/prediction");
    double expected[P];
    regression(k[0] + k[1] + k[2] + k[3] + k[4], 0.7, 0, 0, 1, expected);
    for (size_t m = 0; m < P; m++) CU_ASSERT_DOUBLE_EQUAL(f[P + m], expected[m], 2e-6);
    mdm_outcome_clear(&out);
  }
}

/* The equations of a linear network close on second moments, which are matched: two replicas agree to the basis'
 * tolerance at every step, whatever the random numbers. */
static void linear_networks_have_no_sampling_noise(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, LINEAR SCALES "train.lr=0.3 train.steps=20", &out);
  const double *se = errors(out.limit.summary, "observables/train/prediction"), *f = values(out.limit.summary, "observables/train/prediction");
  double worst = 0, largest = 0;
  for (size_t i = 0; i < 21 * P; i++) worst = fmax(worst, se[i]), largest = fmax(largest, fabs(f[i]));
  CU_ASSERT(worst < 1e-5);
  CU_ASSERT(largest > 0.5);
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- kernels */

/* Arcsine kernel ⟨erf(a) erf(b)⟩ of jointly normal a, b (Williams 1997), in terms of their covariances. */
static double arcsine(double aa, double bb, double ab) { return 2 / 3.14159265358979323846 * asin(2 * ab / sqrt((1 + 2 * aa) * (1 + 2 * bb))); }

/* At initialization the kernels of a network of error functions are arcsine kernels, layer by layer. */
static void initial_kernels_are_arcsine(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "model.activation=erf model.expert_activation=erf model.gate=constant train.steps=0 solve.replicas=16 "
           "solve.particles=8000 model.init.input=1.2 model.init.expert_in=1.3 model.init.expert_out=0.7", &out);
  const char *const paths[] = {"kernels/W1/forward", "kernels/W2/forward", "kernels/w_out/forward"};
  for (int layer = 0; layer < 3; layer++) {
    const double *k = values(out.limit.summary, paths[layer]), *se = errors(out.limit.summary, paths[layer]);
    for (size_t m = 0; m < P; m++)
      for (size_t n = 0; n < P; n++) {
        double mm = 1.44 * cosine_gram(m, m), nn = 1.44 * cosine_gram(n, n), h = arcsine(mm, nn, 1.44 * cosine_gram(m, n)), hm = arcsine(mm, mm, mm), hn = arcsine(nn, nn, nn);
        double y = arcsine(1.69 * hm, 1.69 * hn, 1.69 * h), expected = layer == 0 ? h : layer == 1 ? y : 0.49 * y;
        CU_ASSERT(fabs(k[m * P + n] - expected) < 4 * se[m * P + n] + 1e-4); /* 1e-4: tolerance² of the basis */
        CU_ASSERT(se[m * P + n] < 0.01);
      }
  }
  mdm_outcome_clear(&out);
}

/* The tangent kernel from the stored kernels predicts the first step of a small learning rate:
 *   Δf = −η Σ_μ K_νμ e_μ,  K = Φ_x G_in + Φ_h (G_Q + G_1) + N_e Φ_y G_δ' + Φ_a, with G the backward kernels per unit error.
 * e enters every backward kernel, so with targets ±1 and f = 0 they are divided by e_μ e_ν. */
static void first_step_follows_the_tangent_kernel(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "train.lr=1e-3 train.steps=1 solve.replicas=2 solve.precision=double output.times=[0]", &out);
  const mdm_record *r = out.limit.each[0]; /* one replica: the identity holds for each */
  const double *f = values(r, "observables/train/prediction");
  const double weight[5] = {1, 1, 3, 3, 1}; /* Q: mean over experts; W1: sum over the 3 neurons; W2: learn = N_e */
  const char *const tensors[5] = {"W_in", "Q", "W1", "W2", "w_out"};
  double df[P] = {0};
  for (int t = 0; t < 5; t++) {
    char forward[64], backward[64];
    snprintf(forward, sizeof forward, "kernels/%s/forward", tensors[t]);
    snprintf(backward, sizeof backward, "kernels/%s/backward", tensors[t]);
    const double *a = values(r, forward), *b = values(r, backward);
    for (size_t n = 0; n < P; n++)
      for (size_t m = 0; m < P; m++) {
        double en = -cosine_target[n] / P, em = -cosine_target[m] / P;
        df[n] -= 1e-3 * weight[t] * a[n * P + m] * b[n * P + m] / (en * em) * em;
      }
  }
  for (size_t n = 0; n < P; n++) CU_ASSERT(fabs(f[P + n] - f[n] - df[n]) < 0.01 * fabs(df[n]));
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- routing, laziness, precision */

static const char prediction[] = "observables/train/prediction";

/* Largest difference of predictions, and the largest standard error of one. */
static double distance_between(const mdm_outcome *a, const mdm_outcome *b, double *noise) {
  distance d = distance_of(a->limit.summary, prediction, b->limit.summary, prediction);
  *noise = d.largest_error;
  return d.largest;
}

/* All experts but one of ten thousand selected: the top-K code path, the soft limit. */
static void top_k_of_all_experts_is_soft(void) {
  const char *const base = "solve.particles=8000 solve.expert_particles=4000 solve.replicas=8 output.kernels=false train.steps=15 ";
  mdm_outcome soft, top, half;
  char settings[256];
  double noise;
  run_with(MDM_RUN_LIMIT, 0, base, &soft);
  snprintf(settings, sizeof settings, "%s model.active_fraction=0.9997", base);
  run_with(MDM_RUN_LIMIT, 0, settings, &top);
  CU_ASSERT(distance_between(&soft, &top, &noise) < 4 * noise);
  snprintf(settings, sizeof settings, "%s model.active_fraction=0.5", base);
  run_with(MDM_RUN_LIMIT, 0, settings, &half);
  CU_ASSERT(distance_between(&soft, &half, &noise) > 10 * noise);
  mdm_outcome_clear(&soft);
  mdm_outcome_clear(&top);
  mdm_outcome_clear(&half);
}

/* With v scaled up by s and η down by s², features move by 1/s: kernels freeze. */
static void large_readouts_are_lazy(void) {
  double moved[2];
  for (int k = 0; k < 2; k++) {
    mdm_outcome out;
    run_with(MDM_RUN_LIMIT, 0, k ? "model.readout_std=32 train.lr=0.00048828125 solve.particles=4000 solve.replicas=4 output.times=[0,24]"
                                 : "model.readout_std=8 train.lr=0.0078125 solve.particles=4000 solve.replicas=4 output.times=[0,24]", &out);
    const double *kernel = values(out.limit.summary, "kernels/W2/forward"), *loss = values(out.limit.summary, "observables/train/loss");
    double change = 0, size = 0;
    for (size_t m = 0; m < P; m++)
      for (size_t n = 0; n < P; n++) {
        double start = kernel[(0 * P + m) * 2 * P + 0 * P + n], end = kernel[(1 * P + m) * 2 * P + 1 * P + n];
        change += (end - start) * (end - start);
        size += start * start;
      }
    moved[k] = sqrt(change / size);
    CU_ASSERT(loss[24] < 0.25 * loss[0]); /* it learns all the same */
    mdm_outcome_clear(&out);
  }
  CU_ASSERT(moved[0] < 0.1);
  CU_ASSERT(moved[1] < 0.15 * moved[0]); /* ~ 1/s² = 1/16 where the first-order motion has no mean */
}

/* Regime I with soft routing: M alike experts are one dense network of M-fold width with one common gate. With the wider
 * network's constants translated (σ₂ → σ₂/√M, rates of W1 and W2 by M and 1/M), both limits are the same. */
static void soft_experts_are_one_dense_network(void) {
  const char *const base = "model.regime=I solve.particles=6000 solve.replicas=8 output.kernels=false train.steps=15 ";
  mdm_outcome experts, dense, other;
  char settings[512];
  double noise;
  snprintf(settings, sizeof settings, "%s model.experts=4", base);
  run_with(MDM_RUN_LIMIT, 0, settings, &experts);
  snprintf(settings, sizeof settings, "%s model.experts=1 model.expert_width_ratio=4 model.init.expert_out=0.5 train.lr_multiplier.expert_in=4 "
           "train.lr_multiplier.expert_out=0.25 seed=3", base);
  run_with(MDM_RUN_LIMIT, 0, settings, &dense);
  CU_ASSERT(distance_between(&experts, &dense, &noise) < 4 * noise);
  snprintf(settings, sizeof settings, "%s model.experts=1 seed=3", base);
  run_with(MDM_RUN_LIMIT, 0, settings, &other);
  CU_ASSERT(distance_between(&experts, &other, &noise) > 10 * noise);
  mdm_outcome_clear(&experts);
  mdm_outcome_clear(&dense);
  mdm_outcome_clear(&other);
}

/* With a constant gate all experts of Regime III MSSP stay tied: one dense layer of ε N neurons. Regime II has M N_e = α N_e N
 * of them. The limits agree at ε = α N_e once the rates of W1 and W2 are translated (1/α and α); with a router they do not. */
static void regimes_II_and_III_meet_without_router(void) {
  const char *const gates[2] = {"constant", "sigmoid"};
  for (int k = 0; k < 2; k++) {
    mdm_outcome second, third;
    char settings[512];
    double noise;
    snprintf(settings, sizeof settings, "model.gate=%s solve.particles=8000 solve.replicas=8 output.kernels=false train.steps=10 train.lr=0.3 "
             "model.experts_ratio=0.5 model.expert_width=2 train.lr_multiplier.expert_in=2 train.lr_multiplier.expert_out=0.5", gates[k]);
    run_with(MDM_RUN_LIMIT, 0, settings, &second);
    snprintf(settings, sizeof settings, "model.gate=%s solve.particles=8000 solve.replicas=8 output.kernels=false train.steps=10 train.lr=0.3 "
             "model.regime=III model.experts_ratio=0.5 model.expert_width_ratio=1 seed=4", gates[k]);
    run_with(MDM_RUN_LIMIT, 0, settings, &third);
    double apart = distance_between(&second, &third, &noise);
    if (k == 0) CU_ASSERT(apart < 4 * noise);
    if (k == 1) CU_ASSERT(apart > 6 * noise);
    mdm_outcome_clear(&second);
    mdm_outcome_clear(&third);
  }
}

/* μP and MSSP have different limits where the aggregate's initial part vanishes under μP. */
static void mup_and_mssp_differ(void) {
  const char *const regimes[2] = {"II", "III"};
  for (int k = 0; k < 2; k++) {
    mdm_outcome mup, mssp;
    char settings[256];
    double noise;
    snprintf(settings, sizeof settings, "model.regime=%s model.parameterization=mup solve.particles=6000 solve.replicas=4 output.kernels=false train.steps=10", regimes[k]);
    run_with(MDM_RUN_LIMIT, 0, settings, &mup);
    snprintf(settings, sizeof settings, "model.regime=%s model.parameterization=mssp solve.particles=6000 solve.replicas=4 output.kernels=false train.steps=10", regimes[k]);
    run_with(MDM_RUN_LIMIT, 0, settings, &mssp);
    CU_ASSERT(distance_between(&mup, &mssp, &noise) > 5 * noise);
    mdm_outcome_clear(&mup);
    mdm_outcome_clear(&mssp);
  }
}

static void precisions_agree(void) {
  mdm_outcome one, two;
  double noise;
  run_with(MDM_RUN_LIMIT, 0, "solve.particles=6000 solve.replicas=8 solve.precision=single output.kernels=false", &one);
  run_with(MDM_RUN_LIMIT, 0, "solve.particles=6000 solve.replicas=8 solve.precision=double seed=2 output.kernels=false", &two);
  CU_ASSERT(distance_between(&one, &two, &noise) < 4 * noise);
  mdm_outcome_clear(&one);
  mdm_outcome_clear(&two);
}

/* The router of counted experts is a part of every stream particle, with entries of the size that it asks for. */
static void size_of_a_counted_router(void) {
  double size[2], entry[2];
  for (int k = 0; k < 2; k++) {
    bench b;
    bench_open(&b, k ? "model.regime=I model.parameterization=mup model.init.router=3" : "model.regime=I model.parameterization=mup");
    bench_limit(&b, 2000, (size_t)mdm_model_limit_sizes(&b.problem->model).M, 60, 1e-2);
    const X(dense) *q = (const X(dense) *)b.R->matrix[0][MDM_Q];
    size[k] = cblas_dnrm2(q->N * q->G, q->A, 1) / sqrt((double)(q->N * q->G)), entry[k] = q->base.coef.entry;
    CU_ASSERT_DOUBLE_EQUAL(size[k], entry[k], 0.02 * entry[k]); /* but for the directions of its input, which it is kept away from */
    bench_close(&b);
  }
  CU_ASSERT_DOUBLE_EQUAL(entry[1], 3 * entry[0], 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(size[1], 3 * size[0], 1e-9);
}

static const test_case tests[] = {
    {"size of a counted router", size_of_a_counted_router},
    {"reproduces the table of the cosine set", reproduces_the_table},
    {"linear network, one tensor learns: kernel regression", one_tensor_of_a_linear_network},
    {"linear network, momentum and decay: kernel regression", momentum_and_decay_of_a_linear_network},
    {"linear network, clipped step", clipped_step_of_a_linear_network},
    {"linear network, first step", first_step_of_a_linear_network},
    {"linear network: no sampling noise", linear_networks_have_no_sampling_noise},
    {"initial kernels are arcsine kernels", initial_kernels_are_arcsine},
    {"first step follows the tangent kernel", first_step_follows_the_tangent_kernel},
    {"top-K of all experts is soft routing", top_k_of_all_experts_is_soft},
    {"Regime I: soft experts are one dense network", soft_experts_are_one_dense_network},
    {"Regimes II and III meet where there is no router", regimes_II_and_III_meet_without_router},
    {"muP and MSSP differ in Regimes II and III", mup_and_mssp_differ},
    {"large readouts are lazy", large_readouts_are_lazy},
    {"single and double precision agree", precisions_agree},
};

SUITE("realization/limit", tests)
