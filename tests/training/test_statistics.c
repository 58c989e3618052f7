/* Distributions, loads, differences between experts and alignment: against closed forms and sums written out here; and that
 * measuring them changes nothing. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/summary.h"
#include "scaling/vanishing.h"
#include "support/arrays.h"
#include "support/bench.h"
#include "support/cosine.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/suite.h"
#include "training/observe.h"

/* ---------------------------------------------------------------- distributions with a known limit */

/* In Regime II initial logits are Gaussian over experts with variance σ_q² ⟨h²⟩, ⟨h²⟩ the arcsine kernel for error functions; a
 * sigmoid gate is a monotone function of them. */
static void initial_logits_are_gaussian(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "model.activation=erf train.steps=0 solve.replicas=16 solve.particles=6000 model.init.router=1.4 "
           "output.histogram.bins=9 output.histogram.range=1.5", &out);
  const mdm_record *r = out.limit.summary;
  const double *psi = values(r, "statistics/psi/sample_quantile"), *se = errors(r, "statistics/psi/sample_quantile");
  const double *g = values(r, "statistics/g/sample_quantile"), *se_g = errors(r, "statistics/g/sample_quantile");
  const double *bins = values(r, "statistics/psi/histogram"), *se_b = errors(r, "statistics/psi/histogram"), *edge = values(r, "statistics/psi/edge");
  double expected[11] = {0}, total = 0;
  for (size_t m = 0; m < P; m++) {
    double sigma = 1.4 * sqrt(2 / 3.14159265358979323846 * asin(2 * cosine_gram(m, m) / (1 + 2 * cosine_gram(m, m))));
    for (size_t k = 0; k < MDM_QUANTILES; k++) {
      double normal = sigma * gsl_cdf_ugaussian_Pinv(mdm_probability[k]);
      CU_ASSERT(fabs(psi[m * MDM_QUANTILES + k] - normal) < 4 * se[m * MDM_QUANTILES + k] + 2e-3);
      CU_ASSERT(fabs(g[m * MDM_QUANTILES + k] - 1 / (1 + exp(-normal))) < 4 * se_g[m * MDM_QUANTILES + k] + 5e-4);
      CU_ASSERT(se[m * MDM_QUANTILES + k] < 0.03);
    }
    for (size_t k = 0; k < 11; k++)
      expected[k] += ((k < 10 ? gsl_cdf_ugaussian_P(edge[k] / sigma) : 1) - (k ? gsl_cdf_ugaussian_P(edge[k - 1] / sigma) : 0)) / P;
  }
  for (size_t k = 0; k < 11; k++) {
    CU_ASSERT(fabs(bins[k] - expected[k]) < 4.5 * se_b[k] + 1e-4);
    total += bins[k];
  }
  CU_ASSERT_DOUBLE_EQUAL(total, 1, 1e-12);
  mdm_outcome_clear(&out);
}

/* A constant gate shares alike: no divergence. Under top-K loads have mean K/M and a divergence below log M/K. */
static void loads(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, "model.gate=constant train.steps=3 solve.particles=400 solve.replicas=2 simulate.widths=8 simulate.seeds=2", &out);
  const mdm_record *both[2] = {out.limit.summary, out.networks[0].summary};
  for (int k = 0; k < 2; k++)
    for (int t = 0; t < 4; t++) {
      CU_ASSERT_DOUBLE_EQUAL(values(both[k], "observables/router/load_mean")[t], 1, 1e-12);
      CU_ASSERT_DOUBLE_EQUAL(values(both[k], "observables/router/load_kl")[t], 0, 1e-12);
      CU_ASSERT_DOUBLE_EQUAL(values(both[k], "observables/router/share_kl")[t], 0, 1e-12);
    }
  mdm_outcome_clear(&out);
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, "model.active_fraction=0.25 train.steps=3 solve.particles=800 solve.replicas=2 simulate.widths=16 simulate.seeds=2", &out);
  both[0] = out.limit.summary;
  both[1] = out.networks[0].summary;
  for (int k = 0; k < 2; k++)
    for (int t = 0; t < 4; t++) {
      double kl = values(both[k], "observables/router/load_kl")[t];
      CU_ASSERT_DOUBLE_EQUAL(values(both[k], "observables/router/load_mean")[t], 0.25, 1e-12);
      CU_ASSERT(kl > 0.1 && kl < log(4));
      const double *q = values(both[k], "statistics/load/quantile");
      CU_ASSERT(q[1] == 0 && q[7] <= 1 && q[7] > 0.25 && (isnan(q[0]) != 0) == k && (isnan(q[8]) != 0) == k); /* 16 experts have no quantile of 1 % */
      CU_ASSERT(values(both[k], "statistics/g/quantile")[1] > 0.4); /* of active experts alone: no zeros */
    }
  mdm_outcome_clear(&out);
  run_with(MDM_RUN_NETWORKS, 0, "model.active_fraction=0.25 model.gate=constant train.steps=1 simulate.widths=16 simulate.seeds=1", &out);
  const mdm_record *r = out.networks[0].each[0]; /* shares are those of the selection */
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/router/share_kl")[0], values(r, "observables/router/load_kl")[0], 1e-12);
  mdm_outcome_clear(&out);
}

