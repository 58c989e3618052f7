/* Particles and replicas from the accuracy that is asked for (docs/engineering.md, sizes from accuracy).
 *
 * Error: standard error of the loss relative to the loss, both as root mean square over steps. One replica of S particles has a spread
 * v = V/S (in squares) and a bias b/S. R replicas have the error sqrt(v/R), and the bias stays. With c = b/V the bias is below a third of an error
 * eps for v <= eps/(3c), which gives S, and then R = v/eps^2. A pilot of small samples tells V and, by two sizes, c where it is larger
 * than what was measured elsewhere. Where experts share neurons, E experts and J neurons have spreads of their own, V_E/E + V_J/J: runs that
 * differ in E alone share all other draws, so that their difference shows V_E without the noise of the rest; the cheapest product EJ takes half of
 * v from each. Nothing here depends on time or on threads. */
#include "run/accuracy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/assign.h"
#include "run/directions.h"
#include "run/estimate.h"
#include "run/plan.h"
#include "run/ensembles.h"
#include "run/family.h"
#include "run/sizes.h"

enum {
  PILOT_RUNS = 12,      /* of each pilot */
  FEWEST_STREAM = 300,  /* stream particles of a pilot */
  FEWEST_EXPERTS = 16,
  FEWEST_STEPS = 8,     /* of a pilot of a long run */
  MOST_TIMES = 16,      /* wider than these, at most */
  MOST_FAMILIES = 512,
  ROOM = 6,             /* particles for each direction that a field visits, at least */
  FEWEST_REPLICAS = 8,  /* whose spread gives the error */
  ENOUGH = 16,          /* replicas that tell an error; more of them only where this takes more particles than LARGE, which fit in the cache */
  LARGE = 4000,
  MOST_FIRST = 64,
  MOST_REPLICAS = 100000,
  MOST_PARTICLES = 1000000,
  DOUBLINGS = 3         /* of a pilot in which directions do not fit */
};

static const double USUAL_ACCURACY = 1e-3, USUAL_OF_NETWORKS = 1e-2; /* where none is asked for */
/* Bias over squared spread of one replica, a bound: 10 and less in what was measured (docs/engineering.md). */
static const double BIAS = 20;
static const double ENOUGH_FAMILIES = 0.3;  /* over the accuracy: families of a pilot, whose noise then is about as large */
static const double SPREAD_OF_FAMILY = 0.1; /* relative, of the loss of one family, about */
static const double LOOK = 2e8;          /* multiply-adds to learn how many directions there are */
static const double LOOK_LONG = 1e10;    /* that pilots over the first steps of a long run may take */
static const double PER_DIRECTION = 1.6; /* sampled experts for each direction of rho, at least */

double mdm_accuracy_asked(const mdm_config *cfg) {
  long particles = mdm_config_int(cfg, "solve.particles"), replicas = mdm_config_int(cfg, "solve.replicas");
  double accuracy = mdm_config_real(cfg, "solve.accuracy");
  if (mdm_by_networks(cfg)) return replicas > 0 ? 0 : accuracy > 0 ? accuracy : USUAL_OF_NETWORKS;
  if (particles > 0 && replicas > 0) return 0;
  return accuracy > 0 || particles > 0 || replicas > 0 ? accuracy : USUAL_ACCURACY;
}

size_t mdm_accuracy_expected(const mdm_config *cfg, double accuracy) {
  if (mdm_by_networks(cfg)) return (size_t)fmax(FEWEST_REPLICAS, fmin(MOST_REPLICAS, pow(SPREAD_OF_FAMILY / accuracy, 2)));
  return (size_t)fmax(FEWEST_REPLICAS, fmin(1e6, ceil(1 / (3 * BIAS * accuracy))));
}

size_t mdm_accuracy_first(double accuracy) { return (size_t)fmax(FEWEST_REPLICAS, fmin(MOST_FIRST, ceil(1 / (4 * BIAS * accuracy)))); }

/* ---------------------------------------------------------------- errors of curves */

