/* The loss laws that have a name (docs/laws.md). */
#ifndef MOEDMFT_LAWS_H
#define MOEDMFT_LAWS_H

#include <stddef.h>

enum { MDM_LAW_ROWS = 12 };

/* Where a parameter of a law may lie, and where starts are drawn from. Amplitudes are positive and fitted as logarithms; their starts follow from the others. */
typedef struct mdm_law_row {
  const char *name;
  double low, high, start_low, start_high;
} mdm_law_row;

typedef struct mdm_law {
  const char *name, *formula, *source;
  const char *column[6];          /* that it needs, up to NULL */
  mdm_law_row row[MDM_LAW_ROWS]; /* of parameters that are no plain amplitudes, up to a NULL name */
} mdm_law;

/* NULL: there is none of this name. */
const mdm_law *mdm_law_find(const char *name);
/* The i-th; NULL: there are no more. */
const mdm_law *mdm_law_at(size_t i);

#endif
