/* What messages and reports mention. */
#include "support/words.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

int has(const char *text, const char *part) {
  if (strstr(text, part)) return 1;
  printf("\n    wanted: %s\n    in:     %s\n", part, text);
  return 0;
}

int mentions(const char *text, const char *phrases) {
  char copy[400];
  snprintf(copy, sizeof copy, "%s", phrases);
  for (char *rest = copy, *phrase; (phrase = strtok_r(rest, "|", &rest));)
    if (!strstr(text, phrase)) return 0;
  return 1;
}

void check_mentions(const char *text, const char *phrases) {
  char copy[400];
  snprintf(copy, sizeof copy, "%s", phrases);
  for (char *rest = copy, *phrase; (phrase = strtok_r(rest, "|", &rest));) CU_ASSERT(has(text, phrase));
}