static const char *const CURVES[] = {"observables/train/loss", "observables/test/loss"};
enum { PARTS = sizeof CURVES / sizeof *CURVES };

static double mean_square(const mdm_array *a, const double *v) {
  double sum = 0;
  for (size_t t = 0; t < a->dim[0]; t++) sum += v[t] * v[t] / (double)a->dim[0];
  return sum;
}

/* Σ (v − mean)² / (n (n − 1)) over runs, as mean over steps. */
static double mean_variance(const mdm_ensemble *e, const char *path) {
  const mdm_array *mean = mdm_record_find(e->summary, path);
  double sum = 0, n = (double)e->runs;
  for (size_t r = 0; r < e->runs; r++) {
    const double *v = mdm_record_find(e->each[r], path)->value;
    for (size_t t = 0; t < mean->dim[0]; t++) sum += pow(v[t] - mean->value[t], 2) / (n * (n - 1) * (double)mean->dim[0]);
  }
  return sum;
}

double mdm_loss_error(const mdm_ensemble *limit) {
  double most = 0;
  int extrapolated = limit->summary && mdm_is_of_families(limit->summary); /* then errors hold more than what replicas average out */
  for (int part = 0; part < PARTS; part++) {
    const mdm_array *a = limit->summary ? mdm_record_find(limit->summary, CURVES[part]) : NULL;
    double square = a ? mean_square(a, a->value) : 0;
    if (a && !a->error) return NAN;
    if (square > 0) most = fmax(most, sqrt((extrapolated ? mean_variance(limit, CURVES[part]) : mean_square(a, a->error)) / square));
  }
  return most;
}

/* ---------------------------------------------------------------- pilots */

typedef struct {
  mdm_config *cfg;          /* measures losses alone */
  const mdm_data *data;
  mdm_monitor monitor;
  mdm_plan plan;            /* of usual sizes: its problem */
  mdm_directions visited;
  int neurons_given, experts_given, tied;
} pilots;

typedef struct {
  size_t S, E, J; /* as options say it; 0: automatic */
} split;

static int set_split(mdm_config *cfg, const split *s, mdm_error *err) {
  int status = mdm_config_assign_count(cfg, "solve.particles", s->S, err);
  if (!status && s->E) status = mdm_config_assign_count(cfg, "solve.expert_particles", s->E, err);
  return status || !s->J ? status : mdm_config_assign_count(cfg, "solve.neuron_particles", s->J, err);
}

static int prepare(pilots *p, const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_error *err) {
  static const char *const off[] = {"output.kernels=false", "output.statistics=false", "output.responses=false", "output.ntk=false", "output.parts=false",
                                    "solve.sweeps=0"};
  *p = (pilots){.data = data};
  if (monitor) p->monitor = (mdm_monitor){.stop = monitor->stop, .threads = monitor->threads};
  int status = mdm_config_copy(cfg, &p->cfg, err);
  if (!status) status = mdm_config_assign_all(p->cfg, off, sizeof off / sizeof *off, err);
  if (!status) status = mdm_plan_create(p->cfg, data, MDM_RUN_LIMIT, 1, NULL, &p->plan, err);
  if (!status) status = mdm_directions_find(&p->plan.runner, LOOK, mdm_workers(p->monitor.threads, NULL), &p->visited, err);
  if (status) return status;
  const mdm_model *m = &p->plan.problem->model;
  p->experts_given = !m->regime->experts_grow || mdm_config_int(cfg, "solve.expert_particles") > 0;
  p->neurons_given = mdm_config_int(cfg, "solve.neuron_particles") > 0;
  p->tied = m->regime->experts_grow && m->regime->neurons_grow && m->parameterization.rule[MDM_W1].tied;
  return MDM_OK;
}

static void clear(pilots *p) {
  mdm_directions_clear(&p->visited);
  mdm_plan_clear(&p->plan);
  mdm_config_free(p->cfg);
}

