/* The refined coordinate check over widths (moedmft/coordcheck.h): exponents of all parts, beside what the parameterization
 * promises. Weighted least squares of ln RMS on ln N; the error of the exponent comes from the standard errors over seeds, and
 * is enlarged by √χ² per degree of freedom where the points are not on a line. Fewer than MDM_FEWEST_RUNS seeds give no verdict. */
#include <moedmft/coordcheck.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/classify.h>

#include "base/memory.h"
#include "base/record.h"
#include "config/networks.h"
#include "scaling/coordcheck_predict.h"
#include "scaling/parts.h"
#include "study/depths.h"
#include "study/parts_fit.h"

enum { LEAST_STEPS = 3 }; /* under μP of Regime II it takes three steps until every matrix has moved every field */

static const double SLACK = MDM_PARTS_SLACK;

#define PRODUCT_ORDER "products: W_in, Q, W1, W2, w_out forward (z, psi, u, a, f); w_out, W2, Q, W1 backward, r (delta, b, Q' rho, W1' gamma, r)"
#define PART_ORDER "parts: init, propagating, effective, cross, learned, update, total"
#define VERDICT_ORDER "desiderata: stability, feature learning, maximal effective updates, maximal propagating updates, balanced aggregation"

/* ---------------------------------------------------------------- configuration */

static int long_enough(const mdm_config *cfg) {
  size_t n;
  const long *times = mdm_config_int_list(cfg, "output.times", &n);
  return (n ? times[n - 1] : mdm_config_int(cfg, "train.steps")) >= LEAST_STEPS;
}

int mdm_coordcheck_prepare(mdm_config *cfg, int *what, mdm_error *err) {
  mdm_classification c = {0};
  int status = mdm_networks_require(cfg, 2, "coordcheck", "fits exponents over widths", err);
  if (status) return status;
  if (!long_enough(cfg))
    return mdm_fail(err, MDM_ERR_CONFIG, "coordcheck looks at the last of output.times, or at train.steps: it must be at least %d, until every field has moved", LEAST_STEPS);
  int depths = 0;
  status = mdm_depths_check(cfg, &depths, err);
  if (!status) status = mdm_classify(cfg, &c, err);
  if (!status && depths && !c.limit_exists)
    status = mdm_fail(err, MDM_ERR_CONFIG, "solve.depths and simulate.depths need a limit in the width, and there is none (%s); remove them", c.obstacle);
  if (!status) status = mdm_config_set(cfg, "output.parts=true", err);
  *what = MDM_RUN_NETWORKS | (c.limit_exists ? MDM_RUN_LIMIT : 0);
  return status;
}

/* ---------------------------------------------------------------- record */

typedef struct {
  mdm_array *rms, *exponent, *predicted, *limit, *agrees, *promised, *kept, *chi2;
  double *width;
  size_t widths, at; /* index in the time grid */
  size_t blocks, splits; /* blocks: 0 without residual blocks */
  double rounding;
  double readout;    /* exponent of v: backward fields are as large as it is */
  double reach;      /* standard errors of a verdict, for as many seeds as the width with the fewest has; NaN: too few to say anything */
} table;

static int add(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text, int error, mdm_error *err) {
  mdm_array *pair;
  double *value;
  return error ? mdm_record_add_pair(rec, path, rank, dim, dims, text, &pair, err) : mdm_record_add(rec, path, rank, dim, dims, text, &value, err);
}

/* blocks: 0, or a first dimension of tables; products that belong to no block are the same in all of them. */
static int add_arrays(mdm_record *rec, size_t blocks, size_t widths, mdm_error *err) {
  const size_t cube[4] = {blocks, (size_t)mdm_split_count(blocks > 0), MDM_PARTS_COUNT, widths}, five = MDM_BALANCED + 1, one = 1;
  const int deep = blocks > 0;
  const size_t *dim = cube + !deep;
  const char *cell = deep ? "block, product, part" : "product, part", *row = deep ? "block, product, part, width" : "product, part, width";
  int status = add(rec, "width", 1, &widths, "width", "stream width N", 0, err);
  if (!status) status = add(rec, "seeds", 1, &widths, "width", "networks of this width", 0, err);
  if (!status) status = add(rec, "step", 1, &one, "value", "step at which the parts are compared: the last of the time grid", 0, err);
  const char *text = deep ? "RMS of every part in networks; " PRODUCT_ORDER ", h^L - h^0; " PART_ORDER : "RMS of every part in networks; " PRODUCT_ORDER "; " PART_ORDER;
  if (!status) status = add(rec, "rms", 3 + deep, dim, row, text, 1, err);
  if (!status) status = add(rec, "exponent", 2 + deep, dim, cell, "fitted p of RMS ~ N^p; NaN: the part is absent", 1, err);
  if (!status) status = add(rec, "chi2", 2 + deep, dim, cell, "chi^2 per degree of freedom of this fit, whose error grows by its root above 1; NaN: none is left", 0, err);
  if (!status) status = add(rec, "predicted", 2 + deep, dim, cell, "p from the exponents of the parameterization; -inf: absent; NaN: no prediction", 0, err);
  if (!status) status = add(rec, "limit", 2 + deep, dim, cell, "RMS of every part in the limit; NaN: there is none", 1, err);
  if (!status) status = add(rec, "agrees", 2 + deep, dim, cell, "1: fitted and predicted agree, 0: they do not, NaN: nothing to compare", 0, err);
  if (!status) status = add(rec, "promised", 1, &five, "desideratum", "1: holds by the exponents of the parameterization (classify); " VERDICT_ORDER, 0, err);
  if (!status) status = add(rec, "kept", 1, &five, "desideratum", "1: holds by the fitted exponents, in every block; NaN: cannot be seen", 0, err);
  return status;
}

