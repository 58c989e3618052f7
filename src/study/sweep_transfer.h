/* Transfer of best values in a sweep: what they cost at other widths and settings, and their drift along other axes. */
#ifndef MOEDMFT_SWEEP_TRANSFER_H
#define MOEDMFT_SWEEP_TRANSFER_H

#include "study/sweep_internal.h"

enum { MDM_TRANSFER_ROWS = 40 }; /* at most: the time for all pairs of rows grows by its square, and every saving of the file takes it again */

/* A direction along which best values may drift: the width, or another axis of positive numbers (no seeds). */
typedef struct {
  const char *key; /* "width", or the key of the axis */
  long axis;       /* −1: the width */
  size_t n;        /* widths, or values of the axis: 2 or more */
} mdm_direction;

/* Directions of a sweep into out; how many there are. */
size_t mdm_sweep_directions(const mdm_sweep *s, mdm_direction out[MDM_GRID_AXES + 1]);

/* The slice that differs from `slice` in the value of an axis other than `along` alone: value i; and the value that `slice` has. */
size_t mdm_sweep_slice_at(const mdm_sweep *s, size_t slice, size_t axis, size_t i);
size_t mdm_sweep_slice_index(const mdm_sweep *s, size_t slice, size_t axis);

/* Adds results/drifts, regret, regret_relative and regret_kind (docs/output.md, Sweep) to s->results, from s->best. */
int mdm_sweep_transfer(mdm_sweep *s, mdm_error *err);

#endif
