/* Sequences of tokens: HDF5 integers and texts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "problem/problem.h"
#include "data/stored.h"
#include "support/folder.h"
#include "support/samples.h"
#include "support/settings.h"
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
  CU_ASSERT_EQUAL(data->train.inputs->type, MDM_HELD_SINGLE); /* the smallest that holds 0, 1 and the positions */
  mdm_data_free(data);
  data = load(TOKENS("a.h5") "data.train=2;data.test=1;model.position_std=0.1");
  for (size_t i = 0; i < 2 * T; i++) is_token(data, &data->train, i, i, 0.1);
  CU_ASSERT_EQUAL(data->train.inputs->type, MDM_HELD_DOUBLE);
  mdm_data_free(data);
  data = load(TOKENS("a.h5") "model.position=none");
  CU_ASSERT(data->dimension == V && data->train.count == B * T);
  is_token(data, &data->train, 5, 5, 0);
  CU_ASSERT_EQUAL(data->train.inputs->type, MDM_HELD_BYTE);
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

/* Rows of zeros but for the class of each sequence's last token, where it has one. */
static void test_labels(void) {
  const int label[B] = {2, -100, 0};
  write_tokens("label.h5", label, 1);
  mdm_data *data = load(TOKENS("label.h5"));
  CU_ASSERT(data->outputs == 3 && data->dimension == 5 + T && data->classification);
  CU_ASSERT_PTR_NOT_NULL(strstr(data->source, "labels of 3 classes for their last tokens, 1 target ignored"));
  for (size_t i = 0; i < B * T; i++)
    for (size_t c = 0; c < 3; c++) CU_ASSERT_EQUAL(data->train.y[3 * i + c], i % T == T - 1 && (int)c == label[i / T]);
  mdm_data_free(data);
}

static void test_ignored(void) {
  int some[B * T];
  memcpy(some, next, sizeof next);
  some[0] = -1, some[5] = -100;
  write_tokens("some.h5", some, T);
  mdm_data *data = load(TOKENS("some.h5"));
  CU_ASSERT_PTR_NOT_NULL(strstr(data->source, ", 2 targets ignored"));
  for (size_t i = 0; i < B * T; i++)
    for (size_t c = 0; c < V; c++) CU_ASSERT_EQUAL(data->train.y[V * i + c], (int)c == some[i]);
  mdm_data_free(data);
}

/* Under Adam a table of positions of size σ_p learns at the rate of the embedding: inputs are ones, the columns of W_in that size. The limit draws what the
 * inputs make of that. */
static void test_position_table(void) {
  write_tokens("a.h5", next, T);
  for (int many = 0; many < 2; many++) { /* as many samples as inputs, or fewer */
    mdm_config *cfg = configure_values(many ? TOKENS("a.h5") "train.optimizer=adam" : TOKENS("a.h5") "train.optimizer=adam;data.train=1");
    mdm_data *data = NULL;
    mdm_problem *p = NULL;
    CU_ASSERT_FATAL(!mdm_data_load(cfg, &data, NULL) && !mdm_problem_create(cfg, data, &p, NULL));
    size_t D = data->dimension, vocabulary = D - T, P = data->train.count;
    const double *reduced = p->reduced.held[0], *network = p->network.held[0], *learned = reduced + (many ? 0 : p->reduced.drawn);
    double x[64]; /* D */
    CU_ASSERT_FATAL(D <= 64 && reduced && network);
    CU_ASSERT(p->network.inputs == D && (many ? p->reduced.std && p->reduced.drawn == D : !p->reduced.std && p->reduced.fixed == P));
    for (size_t i = 0; i < D; i++) CU_ASSERT_EQUAL(p->network.std[i], i < vocabulary ? 1 : 0.5);
    for (size_t k = 0; k < P; k++) {
      mdm_inputs_of(&p->full, 0, k, x);
      for (size_t i = 0; i < D; i++) {
        CU_ASSERT_EQUAL(x[i], network[D * k + i] * p->network.std[i]);
        CU_ASSERT(network[D * k + i] == 0 || network[D * k + i] == 1);
        CU_ASSERT_EQUAL(learned[p->reduced.inputs * k + i], network[D * k + i]);
      }
    }
    for (size_t j = 0; j < P && !many; j++) /* inner products of what is drawn */
      for (size_t k = 0; k < P; k++) {
        double drawn = 0, given = 0;
        for (size_t i = 0; i < p->reduced.drawn; i++) drawn += reduced[p->reduced.inputs * j + i] * reduced[p->reduced.inputs * k + i];
        double z[64];
        mdm_inputs_of(&p->full, 0, j, x), mdm_inputs_of(&p->full, 0, k, z);
        for (size_t i = 0; i < D; i++) given += x[i] * z[i];
        CU_ASSERT_DOUBLE_EQUAL(drawn, given, 1e-12);
      }
    mdm_problem_free(p);
    mdm_data_free(data);
    mdm_config_free(cfg);
  }
}

