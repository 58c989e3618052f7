/* The program from outside: exit codes, one line on standard error, files that appear or stay as they were, signals,
 * and results that depend on the configuration and the seed alone.
 *
 * Every run gets its own process, without a shell. "@" in an argument stands for the folder of the test; what a run
 * must not touch lies there under the name earlier.h5. */
#include <CUnit/CUnit.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <moedmft/file.h>
#include <moedmft/plot.h>
#include <moedmft/report.h>

#include "suites.h"

#define SMALL                                                                                                          \
  "-s solve.particles=200 -s solve.replicas=2 -s train.steps=3 -s simulate.widths=[8,16] -s simulate.seeds=3 "

enum { MAX_ARGS = 64, KILLED = 1000 /* plus the signal: code of a run that did not exit */ };
static const char keepsake[] = "an earlier result";

static char folder[256], out_path[300], err_path[300]; /* what a run prints lies beside the folder */

typedef struct result {
  int code;
  char out[1 << 16], err[1 << 14];
} result;

/* How a run is started, beyond its arguments. */
typedef struct start {
  const char *path; /* PATH; NULL: as it is */
  const char *out;  /* standard output; NULL: collected */
  rlim_t file_size; /* 0: no limit */
} start;

/* ---- folder ---- */

static const char *in_folder(const char *name) {
  static char path[4][600];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static int make_folder(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/moedmft-cli-XXXXXX", base && *base ? base : "/tmp");
  if (!mkdtemp(folder)) return 1;
  snprintf(out_path, sizeof out_path, "%s.out", folder);
  snprintf(err_path, sizeof err_path, "%s.err", folder);
  return 0;
}

/* Number of entries; the names go to `names`, if there is room, for messages. */
static int entries(char *names, size_t size) {
  int n = 0;
  size_t used = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    n++;
    if (used < size) used += (size_t)snprintf(names + used, size - used, " %s", e->d_name);
  }
  if (d) closedir(d);
  return n;
}

static void clear(void) {
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) remove(in_folder(e->d_name));
  if (d) closedir(d);
}

static int remove_folder(void) {
  clear();
  unlink(out_path);
  unlink(err_path);
  return rmdir(folder);
}

static void spit(const char *name, const char *text, size_t n) {
  FILE *f = fopen(in_folder(name), "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fwrite(text, 1, n, f);
  fclose(f);
}

static size_t slurp(const char *path, char *to, size_t size) {
  FILE *f = fopen(path, "rb");
  size_t n = f ? fread(to, 1, size - 1, f) : 0;
  if (f) fclose(f);
  to[n] = '\0';
  return n;
}

static int exists(const char *name) { return access(in_folder(name), F_OK) == 0; }

static int is_untouched(void) {
  char text[64];
  slurp(in_folder("earlier.h5"), text, sizeof text);
  return strcmp(text, keepsake) == 0;
}

/* ---- running ---- */

static const char *program(void) {
  const char *given = getenv("MOEDMFT_BIN");
  return given && *given ? given : "build/moedmft";
}

static void become_program(char **argv, const start *how) {
  int out = open(how->out ? how->out : out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), in = open("/dev/null", O_RDONLY);
  struct rlimit limit = {how->file_size, how->file_size};
  dup2(in, 0), dup2(out, 1), dup2(err, 2);
  if (how->path) setenv("PATH", how->path, 1);
  if (how->file_size) setrlimit(RLIMIT_FSIZE, &limit);
  execv(argv[0], argv);
  _exit(127);
}

/* Starts the program with a list of words; "@" becomes the folder. */
static pid_t launch(const start *how, int n, const char *const *words) {
  static char text[MAX_ARGS][6000];
  char *argv[MAX_ARGS + 2] = {(char *)program()};
  CU_ASSERT_FATAL(n <= MAX_ARGS);
  for (int i = 0; i < n; i++) {
    const char *at = strchr(words[i], '@');
    snprintf(text[i], sizeof text[i], "%.*s%s%s", at ? (int)(at - words[i]) : 5999, words[i], at ? folder : "",
             at ? at + 1 : "");
    argv[i + 1] = text[i];
  }
  fflush(NULL);
  pid_t pid = fork();
  CU_ASSERT_FATAL(pid >= 0);
  if (pid == 0) become_program(argv, how);
  return pid;
}

static const result *finish(pid_t pid) {
  static result r;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  r.code = WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
  slurp(out_path, r.out, sizeof r.out);
  slurp(err_path, r.err, sizeof r.err);
  return &r;
}

/* Splits a line at its blanks; what lies between two ~ keeps them. */
static int split(char *line, const char **words) {
  int n = 0;
  while (*(line += strspn(line, " "))) {
    const char *end = *line == '~' ? "~" : " ";
    line += *line == '~';
    words[n++] = line;
    line += strcspn(line, end);
    if (*line) *line++ = '\0';
  }
  return n;
}

static const result *run_as(const start *how, const char *line) {
  static char copy[20000];
  const char *words[MAX_ARGS];
  snprintf(copy, sizeof copy, "%s", line);
  return finish(launch(how, split(copy, words), words));
}

static const result *run(const char *format, ...) {
  char line[16000];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  return run_as(&(start){0}, line);
}

/* ---- judging ---- */

static void check(int good, const char *what, const char *line, const result *r) {
  if (!good) printf("\n    moedmft %.300s\n    %s; exit %d, said: %.600s\n", line, what, r->code, r->err);
  CU_ASSERT(good);
}

/* Every one of the words, separated by '|', occurs. */
static int mentions(const char *text, const char *words) {
  char copy[400];
  snprintf(copy, sizeof copy, "%s", words);
  for (char *w = strtok(copy, "|"); w; w = strtok(NULL, "|"))
    if (!strstr(text, w)) return 0;
  return 1;
}

static int is_one_line(const char *text) {
  const char *end = strchr(text, '\n');
  for (const char *c = text; *c && *c != '\n'; c++)
    if ((unsigned char)*c < 0x20) return 0;
  return end && end[1] == '\0' && !strncmp(text, "moedmft: ", 9);
}

/* The run fails with this code and one line that holds the words, and leaves the folder as it was. */
static void refused_as(const start *how, int code, const char *words, const char *line) {
  char names[600] = "", what[900];
  spit("earlier.h5", keepsake, sizeof keepsake - 1);
  int before = entries(NULL, 0);
  const result *r = run_as(how, line);
  snprintf(what, sizeof what, "expected exit %d", code);
  check(r->code == code, what, line, r);
  check(is_one_line(r->err), "expected one line", line, r);
  snprintf(what, sizeof what, "expected to hear of: %s", words);
  check(mentions(r->err, words), what, line, r);
  int after = entries(names, sizeof names);
  snprintf(what, sizeof what, "files were left:%s", names);
  check(after == before, what, line, r);
  check(is_untouched(), "the earlier file was touched", line, r);
}

typedef struct refusal {
  const char *line, *words;
} refusal;

/* How lines begin that have to be refused: with an output that must stay as it is. */
static void refused(int code, const char *prefix, const refusal *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char line[8000];
    snprintf(line, sizeof line, "%s%s", prefix, list[i].line);
    refused_as(&(start){0}, code, list[i].words, line);
  }
}
#define REFUSED(code, prefix, list) refused(code, prefix, list, sizeof(list) / sizeof *(list))

