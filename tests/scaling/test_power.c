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
                                         {"N^-0.123456", "N^-0.123456"},
                                         {"0.25 D^-1/2", "0.25 D^-1/2"},
                                         {"2", "2"},
                                         {"1.0", "1"},
                                         {"1 N", "N"},
                                         {" .5*N M^-1 ", "0.5 N M^-1"},
                                         {"2.50 N^0", "2.5"},
                                         {"1/3 N", "0.3333333333333333 N"},
                                         {"1e-3/8 K", "0.000125 K"},
                                         {"1E+2 D", "100 D"},
                                         {"1e-30", "1.0e-30"},
                                         {"1e30 N", "1.0e+30 N"}};
  static const char *const wrong[] = {"",     "0",     "0.0 N", "N^",    "N^-",    "X",     "NM",   "N^1/0",   "N M*", "* N",     "N^1e3", "n",
                                      "N^1.2.3", "N ^2", "N^- 1", "-1",  "-2 N",   "+2 N",  "0.25N", "2e",     "2e N", "0x1p3 N", "inf",   "nan N",
                                      "1e400 N", "2 *",  "2 3",   "1//2 N", "1/0 N", "1/-2 N", "N 2",   "N 2 M",   ".",    "1.2.3 N", "1e-31", "2e30 N",
                                      "0.0000000000000000000000000000000000000001 N"};
  char text[MDM_POWER_SIZE];
  mdm_power p, again;
  for (size_t i = 0; i < COUNT(pairs); i++) {
    CU_ASSERT_EQUAL(mdm_power_parse("key", pairs[i][0], &p, NULL), MDM_OK);
    mdm_power_format(p, text);
    CU_ASSERT_STRING_EQUAL(text, pairs[i][1]);
    CU_ASSERT_EQUAL(mdm_power_parse("key", text, &again, NULL), MDM_OK);
    CU_ASSERT(p.D == again.D && p.N == again.N && p.Ne == again.Ne && p.M == again.M && p.K == again.K &&
              p.L == again.L && mdm_power_factor(p) == mdm_power_factor(again));
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

/* Numbers in front: as written, to the last bit; they go with products and powers of powers. */
static void numbers_in_front(void) {
  const mdm_sizes s = {.D = 4, .N = 64, .Ne = 3, .M = 16, .K = 8};
  mdm_power a = {0}, b = {0}, none = {0};
  CU_ASSERT_EQUAL(mdm_power_factor(none), 1);
  CU_ASSERT_EQUAL(mdm_power_evaluate(none, s), 1);
  CU_ASSERT_EQUAL(mdm_power_parse("key", "0.1 N", &a, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_power_parse("key", "0.7/3 D^-1/2", &b, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_power_factor(a), 0.1);
  CU_ASSERT_EQUAL(mdm_power_factor(b), 0.7 / 3);
  CU_ASSERT_EQUAL(mdm_power_evaluate(a, s), 64 * 0.1);
  CU_ASSERT_EQUAL(mdm_power_evaluate(b, s), 0.5 * (0.7 / 3));
  mdm_power product = mdm_power_add(a, -2, b);
  CU_ASSERT_DOUBLE_EQUAL(mdm_power_factor(product), 0.1 * 9 / 0.49, 1e-15);
  CU_ASSERT(product.N == 1 && product.D == 1);
  CU_ASSERT_EQUAL(mdm_power_factor(mdm_power_add(none, 1, a)), 0.1);
  CU_ASSERT_EQUAL(mdm_power_factor(mdm_power_add(a, 0, b)), 0.1);
}

/* Each size by its own exponent. */
static void every_size(void) {
  const mdm_sizes s = {.D = 2, .N = 3, .Ne = 5, .M = 7, .K = 11, .L = 13};
  const mdm_power each[] = {{.D = 2}, {.N = 2}, {.Ne = 2}, {.M = 2}, {.K = 2}, {.L = 2}};
  const double squares[] = {4, 9, 25, 49, 121, 169};
  for (size_t i = 0; i < COUNT(each); i++) CU_ASSERT_EQUAL(mdm_power_evaluate(each[i], s), squares[i]);
}

static const test_case tests[] = {
    {"every size has its exponent", every_size},
    {"powers as text", powers_as_text},
    {"numbers in front", numbers_in_front},
};

SUITE("scaling/power", tests)