/* The second sequence has no target: a batch of it alone, or a test part. */
static void test_nothing_to_learn(void) {
  static const char *const settings[] = {TOKENS("label.h5") "train.batch=1", TOKENS("label.h5") "data.train=1;data.test=1", TOKENS("label.h5") "train.batch=2"},
      *const why[] = {"the batch of step 1 has no target: all of its 4 samples", "the test part has no target", NULL};
  const int label[B] = {2, -1, 0};
  write_tokens("label.h5", label, 1);
  for (int k = 0; k < 3; k++) {
    mdm_config *cfg = configure_values(settings[k]);
    mdm_data *data = NULL;
    mdm_problem *p = NULL;
    mdm_error err = {0};
    CU_ASSERT_FATAL(!mdm_data_load(cfg, &data, &err));
    CU_ASSERT_EQUAL(mdm_problem_create(cfg, data, &p, &err), why[k] ? MDM_ERR_DATA : MDM_OK);
    CU_ASSERT(!why[k] || strstr(err.text, why[k]));
    mdm_problem_free(p);
    mdm_data_free(data);
    mdm_config_free(cfg);
  }
}

static void test_refusals(void) {
  int half[2 * B] = {0}, huge[B * T];
  memcpy(huge, next, sizeof next);
  huge[5] = 1000000;
  write_tokens("huge.h5", huge, T);
  write_tokens("half.h5", half, 2);
  write_tokens("a.h5", next, T);
  write_bytes("short.txt", "ab", 2, 0);
  fails(TOKENS("huge.h5"), MDM_ERR_DATA, "/targets of sequence 1, token 1, is 1e+06", "huge.h5");
  fails(TOKENS("half.h5"), MDM_ERR_DATA, "2 targets for each sequence of 4 tokens", "half.h5");
  for (int rank = 1; rank <= 3; rank += 2) { /* neither one long sequence nor sequences of sequences */
    hid_t file = H5Fcreate(in_folder("flat.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_dataset(file, "/tokens", H5T_NATIVE_INT, rank, rank == 1 ? (hsize_t[]){B * T} : (hsize_t[]){B, T / 2, 2}, token);
    write_dataset(file, "/targets", H5T_NATIVE_INT, 1, (hsize_t[]){rank == 1 ? B * T : B}, next);
    H5Fclose(file);
    fails(TOKENS("flat.h5"), MDM_ERR_DATA, rank == 1 ? "rank 1" : "rank 3", "/tokens is an array of rank");
  }
  fails(TOKENS("a.h5") "data.train=4", MDM_ERR_DATA, "holds 3 sequences of 4 tokens", "a.h5");
  fails(TOKENS("a.h5") "data.train=2;data.test=2", MDM_ERR_DATA, "1 sequence of 4 tokens are left", "a.h5");
  fails("data.source=text;data.file=@short.txt;data.context=3", MDM_ERR_DATA, "lower data.context", "short.txt");
  fails("data.source=text;data.file=@none.txt", MDM_ERR_DATA, "cannot be read", "none.txt");
  fails("data.source=text;data.file=@", MDM_ERR_DATA, "Is a directory", "check data.file");
  CU_ASSERT_FATAL(!mkfifo(in_folder("pipe"), 0600));
  fails("data.source=text;data.file=@pipe", MDM_ERR_DATA, "no regular file", "pipe"); /* nobody would ever write to it */
  fails(TOKENS("pipe"), MDM_ERR_DATA, "no regular file", "pipe");
}

static const test_case tests[] = {
    {"tokens: one-hot, with positions", test_tokens},
    {"tokens: windows of a text", test_text},
    {"tokens: labels of sequences", test_labels},
    {"tokens: targets to be ignored", test_ignored},
    {"tokens: a table of positions under Adam", test_position_table},
    {"tokens: nothing to learn", test_nothing_to_learn},
    {"tokens: refusals", test_refusals},
};

SUITE_IN_FOLDER("data/tokens", tests)
