/* Residual blocks before and right after the first step, in closed form: kernels of every block, forward and backward, the tangent kernel,
 * what one tiny step does to f, and where the tangent kernel goes as blocks become many.
 *
 * At the start blocks do not interfere. With one-point averages E over Gaussian logits and preactivations of covariance n_μ n_ν (per
 * unit variance), G = E g g', Ġ = E ġ ġ', F = E φ_e φ_e', Ḟ = E φ_e' φ_e'', and C what the average over experts leaves of g g':
 *   H⁰ = x·x/D or E φφ',  N = H/(s s'),  H ← H + L^-2b σ₂² C F,
 *   R^L = σ_v²/(s s') or σ_v²,  B = σ₂² (V/n) R,  R ← R + L^-2b σ₂² R (σ_q² Ġ F + σ₁² C Ḟ)/(s s'),
 *   Θ = O + R⁰ φ'φ' x·x/D + (1/L) Σ n (R G F + B G Ḟ N + B Ġ F N)
 * with n = N_e, V = α (Regime II), n = ε, V = 1 (I, III), where the gate has no gradient yet: Ġ = 0. Where norms stand before blocks and
 * readout, rates for b < 1/2 are those of b = 1/2: L^-2b stands for 1/L. */
#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/cosine.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/suite.h"

enum { MAX_L = 16, NODES = 64 };

typedef double matrix[P][P];

/* ---------------------------------------------------------------- averages over two Gaussians */

static double tanh_slope(double x) { return 1 - tanh(x) * tanh(x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double sigmoid_slope(double x) { return sigmoid(x) * (1 - sigmoid(x)); }
static double half(double x) { return (void)x, 0.5; }
static double none(double x) { return (void)x, 0; }
static double one(double x) { return (void)x, 1; }
static double same(double x) { return x; }

/* E f(a) f(b) for normal a, b with the covariances of entries m, n of v K. */
static void average(double (*f)(double), double v, matrix K, matrix out) {
  static const double *node, *weight;
  static gsl_integration_fixed_workspace *rule; /* kept: one set of nodes for all tests */
  if (!rule) {
    rule = gsl_integration_fixed_alloc(gsl_integration_fixed_hermite, NODES, 0, 0.5, 0, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
    node = gsl_integration_fixed_nodes(rule);
    weight = gsl_integration_fixed_weights(rule);
  }
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) {
      double a = sqrt(v * K[m][m]), along = a > 0 ? v * K[m][n] / a : 0, rest = sqrt(fmax(v * K[n][n] - along * along, 0)), sum = 0;
      for (int i = 0; i < NODES; i++)
        for (int j = 0; j < NODES; j++) sum += weight[i] * weight[j] * f(a * node[i]) * f(along * node[i] + rest * node[j]);
      out[m][n] = sum / (2 * 3.14159265358979323846);
    }
}

static void averages_over_gaussians(void) {
  matrix K, got;
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) K[m][n] = cosine_gram((size_t)m, (size_t)n);
  average(erf, 1.3, K, got); /* the arcsine kernel */
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) {
      double expected = 2 / 3.14159265358979323846 * asin(2 * 1.3 * K[m][n] / sqrt((1 + 2.6 * K[m][m]) * (1 + 2.6 * K[n][n])));
      CU_ASSERT_DOUBLE_EQUAL(got[m][n], expected, 1e-6);
    }
}

/* ---------------------------------------------------------------- closed forms */

/* A network; every case sets what its regime has. */
typedef struct stack {
  const char *regime, *parameterization, *activation; /* activation: of experts */
  size_t L;
  double b;
  int normed, linear_input;              /* rms before blocks and readout */
  double q, s1, s2, v;                   /* σ of router, W1, W2, readout */
  double ratio, width, experts, shared;  /* M/N; N_e or N_e/N; M of Regime I; shared fraction (II) */
} stack;

typedef struct closed {
  matrix H, N[MAX_L], Y[MAX_L], R[MAX_L + 1], gamma[MAX_L], rho[MAX_L]; /* of each block: forward and backward inputs, per unit error */
  matrix O, slope;                                                   /* of the readout's input; of r φ'(z), which drives W_in */
  matrix C[MAX_L], G[MAX_L], F[MAX_L], F_slope[MAX_L], G_slope[MAX_L];
  double s[MAX_L + 1][P];                                            /* scales of the norms before blocks and readout */
  matrix input_slope;                                                /* E φ'φ' */
  matrix theta[5], total;                                            /* tangent kernel by tensor: W_in, Q, W1, W2, w_out */
} closed;

