/* The built-in cosine set: x[m][d] = √2 cos(1.7 (m+1)(d+1) + 0.3 m), y[m] = +1, −1, −1, +1 repeated; m, d count from 0. */
#include <moedmft/data.h>

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "data/source.h"

enum { COSINE_DEFAULT = 4 /* samples when data.train is 0 */ };

static int fill_cosine(mdm_samples *s, size_t count, size_t first, size_t dimension, mdm_error *err) {
  static const double sign[4] = {1, -1, -1, 1};
  double *x; /* count × D */
  int status = mdm_samples_create(s, count, dimension, 1, &x, err);
  if (status) return status;
  for (size_t i = 0; i < s->count; i++) {
    size_t m = first + i;
    for (size_t d = 0; d < dimension; d++)
      x[i * dimension + d] = sqrt(2.0) * cos(1.7 * (double)(m + 1) * (double)(d + 1) + 0.3 * (double)m);
    s->y[i] = sign[m % 4];
    s->origin[i] = m;
  }
  return MDM_OK;
}

int mdm_data_make_cosine(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  size_t n_train = (size_t)mdm_config_int(cfg, "data.train"), n_test = (size_t)mdm_config_int(cfg, "data.test");
  if (n_train == 0) n_train = COSINE_DEFAULT;
  data->dimension = (size_t)mdm_config_int(cfg, "data.dimension");
  data->outputs = 1;
  data->classification = 1;
  data->context = (size_t)mdm_config_int(cfg, "data.context");
  if (n_train % data->context || n_test % data->context)
    return mdm_fail(err, MDM_ERR_CONFIG, "data.train = %zu and data.test = %zu are no whole sequences of data.context = %zu samples", n_train, n_test, data->context);
  int status = fill_cosine(&data->train, n_train, 0, data->dimension, err);
  if (!status) status = fill_cosine(&data->test, n_test, n_train, data->dimension, err);
  if (status) return status;
  snprintf(data->source, sizeof data->source, "cosine: %zu train and %zu test sample%s, D = %zu, C = 1", n_train, n_test,
           MDM_S(n_test), data->dimension);
  return MDM_OK;
}
