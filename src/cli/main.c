/* The program `moedmft`: commands, options, progress on the terminal. All work is done by the library.
 *
 * Exit status: 0 success; otherwise the status of include/moedmft/error.h, with one line on standard error.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <moedmft/moedmft.h>

#include "cli/progress.h"

static volatile sig_atomic_t stop_requested;

/* ---------------------------------------------------------------- texts */

typedef struct arguments {
  const char *command, *input, *output, *seed, *format, *sweeps;
  const char *what, *field; /* plot: NULL: not given */
  const char *expected;     /* words after --expect; NULL: none */
  long width; /* 0: not given */
  int enumerate;
  const char **set; /* sets: "key=value" in order */
  size_t sets;
  const char **over; /* overs: axes of a sweep */
  size_t overs;
  const char *measure;
  int no_limit;
  int threads, quiet, save_weights, expect;
  char *line; /* the command line, for the output */
} arguments;

typedef struct command {
  const char *name, *usage, *help;
  int (*run)(const arguments *a, int what, mdm_error *err);
  int what; /* MDM_RUN_*, for runs; ABOUT_*, for commands that answer from the configuration alone */
  int needs_input, needs_output; /* 1: must be given, 0: must not */
} command;

static int run_command(const arguments *a, int what, mdm_error *err);
static int sweep_command(const arguments *a, int what, mdm_error *err);
static int info_command(const arguments *a, int what, mdm_error *err);
static int plot_command(const arguments *a, int what, mdm_error *err);
static int options_command(const arguments *a, int what, mdm_error *err);
static int rules_command(const arguments *a, int what, mdm_error *err);
static int classify_command(const arguments *a, int what, mdm_error *err);

enum { ABOUT_RULES = 16, ABOUT_CLASS = 32, ABOUT_PARTS = 64, SWEEP = 128, ABOUT_PICTURE = 256 };

static const command commands[] = {
    {"solve", "moedmft solve CONFIG -o FILE.h5", "the limit (N = infinity)", run_command, MDM_RUN_LIMIT, 1, 1},
    {"simulate", "moedmft simulate CONFIG -o FILE.h5", "finite networks of several widths and seeds", run_command,
     MDM_RUN_NETWORKS, 1, 1},
    {"compare", "moedmft compare CONFIG -o FILE.h5", "both, their deviation and its rate in N", run_command,
     MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 1, 1},
    {"coordcheck", "moedmft coordcheck CONFIG -o FILE.h5", "effective and propagating updates of every layer, and how they scale with width",
     run_command, MDM_RUN_LIMIT | MDM_RUN_NETWORKS | ABOUT_PARTS, 1, 1},
    {"sweep", "moedmft sweep CONFIG -o FILE.h5 --over KEY=VALUES",
     "both over a grid of options: best learning rate, its drift with N; goes on from FILE.h5", sweep_command, SWEEP, 1,
     1},
    {"info", "moedmft info FILE.h5", "what a file holds", info_command, 0, 1, 0},
    {"plot", "moedmft plot FILE.h5 -o FILE.png", "a picture of loss curves or what --what names, as .png, .svg or .pdf", plot_command, ABOUT_PICTURE, 1, 1},
    {"rules", "moedmft rules CONFIG --width N",
     "initial standard deviations and learning rates of a width, for your own training program", rules_command,
     ABOUT_RULES, 1, 0},
    {"classify", "moedmft classify CONFIG", "what survives, vanishes or diverges with scale, and which desiderata hold",
     classify_command, ABOUT_CLASS, 1, 0},
    {"options", "moedmft options", "every configuration key with its default and range", options_command, 0, 0, 0},
};
enum { COMMANDS = sizeof commands / sizeof *commands, USAGE_WIDTH = 49 };

