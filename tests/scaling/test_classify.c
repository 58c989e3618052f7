/* Classification of parameterizations: verdicts, exponents, and names that are refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/classify.h>

#include "scaling/model.h"
#include "support/settings.h"
#include "support/suite.h"

static mdm_classification classify(const char *regime, const char *name) {
  char settings[128];
  mdm_classification c;
  snprintf(settings, sizeof settings, "model.regime=%s;model.parameterization=%s", regime, name);
  mdm_config *cfg = configure_values(settings);
  CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
  mdm_config_free(cfg);
  return c;
}

/* Reading the parameterization fails and the message contains a text. */
static void check_refusal(const char *settings, const char *part) {
  mdm_classification c;
  mdm_error err = {0};
  mdm_config *cfg = configure_values(settings);
  CU_ASSERT_EQUAL(mdm_classify(cfg, &c, &err), MDM_ERR_CONFIG);
  if (!strstr(err.text, part)) fprintf(stderr, "'%s' lacks '%s'\n", err.text, part);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
  mdm_config_free(cfg);
}

static void check_verdicts(const mdm_classification *c, const char *expected) {
  char found[MDM_DESIDERATA + 2];
  for (int d = 0; d < MDM_DESIDERATA; d++) found[d] = c->verdict[d].holds ? 'y' : 'n';
  found[MDM_DESIDERATA] = c->limit_exists ? 'y' : 'n';
  found[MDM_DESIDERATA + 1] = 0;
  if (strcmp(found, expected))
    fprintf(stderr, "regime %s, %s: %s instead of %s\n", c->regime, c->parameterization, found, expected);
  CU_ASSERT_STRING_EQUAL(found, expected);
}

