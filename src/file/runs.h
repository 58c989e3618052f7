/* Single runs of an ensemble in a file: one group, in which every array has a first dimension over runs (docs/output.md, Single runs). */
#ifndef MOEDMFT_FILE_RUNS_H
#define MOEDMFT_FILE_RUNS_H

#include <moedmft/run.h>

#include "file/internal.h"

typedef struct mdm_runs {
  long width;           /* N; 0: replicas of the limit */
  size_t n;
  size_t *index;        /* n, ascending: which replica or seed each is */
  mdm_record **each;    /* n */
  mdm_record **weights; /* n: initial and final weights, or NULL each */
} mdm_runs;

/* Writes runs below group: their arrays, their weights if there are any, and `index`. MDM_ERR_INTERNAL: runs that differ in their arrays. */
int mdm_runs_write(mdm_file *file, const char *group, const mdm_runs *runs, mdm_error *err);
/* Reads them back. MDM_ERR_DATA names an array whose shape cannot be that of n runs, or an index that is none. Release with
 * mdm_runs_clear, also after a failure. */
int mdm_runs_read(mdm_file *file, const char *group, long width, mdm_runs *out, mdm_error *err);
void mdm_runs_clear(mdm_runs *runs);

/* Position of a run; n: it is not there. */
size_t mdm_runs_find(const mdm_runs *runs, size_t index);
/* Numbers in all arrays of the runs, weights among them. */
double mdm_runs_numbers(const mdm_runs *runs);

#endif