static void print_help(void) {
  printf("moedmft %s: limiting training dynamics of mixture-of-experts networks (DMFT)\n\nusage:\n", mdm_version());
  for (size_t i = 0; i < COMMANDS; i++) printf("  %-*s %s\n", USAGE_WIDTH, commands[i].usage, commands[i].help);
  printf("\nCONFIG is a YAML file, or - for the defaults; `moedmft options` lists its keys.\n\noptions:\n"
         "  -o, --output FILE     where the result goes (written whole or not at all)\n"
         "  -s, --set KEY=VALUE   override a key of the configuration; repeatable\n"
         "      --seed N          same as --set seed=N\n"
         "      --sweeps N        solve, compare: same as --set solve.sweeps=N, self-consistency sweeps\n"
         "  -t, --threads N       worker threads (default: one per processor); results do not depend on it\n"
         "      --save-weights    simulate, compare, coordcheck: keep initial and final weights of every network\n"
         "      --over KEY=VALUES     sweep: an axis, v1,v2,... or log:FIRST:LAST:COUNT or lin:FIRST:LAST:COUNT; one or two,\n"
         "                        and model.parameterization\n"
         "      --no-limit        sweep: without N = infinity\n"
         "      --measure LOSS    sweep: final, best, tail or test (default: final; tail with minibatches)\n"
         "      --width N         rules: the stream width\n"
         "      --format FORMAT   rules: text (default), json or csv\n"
         "      --expect [LIST]   compare, coordcheck: fail (status 1) when a prediction does not hold. compare: LIST is rate,\n"
         "                        limit or rate,limit (default: both); coordcheck: no LIST, every part and promise\n"
         "      --what PICTURE    plot: loss, kernels, spectra, rates, router, ntk, parts or sweep (default: what a\n"
         "                        coordcheck or a sweep found, else loss)\n"
         "      --field FIELD     plot: kernels, spectra: x, h, y, a, r, rho, gamma, delta or e; ntk: total or a matrix;\n"
         "                        rates: arrays whose path contains it\n"
         "      --enumerate       classify: search all exponents for those that satisfy the desiderata\n"
         "  -q, --quiet           no progress, no summary\n"
         "  -h, --help            this text\n"
         "  -V, --version         version, commit, compiler, libraries\n\nexit status:\n");
  for (int s = 0; s <= MDM_INTERRUPTED; s++)
    if (strcmp(mdm_status_name(s), "unknown status")) printf("  %-4d %s\n", s, mdm_status_name(s));
}

static void print_version(void) {
  printf("moedmft %s\ncommit %s%s\ncompiler %s\nBLAS %s\n", mdm_version(), mdm_commit(),
         mdm_dirty() ? " (modified)" : "", mdm_compiler(), mdm_blas());
}

static void print_range(const mdm_option *o) {
  const char *kind = o->type == MDM_OPT_REAL ? "real" : o->type == MDM_OPT_INT_LIST ? "integers" : "integer";
  switch (o->type) {
  case MDM_OPT_ENUM:
    printf("%s", o->allowed);
    return;
  case MDM_OPT_BOOL:
    printf("true|false");
    return;
  case MDM_OPT_TEXT:
    printf("text");
    return;
  case MDM_OPT_WORD_INT:
    printf("%s|", o->allowed);
    break;
  default:
    break;
  }
  printf("%s %s %g", kind, o->min_open ? ">" : ">=", o->min);
  if (o->max < 1e9) printf(", <= %g", o->max);
}

static int options_command(const arguments *a, int what, mdm_error *err) {
  (void)a, (void)what, (void)err;
  size_t n;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++) {
    printf("%s: %s\n    %s [", o[i].key, *o[i].preset ? o[i].preset : "''", o[i].help);
    print_range(&o[i]);
    printf("]\n");
  }
  return MDM_OK;
}

/* ---------------------------------------------------------------- arguments */

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

static int parse_threads(const char *text, int *out, mdm_error *err) {
  char *end;
  long v = strtol(text, &end, 10);
  if (*end || end == text || v < 1 || v > 256)
    return mdm_fail(err, MDM_ERR_USAGE, "--threads %s: allowed are integers from 1 to 256", text);
  *out = (int)v;
  return MDM_OK;
}

static int parse_width(const char *text, long *out, mdm_error *err) {
  char *end;
  *out = strtol(text, &end, 10);
  if (*end || end == text || *out < 1 || *out > 10000000)
    return mdm_fail(err, MDM_ERR_USAGE, "--width %s: allowed are integers from 1 to 10000000", text);
  return MDM_OK;
}

/* "rate", "limit", "rate,limit": MDM_EXPECT_*; 0 for other words. */
static int parse_expected(const char *list) {
  static const char *const words[] = {"rate", "limit"};
  int expect = 0, found = 1;
  while (found && *list) {
    found = 0;
    for (int i = 0; i < 2 && !found; i++) {
      size_t n = strlen(words[i]);
      if (strncmp(list, words[i], n) || (list[n] && (list[n] != ',' || !list[n + 1]))) continue;
      expect |= i ? MDM_EXPECT_LIMIT : MDM_EXPECT_RATE;
      list += n + (list[n] == ',');
      found = 1;
    }
  }
  return found ? expect : 0;
}

static const char letters[] = ":o:s:t:qhV"; /* of the short options, for getopt_long */
enum {
  OPTION_SEED = 256,
  OPTION_SAVE_WEIGHTS,
  OPTION_WIDTH,
  OPTION_FORMAT,
  OPTION_ENUMERATE,
  OPTION_EXPECT,
  OPTION_OVER,
  OPTION_NO_LIMIT,
  OPTION_MEASURE,
  OPTION_WHAT,
  OPTION_FIELD,
  OPTION_SWEEPS
}; /* options without a letter */

