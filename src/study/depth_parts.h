/* Parts of every product against the depth L (docs/coordinate-check.md). */
#ifndef MOEDMFT_DEPTH_PARTS_H
#define MOEDMFT_DEPTH_PARTS_H

#include <moedmft/config.h>
#include <moedmft/record.h>
#include <moedmft/run.h>

/* Outcomes of one kind at every depth: the limit (width 0), or networks of one width. */
typedef struct mdm_depth_series {
  long width;
  const long *depth; /* n, ascending */
  size_t n, first;   /* depths from depth[first] on are fitted */
  size_t runs;
  const mdm_outcome *outcome; /* n */
} mdm_depth_series;

/* The ensemble of a series at depth i. */
const mdm_ensemble *mdm_depth_ensemble(const mdm_depth_series *s, size_t i);
/* Where results of a series go: "depths/limit/NAME", "depths/width_N/NAME". */
void mdm_depth_path(const mdm_depth_series *s, const char *name, char path[96]);

/* Mean and standard error over runs of v (runs). */
void mdm_depth_reduce(size_t runs, const double *v, double *mean, double *error);

/* Of runs with output.parts: adds, below the path of the series, parts/step; parts/rms (product, part, depth), at the last step of the time
 * grid, RMS over blocks, mean and standard error over runs; parts/exponent (product, part), p of RMS ~ L^p; parts/predicted and
 * parts/lowest (scaling/coordcheck_predict.h); parts/agrees: 1, 0 or NaN. */
int mdm_depth_parts_add(const mdm_depth_series *s, const mdm_config *cfg, mdm_record *rec, mdm_error *err);

#endif
