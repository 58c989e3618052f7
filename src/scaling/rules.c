/* A parameterization at given sizes (moedmft/rules.h): numbers from powers, as text, JSON, CSV or LaTeX. */
#include <moedmft/classify.h>
#include <moedmft/rules.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/internal.h"
#include "scaling/coordcheck_predict.h"
#include "scaling/model.h"
#include "scaling/optimizer.h"
#include "scaling/parameterization_config.h"

/* The numbers of a row, in the order of the formats. */
static const struct {
  const char *name;
  size_t offset;
} numbers[] = {
    {"init_std", offsetof(mdm_tensor_rule, init_std)},
    {"multiplier", offsetof(mdm_tensor_rule, multiplier)},
    {"lr", offsetof(mdm_tensor_rule, lr)},
    {"sgd_lr", offsetof(mdm_tensor_rule, sgd_lr)},
    {"adam_lr", offsetof(mdm_tensor_rule, adam_lr)},
    {"adam_eps", offsetof(mdm_tensor_rule, adam_eps)},
    {"eps", offsetof(mdm_tensor_rule, eps)},
    {"weight_decay", offsetof(mdm_tensor_rule, weight_decay)},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static double *number_of(mdm_tensor_rule *rule, size_t i) { return (double *)((char *)rule + numbers[i].offset); }

/* ---------------------------------------------------------------- numbers */

static int check_heads(const mdm_rules *r, mdm_error *err) {
  if (r->groups >= 1) return MDM_OK;
  return mdm_fail(err, MDM_ERR_CONFIG, "width N = %g has %g groups of heads; raise the width or model.heads_ratio, or lower model.query_groups", r->N, r->groups);
}

static int check_sizes(const mdm_sizes *s, mdm_error *err) {
  const char *key = s->M < 1 ? "model.experts_ratio" : s->Ne < 1 ? "model.expert_width_ratio" : "model.active_fraction";
  if (s->M >= 1 && s->Ne >= 1 && s->K >= 1) return MDM_OK;
  return mdm_fail(err, MDM_ERR_CONFIG,
                  "width N = %g has M = %g experts of N_e = %g neurons, K = %g active; all must be at least 1: "
                  "raise the width or %s",
                  s->N, s->M, s->Ne, s->K, key);
}

static int check_finite(const mdm_tensor_rule *r, mdm_error *err) {
  const double all[] = {r->init_std, r->multiplier, r->sgd_lr, r->adam_lr, r->adam_eps};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!isfinite(all[i]))
      return mdm_fail(err, MDM_ERR_CONFIG, "the rules of %s overflow at this width; lower its exponents", r->tensor);
  return MDM_OK;
}

/* Where a step shrinks weights by rate × λ of its own. */
static double decay_of(const mdm_optimizer *o, double rate, double own) {
  if (o->decay == 0 || own == 0) return 0;
  return o->method.tensor_decay ? o->decay : o->decay * rate / own;
}

/* What all rows need. */
typedef struct {
  const mdm_config *cfg;
  const mdm_model *model;
  const mdm_optimizer *optimizer;
  double eps; /* base ε */
} subject;

/* A tensor's rule, at the sizes that its powers mean. init, rate: multipliers. */
static int tensor_rule(const subject *of, const char *name, const char *role, const mdm_rule *rule, double init, double rate, mdm_sizes sizes, mdm_rules *r,
                       mdm_error *err) {
  const mdm_optimizer *o = of->optimizer;
  mdm_tensor_rule *out = &r->tensor[r->tensors++];
  rate *= o->lr;
  out->tensor = name;
  out->role = role;
  out->init_std = rule->zero ? 0 : init * mdm_power_evaluate(rule->std, sizes);
  out->multiplier = mdm_power_evaluate(rule->multiplier, sizes);
  out->sgd_lr = rate * mdm_power_evaluate(rule->lr, sizes);
  out->adam_lr = rate * mdm_power_evaluate(rule->adam_lr, sizes);
  const mdm_power eps = o->method.global_eps ? (mdm_power){0} : rule->adam_eps;
  out->adam_eps = mdm_power_evaluate(eps, sizes);
  out->eps = of->eps * out->adam_eps;
  out->lr = o->method.entrywise ? out->adam_lr : out->sgd_lr;
  out->weight_decay = decay_of(o, rate, out->lr);
  out->tied = rule->tied;
  for (int i = 0; i < MDM_RULE_PARTS; i++) out->predicted[i] = NAN;
  mdm_power_format(rule->std, out->init_law);
  if (rule->zero) strcpy(out->init_law, "0");
  mdm_power_format(rule->multiplier, out->multiplier_law);
  mdm_power_format(rule->lr, out->sgd_law);
  mdm_power_format(rule->adam_lr, out->adam_law);
  mdm_power_format(eps, out->eps_law);
  return check_finite(out, err);
}