/* The option that getopt_long refused: a letter, of which several may share an argument, or a whole word. */
static int unknown_option(char *const *argv, mdm_error *err) {
  if (optopt > 0 && optopt < 256 && !strchr(letters, optopt))
    return mdm_fail(err, MDM_ERR_USAGE, "unknown option -%c; see moedmft --help", optopt);
  if (optopt) return mdm_fail(err, MDM_ERR_USAGE, "option %s takes no value; see moedmft --help", argv[optind - 1]);
  return mdm_fail(err, MDM_ERR_USAGE, "unknown or ambiguous option %s; see moedmft --help", argv[optind - 1]);
}

static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                             {"set", required_argument, NULL, 's'},
                                             {"seed", required_argument, NULL, OPTION_SEED},
                                             {"threads", required_argument, NULL, 't'},
                                             {"sweeps", required_argument, NULL, OPTION_SWEEPS},
                                             {"save-weights", no_argument, NULL, OPTION_SAVE_WEIGHTS},
                                             {"width", required_argument, NULL, OPTION_WIDTH},
                                             {"format", required_argument, NULL, OPTION_FORMAT},
                                             {"enumerate", no_argument, NULL, OPTION_ENUMERATE},
                                             {"over", required_argument, NULL, OPTION_OVER},
                                             {"no-limit", no_argument, NULL, OPTION_NO_LIMIT},
                                             {"measure", required_argument, NULL, OPTION_MEASURE},
                                             {"expect", optional_argument, NULL, OPTION_EXPECT},
                                             {"what", required_argument, NULL, OPTION_WHAT},
                                             {"field", required_argument, NULL, OPTION_FIELD},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {0}};

/* Where the text of an option goes; NULL when it takes none, or more than that. */
static const char **text_of(arguments *a, int option) {
  switch (option) {
  case 'o': return &a->output;
  case 's': return &a->set[a->sets++];
  case OPTION_SWEEPS: return &a->sweeps;
  case OPTION_SEED: return &a->seed;
  case OPTION_FORMAT: return &a->format;
  case OPTION_OVER: return &a->over[a->overs++];
  case OPTION_MEASURE: return &a->measure;
  case OPTION_WHAT: return &a->what;
  case OPTION_FIELD: return &a->field;
  default: return NULL;
  }
}

/* Which number an option sets to 1; NULL: none. */
static int *switch_of(arguments *a, int option) {
  switch (option) {
  case OPTION_SAVE_WEIGHTS: return &a->save_weights;
  case OPTION_NO_LIMIT: return &a->no_limit;
  case OPTION_ENUMERATE: return &a->enumerate;
  case OPTION_EXPECT: return &a->expect;
  case 'q': return &a->quiet;
  default: return NULL;
  }
}

/* One option into a. The words after --expect may stand apart, as long as they are some that it knows. */
static int take_option(int option, int argc, char **argv, arguments *a, int *done, mdm_error *err) {
  const char **text = text_of(a, option);
  int *number = switch_of(a, option);
  if (text) *text = optarg;
  if (number) *number = 1;
  if (option == OPTION_EXPECT) a->expected = !optarg && optind < argc && parse_expected(argv[optind]) ? argv[optind++] : optarg;
  if (text || number) return MDM_OK;
  if (option == 't') return parse_threads(optarg, &a->threads, err);
  if (option == OPTION_WIDTH) return parse_width(optarg, &a->width, err);
  if (option == ':') return mdm_fail(err, MDM_ERR_USAGE, "option %s needs a value; see moedmft --help", argv[optind - 1]);
  if (option != 'h' && option != 'V') return unknown_option(argv, err);
  if (option == 'h') print_help();
  else print_version();
  *done = 1;
  return MDM_OK;
}

/* Options into a; *done is set when --help or --version was the whole request. */
static int parse_options(int argc, char **argv, arguments *a, int *done, mdm_error *err) {
  int option, status = MDM_OK;
  opterr = 0;
  while (!status && !*done && (option = getopt_long(argc, argv, letters, long_options, NULL)) != -1)
    status = take_option(option, argc, argv, a, done, err);
  return status;
}

static const command *find_command(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++)
    if (!strcmp(commands[i].name, name)) return &commands[i];
  return NULL;
}

/* Options of the commands that answer from the configuration alone. */
static int check_about(const arguments *a, const command *c, mdm_error *err) {
  if ((a->width || a->format) && c->what != ABOUT_RULES)
    return mdm_fail(err, MDM_ERR_USAGE, "--width and --format go with rules");
  if (c->what == ABOUT_RULES && !a->width)
    return mdm_fail(err, MDM_ERR_USAGE, "rules needs --width N; usage: %s", c->usage);
  if ((a->overs || a->no_limit || a->measure) && c->what != SWEEP)
    return mdm_fail(err, MDM_ERR_USAGE, "--over, --no-limit and --measure go with sweep");
  if (c->what == SWEEP && !a->overs) return mdm_fail(err, MDM_ERR_USAGE, "sweep needs --over KEY=VALUES, for example --over train.lr=log:0.03:3:9");
  if (a->enumerate && c->what != ABOUT_CLASS) return mdm_fail(err, MDM_ERR_USAGE, "--enumerate goes with classify");
  if ((a->what || a->field) && c->what != ABOUT_PICTURE) return mdm_fail(err, MDM_ERR_USAGE, "--what and --field go with plot");
  return MDM_OK;
}

