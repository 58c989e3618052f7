/* YAML into a configuration: walking the document, and telling everything that is wrong with it in one line.
 *
 * Problems of one file are collected in the order of the file, so that a user mends them all at once. Contents: the
 * list of problems, the nearest known key, options and sections of the document, syntax errors.
 */
#include "config/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/memory.h"

#define KEY_SIZE 256  /* longer keys are cut, which leaves them unknown */
#define SHOWN_SIZE 81 /* of a value in a message */
#define DEEPEST 64    /* brackets within brackets; our keys need one */
#define MORE_SIZE 40  /* room kept for "; and N more" */

typedef struct problems {
  char text[sizeof((mdm_error *)0)->text];
  size_t length, count, hidden;
} problems;

typedef struct reader {
  mdm_config *cfg;
  yaml_document_t *doc;
  const char *key;    /* the option whose value is read; NULL: a whole file */
  size_t *first_line; /* [options] line that set the option, 0: none yet */
  problems found;
  int out_of_memory;
} reader;

/* ---- list of problems ---- */

void mdm_show(char *out, size_t size, const char *text, size_t length) {
  size_t n = length < size ? length : size - 4;
  while (n > 0 && n < length && ((unsigned char)text[n] & 0xC0) == 0x80) n--; /* not within a UTF-8 character */
  for (size_t i = 0; i < n; i++) out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
  strcpy(out + n, n < length ? "..." : "");
}

static void begin_problems(problems *p, const char *name) {
  char shown[MDM_NAME_SIZE];
  mdm_show(shown, sizeof shown, name, strlen(name));
  p->length = (size_t)snprintf(p->text, sizeof p->text, "%s: ", shown);
}

