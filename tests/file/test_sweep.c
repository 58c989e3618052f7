/* Sweeps that go on from a file: with more values and widths; files of other sweeps and of other kinds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/arrays.h"
#include "support/folder.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/sweeps.h"
#include "support/words.h"

/* More values and a further width: what the file holds is taken, and equals a sweep that had them from the start. */
static void test_enlarged(void) {
  const char *more = "solve.particles=200 solve.replicas=2 train.steps=6 simulate.widths=8,12,16 simulate.seeds=3,4,3 "
                     "data.test=3 output.every=4";
  mdm_sweep_free(computed_sweep(SMALL_SWEEP, "train.lr=0.2,0.4 model.parameterization=mup,mssp", 1, 2, "b.h5"));
  mdm_sweep *s = create_sweep(more, "train.lr=0.1,0.2,0.4 model.parameterization=mssp,mup", 1);
  size_t ready;
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_resume(s, in_folder("b.h5"), NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_sweep_cells(s, &ready), 24);
  CU_ASSERT_EQUAL(ready, 12);
  mdm_sweep_free(s);
  mdm_sweep *grown = computed_sweep(more, "train.lr=0.1,0.2,0.4 model.parameterization=mssp,mup", 1, 2, "b.h5");
  mdm_sweep *whole = computed_sweep(more, "train.lr=0.1,0.2,0.4 model.parameterization=mssp,mup", 1, 2, "c.h5");
  check_same(grown->data, whole->data);
  mdm_sweep_free(grown);
  mdm_sweep_free(whole);
}

/* More networks and replicas, first in parts: the numbers of a sweep that had them from the start, diverged cells and cells without a limit among them. */
static void test_more_runs(void) {
  const char *axes = "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp";
  const char *more = SMALL_SWEEP " simulate.seeds=7,9 solve.replicas=4";
  mdm_sweep_free(computed_sweep(SMALL_SWEEP, axes, 1, 2, "e.h5"));
  int status = MDM_INTERRUPTED, stops = 0, partial = 0;
  for (; status == MDM_INTERRUPTED && stops < 50; stops++) {
    mdm_sweep *s = create_sweep(more, axes, 1), *back;
    stopper context = {.after = 60};
    mdm_monitor monitor = {.report = stop_after, .context = &context, .stop = &context.stop, .threads = 1 + stops % 3};
    status = run_sweep(s, &monitor, "e.h5");
    mdm_sweep_free(s);
    CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder("e.h5"), &back, NULL), MDM_OK);
    for (size_t cell = 0; cell < back->cells; cell++) partial += back->status[cell] == MDM_CELL_MISSING && back->have[cell] > 0;
    mdm_sweep_free(back);
  }
  CU_ASSERT(stops > 1 && partial > 0);
  mdm_sweep *whole = computed_sweep(more, axes, 1, 1, "f.h5"), *grown;
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder("e.h5"), &grown, NULL), MDM_OK);
  check_same(whole->data, grown->data);
  check_same(whole->results, grown->results);
  mdm_sweep_free(grown);
  mdm_sweep_free(whole);
  mdm_sweep *again = create_sweep(more, axes, 1);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_resume(again, in_folder("e.h5"), NULL), MDM_OK);
  CU_ASSERT(mdm_sweep_is_done(again));
  mdm_sweep_free(again);
}

static void test_mismatch(void) {
  static const struct {
    const char *more, *axes;
    int with_limit;
    const char *words;
  } bad[] = {
      {"train.steps=7", "train.lr=0.2,0.4", 1, "train.steps is 6 there and 7 now"},
      {"seed=2", "train.lr=0.2,0.4", 1, "seed is 1 there and 2 now"},
      {"simulate.seeds=2", "train.lr=0.2,0.4", 1, "simulate.seeds is 3 there and 2 now"},
      {"solve.replicas=1", "train.lr=0.2,0.4", 1, "solve.replicas is 2 there and 1 now"},
      {"simulate.widths=8", "train.lr=0.2,0.4", 1, "N = 16|simulate.widths"},
      {"", "train.lr=0.2,0.4", 0, "--no-limit"},
      {"", "train.lr=0.2,0.3", 1, "train.lr = 0.4"},
      {"", "model.init.router=0.2,0.4", 1, "--over|train.lr|model.init.router"},
      {"", "train.lr=0.2,0.4 model.parameterization=mup,mssp", 1, "axis 2|nothing|model.parameterization"},
  };
  mdm_sweep_free(computed_sweep(SMALL_SWEEP, "train.lr=0.2,0.4", 1, 2, "b.h5"));
  for (size_t i = 0; i < COUNT(bad); i++) {
    char settings[400];
    mdm_error err = {0};
    snprintf(settings, sizeof settings, "%s %s", SMALL_SWEEP, bad[i].more);
    mdm_sweep *s = create_sweep(settings, bad[i].axes, bad[i].with_limit);
    CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder("b.h5"), &err), MDM_ERR_CONFIG);
    check_mentions(err.text, bad[i].words);
    mdm_sweep_free(s);
  }
}

