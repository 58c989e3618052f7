/* Directions by a pilot, extrapolated in particles and in steps (docs/engineering.md, memory).
 *
 * In particles. Under top-K every particle takes turns of its own, and what a pilot sees is bounded by its particles: a field of rank r among
 * many shows about r n/(r + n) of n, exact for r << n. Without, fields are smooth functions, and few particles rather show too many
 * directions, which are noise of the sample: they are taken as they are.
 * In steps. A batch that was seen before brings fewer directions each time: ranks grow like the root of t, later like log t; samples that are
 * new bring as many as those before. A field never has more directions than tokens that passed, or particles. */
#include "run/directions.h"

#include <math.h>
#include <stdlib.h>

#include "base/blas.h"
#include "base/board.h"
#include "base/memory.h"
#include "run/estimate.h"

/* src/training/first_field.h, as it is compiled in single precision. */
double first_directions_f32(const mdm_problem *, double tolerance, int whole_batch);

enum {
  FEWEST_PARTICLES = 300, /* of the stream, in a pilot */
  LEAST_STEPS = 10,       /* a pilot rather has fewer particles than fewer steps than these */
  ROOM = 5,               /* particles of the smallest population for each token of a part, at least: a quarter is remembered, half is room for what is new */
  SAMPLED = 64,           /* steps whose work is looked at */
  MANY = 512,             /* samples of a batch whose first field is looked at, where no pilot can be: steps take longer than that */
  DILUTION = 4            /* and for each direction that is guessed, if there is time for as many */
};

static const double MOST_BYTES = 5e8; /* that a pilot may take */
static const double SLOWER = 4; /* times the steps of a pilot, after which ranks grow more slowly */

typedef struct {
  mdm_problem problem; /* the run's, measuring nothing */
  mdm_runner runner;   /* of that problem */
  mdm_task task;
  size_t *seen;        /* (steps + 1) × blocks × MDM_VISITORS */
  size_t steps;        /* that are complete, + 1 */
} pilot;

/* ---------------------------------------------------------------- tokens */

/* Steps after which training meets no new samples: 0 for the full batch. */
static double fresh_steps(const mdm_problem *p) { return p->full_batch ? 0 : (double)p->data->train.count / (double)p->batch - 1; }

/* Tokens that a field has met after step t: those of the test part too, if it drives a forward product. δ = v e without depth has one direction for each output
 * and step. */
static double tokens(const mdm_problem *p, int field, double t) {
  double train = (field == MDM_OF_DELTA && !p->model.depth ? fmin((double)p->batch, (double)p->model.outputs) : (double)p->batch) * (t + 1);
  size_t tests = p->data->test.count ? (size_t)t / p->every + 1 : 0;
  return train + (field == MDM_OF_H || field == MDM_OF_Y ? (double)(p->data->test.count * tests) : 0);
}

double mdm_directions_particles(const mdm_problem *p, const mdm_limit_sizes *s, size_t block, int field) {
  double E = (double)s->experts, J = (double)s->neurons;
  int tied = p->model.parameterization.rule[MDM_W1].tied || p->model.parameterization.rule[MDM_W2].tied;
  if (mdm_model_kind(&p->model, block) == MDM_BLOCK_ATTENTION && (field == MDM_OF_GAMMA || field == MDM_OF_Y))
    return (double)(s->heads * mdm_model_head_parts(&p->model, field == MDM_OF_Y ? MDM_W2 : MDM_W1) * s->head_width);
  if (field == MDM_OF_RHO) return E;
  if (field == MDM_OF_GAMMA || field == MDM_OF_Y) return tied ? J : E * J;
  return (double)s->stream;
}

/* What is expected without a pilot, for scheduling one: a batch brings directions once, then like log t. */
static double guess(const mdm_problem *p, double t) {
  double fresh = fmin(t, fresh_steps(p));
  return (double)p->data->test.count + (double)p->batch * (1 + fresh + 2 * log1p(t - fresh));
}

/* The same of many samples, of which only a share brings directions, as the first field has it. (r: that share; small ones hardly grow beyond it: what a step changes is smooth, too.)
 * Under top-K fields of experts and their neurons follow the selection instead, another function for every particle, and gain with log t what a batch has. */
static double guess_many(const mdm_problem *p, int field, double r, double t) {
  double fresh = fmin(t, fresh_steps(p)), test = (double)p->data->test.count, batch = (double)p->batch, repeats = log1p(t - fresh);
  if (p->model.active_fraction < 1 && field != MDM_OF_H) return test + batch * (1 + fresh + repeats);
  return r * test + batch * (r * (1 + fresh) + 2 * pow(r, 5) * repeats);
}

/* ---------------------------------------------------------------- how large a pilot */

