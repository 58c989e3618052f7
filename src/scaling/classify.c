/* Classification of a parameterization by arithmetic on exponents (moedmft/classify.h; docs/rules.md).
 *
 * Notation of docs/theory.md: V_f, V_b variances of the initial part; r_f = V_b/τ, r_b = τ V_f weights of the
 * responses; m_f = learn, m_b = τ learn of the learned part; a: exponent of the readout v = N w_out, a = max(½ exponent
 * of V, 0), as v learns. Then δ = v e ~ n^a;  b, γ, r ~ n^a, less if nothing of the matrices before them reaches that
 * far back; ρ is one expert's contribution to f, ⟨v (W2 y)⟩: v is independent of the rest until it learns, so n^(a −
 * ½), at least 1. The same holds for averages of backward fields, among them the responses of γ and ρ to u and ψ.
 * Responses ride on learning: h feels what comes back through a matrix only through the steps of W_in, y through those
 * of W1 (and of Q where experts have few neurons), δ = v e feels a through those of w_out.
 */
#include "scaling/classify.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/internal.h"
#include "scaling/depth.h"
#include "scaling/model.h"
#include "scaling/parameterization_config.h"
#include "scaling/optimizer.h"
#include "scaling/vanishing.h"

#define TINY 1e-9

int mdm_survives(double x) { return fabs(x) < TINY; }
int mdm_diverges(double x) { return x > TINY; }

/* ---------------------------------------------------------------- exponents */

static double exponent_of(mdm_power p, const mdm_regime *regime, mdm_axis axis) {
  return axis.n * mdm_power_exponent(p, regime) + axis.l * p.L;
}

mdm_exponents mdm_exponents_of(mdm_tensor t, const mdm_regime *regime, const mdm_rule *rule, double init, mdm_axis axis) {
  mdm_rule untied = *rule;
  untied.tied = 0;
  mdm_scales s = mdm_rule_scales(t, regime, rule), u = mdm_rule_scales(t, regime, &untied);
  mdm_exponents e = {.forward = exponent_of(s.Vf, regime, axis) / 2,
                     .backward = exponent_of(s.Vb, regime, axis) / 2,
                     .expert = exponent_of(u.expert, regime, axis) / 2,
                     .untied_back = exponent_of(u.Vb, regime, axis) / 2,
                     .tau = exponent_of(s.tau, regime, axis),
                     .learn = exponent_of(s.learn, regime, axis),
                     .adam = exponent_of(s.adam_learn, regime, axis),
                     .eps = exponent_of(rule->adam_eps, regime, axis),
                     .gradient = exponent_of(s.gradient, regime, axis),
                     .starts_at_zero = rule->zero || init == 0};
  if (e.starts_at_zero) e.forward = e.backward = e.expert = e.untied_back = -INFINITY;
  return e;
}

/* What an expert matrix brings back into r, relative to n^a. */
static double reaches_stream(mdm_tensor t, const mdm_exponents *e, const mdm_field_scales *f) {
  double q = mdm_backward_input(t, f), unit = f->readout;
  double initial = fmax(e->backward + q - unit, 2 * e->forward + e->tau + f->gate - unit);
  return fmax(initial, e->tau + e->learn + 2 * q - unit);
}

mdm_field_scales mdm_field_scales_of(const mdm_exponents e[MDM_TENSORS], int residual, mdm_axis axis) {
  const mdm_exponents *out = &e[MDM_W2];
  mdm_field_scales f = {.readout = fmax(e[MDM_W_OUT].forward, 0)};
  double learned = out->learn + f.readout;
  f.sum = fmin(0, fmax(out->forward, learned));
  f.back = f.readout + fmin(0, fmax(out->backward, out->tau + learned));
  f.gate = fmin(f.back, fmax(f.readout - axis.n / 2, 0));
  f.stream = f.readout + fmin(0, fmax(reaches_stream(MDM_Q, &e[MDM_Q], &f), reaches_stream(MDM_W1, &e[MDM_W1], &f)));
  if (residual) f.sum = 0, f.stream = f.readout;
  return f;
}

