/* Sizes of populations from the configuration (docs/engineering.md has the measurements behind the numbers). */
#include "run/sizes.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum {
  FEWEST_EXPERTS = 100,        /* that a sampled population has */
  FEWEST_TOP_K = 256,          /* likewise under top-K, where each has many neurons */
  EXPERTS_FOR_EACH_TOKEN = 16, /* room for the directions of the router's fields, which grow with the tokens */
  UNTIED_NEURONS = 32,         /* of each sampled expert, at least */
  FEWEST_TIED_NEURONS = 300,   /* likewise where experts share their Gaussian columns, which live on these neurons alone */
  MORE_EXPERTS = 300           /* at least, where a fraction of fewer is not whole: a denominator of some hundred fits any number to 1e-5 */
};

/* How far active and shared experts may be from their fractions, relative: a sample that is asked for, and one that is chosen. */
static const double ROUNDING_REFUSED = 2e-4, ROUNDING_CHOSEN = 1e-6;

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Experts of E that serve a token: a fraction κ of those that are routed. */
static double active_of(const mdm_model *m, size_t E) { return m->active_fraction * ((double)E - round(m->shared * (double)E)); }

/* Relative distance of the whole numbers of active and of shared experts from their fractions. */
static double rounding(const mdm_model *m, size_t E) {
  double active = active_of(m, E), shared = m->shared * (double)E;
  return fmax(fabs(round(active) / active - 1), shared > 0 ? fabs(round(shared) / shared - 1) : 0);
}

/* The first of E, E + 1, … (a quarter more, or MORE_EXPERTS) whose fractions are whole numbers of experts, but for ROUNDING_CHOSEN; where there is
 * none, the one that comes nearest: with κ irrational, by a rational of such a denominator. */
static size_t whole_experts(const mdm_model *m, size_t E) {
  size_t best = E, end = E + larger(E / 4, MORE_EXPERTS);
  for (size_t e = E; e <= end; e++) {
    if (rounding(m, e) <= ROUNDING_CHOSEN) return e;
    if (rounding(m, e) < rounding(m, best)) best = e;
  }
  return best;
}

/* The nearest number of experts that a sample of E, which does not fit, may have instead. */
static size_t nearest_experts(const mdm_model *m, size_t E) {
  for (size_t d = 1; d < E; d++)
    for (int up = 1; up >= 0; up--) {
      size_t e = up ? E + d : E - d;
      if (active_of(m, e) > 0.5 && rounding(m, e) <= ROUNDING_REFUSED) return e;
    }
  return whole_experts(m, 2 * E);
}

/* Where experts are counted (Regime I): all of them, or one for all where they stay alike. */
static void count_experts(const mdm_model *m, size_t neurons, mdm_limit_sizes *s) {
  int alike = m->active_fraction == 1 && m->shared == 0;
  s->experts = alike ? 1 : m->experts;
  s->represented = alike ? m->experts : 1;
  s->neurons = neurons ? neurons : (3 * s->stream / 2 + s->experts - 1) / s->experts;
}

/* Whether neurons are sampled expert by expert. */
static int has_nested_neurons(const mdm_model *m) { return m->regime->experts_grow && m->regime->neurons_grow && !m->parameterization.rule[MDM_W1].tied; }

/* Whether experts come as twins, each with half of the neurons (docs/theory.md, sampling inside experts). A twin takes its partner's steps, so
 * that what differs between the two grows where steps alone would shrink it. For plain SGD, all experts and bounded gates that is negligible, but
 * where gates are steep (mdm_announce_bias tells). Directions of twins are not forgotten (solve.rank). It is not for the selected experts, whose steps are M/K times larger, for gates without a
 * bound, for momentum, which carries gates past their minimum, and for entrywise optimizers, whose steps stay large when gradients fall. */
static int has_twins(const mdm_problem *p, size_t rank) {
  const mdm_model *m = &p->model;
  int bounded = strcmp(m->gate, "linear") && strcmp(m->gate, "softmax"), plain = !strcmp(p->optimizer.name, "sgd");
  return has_nested_neurons(m) && m->active_fraction == 1 && bounded && plain && !rank;
}

