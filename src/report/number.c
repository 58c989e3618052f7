/* Numbers with their errors, as text. */
#include "report/number.h"

#include <math.h>
#include <stdio.h>

void mdm_with_error(double value, double error, char *buf, size_t size) {
  if (!isfinite(value) || !isfinite(error) || error <= 1e-7 * fabs(value)) { /* no error, or rounding */
    snprintf(buf, size, "%.5g", value);
    return;
  }
  int decimals = 1 - (int)floor(log10(error)), leading = value != 0 ? (int)floor(log10(fabs(value))) : 0;
  if (decimals < 0) decimals = 0;
  if (leading < -4 || leading > 6 || decimals > 9) {
    int digits = leading + decimals;
    snprintf(buf, size, "%.*e ± %.1e", digits < 0 ? 0 : digits > 15 ? 15 : digits, value, error);
  } else {
    snprintf(buf, size, "%.*f ± %.*f", decimals, value, decimals, error);
  }
}
