/* Text in columns. */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static void check_padded(const char *text, int width, const char *expected) {
  mdm_text t;
  char *out = NULL;
  mdm_error err = {0};
  CU_ASSERT_EQUAL_FATAL(mdm_text_open(&t, "a line", &err), MDM_OK);
  mdm_print_padded(t.stream, text, width);
  fputs("|", t.stream);
  CU_ASSERT_EQUAL_FATAL(mdm_text_close(&t, &out, &err), MDM_OK);
  CU_ASSERT_STRING_EQUAL(out, expected);
  free(out);
}

/* Columns never run together: text that fills its column is followed by a blank all the same. */
static void test_padding(void) {
  check_padded("ab", 4, "ab  |");
  check_padded("0.5 ± 0.1", 11, "0.5 ± 0.1  |");
  check_padded("abc", 4, "abc |");
  check_padded("abcd", 4, "abcd |");
  check_padded("abcdef", 4, "abcdef |");
  check_padded("", 2, "  |");
}

static void test_paths(void) {
  static const char *const pairs[][2] = {{"examples/../data/a.gz", "data/a.gz"}, {"a//b/./c", "a/b/c"},     {"./a", "a"},       {"../a", "../a"},
                                         {"../../a/../b", "../../b"},            {"/a/../../b", "/b"},      {"/", "/"},         {"a/..", "."},
                                         {"a/../..", ".."},                      {"a/../../b/..", ".."},    {"..a/b..", "..a/b.."}, {"a/b/", "a/b"},
                                         {"/../a", "/a"},                        {"a/b/../../c/d", "c/d"},  {"", ""},          {".../x", ".../x"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    char path[64];
    strcpy(path, pairs[i][0]);
    mdm_path_tidy(path);
    if (strcmp(path, pairs[i][1])) printf("\n    %s: %s\n", pairs[i][0], path);
    CU_ASSERT_STRING_EQUAL(path, pairs[i][1]);
  }
}

static const test_case tests[] = {
    {"columns do not run together", test_padding},
    {"tidy paths", test_paths},
};

SUITE("base/text", tests)
