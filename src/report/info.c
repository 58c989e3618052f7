/* The summary that `moedmft info` prints (moedmft/report.h): where the file comes from, the options that matter, the main
 * results; on request the tree of datasets. Everything is printed into a memory stream. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <moedmft/compare.h>
#include <moedmft/report.h>
#include <moedmft/run.h>

#include "base/number.h"
#include "base/text.h"
#include "config/internal.h"
#include "file/internal.h"
#include "report/compare.h"
#include "report/number.h"
#include "study/sweep_internal.h"

static const char rule[] = "────────────────────────────────────────────────────────────────────────────────";

/* ---- small formatting ---- */

static void heading(FILE *out, const char *text) { fprintf(out, "\n%s %.*s\n", text, 3 * (78 - mdm_text_columns(text)), rule); }

/* Where a part of the results stands: the limit (0), or networks of the i-th width. */
typedef struct {
  char group[64], label[64];
} source;

static source source_of(const long *widths, size_t i) {
  source s = {"/", "limit N = ∞"};
  if (i) snprintf(s.group, sizeof s.group, "/width_%ld", widths[i - 1]);
  if (i) snprintf(s.label, sizeof s.label, "N = %ld", widths[i - 1]);
  return s;
}

/* Prints one attribute of a group after a label, when there is one. */
static void print_attribute(FILE *out, mdm_file *file, const char *label, const char *name) {
  char *text;
  if (mdm_file_dup_text(file, "/", name, &text, NULL) != MDM_OK) return;
  if (text[0]) fprintf(out, "%-11s%s\n", label, text);
  free(text);
}

/* ---- provenance ---- */

static void print_version(FILE *out, mdm_file *file) {
  char version[64] = "?", commit[64] = "unknown", sources[32] = "?";
  double dirty = 0;
  mdm_file_get_text(file, "/", "version", version, sizeof version, NULL);
  mdm_file_get_text(file, "/", "commit", commit, sizeof commit, NULL);
  mdm_file_get_text(file, "/", "sources", sources, sizeof sources, NULL);
  mdm_file_get_real(file, "/", "dirty", &dirty, NULL);
  fprintf(out, "%-11s%s, commit %.12s%s, sources %s\n", "version", version, commit, dirty != 0 ? " with uncommitted changes (dirty)" : "", sources);
}

/* How the limit came about, where not by particles, and why, where that was not given. */
static void print_method(FILE *out, mdm_file *file) {
  static const char *const names[] = {"method", "method_reason"};
  for (int i = 0; i < 2; i++) {
    char *text;
    if (mdm_file_dup_text(file, "/diagnostics", names[i], &text, NULL)) continue;
    fprintf(out, "%-11s%s\n", i ? "" : "limit", text);
    free(text);
  }
}

/* Reasons to doubt the limit, each a line. */
static void print_doubts(FILE *out, mdm_file *file) {
  char name[32], *text;
  for (size_t n = 1;; n++) {
    snprintf(name, sizeof name, "doubt_%zu", n);
    if (mdm_file_dup_text(file, "/diagnostics", name, &text, NULL)) return;
    fprintf(out, "%-11s%s\n", "doubt", text);
    free(text);
  }
}

static void print_head(FILE *out, mdm_file *file) {
  struct stat s;
  double size = stat(file->path, &s) == 0 ? (double)s.st_size : NAN;
  char command[64] = "unknown command";
  mdm_file_get_text(file, "/", "command", command, sizeof command, NULL);
  fprintf(out, "moedmft %s: %s (%.*f %s)\n", command, file->path, size < 1e6 ? 1 : 2,
          size < 1e6 ? size / 1e3 : size / 1e6, size < 1e6 ? "kB" : "MB");
  print_attribute(out, file, "status", "status");
  print_attribute(out, file, "created", "created");
  print_version(out, file);
  print_attribute(out, file, "arguments", "arguments");
  print_attribute(out, file, "compiler", "compiler");
  print_attribute(out, file, "BLAS", "blas");
  print_attribute(out, file, "HDF5", "hdf5");
  print_method(out, file);
  print_doubts(out, file);
  fprintf(out, "%-11s%s\n", "checksum", file->sealed ? "right" : "none: another program has changed the file");
}

