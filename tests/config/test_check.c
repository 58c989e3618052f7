/* Options without effect: the conditions of the table, and the check of a configuration by them. */
#include <moedmft/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/condition.h"
#include "config/internal.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/words.h"

/* ---- the column of the table ---- */

static int is_word_of(const mdm_option *o, const char *word) {
  char words[400], *rest = words;
  if (o->type == MDM_OPT_TEXT) return 1;
  if (o->type == MDM_OPT_BOOL) return !strcmp(word, "true") || !strcmp(word, "false");
  if (!o->allowed || mdm_option_is_list(o)) { /* compared with a number: as the option writes it */
    char assignment[400], shown[100];
    snprintf(assignment, sizeof assignment, "%s=%s", o->key, word);
    mdm_config *cfg = configure(assignment);
    mdm_config_format(cfg, o->key, shown, sizeof shown);
    mdm_config_free(cfg);
    return !strcmp(shown, word);
  }
  snprintf(words, sizeof words, "%s", o->allowed);
  for (char *one; (one = strtok_r(rest, "|", &rest));)
    if (!strcmp(one, word)) return 1;
  return 0;
}

/* One comparison: a key of the table, a sign, words of that key or a number. A condition may ask for a value of its own option as one of
 * alternatives. */
static void check_term(const char *key, char *term, int alternatives) {
  size_t n, length = strcspn(term, "=!<>");
  char name[100], *rest = term + length + strspn(term + length, "=!<>");
  int sign = term[length];
  snprintf(name, sizeof name, "%.*s", (int)length, term);
  long i = mdm_option_find(name);
  if (i < 0) printf("\n    %s applies when %s, which is no option\n", key, name);
  CU_ASSERT_FATAL(i >= 0 && sign && (alternatives || strcmp(name, key)));
  const mdm_option *o = &mdm_options(&n)[i];
  CU_ASSERT_EQUAL(sign == '<' || sign == '>', o->type == MDM_OPT_INT ? sign != '=' : o->type == MDM_OPT_REAL);
  for (char *word; (sign == '=' || sign == '!') && (word = strtok_r(rest, "|", &rest));) {
    if (!is_word_of(o, word)) printf("\n    %s applies when %s, which has no word %s\n", key, name, word);
    CU_ASSERT(is_word_of(o, word));
  }
}

static void conditions_speak_of_options(void) {
  size_t n, found = 0;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++) {
    char text[1000], *at = text;
    if (!o[i].applies) continue;
    found++;
    CU_ASSERT_FATAL(strlen(o[i].applies) < sizeof text);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(o[i].applies, ";"), o[i].applies);
    for (char *end; at; at = end ? end + 6 : NULL) { /* ", and " has six characters */
      if ((end = strstr(at, ", and "))) *end = '\0';
      int alternatives = strstr(at, " or ") != NULL;
      for (char *term = at, *stop; term; term = stop ? stop + 4 : NULL) {
        if ((stop = strstr(term, " or "))) *stop = '\0';
        check_term(o[i].key, term, alternatives);
      }
    }
  }
  CU_ASSERT(found > 40);
}

static void evaluates(const char *settings, const char *condition, int holds, const char *obstacles) {
  char text[200];
  mdm_config *cfg = configure(settings);
  CU_ASSERT_EQUAL(mdm_condition_holds(cfg, condition), holds);
  mdm_condition_obstacles(cfg, "seed", condition, text, sizeof text);
  if (strcmp(text, obstacles)) printf("\n    %s: %s\n", condition, text);
  CU_ASSERT_STRING_EQUAL(text, obstacles);
  mdm_config_free(cfg);
}

