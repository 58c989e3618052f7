/* Sequences of tokens: HDF5 integers (data.source: tokens), or windows of a text (data.source: text). A sample is a token, sequence after sequence:
 * sample b T + t is token t of sequence b. Its input is one-hot in the vocabulary and, with model.position: learned, model.position_std times one-hot in
 * the position, so that z = E[token] + σ_p Pos[t] with initial entries of unit variance (docs/theory.md, attention); its target is one-hot. */
#include "data/source.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Sequences of a part, as they are read. */
typedef struct tokens {
  size_t count, T;    /* sequences; tokens of each */
  size_t vocabulary;  /* of a text: bytes that occur in it; 0: those of the tokens */
  long *token, *next; /* count × T; next: targets */
} tokens;

static void clear(tokens *k) {
  free(k->token);
  free(k->next);
  *k = (tokens){0};
}

static int allocate(tokens *k, size_t count, size_t T, mdm_error *err) {
  k->count = count;
  k->T = T;
  k->token = mdm_array(count, T, sizeof *k->token, err);
  k->next = k->token ? mdm_array(count, T, sizeof *k->next, err) : NULL;
  return k->next ? MDM_OK : MDM_ERR_MEMORY;
}

/* ---------------------------------------------------------------- HDF5 */

static int take_integers(const mdm_source *src, const char *name, const double *from, size_t first, size_t n, size_t T, long *to, mdm_error *err) {
  const double most = 1e6;
  for (size_t i = 0; i < n; i++) {
    if (!(from[i] >= 0) || from[i] > most || from[i] != floor(from[i]))
      return mdm_fail(err, MDM_ERR_DATA, "%s: %s of sequence %zu, token %zu, is %g; tokens and targets are integers from 0 to 999999 (negative ones, to be ignored, are not known); change %s",
                      src->path, name, (first + i) / T, i % T, from[i], src->option);
    to[first + i] = (long)from[i];
  }
  return MDM_OK;
}

/* A name that is given, or the usual one where the option has its default. */
static const char *name_of(const mdm_config *cfg, const char *key, const char *otherwise, const char *usual) {
  const char *name = mdm_config_text(cfg, key);
  if (!*name) name = mdm_config_text(cfg, otherwise);
  return !strcmp(name, "/x") || !strcmp(name, "/y") ? usual : name;
}

static int read_hdf5(const mdm_config *cfg, int is_test, tokens *k, mdm_error *err) {
  int own_file = is_test && *mdm_config_text(cfg, "data.test_file");
  mdm_source src = {.option = own_file ? "data.test_file" : "data.file"};
  src.path = mdm_config_text(cfg, src.option);
  src.x_option = is_test && *mdm_config_text(cfg, "data.test_x") ? "data.test_x" : "data.x";
  src.y_option = is_test && *mdm_config_text(cfg, "data.test_y") ? "data.test_y" : "data.y";
  src.x_name = name_of(cfg, src.x_option, "data.x", "/tokens");
  src.y_name = name_of(cfg, src.y_option, "data.y", "/targets");
  int status = mdm_source_read_hdf5(&src, err);
  if (!status && src.outputs != src.dimension)
    status = mdm_fail(err, MDM_ERR_DATA, "%s: %s has %zu targets for each sequence of %zu tokens in %s; there must be one for each token (sequences x T in both)", src.path,
                      src.y_name, src.outputs, src.dimension, src.x_name);
  if (!status) status = allocate(k, src.count, src.dimension, err);
  double *row = status ? NULL : mdm_array(k->T, 1, sizeof *row, err); /* T: tokens of a sequence */
  if (!status && !row) status = MDM_ERR_MEMORY;
  for (size_t m = 0; m < k->count && !status; m++) {
    mdm_stored_raw(src.x, m, row);
    status = take_integers(&src, src.x_name, row, m * k->T, k->T, k->T, k->token, err);
  }
  free(row);
  if (!status) status = take_integers(&src, src.y_name, src.y, 0, k->count * k->T, k->T, k->next, err);
  mdm_source_free(&src);
  return status;
}

/* ---------------------------------------------------------------- text */

enum { BYTES = 256 };

static int read_bytes(const char *path, const char *option, unsigned char **out, size_t *n, mdm_error *err) {
  FILE *f = fopen(path, "rb");
  long size = -1;
  if (f && !fseek(f, 0, SEEK_END)) size = ftell(f);
  if (size < 0) {
    int why = errno;
    if (f) fclose(f);
    return mdm_fail(err, MDM_ERR_DATA, "%s: cannot be read (%s); check %s", path, strerror(why), option);
  }
  rewind(f);
  *out = mdm_array((size_t)size + 1, 1, 1, err);
  *n = *out ? fread(*out, 1, (size_t)size, f) : 0;
  fclose(f);
  return *out ? MDM_OK : MDM_ERR_MEMORY;
}

