/* Runs every suite, or those whose names contain an argument, but for those that contain an argument behind a minus sign (-run/memory); exit
 * status 1 when anything failed or an argument names nothing. As the first argument: --times, the tests that took longest, at the end; --stop, no test
 * after the first that fails. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"
#include "support/times.h"

static int wanted(const suite *s, int argc, char **argv) {
  int named = 0, chosen = 0;
  for (int i = 1; i < argc; i++) {
    int without = argv[i][0] == '-', found = strstr(s->name, argv[i] + without) != NULL;
    if (without && found) return 0;
    named |= !without;
    chosen |= !without && found;
  }
  return chosen || !named;
}

static int names_a_suite(const char *word) {
  for (const suite *s = suite_first(); s; s = s->next)
    if (strstr(s->name, word)) return 1;
  fprintf(stderr, "run-tests: no suite has '%s' in its name; suites:", word);
  for (const suite *s = suite_first(); s; s = s->next) fprintf(stderr, " '%s'", s->name);
  fprintf(stderr, "\n");
  return 0;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  int times = argc > 1 && !strcmp(argv[1], "--times");
  suite_stops = argc > 1 && !strcmp(argv[1], "--stop");
  argc -= times || suite_stops, argv += times || suite_stops;
  for (int i = 1; i < argc; i++)
    if (!names_a_suite(argv[i] + (argv[i][0] == '-'))) return 1;
  if (CU_initialize_registry() != CUE_SUCCESS) return (int)CU_get_error();
  for (const suite *s = suite_first(); s; s = s->next)
    if (wanted(s, argc, argv) && suite_register(s) != CUE_SUCCESS) {
      fprintf(stderr, "run-tests: cannot register suite %s: %s\n", s->name, CU_get_error_msg());
      return 1;
    }
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  unsigned run = CU_get_number_of_tests_run(), failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
  if (times) time_report(60);
  CU_cleanup_registry();
  return run == 0 || failed > 0;
}
