/* One replica on several ranks (together.h). Large populations are spread over them: the stream, experts' neurons, and experts; only the logits, gates
 * and gradients of experts, which are looked at all together, are everybody's. */
#include "run/together.h"

#include "cluster/ranks.h"

enum {
  LEAST_ROWS = 4096  /* of a population, for each rank */
};

static size_t neurons_of(const mdm_limit_sizes *s) { return s->experts * s->neurons; }
static int is_large(size_t n) { return n >= MDM_SPREAD_FROM; }

/* Populations are known by their size: twins, which stand side by side in arrays of experts that everybody has, and the neurons that tied experts share, of
 * which everybody has all, may not have one of another's. */
static int is_ambiguous(const mdm_limit_sizes *s, int tied) {
  size_t S = s->stream, EJ = neurons_of(s), E = s->experts;
  return (s->twins && (E == S || E / 2 == S || E / 2 == EJ)) || (tied && E > 1 && (s->neurons == S || (is_large(E) && s->neurons == E)));
}

static int is_tied(const mdm_model *m) { return m->parameterization.rule[MDM_W1].tied || m->parameterization.rule[MDM_W2].tied; }

static size_t large(size_t n) { return is_large(n) ? n : 0; }

/* A counted expert's router is a matrix with a row for each. */
static int has_skeletons(const mdm_model *m, const mdm_limit_sizes *s) {
  return (!m->regime->experts_grow || mdm_pair_pivots(&s->pairs, s->experts, s->stream)) && mdm_pair_pivots(&s->pairs, neurons_of(s), s->stream);
}

/* Rows and columns of all heads, and of one group of them. */
static size_t head_unit(const mdm_problem *p, const mdm_limit_sizes *s, mdm_tensor t) { return s->heads ? mdm_model_head_parts(&p->model, t) * s->head_width : 0; }
static size_t head_rows(const mdm_problem *p, const mdm_limit_sizes *s, mdm_tensor t) { return s->heads * head_unit(p, s, t); }

/* Heads are spread where both of their populations are large: a head's queries, keys, values and outputs are on one rank. */
static int spreads_heads(const mdm_problem *p, const mdm_limit_sizes *s) { return is_large(head_rows(p, s, MDM_W2)); }

/* Where they are not spread, every rank has their rows whole: no spread population may be of that size. (Where they are, one that is, is cut as they are.) */
static int heads_are_ambiguous(const mdm_problem *p, const mdm_limit_sizes *s) {
  size_t rows = head_rows(p, s, MDM_W1);
  return is_large(rows) && !spreads_heads(p, s) && (rows == s->stream || rows == neurons_of(s) || rows == s->experts);
}

static int heads_have_skeletons(const mdm_problem *p, const mdm_limit_sizes *s) {
  return !s->heads || (mdm_pair_pivots(&s->pairs, head_rows(p, s, MDM_W1), s->stream) && mdm_pair_pivots(&s->pairs, head_rows(p, s, MDM_W2), s->stream));
}

static const char *obstacle(const mdm_plan *p) {
  const mdm_problem *b = p->problem;
  const mdm_limit_sizes *s = &p->runner.sizes;
  if (!is_large(s->stream)) return "less than 32768 stream particles are not worth it";
  int experts = mdm_model_count(&b->model, MDM_BLOCK_MOE) > 0;
  if (b->optimizer.method.entrywise && ((experts && !has_skeletons(&b->model, s)) || !heads_have_skeletons(b, s))) return "tables of all pairs of particles (solve.pairs)";
  if (is_large(b->batch) || is_large(b->data->test.count)) return "batches or test parts of 32768 samples or more";
  if (b->responses || b->ntk || b->parts || p->sweeps.options.count) return "output.responses, output.ntk, output.parts and sweeps";
  if (is_ambiguous(s, is_tied(&b->model)) || heads_are_ambiguous(b, s)) return "as many experts, neurons of one, or heads as other particles";
  return NULL;
}

/* Of heads it is these that are cut, not their rows. */
static size_t fewest(const mdm_problem *p, const mdm_limit_sizes *s) {
  size_t S = s->stream, EJ = mdm_model_count(&p->model, MDM_BLOCK_MOE) ? neurons_of(s) : 0, least = !is_large(EJ) || S < EJ ? S : EJ;
  return spreads_heads(p, s) && s->heads < least ? s->heads : least;
}

int mdm_together(const mdm_plan *p, size_t runs, const char **why) {
  size_t ranks = (size_t)mdm_ranks_count(), each = runs ? ranks / runs : 1;
  *why = NULL;
  for (size_t i = 0; i < runs; i++)
    if (p->task[p->schedule[i]].width) return 1;
  if (each < 2 || !mdm_ranks_gathers()) return 1;
  if ((*why = obstacle(p))) return 1;
  size_t most = fewest(p->problem, &p->runner.sizes) / LEAST_ROWS;
  if (most > MDM_CREW_MOST) most = MDM_CREW_MOST;
  if (most < 2) return *why = "less than 4096 heads, or particles of a population, for each of two ranks", 1;
  return (int)(each < most ? each : most);
}

static int stopped(void *context) {
  const mdm_shared_run *s = context;
  return mdm_board_stopped(s->board);
}

static int exchange(void *context, size_t n, mdm_parcel *parcel) {
  mdm_shared_run *s = context;
  for (size_t i = 0; i < n; i++) parcel[i].rank += s->first;
  return mdm_ranks_exchange(n, parcel, stopped, s);
}

/* Rows beyond its own that a rank holds: the rest of the longest piece, of experts or of parts of one, that begins among them. */
static size_t rows_beyond(const mdm_model *m, const mdm_limit_sizes *s) {
  size_t E = s->experts, J = s->neurons, parts = mdm_expert_parts(E, J), most = m->regime->experts_grow ? J * (E / mdm_expert_pieces(E, J) + 1) : J / parts + parts + 16;
  size_t of_means = is_tied(m) ? J * (E / mdm_few_expert_pieces(E) + 1) : 0;
  return most > of_means ? most : of_means;
}

void mdm_together_begin(mdm_shared_run *s, const mdm_runner *r, int ranks, int mine, mdm_board *board) {
  const mdm_limit_sizes *sizes = &r->sizes;
  size_t S = sizes->stream, EJ = neurons_of(sizes);
  *s = (mdm_shared_run){.first = mdm_ranks_mine() - mine, .board = board};
  s->crew = (mdm_crew){.mine = mine, .ranks = ranks, .size = {large(S), large(EJ), sizes->twins ? 0 : large(sizes->experts)}, .more = rows_beyond(&r->problem->model, sizes), .exchange = exchange, .context = s};
  for (int side = 0; side < 2 && spreads_heads(r->problem, sizes); side++) {
    mdm_tensor t = side ? MDM_W2 : MDM_W1;
    s->crew.size[3 + side] = head_rows(r->problem, sizes, t);
    s->crew.unit[3 + side] = head_unit(r->problem, sizes, t);
  }
  mdm_crew_join(&s->crew);
}

void mdm_together_end(void) { mdm_crew_join(NULL); }
