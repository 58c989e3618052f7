/* From files to the train and test part: class labels, targets, selection, split.
 *
 * Class labels: those of IDX, and targets of HDF5 in one column when they are integers, not all ±1, and train.loss:
 *   cross_entropy, data.classes or data.targets asks for classes. Negative ones are allowed where data.classes leaves them out.
 *   Any other targets are taken as they are; integers that might have been meant as labels get a notice.
 * Classes: data.classes in that order, or the labels of data.file in ascending order; they number the outputs.
 * Targets of class labels: sign (C = 1), the first class +1 and the second −1; onehot (C = number of classes), 0 and 1.
 * Order: train samples shuffled, except for HDF5 when all there are form the train part; test samples as in the file.
 */
#include "data/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/text.h"

static const double MAX_LABEL = 1e9;

typedef struct class_entry {
  long label;
  size_t output; /* number of the class */
} class_entry;

/* A file and what is taken from it. */
typedef struct part {
  mdm_source src;
  size_t *group; /* P of the file: class of each sample, or MDM_NO_CLASS; all 0 without class labels */
  mdm_deck deck;
} part;

typedef struct loader {
  const mdm_config *cfg;
  mdm_data *data;
  mdm_error *err;
  part train, test;   /* test: only where it has a source of its own */
  const long *listed; /* n_listed: data.classes */
  size_t n_listed;
  class_entry *classes; /* n_classes, by ascending label; NULL without class labels */
  size_t n_classes;
  int onehot; /* 1: one-hot targets, 0: sign */
} loader;

static const char *text(const loader *l, const char *key) { return mdm_config_text(l->cfg, key); }
static int is(const loader *l, const char *key, const char *word) { return !strcmp(text(l, key), word); }
static size_t asked(const loader *l, const char *key) { return (size_t)mdm_config_int(l->cfg, key); }
/* Whether the test part is read for itself: from a file of its own, or from data sets of its own in the same file. */
static int has_test_source(const loader *l) {
  return asked(l, "data.test") > 0 && (*text(l, "data.test_file") || *text(l, "data.test_x") || *text(l, "data.test_y"));
}

void mdm_source_free(mdm_source *src) {
  mdm_stored_free(src->x);
  free(src->y);
  free(src->label);
  *src = (mdm_source){0};
}

static void free_part(part *p) {
  mdm_source_free(&p->src);
  free(p->group);
  mdm_deck_free(&p->deck);
}

/* ---- options ---- */

static int check_options(const loader *l) {
  const char *source = text(l, "data.source");
  int idx = is(l, "data.source", "idx");
  if (!*text(l, "data.file"))
    return mdm_fail(l->err, MDM_ERR_CONFIG, "data.file is not given, data.source: %s needs it; set it to a file",
                    source);
  if (idx && !*text(l, "data.labels"))
    return mdm_fail(l->err, MDM_ERR_CONFIG,
                    "data.labels is not given, data.source: idx needs the labels that go with "
                    "data.file (%s)",
                    text(l, "data.file"));
  if (idx && !*text(l, "data.test_file") != !*text(l, "data.test_labels"))
    return mdm_fail(l->err, MDM_ERR_CONFIG,
                    "data.test_file and data.test_labels go together, but only one is given; "
                    "give both or none");
  for (size_t i = 0; i < l->n_listed; i++)
    for (size_t j = 0; j < i; j++)
      if (l->listed[i] == l->listed[j])
        return mdm_fail(l->err, MDM_ERR_CONFIG, "data.classes lists %ld twice; remove one", l->listed[i]);
  if (l->n_listed == 1)
    return mdm_fail(l->err, MDM_ERR_CONFIG, "data.classes lists only %ld; list at least two classes", l->listed[0]);
  return MDM_OK;
}

/* ---- reading ---- */

/* The first of two options that is given; the test part goes without what only the train part names. */
static const char *given(const loader *l, const char *key, const char *otherwise) { return *text(l, key) ? key : otherwise; }