/* Sizes of a pilot with S stream particles: other populations in proportion, but with room for a step's tokens. */
static mdm_limit_sizes smaller(const mdm_limit_sizes *all, const mdm_model *m, double share) {
  mdm_limit_sizes s = *all;
  s.stream = (size_t)ceil(share * (double)all->stream);
  if (!m->regime->experts_grow || m->parameterization.rule[MDM_W1].tied) s.neurons = (size_t)ceil(share * (double)all->neurons);
  if (m->regime->experts_grow) s.experts = 2 * (size_t)ceil(share * (double)all->experts / 2);
  if (m->regime->experts_grow) s.heads = (size_t)ceil(share * (double)all->heads);
  else s.head_width = 2 * (size_t)ceil(share * (double)all->head_width / 2);
  return s;
}

/* Work of steps 0 … t of a run with such sizes: of some of them, spread evenly. */
static double work_of(const mdm_problem *p, const mdm_limit_sizes *s, double t) {
  double sum = 0, n = fmin(t + 1, SAMPLED);
  for (size_t i = 0; (double)i < n; i++) sum += mdm_limit_step(p, s, guess(p, ((double)i + 0.5) / n * (t + 1) - 0.5));
  return sum / n * (t + 1);
}

/* The share of the particles at which the smallest population has so many. */
static double share_with(const mdm_problem *p, const mdm_limit_sizes *s, double count) {
  double least = INFINITY;
  for (size_t b = 0; b < mdm_model_blocks(&p->model); b++)
    for (int f = 0; f < MDM_VISITORS; f++)
      if (f != MDM_OF_RHO || (p->model.regime->experts_grow && mdm_model_kind(&p->model, b) == MDM_BLOCK_MOE)) least = fmin(least, mdm_directions_particles(p, s, b, f));
  return fmin(1, fmax(FEWEST_PARTICLES / (double)s->stream, count / least));
}

/* Directions as they are guessed. d->k: room for the blocks. */
static void guess_all(const mdm_problem *p, const mdm_limit_sizes *s, mdm_directions *d) {
  double T = (double)p->steps;
  for (size_t b = 0; b < d->blocks; b++)
    for (int f = 0; f < MDM_VISITORS; f++) d->k[b][f] = fmin(mdm_directions_particles(p, s, b, f), fmin(tokens(p, f, T), guess(p, T)));
}

/* The same for a run whose steps have too many samples for a pilot. */
static void guess_all_many(const mdm_problem *p, const mdm_limit_sizes *s, mdm_directions *d) {
  int before = mdm_blas_enter();
  double T = (double)p->steps, first = first_directions_f32(p, s->tolerance, s->whole_batch), r = first > 0 ? fmin(1, first / (double)p->batch) : 1;
  mdm_blas_leave(before);
  for (size_t b = 0; b < d->blocks; b++)
    for (int f = 0; f < MDM_VISITORS; f++) d->k[b][f] = fmin(d->k[b][f], guess_many(p, f, r, T));
}

/* A share that does not take more memory than a pilot should; 0: that cannot be. d: room for directions. */
static double bounded_share(const mdm_problem *p, const mdm_limit_sizes *all, double share, double least, mdm_directions *d) {
  for (;; share = fmax(least, 0.7 * share)) {
    mdm_limit_sizes s = smaller(all, &p->model, share);
    guess_all(p, &s, d);
    if (mdm_limit_bytes(p, &s, d, 0) <= MOST_BYTES) return share;
    if (share <= least) return 0;
  }
}

/* Particles among which the directions of the run are few, and as many steps as the work allows; where that is little, fewer particles, then
 * fewer steps; where it is much, more particles. Returns the steps; 0: no pilot. */
static size_t choose(const mdm_problem *p, const mdm_limit_sizes *all, double work, mdm_limit_sizes *s, mdm_directions *d) {
  double steps = (double)p->steps, few = fmin(LEAST_STEPS, steps), part = fmax((double)p->batch, (double)p->data->test.count), least = share_with(p, all, ROOM * part);
  double share = fmax(least, share_with(p, all, DILUTION * guess(p, steps)));
  *s = smaller(all, &p->model, share);
  share = fmax(least, fmin(share, share * work / work_of(p, s, few)));
  *s = smaller(all, &p->model, share);
  share = bounded_share(p, all, share, least, d);
  if (share == 0) return 0;
  *s = smaller(all, &p->model, share);
  while (steps > few && work_of(p, s, steps) > work) steps = floor(steps * 0.9);
  while (steps > 0 && work_of(p, s, steps) > work) steps--;
  if (steps == (double)p->steps) share = bounded_share(p, all, fmin(1, share * fmax(1, work / work_of(p, s, steps))), share, d);
  *s = smaller(all, &p->model, share);
  return (size_t)steps;
}

/* ---------------------------------------------------------------- the pilot */

/* A failure leaves the steps before it. */
static void run_one(void *context, size_t i) {
  pilot *q = context;
  (void)i;
  mdm_runner_run(&q->runner, &q->task, NULL);
}

