/* Values that a sweep adds to the axis whose best value is sought, and cells that go from one sweep to another. */
#ifndef MOEDMFT_SWEEP_GROW_H
#define MOEDMFT_SWEEP_GROW_H

#include "study/sweep_internal.h"

/* Cells of old into s, which has all its axes, values and widths; notes are moved. */
void mdm_sweep_take(mdm_sweep *s, mdm_sweep *old);

/* Adds to s the values that refinement had added to old, as far as s lacks them. */
int mdm_sweep_adopt(mdm_sweep *s, const mdm_sweep *old, mdm_error *err);

/* One round of refinement (mdm_sweep_refine) after all cells are computed. *more = 1: cells are missing now. */
int mdm_sweep_grow(mdm_sweep *s, int threads, int *more, mdm_error *err);

/* The added values, separated by commas, malloc'd (NULL when out of memory); and the reverse: of the values of the axis, those in text
 * count as added. */
char *mdm_sweep_added(const mdm_sweep *s);
int mdm_sweep_mark_added(mdm_sweep *s, const char *text, mdm_error *err);

#endif