static int is_regime(const stack *k, const char *name) { return !strcmp(k->regime, name); }
static int is_mup(const stack *k) { return !strcmp(k->parameterization, "mup"); }

static void norm_of(const stack *k, matrix H, double s[P], matrix N) {
  for (int m = 0; m < P; m++) s[m] = k->normed ? sqrt(H[m][m] + 1e-6) : 1;
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) N[m][n] = H[m][n] / (s[m] * s[n]);
}

/* Averages of block l from its input's kernel. */
static void averages_of(const stack *k, closed *c, size_t l) {
  double (*const phi)(double) = !strcmp(k->activation, "identity") ? same : tanh, (*const slope)(double) = phi == same ? one : tanh_slope;
  int second = is_regime(k, "II"), first = is_regime(k, "I");
  average(phi, k->s1 * k->s1, c->N[l], c->F[l]);
  average(slope, k->s1 * k->s1, c->N[l], c->F_slope[l]);
  average(first ? half : sigmoid, k->q * k->q, c->N[l], c->G[l]);
  average(second ? sigmoid_slope : none, k->q * k->q, c->N[l], c->G_slope[l]);
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) {
      c->G[l][m][n] = k->shared + (1 - k->shared) * c->G[l][m][n];
      c->G_slope[l][m][n] *= 1 - k->shared;
      c->C[l][m][n] = second ? c->G[l][m][n] : first ? 0.25 / k->experts : 0.25;
      if (is_mup(k) && !first) c->C[l][m][n] = 0;
    }
}

static void forward(const stack *k, closed *c) {
  double branch2 = pow((double)k->L, -2 * k->b);
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) c->H[m][n] = cosine_gram((size_t)m, (size_t)n), c->input_slope[m][n] = 1;
  if (!k->linear_input) {
    matrix gram;
    memcpy(gram, c->H, sizeof gram);
    average(tanh, 1, gram, c->H);
    average(tanh_slope, 1, gram, c->input_slope);
  }
  for (size_t l = 0; l < k->L; l++) {
    norm_of(k, c->H, c->s[l], c->N[l]);
    averages_of(k, c, l);
    for (int m = 0; m < P; m++)
      for (int n = 0; n < P; n++) {
        c->Y[l][m][n] = c->G[l][m][n] * c->F[l][m][n];
        c->H[m][n] += branch2 * k->s2 * k->s2 * c->C[l][m][n] * c->F[l][m][n];
      }
  }
  norm_of(k, c->H, c->s[k->L], c->O);
}

/* Rate of the blocks' SGD steps times the square of their branches. */
static double block_rate(const stack *k) {
  double b = k->normed ? fmax(k->b, 0.5) : k->b;
  return pow((double)k->L, 2 * b - 1 - 2 * k->b);
}

static void backward(const stack *k, closed *c) {
  int second = is_regime(k, "II");
  double branch2 = pow((double)k->L, -2 * k->b), rate = block_rate(k), s2 = second && is_mup(k) ? 0 : k->s2 * k->s2, V = second ? k->ratio : 1;
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) {
      c->R[k->L][m][n] = k->v * k->v / (c->s[k->L][m] * c->s[k->L][n]);
      for (size_t l = k->L; l-- > 0;) {
        double R = c->R[l + 1][m][n], B = s2 * V / k->width * R, ss = c->s[l][m] * c->s[l][n];
        c->gamma[l][m][n] = c->G[l][m][n] * c->F_slope[l][m][n] * B;
        c->rho[l][m][n] = k->width * c->G_slope[l][m][n] * c->F[l][m][n] * B;
        c->R[l][m][n] = R + branch2 * s2 * R * (k->q * k->q * c->G_slope[l][m][n] * c->F[l][m][n] + k->s1 * k->s1 * c->C[l][m][n] * c->F_slope[l][m][n]) / ss;
        c->theta[1][m][n] += rate * c->rho[l][m][n] * c->N[l][m][n];
        c->theta[2][m][n] += rate * k->width * c->gamma[l][m][n] * c->N[l][m][n];
        c->theta[3][m][n] += rate * k->width * R * c->Y[l][m][n];
      }
      c->slope[m][n] = c->R[0][m][n] * c->input_slope[m][n];
      c->theta[0][m][n] = c->slope[m][n] * cosine_gram((size_t)m, (size_t)n);
      c->theta[4][m][n] = c->O[m][n];
      for (int t = 0; t < 5; t++) c->total[m][n] += c->theta[t][m][n];
    }
}