double mdm_backward_input(mdm_tensor t, const mdm_field_scales *f) {
  switch (t) {
  case MDM_W_IN:
    return f->stream;
  case MDM_Q:
    return f->gate;
  case MDM_W2:
    return f->readout;
  case MDM_W_OUT:
    return 0; /* e */
  default:
    return f->back;
  }
}

double mdm_forward_input(mdm_tensor t, const mdm_field_scales *f) { return t == MDM_W_OUT ? f->sum : 0; }

/* How much the forward input of a matrix feels its backward output, and the backward input its forward output. */
static double forward_feels(mdm_tensor t, const mdm_regime *regime, const mdm_exponents e[MDM_TENSORS]) {
  if (t != MDM_W2) return fmin(0, e[MDM_W_IN].learn);
  return fmin(0, regime->neurons_grow ? e[MDM_W1].learn : fmax(e[MDM_W1].learn, e[MDM_Q].learn));
}

static double backward_feels(mdm_tensor t, const mdm_exponents e[MDM_TENSORS], const mdm_field_scales *f) {
  return t == MDM_W2 ? fmin(0, e[MDM_W_OUT].learn) : f->gate; /* γ and ρ depend on u and ψ of the same step */
}

void mdm_tensor_parts(mdm_tensor t, const mdm_regime *regime, const mdm_exponents e[MDM_TENSORS],
                      const mdm_field_scales *f, mdm_tensor_class *out) {
  const mdm_exponents *x = &e[t];
  double q = mdm_backward_input(t, f), p = mdm_forward_input(t, f), unit = f->readout;
  *out = (mdm_tensor_class){.tensor = mdm_tensor_name(t), .adam_update = x->adam};
  out->part[MDM_PART_INITIAL_FORWARD] = x->forward;
  out->part[MDM_PART_INITIAL_BACKWARD] = x->backward + q - unit;
  out->part[MDM_PART_RESPONSE_FORWARD] = 2 * x->backward - x->tau + forward_feels(t, regime, e) + q;
  out->part[MDM_PART_RESPONSE_BACKWARD] = 2 * x->forward + x->tau + backward_feels(t, e, f) - unit;
  out->part[MDM_PART_LEARNED_FORWARD] = x->learn + q + p;
  out->part[MDM_PART_LEARNED_BACKWARD] = x->tau + x->learn + 2 * q - unit;
  if (t == MDM_W_IN || t == MDM_W_OUT)
    for (int k = MDM_PART_INITIAL_BACKWARD; k < MDM_CLASS_PARTS; k++)
      if (k != MDM_PART_LEARNED_FORWARD) out->part[k] = NAN;
  out->change_of_f = x->learn + 2 * q + 2 * p;
  out->eps_gap = x->eps - (x->gradient + q + p);
}

/* f = ⟨v o⟩ at the start, v independent of o; small inputs of an expert make small outputs, and a stream has its size from the input. */
static double initial_f(const mdm_exponents e[MDM_TENSORS], int residual) {
  return e[MDM_W_OUT].forward - 0.5 + (residual ? 0 : e[MDM_W2].forward + fmin(0, e[MDM_W1].forward));
}

/* ---------------------------------------------------------------- conditions on one tensor */

/* A large readout is no divergence by itself: what counts is f. */
static int part_diverges(mdm_tensor t, int k, const mdm_tensor_class *c) {
  return mdm_diverges(c->part[k]) && (t != MDM_W_OUT || k != MDM_PART_INITIAL_FORWARD);
}

int mdm_is_stable(mdm_tensor t, const mdm_tensor_class *c) {
  for (int k = 0; k < MDM_CLASS_PARTS; k++)
    if (part_diverges(t, k, c)) return 0;
  return !mdm_diverges(c->change_of_f);
}

/* The larger of the forward and backward sizes that the initial matrix gives to one expert's fields. */
double mdm_size_for_one_expert(mdm_tensor t, const mdm_exponents *e) {
  if (t == MDM_W_IN || t == MDM_W_OUT) return e->forward;
  return fmax(e->expert, e->untied_back);
}

