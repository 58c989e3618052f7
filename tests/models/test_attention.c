/* Attention heads: their map and its gradient, the gradient of networks, identities of networks and the limit. */
#include "models/attention.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "realization/dense.h"
#include "scaling/vanishing.h"
#include "support/bench.h"
#include "support/runs.h"
#include "support/suite.h"


enum { MOST = 1 << 15 };

/* Numbers without pattern, about −1 … 1. */
static void fill(size_t n, double phase, double *out) {
  for (size_t i = 0; i < n; i++) out[i] = cos(12.9898 * (double)(i + 1) + 78.233 * phase + 0.37 * (double)(i * i % 17));
}

static size_t rows(const X(attention) *a) { return a->particles * (a->queries + 2) * a->width; }
static size_t columns(const X(attention) *a) { return a->particles * a->queries * a->width; }

/* Σ b o of P tokens. */
static double contracted(const X(attention) *a, size_t tokens, const double *u, const double *b) {
  static double weights[MOST], turned[MOST], o[MOST];
  double sum = 0;
  X(attention_forward)(a, tokens, u, turned, weights, o);
  for (size_t i = 0; i < columns(a) * tokens; i++) sum += b[i] * o[i];
  return sum;
}

static const X(attention) maps[] = {
    {5, 1, 2, 3, 0.7, 1, 0, 0, 0}, {3, 1, 4, 4, 0.25, 0, 0, 0, 0}, {2, 3, 2, 4, 0.5, 1, 0, 0, 0}, {70, 1, 1, 3, 1, 1, 0, 0, 0}, {4, 2, 3, 2, 0.6, 0, 0, 0, 0}, {3, 1, 2, 1, 1, 1, 0, 0, 0},
    {3, 1, 4, 4, 0.7, 1, 1, 0, 0}, {2, 2, 4, 3, 0.7, 0, 1, 1, 0.1}, {66, 1, 3, 2, 1, 1, 0, 1, 0.01},
    {1, 2, 32, 66, 0.2, 1, 0, 0, 0}, {2, 1, 64, 33, 0.1, 0, 1, 1, 0.1}}; /* the last by BLAS */

static void gamma_is_the_gradient(void) {
  for (size_t k = 0; k < COUNT(maps); k++) {
    const X(attention) *a = &maps[k];
    static double u[MOST], turned[MOST], b[MOST], weights[MOST], o[MOST], gamma[MOST];
    size_t tokens = 2 * a->context, n = rows(a) * tokens;
    CU_ASSERT_FATAL(n <= MOST);
    fill(n, 0.1, u);
    fill(columns(a) * tokens, 0.7, b);
    X(attention_forward)(a, tokens, u, turned, weights, o);
    X(attention_backward)(a, tokens, u, turned, weights, o, b, gamma);
    for (size_t i = 0; i < n; i += n > 10000 ? n / 30 : 1 + n / 200) {
      double at = u[i], h = 1e-5, up, down;
      u[i] = at + h, up = contracted(a, tokens, u, b);
      u[i] = at - h, down = contracted(a, tokens, u, b);
      u[i] = at;
      CU_ASSERT_DOUBLE_EQUAL(gamma[i], (up - down) / (2 * h), 1e-8);
    }
  }
}

/* Weights are positive and sum to one over what a token sees; without scores they are equal. */
static void weights_are_a_distribution(void) {
  for (size_t k = 0; k < COUNT(maps); k++)
    for (int flat = 0; flat < 2; flat++) {
      X(attention) a = maps[k];
      static double u[MOST], turned[MOST], weights[MOST], o[MOST];
      size_t T = a.context, tokens = 2 * T, heads = a.particles * a.queries;
      if (flat) a.scale = 0;
      fill(rows(&a) * tokens, 0.3, u);
      X(attention_forward)(&a, tokens, u, turned, weights, o);
      for (size_t i = 0; i < heads * tokens; i++) {
        size_t t = i / heads % T, n = a.causal ? t + 1 : T;
        double sum = 0;
        for (size_t s = 0; s < T; s++) {
          double w = weights[T * i + s];
          sum += w;
          CU_ASSERT(s < n ? w > 0 : w == 0);
          if (flat && s < n) CU_ASSERT_DOUBLE_EQUAL(w, 1.0 / (double)n, 1e-15);
        }
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-14);
      }
    }
}