/* ---- remarks: attributes beyond provenance, such as diverged_at_step ---- */

static int is_provenance(const char *name) {
  static const char *const known[] = {"format", "schema_version", "version", "commit", "dirty", "sources", "compiler", "blas",
                                      "hdf5",   "arguments",      "config",  "seed",   "command", "created", "status"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(name, known[i]) == 0) return 1;
  return strncmp(name, "config:", 7) == 0;
}

static herr_t print_remark(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  void **c = context;
  const char *group = c[2];
  char *text;
  (void)object, (void)info;
  if (is_provenance(name) || mdm_file_dup_text(c[1], group, name, &text, NULL) != MDM_OK) return 0;
  const char *label = c[3];
  fprintf(c[0], "%-11s%s%s%s = %s\n", "note", label, label[0] ? ": " : "", name, text);
  free(text);
  return 0;
}

static void print_remarks(FILE *out, mdm_file *file, const char *group, const char *label) {
  void *context[] = {out, file, (void *)group, (void *)label};
  hid_t g = H5Gopen2(file->id, group, H5P_DEFAULT);
  if (g < 0) return;
  H5Aiterate2(g, H5_INDEX_NAME, H5_ITER_INC, NULL, print_remark, context);
  H5Gclose(g);
}

/* ---- options ---- */

static int is_key_option(const char *key) {
  static const char *const keys[] = {"model.regime",          "model.parameterization",
                                     "model.active_fraction", "data.source",
                                     "train.optimizer",       "train.lr",
                                     "train.steps",           "seed"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(key, keys[i]) == 0) return 1;
  return 0;
}

/* Equal but for blanks, or equal as numbers: "[32,64]" and "[32, 64]", "1" and "1.0". */
static int same_value(const char *a, const char *b) {
  double x, y;
  if (mdm_decimal_read(a, &x) && mdm_decimal_read(b, &y)) return x == y;
  for (;; a++, b++) {
    while (*a == ' ') a++;
    while (*b == ' ') b++;
    if (*a != *b) return 0;
    if (!*a) return 1;
  }
}

static void print_options(FILE *out, mdm_file *file) {
  size_t n;
  const mdm_option *table = mdm_options(&n);
  heading(out, "Options (* differs from the default)");
  for (size_t i = 0; i < n; i++) {
    char name[128], *text;
    snprintf(name, sizeof name, "config:%s", table[i].key);
    if (mdm_file_dup_text(file, "/", name, &text, NULL) != MDM_OK) continue;
    int differs = !same_value(text, table[i].preset);
    if (differs || is_key_option(table[i].key))
      fprintf(out, "%c %-30s %s\n", differs ? '*' : ' ', table[i].key, text[0] ? text : "\"\"");
    free(text);
  }
}

/* ---- results ---- */

enum { VALUE_COLUMNS = 26 }; /* "0.123456789 ± 0.000000012" */

static const struct {
  const char *path, *step, *label;
  int larger_is_better;
} measures[] = {
    {"observables/train/loss", NULL, "train loss", 0},
    {"observables/test/loss", "observables/test/step", "test loss", 0},
    {"observables/train/accuracy", NULL, "train accuracy", 1},
    {"observables/test/accuracy", "observables/test/step", "test accuracy", 1},
};

static double error_at(const mdm_array *a, size_t i) { return a->error ? a->error[i] : NAN; }

/* Index of the first best finite value; the extent when there is none. */
static size_t best_index(const mdm_array *a, int larger) {
  size_t best = a->dim[0];
  for (size_t i = 0; i < a->dim[0]; i++)
    if (isfinite(a->value[i]) &&
        (best == a->dim[0] || (larger ? a->value[i] > a->value[best] : a->value[i] < a->value[best])))
      best = i;
  return best;
}