/* Linear gates of both signs: shares are those of |g|. In Regime II initial gates are Gaussian over experts, and the entropy of the
 * shares is −E[p log p], p = |x|/E|x|, x normal: −(log π − γ)/2 with Euler's constant. */
static void shares_of_linear_gates(void) {
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, "model.gate=linear train.steps=3 train.lr=0.1 solve.particles=8000 solve.replicas=8 simulate.widths=12 simulate.seeds=3", &out);
  const mdm_record *both[2] = {out.limit.summary, out.networks[0].summary};
  for (int k = 0; k < 2; k++)
    for (int t = 0; t < 4; t++) {
      double entropy = values(both[k], "observables/router/entropy")[t], share = values(both[k], "observables/router/share_kl")[t];
      CU_ASSERT(entropy < -0.05 && entropy > -log(12)); /* Gaussian logits: |g| differ among experts */
      CU_ASSERT(share > 0 && share < -entropy);         /* the mutual information of sample and expert is positive */
      CU_ASSERT(values(both[k], "observables/router/load_std")[t] < 1);
      CU_ASSERT_DOUBLE_EQUAL(values(both[k], "observables/router/load_mean")[t], 1, 1e-12);
    }
  double se = errors(both[0], "observables/router/entropy")[0];
  check_near("entropy of Gaussian gates", values(both[0], "observables/router/entropy")[0], -0.5 * (log(3.14159265358979323846) - 0.57721566490153286), 4 * se + 2e-4);
  CU_ASSERT(se < 5e-3);
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- experts, summed from raw weights */

enum { N = 5, M = 5, NE = 3 };

/* The K experts with the largest logits: u and y of every neuron, and the part of f that they contribute (f is the mean of the
 * K), for one input. */
static void plain_experts(const mdm_record *w, int K, const double *x, double u[M][NE], double y[M][NE], double part[M]) {
  const double *W_in = values(w, "weights/W_in/initial"), *Q = values(w, "weights/Q/initial"), *W1 = values(w, "weights/W1/initial"),
               *W2 = values(w, "weights/W2/initial"), *v = values(w, "weights/w_out/initial");
  double h[N] = {0}, psi[M] = {0};
  for (int i = 0; i < N; i++) {
    for (int d = 0; d < D; d++) h[i] += W_in[i * D + d] * x[d];
    h[i] = tanh(h[i]);
    for (int m = 0; m < M; m++) psi[m] += Q[m * N + i] * h[i];
  }
  for (int m = 0, a = 0; m < M; m++) {
    int larger = 0;
    for (int l = 0; l < M; l++) larger += psi[l] > psi[m];
    if (larger >= K) continue;
    part[a] = 0;
    for (int j = 0; j < NE; j++) {
      u[a][j] = 0;
      for (int i = 0; i < N; i++) u[a][j] += W1[(m * NE + j) * N + i] * h[i];
      double g_phi = tanh(u[a][j]) / (1 + exp(-psi[m]));
      y[a][j] = g_phi * M / K;
      for (int i = 0; i < N; i++) part[a] += v[i] * W2[(m * N + i) * NE + j] * g_phi;
    }
    a++;
  }
}

/* Of K experts: mean over pairs of different neurons of one expert minus the squared mean, added to *between; the variance over
 * all neurons, added to *total; the squared mean, added to *mean2. */