/* Records of a pilot end where its steps end; rates are those of the run. */
static int pilot_run(pilot *q, const mdm_runner *r, const mdm_limit_sizes *sizes, size_t steps, int threads, mdm_error *err) {
  *q = (pilot){.problem = *r->problem, .runner = *r};
  mdm_problem *p = &q->problem;
  p->steps = steps;
  p->kernels = p->responses = p->statistics = p->ntk = p->parts = 0;
  q->runner.problem = p;
  q->runner.sizes = *sizes;
  q->seen = q->task.directions = mdm_alloc(steps + 1, mdm_model_blocks(&p->model), MDM_VISITORS, sizeof *q->seen);
  if (!q->seen) return mdm_no_memory(err, "a pilot");
  int before = mdm_blas_enter();
  mdm_with_helpers(threads, run_one, q, 0);
  mdm_blas_leave(before);
  q->steps = q->task.done;
  mdm_record_free(q->task.record);
  return MDM_OK;
}

/* ---------------------------------------------------------------- what it tells */

/* Directions among n particles of a field that shows k among the m of a pilot; most: tokens so far. */
static double among(const mdm_model *model, double k, double m, double most, double n) {
  if (model->active_fraction == 1) return fmin(k, n);
  double rank = k < m ? fmin(most, k * m / (m - k)) : most;
  return n > m ? fmin(most, fmax(k, rank * n / (rank + n))) : k;
}

/* By how much a rank grows on until x times the time t at which it gained one direction in t: like the root of time, then like its logarithm. */
static double growth(double x) { return x < SLOWER ? 2 * (sqrt(x) - 1) : 2 * (sqrt(SLOWER) - 1) + sqrt(SLOWER) * log(x / SLOWER); }

/* Part of the growth in a pilot of m particles, k directions so far, that is not the noise of so small a sample: entrywise steps make of noise what they make of a signal,
 * until it fills the particles. */
static double lasting(const mdm_problem *p, double k, double m) { return p->optimizer.method.entrywise && p->model.active_fraction == 1 ? 1 - fmin(1, k / m) : 1; }

/* Directions after the last step of the run, from those of a pilot at steps half way and at its end; part: of their growth. */
static double later(const mdm_problem *p, int field, double half, double at_half, double end, double at_end, double part) {
  double T = (double)p->steps, fresh = fmin(T, fmax(end, fresh_steps(p))), most = tokens(p, field, T);
  if (end >= T) return at_end;
  double slope = part * (end > half ? (at_end - at_half) / (end - half) : at_end);
  return fmin(most, at_end + slope * (fresh - end + fresh * growth(T / fmax(1, fresh))));
}

/* A pilot of very few steps hardly knows how fast ranks grow: it is trusted by half, in the logarithm, where the guess is larger. */
static double with_guess(const mdm_problem *p, double end, double found) {
  double weight = 0.5 * fmax(0, 1 - end / LEAST_STEPS);
  return found > 0 && end < (double)p->steps ? found * pow(fmax(1, guess(p, (double)p->steps) / found), weight) : found;
}

static void extrapolate(const pilot *q, const mdm_runner *r, mdm_directions *out) {
  const mdm_problem *p = r->problem;
  size_t end = q->steps - 1, half = end / 2;
  for (size_t b = 0; b < out->blocks; b++)
    for (int f = 0; f < MDM_VISITORS; f++) {
      double n = mdm_directions_particles(p, &r->sizes, b, f), m = mdm_directions_particles(p, &q->runner.sizes, b, f);
      double first = (double)q->seen[(half * out->blocks + b) * MDM_VISITORS + f], last = (double)q->seen[(end * out->blocks + b) * MDM_VISITORS + f];
      first = among(&p->model, first, m, tokens(p, f, (double)half), n);
      last = among(&p->model, last, m, tokens(p, f, (double)end), n);
      out->k[b][f] = fmin(n, fmin(tokens(p, f, (double)p->steps), with_guess(p, (double)end, later(p, f, (double)half, first, (double)end, last, lasting(p, last, m)))));
    }
}

int mdm_directions_find(const mdm_runner *r, double work, int threads, mdm_directions *out, mdm_error *err) {
  const mdm_problem *p = r->problem;
  mdm_limit_sizes sizes;
  pilot q = {0};
  *out = (mdm_directions){.blocks = mdm_model_blocks(&p->model)};
  if (!(out->k = mdm_alloc(out->blocks, 1, 1, sizeof *out->k))) return mdm_no_memory(err, "%zu blocks", out->blocks);
  size_t steps = choose(p, &r->sizes, work, &sizes, out);
  guess_all(p, &r->sizes, out);
  int status = steps ? pilot_run(&q, r, &sizes, steps, threads, err) : MDM_OK;
  if (!status && q.steps > 1) extrapolate(&q, r, out);
  else if (!status && p->batch >= MANY) guess_all_many(p, &r->sizes, out);
  free(q.seen);
  return status;
}

void mdm_directions_clear(mdm_directions *d) {
  free(d->k);
  *d = (mdm_directions){0};
}
