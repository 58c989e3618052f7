/* The list of suites, and what CUnit is told about them. */
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/times.h"

static suite *first;

void suite_add(suite *s) {
  suite **at = &first;
  while (*at && strcmp((*at)->name, s->name) < 0) at = &(*at)->next;
  s->next = *at;
  *at = s;
}

const suite *suite_first(void) { return first; }

int suite_stops;
static int failed(void) { return suite_stops && CU_get_run_summary()->nAssertsFailed > 0; }

static void stop(void) {
  time_stop(CU_get_current_suite()->pName, CU_get_current_test()->pName);
  if (failed()) exit(1);
}

static void stop_in_folder(void) {
  time_stop(CU_get_current_suite()->pName, CU_get_current_test()->pName);
  end_of_test();
  if (failed()) remove_folder(), exit(1);
}

int suite_register(const suite *s) {
  CU_pSuite cunit = s->in_folder ? CU_add_suite_with_setup_and_teardown(s->name, make_folder, remove_folder, time_start, stop_in_folder)
                                 : CU_add_suite_with_setup_and_teardown(s->name, NULL, NULL, time_start, stop);
  for (size_t i = 0; cunit && CU_get_error() == CUE_SUCCESS && i < s->count; i++) CU_add_test(cunit, s->tests[i].name, s->tests[i].run);
  return (int)CU_get_error(); /* a name that stands twice is an error, too */
}
