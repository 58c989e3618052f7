/* A data set from arrays in memory. */
#include <moedmft/data.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/source.h"

static int is_zero(size_t n, const double *y) {
  for (size_t c = 0; c < n; c++)
    if (y[c] != 0) return 0;
  return 1;
}

static int check_arrays(size_t rows, size_t dimension, size_t outputs, const double *x, const double *y,
                        int classification, mdm_error *err) {
  const char *place = "data set in memory";
  int status = mdm_check_finite(x, rows, dimension, place, "x", "the arrays", err);
  if (!status) status = mdm_check_finite(y, rows, outputs, place, "y", "the arrays", err);
  if (status || !classification) return status;
  size_t bad = mdm_first_no_class(y, rows, outputs);
  while (bad < rows && outputs > 1 && is_zero(outputs, y + outputs * bad)) bad += 1 + mdm_first_no_class(y + outputs * (bad + 1), rows - bad - 1, outputs);
  if (bad == rows) return MDM_OK;
  return mdm_fail(err, MDM_ERR_DATA, "%s: y of sample %zu is not %s; set classification to 0 for regression", place,
                  bad, outputs == 1 ? "+1 or -1" : "one-hot (nor all zeros, for a sample to be ignored)");
}

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
  mdm_data *data = calloc(1, sizeof *data);
  if (!data) return mdm_no_memory(err, "a data set");
  data->dimension = dimension;
  data->context = 1;
  data->outputs = outputs;
  data->classification = classification != 0;
  status = copy_samples(&data->train, n_train, 0, dimension, outputs, x, y, err);
  if (!status) status = copy_samples(&data->test, n_test, n_train, dimension, outputs, x, y, err);
  snprintf(data->source, sizeof data->source, "arrays: %zu train and %zu test sample%s, D = %zu, C = %zu", n_train,
           n_test, MDM_S(n_test), dimension, outputs);
  if (status) return mdm_data_free(data), status;
  *out = data;
  return MDM_OK;
}
