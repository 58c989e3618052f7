/* Identities of residual blocks: adjoint products, normalization, parity of the branch, one block against none, draws of different blocks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "realization/dense.h"
#include "support/bench.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/suite.h"

/* ---------------------------------------------------------------- the program opened by hand */

static void open_as(bench *b, const char *settings, int limit) {
  bench_open(b, settings);
  const mdm_model *m = &b->problem->model;
  int grow = m->regime->neurons_grow, first = !m->regime->experts_grow;
  if (!limit) bench_network(b, 12);
  else if (first) bench_limit(b, 600, m->experts, 200, 1e-6);
  else bench_limit(b, 600, grow ? 60 : 300, grow ? 300 : 0, 1e-6);
}

static const X(field) *field(const bench *b, mdm_field f, size_t level) { return X(moe_field)(b->program, MDM_TRAIN, f, level); }

/* Mean over the particles of one sample of a product; where experts do not serve it, one of the factors is zero. */
static double mean_product(const X(field) *a, const X(field) *b, size_t sample) {
  double sum = 0;
  for (size_t i = 0; i < a->n; i++) {
    double x = a->v[i + a->n * sample], y = b->v[i + a->n * sample];
    sum += x != 0 && y != 0 ? x * y : 0;
  }
  return sum / (double)a->n;
}

static double rms(const X(field) *a, size_t sample) { return sqrt(mean_product(a, a, sample)); }

/* ---------------------------------------------------------------- adjointness */

/* ⟨r^{l+1} a⟩ = n ⟨b y⟩ and ⟨n ζ⟩ = ⟨ρ ψ⟩ + n ⟨γ u⟩ in every block: forward and backward product of a matrix are adjoint, memory terms
 * included, n = N_e (II) or ε (I, III), averages over all neurons. In networks to rounding; in the limit up to what is left of orthogonality
 * between fresh columns and fields (columns drawn backward do not act on the forward product of the same step). */
static void check_adjoint(const bench *b, double neurons, double tolerance) {
  for (size_t l = 0; l < b->R->blocks; l++)
    for (size_t t = 0; t < P; t++) {
      const X(field) *r = field(b, MDM_R, l + 1), *a = field(b, MDM_A, l), *n = field(b, MDM_N, l), *zeta = field(b, MDM_ZETA, l);
      double ra = mean_product(r, a, t), by = mean_product(field(b, MDM_B, l), field(b, MDM_Y, l), t), scale = rms(r, t) * rms(a, t);
      check_near("<r a>", ra, neurons * by, tolerance * scale + 1e-15);
      double nz = mean_product(n, zeta, t), parts = mean_product(field(b, MDM_RHO, l), field(b, MDM_PSI, l), t) + neurons * mean_product(field(b, MDM_GAMMA, l), field(b, MDM_U, l), t);
      check_near("<n zeta>", nz, parts, tolerance * rms(n, t) * rms(zeta, t));
    }
}

