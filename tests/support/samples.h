/* Data sets that tests write to their folder, and what loading makes of them. */
#ifndef MOEDMFT_TESTS_SAMPLES_H
#define MOEDMFT_TESTS_SAMPLES_H

#include <hdf5.h>
#include <moedmft/data.h>
#include <stddef.h>

/* ---- loading ---- */

/* Settings with ';' between them and files of the folder as "=@NAME" (configure_values in support/settings.h); the test ends when
 * loading fails. */
mdm_data *load(const char *settings);

/* Loading must fail with this code and a one-line message that contains both words. */
void fails(const char *settings, int code, const char *word, const char *other);

/* Inputs of a part after standardization: P × D doubles, which stay until the fourth call from now. */
const double *inputs_of(const mdm_data *d, const mdm_samples *s);

/* Parts that are the same, sample by sample; that have no index of the file (below limit) twice; whose indices ascend. */
int same_samples(const mdm_data *d, const mdm_samples *a, const mdm_samples *b);
int disjoint(const mdm_samples *a, const mdm_samples *b, size_t limit);
int in_order(const mdm_samples *s);

/* ---- IDX ---- */

#define IDX "data.source=idx;data.file=@images;data.labels=@labels;"
#define FASHION                                                                                                        \
  "data.source=idx;data.file=data/fashion/train-images-idx3-ubyte.gz;"                                                 \
  "data.labels=data/fashion/train-labels-idx1-ubyte.gz;"
#define FASHION_TEST                                                                                                   \
  "data.test_file=data/fashion/t10k-images-idx3-ubyte.gz;"                                                             \
  "data.test_labels=data/fashion/t10k-labels-idx1-ubyte.gz;"

/* n bytes, as they are or compressed. */
void write_bytes(const char *name, const void *bytes, size_t n, int gzip);

/* IDX file of the given extents; body: their product, n bytes. */
void write_idx(const char *name, int type, int rank, const unsigned *extent, const unsigned char *body, size_t n, int gzip);

/* A small set, files "images" and "labels": pixel d of image m is (7 m + 3 d) mod 251; labels are 0, 1, 2, and class 2 has only 10
 * samples. */
enum { IDX_COUNT = 90, IDX_HEIGHT = 2, IDX_WIDTH = 3, IDX_SIZE = IDX_HEIGHT * IDX_WIDTH };
extern unsigned char pixels[IDX_COUNT * IDX_SIZE], labels[IDX_COUNT];
void write_small(int gzip);

/* Of the small set: number of samples with this label; whether inputs are the pixels of the file at origin. */
size_t number_of(const mdm_samples *s, int label);
int pixels_fit(const mdm_samples *s);

/* ---- HDF5 ---- */

#define H5(name) "data.source=hdf5;data.file=@" name ";"

void write_dataset(hid_t file, const char *name, hid_t type, int rank, const hsize_t *extent, const void *values);

/* /x: rows × columns doubles, /y: rows or rows × outputs (outputs > 0). */
void write_hdf5(const char *name, size_t rows, size_t columns, size_t outputs, const double *x, const double *y);

/* rows samples: /x of D columns (0: one dimension), scale · sin; y_rows samples: /y one-hot of C columns, or labels
 * 0, 1, 0, … when C = 0, the first of which is y0 instead. */
void write_samples(const char *name, size_t rows, size_t D, size_t y_rows, size_t C, double scale, double y0);

/* One sample of three integers, with label 1. */
void write_one_integer_sample(const char *name);

#endif
