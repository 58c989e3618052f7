/* Cells of a sweep whose limit comes from networks (solve.method: networks; run/family.h): their losses need all families of the cell at once. */
#ifndef MOEDMFT_SWEEP_FAMILIES_H
#define MOEDMFT_SWEEP_FAMILIES_H

#include "run/batch.h"
#include "study/sweep_internal.h"

/* Whether this cell is the limit, and comes from networks. */
int mdm_sweep_is_of_families(const mdm_sweep *s, size_t cell);

/* From the records of n families (which change: mdm_family_losses) their losses as pseudo-values, into curve (n × s->steps) and test (n × s->tests), where
 * all of them have finite ones; the others stay, those of diverged families and, of one family alone, all. bias, test_bias (the same shapes): what
 * extrapolation leaves in them, 0 where that is not known. b: their batch. MDM_ERR_MEMORY. */
int mdm_sweep_families(const mdm_sweep *s, const mdm_batch *b, mdm_record *const *record, size_t n, double *curve, double *test, double *bias, double *test_bias, mdm_error *err);

#endif