static int read_hdf5(const loader *l, mdm_source *src, int is_test) {
  src->option = is_test ? given(l, "data.test_file", "data.file") : "data.file";
  src->x_option = is_test ? given(l, "data.test_x", "data.x") : "data.x";
  src->y_option = is_test ? given(l, "data.test_y", "data.y") : "data.y";
  src->path = text(l, src->option);
  src->x_name = text(l, src->x_option);
  src->y_name = text(l, src->y_option);
  int status = mdm_source_read_hdf5(src, l->err);
  if (!status) status = mdm_check_inputs(src->x, 1, src->path, src->x_name, src->option, l->err);
  return status ? status : mdm_check_finite(src->y, src->count, src->outputs, src->path, src->y_name, src->option, l->err);
}

static int read_part(const loader *l, part *p, int is_test) {
  if (is(l, "data.source", "hdf5")) return read_hdf5(l, &p->src, is_test);
  return mdm_source_read_idx(&p->src, text(l, is_test ? "data.test_file" : "data.file"), text(l, is_test ? "data.test_labels" : "data.labels"),
                             is_test, l->err);
}

/* First value of y (count) that is no integer; count when all are. */
static size_t first_no_integer(const double *y, size_t count) {
  for (size_t m = 0; m < count; m++)
    if (!(fabs(y[m]) <= MAX_LABEL) || y[m] != (double)(long)y[m]) return m;
  return count;
}

/* Whether targets could be class labels: one column of integers, not all of them ±1, which are targets already. */
static int could_be_labels(const mdm_source *src) {
  return !src->label && src->outputs == 1 && first_no_integer(src->y, src->count) == src->count && mdm_first_no_class(src->y, src->count, 1) < src->count;
}

/* Integers that train as numbers because nothing says that they are labels: worth a word. */
static void remark_on_integers(const loader *l, const mdm_source *src) {
  double low = src->y[0], high = src->y[0];
  for (size_t m = 0; m < src->count; m++) low = fmin(low, src->y[m]), high = fmax(high, src->y[m]);
  if (low == high) return;
  snprintf(l->data->notice, sizeof l->data->notice,
           "%s of %.200s holds integers, %.0f to %.0f, which are trained on as numbers; if they are class labels, set data.targets: onehot (for two "
           "classes sign), or list the classes in data.classes%s",
           src->y_name, src->path, low, high, low < 0 ? ", without those that are no class (a negative label)" : "");
}

/* Negative labels, such as an index for samples to be ignored, are no classes; data.classes can leave them out. */
static int check_label_signs(const loader *l, const mdm_source *src) {
  for (size_t m = 0; m < src->count && !l->n_listed; m++)
    if (src->y[m] < 0)
      return mdm_fail(l->err, MDM_ERR_DATA,
                      "%s: %s of sample %zu is %.0f: a negative label is no class; list the classes to keep in data.classes, which leaves its "
                      "samples out, or remove them",
                      src->path, src->y_name, m, src->y[m]);
  return MDM_OK;
}

/* Turns y into labels; the caller knows that it holds labels. */
static int make_labels(const loader *l, mdm_source *src) {
  src->label = mdm_array(src->count, 1, sizeof *src->label, l->err);
  if (!src->label) return MDM_ERR_MEMORY;
  for (size_t m = 0; m < src->count; m++) src->label[m] = (long)src->y[m];
  free(src->y);
  src->y = NULL;
  return MDM_OK;
}

/* HDF5: decides whether targets of the train part are class labels. */
static int find_train_labels(const loader *l, mdm_source *src) {
  int wanted = is(l, "train.loss", "cross_entropy") || l->n_listed || !is(l, "data.targets", "auto");
  if (!could_be_labels(src)) return MDM_OK;
  if (!wanted) return remark_on_integers(l, src), MDM_OK;
  int status = check_label_signs(l, src);
  return status ? status : make_labels(l, src);
}

/* HDF5: targets of the test part must be of the same kind as those of the train part. */
static int find_test_labels(const loader *l, mdm_source *src) {
  const mdm_source *train = &l->train.src;
  if (src->dimension != train->dimension)
    return mdm_fail(l->err, MDM_ERR_DATA, "%s: samples have dimension %zu, those of %s have %zu; check %s",
                    src->path, src->dimension, train->path, train->dimension, src->option);
  if (src->outputs != train->outputs)
    return mdm_fail(l->err, MDM_ERR_DATA, "%s: %s has %zu columns, %s of %s has %zu; check %s", src->path, src->y_name,
                    src->outputs, train->y_name, train->path, train->outputs, src->option);
  if (src->label || !train->label) return MDM_OK;
  size_t bad = first_no_integer(src->y, src->count);
  if (bad < src->count)
    return mdm_fail(l->err, MDM_ERR_DATA, "%s: %s of sample %zu is no class label, but %s holds class labels; check %s", src->path, src->y_name, bad,
                    train->path, src->option);
  return make_labels(l, src);
}

