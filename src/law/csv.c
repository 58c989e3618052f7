/* CSV files (RFC 4180) of runs: a header of names, then numbers. Columns that no law asks for may hold anything. */
#include "law/csv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"

enum { MOST_COLUMNS = 256 };

typedef struct {
  const char *path;
  FILE *file;
  char *text; /* the line at hand */
  size_t size, line;
  char *field[MOST_COLUMNS];
  size_t fields;
} reader;

static int refuse(const reader *c, mdm_error *err, const char *what) { return mdm_fail(err, MDM_ERR_DATA, "%s, line %zu: %s", c->path, c->line, what); }

static char *trim(char *s) {
  while (isspace((unsigned char)*s)) s++;
  for (char *end = s + strlen(s); end > s && isspace((unsigned char)end[-1]);) *--end = '\0';
  return s;
}

/* The next line that is not blank and no comment; 0: there is none. */
static int next_line(reader *c) {
  ssize_t n;
  while ((n = getline(&c->text, &c->size, c->file)) >= 0) {
    c->line++;
    if (c->line == 1 && !strncmp(c->text, "\xef\xbb\xbf", 3)) memmove(c->text, c->text + 3, (size_t)n - 2); /* byte order mark */
    const char *s = c->text + strspn(c->text, " \t\r\n");
    if (*s && *s != '#') return 1;
  }
  return 0;
}

/* Takes a quoted field apart, in place: "" is a quote. Returns what follows the closing quote, NULL: there is none. */
static char *unquote(char *s) {
  char *to = s++;
  for (; *s; s++) {
    if (*s == '"' && s[1] != '"') return *to = '\0', s + 1;
    if (*s == '"') s++;
    *to++ = *s;
  }
  return NULL;
}

/* One field at s, which receives what follows it; a message, or NULL. */
static const char *take_field(char **s, char **out) {
  char *start = *s + strspn(*s, " \t"), *rest = start;
  if (*start == '"' && !(rest = unquote(start))) return "a quote that does not end on this line";
  char *end = rest + strcspn(rest, ",");
  int quoted = rest > start, more = *end == ',';
  *end = '\0';
  if (quoted && *trim(rest)) return "text behind a closing quote";
  *out = trim(start);
  *s = more ? end + 1 : NULL;
  return NULL;
}

static int split(reader *c, mdm_error *err) {
  char *s = c->text;
  for (c->fields = 0; s; c->fields++) {
    if (c->fields == MOST_COLUMNS) return refuse(c, err, "more than 256 columns");
    const char *why = take_field(&s, &c->field[c->fields]);
    if (why) return refuse(c, err, why);
  }
  return MDM_OK;
}

static int read_header(reader *c, mdm_law_runs **out, mdm_error *err) {
  if (!next_line(c)) return mdm_fail(err, MDM_ERR_DATA, "%s is empty; its first line must name the columns, for example N,D,loss", c->path);
  int semicolons = strpbrk(c->text, ";\t") != NULL && !strchr(c->text, ',');
  int status = split(c, err);
  if (status) return status;
  if (semicolons) return refuse(c, err, "columns must be separated by commas");
  for (size_t i = 0; i < c->fields; i++) {
    char what[120];
    snprintf(what, sizeof what, "column %zu has no name", i + 1);
    if (!*c->field[i]) return refuse(c, err, what);
    for (size_t j = 0; j < i; j++) {
      snprintf(what, sizeof what, "two columns '%.40s'", c->field[i]);
      if (!strcmp(c->field[i], c->field[j])) return refuse(c, err, what);
    }
  }
  return mdm_law_runs_create(c->path, c->fields, c->field, out, err);
}

/* A field as a number; the first of a column that is none is noted there. */
static double number(const reader *c, mdm_law_column *column, const char *text) {
  char *end;
  double x = strtod(text, &end);
  if (end != text && !*end) return x;
  if (!column->bad) column->bad = strdup(*text ? text : "nothing"), column->bad_line = c->line;
  return NAN;
}

/* The row N = inf is the limit. */
static int take_limit(const reader *c, mdm_law_runs *r, const double *value, mdm_error *err) {
  if (!isnan(r->limit)) return refuse(c, err, "a second row of N = inf, the limit");
  for (size_t i = 0; i < r->columns; i++) {
    if (!strcmp(r->column[i].name, "loss")) r->limit = value[i];
    if (!strcmp(r->column[i].name, "loss_error")) r->limit_error = value[i];
  }
  return isfinite(r->limit) ? MDM_OK : refuse(c, err, "the row of N = inf, the limit, has no finite loss");
}

static int read_row(reader *c, mdm_law_runs *r, mdm_error *err) {
  double value[MOST_COLUMNS];
  int status = split(c, err), is_limit = 0;
  char what[120];
  if (status) return status;
  snprintf(what, sizeof what, "%zu fields, and the header has %zu", c->fields, r->columns);
  if (c->fields != r->columns) return refuse(c, err, what);
  for (size_t i = 0; i < r->columns; i++) {
    value[i] = number(c, &r->column[i], c->field[i]);
    is_limit |= !strcmp(r->column[i].name, "N") && value[i] == INFINITY;
  }
  return is_limit ? take_limit(c, r, value, err) : mdm_law_runs_add(r, c->line, value, err);
}

int mdm_law_csv_read(const char *path, mdm_law_runs **out, mdm_error *err) {
  reader c = {.path = path, .file = fopen(path, "r")};
  struct stat s;
  if (!c.file) return mdm_fail(err, MDM_ERR_IO, "%s: %s", path, strerror(errno));
  int status = !fstat(fileno(c.file), &s) && S_ISDIR(s.st_mode) ? mdm_fail(err, MDM_ERR_IO, "%s: %s", path, strerror(EISDIR)) : MDM_OK;
  mdm_locale l = mdm_locale_enter();
  if (!status) status = read_header(&c, out, err);
  while (!status && next_line(&c)) status = read_row(&c, *out, err);
  mdm_locale_leave(l);
  if (!status && ferror(c.file)) status = mdm_fail(err, MDM_ERR_IO, "%s: %s", path, strerror(errno));
  if (!status && !(*out)->rows) status = mdm_fail(err, MDM_ERR_DATA, "%s has no runs below its header", path);
  fclose(c.file);
  free(c.text);
  return status;
}
