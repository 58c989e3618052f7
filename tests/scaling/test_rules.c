/* Rules of every tensor at a width: the published table by hand, and as text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/rules.h>

#include "support/settings.h"
#include "support/suite.h"

/* dimension 0: of a whole transformer, with heads of that width. */
static mdm_rules rules_of(const char *settings, size_t dimension, size_t width, size_t heads) {
  mdm_rules r;
  mdm_error err = {0};
  mdm_config *cfg = configure_values(settings);
  int status = dimension ? mdm_rules_compute(cfg, dimension, width, &r, &err) : mdm_rules_transformer(cfg, width, heads, &r, &err);
  if (status) fprintf(stderr, "%s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_config_free(cfg);
  return r;
}

static mdm_rules rules_at(const char *settings, size_t dimension, size_t width) { return rules_of(settings, dimension, width, 0); }

static void check_rule(const mdm_tensor_rule *r, double std, double sgd, double adam, double eps, int tied) {
  CU_ASSERT_DOUBLE_EQUAL(r->init_std, std, 1e-12 * fabs(std));
  CU_ASSERT_DOUBLE_EQUAL(r->sgd_lr, sgd, 1e-12 * sgd);
  CU_ASSERT_DOUBLE_EQUAL(r->adam_lr, adam, 1e-12 * adam);
  CU_ASSERT_DOUBLE_EQUAL(r->adam_eps, eps, 1e-12 * eps);
  CU_ASSERT_EQUAL(r->multiplier, 1);
  CU_ASSERT_EQUAL(r->lr, r->sgd_lr);
  CU_ASSERT_EQUAL(r->tied, tied);
}

/* arXiv 2605.14200, Table 1, with the constants of src/scaling/parameterizations.c; η = 1. */
static void table_by_hand(void) {
  const double D = 6, N = 64;
  for (int mssp = 0; mssp < 2; mssp++) {
    const char *name = mssp ? "mssp" : "mup";
    char settings[160];
    snprintf(settings, sizeof settings,
             "model.regime=I;model.experts=4;model.expert_width_ratio=0.5;train.lr=1;model.parameterization=%s", name);
    mdm_rules I = rules_at(settings, 6, 64); /* N_e = 32, M = 4 */
    check_rule(&I.tensor[0], 1 / sqrt(D), N / D, 1 / D, 1 / N, 0);
    check_rule(&I.tensor[1], mssp ? 0 : 1 / N, 4 / N, 1 / N, 1 / 4.0, 0);
    check_rule(&I.tensor[2], 1 / sqrt(N), 4, 1 / N, 1 / (4 * N), 0);
    check_rule(&I.tensor[3], 1 / sqrt(32), 4, 1 / 32.0, 1 / (4 * N), 0);
    check_rule(&I.tensor[4], 1 / N, 1 / N, 1 / N, 1, 0);
    snprintf(settings, sizeof settings,
             "model.regime=II;model.experts_ratio=2;model.expert_width=3;train.lr=1;model.parameterization=%s", name);
    mdm_rules II = rules_at(settings, 6, 64); /* M = 128 */
    check_rule(&II.tensor[1], 1 / sqrt(N), 2, 1 / N, 1 / 128.0, 0);
    check_rule(&II.tensor[2], 1 / sqrt(N), 2, 1 / N, 1 / 128.0, 0);
    check_rule(&II.tensor[3], mssp ? sqrt(128 / 3.0) : sqrt(1 / 3.0), 128 * N, 1 / 3.0, 1 / (128 * N), 0);
    snprintf(settings, sizeof settings,
             "model.regime=III;model.experts_ratio=2;model.expert_width_ratio=0.5;train.lr=1;model.parameterization=%s",
             name);
    mdm_rules III = rules_at(settings, 6, 64); /* M = 128, N_e = 32 */
    check_rule(&III.tensor[1], 1 / sqrt(N), 2, 1 / N, 1 / 128.0, 0);
    check_rule(&III.tensor[2], 1 / sqrt(N), 128, 1 / N, 1 / (128 * N), mssp);
    check_rule(&III.tensor[3], 1 / sqrt(32), 128, 1 / 32.0, 1 / (128 * N), mssp);
  }
}

/* `lr` is the rate that the optimizer uses: entrywise steps take the Adam rate. */
static void rate_of_the_optimizer(void) {
  static const struct {
    const char *settings;
    int adam;
  } each[] = {{"train.optimizer=sgd", 0}, {"train.optimizer=momentum", 0}, {"train.optimizer=sign", 1}, {"train.optimizer=adam", 1}, {"train.optimizer=adamw", 1}};
  for (size_t i = 0; i < COUNT(each); i++) {
    mdm_rules r = rules_at(each[i].settings, 6, 64);
    for (int t = 0; t < 5; t++) CU_ASSERT_EQUAL(r.tensor[t].lr, each[i].adam ? r.tensor[t].adam_lr : r.tensor[t].sgd_lr);
    CU_ASSERT_STRING_EQUAL(r.optimizer, strchr(each[i].settings, '=') + 1);
  }
}

static void others_by_hand(void) {
  const double N = 16;
  mdm_rules j = rules_at("model.regime=III;model.parameterization=jbph;model.router_gamma=0.75;train.lr=1", 6, 16);
  check_rule(&j.tensor[1], pow(N, -0.75), 1, 1 / N, 1, 0);
  check_rule(&j.tensor[3], 1 / sqrt(N), N, 1 / N, 1, 0);
  mdm_rules k = rules_at("model.regime=III;model.parameterization=jbph;model.experts_ratio=2;model.expert_width_ratio=0.5;train.lr=1", 6, 16); /* M = 32, N_e = 8 */
  check_rule(&k.tensor[0], 1 / sqrt(6), N / 6, 1 / 6.0, 1, 0);
  check_rule(&k.tensor[2], 1 / sqrt(N), 32, 1 / N, 1, 0);
  check_rule(&k.tensor[3], sqrt(N) / 8, 32, 1 / 8.0, 1, 0); /* √N/N_e, not 1/√N_e */
  mdm_rules s = rules_at("model.regime=I;model.parameterization=simplep;model.experts=4;train.lr=1", 6, 16);
  check_rule(&s.tensor[1], 1 / sqrt(N), 4, 1 / N, 1 / 4.0, 0);
  mdm_rules n = rules_at(
      "model.regime=II;model.parameterization=ntp;train.lr=0.25;train.lr_multiplier.router=2;model.init.router=3", 6,
      16);
  CU_ASSERT_EQUAL(n.tensor[1].init_std, 3);
  CU_ASSERT_EQUAL(n.tensor[1].multiplier, 0.25);
  CU_ASSERT_EQUAL(n.tensor[1].lr, 0.5);
  CU_ASSERT_DOUBLE_EQUAL(n.tensor[0].multiplier, 1 / sqrt(6), 1e-15);
  CU_ASSERT_EQUAL(n.tensor[2].multiplier, 0.25);
  CU_ASSERT_EQUAL(n.tensor[4].multiplier, 0.25);
  CU_ASSERT_STRING_EQUAL(n.tensor[1].multiplier_law, "N^-1/2");
  n = rules_at("model.parameterization=custom;model.custom.W_in.std=0.25 D^-1/2;model.init.input=0.5;model.custom.W_in.adam_lr=3;train.lr=2", 4, 16);
  CU_ASSERT_EQUAL(n.tensor[0].init_std, 0.0625);
  CU_ASSERT_STRING_EQUAL(n.tensor[0].init_law, "0.25 D^-1/2");
  CU_ASSERT_EQUAL(n.tensor[0].adam_lr, 6);
  mdm_config *cfg = configure_values("model.regime=III;model.experts_ratio=0.01");
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_rules_compute(cfg, 6, 16, &n, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "model.experts_ratio"));
  mdm_config_free(cfg);
}

