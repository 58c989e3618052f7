/* Records, HDF5 files and pictures: arithmetic against numbers worked out by hand, round trips, and failures. */
#include <CUnit/CUnit.h>
#include <dirent.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <moedmft/file.h>
#include <moedmft/plot.h>
#include <moedmft/report.h>

#include "suites.h"

static char folder[256];
static const char *in_folder(const char *name) {
  static char path[2][512];
  static int turn;
  turn = !turn;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static int make_folder(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/moedmft-record-XXXXXX", base && *base ? base : "/tmp");
  return mkdtemp(folder) == NULL;
}

static int entries(void) {
  int n = 0;
  DIR *d = opendir(folder);
  if (!d) return -1;
  for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
  closedir(d);
  return n;
}

/* Empties the folder; every test that writes starts with it. */
static void clear(void) {
  DIR *d = opendir(folder);
  if (!d) return;
  for (struct dirent *e; (e = readdir(d));)
    if (e->d_name[0] != '.') unlink(in_folder(e->d_name));
  closedir(d);
}

static int remove_folder(void) {
  clear();
  return rmdir(folder);
}

static void spit(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fputs(text, f);
  fclose(f);
}

static int holds(const char *path, const char *bytes, size_t n) {
  char buf[64] = "";
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  size_t got = fread(buf, 1, n, f);
  fclose(f);
  return got == n && memcmp(buf, bytes, n) == 0;
}

/* ---- records ---- */

/* observables/train/loss (3) and observables/train/prediction (3, 2), filled with base, base + step, … */
static mdm_record *sample(double base, double step) {
  mdm_record *rec = NULL;
  double *loss, *f;
  size_t dim[2] = {3, 2};
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/loss", 1, dim, "step", "train loss", &loss, NULL),
                        MDM_OK);
  CU_ASSERT_EQUAL_FATAL(
      mdm_record_add(rec, "observables/train/prediction", 2, dim, "step, sample", "f(x, t)", &f, NULL), MDM_OK);
  for (int i = 0; i < 3; i++) loss[i] = base + step * i;
  for (int i = 0; i < 6; i++) f[i] = 10 * base + step * i;
  return rec;
}

static void test_add(void) {
  mdm_error err;
  double *v = NULL;
  size_t dim[6] = {2, 2, 2, 2, 2, 2}, huge[2] = {(size_t)-1, 3}, none[2] = {0, 4};
  mdm_record *rec = sample(1, 1);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "observables/train/loss", 1, dim, "step", "", &v, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "observables/train/loss"));
  CU_ASSERT_EQUAL(mdm_record_add(rec, "a", 2, dim, "step", "", &v, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "a", 6, dim, "a, b, c, d, e, f", "", &v, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "a", 2, huge, "a, b", "", &v, &err), MDM_ERR_MEMORY);
  CU_ASSERT_EQUAL(mdm_record_count(rec), 2);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "empty", 2, none, "a, b", "", &v, &err), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_add(rec, "scalar", 0, NULL, "", "", &v, &err), MDM_OK);
  CU_ASSERT_EQUAL(*v, 0);
  CU_ASSERT_PTR_NULL(mdm_record_find(rec, "missing"));
  CU_ASSERT_PTR_NULL(mdm_record_at(rec, 4));
  CU_ASSERT_STRING_EQUAL(mdm_record_at(rec, 3)->path, "scalar");
  mdm_record_free(rec);
  mdm_record_free(NULL);
}

