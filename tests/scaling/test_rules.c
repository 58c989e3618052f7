/* Parameterizations as data: rules at a width, powers as text, classification, search, and rows given by hand. */
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/moedmft.h>

#include "scaling/model.h"
#include "scaling/parameterization_config.h"
#include "suites.h"
#include "support/runs.h"

/* ---------------------------------------------------------------- helpers */

static mdm_config *configure(const char *settings) {
  mdm_config *cfg = NULL;
  char copy[1024];
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, &err), MDM_OK);
  snprintf(copy, sizeof copy, "%s", settings);
  for (char *rest = copy, *word; (word = strtok_r(rest, ";", &rest));) { /* values may contain blanks */
    int status = mdm_config_set(cfg, word, &err);
    if (status) fprintf(stderr, "%s: %s\n", word, err.text);
    CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  }
  return cfg;
}

static mdm_rules rules_at(const char *settings, size_t dimension, size_t width) {
  mdm_rules r;
  mdm_error err = {0};
  mdm_config *cfg = configure(settings);
  int status = mdm_rules_compute(cfg, dimension, width, &r, &err);
  if (status) fprintf(stderr, "%s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_config_free(cfg);
  return r;
}

static mdm_classification classify(const char *regime, const char *name) {
  char settings[128];
  mdm_classification c;
  snprintf(settings, sizeof settings, "model.regime=%s;model.parameterization=%s", regime, name);
  mdm_config *cfg = configure(settings);
  CU_ASSERT_EQUAL_FATAL(mdm_classify(cfg, &c, NULL), MDM_OK);
  mdm_config_free(cfg);
  return c;
}

/* Reading the parameterization fails and the message contains a text. */
static void check_refusal(const char *settings, const char *part) {
  mdm_classification c;
  mdm_error err = {0};
  mdm_config *cfg = configure(settings);
  CU_ASSERT_EQUAL(mdm_classify(cfg, &c, &err), MDM_ERR_CONFIG);
  if (!strstr(err.text, part)) fprintf(stderr, "'%s' lacks '%s'\n", err.text, part);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
  mdm_config_free(cfg);
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

/* ---------------------------------------------------------------- rules */

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
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
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
  mdm_rules s = rules_at("model.regime=I;model.parameterization=simplep;model.experts=4;train.lr=1", 6, 16);
  check_rule(&s.tensor[1], 1 / sqrt(N), 4, 1 / N, 1 / 4.0, 0);
  mdm_rules n = rules_at(
      "model.regime=II;model.parameterization=ntp;train.lr=0.25;train.lr_multiplier.router=2;model.init.router=3", 6,
      16);
  CU_ASSERT_EQUAL(n.tensor[1].init_std, 3);
  CU_ASSERT_EQUAL(n.tensor[1].multiplier, 0.25);
  CU_ASSERT_EQUAL(n.tensor[1].lr, 0.5);
  CU_ASSERT_STRING_EQUAL(n.tensor[1].multiplier_law, "N^-1/2");
  mdm_config *cfg = configure("model.regime=III;model.experts_ratio=0.01");
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_rules_compute(cfg, 6, 16, &n, &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "model.experts_ratio"));
  mdm_config_free(cfg);
}

static void rules_as_text(void) {
  mdm_rules r = rules_at("model.parameterization=mssp;train.lr=0.5", 6, 64);
  mdm_error err = {0};
  char *text;
  CU_ASSERT_EQUAL_FATAL(mdm_rules_format(&r, "json", &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"sizes\": {\"D\": 6, \"N\": 64, \"Ne\": 3, \"M\": 64, \"K\": 64}"));
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

/* ---------------------------------------------------------------- powers */

static void powers_as_text(void) {
  static const char *const pairs[][2] = {{"1", "1"},
                                         {"N^-1/2 M", "N^-1/2 M"},
                                         {"  M * N^-1 ", "N^-1 M"},
                                         {"Ne^-1", "Ne^-1"},
                                         {"N*N", "N^2"},
                                         {"N^0.5 K^+2/4 L^-1", "N^1/2 K^1/2 L^-1"},
                                         {"D^1 N^-1 N", "D"},
                                         {"N^0", "1"},
                                         {"M^1/3", "M^1/3"},
                                         {"N^.7", "N^7/10"},
                                         {"N^-0.123456", "N^-0.123456"}};
  static const char *const wrong[] = {"",     "0",   "2",     "N^", "N^-",     "X",    "NM",   "N^1/0",
                                      "N M*", "* N", "N^1e3", "n",  "N^1.2.3", "N ^2", "N^- 1"};
  char text[MDM_POWER_SIZE];
  mdm_power p, again;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    CU_ASSERT_EQUAL(mdm_power_parse("key", pairs[i][0], &p, NULL), MDM_OK);
    mdm_power_format(p, text);
    CU_ASSERT_STRING_EQUAL(text, pairs[i][1]);
    CU_ASSERT_EQUAL(mdm_power_parse("key", text, &again, NULL), MDM_OK);
    CU_ASSERT(p.D == again.D && p.N == again.N && p.Ne == again.Ne && p.M == again.M && p.K == again.K &&
              p.L == again.L);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    mdm_error err = {0};
    p = (mdm_power){.N = 7};
    CU_ASSERT_EQUAL(mdm_power_parse("some.key", wrong[i], &p, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "some.key"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "N^-1/2 M"));
    CU_ASSERT_EQUAL(p.N, 7);
  }
}