int mdm_is_balanced(mdm_tensor t, const mdm_exponents *e) {
  return (t != MDM_W1 && t != MDM_W2) || (mdm_survives(e->forward) && mdm_survives(e->backward));
}

/* ---------------------------------------------------------------- desiderata */

enum { ALL_TENSORS = MDM_CLASS_TENSORS + MDM_CLASS_HEAD_TENSORS };

/* Every tensor that there is: W_in, those of MoE blocks, w_out, those of attention blocks (i: 0 … ALL_TENSORS − 1); NULL: the model lacks it. *t: which
 * it is in its block. */
static const mdm_tensor_class *class_at(const mdm_classification *c, int i, mdm_tensor *t) {
  int heads = i >= MDM_CLASS_TENSORS;
  *t = heads ? (mdm_tensor)(MDM_W1 + i - MDM_CLASS_TENSORS) : (mdm_tensor)i;
  if (heads) return c->has_attention ? &c->head[i - MDM_CLASS_TENSORS] : NULL;
  return c->has_moe || *t == MDM_W_IN || *t == MDM_W_OUT ? &c->tensor[i] : NULL;
}

static const char *const part_names[MDM_CLASS_PARTS] = {"initial forward part", "initial backward part",
                                                        "forward response",     "backward response",
                                                        "learned forward part", "learned backward part"};

/* The desideratum fails because of this; later reasons are dropped. */
static void breaks(mdm_verdict *v, double exponent, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

static void breaks(mdm_verdict *v, double exponent, const char *format, ...) {
  char text[MDM_REAL_SIZE];
  if (!v->holds) return;
  v->holds = 0;
  va_list arguments;
  va_start(arguments, format);
  size_t used = (size_t)vsnprintf(v->reason, sizeof v->reason, format, arguments);
  va_end(arguments);
  mdm_exponent_format(exponent, text, sizeof text);
  if (used < sizeof v->reason && isfinite(exponent)) snprintf(v->reason + used, sizeof v->reason - used, " n^%s", text);
}

static void judge_stable(mdm_classification *c, mdm_verdict *v) {
  const mdm_tensor_class *x;
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++)
    for (int k = 0; k < MDM_CLASS_PARTS && (x = class_at(c, i, &t)); k++)
      if (part_diverges(t, k, x)) breaks(v, x->part[k], "%s of %s grows like", part_names[k], x->tensor);
  for (int i = 0; i < ALL_TENSORS; i++)
    if ((x = class_at(c, i, &t)) && mdm_diverges(x->change_of_f)) breaks(v, x->change_of_f, "a step of %s changes f by", x->tensor);
  if (mdm_diverges(c->f)) breaks(v, c->f, "f starts at");
}

static void judge_learns(const mdm_classification *c, mdm_verdict *v) {
  size_t used = 0;
  const mdm_tensor_class *x;
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++)
    if ((x = class_at(c, i, &t)) && t != MDM_W_OUT && x->part[MDM_PART_LEARNED_FORWARD] > -TINY)
      used += (size_t)snprintf(v->reason + used, sizeof v->reason - used, "%s%s", used ? ", " : "", x->tensor);
  if (!used) breaks(v, -INFINITY, "no learned part of W_in or a block's matrix survives");
}

static void judge_effective(const mdm_classification *c, mdm_verdict *v) {
  const mdm_tensor_class *x;
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++)
    if ((x = class_at(c, i, &t)) && !mdm_survives(x->part[MDM_PART_LEARNED_FORWARD]))
      breaks(v, x->part[MDM_PART_LEARNED_FORWARD], "learned part of %s goes like", x->tensor);
}