static mdm_tensor_rule *last(mdm_rules *r) { return &r->tensor[r->tensors - 1]; }

static void set_source(mdm_rules *r, const char *source, const char *row) {
  snprintf(last(r)->source, sizeof last(r)->source, "%s%s%s", source, row ? ": " : "", row ? row : "");
}

/* Powers of M and N_e as those of H and d_k, which they are to heads. */
static void name_heads(char law[MDM_LAW_SIZE]) {
  static const char *const words[][2] = {{"Ne", "d_k"}, {"M", "H"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char *at = strstr(law, words[i][0]), rest[MDM_LAW_SIZE];
    if (!at) continue;
    snprintf(rest, sizeof rest, "%s", at + strlen(words[i][0]));
    snprintf(at, MDM_LAW_SIZE - (size_t)(at - law), "%s%s", words[i][1], rest);
  }
}

/* Where rows are from that parameterizations of experts do not have. */
#define HIDDEN "arXiv 2203.03466, Table 3"

static const char *const tensor_roles[MDM_TENSORS] = {"input", "router", "experts in", "experts out", "readout"};

/* W_O without the factor 1/H of a mean over heads. */
static mdm_rule unfolded(mdm_rule rule) {
  const mdm_power heads = {.M = 1};
  rule.std = mdm_power_add(rule.std, -1, heads);
  rule.lr = mdm_power_add(rule.lr, -2, heads);
  rule.adam_lr = mdm_power_add(rule.adam_lr, -1, heads);
  rule.adam_eps = mdm_power_add(rule.adam_eps, 1, heads);
  return rule;
}

/* Rows of W_Q, W_K, W_V (W1) and W_O (W2) of groups of heads, whose sizes the two see. plain: W_O without the factor 1/H. */
static int head_rows(const subject *of, const mdm_parameterization *p, const double init[MDM_TENSORS], const double lr[MDM_TENSORS], const mdm_sizes sizes[2], int plain,
                     const char *source, const char *regime, mdm_rules *r, mdm_error *err) {
  char row[120];
  static const char *const names[][2] = {{"W_Q", "attention queries"}, {"W_K", "attention keys"}, {"W_V", "attention values"}, {"W_O", "attention output"}};
  int status = check_heads(r, err);
  for (size_t i = 0; i < sizeof names / sizeof *names && !status; i++) {
    int out = i == 3;
    mdm_tensor t = out ? MDM_W2 : MDM_W1;
    mdm_rule rule = out && plain ? unfolded(p->rule[t]) : p->rule[t];
    status = tensor_rule(of, names[i][0], names[i][1], &rule, init[t], lr[t], sizes[out], r, err);
    mdm_tensor_rule *x = last(r);
    char *laws[] = {x->init_law, x->multiplier_law, x->sgd_law, x->adam_law, x->eps_law};
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) name_heads(laws[k]);
    snprintf(row, sizeof row, "%s of regime %s%s", out ? "rates of experts out" : "experts in", regime, out ? " with heads for experts, start by model.attention_output" : ", heads for experts");
    set_source(r, source, row);
  }
  return status;
}