/* ---------------------------------------------------------------- classification */

static const char *const regimes[] = {"I", "II", "III"};

static void check_verdicts(const mdm_classification *c, const char *expected) {
  char found[MDM_DESIDERATA + 2];
  for (int d = 0; d < MDM_DESIDERATA; d++) found[d] = c->verdict[d].holds ? 'y' : 'n';
  found[MDM_DESIDERATA] = c->limit_exists ? 'y' : 'n';
  found[MDM_DESIDERATA + 1] = 0;
  if (strcmp(found, expected))
    fprintf(stderr, "regime %s, %s: %s instead of %s\n", c->regime, c->parameterization, found, expected);
  CU_ASSERT_STRING_EQUAL(found, expected);
}

/* Stable, learns, effective, propagating, balanced, Adam, limit. */
static void verdicts(void) {
  static const struct {
    const char *regime, *name, *expected;
  } rows[] = {{"I", "mup", "yyyyyyy"},      {"II", "mup", "yyyynyy"},      {"III", "mup", "yyyynyy"},
              {"I", "mssp", "yyynyyy"},     {"II", "mssp", "yyynyyy"},     {"III", "mssp", "yyyyyyy"},
              {"I", "mcb", "yyyyyyy"},      {"I", "simplep", "nynnyyn"},   {"III", "jbph", "yyynnny"},
              {"I", "ntp", "yynnynn"},      {"II", "ntp", "ynnnnnn"},      {"III", "ntp", "ynnnnnn"},
              {"I", "standard", "nynnynn"}, {"II", "standard", "nynnnnn"}, {"III", "standard", "nynnnnn"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    mdm_classification c = classify(rows[i].regime, rows[i].name);
    check_verdicts(&c, rows[i].expected);
  }
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
  check_refusal("model.parameterization=mup;model.custom.Q.std=N^-1", "model.custom.Q.std");
}

/* ---------------------------------------------------------------- search */

static void mup_is_unique(void) {
  for (int i = 0; i < 3; i++) {
    char settings[32], *text;
    mdm_search s[MDM_GOALS];
    snprintf(settings, sizeof settings, "model.regime=%s", regimes[i]);
    mdm_config *cfg = configure(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_enumerate(cfg, s, NULL), MDM_OK);
    CU_ASSERT_EQUAL(s[MDM_GOAL_MUP].branches, 1);
    CU_ASSERT(s[MDM_GOAL_MUP].has_table);
    for (int t = 0; t < MDM_CLASS_TENSORS; t++) CU_ASSERT_EQUAL(s[MDM_GOAL_MUP].set[t].count, 1);
    CU_ASSERT_EQUAL(s[MDM_GOAL_MSSP].branches, 1);
    CU_ASSERT(s[MDM_GOAL_MSSP].has_table);
    CU_ASSERT_EQUAL(s[MDM_GOAL_MSSP].tied, i == 2);
    for (int t = MDM_W1; t <= MDM_W2; t++) CU_ASSERT_EQUAL(s[MDM_GOAL_MSSP].set[t].count, 1);
    CU_ASSERT_EQUAL_FATAL(mdm_search_format(s, &text, NULL), MDM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the only solution"));
    free(text);
    mdm_config_free(cfg);
  }
}

/* ---------------------------------------------------------------- by hand */

/* Every exponent of a row, as custom options over another base. */
static void spell_out(const mdm_regime *regime, const char *name, const char *base, char *out, size_t size) {
  const mdm_parameterization *p = mdm_parameterization_find(regime, name);
  size_t used = (size_t)snprintf(
      out, size, "model.regime=%s;model.parameterization=custom;model.custom.base=%s;model.custom.tied=%s",
      regime->name, base, p->rule[MDM_W1].tied ? "true" : "false");
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    const mdm_rule *r = &p->rule[t];
    const mdm_power *const powers[] = {&r->std, &r->lr, &r->adam_lr, &r->adam_eps, &r->multiplier};
    static const char *const names[] = {"std", "lr", "adam_lr", "adam_eps", "multiplier"};
    for (int k = 0; k < 5; k++) {
      char text[MDM_POWER_SIZE];
      mdm_power_format(*powers[k], text);
      used += (size_t)snprintf(out + used, size - used, ";model.custom.%s.%s=%s", mdm_tensor_name(t), names[k],
                               k == 0 && r->zero ? "0" : text);
    }
  }
}

/* Bit by bit. */
static void check_same(const mdm_coefficients *a, const mdm_coefficients *b) {
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    CU_ASSERT(a[t].Vf == b[t].Vf && a[t].Vb == b[t].Vb && a[t].tau == b[t].tau && a[t].learn == b[t].learn &&
              a[t].raw == b[t].raw && a[t].entry == b[t].entry && a[t].tied == b[t].tied);
}

static void same_by_hand(void) {
  static const char *const names[] = {"mup", "mssp", "ntp"};
  const double init[MDM_TENSORS] = {1, 0.7, 1.3, 0.9, 1};
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++) {
      const mdm_regime *regime = mdm_regime_find(regimes[i]), *found;
      mdm_parameterization custom;
      mdm_coefficients a[MDM_TENSORS], b[MDM_TENSORS];
      char settings[2048];
      mdm_config *cfg;
      mdm_error err = {0};
      spell_out(regime, names[k], "standard", settings, sizeof settings);
      CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, &err), MDM_OK);
      for (char *rest = settings, *word; (word = strtok_r(rest, ";", &rest));)
        CU_ASSERT_EQUAL_FATAL(mdm_config_set(cfg, word, &err), MDM_OK);
      CU_ASSERT_EQUAL_FATAL(mdm_parameterization_read(cfg, &found, &custom, &err), MDM_OK);
      const mdm_sizes sizes = {6, 64, 32, 128, 128}, ratios = {6, 1, 0.5, 2, 2};
      mdm_network_coefficients(regime, &custom, sizes, init, NULL, a);
      mdm_network_coefficients(regime, mdm_parameterization_find(regime, names[k]), sizes, init, NULL, b);
      check_same(a, b);
      int status = mdm_limit_coefficients(regime, &custom, ratios, init, NULL, a, NULL);
      CU_ASSERT_EQUAL(
          status, mdm_limit_coefficients(regime, mdm_parameterization_find(regime, names[k]), ratios, init, NULL, b, NULL));
      CU_ASSERT_EQUAL(status, k == 2 ? MDM_ERR_CONFIG : MDM_OK);
      if (!status) check_same(a, b);
      mdm_config_free(cfg);
    }
}

