/* Data sets: the built-in cosine set, arrays in memory, standardization, validation. Files are read in data_files.c.
 *
 * Cosine set: x[m][d] = √2 cos(1.7 (m+1)(d+1) + 0.3 m), y[m] = +1, −1, −1, +1 repeated; m, d count from 0.
 * Standardization: x → (x − μ)/σ with μ, σ² = mean and variance (divisor: the number of values) over the whole train
 * part (global), over the train part of each input (feature), or over the inputs of each sample (sample). */
#include <moedmft/data.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "base/memory.h"

enum { COSINE_DEFAULT = 4 /* samples when data.train is 0 */ };

int mdm_multiply(size_t a, size_t b, size_t *product) {
  if (b && a > SIZE_MAX / b) return 0;
  *product = a * b;
  return 1;
}

void *mdm_array(size_t rows, size_t columns, size_t element, mdm_error *err) {
  void *array = mdm_alloc(rows, columns, 1, element);
  if (!array)
    mdm_fail(err, MDM_ERR_MEMORY,
             "no memory for %zu x %zu values of the data; lower data.train, data.test or "
             "data.dimension, or use a smaller data.file",
             rows, columns);
  return array;
}

int mdm_samples_create(mdm_samples *s, size_t count, size_t dimension, size_t outputs, mdm_error *err) {
  s->count = count;
  s->x = mdm_array(count, dimension, sizeof *s->x, err);
  if (!s->x) return MDM_ERR_MEMORY;
  s->y = mdm_array(count, outputs, sizeof *s->y, err);
  if (!s->y) return MDM_ERR_MEMORY;
  s->origin = mdm_array(count, 1, sizeof *s->origin, err);
  return s->origin ? MDM_OK : MDM_ERR_MEMORY;
}

static void free_samples(mdm_samples *s) {
  free(s->x);
  free(s->y);
  free(s->origin);
}

void mdm_data_free(mdm_data *data) {
  if (!data) return;
  free_samples(&data->train);
  free_samples(&data->test);
  free(data);
}

/* ---- validation ---- */

int mdm_check_finite(const double *value, size_t rows, size_t columns, const char *place, const char *name,
                     const char *option, mdm_error *err) {
  for (size_t i = 0; i < rows * columns; i++)
    if (!isfinite(value[i]))
      return mdm_fail(err, MDM_ERR_DATA, "%s: %s of sample %zu, index %zu, is %s; repair that sample, or change %s",
                      place, name, i / columns, i % columns, isnan(value[i]) ? "NaN" : "infinite", option);
  return MDM_OK;
}

size_t mdm_first_no_class(const double *y, size_t rows, size_t columns) {
  for (size_t m = 0; m < rows; m++) {
    const double *row = y + m * columns; /* C */
    size_t ones = 0, zeros = 0;
    for (size_t c = 0; c < columns; c++) {
      ones += row[c] == 1.0;
      zeros += row[c] == 0.0;
    }
    int good = columns == 1 ? fabs(row[0]) == 1.0 : ones == 1 && zeros == columns - 1;
    if (!good) return m;
  }
  return rows;
}

static int check_arrays(size_t rows, size_t dimension, size_t outputs, const double *x, const double *y,
                        int classification, mdm_error *err) {
  const char *place = "data set in memory";
  int status = mdm_check_finite(x, rows, dimension, place, "x", "the arrays", err);
  if (!status) status = mdm_check_finite(y, rows, outputs, place, "y", "the arrays", err);
  if (status || !classification) return status;
  size_t bad = mdm_first_no_class(y, rows, outputs);
  if (bad == rows) return MDM_OK;
  return mdm_fail(err, MDM_ERR_DATA, "%s: y of sample %zu is not %s; set classification to 0 for regression", place,
                  bad, outputs == 1 ? "+1 or -1" : "one-hot");
}

/* ---- arrays in memory ---- */

static int copy_samples(mdm_samples *s, size_t count, size_t first, size_t dimension, size_t outputs, const double *x,
                        const double *y, mdm_error *err) {
  int status = mdm_samples_create(s, count, dimension, outputs, err);
  if (status) return status;
  if (count) {
    memcpy(s->x, x + first * dimension, count * dimension * sizeof *x);
    memcpy(s->y, y + first * outputs, count * outputs * sizeof *y);
  }
  for (size_t m = 0; m < count; m++) s->origin[m] = first + m;
  return MDM_OK;
}

static mdm_data *new_data(mdm_error *err) {
  mdm_data *data = calloc(1, sizeof *data);
  if (!data) mdm_fail(err, MDM_ERR_MEMORY, "no memory for a data set");
  return data;
}

/* Hands data over to the caller, or frees it when status tells of a failure. */
static int finish(int status, mdm_data *data, mdm_data **out) {
  if (status)
    mdm_data_free(data);
  else
    *out = data;
  return status;
}

