/* Whether two files hold the same results, number by number. */
#ifndef MOEDMFT_FILE_AGREE_H
#define MOEDMFT_FILE_AGREE_H

#include "file/internal.h"

/* One number that differs. */
typedef struct mdm_place {
  char path[192];              /* its array, from the root: "/width_64/observables/train/loss"; "": none differs */
  int rank;
  size_t index[MDM_MAX_RANK];  /* rank */
  double then, now;            /* in the first file, in the second */
  double size;                 /* of the difference, in the unit that stands beside it below */
} mdm_place;

typedef struct mdm_agreement {
  size_t arrays, numbers;              /* compared; times are not */
  size_t arrays_apart, numbers_apart;  /* not the same bit for bit (NaN is NaN) */
  mdm_place in_errors;                 /* the largest |now - then| in standard errors of the first file, where it has one that is not zero */
  mdm_place relative;                  /* the largest |now - then| in root mean squares of its array; infinite where one of them is no number */
  double rms_in_errors;                /* root mean square over all numbers that have a standard error; 0: there are none */
  size_t with_errors;                  /* how many these are */
  size_t others;                       /* arrays that are missing or have other shapes, attributes that differ */
  char other[512];                     /* the first of these, in words */
} mdm_agreement;

/* Compares what `now` holds with what `then` does: arrays with their standard errors, single runs where both have them, and attributes of
 * results; provenance and times are left out. partial: `then` was interrupted; only its single runs are compared, each up to where it came,
 * and the data. Both are open, `now` flushed. */
int mdm_files_agree(mdm_file *then, mdm_file *now, int partial, mdm_agreement *out, mdm_error *err);

/* Nothing differs. */
int mdm_agreement_holds(const mdm_agreement *a);

#endif
