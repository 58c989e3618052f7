/* Configuration: reading each type, ranges, messages that name every problem, atomicity, and the round trip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <moedmft/config.h>

#include "support/folder.h"
#include "support/suite.h"
#include "support/words.h"

/* Tests leave early when they have no configuration to work with. */
static mdm_config *fresh(void) {
  mdm_config *cfg = NULL;
  mdm_error err = {0};
  int status = mdm_config_create(&cfg, &err);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(cfg);
  return cfg;
}

static int load(mdm_config *cfg, const char *yaml, mdm_error *err) {
  memset(err, 0, sizeof *err);
  return mdm_config_load_text(cfg, "exp.yaml", yaml, err);
}

/* 1 if the YAML text is refused with a message that contains part. */
static int refused(const char *yaml, const char *part) {
  mdm_config *cfg = fresh();
  mdm_error err;
  int status = load(cfg, yaml, &err), ok = status == MDM_ERR_CONFIG && err.code == status && !strchr(err.text, '\n');
  if (!ok) printf("\n    status %d for: %s\n", status, yaml);
  ok = ok && has(err.text, part);
  mdm_config_free(cfg);
  return ok;
}

static int accepted(mdm_config *cfg, const char *yaml) {
  mdm_error err;
  int status = load(cfg, yaml, &err);
  if (status != MDM_OK) printf("\n    refused: %s\n", err.text);
  return status == MDM_OK;
}

static int set_refused(const char *assignment, const char *part) {
  mdm_config *cfg = fresh();
  mdm_error err = {0};
  int ok = mdm_config_set(cfg, assignment, &err) == MDM_ERR_CONFIG && has(err.text, part) && !strchr(err.text, '\n');
  mdm_config_free(cfg);
  return ok;
}

static int set_accepted(mdm_config *cfg, const char *assignment) {
  mdm_error err = {0};
  int status = mdm_config_set(cfg, assignment, &err);
  if (status != MDM_OK) printf("\n    refused: %s\n", err.text);
  return status == MDM_OK;
}

static int list_is(const mdm_config *cfg, const char *key, const long *expected, size_t n) {
  size_t count;
  const long *list = mdm_config_int_list(cfg, key, &count);
  return count == n && (n == 0 || memcmp(list, expected, n * sizeof *list) == 0);
}

/* 1 if every option of b equals that of a exactly, reals to the last bit. */
static int same_values(const mdm_config *a, const mdm_config *b) {
  size_t n, na, nb;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++) {
    const char *k = o[i].key;
    int same = 0;
    switch (o[i].type) {
    case MDM_OPT_INT:
      same = mdm_config_int(a, k) == mdm_config_int(b, k);
      break;
    case MDM_OPT_REAL:
      same = mdm_config_real(a, k) == mdm_config_real(b, k);
      break;
    case MDM_OPT_BOOL:
      same = mdm_config_bool(a, k) == mdm_config_bool(b, k);
      break;
    case MDM_OPT_TEXT:
      same = strcmp(mdm_config_text(a, k), mdm_config_text(b, k)) == 0;
      break;
    case MDM_OPT_INT_LIST:
    case MDM_OPT_WORD_LIST: {
      const long *list = mdm_config_int_list(a, k, &na);
      mdm_config_int_list(b, k, &nb);
      same = na == nb && list_is(b, k, list, na);
      break;
    }
    case MDM_OPT_WORD_INT:
      same = mdm_config_int(a, k) == mdm_config_int(b, k); /* fall through */
    case MDM_OPT_ENUM:
      same = (o[i].type == MDM_OPT_ENUM || same) && mdm_config_enum(a, k) == mdm_config_enum(b, k) &&
             strcmp(mdm_config_text(a, k), mdm_config_text(b, k)) == 0;
      break;
    }
    if (!same) {
      printf("\n    %s differs\n", k);
      return 0;
    }
  }
  return 1;
}

/* ---- the table ---- */

static void presets_are_valid(void) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE_FATAL(n > 0);
  for (size_t i = 0; i < n; i++) {
    char assignment[300];
    snprintf(assignment, sizeof assignment, "%s=%s", o[i].key, o[i].preset);
    CU_ASSERT_FALSE(mdm_config_is_set(cfg, o[i].key));
    CU_ASSERT_TRUE(set_accepted(cfg, assignment));
    CU_ASSERT_TRUE(mdm_config_is_set(cfg, o[i].key));
  }
  mdm_config *untouched = fresh();
  CU_ASSERT_TRUE(same_values(cfg, untouched));
  mdm_config_free(untouched);
  mdm_config_free(cfg);
}