static void language(void) {
  evaluates("", "model.regime=I|II", 1, "");
  evaluates("", "model.regime=I|III", 0, "model.regime = II");
  evaluates("", "model.regime!=I|III", 1, "");
  evaluates("", "model.regime!=II", 0, "model.regime = II");
  evaluates("", "model.active_fraction<1", 0, "model.active_fraction = 1");
  evaluates("model.active_fraction=0.5", "model.active_fraction<1", 1, "");
  evaluates("", "model.custom.Q.std!=", 0, "model.custom.Q.std = ''");
  evaluates("model.custom.Q.std=0", "model.custom.Q.std=", 0, "model.custom.Q.std = '0'");
  evaluates("", "model.custom.Q.std=|0", 1, "");
  evaluates("data.test=3", "data.test>3", 0, "data.test = 3");
  evaluates("data.test=3", "data.test>2", 1, "");
  evaluates("train.batch=2", "train.batch!=full", 1, "");
  evaluates("", "output.kernels=true", 1, "");
  evaluates("", "model.regime=I or model.active=0", 1, "");
  evaluates("", "model.regime=I or model.active>0", 0, "model.regime = II and model.active = 0");
  evaluates("", "model.regime=II, and model.active>0; a remark=1, and more", 0, "model.active = 0");
  evaluates("", "model.active>0, and model.regime=I or model.active>0", 0, "model.active = 0 and model.regime = II");
  mdm_config *cfg = configure("");
  CU_ASSERT(mdm_condition_holds(cfg, NULL));
  mdm_config_free(cfg);
}

/* ---- the check ---- */

static int checked(const char *settings, const char *const *over, size_t n, mdm_error *err) {
  mdm_config *cfg = configure(settings);
  memset(err, 0, sizeof *err);
  int status = mdm_config_check(cfg, over, n, err);
  CU_ASSERT_EQUAL(mdm_config_check(cfg, over, n, NULL), status);
  mdm_config_free(cfg);
  return status;
}

static void is_idle(const char *settings, const char *words) {
  mdm_error err;
  int status = checked(settings, NULL, 0, &err), ok = status == MDM_ERR_CONFIG && mentions(err.text, words) && !strchr(err.text, '\n');
  if (!ok) printf("\n    %s: status %d, %s\n", settings, status, err.text);
  CU_ASSERT(ok);
}

