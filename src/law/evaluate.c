/* Formulas with data (evaluate.h). Rows are taken in blocks, so that all values and derivatives of a block stay in the first cache. */
#include "law/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vecmath.h"

enum { BLOCK = 64 };

/* Loops over a block are compiled for wider vectors as well; without fused operations, so that all give the same bits. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* out, a, b: n numbers. */
WIDE static void operate(const mdm_node *node, size_t n, const double *restrict a, const double *restrict b, double *restrict out) {
  switch (node->kind) {
  case MDM_NODE_ADD:
    for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
    break;
  case MDM_NODE_SUBTRACT:
    for (size_t i = 0; i < n; i++) out[i] = a[i] - b[i];
    break;
  case MDM_NODE_MULTIPLY:
    for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
    break;
  case MDM_NODE_DIVIDE:
    for (size_t i = 0; i < n; i++) out[i] = a[i] / b[i];
    break;
  case MDM_NODE_POWER:
    for (size_t i = 0; i < n; i++) out[i] = pow(a[i], node->number);
    break;
  case MDM_NODE_EXP: mdm_vec_exp_f64(n, a, out); break;
  case MDM_NODE_LOG: mdm_vec_log(n, a, out); break;
  default: break;
  }
}

/* da, db (NULL: not asked for) += d by the node's operands; v: its value. */
WIDE static void operate_back(const mdm_node *node, size_t n, const double *restrict d, const double *restrict v, const double *restrict a,
                         const double *restrict b, double *da, double *db) {
  switch (node->kind) {
  case MDM_NODE_ADD:
  case MDM_NODE_SUBTRACT: {
    double sign = node->kind == MDM_NODE_ADD ? 1 : -1;
    for (size_t i = 0; da && i < n; i++) da[i] += d[i];
    for (size_t i = 0; db && i < n; i++) db[i] += sign * d[i];
    break;
  }
  case MDM_NODE_MULTIPLY:
    for (size_t i = 0; da && i < n; i++) da[i] += d[i] * b[i];
    for (size_t i = 0; db && i < n; i++) db[i] += d[i] * a[i];
    break;
  case MDM_NODE_DIVIDE:
    for (size_t i = 0; da && i < n; i++) da[i] += d[i] / b[i];
    for (size_t i = 0; db && i < n; i++) db[i] -= d[i] * v[i] / b[i];
    break;
  case MDM_NODE_POWER:
    for (size_t i = 0; i < n; i++) da[i] += d[i] * node->number * pow(a[i], node->number - 1);
    break;
  case MDM_NODE_EXP:
    for (size_t i = 0; i < n; i++) da[i] += d[i] * v[i];
    break;
  case MDM_NODE_LOG:
    for (size_t i = 0; i < n; i++) da[i] += d[i] / a[i];
    break;
  default: break;
  }
}

static int is_leaf(const mdm_node *n) { return n->kind <= MDM_NODE_PARAMETER; }
static int is_binary(const mdm_node *n) { return n->kind >= MDM_NODE_ADD && n->kind <= MDM_NODE_DIVIDE; }

/* ---------------------------------------------------------------- data */

/* Which nodes of data are used by others that depend on parameters, or are the value. */
static void choose_leaves(const mdm_expression *e, int *keep) {
  memset(keep, 0, MDM_LAW_NODES * sizeof *keep);
  for (size_t i = 0; i < e->nodes; i++) {
    const mdm_node *n = &e->node[i];
    if (!n->of_parameters || is_leaf(n)) continue;
    keep[n->a] |= e->node[n->a].of_data && !e->node[n->a].of_parameters;
    if (is_binary(n)) keep[n->b] |= e->node[n->b].of_data && !e->node[n->b].of_parameters;
  }
  if (!e->node[e->nodes - 1].of_parameters) keep[e->nodes - 1] = 1;
}

/* memory for the leaves, and the workspace. */
static int allocate(mdm_formula *f, const int *keep, mdm_error *err) {
  size_t leaves = 0, at = 0;
  for (size_t i = 0; i < f->e->nodes; i++) leaves += keep[i] != 0, f->needed[i] = f->e->node[i].of_parameters;
  f->memory = mdm_alloc(leaves, f->rows, 1, sizeof *f->memory);
  f->work = mdm_alloc(2 * f->e->nodes, BLOCK, 1, sizeof *f->work);
  if (!f->memory || !f->work) return mdm_no_memory(err, "a formula on %zu rows", f->rows);
  for (size_t i = 0; i < f->e->nodes; i++)
    if (keep[i]) f->leaf[i] = f->memory + f->rows * at++;
  return MDM_OK;
}

/* What depends on data alone, node by node (nodes × rows). Returns the first row that is not finite, or `rows`. */
static size_t fold(const mdm_expression *e, size_t rows, const double *const *column, double *all) {
  size_t bad = rows;
  for (size_t i = 0; i < e->nodes; i++) {
    const mdm_node *n = &e->node[i];
    double *out = all + i * rows;
    if (n->of_parameters) continue;
    if (n->kind == MDM_NODE_COLUMN) memcpy(out, column[n->a], rows * sizeof *out);
    else if (n->kind == MDM_NODE_NUMBER)
      for (size_t r = 0; r < rows; r++) out[r] = n->number;
    else operate(n, rows, all + n->a * rows, all + n->b * rows, out);
    for (size_t r = 0; r < bad; r++)
      if (!isfinite(out[r])) bad = r;
  }
  return bad;
}