/* Succeeds without a word (-q is in the line). */
static void succeeds(const char *format, ...) {
  char line[8000];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  const result *r = run("%s", line);
  check(r->code == 0 && !*r->err, "expected silent success", line, r);
}

/* ---- results ---- */

static mdm_record *read_record(const char *name, const char *group) {
  mdm_file *file;
  mdm_record *rec = NULL;
  mdm_error err = {0};
  int status = mdm_file_open(in_folder(name), &file, &err);
  if (!status) {
    status = mdm_file_read_record(file, group, 0, &rec, &err);
    mdm_file_discard(file);
  }
  if (status) printf("\n    %s, %s: %s\n", name, group, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  return rec;
}

/* NaN when there is none. */
static double attribute(const char *name, const char *group, const char *attr) {
  mdm_file *file;
  double value = NAN;
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder(name), &file, NULL), MDM_OK);
  if (mdm_file_get_real(file, group, attr, &value, NULL)) value = NAN;
  mdm_file_discard(file);
  return value;
}

static size_t size_of(const mdm_array *a) {
  size_t n = 1;
  for (int i = 0; i < a->rank; i++) n *= a->dim[i];
  return n;
}

static int same_array(const mdm_array *a, const mdm_array *b) {
  size_t n = size_of(a) * sizeof(double);
  if (a->rank != b->rank || memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) || !a->error != !b->error)
    return 0;
  return !memcmp(a->value, b->value, n) && (!a->error || !memcmp(a->error, b->error, n));
}

/* Compares one group of two files bit for bit. With `all`, both must hold the same arrays; else the arrays that both
 * hold count. Returns how many differ or are missing; *compared counts those that were compared. */
static int differences(const char *a, const char *b, const char *group, int all, size_t *compared) {
  mdm_record *x = read_record(a, group), *y = read_record(b, group);
  int bad = all && mdm_record_count(x) != mdm_record_count(y);
  for (size_t i = 0; i < mdm_record_count(x); i++) {
    const mdm_array *p = mdm_record_at(x, i), *q = mdm_record_find(y, p->path);
    if (strstr(p->path, "diagnostics/seconds")) continue; /* time passes differently */
    if (!q) {
      bad += all;
      continue;
    }
    ++*compared;
    bad += !same_array(p, q);
  }
  mdm_record_free(x);
  mdm_record_free(y);
  return bad;
}

/* The root and every width. */
static void same_results(const char *a, const char *b, int all) {
  mdm_file *file;
  long *widths;
  size_t n, compared = 0;
  int bad = differences(a, b, "/", all, &compared);
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder(a), &file, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_file_widths(file, &widths, &n, NULL), MDM_OK);
  mdm_file_discard(file);
  for (size_t i = 0; i < n; i++) {
    char group[48];
    snprintf(group, sizeof group, "/width_%ld", widths[i]);
    bad += differences(a, b, group, all, &compared);
  }
  free(widths);
  if (bad) printf("\n    %s and %s differ in %d of %zu arrays\n", a, b, bad, compared);
  CU_ASSERT_EQUAL(bad, 0);
  CU_ASSERT(compared > 30);
}

static int is_finite(const mdm_array *a) {
  for (size_t i = 0; i < size_of(a); i++)
    if (!isfinite(a->value[i]) || (a->error && !isfinite(a->error[i]))) return 0;
  return 1;
}

/* The train part of a group ends after `steps` steps and is finite up to there. */
static void ends_after(const char *name, const char *group, double steps) {
  mdm_record *rec = read_record(name, group);
  size_t seen = 0;
  for (size_t i = 0; i < mdm_record_count(rec); i++) {
    const mdm_array *a = mdm_record_at(rec, i);
    if (strncmp(a->path, "observables/", 12) || !strncmp(a->path, "observables/test", 16)) continue;
    int good = a->dim[0] == (size_t)steps && is_finite(a);
    if (!good) printf("\n    %s%s/%s: %zu steps, not %g, or not finite\n", name, group, a->path, a->dim[0], steps);
    CU_ASSERT(good);
    seen++;
  }
  CU_ASSERT(seen > 10);
  mdm_record_free(rec);
}

static int all_finite(const char *name, const char *group) {
  mdm_record *rec = read_record(name, group);
  int good = 1;
  for (size_t i = 0; i < mdm_record_count(rec); i++)
    if (!strncmp(mdm_record_at(rec, i)->path, "observables/", 12)) good &= is_finite(mdm_record_at(rec, i));
  mdm_record_free(rec);
  return good;
}

/* ---- data for the program ---- */

static void write_dataset(hid_t file, const char *name, hid_t type, size_t rows, size_t columns, const void *values) {
  const hsize_t extent[2] = {rows, columns};
  hid_t space = H5Screate_simple(columns ? 2 : 1, extent, NULL);
  hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

/* rows samples: /x of D columns (0: one dimension), scale · sin; y_rows samples: /y one-hot of C columns, or labels
 * 0, 1, 0, … when C = 0, the first of which is y0 instead. */
static void write_samples(const char *name, size_t rows, size_t D, size_t y_rows, size_t C, double scale, double y0) {
  double x[400], y[400];
  hid_t file = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0 && rows * (D ? D : 1) <= 400 && y_rows * (C ? C : 1) <= 400);
  for (size_t i = 0; i < rows * (D ? D : 1); i++) x[i] = scale * sin(1.0 + 3.7 * (double)i);
  for (size_t i = 0; i < y_rows * (C ? C : 1); i++) y[i] = C ? (i % C == i / C % C) : i % 2;
  y[0] = y0;
  write_dataset(file, "/x", H5T_NATIVE_DOUBLE, rows, D, x);
  if (y_rows) write_dataset(file, "/y", H5T_NATIVE_DOUBLE, y_rows, C, y);
  H5Fclose(file);
}

static void write_one_integer_sample(const char *name) {
  const int x[3] = {1, 2, 3}, y = 1;
  hid_t file = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_dataset(file, "/x", H5T_NATIVE_INT, 1, 3, x);
  write_dataset(file, "/y", H5T_NATIVE_INT, 1, 0, &y);
  H5Fclose(file);
}

/* ---- tests: what is refused ---- */