/* Windows of T bytes behind each other, and the byte behind each; bytes are numbered in ascending order of those that occur. */
static int read_text(const mdm_config *cfg, tokens *k, mdm_error *err) {
  const char *path = mdm_config_text(cfg, "data.file");
  unsigned char *text = NULL;
  long number[BYTES] = {0}, next = 0;
  size_t n = 0, T = (size_t)mdm_config_int(cfg, "data.context");
  int status = read_bytes(path, "data.file", &text, &n, err);
  if (!status && (n < 2 || (n - 1) / T < 1))
    status = mdm_fail(err, MDM_ERR_DATA, "%s: %zu bytes are no sequence of data.context = %zu and a byte behind it; lower data.context", path, n, T);
  if (!status) status = allocate(k, (n - 1) / T, T, err);
  for (size_t i = 0; i < n && !status; i++) number[text[i]] = 1;
  for (int b = 0; b < BYTES; b++) number[b] = number[b] ? next++ : 0;
  k->vocabulary = (size_t)next;
  for (size_t i = 0; !status && i < k->count * T; i++) {
    k->token[i] = number[text[i]];
    k->next[i] = number[text[i + 1]];
  }
  free(text);
  return status;
}

/* ---------------------------------------------------------------- samples */

static long largest(const tokens *k) {
  long most = k->vocabulary ? (long)k->vocabulary - 1 : 0;
  for (size_t i = 0; i < k->count * k->T; i++) {
    if (k->token[i] > most) most = k->token[i];
    if (k->next[i] > most) most = k->next[i];
  }
  return most;
}

/* Sequences first … first + n − 1. sigma: size of positions; 0: the inputs do not have them. */
static int fill(const tokens *k, size_t first, size_t n, size_t V, double sigma, mdm_data *data, mdm_samples *s, mdm_error *err) {
  double *x; /* n T × D */
  int status = mdm_samples_create(s, n * k->T, data->dimension, data->outputs, &x, err);
  for (size_t i = 0; i < n * k->T && !status; i++) {
    size_t from = first * k->T + i;
    x[i * data->dimension + (size_t)k->token[from]] = 1;
    if (sigma > 0) x[i * data->dimension + V + i % k->T] = sigma;
    s->y[i * data->outputs + (size_t)k->next[from]] = 1;
    s->origin[i] = from;
  }
  return status;
}

static int count_sequences(const mdm_config *cfg, const tokens *k, int apart, const tokens *other, size_t *train, size_t *test, mdm_error *err) {
  const char *path = mdm_config_text(cfg, "data.file");
  *train = (size_t)mdm_config_int(cfg, "data.train");
  *test = (size_t)mdm_config_int(cfg, "data.test");
  size_t left = apart ? other->count : k->count > *train ? k->count - *train : 0;
  if (*train > k->count || (!apart && !*train && *test >= k->count))
    return mdm_fail(err, MDM_ERR_DATA, "%s: holds %zu sequence%s of %zu tokens; lower data.train or data.test", path, k->count, MDM_S(k->count), k->T);
  if (*test > left)
    return mdm_fail(err, MDM_ERR_DATA, "%s: %zu sequence%s of %zu tokens are left for the test part, but data.test asks for %zu; lower it", path, left, MDM_S(left), k->T, *test);
  if (!*train) *train = apart ? k->count : k->count - *test;
  return MDM_OK;
}

static int read_both(const mdm_config *cfg, int is_text, tokens *train, tokens *test, mdm_error *err) {
  int status = is_text ? read_text(cfg, train, err) : read_hdf5(cfg, 0, train, err);
  int apart = !is_text && mdm_config_int(cfg, "data.test") > 0 &&
              (*mdm_config_text(cfg, "data.test_file") || *mdm_config_text(cfg, "data.test_x") || *mdm_config_text(cfg, "data.test_y"));
  if (!status && apart) status = read_hdf5(cfg, 1, test, err);
  if (!status && apart && test->T != train->T)
    status = mdm_fail(err, MDM_ERR_DATA, "sequences of the test part have %zu tokens, those of the train part %zu; make them equal", test->T, train->T);
  return status;
}

int mdm_data_read_tokens(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  int is_text = !strcmp(mdm_config_text(cfg, "data.source"), "text");
  int learned = !strcmp(mdm_config_text(cfg, "model.position"), "learned");
  double sigma = learned ? mdm_config_real(cfg, "model.position_std") : 0;
  tokens k = {0}, own = {0};
  size_t n_train = 0, n_test = 0;
  if (!*mdm_config_text(cfg, "data.file"))
    return mdm_fail(err, MDM_ERR_CONFIG, "data.file is not given, data.source: %s needs it; set it to a file", mdm_config_text(cfg, "data.source"));
  int status = read_both(cfg, is_text, &k, &own, err);
  const tokens *test = own.count ? &own : &k;
  if (!status) status = count_sequences(cfg, &k, own.count > 0, &own, &n_train, &n_test, err);
  if (!status) {
    size_t V = (size_t)(largest(&k) > largest(&own) ? largest(&k) : largest(&own)) + 1;
    data->context = k.T;
    data->dimension = V + (sigma > 0 ? k.T : 0);
    data->outputs = V > 1 ? V : 2;
    data->classification = 1;
    status = fill(&k, 0, n_train, V, sigma, data, &data->train, err);
    if (!status) status = fill(test, own.count ? 0 : n_train, n_test, V, sigma, data, &data->test, err);
    snprintf(data->source, sizeof data->source, "%s: %zu train and %zu test sequence%s of %zu tokens of %.200s, vocabulary %zu", mdm_config_text(cfg, "data.source"), n_train, n_test,
             MDM_S(n_test), k.T, mdm_config_text(cfg, "data.file"), V);
  }
  clear(&k);
  clear(&own);
  return status;
}
