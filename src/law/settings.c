/* What is asked for: the formula, and where its parameters may lie, start from, or stay. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "law/fitting.h"

static const double SMALL = 1e-12, LARGE = 1e40; /* bounds of amplitudes */

void mdm_law_names(const mdm_expression *e, char *out, size_t size) {
  *out = '\0';
  for (size_t k = 0, used = 0; k < e->parameters && used < size; k++) used += (size_t)snprintf(out + used, size - used, "%s%s", k ? ", " : "", e->parameter[k]);
}

/* ---------------------------------------------------------------- the formula */

static int parse_expression(mdm_fitting *f, mdm_error *err) {
  const char *name[256];
  size_t n = 0;
  for (size_t i = 0; i < f->runs->columns && n < 256; i++)
    if (strncmp(f->runs->column[i].name, "loss", 4)) name[n++] = f->runs->column[i].name;
  int status = mdm_expression_parse(f->o->law, name, n, &f->e, err);
  if (status) return status;
  if (!f->e.columns)
    return mdm_fail(err, MDM_ERR_USAGE, "law '%s' is none of power, hoffmann, ludziejewski, joint, and as a formula it has no column of %s in it", f->o->law, f->runs->path);
  if (!f->e.parameters) return mdm_fail(err, MDM_ERR_USAGE, "law '%s' has no parameters: all its names are columns of %s", f->o->law, f->runs->path);
  return MDM_OK;
}

static int parse_law(mdm_fitting *f, mdm_error *err) {
  size_t n = 0;
  f->law = mdm_law_find(f->o->law);
  if (!f->law) return parse_expression(f, err);
  while (f->law->column[n]) n++;
  return mdm_expression_parse(f->law->formula, f->law->column, n, &f->e, err);
}

/* ---------------------------------------------------------------- axes */

static void set_axis(mdm_fitting *f, size_t k) {
  mdm_law_axis *a = &f->axis[k];
  *a = (mdm_law_axis){.log = 1, .low = SMALL, .high = LARGE, .start_low = 1e-6, .start_high = 1e6};
  if (f->e.is_exponent[k]) *a = (mdm_law_axis){.low = -10, .high = 10, .start_low = -1.5, .start_high = 1.5};
  for (size_t i = 0; f->law && i < MDM_LAW_ROWS && f->law->row[i].name; i++) {
    const mdm_law_row *r = &f->law->row[i];
    if (strcmp(r->name, f->e.parameter[k])) continue;
    *a = (mdm_law_axis){.log = r->low > 0 && !f->e.is_exponent[k], .low = r->low, .high = r->high, .start_low = r->start_low, .start_high = r->start_high};
  }
}

/* NAME=VALUE or NAME=LOW:HIGH; the parameter's index, −1: refused. */
static int read_setting(const mdm_fitting *f, const char *option, const char *text, int pairs, double *low, double *high, mdm_error *err) {
  char name[MDM_LAW_NAME] = "", names[600], *end = NULL;
  const char *equal = strchr(text, '=');
  const char *form = pairs == 2 ? "NAME=LOW:HIGH" : pairs ? "NAME=VALUE or NAME=LOW:HIGH" : "NAME=VALUE";
  if (equal && (size_t)(equal - text) < sizeof name) memcpy(name, text, (size_t)(equal - text));
  if (equal) *low = *high = strtod(equal + 1, &end);
  int whole = equal && end != equal + 1, pair = whole && pairs && *end == ':';
  if (pair) {
    const char *second = end + 1;
    *high = strtod(second, &end);
    whole = end != second;
  }
  if (!whole || *end || (pairs == 2 && !pair) || !isfinite(*low) || !isfinite(*high)) return mdm_fail(err, MDM_ERR_USAGE, "%s %s: it takes %s, with finite numbers", option, text, form), -1;
  if (pair && !(*low < *high)) return mdm_fail(err, MDM_ERR_USAGE, "%s %s: LOW must be below HIGH", option, text), -1;
  int k = mdm_expression_parameter(&f->e, name);
  mdm_law_names(&f->e, names, sizeof names);
  if (k < 0) mdm_fail(err, MDM_ERR_USAGE, "%s %s: the law has no parameter '%s'; its parameters: %s", option, text, name, names);
  return k;
}

static double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

/* Starts lie inside the bounds. */
static void clip_starts(mdm_law_axis *a) {
  a->start_low = clip(a->start_low, a->low, a->high), a->start_high = clip(a->start_high, a->low, a->high);
  if (a->start_low == a->start_high && !a->given) a->start_low = a->low, a->start_high = a->high;
}

static int twice(const char *option, const char *text, mdm_error *err) {
  return mdm_fail(err, MDM_ERR_USAGE, "%s %s: this parameter has another %s, or is fixed", option, text, option);
}

static int set_bounds(mdm_fitting *f, mdm_error *err) {
  int seen[MDM_LAW_PARAMETERS] = {0};
  double low = 0, high = 0;
  for (size_t i = 0; i < f->o->bounds; i++) {
    int k = read_setting(f, "--bound", f->o->bound[i], 2, &low, &high, err);
    if (k < 0) return MDM_ERR_USAGE;
    if (seen[k]++ || f->axis[k].fixed) return twice("--bound", f->o->bound[i], err);
    mdm_law_axis *a = &f->axis[k];
    if (low <= 0 && a->log) a->log = 0, a->start_low = -10, a->start_high = 10;
    a->low = low, a->high = high;
    clip_starts(a);
  }
  return MDM_OK;
}