/* One beyond each bound of each number in the table must be refused, and the bound itself accepted unless open. */
static void bounds_of_every_number(void) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  mdm_config *cfg = fresh();
  for (size_t i = 0; i < n; i++) {
    char text[400];
    int whole = o[i].type == MDM_OPT_INT || o[i].type == MDM_OPT_INT_LIST || o[i].type == MDM_OPT_WORD_INT;
    if (!whole && o[i].type != MDM_OPT_REAL) continue;
    snprintf(text, sizeof text, whole ? "%s=%.0f" : "%s=%.17g", o[i].key, o[i].min);
    if (o[i].min_open)
      CU_ASSERT_TRUE(set_refused(text, "is out of range (allowed: "))
    else
      CU_ASSERT_TRUE(set_accepted(cfg, text));
    snprintf(text, sizeof text, whole ? "%s=%.0f" : "%s=%.17g", o[i].key, o[i].max);
    CU_ASSERT_TRUE(set_accepted(cfg, text));
    snprintf(text, sizeof text, "%s=%.0f", o[i].key, o[i].min - 1);
    CU_ASSERT_TRUE(set_refused(text, "is out of range (allowed: "));
    snprintf(text, sizeof text, whole ? "%s=%.0f" : "%s=%.17g", o[i].key, whole ? o[i].max + 2 : o[i].max * 1.001);
    if (o[i].max < 1e300) CU_ASSERT_TRUE(set_refused(text, "is out of range (allowed: "));
  }
  mdm_config_free(cfg);
}

/* ---- types ---- */

static void defaults(void) {
  mdm_config *cfg = fresh();
  const long widths[] = {32, 64, 128, 256};
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "model.expert_width"), 3);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.lr"), 0.5);
  CU_ASSERT_EQUAL(mdm_config_bool(cfg, "output.kernels"), 1);
  CU_ASSERT_EQUAL(mdm_config_bool(cfg, "output.responses"), 0);
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), "");
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "model.gate"), "sigmoid");
  CU_ASSERT_EQUAL(mdm_config_enum(cfg, "model.gate"), 0);
  CU_ASSERT_EQUAL(mdm_config_enum(cfg, "train.batch"), 0);
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "train.batch"), "full");
  CU_ASSERT_TRUE(list_is(cfg, "simulate.widths", widths, 4));
  CU_ASSERT_TRUE(list_is(cfg, "data.classes", NULL, 0));
  mdm_config_free(cfg);
}

static void integers(void) {
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE(accepted(cfg, "solve: {particles: 1e5}\ndata: {train: +12}\nseed: 9007199254740992"));
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "solve.particles"), 100000);
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "data.train"), 12);
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "seed"), 9007199254740992);
  mdm_config_free(cfg);
  CU_ASSERT_TRUE(refused("seed: 9007199254740993", "is out of range (allowed: integer in [0, 9007199254740992])"));
  CU_ASSERT_TRUE(refused("seed: 99999999999999999999", "is out of range"));
  CU_ASSERT_TRUE(refused("model.expert_width: 3.5", "model.expert_width = '3.5' is not an integer"));
  CU_ASSERT_TRUE(refused("model.expert_width: 0", "is out of range (allowed: integer in [1, 1000000])"));
  static const char *const not_integers[] = {"3x", "0x10", "1_000", "three", ".", "e5", "1e", "1 2", "--3", "true"};
  for (size_t i = 0; i < COUNT(not_integers); i++) {
    char yaml[80];
    snprintf(yaml, sizeof yaml, "model.expert_width: %s", not_integers[i]);
    CU_ASSERT_TRUE(refused(yaml, "is not an integer (allowed: integer in [1, 1000000])"));
  }
  CU_ASSERT_TRUE(refused("model.expert_width: '3'", "is quoted text, not an integer"));
  CU_ASSERT_TRUE(refused("data.train: 010", "data.train = '010' has a leading zero, which makes it octal in YAML 1.1"));
  CU_ASSERT_TRUE(refused("data.classes: [1, 02]", "element 2 = '02' has a leading zero"));
  CU_ASSERT_TRUE(refused("train.steps: 1e-400", "would become 0"));
}

