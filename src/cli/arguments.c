/* The table of the program's options, and getopt_long under it. */
#include "cli/arguments.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/words.h"

#define SWITCH(member) TO_SWITCH, offsetof(arguments, member), 0, 0
#define NUMBER(member, min, max) TO_NUMBER, offsetof(arguments, member), min, max
#define TEXT(member) TO_TEXT, offsetof(arguments, member), 0, 0
#define LIST(member) TO_LIST, offsetof(arguments, member), 0, 0

static const command_option options[OPTIONS] = {
    [OPTION_OUTPUT] = {'o', "output", "FILE", TEXT(output), "where the result goes (written whole or not at all)"},
    [OPTION_SET] = {'s', "set", "KEY=VALUE", LIST(set), "override a key of the configuration; repeatable"},
    [OPTION_SEED] = {0, "seed", "N", TEXT(seed), "same as -s seed=N; fit: of the bootstrap"},
    [OPTION_SWEEPS] = {0, "sweeps", "N", TEXT(sweeps), "same as --set solve.sweeps=N, self-consistency sweeps"},
    [OPTION_THREADS] = {'t', "threads", "N", NUMBER(threads, 1, 256),
                        "worker threads (default: one per processor); results do not depend on it"},
    [OPTION_SAVE_WEIGHTS] = {0, "save-weights", NULL, SWITCH(save_weights), "keep initial and final weights of every network"},
    [OPTION_FORCE] = {0, "force", NULL, SWITCH(force), "start anew, and replace FILE whatever it holds"},
    [OPTION_OVER] = {0, "over", "KEY=VALUES", LIST(over),
                     "an axis, v1,v2,... or log:FIRST:LAST:COUNT or lin:FIRST:LAST:COUNT; one or two, and model.parameterization"},
    [OPTION_NO_LIMIT] = {0, "no-limit", NULL, SWITCH(no_limit), "without N = infinity"},
    [OPTION_MEASURE] = {0, "measure", "final|best|tail|test|auto", TEXT(measure),
                        "which loss: after the last step, the smallest, mean of the last tenth, test loss; auto (default): final, tail with minibatches"},
    [OPTION_REFINE] = {0, "refine", "[PERCENT]", TEXT(refine),
                       "add values beside the best one of every width until it is known to PERCENT (default: 1), or half the spread over runs"},
    [OPTION_WIDTH] = {0, "width", "N", NUMBER(width, 1, 10000000), "the stream width"},
    [OPTION_FORMAT] = {0, "format", "text|json|csv|latex", TEXT(format), "how to print (default: text)"},
    [OPTION_TRANSFORMER] = {0, "transformer", NULL, SWITCH(transformer),
                            "of a whole transformer: also embedding, positions, norms, attention, dense feed-forward and shared experts, as plain linear layers"},
    [OPTION_HEAD_WIDTH] = {0, "head-width", "N", NUMBER(head_width, 1, 1000000), "of a transformer: width of a head (default: model.head_width)"},
    [OPTION_BASE] = {0, "base", "FILE", TEXT(base), "ratios to the rules of this configuration, a tuned base model; settings are for both"},
    [OPTION_BASE_WIDTH] = {0, "base-width", "N", NUMBER(base_width, 1, 10000000), "ratios to the rules of this width (default: that of the model)"},
    [OPTION_LAW] = {0, "law", "power|hoffmann|ludziejewski|joint", TEXT(law), "the loss law, or a formula of columns and parameters, 'E + A/N^alpha'"},
    [OPTION_DELTA] = {0, "delta", "X", TEXT(delta), "Huber's delta, of ln(law/loss) (default: 1e-3; of runs with errors 1.345 of these, if that is more)"},
    [OPTION_STARTS] = {0, "starts", "N", NUMBER(starts, 1, 1000000), "starts of the search (default: 256)"},
    [OPTION_BOOTSTRAP] = {0, "bootstrap", "N", NUMBER(bootstrap, 0, 1000000), "resamples that intervals come from (default: 1000; 0: none)"},
    [OPTION_BOUND] = {0, "bound", "NAME=LOW:HIGH", LIST(bound), "where a parameter may lie; repeatable"},
    [OPTION_START] = {0, "start", "NAME=VALUE", LIST(start), "where a parameter starts, VALUE or LOW:HIGH; repeatable"},
    [OPTION_FIX] = {0, "fix", "NAME=VALUE", LIST(fix), "a parameter that is not fitted; repeatable"},
    [OPTION_FREE_LIMIT] = {0, "free-limit", NULL, SWITCH(free_limit), "power: fit L_inf although the file has the limit"},
    [OPTION_PREDICT] = {0, "predict", "SIZES", LIST(predict), "what the law says there, N=1e9,D=2e10; repeatable"},
    [OPTION_BUDGET] = {0, "budget", "SIZES", TEXT(budget), "what is given when the optimum is sought: C=1e21, or N=1e10,D=2e11 (C: floating-point operations)"},
    [OPTION_EXPECT] = {0, "expect", "[rate|limit|rate,limit]", TEXT(expect),
                       "fail (status 1) when a prediction does not hold; with a list, one of these"},
    [OPTION_STRICT] = {0, "strict", NULL, SWITCH(strict), "fail (status 7) when there are reasons to doubt the limit beyond its standard errors; the file is written"},
    [OPTION_WHAT] = {0, "what", "loss|kernels|spectra|rates|router|heads|ntk|parts|depths|sweep", TEXT(what),
                     "the picture (default: what a coordcheck or a sweep found, else loss)"},
    [OPTION_FIELD] = {0, "field", "FIELD", TEXT(field),
                      "of kernels and spectra: x, h, y, a, r, rho, gamma, delta or e; of ntk: total or a matrix; of rates: arrays whose path contains it"},
    [OPTION_BLOCK] = {0, "block", "N", NUMBER(block, -10000, 10000), "of residual stacks: the block, from 0, or -1 for the last (default)"},
    [OPTION_ENUMERATE] = {0, "enumerate", NULL, SWITCH(enumerate), "search all exponents for those that satisfy the desiderata"},
    [OPTION_DATASETS] = {0, "datasets", NULL, SWITCH(datasets), "also every dataset, with its shape and meaning"},
    [OPTION_QUIET] = {'q', "quiet", NULL, SWITCH(quiet), "no progress, no summary"},
    [OPTION_HELP] = {'h', "help", NULL, SWITCH(help), "this text; of a command, its own"},
    [OPTION_VERSION] = {'V', "version", NULL, SWITCH(version), "version, commit, compiler, libraries"},
};

