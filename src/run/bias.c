/* Estimates the bias of a sample, and that of bases of directions, from solutions that share its draws.
 *
 * Sample: a replica of n particles has the bias b/n + O(1/n²), each half of it 2b/n. To first order what a replica shows is a mean over its particles,
 * and then the mean over its halves shows the same: in mean(halves) − whole the noise cancels but for what is of second order, and b/n
 * remains (the jackknife of halves; Quenouille 1956). All populations are halved at once, as are the neurons inside an expert.
 * Directions: what solve.tolerance τ leaves out moves results by about τ^p, p between 1 and 2 (validation/tolerance.py); the same draws at τ/4
 * differ by 3/4 to 15/16 of that, and 4/3 of the difference is at least all of it. Entrywise optimizers have twice the pivots at the same
 * time; below what single precision resolves, τ/4 takes double precision, and rounding is seen as well.
 * Bound on directions (solve.rank k): forgetting has the bias b/k (docs/theory.md, section 6), half as many 2b/k: fewer − whole is b/k.
 * All are differences within a replica, and their spread over replicas is the error of the estimate. */
#include "run/bias.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "config/assign.h"
#include "run/ensembles.h"
#include "run/plan.h"
#include "run/sizes.h"

#define FOLDER "diagnostics/bias/"
static const char prediction[] = "observables/train/prediction";

enum { FINER = 4, MORE_PIVOTS = 2 };
static const double SINGLE = 2e-3, DOUBLE = 1e-6; /* the smallest tolerances (run/sizes.c) */
static const double NEARLY_HALF = 0.55;           /* where halves do not take whole experts */

/* ---------------------------------------------------------------- configurations */

static int no_halves(const char *key, size_t n, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_CONFIG, "solve.bias_check solves with half of the particles, and %s = %zu has no half that fits; raise it, or leave it at 0 (automatic)", key, n);
}

/* Half of the sampled experts, or a few more where only those take whole numbers of active ones. */
static int halve_experts(const mdm_plan *p, mdm_config *cfg, mdm_error *err) {
  const mdm_limit_sizes *s = &p->runner.sizes;
  size_t all = s->twins ? s->experts / 2 : s->experts, half = mdm_limit_whole_experts(p->problem, all / 2);
  if (!p->problem->model.regime->experts_grow || !mdm_model_count(&p->problem->model, MDM_BLOCK_MOE)) return MDM_OK;
  if (!half || (double)half > NEARLY_HALF * (double)all) return no_halves("solve.expert_particles", all, err);
  return mdm_config_assign_count(cfg, "solve.expert_particles", half, err);
}

/* Half of each expert's neurons; of twins, which share them, even numbers. */
static int halve_neurons(const mdm_plan *p, mdm_config *cfg, mdm_error *err) {
  const mdm_limit_sizes *s = &p->runner.sizes;
  size_t half = s->twins ? s->neurons / 2 * 2 : s->neurons / 2;
  if (!p->problem->model.regime->neurons_grow) return MDM_OK;
  if (half < (s->twins ? 4 : 1)) return no_halves("solve.neuron_particles", s->twins ? 2 * s->neurons : s->neurons, err);
  return mdm_config_assign_count(cfg, "solve.neuron_particles", half, err);
}

/* Half of the groups of heads of attention blocks. */
static int halve_heads(const mdm_plan *p, mdm_config *cfg, mdm_error *err) {
  size_t heads = p->runner.sizes.heads;
  if (!mdm_model_count(&p->problem->model, MDM_BLOCK_ATTENTION) || !p->problem->model.regime->experts_grow) return MDM_OK;
  return heads < 2 ? no_halves("solve.head_particles", heads, err) : mdm_config_assign_count(cfg, "solve.head_particles", heads / 2, err);
}

/* cfg: a copy of the plan's. */
static int halve(const mdm_plan *p, mdm_config *cfg, mdm_error *err) {
  size_t S = p->runner.sizes.stream;
  if (S < 16) return no_halves("solve.particles", S, err);
  int status = mdm_config_assign_count(cfg, "solve.particles", S / 2, err);
  if (!status) status = halve_experts(p, cfg, err);
  if (!status) status = halve_heads(p, cfg, err);
  return status ? status : halve_neurons(p, cfg, err);
}

