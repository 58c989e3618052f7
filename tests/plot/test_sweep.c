/* Summary and picture of a sweep's file, and of one that holds only a part. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/plot.h>
#include <moedmft/report.h>

#include "support/folder.h"
#include "support/suite.h"
#include "support/sweeps.h"

static void test_info_and_picture(void) {
  char *text = NULL;
  mdm_error err = {0};
  mdm_sweep *s = create_sweep(SMALL_SWEEP, "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp", 1);
  stopper context = {.after = 100};
  mdm_monitor monitor = {.report = stop_after, .context = &context, .stop = &context.stop, .threads = 1};
  CU_ASSERT_EQUAL(run_sweep(s, &monitor, "a.h5"), MDM_INTERRUPTED);
  mdm_sweep_free(s);
  for (int part = 1; part >= 0; part--) {
    CU_ASSERT_EQUAL_FATAL(mdm_file_info(in_folder("a.h5"), 1, &text, &err), MDM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "model.parameterization = ntp"));
    CU_ASSERT_EQUAL(strstr(text, "cells are computed") != NULL, part);
    free(text);
    if (mdm_plot(in_folder("a.h5"), in_folder("a.png"), &err)) printf("\n    %s\n", err.text);
    CU_ASSERT_EQUAL(exists("a.png"), 1);
    remove(in_folder("a.png"));
    if (part) mdm_sweep_free(computed_sweep(SMALL_SWEEP, "train.lr=0.2,0.4,1e7 model.parameterization=mup,ntp", 1, 2, "a.h5"));
  }
}

static const test_case tests[] = {
    {"summary and picture", test_info_and_picture},
};

SUITE_IN_FOLDER("plot/sweep", tests)