static void is_fine(const char *settings) {
  mdm_error err;
  if (checked(settings, NULL, 0, &err)) printf("\n    %s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL(err.code, MDM_OK);
}

/* Each option once where it has no effect. */
static void idle_options(void) {
  is_idle("model.active=2", "model.active = 2|model.regime = II|model.regime=I)");
  is_idle("model.experts=8", "model.experts = 8|model.regime = II");
  is_idle("model.expert_width_ratio=0.5", "model.expert_width_ratio = 0.5|model.regime=I|III");
  is_idle("model.regime=III model.expert_width=4", "model.expert_width = 4|model.regime = III|model.regime=II");
  is_idle("model.regime=I model.experts_ratio=2", "model.experts_ratio = 2|model.regime = I");
  is_idle("model.regime=I model.active=2 model.active_fraction=0.5", "model.active_fraction = 0.5|model.active = 2");
  is_idle("model.router_gamma=2", "model.router_gamma = 2|model.parameterization = mssp|jbph");
  is_idle("model.gate=softmax model.gate_scope=selected", "model.gate_scope = selected|model.active_fraction = 1");
  is_idle("model.active_fraction=0.5 model.gate_scope=selected", "model.gate = sigmoid|softmax");
  is_idle("model.router_bias_std=1", "model.router_bias_std = 1|model.active_fraction = 1");
  is_idle("train.bias_rate=0.1", "train.bias_rate = 0.1");
  is_idle("model.gate=constant train.lr_multiplier.router=0", "train.lr_multiplier.router = 0|model.gate = constant");
  is_idle("model.custom.W2.std=1", "model.custom.W2.std = |model.parameterization = mssp|custom");
  is_idle("model.custom.base=ntp model.custom.tied=false", "model.custom.base = ntp|model.custom.tied = false|remove them");
  is_idle("train.momentum=0.5", "train.momentum = 0.5|train.optimizer = sgd");
  is_idle("train.adam.eps=0.1 train.adam.beta1=0 train.adam.beta2=0 train.adam.eps_scale=global train.adam.weight_decay=0",
          "train.adam.eps = 0.1|train.adam.beta1 = 0|train.adam.beta2 = 0|train.adam.eps_scale = global|train.adam.weight_decay = 0");
  is_idle("train.optimizer=adam train.adam.weight_decay=0.1", "train.adam.weight_decay|train.optimizer = adam|adamw");
  is_idle("train.optimizer=adam train.adam.eps=0 train.adam.eps_scale=global", "train.adam.eps_scale|train.adam.eps = 0");
  is_idle("train.optimizer=adam train.weight_decay=0.1", "train.weight_decay = 0.1|for adamw: train.adam.weight_decay");
  is_idle("train.decay_scale=tensor", "train.decay_scale|train.weight_decay = 0");
  is_idle("train.optimizer=sign train.clip=1", "train.clip = 1|train.optimizer = sign");
  is_idle("train.final_lr=0.5", "train.final_lr = 0.5|train.schedule = constant");
  is_idle("data.file=x.h5", "data.file = x.h5|data.source = cosine");
  is_idle("data.source=hdf5 data.file=x data.labels=y", "data.labels = |data.source = hdf5|idx");
  is_idle("data.source=hdf5 data.file=x data.test_file=y data.test_x=z", "data.test_file|data.test = 0|data.test_x");
  is_idle("data.source=idx data.file=x data.labels=y data.x=/train/x data.dimension=3", "data.x = /train/x|data.dimension = 3");
  is_idle("data.classes=[0,1] data.targets=onehot data.seed=1", "data.classes = [0, 1]|data.targets = onehot|data.seed = 1");
  is_idle("model.regime=I solve.expert_particles=100", "solve.expert_particles = 100");
  is_idle("solve.neuron_particles=100 solve.pairs=full", "solve.neuron_particles = 100|solve.pairs = full");
  is_idle("train.optimizer=adam solve.pairs=full solve.pivots=64", "solve.pivots = 64|solve.pairs = full");
  is_idle("solve.mixing=damped solve.damping=1 solve.settled=2 solve.start=lazy",
          "solve.mixing = damped|solve.damping = 1|solve.settled = 2|solve.start = lazy|solve.sweeps>0");
  is_idle("solve.sweeps=3 solve.anderson_depth=2", "solve.anderson_depth = 2|solve.mixing = average");
  is_idle("output.statistics=false output.histogram.bins=11 output.histogram.range=2", "output.histogram.bins = 11|output.histogram.range = 2");
  is_idle("output.statistics=false output.kernels=false output.times=[0,3]", "output.times = [0, 3]|output.kernels = false|output.parts = false");
}

/* Initial sizes of what starts at zero, rates of the other kind of optimizer, what a linear input leaves out. */
static void idle_factors(void) {
#define CUSTOM_II "model.parameterization=custom "
  is_idle("model.regime=I model.init.router=2", "model.init.router = 2 has no effect with model.parameterization = mssp and model.regime = I (");
  is_idle("model.regime=I model.parameterization=custom model.custom.base=mssp model.init.router=2", "model.init.router = 2|model.custom.base = mssp");
  is_idle(CUSTOM_II "model.custom.Q.std=0 model.init.router=2", "model.init.router = 2 has no effect with model.parameterization = custom and model.custom.Q.std = '0' (");
  is_idle(CUSTOM_II "model.custom.W_in.std=0 model.init.input=2 model.custom.W1.std=0.0 model.init.expert_in=2 model.custom.W2.std=0 model.init.expert_out=2 "
          "model.custom.w_out.std=0 model.readout_std=2", "model.init.input = 2|model.init.expert_in = 2|model.init.expert_out = 2|model.readout_std = 2");
  is_idle(CUSTOM_II "model.custom.Q.adam_lr=2 model.custom.Q.adam_eps=2", "model.custom.Q.adam_lr = '2'|model.custom.Q.adam_eps = '2'|train.optimizer = sgd");
  is_idle(CUSTOM_II "train.optimizer=adam model.custom.Q.lr=2", "model.custom.Q.lr = '2'|train.optimizer = adam and train.clip = 0 and output.ntk = false");
  is_idle(CUSTOM_II "train.optimizer=adam train.adam.eps_scale=global model.custom.Q.adam_eps=2", "model.custom.Q.adam_eps = '2'|train.adam.eps_scale = global");
  is_idle(CUSTOM_II "train.optimizer=sign model.custom.Q.adam_eps=2", "model.custom.Q.adam_eps = '2'|train.optimizer = sign");
  is_idle(CUSTOM_II "model.custom.tied=false", "model.custom.tied = false|model.regime = II");
  is_idle(CUSTOM_II "model.regime=III model.custom.base=jbph model.custom.Q.std=1 model.router_gamma=2", "model.router_gamma = 2|model.custom.Q.std = '1'");
  is_idle("model.depth=2 model.input=linear model.activation=relu", "model.activation = relu has no effect with model.depth = 2 and model.input = linear (");
  is_fine("model.regime=I model.parameterization=mup model.init.router=2");
  is_fine("model.regime=I model.parameterization=custom model.custom.base=mssp model.custom.Q.std=N^-1 model.init.router=2");
  is_fine("model.regime=I model.parameterization=custom model.init.router=2 model.custom.Q.lr=2");
  is_fine("model.init.router=2 model.init.input=2 model.init.expert_in=2 model.init.expert_out=2 model.readout_std=2 model.activation=relu");
  is_fine(CUSTOM_II "train.optimizer=sign model.custom.Q.adam_lr=2");
  is_fine(CUSTOM_II "train.optimizer=adam model.custom.Q.adam_lr=2 model.custom.Q.adam_eps=2 model.custom.Q.lr=2 train.clip=1");
  is_fine("model.depth=2 model.activation=relu");
}

/* The same for a residual stack, shared experts and what balances them. */
static void idle_options_of_depth(void) {
  is_idle("model.branch_exponent=0.5", "model.branch_exponent = 0.5|model.depth = 0|model.depth>0");
  is_idle("model.input=linear model.norm=rms model.output=tanh", "model.input = linear, model.norm = rms, model.output = tanh have no effect with model.depth = 0");
  is_idle("model.norm_eps=0.1", "model.norm_eps = 0.1|model.depth = 0 and model.norm = none");
  is_idle("model.depth=2 model.norm_eps=0.1", "model.norm_eps = 0.1 has no effect with model.norm = none and model.query_key_norm = false (");
  is_idle("model.dense_blocks=[0]", "model.dense_blocks = [0]|model.depth = 0");
  is_idle("output.blocks=[0]", "output.blocks = [0]|model.depth = 0");
  is_idle("model.depth=2 output.blocks=[0] output.kernels=false", "output.blocks = [0]|output.kernels = false and output.responses = false");
  is_idle("solve.depths=[4,8] simulate.depths=[4,8]", "solve.depths = [4, 8]|simulate.depths = [4, 8]|model.depth = 0");
  is_idle("model.shared_experts=1", "model.shared_experts = 1|model.regime = II|elsewhere model.shared_fraction");
  is_idle("model.regime=I model.shared_fraction=0.5", "model.shared_fraction = 0.5|model.regime = I|in regime I model.shared_experts");
  is_idle("train.balance_coefficient=1", "train.balance_coefficient = 1|train.balance = none");
  is_idle("train.balance=switch", "train.balance = switch has no effect with model.active_fraction = 1 and model.active = 0 (|train.balance=importance");
  is_idle("model.gate=constant train.balance=importance", "train.balance = importance has no effect with model.gate = constant");
  is_idle("model.gate=constant train.z_loss=1", "train.z_loss = 1 has no effect with model.gate = constant");
  is_idle("train.bias_update=sign", "train.bias_update = sign|train.bias_rate = 0");
  is_idle("model.router_bias_seed=2", "model.router_bias_seed = 2|model.regime = II and model.router_bias_std = 0 and model.active_fraction = 1 and model.active = 0");
  is_idle("model.router_bias_seed=2 model.regime=I model.active=2", "model.router_bias_seed = 2 has no effect with model.router_bias_std = 0 (");
  is_idle("model.router_bias_seed=2 model.active_fraction=0.5 model.router_bias_std=1", "model.router_bias_seed = 2 has no effect with model.regime = II (");
}

/* And where it has one. */
static void options_with_effect(void) {
  is_fine("");
  is_fine("model.regime=I model.experts=8 model.active=2 model.expert_width_ratio=0.5 model.router_bias_std=1 solve.neuron_particles=50");
  is_fine("model.regime=III model.experts_ratio=2 model.expert_width_ratio=0.5 solve.expert_particles=100 solve.neuron_particles=40");
  is_fine("model.regime=I model.active_fraction=0.5 model.router_bias_std=1 train.bias_rate=0.1");
  is_fine("model.expert_width=4 model.active_fraction=0.5 model.gate=softmax model.gate_scope=selected");
  is_fine("model.parameterization=jbph model.router_gamma=2");
  is_fine("model.parameterization=custom model.custom.base=jbph model.router_gamma=2 model.regime=III model.custom.Q.lr=1 model.custom.tied=false");
  is_fine("train.optimizer=momentum train.momentum=0.5 train.weight_decay=0.1 train.decay_scale=tensor train.clip=1");
  is_fine("train.optimizer=adamw train.adam.eps=0.1 train.adam.eps_scale=global train.adam.weight_decay=0.1 train.decay_scale=tensor solve.pivots=64");
  is_fine("train.schedule=cosine train.final_lr=0.1");
  is_fine("data.source=hdf5 data.file=x data.x=/a data.y=/b data.test_file=y data.test_x=/c data.test=3 output.every=2 data.seed=4 data.targets=sign");
  is_fine("data.source=idx data.file=x data.labels=y data.test_file=z data.test_labels=w data.test=3 data.classes=[0,1]");
  is_fine("train.batch=2 data.seed=3 data.dimension=4");
  is_fine("solve.sweeps=3 solve.mixing=anderson solve.anderson_depth=2 solve.damping=1");
  is_fine("output.kernels=false output.times=[0,3] output.histogram.bins=11");
  is_fine("model.depth=2 model.branch_exponent=0.5 model.input=linear model.norm=layer model.norm_eps=0.1 model.output=norm model.dense_blocks=[0]");
  is_fine("model.depth=2 output.blocks=[1] solve.depths=[4,8] simulate.depths=[4,8]");
  is_fine("model.depth=2 output.blocks=[1] output.kernels=false output.responses=true");
  is_fine("model.shared_fraction=0.5 train.balance=importance train.balance_coefficient=1 train.z_loss=1");
  is_fine("model.regime=I model.shared_experts=1 model.active=1 train.balance=switch model.router_bias_std=1 model.router_bias_seed=2");
  is_fine("model.active_fraction=0.5 train.balance=switch train.bias_rate=0.1 train.bias_update=sign");
  is_fine("simulate.widths=8 simulate.seeds=3 solve.particles=100"); /* of other commands: they may share a file */
}

/* Defaults that are written out, as in a configuration that was read back. */
static void defaults_are_never_idle(void) {
  mdm_error err;
  mdm_config *cfg = configure("");
  char *yaml = mdm_config_to_yaml(cfg);
  CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
  CU_ASSERT_EQUAL(mdm_config_load_text(cfg, "again", yaml, &err), MDM_OK);
  CU_ASSERT(mdm_config_is_set(cfg, "train.momentum"));
  CU_ASSERT_EQUAL(mdm_config_check(cfg, NULL, 0, &err), MDM_OK);
  free(yaml);
  mdm_config_free(cfg);
}

/* On a grid an option counts when it has an effect at one point. */
static void grids(void) {
  static const char *const regimes[] = {"model.regime=II,I"}, *const experts[] = {"model.experts=2,4"};
  static const char *const both[] = {"model.regime=I,II", "model.experts=2,4"}, *const wrong[] = {"model.regimes=I"};
  static const char *const depths[] = {"model.depth=0,2"}, *const balances[] = {"train.balance=switch,importance"};
  static const char *const optimizers[] = {"train.optimizer=sgd,adam", "train.lr=0.1,0.2"};
  mdm_error err;
  CU_ASSERT_EQUAL(checked("model.experts=8", regimes, 1, &err), MDM_OK);
  CU_ASSERT_EQUAL(checked("", both, 2, &err), MDM_OK);
  CU_ASSERT_EQUAL(checked("train.adam.eps=0.1", optimizers, 2, &err), MDM_OK);
  CU_ASSERT_EQUAL(checked("train.momentum=0.1", optimizers, 2, &err), MDM_ERR_CONFIG);
  CU_ASSERT(mentions(err.text, "train.momentum = 0.1"));
  CU_ASSERT_EQUAL(checked("", experts, 1, &err), MDM_ERR_CONFIG);
  CU_ASSERT(mentions(err.text, "--over model.experts has no effect|model.regime = II"));
  CU_ASSERT_EQUAL(checked("model.norm=rms model.branch_exponent=0.5", depths, 1, &err), MDM_OK);
  CU_ASSERT_EQUAL(checked("", balances, 1, &err), MDM_OK);
  CU_ASSERT_EQUAL(checked("", wrong, 1, &err), MDM_ERR_CONFIG);
  CU_ASSERT(mentions(err.text, "model.regimes|model.regime"));
}

/* Those that wait for the same are told together, and what does not fit in a line is cut off in words. */
static void many_at_once(void) {
  static const char *const tensors[] = {"W_in", "Q", "W1", "W2", "w_out"}, *const parts[] = {"std", "lr", "adam_lr", "adam_eps", "multiplier"};
  char settings[4090] = "", power[130] = "N";
  mdm_error err;
  is_idle("train.adam.eps=0.1 train.adam.beta1=0", "train.adam.beta1 = 0, train.adam.eps = 0.1 have no effect with train.optimizer = sgd (they apply when");
  for (int i = 0; i < 17; i++) strcat(power, "*N^-1/2");
  for (int t = 0; t < 5; t++)
    for (int k = 0; k < 5; k++) {
      size_t used = strlen(settings);
      snprintf(settings + used, sizeof settings - used, "model.custom.%s.%s=%s ", tensors[t], parts[k], power);
    }
  is_idle(settings, "model.custom.W_in.std = |; and more of the kind; remove them");
  strcat(settings, "train.optimizer=sign train.clip=1 train.final_lr=0.5 output.every=2 model.experts=5 model.router_gamma=2 data.labels=");
  memset(settings + strlen(settings), 'x', 300);
  CU_ASSERT_EQUAL(checked(settings, NULL, 0, &err), MDM_ERR_CONFIG);
  CU_ASSERT(strlen(err.text) < sizeof err.text - 1 && has(err.text, "; remove them, or change what stands in the way"));
}

static const test_case tests[] = {
    {"conditions speak of options", conditions_speak_of_options},
    {"language of conditions", language},
    {"options without effect", idle_options},
    {"factors of what is not there", idle_factors},
    {"options of depth and of balancing without effect", idle_options_of_depth},
    {"options with an effect", options_with_effect},
    {"defaults are never refused", defaults_are_never_idle},
    {"grids", grids},
    {"many at once", many_at_once},
};

SUITE("config/check", tests)