static void solve_by_hand(const stack *k, closed *c) {
  memset(c, 0, sizeof *c);
  forward(k, c);
  backward(k, c);
}

/* ---------------------------------------------------------------- against the solver */

enum { REPLICAS = 8 };

static void write_settings(const stack *k, size_t particles, char *out, size_t size) {
  int first = is_regime(k, "I"), second = is_regime(k, "II");
  int n = snprintf(out, size, "model.regime=%s model.parameterization=%s model.depth=%zu model.branch_exponent=%g model.expert_activation=%s model.norm=%s "
                   "model.output=%s model.input=%s model.init.router=%g model.init.expert_in=%g model.init.expert_out=%g model.readout_std=%g "
                   "output.ntk=true output.times=[0] train.steps=1 train.lr=1e-3 solve.particles=%zu solve.replicas=%d ",
                   k->regime, k->parameterization, k->L, k->b, k->activation, k->normed ? "rms" : "none", k->normed ? "norm" : "none",
                   k->linear_input ? "linear" : "activation", k->q, k->s1, k->s2, k->v, particles, REPLICAS);
  n += snprintf(out + n, size - (size_t)n, second ? "model.expert_width=%g " : "model.expert_width_ratio=%g ", k->width);
  n += snprintf(out + n, size - (size_t)n, first ? "model.experts=%g " : "model.experts_ratio=%g ", first ? k->experts : k->ratio);
  if (k->shared > 0) n += snprintf(out + n, size - (size_t)n, "model.shared_fraction=%g ", k->shared);
  if (is_regime(k, "III") && is_mup(k)) snprintf(out + n, size - (size_t)n, "solve.expert_particles=200 solve.neuron_particles=200"); /* what the gate feels is a mean over neurons, with a square of 1/200 */
}

/* n numbers of an array, from `at` on, against P × P expected ones times e_μ e_ν (or 1): root mean square of the differences within four
 * of the standard errors, and those below `power` of the size. */
static void check_matrix(const char *what, const mdm_record *r, const char *path, size_t at, const double expected[P][P], int errors_too, double power) {
  const double *got = values(r, path) + at, *error = errors(r, path) + at;
  double difference = 0, noise = 0, size = 0;
  for (int m = 0; m < P; m++)
    for (int n = 0; n < P; n++) {
      double e = errors_too ? cosine_target[m] * cosine_target[n] / (P * P) : 1, x = expected[m][n] * e, d = got[m * P + n] - x;
      difference += d * d;
      noise += error[m * P + n] * error[m * P + n];
      size += x * x;
    }
  difference = sqrt(difference);
  noise = sqrt(noise);
  size = sqrt(size);
  int close = difference <= 4 * noise + 5e-4 * size + 1e-9; /* 5e-4: tolerance² of the bases over a few blocks, and 1/(neurons of an expert) */
  if (!close || noise > power * size + 1e-9) printf("\n    %s %s[%zu]: off by %.3g, noise %.3g, size %.3g\n", what, path, at / (P * P), difference, noise, size);
  CU_ASSERT(close);
  CU_ASSERT(noise <= power * size + 1e-9);
}

static void check_kernels(const char *what, const stack *k, const closed *c, const mdm_record *r) {
  for (size_t l = 0; l < k->L; l++) {
    size_t at = l * P * P;
    check_matrix(what, r, "kernels/Q/forward", at, c->N[l], 0, 0.03);
    check_matrix(what, r, "kernels/W1/forward", at, c->N[l], 0, 0.03);
    check_matrix(what, r, "kernels/W2/forward", at, c->Y[l], 0, 0.03);
    check_matrix(what, r, "kernels/W2/backward", at, c->R[l + 1], 1, 0.05);
    check_matrix(what, r, "kernels/W1/backward", at, c->gamma[l], 1, 0.08);
    if (is_regime(k, "II")) check_matrix(what, r, "kernels/Q/backward", at, c->rho[l], 1, 0.08); /* else a mean over neurons, sampled */
  }
  check_matrix(what, r, "kernels/w_out/forward", 0, c->O, 0, 0.03);
  check_matrix(what, r, "kernels/W_in/backward", 0, c->slope, 1, 0.05);
}

