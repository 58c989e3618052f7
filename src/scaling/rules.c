/* A parameterization at given sizes (moedmft/rules.h): numbers from powers, as text, JSON or CSV. */
#include <moedmft/rules.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/internal.h"
#include "scaling/model.h"
#include "scaling/optimizer.h"

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

/* A tensor's rule, at the sizes that its powers mean. init, rate: multipliers. */
static int tensor_rule(const char *name, const mdm_rule *rule, double init, double rate, mdm_sizes sizes, const mdm_optimizer *o, mdm_tensor_rule *out,
                       mdm_error *err) {
  rate *= o->lr;
  out->tensor = name;
  out->init_std = rule->zero ? 0 : init * mdm_power_evaluate(rule->std, sizes);
  out->multiplier = mdm_power_evaluate(rule->multiplier, sizes);
  out->sgd_lr = rate * mdm_power_evaluate(rule->lr, sizes);
  out->adam_lr = rate * mdm_power_evaluate(rule->adam_lr, sizes);
  const mdm_power eps = o->method.global_eps ? (mdm_power){0} : rule->adam_eps;
  out->adam_eps = mdm_power_evaluate(eps, sizes);
  out->lr = o->method.entrywise ? out->adam_lr : out->sgd_lr;
  out->tied = rule->tied;
  mdm_power_format(rule->std, out->init_law);
  if (rule->zero) strcpy(out->init_law, "0");
  mdm_power_format(rule->multiplier, out->multiplier_law);
  mdm_power_format(rule->lr, out->sgd_law);
  mdm_power_format(rule->adam_lr, out->adam_law);
  mdm_power_format(eps, out->eps_law);
  return check_finite(out, err);
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

/* W_Q, W_K, W_V, W_O: rules of W1 and W2 of attention blocks. */
static int head_rules(const mdm_model *m, size_t width, const mdm_optimizer *o, mdm_rules *r, mdm_error *err) {
  static const char *const names[] = {"W_Q", "W_K", "W_V", "W_O"};
  r->H = (double)(mdm_model_groups(m, width) * m->heads.queries);
  r->dk = (double)m->heads.width;
  r->groups = (double)mdm_model_groups(m, width);
  int status = check_heads(r, err);
  for (size_t i = 0; i < sizeof names / sizeof *names && !status; i++) {
    mdm_tensor t = i < 3 ? MDM_W1 : MDM_W2;
    mdm_tensor_rule *out = &r->tensor[r->tensors++];
    status = tensor_rule(names[i], &m->heads.parameterization.rule[t], m->heads.init[t], m->heads.lr[t], mdm_model_head_sizes(m, width, t), o, out, err);
    char *laws[] = {out->init_law, out->multiplier_law, out->sgd_law, out->adam_law, out->eps_law};
    for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) name_heads(laws[k]);
  }
  return status;
}

/* The rules of tensors first to last of MoE blocks, W_in and w_out. */
static int own_rules(const mdm_model *m, mdm_sizes s, mdm_tensor first, mdm_tensor last, const mdm_optimizer *o, mdm_rules *r, mdm_error *err) {
  int status = MDM_OK;
  for (mdm_tensor t = first; t <= last && !status; t++)
    status = tensor_rule(mdm_tensor_name(t), &m->parameterization.rule[t], m->init[t], m->lr[t], s, o, &r->tensor[r->tensors++], err);
  return status;
}

int mdm_rules_compute(const mdm_config *cfg, size_t dimension, size_t width, mdm_rules *out, mdm_error *err) {
  mdm_model m = {0};
  memset(out, 0, sizeof *out);
  mdm_optimizer optimizer;
  int status = mdm_model_read(cfg, dimension, 1, &m, err);
  if (!status) status = mdm_optimizer_read(cfg, &optimizer, err);
  if (status) return status;
  mdm_sizes s = mdm_model_network_sizes(&m, width);
  int experts = mdm_model_count(&m, MDM_BLOCK_MOE) > 0;
  status = experts ? check_sizes(&s, err) : MDM_OK;
  out->regime = m.regime->name;
  out->parameterization = m.parameterization.name;
  out->source = m.parameterization.source;
  snprintf(out->optimizer, sizeof out->optimizer, "%s", optimizer.name);
  out->D = s.D, out->N = s.N, out->Ne = s.Ne, out->M = s.M, out->K = s.K, out->L = s.L, out->branch = m.branch;
  if (!status) status = own_rules(&m, s, MDM_W_IN, MDM_W_IN, &optimizer, out, err);
  if (!status && mdm_model_count(&m, MDM_BLOCK_ATTENTION)) status = head_rules(&m, width, &optimizer, out, err);
  if (!status && experts) status = own_rules(&m, s, MDM_Q, MDM_W2, &optimizer, out, err);
  return status ? status : own_rules(&m, s, MDM_W_OUT, MDM_W_OUT, &optimizer, out, err);
}

/* ---------------------------------------------------------------- text */

static void law(FILE *out, const char *before, double value, const char *power) {
  char number[48];
  snprintf(number, sizeof number, "%.6g", value);
  fprintf(out, "%s%-11s %-16s", before, number, power);
}