static void products_are_adjoint(void) {
  static const struct {
    const char *settings;
    double neurons;
  } cases[] = {
      {"model.norm=rms model.output=norm", 3},
      {"model.parameterization=mup model.norm=rms model.branch_exponent=0.5 model.expert_width=2", 2},
      {"model.norm=layer model.active_fraction=0.5 train.balance=switch train.balance_coefficient=1 train.z_loss=0.3", 3},
      {"model.norm=layer model.activation=relu model.shared_fraction=0.25 train.balance=importance train.balance_coefficient=1", 3},
      {"model.regime=III model.norm=rms model.output=tanh model.expert_width_ratio=0.5 model.experts_ratio=0.5", 0.5},
      {"model.regime=III model.parameterization=mup model.input=linear", 1},
      {"model.regime=I model.experts=3 model.norm=rms model.output=norm", 1},
      {"model.regime=I model.experts=4 model.parameterization=mup model.active=2 model.router_bias_std=1 model.input=linear", 1},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    for (int limit = 0; limit < 2; limit++) {
      char settings[512];
      bench b;
      snprintf(settings, sizeof settings, "model.depth=3 model.init.expert_out=1.5 %s", cases[i].settings);
      open_as(&b, settings, limit);
      for (int t = 0; t < 4; t++) {
        bench_pass(&b);
        check_adjoint(&b, cases[i].neurons, limit ? 2e-5 : 1e-12);
        bench_step(&b, 0.5);
      }
      bench_close(&b);
    }
}

/* ---------------------------------------------------------------- gradients */

/* Networks with every kind of output: χ = A p/cols and ∂L/∂χ = L^-b q/rows give the gradient along entries of every matrix, by finite differences. */
static void fields_give_the_gradient(void) {
  static const char *const cases[] = {"model.output=none", "model.output=tanh model.norm=rms", "model.output=norm model.norm=layer model.input=linear"};
  for (size_t k = 0; k < COUNT(cases); k++) {
    char settings[256];
    bench b;
    double most = 0;
    snprintf(settings, sizeof settings, "model.depth=2 model.branch_exponent=0.5 model.init.expert_out=1.5 model.readout_std=2 %s", cases[k]);
    bench_open(&b, settings), bench_network(&b, 8), bench_pass(&b), bench_step(&b, 0.5), bench_pass(&b);
    for (size_t l = 0; l < b.R->blocks; l++)
      for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++) {
        X(dense) *d = (X(dense) *)b.R->matrix[l][t];
        const X(field) *p = field(&b, mdm_meetings[t].forward, l), *q = field(&b, mdm_meetings[t].backward, mdm_backward_level(t, l));
        double units = (double)(t == MDM_W2 ? b.R->stream : b.R->block[l].units);
        for (size_t i = 0; i < d->N * d->G; i += 1 + d->N * d->G / 12) {
          size_t row = t == MDM_W2 ? i % d->N : i / d->N, col = t == MDM_W2 ? i / d->N : i % d->N;
          double sum = 0, slope = 0, at = d->A[i], h = 1e-4;
          for (size_t s = 0; s < P; s++) sum += b.problem->model.branch * q->v[row + q->n * s] * p->v[col + p->n * s] / (units * (double)p->n);
          for (int side = -1; side <= 1; side += 2) d->A[i] = at + side * h, slope += side * bench_loss(&b) / (2 * h);
          d->A[i] = at;
          bench_loss(&b); /* fields as they were */
          CU_ASSERT_DOUBLE_EQUAL(sum, slope, 1e-8);
          most = fmax(most, fabs(slope));
        }
      }
    CU_ASSERT(most > 1e-3);
    bench_close(&b);
  }
}

/* ---------------------------------------------------------------- normalization */

/* Without ε a norm sends nothing back along the stream: ⟨rˡ hˡ⟩ = ⟨r^{l+1} h^{l+1}⟩ − L^-b ⟨r^{l+1} aˡ⟩, and ⟨r^L h^L⟩ = 0 where the readout
 * is normalized too. */
static void norms_send_nothing_back_along_the_stream(void) {
  static const char *const norms[2] = {"rms", "layer"};
  for (int k = 0; k < 4; k++) {
    char settings[256];
    bench b;
    const size_t L = 3;
    snprintf(settings, sizeof settings, "model.depth=3 model.branch_exponent=0.5 model.norm=%s model.norm_eps=0 model.output=norm model.activation=relu "
             "model.init.expert_out=2", norms[k % 2]);
    open_as(&b, settings, k / 2);
    for (int step = 0; step < 3; step++) {
      bench_pass(&b);
      for (size_t t = 0; t < P; t++) {
        double scale = rms(field(&b, MDM_R, L), t) * rms(field(&b, MDM_H, L), t);
        CU_ASSERT(scale > 1e-3);
        check_near("<r h> behind the last block", mean_product(field(&b, MDM_R, L), field(&b, MDM_H, L), t), 0, 1e-12 * scale);
        for (size_t l = 0; l < L; l++) {
          const X(field) *behind = field(&b, MDM_R, l + 1);
          double expected = mean_product(behind, field(&b, MDM_H, l + 1), t) - mean_product(behind, field(&b, MDM_A, l), t) / sqrt(3);
          check_near("<r h>", mean_product(field(&b, MDM_R, l), field(&b, MDM_H, l), t), expected, 1e-12 * scale);
        }
      }
      bench_step(&b, 0.5);
    }
    bench_close(&b);
  }
}

