/* Configuration: one table of options drives the YAML file, --set, validation, `moedmft options` and the attributes in the output.
 *
 * Keys are dotted ("model.expert_width"); in YAML they nest. The table lives in src/config/options.c; to add an option, add a
 * row there.
 */
#ifndef MOEDMFT_CONFIG_H
#define MOEDMFT_CONFIG_H

#include <stddef.h>
#include <moedmft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  MDM_OPT_INT,      /* integer in [min, max] */
  MDM_OPT_REAL,     /* finite real in [min, max]; min_open: min itself is excluded */
  MDM_OPT_BOOL,     /* true|false */
  MDM_OPT_ENUM,     /* one of the '|'-separated words in allowed */
  MDM_OPT_TEXT,     /* any string, e.g. a path */
  MDM_OPT_INT_LIST, /* list of integers in [min, max]; a scalar is a list of one */
  MDM_OPT_WORD_INT, /* one of the words in allowed, or an integer in [min, max] ("full|INTEGER") */
  MDM_OPT_WORD_LIST /* list of words in allowed, each at most once; a word is a list of one */
} mdm_option_type;

typedef struct mdm_option {
  const char *key;       /* dotted name */
  mdm_option_type type;
  const char *preset;    /* default value, as it would be written in YAML */
  double min, max;       /* range of numbers */
  int min_open;          /* 1: the range excludes min */
  const char *allowed;   /* words of ENUM, WORD_INT and WORD_LIST, '|' separated; "path" of TEXT that names a file; NULL otherwise */
  const char *help;      /* one line */
  const char *applies;   /* when it has an effect; NULL: always */
} mdm_option;

/* The language of `applies`: clauses joined by ", and ", each of alternatives joined by " or ", each of them KEY=WORD|WORD, KEY!=WORD|WORD
 * (no word: the empty text), KEY<NUMBER or KEY>NUMBER; behind ";" a remark. "model.gate=softmax, and model.active_fraction<1 or model.active>0": softmax gates of the
 * top K. KEY may be the option itself where some of its values always have an effect. */

/* The option table, in the order of `moedmft options`. *n receives its length. */
const mdm_option *mdm_options(size_t *n);

/* Whether the option names a file. */
int mdm_option_is_path(const mdm_option *o);

typedef struct mdm_config mdm_config; /* a value for every option; opaque */

/* New configuration with every option at its default. Free with mdm_config_free (accepts NULL). */
int mdm_config_create(mdm_config **out, mdm_error *err);
void mdm_config_free(mdm_config *cfg);
/* Deep copy of src in *out. */
int mdm_config_copy(const mdm_config *src, mdm_config **out, mdm_error *err);

/* Reads a YAML file over the current values. All unknown keys and bad values are reported together in one line, each
 * with its line number, its allowed values and, for a misspelt key, the nearest known one. On failure cfg is unchanged. Relative names
 * of files mean what is there seen from the folder of the YAML file; where nothing is there, they stay as they are. */
int mdm_config_load(mdm_config *cfg, const char *path, mdm_error *err);
/* The same from text in memory; name stands for the file in messages. */
int mdm_config_load_text(mdm_config *cfg, const char *name, const char *yaml, mdm_error *err);
/* Sets "key=value" (value in YAML notation). On failure cfg is unchanged. */
int mdm_config_set(mdm_config *cfg, const char *assignment, mdm_error *err);

/* Options that have no effect are mistakes: MDM_ERR_CONFIG names all that are not at their default although their condition (applies) does
 * not hold, each with its value, the condition and what stands in its way. over (n; NULL: none): axes of a sweep as in mdm_sweep_create;
 * an option may then have its effect at any point of the grid. Programs call it once everything is set; runs themselves pass over such
 * options. */
int mdm_config_check(const mdm_config *cfg, const char *const *over, size_t n, mdm_error *err);

/* Value of an option. Asking for a key that the table lacks, or for the wrong type, is a bug: assert. */
long mdm_config_int(const mdm_config *cfg, const char *key);
double mdm_config_real(const mdm_config *cfg, const char *key);
int mdm_config_bool(const mdm_config *cfg, const char *key);
/* String of TEXT, ENUM, or the word of WORD_INT ("" when WORD_INT holds an integer). Owned by cfg. */
const char *mdm_config_text(const mdm_config *cfg, const char *key);
/* Elements of an INT_LIST, or of a WORD_LIST as indices in its allowed words, owned by cfg; *n receives the count. */
const long *mdm_config_int_list(const mdm_config *cfg, const char *key, size_t *n);
/* Index of an ENUM's (or WORD_INT's) value in its allowed words; -1 when WORD_INT holds an integer. */
int mdm_config_enum(const mdm_config *cfg, const char *key);
/* 1 if the option was given by file or --set, 0 if it is at its default because nobody set it. */
int mdm_config_is_set(const mdm_config *cfg, const char *key);

/* Canonical text of one value ("0.5", "[64, 128]"), written into buf (always NUL-terminated). */
void mdm_config_format(const mdm_config *cfg, const char *key, char *buf, size_t size);
/* The whole configuration as YAML, every option, in a malloc'd string; NULL when out of memory. */
char *mdm_config_to_yaml(const mdm_config *cfg);

#ifdef __cplusplus
}
#endif
#endif
