/* Predicted rates of convergence (docs/theory.md, sections 11 to 14).
 *
 * Means over seeds of smooth averages approach the limit like 1/N. Between 1/2 and 1 lie
 *   roots (RMS, standard deviations) of what vanishes at the start in the limit and is O(N^-1/2) in networks: fields whose
 *     initial part vanishes, logits of counted experts, the gate's gradient where it is a mean over a growing number of neurons;
 *   everything, when an entrywise optimizer rescales gradients that vanish (sign descent: any gradient near zero), or top-K or a kink
 *     reads the direction of a part that vanishes (scaling/vanishing.h);
 *   quantiles of a distribution that is concentrated on points (counted experts) or jumps (gates of the selected).
 * No rate is predicted for what counts: accuracies, histograms of points, loads of a selection.
 */
#include "scaling/compare_predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scaling/coordcheck_predict.h"
#include "scaling/model.h"
#include "scaling/parameterization_config.h"
#include "scaling/optimizer.h"
#include "scaling/vanishing.h"

int mdm_rate_rules_read(const mdm_config *cfg, mdm_rate_rules *out, mdm_error *err) {
  const mdm_regime *regime;
  mdm_parameterization p;
  mdm_optimizer optimizer;
  mdm_model model;
  mdm_vanishing vanishing;
  int status = mdm_parameterization_read(cfg, &regime, &p, err);
  if (!status) status = mdm_optimizer_read(cfg, &optimizer, err);
  if (!status) status = mdm_model_read(cfg, 1, 1, &model, err);
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS && !status; k++)
    if ((out->has[k] = mdm_model_count(&model, k) > 0)) status = mdm_parts_predict(cfg, k, 0, out->part[k], err);
  if (status) return status;
  mdm_vanishing_read(&model, &optimizer, &vanishing);
  out->reads_vanishing = vanishing.reads_vanishing;
  out->experts_counted = !regime->experts_grow;
  out->neurons_grow = regime->neurons_grow;
  out->selects = out->experts_counted ? mdm_config_int(cfg, "model.active") > 0 : mdm_config_real(cfg, "model.active_fraction") < 1;
  out->entrywise = optimizer.method.entrywise;
  out->sign = optimizer.kind == MDM_STEP_SIGN;
  return MDM_OK;
}

/* −infinity: zero in networks, too. */
static int vanishes(double exponent) { return isfinite(exponent) && exponent < 0; }
static int part_vanishes(const mdm_rate_rules *r, mdm_split s, mdm_part_kind part) {
  for (mdm_block_kind k = 0; k < MDM_BLOCK_KINDS; k++)
    if (r->has[k] && vanishes(r->part[k][s][part])) return 1;
  return 0;
}
static int starts_small(const mdm_rate_rules *r, mdm_split s) { return part_vanishes(r, s, MDM_PART_INIT); }

/* Counted experts: also where the router starts at zero, each expert's gate feels its own O(N^-1/2). */
static int small_logits(const mdm_rate_rules *r) { return r->experts_counted || starts_small(r, MDM_SPLIT_PSI); }

static int is_one_of(const char *path, const char *const *names) {
  for (; *names; names++)
    if (!strcmp(path, *names)) return 1;
  return 0;
}

/* ---------------------------------------------------------------- kinds of arrays */

/* Roots of a square that vanishes at the start. */
static int is_small_root(const mdm_rate_rules *r, const char *path) {
  static const char *const logits[] = {"rms/psi", "router/load_std", "router/logit_std", "router/bias_std", NULL};
  static const char *const sums[] = {"rms/a", "statistics/alignment/a", NULL}, *const back[] = {"rms/b", "rms/gamma", NULL};
  static const char *const stream[] = {"rms/r", "rms/r_slope", NULL};
  if (is_one_of(path, logits)) return small_logits(r);
  if (is_one_of(path, sums)) return starts_small(r, MDM_SPLIT_A);
  if (is_one_of(path, back)) return starts_small(r, MDM_SPLIT_B);
  if (is_one_of(path, stream)) return starts_small(r, MDM_SPLIT_R);
  if (!strcmp(path, "rms/rho")) return starts_small(r, MDM_SPLIT_B) || r->neurons_grow;
  return r->entrywise && !strcmp(path, "overlap/Q") && small_logits(r);
}

/* "W2/forward/total". */
static int is_small_part(const mdm_rate_rules *r, const char *path) {
  char name[64];
  for (int s = 0; s < MDM_SPLITS; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++) {
      snprintf(name, sizeof name, "%s/%s", mdm_split_path((mdm_split)s), mdm_part_name((mdm_part_kind)k));
      if (!strcmp(path, name)) return part_vanishes(r, (mdm_split)s, (mdm_part_kind)k) || starts_small(r, (mdm_split)s);
    }
  return 0;
}

/* "psi/quantile": 1, 1/2 or NaN. */
static double of_distribution(const mdm_rate_rules *r, const char *path) {
  int load = !strncmp(path, "load/", 5), gate = !strncmp(path, "g/", 2);
  if (!strncmp(path, "attention/", 10)) return r->experts_counted ? 0.5 : 1; /* heads that widen are alike in the limit */
  if (!load && !gate && strncmp(path, "psi/", 4)) return 1;
  if (load && r->selects) return NAN;
  if (!r->experts_counted) return gate && r->selects ? 0.5 : 1;
  return strstr(path, "histogram") ? NAN : 0.5;
}

double mdm_rate_lowest(const mdm_rate_rules *r, const char *path) {
  double p = 1;
  const char *name = !strncmp(path, "observables/", 12) ? path + 12 : path;
  if (!strcmp(name, "train/accuracy") || !strcmp(name, "test/accuracy")) return NAN;
  if (!strncmp(name, "statistics/", 11)) p = of_distribution(r, name + 11);
  if (isnan(p)) return p;
  if (is_small_root(r, name)) p = 0.5;
  if (!strncmp(name, "parts/", 6) && is_small_part(r, name + 6)) p = 0.5;
  if (r->sign || r->reads_vanishing || (r->entrywise && starts_small(r, MDM_SPLIT_B))) p = 0.5;
  return p;
}