static void print_measure(FILE *out, const mdm_record *rec, size_t m, const char *label) {
  const mdm_array *a = mdm_record_find(rec, measures[m].path);
  const mdm_array *step = measures[m].step ? mdm_record_find(rec, measures[m].step) : NULL;
  if (!a || a->rank != 1 || a->dim[0] == 0) return;
  size_t last = a->dim[0] - 1, best = best_index(a, measures[m].larger_is_better);
  if (best > last) return;
  const size_t shown[] = {0, last, best};
  mdm_print_padded(out, label, 12);
  mdm_print_padded(out, measures[m].label, 16);
  for (int i = 0; i < 3; i++) {
    char text[80];
    mdm_with_error(a->value[shown[i]], error_at(a, shown[i]), text, sizeof text);
    mdm_print_padded(out, text, VALUE_COLUMNS);
  }
  int has_step = step && step->rank == 1 && step->dim[0] > best;
  fprintf(out, "(step %.0f)\n", has_step ? step->value[best] : (double)best);
}

static int print_source(FILE *out, mdm_file *file, const source *from, mdm_error *err) {
  enum { N = sizeof measures / sizeof *measures };
  const char *paths[N + 1] = {"observables/test/step"};
  for (size_t m = 0; m < N; m++) paths[m + 1] = measures[m].path;
  mdm_record *rec;
  int status = mdm_file_read_some(file, from->group, paths, N + 1, &rec, err);
  if (status != MDM_OK) return status;
  for (size_t m = 0; m < N; m++) print_measure(out, rec, m, from->label);
  mdm_record_free(rec);
  return MDM_OK;
}

/* The results of a sweep's file. */
static int print_sweep(FILE *out, mdm_file *file, mdm_error *err) {
  mdm_sweep *sweep;
  char *text = NULL;
  int status = mdm_sweep_from_file(file, &sweep, err);
  if (status == MDM_OK) status = mdm_sweep_report(sweep, &text, err);
  heading(out, "Sweep (± standard error)");
  if (status == MDM_OK) fputs(text, out);
  free(text);
  mdm_sweep_free(sweep);
  return status;
}

static int print_results(FILE *out, mdm_file *file, const long *widths, size_t n, mdm_error *err) {
  int status = MDM_OK;
  if (mdm_file_has_group(file, "/sweep")) return print_sweep(out, file, err);
  heading(out, "Results (± standard error of the mean)");
  fprintf(out, "%-28s%-*s%-*s%s\n", "", VALUE_COLUMNS, "initial", VALUE_COLUMNS, "final", "best");
  for (size_t i = 0; status == MDM_OK && i <= n; i++) {
    source from = source_of(widths, i);
    status = print_source(out, file, &from, err);
  }
  return status;
}

/* ---- bias ---- */

/* The bias that no standard error holds, where it was estimated. */
static int print_bias(FILE *out, mdm_file *file, mdm_error *err) {
  static const struct {
    const char *path, *label;
  } rows[] = {{"observables/train/loss", "train loss"}, {"observables/train/prediction", "train predictions"}, {"observables/test/loss", "test loss"}, {"observables/test/prediction", "test predictions"}};
  enum { ROWS = sizeof rows / sizeof *rows };
  char path[2 * ROWS][96];
  const char *paths[2 * ROWS];
  mdm_record *rec;
  int told = 0;
  for (size_t i = 0; i < 2 * ROWS; i++) {
    snprintf(path[i], sizeof path[i], "%s%s", i < ROWS ? "" : "diagnostics/bias/", rows[i % ROWS].path);
    paths[i] = path[i];
  }
  if (!mdm_file_has_group(file, "/diagnostics/bias")) return MDM_OK;
  int status = mdm_file_read_some(file, "/", paths, 2 * ROWS, &rec, err);
  if (status != MDM_OK) return status;
  for (size_t i = 0; i < ROWS; i++) {
    double bias, error, noise;
    if (!mdm_bias_of(rec, rows[i].path, &bias, &error, &noise)) continue;
    if (!told++) heading(out, "Bias of the limit (solve.bias_check), and standard error, RMS");
    mdm_print_padded(out, rows[i].label, 28);
    fprintf(out, "%.2g ± %.1g, standard error %.2g\n", bias, error, noise);
  }
  mdm_record_free(rec);
  return MDM_OK;
}