int mdm_formula_create(const mdm_expression *e, size_t rows, const double *const *column, mdm_formula *out, size_t *bad, mdm_error *err) {
  int keep[MDM_LAW_NODES];
  *out = (mdm_formula){.e = e, .rows = rows};
  choose_leaves(e, keep);
  int status = allocate(out, keep, err);
  double *all = status ? NULL : mdm_alloc(e->nodes, rows, 1, sizeof *all);
  if (!status && !all) status = mdm_no_memory(err, "a formula on %zu rows", rows);
  if (!status && (*bad = fold(e, rows, column, all)) < rows) status = mdm_fail(err, MDM_ERR_DATA, "the formula is not finite there");
  for (size_t i = 0; i < e->nodes && !status; i++)
    if (keep[i]) memcpy(out->leaf[i], all + i * rows, rows * sizeof *all);
  free(all);
  if (status) mdm_formula_free(out);
  return status;
}

int mdm_formula_pick(const mdm_formula *f, size_t n, const size_t *index, mdm_formula *out, mdm_error *err) {
  int keep[MDM_LAW_NODES];
  *out = (mdm_formula){.e = f->e, .rows = n};
  for (size_t i = 0; i < f->e->nodes; i++) keep[i] = f->leaf[i] != NULL;
  int status = allocate(out, keep, err);
  for (size_t i = 0; i < f->e->nodes && !status; i++)
    for (size_t r = 0; keep[i] && r < n; r++) out->leaf[i][r] = f->leaf[i][index[r]];
  if (status) mdm_formula_free(out);
  return status;
}

void mdm_formula_free(mdm_formula *f) {
  free(f->memory);
  free(f->work);
  f->memory = f->work = NULL;
}

/* ---------------------------------------------------------------- values */

static double *block_of(const mdm_formula *f, size_t node, size_t from) { return f->leaf[node] ? f->leaf[node] + from : f->work + node * BLOCK; }
static double *slope_of(const mdm_formula *f, size_t node) { return f->work + (f->e->nodes + node) * BLOCK; }

/* Numbers and parameters, the same in all rows. */
static void spread(mdm_formula *f, const double *x) {
  for (size_t i = 0; i < f->e->nodes; i++) {
    const mdm_node *n = &f->e->node[i];
    if (n->kind != MDM_NODE_NUMBER && n->kind != MDM_NODE_PARAMETER) continue;
    double v = n->kind == MDM_NODE_NUMBER ? n->number : x[n->a], *out = f->work + i * BLOCK;
    for (size_t r = 0; r < BLOCK; r++) out[r] = v;
  }
}

static void forward(mdm_formula *f, size_t from, size_t n) {
  for (size_t i = 0; i < f->e->nodes; i++) {
    const mdm_node *node = &f->e->node[i];
    if (!f->needed[i] || is_leaf(node)) continue;
    operate(node, n, block_of(f, node->a, from), block_of(f, node->b, from), block_of(f, i, from));
  }
}

/* Leaves the derivatives by parameters in their slopes. */
static void backward(mdm_formula *f, size_t from, size_t n) {
  const mdm_expression *e = f->e;
  size_t last = e->nodes - 1;
  memset(slope_of(f, 0), 0, e->nodes * BLOCK * sizeof(double));
  for (size_t r = 0; r < n; r++) slope_of(f, last)[r] = 1;
  for (size_t i = e->nodes; i-- > 0;) {
    const mdm_node *node = &e->node[i];
    if (!f->needed[i] || is_leaf(node)) continue;
    double *da = f->needed[node->a] ? slope_of(f, node->a) : NULL, *db = is_binary(node) && f->needed[node->b] ? slope_of(f, node->b) : NULL;
    operate_back(node, n, slope_of(f, i), block_of(f, i, from), block_of(f, node->a, from), block_of(f, node->b, from), da, db);
  }
}

void mdm_formula_values(mdm_formula *f, const double *x, double *value, double *derivative) {
  const mdm_expression *e = f->e;
  spread(f, x);
  for (size_t from = 0; from < f->rows; from += BLOCK) {
    size_t n = f->rows - from < BLOCK ? f->rows - from : BLOCK;
    forward(f, from, n);
    memcpy(value + from, block_of(f, e->nodes - 1, from), n * sizeof *value);
    if (!derivative) continue;
    backward(f, from, n);
    for (size_t i = 0; i < e->nodes; i++) {
      const mdm_node *node = &e->node[i];
      if (node->kind != MDM_NODE_PARAMETER) continue;
      const double *slope = slope_of(f, i);
      for (size_t r = 0; r < n; r++) derivative[(from + r) * e->parameters + node->a] = slope[r];
    }
  }
}