static mdm_array *find(const mdm_record *rec, const char *path) { return (mdm_array *)mdm_record_find(rec, path); }

static table table_of(const mdm_record *rec) {
  table t = {find(rec, "rms"), find(rec, "exponent"), find(rec, "predicted"), find(rec, "limit"),
             find(rec, "agrees"), find(rec, "promised"), find(rec, "kept"), find(rec, "chi2"), .width = find(rec, "width")->value};
  t.widths = find(rec, "width")->dim[0];
  t.blocks = t.exponent->rank > 2 ? t.exponent->dim[0] : 0;
  t.splits = t.exponent->dim[t.blocks > 0];
  return t;
}

/* ---------------------------------------------------------------- filling it */

/* Cells of a table: products × parts, for every block. */
static size_t blocks_of(const table *t) { return t->blocks ? t->blocks : 1; }
static size_t cells_of(const table *t) { return blocks_of(t) * t->splits * MDM_PARTS_COUNT; }
static size_t cell_of(const table *t, size_t l, mdm_split s, mdm_part_kind k) { return (l * t->splits + (size_t)s) * MDM_PARTS_COUNT + (size_t)k; }

/* Value and error of one part of an ensemble; NaN where it was not reached. */
static void read_part(const mdm_ensemble *e, size_t block, int split, int part, size_t at, double *value, double *error) {
  char path[96];
  snprintf(path, sizeof path, "parts/%s/%s", mdm_split_path((mdm_split)split), mdm_part_name((mdm_part_kind)part));
  const mdm_array *a = e->summary ? mdm_record_find(e->summary, path) : NULL;
  size_t times = a ? a->dim[a->rank - 1] : 0;
  if (a && a->rank > 1) at += block * times;
  int reached = a && at < mdm_elements(a->rank, a->dim);
  *value = reached ? a->value[at] : NAN;
  *error = reached && a->error ? a->error[at] : NAN;
}

static void read_values(const mdm_outcome *o, table *t) {
  for (size_t l = 0; l < blocks_of(t); l++)
    for (int s = 0; s < (int)t->splits; s++)
      for (int k = 0; k < MDM_PARTS_COUNT; k++) {
        size_t cell = cell_of(t, l, (mdm_split)s, (mdm_part_kind)k);
        for (size_t w = 0; w < t->widths; w++)
          read_part(&o->networks[w], l, s, k, t->at, &t->rms->value[cell * t->widths + w], &t->rms->error[cell * t->widths + w]);
        read_part(&o->limit, l, s, k, t->at, &t->limit->value[cell], &t->limit->error[cell]);
      }
}

/* Rounding errors of a product are no part of it. */
static void drop_rounding(table *t) {
  for (size_t s = 0; s < blocks_of(t) * t->splits; s++)
    for (size_t w = 0; w < t->widths; w++) {
      double *row = t->rms->value + s * MDM_PARTS_COUNT * t->widths + w;
      double scale = fmax(row[MDM_PART_TOTAL * t->widths], row[MDM_PART_INIT * t->widths]);
      for (size_t k = 0; k < MDM_PARTS_COUNT; k++)
        if (row[k * t->widths] <= t->rounding * scale) row[k * t->widths] = 0;
    }
}

static int is_absent(const table *t, size_t cell) {
  for (size_t w = 0; w < t->widths; w++)
    if (t->rms->value[cell * t->widths + w] != 0) return 0;
  return 1;
}