/* ---- order parameters ---- */

/* Arrays over steps or times of which the first and last values are shown. */
static const struct {
  const char *path, *label;
} traits[] = {
    {"observables/router/load_kl", "load, KL from uniform"},
    {"observables/experts/power_spread", "experts, spread of ⟨y²⟩"},
    {"statistics/alignment/h", "alignment of ⟨hh⟩"},
    {"statistics/alignment/a", "alignment of ⟨aa⟩"},
    {"statistics/ntk/alignment", "alignment of the NTK"},
};
enum { TRAITS = sizeof traits / sizeof *traits };

/* One group's values; *rows counts the lines, and the first is preceded by a heading. */
static int print_traits_of(FILE *out, mdm_file *file, const source *from, int *rows, mdm_error *err) {
  const char *paths[TRAITS];
  for (size_t i = 0; i < TRAITS; i++) paths[i] = traits[i].path;
  mdm_record *rec;
  int status = mdm_file_read_some(file, from->group, paths, TRAITS, &rec, err);
  for (size_t i = 0; status == MDM_OK && i < TRAITS; i++) {
    const mdm_array *a = mdm_record_find(rec, traits[i].path);
    char first[80], last[80];
    if (!a || a->rank != 1 || a->dim[0] == 0) continue;
    mdm_with_error(a->value[0], error_at(a, 0), first, sizeof first);
    mdm_with_error(a->value[a->dim[0] - 1], error_at(a, a->dim[0] - 1), last, sizeof last);
    if (!(*rows)++) heading(out, "Order parameters, initial and final (docs/output.md)");
    mdm_print_padded(out, from->label, 12);
    mdm_print_padded(out, traits[i].label, 26);
    mdm_print_padded(out, first, VALUE_COLUMNS);
    fprintf(out, "%s\n", last);
  }
  if (status == MDM_OK) mdm_record_free(rec);
  return status;
}

static int print_traits(FILE *out, mdm_file *file, const long *widths, size_t n, mdm_error *err) {
  int rows = 0, status = MDM_OK;
  for (size_t i = 0; status == MDM_OK && i <= n; i++) {
    source from = source_of(widths, i);
    status = print_traits_of(out, file, &from, &rows, err);
  }
  return status;
}

/* ---- self-consistency ---- */

/* First and last sweep: residual (noise) of predictions, kernels, actions. */
static int print_sweeps(FILE *out, mdm_file *file, mdm_error *err) {
  static const char *const paths[] = {"residual/f", "noise/f", "residual/kernels", "noise/kernels", "residual/actions", "noise/actions"};
  double sweeps, converged = 0, difference = NAN, error = NAN;
  if (mdm_file_get_real(file, "/sweeps", "sweeps", &sweeps, NULL) != MDM_OK) return MDM_OK;
  mdm_file_get_real(file, "/sweeps", "converged", &converged, NULL);
  mdm_file_get_real(file, "/sweeps", "difference", &difference, NULL);
  mdm_file_get_real(file, "/sweeps", "difference_stderr", &error, NULL);
  heading(out, "Self-consistency sweeps: residual (noise), relative");
  mdm_record *rec;
  int status = mdm_file_read_some(file, "/sweeps", paths, 6, &rec, err);
  for (int last = 0; last < 2 && status == MDM_OK; last++) {
    fprintf(out, "sweep %-6.0f", last ? sweeps : 1);
    for (int k = 0; k < 3; k++) {
      const mdm_array *r = mdm_record_find(rec, paths[2 * k]), *n = mdm_record_find(rec, paths[2 * k + 1]);
      if (!r || !n || r->rank != 1 || n->rank != 1 || !r->dim[0] || n->dim[0] != r->dim[0]) continue;
      size_t at = last ? r->dim[0] - 1 : 0;
      fprintf(out, "  %s %.2g (%.2g)", strchr(paths[2 * k], '/') + 1, r->value[at], n->value[at]);
    }
    fprintf(out, "\n");
  }
  if (status == MDM_OK) mdm_record_free(rec);
  fprintf(out, "%s; train predictions − causal pass: %.2g ± %.2g (RMS)\n", converged != 0 ? "converged: at the sampling noise" : "not converged",
          difference, error);
  return status;
}