static void reals(void) {
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE(accepted(cfg, "train: {lr: 1e-3, loss_multiplier: .5}\nmodel: {active_fraction: 1, readout_std: 0}"));
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.lr"), 1e-3);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.loss_multiplier"), 0.5);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "model.readout_std"), 0);
  mdm_config_free(cfg);
  CU_ASSERT_TRUE(refused("train.lr: fast", "train.lr = 'fast' is not a number (allowed: real number >= 0)"));
  CU_ASSERT_TRUE(refused("model.active_fraction: 0", "is out of range (allowed: real number in (0, 1])"));
  CU_ASSERT_TRUE(refused("model.active_fraction: 1.0000001", "is out of range"));
  CU_ASSERT_TRUE(refused("train.lr: -1e-300", "is out of range"));
  CU_ASSERT_TRUE(refused("train.lr: 1e999", "is too large"));
  CU_ASSERT_TRUE(refused("train.lr: 1e-400", "train.lr = '1e-400' is too small for a real number and would become 0"));
  CU_ASSERT_TRUE(refused("train.lr: -0.001e-999", "would become 0"));
  CU_ASSERT_TRUE(refused("train.lr: 010", "has a leading zero"));
  static const char *const zeros[] = {"0", "0.0", "-0", "0e-999", ".0", "0.e5"}, *const others[] = {"5e-324", "010.5", "0.1e1"};
  cfg = fresh();
  for (size_t i = 0; i < COUNT(zeros) + COUNT(others); i++) {
    char yaml[80];
    snprintf(yaml, sizeof yaml, "train.lr: %s", i < COUNT(zeros) ? zeros[i] : others[i - COUNT(zeros)]);
    CU_ASSERT_TRUE(accepted(cfg, yaml));
    CU_ASSERT((mdm_config_real(cfg, "train.lr") == 0) == (i < COUNT(zeros)));
  }
  mdm_config_free(cfg);
  static const char *const not_numbers[] = {".nan", "nan", ".inf", "inf", "-inf", "0,5", "0.5 m", "0x1p3", "1e+"};
  for (size_t i = 0; i < COUNT(not_numbers); i++) {
    char yaml[80];
    snprintf(yaml, sizeof yaml, "train.lr: %s", not_numbers[i]);
    CU_ASSERT_TRUE(refused(yaml, "is not a number"));
  }
}

/* A tag would claim a type beside that of the option. */
static void tags(void) {
  static const char *const tagged[] = {"!!int 0.5", "!!str 0.5", "!!float \"0.5\"", "! 0.5", "!mine 0.5", "&a !!float 0.5", "!!float &a 0.5", "!!float"};
  for (size_t i = 0; i < COUNT(tagged); i++) {
    char yaml[80];
    snprintf(yaml, sizeof yaml, "# é\ntrain.lr: %s", tagged[i]);
    CU_ASSERT_TRUE(refused(yaml, "line 2: tag '!"));
  }
  CU_ASSERT_TRUE(refused("simulate:\n  widths: !!seq [8]", "line 2: tag '!!seq'"));
  CU_ASSERT_TRUE(refused("train: !!map {lr: 1}", "line 1: tag '!!map'"));
  CU_ASSERT_TRUE(refused("!!str train.lr: 1", "line 1: tag '!!str'"));
  CU_ASSERT_TRUE(refused("train.lr: !!float 1\ntrain.steps: x", "line 1: tag '!!float': the option itself has a type, write the value alone; line 2: train.steps = 'x'"));
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE(accepted(cfg, "train: {lr: &a 0.25}\nmodel: {gate_temperature: *a}\ndata: {file: a!b, labels: '!c'}"));
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "model.gate_temperature"), 0.25);
  mdm_config_free(cfg);
}

static void booleans_and_words(void) {
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE(
      accepted(cfg, "output: {kernels: false, responses: true}\nmodel: {activation: gelu}\ntrain: {batch: 16}"));
  CU_ASSERT_EQUAL(mdm_config_bool(cfg, "output.kernels"), 0);
  CU_ASSERT_EQUAL(mdm_config_bool(cfg, "output.responses"), 1);
  CU_ASSERT_EQUAL(mdm_config_enum(cfg, "model.activation"), 2);
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "model.activation"), "gelu");
  CU_ASSERT_EQUAL(mdm_config_enum(cfg, "train.batch"), -1);
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "train.batch"), 16);
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "train.batch"), "");
  CU_ASSERT_TRUE(set_accepted(cfg, "train.batch=full"));
  CU_ASSERT_EQUAL(mdm_config_enum(cfg, "train.batch"), 0);
  mdm_config_free(cfg);
  CU_ASSERT_TRUE(refused("output.kernels: yes", "output.kernels = 'yes' must be written true (allowed: true, false)"));
  CU_ASSERT_TRUE(refused("output.kernels: Off", "must be written false"));
  CU_ASSERT_TRUE(refused("output.kernels: maybe", "is neither true nor false"));
  CU_ASSERT_TRUE(refused("model.activation: gel", "allowed: tanh, relu, gelu, erf, identity)"));
  CU_ASSERT_TRUE(refused("model.activation: relu|gelu", "is not one of the allowed words"));
  CU_ASSERT_TRUE(refused("train.batch: half", "(allowed: full, or integer in [1, 1000000000])"));
  CU_ASSERT_TRUE(refused("train.batch: 0", "is out of range"));
}

