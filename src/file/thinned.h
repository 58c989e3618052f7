/* Train predictions as files have them with output.every > 1: those of steps 0, every, 2 every, … and the last. */
#ifndef MOEDMFT_FILE_THINNED_H
#define MOEDMFT_FILE_THINNED_H

#include <moedmft/record.h>

#define MDM_PREDICTION_STEPS "_step" /* behind the path of predictions: the steps that are stored */

/* Whether an array is thinned: train predictions of every step, or what is known about their bias. */
int mdm_is_thinned(const mdm_array *a);
/* *few: the array with those steps alone, its values and errors allocated. MDM_ERR_MEMORY. */
int mdm_thin(const mdm_array *a, size_t every, mdm_array *few, mdm_error *err);
/* Releases its values and errors. */
void mdm_thinned_free(mdm_array *few);

#endif
