/* Distributions, loads, differences between experts, alignment and tangent kernel: against closed forms, finite differences
 * and sums written out here; and that measuring them changes nothing. */
#include <CUnit/CUnit.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/summary.h"
#include "problem/problem.h"
#include "models/moe.h"
#include "training/tangent.h"
#include "suites.h"
#include "support/runs.h"

enum { P = 4, D = 6 };
static const double target[P] = {1, -1, -1, 1};

/* ---------------------------------------------------------------- summaries of known numbers */

/* Of 1 … n, quantile p of this estimator is p (n + 1/3) + 1/3, inside 1 … n. */
static void quantiles_of_known_numbers(void) {
  double x[10], q[MDM_QUANTILES];
  for (int i = 0; i < 10; i++) x[i] = (double)((7 * i) % 10) + 1; /* a permutation */
  mdm_quantiles(10, x, q);
  for (int k = 0; k < MDM_QUANTILES; k++)
    CU_ASSERT_DOUBLE_EQUAL(q[k], fmin(10, fmax(1, mdm_probability[k] * (10 + 1.0 / 3) + 1.0 / 3)), 1e-12);
  static double many[10007]; /* the permutation 3 i of the residues of a prime, and an atom of a fifth of them */
  for (size_t i = 0; i < 10007; i++) many[i] = fmax(2001, (double)((3 * i) % 10007));
  mdm_quantiles(10007, many, q);
  for (int k = 0; k < MDM_QUANTILES; k++)
    CU_ASSERT_DOUBLE_EQUAL(q[k], fmax(2001, mdm_probability[k] * (10007 + 1.0 / 3) - 2.0 / 3), 1e-9);
  x[0] = -3;
  mdm_quantiles(1, x, q);
  for (int k = 0; k < MDM_QUANTILES; k++) CU_ASSERT_EQUAL(q[k], -3);
  mdm_quantiles(0, x, q);
  CU_ASSERT(isnan(q[4]));
}

static void histogram_of_known_numbers(void) {
  const double x[8] = {-1.5, -1, -0.6, 0, 0.5, 0.99, 1, 7};
  const double expected[6] = {1, 2, 0, 1, 3, 1}; /* below; [-1,-0.5) [-0.5,0) [0,0.5) [0.5,1]; above */
  double out[6];
  mdm_histogram(8, x, 4, -1, 1, out);
  for (int k = 0; k < 6; k++) CU_ASSERT_DOUBLE_EQUAL(out[k], expected[k] / 8, 1e-15);
}

static void divergence_of_known_weights(void) {
  const double equal[4] = {2, 2, 2, 2}, one[4] = {0, 5, 0, 0}, zero[4] = {0}, half[4] = {1, 1, 0, 0};
  CU_ASSERT_DOUBLE_EQUAL(mdm_divergence(4, equal), 0, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(mdm_divergence(4, one), log(4), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(mdm_divergence(4, half), log(2), 1e-15);
  CU_ASSERT(isnan(mdm_divergence(4, zero)));
}

/* 1 for y yᵀ whatever constant and offset, 0 for a direction orthogonal to centred targets, NaN without variation. */
static void alignment_of_known_kernels(void) {
  const double y[P] = {1, -1, -1, 3}, other[P] = {1, 1, -1, -0.5}, same[P] = {1, 1, 1, 1};
  double k[P * P], work[P], centred[P], dot = 0, norm = 0;
  for (int i = 0; i < P * P; i++) k[i] = 3 * y[i / P] * y[i % P] + 0.7;
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, y, work), 1, 1e-14);
  for (int i = 0; i < P; i++) centred[i] = y[i] - 0.5, dot += centred[i] * (other[i] - 0.125), norm += centred[i] * centred[i];
  for (int i = 0; i < P * P; i++) k[i] = (other[i / P] - dot / norm * centred[i / P]) * (other[i % P] - dot / norm * centred[i % P]);
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, y, work), 0, 1e-14);
  for (int i = 0; i < P * P; i++) k[i] = i / P == i % P;
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, y, work), 1 / sqrt(3), 1e-14); /* no kernel but H itself */
  CU_ASSERT(isnan(mdm_alignment(P, 1, k, same, work)));
}

/* Two outputs: Σ over outputs of y yᵀ. */
static void alignment_of_several_outputs(void) {
  const double y[2 * P] = {1, 0, 1, 0, 0, 1, 0, 1};
  double k[P * P], work[2 * P];
  for (int i = 0; i < P * P; i++) k[i] = y[2 * (i / P)] * y[2 * (i % P)] + y[2 * (i / P) + 1] * y[2 * (i % P) + 1];
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 2, k, y, work), 1, 1e-14);
}