/* ---- classes ---- */

static int compare_entry(const void *a, const void *b) {
  long x = ((const class_entry *)a)->label, y = ((const class_entry *)b)->label;
  return (x > y) - (x < y);
}

static size_t class_of(const loader *l, long label) {
  class_entry key = {label, 0};
  const class_entry *found = bsearch(&key, l->classes, l->n_classes, sizeof key, compare_entry);
  return found ? found->output : MDM_NO_CLASS;
}

/* Classes from data.classes, or every label of the train file. */
static int find_classes(loader *l) {
  const mdm_source *src = &l->train.src;
  size_t n = l->n_listed ? l->n_listed : src->count, kept = 0;
  l->classes = mdm_array(n, 1, sizeof *l->classes, l->err);
  if (!l->classes) return MDM_ERR_MEMORY;
  for (size_t i = 0; i < n; i++) l->classes[i] = (class_entry){l->n_listed ? l->listed[i] : src->label[i], i};
  qsort(l->classes, n, sizeof *l->classes, compare_entry);
  for (size_t i = 0; i < n; i++)
    if (i == 0 || l->classes[i].label != l->classes[kept - 1].label) l->classes[kept++] = l->classes[i];
  l->n_classes = kept;
  for (size_t i = 0; !l->n_listed && i < kept; i++) l->classes[i].output = i;
  if (kept < 2)
    return mdm_fail(l->err, MDM_ERR_DATA, "%s: all labels are %ld; data.file must hold at least two classes", src->path,
                    l->classes[0].label);
  l->onehot = is(l, "data.targets", "onehot") || (is(l, "data.targets", "auto") && kept > 2);
  if (!l->onehot && kept > 2)
    return mdm_fail(l->err, MDM_ERR_CONFIG,
                    "data.targets: sign needs two classes, but %s has %zu; choose two with "
                    "data.classes, or set data.targets: onehot",
                    src->path, kept);
  return MDM_OK;
}

static int report_missing(const loader *l, const size_t *number) {
  char list[1200] = "";
  size_t used = 0, missing = 0;
  long low = l->train.src.label[0], high = low;
  for (size_t i = 0; i < l->n_listed; i++)
    if (!number[i] && used < sizeof list - 32)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%ld", missing++ ? ", " : "", l->listed[i]);
  for (size_t m = 0; m < l->train.src.count; m++) {
    low = l->train.src.label[m] < low ? l->train.src.label[m] : low;
    high = l->train.src.label[m] > high ? l->train.src.label[m] : high;
  }
  return mdm_fail(l->err, MDM_ERR_DATA,
                  "%s: no sample has label %s (labels there run from %ld to %ld); change "
                  "data.classes",
                  l->train.src.path, list, low, high);
}

/* Every class of data.classes must occur in the train file. */
static int check_classes_occur(const loader *l) {
  int status = MDM_OK;
  size_t *number = mdm_array(l->n_classes, 1, sizeof *number, l->err); /* n_classes: samples of each */
  if (!number) return MDM_ERR_MEMORY;
  for (size_t m = 0; m < l->train.src.count; m++)
    if (l->train.group[m] != MDM_NO_CLASS) number[l->train.group[m]]++;
  for (size_t g = 0; g < l->n_classes && !status; g++)
    if (!number[g]) status = report_missing(l, number);
  free(number);
  return status;
}

/* Groups the samples of a file by class and shuffles them. */
static int make_deck(const loader *l, part *p, uint32_t purpose) {
  const mdm_source *src = &p->src;
  p->group = mdm_array(src->count, 1, sizeof *p->group, l->err);
  if (!p->group) return MDM_ERR_MEMORY;
  for (size_t m = 0; src->label && m < src->count; m++) {
    p->group[m] = class_of(l, src->label[m]);
    if (p->group[m] == MDM_NO_CLASS && !l->n_listed)
      return mdm_fail(l->err, MDM_ERR_DATA,
                      "%s: label %ld of sample %zu does not occur in data.file (%s); choose the "
                      "classes with data.classes",
                      src->path, src->label[m], m, l->train.src.path);
  }
  mdm_stream stream = {(uint64_t)mdm_config_int(l->cfg, "data.seed"), 0, purpose, 0, 0, 0};
  return mdm_deck_create(&p->deck, p->group, src->count, src->label ? l->n_classes : 1, stream, l->err);
}