static void test_usage(void) {
  static const refusal list[] = {
      {"", "command is missing|solve, simulate, compare, info, plot|--help"},
      {"dance", "unknown command 'dance'|solve, simulate, compare, info, plot, options"},
      {"~do\nit~", "unknown command 'do?it'"},
      {"solve", "one file|usage: moedmft solve CONFIG -o FILE.h5"},
      {"solve - -", "one file"},
      {"solve -", "-o FILE"},
      {"solve - -o", "option -o needs a value"},
      {"solve - --output", "option --output needs a value"},
      {"solve - -o @/earlier.h5 --wibble", "--wibble|--help"},
      {"solve - -o @/earlier.h5 -xq", "unknown option -x"},
      {"solve - -o @/earlier.h5 -qx", "unknown option -x"},
      {"solve - -o @/earlier.h5 --se", "--se"},
      {"solve - -o @/earlier.h5 --quiet=3", "--quiet=3"},
      {"solve - -o @/earlier.h5 -t 0", "--threads 0|1 to 256"},
      {"solve - -o @/earlier.h5 -t 257", "--threads 257|1 to 256"},
      {"solve - -o @/earlier.h5 -t 2x", "--threads 2x|1 to 256"},
      {"solve - -o @/earlier.h5 -t 99999999999999999999", "1 to 256"},
      {"solve - -o @/earlier.h5 --save-weights", "--save-weights|simulate"},
      {"info", "one file|usage"},
      {"info x -o @/earlier.h5", "info writes no file"},
      {"info x -s seed=2", "--set"},
      {"options x", "no file"},
      {"plot x", "-o FILE"},
      {"plot x -o @/earlier.h5", ".png, .svg or .pdf"},
      {"plot x -o ~@/two\nlines.png~", "control character"},
  };
  REFUSED(MDM_ERR_USAGE, "", list);
  clear();
}

static void test_configuration(void) {
  static const refusal list[] = {
      {"@/many.yaml", "many.yaml|line 1|'modell'|'model'|'train.lrr'|'train.lr'|train.steps = '-4'|[0, 10000000]|"
                      "train.loss = 'mean'|mse, cross_entropy|'nonsense'"},
      {"@/none.yaml", "none.yaml|No such file"},
      {"@", "Is a directory"},
      {"~~", "''|No such file"},
      {"@/list.yaml", "list.yaml|line 1|a list"},
      {"@/open.yaml", "open.yaml|line 2|not valid YAML"},
      {"@/deep.yaml", "deep.yaml|brackets"},
      {"@/long.yaml", "long.yaml|1 MiB"},
      {"@/two.yaml", "two.yaml|line 2|second"},
      {"@/many.yaml -s solve.lr=3 -s train.steps=x --seed y",
       "'train.lrr'|'nonsense'|'solve.lr'|train.steps = 'x'|'y'"},
      {"- -s wibble", "wibble|key=value"},
      {"- -s train.stepps=3", "'train.stepps'|'train.steps'"},
      {"- -s train.lr=fast", "train.lr|'fast'|real number >= 0"},
      {"- -s train.lr=-1", "train.lr|>= 0"},
      {"- -s train.lr=", "train.lr|no value"},
      {"- -s model.active_fraction=1.5", "model.active_fraction|(0, 1]"},
      {"- --seed abc", "seed|'abc'|integer"},
      {"- --seed -1", "seed|[0, "},
      {"- -s model.active_fraction=0.01", "model.active_fraction = 0.01|K = 0|raise"},
      {"- -s model.experts_ratio=0.1 -s simulate.widths=[2,40]", "N = 2|M = 0"},
      {"- -s simulate.widths=[8,16,8]", "simulate.widths|8 twice"},
      {"- -s simulate.widths=[]", "simulate.widths"},
      {"- -s simulate.seeds=[1,2,3]", "simulate.seeds|3 numbers for 2 widths"},
      {"- -s train.batch=5", "train.batch = 5|4 train samples"},
      {"- -s train.batch=0", "train.batch|full, or integer"},
      {"- -s output.times=[0,9]", "output.times|9|train.steps"},
      {"- -s output.times=[2,1]", "output.times|ascend"},
      {"- -s solve.tolerance=1e-9", "solve.tolerance|at least"},
      {"- -s model.gate_temperature=1e-320", "model.gate_temperature"},
      {"- -s data.source=hdf5", "data.file"},
      {"- -s data.file=x", "data.file|cosine"},
  };
  static const char many[] = "modell:\n  gate: sigmoid\ntrain:\n  lrr: 1\n  steps: -4\n  loss: mean\nnonsense: 1\n";
  char *text = malloc(3 << 20);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  spit("many.yaml", many, sizeof many - 1);
  spit("list.yaml", "- a\n- b\n", 8);
  spit("open.yaml", "train: {steps: 2\n", 17);
  spit("two.yaml", "seed: 1\n---\nseed: 2\n", 20);
  memset(text, '[', 100000);
  spit("deep.yaml", text, 100000);
  memset(text, '#', 3 << 20);
  spit("long.yaml", text, 3 << 20);
  free(text);
  REFUSED(MDM_ERR_CONFIG, "compare -q -o @/earlier.h5 " SMALL, list);
  clear();
}

static void test_data_refused(void) {
  static const refusal list[] = {
      {"data.file=@/none.h5", "none.h5|No such file|data.file"},
      {"data.file=@", "data.file"},
      {"data.file=@/text.h5", "text.h5|not an HDF5 file|data.file"},
      {"data.file=@/half.h5", "half.h5|truncated|data.file"},
      {"data.file=@/rows.h5", "rows.h5|7 rows|6"},
      {"data.file=@/flat.h5", "flat.h5|/x|P x D"},
      {"data.file=@/no_y.h5", "no_y.h5|/y"},
      {"data.file=@/nan_x.h5", "nan_x.h5|/x of sample 0|NaN"},
      {"data.file=@/nan_y.h5", "nan_y.h5|/y of sample 0|NaN"},
      {"data.file=@/infinite.h5", "infinite.h5|/x of sample|infinite"},
      {"data.file=@/good.h5 -s data.train=8", "good.h5|7 samples|data.train asks for 8"},
      {"data.file=@/good.h5 -s data.train=5 -s data.test=3", "7 samples|5 + 3|data.test"},
      {"data.file=@/zero.h5 -s data.standardize=global", "zero.h5|all inputs|data.standardize"},
      {"data.file=@/good.h5 -s data.classes=[0,5]", "no sample has label|5|data.classes"},
  };
  char bytes[8000];
  write_samples("good.h5", 7, 5, 7, 0, 1, 0);
  write_samples("rows.h5", 7, 5, 6, 0, 1, 1);
  write_samples("flat.h5", 7, 0, 7, 0, 1, 1);
  write_samples("no_y.h5", 7, 5, 0, 0, 1, 1);
  write_samples("nan_x.h5", 7, 5, 7, 0, NAN, 1);
  write_samples("nan_y.h5", 7, 5, 7, 0, 1, NAN);
  write_samples("infinite.h5", 7, 5, 7, 0, INFINITY, 1);
  write_samples("zero.h5", 7, 5, 7, 0, 0, 1);
  spit("text.h5", "hello\n", 6);
  size_t n = slurp(in_folder("good.h5"), bytes, sizeof bytes);
  spit("half.h5", bytes, n / 2);
  REFUSED(MDM_ERR_DATA, "simulate - -q -o @/earlier.h5 " SMALL "-s data.source=hdf5 -s ", list);
  clear();
}