static void judge_propagating(const mdm_classification *c, const mdm_exponents e[ALL_TENSORS], mdm_verdict *v) {
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++) {
    const mdm_tensor_class *of = class_at(c, i, &t);
    if (!of) continue;
    double x = mdm_size_for_one_expert(t, &e[i]);
    if (t == MDM_W_OUT && e[i].starts_at_zero) continue; /* μP allows it: v learns in one step */
    if (e[i].starts_at_zero)
      breaks(v, x, "%s starts at zero", of->tensor);
    else if (mdm_diverges(x))
      breaks(v, x, "the initial %s makes %s's fields grow like", of->tensor, i < MDM_CLASS_TENSORS ? "an expert" : "a head");
    else if (!mdm_survives(x))
      breaks(v, -x, "the initial %s could be larger by", of->tensor);
  }
}

static void judge_balanced(const mdm_classification *c, const mdm_exponents e[ALL_TENSORS], mdm_verdict *v) {
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++) {
    const mdm_tensor_class *of = class_at(c, i, &t);
    if (!of || (t != MDM_W1 && t != MDM_W2)) continue;
    if (!mdm_survives(e[i].forward)) breaks(v, e[i].forward, "forward, the initial %s goes like", of->tensor);
    if (!mdm_survives(e[i].backward)) breaks(v, e[i].backward, "backward, the initial %s goes like", of->tensor);
  }
}

static void judge_adam(const mdm_classification *c, mdm_verdict *v) {
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++) {
    const mdm_tensor_class *x = class_at(c, i, &t);
    if (!x) continue;
    if (!mdm_survives(x->adam_update)) breaks(v, x->adam_update, "Adam's step of %s goes like", x->tensor);
    if (!mdm_survives(x->eps_gap))
      breaks(v, x->eps_gap, "Adam's epsilon of %s, over its gradient, goes like", x->tensor);
  }
}

static void judge(const mdm_exponents e[ALL_TENSORS], mdm_classification *c) {
  static const char *const names[MDM_DESIDERATA] = {"stability",
                                                    "feature learning",
                                                    "maximal effective updates",
                                                    "maximal propagating updates",
                                                    "balanced aggregation",
                                                    "Adam faithfulness",
                                                    "self-averaging",
                                                    "limit of depth"};
  for (int d = 0; d < MDM_DESIDERATA; d++) c->verdict[d] = (mdm_verdict){.name = names[d], .holds = 1};
  judge_stable(c, &c->verdict[MDM_STABLE]);
  judge_learns(c, &c->verdict[MDM_LEARNS]);
  judge_effective(c, &c->verdict[MDM_EFFECTIVE]);
  judge_propagating(c, e, &c->verdict[MDM_PROPAGATING]);
  judge_balanced(c, e, &c->verdict[MDM_BALANCED]);
  judge_adam(c, &c->verdict[MDM_ADAM]);
}

/* The other axis: L → ∞. */
static void judge_depth(const mdm_model *m, const mdm_optimizer *o, mdm_classification *c) {
  mdm_depth_exponents e;
  mdm_verdict *v = &c->verdict[MDM_DEPTH];
  c->has_depth = m->depth > 0;
  if (!c->has_depth) return;
  mdm_depth_exponents_of(m, o, &e);
  c->depth_stream = e.stream;
  memcpy(c->depth_step, e.step, sizeof c->depth_step);
  memcpy(c->depth_own, e.own, sizeof c->depth_own);
  memcpy(c->depth_eps, e.eps, sizeof c->depth_eps);
  memcpy(c->depth_head_step, e.head_step + MDM_W1, sizeof c->depth_head_step);
  memcpy(c->depth_head_own, e.head_own + MDM_W1, sizeof c->depth_head_own);
  memcpy(c->depth_head_eps, e.head_eps + MDM_W1, sizeof c->depth_head_eps);
  if (!e.normalized && mdm_diverges(e.stream)) breaks(v, -INFINITY, "the initial branches add up to L^%g", e.stream);
  for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++) {
    const double step[MDM_BLOCK_KINDS] = {[MDM_BLOCK_MOE] = e.step[t], [MDM_BLOCK_ATTENTION] = e.head_step[t]};
    for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++)
      if (!isnan(step[k]) && !mdm_survives(step[k]))
        breaks(v, -INFINITY, "a step of %s in all blocks changes f by L^%g%s", mdm_block_tensor_name(k, t), step[k], step[k] < 0 ? ": blocks freeze" : "");
  }
}