static void text_and_lists(void) {
  mdm_config *cfg = fresh();
  const long one[] = {64}, three[] = {7, 0, 255};
  CU_ASSERT_TRUE(accepted(cfg, "data:\n  file: a b.h5\n  labels: '12'\n  classes:\n    - 7\n    - 0\n    - 255\n"
                               "simulate: {widths: 64}"));
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), "a b.h5");
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.labels"), "12");
  CU_ASSERT_TRUE(list_is(cfg, "data.classes", three, 3));
  CU_ASSERT_TRUE(list_is(cfg, "simulate.widths", one, 1));
  CU_ASSERT_TRUE(accepted(cfg, "data: {file: '', classes: []}"));
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), "");
  CU_ASSERT_TRUE(list_is(cfg, "data.classes", NULL, 0));
  mdm_config_free(cfg);
  CU_ASSERT_TRUE(
      refused("data:\n  classes:\n  - 1\n  - x\n", "line 4: data.classes, element 2 = 'x' is not an integer"));
  CU_ASSERT_TRUE(refused("data.classes: [1, 256]", "(allowed: list of integers in [0, 255])"));
  CU_ASSERT_TRUE(refused("data.classes: [1, [2]]", "element 2 is a list"));
  CU_ASSERT_TRUE(refused("data.classes: [1, ~]", "element 2 has no value"));
  CU_ASSERT_TRUE(refused("data.file: \"a\\0b\"", "contains a NUL character"));
}

/* ---- shape of a file ---- */

static void nesting_and_dots(void) {
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE(accepted(cfg, "model.expert_width: 5\nmodel:\n  init.router: 2\n  init:\n    expert_in: 3\n"
                               "model.init: {expert_out: 4}\n"));
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "model.expert_width"), 5);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "model.init.router"), 2);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "model.init.expert_in"), 3);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "model.init.expert_out"), 4);
  CU_ASSERT_TRUE(accepted(cfg, "solve: &s {replicas: &r 2}\noutput: {every: *r}"));
  CU_ASSERT_EQUAL(mdm_config_int(cfg, "output.every"), 2);
  mdm_config_free(cfg);
}

static void empty_files_change_nothing(void) {
  static const char *const empty[] = {"", "\n\n", "# nothing\n", "---\n", "{}", "null"};
  mdm_config *cfg = fresh(), *untouched = fresh();
  for (size_t i = 0; i < COUNT(empty); i++) CU_ASSERT_TRUE(accepted(cfg, empty[i]));
  CU_ASSERT_TRUE(same_values(cfg, untouched));
  mdm_config_free(cfg);
  mdm_config_free(untouched);
}

static void wrong_shapes(void) {
  CU_ASSERT_TRUE(
      refused("\nmodel: 3", "line 2: 'model' is a section with keys such as 'model.regime', but holds a single"));
  CU_ASSERT_TRUE(refused("model: [a]", "but holds a list"));
  CU_ASSERT_TRUE(refused("model:\ntrain: {lr: 1}", "line 1: 'model' is a section"));
  CU_ASSERT_TRUE(refused("- a\n- b", "line 1: expected lines 'key: value', found a list"));
  CU_ASSERT_TRUE(refused("words", "found a single value"));
  CU_ASSERT_TRUE(refused("train:\n  lr:\n  steps: 1", "line 2: train.lr has no value (allowed: real number >= 0)"));
  CU_ASSERT_TRUE(refused("train.lr: null", "train.lr has no value"));
  CU_ASSERT_TRUE(refused("data.file: ~", "data.file has no value (allowed: text; '' for none)"));
  CU_ASSERT_TRUE(refused("train.lr: {a: 1}", "train.lr is a mapping (allowed: "));
  CU_ASSERT_TRUE(refused("train.lr: [1]", "train.lr is a list"));
  CU_ASSERT_TRUE(refused("[a, b]: 3", "line 1: a list cannot be a key"));
  CU_ASSERT_TRUE(refused("seed: 1\n---\nseed: 2\n", "line 2: a second YAML document"));
}

static void duplicates(void) {
  CU_ASSERT_TRUE(
      refused("train:\n  lr: 1\n  steps: 2\n  lr: 3\n", "line 4: duplicate key 'train.lr' (first on line 2)"));
  CU_ASSERT_TRUE(refused("train:\n  lr: 1\ntrain.lr: 1\n", "line 3: duplicate key 'train.lr' (first on line 2)"));
  CU_ASSERT_TRUE(
      refused("train: {lr: 1}\nseed: 2\ntrain: {steps: 3}\n", "line 3: duplicate section 'train' (first on line 1)"));
  CU_ASSERT_TRUE(refused("model: &m {init: *m}", "line 1: unknown section 'model.init.init'"));
}

static void syntax_errors(void) {
  CU_ASSERT_TRUE(refused("seed: 1\ntrain: [1, 2\nx: 3\n", "exp.yaml: line 3: not valid YAML: "));
  CU_ASSERT_TRUE(refused("seed: 1\ntrain: {lr: 1\n", "that began on line 2"));
  CU_ASSERT_TRUE(refused("seed: 1\n\n\ttrain: 2\n", "exp.yaml: line 3: not valid YAML: "));
  CU_ASSERT_TRUE(refused("seed: 1\nmodel: 'a\n", "not valid YAML"));
  CU_ASSERT_TRUE(refused("seed: 1\n# \xff\n", "exp.yaml: line 2: not valid YAML: "));
  CU_ASSERT_TRUE(refused("seed: *nowhere\n", "line 1: not valid YAML: found undefined alias"));
  CU_ASSERT_TRUE(refused("sed: 1\n---\n}\n", "(did you mean 'seed'?); line 3: not valid YAML"));
}

