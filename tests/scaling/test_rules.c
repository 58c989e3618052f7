/* Rules of every tensor at a width: the published table by hand, and as text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/rules.h>

#include "support/settings.h"
#include "support/suite.h"

static mdm_rules rules_at(const char *settings, size_t dimension, size_t width) {
  mdm_rules r;
  mdm_error err = {0};
  mdm_config *cfg = configure_values(settings);
  int status = mdm_rules_compute(cfg, dimension, width, &r, &err);
  if (status) fprintf(stderr, "%s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_config_free(cfg);
  return r;
}

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
  mdm_config *cfg = configure_values("model.depth=1;model.blocks=[attention];model.heads_ratio=0.01");
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_rules_compute(cfg, 6, 16, &g, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "model.heads_ratio"));
  mdm_config_free(cfg);
}

static void rules_as_text(void) {
  mdm_rules r = rules_at("model.parameterization=mssp;train.lr=0.5", 6, 64);
  mdm_error err = {0};
  char *text;
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "json", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"sizes\": {\"D\": 6, \"N\": 64, \"Ne\": 3, \"M\": 64, \"K\": 64, \"L\": 0, \"branch\": 1}"));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"W2\": {\"init_std\": 4.6188021535170"));
  CU_ASSERT_PTR_NOT_NULL(strstr(
      text, "\"sgd_lr\": 2048, \"adam_lr\": 0.16666666666666666, \"adam_eps\": 0.000244140625, \"tied\": false}"));
  free(text);
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "csv", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_EQUAL(
      strstr(text, "tensor,init_std,multiplier,lr,sgd_lr,adam_lr,adam_eps,tied\nW_in,0.408248290463863,1,"), text);
  free(text);
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "text", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "Ne^-1/2 M^1/2"));
  free(text);
  CU_ASSERT_EQUAL(mdm_rules_format(&r, "xml", &text, &err), MDM_ERR_USAGE);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "text, json, csv"));
  CU_ASSERT_PTR_NULL(text);
}

static const test_case tests[] = {
    {"the table by hand", table_by_hand},
    {"other rows by hand", others_by_hand},
    {"text, JSON, CSV", rules_as_text},
    {"rules of heads", rules_of_heads},
    {"the optimizer's rate", rate_of_the_optimizer},
};

SUITE("scaling/rules", tests)