/* Attention blocks that the network has. */
static int own_heads(const subject *of, size_t width, int plain, mdm_rules *r, mdm_error *err) {
  const mdm_model *m = of->model;
  const mdm_sizes sizes[] = {mdm_model_head_sizes(m, width, MDM_W1), mdm_model_head_sizes(m, width, MDM_W2)};
  r->H = (double)(mdm_model_groups(m, width) * m->heads.queries);
  r->dk = (double)mdm_model_head_width(m, width);
  r->groups = (double)mdm_model_groups(m, width);
  return head_rows(of, &m->heads.parameterization, m->heads.init, m->heads.lr, sizes, plain, m->heads.parameterization.source, m->regime->name, r, err);
}

/* The rules of tensors first to `to` of MoE blocks, W_in and w_out. */
static int own_rules(const subject *of, mdm_sizes s, mdm_tensor first, mdm_tensor to, mdm_rules *r, mdm_error *err) {
  const mdm_model *m = of->model;
  int status = MDM_OK;
  for (mdm_tensor t = first; t <= to && !status; t++) {
    status = tensor_rule(of, mdm_tensor_name(t), tensor_roles[t], &m->parameterization.rule[t], m->init[t], m->lr[t], s, r, err);
    set_source(r, m->parameterization.source, tensor_roles[t]);
  }
  return status;
}

/* ---------------------------------------------------------------- predicted exponents */

static mdm_tensor_rule *find(mdm_rules *r, const char *name) {
  for (size_t t = 0; t < r->tensors; t++)
    if (!strcmp(r->tensor[t].tensor, name)) return &r->tensor[t];
  return NULL;
}

/* Of entrywise steps nothing is said but what they learn (adam); from initial inputs, where these are of size 1. */
static void predict_row(const subject *of, mdm_rules *r, const char *name, const double parts[MDM_PARTS_COUNT], double adam, int starts) {
  _Static_assert((int)MDM_RULE_PARTS == (int)MDM_PARTS_COUNT && (int)MDM_RULE_PROMISES == MDM_BALANCED + 1, "parts of a product; desiderata that a check sees");
  mdm_tensor_rule *x = find(r, name);
  if (!x) return;
  memcpy(x->predicted, parts, sizeof x->predicted);
  if (!of->optimizer->method.entrywise || isnan(parts[MDM_PART_INIT])) return;
  x->predicted[MDM_PART_LEARNED] = adam;
  if (starts) x->predicted[MDM_PART_EFFECTIVE] = adam;
}

static int predict(const subject *of, mdm_rules *r, mdm_error *err) {
  static const char *const heads[] = {"W_Q", "W_K", "W_V", "W_O"};
  double own[MDM_SPLITS][MDM_PARTS_COUNT], attention[MDM_SPLITS][MDM_PARTS_COUNT];
  mdm_classification c;
  int attends = mdm_model_count(of->model, MDM_BLOCK_ATTENTION) > 0, status = mdm_parts_predict(of->cfg, MDM_BLOCK_MOE, 0, own, err);
  if (!status && attends) status = mdm_parts_predict(of->cfg, MDM_BLOCK_ATTENTION, 0, attention, err);
  if (!status) status = mdm_classify(of->cfg, &c, err);
  for (int d = 0; d <= MDM_BALANCED && !status; d++) r->promised[d] = c.verdict[d].holds;
  for (mdm_split s = MDM_SPLIT_Z; s <= MDM_SPLIT_F && !status; s++) {
    mdm_tensor t = mdm_split_tensor(s);
    predict_row(of, r, mdm_tensor_name(t), own[s], c.tensor[t].adam_update, t != MDM_W_OUT || of->model->depth > 0);
  }
  for (int i = 0; i < 4 && !status && attends; i++)
    predict_row(of, r, heads[i], attention[i < 3 ? MDM_SPLIT_U : MDM_SPLIT_A], c.head[i == 3].adam_update, 1);
  return status;
}

/* ---------------------------------------------------------------- a network */

