/* Evaluates conditions. Their texts are walked as they stand: clauses between ", and ", alternatives between " or ". */
#include "config/condition.h"

#include <stdio.h>
#include <string.h>

#include "config/internal.h"

enum { KEY_SIZE = 128, VALUE_SIZE = 128 };

/* Where the text up to `end` first holds `word`; end if nowhere. */
static const char *before(const char *text, const char *end, const char *word) {
  const char *found = strstr(text, word);
  return found && found < end ? found : end;
}

/* Calls `look` for every alternative of a clause until it says 1; 1 when it did. */
static int any(const char *clause, const char *end, int (*look)(void *context, const char *term, const char *end), void *context) {
  static const char joint[] = " or ";
  for (const char *stop; clause < end; clause = stop + (stop < end ? sizeof joint - 1 : 0)) {
    stop = before(clause, end, joint);
    if (look(context, clause, stop)) return 1;
  }
  return 0;
}

/* Calls `look` for every clause until it says 0; 1 when it never did. A remark after ';' is no clause. */
static int all(const char *condition, int (*look)(void *context, const char *clause, const char *end), void *context) {
  static const char joint[] = ", and ";
  const char *end = condition + strcspn(condition, ";");
  for (const char *stop; condition < end; condition = stop + (stop < end ? sizeof joint - 1 : 0)) {
    stop = before(condition, end, joint);
    if (!look(context, condition, stop)) return 0;
  }
  return 1;
}

/* ---- one comparison ---- */

typedef struct term {
  char key[KEY_SIZE], value[VALUE_SIZE]; /* of the configuration, as text */
  const char *sign, *right, *end;        /* what stands before and behind right: =, !=, < or > */
} term;

static term read_term(const mdm_config *cfg, const char *text, const char *end) {
  term t = {.end = end};
  size_t n = strcspn(text, "=!<>");
  snprintf(t.key, sizeof t.key, "%.*s", (int)n, text);
  t.sign = text + n;
  t.right = t.sign + (*t.sign == '!' ? 2 : 1);
  mdm_config_format(cfg, t.key, t.value, sizeof t.value);
  return t;
}

/* Whether value, written as text or number, is one of the words between '|'; no word at all is the empty one. */
static int is_among(const char *value, const char *words, const char *end) {
  size_t length = strlen(value);
  if (*value == '\'') value++, length -= 2; /* text that YAML would read as a number */
  for (;; words++) {
    const char *stop = before(words, end, "|");
    if ((size_t)(stop - words) == length && !memcmp(words, value, length)) return 1;
    if ((words = stop) == end) return 0;
  }
}

static int term_holds(void *cfg, const char *text, const char *end) {
  term t = read_term(cfg, text, end);
  double value = mdm_real_parse(t.value), bound = mdm_real_parse(t.right);
  switch (*t.sign) {
  case '<': return value < bound;
  case '>': return value > bound;
  case '!': return !is_among(t.value, t.right, end);
  default: return is_among(t.value, t.right, end);
  }
}

static int clause_holds(void *cfg, const char *clause, const char *end) { return any(clause, end, term_holds, cfg); }

int mdm_condition_holds(const mdm_config *cfg, const char *condition) {
  return !condition || all(condition, clause_holds, (void *)cfg);
}

/* ---- what stands in the way ---- */

typedef struct obstacles {
  const mdm_config *cfg;
  const char *own;
  char *out;
  size_t size;
} obstacles;

/* A key may be in several comparisons: it is named once. */
static int name_term(void *context, const char *text, const char *end) {
  obstacles *o = context;
  char shown[KEY_SIZE + VALUE_SIZE + 8];
  term t = read_term(o->cfg, text, end);
  size_t used = strlen(o->out);
  if (!strcmp(t.key, o->own)) return 0;
  snprintf(shown, sizeof shown, "%s = %s", t.key, t.value);
  if (!strstr(o->out, shown)) snprintf(o->out + used, o->size - used, "%s%s", used ? " and " : "", shown);
  return 0;
}

static int name_clause(void *context, const char *clause, const char *end) {
  const obstacles *o = context;
  if (!clause_holds((void *)o->cfg, clause, end)) any(clause, end, name_term, context);
  return 1;
}

void mdm_condition_obstacles(const mdm_config *cfg, const char *own, const char *condition, char *out, size_t size) {
  obstacles o = {cfg, own, out, size};
  *out = '\0';
  all(condition, name_clause, &o);
}
