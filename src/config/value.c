/* One option's value and its text: strict reading of YAML scalars, the allowed values in words, reals as text.
 *
 * Numbers are decimal: [+-]digits[.digits][e[+-]digits] and nothing else, so that "3 000", "0x10", ".nan" or "1,5" are
 * errors rather than surprises. An integer may be written 1e5 or 3.0 as long as it is whole; 010 is refused, since it is 10 in
 * YAML 1.2 and 8 in YAML 1.1. The locale of the calling program plays no role.
 */
#include "config/internal.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: doubles hold every integer up to here */

void mdm_real_format(double x, char out[MDM_REAL_SIZE]) {
  mdm_real_text(x, out);
  /* YAML 1.1 readers, Python's among them, take 1e-05 for a string and 1.0e-05 for a number. */
  char *e = strchr(out, 'e');
  if (e && !strchr(out, '.')) {
    memmove(e + 2, e, strlen(e) + 1);
    memcpy(e, ".0", 2);
  }
}

static int skip_digits(const char **s) {
  const char *start = *s;
  while (**s >= '0' && **s <= '9') ++*s;
  return *s > start;
}

/* 1 if the whole text is a decimal number; *digits_only: it has neither point nor exponent. */
static int is_decimal(const char *s, int *digits_only) {
  if (*s == '+' || *s == '-') s++;
  int before = skip_digits(&s), after = 0;
  *digits_only = before && *s == '\0';
  if (*s == '.') {
    s++;
    after = skip_digits(&s);
  }
  if (!before && !after) return 0;
  if (*s == 'e' || *s == 'E') {
    s++;
    if (*s == '+' || *s == '-') s++;
    if (!skip_digits(&s)) return 0;
  }
  return *s == '\0';
}

static int bad(const char **why, const char *reason) {
  *why = reason;
  return MDM_ERR_CONFIG;
}

/* 1 if a decimal number that reads as 0 was meant to be something else: 1e-400. */
static int has_vanished(const char *text, double x) {
  return x == 0 && strcspn(text, "123456789") < strcspn(text, "eE");
}

static int has_leading_zero(const char *digits) {
  digits += *digits == '+' || *digits == '-';
  return digits[0] == '0' && digits[1];
}

/* A plain scalar as a number, and why it is none. */
static int read_number(const char *text, int quoted, const char *not_quoted, const char *not_number, int *digits_only, double *out, const char **why) {
  if (quoted) return bad(why, not_quoted);
  if (!is_decimal(text, digits_only)) return bad(why, not_number);
  if (*digits_only && has_leading_zero(text)) return bad(why, "has a leading zero, which makes it octal in YAML 1.1");
  *out = mdm_real_parse(text);
  if (has_vanished(text, *out)) return bad(why, "is too small for a real number and would become 0");
  return MDM_OK;
}

static int read_integer(const mdm_option *o, const char *text, int quoted, long *out, const char **why) {
  int digits_only;
  long x;
  double d;
  int status = read_number(text, quoted, "is quoted text, not an integer", "is not an integer", &digits_only, &d, why);
  if (status) return status;
  if (digits_only) {
    errno = 0;
    x = strtol(text, NULL, 10);
    if (errno == ERANGE) return bad(why, "is out of range");
  } else {
    if (fabs(d) > EXACT_MAX) return bad(why, "is out of range");
    if (d != floor(d)) return bad(why, "is not an integer");
    x = (long)d;
  }
  /* As integers: as doubles, 2^53 + 1 would pass for 2^53. */
  if (x < (long)o->min || x > (long)o->max) return bad(why, "is out of range");
  *out = x;
  return MDM_OK;
}

static int read_real(const mdm_option *o, const char *text, int quoted, double *out, const char **why) {
  int digits_only;
  double x;
  int status = read_number(text, quoted, "is quoted text, not a number", "is not a number", &digits_only, &x, why);
  if (status) return status;
  if (!isfinite(x)) return bad(why, "is too large for a real number");
  if (x < o->min || x > o->max || (o->min_open && x == o->min)) return bad(why, "is out of range");
  *out = x;
  return MDM_OK;
}

int mdm_decimal_read(const char *text, double *out) {
  static const mdm_option any = {.key = "", .type = MDM_OPT_REAL, .min = -DBL_MAX, .max = DBL_MAX};
  const char *why;
  return read_real(&any, text, 0, out, &why) == MDM_OK;
}

static int is_one_of(const char *text, const char *const *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcasecmp(text, words[i]) == 0) return 1;
  return 0;
}

/* YAML 1.1 had six more spellings of each; they are refused because 1.2 reads them as text. */
static int read_bool(const char *text, int quoted, long *out, const char **why) {
  static const char *const like_true[] = {"true", "yes", "on", "y", "1"};
  static const char *const like_false[] = {"false", "no", "off", "n", "0"};
  if (quoted) return bad(why, "is quoted text, not true or false");
  if (strcmp(text, "true") == 0 || strcmp(text, "True") == 0 || strcmp(text, "TRUE") == 0)
    *out = 1;
  else if (strcmp(text, "false") == 0 || strcmp(text, "False") == 0 || strcmp(text, "FALSE") == 0)
    *out = 0;
  else if (is_one_of(text, like_true, sizeof like_true / sizeof *like_true))
    return bad(why, "must be written true");
  else if (is_one_of(text, like_false, sizeof like_false / sizeof *like_false))
    return bad(why, "must be written false");
  else
    return bad(why, "is neither true nor false");
  return MDM_OK;
}

static int store_text(mdm_value *v, const char *text) {
  char *copy = strdup(text);
  if (!copy) return MDM_ERR_MEMORY;
  free(v->text);
  v->text = copy;
  return MDM_OK;
}

