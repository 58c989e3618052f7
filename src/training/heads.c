/* Entropy and distance of heads. With A the weights of a head, of token t of a sequence,
 *   entropy   −Σ_t' A_tt' log A_tt'          0: one token is looked at, log t: the first t of a causal head alike
 *   distance   Σ_t' A_tt' |t − t'|           in tokens
 * averaged over tokens: one number of each a head, whose mean is recorded at every step and whose quantiles over heads on the time grid. Both are
 * bounded functions of a particle, so limit and networks share them. */
#include "training/heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/memory.h"
#include "base/record.h"
#include "base/share.h"
#include "base/summary.h"
#include "base/vecmath.h"

enum { ENTROPY, DISTANCE, LOOKS, BATCH = 256 /* weights whose logarithms are taken together */, HEADS = 64 /* of a piece, at least */ };

struct X(heads) {
  const mdm_problem *problem;
  size_t blocks, heads, context;
  size_t rows;                           /* queries, keys and values of all groups of heads */
  double *mean[LOOKS], *quantile[LOOKS]; /* blocks × step; blocks × time × MDM_QUANTILES: NaN of blocks that do not attend */
  double *each[LOOKS];                   /* heads */
};

static int add_look(X(heads) *h, int k, mdm_record *rec, mdm_error *err) {
  static const struct {
    const char *series, *grid, *text, *spread;
  } looks[LOOKS] = {
      [ENTROPY] = {"observables/attention/entropy", "statistics/attention/entropy/quantile", "entropy -sum A log A of a head's weights A, mean over tokens and heads",
                   "quantiles over heads of the entropy of their weights, mean over tokens"},
      [DISTANCE] = {"observables/attention/distance", "statistics/attention/distance/quantile", "distance sum A |t - t'| in tokens that a head looks at, mean over tokens and heads",
                    "quantiles over heads of the distance that they look at, mean over tokens"}};
  const mdm_problem *p = h->problem;
  const size_t series[2] = {h->blocks, p->steps + 1}, grid[3] = {h->blocks, p->n_times, MDM_QUANTILES};
  int status = mdm_record_add_blank(rec, looks[k].series, 2, series, "block, step", looks[k].text, &h->mean[k], err);
  return status ? status : mdm_record_add_blank(rec, looks[k].grid, 3, grid, "block, time, probability", looks[k].spread, &h->quantile[k], err);
}

int X(heads_create)(const mdm_problem *problem, const X(realization) *R, mdm_record *record, X(heads) **out, mdm_error *err) {
  *out = NULL;
  if (!mdm_model_count(&problem->model, MDM_BLOCK_ATTENTION)) return MDM_OK;
  X(heads) *h = calloc(1, sizeof *h);
  if (!h) return mdm_no_memory(err, "statistics of heads");
  h->problem = problem;
  h->blocks = R->blocks;
  h->context = problem->context;
  for (size_t l = 0; l < R->blocks; l++)
    if (R->block[l].kind == MDM_BLOCK_ATTENTION) h->heads = R->block[l].units * problem->model.heads.queries, h->rows = R->block[l].rows;
  int status = MDM_OK;
  for (int k = 0; k < LOOKS && !status; k++) {
    h->each[k] = mdm_alloc(h->heads, 1, 1, sizeof *h->each[k]);
    status = h->each[k] ? add_look(h, k, record, err) : mdm_no_memory(err, "statistics of heads; set output.statistics: false");
  }
  if (status) return X(heads_free)(h), status;
  *out = h;
  return MDM_OK;
}

void X(heads_free)(X(heads) *h) {
  if (!h) return;
  for (int k = 0; k < LOOKS; k++) free(h->each[k]);
  free(h);
}

/* Adds what heads from … to − 1 of those held here, the first of which is head `before` of all, make of token t of a sequence; weights (T × heads): theirs, of
 * this token. */
static void look(X(heads) *h, size_t t, size_t before, size_t from, size_t to, const real *weights) {
  double w[BATCH], logs[BATCH];
  size_t T = h->context;
  for (size_t first = T * from; first < T * to; first += BATCH) {
    size_t count = T * to - first < BATCH ? T * to - first : BATCH;
    for (size_t i = 0; i < count; i++) w[i] = (double)weights[first + i], logs[i] = w[i] > 0 ? w[i] : 1;
    mdm_vec_log(count, logs, logs);
    for (size_t i = 0; i < count; i++) {
      size_t head = before + (first + i) / T, s = (first + i) % T;
      h->each[ENTROPY][head] -= w[i] * logs[i];
      h->each[DISTANCE][head] += w[i] * (double)(s < t ? t - s : s - t);
    }
  }
}

/* Of the heads that are held here; then of all. */
static void look_at_block(X(heads) *h, const real *weights, size_t P) {
  size_t G = h->problem->model.heads.queries, group = h->rows / (h->heads / G), T = h->context;
  mdm_held held = mdm_held_of(h->rows);
  size_t n = held.count / group * G, first = held.first / group * G, pieces = mdm_pieces(n, HEADS);
  for (int k = 0; k < LOOKS; k++) memset(h->each[k], 0, h->heads * sizeof *h->each[k]);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(20.0 * (double)(n * P * T)))
  for (size_t i = 0; i < pieces; i++)
    for (size_t t = 0; t < P; t++) look(h, t % T, first, mdm_piece(n, pieces, i), mdm_piece(n, pieces, i + 1), weights + T * n * t);
  for (int k = 0; k < LOOKS; k++) {
    for (size_t i = first; i < first + n; i++) h->each[k][i] /= (double)P;
    mdm_gather_blocks(h->rows, group, G * sizeof *h->each[k], h->each[k]);
  }
}

void X(heads_step)(X(heads) *h, const X(moe) *program, size_t t) {
  const mdm_problem *p = h->problem;
  long at = mdm_problem_time_index(p, t);
  for (size_t l = 0; l < h->blocks; l++) {
    const real *weights = X(moe_attention)(program, l);
    if (!weights) continue;
    look_at_block(h, weights, p->batch);
    for (int k = 0; k < LOOKS; k++) {
      double sum = 0;
      for (size_t i = 0; i < h->heads; i++) sum += h->each[k][i];
      h->mean[k][l * (p->steps + 1) + t] = sum / (double)h->heads;
      if (at < 0) continue;
      double *quantile = h->quantile[k] + (l * p->n_times + (size_t)at) * MDM_QUANTILES;
      mdm_quantiles(h->heads, h->each[k], quantile);
      if (p->model.regime->experts_grow) mdm_blank_extremes(h->heads, quantile); /* heads are a population, too */
    }
  }
}
