/* Powers of parts (parts_fit.h). */
#include "study/parts_fit.h"

#include <math.h>
#include <string.h>

#include "base/fit.h"

double mdm_parts_reach(double fewest) { return fewest < MDM_FEWEST_RUNS ? NAN : mdm_student(MDM_PARTS_ERRORS, fewest - 1); }

double mdm_parts_rounding(const mdm_config *cfg, const char *key) { return !strcmp(mdm_config_text(cfg, key), "single") ? 3e-5 : 1e-11; }

void mdm_parts_fit(size_t n, const double *x, const double *y, const double *s, double *work, double *p, double *error, double *chi2) {
  double *a = work, *b = work + n, *relative = work + 2 * n;
  *p = *error = *chi2 = NAN;
  for (size_t i = 0; i < n; i++) {
    if (!(y[i] > 0) || !(s[i] > 0)) return;
    a[i] = log(x[i]), b[i] = log(y[i]), relative[i] = s[i] / y[i];
  }
  mdm_line_fit(n, a, b, relative, p, error, chi2);
}

double mdm_parts_agree(double lowest, double predicted, int absent, double p, double error, double reach) {
  if (isnan(predicted)) return NAN;
  if (absent) return predicted == -INFINITY ? 1 : NAN;
  if (predicted == -INFINITY) return 0;
  if (isnan(p) || isnan(reach)) return NAN;
  double slack = reach * error + MDM_PARTS_SLACK;
  return p >= lowest - slack && p <= predicted + slack;
}
