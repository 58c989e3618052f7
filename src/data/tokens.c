/* Sequences of tokens: HDF5 integers (data.source: tokens), or windows of a text (data.source: text). A sample is a token, sequence after sequence:
 * sample b T + t is token t of sequence b. Its input is one-hot in the vocabulary and, with model.position: learned, model.position_std times one-hot in
 * the position, so that z = E[token] + σ_p Pos[t] with initial entries of unit variance (docs/theory.md, attention); its target is one-hot, or zeros where it
 * has none: negative targets are to be ignored, and a label of a sequence is the target of its last token, the only one that sees all others. */
#include "data/source.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/regular.h"
#include "base/text.h"

/* Sequences of a part, as they are read. */
typedef struct tokens {
  size_t count, T;    /* sequences; tokens of each */
  size_t vocabulary;  /* of a text: bytes that occur in it; 0: those of the tokens */
  int labelled;       /* one target a sequence: classes are not tokens */
  long *token, *next; /* count × T; next: targets, negative: none */
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

enum { MOST = 999999 /* the largest token or target */ };

static int take_sequence(const mdm_source *src, tokens *k, size_t m, const double *row, mdm_error *err) {
  for (size_t i = 0; i < k->T; i++) {
    if (!(row[i] >= 0) || row[i] > MOST || row[i] != floor(row[i]))
      return mdm_fail(err, MDM_ERR_DATA, "%s: %s of sequence %zu, token %zu, is %g; tokens are integers from 0 to %d; change %s", src->path, src->x_name, m, i, row[i], MOST, src->option);
    k->token[k->T * m + i] = (long)row[i];
  }
  return MDM_OK;
}

static int take_tokens(const mdm_source *src, tokens *k, mdm_error *err) {
  double *row = mdm_array(k->T, 1, sizeof *row, err); /* T: tokens of a sequence */
  int status = row ? MDM_OK : MDM_ERR_MEMORY;
  for (size_t m = 0; m < k->count && !status; m++) {
    mdm_stored_raw(src->x, m, row);
    status = take_sequence(src, k, m, row, err);
  }
  free(row);
  return status;
}

/* Of every token; or one a sequence, which is that of its last token. */
static int take_targets(const mdm_source *src, tokens *k, mdm_error *err) {
  size_t each = src->outputs;
  for (size_t i = 0; i < k->count * k->T; i++) k->next[i] = -1;
  for (size_t i = 0; i < k->count * each; i++) {
    if (!(fabs(src->y[i]) <= MOST) || src->y[i] != floor(src->y[i]))
      return mdm_fail(err, MDM_ERR_DATA, "%s: %s of sequence %zu, token %zu, is %g; targets are integers from 0 to %d, or negative where they are to be ignored; change %s", src->path,
                      src->y_name, i / each, i % each + k->T - each, src->y[i], MOST, src->option);
    k->next[k->labelled ? k->T * (i + 1) - 1 : i] = src->y[i] < 0 ? -1 : (long)src->y[i];
  }
  return MDM_OK;
}

/* A name that is given, or the usual one where the option has its default. */
static const char *name_of(const mdm_config *cfg, const char *key, const char *otherwise, const char *preset, const char *usual) {
  const char *name = mdm_config_text(cfg, key);
  if (!*name) name = mdm_config_text(cfg, otherwise);
  return strcmp(name, preset) ? name : usual;
}

static int read_hdf5(const mdm_config *cfg, int is_test, tokens *k, mdm_error *err) {
  int own_file = is_test && *mdm_config_text(cfg, "data.test_file");
  mdm_source src = {.option = own_file ? "data.test_file" : "data.file", .sequences = 1};
  src.path = mdm_config_text(cfg, src.option);
  src.x_option = is_test && *mdm_config_text(cfg, "data.test_x") ? "data.test_x" : "data.x";
  src.y_option = is_test && *mdm_config_text(cfg, "data.test_y") ? "data.test_y" : "data.y";
  src.x_name = name_of(cfg, src.x_option, "data.x", "/x", "/tokens");
  src.y_name = name_of(cfg, src.y_option, "data.y", "/y", "/targets");
  int status = mdm_source_read_hdf5(&src, err);
  if (!status && src.outputs != src.dimension && src.outputs != 1)
    status = mdm_fail(err, MDM_ERR_DATA, "%s: %s has %zu targets for each sequence of %zu tokens in %s; there must be one for each token (sequences x T in both), or one for each sequence",
                      src.path, src.y_name, src.outputs, src.dimension, src.x_name);
  if (!status) status = allocate(k, src.count, src.dimension, err);
  k->labelled = src.outputs != src.dimension;
  if (!status) status = take_tokens(&src, k, err);
  if (!status) status = take_targets(&src, k, err);
  mdm_source_free(&src);
  return status;
}

/* ---------------------------------------------------------------- text */

enum { BYTES = 256 };

static int read_bytes(const char *path, const char *option, unsigned char **out, size_t *n, mdm_error *err) {
  const char *why;
  int fd = mdm_open_regular(path, n, &why), status = MDM_OK;
  FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
  if (!f) return mdm_fail(err, MDM_ERR_DATA, "%s: cannot be read (%s); check %s", path, fd < 0 ? why : strerror(errno), option);
  *out = mdm_array(*n + 1, 1, 1, err);
  if (!*out) status = MDM_ERR_MEMORY;
  else if (fread(*out, 1, *n, f) != *n) status = mdm_fail(err, MDM_ERR_DATA, "%s: ends before its %zu bytes do; check %s", path, *n, option);
  fclose(f);
  return status;
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

static long largest(long most, size_t n, const long *v) {
  for (size_t i = 0; i < n; i++)
    if (v[i] > most) most = v[i];
  return most;
}

/* Tokens, and classes of targets: the same where each token has a target. */
static void count_words(const tokens *train, const tokens *test, size_t *vocabulary, size_t *classes) {
  long token = (long)train->vocabulary - 1, target = token;
  for (int part = 0; part < 2; part++) {
    const tokens *k = part ? test : train;
    token = largest(token, k->count * k->T, k->token);
    target = largest(target, k->count * k->T, k->next);
  }
  if (!train->labelled) token = target = token > target ? token : target;
  *vocabulary = (size_t)token + 1;
  *classes = target > 0 ? (size_t)target + 1 : 2;
}

/* Targets that are given, and negative. */
static size_t count_ignored(const tokens *k, size_t first, size_t n) {
  size_t ignored = 0;
  for (size_t i = first * k->T; i < (first + n) * k->T; i++) ignored += k->next[i] < 0 && (!k->labelled || i % k->T == k->T - 1);
  return ignored;
}

/* The smallest type that holds 0, 1 and sigma. */
static mdm_held_as type_for(double sigma) {
  if (sigma <= UCHAR_MAX && sigma == floor(sigma)) return MDM_HELD_BYTE;
  return sigma <= FLT_MAX && (double)(float)sigma == sigma ? MDM_HELD_SINGLE : MDM_HELD_DOUBLE;
}

/* Sequences first … first + n − 1. sigma: size of positions; 0: the inputs do not have them. */
static int fill(const tokens *k, size_t first, size_t n, size_t V, double sigma, mdm_data *data, mdm_samples *s, mdm_error *err) {
  int status = mdm_stored_create(&s->inputs, type_for(sigma), n * k->T, data->dimension, err);
  if (!status) status = mdm_samples_targets(s, n * k->T, data->outputs, err);
  for (size_t i = 0; i < n * k->T && !status; i++) {
    size_t from = first * k->T + i;
    mdm_stored_put(s->inputs, i, (size_t)k->token[from], 1);
    if (sigma > 0) mdm_stored_put(s->inputs, i, V + i % k->T, sigma);
    if (k->next[from] >= 0) s->y[i * data->outputs + (size_t)k->next[from]] = 1;
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
  if (!status && apart && test->labelled != train->labelled)
    status = mdm_fail(err, MDM_ERR_DATA, "targets of the %s part are labels of sequences, and those of the other part of tokens; make them alike", test->labelled ? "test" : "train");
  return status;
}

double mdm_data_position_std(const mdm_config *cfg) {
  const char *source = mdm_config_text(cfg, "data.source");
  int holds = !strcmp(source, "tokens") || !strcmp(source, "text"), learned = !strcmp(mdm_config_text(cfg, "model.position"), "learned");
  return holds && learned ? mdm_config_real(cfg, "model.position_std") : 0;
}

int mdm_data_read_tokens(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  int is_text = !strcmp(mdm_config_text(cfg, "data.source"), "text");
  double sigma = mdm_data_position_std(cfg);
  tokens k = {0}, own = {0};
  size_t n_train = 0, n_test = 0;
  if (!*mdm_config_text(cfg, "data.file"))
    return mdm_fail(err, MDM_ERR_CONFIG, "data.file is not given, data.source: %s needs it; set it to a file", mdm_config_text(cfg, "data.source"));
  int status = read_both(cfg, is_text, &k, &own, err);
  const tokens *test = own.count ? &own : &k;
  if (!status) status = count_sequences(cfg, &k, own.count > 0, &own, &n_train, &n_test, err);
  if (!status) {
    size_t V, from = own.count ? 0 : n_train, ignored;
    count_words(&k, &own, &V, &data->outputs);
    data->context = k.T;
    data->dimension = V + (sigma > 0 ? k.T : 0);
    data->classification = 1;
    status = fill(&k, 0, n_train, V, sigma, data, &data->train, err);
    if (!status) status = fill(test, from, n_test, V, sigma, data, &data->test, err);
    int used = snprintf(data->source, sizeof data->source, "%s: %zu train and %zu test sequence%s of %zu tokens of %.200s, vocabulary %zu", mdm_config_text(cfg, "data.source"), n_train,
                        n_test, MDM_S(n_test), k.T, mdm_config_text(cfg, "data.file"), V);
    if (k.labelled) used += snprintf(data->source + used, sizeof data->source - (size_t)used, ", labels of %zu classes for their last tokens", data->outputs);
    ignored = count_ignored(&k, 0, n_train) + count_ignored(test, from, n_test);
    if (ignored) snprintf(data->source + used, sizeof data->source - (size_t)used, ", %zu target%s ignored", ignored, MDM_S(ignored));
  }
  clear(&k);
  clear(&own);
  return status;
}