static void add_moments(int K, double c[M][NE], double *between, double *total, double *mean2) {
  double pairs = 0, square = 0, mean = 0;
  for (int m = 0; m < K; m++)
    for (int j = 0; j < NE; j++) {
      mean += c[m][j] / (K * NE);
      square += c[m][j] * c[m][j] / (K * NE);
      for (int k = 0; k < NE; k++) pairs += k != j ? c[m][j] * c[m][k] / (K * NE * (NE - 1)) : 0;
    }
  *between += pairs - mean * mean;
  *total += square - mean * mean;
  *mean2 += mean * mean;
}

/* Logits and sigmoid gates at a temperature of 1/2, from initial weights: P × M. */
static void plain_gates(const mdm_record *w, double psi[P][M], double gate[P][M]) {
  const double *W_in = values(w, "weights/W_in/initial"), *Q = values(w, "weights/Q/initial");
  for (size_t k = 0; k < P; k++) {
    double x[D], h[N] = {0};
    cosine_input(k, x);
    for (int i = 0; i < N; i++) {
      for (int d = 0; d < D; d++) h[i] += W_in[i * D + d] * x[d];
      h[i] = tanh(h[i]);
    }
    for (int m = 0; m < M; m++) {
      psi[k][m] = 0;
      for (int i = 0; i < N; i++) psi[k][m] += 2 * Q[m * N + i] * h[i];
      gate[k][m] = 1 / (1 + exp(-psi[k][m]));
    }
  }
}

static double initial_loss(const char *settings) {
  mdm_outcome out;
  run_with(MDM_RUN_NETWORKS, 0, settings, &out);
  double loss = values(out.networks[0].summary, "observables/train/loss")[0];
  mdm_outcome_clear(&out);
  return loss;
}

/* What a router does, from raw weights; its overlap is the gradient of the loss along the logits without their temperature, by finite differences of its size. */
static void router_from_raw_weights(void) {
#define WARM "train.steps=0 simulate.widths=5 simulate.seeds=1 model.gate_temperature=0.5 "
  double psi[P][M], gate[P][M], entropy = 0, variance = 0, load[M] = {0}, square = 0;
  mdm_outcome out;
  run_with_weights(WARM, &out);
  const mdm_record *r = out.networks[0].each[0];
  plain_gates(out.networks[0].weights[0], psi, gate);
  for (size_t k = 0; k < P; k++) {
    double mean = 0, total = 0;
    for (int m = 0; m < M; m++) mean += psi[k][m] / M, total += gate[k][m];
    for (int m = 0; m < M; m++) {
      double share = gate[k][m] / total;
      variance += (psi[k][m] - mean) * (psi[k][m] - mean) / (M * P);
      entropy -= share * log(share * M) / P;
      load[m] += share * M / P;
    }
  }
  for (int m = 0; m < M; m++) square += (load[m] - 1) * (load[m] - 1) / M;
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/router/logit_std")[0], sqrt(variance), 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/router/entropy")[0], entropy, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/router/load_std")[0], sqrt(square), 1e-12);
  double slope = (initial_loss(WARM "model.init.router=1.0001") - initial_loss(WARM "model.init.router=0.9999")) / 2e-4;
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/overlap/Q")[0], slope / P, 1e-7 * fabs(slope));
  CU_ASSERT(fabs(slope) > 1e-3);
  mdm_outcome_clear(&out);
}

/* Biases after one step of the sign rule, ± rate: an expert that serves more than K/M of the tokens has lost, by raw weights. Their spread over experts. */
static void spread_of_biases(void) {
  double psi[P][M], gate[P][M], mean = 0;
  mdm_outcome out;
  run_with_weights("train.steps=1 simulate.widths=5 simulate.seeds=1 model.active_fraction=0.6 train.bias_rate=0.1 train.bias_update=sign", &out);
  plain_gates(out.networks[0].weights[0], psi, gate);
  for (int m = 0; m < M; m++) {
    int served = 0;
    for (size_t k = 0; k < P; k++) {
      int larger = 0;
      for (int l = 0; l < M; l++) larger += psi[k][l] > psi[k][m];
      served += larger < 3;
    }
    mean += (served > 0.6 * P ? -0.1 : 0.1) / M;
  }
  const double *std = values(out.networks[0].each[0], "observables/router/bias_std");
  CU_ASSERT(std[0] == 0 && fabs(mean) > 0.01);
  CU_ASSERT_DOUBLE_EQUAL(std[1], sqrt(0.01 - mean * mean), 1e-12);
  mdm_outcome_clear(&out);
}