/* Rows of attention blocks (docs/theory.md, attention): W_O as everybody draws it, or as a mean over heads; groups of heads in the place of heads. */
static void rules_of_heads(void) {
#define HEADS "model.depth=2;model.norm=rms;model.output=norm;model.head_width=4;model.heads_ratio=0.5;train.lr=1;"
  const double N = 64, H = 32;
  mdm_rules r = rules_at(HEADS "model.blocks=[attention,moe];train.lr_multiplier.attention_in=3;model.init.attention_out=2", 6, 64);
  CU_ASSERT_EQUAL_FATAL(r.tensors, 9);
  for (int t = 1; t <= 3; t++) check_rule(&r.tensor[t], 1 / sqrt(N), 2 * 3 * H / N, 3 / N, 1 / (2 * H), 0);
  check_rule(&r.tensor[4], 2 * sqrt(H / 4), 2 * H * N, 1 / 4.0, 1 / (2 * H * N), 0);
  check_rule(&r.tensor[5], 1 / sqrt(N), 2, 1 / N, 1 / (2 * N), 0);
  CU_ASSERT_STRING_EQUAL(r.tensor[4].init_law, "d_k^-1/2 H^1/2");
  CU_ASSERT_STRING_EQUAL(r.tensor[1].tensor, "W_Q");
  CU_ASSERT_STRING_EQUAL(r.tensor[8].tensor, "w_out");
  mdm_rules g = rules_at(HEADS "model.blocks=[attention];model.query_groups=2;model.attention_output=mup;model.depth=1", 6, 64);
  CU_ASSERT_EQUAL_FATAL(g.tensors, 6);
  check_rule(&g.tensor[3], 1 / sqrt(N), 16 / N, 1 / N, 1 / 16.0, 0);
  check_rule(&g.tensor[4], 1 / sqrt(8), 16 * N, 1 / 8.0, 1 / (16 * N), 0);
  mdm_rules wide = rules_at("model.regime=I;model.depth=1;model.blocks=[attention];model.heads=4;model.head_width_ratio=0.25;train.lr=1", 6, 64);
  check_rule(&wide.tensor[1], 1 / sqrt(N), 4, 1 / N, 1 / (4 * N), 0);
  check_rule(&wide.tensor[4], 1 / 2.0, 4, 1 / 16.0, 1 / (4 * N), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(wide.tensor[1].source, "regime I,"));
  mdm_config *cfg = configure_values("model.depth=1;model.blocks=[attention];model.heads_ratio=0.01");
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_rules_compute(cfg, 6, 16, &g, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "model.heads_ratio"));
  mdm_config_free(cfg);
}