/* The trend of a part that survives may be the way to its limit. Beyond FAR times that value the limit is no explanation. */
static int approaches_limit(const table *t, size_t cell) {
  static const double FAR = 10;
  double limit = t->limit->value[cell], last = t->rms->value[cell * t->widths + t->widths - 1], p = t->exponent->value[cell];
  return p < 0 ? last > limit && last < FAR * limit : last < limit && last > limit / FAR;
}

/* Whether a product is not there at all: of routers in attention blocks. */
static int is_missing(const table *t, size_t l, mdm_split s) { return isnan(t->rms->value[cell_of(t, l, s, MDM_PART_TOTAL) * t->widths]); }

/* NaN where there is nothing to compare: no product, no prediction, no fit, or a part that survives and is still on its way. */
static double agreement(const table *t, size_t cell) {
  size_t product = cell / MDM_PARTS_COUNT;
  if (is_missing(t, product / t->splits, (mdm_split)(product % t->splits))) return NAN;
  double predicted = t->predicted->value[cell], p = t->exponent->value[cell], error = t->exponent->error[cell];
  double agrees = mdm_parts_agree(predicted, predicted, is_absent(t, cell), p, error, t->reach);
  return agrees == 0 && predicted == 0 && approaches_limit(t, cell) ? NAN : agrees;
}

/* ---------------------------------------------------------------- desiderata */

/* Exponent in units of what the product should be: 1, or the readout. */
static double natural_exponent(const table *t, size_t l, mdm_split s, mdm_part_kind k) {
  return t->exponent->value[cell_of(t, l, s, k)] - (mdm_split_is_backward(s) ? t->readout : 0);
}

/* 1: the part neither grows nor vanishes, 0: it does, NaN: it is absent, or on its way to the limit. */
static double survives(const table *t, size_t l, mdm_split s, mdm_part_kind k) {
  size_t cell = cell_of(t, l, s, k);
  double p = natural_exponent(t, l, s, k);
  if (isnan(p) || isnan(t->reach)) return NAN;
  if (fabs(p) <= t->reach * t->exponent->error[cell] + SLACK) return 1;
  return t->predicted->value[cell] == 0 && approaches_limit(t, cell) ? NAN : 0;
}

static double either(double a, double b) { return fmax(a, b); } /* NaN only where both are */

