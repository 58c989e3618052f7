/* A German locale: one that is installed, or one that localedef makes in a temporary folder from Debian's package `locales`. */
#define _DEFAULT_SOURCE
#include "support/comma.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static locale_t comma, previous;

static locale_t make(void) {
  char place[] = "/tmp/moedmft-locale-XXXXXX", command[300];
  if (!mkdtemp(place)) return (locale_t)0;
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1", place, place);
  int made = system(command) == 0;
  setenv("LOCPATH", place, 1);
  locale_t found = made ? newlocale(LC_NUMERIC_MASK, "de_DE.UTF-8", (locale_t)0) : (locale_t)0;
  unsetenv("LOCPATH");
  snprintf(command, sizeof command, "rm -r %s", place);
  if (system(command)) printf("\n    %s could not be removed\n", place);
  return found;
}

int enter_comma(void) {
  char text[8];
  comma = newlocale(LC_NUMERIC_MASK, "de_DE.UTF-8", (locale_t)0);
  if (!comma) comma = make();
  if (!comma) printf("\n    no locale with a decimal comma can be made here, nothing is tested with one\n");
  if (!comma) return 0;
  previous = uselocale(comma);
  snprintf(text, sizeof text, "%.1f", 0.5);
  if (!strcmp(text, "0,5")) return 1;
  printf("\n    the German locale writes %s\n", text);
  leave_comma();
  return 0;
}

void leave_comma(void) {
  uselocale(previous);
  freelocale(comma);
}
