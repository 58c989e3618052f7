/* Runs as a table: named columns of numbers. */
#ifndef MOEDMFT_LAW_RUNS_H
#define MOEDMFT_LAW_RUNS_H

#include <moedmft/law.h>

typedef struct mdm_law_column {
  char *name;
  double *value;    /* rows; NaN where there is no number */
  char *bad;        /* the first text that is none, in line bad_line; NULL: all are numbers */
  size_t bad_line;
} mdm_law_column;

struct mdm_law_runs {
  char *path;
  size_t rows, columns, capacity; /* capacity: rows that there is room for */
  mdm_law_column *column;
  size_t *line;                   /* rows: of the file; 0: it has none */
  double limit, limit_error;      /* loss at N = infinity, and its standard error; NaN: none */
  char remark[1200];              /* lines: what a fit of them should warn of */
};

/* NULL: there is none of this name. */
const mdm_law_column *mdm_law_runs_find(const mdm_law_runs *r, const char *name);
/* MDM_ERR_DATA, "FILE, line 7, column N: …". */
int mdm_law_runs_refuse(const mdm_law_runs *r, size_t row, const char *column, const char *what, mdm_error *err);
/* The column of this name, of numbers all of which mean something for it (loss and sizes are positive, S lies in 0 … 1, …). Fails where it is missing. */
int mdm_law_runs_take(const mdm_law_runs *r, const char *name, const double **out, mdm_error *err);

/* An empty table with these columns; one more row of it. */
int mdm_law_runs_create(const char *path, size_t columns, char *const *name, mdm_law_runs **out, mdm_error *err);
int mdm_law_runs_add(mdm_law_runs *r, size_t line, const double *value, mdm_error *err);
/* One more line of remarks; what does not fit is cut. */
void mdm_law_runs_remark(mdm_law_runs *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