/* ---- messages ---- */

static void all_problems_in_one_line(void) {
  const char *yaml = "model:\n"
                     "  activation: relu\n"
                     "  expert_widht: 3\n"
                     "  gate: soft\n"
                     "\n"
                     "train:\n"
                     "  lr: fast\n"
                     "  steps: -1\n";
  mdm_config *cfg = fresh();
  mdm_error err;
  CU_ASSERT_EQUAL(load(cfg, yaml, &err), MDM_ERR_CONFIG);
  CU_ASSERT_STRING_EQUAL(err.text,
                         "exp.yaml: line 3: unknown key 'model.expert_widht' (did you mean 'model.expert_width'?); "
                         "line 4: model.gate = 'soft' is not one of the allowed words (allowed: sigmoid, normalized_sigmoid, softmax, linear, constant); "
                         "line 7: train.lr = 'fast' is not a number (allowed: real number >= 0); "
                         "line 8: train.steps = '-1' is out of range (allowed: integer in [0, 10000000])");
  CU_ASSERT_EQUAL(mdm_config_load_text(cfg, "exp.yaml", yaml, NULL), MDM_ERR_CONFIG); /* err is optional */
  mdm_config_free(cfg);
}

static void too_many_problems(void) {
  enum { COUNT = 500 };
  char yaml[COUNT * 20] = "", expected[40];
  mdm_error err;
  mdm_config *cfg = fresh();
  for (int i = 0; i < COUNT; i++) sprintf(yaml + strlen(yaml), "wrong%d: 1\n", i);
  CU_ASSERT_EQUAL(load(cfg, yaml, &err), MDM_ERR_CONFIG);
  int named = 0;
  for (const char *s = err.text; (s = strstr(s, "unknown key")); s++) named++;
  snprintf(expected, sizeof expected, "; and %d more", COUNT - named);
  CU_ASSERT_TRUE(named > 50 && named < COUNT);
  CU_ASSERT_TRUE(strlen(err.text) > strlen(expected) &&
                 strcmp(err.text + strlen(err.text) - strlen(expected), expected) == 0);
  mdm_config_free(cfg);
}

static void suggestions(void) {
  CU_ASSERT_TRUE(refused("expert_width: 3", "unknown key 'expert_width' (did you mean 'model.expert_width'?)"));
  CU_ASSERT_TRUE(refused("model: {lr: 3}", "unknown key 'model.lr' (did you mean 'train.lr'?)"));
  CU_ASSERT_TRUE(refused("solve: {particels: 3}", "(did you mean 'solve.particles'?)"));
  CU_ASSERT_TRUE(refused("solv.precision: single", "(did you mean 'solve.precision'?)"));
  CU_ASSERT_TRUE(refused("modle: {lr: 3}", "unknown section 'modle' (did you mean 'model'?)"));
  CU_ASSERT_TRUE(refused("model: {innit: {router: 3}}", "unknown section 'model.innit' (did you mean 'model.init'?)"));
  CU_ASSERT_TRUE(refused("init: {router: 3}", "(did you mean 'model.init'?)"));
  mdm_config *cfg = fresh();
  mdm_error err;
  static const char *const far[] = {"wavelength: 3", "train: {rate: 3}", "optics: {a: 1}", "'': 3", "model: {'': 3}"};
  for (size_t i = 0; i < COUNT(far); i++) {
    CU_ASSERT_EQUAL(load(cfg, far[i], &err), MDM_ERR_CONFIG);
    CU_ASSERT_TRUE(has(err.text, "unknown"));
    CU_ASSERT_PTR_NULL(strstr(err.text, "did you mean"));
  }
  mdm_config_free(cfg);
}

/* Whatever stands in the file, the message is one line of bounded length. */
static void strange_text_is_shown_tame(void) {
  char yaml[2000];
  memset(yaml, 'k', sizeof yaml);
  strcpy(yaml + 900, ": 1\n");
  CU_ASSERT_TRUE(refused(yaml, "kkk...'"));
  memset(yaml + 10, '7', 1000);
  memcpy(yaml, "train.lr: ", 10);
  strcpy(yaml + 900, "m\n");
  CU_ASSERT_TRUE(refused(yaml, "777...' is not a number"));
  CU_ASSERT_TRUE(refused("model.gate: \"a\\nb\"", "model.gate = 'a?b'"));
  CU_ASSERT_TRUE(refused("\"model\\0.gate\": sigmoid", "unknown key 'model?.gate'"));
}

/* ---- failure, --set, files ---- */

