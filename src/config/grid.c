/* The grid of a sweep (grid.h): "--over KEY=v1,v2,…" and ranges, checked value by value by the option table. */
#include "config/grid.h"

#include <gsl/gsl_sort_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/internal.h"

enum { MOST_VALUES = 1000, MOST_POINTS = 100000, VALUE_SIZE = 4096 };

/* ---------------------------------------------------------------- life */

void mdm_grid_clear(mdm_grid *g) {
  for (size_t a = 0; a < g->axes; a++) {
    for (size_t i = 0; i < g->axis[a].n; i++) free(g->axis[a].text[i]);
    free(g->axis[a].text);
    free(g->axis[a].value);
  }
  *g = (mdm_grid){0};
}

size_t mdm_grid_points(const mdm_grid *g) {
  size_t n = 1;
  for (size_t a = 0; a < g->axes; a++) n *= g->axis[a].n;
  return n;
}

size_t mdm_grid_index(const mdm_grid *g, size_t point, size_t a) {
  for (size_t b = g->axes; b-- > a + 1;) point /= g->axis[b].n;
  return point % g->axis[a].n;
}

long mdm_grid_find(const mdm_grid *g, const char *key) {
  for (size_t a = 0; a < g->axes; a++)
    if (!strcmp(g->axis[a].option->key, key)) return (long)a;
  return -1;
}

size_t mdm_axis_find(const mdm_axis *axis, const char *text) {
  size_t i = 0;
  while (i < axis->n && strcmp(axis->text[i], text)) i++;
  return i;
}

int mdm_axis_is_seed(const mdm_axis *axis) {
  const char *key = axis->option->key;
  return !strcmp(key + strlen(key) - strlen("seed"), "seed"); /* keys have four letters or more */
}

static int out_of_memory(mdm_error *err) {
  return mdm_no_memory(err, "the grid of a sweep");
}

/* ---------------------------------------------------------------- values */

static int set_value(mdm_config *cfg, const char *over, const char *key, const char *text, mdm_error *err) {
  char name[MDM_NAME_SIZE];
  snprintf(name, sizeof name, "--over %s", over);
  return mdm_config_read(cfg, name, key, text, strlen(text), err);
}

int mdm_grid_apply(const mdm_grid *g, size_t point, mdm_config *cfg, mdm_error *err) {
  int status = MDM_OK;
  for (size_t a = 0; a < g->axes && !status; a++) {
    const mdm_axis *axis = &g->axis[a];
    status = set_value(cfg, axis->option->key, axis->option->key, axis->text[mdm_grid_index(g, point, a)], err);
  }
  return status;
}

/* Appends a value, in the option's own notation. */
static int add_value(mdm_axis *axis, mdm_config *cfg, const char *over, const char *text, mdm_error *err) {
  char shown[VALUE_SIZE];
  int status = set_value(cfg, over, axis->option->key, text, err);
  if (status) return status;
  mdm_config_format(cfg, axis->option->key, shown, sizeof shown);
  for (size_t i = 0; i < axis->n; i++)
    if (!strcmp(axis->text[i], shown))
      return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: the value %s is there twice", over, shown);
  if (axis->n == MOST_VALUES) return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: more than %d values", over, MOST_VALUES);
  axis->text[axis->n] = strdup(shown);
  axis->value[axis->n] = axis->numeric ? mdm_real_parse(shown) : (double)axis->n;
  return axis->text[axis->n++] ? MDM_OK : out_of_memory(err);
}

/* v1,v2,…; commas within brackets belong to a value. */
static int read_list(mdm_axis *axis, mdm_config *cfg, const char *over, const char *values, mdm_error *err) {
  char one[VALUE_SIZE];
  int status = MDM_OK, depth = 0;
  for (const char *start = values, *c = values; !status; c++) {
    depth += (*c == '[') - (*c == ']');
    if (*c && (*c != ',' || depth > 0)) continue;
    size_t n = (size_t)(c - start);
    if (n == 0 || n >= sizeof one)
      return mdm_fail(err, MDM_ERR_CONFIG,
                      "--over %s: a value is %s; expected KEY=v1,v2,... or KEY=log:FIRST:LAST:COUNT", over,
                      n ? "too long" : "missing");
    memcpy(one, start, n);
    one[n] = '\0';
    status = add_value(axis, cfg, over, one, err);
    start = c + 1;
    if (!*c) break;
  }
  return status;
}

