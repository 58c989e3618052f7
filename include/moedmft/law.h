/* Loss laws: how the loss of runs depends on their sizes, from a table of runs or from a file of this program; with intervals, what a law says of other sizes,
 * and its optimum. docs/laws.md has the laws and what the numbers mean. */
#ifndef MOEDMFT_LAW_H
#define MOEDMFT_LAW_H

#include <stddef.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MDM_FIT_PARAMETERS = 24, MDM_FIT_NAME = 32, MDM_FIT_NUMBERS = 12 };

/* Runs with their sizes and losses; opaque. */
typedef struct mdm_law_runs mdm_law_runs;

/* Reads a CSV file (a header with the names of columns, among them loss, maybe loss_error; commas; blank lines and # comments), or an output file of a sweep
 * or a comparison (N, the loss with its standard errors, the limit). MDM_ERR_IO: it cannot be read. MDM_ERR_DATA: what is wrong in which line and column. */
int mdm_law_runs_read(const char *path, mdm_law_runs **out, mdm_error *err);
void mdm_law_runs_free(mdm_law_runs *runs); /* accepts NULL */
size_t mdm_law_runs_count(const mdm_law_runs *runs);

/* What to fit, and how. Zeros, but for `law`, are defaults. */
typedef struct mdm_law_options {
  const char *law;      /* power, hoffmann, ludziejewski, joint, or a formula of columns and parameters ('E + A/N^alpha') */
  double delta;         /* Huber's δ, of ln(law/loss); 0: 1e-3 */
  size_t starts;        /* 0: 256 */
  size_t resamples;     /* of the bootstrap; 0: none, no intervals by it */
  unsigned long seed;   /* of the bootstrap */
  int threads;          /* 0: one per processor; results do not depend on it */
  int free_limit;       /* power: L_inf is fitted even where the file has the limit */
  const char *const *bound, *const *start, *const *fix; /* "NAME=LOW:HIGH", "NAME=VALUE" or "NAME=LOW:HIGH", "NAME=VALUE" */
  size_t bounds, starts_given, fixes;
  const char *const *predict; /* "N=1e9,D=2e10" */
  size_t predictions;
  const char *budget;         /* the same, of what is given when the optimum is sought; NULL: nothing is */
} mdm_law_options;

/* A number with its 95 % interval; NaN: none. */
typedef struct mdm_law_number {
  double value, low, high;
} mdm_law_number;

typedef struct mdm_law_parameter {
  char name[MDM_FIT_NAME];
  mdm_law_number number;            /* interval by the bootstrap */
  double profile_low, profile_high; /* by the profile of the fitted sum */
  double bound_low, bound_high;
  int fixed, identified;            /* identified: the runs bound it from both sides */
} mdm_law_parameter;

/* What the law says of sizes that were asked for. */
typedef struct mdm_law_prediction {
  const char *at;                 /* as it was asked */
  mdm_law_number loss;            /* of the law */
  double run_low, run_high;       /* where the loss of a new run lies */
} mdm_law_prediction;

typedef struct mdm_law_best {
  char name[MDM_FIT_NAME];
  mdm_law_number number;
  const char *how; /* "closed form", "numerical", or why there is none */
} mdm_law_best;

typedef struct mdm_law_fit {
  const char *law, *formula, *source; /* name ("expression"), what was fitted, where it comes from (NULL) */
  const char *path;
  size_t runs, parameters;
  double delta;
  double loss;                        /* Σ over runs of Huber's loss of ln(law/loss), weighted where runs have errors of their own */
  double rms, median;                 /* root mean square, and median size, of ln(law/loss) */
  double chi2;                        /* of runs with errors: Σ ((law − loss)/error)² per degree of freedom; NaN */
  mdm_law_parameter parameter[MDM_FIT_PARAMETERS];
  size_t starts, agreed;              /* starts, and how many came to the smallest loss */
  size_t resamples, failed;           /* of the bootstrap; those too poor to be fitted */
  int by_errors;                      /* resamples draw losses by their errors, not runs */
  size_t checked, better;             /* resamples that were fitted from every start as well; where that found a smaller loss */
  char held_column[MDM_FIT_NAME];     /* extrapolation: the runs with the largest … were left out; empty: too few runs */
  double held_from, held_rms, held_mean, kept_rms; /* from this size on; ln(law/loss) of those left out, and of those fitted */
  size_t held;
  mdm_law_prediction *prediction;     /* predictions */
  size_t predictions;
  mdm_law_best best[MDM_FIT_NUMBERS]; /* the optimum */
  size_t bests;
  char *warnings;                     /* lines, each ended by a newline; "": none */
} mdm_law_fit;

/* Fits a law. *out is to be freed. MDM_ERR_USAGE: the formula or a setting is wrong. MDM_ERR_DATA: a column is missing, a value does not fit, too few runs.
 * MDM_ERR_NUMERIC: no start came to a finite loss. runs and the texts in options must outlive *out. */
int mdm_law_fit_compute(const mdm_law_runs *runs, const mdm_law_options *options, mdm_law_fit **out, mdm_error *err);
void mdm_law_fit_free(mdm_law_fit *fit); /* accepts NULL */
/* As malloc'd text: format is "text" or "json". */
int mdm_law_fit_format(const mdm_law_fit *fit, const char *format, char **out, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