static void failure_changes_nothing(void) {
  mdm_config *cfg = fresh(), *before = NULL;
  mdm_error err;
  CU_ASSERT_TRUE(accepted(cfg, "data: {file: x.h5, classes: [1, 2]}\ntrain: {lr: 0.25}"));
  CU_ASSERT_EQUAL_FATAL(mdm_config_copy(cfg, &before, &err), MDM_OK);
  CU_ASSERT_EQUAL(load(cfg, "data: {file: y.h5, classes: [3]}\ntrain: {lr: 1, steps: no}\nseed: 7", &err),
                  MDM_ERR_CONFIG);
  CU_ASSERT_EQUAL(load(cfg, "seed: 3\n---\n{", &err), MDM_ERR_CONFIG);
  CU_ASSERT_EQUAL(mdm_config_set(cfg, "data.classes=[5, x]", &err), MDM_ERR_CONFIG);
  CU_ASSERT_TRUE(same_values(cfg, before));
  CU_ASSERT_FALSE(mdm_config_is_set(cfg, "seed"));
  CU_ASSERT_TRUE(mdm_config_is_set(before, "train.lr")); /* copied */
  CU_ASSERT_TRUE(set_accepted(cfg, "data.file=z.h5"));   /* and the copy is deep */
  CU_ASSERT_STRING_EQUAL(mdm_config_text(before, "data.file"), "x.h5");
  mdm_config_free(cfg);
  mdm_config_free(before);
  mdm_config_free(NULL);
}

static void set_one_option(void) {
  const long two[] = {64, 128};
  mdm_config *cfg = fresh();
  CU_ASSERT_TRUE(set_accepted(cfg, "simulate.widths=64"));
  CU_ASSERT_TRUE(list_is(cfg, "simulate.widths", two, 1));
  CU_ASSERT_TRUE(set_accepted(cfg, "simulate.widths=[64,128]"));
  CU_ASSERT_TRUE(list_is(cfg, "simulate.widths", two, 2));
  CU_ASSERT_TRUE(set_accepted(cfg, "simulate.seeds= 64 , 128"));
  CU_ASSERT_TRUE(list_is(cfg, "simulate.seeds", two, 2));
  CU_ASSERT_TRUE(set_accepted(cfg, " train.lr = 0.125 "));
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.lr"), 0.125);
  CU_ASSERT_TRUE(set_accepted(cfg, "data.file=a=b,c.h5"));
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), "a=b,c.h5");
  CU_ASSERT_TRUE(set_accepted(cfg, "data.file="));
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), "");
  CU_ASSERT_TRUE(mdm_config_is_set(cfg, "train.lr"));
  CU_ASSERT_FALSE(mdm_config_is_set(cfg, "train.steps"));
  mdm_config_free(cfg);
}

static void set_messages(void) {
  CU_ASSERT_TRUE(set_refused(
      "model.regime=IV", "--set model.regime=IV: model.regime = 'IV' is not one of the allowed words (allowed: I, II, III)"));
  CU_ASSERT_TRUE(set_refused("expert_width=3", "unknown key 'expert_width' (did you mean 'model.expert_width'?)"));
  CU_ASSERT_TRUE(set_refused("train.lr", "expected key=value"));
  CU_ASSERT_TRUE(set_refused("=3", "expected key=value"));
  CU_ASSERT_TRUE(set_refused("a\nb", "--set a?b: expected key=value"));
  CU_ASSERT_TRUE(set_refused("train.lr=", "train.lr has no value"));
  CU_ASSERT_TRUE(set_refused("simulate.widths=", "simulate.widths has no value"));
  CU_ASSERT_TRUE(set_refused("simulate.widths=64,x", "element 2 = 'x' is not an integer"));
  CU_ASSERT_TRUE(set_refused("simulate.widths=[64", "--set simulate.widths=[64: not valid YAML"));
  CU_ASSERT_TRUE(set_refused("model=3", "'model' is a section"));
}