static int is_comparison(const command *c) { return (c->what & MDM_RUN_LIMIT) && (c->what & MDM_RUN_NETWORKS) && !(c->what & ABOUT_PARTS); }

static int check_expect(const arguments *a, const command *c, mdm_error *err) {
  if (!a->expect) return MDM_OK;
  if (!is_comparison(c) && !(c->what & ABOUT_PARTS)) return mdm_fail(err, MDM_ERR_USAGE, "--expect goes with compare and coordcheck");
  if (a->expected && !is_comparison(c)) return mdm_fail(err, MDM_ERR_USAGE, "coordcheck: --expect takes no list, not '%s'", a->expected);
  if (a->expected && !parse_expected(a->expected))
    return mdm_fail(err, MDM_ERR_USAGE, "--expect=%s: allowed are rate, limit and rate,limit", a->expected);
  return MDM_OK;
}

static int parse(int argc, char **argv, arguments *a, const command **what, mdm_error *err) {
  int done = 0;
  *what = NULL;
  a->line = join(argc, argv);
  a->set = calloc((size_t)argc, sizeof *a->set);
  a->over = calloc((size_t)argc, sizeof *a->over);
  if (!a->line || !a->set || !a->over) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  int status = parse_options(argc, argv, a, &done, err);
  if (status || done) return status;
  if (optind >= argc)
    return mdm_fail(
        err, MDM_ERR_USAGE,
        "a command is missing: solve, simulate, compare, info, plot, rules, classify, coordcheck, sweep or options; see moedmft --help");
  const command *c = find_command(argv[optind]);
  if (!c)
    return mdm_fail(err, MDM_ERR_USAGE,
                    "unknown command '%s'; allowed: solve, simulate, compare, info, plot, options, rules, classify, coordcheck, sweep",
                    argv[optind]);
  int given = argc - optind - 1;
  if (given != c->needs_input)
    return mdm_fail(err, MDM_ERR_USAGE, "%s takes %s; usage: %s%s", c->name, c->needs_input ? "one file" : "no file",
                    c->usage, a->expect ? "; --expect takes rate, limit or rate,limit" : "");
  if (c->needs_output && !a->output)
    return mdm_fail(err, MDM_ERR_USAGE, "%s needs -o FILE; usage: %s", c->name, c->usage);
  if (!c->needs_output && a->output)
    return mdm_fail(err, MDM_ERR_USAGE, "%s writes no file; usage: %s", c->name, c->usage);
  if (a->save_weights && !(c->what & MDM_RUN_NETWORKS))
    return mdm_fail(err, MDM_ERR_USAGE, "--save-weights goes with simulate, compare and coordcheck");
  if (a->sweeps && !(c->what & MDM_RUN_LIMIT)) return mdm_fail(err, MDM_ERR_USAGE, "--sweeps goes with solve and compare");
  if ((a->sets || a->seed) && (!c->what || c->what == ABOUT_PICTURE))
    return mdm_fail(err, MDM_ERR_USAGE, "--set and --seed go with solve, simulate, compare, coordcheck, sweep, rules and classify");
  status = check_about(a, c, err);
  if (!status) status = check_expect(a, c, err);
  if (status) return status;
  a->command = c->name;
  a->input = given ? argv[optind + 1] : NULL;
  *what = c;
  return MDM_OK;
}

/* ---------------------------------------------------------------- runs */

static void on_signal(int number) {
  (void)number;
  stop_requested = 1;
}

/* Signals ask to stop and keep what was computed; a second one kills, as usual, if second_kills. nohup's choice to
 * ignore SIGHUP stands. */
static void catch_signals(int second_kills) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = second_kills ? (int)SA_RESETHAND : 0}, hup;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (!sigaction(SIGHUP, NULL, &hup) && hup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
}