/* Index of text in the '|'-separated words, -1 if it is none of them. */
static int find_word(const char *words, const char *text) {
  size_t length = strlen(text);
  for (int i = 0; words; i++) {
    size_t n = strcspn(words, "|");
    if (n == length && memcmp(words, text, n) == 0) return i;
    words = words[n] ? words + n + 1 : NULL;
  }
  return -1;
}

static int read_word(const mdm_option *o, const char *text, mdm_value *v, const char **why) {
  int word = find_word(o->allowed, text);
  if (word < 0) return bad(why, "is not one of the allowed words");
  int status = store_text(v, text);
  if (status == MDM_OK) {
    v->word = word;
    v->integer = 0;
  }
  return status;
}

static int read_word_or_integer(const mdm_option *o, const char *text, int quoted, mdm_value *v, const char **why) {
  int digits_only;
  long x;
  if (quoted || !is_decimal(text, &digits_only)) return read_word(o, text, v, why);
  int status = read_integer(o, text, quoted, &x, why);
  if (status == MDM_OK) status = store_text(v, "");
  if (status == MDM_OK) {
    v->word = -1;
    v->integer = x;
  }
  return status;
}

void mdm_value_take_list(mdm_value *v, long *list, size_t count) {
  free(v->list);
  v->list = list;
  v->count = count;
}

int mdm_option_is_list(const mdm_option *o) { return o->type == MDM_OPT_INT_LIST || o->type == MDM_OPT_WORD_LIST; }

int mdm_value_read_element(const mdm_option *o, const char *text, int quoted, const long *before, size_t count, long *out, const char **why) {
  if (o->type == MDM_OPT_INT_LIST) return read_integer(o, text, quoted, out, why);
  int word = find_word(o->allowed, text);
  if (word < 0) return bad(why, "is not one of the allowed words");
  for (size_t i = 0; i < count; i++)
    if (before[i] == word) return bad(why, "is there twice");
  *out = word;
  return MDM_OK;
}

static int read_list_of_one(const mdm_option *o, const char *text, int quoted, mdm_value *v, const char **why) {
  long x;
  int status = mdm_value_read_element(o, text, quoted, NULL, 0, &x, why);
  if (status != MDM_OK) return status;
  long *list = malloc(sizeof *list);
  if (!list) return MDM_ERR_MEMORY;
  list[0] = x;
  mdm_value_take_list(v, list, 1);
  return MDM_OK;
}

int mdm_value_read(const mdm_option *o, const char *text, int quoted, mdm_value *v, const char **why) {
  switch (o->type) {
  case MDM_OPT_INT:
    return read_integer(o, text, quoted, &v->integer, why);
  case MDM_OPT_REAL:
    return read_real(o, text, quoted, &v->real, why);
  case MDM_OPT_BOOL:
    return read_bool(text, quoted, &v->integer, why);
  case MDM_OPT_ENUM:
    return read_word(o, text, v, why);
  case MDM_OPT_TEXT:
    return store_text(v, text);
  case MDM_OPT_INT_LIST:
  case MDM_OPT_WORD_LIST:
    return read_list_of_one(o, text, quoted, v, why);
  case MDM_OPT_WORD_INT:
    return read_word_or_integer(o, text, quoted, v, why);
  }
  return MDM_ERR_INTERNAL;
}

static void allowed_real(const mdm_option *o, char *out, size_t size) {
  char min[MDM_REAL_SIZE], max[MDM_REAL_SIZE];
  mdm_real_format(o->min, min);
  mdm_real_format(o->max, max);
  int above = o->min > -DBL_MAX, below = o->max < DBL_MAX; /* is there a bound worth naming? */
  if (above && below)
    snprintf(out, size, "real number in %c%s, %s]", o->min_open ? '(' : '[', min, max);
  else if (above)
    snprintf(out, size, "real number %s %s", o->min_open ? ">" : ">=", min);
  else if (below)
    snprintf(out, size, "real number <= %s", max);
  else
    snprintf(out, size, "real number");
}

static void allowed_words(const char *words, char *out, size_t size) {
  size_t n = 0;
  for (; *words && n + 3 < size; words++) {
    out[n++] = *words == '|' ? ',' : *words;
    if (*words == '|') out[n++] = ' ';
  }
  out[n] = '\0';
}

void mdm_value_allowed(const mdm_option *o, char out[MDM_ALLOWED_SIZE]) {
  size_t size = MDM_ALLOWED_SIZE, n;
  switch (o->type) {
  case MDM_OPT_INT:
    snprintf(out, size, "integer in [%.0f, %.0f]", o->min, o->max);
    break;
  case MDM_OPT_REAL:
    allowed_real(o, out, size);
    break;
  case MDM_OPT_BOOL:
    snprintf(out, size, "true, false");
    break;
  case MDM_OPT_ENUM:
    allowed_words(o->allowed, out, size);
    break;
  case MDM_OPT_TEXT:
    snprintf(out, size, "text; '' for none");
    break;
  case MDM_OPT_INT_LIST:
    snprintf(out, size, "list of integers in [%.0f, %.0f]", o->min, o->max);
    break;
  case MDM_OPT_WORD_LIST:
    n = (size_t)snprintf(out, size, "list of ");
    allowed_words(o->allowed, out + n, size - n);
    break;
  case MDM_OPT_WORD_INT:
    allowed_words(o->allowed, out, size);
    n = strlen(out);
    snprintf(out + n, size - n, ", or integer in [%.0f, %.0f]", o->min, o->max);
    break;
  }
}
