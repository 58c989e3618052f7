/* Data sets from arrays that other parts of the program hold (data.h has the one for whoever uses the library). */
#ifndef MOEDMFT_DATA_ARRAYS_H
#define MOEDMFT_DATA_ARRAYS_H

#include <moedmft/data.h>

#include "data/stored.h"

/* Inputs become the data set's own, also where it fails; targets (count × outputs each) are copied. Values are not looked at. MDM_ERR_MEMORY. */
int mdm_data_from_stored(mdm_stored *train, mdm_stored *test, size_t outputs, const double *train_y, const double *test_y, int classification, mdm_data **out,
                         mdm_error *err);

/* One part: count × D and count × C, row-major. */
typedef struct mdm_part_arrays {
  size_t count;
  const double *x, *y;
} mdm_part_arrays;

/* As mdm_data_from_arrays, from a train (at least one sample) and a test part; all is copied. */
int mdm_data_from_parts(const mdm_part_arrays part[2], size_t dimension, size_t outputs, int classification, mdm_data **out, mdm_error *err);

#endif