/* A file size limit is then a failed write with a reason, and hours of work outlive the reader of our messages. */
static void ignore_signals(void) {
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

/* Bytes of memory that are free or can be freed; where Linux does not tell, all there are. */
static double available_memory(void) {
  char line[128];
  double kilobytes = 0;
  FILE *f = fopen("/proc/meminfo", "r");
  while (f && kilobytes == 0 && fgets(line, sizeof line, f))
    if (!strncmp(line, "MemAvailable:", 13)) kilobytes = strtod(line + 13, NULL);
  if (f) fclose(f);
  return kilobytes > 0 ? 1024 * kilobytes : (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

/* Memory that the machine does not have is refused, which we report, rather than granted and then punished by a kill.
 * The sanitizers reserve more address space than that for themselves. */
static void limit_memory(double have) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)have;
#else
  struct rlimit l;
  if (getrlimit(RLIMIT_DATA, &l) || (l.rlim_cur != RLIM_INFINITY && (double)l.rlim_cur <= have)) return;
  l.rlim_cur = (rlim_t)have;
  setrlimit(RLIMIT_DATA, &l);
#endif
}

/* Adds one finding to those before; other failures than wrong options count alone. */
static int collect(int status, const mdm_error *one, mdm_error *all) {
  size_t used = strlen(all->text);
  if (status != MDM_ERR_CONFIG || !used)
    *all = *one;
  else
    snprintf(all->text + used, sizeof all->text - used, "; %s", one->text);
  return status;
}

static int set_key(mdm_config *cfg, const char *key, const char *value, mdm_error *err) {
  size_t size = strlen(key) + strlen(value) + 2;
  char *assignment = malloc(size);
  if (!assignment) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  snprintf(assignment, size, "%s=%s", key, value);
  int status = mdm_config_set(cfg, assignment, err);
  free(assignment);
  return status;
}

/* The file, then --set in order, then --seed and --sweeps; what is wrong anywhere is told at once. */
static int read_config(const arguments *a, mdm_config **cfg, mdm_error *err) {
  mdm_error one;
  int status = mdm_config_create(cfg, err), found = MDM_OK;
  if (status) return status;
  if (strcmp(a->input, "-") && (status = mdm_config_load(*cfg, a->input, &one))) found = collect(status, &one, err);
  for (size_t i = 0; i < a->sets; i++)
    if ((status = mdm_config_set(*cfg, a->set[i], &one))) found = collect(status, &one, err);
  if (a->seed && (status = set_key(*cfg, "seed", a->seed, &one))) found = collect(status, &one, err);
  if (a->sweeps && (status = set_key(*cfg, "solve.sweeps", a->sweeps, &one))) found = collect(status, &one, err);
  return found;
}

static int refuse_memory(double need, double have, mdm_error *err) {
  if (need > have)
    return mdm_fail(err, MDM_ERR_MEMORY,
                    "about %.3g GB of memory needed, %.3g GB are available; lower solve.particles, simulate.widths, "
                    "data.train, train.steps or --threads",
                    need / 1e9, have / 1e9);
  return MDM_OK;
}

/* In the limit of Adam a tensor whose gradient sinks below epsilon stands still: worth a word. */
static int remark_on_adam(const arguments *a, const mdm_config *cfg, int what, mdm_error *err) {
  mdm_classification c;
  if (a->quiet || !(what & MDM_RUN_LIMIT) || strncmp(mdm_config_text(cfg, "train.optimizer"), "adam", 4) ||
      mdm_config_real(cfg, "train.adam.eps") == 0)
    return MDM_OK;
  int status = mdm_classify(cfg, &c, err);
  for (int t = 0; t < MDM_CLASS_TENSORS && !status; t++)
    if (c.tensor[t].eps_gap > 1e-9)
      fprintf(stderr, "moedmft: in the limit the gradient of %s sinks below Adam's epsilon: it does not learn (train.adam.eps_scale, train.adam.eps: 0)\n",
              c.tensor[t].tensor);
  return status;
}

static int check_memory(const arguments *a, const mdm_config *cfg, const mdm_data *data, int what, double have,
                        mdm_error *err) {
  double need = mdm_memory_estimate(cfg, data, what, a->threads);
  if (!a->quiet && need > 0) fprintf(stderr, "moedmft: about %.3g GB of memory needed\n", need / 1e9);
  return refuse_memory(need, have, err);
}

static void print_losses(const char *who, const mdm_ensemble *e) {
  const mdm_array *loss = e->summary ? mdm_record_find(e->summary, "observables/train/loss") : NULL;
  if (!loss || !loss->dim[0]) return;
  size_t last = loss->dim[0] - 1;
  fprintf(stderr, "  %-10s train loss %.5g -> %.5g", who, loss->value[0], loss->value[last]);
  if (loss->error) fprintf(stderr, " +- %.2g", loss->error[last]);
  fprintf(stderr, "  (%zu %s)\n", e->runs, e->width ? "seeds" : "replicas");
}

/* The largest error of a skeleton's product in the limit (docs/output.md, diagnostics). */
static void print_skeleton(const mdm_record *limit) {
  static const char *const products[] = {"Q_forward", "Q_backward", "W1_forward", "W1_backward", "W2_forward", "W2_backward"};
  double worst = 0;
  for (size_t i = 0; limit && i < sizeof products / sizeof *products; i++) {
    char path[64];
    snprintf(path, sizeof path, "diagnostics/skeleton_error_%s", products[i]);
    const mdm_array *error = mdm_record_find(limit, path);
    if (error && error->value[0] > worst) worst = error->value[0];
  }
  if (worst > 0) fprintf(stderr, "             skeleton of the pair table: largest error of a product %.2g of its RMS (solve.pivots)\n", worst);
}

static void print_sweeps(const mdm_sweeps *s) {
  if (!s->sweeps) return;
  fprintf(stderr, "  sweeps     %zu, %s; train predictions differ from the causal pass by %.2g +- %.2g (RMS)\n", s->sweeps,
          s->converged ? "self-consistent: residuals stand at the sampling noise" : "not converged: residuals were not at the sampling noise for solve.settled sweeps in a row",
          s->difference, s->difference_error);
}

static void print_summary(const mdm_outcome *o) {
  char who[32];
  print_losses("limit", &o->limit);
  print_sweeps(&o->sweeps);
  print_skeleton(o->limit.summary);
  for (size_t w = 0; w < o->widths; w++) {
    snprintf(who, sizeof who, "N = %ld", o->networks[w].width);
    print_losses(who, &o->networks[w]);
  }
  if (!o->comparison) return;
  char range[32] = "";
  if (o->predicted_lowest < o->predicted) snprintf(range, sizeof range, "%g to ", o->predicted_lowest);
  if (isnan(o->exponent))
    fprintf(stderr, "  no deviation from the limit stands out of the noise: use more seeds or smaller widths\n");
  else
    fprintf(stderr,
            "  deviation from the limit ~ N^-%.2f +- %.2f (predicted %s%g), spread over seeds ~ N^-%.2f +- %.2f\n",
            o->exponent, o->exponent_error, range, o->predicted, o->fluctuation, o->fluctuation_error);
}

/* Whether two names stand for one file. */
static int same_file(const char *a, const char *b) {
  struct stat x, y;
  return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Makes and removes the temporary file; a signal in between has to wait. */
static int probe_output(const char *path, mdm_error *err) {
  mdm_file *probe;
  catch_signals(0);
  int status = mdm_file_create(path, &probe, err);
  if (!status) mdm_file_discard(probe);
  catch_signals(1);
  if (!status && stop_requested)
    status = mdm_fail(err, MDM_INTERRUPTED, "stopped before the first step of any run; no file was written");
  return status;
}

/* The output must not replace what the run reads, and its folder must be writable before hours of work go into it. */
static int check_output(const arguments *a, const mdm_config *cfg, mdm_error *err) {
  static const char *const keys[] = {"data.file", "data.labels", "data.test_file", "data.test_labels"};
  if (strcmp(a->input, "-") && same_file(a->output, a->input))
    return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it is the configuration of this run; choose another -o",
                    a->output);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (same_file(a->output, mdm_config_text(cfg, keys[i])))
      return mdm_fail(err, MDM_ERR_IO, "cannot write %s: it is the %s of this run; choose another -o", a->output,
                      keys[i]);
  return probe_output(a->output, err);
}

static int is_empty(const mdm_outcome *o) {
  size_t runs = o->limit.runs;
  for (size_t w = 0; w < o->widths; w++) runs += o->networks[w].runs;
  return runs == 0;
}

/* What was computed into the file, also when it is not all; `status` tells how the run ended. */
static int write_outcome(const arguments *a, const mdm_config *cfg, const mdm_outcome *o, int status, mdm_error *err) {
  mdm_error failure;
  if (status != MDM_OK && is_empty(o)) /* better keep an earlier file than replace it by nothing */
    return mdm_fail(err, status,
                    status == MDM_INTERRUPTED ? "stopped before the first step of any run; no file was written"
                                              : "training diverged at step 0: the first loss is no number; no file was "
                                                "written; check the data and model.*");
  catch_signals(0); /* nothing may end us between the temporary file and its final name */
  int written = mdm_outcome_write(o, cfg, a->command, a->line, a->output, &failure);
  if (written) return mdm_fail(err, written, "%s", failure.text);
  if (!a->quiet) {
    print_summary(o);
    fprintf(stderr, "moedmft: wrote %s\n", a->output);
  }
  return status;
}

/* The table on standard output; whether it is as predicted, for those who ask. */
static int report_parts(const arguments *a, const mdm_outcome *o, mdm_error *err) {
  char *text;
  if (!o->coordcheck) return MDM_OK;
  int status = mdm_coordcheck_format(o->coordcheck, &text, err);
  if (status) return status;
  if (!a->quiet) fputs(text, stdout);
  free(text);
  return a->expect ? mdm_coordcheck_expect(o->coordcheck, err) : MDM_OK;
}

/* The verdict; whether it is what was expected, for those who ask. */
static int report_verdict(const arguments *a, const mdm_outcome *o, mdm_error *err) {
  char line[400];
  int expect = !a->expect ? 0 : a->expected ? parse_expected(a->expected) : MDM_EXPECT_RATE | MDM_EXPECT_LIMIT;
  int status = mdm_comparison_verdict(o->comparison, expect, line, sizeof line, err);
  if (!a->quiet) fprintf(stderr, "moedmft: verdict: %s\n", line);
  return status;
}

static int run_and_write(const arguments *a, int what, const mdm_config *cfg, const mdm_data *data, mdm_error *err) {
  progress line;
  mdm_resume *resume = NULL; /* weights of complete runs are not kept, so with them everything is done again */
  int opened = a->save_weights ? MDM_OK : mdm_resume_open(a->output, cfg, data, &resume, err);
  if (opened) return opened;
  if (resume && !a->quiet) fprintf(stderr, "moedmft: going on from %s, which holds %zu complete runs\n", a->output, mdm_resume_runs(resume));
  mdm_monitor monitor = {.stop = &stop_requested, .threads = a->threads, .save_weights = a->save_weights, .earlier = resume ? mdm_resume_take : NULL, .store = resume};
  if (!a->quiet) monitor.report = progress_report, monitor.message = progress_message, monitor.context = &line;
  mdm_outcome outcome;
  progress_start(&line);
  int parts = what & (MDM_RUN_LIMIT | MDM_RUN_NETWORKS), both = parts == (MDM_RUN_LIMIT | MDM_RUN_NETWORKS);
  int status = both ? mdm_compare_run(cfg, data, &monitor, &outcome, err) : mdm_run(cfg, data, parts, &monitor, &outcome, err);
  if (!a->quiet) progress_end(&line);
  if (!status && (what & ABOUT_PARTS)) status = mdm_coordcheck_fit(cfg, &outcome, err);
  if (status == MDM_OK || status == MDM_ERR_DIVERGED || status == MDM_INTERRUPTED)
    status = write_outcome(a, cfg, &outcome, status, err);
  if (!status && (what & ABOUT_PARTS)) status = report_parts(a, &outcome, err);
  else if (!status && (what & MDM_RUN_LIMIT) && (what & MDM_RUN_NETWORKS)) status = report_verdict(a, &outcome, err);
  mdm_outcome_clear(&outcome);
  mdm_resume_free(resume);
  return status;
}

static int run_command(const arguments *a, int what, mdm_error *err) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  double memory = available_memory();
  ignore_signals();
  limit_memory(memory);
  int status = read_config(a, &cfg, err), runs = what;
  if (!status && (what & ABOUT_PARTS)) status = mdm_coordcheck_prepare(cfg, &runs, err);
  else if (!status && a->expect) status = mdm_comparison_prepare(cfg, err);
  what = runs | (what & ABOUT_PARTS);
  if (!status) status = check_output(a, cfg, err);
  if (!status) status = mdm_data_load(cfg, &data, err);
  if (!status && !a->quiet) fprintf(stderr, "moedmft: %s\n", data->source);
  if (!status) status = check_memory(a, cfg, data, runs, memory, err);
  if (!status) status = remark_on_adam(a, cfg, runs, err);
  if (!status) status = run_and_write(a, what, cfg, data, err);
  mdm_data_free(data);
  mdm_config_free(cfg);
  return status;
}

