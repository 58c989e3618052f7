/* What the files of src/config share: the values of a configuration, and reading and writing them as text. */
#ifndef MOEDMFT_CONFIG_INTERNAL_H
#define MOEDMFT_CONFIG_INTERNAL_H

#include <moedmft/config.h>

#include "base/number.h"

typedef struct mdm_value {
  long integer; /* INT, BOOL, WORD_INT */
  double real;  /* REAL */
  int word;     /* ENUM, WORD_INT: index in the allowed words; -1: an integer */
  char *text;   /* TEXT, ENUM, WORD_INT: NULL stands for "" */
  long *list;   /* INT_LIST, WORD_LIST (indices in the allowed words): [count] */
  size_t count;
  int is_set; /* given by file or --set */
} mdm_value;

struct mdm_config {
  mdm_value *values; /* [count], in the order of the option table */
  size_t count;
};

/* options.c */
/* Position of key in the option table, -1 if the table lacks it. */
long mdm_option_find(const char *key);

/* value.c */
#define MDM_ALLOWED_SIZE 400 /* room for the allowed values in words */

/* Reads one YAML scalar into v, which keeps its value on failure. MDM_ERR_CONFIG: *why says what is wrong with the
 * text ("is not an integer"), a static string. */
int mdm_value_read(const mdm_option *o, const char *text, int quoted, mdm_value *v, const char **why);
/* Whether a value is a list. */
int mdm_option_is_list(const mdm_option *o);
/* Reads one element of a list, behind `before` others; status and *why as above. */
int mdm_value_read_element(const mdm_option *o, const char *text, int quoted, const long *before, size_t count, long *out, const char **why);
/* A decimal number, by the rules of an option that takes any: 1 if the whole text is one. */
int mdm_decimal_read(const char *text, double *out);
/* Makes list (taken over, malloc'd or NULL) the value of v. */
void mdm_value_take_list(mdm_value *v, long *list, size_t count);
/* The allowed values in words: "integer in [1, 1000000]". */
void mdm_value_allowed(const mdm_option *o, char out[MDM_ALLOWED_SIZE]);
/* Shortest decimal text that reads back as x, and that YAML takes for a number. */
void mdm_real_format(double x, char out[MDM_REAL_SIZE]);

/* read.c */
#define MDM_NAME_SIZE 1001 /* of a file in a message */
/* Copies text into out[size] (size > 4) for a message: controls become '?', so that it stays one line; a cut is
 * marked by "...". */
void mdm_show(char *out, size_t size, const char *text, size_t length);
/* Reads YAML text into cfg, which may be left half changed on failure. Without a key the text is a mapping of options
 * and messages have line numbers; with a key it is the value of that option. */
int mdm_config_read(mdm_config *cfg, const char *name, const char *key, const char *text, size_t length,
                    mdm_error *err);

#endif