/* Twins' logits differ by the noise of both: it is half of the square of their difference. */
static void difference_of_twins(void) {
  bench b;
  mdm_record *rec;
  X(observer) *o = NULL;
  mdm_error err = {0};
  double square = 0;
  bench_open(&b, "model.regime=III model.parameterization=mup output.kernels=false output.statistics=false");
  mdm_coefficients coef[MDM_TENSORS];
  const mdm_model *m = &b.problem->model;
  mdm_shape shape = {.stream = 300, .experts = 60, .neurons = 20, .neuron_weight = mdm_neuron_weight(m->regime, mdm_model_limit_sizes(m)), .twins = 1};
  mdm_model_shape(m, 60, m->heads.width, NULL, &shape);
  CU_ASSERT_FATAL(!mdm_model_limit(m, &b.problem->optimizer, coef, NULL, &err) && !X(limit_create)(&shape, coef, 1e-3, NULL, 3, 0, &b.R, &err));
  bench_program(&b, &b.problem->reduced);
  CU_ASSERT_FATAL(!mdm_record_create(&rec, &err) && !X(observer_create)(b.problem, b.R, rec, &o, &err));
  bench_pass(&b);
  bench_step(&b, 0.5);
  bench_pass(&b);
  CU_ASSERT(X(observe_fields)(o, b.program, 1, b.e));
  CU_ASSERT(!X(observe_end)(o, b.R, 0, &err));
  const X(field) *f = X(moe_field)(b.program, MDM_TRAIN, MDM_PSI, 0);
  for (size_t i = 0; i < f->n * f->P; i++) square += (f->v[i] - f->twin[i]) * (f->v[i] - f->twin[i]) / (double)(f->n * f->P);
  CU_ASSERT(square > 0);
  CU_ASSERT_DOUBLE_EQUAL(values(rec, "diagnostics/twin_difference")[0], sqrt(square / 2), 1e-12);
  X(observer_free)(o);
  mdm_record_free(rec);
  bench_close(&b);
}

static void check_experts(const char *settings, int K) {
  mdm_outcome out;
  run_with_weights(settings, &out);
  const mdm_record *r = out.networks[0].each[0];
  double bu = 0, tu = 0, by = 0, ty = 0, bs = 0, ts = 0, mean2 = 0, unused = 0, contribution = 0, e2 = 0;
  for (size_t k = 0; k < P; k++) {
    double x[D], u[M][NE], y[M][NE], square[M][NE], part[M], f = 0, f2 = 0, e = (values(r, "observables/train/prediction")[k] - cosine_target[k]) / P;
    cosine_input(k, x);
    plain_experts(out.networks[0].weights[0], K, x, u, y, part);
    for (int m = 0; m < K; m++) {
      f += part[m] / K;
      f2 += part[m] * part[m] / K;
      for (int j = 0; j < NE; j++) square[m][j] = y[m][j] * y[m][j];
    }
    CU_ASSERT_DOUBLE_EQUAL(f, values(r, "observables/train/prediction")[k], 1e-13);
    add_moments(K, u, &bu, &tu, &unused);
    add_moments(K, y, &by, &ty, &unused);
    add_moments(K, square, &bs, &ts, &mean2);
    contribution += e * e * (f2 - f * f);
    e2 += e * e;
  }
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/experts/between_u")[0], bu / tu, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/experts/between_y")[0], by / ty, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/experts/power_spread")[0], bs / mean2, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/experts/contribution_variance")[0], contribution / e2, 1e-11);
  CU_ASSERT(contribution > 0 && bs != 0 && bu != 0);
  mdm_outcome_clear(&out);
}

static void experts_from_raw_weights(void) {
  check_experts("train.steps=0 simulate.widths=5 simulate.seeds=1", M);
  check_experts("train.steps=0 simulate.widths=5 simulate.seeds=1 model.active_fraction=0.6", 3);
}