/* Where no finer tolerance is left, what remains of its bias is far below anything that shows. */
static int refine(const mdm_plan *p, mdm_config *cfg, double *beyond, mdm_error *err) {
  double tolerance = p->runner.sizes.tolerance, finer = fmax(DOUBLE, tolerance / FINER);
  char text[64];
  int status = MDM_OK;
  if (p->runner.limit_single && finer < SINGLE) status = mdm_config_set(cfg, "solve.precision=double", err);
  *beyond = finer < tolerance ? 1 / (1 - finer / tolerance) : 1;
  snprintf(text, sizeof text, "solve.tolerance=%.17g", finer);
  if (!status) status = mdm_config_set(cfg, text, err);
  if (!status && p->problem->optimizer.method.entrywise) status = mdm_config_assign_count(cfg, "solve.pivots", MORE_PIVOTS * (size_t)mdm_config_int(cfg, "solve.pivots"), err);
  return status;
}

/* Half of the directions that are kept. */
static int halve_rank(const mdm_plan *p, mdm_config *cfg, mdm_error *err) {
  size_t k = p->runner.sizes.rank;
  return k < 2 ? no_halves("solve.rank", k, err) : mdm_config_assign_count(cfg, "solve.rank", k / 2, err);
}

static int derive(const mdm_config *cfg, const mdm_plan *p, mdm_bias *b, mdm_error *err) {
  int status = MDM_OK;
  for (int i = 0; i < MDM_BIAS_SOLUTIONS && !status; i++) {
    if (i == MDM_BIAS_FEWER && !p->runner.sizes.rank) continue;
    status = mdm_config_copy(cfg, &b->cfg[i], err);
    if (!status) status = mdm_config_set(b->cfg[i], "solve.bias_check=false", err);
    if (status) break;
    if (i == MDM_BIAS_FINER) status = refine(p, b->cfg[i], &b->beyond, err);
    else status = i == MDM_BIAS_FEWER ? halve_rank(p, b->cfg[i], err) : halve(p, b->cfg[i], err);
  }
  return status;
}

int mdm_bias_read(const mdm_config *cfg, const mdm_data *data, mdm_bias *out, mdm_error *err) {
  long replicas = mdm_config_int(cfg, "solve.replicas"); /* 0: more */
  mdm_plan p;
  *out = (mdm_bias){0};
  if (!mdm_config_bool(cfg, "solve.bias_check")) return MDM_OK;
  if (replicas > 0 && replicas < MDM_FEWEST_RUNS)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.bias_check measures its own error by the spread over replicas: solve.replicas must be at least %d, not %ld", MDM_FEWEST_RUNS, replicas);
  int status = mdm_plan_create(cfg, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, 1, NULL, &p, err);
  if (!status) status = derive(cfg, &p, out, err);
  mdm_plan_clear(&p);
  return status;
}

void mdm_bias_clear(mdm_bias *b) {
  for (int i = 0; i < MDM_BIAS_SOLUTIONS; i++) mdm_config_free(b->cfg[i]);
  *b = (mdm_bias){0};
}

int mdm_bias_is_asked(const mdm_bias *b) { return b->cfg[0] != NULL; }

/* ---------------------------------------------------------------- differences */

/* Numbers whose bias is estimated: all that is averaged, but no axes, no times and no data. */
static int is_checked(const mdm_array *a) {
  static const char *const groups[] = {"observables/", "kernels/", "responses/", "statistics/", "parts/"};
  const char *name = strrchr(a->path, '/');
  if (!strncmp(a->path, "kernels/W_in/forward", 20) || !strcmp(a->path, "observables/test/step")) return 0;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (!strncmp(a->path, groups[i], strlen(groups[i]))) return !(a->rank == 1 && !strcmp(name + 1, a->dims));
  return 0;
}

/* Estimates replica by replica: the sum, and its parts. */
typedef struct {
  size_t replicas;
  mdm_record **sum;                 /* replicas: whole arrays */
  mdm_record **part[MDM_BIAS_PARTS]; /* replicas each: the predictions alone */
} estimates;

