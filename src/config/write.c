/* Values and whole configurations as YAML text that reads back to identical values. */
#include "config/internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes what fits and counts everything, so that the same code measures and writes. */
typedef struct sink {
  char *buf; /* [size]; NULL when size is 0 */
  size_t size, length;
} sink;

static void put(sink *s, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static void put(sink *s, const char *format, ...) {
  size_t used = s->length < s->size ? s->length : s->size;
  va_list args;
  va_start(args, format);
  int n = vsnprintf(s->buf ? s->buf + used : NULL, s->size - used, format, args);
  va_end(args);
  if (n > 0) s->length += (size_t)n;
}

/* ---- text ---- */

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* 1 for ordinary paths. A point or slash is required because words like null, yes or 12 mean something else in YAML. */
static int is_plain(const char *s) {
  if (!(is_letter(*s) || *s == '/') || !strpbrk(s, "./")) return 0;
  for (; *s; s++)
    if (!is_letter(*s) && !(*s >= '0' && *s <= '9') && !strchr("./_-+", *s)) return 0;
  return 1;
}

/* Code point at s (valid UTF-8: it came through the YAML reader); *bytes receives its length. */
static unsigned long code_point(const char *s, size_t *bytes) {
  const unsigned char *u = (const unsigned char *)s;
  size_t n = u[0] < 0x80 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
  unsigned long c = n == 1 ? u[0] : u[0] & (0x7Fu >> n);
  for (*bytes = 1; *bytes < n && (u[*bytes] & 0xC0) == 0x80; ++*bytes) c = c << 6 | (u[*bytes] & 0x3Fu);
  return c;
}

/* Controls, line breaks in the sense of YAML, and characters that YAML forbids in a file. */
static int needs_escape(unsigned long c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE;
}

static int has_escapes(const char *s) {
  for (size_t n; *s; s += n)
    if (needs_escape(code_point(s, &n))) return 1;
  return 0;
}

static void put_text(sink *s, const char *text) {
  int escaped = has_escapes(text);
  if (is_plain(text)) {
    put(s, "%s", text);
    return;
  }
  put(s, escaped ? "\"" : "'");
  for (size_t n; *text; text += n) {
    unsigned long c = code_point(text, &n);
    if (needs_escape(c))
      put(s, "\\U%08lx", c);
    else if (escaped && (c == '"' || c == '\\'))
      put(s, "\\%c", (char)c);
    else if (!escaped && c == '\'')
      put(s, "''");
    else
      put(s, "%.*s", (int)n, text);
  }
  put(s, escaped ? "\"" : "'");
}

/* ---- values ---- */

static void put_real(sink *s, double x) {
  char text[MDM_REAL_SIZE];
  mdm_real_format(x, text);
  put(s, "%s", text);
}

static void put_list(sink *s, const long *list, size_t n) {
  put(s, "[");
  for (size_t i = 0; i < n; i++) put(s, i ? ", %ld" : "%ld", list[i]);
  put(s, "]");
}

/* Word i of those between '|'. */
static void put_word(sink *s, const char *words, long i) {
  while (i-- > 0) words += strcspn(words, "|") + 1;
  put(s, "%.*s", (int)strcspn(words, "|"), words);
}

static void put_words(sink *s, const char *words, const long *list, size_t n) {
  put(s, "[");
  for (size_t i = 0; i < n; i++) {
    if (i) put(s, ", ");
    put_word(s, words, list[i]);
  }
  put(s, "]");
}

static void put_value(sink *s, const mdm_option *o, const mdm_value *v) {
  const char *text = v->text ? v->text : "";
  switch (o->type) {
  case MDM_OPT_INT:
    put(s, "%ld", v->integer);
    break;
  case MDM_OPT_REAL:
    put_real(s, v->real);
    break;
  case MDM_OPT_BOOL:
    put(s, v->integer ? "true" : "false");
    break;
  case MDM_OPT_ENUM:
    put(s, "%s", text);
    break;
  case MDM_OPT_TEXT:
    put_text(s, text);
    break;
  case MDM_OPT_INT_LIST:
    put_list(s, v->list, v->count);
    break;
  case MDM_OPT_WORD_LIST:
    put_words(s, o->allowed, v->list, v->count);
    break;
  case MDM_OPT_WORD_INT:
    if (v->word < 0)
      put(s, "%ld", v->integer);
    else
      put(s, "%s", text);
    break;
  }
}

void mdm_config_format(const mdm_config *cfg, const char *key, char *buf, size_t size) {
  size_t n;
  long i = mdm_option_find(key);
  if (size > 0) buf[0] = '\0';
  assert(i >= 0 && "no such option");
  if (i < 0) return;
  sink s = {.buf = size ? buf : NULL, .size = size};
  put_value(&s, &mdm_options(&n)[i], &cfg->values[i]);
}

/* ---- the whole configuration ---- */

/* Length of the sections that two keys share, up to and with the last common point. */
static size_t common_sections(const char *a, const char *b) {
  size_t common = 0;
  for (size_t i = 0; a[i] && a[i] == b[i]; i++)
    if (a[i] == '.') common = i + 1;
  return common;
}

/* Opens the sections of key that previous did not open, then writes the last part of the name. */
static void put_key(sink *s, const char *previous, const char *key) {
  size_t done = common_sections(previous, key);
  int depth = 0;
  for (size_t i = 0; i < done; i++) depth += key[i] == '.';
  for (const char *part = key + done; *part; depth++) {
    size_t n = strcspn(part, ".");
    put(s, "%*s%.*s:", 2 * depth, "", (int)n, part);
    if (part[n] == '.') put(s, "\n");
    part += part[n] == '.' ? n + 1 : n;
  }
}

static void put_config(sink *s, const mdm_config *cfg) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++) {
    put_key(s, i ? o[i - 1].key : "", o[i].key);
    put(s, " ");
    put_value(s, &o[i], &cfg->values[i]);
    put(s, "\n");
  }
}

char *mdm_config_to_yaml(const mdm_config *cfg) {
  sink measure = {0};
  put_config(&measure, cfg);
  sink s = {.buf = malloc(measure.length + 1), .size = measure.length + 1};
  if (s.buf) put_config(&s, cfg);
  return s.buf;
}