/* Alignments follow from the stored kernels. */
static void alignment_of_stored_kernels(void) {
  static const char *const kernels[3] = {"kernels/W1/forward", "kernels/W2/forward", "kernels/w_out/forward"};
  static const char *const alignments[3] = {"statistics/alignment/h", "statistics/alignment/y", "statistics/alignment/a"};
  mdm_outcome out;
  run_with(MDM_RUN_NETWORKS, 0, "train.steps=4 output.times=[0,4] simulate.widths=9 simulate.seeds=1", &out);
  const mdm_record *r = out.networks[0].each[0];
  for (int a = 0; a < 3; a++)
    for (size_t t = 0; t < 2; t++) {
      double k[P * P], work[P];
      for (size_t i = 0; i < P; i++)
        for (size_t j = 0; j < P; j++) k[i * P + j] = values(r, kernels[a])[((t * P + i) * 2 + t) * P + j];
      CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, cosine_target, 0, work), values(r, alignments[a])[t], 1e-12);
    }
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- nothing else changes */

/* Every array of the first is bit by bit the same in the second, but for run times. */
static void check_unchanged(const mdm_record *plain, const mdm_record *measured) {
  size_t compared = 0;
  for (size_t i = 0; i < mdm_record_count(plain); i++) {
    const mdm_array *a = mdm_record_at(plain, i), *b = mdm_record_find(measured, a->path);
    if (is_time(a)) continue;
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    int same = same_array(a, b);
    if (!same) fprintf(stderr, "differs: %s\n", a->path);
    CU_ASSERT(same);
    compared++;
  }
  CU_ASSERT(compared > 30);
  CU_ASSERT(mdm_record_count(measured) > mdm_record_count(plain) + 20);
}

static void measuring_changes_nothing(void) {
  static const char *const cases[] = {"output.responses=true", "train.batch=3 data.train=9 data.test=3 solve.tolerance=0.05", "model.regime=III solve.particles=3000",
                                      "model.regime=III model.parameterization=mup solve.particles=2000", "model.regime=I model.parameterization=mup",
                                      "model.active_fraction=0.5 data.train=12"};
  for (size_t k = 0; k < COUNT(cases); k++) {
    mdm_outcome plain, measured;
    char settings[512];
    snprintf(settings, sizeof settings, "train.steps=6 solve.particles=1000 solve.replicas=1 simulate.widths=12 simulate.seeds=1 output.times=[0,1,3,6] output.statistics=false %s", cases[k]);
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, settings, &plain);
    strcat(settings, " output.statistics=true output.ntk=true");
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, settings, &measured);
    check_unchanged(plain.limit.summary, measured.limit.summary);
    check_unchanged(plain.networks[0].summary, measured.networks[0].summary);
    mdm_outcome_clear(&plain);
    mdm_outcome_clear(&measured);
  }
}

/* ---------------------------------------------------------------- networks approach the limit */

/* Mean over seeds of wide networks against the limit: errors of both, and 2/N of the array's size. */
static void networks_approach_the_limit(void) {
  static const char *const paths[] = {"observables/router/load_kl", "observables/experts/power_spread", "observables/experts/contribution_variance",
                                      "statistics/psi/sample_quantile", "statistics/g/quantile", "statistics/psi/histogram",
                                      "statistics/load/quantile", "statistics/alignment/h", "statistics/alignment/a",
                                      "statistics/ntk/total", "statistics/ntk/Q", "statistics/ntk/alignment"};
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, "train.steps=12 output.times=[0,6,12] output.ntk=true solve.particles=8000 solve.replicas=6 simulate.widths=68 simulate.seeds=24", &out);
  for (size_t k = 0; k < COUNT(paths); k++) {
    distance d = distance_of(out.limit.summary, paths[k], out.networks[0].summary, paths[k]);
    int close = d.rms < 2.5 * d.rms_error + 2.0 / 64 * d.size;
    if (!close) fprintf(stderr, "%s: %g from the limit, noise %g, size %g\n", paths[k], d.rms, d.rms_error, d.size);
    CU_ASSERT(close);
    CU_ASSERT(d.rms_error < 0.35 * d.size);
  }
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"initial logits are Gaussian", initial_logits_are_gaussian},
    {"loads", loads},
    {"shares of linear gates", shares_of_linear_gates},
    {"experts: sums from raw weights", experts_from_raw_weights},
    {"router: sums from raw weights", router_from_raw_weights},
    {"spread of biases", spread_of_biases},
    {"difference of twins", difference_of_twins},
    {"alignment of stored kernels", alignment_of_stored_kernels},
    {"measuring changes nothing", measuring_changes_nothing},
    {"networks approach the limit", networks_approach_the_limit},
};

SUITE("training/statistics", tests)