/* Sizes that the configuration gives to S stream particles. */
static int sizes_of(const pilots *p, size_t S, mdm_limit_sizes *out, mdm_error *err) {
  mdm_config *cfg;
  int status = mdm_config_copy(p->cfg, &cfg, err);
  if (!status) status = mdm_config_assign_count(cfg, "solve.particles", S, err);
  if (!status) status = mdm_limit_sizes_read(cfg, p->plan.problem, out, err);
  mdm_config_free(cfg);
  return status;
}

/* Of directions that are visited those that are held at a time: with solve.rank its bound, and those of a step. */
static double held(const pilots *p, double visited) {
  double rank = (double)p->plan.runner.sizes.rank;
  return rank > 0 ? fmin(visited, mdm_directions_bound(p->plan.problem, rank)) : visited;
}

/* Directions of a field in the block of a kind that has most. */
static double most_visited(const pilots *p, mdm_block_kind kind, int field) {
  double most = 0;
  for (size_t l = 0; l < p->visited.blocks; l++)
    if (mdm_model_kind(&p->plan.problem->model, l) == kind) most = fmax(most, p->visited.k[l][field]);
  return held(p, most);
}

static int holds(const pilots *p, const mdm_limit_sizes *s) {
  const mdm_problem *problem = p->plan.problem;
  for (int f = 0; f < MDM_VISITORS; f++) {
    if (f == MDM_OF_RHO && (!problem->model.regime->experts_grow || p->tied)) continue; /* Regime I has none; tied experts are looked at below */
    for (size_t l = 0; l < p->visited.blocks; l++) /* blocks of a layer, and those of the others, which are like them */
      if (mdm_directions_particles(problem, s, l, f) < ROOM * most_visited(p, mdm_model_kind(&problem->model, l), f)) return 0;
  }
  return 1;
}

/* Stream particles of a pilot: the fewest in which directions have room; the usual number where they take about as many. */
static int start(const pilots *p, size_t *S, mdm_limit_sizes *s, mdm_error *err) {
  *S = FEWEST_STREAM;
  int status = sizes_of(p, *S, s, err);
  while (!status && !holds(p, s) && *S < MDM_USUAL_PARTICLES / 2) status = sizes_of(p, *S += *S / 4, s, err);
  return status;
}

static int run_pilot(const pilots *p, const split *s, mdm_outcome *out, mdm_error *err) {
  mdm_config *cfg;
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  int status = mdm_config_copy(p->cfg, &cfg, err);
  if (!status) status = set_split(cfg, s, err);
  if (!status) status = mdm_ensembles_run(cfg, p->data, MDM_RUN_LIMIT | MDM_RUN_PILOT, PILOT_RUNS, &p->monitor, out, err);
  mdm_config_free(cfg);
  return status;
}

static double squared_spread(const mdm_outcome *o) { return PILOT_RUNS * pow(mdm_loss_error(&o->limit), 2); }

/* Relative squared spread of the difference of runs with the same draws. */
static double paired_spread(const mdm_outcome *x, const mdm_outcome *y) {
  double most = 0;
  for (int part = 0; part < PARTS; part++) {
    const mdm_array *a = mdm_record_find(x->limit.summary, CURVES[part]), *b = mdm_record_find(y->limit.summary, CURVES[part]);
    double sum = 0, square = a ? mean_square(a, a->value) : 0;
    if (!(square > 0)) continue;
    for (size_t t = 0; t < a->dim[0]; t++)
      for (size_t r = 0; r < PILOT_RUNS; r++) {
        double d = mdm_record_find(y->limit.each[r], CURVES[part])->value[t] - mdm_record_find(x->limit.each[r], CURVES[part])->value[t];
        sum += pow(d - (b->value[t] - a->value[t]), 2) / ((PILOT_RUNS - 1) * (double)a->dim[0]);
      }
    most = fmax(most, sum / square);
  }
  return most;
}

