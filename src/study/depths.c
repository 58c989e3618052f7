/* Depths, and their extrapolation: f_L = f_∞ + c/L + … run by run. */
#include "study/depths.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "config/assign.h"
#include "config/networks.h"
#include "scaling/depth.h"
#include "study/depth_parts.h"

static const char *const PATHS[] = {"observables/train/loss", "observables/train/prediction"};
enum { LOSS, PREDICTION, ARRAYS };
static const char *const names[ARRAYS] = {"loss", "prediction"}, *const dims[ARRAYS] = {"step", "step, sample, output"};

/* ---------------------------------------------------------------- configuration */

static int ascending(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return x < y ? -1 : x > y;
}

/* A list of depths in ascending order, malloc'd; *n = 0: none. */
static int read_list(const mdm_config *cfg, const char *key, long **out, size_t *n, mdm_error *err) {
  const long *list = mdm_config_int_list(cfg, key, n);
  size_t deep = 0;
  *out = NULL;
  if (!*n) return MDM_OK;
  if (!(*out = mdm_alloc(*n, 1, 1, sizeof **out))) return mdm_no_memory(err, "the depths");
  memcpy(*out, list, *n * sizeof **out);
  qsort(*out, *n, sizeof **out, ascending);
  for (size_t i = 0; i < *n; i++) {
    deep += (*out)[i] >= MDM_SMALLEST_DEPTH;
    if (i && (*out)[i] == (*out)[i - 1]) return mdm_fail(err, MDM_ERR_CONFIG, "%s names %ld twice", key, (*out)[i]);
  }
  if (deep < 2)
    return mdm_fail(err, MDM_ERR_CONFIG, "%s has %zu depths from %d on; an extrapolation in 1/L needs two, and a third checks it: for example [4, 8, 16]", key, deep,
                    MDM_SMALLEST_DEPTH);
  return MDM_OK;
}

int mdm_depths_check(const mdm_config *cfg, int *wanted, mdm_error *err) {
  static const char *const keys[] = {"solve.depths", "simulate.depths"};
  *wanted = 0;
  if (mdm_config_int(cfg, "model.depth") == 0) return MDM_OK;
  for (int k = 0; k < 2; k++) {
    long *list;
    size_t n;
    int status = read_list(cfg, keys[k], &list, &n, err);
    free(list);
    if (status) return status;
    *wanted |= n > 0;
  }
  if (!*wanted) return MDM_OK;
  mdm_model m = {0};
  mdm_optimizer o;
  int status = mdm_model_read(cfg, 1, 1, &m, err);
  if (!status) status = mdm_optimizer_read(cfg, &o, err);
  return status ? status : mdm_depth_limit_exists(&m, &o, err);
}

/* The same at one depth, measuring nothing but losses, predictions and, where they are wanted, parts. */
static int at_depth(const mdm_config *cfg, long depth, mdm_config **out, mdm_error *err) {
  static const char *const off[] = {"output.kernels=false", "output.statistics=false", "output.responses=false", "output.ntk=false",
                                    "output.blocks=[]", "solve.bias_check=false"};
  char word[48];
  int status = mdm_config_copy(cfg, out, err);
  snprintf(word, sizeof word, "model.depth=%ld", depth);
  if (!status) status = mdm_config_set(*out, word, err);
  if (!status) status = mdm_config_assign_all(*out, off, sizeof off / sizeof *off, err);
  return status;
}

/* ---------------------------------------------------------------- extrapolation */

static const mdm_array *array_of(const mdm_depth_series *s, size_t i, size_t run, int which) {
  return mdm_record_find(mdm_depth_ensemble(s, i)->each[run], PATHS[which]);
}

/* Value at 1/L = 0 of the line through depths first … n − 1 of one entry of one run. */
static double at_infinity(const mdm_depth_series *s, size_t first, size_t run, int which, size_t entry, double *x, double *y) {
  double c0, c1, cov00, cov01, cov11, sum;
  size_t n = s->n - first;
  for (size_t i = 0; i < n; i++) {
    x[i] = 1 / (double)s->depth[first + i];
    y[i] = array_of(s, first + i, run, which)->value[entry];
  }
  gsl_fit_linear(x, 1, y, 1, n, &c0, &c1, &cov00, &cov01, &cov11, &sum);
  return c0;
}

static size_t first_deep(const long *depth) {
  size_t first = 0;
  while (depth[first] < MDM_SMALLEST_DEPTH) first++;
  return first;
}

/* Means at every depth, and at infinity; work: max(runs, …) numbers each. */
static int add_array(const mdm_depth_series *s, int which, mdm_record *rec, double *v, double *x, double *y, double check[2], mdm_error *err) {
  const mdm_array *shape = array_of(s, 0, 0, which);
  size_t n = mdm_elements(shape->rank, shape->dim), first = s->first, last_two = s->n - 2;
  size_t dim[4] = {s->n, shape->dim[0], shape->rank > 1 ? shape->dim[1] : 1, shape->rank > 1 ? shape->dim[2] : 1};
  char path[96], name[64], text[64];
  mdm_array *at, *infinity;
  double square = 0, counted = 0;
  mdm_depth_path(s, names[which], path);
  snprintf(text, sizeof text, "depth, %s", dims[which]);
  int status = mdm_record_add_pair(rec, path, 1 + shape->rank, dim, text, "of the train part at every depth", &at, err);
  if (status) return status;
  for (size_t i = 0; i < s->n; i++)
    for (size_t e = 0; e < n; e++) {
      for (size_t r = 0; r < s->runs; r++) v[r] = array_of(s, i, r, which)->value[e];
      mdm_depth_reduce(s->runs, v, &at->value[i * n + e], &at->error[i * n + e]);
    }
  snprintf(name, sizeof name, "extrapolated/%s", names[which]);
  mdm_depth_path(s, name, path);
  status = mdm_record_add_pair(rec, path, shape->rank, dim + 1, dims[which], "at L = infinity: line in 1/L through depths from 4 on, run by run", &infinity, err);
  for (size_t e = 0; e < n && !status; e++) {
    double difference, error;
    for (size_t r = 0; r < s->runs; r++) v[r] = at_infinity(s, first, r, which, e, x, y);
    mdm_depth_reduce(s->runs, v, &infinity->value[e], &infinity->error[e]);
    if (which != PREDICTION || last_two <= first) continue;
    for (size_t r = 0; r < s->runs; r++) v[r] -= at_infinity(s, last_two, r, which, e, x, y);
    mdm_depth_reduce(s->runs, v, &difference, &error);
    if (!(error > 0)) continue;
    square += difference * difference / (error * error);
    counted++;
    check[1] = fmax(check[1], fabs(difference) / error);
  }
  if (counted > 0) check[0] = sqrt(square / counted);
  return status;
}

