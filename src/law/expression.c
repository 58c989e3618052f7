/* Formulas (expression.h), by recursive descent. Powers with parameters become exp(b log a), so that the logarithms of data are taken once; equal operations
 * become one node. */
#include "law/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

enum { DEEPEST = 100 };

typedef struct {
  const char *at; /* what is still to be read of e->text */
  mdm_expression *e;
  const char *const *columns;
  size_t n, depth;
  int failed;
  mdm_error *err;
} parser;

static size_t fail(parser *p, const char *what) {
  if (!p->failed)
    mdm_fail(p->err, MDM_ERR_USAGE, "law '%s', at character %td ('%.12s'): %s", p->e->text, p->at - p->e->text + 1, p->at, what);
  p->failed = 1;
  return 0;
}

/* ---------------------------------------------------------------- nodes */

static double value_of(const mdm_node *n, double a, double b) {
  switch (n->kind) {
  case MDM_NODE_ADD: return a + b;
  case MDM_NODE_SUBTRACT: return a - b;
  case MDM_NODE_MULTIPLY: return a * b;
  case MDM_NODE_DIVIDE: return a / b;
  case MDM_NODE_POWER: return pow(a, n->number);
  case MDM_NODE_EXP: return exp(a);
  case MDM_NODE_LOG: return log(a);
  default: return n->number;
  }
}

static int is_leaf(mdm_node_kind kind) { return kind <= MDM_NODE_PARAMETER; }
static int is_binary(mdm_node_kind kind) { return kind >= MDM_NODE_ADD && kind <= MDM_NODE_DIVIDE; }

/* The node, or an equal one that is there already; operations on numbers become numbers. */
static size_t add(parser *p, mdm_node n) {
  mdm_expression *e = p->e;
  if (p->failed) return 0;
  if (!is_leaf(n.kind)) {
    const mdm_node *a = &e->node[n.a], *b = is_binary(n.kind) ? &e->node[n.b] : a;
    n.of_data = a->of_data | b->of_data, n.of_parameters = a->of_parameters | b->of_parameters;
    if (a->kind == MDM_NODE_NUMBER && b->kind == MDM_NODE_NUMBER) n = (mdm_node){.number = value_of(&n, a->number, b->number)};
  }
  for (size_t i = 0; i < e->nodes; i++) {
    const mdm_node *o = &e->node[i];
    if (o->kind == n.kind && o->a == n.a && o->b == n.b && o->number == n.number) return i;
  }
  if (e->nodes == MDM_LAW_NODES) return fail(p, "too long");
  e->node[e->nodes] = n;
  return e->nodes++;
}

static size_t add_number(parser *p, double x) { return add(p, (mdm_node){.number = x}); }
static size_t add_two(parser *p, mdm_node_kind kind, size_t a, size_t b) { return add(p, (mdm_node){.kind = kind, .a = a, .b = b}); }
static size_t add_one(parser *p, mdm_node_kind kind, size_t a) { return add(p, (mdm_node){.kind = kind, .a = a}); }

/* Parameters at or below a node stand in an exponent. */
static void mark_exponents(mdm_expression *e, size_t node) {
  const mdm_node *n = &e->node[node];
  if (n->kind == MDM_NODE_PARAMETER) e->is_exponent[n->a] = 1;
  if (is_leaf(n->kind)) return;
  mark_exponents(e, n->a);
  if (is_binary(n->kind)) mark_exponents(e, n->b);
}

static size_t add_exp(parser *p, size_t a) {
  if (!p->failed) mark_exponents(p->e, a);
  return add_one(p, MDM_NODE_EXP, a);
}

static size_t add_power(parser *p, size_t a, size_t b) {
  if (p->failed) return 0;
  if (p->e->node[b].kind == MDM_NODE_NUMBER) return add(p, (mdm_node){.kind = MDM_NODE_POWER, .a = a, .number = p->e->node[b].number});
  return add_exp(p, add_two(p, MDM_NODE_MULTIPLY, b, add_one(p, MDM_NODE_LOG, a)));
}

