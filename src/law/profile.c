/* Intervals by profiles: where the target, made small over all other parameters, has risen by what Student's t exceeds in 5 % of cases. A side on which it does
 * not rise so far has its bound as its end, and the runs do not tell the parameter from there. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/memory.h"
#include "law/fitting.h"

enum { MOST_ITERATIONS = 200, MOST_STEPS = 60, MOST_REFINED = 25 };
static const double CLOSE = 0.005, MOST_ERRORS = 10; /* of the root of the rise; of the limit */

typedef struct {
  mdm_fitting *f;
  mdm_target all;                            /* every run, and what is known of the limit */
  mdm_law_axis axis[MDM_LAW_PARAMETERS];     /* with the limit free, where it has an error */
  double x[MDM_LAW_PARAMETERS], value;       /* the best fit */
  size_t free[MDM_LAW_PARAMETERS];
  double end[2 * MDM_LAW_PARAMETERS]; /* of each free parameter: below, above; NaN: memory was out */
  int open[2 * MDM_LAW_PARAMETERS];   /* the bound came first */
} job;

/* A place on the profile of parameter k: its coordinate, and the root of the rise over what is sought, 1 at the end. */
typedef struct {
  double u, root, x[MDM_LAW_PARAMETERS];
} place;

static double coordinate(const mdm_law_axis *a, double x) { return a->log ? log(x) : x; }

/* The place at u, from where another is. */
static place look(const job *j, mdm_target *t, size_t k, double u, const place *from) {
  int held[MDM_LAW_PARAMETERS] = {0};
  place p = *from;
  held[k] = 1;
  p.u = u;
  p.x[k] = j->axis[k].log ? exp(u) : u;
  double rise = mdm_target_minimize(t, held, MOST_ITERATIONS, p.x) - j->value;
  p.root = sqrt(fmax(0, 2 * rise / j->f->scale)) / j->f->quantile;
  return p;
}

/* The end between two places, the first inside: the root rises about linearly. */
static double refine(const job *j, mdm_target *t, size_t k, place in, place out) {
  for (int i = 0; i < MOST_REFINED && fabs(out.u - in.u) > 1e-12 * fabs(in.u); i++) {
    double share = isfinite(out.root) ? (1 - in.root) / (out.root - in.root) : 0.5;
    share = fmin(fmax(share, 0.05), 0.95);
    place p = look(j, t, k, in.u + share * (out.u - in.u), &in);
    if (fabs(p.root - 1) < CLOSE) return p.u;
    if (p.root < 1) in = p;
    else out = p;
  }
  return 0.5 * (in.u + out.u);
}

/* The end of parameter k on one side; *open: it is the bound. */
static double follow(const job *j, mdm_target *t, size_t k, int up, int *open) {
  const mdm_law_axis *a = &j->axis[k];
  double end = coordinate(a, up ? a->high : a->low), error = j->f->error_of[k], step = isfinite(error) && error > 0 ? error : 0.1 * fabs(end - coordinate(a, j->x[k])) / MOST_STEPS;
  place in = {.u = coordinate(a, j->x[k])};
  memcpy(in.x, j->x, j->f->p * sizeof *in.x);
  for (int i = 0; i < MOST_STEPS; i++, step *= 1.5) {
    double u = up ? fmin(in.u + step, end) : fmax(in.u - step, end);
    place out = look(j, t, k, u, &in);
    if (!(out.root < 1)) return refine(j, t, k, in, out);
    if (u == end) break;
    in = out;
  }
  *open = 1;
  return end;
}

static void one_side(void *context, size_t i) {
  job *j = context;
  const mdm_fitting *f = j->f;
  size_t k = j->free[i / 2];
  mdm_target t;
  j->end[i] = NAN;
  if (mdm_target_pick(&j->all, f->rows, NULL, NULL, &t, NULL)) return;
  double u = follow(j, &t, k, i % 2, &j->open[i]);
  j->end[i] = f->axis[k].log ? exp(u) : u;
  mdm_target_free(&t);
}

/* Runs with errors, and a limit with one: it may move, at the cost of that error, within MOST_ERRORS of it. */
static int free_limit(job *j, mdm_error *err) {
  const mdm_fitting *f = j->f;
  mdm_target t;
  j->all = f->all, j->all.axis = j->axis, j->value = f->value;
  memcpy(j->axis, f->axis, f->p * sizeof *j->axis);
  memcpy(j->x, f->x, f->p * sizeof *j->x);
  if (!f->error || !(f->limit_error > 0) || !(f->scale > 0)) return MDM_OK;
  double at = f->x[f->limit_at], room = MOST_ERRORS * f->limit_error;
  j->axis[f->limit_at] = (mdm_law_axis){.low = at - room, .high = at + room};
  j->all.known = at, j->all.known_at = (size_t)f->limit_at, j->all.known_weight = f->scale / (f->limit_error * f->limit_error);
  int status = mdm_target_pick(&j->all, f->rows, NULL, NULL, &t, err);
  if (status) return status;
  j->value = mdm_target_minimize(&t, NULL, MOST_ITERATIONS, j->x);
  mdm_target_free(&t);
  return MDM_OK;
}

/* What a side that is open means. */
static void judge(mdm_fitting *f, size_t k, int low, int high) {
  const char *name = f->e.parameter[k];
  mdm_law_parameter *p = &f->fit->parameter[k];
  p->identified = !f->blind[k] && !low && !high;
  if (f->blind[k]) mdm_law_warn(f, "%s is not identified: the runs do not tell it from other parameters (the Hessian is singular)", name);
  else if (low && high) mdm_law_warn(f, "%s is not identified: its interval reaches both bounds, %g and %g", name, f->axis[k].low, f->axis[k].high);
  else if (low || high) mdm_law_warn(f, "%s is not identified from %s: its interval reaches the bound %g", name, low ? "below" : "above", low ? f->axis[k].low : f->axis[k].high);
}

int mdm_law_profile(mdm_fitting *f, mdm_error *err) {
  job j = {.f = f};
  size_t n = 0;
  for (size_t k = 0; k < f->p; k++) {
    double error = (int)k == f->limit_at ? gsl_cdf_ugaussian_Pinv(0.975) * f->limit_error : 0;
    f->fit->parameter[k].profile_low = f->axis[k].fixed ? f->x[k] - error : NAN;
    f->fit->parameter[k].profile_high = f->axis[k].fixed ? f->x[k] + error : NAN;
    f->fit->parameter[k].identified = !f->axis[k].fixed;
    if (!f->axis[k].fixed) j.free[n++] = k;
  }
  if (!(f->scale > 0) || !isfinite(f->quantile)) {
    mdm_law_warn(f, "the law goes through all runs: there is no noise to tell intervals by");
    return MDM_OK;
  }
  int status = free_limit(&j, err);
  if (status) return status;
  mdm_parallel(2 * n, mdm_workers(f->o->threads, NULL), one_side, &j);
  for (size_t i = 0; i < 2 * n; i++)
    if (isnan(j.end[i])) return mdm_no_memory(err, "the profiles of a fit");
  for (size_t i = 0; i < n; i++) {
    mdm_law_parameter *p = &f->fit->parameter[j.free[i]];
    p->profile_low = j.end[2 * i], p->profile_high = j.end[2 * i + 1];
    judge(f, j.free[i], j.open[2 * i], j.open[2 * i + 1]);
  }
  return MDM_OK;
}
