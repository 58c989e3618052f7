/* The list of suites, and what CUnit is told about them. */
#include "support/suite.h"

#include <string.h>

#include "support/folder.h"

static suite *first;

void suite_add(suite *s) {
  suite **at = &first;
  while (*at && strcmp((*at)->name, s->name) < 0) at = &(*at)->next;
  s->next = *at;
  *at = s;
}

const suite *suite_first(void) { return first; }

int suite_register(const suite *s) {
  CU_pSuite cunit = s->in_folder ? CU_add_suite_with_setup_and_teardown(s->name, make_folder, remove_folder, NULL, end_of_test)
                                 : CU_add_suite(s->name, NULL, NULL);
  for (size_t i = 0; cunit && CU_get_error() == CUE_SUCCESS && i < s->count; i++) CU_add_test(cunit, s->tests[i].name, s->tests[i].run);
  return (int)CU_get_error(); /* a name that stands twice is an error, too */
}