/* Numbers that contradict each other, in a file with a right checksum: nothing goes on from them. */
static void test_forged(void) {
  enum { DIVERGED, SECONDS, DONE, SUM, NOTHING };
  static const struct {
    int what;
    size_t cell;
    double value;
    const char *words;
  } bad[] = {{DIVERGED, 1, 1, "sweep/diverged holds 1 for cell 1"}, {DIVERGED, 4, 2, "sweep/diverged holds 2 for cell 4"},
             {DIVERGED, 4, 0, "sweep/diverged holds 0 for cell 4"}, {DIVERGED, 0, 7, "sweep/diverged holds 7"},
             {DIVERGED, 0, -1, "sweep/diverged holds -1"},          {DIVERGED, 0, 0.5, "sweep/diverged holds 0.5"},
             {DIVERGED, 0, NAN, "sweep/diverged holds nan"},        {SECONDS, 2, -1, "sweep/seconds holds -1 for cell 2"},
             {SECONDS, 2, INFINITY, "sweep/seconds holds inf"},     {DONE, 1, 2, "sweep/done holds 2 for cell 1"},
             {DONE, 1, NAN, "sweep/done holds nan"},                {SUM, 3, 1, "sweep/sums/loss"},
             {NOTHING, 0, 0, ""}};
  for (size_t i = 0; i < COUNT(bad); i++) {
    char name[24];
    mdm_error err = {0};
    mdm_sweep *s = computed_sweep(SMALL_SWEEP, "train.lr=0.2,1e9", 1, 2, "d.h5");
    CU_ASSERT_EQUAL_FATAL(s->status[4], MDM_CELL_DIVERGED);
    if (bad[i].what != NOTHING) (bad[i].what == DIVERGED ? s->diverged : bad[i].what == SECONDS ? s->seconds : bad[i].what == DONE ? s->have : s->loss_sums.sum)[bad[i].cell] = bad[i].value;
    snprintf(name, sizeof name, "forged%zu.h5", i);
    CU_ASSERT_EQUAL(run_sweep(s, NULL, name), MDM_OK);
    mdm_sweep_free(s);
    s = create_sweep(SMALL_SWEEP, "train.lr=0.2,1e9", 1);
    CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder(name), &err), bad[i].what == NOTHING ? MDM_OK : MDM_ERR_DATA);
    check_mentions(err.text, bad[i].words);
    mdm_sweep_free(s);
  }
}

/* The file of another command, and no HDF5 file at all. */
static void test_other_files(void) {
  mdm_outcome o;
  mdm_error err = {0};
  run_with(MDM_RUN_NETWORKS, 1, SMALL_SWEEP, &o);
  mdm_config *cfg = configure(SMALL_SWEEP);
  CU_ASSERT_EQUAL_FATAL(mdm_outcome_write(&o, cfg, "simulate", "test", NULL, in_folder("run.h5"), NULL), MDM_OK);
  mdm_config_free(cfg);
  mdm_outcome_clear(&o);
  mdm_sweep *s = create_sweep(SMALL_SWEEP, "train.lr=0.2,0.4", 1), *back;
  CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder("run.h5"), &err), MDM_ERR_CONFIG);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not the file of a sweep"));
  CU_ASSERT_EQUAL(mdm_sweep_read(in_folder("run.h5"), &back, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NULL(back);
  FILE *f = fopen(in_folder("run.h5"), "w");
  fputs("words", f);
  fclose(f);
  CU_ASSERT_EQUAL(mdm_sweep_resume(s, in_folder("run.h5"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not an HDF5 file"));
  mdm_sweep_free(s);
}

static const test_case tests[] = {
    {"more values and widths", test_enlarged},
    {"more runs", test_more_runs},
    {"files of other sweeps", test_mismatch},
    {"forged numbers", test_forged},
    {"files of other kinds", test_other_files},
};

SUITE_IN_FOLDER("file/sweep", tests)