/* A token that is alone gives its value, whatever its query and key: nothing goes back to them. */
static void one_token_passes_its_value(void) {
  const X(attention) a = {6, 2, 3, 1, 0.8, 1, 0, 0, 0};
  static double u[MOST], weights[MOST], o[MOST], b[MOST], gamma[MOST];
  fill(rows(&a) * 3, 0.3, u);
  fill(columns(&a) * 3, 0.2, b);
  X(attention_forward)(&a, 3, u, NULL, weights, o);
  X(attention_backward)(&a, 3, u, NULL, weights, o, b, gamma);
  for (size_t t = 0; t < 3; t++)
    for (size_t i = 0; i < a.particles; i++)
      for (size_t j = 0; j < a.width; j++) {
        const double *in = u + rows(&a) * t + 12 * i, *back = gamma + rows(&a) * t + 12 * i, *out = o + columns(&a) * t + 6 * i, *from = b + columns(&a) * t + 6 * i;
        CU_ASSERT_DOUBLE_EQUAL(out[j], in[9 + j], 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(out[3 + j], in[9 + j], 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(back[9 + j], from[j] + from[3 + j], 1e-15);
        for (size_t k = 0; k < 9; k += 3) CU_ASSERT_DOUBLE_EQUAL(back[k + j], 0, 1e-15);
      }
}

/* A permutation of a sequence's tokens, seen by all, permutes outputs and gradients. */
static void full_attention_knows_no_order(void) {
  X(attention) a = {4, 1, 3, 4, 0.5, 0, 0, 0, 0};
  static double u[2][MOST], b[2][MOST], weights[MOST], o[2][MOST], gamma[2][MOST];
  static const size_t order[4] = {2, 0, 3, 1};
  fill(rows(&a) * 4, 0.3, u[0]);
  fill(columns(&a) * 4, 0.9, b[0]);
  for (size_t t = 0; t < 4; t++) {
    memcpy(u[1] + rows(&a) * t, u[0] + rows(&a) * order[t], rows(&a) * sizeof(double));
    memcpy(b[1] + columns(&a) * t, b[0] + columns(&a) * order[t], columns(&a) * sizeof(double));
  }
  for (int k = 0; k < 2; k++) {
    X(attention_forward)(&a, 4, u[k], NULL, weights, o[k]);
    X(attention_backward)(&a, 4, u[k], NULL, weights, o[k], b[k], gamma[k]);
  }
  for (size_t t = 0; t < 4; t++) {
    for (size_t i = 0; i < columns(&a); i++) CU_ASSERT_DOUBLE_EQUAL(o[1][columns(&a) * t + i], o[0][columns(&a) * order[t] + i], 1e-14);
    for (size_t i = 0; i < rows(&a); i++) CU_ASSERT_DOUBLE_EQUAL(gamma[1][rows(&a) * t + i], gamma[0][rows(&a) * order[t] + i], 1e-14);
  }
}

/* Scores of normalized queries and keys, x/√(⟨x²⟩ + ε), written down. */
static void normalization_has_an_epsilon(void) {
  const X(attention) a = {1, 1, 2, 2, 0.6, 0, 0, 1, 0.3};
  static const double u[12] = {0.4, -0.3, 0.2, 0.5, 1, 2, -0.6, 0.1, 0.3, -0.4, 3, 4}; /* query, key, value of two tokens */
  double turned[12], weights[4], o[4], n[8];
  X(attention_forward)(&a, 2, u, turned, weights, o);
  for (int k = 0; k < 8; k++) { /* token k / 4: query and key */
    const double *x = u + 6 * (k / 4) + 2 * (k % 4 / 2);
    n[k] = x[k % 2] / sqrt((x[0] * x[0] + x[1] * x[1]) / 2 + 0.3);
  }
  for (int t = 0; t < 2; t++) {
    const double *query = n + 4 * t, *first = n + 2, *second = n + 6;
    double rise = 0.6 * (query[0] * (second[0] - first[0]) + query[1] * (second[1] - first[1]));
    CU_ASSERT_DOUBLE_EQUAL(weights[2 * t + 1] / weights[2 * t], exp(rise), 1e-14);
    for (int j = 0; j < 2; j++) CU_ASSERT_DOUBLE_EQUAL(o[2 * t + j], weights[2 * t] * u[4 + j] + weights[2 * t + 1] * u[10 + j], 1e-14);
  }
}

/* Turned scores depend on the distance of two tokens alone; normalized ones not on the size of queries and keys. */
static void turned_scores_know_distances(void) {
  const X(attention) a = {4, 1, 4, 3, 0.5, 0, 1, 1, 0};
  static double u[2][MOST], turned[MOST], weights[2][MOST], o[MOST];
  size_t n = rows(&a);
  fill(n, 0.3, u[0]);
  for (size_t t = 1; t < 3; t++) memcpy(u[0] + n * t, u[0], n * sizeof(double)); /* the same token three times */
  for (size_t i = 0; i < 3 * n; i++) u[1][i] = i % 12 < 8 ? 3 * u[0][i] : u[0][i];
  for (int k = 0; k < 2; k++) X(attention_forward)(&a, 3, u[k], turned, weights[k], o);
  for (size_t i = 0; i < 36; i++) CU_ASSERT_DOUBLE_EQUAL(weights[0][i], weights[1][i], 1e-13);
  for (size_t h = 0; h < 4; h++) { /* ratios of weights of one token are exponentials of differences of scores */
    const double *first = weights[0] + 3 * h, *second = weights[0] + 12 + 3 * h, *third = weights[0] + 24 + 3 * h;
    CU_ASSERT_DOUBLE_EQUAL(first[1] / first[0], second[2] / second[1], 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(second[0] / second[1], third[1] / third[2], 1e-12);
    CU_ASSERT(fabs(first[1] / first[0] - 1) > 1e-3);
  }
}

/* ---------------------------------------------------------------- networks */

static const char *const stacks[] = {
    "model.depth=1 model.blocks=[attention] model.head_width=2 model.heads_ratio=0.5 model.norm=rms model.output=norm model.input=linear",
    "model.depth=1 model.blocks=[attention,moe] model.head_width=2 model.heads_ratio=1 model.norm=rms model.output=norm model.input=linear model.attention_scale=full",
    "model.depth=2 model.blocks=[attention,moe] model.head_width=3 model.heads_ratio=0.5 model.query_groups=2 model.norm=layer model.causal=false model.branch_exponent=0.5 model.query_key_norm=true",
    "model.depth=2 model.blocks=[moe,attention] model.head_width=2 model.attention_output=mup model.parameterization=mup model.active_fraction=0.5 model.shared_fraction=0.25 train.balance=switch train.z_loss=0.1",
    "model.regime=I model.depth=2 model.blocks=[attention,moe] model.heads=4 model.query_groups=2 model.head_width_ratio=0.5 model.attention_scale=full model.experts=2 model.norm=rms model.branch_exponent=0.5",
};

/* dL/dA of one entry of a matrix in natural units, from its fields: χ = A p / cols, ∂L/∂χ = L^-b q / (units of its rows). */
static double entry_gradient(const bench *b, size_t l, mdm_tensor t, size_t row, size_t col) {
  const X(field) *p = X(moe_field)(b->program, MDM_TRAIN, mdm_meetings[t].forward, l),
                 *q = X(moe_field)(b->program, MDM_TRAIN, mdm_meetings[t].backward, mdm_backward_level(t, l));
  double nu = t != MDM_Q && b->problem->model.regime->neurons_grow ? (double)b->R->stream : 1; /* of γ = M ν ∂L/∂u */
  double units = t == MDM_W2 ? (double)b->R->stream : (double)b->R->block[l].units * nu, sum = 0;
  for (size_t k = 0; k < P; k++) sum += q->v[row + q->n * k] * p->v[col + p->n * k];
  return b->problem->model.branch * sum / (units * (double)p->n);
}

/* Every matrix of attention blocks, at some entries; the router's losses are none of the loss, and stay out of W1 and W2 of attention
 * blocks behind which there is none. */
static void fields_give_the_gradient_of_a_network(void) {
  static const size_t plain[] = {0, 1, 2, 4}; /* without losses on the router */
  for (size_t k = 0; k < COUNT(plain); k++) {
    bench b;
    bench_open_sequences(&b, stacks[plain[k]], 2);
    bench_network(&b, 8);
    bench_pass(&b);
    bench_step(&b, 0.5);
    bench_pass(&b);
    for (size_t l = 0; l < b.R->blocks; l++)
      for (mdm_tensor t = b.R->block[l].kind == MDM_BLOCK_MOE ? MDM_Q : MDM_W1; t <= MDM_W2; t++) {
        X(dense) *d = (X(dense) *)b.R->matrix[l][t];
        for (size_t i = 0; i < d->N * d->G; i += 1 + d->N * d->G / 40) {
          size_t stream = i % d->N, unit = i / d->N;
          double analytic = entry_gradient(&b, l, t, t == MDM_W2 ? stream : unit, t == MDM_W2 ? unit : stream), at = d->A[i], h = 1e-4, up, down;
          d->A[i] = at + h, up = bench_loss(&b);
          d->A[i] = at - h, down = bench_loss(&b);
          d->A[i] = at;
          CU_ASSERT_DOUBLE_EQUAL(analytic, (up - down) / (2 * h), 1e-9);
          bench_loss(&b); /* fields as they were */
        }
      }
    bench_close(&b);
  }
}

/* A small step of SGD lowers the loss by η times the squared norm of the gradient in the metric of its rates: rates and norm are of one piece. */
static void a_step_goes_down_the_gradient(void) {
  for (size_t k = 0; k < 3; k++) {
    bench b;
    mdm_error err = {0};
    double norm, before, after, rate = 1e-6;
    bench_open_sequences(&b, stacks[k], 2);
    bench_network(&b, 8);
    bench_pass(&b);
    bench_step(&b, 0.5);
    bench_pass(&b);
    CU_ASSERT_FATAL(!X(moe_gradient_norm)(b.program, b.x, b.e, &norm, &err));
    before = bench_loss(&b);
    bench_step(&b, rate);
    after = bench_loss(&b);
    CU_ASSERT(norm > 0.1);
    CU_ASSERT_DOUBLE_EQUAL((before - after) / rate, norm * norm, 1e-4 * norm * norm);
    bench_close(&b);
  }
}

/* Factors of the rates of W_qkv and W_O are those of attention blocks, and of W1 and W2 those of experts. */
static void rates_of_their_own(void) {
  static const struct {
    const char *word;
    size_t block;
    mdm_tensor still;
  } rows[] = {{"attention_in", 0, MDM_W1}, {"attention_out", 0, MDM_W2}, {"expert_in", 1, MDM_W1}, {"expert_out", 1, MDM_W2}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    bench b;
    char settings[512];
    snprintf(settings, sizeof settings, "%s train.lr_multiplier.%s=0", stacks[1], rows[i].word);
    bench_open_sequences(&b, settings, 2);
    bench_network(&b, 8);
    bench_pass(&b);
    for (size_t l = 0; l < 2; l++)
      for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++) CU_ASSERT_FATAL(!b.R->matrix[l][t]->ops->remember(b.R->matrix[l][t], NULL));
    bench_step(&b, 0.5);
    for (size_t l = 0; l < 2; l++)
      for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++) {
        const X(dense) *d = (const X(dense) *)b.R->matrix[l][t];
        CU_ASSERT_EQUAL(!memcmp(d->A, d->drawn, d->N * d->G * sizeof *d->A), l == rows[i].block && t == rows[i].still);
      }
    bench_close(&b);
  }
}

/* ---------------------------------------------------------------- both realizations */

static double mean_product(const X(field) *a, const X(field) *b) {
  CU_ASSERT_FATAL(a->n == b->n && a->P == b->P);
  return cblas_ddot((int)(a->n * a->P), a->v, 1, b->v, 1) / (double)a->n;
}

/* ⟨q χ⟩ = ⟨ζ p⟩/τ: ⟨r a⟩ = ⟨b y⟩/τ of W2 and, in an attention block, whose ζ is of W1 alone, ⟨γ u⟩ = ⟨ζ n⟩/τ. Of the limit a forward and backward
 * response that do not belong together would show. */
static void products_are_adjoint(void) {
  for (size_t k = 0; k < COUNT(stacks); k++)
    for (int limit = 0; limit < 2; limit++) {
      bench b;
      bench_open_sequences(&b, stacks[k], 2);
      if (limit && k == COUNT(stacks) - 1) bench_limit(&b, 600, 2, 600, 1e-4);
      else if (limit) bench_limit(&b, 400, 200, 0, 1e-4);
      else bench_network(&b, 12);
      for (int t = 0; t < 4; t++) {
        bench_pass(&b);
        for (size_t l = 0; l < b.R->blocks; l++) {
          const mdm_coefficients *c = b.R->block[l].coef;
#define FIELD(f, level) X(moe_field)(b.program, MDM_TRAIN, f, level)
          double ra = mean_product(FIELD(MDM_R, l + 1), FIELD(MDM_A, l)), by = mean_product(FIELD(MDM_B, l), FIELD(MDM_Y, l));
          CU_ASSERT_DOUBLE_EQUAL(ra, by / c[MDM_W2].tau, 1e-5);
          if (b.R->block[l].kind != MDM_BLOCK_ATTENTION) continue;
          double gu = mean_product(FIELD(MDM_GAMMA, l), FIELD(MDM_U, l)), zn = mean_product(FIELD(MDM_ZETA, l), FIELD(MDM_N, l));
          CU_ASSERT_DOUBLE_EQUAL(gu, zn / c[MDM_W1].tau, 1e-5);
          if (t == 3) CU_ASSERT(fabs(gu) > 1e-4 && fabs(ra) > 1e-4);
        }
        bench_step(&b, 0.5);
      }
      bench_close(&b);
    }
}

/* ---------------------------------------------------------------- what heads look at */

/* Of causal heads of equal scores both are known: with T = 4 the means over t of log t and of (t − 1)/2. Others differ from head to head. */
static void entropy_and_distance(void) {
  for (int flat = 0; flat < 2; flat++) {
    mdm_outcome out;
    char settings[512];
    snprintf(settings, sizeof settings, "model.depth=2 model.blocks=[moe,attention] model.head_width=2 data.context=4 data.train=8 train.steps=2 output.times=[0,2] "
             "simulate.widths=[24] simulate.seeds=1 output.kernels=false solve.particles=1000 solve.replicas=1 model.init.attention_in=%s", flat ? "0" : "3");
    run_with(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 1, settings, &out);
    for (int limit = 0; limit < 2; limit++) {
      const mdm_record *rec = limit ? out.limit.summary : out.networks[0].summary;
      const double *entropy = values(rec, "observables/attention/entropy"), *distance = values(rec, "observables/attention/distance");
      const double *quantile = values(rec, "statistics/attention/entropy/quantile"), equal = log(24) / 4, half = 0.75;
      CU_ASSERT(isnan(entropy[0]) && isnan(distance[2 * 3]) && isnan(quantile[0])); /* blocks 0 and 2 have experts */
      for (int block = 1; block < 4; block += 2) {
        if (flat) CU_ASSERT_DOUBLE_EQUAL(entropy[3 * block], equal, 1e-6);
        if (flat) CU_ASSERT_DOUBLE_EQUAL(distance[3 * block], half, 1e-6);
        if (flat) continue;
        CU_ASSERT(entropy[3 * block] > 0.2 * equal && entropy[3 * block] < 0.95 * equal);
        CU_ASSERT(fabs(distance[3 * block] - half) < 0.2 && distance[3 * block] != half);
        for (int p = 4; p < 6; p++) CU_ASSERT(quantile[18 * block + p] >= quantile[18 * block + p - 1]);
        CU_ASSERT(quantile[18 * block + 3] < entropy[3 * block] && quantile[18 * block + 5] > entropy[3 * block]);
        CU_ASSERT_EQUAL(isnan(quantile[18 * block + 2]) != 0, !limit); /* six heads have no quantile of 10 % */
      }
    }
    mdm_outcome_clear(&out);
  }
}

/* Coefficients of the limit of attention, by hand (docs/theory.md, attention): of W_qkv and W_O V_f, V_b, τ, learn; G = 2. */
static void coefficients_of_heads(void) {
  static const struct {
    const char *settings;
    double in[4], out[4];
  } cases[] = {{"model.head_width=3 model.heads_ratio=1", {4, 4 * 4 * 3 / 0.5, 12, 1}, {1, 0.5 / 6, 1.0 / 6, 6}},
               {"model.head_width=3 model.heads_ratio=1 model.attention_output=mup", {4, 4 * 4 * 3 / 0.5, 12, 1}, {0, 0, 1.0 / 6, 6}},
               {"model.regime=I model.heads=6 model.head_width_ratio=0.25 model.attention_scale=full", {4, 4.0 / 3, 1, 1}, {1, 6, 2, 0.5}},
               {"model.regime=I model.heads=6 model.head_width_ratio=0.25 model.attention_scale=full model.attention_output=mup", {4, 4.0 / 3, 1, 1}, {1.0 / 3, 2, 2, 0.5}}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    char settings[256];
    bench b;
    mdm_error err = {0};
    mdm_coefficients coef[MDM_TENSORS], heads[MDM_TENSORS];
    snprintf(settings, sizeof settings, "model.depth=1 model.blocks=[attention] model.query_groups=2 model.init.attention_in=2 %s",
             cases[k].settings);
    bench_open(&b, settings);
    CU_ASSERT_FATAL(!mdm_model_limit(&b.problem->model, &b.problem->optimizer, coef, heads, &err));
    const mdm_coefficients *in = &heads[MDM_W1], *out = &heads[MDM_W2];
    const double found[2][4] = {{in->Vf, in->Vb, in->tau, in->learn}, {out->Vf, out->Vb, out->tau, out->learn}};
    for (size_t i = 0; i < 4; i++) {
      CU_ASSERT_DOUBLE_EQUAL(found[0][i], cases[k].in[i], 1e-12);
      CU_ASSERT_DOUBLE_EQUAL(found[1][i], cases[k].out[i], 1e-12);
    }
    mdm_problem_free(b.problem);
    mdm_data_free(b.data);
    mdm_config_free(b.cfg);
  }
}

static const test_case tests[] = {
    {"normalization has an epsilon", normalization_has_an_epsilon},
    {"gamma is the gradient of the map", gamma_is_the_gradient},
    {"weights are a distribution", weights_are_a_distribution},
    {"one token passes its value", one_token_passes_its_value},
    {"full attention knows no order", full_attention_knows_no_order},
    {"turned scores know distances", turned_scores_know_distances},
    {"fields give the gradient of a network", fields_give_the_gradient_of_a_network},
    {"a step goes down the gradient", a_step_goes_down_the_gradient},
    {"rates of their own", rates_of_their_own},
    {"forward and backward products are adjoint", products_are_adjoint},
    {"entropy and distance", entropy_and_distance},
    {"coefficients of heads", coefficients_of_heads},
};

SUITE("models/attention", tests)
