/* Data sets: inputs x (P × D) and targets y (P × C), a train and a test part. */
#ifndef MOEDMFT_DATA_H
#define MOEDMFT_DATA_H

#include <stddef.h>
#include <moedmft/config.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdm_samples {
  size_t count;   /* P */
  struct mdm_stored *inputs; /* P × D, as their source has them (images as bytes); mdm_samples_input tells them */
  double *y;      /* P × C, row-major: regression target, ±1, or one-hot (zeros: no target, the loss leaves the sample out) */
  size_t *origin; /* P: index of each sample in its file (after class selection: still the index in the file) */
} mdm_samples;

typedef struct mdm_data {
  size_t dimension; /* D */
  size_t outputs;   /* C */
  size_t context;   /* T, tokens of a sequence, which are samples b T to b T + T - 1; 1: samples stand alone */
  int classification; /* 1: y is one-hot (C > 1) or ±1 (C = 1), so that accuracy has a meaning */
  mdm_samples train, test;
  char source[512];  /* one line: where the data come from */
  char notice[768];  /* one line that whoever trains on them should see; "": nothing to say */
  long users;        /* how often mdm_data_free releases it before it is gone, less one */
} mdm_data;

/* Builds the data set that the data.* options (and train.loss, which decides about one-hot targets) describe.
 *   data.source cosine: x[m][d] = √2 cos(1.7 (m+1)(d+1) + 0.3 m), y = +1, −1, −1, +1, repeated with period 4; the first
 *     data.train samples (0: 4) train, the next data.test test; D = data.dimension.
 *   data.source hdf5: data sets data.x (P × D) and data.y (P or P × C) of data.file; data.test_file, or data.test_x and data.test_y in
 *     the same file, when given, hold the test part, else the test samples are taken from what the train part left over. Targets in
 *     one column that are integers are class labels when train.loss, data.classes or data.targets asks for classes; else they are
 *     trained on as numbers, and the notice says so.
 *   data.source tokens: integers /tokens (data.x), sequences × T, of data.file, and /targets (data.y), a class of each, negative ones to be ignored; or one class
 *     for each sequence, which its last token has to say. text: windows of data.context bytes of data.file, the next byte the target. Samples are tokens, sequence after sequence, their inputs one-hot, with model.position_std times one-hot of
 *     the position; data.train and data.test count sequences, taken in order.
 *   data.source idx: IDX images data.file and labels data.labels, plain or gzip; likewise test_file, test_labels.
 * data.classes keeps these labels (in this order they become outputs 0, 1, …); data.seed draws the subset, balanced over
 * classes; data.standardize: none | global (one mean and variance, of the train part) | feature (per input) | sample (each sample zero
 * mean and unit variance) | auto (global for idx, else none). Constant inputs or samples become 0, which source tells. The test part
 * uses the train part's statistics. Zero samples asked for (data.train = 0) means all there are.
 * Errors: MDM_ERR_DATA (missing file, wrong magic number or shape, NaN or infinity, more samples asked than there are,
 * a class that does not occur, a negative label, a constant data set that cannot be standardized), MDM_ERR_CONFIG (data.file not given).
 * Every message names the file and the option. */
int mdm_data_load(const mdm_config *cfg, mdm_data **out, mdm_error *err);
/* Inputs of sample m < count, after standardization, into x: D numbers. Threads may call it together. */
void mdm_samples_input(const mdm_samples *s, size_t m, double *x);
/* CRC-32 of the inputs of all samples, as doubles behind each other, going on from crc (zlib's crc32). */
unsigned long mdm_samples_crc(const mdm_samples *s, size_t dimension, unsigned long crc);
/* A data set from arrays in memory (copied). x: (n_train + n_test) × D, y: likewise × C, train first. With classification, y is ±1 (C = 1) or one-hot, where
 * a row of zeros is a sample without target: loss, accuracy and alignment leave it out. */
int mdm_data_from_arrays(size_t n_train, size_t n_test, size_t dimension, size_t outputs, const double *x,
                         const double *y, int classification, mdm_data **out, mdm_error *err);
/* Fan-in of W_in: the number of inputs of a sample that are not 0. D, or 1 for one-hot tokens (data.source: tokens, text), whose columns of W_in, the
 * embedding, have unit variance. dimension: D. */
size_t mdm_data_fan_in(const mdm_config *cfg, size_t dimension);
/* sigma_p of tokens' positions, which are the last T inputs; 0: inputs have none. */
double mdm_data_position_std(const mdm_config *cfg);
/* The same data set for one user more, who releases it with mdm_data_free. */
mdm_data *mdm_data_share(const mdm_data *data);
/* Releases it; NULL is allowed. */
void mdm_data_free(mdm_data *data);

#ifdef __cplusplus
}
#endif
#endif
