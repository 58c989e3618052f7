/* Standardization: x → (x − μ)/σ with μ, σ² = mean and variance (divisor: the number of values) over the whole train part
 * (global), over the train part of each input (feature), or over the inputs of each sample (sample). */
#include <moedmft/data.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/source.h"

typedef struct moments {
  double mean, deviation; /* deviation 0: all values are equal */
} moments;

/* Of value[0], value[stride], … (n of them), in units of the largest so that squares neither overflow nor vanish. */
static moments measure(const double *value, size_t n, size_t stride) {
  double low = value[0], high = value[0], sum = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    low = fmin(low, value[i * stride]);
    high = fmax(high, value[i * stride]);
  }
  if (low == high) return (moments){low, 0};
  double unit = fmax(fabs(low), fabs(high));
  for (size_t i = 0; i < n; i++) sum += value[i * stride] / unit;
  double mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) {
    double v = value[i * stride] / unit - mean;
    square += v * v;
  }
  return (moments){unit * mean, unit * sqrt(square / (double)n)};
}

static void apply(moments z, double *value, size_t n, size_t stride) {
  for (size_t i = 0; i < n; i++) value[i * stride] = z.deviation > 0 ? (value[i * stride] - z.mean) / z.deviation : 0.0;
}

static int standardize_global(mdm_data *data, const char *place, mdm_error *err) {
  size_t n = data->train.count * data->dimension;
  moments z = measure(data->train.x, n, 1);
  if (!(z.deviation > 0))
    return mdm_fail(err, MDM_ERR_DATA,
                    "%s: all inputs of the train part are equal (%g), they have no variance to "
                    "standardize; check the data or set data.standardize: none",
                    place, z.mean);
  apply(z, data->train.x, n, 1);
  apply(z, data->test.x, data->test.count * data->dimension, 1);
  return MDM_OK;
}

/* Returns how many inputs are constant over the train part; they become 0. */
static size_t standardize_features(mdm_data *data) {
  size_t constant = 0;
  for (size_t d = 0; d < data->dimension; d++) {
    moments z = measure(data->train.x + d, data->train.count, data->dimension);
    apply(z, data->train.x + d, data->train.count, data->dimension);
    apply(z, data->test.x + d, data->test.count, data->dimension);
    constant += !(z.deviation > 0);
  }
  return constant;
}

/* Returns how many samples have equal inputs; they become 0. */
static size_t standardize_samples(mdm_samples *s, size_t dimension) {
  size_t constant = 0;
  for (size_t m = 0; m < s->count; m++) {
    double *x = s->x + m * dimension; /* D */
    moments z = measure(x, dimension, 1);
    apply(z, x, dimension, 1);
    constant += !(z.deviation > 0);
  }
  return constant;
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
  size_t used = strlen(data->source), D = data->dimension;
  snprintf(data->source + used, sizeof data->source - used, ", standardize %s", mode);
  if (!strcmp(mode, "global")) status = standardize_global(data, place, err);
  if (!strcmp(mode, "feature")) status = tell_constant(data, place, "inputs are", standardize_features(data), D, err);
  if (!strcmp(mode, "sample")) {
    status = tell_constant(data, place, "train samples are", standardize_samples(&data->train, D), data->train.count, err);
    if (!status) status = tell_constant(data, place, "test samples are", standardize_samples(&data->test, D), data->test.count, err);
  }
  if (status) return status;
  status = mdm_check_finite(data->train.x, data->train.count, data->dimension, place, "standardized train x",
                            "data.standardize", err);
  if (status) return status;
  return mdm_check_finite(data->test.x, data->test.count, data->dimension, place, "standardized test x",
                          "data.standardize", err);
}