static int begin(const mdm_config *cfg, size_t dimension, size_t width, mdm_model *m, mdm_optimizer *o, mdm_sizes *s, mdm_rules *out, mdm_error *err) {
  memset(out, 0, sizeof *out);
  int status = mdm_model_read(cfg, dimension, 1, m, err);
  if (!status) status = mdm_optimizer_read(cfg, o, err);
  if (status) return status;
  *s = mdm_model_network_sizes(m, width);
  out->regime = m->regime->name;
  out->parameterization = m->parameterization.name;
  out->source = m->parameterization.source;
  snprintf(out->optimizer, sizeof out->optimizer, "%s", o->name);
  out->D = s->D, out->N = s->N, out->Ne = s->Ne, out->M = s->M, out->K = s->K, out->L = s->L, out->branch = m->branch;
  return MDM_OK;
}

static subject subject_of(const mdm_config *cfg, const mdm_model *m, const mdm_optimizer *o) { return (subject){cfg, m, o, mdm_config_real(cfg, "train.adam.eps")}; }

int mdm_rules_compute(const mdm_config *cfg, size_t dimension, size_t width, mdm_rules *out, mdm_error *err) {
  mdm_model m = {0};
  mdm_optimizer optimizer;
  mdm_sizes s;
  int status = begin(cfg, dimension, width, &m, &optimizer, &s, out, err), experts = !status && mdm_model_count(&m, MDM_BLOCK_MOE) > 0;
  subject of = subject_of(cfg, &m, &optimizer);
  if (!status && experts) status = check_sizes(&s, err);
  if (!status) status = own_rules(&of, s, MDM_W_IN, MDM_W_IN, out, err);
  if (!status && mdm_model_count(&m, MDM_BLOCK_ATTENTION)) status = own_heads(&of, width, 0, out, err);
  if (!status && experts) status = own_rules(&of, s, MDM_Q, MDM_W2, out, err);
  if (!status) status = own_rules(&of, s, MDM_W_OUT, MDM_W_OUT, out, err);
  return status ? status : predict(&of, out, err);
}

/* ---------------------------------------------------------------- a whole transformer */

/* The named parameterization (of custom: its base) in the first of the regimes given that has it, else μP's. */
static mdm_parameterization elsewhere(const mdm_config *cfg, const mdm_parameterization *p, const char *const *regimes) {
  const char *name = strcmp(p->name, "custom") ? p->name : mdm_config_text(cfg, "model.custom.base");
  const mdm_parameterization *found = NULL;
  for (size_t i = 0; regimes[i] && !found; i++) found = mdm_parameterization_find(mdm_regime_find(regimes[i]), name);
  mdm_parameterization own = found ? *found : *mdm_parameterization_find(mdm_regime_find(regimes[0]), "mup");
  mdm_depth_powers(cfg, &own);
  return own;
}

/* Attention of a network without any: heads of regime II. */
static int other_heads(const subject *of, mdm_sizes s, size_t head_width, mdm_rules *r, mdm_error *err) {
  static const char *const regimes[] = {"II", NULL};
  mdm_parameterization p = elsewhere(of->cfg, &of->model->parameterization, regimes);
  double one[MDM_TENSORS];
  mdm_heads_start(of->cfg, &p.rule[MDM_W2]);
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) one[t] = 1;
  r->dk = (double)head_width;
  r->H = r->groups = floor(s.N / r->dk);
  s.M = s.K = r->H, s.Ne = r->dk;
  char source[MDM_LAW_SIZE];
  snprintf(source, sizeof source, "%s (%s)", p.source, p.name);
  return head_rows(of, &p, one, one, (mdm_sizes[]){s, s}, 1, source, "II", r, err);
}

/* A vector over the stream, or a table of such: W_in of one-hot inputs. In residual blocks it has the blocks' powers of the depth. size: of its entries, by which inputs
 * are multiplied in the network, where only SGD's rate feels it (docs/theory.md, section 18). */