static void write_text(FILE *out, const mdm_rules *r) {
  fprintf(out, "regime %s, parameterization %s (%s), optimizer %s\n", r->regime, r->parameterization, r->source,
          r->optimizer);
  fprintf(out, "sizes D = %g, N = %g, N_e = %g, M = %g, K = %g\n", r->D, r->N, r->Ne, r->M, r->K);
  if (r->H > 0) fprintf(out, "heads H = %g, d_k = %g", r->H, r->dk);
  if (r->H > r->groups) fprintf(out, ", in %g groups: below H is their number, and d_k of W_O the width of a group, %g", r->groups, r->dk * r->H / r->groups);
  fputs(r->H > 0 ? "\n\n" : "\n", out);
  fprintf(out, "%-6s%-29s%-29s%-29s%-29s%s\n", "", "init std", "multiplier", "SGD lr", "Adam lr", "Adam eps per unit");
  for (size_t t = 0; t < r->tensors; t++) {
    const mdm_tensor_rule *x = &r->tensor[t];
    fprintf(out, "%-6s", x->tensor);
    law(out, "", x->init_std, x->init_law);
    law(out, " ", x->multiplier, x->multiplier_law);
    law(out, " ", x->sgd_lr, x->sgd_law);
    law(out, " ", x->adam_lr, x->adam_law);
    fprintf(out, " %.6g  %s%s\n", x->adam_eps, x->eps_law, x->tied ? "  (tied: experts start alike)" : "");
  }
  fprintf(out, "\nNumbers include model.init.*, model.readout_std, train.lr and train.lr_multiplier.*; powers beside "
               "them do not.\n"
               "The network uses multiplier x tensor.\n");
  if (r->H > 0) fprintf(out, "Attention adds (1/H) sum over %s of W_O o.\n", r->H > r->groups ? "groups" : "heads");
  if (r->L > 0) fprintf(out, "Depth L = %g: every block adds %.6g times its output to the stream.\n", r->L, r->branch);
  else fprintf(out, "One block without residual sum.\n");
}

/* ---------------------------------------------------------------- JSON and CSV */

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
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* Digits that read back exactly, with a decimal point in every locale. */
static void number(FILE *out, const mdm_tensor_rule *rule, size_t i) {
  char text[MDM_REAL_SIZE];
  mdm_real_format(*(const double *)((const char *)rule + numbers[i].offset), text);
  fputs(text, out);
}

static void write_json(FILE *out, const mdm_rules *r) {
  fprintf(out, "{\n  \"regime\": \"%s\",\n  \"parameterization\": \"%s\",\n  \"optimizer\": \"%s\",\n", r->regime,
          r->parameterization, r->optimizer);
  fprintf(out, "  \"sizes\": {\"D\": %.0f, \"N\": %.0f, \"Ne\": %.0f, \"M\": %.0f, \"K\": %.0f, \"L\": %.0f, \"branch\": %.17g", r->D, r->N, r->Ne,
          r->M, r->K, r->L, r->branch);
  if (r->H > 0) fprintf(out, ", \"H\": %.0f, \"d_k\": %.0f, \"groups\": %.0f", r->H, r->dk, r->groups);
  fputs("},\n", out);
  for (size_t t = 0; t < r->tensors; t++) {
    fprintf(out, "  \"%s\": {", r->tensor[t].tensor);
    for (size_t i = 0; i < NUMBERS; i++) {
      fprintf(out, "\"%s\": ", numbers[i].name);
      number(out, &r->tensor[t], i);
      fputs(", ", out);
    }
    fprintf(out, "\"tied\": %s}%s\n", r->tensor[t].tied ? "true" : "false", t + 1 < r->tensors ? "," : "");
  }
  fputs("}\n", out);
}

static void write_csv(FILE *out, const mdm_rules *r) {
  fputs("tensor", out);
  for (size_t i = 0; i < NUMBERS; i++) fprintf(out, ",%s", numbers[i].name);
  fputs(",tied\n", out);
  for (size_t t = 0; t < r->tensors; t++) {
    fputs(r->tensor[t].tensor, out);
    for (size_t i = 0; i < NUMBERS; i++) {
      fputs(",", out);
      number(out, &r->tensor[t], i);
    }
    fprintf(out, ",%d\n", r->tensor[t].tied);
  }
}

static const struct {
  const char *name;
  void (*write)(FILE *out, const mdm_rules *r);
} formats[] = {{"text", write_text}, {"json", write_json}, {"csv", write_csv}};

int mdm_rules_format(const mdm_rules *rules, const char *format, char **out, mdm_error *err) {
  mdm_text t;
  size_t i = 0;
  *out = NULL;
  while (i < sizeof formats / sizeof *formats && strcmp(formats[i].name, format)) i++;
  if (i == sizeof formats / sizeof *formats)
    return mdm_fail(err, MDM_ERR_USAGE, "unknown format '%s'; allowed: text, json, csv", format);
  int status = mdm_text_open(&t, "the rules", err);
  if (status) return status;
  formats[i].write(t.stream, rules);
  return mdm_text_close(&t, out, err);
}