static void test_output_refused(void) {
  static const refusal list[] = {
      {"solve - -o @/none/x.h5", "none/x.h5|No such file"},
      {"solve - -o @", "not a regular file"},
      {"solve - -o @/earlier.h5/x.h5", "earlier.h5/x.h5|Not a directory"},
      {"solve - -o ~~", "without a name"},
      {"solve - -o /dev/null", "/dev/null|not a regular file"},
      {"solve - -o ~@/no\nfolder/x.h5~", "no?folder/x.h5"},
      {"solve @/run.yaml -o @/run.yaml", "run.yaml|configuration of this run"},
      {"solve - -o @/data.h5 -s data.source=hdf5 -s data.file=@/data.h5", "data.h5|data.file of this run"},
      {"plot @/good.h5 -o @/none/x.png", "none/x.png|No such file"},
      {"plot @/good.h5 -o @/folder.png", "folder.png|not a regular file"},
  };
  static const refusal inputs[] = {
      {"@/none.h5", "none.h5|No such file"},
      {"@", "not an HDF5 file"},
      {"@/run.yaml", "run.yaml|not an HDF5 file"},
      {"@/empty.h5", "empty.h5|not an HDF5 file"},
      {"@/data.h5", "data.h5|not one that moedmft wrote"},
  };
  write_samples("data.h5", 3, 5, 3, 0, 1, 1);
  spit("run.yaml", "seed: 3\n", 8);
  spit("empty.h5", "", 0);
  mkdir(in_folder("folder.png"), 0700);
  succeeds("solve - -q -o @/good.h5 " SMALL);
  REFUSED(MDM_ERR_IO, "", list);
  REFUSED(MDM_ERR_IO, "info ", inputs);
  REFUSED(MDM_ERR_IO, "plot -o @/x.png ", inputs);
  if (geteuid() != 0) { /* root may write anywhere */
    mkdir(in_folder("closed"), 0500);
    refused_as(&(start){0}, MDM_ERR_IO, "closed/x.h5|Permission denied", "solve - -o @/closed/x.h5");
  }
  clear();
}

/* A file that ends too early, wherever it does. */
static void test_truncated(void) {
  static char bytes[1 << 20];
  succeeds("compare - -q -o @/good.h5 " SMALL);
  size_t n = slurp(in_folder("good.h5"), bytes, sizeof bytes);
  CU_ASSERT_FATAL(n > 10000 && n < sizeof bytes - 1);
  for (int i = 1; i < 8; i++) {
    spit("half.h5", bytes, i == 7 ? n - 1 : n * (size_t)i / 7);
    refused_as(&(start){0}, MDM_ERR_IO, "half.h5", "info @/half.h5");
    refused_as(&(start){0}, MDM_ERR_IO, "half.h5", "plot @/half.h5 -o @/x.svg");
  }
  clear();
}

static void test_full_disk(void) {
  succeeds("solve - -q -o @/good.h5 " SMALL);
  refused_as(&(start){.file_size = 9000}, MDM_ERR_IO, "earlier.h5|9000 of", "solve - -q -o @/earlier.h5 " SMALL);
  refused_as(&(start){.file_size = 4096}, MDM_ERR_IO, "x.svg", "plot @/good.h5 -o @/x.svg");
  if (access("/dev/full", W_OK) == 0) {
    refused_as(&(start){.out = "/dev/full"}, MDM_ERR_IO, "standard output|No space", "info @/good.h5");
    refused_as(&(start){.out = "/dev/full"}, MDM_ERR_IO, "standard output|No space", "options");
  }
  clear();
}

static void test_no_gnuplot(void) {
  succeeds("solve - -q -o @/good.h5 " SMALL);
  refused_as(&(start){.path = folder}, MDM_ERR_IO, "gnuplot is not installed|gnuplot-nox", "plot @/good.h5 -o @/x.png");
  clear();
}

/* More than any machine has, as one number and as a product that overflows; and a population that is too small. */
static void test_sizes(void) {
  static const refusal large[] = {
      {"simulate.widths=[10000000]", "memory|GB|simulate.widths"},
      {"solve.particles=1000000000", "memory|GB|solve.particles"},
      {"model.experts_ratio=1e6 -s model.expert_width=1e6 -s simulate.widths=[10000000]", "memory|GB"},
      {"data.train=1000000000 -s data.dimension=1000000", "memory|data.train"},
      {"train.steps=10000000 -s data.train=300000 -s data.dimension=1", "memory"},
  };
  static const refusal small[] = {
      {"solve.particles=8", "8 stream particles|raise solve.particles"},
      {"solve.expert_particles=1", "1 expert particles|raise"},
  };
  REFUSED(MDM_ERR_MEMORY, "compare - -q -t 1 -o @/earlier.h5 " SMALL "-s ", large);
  REFUSED(MDM_ERR_NUMERIC, "compare - -q -o @/earlier.h5 " SMALL "-s ", small);
  clear();
}

/* ---- tests: what ends early ---- */

static void test_divergence(void) {
  const result *r = run("compare - -q -o @/d.h5 " SMALL "-s train.lr=1e6");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_DIVERGED);
  CU_ASSERT(is_one_line(r->err) && mentions(r->err, "diverged at step|lower train.lr"));
  const char *const groups[] = {"/", "/width_8", "/width_16"};
  for (int i = 0; i < 3; i++) {
    double step = attribute("d.h5", groups[i], "diverged_at_step");
    CU_ASSERT(step >= 1 && step <= 3);
    ends_after("d.h5", groups[i], step);
  }
  CU_ASSERT_EQUAL(run("simulate - -q -o @/d.h5 " SMALL "-s train.lr=1e308")->code, MDM_ERR_DIVERGED);
  CU_ASSERT(attribute("d.h5", "/width_8", "diverged_at_step") >= 1);
  CU_ASSERT_EQUAL(run("solve - -q -o @/d.h5 " SMALL "-s train.lr=1e308")->code, MDM_ERR_DIVERGED);
  CU_ASSERT(attribute("d.h5", "/", "diverged_at_step") >= 1);
  CU_ASSERT_EQUAL(run("info @/d.h5")->code, 0);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  clear();
}

