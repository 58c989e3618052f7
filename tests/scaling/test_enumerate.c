/* The search finds what the tables hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/classify.h>

#include "scaling/model.h"
#include "support/settings.h"
#include "support/suite.h"

static const char *const regimes[] = {"I", "II", "III"};

static void mup_is_unique(void) {
  for (int i = 0; i < 3; i++) {
    char settings[32], *text;
    mdm_search s[MDM_GOALS];
    snprintf(settings, sizeof settings, "model.regime=%s", regimes[i]);
    mdm_config *cfg = configure(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_enumerate(cfg, s, NULL), MDM_OK);
    CU_ASSERT_EQUAL(s[MDM_GOAL_MUP].branches, 1);
    CU_ASSERT(s[MDM_GOAL_MUP].has_table);
    for (int t = 0; t < MDM_CLASS_TENSORS; t++) CU_ASSERT_EQUAL(s[MDM_GOAL_MUP].set[t].count, 1);
    CU_ASSERT_EQUAL(s[MDM_GOAL_MSSP].branches, 1);
    CU_ASSERT(s[MDM_GOAL_MSSP].has_table);
    CU_ASSERT_EQUAL(s[MDM_GOAL_MSSP].tied, i == 2);
    for (int t = MDM_W1; t <= MDM_W2; t++) CU_ASSERT_EQUAL(s[MDM_GOAL_MSSP].set[t].count, 1);
    CU_ASSERT_EQUAL_FATAL(mdm_search_format(s, &text, NULL), MDM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the only solution"));
    free(text);
    mdm_config_free(cfg);
  }
}

static const test_case tests[] = {
    {"mup is unique", mup_is_unique},
};

SUITE("scaling/enumerate", tests)
