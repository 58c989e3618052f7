/* A fit in progress: what its parts (settings, search, curvature, bootstrap, profile, extrapolation, predictions, optimum) know of each other. */
#ifndef MOEDMFT_LAW_FITTING_H
#define MOEDMFT_LAW_FITTING_H

#include <moedmft/law.h>

#include "base/text.h"
#include "law/laws.h"
#include "law/runs.h"
#include "law/target.h"

enum { MDM_FEWEST_RESAMPLES = 20 }; /* that give an interval */

typedef struct mdm_fitting {
  const mdm_law_runs *runs;
  const mdm_law_options *o;
  const mdm_law *law;      /* NULL: an expression */
  mdm_expression e;
  mdm_law_axis axis[MDM_LAW_PARAMETERS];
  mdm_target all;          /* every run */
  double *error;           /* rows: standard error of ln loss; NULL: not known */
  double limit_error;      /* of L_inf, where it is the file's limit; else 0 */
  int limit_at;            /* the parameter that is the file's limit; −1: none */
  size_t rows, p, free;    /* runs, parameters, those that are fitted */
  double x[MDM_LAW_PARAMETERS], value; /* the fit, and the target there */
  size_t starts;
  double *start, *end, *end_value; /* starts × p, starts × p, starts: where each began, where it came to rest, the target there */
  double scale;            /* a rise of the target by half of this is one of 1 in −2 ln likelihood; NaN: not known */
  double error_of[MDM_LAW_PARAMETERS]; /* standard errors of the axes' coordinates; infinite: not identified */
  int blind[MDM_LAW_PARAMETERS];       /* the runs do not tell it from others */
  double inside;            /* share of the runs whose residuals are within δ */
  double quantile, stretch; /* of Student's t for 95 %, and by how much intervals of the bootstrap are stretched */
  size_t resamples;        /* of the bootstrap: */
  double *sample;          /* resamples × p; the first is NaN where one failed */
  mdm_text warnings;
  mdm_law_fit *fit;
} mdm_fitting;

/* warn.c: a line among the warnings. */
void mdm_law_warn(mdm_fitting *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* settings.c: the formula, the axes and their bounds, starts and fixed values. */
int mdm_law_settings(mdm_fitting *f, mdm_error *err);
/* "N=1e9,D=2e10": value[i] for each of n names, NaN: not there; names that are none of these are refused with what: "--predict". */
int mdm_law_assignments(const char *text, const char *what, size_t n, const char *const *name, double *value, mdm_error *err);
/* The parameters by name, "E, A, B". */
void mdm_law_names(const mdm_expression *e, char *out, size_t size);

/* search.c: from every start; the best into x, value. */
int mdm_law_search(mdm_fitting *f, mdm_error *err);
/* The best of a target (part of the runs, or resampled ones) from x and from the `most` starts that are best there; x receives it, value is returned. */
double mdm_law_search_near(const mdm_fitting *f, mdm_target *t, size_t most, double *x);

/* curvature.c: scale, standard errors, what the runs do not tell. */
int mdm_law_curvature(mdm_fitting *f, mdm_error *err);

/* bootstrap.c: the resamples; the interval of a number whose values in them are sample (resamples, used up); is_log: it is stretched on a logarithmic scale. */
int mdm_law_bootstrap(mdm_fitting *f, mdm_error *err);
mdm_law_number mdm_law_interval(const mdm_fitting *f, double value, double *sample, int is_log);
int mdm_law_intervals(mdm_fitting *f, mdm_error *err);

/* profile.c: intervals by profiles. */
int mdm_law_profile(mdm_fitting *f, mdm_error *err);
/* extrapolate.c: the largest sizes left out. */
int mdm_law_extrapolate(mdm_fitting *f, mdm_error *err);
/* predict.c: before the search, whether what is asked can be answered; the answers. */
int mdm_law_predict_check(const mdm_fitting *f, mdm_error *err);
int mdm_law_predict(mdm_fitting *f, mdm_error *err);
/* optimum.c: the same. */
int mdm_law_optimum_check(const mdm_fitting *f, mdm_error *err);
int mdm_law_optimum(mdm_fitting *f, mdm_error *err);

#endif
