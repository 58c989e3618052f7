/* Standardization: x → (x − μ)/σ with μ, σ² = mean and variance (divisor: the number of values) over the whole train part
 * (global), over the train part of each input (feature), or over the inputs of each sample (sample). */
#include <moedmft/data.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"

typedef struct moments {
  double mean, deviation; /* deviation 0: all values are equal */
} moments;

/* Of n values, in units of the largest so that squares neither overflow nor vanish. */
static moments measure(const double *value, size_t n) {
  double low = value[0], high = value[0], sum = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    low = fmin(low, value[i]);
    high = fmax(high, value[i]);
  }
  if (low == high) return (moments){low, 0};
  double unit = fmax(fabs(low), fabs(high));
  for (size_t i = 0; i < n; i++) sum += value[i] / unit;
  double mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) {
    double v = value[i] / unit - mean;
    square += v * v;
  }
  return (moments){unit * mean, unit * sqrt(square / (double)n)};
}

/* What three passes over values find, as above. */
typedef struct running {
  double low, high, unit, sum, mean, square;
} running;

static void take_value(running *r, int pass, double value) {
  if (pass == 0) r->low = fmin(r->low, value), r->high = fmax(r->high, value);
  if (pass == 1) r->sum += value / r->unit;
  if (pass == 2) {
    double v = value / r->unit - r->mean;
    r->square += v * v;
  }
}

/* Moments of all values of a store together (groups: 1) or of each input (groups: D), in the order of measure. r: groups; row: D. */
static void measure_columns(const mdm_stored *s, size_t groups, running *r, double *row) {
  size_t D = s->dimension, stride = groups > 1;
  double n = (double)(groups > 1 ? s->count : s->count * D);
  mdm_stored_raw(s, 0, row);
  for (size_t g = 0; g < groups; g++) r[g] = (running){.low = row[g], .high = row[g]};
  for (int pass = 0; pass < 3; pass++) {
    for (size_t m = 0; m < s->count; m++) {
      mdm_stored_raw(s, m, row);
      for (size_t d = 0; d < D; d++) take_value(&r[stride * d], pass, row[d]);
    }
    for (size_t g = 0; g < groups && pass == 0; g++) r[g].unit = fmax(fabs(r[g].low), fabs(r[g].high));
    for (size_t g = 0; g < groups && pass == 1; g++) r[g].mean = r[g].sum / n;
  }
  for (size_t g = 0; g < groups; g++) {
    int equal = r[g].low == r[g].high;
    r[g].mean = equal ? r[g].low : r[g].unit * r[g].mean;
    r[g].square = equal ? 0 : r[g].unit * sqrt(r[g].square / n); /* the deviation */
  }
}

/* Means and deviations of the train part, for both parts. *constant: how many of them are without variance; their values become 0. */
static int standardize_columns(mdm_data *data, mdm_standard mode, size_t *constant, mdm_error *err) {
  mdm_stored *train = data->train.inputs, *test = data->test.inputs;
  size_t n = mdm_standard_count(train, mode), D = train->dimension;
  running *found = mdm_array(n, 1, sizeof *found, err);           /* n */
  double *row = found ? mdm_array(D, 1, sizeof *row, err) : NULL; /* D */
  int status = row ? mdm_stored_standardize(train, mode, err) : MDM_ERR_MEMORY;
  if (!status) status = mdm_stored_standardize(test, mode, err);
  if (!status) measure_columns(train, n, found, row);
  for (size_t g = 0; g < n && !status; g++) {
    train->mean[g] = test->mean[g] = found[g].mean;
    train->deviation[g] = test->deviation[g] = found[g].square;
    *constant += !(found[g].square > 0);
  }
  free(found);
  free(row);
  return status;
}

static int standardize_global(mdm_data *data, const char *place, mdm_error *err) {
  size_t constant = 0;
  int status = standardize_columns(data, MDM_STANDARD_GLOBAL, &constant, err);
  if (status || !constant) return status;
  return mdm_fail(err, MDM_ERR_DATA,
                  "%s: all inputs of the train part are equal (%g), they have no variance to "
                  "standardize; check the data or set data.standardize: none",
                  place, data->train.inputs->mean[0]);
}

/* Every sample by its own moments. *constant: how many have equal inputs; they become 0. */
static int standardize_samples(mdm_stored *s, size_t *constant, mdm_error *err) {
  double *x = mdm_array(s->dimension, 1, sizeof *x, err); /* D */
  int status = x ? mdm_stored_standardize(s, MDM_STANDARD_SAMPLE, err) : MDM_ERR_MEMORY;
  for (size_t m = 0; m < s->count && !status; m++) {
    mdm_stored_raw(s, m, x);
    moments z = measure(x, s->dimension);
    s->mean[m] = z.mean;
    s->deviation[m] = z.deviation;
    *constant += !(z.deviation > 0);
  }
  free(x);
  return status;
}

/* n of `of` inputs or samples that had no variance: some are told in the line about the data, all are refused. */
static int tell_constant(mdm_data *data, const char *place, const char *what, size_t n, size_t of, mdm_error *err) {
  size_t used = strlen(data->source);
  if (n < of && n) snprintf(data->source + used, sizeof data->source - used, " (%zu of %zu %s constant: 0)", n, of, what);
  if (n < of || !of) return MDM_OK;
  return mdm_fail(err, MDM_ERR_DATA, "%s: %s constant, all %zu of them, and would become 0; check the data or set data.standardize: none", place, what, n);
}

int mdm_data_standardize(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  const char *source = mdm_config_text(cfg, "data.source"), *mode = mdm_config_text(cfg, "data.standardize");
  const char *place = *mdm_config_text(cfg, "data.file") ? mdm_config_text(cfg, "data.file") : source;
  int status = MDM_OK;
  if (!strcmp(mode, "auto")) mode = strcmp(source, "idx") ? "none" : "global";
  size_t used = strlen(data->source), constant[2] = {0};
  snprintf(data->source + used, sizeof data->source - used, ", standardize %s", mode);
  if (!strcmp(mode, "global")) status = standardize_global(data, place, err);
  if (!strcmp(mode, "feature")) {
    status = standardize_columns(data, MDM_STANDARD_FEATURE, &constant[0], err);
    if (!status) status = tell_constant(data, place, "inputs are", constant[0], data->dimension, err);
  }
  if (!strcmp(mode, "sample")) {
    status = standardize_samples(data->train.inputs, &constant[0], err);
    if (!status) status = standardize_samples(data->test.inputs, &constant[1], err);
    if (!status) status = tell_constant(data, place, "train samples are", constant[0], data->train.count, err);
    if (!status) status = tell_constant(data, place, "test samples are", constant[1], data->test.count, err);
  }
  if (!status) status = mdm_check_inputs(data->train.inputs, 0, place, "standardized train x", "data.standardize", err);
  return status ? status : mdm_check_inputs(data->test.inputs, 0, place, "standardized test x", "data.standardize", err);
}