/* Values 1, 2, 6: mean 3, deviations −2, −1, 3, so the error of the mean is sqrt(14 / (3·2)). */
static void test_reduce(void) {
  mdm_record *runs[3] = {sample(1, 0), sample(2, 1), sample(6, 2)}, *mean = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)runs, 3, &mean, NULL), MDM_OK);
  for (int r = 0; r < 3; r++) mdm_record_free(runs[r]); /* the mean must not lean on them */
  const mdm_array *loss = mdm_record_find(mean, "observables/train/loss");
  CU_ASSERT_PTR_NOT_NULL_FATAL(loss);
  CU_ASSERT_PTR_NOT_NULL_FATAL(loss->error);
  CU_ASSERT_DOUBLE_EQUAL(loss->value[0], 3, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(loss->error[0], sqrt(14.0 / 6), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(loss->value[2], (1 + 4 + 10) / 3.0, 1e-15); /* deviations −4, −1, 5 */
  CU_ASSERT_DOUBLE_EQUAL(loss->error[2], sqrt(42.0 / 6), 1e-15);
  CU_ASSERT_STRING_EQUAL(loss->text, "train loss");
  CU_ASSERT_STRING_EQUAL(loss->dims, "step");
  const mdm_array *f = mdm_record_find(mean, "observables/train/prediction");
  CU_ASSERT_EQUAL(f->rank, 2);
  CU_ASSERT_DOUBLE_EQUAL(f->value[5], (10 + 25 + 70) / 3.0, 1e-13);
  mdm_record_free(mean);
}

static void test_reduce_one(void) {
  mdm_record *run = sample(1, 2), *mean = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)&run, 1, &mean, NULL), MDM_OK);
  const mdm_array *loss = mdm_record_find(mean, "observables/train/loss");
  CU_ASSERT_EQUAL(loss->value[2], 5);
  CU_ASSERT_PTR_NULL(loss->error);
  mdm_record_free(mean);
  mdm_record_free(run);
}

static void test_mismatch(void) {
  mdm_error err;
  mdm_record *runs[2] = {sample(1, 0), sample(2, 0)}, *out = NULL;
  const mdm_record *const *both = (const mdm_record *const *)runs;
  double *v;
  size_t dim = 2;
  mdm_record_truncate(runs[1], 2, NULL);
  CU_ASSERT_EQUAL(mdm_record_reduce(both, 2, &out, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "observables/train/loss"));
  CU_ASSERT_PTR_NULL(out);
  CU_ASSERT_EQUAL(mdm_record_stack(both, 2, &out, &err), MDM_ERR_DATA);
  mdm_record_truncate(runs[0], 2, NULL);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(runs[0], "only/here", 1, &dim, "step", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_reduce(both, 2, &out, &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(runs[1], "only/there", 1, &dim, "step", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_reduce(both, 2, &out, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "only/here"));
  CU_ASSERT_NOT_EQUAL(mdm_record_reduce(both, 0, &out, &err), MDM_OK);
  mdm_record_free(runs[0]);
  mdm_record_free(runs[1]);
}

static void test_truncate(void) {
  mdm_record *rec = sample(1, 1);
  double *v;
  size_t dim[2] = {5, 3};
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "sample_first", 2, dim, "sample, step", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "stepping", 1, dim, "steps", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_truncate(rec, 7, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_find(rec, "observables/train/loss")->dim[0], 3);
  CU_ASSERT_EQUAL(mdm_record_truncate(rec, 2, NULL), MDM_OK);
  const mdm_array *f = mdm_record_find(rec, "observables/train/prediction");
  CU_ASSERT_EQUAL(f->dim[0], 2);
  CU_ASSERT_EQUAL(f->dim[1], 2);
  CU_ASSERT_EQUAL(f->value[3], 13);
  CU_ASSERT_EQUAL(mdm_record_find(rec, "sample_first")->dim[0], 5);
  CU_ASSERT_EQUAL(mdm_record_find(rec, "stepping")->dim[0], 5);
  mdm_record_free(rec);
}

static void test_stack(void) {
  mdm_error err;
  mdm_record *runs[2] = {sample(1, 1), sample(2, 1)}, *all = NULL;
  const mdm_record *const *both = (const mdm_record *const *)runs;
  double *v;
  size_t dim[5] = {1, 1, 1, 1, 1};
  CU_ASSERT_EQUAL_FATAL(mdm_record_stack(both, 2, &all, NULL), MDM_OK);
  const mdm_array *f = mdm_record_find(all, "observables/train/prediction");
  CU_ASSERT_EQUAL(f->rank, 3);
  CU_ASSERT_EQUAL(f->dim[0], 2);
  CU_ASSERT_EQUAL(f->dim[1], 3);
  CU_ASSERT_STRING_EQUAL(f->dims, "seed, step, sample");
  CU_ASSERT_EQUAL(f->value[5], 15);
  CU_ASSERT_EQUAL(f->value[6], 20);
  CU_ASSERT_PTR_NULL(f->error);
  mdm_record_free(all);
  for (int r = 0; r < 2; r++)
    CU_ASSERT_EQUAL(mdm_record_add(runs[r], "full", 5, dim, "a, b, c, d, e", "", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_stack(both, 2, &all, &err), MDM_ERR_INTERNAL);
  CU_ASSERT_PTR_NULL(all);
  mdm_record_free(runs[0]);
  mdm_record_free(runs[1]);
}

/* ---- files ---- */

static mdm_file *create(const char *name) {
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_create(in_folder(name), &file, &err), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  return file;
}

static mdm_file *reopen(const char *name) {
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_open(in_folder(name), &file, &err), MDM_OK);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  return file;
}

static void put(mdm_file *file, const char *group, mdm_record *rec) {
  CU_ASSERT_EQUAL(mdm_file_record(file, group, rec, NULL), MDM_OK);
  mdm_record_free(rec);
}

static mdm_record *averaged(double base) {
  mdm_record *runs[2] = {sample(base, -0.1), sample(1.2 * base, -0.1)}, *mean = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)runs, 2, &mean, NULL), MDM_OK);
  mdm_record_free(runs[0]);
  mdm_record_free(runs[1]);
  return mean;
}