static const char prediction[] = "observables/train/prediction";

/* Largest difference of predictions in units of the largest error of a difference. */
static double apart(const char *common, const char *one, const char *other) {
  mdm_outcome out[2];
  for (int k = 0; k < 2; k++) {
    char settings[512];
    snprintf(settings, sizeof settings, "%s %s", common, k ? other : one);
    run_with(MDM_RUN_LIMIT, 0, settings, &out[k]);
  }
  distance d = distance_of(out[0].limit.summary, prediction, out[1].limit.summary, prediction);
  for (int k = 0; k < 2; k++) mdm_outcome_clear(&out[k]);
  return d.largest / d.largest_error;
}

/* The mean of a stream that is as often positive as negative vanishes, and with it the difference of the two norms. The other replicas
 * of the second limit make the comparison one of independent draws. */
static void layer_norm_is_rms_norm_of_a_symmetric_stream(void) {
#define FEW "solve.particles=3000 solve.replicas=6 output.kernels=false output.statistics=false model.depth=2 model.init.expert_out=2 train.steps=8 "
  CU_ASSERT(apart(FEW "model.output=norm model.input=linear", "model.norm=rms", "model.norm=layer seed=2") < 4);
  CU_ASSERT(apart(FEW "model.output=tanh", "model.norm=rms", "model.norm=layer seed=2") < 4);
  CU_ASSERT(apart(FEW "model.output=norm model.activation=relu", "model.norm=rms", "model.norm=layer seed=2") > 10);
}

/* ---------------------------------------------------------------- parity of the branch, one block */

enum { STEPS = 6 };

/* Predictions of a network before each of some steps, its branches, its initial W2 and the rates of its blocks (which contain a branch in
 * natural units) times `sign`. */
static void signed_run(const char *settings, int sign, double f[STEPS][P]) {
  bench b;
  mdm_error err = {0};
  mdm_coefficients coef[MDM_TENSORS];
  bench_open(&b, settings);
  mdm_model *m = &b.problem->model;
  const mdm_sizes sizes = mdm_model_network_sizes(m, 12);
  const mdm_shape shape = {.stream = 12, .experts = (size_t)sizes.M, .neurons = (size_t)sizes.Ne, .neuron_weight = mdm_neuron_weight(m->regime, sizes), .blocks = mdm_model_blocks(m), .residual = 1};
  mdm_network_coefficients(m->regime, &m->parameterization, sizes, m->init, NULL, coef);
  m->branch *= sign;
  coef[MDM_W2].entry *= sign;
  for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++) coef[t].learn *= sign;
  CU_ASSERT_FATAL(!X(network_create)(&shape, coef, 3, 0, NULL, &b.R, &err));
  bench_program(&b, &b.problem->full);
  for (int t = 0; t < STEPS; t++) {
    bench_pass(&b);
    for (int i = 0; i < P; i++) f[t][i] = X(moe_prediction)(b.program, MDM_TRAIN)[i];
    bench_step(&b, 0.7);
  }
  bench_close(&b);
}