/* ---------------------------------------------------------------- reading */

static void skip(parser *p) {
  while (isspace((unsigned char)*p->at)) p->at++;
}

/* Whether the next character is this one, which is then read. */
static int take(parser *p, char c) {
  skip(p);
  if (*p->at != c || p->failed) return 0;
  p->at++;
  return 1;
}

static size_t length_of_name(const char *at) {
  size_t n = 0;
  if (!isalpha((unsigned char)*at) && *at != '_') return 0;
  while (isalnum((unsigned char)at[n]) || at[n] == '_') n++;
  return n;
}

static size_t sum(parser *p);

static size_t function(parser *p, const char *name) {
  size_t a = sum(p);
  if (!take(p, ')')) return fail(p, "a ')' is missing");
  if (!strcmp(name, "exp")) return add_exp(p, a);
  if (!strcmp(name, "log") || !strcmp(name, "ln")) return add_one(p, MDM_NODE_LOG, a);
  if (!strcmp(name, "sqrt")) return add(p, (mdm_node){.kind = MDM_NODE_POWER, .a = a, .number = 0.5});
  return fail(p, "unknown function; allowed: exp, log, ln, sqrt");
}

static int find(const char (*list)[MDM_LAW_NAME], size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(list[i], name)) return (int)i;
  return -1;
}

int mdm_expression_parameter(const mdm_expression *e, const char *name) { return find(e->parameter, e->parameters, name); }
int mdm_expression_column(const mdm_expression *e, const char *name) { return find(e->column, e->columns, name); }

/* A leaf for the name in a list of those that occur, which it is added to. */
static size_t leaf(parser *p, mdm_node_kind kind, char (*list)[MDM_LAW_NAME], size_t *n, size_t most, const char *name) {
  int at = find((const char(*)[MDM_LAW_NAME])list, *n, name);
  if (at < 0 && *n == most) return fail(p, "too many names");
  if (at < 0) strcpy(list[at = (int)(*n)++], name);
  int data = kind == MDM_NODE_COLUMN;
  return add(p, (mdm_node){.kind = kind, .a = (size_t)at, .of_data = data, .of_parameters = !data});
}

static size_t name_or_function(parser *p) {
  char name[MDM_LAW_NAME];
  size_t length = length_of_name(p->at);
  if (length >= sizeof name) return fail(p, "a name of more than 31 letters");
  memcpy(name, p->at, length);
  name[length] = '\0';
  p->at += length;
  if (take(p, '(')) return function(p, name);
  for (size_t i = 0; i < p->n; i++)
    if (!strcmp(p->columns[i], name)) return leaf(p, MDM_NODE_COLUMN, p->e->column, &p->e->columns, MDM_LAW_COLUMNS, name);
  return leaf(p, MDM_NODE_PARAMETER, p->e->parameter, &p->e->parameters, MDM_LAW_PARAMETERS, name);
}

static size_t base(parser *p) {
  char *end;
  skip(p);
  if (take(p, '(')) {
    size_t a = sum(p);
    return take(p, ')') ? a : fail(p, "a ')' is missing");
  }
  if (length_of_name(p->at)) return name_or_function(p);
  if (!isdigit((unsigned char)*p->at) && *p->at != '.')
    return fail(p, !*p->at ? "it ends too early" : *p->at & 0x80 ? "names are of ASCII letters: alpha for the Greek letter" : "a number, a name or '(' belongs here");
  double x = strtod(p->at, &end);
  if (end == p->at || !isfinite(x)) return fail(p, "not a number");
  p->at = end;
  return add_number(p, x);
}

static size_t factor(parser *p) {
  size_t a;
  if (p->failed || ++p->depth > DEEPEST) return fail(p, "nested too deeply");
  if (take(p, '-')) a = add_two(p, MDM_NODE_SUBTRACT, add_number(p, 0), factor(p));
  else {
    a = base(p);
    skip(p);
    int stars = p->at[0] == '*' && p->at[1] == '*';
    if (stars) p->at += 2;
    if (stars || take(p, '^')) a = add_power(p, a, factor(p));
  }
  p->depth--;
  return a;
}

