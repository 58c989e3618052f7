/* Inputs of samples as they are held: in the smallest type of the source that holds them exactly, before standardization, which is applied to a
 * sample when it is read. 60000 images of 784 pixels take 47 MB of bytes instead of 376 MB of doubles. */
#ifndef MOEDMFT_DATA_STORED_H
#define MOEDMFT_DATA_STORED_H

#include <stddef.h>
#include <moedmft/error.h>

typedef enum { MDM_HELD_BYTE, MDM_HELD_SINGLE, MDM_HELD_DOUBLE } mdm_held_as;

/* What a mean and deviation are of: nothing is standardized; all values; each input; each sample. */
typedef enum { MDM_STANDARD_NONE, MDM_STANDARD_GLOBAL, MDM_STANDARD_FEATURE, MDM_STANDARD_SAMPLE } mdm_standard;

typedef struct mdm_stored {
  mdm_held_as type;
  size_t count, dimension; /* P, D */
  void *value;             /* P × D, row-major, of that type; whole words of 8 bytes */
  mdm_standard standard;
  double *mean, *deviation; /* 1, D or P: x becomes (x − mean)/deviation, and 0 where the deviation is 0; NULL: x stays */
} mdm_stored;

/* Bytes of a value. */
size_t mdm_held_size(mdm_held_as type);
/* Whole words of 8 bytes that hold the values: what is behind the last one has no meaning. */
size_t mdm_stored_words(const mdm_stored *s);
/* Room for P × D zeros. MDM_ERR_MEMORY. */
int mdm_stored_create(mdm_stored **out, mdm_held_as type, size_t count, size_t dimension, mdm_error *err);
void mdm_stored_free(mdm_stored *s);

/* One value, which the type holds. */
void mdm_stored_put(mdm_stored *s, size_t m, size_t d, double x);
/* Values of row m: D, before standardization; and after it. */
void mdm_stored_raw(const mdm_stored *s, size_t m, double *x);
void mdm_stored_row(const mdm_stored *s, size_t m, double *x);

/* Rows row[0] … row[n − 1] of s into a new store. MDM_ERR_MEMORY. */
int mdm_stored_copy(const mdm_stored *s, size_t n, const size_t *row, mdm_stored **out, mdm_error *err);
/* Leaves of s these rows alone, in this order, which are all different; without a second copy. MDM_ERR_MEMORY. */
int mdm_stored_keep(mdm_stored *s, size_t n, const size_t *row, mdm_error *err);

/* Means and deviations of a mode: how many there are; room for them, zero. MDM_ERR_MEMORY. */
size_t mdm_standard_count(const mdm_stored *s, mdm_standard mode);
int mdm_stored_standardize(mdm_stored *s, mdm_standard mode, mdm_error *err);

#endif