/* ---- comparison ---- */

static void print_fit(FILE *out, mdm_file *file) {
  double p, error = NAN, bound = 0, predicted = NAN, lowest;
  char text[80];
  if (mdm_file_get_real(file, "/comparison/fit", "exponent", &p, NULL) != MDM_OK) return;
  mdm_file_get_real(file, "/comparison/fit", "exponent_stderr", &error, NULL);
  mdm_file_get_real(file, "/comparison/fit", "predicted", &predicted, NULL);
  mdm_file_get_real(file, "/comparison/fit", "exponent_bound", &bound, NULL);
  mdm_power_text("p", p, error, bound, text, sizeof text);
  fprintf(out, "fit: deviation ∝ N^-p, %s", text);
  int range = mdm_file_get_real(file, "/comparison/fit", "predicted_lowest", &lowest, NULL) == MDM_OK && lowest < predicted;
  if (isfinite(predicted)) fprintf(out, " (predicted: ");
  if (isfinite(predicted) && range) fprintf(out, "%g to ", lowest);
  if (isfinite(predicted)) fprintf(out, "%g)", predicted);
  fprintf(out, "\n");
}

static int print_comparison(FILE *out, mdm_file *file, mdm_error *err) {
  mdm_record *rec;
  if (!mdm_file_has_group(file, "/comparison")) return MDM_OK;
  int status = mdm_file_read_record(file, "/comparison", 0, &rec, err);
  if (status != MDM_OK) return status;
  const mdm_array *width = mdm_record_find(rec, "width"), *deviation = mdm_record_find(rec, "deviation");
  if (width && deviation && width->rank == 1 && deviation->rank == 1 && width->dim[0] == deviation->dim[0]) {
    heading(out, "Comparison: RMS deviation of the networks' mean prediction from the limit");
    for (size_t i = 0; i < width->dim[0]; i++) {
      char text[80];
      mdm_with_error(deviation->value[i], error_at(deviation, i), text, sizeof text);
      fprintf(out, "N = %-8.0f%s\n", width->value[i], text);
    }
    print_fit(out, file);
    status = mdm_info_comparison(out, rec, err);
  }
  mdm_record_free(rec);
  return status;
}

/* Final train loss at every depth, and at L = infinity. */
static void print_depth_series(FILE *out, const mdm_record *rec, const char *label) {
  static const char *const names[3] = {"depth", "loss", "extrapolated/loss"};
  const mdm_array *a[3]; /* n; n × steps; steps */
  char text[80];
  for (int i = 0; i < 3; i++) {
    a[i] = mdm_record_find(rec, names[i]);
    if (!a[i] || a[i]->rank != (i == 1 ? 2 : 1) || !a[i]->dim[0]) return;
  }
  size_t n = a[0]->dim[0], steps = a[2]->dim[0];
  if (a[1]->dim[0] != n || a[1]->dim[1] != steps) return;
  mdm_print_padded(out, label, 12);
  for (size_t i = 0; i <= n; i++) {
    const mdm_array *of = i < n ? a[1] : a[2];
    size_t at = (i < n ? i : 0) * steps + steps - 1;
    mdm_with_error(of->value[at], of->error ? of->error[at] : NAN, text, sizeof text);
    if (i < n) fprintf(out, "%sL = %g: %s", i ? ", " : "", a[0]->value[i], text);
    else fprintf(out, "; L = ∞: %s\n", text);
  }
}