static void add_problem(reader *r, size_t line, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

static void add_problem(reader *r, size_t line, const char *format, ...) {
  problems *p = &r->found;
  char message[1200] = "";
  size_t n = 0;
  if (!r->key) n = (size_t)snprintf(message, sizeof message, "line %zu: ", line);
  va_list args;
  va_start(args, format);
  vsnprintf(message + n, sizeof message - n, format, args);
  va_end(args);
  size_t need = strlen(message) + (p->count ? 2 : 0);
  if (p->hidden || p->length + need + MORE_SIZE > sizeof p->text)
    p->hidden++;
  else
    p->length += (size_t)sprintf(p->text + p->length, "%s%s", p->count ? "; " : "", message);
  p->count++;
}

static int end_problems(problems *p, mdm_error *err) {
  if (p->hidden) snprintf(p->text + p->length, sizeof p->text - p->length, "; and %zu more", p->hidden);
  return mdm_fail(err, MDM_ERR_CONFIG, "%s", p->text);
}

/* ---- nearest known key ---- */

typedef struct nearest {
  const char *unknown;
  char key[KEY_SIZE]; /* "": none is close */
  size_t distance, full;
} nearest;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b. */
static size_t edit_distance(const char *a, const char *b) {
  size_t rows[3][KEY_SIZE], *before = rows[0], *above = rows[1], *row = rows[2], nb = strlen(b);
  if (strlen(a) >= KEY_SIZE || nb >= KEY_SIZE) return KEY_SIZE;
  for (size_t j = 0; j <= nb; j++) row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t *spare = before;
    before = above;
    above = row;
    row = spare;
    row[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      row[j] = smaller(smaller(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = smaller(row[j], before[j - 2] + 1);
    }
  }
  return row[nb];
}

static const char *last_part(const char *key) {
  const char *point = strrchr(key, '.');
  return point ? point + 1 : key;
}

/* The last part alone counts as well, more strictly: a forgotten section is a common slip, but train.rate is no
 * misspelt model.gate. */
static void consider(nearest *best, const char *candidate) {
  const char *part = last_part(best->unknown);
  size_t length = strlen(part), full = edit_distance(best->unknown, candidate);
  size_t last = edit_distance(part, last_part(candidate)), distance = KEY_SIZE;
  if (full <= (length + 2) / 3) distance = full;
  if (last <= length / 5 && length > 0) distance = smaller(distance, last);
  if (distance == KEY_SIZE || distance > best->distance) return;
  if (distance == best->distance && full >= best->full) return;
  snprintf(best->key, sizeof best->key, "%s", candidate);
  best->distance = distance;
  best->full = full;
}

/* Fills best->key; what holds a mapping can only be a misspelt section. */
static void find_nearest(nearest *best, int holds_mapping) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  best->key[0] = '\0';
  best->distance = best->full = KEY_SIZE;
  for (size_t i = 0; i < n; i++) {
    if (!holds_mapping) consider(best, o[i].key);
    for (const char *point = strchr(o[i].key, '.'); point; point = strchr(point + 1, '.')) {
      char section[KEY_SIZE];
      snprintf(section, sizeof section, "%.*s", (int)(point - o[i].key), o[i].key);
      consider(best, section);
    }
  }
}

static void unknown_key(reader *r, size_t line, const char *key, int holds_mapping) {
  const char *what = holds_mapping ? "section" : "key";
  char shown[SHOWN_SIZE];
  mdm_show(shown, sizeof shown, key, strlen(key));
  nearest best = {.unknown = key};
  if (!r->found.hidden) find_nearest(&best, holds_mapping); /* it takes time, and nobody would see it */
  if (best.key[0])
    add_problem(r, line, "unknown %s '%s' (did you mean '%s'?)", what, shown, best.key);
  else
    add_problem(r, line, "unknown %s '%s'", what, shown);
}

/* ---- one option ---- */

static size_t line_of(const yaml_node_t *node) { return node->start_mark.line + 1; }

static int is_quoted(const yaml_node_t *node) { return node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE; }

/* A missing node, or one of the ways to write null. */
static int is_null(const yaml_node_t *node) {
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
  if (!node) return 1;
  if (node->type != YAML_SCALAR_NODE || is_quoted(node)) return 0;
  for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
    if (strcmp((const char *)node->data.scalar.value, nulls[i]) == 0) return 1;
  return 0;
}

static const char *kind_of(const yaml_node_t *node) {
  if (is_null(node)) return "nothing";
  return node->type == YAML_MAPPING_NODE ? "a mapping" : node->type == YAML_SEQUENCE_NODE ? "a list" : "a single value";
}

/* what: the option, or an element of it; why: what is wrong with its text. */
static void bad_value(reader *r, size_t line, const mdm_option *o, const char *what, const yaml_node_t *node,
                      const char *why) {
  char allowed[MDM_ALLOWED_SIZE], shown[SHOWN_SIZE];
  mdm_value_allowed(o, allowed);
  if (is_null(node))
    add_problem(r, line, "%s has no value (allowed: %s)", what, allowed);
  else if (node->type != YAML_SCALAR_NODE)
    add_problem(r, line, "%s is %s (allowed: %s)", what, kind_of(node), allowed);
  else {
    mdm_show(shown, sizeof shown, (const char *)node->data.scalar.value, node->data.scalar.length);
    add_problem(r, line, "%s = '%s' %s (allowed: %s)", what, shown, why, allowed);
  }
}

/* 1 if the node is a scalar with a value; otherwise the problem is recorded. */
static int usable_scalar(reader *r, size_t line, const mdm_option *o, const char *what, const yaml_node_t *node) {
  const char *why = "contains a NUL character";
  if (!is_null(node) && node->type == YAML_SCALAR_NODE &&
      !memchr(node->data.scalar.value, '\0', node->data.scalar.length))
    return 1;
  bad_value(r, line, o, what, node, why);
  return 0;
}

static void read_scalar(reader *r, size_t line, const mdm_option *o, const yaml_node_t *node, mdm_value *v) {
  const char *why = "cannot be read";
  if (!usable_scalar(r, line, o, o->key, node)) return;
  int status = mdm_value_read(o, (const char *)node->data.scalar.value, is_quoted(node), v, &why);
  if (status == MDM_ERR_MEMORY)
    r->out_of_memory = 1;
  else if (status != MDM_OK)
    bad_value(r, line, o, o->key, node, why);
}

static void read_list(reader *r, const mdm_option *o, const yaml_node_t *node, mdm_value *v) {
  const yaml_node_item_t *items = node->data.sequence.items.start;
  size_t n = (size_t)(node->data.sequence.items.top - items), before = r->found.count;
  long *list = n ? calloc(n, sizeof *list) : NULL;
  if (n && !list) {
    r->out_of_memory = 1;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const yaml_node_t *item = yaml_document_get_node(r->doc, items[i]);
    const char *why = "cannot be read";
    char what[KEY_SIZE + 40];
    snprintf(what, sizeof what, "%s, element %zu", o->key, i + 1);
    if (!usable_scalar(r, line_of(item), o, what, item)) continue;
    if (mdm_value_read_element(o, (const char *)item->data.scalar.value, is_quoted(item), list, i, &list[i], &why) != MDM_OK)
      bad_value(r, line_of(item), o, what, item, why);
  }
  if (r->found.count == before)
    mdm_value_take_list(v, list, n);
  else
    free(list);
}

static void read_option(reader *r, size_t line, size_t i, const yaml_node_t *node) {
  size_t n;
  const mdm_option *o = &mdm_options(&n)[i];
  mdm_value *v = &r->cfg->values[i];
  const char *why = "";
  if (r->first_line[i])
    add_problem(r, line, "duplicate key '%s' (first on line %zu)", o->key, r->first_line[i]);
  else
    r->first_line[i] = line;
  v->is_set = 1;
  if (node && node->type == YAML_SEQUENCE_NODE && mdm_option_is_list(o))
    read_list(r, o, node, v);
  else if (!node && r->key && o->type == MDM_OPT_TEXT) {
    /* --set data.file='' arrives without its quotes, which the shell removed */
    if (mdm_value_read(o, "", 1, v, &why) != MDM_OK) r->out_of_memory = 1;
  } else
    read_scalar(r, line, o, node, v);
}

/* ---- sections ---- */

static void read_mapping(reader *r, const char *section, const yaml_node_t *node);

/* An option of the section, NULL if there is no such section. */
static const mdm_option *member_of(const char *section) {
  size_t n, length = strlen(section);
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++)
    if (strncmp(o[i].key, section, length) == 0 && o[i].key[length] == '.') return &o[i];
  return NULL;
}