static const mdm_tensor_rule *row_of(const mdm_rules *r, const char *name) {
  for (size_t t = 0; t < r->tensors; t++)
    if (!strcmp(r->tensor[t].tensor, name)) return &r->tensor[t];
  CU_FAIL_FATAL("no such row");
  return NULL;
}

static mdm_rules transformer_at(const char *settings, size_t width, size_t heads) { return rules_of(settings, 0, width, heads); }

static void check_row(const mdm_rules *r, const char *name, double std, double multiplier, double sgd, double adam, double eps) {
  const mdm_tensor_rule *x = row_of(r, name);
  CU_ASSERT_DOUBLE_EQUAL(x->init_std, std, 1e-12 * fabs(std));
  CU_ASSERT_DOUBLE_EQUAL(x->multiplier, multiplier, 1e-12 * multiplier);
  CU_ASSERT_DOUBLE_EQUAL(x->sgd_lr, sgd, 1e-12 * sgd);
  CU_ASSERT_DOUBLE_EQUAL(x->adam_lr, adam, 1e-12 * adam);
  CU_ASSERT_DOUBLE_EQUAL(x->adam_eps, eps, 1e-12 * eps);
  CU_ASSERT(strlen(x->role) > 0 && strlen(x->source) > 0);
}

/* All of a transformer's tensors, as plain layers: N = 64, 8 heads of 8, dense blocks of 256, L = 4 (Yang et al. 2022, Table 3: vectors 1 and 1, hidden weights fan-in^-1/2
 * and 1/fan-in, in Adam's columns). */