static void check_same(const mdm_record *a, const mdm_record *b) {
  CU_ASSERT_EQUAL_FATAL(mdm_record_count(a), mdm_record_count(b));
  for (size_t i = 0; i < mdm_record_count(a); i++) {
    const mdm_array *x = mdm_record_at(a, i), *y = mdm_record_find(b, x->path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    CU_ASSERT_EQUAL_FATAL(x->rank, y->rank);
    CU_ASSERT_STRING_EQUAL(x->dims, y->dims);
    CU_ASSERT_STRING_EQUAL(x->text, y->text);
    CU_ASSERT_EQUAL_FATAL(x->error == NULL, y->error == NULL);
    size_t n = sizeof(double);
    for (int d = 0; d < x->rank; d++) CU_ASSERT_EQUAL_FATAL(x->dim[d], y->dim[d]);
    for (int d = 0; d < x->rank; d++) n *= x->dim[d];
    CU_ASSERT_EQUAL(memcmp(x->value, y->value, n), 0); /* bit for bit, NaN included */
    if (x->error) CU_ASSERT_EQUAL(memcmp(x->error, y->error, n), 0);
  }
}

/* Errors, NaN, a scalar, an empty array and a compressed one survive. */
static void test_round_trip(void) {
  clear();
  mdm_record *rec = averaged(1), *back = NULL;
  double *v;
  size_t dim[2] = {300, 100}, none = 0;
  mdm_record_add(rec, "kernels/h/forward", 2, dim, "time, time", "kernel", &v, NULL);
  for (int i = 0; i < 30000; i++) v[i] = i % 7 ? i / 3 : NAN;
  mdm_record_add(rec, "diagnostics/scalar", 0, NULL, "", "one number", &v, NULL);
  *v = 0.1;
  mdm_record_add(rec, "observables/test/step", 1, &none, "step", "no steps", &v, NULL);
  mdm_file *file = create("a.h5");
  CU_ASSERT_EQUAL(mdm_file_record(file, "/", rec, NULL), MDM_OK);
  put(file, "/width_8", sample(3, 1));
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  CU_ASSERT_EQUAL(entries(), 1);
  struct stat s;
  CU_ASSERT_EQUAL(stat(in_folder("a.h5"), &s), 0);
  CU_ASSERT(s.st_size < 30000 * (long)sizeof(double) / 2);
  file = reopen("a.h5");
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(file, "/", 0, &back, NULL), MDM_OK);
  check_same(rec, back);
  mdm_record_free(back);
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(file, "", 100, &back, NULL), MDM_OK);
  CU_ASSERT_PTR_NULL(mdm_record_find(back, "kernels/h/forward"));
  CU_ASSERT_PTR_NOT_NULL(mdm_record_find(back, "observables/train/loss"));
  mdm_record_free(back);
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(file, "/width_8", 0, &back, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_record_find(back, "observables/train/loss")->value[2], 5);
  CU_ASSERT_PTR_NULL(mdm_record_find(back, "observables/train/loss")->error);
  mdm_record_free(back);
  mdm_record_free(rec);
  mdm_file_discard(file);
}