/* Attention blocks: W1 and W2 of theirs, no router. e: of all tensors. */
static void classify_heads(const mdm_model *m, int global_eps, mdm_exponents e[ALL_TENSORS], mdm_classification *out) {
  mdm_exponents own[MDM_TENSORS];
  memcpy(own, e, sizeof own);
  own[MDM_Q] = (mdm_exponents){.forward = -INFINITY, .backward = -INFINITY, .expert = -INFINITY, .untied_back = -INFINITY, .learn = -INFINITY, .starts_at_zero = 1};
  for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++) {
    mdm_rule rule = m->heads.parameterization.rule[t];
    if (global_eps) rule.adam_eps = (mdm_power){0};
    e[MDM_CLASS_TENSORS + (int)t - MDM_W1] = own[t] = mdm_exponents_of(t, m->regime, &rule, m->heads.init[t], (mdm_axis){1, 0});
  }
  mdm_field_scales f = mdm_field_scales_of(own, 1, (mdm_axis){1, 0});
  for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++) {
    mdm_tensor_parts(t, m->regime, own, &f, &out->head[t - MDM_W1]);
    out->head[t - MDM_W1].tensor = mdm_block_tensor_name(MDM_BLOCK_ATTENTION, t);
  }
}

int mdm_classify(const mdm_config *cfg, mdm_classification *out, mdm_error *err) {
  const mdm_regime *regime;
  mdm_parameterization p;
  mdm_coefficients coefficients[MDM_TENSORS], heads[MDM_TENSORS];
  mdm_exponents e[ALL_TENSORS];
  double init[MDM_TENSORS];
  mdm_model model;
  mdm_vanishing vanishing;
  mdm_optimizer optimizer;
  mdm_error why = {0};
  memset(out, 0, sizeof *out);
  int status = mdm_parameterization_read(cfg, &regime, &p, err);
  if (!status) status = mdm_optimizer_read(cfg, &optimizer, err);
  if (!status) status = mdm_model_read(cfg, 1, 1, &model, err);
  if (status) return status;
  mdm_init_read(cfg, init);
  for (mdm_tensor t = 0; t < MDM_TENSORS && optimizer.method.global_eps; t++) p.rule[t].adam_eps = (mdm_power){0};
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) e[t] = mdm_exponents_of(t, regime, &p.rule[t], init[t], (mdm_axis){1, 0});
  mdm_field_scales f = mdm_field_scales_of(e, model.depth > 0, (mdm_axis){1, 0});
  out->regime = regime->name, out->parameterization = p.name, out->source = p.source;
  out->readout = f.readout;
  out->f = initial_f(e, model.depth > 0);
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) mdm_tensor_parts(t, regime, e, &f, &out->tensor[t]);
  out->has_moe = mdm_model_count(&model, MDM_BLOCK_MOE) > 0;
  out->has_attention = mdm_model_count(&model, MDM_BLOCK_ATTENTION) > 0;
  if (out->has_attention) classify_heads(&model, optimizer.method.global_eps, e, out);
  judge(e, out);
  mdm_vanishing_read(&model, &optimizer, &vanishing);
  if (*vanishing.noise) breaks(&out->verdict[MDM_SELF_AVERAGING], -INFINITY, "%s", vanishing.noise);
  judge_depth(&model, &optimizer, out);
  snprintf(out->crossover, sizeof out->crossover, "%s", vanishing.crossover);
  out->limit_exists = !mdm_model_limit(&model, &optimizer, coefficients, heads, &why);
  snprintf(out->obstacle, sizeof out->obstacle, "%.*s", (int)sizeof out->obstacle - 1, why.text);
  return MDM_OK;
}

/* ---------------------------------------------------------------- text */

