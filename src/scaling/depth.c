/* Exponents in the depth.
 *
 * A branch is L^-b a, its raw gradients L^-b times those of the stream behind it. As drawn, L branches add up at random, L^(½−b) times what
 * W2 has (x₂: exponent of L in its initial size); learned parts add up in step, L times. With norms before blocks and readout a stream
 * that grows like L^g only turns: branches count L^-g as much, and r = N ∂L/∂h falls like L^-g. A step of rate L^λ then changes
 *   f by W2 of all blocks    L · L^-b · L^λ · L^-b · L^-2g (SGD),   L · L^-b · L^λ · L^-g (entrywise)
 *   f by Q or W1             the same times what W2 lets through, backward and forward (SGD), or forward (entrywise)
 * W2 lets through what it starts with, x₂, or where that vanishes with width what it has learned: L^own of W2 itself.
 */
#include "scaling/depth.h"

#include <math.h>
#include <string.h>

#include "scaling/scaling.h"

#define TINY 1e-9

static int is_normalized(const mdm_model *m) { return m->norm != MDM_NORM_NONE && !strcmp(m->output, "norm"); }

/* The matrices of a kind of blocks. */
typedef struct {
  const mdm_rule *rule;
  double init; /* of W2 */
  mdm_tensor first;
  double *step, *own, *eps;
} block_rules;

static block_rules rules_of(const mdm_model *m, mdm_block_kind kind, mdm_depth_exponents *out) {
  if (kind == MDM_BLOCK_ATTENTION)
    return (block_rules){m->heads.parameterization.rule, m->heads.init[MDM_W2], MDM_W1, out->head_step, out->head_own, out->head_eps};
  return (block_rules){m->parameterization.rule, m->init[MDM_W2], MDM_Q, out->step, out->own, out->eps};
}

/* Whether the initial W2 survives in width, forward (backward: Vb). */
static int survives(const mdm_model *m, const block_rules *b, int backward) {
  const mdm_rule *rule = &b->rule[MDM_W2];
  mdm_scales s = mdm_rule_scales(MDM_W2, m->regime, rule);
  return !rule->zero && b->init > 0 && mdm_power_exponent(backward ? s.Vb : s.Vf, m->regime) > -TINY;
}

static double start_of_w2(const block_rules *b) { return b->rule[MDM_W2].std.L + b->rule[MDM_W2].multiplier.L; }

/* Exponents of one kind's matrices, from W2 back; g: of the stream where only its direction counts. */
static void exponents_of_kind(const mdm_model *m, const mdm_optimizer *o, const block_rules *blocks, double g) {
  double b = blocks->rule[MDM_W2].branch, through = -INFINITY;
  int entrywise = o->method.entrywise;
  for (int t = MDM_W2; t >= (int)blocks->first; t--) {
    const mdm_rule *rule = &blocks->rule[t];
    double mu = rule->multiplier.L, rate = entrywise ? rule->adam_lr.L + mu : rule->lr.L + 2 * mu, gradient = -b - g;
    if (t != MDM_W2) gradient += through;
    blocks->own[t] = entrywise ? rate : rate + gradient;
    blocks->step[t] = 1 - b - g + blocks->own[t] + (t == MDM_W2 ? 0 : through);
    blocks->eps[t] = entrywise && o->method.eps ? (o->method.global_eps ? 0 : rule->adam_eps.L) - mu - gradient : NAN;
    if (t == MDM_W2) through = fmax(survives(m, blocks, 1) ? start_of_w2(blocks) : -INFINITY, blocks->own[MDM_W2]);
  }
}

void mdm_depth_exponents_of(const mdm_model *m, const mdm_optimizer *o, mdm_depth_exponents *out) {
  *out = (mdm_depth_exponents){.normalized = is_normalized(m), .stream = -INFINITY};
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    out->step[t] = out->own[t] = out->eps[t] = out->head_step[t] = out->head_own[t] = out->head_eps[t] = NAN;
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) {
    block_rules blocks = rules_of(m, k, out);
    if (mdm_model_count(m, k) && survives(m, &blocks, 0)) out->stream = fmax(out->stream, 0.5 - blocks.rule[MDM_W2].branch + start_of_w2(&blocks));
  }
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++) {
    block_rules blocks = rules_of(m, k, out);
    if (mdm_model_count(m, k)) exponents_of_kind(m, o, &blocks, out->normalized ? fmax(0, out->stream) : 0);
  }
}

int mdm_depth_limit_exists(const mdm_model *m, const mdm_optimizer *o, mdm_error *err) {
  mdm_depth_exponents e;
  mdm_depth_exponents_of(m, o, &e);
  if (!e.normalized && e.stream > TINY)
    return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists as L goes to infinity: the initial branches add up to L^%g; raise model.branch_exponent by as much, or "
                    "set model.norm and model.output: norm", e.stream);
  for (mdm_tensor t = MDM_Q; t <= MDM_W2; t++)
    if (e.step[t] > TINY)
      return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists as L goes to infinity: a step of %s in all blocks changes f by L^%g; lower the exponent of L in "
                      "its rate by as much (model.custom.%s.%s)", mdm_tensor_name(t), e.step[t], mdm_tensor_name(t), o->method.entrywise ? "adam_lr" : "lr");
  for (mdm_tensor t = MDM_W1; t <= MDM_W2; t++)
    if (e.head_step[t] > TINY)
      return mdm_fail(err, MDM_ERR_CONFIG, "no limit exists as L goes to infinity: a step of %s in all blocks changes f by L^%g; choose another model.parameterization",
                      mdm_block_tensor_name(MDM_BLOCK_ATTENTION, t), e.head_step[t]);
  return MDM_OK;
}