static int vector_row(const subject *of, const char *name, const char *role, mdm_sizes s, int in_block, double size, mdm_rules *r, mdm_error *err) {
  mdm_rule rule = of->model->parameterization.rule[MDM_W_IN];
  const mdm_rule *hidden = &of->model->parameterization.rule[MDM_W1];
  mdm_power *powers[] = {&rule.std, &rule.lr, &rule.adam_lr, &rule.adam_eps, &rule.multiplier};
  for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) powers[i]->D = 0;
  if (in_block) rule.lr.L = hidden->lr.L, rule.adam_lr.L = hidden->adam_lr.L, rule.adam_eps.L = hidden->adam_eps.L;
  rule.std.factor = size * mdm_power_factor(rule.std);
  rule.lr.factor = size * size * mdm_power_factor(rule.lr);
  int status = tensor_rule(of, name, role, &rule, 1, 1, s, r, err);
  set_source(r, HIDDEN, "input weights and biases");
  return status;
}

static int gain_row(const subject *of, const char *name, const char *role, mdm_sizes s, int in_block, mdm_rules *r, mdm_error *err) {
  int status = vector_row(of, name, role, s, in_block, 1, r, err);
  mdm_tensor_rule *x = last(r);
  x->init_std = x->weight_decay = 0;
  x->init_mean = 1;
  strcpy(x->init_law, "starts at 1");
  return status;
}

/* W1 and W2 by the rows of p. */
static int feed_forward_rows(const subject *of, const mdm_parameterization *p, const char *const names[2], const char *const roles[2], mdm_sizes s, const char *source,
                             const char *row, mdm_rules *r, mdm_error *err) {
  const mdm_model *m = of->model;
  int status = MDM_OK;
  for (int i = 0; i < 2 && !status; i++) {
    mdm_tensor t = i ? MDM_W2 : MDM_W1;
    status = tensor_rule(of, names[i], roles[i], &p->rule[t], m->init[t], m->lr[t], s, r, err);
    set_source(r, source, row);
  }
  return status;
}

/* One expert that serves all, of 4N neurons, as regime I has experts. */
static int dense_rows(const subject *of, mdm_sizes s, mdm_rules *r, mdm_error *err) {
  static const char *const regimes[] = {"I", "III", NULL}, *const names[] = {"dense_W1", "dense_W2"}, *const roles[] = {"dense feed-forward in", "dense feed-forward out"};
  mdm_parameterization p = elsewhere(of->cfg, &of->model->parameterization, regimes);
  for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++) {
    mdm_power *powers[] = {&p.rule[t].std, &p.rule[t].lr, &p.rule[t].adam_lr, &p.rule[t].adam_eps};
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) powers[i]->M = 0;
    p.rule[t].tied = 0;
  }
  s.M = s.K = 1;
  r->F = s.Ne = 4 * s.N;
  return feed_forward_rows(of, &p, names, roles, s, HIDDEN, "hidden weights", r, err);
}

static int shared_rows(const subject *of, mdm_sizes s, mdm_rules *r, mdm_error *err) {
  static const char *const names[] = {"shared_W1", "shared_W2"}, *const roles[] = {"shared experts in", "shared experts out"};
  return feed_forward_rows(of, &of->model->parameterization, names, roles, s, "a part of the experts (docs/theory.md)", NULL, r, err);
}

/* Embedding, positions. */
static int input_rows(const subject *of, mdm_sizes s, mdm_rules *r, mdm_error *err) {
  double sigma = mdm_config_enum(of->cfg, "model.position") == 0 ? mdm_config_real(of->cfg, "model.position_std") : 0;
  int status = own_rules(of, s, MDM_W_IN, MDM_W_IN, r, err);
  last(r)->role = "embedding";
  return status || sigma == 0 ? status : vector_row(of, "position", "positions", s, 0, sigma, r, err);
}