/* Inner values have six digits, as they serve as labels; the ends are as given. */
static double range_value(double first, double last, size_t n, size_t i, int log_spaced, int whole) {
  double t = (double)i / (double)(n - 1),
         v = log_spaced ? exp(log(first) + t * (log(last) - log(first))) : first + t * (last - first);
  if (i == 0) return first;
  if (i == n - 1) return last;
  return whole ? round(v) : mdm_real_round(v, 6);
}

/* FIRST:LAST:COUNT; 1 if it is that. */
static int read_ends(const char *range, double *first, double *last, long *n) {
  char part[3][MDM_REAL_SIZE];
  double count;
  for (int k = 0; k < 3; k++) {
    size_t length = strcspn(range, ":");
    if (length >= sizeof part[k] || (range[length] == ':') != (k < 2)) return 0;
    snprintf(part[k], sizeof part[k], "%.*s", (int)length, range);
    range += length + 1;
  }
  if (!mdm_decimal_read(part[0], first) || !mdm_decimal_read(part[1], last) || !mdm_decimal_read(part[2], &count)) return 0;
  *n = count >= 2 && count <= MOST_VALUES ? (long)count : 0;
  return *n > 0 && count == (double)*n;
}

/* log:FIRST:LAST:COUNT or lin:…, after the word. */
static int read_range(mdm_axis *axis, mdm_config *cfg, const char *over, const char *range, int log_spaced,
                      mdm_error *err) {
  char text[MDM_REAL_SIZE];
  double first, last;
  long n;
  if (!read_ends(range, &first, &last, &n))
    return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: expected %s:FIRST:LAST:COUNT with numbers and 2 <= COUNT <= %d",
                    over, log_spaced ? "log" : "lin", MOST_VALUES);
  if (log_spaced && !(first > 0 && last > 0))
    return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: both ends of log: must be > 0", over);
  if (axis->option->type != MDM_OPT_REAL && axis->option->type != MDM_OPT_INT && axis->option->type != MDM_OPT_WORD_INT)
    return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: a range needs an option that is a number; list the values of %s",
                    over, axis->option->key);
  int status = MDM_OK, whole = axis->option->type != MDM_OPT_REAL;
  for (size_t i = 0; i < (size_t)n && !status; i++) {
    mdm_real_format(range_value(first, last, (size_t)n, i, log_spaced, whole), text);
    status = add_value(axis, cfg, over, text, err);
  }
  return status;
}

/* Numbers ascend, so that neighbours on the axis are neighbours in the list. */
static void sort_numbers(mdm_axis *axis) {
  size_t order[MOST_VALUES];
  double value[MOST_VALUES];
  char *text[MOST_VALUES];
  gsl_sort_index(order, axis->value, 1, axis->n);
  for (size_t i = 0; i < axis->n; i++) {
    value[i] = axis->value[order[i]];
    text[i] = axis->text[order[i]];
  }
  memcpy(axis->value, value, axis->n * sizeof *value);
  memcpy(axis->text, text, axis->n * sizeof *text);
}

/* ---------------------------------------------------------------- axes */

static int is_refused_key(const char *key) {
  return !strncmp(key, "simulate.", 9) || !strncmp(key, "output.", 7) || !strcmp(key, "solve.replicas") ||
         !strcmp(key, "solve.accuracy");
}