/* Bias of a sample of half the size, over the squared spread of the whole; 0 where the difference is that of noise. */
static double bias_shown(const mdm_outcome *whole, const mdm_outcome *half) {
  double most = 0;
  for (int part = 0; part < PARTS; part++) {
    const mdm_array *a = mdm_record_find(whole->limit.summary, CURVES[part]), *b = mdm_record_find(half->limit.summary, CURVES[part]);
    double difference = 0, noise = 0, n = a ? (double)a->dim[0] : 0;
    for (size_t t = 0; a && t < a->dim[0]; t++) {
      difference += pow(b->value[t] - a->value[t], 2) / n;
      noise += (pow(a->error[t], 2) + pow(b->error[t], 2)) / n;
    }
    if (difference > 4 * noise) most = fmax(most, sqrt((difference - noise) / mean_square(a, a->value)));
  }
  double v = squared_spread(whole);
  return v > 0 ? most / v : 0;
}

/* ---------------------------------------------------------------- sizes */

typedef struct {
  split at;            /* of the pilot */
  double v;             /* squared spread there, with so many experts */
  double experts, of_experts; /* of_experts/E of it is due to E experts where they share neurons; 0: not looked at */
  double c;            /* bias over squared spread */
} found;

/* Fewer experts than the automatic number where they share neurons; 0: none. */
static size_t fewer_experts(const pilots *p, const mdm_limit_sizes *s) {
  if (!p->tied || p->experts_given) return 0;
  size_t E = mdm_limit_whole_experts(p->plan.problem, (size_t)fmax(FEWEST_EXPERTS, ceil(PER_DIRECTION * most_visited(p, MDM_BLOCK_MOE, MDM_OF_RHO))));
  return (double)E < 0.7 * (double)s->experts ? E : 0;
}

/* What experts contribute to the spread, from runs that differ in them alone. */
static int look_at_experts(const pilots *p, const mdm_outcome *all, const mdm_limit_sizes *s, found *f, mdm_error *err) {
  size_t E = fewer_experts(p, s);
  mdm_outcome few;
  if (!E) return MDM_OK;
  split less = f->at;
  less.E = E;
  int status = run_pilot(p, &less, &few, err);
  if (!status) {
    f->of_experts = paired_spread(all, &few) / (1 / (double)E - 1 / (double)s->experts);
    f->experts = (double)s->experts;
    f->at.E = E;
  }
  mdm_outcome_clear(&few);
  return status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED ? MDM_OK : status; /* then as many as usual */
}

static int look_at_bias(const pilots *p, const mdm_outcome *whole, found *f, mdm_error *err) {
  mdm_outcome half;
  split s = {f->at.S / 2, f->at.E, f->at.J / 2};
  int status = run_pilot(p, &s, &half, err);
  if (!status) f->c = fmax(f->c, bias_shown(whole, &half));
  mdm_outcome_clear(&half);
  return status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED ? MDM_OK : status;
}

/* MDM_ERR_NUMERIC: directions do not fit. */
static int measure(const pilots *p, size_t S, found *f, mdm_error *err) {
  mdm_limit_sizes s;
  mdm_outcome whole;
  *f = (found){.c = BIAS};
  int status = sizes_of(p, S, &s, err);
  if (status) return status;
  if (p->tied && !p->neurons_given) S = 4 * s.neurons > S ? 4 * s.neurons : S;
  f->at = (split){S, p->tied && !p->experts_given ? s.experts : 0, p->tied && !p->neurons_given ? s.neurons : 0};
  status = run_pilot(p, &f->at, &whole, err);
  if (!status) {
    f->v = squared_spread(&whole);
    status = look_at_bias(p, &whole, f, err);
    if (!status) status = look_at_experts(p, &whole, &s, f, err);
  }
  if (!status && !isfinite(f->v)) status = mdm_fail(err, MDM_ERR_DIVERGED, "the spread of the loss is no number");
  mdm_outcome_clear(&whole);
  return status;
}

/* Up to two digits, upward: so that rounding on another machine does not matter. */
static size_t rounded(double n) {
  double unit = pow(10, fmax(0, floor(log10(fmax(n, 1))) - 1));
  return (size_t)(ceil(n / unit * (1 - 1e-9)) * unit);
}