static int set_starts(mdm_fitting *f, mdm_error *err) {
  double low = 0, high = 0;
  for (size_t i = 0; i < f->o->starts_given; i++) {
    const char *text = f->o->start[i];
    int k = read_setting(f, "--start", text, 1, &low, &high, err);
    if (k < 0) return MDM_ERR_USAGE;
    mdm_law_axis *a = &f->axis[k];
    if (a->given || a->fixed) return twice("--start", text, err);
    if (low < a->low || high > a->high) return mdm_fail(err, MDM_ERR_USAGE, "--start %s: outside the bounds %g:%g of %s; --bound changes them", text, a->low, a->high, f->e.parameter[k]);
    a->start_low = low, a->start_high = high, a->given = 1;
  }
  return MDM_OK;
}

static int set_fixed(mdm_fitting *f, mdm_error *err) {
  double low = 0, high = 0;
  for (size_t i = 0; i < f->o->fixes; i++) {
    int k = read_setting(f, "--fix", f->o->fix[i], 0, &low, &high, err);
    if (k < 0) return MDM_ERR_USAGE;
    if (f->axis[k].fixed) return twice("--fix", f->o->fix[i], err);
    f->axis[k] = (mdm_law_axis){.fixed = 1, .value = low, .low = low, .high = low, .start_low = low, .start_high = low};
  }
  return MDM_OK;
}

/* power: L_inf is the limit, where the file has one. */
static int set_limit(mdm_fitting *f, mdm_error *err) {
  int k = mdm_expression_parameter(&f->e, "L_inf"), power = f->law && !strcmp(f->law->name, "power");
  if (f->o->free_limit && !power) return mdm_fail(err, MDM_ERR_USAGE, "--free-limit goes with --law power");
  if (f->o->free_limit && isnan(f->runs->limit))
    return mdm_fail(err, MDM_ERR_USAGE, "--free-limit has no effect: %s has no limit (a run of N = inf), and L_inf is free", f->runs->path);
  if (f->o->free_limit && f->axis[k].fixed) return mdm_fail(err, MDM_ERR_USAGE, "--free-limit contradicts --fix L_inf");
  if (!power || f->o->free_limit || isnan(f->runs->limit) || f->axis[k].fixed) return MDM_OK;
  double limit = f->runs->limit;
  f->axis[k] = (mdm_law_axis){.fixed = 1, .value = limit, .low = limit, .high = limit, .start_low = limit, .start_high = limit};
  f->limit_at = k;
  f->limit_error = f->runs->limit_error > 0 && isfinite(f->runs->limit_error) ? f->runs->limit_error : 0;
  if (isnan(f->runs->limit_error) && mdm_law_runs_find(f->runs, "loss_error"))
    mdm_law_warn(f, "the limit has no standard error (of a file: fewer than three replicas), and L_inf is taken for exact: intervals are too narrow");
  return MDM_OK;
}

static int check_limit(const mdm_fitting *f, mdm_error *err) {
  if (isnan(f->runs->limit) || (f->law && !strcmp(f->law->name, "power")) || mdm_expression_column(&f->e, "N") < 0) return MDM_OK;
  for (size_t i = 0; i < f->runs->rows; i++)
    if (f->runs->line[i]) return mdm_fail(err, MDM_ERR_DATA, "%s has a run of N = inf, which --law power alone takes, as L_inf", f->runs->path);
  return MDM_OK; /* files of this program have the limit, whoever asks */
}

int mdm_law_settings(mdm_fitting *f, mdm_error *err) {
  f->limit_at = -1;
  int status = parse_law(f, err);
  if (!status) status = check_limit(f, err);
  if (status) return status;
  f->p = f->e.parameters;
  for (size_t k = 0; k < f->p; k++) set_axis(f, k);
  mdm_locale l = mdm_locale_enter();
  status = set_fixed(f, err);
  if (!status) status = set_bounds(f, err);
  if (!status) status = set_limit(f, err);
  if (!status) status = set_starts(f, err);
  mdm_locale_leave(l);
  for (size_t k = 0; k < f->p; k++) f->free += !f->axis[k].fixed;
  if (!status && !f->free) status = mdm_fail(err, MDM_ERR_USAGE, "all parameters are fixed: nothing is to be fitted");
  return status;
}

/* ---------------------------------------------------------------- lists of values */

static int refuse_list(const char *text, const char *what, const char *why, size_t n, const char *const *name, mdm_error *err) {
  char list[400] = "";
  for (size_t i = 0, used = 0; i < n && used < sizeof list; i++) used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", name[i]);
  return mdm_fail(err, MDM_ERR_USAGE, "%s '%s': %s; it takes NAME=VALUE,..., with positive numbers (S may be 0) for %s", what, text, why, list);
}

int mdm_law_assignments(const char *text, const char *what, size_t n, const char *const *name, double *value, mdm_error *err) {
  for (size_t i = 0; i < n; i++) value[i] = NAN;
  mdm_locale l = mdm_locale_enter();
  int status = MDM_OK;
  for (const char *at = text; !status;) {
    size_t length = strcspn(at, "=,"), i = 0;
    char *end = NULL;
    while (i < n && (strlen(name[i]) != length || strncmp(name[i], at, length))) i++;
    double v = at[length] == '=' ? strtod(at + length + 1, &end) : NAN;
    if (i == n) status = refuse_list(text, what, "unknown name", n, name, err);
    else if (!isnan(value[i])) status = refuse_list(text, what, "a name stands twice", n, name, err);
    else if (!end || end == at + length + 1 || (*end && *end != ',') || !isfinite(v) || v < 0 || (v == 0 && strcmp(name[i], "S")))
      status = refuse_list(text, what, "not a positive number", n, name, err);
    if (status) break;
    value[i] = v;
    if (!*end) break;
    at = end + 1;
  }
  mdm_locale_leave(l);
  return status;
}