static void rules_of_a_transformer(void) {
  const double N = 64;
  mdm_rules r = transformer_at("model.regime=III;model.parameterization=mup;model.depth=4;train.lr=1;model.position_std=0.25;data.source=text;data.file=x", 64, 8);
  CU_ASSERT_EQUAL(r.F, 256);
  CU_ASSERT_EQUAL(r.H, 8);
  check_row(&r, "W_in", 1, 1, N, 1, 1 / N);
  check_row(&r, "position", 0.25, 1, N / 16, 1, 1 / N);
  check_row(&r, "norm", 0, 1, 4 * N, 1, 1 / (4 * N));
  check_row(&r, "W_Q", 1 / sqrt(N), 1, 4 * 8 / N, 1 / N, 1 / (4 * 8.0));
  check_row(&r, "W_O", 1 / sqrt(N), 1, 4 * N / 8, 1 / N, 1 / (4 * N));
  check_row(&r, "dense_W1", 1 / sqrt(N), 1, 4, 1 / N, 1 / (4 * N));
  check_row(&r, "dense_W2", 1 / 16.0, 1, 4, 1 / 256.0, 1 / (4 * N));
  check_row(&r, "shared_W2", row_of(&r, "W2")->init_std, 1, row_of(&r, "W2")->sgd_lr, row_of(&r, "W2")->adam_lr, row_of(&r, "W2")->adam_eps);
  check_row(&r, "norm_out", 0, 1, N, 1, 1 / N);
  check_row(&r, "w_out", 1 / N, 1, 1 / N, 1 / N, 1);
  CU_ASSERT_EQUAL(row_of(&r, "norm")->init_mean, 1);
  CU_ASSERT_EQUAL(row_of(&r, "W_in")->init_mean, 0);
  CU_ASSERT_STRING_EQUAL(row_of(&r, "W_in")->role, "embedding");
  /* Attention that the network has, by its own options, without the 1/H that the network of the program carries. */
  mdm_rules own = transformer_at("model.depth=4;model.blocks=[attention,moe];model.head_width=8;model.heads_ratio=0.125;train.lr=1", 64, 0);
  check_row(&own, "W_O", 1 / sqrt(N), 1, 4 * N / 8, 1 / N, 1 / (4 * N));
  /* One rate for all of the standard parameterization. */
  mdm_rules plain = transformer_at("model.parameterization=standard;train.lr=0.5", 64, 8);
  for (size_t t = 0; t < plain.tensors; t++) CU_ASSERT(strstr("W_O", plain.tensor[t].tensor) || plain.tensor[t].adam_lr == 0.5);
  mdm_config *cfg = configure_values("model.depth=1;model.blocks=[attention,moe]");
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_rules_transformer(cfg, 64, 8, &r, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "model.head_width"));
  mdm_config_free(cfg);
}