/* Sizes at which a replica has the squared spread v or less, and its spread there into *v. *capped: 1 where that would take more particles than
 * MOST_PARTICLES; replicas then make up for the spread, but not for the bias. */
static split sizes_for(const pilots *p, const found *f, double *v, int *capped) {
  split s = f->at;
  *capped = 0;
  double rest = f->v, aim = *v;
  if (f->of_experts > 0) {
    rest = fmax(0.2 * f->v, f->v - f->of_experts / f->experts); /* what noise of the pilots leaves of a difference is no small spread */
    double experts = fmax((double)f->at.E, 2 * f->of_experts / aim);
    *capped |= experts > MOST_PARTICLES;
    s.E = mdm_limit_whole_experts(p->plan.problem, rounded(fmin(experts, MOST_PARTICLES)));
    aim = fmax(aim / 2, aim - f->of_experts / (double)s.E);
  }
  double times = fmax(1, rest / aim), most = MOST_PARTICLES / (double)f->at.S;
  *capped |= times > fmax(1, most);
  times = fmin(times, fmax(1, most));
  s.S = rounded(times * (double)f->at.S);
  if (s.J) s.J = rounded(times * (double)f->at.J);
  *v = rest * (double)f->at.S / (double)s.S + (f->of_experts > 0 ? f->of_experts / (double)s.E : 0);
  return s;
}

/* A pilot in which directions fit; MDM_ERR_NUMERIC or MDM_ERR_DIVERGED: there is none. */
static int find(pilots *p, found *f, mdm_error *err) {
  mdm_limit_sizes s;
  size_t S;
  int status = start(p, &S, &s, err);
  if (status) return status;
  if (S >= MDM_USUAL_PARTICLES / 2) return mdm_fail(err, MDM_ERR_NUMERIC, "too many directions for a pilot");
  status = measure(p, S, f, err);
  for (int i = 0; i < DOUBLINGS && status == MDM_ERR_NUMERIC; i++) status = measure(p, S *= 2, f, err);
  return status;
}

static void announce_cap(double asked, const mdm_monitor *monitor) {
  char line[200];
  if (!monitor || !monitor->message) return;
  snprintf(line, sizeof line, "solve.accuracy = %g: no more than %d particles are chosen; the bias of the loss may exceed a third of its standard error (solve.bias_check)", asked, MOST_PARTICLES);
  monitor->message(monitor->context, line);
}

int mdm_run_check(const mdm_config *cfg, const mdm_data *data, int what, mdm_error *err) {
  double asked = mdm_config_int(cfg, "solve.replicas") ? 0 : mdm_accuracy_asked(cfg);
  mdm_plan p;
  int status = mdm_plan_create(cfg, data, what, asked > 0 ? mdm_accuracy_expected(cfg, asked) : 0, NULL, &p, err);
  mdm_plan_clear(&p);
  return status;
}

/* Chosen into cfg; *v: the squared spread that one replica will have, NaN: not known. */
static int choose(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double asked, double *v, mdm_error *err) {
  pilots p;
  found f;
  double replicas = (double)mdm_config_int(cfg, "solve.replicas");
  int capped = 0, status = mdm_run_check(cfg, data, MDM_RUN_LIMIT, err);
  if (status) return status;
  status = prepare(&p, cfg, data, monitor, err);
  if (!status) status = find(&p, &f, err);
  split s = {MDM_USUAL_PARTICLES, 0, 0};
  *v = NAN;
  if (!status) {
    *v = asked / (3 * f.c);
    if (replicas > 0) *v = fmin(*v, replicas * asked * asked);
    else if (!f.at.J) *v = fmin(*v, fmax(ENOUGH * asked * asked, f.v * (double)f.at.S / LARGE));
    s = sizes_for(&p, &f, v, &capped);
  }
  clear(&p);
  if (capped) announce_cap(asked, monitor);
  if (status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED) status = MDM_OK; /* usual sizes then; what is wrong shows again there */
  return status ? status : set_split(cfg, &s, err);
}

