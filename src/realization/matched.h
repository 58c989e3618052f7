/* Initial weights of a network whose leading moments are those of infinitely many neurons (docs/theory.md, the limit from networks). */
#ifndef MOEDMFT_MATCHED_H
#define MOEDMFT_MATCHED_H

#include "problem/problem.h"
#include "realization/realization.h"

/* W (stream × (D + C), independent normal entries: D columns of W_in, C of the readout): the columns of W_in along the axes, and the readout, become
 * orthogonal to each other and to the constant, with mean square 1; what is left of W_in becomes orthogonal to them, of its size. They are
 * returned in G (stream × (axes + C)). MDM_ERR_NUMERIC. */
int X(match_particles)(size_t stream, size_t D, size_t C, size_t k, const double *axes, real *W, real *G, mdm_error *err);
/* A (stream × columns, independent normal entries): the fields AᵀG/√stream, g of them on `columns` experts or neurons, likewise. Where there are
 * fewer than 2 (g + 1) columns it stays as it is. */
int X(match_columns)(size_t stream, size_t g, const real *G, size_t columns, real *A, mdm_error *err);

#endif
