/* The command line taken apart: its words and its options. */
#ifndef MOEDMFT_CLI_ARGUMENTS_H
#define MOEDMFT_CLI_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include <moedmft/error.h>

/* The options of the program, in the order of --help. Each has a row in arguments.c. */
typedef enum option_id {
  OPTION_OUTPUT,
  OPTION_SET,
  OPTION_SEED,
  OPTION_SWEEPS,
  OPTION_THREADS,
  OPTION_SAVE_WEIGHTS,
  OPTION_FORCE,
  OPTION_OVER,
  OPTION_NO_LIMIT,
  OPTION_MEASURE,
  OPTION_REFINE,
  OPTION_WIDTH,
  OPTION_FORMAT,
  OPTION_TRANSFORMER,
  OPTION_HEAD_WIDTH,
  OPTION_BASE,
  OPTION_BASE_WIDTH,
  OPTION_LAW,
  OPTION_DELTA,
  OPTION_STARTS,
  OPTION_BOOTSTRAP,
  OPTION_BOUND,
  OPTION_START,
  OPTION_FIX,
  OPTION_FREE_LIMIT,
  OPTION_PREDICT,
  OPTION_BUDGET,
  OPTION_EXPECT,
  OPTION_STRICT,
  OPTION_WHAT,
  OPTION_FIELD,
  OPTION_BLOCK,
  OPTION_ENUMERATE,
  OPTION_DATASETS,
  OPTION_QUIET,
  OPTION_HELP,
  OPTION_VERSION,
  OPTIONS
} option_id;

/* Sets of options: BIT(OUTPUT) | BIT(SET). */
typedef uint64_t option_set;
#define BIT(option) ((option_set)1 << OPTION_##option)
_Static_assert(OPTIONS <= 64, "sets of options are bits");

/* Values of an option that may be given several times. */
typedef struct word_list {
  const char **word; /* count, in the order given */
  size_t count;
} word_list;

/* What a command line says. Texts are those of argv; NULL or 0: not given. */
typedef struct arguments {
  const char *command, *input; /* the first two words that are no options */
  int files;                   /* how many words follow the command */
  char *line;                  /* the whole line, for the output; owned */
  option_set given;            /* the options that were given */
  const char *output, *seed, *sweeps, *measure, *format, *what, *field;
  const char *expect; /* the list after --expect; NULL: none */
  const char *refine; /* the number after --refine; NULL: none */
  const char *law, *delta, *budget, *base;
  word_list set, over, bound, start, fix, predict;
  int threads, width, block, starts, bootstrap, head_width, base_width;
  int save_weights, force, strict, no_limit, free_limit, enumerate, transformer, datasets, quiet, help, version; /* 0 or 1 */
} arguments;

typedef enum { TAKES_NOTHING, TAKES_VALUE, MAY_TAKE_LIST, MAY_TAKE_NUMBER } option_arity;

/* Where the value of an option goes in arguments: int 1, int in [min, max], text, one more of a word_list. */
typedef enum { TO_SWITCH, TO_NUMBER, TO_TEXT, TO_LIST } option_kind;

/* One option: a row of the table. */
typedef struct command_option {
  char letter;          /* 0: none */
  const char *name;     /* --name */
  const char *argument; /* as in --help, NULL: none; words that it knows as a|b; [a|b]: a list of them, or none; [NUMBER]: a number, or none */
  option_kind kind;
  size_t place;         /* offset in arguments */
  int min, max;         /* of TO_NUMBER */
  const char *help;
} command_option;

/* The row of an option. */
const command_option *option_of(option_id id);
option_arity option_takes(option_id id);
/* How an option is given, "-o FILE" or "--width N", with its argument or another one (NULL: its own); into out, cut at size. */
void option_example(option_id id, const char *argument, char *out, size_t size);
/* Which of the words that an option knows the first n characters of text are; -1: none of them. */
int option_word(option_id id, const char *text, size_t n);
/* Which of them a comma-separated list holds, as bits; 0: empty, or others are among them. */
unsigned option_list(option_id id, const char *list);
/* These words as text: "a, b and c" where last is " and ". */
void option_allowed(option_id id, const char *last, char *out, size_t size);

/* Takes argv apart (and sorts it, as getopt does). What follows --help or --version is not looked at. MDM_ERR_USAGE: unknown
 * option, missing value, number out of range. Free with arguments_free, also after a failure. */
int arguments_read(int argc, char **argv, arguments *a, mdm_error *err);
void arguments_free(arguments *a);
/* The text of an option that takes one (TO_TEXT); NULL: not given, or no list after it. */
const char *arguments_text(const arguments *a, option_id id);

#endif