/* What stands at key, be it an option or a section. Only known sections are entered, which bounds the recursion. */
static void read_entry(reader *r, size_t line, const char *key, const yaml_node_t *node) {
  long i = mdm_option_find(key);
  int holds_mapping = node && node->type == YAML_MAPPING_NODE;
  const mdm_option *member = i < 0 ? member_of(key) : NULL;
  if (i >= 0)
    read_option(r, line, (size_t)i, node);
  else if (!member)
    unknown_key(r, line, key, holds_mapping);
  else if (holds_mapping)
    read_mapping(r, key, node);
  else
    add_problem(r, line, "'%s' is a section with keys such as '%s', but holds %s", key, member->key, kind_of(node));
}

/* Full key of a mapping's entry; 0 if the entry's key is not a word. */
static int join_key(char out[KEY_SIZE], const char *section, const yaml_node_t *key) {
  char name[KEY_SIZE];
  if (!key || key->type != YAML_SCALAR_NODE) return 0;
  mdm_show(name, sizeof name, (const char *)key->data.scalar.value, key->data.scalar.length);
  size_t n = (size_t)snprintf(out, KEY_SIZE, "%s%s", section, *section ? "." : "");
  if (n < KEY_SIZE) snprintf(out + n, KEY_SIZE - n, "%s", name);
  return 1;
}

/* Line where an earlier entry of the same mapping has the same key; 0: nowhere. */
static size_t earlier_line(reader *r, const yaml_node_t *mapping, const yaml_node_pair_t *pair) {
  const yaml_node_t *key = yaml_document_get_node(r->doc, pair->key);
  for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
    const yaml_node_t *other = yaml_document_get_node(r->doc, p->key);
    if (other->type == YAML_SCALAR_NODE && other->data.scalar.length == key->data.scalar.length &&
        memcmp(other->data.scalar.value, key->data.scalar.value, key->data.scalar.length) == 0)
      return line_of(other);
  }
  return 0;
}

static void read_mapping(reader *r, const char *section, const yaml_node_t *node) {
  for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
    const yaml_node_t *name = yaml_document_get_node(r->doc, p->key), *value = yaml_document_get_node(r->doc, p->value);
    char key[KEY_SIZE];
    if (!join_key(key, section, name)) {
      add_problem(r, line_of(name), "%s cannot be a key", kind_of(name));
      continue;
    }
    /* Options keep track of duplicates themselves: they also meet in dotted and nested form. */
    size_t earlier = member_of(key) ? earlier_line(r, node, p) : 0;
    if (earlier) add_problem(r, line_of(name), "duplicate section '%s' (first on line %zu)", key, earlier);
    read_entry(r, line_of(name), key, value);
  }
}

/* ---- documents ---- */

static void read_root(reader *r) {
  const yaml_node_t *root = yaml_document_get_root_node(r->doc);
  if (r->key)
    read_entry(r, 1, r->key, root);
  else if (root && root->type == YAML_MAPPING_NODE)
    read_mapping(r, "", root);
  else if (!is_null(root))
    add_problem(r, line_of(root), "expected lines 'key: value', found %s", kind_of(root));
}

