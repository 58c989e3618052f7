/* Decimal text of reals. strtod and snprintf follow the locale of the thread, and a host program may have chosen a decimal comma. */
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>

mdm_locale mdm_locale_enter(void) {
  mdm_locale l;
  l.own = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  l.previous = uselocale(l.own); /* with own = 0 this changes nothing */
  return l;
}

void mdm_locale_leave(mdm_locale l) {
  uselocale(l.previous);
  if (l.own) freelocale(l.own);
}

double mdm_real_parse(const char *text) {
  mdm_locale l = mdm_locale_enter();
  double x = strtod(text, NULL);
  mdm_locale_leave(l);
  return x;
}

long mdm_real_whole(double x) {
  const double most = 9007199254740992.0;
  return x >= most ? (long)most : x <= -most ? -(long)most : x == x ? (long)x : 0;
}

double mdm_real_round(double x, int digits) {
  char text[MDM_REAL_SIZE];
  mdm_locale l = mdm_locale_enter();
  snprintf(text, sizeof text, "%.*g", digits, x);
  double rounded = strtod(text, NULL);
  mdm_locale_leave(l);
  return rounded;
}

void mdm_real_text(double x, char out[MDM_REAL_SIZE]) {
  mdm_locale l = mdm_locale_enter();
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, MDM_REAL_SIZE, "%.*g", digits, x);
    if (strtod(out, NULL) == x) break;
  }
  mdm_locale_leave(l);
}
