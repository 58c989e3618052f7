/* One line about a comparison: does the deviation of the predictions shrink as predicted, and do networks, extrapolated to
 * N = infinity, arrive at the limit (moedmft/compare.h)? */
#include <moedmft/compare.h>

#include <math.h>
#include <stdio.h>

#include "config/networks.h"
#include "study/compare.h"

/* As in the studies of validation/: agreement within 2 standard errors; an exponent known to less than this is not resolved. */
static const double AGREEMENT = 2, RESOLUTION = 0.35;
/* Extrapolations are resolved by this fraction of the array, too. */
static const double FRACTION = 0.01;

static const char ADVICE[] = "use more seeds (simulate.seeds), more replicas (solve.replicas) or smaller widths (simulate.widths)";

typedef enum { YES, NO, UNRESOLVED } answer;

typedef struct {
  double p, error, lowest, highest;           /* exponent and its predicted range */
  double rms_z, max_z, noise, deviation, scale; /* noise: of the extrapolation; deviation: of the narrowest networks */
} finding;

static double number(const mdm_record *rec, const char *what, size_t i, int error) {
  return mdm_comparison_number(rec, "train/prediction", what, i, error);
}

static finding find(const mdm_record *rec) {
  return (finding){number(rec, "exponent", 0, 0), number(rec, "exponent", 0, 1), number(rec, "predicted", 0, 0), number(rec, "predicted", 1, 0),
                   number(rec, "extrapolated_rms_z", 0, 0), number(rec, "extrapolated_max_z", 0, 0), number(rec, "extrapolated_error", 0, 0),
                   number(rec, "deviation", 0, 0), number(rec, "scale", 0, 0)};
}

static answer judge_rate(const finding *f) {
  if (!isfinite(f->p) || !(f->error <= RESOLUTION)) return UNRESOLVED;
  return f->p >= f->lowest - AGREEMENT * f->error && f->p <= f->highest + AGREEMENT * f->error ? YES : NO;
}

static answer judge_limit(const finding *f) {
  if (!isfinite(f->rms_z) || !(f->noise < fmax(f->deviation, FRACTION * f->scale))) return UNRESOLVED;
  return f->rms_z <= AGREEMENT ? YES : NO;
}

static void print_rate(const finding *f, answer a, char *out, size_t size) {
  static const char *const words[] = {"holds", "deviates", "unresolved"};
  char range[48] = "";
  if (f->lowest < f->highest) snprintf(range, sizeof range, "%g to ", f->lowest);
  if (isfinite(f->p))
    snprintf(out, size, "rate %s (deviation ~ N^-p, p = %.2f +- %.2f, predicted %s%g)", words[a], f->p, f->error, range, f->highest);
  else
    snprintf(out, size, "rate %s (no deviation stands out of the noise)", words[a]);
}

static void print_limit(const finding *f, answer a, char *out, size_t size) {
  static const char *const words[] = {"agrees", "deviates", "unresolved"};
  if (!isfinite(f->rms_z))
    snprintf(out, size, "limit %s (nothing to extrapolate)", words[a]);
  else if (a == UNRESOLVED)
    snprintf(out, size, "limit %s (error of the extrapolation %.2g, deviation at the smallest width %.2g)", words[a], f->noise, f->deviation);
  else
    snprintf(out, size, "limit %s (extrapolated networks are %.1f standard errors away, RMS; %.1f at most)", words[a], f->rms_z, f->max_z);
}

int mdm_comparison_verdict(const mdm_record *comparison, int expect, char *line, size_t size, mdm_error *err) {
  finding f = find(comparison);
  answer rate = judge_rate(&f), limit = judge_limit(&f);
  char of_rate[160], of_limit[160];
  print_rate(&f, rate, of_rate, sizeof of_rate);
  print_limit(&f, limit, of_limit, sizeof of_limit);
  snprintf(line, size, "%s; %s", of_rate, of_limit);
  int no_rate = expect & MDM_EXPECT_RATE && rate != YES, no_limit = expect & MDM_EXPECT_LIMIT && limit != YES;
  if (!no_rate && !no_limit) return MDM_OK;
  int unresolved = (no_rate && rate == UNRESOLVED) || (no_limit && limit == UNRESOLVED);
  return mdm_fail(err, MDM_ERR_EXPECT, "%s%s%s%s%s", no_rate ? of_rate : "", no_rate && no_limit ? "; " : "", no_limit ? of_limit : "",
                  unresolved ? ": " : "", unresolved ? ADVICE : "");
}

int mdm_comparison_prepare(const mdm_config *cfg, mdm_error *err) {
  int status = mdm_networks_require_pairs(cfg, "--expect", "judges a rate and an extrapolation", err);
  if (status) return status;
  if (mdm_config_int(cfg, "solve.replicas") < 2)
    return mdm_fail(err, MDM_ERR_CONFIG, "--expect needs the limit's standard error: solve.replicas must be at least 2, not %ld", mdm_config_int(cfg, "solve.replicas"));
  return MDM_OK;
}