/* ---------------------------------------------------------------- distributions with a known limit */

static double gram(size_t m, size_t n) {
  double sum = 0;
  for (size_t d = 0; d < D; d++)
    sum += 2 * cos(1.7 * (double)((m + 1) * (d + 1)) + 0.3 * (double)m) * cos(1.7 * (double)((n + 1) * (d + 1)) + 0.3 * (double)n);
  return sum / D;
}

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
    double sigma = 1.4 * sqrt(2 / 3.14159265358979323846 * asin(2 * gram(m, m) / (1 + 2 * gram(m, m))));
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
      CU_ASSERT(q[0] == 0 && q[8] <= 1 && q[8] > 0.25);
      CU_ASSERT(values(both[k], "statistics/g/quantile")[0] > 0.4); /* of active experts alone: no zeros */
    }
  mdm_outcome_clear(&out);
  run_with(MDM_RUN_NETWORKS, 0, "model.active_fraction=0.25 model.gate=constant train.steps=1 simulate.widths=16 simulate.seeds=1", &out);
  const mdm_record *r = out.networks[0].each[0]; /* shares are those of the selection */
  CU_ASSERT_DOUBLE_EQUAL(values(r, "observables/router/share_kl")[0], values(r, "observables/router/load_kl")[0], 1e-12);
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

static void check_experts(const char *settings, int K) {
  mdm_outcome out;
  run_with_weights(settings, &out);
  const mdm_record *r = out.networks[0].each[0];
  double bu = 0, tu = 0, by = 0, ty = 0, bs = 0, ts = 0, mean2 = 0, unused = 0, contribution = 0, e2 = 0;
  for (size_t k = 0; k < P; k++) {
    double x[D], u[M][NE], y[M][NE], square[M][NE], part[M], f = 0, f2 = 0, e = (values(r, "observables/train/prediction")[k] - target[k]) / P;
    for (size_t d = 0; d < D; d++) x[d] = sqrt(2) * cos(1.7 * (double)((k + 1) * (d + 1)) + 0.3 * (double)k);
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
      CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, target, work), values(r, alignments[a])[t], 1e-12);
    }
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- tangent kernel */

/* −η K e against the change of f in one step. Returns the largest difference, relative to the largest change. */
static double step_error(const mdm_record *r, double eta) {
  const double *f = values(r, "observables/train/prediction"), *K = values(r, "statistics/ntk/total");
  const char *const tensors[5] = {"W_in", "Q", "W1", "W2", "w_out"};
  double worst = 0, largest = 0, sum[P * P] = {0};
  for (size_t m = 0; m < P; m++) {
    double change = 0;
    for (size_t n = 0; n < P; n++) change -= eta * K[m * P + n] * (f[n] - target[n]) / P;
    worst = fmax(worst, fabs(f[P + m] - f[m] - change));
    largest = fmax(largest, fabs(change));
  }
  for (int t = 0; t < 5; t++) {
    char path[64];
    snprintf(path, sizeof path, "statistics/ntk/%s", tensors[t]);
    for (int i = 0; i < P * P; i++) sum[i] += values(r, path)[i];
  }
  for (int i = 0; i < P * P; i++) CU_ASSERT_DOUBLE_EQUAL(sum[i], K[i], 1e-12);
  return worst / largest;
}

/* Exact for each network. In the limit the kernel is measured with draws of its own, which agree with those of training up to
 * the sampling error of the replicas. */
static void tangent_kernel_predicts_a_small_step(void) {
  const struct {
    const char *settings;
    int limit; /* 0: in the limit's first step, sampling noise hides the change by a tiny rate */
  } cases[] = {{"model.regime=II", 1},
               {"model.regime=II model.parameterization=mup model.active_fraction=0.5", 0},
               {"model.regime=II model.gate=softmax train.lr_multiplier.router=3 train.lr_multiplier.input=0.5 train.lr_multiplier.expert_in=2 "
                "train.lr_multiplier.readout=0.3", 1},
               {"model.regime=I model.parameterization=mup", 1},
               {"model.regime=III", 1},
               {"model.regime=III model.parameterization=mup model.expert_width_ratio=0.5", 0}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char settings[512];
    mdm_outcome out;
    snprintf(settings, sizeof settings, "%s output.ntk=true output.times=[0] train.steps=1 train.lr=1e-5 simulate.widths=10 simulate.seeds=2 solve.particles=4000 "
             "solve.replicas=8 solve.precision=double", cases[k].settings);
    int limit = cases[k].limit;
    run_with(limit ? MDM_RUN_LIMIT | MDM_RUN_NETWORKS : MDM_RUN_NETWORKS, 0, settings, &out);
    for (size_t s = 0; s < 2; s++) CU_ASSERT(step_error(out.networks[0].each[s], 1e-5) < 1e-3);
    if (limit) CU_ASSERT(step_error(out.limit.summary, 1e-5) < 0.02);
    mdm_outcome_clear(&out);
  }
}

