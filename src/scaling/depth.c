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

/* Whether the initial W2 survives in width, forward (backward: Vb). */
static int survives(const mdm_model *m, int backward) {
  const mdm_rule *rule = &m->parameterization.rule[MDM_W2];
  mdm_scales s = mdm_rule_scales(MDM_W2, m->regime, rule);
  return !rule->zero && m->init[MDM_W2] > 0 && mdm_power_exponent(backward ? s.Vb : s.Vf, m->regime) > -TINY;
}

void mdm_depth_exponents_of(const mdm_model *m, const mdm_optimizer *o, mdm_depth_exponents *out) {
  const mdm_rule *rule = m->parameterization.rule, *w2 = &rule[MDM_W2];
  double b = w2->branch, x2 = w2->std.L + w2->multiplier.L;
  int entrywise = o->method.entrywise, normalized = is_normalized(m);
  *out = (mdm_depth_exponents){.normalized = normalized, .stream = survives(m, 0) ? 0.5 - b + x2 : -INFINITY};
  double g = normalized ? fmax(0, out->stream) : 0, through = -INFINITY;
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) out->step[t] = out->own[t] = out->eps[t] = NAN;
  for (int t = MDM_W2; t >= MDM_Q; t--) {
    double mu = rule[t].multiplier.L, rate = entrywise ? rule[t].adam_lr.L + mu : rule[t].lr.L + 2 * mu, gradient = -b - g;
    if (t != MDM_W2) gradient += through;
    out->own[t] = entrywise ? rate : rate + gradient;
    out->step[t] = 1 - b - g + out->own[t] + (t == MDM_W2 ? 0 : through);
    out->eps[t] = entrywise && o->method.eps ? (o->method.global_eps ? 0 : rule[t].adam_eps.L) - mu - gradient : NAN;
    if (t == MDM_W2) through = fmax(survives(m, 1) ? x2 : -INFINITY, out->own[MDM_W2]);
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
  return MDM_OK;
}