static size_t lines_before(const char *text, size_t offset) {
  size_t lines = 0;
  for (size_t i = 0; i < offset; i++) lines += text[i] == '\n';
  return lines;
}

static void syntax_error(reader *r, const yaml_parser_t *parser, const char *text, size_t length) {
  const char *problem = parser->problem ? parser->problem : "unreadable";
  size_t line = parser->problem_mark.line;
  if (parser->error == YAML_MEMORY_ERROR) r->out_of_memory = 1;
  /* Bad bytes are found while decoding, where there are no lines yet. */
  if (parser->error == YAML_READER_ERROR) line = lines_before(text, smaller(parser->problem_offset, length));
  if (parser->context && !r->key)
    add_problem(r, line + 1, "not valid YAML: %s %s that began on line %zu", problem, parser->context,
                parser->context_mark.line + 1);
  else
    add_problem(r, line + 1, "not valid YAML: %s", problem);
}

/* libyaml takes time that grows with the square of the depth, minutes for a file of brackets alone. */
static int is_too_deep(const char *text, size_t length) {
  int depth = 0;
  for (size_t i = 0; i < length && depth <= DEEPEST; i++) {
    depth += text[i] == '[' || text[i] == '{';
    depth -= depth > 0 && (text[i] == ']' || text[i] == '}');
  }
  return depth > DEEPEST;
}

static const char *tag_of(const yaml_event_t *event) {
  switch (event->type) {
  case YAML_SCALAR_EVENT: return (const char *)event->data.scalar.tag;
  case YAML_SEQUENCE_START_EVENT: return (const char *)event->data.sequence_start.tag;
  case YAML_MAPPING_START_EVENT: return (const char *)event->data.mapping_start.tag;
  default: return NULL;
  }
}

/* Tags (!!int, !!str, !mine) claim a type; here the option has one, and a claim that is passed over would mislead. Documents do not tell
 * a plain scalar from one with !!str, events do. Syntax errors are found later, and told then. */
static void refuse_tags(reader *r, const char *text, size_t length) {
  static const char standard[] = "tag:yaml.org,2002:";
  yaml_parser_t parser;
  yaml_event_t event;
  if (!yaml_parser_initialize(&parser)) {
    r->out_of_memory = 1;
    return;
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  for (int more = 1; more && yaml_parser_parse(&parser, &event); yaml_event_delete(&event)) {
    const char *tag = tag_of(&event);
    int is_standard = tag && !strncmp(tag, standard, sizeof standard - 1);
    char shown[SHOWN_SIZE];
    if (tag) mdm_show(shown, sizeof shown, tag + (is_standard ? sizeof standard - 1 : 0), strlen(tag + (is_standard ? sizeof standard - 1 : 0)));
    if (tag) add_problem(r, event.start_mark.line + 1, "tag '%s%s': the option itself has a type, write the value alone", is_standard ? "!!" : "", shown);
    more = event.type != YAML_STREAM_END_EVENT;
  }
  yaml_parser_delete(&parser);
}

/* The only document, and then what follows it, which must be nothing. */
static void read_documents(reader *r, yaml_parser_t *parser, const char *text, size_t length) {
  for (int i = 0; i < 2; i++) {
    yaml_document_t doc;
    if (!yaml_parser_load(parser, &doc)) {
      syntax_error(r, parser, text, length);
      return;
    }
    r->doc = &doc;
    const yaml_node_t *root = yaml_document_get_root_node(&doc);
    if (i == 0)
      read_root(r);
    else if (root)
      add_problem(r, doc.start_mark.line + 1, "a second YAML document begins here; only one is allowed");
    yaml_document_delete(&doc);
    r->doc = NULL;
  }
}

int mdm_config_read(mdm_config *cfg, const char *name, const char *key, const char *text, size_t length,
                    mdm_error *err) {
  yaml_parser_t parser;
  reader r = {.cfg = cfg, .key = key};
  begin_problems(&r.found, name);
  r.first_line = calloc(cfg->count, sizeof *r.first_line);
  if (is_too_deep(text, length))
    add_problem(&r, 1, "not a configuration: more than %d brackets are open at once", DEEPEST);
  else if (r.first_line && yaml_parser_initialize(&parser)) {
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    refuse_tags(&r, text, length);
    read_documents(&r, &parser, text, length);
    yaml_parser_delete(&parser);
  } else
    r.out_of_memory = 1;
  free(r.first_line);
  if (r.out_of_memory) return mdm_no_memory(err, "the configuration");
  return r.found.count ? end_problems(&r.found, err) : MDM_OK;
}
