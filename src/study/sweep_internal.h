/* What the files about sweeps (src/study, src/file, src/report, src/plot) share: the sweep itself, and the arithmetic of its results. */
#ifndef MOEDMFT_SWEEP_INTERNAL_H
#define MOEDMFT_SWEEP_INTERNAL_H

#include <moedmft/sweep.h>
#include <moedmft/data.h>
#include <stdint.h>

#include "config/grid.h"
#include "study/best_value.h"

#define MDM_MEASURES (MDM_MEASURE_TEST + 1) /* index 0, AUTO, is unused */

typedef struct mdm_series {
  double *value, *error; /* mean and standard error; NULL where it does not exist */
} mdm_series;

/* Cells are ordered point by point, within a point by width: cell = point × widths + width. */
/* Of the runs of a cell that are there, in their order, so that more runs continue them bit by bit: sums, and squared deviations from the mean (Welford
 * 1962). */
typedef struct mdm_sums {
  double *sum, *squares; /* NULL where the curve does not exist */
} mdm_sums;

struct mdm_sweep {
  mdm_config *cfg;
  mdm_grid grid;
  mdm_measure measure; /* never AUTO */
  int with_limit;      /* the last width is N = infinity */
  int is_saved;        /* the file that it went on from has the same cells and measure */
  long along;          /* axis whose best value is sought, or −1 */
  size_t points, widths, cells, most_runs, steps,
      tests; /* steps: of the longest point, recorded; tests: test records */
  mdm_record *data, *results;
  /* arrays of data */
  double *width, *runs;          /* widths: N, infinity for the limit; seeds or replicas */
  double *status, *diverged;     /* cells: mdm_cell; number of runs that diverged */
  double *seconds;               /* cells: time of all runs that are there */
  double *have;                  /* cells: runs that are there, the first ones; fewer than `runs` only where status is MISSING, or 0 where there are no numbers */
  mdm_series loss, test;         /* cells × steps; cells × tests, NULL without a test part */
  mdm_sums loss_sums, test_sums; /* the same */
  double *test_step;             /* points × tests */
  double *each[MDM_MEASURES];    /* cells × most_runs; NULL where a measure does not exist */
  mdm_series mean[MDM_MEASURES]; /* cells: mean over runs */
  char **note;                   /* cells: NULL, or why there are no numbers */
  char **doubt;                  /* cells: NULL, or reasons to doubt a limit beyond its standard errors, in a line */
  mdm_data *samples;             /* loaded by prepare; NULL when points have data of their own */
  double *work;                  /* cells: estimated work, once prepared */
  mdm_best *best;                /* slices × widths: best values, as in results */
  double refine;                 /* error of ln(best value) at which no more values are added to the axis; 0: none are */
  char **added;                  /* added_n: values that were, as texts of the axis */
  size_t added_n;
};

const char *mdm_measure_name(mdm_measure m);  /* "tail" */
const char *mdm_measure_title(mdm_measure m); /* "train loss, mean of the last tenth of the steps" */

/* Points of the grid that differ only in the axis `along`: slice j, position i. Without such an axis every point is a
 * slice. */
size_t mdm_sweep_slices(const mdm_sweep *s);
size_t mdm_sweep_positions(const mdm_sweep *s);
size_t mdm_sweep_point(const mdm_sweep *s, size_t slice, size_t position);
/* Index of a width; s->widths: there is none. */
size_t mdm_sweep_find_width(const mdm_sweep *s, double width);
/* "model.parameterization = mup, model.experts_ratio = 2": a point, and a slice without the axes `along` and `without` (−1: none); "" when no axis is left. */
void mdm_sweep_point_name(const mdm_sweep *s, size_t point, char *buf, size_t size);
void mdm_sweep_slice_name(const mdm_sweep *s, size_t slice, long without, char *buf, size_t size);

/* Losses of a slice at one width along the axis `along`, as mdm_best_value takes them: ln(value) into x, those of step 0 into first (n values each), of
 * runs into y (n × s->runs[w]; NaN in the first run where the cell is not complete). */
void mdm_sweep_row(const mdm_sweep *s, size_t slice, size_t w, double *x, double *y, double *first);

/* Loads s->samples, unless points have data of their own. */
int mdm_sweep_load(mdm_sweep *s, mdm_error *err);

/* Fills s->results from s->data (anew). */
int mdm_sweep_evaluate(mdm_sweep *s, mdm_error *err);

/* Status of a cell that has numbers. */
int mdm_sweep_has_numbers(double status);
/* A cell as at the start, but for its status and note. */
void mdm_sweep_blank(mdm_sweep *s, size_t cell);
/* Its means alone, which some of its runs do not tell. */
void mdm_sweep_blank_means(mdm_sweep *s, size_t cell);
/* Mean and standard error of `have` runs from sum and squares; infinite and NaN once a run is infinite. */
void mdm_sweep_from_sums(double have, double sum, double squares, double *mean, double *error);

/* Mean and standard error of n numbers v[i × stride]; infinite as soon as one is. */
void mdm_sweep_mean(size_t n, const double *v, size_t stride, double *mean, double *error);

struct mdm_checkpoint;
/* What a checkpoint has of the sweep's cells that are ready goes; what it has of others, those of a larger sweep say, stays. */
int mdm_sweep_forget(mdm_sweep *s, struct mdm_checkpoint *checkpoint, mdm_error *err);

/* Computes the missing cells. save (NULL: nowhere; never in two threads at once) is called whenever some are ready, at least every few seconds,
 * and at the end; destination names in messages where it saves. Otherwise as mdm_sweep_run. */
int mdm_sweep_compute(mdm_sweep *s, const mdm_monitor *monitor, int (*save)(void *context, mdm_sweep *s, mdm_error *err), void *context,
                      const char *destination, mdm_error *err);

#endif