int mdm_rules_transformer(const mdm_config *cfg, size_t width, size_t head_width, mdm_rules *out, mdm_error *err) {
  mdm_model m = {0};
  mdm_optimizer optimizer;
  mdm_sizes s;
  int status = begin(cfg, 1, width, &m, &optimizer, &s, out, err), attends = !status && mdm_model_count(&m, MDM_BLOCK_ATTENTION) > 0;
  subject of = subject_of(cfg, &m, &optimizer);
  if (attends && head_width) return mdm_fail(err, MDM_ERR_CONFIG, "--head-width has no effect where model.blocks has attention; set model.head_width");
  size_t heads = head_width ? head_width : (size_t)mdm_config_int(cfg, "model.head_width");
  if (!status) status = check_sizes(&s, err);
  if (!status) status = input_rows(&of, s, out, err);
  if (!status) status = gain_row(&of, "norm", "gains of norms in blocks", s, 1, out, err);
  if (!status) status = attends ? own_heads(&of, width, 1, out, err) : other_heads(&of, s, heads, out, err);
  if (!status) status = dense_rows(&of, s, out, err);
  if (!status) status = own_rules(&of, s, MDM_Q, MDM_W2, out, err);
  if (!status) status = shared_rows(&of, s, out, err);
  if (!status) status = gain_row(&of, "norm_out", "gain of the norm before the readout", s, 0, out, err);
  if (!status) status = own_rules(&of, s, MDM_W_OUT, MDM_W_OUT, out, err);
  if (status) return status;
  last(out)->role = "unembedding";
  return predict(&of, out, err);
}

/* ---------------------------------------------------------------- relative to a base */

static int divide(double *x, double base, const char *tensor, const char *what, mdm_error *err) {
  if (*x == base) return *x = 1, MDM_OK;
  if (base == 0) return mdm_fail(err, MDM_ERR_CONFIG, "%s of %s is 0 in the base (--base, --base-width) and %g here: there is no ratio", what, tensor, *x);
  *x /= base;
  return MDM_OK;
}

int mdm_rules_divide(mdm_rules *rules, const mdm_rules *base, mdm_error *err) {
  int status = MDM_OK;
  for (size_t t = 0; t < rules->tensors && !status; t++) {
    mdm_tensor_rule *x = &rules->tensor[t], *b = find((mdm_rules *)base, x->tensor);
    if (!b) return mdm_fail(err, MDM_ERR_CONFIG, "the base (--base) has no tensor %s; it must have the same kinds of blocks, or give --transformer", x->tensor);
    for (size_t i = 0; i < NUMBERS && !status; i++) status = divide(number_of(x, i), *number_of(b, i), x->tensor, numbers[i].name, err);
  }
  rules->relative = 1;
  return status;
}

/* ---------------------------------------------------------------- text */

static void law(FILE *out, const char *before, double value, const char *power) {
  char number[48];
  snprintf(number, sizeof number, "%.6g", value);
  fprintf(out, "%s%-11s %-16s", before, number, power);
}

static int is_transformer(const mdm_rules *r) { return r->F > 0; }

static void write_sizes(FILE *out, const mdm_rules *r) {
  fprintf(out, "regime %s, parameterization %s (%s), optimizer %s\n", r->regime, r->parameterization, r->source, r->optimizer);
  fprintf(out, "sizes D = %g, N = %g, N_e = %g, M = %g, K = %g\n", r->D, r->N, r->Ne, r->M, r->K);
  if (r->H > 0) fprintf(out, "heads H = %g, d_k = %g", r->H, r->dk);
  if (r->H > r->groups) fprintf(out, ", in %g groups: below H is their number, and d_k of W_O the width of a group, %g", r->groups, r->dk * r->H / r->groups);
  if (is_transformer(r)) fprintf(out, "; dense feed-forward blocks of F = %g, which is Ne in their rows", r->F);
  fputs(r->H > 0 ? "\n\n" : "\n", out);
}

static int name_width(const mdm_rules *r) {
  int most = 5;
  for (size_t t = 0; t < r->tensors; t++) most = (int)strlen(r->tensor[t].tensor) > most ? (int)strlen(r->tensor[t].tensor) : most;
  return most + 1;
}

static void write_sources(FILE *out, const mdm_rules *r) {
  fputs("\n", out);
  for (size_t t = 0; t < r->tensors; t++) fprintf(out, "%-*s %s; %s\n", name_width(r), r->tensor[t].tensor, r->tensor[t].role, r->tensor[t].source);
}