const command_option *option_of(option_id id) { return &options[id]; }

option_arity option_takes(option_id id) {
  const char *argument = options[id].argument;
  if (!argument) return TAKES_NOTHING;
  if (*argument != '[') return TAKES_VALUE;
  return isupper((unsigned char)argument[1]) ? MAY_TAKE_NUMBER : MAY_TAKE_LIST;
}

void option_example(option_id id, const char *argument, char *out, size_t size) {
  const command_option *o = &options[id];
  int n = o->letter ? snprintf(out, size, "-%c", o->letter) : snprintf(out, size, "--%s", o->name);
  if (!argument) argument = o->argument;
  if (argument && (size_t)n < size) snprintf(out + n, size - (size_t)n, " %s", argument);
}

/* ---- words that an option knows ---- */

static const char between[] = "[|]";

/* The next word at or after text, and its length; NULL: no more. */
static const char *next_word(const char *text, size_t *length) {
  text += strspn(text, between);
  *length = strcspn(text, between);
  return *length ? text : NULL;
}

int option_word(option_id id, const char *text, size_t n) {
  size_t length;
  const char *word = options[id].argument;
  for (int i = 0; (word = next_word(word, &length)); i++, word += length)
    if (length == n && !strncmp(word, text, n)) return i;
  return -1;
}

unsigned option_list(option_id id, const char *list) {
  for (unsigned found = 0;; list++) {
    size_t n = strcspn(list, ",");
    int word = option_word(id, list, n);
    if (word < 0) return 0;
    found |= 1u << word;
    list += n;
    if (!*list) return found;
  }
}

void option_allowed(option_id id, const char *last, char *out, size_t size) {
  enum { MOST = 16 };
  char copy[160];
  const char *words[MOST];
  size_t n = 0;
  snprintf(copy, sizeof copy, "%s", options[id].argument);
  for (char *rest = copy, *word; n < MOST && (word = strtok_r(rest, between, &rest));) words[n++] = word;
  words_join(words, n, last, out, size);
}

/* ---- reading ---- */

enum { LONG = 256 }; /* getopt_long returns LONG + id for an option by its name, and the letter for one by its letter */

/* The table as getopt_long wants it. */
static void describe(char letters[2 * OPTIONS + 2], struct option names[OPTIONS + 1]) {
  char *l = letters;
  *l++ = ':'; /* missing values are told apart */
  for (int id = 0; id < OPTIONS; id++) {
    option_arity arity = option_takes(id);
    int has = arity == TAKES_VALUE ? required_argument : arity != TAKES_NOTHING ? optional_argument : no_argument;
    names[id] = (struct option){options[id].name, has, NULL, LONG + id};
    if (options[id].letter) *l++ = options[id].letter;
    if (options[id].letter && arity == TAKES_VALUE) *l++ = ':';
  }
  *l = '\0';
  names[OPTIONS] = (struct option){0};
}