/* Targets that are taken as they are: do they suit train.loss and data.targets? Whole files, so that the answer does not depend
 * on the samples drawn. */
static int check_plain_targets(const loader *l, const mdm_source *src) {
  size_t bad = mdm_first_no_class(src->y, src->count, src->outputs);
  const char *shape = src->outputs == 1 ? "+1 or -1" : "one-hot";
  int sign = is(l, "data.targets", "sign"), onehot = is(l, "data.targets", "onehot");
  if (bad < src->count) l->data->classification = 0;
  if (l->n_listed)
    return mdm_fail(l->err, MDM_ERR_CONFIG,
                    "data.classes needs class labels, but %s of %s holds none (integers 0, 1, "
                    "... in one column); remove data.classes",
                    src->y_name, src->path);
  if (bad < src->count && is(l, "train.loss", "cross_entropy"))
    return mdm_fail(l->err, MDM_ERR_DATA,
                    "%s: %s of sample %zu is not %s, which train.loss: cross_entropy needs (or class "
                    "labels 0, 1, ... in one column); change it, or set train.loss: mse",
                    src->path, src->y_name, bad, shape);
  if ((bad < src->count && (sign || onehot)) || (sign && src->outputs > 1) || (onehot && src->outputs == 1))
    return mdm_fail(l->err, MDM_ERR_CONFIG,
                    "data.targets: %s needs class labels, but %s of %s holds none (integers 0, 1, "
                    "... in one column); set data.targets: auto",
                    text(l, "data.targets"), src->y_name, src->path);
  return MDM_OK;
}

/* ---- the two parts ---- */

static void fill_targets(const loader *l, const part *p, mdm_samples *s) {
  size_t outputs = l->data->outputs;
  for (size_t i = 0; i < s->count; i++) {
    double *y = s->y + i * outputs; /* C */
    size_t m = s->origin[i];
    if (!p->src.label)
      memcpy(y, p->src.y + m * outputs, outputs * sizeof *y);
    else if (l->onehot)
      y[p->group[m]] = 1;
    else
      y[0] = p->group[m] == 0 ? 1 : -1;
  }
}

/* Inputs of a part: copied where the rest of the file is needed, else what is left of it. */
static int fill_inputs(const loader *l, mdm_source *src, int is_last, mdm_samples *s) {
  if (!is_last) return mdm_stored_copy(src->x, s->count, s->origin, &s->inputs, l->err);
  s->inputs = src->x;
  src->x = NULL;
  return mdm_stored_keep(s->inputs, s->count, s->origin, l->err);
}

/* Deals n samples; in the order of the file when in_order is set, else shuffled. */
static int take(const loader *l, part *p, size_t n, int in_order, mdm_samples *s) {
  int status = mdm_samples_targets(s, n, l->data->outputs, l->err);
  if (status) return status;
  mdm_deck_deal(&p->deck, n, s->origin);
  mdm_stream stream = {(uint64_t)mdm_config_int(l->cfg, "data.seed"), 0, MDM_DRAW_TRAIN_ORDER, 0, 0, 0};
  if (in_order)
    mdm_sort_sizes(n, s->origin);
  else
    mdm_shuffle(s->origin, n, stream);
  fill_targets(l, p, s);
  return MDM_OK;
}

