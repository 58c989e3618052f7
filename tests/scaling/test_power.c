/* Powers of sizes as text. */
#include <string.h>

#include "scaling/power.h"
#include "support/suite.h"

static void powers_as_text(void) {
  static const char *const pairs[][2] = {{"1", "1"},
                                         {"N^-1/2 M", "N^-1/2 M"},
                                         {"  M * N^-1 ", "N^-1 M"},
                                         {"Ne^-1", "Ne^-1"},
                                         {"N*N", "N^2"},
                                         {"N^0.5 K^+2/4 L^-1", "N^1/2 K^1/2 L^-1"},
                                         {"D^1 N^-1 N", "D"},
                                         {"N^0", "1"},
                                         {"M^1/3", "M^1/3"},
                                         {"N^.7", "N^7/10"},
                                         {"N^-0.123456", "N^-0.123456"}};
  static const char *const wrong[] = {"",     "0",   "2",     "N^", "N^-",     "X",    "NM",   "N^1/0",
                                      "N M*", "* N", "N^1e3", "n",  "N^1.2.3", "N ^2", "N^- 1"};
  char text[MDM_POWER_SIZE];
  mdm_power p, again;
  for (size_t i = 0; i < COUNT(pairs); i++) {
    CU_ASSERT_EQUAL(mdm_power_parse("key", pairs[i][0], &p, NULL), MDM_OK);
    mdm_power_format(p, text);
    CU_ASSERT_STRING_EQUAL(text, pairs[i][1]);
    CU_ASSERT_EQUAL(mdm_power_parse("key", text, &again, NULL), MDM_OK);
    CU_ASSERT(p.D == again.D && p.N == again.N && p.Ne == again.Ne && p.M == again.M && p.K == again.K &&
              p.L == again.L);
  }
  for (size_t i = 0; i < COUNT(wrong); i++) {
    mdm_error err = {0};
    p = (mdm_power){.N = 7};
    CU_ASSERT_EQUAL(mdm_power_parse("some.key", wrong[i], &p, &err), MDM_ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "some.key"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "N^-1/2 M"));
    CU_ASSERT_EQUAL(p.N, 7);
  }
}

static const test_case tests[] = {
    {"powers as text", powers_as_text},
};

SUITE("scaling/power", tests)
