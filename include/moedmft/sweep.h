/* Sweeps: loss over a grid of options × widths, N = infinity among them.
 *
 * The grid has one or two axes, each a list of values of an option (train.lr, model.experts_ratio, …), and
 * model.parameterization may be one more. A point of the grid at one width is a cell: simulate.seeds networks, or
 * solve.replicas solutions of the limit. Cells are computed in parallel and saved as they finish; a sweep that is
 * started again takes what its file holds. Results: loss over the grid, the best value of one axis at each width, its
 * drift with N and along the other axes, the loss that a best value costs elsewhere, and whether larger networks are worse anywhere.
 * docs/output.md describes the file.
 */
#ifndef MOEDMFT_SWEEP_H
#define MOEDMFT_SWEEP_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/error.h>
#include <moedmft/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which number stands for the loss of a run. */
typedef enum {
  MDM_MEASURE_AUTO,  /* final with the full batch, tail with minibatches */
  MDM_MEASURE_FINAL, /* train loss after the last step */
  MDM_MEASURE_BEST,  /* smallest train loss of any step */
  MDM_MEASURE_TAIL,  /* mean train loss of the last tenth of the steps */
  MDM_MEASURE_TEST   /* test loss after the last step */
} mdm_measure;

/* What a cell is. */
typedef enum {
  MDM_CELL_MISSING,  /* not computed yet */
  MDM_CELL_COMPLETE, /* every run came to its end */
  MDM_CELL_DIVERGED, /* some runs diverged: their losses are infinite */
  MDM_CELL_NO_LIMIT, /* N = infinity: this parameterization has no limit */
  MDM_CELL_FAILED,   /* a numerical routine failed; mdm_sweep_note tells why */
  MDM_CELL_SKIPPED   /* not needed: the value was added by refinement at other widths (mdm_sweep_refine) */
} mdm_cell;

typedef struct mdm_sweep mdm_sweep; /* opaque: configuration, grid, what was computed */

/* A sweep of cfg (copied) over the n axes "KEY=v1,v2,…", "KEY=log:FIRST:LAST:COUNT" or "KEY=lin:FIRST:LAST:COUNT"
 * (evenly spaced, rounded to six digits, or to integers where the option is one). Widths and seeds are those of
 * simulate.*; with_limit adds N = infinity, the last width. MDM_ERR_CONFIG: unknown key, value that the option does not
 * allow, value given twice, too many axes. */
int mdm_sweep_create(const mdm_config *cfg, const char *const *over, size_t n, int with_limit, mdm_measure measure,
                     mdm_sweep **out, mdm_error *err);
void mdm_sweep_free(mdm_sweep *s); /* accepts NULL */

/* Before mdm_sweep_create: solve.method: auto becomes a method, and solve.particles and solve.replicas that are automatic become numbers in cfg,
 * chosen at the first point of the grid (mdm_method_choose, mdm_accuracy_all); *asked: the accuracy there, 0: sizes are given. */
int mdm_sweep_sizes(mdm_config *cfg, const char *const *over, size_t n, const mdm_monitor *monitor, double *asked, mdm_error *err);

/* Lets mdm_sweep_run go on after the grid is computed: for every width it adds values to the axis whose best value is sought, halving
 * the distances beside the best one (beyond an end of the axis: going on in equal steps, six at most), until the error of the best value
 * that comes from these distances is below tolerance (0.01: 1 %) or half the spread over runs. They are saved like others, and a
 * sweep that is started again keeps them. MDM_ERR_CONFIG: tolerance is not in 1e-4 … 1, or no axis has a best value. */
int mdm_sweep_refine(mdm_sweep *s, double tolerance, mdm_error *err);

/* Loads the data and checks every cell before any is computed. *bytes: memory needed with so many threads (0: one per
 * processor), roughly. */
int mdm_sweep_prepare(mdm_sweep *s, int threads, double *bytes, mdm_error *err);
/* The data that all points share, once they are prepared; NULL where points differ in theirs. Owned by s. */
const mdm_data *mdm_sweep_samples(const mdm_sweep *s);

/* ---- looking at it ---- */

/* Cells that are asked for, and how many of them are ready. */
size_t mdm_sweep_cells(const mdm_sweep *s, size_t *ready);
/* Cell of point (row-major over the axes) and width (ascending, the limit last). */
mdm_cell mdm_sweep_cell(const mdm_sweep *s, size_t point, size_t width);
/* Why a cell has no numbers; NULL when there is nothing to say. */
const char *mdm_sweep_note(const mdm_sweep *s, size_t point, size_t width);
/* Reasons to doubt the limit of a cell beyond its standard errors (docs/output.md, diagnostics), in a line; NULL: none. */
const char *mdm_sweep_doubt(const mdm_sweep *s, size_t point, size_t width);
/* Cells with such reasons; those of the first, behind the name of its point, into first (size bytes). */
size_t mdm_sweep_doubts(const mdm_sweep *s, char *first, size_t size);
/* Those whose directions fill a population, so that what was computed is no limit (mdm_fills_population). */
size_t mdm_sweep_no_limits(const mdm_sweep *s, char *first, size_t size);
/* The arrays of the file (docs/output.md): what was computed, and the results drawn from it. Owned by s. */
const mdm_record *mdm_sweep_data(const mdm_sweep *s);
const mdm_record *mdm_sweep_results(const mdm_sweep *s);
#ifdef __cplusplus
}
#endif
#endif