static int print_depths(FILE *out, mdm_file *file, const long *widths, size_t n, mdm_error *err) {
  mdm_record *rec;
  if (!mdm_file_has_group(file, "/depths")) return MDM_OK;
  heading(out, "Depths: final train loss, extrapolated in 1/L");
  int status = MDM_OK;
  for (size_t i = 0; i <= n && status == MDM_OK; i++) { /* the limit first */
    char group[64] = "/depths/limit", label[32] = "limit N = ∞";
    if (i) snprintf(group, sizeof group, "/depths/width_%ld", widths[i - 1]), snprintf(label, sizeof label, "N = %ld", widths[i - 1]);
    if (!mdm_file_has_group(file, group)) continue;
    status = mdm_file_read_record(file, group, 0, &rec, err);
    if (status != MDM_OK) continue;
    print_depth_series(out, rec, label);
    mdm_record_free(rec);
  }
  return status;
}

/* Parts of products against the depth, where they were stored. */
static int print_depth_parts(FILE *out, mdm_file *file, mdm_error *err) {
  mdm_record *rec;
  char *text = NULL;
  if (!mdm_file_has_group(file, "/depths")) return MDM_OK;
  int status = mdm_file_read_depths(file, &rec, err);
  if (status != MDM_OK) return status;
  status = mdm_depth_parts_format(rec, &text, err);
  mdm_record_free(rec);
  if (status != MDM_OK) return status;
  if (*text) heading(out, "Coordinate check along the depth");
  fputs(text, out);
  free(text);
  return MDM_OK;
}

static int print_coordcheck(FILE *out, mdm_file *file, mdm_error *err) {
  mdm_record *rec;
  char *text = NULL;
  if (!mdm_file_has_group(file, "/coordcheck")) return MDM_OK;
  int status = mdm_file_read_record(file, "/coordcheck", 0, &rec, err);
  if (status != MDM_OK) return status;
  status = mdm_coordcheck_format(rec, &text, err);
  mdm_record_free(rec);
  if (status != MDM_OK) return status;
  heading(out, "Coordinate check");
  fputs(text, out);
  free(text);
  return MDM_OK;
}

/* ---- tree of datasets ---- */

static void shape_text(hid_t set, char *buf, size_t size) {
  hsize_t dim[H5S_MAX_RANK];
  hid_t space = H5Dget_space(set);
  int rank = H5Sget_simple_extent_dims(space, dim, NULL);
  size_t used = 0;
  snprintf(buf, size, "scalar");
  for (int i = 0; i < rank && used < size; i++)
    used += (size_t)snprintf(buf + used, size - used, "%s%llu", i ? "×" : "", (unsigned long long)dim[i]);
  H5Sclose(space);
}

static void print_dataset(FILE *out, hid_t set, const char *name, int depth, int has_error) {
  char shape[128], left[320];
  char *dims = mdm_dataset_text(set, "dims"), *text = mdm_dataset_text(set, "description");
  shape_text(set, shape, sizeof shape);
  snprintf(left, sizeof left, "%*s%s%s", 2 * depth, "", name, has_error ? " (± stderr)" : "");
  mdm_print_padded(out, left, 30);
  fprintf(out, " ");
  mdm_print_padded(out, shape, 14);
  fprintf(out, " [%s] %s\n", dims ? dims : "", text ? text : "");
  free(dims);
  free(text);
}

typedef struct branch {
  FILE *out;
  int depth;
  hid_t group;                /* what is printed */
  const struct branch *above; /* NULL: the tree begins here */
} branch;

static int contains_itself(const branch *b, hid_t group) {
  for (; b; b = b->above)
    if (mdm_same_object(b->group, group)) return 1;
  return 0;
}

/* NAME_stderr does not get a line: "(± stderr)" stands at NAME. */
static herr_t print_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  branch *b = context;
  char twin[320];
  (void)info;
  if (strlen(name) > 240 || (b->depth == 0 && strncmp(name, "width_", 6) == 0)) return 0;
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  if (object < 0) return 0;
  snprintf(twin, sizeof twin, "%s" MDM_TWIN, name);
  if (H5Iget_type(object) == H5I_DATASET && !mdm_is_twin(group, name))
    print_dataset(b->out, object, name, b->depth, H5Lexists(group, twin, H5P_DEFAULT) > 0);
  if (H5Iget_type(object) == H5I_GROUP) {
    branch below = {b->out, b->depth + 1, object, b};
    int runs = !strcmp(name, MDM_RUNS) && b->depth < 2, again = contains_itself(b, object);
    const char *remark = runs ? "   the same arrays of every single run: a first dimension over runs" : again ? "   contains itself" : "";
    fprintf(b->out, "%*s%s/%s\n", 2 * b->depth, "", name, remark);
    if (!runs && !again) H5Literate(object, H5_INDEX_NAME, H5_ITER_INC, NULL, print_link, &below);
  }
  H5Oclose(object);
  return 0;
}