static void check_tangent(const char *what, const stack *k, const closed *c, const mdm_record *r) {
  static const char *const tensors[5] = {"W_in", "Q", "W1", "W2", "w_out"};
  for (int t = 0; t < 5; t++) {
    char path[64];
    snprintf(path, sizeof path, "statistics/ntk/%s", tensors[t]);
    if (t != 1 || is_regime(k, "II")) check_matrix(what, r, path, 0, c->theta[t], 0, 0.08);
  }
  check_matrix(what, r, "statistics/ntk/total", 0, c->total, 0, 0.03);
}

/* f(1) − f(0) of each replica against −η Θ e, e of f = 0; in all samples together. */
static void check_step(const char *what, const closed *c, const mdm_ensemble *limit, double eta) {
  double off = 0, noise = 0, size = 0;
  for (int m = 0; m < P; m++) {
    double sum = 0, square = 0, expected = 0;
    for (int n = 0; n < P; n++) expected += eta * c->total[m][n] * cosine_target[n] / P;
    for (size_t i = 0; i < limit->runs; i++) {
      const double *f = values(limit->each[i], "observables/train/prediction");
      sum += f[P + m] - f[m];
      square += (f[P + m] - f[m]) * (f[P + m] - f[m]);
    }
    double runs = (double)limit->runs, mean = sum / runs;
    off += (mean - expected) * (mean - expected);
    noise += (square / runs - mean * mean) / (runs - 1);
    size += expected * expected;
  }
  int close = sqrt(off) <= 4 * sqrt(noise) + 2 * eta * sqrt(size); /* the next order in η */
  if (!close || sqrt(noise) > 0.03 * sqrt(size)) printf("\n    %s: step off by %.3g, noise %.3g, size %.3g\n", what, sqrt(off), sqrt(noise), sqrt(size));
  CU_ASSERT(close);
  CU_ASSERT(sqrt(noise) < 0.03 * sqrt(size));
}

/* f(0) = 0 up to its error. */
static void check_start(const char *what, const mdm_record *r) {
  const double *f = values(r, "observables/train/prediction"), *se = errors(r, "observables/train/prediction");
  double off = 0, noise = 0;
  for (int m = 0; m < P; m++) off += f[m] * f[m], noise += se[m] * se[m];
  if (off > 16 * noise + 1e-10) printf("\n    %s: f(0) = %.3g, noise %.3g\n", what, sqrt(off / P), sqrt(noise / P));
  CU_ASSERT(off <= 16 * noise + 1e-10);
  CU_ASSERT(noise < P * 0.01 * 0.01);
}

static void check_stack(const stack *k) {
  static closed c;
  char settings[1024], what[96];
  mdm_outcome out;
  solve_by_hand(k, &c);
  snprintf(what, sizeof what, "%s %s L=%zu b=%g %s", k->regime, k->parameterization, k->L, k->b, k->normed ? "rms" : "none");
  write_settings(k, 3000, settings, sizeof settings);
  run_with(MDM_RUN_LIMIT, 0, settings, &out);
  check_start(what, out.limit.summary);
  check_kernels(what, k, &c, out.limit.summary);
  check_tangent(what, k, &c, out.limit.summary);
  check_step(what, &c, &out.limit, 1e-3);
  mdm_outcome_clear(&out);
}

