/* One line about a comparison: does the deviation of the predictions shrink as predicted, and do networks, extrapolated to
 * N = infinity, arrive at the limit (moedmft/compare.h)? */
#include <moedmft/compare.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/fit.h"
#include "config/networks.h"
#include "study/compare.h"

/* As in the studies of validation/: agreement within 2 standard errors (of few runs as rarely exceeded, base/fit.h); an exponent known
 * to less than this is not resolved. */
static const double AGREEMENT = 2, RESOLUTION = 0.35;
/* Extrapolations are resolved by this fraction of the array, too. */
static const double FRACTION = 0.01;

static const char ADVICE[] = "use more seeds (simulate.seeds), more replicas (solve.replicas) or smaller widths (simulate.widths)";

typedef enum { YES, NO, UNRESOLVED } answer;

typedef struct {
  double p, error, bound, lowest, highest;      /* exponent and its predicted range */
  double rms_z, max_z, noise, fit_chi2;         /* of the extrapolation; noise: its error */
  double rate_chi2;                             /* of the power */
  double first, last, scale;                    /* deviation of the narrowest and of the widest networks; RMS in the limit */
  double rate_limit, z_limit;                   /* standard errors that a rate and an extrapolation may be off */
  double fewest, width;                         /* the least number of runs, and of which width; 0: of the limit */
} finding;

static double number(const mdm_record *rec, const char *what, size_t i, int error) {
  return mdm_comparison_number(rec, "train/prediction", what, i, error);
}

/* Files of earlier versions do not tell degrees of freedom: then errors count as known. */
static double limit_of(const mdm_record *rec, const char *name) {
  double freedom = number(rec, name, 0, 0);
  return isnan(freedom) ? AGREEMENT : mdm_student(AGREEMENT, freedom);
}

static finding find(const mdm_record *rec) {
  finding f = {.p = number(rec, "exponent", 0, 0), .error = number(rec, "exponent", 0, 1), .bound = number(rec, "exponent_bound", 0, 0),
               .lowest = number(rec, "predicted", 0, 0), .highest = number(rec, "predicted", 1, 0), .rms_z = number(rec, "extrapolated_rms_z", 0, 0),
               .max_z = number(rec, "extrapolated_max_z", 0, 0), .noise = number(rec, "extrapolated_error", 0, 0),
               .fit_chi2 = number(rec, "fit_chi2", 0, 0), .rate_chi2 = number(rec, "exponent_chi2", 0, 0), .first = number(rec, "deviation", 0, 0), .scale = number(rec, "scale", 0, 0),
               .rate_limit = limit_of(rec, "exponent_freedom"), .z_limit = limit_of(rec, "extrapolated_freedom"),
               .fewest = mdm_comparison_at(rec, "replicas", 0, 0)};
  f.last = number(rec, "deviation", SIZE_MAX, 0);
  for (size_t w = 0; !isnan(mdm_comparison_at(rec, "seeds", w, 0)); w++)
    if (!(mdm_comparison_at(rec, "seeds", w, 0) >= f.fewest))
      f.fewest = mdm_comparison_at(rec, "seeds", w, 0), f.width = mdm_comparison_at(rec, "width", w, 0);
  return f;
}

static int has_few_runs(const finding *f) { return f->fewest < MDM_FEWEST_RUNS; }

/* A bound decides where it lies beyond the predicted range. */
static answer judge_rate(const finding *f) {
  if (!isfinite(f->p) || has_few_runs(f)) return UNRESOLVED;
  if (f->bound > 0) return f->p > f->highest ? NO : UNRESOLVED;
  if (f->bound < 0) return f->p < f->lowest ? NO : UNRESOLVED;
  if (!(f->error <= RESOLUTION)) return UNRESOLVED;
  return f->p >= f->lowest - f->rate_limit * f->error && f->p <= f->highest + f->rate_limit * f->error ? YES : NO;
}

/* Largest p that the fit leaves open. */
static double upper_end(const finding *f) { return f->bound < 0 ? f->p : f->bound > 0 || isnan(f->p) ? INFINITY : f->p + f->rate_limit * f->error; }

/* Whether networks move away from the limit as they grow. */
static int grows(const finding *f) { return !has_few_runs(f) && upper_end(f) < 0; }

/* Whether the series in N^−lowest that is extrapolated describes the networks: the residuals, and the measured rate. Where it does not,
 * its error is enlarged, and agreement within such an error says nothing. */
static int is_described(const finding *f) { return !(f->fit_chi2 > f->z_limit * f->z_limit) && !(upper_end(f) < f->lowest); }

