/* HDF5 files: round trips, attributes, and failures that leave an earlier file as it was. */
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <moedmft/file.h>
#include <moedmft/version.h>

#include "file/internal.h"
#include "file/match.h"
#include "support/arrays.h"
#include "support/folder.h"
#include "support/records.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/words.h"

/* What was written comes back, with names of dimensions and texts. */
static void check_copy(const mdm_record *a, const mdm_record *b) {
  CU_ASSERT_EQUAL_FATAL(mdm_record_count(a), mdm_record_count(b));
  for (size_t i = 0; i < mdm_record_count(a); i++) {
    const mdm_array *x = mdm_record_at(a, i), *y = mdm_record_find(b, x->path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    CU_ASSERT_EQUAL_FATAL(x->rank, y->rank);
    CU_ASSERT_STRING_EQUAL(x->dims, y->dims);
    CU_ASSERT_STRING_EQUAL(x->text, y->text);
    CU_ASSERT_EQUAL_FATAL(x->error == NULL, y->error == NULL);
    for (int d = 0; d < x->rank; d++) CU_ASSERT_EQUAL_FATAL(x->dim[d], y->dim[d]);
    const size_t n = elements(x) * sizeof(double);
    CU_ASSERT_EQUAL(memcmp(x->value, y->value, n), 0); /* bit for bit, NaN included */
    if (x->error) CU_ASSERT_EQUAL(memcmp(x->error, y->error, n), 0);
  }
}

/* Errors, NaN, a scalar, an empty array and a compressed one survive. */
static void test_round_trip(void) {
  mdm_record *rec = averaged_record(1), *back = NULL;
  double *v;
  size_t dim[2] = {300, 100}, none = 0;
  mdm_record_add(rec, "kernels/h/forward", 2, dim, "time, time", "kernel", &v, NULL);
  for (int i = 0; i < 30000; i++) v[i] = i % 7 ? i / 3 : NAN;
  mdm_record_add(rec, "diagnostics/scalar", 0, NULL, "", "one number", &v, NULL);
  *v = 0.1;
  mdm_record_add(rec, "observables/test/step", 1, &none, "step", "no steps", &v, NULL);
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_record(file, "/", rec, NULL), MDM_OK);
  put_record(file, "/width_8", sample_record(3, 1));
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  struct stat s;
  CU_ASSERT_EQUAL(stat(in_folder("a.h5"), &s), 0);
  CU_ASSERT(s.st_size < 30000 * (long)sizeof(double) / 2);
  file = reopen_file("a.h5");
  CU_ASSERT_EQUAL_FATAL(mdm_file_read_record(file, "/", 0, &back, NULL), MDM_OK);
  check_copy(rec, back);
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
  mdm_error err;
  char text[32], tiny[3];
  double x = 0;
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/", "word", "first", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "", "word", "größer", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/", "nothing", "", NULL), MDM_OK);
  static char large[200000], *back; /* more than fits into the header of an object */
  memset(large, 'x', sizeof large - 1);
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/", "large", large, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/axes", "large", large, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_real(file, "/comparison/fit", "exponent", 0.1, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_attr_int(file, "/width_32", "diverged_at_step", 17, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  file = reopen_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", "word", text, sizeof text, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(text, "größer");
  CU_ASSERT_EQUAL(mdm_file_get_text(file, "/", "word", tiny, sizeof tiny, &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL_FATAL(mdm_file_dup_text(file, "/axes", "large", &back, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(back, large);
  free(back);
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
  char text[8192];
  double x = 0;
  size_t n;
  const mdm_option *table = mdm_options(&n);
  mdm_config *cfg = configure("train.lr=0.25 seed=42");
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_provenance(file, cfg, "solve", "solve a.yaml", NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  file = reopen_file("a.h5");
  static const char *const names[] = {"schema_version", "version", "commit", "dirty", "sources", "compiler", "blas",
                                      "hdf5",           "config",  "seed",   "command", "created",  "arguments"};
  for (size_t i = 0; i < COUNT(names); i++)
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

/* A file of another build is known by each part of its identity; that of this build is not refused. */
static void other_builds(void) {
  static const char *const parts[] = {"version", "commit", "dirty", "sources", "compiler", "blas"};
  char dirty[8];
  snprintf(dirty, sizeof dirty, "%d", mdm_dirty());
  const char *const now[] = {mdm_version(), mdm_commit(), dirty, mdm_sources(), mdm_compiler(), mdm_blas()};
  for (size_t wrong = 0; wrong <= COUNT(parts); wrong++) {
    mdm_error err = {0};
    mdm_file *file = create_file("a.h5");
    for (size_t i = 0; i < COUNT(parts); i++) CU_ASSERT_EQUAL(mdm_file_attr_text(file, "/", parts[i], i == wrong ? "another" : now[i], NULL), MDM_OK);
    CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
    file = reopen_file("a.h5");
    CU_ASSERT_EQUAL(mdm_match_program(file, &err), wrong < COUNT(parts) ? MDM_ERR_CONFIG : MDM_OK);
    if (wrong < COUNT(parts)) CU_ASSERT(has(err.text, "'another' there") && has(err.text, now[wrong]));
    mdm_file_discard(file);
  }
}

static void test_discard(void) {
  spit_text("a.h5", "earlier");
  mdm_file *file = create_file("a.h5"), *second = create_file("a.h5");
  CU_ASSERT_EQUAL(entries(NULL, 0), 3);
  put_record(file, "/", sample_record(1, 1));
  mdm_file_discard(file);
  CU_ASSERT(holds("a.h5", "earlier", 7));
  CU_ASSERT_EQUAL(mdm_file_commit(second, NULL), MDM_OK);
  CU_ASSERT(holds("a.h5", "\x89HDF", 4));
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  mdm_file_discard(NULL);
}

static void test_create_fails(void) {
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
  CU_ASSERT_EQUAL(entries(NULL, 0), 0);
}

/* A limit on the size of files stands in for a full disk. */
static void test_disk_full(void) {
  mdm_error err = {.code = MDM_OK};
  struct rlimit before, small;
  spit_text("a.h5", "earlier");
  mdm_file *file = create_file("a.h5");
  put_record(file, "/", sample_record(1, 1));
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
  CU_ASSERT(holds("a.h5", "earlier", 7));
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
}

static void test_duplicate_dataset(void) {
  mdm_error err;
  double v = 1;
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_array(file, "weights/x", 0, NULL, "", "a number", &v, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_array(file, "weights/x", 0, NULL, "", "a number", &v, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "weights/x"));
  mdm_file_discard(file);
  CU_ASSERT_EQUAL(entries(NULL, 0), 0);
}

static void test_open_fails(void) {
  mdm_error err;
  mdm_file *file = NULL;
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("missing.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file"));
  spit_text("text.h5", "not HDF5 at all");
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("text.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is not an HDF5 file"));
  CU_ASSERT_FATAL(!mkfifo(in_folder("pipe"), 0600));
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("pipe"), &file, &err), MDM_ERR_IO); /* and does not wait for somebody who writes to it */
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no regular file"));
  hid_t foreign = H5Fcreate(in_folder("foreign.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Fclose(foreign) >= 0);
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("foreign.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not one that moedmft wrote"));
  file = create_file("newer.h5");
  CU_ASSERT_EQUAL(mdm_file_attr_int(file, "/", "schema_version", 999, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  CU_ASSERT_EQUAL(mdm_file_open(in_folder("newer.h5"), &file, &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "999"));
  CU_ASSERT_PTR_NULL(file);
}

static void test_widths(void) {
  long *widths = NULL;
  size_t n = 7;
  static const char *const groups[] = {"/width_128", "/width_32", "/width_1024", "/width_x", "/widths"};
  mdm_file *file = create_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_widths(file, &widths, &n, NULL), MDM_OK);
  CU_ASSERT_EQUAL(n, 0);
  CU_ASSERT_PTR_NULL(widths);
  for (size_t i = 0; i < COUNT(groups); i++) mdm_file_attr_int(file, groups[i], "seeds", 3, NULL);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
  file = reopen_file("a.h5");
  CU_ASSERT_EQUAL(mdm_file_widths(file, &widths, &n, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(n, 3);
  CU_ASSERT_EQUAL(widths[0], 32);
  CU_ASSERT_EQUAL(widths[1], 128);
  CU_ASSERT_EQUAL(widths[2], 1024);
  free(widths);
  mdm_file_discard(file);
}

static const test_case tests[] = {
    {"file round trip with errors, NaN and compression", test_round_trip},
    {"attributes", test_attributes},
    {"provenance holds every option", test_provenance},
    {"files of other builds are known", other_builds},
    {"discard leaves an earlier file untouched", test_discard},
    {"create names a missing folder", test_create_fails},
    {"a failing write leaves nothing behind", test_disk_full},
    {"a dataset is written once", test_duplicate_dataset},
    {"foreign and newer files are refused", test_open_fails},
    {"widths ascend", test_widths},
};

SUITE_IN_FOLDER("file/file", tests)