static int check_numbers(const loader *l) {
  size_t train = asked(l, "data.train"), test = asked(l, "data.test"), have = mdm_deck_left(&l->train.deck);
  const char *of_classes = l->n_listed ? " of the classes in data.classes" : "", *path = l->train.src.path;
  if (train > have)
    return mdm_fail(l->err, MDM_ERR_DATA,
                    "%s: holds %zu sample%s%s, but data.train asks for %zu; lower data.train (0: all "
                    "there are)",
                    path, have, MDM_S(have), of_classes, train);
  if (!has_test_source(l) && test > have - train)
    return mdm_fail(l->err, MDM_ERR_DATA,
                    "%s: holds %zu sample%s%s, but data.train and data.test ask for %zu + %zu; lower "
                    "one of them, or give data.test_file",
                    path, have, MDM_S(have), of_classes, train, test);
  if (!has_test_source(l) && test == have)
    return mdm_fail(l->err, MDM_ERR_DATA,
                    "%s: holds %zu sample%s%s, and data.test = %zu leaves none to train on; lower "
                    "data.test, or give data.test_file",
                    path, have, MDM_S(have), of_classes, test);
  size_t left = has_test_source(l) ? mdm_deck_left(&l->test.deck) : test;
  if (test > left)
    return mdm_fail(l->err, MDM_ERR_DATA, "%s: holds %zu sample%s%s, but data.test asks for %zu; lower data.test",
                    l->test.src.path, left, MDM_S(left), of_classes, test);
  return MDM_OK;
}

/* With data.train = 0 the test part is dealt first, and train gets the rest. */
static int take_parts(loader *l) {
  size_t train = asked(l, "data.train"), test = asked(l, "data.test");
  part *test_from = has_test_source(l) ? &l->test : &l->train;
  int in_order = is(l, "data.source", "hdf5") && (test == 0 || has_test_source(l));
  int status = check_numbers(l);
  if (!status && train > 0) status = take(l, &l->train, train, 0, &l->data->train);
  if (!status) status = take(l, test_from, test, 1, &l->data->test);
  if (!status && train == 0) status = take(l, &l->train, mdm_deck_left(&l->train.deck), in_order, &l->data->train);
  if (!status) status = fill_inputs(l, &test_from->src, test_from == &l->test, &l->data->test);
  if (!status) status = fill_inputs(l, &l->train.src, 1, &l->data->train);
  return status;
}

/* The file, with the data set where that is not /x. */
static void name_source(const mdm_source *src, char *out, size_t size) {
  int plain = !src->x_name || !strcmp(src->x_name, "/x");
  snprintf(out, size, plain ? "%.120s" : "%.90s:%.60s", src->path, src->x_name);
}

static void describe(const loader *l) {
  mdm_data *data = l->data;
  char classes[160] = "", train[160], test[160];
  name_source(&l->train.src, train, sizeof train);
  name_source(has_test_source(l) ? &l->test.src : &l->train.src, test, sizeof test);
  mdm_config_format(l->cfg, "data.classes", classes, sizeof classes);
  snprintf(data->source, sizeof data->source,
           "%s: %zu train sample%s of %s, %zu test sample%s of %s%s%s, D = %zu, C = %zu",
           text(l, "data.source"), data->train.count, MDM_S(data->train.count), train, data->test.count, MDM_S(data->test.count), test, l->n_listed ? ", classes " : "",
           l->n_listed ? classes : "", data->dimension, data->outputs);
}

static int load(loader *l) {
  int with_test = has_test_source(l), status = check_options(l);
  if (!status) status = read_part(l, &l->train, 0);
  if (!status) status = find_train_labels(l, &l->train.src);
  if (!status && with_test) status = read_part(l, &l->test, 1);
  if (!status && with_test) status = find_test_labels(l, &l->test.src);
  if (status) return status;
  l->data->classification = 1;
  if (l->train.src.label)
    status = find_classes(l);
  else
    status = check_plain_targets(l, &l->train.src);
  if (!status && with_test && !l->train.src.label) status = check_plain_targets(l, &l->test.src);
  if (!status) status = make_deck(l, &l->train, MDM_DRAW_SUBSET);
  if (!status && with_test) status = make_deck(l, &l->test, MDM_DRAW_TEST_FILE);
  if (!status && l->classes) status = check_classes_occur(l);
  if (status) return status;
  l->data->dimension = l->train.src.dimension;
  l->data->outputs = !l->classes ? l->train.src.outputs : l->onehot ? l->n_classes : 1;
  status = take_parts(l);
  if (!status) describe(l);
  return status;
}

int mdm_data_read_files(const mdm_config *cfg, mdm_data *data, mdm_error *err) {
  loader l = {.cfg = cfg, .data = data, .err = err};
  l.listed = mdm_config_int_list(cfg, "data.classes", &l.n_listed);
  int status = load(&l);
  free_part(&l.train);
  free_part(&l.test);
  free(l.classes);
  return status;
}