static int add_series(const mdm_depth_series *s, const mdm_config *cfg, mdm_record *rec, mdm_error *err) {
  size_t two = 2, most = s->runs > s->n ? s->runs : s->n;
  double *work = mdm_alloc(most, 3, 1, sizeof *work), *v, check[2] = {NAN, 0}; /* 3 × most */
  char path[96];
  if (!work) return mdm_no_memory(err, "the extrapolation in 1/L");
  mdm_depth_path(s, "depth", path);
  int status = mdm_record_add(rec, path, 1, &s->n, "depth", "depths L", &v, err);
  for (size_t i = 0; i < s->n && !status; i++) v[i] = (double)s->depth[i];
  for (int which = 0; which < ARRAYS && !status; which++) status = add_array(s, which, rec, work, work + most, work + 2 * most, check, err);
  mdm_depth_path(s, "check", path);
  if (!status) status = mdm_record_add(rec, path, 1, &two, "number", "extrapolation of all depths minus that of the two largest, predictions, in standard errors: RMS, largest; NaN with two depths", &v, err);
  if (!status) v[0] = check[0], v[1] = isnan(check[0]) ? NAN : check[1];
  free(work);
  return status ? status : mdm_depth_parts_add(s, cfg, rec, err);
}

/* ---------------------------------------------------------------- runs */

static int run_depths(const mdm_config *cfg, const mdm_data *data, int what, const char *key, const mdm_monitor *monitor, mdm_record *rec, mdm_error *err) {
  mdm_monitor quiet = monitor ? *monitor : (mdm_monitor){0};
  long *depth;
  size_t n, done = 0;
  quiet.earlier = NULL; /* what is kept belongs to model.depth */
  quiet.save_weights = 0;
  int status = read_list(cfg, key, &depth, &n, err);
  mdm_outcome *outcome = status || !n ? NULL : mdm_alloc(n, 1, 1, sizeof *outcome);
  if (!status && n && !outcome) status = mdm_no_memory(err, "the depths");
  for (; done < n && !status; done++) {
    mdm_config *at = NULL;
    status = at_depth(cfg, depth[done], &at, err);
    if (!status) status = mdm_run(at, data, what, &quiet, &outcome[done], err);
    mdm_config_free(at);
  }
  mdm_depth_series s = {.depth = depth, .n = n, .first = n && !status ? first_deep(depth) : 0, .outcome = outcome};
  for (size_t w = 0; n && !status && w < (what == MDM_RUN_LIMIT ? 1 : outcome[0].widths); w++) {
    s.width = what == MDM_RUN_LIMIT ? 0 : outcome[0].networks[w].width;
    s.runs = what == MDM_RUN_LIMIT ? outcome[0].limit.runs : outcome[0].networks[w].runs;
    if (s.runs < 2) status = mdm_fail(err, MDM_ERR_CONFIG, "%s needs two runs or more at each depth (%s), to measure errors", key, s.width ? "simulate.seeds" : "solve.replicas");
    else status = add_series(&s, cfg, rec, err);
  }
  for (size_t i = 0; i < done; i++) mdm_outcome_clear(&outcome[i]);
  free(outcome);
  free(depth);
  return status;
}

static double most_bytes(const mdm_config *cfg, const mdm_data *data, int what, const char *key, const mdm_monitor *monitor) {
  mdm_monitor plain = {.threads = monitor ? monitor->threads : 0}; /* weights are those of model.depth */
  long *depth;
  size_t n;
  double most = 0;
  int status = read_list(cfg, key, &depth, &n, NULL);
  for (size_t i = 0; i < n && !status; i++) {
    mdm_config *at = NULL;
    status = at_depth(cfg, depth[i], &at, NULL);
    if (!status) most = fmax(most, mdm_memory_estimate(at, data, what, &plain));
    mdm_config_free(at);
  }
  free(depth);
  return most;
}

double mdm_depths_bytes(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor) {
  return fmax(most_bytes(cfg, data, MDM_RUN_LIMIT, "solve.depths", monitor), most_bytes(cfg, data, MDM_RUN_NETWORKS, "simulate.depths", monitor));
}

int mdm_depths_run(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_record **out, mdm_error *err) {
  int wanted, status = mdm_depths_check(cfg, &wanted, err);
  *out = NULL;
  if (status || !wanted) return status;
  mdm_record *rec;
  status = mdm_record_create(&rec, err);
  if (!status) status = run_depths(cfg, data, MDM_RUN_LIMIT, "solve.depths", monitor, rec, err);
  if (!status) status = run_depths(cfg, data, MDM_RUN_NETWORKS, "simulate.depths", monitor, rec, err);
  if (status) return mdm_record_free(rec), status;
  *out = rec;
  return MDM_OK;
}