/* Stable, learns, effective, propagating, balanced, Adam, self-averaging, depth (none: holds), limit. */
static void verdicts(void) {
  static const struct {
    const char *regime, *name, *expected;
  } rows[] = {{"I", "mup", "yyyyyyyyy"},      {"II", "mup", "yyyynyyyy"},      {"III", "mup", "yyyynyyyy"},
              {"I", "mssp", "yyynyyyyy"},     {"II", "mssp", "yyynyyyyy"},     {"III", "mssp", "yyyyyyyyy"},
              {"I", "mcb", "yyyyyyyyy"},      {"I", "simplep", "nynnyyyyn"},   {"III", "jbph", "yyynnnyyy"},
              {"I", "ntp", "yynnynyyn"},      {"II", "ntp", "ynnnnnyyn"},      {"III", "ntp", "ynnnnnyyn"},
              {"I", "standard", "nynnynyyn"}, {"II", "standard", "nynnnnyyn"}, {"III", "standard", "nynnnnyyn"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    mdm_classification c = classify(rows[i].regime, rows[i].name);
    check_verdicts(&c, rows[i].expected);
  }
}

/* A readout v ~ n, independent of what experts have computed: b ~ n, and the gate's gradient is a mean of so many independent numbers, n^(1 − 1/2). */
static void large_readout(void) {
  mdm_classification c;
  mdm_config *cfg = configure_values("model.regime=II;model.parameterization=custom;model.custom.w_out.std=1");
  CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
  CU_ASSERT_EQUAL(c.readout, 1);
  CU_ASSERT_EQUAL(c.tensor[MDM_Q].part[MDM_PART_LEARNED_FORWARD], 0.5);
  CU_ASSERT_EQUAL(c.tensor[MDM_W1].part[MDM_PART_LEARNED_FORWARD], 1);
  mdm_config_free(cfg);
}

/* A rate of W2 that is N times smaller leaves the aggregate at its initial n^-1/2: the gradient of w_out, a e, falls so far below Adam's epsilon. */
static void small_aggregate(void) {
  mdm_classification c;
  mdm_config *cfg = configure_values("model.regime=II;model.parameterization=custom;model.custom.W2.lr=M");
  CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
  CU_ASSERT_EQUAL(c.tensor[MDM_W_OUT].eps_gap, 0.5);
  CU_ASSERT_EQUAL(c.tensor[MDM_W_OUT].change_of_f, -1);
  mdm_config_free(cfg);
}

/* Exponents that finite networks show: slopes of weight changes over widths 16, 64, 256 are −0.49, 0.02, −0.45, −0.48
 * in Regime I and −1.05, −1.00, −1.51, −1.52 in Regime III (W_in, Q, W1, W2). */
static void neural_tangent_exponents(void) {
  static const double learned[2][4] = {{-0.5, 0, -0.5, -0.5}, {-1, -1, -1.5, -1.5}};
  for (int k = 0; k < 2; k++) {
    mdm_classification c = classify(k ? "III" : "I", "ntp");
    for (int t = 0; t < 4; t++) CU_ASSERT_EQUAL(c.tensor[t].part[MDM_PART_LEARNED_FORWARD], learned[k][t]);
    CU_ASSERT_EQUAL(c.readout, 0.5);
    CU_ASSERT_EQUAL(c.f, k ? -0.5 : 0);
  }
}

static void parts_by_hand(void) {
  mdm_classification c = classify("III", "mup");
  static const double W1[] = {0, -0.5, -1, 0, 0, 0}, W2[] = {-0.5, 0, 0, -1, 0, 0};
  for (int k = 0; k < MDM_CLASS_PARTS; k++) {
    CU_ASSERT_EQUAL(c.tensor[MDM_W1].part[k], W1[k]);
    CU_ASSERT_EQUAL(c.tensor[MDM_W2].part[k], W2[k]);
  }
  CU_ASSERT(isnan(c.tensor[MDM_W_IN].part[MDM_PART_INITIAL_BACKWARD]));
  c = classify("I", "mssp");
  CU_ASSERT(isinf(c.tensor[MDM_Q].part[MDM_PART_INITIAL_FORWARD]));
  c = classify("I", "simplep");
  CU_ASSERT_PTR_NOT_NULL(
      strstr(c.obstacle, "initial backward part of Q grows like scale^0.5; lower the std exponent of Q by 0.5"));
  char *text;
  CU_ASSERT_EQUAL_FATAL(mdm_classification_format(&c, &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "stability                    no: initial backward part of Q grows like n^1/2"));
  free(text);
}

static void undefined_names(void) {
  check_refusal("model.regime=II;model.parameterization=jbph", "defined in regime III only");
  check_refusal("model.regime=III;model.parameterization=mcb", "defined in regime I only");
  check_refusal("model.regime=II;model.parameterization=custom;model.custom.base=simplep",
                "model.custom.base = simplep");
  check_refusal("model.parameterization=custom;model.custom.W1.lr=N^x", "model.custom.W1.lr = 'N^x'");
  check_refusal("model.parameterization=custom;model.custom.W1.lr=0", "model.custom.W1.lr = '0'");
  check_refusal("model.parameterization=custom;model.custom.tied=true", "model.custom.tied");
}

/* Noise that networks do not average over, by exponents and factors, not by the regime's name. */
static void self_averaging(void) {
  static const struct {
    const char *settings;
    int averages, limit; /* verdict; whether a limit exists */
    const char *reason;
  } rows[] = {
      {"model.regime=I;model.active=1;model.parameterization=mcb", 0, 0, "each of the M counted experts"},
      {"model.regime=I;model.active=1;model.router_bias_std=0.1", 1, 1, ""},
      {"model.regime=II;model.active_fraction=0.25", 1, 1, ""},
      {"model.regime=II;model.active_fraction=0.25;model.init.router=0", 1, 1, ""},
      {"model.regime=III;model.active_fraction=0.25;model.parameterization=jbph", 1, 1, ""},
      {"model.regime=III;model.active_fraction=0.25;model.init.router=0", 0, 0, "one coin for all"}, /* tied experts */
      {"model.regime=III;model.active_fraction=0.25;model.init.router=0;model.readout_std=0", 1, 1, ""}, /* the K first, the K next, ... stay together */
      {"model.regime=III;model.active_fraction=0.3;model.init.router=0;model.readout_std=0", 0, 0, "one coin for all"}, /* the last of them are too few */
      {"model.regime=III;model.active_fraction=0.3;model.init.router=0;model.gate=constant", 1, 1, ""},
      {"model.regime=I;model.active=2;model.gate=constant", 1, 1, ""}, /* MSSP: Q = 0, for good */
      {"model.regime=I;model.active=2;model.gate=constant;model.parameterization=mup", 0, 0, "each of the M counted experts"},
      {"model.regime=I;model.active=2;model.readout_std=0", 0, 0, "each of the M counted experts"},
      {"model.regime=III;model.active_fraction=0.25;model.init.router=0;model.parameterization=mup", 1, 1, ""},
      {"model.regime=I;train.optimizer=sign", 0, 1, "sign descent moves Q"},
      {"model.regime=I;train.optimizer=sign;model.gate=constant", 1, 1, ""},
      {"model.regime=I;train.optimizer=sign;model.readout_std=0", 1, 1, ""}, /* rho is no noise once v has learned */
      {"model.regime=III;train.optimizer=adam;model.readout_std=0", 1, 1, ""},
      {"model.regime=I;train.optimizer=adam", 0, 1, "Adam, its epsilon below the gradient"},
      {"model.regime=I;train.optimizer=adam;train.adam.eps=0.1", 1, 1, ""},
      {"model.regime=I;train.optimizer=adam;train.adam.eps=0.1;model.parameterization=custom;model.custom.base=mssp;"
       "model.custom.Q.adam_eps=1e-6", 0, 1, "Adam, its epsilon below the gradient"},
      {"model.regime=I;train.optimizer=adam;train.adam.eps=0.1;model.parameterization=custom;model.custom.base=mssp;"
       "model.custom.W1.adam_eps=1e-6 N^-1", 1, 1, ""}, /* Q's own epsilon counts */
      {"model.regime=III;train.optimizer=sign", 0, 1, "all experts"},
      {"model.regime=III;train.optimizer=sign;model.parameterization=mup", 1, 1, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    mdm_classification c;
    mdm_config *cfg = configure_values(rows[i].settings);
    CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
    const mdm_verdict *v = &c.verdict[MDM_SELF_AVERAGING];
    CU_ASSERT_EQUAL(v->holds, rows[i].averages);
    CU_ASSERT_EQUAL(c.limit_exists, rows[i].limit);
    CU_ASSERT_PTR_NOT_NULL(strstr(v->reason, rows[i].reason));
    mdm_config_free(cfg);
  }
}

/* Exponents of L by recipe, and the traps: rates without their power of L freeze blocks; a smaller initial W2 is no branch factor, as then W2
 * and the matrices before it need different rates. */
static void depth(void) {
  static const struct {
    const char *settings;
    double stream, step[3], own; /* step: of Q, W1, W2; own: of W2 */
    int holds;
    const char *reason;
  } rows[] = {
      {"", -0.5, {0, 0, 0}, 0, 1, ""},
      {"train.optimizer=adam", -0.5, {0, 0, 0}, 0, 1, ""},
      {"model.branch_exponent=0.5", 0, {0, 0, 0}, -0.5, 1, ""},
      {"model.branch_exponent=0.5;train.optimizer=adam", 0, {0, 0, 0}, -0.5, 1, ""},
      {"model.branch_exponent=0", 0.5, {0, 0, 0}, -1, 0, "initial branches add up to L^0.5"},
      {"model.branch_exponent=0;model.norm=rms;model.output=norm", 0.5, {0, 0, 0}, -0.5, 1, ""},
      {"model.branch_exponent=0;model.norm=rms;model.output=norm;train.optimizer=adam", 0.5, {0, 0, 0}, -0.5, 1, ""},
      {"model.branch_exponent=0;model.norm=rms", 0.5, {0, 0, 0}, -1, 0, "initial branches"},
      /* W2's draw vanishes with width: what lets Q and W1 reach the stream is what W2 learned */
      {"model.branch_exponent=0.5;model.parameterization=mup", -INFINITY, {-1, -1, 0}, -0.5, 0, "Q in all blocks changes f by L^-1: blocks freeze"},
      {"model.parameterization=custom;model.custom.base=mssp;model.custom.Q.lr=M N^-1;model.custom.W1.lr=M N^-1;model.custom.W2.lr=M N", -0.5,
       {-1, -1, -1}, -1, 0, "blocks freeze"},
      {"model.branch_exponent=0;model.parameterization=custom;model.custom.base=mssp;model.custom.W2.std=M^1/2 Ne^-1/2 L^-1/2", 0, {-1, -1, 0}, -1, 0,
       "Q in all blocks changes f by L^-1"},
      {"model.branch_exponent=0;model.parameterization=custom;model.custom.base=mssp;model.custom.W2.std=M^1/2 Ne^-1/2 L^-1/2;model.custom.Q.lr=M N^-1;"
       "model.custom.W1.lr=M N^-1;model.custom.W2.lr=M N", 0, {1, 1, 1}, 0, 0, "changes f by L^1"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    mdm_classification c;
    char settings[512];
    snprintf(settings, sizeof settings, "model.depth=8%s%s", *rows[i].settings ? ";" : "", rows[i].settings);
    mdm_config *cfg = configure_values(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
    CU_ASSERT(c.has_depth && c.limit_exists); /* at any fixed L */
    CU_ASSERT_EQUAL(c.depth_stream, rows[i].stream);
    for (int t = 0; t < 3; t++) CU_ASSERT_DOUBLE_EQUAL(c.depth_step[1 + t], rows[i].step[t], 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.depth_own[3], rows[i].own, 1e-12);
    CU_ASSERT_EQUAL(c.verdict[MDM_DEPTH].holds, rows[i].holds);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.verdict[MDM_DEPTH].reason, rows[i].reason));
    if (strstr(rows[i].settings, "adam"))
      for (int t = 1; t < 4; t++) CU_ASSERT_DOUBLE_EQUAL(c.depth_eps[t], 0, 1e-12);
    mdm_config_free(cfg);
  }
}

/* Heads are experts without a router: the two ways to draw W_O differ as MSSP and muP do for experts. */
static void heads(void) {
  static const struct {
    const char *settings;
    double forward, response; /* of W_O */
    int balanced;
  } rows[] = {{"model.blocks=[attention]", 0, 0, 1}, {"model.blocks=[attention,moe];model.attention_output=mup", -0.5, -1, 0},
              {"model.blocks=[attention];model.attention_output=mup;model.query_groups=2;model.branch_exponent=0.5", -0.5, -1, 0}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    mdm_classification c;
    char settings[512];
    snprintf(settings, sizeof settings, "model.depth=2;%s", rows[i].settings);
    mdm_config *cfg = configure_values(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
    CU_ASSERT(c.has_attention && c.limit_exists && c.has_moe == (strstr(settings, "moe]") != NULL));
    CU_ASSERT_STRING_EQUAL(c.head[0].tensor, "W_qkv");
    for (int k = 0; k < MDM_CLASS_PARTS; k++) CU_ASSERT_DOUBLE_EQUAL(c.head[0].part[k], 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.head[1].part[MDM_PART_INITIAL_FORWARD], rows[i].forward, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.head[1].part[MDM_PART_RESPONSE_FORWARD], rows[i].response, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.head[1].part[MDM_PART_LEARNED_FORWARD], 0, 1e-12);
    CU_ASSERT_EQUAL(c.verdict[MDM_BALANCED].holds, rows[i].balanced);
    CU_ASSERT(c.verdict[MDM_STABLE].holds && c.verdict[MDM_EFFECTIVE].holds);
    /* at b = 1/2, W_O without a draw that survives lets W_qkv reach the stream only through what it learned */
    CU_ASSERT_DOUBLE_EQUAL(c.depth_head_step[0], strstr(settings, "0.5") ? -1 : 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.depth_head_step[1], 0, 1e-12);
    mdm_config_free(cfg);
  }
}

/* The balancing loss divides by the sum of gates. */
static void shares_of_gates(void) {
  check_refusal("model.gate=linear;train.balance=importance", "gates of both signs (model.gate: linear)");
  check_refusal("model.gate=linear;model.active_fraction=0.5;train.balance=switch", "gates of both signs (model.gate: linear)");
}

static const test_case tests[] = {
    {"a large readout", large_readout},
    {"a small aggregate", small_aggregate},
    {"verdicts", verdicts},
    {"noise that networks do not average over", self_averaging},
    {"exponents of depth", depth},
    {"exponents of the neural tangent parameterization", neural_tangent_exponents},
    {"parts by hand", parts_by_hand},
    {"names and values that are refused", undefined_names},
    {"heads", heads},
    {"shares of gates", shares_of_gates},
};

SUITE("scaling/classify", tests)
