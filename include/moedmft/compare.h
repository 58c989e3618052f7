/* Finite networks against the limit: deviations, their rate, and a verdict. */
#ifndef MOEDMFT_COMPARE_PUBLIC_H
#define MOEDMFT_COMPARE_PUBLIC_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/record.h>
#include <moedmft/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limit and networks (mdm_run), then outcome->comparison and the fitted exponents. Status as mdm_run's. */
int mdm_compare_run(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err);

/* Bytes that mdm_compare_run needs at its peak: as mdm_memory_estimate, at all depths that the configuration asks for. */
double mdm_compare_memory(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor);

/* What a comparison can be asked to show of the predictions of the train part:
 * rate: |deviation| ~ N^−p with p within 2 standard errors of the predicted range, and an error of p below 0.35;
 * limit: the networks, extrapolated to N = ∞, differ from the limit by at most 2 combined standard errors (RMS over entries), and
 *   these are below the deviation of the narrowest networks, or 1 % of the predictions. */
enum { MDM_EXPECT_RATE = 1, MDM_EXPECT_LIMIT = 2 };

/* Whether a comparison with this configuration can be judged at all: MDM_ERR_CONFIG names what is too small. */
int mdm_comparison_prepare(const mdm_config *cfg, mdm_error *err);
/* The verdict as one line (no newline) with the words holds|deviates|unresolved and agrees|deviates|unresolved. comparison: as in
 * an outcome, or the group /comparison of a file; NULL: unresolved. Returns MDM_ERR_EXPECT when something in `expect`
 * (MDM_EXPECT_*, 0: nothing) does not show; err says what, and for lack of data what to do. */
int mdm_comparison_verdict(const mdm_record *comparison, int expect, char *line, size_t size, mdm_error *err);

/* A fitted power as text: "p = 0.98 +- 0.05"; "p > 3.10" where bound is positive, "p < 3.10" where it is negative (NaN is neither); "p unknown" where it is NaN. Without
 * a name (NULL): "0.98 +- 0.05", "> 3.10", "-". */
void mdm_power_text(const char *name, double power, double error, double bound, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
