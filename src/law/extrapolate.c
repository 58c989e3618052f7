/* How well the law foretells larger runs: it is fitted without the largest, and compared with them. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "law/fitting.h"

enum { TRIED = 8 };
static const double SHARE = 0.2; /* of the runs, at least, is left out */

/* The column by which runs are large. */
static const char *choose_column(const mdm_fitting *f) {
  static const char *const order[] = {"N", "N_a", "D"};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if (mdm_expression_column(&f->e, order[i]) >= 0) return order[i];
  return f->e.column[0];
}

/* The smallest size that is left out: runs of that size and larger are SHARE of all, and leave enough. NaN: there is none. */
static double choose_size(const mdm_fitting *f, const double *size) {
  double *sorted = mdm_alloc(f->rows, 1, 1, sizeof *sorted), from = NAN;
  if (!sorted) return NAN;
  memcpy(sorted, size, f->rows * sizeof *sorted);
  gsl_sort(sorted, 1, f->rows);
  for (size_t i = f->rows; i-- > f->free + 1;) { /* i runs stay */
    if (sorted[i] == sorted[i - 1]) continue;
    from = sorted[i];
    if ((double)(f->rows - i) >= SHARE * (double)f->rows) break;
  }
  free(sorted);
  return from;
}

static double rms(size_t n, const double *r, double *mean) {
  double square = 0, sum = 0;
  for (size_t i = 0; i < n; i++) square += r[i] * r[i] / (double)n, sum += r[i] / (double)n;
  if (mean) *mean = sum;
  return sqrt(square);
}

/* index: the runs that stay, then those left out (rows); stay: how many stay. */
static int compare(mdm_fitting *f, const size_t *index, size_t stay, mdm_error *err) {
  mdm_law_fit *fit = f->fit;
  mdm_target kept, held;
  double x[MDM_LAW_PARAMETERS];
  memcpy(x, f->x, sizeof x);
  int status = mdm_target_pick(&f->all, stay, index, NULL, &kept, err);
  if (status) return status;
  status = mdm_target_pick(&f->all, f->rows - stay, index + stay, NULL, &held, err);
  if (!status) {
    mdm_law_search_near(f, &kept, TRIED, x);
    mdm_target_residuals(&kept, x, kept.value);
    mdm_target_residuals(&held, x, held.value);
    fit->held = f->rows - stay;
    fit->kept_rms = rms(stay, kept.value, NULL);
    fit->held_rms = rms(fit->held, held.value, &fit->held_mean);
    mdm_target_free(&held);
  }
  mdm_target_free(&kept);
  return status;
}

int mdm_law_extrapolate(mdm_fitting *f, mdm_error *err) {
  const char *name = choose_column(f);
  const double *size = mdm_law_runs_find(f->runs, name)->value;
  size_t *index = mdm_alloc(f->rows, 1, 1, sizeof *index), stay = 0, out = f->rows;
  if (!index) return mdm_no_memory(err, "the runs of a fit");
  double from = choose_size(f, size);
  f->fit->held_from = from, f->fit->held_rms = f->fit->held_mean = f->fit->kept_rms = NAN;
  int status = MDM_OK;
  if (!isnan(from)) {
    for (size_t i = 0; i < f->rows; i++) index[size[i] < from ? stay++ : --out] = i;
    snprintf(f->fit->held_column, sizeof f->fit->held_column, "%.31s", name);
    status = compare(f, index, stay, err);
  } else {
    mdm_law_warn(f, "too few runs of too few %s to leave the largest out", name);
  }
  free(index);
  return status;
}
