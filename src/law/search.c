/* The smallest value of the target: from all starts, or, for parts of the runs, from those that look best there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/board.h"
#include "base/memory.h"
#include "law/fitting.h"
#include "law/starts.h"

enum { MOST_ITERATIONS = 300, MOST_TRIED = 16 };

static void descend(void *context, size_t i) {
  mdm_fitting *f = context;
  mdm_target t;
  double *x = f->end + i * f->p;
  f->end_value[i] = NAN; /* memory is out */
  memcpy(x, f->start + i * f->p, f->p * sizeof *x);
  if (mdm_target_pick(&f->all, f->rows, NULL, NULL, &t, NULL)) return;
  f->end_value[i] = mdm_target_minimize(&t, NULL, MOST_ITERATIONS, x);
  mdm_target_free(&t);
}

static int choose_best(mdm_fitting *f, mdm_error *err) {
  size_t best = 0;
  for (size_t i = 0; i < f->starts; i++) {
    if (isnan(f->end_value[i])) return mdm_no_memory(err, "%zu starts of a fit", f->starts);
    if (f->end_value[i] < f->end_value[best]) best = i;
  }
  f->value = f->end_value[best];
  memcpy(f->x, f->end + best * f->p, f->p * sizeof *f->x);
  if (!isfinite(f->value))
    return mdm_fail(err, MDM_ERR_NUMERIC, "no start of %zu has a positive law at all runs; change --start, --bound or the law", f->starts);
  return MDM_OK;
}

int mdm_law_search(mdm_fitting *f, mdm_error *err) {
  f->start = mdm_alloc(f->starts, f->p, 1, sizeof *f->start);
  f->end = mdm_alloc(f->starts, f->p, 1, sizeof *f->end);
  f->end_value = mdm_alloc(f->starts, 1, 1, sizeof *f->end_value);
  if (!f->start || !f->end || !f->end_value) return mdm_no_memory(err, "%zu starts of a fit", f->starts);
  int threads = mdm_workers(f->o->threads, NULL), status = mdm_law_starts(&f->all, f->starts, threads, f->start, err);
  if (status) return status;
  mdm_parallel(f->starts, threads, descend, f);
  return choose_best(f, err);
}

/* The starts whose targets are smallest, ascending; of equal ones the first. */
static size_t look_best(const mdm_fitting *f, mdm_target *t, size_t most, size_t *at) {
  double value[MOST_TRIED];
  size_t n = 0;
  for (size_t i = 0; i < f->starts; i++) {
    double v = mdm_target_value(t, f->start + i * f->p);
    if (!isfinite(v) || (n == most && v >= value[n - 1])) continue;
    size_t j = n < most ? n++ : n - 1;
    for (; j > 0 && value[j - 1] > v; j--) value[j] = value[j - 1], at[j] = at[j - 1];
    value[j] = v, at[j] = i;
  }
  return n;
}

double mdm_law_search_near(const mdm_fitting *f, mdm_target *t, size_t most, double *x) {
  size_t at[MOST_TRIED], n = look_best(f, t, most < MOST_TRIED ? most : MOST_TRIED, at);
  double best = mdm_target_minimize(t, NULL, MOST_ITERATIONS, x), y[MDM_LAW_PARAMETERS];
  for (size_t i = 0; i < n; i++) {
    memcpy(y, f->start + at[i] * f->p, f->p * sizeof *y);
    double v = mdm_target_minimize(t, NULL, MOST_ITERATIONS, y);
    if (v < best) best = v, memcpy(x, y, f->p * sizeof *x);
  }
  return best;
}
