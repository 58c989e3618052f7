/* Suites of tests. A test file ends with a table of its tests and one line that registers it:
 *
 *   static const test_case tests[] = {{"what is tested", function}, …};
 *   SUITE("folder/subject", tests)
 *
 * tests/main.c runs what has been registered. */
#ifndef MOEDMFT_TESTS_SUITE_H
#define MOEDMFT_TESTS_SUITE_H

#include <CUnit/CUnit.h>
#include <stddef.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

typedef struct test_case {
  const char *name;
  void (*run)(void);
} test_case;

typedef struct suite {
  const char *name; /* folder of src/ and subject */
  const test_case *tests;
  size_t count;
  int in_folder; /* each test begins with an empty temporary folder (support/folder.h) */
  struct suite *next;
} suite;

/* Register a table before main begins. A file that is linked is a file whose tests run: there is no list to forget it in. */
#define SUITE(name, tests) REGISTER_SUITE(name, tests, 0)
#define SUITE_IN_FOLDER(name, tests) REGISTER_SUITE(name, tests, 1)
#define REGISTER_SUITE(NAME, TESTS, IN_FOLDER)                                                                         \
  __attribute__((constructor)) static void register_suite(void) {                                                      \
    static suite s = {NAME, TESTS, COUNT(TESTS), IN_FOLDER, NULL};                                                     \
    suite_add(&s);                                                                                                     \
  }

void suite_add(suite *s);

/* Whether the first test that fails ends the program, with status 1. */
extern int suite_stops;

/* The suites by name, linked by next. */
const suite *suite_first(void);

/* Hands a suite to CUnit; 0, or CUnit's error. */
int suite_register(const suite *s);

#endif