static void write_remarks(FILE *out, const mdm_rules *r) {
  if (r->relative) fputs("\nNumbers are ratios to those of the base, model.init.*, train.lr and the like included; powers beside them are those of the rows.\n", out);
  else
    fputs("\nNumbers include model.init.*, model.readout_std, train.lr and train.lr_multiplier.*; powers beside them "
          "do not.\n", out);
  fputs("The network uses multiplier x tensor. Weight decay is that of PyTorch's parameter groups: a step shrinks a tensor by lr x decay.\n", out);
  if (is_transformer(r)) fputs("W_O is a plain linear layer over all heads; a MoE block is the mean over the K active experts of g W2 phi(W1 h), g of size 1.\n", out);
  else if (r->H > 0) fprintf(out, "Attention adds (1/H) sum over %s of W_O o.\n", r->H > r->groups ? "groups" : "heads");
  if (r->L > 0) fprintf(out, "Depth L = %g: every block adds %.6g times its output to the stream.\n", r->L, r->branch);
  else fputs("One block without residual sum.\n", out);
}

static void write_text(FILE *out, const mdm_rules *r) {
  write_sizes(out, r);
  fprintf(out, "%-*s%-29s%-29s%-29s%-29s%-29s%s\n", name_width(r), "", "init std", "multiplier", "SGD lr", "Adam lr", "Adam eps per unit", "weight decay");
  for (size_t t = 0; t < r->tensors; t++) {
    const mdm_tensor_rule *x = &r->tensor[t];
    fprintf(out, "%-*s", name_width(r), x->tensor);
    law(out, "", x->init_std, x->init_law);
    law(out, " ", x->multiplier, x->multiplier_law);
    law(out, " ", x->sgd_lr, x->sgd_law);
    law(out, " ", x->adam_lr, x->adam_law);
    law(out, " ", x->adam_eps, x->eps_law);
    fprintf(out, " %.6g%s\n", x->weight_decay, x->tied ? "  (tied: experts start alike)" : "");
  }
  write_sources(out, r);
  write_remarks(out, r);
}

/* ---------------------------------------------------------------- JSON, CSV, LaTeX */

/* Digits that read back exactly, with a decimal point in every locale. */
static void number(FILE *out, const mdm_tensor_rule *rule, size_t i) {
  char text[MDM_REAL_SIZE];
  mdm_real_format(*(const double *)((const char *)rule + numbers[i].offset), text);
  fputs(text, out);
}

/* Exponents by part; null: no prediction; "absent": −infinity. */
static void write_predicted(FILE *out, const mdm_tensor_rule *x) {
  fputs("\"predicted\": {", out);
  for (mdm_part_kind k = 0; k < MDM_PARTS_COUNT; k++) {
    char text[MDM_REAL_SIZE];
    mdm_real_format(x->predicted[k], text);
    fprintf(out, "%s\"%s\": %s", k ? ", " : "", mdm_part_name(k), isnan(x->predicted[k]) ? "null" : isinf(x->predicted[k]) ? "\"absent\"" : text);
  }
  fputs("}", out);
}

static void write_json(FILE *out, const mdm_rules *r) {
  fprintf(out, "{\n  \"regime\": \"%s\",\n  \"parameterization\": \"%s\",\n  \"source\": \"%s\",\n  \"optimizer\": \"%s\",\n  \"relative\": %s,\n", r->regime, r->parameterization,
          r->source, r->optimizer, r->relative ? "true" : "false");
  fprintf(out, "  \"sizes\": {\"D\": %.0f, \"N\": %.0f, \"Ne\": %.0f, \"M\": %.0f, \"K\": %.0f, \"L\": %.0f, \"branch\": %.17g", r->D, r->N, r->Ne,
          r->M, r->K, r->L, r->branch);
  if (r->H > 0) fprintf(out, ", \"H\": %.0f, \"d_k\": %.0f, \"groups\": %.0f", r->H, r->dk, r->groups);
  if (is_transformer(r)) fprintf(out, ", \"F\": %.0f", r->F);
  fputs("},\n  \"promised\": [", out);
  for (int d = 0; d < MDM_RULE_PROMISES; d++) fprintf(out, "%s%s", d ? ", " : "", r->promised[d] ? "true" : "false");
  fputs("],\n", out);
  for (size_t t = 0; t < r->tensors; t++) {
    const mdm_tensor_rule *x = &r->tensor[t];
    fprintf(out, "  \"%s\": {", x->tensor);
    for (size_t i = 0; i < NUMBERS; i++) {
      fprintf(out, "\"%s\": ", numbers[i].name);
      number(out, x, i);
      fputs(", ", out);
    }
    fprintf(out, "\"init_mean\": %.0f, \"tied\": %s,\n    \"role\": \"%s\", \"source\": \"%s\",\n    ", x->init_mean, x->tied ? "true" : "false", x->role, x->source);
    write_predicted(out, x);
    fprintf(out, "}%s\n", t + 1 < r->tensors ? "," : "");
  }
  fputs("}\n", out);
}

