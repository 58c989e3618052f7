/* Running things: the limit and finite networks. */
#ifndef MOEDMFT_RUN_H
#define MOEDMFT_RUN_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/monitor.h>
#include <moedmft/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One set of independent runs: mean and standard error, and every run. */
typedef struct mdm_ensemble {
  long width;          /* N; 0 for the limit */
  size_t runs;         /* replicas or seeds */
  mdm_record *summary; /* mean and standard error (docs/output.md describes the arrays); NULL when runs = 0 */
  mdm_record **each;   /* runs: every run's own record; by networks (solve.method) that of a family, whose losses are pseudo-values of the jackknife */
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
  size_t ended_at;     /* MDM_ERR_DIVERGED: the step of the next sweep at which the first of its replicas did */
} mdm_sweeps;

void mdm_sweeps_clear(mdm_sweeps *s);

/* A set of ensembles: the limit, networks of several widths. */
typedef struct mdm_outcome {
  mdm_ensemble limit;     /* runs = 0 when the limit was not asked for */
  mdm_ensemble *networks; /* by width, ascending */
  size_t widths;
  mdm_record *comparison; /* deviations by width (compare), or NULL */
  double exponent, exponent_error; /* compare: deviation of the predictions ∝ N^−exponent; NaN: nothing is known */
  int exponent_bound;              /* 1: the power is above `exponent`, −1: below, both with infinite error; 0: it is a value */
  double predicted_lowest, predicted; /* the range that theory predicts for it; mostly 1 … 1 */
  double fluctuation, fluctuation_error; /* compare: spread over seeds ∝ N^−fluctuation */
  int fluctuation_bound;                 /* as exponent_bound */
  mdm_record *depths;     /* compare: what solve.depths and simulate.depths asked for (docs/output.md), or NULL */
  mdm_record *coordcheck; /* what mdm_coordcheck_fit found, or NULL */
  mdm_sweeps sweeps;      /* of the limit */
  char method[300];       /* why solve.method: auto chose it (mdm_method_choose); empty: it was given */
  double accuracy;        /* that was asked for by solve.accuracy; 0: sizes were given */
  mdm_record *extra;      /* /data: targets, indices and batches as used; or NULL */
  mdm_data *data;         /* whose inputs are written to /data with them: a share of the run's; or NULL */
} mdm_outcome;

void mdm_outcome_clear(mdm_outcome *o);

enum { MDM_RUN_LIMIT = 1, MDM_RUN_NETWORKS = 2 };

/* Runs the limit, the networks, or both, as the configuration says (compare.h compares them). Returns MDM_OK;
 * MDM_ERR_DIVERGED or MDM_INTERRUPTED with everything up to that step in *out; or a failure with *out empty. */
int mdm_run(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err);

enum { MDM_METHOD_WHY = 300 };
/* Replaces solve.method: auto by the method that reaches the accuracy (solve.accuracy; 1e-2 where it is not given) with less work, from short pilots
 * of both, and options of the other by their defaults; why: a line that says why, empty where the method is given. Before mdm_accuracy_sizes;
 * configurations that keep auto run by particles. monitor as there; it is told the line. Errors: those of mdm_run; MDM_INTERRUPTED. */
int mdm_method_choose(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, char why[MDM_METHOD_WHY], mdm_error *err);

/* What mdm_run refuses (MDM_ERR_CONFIG), without running anything: to be asked before mdm_accuracy_sizes, whose pilot may take minutes. */
int mdm_run_check(const mdm_config *cfg, const mdm_data *data, int what, mdm_error *err);

/* Replaces an automatic solve.particles (0), and solve.expert_particles and solve.neuron_particles where the split matters, by numbers chosen from a
 * short pilot, so that at the accuracy asked for (solve.accuracy; 1e-3 where neither it nor sizes are given; into *asked, 0: sizes are given) the bias
 * of the loss stays below a third of its standard error (docs/engineering.md); by networks (solve.method), automatic solve.widths. mdm_run then finds the number of replicas, where that is automatic.
 * monitor (or NULL): threads and stop. Errors: those of mdm_run; MDM_INTERRUPTED. Configurations that keep 0 run with 20000 particles and, unless
 * solve.accuracy is set, 12 replicas. */
int mdm_accuracy_sizes(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *asked, mdm_error *err);
/* The same, and solve.replicas from the pilot: for cells of a sweep, whose number is one for all. Sets solve.accuracy to 0. */
int mdm_accuracy_all(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double *asked, mdm_error *err);
/* After mdm_run: the numbers that were chosen, as given ones, into cfg; what was asked for into o->accuracy. A run that was interrupted stays open. */
int mdm_accuracy_settle(mdm_config *cfg, mdm_outcome *o, double asked, mdm_error *err);
/* Standard error of the loss over the loss, both as root mean square over steps; of train and test part the larger. NaN for a single run. */
double mdm_loss_error(const mdm_ensemble *limit);

/* With solve.bias_check (docs/reliability.md), of an array of the limit's summary ("observables/train/loss"): its estimated bias, the standard error of
 * that, and the standard error of the array, root mean squares over the entries that are numbers. 0: there is no estimate, and nothing is set. */
int mdm_bias_of(const mdm_record *summary, const char *path, double *bias, double *error, double *noise);

/* How far predictions of the limit may be off, relative to their size, because of solve.tolerance: the largest error found in nine problems
 * (validation/tolerance.py, docs/guide.md), between the values measured by interpolation; 0 for tolerances up to 0.1, where it is below 1 %. */
double mdm_tolerance_bias(double tolerance);

/* Whether directions fill a population (0.98 of its particles): what was computed is then no limit, but a network of so many neurons. A line
 * that says so, at most size − 1 characters (size 0: none, line may be NULL). */
int mdm_fills_population(const mdm_record *limit, char *line, size_t size);

/* Bytes that mdm_run will need at its peak with this monitor (threads, save_weights; NULL: as in mdm_run), beyond what the process holds
 * already, with the outcome as a file in memory; 0 where the runs cannot be planned, which mdm_run then explains. A short pilot of the limit
 * tells how many directions fields visit; it takes 3 % of the work or some tenths of a second and changes no result. */
double mdm_memory_estimate(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor);

#ifdef __cplusplus
}
#endif
#endif