/* ---------------------------------------------------------------- sweeps */

static int read_measure(const char *name, mdm_measure *out, mdm_error *err) {
  static const char *const names[] = {"auto", "final", "best", "tail", "test"}; /* in the order of mdm_measure */
  for (int m = 0; m < 5; m++)
    if (!strcmp(name, names[m])) return *out = (mdm_measure)m, MDM_OK;
  return mdm_fail(err, MDM_ERR_USAGE, "--measure %s: allowed are final, best, tail, test and auto", name);
}

static int print_verdict(const mdm_sweep *sweep, mdm_error *err) {
  char *text;
  int status = mdm_sweep_report(sweep, &text, err);
  if (!status) fputs(text, stderr);
  free(text);
  return status;
}

static int run_sweep(const arguments *a, mdm_sweep *sweep, mdm_error *err) {
  progress line;
  mdm_monitor monitor = {.stop = &stop_requested, .threads = a->threads};
  if (!a->quiet) monitor.report = progress_report, monitor.message = progress_message, monitor.context = &line;
  catch_signals(1);
  progress_start(&line);
  int status = mdm_sweep_run(sweep, &monitor, a->output, a->line, err);
  if (!a->quiet) progress_end(&line);
  if (a->quiet || (status && status != MDM_INTERRUPTED)) return status;
  mdm_error failure;
  int printed = print_verdict(sweep, &failure);
  fprintf(stderr, "moedmft: wrote %s\n", a->output);
  return printed ? mdm_fail(err, printed, "%s", failure.text) : status;
}