/* The key before '='. An unknown one gets the words of the option table. */
static int read_key(const mdm_config *cfg, const char *over, const char **values, const mdm_option **option,
                    mdm_error *err) {
  size_t n, length = strcspn(over, "=");
  char key[256] = "";
  mdm_config *copy;
  if (over[length] != '=' || !length || length >= sizeof key)
    return mdm_fail(
        err, MDM_ERR_CONFIG,
        "--over %.200s: expected KEY=v1,v2,..., for example --over train.lr=0.1,0.3,1 or --over train.lr=log:0.03:3:9",
        over);
  memcpy(key, over, length);
  *values = over + length + 1;
  long i = mdm_option_find(key);
  if (i >= 0) return *option = &mdm_options(&n)[i], MDM_OK;
  int status = mdm_config_copy(cfg, &copy, err);
  if (!status) status = set_value(copy, over, key, *values, err);
  mdm_config_free(copy);
  return status ? status : mdm_fail(err, MDM_ERR_CONFIG, "--over %s: %s is no option", over, key);
}

static int allocate_axis(mdm_axis *axis, const mdm_option *option, mdm_error *err) {
  *axis = (mdm_axis){.option = option, .numeric = option->type == MDM_OPT_REAL || option->type == MDM_OPT_INT};
  axis->text = calloc(MOST_VALUES, sizeof *axis->text);
  axis->value = calloc(MOST_VALUES, sizeof *axis->value);
  return axis->text && axis->value ? MDM_OK : out_of_memory(err);
}

static int read_axis(mdm_grid *g, const mdm_config *cfg, const char *over, mdm_error *err) {
  const char *values;
  const mdm_option *option;
  mdm_config *copy = NULL;
  int status = read_key(cfg, over, &values, &option, err);
  if (status) return status;
  if (is_refused_key(option->key))
    return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: %s cannot be an axis; give it by --set or in the configuration",
                    over, option->key);
  if (mdm_grid_find(g, option->key) >= 0) return mdm_fail(err, MDM_ERR_CONFIG, "--over names %s twice", option->key);
  if (g->axes == MDM_GRID_AXES)
    return mdm_fail(err, MDM_ERR_CONFIG, "--over %s: at most two axes, and model.parameterization", over);
  mdm_axis *axis = &g->axis[g->axes++];
  status = allocate_axis(axis, option, err);
  if (!status) status = mdm_config_copy(cfg, &copy, err);
  if (!status && (!strncmp(values, "log:", 4) || !strncmp(values, "lin:", 4)))
    status = read_range(axis, copy, over, values + 4, values[1] == 'o', err);
  else if (!status)
    status = read_list(axis, copy, over, values, err);
  mdm_config_free(copy);
  if (!status && axis->numeric) sort_numbers(axis);
  return status;
}

int mdm_grid_read(const mdm_config *cfg, const char *const *over, size_t n, mdm_grid *out, mdm_error *err) {
  *out = (mdm_grid){0};
  int status =
      n ? MDM_OK
        : mdm_fail(err, MDM_ERR_CONFIG, "a sweep needs --over KEY=v1,v2,..., for example --over train.lr=log:0.03:3:9");
  for (size_t i = 0; i < n && !status; i++) status = read_axis(out, cfg, over[i], err);
  if (!status && out->axes == MDM_GRID_AXES && mdm_grid_find(out, "model.parameterization") < 0)
    status = mdm_fail(err, MDM_ERR_CONFIG, "--over %s: at most two axes, and model.parameterization", over[n - 1]);
  if (!status && mdm_grid_points(out) > MOST_POINTS)
    status = mdm_fail(err, MDM_ERR_CONFIG, "--over: %zu points, more than %d", mdm_grid_points(out), MOST_POINTS);
  if (status) mdm_grid_clear(out);
  return status;
}

char *mdm_grid_text(const mdm_axis *axis) {
  size_t size = strlen(axis->option->key) + 2;
  for (size_t i = 0; i < axis->n; i++) size += strlen(axis->text[i]) + 1;
  char *text = malloc(size), *to = text;
  if (!text) return NULL;
  to += sprintf(to, "%s=", axis->option->key);
  for (size_t i = 0; i < axis->n; i++) to += sprintf(to, "%s%s", i ? "," : "", axis->text[i]);
  return text;
}
