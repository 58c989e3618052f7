/* Every parameterization in a box of half-integer exponents that satisfies a set of desiderata (moedmft/classify.h).
 *
 * Maximal effective updates fix every learned part at n^0, hence learn(t) = −q(t) − p(t) for the update's inputs q and
 * p. What one tensor's conditions need to know of the others is then the readout's exponent alone: given that, tensors
 * are searched one by one and the solutions are all combinations.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/internal.h"
#include "scaling/classify.h"

#define SMALLEST (-3.0)

static const struct {
  const char *goal, *row;
  int propagating, balanced, ties; /* ties: starts that experts share are searched, too */
} goals[MDM_GOALS] = {
    [MDM_GOAL_MUP] = {"stability, maximal effective and propagating updates, experts drawn independently", "mup", 1, 0,
                      0},
    [MDM_GOAL_MSSP] = {"stability, maximal effective updates, balanced aggregation", "mssp", 0, 1, 1},
};

/* ---------------------------------------------------------------- search */

/* Fields and the other tensors' rates when all learned parts survive and v ~ n^readout. */
static mdm_field_scales assume(double readout, mdm_exponents e[MDM_TENSORS]) {
  mdm_field_scales f = {
      .readout = readout, .back = readout, .stream = readout, .gate = fmax(readout - 0.5, 0), .sum = 0};
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++)
    e[t] = (mdm_exponents){.learn = -mdm_backward_input(t, &f) - mdm_forward_input(t, &f)};
  return f;
}

static int satisfies(int goal, mdm_tensor t, const mdm_regime *regime, const mdm_rule *rule, double readout) {
  mdm_exponents e[MDM_TENSORS];
  mdm_tensor_class parts;
  mdm_field_scales f = assume(readout, e);
  e[t] = mdm_exponents_of(t, regime, rule, 1, (mdm_axis){1, 0});
  mdm_tensor_parts(t, regime, e, &f, &parts);
  if (t == MDM_W_OUT && fmax(e[t].forward, 0) != readout) return 0;
  if (!mdm_is_stable(t, &parts) || !mdm_survives(parts.part[MDM_PART_LEARNED_FORWARD])) return 0;
  if (goals[goal].propagating && !mdm_survives(mdm_size_for_one_expert(t, &e[t]))) return 0;
  return !goals[goal].balanced || mdm_is_balanced(t, &e[t]);
}

static void search_tensor(int goal, mdm_tensor t, const mdm_regime *regime, int tied, double readout,
                          mdm_solution_set *out) {
  out->count = 0;
  for (int i = 0; i < MDM_SEARCH_STEPS; i++)
    for (int j = 0; j < MDM_SEARCH_STEPS; j++) {
      double std = SMALLEST + 0.5 * i, lr = SMALLEST + 0.5 * j;
      mdm_rule rule = {.std = {.N = std}, .lr = {.N = lr}, .tied = tied && (t == MDM_W1 || t == MDM_W2)};
      if (!satisfies(goal, t, regime, &rule, readout)) continue;
      out->std[out->count] = std;
      out->lr[out->count++] = lr;
    }
}

static void search_branch(int goal, const mdm_regime *regime, int tied, double readout, mdm_search *out) {
  mdm_solution_set set[MDM_TENSORS];
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    search_tensor(goal, t, regime, tied, readout, &set[t]);
    if (!set[t].count) return;
  }
  if (out->branches++) return;
  out->tied = tied;
  memcpy(out->set, set, sizeof set);
}

/* Whether the table's row is a solution of the first branch. A zero start stands for an std below the box. */
static int has_row(const mdm_search *s, const mdm_regime *regime, const mdm_parameterization *p) {
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    const mdm_rule *rule = &p->rule[t];
    double std = rule->zero ? SMALLEST : mdm_power_exponent(rule->std, regime),
           lr = mdm_power_exponent(rule->lr, regime);
    size_t i = 0;
    while (i < s->set[t].count && (s->set[t].std[i] != std || s->set[t].lr[i] != lr)) i++;
    if (i == s->set[t].count || ((t == MDM_W1 || t == MDM_W2) && rule->tied != s->tied)) return 0;
  }
  return 1;
}