static void file_on_disk(void) {
  const char *path = in_folder("exp.yaml");
  spit_text("exp.yaml", "train:\n  lr: 0.75\n");
  mdm_config *cfg = fresh();
  mdm_error err = {0};
  CU_ASSERT_EQUAL(mdm_config_load(cfg, path, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.lr"), 0.75);
  remove(path);
  CU_ASSERT_EQUAL(mdm_config_load(cfg, path, &err), MDM_ERR_CONFIG);
  CU_ASSERT_TRUE(has(err.text, path) && has(err.text, "No such file"));
  CU_ASSERT_EQUAL(mdm_config_load(cfg, "/tmp", &err), MDM_ERR_CONFIG);
  CU_ASSERT_TRUE(has(err.text, "/tmp: cannot read"));
  CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.lr"), 0.75);
  mdm_config_free(cfg);
}

/* ---- writing ---- */

/* A value unlike the preset for every option: the other end of its range, the last word, an awkward text. */
static void unusual(const mdm_option *o, char *out, size_t size) {
  const char *last = o->allowed && strrchr(o->allowed, '|') ? strrchr(o->allowed, '|') + 1 : o->allowed;
  double real = o->min + (o->max > 1 ? 1 : o->max) / 3;
  switch (o->type) {
  case MDM_OPT_INT:
    snprintf(out, size, "%.0f", o->max);
    break;
  case MDM_OPT_REAL:
    snprintf(out, size, "%.17g", real);
    break;
  case MDM_OPT_BOOL:
    snprintf(out, size, strcmp(o->preset, "true") ? "true" : "false");
    break;
  case MDM_OPT_ENUM:
    snprintf(out, size, "%s", last);
    break;
  case MDM_OPT_TEXT:
    snprintf(out, size, "'it''s %s # no: comment'", o->key);
    break;
  case MDM_OPT_INT_LIST:
    snprintf(out, size, "[%.0f, %.0f, 99]", o->min, o->max);
    break;
  case MDM_OPT_WORD_LIST:
    snprintf(out, size, "[%s, %.*s]", last, (int)strcspn(o->allowed, "|"), o->allowed);
    break;
  case MDM_OPT_WORD_INT:
    snprintf(out, size, "%.0f", o->max);
    break;
  }
}

static int round_trips(const mdm_config *cfg) {
  mdm_config *again = fresh();
  char *yaml = mdm_config_to_yaml(cfg);
  int ok = yaml && accepted(again, yaml) && same_values(cfg, again);
  if (!ok) printf("\n%s\n", yaml ? yaml : "no text");
  free(yaml);
  mdm_config_free(again);
  return ok;
}

static void round_trip_of_every_option(void) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  mdm_config *cfg = fresh(), *single = fresh(), *preset = fresh();
  CU_ASSERT_TRUE(round_trips(cfg));
  for (size_t i = 0; i < n; i++) {
    char value[300], assignment[400], text[300];
    unusual(&o[i], value, sizeof value);
    snprintf(assignment, sizeof assignment, "%s=%s", o[i].key, value);
    CU_ASSERT_TRUE(set_accepted(cfg, assignment));
    mdm_config_format(cfg, o[i].key, text, sizeof text); /* the text of one value reads back as well */
    snprintf(assignment, sizeof assignment, "%s=%s", o[i].key, text);
    CU_ASSERT_TRUE(set_accepted(single, assignment));
  }
  CU_ASSERT_TRUE(round_trips(cfg));
  CU_ASSERT_TRUE(same_values(cfg, single));
  CU_ASSERT_NOT_EQUAL(mdm_config_real(cfg, "train.lr"), mdm_config_real(preset, "train.lr"));
  mdm_config_free(cfg);
  mdm_config_free(single);
  mdm_config_free(preset);
}

static void round_trip_of_awkward_values(void) {
  static const char *const texts[] = {
      "null", "~",     "true", "12", "1e5",        " a ",       "a: b", "#x",
      "- a",  "it''s", "\\",   "[",  "/data/x.h5", "../x-1.h5", "...",  "J\303\274rgen/\342\202\254.h5"};
  static const char *const escaped[] = {"a\\nb",  "\\t",           "\\\"\\\\\\n", "\\x85\\u2028\\ufeff",
                                        "\\x7f'", "\\U0001f600\\r"};
  static const char *const numbers[] = {"0.1", "1e-5", "5e-324", "1.7976931348623157e308", "0.30000000000000004",
                                        "1e22"};
  char text[100];
  mdm_config *cfg = fresh();
  for (size_t i = 0; i < COUNT(texts); i++) {
    snprintf(text, sizeof text, "data.file: '%s'", texts[i]);
    CU_ASSERT_TRUE(accepted(cfg, text) && round_trips(cfg));
  }
  for (size_t i = 0; i < COUNT(escaped); i++) {
    snprintf(text, sizeof text, "data.file: \"%s\"", escaped[i]);
    CU_ASSERT_TRUE(accepted(cfg, text) && round_trips(cfg));
  }
  for (size_t i = 0; i < COUNT(numbers); i++) {
    snprintf(text, sizeof text, "train.lr=%s", numbers[i]);
    CU_ASSERT_TRUE(set_accepted(cfg, text) && round_trips(cfg));
    CU_ASSERT_EQUAL(mdm_config_real(cfg, "train.lr"), strtod(numbers[i], NULL));
  }
  mdm_config_free(cfg);
}

static int formats_as(const mdm_config *cfg, const char *key, const char *expected) {
  char text[100];
  mdm_config_format(cfg, key, text, sizeof text);
  return has(text, expected) && strlen(text) == strlen(expected);
}

static void canonical_text(void) {
  mdm_config *cfg = fresh();
  char small[6] = "?????";
  CU_ASSERT_TRUE(accepted(cfg,
                          "train: {lr: 0.100, batch: 16, steps: 1e2}\nmodel: {readout_std: 1e-5}\n"
                          "simulate: {widths: [64,128]}\noutput: {kernels: FALSE}\ndata: {file: a/b.h5, labels: 12}"));
  CU_ASSERT_TRUE(formats_as(cfg, "train.lr", "0.1"));
  CU_ASSERT_TRUE(formats_as(cfg, "train.batch", "16"));
  CU_ASSERT_TRUE(formats_as(cfg, "train.steps", "100"));
  CU_ASSERT_TRUE(formats_as(cfg, "train.loss", "mse"));
  CU_ASSERT_TRUE(formats_as(cfg, "model.readout_std", "1.0e-05"));
  CU_ASSERT_TRUE(formats_as(cfg, "simulate.widths", "[64, 128]"));
  CU_ASSERT_TRUE(formats_as(cfg, "data.classes", "[]"));
  CU_ASSERT_TRUE(formats_as(cfg, "output.kernels", "false"));
  CU_ASSERT_TRUE(formats_as(cfg, "data.file", "a/b.h5"));
  CU_ASSERT_TRUE(formats_as(cfg, "data.labels", "'12'"));
  CU_ASSERT_TRUE(formats_as(cfg, "data.test_file", "''"));
  mdm_config_format(cfg, "simulate.widths", small, sizeof small);
  CU_ASSERT_STRING_EQUAL(small, "[64, ");
  mdm_config_format(cfg, "simulate.widths", NULL, 0);
  char *yaml = mdm_config_to_yaml(cfg);
  CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
  CU_ASSERT_TRUE(has(yaml, "model:\n  regime: II\n"));
  CU_ASSERT_TRUE(has(yaml, "  init:\n    input: 1\n    router: 1\n    expert_in: 1\n"));
  CU_ASSERT_TRUE(has(yaml, "\nseed: 1\n"));
  free(yaml);
  mdm_config_free(cfg);
}

/* Names of files that a configuration gives are seen from its folder; where nothing is there, and in other options, they stay. */
static void paths_of_a_file(void) {
  mdm_config *cfg = NULL;
  mdm_error err;
  mkdir(in_folder("configs"), 0700);
  spit_text("configs/near.h5", "");
  spit_text("beside.h5", "");
  spit_text("configs/run.yaml", "data: {source: hdf5, file: near.h5, labels: ../beside.h5, test_file: nowhere.h5, test_labels: /etc/hosts}\n");
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_load(cfg, in_folder("configs/run.yaml"), &err), MDM_OK);
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), in_folder("configs/near.h5"));
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.labels"), in_folder("beside.h5"));
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.test_file"), "nowhere.h5");
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.test_labels"), "/etc/hosts");
  CU_ASSERT_EQUAL(mdm_config_set(cfg, "data.file=near.h5", &err), MDM_OK); /* on the command line: from where we are */
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), "near.h5");
  mdm_config_free(cfg);
  size_t n, paths = 0;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++) paths += (size_t)mdm_option_is_path(&o[i]);
  CU_ASSERT_EQUAL(paths, 4);
  mkdir(in_folder("far"), 0700);
  mkdir(in_folder("far/away"), 0700);
  CU_ASSERT_EQUAL(symlink("far/away", in_folder("link")), 0); /* link/.. is far */
  spit_text("far/there.h5", "");
  spit_text("far/away/run.yaml", "data: {file: ../there.h5, labels: ../../beside.h5}\n");
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_load(cfg, in_folder("link/run.yaml"), &err), MDM_OK);
  CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "data.file"), in_folder("link/../there.h5")); /* shorter would be another file */
  mdm_config_free(cfg);
  static const char *const made[] = {"configs/near.h5", "configs/run.yaml", "link", "far/there.h5", "far/away/run.yaml"};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) unlink(in_folder(made[i]));
  rmdir(in_folder("far/away"));
  rmdir(in_folder("far"));
}

static const test_case tests[] = {
    {"every preset is valid", presets_are_valid},
    {"bounds of every number", bounds_of_every_number},
    {"defaults", defaults},
    {"integers", integers},
    {"reals", reals},
    {"tags", tags},
    {"booleans and words", booleans_and_words},
    {"text and lists", text_and_lists},
    {"nesting and dotted keys", nesting_and_dots},
    {"empty files change nothing", empty_files_change_nothing},
    {"wrong shapes", wrong_shapes},
    {"duplicates", duplicates},
    {"syntax errors", syntax_errors},
    {"all problems in one line", all_problems_in_one_line},
    {"too many problems", too_many_problems},
    {"suggestions", suggestions},
    {"strange text is shown tame", strange_text_is_shown_tame},
    {"failure changes nothing", failure_changes_nothing},
    {"set one option", set_one_option},
    {"messages of set", set_messages},
    {"file on disk", file_on_disk},
    {"paths in a file", paths_of_a_file},
    {"round trip of every option", round_trip_of_every_option},
    {"round trip of awkward values", round_trip_of_awkward_values},
    {"canonical text", canonical_text},
};

SUITE_IN_FOLDER("config/config", tests)