static const struct {
  const char *name, *of;
} parts[MDM_BIAS_PARTS] = {[MDM_BIAS_OF_SAMPLE] = {"of_sample", ", due to the sample,"},
                           [MDM_BIAS_OF_TOLERANCE] = {"of_tolerance", ", due to the tolerance of directions,"},
                           [MDM_BIAS_OF_RANK] = {"of_rank", ", due to the bound on directions,"}};

static int part_of(int solution) { return solution == MDM_BIAS_FINER ? MDM_BIAS_OF_TOLERANCE : solution == MDM_BIAS_FEWER ? MDM_BIAS_OF_RANK : MDM_BIAS_OF_SAMPLE; }

static int add_blank(const mdm_array *a, const char *path, const char *of, mdm_record *rec, mdm_error *err) {
  mdm_array shape = *a, *added;
  char text[400];
  if (snprintf(shape.path, sizeof shape.path, FOLDER "%s", path) >= (int)sizeof shape.path) return mdm_fail(err, MDM_ERR_INTERNAL, "the path of %s is too long", a->path);
  snprintf(text, sizeof text, "estimated bias%s of: %.300s", of, a->text ? a->text : "");
  shape.text = text;
  return mdm_record_append(rec, &shape, 0, &added, err);
}

static int prepare(const mdm_ensemble *limit, estimates *e, size_t r, mdm_error *err) {
  const mdm_record *whole = limit->each[0];
  int status = mdm_record_create(&e->sum[r], err);
  for (int k = 0; k < MDM_BIAS_PARTS && !status; k++) status = mdm_record_create(&e->part[k][r], err);
  for (size_t i = 0; i < mdm_record_count(whole) && !status; i++) {
    const mdm_array *a = mdm_record_at(whole, i);
    if (is_checked(a)) status = add_blank(a, a->path, "", e->sum[r], err);
    for (int k = 0; k < MDM_BIAS_PARTS && !status && !strcmp(a->path, prediction); k++) status = add_blank(a, parts[k].name, parts[k].of, e->part[k][r], err);
  }
  return status;
}

static void estimates_clear(estimates *e) {
  for (size_t r = 0; r < e->replicas; r++) {
    if (e->sum) mdm_record_free(e->sum[r]);
    for (int k = 0; k < MDM_BIAS_PARTS; k++)
      if (e->part[k]) mdm_record_free(e->part[k][r]);
  }
  free(e->sum);
  for (int k = 0; k < MDM_BIAS_PARTS; k++) free(e->part[k]);
}

static int estimates_create(const mdm_ensemble *limit, estimates *e, mdm_error *err) {
  size_t n = limit->runs;
  *e = (estimates){.replicas = n, .sum = mdm_alloc(n, 1, 1, sizeof *e->sum)};
  int good = e->sum != NULL;
  for (int k = 0; k < MDM_BIAS_PARTS; k++) good &= (e->part[k] = mdm_alloc(n, 1, 1, sizeof *e->part[k])) != NULL;
  int status = good ? MDM_OK : mdm_no_memory(err, "the check of the bias");
  for (size_t r = 0; r < n && !status; r++) status = prepare(limit, e, r, err);
  return status;
}

/* Adds factor × (other − whole) to the array of that name. */
static int add_difference(mdm_record *to, const char *name, double factor, const mdm_array *whole, const mdm_array *other, mdm_error *err) {
  char path[sizeof whole->path];
  snprintf(path, sizeof path, FOLDER "%.70s", name);
  const mdm_array *a = mdm_record_find(to, path);
  if (!a || !other || !mdm_same_shape(whole, other)) return mdm_fail(err, MDM_ERR_INTERNAL, "the check of the bias has another %s", whole->path);
  for (size_t i = 0; i < mdm_elements(a->rank, a->dim); i++) a->value[i] += factor * (other->value[i] - whole->value[i]);
  return MDM_OK;
}

/* What one solution says about one replica. Two halves count by a half each; of finer directions the difference is the other way round; of fewer ones it is
 * the bias. */