int mdm_enumerate(const mdm_config *cfg, mdm_search out[MDM_GOALS], mdm_error *err) {
  const mdm_regime *regime = mdm_regime_find(mdm_config_text(cfg, "model.regime"));
  if (!regime)
    return mdm_fail(err, MDM_ERR_INTERNAL, "model.regime = %s has no table", mdm_config_text(cfg, "model.regime"));
  int ties =
      regime->experts_grow && regime->neurons_grow; /* elsewhere nothing shares many neurons among many experts */
  for (int g = 0; g < MDM_GOALS; g++) {
    out[g] = (mdm_search){.regime = regime->name, .goal = goals[g].goal};
    for (int tied = 0; tied <= (ties && goals[g].ties); tied++)
      for (int i = 0; i < 2 * MDM_SEARCH_STEPS; i++) search_branch(g, regime, tied, 0.5 * i, &out[g]);
    out[g].has_table =
        out[g].branches == 1 && has_row(&out[g], regime, mdm_parameterization_find(regime, goals[g].row));
  }
  return MDM_OK;
}

/* ---------------------------------------------------------------- text */

/* "-1/2"; "<= -1" when everything below counts too; "-1 ... 0" otherwise. */
static void print_values(FILE *out, const double *x, size_t n) {
  double low = INFINITY, high = -INFINITY;
  char a[MDM_REAL_SIZE], b[MDM_REAL_SIZE], text[2 * MDM_REAL_SIZE + 8];
  for (size_t i = 0; i < n; i++) low = fmin(low, x[i]), high = fmax(high, x[i]);
  mdm_exponent_format(low, a, sizeof a);
  mdm_exponent_format(high, b, sizeof b);
  if (low == high)
    snprintf(text, sizeof text, "%s", a);
  else if (low == SMALLEST)
    snprintf(text, sizeof text, "<= %s", b);
  else
    snprintf(text, sizeof text, "%s ... %s", a, b);
  fprintf(out, " %9s", text);
}

static void print_search(FILE *out, const mdm_search *s, const char *row) {
  int unique = s->branches == 1;
  fprintf(out, "\n%s:\n", s->goal);
  if (!s->branches) {
    fprintf(out, "  no solution\n");
    return;
  }
  fprintf(out, "  %-10s", "");
  for (mdm_tensor t = 0; t < MDM_TENSORS; t++) {
    fprintf(out, " %9s", mdm_tensor_name(t));
    unique &= s->set[t].count == 1;
  }
  fprintf(out, "\n  %-10s", "std");
  for (int t = 0; t < MDM_TENSORS; t++) print_values(out, s->set[t].std, s->set[t].count);
  fprintf(out, "\n  %-10s", "SGD rate");
  for (int t = 0; t < MDM_TENSORS; t++) print_values(out, s->set[t].lr, s->set[t].count);
  fprintf(out, "\n  %s%s",
          unique             ? "the only solution"
          : s->branches == 1 ? "not unique"
                             : "the first of several families",
          s->tied ? "; W1 and W2 tied" : "");
  fprintf(out, "; %s of the table %s\n", row, s->has_table ? "is one" : "is none");
}

int mdm_search_format(const mdm_search search[MDM_GOALS], char **out, mdm_error *err) {
  mdm_text t;
  *out = NULL;
  int status = mdm_text_open(&t, "the search", err);
  if (status) return status;
  fprintf(t.stream, "regime %s: initial std ~ n^x and SGD rate ~ n^y of each tensor, x and y in -3, -5/2, ..., 2\n",
          search[0].regime);
  for (int g = 0; g < MDM_GOALS; g++) print_search(t.stream, &search[g], goals[g].row);
  return mdm_text_close(&t, out, err);
}