/* L^-b → −L^-b with W2 → −W2 is the same network; W2 → −W2 draws it as likely. So the law of f is even in the branch factor. */
static void sign_of_the_branch_does_not_matter(void) {
  static const char *const cases[] = {"model.depth=3 model.branch_exponent=0.5 model.norm=rms model.output=norm",
                                      "model.depth=2 model.active_fraction=0.5 train.balance=switch train.balance_coefficient=1 train.z_loss=0.1 model.shared_fraction=0.25"};
  for (size_t k = 0; k < COUNT(cases); k++) {
    double plus[STEPS][P], minus[STEPS][P], moved = 0;
    signed_run(cases[k], 1, plus);
    signed_run(cases[k], -1, minus);
    for (int t = 0; t < STEPS; t++)
      for (int i = 0; i < P; i++) {
        CU_ASSERT_DOUBLE_EQUAL(plus[t][i], minus[t][i], 1e-12);
        moved = fmax(moved, fabs(plus[t][i] - plus[0][i]));
      }
    CU_ASSERT(moved > 0.1);
  }
}

/* With one block L^-b is 1 and so is every power of L: b does not show. */
static void one_block_has_no_exponent(void) {
  mdm_outcome out[2];
  for (int k = 0; k < 2; k++)
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0, k ? "model.depth=1 model.branch_exponent=0.5 train.steps=4 solve.particles=800 solve.replicas=2 simulate.widths=12 simulate.seeds=2 train.optimizer=adam solve.pivots=40"
                              : "model.depth=1 model.branch_exponent=1 train.steps=4 solve.particles=800 solve.replicas=2 simulate.widths=12 simulate.seeds=2 train.optimizer=adam solve.pivots=40", &out[k]);
  for (size_t i = 0; i < 5 * P; i++) {
    CU_ASSERT_EQUAL(values(out[0].limit.summary, prediction)[i], values(out[1].limit.summary, prediction)[i]);
    CU_ASSERT_EQUAL(values(out[0].networks[0].summary, prediction)[i], values(out[1].networks[0].summary, prediction)[i]);
  }
  for (int k = 0; k < 2; k++) mdm_outcome_clear(&out[k]);
}

/* Predictions while input layer and readout stay as they are; from those of a residual block the constant ⟨v h⟩ is taken off. */
static void frozen_run(const char *settings, int limit, double f[STEPS][P], double *constant) {
  bench b;
  mdm_error err = {0};
  open_as(&b, settings, limit);
  int residual = b.problem->model.depth > 0;
  for (int t = 0; t < STEPS; t++) {
    CU_ASSERT_FATAL(!X(moe_forward)(b.program, MDM_TRAIN, P, b.x, &err));
    const X(field) v = {.n = b.R->stream, .P = 1, .v = (real *)X(moe_readout_weights)(b.program)};
    for (int i = 0; i < P; i++) {
      X(field) h = *field(&b, MDM_H, 0);
      h.v += h.n * (size_t)i;
      double off = residual ? mean_product(&v, &h, 0) : 0;
      f[t][i] = X(moe_prediction)(b.program, MDM_TRAIN)[i] - off;
      b.e[i] = (f[t][i] - cosine_target[i]) / P;
      *constant = fmax(*constant, fabs(off));
    }
    CU_ASSERT_FATAL(!X(moe_backward)(b.program, b.e, 1, NULL, &err));
    bench_step(&b, 0.7);
  }
  bench_close(&b);
}

/* One residual block against none: o = h + a instead of a, and r = δ + ζ instead of ζ. While W_in and v stay, f differs by ⟨v h⟩, which is
 * constant, and everything else is the same, draws included. */
static void one_block_is_the_block_without_residual_sum(void) {
  static const char *const cases[] = {"", "model.parameterization=mup model.active_fraction=0.5", "model.regime=III model.gate=softmax", "model.regime=I model.experts=3"};
  for (size_t k = 0; k < COUNT(cases); k++)
    for (int limit = 0; limit < 2; limit++) {
      double f[2][STEPS][P], constant[2] = {0}, moved = 0;
      for (int depth = 0; depth < 2; depth++) {
        char settings[256];
        snprintf(settings, sizeof settings, "%s train.lr_multiplier.input=0 train.lr_multiplier.readout=0 %s", cases[k], depth ? "model.depth=1 model.branch_exponent=0.5" : "");
        frozen_run(settings, limit, f[depth], &constant[depth]);
      }
      for (int t = 0; t < STEPS; t++)
        for (int i = 0; i < P; i++) {
          CU_ASSERT_DOUBLE_EQUAL(f[0][t][i], f[1][t][i], 1e-10);
          moved = fmax(moved, fabs(f[0][t][i] - f[0][0][i]));
        }
      CU_ASSERT(moved > 0.05);
      CU_ASSERT(constant[1] > 1e-3);
    }
}

