/* Refinement of a sweep: the best value against a fine grid, files that go on, and values that end at an option's range. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/arrays.h"
#include "support/folder.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/sweeps.h"
#include "support/words.h"
#include "study/sweep_grow.h"

/* Full batches, whose loss after so many steps has a kink in the rate; cheap. */
#define KINK "train.steps=24 simulate.widths=8,12 simulate.seeds=6 data.train=3"

static mdm_sweep *refined(const char *axes, double tolerance, const mdm_monitor *monitor, const char *name, int *status) {
  mdm_sweep *s = create_sweep(KINK, axes, 0);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_refine(s, tolerance, NULL), MDM_OK);
  *status = run_sweep(s, monitor, name);
  return s;
}

static double ln_best(const mdm_sweep *s, size_t w) { return log(values(s->results, "results/optimum")[w]); }

/* The minimum of a fine grid's losses, of the same runs. */
static double fine_best(const mdm_sweep *fine, size_t w) {
  size_t best = 0;
  const mdm_series *loss = &fine->mean[fine->measure];
  for (size_t p = 1; p < fine->points; p++)
    if (loss->value[p * fine->widths + w] < loss->value[best * fine->widths + w]) best = p;
  return log(fine->grid.axis[0].value[best]);
}

/* Alone, the coarse list says how little it knows; refined, it finds the minimum of a fine grid within the tolerance. */
static void test_finds_minimum(void) {
  int status;
  mdm_monitor monitor = {.threads = 2};
  mdm_sweep *coarse = computed_sweep(KINK, "train.lr=log:0.2:3.2:5", 0, 2, "c.h5"), *fine = computed_sweep(KINK, "train.lr=log:0.4:3.2:140", 0, 2, "f.h5");
  mdm_sweep *s = refined("train.lr=log:0.2:3.2:5", 0.02, &monitor, "a.h5", &status);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  for (size_t w = 0; w < 2; w++) {
    double at = fine_best(fine, w), spacing = log(8) / 139;
    const mdm_best *b = &s->best[w], *rough = &coarse->best[w];
    CU_ASSERT(rough->x_between > 0.1 && fabs(ln_best(coarse, w) - at) < sqrt(3) * rough->x_between);
    CU_ASSERT(b->x_between <= fmax(0.02, 0.5 * b->x_runs));
    CU_ASSERT(fabs(ln_best(s, w) - at) < sqrt(3) * b->x_between + spacing);
    CU_ASSERT(b->loss < 1.2 * coarse->best[w].loss && (b->loss_error < 10 * b->loss || b->runs < 2)); /* one run that carries the mean tells no error */
  }
  size_t ready;
  CU_ASSERT_EQUAL(mdm_sweep_cells(s, &ready), ready);
  CU_ASSERT(ready < s->cells || s->points == 5); /* not every width needs every value */
  char *text;
  CU_ASSERT_EQUAL(mdm_sweep_report(s, &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NULL(strstr(text, "--refine"));
  free(text);
  CU_ASSERT_EQUAL(mdm_sweep_report(coarse, &text, NULL), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "--refine"));
  free(text);
  mdm_sweep_free(s);
  mdm_sweep_free(coarse);
  mdm_sweep_free(fine);
}

/* Stopped again and again, with other numbers of threads: the same values, the same bits. */
static void test_resume(void) {
  int status = MDM_INTERRUPTED, stops = 0;
  mdm_monitor once = {.threads = 1};
  mdm_sweep *whole = refined("train.lr=0.4,0.8,1.6", 0.02, &once, "a.h5", &status), *parts = NULL;
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_sweep_free(whole);
  for (status = MDM_INTERRUPTED; status == MDM_INTERRUPTED && stops < 60; stops++) {
    stopper context = {.after = 250};
    mdm_monitor monitor = {.report = stop_after, .context = &context, .stop = &context.stop, .threads = 1 + stops % 3};
    mdm_sweep_free(refined("train.lr=0.4,0.8,1.6", 0.02, &monitor, "b.h5", &status));
  }
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  CU_ASSERT(stops > 2);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder("a.h5"), &whole, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder("b.h5"), &parts, NULL), MDM_OK);
  CU_ASSERT(whole->added_n > 2);
  check_same(whole->data, parts->data);
  check_same(whole->results, parts->results);
  mdm_sweep_free(whole);
  mdm_sweep_free(parts);
}