/* Sizes with room for all directions of the whole run, from S stream particles on. */
static int with_room(const pilots *p, size_t S, mdm_limit_sizes *s, mdm_error *err) {
  int status = sizes_of(p, S, s, err);
  while (!status && !holds(p, s) && S < MOST_PARTICLES) status = sizes_of(p, S += S / 4, s, err);
  if (!status && !holds(p, s)) status = mdm_fail(err, MDM_ERR_NUMERIC, "too many directions for %d particles", MOST_PARTICLES);
  return status;
}

static double directions_of(const pilots *p) {
  double most = 0;
  for (mdm_block_kind kind = 0; kind < MDM_BLOCK_KINDS; kind++)
    for (int f = 0; f < MDM_VISITORS; f++) most = fmax(most, most_visited(p, kind, f));
  return most;
}

/* Work of a run by so many replicas: directions grow from those of the first step to those of the last. */
static double work_with(const pilots *p, const mdm_limit_sizes *s, double replicas) {
  const mdm_problem *q = p->plan.problem;
  double first = mdm_limit_cost(q, s), last = mdm_limit_step(q, s, directions_of(p));
  return replicas * ((double)q->steps + 1) * (fmin(first, last) + last) / 2;
}

/* So many of the first steps that pilots of them take no more than the look: directions are spread over the run as evenly as its samples. */
static size_t short_enough(const pilots *all, size_t steps) {
  mdm_limit_sizes s;
  double share = (double)all->plan.problem->steps + 1;
  for (; steps > FEWEST_STEPS; steps /= 2) {
    double k = directions_of(all) * fmin(1, 2 * (double)steps / share);
    if (sizes_of(all, (size_t)fmax(FEWEST_STREAM, ROOM * k), &s, NULL)) return steps;
    if (3 * PILOT_RUNS * (double)steps * mdm_limit_step(all->plan.problem, &s, k) < LOOK_LONG) return steps;
  }
  return steps;
}

/* Squared spread of a replica, and its sizes, from pilots over the first steps. */
static int look_at_first(const pilots *all, const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, size_t steps, double asked, split *s, double *v,
                         mdm_error *err) {
  pilots some = {0};
  mdm_config *first = NULL;
  found f;
  int status = mdm_config_copy(cfg, &first, err);
  if (!status) status = mdm_config_assign_count(first, "train.steps", short_enough(all, steps), err);
  if (!status) status = prepare(&some, first, data, monitor, err);
  if (!status) status = find(&some, &f, err);
  if (!status) {
    *v = fmin(asked / (3 * f.c), fmax(ENOUGH * asked * asked, f.v * (double)f.at.S / LARGE));
    int capped;
    *s = sizes_for(&some, &f, v, &capped);
  }
  clear(&some);
  mdm_config_free(first);
  return status;
}

int mdm_particles_work(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, size_t steps, double asked, double enough, double *work,
                       double *directions, mdm_error *err) {
  pilots all = {0};
  mdm_limit_sizes sizes;
  split s;
  double v;
  int status = prepare(&all, cfg, data, monitor, err);
  if (!status) *directions = directions_of(&all);
  if (!status) status = with_room(&all, FEWEST_STREAM, &sizes, err);
  if (!status) *work = work_with(&all, &sizes, FEWEST_REPLICAS);
  if (!status && *work < enough) {
    status = look_at_first(&all, cfg, data, monitor, steps, asked, &s, &v, err);
    if (!status) status = with_room(&all, s.S, &sizes, err);
    if (!status) *work = work_with(&all, &sizes, fmax(FEWEST_REPLICAS, v * (double)s.S / (double)sizes.stream / (asked * asked)));
  }
  clear(&all);
  return status;
}

