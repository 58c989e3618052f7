/* The summary of a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/report.h>

#include "support/folder.h"
#include "support/records.h"
#include "support/suite.h"

static void test_info(void) {
  mdm_error err;
  char *text = NULL;
  write_comparison("a.h5", 1, 1);
  CU_ASSERT_EQUAL_FATAL(mdm_file_info(in_folder("a.h5"), 1, &text, &err), MDM_OK);
  static const char *const parts[] = {"moedmft compare",
                                      "* model.active_fraction",
                                      "width_32: diverged_at_step = 2",
                                      "limit N = ∞",
                                      "0.550 ± 0.050",
                                      "prediction (± stderr)",
                                      "3×2",
                                      "[step, sample] f(x, t)",
                                      "p = 1"};
  for (size_t i = 0; i < COUNT(parts); i++) {
    CU_ASSERT_PTR_NOT_NULL(strstr(text, parts[i]));
    if (!strstr(text, parts[i])) printf("\n  missing in the summary: %s\n", parts[i]);
  }
  CU_ASSERT_PTR_NULL(strstr(text, "model.gate_temperature")); /* at its default */
  free(text);
  CU_ASSERT_EQUAL(mdm_file_info(in_folder("missing.h5"), 1, &text, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NULL(text);
}

static const test_case tests[] = {
    {"summary", test_info},
};

SUITE_IN_FOLDER("report/info", tests)
