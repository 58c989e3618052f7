/* Sizes of a sweep's limit from the accuracy that is asked for. */
#include <moedmft/run.h>
#include <moedmft/sweep.h>
#include <stdio.h>

#include "config/grid.h"

/* The number in `from` as that of `to`. */
static int take(const mdm_config *from, mdm_config *to, const char *key, mdm_error *err) {
  char text[80];
  snprintf(text, sizeof text, "%s=%ld", key, mdm_config_int(from, key));
  return mdm_config_set(to, text, err);
}

/* The method, likewise. */
static int take_method(const mdm_config *from, mdm_config *to, mdm_error *err) {
  char text[80];
  snprintf(text, sizeof text, "solve.method=%s", mdm_config_text(from, "solve.method"));
  return mdm_config_set(to, text, err);
}

/* How experts and neurons share the particles stays automatic: it differs between points. */
static int choose(mdm_config *cfg, const mdm_config *point, const mdm_monitor *monitor, double *asked, mdm_error *err) {
  mdm_config *first;
  mdm_data *data = NULL;
  int status = mdm_config_copy(point, &first, err);
  if (!status) status = mdm_data_load(first, &data, err);
  char why[MDM_METHOD_WHY];
  if (!status) status = mdm_method_choose(first, data, monitor, why, err);
  if (!status) status = take_method(first, cfg, err);
  if (!status) status = mdm_accuracy_all(first, data, monitor, asked, err);
  if (!status) status = take(first, cfg, "solve.particles", err);
  if (!status) status = take(first, cfg, "solve.replicas", err);
  if (!status) status = mdm_config_set(cfg, "solve.accuracy=0", err);
  mdm_data_free(data);
  mdm_config_free(first);
  return status;
}

int mdm_sweep_sizes(mdm_config *cfg, const char *const *over, size_t n, const mdm_monitor *monitor, double *asked, mdm_error *err) {
  mdm_grid grid = {0};
  mdm_config *point = NULL;
  *asked = 0;
  int status = mdm_grid_read(cfg, over, n, &grid, err);
  if (!status && mdm_grid_find(&grid, "solve.particles") >= 0) return mdm_grid_clear(&grid), MDM_OK;
  if (!status) status = mdm_config_copy(cfg, &point, err);
  if (!status) status = mdm_grid_apply(&grid, 0, point, err);
  if (!status) status = choose(cfg, point, monitor, asked, err);
  mdm_config_free(point);
  mdm_grid_clear(&grid);
  return status;
}