/* *v: the squared spread of one replica of sizes that were chosen; NaN: not known. */
static int choose_sizes(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *asked, double *v, mdm_error *err) {
  char text[64];
  *v = NAN;
  *asked = mdm_accuracy_asked(cfg);
  int status = MDM_OK, chosen = mdm_config_int(cfg, "solve.particles") == 0 && !mdm_by_networks(cfg);
  if (*asked == 0 && mdm_by_networks(cfg)) return MDM_OK;
  if (*asked == 0) {
    if (chosen) status = mdm_config_assign_count(cfg, "solve.particles", MDM_USUAL_PARTICLES, err);
    return status || mdm_config_int(cfg, "solve.replicas") ? status : mdm_config_assign_count(cfg, "solve.replicas", MDM_USUAL_REPLICAS, err);
  }
  if (chosen) status = choose(cfg, data, monitor, *asked, v, err);
  snprintf(text, sizeof text, "solve.accuracy=%.17g", *asked);
  return status ? status : mdm_config_set(cfg, text, err);
}

/* Error of extrapolation that a pilot of families shows, relative to the loss, of train and test part the larger: what stands out of its noise, or half of that. */
static double extrapolation_error(const mdm_record *summary) {
  double most = 0;
  for (int part = 0; part < PARTS; part++) {
    char path[96];
    snprintf(path, sizeof path, "bias/%s", CURVES[part]);
    const mdm_array *a = mdm_record_find(summary, CURVES[part]), *b = mdm_record_find(summary, path);
    double square = a && b ? mean_square(a, a->value) : 0;
    if (!(square > 0)) continue;
    double bias = mean_square(b, b->value), noise = mean_square(b, b->error);
    most = fmax(most, sqrt(fmax(bias - noise, noise / 4) / square));
  }
  return most;
}

/* Widths of a family, times as large. */
static int set_widths(mdm_config *cfg, const mdm_family *f, long times, mdm_error *err) {
  char text[120] = "solve.widths=[";
  for (size_t i = f->widths, used = strlen(text); i-- > 0;) used += (size_t)snprintf(text + used, sizeof text - used, "%ld%s", f->width[i] * times, i ? ", " : "]");
  return mdm_config_set(cfg, text, err);
}

/* A pilot of families of small widths; *error: of their extrapolation. */
static int pilot_of_widths(mdm_config *small, const mdm_data *data, const mdm_monitor *monitor, const mdm_family *f, double asked, double *error, mdm_error *err) {
  const mdm_monitor quiet = monitor ? (mdm_monitor){.stop = monitor->stop, .threads = monitor->threads} : (mdm_monitor){0};
  size_t families = (size_t)fmax(PILOT_RUNS, fmin(MOST_FAMILIES, ENOUGH_FAMILIES / asked));
  mdm_outcome out = {.limit = {.ended_at = -1}};
  int status = set_widths(small, f, 1, err);
  if (!status) status = mdm_ensembles_run(small, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, families, &quiet, &out, err);
  if (!status) *error = extrapolation_error(out.limit.summary);
  mdm_outcome_clear(&out);
  return status;
}

/* The usual family at half of its widths. */
static int small_family(const mdm_config *cfg, mdm_family *f, int *roots, mdm_error *err) {
  mdm_rate_rules rules;
  mdm_model m = {0};
  int status = mdm_model_read(cfg, 1, 1, &m, err);
  if (!status) status = mdm_rate_rules_read(cfg, &rules, err);
  if (!status) status = mdm_family_usual(&m, &rules, mdm_family_usual_width(&rules) / 2, f, err);
  *roots = !status && mdm_rate_lowest(&rules, CURVES[0]) < 1;
  return status;
}

/* Widths of families at which extrapolation errs by less than what is asked for, from a pilot of small ones: its error falls like N^-2, or like
 * N^-3/2 where N^-1/2 and 1/N are taken out. Where the pilot fails they stay the usual ones. */
