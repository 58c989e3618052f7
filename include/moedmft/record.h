/* A record: the named arrays that a run measures. Solver and simulator produce the same record, so that theory and
 * experiment compare array by array; mdm_record_reduce turns the records of replicas or seeds into mean and standard
 * error. The HDF5 output (file.h) is a record written down. */
#ifndef MOEDMFT_RECORD_H
#define MOEDMFT_RECORD_H

#include <stddef.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MDM_MAX_RANK = 6 };

typedef struct mdm_array {
  char path[96];             /* below the record's group, e.g. "observables/train/loss" */
  int rank;                  /* number of dimensions */
  size_t dim[MDM_MAX_RANK];  /* extents, row-major */
  char dims[96];             /* what the dimensions mean: "step, sample, output" */
  const char *text;          /* what it is, with its equation and unit; a string literal (or owned by the record if read from a file) */
  double *value;             /* dim[0] × … : the values, or the mean over runs */
  double *error;             /* same shape: standard error of the mean; NULL when there is none */
} mdm_array;

typedef struct mdm_record mdm_record; /* opaque: a list of arrays */

int mdm_record_create(mdm_record **out, mdm_error *err);
void mdm_record_free(mdm_record *rec);
/* Adds a zero-filled array and returns its values through *value. The path must be new. text must outlive the record
 * (a string literal) . dims names one word (or words) per dimension, comma separated. */
int mdm_record_add(mdm_record *rec, const char *path, int rank, const size_t *dim, const char *dims, const char *text,
                   double **value, mdm_error *err);
size_t mdm_record_count(const mdm_record *rec);
const mdm_array *mdm_record_at(const mdm_record *rec, size_t i);
/* NULL when there is no such array. */
const mdm_array *mdm_record_find(const mdm_record *rec, const char *path);
/* Shortens every array that has a dimension named "step" to its first n steps (no-op where it is already shorter). */
int mdm_record_truncate(mdm_record *rec, size_t n, mdm_error *err);
/* Mean over runs and, for n ≥ 2, the standard error of the mean: error = sqrt(Σ (v − mean)² / (n (n−1))). All runs must
 * hold the same arrays with the same shapes. Sums run in index order: the result does not depend on who computed what. */
int mdm_record_reduce(const mdm_record *const *runs, size_t n, mdm_record **out, mdm_error *err);
/* All runs side by side: each array gains a leading dimension "seed" of extent n. */
int mdm_record_stack(const mdm_record *const *runs, size_t n, mdm_record **out, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
