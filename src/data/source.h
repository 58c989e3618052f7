/* Inside the data module: what a file holds (idx.c, hdf5.c), the draw of a subset (select.c), the way from files to train
 * and test part (files.c), the built-in set (cosine.c), standardization (standardize.c), and helpers that all of them share
 * (samples.c). Nothing here is public. */
#ifndef MOEDMFT_DATA_SOURCE_H
#define MOEDMFT_DATA_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <moedmft/data.h>

#include "base/random.h"
#include "data/array.h"
#include "data/stored.h"

/* Everything one file (or pair of files) holds, before selection. Of y and label one is set after reading, and only label once the values of y
 * turn out to be class labels. */
typedef struct mdm_source {
  const char *path;    /* the file, for messages; borrowed from the configuration */
  const char *option;  /* the option that names it: "data.file" or "data.test_file" */
  const char *x_name, *x_option, *y_name, *y_option; /* HDF5: data sets with inputs and targets, and the options that name them */
  int sequences;       /* HDF5: inputs are sequences of tokens, not samples */
  size_t count;        /* P */
  size_t dimension;    /* D */
  size_t outputs;      /* C, columns of y; 1 for class labels */
  mdm_stored *x;       /* P × D: IDX pixels, 0 to 255, as bytes; of HDF5 in the type of the file, where that is exact */
  double *y;           /* P × C, row-major (HDF5) */
  long *label;         /* P, class labels */
} mdm_source;

/* Readers. They check sizes and types, not values. is_test: the test part, which decides about the options named in
 * messages; of HDF5 the caller has set path, option and the names of the data sets. On failure the source may be half-built; free it all
 * the same. */
int mdm_source_read_idx(mdm_source *src, const char *images, const char *labels, int is_test, mdm_error *err);
int mdm_source_read_hdf5(mdm_source *src, mdm_error *err);
void mdm_source_free(mdm_source *src);

/* Fills data from the files that the configuration names: everything except standardization. */
int mdm_data_read_files(const mdm_config *cfg, mdm_data *data, mdm_error *err);
/* The same for the built-in set. */
int mdm_data_make_cosine(const mdm_config *cfg, mdm_data *data, mdm_error *err);
/* The same for sequences of tokens, from HDF5 or a text. */
int mdm_data_read_tokens(const mdm_config *cfg, mdm_data *data, mdm_error *err);
/* Standardizes both parts as data.standardize says, and notes it in data->source. */
int mdm_data_standardize(const mdm_config *cfg, mdm_data *data, mdm_error *err);

/* Room for targets and indices of count samples with C outputs, all zero; and for inputs of dimension D, too, as doubles, which *x are. */
int mdm_samples_targets(mdm_samples *s, size_t count, size_t outputs, mdm_error *err);
int mdm_samples_create(mdm_samples *s, size_t count, size_t dimension, size_t outputs, double **x, mdm_error *err);
/* mdm_check_finite of inputs: before (raw: 1) or after standardization. */
int mdm_check_inputs(const mdm_stored *s, int raw, const char *place, const char *name, const char *option, mdm_error *err);
/* MDM_ERR_DATA when value (rows × columns) holds NaN or infinity; the message says that it is name ("/x") of place (a
 * file) and that option can be changed. */
int mdm_check_finite(const double *value, size_t rows, size_t columns, const char *place, const char *name,
                     const char *option, mdm_error *err);
/* First row of y (rows × columns) that is no classification target, i.e. not ±1 (one column) or not one-hot; rows when
 * all are. */
size_t mdm_first_no_class(const double *y, size_t rows, size_t columns);

/* Purposes of the random streams of data.seed; they continue those of random.h. */
enum { MDM_DRAW_SUBSET = 128, MDM_DRAW_TEST_FILE = 129, MDM_DRAW_TRAIN_ORDER = 130 };

#define MDM_NO_CLASS SIZE_MAX /* the sample belongs to no class that is kept */

/* The samples of a file like a deck of cards sorted by class and shuffled within each class. Dealing takes one of every
 * class in turn, so that the numbers per class differ by at most one until a class runs out. */
typedef struct mdm_deck {
  size_t groups; /* G, number of classes (1 without class labels) */
  size_t *card;  /* kept samples, class by class: indices in the file */
  size_t *end;   /* G: class g ends before card[end[g]] */
  size_t *next;  /* G: the next card of class g is card[next[g]] */
} mdm_deck;

/* group: count entries below groups, or MDM_NO_CLASS. Class g is shuffled by the stream with run = g. */
int mdm_deck_create(mdm_deck *deck, const size_t *group, size_t count, size_t groups, mdm_stream stream,
                    mdm_error *err);
/* Cards not dealt yet. */
size_t mdm_deck_left(const mdm_deck *deck);
/* Deals n <= mdm_deck_left cards into out. */
void mdm_deck_deal(mdm_deck *deck, size_t n, size_t *out);
void mdm_deck_free(mdm_deck *deck);

/* Random permutation of list. */
void mdm_shuffle(size_t *list, size_t n, mdm_stream stream);

#endif
