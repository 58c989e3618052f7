/* What solve.tolerance costs in accuracy. */
#include "run/tolerance.h"

#include <gsl/gsl_interp.h>
#include <moedmft/run.h>
#include <stdio.h>

/* The largest error of predictions that validation/tolerance.py found at each tolerance, relative to their size. */
static const double measured[] = {0.1, 0.2, 0.3, 0.5, 1}, bias[] = {0.009, 0.022, 0.045, 0.08, 0.37};
enum { MEASURED = sizeof measured / sizeof *measured };

double mdm_tolerance_bias(double tolerance) {
  if (tolerance <= measured[0]) return 0;
  if (tolerance >= measured[MEASURED - 1]) return bias[MEASURED - 1];
  size_t i = gsl_interp_bsearch(measured, tolerance, 0, MEASURED - 1);
  return bias[i] + (tolerance - measured[i]) / (measured[i + 1] - measured[i]) * (bias[i + 1] - bias[i]);
}

void mdm_announce_tolerance(const mdm_config *cfg, const mdm_monitor *monitor) {
  double tolerance = mdm_config_real(cfg, "solve.tolerance"), found = mdm_tolerance_bias(tolerance);
  char line[200];
  if (found == 0 || !monitor || !monitor->message) return;
  snprintf(line, sizeof line, "solve.tolerance = %g: predictions of the limit may be off by up to %.2g %% of their size; below 1 %% at 0.1", tolerance, 100 * found);
  monitor->message(monitor->context, line);
}