/* Whether neurons inside an expert matter more than experts: nested ones without twins, whose noise is squared; under top-K experts matter as
 * well, except to entrywise optimizers, whose steps feel the noise itself. */
static int has_many_neurons(const mdm_problem *p, size_t rank) {
  return has_nested_neurons(&p->model) && !has_twins(p, rank) && (p->model.active_fraction == 1 || p->optimizer.method.entrywise);
}

/* Sampled experts that S stream particles suggest. */
static size_t suggested_experts(const mdm_problem *p, size_t rank, size_t S) {
  const mdm_model *m = &p->model;
  if (!m->regime->neurons_grow) return (S + 1) / 2;
  size_t tokens = p->batch + p->data->test.count, some = 3 * S / 64;
  if (m->parameterization.rule[MDM_W1].tied || has_many_neurons(p, rank)) some = m->active_fraction == 1 ? FEWEST_EXPERTS : FEWEST_TOP_K;
  return larger(larger(some, EXPERTS_FOR_EACH_TOKEN * tokens), FEWEST_EXPERTS);
}

/* Samples that a run sees, each once: y and γ visit about as many directions. */
static size_t samples_seen(const mdm_problem *p) {
  size_t drawn = p->batch * (p->steps + 1), all = p->data->train.count;
  return (drawn < all ? drawn : all) + p->data->test.count;
}

/* Neurons of each sampled expert that S stream particles suggest, where their number grows. Those that tied experts share are twice the
 * directions that their fields may visit; a quarter of the stream particles at most, which bounds the time. */
static size_t suggested_neurons(const mdm_problem *p, size_t rank, size_t S, size_t experts) {
  if (has_many_neurons(p, rank)) return larger(3 * S / (2 * experts), UNTIED_NEURONS);
  if (!p->model.parameterization.rule[MDM_W1].tied) return UNTIED_NEURONS;
  size_t twice = 2 * samples_seen(p);
  return larger(larger(10 * S / experts, FEWEST_TIED_NEURONS), twice < S / 4 ? twice : S / 4);
}

/* Sampled groups of heads: as many as experts of fixed width. Where heads are counted (Regime I) nothing tells them apart, and one group stands for all, with as
 * many neurons as experts have; rotary positions turn pairs of them. */
static void choose_heads(const mdm_config *cfg, const mdm_model *m, mdm_limit_sizes *s) {
  size_t given = (size_t)mdm_config_int(cfg, "solve.head_particles");
  if (!mdm_model_count(m, MDM_BLOCK_ATTENTION)) return;
  s->heads = !m->regime->experts_grow ? 1 : given ? given : (s->stream + 1) / 2;
  s->head_width = m->regime->neurons_grow ? s->neurons + (m->heads.rotary ? s->neurons % 2 : 0) : m->heads.width;
}

/* What the configuration says (0: nothing), or a split of its stream particles. */
static void choose_populations(const mdm_config *cfg, const mdm_problem *p, mdm_limit_sizes *s) {
  const mdm_model *m = &p->model;
  size_t experts = (size_t)mdm_config_int(cfg, "solve.expert_particles"), neurons = (size_t)mdm_config_int(cfg, "solve.neuron_particles");
  if (!m->regime->experts_grow) {
    count_experts(m, neurons, s);
    return;
  }
  s->represented = 1;
  s->experts = experts ? experts : whole_experts(m, suggested_experts(p, s->rank, s->stream));
  if (!m->regime->neurons_grow) s->neurons = m->expert_width;
  else s->neurons = neurons ? neurons : suggested_neurons(p, s->rank, s->stream, s->experts);
  s->twins = has_twins(p, s->rank);
  if (!s->twins) return;
  s->experts *= 2;
  s->neurons /= 2;
}

