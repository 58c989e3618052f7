/* A data set from arrays in memory. */
#include <moedmft/data.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/arrays.h"
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

static void describe(mdm_data *d) {
  snprintf(d->source, sizeof d->source, "arrays: %zu train and %zu test sample%s, D = %zu, C = %zu", d->train.count, d->test.count, MDM_S(d->test.count), d->dimension,
           d->outputs);
}

int mdm_data_from_stored(mdm_stored *train, mdm_stored *test, size_t outputs, const double *train_y, const double *test_y, int classification, mdm_data **out,
                         mdm_error *err) {
  mdm_data *data = *out = calloc(1, sizeof *data);
  if (!data) return mdm_stored_free(train), mdm_stored_free(test), mdm_no_memory(err, "a data set");
  mdm_samples *part[2] = {&data->train, &data->test};
  const double *y[2] = {train_y, test_y};
  int status = MDM_OK;
  *data = (mdm_data){.dimension = train->dimension, .context = 1, .outputs = outputs, .classification = classification != 0, .train.inputs = train, .test.inputs = test};
  for (int i = 0; i < 2 && !status; i++) {
    status = mdm_samples_targets(part[i], part[i]->inputs->count, outputs, err);
    if (!status && part[i]->count) memcpy(part[i]->y, y[i], part[i]->count * outputs * sizeof *y[i]);
    for (size_t m = 0; m < part[i]->count && !status; m++) part[i]->origin[m] = i ? train->count + m : m;
  }
  describe(data);
  if (status) mdm_data_free(data), *out = NULL;
  return status;
}

static int copy_parts(const mdm_part_arrays part[2], size_t D, size_t C, int classification, mdm_data **out, mdm_error *err) {
  mdm_stored *inputs[2] = {NULL, NULL};
  int status = MDM_OK;
  for (int i = 0; i < 2 && !status; i++) {
    status = mdm_stored_create(&inputs[i], MDM_HELD_DOUBLE, part[i].count, D, err);
    if (!status && part[i].count) memcpy(inputs[i]->value, part[i].x, part[i].count * D * sizeof(double));
  }
  if (!status) return mdm_data_from_stored(inputs[0], inputs[1], C, part[0].y, part[1].y, classification, out, err);
  for (int i = 0; i < 2; i++) mdm_stored_free(inputs[i]);
  return status;
}

int mdm_data_from_parts(const mdm_part_arrays part[2], size_t dimension, size_t outputs, int classification, mdm_data **out, mdm_error *err) {
  int status = MDM_OK;
  *out = NULL;
  for (int i = 0; i < 2 && !status; i++) status = check_arrays(part[i].count, dimension, outputs, part[i].x, part[i].y, classification, err);
  return status ? status : copy_parts(part, dimension, outputs, classification, out, err);
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
  const mdm_part_arrays part[2] = {{n_train, x, y}, {n_test, n_test ? x + n_train * dimension : NULL, n_test ? y + n_train * outputs : NULL}};
  return copy_parts(part, dimension, outputs, classification, out, err);
}