static void doze(long milliseconds) {
  nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* Sends the signal some time after the program has said that it begins. */
static const result *run_and_stop(const char *line, int number, long milliseconds) {
  static char copy[4000];
  const char *words[MAX_ARGS];
  char said[2000] = "";
  snprintf(copy, sizeof copy, "%s", line);
  pid_t pid = launch(&(start){0}, split(copy, words), words);
  for (int i = 0; i < 1000 && !strstr(said, "memory needed"); i++) {
    doze(10);
    slurp(err_path, said, sizeof said);
  }
  doze(milliseconds);
  kill(pid, number);
  return finish(pid);
}

/* The message is the last line; before it come the remarks that -q would suppress. */
static int last_line_mentions(const char *text, const char *words) {
  const char *line = text;
  for (const char *c = text; *c; c++)
    if (*c == '\n' && c[1]) line = c + 1;
  return is_one_line(line) && mentions(line, words);
}

static void test_interrupted(void) {
  const result *r = run_and_stop("solve - -t 2 -o @/i.h5 " SMALL "-s train.steps=50000", SIGINT, 800);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  CU_ASSERT(last_line_mentions(r->err, "interrupted: stopped|kept"));
  double step = attribute("i.h5", "/", "interrupted_at_step");
  CU_ASSERT(step >= 1 && step < 50001);
  ends_after("i.h5", "/", step);

  r = run_and_stop("simulate - -t 2 -o @/i.h5 " SMALL "-s train.steps=50000", SIGTERM, 500);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  const char *const groups[] = {"/width_8", "/width_16"};
  double runs = 0;
  for (int i = 0; i < 2; i++) {
    step = attribute("i.h5", groups[i], "interrupted_at_step");
    CU_ASSERT(step >= 0 && step < 50001);
    if (attribute("i.h5", groups[i], "runs") > 0) ends_after("i.h5", groups[i], step);
    runs += attribute("i.h5", groups[i], "runs");
  }
  CU_ASSERT(runs >= 1);
  CU_ASSERT_EQUAL(run("info @/i.h5")->code, 0);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  clear();
}

/* Stopped in the middle, the same command goes on with the runs that are missing and ends with the same numbers; with another
 * configuration it starts anew. */
static void test_goes_on(void) {
#define MANY "-t 2 -s solve.particles=200 -s solve.replicas=4 -s train.steps=100 -s simulate.widths=[8,32] -s simulate.seeds=300 -s output.kernels=false "
  const result *r = run_and_stop("compare - -o @/part.h5 " MANY, SIGINT, 400);
  CU_ASSERT(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped|goes on"));
  CU_ASSERT_EQUAL(run("info @/part.h5")->code, 0);
  succeeds("compare - -q -o @/other.h5 -s train.lr=0.25 " MANY);
  r = run("compare - -o @/part.h5 " MANY);
  CU_ASSERT(r->code == 0 && mentions(r->err, "going on from|complete runs|300 seeds"));
  succeeds("compare - -q -o @/whole.h5 " MANY);
  same_results("part.h5", "whole.h5", 1);
  r = run_and_stop("compare - -o @/part.h5 " MANY, SIGINT, 400);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  r = run("compare - -o @/part.h5 -s train.lr=0.25 " MANY);
  CU_ASSERT(r->code == 0 && !strstr(r->err, "going on"));
  same_results("part.h5", "other.h5", 1);
#undef MANY
  clear();
}

/* Stopped while the first network draws its weights: there is nothing to keep but the earlier file. */
static void test_interrupted_early(void) {
  spit("earlier.h5", keepsake, sizeof keepsake - 1);
  const result *r = run_and_stop("simulate - -o @/earlier.h5 -s simulate.widths=1500 -s simulate.seeds=1", SIGINT, 0);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  CU_ASSERT(last_line_mentions(r->err, "interrupted: stopped before the first step|no file was written"));
  CU_ASSERT(is_untouched());
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  clear();
}

/* ---- tests: what the results depend on ---- */

#define RUNS                                                                                                           \
  "-q -s solve.particles=300 -s solve.replicas=3 -s train.steps=4 -s simulate.widths=[8,16] -s simulate.seeds=5 "

static void test_threads(void) {
  static const char *const commands[] = {"solve", "simulate", "compare"};
  for (int i = 0; i < 3; i++) {
    succeeds("%s - -o @/a.h5 " RUNS "-t 1", commands[i]);
    succeeds("%s - -o @/b.h5 " RUNS "-t 2", commands[i]);
    succeeds("%s - -o @/c.h5 " RUNS "-t 2", commands[i]);
    same_results("a.h5", "b.h5", 1);
    same_results("b.h5", "c.h5", 1);
  }
  static const char *const variants[] = {
      "-s model.active_fraction=0.25 -s model.expert_width=16",
      "-s train.batch=3 -s data.train=9",
      "-s solve.precision=single -s simulate.precision=single -s solve.tolerance=0.02",
      "--save-weights",
      "-s output.responses=true",
      "-s model.regime=I",
      "-s model.regime=III -s solve.particles=1200"};
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    succeeds("compare - -o @/a.h5 " RUNS "-t 1 %s", variants[i]);
    succeeds("compare - -o @/b.h5 " RUNS "-t 5 %s", variants[i]);
    same_results("a.h5", "b.h5", 1);
  }
  clear();
}

static void test_output_options(void) {
  static const char *const variants[] = {"-s output.kernels=false", "-s output.every_seed=true", "--save-weights",
                                         "-s simulate.widths=[16,8]"};
  succeeds("compare - -o @/a.h5 " RUNS);
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    succeeds("compare - -o @/b.h5 " RUNS "%s", variants[i]);
    same_results("a.h5", "b.h5", 0);
  }
  succeeds("solve - -o @/b.h5 " RUNS); /* the limit is the same with networks and without */
  same_results("b.h5", "a.h5", 0);
  succeeds("simulate - -o @/b.h5 " RUNS);
  same_results("b.h5", "a.h5", 0);
  clear();
}

static void test_overrides(void) {
  size_t compared = 0;
  spit("run.yaml", "seed: 5\ntrain: {steps: 2, lr: 0.25}\n", 36);
  succeeds("solve @/run.yaml -o @/a.h5 " RUNS "-s train.steps=1 -s train.steps=3 -s seed=6 --seed 7");
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "seed"), 7);
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "config:train.steps"), 3);
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "config:train.lr"), 0.25);
  ends_after("a.h5", "/", 4);
  succeeds("solve - -o @/b.h5 " RUNS "-s train.steps=3 -s train.lr=0.25 -s seed=7");
  same_results("a.h5", "b.h5", 1);
  succeeds("solve - -o @/b.h5 " RUNS "-s train.steps=3 -s train.lr=0.25 --seed 8");
  CU_ASSERT(differences("a.h5", "b.h5", "/", 0, &compared) > 20);
  succeeds("solve - -o @/b.h5 " RUNS
           "--seed 0000000000000000000000000000000000000000000000000000000000000000000000000000000009");
  CU_ASSERT_EQUAL(attribute("b.h5", "/", "seed"), 9);
  clear();
}