static void print_exponent(FILE *out, double x, int width) {
  char text[MDM_REAL_SIZE + 1];
  if (isnan(x))
    snprintf(text, sizeof text, "-");
  else if (isinf(x))
    snprintf(text, sizeof text, "none");
  else
    mdm_exponent_format(mdm_survives(x) ? 0 : x, text, sizeof text);
  if (mdm_diverges(x)) strcat(text, "!");
  fprintf(out, "%-*s", width, text);
}

static void print_table(FILE *out, const mdm_classification *c) {
  fprintf(out, "%-8s%-16s%-16s%-16s%-8s%s\n", "", "initial", "response", "learned", "step", "Adam");
  fprintf(out, "%-8s%-8s%-8s%-8s%-8s%-8s%-8s%-8s%-8s%s\n", "", "fwd", "bwd", "fwd", "bwd", "fwd", "bwd", "of f",
          "update", "eps/grad");
  mdm_tensor t;
  for (int i = 0; i < ALL_TENSORS; i++) {
    const mdm_tensor_class *x = class_at(c, i, &t);
    if (!x) continue;
    fprintf(out, "%-8s", x->tensor);
    for (int k = 0; k < MDM_CLASS_PARTS; k++) print_exponent(out, x->part[k], 8);
    print_exponent(out, x->change_of_f, 8);
    print_exponent(out, x->adam_update, 8);
    print_exponent(out, x->eps_gap, 0);
    fprintf(out, "\n");
  }
}

static void print_scales(FILE *out, const mdm_classification *c) {
  fprintf(out, "\nreadout v = N w_out ~ n^");
  print_exponent(out, c->readout, 0);
  fprintf(out, "   f at the start ");
  if (isinf(c->f))
    fprintf(out, "= 0\n");
  else {
    fprintf(out, "~ n^");
    print_exponent(out, c->f, 0);
    fprintf(out, "\n");
  }
}

static void print_depth_row(FILE *out, const char *tensor, double step, double own, double eps) {
  fprintf(out, "%-8s", tensor);
  print_exponent(out, step, 8);
  print_exponent(out, own, 8);
  print_exponent(out, eps, 0);
  fprintf(out, "\n");
}

static void print_depth(FILE *out, const mdm_classification *c) {
  fprintf(out, "\nexponents of the depth L: initial branches added up ");
  print_exponent(out, c->depth_stream, 0);
  fprintf(out, "\n%-8s%-8s%-8s%s\n", "", "step", "own", "eps/grad");
  for (int t = MDM_Q; t <= MDM_W2 && c->has_moe; t++) print_depth_row(out, c->tensor[t].tensor, c->depth_step[t], c->depth_own[t], c->depth_eps[t]);
  for (int t = 0; t < MDM_CLASS_HEAD_TENSORS && c->has_attention; t++)
    print_depth_row(out, c->head[t].tensor, c->depth_head_step[t], c->depth_head_own[t], c->depth_head_eps[t]);
}

static void print_all(FILE *out, const mdm_classification *c) {
  fprintf(out, "regime %s, parameterization %s (%s), SGD unless marked\n", c->regime, c->parameterization, c->source);
  fprintf(out,
          "exponents of the scale n: 0 survives, negative vanishes, positive (!) diverges; none: starts at zero\n\n");
  print_table(out, c);
  print_scales(out, c);
  if (c->has_depth) print_depth(out, c);
  fprintf(out, "\n");
  for (int d = 0; d < MDM_DESIDERATA - !c->has_depth; d++) {
    const mdm_verdict *v = &c->verdict[d];
    fprintf(out, "%-28s %s%s%s\n", v->name, v->holds ? "yes" : "no", *v->reason ? ": " : "", v->reason);
  }
  fprintf(out, "%-28s %s%s%s\n", "limit (solve)", c->limit_exists ? "yes" : "no", *c->obstacle ? ": " : "",
          c->obstacle);
}

int mdm_classification_format(const mdm_classification *c, char **out, mdm_error *err) {
  mdm_text t;
  *out = NULL;
  int status = mdm_text_open(&t, "the classification", err);
  if (status) return status;
  print_all(t.stream, c);
  return mdm_text_close(&t, out, err);
}
