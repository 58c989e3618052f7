/* Running things: the limit, finite networks, and their comparison. */
#ifndef MOEDMFT_RUN_H
#define MOEDMFT_RUN_H

#include <signal.h>
#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a caller learns while work goes on. */
typedef struct mdm_progress {
  const char *task;        /* "limit", "N = 64" */
  double fraction;         /* of all the work, 0 … 1, by estimated cost */
  size_t step, steps;      /* of the run that reports */
  double loss;             /* train loss of that run at that step */
} mdm_progress;

/* Complete runs of an interrupted file. */
typedef struct mdm_resume mdm_resume;

/* Complete runs that the output file at path was left with when the same program was stopped on the same configuration and data;
 * NULL in *out when there are none, or no such file. Free with mdm_resume_free (accepts NULL). */
int mdm_resume_open(const char *path, const mdm_config *cfg, const mdm_data *data, mdm_resume **out, mdm_error *err);
void mdm_resume_free(mdm_resume *r);
/* How many runs it holds (NULL: 0). */
size_t mdm_resume_runs(const mdm_resume *r);

/* How a caller follows and stops work. Every member may be zero. */
typedef struct mdm_monitor {
  void (*report)(void *context, const mdm_progress *progress); /* one call at a time, from any thread */
  void *context;
  const volatile sig_atomic_t *stop; /* becomes non-zero: stop after the step at hand, keep what was computed */
  int threads;                       /* 0: one per processor */
  void (*message)(void *context, const char *line); /* a line about work that goes on: the outcome of a sweep */
  int save_weights;                  /* networks: keep initial and final weights of every seed */
  const mdm_resume *resume;          /* runs that need not be done again */
} mdm_monitor;

/* One set of independent runs: mean and standard error, and every run. */
typedef struct mdm_ensemble {
  long width;          /* N; 0 for the limit */
  size_t runs;         /* replicas or seeds */
  mdm_record *summary; /* mean and standard error (docs/output.md describes the arrays); NULL when runs = 0 */
  mdm_record **each;   /* runs: every run's own record */
  size_t *index;       /* runs: which replica or seed each is */
  mdm_record **weights; /* runs: initial and final weights of networks, or NULL each */
  long ended_at;       /* −1, or the step at which the first run diverged or all were stopped */
  int status;          /* MDM_OK, MDM_ERR_DIVERGED or MDM_INTERRUPTED */
} mdm_ensemble;

void mdm_ensemble_clear(mdm_ensemble *e);

/* Self-consistency sweeps of the limit (solve.sweeps). */
typedef struct mdm_sweeps {
  mdm_record *record;  /* residual and noise of every sweep, averaged observables (docs/output.md); NULL: none were asked for */
  size_t sweeps;       /* done */
  int converged;       /* residuals stood at the noise for solve.settled sweeps in a row */
  double difference, difference_error; /* RMS over predictions: averaged sweeps − causal pass, and its standard error */
  int status;          /* MDM_OK, MDM_ERR_DIVERGED or MDM_INTERRUPTED */
} mdm_sweeps;

void mdm_sweeps_clear(mdm_sweeps *s);

/* A set of ensembles: the limit, networks of several widths. */
typedef struct mdm_outcome {
  mdm_ensemble limit;     /* runs = 0 when the limit was not asked for */
  mdm_ensemble *networks; /* by width, ascending */
  size_t widths;
  mdm_record *comparison; /* deviations by width (compare), or NULL */
  double exponent, exponent_error; /* compare: deviation of the predictions ∝ N^−exponent */
  double predicted_lowest, predicted; /* the range that theory predicts for it; mostly 1 … 1 */
  double fluctuation, fluctuation_error;      /* compare: spread over seeds ∝ N^−fluctuation */
  mdm_record *coordcheck; /* what mdm_coordcheck_fit found, or NULL */
  mdm_sweeps sweeps;      /* of the limit */
  mdm_record *extra;      /* /data: samples and batches as used; or NULL */
} mdm_outcome;

void mdm_outcome_clear(mdm_outcome *o);

enum { MDM_RUN_LIMIT = 1, MDM_RUN_NETWORKS = 2 };

/* Runs the limit, the networks, or both and their comparison, as the configuration says. Returns MDM_OK;
 * MDM_ERR_DIVERGED or MDM_INTERRUPTED with everything up to that step in *out; or a failure with *out empty. */
int mdm_run(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err);

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

/* Writes an outcome to an HDF5 file (docs/output.md). command: "solve", "simulate", "compare" or "coordcheck". */
int mdm_outcome_write(const mdm_outcome *o, const mdm_config *cfg, const char *command, const char *arguments,
                      const char *path, mdm_error *err);

/* Bytes that mdm_run will need at its peak, roughly. */
double mdm_memory_estimate(const mdm_config *cfg, const mdm_data *data, int what, int threads);

#ifdef __cplusplus
}
#endif
#endif