/* Configurations at the edge of what is allowed: they run, and give numbers. */
static void test_edges(void) {
  static const char *const edges[] = {
      "train.steps=0",
      "train.steps=0 -s data.test=3",
      "solve.replicas=1",
      "simulate.seeds=1",
      "solve.replicas=1 -s simulate.seeds=1 -s simulate.widths=8",
      "simulate.widths=1",
      "data.dimension=1",
      "data.train=1",
      "model.experts_ratio=0.1 -s simulate.widths=[10,20]",
      "model.expert_width=1",
      "model.active_fraction=0.125",
      "model.active_fraction=0.5 -s model.gate=constant",
      "solve.tolerance=1",
      "solve.precision=double -s solve.tolerance=1e-6",
      "solve.precision=single -s simulate.precision=single -s solve.tolerance=0.02",
      "train.batch=1",
      "train.batch=4",
      "data.test=3 -s output.every=2",
      "data.test=9 -s output.every=100",
      "data.train=20 -s data.test=5 -s solve.particles=800",
      "train.loss=cross_entropy",
      "train.lr=0",
      "model.readout_std=0 -s model.activation=relu -s model.expert_activation=relu",
      "output.times=[0]",
      "model.init.router=0 -s model.init.expert_in=0 -s model.init.expert_out=0",
      "train.loss_multiplier=1e-300",
      "data.source=hdf5 -s data.file=@/one.h5",
      "data.source=hdf5 -s data.file=@/zero.h5",
      "data.source=hdf5 -s data.file=@/zero.h5 -s data.standardize=feature",
      "data.source=hdf5 -s data.file=@/ten.h5 -s train.loss=cross_entropy -s data.test=2 -s solve.particles=800"};
  write_one_integer_sample("one.h5");
  write_samples("zero.h5", 4, 5, 4, 0, 0, 1);
  write_samples("ten.h5", 12, 5, 12, 10, 1, 1);
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    succeeds("compare - -q -t 2 -o @/e.h5 " SMALL "-s %s", edges[i]);
    int good = all_finite("e.h5", "/") && isnan(attribute("e.h5", "/", "diverged_at_step"));
    if (!good) printf("\n    not finite: %s\n", edges[i]);
    CU_ASSERT(good);
  }
  clear();
}

/* ---- tests: what is printed and drawn ---- */

/* Tensors that Adam leaves alone in the limit are named. */
static void test_frozen_by_epsilon(void) {
  const result *r = run("solve - -o @/a.h5 " SMALL "-s train.optimizer=adam -s train.adam.eps_scale=global");
  CU_ASSERT(r->code == 0 && mentions(r->err, "gradient of W_in sinks below|gradient of W2 sinks below") && !strstr(r->err, "gradient of w_out"));
  r = run("solve - -o @/a.h5 " SMALL "-s train.optimizer=adam");
  CU_ASSERT(r->code == 0 && !strstr(r->err, "sinks below"));
  clear();
}

static void test_texts(void) {
  const result *r = run("--help");
  CU_ASSERT(r->code == 0 && !*r->err &&
            mentions(r->out, "solve|simulate|compare|info|plot|options|--set|exit status|130"));
  r = run("solve - -o @/x.h5 --version");
  CU_ASSERT(r->code == 0 && mentions(r->out, "moedmft|commit|compiler|BLAS") && !exists("x.h5"));
  r = run("options");
  CU_ASSERT(r->code == 0 && !*r->err &&
            mentions(r->out, "train.lr: 0.5|model.gate: sigmoid|sigmoid|constant|output.every_seed"));
  r = run("compare - -o @/x.h5 " SMALL);
  CU_ASSERT(r->code == 0 && !*r->out && mentions(r->err, "cosine: 4 train|memory needed|limit|N = 8|wrote"));
  r = run("info @/x.h5");
  CU_ASSERT(r->code == 0 && !*r->err && mentions(r->out, "train loss|N = 16|observables|Options|x.h5"));
  clear();
}

/* A coordinate check, from the command line to the picture. */
static void test_coordcheck(void) {
  static const refusal usage[] = {{"coordcheck -", "-o FILE"},
                                  {"solve - -o @/earlier.h5 --expect", "--expect goes with compare and coordcheck"},
                                  {"coordcheck - -o @/earlier.h5 --expect=rate", "--expect takes no list"}};
  static const refusal options[] = {{"-s simulate.widths=[8]", "simulate.widths|at least two"},
                                    {"-s simulate.seeds=1", "simulate.seeds"},
                                    {"-s train.steps=1", "train.steps|at least 3"},
                                    {"-s output.parts=maybe", "output.parts|true"}};
#define FEW "-s solve.particles=300 -s solve.replicas=2 -s train.steps=3 -s simulate.widths=[8,16] -s simulate.seeds=4 "
  REFUSED(MDM_ERR_USAGE, "", usage);
  REFUSED(MDM_ERR_CONFIG, "coordcheck - -q -o @/earlier.h5 ", options);
  remove(in_folder("earlier.h5"));
  const result *r = run("coordcheck - -o @/a.h5 " FEW "-t 1");
  check(r->code == 0 && mentions(r->out, "W2/forward|effective|predicted|balanced aggregation|N = 16"), "expected a table", "coordcheck", r);
  succeeds("coordcheck - -q -o @/b.h5 " FEW "-t 5");
  same_results("a.h5", "b.h5", 1);
  r = run("info @/a.h5");
  check(r->code == 0 && mentions(r->out, "Coordinate check|W2/forward|propagating|promised|parts/"), "expected a summary", "info", r);
  succeeds("plot -q @/a.h5 -o @/a.png");
  succeeds("plot -q @/a.h5 -o @/a.svg");
  r = run("coordcheck - -q -o @/c.h5 --expect -s model.parameterization=mup -s model.readout_std=0 " FEW
          "-s simulate.widths=[16,64] -s simulate.seeds=8");
  check(r->code == MDM_ERR_EXPECT && is_one_line(r->err) && exists("c.h5"), "expected a broken promise", "coordcheck --expect", r);
  clear();
}