static int choose_widths(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double asked, mdm_error *err) {
  static const char *const off[] = {"output.kernels=false", "output.statistics=false", "output.responses=false", "output.ntk=false", "output.parts=false"};
  mdm_config *small;
  mdm_family f;
  double error;
  int roots;
  long times = 1;
  int status = mdm_config_copy(cfg, &small, err);
  if (!status) status = mdm_config_assign_all(small, off, sizeof off / sizeof *off, err);
  if (!status) status = small_family(cfg, &f, &roots, err);
  if (!status) status = pilot_of_widths(small, data, monitor, &f, asked, &error, err);
  if (!status) {
    while (error > asked * pow((double)times, roots ? 1.5 : 2) && times < MOST_TIMES) times *= 2;
    status = set_widths(cfg, &f, times, err);
  } else if (status == MDM_ERR_CONFIG || status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED) status = MDM_OK;
  mdm_config_free(small);
  return status;
}

int mdm_accuracy_sizes(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *asked, mdm_error *err) {
  double v;
  size_t widths;
  int status = choose_sizes(cfg, data, monitor, asked, &v, err);
  mdm_config_int_list(cfg, "solve.widths", &widths);
  return !status && mdm_by_networks(cfg) && !widths && *asked > 0 ? choose_widths(cfg, data, monitor, *asked, err) : status;
}

/* The same of one family of networks, of its extrapolated losses: in a sweep each stands for itself. */
static int spread_of_families(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *v, mdm_error *err) {
  const mdm_monitor quiet = monitor ? (mdm_monitor){.stop = monitor->stop, .threads = monitor->threads} : (mdm_monitor){0};
  mdm_outcome out;
  int status = mdm_ensembles_run(cfg, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, PILOT_RUNS, &quiet, &out, err);
  if (!status) *v = mdm_family_spread(&out.limit);
  mdm_outcome_clear(&out);
  return status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED ? MDM_OK : status;
}

/* Squared spread of one replica of given sizes. */
static int spread_of(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *v, mdm_error *err) {
  const split given = {(size_t)mdm_config_int(cfg, "solve.particles"), 0, 0};
  mdm_outcome out;
  pilots p;
  *v = NAN;
  if (mdm_by_networks(cfg)) return spread_of_families(cfg, data, monitor, v, err);
  int status = prepare(&p, cfg, data, monitor, err);
  if (!status) {
    status = run_pilot(&p, &given, &out, err);
    if (!status) *v = squared_spread(&out);
    mdm_outcome_clear(&out);
  }
  clear(&p);
  return status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED ? MDM_OK : status;
}

int mdm_accuracy_all(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *asked, mdm_error *err) {
  double v;
  int status = choose_sizes(cfg, data, monitor, asked, &v, err);
  if (status || *asked == 0) return status;
  if (isnan(v) && mdm_config_int(cfg, "solve.replicas") == 0) status = spread_of(cfg, data, monitor, &v, err);
  double replicas = isnan(v) ? MDM_USUAL_REPLICAS : fmax(FEWEST_REPLICAS, ceil(v / (*asked * *asked)));
  if (!status && mdm_config_int(cfg, "solve.replicas") == 0 && replicas > MOST_REPLICAS)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.accuracy = %g would take %.3g replicas in every cell; raise it, or solve.particles", *asked, replicas);
  if (!status && mdm_config_int(cfg, "solve.replicas") == 0) status = mdm_config_assign_count(cfg, "solve.replicas", (size_t)replicas, err);
  return status ? status : mdm_config_set(cfg, "solve.accuracy=0", err);
}

int mdm_accuracy_settle(mdm_config *cfg, mdm_outcome *o, double asked, mdm_error *err) {
  int open = mdm_config_int(cfg, "solve.replicas") == 0, status = MDM_OK;
  if (asked == 0 || (open && (!o->limit.runs || o->limit.status == MDM_INTERRUPTED))) return MDM_OK;
  o->accuracy = asked;
  if (open) status = mdm_config_assign_count(cfg, "solve.replicas", o->limit.runs, err);
  return status ? status : mdm_config_set(cfg, "solve.accuracy=0", err);
}