/* OPTIONS: there is no such letter. */
static option_id id_of(int found) {
  if (found >= LONG) return (option_id)(found - LONG);
  int id = 0;
  while (id < OPTIONS && options[id].letter != found) id++;
  return (option_id)id;
}

/* What getopt_long refused: a letter, of which several may share an argument, or a whole word. */
static int refuse(int found, char *const *argv, mdm_error *err) {
  const char *word = argv[optind - 1];
  if (found == ':') return mdm_fail(err, MDM_ERR_USAGE, "option %s needs a value; see moedmft --help", word);
  if (optopt >= LONG) return mdm_fail(err, MDM_ERR_USAGE, "option %s takes no value; see moedmft --help", word);
  if (optopt > 0) return mdm_fail(err, MDM_ERR_USAGE, "unknown option -%c; see moedmft --help", optopt);
  return mdm_fail(err, MDM_ERR_USAGE, "unknown or ambiguous option %s; see moedmft --help", word);
}

static int read_number(const command_option *o, const char *text, int *out, mdm_error *err) {
  char *end;
  long v = strtol(text, &end, 10);
  if (*end || end == text || v < o->min || v > o->max)
    return mdm_fail(err, MDM_ERR_USAGE, "--%s %s: allowed are integers from %d to %d", o->name, text, o->min, o->max);
  *out = (int)v;
  return MDM_OK;
}

/* One option into a; value: NULL where it has none. */
static int store(arguments *a, option_id id, const char *value, mdm_error *err) {
  const command_option *o = &options[id];
  void *place = (char *)a + o->place;
  word_list *list = place;
  a->given |= (option_set)1 << id;
  switch (o->kind) {
  case TO_SWITCH: *(int *)place = 1; break;
  case TO_NUMBER: return read_number(o, value, place, err);
  case TO_TEXT: *(const char **)place = value; break;
  case TO_LIST: list->word[list->count++] = value; break;
  }
  return MDM_OK;
}

static int is_number(const char *text) {
  char *end;
  strtod(text, &end);
  return end != text && !*end;
}

/* An optional list may stand apart from its option, as long as the option knows all its words; an optional number, too. */
static const char *value_of(option_id id, int argc, char **argv) {
  option_arity arity = option_takes(id);
  if (optarg || optind >= argc) return optarg;
  int takes = arity == MAY_TAKE_LIST ? option_list(id, argv[optind]) != 0 : arity == MAY_TAKE_NUMBER && is_number(argv[optind]);
  return takes ? argv[optind++] : NULL;
}

static int read_options(int argc, char **argv, arguments *a, mdm_error *err) {
  char letters[2 * OPTIONS + 2];
  struct option names[OPTIONS + 1];
  int found, status = MDM_OK;
  describe(letters, names);
  opterr = 0;
  while (!status && (found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
    if (a->help || a->version) continue; /* on to the command, which may stand behind */
    option_id id = id_of(found);
    status = id == OPTIONS ? refuse(found, argv, err) : store(a, id, value_of(id, argc, argv), err);
  }
  return status;
}

static char *join(int argc, char **argv) {
  size_t size = 1;
  for (int i = 0; i < argc; i++) size += strlen(argv[i]) + 1;
  char *line = calloc(size, 1);
  for (int i = 0; line && i < argc; i++) {
    if (i) strcat(line, " ");
    strcat(line, argv[i]);
  }
  return line;
}

static word_list *list_of(arguments *a, int id) { return (word_list *)((char *)a + options[id].place); }

int arguments_read(int argc, char **argv, arguments *a, mdm_error *err) {
  *a = (arguments){.line = join(argc, argv)};
  int failed = !a->line;
  for (int id = 0; id < OPTIONS; id++)
    if (options[id].kind == TO_LIST) failed |= !(list_of(a, id)->word = calloc((size_t)argc + 1, sizeof(char *)));
  if (failed) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  int status = read_options(argc, argv, a, err), words = argc - optind;
  if (status) return status;
  a->command = words > 0 ? argv[optind] : NULL;
  a->input = words > 1 ? argv[optind + 1] : NULL;
  a->files = words > 1 ? words - 1 : 0;
  return MDM_OK;
}

void arguments_free(arguments *a) {
  for (int id = 0; id < OPTIONS; id++)
    if (options[id].kind == TO_LIST) free(list_of(a, id)->word);
  free(a->line);
}

const char *arguments_text(const arguments *a, option_id id) {
  return options[id].kind == TO_TEXT ? *(const char *const *)((const char *)a + options[id].place) : NULL;
}