/* 0 as soon as one is 0, also where another cannot be seen. */
static double both(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

static double all_survive(const table *t, size_t l, size_t n, const mdm_split *s, mdm_part_kind k) {
  double all = 1;
  for (size_t i = 0; i < n; i++)
    if (!is_missing(t, l, s[i])) all = both(all, survives(t, l, s[i], k));
  return all;
}

/* Growth towards the value of the limit is none. */
static double is_stable(const table *t, size_t l) {
  if (isnan(t->reach)) return NAN;
  for (int s = 0; s < (int)t->splits; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++) {
      size_t cell = cell_of(t, l, (mdm_split)s, (mdm_part_kind)k);
      double p = natural_exponent(t, l, (mdm_split)s, (mdm_part_kind)k);
      if (p > t->reach * t->exponent->error[cell] + SLACK && !approaches_limit(t, cell)) return 0;
    }
  return 1;
}

/* NaN where nothing is trained. */
static double learns(const table *t, size_t l) {
  double any = NAN;
  for (int s = MDM_SPLIT_Z; s < MDM_SPLIT_F; s++) {
    size_t cell = cell_of(t, l, (mdm_split)s, MDM_PART_LEARNED);
    double p = t->exponent->value[cell];
    if (!isnan(p) && !isnan(t->reach)) any = either(any, p >= -t->reach * t->exponent->error[cell] - SLACK);
  }
  return any;
}

static void judge_block(const table *t, size_t l, double kept[MDM_BALANCED + 1]) {
  static const mdm_split forward[] = {MDM_SPLIT_Z, MDM_SPLIT_PSI, MDM_SPLIT_U, MDM_SPLIT_A, MDM_SPLIT_F};
  static const mdm_split sums[] = {MDM_SPLIT_U, MDM_SPLIT_A}, sums_back[] = {MDM_SPLIT_R1, MDM_SPLIT_B};
  kept[MDM_STABLE] = is_stable(t, l);
  kept[MDM_LEARNS] = learns(t, l);
  kept[MDM_EFFECTIVE] = all_survive(t, l, 5, forward, MDM_PART_LEARNED);
  double router = either(survives(t, l, MDM_SPLIT_PSI, MDM_PART_PROPAGATING), survives(t, l, MDM_SPLIT_RQ, MDM_PART_PROPAGATING));
  kept[MDM_PROPAGATING] = both(is_missing(t, l, MDM_SPLIT_PSI) ? 1 : router,
                               either(survives(t, l, MDM_SPLIT_U, MDM_PART_PROPAGATING), survives(t, l, MDM_SPLIT_R1, MDM_PART_PROPAGATING)));
  kept[MDM_BALANCED] = both(all_survive(t, l, 2, sums, MDM_PART_INIT), all_survive(t, l, 2, sums_back, MDM_PART_INIT));
}

/* A promise is kept where every block keeps it. */
static void judge(table *t) {
  for (size_t l = 0; l < blocks_of(t); l++) {
    double kept[MDM_BALANCED + 1];
    judge_block(t, l, kept);
    for (int d = 0; d <= MDM_BALANCED; d++) t->kept->value[d] = l ? both(t->kept->value[d], kept[d]) : kept[d];
  }
}

/* ---------------------------------------------------------------- all of it */

static int fit_all(const table *t, mdm_error *err) {
  double *work = mdm_alloc(t->widths, 3, 1, sizeof *work); /* 3 × widths */
  if (!work) return mdm_no_memory(err, "the coordinate check");
  for (size_t cell = 0; cell < cells_of(t); cell++) {
    size_t at = cell * t->widths;
    mdm_parts_fit(t->widths, t->width, t->rms->value + at, t->rms->error + at, work, &t->exponent->value[cell], &t->exponent->error[cell], &t->chi2->value[cell]);
  }
  free(work);
  return MDM_OK;
}

static mdm_block_kind kind_of_block(const mdm_config *cfg, size_t l) {
  size_t n;
  const long *layer = mdm_config_int_list(cfg, "model.blocks", &n);
  return mdm_config_int(cfg, "model.depth") ? (mdm_block_kind)layer[l % n] : MDM_BLOCK_MOE;
}

static int predict(const mdm_config *cfg, table *t, mdm_error *err) {
  double predicted[MDM_SPLITS][MDM_PARTS_COUNT];
  int status = MDM_OK;
  for (size_t l = 0; l < blocks_of(t) && !status; l++) {
    status = mdm_parts_predict(cfg, kind_of_block(cfg, l), l == 0, predicted, err);
    if (!status) memcpy(t->predicted->value + cell_of(t, l, MDM_SPLIT_Z, MDM_PART_INIT), predicted, t->splits * sizeof *predicted);
  }
  return status;
}

/* Widths and seeds; the reach of verdicts follows from the fewest seeds. */
static void fill_widths(const mdm_outcome *o, mdm_record *rec, table *t) {
  double *seeds = find(rec, "seeds")->value, fewest = INFINITY;
  for (size_t w = 0; w < t->widths; w++) {
    t->width[w] = (double)o->networks[w].width, seeds[w] = (double)o->networks[w].runs;
    fewest = fmin(fewest, seeds[w]);
  }
  t->reach = mdm_parts_reach(fewest);
}

static int fill(const mdm_config *cfg, const mdm_outcome *o, const mdm_array *times, mdm_record *rec, mdm_error *err) {
  table t = table_of(rec);
  t.at = times->dim[0] - 1;
  t.rounding = mdm_parts_rounding(cfg, "simulate.precision");
  find(rec, "step")->value[0] = times->value[t.at];
  fill_widths(o, rec, &t);
  read_values(o, &t);
  drop_rounding(&t);
  mdm_classification c;
  int status = fit_all(&t, err);
  if (!status) status = mdm_classify(cfg, &c, err);
  if (!status) status = predict(cfg, &t, err);
  if (status) return status;
  for (size_t cell = 0; cell < cells_of(&t); cell++) t.agrees->value[cell] = agreement(&t, cell);
  for (int d = 0; d <= MDM_BALANCED; d++) t.promised->value[d] = c.verdict[d].holds;
  t.readout = c.readout;
  judge(&t);
  return MDM_OK;
}

/* 0 without residual blocks. */
static size_t blocks_of_model(const mdm_config *cfg) {
  size_t layer;
  mdm_config_int_list(cfg, "model.blocks", &layer);
  return layer * (size_t)mdm_config_int(cfg, "model.depth");
}

int mdm_coordcheck_fit(const mdm_config *cfg, mdm_outcome *o, mdm_error *err) {
  for (size_t w = 0; w < o->widths; w++)
    if (!o->networks[w].summary) return MDM_OK; /* stopped before every width had begun */
  const mdm_array *times = o->widths ? mdm_record_find(o->networks[0].summary, "parts/time") : NULL;
  if (!times) return mdm_fail(err, MDM_ERR_INTERNAL, "a coordinate check of runs without output.parts");
  int status = mdm_record_create(&o->coordcheck, err);
  if (!status) status = add_arrays(o->coordcheck, blocks_of_model(cfg), o->widths, err);
  return status ? status : fill(cfg, o, times, o->coordcheck, err);
}