/* A sweep that is stopped, goes on, is looked at, and does not take another sweep's file. */
static void test_sweep_command(void) {
  static const refusal usage[] = {
      {"sweep - -o @/earlier.h5", "sweep needs --over"},
      {"sweep - --over train.lr=1,2", "-o FILE"},
      {"sweep - -o @/earlier.h5 --over train.lr=1,2 --measure worst", "--measure worst|final, best, tail, test"},
      {"solve - -o @/earlier.h5 --over train.lr=1,2", "go with sweep"},
      {"compare - -o @/earlier.h5 --no-limit", "go with sweep"},
  };
  static const refusal configuration[] = {
      {"--over train.lrr=1,2", "--over train.lrr=1,2|unknown key 'train.lrr'"},
      {"--over train.lr=1,x", "--over train.lr=1,x|not a number"},
      {"--over train.lr=1,2 --measure test", "--measure test|data.test"},
      {"--over model.active_fraction=0.01,1", "model.active_fraction = 0.01|K = 0"},
      {"--over train.lr=1,2 -s solve.accuracy=0.1", "solve.accuracy"},
      {"--over train.lr=1,2 -s solve.sweeps=2", "solve.sweeps"},
  };
#define SWEEP "-o @/s.h5 " SMALL "--over train.lr=log:0.1:0.8:4 --over model.parameterization=mup,ntp"
  REFUSED(MDM_ERR_USAGE, "", usage);
  REFUSED(MDM_ERR_CONFIG, "sweep - -q -o @/new.h5 " SMALL, configuration);
  refused_as(&(start){0}, MDM_ERR_IO, "earlier.h5|not an HDF5 file|choose another -o", "sweep - -o @/earlier.h5 " SMALL "--over train.lr=1,2");
  clear();
  const result *r = run_and_stop("sweep - -t 2 " SWEEP " -s train.steps=3000", SIGINT, 1000);
  CU_ASSERT(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped|of 24 cells are in|goes on"));
  CU_ASSERT_EQUAL(run("info @/s.h5")->code, 0);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  clear();
  succeeds("sweep - -q " SWEEP);
  r = run("sweep - " SWEEP);
  CU_ASSERT(r->code == 0 && !*r->out && mentions(r->err, "24 of them in|best train.lr|drift|without a limit|wrote"));
  r = run("info @/s.h5");
  CU_ASSERT(r->code == 0 && !*r->err && mentions(r->out, "moedmft sweep|best train.lr|infinity|drift|optimum_kind"));
  succeeds("plot @/s.h5 -q -o @/s.svg");
  CU_ASSERT(exists("s.svg"));
  refused_as(&(start){0}, MDM_ERR_CONFIG, "s.h5 holds another sweep|train.steps is 3 there and 4 now", "sweep - " SWEEP " -s train.steps=4");
  refused_as(&(start){0}, MDM_ERR_CONFIG, "s.h5 holds another sweep|leave --no-limit out", "sweep - --no-limit " SWEEP);
#undef SWEEP
  clear();
}

/* Words and exit codes of the verdict. */
#define JUDGED                                                                                                         \
  "-s train.steps=12 -s solve.particles=2000 -s simulate.widths=[8,16,32] -s simulate.seeds=512 -s solve.precision=single " \
  "-s simulate.precision=single "
static void test_expect(void) {
  static const refusal usage[] = {{"--expect=rates", "--expect=rates|rate,limit"}, {"--expect=", "--expect="}, {"--expect=rate,", "rate,limit"},
                                  {"--expect rates", "one file|rate,limit"}};
  static const refusal options[] = {{"--expect -s simulate.widths=16", "simulate.widths|two"}, {"--expect limit -s solve.replicas=1", "solve.replicas"},
                                    {"--expect -s simulate.seeds=1", "simulate.seeds"}};
  REFUSED(MDM_ERR_USAGE, "compare - -q -o @/earlier.h5 ", usage);
  REFUSED(MDM_ERR_CONFIG, "compare - -q -o @/earlier.h5 ", options);
  const result *r = run("compare - -o @/a.h5 --expect rate,limit " JUDGED);
  check(r->code == 0 && mentions(r->err, "verdict: rate holds|limit agrees"), "expected agreement", "compare --expect rate,limit", r);
  char *text = NULL;
  CU_ASSERT_EQUAL(mdm_file_info(in_folder("a.h5"), &text, NULL), MDM_OK);
  CU_ASSERT(text && mentions(text, "verdict: rate holds|extrapolated to N|20 farthest|predicted"));
  free(text);
  r = run("compare --expect=limit - -q -o @/b.h5 -s solve.tolerance=0.9 " JUDGED); /* a limit that is wrong */
  check(r->code == MDM_ERR_EXPECT && is_one_line(r->err) && mentions(r->err, "limit deviates") && !*r->out && exists("b.h5"), "expected a deviation",
        "compare --expect=limit", r);
  r = run("compare - -o @/c.h5 " SMALL "-s solve.tolerance=0.9");
  check(r->code == 0 && mentions(r->err, "verdict: rate unresolved"), "expected a verdict that nobody asked for", "compare", r);
  r = run("compare - -q -o @/d.h5 --expect rate " SMALL);
  check(r->code == MDM_ERR_EXPECT && mentions(r->err, "rate unresolved|simulate.seeds"), "expected advice", "compare --expect rate", r);
  clear();
}

/* Every picture of a file that holds everything; one line about what a file lacks. */
static void test_pictures(void) {
  static const char *const what[] = {"loss", "kernels", "spectra", "rates", "router", "ntk", "kernels --field gamma", "spectra --field e", "ntk --field W2",
                                     "rates --field train"};
  static const refusal usage[] = {{"--what foo", "--what foo|kernels|parts"}, {"--what kernels --field q", "--field q|gamma"}, {"--what ntk --field h", "W_in"},
                                  {"--what loss --field h", "no --field"}, {"--what router --field h", "no --field"}, {"--what parts --field h", "no --field"}};
  static const refusal lacking[] = {{"--what kernels", "output.kernels=true"}, {"--what spectra", "output.kernels=true"}, {"--what ntk", "output.ntk=true"},
                                    {"--what router", "output.statistics=true"}, {"--what rates", "moedmft compare"}, {"--what parts", "coordcheck"}};
  static const refusal elsewhere[] = {{"solve - --what loss", "go with plot"}, {"compare - --field h", "go with plot"}};
  static const char *const formats[] = {"png", "svg", "pdf"};
  succeeds("compare - -q -o @/all.h5 " JUDGED "-s output.ntk=true -s model.active_fraction=0.5 -s data.test=3");
  succeeds("solve - -q -o @/bare.h5 " SMALL "-s output.kernels=false -s output.statistics=false");
  for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
    char name[64];
    snprintf(name, sizeof name, "picture.%s", formats[i % 3]);
    succeeds("plot @/all.h5 -q -o @/%s --what %s", name, what[i]);
    check(exists(name), "expected a picture", what[i], run("--version"));
    remove(in_folder(name));
  }
  REFUSED(MDM_ERR_USAGE, "plot @/all.h5 -q -o @/picture.png ", usage);
  REFUSED(MDM_ERR_DATA, "plot @/bare.h5 -q -o @/picture.png ", lacking);
  REFUSED(MDM_ERR_USAGE, "-q -o @/earlier.h5 ", elsewhere);
  succeeds("plot @/bare.h5 -q -o @/picture.png --what loss");
  succeeds("solve - -q -o @/limit.h5 " SMALL "-s output.ntk=true");
  succeeds("simulate - -q -o @/networks.h5 " SMALL "-s output.ntk=true");
  for (int i = 0; i < 2; i++)
    for (size_t k = 0; k < sizeof what / sizeof *what; k++)
      if (strncmp(what[k], "rates", 5)) succeeds("plot @/%s.h5 -q -o @/picture.svg --what %s", i ? "limit" : "networks", what[k]);
  clear();
}

/* Names that a shell, gnuplot or printf would take for something else. */
static void test_names_of_pictures(void) {
  static const char *const names[] = {
      "a b.png",   "it's.svg",           "100%d%s.png",       "q\"uote.pdf",        "~home.svg",
      "-dash.png", "|touch drawn;#.png", "`touch drawn`.svg", "$(touch drawn).svg", "UPPER.SVG"};
  char here[4000], line[700];
  succeeds("compare - -q -o @/good.h5 " SMALL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof here));
  const char *given = program();
  char absolute[8200];
  snprintf(absolute, sizeof absolute, "%s%s%s", *given == '/' ? "" : here, *given == '/' ? "" : "/", given);
  char *before = getenv("MOEDMFT_BIN") ? strdup(getenv("MOEDMFT_BIN")) : NULL;
  setenv("MOEDMFT_BIN", absolute, 1);
  CU_ASSERT_EQUAL_FATAL(chdir(folder), 0); /* relative names reach gnuplot as they are */
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char output[200];
    snprintf(output, sizeof output, "--output=%s", names[i]);
    const char *words[] = {"plot", "good.h5", "-q", output};
    const result *r = finish(launch(&(start){0}, 4, words));
    snprintf(line, sizeof line, "plot good.h5 %s", output);
    check(r->code == 0 && !*r->err && exists(names[i]), "expected a picture", line, r);
    check(entries(NULL, 0) == (int)i + 2, "expected one file more", line, r);
  }
  CU_ASSERT_EQUAL(chdir(here), 0);
  if (before)
    setenv("MOEDMFT_BIN", before, 1);
  else
    unsetenv("MOEDMFT_BIN");
  free(before);
  clear();
}