/* A published table and its authors' code may differ: both by name, the same training up to Adam's units. */
static void variants_by_name(void) {
  const double N = 16;
  mdm_rules code = rules_at("model.regime=I;model.parameterization=mcb;model.experts=4;train.lr=1", 6, 16),
            table = rules_at("model.regime=I;model.parameterization=mcb_table;model.experts=4;train.lr=1", 6, 16);
  const mdm_tensor_rule *q = row_of(&table, "Q"), *c = row_of(&code, "Q");
  CU_ASSERT_EQUAL(q->init_std, 1);
  CU_ASSERT_EQUAL(q->multiplier, 1 / N);
  CU_ASSERT_EQUAL(q->adam_lr, 1);
  CU_ASSERT_DOUBLE_EQUAL(q->init_std * q->multiplier, c->init_std, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(q->adam_lr * q->multiplier, c->adam_lr, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(q->sgd_lr * q->multiplier * q->multiplier, c->sgd_lr, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(q->adam_eps / q->multiplier, c->adam_eps, 1e-15);
  mdm_rules j = rules_at("model.regime=III;model.parameterization=jbph_eps;model.router_gamma=0.75;train.lr=1", 6, 16),
            m = rules_at("model.regime=III;model.parameterization=mup;train.lr=1", 6, 16);
  CU_ASSERT_DOUBLE_EQUAL(row_of(&j, "Q")->init_std, pow(N, -0.75), 1e-15);
  for (size_t t = 0; t < 5; t++) CU_ASSERT_EQUAL(j.tensor[t].adam_eps, m.tensor[t].adam_eps);
}

/* What a step of PyTorch's AdamW takes from a weight, lr x weight_decay: train.lr x lr_multiplier x lambda of every tensor, or its own rate's. */
static void decay_of_parameter_groups(void) {
  mdm_rules r = rules_at("train.optimizer=adamw;train.lr=0.5;train.adam.weight_decay=0.1;train.lr_multiplier.router=3;train.adam.eps=1e-6", 6, 64);
  for (int t = 0; t < 5; t++) CU_ASSERT_DOUBLE_EQUAL(r.tensor[t].lr * r.tensor[t].weight_decay, 0.05 * (t == 1 ? 3 : 1), 1e-15);
  for (int t = 0; t < 5; t++) CU_ASSERT_DOUBLE_EQUAL(r.tensor[t].eps, 1e-6 * r.tensor[t].adam_eps, 1e-18);
  r = rules_at("train.optimizer=adamw;train.adam.weight_decay=0.1;train.decay_scale=tensor", 6, 64);
  for (int t = 0; t < 5; t++) CU_ASSERT_EQUAL(r.tensor[t].weight_decay, 0.1);
  r = rules_at("train.weight_decay=0.1;train.lr=0.5", 6, 64);
  for (int t = 0; t < 5; t++) CU_ASSERT_DOUBLE_EQUAL(r.tensor[t].sgd_lr * r.tensor[t].weight_decay, 0.05, 1e-15);
  r = rules_at("train.optimizer=adam", 6, 64);
  for (int t = 0; t < 5; t++) CU_ASSERT_EQUAL(r.tensor[t].weight_decay, 0);
}

static void rules_relative_to_a_base(void) {
  mdm_rules wide = rules_at("model.parameterization=mup", 6, 256), base = rules_at("model.parameterization=mup;train.lr=0.25", 6, 64), without;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_rules_divide(&wide, &base, &err), MDM_OK);
  check_row(&wide, "W_in", 1, 1, 8, 2, 0.25);
  check_row(&wide, "W1", 0.5, 1, 2, 0.5, 0.25);
  CU_ASSERT(wide.relative && wide.tensor[2].weight_decay == 1);
  wide = rules_at("model.regime=I;model.parameterization=mup", 6, 64);
  without = rules_at("model.regime=I;model.parameterization=mssp", 6, 64);
  CU_ASSERT_EQUAL(mdm_rules_divide(&wide, &without, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "init_std of Q is 0"));
  wide = rules_at("model.depth=1;model.blocks=[attention,moe]", 6, 64);
  CU_ASSERT_EQUAL(mdm_rules_divide(&wide, &base, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no tensor W_Q"));
}

/* Powers of the parts of products, as the coordinate check predicts them; under Adam of what is learned alone. */
static void predicted_powers(void) {
  mdm_rules r = rules_at("model.parameterization=mup", 6, 64);
  CU_ASSERT_EQUAL(row_of(&r, "W2")->predicted[0], -0.5);
  CU_ASSERT_EQUAL(row_of(&r, "W2")->predicted[2], 0);
  CU_ASSERT_EQUAL(row_of(&r, "W_in")->predicted[1], -INFINITY);
  r = rules_at("model.parameterization=standard;train.optimizer=adam;model.depth=1;model.blocks=[attention,moe]", 6, 64);
  CU_ASSERT(isnan(row_of(&r, "W1")->predicted[0]));
  r = rules_at("train.optimizer=adam;model.depth=1;model.blocks=[attention,moe]", 6, 64);
  CU_ASSERT_EQUAL(row_of(&r, "W1")->predicted[2], 0);
  CU_ASSERT_EQUAL(row_of(&r, "W_Q")->predicted[4], 0);
  CU_ASSERT(isnan(row_of(&r, "W_Q")->predicted[1]));
}

static void rules_as_text(void) {
  mdm_rules r = rules_at("model.parameterization=mssp;train.lr=0.5", 6, 64);
  mdm_error err = {0};
  char *text;
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "json", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"sizes\": {\"D\": 6, \"N\": 64, \"Ne\": 3, \"M\": 64, \"K\": 64, \"L\": 0, \"branch\": 1}"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"W2\": {\"init_std\": 4.6188021535170"));
  CU_ASSERT_PTR_NOT_NULL(strstr(
      text, "\"sgd_lr\": 2048, \"adam_lr\": 0.16666666666666666, \"adam_eps\": 0.000244140625, \"eps\": 2.44140625e-12, \"weight_decay\": 0, \"init_mean\": 0, \"tied\": false,"));
  free(text);
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "csv", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_EQUAL(
      strstr(text, "tensor,init_std,multiplier,lr,sgd_lr,adam_lr,adam_eps,eps,weight_decay,init_mean,tied,role,source\nW_in,0.408248290463863,1,"), text);
  free(text);
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "text", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "Ne^-1/2 M^1/2"));
  free(text);
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "latex", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\\texttt{W2} & experts out & $N_e^{-1/2}\\,M^{1/2}$ & $1$ &"));
  free(text);
  CU_ASSERT_EQUAL(mdm_rules_format(&r, "xml", &text, &err), MDM_ERR_USAGE);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "text, json, csv, latex"));
  CU_ASSERT_PTR_NULL(text);
}

static const test_case tests[] = {
    {"the table by hand", table_by_hand},
    {"other rows by hand", others_by_hand},
    {"text, JSON, CSV", rules_as_text},
    {"rules of heads", rules_of_heads},
    {"the optimizer's rate", rate_of_the_optimizer},
    {"a whole transformer", rules_of_a_transformer},
    {"tables and code by name", variants_by_name},
    {"decay of parameter groups", decay_of_parameter_groups},
    {"ratios to a base", rules_relative_to_a_base},
    {"predicted powers", predicted_powers},
};

SUITE("scaling/rules", tests)