/* The limit of rows by hand is that of the named ones, bit by bit: here mssp as mup with one entry changed. */
static void solve_by_hand(void) {
  const char *common = "train.steps=6 solve.particles=400 solve.replicas=1 ";
  char settings[256];
  mdm_outcome named, custom;
  snprintf(settings, sizeof settings, "%smodel.parameterization=mssp", common);
  run_with(MDM_RUN_LIMIT, 1, settings, &named);
  snprintf(settings, sizeof settings, "%smodel.parameterization=custom model.custom.W2.std=M^1/2*Ne^-1/2", common);
  run_with(MDM_RUN_LIMIT, 1, settings, &custom);
  const double *a = values(named.limit.summary, "observables/train/loss"),
               *b = values(custom.limit.summary, "observables/train/loss");
  for (int t = 0; t <= 6; t++) CU_ASSERT_EQUAL(a[t], b[t]);
  mdm_outcome_clear(&named);
  mdm_outcome_clear(&custom);
}

/* A forward multiplier μ is std/μ and lr/μ² in disguise: the same network, up to rounding. */
static void multipliers_move(void) {
  const char *common = "train.steps=4 simulate.widths=8 simulate.seeds=1 ";
  char settings[256];
  mdm_outcome plain, moved;
  snprintf(settings, sizeof settings, "%smodel.parameterization=mup", common);
  run_with(MDM_RUN_NETWORKS, 1, settings, &plain);
  snprintf(settings, sizeof settings,
           "%smodel.parameterization=custom model.custom.Q.std=1 model.custom.Q.multiplier=N^-1/2 model.custom.Q.lr=M",
           common);
  run_with(MDM_RUN_NETWORKS, 1, settings, &moved);
  const double *a = values(plain.networks[0].summary, "observables/train/loss"),
               *b = values(moved.networks[0].summary, "observables/train/loss");
  for (int t = 0; t <= 4; t++) CU_ASSERT_DOUBLE_EQUAL(a[t], b[t], 1e-12);
  mdm_outcome_clear(&plain);
  mdm_outcome_clear(&moved);
}

int suite_rules(void) {
  CU_pSuite s = CU_add_suite("rules", NULL, NULL);
  if (!s || !CU_add_test(s, "the table by hand", table_by_hand) ||
      !CU_add_test(s, "other rows by hand", others_by_hand) || !CU_add_test(s, "text, JSON, CSV", rules_as_text) ||
      !CU_add_test(s, "the optimizer's rate", rate_of_the_optimizer) ||
      !CU_add_test(s, "powers as text", powers_as_text) || !CU_add_test(s, "verdicts", verdicts) ||
      !CU_add_test(s, "exponents of the neural tangent parameterization", neural_tangent_exponents) ||
      !CU_add_test(s, "parts by hand", parts_by_hand) ||
      !CU_add_test(s, "names and values that are refused", undefined_names) ||
      !CU_add_test(s, "mup is unique", mup_is_unique) ||
      !CU_add_test(s, "named and custom coefficients", same_by_hand) ||
      !CU_add_test(s, "named and custom limits", solve_by_hand) ||
      !CU_add_test(s, "forward multipliers", multipliers_move))
    return CU_get_error();
  return CUE_SUCCESS;
}