/* The file keeps what was added: for the same command without refinement, and where a value is asked for by name. */
static void test_goes_on(void) {
  int status;
  size_t ready, before;
  mdm_monitor monitor = {.threads = 2};
  mdm_sweep *s = refined("train.lr=0.4,0.8,1.6", 0.02, &monitor, "a.h5", &status), *plain = create_sweep(KINK, "train.lr=0.4,0.8,1.6", 0), *more;
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_sweep_cells(s, &before);
  CU_ASSERT_EQUAL(mdm_sweep_resume(plain, in_folder("a.h5"), NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_sweep_cells(plain, &ready), before);
  CU_ASSERT(ready == before && plain->added_n == s->added_n && plain->refine == 0);
  CU_ASSERT_EQUAL(ln_best(plain, 1), ln_best(s, 1));
  size_t skipped = 0;
  while (skipped < s->cells && s->status[skipped] != MDM_CELL_SKIPPED) skipped++;
  CU_ASSERT_FATAL(skipped < s->cells);
  char axes[200];
  snprintf(axes, sizeof axes, "train.lr=0.4,0.8,1.6,%s", s->grid.axis[0].text[skipped / s->widths]);
  more = create_sweep(KINK, axes, 0);
  CU_ASSERT_EQUAL(mdm_sweep_resume(more, in_folder("a.h5"), NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_sweep_cells(more, &ready), before + 1);
  CU_ASSERT_EQUAL(ready, before);
  mdm_sweep_free(s);
  mdm_sweep_free(plain);
  mdm_sweep_free(more);
}

/* From below and from above the grid is extended until it holds the minimum. */
static void test_extends(void) {
  int status;
  mdm_monitor monitor = {.threads = 2};
  mdm_sweep *low = refined("train.lr=0.1,0.15", 0.05, &monitor, "a.h5", &status), *high = refined("train.lr=2.5,3.5", 0.05, &monitor, "b.h5", &status);
  for (size_t w = 0; w < 2; w++) {
    CU_ASSERT(mdm_best_is_known(&low->best[w]) && mdm_best_is_known(&high->best[w]));
    CU_ASSERT(fabs(ln_best(low, w) - ln_best(high, w)) < 3 * hypot(low->best[w].x_error, high->best[w].x_error));
  }
  mdm_sweep_free(low);
  mdm_sweep_free(high);
}

/* Whole numbers end at each other, ranges at their ends; an axis without a best value is refused. */
static void test_ends(void) {
  mdm_error err = {0};
  mdm_monitor monitor = {.threads = 2};
  mdm_sweep *s = create_sweep("train.steps=6 simulate.widths=8 simulate.seeds=3", "model.expert_width=1,4", 0);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_refine(s, 0.01, NULL), MDM_OK);
  CU_ASSERT_EQUAL(run_sweep(s, &monitor, "a.h5"), MDM_OK);
  for (size_t i = 0; i < s->grid.axis[0].n; i++) CU_ASSERT(s->grid.axis[0].value[i] >= 1 && s->grid.axis[0].value[i] == round(s->grid.axis[0].value[i]));
  mdm_sweep_free(s);
  s = create_sweep("train.steps=6 simulate.widths=8 simulate.seeds=3", "model.active_fraction=0.5,1", 0);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_refine(s, 0.3, NULL), MDM_OK);
  CU_ASSERT_EQUAL(run_sweep(s, &monitor, "b.h5"), MDM_OK);
  CU_ASSERT(s->grid.axis[0].value[s->grid.axis[0].n - 1] == 1);
  mdm_sweep_free(s);
  s = create_sweep(KINK, "model.parameterization=mup,mssp", 0);
  CU_ASSERT_EQUAL(mdm_sweep_refine(s, 0.01, &err), MDM_ERR_CONFIG);
  check_mentions(err.text, "--refine|no axis");
  CU_ASSERT_EQUAL(mdm_sweep_refine(s, 2, &err), MDM_ERR_CONFIG);
  mdm_sweep_free(s);
}

static const test_case tests[] = {
    {"the minimum of a fine grid", test_finds_minimum},
    {"interrupted equals uninterrupted", test_resume},
    {"files keep added values", test_goes_on},
    {"minima beyond the grid", test_extends},
    {"whole numbers, ranges, axes without a best value", test_ends},
};

SUITE_IN_FOLDER("study/sweep_grow", tests)