static int sweep_command(const arguments *a, int what, mdm_error *err) {
  (void)what;
  mdm_config *cfg = NULL;
  mdm_sweep *sweep = NULL;
  mdm_measure measure = MDM_MEASURE_AUTO;
  size_t ready = 0, cells = 0;
  double have = available_memory(), need = 0;
  ignore_signals();
  limit_memory(have);
  int status = a->measure ? read_measure(a->measure, &measure, err) : MDM_OK;
  if (!status) status = read_config(a, &cfg, err);
  if (!status) status = check_output(a, cfg, err);
  if (!status) status = mdm_sweep_create(cfg, a->over, a->overs, !a->no_limit, measure, &sweep, err);
  if (!status) status = mdm_sweep_resume(sweep, a->output, err);
  if (!status) cells = mdm_sweep_cells(sweep, &ready);
  if (!status) status = mdm_sweep_prepare(sweep, a->threads, &need, err);
  if (!status && !a->quiet)
    fprintf(stderr, "moedmft: %zu cells, %zu of them in %s; about %.3g GB of memory needed\n", cells, ready, a->output, need / 1e9);
  if (!status) status = refuse_memory(need, have, err);
  if (!status) status = run_sweep(a, sweep, err);
  mdm_sweep_free(sweep);
  mdm_config_free(cfg);
  return status;
}

