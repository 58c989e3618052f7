/* Parts against the depth. A block's parts enter by their mean square over blocks, run by run: signed squares, as noise that is subtracted
 * may leave negative ones. */
#include "study/depth_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/record.h"
#include "base/summary.h"
#include "scaling/coordcheck_predict.h"
#include "scaling/parts.h"
#include "study/parts_fit.h"

#define ORDER "products and parts in the order of coordcheck/rms, then h^L - h^0"
enum { CELLS = MDM_SPLITS * MDM_PARTS_COUNT };

const mdm_ensemble *mdm_depth_ensemble(const mdm_depth_series *s, size_t i) {
  const mdm_outcome *o = &s->outcome[i];
  const mdm_ensemble *e = s->width ? NULL : &o->limit;
  for (size_t w = 0; w < o->widths && s->width; w++)
    if (o->networks[w].width == s->width) e = &o->networks[w];
  return e;
}

void mdm_depth_path(const mdm_depth_series *s, const char *name, char path[96]) {
  if (s->width) snprintf(path, 96, "depths/width_%ld/%s", s->width, name);
  else snprintf(path, 96, "depths/limit/%s", name);
}

/* A part of one run at the last time, RMS over the blocks of products that have some. */
static double part_of(const mdm_record *run, size_t cell) {
  char path[96];
  double sum = 0;
  snprintf(path, sizeof path, "parts/%s/%s", mdm_split_path((mdm_split)(cell / MDM_PARTS_COUNT)), mdm_part_name((mdm_part_kind)(cell % MDM_PARTS_COUNT)));
  const mdm_array *a = mdm_record_find(run, path);
  size_t blocks = a->rank > 1 ? a->dim[0] : 1, times = a->dim[a->rank - 1];
  for (size_t l = 0; l < blocks; l++) {
    double v = a->value[l * times + times - 1];
    sum += v * fabs(v) / (double)blocks;
  }
  return mdm_signed_root(sum);
}

void mdm_depth_reduce(size_t runs, const double *v, double *mean, double *error) {
  double sum = 0, square = 0;
  for (size_t r = 0; r < runs; r++) sum += v[r] / (double)runs;
  for (size_t r = 0; r < runs; r++) square += (v[r] - sum) * (v[r] - sum);
  *mean = sum;
  *error = sqrt(square / ((double)runs * (double)(runs - 1)));
}

/* rms of every cell at depth i; what is rounding beside its product is 0. v: runs. */
static void fill_depth(const mdm_depth_series *s, size_t i, double rounding, double *v, mdm_array *rms) {
  const mdm_ensemble *e = mdm_depth_ensemble(s, i);
  for (size_t cell = 0; cell < CELLS; cell++) {
    for (size_t r = 0; r < s->runs; r++) v[r] = part_of(e->each[r], cell);
    mdm_depth_reduce(s->runs, v, &rms->value[cell * s->n + i], &rms->error[cell * s->n + i]);
  }
  for (size_t split = 0; split < MDM_SPLITS; split++) {
    double *row = rms->value + split * MDM_PARTS_COUNT * s->n + i, scale = fmax(row[MDM_PART_TOTAL * s->n], row[MDM_PART_INIT * s->n]);
    for (size_t k = 0; k < MDM_PARTS_COUNT; k++)
      if (row[k * s->n] <= rounding * scale) row[k * s->n] = 0;
  }
}

/* Without a prediction there is no verdict, and none with too few runs. */
static void judge(const mdm_depth_series *s, const mdm_array *rms, const double *x, double *work, mdm_array *exponent, const double *lowest, const double *predicted,
                  double *agrees, double *chi2) {
  size_t n = s->n - s->first;
  for (size_t cell = 0; cell < CELLS; cell++) {
    const double *v = rms->value + cell * s->n + s->first;
    int absent = 1;
    for (size_t i = 0; i < n; i++) absent &= v[i] == 0;
    mdm_parts_fit(n, x + s->first, v, rms->error + cell * s->n + s->first, work, &exponent->value[cell], &exponent->error[cell], &chi2[cell]);
    agrees[cell] = mdm_parts_agree(lowest[cell], predicted[cell], absent, exponent->value[cell], exponent->error[cell], mdm_parts_reach((double)s->runs));
  }
}

static int fill(const mdm_depth_series *s, const mdm_config *cfg, mdm_array *rms, mdm_array *exponent, double *lowest, double *predicted,
                double *agrees, double *chi2, mdm_error *err) {
  mdm_depth_prediction p;
  size_t most = 3 * s->n > s->runs ? 3 * s->n : s->runs;
  double *work = mdm_alloc(most + s->n, 1, 1, sizeof *work), *x = work + most; /* max(3 × n, runs); n */
  double rounding = mdm_parts_rounding(cfg, s->width ? "simulate.precision" : "solve.precision");
  int status = work ? mdm_parts_predict_depth(cfg, &p, err) : mdm_no_memory(err, "the parts at several depths");
  if (status) return free(work), status;
  memcpy(predicted, s->width ? p.networks : p.limit, sizeof p.limit);
  memcpy(lowest, p.lowest, sizeof p.lowest);
  for (size_t i = 0; i < s->n; i++) {
    x[i] = (double)s->depth[i];
    fill_depth(s, i, rounding, work, rms);
  }
  judge(s, rms, x, work, exponent, lowest, predicted, agrees, chi2);
  free(work);
  return MDM_OK;
}

int mdm_depth_parts_add(const mdm_depth_series *s, const mdm_config *cfg, mdm_record *rec, mdm_error *err) {
  const mdm_array *time = mdm_record_find(mdm_depth_ensemble(s, 0)->each[0], "parts/time");
  size_t dim[3] = {MDM_SPLITS, MDM_PARTS_COUNT, s->n}, one = 1;
  mdm_array *rms, *exponent;
  double *step, *lowest, *predicted, *agrees, *chi2;
  char path[96];
  if (!time) return MDM_OK;
  mdm_depth_path(s, "parts/step", path);
  int status = mdm_record_add(rec, path, 1, &one, "value", "step at which the parts are compared: the last of the time grid", &step, err);
  mdm_depth_path(s, "parts/rms", path);
  if (!status) status = mdm_record_add_pair(rec, path, 3, dim, "product, part, depth", "RMS of every part, over blocks; " ORDER, &rms, err);
  mdm_depth_path(s, "parts/exponent", path);
  if (!status) status = mdm_record_add_pair(rec, path, 2, dim, "product, part", "fitted p of RMS ~ L^p through depths from 4 on; NaN: the part is absent", &exponent, err);
  mdm_depth_path(s, "parts/chi2", path);
  if (!status) status = mdm_record_add(rec, path, 2, dim, "product, part", "chi^2 per degree of freedom of this fit; NaN: none is left", &chi2, err);
  mdm_depth_path(s, "parts/predicted", path);
  if (!status) status = mdm_record_add(rec, path, 2, dim, "product, part", "p from the exponents of L; -inf: absent; NaN: no prediction", &predicted, err);
  mdm_depth_path(s, "parts/lowest", path);
  if (!status) status = mdm_record_add(rec, path, 2, dim, "product, part", "as predicted; of a part of h^L - h^0 that is a sum of two powers, the smaller one", &lowest, err);
  mdm_depth_path(s, "parts/agrees", path);
  if (!status) status = mdm_record_add(rec, path, 2, dim, "product, part", "1: fitted and predicted agree, 0: they do not, NaN: nothing to compare", &agrees, err);
  if (status) return status;
  *step = time->value[time->dim[0] - 1];
  return fill(s, cfg, rms, exponent, lowest, predicted, agrees, chi2, err);
}
