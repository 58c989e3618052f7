/* Sequences of tokens: HDF5 integers and texts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/words.h"

enum { B = 3, T = 4, V = 6 };
static const int token[B * T] = {0, 1, 2, 3, 3, 3, 0, 1, 4, 2, 1, 0}, next[B * T] = {1, 2, 3, 3, 3, 0, 1, 5, 2, 1, 0, 4};

static void write_tokens(const char *name, const int *y, hsize_t columns) {
  hid_t file = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/tokens", H5T_NATIVE_INT, 2, (hsize_t[]){B, T}, token);
  write_dataset(file, "/targets", H5T_NATIVE_INT, 2, (hsize_t[]){B, columns}, y);
  H5Fclose(file);
}

#define TOKENS(name) "data.source=tokens;data.file=@" name ";train.loss=cross_entropy;"

/* Sample i of s, from `from` on in the file: one-hot, with the position. */
static void is_token(const mdm_data *data, const mdm_samples *s, size_t i, size_t from, double sigma) {
  size_t D = data->dimension;
  const double *x = inputs_of(data, s) + D * i; /* D */
  CU_ASSERT_EQUAL(s->origin[i], from);
  for (size_t d = 0; d < D; d++)
    CU_ASSERT_EQUAL(x[d], d < V ? (double)(d == (size_t)token[from]) : d - V == from % T ? sigma : 0);
  for (size_t c = 0; c < V; c++) CU_ASSERT_EQUAL(s->y[V * i + c], (double)(c == (size_t)next[from]));
}

static void test_tokens(void) {
  write_tokens("a.h5", next, T);
  mdm_data *data = load(TOKENS("a.h5") "data.train=2;data.test=1");
  CU_ASSERT(data->context == T && data->outputs == V && data->dimension == V + T && data->classification);
  CU_ASSERT_FATAL(data->train.count == 2 * T && data->test.count == T);
  for (size_t i = 0; i < 2 * T; i++) is_token(data, &data->train, i, i, 0.5);
  for (size_t i = 0; i < T; i++) is_token(data, &data->test, i, 2 * T + i, 0.5);
  mdm_data_free(data);
  data = load(TOKENS("a.h5") "model.position=none");
  CU_ASSERT(data->dimension == V && data->train.count == B * T);
  is_token(data, &data->train, 5, 5, 0);
  mdm_data_free(data);
}

static void test_text(void) {
  static const char text[] = "abcabcabd";
  write_bytes("a.txt", text, 9, 0);
  mdm_data *data = load("data.source=text;data.file=@a.txt;data.context=3;data.test=1;model.position_std=2;train.loss=cross_entropy");
  CU_ASSERT(data->context == 3 && data->outputs == 4 && data->dimension == 7);
  CU_ASSERT_FATAL(data->train.count == 3 && data->test.count == 3); /* two windows; the last three bytes are no window with a byte behind it */
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(inputs_of(data, &data->train)[7 * i + i], 1);
    CU_ASSERT_EQUAL(inputs_of(data, &data->train)[7 * i + 4 + i], 2);
    CU_ASSERT_EQUAL(data->train.y[4 * i + (i + 1) % 3], 1);
  }
  mdm_data_free(data);
}

static void test_refusals(void) {
  int negative[B * T], label[B] = {0, 1, 2};
  memcpy(negative, next, sizeof next);
  negative[5] = -100;
  write_tokens("negative.h5", negative, T);
  write_tokens("label.h5", label, 1);
  write_tokens("a.h5", next, T);
  write_bytes("short.txt", "ab", 2, 0);
  fails(TOKENS("negative.h5"), MDM_ERR_DATA, "/targets of sequence 1, token 1, is -100", "negative.h5");
  fails(TOKENS("label.h5"), MDM_ERR_DATA, "1 targets for each sequence of 4 tokens", "label.h5");
  fails(TOKENS("a.h5") "data.train=4", MDM_ERR_DATA, "holds 3 sequences of 4 tokens", "a.h5");
  fails(TOKENS("a.h5") "data.train=2;data.test=2", MDM_ERR_DATA, "1 sequence of 4 tokens are left", "a.h5");
  fails("data.source=text;data.file=@short.txt;data.context=3", MDM_ERR_DATA, "lower data.context", "short.txt");
  fails("data.source=text;data.file=@none.txt", MDM_ERR_DATA, "cannot be read", "none.txt");
}

static const test_case tests[] = {
    {"tokens: one-hot, with positions", test_tokens},
    {"tokens: windows of a text", test_text},
    {"tokens: refusals", test_refusals},
};

SUITE_IN_FOLDER("data/tokens", tests)
