/* Decimal text of reals. strtod and snprintf follow the locale of the thread, and a host program may have chosen a decimal comma. */
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct c_locale {
  locale_t own, previous;
} c_locale;

static c_locale enter_c_locale(void) {
  c_locale l;
  l.own = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  l.previous = uselocale(l.own); /* with own = 0 this changes nothing */
  return l;
}

static void leave_c_locale(c_locale l) {
  uselocale(l.previous);
  if (l.own) freelocale(l.own);
}

double mdm_real_parse(const char *text) {
  c_locale l = enter_c_locale();
  double x = strtod(text, NULL);
  leave_c_locale(l);
  return x;
}

void mdm_real_text(double x, char out[MDM_REAL_SIZE]) {
  c_locale l = enter_c_locale();
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, MDM_REAL_SIZE, "%.*g", digits, x);
    if (strtod(out, NULL) == x) break;
  }
  leave_c_locale(l);
}