/* ---- tests: COMMAND --help ---- */

/* The help of a command, kept; NULL when there is none of the form "moedmft NAME: …, usage:, options:, example:". */
static const char *help_of(const char *command) {
  static char help[sizeof((result *)0)->out];
  const result *r = run("%s --help", command);
  snprintf(help, sizeof help, "%s", r->out);
  int good = r->code == 0 && !*r->err && !strncmp(help, "moedmft ", 8) && mentions(help, command) && mentions(help, "\nusage:\n  moedmft |\noptions:\n|\nexample:\n  moedmft ");
  check(good, "expected usage, options and an example", command, r);
  return good ? help : NULL;
}

/* Options of the program: a command takes those that its help lists, and refuses others with the commands that they go with. */
static void takes_what_it_lists(const char *command, const char *help, const char *program_help) {
  const char *input = strstr(help, "CONFIG") ? "@/none.yaml" : strstr(help, "FILE.h5") ? "@/none.h5" : "", *output = strstr(help, "--output") ? "-o @/x.h5" : "";
  for (const char *at = strstr(program_help, "\noptions:"); (at = strstr(at, " --"));) {
    char name[40] = "", entry[48], line[200];
    sscanf(at += 3, "%39[a-z-]", name);
    const char *end = at + strlen(name);
    if (!strcmp(name, "help") || !strcmp(name, "version")) continue;
    snprintf(entry, sizeof entry, " --%s ", name);
    snprintf(line, sizeof line, "%s %s %s --%s%s", command, input, output, name, *end == ' ' && end[1] != ' ' && end[1] != '[' ? " 1" : "");
    const result *r = run("%s", line);
    int refused_it = r->code == MDM_ERR_USAGE && (strstr(r->err, " go with ") || strstr(r->err, " goes with ") || strstr(r->err, "writes no file"));
    check(refused_it == !strstr(help, entry), refused_it ? "its help lists what it refuses" : "its help does not list what it takes", line, r);
  }
}

/* The example as it stands, but with files in the folder of the test, and small. */
static void example_works(const char *command, const char *help) {
  char words[400], line[1200] = "", *rest = words;
  snprintf(words, sizeof words, "%s", strstr(help, "\nexample:\n  moedmft ") + 20);
  for (char *word; (word = strtok_r(rest, " \n", &rest));) {
    const char *ending = strrchr(word, '.');
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "%s%s ", ending && (!strcmp(ending, ".h5") || !strcmp(ending, ".png")) ? "@/" : "", word);
  }
  const result *r = run("%s%s", line, strstr(help, " --set ") ? SMALL : "");
  check(r->code == 0, "the example of its help fails", command, r);
}

static void test_command_help(void) {
  static char program_help[sizeof((result *)0)->out];
  int commands = 0;
  snprintf(program_help, sizeof program_help, "%s", run("--help")->out);
  for (const char *at = program_help; (at = strstr(at, "\n  moedmft ")); commands++) {
    char name[40] = "";
    sscanf(at += 11, "%39[a-z]", name);
    const char *help = help_of(name);
    if (!help) continue;
    takes_what_it_lists(name, help, program_help);
    example_works(name, help);
  }
  CU_ASSERT(commands >= 10);
  REFUSED(MDM_ERR_USAGE, "", ((const refusal[]){{"dance --help", "unknown command 'dance'"}}));
  const result *r = run("--help sweep --wibble");
  CU_ASSERT(r->code == 0 && !strncmp(r->out, "moedmft sweep: ", 15));
  clear();
}

/* Words that the help shows for an option are those that are allowed when it is given another one. */
static void test_words_of_options(void) {
  static const struct {
    const char *option, *line;
  } list[] = {{"\n      --what ", "plot @/a.h5 -o @/a.png"},
              {"\n      --format ", "rules - --width 8"},
              {"\n      --measure ", "sweep - -o @/s.h5 --over train.lr=1,2"}};
  succeeds("solve - -q -o @/a.h5 " SMALL);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    char words[200] = "", *rest = words;
    const char *entry = strstr(run("--help")->out, list[i].option);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    sscanf(entry + strlen(list[i].option), "%199[a-z|]", words);
    const result *r = run("%s%s?", list[i].line, list[i].option + 1);
    const char *allowed = strstr(r->err, "allowed");
    int known = 0, separators = 0;
    for (char *word; (word = strtok_r(rest, "|", &rest)); known++) check(allowed && strstr(allowed, word), word, list[i].line, r);
    for (const char *c = allowed; c && *c; c++) separators += *c == ',' || !strncmp(c, " and ", 5);
    check(r->code == MDM_ERR_USAGE && known > 2 && separators == known - 1, "allowed are others than its help shows", list[i].line, r);
  }
  clear();
}

int suite_cli(void) {
  CU_pSuite suite = CU_add_suite("cli", make_folder, remove_folder);
  if (!suite) return (int)CU_get_error();
  static const struct {
    const char *name;
    void (*run)(void);
  } tests[] = {{"command lines that are refused", test_usage},
               {"configurations that are refused", test_configuration},
               {"data that are refused", test_data_refused},
               {"outputs and inputs that are refused", test_output_refused},
               {"truncated files", test_truncated},
               {"full disks", test_full_disk},
               {"no gnuplot", test_no_gnuplot},
               {"sizes beyond memory, and too small", test_sizes},
               {"divergence keeps the steps before", test_divergence},
               {"signals keep the steps before", test_interrupted},
               {"a signal before the first step", test_interrupted_early},
               {"the same command goes on", test_goes_on},
               {"tensors frozen by epsilon are named", test_frozen_by_epsilon},
               {"same bits for any number of threads", test_threads},
               {"same bits for any output options", test_output_options},
               {"overrides and seeds", test_overrides},
               {"edges of the allowed", test_edges},
               {"help, options, summary", test_texts},
               {"help of a command", test_command_help},
               {"words of options", test_words_of_options},
               {"coordinate checks", test_coordcheck},
               {"sweeps", test_sweep_command},
               {"expectations of a comparison", test_expect},
               {"pictures", test_pictures},
               {"names of pictures", test_names_of_pictures}};
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    if (!CU_add_test(suite, tests[i].name, tests[i].run)) return (int)CU_get_error();
  return CUE_SUCCESS;
}