static int info_command(const arguments *a, int what, mdm_error *err) {
  (void)what;
  char *text;
  int status = mdm_file_info(a->input, &text, err);
  if (status) return status;
  fputs(text, stdout);
  free(text);
  return MDM_OK;
}

static int plot_command(const arguments *a, int what, mdm_error *err) {
  (void)what;
  ignore_signals();
  catch_signals(1); /* a picture takes a second: it is finished rather than left half drawn */
  int status = mdm_plot_what(a->input, a->output, a->what, a->field, err);
  if (!status && !a->quiet) fprintf(stderr, "moedmft: wrote %s\n", a->output);
  return status;
}

/* ---------------------------------------------------------------- answers from the configuration alone */

/* Takes over text (NULL: status tells why). */
static int print_answer(int status, char *text) {
  if (text) fputs(text, stdout);
  free(text);
  return status;
}

/* The data are read for their dimension. */
static int rules_command(const arguments *a, int what, mdm_error *err) {
  (void)what;
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_rules rules;
  char *text = NULL;
  int status = read_config(a, &cfg, err);
  if (!status) status = mdm_data_load(cfg, &data, err);
  if (!status) status = mdm_rules_compute(cfg, data->dimension, (size_t)a->width, &rules, err);
  if (!status) status = mdm_rules_format(&rules, a->format ? a->format : "text", &text, err);
  mdm_data_free(data);
  mdm_config_free(cfg);
  return print_answer(status, text);
}

static int classify_command(const arguments *a, int what, mdm_error *err) {
  (void)what;
  mdm_config *cfg = NULL;
  mdm_classification c;
  mdm_search search[MDM_GOALS];
  char *text = NULL;
  int status = read_config(a, &cfg, err);
  if (!status && a->enumerate) status = mdm_enumerate(cfg, search, err);
  if (!status && !a->enumerate) status = mdm_classify(cfg, &c, err);
  if (!status)
    status = a->enumerate ? mdm_search_format(search, &text, err) : mdm_classification_format(&c, &text, err);
  mdm_config_free(cfg);
  return print_answer(status, text);
}

/* Standard output may be a full disk. */
static int check_stdout(mdm_error *err) {
  if (!ferror(stdout) && !fflush(stdout)) return MDM_OK;
  return mdm_fail(err, MDM_ERR_IO, "cannot write to standard output: %s", errno ? strerror(errno) : "write error");
}

/* One line: names of files may hold anything, and no message may move the cursor. */
static void print_error(int status, mdm_error *err) {
  const char *name = mdm_status_name(status);
  for (char *c = err->text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = '?';
  if (strncmp(err->text, name, strlen(name)))
    fprintf(stderr, "moedmft: %s: %s\n", name, err->text);
  else
    fprintf(stderr, "moedmft: %s\n", err->text); /* the text says it itself */
}

int main(int argc, char **argv) {
  arguments a = {0};
  mdm_error err = {0};
  const command *what;
  int status = parse(argc, argv, &a, &what, &err);
  if (!status && what) status = what->run(&a, what->what, &err);
  if (!status) status = check_stdout(&err);
  if (status) print_error(status, &err);
  free(a.set);
  free(a.over);
  free(a.line);
  return status;
}