/* ---------------------------------------------------------------- draws */

/* |correlation| of two lists of n numbers, in units of what chance gives. */
static double correlation(size_t n, const real *a, const real *b) {
  double ab = cblas_ddot((int)n, a, 1, b, 1), aa = cblas_ddot((int)n, a, 1, a, 1), bb = cblas_ddot((int)n, b, 1, b, 1);
  CU_ASSERT(aa > 0 && bb > 0);
  return fabs(ab) / sqrt(aa * bb) * sqrt((double)n);
}

static void blocks_of_a_network_draw_independently(void) {
  enum { N = 32, MOST = N * N * 3 };
  static double raw[3][MOST];
  const size_t count[MDM_TENSORS] = {[MDM_Q] = N * N, [MDM_W1] = MOST, [MDM_W2] = MOST};
  bench b;
  bench_open(&b, "model.depth=3");
  bench_network(&b, N);
  for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++) {
    for (size_t l = 0; l < 3; l++) b.R->raw(b.R, l, t, raw[l]);
    for (size_t l = 0; l < 3; l++) CU_ASSERT(correlation(count[t], raw[l], raw[(l + 1) % 3]) < 4);
    CU_ASSERT(correlation(count[t], raw[0], raw[0]) > 4);
  }
  bench_close(&b);
}

/* Gaussian columns of both sides of each matrix, and selection biases. */
static void blocks_of_the_limit_draw_independently(void) {
  enum { EXPERTS = 300 };
  bench b;
  mdm_error err = {0};
  real bias[2][EXPERTS];
  bench_open(&b, "model.depth=3 model.active_fraction=0.5 model.router_bias_std=1");
  bench_limit(&b, 600, EXPERTS, 0, 1e-3);
  bench_pass(&b);
  for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++)
    for (int side = 0; side < 2; side++)
      for (size_t l = 0; l < 3; l++) {
        X(gaussian) one = b.R->gaussian(b.R, l, t, side), other = b.R->gaussian(b.R, (l + 1) % 3, t, side);
        CU_ASSERT_FATAL(one.k > 0 && other.k > 0 && one.n == other.n);
        for (size_t c = 0; c < one.k && c < other.k; c++) CU_ASSERT(correlation(one.n, one.columns + one.n * c, other.columns + one.n * c) < 4);
      }
  for (size_t l = 0; l < 2; l++) {
    CU_ASSERT_FATAL(!b.R->biases(b.R, l, 3, bias[l], &err));
    CU_ASSERT(correlation(EXPERTS, bias[l], bias[l]) > 4);
  }
  CU_ASSERT(correlation(EXPERTS, bias[0], bias[1]) < 4);
  bench_close(&b);
}

static const test_case tests[] = {
    {"forward and backward products are adjoint", products_are_adjoint},
    {"fields give the gradient", fields_give_the_gradient},
    {"norms send nothing back along the stream", norms_send_nothing_back_along_the_stream},
    {"layer norm is rms norm of a symmetric stream", layer_norm_is_rms_norm_of_a_symmetric_stream},
    {"sign of the branch does not matter", sign_of_the_branch_does_not_matter},
    {"one block has no exponent", one_block_has_no_exponent},
    {"one block is the block without residual sum", one_block_is_the_block_without_residual_sum},
    {"blocks of a network draw independently", blocks_of_a_network_draw_independently},
    {"blocks of the limit draw independently", blocks_of_the_limit_draw_independently},
};

SUITE("models/depth", tests)