/* Numbers that the configuration gives for sampled experts and their neurons. */
static int check_given(const mdm_config *cfg, const mdm_problem *p, mdm_error *err) {
  const mdm_model *m = &p->model;
  size_t experts = (size_t)mdm_config_int(cfg, "solve.expert_particles");
  long neurons = mdm_config_int(cfg, "solve.neuron_particles");
  if (!m->regime->experts_grow || !mdm_model_count(m, MDM_BLOCK_MOE)) return MDM_OK;
  if (experts && active_of(m, experts) >= 0.5 && rounding(m, experts) > ROUNDING_REFUSED)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.expert_particles = %zu: %g active of them (model.active_fraction) and %g shared are not whole numbers; "
                    "the nearest that fits: %zu", experts, active_of(m, experts), m->shared * (double)experts, nearest_experts(m, experts));
  if (neurons && has_twins(p, (size_t)mdm_config_int(cfg, "solve.rank")) && (neurons < 4 || neurons % 2))
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.neuron_particles = %ld: each expert's neurons are split into two samples; allowed: 0 (automatic), 4, 6, 8, …", neurons);
  return MDM_OK;
}

static int check(const mdm_config *cfg, const mdm_model *m, const mdm_limit_sizes *s, mdm_error *err) {
  const char *precision = mdm_config_text(cfg, "solve.precision");
  double floor = strcmp(precision, "single") ? 1e-6 : 2e-3; /* residuals below are rounding: they come from differences of squares */
  if (s->stream < 8) return mdm_fail(err, MDM_ERR_CONFIG, "solve.particles = %zu is too few; allowed: 0 (automatic), or 8 and more", s->stream);
  if (s->tolerance < floor)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.tolerance = %g is below the rounding of %s precision; allowed: at least %g", s->tolerance,
                    precision, floor);
  double head_rows = (double)mdm_model_head_parts(m, MDM_W1) * (double)s->head_width;
  if ((double)s->heads * head_rows > INT_MAX)
    return mdm_fail(err, MDM_ERR_CONFIG, "%zu head particles of %g queries, keys and values each are more than the 2147483647 that BLAS can count; lower solve.particles or solve.%s",
                    s->heads, head_rows, m->regime->experts_grow ? "head_particles" : "neuron_particles");
  if (!mdm_model_count(m, MDM_BLOCK_MOE)) return MDM_OK;
  if ((double)s->experts * (double)s->neurons > INT_MAX)
    return mdm_fail(err, MDM_ERR_CONFIG, "%zu expert particles of %zu neurons each are more than the 2147483647 that BLAS can count; lower solve.particles, solve.expert_particles or solve.neuron_particles",
                    s->experts, s->neurons);
  if (lround(mdm_config_real(cfg, "model.active_fraction") * (double)s->experts) < 1)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active_fraction leaves none of %zu expert particles active; raise solve.expert_particles", s->experts);
  return MDM_OK;
}

int mdm_limit_sizes_read(const mdm_config *cfg, const mdm_problem *problem, mdm_limit_sizes *out, mdm_error *err) {
  size_t given = (size_t)mdm_config_int(cfg, "solve.particles");
  *out = (mdm_limit_sizes){.stream = given ? given : MDM_USUAL_PARTICLES, .tolerance = mdm_config_real(cfg, "solve.tolerance"),
                           .whole_batch = mdm_config_enum(cfg, "solve.tolerance_of") == 1, .rank = (size_t)mdm_config_int(cfg, "solve.rank")};
  out->pairs = (mdm_pair_scheme){.pivots = mdm_config_enum(cfg, "solve.pairs") ? 0 : (size_t)mdm_config_int(cfg, "solve.pivots")};
  if (out->rank && problem->parts)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.rank = %zu: what weights were at the start is forgotten, so that parts of updates cannot be told apart; allowed: 0 for coordcheck", out->rank);
  int status = check_given(cfg, problem, err);
  if (status) return status;
  choose_populations(cfg, problem, out);
  choose_heads(cfg, &problem->model, out);
  return check(cfg, &problem->model, out, err);
}

size_t mdm_limit_whole_experts(const mdm_problem *problem, size_t experts) { return whole_experts(&problem->model, experts); }
