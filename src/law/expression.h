/* Formulas of columns and parameters: from text to a graph of operations, in an order in which each uses those before it.
 *
 *   formula: [NAME =] sum; sum: products by + and −; product: factors by * and /; factor: [−] base [^ factor]; base: number, name, (sum), exp(sum),
 *   log(sum) or ln(sum), both natural, sqrt(sum). ** is ^. Names that are columns are data, all others parameters. */
#ifndef MOEDMFT_EXPRESSION_H
#define MOEDMFT_EXPRESSION_H

#include <moedmft/error.h>
#include <stddef.h>

enum { MDM_LAW_NAME = 32, MDM_LAW_PARAMETERS = 24, MDM_LAW_COLUMNS = 16, MDM_LAW_NODES = 256, MDM_LAW_TEXT = 1000 };

typedef enum { MDM_NODE_NUMBER, MDM_NODE_COLUMN, MDM_NODE_PARAMETER, MDM_NODE_ADD, MDM_NODE_SUBTRACT, MDM_NODE_MULTIPLY, MDM_NODE_DIVIDE,
               MDM_NODE_POWER, /* by a number */
               MDM_NODE_EXP, MDM_NODE_LOG } mdm_node_kind;

typedef struct mdm_node {
  mdm_node_kind kind;
  size_t a, b;  /* nodes that it works on; COLUMN, PARAMETER: a is the index of its name */
  double number; /* NUMBER; the exponent of POWER */
  int of_data, of_parameters; /* whether it depends on them */
} mdm_node;

typedef struct mdm_expression {
  mdm_node node[MDM_LAW_NODES]; /* the last one is the value */
  size_t nodes;
  char parameter[MDM_LAW_PARAMETERS][MDM_LAW_NAME], column[MDM_LAW_COLUMNS][MDM_LAW_NAME]; /* those that occur, in order of their first place */
  size_t parameters, columns;
  int is_exponent[MDM_LAW_PARAMETERS]; /* the parameter stands in an exponent: its sign is open */
  char text[MDM_LAW_TEXT + 1];
} mdm_expression;

/* Reads text; columns: the n names that are data. MDM_ERR_USAGE: what is wrong, and where. */
int mdm_expression_parse(const char *text, const char *const *columns, size_t n, mdm_expression *out, mdm_error *err);
/* Index of a name; −1: it does not occur. */
int mdm_expression_parameter(const mdm_expression *e, const char *name);
int mdm_expression_column(const mdm_expression *e, const char *name);

/* Marks in `linear` (one for each parameter) a set of parameters in which, all others given, the formula is affine: as many as can be found in the order of
 * their first place. */
void mdm_expression_linear(const mdm_expression *e, int linear[MDM_LAW_PARAMETERS]);

#endif