static int take(const mdm_bias *bias, const mdm_record *whole, const mdm_record *other, int solution, size_t r, estimates *e, mdm_error *err) {
  int part = part_of(solution), status = MDM_OK;
  double factor = part == MDM_BIAS_OF_TOLERANCE ? -bias->beyond : part == MDM_BIAS_OF_RANK ? 1 : 0.5;
  for (size_t i = 0; i < mdm_record_count(whole) && !status; i++) {
    const mdm_array *a = mdm_record_at(whole, i), *b = is_checked(a) ? mdm_record_find(other, a->path) : NULL;
    if (!is_checked(a)) continue;
    status = add_difference(e->sum[r], a->path, factor, a, b, err);
    if (!status && !strcmp(a->path, prediction)) status = add_difference(e->part[part][r], parts[part].name, factor, a, b, err);
  }
  return status;
}

/* ---------------------------------------------------------------- solutions */

static void announce(const mdm_monitor *monitor, const char *line) {
  if (monitor && monitor->message) monitor->message(monitor->context, line);
}

/* One solution for every replica. *there: 0 where it does not exist, which is told. */
static int solve(const mdm_bias *b, int solution, const mdm_data *data, const mdm_monitor *monitor, const mdm_ensemble *limit, estimates *e, int *there, mdm_error *err) {
  static const char *const names[] = {"half of the particles", "half of the particles", "a quarter of solve.tolerance", "half of solve.rank"};
  mdm_monitor own = monitor ? *monitor : (mdm_monitor){0};
  mdm_outcome out;
  mdm_error why = {0};
  char line[sizeof why.text + 120];
  own.earlier = NULL;
  int what = MDM_RUN_LIMIT | MDM_RUN_PILOT | (solution == MDM_BIAS_SECOND ? MDM_RUN_HALF : 0);
  int status = mdm_ensembles_run(b->cfg[solution], data, what, limit->runs, &own, &out, &why);
  *there = !status && out.limit.runs == limit->runs;
  for (size_t r = 0; r < limit->runs && *there && !status; r++) status = take(b, limit->each[r], out.limit.each[r], solution, r, e, &why);
  mdm_outcome_clear(&out);
  if (status != MDM_ERR_NUMERIC && status != MDM_ERR_DIVERGED && status != MDM_ERR_CONFIG) return status ? mdm_fail(err, status, "%s", why.text) : status;
  snprintf(line, sizeof line, "solve.bias_check: there is no solution with %s (%s)", names[solution], why.text);
  announce(monitor, line);
  return MDM_OK;
}

/* ---------------------------------------------------------------- into the summary */

/* All arrays of means over replicas, with their errors. */
static int add_means(mdm_record *const *runs, size_t n, mdm_record *summary, mdm_error *err) {
  mdm_record *means;
  int status = mdm_record_reduce((const mdm_record *const *)runs, n, &means, err);
  for (size_t i = 0; !status && i < mdm_record_count(means); i++) {
    const mdm_array *a = mdm_record_at(means, i);
    size_t bytes = mdm_elements(a->rank, a->dim) * sizeof *a->value;
    mdm_array *added;
    status = mdm_record_append(summary, a, 1, &added, err);
    if (status) break;
    memcpy(added->value, a->value, bytes);
    memcpy(added->error, a->error, bytes);
  }
  mdm_record_free(means);
  return status;
}

static int add_number(mdm_record *summary, const char *path, const char *text, double value, mdm_error *err) {
  const size_t one = 1;
  double *v;
  int status = mdm_record_add(summary, path, 1, &one, "value", text, &v, err);
  if (!status) *v = value;
  return status;
}

/* there: of each part whether its solutions exist; −1: it was not asked for. */
static int add_all(const estimates *e, const int there[MDM_BIAS_PARTS], mdm_record *summary, mdm_error *err) {
  int halves = there[MDM_BIAS_OF_SAMPLE], finer = there[MDM_BIAS_OF_TOLERANCE], fewer = there[MDM_BIAS_OF_RANK];
  int status = add_number(summary, FOLDER "halves", "1: solutions by half of the particles exist; 0: they failed, and nothing is known about the bias of the sample", halves, err);
  if (!status) status = add_number(summary, FOLDER "finer", "1: the solution with finer directions exists; 0: it failed, and nothing is known about their bias", finer, err);
  if (!status && fewer >= 0) status = add_number(summary, FOLDER "fewer", "1: the solution with half of solve.rank exists; 0: it failed, and nothing is known about the bias of the bound", fewer, err);
  if (!status) status = add_number(summary, FOLDER "replicas", "replicas whose spread is the error of the bias", (double)e->replicas, err);
  if (!status && halves && finer && fewer) status = add_means(e->sum, e->replicas, summary, err);
  for (int k = 0; k < MDM_BIAS_PARTS && !status; k++)
    if (there[k] > 0) status = add_means(e->part[k], e->replicas, summary, err);
  return status;
}