static void kernels_and_tangent_kernel_of_regime_II(void) {
  static const stack cases[] = {
      {"II", "mssp", "tanh", 1, 1, 0, 1, 1, 1, 1, 1, 1, 3, 0, 0},
      {"II", "mssp", "tanh", 3, 1, 1, 1, 1.4, 1.2, 2, 1, 1, 3, 0, 0},
      {"II", "mssp", "tanh", 3, 0.5, 0, 0, 1.4, 1.3, 1.5, 0.8, 0.5, 2, 0, 0},
      {"II", "mssp", "identity", 3, 0, 1, 1, 1, 1, 0.7, 1, 2, 3, 0, 0},
      {"II", "mssp", "tanh", 2, 0.5, 1, 0, 1, 1, 1, 1, 1, 4, 0, 0.25},
      {"II", "mup", "tanh", 3, 1, 0, 0, 1.4, 1.3, 2, 1, 1, 3, 0, 0},
      {"II", "mup", "tanh", 3, 0, 1, 1, 1, 1, 1, 1, 0.5, 3, 0, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) check_stack(&cases[i]);
}

static void kernels_and_tangent_kernel_of_regimes_I_and_III(void) {
  static const stack cases[] = {
      {"I", "mssp", "tanh", 3, 0.5, 1, 1, 1, 1.2, 1.5, 1, 0, 1, 3, 0},
      {"I", "mup", "tanh", 1, 1, 0, 0, 1, 1, 1.3, 1, 0, 0.5, 4, 0},
      {"III", "mssp", "tanh", 3, 0.5, 1, 1, 1.3, 1.2, 1.5, 1, 0.5, 0.5, 0, 0},
      {"III", "mssp", "tanh", 2, 1, 0, 0, 1, 1, 2, 1, 1, 1, 0, 0},
      {"III", "mup", "tanh", 3, 0.5, 1, 1, 1.3, 1.2, 1.5, 1, 0.5, 0.5, 0, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) check_stack(&cases[i]);
}

/* ---------------------------------------------------------------- many blocks */

/* −(Θ e) of sample 0, e of f = 0: rms before blocks and readout, h = tanh z, σ₂ = 2, Regime II, MSSP. */
static const stack many = {"II", "mssp", "tanh", 0, 1, 1, 0, 1, 1, 2, 1, 1, 3, 0, 0};

static double pull(size_t L, double b) {
  static closed c;
  stack k = many;
  double sum = 0;
  k.L = L;
  k.b = b;
  solve_by_hand(&k, &c);
  for (int n = 0; n < P; n++) sum += c.total[0][n] * cosine_target[n] / P;
  return sum;
}

/* The same from the solver's tangent kernel, and its standard error. */
static double solved_pull(size_t L, double b, double *error) {
  char settings[1024];
  mdm_outcome out;
  stack k = many;
  double mean = 0, square = 0;
  k.L = L;
  k.b = b;
  write_settings(&k, 4000, settings, sizeof settings);
  strcat(settings, "train.steps=0 output.kernels=false output.statistics=false");
  run_with(MDM_RUN_LIMIT, 0, settings, &out);
  for (size_t run = 0; run < out.limit.runs; run++) {
    const double *theta = values(out.limit.each[run], "statistics/ntk/total");
    double sum = 0;
    for (int n = 0; n < P; n++) sum += theta[n] * cosine_target[n] / P;
    mean += sum / REPLICAS;
    square += sum * sum / REPLICAS;
  }
  *error = sqrt((square - mean * mean) / (REPLICAS - 1));
  CU_ASSERT(*error < 0.01);
  mdm_outcome_clear(&out);
  return mean;
}

/* The tangent kernel is linear in 1/L, also at b = 1/2: two depths give infinitely many blocks. Reference values: an independent
 * computation, up to L = 64. The solver has the same kernel at 8 and 16 blocks. */
static void tangent_kernel_of_many_blocks(void) {
  const struct {
    double b, at[5], infinite, pair; /* L = 1, 2, 4, 8, 16; 1/L → 0; 2 f(16) − f(8) */
  } expected[2] = {{1, {1.3665, 1.6067, 1.7529, 1.8274, 1.8643}, 1.9008, 1.9012}, {0.5, {1.3665, 1.4572, 1.5197, 1.5572, 1.5779}, 1.6000, 1.5986}};
  for (int i = 0; i < 2; i++) {
    double b = expected[i].b, two = 2 * pull(16, b) - pull(8, b), error[2];
    for (int k = 0; k < 5; k++) check_near("-Theta e", pull((size_t)1 << k, b), expected[i].at[k], 1e-4);
    check_near("2 f(16) - f(8)", two, expected[i].pair, 1e-4);
    check_near("2 f(16) - f(8), L to infinity", two, expected[i].infinite, 2e-3);
    double eight = solved_pull(8, b, &error[0]), sixteen = solved_pull(16, b, &error[1]);
    check_near("solved -Theta e, L = 8", eight, pull(8, b), 4 * error[0]);
    check_near("solved -Theta e, L = 16", sixteen, pull(16, b), 4 * error[1]);
    check_near("solved 2 f(16) - f(8)", 2 * sixteen - eight, expected[i].pair, 4 * hypot(2 * error[1], error[0]));
  }
}

static const test_case tests[] = {
    {"averages over Gaussians", averages_over_gaussians},
    {"kernels, tangent kernel and a tiny step: Regime II", kernels_and_tangent_kernel_of_regime_II},
    {"kernels, tangent kernel and a tiny step: Regimes I and III", kernels_and_tangent_kernel_of_regimes_I_and_III},
    {"tangent kernel of many blocks", tangent_kernel_of_many_blocks},
};

SUITE("models/depth at the start", tests)