/* Three outputs: an error of one output on one sample, a tiny step, a network drawn afresh each time. The mean over outputs of
 * what each does to itself is the stored kernel. */
typedef struct {
  mdm_config *cfg;
  mdm_data *data;
  mdm_problem *problem;
  X(realization) *R;
  X(moe) *program;
} three;

static void three_open(three *s) {
  mdm_error err = {0};
  static const char *const settings[] = {"data.source=idx", "data.file=data/fashion/train-images-idx3-ubyte.gz", "data.labels=data/fashion/train-labels-idx1-ubyte.gz",
                                         "data.classes=[2, 4, 6]", "data.train=4", "output.ntk=true", "output.times=[0]"};
  CU_ASSERT_FATAL(!mdm_config_create(&s->cfg, &err));
  for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) CU_ASSERT_FATAL(!mdm_config_set(s->cfg, settings[k], &err));
  CU_ASSERT_FATAL(!mdm_data_load(s->cfg, &s->data, &err) && !mdm_problem_create(s->cfg, s->data, &s->problem, &err));
  const mdm_model *m = &s->problem->model;
  const mdm_sizes sizes = mdm_model_network_sizes(m, 8);
  const mdm_shape shape = {8, (size_t)sizes.M, (size_t)sizes.Ne, mdm_neuron_weight(m->regime, sizes), 0};
  const size_t tokens[MDM_PARTS] = {P, 0};
  mdm_coefficients coef[MDM_TENSORS];
  mdm_network_coefficients(m->regime, &m->parameterization, sizes, m->init, NULL, coef);
  CU_ASSERT_FATAL(!X(network_create)(&shape, coef, 3, 0, &s->R, &err));
  CU_ASSERT_FATAL(!X(moe_create)(m, s->R, &s->problem->full, tokens, &s->program, &err));
  CU_ASSERT_FATAL(!X(moe_forward)(s->program, MDM_TRAIN, P, s->problem->full.train, &err));
}

static void three_close(three *s) {
  X(moe_free)(s->program);
  s->R->free(s->R);
  mdm_problem_free(s->problem);
  mdm_data_free(s->data);
  mdm_config_free(s->cfg);
}

static void tangent_kernel_of_three_outputs(void) {
  enum { C = 3 };
  const double eta = 1e-6;
  double moved[P * P] = {0};
  mdm_error err = {0};
  three s;
  for (size_t c = 0; c < C; c++)
    for (size_t n = 0; n < P; n++) {
      real e[C * P] = {0}, f[C * P];
      three_open(&s);
      const mdm_step step = {&s.problem->optimizer, eta, 1, 0};
      e[c + C * n] = 1;
      memcpy(f, X(moe_prediction)(s.program, MDM_TRAIN), sizeof f);
      CU_ASSERT_FATAL(!X(moe_backward)(s.program, e, &err) && !X(moe_step)(s.program, &step, s.problem->full.train, e, &err));
      CU_ASSERT_FATAL(!X(moe_forward)(s.program, MDM_TRAIN, P, s.problem->full.train, &err));
      for (size_t m = 0; m < P; m++) moved[m * P + n] -= (X(moe_prediction)(s.program, MDM_TRAIN)[c + C * m] - f[c + C * m]) / eta / C;
      three_close(&s);
    }
  X(tangent) *tangent;
  mdm_record *rec;
  three_open(&s);
  CU_ASSERT_FATAL(!mdm_record_create(&rec, &err) && !X(tangent_create)(s.problem, s.R, rec, &tangent, &err));
  CU_ASSERT_FATAL(!X(tangent_step)(tangent, s.program, 0, &err));
  const double *K = values(rec, "statistics/ntk/total");
  for (int i = 0; i < P * P; i++) CU_ASSERT(fabs(K[i] - moved[i]) < 1e-4 * fabs(K[0]));
  X(tangent_free)(tangent);
  mdm_record_free(rec);
  three_close(&s);
}

/* ---------------------------------------------------------------- nothing else changes */