static char *subtree(const mdm_file *file, const char *group, int depth) {
  char *text;
  mdm_text t;
  if (mdm_text_open(&t, "the tree", NULL)) return NULL;
  hid_t g = H5Gopen2(file->id, group, H5P_DEFAULT);
  branch top = {t.stream, depth, g, NULL};
  if (g >= 0) {
    H5Literate(g, H5_INDEX_NAME, H5_ITER_INC, NULL, print_link, &top);
    H5Gclose(g);
  }
  mdm_text_close(&t, &text, NULL);
  return text;
}

/* Widths usually hold the same datasets: those that repeat the one before get a line instead of a tree. */
static void print_tree(FILE *out, mdm_file *file, const long *widths, size_t n) {
  heading(out, "Datasets");
  char *tree = subtree(file, "/", 0), *previous = NULL;
  fprintf(out, "%s", tree ? tree : "");
  free(tree);
  for (size_t i = 0; i < n; i++) {
    source from = source_of(widths, i + 1);
    tree = subtree(file, from.group, 1);
    int same = tree && previous && strcmp(tree, previous) == 0;
    fprintf(out, "%s/%s%s", from.group + 1, same ? "   as above\n" : "\n", same || !tree ? "" : tree);
    free(previous);
    previous = tree;
  }
  free(previous);
}

/* ---- all of it ---- */

static int print_all(FILE *out, mdm_file *file, int datasets, mdm_error *err) {
  long *widths;
  size_t n;
  int status = mdm_file_widths(file, &widths, &n, err);
  if (status != MDM_OK) return status;
  print_head(out, file);
  print_remarks(out, file, "/", "");
  for (size_t i = 0; i < n; i++) {
    source from = source_of(widths, i + 1);
    print_remarks(out, file, from.group, from.group + 1);
  }
  print_options(out, file);
  status = print_results(out, file, widths, n, err);
  if (status == MDM_OK) status = print_bias(out, file, err);
  if (status == MDM_OK) status = print_traits(out, file, widths, n, err);
  if (status == MDM_OK) status = print_sweeps(out, file, err);
  if (status == MDM_OK) status = print_comparison(out, file, err);
  if (status == MDM_OK) status = print_depths(out, file, widths, n, err);
  if (status == MDM_OK) status = print_coordcheck(out, file, err);
  if (status == MDM_OK) status = print_depth_parts(out, file, err);
  if (status == MDM_OK && datasets) print_tree(out, file, widths, n);
  if (status == MDM_OK && !datasets) fprintf(out, "\nDatasets, with their shapes and meanings: moedmft info --datasets\n");
  free(widths);
  return status;
}

/* The file is open. */
static int info_of(mdm_file *file, int datasets, char **out, mdm_error *err) {
  mdm_text t;
  int status = mdm_text_open(&t, "the summary of a file", err), closed;
  if (status != MDM_OK) return status;
  H5E_BEGIN_TRY { status = print_all(t.stream, file, datasets, err); }
  H5E_END_TRY
  closed = mdm_text_close(&t, out, status == MDM_OK ? err : NULL);
  if (status == MDM_OK) return closed;
  free(*out);
  *out = NULL;
  return status;
}

int mdm_file_info(const char *path, int datasets, char **out, mdm_error *err) {
  mdm_file *file;
  *out = NULL;
  int status = mdm_file_open(path, &file, err);
  if (status != MDM_OK) return status;
  status = info_of(file, datasets, out, err);
  mdm_file_discard(file);
  return status;
}
