/* The values of a formula on many rows of data, and its derivatives by every parameter: exact, by one walk backwards over its operations. */
#ifndef MOEDMFT_EVALUATE_H
#define MOEDMFT_EVALUATE_H

#include <moedmft/error.h>
#include <stddef.h>

#include "law/expression.h"

/* A formula with its data. What depends on data alone is computed once. */
typedef struct mdm_formula {
  const mdm_expression *e; /* must outlive it */
  size_t rows;
  double *leaf[MDM_LAW_NODES]; /* rows: of nodes of data that others use; NULL: computed each time */
  int needed[MDM_LAW_NODES];   /* computed each time: depends on parameters */
  double *memory, *work;       /* of the leaves; blocks of values and of derivatives */
} mdm_formula;

/* column: for each column of e, rows numbers. MDM_ERR_DATA: a row where what depends on data alone is not finite, *bad receives it. */
int mdm_formula_create(const mdm_expression *e, size_t rows, const double *const *column, mdm_formula *out, size_t *bad, mdm_error *err);
/* The same formula on rows index[0] … index[n − 1] of another's; with a workspace of its own, so that threads may use both. */
int mdm_formula_pick(const mdm_formula *f, size_t n, const size_t *index, mdm_formula *out, mdm_error *err);
void mdm_formula_free(mdm_formula *f);

/* Values (rows) at the parameters x; derivative (rows × parameters, row-major): by x, NULL: none. One thread at a time. */
void mdm_formula_values(mdm_formula *f, const double *x, double *value, double *derivative);

#endif