static void write_csv(FILE *out, const mdm_rules *r) {
  fputs("tensor", out);
  for (size_t i = 0; i < NUMBERS; i++) fprintf(out, ",%s", numbers[i].name);
  fputs(",init_mean,tied,role,source\n", out);
  for (size_t t = 0; t < r->tensors; t++) {
    const mdm_tensor_rule *x = &r->tensor[t];
    fputs(x->tensor, out);
    for (size_t i = 0; i < NUMBERS; i++) {
      fputs(",", out);
      number(out, x, i);
    }
    fprintf(out, ",%.0f,%d,\"%s\",\"%s\"\n", x->init_mean, x->tied, x->role, x->source);
  }
}

/* "Ne^-1/2 M^1/2" as N_e^{-1/2} M^{1/2}; words as they are. */
static void write_math(FILE *out, const char *power) {
  int open = 0;
  fputs("$", out);
  for (const char *c = power; *c; c++) {
    if (open && *c == ' ') fputs("}", out), open = 0;
    if (!strncmp(c, "Ne", 2)) fputs("N_e", out), c++;
    else if (*c == '^') fputs("^{", out), open = 1;
    else fputs(*c == ' ' ? "\\," : (char[]){*c, 0}, out);
  }
  fputs(open ? "}$" : "$", out);
}

static void write_name(FILE *out, const char *name) {
  fputs("\\texttt{", out);
  for (const char *c = name; *c; c++) fprintf(out, "%s%c", *c == '_' ? "\\" : "", *c);
  fputs("}", out);
}

static void write_latex(FILE *out, const mdm_rules *r) {
  fprintf(out, "%% regime %s, parameterization %s (%s)\n\\begin{tabular}{llccccc}\n", r->regime, r->parameterization, r->source);
  fputs("tensor & role & init std & multiplier & SGD rate & Adam rate & Adam $\\epsilon$ \\\\\n\\hline\n", out);
  for (size_t t = 0; t < r->tensors; t++) {
    const mdm_tensor_rule *x = &r->tensor[t];
    const char *laws[] = {x->init_law, x->multiplier_law, x->sgd_law, x->adam_law, x->eps_law};
    write_name(out, x->tensor);
    fprintf(out, " & %s%s", x->role, x->tied ? " (tied)" : "");
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
      fputs(" & ", out);
      if (x->init_mean && !i) fputs(laws[i], out);
      else write_math(out, laws[i]);
    }
    fputs(" \\\\\n", out);
  }
  fputs("\\end{tabular}\n", out);
}

static const struct {
  const char *name;
  void (*write)(FILE *out, const mdm_rules *r);
} formats[] = {{"text", write_text}, {"json", write_json}, {"csv", write_csv}, {"latex", write_latex}};

int mdm_rules_format(const mdm_rules *rules, const char *format, char **out, mdm_error *err) {
  mdm_text t;
  size_t i = 0;
  *out = NULL;
  while (i < sizeof formats / sizeof *formats && strcmp(formats[i].name, format)) i++;
  if (i == sizeof formats / sizeof *formats)
    return mdm_fail(err, MDM_ERR_USAGE, "unknown format '%s'; allowed: text, json, csv, latex", format);
  int status = mdm_text_open(&t, "the rules", err);
  if (status) return status;
  formats[i].write(t.stream, rules);
  return mdm_text_close(&t, out, err);
}