/* Two halves, or none. */
static int solve_halves(const mdm_bias *b, const mdm_data *data, const mdm_monitor *monitor, const mdm_ensemble *limit, estimates *e, int *there, mdm_error *err) {
  int status = solve(b, MDM_BIAS_FIRST, data, monitor, limit, e, there, err);
  if (status || !*there) return status;
  status = solve(b, MDM_BIAS_SECOND, data, monitor, limit, e, there, err);
  if (status || *there) return status;
  estimates_clear(e); /* what the first has left */
  return estimates_create(limit, e, err);
}

int mdm_bias_check(const mdm_bias *b, const mdm_data *data, const mdm_monitor *monitor, mdm_ensemble *limit, mdm_error *err) {
  int there[MDM_BIAS_PARTS] = {0, 0, b->cfg[MDM_BIAS_FEWER] ? 0 : -1};
  estimates e;
  int status = estimates_create(limit, &e, err);
  if (!status) status = solve_halves(b, data, monitor, limit, &e, &there[MDM_BIAS_OF_SAMPLE], err);
  if (!status) status = solve(b, MDM_BIAS_FINER, data, monitor, limit, &e, &there[MDM_BIAS_OF_TOLERANCE], err);
  if (!status && b->cfg[MDM_BIAS_FEWER]) status = solve(b, MDM_BIAS_FEWER, data, monitor, limit, &e, &there[MDM_BIAS_OF_RANK], err);
  if (!status) status = add_all(&e, there, limit->summary, err);
  estimates_clear(&e);
  return status;
}

int mdm_bias_of(const mdm_record *summary, const char *path, double *bias, double *error, double *noise) {
  char name[sizeof((mdm_array *)0)->path];
  snprintf(name, sizeof name, FOLDER "%.70s", path);
  const mdm_array *a = mdm_record_find(summary, path), *b = mdm_record_find(summary, name);
  double sum[3] = {0}, n = 0;
  if (!a || !a->error || !b || !b->error || !mdm_same_shape(a, b)) return 0;
  for (size_t i = 0; i < mdm_elements(a->rank, a->dim); i++) {
    if (!isfinite(b->value[i]) || !isfinite(b->error[i]) || !isfinite(a->error[i])) continue;
    sum[0] += b->value[i] * b->value[i], sum[1] += b->error[i] * b->error[i], sum[2] += a->error[i] * a->error[i];
    n++;
  }
  *bias = sqrt(sum[0] / n), *error = sqrt(sum[1] / n), *noise = sqrt(sum[2] / n);
  return n > 0;
}

double mdm_bias_part(const mdm_record *summary, int part) {
  char path[sizeof FOLDER + 16];
  snprintf(path, sizeof path, FOLDER "%s", parts[part].name);
  const mdm_array *a = mdm_record_find(summary, path);
  return a ? mdm_rms(mdm_elements(a->rank, a->dim), a->value) : 0;
}

double mdm_bias_bytes(const mdm_bias *b, const mdm_data *data, const mdm_monitor *monitor, size_t replicas) {
  double most = 0;
  for (int i = 0; i < MDM_BIAS_SOLUTIONS; i++) {
    mdm_plan p;
    if (i == MDM_BIAS_SECOND || !b->cfg[i]) continue;
    if (!mdm_plan_create(b->cfg[i], data, MDM_RUN_LIMIT | MDM_RUN_PILOT, replicas, NULL, &p, NULL)) most = fmax(most, mdm_plan_bytes(&p, 0, monitor ? monitor->threads : 0, 1e9));
    mdm_plan_clear(&p);
  }
  return most;
}