int mdm_data_from_arrays(size_t n_train, size_t n_test, size_t dimension, size_t outputs, const double *x,
                         const double *y, int classification, mdm_data **out, mdm_error *err) {
  size_t rows = n_train + n_test, size;
  *out = NULL;
  if (!n_train || !dimension || !outputs)
    return mdm_fail(err, MDM_ERR_DATA,
                    "data set in memory: %zu train samples of dimension %zu with %zu outputs; each "
                    "number must be at least 1",
                    n_train, dimension, outputs);
  if (rows < n_train || !mdm_multiply(rows, dimension, &size) || !mdm_multiply(rows, outputs, &size))
    return mdm_fail(err, MDM_ERR_DATA, "data set in memory: the product of its sizes overflows; check the arguments");
  int status = check_arrays(rows, dimension, outputs, x, y, classification, err);
  if (status) return status;
  mdm_data *data = new_data(err);
  if (!data) return MDM_ERR_MEMORY;
  data->dimension = dimension;
  data->outputs = outputs;
  data->classification = classification != 0;
  status = copy_samples(&data->train, n_train, 0, dimension, outputs, x, y, err);
  if (!status) status = copy_samples(&data->test, n_test, n_train, dimension, outputs, x, y, err);
  snprintf(data->source, sizeof data->source, "arrays: %zu train and %zu test samples, D = %zu, C = %zu", n_train,
           n_test, dimension, outputs);
  return finish(status, data, out);
}

/* ---- cosine set ---- */

static int check_cosine_options(const mdm_config *cfg, mdm_error *err) {
  static const char *const files[] = {"data.file", "data.labels", "data.test_file", "data.test_labels"};
  size_t n_classes;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (*mdm_config_text(cfg, files[i]))
      return mdm_fail(err, MDM_ERR_CONFIG,
                      "%s is %s, but data.source: cosine reads no file; set data.source to hdf5 or "
                      "idx, or remove %s",
                      files[i], mdm_config_text(cfg, files[i]), files[i]);
  mdm_config_int_list(cfg, "data.classes", &n_classes);
  if (n_classes)
    return mdm_fail(err, MDM_ERR_CONFIG, "data.classes needs class labels, which data.source: cosine lacks; remove it");
  if (!strcmp(mdm_config_text(cfg, "data.targets"), "onehot"))
    return mdm_fail(err, MDM_ERR_CONFIG,
                    "data.targets: onehot needs class labels, which data.source: cosine lacks; "
                    "set it to auto");
  return MDM_OK;
}

static void fill_cosine(mdm_samples *s, size_t first, size_t dimension) {
  static const double sign[4] = {1, -1, -1, 1};
  for (size_t i = 0; i < s->count; i++) {
    size_t m = first + i;
    for (size_t d = 0; d < dimension; d++)
      s->x[i * dimension + d] = sqrt(2.0) * cos(1.7 * (double)(m + 1) * (double)(d + 1) + 0.3 * (double)m);
    s->y[i] = sign[m % 4];
    s->origin[i] = m;
  }
}

static int make_cosine(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  size_t n_train = (size_t)mdm_config_int(cfg, "data.train"), n_test = (size_t)mdm_config_int(cfg, "data.test");
  if (n_train == 0) n_train = COSINE_DEFAULT;
  data->dimension = (size_t)mdm_config_int(cfg, "data.dimension");
  data->outputs = 1;
  data->classification = 1;
  int status = check_cosine_options(cfg, err);
  if (!status) status = mdm_samples_create(&data->train, n_train, data->dimension, 1, err);
  if (!status) status = mdm_samples_create(&data->test, n_test, data->dimension, 1, err);
  if (status) return status;
  fill_cosine(&data->train, 0, data->dimension);
  fill_cosine(&data->test, n_train, data->dimension);
  snprintf(data->source, sizeof data->source, "cosine: %zu train and %zu test samples, D = %zu, C = 1", n_train, n_test,
           data->dimension);
  return MDM_OK;
}

/* ---- standardization ---- */

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

static void standardize_features(mdm_data *data) {
  for (size_t d = 0; d < data->dimension; d++) {
    moments z = measure(data->train.x + d, data->train.count, data->dimension);
    apply(z, data->train.x + d, data->train.count, data->dimension);
    apply(z, data->test.x + d, data->test.count, data->dimension);
  }
}

static void standardize_samples(mdm_samples *s, size_t dimension) {
  for (size_t m = 0; m < s->count; m++) {
    double *x = s->x + m * dimension; /* D */
    apply(measure(x, dimension, 1), x, dimension, 1);
  }
}

static int standardize(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  const char *source = mdm_config_text(cfg, "data.source"), *mode = mdm_config_text(cfg, "data.standardize");
  const char *place = *mdm_config_text(cfg, "data.file") ? mdm_config_text(cfg, "data.file") : source;
  int status = MDM_OK;
  if (!strcmp(mode, "auto")) mode = strcmp(source, "idx") ? "none" : "global";
  if (!strcmp(mode, "global")) status = standardize_global(data, place, err);
  if (!strcmp(mode, "feature")) standardize_features(data);
  if (!strcmp(mode, "sample")) {
    standardize_samples(&data->train, data->dimension);
    standardize_samples(&data->test, data->dimension);
  }
  if (status) return status;
  size_t used = strlen(data->source);
  snprintf(data->source + used, sizeof data->source - used, ", standardize %s", mode);
  status = mdm_check_finite(data->train.x, data->train.count, data->dimension, place, "standardized train x",
                            "data.standardize", err);
  if (status) return status;
  return mdm_check_finite(data->test.x, data->test.count, data->dimension, place, "standardized test x",
                          "data.standardize", err);
}

int mdm_data_load(const mdm_config *cfg, mdm_data **out, mdm_error *err) {
  *out = NULL;
  mdm_data *data = new_data(err);
  if (!data) return MDM_ERR_MEMORY;
  int cosine = !strcmp(mdm_config_text(cfg, "data.source"), "cosine");
  int status = cosine ? make_cosine(cfg, data, err) : mdm_data_read_files(cfg, data, err);
  if (!status) status = standardize(cfg, data, err);
  return finish(status, data, out);
}