static size_t product(parser *p) {
  size_t a = factor(p);
  for (int more = 1; more;) {
    if (take(p, '*')) a = add_two(p, MDM_NODE_MULTIPLY, a, factor(p));
    else if (take(p, '/')) a = add_two(p, MDM_NODE_DIVIDE, a, factor(p));
    else more = 0;
  }
  return a;
}

static size_t sum(parser *p) {
  size_t a = product(p);
  for (int more = 1; more;) {
    if (take(p, '+')) a = add_two(p, MDM_NODE_ADD, a, product(p));
    else if (take(p, '-')) a = add_two(p, MDM_NODE_SUBTRACT, a, product(p));
    else more = 0;
  }
  return a;
}

/* "L =" in front of a formula means nothing. */
static void skip_left_side(parser *p) {
  skip(p);
  const char *before = p->at;
  p->at += length_of_name(p->at);
  if (p->at == before || !take(p, '=')) p->at = before;
}

/* The value must be the last node; one that is not (N alone, say) is repeated there. */
static void end_with(parser *p, size_t value) {
  mdm_expression *e = p->e;
  if (p->failed || value + 1 == e->nodes) return;
  if (e->nodes == MDM_LAW_NODES) {
    fail(p, "too long");
    return;
  }
  e->node[e->nodes++] = e->node[value];
}

int mdm_expression_parse(const char *text, const char *const *columns, size_t n, mdm_expression *out, mdm_error *err) {
  parser p = {.e = out, .columns = columns, .n = n, .err = err};
  memset(out, 0, sizeof *out);
  if (strlen(text) > MDM_LAW_TEXT) return mdm_fail(err, MDM_ERR_USAGE, "a law of more than %d characters", MDM_LAW_TEXT);
  strcpy(out->text, text);
  for (const char *c = text; *c; c++)
    if (iscntrl((unsigned char)*c)) return mdm_fail(err, MDM_ERR_USAGE, "a law with a control character");
  p.at = out->text;
  mdm_locale l = mdm_locale_enter();
  skip_left_side(&p);
  end_with(&p, sum(&p));
  skip(&p);
  if (*p.at) fail(&p, "an operator is missing, or this is one too many");
  mdm_locale_leave(l);
  return p.failed ? MDM_ERR_USAGE : MDM_OK;
}

/* ---------------------------------------------------------------- linear parameters */

/* Whether the formula is affine in the set. degree: of each node, 0, 1, or 2 for anything else. */
static int is_affine(const mdm_expression *e, const int *set) {
  int degree[MDM_LAW_NODES];
  for (size_t i = 0; i < e->nodes; i++) {
    const mdm_node *n = &e->node[i];
    int a = is_leaf(n->kind) ? 0 : degree[n->a], b = is_binary(n->kind) ? degree[n->b] : 0;
    switch (n->kind) {
    case MDM_NODE_PARAMETER: degree[i] = set[n->a]; break;
    case MDM_NODE_ADD:
    case MDM_NODE_SUBTRACT: degree[i] = a > b ? a : b; break;
    case MDM_NODE_MULTIPLY: degree[i] = a + b > 1 ? 2 : a + b; break;
    case MDM_NODE_DIVIDE: degree[i] = b ? 2 : a; break;
    default: degree[i] = a ? 2 : 0;
    }
  }
  return degree[e->nodes - 1] < 2;
}

void mdm_expression_linear(const mdm_expression *e, int linear[MDM_LAW_PARAMETERS]) {
  memset(linear, 0, MDM_LAW_PARAMETERS * sizeof *linear);
  for (size_t k = 0; k < e->parameters; k++) {
    linear[k] = !e->is_exponent[k];
    if (linear[k] && !is_affine(e, linear)) linear[k] = 0;
  }
}