static answer judge_limit(const finding *f) {
  if (has_few_runs(f)) return UNRESOLVED;
  if (grows(f)) return NO;
  if (!isfinite(f->rms_z) || !(f->noise < fmax(f->first, FRACTION * f->scale))) return UNRESOLVED;
  if (!(f->rms_z <= f->z_limit)) return NO;
  return is_described(f) ? YES : UNRESOLVED;
}

/* "2 networks of N = 16": who is too few. */
static void print_few(const finding *f, char *out, size_t size) {
  char of[40] = "of the limit";
  if (f->width > 0) snprintf(of, sizeof of, "of N = %.0f", f->width);
  snprintf(out, size, "%.0f %s%s %s, an error takes %d", f->fewest, f->width > 0 ? "network" : "replica", f->fewest == 1 ? "" : "s", of, MDM_FEWEST_RUNS);
}

static void print_rate(const finding *f, answer a, char *out, size_t size) {
  static const char *const words[] = {"holds", "deviates", "unresolved"};
  char range[48] = "", text[80];
  if (f->lowest < f->highest) snprintf(range, sizeof range, "%g to ", f->lowest);
  mdm_power_text("p", f->p, f->error, f->bound, text, sizeof text);
  if (has_few_runs(f)) print_few(f, text, sizeof text), snprintf(out, size, "rate %s (%s)", words[a], text);
  else if (isfinite(f->p))
    snprintf(out, size, f->rate_chi2 > MDM_MISFIT ? "rate %s (deviation ~ N^-p, %s, predicted %s%g; no power describes the deviations, chi-squared per degree of freedom %.3g)"
                                                  : "rate %s (deviation ~ N^-p, %s, predicted %s%g)", words[a], text, range, f->highest, f->rate_chi2);
  else snprintf(out, size, "rate %s (no deviation stands out of the noise)", words[a]);
}

static void print_limit(const finding *f, answer a, char *out, size_t size) {
  static const char *const words[] = {"agrees", "deviates", "unresolved"};
  char text[80];
  if (has_few_runs(f)) print_few(f, text, sizeof text), snprintf(out, size, "limit %s (%s)", words[a], text);
  else if (grows(f)) snprintf(out, size, "limit %s (the deviation grows with N: %.2g at the smallest width, %.2g at the largest)", words[a], f->first, f->last);
  else if (!isfinite(f->rms_z)) snprintf(out, size, "limit %s (nothing to extrapolate)", words[a]);
  else if (a == UNRESOLVED && f->rms_z <= f->z_limit && !is_described(f))
    snprintf(out, size, "limit %s (a series in N^-%g does not describe the networks, so its extrapolation proves nothing)", words[a], f->lowest);
  else if (a == UNRESOLVED)
    snprintf(out, size, "limit %s (error of the extrapolation %.2g, deviation at the smallest width %.2g)", words[a], f->noise, f->first);
  else
    snprintf(out, size, "limit %s (extrapolated networks are %.1f standard errors away, RMS; %.1f at most)", words[a], f->rms_z, f->max_z);
}

int mdm_comparison_verdict(const mdm_record *comparison, int expect, char *line, size_t size, mdm_error *err) {
  finding f = find(comparison);
  answer rate = judge_rate(&f), limit = judge_limit(&f);
  char of_rate[260], of_limit[200];
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
  int status = mdm_networks_require(cfg, MDM_FEWEST_RUNS, "--expect", "judges a rate and an extrapolation", err);
  if (status) return status;
  long replicas = mdm_config_int(cfg, "solve.replicas"); /* 0: chosen, and more */
  if (replicas > 0 && replicas < MDM_FEWEST_RUNS)
    return mdm_fail(err, MDM_ERR_CONFIG, "--expect needs the limit's standard error: solve.replicas must be at least %d, not %ld", MDM_FEWEST_RUNS, replicas);
  return MDM_OK;
}

void mdm_power_text(const char *name, double power, double error, double bound, char *buf, size_t size) {
  const char *who = name ? name : "", *is = name ? " = " : "", *blank = name ? " " : "";
  if (isnan(power)) snprintf(buf, size, "%s%s", who, name ? " unknown" : "-");
  else if (bound > 0 || bound < 0) snprintf(buf, size, "%s%s%c %.2f", who, blank, bound > 0 ? '>' : '<', power);
  else if (isfinite(error)) snprintf(buf, size, "%s%s%.2f +- %.2f", who, is, power, error);
  else snprintf(buf, size, "%s%s%.2f", who, is, power);
}
