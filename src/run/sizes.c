/* Sizes of populations from the configuration (docs/engineering.md has the measurements behind the numbers). */
#include "run/sizes.h"

#include <math.h>
#include <string.h>

enum {
  FEWEST_EXPERTS = 100,        /* that a sampled population has */
  FEWEST_TIED_TOP_K = 256,     /* likewise of tied experts under top-K */
  EXPERTS_FOR_EACH_TOKEN = 16, /* room for the directions of the router's fields, which grow with the tokens */
  UNTIED_NEURONS = 32,         /* of each sampled expert */
  FEWEST_TIED_NEURONS = 300    /* likewise where experts share their Gaussian columns, which live on these neurons alone */
};

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Where experts are counted (Regime I): all of them, or one for all where they stay alike. */
static void count_experts(const mdm_model *m, size_t neurons, mdm_limit_sizes *s) {
  int alike = m->active_fraction == 1;
  s->experts = alike ? 1 : m->experts;
  s->represented = alike ? m->experts : 1;
  s->neurons = neurons ? neurons : (3 * s->stream / 2 + s->experts - 1) / s->experts;
}

/* Sampled experts that S stream particles suggest. */
static size_t suggested_experts(const mdm_problem *p, size_t S) {
  const mdm_model *m = &p->model;
  if (!m->regime->neurons_grow) return (S + 1) / 2;
  size_t tokens = p->batch + p->data->test.count, some = 3 * S / 64;
  if (m->parameterization.rule[MDM_W1].tied) some = m->active_fraction == 1 ? FEWEST_EXPERTS : FEWEST_TIED_TOP_K;
  return larger(larger(some, EXPERTS_FOR_EACH_TOKEN * tokens), FEWEST_EXPERTS);
}

/* Neurons of each sampled expert that S stream particles suggest, where their number grows. */
static size_t suggested_neurons(const mdm_model *m, size_t S, size_t experts) {
  return m->parameterization.rule[MDM_W1].tied ? larger(10 * S / experts, FEWEST_TIED_NEURONS) : UNTIED_NEURONS;
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
  s->experts = experts ? experts : suggested_experts(p, s->stream);
  if (!m->regime->neurons_grow) s->neurons = m->expert_width;
  else s->neurons = neurons ? neurons : suggested_neurons(m, s->stream, s->experts);
}

static int check(const mdm_config *cfg, const mdm_limit_sizes *s, mdm_error *err) {
  const char *precision = mdm_config_text(cfg, "solve.precision");
  double floor = strcmp(precision, "single") ? 1e-6 : 2e-3; /* residuals below are rounding: they come from differences of squares */
  if (s->tolerance < floor)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.tolerance = %g is below the rounding of %s precision; allowed: at least %g", s->tolerance,
                    precision, floor);
  if (lround(mdm_config_real(cfg, "model.active_fraction") * (double)s->experts) < 1)
    return mdm_fail(err, MDM_ERR_CONFIG, "model.active_fraction leaves none of %zu expert particles active; raise solve.expert_particles", s->experts);
  return MDM_OK;
}

int mdm_limit_sizes_read(const mdm_config *cfg, const mdm_problem *problem, mdm_limit_sizes *out, mdm_error *err) {
  *out = (mdm_limit_sizes){.stream = (size_t)mdm_config_int(cfg, "solve.particles"), .tolerance = mdm_config_real(cfg, "solve.tolerance")};
  out->pairs = (mdm_pair_scheme){.pivots = mdm_config_enum(cfg, "solve.pairs") ? 0 : (size_t)mdm_config_int(cfg, "solve.pivots"), .threads = 1};
  choose_populations(cfg, problem, out);
  return check(cfg, out, err);
}