static void test_attributes(void) {
  clear();
  mdm_error err;
  char text[32], tiny[3];
  double x = 0;
  mdm_file *file = create("a.h5");
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/", "word", "first", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "", "word", "größer", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/", "nothing", "", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_real(file, "/comparison/fit", "exponent", 0.1, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_int(file, "/width_32", "diverged_at_step", 17, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  file = reopen("a.h5");
  CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", "word", text, sizeof text, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(text, "größer");
  CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", "word", tiny, sizeof tiny, &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", "nothing", text, sizeof text, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(text, "");
  CU_ASSERT_EQUAL(mdm_file_get_real(file, "/comparison/fit", "exponent", &x, NULL), MDM_OK);
  CU_ASSERT_EQUAL(x, 0.1);
  CU_ASSERT_EQUAL(mdm_file_get_text(file, "/comparison/fit", "exponent", text, sizeof text, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(text, "0.1");
  CU_ASSERT_EQUAL(mdm_file_get_real(file, "/width_32", "diverged_at_step", &x, NULL), MDM_OK);
  CU_ASSERT_EQUAL(x, 17);
  CU_ASSERT_EQUAL(mdm_file_get_real(file, "/", "word", &x, &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL(mdm_file_get_real(file, "/nowhere", "x", &x, &err), MDM_ERR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nowhere"));
  CU_ASSERT(mdm_file_has_group(file, "/comparison"));
  CU_ASSERT(!mdm_file_has_group(file, "/observables/train"));
  mdm_file_discard(file);
}

static void test_provenance(void) {
  clear();
  mdm_config *cfg = NULL;
  char text[8192];
  double x = 0;
  size_t n;
  const mdm_option *table = mdm_options(&n);
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_set(cfg, "train.lr=0.25", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_set(cfg, "seed=42", NULL), MDM_OK);
  mdm_file *file = create("a.h5");
  CU_ASSERT_EQUAL(mdm_file_provenance(file, cfg, "solve", "solve a.yaml", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  file = reopen("a.h5");
  static const char *const names[] = {"schema_version", "version", "commit", "dirty",   "compiler", "blas",
                                      "hdf5",           "config",  "seed",   "command", "created",  "arguments"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", names[i], text, sizeof text, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(text, "solve a.yaml");
  for (size_t i = 0; i < n; i++) {
    char name[128];
    snprintf(name, sizeof name, "config:%s", table[i].key);
    CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", name, text, sizeof text, NULL), MDM_OK);
  }
  CU_ASSERT_EQUAL(mdm_file_get_real(file, "/", "config:train.lr", &x, NULL), MDM_OK);
  CU_ASSERT_EQUAL(x, 0.25);
  CU_ASSERT_EQUAL(mdm_file_get_real(file, "/", "seed", &x, NULL), MDM_OK);
  CU_ASSERT_EQUAL(x, 42);
  mdm_file_discard(file);
  mdm_config_free(cfg);
}

static void test_discard(void) {
  clear();
  spit(in_folder("a.h5"), "earlier");
  mdm_file *file = create("a.h5"), *second = create("a.h5");
  CU_ASSERT_EQUAL(entries(), 3);
  put(file, "/", sample(1, 1));
  mdm_file_discard(file);
  CU_ASSERT(holds(in_folder("a.h5"), "earlier", 7));
  CU_ASSERT_EQUAL(mdm_file_commit(second, NULL), MDM_OK);
  CU_ASSERT(holds(in_folder("a.h5"), "\x89HDF", 4));
  CU_ASSERT_EQUAL(entries(), 1);
  mdm_file_discard(NULL);
}

static void test_create_fails(void) {
  clear();
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_create(in_folder("no/such/a.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NULL(file);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no/such/a.h5"));
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file or directory"));
  CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
  CU_ASSERT_EQUAL(mdm_file_create(folder, &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not a regular file"));
  CU_ASSERT_EQUAL(mdm_file_create("", &file, &err), MDM_ERR_IO);
  CU_ASSERT_EQUAL(entries(), 0);
}

/* A limit on the size of files stands in for a full disk. */
static void test_disk_full(void) {
  clear();
  mdm_error err = {.code = MDM_OK};
  struct rlimit before, small;
  spit(in_folder("a.h5"), "earlier");
  mdm_file *file = create("a.h5");
  put(file, "/", sample(1, 1));
  CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 100;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  int status = mdm_file_commit(file, &err);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  CU_ASSERT_EQUAL(status, MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a.h5: File too large"));
  CU_ASSERT(holds(in_folder("a.h5"), "earlier", 7));
  CU_ASSERT_EQUAL(entries(), 1);
}

static void test_duplicate_dataset(void) {
  clear();
  mdm_error err;
  double v = 1;
  mdm_file *file = create("a.h5");
  CU_ASSERT_EQUAL(mdm_file_array(file, "weights/x", 0, NULL, "", "a number", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_array(file, "weights/x", 0, NULL, "", "a number", &v, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "weights/x"));
  mdm_file_discard(file);
  CU_ASSERT_EQUAL(entries(), 0);
}

static void test_open_fails(void) {
  clear();
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("missing.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file"));
  spit(in_folder("text.h5"), "not HDF5 at all");
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("text.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is not an HDF5 file"));
  hid_t foreign = H5Fcreate(in_folder("foreign.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Fclose(foreign) >= 0);
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("foreign.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not one that moedmft wrote"));
  file = create("newer.h5");
  CU_ASSERT_EQUAL(mdm_file_attr_int(file, "/", "schema_version", 999, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("newer.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "999"));
  CU_ASSERT_PTR_NULL(file);
}

static void test_widths(void) {
  clear();
  long *widths = NULL;
  size_t n = 7;
  static const char *const groups[] = {"/width_128", "/width_32", "/width_1024", "/width_x", "/widths"};
  mdm_file *file = create("a.h5");
  CU_ASSERT_EQUAL(mdm_file_widths(file, &widths, &n, NULL), MDM_OK);
  CU_ASSERT_EQUAL(n, 0);
  CU_ASSERT_PTR_NULL(widths);
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) mdm_file_attr_int(file, groups[i], "seeds", 3, NULL);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  file = reopen("a.h5");
  CU_ASSERT_EQUAL(mdm_file_widths(file, &widths, &n, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(n, 3);
  CU_ASSERT_EQUAL(widths[0], 32);
  CU_ASSERT_EQUAL(widths[1], 128);
  CU_ASSERT_EQUAL(widths[2], 1024);
  free(widths);
  mdm_file_discard(file);
}

/* ---- info and pictures ---- */

static void add_comparison(mdm_file *file) {
  mdm_record *rec = NULL;
  double *width, *deviation;
  size_t n = 2;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  mdm_record_add(rec, "width", 1, &n, "width", "stream widths N", &width, NULL);
  mdm_record_add(rec, "deviation", 1, &n, "width", "RMS deviation", &deviation, NULL);
  width[0] = 32, width[1] = 64, deviation[0] = 0.2, deviation[1] = 0.1;
  put(file, "/comparison", rec);
  mdm_file_attr_real(file, "/comparison/fit", "exponent", 1.0, NULL);
}

/* A comparison: the limit when with_limit, and two widths, the first with losses that are not all finite. */
static void write_comparison(const char *name, int with_limit, int with_widths) {
  mdm_config *cfg = NULL;
  CU_ASSERT_EQUAL_FATAL(mdm_config_create(&cfg, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_config_set(cfg, "model.active_fraction=0.25", NULL), MDM_OK);
  mdm_file *file = create(name);
  CU_ASSERT_EQUAL(mdm_file_provenance(file, cfg, "compare", "compare a.yaml", NULL), MDM_OK);
  if (with_limit) put(file, "/", averaged(0.5));
  if (with_widths) {
    mdm_record *broken = sample(0.7, -0.1);
    mdm_record_find(broken, "observables/train/loss")->value[1] = NAN;
    put(file, "/width_32", broken);
    put(file, "/width_64", averaged(0.6));
    CU_ASSERT_EQUAL(mdm_file_attr_int(file, "/width_32", "diverged_at_step", 2, NULL), MDM_OK);
    add_comparison(file);
  }
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  mdm_config_free(cfg);
}

static void test_info(void) {
  clear();
  mdm_error err;
  char *text = NULL;
  write_comparison("a.h5", 1, 1);
  CU_ASSERT_EQUAL_FATAL(mdm_file_info(in_folder("a.h5"), &text, &err), MDM_OK);
  static const char *const parts[] = {"moedmft compare",
                                      "* model.active_fraction",
                                      "width_32: diverged_at_step = 2",
                                      "limit N = ∞",
                                      "0.550 ± 0.050",
                                      "prediction (± stderr)",
                                      "3×2",
                                      "[step, sample] f(x, t)",
                                      "p = 1"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    CU_ASSERT_PTR_NOT_NULL(strstr(text, parts[i]));
    if (!strstr(text, parts[i])) printf("\n  missing in the summary: %s\n", parts[i]);
  }
  CU_ASSERT_PTR_NULL(strstr(text, "model.gate_temperature")); /* at its default */
  free(text);
  CU_ASSERT_EQUAL(mdm_file_info(in_folder("missing.h5"), &text, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NULL(text);
}

static void check_picture(const char *file, const char *picture, const char *magic) {
  mdm_error err = {.code = MDM_OK};
  CU_ASSERT_EQUAL(mdm_plot(in_folder(file), in_folder(picture), &err), MDM_OK);
  if (err.code != MDM_OK) printf("\n  %s\n", err.text);
  CU_ASSERT(holds(in_folder(picture), magic, strlen(magic)));
}

static void test_plot(void) {
  clear();
  mdm_error err;
  write_comparison("both.h5", 1, 1);
  write_comparison("limit.h5", 1, 0);
  write_comparison("widths.h5", 0, 1);
  write_comparison("none.h5", 0, 0);
  check_picture("both.h5", "it's.png", "\x89PNG\r\n");
  check_picture("both.h5", "a.SVG", "<?xml");
  check_picture("both.h5", "a.pdf", "%PDF-");
  check_picture("limit.h5", "b.png", "\x89PNG\r\n");
  check_picture("widths.h5", "c.png", "\x89PNG\r\n");
  CU_ASSERT_EQUAL(entries(), 4 + 5);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("none.h5"), in_folder("d.png"), &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("d.jpg"), &err), MDM_ERR_USAGE);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ".svg"));
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("png"), &err), MDM_ERR_USAGE);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("no/d.png"), &err), MDM_ERR_IO);
  CU_ASSERT_EQUAL(entries(), 4 + 5);
}

/* PATH leads to a folder without gnuplot, then to one whose gnuplot complains and reads nothing. */
static void test_plot_fails(void) {
  clear();
  mdm_error err;
  char *path = strdup(getenv("PATH"));
  write_comparison("both.h5", 1, 1);
  spit(in_folder("a.png"), "earlier");
  setenv("PATH", folder, 1);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("a.png"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gnuplot-nox"));
  spit(in_folder("gnuplot"), "#!/bin/sh\necho 'no such terminal' >&2\nexit 3\n");
  chmod(in_folder("gnuplot"), 0700);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("a.png"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gnuplot says: no such terminal"));
  setenv("PATH", path, 1);
  free(path);
  CU_ASSERT(holds(in_folder("a.png"), "earlier", 7));
  CU_ASSERT_EQUAL(entries(), 3);
}

int suite_record(void) {
  CU_pSuite suite = CU_add_suite("record", make_folder, remove_folder);
  if (!suite) return (int)CU_get_error();
  static const struct {
    const char *name;
    void (*run)(void);
  } tests[] = {{"arrays are added and found, bad ones refused", test_add},
               {"mean and standard error against hand numbers", test_reduce},
               {"one run has no standard error", test_reduce_one},
               {"runs that differ are refused", test_mismatch},
               {"truncation along step", test_truncate},
               {"runs side by side", test_stack},
               {"file round trip with errors, NaN and compression", test_round_trip},
               {"attributes", test_attributes},
               {"provenance holds every option", test_provenance},
               {"discard leaves an earlier file untouched", test_discard},
               {"create names a missing folder", test_create_fails},
               {"a failing write leaves nothing behind", test_disk_full},
               {"a dataset is written once", test_duplicate_dataset},
               {"foreign and newer files are refused", test_open_fails},
               {"widths ascend", test_widths},
               {"summary", test_info},
               {"pictures in every format", test_plot},
               {"no gnuplot, or one that fails", test_plot_fails}};
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    if (!CU_add_test(suite, tests[i].name, tests[i].run)) return (int)CU_get_error();
  return CUE_SUCCESS;
}
