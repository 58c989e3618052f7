/* Grids of options from text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/grid.h"
#include "support/comma.h"
#include "support/settings.h"
#include "support/suite.h"

static void check_axis(const char *over, const char *expected) {
  mdm_config *cfg = configure("");
  mdm_grid g;
  mdm_error err = {0};
  if (mdm_grid_read(cfg, &over, 1, &g, &err)) printf("\n    %s\n", err.text);
  CU_ASSERT_EQUAL_FATAL(g.axes, 1);
  char *text = mdm_grid_text(&g.axis[0]);
  if (strcmp(text, expected)) printf("\n    %s gives %s, expected %s\n", over, text, expected);
  CU_ASSERT_STRING_EQUAL(text, expected);
  free(text);
  mdm_grid_clear(&g);
  mdm_config_free(cfg);
}

static void test_grids(void) {
  check_axis("train.lr=1,0.1,.3", "train.lr=0.1,0.3,1");
  check_axis("train.lr=log:0.1:10:5", "train.lr=0.1,0.316228,1,3.16228,10");
  check_axis("train.lr=lin:1:2:3", "train.lr=1,1.5,2");
  check_axis("model.expert_width=log:1:8:4", "model.expert_width=1,2,4,8");
  check_axis("model.parameterization=mup,mssp", "model.parameterization=mup,mssp");
  check_axis("data.classes=[0,1],[2, 4]", "data.classes=[0, 1],[2, 4]");
  check_axis("train.batch=full,2", "train.batch=full,2");
}

static void test_refused(void) {
  static const char *const list[] = {"train.lr=log:nan:1:3", "train.lr=log:0x1:1:3", "train.lr=log:0.1:10:2.5", "train.lr=log:0.1:10:5x", "train.lr=log:0.1:10",
                                     "train.lr=log:1:2:3:4", "train.lr=lin:1e-400:2:3", "train.lr=lin:0,5:2:3", "train.lr=lin:0:1:1", "seed=01,02"};
  mdm_config *cfg = configure("");
  for (size_t i = 0; i < COUNT(list); i++) {
    mdm_grid g;
    mdm_error err = {0};
    int status = mdm_grid_read(cfg, &list[i], 1, &g, &err);
    if (status != MDM_ERR_CONFIG) printf("\n    accepted: %s\n", list[i]);
    CU_ASSERT_EQUAL(status, MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, list[i]));
  }
  mdm_config_free(cfg);
}

/* The same numbers in a program that writes decimal commas. */
static void test_comma(void) {
  const char *over = "train.lr=log:0.1:10:3";
  mdm_config *cfg = configure("");
  mdm_grid g;
  if (enter_comma()) {
    check_axis("train.lr=1,0.1,.3", "train.lr=0.1,0.3,1");
    check_axis("train.lr=log:0.1:10:5", "train.lr=0.1,0.316228,1,3.16228,10");
    check_axis("train.lr=lin:1:2:3", "train.lr=1,1.5,2");
    CU_ASSERT_EQUAL_FATAL(mdm_grid_read(cfg, &over, 1, &g, NULL), MDM_OK);
    CU_ASSERT(g.axis[0].value[0] == 0.1 && g.axis[0].value[1] == 1);
    mdm_grid_clear(&g);
    leave_comma();
  }
  mdm_config_free(cfg);
}

static const test_case tests[] = {
    {"grids from text", test_grids},
    {"grids that are refused", test_refused},
    {"decimal commas", test_comma},
};

SUITE("config/grid", tests)