/* Every array of the first is bit by bit the same in the second, but for run times. */
static void check_same(const mdm_record *plain, const mdm_record *measured) {
  size_t compared = 0;
  for (size_t i = 0; i < mdm_record_count(plain); i++) {
    const mdm_array *a = mdm_record_at(plain, i), *b = mdm_record_find(measured, a->path);
    if (strstr(a->path, "seconds")) continue;
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    size_t n = 1;
    for (int d = 0; d < a->rank; d++) n *= a->dim[d];
    int same = !memcmp(a->value, b->value, n * sizeof *a->value);
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
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    mdm_outcome plain, measured;
    char settings[512];
    snprintf(settings, sizeof settings, "train.steps=6 solve.particles=1000 solve.replicas=1 simulate.widths=12 simulate.seeds=1 output.times=[0,1,3,6] output.statistics=false %s", cases[k]);
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, settings, &plain);
    strcat(settings, " output.statistics=true output.ntk=true");
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, settings, &measured);
    check_same(plain.limit.summary, measured.limit.summary);
    check_same(plain.networks[0].summary, measured.networks[0].summary);
    mdm_outcome_clear(&plain);
    mdm_outcome_clear(&measured);
  }
}

/* ---------------------------------------------------------------- networks approach the limit */

/* Mean over seeds of wide networks against the limit: errors of both, and 2/N of the array's size. */
static void networks_approach_the_limit(void) {
  static const struct {
    const char *path;
    size_t n;
  } arrays[] = {{"observables/router/load_kl", 13}, {"observables/experts/power_spread", 13}, {"observables/experts/contribution_variance", 13},
                {"statistics/psi/sample_quantile", 3 * P * MDM_QUANTILES}, {"statistics/g/quantile", 3 * MDM_QUANTILES}, {"statistics/psi/histogram", 3 * 83},
                {"statistics/load/quantile", 3 * MDM_QUANTILES}, {"statistics/alignment/h", 3}, {"statistics/alignment/a", 3},
                {"statistics/ntk/total", 3 * P * P}, {"statistics/ntk/Q", 3 * P * P}, {"statistics/ntk/alignment", 3}};
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, "train.steps=12 output.times=[0,6,12] output.ntk=true solve.particles=8000 solve.replicas=6 simulate.widths=64 simulate.seeds=24", &out);
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
    const double *x = values(out.limit.summary, arrays[k].path), *y = values(out.networks[0].summary, arrays[k].path);
    const double *sx = errors(out.limit.summary, arrays[k].path), *sy = errors(out.networks[0].summary, arrays[k].path);
    double d2 = 0, s2 = 0, x2 = 0;
    for (size_t i = 0; i < arrays[k].n; i++) d2 += (x[i] - y[i]) * (x[i] - y[i]), s2 += sx[i] * sx[i] + sy[i] * sy[i], x2 += x[i] * x[i];
    int close = sqrt(d2) < 2.5 * sqrt(s2) + 2.0 / 64 * sqrt(x2);
    if (!close) fprintf(stderr, "%s: %g from the limit, noise %g, size %g\n", arrays[k].path, sqrt(d2), sqrt(s2), sqrt(x2));
    CU_ASSERT(close);
    CU_ASSERT(sqrt(s2) < 0.35 * sqrt(x2));
  }
  mdm_outcome_clear(&out);
}

int suite_statistics(void) {
  CU_pSuite s = CU_add_suite("statistics", NULL, NULL);
  if (!s || !CU_add_test(s, "quantiles of known numbers", quantiles_of_known_numbers) ||
      !CU_add_test(s, "histogram of known numbers", histogram_of_known_numbers) ||
      !CU_add_test(s, "divergence of known weights", divergence_of_known_weights) ||
      !CU_add_test(s, "alignment of known kernels", alignment_of_known_kernels) ||
      !CU_add_test(s, "alignment with several outputs", alignment_of_several_outputs) ||
      !CU_add_test(s, "initial logits are Gaussian", initial_logits_are_gaussian) || !CU_add_test(s, "loads", loads) ||
      !CU_add_test(s, "experts: sums from raw weights", experts_from_raw_weights) ||
      !CU_add_test(s, "alignment of stored kernels", alignment_of_stored_kernels) ||
      !CU_add_test(s, "tangent kernel predicts a small step", tangent_kernel_predicts_a_small_step) ||
      !CU_add_test(s, "tangent kernel of three outputs", tangent_kernel_of_three_outputs) ||
      !CU_add_test(s, "measuring changes nothing", measuring_changes_nothing) ||
      !CU_add_test(s, "networks approach the limit", networks_approach_the_limit))
    return CU_get_error();
  return CUE_SUCCESS;
}
